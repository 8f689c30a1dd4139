"""Subjects of GitHub's tokens: what a repository is called in them, and what a template makes of its claims.

https://docs.github.com/en/actions/reference/security/oidc
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated

from attrs import frozen

from ecsiam.features.deploy.claims import pairs
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys
from ecsiam.keys.kinds import ListOf, OfForm
from ecsiam.keys.values import as_text
from ecsiam.model import oidc_forms
from ecsiam.model.form import Form
from ecsiam.model.parameter import Parameter
from ecsiam.model.text import EMPTY, Ref, Text, text

ISSUER = "https://token.actions.githubusercontent.com"
DEFAULT_TEMPLATE = ("repo", "context")
PULL_REQUEST = "pull_request"
# Keys of a template that say of which repository a token is: the others anybody's token may have.
OF_REPOSITORY = ("repo", "repository", "repository_id")


def _one_of(meaning: str, form: Form) -> Key:
    return Key(meaning, ListOf(OfForm(form, integers=form is oidc_forms.CLAIM_ID)), default="any", closed=True)


class GithubClaims(Keys):
    """What claims of a token have to be, each one of a list: those that STS has condition keys for."""

    actor: Annotated[Sequence[str], _one_of("Who started the run.", oidc_forms.GITHUB_LOGIN)] = ()
    actor_id: Annotated[Sequence[str], _one_of("The id of who started the run.", oidc_forms.CLAIM_ID)] = ()
    enterprise_id: Annotated[Sequence[str], _one_of("The enterprise's id.", oidc_forms.CLAIM_ID)] = ()
    environment: Annotated[Sequence[str], _one_of("The job's environment.", oidc_forms.GITHUB_ENVIRONMENT)] = ()
    job_workflow_ref: Annotated[
        Sequence[str], _one_of("The reusable workflow, as `github_workflows`.", oidc_forms.GITHUB_WORKFLOW)
    ] = ()
    ref: Annotated[Sequence[str], _one_of("The branch or tag, as a full ref.", oidc_forms.GITHUB_FULL_REF)] = ()
    repository: Annotated[
        Sequence[str], _one_of("The repository, by its name.", oidc_forms.GITHUB_REPOSITORY_LIKE)
    ] = ()
    repository_id: Annotated[Sequence[str], _one_of("The repository's id.", oidc_forms.CLAIM_ID)] = ()
    repository_owner_id: Annotated[Sequence[str], _one_of("The owner's id.", oidc_forms.CLAIM_ID)] = ()
    workflow: Annotated[Sequence[str], _one_of("The name of the workflow.", oidc_forms.CLAIM_TEXT)] = ()


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
CLAIMS = tuple(GithubClaims.keys())


def is_server(issuer: str) -> bool:
    """Whether it is a GitHub Enterprise Server, of whose tokens STS reads audience and subject alone."""
    return issuer.endswith("/_services/token")


def claims_unsure(issuer: str) -> bool:
    """Whether no page says that STS has keys for its other claims: of an enterprise's own issuer on ghe.com."""
    return re.fullmatch(r"https://token\.actions\.[^/]+\.ghe\.com/.+", issuer) is not None


@frozen
class Repository:
    """A repository, as it is called by its name, and with its ids where they are given."""

    full: Text
    owner: Text
    name: Text
    owner_id: Text = EMPTY
    id: Text = EMPTY

    @classmethod
    def of(cls, given: object, owner_id: object = None, id: object = None) -> "Repository":
        """`OWNER/REPO`, with ids beside it or in it (`OWNER@ID/REPO@ID`), or a parameter."""
        full = as_text(given)
        if isinstance(given, Parameter):
            owner, name = (text(Ref(given.name, parameter=True, part=i)) for i in (0, 1))
        else:
            owner, name = full.split("/", 1)
        ids = (as_text(owner_id), as_text(id))
        if len(owner.split("@", 1)) == len(name.split("@", 1)) == 2:
            (owner, own), (name, its) = owner.split("@", 1), name.split("@", 1)
            ids, full = (own, its), Text.of(owner, "/", name)
        return cls(full, owner, name, *ids)

    @property
    def has_ids(self) -> bool:
        return bool(self.owner_id.parts and self.id.parts)

    def called(self) -> dict[str, Text]:
        """What it is called in a subject, by form: by name, and with both ids given also by name and id."""
        names = {"classic": self.full}
        if self.has_ids:
            names["immutable"] = Text.of(self.owner, "@", self.owner_id, "/", self.name, "@", self.id)
        return names

    def prefixes(self) -> dict[str, Text]:
        """How its subjects begin, by form, unless a template has another order."""
        return {form: Text.of("repo:", name, ":") for form, name in self.called().items()}

    def claim(self, key: str) -> Text:
        """What its tokens have in one of the claims that name it; empty while that isn't known."""
        return {
            "repository": self.full,
            "repository_owner": self.owner,
            "repository_id": self.id,
            "repository_owner_id": self.owner_id,
        }.get(key, EMPTY)


def escaped(value: str | Text) -> Text:
    """A claim's value inside a subject: GitHub writes a colon there as `%3A`."""
    parts = (value if isinstance(value, Text) else as_text(value)).parts
    return Text.of(*(p.replace(":", "%3A") if isinstance(p, str) else p for p in parts))


# A merged pull request has the branch that it was merged into:
# https://docs.github.com/en/actions/reference/workflows-and-actions/contexts#github-context
_OF_PULL_REQUESTS = ("refs/pull/*/merge", "refs/heads/*")


def carried(subject: Text, parts: Sequence[str] = ()) -> dict[str, Sequence[str]]:
    """What a token surely has in its claims that brings a subject, or the end of one.

    `parts` are those of the template, where that surely made it: a context that is no environment is of a job without.
    """
    has: dict[str, Sequence[str]] = {}
    for at, (key, value) in enumerate(pairs(subject, (PULL_REQUEST,))):
        if key == PULL_REQUEST:
            has["ref"] = _OF_PULL_REQUESTS
        else:
            has[key] = (value.replace("%3A", ":"),)
        if key != "environment" and parts[at : at + 1] in (["context"], ("context",)):
            has["environment"] = ()
    return has


def refs(branches: Iterable[str], tags: Iterable[str]) -> Iterator[Text]:
    """Full refs of branches and tags."""
    yield from (Text.of("refs/heads/", as_text(b)) for b in branches)
    yield from (Text.of("refs/tags/", as_text(t)) for t in tags)
