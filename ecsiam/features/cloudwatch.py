"""enable_cloudwatch_logs: the task writes log groups of its own."""

from collections.abc import Iterator

from ecsiam.features.project import Feature, Project, allow
from ecsiam.model.statement import Origin, Statement
from ecsiam.model.text import Text

_FLAG = "enable_cloudwatch_logs"
_PAGE = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html"


_ACTIONS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")


def cloudwatch(project: Project) -> Iterator[Statement]:
    """Write log groups: what is granted, in the form that each of the actions is evaluated on, is what is needed."""
    # Below `/ecs/P/`, where the execution role's `/ecs/P` is not: the two roles share no log group.
    own = project.arns("logs", Text.of("log-group:/ecs/", project.prefix, "/*:*"))
    groups = project.items("cloudwatch_log_group_arns", "log_group", own)
    yield allow(_ACTIONS, groups, Origin("cloudwatch", "write log groups of its own", _PAGE, _FLAG))


CLOUDWATCH = Feature("cloudwatch", "task", _FLAG, cloudwatch, _ACTIONS, cloudwatch)
