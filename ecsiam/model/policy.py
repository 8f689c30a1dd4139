"""Policies: identity, trust and resource policies.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html
"""

from collections.abc import Iterable, Iterator
from typing import Literal

from attrs import evolve, field, frozen

from ecsiam.errors import Fault, show
from ecsiam.model.arn import PARTITIONS
from ecsiam.model.built import Built, is_text
from ecsiam.model.spots import Spot, faults, misplaced, refused
from ecsiam.model.statement import Only, Statement
from ecsiam.model.text import Bindings, several
from ecsiam.model.verdicts import Kind

Version = Literal["2012-10-17", "2008-10-17"]
VERSIONS = ("2012-10-17", "2008-10-17")


def _statements(given: Statement | Iterable[Statement]) -> tuple[Statement, ...]:
    return several(given, (Statement,), "a statement")


@frozen
class Policy(Built):
    """A policy document. `kind` follows from its statements: identity, trust or resource."""

    statements: tuple[Statement, ...] = field(converter=_statements)
    version: Version = "2012-10-17"
    id: str = field(default="", validator=is_text)

    @property
    def kind(self) -> Kind:
        """A trust policy names principals but no resources, and speaks of nothing but `sts:` actions."""
        if not any(s.principals for s in self.statements):
            return "identity"
        trust = all(
            s.resources is None
            and isinstance(s.actions, Only)
            and all(a.pattern.lower().startswith("sts:") for a in s.actions.items)
            for s in self.statements
        )
        return "trust" if trust else "resource"

    def _unsayable(self) -> Iterator[Fault]:
        if not self.statements:
            yield Fault("a policy without statements", ("Statement",))
        if self.version not in VERSIONS:
            yield Fault(f"`{show(str(self.version))}` is not a policy version", ("Version",), f"Write `{VERSIONS[0]}`.")
        for i, s in enumerate(self.statements):
            if self.kind != "identity" and s.principals is None:
                yield Fault("a statement without a principal beside others that have one", ("Statement", i))

    def _refused(self) -> Iterator[Fault]:
        yield from refused(self._own_spots(), self.kind)
        if self.kind != "identity":
            yield from misplaced(self._statement_spots(), self.kind)

    def _own_spots(self, partition: str | None = None) -> Iterator[Spot]:
        """What a policy has beyond its statements; with `partition` of the account, what is of another one."""
        if self.id:
            yield Spot("id", self.id, ("Id",))
            yield Spot("string", self.id, ("Id",))
        seen: set[str] = set()
        for i, statement in enumerate(self.statements):
            if statement.sid in seen:
                yield Spot("sid again", statement.sid, ("Statement", i, "Sid"))
            seen |= {statement.sid} - {""}
            for path, spot in statement.resource_spots() if partition else ():
                there = spot.text.split(":", 2)[1:2]
                if there and there[0] in PARTITIONS and there[0] != partition:
                    yield Spot("partition of another", spot.shown, ("Statement", i, *path))

    def _statement_spots(self) -> Iterator[Spot]:
        for i, statement in enumerate(self.statements):
            yield from (spot.under("Statement", i) for spot in statement.spots())

    def refusals(self, partition: str | None = None) -> tuple[Fault, ...]:
        """What IAM would refuse in it; with the account's `partition`, ARNs of another one too."""
        return tuple(refused((*self._own_spots(partition), *self._statement_spots()), self.kind))

    def notes(self) -> tuple[Fault, ...]:
        """What looks wrong in it and is stored all the same, and what nobody knows."""
        return tuple(faults((*self._own_spots(), *self._statement_spots()), self.kind, "stored", "unclear"))

    def bind(self, values: Bindings) -> "Policy | None":
        """The policy with references put in; None when no statement is left."""
        bound = [b for s in self.statements if (b := s.bind(values)) is not None]
        return evolve(self, statements=bound) if bound else None
