"""On what terms something is allowed: for each statement that grants or takes it, of what, and what it asks."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from attrs import evolve, frozen

from ecsiam.analysis.leaf import Leaf
from ecsiam.analysis.patterns import Unclear, wildcard
from ecsiam.analysis.requests import Requests, of_statement
from ecsiam.analysis.searching import search
from ecsiam.analysis.strings import example
from ecsiam.analysis.words import conditions_of, listed
from ecsiam.looks.shown import Shown
from ecsiam.model.each import Item
from ecsiam.model.statement import AllBut, Only, Statement
from ecsiam.model.text import text

Test = Callable[[str, str], bool]


@frozen(repr=False)
class Terms(Shown):
    """What one statement takes of the requests asked about, and in `words` what it asks of them; empty: nothing.

    `actions` and `resources` are written as in a policy, without `not_actions` and `not_resources`; a trust policy
    has no resources. `within` are the terms of a permissions boundary that have to be met as well.
    """

    statement: Statement
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    words: str = ""
    within: "Terms | None" = None

    @property
    def what(self) -> str:
        """The actions and the resources."""
        on = f" on {_several(self.resources)}" if self.resources else ""
        return f"{_several(self.actions)}{_without(self.not_actions)}{on}{_without(self.not_resources)}"

    @property
    def needs(self) -> str:
        """What has to be so for these actions and resources; empty for nothing."""
        if self.within is None:
            return self.words
        inner = self.within.needs if self.within.takes == self.takes else str(self.within)
        return f"{self.words}{' and, ' if self.words else ''}within the boundary, {inner}"

    @property
    def takes(self) -> tuple[tuple[str, ...], ...]:
        """Actions and resources, as they compare."""
        return self.actions, self.not_actions, self.resources, self.not_resources

    def __str__(self) -> str:
        return f"{self.what}: when {self.needs}" if self.needs else f"{self.what}, whatever the context"

    def _says(self) -> str:
        return str(self)


def _several(items: Sequence[str]) -> str:
    return ", ".join(items[:-1]) + f" or {items[-1]}" if len(items) > 1 else items[0]


def _without(items: Sequence[str]) -> str:
    return f" but not {_several(items)}" if items else ""


def terms(leaf: Leaf, asked: Statement) -> Terms:
    """The terms of a statement for what was asked."""
    statement = leaf.statement
    actions, not_actions = _of_actions(statement, [a.pattern for a in asked.actions.items])
    resources, not_resources = _of_resources(leaf, _items(asked))
    words = " and ".join((*(f"`{flag}` is on" for flag in leaf.when if flag), *conditions_of(statement)))
    return Terms(statement, actions, resources, not_actions, not_resources, words)


def whole(of: Terms, asked: Statement) -> bool:
    """Whether terms leave nothing open of what was asked."""
    everything = _plain([a.pattern for a in asked.actions.items]), (), _plain(map(str, _items(asked))), ()
    resources = everything[2] if of.statement.resources is None else of.resources
    return (of.actions, of.not_actions, resources, of.not_resources) == everything and not of.needs


def bounded(granted: Terms, boundary: Terms, asked: Statement) -> Terms:
    """What is granted, within a statement of a boundary."""
    return granted if whole(boundary, asked) else evolve(granted, within=boundary)


def clause(of: Terms, asked: Statement, *, with_resources: bool) -> str:
    """Terms as a clause after `when` or `unless`: without what holds of all that was asked."""
    actions = of.not_actions or of.actions != _plain([a.pattern for a in asked.actions.items])
    narrower = of.resources != _plain(map(str, _items(asked)))
    said: list[str] = []
    if actions:
        without = f" but not {listed(of.not_actions)}" if of.not_actions else ""
        said.append(f"the action is {listed(of.actions)}{without}")
    if of.needs:
        said.append(of.needs)
    if with_resources and of.resources:
        said += [f"the resource is {listed(of.resources)}"] if narrower else []
        said += [f"the resource is not {listed(of.not_resources)}"] if of.not_resources else []
    return " and ".join(said)


# ---------------------------------------------------------------- what two lists share


def _plain(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


def _of_actions(statement: Statement, asked: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    mine = [a.pattern for a in statement.actions.items]
    if isinstance(statement.actions, Only):
        return _shared(mine, asked, _action_in, _actions_meet), ()
    return _left(mine, asked, _action_in, _actions_meet)


def _action_in(a: str, b: str) -> bool:
    """Whether every action that one pattern matches is matched by another."""
    if b == "*" or a == "*":
        return b == "*"
    wide = wildcard(b.lower())
    if not set("*?").intersection(a):
        return wide.matches(a.lower())
    return example((frozenset({wildcard(a.lower())}),), frozenset({wide})) is None


def _actions_meet(a: str, b: str) -> bool:
    return (
        "*" in (a, b)
        or example((frozenset({wildcard(a.lower())}), frozenset({wildcard(b.lower())})), frozenset()) is not None
    )


def _items(statement: Statement) -> tuple[Item, ...]:
    return statement.resources.items if isinstance(statement.resources, Only) else (text("*"),)


def _of_resources(leaf: Leaf, asked: tuple[Item, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    resources = leaf.statement.resources
    if resources is None:
        return (), ()
    mine = {str(item): _of_item(leaf, item) for item in resources.items}
    wanted = {str(item): _of_item(Leaf(Statement("Allow", "*", "*", as_is=True)), item) for item in asked}
    sets = {**wanted, **mine}

    def inside(a: str, b: str) -> bool:
        return b in (a, "*") or (a != "*" and _example(sets[a] - sets[b]) is None)

    def meet(a: str, b: str) -> bool:
        return "*" in (a, b) or _example(sets[a] & sets[b]) is not None

    if isinstance(resources, AllBut):
        return _left(list(mine), list(wanted), inside, meet)
    return _shared(list(mine), list(wanted), inside, meet), ()


def _of_item(leaf: Leaf, item: Item) -> Requests:
    alone = Statement("Allow", "*", Only((item,)), as_is=True)
    return of_statement(Leaf(alone, leaf.version, leaf.identity, (), leaf.reading))


@lru_cache(maxsize=1 << 12)
def _example(requests: Requests) -> object:
    """One of a set, None for none; something, where that isn't known."""
    try:
        return search(requests)
    except Unclear as e:
        return e


def _shared(mine: list[str], asked: list[str], inside: Test, meet: Test) -> tuple[str, ...]:
    """The patterns of a statement that have to do with what was asked, or what was asked where these hold all of it."""
    found: dict[str, None] = {}
    for q in asked:
        if any(inside(q, p) for p in mine):
            found[q] = None
        else:
            found |= dict.fromkeys(p for p in mine if meet(p, q))
    return tuple(found)


def _left(mine: list[str], asked: list[str], inside: Test, meet: Test) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is left of what was asked without some patterns, and those of them that matter to it."""
    left = [q for q in asked if not any(inside(q, p) for p in mine)]
    return tuple(left), tuple(p for p in mine if any(meet(p, q) for q in left))
