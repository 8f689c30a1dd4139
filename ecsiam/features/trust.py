"""Who may assume the two ECS roles: the ECS tasks service, for tasks of this account and region.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Literal

from ecsiam.features.project import Project
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys
from ecsiam.keys.kinds import Choice
from ecsiam.model.condition import Condition
from ecsiam.model.policy import Policy
from ecsiam.model.principal import Principal
from ecsiam.model.statement import Origin, Statement

ECS_ROLES = ("execution", "task")
_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html"
_GUARDED = {"both": ECS_ROLES, "task": ("task",), "off": ()}


class TrustKeys(Keys):
    """Which tasks may have the two ECS roles."""

    heading = "Who assumes the two ECS roles"

    confused_deputy: Annotated[
        Literal["both", "task", "off"],
        Key(
            "Which of the two ECS roles take tasks of this account and region only (`aws:SourceAccount` and "
            "`aws:SourceArn` in their trust policies): both, the task role, or neither (`off`).",
            Choice(("both", "task", "off")),
            ECS_ROLES,
        ),
    ] = "both"


def _ecs(where: Iterable[Condition]) -> Statement:
    return Statement(
        effect="Allow",
        actions="sts:AssumeRole",
        principals=Principal("Service", "ecs-tasks.amazonaws.com"),
        conditions=where,
        origin=Origin("trust", "ECS assumes the role for the task", _PAGE),
    )


def _here(project: Project) -> tuple[Condition, ...]:
    """ECS sends the ARN of account and region; a cluster's own is not supported."""
    return (
        Condition("StringEquals", "aws:SourceAccount", project.home.account_id),
        Condition("ArnLike", "aws:SourceArn", project.arns("ecs", "*")),
    )


def ecs_tasks_need(_: Keys, project: Project) -> Iterator[Statement]:
    """ECS gets in, whichever part of account and region it names."""
    yield _ecs(_here(project))


def ecs_tasks(role: str) -> Callable[[TrustKeys, Project], Iterator[Statement]]:
    """Who is meant to assume an ECS role: ECS, for tasks of this account and region where the role is guarded."""

    def meant(keys: TrustKeys, project: Project) -> Iterator[Statement]:
        yield _ecs(_here(project) if role in _GUARDED[keys.confused_deputy] else ())

    return meant


def ecs_tasks_trust(role: str) -> Callable[[TrustKeys, Project], Policy]:
    """The trust of an ECS role."""
    return lambda keys, project: Policy(ecs_tasks(role)(keys, project))
