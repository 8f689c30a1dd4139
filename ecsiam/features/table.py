"""The tables: which keys there are, which features, which roles, and which profiles.

An id is an interface: it is the key of `role_names` and `policy_names`, the Terraform address (`aws_iam_role.task`)
and, in CamelCase, the CloudFormation id (`TaskRole`). An inline policy is called
`<project_name>-<environment>-<id with hyphens>-policy`.
"""

from collections.abc import Collection

from ecsiam.features import (
    assumed,
    baseline,
    cloudwatch,
    codedeploy,
    ecs_exec,
    efs,
    environment_files,
    exec_operator,
    execution,
    infrastructure,
    instances,
    registry,
    run_tasks,
    s3,
    secrets,
    statements,
    task_access,
    telemetry,
    trust,
)
from ecsiam.features.deploy import ci_oidc, github_actions, github_oidc, github_trust, gitlab_oidc, oidc
from ecsiam.features.feature import Feature, Profile, RoleKind
from ecsiam.features.project import ProjectKeys
from ecsiam.keys.keys import Keys
from ecsiam.model.names import PROFILE_ATTRIBUTES, Attribute, Output


# The docs have them from the last to the first.
class FeatureKeys(
    baseline.BaselineKeys,
    infrastructure.InfrastructureKeys,
    codedeploy.CodedeployKeys,
    run_tasks.EventsKeys,
    instances.InstanceKeys,
    statements.StatementsKeys,
    trust.TrustKeys,
    ci_oidc.CiKeys,
    gitlab_oidc.GitlabKeys,
    github_actions.GithubActionsKeys,
    github_oidc.GithubOidcKeys,
    oidc.OidcKeys,
    environment_files.EnvironmentFilesKeys,
    registry.RegistryKeys,
    execution.ExecutionKeys,
    exec_operator.ExecOperatorKeys,
    ecs_exec.ExecKeys,
    cloudwatch.CloudwatchKeys,
    telemetry.TelemetryKeys,
    task_access.AccessKeys,
    s3.S3Keys,
    secrets.SecretsKeys,
    efs.EfsKeys,
    ProjectKeys,
):
    """The keys that the features read."""


# The keys of what few tasks and few services have: the starter file names them only.
ROOMS_ASIDE: tuple[type[Keys], ...] = (
    exec_operator.ExecOperatorKeys,
    registry.RegistryKeys,
    environment_files.EnvironmentFilesKeys,
    gitlab_oidc.GitlabOidcKeys,
    ci_oidc.CiOidcKeys,
    instances.InstanceKeys,
    run_tasks.EventsKeys,
    codedeploy.CodedeployKeys,
    infrastructure.InfrastructureKeys,
)
_ASIDE: tuple[Feature[FeatureKeys], ...] = (
    gitlab_oidc.GITLAB_DEPLOYS,
    statements.GITLAB,
    ci_oidc.CI_DEPLOYS,
    statements.CI,
    *instances.FEATURES,
    *run_tasks.FEATURES,
    *codedeploy.FEATURES,
    *infrastructure.FEATURES,
    *infrastructure.PASSED,
)
# In the order in which a role's policies are built.
FEATURES: tuple[Feature[FeatureKeys], ...] = (
    execution.ECR,
    execution.LOGS,
    secrets.SECRETS,
    registry.REGISTRY,
    environment_files.FILES,
    statements.EXECUTION,
    efs.EFS,
    s3.S3,
    task_access.ACCESS,
    *telemetry.FEATURES,
    cloudwatch.CLOUDWATCH,
    exec_operator.EXEC,
    trust.TASK_SELF,
    statements.TASK,
    github_actions.GITHUB_ACTIONS,
    trust.GITHUB_SELF,
    statements.GITHUB_ACTIONS,
    *_ASIDE,
)

