"""enable_github_oidc: who deploys. A role that the repository's workflows can assume, and nobody else.

https://docs.github.com/en/actions/reference/security/oidc
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Literal

from ecsiam.errors import Fault
from ecsiam.features.project import Project
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys, check
from ecsiam.keys.kinds import Choice, Flag, ListOf, OfForm, Whole
from ecsiam.keys.values import as_text
from ecsiam.model import forms
from ecsiam.model.condition import Condition
from ecsiam.model.parameter import Parameter
from ecsiam.model.policy import Policy
from ecsiam.model.principal import Principal
from ecsiam.model.stack import Note
from ecsiam.model.statement import Origin, Statement
from ecsiam.model.text import Ref, Text, in_order, text

FLAG = "enable_github_oidc"
ISSUER = "token.actions.githubusercontent.com"
GITHUB_AUDIENCE = "sts.amazonaws.com"
DEPLOY = ("github_actions",)
_WHO = "who may deploy is written in the config"
_IDS_TELL = "as parameters they would have to be given: they make the subjects immutable ones"
_TRUST = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html"
_SUBJECTS = "https://docs.github.com/en/actions/reference/security/oidc"


class GithubOidcKeys(Keys):
    """Who deploys from GitHub Actions."""

    heading = "Deployment from GitHub Actions"

    enable_github_oidc: Annotated[
        bool | Parameter,
        Key(
            "GitHub Actions deploys: a role of its own pushes images, registers task definitions and updates services.",
            Flag(),
            DEPLOY,
            needs=("github_repo",),
            demands=("github_owner_id", "github_repo_id"),
        ),
    ] = False
    github_repo: Annotated[
        str | Parameter | None,
        Key(
            "The repository whose workflows deploy, spelt as GitHub spells it.",
            OfForm(forms.GITHUB_REPO),
            DEPLOY,
            flag=FLAG,
        ),
    ] = None
    github_oidc_provider_arn: Annotated[
        str | Parameter | None,
        Key(
            "GitHub's OIDC provider in this account. It has to exist.",
            OfForm(forms.OIDC_PROVIDER_ARN),
            DEPLOY,
            default="this account's `oidc-provider/token.actions.githubusercontent.com`",
            flag=FLAG,
            same_account=True,
        ),
    ] = None
    github_audience: Annotated[
        str | Parameter,
        Key(
            "The audience that the workflow asks for; `aws-actions/configure-aws-credentials` asks for the default.",
            OfForm(forms.GITHUB_AUDIENCE),
            DEPLOY,
            flag=FLAG,
        ),
    ] = GITHUB_AUDIENCE
    github_branches: Annotated[
        Sequence[str],
        Key(
            "Branches that may deploy; `release/*` is all below it.",
            ListOf(OfForm(forms.GITHUB_REF)),
            DEPLOY,
            default="`main`, unless something else may deploy",
            flag=FLAG,
            closed=True,
            fixed=_WHO,
        ),
    ] = ()
    github_environments: Annotated[
        Sequence[str],
        Key(
            "GitHub environments that may deploy. A job with an environment is known by that, not by its branch.",
            ListOf(OfForm(forms.GITHUB_ENVIRONMENT)),
            DEPLOY,
            default="none",
            flag=FLAG,
            closed=True,
            fixed=_WHO,
        ),
    ] = ()
    github_tags: Annotated[
        Sequence[str],
        Key(
            "Git tags that may deploy, such as `v*`.",
            ListOf(OfForm(forms.GITHUB_REF)),
            DEPLOY,
            default="none",
            flag=FLAG,
            closed=True,
            fixed=_WHO,
            sample=("- v*",),
        ),
    ] = ()
    github_pull_requests: Annotated[
        bool,
        Key("Pull requests may deploy.", Flag(), DEPLOY, flag=FLAG, closed=True, fixed=_WHO),
    ] = False
    github_subjects: Annotated[
        Sequence[str],
        Key(
            "Any other subject (`sub`) of this repository. `repo:OWNER/REPO:*` lets all that runs in it deploy.",
            ListOf(OfForm(forms.GITHUB_SUBJECT)),
            DEPLOY,
            default="none",
            flag=FLAG,
            closed=True,
            fixed=_WHO,
        ),
    ] = ()
    github_subject_format: Annotated[
        Literal["classic", "immutable", "both"] | None,
        Key(
            "How GitHub names the repository in a subject: by name (`classic`), by name and ids (`immutable`: what is "
            "created or renamed since July 2026), or, while that changes, either (`both`).",
            Choice(("classic", "immutable", "both")),
            DEPLOY,
            default="`immutable` with the ids, else `classic`",
            flag=FLAG,
            fixed=_WHO,
        ),
    ] = None
    github_owner_id: Annotated[
        str | Parameter | None,
        Key(
            "The owner's id: `gh api repos/OWNER/REPO --jq .owner.id`.",
            OfForm(forms.GITHUB_ID, integers=True),
            DEPLOY,
            flag=FLAG,
            fixed=_IDS_TELL,
        ),
    ] = None
    github_repo_id: Annotated[
        str | Parameter | None,
        Key(
            "The repository's id: `gh api repos/OWNER/REPO --jq .id`.",
            OfForm(forms.GITHUB_ID, integers=True),
            DEPLOY,
            flag=FLAG,
            fixed=_IDS_TELL,
        ),
    ] = None
    max_session_duration: Annotated[
        int | Parameter | None,
        Key(
            "The longest session that the workflow may ask for. ECS sets the length of the tasks' sessions itself.",
            Whole(3600, 43200, "seconds"),
            DEPLOY,
            default="IAM's, 3600",
            flag=FLAG,
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


def subject_prefixes(keys: GithubOidcKeys) -> dict[str, Text]:
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


def _claims(keys: GithubOidcKeys) -> list[str]:
    """What follows `repo:OWNER/REPO:` in the subjects that may deploy."""
    claims = [f"ref:refs/heads/{b}" for b in keys.github_branches]
    # GitHub writes a colon inside a claim's value as %3A.
    claims += [f"environment:{e.replace(':', '%3A')}" for e in keys.github_environments]
    claims += [f"ref:refs/tags/{t}" for t in keys.github_tags]
    claims += ["pull_request"] if keys.github_pull_requests else []
    prefixes = [str(p) for p in subject_prefixes(keys).values()]
    claims += [s.removeprefix(p) for s in keys.github_subjects for p in prefixes if s.startswith(p)]
    return claims or ["ref:refs/heads/main"]


def _format(keys: GithubOidcKeys) -> str:
    """The form of subject that the config asks for, empty where it leaves that open: then names are taken."""
    return keys.github_subject_format or ("immutable" if keys.github_repo_id else "")


def _wanted(keys: GithubOidcKeys) -> tuple[Text, ...]:
    """Every subject that may assume the deploy role, as condition values, in each of the forms asked for."""
    prefixes = subject_prefixes(keys)
    asked = _format(keys) or "classic"
    wanted = prefixes.values() if asked == "both" else [prefixes[asked]]
    return in_order(Text.of(prefix, claim) for prefix in wanted for claim in _claims(keys))


def provider(keys: GithubOidcKeys, project: Project) -> Text:
    """GitHub's OIDC provider: as the config has it, else the one of the roles' account."""
    return as_text(keys.github_oidc_provider_arn, project.global_arn("iam", f"oidc-provider/{ISSUER}"))


def _workflows(keys: GithubOidcKeys, project: Project, *where: Condition) -> Statement:
    return Statement(
        effect="Allow",
        actions="sts:AssumeRoleWithWebIdentity",
        principals=Principal("Federated", provider(keys, project)),
        conditions=where,
        origin=Origin("github_actions", "workflows of the repository assume the role", _TRUST, FLAG),
    )


def _claim(operator: str, claim: str, values: Text | Iterable[Text]) -> Condition:
    return Condition(operator, f"{ISSUER}:{claim}", values)


def _audience(keys: GithubOidcKeys) -> Condition:
    return _claim("StringEquals", "aud", as_text(keys.github_audience, GITHUB_AUDIENCE))


def _ids(keys: GithubOidcKeys) -> list[Condition]:
    ids = {"repository_owner_id": as_text(keys.github_owner_id), "repository_id": as_text(keys.github_repo_id)}
    return [_claim("StringEquals", claim, value) for claim, value in ids.items() if value.parts]


def github_trust(keys: GithubOidcKeys, project: Project) -> Policy:
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


def github_meant(keys: GithubOidcKeys, project: Project) -> Iterator[Statement]:
    """Who is meant to deploy: the subjects that the config lists, for the audience that it has."""
    yield _workflows(keys, project, _audience(keys), _claim("StringLike", "sub", _wanted(keys)))


def github_trust_needs(keys: GithubOidcKeys, project: Project) -> Iterator[Statement]:
    """Each subject that the config lists gets in, with what its token carries; a parameter's repository too."""
    yield _workflows(keys, project, _audience(keys), *_ids(keys), _claim("StringLike", "sub", _wanted(keys)))


def github_unsure(keys: GithubOidcKeys) -> str:
    """What the config leaves open about who gets in."""
    unsure = "whether the repository sends subjects by name or with ids is left open: set `github_subject_format`"
    return "" if _format(keys) else unsure


def github_notes(keys: GithubOidcKeys, project: Project) -> Iterator[Note]:
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
