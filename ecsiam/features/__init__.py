"""One file per feature flag: the statements it asks for, why each is needed, and the page that says so."""

from ecsiam.features import cloudwatch, ecs_exec, efs, execution, github, s3, secrets, statements
from ecsiam.features.project import Feature, Project

# In the order in which a role's policies are built.
FEATURES: tuple[Feature, ...] = (
    execution.ECR,
    execution.LOGS,
    secrets.SECRETS,
    statements.EXECUTION,
    efs.EFS,
    s3.S3,
    cloudwatch.CLOUDWATCH,
    ecs_exec.EXEC,
    statements.TASK,
    github.GITHUB_ACTIONS,
    statements.GITHUB_ACTIONS,
)

__all__ = ["FEATURES", "Feature", "Project"]
