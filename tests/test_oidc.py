"""Who deploys by a token: what GitHub, GitLab and others send, written here apart from what makes the trusts."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from ecsiam import ConfigError, Fails, Holds, Parameter, build, emit, parse_policy, prove
from ecsiam.analysis.tokens import Judged, judged
from ecsiam.cli.tokens import trust as command
from ecsiam.features.deploy.ci_oidc import SERVICES, service
from ecsiam.model.stack import Stack

from .command_line import said
from .written import config

HOME: dict[str, Any] = {"account_id": "123456789012", "aws_region": "eu-west-2"}
GITHUB: dict[str, Any] = {
    **HOME,
    "enable_github_oidc": True,
    "github_repo": "octo-org/memos",
    "github_subject_format": "classic",
}
IDS: dict[str, Any] = {"github_owner_id": 12, "github_repo_id": 34, "github_subject_format": None}
GITLAB: dict[str, Any] = {**HOME, "enable_gitlab_oidc": True, "gitlab_project": "octo/web/memos"}
CI: dict[str, Any] = {**HOME, "enable_ci_oidc": True}
COM = "https://token.actions.githubusercontent.com"
SERVER = "https://ghe.example.com/_services/token"
FLOW = "octo-org/automation/.github/workflows/deploy.yml@refs/heads/main"
UUID = "01234567-89ab-cdef-0123-456789abcdef"


def stack(**keys: Any) -> Stack:
    return build(config(**keys))


# ---------------------------------------------------------------- what GitHub sends
# https://docs.github.com/en/actions/reference/security/oidc


def github(
    repo: str = "octo-org/memos",
    *,
    branch: str = "",
    tag: str = "",
    environment: str = "",
    pull_request: bool = False,
    template: tuple[str, ...] = ("repo", "context"),
    ids: tuple[int, int] | None = None,
    immutable: bool = False,
    issuer: str = COM,
    aud: str = "sts.amazonaws.com",
    **more: str,
) -> dict[str, Any]:
    """The claims of a job's token."""
    owner, name = repo.split("/")
    ref = f"refs/tags/{tag}" if tag else "refs/pull/7/merge" if pull_request else f"refs/heads/{branch or 'main'}"
    claims: dict[str, Any] = {"repository": repo, "repository_owner": owner, "ref": ref, **more}
    if environment:
        claims["environment"] = environment
    if ids:
        claims |= {"repository_owner_id": str(ids[0]), "repository_id": str(ids[1])}
    called = f"{owner}@{ids[0]}/{name}@{ids[1]}" if ids and immutable else repo
    context = "pull_request" if pull_request else f"ref:{ref}"
    if environment:
        context = f"environment:{environment.replace(':', '%3A')}"
    parts = {"repo": f"repo:{called}", "context": context}
    sub = ":".join(parts.get(key) or f"{key}:{str(claims[key]).replace(':', '%3A')}" for key in template)
    return {**claims, "iss": issuer, "aud": aud, "sub": sub}


def gitlab(
    project: str = "octo/web/memos",
    *,
    branch: str = "",
    tag: str = "",
    components: tuple[str, ...] = ("project_path", "ref_type", "ref"),
    issuer: str = "https://gitlab.com",
    aud: str = "https://gitlab.com",
    **more: str,
) -> dict[str, Any]:
    kind = "tag" if tag else "branch"
    claims = {"project_path": project, "ref_type": kind, "ref": tag or branch or "main", **more}
    return {**claims, "iss": issuer, "aud": aud, "sub": ":".join(f"{c}:{claims[c]}" for c in components)}


