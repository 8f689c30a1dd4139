"""enable_cloudwatch_logs: the task writes log groups of its own."""

from collections.abc import Iterator

from ecsiam.features.project import Feature, Part, Project, allow
from ecsiam.model.statement import Origin
from ecsiam.model.text import Text

_FLAG = "enable_cloudwatch_logs"
_PAGE = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html"


def _cloudwatch(project: Project) -> Iterator[Part]:
    own = project.arns("logs", Text.of("log-group:/ecs/", project.prefix, "/*:*"))
    yield allow(
        ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
        # Below `/ecs/P/`, where the execution role's `/ecs/P` is not: the two roles share no log group.
        project.items("cloudwatch_log_group_arns", "log_group", own),
        Origin("cloudwatch", "write log groups of its own", _PAGE, _FLAG),
    )


CLOUDWATCH = Feature("cloudwatch", "task", _FLAG, _cloudwatch)
