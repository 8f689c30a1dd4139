"""enable_github_oidc: a role that the repository's workflows deploy with, and nobody else can assume.

https://docs.github.com/en/actions/reference/security/oidc
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Literal

from ecsiam.errors import Fault
from ecsiam.features.execution import ExecutionKeys, ecr_token, foreign_repositories
from ecsiam.features.feature import Feature, Part
from ecsiam.features.project import Project, allow
from ecsiam.features.trust import ECS_ROLES
from ecsiam.keys.key import Key
from ecsiam.keys.keys import check
from ecsiam.keys.kinds import Choice, Flag, ListOf, OfForm, Whole
from ecsiam.keys.values import as_text, empty, resources, wrapped
from ecsiam.model import forms
from ecsiam.model.condition import Condition
from ecsiam.model.parameter import Parameter
from ecsiam.model.policy import Policy
from ecsiam.model.principal import Principal
from ecsiam.model.stack import Note
from ecsiam.model.statement import Origin, Statement
from ecsiam.model.text import Ref, Text, in_order, text

_FLAG = "enable_github_oidc"
ISSUER = "token.actions.githubusercontent.com"
GITHUB_AUDIENCE = "sts.amazonaws.com"
_ROLE = ("github_actions",)
_TRUST = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html"
_SUBJECTS = "https://docs.github.com/en/actions/reference/security/oidc"
_PASS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"
_ECS = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html"
_PUSH = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html"


class GithubKeys(ExecutionKeys):
    """Who deploys from GitHub Actions, and what."""

    heading = "Deployment from GitHub Actions"

    enable_github_oidc: Annotated[
        bool | Parameter,
        Key(
            "GitHub Actions deploys: a role of its own pushes images, registers task definitions and updates services.",
            Flag(),
            _ROLE,
            needs=("github_repo",),
            demands=("github_owner_id", "github_repo_id"),
            module=True,
        ),
    ] = False
    github_repo: Annotated[
        str | Parameter | None,
        Key(
            "The repository whose workflows deploy, spelt as GitHub spells it.",
            OfForm(forms.GITHUB_REPO),
            _ROLE,
            flag=_FLAG,
            module=True,
        ),
    ] = None
    github_oidc_provider_arn: Annotated[
        str | Parameter | None,
        Key(
            "GitHub's OIDC provider in this account. It has to exist.",
            OfForm(forms.OIDC_PROVIDER_ARN),
            _ROLE,
            default="this account's `oidc-provider/token.actions.githubusercontent.com`",
            flag=_FLAG,
            same_account=True,
            module=True,
        ),
    ] = None
    github_audience: Annotated[
        str | Parameter,
        Key(
            "The audience that the workflow asks for; `aws-actions/configure-aws-credentials` asks for the default.",
            OfForm(forms.GITHUB_AUDIENCE),
            _ROLE,
            flag=_FLAG,
        ),
    ] = GITHUB_AUDIENCE
    github_branches: Annotated[
        Sequence[str],
        Key(
            "Branches that may deploy; `release/*` is all below it.",
            ListOf(OfForm(forms.GITHUB_REF)),
            _ROLE,
            default="`main`, unless something else may deploy",
            flag=_FLAG,
            closed=True,
        ),
    ] = ()
    github_environments: Annotated[
        Sequence[str],
        Key(
            "GitHub environments that may deploy. A job with an environment is known by that, not by its branch.",
            ListOf(OfForm(forms.GITHUB_ENVIRONMENT)),
            _ROLE,
            default="none",
            flag=_FLAG,
            closed=True,
        ),
    ] = ()
    github_tags: Annotated[
        Sequence[str],
        Key(
            "Git tags that may deploy, such as `v*`.",
            ListOf(OfForm(forms.GITHUB_REF)),
            _ROLE,
            default="none",
            flag=_FLAG,
            closed=True,
            sample=("- v*",),
        ),
    ] = ()
    github_pull_requests: Annotated[
        bool,
        Key("Pull requests may deploy.", Flag(), _ROLE, flag=_FLAG, closed=True),
    ] = False
    github_subjects: Annotated[
        Sequence[str],
        Key(
            "Any other subject (`sub`) of this repository. `repo:OWNER/REPO:*` lets all that runs in it deploy.",
            ListOf(OfForm(forms.GITHUB_SUBJECT)),
            _ROLE,
            default="none",
            flag=_FLAG,
            closed=True,
        ),
    ] = ()
    github_subject_format: Annotated[
        Literal["classic", "immutable", "both"] | None,
        Key(
            "How GitHub names the repository in a subject: by name (`classic`), by name and ids (`immutable`: what is "
            "created or renamed since July 2026), or, while that changes, either (`both`).",
            Choice(("classic", "immutable", "both")),
            _ROLE,
            default="`immutable` with the ids, else `classic`",
            flag=_FLAG,
        ),
    ] = None
    github_owner_id: Annotated[
        str | Parameter | None,
        Key(
            "The owner's id: `gh api repos/OWNER/REPO --jq .owner.id`.",
            OfForm(forms.GITHUB_ID, integers=True),
            _ROLE,
            flag=_FLAG,
        ),
    ] = None
    github_repo_id: Annotated[
        str | Parameter | None,
        Key(
            "The repository's id: `gh api repos/OWNER/REPO --jq .id`.",
            OfForm(forms.GITHUB_ID, integers=True),
            _ROLE,
            flag=_FLAG,
        ),
    ] = None
    github_ecr_repository_arns: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The ECR repositories that the workflow pushes to.",
            ListOf(OfForm(forms.REPOSITORY_ARN)),
            _ROLE,
            default="those of `ecr_repository_arns`",
            flag=_FLAG,
        ),
    ] = ()
    github_ecr_pull: Annotated[
        bool,
        Key(
            "The workflow also pulls image layers, as a build cache in ECR needs.",
            Flag(),
            _ROLE,
            flag=_FLAG,
            closed=True,
        ),
    ] = False
    task_definition_families: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The families of the task definitions that the workflow registers.",
            ListOf(OfForm(forms.FAMILY)),
            _ROLE,
            default="all of this account and region, with a note",
            flag=_FLAG,
        ),
    ] = ()
    ecs_service_arns: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The services that the workflow updates.",
            ListOf(OfForm(forms.SERVICE_ARN)),
            _ROLE,
            default="all of `ecs_cluster_arns`",
            flag=_FLAG,
            same_account=True,
            module=True,
        ),
    ] = ()
    ecs_cluster_arns: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The clusters whose services the workflow updates, unless `ecs_service_arns` lists some.",
            ListOf(OfForm(forms.CLUSTER_ARN)),
            _ROLE,
            default="all of this account and region, with a note",
            flag=_FLAG,
            same_account=True,
            module=True,
        ),
    ] = ()
    max_session_duration: Annotated[
        int | Parameter | None,
        Key(
            "The longest session that the workflow may ask for. ECS sets the length of the tasks' sessions itself.",
            Whole(3600, 43200, "seconds"),
            _ROLE,
            default="IAM's, 3600",
            flag=_FLAG,
        ),
    ] = None

    @check("github_repo", "github_owner_id", "github_repo_id", "github_subject_format")
    def _subjects(self) -> Iterator[Fault]:
        ids = {"github_owner_id": self.github_owner_id, "github_repo_id": self.github_repo_id}
        missing = [name for name, value in ids.items() if not value]
        wanted = self.github_subject_format or ("immutable" if len(missing) < len(ids) else "classic")
        if wanted in ("immutable", "both") and missing:
            path = ("github_subject_format",) if self.github_subject_format else (next(n for n in ids if ids[n]),)
            need = " and ".join(f"`{m}`" for m in missing)
            remedy = "`gh api repos/OWNER/REPO --jq '.owner.id, .id'` prints both."
            yield Fault(f"`{wanted}` subjects need {need}", path, remedy)
        if not self.github_repo:
            return
        if isinstance(self.github_repo, Parameter) and self.github_subjects:
            remedy = "List branches, environments or tags, or write the repository."
            yield Fault("subjects can't be checked while `github_repo` is a parameter", ("github_subjects",), remedy)
            return
        prefixes = subject_prefixes(self)
        for i, subject in enumerate(self.github_subjects):
            if subject and not any(subject.startswith(str(p)) for p in prefixes.values()):
                listed = " or ".join(f"`{p}`" for p in prefixes.values())
                message = f"`{subject}` is not a subject of `{self.github_repo}`"
                yield Fault(message, ("github_subjects", i), f"Begin it with {listed}.")


# ---------------------------------------------------------------- who


def subject_prefixes(keys: GithubKeys) -> dict[str, Text]:
    """How subjects of the repository begin, by form: by name, and with both ids given also by name and id."""
    repo, owner_id, repo_id = (keys.github_repo, keys.github_owner_id, keys.github_repo_id)
    prefixes = {"classic": Text.of("repo:", as_text(repo), ":")}
    if repo and owner_id and repo_id:
        if isinstance(repo, Parameter):
            owner, name = (text(Ref(repo.name, parameter=True, part=i)) for i in (0, 1))
        else:
            owner, name = map(text, repo.split("/"))
        ids = (as_text(owner_id), as_text(repo_id))
        prefixes["immutable"] = Text.of("repo:", owner, "@", ids[0], "/", name, "@", ids[1], ":")
    return prefixes


def _claims(keys: GithubKeys) -> list[str]:
    """What follows `repo:OWNER/REPO:` in the subjects that may deploy."""
    claims = [f"ref:refs/heads/{b}" for b in keys.github_branches]
    # GitHub writes a colon inside a claim's value as %3A.
    claims += [f"environment:{e.replace(':', '%3A')}" for e in keys.github_environments]
    claims += [f"ref:refs/tags/{t}" for t in keys.github_tags]
    claims += ["pull_request"] if keys.github_pull_requests else []
    prefixes = [str(p) for p in subject_prefixes(keys).values()]
    claims += [s.removeprefix(p) for s in keys.github_subjects for p in prefixes if s.startswith(p)]
    return claims or ["ref:refs/heads/main"]


def _format(keys: GithubKeys) -> str:
    """The form of subject that the config asks for, empty where it leaves that open: then names are taken."""
    return keys.github_subject_format or ("immutable" if keys.github_repo_id else "")


def _wanted(keys: GithubKeys) -> tuple[Text, ...]:
    """Every subject that may assume the deploy role, as condition values, in each of the forms asked for."""
    prefixes = subject_prefixes(keys)
    asked = _format(keys) or "classic"
    wanted = prefixes.values() if asked == "both" else [prefixes[asked]]
    return in_order(Text.of(prefix, claim) for prefix in wanted for claim in _claims(keys))


def provider(keys: GithubKeys, project: Project) -> Text:
    """GitHub's OIDC provider: as the config has it, else the one of the roles' account."""
    return as_text(keys.github_oidc_provider_arn, project.global_arn("iam", f"oidc-provider/{ISSUER}"))


def _workflows(keys: GithubKeys, project: Project, *where: Condition) -> Statement:
    return Statement(
        effect="Allow",
        actions="sts:AssumeRoleWithWebIdentity",
        principals=Principal("Federated", provider(keys, project)),
        conditions=where,
        origin=Origin("github_actions", "workflows of the repository assume the role", _TRUST, _FLAG),
    )


def _claim(operator: str, claim: str, values: Text | Iterable[Text]) -> Condition:
    return Condition(operator, f"{ISSUER}:{claim}", values)


def _audience(keys: GithubKeys) -> Condition:
    return _claim("StringEquals", "aud", as_text(keys.github_audience, GITHUB_AUDIENCE))


def _ids(keys: GithubKeys) -> list[Condition]:
    ids = {"repository_owner_id": as_text(keys.github_owner_id), "repository_id": as_text(keys.github_repo_id)}
    return [_claim("StringEquals", claim, value) for claim, value in ids.items() if value.parts]


def github_trust(keys: GithubKeys, project: Project) -> Policy:
    """The trust of the deploy role: this repository's listed subjects, with the audience pinned.

    Exact subjects and patterns stand in two statements: under one, two operators on the subject would both have to
    hold, and nobody would get in.
    """
    # A name can be taken over by somebody else, the ids can't: they hold for both forms.
    pinned = [_audience(keys), *(_ids(keys) if _format(keys) == "both" else ())]
    of_kind: dict[str, list[Text]] = {"StringEquals": [], "StringLike": []}
    for subject in _wanted(keys):
        of_kind["StringLike" if set("*?").intersection(str(subject)) else "StringEquals"].append(subject)
    return Policy(
        _workflows(keys, project, *pinned, _claim(operator, "sub", values))
        for operator, values in of_kind.items()
        if values
    )


def github_meant(keys: GithubKeys, project: Project) -> Iterator[Statement]:
    """Who is meant to deploy: the subjects that the config lists, for the audience that it has."""
    yield _workflows(keys, project, _audience(keys), _claim("StringLike", "sub", _wanted(keys)))


def github_trust_needs(keys: GithubKeys, project: Project) -> Iterator[Statement]:
    """Each subject that the config lists gets in, with what its token carries; a parameter's repository too."""
    yield _workflows(keys, project, _audience(keys), *_ids(keys), _claim("StringLike", "sub", _wanted(keys)))