Row = tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]
TEMPLATE = ("repo", "context", "job_workflow_ref")
# by the form: keys, tokens that get in, tokens that don't
FORMS: dict[str, Row] = {
    "nothing said": (GITHUB, [github(branch="main")], [github(branch="dev"), github("octo-org/other")]),
    "branches": (
        {**GITHUB, "github_branches": ["main", "release/*"]},
        [github(branch="main"), github(branch="release/1/2")],
        [github(tag="main"), github(branch="main", environment="main"), github(branch="mainline")],
    ),
    "a branch and an environment: the environment is what is sent": (
        {**GITHUB, "github_branches": ["main"], "github_environments": ["prod"]},
        [github(branch="main"), github(branch="dev", environment="prod")],
        [github(branch="main", environment="dev")],
    ),
    "an environment with a colon": (
        {**GITHUB, "github_environments": ["prod:eu"]},
        [github(environment="prod:eu")],
        [github(environment="prod"), github(branch="main")],
    ),
    "tags and pull requests": (
        {**GITHUB, "github_tags": ["v?"], "github_pull_requests": True},
        [github(tag="v1"), github(pull_request=True)],
        [github(tag="v10"), github(branch="v1")],
    ),
    "ids": (
        {**GITHUB, **IDS},
        [github(ids=(12, 34), immutable=True)],
        [github(ids=(12, 34)), github(ids=(12, 35), immutable=True), github(ids=(13, 34), immutable=True)],
    ),
    "both forms": (
        {**GITHUB, **IDS, "github_subject_format": "both"},
        [github(ids=(12, 34), immutable=True), github(ids=(12, 34))],
        [github(ids=(12, 35)), github(ids=(13, 34)), github()],
    ),
    "several repositories": (
        {**GITHUB, "github_repos": ["octo-org/infra", "octo-org@12/web@56"]},
        [github(), github("octo-org/infra"), github("octo-org/web", ids=(12, 56))],
        [github("octo-org/infra2"), github("other/infra")],
    ),
    "several repositories with their ids": (
        {**GITHUB, **IDS, "github_repos": ["octo-org@12/web@56"], "github_subject_format": "both"},
        [github(ids=(12, 34)), github("octo-org/web", ids=(12, 56), immutable=True)],
        [github("octo-org/web", ids=(12, 57)), github("octo-org/web", ids=(13, 56))],
    ),
    "a reusable workflow": (
        {**GITHUB, "github_workflows": [FLOW]},
        [github(job_workflow_ref=FLOW)],
        [github(), github(job_workflow_ref=f"{FLOW}2"), github(branch="dev", job_workflow_ref=FLOW)],
    ),
    "reusable workflows, one of any tag": (
        {**GITHUB, "github_workflows": [FLOW, "octo-org/automation/.github/workflows/deploy.yml@refs/tags/v*"]},
        [
            github(job_workflow_ref=FLOW),
            github(job_workflow_ref="octo-org/automation/.github/workflows/deploy.yml@refs/tags/v2"),
        ],
        [github(job_workflow_ref="octo-org/automation/.github/workflows/deploy.yml@refs/heads/v2")],
    ),
    "claims": (
        {
            **GITHUB,
            "github_environments": ["prod"],
            "github_claims": {"ref": ["refs/heads/main"], "actor": ["octo*"], "repository_owner_id": [12]},
        },
        [github(environment="prod", ids=(12, 34), actor="octocat")],
        [
            github(environment="prod", branch="dev", ids=(12, 34), actor="octocat"),
            github(environment="prod", ids=(12, 34), actor="mona"),
            github(environment="prod", ids=(13, 34), actor="octocat"),
            github(environment="prod", actor="octocat"),
        ],
    ),
    "a template with the workflow": (
        {**GITHUB, "github_subject_template": TEMPLATE, "github_workflows": [FLOW], "github_environments": ["p:q"]},
        [github(environment="p:q", template=TEMPLATE, job_workflow_ref=FLOW)],
        [
            github(environment="p:q", job_workflow_ref=FLOW),
            github(environment="p:q", template=TEMPLATE, job_workflow_ref=f"{FLOW}x"),
            github(template=TEMPLATE, job_workflow_ref=FLOW),
        ],
    ),
    "a template of ref and environment": (
        {
            **GITHUB,
            "github_subject_template": ["repo", "ref", "environment"],
            "github_branches": ["main"],
            "github_environments": ["prod", "stage"],
        },
        [github(environment=e, template=("repo", "ref", "environment")) for e in ("prod", "stage")],
        [github(environment="prod", branch="dev", template=("repo", "ref", "environment")), github(branch="main")],
    ),
    "a template without the repository, which anybody may have": (
        {**GITHUB, "github_subject_template": ["environment"], "github_environments": ["prod"]},
        [github(environment="prod", template=("environment",))],
        [github("evil/memos", environment="prod", template=("environment",))],
    ),
    "a template of the owner, with ids": (
        {
            **GITHUB,
            **IDS,
            "github_subject_template": ["repository_owner", "event_name:push"],
        },
        [github(template=("repository_owner", "event_name"), ids=(12, 34), event_name="push")],
        [
            github(template=("repository_owner", "event_name"), ids=(12, 35), event_name="push"),
            github(template=("repository_owner", "event_name"), ids=(12, 34), event_name="release"),
        ],
    ),
    "a template of ids": (
        {**GITHUB, **IDS, "github_subject_template": ["repository_id", "context"]},
        [github(template=("repository_id", "context"), ids=(12, 34))],
        [github(template=("repository_id", "context"), ids=(12, 35))],
    ),
    "ids stay in a customised subject": (
        {**GITHUB, **IDS, "github_subject_template": TEMPLATE, "github_workflows": [FLOW]},
        [github(template=TEMPLATE, ids=(12, 34), immutable=True, job_workflow_ref=FLOW)],
        [github(template=TEMPLATE, ids=(12, 34), job_workflow_ref=FLOW)],
    ),
    "a subject of another template, written out": (
        {
            **GITHUB,
            "github_subject_template": ["environment", "event_name:push"],
            "github_subjects": ["environment:prod:event_name:push"],
        },
        [github(environment="prod", template=("environment", "event_name"), event_name="push")],
        [github("evil/memos", environment="prod", template=("environment", "event_name"), event_name="push")],
    ),
    "an enterprise's issuer": (
        {**GITHUB, "github_issuer": f"{COM}/octo", "github_claims": {"workflow": ["Deploy"]}},
        [github(issuer=f"{COM}/octo", workflow="Deploy")],
        [github(workflow="Deploy"), github(issuer=f"{COM}/other", workflow="Deploy"), github(issuer=f"{COM}/octo")],
    ),
    "GHE.com": (
        {**GITHUB, "github_issuer": "https://token.actions.octo.ghe.com", "github_workflows": [FLOW]},
        [github(issuer="https://token.actions.octo.ghe.com", job_workflow_ref=FLOW)],
        [github(job_workflow_ref=FLOW), github(issuer="https://token.actions.octo.ghe.com")],
    ),
    "a server": (
        {**GITHUB, "github_issuer": SERVER, "github_environments": ["prod"]},
        [github(issuer=SERVER, environment="prod")],
        [github(environment="prod"), github(issuer=SERVER)],
    ),
    "a server's template": (
        {**GITHUB, "github_issuer": SERVER, "github_subject_template": TEMPLATE, "github_workflows": [FLOW]},
        [github(issuer=SERVER, template=TEMPLATE, job_workflow_ref=FLOW)],
        [github(issuer=SERVER, job_workflow_ref=FLOW)],
    ),
    "another audience": (
        {**GITHUB, "github_audience": "https://github.com/octo-org"},
        [github(aud="https://github.com/octo-org"), {**github(aud="x"), "azp": "https://github.com/octo-org"}],
        [github(), {**github(aud="https://github.com/octo-org"), "azp": "x"}],
    ),
    "GitLab": (
        {**GITLAB, "gitlab_branches": ["main", "release/*"], "gitlab_tags": ["v1"]},
        [gitlab(), gitlab(branch="release/1"), gitlab(tag="v1")],
        [gitlab(branch="v1"), gitlab(tag="main"), gitlab("octo/web/memos2"), gitlab(aud="sts.amazonaws.com")],
    ),
    "GitLab, nothing said": (GITLAB, [gitlab()], [gitlab(tag="main"), gitlab(branch="dev")]),
    "GitLab's claims": (
        {**GITLAB, "gitlab_claims": {"ref_protected": ["true"], "project_id": [7]}},
        [gitlab(ref_protected="true", project_id="7")],
        [gitlab(ref_protected="false", project_id="7"), gitlab(ref_protected="true"), gitlab()],
    ),
    "a GitLab of one's own, which says more": (
        {
            **GITLAB,
            "gitlab_url": "https://example.com/gitlab",
            "gitlab_audience": "sts.amazonaws.com",
            "gitlab_environments": ["prod"],
            "gitlab_subject_template": ["project_path", "ref_type", "ref", "environment", "ref_protected:true"],
        },
        [
            gitlab(
                issuer="https://example.com/gitlab",
                aud="sts.amazonaws.com",
                components=("project_path", "ref_type", "ref", "environment", "ref_protected"),
                environment="prod",
                ref_protected="true",
            )
        ],
        [gitlab(issuer="https://example.com/gitlab", aud="sts.amazonaws.com"), gitlab(aud="sts.amazonaws.com")],
    ),
    "GitLab without refs": (
        {**GITLAB, "gitlab_subject_template": ["project_path", "environment_protected:true"]},
        [gitlab(components=("project_path", "environment_protected"), environment_protected="true")],
        [gitlab(components=("project_path", "environment_protected"), environment_protected="false"), gitlab()],
    ),
    "Buildkite": (
        {
            **CI,
            "ci_issuer": "https://agent.buildkite.com",
            "ci_subjects": ["organization:octo:pipeline:memos:ref:refs/heads/main:*"],
        },
        [
            {
                "iss": "https://agent.buildkite.com",
                "aud": "sts.amazonaws.com",
                "sub": "organization:octo:pipeline:memos:ref:refs/heads/main:commit:abc:step:deploy",
            }
        ],
        [
            {
                "iss": "https://agent.buildkite.com",
                "aud": "sts.amazonaws.com",
                "sub": "organization:octo:pipeline:other:ref:refs/heads/main:commit:abc:step:deploy",
            }
        ],
    ),
    "CircleCI": (
        {
            **CI,
            "ci_issuer": f"https://oidc.circleci.com/org/{UUID}",
            "ci_subjects": [f"org/{UUID}/project/{UUID}/user/{UUID}"],
        },
        [
            {
                "iss": f"https://oidc.circleci.com/org/{UUID}",
                "aud": UUID,
                "sub": f"org/{UUID}/project/{UUID}/user/{UUID}",
            }
        ],
        [{"iss": f"https://oidc.circleci.com/org/{UUID}", "aud": UUID, "sub": f"org/{UUID}/project/{UUID}/user/x"}],
    ),
}


