"""enable_efs_access: the task mounts file systems."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from attrs import evolve

from ecsiam.errors import Fault, Path, show_path
from ecsiam.features.feature import Feature, Part
from ecsiam.features.project import Project, allow
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys, check
from ecsiam.keys.kinds import Choice, Flag, ListOf, OfForm
from ecsiam.keys.records import RecordOf
from ecsiam.keys.values import as_text
from ecsiam.model import arn_forms
from ecsiam.model.arn import Arn
from ecsiam.model.condition import Condition
from ecsiam.model.form import arn_form
from ecsiam.model.intent import Note
from ecsiam.model.parameter import Parameter
from ecsiam.model.statement import Origin, Statement
from ecsiam.model.text import Text, in_order, texts

_FLAG = "enable_efs_access"
_PAGE = "https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html"
_ACTIONS = ("elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite")
_ROOT = "elasticfilesystem:ClientRootAccess"
_VOLUMES = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/efs-volumes.html"
_TLS, _MOUNT_TARGET = "aws:SecureTransport", "elasticfilesystem:AccessedViaMountTarget"
_ACCESS = {
    "read": (_ACTIONS[:1], "mount file systems and read"),
    "write": (_ACTIONS, "mount file systems and write to them"),
    "root": ((*_ACTIONS, _ROOT), "mount file systems and write to them as root"),
}
_IN = "arn:aws:elasticfilesystem:eu-west-2:123456789012"
ACCESS_POINT_ARN = arn_form(
    "access_point_arn",
    "the ARN of one EFS access point",
    "elasticfilesystem",
    "access-point/fsap-[0-9a-f]{8,40}",
    (f"{_IN}:access-point/fsap-0123456789abcdef0",),
    (f"{_IN}:file-system/fs-0123456789abcdef0", f"{_IN}:access-point/*"),
    hints=(
        (".*:file-system/.*", "is a file system", "Write the ARN of an access point of it."),
        (".*[*?].*", "has a wildcard", "Write each access point out, or leave them out for all."),
        (".*:access-point/.*[A-Z].*", "has a capital letter in the id", "The ids of access points have none."),
    ),
    bare=(("fsap-[0-9a-f]+", "is an id", f"Write its ARN, such as `{_IN}:access-point/fsap-...`."),),
)


# The example is another than that of `efs_arn`: one that is given twice says nothing.
_ANOTHER = evolve(arn_forms.EFS_ARN, good=(f"{_IN}:file-system/fs-0fedcba9876543210", *arn_forms.EFS_ARN.good[1:]))


class FileSystem(Keys):
    """A file system that the task mounts, and how."""

    arn: Annotated[str | Parameter, Key("The file system.", OfForm(_ANOTHER), ("task",))]
    access: Annotated[
        Literal["read", "write", "root"],
        Key("What the task may do: read, read and write, or that as root.", Choice(tuple(_ACCESS)), ("task",)),
    ] = "write"
    access_point_arns: Annotated[
        Sequence[str],
        Key(
            "The access points through which alone it may.",
            ListOf(OfForm(ACCESS_POINT_ARN)),
            ("task",),
            default="any way in",
            closed=True,
        ),
    ] = ()
    tls_only: Annotated[
        bool, Key("Only over TLS, which ECS takes wherever IAM decides.", Flag(), ("task",), closed=True)
    ] = True
    mount_targets_only: Annotated[
        bool, Key("Only through a mount target in the VPC, as ECS does.", Flag(), ("task",), closed=True)
    ] = False

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Through what it may be mounted: EFS evaluates all of these on the file system."""
        flags = ((_TLS, self.tls_only), (_MOUNT_TARGET, self.mount_targets_only))
        return (*self.through, *(Condition("Bool", key, "true") for key, on in flags if on))

    @property
    def sent(self) -> tuple[Condition, ...]:
        """What EFS is told of a mount that ECS makes."""
        return (*self.through, Condition("Bool", _TLS, "true"), Condition("Bool", _MOUNT_TARGET, "true"))

    def gives_all_of(self, other: "FileSystem") -> bool:
        """Whether the task may do by this one whatever it may by another of the same file system."""
        points = self.access_point_arns
        return (
            set(_ACCESS[self.access][0]) >= set(_ACCESS[other.access][0])
            and (not points or (bool(other.access_point_arns) and set(points) >= set(other.access_point_arns)))
            and self.tls_only <= other.tls_only
            and self.mount_targets_only <= other.mount_targets_only
        )

    @property
    def through(self) -> tuple[Condition, ...]:
        """The access points, as a condition."""
        points = in_order(texts(self.access_point_arns))
        return (Condition("StringEquals", "elasticfilesystem:AccessPointArn", points),) if points else ()


