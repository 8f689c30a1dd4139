"""What a condition key may hold, as a set of strings that is never cut into cells.

Where the patterns that a question asks of a key come out in too many ways, its values stay symbolic, as resources do:
patterns to match and not to match. A key of several values holds any number of them, so what has to be so of every
value and what of some value are told apart, and each of the latter is shown by a value of its own.
"""

from functools import lru_cache

from attrs import field, frozen

from ecsiam.analysis.among import ALL, apart, joined, one_of
from ecsiam.analysis.budget import OutOfTime
from ecsiam.analysis.keys import Atom, KeyTest, clause_of, pieces_of
from ecsiam.analysis.leaf import Resources
from ecsiam.analysis.matching import matches_values
from ecsiam.analysis.patterns import ANY, Clause, One, Run, Unclear, pattern
from ecsiam.analysis.typed import base, can_be

NOTHING: Clause = frozenset()
SOMETHING = Resources((frozenset({pattern((One(ANY), Run(ANY)))}),))
MOST_BITS, MOST_SETS = 5, 3  # tests by patterns of a key, and tests by set operators, that are still cut into cells


@frozen(cache_hash=True)
class Held:
    """A set of what a key may hold: nothing, empty texts only (under set operators), or values.

    All values are among `every`, and one among each of `some`; None when there can be no values. Without `many` there
    is one value, and `some` is empty.
    """

    many: bool
    absent: bool = True
    blank: bool = True
    every: Resources | None = ALL
    some: frozenset[Resources] = frozenset()


@frozen
class Symbolic:
    """A key that is not cut into cells: what it may hold, and what it holds where a test passes."""

    all: Held
    passing: dict[KeyTest, Held] = field(eq=False)


def symbolic(key: str, tests: frozenset[KeyTest], many: bool | None) -> Symbolic | None:
    """A key's tests as sets; None where they are not of texts alone, or nothing is known of several values."""
    valued = [t for t in tests if t.operator.comparison.kind != "null"]
    sets = [t for t in valued if t.operator.qualifier]
    if any(t.operator.comparison.kind not in ("string", "arn") for t in valued):
        return None
    if sets and (many is False or len(sets) < len(valued)):
        return None
    several = bool(sets)
    try:
        within = base(key)
        whole = Held(several, blank=several and within is None, every=Resources((within,)) if within else ALL)
        return Symbolic(whole, {t: _passing(t, several) for t in tests})
    except OutOfTime:
        raise
    except Unclear:
        return None


def is_large(tests: frozenset[KeyTest]) -> bool:
    """Whether the tests of a key may come out in very many ways."""
    valued = [t for t in tests if t.operator.comparison.kind in ("string", "arn")]
    try:
        wild = {c for c in map(clause_of, valued) if any(p.literal is None for p in c)}
    except Unclear:
        return False
    return len(wild) > MOST_BITS or sum(bool(t.operator.qualifier) for t in valued) > MOST_SETS


def _passing(test: KeyTest, several: bool) -> Held:
    operator, pieces = test.operator, pieces_of(test)
    absent = matches_values(operator, pieces, None)
    if operator.comparison.kind == "null":
        present = matches_values(operator, pieces, "other")
        return Held(several, absent, several and present, ALL if present else None)
    clause = clause_of(test)
    of = Resources((), clause) if operator.comparison.negated else Resources((clause,))
    blank = several and matches_values(operator, pieces, ("",))
    if operator.qualifier == "ForAnyValue":
        return _possible(several, absent, blank, ALL, frozenset({of} - {ALL}))
    return _possible(several, absent, blank, of, frozenset())


def _possible(many: bool, absent: bool, blank: bool, every: Resources | None, some: frozenset[Resources]) -> Held:
    """The set without values that there can't be."""
    if every is not None:
        needed = (SOMETHING, *some) if many else (ALL,)
        if any(one_of(joined(every, one)) is None for one in needed):
            every = None
    return Held(many, absent, blank, every, frozenset() if every is None else some)


def _is_empty(held: Held) -> bool:
    return not held.absent and not held.blank and held.every is None


def is_plain(held: Held) -> bool:
    """Whether it is one value out of one clause, so that many such can be taken away at once."""
    return not held.many and held.every is not None and len(held.every.clauses) == 1 and not held.every.none


def without(held: Held, clause: Clause, *, absent: bool) -> Held | None:
    """What is left of a key of one value without those of a clause; with `absent` it may still be absent."""
    every = None if held.every is None else Resources(held.every.clauses, held.every.none | clause)
    left = _possible(held.many, held.absent and absent, held.blank, every, held.some)
    return None if _is_empty(left) else left


@lru_cache(maxsize=1 << 16)
def meet(a: Held, b: Held) -> Held | None:
    """What two sets share; None when that is nothing."""
    every = None if a.every is None or b.every is None else joined(a.every, b.every)
    both = _possible(a.many, a.absent and b.absent, a.blank and b.blank, every, a.some | b.some)
    return None if _is_empty(both) else both


@lru_cache(maxsize=1 << 16)
def minus(a: Held, b: Held) -> tuple[Held, ...]:
    """What is left of `a` without `b`, as sets that share nothing."""
    absent, blank = a.absent and not b.absent, a.blank and not b.blank
    left: list[Held] = []
    for every, some in _values_left(a, b):
        rest = _possible(a.many, absent, blank, every, some)
        if not _is_empty(rest):
            left.append(rest)
            absent = blank = False
    if absent or blank:
        left.append(Held(a.many, absent, blank, None))
    return tuple(left)


def _values_left(a: Held, b: Held) -> list[tuple[Resources, frozenset[Resources]]]:
    if a.every is None:
        return []
    if b.every is None:
        return [(a.every, a.some)]
    if not a.many:
        return [(every, a.some) for every in apart(a.every, b.every)]
    every, some = a.every, a.some
    left: list[tuple[Resources, frozenset[Resources]]] = []
    for clause in b.every.clauses:
        left.append((every, some | {Resources((), clause)}))
        every = joined(every, Resources((clause,)))
    if b.every.none:
        left.append((every, some | {Resources((b.every.none,))}))
        every = Resources(every.clauses, every.none | b.every.none)
    for one in sorted(b.some - some, key=repr):
        # Each comes from one test, so it is one clause or what one clause leaves out.
        none = every.none.union(*one.clauses)
        left.append((joined(Resources(every.clauses, none), Resources((one.none,) if one.none else ())), some))
        some = some | {one}
    return left


def atoms(key: str, held: Held) -> list[Atom]:
    """What it may hold, one for each kind: nothing, empty texts, values."""
    found = [Atom(None)] if held.absent else []
    if held.every is not None:
        needed = tuple(sorted(held.some, key=repr)) or ((SOMETHING,) if held.many else (ALL,))
        shown = [one_of(joined(held.every, one)) for one in needed]
        if held.many and all(one is not None and one.sure and not one.text for one in shown):
            shown.append(one_of(joined(held.every, SOMETHING)))  # the empty text alone is as good as no value
        sure = all(one is not None and one.sure and can_be(key, one.text) for one in shown)
        values = tuple(dict.fromkeys(one.text for one in shown if one is not None and one.sure))
        found.append(Atom((values if held.many else values[0]) if sure else "", sure))
    return [*found, Atom(("",))] if held.blank else found
