"""Sets of strings that stay symbolic: patterns to match and not to match, put together and taken apart.

A set is asked for an example only when it has to be empty or not; what can be told from how patterns begin is told so.
"""

from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice, takewhile

from ecsiam.analysis.leaf import Resources
from ecsiam.analysis.patterns import Clause, Pattern, ordered
from ecsiam.analysis.strings import Found, example

FEW = 8
ALL = Resources()


@lru_cache(maxsize=1 << 16)
def _example(clauses: frozenset[Clause], none: Clause) -> Found | None:
    return example(clauses, none)


def one_of(among: Resources) -> Found | None:
    """A string of a set, None when it is empty."""
    if not among.clauses and not among.none:
        return Found(("*",), sure=True)
    return _example(frozenset(among.clauses), among.none)


class _Index:
    """The patterns of a long clause by how they begin, in lower case."""

    def __init__(self, clause: Clause) -> None:
        whole = sorted((p for p in ordered(clause) if p.folded), key=lambda p: p.fold)
        others = sorted((p for p in ordered(clause) if not p.folded), key=lambda p: p.fold)
        self.whole, self.texts = whole, [p.fold for p in whole]
        self.others, self.heads = others, [p.fold for p in others]
        self.by_head: dict[str, list[Pattern]] = {}
        for p in others:
            self.by_head.setdefault(p.fold, []).append(p)
        self.lengths = sorted({len(head) for head in self.heads})

    def agreeing(self, p: Pattern) -> Iterator[Pattern]:
        head = p.fold
        for length in self.lengths:
            if length >= len(head):
                break
            yield from self.by_head.get(head[:length], ())
        if not p.folded:
            yield from self.others[_span(self.heads, head)]
            yield from self.whole[_span(self.texts, head)]
            return
        yield from self.by_head.get(head, ())
        start = bisect_left(self.texts, head)
        yield from takewhile(lambda q: q.fold == head, islice(self.whole, start, None))


def _span(texts: list[str], head: str) -> slice:
    """Those of sorted texts that begin with another one."""
    start = bisect_left(texts, head)
    end = bisect_left(texts, True, lo=start, key=lambda text: not text.startswith(head))
    return slice(start, end)


@lru_cache(maxsize=1 << 12)
def _index(clause: Clause) -> _Index:
    return _Index(clause)


def agreeing(clause: Clause, p: Pattern) -> list[Pattern]:
    """The patterns of a clause that may share a string with another one."""
    likely = clause if len(clause) <= FEW else _index(clause).agreeing(p)
    return [q for q in likely if _may_share(p, q)]


def _may_share(p: Pattern, q: Pattern) -> bool:
    if p.literal is not None and not q.holes:
        return q.matches(p.literal)
    if q.literal is not None and not p.holes:
        return p.matches(q.literal)
    return p.fold.startswith(q.fold) or q.fold.startswith(p.fold)


@lru_cache(maxsize=1 << 16)
def takes(clause: Clause, p: Pattern) -> bool:
    """Whether one pattern of a clause surely takes all of another one."""
    return p in clause or any(q.covers(p) for q in agreeing(clause, p))


@lru_cache(maxsize=1 << 16)
def joined(a: Resources, b: Resources) -> Resources:
    """What two sets share; what says nothing new is left out."""
    if not b.clauses and not b.none:
        return a
    clauses = a.clauses
    for clause in b.clauses:
        clauses = _with(clauses, clause)
    return Resources(clauses, a.none | b.none)


def _with(clauses: tuple[Clause, ...], new: Clause) -> tuple[Clause, ...]:
    if new in clauses:
        return clauses
    for clause in clauses:
        if len(clause) == 1:
            (p,) = clause
            if takes(new, p):
                return clauses
            new = frozenset(agreeing(new, p))
    if len(new) == 1:
        (p,) = new
        clauses = tuple(c for c in clauses if not takes(c, p))
    return (*clauses, new)


def apart(a: Resources, b: Resources) -> Iterator[Resources]:
    """What is left of `a` without `b`: outside a clause of it, or among what it leaves out."""
    for clause in b.clauses:
        yield Resources(a.clauses, a.none | clause)
        a = joined(a, Resources((clause,)))
    if b.none:
        yield joined(a, Resources((b.none,)))


@lru_cache(maxsize=1 << 16)
def left(a: Resources, b: Resources) -> tuple[Resources, ...]:
    """`apart`, without what is empty."""
    return tuple(rest for rest in apart(a, b) if one_of(rest) is not None)


@lru_cache(maxsize=1 << 16)
def meets(a: Resources, b: Resources) -> bool:
    """Whether two sets may share a string; what the first one leaves out counts only where it is short."""
    if b is a or (not b.clauses and not b.none):
        return True
    for clause in a.clauses:
        if len(clause) == 1:
            (p,) = clause
            if any(not agreeing(c, p) for c in b.clauses) or takes(b.none, p):
                return False
    none = a.none if len(a.none) <= FEW else frozenset[Pattern]()
    return one_of(joined(Resources(a.clauses, none), b)) is not None


@lru_cache(maxsize=1 << 16)
def within(a: Resources, b: Resources) -> bool:
    """Whether `b` surely has all of `a`, as far as one pattern for each tells."""
    if b is a:
        return True
    if b.none and not b.none <= a.none:
        return False
    return all(any(all(takes(c, p) for p in have) for have in a.clauses) for c in b.clauses)


def split(among: Resources) -> tuple[Resources, ...]:
    """The same set as a union: one for each pattern of its shortest clause; itself where a clause has but one."""
    if not among.clauses or any(len(c) <= 1 for c in among.clauses):
        return (among,)
    shortest = min(among.clauses, key=len)
    rest = Resources(tuple(c for c in among.clauses if c is not shortest), among.none)
    return tuple(joined(Resources((frozenset({p}),)), rest) for p in ordered(shortest))


def trimmed(among: Resources) -> Resources:
    """The same set without patterns that one of those to be left out takes whole."""
    if not among.none:
        return among
    none = among.none
    return Resources(tuple(frozenset(p for p in c if not takes(none, p)) for c in among.clauses), none)
