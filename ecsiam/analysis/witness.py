"""From a box to a request that shows it: the shortest that reads well, on a resource that the action really has."""

import re
from collections.abc import Callable, Iterator
from itertools import chain, islice, product
from typing import TYPE_CHECKING

from attrs import frozen

from ecsiam.analysis.among import one_of
from ecsiam.analysis.leaf import EachName, Resources, resource_pattern
from ecsiam.analysis.matching import account_of
from ecsiam.analysis.patterns import Hole, Pattern, literal, show
from ecsiam.analysis.request import Request, Values
from ecsiam.analysis.space import Box, Space, bits_of
from ecsiam.analysis.strings import Found, example
from ecsiam.analysis.variables import Variable as PolicyVariable
from ecsiam.model.principal import Principal

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
    people: list[Principal | None] = [None]
    if space.principals is not None:
        people = [space.principals.who[i] for i in bits_of(box.principals)]
    for who, chosen in ((who, chosen) for who in people for chosen in product(*picks)):
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
        request = Request(action, resource, who, context)
        tied = _tied(space, request)
        if unknown or (who is not None and who.id.literal is None):
            on = ", ".join(dict.fromkeys(unknown)) or f"`{who}`"
            yield Candidate(None, sure=False, reason=f"it depends on {on}")
        elif tied is None:
            yield Candidate(request)
        else:
            reason = "it takes keys that follow from each other, or from principal and resource, and don't agree"
            for agreeing in tied:
                yield Candidate(agreeing, sure=False, reason=reason)


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
    parts = text.split(":", 5)
    filled = (p if p and p != "*" else f if p else "" for p, f in zip(parts, _FILL, strict=False))
    return ":".join(filled).replace("*", "x").replace("?", "x")


def _readable(resources: Resources) -> str | None:
    for clause in sorted(resources.clauses, key=len):
        for p in sorted(clause, key=lambda p: -len(p.head)):
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

_IAM = re.compile(r"arn:[^:]*:iam::\d{12}:(user|role)/.+")


def _principal_arn(request: Request) -> str | None:
    arn = request.principal.id.literal if request.principal and request.principal.type == "AWS" else None
    return arn if arn and _IAM.fullmatch(arn) else None


def _of_principal(request: Request) -> str | None:
    return account_of(str(request.principal.id)) if request.principal else None


def _of_source(request: Request) -> str | None:
    source = request.values("aws:sourcearn")
    return account_of(source) if isinstance(source, str) else None


# What a key has to be, given the rest of the request; None where nothing follows.
TIES: dict[str, Callable[[Request], str | None]] = {
    "aws:principalarn": _principal_arn,
    "aws:principalaccount": _of_principal,
    "aws:resourceaccount": lambda request: account_of(request.resource),
    "aws:sourceaccount": _of_source,
}


def _tied(space: Space, request: Request) -> list[Request] | None:
    """The request with the keys that follow from others as they have to be; None when it is so already."""
    from attrs import evolve

    wrong = {k: v for k, of in TIES.items() if k in space.written and (v := of(request)) and request.values(k) != v}
    if not wrong:
        return None
    context = {key: values for key, values in request.context if key.lower() not in wrong}
    agreeing = [evolve(request, context={**context, **{space.written[k]: v for k, v in wrong.items()}})]
    arn = request.values("aws:principalarn")
    if "aws:principalarn" in wrong and isinstance(arn, str) and _IAM.fullmatch(arn):
        agreeing.append(evolve(request, principal=Principal("AWS", arn)))
    return agreeing