def answers(of: Stack, token: dict[str, Any]) -> dict[str, Judged]:
    roles = [id for id in ("github_actions", "gitlab", "ci") if id in of.roles]
    return {id: judged(of.roles[id].trust, token) for id in roles}


@pytest.mark.parametrize("form", FORMS)
def test_what_is_sent_gets_in_and_the_neighbours_do_not(form: str) -> None:
    keys, let_in, kept_out = FORMS[form]
    made = stack(**keys)
    for token in let_in:
        (answer,) = answers(made, token).values()
        assert answer.outcome == "accepted", (token["sub"], answer)
    for token in kept_out:
        (answer,) = answers(made, token).values()
        assert answer.outcome == "refused", (token["sub"], answer)
        assert all(t.unmet for t in answer.tried)


@pytest.mark.parametrize("form", FORMS)
def test_it_is_proved_for_every_token(form: str) -> None:
    keys, _, _ = FORMS[form]
    found = prove(stack(**keys), only=["trust", "oidc-subject"])
    assert {id: type(a).__name__ for id, a in found.items()} == {"trust": "Holds", "oidc-subject": "Holds"}


# ---------------------------------------------------------------- what is refused

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a subject of every repository": (
        {**GITHUB, "github_subjects": ["*"]},
        "`*` lets every repository of GitHub in @ $.github_subjects[0]. Write `repo:OWNER/REPO:` and what follows.",
    ),
    "an owner with a star": (
        {**GITHUB, "github_subjects": ["repo:octo*:x"]},
        "`repo:octo*:x` has a wildcard in the repository @ $.github_subjects[0]. "
        "Name the one repository: `repo:OWNER/REPO:`.",
    ),
    "a subject of a template that isn't written": (
        {**GITHUB, "github_subjects": ["repository_id:34:x"]},
        "`repository_id:34:x` is not a subject of `octo-org/memos` @ $.github_subjects[0]. Begin it with "
        "`repo:octo-org/memos:`. If the repository has a template of its own, write it in `github_subject_template`.",
    ),
    "a claim without a value": (
        {**GITHUB, "github_subject_template": ["repo", "event_name"]},
        "nothing says what `event_name` is in the subjects @ $.github_subject_template[1]. "
        "Write it with its value, `event_name:VALUE`.",
    ),
    "an environment that the subject leaves out": (
        {**GITHUB, "github_subject_template": ["repo", "ref"], "github_environments": ["prod"]},
        "`github_environments` is not in the subject that `github_subject_template` makes @ $.github_environments. "
        "Put `context` or `environment` into the template, or write it in `github_claims.environment`.",
    ),
    "claims of a server": (
        {**GITHUB, "github_issuer": SERVER, "github_claims": {"ref": ["refs/heads/main"]}},
        "`github_claims` is not for a server's tokens: STS reads their `aud` and `sub` alone @ $.github_claims. "
        "Leave it out: what has to hold is a part of the subject.",
    ),
    "ids of a server": (
        {**GITHUB, "github_issuer": SERVER, "github_subject_format": "both"},
        "a server's subjects have no ids @ $.github_subject_format. Leave it out.",
    ),
    "a workflow of a server": (
        {**GITHUB, "github_issuer": SERVER, "github_workflows": [FLOW]},
        "of a server's tokens STS reads no `job_workflow_ref` @ $.github_workflows. "
        "Put `job_workflow_ref` into the subject, and into `github_subject_template`.",
    ),
    "another issuer's provider": (
        {**GITHUB, "github_oidc_provider_arn": f"arn:aws:iam::123456789012:oidc-provider/{COM[8:]}/octo"},
        f"`arn:aws:iam::123456789012:oidc-provider/{COM[8:]}/octo` is not the provider of `{COM}` "
        "@ $.github_oidc_provider_arn. Write the issuer of its tokens in `github_issuer`, or the ARN that ends in "
        f"`oidc-provider/{COM[8:]}`.",
    ),
    "one id of two": (
        {**GITHUB, "github_repos": ["octo-org@1/infra"]},
        "`octo-org@1/infra` has one id of the two @ $.github_repos[0]. Write both, or neither.",
    ),
    "ids that are missing": (
        {**GITHUB, **IDS, "github_subject_format": "both", "github_repos": ["octo-org/infra"]},
        "`both` subjects need the ids of `octo-org/infra` @ $.github_repos[0]. Write it as `OWNER@ID/REPO@ID`.",
    ),
    "an issuer with a port": (
        {**GITHUB, "github_issuer": "https://ghe.example.com:8443/_services/token"},
        "`https://ghe.example.com:8443/_services/token` has a port @ $.github_issuer. IAM takes an issuer without one.",
    ),
    "every project": (
        {**GITLAB, "gitlab_subjects": ["project_path:octo/*"]},
        "`project_path:octo/*` has a wildcard in the project @ $.gitlab_subjects[0]. Name the one project.",
    ),
    "another project": (
        {**GITLAB, "gitlab_subjects": ["project_path:octo/web/other:*"]},
        "`project_path:octo/web/other:*` is not a subject of `octo/web/memos` @ $.gitlab_subjects[0]. "
        "Begin it with `project_path:octo/web/memos:`.",
    ),
    "claims of a GitLab of one's own": (
        {**GITLAB, "gitlab_url": "https://gitlab.example.com", "gitlab_claims": {"ref_protected": ["true"]}},
        "of the tokens of `https://gitlab.example.com` STS reads `aud` and `sub` alone @ $.gitlab_claims. "
        "Put them into the subject, with `gitlab_subject_template`.",
    ),
    "GitLab's template begins otherwise": (
        {**GITLAB, "gitlab_subject_template": ["ref"]},
        "a subject of GitLab's begins with `project_path` @ $.gitlab_subject_template[0]. Write it first.",
    ),
    "environments that GitLab's subject leaves out": (
        {**GITLAB, "gitlab_environments": ["prod"]},
        "`gitlab_environments` is not in the subject @ $.gitlab_environments. Put `environment` into "
        "`gitlab_subject_template`, as the project's `ci_id_token_sub_claim_components` has it.",
    ),
    "somebody's pipeline": (
        {**CI, "ci_issuer": "https://agent.buildkite.com", "ci_subjects": ["organization:*"]},
        "`organization:*` does not say whose the pipeline is @ $.ci_subjects[0]. "
        "A subject of Buildkite begins with `organization:ORG:pipeline:PIPELINE:`.",
    ),
    "everybody": (
        {**CI, "ci_issuer": "https://agent.buildkite.com", "ci_subjects": ["*"]},
        "`*` lets everybody in, which IAM refuses @ $.ci_subjects[0]. Write what says whose the pipeline is.",
    ),
    "an audience that nobody knows": (
        {**CI, "ci_issuer": "https://ci.example.com", "ci_subjects": ["job:1"]},
        "nothing says which audience the tokens of `https://ci.example.com` are for @ $.ci_issuer. "
        "Write `ci_audience`.",
    ),
    "GitHub by another door": (
        {**CI, "ci_issuer": COM, "ci_subjects": ["repo:octo-org/memos:*"]},
        f"`{COM}` has keys of its own @ $.ci_issuer. Turn on `enable_github_oidc` instead.",
    ),
    "a branch that claims leave out": (
        {**GITHUB, "github_branches": ["main", "release"], "github_claims": {"ref": ["refs/heads/main"]}},
        "`release` can't get in: its tokens have the `ref` `refs/heads/release`, and `github_claims.ref` asks for "
        "another @ $.github_branches[1]. Write `refs/heads/release` there too, or leave `release` out.",
    ),
    "a tag that claims leave out": (
        {**GITHUB, "github_tags": ["v*"], "github_claims": {"ref": ["refs/heads/*", "refs/tags/w*"]}},
        "`v*` can't get in: its tokens have the `ref` `refs/tags/v*`, and `github_claims.ref` asks for another "
        "@ $.github_tags[0]. Write `refs/tags/v*` there too, or leave `v*` out.",
    ),
    "pull requests that claims leave out": (
        {**GITHUB, "github_pull_requests": True, "github_claims": {"ref": ["refs/tags/v1"]}},
        "`github_pull_requests` can't get in: its tokens have the `ref` `refs/pull/*/merge` or `refs/heads/*`, and "
        "`github_claims.ref` asks for another @ $.github_pull_requests. Write `refs/pull/*/merge` there too, or leave "
        "`github_pull_requests` out.",
    ),
    "the branch that nobody wrote": (
        {**GITHUB, "github_claims": {"ref": ["refs/heads/dev"]}},
        "`main`, which may deploy where nothing else is listed, can't get in: its tokens have the `ref` "
        "`refs/heads/main`, and `github_claims.ref` asks for another @ $.github_claims.ref. Write `refs/heads/main` "
        "there too, or list those that may deploy.",
    ),
    "a branch in an environment": (
        {**GITHUB, "github_branches": ["main"], "github_claims": {"environment": ["prod"]}},
        "`main` can't get in: its tokens have no `environment`, and `github_claims.environment` asks for one "
        "@ $.github_branches[0]. A job in an environment is known by that: list it in `github_environments`, and "
        "`refs/heads/main` in `github_claims.ref`.",
    ),
    "an environment that claims leave out": (
        {**GITHUB, "github_environments": ["prod:eu", "stage"], "github_claims": {"environment": ["prod:*"]}},
        "`stage` can't get in: its tokens have the `environment` `stage`, and `github_claims.environment` asks for "
        "another @ $.github_environments[1]. Write `stage` there too, or leave `stage` out.",
    ),
    "a repository that claims leave out": (
        {**GITHUB, "github_repos": ["octo-org/infra"], "github_claims": {"repository": ["octo-org/me*"]}},
        "`octo-org/infra` can't get in: its tokens have the `repository` `octo-org/infra`, and "
        "`github_claims.repository` asks for another @ $.github_repos[0]. Write `octo-org/infra` there too, or leave "
        "`octo-org/infra` out.",
    ),
    "an owner whom claims leave out": (
        {**GITHUB, **IDS, "github_claims": {"repository_owner_id": [13]}},
        "`octo-org/memos` can't get in: its tokens have the `repository_owner_id` `12`, and "
        "`github_claims.repository_owner_id` asks for another @ $.github_repo. Write `12` there too, or leave "
        "`octo-org/memos` out.",
    ),
    "a subject that claims leave out": (
        {
            **GITHUB,
            "github_subjects": ["repo:octo-org/memos:ref:refs/heads/dev*", "repo:octo-org/memos:ref:*"],
            "github_claims": {"ref": ["refs/heads/main"]},
        },
        "`repo:octo-org/memos:ref:refs/heads/dev*` can't get in: its tokens have the `ref` `refs/heads/dev*`, and "
        "`github_claims.ref` asks for another @ $.github_subjects[0]. Write `refs/heads/dev*` there too, or leave "
        "`repo:octo-org/memos:ref:refs/heads/dev*` out.",
    ),
    "a subject of a workflow that isn't listed": (
        {
            **GITHUB,
            "github_workflows": [FLOW],
            "github_subjects": ["repo:octo-org/memos:environment:prod:job_workflow_ref:octo/x/y.yml@refs/heads/main"],
        },
        "`repo:octo-org/memos:environment:prod:job_workflow_ref:octo/x/y.yml@refs/heads/main` can't get in: its tokens "
        "have the `job_workflow_ref` `octo/x/y.yml@refs/heads/main`, and `github_workflows` asks for another "
        "@ $.github_subjects[0]. Write `octo/x/y.yml@refs/heads/main` there too, or leave "
        "`repo:octo-org/memos:environment:prod:job_workflow_ref:octo/x/y.yml@refs/heads/main` out.",
    ),
    "a branch that the template leaves out": (
        {
            **GITHUB,
            "github_branches": ["main", "dev"],
            "github_subject_template": ["repo", "context", "ref:refs/heads/main"],
        },
        "`dev` can't get in: its tokens have the `ref` `refs/heads/dev`, and `github_subject_template[2]` asks for "
        "another @ $.github_branches[1]. Leave `dev` out: a subject has one `ref`.",
    ),
    "a branch in a template with the environment": (
        {
            **GITHUB,
            "github_branches": ["main"],
            "github_environments": ["prod"],
            "github_subject_template": ["repo", "context", "environment"],
        },
        "`main` can't get in: its tokens have no `environment`, and `github_subject_template[2]` asks for one "
        "@ $.github_branches[0]. A job in an environment is known by that: list it in `github_environments`, and "
        "`refs/heads/main` in `github_claims.ref`.",
    ),
    "a template's value that claims leave out": (
        {**GITHUB, "github_subject_template": ["repo", "context", "actor:mona"], "github_claims": {"actor": ["octo*"]}},
        "`actor:mona` can't get in: its tokens have the `actor` `mona`, and `github_claims.actor` asks for another "
        "@ $.github_subject_template[2]. Write `mona` there too, or leave `actor:mona` out.",
    ),
    "GitLab's branch that the template leaves out": (
        {
            **GITLAB,
            "gitlab_branches": ["main", "dev"],
            "gitlab_subject_template": ["project_path", "ref_type", "ref:main"],
        },
        "`dev` can't get in: its tokens have the `ref` `dev`, and `gitlab_subject_template[2]` asks for another "
        "@ $.gitlab_branches[1]. Leave `dev` out: a subject has one `ref`.",
    ),
    "GitLab's tags alone, and nothing listed": (
        {**GITLAB, "gitlab_subject_template": ["project_path", "ref_type:tag", "ref"]},
        "`main`, which may deploy where nothing else is listed, can't get in: its tokens have the `ref_type` `branch`, "
        "and `gitlab_subject_template[1]` asks for another @ $.gitlab_subject_template[1]. List those that may deploy: "
        "a subject has one `ref_type`.",
    ),
    "GitLab's template that claims leave out": (
        {
            **GITLAB,
            "gitlab_subject_template": ["project_path", "ref_type", "ref", "ref_protected:true"],
            "gitlab_claims": {"ref_protected": ["false"]},
        },
        "`ref_protected:true` can't get in: its tokens have the `ref_protected` `true`, and "
        "`gitlab_claims.ref_protected` asks for another @ $.gitlab_subject_template[3]. Write `true` there too, or "
        "leave `ref_protected:true` out.",
    ),
    "GitLab's subject that claims leave out": (
        {
            **GITLAB,
            "gitlab_subjects": ["project_path:octo/web/memos:pipeline_source:web:*"],
            "gitlab_claims": {"pipeline_source": ["push"]},
        },
        "`project_path:octo/web/memos:pipeline_source:web:*` can't get in: its tokens have the `pipeline_source` "
        "`web`, and `gitlab_claims.pipeline_source` asks for another @ $.gitlab_subjects[0]. Write `web` there too, or "
        "leave `project_path:octo/web/memos:pipeline_source:web:*` out.",
    ),
    "another organisation's pipeline": (
        {
            **CI,
            "ci_issuer": f"https://oidc.circleci.com/org/{UUID}",
            "ci_subjects": [f"org/{UUID[::-1]}/project/{UUID}/user/{UUID}"],
        },
        f"`org/{UUID[::-1]}/project/{UUID}/user/{UUID}` does not say whose the pipeline is @ $.ci_subjects[0]. "
        f"A subject of CircleCI begins with `org/{UUID}/project/PROJECT_UUID/`.",
    ),
}


