"""enable_github_oidc: a role that the repository's workflows deploy with, and nobody else can assume.

https://docs.github.com/en/actions/reference/security/oidc
"""

from collections.abc import Iterator

from ecsiam.config.left_open import as_text, github_prefixes, role_name
from ecsiam.config.model import Config
from ecsiam.features.execution import ecr_token, foreign_repositories
from ecsiam.features.project import Feature, Part, Project, allow
from ecsiam.model.arn import Arn
from ecsiam.model.condition import Condition
from ecsiam.model.names import RoleId
from ecsiam.model.parameter import Parameter
from ecsiam.model.policy import Policy
from ecsiam.model.principal import Principal
from ecsiam.model.stack import Note
from ecsiam.model.statement import Origin, Statement
from ecsiam.model.text import Text, in_order

_FLAG = "enable_github_oidc"
ISSUER = "token.actions.githubusercontent.com"
GITHUB_AUDIENCE = "sts.amazonaws.com"
ECS_ROLES: tuple[RoleId, ...] = ("execution", "task")
_TRUST = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html"
_SUBJECTS = "https://docs.github.com/en/actions/reference/security/oidc"
_PASS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"
_ECS = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html"
_PUSH = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html"


# ---------------------------------------------------------------- who


def _claims(config: Config) -> list[str]:
    """What follows `repo:OWNER/REPO:` in the subjects that may deploy."""
    claims = [f"ref:refs/heads/{b}" for b in config.github_branches]
    # GitHub writes a colon inside a claim's value as %3A.
    claims += [f"environment:{e.replace(':', '%3A')}" for e in config.github_environments]
    claims += [f"ref:refs/tags/{t}" for t in config.github_tags]
    claims += ["pull_request"] if config.github_pull_requests else []
    prefixes = [str(p) for p in github_prefixes(config).values()]
    claims += [s.removeprefix(p) for s in config.github_subjects for p in prefixes if s.startswith(p)]
    return claims or ["ref:refs/heads/main"]


def github_format(config: Config) -> str:
    """The form of subject that the config asks for, empty where it leaves that open: then names are taken."""
    return config.github_subject_format or ("immutable" if config.github_repo_id else "")


def subjects(config: Config) -> tuple[Text, ...]:
    """Every subject that may assume the deploy role, as condition values, in each of the forms asked for."""
    prefixes = github_prefixes(config)
    asked = github_format(config) or "classic"
    wanted = prefixes.values() if asked == "both" else [prefixes[asked]]
    return in_order(Text.of(prefix, claim) for prefix in wanted for claim in _claims(config))


def provider(project: Project) -> Text:
    """GitHub's OIDC provider: as the config has it, else the one of the roles' account."""
    home = project.home
    derived = Arn(home.partition, "iam", "", home.account_id, f"oidc-provider/{ISSUER}").text
    return as_text(project.config.github_oidc_provider_arn, derived)


def github_trust(project: Project) -> Policy:
    """The trust of the deploy role: this repository's listed subjects, with the audience pinned.

    Exact subjects and patterns stand in two statements: under one, two operators on the subject would both have to
    hold, and nobody would get in.
    """
    config = project.config
    pinned = [Condition("StringEquals", f"{ISSUER}:aud", as_text(config.github_audience, GITHUB_AUDIENCE))]
    if github_format(config) == "both":
        # A name can be taken over by somebody else, the ids can't: they hold for both forms.
        pinned.append(Condition("StringEquals", f"{ISSUER}:repository_owner_id", as_text(config.github_owner_id)))
        pinned.append(Condition("StringEquals", f"{ISSUER}:repository_id", as_text(config.github_repo_id)))
    of_kind: dict[str, list[Text]] = {"StringEquals": [], "StringLike": []}
    for subject in subjects(config):
        of_kind["StringLike" if set("*?").intersection(str(subject)) else "StringEquals"].append(subject)
    return Policy(
        Statement(
            effect="Allow",
            actions="sts:AssumeRoleWithWebIdentity",
            principals=Principal("Federated", provider(project)),
            conditions=[*pinned, Condition(operator, f"{ISSUER}:sub", values)],
            origin=Origin("github_actions", "workflows of the repository assume the role", _TRUST, _FLAG),
        )
        for operator, values in of_kind.items()
        if values
    )


