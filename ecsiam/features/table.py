"""The tables: which keys there are, which features, which roles, and which profiles.

An id is an interface: it is the key of `role_names` and `policy_names`, the Terraform address (`aws_iam_role.task`)
and, in CamelCase, the CloudFormation id (`TaskRole`). An inline policy is called
`<project_name>-<environment>-<id with hyphens>-policy`.
"""

from ecsiam.features import (
    baseline,
    cloudwatch,
    ecs_exec,
    efs,
    execution,
    github_actions,
    github_oidc,
    s3,
    secrets,
    statements,
    trust,
)
from ecsiam.features.feature import Feature, Profile, RoleKind
from ecsiam.features.project import ProjectKeys
from ecsiam.model.names import Output


# The docs have them from the last to the first.
class FeatureKeys(
    baseline.BaselineKeys,
    statements.StatementsKeys,
    trust.TrustKeys,
    github_actions.GithubActionsKeys,
    github_oidc.GithubOidcKeys,
    execution.ExecutionKeys,
    ecs_exec.ExecKeys,
    cloudwatch.CloudwatchKeys,
    s3.S3Keys,
    secrets.SecretsKeys,
    efs.EfsKeys,
    ProjectKeys,
):
    """The keys that the features read."""


# In the order in which a role's policies are built.
FEATURES: tuple[Feature[FeatureKeys], ...] = (
    execution.ECR,
    execution.LOGS,
    secrets.SECRETS,
    statements.EXECUTION,
    efs.EFS,
    s3.S3,
    cloudwatch.CLOUDWATCH,
    ecs_exec.EXEC,
    statements.TASK,
    github_actions.GITHUB_ACTIONS,
    statements.GITHUB_ACTIONS,
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
        managed=lambda keys: keys.task_managed_policy_arns,
        output="task_role",
        attributes=("arn", "name", "id"),
    ),
    RoleKind(
        "github_actions",
        "github-actions-role",
        "GitHub Actions deployment",
        trust=github_oidc.github_trust,
        meant=github_oidc.github_meant,
        needs=github_oidc.github_trust_needs,
        unsure=github_oidc.github_unsure,
        longest=lambda keys: keys.max_session_duration,
        flag="enable_github_oidc",
        output="github_actions_role",
        attributes=("arn", "name"),  # as the baseline module has them: no id
    ),
    RoleKind(
        "autoscaling",
        "autoscaling-role",
        "ECS service auto scaling",
        trust=baseline.service_trust("application-autoscaling.amazonaws.com"),
        meant=baseline.service("application-autoscaling.amazonaws.com"),
        flag="enable_autoscaling",
    ),
)
ROLES = {role.id: role for role in _ROLES}
OUTPUTS = tuple(Output(f"{r.output}_{a}", r.id, a, r.purpose) for r in _ROLES for a in r.attributes)

PROFILES: dict[str, Profile[FeatureKeys]] = {
    "default": Profile[FeatureKeys](FEATURES),
    "baseline": Profile[FeatureKeys](
        (*baseline.FEATURES, statements.EXECUTION, statements.TASK, statements.GITHUB_ACTIONS),
        trusts=baseline.TRUSTS,
        managed={"execution": (baseline.EXECUTION_POLICY,)},
        defaults=baseline.DEFAULTS,
        star=True,
        stand_for_all=baseline.STAND_FOR_ALL,
    ),
}
# The inline policies, with their roles.
POLICIES = {feature.policy: feature.role for profile in PROFILES.values() for feature in profile.features}
