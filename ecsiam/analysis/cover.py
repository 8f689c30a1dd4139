"""Whether a union of boxes covers a box, and what it leaves of it.

Of the union only the boxes that can meet it take part, found by an index. Those that reach beyond it on all sides but
one cut a piece off and leave one piece, so they come first; of the others, the one that leaves the fewest pieces. So a
box that one other covers is gone at once, in whatever order they stand.
"""

from collections.abc import Callable, Iterable, Iterator

from ecsiam.analysis.among import one_of, split, trimmed
from ecsiam.analysis.held import Held, is_plain, without
from ecsiam.analysis.leaf import Resources
from ecsiam.analysis.patterns import Clause, Pattern
from ecsiam.analysis.space import Box, Part, Side, Space, Variable, bits_of

FEW = 16  # boxes that are looked at one by one
LONGEST = 200  # characters of a text under which a box is listed
MOST_INDEXED = 64  # cells, or patterns, of one box that an index lists

Key = tuple[int, int, frozenset[tuple[Variable, Part]], Resources]


def key_of(box: Box) -> Key:
    """What two boxes that are the same have in common."""
    return box.actions, box.principals, frozenset(box.keys.items()), box.resources


class Boxes:
    """A union of boxes with an index of what may meet a box. The bits of a mask are places in `all`."""

    def __init__(self, boxes: Iterable[Box]) -> None:
        found = {key_of(box): box for box in boxes}
        self.all = list(found.values())
        self._same = found
        self._by_side: dict[Side, tuple[int, dict[object, int]]] | None = None

    def has(self, box: Box) -> bool:
        """Whether a box stands there as it is."""
        return key_of(box) in self._same

    def near(self, box: Box) -> list[Box]:
        """Those that may meet a box."""
        if len(self.all) <= FEW:
            return self.all
        if self._by_side is None:
            self._by_side = self._indexed()
        mask = (1 << len(self.all)) - 1
        for side, (always, by_cell) in self._by_side.items():
            cells = _cells(box, side)
            if cells is not None:
                some = always
                for cell in cells:
                    some |= by_cell.get(cell, 0)
                mask &= some
        return [self.all[i] for i in bits_of(mask)]

    def _indexed(self) -> dict[Side, tuple[int, dict[object, int]]]:
        sides: list[Side] = ["*actions", "*principals"]
        sides += dict.fromkeys(variable for box in self.all for variable in box.keys)
        sides.append("*resource")
        index: dict[Side, tuple[int, dict[object, int]]] = {}
        for side in sides:
            always = 0
            by_cell: dict[object, int] = {}
            for at, box in enumerate(self.all):
                cells = _listed(box, side)
                if cells is None:
                    always |= 1 << at
                else:
                    for cell in cells:
                        by_cell[cell] = by_cell.get(cell, 0) | 1 << at
            if by_cell:
                index[side] = always, by_cell
        return index


def _cells(box: Box, side: Side) -> Iterable[object] | None:
    """Where a box has to be looked up; None where it may meet all of them."""
    clause = _clause(box, side)
    if clause is not None:
        if not all(p.folded for p in clause):
            return None
        return {p.fold[:length] for p in clause for length in _lengths(len(p.fold))}
    bits = _bits(box, side)
    return None if bits is None or bits.bit_count() > MOST_INDEXED else bits_of(bits)


def _listed(box: Box, side: Side) -> Iterable[object] | None:
    """Under what a box is listed."""
    clause = _clause(box, side)
    if clause is not None:
        return {p.fold if p.folded and len(p.fold) <= LONGEST else p.fold[:LONGEST] for p in clause}
    bits = _bits(box, side)
    return None if bits is None or bits.bit_count() > MOST_INDEXED else bits_of(bits)


def _lengths(length: int) -> range:
    return range(min(length, LONGEST) + 1)


def _clause(box: Box, side: Side) -> Clause | None:
    """The patterns of one side, of which its strings match one; None where it has none, or very many."""
    among: Resources | None = None
    if side == "*resource":
        among = box.resources
    elif side not in ("*actions", "*principals"):
        part = box.keys.get(side)
        if isinstance(part, Held) and not part.many and not part.absent:
            among = part.every
    clause = None if among is None else min(among.clauses, key=len, default=None)
    return None if clause is None or len(clause) > MOST_INDEXED else clause


