"""Is there a request in a set: decided over boxes, and by values where what is open leaves that undecided.

Every example is put to plain matching, statement by statement, before anyone sees it.
"""

import math
from collections.abc import Iterator
from itertools import product

from attrs import evolve

from ecsiam.analysis.actions import Universe
from ecsiam.analysis.boxes import Search
from ecsiam.analysis.budget import OutOfTime, check_time
from ecsiam.analysis.leaf import Leaf, compiled
from ecsiam.analysis.patterns import Unclear
from ecsiam.analysis.pinned import following, of_tests
from ecsiam.analysis.request import Request
from ecsiam.analysis.requests import NOTHING, Requests, of_query, of_statement, union
from ecsiam.analysis.space import Box, Space, mixed
from ecsiam.analysis.trying import ARN, MOST_TRIES, of_accounts, pins_of, put_in, replaced, tests_of
from ecsiam.analysis.witness import Candidate, candidates
from ecsiam.errors import PolicyError
from ecsiam.model.condition import Block
from ecsiam.model.statement import Statement

MOST_OPEN = 50  # of what depends on something open, so many pieces are looked at for one that doesn't
MOST_TRIED = 100  # pieces without an example that is sure, whatever it depends on


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
    narrowed = of_accounts(requests)
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
    boxes = (cut for box in Search(space).boxes(requests) for cut in space.by_caller(box))
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


def _by_value(requests: Requests, universe: Universe, *, anyway: bool) -> Request | str | None:
    """What a search finds where all of the set has one of a few values in its variables: a search for each of them."""
    leaves = list(dict.fromkeys(requests.leaves))
    variables = {v.key.lower() for leaf in leaves for v in compiled(leaf).variables}
    names = {t.key: t.name or t.key for leaf in leaves for t in tests_of(leaf)} | {key: key for key in variables}
    # Of whoever has an identity policy all follows from the ARN; what services send as theirs, no page says.
    of_callers = {ARN} if ARN in names and all(compiled(leaf).principals is None for leaf in leaves) else set[str]()
    pins = {
        key: sorted(values)
        for key, values in pins_of(requests, lambda leaf: of_tests(compiled(leaf).tests)).items()
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
    if by_arn and ARN in known:
        follow, absent = following(known[ARN])
        for key, value in follow.items():
            if known.setdefault(key.lower(), value) != value:
                return None  # who asks has another value there
    if any(key.lower() in known for key in absent):
        return None
    equal = {names[key]: value for key, value in known.items() if key in names}
    null = {names[key.lower()]: "true" for key in absent if key.lower() in names}
    block: Block = {"StringEquals": equal, **({"Null": null} if null else {})}
    part = replaced(requests, known) & of_query(Statement("Allow", "*", "*", conditions=block, as_is=True))
    return _walk(part, part, universe)
