"""task_access: what the task may do, as verbs on ARNs."""

from collections.abc import Iterator, Sequence
from typing import Annotated, cast

from ecsiam.errors import Path
from ecsiam.features.access.entry import Entry, Given, TaskAccess
from ecsiam.features.access.kind import AccessKind
from ecsiam.features.access.kinds import KINDS
from ecsiam.features.access.statements import POLICY, statements
from ecsiam.features.feature import Feature, Part
from ecsiam.features.project import Project
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys
from ecsiam.keys.kinds import ListOf
from ecsiam.keys.records import RecordOf
from ecsiam.keys.values import known
from ecsiam.model.intent import Note
from ecsiam.model.statement import Statement


class AccessKeys(Keys):
    """What the task reaches."""

    heading = "What the task may do"

    task_access: Annotated[
        Given,
        Key(
            "What the task reaches, and what it does there as verbs; docs/access.md has the kinds and their verbs.",
            ListOf(RecordOf(TaskAccess)),
            ("task",),
            default="none",
            sample=("- arns:", "    - arn:aws:sqs:eu-west-2:123456789012:orders", "  access:", "    - send"),
        ),
    ] = ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The entries, as far as they could be read."""
        return tuple(entry for entry in cast("tuple[Entry | None, ...]", self.task_access) if entry is not None)


def access_needs(keys: AccessKeys, project: Project) -> Iterator[Statement]:
    """What is granted is what is needed: each action stands on the resources that AWS evaluates it on."""
    yield from statements(keys.entries, project)


def _access(keys: AccessKeys, project: Project) -> Iterator[Part]:
    yield from access_needs(keys, project)
    said = set[str]()
    for i, entry in enumerate(keys.entries):
        for id, arns in entry.kinds().items():
            kind = KINDS[id]
            for at, owner in project.foreign(arns).items():
                yield Note(
                    "foreign-access",
                    f"`{known(arns)[at]}` is of account `{owner}`",
                    ("task_access", i, "arns"),
                    kind.from_abroad,
                    kind.page,
                )
            yield from _above(entry, kind, known(arns), ("task_access", i, "arns"))
            if kind.other_side and kind.id not in said:
                said.add(kind.id)
                yield Note(
                    "access-other-side",
                    f"`task_access` alone doesn't open {kind.what}",
                    ("task_access", i),
                    kind.other_side,
                    kind.page,
                )


def _above(entry: Entry, kind: AccessKind, arns: Sequence[str], place: Path) -> Iterator[Note]:
    """What a verb is asked on, where only what is below that is named."""
    verbs = [kind.named[verb] for verb in entry.access if verb in kind.named]
    for verb in (verb for verb in verbs if any(act.above for act in verb.acts)):
        for arn in (arn for arn in arns if arn.endswith("/*") and arn.count("/") > 1):
            if arn.removesuffix("/*") not in arns:
                yield Note(
                    "access-above",
                    f"`{verb.name}` is asked on `{arn.removesuffix('/*')}`, which `{arn}` doesn't name",
                    place,
                    f"List `{arn.removesuffix('/*')}` too.",
                    kind.page,
                )


ACCESS = Feature(POLICY, "task", "", AccessKeys, _access, needs=access_needs)
