"""What a change surely gives, whatever the texts are that nobody knows: put in, the plain evaluator agrees."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecsiam.analysis.change import Difference, compare
from ecsiam.analysis.evaluator import evaluate
from ecsiam.analysis.request import Request
from ecsiam.model.condition import Condition
from ecsiam.model.policy import Policy
from ecsiam.model.principal import Principal
from ecsiam.model.statement import AllBut, Effect, Statement
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, PARTITION, Bindings, Ref, Text, text
from ecsiam.readers.forms import letters

from .effort import many

X, Y = Ref("var.x"), Ref("var.y")
QUEUE = Text.of("arn:", PARTITION, ":sqs:", AWS_REGION, ":", ACCOUNT_ID, ":")
HOME = {"partition": "aws", "aws_region": "eu-west-2", "account_id": "123456789012"}

# ---------------------------------------------------------------- the law

_PIECES: tuple[str | Ref, ...] = ("a", "b", "*", "?", X, Y)
_EFFECTS: tuple[Effect, ...] = ("Allow", "Allow", "Deny")
_NAMES = st.lists(st.sampled_from(_PIECES), min_size=1, max_size=3).map(lambda p: Text.of(*p))
_ACTIONS = st.sampled_from([["sqs:SendMessage"], ["sqs:ReceiveMessage"], ["sqs:SendMessage", "sqs:ReceiveMessage"]])
_VALUES = st.lists(st.sampled_from([text("a"), text(X), text(Y), Text.of("a", X), text("a*")]), min_size=1, max_size=2)
_CONDITIONS = st.builds(
    Condition,
    st.sampled_from(["StringEquals", "StringLike", "StringNotEquals", "StringEqualsIfExists"]),
    st.sampled_from(["aws:SourceVpc", "aws:PrincipalTag/t"]),
    _VALUES,
)


@st.composite
def _statements(draw: st.DrawFn) -> Statement:
    resources = [Text.of(QUEUE, name) for name in draw(st.lists(_NAMES, min_size=1, max_size=2))]
    conditions = draw(st.lists(_CONDITIONS, max_size=1))
    effect = draw(st.sampled_from(_EFFECTS))
    but = draw(st.integers(0, 5)) == 0
    of = AllBut(tuple(resources)) if but else resources
    return Statement(effect, draw(_ACTIONS), of, conditions=conditions, as_is=True)


_POLICIES = st.lists(_statements(), min_size=1, max_size=3).map(lambda s: Policy(s, as_is=True))
_PUT_IN = st.sampled_from(["a", "b", "ab", "ba", "c"])


def bound(policy: Policy, values: dict[str, str]) -> Policy:
    found = policy.bind(Bindings(deployment=values))
    assert found is not None
    return found


def filled(request: Request, values: dict[str, str]) -> Request:
    def put(value: str) -> str:
        for name, of in values.items():
            value = value.replace(f"{{{name}}}", of)
        return value

    context = [(key, put(v) if isinstance(v, str) else tuple(map(put, v))) for key, v in request.context]
    return Request(request.action, put(request.resource), request.principal, context)


@settings(max_examples=many(60))
@given(_POLICIES, _POLICIES, _PUT_IN, _PUT_IN)
def test_it_is_so_for_every_text(before: Policy, after: Policy, x: str, y: str) -> None:
    """Each difference that is shown is one, and what is not shown is said to be undecided."""
    values = {**HOME, X.name: x, Y.name: y}
    old, new = bound(before, values), bound(after, values)
    found = compare(before, after)

    def differs(one: Difference, has: Policy, has_not: Policy) -> None:
        request = filled(one.witness, values)
        assert evaluate(has, request).allowed
        assert not evaluate(has_not, request).allowed

    for one in found.gained:
        differs(one, new, old)
    for one in found.lost:
        differs(one, old, new)
    if not found.undecided:
        put_in = compare(old, new)
        assert {one.action for one in put_in.gained} <= {one.action for one in found.gained}
        assert {one.action for one in put_in.lost} <= {one.action for one in found.lost}


# ---------------------------------------------------------------- what people change

SECRET = Text.of("arn:", PARTITION, ":secretsmanager:", AWS_REGION, ":", ACCOUNT_ID, ":secret:db-", letters("s.a"))
PROVIDER = Text.of(
    "arn:", PARTITION, ":iam::", ACCOUNT_ID, ":oidc-provider/", Ref("aws_iam_openid_connect_provider.g.id")
)
SUB = "token.actions.githubusercontent.com:sub"


def of(actions: str | list[str], *resources: Text | str) -> Policy:
    return Policy(Statement("Allow", actions, resources), as_is=True)


def trust(sub: str) -> Policy:
    let_in = Statement(
        "Allow",
        "sts:AssumeRoleWithWebIdentity",
        principals=[Principal("Federated", PROVIDER)],
        conditions=[Condition("StringLike", SUB, [sub])],
    )
    return Policy(let_in)


NOTHING = of("sqs:ListQueues", "*")
CHANGES: list[tuple[str, Policy, Policy, list[str], int]] = [
    ("a secret more", NOTHING, of(["secretsmanager:GetSecretValue"], SECRET), ["secretsmanager:GetSecretValue"], 0),
    (
        "an action more",
        of("sqs:SendMessage", text(X)),
        of(["sqs:SendMessage", "sqs:DeleteMessage"], text(X)),
        ["sqs:DeleteMessage"],
        0,
    ),
    (
        "the same in two",
        of(["s3:GetObject", "s3:PutObject"], Text.of(X, "/*")),
        of(["s3:PutObject", "s3:GetObject"], Text.of(X, "/*")),
        [],
        0,
    ),
    ("an object of a bucket", NOTHING, of("s3:GetObject", Text.of(X, "/*")), ["s3:GetObject"], 0),
    (
        "it may be that queue",
        of("sqs:SendMessage", "arn:aws:sqs:*:*:a"),
        of("sqs:SendMessage", "arn:aws:sqs:*:*:a", text(X)),
        [],
        1,
    ),
    ("it is one of all", of("sqs:SendMessage", "arn:aws:sqs:*:*:*"), of("sqs:SendMessage", Text.of(QUEUE, X)), [], 0),
    (
        "more of a repository",
        trust("repo:o/r:ref:refs/heads/main"),
        trust("repo:o/r:*"),
        ["sts:AssumeRoleWithWebIdentity"],
        0,
    ),
    ("all, of one", of("s3:GetObject", Text.of(X, "/*")), of("s3:GetObject", "*"), ["s3:GetObject"], 0),
    ("one, of all", of("s3:GetObject", "*"), of("s3:GetObject", Text.of(X, "/*")), [], 0),
    ("less of a repository", trust("repo:o/r:*"), trust("repo:o/r:ref:refs/heads/main"), [], 0),
]


@pytest.mark.parametrize(
    ("before", "after", "gained", "undecided"), [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES]
)
def test_changes(before: Policy, after: Policy, gained: list[str], undecided: int) -> None:
    found = compare(before, after)
    assert [one.action for one in found.gained] == gained
    assert len(found.undecided) == undecided


def test_symbols_are_shown_as_themselves() -> None:
    (one,) = compare(NOTHING, of("secretsmanager:GetSecretValue", SECRET)).gained
    assert (
        str(one) == "secretsmanager:GetSecretValue on arn:aws:secretsmanager:{aws_region}:{account_id}:secret:db-??????"
    )


def test_of_a_wildcard_each_action_is_decided() -> None:
    found = compare(of("sqs:SendMessage", Text.of(QUEUE, X)), of("sqs:*", Text.of(QUEUE, X)))
    assert "sqs:DeleteMessage" in {one.action for one in found.gained}
    assert "sqs:SendMessage" not in {one.action for one in found.gained}
    assert not found.undecided
    assert all(f"{{{X.name}}}" in one.witness.resource for one in found.gained)
    assert not found.lost


@pytest.mark.parametrize("actions", [["s3:GetObject*", "s3:PutObject"], ["*"]])
def test_of_some_known_and_some_not_each_action_is_decided(actions: list[str]) -> None:
    before = of(["s3:GetObject", "s3:PutObject"], Text.of(X, "/*"))
    found = compare(before, of(actions, "*" if actions == ["*"] else Text.of(X, "/*")))
    assert ("s3:GetObject" in {one.action for one in found.gained}) == (actions == ["*"])
    assert "s3:GetObjectTorrent" in {one.action for one in found.gained}
    assert not found.undecided
