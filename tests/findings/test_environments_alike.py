"""Environments that call everything the same, side by side: what one has says nothing of the other."""

import json
from pathlib import Path
from typing import Any

import pytest

from ecsiam.findings import check
from ecsiam.findings.finding import Checked
from ecsiam.readers.reader import read

HASH = "0123456789abcdef" * 4


def found(checked: Checked) -> list[str]:
    return sorted(f"{Path(f.place.file).parent.name}: {f.fact}" for f in checked.findings if f.severity != "note")


def all_is_known(checked: Checked) -> bool:
    return not checked.undecided and not checked.gaps


# ---------------------------------------------------------------- stages of the CDK


def role(service: str, *statements: Any) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    policy = {"PolicyName": "p", "PolicyDocument": {"Statement": list(statements)}}
    of = {"AssumeRolePolicyDocument": {"Statement": [trust]}, "Policies": [policy] if statements else []}
    return {"Type": "AWS::IAM::Role", "Properties": of}


def allow(actions: Any, resource: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **more}


def stage(directory: Path, name: str, *, key: bool, decrypts: bool) -> None:
    """An assembly: a secret in one stack, in another a task that reads it, and one more in a stack in that."""
    directory.mkdir(parents=True)
    secret, group = {"Fn::ImportValue": f"{name}:Secret"}, {"Fn::GetAtt": ["Group", "Arn"]}
    at = {"Fn::ImportValue": f"{name}:Key"}
    read_secret = [allow("secretsmanager:GetSecretValue", secret)]
    read_secret += [allow("kms:Decrypt", at)] if key and decrypts else []
    with_key = {"KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]}} if key else {}
    data: dict[str, Any] = {
        "Resources": {
            "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": with_key},
            "Key": {"Type": "AWS::KMS::Key", "Properties": {}},
        },
        "Outputs": {
            "A": {"Value": {"Ref": "Secret"}, "Export": {"Name": f"{name}:Secret"}},
            "B": {"Value": {"Fn::GetAtt": ["Key", "Arn"]}, "Export": {"Name": f"{name}:Key"}},
        },
    }
    url = {"Fn::Join": ["", ["https://s3.", {"Ref": "AWS::Region"}, f".amazonaws.com/assets/{HASH}.json"]]}
    task = {"Fn::GetAtt": ["Task", "TaskDefinitionArn"]}
    web: dict[str, Any] = {
        "Group": {"Type": "AWS::Logs::LogGroup"},
        "Execution": role(
            "ecs-tasks.amazonaws.com", *read_secret, allow(["logs:CreateLogStream", "logs:PutLogEvents"], group)
        ),
        "Task": definition(f"{name}-web", {"Fn::GetAtt": ["Execution", "Arn"]}, secret, logs={"Ref": "Group"}),
        "Events": role(
            "events.amazonaws.com",
            allow("ecs:RunTask", {"Ref": "Task"}),
            allow("iam:PassRole", {"Fn::GetAtt": ["Execution", "Arn"]}),
        ),
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Targets": [
                    {
                        "Arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/c",
                        "RoleArn": {"Fn::GetAtt": ["Events", "Arn"]},
                        "EcsParameters": {"TaskDefinitionArn": task},
                    }
                ]
            },
        },
        "Nested": {
            "Type": "AWS::CloudFormation::Stack",
            "Properties": {"TemplateURL": url, "Parameters": {"Role": {"Fn::GetAtt": ["Execution", "Arn"]}}},
        },
    }
    nested = {
        "Parameters": {"Role": {"Type": "String"}},
        "Resources": {"Job": definition(f"{name}-job", {"Ref": "Role"}, secret)},
    }
    templates = {"Data": data, "Web": {"Resources": web}, "Jobs": nested}
    for called, template in templates.items():
        (directory / f"{called}.template.json").write_text(json.dumps(template))
    source = {"source": {"path": "Jobs.template.json", "packaging": "file"}}
    (directory / "Web.assets.json").write_text(json.dumps({"version": "1", "files": {HASH: source}}))
    artifacts = {
        f"{name}-{stack}": {
            "type": "aws:cloudformation:stack",
            "environment": "aws://123456789012/eu-west-1",
            "properties": {"templateFile": f"{stack}.template.json"},
        }
        for stack in ("Data", "Web")
    }
    (directory / "manifest.json").write_text(json.dumps({"version": "1", "artifacts": artifacts}))


