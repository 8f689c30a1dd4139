"""enable_s3_access: the task lists buckets and reads, writes and deletes objects."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from ecsiam.features.feature import Feature, Part
from ecsiam.features.project import Project, allow
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys
from ecsiam.keys.kinds import Flag, ListOf, OfForm
from ecsiam.keys.values import known, resources
from ecsiam.model import forms
from ecsiam.model.intent import Note
from ecsiam.model.parameter import Parameter
from ecsiam.model.statement import Origin, Statement

_FLAG = "enable_s3_access"
_PAGE = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html"
_LIST = ("s3:ListBucket",)
_OBJECTS = ("s3:DeleteObject", "s3:GetObject", "s3:PutObject")


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
            ListOf(OfForm(forms.BUCKET_ARN, star=True)),
            ("task",),
            flag=_FLAG,
        ),
    ] = ()


def s3_needs(keys: S3Keys, _: Project) -> Iterator[Statement]:
    """List the buckets, and read, write and delete the objects: those that are named, or all of a bucket."""
    buckets = resources(keys.s3_bucket_arns, "bucket")
    if buckets:
        yield allow(_LIST, buckets, Origin("s3", "list the objects of the buckets", _PAGE, _FLAG))
    objects = resources(keys.s3_bucket_arns, "object")
    if objects:
        yield allow(_OBJECTS, objects, Origin("s3", "read, write and delete objects", _PAGE, _FLAG))


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


S3 = Feature("s3", "task", _FLAG, S3Keys, _s3, _LIST + _OBJECTS, s3_needs)
