"""Policies: identity, trust and resource policies.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html
"""

from collections.abc import Iterable, Iterator
from typing import Literal

from attrs import evolve, field, frozen

from ecsiam.errors import Fault, show
from ecsiam.model.built import Built, is_text
from ecsiam.model.spots import misplaced, of_policy, refused
from ecsiam.model.statement import Only, Statement
from ecsiam.model.text import Bindings, several

Version = Literal["2012-10-17", "2008-10-17"]
Kind = Literal["identity", "trust", "resource"]
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
        of_resource = self.kind != "identity"
        for i, s in enumerate(self.statements):
            if of_resource and s.principals is None:
                yield Fault("a statement without a principal beside others that have one", ("Statement", i))

    def _refused(self) -> Iterator[Fault]:
        yield from refused(of_policy(self), self.kind)
        if self.kind != "identity":
            yield from misplaced(self)

    def bind(self, values: Bindings) -> "Policy | None":
        """The policy with references put in; None when no statement is left."""
        bound = [b for s in self.statements if (b := s.bind(values)) is not None]
        return evolve(self, statements=bound) if bound else None