def github_unsure(keys: GithubKeys) -> str:
    """What the config leaves open about who gets in."""
    unsure = "whether the repository sends subjects by name or with ids is left open: set `github_subject_format`"
    return "" if _format(keys) else unsure


def _trust_notes(keys: GithubKeys, project: Project) -> Iterator[Note]:
    """What is worth knowing about who gets in."""
    if _format(keys) in ("", "classic"):
        yield Note(
            "github-classic-subject",
            "the deploy role trusts subjects by name; repositories created or renamed since July 2026 send "
            "`repo:OWNER@ID/REPO@ID:...` and could not assume it",
            ("github_repo",),
            "Give `github_owner_id` and `github_repo_id`, and `github_subject_format: both` during a migration.",
            _SUBJECTS,
        )
    for i, subject in enumerate(keys.github_subjects):
        if subject in {f"{p}*" for p in subject_prefixes(keys).values()}:
            yield Note(
                "github-any-subject",
                f"`{subject}` lets every branch, tag, environment and pull request of the repository deploy",
                ("github_subjects", i),
                "List branches or environments.",
                _SUBJECTS,
            )
    if keys.github_pull_requests:
        yield Note(
            "github-pull-requests",
            "every pull request from a branch of the repository may deploy, before anyone has reviewed it",
            ("github_pull_requests",),
            "An environment with required reviewers is safer.",
            _SUBJECTS,
        )
    if project.home.partition.literal == "aws-cn" and keys.github_audience == GITHUB_AUDIENCE:
        yield Note(
            "github-audience-cn",
            "in `aws-cn` the workflow may have to ask for another audience than `sts.amazonaws.com`",
            ("github_audience",),
            "If it asks for `sts.amazonaws.com.cn`, write that in `github_audience`.",
            _TRUST,
        )
    if project.role_names["github_actions"].literal == "GitHubActions":
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


