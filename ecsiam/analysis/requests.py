"""Sets of requests: what policies allow, as a value with `|`, `&` and `-`, asked for an example.

A set is an expression over statements. Whether a request is in it is a matter of matching each statement, as `evaluate`
does; whether there is any request in it is decided over boxes (`space.py`), and every example is put to the first test
before anyone sees it.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import chain, islice, product
from typing import Literal

from attrs import evolve, field, frozen

from ecsiam.analysis.actions import Universe
from ecsiam.analysis.budget import OutOfTime, check_time, pieces
from ecsiam.analysis.cover import Boxes, is_covered, uncovered
from ecsiam.analysis.keys import KeyTest
from ecsiam.analysis.leaf import Leaf, compiled
from ecsiam.analysis.matching import misses
from ecsiam.analysis.patterns import Unclear
from ecsiam.analysis.pinned import Pins, accounts, both, either, following, of_tests
from ecsiam.analysis.request import Request
from ecsiam.analysis.samples import other
from ecsiam.analysis.space import Box, Space, mixed
from ecsiam.analysis.variables import Escaped, Part, Variable, parts
from ecsiam.analysis.witness import Candidate, candidates
from ecsiam.errors import PolicyError
from ecsiam.model.condition import Block, Condition
from ecsiam.model.each import Each, Item
from ecsiam.model.policy import Version
from ecsiam.model.principal import EVERYONE, Principal
from ecsiam.model.statement import Action, AllBut, Only, Statement
from ecsiam.model.text import Ref, Text, text

Resource = str | Text | Each
MOST_OPEN = 50  # of what depends on something open, so many pieces are looked at for one that doesn't
MOST_TRIED = 100  # pieces without an example that is sure, whatever it depends on


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


# ---------------------------------------------------------------- deciding


Term = tuple[Box, tuple[Boxes, ...]]  # a box, without some unions of boxes


class _Search:
    """The boxes of an expression, made one by one."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.made, self.most = 0, pieces()
        self._boxes: dict[Leaf, Boxes] = {}
        self._unions: dict[tuple[Requests, ...], Boxes] = {}

    def boxes(self, requests: Requests) -> Iterator[Box]:
        for box, without in self._terms(requests):
            yield from uncovered(self.space, box, without, self._count)

    def _of(self, leaf: Leaf) -> Boxes:
        known = self._boxes.get(leaf)
        if known is None:
            known = self._boxes[leaf] = Boxes(self.space.boxes(compiled(leaf)))
        return known

    def _union(self, parts: tuple[Requests, ...]) -> tuple[Boxes, list[Requests]]:
        """The boxes of the statements among the parts of a union, and the other parts."""
        known = self._unions.get(parts)
        if known is None:
            leaves = dict.fromkeys(p.leaf for p in parts if p.leaf is not None)
            known = self._unions[parts] = Boxes(box for leaf in leaves for box in self._of(leaf).all)
        return known, [p for p in parts if p.leaf is None]

    def _terms(self, requests: Requests) -> Iterator[Term]:
        match requests.op, requests.parts:
            case "or", parts:
                boxes, others = self._union(parts)
                yield from ((box, ()) for box in boxes.all)
                for part in others:
                    yield from self._terms(part)
            case "and", (left, right):
                for term in self._terms(left):
                    yield from self._within(term, right)
            case "minus", (left, right):
                for term in self._terms(left):
                    yield from self._outside(term, right)
            case _:
                assert requests.leaf is not None
                yield from ((box, ()) for box in self._of(requests.leaf).all)

    def _within(self, term: Term, requests: Requests) -> Iterator[Term]:
        """What a term shares with a set."""
        match requests.op, requests.parts:
            case "or", parts:
                boxes, others = self._union(parts)
                yield from self._among(term, boxes)
                for part in others:
                    yield from self._within(term, part)
            case "and", (left, right):
                for inner in self._within(term, left):
                    yield from self._within(inner, right)
            case "minus", (left, right):
                for inner in self._within(term, left):
                    yield from self._outside(inner, right)
            case _:
                assert requests.leaf is not None
                yield from self._among(term, self._of(requests.leaf))

    def _among(self, term: Term, boxes: Boxes) -> Iterator[Term]:
        box, without = term
        if is_covered(self.space, box, boxes):
            yield term
            return
        for near in boxes.near(box):
            self._count()
            both = self.space.meet(box, near)
            if both is not None:
                yield both, without

    def _outside(self, term: Term, requests: Requests) -> Iterator[Term]:
        """What of a term is not in a set."""
        match requests.op, requests.parts:
            case "or", parts:
                boxes, others = self._union(parts)
                with_statements = term[0], (*term[1], boxes)
                yield from _one_by_one(with_statements, len(others), lambda t, i: self._outside(t, others[i]))
            case "and", (left, right):
                yield from self._outside(term, left)
                for inner in self._within(term, left):
                    yield from self._outside(inner, right)
            case "minus", (left, right):
                yield from self._outside(term, left)
                yield from self._within(term, right)
            case _:
                assert requests.leaf is not None
                yield term[0], (*term[1], self._of(requests.leaf))

    def _count(self) -> None:
        self.made += 1
        if self.made > self.most:
            raise Unclear(f"the search was given up after {self.most:,} pieces")
        check_time()


