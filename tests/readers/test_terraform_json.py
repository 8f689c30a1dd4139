"""Plans and states: what they know, what a plan leaves open, and what is neither."""

import json
from typing import Any

import pytest

from ecsiam.errors import ReadError
from ecsiam.model.text import Text
from ecsiam.readers.found import FoundAttachment, FoundInline, FoundRole, FoundTask, Root, Unread
from ecsiam.readers.terraform.plans import is_terraform_json, read_terraform_json

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
ROLE = {"address": "aws_iam_role.t", "type": "aws_iam_role", "name": "t"}
ROLE_VALUES = {"name": "task", "path": "/", "assume_role_policy": TRUST}


def read(data: object) -> Root:
    (root,) = read_terraform_json({"x.json": json.dumps(data).encode()})
    return root


def refers(*names: str) -> dict[str, Any]:
    return {"references": list(names)}


def plan(address: str, values: dict[str, Any], unknown: dict[str, Any], written: dict[str, Any]) -> dict[str, Any]:
    """A plan with a role and one resource more."""
    kind = address.split(".", maxsplit=1)[0]
    one = {"address": address, "mode": "managed", "type": kind, "name": "x", "values": values}
    return {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [{**ROLE, "mode": "managed", "values": ROLE_VALUES}, one]}},
        "configuration": {"root_module": {"resources": [{"address": address, "expressions": written}]}},
        "resource_changes": [{"address": address, "change": {"after_unknown": unknown}}],
    }


def test_a_text_that_is_one_reference_is_what_it_refers_to() -> None:
    written = {"role": refers("aws_iam_role.t.id", "aws_iam_role.t"), "policy": refers("aws_sqs_queue.q.arn")}
    root = read(plan("aws_iam_role_policy.p", {"name": "p"}, {"id": True, "role": True, "policy": True}, written))
    role, inline = root.found
    assert isinstance(role, FoundRole)
    assert isinstance(inline, FoundInline)
    assert inline.roles == (role.name,) == (Text(("task",)),)
    assert isinstance(inline.document.value, Unread)


def test_an_expression_of_several_references_is_not_understood() -> None:
    written = {"role": refers("aws_iam_role.t.id", "aws_iam_role.t", "var.x"), "policy_arn": refers("var.y")}
    root = read(plan("aws_iam_role_policy_attachment.p", {}, {"role": True, "policy_arn": True}, written))
    assert isinstance(root.found[1], FoundAttachment)
    assert [g.place.address for g in root.gaps] == ["aws_iam_role_policy_attachment.p"] * 2


def test_containers_with_something_unknown_are_all_unknown() -> None:
    written = {"task_role_arn": refers("aws_iam_role.t.arn"), "container_definitions": refers("aws_sqs_queue.q.arn")}
    unknown = {"task_role_arn": True, "container_definitions": True}
    root = read(plan("aws_ecs_task_definition.x", {"family": "f"}, unknown, written))
    task = root.found[1]
    assert isinstance(task, FoundTask)
    assert task.value["taskRoleArn"] == next(f.arn for f in root.found if isinstance(f, FoundRole))
    assert isinstance(task.value["containerDefinitions"], Unread)
    assert len(root.gaps) == 1


ARN = "arn:aws:iam::123456789012:role/task"
SHOWN: dict[str, Any] = {
    "format_version": "1.0",
    "values": {
        "root_module": {
            "child_modules": [{"resources": [{**ROLE, "address": "module.m.aws_iam_role.t", "values": ROLE_VALUES}]}]
        }
    },
}
STORED: dict[str, Any] = {
    "version": 4,
    "serial": 1,
    "lineage": "x",
    "resources": [
        {"mode": "data", "type": "aws_iam_role", "name": "d", "instances": [{"attributes": {}}]},
        {
            "mode": "managed",
            "module": "module.m",
            "type": "aws_iam_role",
            "name": "t",
            "instances": [{"index_key": "a", "attributes": {**ROLE_VALUES, "arn": ARN}}],
        },
    ],
}


@pytest.mark.parametrize(
    ("state", "address"), [(SHOWN, "module.m.aws_iam_role.t"), (STORED, 'module.m.aws_iam_role.t["a"]')]
)
def test_a_state_knows_all(state: object, address: str) -> None:
    root = read(state)
    (role,) = root.found
    assert isinstance(role, FoundRole)
    assert role.address == address
    assert role.name == Text(("task",))
    assert root.gaps == ()
    assert is_terraform_json("terraform.tfstate", json.dumps(state)[:200])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe{", "not JSON|not UTF-8"),
        (b"[]", "neither a plan nor a state"),
        (b'{"version": 3}', "neither a plan nor a state"),
        (b'{"version": 4, "version": 4}', "stands twice"),
        (b'{"version": 4, "resources": 1}', "not as Terraform writes it"),
        (b'{"planned_values": {"root_module": {"resources": [1]}}}', "not as Terraform writes it"),
        (b'{"planned_values": {}, "resource_changes": [{}]}', "not as Terraform writes it"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
    ],
)
def test_what_is_neither_is_said_with_its_file(content: bytes, why: str) -> None:
    with pytest.raises(ReadError, match=rf"x\.json.*({why})"):
        list(read_terraform_json({"x.json": content}))