def definition(family: str, role: Any, secret: Any, logs: Any = None) -> dict[str, Any]:
    options = {"awslogs-group": logs, "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "x"}
    container: dict[str, Any] = {"Name": "a", "Image": "nginx", "Secrets": [{"Name": "S", "ValueFrom": secret}]}
    if logs is not None:
        container["LogConfiguration"] = {"LogDriver": "awslogs", "Options": options}
    of = {"Family": family, "RequiresCompatibilities": ["FARGATE"], "ExecutionRoleArn": role}
    return {"Type": "AWS::ECS::TaskDefinition", "Properties": {**of, "ContainerDefinitions": [container]}}


@pytest.mark.parametrize("decrypts", [True, False])
def test_stages_of_one_app(decrypts: bool, tmp_path: Path) -> None:
    """A stage has the names of another, one of the two a key: each task is held against its own stage's roles."""
    stage(tmp_path / "cdk.out" / "assembly-dev", "dev", key=False, decrypts=False)
    stage(tmp_path / "cdk.out" / "assembly-prod", "prod", key=True, decrypts=decrypts)
    checked = check(read(tmp_path))
    assert all_is_known(checked), (checked.undecided, checked.gaps)
    assert checked.tasks == 4
    wrong = [one for one in found(checked) if not ("assembly-prod: ECS reads" in one and "kms:Decrypt" in one)]
    assert not wrong
    assert len(found(checked)) == (0 if decrypts else 2)


# ---------------------------------------------------------------- roots of Terraform

ROOT = """
resource "aws_ecr_repository" "app" { name = "%(name)s-app" }
resource "aws_kms_key" "k" {}
resource "aws_secretsmanager_secret" "db" {
  name = "%(name)s/db"
  %(key)s
}
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type = "Service"
      identifiers = ["ecs-tasks.amazonaws.com", "scheduler.amazonaws.com"]
    }
  }
}
data "aws_iam_policy_document" "execution" {
  statement {
    actions   = ["secretsmanager:GetSecretValue"]
    resources = ["arn:aws:secretsmanager:eu-west-1:*:secret:%(name)s/db-*"]
  }
  statement {
    actions   = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = ["arn:aws:ecr:eu-west-1:*:repository/%(name)s-app"]
  }
  statement {
    actions   = ["ecr:GetAuthorizationToken", "ecs:DescribeClusters"]
    resources = ["*"]
  }
  statement {
    actions   = ["ecs:RunTask"]
    resources = ["arn:aws:ecs:eu-west-1:*:task-definition/%(name)s-app:*"]
  }
  statement {
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.execution.arn]
  }
}
resource "aws_iam_role" "execution" {
  name               = "%(name)s-execution"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
resource "aws_iam_role_policy" "execution" {
  role   = aws_iam_role.execution.name
  policy = data.aws_iam_policy_document.execution.json
}
resource "aws_ecs_task_definition" "app" {
  family                   = "%(name)s-app"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = aws_iam_role.execution.arn
  container_definitions = jsonencode([{
    name    = "app"
    image   = "${aws_ecr_repository.app.repository_url}:1"
    secrets = [{ name = "DB", valueFrom = aws_secretsmanager_secret.db.arn }]
  }])
}
resource "aws_scheduler_schedule" "nightly" {
  name = "nightly"
  target {
    arn      = "arn:aws:ecs:eu-west-1:123456789012:cluster/c"
    role_arn = aws_iam_role.execution.arn
    ecs_parameters { task_definition_arn = aws_ecs_task_definition.app.arn }
  }
}
provider "aws" { region = "eu-west-1" }
"""


def test_roots_of_one_service(tmp_path: Path) -> None:
    """Only one environment's secret has a key, and all names differ; the addresses are the same."""
    for name, key in (("dev", ""), ("prod", "kms_key_id = aws_kms_key.k.arn")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.tf").write_text(ROOT % {"name": name, "key": key})
    checked = check(read(tmp_path))
    assert all_is_known(checked), (checked.undecided, checked.gaps)
    (one,) = found(checked)
    assert one.startswith("prod: ")
    assert "kms:Decrypt" in one
