"""From a box to a request that shows it: the shortest that reads well, on a resource that the action really has."""

from collections.abc import Callable, Iterator
from itertools import chain, islice, product
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from ecsiam.analysis.among import one_of
from ecsiam.analysis.asking import agreeing
from ecsiam.analysis.leaf import EachName, Resources, resource_pattern
from ecsiam.analysis.matching import account_of
from ecsiam.analysis.patterns import Hole, Pattern, literal, ordered, show
from ecsiam.analysis.principals import Caller
from ecsiam.analysis.request import Request, Values
from ecsiam.analysis.space import Box, Space, bits_of
from ecsiam.analysis.strings import Found, example
from ecsiam.analysis.variables import Variable as PolicyVariable

if TYPE_CHECKING:
    from ecsiam.reference.actions import KnownAction

MOST_CANDIDATES = 64


@frozen
class Candidate:
    """A request that may show a box. With `sure` it has to; else `reason` says what may stand in the way."""

    request: Request | None
    sure: bool = True
    reason: str = ""


def candidates(space: Space, box: Box, *, fits: bool = True) -> Iterator[Candidate]:
    """Requests of a box, likely ones first. Nothing, when it is empty.

    With `fits`, on a resource of a type that the action has, if there is one: it takes a while to look for it.
    """
    found = one_of(box.resources)
    if found is None:
        return
    action, resource = _action_and_resource(space, box) if fits else _any(space, box, found)
    if isinstance(resource, str):
        yield from islice(_of(space, box, action, resource), MOST_CANDIDATES)
    else:
        yield Candidate(None, sure=False, reason=f"it depends on {_listed(resource)}")


def _of(space: Space, box: Box, action: str, resource: str) -> Iterator[Candidate]:
    keys = list(box.keys)
    # What is surely a value comes first, and what is absent before what is there.
    picks = [sorted(space.atoms(k, box.keys[k]), key=lambda atom: not atom.sure) for k in keys]
    people: list[Caller | None] = [None]
    if space.principals is not None:
        people = [space.principals.callers[i] for i in bits_of(box.principals)]
    for caller, chosen in ((caller, chosen) for caller in people for chosen in product(*picks)):
        context: dict[str, Values] = {}
        unknown: list[str] = []
        for key, atom in zip(keys, chosen, strict=True):
            if isinstance(key, tuple):
                continue  # the state of something open is no part of a request
            if not isinstance(key, str):
                unknown.append(f"`{key.operator}` on `{key.name or key.key}`")
            elif atom.value is not None:
                context[space.written[key]] = atom.value
                if not atom.sure:
                    unknown.append(f"the value of `{space.written[key]}`")
        who = None if caller is None else caller.principal
        if caller is not None and not caller.sure:
            unknown.append("which account a canonical user id names")
        if unknown or (who is not None and who.id.literal is None):
            on = ", ".join(dict.fromkeys(unknown)) or f"`{who}`"
            yield Candidate(None, sure=False, reason=f"it depends on {on}")
        else:
            yield from _agreeing(space, box, Request(action, resource, who, context))


_TIED = "it takes keys that follow from each other, or from principal and resource, and don't agree"


def _agreeing(space: Space, box: Box, request: Request) -> Iterator[Candidate]:
    """The request, or what it becomes when all that follows from the rest of it is as it has to be."""
    shown = [request] if box.asking is None else [] if box.unsaid else list(agreeing(request, box.asking))
    if not shown:
        yield Candidate(None, sure=False, reason=box.unsaid or _TIED)
    for one in chain.from_iterable((*_at_home(agreed), agreed) for agreed in shown):
        fitted = _tied(space, one)
        yield Candidate(fitted, sure=fitted == request, reason=_TIED)


def _at_home(request: Request) -> Iterator[Request]:
    """The request on a resource of the caller's own account: there, one policy can be enough."""
    arn = request.values("aws:PrincipalArn")
    who = str(request.principal.id) if request.principal else arn if isinstance(arn, str) else ""
    known = request.values("aws:PrincipalAccount")
    account = account_of(known if isinstance(known, str) else who)
    parts = request.resource.split(":", 5)
    if account and len(parts) == 6 and account_of(request.resource) not in (None, account):
        yield evolve(request, resource=":".join((*parts[:4], account, parts[5])))


# ---------------------------------------------------------------- actions and resources


def _any(space: Space, box: Box, found: Found) -> tuple[str, str | tuple[Hole, ...]]:
    action = space.actions.names[next(bits_of(box.actions))]
    return action, found.text if found.sure else tuple(h for h in found.word if isinstance(h, Hole))


