"""enable_events_role, enable_scheduler_role: who runs tasks by a rule or a schedule of EventBridge.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/CWE_IAM_role.html
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Annotated

from ecsiam.features.assumed import AssumedBy, OtherKey, behind, everywhere, source
from ecsiam.features.derived import each, tasks_of
from ecsiam.features.feature import Feature, RoleKind
from ecsiam.features.project import Project, allow
from ecsiam.features.trust import ECS_ROLES
from ecsiam.keys.keys import Keys
from ecsiam.keys.kinds import Flag, ListOf, OfForm
from ecsiam.keys.values import resources, wrapped
from ecsiam.model import arn_forms, forms
from ecsiam.model.condition import Condition
from ecsiam.model.form import Form, arn_form
from ecsiam.model.parameter import Parameter
from ecsiam.model.statement import Origin, Statement
from ecsiam.model.text import in_order, texts

_EVENTS, _SCHEDULER = "enable_events_role", "enable_scheduler_role"
_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/CWE_IAM_role.html"
_SCHEDULES = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/tasks-scheduled-eventbridge-scheduler.html"
_DEPUTY = "https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html"
_GROUPS = "https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html"
_RUN, _SEND = ("ecs:RunTask",), ("sqs:SendMessage",)
RULE = Form(
    "events_rule",
    r"([A-Za-z0-9._/-]+/)?([A-Za-z0-9._*?-]+)",
    "the name of a rule, behind `BUS/` where its bus is not the default one",
    ("nightly", "orders/shipped", "memos-*"),
    ("", "a b", "rule:x", "/", "nightly\n"),
    most=321,
    hints=(("arn:.*", "is an ARN", "Write what follows `rule/`."),),
)
GROUP = Form(
    "schedule_group",
    r"[A-Za-z0-9._*?-]+",
    "the name of a schedule group",
    ("default", "memos"),
    ("", "a/b", "a b", "default\n"),
    most=64,
    hints=(
        ("arn:.*", "is an ARN", "Write what follows `schedule-group/`."),
        (".+/.+", "has a slash", "AWS names the group here, never a schedule of it."),
    ),
)
QUEUE = arn_form(
    "queue_arn",
    "the ARN of an SQS queue",
    "sqs",
    "[A-Za-z0-9_-]+([.]fifo)?",
    ("arn:aws:sqs:eu-west-2:123456789012:memos-failed",),
    ("arn:aws:sqs:eu-west-2:123456789012:", "arn:aws:sqs:eu-west-2:123456789012:a*"),
    bare=(("https?://.*", "is the queue's address", "Write its ARN."),),
)
_FAMILIES = "The families of the task definitions that {} run, each in any revision."
_CLUSTERS = "The clusters that {} run tasks in."
_TAGS = "{} tag the tasks that they run, propagate tags, or let ECS tag them."


class EventsKeys(Keys):
    """Tasks that rules and schedules of EventBridge run."""

    heading = "Other roles of ECS: tasks on a schedule"

    enable_events_role: Annotated[
        bool | Parameter,
        OtherKey(
            "A role for EventBridge rules that run tasks.",
            Flag(),
            ("events",),
            needs=("events_families", "events_cluster_arns"),
        ),
    ] = False
    events_families: Annotated[
        Sequence[str],
        OtherKey(_FAMILIES.format("the rules"), ListOf(OfForm(forms.FAMILY)), ("events",), flag=_EVENTS, closed=True),
    ] = ()
    events_cluster_arns: Annotated[
        Sequence[str],
        OtherKey(
            _CLUSTERS.format("the rules"),
            ListOf(OfForm(arn_forms.CLUSTER_ARN)),
            ("events",),
            flag=_EVENTS,
            same_account=True,
            same_region=True,
            closed=True,
        ),
    ] = ()
    events_rules: Annotated[
        Sequence[str],
        OtherKey(
            "The rules that EventBridge may use the role for.",
            ListOf(OfForm(RULE)),
            ("events",),
            default="all of this account and region",
            flag=_EVENTS,
            closed=True,
        ),
    ] = ()
    events_tag_tasks: Annotated[
        bool, OtherKey(_TAGS.format("The rules"), Flag(), ("events",), flag=_EVENTS, closed=True)
    ] = False
    enable_scheduler_role: Annotated[
        bool | Parameter,
        OtherKey(
            "A role for schedules of EventBridge Scheduler that run tasks.",
            Flag(),
            ("scheduler",),
            needs=("scheduler_families", "scheduler_cluster_arns"),
        ),
    ] = False
    scheduler_families: Annotated[
        Sequence[str],
        OtherKey(
            _FAMILIES.format("the schedules"),
            ListOf(OfForm(forms.FAMILY)),
            ("scheduler",),
            flag=_SCHEDULER,
            closed=True,
        ),
    ] = ()
    scheduler_cluster_arns: Annotated[
        Sequence[str],
        OtherKey(
            _CLUSTERS.format("the schedules"),
            ListOf(OfForm(arn_forms.CLUSTER_ARN)),
            ("scheduler",),
            flag=_SCHEDULER,
            same_account=True,
            same_region=True,
            closed=True,
        ),
    ] = ()
    scheduler_groups: Annotated[
        Sequence[str],
        OtherKey(
            "The groups of the schedules that may use the role: AWS names the group, never the schedule.",
            ListOf(OfForm(GROUP)),
            ("scheduler",),
            default="all of this account and region",
            flag=_SCHEDULER,
            closed=True,
        ),
    ] = ()
    scheduler_tag_tasks: Annotated[
        bool, OtherKey(_TAGS.format("The schedules"), Flag(), ("scheduler",), flag=_SCHEDULER, closed=True)
    ] = False
    scheduler_dead_letter_queue_arns: Annotated[
        Sequence[str],
        OtherKey(
            "The dead-letter queues of the schedules. That of a rule is allowed by the queue's own policy.",
            ListOf(OfForm(QUEUE)),
            ("scheduler",),
            default="none",
            flag=_SCHEDULER,
            closed=True,
        ),
    ] = ()


def pass_to_tasks(project: Project, origin: Origin) -> Statement:
    """Hand the two roles to the tasks that are run, and to nothing else."""
    to_tasks = Condition("StringEquals", "iam:PassedToService", "ecs-tasks.amazonaws.com")
    return allow(["iam:PassRole"], [project.role_arn(role) for role in ECS_ROLES], origin, to_tasks)


def _running(
    origin: "partial[Origin]", project: Project, families: Sequence[str], clusters: Sequence[str], tags: bool
) -> Iterator[Statement]:
    """Run the families in the clusters, and pass the two roles that their tasks have."""
    before = project.arns("ecs", "task-definition/")
    in_clusters = Condition("ArnEquals", "ecs:cluster", in_order(texts(clusters)))
    yield allow(_RUN, wrapped(families, before, ":*", ()), origin("run the tasks, in these clusters"), in_clusters)
    yield pass_to_tasks(project, origin("hand the two roles to the tasks, and to nothing else"))
    if tags:
        running = Condition("StringEquals", "ecs:CreateAction", "RunTask")
        yield allow(["ecs:TagResource"], each(tasks_of, clusters), origin("tag the tasks while they start"), running)


def _events(keys: EventsKeys, project: Project) -> Iterator[Statement]:
    origin = partial(Origin, "events", page=_PAGE, flag=_EVENTS)
    yield from _running(origin, project, keys.events_families, keys.events_cluster_arns, keys.events_tag_tasks)


def _scheduler(keys: EventsKeys, project: Project) -> Iterator[Statement]:
    origin = partial(Origin, "scheduler", page=_SCHEDULES, flag=_SCHEDULER)
    families, clusters = keys.scheduler_families, keys.scheduler_cluster_arns
    yield from _running(origin, project, families, clusters, keys.scheduler_tag_tasks)
    if keys.scheduler_dead_letter_queue_arns:
        queues = resources(keys.scheduler_dead_letter_queue_arns)
        yield allow(_SEND, queues, origin("keep what could not be started"))


_BY_EVENTS = AssumedBy[EventsKeys](
    everywhere("events"),
    "EventBridge runs the targets of the rules",
    _DEPUTY,
    _EVENTS,
    lambda keys, project: source(project, "events", behind("rule/", keys.events_rules, "*")),
)
_BY_SCHEDULER = AssumedBy[EventsKeys](
    everywhere("scheduler"),
    "EventBridge Scheduler runs the targets of the schedules",
    _GROUPS,
    _SCHEDULER,
    lambda keys, project: source(project, "scheduler", behind("schedule-group/", keys.scheduler_groups, "*")),
)
_GRANTS = (*_RUN, "iam:PassRole", "ecs:TagResource")

FEATURES: tuple[Feature[EventsKeys], ...] = (
    Feature("events", "events", _EVENTS, EventsKeys, _events, _GRANTS, _events),
    Feature("scheduler", "scheduler", _SCHEDULER, EventsKeys, _scheduler, (*_GRANTS, *_SEND), _scheduler),
)
ROLES: tuple[RoleKind[EventsKeys], ...] = (
    RoleKind(
        "events",
        "events-role",
        "EventBridge rule",
        trust=_BY_EVENTS.trust,
        meant=_BY_EVENTS.meant,
        needs=_BY_EVENTS.meant,
        flag=_EVENTS,
        output="events_role",
        attributes=("arn", "name"),
        aside=True,
        passed_to=everywhere("events"),
        page=_PAGE,
        why="a rule of EventBridge runs tasks",
    ),
    RoleKind(
        "scheduler",
        "scheduler-role",
        "EventBridge Scheduler",
        trust=_BY_SCHEDULER.trust,
        meant=_BY_SCHEDULER.meant,
        needs=_BY_SCHEDULER.meant,
        flag=_SCHEDULER,
        output="scheduler_role",
        attributes=("arn", "name"),
        aside=True,
        passed_to=everywhere("scheduler"),
        page=_SCHEDULES,
        why="a schedule of EventBridge Scheduler runs tasks",
    ),
)
