"""github_run_tasks: tasks that a deploy role runs once, such as a migration of the database."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from ecsiam.errors import Fault
from ecsiam.features.deploy.services import DeployServicesKeys, elsewhere, known_clusters, tasks_of
from ecsiam.features.deployer import DEPLOY_ROLES, GITHUB_FLAG, OTHER_FLAGS, Deployer
from ecsiam.features.feature import Part
from ecsiam.features.project import Project, allow
from ecsiam.keys.key import Key
from ecsiam.keys.keys import check
from ecsiam.keys.kinds import ListOf, OfForm
from ecsiam.keys.values import wrapped
from ecsiam.model import arn_forms, forms
from ecsiam.model.condition import Condition
from ecsiam.model.deploying import RUN_TASK, STOP_TASK, WATCH_TASK
from ecsiam.model.intent import Note
from ecsiam.model.parameter import Parameter
from ecsiam.model.text import Text, in_order, texts

_RUN = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security_iam_id-based-policy-examples.html"
_ECS = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html"
_WRITTEN = "a condition holds no list that is left to deployment"


class DeployTasksKeys(DeployServicesKeys):
    """The tasks that the workflow runs once."""

    heading = "Tasks that GitHub Actions runs"

    github_run_tasks: Annotated[
        Sequence[str],
        Key(
            "The families of the task definitions that the workflow runs as one-off tasks, such as a migration: it "
            "starts them, waits for them and stops them. Any revision, in the clusters that are listed.",
            ListOf(OfForm(forms.FAMILY)),
            DEPLOY_ROLES,
            default="none",
            flag=GITHUB_FLAG,
            or_flags=OTHER_FLAGS,
            closed=True,
            fixed=_WRITTEN,
            sample=("- memos-migrate",),
        ),
    ] = ()
    github_task_cluster_arns: Annotated[
        Sequence[str],
        Key(
            "The clusters in which the workflow runs and lists tasks.",
            ListOf(OfForm(arn_forms.CLUSTER_ARN)),
            DEPLOY_ROLES,
            default="`ecs_cluster_arns`, else those of `ecs_service_arns`, else all of this account and region",
            flag=GITHUB_FLAG,
            or_flags=OTHER_FLAGS,
            same_account=True,
            closed=True,
            fixed=_WRITTEN,
            beside=("github_run_tasks", "github_may"),
        ),
    ] = ()

    @check("github_run_tasks", "github_task_cluster_arns", "ecs_cluster_arns", "ecs_service_arns")
    def _clusters(self) -> Iterator[Fault]:
        if self.github_run_tasks:
            yield from unknown_clusters(self, "github_run_tasks")


def unknown_clusters(keys: DeployTasksKeys, *place: str | int) -> Iterator[Fault]:
    """That the clusters are left to deployment as a list, for what is narrowed to them by a condition."""
    open_ = [name for name in ("ecs_cluster_arns", "ecs_service_arns") if isinstance(getattr(keys, name), Parameter)]
    if open_ and not keys.github_task_cluster_arns and (open_[0] == "ecs_cluster_arns" or not keys.ecs_cluster_arns):
        yield Fault(
            f"`{open_[0]}` is left to deployment, and no condition holds such a list",
            place,
            "Write the clusters in `github_task_cluster_arns`.",
        )


def task_clusters(keys: DeployTasksKeys, project: Project) -> tuple[Text, ...]:
    """The clusters in which tasks are run and listed."""
    return in_order(texts(keys.github_task_cluster_arns)) or known_clusters(keys, project)


def in_clusters(clusters: Sequence[Text]) -> Condition:
    """That a request is of these clusters; an ARN's wildcards count under either operator for ARNs."""
    return Condition("ArnEquals", "ecs:cluster", clusters)


def run_tasks(keys: DeployTasksKeys, project: Project, by: Deployer) -> Iterator[Part]:
    """Run any revision of the families in the clusters, wait for what runs there, stop it."""
    if not keys.github_run_tasks:
        return
    clusters = task_clusters(keys, project)
    if not keys.github_task_cluster_arns:
        yield _wide(keys)
    yield from elsewhere("github_task_cluster_arns", keys.github_task_cluster_arns, project)
    yield allow(
        RUN_TASK,
        # ECS asks about the latest revision, whichever is run: neither one revision nor the bare family is enough.
        wrapped(keys.github_run_tasks, project.arns("ecs", "task-definition/"), ":*", ()),
        by.origin("run one-off tasks of these families, in these clusters", _RUN),
        in_clusters(clusters),
    )
    yield allow(
        (*WATCH_TASK, *STOP_TASK),
        tasks_of(clusters),
        by.origin("wait for the tasks that were run, and stop them", _ECS),
    )


def _wide(keys: DeployTasksKeys) -> Note:
    """How far it reaches that the clusters were not listed for the tasks."""
    where = "github_run_tasks"
    if keys.ecs_cluster_arns or keys.ecs_service_arns:
        return Note(
            "stop-task-cluster-wide",
            "the deploy role may stop every task of the services' clusters: a task's ARN doesn't say its family",
            (where,),
            "List the clusters of such tasks in `github_task_cluster_arns`, best one of their own.",
            _ECS,
        )
    return Note(
        "run-tasks-any-cluster",
        "the deploy role may run these tasks in every cluster of its account and region, and stop any task there",
        (where,),
        "List the clusters in `github_task_cluster_arns`, or in `ecs_cluster_arns`.",
        _ECS,
    )
