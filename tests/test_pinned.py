"""A key that is pinned to a few values decides what its policy variable says, and an ARN what follows from it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

import pytest

from ecsiam import Fails, Holds, Policy, PolicyError, Statement, compare, contains, evaluate, overlaps, parse_policy
from ecsiam.model.condition import Block
from ecsiam.model.principal import Principal

KEY, OWN = "aws:ResourceTag/team", "aws:PrincipalTag/team"
TEAM, NAMED = "${aws:PrincipalTag/team}", "${aws:PrincipalTag/team, 'none'}"
HOME = "arn:aws:s3:::b/home/${aws:username}/*"
A, B = "111122223333", "444455556666"
ROLE, USER, ROOT = (f"arn:aws:iam::{A}:{what}" for what in ("role/app", "user/dev/bob", "root"))


def allow(when: Block, resource: str = "arn:aws:s3:::b/*") -> Policy:
    return Policy(Statement("Allow", "s3:GetObject", resource, conditions=when))


def home(whose: str) -> str:
    return f"arn:aws:s3:::b/home/{whose}/*"


CONTAINED: list[tuple[Policy, Policy, bool]] = [
    (allow({"StringEquals": {KEY: "red"}}), allow({"StringEquals": {KEY: TEAM, OWN: "red"}}), True),
    (allow({"StringEquals": {KEY: "red"}}), allow({"StringEquals": {KEY: NAMED, OWN: "red"}}), True),
    (allow({"StringEquals": {KEY: ["a", "b"]}}), allow({"StringEquals": {KEY: TEAM, OWN: ["a", "b"]}}), True),
    (allow({"StringEquals": {KEY: "a"}}), allow({"StringEquals": {KEY: TEAM, OWN: ["a", "b"]}}), False),
    (
        allow({"StringEquals": {KEY: "red"}}),
        allow({"StringEqualsIgnoreCase": {KEY: TEAM}, "StringEquals": {OWN: "red"}}),
        False,
    ),
    (
        allow({"StringEqualsIgnoreCase": {KEY: "RED"}}),
        allow({"StringEqualsIgnoreCase": {KEY: TEAM}, "StringEquals": {OWN: "red"}}),
        True,
    ),
    (allow({"StringNotEquals": {KEY: TEAM}}), allow({"StringEquals": {KEY: "x", OWN: "y"}}), True),
    (allow({"StringNotEquals": {KEY: TEAM}}), allow({"StringEquals": {KEY: "x", OWN: ["x", "y"]}}), False),
    (
        allow({"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}}),
        allow({"StringEquals": {"aws:PrincipalOrgID": "o-a", "aws:ResourceOrgID": "o-a"}}),
        True,
    ),
    (allow({}, home("bob")), allow({"StringEquals": {"aws:username": "bob"}}, HOME), True),
    (allow({}, home("al")), allow({"StringEquals": {"aws:username": "bob"}}, HOME), False),
    (allow({}, HOME), allow({"StringEquals": {"aws:username": "bob"}}, home("bob")), True),
    (allow({}, HOME), allow({"StringLike": {"aws:username": "bo*"}}, home("bob")), False),
    (allow({}, HOME), allow({"ArnEquals": {"aws:PrincipalArn": USER}}, home("bob")), True),
    (
        allow({"StringEquals": {"aws:PrincipalAccount": A}}),
        allow({"ArnLike": {"aws:PrincipalArn": [ROLE, USER]}}),
        True,
    ),
    (
        allow({"StringEquals": {"aws:PrincipalAccount": A}}),
        allow({"ArnLike": {"aws:PrincipalArn": [ROLE, f"arn:aws:iam::{B}:role/app"]}}),
        False,
    ),
]


@pytest.mark.parametrize("case", range(len(CONTAINED)))
def test_what_is_pinned_decides_what_is_contained(case: int) -> None:
    wide, narrow, held = CONTAINED[case]
    answer = contains(wide, narrow)
    if held:
        assert answer == Holds()
        return
    assert isinstance(answer, Fails)
    assert answer.witness is not None
    assert evaluate(narrow, answer.witness).allowed
    assert not evaluate(wide, answer.witness).allowed


@pytest.mark.parametrize(
    ("arn", "key", "value", "may_be"),
    [
        (USER, "aws:PrincipalAccount", A, True),
        (USER, "aws:PrincipalAccount", B, False),
        (USER, "aws:username", "bob", True),
        (USER, "aws:username", "alice", False),
        (ROLE, "aws:username", "app", False),
        (ROLE, "aws:PrincipalType", "User", False),
        (ROOT, "aws:userid", A, True),
        (ROOT, "aws:userid", B, False),
    ],
)
def test_what_follows_from_the_arn_of_who_asks(arn: str, key: str, value: str, may_be: bool) -> None:
    answer = overlaps(allow({"ArnEquals": {"aws:PrincipalArn": arn}}), allow({"StringEquals": {key: value}}))
    assert isinstance(answer, Holds if may_be else Fails), answer


QUEUE = f"arn:aws:sqs:us-east-1:{A}:q"
CLUSTERS = f"arn:aws:ecs:*:{A}:*"


@pytest.mark.parametrize(
    ("when", "resource", "may_be"),
    [
        ({"StringEquals": {"aws:ResourceAccount": A}}, QUEUE, True),
        ({"StringEquals": {"aws:ResourceAccount": B}}, QUEUE, False),
        ({"StringLike": {"aws:ResourceAccount": "4444*"}}, QUEUE, False),
        ({"StringEquals": {"aws:ResourceAccount": B}}, f"arn:aws:sqs:*:{A}:*", False),
        ({"StringEquals": {"aws:ResourceAccount": B}}, "arn:aws:sqs:*:*:q", True),
        ({"StringEquals": {"aws:ResourceAccount": B}}, "arn:aws:s3:::b/*", True),
        ({"StringEquals": {"aws:SourceAccount": A}, "ArnLike": {"aws:SourceArn": CLUSTERS}}, QUEUE, True),
        ({"StringEquals": {"aws:SourceAccount": B}, "ArnLike": {"aws:SourceArn": CLUSTERS}}, QUEUE, False),
        ({"StringEquals": {"aws:SourceAccount": B}, "ArnLike": {"aws:SourceArn": "arn:aws:s3:::b"}}, QUEUE, True),
    ],
)
def test_an_account_follows_from_the_arn_beside_it(when: Block, resource: str, may_be: bool) -> None:
    answer = overlaps(Policy(Statement("Allow", "*", resource)), Policy(Statement("Allow", "*", "*", conditions=when)))
    assert isinstance(answer, Holds if may_be else Fails), answer


SESSION = f"arn:aws:sts::{A}:assumed-role/app/s1"


@pytest.mark.parametrize(
    ("who", "when", "may_be"),
    [
        ("*", {"StringEquals": {"aws:PrincipalType": "User"}, "StringLike": {"aws:userid": "*:*"}}, False),
        ("*", {"StringEquals": {"aws:PrincipalType": "User"}, "StringLike": {"aws:userid": "AIDA*"}}, True),
        ("*", {"StringEquals": {"aws:PrincipalType": "AssumedRole"}, "StringLike": {"aws:userid": "AROA*:s"}}, True),
        (USER, {"StringLike": {"aws:userid": "*:bob"}}, False),
        (SESSION, {"StringLike": {"aws:userid": "*:s1"}}, True),
        (SESSION, {"StringNotLike": {"aws:userid": "*:s1"}}, False),
        (SESSION, {"StringLike": {"aws:userid": "*:s2"}}, False),
    ],
)
def test_the_id_of_who_asks_is_of_its_kind(who: str, when: Block, may_be: bool) -> None:
    """A user's id has no colon, a session's ends with the name of the session."""
    someone = Principal("AWS", who)
    one = Policy(Statement("Allow", "s3:GetObject", "*", someone, when))
    other = Policy(Statement("Allow", "s3:GetObject", "*", someone))
    answer = overlaps(one, other)
    if not may_be and who == "*":  # what services and the like send is not said
        assert not isinstance(answer, Holds)
    else:
        assert isinstance(answer, Holds if may_be else Fails), answer


def test_what_not_action_gains_on_a_resource_is_named_action_by_action() -> None:
    topic = f"arn:aws:sns:us-east-1:{A}:t"
    queues = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
    gained = {"Effect": "Allow", "NotAction": ["s3:*", "ec2:*"], "Resource": topic}
    before, after = (parse_policy({"Version": "2012-10-17", "Statement": s}) for s in ([queues], [queues, gained]))
    actions = {difference.witness.action for difference in compare(before, after).gained}
    assert {"sns:Publish", "sns:Subscribe"} <= actions


@pytest.mark.parametrize("given", [{"timeout": "x"}, {"timeout": True}, {"boundary": 3}, {"managed": 3}])
def test_what_is_given_beside_is_of_the_right_kind(given: dict[str, object]) -> None:
    with pytest.raises(PolicyError):
        contains(allow({}), allow({}), **given)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
