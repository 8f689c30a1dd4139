"""Actions of one question: a name for each way that its statements can take an action.

Without the service reference every string is an action (`universe="all"`), one that AWS adds tomorrow included. With it
(`universe="known"`) only today's are, and those that somebody wrote out.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, get_args

from attrs import field, frozen

from ecsiam.analysis.leaf import Actions
from ecsiam.analysis.patterns import Chars, Clause, One, Pattern, Run, literal, pattern, wildcard
from ecsiam.analysis.strings import example, vectors

if TYPE_CHECKING:
    from ecsiam.reference.actions import KnownAction

Universe = Literal["all", "asked", "known"]
UNIVERSES: tuple[Universe, ...] = get_args(Universe)

_LETTERS = Chars("abcdefghijklmnopqrstuvwxyz0123456789")
_NAME = pattern((One(_LETTERS), Run(_LETTERS)))  # what the name of an action is made of


@frozen
class ActionCells:
    """The names, and for each element of a statement the names that it takes, as bits."""

    names: tuple[str, ...]
    taking: dict[Actions, int]
    _known: dict[str, dict[Actions, int]] = field(factory=dict[str, dict[Actions, int]], init=False, eq=False)

    def like(self, name: str) -> "Iterator[KnownAction]":
        """The actions of the service reference that every element takes as it takes `name`."""
        from ecsiam.reference.actions import actions

        service, at = name.partition(":")[0], 1 << self.names.index(name)
        known = actions(service)
        if service not in self._known:
            places = {other: 1 << i for i, other in enumerate(known)}
            self._known[service] = {e: _of_service(e, service, places) for e in self.taking}
        alike = (1 << len(known)) - 1
        for element, bits in self._known[service].items():
            alike &= bits if self.taking[element] & at else ~bits
        yield from (like for i, (other, like) in enumerate(known.items()) if alike >> i & 1 and other != name)


@lru_cache(maxsize=1 << 12)
def action_cells(elements: frozenset[Actions], universe: Universe = "all") -> ActionCells:
    """The cells of the actions that these elements tell apart. Raises OutOfBudget."""
    exact = {name for e in elements for name in e.exact}
    plain = all(not e.wild and not e.inverse for e in elements)
    names = sorted(exact if plain else exact | _unnamed(elements, exact, universe))
    at = {name: 1 << i for i, name in enumerate(names)}
    everything = (1 << len(names)) - 1
    by_service: dict[str, list[str]] = {}
    for name in names:
        by_service.setdefault(name.partition(":")[0], []).append(name)
    taking: dict[Actions, int] = {}
    for element in elements:
        bits = 0
        for name in element.exact:
            bits |= at[name]
        for service, patterns in _by_service(element.wild).items():
            if "*" in patterns and service == "*":
                bits = everything
                break
            for of in by_service if service == "*" else (service,):
                bits |= _taken(of, by_service.get(of, ()), patterns, at)
        taking[element] = bits ^ everything if element.inverse else bits
    return ActionCells(tuple(names), taking)


def _of_service(element: Actions, service: str, places: dict[str, int]) -> int:
    """The actions of one service that an element takes, as bits."""
    bits = 0
    for name in element.exact:
        bits |= places.get(name, 0)
    for of, patterns in _by_service(element.wild).items():
        if of in ("*", service):
            bits |= _taken(service, places, patterns, places)
    return bits ^ ((1 << len(places)) - 1) if element.inverse else bits


def takes(element: Actions, name: str) -> bool:
    """Whether an element takes an action, given in lower case."""
    if name in element.exact:
        return not element.inverse
    return any(_whole(w).matches(name) for w in element.wild) != element.inverse


@lru_cache(maxsize=1 << 14)
def _whole(text: str) -> Pattern:
    return wildcard(text)


def _by_service(wild: Iterable[str]) -> dict[str, list[str]]:
    services: dict[str, list[str]] = {}
    for text in wild:
        service, _, name = text.partition(":")
        services.setdefault(service, []).append(name or "*")
    return services


def _taken(service: str, names: Iterable[str], patterns: list[str], at: dict[str, int]) -> int:
    """Those of a service's names that one of the patterns takes."""
    starts = tuple(f"{service}:{p[:-1]}" for p in patterns if _is_prefix(p))
    others = [wildcard(p) for p in patterns if not _is_prefix(p)]
    bits = 0
    for name in names:
        if name.startswith(starts) or (others and any(o.matches(name.partition(":")[2]) for o in others)):
            bits |= at[name]
    return bits


