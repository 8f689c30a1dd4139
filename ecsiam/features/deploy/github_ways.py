"""Who deploys from GitHub Actions can get in: no listed way in is shut by what is asked of claims.

https://docs.github.com/en/actions/reference/security/oidc
"""

from collections.abc import Iterator

from ecsiam.errors import Fault
from ecsiam.features.deploy.claims import Asked, Way, as_pattern, asked_in, shut
from ecsiam.features.deploy.github_oidc import MAIN, GithubOidcKeys, contexts, template
from ecsiam.features.deploy.github_subjects import CLAIMS, Repository, carried
from ecsiam.keys.values import as_text

_TEMPLATE = "github_subject_template"
_IN_AN_ENVIRONMENT = (
    "A job in an environment is known by that: list it in `github_environments`, and `{REF}` in `github_claims.ref`."
)


def ways_shut(keys: GithubOidcKeys) -> Iterator[Fault]:
    """A fault for each listed way in that claims keep shut, other keys' or those of the subject."""
    claims = [*asked_in("github_claims", keys.github_claims, CLAIMS)]
    if keys.github_workflows and all(keys.github_workflows) and "job_workflow_ref" not in template(keys):
        claims.append(Asked("job_workflow_ref", keys.github_workflows, ("github_workflows",)))
    yield from shut(_listed(keys), [*claims, *_of_the_template(keys)], _IN_AN_ENVIRONMENT)
    yield from shut(_written_out(keys), claims)


def _of_the_template(keys: GithubOidcKeys) -> Iterator[Asked]:
    """What each subject has, as the template writes it out; a job without an environment can't have one there."""
    for i, part in enumerate(template(keys)):
        key, colon, value = part.partition(":")
        if colon:
            yield Asked(key, (value,), (_TEMPLATE, i), fixed=True)
        elif key == "environment":
            yield Asked(key, ("*",), (_TEMPLATE, i), fixed=True)


def _listed(keys: GithubOidcKeys) -> Iterator[Way]:
    parts = template(keys)
    whole = "context" in parts
    listed = [*contexts(keys)] or ([((), "main", MAIN)] if whole and not keys.github_subjects else [])
    for path, shown, claim in listed:
        if shown:
            yield Way(path, shown, carried(claim, ("context",) if whole else ()))
    for i, workflow in enumerate(keys.github_workflows):
        if workflow:
            yield Way(("github_workflows", i), workflow, {"job_workflow_ref": (workflow,)})
    for i, part in enumerate(keys.github_subject_template):
        key, colon, value = (part or "").partition(":")
        if colon:
            yield Way((_TEMPLATE, i), part, {key: (value,)})
    first = Repository.of(keys.github_repo, keys.github_owner_id, keys.github_repo_id)
    yield Way(("github_repo",), str(first.full), _named(first))
    for i, written in enumerate(keys.github_repos):
        if written:
            yield Way(("github_repos", i), written, _named(Repository.of(written)))


def _named(repository: Repository) -> dict[str, tuple[str, ...]]:
    named = ((claim, repository.claim(claim)) for claim in (*CLAIMS, "repository_owner"))
    return {claim: (as_pattern(value),) for claim, value in named if value.parts}


def _written_out(keys: GithubOidcKeys) -> Iterator[Way]:
    """The subjects that stand in the config whole: nothing says that the template made them."""
    for i, subject in enumerate(keys.github_subjects):
        if subject:
            yield Way(("github_subjects", i), subject, carried(as_text(subject)))
