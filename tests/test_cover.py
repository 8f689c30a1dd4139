"""Laws of the search: what makes it fast changes no answer."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecsiam.analysis import among, cover, held, points
from ecsiam.analysis.answers import Fails, Holds, Undecided
from ecsiam.analysis.budget import PIECES, SECONDS, check_time, limited, pieces
from ecsiam.analysis.change import compare
from ecsiam.analysis.held import Held, Symbolic, symbolic
from ecsiam.analysis.keys import KeyTest, cells
from ecsiam.analysis.leaf import Resources
from ecsiam.analysis.matching import matches_values
from ecsiam.analysis.patterns import Unclear, wildcard
from ecsiam.analysis.questions import can, contains, equivalent, overlaps, requests_of
from ecsiam.errors import PolicyError
from ecsiam.model.condition import COMPARISONS, Kind, Operator
from ecsiam.model.policy import Policy

from .asking import allow
from .shapes import overlapping, policy
from .test_cells import KEY, asked_of, plain, values_of
from .worlds import settle, worlds

TEXTS = st.text("ab*?", max_size=5)


@contextmanager
def as_if_large() -> Generator[None]:
    """Every key of texts stays symbolic, and every union is indexed."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(held, "MOST_BITS", -1)
        patched.setattr(held, "MOST_SETS", -1)
        patched.setattr(cover, "FEW", 0)
        patched.setattr(among, "FEW", 0)
        yield


@settle(300)
@given(worlds(2))
def test_symbolic_keys_and_indexes_change_no_answer(two: tuple[Policy, ...]) -> None:
    for question in (contains, overlaps):
        answer = question(*two)
        with as_if_large():
            large = question(*two)
        assert isinstance(answer, Undecided) or isinstance(large, Undecided) or type(answer) is type(large)
        witness = None if isinstance(large, Undecided) else large.witness
        if witness is not None:
            shown = [witness in requests_of(one) for one in two]
            assert shown == ([False, True] if question is contains else [True, True])


def test_some_value_that_matches_nothing_listed_is_any_value() -> None:
    """An ARN that is cut short matches nothing, so a negated operator takes each value, and fails for none at all."""
    tests = [KeyTest(KEY, Operator.parse("ForAnyValue:ArnNotEquals"), (("arn:aws:sqs:eu*:*",),))]
    found = symbolic(KEY, frozenset(tests), None)
    assert found is not None
    assert [
        atom.value for rest in held.minus(found.all, found.passing[tests[0]]) for atom in held.atoms(KEY, rest)
    ] == [
        None,
        ("",),
    ]


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("kind", ["string", "arn"])
def test_a_symbolic_key_comes_out_as_matching_says(kind: Kind, several: bool) -> None:
    """Each choice of tests that pass and fail is possible exactly where the cells say so, and its example does so."""

    @settle(150)
    @given(asked_of(kind, several), st.data())
    def check(tests: frozenset[KeyTest], data: st.DataObject) -> None:
        found, bits = symbolic(KEY, tests, None if several else False), cells(KEY, tests, None if several else False)
        assert found is not None
        assert bits is not None
        ordered = sorted(tests, key=repr)
        known = {tuple(bool(bits.passing[t] >> i & 1) for t in ordered) for i in range(len(bits.atoms))}
        reached = dict(_choices(found, ordered))
        assert set(reached) == known
        for outcome, parts in reached.items():
            for atom in (a for part in parts for a in held.atoms(KEY, part)):
                assert atom.sure
                assert outcome == tuple(plain(t, atom.value) for t in ordered), atom
        value = data.draw(values_of(kind, tests, several))
        assert tuple(plain(t, value) for t in ordered) in known

    check()


def _choices(key: Symbolic, tests: list[KeyTest]) -> Iterator[tuple[tuple[bool, ...], list[Held]]]:
    """What is left for each way to pass and fail the tests, where something is."""
    ways: list[tuple[tuple[bool, ...], list[Held]]] = [((), [key.all])]
    for test in tests:
        passing = key.passing[test]
        found: list[tuple[tuple[bool, ...], list[Held]]] = []
        for outcome, parts in ways:
            found.append(((*outcome, True), [both for p in parts if (both := held.meet(p, passing))]))
            found.append(((*outcome, False), [rest for p in parts for rest in held.minus(p, passing)]))
        ways = [way for way in found if way[1]]
    yield from ways


@settle(500)
@given(TEXTS, TEXTS, st.lists(st.text("abc", max_size=4), max_size=6))
def test_a_pattern_that_covers_another_takes_its_strings(wide: str, narrow: str, strings: list[str]) -> None:
    if wildcard(wide).covers(wildcard(narrow)):
        for string in strings:
            assert wildcard(wide).matches(string) or not wildcard(narrow).matches(string)
        assert wildcard(wide).matches(wildcard(narrow).filled("c"))