def _push(keys: GithubKeys, project: Project) -> Iterator[Part]:
    if empty(keys.github_ecr_repository_arns or keys.ecr_repository_arns):
        yield Note(
            "github-ecr-account-wide",
            "the deploy role may push to every ECR repository of its account and region: who pushes an image runs code",
            ("github_ecr_repository_arns",),
            "List the repositories in `ecr_repository_arns` or `github_ecr_repository_arns`.",
            _PUSH,
        )
    yield from foreign_repositories(project, "github_ecr_repository_arns", keys.github_ecr_repository_arns, "the push")
    yield ecr_token("github_actions", _FLAG)
    pulled = resources(keys.ecr_repository_arns, otherwise=project.arns("ecr", "repository/*"))
    pull = ["ecr:GetDownloadUrlForLayer"] if keys.github_ecr_pull else []
    yield allow(
        [*PUSH, *pull],
        resources(keys.github_ecr_repository_arns, otherwise=pulled),
        Origin("github_actions", "push the image", _PUSH, _FLAG),
    )


def _task_definitions(keys: GithubKeys, project: Project) -> Iterator[Part]:
    if empty(keys.task_definition_families):
        yield Note(
            "task-definitions-account-wide",
            "the deploy role may register every task definition of its account and region",
            ("task_definition_families",),
            "List the families in `task_definition_families`.",
            _ECS,
        )
    every = project.arns("ecs", "task-definition/*")
    before = project.arns("ecs", "task-definition/")
    revisions = wrapped(keys.task_definition_families, before, ":*", every)
    bare = wrapped(keys.task_definition_families, before, "", every)
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