def _bits(box: Box, side: Side) -> int | None:
    match side:
        case "*actions":
            return box.actions
        case "*principals":
            return box.principals
        case "*resource":
            return None
        case _:
            part = box.keys.get(side)
            return part if isinstance(part, int) else None


# ---------------------------------------------------------------- what is left


def is_covered(space: Space, box: Box, boxes: Boxes) -> bool:
    """Whether one of some boxes has all of another one."""
    return boxes.has(box) or any(space.differ(box, other) == [] for other in boxes.near(box))


def uncovered(space: Space, box: Box, unions: Iterable[Boxes], count: Callable[[], None]) -> Iterator[Box]:
    """What of a box is in none of some unions, as boxes that share nothing."""
    unions = tuple(unions)
    if any(union.has(box) for union in unions):
        return
    waiting = [(box, [other for union in unions for other in union.near(box)])]
    while waiting:
        box, others = waiting.pop()
        count()
        cut = _cut(space, box, others)
        if cut is None:
            continue
        box, open_to = cut
        if not open_to:
            yield Box(box.actions, box.principals, box.keys, trimmed(box.resources))
            continue
        if any("*resource" in sides for _, sides in open_to):
            parts = split(box.resources)
            if len(parts) > 1:
                live = [other for other, _ in open_to]
                pieces = [Box(box.actions, box.principals, box.keys, r) for r in parts]
                waiting += [(piece, live) for piece in reversed(pieces) if one_of(piece.resources)]
                continue
        first, sides = min(open_to, key=lambda found: len(found[1]))
        live = [other for other, _ in open_to if other is not first]
        pieces = list[Box]()
        for side in sides:
            pieces += space.beyond(box, first, side)
            box = space.inside(box, first, side)
        waiting += [(piece, live) for piece in reversed(pieces)]


def _cut(space: Space, box: Box, others: list[Box]) -> tuple[Box, list[tuple[Box, list[Side]]]] | None:
    """A box after all that leave one piece of it, and those that leave more, with their sides; None when it is gone."""
    changed = True
    open_to: list[tuple[Box, list[Side]]] = []
    while changed:
        changed = False
        open_to = []
        at_once: dict[Side, list[Box]] = {}
        for other in others:
            sides = space.differ(box, other)
            if sides is None:
                continue
            if not sides:
                return None
            if len(sides) == 1:
                (side,) = sides
                if _is_plain(other, side):
                    at_once.setdefault(side, []).append(other)
                    continue
                pieces = space.beyond(box, other, side)
                if len(pieces) <= 1:
                    if not pieces:
                        return None
                    (box,) = pieces
                    changed = True
                    continue
            open_to.append((other, sides))
        for side, of_side in at_once.items():
            left = _without_all(space, box, side, of_side)
            if left is None:
                return None
            box, changed = left, True
        others = [other for other, _ in open_to]
        if not others:
            break
    return box, open_to


def _is_plain(box: Box, side: Side) -> bool:
    """Whether one side of a box is strings of one clause: what many such leave is found at once."""
    if side == "*resource":
        return len(box.resources.clauses) == 1 and not box.resources.none
    part = box.keys.get(side) if side not in ("*actions", "*principals") else None
    return isinstance(part, Held) and is_plain(part)


def _without_all(space: Space, box: Box, side: Side, others: list[Box]) -> Box | None:
    """What all of some boxes that differ from it in one side, and plainly, leave of a box."""
    if side == "*resource":
        clause = frozenset[Pattern]().union(*(other.resources.clauses[0] for other in others))
        resources = Resources(box.resources.clauses, box.resources.none | clause)
        return None if one_of(resources) is None else Box(box.actions, box.principals, box.keys, resources)
    parts = [part for other in others if isinstance(part := other.keys.get(side), Held) and part.every is not None]
    clause = frozenset[Pattern]().union(*(part.every.clauses[0] for part in parts if part.every is not None))
    had = box.keys.get(side, space.whole(side))
    assert isinstance(had, Held)
    left = without(had, clause, absent=not any(part.absent for part in parts))
    return None if left is None else Box(box.actions, box.principals, {**box.keys, side: left}, box.resources)
