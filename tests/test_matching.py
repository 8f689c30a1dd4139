"""How each element of a statement matches: AWS's tables, laws, and what AWS leaves open."""

import itertools
from collections.abc import Mapping
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecsiam import PolicyError, Request, Statement
from ecsiam.analysis.comparisons import MATCHES
from ecsiam.analysis.matching import (
    Miss,
    glob,
    matches_action,
    matches_principal,
    matches_resource,
    matches_values,
    misses,
)
from ecsiam.analysis.request import Values
from ecsiam.analysis.variables import parts, put_in
from ecsiam.model.condition import COMPARISONS, Operator
from ecsiam.model.each import Each
from ecsiam.model.globs import Pieces
from ecsiam.model.policy import Version
from ecsiam.model.principal import EVERYONE, Principal, PrincipalType
from ecsiam.model.statement import Action, AllBut, Only
from ecsiam.model.text import ACCOUNT_ID, Text

from . import aws_conditions, aws_elements
from .aws_elements import ACCOUNT, ROLE, USER
from .effort import cost

V2012: Version = "2012-10-17"
V2008: Version = "2008-10-17"
KEY = "test:key"


def who(named: tuple[str, str] | None) -> Principal | None:
    types: dict[str, PrincipalType] = {t: t for t in ("*", "AWS", "CanonicalUser", "Federated", "Service")}
    return None if named is None else Principal(types[named[0]], named[1])


def holds(
    operator: str,
    values: str | tuple[str, ...],
    given: Values | None,
    context: Mapping[str, Values] = aws_conditions.CONTEXT,
    version: Version = V2012,
) -> bool:
    """Whether one condition holds, asked of a whole statement."""
    statement = Statement("Allow", "*", "*", conditions={operator: {KEY: values}}, as_is=True)
    known = {**context, **({} if given is None else {KEY: given})}
    found = misses(statement, version, Request("s3:GetObject", context=known))
    assert {m.element for m in found} <= {"Condition"}
    return not found


def live(text: str) -> Pieces:
    return ((text, True),)


# ---------------------------------------------------------------- AWS's tables

CONDITIONS = [(*row, page) for page, rows in aws_conditions.ROWS.items() for row in rows]
ABSENT = [
    (shape.format(c.name), c.kind, if_negated if c.negated else holds)
    for shape, (holds, if_negated) in aws_conditions.ABSENT.items()
    for c in COMPARISONS.values()
    if c.kind != "null"
]
ACTIONS = [(*row, page) for page, rows in aws_elements.ACTIONS.items() for row in rows]
RESOURCES = [(*row, page) for page, rows in aws_elements.RESOURCES.items() for row in rows]
PRINCIPALS = [(*row, page) for page, rows in aws_elements.PRINCIPALS.items() for row in rows]
SAMPLE = {
    "string": "a",
    "numeric": "1",
    "date": "2020-01-01",
    "bool": "true",
    "binary": "QQ==",
    "ip": "203.0.113.0/24",
    "arn": "arn:aws:s3:::b",
}


@pytest.mark.parametrize(("operator", "values", "given", "expected", "page"), CONDITIONS)
def test_a_condition_holds_as_documented(
    operator: str, values: str | tuple[str, ...], given: Values | None, expected: bool, page: str
) -> None:
    assert holds(operator, values, given) == expected, page


@pytest.mark.parametrize("nothing", [None, ()])
@pytest.mark.parametrize(("operator", "kind", "expected"), ABSENT)
def test_an_absent_key_is_as_documented(operator: str, kind: str, expected: bool, nothing: Values | None) -> None:
    assert holds(operator, SAMPLE[kind], nothing) == expected


@pytest.mark.parametrize(("pattern", "asked", "expected", "page"), ACTIONS)
def test_an_action_matches_as_documented(pattern: str, asked: str, expected: bool, page: str) -> None:
    action = Action(pattern, as_is=True)
    assert matches_action(action, asked) == expected, page
    missed = misses(Statement("Allow", action, "*", as_is=True), V2012, Request(asked))
    assert [m.element for m in missed] == ([] if expected else ["Action"])
    but = misses(Statement("Allow", AllBut((action,)), "*", as_is=True), V2012, Request(asked))
    assert [m.element for m in but] == (["NotAction"] if expected else [])