def _services(keys: GithubKeys, project: Project) -> Iterator[Part]:
    clusters = keys.ecs_cluster_arns
    if clusters and keys.ecs_service_arns and not isinstance(keys.ecs_service_arns, Parameter):
        yield Note(
            "unused-clusters",
            "`ecs_service_arns` names the services, so `ecs_cluster_arns` is not used",
            ("ecs_cluster_arns",),
            "Leave one of the two out.",
        )
    if empty(keys.ecs_service_arns):
        which = "these clusters" if not empty(keys.ecs_cluster_arns) else "its account and region"
        yield Note(
            "services-wide",
            f"the deploy role may update every service of {which}",
            ("ecs_service_arns",),
            "List the services in `ecs_service_arns`.",
            _ECS,
        )
    of_clusters = resources(keys.ecs_cluster_arns, "services_of_cluster", project.arns("ecs", "service/*"))
    yield allow(
        ["ecs:DescribeServices", "ecs:UpdateService"],
        resources(keys.ecs_service_arns, otherwise=of_clusters),
        Origin("github_actions", "roll the services over and wait for them", _ECS, _FLAG),
    )


def _pass(project: Project) -> Statement:
    passed = [project.role_arn(role) for role in ECS_ROLES]
    reason = "hand the two roles to the tasks of the new revision, and to nothing else"
    to_tasks = Condition("StringEquals", "iam:PassedToService", "ecs-tasks.amazonaws.com")
    return allow(["iam:PassRole"], passed, Origin("github_actions", reason, _PASS, _FLAG), to_tasks)


def _github(keys: GithubKeys, project: Project) -> Iterator[Part]:
    yield from _trust_notes(keys, project)
    yield from _push(keys, project)
    yield from _task_definitions(keys, project)
    yield from _services(keys, project)
    yield _pass(project)


def github_needs(keys: GithubKeys, project: Project) -> Iterator[Statement]:
    """Push the image, register a revision, roll the services over, and pass the two roles."""
    parts = (*_push(keys, project), *_task_definitions(keys, project), *_services(keys, project), _pass(project))
    yield from (p for p in parts if isinstance(p, Statement))


GITHUB_ACTIONS = Feature(
    "github_actions",
    "github_actions",
    _FLAG,
    GithubKeys,
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
