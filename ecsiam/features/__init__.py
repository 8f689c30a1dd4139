"""One file per feature flag: the statements it asks for, why each is needed, and the page that says so."""

from collections.abc import Callable, Iterator

from attrs import frozen

from ecsiam.features import cloudwatch, ecs_exec, efs, execution, github, s3, secrets, statements
from ecsiam.features.baseline import BASELINE, EXECUTION_POLICY, baseline_trust
from ecsiam.features.project import Feature, Project
from ecsiam.features.trust import ecs_tasks_trust, ecs_tasks_trust_need
from ecsiam.model.names import RoleId
from ecsiam.model.policy import Policy
from ecsiam.model.statement import Statement

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


@frozen
class Profile:
    """A way of making the roles: their features, their trusts, and what the execution role has attached."""

    features: tuple[Feature, ...]
    trust: Callable[[Project, RoleId], Policy]
    execution_policies: tuple[str, ...] = ()


def _trust(project: Project, role: RoleId) -> Policy:
    return github.github_trust(project) if role == "github_actions" else ecs_tasks_trust(project, role)


def trust_needs(project: Project, role: RoleId) -> Iterator[Statement]:
    """Who has to be able to assume a role, in any profile; nothing is known of a role that only one of them has."""
    match role:
        case "execution" | "task":
            yield ecs_tasks_trust_need(project)
        case "github_actions":
            yield from github.github_trust_needs(project)
        case "autoscaling":
            return


PROFILES = {
    "default": Profile(FEATURES, _trust),
    "baseline": Profile(
        (*BASELINE, statements.EXECUTION, statements.TASK, statements.GITHUB_ACTIONS),
        baseline_trust,
        (EXECUTION_POLICY,),
    ),
}

__all__ = ["FEATURES", "PROFILES", "Feature", "Profile", "Project", "trust_needs"]
