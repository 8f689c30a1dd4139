"""What a config is told: one row for each note, with its whole text."""

import ast
from pathlib import Path
from typing import Any

import pytest

from ecsiam import build

from .written import config

ROOT = Path(__file__).resolve().parents[1]
IN = "eu-west-2:123456789012"
HOME: dict[str, Any] = {"account_id": "123456789012", "aws_region": "eu-west-2"}
GITHUB: dict[str, Any] = {**HOME, "enable_github_oidc": True, "github_repo": "octo-org/memos"}
SECRET = f"arn:aws:secretsmanager:{IN}:secret:memos/db"
ELSEWHERE = "arn:aws:ecr:eu-west-2:999999999999:repository/memos"

# rule: (the config, the note)
NOTES: dict[str, tuple[dict[str, Any], str]] = {
    "odd-statement": (
        {"task_statements": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws*:s3:::b/*"}]},
        "`arn:aws*:s3:::b/*` has a pattern for the partition @ $.task_statements[0].Resource. Write the partition, or "
        "`*` for it.",
    ),
    "unused-value": (
        {"s3_bucket_arns": ["arn:aws:s3:::memos"]},
        "`s3_bucket_arns` is not used while `enable_s3_access` is off @ $.s3_bucket_arns. "
        "Turn the flag on, or leave the value out.",
    ),
    "ecr-account-wide": (
        {},
        "the execution role may pull from every ECR repository of its account and region @ $.ecr_repository_arns. "
        "List the repositories in `ecr_repository_arns`.",
    ),
    "foreign-repository": (
        {**HOME, "ecr_repository_arns": [f"arn:aws:ecr:{IN}:repository/memos", ELSEWHERE]},
        f"`{ELSEWHERE}` is of account `999999999999` @ $.ecr_repository_arns[1]. "
        "That account's repository policy has to allow the pull too.",
    ),
    "foreign-repository of the deploy role": (
        {**GITHUB, "github_ecr_repository_arns": [ELSEWHERE]},
        f"`{ELSEWHERE}` is of account `999999999999` @ $.github_ecr_repository_arns[0]. "
        "That account's repository policy has to allow the push too.",
    ),
    "foreign-secret": (
        {
            **HOME,
            "enable_secrets_access": True,
            "secrets_arns": ["arn:aws:secretsmanager:eu-west-2:999999999999:secret:memos/db-AbCdEf"],
        },
        "`arn:aws:secretsmanager:eu-west-2:999999999999:secret:memos/db-AbCdEf` is of account `999999999999` "
        "@ $.secrets_arns[0]. Its KMS key has to be a customer managed one, in `secrets_kms_key_arns`; its resource "
        "policy and that of the key have to allow the role too.",
    ),
    "foreign-parameter": (
        {
            **HOME,
            "enable_secrets_access": True,
            "secrets_arns": ["arn:aws:ssm:eu-west-2:999999999999:parameter/memos/db"],
        },
        "`arn:aws:ssm:eu-west-2:999999999999:parameter/memos/db` is of account `999999999999`, and ECS takes no "
        "parameter of another account @ $.secrets_arns[0]. Keep the value in Secrets Manager, or in a parameter of the "
        "roles' account.",
    ),
    "name-like-a-secret": (
        {"enable_secrets_access": True, "secrets_arns": ["memos-AbCdEf"]},
        "`memos-AbCdEf` is taken for a parameter, as ECS takes a bare name, and ends as a secret's does "
        "@ $.secrets_arns[0]. If it is a secret, write its ARN.",
    ),
    "partial-secret-arn": (
        {"enable_secrets_access": True, "secrets_arns": [f"{SECRET}:password::"]},
        f"`{SECRET}:password::` is without the six characters that Secrets Manager added; `{SECRET}-??????` stands for "
        "them @ $.secrets_arns[0]. Write the complete ARN to name exactly this secret.",
    ),
    "parameter-points-to-secret": (
        {
            "enable_secrets_access": True,
            "secrets_arns": [f"arn:aws:ssm:{IN}:parameter/aws/reference/secretsmanager/memos"],
        },
        f"`arn:aws:ssm:{IN}:parameter/aws/reference/secretsmanager/memos` points to a secret @ $.secrets_arns[0]. "
        "List the secret's own ARN too: ECS reads it as well.",
    ),
    "efs-iam-enabled": (
        {"enable_efs_access": True, "efs_arn": f"arn:aws:elasticfilesystem:{IN}:file-system/fs-0a1b2c3d"},
        "IAM decides about a mount only if the task definition's EFS volume has `iam: ENABLED`, which needs "
        "`transitEncryption: ENABLED` @ $.enable_efs_access. Without it, the file system lets in whoever reaches it, "
        "unless its own policy says otherwise.",
    ),
    "s3-no-list": (
        {"enable_s3_access": True, "s3_bucket_arns": ["arn:aws:s3:::memos/a/*", "arn:aws:s3:::other"]},
        "the task may not list `arn:aws:s3:::memos`: only objects of it are given @ $.s3_bucket_arns. "
        "Add `arn:aws:s3:::memos` if it has to.",
    ),
    "s3-bucket-wildcard": (
        {"enable_s3_access": True, "s3_bucket_arns": ["arn:aws:s3:::memos", "arn:aws:s3:::memos-*"]},
        "`arn:aws:s3:::memos-*` names every bucket that is called so, of any account that lets this one in "
        "@ $.s3_bucket_arns[1]. Write the buckets' names out.",
    ),
    "exec-session-log": (
        {"enable_ecs_exec": True},
        "sessions are not logged: with the cluster's `logging: DEFAULT` they would go to the execution role's log "
        "group, which the task role may not write @ $.enable_ecs_exec. Give the cluster `logging: OVERRIDE` with a "
        "group such as `/ecs/memos-dev/exec`, turn `enable_cloudwatch_logs` on, and add `logs:DescribeLogGroups` on "
        "`*` to `task_statements`; with a KMS key for the channel, `kms:Decrypt` on it.",
    ),
    "github-classic-subject": (
        GITHUB,
        "the deploy role trusts subjects by name; repositories created or renamed since July 2026 send "
        "`repo:OWNER@ID/REPO@ID:...` and could not assume it @ $.github_repo. Give `github_owner_id` and "
        "`github_repo_id`, and `github_subject_format: both` during a migration.",
    ),
    "github-any-subject": (
        {**GITHUB, "github_subjects": ["repo:octo-org/memos:pull_request", "repo:octo-org/memos:*"]},
        "`repo:octo-org/memos:*` lets every branch, tag, environment and pull request of the repository deploy "
        "@ $.github_subjects[1]. List branches or environments.",
    ),
    "github-pull-requests": (
        {**GITHUB, "github_pull_requests": True},
        "every pull request from a branch of the repository may deploy, before anyone has reviewed it "
        "@ $.github_pull_requests. An environment with required reviewers is safer.",
    ),
    "github-audience-cn": (
        {**GITHUB, "aws_region": "cn-north-1"},
        "in `aws-cn` the workflow may have to ask for another audience than `sts.amazonaws.com` @ $.github_audience. "
        "If it asks for `sts.amazonaws.com.cn`, write that in `github_audience`.",
    ),
    "github-role-name": (
        {**GITHUB, "role_names": {"github_actions": "GitHubActions"}},
        "a role called exactly `GitHubActions` is reported to fail @ $.role_names.github_actions. Choose another name.",
    ),
    "github-ecr-account-wide": (
        GITHUB,
        "the deploy role may push to every ECR repository of its account and region: who pushes an image runs code "
        "@ $.github_ecr_repository_arns. List the repositories in `ecr_repository_arns` or "
        "`github_ecr_repository_arns`.",
    ),
    "github-foreign-repository": (
        {**GITHUB, **HOME, "ecr_repository_arns": [f"arn:aws:ecr:{IN}:repository/memos", ELSEWHERE]},
        f"the deploy role may not push to `{ELSEWHERE}`, which is of account `999999999999` "
        "@ $.ecr_repository_arns[1]. If the workflow pushes there, list all that it pushes to in "
        "`github_ecr_repository_arns`.",
    ),
    "task-definitions-account-wide": (
        GITHUB,
        "the deploy role may register every task definition of its account and region @ $.task_definition_families. "
        "List the families in `task_definition_families`.",
    ),
    "services-wide": (
        GITHUB,
        "the deploy role may update every service of its account and region @ $.ecs_service_arns. "
        "List the services in `ecs_service_arns`.",
    ),
    "services-wide of clusters": (
        {**GITHUB, "ecs_cluster_arns": [f"arn:aws:ecs:{IN}:cluster/main"]},
        "the deploy role may update every service of these clusters @ $.ecs_service_arns. "
        "List the services in `ecs_service_arns`.",
    ),
    "unused-clusters": (
        {
            **GITHUB,
            "ecs_cluster_arns": [f"arn:aws:ecs:{IN}:cluster/main"],
            "ecs_service_arns": [f"arn:aws:ecs:{IN}:service/main/memos"],
        },
        "`ecs_service_arns` names the services, so `ecs_cluster_arns` is not used @ $.ecs_cluster_arns. "
        "Leave one of the two out.",
    ),
}


def said(**keys: Any) -> list[tuple[str, str]]:
    return [(note.rule, str(note)) for note in build(config(**keys)).notes]


@pytest.mark.parametrize("row", NOTES)
def test_note(row: str) -> None:
    keys, text = NOTES[row]
    rule = row.split(" ", 1)[0]
    assert [t for r, t in said(**keys) if r == rule] == [text]
    for note in build(config(**keys)).notes:
        assert note.message[0] in f"{note.message[0].lower()}`I"  # `IAM` keeps its capitals
        assert not note.message.endswith(".")
        assert note.remedy.endswith(".")
        assert note.page == "" or note.page.startswith("https://")


def test_every_rule_is_in_the_table() -> None:
    rules: set[str] = set()
    for file in (ROOT / "ecsiam").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Note":
                match node.args:
                    case [ast.Constant(str(rule)), *_]:
                        rules.add(rule)
                    case _:
                        assert not node.args, f"a Note in {file} whose rule is not written out"
    assert len(rules) > 10
    assert rules == {row.split(" ", 1)[0] for row in NOTES}


# What says nothing


@pytest.mark.parametrize(
    ("keys", "rule"),
    [
        ({"efs_root_access": False, "github_pull_requests": False, "s3_bucket_arns": []}, "unused-value"),
        ({"profile": "baseline"}, "unused-value"),  # though that has values of its own
        ({"ecr_repository_arns": [f"arn:aws:ecr:{IN}:repository/memos"]}, "ecr-account-wide"),
        ({**HOME, "ecr_repository_arns": [f"arn:aws:ecr:{IN}:repository/memos"]}, "foreign-repository"),
        ({"ecr_repository_arns": [ELSEWHERE]}, "foreign-repository"),  # whose account this is, only deployment knows
        ({"enable_secrets_access": True, "secrets_arns": ["/memos/db-config"]}, "name-like-a-secret"),
        (
            {"enable_secrets_access": True, "secrets_arns": [f"{SECRET}-AbCdEf", f"{SECRET}-??????"]},
            "partial-secret-arn",
        ),
        ({"enable_s3_access": True, "s3_bucket_arns": ["arn:aws:s3:::memos", "arn:aws:s3:::memos/a"]}, "s3-no-list"),
        ({"enable_s3_access": True, "s3_bucket_arns": ["arn:aws:s3:::memos/a?/*"]}, "s3-bucket-wildcard"),
        ({**GITHUB, "github_owner_id": 1, "github_repo_id": 2}, "github-classic-subject"),
        (
            {**GITHUB, "github_owner_id": 1, "github_repo_id": 2, "github_subject_format": "both"},
            "github-classic-subject",
        ),
        ({**GITHUB, "github_subjects": ["repo:octo-org/memos:ref:*"]}, "github-any-subject"),
        ({**GITHUB, "aws_region": "cn-north-1", "github_audience": "sts.amazonaws.com.cn"}, "github-audience-cn"),
        ({**GITHUB, "ecr_repository_arns": [f"arn:aws:ecr:{IN}:repository/memos"]}, "github-ecr-account-wide"),
        ({**GITHUB, "github_ecr_repository_arns": [f"arn:aws:ecr:{IN}:repository/a"]}, "github-ecr-account-wide"),
        (
            {**GITHUB, **HOME, "ecr_repository_arns": [f"arn:aws:ecr:{IN}:repository/memos"]},
            "github-foreign-repository",
        ),
        (
            {**GITHUB, **HOME, "ecr_repository_arns": [ELSEWHERE], "github_ecr_repository_arns": [ELSEWHERE]},
            "github-foreign-repository",
        ),
        ({**GITHUB, "task_definition_families": ["memos"]}, "task-definitions-account-wide"),
        ({**GITHUB, "ecs_service_arns": [f"arn:aws:ecs:{IN}:service/main/memos"]}, "services-wide"),
        ({**GITHUB, "ecs_service_arns": [f"arn:aws:ecs:{IN}:service/main/memos"]}, "unused-clusters"),
    ],
)
def test_no_note(keys: dict[str, Any], rule: str) -> None:
    assert rule in {row.split(" ", 1)[0] for row in NOTES}
    assert rule not in {r for r, _ in said(**keys)}
