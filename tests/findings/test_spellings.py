"""The commonest outages, in all spellings of a task definition: each is named at its line, and the twin silent."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from ecsiam.findings import check
from ecsiam.readers.found import is_list, is_map
from ecsiam.readers.reader import read

HOME = "eu-west-1:123456789012"
ROLE = "arn:aws:iam::123456789012:role/web-execution"
STREAMS = f"arn:aws:logs:{HOME}:log-group:/ecs/web:*"
# What the execution role may, by the class of outages that comes of its lack, and the field that asks for it.
GRANTS: dict[str, tuple[str, list[str], str]] = {
    "login": ("image", ["ecr:GetAuthorizationToken"], "*"),
    "pull": ("image", ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], f"arn:aws:ecr:{HOME}:repository/web"),
    "secret": ("valuefrom", ["secretsmanager:GetSecretValue"], f"arn:aws:secretsmanager:{HOME}:secret:web/db-AbCdEf"),
    "parameter": ("valuefrom", ["ssm:GetParameters"], f"arn:aws:ssm:{HOME}:parameter/web/dsn"),
    "logs": ("awslogs-group", ["logs:CreateLogStream", "logs:PutLogEvents"], STREAMS),
    "group": ("awslogs-create-group", ["logs:CreateLogGroup"], STREAMS),
}
CONTAINER = {
    "name": "web",
    "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1",
    "secrets": [
        {"name": "DB", "valueFrom": f"arn:aws:secretsmanager:{HOME}:secret:web/db-AbCdEf:url::"},
        {"name": "DSN", "valueFrom": f"arn:aws:ssm:{HOME}:parameter/web/dsn"},
    ],
    "logConfiguration": {
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": "/ecs/web",
            "awslogs-region": "eu-west-1",
            "awslogs-create-group": "true",
            "awslogs-stream-prefix": "web",
        },
    },
}
TASK: dict[str, Any] = {
    "family": "web",
    "requiresCompatibilities": ["FARGATE"],
    "executionRoleArn": ROLE,
    "containerDefinitions": [CONTAINER],
}

Files = dict[str, str]


def as_json(value: Any) -> str:
    return json.dumps(value, indent=2)


def as_yaml(value: Any) -> str:
    stream = io.StringIO()
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.dump(value, stream)
    return stream.getvalue()


def pascal(value: Any, *, key: str = "") -> Any:
    if is_map(value) and key != "options":
        return {k[:1].upper() + k[1:]: pascal(v, key=k) for k, v in value.items()}
    return [pascal(one) for one in value] if is_list(value) else value


def template(task: Any) -> Any:
    return {"Resources": {"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": pascal(task)}}}


def joined(task: Any) -> Any:
    """As the CDK has it: what is known at deployment alone is put in by `Fn::Join`."""
    made = template(task)
    (container,) = made["Resources"]["Task"]["Properties"]["ContainerDefinitions"]
    host, _, path = container["Image"].partition("/")
    container["Image"] = {"Fn::Join": ["", [host, "/", path]]}
    return made


def terraform(containers: str) -> Files:
    return {
        "main.tf": f"""resource "aws_ecs_task_definition" "web" {{
  family                   = "web"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = "{ROLE}"
  container_definitions = {containers}
}}
"""
    }


def in_a_plan(task: Any) -> Any:
    values = {
        "family": "web",
        "requires_compatibilities": ["FARGATE"],
        "execution_role_arn": ROLE,
        "container_definitions": json.dumps(task["containerDefinitions"]),
    }
    resource = {
        "address": "aws_ecs_task_definition.web",
        "mode": "managed",
        "type": "aws_ecs_task_definition",
        "name": "web",
        "values": values,
    }
    return {"root_module": {"resources": [resource]}}


# Each makes the files of a task definition; those of the second table have no lines for what is inside.
SPELLINGS: dict[str, Callable[[Any], Files]] = {
    "register": lambda task: {"task-definition.json": as_json(task)},
    "describe": lambda task: {"described.json": as_json({"taskDefinition": task, "tags": []})},
    "several": lambda task: {"all.json": as_json([task])},
    "PascalCase": lambda task: {"task.json": as_json(pascal(task))},
    "YAML": lambda task: {"task.yaml": as_yaml(task)},
    "ecspresso in YAML": lambda task: {
        "ecspresso.yml": "region: eu-west-1\ntask_definition: task.yml\nservice_definition: service.json\n",
        "service.json": as_json({"launchType": "FARGATE", "desiredCount": 1}),
        "task.yml": as_yaml(task).replace("web:1", "web:{{ must_env `TAG` }}"),
    },
    "ecspresso in JSON": lambda task: {
        "ecs-task-def.json": as_json(task).replace("web:1", "web:{{ env `TAG` `latest` }}")
    },
    "a pipeline": lambda task: {"taskdef.json": as_json(task).replace("web:1", "web:${TAG}")},
    "CloudFormation in JSON": lambda task: {"template.json": as_json(template(task))},
    "CloudFormation in YAML": lambda task: {"template.yaml": as_yaml(template(task))},
    "the CDK": lambda task: {"cdk.out/Web.template.json": as_json(joined(task))},
    "jsonencode": lambda task: terraform(f"jsonencode({as_json(task['containerDefinitions'])})"),
    "a heredoc": lambda task: terraform(f"<<JSON\n{as_json(task['containerDefinitions'])}\nJSON"),
    "a file": lambda task: {
        **terraform('file("${path.module}/containers.json")'),
        "containers.json": as_json(task["containerDefinitions"]),
    },
    "a template": lambda task: {
        **terraform('templatefile("${path.module}/containers.tpl", { tag = "1" })'),
        "containers.tpl": as_json(task["containerDefinitions"]).replace("web:1", "web:${tag}"),
    },
    "a local": lambda task: {
        **terraform("jsonencode([local.web])"),
        "locals.tf": f"locals {{\n  web = {as_json(task['containerDefinitions'][0])}\n}}\n",
    },
}
WITHOUT_LINES: dict[str, Callable[[Any], Files]] = {
    "Terraform's JSON": lambda task: {
        "main.tf.json": as_json({
            "resource": {
                "aws_ecs_task_definition": {
                    "web": {
                        "family": "web",
                        "requires_compatibilities": ["FARGATE"],
                        "execution_role_arn": ROLE,
                        "container_definitions": json.dumps(task["containerDefinitions"]),
                    }
                }
            }
        })
    },
    "a plan": lambda task: {
        "plan.json": as_json({"format_version": "1.2", "terraform_version": "1.9.0", "planned_values": in_a_plan(task)})
    },
    "a state": lambda task: {
        "state.json": as_json({"format_version": "1.0", "terraform_version": "1.9.0", "values": in_a_plan(task)})
    },
}  # fmt: skip
ALL = {**SPELLINGS, **WITHOUT_LINES}


def write(directory: Path, files: Files, lacks: str = "") -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    granted = [
        {"Effect": "Allow", "Action": actions, "Resource": resource}
        for name, (_, actions, resource) in GRANTS.items()
        if name != lacks
    ]
    role = {
        "RoleName": "web-execution",
        "AssumeRolePolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    }
    policy = {
        "RoleName": "web-execution",
        "PolicyName": "start",
        "PolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": granted}),
    }
    for name, text in {**files, "iam/role.json": as_json(role), "iam/policy.json": as_json(policy)}.items():
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("spelling", ALL)
def test_a_definition_whose_role_has_all_is_silent(spelling: str, tmp_path: Path) -> None:
    write(tmp_path, ALL[spelling](TASK))
    found = check(read(tmp_path, root=tmp_path))
    assert (found.tasks, found.roles, found.needs) == (1, 1, len(GRANTS))
    assert not found.findings
    assert (found.undecided, found.gaps) == ((), ())


@pytest.mark.parametrize("lacks", GRANTS)
@pytest.mark.parametrize("spelling", ALL)
def test_what_the_role_lacks_is_named_at_its_line(spelling: str, lacks: str, tmp_path: Path) -> None:
    files = ALL[spelling](TASK)
    write(tmp_path, files, lacks)
    (finding,) = check(read(tmp_path, root=tmp_path)).findings
    field, actions, _ = GRANTS[lacks]
    assert finding.rule == "missing"
    assert f"`{actions[0]}`" in finding.fact
    name = str(Path(finding.place.file).relative_to(tmp_path))
    assert name in files
    if spelling in SPELLINGS:
        assert field in files[name].splitlines()[(finding.place.line or 0) - 1].lower()
