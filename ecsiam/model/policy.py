"""Policies: identity, trust and resource policies.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html
"""

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from attrs import evolve, field, frozen

from ecsiam.errors import Fault, PolicyError, refuse
from ecsiam.model.statement import AllBut, Statement, of_iam
from ecsiam.model.text import Bindings

Version = Literal["2012-10-17", "2008-10-17"]
Kind = Literal["identity", "trust", "resource"]
VERSIONS = ("2012-10-17", "2008-10-17")


def _statements(given: Statement | Iterable[Statement]) -> tuple[Statement, ...]:
    return (given,) if isinstance(given, Statement) else tuple(given)


@frozen
class Policy:
    """A policy document. `kind` follows from its statements: identity, trust or resource."""

    statements: tuple[Statement, ...] = field(converter=_statements)
    version: Version = "2012-10-17"
    id: str = ""

    @property
    def kind(self) -> Kind:
        """A trust policy names principals but no resources, and speaks of nothing but `sts:` actions."""
        if not any(s.principals for s in self.statements):
            return "identity"
        trust = all(
            s.resources is None and all(a.pattern.lower().startswith("sts:") for a in s.actions.items)
            for s in self.statements
        )
        return "trust" if trust else "resource"

    def __attrs_post_init__(self) -> None:
        refuse(PolicyError, self._faults())

    def _faults(self) -> Iterator[Fault]:
        if not self.statements:
            yield Fault("a policy without statements", ("Statement",))
        if self.version not in VERSIONS:
            yield Fault(f"`{self.version}` is not a policy version", ("Version",), f"Write `{VERSIONS[0]}`.")
        if self.id and self.kind == "identity":
            yield Fault("an identity policy has no `Id`", ("Id",))
        if not of_iam(self.id):
            yield Fault(f"`{self.id}` holds a character that IAM does not take", ("Id",), "IAM takes U+0020 to U+00FF.")
        seen: set[str] = set()
        for i, s in enumerate(self.statements):
            if self.kind != "identity" and s.principals is None:
                yield Fault("a statement without a principal beside others that have one", ("Statement", i))
            if self.kind == "trust":
                if isinstance(s.principals, AllBut):
                    yield Fault("a trust policy takes no `NotPrincipal`", ("Statement", i, "NotPrincipal"))
                if isinstance(s.actions, AllBut):
                    yield Fault("a trust policy takes no `NotAction`", ("Statement", i, "NotAction"))
                if not re.fullmatch("[A-Za-z0-9]*", s.sid, re.ASCII):
                    yield Fault(f"`{s.sid}` is not a Sid", ("Statement", i, "Sid"), "Use letters and digits only.")
            if s.sid and s.sid in seen:
                yield Fault(f"the Sid `{s.sid}` stands twice", ("Statement", i, "Sid"))
            seen.add(s.sid)

    def bind(self, values: Bindings) -> "Policy | None":
        """The policy with references put in; None when no statement is left."""
        bound = [b for s in self.statements if (b := s.bind(values)) is not None]
        return evolve(self, statements=bound) if bound else None
