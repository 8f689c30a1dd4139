"""Condition keys: for the tests that a question makes of one key, one value for each way they can come out.

Whatever a request holds for the key, it comes out like one of these, so a set of values is a set of bits. Values are
absent, one value, or, where set operators are used, several.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import combinations

from attrs import field, frozen

from ecsiam.analysis.budget import OutOfTime
from ecsiam.analysis.matching import matches_values
from ecsiam.analysis.patterns import (
    ANY,
    NOT_COLON,
    Chars,
    Clause,
    Hole,
    One,
    Pattern,
    Run,
    Token,
    Unclear,
    char,
    ordered,
    pattern,
    show,
)
from ecsiam.analysis.points import PLACES, columns, passed
from ecsiam.analysis.request import Values
from ecsiam.analysis.samples import other
from ecsiam.analysis.samples import values as values_of
from ecsiam.analysis.strings import MOST_CELLS, vectors
from ecsiam.analysis.typed import SAMPLES, STRANGE, base, can_be, sample, type_of
from ecsiam.analysis.values import as_number
from ecsiam.analysis.variables import Escaped, Part, Variable
from ecsiam.model.condition import Kind, Operator
from ecsiam.model.globs import Piece
from ecsiam.model.text import Ref


@frozen(cache_hash=True)
class KeyTest:
    """One condition, apart from its statement. The key is in lower case; `name` is the key as it was written."""

    key: str
    operator: Operator
    values: tuple[tuple[Part, ...], ...]
    name: str = field(default="", eq=False)


@frozen
class Atom:
    """A value that stands for all that come out alike. Without `sure`, there may be none: it rests on what is open."""

    value: Values | None
    sure: bool = True


@frozen
class Cells:
    """The atoms of a key, and for each test the atoms that pass it, as bits."""

    atoms: tuple[Atom, ...]
    passing: dict[KeyTest, int] = field(eq=False)

    @property
    def all(self) -> int:
        return (1 << len(self.atoms)) - 1


EARLY = "an ARN begins with a policy variable, so where its parts are isn't known"


def hole(part: Variable | Ref, *, within: bool = False, any_case: bool = False) -> Hole:
    """What is known of a text that is put in later; `within` one of the first five parts of an ARN it has no colon.

    With `any_case` it is that text with its letters in either case.
    """
    anything = NOT_COLON if within else ANY
    if isinstance(part, Variable):
        return Hole(part, anything, empty=part.default == "", any_case=any_case)
    known = anything if part.parameter else DEPLOYMENT_CHARS.get(part.name, anything)
    return Hole(part, _of_any_case(known) if any_case else known, any_case=any_case)


def _of_any_case(chars: Chars) -> Chars:
    return chars if chars.inverse else Chars({*chars.chars, *(c.upper() for c in chars.chars)})


_NAME_CHARS = Chars("abcdefghijklmnopqrstuvwxyz0123456789-")
DEPLOYMENT_CHARS = {
    "account_id": Chars("0123456789"),
    "aws_region": _NAME_CHARS,
    "partition": _NAME_CHARS,
    "dns_suffix": Chars((*_NAME_CHARS.chars, ".")),
}


# ---------------------------------------------------------------- values as patterns


# What is written apart and is one letter when case is ignored, beyond a letter's own upper and lower case.
_SAME = {"k": "\u212a", "\u00df": "\u1e9e", "\u00e5": "\u212b"}


def _ignoring_case(letter: str) -> One:
    low = letter.lower()
    return One(Chars({letter, low, *(u for u in (letter.upper(), _SAME.get(low, low)) if u.lower() == low)}))


@lru_cache(maxsize=1 << 14)
def value_pattern(comparison: str, parts: tuple[Part, ...]) -> Pattern | None:
    """What a value of a string or ARN operator stands for; None when that is nothing."""
    tokens: list[Token] = []
    star, colons = ANY, 0
    arn = comparison.startswith("Arn")
    like = arn or comparison in ("StringLike", "StringNotLike")
    any_case = comparison.endswith("IgnoreCase")
    if arn and parts == ("*",):
        return pattern((Run(ANY),))
    for part in parts:
        match part:
            case str():
                for c in part:
                    colons += c == ":"
                    star = NOT_COLON if arn and colons < 5 else ANY
                    if like and c in "*?":
                        tokens.append(Run(star) if c == "*" else One(star))
                    else:
                        tokens.append(_ignoring_case(c) if any_case else char(c))
            case Escaped(c):
                tokens.append(char(c))
            case Variable() if arn and not colons:
                raise Unclear(EARLY)
            case Variable() | Ref():
                tokens.append(hole(part, within=arn and 0 < colons < 5, any_case=any_case))
                colons += 5 if arn and len(tokens) == 1 else 0  # an ARN that is put in whole
    return pattern(tokens) if not arn or colons >= 5 else None


def clause_of(test: KeyTest) -> Clause:
    """The texts that a test lists, as patterns."""
    patterns = (value_pattern(test.operator.comparison.name, v) for v in test.values)
    return frozenset(p for p in patterns if p is not None)


# ---------------------------------------------------------------- one value of each kind


def _tries(key: str, tests: tuple[KeyTest, ...]) -> Iterator[str]:
    """Strings that are nice to read: the values themselves, with something in the place of their wildcards."""
    yield other(key)
    for test in tests:
        for union in ordered(clause_of(test)):
            if not union.holes:
                yield show(union) if union.literal is not None else show(union).replace("*", "x").replace("?", "x")


def _plain(text: tuple[Part, ...]) -> str | None:
    return text[0] if len(text) == 1 and isinstance(text[0], str) else None


_SOMETHING = frozenset({pattern((One(ANY), Run(ANY)))})
_Single = tuple[int, str | None, bool]  # which tests the value passes as it is, the value, whether it is sure


def _singles(key: str, tests: tuple[KeyTest, ...]) -> list[_Single] | None:
    """One value for each way the tests can come out for a single value; None where we can't tell.

    Under set operators it is the empty text only where no other one comes out like that.
    """
    kinds: set[Kind] = {t.operator.comparison.kind for t in tests}
    is_plain = not any(isinstance(p, Ref | Variable) for t in tests for v in t.values for p in v)
    if is_plain and tests and type_of(key) == "Bool":
        return _coming_out((_passed(tests, value), value) for value in SAMPLES["Bool"])
    if kinds <= {"string", "arn"}:
        return _texts(key, tests)
    if len(kinds) > 1 or not is_plain:
        return None
    given = [_plain(v) for t in tests for v in t.values]
    kind = kinds.pop()
    tries = list(values_of(key, kind, [t for t in given if t is not None]))
    within = base(key)
    if within is None:
        return _coming_out(_each(kind, tests, tries))
    forms = [*tries, *(f"{int(n):012}" for n in map(as_number, tries) if n is not None)]
    sure = _coming_out(_each(kind, tests, [t for t in forms if any(p.matches(t) for p in within)]))
    known = {bits for bits, *_ in sure}
    # Whether a value of the key comes out like the rest of these isn't known.
    return [*sure, *((bits, None, False) for bits, *_ in _coming_out(_each(kind, tests, tries)) if bits not in known)]


def _texts(key: str, tests: tuple[KeyTest, ...]) -> list[_Single] | None:
    if not tests:
        return [(0, sample(key) if type_of(key) in SAMPLES else other(key), True)]
    negated = sum(1 << i for i, t in enumerate(tests) if t.operator.comparison.negated)
    within = base(key)
    try:
        tries = [*SAMPLES.get(type_of(key), ()), *_tries(key, tests)]
        unions = tuple(map(clause_of, tests))
        if any(t.operator.qualifier for t in tests):
            found = dict(vectors(unions, tries, (within or _SOMETHING,)))
            if within is None:
                found = {**dict(vectors(unions, ("",))), **found}
        else:
            found = dict(vectors(unions, tries, (within,) if within else ()))
    except OutOfTime:
        raise
    except Unclear:
        return None
    sure = {bits: f.sure and can_be(key, f.text) for bits, f in found.items()}
    return [(bits ^ negated, f.text if sure[bits] else None, sure[bits]) for bits, f in found.items()]


def _coming_out(tries: Iterable[tuple[int, str]]) -> list[_Single]:
    """The first value for each way that tests without anything open come out, of values with what they pass."""
    singles: dict[int, str] = {}
    for bits, value in tries:
        singles.setdefault(bits, value)
    return [(bits, value, True) for bits, value in singles.items()]


def _each(kind: Kind, tests: tuple[KeyTest, ...], values: list[str]) -> Iterator[tuple[int, str]]:
    """Each value, and the tests that it passes as it is."""
    if kind not in PLACES:
        yield from ((_passed(tests, value), value) for value in values)
        return
    listed = [(t.operator.comparison, tuple("".join(text for text, _ in v) for v in pieces_of(t))) for t in tests]
    yield from zip(passed(kind, listed, values), values, strict=True)


def _passed(tests: tuple[KeyTest, ...], value: str) -> int:
    """The tests that a value passes as it is, as bits."""
    plain = (matches_values(Operator(t.operator.comparison), pieces_of(t), value) for t in tests)
    return sum(1 << i for i, passes in enumerate(plain) if passes)


def _empty(tests: tuple[KeyTest, ...], singles: list[_Single]) -> list[_Single]:
    """The empty text: set operators take it, alone, for no value at all."""
    if all(t.operator.qualifier for t in tests):
        return [(0, "", True)]
    if any(p.holes for t in tests for p in clause_of(t)):
        return [(bits, None, False) for bits, *_ in singles]
    return [(_passed(tests, ""), "", True)]


def pieces_of(test: KeyTest) -> tuple[tuple[Piece, ...], ...]:
    """The values of a test as plain matching takes them, where nothing in them is open."""
    return tuple(tuple((p, True) if isinstance(p, str) else (_plainly(p), False) for p in v) for v in test.values)


def _plainly(part: Part) -> str:
    return part.char if isinstance(part, Escaped) else str(part)


def _united(of: Iterable[int]) -> int:
    bits = 0
    for one in of:
        bits |= one
    return bits


# ---------------------------------------------------------------- cells


@lru_cache(maxsize=1 << 13)
def cells(key: str, tests: frozenset[KeyTest], many: bool | None = None) -> Cells | None:
    """The cells of a key; None where no partition is known: then each test has to be taken as a thing of its own.

    `many` says whether the key can have several values, None that it isn't known.
    """
    asked = tuple(sorted(tests, key=repr))
    valued = tuple(t for t in asked if t.operator.comparison.kind != "null")
    singles = _singles(key, valued)
    if singles is None:
        return None
    sets = [t for t in valued if t.operator.qualifier]
    if sets and many is not False and len(sets) < len(valued):
        return None  # AWS says nothing of an operator without qualifier on several values
    # Each set operator is shown by one value; where that is the empty text, by another one beside it.
    empties = _empty(valued, singles) if sets and base(key) is None and can_be(key, "") else []
    groups: list[tuple[_Single, ...]] = [(single,) for single in singles if not sets or single[1] != ""]
    if sets and many is not False:
        for size in range(2, len(sets) + (len(groups) < len(singles)) + 1):
            groups += combinations(singles, size)
            if len(groups) > MOST_CELLS:
                return None
    groups += [(empty,) for empty in empties]
    passing = dict.fromkeys(asked, 0)
    atoms = [Atom(None)]
    for test in asked:
        passing[test] |= matches_values(test.operator, pieces_of(test), None)
    for group in groups:
        values = tuple(value or "" for _, value, _ in group)
        atoms.append(Atom(values if sets and many is not False else values[0], all(sure for *_, sure in group)))
    every = (1 << len(valued)) - 1
    some_pass = [_united(bits for bits, *_ in group) for group in groups]
    all_pass = [every ^ _united(every ^ bits for bits, *_ in group) for group in groups] if sets else some_pass
    of_all, of_some = columns(all_pass, len(valued)), columns(some_pass, len(valued))
    blank = ((1 << len(empties)) - 1) << len(groups) - len(empties)
    for i, test in enumerate(valued):
        passes = of_some[i] if test.operator.qualifier == "ForAnyValue" else of_all[i]
        if test.operator.qualifier:
            passes = passes | blank if test.operator.qualifier == "ForAllValues" else passes & ~blank
        passing[test] |= passes << 1
    for test in asked:
        if test.operator.comparison.kind == "null" and matches_values(test.operator, pieces_of(test), STRANGE):
            passing[test] |= ((1 << len(groups)) - 1) << 1
    return Cells(tuple(atoms), passing)
