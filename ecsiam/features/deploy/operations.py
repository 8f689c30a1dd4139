"""github_may: what else a deploy role may do, by words, each with its actions from one table."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated

from attrs import frozen

from ecsiam.errors import Fault
from ecsiam.features.deploy.codedeploy import CodeDeployKeys
from ecsiam.features.deploy.images import DeployImagesKeys, on_repositories
from ecsiam.features.deploy.services import alarms, of_services, revisions, tasks_of
from ecsiam.features.deploy.tasks import DeployTasksKeys, in_clusters, task_clusters, unknown_clusters
from ecsiam.features.deployer import DEPLOY_ROLES, GITHUB_FLAG, OTHER_FLAGS, Deployer
from ecsiam.features.execution import log_groups
from ecsiam.features.feature import Part
from ecsiam.features.project import Project, allow
from ecsiam.keys.key import Key
from ecsiam.keys.keys import check
from ecsiam.keys.kinds import Choice, ListOf
from ecsiam.model.condition import Condition
from ecsiam.model.each import Item
from ecsiam.model.intent import Note
from ecsiam.model.statement import Statement
from ecsiam.model.text import text

_PAGES = "https://docs.aws.amazon.com/service-authorization/latest/reference"
_ECS = f"{_PAGES}/list_amazonelasticcontainerservice.html"
_ECR = f"{_PAGES}/list_amazonelasticcontainerregistry.html"
_LOGS = f"{_PAGES}/list_amazoncloudwatchlogs.html"
_CODEDEPLOY = f"{_PAGES}/list_awscodedeploy.html"
_TAGS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html"
_LINKED = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html"
_NONE_NARROWER = "no narrower resource is supported"
_SCALING = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/auto-scaling-IAM.html"
_SCALE = (
    "DeleteScalingPolicy",
    "DeleteScheduledAction",
    "DeregisterScalableTarget",
    "PutScalingPolicy",
    "PutScheduledAction",
    "RegisterScalableTarget",
)
_SCALED = ("ScalableTargets", "ScalingActivities", "ScalingPolicies", "ScheduledActions")
# The services that make a role of their own, and what it is called.
_LINKED_ROLES = {
    "ecs.amazonaws.com": "AWSServiceRoleForECS",
    "ecs.application-autoscaling.amazonaws.com": "AWSServiceRoleForApplicationAutoScaling_ECSService",
}


@frozen
class Grant:
    """Actions on one of the places of `_PLACES`; `narrowed` to the clusters by the key `ecs:cluster`."""

    actions: tuple[str, ...]
    on: str
    reason: str
    page: str = _ECS
    where: tuple[Condition, ...] = ()
    narrowed: bool = False


@frozen
class Operation:
    """What a word stands for: `meaning` in words, its grants, and what is worth knowing of how far they reach."""

    meaning: str
    grants: tuple[Grant, ...]
    reach: str = ""


def _created_by(action: str) -> tuple[Condition, ...]:
    return (Condition("StringEquals", "ecs:CreateAction", action),)


OPERATIONS: Mapping[str, Operation] = {
    "read-images": Operation(
        "look up images that were pushed, and what their scans found",
        (
            Grant(
                ("ecr:DescribeImages", "ecr:DescribeImageScanFindings", "ecr:DescribeRepositories", "ecr:ListImages"),
                "repositories",
                "look up images and what their scans found",
                _ECR,
            ),
        ),
    ),
    "read-task-definitions": Operation(
        "list families and revisions of task definitions",
        (
            Grant(
                ("ecs:ListTaskDefinitionFamilies", "ecs:ListTaskDefinitions"),
                "everything",
                f"list task definitions; {_NONE_NARROWER}",
            ),
        ),
    ),
    "read-clusters": Operation(
        "describe the clusters and list their services",
        (
            Grant(("ecs:DescribeClusters",), "clusters", "describe the clusters"),
            Grant(("ecs:ListServices",), "everything", "list the services of the clusters", narrowed=True),
        ),
    ),
    "read-tasks": Operation(
        "list and describe the tasks in the clusters",
        (
            Grant(("ecs:DescribeTasks",), "tasks", "describe tasks of the clusters"),
            Grant(("ecs:ListTasks",), "everything", "list the tasks of the clusters", narrowed=True),
        ),
    ),
    "read-deployments": Operation(
        "watch ECS's own deployments: rolling, blue/green, linear, canary",
        (
            Grant(("ecs:ListServiceDeployments",), "services", "list deployments of the services"),
            # Asked on the service, and on what belongs to it.
            Grant(("ecs:DescribeServiceDeployments",), "deployments", "watch deployments of the services"),
            Grant(("ecs:DescribeServiceRevisions",), "revisions", "read what was deployed of the services"),
        ),
    ),
    "stop-deployments": Operation(
        "stop such a deployment, or roll it back",
        (Grant(("ecs:StopServiceDeployment",), "deployments", "stop deployments of the services, or roll them back"),),
    ),
    "continue-deployments": Operation(
        "let a deployment go on that waits at a lifecycle hook",
        (Grant(("ecs:ContinueServiceDeployment",), "deployments", "let deployments go on that wait at a hook"),),
    ),
    "read-logs": Operation(
        "read the containers' output, such as that of a migration",
        (Grant(("logs:FilterLogEvents", "logs:GetLogEvents"), "log groups", "read the containers' output", _LOGS),),
        "read all that the containers have written to their log groups",
    ),
    "tag-tasks": Operation(
        "tag the tasks that it runs, while it runs them",
        (Grant(("ecs:TagResource",), "tasks", "tag tasks while running them", _TAGS, _created_by("RunTask")),),
    ),
    "create-services": Operation(
        "create the services, with tags",
        (
            Grant(("ecs:CreateService",), "services", "create the services"),
            Grant(("ecs:TagResource",), "services", "tag them while creating", _TAGS, _created_by("CreateService")),
        ),
    ),
    "scale-services": Operation(
        "set how the services scale, with the alarms of target tracking",
        (
            Grant(
                tuple(f"application-autoscaling:{verb}" for verb in _SCALE),
                "scalable targets",
                "set how services scale",
                _SCALING,
                (
                    Condition("StringEquals", "application-autoscaling:scalable-dimension", "ecs:service:DesiredCount"),
                    Condition("StringEquals", "application-autoscaling:service-namespace", "ecs"),
                ),
            ),
            Grant(
                tuple(f"application-autoscaling:Describe{what}" for what in _SCALED),
                "everything",
                f"read how services scale; {_NONE_NARROWER}",
                _SCALING,
            ),
            Grant(("cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm"), "alarms", "set their alarms", _SCALING),
            Grant(("cloudwatch:DescribeAlarms",), "every alarm", "read alarms", _SCALING),
        ),
        "set how every service of the account and region scales: a scalable target's ARN doesn't say its service",
    ),
    "create-service-linked-roles": Operation(
        "have ECS and Application Auto Scaling make their own roles, as the first service of an account needs",
        tuple(
            Grant(
                ("iam:CreateServiceLinkedRole",),
                service,
                f"have AWS make {role} with the first service of the account",
                _LINKED,
                (Condition("StringEquals", "iam:AWSServiceName", service),),
            )
            for service, role in _LINKED_ROLES.items()
        ),
    ),
    "clean-task-definitions": Operation(
        "deregister task definitions, and delete old revisions of the families",
        (
            Grant(("ecs:DeregisterTaskDefinition",), "everything", f"deregister old revisions; {_NONE_NARROWER}"),
            Grant(("ecs:DeleteTaskDefinitions",), "families", "delete old revisions"),
        ),
        f"deregister every task definition of the account and region: {_NONE_NARROWER}",
    ),
    "stop-codedeploy": Operation(
        "stop a deployment of CodeDeploy, or let one go on that waits",
        (
            Grant(
                ("codedeploy:ContinueDeployment", "codedeploy:StopDeployment"),
                "everything",
                f"stop deployments or let them go on; {_NONE_NARROWER}",
                _CODEDEPLOY,
            ),
        ),
        f"stop every deployment of CodeDeploy in the account and region: {_NONE_NARROWER}",
    ),
}


class DeployOperationsKeys(CodeDeployKeys, DeployTasksKeys, DeployImagesKeys):
    """What else the workflow may do."""

    heading = "What else GitHub Actions may do"

    github_may: Annotated[
        Sequence[str],
        Key(
            "What the workflow may do beside pushing, registering and updating; docs/deploy.md says what each word is.",
            ListOf(Choice(tuple(OPERATIONS))),
            DEPLOY_ROLES,
            default="none",
            flag=GITHUB_FLAG,
            or_flags=OTHER_FLAGS,
            sample=("- read-images", "- read-deployments"),
        ),
    ] = ()

    @check("github_may", "github_task_cluster_arns", "ecs_cluster_arns", "ecs_service_arns")
    def _known_clusters(self) -> Iterator[Fault]:
        for i, word in enumerate(self.github_may):
            if word and _of_clusters(word):
                yield from unknown_clusters(self, "github_may", i)

    @property
    def names_clusters(self) -> bool:
        """Whether tasks are run or listed in clusters that are not listed for that alone."""
        asked = bool(self.github_run_tasks) or any(map(_of_clusters, self.github_may))
        return asked and not self.github_task_cluster_arns


# ---------------------------------------------------------------- places

_Said = Callable[..., Statement]
_Place = Callable[[DeployOperationsKeys, Project, _Said], Iterator[Statement]]


def _of_clusters(word: str) -> bool:
    return any(grant.narrowed or grant.on in _IN_CLUSTERS for grant in OPERATIONS[word].grants)


def _on(found: Callable[[DeployOperationsKeys, Project], Sequence[Item]]) -> _Place:
    return lambda keys, project, said: iter((said(found(keys, project)),))


def _at(service: str, resource: str) -> _Place:
    return _on(lambda _, project: project.arns(service, resource))


def _linked_role(service: str, role: str) -> _Place:
    return _on(lambda _, project: (project.global_arn("iam", f"role/aws-service-role/{service}/{role}"),))


def _of_services(*kinds: str) -> _Place:
    return _on(lambda keys, project: [item for kind in kinds for item in of_services(keys, project, kind)])


_IN_CLUSTERS = ("clusters", "tasks")
_PLACES: Mapping[str, _Place] = {
    "everything": _on(lambda _, __: (text("*"),)),
    "repositories": on_repositories,
    "families": _on(revisions),
    "clusters": _on(task_clusters),
    "tasks": _on(lambda keys, project: tasks_of(task_clusters(keys, project))),
    "services": _of_services("service"),
    "deployments": _of_services("service", "service-deployment"),
    "revisions": _of_services("service", "service-revision"),
    "log groups": _on(log_groups),
    "scalable targets": _at("application-autoscaling", "scalable-target/*"),
    "alarms": _on(alarms),
    "every alarm": _at("cloudwatch", "alarm:*"),
    **{service: _linked_role(service, role) for service, role in _LINKED_ROLES.items()},
}


def operations(keys: DeployOperationsKeys, project: Project, by: Deployer) -> Iterator[Part]:
    """What the words of `github_may` stand for."""
    for word, operation in OPERATIONS.items():
        if word not in keys.github_may:
            continue
        if operation.reach:
            place = ("github_may", list(keys.github_may).index(word))
            message = f"by `{word}` the deploy role may {operation.reach}"
            yield Note("github-may", message, place, "Leave the word out where that is too much.", _ECS)
        for grant in operation.grants:
            narrowed = (in_clusters(task_clusters(keys, project)),) if grant.narrowed else ()
            yield from _PLACES[grant.on](keys, project, _saying(grant, by, narrowed))


def _saying(grant: Grant, by: Deployer, narrowed: tuple[Condition, ...]) -> _Said:
    """What makes the grant's statement of resources, and of the conditions that these bring."""

    def said(items: Sequence[Item], *where: Condition) -> Statement:
        return allow(grant.actions, items, by.origin(grant.reason, grant.page), *where, *grant.where, *narrowed)

    return said
