"""Boxes: products of one set for each variable of a request, and how they meet and are taken apart.

The variables of a question are its action, its principal, its resource, the condition keys, and the states of what is
left open. Most are bits over the cells of this question. A resource stays symbolic, as patterns to match and not to
match (`among.py`), and so does a key that would come out in too many ways (`held.py`).
"""

from collections.abc import Iterable, Iterator
from typing import Literal

from ecsiam.analysis.actions import ActionCells, Universe, action_cells
from ecsiam.analysis.among import joined, left, meets, one_of, within
from ecsiam.analysis.asking import Asking, asking
from ecsiam.analysis.held import Held, Symbolic, atoms, is_large, minus, symbolic
from ecsiam.analysis.held import meet as held_meet
from ecsiam.analysis.keys import Atom, Cells, KeyTest, cells
from ecsiam.analysis.leaf import Compiled, Resources, State
from ecsiam.analysis.matching import PRINCIPAL_ARN
from ecsiam.analysis.principals import PrincipalCells, principal_cells

Variable = str | KeyTest | State  # a key; a test that is a thing of its own; the state of something left open
Part = int | Held  # what a variable may be: cells as bits, or a symbolic set
Side = Variable | Literal["*actions", "*principals", "*resource"]  # one of the sides of a box


class Box:
    """One product. A variable that `keys` does not name may be anything.

    `asking` is set where one caller is left, `unsaid` where AWS's pages don't say whether it is in the box.
    """

    __slots__ = ("actions", "asking", "keys", "principals", "resources", "unsaid")

    def __init__(
        self,
        actions: int,
        principals: int,
        keys: dict[Variable, Part],
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


class Space:
    """The variables of one question with their cells, made from every statement that takes part.

    AWS doesn't say what an operator without ForAllValues or ForAnyValue makes of several values. With `one_value`, a
    key that is compared with both sorts holds one at most: a part of all requests.
    """

    def __init__(self, leaves: list[Compiled], universe: Universe, *, one_value: bool = False) -> None:
        self.actions: ActionCells = action_cells(frozenset(c.actions for c in leaves), universe)
        tests: dict[str, set[KeyTest]] = {}
        for c in leaves:
            for test in (*c.tests, *(t for o in c.options for t in o.tests)):
                tests.setdefault(test.key, set()).add(test)
        # What is put in where a text has a default is asked of no test, and may follow from who asks all the same.
        put_in = {v.key.lower(): v.key for c in leaves for v in c.variables if v.key.lower() not in tests}
        self.principals: PrincipalCells | None = None
        if any(c.principals for c in leaves):
            named = frozenset(p for c in leaves if c.principals for p in c.principals.items)
            self.principals = principal_cells(named, PRINCIPAL_ARN.lower() in tests.keys() | put_in.keys())
        self.asking = tuple(asking(self.principals, leaves, tests.keys() | put_in.keys()))
        for one in self.asking:
            for test in one.tests:
                tests.setdefault(test.key, set()).add(test)
        self.written = {key: next(iter(sorted(t.name or key for t in of))) for key, of in tests.items()} | put_in
        self.keys: dict[Variable, Cells | Symbolic | None] = {
            key: _cut(key, frozenset(of), _many(key, of) if not one_value or not _is_mixed(of) else False)
            for key, of in tests.items()
        }
        self.everyone = 1 if self.principals is None else self.principals.all

    def boxes(self, leaf: Compiled) -> Iterator[Box]:
        """The boxes of one statement."""
        actions = self.actions.taking[leaf.actions]
        principals = self.everyone if self.principals is None else self.principals.taking(leaf.principals)
        if not actions or not principals:
            return
        keys: dict[Variable, Part] = {}
        if not all(self._narrow(keys, test) for test in leaf.tests):
            return
        for state, on in leaf.states:
            keys[state] = _both(keys.get(state, 3), 2 if on else 1) or 0
        for option in leaf.options:
            of_option = keys
            if option.tests or option.states:
                of_option = dict(keys)
                if not all(self._narrow(of_option, t) for t in option.tests):
                    continue
                for state, on in option.states:
                    of_option[state] = _both(of_option.get(state, 3), 2 if on else 1) or 0
            if all(of_option.values()):
                yield Box(actions, principals, of_option, option.resources)

    def _narrow(self, keys: dict[Variable, Part], test: KeyTest) -> bool:
        of_key = self.keys[test.key]
        if of_key is None:  # no partition is known: the test itself is what can be so or not
            keys[test] = 2
            return True
        left = _both(keys.get(test.key, of_key.all), of_key.passing[test])
        keys[test.key] = left or 0
        return bool(left)

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

    def whole(self, variable: Variable) -> Part:
        """Every value of a variable."""
        of_key = self.keys.get(variable)
        return 3 if of_key is None else of_key.all

    def atoms(self, variable: Variable, part: Part) -> list[Atom]:
        """What stands for each way that a part of a variable comes out."""
        if isinstance(part, Held):
            return atoms(str(variable), part)
        of_key = self.keys.get(variable)
        if isinstance(of_key, Cells):
            return [of_key.atoms[i] for i in bits_of(part)]
        return [(_STATES if isinstance(variable, tuple) else _YES_NO)[i] for i in bits_of(part)]

    def meet(self, a: Box, b: Box) -> Box | None:
        """What two boxes share; None when that is nothing."""
        actions, principals = a.actions & b.actions, a.principals & b.principals
        if not actions or not principals:
            return None
        keys = a.keys
        if b.keys:
            keys = dict(a.keys)
            for variable, part in b.keys.items():
                had = keys.get(variable)
                left = part if had is None else _both(had, part)
                if not left:
                    return None
                keys[variable] = left
        resources = joined(a.resources, b.resources)
        if one_of(resources) is None:
            return None
        return Box(actions, principals, keys, resources)

    def differ(self, a: Box, b: Box) -> list[Side] | None:
        """The sides on which `a` reaches beyond `b`; None when they surely share nothing."""
        actions = a.actions & b.actions
        if not actions or not a.principals & b.principals:
            return None
        sides: list[Side] = []
        if actions != a.actions:
            sides.append("*actions")
        if a.principals & ~b.principals:
            sides.append("*principals")
        for variable, part in b.keys.items():
            had = a.keys.get(variable)
            if had is None:
                had = self.whole(variable)
            if had is part:
                continue
            if not _both(had, part):
                return None
            if _left(had, part):
                sides.append(variable)
        if not meets(a.resources, b.resources):
            return None
        if not within(a.resources, b.resources):
            sides.append("*resource")
        return sides

    def beyond(self, a: Box, b: Box, side: Side) -> list[Box]:
        """What of `a` lies beyond one side of `b`."""
        match side:
            case "*actions":
                return [Box(a.actions & ~b.actions, a.principals, a.keys, a.resources)]
            case "*principals":
                return [Box(a.actions, a.principals & ~b.principals, a.keys, a.resources)]
            case "*resource":
                return [Box(a.actions, a.principals, a.keys, r) for r in left(a.resources, b.resources)]
            case _:
                had = a.keys.get(side, self.whole(side))
                rest = _left(had, b.keys[side])
                return [Box(a.actions, a.principals, {**a.keys, side: part}, a.resources) for part in rest]

    def inside(self, a: Box, b: Box, side: Side) -> Box:
        """What of `a` lies on the near side of one side of `b`."""
        match side:
            case "*actions":
                return Box(a.actions & b.actions, a.principals, a.keys, a.resources)
            case "*principals":
                return Box(a.actions, a.principals & b.principals, a.keys, a.resources)
            case "*resource":
                return Box(a.actions, a.principals, a.keys, joined(a.resources, b.resources))
            case _:
                part = _both(a.keys.get(side, self.whole(side)), b.keys[side]) or 0
                return Box(a.actions, a.principals, {**a.keys, side: part}, a.resources)


def bits_of(bits: int) -> Iterator[int]:
    """The places of the bits that are set."""
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low


def _both(a: Part, b: Part) -> Part | None:
    if isinstance(a, Held):
        return held_meet(a, b) if isinstance(b, Held) else None
    return a & b if isinstance(b, int) else None


def _left(a: Part, b: Part) -> tuple[Part, ...]:
    if isinstance(a, Held):
        return minus(a, b) if isinstance(b, Held) else (a,)
    rest = a & ~b if isinstance(b, int) else a
    return (rest,) if rest else ()


def _cut(key: str, tests: frozenset[KeyTest], many: bool | None) -> Cells | Symbolic | None:
    """A key cut into cells, or where these are too many, symbolic."""
    if is_large(tests) and (large := symbolic(key, tests, many)) is not None:
        return large
    return cells(key, tests, many) or symbolic(key, tests, many)


def mixed(leaves: Iterable[Compiled]) -> list[str]:
    """The keys that are compared with set operators and with others, as they are written."""
    of_key: dict[str, set[KeyTest]] = {}
    for c in leaves:
        for test in (*c.tests, *(t for o in c.options for t in o.tests)):
            of_key.setdefault(test.key, set()).add(test)
    return sorted(min(t.name or key for t in of) for key, of in of_key.items() if _is_mixed(of))


def _is_mixed(tests: set[KeyTest]) -> bool:
    """Whether a key is compared with set operators and with others."""
    valued = [t for t in tests if t.operator.comparison.kind != "null"]
    return len({bool(t.operator.qualifier) for t in valued}) > 1


def _many(key: str, tests: set[KeyTest]) -> bool | None:
    """Whether a key can have several values. It is looked up only where it makes a difference."""
    if not any(t.operator.qualifier for t in tests):
        return False
    from ecsiam.reference.actions import multivalued

    return multivalued(key)
