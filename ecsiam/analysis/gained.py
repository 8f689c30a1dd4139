"""A request for each action of a set of requests: of the actions that AWS has, and one for those that it may add.

Actions that every statement of a question takes alike, and that are evaluated on the same resources, have the same
answer. So a search is made for each such group, not for each action.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from attrs import evolve

from ecsiam.analysis.actions import Universe, action_cells, takes
from ecsiam.analysis.answers import Undecided
from ecsiam.analysis.asked import forms_of, resource_of, unasked
from ecsiam.analysis.leaf import Actions, Leaf, compiled
from ecsiam.analysis.questions import ask
from ecsiam.analysis.request import Request
from ecsiam.analysis.requests import Requests, query
from ecsiam.analysis.symbols import StandIns, least, stand_ins, surely
from ecsiam.model.text import Text


def each_action(leaf: Leaf, some: Requests, found: Request, universe: Universe) -> Iterator[Request | Undecided]:
    """A request of a set for each action that a statement names, `found` for its own; or why one isn't known.

    A wildcard names the known actions of its service; `*`, `*:Get*` and NotAction those of the services that the
    question speaks of, in an action or in a resource, and what was found stands for the others.
    """
    leaves = list(dict.fromkeys(some.leaves))
    elements = frozenset(compiled(other).actions for other in leaves)
    element = compiled(leaf).actions
    names = sorted(_named(element, elements, set(_services(leaves))))
    shown: dict[str, Request | Undecided] = {}
    for alike in _alike(names, elements):
        shown |= _of_alike(alike, some, found, universe)
    yield from (shown[name] for name in names if name in shown)
    if found.action.lower() not in names:
        yield found
    elif (element.wild or element.inverse) and universe != "known":
        new = ask(some - query(names, "*"), universe)
        if new is not None:
            yield new


def each_gained(
    leaf: Leaf, some: Requests, found: Request | Undecided, universe: Universe
) -> Iterator[Request | Undecided]:
    """The same of a set with symbols too, of which `found` may be that nothing is sure."""
    if isinstance(found, Undecided):
        yield from each_sure(leaf, some, universe)
        return
    shown: set[str] = set()
    unsure = False
    for one in each_action(leaf, some, found, universe):
        if isinstance(one, Request):
            shown.add(one.action.lower())
            yield one
        unsure = unsure or isinstance(one, Undecided)
    if unsure:
        names = _names(leaf, some)
        left = some - query(sorted(shown), "*") if shown else some
        yield from each_sure(leaf, left & query(sorted(names), "*") if shown - names else left, universe)


def each_sure(leaf: Leaf, some: Requests, universe: Universe) -> Iterator[Request | Undecided]:
    """The same of a set that has a request for some texts of its symbols: those that it has for all of them.

    Of the other actions it is said that they are undecided, unless no text gives them one.
    """
    by = stand_ins(some)
    if by is None:
        yield from _open(some, universe)
        return
    some = by.with_partition(some)
    names = _names(leaf, some)
    shown: set[str] = set()
    unsure: list[Request] = []
    for one in _with_texts(leaf, some, by, universe):
        if one.action.lower() in shown:
            continue
        if surely(some, one, by) == "yes":
            shown.add(one.action.lower())
            yield by.shown(least(some, one, by))
        else:
            unsure.append(by.shown(one))
    if left := names - shown:
        yield from _open(some & query(sorted(left), "*"), universe, unsure)
    if (compiled(leaf).actions.wild or compiled(leaf).actions.inverse) and not shown - names:
        yield from _open(some - query(sorted(names), "*") if names else some, universe)


def _with_texts(leaf: Leaf, some: Requests, by: StandIns, universe: Universe) -> Iterator[Request]:
    """A request of each action with texts in the place of symbols; then one on a resource that no symbol can be."""
    there = by.put(some)
    for part in (there, there & query("*", beside)) if (beside := by.beside(some)) else (there,):
        found = ask(part, universe)
        if isinstance(found, Request):
            each = each_action(by.leaf(leaf), part, found, universe)
            yield from (one for one in each if isinstance(one, Request))


def _open(some: Requests, universe: Universe, such_as: Sequence[Request] = ()) -> Iterator[Request | Undecided]:
    """What is asked of a set in which a request may be, and the requests that it may be."""
    found = ask(some, universe)
    if isinstance(found, Undecided) and such_as:
        first, *more = such_as
        beside = f" and {len(more)} more" if more else ""
        yield evolve(found, reason=f"`{first.action}` on `{first.resource}`{beside}: {found.reason}")
    elif found is not None:
        yield found


def _names(leaf: Leaf, some: Requests) -> set[str]:
    """The actions of a set, in lower case, that a statement names."""
    leaves = list(dict.fromkeys(some.leaves))
    elements = frozenset(compiled(other).actions for other in leaves)
    return _named(compiled(leaf).actions, elements, set(_services(leaves)))


def _named(element: Actions, elements: Iterable[Actions], of_resources: set[str]) -> set[str]:
    """The actions, in lower case, that a statement writes out or that a wildcard of it names today."""
    from ecsiam.reference.actions import actions

    written = {name for e in elements for name in (*e.exact, *e.wild) if not name.startswith("*")}
    services = sorted(of_resources | {name.partition(":")[0] for name in written})
    known = {id for service in services for id in actions(service)}
    exact = {name for e in elements for name in e.exact}
    return {name for name in known | exact if takes(element, name)}


def _services(leaves: Iterable[Leaf]) -> Iterator[str]:
    """The services that the ARNs of some statements name."""
    for leaf in leaves:
        for item in leaf.statement.resources.items if leaf.statement.resources else ():
            if isinstance(item, Text) and item.parts and isinstance(item.parts[0], str):
                arn = item.parts[0].split(":")
                if len(arn) > 3 and not set("*?").intersection(arn[2]):
                    yield arn[2].lower()


def _alike(names: list[str], elements: frozenset[Actions]) -> Iterator[list[str]]:
    """The names in groups that no statement tells apart."""
    cells = action_cells(elements | {Actions(frozenset(names), ())})
    at = {name: i for i, name in enumerate(cells.names)}
    masks = [sum(1 << at[name] for name in names)] if names else []
    for bits in sorted(set(cells.taking.values())):
        masks = [part for mask in masks for part in (mask & bits, mask & ~bits) if part]
    for mask in masks:
        yield [name for name in names if mask >> at[name] & 1]


def _of_alike(
    names: list[str], some: Requests, found: Request, universe: Universe
) -> Iterator[tuple[str, Request | Undecided]]:
    if found.action.lower() not in names:
        other = ask(some & query(names, "*"), "all")
        if other is None:
            return
        found = other if isinstance(other, Request) else found
    by_forms: defaultdict[object, list[str]] = defaultdict(list)
    for name in names:
        by_forms[None if universe == "all" else forms_of(name)].append(name)
    for group in by_forms.values():
        example = _example(group, some, found, universe)
        if isinstance(example, Undecided):
            yield group[0], example
        elif example is not None:
            yield from ((name, evolve(example, action=_written(name))) for name in group)


def _example(group: list[str], some: Requests, found: Request, universe: Universe) -> Request | Undecided | None:
    """A request of one of a group: such as was found if that will do, on a resource of the group's if need be."""
    for resource in (found.resource, *map(resource_of, forms_of(group[0]))):
        tried = evolve(found, action=_written(group[0]), resource=resource)
        if (universe == "all" or not unasked(tried)) and some.has(tried):
            return tried
    return ask(some & query(group, "*"), universe)


def _written(name: str) -> str:
    from ecsiam.reference.actions import action

    known = action(name)
    return name if known is None else known.id