def _one_by_one(term: Term, steps: int, left: Callable[[Term, int], Iterator[Term]]) -> Iterator[Term]:
    """What is left of a term after each step, to the end with one piece before the next is begun."""
    if not steps:
        yield term
        return
    waiting = [left(term, 0)]  # of each step, the pieces still to be followed: a thousand parts are no recursion
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
    requests = _less_equal(requests)
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


def _less_equal(requests: Requests) -> Requests:
    """The same set without the statements that are taken away as they are: `a - a` is nothing, whatever is in it.

    `l - (x - y)` is `(l - x) | (l & y)`, and what of `y` was taken out of `l` before is not in it.
    """
    if requests.op != "minus":
        return evolve(requests, parts=tuple(map(_less_equal, requests.parts))) if requests.parts else requests
    left, right = requests.parts
    statements = _statements(right)
    if statements is not None:
        left = _without(left, statements)
        return left - right if left != NOTHING else NOTHING
    if right.op != "minus" or (taken := _statements(right.parts[0])) is None or _statements(right.parts[1]) is None:
        return _less_equal(left) - right
    wide, denied = right.parts
    first = _without(left, taken)
    second = left & denied
    if left.op == "minus" and (gone := _statements(left.parts[1])) is not None:
        denied = _without(denied, gone)
        second = (left.parts[0] & denied) - left.parts[1] if denied != NOTHING else NOTHING
    return union(((first - wide) if first != NOTHING else NOTHING, second))


def _statements(requests: Requests) -> frozenset[Leaf] | None:
    """The statements of a union of nothing else."""
    parts = requests.parts if requests.op == "or" else (requests,)
    return frozenset(p.leaf for p in parts if p.leaf is not None) if all(p.leaf is not None for p in parts) else None


def _without(requests: Requests, gone: frozenset[Leaf]) -> Requests:
    """A part of a set that is the same beside these statements."""
    match requests.op, requests.parts:
        case "or", parts:
            return union(p for p in (_without(part, gone) for part in parts) if p != NOTHING)
        case "and", (left, right):
            left, right = _without(left, gone), _without(right, gone)
            return NOTHING if NOTHING in (left, right) else left & right
        case "minus", (left, right):
            left = _without(left, gone | (_statements(right) or frozenset()))
            return NOTHING if left == NOTHING else left - right
        case _:
            return NOTHING if requests.leaf in gone else requests


def _strict(requests: Requests) -> Requests:
    """The same with every statement read as invalid where a policy variable of its resources has no value."""
    if requests.leaf is not None:
        return of_statement(evolve(requests.leaf, strict=True)) if compiled(requests.leaf).doubtful else requests
    return evolve(requests, parts=tuple(map(_strict, requests.parts)))


def _search(requests: Requests, universe: Universe) -> Request | None:
    found = _walk(requests, requests, universe)
    if not isinstance(found, str):
        return found
    if both_sorts := mixed(map(compiled, dict.fromkeys(requests.leaves))):
        shown = _walk(requests, requests, universe, one_value=True)
        if isinstance(shown, Request):
            return shown
        if shown is None:
            named = ", ".join(f"`{key}`" for key in both_sorts)
            raise Unclear(found, f"{named} holds one value at most, where it is compared without a set operator")
    narrowed = _of_accounts(requests)
    split = _by_value(narrowed, universe, anyway=narrowed is not requests)
    if not isinstance(split, str):
        return split
    for closed in put_in(requests):
        try:
            shown = _walk(closed, requests, universe)
        except OutOfTime:
            raise
        except Unclear:
            continue
        if isinstance(shown, Request):
            return shown
    raise Unclear(found)


def _walk(
    requests: Requests, original: Requests, universe: Universe, *, one_value: bool = False
) -> Request | str | None:
    """An example that is in `original` too; a text says why there may be one."""
    check_time()
    asked = [compiled(leaf) for leaf in dict.fromkeys(requests.leaves)]
    space = Space(asked, universe, one_value=one_value)
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
        if n >= MOST_TRIED and reason:
            break
        for candidate in _likely(space, box, requests is not original, original):
            check_time()
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
    if not keys or not all(":" in key for key in keys):  # what is no key has no value
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
            pin = Statement("Allow", "*", "*", conditions={"StringEquals": pinned_to}, as_is=True)
            yield _replaced(requests, known) & of_query(pin)
        except PolicyError:  # what the variable names is no key, or its value makes no resource
            continue


