"""Sets of strings: the search against brute force, against an SMT solver, and by its laws."""

import itertools
from importlib import import_module
from typing import Any

import pytest
from hypothesis import example as also
from hypothesis import given, settings
from hypothesis import strategies as st

from ecsiam.analysis import strings
from ecsiam.analysis.patterns import (
    ANY,
    EVERYTHING,
    Chars,
    Clause,
    Hole,
    Pattern,
    Run,
    _interned,  # pyright: ignore[reportPrivateUsage]
    char,
    literal,
    pattern,
    show,
    wildcard,
)
from ecsiam.analysis.strings import OutOfBudget, at_hand, example

from .effort import many

LETTERS = "ab"
WORDS = ["".join(w) for n in range(7) for w in itertools.product(LETTERS, repeat=n)]

texts = st.text(alphabet="ab*?", max_size=5)
unions = st.lists(texts, min_size=1, max_size=3)


def naive(text: str, word: str) -> bool:
    """Matching as one would explain it."""
    if not text:
        return not word
    match text[0]:
        case "*":
            return naive(text[1:], word) or (bool(word) and naive(text, word[1:]))
        case "?":
            return bool(word) and naive(text[1:], word[1:])
        case c:
            return word.startswith(c) and naive(text[1:], word[1:])


def clause(given: list[str]) -> Clause:
    return frozenset(map(wildcard, given))


def any_of(union: list[str], word: str) -> bool:
    return any(naive(t, word) for t in union)


@given(texts, st.sampled_from(WORDS))
def test_a_pattern_matches_what_it_says(text: str, word: str) -> None:
    assert wildcard(text).matches(word) == naive(text, word)


@settings(max_examples=many(1500))
@given(st.lists(unions, max_size=3), st.lists(texts, max_size=4))
@also([["*a*b"], ["?*"]], ["a*", "b"])
def test_the_search_agrees_with_brute_force(wanted: list[list[str]], unwanted: list[str]) -> None:
    found = example(map(clause, wanted), clause(unwanted))
    shortest = next((w for w in WORDS if all(any_of(u, w) for u in wanted) and not any_of(unwanted, w)), None)
    if found is None:
        assert shortest is None
    else:
        assert found.sure
        assert all(any_of(u, found.text) for u in wanted)
        assert not any_of(unwanted, found.text)
        if shortest is not None and len(wanted) < 2 and all(len(u) < 2 for u in wanted):
            assert len(found.text) <= len(shortest)


@settings(max_examples=many(500))
@given(st.lists(unions, max_size=3), st.lists(texts, max_size=4))
@also([["a*"], ["*x"]], [])
def test_a_word_at_hand_is_an_example(wanted: list[list[str]], unwanted: list[str]) -> None:
    clauses, none = [clause(one) for one in wanted], clause(unwanted)
    assert not at_hand(clauses, none) or example(clauses, none) is not None


def contained(narrow: Clause, wide: Clause) -> bool:
    return example((narrow,), wide) is None


def disjoint(a: Clause, b: Clause) -> bool:
    return example((a, b)) is None


@given(unions)
def test_inclusion_is_reflexive_and_everything_is_the_whole(a: list[str]) -> None:
    assert contained(clause(a), clause(a))
    assert contained(clause(a), frozenset({EVERYTHING}))
    assert example((frozenset(),)) is None


@given(unions, unions, unions)
def test_inclusion_is_transitive(a: list[str], b: list[str], c: list[str]) -> None:
    if contained(clause(a), clause(b)) and contained(clause(b), clause(c)):
        assert contained(clause(a), clause(c))


@given(unions, unions)
def test_de_morgan(a: list[str], b: list[str]) -> None:
    """What is in neither is what is in the complement of the union."""
    neither = example((), clause(a) | clause(b))
    for word in WORDS[:32]:
        outside = not any_of(a, word) and not any_of(b, word)
        if outside:
            assert neither is not None
    if neither is not None:
        assert not any_of(a + b, neither.text)


@given(unions, unions, unions)
def test_intersection_distributes_over_union(a: list[str], b: list[str], c: list[str]) -> None:
    together = disjoint(clause(a), clause(b) | clause(c))
    assert together == (disjoint(clause(a), clause(b)) and disjoint(clause(a), clause(c)))


@given(unions, unions)
def test_nothing_is_both_in_a_difference_and_in_what_was_taken(a: list[str], b: list[str]) -> None:
    left = example((clause(a),), clause(b))
    if left is not None:
        assert example((clause(a), frozenset({literal(left.text)}), clause(b))) is None


