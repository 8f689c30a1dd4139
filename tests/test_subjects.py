"""Tokens of which not all is known against trusts: decision tables, and the plain evaluator where all is known."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecsiam.analysis.subjects import Came, sent
from ecsiam.analysis.tokens import judged
from ecsiam.model.policy import Policy
from ecsiam.model.principal import Principal
from ecsiam.model.statement import Statement
from ecsiam.model.text import Ref, Text, text
from ecsiam.readers.github.events import chosen

HOST = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::123456789012:oidc-provider/{HOST}"
AUDIENCE = {"aud": "sts.amazonaws.com"}
MAIN, PROD = "ref:refs/heads/main", "environment:prod"
BRANCH = Text.of("ref:refs/heads/", Ref("branch"))
DEFAULT = Text.of("ref:refs/heads/", Ref("default branch"))
SECRET = Text.of("environment:", Ref("vars.ENVIRONMENT"))


Claims = Mapping[str, str | None]


def trust(
    sub: str | Text | list[str],
    operator: str = "StringEquals",
    provider: str | Text = PROVIDER,
    more: Claims | None = None,
) -> Policy:
    """A trust that asks for a subject, and for other claims."""
    conditions: dict[str, dict[str, Any]] = {operator: {f"{HOST}:sub": sub}}
    conditions.setdefault("StringEquals", {}).update({f"{HOST}:{name}": value for name, value in (more or {}).items()})
    return Policy(
        [
            Statement(
                "Allow",
                "sts:AssumeRoleWithWebIdentity",
                principals=Principal("Federated", provider),
                conditions={name: asked for name, asked in conditions.items() if asked},
                as_is=True,
            )
        ],
        as_is=True,
    )


def came(
    policy: Policy, context: str | Text = MAIN, repository: str | None = None, claims: Claims | None = None
) -> Came:
    """What comes out for tokens that have some claims."""
    known = {name: None if value is None else text(value) for name, value in (claims or {}).items()}
    return sent(policy, text(context), known, chosen, repository)


TABLE: dict[str, tuple[str | list[str], str, str | Text, str]] = {
    "the branch": ("repo:acme/shop:ref:refs/heads/main", "StringEquals", MAIN, "accepted"),
    "another branch": ("repo:acme/shop:ref:refs/heads/dev", "StringEquals", MAIN, "refused"),
    "any branch of a run": ("repo:acme/shop:ref:refs/heads/*", "StringLike", BRANCH, "accepted"),
    "one branch of a run that may have any": ("repo:acme/shop:ref:refs/heads/main", "StringEquals", BRANCH, "partly"),
    "a tag of a run on branches": ("repo:acme/shop:ref:refs/tags/*", "StringLike", BRANCH, "refused"),
    "a branch that is a setting": ("repo:acme/shop:ref:refs/heads/main", "StringEquals", DEFAULT, "undecided"),
    "an environment that is a setting": ("repo:acme/shop:environment:prod", "StringEquals", SECRET, "undecided"),
    "every environment": ("repo:acme/shop:environment:*", "StringLike", SECRET, "accepted"),
    "an environment, and a branch is asked for": (f"repo:acme/shop:{MAIN}", "StringEquals", PROD, "refused"),
    "one of several": (["repo:acme/shop:pull_request", f"repo:acme/shop:{PROD}"], "StringEquals", PROD, "accepted"),
    "a star where none counts": ("repo:acme/shop:*", "StringEquals", MAIN, "refused"),
    "a star where it does": ("repo:acme/shop:*", "StringLike", MAIN, "accepted"),
    "every repository of an owner": ("repo:acme/*", "StringLike", MAIN, "accepted"),
    "every repository of an owner, a branch": ("repo:acme/*:ref:refs/heads/main", "StringLike", MAIN, "accepted"),
    "with ids": ("repo:acme@12/shop@34:ref:refs/heads/main", "StringEquals", MAIN, "accepted"),
    "with ids, another branch": ("repo:acme@12/shop@34:ref:refs/heads/dev", "StringEquals", MAIN, "refused"),
    "any subject but one": ("repo:acme/shop:pull_request", "StringNotEquals", MAIN, "accepted"),
    "in any case": ("REPO:acme/shop:REF:refs/heads/Main", "StringEqualsIgnoreCase", MAIN, "undecided"),
    "of each value": ("repo:acme/shop:ref:refs/heads/*", "ForAllValues:StringLike", MAIN, "accepted"),
    "of any value": ("repo:acme/shop:ref:refs/heads/*", "ForAnyValue:StringLike", BRANCH, "accepted"),
    "another case of an environment": ("repo:acme/shop:environment:Prod", "StringEquals", PROD, "undecided"),
    "a template of one's own": (f"repo:acme/shop:{MAIN}:job_workflow_ref:x@y", "StringEquals", MAIN, "undecided"),
    "a template without the repository": ("repository_id:34", "StringEquals", MAIN, "undecided"),
    "a template with another claim": ("repo:acme/shop:event_name:push", "StringEquals", MAIN, "undecided"),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_what_comes_out_where_the_trust_says_which_repository(name: str) -> None:
    sub, operator, context, outcome = TABLE[name]
    found = came(trust(sub, operator, more=AUDIENCE), context, claims=AUDIENCE)
    assert found.outcome == outcome, found
    assert bool(found.hangs) == (outcome in ("undecided", "partly"))
    if outcome == "accepted":
        assert found.by == 0


@pytest.mark.parametrize(
    ("sub", "operator", "repository", "outcome"),
    [
        ("repo:acme/shop:ref:refs/heads/main", "StringEquals", "acme/shop", "accepted"),
        ("repo:acme/shop:ref:refs/heads/main", "StringEquals", "acme/other", "refused"),
        ("repo:acme/shop:ref:refs/heads/main", "StringEquals", "acme/shop2", "refused"),
        ("repo:acme/*:ref:refs/heads/main", "StringLike", "acme/shop", "accepted"),
        ("repo:acme/*", "StringLike", "other/shop", "refused"),
        ("repo:acme*", "StringLike", "acme-evil/shop", "accepted"),
        ("repo:acme@12/shop@34:ref:refs/heads/main", "StringEquals", "acme/shop", "accepted"),
        ("repo:acme@12/shop@34:ref:refs/heads/main", "StringEquals", "acme/other", "refused"),
        ("repo:acme@*/shop@*:ref:refs/heads/main", "StringLike", "acme/shop", "accepted"),
        ("repo:Acme/shop:ref:refs/heads/main", "StringEquals", "acme/shop", "refused"),
    ],
)
def test_what_comes_out_where_the_repository_is_named(sub: str, operator: str, repository: str, outcome: str) -> None:
    assert came(trust(sub, operator), repository=repository).outcome == outcome


def test_what_is_assumed_is_said() -> None:
    sub = "repo:acme/shop:ref:refs/heads/main"
    assert came(trust(sub)).assumed == ("the repository is `acme/shop`", "it sends its name, and not its ids")
    assert came(trust(sub), repository="acme/shop").assumed == ("the repository sends its name, and not its ids",)
    with_ids = trust("repo:acme@12/shop@34:ref:refs/heads/main")
    assert came(with_ids, repository="acme/shop").assumed == ("the ids in the trust are those of the repository",)
    assert not came(trust("repo:acme/*", "StringLike"), repository="acme/shop").assumed


SUB = "repo:acme/shop:ref:refs/heads/main"


@pytest.mark.parametrize(
    ("asked", "has", "outcome"),
    [
        ({"aud": "sts.amazonaws.com"}, {"aud": "sts.amazonaws.com"}, "accepted"),
        ({"aud": "sts.amazonaws.com"}, {"aud": "other"}, "refused"),
        ({"ref": "refs/heads/main"}, {"ref": "refs/heads/main"}, "accepted"),
        ({"ref": "refs/heads/main"}, {"ref": "refs/heads/dev"}, "refused"),
        ({"environment": "prod"}, {"environment": None}, "refused"),
        ({"repository": "acme/shop"}, {}, "accepted"),
        ({"repository": "acme/other"}, {}, "refused"),
        ({"repository_id": "34"}, {}, "undecided"),
        ({"actor": "octocat"}, {}, "undecided"),
        ({"workflow": "Deploy"}, {"workflow": "Deploy"}, "accepted"),
        ({"workflow": "Deploy"}, {"workflow": "Test"}, "refused"),
    ],
)
def test_other_claims(asked: Claims, has: Claims, outcome: str) -> None:
    assert came(trust(SUB, more=asked), claims=has).outcome == outcome


def test_the_provider_may_be_of_an_enterprise_or_not_be_known() -> None:
    unknown = Text.of("arn:aws:iam::123456789012:oidc-provider/", Ref("aws_iam_openid_connect_provider.github.id"))
    assert came(trust(SUB, provider=unknown)).outcome == "accepted"
    assert came(trust(SUB, provider=text(Ref("var.provider")))).outcome == "accepted"
    assert came(trust(SUB, provider="arn:aws:iam::123456789012:oidc-provider/gitlab.com")).outcome == "refused"
    ours = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com/acme"
    of_ours = {"StringEquals": {"token.actions.githubusercontent.com/acme:sub": SUB}}
    statement = Statement(
        "Allow",
        "sts:AssumeRoleWithWebIdentity",
        principals=Principal("Federated", ours),
        conditions=of_ours,
        as_is=True,
    )
    assert came(Policy([statement], as_is=True)).outcome == "accepted"
    bare = Statement(
        "Allow", "sts:AssumeRoleWithWebIdentity", principals=Principal("Federated", text(Ref("p"))), as_is=True
    )
    assert came(Policy([bare], as_is=True)).outcome == "undecided"


def test_a_denial_counts() -> None:
    allowed = trust("repo:acme/*", "StringLike").statements[0]
    denied = Statement(
        "Deny",
        "sts:AssumeRoleWithWebIdentity",
        principals=Principal("Federated", PROVIDER),
        conditions={"StringLike": {f"{HOST}:sub": "repo:*:pull_request"}},
        as_is=True,
    )
    policy = Policy([allowed, denied], as_is=True)
    assert came(policy).outcome == "accepted"
    assert came(policy, "pull_request").outcome == "refused"
    assert came(policy, text(Ref("what starts it"))).outcome == "undecided"


OPERATORS = ("StringEquals", "StringLike", "StringNotEquals", "StringNotLike", "StringEqualsIgnoreCase", "Null")
PARTS = (
    "repo:acme/shop:",
    "repo:acme/*:",
    "repo:*",
    "ref:refs/heads/",
    "main",
    "m?in",
    "*",
    "environment:prod",
    "true",
)


@given(
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=3).map("".join),
    st.sampled_from(OPERATORS),
    st.sampled_from(["ref:refs/heads/main", "environment:prod", "pull_request"]),
)
def test_where_all_is_known_it_is_what_the_plain_evaluator_says(pattern: str, operator: str, context: str) -> None:
    policy = trust(pattern if operator != "Null" else "false", operator)
    token = {"iss": f"https://{HOST}", "sub": f"repo:acme/shop:{context}", "repository": "acme/shop"}
    found = came(policy, context, "acme/shop")
    if found.outcome in ("accepted", "refused"):
        assert found.outcome == judged(policy, token).outcome
    else:  # it hangs on a setting that the trust shows
        assert found.outcome == "undecided"
        assert judged(policy, token).outcome == "refused"
