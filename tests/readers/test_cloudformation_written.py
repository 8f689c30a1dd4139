"""Templates that we wrote are read as what they were written from, and others as what an emulator makes of them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

import ecsiam
from ecsiam.config import load_config
from ecsiam.config.describe import module
from ecsiam.model.policy import Policy, policy_to_data
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, PARTITION
from ecsiam.readers.assemble import assemble
from ecsiam.readers.cloudformation.syntax import Node, read_template
from ecsiam.readers.cloudformation.templates import read_cloudformation
from ecsiam.readers.reading import Reading

from ..aws import roles
from ..aws.servers import ACCOUNT, REGION, Server
from ..cases import CASES, REFUSED, bound, known, stack_of
from ..meaning import Roles, of_role, of_server, of_stack

pytest.importorskip("botocore", reason="not installed: boto3")  # as the table of values does

from ..test_parameters_cloudformation import (
    COMBINATIONS,
    FLAGS,
    OF_EVERYTHING,
    OF_THE_MODULE,
    everything,
    name_of,
    overrides,
)
from ..test_parameters_cloudformation import bound as completed
from ..test_terraform_read import Unifying
from .read_back import as_read, plain

SHAPES = Path(__file__).parent / "shapes" / "cloudformation"
HERE = {"account_id": ACCOUNT, "aws_region": REGION, "partition": "aws", "dns_suffix": "amazonaws.com"}

# ---------------------------------------------------------------- what we wrote


def reading(of: ecsiam.Stack, values: Mapping[str, str]) -> Reading:
    files = {name: text.encode() for name, text in ecsiam.emit(of, "cloudformation").files.items()}
    return assemble(read_cloudformation(files, values), ".")


@pytest.mark.parametrize("case", [case for case in CASES if (case, "cloudformation") not in REFUSED])
@pytest.mark.parametrize("all_bound", [False, True], ids=["open", "bound"])
def test_what_was_written_of_a_config_is_read_back(case: str, all_bound: bool) -> None:
    stack = stack_of(case)
    here = {**known(stack), "dns_suffix": "amazonaws.com"}
    stack = bound(stack) if all_bound else stack
    assert as_read(reading(stack, {}), here) == {name: plain(one) for name, one in of_stack(stack, here).items()}


def assert_read_back(of: ecsiam.Stack, values: Mapping[str, object]) -> None:
    values = {"project_name": "memos", "environment": "dev", **values}
    expected = of_stack(completed(of, values), HERE)
    found = as_read(reading(of, overrides(values)), HERE)
    assert found == {name: plain(one) for name, one in expected.items()}


@pytest.fixture(scope="session")
def module_stack(tmp_path_factory: pytest.TempPathFactory) -> ecsiam.Stack:
    path = tmp_path_factory.mktemp("module") / "ecsiam.yaml"
    path.write_text(module(), encoding="utf-8")
    return ecsiam.build(load_config(path))


@pytest.mark.parametrize("flags", COMBINATIONS, ids=name_of)
def test_every_combination_of_flags_is_read_back(module_stack: ecsiam.Stack, flags: dict[str, bool]) -> None:
    assert_read_back(module_stack, {**flags, **{n: v for f, on in flags.items() if on for n, v in FLAGS[f].items()}})


@pytest.mark.parametrize("values", OF_THE_MODULE.values(), ids=OF_THE_MODULE)
def test_values_are_read_back(module_stack: ecsiam.Stack, values: Mapping[str, object]) -> None:
    assert_read_back(module_stack, values)


@pytest.mark.parametrize("values", OF_EVERYTHING.values(), ids=OF_EVERYTHING)
def test_every_key_as_a_parameter_is_read_back(values: Mapping[str, object]) -> None:
    assert_read_back(everything(), values)


def test_what_hangs_on_a_flag_that_is_open_is_never_certain() -> None:
    """Without values a flag's statements are there, each with a condition that is not known."""
    on = {"EnableEfsAccess": "true", "EfsArn": f"arn:aws:elasticfilesystem:{REGION}:{ACCOUNT}:file-system/fs-01234567"}
    found = reading(everything(), {"ProjectName": "memos", "Environment": "dev", **on})
    (task,) = [read for read in found.roles.values() if read.address == "TaskRole"]
    assert task.unclear
    assert not task.gaps
    unsure = {
        str(policy.name): {any("unread" in c.key for c in s.conditions) for s in policy.document.statements}
        for policy in task.role.policies.values()
    }
    assert unsure.pop("memos-dev-efs-policy") == {False}
    assert len(unsure) > 5
    assert set().union(*unsure.values()) == {True}


# ---------------------------------------------------------------- what an emulator makes

PSEUDO = {"AWS::Region": REGION, "AWS::Partition": "aws"}
MADE: dict[str, dict[str, str]] = {
    "anchors.yml": {},
    "policies.json": {},
    "conditions.yaml": {"Bucket": "uploads", "Debug": "yes", "Prefix": "shop"},
    "copilot/api-prod.stack.yml": {
        "AppName": "shop",
        "EnvName": "prod",
        "WorkloadName": "api",
        "ContainerImage": "nginx",
        "LogRetention": "30",
    },
}