_ROLES: tuple[RoleKind[FeatureKeys], ...] = (
    RoleKind(
        "execution",
        "execution-role",
        "ECS task execution",
        trust=trust.ecs_tasks_trust("execution"),
        meant=trust.ecs_tasks("execution"),
        needs=trust.ecs_tasks_need,
        managed=lambda keys: keys.execution_managed_policy_arns,
        passed_to=assumed.everywhere("ecs-tasks"),
        output="task_execution_role",
        attributes=("arn", "name", "id"),
    ),
    RoleKind(
        "task",
        "task-role",
        "ECS task",
        trust=trust.ecs_tasks_trust("task"),
        meant=trust.ecs_tasks("task"),
        needs=trust.ecs_tasks_need,
        further=trust.further("task"),
        managed=lambda keys: keys.task_managed_policy_arns,
        passed_to=assumed.everywhere("ecs-tasks"),
        output="task_role",
        attributes=("arn", "name", "id"),
    ),
    RoleKind(
        "github_actions",
        "github-actions-role",
        "GitHub Actions deployment",
        trust=github_trust.github_trust,
        meant=github_trust.github_meant,
        needs=github_trust.github_trust_needs,
        unsure=github_trust.github_unsure,
        further=trust.further("github_actions"),
        longest=lambda keys: keys.max_session_duration,
        provider=github_trust.github_provider,
        flag="enable_github_oidc",
        output="github_actions_role",
        attributes=("arn", "name"),  # as the baseline module has them: no id
    ),
    RoleKind(
        "gitlab",
        "gitlab-role",
        "GitLab deployment",
        trust=gitlab_oidc.gitlab_trust,
        meant=gitlab_oidc.gitlab_meant,
        needs=gitlab_oidc.gitlab_trust_needs,
        longest=lambda keys: keys.max_session_duration,
        provider=gitlab_oidc.gitlab_provider,
        flag=gitlab_oidc.FLAG,
        aside=True,
        output="gitlab_role",
        attributes=("arn", "name"),
    ),
    RoleKind(
        "ci",
        "ci-role",
        "Pipeline deployment",
        trust=ci_oidc.ci_trust,
        meant=ci_oidc.ci_meant,
        needs=ci_oidc.ci_meant,
        longest=lambda keys: keys.max_session_duration,
        provider=ci_oidc.ci_provider,
        flag=ci_oidc.FLAG,
        aside=True,
        output="ci_role",
        attributes=("arn", "name"),
    ),
    RoleKind(
        "autoscaling",
        "autoscaling-role",
        "ECS service auto scaling",
        trust=baseline.service_trust("application-autoscaling.amazonaws.com"),
        meant=baseline.service("application-autoscaling.amazonaws.com"),
        flag="enable_autoscaling",
    ),
    *instances.ROLES,
    *run_tasks.ROLES,
    *codedeploy.ROLES,
    *infrastructure.ROLES,
)
ROLES = {role.id: role for role in _ROLES}
ASIDE = frozenset(role.flag for role in _ROLES if role.aside)


def outputs(made: Collection[str]) -> tuple[Output, ...]:
    """What a stack of some roles hands on; of those that are there for every service also while they are not made."""
    kinds = (kind for kind in _ROLES if not kind.aside or kind.id in made)
    return tuple(Output(_output(kind, a), kind.id, a, kind.purpose) for kind in kinds for a in kind.attributes)


def _output(kind: RoleKind[FeatureKeys], attribute: Attribute) -> str:
    """`task_role_arn`; of an instance profile `instance_profile_arn`."""
    named = kind.output.removesuffix("_role") if attribute in PROFILE_ATTRIBUTES else kind.output
    return f"{named}_{attribute}"


PROFILES: dict[str, Profile[FeatureKeys]] = {
    "default": Profile[FeatureKeys](FEATURES),
    "baseline": Profile[FeatureKeys](
        (
            *baseline.FEATURES,
            task_access.ACCESS,
            *telemetry.FEATURES,
            registry.REGISTRY,
            environment_files.FILES,
            trust.TASK_SELF,
            trust.GITHUB_SELF,
            statements.EXECUTION,
            statements.TASK,
            statements.GITHUB_ACTIONS,
            *_ASIDE,
        ),
        trusts=baseline.TRUSTS,
        managed={"execution": (baseline.EXECUTION_POLICY,)},
        defaults=baseline.DEFAULTS,
        star=True,
        stand_for_all=baseline.STAND_FOR_ALL,
    ),
}
# The inline policies, with their roles.
POLICIES = {feature.policy: feature.role for profile in PROFILES.values() for feature in profile.features}
