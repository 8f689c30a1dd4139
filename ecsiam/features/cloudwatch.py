"""enable_cloudwatch_logs: the task writes log groups of its own."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from ecsiam.features.feature import Feature
from ecsiam.features.project import Project, allow
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys
from ecsiam.keys.kinds import Flag, ListOf, OfForm
from ecsiam.keys.values import resources
from ecsiam.model import arn_forms
from ecsiam.model.parameter import Parameter
from ecsiam.model.statement import Origin, Statement
from ecsiam.model.text import Text

_FLAG = "enable_cloudwatch_logs"
_PAGE = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html"
_COLLECTORS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/trace-data.html"
_RETAIN, _FIND = "logs:PutRetentionPolicy", "logs:DescribeLogGroups"
_ACTIONS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")


class CloudwatchKeys(Keys):
    """The log groups that the task itself writes."""

    heading = "Log groups of the task's own"

    enable_cloudwatch_logs: Annotated[
        bool | Parameter,
        Key(
            "The task itself writes to CloudWatch Logs; its standard output needs no flag.",
            Flag(),
            ("task",),
        ),
    ] = False
    cloudwatch_log_group_arns: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The log groups that the task itself writes, with or without `:*`.",
            ListOf(OfForm(arn_forms.LOG_GROUP_ARN)),
            ("task",),
            default="all under `/ecs/<project_name>-<environment>/`",
            flag=_FLAG,
            same_account=True,
            fixed="the task could be given the group that the execution role writes",
        ),
    ] = ()
    cloudwatch_logs_collector: Annotated[
        bool,
        Key(
            "A collector in the task writes them (FireLens, ADOT, the CloudWatch agent): it also looks for log groups "
            "and sets how long they are kept.",
            Flag(),
            ("task",),
            flag=_FLAG,
            closed=True,
        ),
    ] = False


def cloudwatch(keys: CloudwatchKeys, project: Project) -> Iterator[Statement]:
    """Write log groups: what is granted, in the form that each of the actions is evaluated on, is what is needed."""
    # Below `/ecs/P/`, where the execution role's `/ecs/P` is not: the two roles share no log group.
    own = project.arns("logs", Text.of("log-group:/ecs/", project.prefix, "/*:*"))
    groups = resources(keys.cloudwatch_log_group_arns, "log_group", own)
    actions = (*_ACTIONS, _RETAIN) if keys.cloudwatch_logs_collector else _ACTIONS
    yield allow(actions, groups, Origin("cloudwatch", "write log groups of its own", _PAGE, _FLAG))
    if keys.cloudwatch_logs_collector:
        reason = "look for log groups; the action supports no narrower resource"
        yield allow([_FIND], "*", Origin("cloudwatch", reason, _COLLECTORS, _FLAG))


CLOUDWATCH = Feature("cloudwatch", "task", _FLAG, CloudwatchKeys, cloudwatch, (*_ACTIONS, _RETAIN, _FIND), cloudwatch)
