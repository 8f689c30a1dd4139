"""What has a policy of its own, by which its owner lets another account's role in: a table with a row for each kind.

What is in no row has none that does: a role there that is assumed is the way, or a share of RAM.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html
"""

import re
from functools import lru_cache
from typing import Literal

from attrs import evolve, frozen

from ecsiam.model.arn import Arn
from ecsiam.model.globs import matches
from ecsiam.model.text import EMPTY, Text

_AWS = "https://docs.aws.amazon.com"


@frozen
class Owned:
    """A kind of resource that has a policy: what it is called, and how its policy names it.

    In an ARN the resource is `begins`, its `name`, and what is `within` it: what is within has no policy of its own.
    `resource` is `none` where the policy has no Resource, `all` where that is `*`, `own` where it is the ARN. `asked`
    are the actions that it decides on, and with `always` it is there in any case, and decides in its own account too.
    `put` is the command that sets all of it; empty where there is none, or where much else has to stand in it. `but` is
    what its owner has to know beside; `global_name` says that its ARN has no account.
    """

    service: str
    what: str
    begins: str
    resource: Literal["none", "all", "own"]
    page: str
    name: str = ".+"
    within: str = ""
    asked: str = ""
    put: str = ""
    but: str = ""
    always: bool = False
    global_name: bool = False

    def name_in(self, arn: Arn) -> str | None:
        """What the one is called that an ARN is of or is within; None where it is of another kind."""
        if self.service != arn.service or self.global_name != (arn.account == EMPTY):
            return None
        found = re.fullmatch(f"{re.escape(self.begins)}({self.name}){self.within}", str(arn.resource), re.DOTALL)
        return found[1] if found else None

    def bearer(self, arn: Arn) -> Arn:
        """The one that has the policy which decides on an ARN of this kind."""
        return evolve(arn, resource=Text.of(self.begins, self.name_in(arn) or ""))

    def decided(self, action: str) -> str:
        """What of an action, or of what a pattern stands for, its policy decides on; empty where it is nothing."""
        asked, given = self.asked or f"{self.service}:*", action.lower()
        if asked.endswith("*") and given.startswith(asked[:-1].lower()):
            return action
        return asked if matches(given, asked.lower()) else ""


