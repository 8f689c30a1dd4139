"""The forms of ARNs."""

from attrs import evolve

from ecsiam.model.form import arn_form, arn_pattern

_IN = "eu-west-2:123456789012"
_LOGS = "/ecs/memos-dev"
_FIELD = "[!-+.-9;-~-]"  # no comma: CloudFormation has lists of them as one text
_SECRET = rf"secret:[A-Za-z0-9/_+=.@!*?-]+(:{_FIELD}*:({_FIELD}*:|:{_FIELD}+))?"
_PARAMETER = r"parameter(/[A-Za-z0-9_.*?-]+)+"
_GROUP = "[A-Za-z0-9._/#*?-]+"

EFS_ARN = arn_form(
    "efs_arn",
    "the ARN of one EFS file system",
    "elasticfilesystem",
    "file-system/fs-[0-9a-f]{8,40}",
    (f"arn:aws:elasticfilesystem:{_IN}:file-system/fs-0123456789abcdef0",),
    (f"arn:aws:elasticfilesystem:{_IN}:access-point/fsap-0123456789abcdef0", f"arn:aws:elasticfilesystem:{_IN}:*"),
    hints=(
        (".*:access-point/.*", "is an access point", "IAM grants EFS access on the file system: write its ARN."),
        (".*[*?].*", "has a wildcard", "Name the one file system that the task mounts."),
        (".*:file-system/.*[A-Z].*", "has a capital letter in the id", "The ids of file systems have none."),
    ),
    bare=(
        ("fs-[0-9a-f]+", "is an id", f"Write its ARN, such as `arn:aws:elasticfilesystem:{_IN}:file-system/fs-...`."),
    ),
)
SECRET_ARN = evolve(
    arn_form(
        "secret_arn",
        "the ARN of a Secrets Manager secret or an SSM parameter",
        "secretsmanager|ssm",
        f"({_SECRET}|{_PARAMETER})",
        (
            f"arn:aws:secretsmanager:{_IN}:secret:memos/db-AbCdEf",
            f"arn:aws:secretsmanager:{_IN}:secret:memos/db-AbCdEf:password::",
            f"arn:aws:secretsmanager:{_IN}:secret:memos/db-AbCdEf::AWSPREVIOUS:",
            f"arn:aws:secretsmanager:{_IN}:secret:memos/db-AbCdEf:::0a1b2c3d",
            f"arn:aws:secretsmanager:{_IN}:secret:rds!db-??????",
            f"arn:aws:ssm:{_IN}:parameter/memos/*",
        ),
        (
            f"arn:aws:secretsmanager:{_IN}:secret:db-AbCdEf:key:AWSPREVIOUS:0a1b2c3d",
            f"arn:aws:secretsmanager:{_IN}:secret:db-AbCdEf:key",
            f"arn:aws:secretsmanager:{_IN}:*",
            f"arn:aws:secretsmanager:{_IN}:parameter/memos/db",
            f"arn:aws:ssm:{_IN}:secret:memos/db-AbCdEf",
            f"arn:aws:ssm:{_IN}:parameter//memos/db",
            f"arn:aws:ssm:{_IN}:parameter/memos/db:3",
            f"arn:aws:ssm:{_IN}:parameter/memos/db:stable",
            f"arn:aws:ssm:{_IN}:*",
            "/memos/db",
        ),
        hints=(
            (
                "arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:[^:]+:[^:]*:[^:]+:[^:]+",
                "names a version stage and a version id together",
                "ECS takes one of the two.",
            ),
            (
                "arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:[^:]+:.*",
                "has a part after the secret's name that ECS does not take",
                "After the name come three fields, empty or not: `:JSON-KEY:VERSION-STAGE:VERSION-ID`.",
            ),
            (".*:parameter/(/.*|.*//.*)", "has a double slash", "The ARN of `/a/b` ends in `parameter/a/b`."),
            (".*:parameter/.*/", "ends in a slash", "No parameter's name does: leave it out."),
            (
                "arn:[^:]*:ssm:[^:]*:[^:]*:parameter/[^:]*:.*",
                "names a version or a label of a parameter",
                "ECS takes neither and reads the latest version: leave it out.",
            ),
            ("arn:[^:]*:ssm:.*:secret:.*", "is a secret's, of another service", "A secret is of `secretsmanager`."),
            ("arn:[^:]*:secretsmanager:.*:parameter/.*", "is a parameter's, of another service", "That is of `ssm`."),
            (".*:[0-9]{12}:[*]", "names everything of the service", "Name the secrets or parameters, or begin a name."),
            (
                "arn:[^:]*:secretsmanager:[^:]*:[^:]*:[^:]+",
                "has no `secret:` before the name",
                "Write `secret:NAME` after the account.",
            ),
            (
                "arn:[^:]*:ssm:[^:]*:[^:]*:(parameter:|(document|automation-definition|patchbaseline)/).*",
                "is no parameter",
                "The ARN of a parameter ends in `parameter/NAME`.",
            ),
        ),
        bare=(("[A-Za-z0-9_./-]+", "is a name", "What is left to deployment takes ARNs: list names in the config."),),
    ),
    pattern=f"({arn_pattern('secretsmanager', _SECRET)}|{arn_pattern('ssm', _PARAMETER)})",
)
SECRETS_MANAGER_ARN = arn_form(
    "secrets_manager_arn",
    "the ARN of a Secrets Manager secret, without JSON key and version",
    "secretsmanager",
    "secret:[A-Za-z0-9/_+=.@!*?-]+",
    (f"arn:aws:secretsmanager:{_IN}:secret:memos/db-AbCdEf",),
    (f"arn:aws:secretsmanager:{_IN}:secret:memos/db-AbCdEf:password::", f"arn:aws:ssm:{_IN}:parameter/x"),
)
SSM_PARAMETER_ARN = arn_form(
    "ssm_parameter_arn",
    "the ARN of an SSM parameter",
    "ssm",
    _PARAMETER,
    (f"arn:aws:ssm:{_IN}:parameter/memos/*",),
    (f"arn:aws:ssm:{_IN}:parameter//memos/db", f"arn:aws:secretsmanager:{_IN}:secret:x-AbCdEf"),
)
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = "[a-z0-9][a-z0-9.*?_-]+"
_OLD = "S3 makes none like that since March 2018; an older one goes into `task_statements`."
PLAIN_BUCKET_ARN = arn_form(
    "plain_bucket_arn",
    "the ARN of an S3 bucket",
    "s3",
    _BUCKET,
    ("arn:aws:s3:::memos-uploads",),
    ("arn:aws:s3:::memos-uploads/*", "arn:aws:s3:::*", "arn:aws:s3:::a"),
    regional=False,
    account="",
)
BUCKET_ARN = arn_form(
    "bucket_arn",
    "the ARN of an S3 bucket or of objects in one",
    "s3",
    _BUCKET + r"(/([ -#%-~]|\$\{[A-Za-z0-9:/_.-]+\})+)?",
    ("arn:aws:s3:::memos-uploads", "arn:aws:s3:::memos-uploads/*", "arn:aws:s3:::b-1/home/${aws:username}/*"),
    (
        "arn:aws:s3:::*",
        "arn:aws:s3:::",
        "arn:aws:s3:::bucket/",
        f"arn:aws:s3:{_IN}:bucket",
        f"arn:aws:s3:{_IN}:accesspoint/memos",
        "arn:aws:s3:::b-1/${",
        "arn:aws:s3:::Memos",
        "arn:aws:s3:::a",
        "arn:aws:s3:::a/*",
        "arn:aws:s3:::Memos/${aws:userid}",
    ),
    regional=False,
    account="",
    hints=(
        (
            "arn:[^:]*:s3:[^:]*:[^:]*:accesspoint[:/].*",
            "is an access point",
            "This is for buckets: allow what goes through it in `task_statements`.",
        ),
        (
            "arn:[^:]*:s3:[^:]*:[^:]*:(job|storage-lens|storage-lens-group|access-grants)/.*",
            "is no bucket",
            "Write the bucket's ARN, such as `arn:aws:s3:::memos-uploads`.",
        ),
        ("arn:[^:]*:s3:([^:]+:[^:]*|[^:]*:[^:]+):.*", "has a region or an account", "A bucket's ARN has neither."),
        (
            r"arn:[^:]*:s3:::[*?].*",
            "begins with a wildcard",
            "Bucket names are shared by all accounts: write the name.",
        ),
        (
            "arn:[^:]*:s3:::([._-].*|[^/]*[^A-Za-z0-9.*?_/-].*)",
            "has a character that no bucket's name has there",
            "It has letters, digits, `.` and `-`, and begins with a letter or a digit.",
        ),
        (".*/", "names no object", "Write `/*` for every object of the bucket."),
        ("arn:[^:]*:s3:::[^/]*[A-Z].*", "has a capital letter in the bucket's name", _OLD),
        ("arn:[^:]*:s3:::[^/](/.*)?", "has a bucket's name of one character", "S3 has none of less than 3."),
        (
            r"[^/]*/.*\$.*",
            "holds a `$`",
            "IAM reads it as a policy variable, `${NAME}`: write one whole, or leave it out.",
        ),
    ),
    bare=(
        ("(s3|s3a|s3n)://.*", "is a URI", "Write `arn:aws:s3:::BUCKET`, or `arn:aws:s3:::BUCKET/PREFIX/*`."),
        ("https?://.*", "is an address", "Write `arn:aws:s3:::BUCKET`, or `arn:aws:s3:::BUCKET/PREFIX/*`."),
        ("[a-z0-9][a-z0-9._-]+(/.*)?", "is a name", "Write `arn:aws:s3:::` before it."),
    ),
)
REPOSITORY_ARN = arn_form(
    "repository_arn",
    "the ARN of an ECR repository",
    "ecr",
    "repository/[a-z0-9*?][a-z0-9._/*?-]*",
    (f"arn:aws:ecr:{_IN}:repository/memos", f"arn:aws:ecr:{_IN}:repository/team/*"),
    (f"arn:aws:ecr:{_IN}:repository/memos:latest", f"arn:aws:ecr:{_IN}:memos", f"arn:aws:ecr:{_IN}:repository/Memos"),
    hints=(
        (".*:repository/[^:@]+[:@].*", "ends in a tag or a digest", "Permissions are on repositories: leave it out."),
        (".*:repository/.*[A-Z].*", "has a capital letter", "The names of ECR repositories have none."),
        ("arn:[^:]*:ecr:[^:]*:[^:]*:[a-z0-9._/-]+", "has no `repository/` before the name", "Write `repository/NAME`."),
    ),
    bare=(
        (
            "[^/]*dkr[.-]ecr.*/.*",
            "is the address of an image",
            f"`ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME:TAG` has the ARN `arn:aws:ecr:{_IN}:repository/memos`, "
            "with its own region, account and name.",
        ),
        (
            "(public[.]ecr[.]aws|docker[.]io|ghcr[.]io|quay[.]io)/.*",
            "is an image of another registry",
            "The permissions of ECR are not for that: leave it out.",
        ),
    ),
)
_CLUSTER = f"Write the cluster's ARN, such as `arn:aws:ecs:{_IN}:cluster/main`."
_SERVICE = f"Write the service's ARN, such as `arn:aws:ecs:{_IN}:service/main/memos`."
CLUSTER_ARN = arn_form(
    "cluster_arn",
    "the ARN of an ECS cluster",
    "ecs",
    "cluster/[A-Za-z0-9_*?-]+",
    (f"arn:aws:ecs:{_IN}:cluster/main",),
    (f"arn:aws:ecs:{_IN}:service/main/memos", f"arn:aws:ecs:{_IN}:main"),
    hints=(
        (".*:service/.*", "is a service", "Services stand in `ecs_service_arns`."),
        (".*:(task|task-definition|task-set|container-instance|capacity-provider)/.*", "is no cluster", _CLUSTER),
    ),
    bare=(("[A-Za-z0-9_-]+", "is a name", _CLUSTER),),
)
SERVICE_ARN = arn_form(
    "service_arn",
    "the ARN of an ECS service",
    "ecs",
    "service/[A-Za-z0-9_*?-]+/[A-Za-z0-9_*?-]+",
    (f"arn:aws:ecs:{_IN}:service/main/memos", f"arn:aws:ecs:{_IN}:service/main/memos-*"),
    (f"arn:aws:ecs:{_IN}:service/memos", f"arn:aws:ecs:{_IN}:cluster/main"),
    hints=(
        (".*:service/[^/]+", "has no cluster", "Write it with its cluster: `service/CLUSTER/SERVICE`."),
        (".*:cluster/.*", "is a cluster", "Clusters stand in `ecs_cluster_arns`."),
        (".*:(task|task-definition|task-set|container-instance|capacity-provider)/.*", "is no service", _SERVICE),
    ),
    bare=(("[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)?", "is a name", _SERVICE),),
)
_WITH_GROUP = "The ARN of a log group ends in `log-group:NAME`."
LOG_GROUP_ARN = arn_form(
    "log_group_arn",
    "the ARN of a log group",
    "logs",
    f"log-group:{_GROUP}(:\\*)?",
    (f"arn:aws:logs:{_IN}:log-group:{_LOGS}", f"arn:aws:logs:{_IN}:log-group:{_LOGS}:*"),
    (f"arn:aws:logs:{_IN}:log-group:{_LOGS}:log-stream:web", f"arn:aws:logs:{_IN}:{_LOGS}", f"arn:aws:logs:{_IN}:*"),
    hints=(
        (".*:log-stream:.*", "names a log stream", "Write the ARN of its log group."),
        (".*:log-group/.*", "has a slash after `log-group`", "A colon stands there: `log-group:NAME`."),
        ("arn:[^:]*:logs:[^:]*:[^:]*:(destination|delivery).*", "is no log group", _WITH_GROUP),
        ("arn:[^:]*:logs:[^:]*:[^:]*:[A-Za-z0-9._/#-]+", "has no `log-group:` before the name", _WITH_GROUP),
    ),
    bare=(
        ("[A-Za-z0-9._/#-]+(:[*])?", "is a name", f"Write its ARN, such as `arn:aws:logs:{_IN}:log-group:{_LOGS}`."),
    ),
)
PLAIN_LOG_GROUP_ARN = arn_form(
    "plain_log_group_arn",
    "the ARN of a log group, without `:*`",
    "logs",
    f"log-group:{_GROUP}",
    (f"arn:aws:logs:{_IN}:log-group:{_LOGS}",),
    (f"arn:aws:logs:{_IN}:log-group:{_LOGS}:*",),
)
_OF_KEY = "kms:Decrypt applies to keys only: write the ARN of the key it points to."
KEY_ARN = arn_form(
    "key_arn",
    "the ARN of a KMS key",
    "kms",
    "key/[A-Za-z0-9*?-]+",
    (f"arn:aws:kms:{_IN}:key/01234567-89ab-cdef-0123-456789abcdef", f"arn:aws:kms:{_IN}:key/mrk-0123456789abcdef"),
    (f"arn:aws:kms:{_IN}:alias/memos",),
    hints=((".*:alias/.*", "is an alias", _OF_KEY),),
    bare=(
        ("alias/.*", "is an alias", _OF_KEY),
        ("(mrk-)?[0-9a-f-]{32,36}", "is an id", f"Write its ARN, such as `arn:aws:kms:{_IN}:key/...`."),
    ),
)
POLICY_ARN = arn_form(
    "policy_arn",
    "the ARN of a managed policy",
    "iam",
    r"policy/([A-Za-z0-9.,+@=_-]+/)*[A-Za-z0-9_+=,.@-]{1,128}",
    ("arn:aws:iam::123456789012:policy/boundary", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"),
    ("arn:aws:iam::123456789012:role/x", "arn:aws:iam::123456789012:policy/*"),
    regional=False,
    account="(aws|[0-9]{12})",
    hints=(
        ("arn:[^:]*:iam:[^:]+:.*", "has a region", "IAM's ARNs have none: write two colons."),
        (".*[*?].*", "has a wildcard", "IAM attaches policies one by one."),
        (".*:(role|user|group|instance-profile)/.*", "is no policy", "Its ARN ends in `policy/NAME`."),
    ),
    bare=(
        (
            "[A-Za-z0-9_+=,.@/-]+",
            "is a name",
            "Write its ARN, `arn:aws:iam::123456789012:policy/NAME`, or `arn:aws:iam::aws:policy/NAME` for AWS's.",
        ),
    ),
)
