"""enable_gitlab_oidc: a role that the pipelines of a GitLab project deploy with, and nobody else.

https://docs.gitlab.com/ci/secrets/id_token_authentication/
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

from ecsiam.errors import Fault
from ecsiam.features.assumed import OtherKey
from ecsiam.features.deploy.claims import Asked, Has, Way, asked_in, pairs, shut
from ecsiam.features.deploy.github_actions import GRANTS, GithubActionsKeys, deploying
from ecsiam.features.deploy.oidc import (
    OidcKeys,
    Pipeline,
    address_faults,
    made_provider,
    product,
    provider_faults,
    provider_form,
    provider_notes,
    provider_of,
)
from ecsiam.features.deployer import DEPLOYERS, Deployer
from ecsiam.features.feature import Feature, Part
from ecsiam.features.project import Project
from ecsiam.features.statements import MEANING, Raw
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys, check
from ecsiam.keys.kinds import Flag, ListOf, OfForm
from ecsiam.keys.raw_statement import RawStatement
from ecsiam.keys.records import RecordOf
from ecsiam.keys.values import as_text
from ecsiam.model import oidc_forms
from ecsiam.model.form import Form
from ecsiam.model.intent import Note
from ecsiam.model.oidc import OidcProvider
from ecsiam.model.parameter import Parameter
from ecsiam.model.policy import Policy
from ecsiam.model.statement import Statement
from ecsiam.model.text import Text, texts

FLAG = "enable_gitlab_oidc"
ROLE = DEPLOYERS[FLAG]
GITLAB = "https://gitlab.com"
_ROLES = (ROLE,)
_WHO = "who may deploy is written in the config"
_PAGE = "https://docs.gitlab.com/ci/secrets/id_token_authentication/"
_TEMPLATE = ("project_path", "ref_type", "ref")
_BY = Deployer(ROLE, FLAG)


def _one_of(meaning: str, form: Form) -> Key:
    return Key(meaning, ListOf(OfForm(form, integers=form is oidc_forms.CLAIM_ID)), default="any", closed=True)


class GitlabClaims(Keys):
    """What claims of a token of gitlab.com have to be, each one of a list: those that STS has condition keys for."""

    namespace_id: Annotated[Sequence[str], _one_of("The group's id.", oidc_forms.CLAIM_ID)] = ()
    pipeline_source: Annotated[Sequence[str], _one_of("What started the pipeline.", oidc_forms.CLAIM_TEXT)] = ()
    project_id: Annotated[Sequence[str], _one_of("The project's id.", oidc_forms.CLAIM_ID)] = ()
    ref_protected: Annotated[Sequence[str], _one_of("Whether the ref is protected.", oidc_forms.FLAG_CLAIM)] = ()
    runner_environment: Annotated[Sequence[str], _one_of("Whose the runner is.", oidc_forms.CLAIM_TEXT)] = ()
    user_access_level: Annotated[Sequence[str], _one_of("What the user is there.", oidc_forms.CLAIM_TEXT)] = ()
    user_email: Annotated[Sequence[str], _one_of("The user's address.", oidc_forms.CLAIM_TEXT)] = ()
    user_id: Annotated[Sequence[str], _one_of("The user's id.", oidc_forms.CLAIM_ID)] = ()
    user_login: Annotated[Sequence[str], _one_of("The user's name.", oidc_forms.CLAIM_TEXT)] = ()


_CLAIMS = tuple(GitlabClaims.keys())


class GitlabOidcKeys(OidcKeys):
    """Who deploys from GitLab."""

    heading = "Deployment from GitLab"

    enable_gitlab_oidc: Annotated[
        bool | Parameter,
        OtherKey(
            "GitLab deploys: a role of its own that may do what the deploy role of GitHub Actions may.",
            Flag(),
            _ROLES,
            needs=("gitlab_project",),
        ),
    ] = False
    gitlab_project: Annotated[
        str | Parameter | None,
        OtherKey(
            "The project whose pipelines deploy, spelt as GitLab spells it.",
            OfForm(oidc_forms.GITLAB_PROJECT),
            _ROLES,
            flag=FLAG,
        ),
    ] = None
    gitlab_url: Annotated[
        str,
        Key(
            "The instance, as the `iss` of its tokens has it.",
            OfForm(oidc_forms.OIDC_ISSUER),
            _ROLES,
            flag=FLAG,
            closed=True,
            settled=True,
            fixed=_WHO,
        ),
    ] = GITLAB
    gitlab_oidc_provider_arn: Annotated[
        str | Parameter | None,
        OtherKey(
            "The instance's OIDC provider in this account. It has to exist, unless `create_oidc_provider` makes it.",
            OfForm(oidc_forms.OIDC_PROVIDER_ARN),
            _ROLES,
            default="this account's provider of `gitlab_url`",
            flag=FLAG,
            same_account=True,
        ),
    ] = None
    gitlab_audience: Annotated[
        str | Parameter | None,
        OtherKey(
            "The audience that the job's token is for, as `id_tokens` has it (`aud`).",
            OfForm(oidc_forms.AUDIENCE),
            _ROLES,
            default="`gitlab_url`",
            flag=FLAG,
        ),
    ] = None
    gitlab_branches: Annotated[
        Sequence[str],
        Key(
            "Branches that may deploy; `release/*` is all below it.",
            ListOf(OfForm(oidc_forms.GITHUB_REF)),
            _ROLES,
            default="`main`, unless something else may deploy",
            flag=FLAG,
            closed=True,
            fixed=_WHO,
        ),
    ] = ()
    gitlab_tags: Annotated[
        Sequence[str],
        Key(
            "Git tags that may deploy, such as `v*`.",
            ListOf(OfForm(oidc_forms.GITHUB_REF)),
            _ROLES,
            default="none",
            flag=FLAG,
            closed=True,
            fixed=_WHO,
            sample=("- v*",),
        ),
    ] = ()
    gitlab_environments: Annotated[
        Sequence[str],
        Key(
            "Environments that may deploy, where `environment` is in `gitlab_subject_template`.",
            ListOf(OfForm(oidc_forms.CLAIM_TEXT)),
            _ROLES,
            default="any",
            flag=FLAG,
            closed=True,
            fixed=_WHO,
        ),
    ] = ()
    gitlab_subjects: Annotated[
        Sequence[str],
        Key(
            "Any other subject (`sub`) of this project. `project_path:GROUP/PROJECT:*` lets all of its jobs deploy.",
            ListOf(OfForm(oidc_forms.GITLAB_SUBJECT)),
            _ROLES,
            default="none",
            flag=FLAG,
            closed=True,
            fixed=_WHO,
        ),
    ] = ()
    gitlab_subject_template: Annotated[
        Sequence[str],
        Key(
            "The claims that GitLab makes the subject of, where the project has others "
            "(`ci_id_token_sub_claim_components`), in its order. A claim that no key here has the value of is written "
            "with it, `environment_protected:true`.",
            ListOf(OfForm(oidc_forms.SUBJECT_PART)),
            _ROLES,
            default="GitLab's, `[project_path, ref_type, ref]`",
            flag=FLAG,
            closed=True,
            fixed=_WHO,
            sample=("- project_path", "- ref_type", "- ref", "- environment_protected:true"),
        ),
    ] = ()
    gitlab_claims: Annotated[
        GitlabClaims | None,
        Key(
            "What other claims of a token of gitlab.com have to be, each one of a list.",
            RecordOf(GitlabClaims),
            _ROLES,
            default="any",
            flag=FLAG,
            fixed=_WHO,
            sample=("ref_protected:", '  - "true"'),
        ),
    ] = None

    gitlab_statements: Annotated[Raw, Key(MEANING, ListOf(RawStatement()), _ROLES, default="none", flag=FLAG)] = ()

    def form_of(self, name: str) -> Form | None:
        """The form of a key's values: a provider's ARN is of the instance."""
        return provider_form(self.gitlab_url) if name == "gitlab_oidc_provider_arn" else super().form_of(name)

    @check("gitlab_url", "gitlab_oidc_provider_arn")
    def _gitlab_provider(self) -> Iterator[Fault]:
        given = self.gitlab_oidc_provider_arn
        return provider_faults("gitlab_oidc_provider_arn", given, self.gitlab_url, "gitlab_url")

    @check("gitlab_project")
    def _gitlab_called(self) -> Iterator[Fault]:
        return address_faults(self.gitlab_project, ("gitlab_project",))

    @check("gitlab_url", "gitlab_claims")
    def _gitlab_claims(self) -> Iterator[Fault]:
        if self.gitlab_claims and self.gitlab_url != GITLAB:
            remedy = "Put them into the subject, with `gitlab_subject_template`."
            yield Fault(
                f"of the tokens of `{self.gitlab_url}` STS reads `aud` and `sub` alone", ("gitlab_claims",), remedy
            )

    @check("gitlab_project")
    def _gitlab_subjects(self) -> Iterator[Fault]:
        if self.gitlab_subjects and isinstance(self.gitlab_project, Parameter):
            remedy = "List branches or tags, or write the project."
            yield Fault("subjects can't be checked while `gitlab_project` is a parameter", ("gitlab_subjects",), remedy)
            return
        prefix = f"project_path:{self.gitlab_project}:"
        for i, subject in enumerate(self.gitlab_subjects if self.gitlab_project else ()):
            if subject and not subject.startswith(prefix):
                message = f"`{subject}` is not a subject of `{self.gitlab_project}`"
                yield Fault(message, ("gitlab_subjects", i), f"Begin it with `{prefix}`.")

    @check("gitlab_claims")
    def _gitlab_template(self) -> Iterator[Fault]:
        path, keys = "gitlab_subject_template", [part.partition(":")[0] for part in _template(self)]
        if keys[0] != "project_path" or ":" in _template(self)[0]:
            yield Fault("a subject of GitLab's begins with `project_path`", (path, 0), "Write it first.")
        for i, key in enumerate(keys):
            if key in keys[:i]:
                yield Fault(f"`{key}` stands twice", (path, i), "Name each claim once.")
            elif ":" not in _template(self)[i] and key not in _TEMPLATE and not _said(self, key):
                remedy = "List `gitlab_environments`." if key == "environment" else f"Write it as `{key}:VALUE`."
                yield Fault(f"nothing says what `{key}` is in the subjects", (path, i), remedy)
        for name, key in (("gitlab_branches", "ref"), ("gitlab_tags", "ref"), ("gitlab_environments", "environment")):
            if getattr(self, name) and key not in keys:
                remedy = f"Put `{key}` into `{path}`, as the project's `ci_id_token_sub_claim_components` has it."
                yield Fault(f"`{name}` is not in the subject", (name,), remedy)

    @check("gitlab_project", "gitlab_claims")
    def _gitlab_ways_in(self) -> Iterator[Fault]:
        claims = [*asked_in("gitlab_claims", self.gitlab_claims, _CLAIMS)]
        parts = [(i, part.partition(":")) for i, part in enumerate(_template(self))]
        fixed = [(("gitlab_subject_template", i), key, value) for i, (key, colon, value) in parts if colon]
        of_parts = [Way(path, f"{key}:{value}", {key: (value,)}) for path, key, value in fixed]
        in_parts = [Asked(key, (value,), path, fixed=True) for path, key, value in fixed]
        yield from shut([*_ways(self), *of_parts], [*claims, *in_parts])
        # Of one that stands in the config whole nothing says that the template made it.
        whole = enumerate(self.gitlab_subjects)
        yield from shut((Way(("gitlab_subjects", i), s, _carried(as_text(s))) for i, s in whole if s), claims)


def _template(keys: GitlabOidcKeys) -> Sequence[str]:
    """The claims that a subject is made of."""
    return [part for part in keys.gitlab_subject_template if part] or _TEMPLATE


def _said(keys: GitlabOidcKeys, key: str) -> Sequence[str]:
    """The values of a claim, as other keys have them."""
    return keys.gitlab_environments if key == "environment" else getattr(keys.gitlab_claims, key, ())


def _ways(keys: GitlabOidcKeys) -> Iterator[Way]:
    """The ways in that are listed, or the one that is there where none is."""
    for name, kind in (("gitlab_branches", "branch"), ("gitlab_tags", "tag")):
        listed = enumerate(getattr(keys, name))
        yield from (Way((name, i), ref, {"ref_type": (kind,), "ref": (ref,)}) for i, ref in listed if ref)
    listed = enumerate(keys.gitlab_environments)
    yield from (Way(("gitlab_environments", i), name, {"environment": (name,)}) for i, name in listed if name)
    if "ref" in _template(keys) and not (keys.gitlab_branches or keys.gitlab_tags or keys.gitlab_subjects):
        yield Way((), "main", {"ref_type": ("branch",), "ref": ("main",)})


def _carried(subject: Text) -> Has:
    """What a token surely has in its claims that brings a subject."""
    return {key: (value,) for key, value in pairs(subject)}


def _subjects(keys: GitlabOidcKeys) -> Iterator[Text]:
    """The subjects that may deploy."""
    refs = [("branch", branch) for branch in keys.gitlab_branches] + [("tag", tag) for tag in keys.gitlab_tags]
    if "ref" not in _template(keys):
        refs = [("", "")]
    elif not refs and not keys.gitlab_subjects:
        refs = [("branch", "main")]
    # Where only the kind of ref is in it, both kinds are, and a job has one of them.
    for kind, ref in refs:
        known: dict[str, Sequence[object]] = {
            "project_path": [keys.gitlab_project],
            "ref_type": [kind] if kind else ["branch", "tag"],
            "ref": [ref],
        }
        yield from product([_values(keys, part, known) for part in _template(keys)])
    yield from (as_text(subject) for subject in keys.gitlab_subjects if subject)


def _values(keys: GitlabOidcKeys, part: str, known: Mapping[str, Sequence[object]]) -> list[Text]:
    """What a part of the template comes to, with its key: one text for each value."""
    key, *value = as_text(part).split(":", 1)
    return [Text.of(key, ":", v) for v in value or map(as_text, known.get(part) or _said(keys, part))]


def _pipeline(keys: GitlabOidcKeys, project: Project) -> Pipeline:
    claims = {name: texts(getattr(keys.gitlab_claims, name, ())) for name in _CLAIMS}
    return Pipeline(
        role=ROLE,
        flag=FLAG,
        url=keys.gitlab_url,
        provider=provider_of(keys.gitlab_oidc_provider_arn, keys.gitlab_url, project),
        audience=as_text(keys.gitlab_audience, keys.gitlab_url),
        reason="pipelines of the project assume the role",
        subjects=tuple(_subjects(keys)),
        claims={name: values for name, values in claims.items() if values},
    )


def gitlab_trust(keys: GitlabOidcKeys, project: Project) -> Policy:
    """The trust of the role: the listed subjects of the project, with the audience pinned."""
    return _pipeline(keys, project).trust()


def gitlab_meant(keys: GitlabOidcKeys, project: Project) -> Iterator[Statement]:
    """Who is meant to deploy: the subjects that the config lists."""
    yield _pipeline(keys, project).meant()


def gitlab_trust_needs(keys: GitlabOidcKeys, project: Project) -> Iterator[Statement]:
    """Each subject that the config lists gets in, with what its token carries."""
    yield from _pipeline(keys, project).needs(_carried)


def gitlab_provider(keys: GitlabOidcKeys, project: Project) -> OidcProvider | None:
    """The provider, where it is made here."""
    return made_provider(keys, _pipeline(keys, project))


class GitlabKeys(GitlabOidcKeys, GithubActionsKeys):
    """What GitLab does with the deploy role: what GitHub Actions would."""


def _notes(keys: GitlabKeys) -> Iterator[Note]:
    yield from provider_notes(keys, keys.gitlab_url)
    prefix = f"project_path:{keys.gitlab_project}:"
    listed = [(("gitlab_branches", i), b, b) for i, b in enumerate(keys.gitlab_branches)]
    listed += [(("gitlab_tags", i), t, t) for i, t in enumerate(keys.gitlab_tags)]
    listed += [(("gitlab_subjects", i), s, s.removeprefix(prefix)) for i, s in enumerate(keys.gitlab_subjects)]
    for path, written, rest in listed:
        if not rest.strip("*?/"):
            yield Note(
                "gitlab-any-subject",
                f"`{written}` names none in particular: whoever may push to the project may deploy",
                path,
                "List those that may deploy, or what their names begin with.",
                _PAGE,
            )
    if keys.gitlab_subject_template:
        yield Note(
            "gitlab-template",
            "the project has to have these components of the subject, which a maintainer sets",
            ("gitlab_subject_template",),
            "Set `ci_id_token_sub_claim_components` by GitLab's API for projects.",
            _PAGE,
        )


def _deploys(keys: GitlabKeys, project: Project) -> Iterator[Part]:
    yield from _notes(keys)
    # What GitHub Actions' role says of what is deployed is said once.
    said = keys.when("enable_github_oidc") == ""
    yield from (p for p in deploying(keys, project, _BY) if isinstance(p, Statement) or not said)


def _needs(keys: GitlabKeys, project: Project) -> Iterator[Statement]:
    yield from (p for p in deploying(keys, project, _BY) if isinstance(p, Statement))


GITLAB_DEPLOYS = Feature(ROLE, ROLE, FLAG, GitlabKeys, _deploys, GRANTS, _needs)