@pytest.mark.parametrize(("pattern", "asked", "identity", "resource", "page"), RESOURCES)
def test_a_resource_matches_as_documented(pattern: str, asked: str, identity: bool, resource: bool, page: str) -> None:
    request = Request("s3:GetObject", asked, context=aws_elements.CONTEXT)
    pieces = put_in(parts(Text.of(pattern), V2012), request)
    own = Statement("Allow", "*", pattern, as_is=True)
    theirs = Statement("Allow", "*", pattern, EVERYONE)
    for expected, statement, of_identity in ((identity, own, True), (resource, theirs, False)):
        if pieces is not None:
            assert matches_resource(pieces, asked, identity=of_identity) == expected, page
        assert [m.element for m in misses(statement, V2012, request)] == ([] if expected else ["Resource"])
    but = misses(Statement("Allow", "*", AllBut((Text.of(pattern),)), as_is=True), V2012, request)
    assert [m.element for m in but] == (["NotResource"] if identity else [])


@pytest.mark.parametrize(("named", "asked", "expected", "page"), PRINCIPALS)
def test_a_principal_matches_as_documented(
    named: tuple[str, str], asked: tuple[str, str] | None, expected: bool, page: str
) -> None:
    principal, asking = who(named), who(asked)
    assert principal is not None
    assert matches_principal(principal, asking) == expected, page
    request = Request("s3:GetObject", principal=asking)
    missed = misses(Statement("Allow", "*", "*", principal), V2012, request)
    assert [m.element for m in missed] == ([] if expected else ["Principal"])
    but = misses(Statement("Deny", "*", "*", AllBut((principal,))), V2012, request)
    assert [m.element for m in but] == (["NotPrincipal"] if expected else [])


def test_the_tables_are_whole() -> None:
    assert len(CONDITIONS) + len(ABSENT) + len(ACTIONS) + len(RESOURCES) + len(PRINCIPALS) > 600
    assert {Operator.parse(o).comparison.name for o, *_ in CONDITIONS} == set(COMPARISONS)
    for name in COMPARISONS:
        expected = {e for o, _, given, e, _ in CONDITIONS if o == name and given is not None}
        assert expected == {True, False}, name
    assert all(str(row[-1]).startswith("https://") for row in (*CONDITIONS, *ACTIONS, *RESOURCES, *PRINCIPALS))


def test_every_operator_has_a_comparison() -> None:
    assert MATCHES.keys() == COMPARISONS.keys() - {"Null"}


# ---------------------------------------------------------------- the flat reading


