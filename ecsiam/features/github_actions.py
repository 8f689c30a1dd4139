"""enable_github_oidc: what deploys. Push the image, register a revision, roll the services over, pass the two roles."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated

from attrs import evolve

from ecsiam.errors import Fault
from ecsiam.features.execution import ExecutionKeys, ecr_token, foreign_repositories
from ecsiam.features.feature import Feature, Part
from ecsiam.features.github_oidc import DEPLOY, FLAG, GithubOidcKeys, github_notes
from ecsiam.features.project import Project, ProjectKeys, allow
from ecsiam.features.trust import ECS_ROLES
from ecsiam.keys.key import Key
from ecsiam.keys.keys import check
from ecsiam.keys.kinds import Flag, ListOf, OfForm
from ecsiam.keys.values import empty, known, left_open, resources, wrapped
from ecsiam.model import forms
from ecsiam.model.arn import Arn
from ecsiam.model.condition import Condition
from ecsiam.model.each import Item
from ecsiam.model.intent import Note
from ecsiam.model.parameter import Parameter
from ecsiam.model.statement import RESOURCE_ACCOUNT, Origin, Statement

_PASS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"
_ECS = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html"
_PUSH = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html"
PUSH = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)


class GithubActionsKeys(GithubOidcKeys, ExecutionKeys, ProjectKeys):
    """What GitHub Actions deploys."""

    heading = "What GitHub Actions deploys"

    github_ecr_repository_arns: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The ECR repositories that the workflow pushes to.",
            ListOf(OfForm(forms.REPOSITORY_ARN)),
            DEPLOY,
            default="those of `ecr_repository_arns` that are of the roles' account",
            flag=FLAG,
        ),
    ] = ()
    github_ecr_pull: Annotated[
        bool,
        Key(
            "The workflow also pulls image layers, as a build cache in ECR needs.",
            Flag(),
            DEPLOY,
            flag=FLAG,
            closed=True,
        ),
    ] = False
    task_definition_families: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The families of the task definitions that the workflow registers.",
            ListOf(OfForm(forms.FAMILY)),
            DEPLOY,
            default="all of this account and region, with a note",
            flag=FLAG,
            fixed="CloudFormation can't put account and region around each of a list",
        ),
    ] = ()
    ecs_service_arns: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The services that the workflow updates.",
            ListOf(OfForm(forms.SERVICE_ARN)),
            DEPLOY,
            default="all of `ecs_cluster_arns`",
            flag=FLAG,
            same_account=True,
        ),
    ] = ()
    ecs_cluster_arns: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The clusters whose services the workflow updates, unless `ecs_service_arns` lists some.",
            ListOf(OfForm(forms.CLUSTER_ARN)),
            DEPLOY,
            default="all of this account and region, with a note",
            flag=FLAG,
            same_account=True,
        ),
    ] = ()

    @check(FLAG, "account_id", "ecr_repository_arns", "github_ecr_repository_arns")
    def _own_repositories(self) -> Iterator[Fault]:
        """What is pushed to by default is of the roles' account: where there is none, nothing says what it is."""
        pulled, own = known(self.ecr_repository_arns), self.home.account_id.literal
        asked = self.enable_github_oidc and not self.github_ecr_repository_arns
        if asked and pulled and own and all(Arn.parse(arn).account.literal != own for arn in pulled):
            yield Fault(
                f"none of `ecr_repository_arns` is of account `{own}`, so nothing says what the workflow pushes to",
                ("ecr_repository_arns",),
                "Name what the workflow pushes to in `github_ecr_repository_arns`.",
            )


def _push(keys: GithubActionsKeys, project: Project) -> Iterator[Part]:
    given = keys.github_ecr_repository_arns
    if empty(given or keys.ecr_repository_arns):
        yield Note(
            "github-ecr-account-wide",
            "the deploy role may push to every ECR repository of its account and region: who pushes an image runs code",
            ("github_ecr_repository_arns",),
            "List the repositories in `ecr_repository_arns` or `github_ecr_repository_arns`.",
            _PUSH,
            unless=left_open(given, keys.ecr_repository_arns),
        )
    yield from foreign_repositories(project, "github_ecr_repository_arns", given, "the push")
    yield from _not_pushed(keys, project)
    yield ecr_token("github_actions", FLAG)
    if given and not isinstance(given, Parameter):
        yield _pushing(keys, resources(given))
        return
    pulled = resources(keys.ecr_repository_arns, otherwise=project.arns("ecr", "repository/*"))
    # Who deploys pushes what is its own: of which account a repository is, IAM decides where we can't yet.
    default = _pushing(keys, pulled, Condition("StringEquals", RESOURCE_ACCOUNT, project.home.account_id))
    own = default.settled()
    if not isinstance(given, Parameter):
        if own is None:
            raise default.of_no_account()
        yield own
    elif own is None:
        yield _pushing(keys, resources(given))
    elif own.conditions:
        yield _pushing(keys, resources(given))
        yield evolve(own, resources=resources(given, "unless_given", pulled))
    else:
        yield _pushing(keys, resources(given, otherwise=own.resources.items if own.resources else ()))


