"""enable_efs_access: the task mounts one file system."""

from collections.abc import Iterator

from ecsiam.config.left_open import as_text
from ecsiam.features.project import Feature, Part, Project, allow
from ecsiam.model.stack import Note
from ecsiam.model.statement import Origin, Statement

_FLAG = "enable_efs_access"
_PAGE = "https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html"


_ACTIONS = ("elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite")
_ROOT = "elasticfilesystem:ClientRootAccess"


def efs_needs(project: Project) -> Iterator[Statement]:
    """Mount the file system that was given; where none was, any of the account's."""
    config = project.config
    actions = (*_ACTIONS, _ROOT) if config.efs_root_access else _ACTIONS
    systems = [as_text(config.efs_arn)] if config.efs_arn else project.arns("elasticfilesystem", "file-system/*")
    yield allow(actions, systems, Origin("efs", "mount the file system and write to it", _PAGE, _FLAG))


def _efs(project: Project) -> Iterator[Part]:
    yield from efs_needs(project)
    yield Note(
        "efs-iam-enabled",
        "IAM decides about a mount only if the task definition's EFS volume has `iam: ENABLED`, which needs "
        "`transitEncryption: ENABLED`",
        (_FLAG,),
        "Without it, the file system lets in whoever reaches it, unless its own policy says otherwise.",
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/efs-volumes.html",
    )


EFS = Feature("efs", "task", _FLAG, _efs, (*_ACTIONS, _ROOT), efs_needs)