# ---------------------------------------------------------------- an SMT solver as oracle


class Solver:
    """cvc5 on the same question, over strings."""

    def __init__(self) -> None:
        cvc5: Any = import_module("cvc5")
        self.solver: Any = cvc5.Solver()
        self.solver.setLogic("QF_SLIA")
        self.solver.setOption("tlimit-per", "5000")
        self.kind: Any = cvc5.Kind
        self.x: Any = self.solver.mkConst(self.solver.getStringSort(), "x")

    def member(self, union: list[str]) -> Any:
        s, k = self.solver, self.kind
        every = [self.regex(t) for t in union]
        return s.mkTerm(k.STRING_IN_REGEXP, self.x, every[0] if len(every) == 1 else s.mkTerm(k.REGEXP_UNION, *every))

    def regex(self, text: str) -> Any:
        s, k = self.solver, self.kind
        one = s.mkTerm(k.REGEXP_ALLCHAR)
        parts = [
            s.mkTerm(k.REGEXP_STAR, one)
            if c == "*"
            else one
            if c == "?"
            else s.mkTerm(k.STRING_TO_REGEXP, s.mkString(c))
            for c in text
        ]
        empty = s.mkTerm(k.STRING_TO_REGEXP, s.mkString(""))
        return s.mkTerm(k.REGEXP_CONCAT, empty, empty, *parts)

    def satisfiable(self, wanted: list[list[str]], unwanted: list[str]) -> bool | None:
        for union in wanted:
            self.solver.assertFormula(self.member(union))
        if unwanted:
            self.solver.assertFormula(self.solver.mkTerm(self.kind.NOT, self.member(unwanted)))
        result = self.solver.checkSat()
        return None if result.isUnknown() else result.isSat()


arn_texts = st.lists(st.sampled_from(["a", "b", "arn:", "/", ":", "*", "?", "team-", "x1"]), max_size=7).map("".join)


@settings(max_examples=many(150), deadline=None)
@given(st.lists(st.lists(arn_texts, min_size=1, max_size=4), min_size=1, max_size=2), st.lists(arn_texts, max_size=5))
def test_the_search_agrees_with_cvc5(wanted: list[list[str]], unwanted: list[str]) -> None:
    said = Solver().satisfiable(wanted, unwanted)
    found = example(map(clause, wanted), clause(unwanted))
    assert said is None or said == (found is not None), (wanted, unwanted, found)


HARD = [
    ([["*"]], [f"*{c}*" for c in "abcdefghijklmnopqrst"]),
    ([[f"*{c}*x*" for c in "abcdefghijklmnopqrst"]], [f"*{c}*x*" for c in "abcdefghijklmnopqrs"]),
    ([[f"*{c}*x*" for c in "abcdefghijklmnopqrst"]], [f"*{c}*x*" for c in "abcdefghijklmnopqrst"]),
    ([["*a*b*c*d*e*f*"]], ["*a*b*c*d*e*", "*f*a*"]),
    ([["arn:aws:s3:::*/home/*"]], ["arn:aws:s3:::*/home/a*", "arn:aws:s3:::a*/*"]),
    ([["a?????????*"]], ["a*b", "a*c", "*d", "?????*"]),
]


@pytest.mark.parametrize(("wanted", "unwanted"), HARD)
def test_hard_questions_are_answered_as_cvc5_answers_them(wanted: list[list[str]], unwanted: list[str]) -> None:
    said = Solver().satisfiable(wanted, unwanted)
    assert said is not None
    assert (example(map(clause, wanted), clause(unwanted)) is not None) == said


def far(letter: str) -> tuple[Clause, Clause]:
    """Eight letters of which no two may stand at most twenty apart: a long way to the shortest."""
    return clause([f"*{letter}" * 8 + "*"]), clause([f"*{letter}{'?' * i}{letter}*" for i in range(20)])


def test_a_search_beyond_its_budget_is_given_up_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted, unwanted = far("a")
    found = example((wanted,), unwanted)
    assert found is not None
    assert found.text == ("a" + "x" * 20) * 7 + "a"
    monkeypatch.setattr(strings, "BUDGET", 50)
    wanted, unwanted = far("b")
    with pytest.raises(OutOfBudget, match="given up after 50 states"):
        example((wanted,), unwanted)


# ---------------------------------------------------------------- Unicode, sets of characters


@pytest.mark.parametrize("one", ["\u00e9", "\u4e2d", "\U0001f600", "\n", "\x00", "\ud800"])
def test_a_question_mark_is_one_code_point(one: str) -> None:
    assert wildcard("a?").matches("a" + one)
    assert not wildcard("a?").matches(f"a{one}{one}")
    assert wildcard("*").matches(one * 3)


