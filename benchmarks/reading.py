"""What people have, read as whole processes: a repository of 500 files, one service, a dump of an account's roles.

What is read is written here, in the sizes and kinds that repositories have: most of it has nothing to do with IAM.
Processor time is what counts, since a machine does other things too.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

from emit import PYTHON, Case, Run, measure

SERVICES = 16  # of the repository; the other files follow from them
ROLES, PAGE = 5_000, 1_000
GOALS = {"repository": (3.0, 500), "service": (1.0, 500), "dump": (20.0, 500)}  # seconds and MiB
ECSIAM = (*PYTHON, "-m", "ecsiam")
COMPARED = (
    *(*PYTHON, "-c"),
    "import ecsiam, sys; a, b = (ecsiam.read(p).stack() for p in sys.argv[1:]); "
    "c = ecsiam.compare(a, b); sys.exit(bool(c.gained or c.lost))",
)

# ---------------------------------------------------------------- Terraform

_TERRAFORM = {
    "main.tf": """\
terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
  backend "s3" {
    bucket = "example-state"
    key    = "NAME/terraform.tfstate"
  }
}

provider "aws" {
  region = var.region
}

data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

locals {
  name = "${var.service}-${var.environment}"
  tags = merge(var.tags, { Service = var.service, Environment = var.environment })
}
""",
    "variables.tf": """\
variable "service" {
  type    = string
  default = "NAME"
}

variable "environment" {
  type        = string
  description = "Where it runs"
  default     = "prod"
}

variable "region" {
  type    = string
  default = "eu-central-1"
}

variable "tags" {
  type    = map(string)
  default = {}
}

variable "image_tag" {
  type = string
}
""",
    "iam.tf": """\
data "aws_iam_policy_document" "ecs_tasks" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

resource "aws_iam_role" "execution" {
  name               = "${local.name}-execution"
  assume_role_policy = data.aws_iam_policy_document.ecs_tasks.json
  tags               = local.tags
}

resource "aws_iam_role" "task" {
  name               = "${local.name}-task"
  assume_role_policy = data.aws_iam_policy_document.ecs_tasks.json
  tags               = local.tags
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

data "aws_iam_policy_document" "secrets" {
  statement {
    sid       = "Secrets"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [for one in aws_secretsmanager_secret.of : one.arn]
  }
  statement {
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.main.arn]
  }
}

resource "aws_iam_role_policy" "secrets" {
  name   = "secrets"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.secrets.json
}

resource "aws_iam_policy" "task" {
  name = "${local.name}-task"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
        Resource = "${aws_s3_bucket.files.arn}/*"
      },
      {
        Effect    = "Allow"
        Action    = "s3:ListBucket"
        Resource  = aws_s3_bucket.files.arn
        Condition = { StringLike = { "s3:prefix" = ["uploads/*", "exports/*"] } }
      },
      {
        Effect   = "Allow"
        Action   = ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
        Resource = [aws_sqs_queue.work.arn, aws_sqs_queue.dead.arn]
      },
    ]
  })
}

resource "aws_iam_role_policy_attachment" "task" {
  role       = aws_iam_role.task.name
  policy_arn = aws_iam_policy.task.arn
}
""",
    "ecs.tf": """\
resource "aws_ecs_task_definition" "main" {
  family                   = local.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 512
  memory                   = 1024
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  container_definitions = jsonencode([
    {
      name         = var.service
      image        = "${aws_ecr_repository.main.repository_url}:${var.image_tag}"
      essential    = true
      portMappings = [{ containerPort = 8080 }]
      secrets = [
        for name, one in aws_secretsmanager_secret.of : { name = upper(name), valueFrom = one.arn }
      ]
      environment = [
        { name = "BUCKET", value = aws_s3_bucket.files.bucket },
        { name = "QUEUE", value = aws_sqs_queue.work.url },
      ]
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          "awslogs-group"         = aws_cloudwatch_log_group.main.name
          "awslogs-region"        = data.aws_region.current.name
          "awslogs-stream-prefix" = var.service
        }
      }
    }
  ])
}

