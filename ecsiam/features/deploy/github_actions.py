"""enable_github_oidc: what deploys. All that a deploy role may do, whoever it is, put together for GitHub Actions."""

from collections.abc import Iterator

from ecsiam.errors import Fault
from ecsiam.features.deploy.codedeploy import code_deploy
from ecsiam.features.deploy.github_notes import github_notes
from ecsiam.features.deploy.github_oidc import FLAG
from ecsiam.features.deploy.github_ways import ways_shut
from ecsiam.features.deploy.images import push, push_notes
from ecsiam.features.deploy.operations import OPERATIONS, DeployOperationsKeys, operations
from ecsiam.features.deploy.services import passed, roll_over, service_notes, task_definitions
from ecsiam.features.deploy.tasks import run_tasks
from ecsiam.features.deployer import Deployer
from ecsiam.features.feature import Feature, Part
from ecsiam.features.project import Project
from ecsiam.keys.keys import check
from ecsiam.model.deploying import (
    CODE_DEPLOY,
    CODE_DEPLOY_CONFIG,
    CODE_DEPLOY_REVISION,
    LOGIN,
    PASS,
    PUBLIC_LOGIN,
    PUBLIC_PUSH,
    PUSH,
    READ_DEFINITION,
    REGISTER,
    RUN_TASK,
    STOP_TASK,
    TAG,
    UPDATE_SERVICE,
    WATCH_SERVICE,
    WATCH_TASK,
)
from ecsiam.model.statement import Statement


class GithubActionsKeys(DeployOperationsKeys):
    """What GitHub Actions does with the deploy role."""

    heading = "The deploy role"

    @check("github_repo", "github_issuer", "github_claims")
    def _ways_in(self) -> Iterator[Fault]:
        """Who deploys can get in."""
        return ways_shut(self) if self.github_repo else iter(())


# What it may give, whoever deploys.
GRANTS = (
    *LOGIN,
    *PUSH,
    "ecr:GetDownloadUrlForLayer",
    *PUBLIC_LOGIN,
    *PUBLIC_PUSH,
    *WATCH_SERVICE,
    *READ_DEFINITION,
    *REGISTER,
    *TAG,
    *UPDATE_SERVICE,
    *PASS,
    *RUN_TASK,
    *WATCH_TASK,
    *STOP_TASK,
    *CODE_DEPLOY,
    *CODE_DEPLOY_REVISION,
    *CODE_DEPLOY_CONFIG,
    *(action for operation in OPERATIONS.values() for grant in operation.grants for action in grant.actions),
)


def deploying(keys: GithubActionsKeys, project: Project, by: Deployer) -> Iterator[Part]:
    """What whoever deploys does, in the order in which a pipeline does it, with what is worth knowing."""
    yield from push_notes(keys, project)
    yield from push(keys, project, by)
    yield from task_definitions(keys, project, by)
    yield from service_notes(keys, project, of_clusters=keys.names_clusters)
    yield from roll_over(keys, project, by)
    yield from passed(keys, project, by)
    yield from run_tasks(keys, project, by)
    yield from code_deploy(keys, project, by)
    yield from operations(keys, project, by)


_GITHUB = Deployer("github_actions", FLAG)


def _github(keys: GithubActionsKeys, project: Project) -> Iterator[Part]:
    yield from github_notes(keys, project)
    yield from deploying(keys, project, _GITHUB)


def github_needs(keys: GithubActionsKeys, project: Project) -> Iterator[Statement]:
    """All that is deployed with: whoever deploys needs what it is given."""
    yield from (part for part in deploying(keys, project, _GITHUB) if isinstance(part, Statement))


GITHUB_ACTIONS = Feature("github_actions", "github_actions", FLAG, GithubActionsKeys, _github, GRANTS, github_needs)
