"""Who else may assume a role: whom the config names, the role itself, and nobody beside them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from typing import Any

import pytest
from attrs import evolve

import ecsiam
from ecsiam import ConfigError, Fails, Holds, Policy, Principal, Request, Stack, Statement, evaluate, prove
from ecsiam.model.by_id import ById
from ecsiam.model.condition import Condition

from .written import config

ACCOUNT = "123456789012"
HOME: dict[str, Any] = {"account_id": ACCOUNT, "aws_region": "eu-west-2"}
DEVELOPER, USER = f"arn:aws:iam::{ACCOUNT}:role/team/developer", f"arn:aws:iam::{ACCOUNT}:user/ann"
TASK = f"arn:aws:iam::{ACCOUNT}:role/memos-dev-task-role"
DEPLOY: dict[str, Any] = {
    "enable_github_oidc": True,
    "github_repo": "octo-org/memos",
    "github_subject_format": "classic",
}
ASSUME = "sts:AssumeRole"


def stack(**keys: Any) -> Stack:
    return ecsiam.build(config(**HOME, **keys))


def lets_in(of: Stack, who: str, context: dict[str, str]) -> bool:
    """Whether the trust of the task role lets somebody in."""
    request = Request(ASSUME, TASK, principal=Principal("AWS", who), context={k: (v,) for k, v in context.items()})
    return any(one.matches for one in evaluate(of.roles["task"].trust, request).statements)


TRUSTED: dict[str, Any] = {"task_trusted_arns": ["self", DEVELOPER, USER]}
# who comes, with what AWS says of them, and whether they are let in
WHO: dict[str, tuple[str, dict[str, str], bool]] = {
    "the role that is named": (DEVELOPER, {}, True),
    "a user who is named": (USER, {}, True),
    "another role": (f"arn:aws:iam::{ACCOUNT}:role/developer", {}, False),
    "the role itself": (TASK, {"aws:PrincipalArn": TASK}, True),
    "another role of the account": (
        f"arn:aws:iam::{ACCOUNT}:role/x",
        {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/x"},
        False,
    ),
    "a role of that name elsewhere": (
        "arn:aws:iam::999999999999:role/memos-dev-task-role",
        {"aws:PrincipalArn": "arn:aws:iam::999999999999:role/memos-dev-task-role"},
        False,
    ),
}


@pytest.mark.parametrize("row", WHO)
def test_who_is_let_in(row: str) -> None:
    who, context, allowed = WHO[row]
    assert lets_in(stack(**TRUSTED), who, context) == allowed


@pytest.mark.parametrize(
    "keys",
    [
        TRUSTED,
        {"task_trusted_arns": ["self"]},
        {"task_trusted_arns": [DEVELOPER], "confused_deputy": "off"},
        {"task_trusted_arns": ["arn:aws:iam::999999999999:role/theirs"]},
        {**DEPLOY, "github_actions_trusted_arns": ["self", DEVELOPER], **TRUSTED},
        {"task_trusted_arns": [TASK]},
    ],
)
def test_who_is_named_is_configured(keys: dict[str, Any]) -> None:
    answers = prove(stack(**keys))
    assert {id: str(a) for id, a in answers.items() if not isinstance(a, Holds)} == {}


def test_the_role_itself_is_no_principal_that_iam_would_have_to_find() -> None:
    """IAM refuses a trust that names a principal which isn't there yet: a condition names the role instead."""
    for given in (["self"], [TASK]):
        trust = stack(task_trusted_arns=given).roles["task"].trust
        names = {str(p.id) for s in trust.statements if s.principals for p in s.principals.items}
        assert names == {"ecs-tasks.amazonaws.com", f"arn:aws:iam::{ACCOUNT}:root"}
        policy = stack(task_trusted_arns=given).roles["task"].policies["task_self"].document
        assert any(one.matches for one in evaluate(policy, Request(ASSUME, TASK)).statements)


def test_nobody_named_changes_nothing() -> None:
    assert stack().roles == stack(task_trusted_arns=[], github_actions_trusted_arns=[]).roles
    assert "task_self" not in stack(task_trusted_arns=[DEVELOPER]).roles["task"].policies


def opened(of: Stack, *statements: Statement, role: str = "task") -> Stack:
    """The stack with other statements in the trust of a role, behind what ECS or GitHub has there."""
    first = of.roles[role].trust.statements[0]
    changed = evolve(of.roles[role], trust=Policy((first, *statements)))
    return evolve(of, roles=ById(changed if r.id == role else r for r in of.roles.values()))


ROOT = Principal("AWS", f"arn:aws:iam::{ACCOUNT}:root")
BREAKS: dict[str, tuple[Statement, ...]] = {
    "somebody else": (Statement("Allow", ASSUME, principals=Principal("AWS", f"arn:aws:iam::{ACCOUNT}:role/x")),),
    "the whole account, where it is the role itself": (Statement("Allow", ASSUME, principals=ROOT),),
    "another role on the role's condition": (
        Statement(
            "Allow",
            ASSUME,
            principals=ROOT,
            conditions=[Condition("ArnLike", "aws:PrincipalArn", f"{TASK}*")],
        ),
    ),
    "another account": (Statement("Allow", ASSUME, principals=Principal("AWS", "arn:aws:iam::999999999999:root")),),
}