resource "aws_ecs_service" "main" {
  name            = local.name
  cluster         = "example"
  task_definition = aws_ecs_task_definition.main.arn
  desired_count   = 2
  launch_type     = "FARGATE"

  network_configuration {
    subnets         = module.network.subnets
    security_groups = [module.network.security_group]
  }
}
""",
    "data.tf": """\
resource "aws_kms_key" "main" {
  description = local.name
}

resource "aws_secretsmanager_secret" "of" {
  for_each   = toset(["database", "sessions", "mail"])
  name       = "${local.name}/${each.key}"
  kms_key_id = aws_kms_key.main.arn
}

resource "aws_s3_bucket" "files" {
  bucket = "example-${local.name}-files"
}

resource "aws_sqs_queue" "work" {
  name = "${local.name}-work"
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue" "dead" {
  name = "${local.name}-dead"
}

resource "aws_cloudwatch_log_group" "main" {
  name              = "/ecs/${local.name}"
  retention_in_days = 30
}

resource "aws_ecr_repository" "main" {
  name = var.service
}
""",
    "network.tf": """\
module "network" {
  source  = "../../modules/network"
  name    = local.name
  subnets = ["10.0.1.0/24", "10.0.2.0/24"]
}
"""
    + "".join(
        f"""
resource "aws_security_group_rule" "in{i}" {{
  type              = "ingress"
  from_port         = {8000 + i}
  to_port           = {8000 + i}
  protocol          = "tcp"
  cidr_blocks       = ["10.{i}.0.0/16"]
  security_group_id = module.network.security_group
}}
"""
        for i in range(8)
    ),
    "alarms.tf": "".join(
        f"""\
resource "aws_cloudwatch_metric_alarm" "{metric}" {{
  alarm_name          = "${{local.name}}-{metric}"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 3
  metric_name         = "{metric}"
  namespace           = "AWS/ECS"
  period              = 60
  statistic           = "Average"
  threshold           = 80
  dimensions = {{
    ClusterName = "example"
    ServiceName = aws_ecs_service.main.name
  }}
}}

"""
        for metric in ("CPUUtilization", "MemoryUtilization", "RunningTaskCount", "PendingTaskCount")
    ),
    "outputs.tf": "".join(
        f'output "{name}" {{\n  value = {value}\n}}\n\n'
        for name, value in (
            ("execution_role_arn", "aws_iam_role.execution.arn"),
            ("task_role_arn", "aws_iam_role.task.arn"),
            ("bucket", "aws_s3_bucket.files.bucket"),
        )
    ),
    "terraform.tfvars": 'image_tag = "1.4.2"\ntags = {\n  Team = "example"\n}\n',
}
_MODULE = {
    "main.tf": """\
resource "aws_security_group" "main" {
  name = var.name
}

resource "aws_subnet" "of" {
  for_each   = toset(var.subnets)
  cidr_block = each.value
}
""",
    "variables.tf": 'variable "name" {\n  type = string\n}\n\nvariable "subnets" {\n  type = list(string)\n}\n',
    "outputs.tf": """\
output "subnets" {
  value = [for one in aws_subnet.of : one.id]
}

