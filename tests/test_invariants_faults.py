"""The faults of the baseline module, each under its invariant and with the request that shows it."""

from typing import Any

import pytest

from ecsiam import Fails, Holds, Stack, Undecided
from ecsiam.invariants import INVARIANTS, prove

from .replayed import put_to_the_test, shown
from .test_invariants import (
    ACCOUNT,
    CLASSIC,
    FORMAT,
    IN,
    ISSUER,
    OWN,
    PROVIDER,
    ROLE,
    S3,
    TO_TASKS,
    WITH_DEPLOYER,
    built,
    granted,
)


def baseline(**keys: Any) -> Stack:
    """The baseline module with the flags of one fault on."""
    return built(**{"profile": "baseline", "enable_efs_access": False, "ecr_repository_arns": (), **keys})


def failing(stack: Stack, invariant: str) -> list[str]:
    """What shows that an invariant fails; each has been put to the test."""
    answer = INVARIANTS[invariant].ask(stack)
    assert isinstance(answer, Fails), answer
    put_to_the_test(stack, invariant, answer)
    return [str(one.witness) for one in shown(answer)]


GITHUB: dict[str, Any] = {
    "enable_github_oidc": True,
    "github_oidc_provider_arn": PROVIDER,
    "github_repo": "octo-org/memos",
}
OTHERS_GROUP = "arn:aws:logs:eu-west-2:111122223333:log-group:/ecs/memos-dev:log-stream:"
ELSEWHERE = [
    f"{action} on arn:aws:{resource}"
    for resource, actions in {
        "ecr:us-east-1:111122223333:repository/x": (
            "ecr:BatchCheckLayerAvailability",
            "ecr:GetDownloadUrlForLayer",
            "ecr:BatchGetImage",
        ),
        "logs:us-east-1:111122223333:log-group:x:log-stream:x": ("logs:CreateLogStream", "logs:PutLogEvents"),
    }.items()
    for action in actions
]


def test_fault_1_the_two_roles_write_the_same_log_groups() -> None:
    assert failing(baseline(enable_cloudwatch_logs=True), "separation") == [
        f"logs:CreateLogStream on {OTHERS_GROUP}",
        f"logs:PutLogEvents on {OTHERS_GROUP}",
    ]
    assert prove(baseline())["separation"] == Holds()


@pytest.mark.parametrize("name", ["db-AbCdEf", "memos/*", "db-??????"])
def test_fault_2_decrypt_stands_on_secrets(name: str) -> None:
    secret = f"arn:aws:secretsmanager:{IN}:secret:{name}"
    stack = baseline(enable_secrets_access=True, secrets_arns=[secret])
    found = failing(stack, "works")
    assert {one.split(" on ")[0] for one in found} == {"kms:Decrypt", "ssm:GetParameter", "ssm:GetParameters"}
    assert "`kms:Decrypt`" in str(INVARIANTS["works"].ask(stack))
    # With the module's own `*` it does apply, far too widely: that is fault 3.
    assert isinstance(prove(baseline(enable_secrets_access=True))["works"], Holds)


def test_fault_3_an_empty_value_widens_to_everything() -> None:
    mount = "elasticfilesystem:ClientMount on arn:aws:elasticfilesystem:us-east-1:111122223333:file-system/x"
    found = failing(baseline(enable_efs_access=True), "wildcards")
    assert mount in found
    assert {one.split(":")[0] for one in found} == {"ecr", "elasticfilesystem", "logs"}
    found = failing(baseline(enable_secrets_access=True), "wildcards")
    assert "kms:Decrypt on arn:aws:kms:us-east-1:111122223333:key/x" in found
    assert failing(baseline(), "wildcards") == ELSEWHERE


def test_fault_4_objects_of_a_bucket_alone_cannot_be_read() -> None:
    alone: dict[str, Any] = {"enable_s3_access": True, "s3_bucket_arns": ["arn:aws:s3:::my-app-backups"]}
    found = failing(baseline(**alone), "works")
    assert "s3:DeleteObject on arn:aws:s3:::my-app-backups/x" in found
    with_objects = {**alone, "s3_bucket_arns": [*alone["s3_bucket_arns"], "arn:aws:s3:::my-app-backups/*"]}
    assert isinstance(prove(baseline(**with_objects))["works"], Holds)


