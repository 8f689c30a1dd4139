"""enable_github_oidc: who deploys. A role that the repository's workflows can assume, and nobody else.

https://docs.github.com/en/actions/reference/security/oidc
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from ecsiam.errors import Fault, Path
from ecsiam.features.deploy.github_subjects import (
    CLAIMS,
    DEFAULT_TEMPLATE,
    ISSUER,
    PULL_REQUEST,
    GithubClaims,
    Repository,
    escaped,
    is_server,
    refs,
)
from ecsiam.features.deploy.oidc import OidcKeys, address_faults, product, provider_faults, provider_form
from ecsiam.features.deployer import DEPLOY_ROLES, DEPLOYERS, GITHUB_FLAG, OTHER_FLAGS
from ecsiam.keys.key import Key
from ecsiam.keys.keys import check
from ecsiam.keys.kinds import Choice, Flag, ListOf, OfForm, Whole
from ecsiam.keys.records import RecordOf
from ecsiam.keys.values import as_text
from ecsiam.model import oidc_forms
from ecsiam.model.form import Form
from ecsiam.model.parameter import Parameter
from ecsiam.model.text import Text

FLAG = GITHUB_FLAG
GITHUB_AUDIENCE = "sts.amazonaws.com"
DEPLOY = (DEPLOYERS[FLAG],)
_WHO = "who may deploy is written in the config"
_IDS_TELL = "as parameters they would have to be given: they make the subjects immutable ones"


class GithubOidcKeys(OidcKeys):
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
            OfForm(oidc_forms.GITHUB_REPO),
            DEPLOY,
            flag=FLAG,
        ),
    ] = None
    github_repos: Annotated[
        Sequence[str],
        Key(
            "Further repositories whose workflows deploy, by the same branches, environments and so on; with their ids "
            "as `OWNER@ID/REPO@ID`.",
            ListOf(OfForm(oidc_forms.GITHUB_REPOSITORY)),
            DEPLOY,
            default="none",
            flag=FLAG,
            closed=True,
            fixed=_WHO,
        ),
    ] = ()
    github_issuer: Annotated[
        str,
        Key(
            "Who signs the tokens: GitHub, an enterprise with an issuer of its own (`.../SLUG`), GHE.com "
            "(`https://token.actions.SUB.ghe.com`), or a server (`https://HOST/_services/token`).",
            OfForm(oidc_forms.GITHUB_ISSUER),
            DEPLOY,
            flag=FLAG,
            closed=True,
            settled=True,
            fixed=_WHO,
        ),
    ] = ISSUER
    github_oidc_provider_arn: Annotated[
        str | Parameter | None,
        Key(
            "The issuer's OIDC provider in this account. It has to exist, unless `create_oidc_provider` makes it.",
            OfForm(oidc_forms.OIDC_PROVIDER_ARN),
            DEPLOY,
            default="this account's provider of `github_issuer`",
            flag=FLAG,
            same_account=True,
        ),
    ] = None
    github_audience: Annotated[
        str | Parameter,
        Key(
            "The audience that the workflow asks for; `aws-actions/configure-aws-credentials` asks for the default.",
            OfForm(oidc_forms.GITHUB_AUDIENCE),
            DEPLOY,
            flag=FLAG,
        ),
    ] = GITHUB_AUDIENCE
    github_branches: Annotated[
        Sequence[str],
        Key(
            "Branches that may deploy; `release/*` is all below it.",
            ListOf(OfForm(oidc_forms.GITHUB_REF)),
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
            ListOf(OfForm(oidc_forms.GITHUB_ENVIRONMENT)),
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
            ListOf(OfForm(oidc_forms.GITHUB_REF)),
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
            "Any other subject (`sub`) of these repositories. `repo:OWNER/REPO:*` lets all that runs in one deploy.",
            ListOf(OfForm(oidc_forms.GITHUB_SUBJECT)),
            DEPLOY,
            default="none",
            flag=FLAG,
            closed=True,
            fixed=_WHO,
        ),
    ] = ()
    github_workflows: Annotated[
        Sequence[str],
        Key(
            "Reusable workflows that alone may deploy (`job_workflow_ref`), beside what the subject has to be.",
            ListOf(OfForm(oidc_forms.GITHUB_WORKFLOW)),
            DEPLOY,
            default="any",
            flag=FLAG,
            closed=True,
            fixed=_WHO,
        ),
    ] = ()
    github_claims: Annotated[
        GithubClaims | None,
        Key(
            "What other claims of the token have to be, each one of a list: all that STS has condition keys for.",
            RecordOf(GithubClaims),
            DEPLOY,
            default="any",
            flag=FLAG,
            fixed=_WHO,
            sample=("workflow:", "  - Deploy"),
        ),
    ] = None
    github_subject_template: Annotated[
        Sequence[str],
        Key(
            "The claims that GitHub makes the subject of, where that was customised (`include_claim_keys`), in order: "
            "such as `[repo, context, job_workflow_ref]`. One that no key here has the value of is written with it, "
            "`event_name:push`.",
            ListOf(OfForm(oidc_forms.SUBJECT_PART)),
            DEPLOY,
            default="GitHub's, `[repo, context]`",
            flag=FLAG,
            closed=True,
            fixed=_WHO,
            sample=("- repo", "- context", "- event_name:push"),
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
            OfForm(oidc_forms.GITHUB_ID, integers=True),
            DEPLOY,
            flag=FLAG,
            fixed=_IDS_TELL,
        ),
    ] = None
    github_repo_id: Annotated[
        str | Parameter | None,
        Key(
            "The repository's id: `gh api repos/OWNER/REPO --jq .id`.",
            OfForm(oidc_forms.GITHUB_ID, integers=True),
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
            DEPLOY_ROLES,
            default="IAM's, 3600",
            flag=FLAG,
            or_flags=OTHER_FLAGS,
        ),
    ] = None

    def form_of(self, name: str) -> Form | None:
        """The form of a key's values: a provider's ARN is of the issuer."""
        return provider_form(self.github_issuer) if name == "github_oidc_provider_arn" else super().form_of(name)

    @check("github_issuer", "github_oidc_provider_arn")
    def _provider(self) -> Iterator[Fault]:
        given = self.github_oidc_provider_arn
        return provider_faults("github_oidc_provider_arn", given, self.github_issuer, "github_issuer")

    @check()
    def _called(self) -> Iterator[Fault]:
        yield from address_faults(getattr(self, "github_repo", None), ("github_repo",))
        for i, repository in enumerate(self.github_repos):
            yield from address_faults(repository, ("github_repos", i))

    @check("github_issuer", "github_claims")
    def _server(self) -> Iterator[Fault]:
        """Of the tokens of a server STS reads audience and subject, and there are no ids in them."""
        if not is_server(self.github_issuer):
            return
        for name in ("github_owner_id", "github_repo_id", "github_claims"):
            if getattr(self, name):
                message = f"`{name}` is not for a server's tokens: STS reads their `aud` and `sub` alone"
                yield Fault(message, (name,), "Leave it out: what has to hold is a part of the subject.")
        if self.github_subject_format in ("immutable", "both"):
            yield Fault("a server's subjects have no ids", ("github_subject_format",), "Leave it out.")
        if self.github_workflows and "job_workflow_ref" not in template(self):
            remedy = "Put `job_workflow_ref` into the subject, and into `github_subject_template`."
            yield Fault("of a server's tokens STS reads no `job_workflow_ref`", ("github_workflows",), remedy)
        for i, repository in enumerate(self.github_repos):
            if repository and "@" in repository:
                yield Fault("a server's subjects have no ids", ("github_repos", i), "Write `OWNER/REPO`.")

    @check("github_repo", "github_owner_id", "github_repo_id", "github_subject_format")
    def _ids(self) -> Iterator[Fault]:
        if is_server(self.github_issuer):
            return
        ids = {"github_owner_id": self.github_owner_id, "github_repo_id": self.github_repo_id}
        missing = [name for name, value in ids.items() if not value]
        wanted = self.github_subject_format or ("immutable" if len(missing) < len(ids) else "classic")
        if wanted in ("immutable", "both") and missing:
            path = ("github_subject_format",) if self.github_subject_format else (next(n for n in ids if ids[n]),)
            need = " and ".join(f"`{m}`" for m in missing)
            remedy = "`gh api repos/OWNER/REPO --jq '.owner.id, .id'` prints both."
            yield Fault(f"`{wanted}` subjects need {need}", path, remedy)
        for i, repository in enumerate(self.github_repos):
            if repository and self.github_subject_format in ("immutable", "both") and "@" not in repository:
                message = f"`{self.github_subject_format}` subjects need the ids of `{repository}`"
                yield Fault(message, ("github_repos", i), "Write it as `OWNER@ID/REPO@ID`.")

    @check("github_repo", "github_owner_id", "github_repo_id")
    def _subjects(self) -> Iterator[Fault]:
        if not self.github_repo:
            return
        if isinstance(self.github_repo, Parameter) and self.github_subjects:
            remedy = "List branches, environments or tags, or write the repository."
            yield Fault("subjects can't be checked while `github_repo` is a parameter", ("github_subjects",), remedy)
            return
        prefixes = [str(p) for repository in repositories(self) for p in repository.prefixes().values()]
        first = template(self)[0].partition(":")[0]
        for i, subject in enumerate(self.github_subjects):
            if not subject or any(subject.startswith(p) for p in prefixes):
                continue
            key = subject.partition(":")[0]
            if key == first != "repo":
                continue
            begun = prefixes if first == "repo" else [f"{first}:"]
            also = (
                ""
                if key == "repo" or self.github_subject_template
                else (" If the repository has a template of its own, write it in `github_subject_template`.")
            )
            message = f"`{subject}` is not a subject of `{self.github_repo}`"
            yield Fault(message, ("github_subjects", i), f"Begin it with {' or '.join(f'`{p}`' for p in begun)}.{also}")

    @check("github_repo", "github_claims")
    def _template(self) -> Iterator[Fault]:
        """Each claim of the template has a value, and what may deploy is in it."""
        if not self.github_subject_template or not self.github_repo:
            return
        path = "github_subject_template"
        keys = [part.partition(":")[0] for part in template(self)]
        for i, key in enumerate(keys):
            if key in keys[:i]:
                yield Fault(f"`{key}` stands twice", (path, i), "Name each claim once.")
        for name, key in _NOT_IN.items():
            if getattr(self, name) and not {key, "context"}.intersection(keys):
                also = f", or write it in `github_claims.{key}`" if key in CLAIMS else ""
                remedy = f"Put `context`{f' or `{key}`' if key != 'context' else ''} into the template{also}."
                yield Fault(f"`{name}` is not in the subject that `{path}` makes", (name,), remedy)
        if self.github_subjects:
            return
        for repository in repositories(self):
            for i, part in enumerate(template(self)):
                if part and not _values(self, part, repository, repository.full):
                    remedy = _FROM.get(part, f"Write it with its value, `{part}:VALUE`.")
                    yield Fault(f"nothing says what `{part}` is in the subjects", (path, i), remedy)
                    return

    @check("github_claims")
    def _claimed_twice(self) -> Iterator[Fault]:
        claims = self.github_claims
        if claims and claims.job_workflow_ref and self.github_workflows:
            yield Fault("the workflows stand in two keys", ("github_workflows",), "Write them once.")
        pinned = self.github_subject_format == "both"
        for name in ("repository_id", "repository_owner_id") if claims and pinned else ():
            if getattr(claims, name):
                remedy = "Leave it out."
                yield Fault("`github_subject_format: both` pins the ids already", ("github_claims", name), remedy)


# ---------------------------------------------------------------- what the subjects are


def template(keys: GithubOidcKeys) -> Sequence[str]:
    """The claims that a subject is made of."""
    return [part for part in keys.github_subject_template if part] or DEFAULT_TEMPLATE


def repositories(keys: GithubOidcKeys) -> tuple[Repository, ...]:
    """Every repository whose workflows deploy."""
    first = Repository.of(keys.github_repo, keys.github_owner_id, keys.github_repo_id)
    return (first, *(Repository.of(written) for written in keys.github_repos if written))


def format_of(keys: GithubOidcKeys, repository: Repository) -> str:
    """The form of subject that a repository sends; empty, and then by name, where the config leaves that open."""
    if is_server(keys.github_issuer):
        return "classic"  # there is no other
    return keys.github_subject_format or ("immutable" if repository.id.parts else "")


def subjects(keys: GithubOidcKeys, repository: Repository) -> Iterator[Text]:
    """The subjects of a repository that may deploy, in each of the forms asked for."""
    called, asked = repository.called(), format_of(keys, repository) or "classic"
    for form in called if asked == "both" else [asked]:
        yield from product([_values(keys, part, repository, called[form]) for part in template(keys)])
        before = [str(p) for p in repository.prefixes().values()]
        for subject in filter(None, keys.github_subjects):
            if any(subject.startswith(p) for p in before):
                *_, rest = as_text(subject).split(":", 2)
                yield Text.of("repo:", called[form], ":", rest)
    yield from (as_text(s) for s in keys.github_subjects if s and not s.startswith("repo:"))


def _values(keys: GithubOidcKeys, part: str, repository: Repository, called: Text) -> list[Text]:
    """What a part of the template comes to, with its key: one text for each that may deploy."""
    key, *value = as_text(part).split(":", 1)
    if value:
        return [Text.of(key, ":", escaped(value[0]))]
    if part == "repo":
        return [Text.of("repo:", called)]
    if part == "context":
        return [claim for _, _, claim in contexts(keys)] or ([] if keys.github_subjects else [MAIN])
    return [Text.of(key, ":", escaped(said)) for said in _said(keys, part, repository)]


def _said(keys: GithubOidcKeys, key: str, repository: Repository) -> Sequence[str | Text]:
    """The values of a claim, as other keys have them."""
    named = repository.claim(key)
    given: Sequence[str | Text] = getattr(keys.github_claims, key, ()) or ([named] if named.parts else [])
    match key:
        case "environment":
            return keys.github_environments or given
        case "ref":
            main = [] if keys.github_subjects or given else [_MAIN_REF]
            return [*refs(keys.github_branches, keys.github_tags)] or given or main
        case "job_workflow_ref":
            return keys.github_workflows or given
        case _:
            return given


def contexts(keys: GithubOidcKeys) -> Iterator[tuple[Path, str, Text]]:
    """Where a context that may deploy is written, what stands there, and what it is in a subject."""
    for i, branch in enumerate(keys.github_branches):
        yield ("github_branches", i), branch, Text.of("ref:refs/heads/", as_text(branch))
    for i, environment in enumerate(keys.github_environments):
        yield ("github_environments", i), environment, Text.of("environment:", escaped(environment))
    for i, tag in enumerate(keys.github_tags):
        yield ("github_tags", i), tag, Text.of("ref:refs/tags/", as_text(tag))
    if keys.github_pull_requests:
        yield ("github_pull_requests",), "github_pull_requests", Text.of(PULL_REQUEST)


_MAIN_REF = Text.of("refs/heads/main")
MAIN = Text.of("ref:", _MAIN_REF)
# What may deploy, by the claim that says it: that has to be in a template, itself or as the context.
_NOT_IN = {
    "github_branches": "ref",
    "github_environments": "environment",
    "github_tags": "ref",
    "github_pull_requests": "context",
}
_FROM = {
    "environment": "List `github_environments`.",
    "job_workflow_ref": "List `github_workflows`.",
    "repository_id": "Give `github_repo_id`, and `OWNER@ID/REPO@ID` for others.",
    "repository_owner_id": "Give `github_owner_id`, and `OWNER@ID/REPO@ID` for others.",
    **{claim: f"List it in `github_claims.{claim}`." for claim in ("actor", "actor_id", "enterprise_id", "workflow")},
}
