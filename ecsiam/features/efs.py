"""enable_efs_access: the task mounts one file system."""

from collections.abc import Iterator
from typing import Annotated

from ecsiam.features.feature import Feature, Part
from ecsiam.features.project import Project, allow
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys
from ecsiam.keys.kinds import Flag, OfForm
from ecsiam.keys.values import as_text
from ecsiam.model import forms
from ecsiam.model.intent import Note
from ecsiam.model.parameter import Parameter
from ecsiam.model.statement import Origin, Statement

_FLAG = "enable_efs_access"
_PAGE = "https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html"
_ACTIONS = ("elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite")
_ROOT = "elasticfilesystem:ClientRootAccess"


class EfsKeys(Keys):
    """The file system that the task mounts."""

    heading = "EFS"

    enable_efs_access: Annotated[
        bool | Parameter,
        Key(
            "The task mounts an EFS file system, reading and writing.",
            Flag(),
            ("task",),
            needs=("efs_arn",),
        ),
    ] = False
    efs_arn: Annotated[
        str | Parameter | None,
        Key(
            "The file system that the task mounts.",
            OfForm(forms.EFS_ARN, star=True),
            ("task",),
            flag=_FLAG,
        ),
    ] = None
    efs_root_access: Annotated[
        bool,
        Key("The task may write as root (`ClientRootAccess`).", Flag(), ("task",), flag=_FLAG, closed=True),
    ] = False


def efs_needs(keys: EfsKeys, project: Project) -> Iterator[Statement]:
    """Mount the file system that was given; where none was, any of the account's."""
    actions = (*_ACTIONS, _ROOT) if keys.efs_root_access else _ACTIONS
    systems = [as_text(keys.efs_arn)] if keys.efs_arn else project.arns("elasticfilesystem", "file-system/*")
    yield allow(actions, systems, Origin("efs", "mount the file system and write to it", _PAGE, _FLAG))


def _efs(keys: EfsKeys, project: Project) -> Iterator[Part]:
    yield from efs_needs(keys, project)
    yield Note(
        "efs-iam-enabled",
        "IAM decides about a mount only if the task definition's EFS volume has `iam: ENABLED`, which needs "
        "`transitEncryption: ENABLED`",
        (_FLAG,),
        "Without it, the file system lets in whoever reaches it, unless its own policy says otherwise.",
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/efs-volumes.html",
    )


EFS = Feature("efs", "task", _FLAG, EfsKeys, _efs, (*_ACTIONS, _ROOT), efs_needs)