def github_trust_needs(project: Project) -> Iterator[Statement]:
    """Each subject that the config lists gets in, with what its token carries; a parameter's repository too."""
    config = project.config
    claims = {
        "aud": as_text(config.github_audience, GITHUB_AUDIENCE),
        "repository_owner_id": as_text(config.github_owner_id),
        "repository_id": as_text(config.github_repo_id),
    }
    sent = [Condition("StringEquals", f"{ISSUER}:{claim}", value) for claim, value in claims.items() if value.parts]
    yield Statement(
        effect="Allow",
        actions="sts:AssumeRoleWithWebIdentity",
        principals=Principal("Federated", provider(project)),
        conditions=[*sent, Condition("StringLike", f"{ISSUER}:sub", subjects(config))],
        origin=Origin("github_actions", "workflows of the repository assume the role", _TRUST, _FLAG),
    )


def github_trust_notes(project: Project) -> Iterator[Note]:
    """What is worth knowing about who gets in."""
    config = project.config
    if github_format(config) in ("", "classic"):
        yield Note(
            "github-classic-subject",
            "the deploy role trusts subjects by name; repositories created or renamed since July 2026 send "
            "`repo:OWNER@ID/REPO@ID:...` and could not assume it",
            ("github_repo",),
            "Give `github_owner_id` and `github_repo_id`, and `github_subject_format: both` during a migration.",
            _SUBJECTS,
        )
    for i, subject in enumerate(config.github_subjects):
        if subject in {f"{p}*" for p in github_prefixes(config).values()}:
            yield Note(
                "github-any-subject",
                f"`{subject}` lets every branch, tag, environment and pull request of the repository deploy",
                ("github_subjects", i),
                "List branches or environments.",
                _SUBJECTS,
            )
    if config.github_pull_requests:
        yield Note(
            "github-pull-requests",
            "every pull request from a branch of the repository may deploy, before anyone has reviewed it",
            ("github_pull_requests",),
            "An environment with required reviewers is safer.",
            _SUBJECTS,
        )
    if project.home.partition.literal == "aws-cn" and config.github_audience == GITHUB_AUDIENCE:
        yield Note(
            "github-audience-cn",
            "in `aws-cn` the workflow may have to ask for another audience than `sts.amazonaws.com`",
            ("github_audience",),
            "If it asks for `sts.amazonaws.com.cn`, write that in `github_audience`.",
            _TRUST,
        )
    if role_name(config, "github_actions").literal == "GitHubActions":
        yield Note(
            "github-role-name",
            "a role called exactly `GitHubActions` is reported to fail",
            ("role_names", "github_actions"),
            "Choose another name.",
            "https://github.com/aws-actions/configure-aws-credentials",
        )


# ---------------------------------------------------------------- what


PUSH = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)


def _push(project: Project) -> Iterator[Part]:
    config = project.config
    key = "github_ecr_repository_arns" if config.github_ecr_repository_arns else "ecr_repository_arns"
    if project.empty(key):
        yield Note(
            "github-ecr-account-wide",
            "the deploy role may push to every ECR repository of its account and region: who pushes an image runs code",
            ("github_ecr_repository_arns",),
            "List the repositories in `ecr_repository_arns` or `github_ecr_repository_arns`.",
            _PUSH,
        )
    if key == "github_ecr_repository_arns":
        yield from foreign_repositories(project, key, "the push")
    yield ecr_token("github_actions", _FLAG)
    pulled = project.items("ecr_repository_arns", otherwise=project.arns("ecr", "repository/*"))
    pull = ["ecr:GetDownloadUrlForLayer"] if config.github_ecr_pull else []
    yield allow(
        [*PUSH, *pull],
        project.items("github_ecr_repository_arns", otherwise=pulled),
        Origin("github_actions", "push the image", _PUSH, _FLAG),
    )


