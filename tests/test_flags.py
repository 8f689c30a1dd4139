"""Every combination of flags through every target."""

import itertools
import json
from typing import Any

import pytest
from attrs import evolve

from ecsiam import Config, Parameter, Stack, build, emit
from ecsiam.features.deploy.operations import OPERATIONS
from ecsiam.features.table import POLICIES, ROLES
from ecsiam.keys.kinds import ListOf
from ecsiam.model.intent import USUAL

from . import meaning
from .meaning import HERE, Made
from .strategies import FLAGS, KEYS, KEYS_ASIDE

# What each flag brings in: the words in which it shows (in any case), and the policies by their ids.
TRACES = {
    "enable_efs_access": (("elasticfilesystem", "efs-policy", "fs-0a1b2c3d"), ("efs",)),
    "enable_secrets_access": (("secret", "kms:", "ssm:getparameters"), ("execution_secrets",)),
    "enable_s3_access": (("s3", "memos-uploads"), ("s3",)),
    "enable_cloud_map": (("servicediscovery", "cloud-map-policy"), ("cloud_map",)),
    "enable_xray": (("xray:", "xray-policy"), ("xray",)),
    "enable_metrics": (("cloudwatch:putmetricdata", "metrics-policy"), ("metrics",)),
    "enable_sms": (("sns:publish", "sms-policy"), ("sms",)),
    "enable_cloudwatch_logs": (("logs:createloggroup", "cloudwatch-policy", "/ecs/memos-dev/"), ("cloudwatch",)),
    "enable_ecs_exec": (("ssmmessages", "exec-policy"), ("exec",)),
    "enable_github_oidc": (("github", "octo-org", "passrole", "githubusercontent"), ("github_actions",)),
}
ALWAYS = ("execution_ecr", "execution_logs")
# One statement each, that nothing else changes: with each other they are tried as all or none.
PLAIN = ("enable_cloud_map", "enable_xray", "enable_metrics", "enable_sms")
# A list that grants without a flag.
LISTS = (
    "task_access",
    "outbound_identity",
    "execution_registry",
    "execution_files",
    "task_self",
    "github_actions_self",
)
VALUES: dict[str, Any] = {
    "project_name": "memos",
    "environment": "dev",
    "efs_arn": "arn:aws:elasticfilesystem:eu-central-1:123456789012:file-system/fs-0a1b2c3d",
    "secrets_arns": [
        "arn:aws:secretsmanager:eu-central-1:123456789012:secret:memos/db-AbCdEf",
        "arn:aws:ssm:eu-central-1:123456789012:parameter/memos/token",
    ],
    "secrets_kms_key_arns": ["arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"],
    "s3_bucket_arns": ["arn:aws:s3:::memos-uploads"],
    "github_repo": "octo-org/memos",
    "github_owner_id": 1234567,
    "github_repo_id": 7654321,
}
_VARIED = [flag for flag in TRACES if flag not in PLAIN]
COMBINATIONS = [
    {flag: dict(zip(_VARIED, on, strict=True)).get(flag, all(on)) for flag in TRACES}
    for on in itertools.product((False, True), repeat=len(_VARIED))
] + [{flag: flag == alone for flag in TRACES} for alone in PLAIN]


def name(flags: dict[str, bool]) -> str:
    return "+".join(flag.removeprefix("enable_") for flag, on in flags.items() if on) or "none"


def config(flags: dict[str, bool]) -> Config:
    """All values are there, also those whose flag is off."""
    values: dict[str, Any] = {**VALUES, **flags}
    return Config(**values)


def roles_of(stack: Stack) -> dict[str, meaning.Roles]:
    return {
        "terraform": meaning.of_terraform(emit(stack, "terraform"), HERE),
        "cloudformation": meaning.of_cloudformation(emit(stack, "cloudformation"), HERE),
        "iam": meaning.of_iam(emit(stack.bind({k: HERE[k] for k in ("account_id", "aws_region")}), "iam")),
    }


def texts_of(stack: Stack) -> dict[str, str]:
    """What a target says of the roles: all but Terraform's outputs, which keep a place for a role that is off."""
    terraform = emit(stack, "terraform").files
    values = {k: HERE[k] for k in ("account_id", "aws_region")}
    return {
        "terraform": terraform["main.tf.json"] + terraform["versions.tf.json"],
        "cloudformation": str(emit(stack, "cloudformation")),
        "iam": str(emit(stack, "iam", bind=values)),
    }


@pytest.fixture(scope="module")
def everything() -> dict[str, Made]:
    """The roles with all flags on."""
    return meaning.of_stack(build(config(dict.fromkeys(TRACES, True))), HERE)


def test_the_flags_are_all_there_are() -> None:
    off = Config(project_name="memos", environment="dev")
    assert [flag for flag, _ in off.flags()] == list(TRACES)
    assert len(COMBINATIONS) == 2**6 + len(PLAIN)
    policies = {policy for _, some in TRACES.values() for policy in some}
    others = ("_statements", "_pass", "autoscaling")
    there = {id_ for id_, role in POLICIES.items() if not id_.endswith(others) and not ROLES[role].aside}
    assert policies | {*ALWAYS, *LISTS} == there


