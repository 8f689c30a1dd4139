"""Cells: whatever a request holds, it comes out like one of the values that stand for all."""

from collections import defaultdict
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ecsiam.analysis.actions import Universe, action_cells, takes
from ecsiam.analysis.keys import Cells, KeyTest, _ignoring_case, cells  # pyright: ignore[reportPrivateUsage]
from ecsiam.analysis.leaf import Actions
from ecsiam.analysis.matching import glob, matches_principal, matches_values
from ecsiam.analysis.principals import principal_cells
from ecsiam.analysis.request import Values
from ecsiam.analysis.variables import Escaped, parts
from ecsiam.model.condition import COMPARISONS, Kind, Operator
from ecsiam.model.text import text
from ecsiam.reference.actions import actions, services

from .worlds import NAMES, OPERATORS, PEOPLE, PRINCIPALS, VALUES, settle

KEY = "own:key"
KINDS: tuple[Kind, ...] = ("string", "arn", "numeric", "date", "bool", "binary", "ip")
LATIN = "".join(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0x100)]))
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=3).map("{:f}".format) | st.integers().map(str)
DATES = st.datetimes().map(lambda d: d.strftime("%Y-%m-%dT%H:%M:%SZ")) | st.integers(-(10**13), 10**13).map(str)
BLOCKS = st.builds("{}/{}".format, st.ip_addresses(v=4), st.integers(0, 32)) | st.builds(
    "{}/{}".format, st.ip_addresses(v=6), st.integers(0, 128)
)
# The free texts of a policy and of a request, beyond those of the small alphabet.
FREE: dict[Kind, tuple[st.SearchStrategy[str], st.SearchStrategy[str]]] = {
    "string": (st.text("aAk\xdf*?:", max_size=4), st.text("aAk\u212a\xdf\u1e9e*?:x", max_size=4)),
    "arn": (
        st.lists(st.text("ab*?", max_size=2), min_size=5, max_size=7).map(":".join),
        st.lists(st.text("abx", max_size=2), min_size=5, max_size=7).map(":".join),
    ),
    "numeric": (NUMBERS, NUMBERS),
    "date": (DATES, DATES | NUMBERS),
    "bool": (st.sampled_from(["true", "false"]), st.sampled_from(["true", "false", "1"])),
    "binary": (st.binary(max_size=1).map(lambda b: f"{b.hex()}=="), st.text("ABQ=", max_size=4)),
    "ip": (BLOCKS, st.ip_addresses().map(str)),
}


@st.composite
def asked_of(draw: st.DrawFn, kind: Kind, several: bool) -> frozenset[KeyTest]:
    """What a question may ask of one key, with one kind of operators."""
    names = st.sampled_from([*OPERATORS[kind], "Null"])
    texts = st.sampled_from(VALUES[kind][0]) | FREE[kind][0]
    found: set[KeyTest] = set()
    for name in draw(st.lists(names, min_size=1, max_size=3 if several else 5)):
        null = name == "Null"
        prefix = draw(st.sampled_from(["ForAllValues:", "ForAnyValue:"])) if several and not null else ""
        suffix = "" if null else draw(st.sampled_from(["", "IfExists"]))
        values = draw(st.lists(st.sampled_from(["true", "false"]) if null else texts, min_size=1, max_size=3))
        version = "2012-10-17" if COMPARISONS[name].kind in ("string", "arn") else "2008-10-17"
        written = tuple(parts(text(v), version) for v in values)
        found.add(KeyTest(KEY, Operator.parse(f"{prefix}{name}{suffix}"), written))
    return frozenset(found)


def values_of(kind: Kind, tests: frozenset[KeyTest], several: bool) -> st.SearchStrategy[Values | None]:
    """What a request may hold: of the alphabet, of the tests themselves, or free."""
    own = sorted({p for t in tests for v in t.values for p in v if isinstance(p, str)})
    one = st.sampled_from([*VALUES[kind][1], *own]) | FREE[kind][1]
    return st.none() | (st.lists(one, max_size=4).map(tuple) if several else one)


def plain(test: KeyTest, given: Values | None) -> bool:
    """What matching says."""
    pieces = tuple(tuple((p.char, False) if isinstance(p, Escaped) else (str(p), True) for p in v) for v in test.values)
    return matches_values(test.operator, pieces, given)


def vectors(found: Cells, tests: list[KeyTest]) -> list[tuple[bool, ...]]:
    return [tuple(bool(found.passing[t] >> i & 1) for t in tests) for i in range(len(found.atoms))]


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_every_value_comes_out_like_an_atom(kind: Kind, several: bool) -> None:
    @settle(200)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        tests = data.draw(asked_of(kind, several))
        found = cells(KEY, tests, None if several else False)
        assert found is not None
        ordered = sorted(tests, key=repr)
        known = vectors(found, ordered)
        for atom, vector in zip(found.atoms, known, strict=True):
            assert atom.sure
            assert vector == tuple(plain(t, atom.value) for t in ordered), atom
        for value in data.draw(st.lists(values_of(kind, tests, several), min_size=5, max_size=10)):
            assert tuple(plain(t, value) for t in ordered) in known, value

    check()


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_of_one_value_under_set_operators(kind: Kind) -> None:
    """A key that has one value at most may stand under operators of both sorts."""

    @settle(100)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        tests = data.draw(asked_of(kind, False)) | data.draw(asked_of(kind, True))
        found = cells(KEY, tests, False)
        assert found is not None
        ordered = sorted(tests, key=repr)
        known = vectors(found, ordered)
        assert known == [tuple(plain(t, a.value) for t in ordered) for a in found.atoms]
        for value in data.draw(st.lists(values_of(kind, tests, False), min_size=5, max_size=10)):
            assert tuple(plain(t, value) for t in ordered) in known, value

    check()