def _action_and_resource(space: Space, box: Box) -> tuple[str, str | tuple[Hole, ...]]:
    """An action of a box and a resource of a type that it has, where the service reference knows some."""
    from ecsiam.reference.actions import action as look_up

    names = [space.actions.names[i] for i in islice(bits_of(box.actions), MOST_CANDIDATES)]
    written = [known for known in map(look_up, names) if known is not None]
    alike = (known for name in names for known in space.actions.like(name))
    shortest: tuple[str, str] | None = None
    first: str | None = None
    for action in islice(chain(written, alike), MOST_CANDIDATES):
        first = first or action.id
        for of_type in fitting(action):
            within = Resources((*box.resources.clauses, *of_type.clauses), box.resources.none | of_type.none)
            found = example(within.clauses, within.none)
            if found is not None and found.sure:
                if readable := _readable(within):
                    return action.id, readable
                shortest = shortest or (action.id, _placed(found.text, within))
    if shortest:
        return shortest
    found = one_of(box.resources)
    assert found is not None
    if not found.sure:
        return first or names[0], tuple(letter for letter in found.word if isinstance(letter, Hole))
    return first or names[0], _readable(box.resources) or found.text


def fitting(action: "KnownAction") -> Iterator[Resources]:
    """The resources that AWS evaluates an action on, type by type."""
    from ecsiam.reference.actions import evaluated_on, excepting

    for arn in evaluated_on(action):
        form = literal("*") if arn == "*" else resource_pattern((arn,))
        excepted = frozenset(resource_pattern((other,)) for other in excepting(arn))
        yield Resources((frozenset({form}),), excepted)


_FILL = ("arn", "aws", "*", "us-east-1", "111122223333", "x")


def _filled(text: str) -> str:
    """A pattern with something that reads well in the place of its wildcards."""
    if text == "*":  # no resource
        return text
    parts = text.split(":", 5)
    filled = (p if p and p != "*" else f if p else "" for p, f in zip(parts, _FILL, strict=False))
    return ":".join(filled).replace("*", "x").replace("?", "x")


def _readable(resources: Resources) -> str | None:
    for clause in sorted(resources.clauses, key=len):
        for p in sorted(ordered(clause), key=lambda p: -len(p.head)):
            if not p.holes:
                text = _filled(show(p))
                if _among(text, resources):
                    return text
    return None


def _placed(text: str, resources: Resources) -> str:
    """The same with a region and an account where there may be one."""
    parts = text.split(":", 5)
    for i in (3, 4):
        if len(parts) == 6 and not parts[i]:
            placed = ":".join((*parts[:i], _FILL[i] if i == 3 else "111122223333", *parts[i + 1 :]))
            if _among(placed, resources):
                return _placed(placed, resources)
    return text


def _among(text: str, resources: Resources) -> bool:
    """Whether a resource surely is one of these."""
    outside = not any(_is(q, text) for q in resources.none)
    return outside and all(any(_is(q, text) for q in c) for c in resources.clauses)


def _is(p: Pattern, text: str) -> bool:
    return not p.holes and p.matches(text)


def _listed(holes: tuple[Hole, ...]) -> str:
    return ", ".join(dict.fromkeys(_named(h.name) for h in holes)) or "a policy variable or a parameter"


def _named(name: object) -> str:
    match name:
        case PolicyVariable(key):
            return f"`${{{key}}}`"
        case EachName(parameter):
            return f"the elements of `{parameter}`"
        case _:
            return f"`{name}`"


# ---------------------------------------------------------------- keys that follow from others


def _of_source(request: Request) -> str | None:
    source = request.values("aws:sourcearn")
    return account_of(source) if isinstance(source, str) else None


# What a key has to be, given the rest of the request; None where nothing follows. Those that follow from who asks are
# in `callers.py`.
TIES: dict[str, Callable[[Request], str | None]] = {
    "aws:resourceaccount": lambda request: account_of(request.resource),
    "aws:sourceaccount": _of_source,
}


def _tied(space: Space, request: Request) -> Request:
    """The request with the keys that follow from others as they have to be."""
    wrong = {k: v for k, of in TIES.items() if k in space.written and (v := of(request)) and request.values(k) != v}
    if not wrong:
        return request
    context = {key: values for key, values in request.context if key.lower() not in wrong}
    return evolve(request, context={**context, **{space.written[k]: v for k, v in wrong.items()}})
