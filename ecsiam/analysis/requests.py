"""Sets of requests: what policies allow, as a value with `|`, `&` and `-`, asked for an example.

A set is an expression over statements. Whether a request is in it is a matter of matching each statement, as `evaluate`
does; whether there is any request in it is decided over boxes (`space.py`), and every example is put to the first test
before anyone sees it.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import chain, islice, product
from typing import Literal

from attrs import evolve, field, frozen

from ecsiam.analysis.actions import Universe
from ecsiam.analysis.keys import KeyTest
from ecsiam.analysis.leaf import Leaf, compiled
from ecsiam.analysis.matching import misses
from ecsiam.analysis.patterns import Unclear
from ecsiam.analysis.request import Request
from ecsiam.analysis.samples import other
from ecsiam.analysis.space import Box, Space
from ecsiam.analysis.variables import Escaped, Variable, parts
from ecsiam.analysis.witness import Candidate, candidates
from ecsiam.errors import PolicyError
from ecsiam.model.each import Each
from ecsiam.model.policy import Version
from ecsiam.model.principal import EVERYONE
from ecsiam.model.statement import Only, Statement
from ecsiam.model.text import Text, text

MOST_BOXES = 200_000
MOST_OPEN = 50  # of what depends on something open, so many pieces are looked at for one that doesn't


@frozen(cache_hash=True)
class Requests:
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

    def example(self, universe: Universe = "all") -> Request | None:
        """One of the requests, None if there is none. Raises Unclear where that isn't known."""
        return search(self, universe)


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


def query(statement: Statement) -> Requests:
    """The requests that an Allow written as a question matches: a policy's own words for a set."""
    return of_statement(Leaf(statement, asked=True))


def allowed_by(leaves: Iterable[Leaf]) -> Requests:
    """The requests that the Allows of these match, without those that their Denies match."""
    allows: list[Requests] = []
    denies: list[Requests] = []
    for leaf in leaves:
        (allows if leaf.statement.effect == "Allow" else denies).append(of_statement(leaf))
    return union(allows) - union(denies) if denies else union(allows)


# ---------------------------------------------------------------- deciding