@pytest.mark.parametrize("row", BREAKS)
def test_a_trust_that_was_opened_is_found(row: str) -> None:
    named = stack(task_trusted_arns=["self"])
    assert isinstance(prove(opened(named, *BREAKS[row]), only=["trust"])["trust"], Fails)


def test_what_the_deploy_role_takes_of_people_it_takes_of_no_workflow() -> None:
    named = stack(**DEPLOY, github_actions_trusted_arns=[DEVELOPER])
    provider = named.roles["github_actions"].trust.statements[0].principals
    any_subject = Statement("Allow", "sts:AssumeRoleWithWebIdentity", principals=provider)
    broken = opened(named, any_subject, role="github_actions")
    assert isinstance(prove(named, only=["oidc-subject"])["oidc-subject"], Holds)
    assert isinstance(prove(broken, only=["oidc-subject"])["oidc-subject"], Fails)


def test_a_named_principal_is_no_resource_of_the_role() -> None:
    """That somebody may become the role says nothing of what the role may do to him."""
    theirs = "arn:aws:iam::999999999999:role/theirs"
    raw = [{"Effect": "Allow", "Action": "iam:GetRole", "Resource": theirs}]
    assert isinstance(prove(stack(task_trusted_arns=[theirs], task_statements=raw), only=["home"])["home"], Fails)


def test_a_service_is_still_held_to_its_account() -> None:
    """The trust names people beside the service: what the service does for others stays out."""
    named = stack(task_trusted_arns=[DEVELOPER])
    anywhere = Statement("Allow", ASSUME, principals=Principal("Service", "ecs-tasks.amazonaws.com"))
    assert isinstance(prove(opened(named, anywhere), only=["home"])["home"], Fails)


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        ("*", f"such as `arn:aws:iam::{ACCOUNT}:role/developer`."),
        (ACCOUNT, "Write `arn:aws:iam::ACCOUNT:root` for the account."),
        (f"arn:aws:iam::{ACCOUNT}:role/*", "IAM takes none in a principal: write each out."),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/x/y", "Write it like"),
        (f"arn:aws:iam::{ACCOUNT}:group/x", "A group is no principal: write the users or a role."),
        ("me", "Write the ARN of a role, a user or an account, or `self`."),
    ],
)
def test_what_is_no_principal_has_its_reason(given: str, remedy: str) -> None:
    with pytest.raises(ConfigError) as e:
        config(task_trusted_arns=[given])
    assert remedy in e.value.faults[0].remedy


# ---------------------------------------------------------------- the stack's own roles, which a task is to assume

OWN = {id: f"arn:aws:iam::{ACCOUNT}:role/memos-dev-{id}-role" for id in ("execution", "task", "github-actions")}
NEVER = "lets the task role do no `sts:AssumeRole`"


def assume(arn: str, *verbs: str) -> dict[str, Any]:
    return {**DEPLOY, "task_access": [{"arns": [arn], "access": [*(verbs or ("assume",))]}]}


@pytest.mark.parametrize(
    ("keys", "fact"),
    [
        (
            assume(OWN["execution"]),
            f"the trust of the execution role {NEVER}; let the task role itself do what it is to do there",
        ),
        (assume(OWN["task"]), f"the trust of the task role {NEVER}; list `self` in `task_trusted_arns`"),
        ({**assume(OWN["task"]), "task_trusted_arns": ["self"]}, ""),
        (
            {**assume(OWN["task"], "assume", "tag"), "task_trusted_arns": ["self"]},
            "the trust of the task role lets the task role do no `sts:TagSession`; leave that out",
        ),
        (
            {**assume(OWN["github-actions"]), "github_actions_trusted_arns": ["self"]},
            f"the trust of the github_actions role {NEVER}; list it in `github_actions_trusted_arns`",
        ),
        ({**assume(OWN["github-actions"]), "github_actions_trusted_arns": [OWN["task"]]}, ""),
        ({**assume(OWN["github-actions"]), "github_actions_trusted_arns": [f"arn:aws:iam::{ACCOUNT}:root"]}, ""),
        (assume(f"arn:aws:iam::{ACCOUNT}:role/reports"), ""),
        (assume(f"arn:aws:iam::{ACCOUNT}:role/memos-*"), ""),  # others may be called so
    ],
)
def test_a_role_of_the_stack_is_assumed_by_whom_its_trust_lets_in(keys: dict[str, Any], fact: str) -> None:
    answer = prove(stack(**keys), only=["works"])["works"]
    assert isinstance(answer, Fails if fact else Holds)
    assert not fact or (isinstance(answer, Fails) and answer.fact == fact)


def test_the_trust_of_an_own_role_is_asked_while_the_account_is_open() -> None:
    for id, trusted, holds in (("task", ["self"], True), ("task", [], False), ("execution", [], False)):
        arn = OWN[id].replace(ACCOUNT, "{account_id}")
        keys: dict[str, Any] = {"aws_region": "eu-west-2", "task_trusted_arns": trusted}
        made = ecsiam.build(config(**keys, task_access=[{"arns": [arn], "access": ["assume"]}]))
        assert isinstance(prove(made, only=["works"])["works"], Holds if holds else Fails)
