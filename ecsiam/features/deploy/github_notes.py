"""What is worth knowing about who deploys from GitHub Actions."""

from collections.abc import Iterable, Iterator

from ecsiam.errors import Path
from ecsiam.features.deploy.github_oidc import (
    GITHUB_AUDIENCE,
    GithubOidcKeys,
    contexts,
    format_of,
    repositories,
    template,
)
from ecsiam.features.deploy.github_subjects import PULL_REQUEST, claims_unsure, is_server
from ecsiam.features.deploy.github_trust import asked_claims
from ecsiam.features.deploy.oidc import TRUST_PAGE, provider_notes
from ecsiam.features.project import Project
from ecsiam.model.globs import matches
from ecsiam.model.intent import Note

_SUBJECTS = "https://docs.github.com/en/actions/reference/security/oidc"
# Nobody calls anything so: a pattern that means all of these means every one, and one that means some of them none in
# particular.
_EVERY = {
    **{
        what: tuple(f"{before}{name}" for name in ("q", "qzxj", "qzxj-qzxj-qzxj", "qzxj/qzxj/qzxj"))
        for what, before in (("branch", "ref:refs/heads/"), ("tag", "ref:refs/tags/"), ("environment", "environment:"))
    },
    PULL_REQUEST: (PULL_REQUEST,),
}


def _written(keys: GithubOidcKeys) -> Iterator[tuple[Path, str, str]]:
    """Where a subject that may deploy is written, what stands there, and what it says beside the repository."""
    yield from ((path, shown, str(claim)) for path, shown, claim in contexts(keys))
    prefixes = [str(p) for repository in repositories(keys) for p in repository.prefixes().values()]
    for i, subject in enumerate(keys.github_subjects):
        for prefix in (p for p in prefixes if subject.startswith(p)):
            yield ("github_subjects", i), subject, subject.removeprefix(prefix)


def _and(names: Iterable[str]) -> str:
    *some, last = (name.replace("_", " ") for name in names)
    return f"{', '.join(some)} and {last}" if some else last


def _wide_claims(keys: GithubOidcKeys) -> Iterator[Note]:
    """Subjects that let in whoever may push a branch, or open a pull request."""
    for path, subject, claim in _written(keys):
        found = {what: [matches(claim, sample) for sample in samples] for what, samples in _EVERY.items()}
        every = [what for what, let_in in found.items() if all(let_in)]
        some = [what for what, let_in in found.items() if any(let_in)]
        if some not in ([], [PULL_REQUEST]):
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


def _of_settings(keys: GithubOidcKeys) -> Iterator[Note]:
    """What hangs on a setting of GitHub's that can't be seen from here."""
    if keys.github_subject_template:
        yield Note(
            "github-template",
            "the repository has to have this template: one of its organisation reaches it only once it opted in "
            "(`use_default: false`)",
            ("github_subject_template",),
            "`gh api repos/OWNER/REPO/actions/oidc/customization/sub` shows which it has.",
            _SUBJECTS,
        )
    names = [*((("github_environments", i), name) for i, name in enumerate(keys.github_environments))]
    for path, name in names if is_server(keys.github_issuer) else ():
        if ":" in name:
            yield Note(
                "github-server-colon",
                f"a server up to 3.18 sends `{name}` with its colon, a newer one with `%3A`, which is what is trusted",
                path,
                "Call the environment something without one, or list the subject in `github_subjects`.",
                _SUBJECTS,
            )
    if claims_unsure(keys.github_issuer) and asked_claims(keys):
        yield Note(
            "github-claims-unsure",
            f"no page says that STS reads other claims than `aud` and `sub` of `{keys.github_issuer}`",
            ("github_issuer",),
            "Put the claims into the subject, with `github_subject_template`.",
            "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html",
        )
    refs = keys.github_claims and keys.github_claims.ref
    if keys.github_branches and keys.github_environments and "context" in template(keys) and not refs:
        yield Note(
            "github-environment-wins",
            "a job with an environment is let in by that alone, from whatever branch: its subject names none",
            ("github_environments",),
            "Restrict the branches of the environment in GitHub"
            + ("." if keys.github_tags or keys.github_pull_requests else ", or list them in `github_claims.ref` too."),
            _SUBJECTS,
        )


def github_notes(keys: GithubOidcKeys, project: Project) -> Iterator[Note]:
    """What is worth knowing about who gets in."""
    if not all(format_of(keys, repository) for repository in repositories(keys)):  # chosen on purpose, it is known
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
    yield from _of_settings(keys)
    yield from provider_notes(keys, keys.github_issuer)
    chosen = "github_audience" in keys.model_fields_set
    if project.home.partition.literal == "aws-cn" and keys.github_audience == GITHUB_AUDIENCE and not chosen:
        yield Note(
            "github-audience-cn",
            "in `aws-cn` the workflow may have to ask for another audience than `sts.amazonaws.com`",
            ("github_audience",),
            "Write what it asks for in `github_audience`: `sts.amazonaws.com.cn` or `sts.amazonaws.com`.",
            TRUST_PAGE,
        )
    if project.role_names["github_actions"].literal == "GitHubActions":
        yield Note(
            "github-role-name",
            "a role called exactly `GitHubActions` is reported to fail",
            ("role_names", "github_actions"),
            "Choose another name.",
            "https://github.com/aws-actions/configure-aws-credentials",
        )
