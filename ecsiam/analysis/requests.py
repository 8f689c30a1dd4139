"""Sets of requests: what policies allow, as a value with `|`, `&` and `-`, asked for an example.

A set is an expression over statements. Whether a request is in it is a matter of matching each statement, as `evaluate`
does; whether there is any request in it is decided over boxes (`space.py`), and every example is put to the first test
before anyone sees it.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Literal

from attrs import evolve, field, frozen

from ecsiam.analysis.leaf import Leaf, compiled
from ecsiam.analysis.matching import misses
from ecsiam.analysis.request import Request
from ecsiam.errors import PolicyError
from ecsiam.looks.shown import Shown
from ecsiam.looks.words import count
from ecsiam.model.condition import Block, Condition
from ecsiam.model.each import Each, Item
from ecsiam.model.principal import EVERYONE, Principal
from ecsiam.model.statement import Action, AllBut, Only, Statement
from ecsiam.model.text import Text, text

Resource = str | Text | Each


@frozen(cache_hash=True, repr=False)
class Requests(Shown):
    """A set of requests: those of one statement, or others put together (`or`, `and`, `minus`)."""

    op: Literal["statement", "or", "and", "minus"]
    parts: "tuple[Requests, ...]" = ()
    leaf: Leaf | None = field(default=None)

    def __or__(self, other: "Requests") -> "Requests":
        return union((self, other))

    def __and__(self, other: "Requests") -> "Requests":
        return Requests("and", (self, other))

    def __sub__(self, other: "Requests") -> "Requests":
        return Requests("minus", (self, other))

    def _says(self) -> str:
        if self.leaf is not None:
            return f"those of {self.leaf.statement.summary}"
        return f"{self.op} of {count(len(self.parts), 'part')}"

    def __contains__(self, request: Request) -> bool:
        """Whether a request is one of them, statement by statement. Raises PolicyError where what is open decides."""
        found = self.has(request)
        if found is None:
            raise PolicyError("whether the request is one of these is known only at deployment: bind it first")
        return found

    def has(self, request: Request) -> bool | None:
        """Whether a request is one of them; None where that hangs on what is open or was not read."""
        match self.op, self.parts:
            case "or", parts:
                return _any(p.has(request) for p in parts)
            case "and", (left, right):
                return _both(left.has(request), right.has(request))
            case "minus", (left, right):
                without = right.has(request)
                return _both(left.has(request), None if without is None else not without)
            case _:
                assert self.leaf is not None
                return _matches(self.leaf, request)

    @property
    def leaves(self) -> Iterator[Leaf]:
        """Every statement that takes part."""
        if self.leaf is not None:
            yield self.leaf
        for part in self.parts:
            yield from part.leaves


def _both(a: bool | None, b: bool | None) -> bool | None:
    return False if a is False or b is False else None if a is None or b is None else True


def _any(found: Iterable[bool | None]) -> bool | None:
    seen: bool | None = False
    for one in found:
        if one:
            return True
        seen = None if one is None else seen
    return seen


def _matches(leaf: Leaf, request: Request) -> bool | None:
    """Whether a statement matches; what is open of it is read as anything, so that only a miss is sure."""
    if not compiled(leaf).open:
        return not misses(leaf.statement, leaf.version, request, leaf.reading, strict=leaf.strict)
    return None if not misses(_loose(leaf.statement), leaf.version, request, leaf.reading) else False


@lru_cache(maxsize=1 << 12)
def _loose(statement: Statement) -> Statement:
    """A statement that matches all that this one may come to match."""
    resources, principals = statement.resources, statement.principals
    if resources is not None and any(isinstance(r, Each) or r.refs for r in resources.items):
        resources = Only((text("*"),))
    if principals is not None and any(p.id.refs for p in principals.items):
        principals = Only((EVERYONE,))
    conditions = tuple(c for c in statement.conditions if not any(v.refs for v in c.values))
    return evolve(statement, resources=resources, principals=principals, conditions=conditions)


NOTHING = Requests("or")


def union(parts: Iterable[Requests]) -> Requests:
    """Those that are in any of these."""
    flat: list[Requests] = []
    for part in parts:
        flat += part.parts if part.op == "or" else (part,)
    return flat[0] if len(flat) == 1 else Requests("or", tuple(flat))


def of_statement(leaf: Leaf) -> Requests:
    """The requests that a statement matches, whatever its effect."""
    return Requests("statement", leaf=leaf)


def query(
    actions: str | Iterable[str] | Only[Action] | AllBut[Action],
    resources: Resource | Iterable[Resource] | Only[Item] | AllBut[Item] | None = None,
    principals: Principal | Iterable[Principal] | None = None,
    conditions: Iterable[Condition] | Block = (),
) -> Requests:
    """The requests that an Allow written as a question matches: a policy's own words for a set."""
    return of_query(Statement("Allow", actions, resources, principals, conditions, as_is=True))


def of_query(statement: Statement) -> Requests:
    """The same of a whole statement."""
    return of_statement(Leaf(statement, asked=True))


def allowed_by(leaves: Iterable[Leaf]) -> Requests:
    """The requests that the Allows of these match, without those that their Denies match."""
    allows: list[Requests] = []
    denies: list[Requests] = []
    for leaf in leaves:
        (allows if leaf.statement.effect == "Allow" else denies).append(of_statement(leaf))
    return union(allows) - union(denies) if denies else union(allows)
