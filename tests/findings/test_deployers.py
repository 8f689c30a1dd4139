"""Trusts of roles that GitHub's tokens get into, and which roles these may pass: what is a fault, what may be meant."""

import json
from pathlib import Path

import pytest

from ecsiam.findings import check
from ecsiam.readers.reader import read

GITHUB = "token.actions.githubusercontent.com"
AUD = {"StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"}}
ECS = "arn:aws:ecs:eu-west-1:123456789012"
ROLLS = {"Effect": "Allow", "Action": "ecs:UpdateService", "Resource": f"{ECS}:service/shop/web"}
LOOKS = {"Effect": "Allow", "Action": "ecs:DescribeServices", "Resource": f"{ECS}:service/shop/web"}


def rules(
    tmp_path: Path,
    condition: object,
    *statements: object,
    issuer: str = GITHUB,
    attached: str = "",
    more: object = None,
) -> list[str]:
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{issuer}"},
        **({"Condition": condition} if condition else {}),
    }
    document = {"Version": "2012-10-17", "Statement": [trust, *([more] if more else [])]}
    managed = [{"PolicyName": attached, "PolicyArn": f"arn:aws:iam::aws:policy/{attached}"}] if attached else []
    (tmp_path / "role.json").write_text(json.dumps({
        "RoleDetailList": [{
            "RoleName": "deploy", "Arn": "arn:aws:iam::123456789012:role/deploy", "Path": "/",
            "AssumeRolePolicyDocument": document, "AttachedManagedPolicies": managed, "InstanceProfileList": [],
            "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": {
                "Version": "2012-10-17", "Statement": list(statements) or [ROLLS]}}],
        }],
        "Policies": [], "UserDetailList": [], "GroupDetailList": [], "IsTruncated": False,
    }))  # fmt: skip
    found = check(read(tmp_path / "role.json", root=tmp_path)).findings
    return [f.rule for f in found if f.rule in ("open-trust", "any-branch", "pass-role")]


def sub(*values: str, claim: str = "sub", like: str = "StringLike") -> dict[str, dict[str, object]]:
    return {"StringEquals": {**AUD["StringEquals"]}, like: {**AUD.get(like, {}), f"{GITHUB}:{claim}": list(values)}}


TRUSTS: dict[str, tuple[object, list[str]]] = {
    "nothing": ({}, ["open-trust"]),
    "the audience alone": (AUD, ["open-trust"]),
    "anything": (sub("*"), ["open-trust"]),
    "any repository": (sub("repo:*"), ["open-trust"]),
    "one of this name": (sub("repo:*/shop:*"), ["open-trust"]),
    "any, beside one": (sub("repo:acme/shop:ref:refs/heads/main", "repo:*:ref:refs/heads/main"), ["open-trust"]),
    "main of any": (sub("repo:*:ref:refs/heads/main"), ["open-trust"]),
    "any of all values": (sub("repo:*", like="ForAllValues:StringLike"), ["open-trust"]),
    "any of an owner": (sub("repo:acme/*"), ["any-branch"]),
    "main of any of an owner": (sub("repo:acme/*:ref:refs/heads/main"), ["any-branch"]),
    "any branch": (sub("repo:acme/shop:*"), ["any-branch"]),
    "any branch, said so": (sub("repo:acme/shop:ref:refs/heads/*"), ["any-branch"]),
    "any branch, with ids": (sub("repo:acme@1/shop@2:*"), ["any-branch"]),
    "main": (sub("repo:acme/shop:ref:refs/heads/main"), []),
    "some branches": (sub("repo:acme/shop:ref:refs/heads/release/*"), []),
    "an environment": (sub("repo:acme/shop:environment:*"), []),
    "pull requests": (sub("repo:acme/shop:pull_request"), []),
    "what is no pattern": (sub("repo:*", like="StringEquals"), []),
    "by the owner": (sub("*") | {"StringEquals": {f"{GITHUB}:repository_owner": "acme"}}, []),
    "by the repository": ({"StringEquals": {f"{GITHUB}:repository": "acme/shop"}}, ["any-branch"]),
    "by its id": ({"StringEquals": {f"{GITHUB}:repository_id": "1"}}, []),
    "by the workflow": (sub("acme/flows/.github/workflows/d.yml@*", claim="job_workflow_ref"), []),
    "another template": (sub("repository_owner:acme:*"), []),
}