@pytest.mark.parametrize(
    "keys",
    [
        {"github_branches": ["rel/*"], "github_claims": {"ref": ["refs/heads/rel/1*"]}},
        {"github_branches": ["rel/1"], "github_claims": {"ref": ["refs/heads/*"]}},
        {"github_pull_requests": True, "github_claims": {"ref": ["refs/heads/main"]}},  # a merged one has it
        {"github_environments": ["prod"], "github_claims": {"ref": ["refs/tags/v1"]}},
        {"github_subjects": ["repo:octo-org/memos:*"], "github_claims": {"environment": ["prod"]}},
        # By a template that isn't written, `[repo, ref]`, a job in an environment sends it.
        {"github_subjects": ["repo:octo-org/memos:ref:refs/heads/main"], "github_claims": {"environment": ["prod"]}},
        {
            "github_branches": ["main"],
            "github_subject_template": ["repo", "ref"],
            "github_claims": {"environment": ["prod"]},
        },
        {"github_subjects": ["repo:octo-org/memos:actor:*:ref:x"], "github_claims": {"ref": ["refs/heads/main"]}},
        {"github_repos": ["octo-org/infra"], "github_claims": {"repository_id": [7]}},  # no page tells its id
        {"github_workflows": [FLOW], "github_claims": {"workflow": ["Deploy"]}},
    ],
)
def test_what_may_get_in_is_not_refused(keys: dict[str, Any]) -> None:
    found = prove(stack(**{**GITHUB, **keys}), only=["works"])
    assert type(found["works"]).__name__ in ("Holds", "Undecided")