output "security_group" {
  value = aws_security_group.main.id
}
""",
}


def service(home: Path, name: str = "memos") -> None:
    """A root of Terraform for one service, with the module that it calls."""
    _write(home / "services" / name, {file: text.replace("NAME", name) for file, text in _TERRAFORM.items()})
    _write(home / "modules" / "network", _MODULE)


# ---------------------------------------------------------------- CloudFormation


def _policy(name: str, n: int) -> dict[str, Any]:
    """A policy of n statements, as people write them."""
    each = (
        (["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{name}-files/*"),
        (["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"], f"arn:aws:sqs:*:123456789012:{name}-*"),
        (["dynamodb:GetItem", "dynamodb:Query"], f"arn:aws:dynamodb:eu-central-1:123456789012:table/{name}"),
        (["logs:CreateLogStream", "logs:PutLogEvents"], f"arn:aws:logs:*:123456789012:log-group:/ecs/{name}:*"),
        (["ssm:GetParameters", "ssm:GetParametersByPath"], f"arn:aws:ssm:*:123456789012:parameter/{name}/*"),
        (["kms:Decrypt", "kms:GenerateDataKey"], f"arn:aws:kms:eu-central-1:123456789012:key/{name}"),
        (["sns:Publish"], [f"arn:aws:sns:eu-central-1:123456789012:{name}-{i}" for i in range(4)]),
        (["ecr:GetAuthorizationToken", "cloudwatch:PutMetricData"], "*"),
    )
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": f"S{i}", "Effect": "Allow", "Action": actions, "Resource": resource}
            | ({} if i % 3 else {"Condition": {"StringEquals": {"aws:ResourceAccount": "123456789012"}}})
            for i, (actions, resource) in ((i, each[i % len(each)]) for i in range(n))
        ],
    }


def _trust(service: str) -> dict[str, Any]:
    who = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [who]}


def _template(name: str) -> dict[str, Any]:
    """A template of one service."""
    log = {"Fn::Sub": "/ecs/${AWS::StackName}"}
    resources: dict[str, Any] = {
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": log}},
        "Files": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": f"{name}-files"}},
        "Execution": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": _trust("ecs-tasks.amazonaws.com"),
                "ManagedPolicyArns": ["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"],
            },
        },
        "Task": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": _trust("ecs-tasks.amazonaws.com"),
                "Policies": [{"PolicyName": "task", "PolicyDocument": _policy(name, 5)}],
            },
        },
        "Definition": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {
                "Family": name,
                "ExecutionRoleArn": {"Fn::GetAtt": ["Execution", "Arn"]},
                "TaskRoleArn": {"Fn::GetAtt": ["Task", "Arn"]},
                "ContainerDefinitions": [
                    {
                        "Name": name,
                        "Image": {"Fn::Sub": "${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/" + name + ":1"},
                        "LogConfiguration": {
                            "LogDriver": "awslogs",
                            "Options": {"awslogs-group": {"Ref": "Logs"}, "awslogs-region": {"Ref": "AWS::Region"}},
                        },
                    }
                ],
            },
        },
    }
    for i in range(10):
        resources[f"Alarm{i}"] = {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "AlarmDescription": f"alarm {i} of {name}: what to do stands in the runbook, page {i}",
                "MetricName": "CPUUtilization",
                "Namespace": "AWS/ECS",
                "Threshold": 10 * i,
                "EvaluationPeriods": 3,
                "Dimensions": [{"Name": "ClusterName", "Value": "example"}, {"Name": "ServiceName", "Value": name}],
            },
        }
    parameters = {"Environment": {"Type": "String", "Default": "prod"}}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Parameters": parameters, "Resources": resources}


def _yaml(value: Any, indent: int = 0) -> str:
    """A value as people write YAML."""
    pad = " " * indent
    if isinstance(value, dict):
        given = cast("dict[str, Any]", value)
        if "Ref" in given:
            return f" !Ref {given['Ref']}\n"
        if "Fn::GetAtt" in given:
            return f" !GetAtt {'.'.join(given['Fn::GetAtt'])}\n"
        return ("\n" if indent else "") + "".join(f"{pad}{k}:{_yaml(v, indent + 2)}" for k, v in given.items())
    if isinstance(value, list):
        return "\n" + "".join(f"{pad}- {_yaml(one, indent + 2).lstrip()}" for one in cast("list[Any]", value))
    return f" {json.dumps(value)}\n"


def _task(name: str) -> dict[str, Any]:
    role = f"arn:aws:iam::123456789012:role/{name}-prod"
    container = {
        "name": name,
        "image": f"123456789012.dkr.ecr.eu-central-1.amazonaws.com/{name}:1",
        "environment": [{"name": f"VARIABLE_{i}", "value": f"value {i}"} for i in range(20)],
        "secrets": [{"name": "KEY", "valueFrom": f"arn:aws:ssm:eu-central-1:123456789012:parameter/{name}/key"}],
    }
    return {
        "family": f"{name}-worker",
        "executionRoleArn": f"{role}-execution",
        "taskRoleArn": f"{role}-task",
        "containerDefinitions": [container],
    }


# ---------------------------------------------------------------- everything else


def _others(name: str) -> Iterator[tuple[str, str]]:
    """What else a repository has: by its path."""
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "replicas": 3,
            "template": {
                "spec": {
                    "containers": [
                        {"name": f"c{i}", "image": f"{name}:{i}", "args": [f"--flag-{j}" for j in range(20)]}
                        for i in range(8)
                    ]
                }
            },
        },
    }
    workflow = {
        "name": name,
        "on": ["push"],
        "jobs": {
            f"job{i}": {
                "runs-on": "ubuntu-latest",
                "steps": [{"name": f"step {j}", "run": f"make step-{j}"} for j in range(10)],
            }
            for i in range(4)
        },
    }
    values = {f"value{i}": {"enabled": True, "resources": {"cpu": i, "memory": f"{i}Mi"}} for i in range(60)}
    package = {"name": name, "dependencies": {f"package-{i}": f"^{i}.0.0" for i in range(40)}}
    locked = {
        "name": name,
        "packages": {
            f"node_modules/package-{i}": {"version": f"{i}.0.0", "integrity": "sha512-" + "a" * 86} for i in range(1500)
        },
    }
    fixture = [{"id": i, "name": f"item {i}", "tags": ["one", "two"], "price": i / 7} for i in range(400)]
    dashboard = {"panels": [{"title": f"panel {i}", "targets": [{"expr": f"rate(x{i}[5m])"}]} for i in range(80)]}
    yield f"deploy/{name}.yaml", _yaml(deployment)
    yield f"deploy/values-{name}.yaml", _yaml(values)
    yield f"deploy/values-{name}-dev.yml", _yaml(values)
    yield f".github/workflows/{name}.yml", _yaml(workflow)
    yield f"services/{name}/app/package.json", json.dumps(package, indent=2)
    yield f"services/{name}/app/package-lock.json", json.dumps(locked, indent=2)
    yield f"services/{name}/app/fixtures/items.json", json.dumps(fixture, indent=1)
    yield f"dashboards/{name}.json", json.dumps(dashboard, indent=2)
    for i in range(8):
        yield f"services/{name}/docs/page{i}.md", f"# Page {i}\n\n" + "It says what to do, and why.\n" * 60


def repository(home: Path) -> None:
    """500 files: Terraform, templates in YAML and JSON, task definitions, and what has nothing to do with IAM."""
    for i in range(SERVICES):
        name = f"service-{i}"
        service(home, name)
        files = dict(_others(name))
        for j in range(2):
            files[f"templates/{name}-{j}.yaml"] = _yaml(_template(f"{name}-{j}"))
            files[f"templates/{name}-{j}.json"] = json.dumps(_template(f"{name}-json-{j}"), indent=2)
        files[f"services/{name}/worker.json"] = json.dumps(_task(name), indent=2)
        files[f"services/{name}/beat.json"] = json.dumps(_task(f"{name}-beat"), indent=2)
        _write(home, files)


def _write(home: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


# ---------------------------------------------------------------- a dump


def dump(home: Path, roles: int = ROLES) -> None:
    """The pages of `aws iam get-account-authorization-details` of an account with so many roles."""
    home.mkdir(parents=True, exist_ok=True)
    policies = [_managed(i) for i in range(roles // 4)]
    for page, first in enumerate(range(0, roles, PAGE)):
        last = first + PAGE >= roles
        details = [_role(i, policies) for i in range(first, min(first + PAGE, roles))]
        share = policies[first // 4 : (first + PAGE) // 4]
        data = {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": details, "Policies": share}
        data |= {"IsTruncated": not last} | ({} if last else {"Marker": f"page{page + 1}"})
        (home / f"page{page}.json").write_text(json.dumps(data, indent=4))


def _managed(i: int) -> dict[str, Any]:
    versions = [
        {"Document": _policy(f"shared-{i}-{v}", 6), "VersionId": f"v{v}", "IsDefaultVersion": v == 3} for v in (3, 2, 1)
    ]
    return {
        "PolicyName": f"shared-{i}",
        "PolicyId": f"ANPA{i:017}",
        "Arn": f"arn:aws:iam::123456789012:policy/shared-{i}",
        "Path": "/",
        "DefaultVersionId": "v3",
        "PolicyVersionList": versions,
    }


def _role(i: int, policies: list[dict[str, Any]]) -> dict[str, Any]:
    name = f"service-{i // 2}-{'task' if i % 2 else 'execution'}"
    attached = ["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"]
    attached += [policies[i % len(policies)]["Arn"]] * (i % 3 == 0)
    return {
        "Path": "/",
        "RoleName": name,
        "RoleId": f"AROA{i:017}",
        "Arn": f"arn:aws:iam::123456789012:role/{name}",
        "CreateDate": "2026-01-01T00:00:00+00:00",
        "AssumeRolePolicyDocument": _trust("ecs-tasks.amazonaws.com"),
        "InstanceProfileList": [],
        "RolePolicyList": [
            {"PolicyName": f"own-{j}", "PolicyDocument": _policy(f"{name}-{j}", 4 + i % 7)} for j in range(1 + i % 2)
        ],
        "AttachedManagedPolicies": [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in attached],
        "Tags": [{"Key": "Team", "Value": f"team-{i % 30}"}],
        "RoleLastUsed": {"LastUsedDate": "2026-11-01T00:00:00+00:00", "Region": "eu-central-1"},
    }


# ---------------------------------------------------------------- measured

WRITTEN: dict[str, Callable[[Path], None]] = {"repository": repository, "service": service, "dump": dump}


def cases(home: Path) -> Iterator[tuple[str, Case]]:
    """What is measured, each with whose goals it has."""
    check = (*ECSIAM, "check", "--fail-on", "never")
    yield "repository", Case("check, 500 files", (*check, str(home / "repository")))
    yield "service", Case("check, one service", (*check, str(home / "service")))
    yield "dump", Case("diff, 5,000 roles", (*ECSIAM, "diff", str(home / "dump"), str(home / "dump")))
    yield "dump", Case("compare, 5,000 roles", (*COMPARED, str(home / "dump"), str(home / "dump")))


def main() -> None:
    """The table."""
    with tempfile.TemporaryDirectory() as made:
        home = Path(made)
        for name, write in WRITTEN.items():
            write(home / name)
        print(f"\n{'':24} {'processor s':>11} {'goal':>5} {'of it':>6} {'MiB':>5} {'goal':>5}")
        for name, case in cases(home):
            run: Run = min((measure(case, made) for _ in range(1 if name == "dump" else 3)), key=lambda r: r.processor)
            seconds, mib = GOALS[name]
            ratio = run.processor / seconds
            print(f"{case.name:24} {run.processor:11.2f} {seconds:5.0f} {ratio:5.2f}x {run.mib:5.0f} {mib:5}")


if __name__ == "__main__":
    if sys.argv[1:]:  # only write it, to look at
        for written, into in WRITTEN.items():
            into(Path(sys.argv[1], written))
    else:
        main()
