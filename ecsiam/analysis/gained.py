"""A request for each action of a set of requests: of the actions that AWS has, and one for those that it may add.

Actions that every statement of a question takes alike, and that are evaluated on the same resources, have the same
answer. So a search is made for each such group, not for each action.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from attrs import evolve

from ecsiam.analysis.actions import Universe, action_cells, takes
from ecsiam.analysis.asked import forms_of
from ecsiam.analysis.leaf import Actions, Leaf, compiled
from ecsiam.analysis.questions import ask
from ecsiam.analysis.request import Request
from ecsiam.analysis.requests import Requests, query
from ecsiam.model.statement import Statement


def each_action(leaf: Leaf, some: Requests, found: Request, universe: Universe) -> Iterator[Request]:
    """A request of a set for each action that a statement names, `found` the first of them.

    A wildcard names the known actions of its service; `*`, `*:Get*` and NotAction those of the services that the
    question speaks of, and the first that was found stands for the others.
    """
    elements = frozenset(compiled(other).actions for other in some.leaves)
    element = compiled(leaf).actions
    shown = {found.action.lower(): found}
    names = dict.fromkeys(sorted(_named(element, elements)))
    for group in _alike([*names], elements, universe):
        shown |= {r.action.lower(): r for r in _of_group(group, some, found, universe)}
    if (element.wild or element.inverse) and universe != "known" and found.action.lower() in names:
        new = ask(some - query(Statement("Allow", [*names], "*")), universe)
        if isinstance(new, Request):
            shown[new.action.lower()] = new
    yield from (shown[name] for name in sorted(shown, key=lambda name: (name not in names, name)))


def _named(element: Actions, elements: Iterable[Actions]) -> set[str]:
    """The actions, in lower case, that a statement writes out or that a wildcard of it names today."""
    from ecsiam.reference.actions import actions

    written = {name for e in elements for name in (*e.exact, *e.wild) if not name.startswith("*")}
    services = sorted({name.partition(":")[0] for name in written})
    known = {id for service in services for id in actions(service)}
    exact = {name for e in elements for name in e.exact}
    return {name for name in known | exact if takes(element, name)}


def _alike(names: list[str], elements: frozenset[Actions], universe: Universe) -> Iterator[list[str]]:
    """The names in groups that nothing in the question tells apart."""
    cells = action_cells(elements | {Actions(frozenset(names), ())})
    at = {name: i for i, name in enumerate(cells.names)}
    masks = [sum(1 << at[name] for name in names)] if names else []
    for bits in set(cells.taking.values()):
        masks = [part for mask in masks for part in (mask & bits, mask & ~bits) if part]
    for mask in masks:
        by_forms: defaultdict[object, list[str]] = defaultdict(list)
        for name in names:
            if mask >> at[name] & 1:
                by_forms[None if universe == "all" else forms_of(name)].append(name)
        yield from by_forms.values()


def _of_group(group: list[str], some: Requests, found: Request, universe: Universe) -> Iterator[Request]:
    if found.action.lower() in group:
        example: object = found
    else:
        example = ask(some & query(Statement("Allow", group, "*")), universe)
    if isinstance(example, Request):
        yield from (evolve(example, action=_written(name)) for name in group)


def _written(name: str) -> str:
    from ecsiam.reference.actions import action

    known = action(name)
    return name if known is None else known.id
