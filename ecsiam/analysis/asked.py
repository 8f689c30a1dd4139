"""The requests that AWS asks: of an action on a resource of a type that it has, or on none.

A policy may grant `*` on the objects of a bucket. That lets nobody change a role, although `iam:PutRolePolicy` and
their ARN match it. The same is said twice: of one request, by matching, and of a set, in policy language.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from ecsiam.analysis.actions import Universe
from ecsiam.analysis.leaf import Resources, compiled, resource_pattern
from ecsiam.analysis.matching import matches_resource
from ecsiam.analysis.patterns import Pattern
from ecsiam.analysis.request import Request
from ecsiam.analysis.requests import Requests, query, union
from ecsiam.analysis.searching import search
from ecsiam.analysis.strings import example
from ecsiam.model.statement import AllBut
from ecsiam.model.text import text

if TYPE_CHECKING:
    from ecsiam.reference.actions import KnownAction

AN_ARN = "arn:*"
NO_ARN = AllBut((text(AN_ARN),))
ASSUMED = "an action that AWS adds is asked on ARNs such as its service has today"


# ---------------------------------------------------------------- one request


def unasked(request: Request) -> str:
    """Why AWS doesn't ask a request; empty for one that it asks, or may ask for all that is known."""
    from ecsiam.reference.actions import action

    known = action(request.action)
    if known is None:
        service = request.action.partition(":")[0]
        kinds = kinds_of(service)
        if not kinds or not _is(AN_ARN, request.resource) or any(_is(kind, request.resource) for kind in kinds):
            return ""
        return f"`{service}` has no resource such as `{request.resource}`"
    forms = _forms(known)
    if any(_has_form(form, excepted, request.resource) for form, excepted in forms):
        return ""
    if all(form == "*" for form, _ in forms):
        return f"`{known.id}` has no resource"
    return f"AWS asks `{known.id}` of {_few([form for form, _ in forms])}, not of `{request.resource}`"


def _has_form(form: str, excepted: tuple[str, ...], resource: str) -> bool:
    if form == "*":
        return not _is(AN_ARN, resource)
    return _is(form, resource) and not any(_is(other, resource) for other in excepted)


def _is(form: str, resource: str) -> bool:
    return matches_resource(((form, True),), resource)


def _forms(known: "KnownAction") -> "tuple[Form, ...]":
    from ecsiam.reference.actions import evaluated_on, excepting

    return tuple((form, excepting(form)) for form in evaluated_on(known))


Form = tuple[str, tuple[str, ...]]


def forms_of(name: str) -> tuple[Form, ...]:
    """The ARN patterns that an action is evaluated on, each with what it matches and doesn't mean."""
    from ecsiam.reference.actions import action

    known = action(name)
    if known is not None:
        return _forms(known)
    return tuple((kind, ()) for kind in ("*", *kinds_of(name.partition(":")[0])))


@lru_cache(maxsize=1 << 12)
def resource_of(form: Form) -> str:
    """A resource that has a form."""
    found = search(_on(*form, ["service:Action"]))
    return "*" if found is None or form[0] == "*" else found.resource


def _few(forms: list[str]) -> str:
    first, *more = (f"`{form}`" if form != "*" else "no resource" for form in forms)
    return f"{first} and {len(more)} more forms" if len(more) > 2 else " or ".join((first, *more))


@lru_cache(maxsize=512)
def kinds_of(service: str) -> tuple[str, ...]:
    """What the ARNs look like that a service's actions are asked on; none where that isn't known."""
    arns = (form for form in _all_forms(service) if form != "*")
    return tuple(sorted({f"arn:*:{arn.split(':')[2]}:*:*:*" for arn in arns}))


# ---------------------------------------------------------------- a set


def asked_of(requests: Requests, universe: Universe) -> Requests:
    """Of the actions that a set of requests may have, the requests that AWS asks.

    A question can't tell services that it doesn't name from one that AWS adds, which is asked on anything; where there
    are only today's, all of them are named here.
    """
    patterns, on = named(requests), _resources(requests)
    on = () if Resources() in on else on
    if not any(p.startswith("*") for p in patterns):
        return askable(patterns, on)
    written = (a.pattern.lower() for leaf in requests.leaves for a in leaf.statement.actions.items)
    spoken_of = {p.partition(":")[0] for p in written if not p.startswith("*")}
    if universe == "known":
        spoken_of |= {*_services_on(on)}
    of_any = [p for p in patterns if p.startswith("*")]
    names = {p.partition(":")[2] or "*" for p in of_any}
    own = {p for p in patterns if not p.startswith("*")} | {f"{s}:{name}" for s in spoken_of for name in names}
    told = askable(tuple(sorted(own)), on)
    if universe == "known":
        return told
    of_others = query(of_any, "*")
    return told | (of_others - query(sorted(f"{s}:*" for s in spoken_of), "*") if spoken_of else of_others)


