"""Policies: identity, trust and resource policies.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html
"""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Literal, TypeVar, cast

from attrs import evolve, field, frozen

from ecsiam.errors import Fault, PolicyError, refuse, show
from ecsiam.looks.page import Code, Page
from ecsiam.looks.shown import Paged
from ecsiam.looks.words import count
from ecsiam.model.arn import PARTITIONS
from ecsiam.model.built import Built, is_text
from ecsiam.model.each import Each, Item, nested
from ecsiam.model.spots import Spot, faults, misplaced, refused
from ecsiam.model.statement import Data, Only, Statement, as_json, statement_as_written, statement_to_data
from ecsiam.model.text import Bindings, Text, several
from ecsiam.model.verdicts import Kind, Verdict

Version = Literal["2012-10-17", "2008-10-17"]
VERSIONS = ("2012-10-17", "2008-10-17")
R = TypeVar("R")


def _statements(given: Statement | Iterable[Statement]) -> tuple[Statement, ...]:
    return several(given, (Statement,), "a statement")


# The claims that IAM wants a condition on, by issuer.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html
SHARED = {
    name: f"{name}:sub"
    for name in ("token.actions.githubusercontent.com", "gitlab.com", "app.terraform.io", "agent.buildkite.com")
}


def _says(values: tuple[Text, ...]) -> bool:
    """Whether a condition's values are more than wildcards."""
    return any(str(value).strip("*?") for value in values)


_COMPACT = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


@frozen(repr=False)
class Policy(Built, Paged):
    """A policy document. `kind` follows from its statements: identity, trust or resource."""

    statements: tuple[Statement, ...] = field(converter=_statements)
    version: Version = "2012-10-17"
    id: str = field(default="", validator=is_text)

    @cached_property
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

    @cached_property
    def compact(self) -> str | None:
        """Its JSON in as few characters as it takes, for who counts them; None while something in it is left open."""
        open_ = any(t.literal is None for s in self.statements for t in s.texts())
        listed_ = any(s.resources and any(isinstance(r, Each) for r in s.resources.items) for s in self.statements)
        if open_ or listed_:
            return None
        return _COMPACT(policy_to_data(self, str))

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
        yield from refused(self._own_spots(), self.kind)
        if self.kind != "identity":
            for i, s in enumerate(self.statements):
                yield from (f.under("Statement", i) for f in misplaced(s.spots(), self.kind))

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
            for spot in statement.resource_spots() if partition else ():
                there = spot.text.split(":", 2)[1:2]
                if there and there[0] in PARTITIONS and there[0] != partition:
                    yield Spot("partition of another", spot.shown, ("Statement", i, *spot.path))

    def _faults(self, spots: Iterable[Spot], *verdicts: Verdict) -> Iterator[Fault]:
        """What the table has on its own spots and on those of its statements."""
        yield from faults(spots, self.kind, *verdicts)
        for i, s in enumerate(self.statements):
            yield from (f.under("Statement", i) for f in faults(s.spots(), self.kind, *verdicts))

    def _claim_spots(self) -> Iterator[Spot]:
        """The claims of shared issuers that a statement doesn't pin; what was stored without works until edited."""
        for i, s in enumerate(self.statements):
            pinned = {c.key.lower() for c in s.conditions if c.operator.comparison.kind != "null" and _says(c.values)}
            for p in s.principals.items if s.principals is not None and s.effect == "Allow" else ():
                claim = SHARED.get(str(p.id).partition(":oidc-provider/")[2])
                if claim and claim not in pinned:
                    yield Spot("claim", claim, ("Statement", i, "Condition"))

    def refusals(self, partition: str | None = None) -> tuple[Fault, ...]:
        """What IAM would refuse in it; with the account's `partition`, ARNs of another one too."""
        return (*self._faults(self._own_spots(partition), "refused"), *refused(self._claim_spots(), self.kind))

    def notes(self) -> tuple[Fault, ...]:
        """What looks wrong in it and is stored all the same, and what nobody knows."""
        return tuple(self._faults(self._own_spots(), "stored", "unclear"))

    def bind(self, values: Bindings) -> "Policy | None":
        """The policy with references put in; None when no statement is left."""
        bound = [b for s in self.statements if (b := s.bind(values)) is not None]
        return evolve(self, statements=bound) if bound else None

    def to_dict(self) -> Data:
        """The policy as IAM's JSON, as plain data: the inverse of `parse_policy`.

        Raises PolicyError that lists what is left to deployment: no IAM document can say it. `print` shows it too.
        """
        refuse(PolicyError, self._open())
        return as_written(policy_to_data(self, str))

    def _open(self) -> Iterator[Fault]:
        for i, s in enumerate(self.statements):
            names = [ref.name for t in s.texts() for ref in t.refs]
            names += [each.parameter for each in nested(() if s.resources is None else s.resources.items)]
            for name in dict.fromkeys(names):
                yield Fault(
                    f"`{name}` is left to deployment",
                    ("Statement", i),
                    f'Bind the stack: `stack.bind({{"{name}": ...}})`.',
                )

    def __str__(self) -> str:
        """IAM's JSON, as people write it; a reference reads `{account_id}`."""
        return as_json(as_written(policy_to_data(self, str)))

    def _says(self) -> str:
        return f"{self.kind}, {count(len(self.statements), 'statement')}"

    def _page(self) -> Page:
        return Page(f"Policy: {self._says()}", (Code(str(self)),))


def policy_to_data(
    policy: Policy, render: Callable[[Text], R], render_items: Callable[[tuple[Item, ...]], object] | None = None
) -> Data:
    """A policy as IAM's JSON, every text rendered by `render`; Action, Resource and values come out as lists.

    A list of resources that holds an `Each` needs `render_items`.
    """
    document: Data = {"Version": policy.version}
    if policy.id:
        document["Id"] = policy.id
    document["Statement"] = [statement_to_data(s, render, render_items) for s in policy.statements]
    return document


def as_written(document: Data) -> Data:
    """A policy's data with each statement in the order in which people write one."""
    statements = cast("list[Data]", document["Statement"])
    return {**document, "Statement": [statement_as_written(s) for s in statements]}
