"""Nothing is decided by a request that can't be: what follows from who asks, and what a key's type can hold."""

import re

import pytest

from ecsiam import Fails, Holds, Policy, Role, Statement, Undecided, can, contains, equivalent, evaluate, overlaps
from ecsiam.analysis.callers import contradictions
from ecsiam.model.condition import Block
from ecsiam.model.principal import EVERYONE, Principal
from ecsiam.model.role import RolePolicy

A, B = "111111111111", "222222222222"
ROLE = f"arn:aws:iam::{A}:role/app"
USER = f"arn:aws:iam::{A}:user/bob"
CANONICAL = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
ANY_AWS = Principal("AWS", "*")


def allow(when: Block | None = None, who: Principal | None = None, *, resource: str = "*") -> Policy:
    return Policy(Statement("Allow", "s3:GetObject", resource, who, when or {}, as_is=True))


def deny(when: Block, *more: Policy) -> Policy:
    return Policy([*(s for p in more for s in p.statements), Statement("Deny", "*", "*", conditions=when)])


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
NEVER: list[Block] = [
    {"Null": {"aws:PrincipalArn": "true"}},
    {"Null": {"aws:PrincipalAccount": "true"}},
    {"Null": {"aws:SecureTransport": "true"}},
    {"Null": {"aws:CurrentTime": "true"}},
    {"Bool": {"aws:PrincipalIsAWSService": "true"}},
    {"StringEquals": {"aws:PrincipalIsAWSService": "true"}},
    {"Null": {"aws:PrincipalServiceName": "false"}},
    {"StringEquals": {"aws:PrincipalType": "Anonymous"}},
    {"StringEquals": {"aws:PrincipalType": "assumedrole"}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:sts::{A}:assumed-role/app/*"}},
    {"StringLike": {"aws:PrincipalArn": "arn:aws:sts::*:assumed-role/*"}},
    {"StringEquals": {"aws:PrincipalType": "AssumedRole"}, "Null": {"aws:username": "false"}},
    {"StringEquals": {"aws:PrincipalType": "User"}, "Null": {"aws:username": "true"}},
    {"StringEquals": {"aws:PrincipalType": "User"}, "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}},
    {"StringEquals": {"aws:SecureTransport": "maybe"}},
    {"StringNotEquals": {"aws:SecureTransport": ["true", "false"]}},
    {"StringEquals": {"aws:PrincipalAccount": "mine"}},
]


@pytest.mark.parametrize("when", NEVER, ids=str)
def test_what_no_principal_ever_sends_is_no_evidence(when: Block) -> None:
    assert contains(Policy(Statement("Allow", "sqs:*", "*")), allow(when)) == Holds()
    assert isinstance(overlaps(allow(when), allow()), Fails)
    assert isinstance(can(allow(when), action="s3:GetObject", resource="*", universe="all"), Fails)


SOMETIMES: list[Block] = [
    {"Null": {"aws:username": "true"}},
    {"Null": {"aws:username": "false"}},
    {"StringEquals": {"aws:PrincipalType": "User"}},
    {"StringEquals": {"aws:PrincipalType": "AssumedRole"}},
    {"StringEquals": {"aws:PrincipalAccount": A}},
    {"ArnEquals": {"aws:PrincipalArn": ROLE}},
    {"StringEquals": {"aws:PrincipalAccount": A}, "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}},
    {"StringEquals": {"aws:username": "bob"}, "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}},
    {"StringNotEquals": {"aws:PrincipalArn": ROLE}},
    {"StringLike": {"aws:userid": "*:bob"}},
    {"Bool": {"aws:SecureTransport": "false"}},
]


@pytest.mark.parametrize("when", SOMETIMES, ids=str)
def test_what_somebody_sends_is_shown_as_they_send_it(when: Block) -> None:
    answer = contains(Policy(Statement("Allow", "sqs:*", "*")), allow(when))
    assert isinstance(answer, Fails)
    witness = answer.witness
    assert witness is not None
    assert evaluate(allow(when), witness).allowed
    arn, account, name = (witness.values(k) for k in ("aws:PrincipalArn", "aws:PrincipalAccount", "aws:username"))
    if isinstance(arn, str) and isinstance(account, str):
        assert f":{account}:" in arn
    if isinstance(arn, str) and isinstance(name, str):
        assert arn.endswith(f"/{name}")


def test_a_canonical_user_is_an_account() -> None:
    """It is nobody apart from the account that `aws:PrincipalAccount` names."""
    of_account = allow(who=Principal("AWS", A))
    pinned = allow({"StringEquals": {"aws:PrincipalAccount": A}}, ANY_AWS)
    assert contains(of_account, pinned) == Holds()
    assert contains(pinned, of_account) == Holds()
    canonical = allow(who=Principal("CanonicalUser", CANONICAL))
    assert contains(allow(who=ANY_AWS), canonical) == Holds()
    assert isinstance(contains(of_account, canonical), Undecided)
    assert isinstance(overlaps(of_account, canonical), Undecided)
    assert contains(canonical, canonical) == Holds()
    assert isinstance(contains(canonical, allow(who=ANY_AWS)), Fails)


def test_a_service_is_a_service() -> None:
    service = Principal("Service", "ecs-tasks.amazonaws.com")
    assert contains(allow(who=Principal("AWS", A)), allow({"Bool": {"aws:PrincipalIsAWSService": "false"}}, service))
    named = allow({"StringEquals": {"aws:PrincipalServiceName": "ecs-tasks.amazonaws.com"}}, EVERYONE)
    assert equivalent(named, allow(who=service)) == Holds()
    assert contains(allow(who=Principal("AWS", A)), allow({"Null": {"aws:username": "false"}}, service)) == Holds()


@pytest.mark.parametrize(
    ("who", "when"),
    [
        (Principal("AWS", ROLE), {"ArnEquals": {"aws:PrincipalArn": ROLE}}),
        (Principal("AWS", USER), {"ArnEquals": {"aws:PrincipalArn": USER}}),
        (Principal("AWS", f"arn:aws:iam::{A}:root"), {"StringEquals": {"aws:PrincipalAccount": A}}),
    ],
)  # fmt: skip
def test_a_principal_and_its_key_say_the_same(who: Principal, when: Block) -> None:
    """Of the AWS principals; what services send as these keys, AWS's pages don't say."""
    assert equivalent(allow(who=who), allow(when, ANY_AWS)) == Holds()
    assert isinstance(contains(allow(who=who), allow(when, EVERYONE)), Undecided)
    assert equivalent(allow(who=who), allow(when, who)) == Holds()


def test_everybody_of_an_account_is_more_than_one_of_it() -> None:
    other = allow({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{A}:role/*"}}, Principal("AWS", A))
    answer = contains(allow(who=Principal("AWS", ROLE)), other)
    assert isinstance(answer, Fails)
    assert answer.witness is not None
    assert not contradictions(answer.witness)
    assert answer.witness.values("aws:PrincipalArn") != ROLE


def test_what_two_accounts_have_in_common_is_nobody() -> None:
    of_b = allow({"StringEquals": {"aws:PrincipalAccount": B}}, Principal("AWS", A))
    assert contains(allow(who=Principal("AWS", B)), of_b) == Holds()
    by_arn = allow(
        {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{B}:*"}, "StringEquals": {"aws:PrincipalAccount": A}}
    )
    assert not isinstance(contains(Policy(Statement("Allow", "sqs:*", "*")), by_arn), Fails)


NEVER_OF_ROLES: list[Block] = [
    {"Null": {"aws:username": "false"}},
    {"StringEquals": {"aws:PrincipalType": "User"}},
    {"Null": {"aws:TokenIssueTime": "true"}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}},
]


@pytest.mark.parametrize("when", NEVER_OF_ROLES, ids=str)
def test_a_role_s_policies_are_asked_by_sessions_of_it(when: Block) -> None:
    trust = Policy(Statement("Allow", "sts:AssumeRole", None, Principal("Service", "ecs-tasks.amazonaws.com")))
    role, other = (Role("app", "app", trust, [RolePolicy("p", "p", p)]) for p in (allow(when), allow()))
    assert isinstance(can(role, action="s3:GetObject", resource="arn:aws:s3:::b/x"), Fails)
    assert isinstance(can(allow(when), action="s3:GetObject", resource="arn:aws:s3:::b/x"), Holds)
    assert isinstance(overlaps(role, other), Fails)
    assert contains(allow({"Null": {"aws:username": "true"}}), other) == Holds()


def test_a_key_of_every_request_beside_one_that_a_variable_reads() -> None:
    """What services or token bringers send is no matter of an identity policy."""
    values = {"aws:RequestedRegion": "${aws:PrincipalTag/region}", "aws:ResourceOrgID": "${aws:PrincipalOrgID}"}
    answer = can(allow({"StringEquals": values}), action="s3:GetObject", resource="arn:aws:s3:::b/x")
    assert isinstance(answer, Holds)


def test_the_empty_text_alone_shows_no_set_operator() -> None:
    """Beside variables too: what is left is not known, and no example is claimed."""
    values = ["${aws:PrincipalTag/team}", "${aws:username}", ""]
    both = {
        "ForAnyValue:StringNotEqualsIgnoreCase": {"aws:TagKeys": ["${*}"]},
        "ForAllValues:StringEquals": {"aws:TagKeys": values},
    }
    answer = can(allow(both), action="*", resource="*", universe="all")
    assert isinstance(answer, Holds)
    assert answer.witness is not None
    assert evaluate(allow(both), answer.witness).allowed


def test_a_key_that_is_read_with_a_default_follows_from_who_asks() -> None:
    """A user has a name, wherever a policy reads it."""
    read = {"StringEqualsIfExists": {"aws:RequestTag/k": ["", "${aws:username, 'a'}*"]}}
    answer = contains(allow({"Null": {"aws:RequestTag/k": "true"}}, EVERYONE), allow(read, EVERYONE))
    assert isinstance(answer, Fails)
    assert answer.witness is not None
    who = answer.witness.principal
    assert who is None or ":user/" not in str(who) or answer.witness.values("aws:username")


@pytest.mark.parametrize("operator", ["NumericGreaterThan", "NumericLessThanEquals", "NumericNotEquals", "DateEquals"])
@pytest.mark.parametrize("value", ["1111*", "false", "111122223333", "200000000000.5"])
def test_an_account_that_is_compared_as_a_number_is_one(operator: str, value: str) -> None:
    present = allow({"Null": {"aws:ResourceAccount": "false"}})
    compared = allow({operator: {"aws:ResourceAccount": value}})
    for answer in (contains(compared, present), contains(allow({"Null": {"aws:SourceVpc": "false"}}), compared)):
        if isinstance(answer, Fails):
            assert answer.witness is not None
            assert re.fullmatch("[0-9]{12}", str(answer.witness.values("aws:ResourceAccount") or "0" * 12))


# ---------------------------------------------------------------- types


def test_a_date_is_no_number() -> None:
    """`aws:CurrentTime` is sent as a date, so numeric operators never match it: these Denies deny nothing."""
    at = {"aws:CurrentTime": "5"}
    policy = deny({"NumericGreaterThan": at}, deny({"NumericLessThanEquals": at}, allow()))
    answer = can(policy, action="s3:GetObject", resource="arn:aws:s3:::b/x")
    assert isinstance(answer, Holds)
    assert answer.witness is not None
    assert evaluate(policy, answer.witness).allowed
    epoch = {"aws:EpochTime": "5"}
    assert isinstance(
        can(
            deny({"NumericGreaterThan": epoch}, deny({"NumericLessThanEquals": epoch}, allow())),
            action="s3:GetObject",
            resource="arn:aws:s3:::b/x",
        ),
        Fails,
    )


def test_no_bytes_are_bytes() -> None:
    """An empty value under `BinaryEquals` is one that a request can have."""
    policy = allow({"BinaryEquals": {"example.com:key": ""}})
    assert isinstance(can(policy, action="s3:GetObject", resource="arn:aws:s3:::b/x"), Holds)


KEYS = {
    "Bool": "aws:SecureTransport",
    "Date": "aws:CurrentTime",
    "Epoch": "aws:EpochTime",
    "IPAddress": "aws:SourceIp",
    "Numeric": "s3:max-keys",
    "ARN": "aws:SourceArn",
    "String": "s3:prefix",
    "": "example.com:key",
}
TEXTS = (
    *("", "5", "-5", "0.5", "1e5", "99999999999999999999", "true", "TRUE", "tomorrow", "*", "x" * 300, "QQ=="),
    *("2020", "2020-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01"),
    *("203.0.113.0/24", "::/0", "1.2.3.4.5", "arn:aws:s3:::b"),
)
OPERATORS = (
    *("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringLike", "StringNotLike", "Bool"),
    *("NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericGreaterThanEquals", "BinaryEquals"),
    *("DateEquals", "DateNotEquals", "DateLessThan", "DateGreaterThanEquals"),
    *("IpAddress", "NotIpAddress", "ArnLike", "ArnNotEquals"),
)


@pytest.mark.parametrize("type", KEYS)
@pytest.mark.parametrize("operator", OPERATORS)
def test_every_operator_with_every_type_of_key_and_strange_values(operator: str, type: str) -> None:
    """Whatever is asked has an answer, and its evidence stands up to plain matching."""
    for text in TEXTS:
        when = {operator: {KEYS[type]: text}}
        policy = Policy(Statement("Allow", "s3:GetObject", "*", conditions=when, as_is=True))
        assert contains(policy, policy) == Holds()
        answer = contains(Policy(Statement("Allow", "sqs:*", "*")), policy)
        if isinstance(answer, Fails) and answer.witness is not None:
            assert evaluate(policy, answer.witness).allowed
        other = contains(policy, allow())
        if isinstance(other, Fails) and other.witness is not None:
            assert not evaluate(policy, other.witness).allowed
