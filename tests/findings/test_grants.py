"""Ways to grant what a task needs, each with what AWS makes of it; and the remedies, which are pasted."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from ecsiam.findings import Checked, Finding, check
from ecsiam.readers.reader import read

ACCOUNT, HOME = "111122223333", "eu-west-1:111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/exec"
SECRET = f"arn:aws:secretsmanager:{HOME}:secret:shop/db-AbCdE1"
READ = "secretsmanager:GetSecretValue"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
TRUST = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
Statement = dict[str, Any]


def allow(action: Any = READ, resource: Any = SECRET, **condition: Any) -> Statement:
    return {
        "Effect": "Allow",
        "Action": action,
        "Resource": resource,
        **({"Condition": condition} if condition else {}),
    }


def deny(**condition: Any) -> Statement:
    return {**allow("*", "*", **condition), "Effect": "Deny"}


def document(statements: Iterable[Statement]) -> Any:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def role(name: str, *statements: Statement, trust: Any = TRUST, attached: Iterable[str] = (), **more: Any) -> Any:
    return {
        "RoleName": name,
        "Arn": f"arn:aws:iam::{ACCOUNT}:role/{name}",
        "AssumeRolePolicyDocument": document([trust]),
        "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": document(statements)}] if statements else [],
        "AttachedManagedPolicies": [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in attached],
        **more,
    }


def policy(*statements: Statement) -> Any:
    version = {"VersionId": "v1", "IsDefaultVersion": True, "Document": document(statements)}
    return {"PolicyName": "boundary", "Arn": BOUNDARY, "DefaultVersionId": "v1", "PolicyVersionList": [version]}


def checked(here: Path, roles: list[Any], policies: Iterable[Any] = (), container: Any = None, **task: Any) -> Checked:
    value_from = [{"name": "DB", "valueFrom": SECRET}]
    definition = {
        "family": "shop",
        "taskDefinitionArn": f"arn:aws:ecs:{HOME}:task-definition/shop:1",
        "requiresCompatibilities": ["FARGATE"],
        "executionRoleArn": ROLE,
        "containerDefinitions": [{"name": "web", **(container or {"image": "nginx", "secrets": value_from})}],
        **task,
    }
    (here / "task.json").write_text(json.dumps({"taskDefinition": definition}), encoding="utf-8")
    (here / "iam.json").write_text(json.dumps({"RoleDetailList": roles, "Policies": [*policies]}), encoding="utf-8")
    return check(read(here))


def outcome(found: Checked) -> str:
    if any(one.rule in ("missing", "misplaced") for one in found.findings):
        return "denied"
    return "not decided" if found.undecided else "allowed"


WAYS: dict[str, tuple[list[Statement], str]] = {
    "as it is": ([allow()], "allowed"),
    "in another case": ([allow(READ.upper().replace("SECRETSMANAGER", "secretsmanager"))], "allowed"),
    "all but another service": ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], "allowed"),
    "all but itself": ([{"Effect": "Allow", "NotAction": READ, "Resource": "*"}], "denied"),
    "all but its resource": ([{"Effect": "Allow", "Action": READ, "NotResource": SECRET}], "denied"),
    "of any region": ([allow(resource=SECRET.replace("eu-west-1", "*"))], "allowed"),
    "of another region": ([allow(resource=SECRET.replace("eu-west-1", "eu-west-2"))], "denied"),
    "of another account": ([allow(resource=SECRET.replace(ACCOUNT, "999999999999"))], "denied"),
    "of another partition": ([allow(resource=SECRET.replace("arn:aws:", "arn:aws-cn:"))], "denied"),
    "asked for in its region": ([allow(StringEquals={"aws:RequestedRegion": "eu-west-1"})], "allowed"),
    "asked for in another": ([allow(StringEquals={"aws:RequestedRegion": "us-east-1"})], "denied"),
    "by its account": ([allow(StringEquals={"aws:PrincipalAccount": ACCOUNT})], "allowed"),
    "by another account": ([allow(StringEquals={"aws:PrincipalAccount": "999999999999"})], "denied"),
    "of its account": ([allow(StringEquals={"aws:ResourceAccount": ACCOUNT})], "allowed"),
    "by itself": ([allow(ArnLike={"aws:PrincipalArn": ROLE})], "allowed"),
    "by another role": ([allow(ArnLike={"aws:PrincipalArn": f"{ROLE}2"})], "denied"),
    "by a user": ([allow(StringLike={"aws:username": "*"})], "denied"),
    "by no user": ([allow(Null={"aws:username": "true"})], "allowed"),
    "by a service": ([allow(Bool={"aws:PrincipalIsAWSService": "true"})], "denied"),
    "for a service's resource": ([allow(StringEquals={"aws:SourceAccount": ACCOUNT})], "denied"),
    "with temporary credentials": ([allow(Null={"aws:TokenIssueTime": "false"})], "allowed"),
    "encrypted": ([allow(Bool={"aws:SecureTransport": "true"})], "allowed"),
    "not encrypted": ([allow(Bool={"aws:SecureTransport": "false"})], "denied"),
    "with a key of another service": (
        [allow([READ, "kms:Decrypt"], "*", StringEquals={"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"})],
        "denied",
    ),
    "through an endpoint": ([allow(StringEquals={"aws:SourceVpce": "vpce-0a1b2c3d"})], "not decided"),
    "by a tag": ([allow(StringEquals={"aws:ResourceTag/team": "shop"})], "not decided"),
    "and denied": ([allow(), deny()], "denied"),
    "and denied where it is not encrypted": ([allow(), deny(Bool={"aws:SecureTransport": "false"})], "allowed"),
    "and denied outside of a region": (
        [allow(), deny(StringNotEquals={"aws:RequestedRegion": "eu-west-1"})],
        "allowed",
    ),
    "and denied outside of another": ([allow(), deny(StringNotEquals={"aws:RequestedRegion": "us-east-1"})], "denied"),
    "and denied to others": ([allow(), deny(ArnNotLike={"aws:PrincipalArn": ROLE})], "allowed"),
    "and denied past an endpoint": ([allow(), deny(StringNotEquals={"aws:SourceVpce": "vpce-1"})], "not decided"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_way_to_grant_is_judged_as_aws_does(way: str, tmp_path: Path) -> None:
    statements, expected = WAYS[way]
    assert outcome(checked(tmp_path, [role("exec", *statements)])) == expected


# ---------------------------------------------------------------- attached policies, boundaries

ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
PULLS = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
BOUND: dict[str, tuple[str, list[Statement], str]] = {
    "one that allows all": (BOUNDARY, [allow("*", "*")], "allowed"),
    "one that allows another service": (BOUNDARY, [allow("s3:*", "*")], "denied"),
    "one that denies it": (BOUNDARY, [allow("*", "*"), {**allow(READ, "*"), "Effect": "Deny"}], "denied"),
    "one that is not in sight": (f"{BOUNDARY}-elsewhere", [allow("s3:*", "*")], "not decided"),
    "one of AWS's that allows all": (ADMIN, [], "allowed"),
    "one of AWS's that does not": (PULLS, [], "denied"),
}


@pytest.mark.parametrize("bound", BOUND)
def test_a_boundary_lets_through_what_it_allows(bound: str, tmp_path: Path) -> None:
    arn, statements, expected = BOUND[bound]
    of = {"PermissionsBoundary": {"PermissionsBoundaryArn": arn}}
    found = checked(tmp_path, [role("exec", allow(), **of)], [policy(*statements)] if statements else [])
    assert outcome(found) == expected
    if expected == "denied" and "denies" not in bound:
        (one,) = (one for one in found.findings if one.rule == "missing")
        assert "it is granted, and its permissions boundary does not allow it" in one.fact
        assert "boundary" in one.remedy


def test_a_role_of_a_dump_is_itself_whatever_is_attached_to_it(tmp_path: Path) -> None:
    assert outcome(checked(tmp_path, [role("exec", attached=[ADMIN])])) == "allowed"
    (one,) = read(tmp_path).roles.values()
    assert str(one.arn) == ROLE


# ---------------------------------------------------------------- trusts

SOURCE = f"arn:aws:ecs:{HOME}:"
TRUSTS: dict[str, tuple[Statement, str]] = {
    "its account": ({"StringEquals": {"aws:SourceAccount": ACCOUNT}}, ""),
    "another account": ({"StringEquals": {"aws:SourceAccount": "999999999999"}}, f"take in `{ACCOUNT}`"),
    "all of ECS": ({"ArnLike": {"aws:SourceArn": f"{SOURCE}*"}}, ""),
    "of any region": ({"ArnLike": {"aws:SourceArn": f"arn:aws:ecs:*:{ACCOUNT}:*"}}, ""),
    "of another region": ({"ArnLike": {"aws:SourceArn": f"arn:aws:ecs:us-east-1:{ACCOUNT}:*"}}, f"`{SOURCE}*`"),
    "a cluster": ({"ArnLike": {"aws:SourceArn": f"{SOURCE}cluster/main"}}, f"`{SOURCE}*`"),
    "a star that is a letter": ({"StringEquals": {"aws:SourceArn": f"{SOURCE}*"}}, f"`{SOURCE}*`"),
    "an external id": ({"StringEquals": {"sts:ExternalId": "x"}}, "Leave the condition on `sts:ExternalId` out"),
}


@pytest.mark.parametrize("trust", TRUSTS)
def test_a_trust_takes_in_what_ecs_sends(trust: str, tmp_path: Path) -> None:
    condition, says = TRUSTS[trust]
    found = checked(tmp_path, [role("exec", allow(), trust={**TRUST, "Condition": condition})])
    assert [says in one.remedy for one in found.findings if one.rule == "trust"] == [True] * bool(says)


# ---------------------------------------------------------------- what IAM refuses of the form of a statement

FORMS: dict[str, tuple[Statement, str]] = {
    "an effect": ({**allow(), "Effect": "allow"}, "`allow` is not an effect"),
    "an element": ({**allow(), "Resources": SECRET}, "unknown element `Resources`"),
    "no action": ({"Effect": "Allow", "Resource": SECRET}, "a statement needs `Action` or `NotAction`"),
    "no resource": ({"Effect": "Allow", "Action": READ}, "neither a resource nor a principal"),
    "two of one kind": ({**allow(), "NotAction": "s3:*"}, "both `Action` and `NotAction`"),
    "an operator": (allow(StringEqual={"aws:PrincipalAccount": ACCOUNT}), "unknown condition operator `StringEqual`"),
    "an operator that takes no suffix": (allow(NullIfExists={"aws:PrincipalTag/x": "true"}), "`Null` takes no"),
}


@pytest.mark.parametrize("form", FORMS)
def test_what_iam_refuses_of_a_form_is_an_error(form: str, tmp_path: Path) -> None:
    statement, says = FORMS[form]
    found = checked(tmp_path, [role("exec", statement, allow())])
    assert [says in one.fact for one in found.findings if one.rule == "refused"] == [True]


def test_elements_in_another_case_are_not_judged(tmp_path: Path) -> None:
    lower = {key.lower(): value for key, value in allow().items()}
    found = checked(tmp_path, [role("exec", lower)])
    assert "refused" not in {one.rule for one in found.findings}
    assert found.gaps


# ---------------------------------------------------------------- remedies

RESOURCES: dict[str, Any] = {
    "Key": {"Type": "AWS::KMS::Key", "Properties": {}},
    "Db": {"Type": "AWS::SecretsManager::Secret", "Properties": {"KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]}}},
    "Config": {"Type": "AWS::S3::Bucket"},
    "Logs": {"Type": "AWS::Logs::LogGroup"},
    "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": document([TRUST])}},
    "Task": {
        "Type": "AWS::ECS::TaskDefinition",
        "Properties": {
            "Family": "shop",
            "RequiresCompatibilities": ["FARGATE"],
            "ExecutionRoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
            "ContainerDefinitions": [
                {
                    "Name": "web",
                    "Image": {"Fn::Sub": "${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/shop:1"},
                    "Secrets": [{"Name": "DB", "ValueFrom": {"Ref": "Db"}}, {"Name": "DSN", "ValueFrom": "/shop/dsn"}],
                    "EnvironmentFiles": [{"Type": "s3", "Value": {"Fn::Sub": "${Config.Arn}/app.env"}}],
                    "LogConfiguration": {
                        "LogDriver": "awslogs",
                        "Options": {
                            "awslogs-group": {"Ref": "Logs"},
                            "awslogs-region": {"Ref": "AWS::Region"},
                            "awslogs-stream-prefix": "web",
                            "awslogs-create-group": "true",
                        },
                    },
                }
            ],
        },
    },
}
ROOT = """\
resource "aws_kms_key" "this" {}