def _pushing(keys: GithubActionsKeys, repositories: Iterable[Item], *where: Condition) -> Statement:
    pull = ["ecr:GetDownloadUrlForLayer"] if keys.github_ecr_pull else []
    return allow([*PUSH, *pull], repositories, Origin("github_actions", "push the image", _PUSH, FLAG), *where)


def _not_pushed(keys: GithubActionsKeys, project: Project) -> Iterator[Note]:
    """The repositories that are pulled from and not pushed to: a sidecar's belongs to somebody else."""
    if known(keys.github_ecr_repository_arns):
        return
    for i, owner in project.foreign(keys.ecr_repository_arns).items():
        yield Note(
            "github-foreign-repository",
            f"the deploy role may not push to `{known(keys.ecr_repository_arns)[i]}`, which is of account `{owner}`",
            ("ecr_repository_arns", i),
            "If the workflow pushes there, list all that it pushes to in `github_ecr_repository_arns`.",
            _PUSH,
        )


def _task_definitions(keys: GithubActionsKeys, project: Project) -> Iterator[Part]:
    if empty(keys.task_definition_families):
        yield Note(
            "task-definitions-account-wide",
            "the deploy role may register every task definition of its account and region",
            ("task_definition_families",),
            "List the families in `task_definition_families`.",
            _ECS,
            unless=left_open(keys.task_definition_families),
        )
    every = project.arns("ecs", "task-definition/*")
    before = project.arns("ecs", "task-definition/")
    revisions = wrapped(keys.task_definition_families, before, ":*", every)
    bare = wrapped(keys.task_definition_families, before, "", every)
    yield allow(
        ["ecs:RegisterTaskDefinition"],
        revisions,
        Origin("github_actions", "register the new revision", _ECS, FLAG),
    )
    yield allow(
        ["ecs:TagResource"],
        # ECS asks about the family without a revision, which does not exist yet; the documentation has it with one.
        [*bare, *revisions],
        Origin("github_actions", "tag it while registering", _ECS, FLAG),
        Condition("StringEquals", "ecs:CreateAction", "RegisterTaskDefinition"),
    )
    yield allow(
        ["ecs:DescribeTaskDefinition"],
        "*",
        Origin("github_actions", "read the current revision; the action supports no narrower resource", _ECS, FLAG),
    )


def _services(keys: GithubActionsKeys, project: Project) -> Iterator[Part]:
    clusters = keys.ecs_cluster_arns
    if clusters and keys.ecs_service_arns and not isinstance(keys.ecs_service_arns, Parameter):
        yield Note(
            "unused-clusters",
            "`ecs_service_arns` names the services, so `ecs_cluster_arns` is not used",
            ("ecs_cluster_arns",),
            "Leave one of the two out.",
        )
    if empty(keys.ecs_service_arns):
        which = "these clusters" if not empty(clusters) else "its account and region"
        if isinstance(clusters, Parameter):
            which = "the clusters in `ecs_cluster_arns`, or of its account and region while that is empty"
        yield Note(
            "services-wide",
            f"the deploy role may update every service of {which}",
            ("ecs_service_arns",),
            "List the services in `ecs_service_arns`.",
            _ECS,
            unless=left_open(keys.ecs_service_arns),
        )
    of_clusters = resources(keys.ecs_cluster_arns, "services_of_cluster", project.arns("ecs", "service/*"))
    yield allow(
        ["ecs:DescribeServices", "ecs:UpdateService"],
        resources(keys.ecs_service_arns, otherwise=of_clusters),
        Origin("github_actions", "roll the services over and wait for them", _ECS, FLAG),
    )


def _pass(project: Project) -> Statement:
    passed = [project.role_arn(role) for role in ECS_ROLES]
    reason = "hand the two roles to the tasks of the new revision, and to nothing else"
    to_tasks = Condition("StringEquals", "iam:PassedToService", "ecs-tasks.amazonaws.com")
    return allow(["iam:PassRole"], passed, Origin("github_actions", reason, _PASS, FLAG), to_tasks)


def _github(keys: GithubActionsKeys, project: Project) -> Iterator[Part]:
    yield from github_notes(keys, project)
    yield from _push(keys, project)
    yield from _task_definitions(keys, project)
    yield from _services(keys, project)
    yield _pass(project)


def github_needs(keys: GithubActionsKeys, project: Project) -> Iterator[Statement]:
    """Push the image, register a revision, roll the services over, and pass the two roles."""
    parts = (*_push(keys, project), *_task_definitions(keys, project), *_services(keys, project), _pass(project))
    yield from (p for p in parts if isinstance(p, Statement))


GITHUB_ACTIONS = Feature(
    "github_actions",
    "github_actions",
    FLAG,
    GithubActionsKeys,
    _github,
    (
        "ecr:GetAuthorizationToken",
        *PUSH,
        "ecr:GetDownloadUrlForLayer",
        "ecs:DescribeServices",
        "ecs:DescribeTaskDefinition",
        "ecs:RegisterTaskDefinition",
        "ecs:TagResource",
        "ecs:UpdateService",
        "iam:PassRole",
    ),
    github_needs,
)