@pytest.mark.parametrize(
    ("pattern", "asked", "parts", "flat"),
    [
        ("arn:aws:ecs:*:cluster/a", "arn:aws:ecs:eu-west-1:1:cluster/a", False, True),
        ("arn:aws:sqs:*", "arn:aws:sqs:eu-west-1:1:q", True, True),
        ("arn:aws:sqs", "arn:aws:sqs:eu-west-1:1:q", True, False),
        ("arn:aws:s*:b", "arn:aws:s3:::b", False, True),
        ("arn:*b", "arn:aws:s3:::b", False, True),
        ("arn:aws:s3?::b", "arn:aws:s3:::b", False, True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/x", True, True),
        ("arn:aws:s3:::b", "arn:aws:s3:::b", True, True),
        ("*", "arn:aws:s3:::b", True, True),
    ],
)
def test_a_flat_star_crosses_everything(pattern: str, asked: str, parts: bool, flat: bool) -> None:
    assert matches_resource(live(pattern), asked) == parts
    assert matches_resource(live(pattern), asked, "flat") == flat
    statement = Statement("Allow", "*", pattern, as_is=True)
    assert (not misses(statement, V2012, Request("s3:GetObject", asked), "flat")) == flat


def test_what_a_variable_puts_in_parts_nothing_unless_the_arn_begins_with_it() -> None:
    arn = (("arn:aws:s3:::", True), ("b:c", False), ("/*", True))
    assert matches_resource(arn, "arn:aws:s3:::b:c/x")
    assert holds("ArnLike", "${aws:PrincipalArn}*", aws_conditions.ROLE + ":2")
    early = (("arn:aws:ecs:", True), ("eu:1", False), (":b", True))
    assert not matches_resource(early, "arn:aws:ecs:eu:1:b")
    assert not matches_resource((*early, (":c:d", True)), "arn:aws:ecs:eu:1:b:c:d")


# ---------------------------------------------------------------- variables


@pytest.mark.parametrize(
    ("resource", "asked", "v2012", "v2008"),
    [
        ("arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/bob", True, False),
        ("arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/${aws:username}", False, True),
        ("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/*", True, False),
        ("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/${x}", False, True),
        ("arn:aws:s3:::b/${aws:PrincipalTag/none}", "arn:aws:s3:::b/${aws:PrincipalTag/none}", False, True),
        ("arn:aws:s3:::b/${aws:username, 'x'}", "arn:aws:s3:::b/bob", True, False),
    ],
)
def test_an_old_version_has_no_variables(resource: str, asked: str, v2012: bool, v2008: bool) -> None:
    request = Request("s3:GetObject", asked, context={"aws:username": "bob"})
    assert (not misses(Statement("Allow", "*", resource), V2012, request)) == v2012
    assert (not misses(Statement("Allow", "*", resource), V2008, request)) == v2008


def test_an_old_version_has_no_variables_in_conditions() -> None:
    assert holds("StringEquals", "${aws:username}", "bob")
    assert not holds("StringEquals", "${aws:username}", "bob", version=V2008)
    assert holds("StringEquals", "${aws:username}", "${aws:username}", version=V2008)
    assert holds("StringLike", "${*}", "${anything}", version=V2008)


def test_a_variable_without_a_value() -> None:
    """A Resource with it matches nothing, a NotResource leaves nothing out, a condition has that value not at all."""
    request = Request("s3:GetObject", "arn:aws:s3:::b/x")
    other, unknown = "arn:aws:s3:::b/*", "arn:aws:s3:::${aws:username}"
    assert not misses(Statement("Allow", "*", [unknown, other]), V2012, request)
    assert misses(Statement("Allow", "*", unknown), V2012, request)
    assert not misses(Statement("Deny", "*", AllBut((Text.of(unknown),))), V2012, request)
    assert misses(Statement("Deny", "*", AllBut((Text.of(unknown), Text.of(other)))), V2012, request)
    for operator in ("StringNotEquals", "StringNotEqualsIfExists", "ForAllValues:StringNotLike"):
        values = {operator: {KEY: ["x", "${aws:username}"]}}
        assert not misses(Statement("Deny", "*", "*", conditions=values), V2012, request)
    (missed,) = misses(
        Statement("Deny", "*", "*", conditions={"StringEquals": {KEY: ["x", "${aws:username}"]}}), V2012, request
    )
    assert (missed.element, missed.key) == ("Condition", KEY)
    assert missed.reason.endswith("a variable in it has no value, and it is absent")


def test_a_statement_that_is_invalid_with_a_variable_without_a_value() -> None:
    """AWS's page warns of it beside what it says of the value: the other reading."""
    request = Request("s3:GetObject", "arn:aws:s3:::b/x")
    other, unknown = "arn:aws:s3:::b/*", "arn:aws:s3:::${aws:username}"
    for resources in (Only((Text.of(unknown), Text.of(other))), AllBut((Text.of(unknown),))):
        statement = Statement("Allow", "*", resources)
        assert not misses(statement, V2012, request)
        (missed,) = misses(statement, V2012, request, strict=True)
        assert missed.reason == "a variable of `arn:aws:s3:::${aws:username}` has no value"
        named = Request("s3:GetObject", "arn:aws:s3:::b/x", context={"aws:username": "bob"})
        assert not misses(statement, V2012, named, strict=True)


def test_aws_s_pages_disagree_on_variables_under_bool() -> None:
    """Nothing is said that hangs on them; what doesn't is said."""
    statement = Statement("Allow", "s3:*", "*", conditions={"Bool": {KEY: "${test:true}"}})
    with pytest.raises(PolicyError, match="AWS's pages disagree on variables under `Bool`"):
        misses(statement, V2012, Request("s3:GetObject", context={KEY: "true", "test:true": "true"}))
    assert [m.element for m in misses(statement, V2012, Request("s3:GetObject"))] == ["Condition"]
    both = {KEY: "true", "test:true": "true"}
    assert [m.element for m in misses(statement, V2012, Request("sqs:Send", context=both))] == ["Action"]
    for more in ({}, {"test:true": "false"}):
        asked = Request("s3:GetObject", context={KEY: "true", **more})
        assert [m.element for m in misses(statement, V2012, asked)] == ["Condition"]
    beside = Statement("Allow", "s3:*", "*", conditions={"Bool": {KEY: ["${test:true}", "true"]}})
    assert not misses(beside, V2012, Request("s3:GetObject", context=both))
    assert misses(statement, "2008-10-17", Request("s3:GetObject", context={KEY: "true"}))


# ---------------------------------------------------------------- misses, as data


def test_every_element_that_does_not_match_is_named() -> None:
    statement = Statement(
        "Allow", "s3:PutObject", "arn:aws:s3:::b/*", Principal("AWS", ROLE), {"Bool": {"aws:SecureTransport": "true"}}
    )
    request = Request("s3:GetObject", "arn:aws:s3:::c/x", Principal("AWS", USER), {"aws:SecureTransport": "false"})
    assert misses(statement, V2012, request) == (
        Miss("Action", "`s3:GetObject` is none of `s3:PutObject`"),
        Miss("Resource", "`arn:aws:s3:::c/x` is none of `arn:aws:s3:::b/*`"),
        Miss("Principal", f"`AWS:{USER}` is none of `AWS:{ROLE}`"),
        Miss("Condition", "`Bool` wants `true`, and it is `false`", "aws:SecureTransport"),
    )


def test_every_condition_that_does_not_hold_is_named() -> None:
    conditions = {"StringEquals": {"aws:a": "1", "aws:b": "2", "aws:c": "3"}, "Null": {"aws:d": "true"}}
    request = Request("s3:GetObject", context={"AWS:A": "1", "aws:c": ["2", "3"][:1], "aws:d": ["x", "y"]})
    assert [(m.key, m.reason) for m in misses(Statement("Deny", "*", "*", conditions=conditions), V2012, request)] == [
        ("aws:d", "`Null` wants `true`, and it is `x`, `y`"),
        ("aws:b", "`StringEquals` wants `2`, and it is absent"),
        ("aws:c", "`StringEquals` wants `3`, and it is `2`"),
    ]


def test_a_long_list_is_cut_in_a_reason() -> None:
    statement = Statement("Allow", [f"s3:Get{i}" for i in range(9)], "*")
    (missed,) = misses(statement, V2012, Request("s3:Put"))
    assert str(missed) == "Action: `s3:Put` is none of `s3:Get0`, `s3:Get1`, `s3:Get2` and 6 others"


def test_a_statement_of_a_resource_asks_who_it_is_and_one_of_an_identity_does_not() -> None:
    assert not misses(Statement("Allow", "*", "*"), V2012, Request("s3:GetObject"))
    assert not misses(Statement("Allow", "*", principals=EVERYONE), V2012, Request("s3:GetObject"))
    (missed,) = misses(Statement("Allow", "*", principals=Principal("AWS", ACCOUNT)), V2012, Request("s3:GetObject"))
    assert missed == Miss("Principal", f"a caller that is not known is none of `AWS:{ACCOUNT}`")


# ---------------------------------------------------------------- what can't be answered


@pytest.mark.parametrize(
    "statement",
    [
        Statement("Allow", "*", Text.of("arn:aws:s3:::", ACCOUNT_ID)),
        Statement("Allow", "*", ["*", Text.of("arn:aws:s3:::", ACCOUNT_ID)]),
        Statement("Allow", "*", [Each("bucket_arns", "all")]),
        Statement("Allow", "*", "*", conditions={"StringEquals": {"aws:SourceAccount": Text.of(ACCOUNT_ID)}}),
        Statement("Allow", "*", principals=Principal("AWS", Text.of("arn:aws:iam::", ACCOUNT_ID, ":root"))),
        Statement("Allow", "s3:PutObject", Text.of("arn:aws:s3:::", ACCOUNT_ID)),
    ],
)
def test_what_is_known_only_at_deployment_is_refused(statement: Statement) -> None:
    with pytest.raises(PolicyError, match=r"^`.*` is known only at deployment\. Bind it first\.$"):
        misses(statement, V2012, Request("s3:GetObject"))


def test_an_asked_principal_that_is_not_known_is_refused() -> None:
    with pytest.raises(PolicyError, match="is known only at deployment"):
        matches_principal(Principal("AWS", USER), Principal("AWS", Text.of("arn:aws:iam::", ACCOUNT_ID, ":root")))


SEVERAL = r"^`StringEquals` compares one value, and the request holds 2\. .*`ForAllValues:` or `ForAnyValue:`\.$"


def test_several_values_need_a_set_operator() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html"""
    with pytest.raises(PolicyError, match=SEVERAL):
        holds("StringEquals", "a", ("a", "b"))
    with pytest.raises(PolicyError, match="compares one value"):
        holds("StringNotLikeIfExists", "a", ("a", "b"))
    assert holds("StringEquals", "a", ("a",))
    assert not holds("Null", "true", ("a", "b"))


def test_several_values_matter_only_where_the_answer_hangs_on_them() -> None:
    conditions = {"StringEquals": {"aws:TagKeys": "a"}}
    request = Request("s3:GetObject", context={"aws:TagKeys": ["a", "b"]})
    assert [m.element for m in misses(Statement("Allow", "ecs:*", "*", conditions=conditions), V2012, request)] == [
        "Action"
    ]
    with pytest.raises(PolicyError, match=SEVERAL):
        misses(Statement("Allow", "s3:*", "*", conditions=conditions), V2012, request)


# ---------------------------------------------------------------- laws


def naive(pattern: tuple[tuple[str, bool], ...], value: str) -> bool:
    """What `*` and `?` mean, said as plainly as it can be."""
    if not pattern:
        return not value
    (char, wild), rest = pattern[0], pattern[1:]
    if wild and char == "*":
        return any(naive(rest, value[i:]) for i in range(len(value) + 1))
    return bool(value) and (value[0] == char or (wild and char == "?")) and naive(rest, value[1:])


def by_letter(pieces: Pieces) -> tuple[tuple[str, bool], ...]:
    return tuple((char, wild) for text, wild in pieces for char in text)


PIECES = st.lists(st.tuples(st.text("ab*?:\n", max_size=4), st.booleans()), max_size=3).map(tuple)
VALUES = st.text("ab*?:\né", max_size=8)


@given(PIECES, VALUES)
def test_glob_is_the_plain_meaning(pieces: Pieces, value: str) -> None:
    assert glob(pieces, value) == naive(by_letter(pieces), value)


def test_glob_is_the_plain_meaning_in_a_small_world() -> None:
    patterns = ["".join(p) for n in range(6) for p in itertools.product("a*?", repeat=n)]
    values = ["".join(v) for n in range(5) for v in itertools.product("ab", repeat=n)]
    for pattern, value in itertools.product(patterns, values):
        assert glob(live(pattern), value) == naive(by_letter(live(pattern)), value), (pattern, value)


def naive_by_part(pieces: Pieces, value: str) -> bool:
    parts: list[list[tuple[str, bool]]] = [[]]
    for char, wild in by_letter(pieces):
        if char == ":" and len(parts) < 6:
            parts.append([])
        else:
            parts[-1].append((char, wild))
    parts += [[("*", True)]] * (6 - len(parts))
    asked = value.split(":", 5)
    return len(asked) == 6 and all(naive(tuple(p), v) for p, v in zip(parts, asked, strict=True))


PART = st.text("ab*?", max_size=3)
ARNS = st.lists(PART, min_size=1, max_size=8).map(":".join)


@given(ARNS, st.lists(st.text("ab", max_size=3), min_size=5, max_size=8).map(":".join))
def test_a_resource_matches_part_by_part(pattern: str, value: str) -> None:
    pattern, value = f"arn:{pattern}", f"arn:{value}"
    assert matches_resource(live(pattern), value) == naive_by_part(live(pattern), value)


@given(ARNS, VALUES)
def test_what_matches_part_by_part_matches_flat_when_it_is_whole(pattern: str, value: str) -> None:
    pieces = live(f"arn:aws:a:b:c:{pattern}")
    if matches_resource(pieces, f"arn:aws:a:b:c:{value}"):
        assert matches_resource(pieces, f"arn:aws:a:b:c:{value}", "flat")


def test_a_glob_of_many_stars_costs_little() -> None:
    for pattern, matches in (("*a" * 60 + "b", False), ("*a?" * 60 + "b", False), ("*a" * 60, True)):
        asked = partial(glob, live(pattern), "a" * 4000)
        assert asked() is matches
        assert cost(asked) < 0.5, pattern


ONES = {
    "string": st.text("aAb*", max_size=3),
    "numeric": st.sampled_from(["1", "1.0", "2", "-3", "x"]),
    "date": st.sampled_from(["2020", "2020-01-01", "1577836800", "2021-05-05T00:00:00Z", "x"]),
    "bool": st.sampled_from(["true", "false", "TRUE", "x"]),
    "binary": st.sampled_from(["QQ==", "Qg==", "x"]),
    "ip": st.sampled_from(["203.0.113.7", "203.0.113.0/24", "::1", "::/0", "x"]),
    "arn": st.sampled_from(["arn:aws:s3:::b", "arn:aws:s3:::*", "arn:aws:s?:::b", "*", "x"]),
}
OPERATORS = st.sampled_from([c for c in COMPARISONS.values() if c.kind != "null"])


@st.composite
def questions(draw: st.DrawFn) -> tuple[str, tuple[Pieces, ...], str]:
    comparison = draw(OPERATORS)
    values = draw(st.lists(ONES[comparison.kind].map(live), min_size=1, max_size=3))
    return comparison.name, tuple(values), draw(ONES[comparison.kind])


@given(questions())
def test_a_not_operator_is_the_complement(question: tuple[str, tuple[Pieces, ...], str]) -> None:
    name, values, value = question
    positive = name.replace("Not", "")
    if positive != name:
        assert matches_values(Operator.parse(name), values, value) != matches_values(
            Operator.parse(positive), values, value
        )


@given(questions(), st.sampled_from(["", "ForAllValues:", "ForAnyValue:"]), st.booleans())
def test_if_exists_is_the_operator_or_an_absent_key(
    question: tuple[str, tuple[Pieces, ...], str], qualifier: str, present: bool
) -> None:
    name, values, value = question
    given = value if present else None
    plain = matches_values(Operator.parse(qualifier + name), values, given)
    absent_is_fine = not present and qualifier != "ForAnyValue:"
    assert matches_values(Operator.parse(f"{qualifier}{name}IfExists"), values, given) == (plain or absent_is_fine)


@given(questions(), st.lists(st.text("aAb*x1", min_size=1, max_size=2), min_size=1, max_size=3).map(tuple))
def test_set_operators_ask_value_by_value(
    question: tuple[str, tuple[Pieces, ...], str], several: tuple[str, ...]
) -> None:
    name, values, value = question
    given = (*several, *filter(None, [value]))
    each = [matches_values(Operator.parse(name), values, v) for v in given]
    assert matches_values(Operator.parse(f"ForAllValues:{name}"), values, given) == all(each)
    assert matches_values(Operator.parse(f"ForAnyValue:{name}"), values, given) == any(each)


@given(questions())
def test_one_value_is_a_set_of_one(question: tuple[str, tuple[Pieces, ...], str]) -> None:
    name, values, value = question
    for qualifier in ("", "ForAllValues:", "ForAnyValue:"):
        operator = Operator.parse(qualifier + name)
        assert matches_values(operator, values, value) == matches_values(operator, values, (value,))


@given(questions(), ONES["string"].map(live))
def test_more_values_match_more_and_not_operators_less(
    question: tuple[str, tuple[Pieces, ...], str], more: Pieces
) -> None:
    name, values, value = question
    operator = Operator.parse(name)
    few, many = (matches_values(operator, v, value) for v in (values, (*values, more)))
    assert (few >= many) if operator.comparison.negated else (few <= many)


PEOPLE = [who(p) for rows in aws_elements.PRINCIPALS.values() for named, asked, _ in rows for p in (named, asked)]


def test_everyone_takes_in_all_and_everybody_takes_in_itself() -> None:
    for person in PEOPLE:
        assert matches_principal(EVERYONE, person)
        if person is not None and person.id.literal != "*":
            assert matches_principal(person, person)
            assert matches_principal(Principal(person.type, "*"), person)


@pytest.mark.parametrize("value", ["1e999999999", "0x10", "1_000", " 1", "1 ", "\u0661", "", "+", ".", "--1"])
def test_an_odd_number_is_none(value: str) -> None:
    assert not holds("NumericLessThan", "10", value)
    assert not holds("NumericGreaterThan", "10", value)
    assert holds("NumericNotEquals", "10", value)


@pytest.mark.parametrize(
    "value", ["2020-1-1", "2020-01-01 00:00:00", "2020-01-01T00", "20200101T000000Z", "2020-01-01T00:00:00+25:00"]
)
def test_an_odd_date_is_none(value: str) -> None:
    assert not holds("DateGreaterThan", "1990", value)
    assert not holds("DateLessThan", "2090", value)


def test_a_context_that_is_of_another_type_never_crashes() -> None:
    for name, comparison in COMPARISONS.items():
        for value in ("", "x", "\n", "é", "🜁", "${x}", "*", "203.0.113.7/", "::%1", "-", "9" * 5000, "A" * 7):
            for of_policy in ("x", "*", "", "arn:", SAMPLE.get(comparison.kind, "true")):
                assert holds(name, of_policy, value) in (True, False)


def test_an_element_is_read_for_the_kind_of_policy_it_stands_in() -> None:
    statement = Statement("Allow", "*", "arn:aws:sqs")
    request = Request("sqs:SendMessage", "arn:aws:sqs:eu-west-1:1:q")
    assert not misses(statement, V2012, request)
    assert misses(statement, V2012, request, identity=False)