class _Search:
    """The boxes of an expression, made one by one."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.made = 0
        self._boxes: dict[Leaf, list[Box]] = {}

    def of(self, leaf: Leaf) -> list[Box]:
        known = self._boxes.get(leaf)
        if known is None:
            known = self._boxes[leaf] = list(self.space.boxes(compiled(leaf)))
        return known

    def boxes(self, requests: Requests) -> Iterator[Box]:
        match requests.op, requests.parts:
            case "or", parts:
                for part in parts:
                    yield from self.boxes(part)
            case "and", (left, right):
                for box in self.boxes(left):
                    yield from self.within(box, right)
            case "minus", (left, right):
                for box in self.boxes(left):
                    yield from self.outside(box, right)
            case _:
                assert requests.leaf is not None
                yield from self.of(requests.leaf)

    def within(self, box: Box, requests: Requests) -> Iterator[Box]:
        """What a box shares with a set."""
        self._count()
        match requests.op, requests.parts:
            case "or", parts:
                for part in parts:
                    yield from self.within(box, part)
            case "and", (left, right):
                for inner in self.within(box, left):
                    yield from self.within(inner, right)
            case "minus", (left, right):
                for inner in self.within(box, left):
                    yield from self.outside(inner, right)
            case _:
                assert requests.leaf is not None
                for other in self.of(requests.leaf):
                    both = self.space.meet(box, other)
                    if both is not None:
                        yield both

    def outside(self, box: Box, requests: Requests) -> Iterator[Box]:
        """What of a box is not in a set."""
        self._count()
        match requests.op, requests.parts:
            case "or", parts:
                yield from _one_by_one(box, len(parts), lambda b, i: self.outside(b, parts[i]))
            case "and", (left, right):
                yield from self.outside(box, left)
                for inner in self.within(box, left):
                    yield from self.outside(inner, right)
            case "minus", (left, right):
                yield from self.outside(box, left)
                yield from self.within(box, right)
            case _:
                assert requests.leaf is not None
                others = self.of(requests.leaf)
                yield from _one_by_one(box, len(others), lambda b, i: self.space.without(b, others[i]))

    def _count(self) -> None:
        self.made += 1
        if self.made > MOST_BOXES:
            raise Unclear(f"the search was given up after {MOST_BOXES:,} pieces")


def _one_by_one(box: Box, steps: int, left: Callable[[Box, int], Iterator[Box]]) -> Iterator[Box]:
    """What is left of a box after each step, to the end with one piece before the next is begun."""
    if not steps:
        yield box
        return
    waiting = [left(box, 0)]  # of each step, the pieces still to be followed: a thousand statements are no recursion
    while waiting:
        piece = next(waiting[-1], None)
        if piece is None:
            waiting.pop()
        elif len(waiting) == steps:
            yield piece
        else:
            waiting.append(left(piece, len(waiting)))


def search(requests: Requests, universe: Universe = "all") -> Request | None:
    """A request of the set that has been put to the test, None if there surely is none. Raises Unclear otherwise.

    AWS leaves open whether a statement is invalid where a policy variable of its resources has no value: both readings
    have to give the same.
    """
    if not any(compiled(leaf).doubtful for leaf in requests.leaves):
        return _search(requests, universe)
    strict = _strict(requests)
    found = _search(requests, universe)
    if found is None and _search(strict, universe) is None:
        return None
    if found is not None and strict.has(found):
        return found
    if both := _search(requests & strict, universe):
        return both
    raise Unclear("whether a statement counts, of whose resources a policy variable has no value, AWS leaves open")


def _strict(requests: Requests) -> Requests:
    """The same with every statement read as invalid where a policy variable of its resources has no value."""
    if requests.leaf is not None:
        return of_statement(evolve(requests.leaf, strict=True)) if compiled(requests.leaf).doubtful else requests
    return evolve(requests, parts=tuple(map(_strict, requests.parts)))


def _search(requests: Requests, universe: Universe) -> Request | None:
    found = _walk(requests, requests, universe)
    if not isinstance(found, str):
        return found
    for closed in put_in(requests):
        try:
            shown = _walk(closed, requests, universe)
        except Unclear:
            continue
        if isinstance(shown, Request):
            return shown
    raise Unclear(found)


def _walk(requests: Requests, original: Requests, universe: Universe) -> Request | str | None:
    """An example that is in `original` too; a text says why there may be one."""
    asked = [compiled(leaf) for leaf in dict.fromkeys(requests.leaves)]
    space = Space(asked, universe)
    is_open = any(c.open for c in asked)
    unread = " and ".join(dict.fromkeys(f"`{c.unread}`" for c in asked if c.unread))
    on = f"it depends on {unread}, which was not read" if unread else "it depends on what is left to deployment"
    reason: str | None = None
    boxes = (cut for box in _Search(space).boxes(requests) for cut in space.by_caller(box))
    for n, box in enumerate(boxes):
        if is_open:
            reason = on
            if n == MOST_OPEN:
                break
        for candidate in _likely(space, box, requests is not original, original):
            if candidate.request is not None:
                if original.has(candidate.request):
                    tied = box.asking.keys if box.asking else frozenset[str]()
                    return candidate.request if requests is original else _least(candidate.request, original, tied)
                if candidate.sure and requests is original and not is_open:
                    raise AssertionError(
                        f"the example `{candidate.request}` is not in the set: this is a bug in ecsiam"
                    )
            reason = reason or candidate.reason
    return reason


def _likely(space: Space, box: Box, is_try: bool, original: Requests) -> Iterator[Candidate]:
    """The candidates of a box; of one that is only tried, no good ones before it is known that there are any."""
    if not is_try or any(c.request and original.has(c.request) for c in candidates(space, box, fits=False)):
        yield from candidates(space, box)
        yield from candidates(space, box, fits=False)


def _least(request: Request, original: Requests, tied: frozenset[str]) -> Request:
    """The request without the keys that were pinned for it and turn out not to matter."""
    for key, _ in request.context:
        without = evolve(request, context=[pair for pair in request.context if pair[0] != key])
        request = without if key.lower() not in tied and original.has(without) else request
    return request


# ---------------------------------------------------------------- policy variables

MOST_TRIES = 64


def put_in(requests: Requests) -> Iterator[Requests]:
    """The set with values in the place of its policy variables, and their keys pinned to these: parts of it.

    The values are those that the set itself speaks of, and one that it doesn't.
    """
    leaves = list(dict.fromkeys(requests.leaves))
    keys = {v.key.lower(): v.key for leaf in leaves for v in compiled(leaf).variables}
    if not keys:
        return
    # In one order, whichever way the question is put; the same value for all of them before others.
    spoken = {*_spoken_of(leaves)}
    if any(t.operator.comparison.name.endswith("IgnoreCase") for leaf in leaves for t in _tests(leaf)):
        spoken |= {changed for value in spoken for changed in (value.upper(), value.lower())}
    values = sorted(spoken - {"other"})
    pinned = {key: list(dict.fromkeys((other(key), *values))) for key in sorted(keys)}
    together = ((value,) * len(keys) for value in values)
    first = [tuple(map(other, sorted(keys)))]
    for chosen in islice(chain(first, together, product(*pinned.values())), MOST_TRIES):
        known = dict(zip(sorted(keys), chosen, strict=True))
        pinned_to = {keys[key]: _text(value) for key, value in known.items()}
        try:
            pin = Statement("Allow", "*", "*", conditions={"StringEquals": pinned_to})
            yield _replaced(requests, known) & query(pin)
        except PolicyError:  # what the variable names is no key, or its value makes no resource
            continue


def _tests(leaf: Leaf) -> Iterator[KeyTest]:
    known = compiled(leaf)
    yield from known.tests
    yield from (t for o in known.options for t in o.tests)


def _spoken_of(leaves: list[Leaf]) -> Iterator[str]:
    """What stands between slashes and colons in the texts of a set."""
    for leaf in leaves:
        for one in leaf.statement.texts():
            if one.literal is not None:
                yield from (s for s in re.split("[/:]", one.literal) if s and not set("*?$").intersection(s))


def _text(value: str) -> str:
    """A value as a policy writes it, so that it means itself."""
    return re.sub(r"[*?$]", lambda m: f"${{{m[0]}}}", value)


def _replaced(requests: Requests, known: dict[str, str]) -> Requests:
    if requests.leaf is not None:
        return of_statement(_leaf(requests.leaf, known))
    return evolve(requests, parts=tuple(_replaced(p, known) for p in requests.parts))


@lru_cache(maxsize=1 << 10)
def _leaf_known(leaf: Leaf, known: tuple[tuple[str, str], ...]) -> Leaf:
    values = dict(known)

    def put(text: Text, version: Version) -> Text:
        pieces = (
            _text(values[p.key.lower()])
            if isinstance(p, Variable) and p.key.lower() in values
            else f"${{{p.char}}}"
            if isinstance(p, Escaped)
            else p
            for p in parts(text, version)
        )
        return Text(p for p in pieces if not isinstance(p, Variable))

    s = leaf.statement
    resources = s.resources
    if resources is not None:
        resources = type(resources)(tuple(put(r, leaf.version) if isinstance(r, Text) else r for r in resources.items))
    conditions = [
        evolve(c, values=[put(v, leaf.version) for v in c.values])
        if c.operator.comparison.kind in ("string", "arn")
        else c
        for c in s.conditions
    ]
    return evolve(leaf, statement=evolve(s, resources=resources, conditions=conditions))


def _leaf(leaf: Leaf, known: dict[str, str]) -> Leaf:
    return _leaf_known(leaf, tuple(sorted(known.items()))) if compiled(leaf).variables else leaf