@pytest.mark.parametrize("name", TRUSTS)
def test_who_gets_in(name: str, tmp_path: Path) -> None:
    condition, found = TRUSTS[name]
    assert rules(tmp_path, condition) == found


def test_who_gets_in_to_look_is_no_fault(tmp_path: Path) -> None:
    assert rules(tmp_path, sub("repo:acme/shop:*"), LOOKS) == []
    assert rules(tmp_path, sub("repo:*"), LOOKS) == ["open-trust"]


def test_a_server_of_ones_own_has_no_strangers(tmp_path: Path) -> None:
    assert rules(tmp_path, {}, issuer="github.acme.example/_services/token") == []


PASS = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}
TO_TASKS = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
PASSING: dict[str, tuple[list[object], list[str]]] = {
    "all to all": ([PASS], ["pass-role"]),
    "all roles": ([PASS | {"Resource": "arn:aws:iam::*:role/*"}], ["pass-role"]),
    "all of IAM's like it": ([PASS | {"Action": ["iam:Pass*"]}], ["pass-role"]),
    "to tasks": ([PASS | {"Condition": TO_TASKS}], []),
    "some": ([PASS | {"Resource": "arn:aws:iam::123456789012:role/shop-*"}], []),
    "by who rules over IAM": ([PASS, {"Effect": "Allow", "Action": "iam:CreateRole", "Resource": "*"}], []),
    "by who may all": ([{"Effect": "Allow", "Action": "*", "Resource": "*"}], []),
    "not at all": ([PASS | {"Effect": "Deny"}, ROLLS], []),
}


@pytest.mark.parametrize("name", PASSING)
def test_what_is_passed(name: str, tmp_path: Path) -> None:
    statements, found = PASSING[name]
    assert rules(tmp_path, sub("repo:acme/shop:environment:production"), *statements) == found


@pytest.mark.parametrize(
    ("attached", "found"),
    [
        ("AmazonEC2ContainerRegistryPowerUser", ["pass-role"]),
        ("PowerUserAccess", ["pass-role"]),
        ("AdministratorAccess", []),  # which rules over IAM anyway
        ("IAMFullAccess", []),  # what it says isn't known here
    ],
)
def test_what_is_passed_beside_a_policy_of_aws(attached: str, found: list[str], tmp_path: Path) -> None:
    assert rules(tmp_path, sub("repo:acme/shop:environment:production"), PASS, attached=attached) == found


EVERYBODY: dict[str, object] = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
OF_ORGANIZATION = {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}
OTHERS: dict[str, tuple[dict[str, object], list[str]]] = {
    "everybody": (EVERYBODY, ["open-trust"]),
    "everybody and everything": (EVERYBODY | {"Principal": "*"}, ["open-trust"]),
    "everybody of an organization": (EVERYBODY | {"Condition": OF_ORGANIZATION}, []),
    "everybody who knows an id": (EVERYBODY | {"Condition": {"StringEquals": {"sts:ExternalId": "x"}}}, []),
    "an account": (EVERYBODY | {"Principal": {"AWS": "123456789012"}}, []),
    "nobody": (EVERYBODY | {"Effect": "Deny"}, []),
    "who tags its session": (EVERYBODY | {"Action": "sts:TagSession"}, []),
}


@pytest.mark.parametrize("name", OTHERS)
def test_who_else_gets_in(name: str, tmp_path: Path) -> None:
    more, found = OTHERS[name]
    assert rules(tmp_path, sub("repo:acme/shop:environment:production"), more=more) == found
