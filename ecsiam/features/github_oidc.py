"""enable_github_oidc: who deploys. A role that the repository's workflows can assume, and nobody else.

https://docs.github.com/en/actions/reference/security/oidc
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Literal

from ecsiam.errors import Fault, Path
from ecsiam.features.project import Project
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys, check
from ecsiam.keys.kinds import Choice, Flag, ListOf, OfForm, Whole
from ecsiam.keys.values import as_text
from ecsiam.model import forms
from ecsiam.model.condition import Condition
from ecsiam.model.globs import matches
from ecsiam.model.intent import Note
from ecsiam.model.parameter import Parameter
from ecsiam.model.policy import Policy
from ecsiam.model.principal import Principal
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
_PULL_REQUEST = "pull_request"
# Nobody calls anything so: a pattern that means all of these means every one, and one that means some of them none in
# particular.
_EVERY = {
    **{
        what: tuple(f"{before}{name}" for name in ("q", "qzxj", "qzxj-qzxj-qzxj", "qzxj/qzxj/qzxj"))
        for what, before in (("branch", "ref:refs/heads/"), ("tag", "ref:refs/tags/"), ("environment", "environment:"))
    },
    _PULL_REQUEST: (_PULL_REQUEST,),
}


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


def _written_claims(keys: GithubOidcKeys) -> Iterator[tuple[Path, str, str]]:
    """Where a subject that may deploy is written, what stands there, and what follows `repo:OWNER/REPO:` in it."""
    for i, branch in enumerate(keys.github_branches):
        yield ("github_branches", i), branch, f"ref:refs/heads/{branch}"
    for i, environment in enumerate(keys.github_environments):
        # GitHub writes a colon inside a claim's value as %3A.
        yield ("github_environments", i), environment, f"environment:{environment.replace(':', '%3A')}"
    for i, tag in enumerate(keys.github_tags):
        yield ("github_tags", i), tag, f"ref:refs/tags/{tag}"
    if keys.github_pull_requests:
        yield ("github_pull_requests",), "true", _PULL_REQUEST
    prefixes = [str(p) for p in subject_prefixes(keys).values()]
    for i, subject in enumerate(keys.github_subjects):
        for prefix in (p for p in prefixes if subject.startswith(p)):
            yield ("github_subjects", i), subject, subject.removeprefix(prefix)


def _claims(keys: GithubOidcKeys) -> list[str]:
    """What follows `repo:OWNER/REPO:` in the subjects that may deploy."""
    return [claim for _, _, claim in _written_claims(keys)] or ["ref:refs/heads/main"]


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


def _and(names: Iterable[str]) -> str:
    *some, last = (name.replace("_", " ") for name in names)
    return f"{', '.join(some)} and {last}" if some else last


def _wide_claims(keys: GithubOidcKeys) -> Iterator[Note]:
    """Subjects that let in whoever may push a branch, or open a pull request."""
    for path, subject, claim in _written_claims(keys):
        found = {what: [matches(claim, sample) for sample in samples] for what, samples in _EVERY.items()}
        every = [what for what, let_in in found.items() if all(let_in)]
        some = [what for what, let_in in found.items() if any(let_in)]
        if some not in ([], [_PULL_REQUEST]):
            whole = (
                f"lets every {_and(every)} of the repository deploy"
                if every
                else f"names no {_and(some)} in particular"
            )
            yield Note(
                "github-any-subject",
                f"`{subject}` {whole}",
                path,
                "List those that may deploy, or what their names begin with.",
                _SUBJECTS,
            )
        elif some:
            yield Note(
                "github-pull-requests",
                "every pull request from a branch of the repository may deploy, before anyone has reviewed it",
                path,
                "An environment with required reviewers is safer.",
                _SUBJECTS,
            )


def github_notes(keys: GithubOidcKeys, project: Project) -> Iterator[Note]:
    """What is worth knowing about who gets in."""
    if not _format(keys):  # chosen on purpose, it is known
        yield Note(
            "github-classic-subject",
            "the deploy role trusts subjects by name; repositories created or renamed since July 2026 send "
            "`repo:OWNER@ID/REPO@ID:...` and could not assume it",
            ("github_repo",),
            "Give `github_owner_id` and `github_repo_id`, and `github_subject_format: both` during a migration; or "
            "write `github_subject_format: classic` if it sends names.",
            _SUBJECTS,
        )
    yield from _wide_claims(keys)
    chosen = "github_audience" in keys.model_fields_set
    if project.home.partition.literal == "aws-cn" and keys.github_audience == GITHUB_AUDIENCE and not chosen:
        yield Note(
            "github-audience-cn",
            "in `aws-cn` the workflow may have to ask for another audience than `sts.amazonaws.com`",
            ("github_audience",),
            "Write what it asks for in `github_audience`: `sts.amazonaws.com.cn` or `sts.amazonaws.com`.",
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
