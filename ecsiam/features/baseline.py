"""`profile: baseline`: the Terraform module that the guide describes, with its faults, for people who migrate from it.

Nothing here is a model to follow. It is as wide as the module is: `*` where that has `*`, no conditions on the service
trusts, any subject of the repository, `arn:aws:` written out. The default profile gets right what this gets wrong.
"""

from collections.abc import Iterator

from ecsiam.config.left_open import as_text
from ecsiam.features.cloudwatch import cloudwatch
from ecsiam.features.ecs_exec import CHANNELS, exec_needs
from ecsiam.features.efs import efs_needs
from ecsiam.features.execution import ecr_needs, logs_needs
from ecsiam.features.github import GITHUB_AUDIENCE, ISSUER, PUSH, github_needs, provider
from ecsiam.features.project import Feature, Project, allow
from ecsiam.features.s3 import s3_needs
from ecsiam.features.secrets import secrets_needs
from ecsiam.model.condition import Condition
from ecsiam.model.names import RoleId
from ecsiam.model.policy import Policy
from ecsiam.model.principal import Principal
from ecsiam.model.statement import Action, Origin, Statement
from ecsiam.model.text import Text, text

EXECUTION_POLICY = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
_SERVICES: dict[str, str] = {
    "execution": "ecs-tasks.amazonaws.com",
    "task": "ecs-tasks.amazonaws.com",
    "autoscaling": "application-autoscaling.amazonaws.com",
}


def _origin(feature: str, flag: str) -> Origin:
    return Origin(feature, "as the guide's module has it", "", flag)


_SECRETS = ("kms:Decrypt", "secretsmanager:GetSecretValue", "ssm:GetParameter", "ssm:GetParameters")
_EFS = tuple(
    f"elasticfilesystem:{a}" for a in ("ClientMount", "ClientWrite", "DescribeFileSystems", "DescribeMountTargets")
)
_S3 = ("s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject")
_LOGS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
_ECR = (*PUSH, "ecr:GetAuthorizationToken", "ecr:GetDownloadUrlForLayer")
_ECS = tuple(
    f"ecs:{a}" for a in ("DescribeServices", "DescribeTaskDefinition", "RegisterTaskDefinition", "UpdateService")
)
_SCALE = ("ecs:DescribeServices", "ecs:UpdateService")
_ALARMS = tuple(f"cloudwatch:{a}" for a in ("DeleteAlarms", "DescribeAlarms", "PutMetricAlarm"))


def _secrets(project: Project) -> Iterator[Statement]:
    resources = project.items("secrets_arns", otherwise=[text("*")])
    yield allow(_SECRETS, resources, _origin("execution_secrets", "enable_secrets_access"))


def _efs(project: Project) -> Iterator[Statement]:
    yield allow(_EFS, [as_text(project.config.efs_arn, "*")], _origin("efs", "enable_efs_access"))


def _s3(project: Project) -> Iterator[Statement]:
    yield allow(_S3, project.items("s3_bucket_arns"), _origin("s3", "enable_s3_access"))


def _cloudwatch(project: Project) -> Iterator[Statement]:
    groups = Text.of("arn:aws:logs:", project.home.region, ":*:log-group:/ecs/", project.prefix, "*")
    yield allow(_LOGS, [groups], _origin("cloudwatch", "enable_cloudwatch_logs"))


def _exec(_: Project) -> Iterator[Statement]:
    yield allow(CHANNELS, "*", _origin("exec", "enable_ecs_exec"))


def _github(_: Project) -> Iterator[Statement]:
    origin = _origin("github_actions", "enable_github_oidc")
    yield allow(_ECR, "*", origin)
    yield allow(_ECS, "*", origin)


def _autoscaling(_: Project) -> Iterator[Statement]:
    origin = _origin("autoscaling", "enable_autoscaling")
    yield allow(_SCALE, "*", origin)
    yield allow(_ALARMS, "*", origin)


def _deploy(project: Project) -> Iterator[Statement]:
    """What the deploy role needs; the module tags no task definition."""
    tag = Action("ecs:TagResource")
    yield from (s for s in github_needs(project) if tag not in s.actions.items)


# What has to work is what has to work in the default profile; pull and logs are left to the managed policy.
BASELINE: tuple[Feature, ...] = (
    Feature("execution_ecr", "execution", "", lambda _: iter(()), needs=ecr_needs),
    Feature("execution_logs", "execution", "", lambda _: iter(()), needs=logs_needs),
    Feature("execution_secrets", "execution", "enable_secrets_access", _secrets, _SECRETS, secrets_needs),
    Feature("efs", "task", "enable_efs_access", _efs, _EFS, efs_needs),
    Feature("s3", "task", "enable_s3_access", _s3, _S3, s3_needs),
    Feature("cloudwatch", "task", "enable_cloudwatch_logs", _cloudwatch, _LOGS, cloudwatch),
    Feature("exec", "task", "enable_ecs_exec", _exec, CHANNELS, exec_needs),
    Feature("github_actions", "github_actions", "enable_github_oidc", _github, _ECR + _ECS, _deploy),
    Feature("autoscaling", "autoscaling", "enable_autoscaling", _autoscaling, _SCALE + _ALARMS, _autoscaling),
)


def baseline_trust(project: Project, role: RoleId) -> Policy:
    """The module's trusts: the service without a condition, and every subject of the repository."""
    if role in _SERVICES:
        origin = Origin("trust", "as the guide's module has it")
        principal = Principal("Service", _SERVICES[role])
        return Policy(Statement("Allow", "sts:AssumeRole", principals=principal, origin=origin))
    return Policy(
        Statement(
            effect="Allow",
            actions="sts:AssumeRoleWithWebIdentity",
            principals=Principal("Federated", provider(project)),
            conditions=(
                Condition("StringEquals", f"{ISSUER}:aud", GITHUB_AUDIENCE),
                Condition("StringLike", f"{ISSUER}:sub", Text.of("repo:", as_text(project.config.github_repo), ":*")),
            ),
            origin=_origin("github_actions", "enable_github_oidc"),
        )
    )