def _by_value(requests: Requests, universe: Universe, *, anyway: bool) -> Request | str | None:
    """What a search finds where all of the set has one of a few values in its variables: a search for each of them."""
    leaves = list(dict.fromkeys(requests.leaves))
    variables = {v.key.lower() for leaf in leaves for v in compiled(leaf).variables}
    names = {t.key: t.name or t.key for leaf in leaves for t in _tests(leaf)} | {key: key for key in variables}
    # Of whoever has an identity policy all follows from the ARN; what services send as theirs, no page says.
    of_callers = {_ARN} if _ARN in names and all(compiled(leaf).principals is None for leaf in leaves) else set[str]()
    pins = {
        key: sorted(values)
        for key, values in _pins(requests, lambda leaf: of_tests(compiled(leaf).tests)).items()
        if key in variables | of_callers
    }
    if not (pins or anyway) or math.prod(map(len, pins.values())) > MOST_TRIES:
        return "nothing is pinned, or too much"
    for chosen in product(*pins.values()):
        try:
            found = _of_values(requests, dict(zip(pins, chosen, strict=True)), names, bool(of_callers), universe)
        except OutOfTime:
            raise
        except (Unclear, PolicyError) as e:  # a value that makes no resource
            return str(e)
        if isinstance(found, str) or (found is not None and not requests.has(found)):
            return str(found)
        if found is not None:
            return found
    return None


def _of_values(
    requests: Requests, known: dict[str, str], names: dict[str, str], by_arn: bool, universe: Universe
) -> Request | str | None:
    """What a search finds of the part of a set that has these values."""
    absent: tuple[str, ...] = ()
    if by_arn and _ARN in known:
        follow, absent = following(known[_ARN])
        for key, value in follow.items():
            if known.setdefault(key.lower(), value) != value:
                return None  # who asks has another value there
    if any(key.lower() in known for key in absent):
        return None
    equal = {names[key]: value for key, value in known.items() if key in names}
    null = {names[key.lower()]: "true" for key in absent if key.lower() in names}
    block: Block = {"StringEquals": equal, **({"Null": null} if null else {})}
    part = _replaced(requests, known) & of_query(Statement("Allow", "*", "*", conditions=block, as_is=True))
    return _walk(part, part, universe)


_ARN = "aws:principalarn"


def _of_accounts(requests: Requests) -> Requests:
    """The same set, said again with the accounts that the ARNs in it name, where keys are compared that tell these."""
    tested = {t.key: t.name or t.key for leaf in dict.fromkeys(requests.leaves) for t in _tests(leaf)}
    told = {tested[key]: sorted(of) for key, of in _pins(requests, accounts).items() if key in tested}
    if not all(told.values()):
        return NOTHING
    block: Block = {"StringEqualsIfExists": told}
    return requests & of_query(Statement("Allow", "*", "*", conditions=block, as_is=True)) if told else requests


def _pins(requests: Requests, of: Callable[[Leaf], Pins]) -> Pins:
    """The keys that have one of a few values in all of a set, by what each statement says."""
    match requests.op, requests.parts:
        case "or", parts:
            return either(*(_pins(part, of) for part in parts))
        case "and", (left, right):
            return both(_pins(left, of), _pins(right, of))
        case "minus", (left, _):
            return _pins(left, of)
        case _:
            assert requests.leaf is not None
            return of(requests.leaf)


def _tests(leaf: Leaf) -> Iterator[KeyTest]:
    known = compiled(leaf)
    yield from known.tests
    yield from (t for o in known.options for t in o.tests)


def _spoken_of(leaves: list[Leaf]) -> Iterator[str]:
    """What stands between slashes and colons in the texts of a set, a pattern with as little as it takes."""
    for leaf in leaves:
        for one in leaf.statement.texts():
            if one.literal is not None:
                shortest = (s.replace("*", "").replace("?", "x") for s in re.split("[/:]", one.literal) if "$" not in s)
                yield from filter(None, shortest)


def _text(value: str) -> str:
    """A value as a policy writes it, so that it means itself."""
    return re.sub(r"[*?$]", lambda m: f"${{{m[0]}}}", value)


def _replaced(requests: Requests, known: dict[str, str]) -> Requests:
    if requests.leaf is not None:
        return of_statement(_leaf(requests.leaf, known))
    return evolve(requests, parts=tuple(_replaced(p, known) for p in requests.parts))


def _written(part: Part) -> str | Ref:
    """A part of a text as a policy writes it."""
    match part:
        case Escaped(char):
            return f"${{{char}}}"
        case Variable(key, default):
            return f"${{{key}}}" if default is None else f"${{{key}, '{default}'}}"
        case _:
            return part


@lru_cache(maxsize=1 << 10)
def _leaf_known(leaf: Leaf, known: tuple[tuple[str, str], ...]) -> Leaf:
    values = dict(known)

    def put(text: Text, version: Version) -> Text:
        if not any(isinstance(p, Variable) and p.key.lower() in values for p in parts(text, version)):
            return text
        pieces = (
            _text(values[p.key.lower()]) if isinstance(p, Variable) and p.key.lower() in values else _written(p)
            for p in parts(text, version)
        )
        return Text(pieces)

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
