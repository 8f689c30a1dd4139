"""All that shows a failure: an example for each action, resource and principal of the statements that are to blame."""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial

from attrs import evolve, frozen

from ecsiam.analysis.actions import Universe, takes
from ecsiam.analysis.budget import is_over
from ecsiam.analysis.leaf import Actions, Leaf, compiled
from ecsiam.analysis.patterns import Unclear
from ecsiam.analysis.request import Request
from ecsiam.analysis.requests import NOTHING, Requests, of_statement, union
from ecsiam.analysis.searching import search
from ecsiam.model.statement import Action, Only
from ecsiam.model.text import text

MOST_NAMED = 100  # requests that one question names
MOST_ASKED = 400  # actions of one statement that are asked about for it

_ANYTHING = Only((text("*"),))


@frozen
class Named:
    """Requests of a set, and how many actions of the statements were not looked at one by one."""

    requests: tuple[Request, ...] = ()
    more: int = 0


def named(leaves: Iterable[Leaf], requests: Requests, universe: Universe) -> Named:
    """An example of a set for each way in which statements make some of it; in the order in which they are written.

    Known actions stand for a pattern that names them. At most MOST_NAMED requests, and what the time allows; what is
    unclear is left out.
    """
    found: dict[Request, None] = {}
    more = 0
    may_be_of = _filter(requests)
    for leaf in dict.fromkeys(leaves):
        candidates = _actions(leaf, requests)
        asked = 0
        for at, name in enumerate(candidates):
            if len(found) >= MOST_NAMED or asked == MOST_ASKED or is_over():
                more += len(candidates) - at
                break
            if may_be_of(name.lower()):
                asked += 1
                found |= dict.fromkeys(_of_action(leaf, name, requests, universe, MOST_NAMED - len(found)))
    return Named(tuple(found), more)


def _actions(leaf: Leaf, requests: Requests) -> list[str]:
    """The actions of a statement: those written out, then those that the set speaks of, then all that are known."""
    from ecsiam.reference import actions

    own = compiled(leaf).actions
    spoken = {name for other in requests.leaves for name in compiled(other).actions.exact}
    written = [] if own.inverse else [a.pattern for a in leaf.statement.actions.items if a.pattern.lower() in own.exact]
    names = [*written, *(sorted(spoken) if own.inverse or own.wild else ())]
    taken = (name for name in names if takes(own, name.lower()))
    by_name = {name.lower(): known.id if (known := actions.action(name)) else name for name in taken}
    return list((by_name | _known(own)).values())


@lru_cache(maxsize=1 << 8)
def _known(own: Actions) -> dict[str, str]:
    """The known actions that patterns of a statement name, by what they are in lower case."""
    from ecsiam.reference import actions

    named = {known.id.lower(): known.id for pattern in own.wild for known in actions.matching(pattern)}
    if not own.inverse:
        return named
    every = {known.id.lower(): known.id for known in actions.matching("*")}
    return {lower: id for lower, id in every.items() if lower not in named and lower not in own.exact}


def _filter(requests: Requests) -> Callable[[str], bool]:
    """Whether a set may hold something of an action, as far as the actions of its statements tell.

    Each statement is looked up once: of thousands of actions, two that are equal take long to compare.
    """
    if requests.leaf is not None:
        return partial(takes, compiled(requests.leaf).actions)
    match requests.op, requests.parts:
        case "and", (one, other):
            left, right = _filter(one), _filter(other)
            return lambda name: left(name) and right(name)
        case "minus", (one, other):
            left, gone = _filter(one), _filter(other) if _is_on_all(other) else None
            return left if gone is None else lambda name: left(name) and not gone(name)
        case _:
            parts = [_filter(part) for part in requests.parts]
            return lambda name: any(part(name) for part in parts)


def _is_on_all(requests: Requests) -> bool:
    """Whether a set is one statement that has its actions on whatever there is."""
    s = requests.leaf.statement if requests.leaf else None
    return s is not None and not s.conditions and s.resources == _ANYTHING


def _of_action(leaf: Leaf, name: str, requests: Requests, universe: Universe, most: int) -> Iterator[Request]:
    """An example for each resource, or each principal, of a statement, all of one action."""
    of_set, own = _narrowed(requests, name), _narrowed(of_statement(leaf), name)
    if own.leaf is None or NOTHING in (of_set, own):
        return
    whole = _example(own & of_set, universe)
    if whole is None:
        return
    single = [e for one in _singly(own.leaf) if (e := _example(of_statement(one) & of_set, universe))]
    yield from (single or [whole])[:most]


def _example(requests: Requests, universe: Universe) -> Request | None:
    try:
        return search(requests, universe)
    except Unclear:
        return None


def _singly(leaf: Leaf) -> Iterator[Leaf]:
    """A statement for each of its resources, or of its principals; none where there is nothing to tell apart."""
    s = leaf.statement
    if isinstance(s.resources, Only) and len(s.resources.items) > 1:
        for item in s.resources.items[:MOST_NAMED]:
            yield evolve(leaf, statement=evolve(s, resources=Only((item,))))
    elif isinstance(s.principals, Only) and len(s.principals.items) > 1:
        for who in s.principals.items[:MOST_NAMED]:
            yield evolve(leaf, statement=evolve(s, principals=Only((who,))))


def _narrowed(requests: Requests, name: str) -> Requests:
    """The part of a set that is of one action: what speaks of others only falls away, so it is cheap to ask."""
    if requests.leaf is not None:
        if not takes(compiled(requests.leaf).actions, name.lower()):
            return NOTHING
        s, one = requests.leaf.statement, Only((Action(name),))
        return requests if s.actions == one else of_statement(evolve(requests.leaf, statement=evolve(s, actions=one)))
    parts = [_narrowed(p, name) for p in requests.parts]
    match requests.op, parts:
        case "and", [left, right]:
            return NOTHING if NOTHING in (left, right) else left & right
        case "minus", [left, right]:
            return left if NOTHING in (left, right) else left - right
        case _:
            return union(p for p in parts if p != NOTHING)
