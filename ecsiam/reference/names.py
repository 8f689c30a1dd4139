"""What the names and ids of resources are made of, where a format of the service data has but a placeholder.

Two readings of each: what it may be at most, which tells an ARN that no resource can have, and how it commonly looks,
which tells a pattern that takes in all there are.
"""

from types import MappingProxyType

_LOWER = "abcdefghijklmnopqrstuvwxyz"
LETTERS = _LOWER + _LOWER.upper()
DIGITS = "0123456789"
HEX = DIGITS + "abcdef"

# The characters of a placeholder, by its ARN format; what is not here may be any text.
# Bucket names of before 2018 may hold capitals and underscores.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
# https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html (and the id of a subscription)
# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html (`!` is for services)
# https://docs.aws.amazon.com/kms/latest/developerguide/concepts-key-id-key-ARN.html
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
_BUCKET = LETTERS + DIGITS + ".-_"
_IAM = LETTERS + DIGITS + "+=,.@-_/"
MADE_OF = MappingProxyType(
    {
        "arn:*:dynamodb:*:*:table/*": (LETTERS + DIGITS + "_.-",),
        "arn:*:ecr:*:*:repository/*": (_LOWER + DIGITS + "._-/",),
        "arn:*:elasticfilesystem:*:*:access-point/*": (LETTERS + DIGITS + "-",),
        "arn:*:elasticfilesystem:*:*:file-system/*": (LETTERS + DIGITS + "-",),
        "arn:*:iam::*:role/*": (_IAM,),
        "arn:*:kms:*:*:key/*": (LETTERS + DIGITS + "-",),
        "arn:*:logs:*:*:log-group:*": (LETTERS + DIGITS + "_-/.#",),
        "arn:*:logs:*:*:log-group:*:log-stream:": (LETTERS + DIGITS + "_-/.#",),
        "arn:*:logs:*:*:log-group:*:log-stream:*": (LETTERS + DIGITS + "_-/.#", ""),
        "arn:*:s3:::*": (_BUCKET,),
        "arn:*:s3:::*/*": (_BUCKET, ""),
        "arn:*:secretsmanager:*:*:secret:*": (LETTERS + DIGITS + "/_+=.@!-",),
        "arn:*:sns:*:*:*": (LETTERS + DIGITS + "_-.:",),
        "arn:*:sqs:*:*:*": (LETTERS + DIGITS + "_-.",),
    }
)

# How ids begin that the services make, by service and what stands before them; seventeen hexadecimal digits follow.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
# https://docs.aws.amazon.com/efs/latest/ug/API_FileSystemDescription.html
ID_PREFIXES = MappingProxyType(
    {
        "ec2:customer-gateway/": "cgw-",
        "ec2:dhcp-options/": "dopt-",
        "ec2:elastic-ip/": "eipalloc-",
        "ec2:image/": "ami-",
        "ec2:instance/": "i-",
        "ec2:internet-gateway/": "igw-",
        "ec2:launch-template/": "lt-",
        "ec2:natgateway/": "nat-",
        "ec2:network-acl/": "acl-",
        "ec2:network-interface/": "eni-",
        "ec2:route-table/": "rtb-",
        "ec2:security-group-rule/": "sgr-",
        "ec2:security-group/": "sg-",
        "ec2:snapshot/": "snap-",
        "ec2:subnet/": "subnet-",
        "ec2:transit-gateway/": "tgw-",
        "ec2:volume/": "vol-",
        "ec2:vpc-endpoint/": "vpce-",
        "ec2:vpc/": "vpc-",
        "elasticfilesystem:access-point/": "fsap-",
        "elasticfilesystem:file-system/": "fs-",
        "fsx:file-system/": "fs-",
        "ssm:managed-instance/": "mi-",
    }
)
UUIDS = frozenset({"kms:key/"})  # 8-4-4-4-12 hexadecimal digits
SUFFIXED = frozenset({"secretsmanager:secret:"})  # a hyphen and six letters or digits behind the name
WITH_PATH = frozenset({"es:domain/"})  # what is asked of it stands behind the name

# Whose every ARN with a placeholder for region or account has one: nothing of these is global or AWS's own.
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
PLACED = frozenset(
    {
        "dynamodb",
        "ecr",
        "ecs",
        "elasticfilesystem",
        "execute-api",
        "firehose",
        "kinesis",
        "kms",
        "rds-db",
        "secretsmanager",
        "sns",
        "sqs",
        "states",
    }
)