resource "aws_secretsmanager_secret" "db" {
  name_prefix = "db-"
  kms_key_id  = aws_kms_key.this.arn
}

resource "aws_s3_bucket" "config" {}

resource "aws_ecs_task_definition" "shop" {
  family                   = "shop"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = aws_iam_role.exec.arn
  container_definitions = jsonencode([{
    name             = "web"
    image            = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:1"
    secrets          = [{ name = "DB", valueFrom = "${aws_secretsmanager_secret.db.arn}:url::" }]
    environmentFiles = [{ type = "s3", value = "${aws_s3_bucket.config.arn}/app.env" }]
    logConfiguration = {
      logDriver = "awslogs"
      options   = { awslogs-group = "/ecs/shop", awslogs-region = "eu-west-1" }
    }
  }])
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

data "aws_caller_identity" "current" {}
data "aws_region" "current" {}
data "aws_partition" "current" {}

resource "aws_iam_role" "exec" {
  name               = "exec"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
"""
BLOCKS = """
data "aws_iam_policy_document" "own" {
%s
}

resource "aws_iam_role_policy" "own" {
  role   = aws_iam_role.exec.name
  policy = data.aws_iam_policy_document.own.json
}
"""
ONE = """\
  statement {
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }
"""
FIRST = '{"Effect": "Allow", "Action": ["ecr:GetAuthorizationToken"], "Resource": ["*"]}'
AROUND = """
resource "aws_iam_role_policy" "own" {
  role   = aws_iam_role.exec.name
  policy = %s
}
"""
OBJECTS = AROUND % ('jsonencode({ "Version": "2012-10-17", "Statement": [' + FIRST + "%s] })")
TEXT = AROUND % ('<<EOT\n{"Version": "2012-10-17", "Statement": [' + FIRST + "%s]}\nEOT")


def pasted(found: Iterable[Finding], between: str) -> str:
    """The remedies of what is missing, one after the other."""
    heads = [one.remedy.partition("\n") for one in found if one.rule == "missing"]
    assert {head for head, _, _ in heads} == {"Grant it that:"}
    return between.join(rest for _, _, rest in heads)


@pytest.mark.parametrize(("around", "between"), [(BLOCKS, "\n"), (OBJECTS, ",\n"), (TEXT, ",\n")], ids="bot")
def test_a_remedy_is_pasted_into_terraform(around: str, between: str, tmp_path: Path) -> None:
    before = f"{ONE}{between}" if around is BLOCKS else between
    file = tmp_path / "main.tf"
    file.write_text(ROOT + around % before.removesuffix(between), encoding="utf-8")
    found = check(read(tmp_path)).findings
    file.write_text(ROOT + around % (before + pasted(found, between)), encoding="utf-8")
    again = check(read(tmp_path))
    assert not again.findings, [str(one) for one in again.findings]
    assert not again.undecided


@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_a_remedy_is_pasted_into_a_template(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"template.{suffix}"
    start = json.dumps({"Resources": RESOURCES}, indent=2)
    file.write_text(start, encoding="utf-8")
    found = check(read(tmp_path)).findings
    statements = pasted(found, ",\n" if suffix == "json" else "\n")
    if suffix == "json":
        properties = {"Policies": [{"PolicyName": "own", "PolicyDocument": document(["PASTED"])}]}  # type: ignore[list-item]
        resources = json.loads(json.dumps(RESOURCES))
        resources["Role"]["Properties"] |= properties
        file.write_text(
            json.dumps({"Resources": resources}, indent=2).replace('"PASTED"', statements), encoding="utf-8"
        )
    else:
        beside = {id: one for id, one in RESOURCES.items() if id != "Role"}
        lines = [f"  {id}: {json.dumps(one)}" for id, one in beside.items()]
        trust = json.dumps(document([TRUST]))
        head = f"  Role:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument: {trust}\n"
        policies = "      Policies:\n      - PolicyName: own\n        PolicyDocument:\n          Statement:\n"
        body = "\n".join(f"          {line}" for line in statements.splitlines())
        file.write_text("Resources:\n" + "\n".join(lines) + f"\n{head}{policies}{body}\n", encoding="utf-8")
    again = check(read(tmp_path))
    assert not again.findings, [str(one) for one in again.findings]
    assert not again.undecided


def test_a_remedy_has_only_what_is_missing(tmp_path: Path) -> None:
    image = {"image": f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/shop:1"}
    found = checked(tmp_path, [role("exec", allow(["ecr:GetAuthorizationToken", "ecr:BatchGetImage"], "*"))], (), image)
    (one,) = found.findings
    assert json.loads(one.remedy.partition("\n")[2])["Action"] == ["ecr:GetDownloadUrlForLayer"]