def data(node: Node) -> Any:
    if isinstance(node.value, dict):
        return {key: data(one) for key, one in node.fields.items()}
    return [data(one) for one in node.items] if isinstance(node.value, list) else node.value


def template(shape: str) -> dict[str, Any]:
    """What a template says of IAM, without what this server lacks: a condition that asks for itself, a type."""
    whole = data(read_template((SHAPES / shape).read_bytes(), shape))
    for section, id in (("Conditions", "Round"), ("Conditions", "About"), ("Resources", "Extra")):
        whole.get(section, {}).pop(id, None)
    kept = {id: one for id, one in whole["Resources"].items() if one["Type"].startswith("AWS::IAM::")}
    for one in kept.values():
        if one["Type"] == "AWS::IAM::RolePolicy":
            one["Type"], one["Properties"]["Roles"] = "AWS::IAM::Policy", [one["Properties"].pop("RoleName")]
    sections = ("Parameters", "Conditions", "Mappings")
    return {**{key: whole[key] for key in sections if key in whole}, "Resources": kept}


@pytest.mark.parametrize("shape", MADE)
def test_an_emulator_makes_the_roles_that_are_read(ministack_open: Server, shape: str) -> None:
    text = template(shape)
    cloudformation, iam = ministack_open.client("cloudformation"), ministack_open.client("iam")
    name = roles.unused("shape")
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in MADE[shape].items()]
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(text), Parameters=given)
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 200}
    )
    made = {
        one["LogicalResourceId"]: one["PhysicalResourceId"]
        for one in cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    }
    here = {**HERE, "AWS::StackName": name, **{f"{id}.name": of for id, of in made.items()}}
    (root,) = read_cloudformation({"t.json": json.dumps(text).encode()}, {**MADE[shape], **PSEUDO})
    found: Roles = {}
    expected: Roles = {}
    for read in assemble([root], ".").roles.values():
        found |= of_role(evolve(read.role, permissions_boundary=None), here)  # which this server drops
        own = [arn.rpartition("/")[2] for arn in made.values()]
        expected |= of_server(roles.read_role(iam, made[read.address]), own)
    assert found == expected


# ---------------------------------------------------------------- whole templates, with what roles are about

CHECKED = Path(__file__).parent.parent / "findings" / "shapes"
WHOLE = sorted(
    str(path.relative_to(CHECKED.parent.parent))
    for path in (
        *CHECKED.glob("cfn_*/*"),
        CHECKED / "pipeline" / "infra" / "roles.yml",
        *SHAPES.glob("made/*"),  # as the CDK and Copilot write them, and SAM's transform
    )
    # The server knows no functions of SAM's, and has to have a stack before another one imports from it.
    if path.parent.name not in ("cfn_sam", "cfn_stacks")
)


@pytest.mark.parametrize("shape", WHOLE)
def test_an_emulator_makes_of_a_whole_template_what_is_read(ministack_open: Server, shape: str) -> None:
    whole = data(read_template((CHECKED.parent.parent / shape).read_bytes(), shape))
    text = json.dumps(whole)
    for id, resource in whole["Resources"].items():
        if resource["Type"] == "AWS::SecretsManager::Secret":  # `Ref` of one is its name for this server
            text = text.replace(f'{{"Ref": "{id}"}}', f'{{"Fn::GetAtt": ["{id}", "Id"]}}')
            text = text.replace(f"${{{id}}}", f"${{{id}.Id}}")
    clients = {name: ministack_open.client(name) for name in ("cloudformation", "iam", "ecs")}
    name = roles.unused("shape")
    clients["cloudformation"].create_stack(StackName=name, TemplateBody=text)
    clients["cloudformation"].get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 200}
    )
    resources = clients["cloudformation"].describe_stack_resources(StackName=name)["StackResources"]
    made = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources}
    (root,) = read_cloudformation({"t.json": text.encode()}, PSEUDO)
    unifying = Unifying()
    unifying.known = {ACCOUNT_ID: ACCOUNT, AWS_REGION: REGION, PARTITION: "aws"}
    found = assemble([root], ".")
    assert found.roles
    for read in found.roles.values():
        theirs = roles.read_role(clients["iam"], made[read.address])
        documents = {**theirs["InlinePolicies"], **theirs["AttachedDocuments"]}
        assert not [*unifying.differences(said(read.role.trust), theirs["AssumeRolePolicyDocument"])]
        ours = [said(policy.document) for policy in read.role.policies.values()]
        written = [{"Version": "2008-10-17", **one} for one in documents.values() if one]
        assert not [*unifying.of_lists(ours, written, "policies")]
    for task in found.tasks:
        described = clients["ecs"].describe_task_definition(taskDefinition=made[task.found.address])["taskDefinition"]
        (ours,) = task.found.value["containerDefinitions"]
        (theirs,) = described["containerDefinitions"]
        same = ("name", "image", "logConfiguration")  # what is in lists this server keeps under the template's names
        assert not [*unifying.differences({k: v for k, v in ours.items() if k in same}, theirs)]
        role = task.found.value.get("executionRoleArn")
        assert role is None or not [*unifying.differences(role, described["executionRoleArn"])]


def said(policy: Policy) -> Any:
    """A document as data, in which what is not known is still a text of its own."""
    return policy_to_data(policy, lambda text: text)
