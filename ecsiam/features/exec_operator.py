"""exec_operator_cluster_arns: a policy for the people who open a shell in the tasks, to hand over to whoever has them.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

from ecsiam.errors import Fault
from ecsiam.features.ecs_exec import FLAG, GRANTS, PAGE, ExecKeys, exec_needs, exec_parts
from ecsiam.features.feature import Feature
from ecsiam.features.project import Project, allow
from ecsiam.keys.key import Key
from ecsiam.keys.keys import check
from ecsiam.keys.kinds import ListOf, MapOf, OfForm
from ecsiam.keys.values import as_text, resources
from ecsiam.model import arn_forms, forms
from ecsiam.model.arn import Arn
from ecsiam.model.companion import Companion
from ecsiam.model.condition import Condition
from ecsiam.model.form import Form
from ecsiam.model.policy import Policy
from ecsiam.model.statement import Origin, Statement
from ecsiam.model.text import Text, in_order, texts

_ENTER, _LOOK, _ENCRYPT, _SESSION = (
    "ecs:ExecuteCommand",
    "ecs:DescribeTasks",
    "kms:GenerateDataKey",
    "ssm:StartSession",
)
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
CONTAINER_NAME = Form(
    "container_name",
    "[A-Za-z0-9_-]+",
    "the name of a container: letters, digits, `_` and `-`",
    ("web", "app_1"),
    ("", "*", "a b", "web:1", "web\n"),
    most=255,
    hints=((".*[*?].*", "has a wildcard", "Write the names out, or leave them out for all containers."),),
)


class ExecOperatorKeys(ExecKeys):
    """Who opens a shell in the tasks."""

    heading = "People who use ECS Exec"

    exec_operator_cluster_arns: Annotated[
        Sequence[str],
        Key(
            "Clusters in whose tasks people open shells: for these a policy is written, to give to them "
            "(`companions/`).",
            ListOf(OfForm(arn_forms.CLUSTER_ARN)),
            ("task",),
            default="none: no policy",
            flag=FLAG,
            closed=True,
        ),
    ] = ()
    exec_operator_container_names: Annotated[
        Sequence[str],
        Key(
            "The containers that they may enter.",
            ListOf(OfForm(CONTAINER_NAME)),
            ("task",),
            default="all",
            flag=FLAG,
            closed=True,
            beside=("exec_operator_cluster_arns",),
        ),
    ] = ()
    exec_operator_task_tags: Annotated[
        Mapping[str, str],
        Key(
            "Tags that a task has to have for them to enter it: an ARN of a task doesn't say of which service it is.",
            MapOf(forms.TAG_KEY, OfForm(forms.TAG_VALUE, integers=True)),
            ("task",),
            default="none: every task of the clusters",
            flag=FLAG,
            beside=("exec_operator_cluster_arns",),
        ),
    ] = {}

    @check("exec_operator_task_tags")
    def _tags(self) -> Iterator[Fault]:
        seen: dict[str, str] = {}
        for key in self.exec_operator_task_tags:
            other = seen.setdefault(key.lower(), key)
            if other != key:
                message = f"tags `{other}` and `{key}` differ only in case"
                yield Fault(message, ("exec_operator_task_tags", key), "A condition takes them for one key.")


def _tasks(cluster: str) -> Text:
    """The tasks of a cluster."""
    arn = Arn.parse(as_text(cluster))
    name = arn.resource.split("/", 1)[1]
    return Arn(arn.partition, arn.service, arn.region, arn.account, Text.of("task/", name, "/*")).text


def _any_task(cluster: str) -> Text:
    arn = Arn.parse(as_text(cluster))
    return Arn(arn.partition, arn.service, arn.region, arn.account, "task/*").text


def _statements(keys: ExecOperatorKeys) -> Iterator[Statement]:
    """Enter the tasks, through ECS and no other way. AWS asks for the command on the cluster and on the task."""

    def origin(reason: str) -> Origin:
        return Origin("exec_operator", reason, PAGE, FLAG)

    clusters = keys.exec_operator_cluster_arns
    tasks = [_tasks(one) for one in clusters]
    names = in_order(texts(keys.exec_operator_container_names))
    inside = [Condition("StringEquals", "ecs:container-name", names)] if names else []
    tagged = [
        Condition("StringEquals", f"aws:ResourceTag/{key}", as_text(value))
        for key, value in keys.exec_operator_task_tags.items()
    ]
    yield allow([_ENTER], resources(clusters), origin("open a shell in tasks of the clusters"), *inside)
    yield allow([_ENTER], tasks, origin("open a shell in these tasks"), *inside, *tagged)
    yield allow([_LOOK], tasks, origin("see whether a task takes shells"))
    if keys.exec_kms_key_arns:
        yield allow([_ENCRYPT], resources(keys.exec_kms_key_arns), origin("encrypt the session's channels"))
    yield Statement(
        "Deny",
        _SESSION,
        in_order(map(_any_task, clusters)),
        origin=origin("no session past ECS, which would ask neither for the container nor for the tags"),
    )


def exec_operator(keys: ExecOperatorKeys, _: Project) -> Iterator[Companion]:
    """The policy of those who open shells, where the clusters are given."""
    if keys.exec_operator_cluster_arns:
        yield Companion(
            "exec-operator",
            "lets people open a shell in the service's tasks with ECS Exec, and start no session past it",
            Policy(_statements(keys)),
            "Give it to the people who may: attach it to their role or permission set.",
            page=PAGE,
        )


EXEC = Feature("exec", "task", FLAG, ExecOperatorKeys, exec_parts, GRANTS, exec_needs, exec_operator)
