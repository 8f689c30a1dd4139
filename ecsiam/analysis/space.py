"""Boxes: products of one set for each variable of a request, and how they meet and are taken apart.

The variables of a question are its action, its principal, its resource, the condition keys, and the states of what is
left open. All but the resource are bits over the cells of this question; a resource stays symbolic, as patterns to
match and not to match, and is asked for an example only when a box has to be empty or not.
"""

from collections.abc import Iterator
from functools import lru_cache

from ecsiam.analysis.actions import ActionCells, Universe, action_cells
from ecsiam.analysis.asking import Asking, asking
from ecsiam.analysis.keys import Atom, Cells, KeyTest, cells
from ecsiam.analysis.leaf import Compiled, Resources, State
from ecsiam.analysis.patterns import Clause
from ecsiam.analysis.principals import PrincipalCells, principal_cells
from ecsiam.analysis.strings import Found, example

Variable = str | KeyTest | State  # a key; a test that is a thing of its own; the state of something left open


class Box:
    """One product. A variable that `keys` does not name may be anything.

    `asking` is set where one caller is left, `unsaid` where AWS's pages don't say whether it is in the box.
    """

    __slots__ = ("actions", "asking", "keys", "principals", "resources", "unsaid")

    def __init__(
        self,
        actions: int,
        principals: int,
        keys: dict[Variable, int],
        resources: Resources,
        asking: Asking | None = None,
        unsaid: str = "",
    ) -> None:
        self.actions = actions
        self.principals = principals
        self.keys = keys
        self.resources = resources
        self.asking = asking
        self.unsaid = unsaid


_YES_NO = (Atom("no", sure=False), Atom("yes", sure=False))
_STATES = (Atom("no"), Atom("yes"))


@lru_cache(maxsize=1 << 16)
def _example(clauses: frozenset[Clause], none: Clause) -> Found | None:
    return example(clauses, none)


def resource_of(resources: Resources) -> Found | None:
    """A resource of a set, None when it is empty."""
    if not resources.clauses and not resources.none:
        return Found(("*",), sure=True)
    return _example(frozenset(resources.clauses), resources.none)