@pytest.mark.parametrize("on", [True, False])
def test_what_is_on_by_default_is_told_only_where_it_is_off(on: bool) -> None:
    """However it became known: written, or bound in the config or in the stack."""
    assert {
        name for name, field in Config.model_fields.items() if field.default is True and name.startswith("enable_")
    } == USUAL
    named: dict[str, Any] = {"project_name": "memos", "environment": "dev"}
    values: dict[str, Any] = dict.fromkeys(sorted(USUAL), on)
    left: dict[str, Any] = {flag: Parameter(flag) for flag in values}
    open_ = Config(**named, **left)
    stacks = [build(Config(**named, **values)), build(open_.bind(values)), build(open_).bind(values)]
    for stack in stacks:
        flags = dict(stack.intent.flags)
        assert flags.keys() & USUAL == (set() if on else USUAL)
        assert not any(flags[flag] for flag in flags.keys() & USUAL)
    assert len({str(emit(stack, "terraform")) for stack in stacks}) == 1


@pytest.mark.parametrize("flags", COMBINATIONS, ids=name)
def test_every_target_says_what_the_model_says(flags: dict[str, bool], everything: dict[str, Made]) -> None:
    wanted = config(flags)
    stack = build(wanted)
    model = meaning.of_stack(stack, HERE)
    assert roles_of(stack) == dict.fromkeys(("terraform", "cloudformation", "iam"), model)

    # A flag adds what it adds, whatever else is on.
    ids = [*ALWAYS, *(policy for flag, on in flags.items() if on for policy in TRACES[flag][1])]
    policies = {policy for role in model.values() for policy in role.policies}
    assert policies == {str(wanted.policy_name(id_)) for id_ in ids}
    for role in model.values():
        most = everything[role.name]
        assert role == evolve(most, policies={p: d for p, d in most.policies.items() if p in policies})


@pytest.mark.parametrize("flags", COMBINATIONS, ids=name)
def test_what_is_off_appears_nowhere(flags: dict[str, bool]) -> None:
    stack = build(config(flags))
    for text in texts_of(stack).values():
        for flag, on in flags.items():
            assert {word: word in text.lower() for word in TRACES[flag][0]} == dict.fromkeys(TRACES[flag][0], on)


_IN = "eu-central-1:123456789012"
DEPLOYS: dict[str, Any] = {
    "account_id": "123456789012",
    "aws_region": "eu-central-1",
    "task_definition_families": ["memos"],
    "ecs_service_arns": [f"arn:aws:ecs:{_IN}:service/main/memos"],
    "ecs_cluster_arns": [f"arn:aws:ecs:{_IN}:cluster/main"],
    "github_may": [*OPERATIONS],
}
# Others can't be given alone: what the aside roles' keys need is in tests/test_roles.py and tests/test_oidc.py.
_ARNS = [n for n, key in KEYS.items() if key.flag and n not in KEYS_ASIDE and key.form and key.form.service]


@pytest.mark.parametrize("key", _ARNS)
def test_a_key_whose_flags_are_off_changes_no_role(key: str) -> None:
    """Whatever else is on: what it gives counts as given only while one of its flags is on."""
    of = KEYS[key]
    off = dict.fromkeys((of.flag, *of.or_flags), False)
    rest: dict[str, Any] = {n: v for n, v in {**VALUES, **DEPLOYS}.items() if n != key}
    assert of.form
    arn = next(good for good in of.form.good if good.startswith("arn:aws:")).replace(":eu-west-2:", ":eu-central-1:")
    without: dict[str, Any] = {**rest, **dict.fromkeys(FLAGS, True), **off}
    given: dict[str, Any] = {**without, key: [arn] if isinstance(of.kind, ListOf) else arn}
    assert build(Config(**given)).roles == build(Config(**without)).roles


@pytest.mark.parametrize("flags", COMBINATIONS, ids=name)
def test_outputs_tell_what_is_on(flags: dict[str, bool]) -> None:
    stack = build(config(flags))
    outputs = meaning.outputs_of_terraform(emit(stack, "terraform"), HERE)
    github = flags["enable_github_oidc"]
    assert outputs["enabled_features"] == flags
    assert {role for role, made in outputs["role_summary"].items() if made} == {
        "execution",
        "task",
        *(["github_actions"] if github else []),
    }
    assert (outputs["github_actions_role_arn"] is None) is not github
    assert (outputs["github_actions_role_name"] is None) is not github
    template = json.loads(str(emit(stack, "cloudformation")))
    assert ("GithubActionsRoleArn" in template["Outputs"]) is github
    assert list(template["Resources"]) == ["ExecutionRole", "TaskRole", *(["GithubActionsRole"] if github else [])]
