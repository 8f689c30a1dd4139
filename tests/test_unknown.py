"""Requests of which not all is known: what is certain is so for every value, by the plain evaluator."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecsiam.analysis.evaluator import evaluate
from ecsiam.analysis.request import Request
from ecsiam.analysis.unknown import Matches, Question, compare, compare_arn, decide, decide_trust, service
from ecsiam.model.condition import Condition
from ecsiam.model.document import parse_policy
from ecsiam.model.policy import Policy
from ecsiam.model.statement import AllBut, Statement
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, PARTITION, Bindings, Ref, Text, text
from ecsiam.readers.forms import TERRAFORM, arn_of, letters

from .effort import many

SECRET = TERRAFORM["aws_secretsmanager_secret"]
IN = (":", AWS_REGION, ":", ACCOUNT_ID, ":")
A, B = "aws_secretsmanager_secret.a", "aws_secretsmanager_secret.b"
HERE = Text.of("arn:", PARTITION, ":secretsmanager", *IN, "secret:")
VAR = Ref("var.x")


def of(address: str, name: str | None = None) -> Text:
    return arn_of(SECRET, address, None if name is None else text(name))


@pytest.mark.parametrize(
    ("pattern", "asked", "expected"),
    [
        (of(A), of(A), "yes"),
        (of(A), of(B), "no"),
        (of(A), of(B, "shop/db"), "no"),
        (text("*"), of(A), "yes"),
        (Text.of(HERE, "*"), of(A), "yes"),
        (Text.of(HERE, "shop/*"), of(A), "maybe"),
        (Text.of(HERE, "shop/*"), of(A, "shop/db"), "yes"),
        (Text.of(HERE, "shop/db"), of(A, "shop/db"), "no"),
        (Text.of(HERE, "shop/db-??????"), of(A, "shop/db"), "yes"),
        (Text.of(HERE, "shop/db-?????"), of(A, "shop/db"), "no"),
        (Text.of(HERE, "shop/db-AbCdEf"), of(A, "shop/db"), "maybe"),
        (Text.of(HERE, "shop/db-AbCdEfG"), of(A, "shop/db"), "no"),
        (Text.of(HERE, "shop/db:password::"), of(A, "shop/db"), "no"),
        (Text.of(HERE, VAR), of(A), "maybe"),
        (Text.of(HERE, VAR, "/*"), of(A, "shop/db"), "maybe"),
        (Text.of(HERE, "web/", VAR), of(A, "shop/db"), "no"),
        (text(VAR), of(A), "maybe"),
        (text(VAR), text(VAR), "yes"),
        (Text.of(VAR, "*"), text(VAR), "yes"),
        (Text.of(VAR, "/*"), text(VAR), "no"),  # no text goes on behind itself
        (text("arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/*"), of(A, "shop/db"), "maybe"),
        (text("arn:aws:secretsmanager:*:*:secret:shop/*"), of(A, "shop/db"), "yes"),  # of one partition
        (text("arn:*:secretsmanager:*:*:secret:shop/*"), of(A, "shop/db"), "yes"),
        (text("arn:*:secretsmanager"), of(A, "shop/db"), "yes"),  # cut short
        (text("arn:aws:s3:::b"), of(A), "no"),
        (Text.of(HERE, "db-", letters(A)), Text.of(HERE, "db-", letters(f"arn:{B}")), "maybe"),
        (text("arn:aws:s3:::${aws:username}/*"), text("arn:aws:s3:::b/k"), "maybe"),
        (text("arn:aws:s3:::b/${*}"), text("arn:aws:s3:::b/k"), "no"),
    ],
)
def test_patterns_and_texts(pattern: Text, asked: Text, expected: Matches) -> None:
    assert compare_arn(pattern, asked) == expected


def test_symbols_are_letters_of_their_own() -> None:
    assert compare(text("?"), text(VAR)) == "maybe"
    assert compare(text("a*"), Text.of("b", VAR)) == "no"
    assert compare(Text.of("a", ACCOUNT_ID), text("ab")) == "no"
    assert compare(Text.of("a", ACCOUNT_ID), text("a1")) == "maybe"
    assert compare(text("*"), text("*"), live=False) == "yes"


# ---------------------------------------------------------------- against the evaluator

REFS = (ACCOUNT_ID, AWS_REGION, VAR, Ref(f"{A}.name"), Ref(f"{B}.name"))
LITERALS = ("a", "ab", "b", "-", "/", ":", "*", "?", "a*")
VALUES = {
    ACCOUNT_ID.name: ("1", "12", "3"),
    AWS_REGION.name: ("a", "ab", "-"),
    VAR.name: ("a", "b", "ab", "/", ":", "a/b", "z"),
    f"{A}.name": ("a", "ab", "x", "xb"),
    f"{B}.name": ("y", "by", "aa", "b"),
}


def _texts(wild: bool) -> st.SearchStrategy[Text]:
    pieces: st.SearchStrategy[str | Ref] = st.sampled_from(
        [*REFS, *(x for x in LITERALS if wild or not set(x) & set("*?"))]
    )
    return st.lists(pieces, min_size=1, max_size=4).map(lambda found: Text.of(*found))


def _bindings() -> list[Bindings]:
    """Values for all, by which two resources are two: neither text is in the other."""
    found = [dict(zip(VALUES, values, strict=True)) for values in itertools.product(*VALUES.values())]
    apart = [b for b in found if not set(b[f"{A}.name"]) & set(b[f"{B}.name"])]
    return [Bindings(deployment=b) for b in apart[::7]]


BINDINGS = _bindings()


def resources(wild: bool) -> st.SearchStrategy[Text]:
    return _texts(wild).map(lambda t: Text.of("arn:aws:sqs:r:1:", t))


OPERATORS = [
    *("StringEquals", "StringLike", "StringNotEquals", "StringNotLike"),
    *("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
    *("ForAnyValue:StringLike", "ForAllValues:StringEquals", "ForAllValues:StringNotLike"),
]


@st.composite
def statements(draw: st.DrawFn) -> Statement:
    named: Any = draw(st.lists(resources(wild=True), min_size=1, max_size=2))
    element = AllBut(tuple(named)) if draw(st.booleans()) else named
    conditions: list[Condition] = []
    if draw(st.booleans()):
        operator = draw(st.sampled_from(OPERATORS))
        conditions.append(Condition(operator, "aws:a", [draw(_texts(wild=True))], as_is=True))
    return Statement(
        draw(st.sampled_from(["Allow", "Allow", "Deny"])), "sqs:*", element, conditions=conditions, as_is=True
    )


@settings(max_examples=many(150))
@given(st.lists(statements(), min_size=1, max_size=3), resources(wild=False), _texts(wild=False))
def test_what_is_certain_is_so_for_every_value(given_: list[Statement], asked: Text, value: Text) -> None:
    policy = Policy(given_, as_is=True)
    verdict = decide({"p": policy}, Question("sqs:SendMessage", asked, {"aws:a": value}))
    for values in BINDINGS:
        bound = policy.bind(values)
        assert bound is not None
        request = Request("sqs:SendMessage", str(asked.bind(values)), context={"aws:a": str(value.bind(values))})
        allowed = evaluate(bound, request).allowed
        if verdict.outcome != "undecided":
            assert allowed == (verdict.outcome == "allowed"), (values, str(bound), request)


def test_some_things_are_certain() -> None:
    """The law above would hold of what is always undecided."""
    policy = Policy([Statement("Allow", "sqs:*", of(A))])
    outcomes = [
        decide({"p": policy}, Question("sqs:SendMessage", asked, {})).outcome for asked in (of(A), of(B), text(VAR))
    ]
    assert outcomes == ["allowed", "denied", "undecided"]


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, "allowed"),
        ({"StringEquals": {"aws:SourceAccount": "1"}}, "undecided"),
        ({"StringEquals": {"aws:a": "x"}}, "allowed"),
        ({"StringEquals": {"aws:a": "y"}}, "denied"),
        ({"StringNotEquals": {"aws:a": "y"}}, "allowed"),
        ({"StringLike": {"aws:a": "*"}}, "allowed"),
        ({"ForAnyValue:StringEquals": {"aws:a": "x"}}, "allowed"),
        ({"StringEqualsIgnoreCase": {"aws:a": "X"}}, "allowed"),
        ({"Null": {"aws:a": "true"}}, "denied"),
        ({"Null": {"aws:b": "true"}}, "undecided"),
    ],
)
def test_conditions(conditions: Any, expected: str) -> None:
    policy = Policy([Statement("Allow", "sqs:*", "*", conditions=conditions)])
    assert decide({"p": policy}, Question("sqs:SendMessage", of(A), {"aws:a": text("x")})).outcome == expected


@pytest.mark.parametrize(
    ("boundary", "expected"),
    [({"Resource": "*"}, "allowed"), ({"Resource": "arn:aws:s3:::b"}, "denied")],
)
def test_a_boundary_has_to_allow_too(boundary: dict[str, str], expected: str) -> None:
    statement = {"Effect": "Allow", "Action": "sqs:*"}
    own = Policy([Statement("Allow", "sqs:*", "*")])
    limit = parse_policy({"Version": "2012-10-17", "Statement": [statement | boundary]})
    assert decide({"p": own}, Question("sqs:SendMessage", of(A), {}), limit).outcome == expected


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ({"Service": "ecs-tasks.amazonaws.com"}, "allowed"),
        ({"Service": ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com"]}, "allowed"),
        ({"Service": "ecs.amazonaws.com"}, "denied"),
        ({"AWS": "*"}, "denied"),
        ("*", "allowed"),
    ],
)
def test_who_is_let_in(principal: object, expected: str) -> None:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    trust = parse_policy({"Version": "2012-10-17", "Statement": statement})
    question = Question("sts:AssumeRole", text("arn:aws:iam::123456789012:role/r"), {})
    assert decide_trust(trust, service("ecs-tasks.amazonaws.com"), question).outcome == expected
