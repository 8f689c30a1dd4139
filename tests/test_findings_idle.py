"""What nobody in sight needs: said of execution roles, and of nothing that something unknown might need."""

import json
from pathlib import Path

import pytest

import ecsiam
from ecsiam.findings.idle import TASKS
from ecsiam.readers.reader import read
from ecsiam.readers.task_needs import known_to, needs_of

TRUST = """\
data "aws_iam_policy_document" "ecs" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

resource "aws_secretsmanager_secret" "used" {
  name = "used"
}

resource "aws_secretsmanager_secret" "unused" {
  name = "unused"
}

resource "aws_iam_role" "execution" {
  name               = "execution"
  assume_role_policy = data.aws_iam_policy_document.ecs.json
}

resource "aws_iam_role_policy" "execution" {
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.execution.json
}

data "aws_iam_policy_document" "execution" {
"""
STATEMENT = """\
  statement {
    actions   = ["%s"]
    resources = [%s]
  }
"""
SECRET = "aws_secretsmanager_secret.%s.arn"
USED = STATEMENT % ("secretsmanager:GetSecretValue", SECRET % "used")
UNUSED = STATEMENT % ("secretsmanager:GetSecretValue", SECRET % "unused")
TASK = """\
}

resource "aws_ecs_task_definition" "%s" {
  family                = "%s"
  execution_role_arn    = %s
  container_definitions = jsonencode([{
    name    = "web"
    image   = "nginx"
    secrets = [{ name = "A", valueFrom = %s }]
  }])
"""
SHOP = TASK % ("shop", "shop", "aws_iam_role.execution.arn", SECRET % "used")


def idle(root: Path, *parts: str) -> list[int | None]:
    (root / "main.tf").write_text(f"{''.join(parts)}}}\n")
    found = ecsiam.check(ecsiam.read(root)).findings
    assert all(one.severity == "note" for one in found if one.rule == "idle")
    return [one.place.line for one in found if one.rule == "idle"]


def test_a_statement_that_no_task_needs_is_named_at_its_line(tmp_path: Path) -> None:
    line = (TRUST + USED).count("\n") + 1
    assert idle(tmp_path, TRUST, USED, UNUSED, SHOP) == [line]
    assert idle(tmp_path, TRUST, USED, SHOP) == []


OTHER = TASK % ("other", "other", "aws_iam_role.execution.arn", SECRET % "unused")
SILENT = {
    "another task needs it": (UNUSED, SHOP + OTHER),
    "one for several": (STATEMENT % ("secretsmanager:GetSecretValue", f"{SECRET % 'used'}, {SECRET % 'unused'}"), SHOP),
    "a key may be that of a secret": (STATEMENT % ("kms:Decrypt", '"arn:aws:kms:eu-west-1:123456789012:key/a"'), SHOP),
    "what else it has is for another rule": (STATEMENT % ("sqs:SendMessage", '"*"'), SHOP),
    "a task whose role is not in sight": (UNUSED, SHOP + TASK % ("o", "o", "var.role", SECRET % "used")),
    "a task whose secret is not known": (
        UNUSED,
        SHOP + TASK % ("o", "o", "aws_iam_role.execution.arn", "var.secret"),
    ),
    "a role for both purposes": (
        UNUSED,
        SHOP.replace("container_definitions", "task_role_arn = aws_iam_role.execution.arn\n  container_definitions"),
    ),
    "no task": (UNUSED, ""),
    "a policy that was not read": (
        UNUSED,
        SHOP + '}\nresource "aws_iam_role_policy_attachment" "a" {\n  role = aws_iam_role.execution.name\n'
        '  policy_arn = "arn:aws:iam::123456789012:policy/x"\n',
    ),
    "a gap": (UNUSED, SHOP + '}\nmodule "more" {\n  source = "example.com/more"\n'),
}


@pytest.mark.parametrize("case", SILENT.values(), ids=SILENT)
def test_what_something_may_need_is_not_named(case: tuple[str, str], tmp_path: Path) -> None:
    statements, tasks = case
    assert idle(tmp_path, TRUST, USED, statements, tasks) == []


EVERYTHING = {
    "family": "web",
    "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
    "containerDefinitions": [
        {
            "name": "web",
            "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1",
            "secrets": [
                {"name": "A", "valueFrom": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:a-AbCdEf"},
                {"name": "B", "valueFrom": "arn:aws:ssm:eu-west-1:123456789012:parameter/b"},
            ],
            "environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::files/web.env"}],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": "web", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "web"},
            },
        }
    ],
}
# What is granted with these, and asked for by nothing that a definition says.
BESIDE = {"ecr:batchchecklayeravailability", "ssm:getparameter"}


def test_what_may_be_idle_is_what_a_definition_asks_for(tmp_path: Path) -> None:
    """Each action that is known is asked for by some field, so that not to be asked for says something."""
    (tmp_path / "task.json").write_text(json.dumps(EVERYTHING))
    reading = read(tmp_path, root=tmp_path)
    (task,) = reading.tasks
    needs = needs_of(task.found, known_to(task, reading))
    asked = {one.action.lower() for need in needs if need.role == "execution" for way in need.ways for one in way}
    assert asked - {"s3:getbucketlocation"} == TASKS.known - BESIDE
