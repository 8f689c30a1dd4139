"""What ECS needs to start a task: the images, wherever ECR has them from, and the log streams."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from ecsiam.features.deployer import DEPLOY_ROLES, GITHUB_FLAG, OTHER_FLAGS
from ecsiam.features.feature import Feature, Part
from ecsiam.features.project import Project, allow
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys
from ecsiam.keys.kinds import Flag, ListOf, OfForm
from ecsiam.keys.values import Many, as_text, empty, known, left_open, resources
from ecsiam.model import arn_forms
from ecsiam.model.condition import Condition
from ecsiam.model.each import Item
from ecsiam.model.form import Form
from ecsiam.model.intent import Note
from ecsiam.model.parameter import Parameter
from ecsiam.model.statement import Origin, Statement
from ecsiam.model.text import Text, in_order, texts

_PULLS = "enable_ecr_pull"
_AWSLOGS = "enable_container_logs"
_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html"
_LOGS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html"
_CACHE = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-iam.html"
_AGENT = "https://docs.aws.amazon.com/guardduty/latest/ug/prereq-runtime-monitoring-ecs-support.html"
_GROUPS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html"
_TOKEN = ("ecr:GetAuthorizationToken",)
_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_IMPORT, _CREATE = "ecr:BatchImportUpstreamImage", "ecr:CreateRepository"
_WRITE = ("logs:CreateLogStream", "logs:PutLogEvents")
_CREATE_GROUP = "logs:CreateLogGroup"
_EVERY = "ROOT"
# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreatePullThroughCacheRule.html
_WORD = "[a-z0-9]+([._-][a-z0-9]+)*"
CACHE_PREFIX = Form(
    "cache_prefix",
    f"({_WORD}(/{_WORD})*|{_EVERY})",
    "the prefix of a pull-through cache rule, without a slash at its end",
    ("docker-hub", "ecr-public", "team/quay", _EVERY),
    ("", "docker-hub/", "/docker-hub", "Docker", "docker-hub/*", "*", "Root", "a//b", "docker-hub\n"),
    most=30,
    hints=(
        ("arn:.*", "is an ARN", "Write the prefix alone, as the cache rule has it."),
        (".+/", "ends in a slash", "Leave it out."),
        (".*[*?].*", "has a wildcard", "A prefix stands for every repository below it."),
        (".*[A-Z].*", "has a capital letter", "The names of ECR repositories have none."),
    ),
)


def _id_form(name: str, what: str, start: str) -> Form:
    return Form(
        name,
        f"{start}-([0-9a-f]{{8}}|[0-9a-f]{{17}})",
        f"the id of {what}",
        (f"{start}-0123456789abcdef0", f"{start}-0a1b2c3d"),
        ("", start, f"{start}-*", f"{start}-0123456789ABCDEF0", f"{start}-0a1b2c3d\n"),
        most=len(start) + 18,
        hints=(
            ("arn:.*", "is an ARN", "Write the id alone."),
            (".*[*?].*", "has a wildcard", "Write each id out."),
        ),
    )


VPC_ENDPOINT_ID = _id_form("vpc_endpoint_id", "a VPC endpoint", "vpce")
VPC_ID = _id_form("vpc_id", "a VPC", "vpc")


class ExecutionKeys(Keys):
    """What ECS reads and writes for any task."""

    heading = "Images and container output"

    enable_ecr_pull: Annotated[
        bool | Parameter,
        Key(
            "ECS pulls images from ECR. `false` where all of them are in other registries.",
            Flag(),
            ("execution",),
            sample=("true",),
            fixed="on, unless no image is in ECR",
        ),
    ] = True
    ecr_repository_arns: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The ECR repositories that the images are pulled from.",
            ListOf(OfForm(arn_forms.REPOSITORY_ARN)),
            ("execution", "github_actions"),
            default="all of this account and region, with a note",
        ),
    ] = ()
    ecr_pull_through_prefixes: Annotated[
        Sequence[str],
        Key(
            "Prefixes of pull-through cache rules: images below them are pulled, and imported where ECR lacks them. "
            "`ROOT` is every repository.",
            ListOf(OfForm(CACHE_PREFIX)),
            ("execution",),
            default="none",
            flag=_PULLS,
            closed=True,
            sample=("- docker-hub",),
        ),
    ] = ()
    ecr_create_cached_repositories: Annotated[
        bool,
        Key(
            "A pull through a cache may make the repository. Without it, the repository has to exist.",
            Flag(),
            ("execution",),
            flag=_PULLS,
            closed=True,
            beside=("ecr_pull_through_prefixes",),
        ),
    ] = False
    runtime_monitoring_repository_arns: Annotated[
        Sequence[str],
        Key(
            "The repository of GuardDuty's agent, which Runtime Monitoring starts beside the containers: of the "
            "account that GuardDuty has in the region.",
            ListOf(OfForm(arn_forms.REPOSITORY_ARN)),
            ("execution",),
            default="none",
            flag=_PULLS,
            closed=True,
        ),
    ] = ()
    ecr_vpc_endpoint_ids: Annotated[
        Sequence[str],
        Key(
            "Images are pulled through these VPC endpoints only.",
            ListOf(OfForm(VPC_ENDPOINT_ID)),
            ("execution",),
            default="any way",
            flag=_PULLS,
            closed=True,
        ),
    ] = ()
    ecr_vpc_ids: Annotated[
        Sequence[str],
        Key(
            "Images are pulled from these VPCs only, through any endpoint in them.",
            ListOf(OfForm(VPC_ID)),
            ("execution",),
            default="any way",
            flag=_PULLS,
            closed=True,
        ),
    ] = ()
    enable_container_logs: Annotated[
        bool | Parameter,
        Key(
            "ECS writes the containers' output to CloudWatch Logs, with the `awslogs` driver. `false` where none uses "
            "it.",
            Flag(),
            ("execution",),
            sample=("true",),
            fixed="on, unless no container logs with `awslogs`",
        ),
    ] = True
    log_group_arns: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The log groups that the `awslogs` driver writes, of any region (`awslogs-region`), with or without `:*`. "
            "They have to exist.",
            ListOf(OfForm(arn_forms.LOG_GROUP_ARN)),
            ("execution", *DEPLOY_ROLES),
            default="`/ecs/<project_name>-<environment>`",
            flag=_AWSLOGS,
            or_flags=(GITHUB_FLAG, *OTHER_FLAGS),  # whose roles may read them
            same_account=True,
        ),
    ] = ()
    awslogs_create_group: Annotated[
        bool,
        Key(
            'The `awslogs` driver makes a log group that doesn\'t exist (`awslogs-create-group: "true"`).',
            Flag(),
            ("execution",),
            flag=_AWSLOGS,
            closed=True,
        ),
    ] = False


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


def _inside(keys: ExecutionKeys) -> Iterator[Condition]:
    """Through what images are pulled. On Fargate the token is asked for, and logs are written, by another way."""
    for key, ids in (("aws:SourceVpc", keys.ecr_vpc_ids), ("aws:SourceVpce", keys.ecr_vpc_endpoint_ids)):
        if ids:
            yield Condition("StringEquals", key, in_order(texts(ids)))


def ecr_needs(keys: ExecutionKeys, project: Project) -> Iterator[Statement]:
    """Log in to ECR and pull: the task's images, those that come through a cache, GuardDuty's agent."""

    def origin(reason: str, page: str = _PAGE) -> Origin:
        return Origin("execution_ecr", reason, page, _PULLS)

    yield ecr_token("execution_ecr", _PULLS)
    inside = tuple(_inside(keys))
    repositories = resources(keys.ecr_repository_arns, otherwise=project.arns("ecr", "repository/*"))
    yield allow(_PULL, repositories, origin("pull the task's images"), *inside)
    cached = [
        arn
        for prefix in keys.ecr_pull_through_prefixes
        for arn in project.arns(
            "ecr", "repository/*" if prefix == _EVERY else Text.of("repository/", as_text(prefix), "/*")
        )
    ]
    if cached:
        yield allow(_PULL, cached, origin("pull images through a cache", _CACHE), *inside)
        fetch = (_IMPORT, _CREATE) if keys.ecr_create_cached_repositories else (_IMPORT,)
        yield allow(fetch, cached, origin("import what the cache lacks", _CACHE))
    if keys.runtime_monitoring_repository_arns:
        agent = resources(keys.runtime_monitoring_repository_arns)
        yield allow(_PULL, agent, origin("pull GuardDuty's agent", _AGENT), *inside)


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
    if keys.ecr_pull_through_prefixes and any(_inside(keys)):
        yield Note(
            "cache-through-endpoint",
            "the first pull of an image through the cache takes a way to the internet, not the VPC endpoint alone",
            ("ecr_pull_through_prefixes",),
            "Give the VPC a NAT gateway, or pull each image once from elsewhere.",
            "https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html",
        )
    yield from ecr_needs(keys, project)


def log_groups(keys: ExecutionKeys, project: Project) -> tuple[Item, ...]:
    """The log groups of the containers' output, in the form that reading and writing their streams is asked on."""
    own = project.arns("logs", Text.of("log-group:/ecs/", project.prefix, ":*"))
    return resources(keys.log_group_arns, "log_group", own)


def logs_needs(keys: ExecutionKeys, project: Project) -> Iterator[Statement]:
    """Write the streams of the log group: whatever stands behind its name is what the actions are evaluated on."""
    groups = log_groups(keys, project)
    reason = "write the containers' output (the awslogs driver); the group has to exist"
    if keys.awslogs_create_group:
        made = Origin("execution_logs", "write the containers' output, and make the group for it", _GROUPS, _AWSLOGS)
        yield allow((*_WRITE, _CREATE_GROUP), groups, made)
    else:
        yield allow(_WRITE, groups, Origin("execution_logs", reason, _LOGS, _AWSLOGS))


ECR = Feature("execution_ecr", "execution", _PULLS, ExecutionKeys, _ecr, (*_TOKEN, *_PULL, _IMPORT, _CREATE), ecr_needs)
LOGS = Feature("execution_logs", "execution", _AWSLOGS, ExecutionKeys, logs_needs, (*_WRITE, _CREATE_GROUP), logs_needs)