@pytest.mark.parametrize("letters", ["", "a", "ab", ":"])
@pytest.mark.parametrize("others", ["", "a", "bc", ":"])
@pytest.mark.parametrize("inverse", [(False, False), (False, True), (True, False), (True, True)])
def test_sets_of_characters_cover_and_meet(letters: str, others: str, inverse: tuple[bool, bool]) -> None:
    a, b = Chars(letters, inverse[0]), Chars(others, inverse[1])
    sample = "abc:xyz"
    assert a.covers(b) == all(c in a for c in sample if c in b)
    assert a.meets(b) == any(c in a and c in b for c in sample)


def test_equal_patterns_are_one() -> None:
    assert pattern((Run(ANY), Run(ANY))) is EVERYTHING
    assert wildcard("*?*?") is wildcard("??*")
    assert literal("a*") is not wildcard("a*")


def test_equal_patterns_are_one_after_very_many_others() -> None:
    held = wildcard("arn:*:held")
    for table in (wildcard, _interned):
        table.cache_clear()
    assert wildcard("arn:*:held") is held
    assert pattern((Run(ANY),)) is EVERYTHING


# ---------------------------------------------------------------- holes

X, Y = Hole("x", Chars("abc")), Hole("y", Chars("abc"))
GLOB = Hole("glob", exact=False)


def word(*parts: str | Hole) -> Pattern:
    return pattern(t for p in parts for t in ((p,) if isinstance(p, Hole) else wildcard(p).tokens))


def surely_inside(narrow: Pattern, wide: Pattern) -> bool:
    return example(({narrow},), frozenset({wide})) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("narrow", "wide", "inside"),
    [
        (word("/", X), word("/", X), True),
        (word("/", X), word("/*"), True),
        (word("/", X), word("/", Y), False),
        (word("/", X, "/*"), word("/", X, "*"), True),
        (word("/", X, "*"), word("/", X, "/*"), False),
        (word("/", X), word("/?"), False),
        (word("/", X), word("/a"), False),
        (word("/a"), word("/", X), False),
        (word(GLOB), word(GLOB), True),
        (word(GLOB, "/*"), word(GLOB, "*"), True),
        (word("*", X), word("*"), True),
    ],
)
def test_what_is_inside_whatever_the_hole_is(narrow: Pattern, wide: Pattern, inside: bool) -> None:
    assert (example((frozenset({narrow}),), frozenset({wide})) is None) == inside


@pytest.mark.parametrize(
    ("a", "b", "apart"),
    [
        (word("/", X, ":*"), word("/", X, "/*"), True),
        (word("/", X, "*"), word("/", X, "/*"), False),
        (word("/", X), word("/", Y), False),
        (word("/", X), word("/d*"), True),  # `d` is no character of the hole
        (word("/", X), word("/a*"), False),
        (word("/", X, "d"), word("/*c"), True),
        (word(GLOB), word("/a"), False),
        (word("/", GLOB, ":*"), word("/", GLOB, "/*"), False),  # the two may be different strings
    ],
)
def test_what_is_apart_whatever_the_hole_is(a: Pattern, b: Pattern, apart: bool) -> None:
    assert (example((frozenset({a}), frozenset({b}))) is None) == apart
    assert (example((frozenset({b}), frozenset({a}))) is None) == apart


filled = st.text(alphabet="abc", min_size=1, max_size=2)
with_holes = st.lists(st.sampled_from(["a", "b", "/", "*", "?", X, Y]), max_size=4)


@settings(max_examples=many(600))
@given(with_holes, with_holes, filled, filled)
def test_what_is_said_with_holes_is_so_for_every_text(a: list[str | Hole], b: list[str | Hole], x: str, y: str) -> None:
    values = {X: x, Y: y}

    def put(parts: list[str | Hole]) -> Clause:
        return frozenset({word(*(values[p] if isinstance(p, Hole) else p for p in parts))})

    if example((frozenset({word(*a)}),), frozenset({word(*b)})) is None:
        assert example((put(a),), put(b)) is None
    if example((frozenset({word(*a)}), frozenset({word(*b)}))) is None:
        assert example((put(a), put(b))) is None


def test_a_pattern_is_shown_as_it_is_written() -> None:
    assert show(wildcard("a*b?")) == "a*b?"
    assert show(word("/", X, "*")) == "/{x}*"
    assert show(pattern((char("a"), Run(ANY)))) == "a*"
