"""Who may assume the two ECS roles: the ECS tasks service, for tasks of this account and region.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
"""

from ecsiam.features.project import Project
from ecsiam.model.condition import Condition
from ecsiam.model.names import RoleId
from ecsiam.model.policy import Policy
from ecsiam.model.principal import Principal
from ecsiam.model.statement import Origin, Statement

_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html"
_GUARDED: dict[str, tuple[RoleId, ...]] = {"both": ("execution", "task"), "task": ("task",), "off": ()}


def guarded_roles(project: Project) -> tuple[RoleId, ...]:
    """The roles whose trust has to name account and region, so that no other account's tasks come in."""
    return _GUARDED[project.config.confused_deputy]


def ecs_tasks_trust_need(project: Project) -> Statement:
    """ECS gets in, whichever part of account and region it names."""
    return Statement(
        effect="Allow",
        actions="sts:AssumeRole",
        principals=Principal("Service", "ecs-tasks.amazonaws.com"),
        conditions=(
            Condition("StringEquals", "aws:SourceAccount", project.home.account_id),
            Condition("ArnLike", "aws:SourceArn", project.arns("ecs", "*")),
        ),
        origin=Origin("trust", "ECS assumes the role for the task", _PAGE),
    )


def ecs_tasks_trust(project: Project, role: RoleId) -> Policy:
    """The trust of an ECS role. ECS sends the ARN of account and region; a cluster's own is not supported."""
    conditions = (
        Condition("StringEquals", "aws:SourceAccount", project.home.account_id),
        Condition("ArnLike", "aws:SourceArn", project.arns("ecs", "*")),
    )
    return Policy(
        Statement(
            effect="Allow",
            actions="sts:AssumeRole",
            principals=Principal("Service", "ecs-tasks.amazonaws.com"),
            conditions=conditions if role in guarded_roles(project) else (),
            origin=Origin("trust", "ECS assumes the role for the task", _PAGE),
        )
    )