_BELOW = "(/.*)?"
TABLE = (
    Owned(
        "ecr",
        "repository",
        "repository/",
        "none",
        f"{_AWS}/AmazonECR/latest/userguide/repository-policy-examples.html",
        put="aws ecr set-repository-policy",
    ),
    Owned(
        "ecr-public",
        "public repository",
        "repository/",
        "none",
        f"{_AWS}/AmazonECR/latest/public/public-repository-policies.html",
        put="aws ecr-public set-repository-policy",
    ),
    Owned(
        "kms",
        "key",
        "key/",
        "all",
        f"{_AWS}/kms/latest/developerguide/key-policy-modifying-external-accounts.html",
        always=True,
    ),
    Owned(
        "secretsmanager",
        "secret",
        "secret:",
        "all",
        f"{_AWS}/secretsmanager/latest/userguide/auth-and-access_examples_cross.html",
        put="aws secretsmanager put-resource-policy",
    ),
    Owned(
        "sqs",
        "queue",
        "",
        "own",
        f"{_AWS}/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-basic-examples-of-sqs-policies.html",
        put="aws sqs set-queue-attributes",
    ),
    Owned(
        "sns",
        "topic",
        "",
        "own",
        f"{_AWS}/sns/latest/dg/sns-access-policy-use-cases.html",
        put="aws sns set-topic-attributes",
    ),
    Owned(
        "dynamodb",
        "stream",
        "table/",
        "own",
        f"{_AWS}/amazondynamodb/latest/developerguide/access-control-resource-based.html",
        name="[^/]+/stream/.+",
        put="aws dynamodb put-resource-policy",
    ),
    Owned(
        "dynamodb",
        "table",
        "table/",
        "own",
        f"{_AWS}/amazondynamodb/latest/developerguide/rbac-cross-account-access.html",
        name="[^/]+",
        within=_BELOW,
        put="aws dynamodb put-resource-policy",
    ),
    Owned(
        "kinesis",
        "data stream",
        "stream/",
        "own",
        f"{_AWS}/streams/latest/dev/controlling-access.html",
        put="aws kinesis put-resource-policy",
    ),
    Owned(
        "lambda",
        "function",
        "function:",
        "own",
        f"{_AWS}/lambda/latest/dg/permissions-function-cross-account.html",
        name="[^:]+",
    ),
    Owned(
        "lambda",
        "version or alias",
        "function:",
        "own",
        f"{_AWS}/lambda/latest/dg/access-control-resource-based.html",
        name="[^:]+:.+",
        but="It is not the function's policy (`--qualifier`), and `$LATEST` has none.",
    ),
    Owned(
        "events",
        "event bus",
        "event-bus/",
        "own",
        f"{_AWS}/eventbridge/latest/userguide/eb-event-bus-perms.html",
        put="aws events put-permission",
    ),
    Owned(
        "elasticfilesystem",
        "file system",
        "file-system/",
        "own",
        f"{_AWS}/efs/latest/ug/iam-access-control-nfs-efs.html",
        put="aws efs put-file-system-policy",
    ),
    Owned(
        "s3",
        "access point",
        "accesspoint/",
        "own",
        f"{_AWS}/AmazonS3/latest/userguide/access-points-policies.html",
        name="[^/]+",
        within=_BELOW,
        put="aws s3control put-access-point-policy",
    ),
    Owned(
        "s3",
        "bucket",
        "",
        "own",
        f"{_AWS}/AmazonS3/latest/userguide/example-walkthroughs-managing-access-example2.html",
        name="[^/]+",
        within=_BELOW,
        put="aws s3api put-bucket-policy",
        global_name=True,
    ),
    Owned(
        "s3express",
        "directory bucket",
        "bucket/",
        "own",
        f"{_AWS}/AmazonS3/latest/userguide/s3-express-security-iam-example-bucket-policies.html",
        put="aws s3api put-bucket-policy",
    ),
    Owned(
        "es",
        "domain",
        "domain/",
        "own",
        f"{_AWS}/opensearch-service/latest/developerguide/ac.html",
        name="[^/]+",
        within=_BELOW,
        put="aws opensearch update-domain-config",
    ),
    Owned(
        "ses",
        "identity",
        "identity/",
        "own",
        f"{_AWS}/ses/latest/dg/sending-authorization-identity-owner-tasks-policy.html",
        put="aws sesv2 create-email-identity-policy",
        but="SES's page names accounts and users there: if it refuses a role, a role of the owner's has to send.",
    ),
    Owned(
        "execute-api",
        "API",
        "",
        "own",
        f"{_AWS}/apigateway/latest/developerguide/apigateway-resource-policies.html",
        name="[^/]+",
        within=_BELOW,
        asked="execute-api:Invoke",
        but="Only a REST API has one, and takes it once it is deployed again.",
    ),
    Owned(
        "vpc-lattice",
        "service",
        "service/",
        "own",
        f"{_AWS}/vpc-lattice/latest/ug/auth-policies.html",
        name="[^/]+",
        within=_BELOW,
        asked="vpc-lattice-svcs:*",
        put="aws vpc-lattice put-auth-policy",
    ),
    Owned(
        "aps",
        "workspace",
        "workspace/",
        "own",
        f"{_AWS}/prometheus/latest/APIReference/API_PutResourcePolicy.html",
        put="aws amp put-resource-policy",
    ),
    Owned(
        "iam",
        "role",
        "role/",
        "none",
        f"{_AWS}/IAM/latest/UserGuide/access_policies-cross-account-resource-access.html",
        asked="sts:*",
    ),
)
_BY_SERVICE = {service: [one for one in TABLE if one.service == service] for service in {o.service for o in TABLE}}


@lru_cache(maxsize=1 << 12)
def owned_of(arn: Arn) -> Owned | None:
    """The kind that an ARN is of, or is within, if it has a policy."""
    return next((one for one in _BY_SERVICE.get(arn.service, ()) if one.name_in(arn) is not None), None)