class Space:
    """The variables of one question with their cells, made from every statement that takes part."""

    def __init__(self, leaves: list[Compiled], universe: Universe) -> None:
        self.actions: ActionCells = action_cells(frozenset(c.actions for c in leaves), universe)
        self.principals: PrincipalCells | None = None
        if any(c.principals for c in leaves):
            self.principals = principal_cells(frozenset(p for c in leaves if c.principals for p in c.principals.items))
        tests: dict[str, set[KeyTest]] = {}
        for c in leaves:
            for test in (*c.tests, *(t for o in c.options for t in o.tests)):
                tests.setdefault(test.key, set()).add(test)
        self.asking = tuple(asking(self.principals, leaves, tests))
        for one in self.asking:
            for test in one.tests:
                tests[test.key].add(test)
        self.written = {key: next(iter(sorted(t.name or key for t in of))) for key, of in tests.items()}
        self.keys: dict[Variable, Cells | None] = {
            key: cells(key, frozenset(of), _many(key, of)) for key, of in tests.items()
        }
        self.everyone = 1 if self.principals is None else self.principals.all

    def boxes(self, leaf: Compiled) -> Iterator[Box]:
        """The boxes of one statement."""
        actions = self.actions.taking[leaf.actions]
        principals = self.everyone if self.principals is None else self.principals.taking(leaf.principals)
        if not actions or not principals:
            return
        keys: dict[Variable, int] = {}
        if not all(self._narrow(keys, test) for test in leaf.tests):
            return
        for state, on in leaf.states:
            keys[state] = keys.get(state, 3) & (2 if on else 1)
        for option in leaf.options:
            of_option = keys
            if option.tests or option.states:
                of_option = dict(keys)
                if not all(self._narrow(of_option, t) for t in option.tests):
                    continue
                for state, on in option.states:
                    of_option[state] = of_option.get(state, 3) & (2 if on else 1)
            if all(of_option.values()):
                yield Box(actions, principals, of_option, option.resources)

    def _narrow(self, keys: dict[Variable, int], test: KeyTest) -> int:
        of_key = self.keys[test.key]
        if of_key is None:  # no partition is known: the test itself is what can be so or not
            left = keys[test] = 2
        else:
            left = keys[test.key] = keys.get(test.key, of_key.all) & of_key.passing[test]
        return left

    def by_caller(self, box: Box) -> Iterator[Box]:
        """A box caller by caller, cut to what each sends with a request; what none of them can ask is nothing."""
        if not self.asking:
            yield box
            return
        written = {key: self.written[key] for key in box.keys if isinstance(key, str)}
        for one in self.asking:
            if box.principals & one.principals:
                keys = dict(box.keys)
                if all(self._narrow(keys, test) for test in one.tests):
                    asked = box.principals & one.principals
                    yield Box(box.actions, asked, keys, box.resources, one, one.unsaid(written))

    def whole(self, variable: Variable) -> int:
        """Every value of a variable, as bits."""
        of_key = self.keys.get(variable)
        return 3 if of_key is None else of_key.all

    def atoms(self, variable: Variable) -> tuple[Atom, ...]:
        """What the bits of a variable stand for."""
        of_key = self.keys.get(variable)
        if of_key is not None:
            return of_key.atoms
        return _STATES if isinstance(variable, tuple) else _YES_NO

    def meet(self, a: Box, b: Box) -> Box | None:
        """What two boxes share; None when that is nothing."""
        actions, principals = a.actions & b.actions, a.principals & b.principals
        if not actions or not principals:
            return None
        keys = a.keys
        if b.keys:
            keys = dict(a.keys)
            for variable, bits in b.keys.items():
                left = keys.get(variable)
                left = bits if left is None else left & bits
                if not left:
                    return None
                keys[variable] = left
        resources = _both(a.resources, b.resources)
        if resource_of(resources) is None:
            return None
        return Box(actions, principals, keys, resources)

    def without(self, a: Box, b: Box) -> Iterator[Box]:
        """What is left of `a` without `b`, as boxes that share nothing."""
        actions, principals = a.actions & b.actions, a.principals & b.principals
        if not actions or not principals:
            yield a
            return
        for variable, bits in b.keys.items():
            if not a.keys.get(variable, bits) & bits:
                yield a
                return
        if (b.resources.clauses or b.resources.none) and resource_of(_both(a.resources, b.resources)) is None:
            yield a
            return
        if a.actions != actions:
            yield Box(a.actions & ~actions, a.principals, a.keys, a.resources)
        if a.principals != principals:
            yield Box(actions, a.principals & ~principals, a.keys, a.resources)
        keys = a.keys
        for variable, bits in b.keys.items():
            had = keys.get(variable)
            if had is None:
                had = self.whole(variable)
            if out := had & ~bits:
                yield Box(actions, principals, {**keys, variable: out}, a.resources)
            if had & bits != keys.get(variable):
                keys = {**keys, variable: had & bits}
        for resources in _apart(a.resources, b.resources):
            if resource_of(resources) is not None:
                yield Box(actions, principals, keys, resources)


def _apart(a: Resources, b: Resources) -> Iterator[Resources]:
    """What is left of `a` without `b`: outside a clause of it, or among what it leaves out."""
    for clause in b.clauses:
        yield Resources(a.clauses, a.none | clause)
        a = Resources((*a.clauses, clause), a.none)
    if b.none:
        yield Resources((*a.clauses, b.none), a.none)


def _both(a: Resources, b: Resources) -> Resources:
    if not b.clauses and not b.none:
        return a
    return Resources((*a.clauses, *b.clauses), a.none | b.none)


def _many(key: str, tests: set[KeyTest]) -> bool | None:
    """Whether a key can have several values. It is looked up only where it makes a difference."""
    if not any(t.operator.qualifier for t in tests):
        return False
    from ecsiam.reference.actions import multivalued

    return multivalued(key)