@settle(300)
@given(st.lists(TEXTS, min_size=1, max_size=12), TEXTS)
def test_the_index_finds_what_can_meet(texts: list[str], text: str) -> None:
    clause, p = frozenset(map(wildcard, texts)), wildcard(text)
    with as_if_large():
        found = among.agreeing(clause, p)
    for q in clause:
        both = among.one_of(Resources((frozenset({q}), frozenset({p}))))
        assert both is None or q in found


@pytest.mark.parametrize("kind", ["numeric", "date", "ip"])
def test_values_in_order_come_out_as_matching_says(kind: Kind) -> None:
    names = [name for name, c in COMPARISONS.items() if c.kind == kind]

    @settle(200)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        tests = sorted(data.draw(asked_of(kind, False)), key=repr)
        tests = [t for t in tests if t.operator.comparison.name in names]
        values = [v for v in data.draw(st.lists(values_of(kind, frozenset(tests), False))) if isinstance(v, str)]
        listed = [(t.operator.comparison, tuple("".join(map(str, v)) for v in t.values)) for t in tests]
        for value, bits in zip(values, points.passed(kind, listed, values), strict=True):
            for i, (comparison, texts) in enumerate(listed):
                operator = tests[i].operator
                wanted = matches_values(operator, tuple(((text, True),) for text in texts), value)
                assert bool(bits >> i & 1) == wanted, (comparison, texts, value)

    check()


# ---------------------------------------------------------------- what a question may cost


HARD = policy(*overlapping(12)), policy(*overlapping(12)[::-1], *overlapping(14)[12:])


def test_a_budget_of_pieces_is_named() -> None:
    with limited(pieces=1):
        answer = contains(*HARD)
    assert isinstance(answer, Undecided)
    assert answer.reason == "the search was given up after 1 pieces"
    assert isinstance(contains(*HARD), Fails)


def test_a_budget_of_time_is_named() -> None:
    with limited(1e-9):
        answer = contains(*HARD)
    assert isinstance(answer, Undecided)
    assert answer.reason == "the time of 1e-09 s ran out"
    assert isinstance(contains(*HARD), Fails)  # nothing is kept of a question that was cut short


def test_an_inner_limit_only_shortens() -> None:
    with limited(1e-9, pieces=5), limited(1_000, pieces=10):
        assert pieces() == 5
        with pytest.raises(Unclear, match="the time of 1e-09 s ran out"):
            check_time()
    assert pieces() == PIECES
    assert SECONDS >= 10
    check_time()


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_no_time_at_all_is_refused(seconds: float) -> None:
    with pytest.raises(PolicyError, match="Give it more than none"), limited(seconds):
        pass


def test_names_keep_their_case_in_reasons() -> None:
    tagged = allow(when={"StringEquals": {"aws:RequestTag/Team": "${aws:PrincipalTag/Owner}"}})
    answer = contains(allow(when={"StringEquals": {"aws:RequestTag/Team": "${aws:PrincipalTag/OWNER}x"}}), tagged)
    assert isinstance(answer, Fails | Undecided)
    mixed = allow(when={"StringEquals": {"aws:RequestTag/Team": "5"}, "NumericLessThan": {"aws:RequestTag/Team": "9"}})
    undecided = contains(allow(when={"StringEquals": {"aws:RequestTag/Team": "6"}}), mixed)
    assert isinstance(undecided, Undecided)
    assert "`aws:RequestTag/Team`" in undecided.reason


def test_a_question_takes_a_budget_of_its_own() -> None:
    for answer in (
        contains(*HARD, timeout=1e-9),
        overlaps(*HARD, timeout=1e-9),
        equivalent(*HARD, timeout=1e-9),
        can(HARD[0], action="s3:GetObject", timeout=1e-9),
    ):
        assert isinstance(answer, Undecided)
        assert answer.reason == "the time of 1e-09 s ran out"
    assert compare(*HARD, timeout=1e-9).undecided == ("the time of 1e-09 s ran out",)
    assert isinstance(can(HARD[0], action="s3:GetAnything", timeout=1_000), Holds)


def test_a_key_compared_with_and_without_a_set_operator() -> None:
    """AWS doesn't say what an operator without one makes of several values: a Holds says that it assumes one."""
    of_all = allow(when={"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}})
    plain = allow(when={"StringEquals": {"aws:TagKeys": "a"}})
    answer = contains(of_all, plain)
    assert isinstance(answer, Holds)
    assert answer.assumed == ("`aws:TagKeys` holds one value at most, where it is compared without a set operator",)
    assert isinstance(contains(plain, of_all), Fails)
