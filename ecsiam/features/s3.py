"""enable_s3_access: the task lists buckets and reads, writes and deletes objects."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from ecsiam.features.access.data import S3_BUCKET, S3_OBJECT
from ecsiam.features.access.statements import via
from ecsiam.features.feature import Feature, Part
from ecsiam.features.project import Project, allow
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys
from ecsiam.keys.kinds import Flag, ListOf, OfForm
from ecsiam.keys.values import known, resources
from ecsiam.model import arn_forms
from ecsiam.model.condition import Condition
from ecsiam.model.intent import Note
from ecsiam.model.parameter import Parameter
from ecsiam.model.statement import Origin, Statement

_FLAG = "enable_s3_access"
_PAGE = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html"
_LIST = tuple(act.action for act in S3_BUCKET.named["list"].acts)
# Of what `write` is in the table, the flag has always given PutObject alone.
_DONE = [S3_OBJECT.named[verb] for verb in ("delete", "read", "write")]
_OBJECTS = tuple(verb.acts[0].action for verb in _DONE)
S3_KEY_ACTIONS = tuple(sorted({action for verb in _DONE for action in verb.key}))


class S3Keys(Keys):
    """The buckets and objects of the task."""

    heading = "S3"

    enable_s3_access: Annotated[
        bool | Parameter,
        Key(
            "The task reads, writes and deletes objects.",
            Flag(),
            ("task",),
            needs=("s3_bucket_arns",),
        ),
    ] = False
    s3_bucket_arns: Annotated[
        Sequence[str] | Parameter,
        Key(
            "Buckets to list, and objects to read and write, such as `arn:aws:s3:::bucket/prefix/*`. A bucket stands "
            "for all its objects unless some of them are listed too.",
            ListOf(OfForm(arn_forms.BUCKET_ARN, star=True)),
            ("task",),
            flag=_FLAG,
        ),
    ] = ()
    s3_kms_key_arns: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The customer managed KMS keys that the objects are encrypted with: the task uses them through S3 only.",
            ListOf(OfForm(arn_forms.KEY_ARN)),
            ("task",),
            default="none: the keys that AWS manages need no grant",
            flag=_FLAG,
            fixed="no variable of the baseline module, which has what most services need",
        ),
    ] = ()


def s3_needs(keys: S3Keys, project: Project) -> Iterator[Statement]:
    """List the buckets, and read, write and delete the objects: those that are named, or all of a bucket."""
    buckets = resources(keys.s3_bucket_arns, "bucket")
    if buckets:
        yield allow(_LIST, buckets, Origin("s3", "list the objects of the buckets", _PAGE, _FLAG))
    objects = resources(keys.s3_bucket_arns, "object")
    if objects:
        yield allow(_OBJECTS, objects, Origin("s3", "read, write and delete objects", _PAGE, _FLAG))
    yield from s3_keys(keys, project)


def s3_keys(keys: S3Keys, project: Project) -> Iterator[Statement]:
    """Use the customer's keys of the objects, through S3 in the keys' regions: there the buckets are too."""
    if keys.s3_kms_key_arns:
        through = via(S3_BUCKET.via, (keys.s3_kms_key_arns,), project)
        yield allow(
            S3_KEY_ACTIONS,
            resources(keys.s3_kms_key_arns),
            Origin("s3", "use the keys of the objects, through S3 only", S3_BUCKET.page, _FLAG),
            Condition("StringEquals", "kms:ViaService", through),
        )


def _s3(keys: S3Keys, project: Project) -> Iterator[Part]:
    yield from s3_needs(keys, project)
    given = known(keys.s3_bucket_arns)
    with_objects = {a.split("/", 1)[0] for a in given if "/" in a}
    for bucket in sorted(with_objects.difference(given)):
        yield Note(
            "s3-no-list",
            f"the task may not list `{bucket}`: only objects of it are given",
            ("s3_bucket_arns",),
            f"Add `{bucket}` if it has to.",
            _PAGE,
        )
    for i, arn in enumerate(given):
        if "*" in (name := arn.split("/", 1)[0]) or "?" in name:
            yield Note(
                "s3-bucket-wildcard",
                f"`{name}` names every bucket that is called so, of any account that lets this one in",
                ("s3_bucket_arns", i),
                "Write the buckets' names out.",
                _PAGE,
            )


S3 = Feature("s3", "task", _FLAG, S3Keys, _s3, _LIST + _OBJECTS + S3_KEY_ACTIONS, s3_needs)
