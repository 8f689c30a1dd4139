"""What is known of who asks: one table, each kind of caller, and what contradicts it."""

import pytest

from ecsiam.analysis.callers import contradictions, facts_of, filled_in, kind_of
from ecsiam.analysis.request import Request
from ecsiam.model.principal import EVERYONE, Principal, PrincipalType

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
ACCOUNT = "123456789012"
USER = f"arn:aws:iam::{ACCOUNT}:user/people/bob"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/one"
FEDERATED = f"arn:aws:sts::{ACCOUNT}:federated-user/ann"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"

ROWS: list[tuple[PrincipalType, str, str, dict[str, str], tuple[str, ...]]] = [
    (
        "AWS",
        USER,
        "user",
        {"aws:PrincipalArn": USER, "aws:PrincipalType": "User", "aws:username": "bob"},
        ("aws:FederatedProvider", "aws:PrincipalServiceName"),
    ),
    (
        "AWS",
        ROLE,
        "role session",
        {"aws:PrincipalArn": ROLE, "aws:PrincipalType": "AssumedRole", "aws:PrincipalAccount": ACCOUNT},
        ("aws:username", "aws:PrincipalServiceName"),
    ),
    (
        "AWS",
        SESSION,
        "role session",
        {"aws:PrincipalArn": ROLE, "aws:PrincipalType": "AssumedRole", "aws:PrincipalIsAWSService": "false"},
        ("aws:username",),
    ),
    (
        "AWS",
        FEDERATED,
        "federated user",
        {"aws:PrincipalArn": FEDERATED, "aws:userid": f"{ACCOUNT}:ann", "aws:PrincipalType": "FederatedUser"},
        ("aws:username", "aws:FederatedProvider"),
    ),
    ("AWS", ROOT, "root", {"aws:PrincipalArn": ROOT, "aws:PrincipalType": "Account"}, ("aws:username",)),
    ("AWS", ACCOUNT, "root", {"aws:userid": ACCOUNT, "aws:PrincipalAccount": ACCOUNT}, ("aws:username",)),
    (
        "Service",
        "ecs-tasks.amazonaws.com",
        "service",
        {"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": "ecs-tasks.amazonaws.com"},
        ("aws:username", "aws:FederatedProvider"),
    ),
    (
        "*",
        "*",
        "anonymous",
        {"aws:PrincipalAccount": "anonymous", "aws:PrincipalType": "Anonymous", "aws:userid": "anonymous"},
        ("aws:PrincipalArn", "aws:username", "aws:PrincipalIsAWSService", "aws:TokenIssueTime"),
    ),
]


@pytest.mark.parametrize(("type", "id", "kind", "sent", "absent"), ROWS)
def test_what_follows_from_who_asks(
    type: PrincipalType, id: str, kind: str, sent: dict[str, str], absent: tuple[str, ...]
) -> None:
    principal = Principal(type, id)
    assert kind_of(principal) == kind
    request = filled_in(Request("s3:GetObject", "arn:aws:s3:::b/x", principal))
    assert {key: request.values(key) for key in sent} == sent
    assert all(request.values(key) is None and facts_of(principal)[0][key] is None for key in absent)
    assert not contradictions(request)
    for key in absent:
        assert contradictions(Request("s3:GetObject", "*", principal, {key: "x"})) == (key,)
    for key in sent:
        assert contradictions(Request("s3:GetObject", "*", principal, {key: "x"})) == (key,)


def test_what_is_given_is_not_filled_in_again() -> None:
    request = Request(
        "s3:GetObject", "*", Principal("AWS", SESSION), {"aws:principalarn": ROLE.replace("app", "a/app")}
    )
    assert filled_in(request).values("aws:PrincipalArn") == f"arn:aws:iam::{ACCOUNT}:role/a/app"
    assert not contradictions(request)


def test_a_session_never_stands_in_its_own_principal_arn() -> None:
    request = Request("s3:GetObject", "*", Principal("AWS", SESSION), {"aws:PrincipalArn": SESSION})
    assert contradictions(request) == ("aws:PrincipalArn",)


def test_anonymous_callers_have_no_tags() -> None:
    assert contradictions(Request("s3:GetObject", "*", EVERYONE, {"aws:PrincipalTag/team": "a"}))