def test_fault_5_the_deploy_role_may_not_pass_the_roles() -> None:
    found = failing(baseline(**GITHUB), "works")
    assert f"iam:PassRole on {OWN[0]} with iam:PassedToService=ecs-tasks.amazonaws.com" in found


def test_fault_6_any_branch_deploys_and_immutable_subjects_do_not() -> None:
    stack = baseline(**GITHUB)
    (found,) = failing(stack, "oidc-subject")
    assert found.endswith(f"{ISSUER}:aud=sts.amazonaws.com, {ISSUER}:sub=repo:octo-org/memos:x")
    # With what fault 5 leaves out, whether it works depends on the subjects that the repository sends.
    missing = [
        granted("iam:PassRole", OWN, TO_TASKS),
        granted("ecs:TagResource", "*", {"StringEquals": {"ecs:CreateAction": "RegisterTaskDefinition"}}),
    ]
    answer = prove(baseline(**GITHUB, github_actions_statements=missing))["works"]
    assert isinstance(answer, Undecided)
    assert answer.reason == FORMAT
    # With the ids, the subjects that the repository sends are known, and the module's trust keeps them out.
    ids = {"github_owner_id": 1, "github_repo_id": 2}
    found = failing(baseline(**GITHUB, **ids, github_actions_statements=missing), "works")[0]
    assert found.endswith("sub=repo:octo-org@1/memos@2:ref:refs/heads/main")


def test_fault_7_the_account_is_any_and_the_partition_is_written_out() -> None:
    logs = f"logs:CreateLogGroup on {OTHERS_GROUP}"
    assert logs in failing(baseline(enable_cloudwatch_logs=True), "home")
    china = baseline(enable_cloudwatch_logs=True, aws_region="cn-north-1")
    assert logs.replace("eu-west-2", "cn-north-1") in failing(china, "home")
    group = f"arn:aws-cn:logs:cn-north-1:{ACCOUNT}:log-group:/ecs/memos-dev/:log-stream:"
    assert f"logs:CreateLogGroup on {group}" in failing(china, "works")


def test_fault_8_the_trusts_name_no_account() -> None:
    stack = baseline()
    for role in ("execution", "task"):
        assert (
            f"Service:ecs-tasks.amazonaws.com: sts:AssumeRole on {ROLE}/memos-dev-{role}-role "
            "with aws:SourceAccount=111122223333"
        ) in failing(stack, "home")


def test_fault_9_a_project_that_begins_the_same() -> None:
    another = OTHERS_GROUP.replace("memos-dev", "memos-dev2").replace("111122223333", ACCOUNT)
    found = failing(baseline(enable_cloudwatch_logs=True), "neighbours")
    assert f"logs:CreateLogGroup on {another}" in found
    assert {one.split(" on ")[1] for one in found} == {another}
    # AWS's own policy of the execution role is on `*`, so it writes any group.
    actions = [f"logs:{action} on {another}" for action in ("CreateLogStream", "PutLogEvents")]
    assert failing(baseline(), "neighbours") == actions


def test_the_execution_role_may_do_what_ecs_does_not_with_it() -> None:
    found = failing(baseline(enable_secrets_access=True), "execution")
    assert [one.split(" on ")[0] for one in found] == ["kms:Decrypt", "ssm:GetParameter"]
    assert isinstance(prove(baseline())["execution"], Holds)


def test_the_default_profile_has_none_of_the_faults() -> None:
    keys: dict[str, Any] = {
        "enable_efs_access": True,
        "efs_arn": f"arn:aws:elasticfilesystem:{IN}:file-system/fs-0a1b2c3d",
        "enable_secrets_access": True,
        "secrets_arns": [f"arn:aws:secretsmanager:{IN}:secret:db-AbCdEf"],
        "enable_cloudwatch_logs": True,
        "enable_ecs_exec": True,
        **S3,
        **CLASSIC,
    }
    assert prove(built(**keys)) == WITH_DEPLOYER