def _is_prefix(text: str) -> bool:
    return text.endswith("*") and "*" not in text[:-1] and "?" not in text


# ---------------------------------------------------------------- actions that nobody wrote out


def _unnamed(elements: frozenset[Actions], exact: set[str], universe: Universe) -> set[str]:
    """Names that only patterns take, or that nothing takes: one for each way, of each service and of any other."""
    written: dict[str, set[str]] = {}
    for id in exact:
        service, _, name = id.partition(":")
        written.setdefault(service, set()).add(name)
    services = dict.fromkeys(written)
    wild = [_by_service(e.wild) for e in elements]
    services.update(dict.fromkeys(s for w in wild for s in w if s != "*"))
    found: set[str] = set()
    for service in services:
        own = [frozenset((*w.get(service, ()), *w.get("*", ()))) for w in wild]
        names = _names(service, {o for o in own if o}, written.get(service, set()), universe)
        found |= {f"{service}:{n}" for n in names}
    of_any = {frozenset(w["*"]) for w in wild if "*" in w}
    if not any(name != "*" for union in of_any for name in union):
        return found | {_foreign(services, universe)}
    if universe == "known":
        return found | _known_of_any(of_any, set(services))
    return found | {f"{_other(services, universe)}:{n}" for n in _names("", of_any, set(), universe)}


def _known_of_any(unions: set[frozenset[str]], but: set[str]) -> set[str]:
    """Of the services that nobody named, one action for each way that patterns of any service take it."""
    from ecsiam.reference.actions import actions, services

    patterns = [[wildcard(p) for p in union] for union in unions]
    found: dict[tuple[bool, ...], str] = {}
    for name in (name for service in services() if service not in but for name in actions(service)):
        own = name.partition(":")[2]
        found.setdefault(tuple(any(p.matches(own) for p in union) for union in patterns), name)
    return set(found.values())


def _other(services: Iterable[str], universe: Universe) -> str:
    """A service that nobody named."""
    named = set(services)
    if universe == "known":
        from ecsiam.reference.actions import services as known

        return next((s for s in known() if s not in named), "other")
    return next(s for s in ("other", *(f"other{i}" for i in range(len(named) + 1))) if s not in named)


def _foreign(services: Iterable[str], universe: Universe) -> str:
    service = _other(services, universe)
    if universe == "known":
        from ecsiam.reference.actions import actions

        return next(iter(actions(service)), f"{service}:other")
    return f"{service}:other"


def _names(service: str, unions: set[frozenset[str]], exact: set[str], universe: Universe) -> set[str]:
    if universe == "known" and service:
        from ecsiam.reference.actions import actions

        return {name.partition(":")[2] for name in actions(service)}
    if all(_is_prefix(p) for union in unions for p in union):
        return _beyond_prefixes({p[:-1] for union in unions for p in union}, exact)
    clauses = tuple(sorted((frozenset(map(wildcard, u)) for u in unions), key=lambda c: sorted(map(repr, c))))
    base = (frozenset({_NAME}),)
    # A name that somebody wrote out is a cell of its own already.
    named: Clause = frozenset(map(literal, exact))
    tries = (f"{p.replace('*', 'x').replace('?', 'x')}" for u in sorted(map(sorted, unions)) for p in u)
    cells = vectors((*clauses, named), ("other", *(t for t in tries if t not in exact)), base)
    return {found.text for bits, found in cells if not bits >> len(clauses) & 1}


def _beyond_prefixes(prefixes: set[str], exact: set[str]) -> set[str]:
    """For each prefix a name that it takes and no longer one does, and a name that none takes."""
    found = (_beyond(prefix, {p for p in prefixes if len(p) > len(prefix)}, exact) for prefix in {*prefixes, ""})
    return {name for name in found if name is not None}


def _beyond(prefix: str, longer: set[str], exact: set[str]) -> str | None:
    for ending in ("x", "anything", "other"):
        if (name := prefix + ending) not in exact and not name.startswith(tuple(longer)):
            return name
    starts = (frozenset({wildcard(f"{prefix}*")}), frozenset({_NAME}))
    found = example(starts, frozenset({*(wildcard(f"{p}*") for p in longer), *map(literal, exact)}))
    return found.text if found else None
