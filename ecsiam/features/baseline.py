"""`profile: baseline`: the Terraform module that the guide describes, with its faults, for people who migrate from it.

Nothing here is a model to follow. It is as wide as the module is: `*` where that has `*`, no conditions on the service
trusts, any subject of the repository, `arn:aws:` written out. The default profile gets right what this gets wrong.
"""

from collections.abc import Iterator

from ecsiam.config.left_open import as_text
from ecsiam.features.ecs_exec import CHANNELS
from ecsiam.features.github import GITHUB_AUDIENCE, ISSUER, provider
from ecsiam.features.project import Feature, Part, Project, allow
from ecsiam.model.condition import Condition
from ecsiam.model.names import RoleId
from ecsiam.model.policy import Policy
from ecsiam.model.principal import Principal
from ecsiam.model.statement import Origin, Statement
from ecsiam.model.text import Text

EXECUTION_POLICY = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
_SERVICES: dict[str, str] = {
    "execution": "ecs-tasks.amazonaws.com",
    "task": "ecs-tasks.amazonaws.com",
    "autoscaling": "application-autoscaling.amazonaws.com",
}


def _origin(feature: str, flag: str) -> Origin:
    return Origin(feature, "as the guide's module has it", "", flag)


def _secrets(project: Project) -> Iterator[Part]:
    yield allow(
        ["secretsmanager:GetSecretValue", "ssm:GetParameters", "ssm:GetParameter", "kms:Decrypt"],
        project.items("secrets_arns"),
        _origin("execution_secrets", "enable_secrets_access"),
    )


def _efs(project: Project) -> Iterator[Part]:
    actions = ("ClientMount", "ClientWrite", "DescribeFileSystems", "DescribeMountTargets")
    yield allow(
        [f"elasticfilesystem:{a}" for a in actions],
        [as_text(project.config.efs_arn, "*")],
        _origin("efs", "enable_efs_access"),
    )


def _s3(project: Project) -> Iterator[Part]:
    yield allow(
        ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"],
        project.items("s3_bucket_arns"),
        _origin("s3", "enable_s3_access"),
    )


def _cloudwatch(project: Project) -> Iterator[Part]:
    yield allow(
        [f"logs:{a}" for a in ("CreateLogGroup", "CreateLogStream", "PutLogEvents", "DescribeLogStreams")],
        [Text.of("arn:aws:logs:", project.home.region, ":*:log-group:/ecs/", project.prefix, "*")],
        _origin("cloudwatch", "enable_cloudwatch_logs"),
    )


def _exec(_: Project) -> Iterator[Part]:
    yield allow(CHANNELS, "*", _origin("exec", "enable_ecs_exec"))


def _github(_: Project) -> Iterator[Part]:
    origin = _origin("github_actions", "enable_github_oidc")
    pull = ("GetAuthorizationToken", "BatchCheckLayerAvailability", "GetDownloadUrlForLayer", "BatchGetImage")
    push = ("PutImage", "InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload")
    deploy = ("UpdateService", "DescribeServices", "DescribeTaskDefinition", "RegisterTaskDefinition")
    yield allow([f"ecr:{a}" for a in pull + push], "*", origin)
    yield allow([f"ecs:{a}" for a in deploy], "*", origin)


def _autoscaling(_: Project) -> Iterator[Part]:
    origin = _origin("autoscaling", "enable_autoscaling")
    yield allow(["ecs:DescribeServices", "ecs:UpdateService"], "*", origin)
    yield allow([f"cloudwatch:{a}" for a in ("PutMetricAlarm", "DescribeAlarms", "DeleteAlarms")], "*", origin)


BASELINE: tuple[Feature, ...] = (
    Feature("execution_secrets", "execution", "enable_secrets_access", _secrets),
    Feature("efs", "task", "enable_efs_access", _efs),
    Feature("s3", "task", "enable_s3_access", _s3),
    Feature("cloudwatch", "task", "enable_cloudwatch_logs", _cloudwatch),
    Feature("exec", "task", "enable_ecs_exec", _exec),
    Feature("github_actions", "github_actions", "enable_github_oidc", _github),
    Feature("autoscaling", "autoscaling", "enable_autoscaling", _autoscaling),
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
