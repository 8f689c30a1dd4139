"""environment_file_arns: what ECS reads from S3 while it starts a task: environment files, FireLens's configuration."""

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated

from ecsiam.features import customer_keys
from ecsiam.features.feature import Feature
from ecsiam.features.project import Project, allow, bucket_of
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys
from ecsiam.keys.kinds import ListOf, OfForm
from ecsiam.keys.values import resources
from ecsiam.model import arn_forms, forms
from ecsiam.model.condition import Condition
from ecsiam.model.form import arn_form
from ecsiam.model.statement import RESOURCE_ACCOUNT, Origin, Statement
from ecsiam.model.text import in_order, texts

_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/use-environment-file.html"
_READ, _FIND, _DECRYPT = "s3:GetObject", "s3:GetBucketLocation", "kms:Decrypt"
OBJECT_ARN = arn_form(
    "object_arn",
    "the ARN of an object in an S3 bucket",
    "s3",
    "[a-z0-9][a-z0-9._-]+/[ -#%-~]+",
    ("arn:aws:s3:::memos-config/prod.env", "arn:aws:s3:::memos-config/prod/*"),
    ("arn:aws:s3:::memos-config", "arn:aws:s3:::memos-config/", "arn:aws:s3:::memos-*/prod.env", "arn:aws:s3:::*"),
    regional=False,
    account="",
    hints=(
        (
            "arn:[^:]*:s3:([^:]+:[^:]*|[^:]*:[^:]+):.*",
            "has a region or an account",
            "The ARN of an object has neither.",
        ),
        ("[^/]*[*?].*", "has a wildcard in the bucket's name", "Write the name out."),
        ("[^/]*/?", "names no object", "Write the object's key after the bucket: `BUCKET/KEY`."),
        (r".*\$.*", "holds a `$`", "IAM reads it as a policy variable: leave it out."),
    ),
    bare=(("(s3|https?)://.*", "is an address", "Write `arn:aws:s3:::BUCKET/KEY`."),),
)


class EnvironmentFilesKeys(Keys):
    """What ECS reads from S3 while it starts a task."""

    heading = "Environment files"

    environment_file_arns: Annotated[
        Sequence[str],
        Key(
            "The objects in S3 that ECS reads before the containers start: the `environmentFiles` of the task "
            "definition, and the configuration of FireLens (`config-file-type: s3`, not on Fargate).",
            ListOf(OfForm(OBJECT_ARN)),
            ("execution",),
            default="none",
            closed=True,
        ),
    ] = ()
    environment_file_account_ids: Annotated[
        Sequence[str],
        Key(
            "The accounts that own these buckets (`aws:ResourceAccount`).",
            ListOf(OfForm(forms.ACCOUNT_ID, integers=True)),
            ("execution",),
            default="that of the roles",
            closed=True,
            beside=("environment_file_arns",),
        ),
    ] = ()
    environment_file_kms_key_arns: Annotated[
        Sequence[str],
        Key(
            "The customer managed KMS keys that these objects are encrypted with.",
            ListOf(OfForm(arn_forms.KEY_ARN)),
            ("execution",),
            default="none",
            closed=True,
            beside=("environment_file_arns",),
        ),
    ] = ()


def _reading(keys: EnvironmentFilesKeys, project: Project, used: Callable[..., Statement]) -> Iterator[Statement]:
    given = keys.environment_file_arns
    if not given:
        return
    owners = in_order(texts(keys.environment_file_account_ids)) or (project.home.account_id,)
    owned = Condition("StringEquals", RESOURCE_ACCOUNT, owners)

    def origin(reason: str) -> Origin:
        return Origin("execution_files", reason, _PAGE)

    yield allow([_READ], resources(given), origin("read environment files and FireLens's configuration"), owned)
    yield allow([_FIND], [bucket_of(one) for one in given], origin("find the region of their buckets"), owned)
    if keys.environment_file_kms_key_arns:
        keyed = origin("decrypt them, through S3 only")
        yield used("s3", keys.environment_file_kms_key_arns, [_DECRYPT], keyed)


def _needs(keys: EnvironmentFilesKeys, project: Project) -> Iterator[Statement]:
    return _reading(keys, project, customer_keys.needed)


def _files(keys: EnvironmentFilesKeys, project: Project) -> Iterator[Statement]:
    return _reading(keys, project, customer_keys.granted)


FILES = Feature("execution_files", "execution", "", EnvironmentFilesKeys, _files, (_READ, _FIND, _DECRYPT), _needs)