def _services_on(on: tuple[Resources, ...]) -> Iterator[str]:
    """The services that have a resource which may be among some."""
    from ecsiam.reference.actions import services

    return (s for s in services() if any(_meets(form, on) for form in _all_forms(s)))


def _resources(requests: Requests) -> tuple[Resources, ...]:
    """Resources that hold those of a set of requests."""
    match requests.op, requests.parts:
        case "or", parts:
            return tuple(dict.fromkeys(r for part in parts for r in _resources(part)))
        case "and", (left, right):
            return min(_resources(left), _resources(right), key=lambda on: (Resources() in on, len(on)))
        case "minus", (left, _):
            return _resources(left)
        case _:
            assert requests.leaf is not None
            return tuple(option.resources for option in compiled(requests.leaf).options)


@lru_cache(maxsize=512)
def _all_forms(service: str) -> tuple[str, ...]:
    from ecsiam.reference.actions import actions, evaluated_on

    return tuple(sorted({form for action in actions(service).values() for form in evaluated_on(action)}))


@lru_cache(maxsize=1 << 12)
def _pattern(form: str) -> Pattern:
    return resource_pattern((form,))


def named(requests: Requests) -> tuple[str, ...]:
    """Action patterns, in lower case, that hold every action of a set of requests."""
    match requests.op, requests.parts:
        case "or", parts:
            return tuple(sorted({p for part in parts for p in named(part)}))
        case "and", (left, right):
            return _narrower(named(left), named(right))
        case "minus", (left, _):
            return named(left)
        case _:
            assert requests.leaf is not None
            actions = requests.leaf.statement.actions
            if isinstance(actions, AllBut):
                return ("*",)
            return tuple(sorted({a.pattern.lower() for a in actions.items}))


def _narrower(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    """The narrower of two, of the services that both name."""
    wide = [any(p.startswith("*") for p in patterns) for patterns in (a, b)]
    if any(wide):
        return b if wide[0] and "*" not in b else a
    narrow, other = sorted((a, b), key=lambda patterns: sum(len(_known(p)) for p in patterns))
    services = {p.partition(":")[0] for p in other}
    return tuple(p for p in narrow if p.partition(":")[0] in services)


@lru_cache(maxsize=1 << 13)
def _known(pattern: str) -> "tuple[KnownAction, ...]":
    from ecsiam.reference.actions import matching

    return matching(pattern)


@lru_cache(maxsize=256)
def askable(patterns: tuple[str, ...], on: tuple[Resources, ...] = ()) -> Requests:
    """The requests of actions that are asked. What the service reference doesn't know may be asked on anything.

    With `on`, those on other resources may be left out.
    """
    ids: dict[Form, set[str]] = {}
    new: dict[str, tuple[list[str], set[str]]] = {}
    for pattern in patterns:
        known = _known(pattern)
        for action in known:
            for form in _forms(action):
                ids.setdefault(form, set()).add(action.id)
        service = pattern.partition(":")[0]
        # `*:PutResourcePolicy`: which services have one is known
        if not known or (service != "*" and set("*?").intersection(pattern)):
            of_service, without = new.setdefault(service, ([], set()))
            of_service.append(pattern)
            without.update(k.id for k in known)
    own = (_on(*form, sorted(names)) for form, names in ids.items() if _meets(form[0], on))
    return union((*own, *(_others(service, *wild, on) for service, wild in new.items())))


def _on(form: str, excepted: tuple[str, ...], ids: list[str]) -> Requests:
    if form == "*":
        return query(ids, NO_ARN)
    asked = query(ids, form)
    return asked - query("*", excepted) if excepted else asked


def _others(service: str, patterns: list[str], known: set[str], on: tuple[Resources, ...]) -> Requests:
    """What patterns name beyond the known actions: of a service that has some, on ARNs such as these are asked on."""
    found = query(patterns, "*")
    if kinds := kinds_of(service):
        of_its_own = [query(patterns, kind) for kind in kinds if _meets(kind, on)]
        on_none = [query(patterns, NO_ARN)] if _meets("*", on) else []
        found = union((*of_its_own, *on_none))
    return found - query(sorted(known), "*") if known else found


@lru_cache(maxsize=1 << 14)
def _meets(form: str, on: tuple[Resources, ...]) -> bool:
    """Whether a resource of a form may be among some."""
    if form == "*":
        return not on or any(example(r.clauses, r.none | {_pattern(AN_ARN)}) is not None for r in on)
    return not on or any(example((*r.clauses, frozenset({_pattern(form)})), r.none) is not None for r in on)