def _task_definitions(project: Project) -> Iterator[Part]:
    if project.empty("task_definition_families"):
        yield Note(
            "task-definitions-account-wide",
            "the deploy role may register every task definition of its account and region",
            ("task_definition_families",),
            "List the families in `task_definition_families`.",
            _ECS,
        )
    every = project.arns("ecs", "task-definition/*")
    before = project.arns("ecs", "task-definition/")
    revisions = project.wrapped("task_definition_families", before, ":*", every)
    bare = project.wrapped("task_definition_families", before, "", every)
    yield allow(
        ["ecs:RegisterTaskDefinition"],
        revisions,
        Origin("github_actions", "register the new revision", _ECS, _FLAG),
    )
    yield allow(
        ["ecs:TagResource"],
        # ECS asks about the family without a revision, which does not exist yet; the documentation has it with one.
        [*bare, *revisions],
        Origin("github_actions", "tag it while registering", _ECS, _FLAG),
        Condition("StringEquals", "ecs:CreateAction", "RegisterTaskDefinition"),
    )
    yield allow(
        ["ecs:DescribeTaskDefinition"],
        "*",
        Origin("github_actions", "read the current revision; the action supports no narrower resource", _ECS, _FLAG),
    )


def _services(project: Project) -> Iterator[Part]:
    config = project.config
    clusters = config.ecs_cluster_arns
    if clusters and config.ecs_service_arns and not isinstance(config.ecs_service_arns, Parameter):
        yield Note(
            "unused-clusters",
            "`ecs_service_arns` names the services, so `ecs_cluster_arns` is not used",
            ("ecs_cluster_arns",),
            "Leave one of the two out.",
        )
    if project.empty("ecs_service_arns"):
        which = "these clusters" if not project.empty("ecs_cluster_arns") else "its account and region"
        yield Note(
            "services-wide",
            f"the deploy role may update every service of {which}",
            ("ecs_service_arns",),
            "List the services in `ecs_service_arns`.",
            _ECS,
        )
    of_clusters = project.items("ecs_cluster_arns", "services_of_cluster", project.arns("ecs", "service/*"))
    yield allow(
        ["ecs:DescribeServices", "ecs:UpdateService"],
        project.items("ecs_service_arns", otherwise=of_clusters),
        Origin("github_actions", "roll the services over and wait for them", _ECS, _FLAG),
    )


def _pass(project: Project) -> Statement:
    home = project.home
    resources = [Text.of("role", project.config.path, role_name(project.config, role)) for role in ECS_ROLES]
    passed = [Arn(home.partition, "iam", "", home.account_id, resource).text for resource in resources]
    reason = "hand the two roles to the tasks of the new revision, and to nothing else"
    to_tasks = Condition("StringEquals", "iam:PassedToService", "ecs-tasks.amazonaws.com")
    return allow(["iam:PassRole"], passed, Origin("github_actions", reason, _PASS, _FLAG), to_tasks)


def _github(project: Project) -> Iterator[Part]:
    yield from github_trust_notes(project)
    yield from _push(project)
    yield from _task_definitions(project)
    yield from _services(project)
    yield _pass(project)


def github_needs(project: Project) -> Iterator[Statement]:
    """Push the image, register a revision, roll the services over, and pass the two roles."""
    parts = (*_push(project), *_task_definitions(project), *_services(project), _pass(project))
    yield from (p for p in parts if isinstance(p, Statement))


GITHUB_ACTIONS = Feature(
    "github_actions",
    "github_actions",
    _FLAG,
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