def test_kinds_that_are_mixed_have_no_cells() -> None:
    tests = [KeyTest(KEY, Operator.parse(name), (("5",),)) for name in ("StringEquals", "NumericEquals")]
    assert cells(KEY, frozenset(tests)) is None


def test_letters_without_case_are_those_of_all_unicode() -> None:
    """Which characters are one letter of a policy when case is ignored, against every code point there is."""
    alike: defaultdict[str, set[str]] = defaultdict(set)
    letters = {letter.lower() for letter in LATIN}
    for c in map(chr, range(0x110000)):
        if c.lower() in letters:
            alike[c.lower()].add(c)
    for letter in LATIN:
        found = _ignoring_case(letter).of
        assert not found.inverse
        assert found.chars == alike[letter.lower()], letter


# ---------------------------------------------------------------- actions and principals

PATTERNS = st.from_regex(r"(own|s3|\*):[ab*?]{1,4}", fullmatch=True) | st.sampled_from(["*", "s3:Get*", "*:List*Tags"])
ELEMENTS = st.lists(st.lists(PATTERNS, min_size=1, max_size=3), min_size=1, max_size=4)
ANY_NAMES = st.from_regex(r"(own|s3|new):[ab]{1,5}", fullmatch=True) | st.sampled_from(NAMES).map(str.lower)


def element(patterns: list[str], inverse: bool) -> Actions:
    lower = [p.lower() for p in patterns]
    wild = tuple(p for p in lower if set("*?") & set(p))
    return Actions(frozenset(p for p in lower if p not in wild), wild, inverse)


@pytest.mark.parametrize("universe", ["all", "known"])
def test_every_action_is_taken_like_a_name(universe: Universe) -> None:
    known = [name for service in ("s3", "sqs", "ecs") for name in actions(service)]
    names: Callable[[set[str]], st.SearchStrategy[str]] = (
        (lambda _: ANY_NAMES | st.sampled_from(known))
        if universe == "all"
        else lambda exact: st.sampled_from([*known, *sorted(exact)])
    )

    @settle(200)
    @example([["*:ListAllMyBuckets"], ["s3:*"]], [False] * 4, None)
    @given(ELEMENTS, st.lists(st.booleans(), min_size=4, max_size=4), st.data())
    def check(given: list[list[str]], inverse: list[bool], data: st.DataObject | None) -> None:
        elements = [element(patterns, i) for patterns, i in zip(given, inverse, strict=False)]
        found = action_cells(frozenset(elements), universe)
        ways = {tuple(bool(found.taking[e] >> i & 1) for e in elements) for i in range(len(found.names))}
        for i, name in enumerate(found.names):
            for e, patterns in zip(elements, given, strict=False):
                plainly = any(glob(((p.lower(), True),), name) for p in patterns) != e.inverse
                assert bool(found.taking[e] >> i & 1) == plainly == takes(e, name), name
        exact = {name for e in elements for name in e.exact}
        asked = data.draw(st.lists(names(exact), min_size=5, max_size=10)) if data else known
        named_only = all(not e.wild and not e.inverse for e in elements)
        for name in asked:
            way = tuple(takes(e, name) for e in elements)
            assert way in ways or (named_only and not any(way)), name

    check()


def test_known_names_are_known() -> None:
    """Among today's actions a name is one of them, or written out."""
    everything = {name for service in services() for name in actions(service)}
    for patterns in (["*:List*"], ["s3:*", "*:Get*"], ["own:Do", "ecs:*"], ["*"]):
        e = element(patterns, False)
        names = action_cells(frozenset({e}), "known").names
        assert set(names) <= everything | e.exact


@given(st.sets(st.sampled_from(PRINCIPALS), min_size=1, max_size=4))
def test_everybody_is_taken_like_one_of_the_principals(named: set[object]) -> None:
    ordered = [p for p in PRINCIPALS if p in named]
    found = principal_cells(frozenset(ordered))
    ways = [tuple(bool(found.takes[p] >> i & 1) for p in ordered) for i in range(len(found.callers))]
    sure = [(way, c.principal) for way, c in zip(ways, found.callers, strict=True) if c.sure]
    assert [way for way, _ in sure] == [tuple(matches_principal(p, who) for p in ordered) for _, who in sure]
    for someone in PEOPLE:
        assert tuple(matches_principal(p, someone) for p in ordered) in ways, someone
