"""What ECS always needs to start a task: the image and the log streams."""

from collections.abc import Iterator

from ecsiam.features.project import Feature, Part, Project, allow
from ecsiam.model.stack import Note
from ecsiam.model.statement import Origin, Statement
from ecsiam.model.text import Text

_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html"
_LOGS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html"


def ecr_token(feature: str, flag: str = "") -> Statement:
    """The registry login. It has no resource type, so its Resource can only be `*`."""
    reason = "log in to ECR; the action supports no narrower resource"
    return allow(["ecr:GetAuthorizationToken"], "*", Origin(feature, reason, _PAGE, flag))


def foreign_repositories(project: Project, key: str, action: str) -> Iterator[Note]:
    """Repositories of other accounts work only with their owners' consent."""
    for i, owner in project.foreign(key).items():
        yield Note(
            "foreign-repository",
            f"`{project.given(key)[i]}` is of account `{owner}`",
            (key, i),
            f"That account's repository policy has to allow {action} too.",
            "https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policy-examples.html",
        )


_TOKEN = ("ecr:GetAuthorizationToken",)
_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_WRITE = ("logs:CreateLogStream", "logs:PutLogEvents")


def ecr_needs(project: Project) -> Iterator[Statement]:
    """Log in to ECR and pull."""
    yield ecr_token("execution_ecr")
    repositories = project.items("ecr_repository_arns", otherwise=project.arns("ecr", "repository/*"))
    yield allow(_PULL, repositories, Origin("execution_ecr", "pull the task's images", _PAGE))


def _ecr(project: Project) -> Iterator[Part]:
    if project.empty("ecr_repository_arns"):
        yield Note(
            "ecr-account-wide",
            "the execution role may pull from every ECR repository of its account and region",
            ("ecr_repository_arns",),
            "List the repositories in `ecr_repository_arns`.",
            _PAGE,
        )
    yield from foreign_repositories(project, "ecr_repository_arns", "the pull")
    yield from ecr_needs(project)


def logs_needs(project: Project) -> Iterator[Statement]:
    """Write the streams of the log group: whatever stands behind its name is what the two actions are evaluated on."""
    own = project.arns("logs", Text.of("log-group:/ecs/", project.prefix, ":*"))
    yield allow(
        _WRITE,
        project.items("log_group_arns", "log_group", own),
        Origin("execution_logs", "write the containers' output (the awslogs driver); the group has to exist", _LOGS),
    )


ECR = Feature("execution_ecr", "execution", "", _ecr, _TOKEN + _PULL, ecr_needs)
LOGS = Feature("execution_logs", "execution", "", logs_needs, _WRITE, logs_needs)
