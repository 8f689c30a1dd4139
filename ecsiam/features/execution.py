"""What ECS always needs to start a task: the image and the log streams."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from ecsiam.features.feature import Feature, Part
from ecsiam.features.project import Project, allow
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys
from ecsiam.keys.kinds import ListOf, OfForm
from ecsiam.keys.values import Many, empty, known, left_open, resources
from ecsiam.model import forms
from ecsiam.model.intent import Note
from ecsiam.model.parameter import Parameter
from ecsiam.model.statement import Origin, Statement
from ecsiam.model.text import Text

_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html"
_LOGS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html"
_TOKEN = ("ecr:GetAuthorizationToken",)
_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_WRITE = ("logs:CreateLogStream", "logs:PutLogEvents")


class ExecutionKeys(Keys):
    """What ECS reads and writes for any task."""

    heading = "Images and container output"

    ecr_repository_arns: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The ECR repositories that the images are pulled from.",
            ListOf(OfForm(forms.REPOSITORY_ARN)),
            ("execution", "github_actions"),
            default="all of this account and region, with a note",
        ),
    ] = ()
    log_group_arns: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The log groups that the `awslogs` driver writes, with or without `:*`. They have to exist.",
            ListOf(OfForm(forms.LOG_GROUP_ARN)),
            ("execution",),
            default="`/ecs/<project_name>-<environment>`",
            same_account=True,
        ),
    ] = ()


def ecr_token(feature: str, flag: str = "") -> Statement:
    """The registry login. It has no resource type, so its Resource can only be `*`."""
    reason = "log in to ECR; the action supports no narrower resource"
    return allow(_TOKEN, "*", Origin(feature, reason, _PAGE, flag))


def foreign_repositories(project: Project, key: str, given: Many, action: str) -> Iterator[Note]:
    """Repositories of other accounts work only with their owners' consent."""
    for i, owner in project.foreign(given).items():
        yield Note(
            "foreign-repository",
            f"`{known(given)[i]}` is of account `{owner}`",
            (key, i),
            f"That account's repository policy has to allow {action} too.",
            "https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policy-examples.html",
        )


def ecr_needs(keys: ExecutionKeys, project: Project) -> Iterator[Statement]:
    """Log in to ECR and pull."""
    yield ecr_token("execution_ecr")
    repositories = resources(keys.ecr_repository_arns, otherwise=project.arns("ecr", "repository/*"))
    yield allow(_PULL, repositories, Origin("execution_ecr", "pull the task's images", _PAGE))


def _ecr(keys: ExecutionKeys, project: Project) -> Iterator[Part]:
    if empty(keys.ecr_repository_arns):
        yield Note(
            "ecr-account-wide",
            "the execution role may pull from every ECR repository of its account and region",
            ("ecr_repository_arns",),
            "List the repositories in `ecr_repository_arns`.",
            _PAGE,
            unless=left_open(keys.ecr_repository_arns),
        )
    yield from foreign_repositories(project, "ecr_repository_arns", keys.ecr_repository_arns, "the pull")
    yield from ecr_needs(keys, project)


def logs_needs(keys: ExecutionKeys, project: Project) -> Iterator[Statement]:
    """Write the streams of the log group: whatever stands behind its name is what the two actions are evaluated on."""
    own = project.arns("logs", Text.of("log-group:/ecs/", project.prefix, ":*"))
    yield allow(
        _WRITE,
        resources(keys.log_group_arns, "log_group", own),
        Origin("execution_logs", "write the containers' output (the awslogs driver); the group has to exist", _LOGS),
    )


ECR = Feature("execution_ecr", "execution", "", ExecutionKeys, _ecr, _TOKEN + _PULL, ecr_needs)
LOGS = Feature("execution_logs", "execution", "", ExecutionKeys, logs_needs, _WRITE, logs_needs)