def test_what_a_parameter_is_decides_whether_it_gets_in() -> None:
    open_ = stack(**{**GITHUB, "github_repo": Parameter("repo"), "github_claims": {"repository": ["octo-org/memos"]}})
    for repo, holds in (("octo-org/memos", True), ("octo-org/infra", False)):
        answer = prove(open_.bind({"repo": repo}), only=["works"])["works"]
        assert isinstance(answer, Holds if holds else Fails)


def test_works_asks_each_subject_with_what_its_token_carries() -> None:
    refs = ["refs/heads/main", "refs/tags/v*", "refs/heads/dev"]
    keys: dict[str, Any] = {"github_branches": ["main"], "github_tags": ["v1"], "github_claims": {"ref": refs}}
    made = stack(**{**GITHUB, **keys})
    mixed = made.roles["github_actions"].trust
    assert type(prove(made, only=["works"])["works"]).__name__ == "Holds"
    # Who lets each ref in, and each subject, but never the two of one token.
    document = json.loads(str(mixed))
    one, other = document["Statement"] * 2
    equals = f"{COM[8:]}:"
    crossed: list[Any] = []
    for statement, sub, ref in (
        (one, "repo:octo-org/memos:ref:refs/heads/main", "refs/tags/v*"),
        (other, "repo:octo-org/memos:ref:refs/tags/v1", "refs/heads/main"),
    ):
        where = {"StringEquals": {f"{equals}aud": "sts.amazonaws.com", f"{equals}sub": sub}}
        crossed.append({**statement, "Condition": {**where, "StringLike": {f"{equals}ref": ref}}})
    role = evolve(made.roles["github_actions"], trust=parse_policy({**document, "Statement": crossed}))
    others = [r for r in made.roles.values() if r.id != role.id]
    found = prove(evolve(made, roles=[*others, role]), only=["works"])["works"]
    assert isinstance(found, Fails)
    assert "nobody lets it in, and has to be" in found.fact
    asked = [
        {c.key.rpartition(":")[2]: [*map(str, c.values)] for c in need.statement.conditions}
        for need in made.intent.needs
        if need.role == "github_actions" and need.statement.principals
    ]
    prefix = "repo:octo-org/memos:ref"
    assert [(a["sub"], a["ref"]) for a in asked] == [
        ([f"{prefix}:refs/heads/main"], ["refs/heads/main"]),
        ([f"{prefix}:refs/tags/v1"], ["refs/tags/v*"]),
    ]


