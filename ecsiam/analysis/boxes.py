"""The boxes of a set of requests, made one by one, and what of a box is in another set or not."""

from collections.abc import Callable, Iterator

from ecsiam.analysis.budget import check_time, pieces
from ecsiam.analysis.cover import Boxes, is_covered, uncovered
from ecsiam.analysis.leaf import Leaf, compiled
from ecsiam.analysis.patterns import Unclear
from ecsiam.analysis.requests import Requests
from ecsiam.analysis.space import Box, Space

Term = tuple[Box, tuple[Boxes, ...]]  # a box, without some unions of boxes


class Search:
    """The boxes of an expression, made one by one."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.made, self.most = 0, pieces()
        self._boxes: dict[Leaf, Boxes] = {}
        self._unions: dict[tuple[Requests, ...], Boxes] = {}

    def boxes(self, requests: Requests) -> Iterator[Box]:
        for box, without in self._terms(requests):
            yield from uncovered(self.space, box, without, self._count)

    def _of(self, leaf: Leaf) -> Boxes:
        known = self._boxes.get(leaf)
        if known is None:
            known = self._boxes[leaf] = Boxes(self.space.boxes(compiled(leaf)))
        return known

    def _union(self, parts: tuple[Requests, ...]) -> tuple[Boxes, list[Requests]]:
        """The boxes of the statements among the parts of a union, and the other parts."""
        known = self._unions.get(parts)
        if known is None:
            leaves = dict.fromkeys(p.leaf for p in parts if p.leaf is not None)
            known = self._unions[parts] = Boxes(box for leaf in leaves for box in self._of(leaf).all)
        return known, [p for p in parts if p.leaf is None]

    def _terms(self, requests: Requests) -> Iterator[Term]:
        match requests.op, requests.parts:
            case "or", parts:
                boxes, others = self._union(parts)
                yield from ((box, ()) for box in boxes.all)
                for part in others:
                    yield from self._terms(part)
            case "and", (left, right):
                for term in self._terms(left):
                    yield from self._within(term, right)
            case "minus", (left, right):
                for term in self._terms(left):
                    yield from self._outside(term, right)
            case _:
                assert requests.leaf is not None
                yield from ((box, ()) for box in self._of(requests.leaf).all)

    def _within(self, term: Term, requests: Requests) -> Iterator[Term]:
        """What a term shares with a set."""
        match requests.op, requests.parts:
            case "or", parts:
                boxes, others = self._union(parts)
                yield from self._among(term, boxes)
                for part in others:
                    yield from self._within(term, part)
            case "and", (left, right):
                for inner in self._within(term, left):
                    yield from self._within(inner, right)
            case "minus", (left, right):
                for inner in self._within(term, left):
                    yield from self._outside(inner, right)
            case _:
                assert requests.leaf is not None
                yield from self._among(term, self._of(requests.leaf))

    def _among(self, term: Term, boxes: Boxes) -> Iterator[Term]:
        box, without = term
        if is_covered(self.space, box, boxes):
            yield term
            return
        for near in boxes.near(box):
            self._count()
            both = self.space.meet(box, near)
            if both is not None:
                yield both, without

    def _outside(self, term: Term, requests: Requests) -> Iterator[Term]:
        """What of a term is not in a set."""
        match requests.op, requests.parts:
            case "or", parts:
                boxes, others = self._union(parts)
                with_statements = term[0], (*term[1], boxes)
                yield from _one_by_one(with_statements, len(others), lambda t, i: self._outside(t, others[i]))
            case "and", (left, right):
                yield from self._outside(term, left)
                for inner in self._within(term, left):
                    yield from self._outside(inner, right)
            case "minus", (left, right):
                yield from self._outside(term, left)
                yield from self._within(term, right)
            case _:
                assert requests.leaf is not None
                yield term[0], (*term[1], self._of(requests.leaf))

    def _count(self) -> None:
        self.made += 1
        if self.made > self.most:
            raise Unclear(f"the search was given up after {self.most:,} pieces")
        check_time()


def _one_by_one(term: Term, steps: int, left: Callable[[Term, int], Iterator[Term]]) -> Iterator[Term]:
    """What is left of a term after each step, to the end with one piece before the next is begun."""
    if not steps:
        yield term
        return
    waiting = [left(term, 0)]  # of each step, the pieces still to be followed: a thousand parts are no recursion
    while waiting:
        piece = next(waiting[-1], None)
        if piece is None:
            waiting.pop()
        elif len(waiting) == steps:
            yield piece
        else:
            waiting.append(left(piece, len(waiting)))