class EfsKeys(Keys):
    """The file systems that the task mounts."""

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
            OfForm(arn_forms.EFS_ARN, star=True),
            ("task",),
            flag=_FLAG,
            instead="efs_file_systems",
        ),
    ] = None
    efs_root_access: Annotated[
        bool,
        Key(
            "The task may write to `efs_arn` as root (`ClientRootAccess`).",
            Flag(),
            ("task",),
            flag=_FLAG,
            closed=True,
            beside=("efs_arn",),
        ),
    ] = False
    efs_file_systems: Annotated[
        Sequence[FileSystem],
        Key(
            "File systems that the task mounts, beside `efs_arn` or in its place. One may stand twice where each gives "
            "what the other doesn't: other access through other access points.",
            ListOf(RecordOf(FileSystem)),
            ("task",),
            default="none",
            flag=_FLAG,
        ),
    ] = ()

    @check("efs_file_systems")
    def _access_points(self) -> Iterator[Fault]:
        """An access point is of the file system's own account and region."""
        for i, system in enumerate(self.efs_file_systems):
            known = () if isinstance(system.arn, Parameter) else system.access_point_arns
            for j, given in enumerate(known):
                own, point = (Arn.parse(as_text(one)) for one in (system.arn, given))
                if (point.region, point.account) != (own.region, own.account):
                    message = f"`{given}` is of another account or region than `{system.arn}`"
                    path = ("efs_file_systems", i, "access_point_arns", j)
                    yield Fault(message, path, "Write an access point of this file system.")

    @check("efs_arn", "efs_root_access", "efs_file_systems")
    def _each_says_something(self) -> Iterator[Fault]:
        """None gives just what another gives anyway; `efs_arn` gives it on no condition."""
        access: Literal["write", "root"] = "root" if self.efs_root_access else "write"
        alone = FileSystem.model_construct(arn=self.efs_arn, access=access, tls_only=False)
        every: list[tuple[Path, FileSystem]] = [(("efs_arn",), alone)] if self.efs_arn else []
        every += [(("efs_file_systems", i), system) for i, system in enumerate(self.efs_file_systems)]
        alike: dict[Text, list[tuple[Path, FileSystem]]] = {}
        for path, system in every:
            alike.setdefault(as_text(system.arn), []).append((path, system))
        for some in alike.values():
            for path, system in some:
                if anyway := _given_anyway(system, some):
                    message = f"what the task may do with `{system.arn}` here, `{show_path(anyway)[2:]}` gives anyway"
                    yield Fault(message, path, "Leave one of them out, or give this one other access or access points.")


def _given_anyway(system: FileSystem, some: Sequence[tuple[Path, FileSystem]]) -> Path | None:
    """The place of what gives all that one does; of two that give the same, the first is the one that counts."""
    before = True
    for place, other in some:
        before = before and other is not system
        if other is not system and other.gives_all_of(system) and (before or not system.gives_all_of(other)):
            return place
    return None


def _one(keys: EfsKeys, project: Project) -> Iterator[Statement]:
    """Mount the one file system of `efs_arn`; where nothing says which, any of the account's."""
    if keys.efs_arn or not keys.efs_file_systems:
        actions = (*_ACTIONS, _ROOT) if keys.efs_root_access else _ACTIONS
        systems = [as_text(keys.efs_arn)] if keys.efs_arn else project.arns("elasticfilesystem", "file-system/*")
        yield allow(actions, systems, Origin("efs", "mount the file system and write to it", _PAGE, _FLAG))


def _mounts(systems: Sequence[FileSystem], *, sent: bool) -> Iterator[Statement]:
    """Mount the file systems, those together that are mounted alike; `sent` is with what EFS is told of it."""
    alike: dict[tuple[str, tuple[Condition, ...]], list[Text]] = {}
    for system in systems:
        where = system.sent if sent else system.conditions
        alike.setdefault((system.access, where), []).append(as_text(system.arn))
    for (access, where), arns in sorted(alike.items(), key=lambda one: (one[0][0], [*map(str, one[0][1])])):
        actions, reason = _ACCESS[access]
        yield allow(actions, arns, Origin("efs", reason, _PAGE, _FLAG), *where)


def efs_needs(keys: EfsKeys, project: Project) -> Iterator[Statement]:
    """Mount the file systems that were given; where none was, any of the account's."""
    yield from _one(keys, project)
    yield from _mounts(keys.efs_file_systems, sent=True)


def _efs(keys: EfsKeys, project: Project) -> Iterator[Part]:
    yield from _one(keys, project)
    yield from _mounts(keys.efs_file_systems, sent=False)
    yield Note(
        "efs-iam-enabled",
        "IAM decides about a mount only if the task definition's EFS volume has `iam: ENABLED`, which needs "
        "`transitEncryption: ENABLED`",
        (_FLAG,),
        "Without it, the file system lets in whoever reaches it, unless its own policy says otherwise.",
        _VOLUMES,
    )
    if any(system.access_point_arns for system in keys.efs_file_systems):
        yield Note(
            "efs-access-point",
            "the task gets in only through an access point that its volume names (`accessPointId`), with "
            "`rootDirectory` left out or `/`",
            ("efs_file_systems",),
            "Name one of `access_point_arns` in the task definition.",
            _VOLUMES,
        )
    arns = [system.arn for system in keys.efs_file_systems if not isinstance(system.arn, Parameter)]
    yield from _foreign(project, arns)


def _foreign(project: Project, arns: Sequence[str]) -> Iterator[Note]:
    for i, owner in project.foreign(arns).items():
        yield Note(
            "foreign-file-system",
            f"`{arns[i]}` is of account `{owner}`",
            ("efs_file_systems",),
            "That account's file system policy has to allow the task role too.",
            "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html",
        )


EFS = Feature("efs", "task", _FLAG, EfsKeys, _efs, (*_ACTIONS, _ROOT), efs_needs)