@pytest.mark.parametrize("row", REFUSED)
def test_what_is_refused(row: str) -> None:
    keys, message = REFUSED[row]
    with pytest.raises(ConfigError) as caught:
        config(**keys)
    assert [str(f) for f in caught.value.faults] == [message]


@pytest.mark.parametrize(
    ("name", "condition", "refused"),
    [
        (COM[8:], {}, True),
        (COM[8:], {"StringEquals": {f"{COM[8:]}:aud": "sts.amazonaws.com"}}, True),
        (COM[8:], {"StringLike": {f"{COM[8:]}:sub": ["*", "?*"]}}, True),
        (COM[8:], {"Null": {f"{COM[8:]}:sub": "false"}}, True),
        (COM[8:], {"StringLike": {f"{COM[8:].upper()}:SUB": "repo:octo-org/*"}}, False),
        ("gitlab.com", {}, True),
        ("gitlab.com", {"StringEquals": {"gitlab.com:sub": "project_path:a/b:x"}}, False),
        ("agent.buildkite.com", {}, True),
        ("app.terraform.io", {}, True),
        (f"{COM[8:]}/octo", {}, False),
        ("gitlab.example.com", {}, False),
    ],
)
def test_iam_wants_the_subject_of_an_issuer_that_everybody_has(name: str, condition: Any, refused: bool) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html."""
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{name}"},
        "Condition": condition,
    }
    policy = parse_policy({"Version": "2012-10-17", "Statement": statement})
    message = f"nothing pins `{name}:sub`, and the issuer is everybody's @ $.Statement[0].Condition. "
    told = [f"{message}Write a condition on it whose value is more than wildcards."]
    assert [str(f) for f in policy.refusals()] == (told if refused else [])


def test_services_are_known_by_their_issuers() -> None:
    workspace = "https://api.bitbucket.org/2.0/workspaces/octo/pipelines-config/identity/oidc"
    issuers = [
        workspace,
        "https://agent.buildkite.com",
        f"https://oidc.circleci.com/org/{UUID}",
        "https://app.terraform.io",
    ]
    assert [service(issuer) for issuer in issuers] == list(SERVICES)
    assert service("https://ci.example.com") is None
    keys = {**CI, "ci_issuer": workspace, "ci_subjects": [f"{{{{{UUID}}}}}:{{{{{UUID}}}}}"]}
    made = stack(**keys, ci_audience=f"ari:cloud:bitbucket::workspace/{UUID}")
    assert f'"{{{UUID}}}:{{{UUID}}}"' in str(made.roles["ci"].trust)


# ---------------------------------------------------------------- the provider


def test_a_providers_arn_that_is_left_to_deployment_is_of_the_issuer() -> None:
    keys = {**GITHUB, "github_issuer": SERVER, "github_oidc_provider_arn": Parameter("provider")}
    open_ = stack(**keys)
    right = f"arn:aws:iam::123456789012:oidc-provider/{SERVER[8:]}"
    bound = open_.bind({"provider": right})
    assert right in str(bound.roles["github_actions"].trust)
    with pytest.raises(ConfigError, match="is not the ARN of the OIDC provider of"):
        open_.bind({"provider": f"arn:aws:iam::123456789012:oidc-provider/{COM[8:]}"})


def test_a_provider_is_there_while_its_role_is() -> None:
    keys = {**GITHUB, "create_oidc_provider": True, "enable_github_oidc": Parameter("deploys"), "tags": {"a": "b"}}
    open_ = stack(**keys, github_audience=Parameter("audience", ""))
    assert Stack.from_dict(json.loads(json.dumps(open_.to_dict()))) == open_
    (provider,) = open_.providers.values()
    assert (provider.id, provider.url, provider.when) == ("github_actions", COM, "deploys")
    main = json.loads(emit(open_, "terraform").files["main.tf.json"])["resource"]
    made = main["aws_iam_openid_connect_provider"]["github_actions"]
    assert made["count"] == main["aws_iam_role"]["github_actions"]["count"] == "${var.deploys ? 1 : 0}"
    assert made["client_id_list"] == ["${local.chosen_audience}"]
    resources = json.loads(emit(open_, "cloudformation").document)["Resources"]
    assert resources["GithubActionsOidcProvider"]["Condition"] == resources["GithubActionsRole"]["Condition"]
    assert resources["GithubActionsRole"]["DependsOn"] == "GithubActionsOidcProvider"
    assert not open_.bind({"deploys": False}).providers
    on = open_.bind({"deploys": True, "audience": "x"})
    (bound,) = on.providers.values()
    assert [str(c) for c in bound.client_ids] == ["x"]
    assert on == stack(**{**keys, "enable_github_oidc": True}, github_audience="x").bind({}) or bound.when == ""
    assert "the OIDC provider of" in str(on)


def test_nothing_is_made_unless_it_is_asked_for() -> None:
    assert not stack(**GITHUB).providers
    assert not stack(**HOME, create_oidc_provider=True).providers
    both = stack(**{**GITHUB, **GITLAB}, create_oidc_provider=True)
    assert {p.url for p in both.providers.values()} == {COM, "https://gitlab.com"}


def test_a_role_of_another_pipeline_may_do_what_github_s_may() -> None:
    what: dict[str, Any] = {
        "ecs_service_arns": ["arn:aws:ecs:eu-west-2:123456789012:service/main/memos"],
        "task_definition_families": ["memos"],
        "ecr_repository_arns": ["arn:aws:ecr:eu-west-2:123456789012:repository/memos"],
    }
    buildkite = {**CI, "ci_issuer": "https://agent.buildkite.com", "ci_subjects": ["organization:o:pipeline:m:*"]}
    made = stack(**{**GITHUB, **GITLAB, **buildkite}, **what)
    ids = ("github_actions", "gitlab", "ci")
    documents = {str(made.roles[id].policies[id].document) for id in ids}
    assert len(documents) == 1
    for alone in (GITLAB, buildkite):
        assert not [n for n in stack(**alone, **what).notes if n.rule == "unused-value"]
    noted = [n.rule for n in made.notes]
    assert len(noted) == len(set(noted))


# ---------------------------------------------------------------- the command


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    lines = {**GITHUB, "github_branches": ["main"], "github_claims": {"actor": ["octocat"]}}
    (tmp_path / "ecsiam.yaml").write_text(json.dumps({"project_name": "memos", "environment": "dev", **lines}))
    open_ = {**lines, "github_repo": {"parameter": "repo"}}
    (tmp_path / "open.yaml").write_text(json.dumps({"project_name": "memos", "environment": "dev", **open_}))
    (tmp_path / "bare.yaml").write_text("project_name: memos\nenvironment: dev\n")
    for name, claims in {
        "in": github(actor="octocat"),
        "out": github(branch="dev", actor="octocat", exp="1"),
        "other": github("octo-org/other", actor="octocat"),
        "elsewhere": github(issuer=SERVER),
    }.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(claims))
    return tmp_path


def test_trust_says_by_which_statement_or_which_condition(here: Path) -> None:
    code, out, _ = said("trust", "--token", "in.json")
    assert (code, out.split()[:2]) == (0, ["accepted", "github_actions"])
    assert "by statement 0: workflows of the repository assume the role" in out
    code, out, err = said("trust", "--token", "out.json")
    assert code == 1
    lines = [line.strip() for line in out.splitlines()]
    at = lines.index("`sub` is `repo:octo-org/memos:ref:refs/heads/dev`")
    assert lines[at + 1] == "expected `repo:octo-org/memos:ref:refs/heads/main` (StringEquals)"
    assert "note: not judged: `exp`" in err
    code, out, _ = said("trust", "--token", "elsewhere.json")
    assert code == 1
    assert f"`iss` is `{SERVER}`\n            expected `{COM}`" in out
    code, out, _ = said("trust", "--token", "out.json", "--format", "json")
    (statement,) = json.loads(out)["roles"]["github_actions"]["statements"]
    (unmet,) = statement["unmet"]
    assert (code, unmet["claim"], unmet["expected"]) == (1, "sub", ["repo:octo-org/memos:ref:refs/heads/main"])


def test_trust_is_undecided_where_a_parameter_decides(here: Path) -> None:
    code, out, _ = said("trust", "open.yaml", "--token", "in.json")
    assert (code, out.split()[0]) == (3, "undecided")
    assert "`repo`" in out
    assert said("trust", "open.yaml", "--token", "in.json", "--set", "repo=octo-org/memos")[0] == 0
    assert said("trust", "open.yaml", "--token", "other.json", "--set", "repo=octo-org/memos")[0] == 1
    assert said("trust", "open.yaml", "--token", "elsewhere.json")[0] == 1  # whatever the repository is


def test_trust_reads_a_token_as_it_comes(here: Path) -> None:
    claims = (here / "in.json").read_bytes()
    part = base64.urlsafe_b64encode(claims).rstrip(b"=").decode()
    for written in (f"e30.{part}.c2ln", json.dumps({"value": f"e30.{part}.c2ln"})):
        code, _, err = said("trust", "--token", "-", stdin=written.encode())
        assert code == 0
        assert "note: the token's signature is not verified" in err


@pytest.mark.parametrize(
    ("token", "says"),
    [
        (b"", "it is no token"),
        (b"a.b", "it is no token"),
        (b"a.b.c", "it is no token"),
        (b"[]", "a token is an object of claims"),
        (b"{}", "the token has no `iss`"),
        (b'{"iss": true}', "the token has no `iss`"),
        (b"\xff", "it is no token"),
        (b"[" * 5000, "it is no token"),
        (b'{"iss": "a", "iss": "b"}', "stands twice"),
        (b" " * 70000, "larger than 64 KiB"),
    ],
)
def test_what_is_no_token_is_refused(here: Path, token: bytes, says: str) -> None:
    code, out, err = said("trust", "--token", "-", stdin=token)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].startswith("error: standard input: ")
    assert says in err
    assert "Traceback" not in err


def test_a_note_of_all_services_is_said_once(here: Path) -> None:
    shared = {"parameters": {"x": {"default": "a"}}, "tags": {"A": "{x}"}, "environment": "dev"}
    deploys = {"enable_github_oidc": True, "github_repo": "octo-org/memos"}
    (here / "many.json").write_text(json.dumps({"defaults": {**shared, **deploys}, "services": {"a": {}, "b": {}}}))
    assert said("trust", "many.json", "--token", "in.json")[2].count("note: parameters") == 1


def test_trust_without_anybody_to_trust(here: Path) -> None:
    code, _, err = said("trust", "bare.yaml", "--token", "in.json")
    assert (code, "has no role for who brings a token" in err) == (2, True)
    code, _, err = said("trust", "-", "--token", "-")
    assert (code, "can't be both" in err) == (2, True)
    assert command.__doc__
