"""The trust of the role that GitHub Actions deploys with: who is let in, who is meant, who has to get in."""

from collections.abc import Iterable, Iterator
from itertools import chain

from attrs import evolve

from ecsiam.features.deploy.github_oidc import (
    FLAG,
    GITHUB_AUDIENCE,
    GithubOidcKeys,
    format_of,
    repositories,
    subjects,
    template,
)
from ecsiam.features.deploy.github_subjects import (
    CLAIMS,
    OF_REPOSITORY,
    Repository,
    carried,
    claims_unsure,
    is_server,
)
from ecsiam.features.deploy.oidc import Pipeline, made_provider, provider_of, tail
from ecsiam.features.deployer import DEPLOYERS
from ecsiam.features.project import Project
from ecsiam.keys.values import as_text
from ecsiam.model.oidc import OidcProvider
from ecsiam.model.policy import Policy
from ecsiam.model.statement import Statement
from ecsiam.model.text import Text, texts


def provider(keys: GithubOidcKeys, project: Project) -> Text:
    """The issuer's OIDC provider: as the config has it, else the one of the roles' account."""
    return provider_of(keys.github_oidc_provider_arn, keys.github_issuer, project)


def issuer(keys: GithubOidcKeys) -> str:
    """The issuer, as condition keys begin."""
    return tail(keys.github_issuer)


def _pipeline(keys: GithubOidcKeys, project: Project, *some: Repository) -> Pipeline:
    """Who deploys, from some of the repositories: what their tokens have."""
    return Pipeline(
        role=DEPLOYERS[FLAG],
        flag=FLAG,
        url=keys.github_issuer,
        provider=provider(keys, project),
        audience=as_text(keys.github_audience, GITHUB_AUDIENCE),
        reason="workflows of the repository assume the role",
        subjects=tuple(chain.from_iterable(subjects(keys, repository) for repository in some)),
        claims=asked_claims(keys),
    )


def asked_claims(keys: GithubOidcKeys) -> dict[str, tuple[Text, ...]]:
    """What is asked of other claims than the subject."""
    claims = {name: texts(getattr(keys.github_claims, name, ())) for name in CLAIMS}
    if keys.github_workflows and "job_workflow_ref" not in template(keys):
        claims["job_workflow_ref"] = texts(keys.github_workflows)
    found = {name: values for name, values in claims.items() if values}
    return {**found, **_of_the_repositories(keys, found)}


def _of_the_repositories(keys: GithubOidcKeys, asked: Iterable[str]) -> dict[str, tuple[Text, ...]]:
    """What says of which repository a token is, where the subject says that by name alone, or not at all.

    A name can be taken over by somebody else, the ids can't: they hold for both forms. A subject without the
    repository is one that anybody's template makes.
    """
    every = repositories(keys)
    names: tuple[str, ...]
    if keys.github_subject_format == "both":
        names = ("repository_owner_id", "repository_id")
    elif is_server(keys.github_issuer) or _says_repository(keys) or set(OF_REPOSITORY).intersection(asked):
        return {}
    else:
        names = ("repository_id" if all(r.has_ids for r in every) else "repository",)
    return {name: tuple(r.claim(name) for r in every) for name in names}


def _says_repository(keys: GithubOidcKeys) -> bool:
    """Whether every subject says of which repository it is."""
    others = [s for s in keys.github_subjects if s and not s.startswith("repo:")]
    return not others and any(part in OF_REPOSITORY for part in template(keys))


def github_trust(keys: GithubOidcKeys, project: Project) -> Policy:
    """The trust of the deploy role: the listed subjects of these repositories, with the audience pinned."""
    return _pipeline(keys, project, *repositories(keys)).trust()


def github_meant(keys: GithubOidcKeys, project: Project) -> Iterator[Statement]:
    """Who is meant to deploy: the subjects that the config lists, for the audience and the claims that it has."""
    yield _pipeline(keys, project, *repositories(keys)).meant()


def github_trust_needs(keys: GithubOidcKeys, project: Project) -> Iterator[Statement]:
    """Each subject that the config lists gets in, with what its token carries; a parameter's repository too."""
    parts = () if keys.github_subjects else template(keys)  # one that stands in the config whole may have others
    for repository in repositories(keys):
        of_it = _pipeline(keys, project, repository)
        named = [name for name in ("repository_owner_id", "repository_id") if repository.claim(name).parts]
        named += [name for name in ("repository",) if name in of_it.claims]
        own = {name: (repository.claim(name),) for name in named}
        yield from evolve(of_it, claims={**of_it.claims, **own}).needs(lambda s: carried(s, parts))


def github_unsure(keys: GithubOidcKeys) -> str:
    """What the config leaves open about who gets in."""
    unsure: list[str] = []
    if not all(format_of(keys, repository) for repository in repositories(keys)):
        unsure.append(
            "whether the repository sends subjects by name or with ids is left open: set `github_subject_format`"
        )
    if claims_unsure(keys.github_issuer) and asked_claims(keys):
        unsure.append(f"no page says that STS reads other claims than `aud` and `sub` of `{keys.github_issuer}`")
    return "; ".join(unsure)


def github_provider(keys: GithubOidcKeys, project: Project) -> OidcProvider | None:
    """The provider, where it is made here."""
    return made_provider(keys, _pipeline(keys, project, *repositories(keys)))
