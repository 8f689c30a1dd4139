"""Which repositories the deploy role pushes to by default: what is pulled and is of the roles' account.

Of which account a repository is, the ARN says; which account the roles are in, the config or the deployment. Where
neither is known while the policy is written, IAM decides: `aws:ResourceAccount`.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceaccount
"""

from typing import Any

import pytest

import ecsiam
from ecsiam import Parameter
from ecsiam.errors import ConfigError
from ecsiam.invariants import prove
from ecsiam.model.document import statement_from_data
from ecsiam.model.statement import Statement

HOME, OTHER = "123456789012", "999999999999"
OWN = f"arn:aws:ecr:eu-west-2:{HOME}:repository/memos"
ABROAD = f"arn:aws:ecr:eu-central-1:{HOME}:repository/memos"
SIDECAR = f"arn:aws:ecr:eu-west-2:{OTHER}:repository/sidecar"
ALL = f"arn:aws:ecr:eu-west-2:{HOME}:repository/*"
BASE: dict[str, Any] = {
    "project_name": "memos",
    "environment": "dev",
    "aws_region": "eu-west-2",
    "enable_github_oidc": True,
    "github_repo": "octo-org/memos",
    "github_owner_id": "1",
    "github_repo_id": "2",
}


def stack(**keys: Any) -> ecsiam.Stack:
    return ecsiam.build(ecsiam.Config(**{**BASE, **keys}))


def pushes(of: ecsiam.Stack) -> list[Statement]:
    document = of.roles["github_actions"].policies["github_actions"].document
    return [s for s in document.statements if any(a.pattern == "ecr:PutImage" for a in s.actions.items)]


def pushed(of: ecsiam.Stack) -> list[str]:
    (only,) = pushes(of)
    assert not only.conditions
    return [str(item) for item in only.resources.items] if only.resources else []


# ecr_repository_arns, github_ecr_repository_arns: what is pushed to
WHERE: dict[str, tuple[list[str], list[str], list[str]]] = {
    "its own": ([OWN], [], [OWN]),
    "a sidecar's beside it": ([OWN, SIDECAR], [], [OWN]),
    "its own in another region": ([OWN, ABROAD, SIDECAR], [], [ABROAD, OWN]),
    "what is listed, its own or not": ([OWN], [SIDECAR], [SIDECAR]),
    "what is listed, with nothing of its own to pull": ([SIDECAR], [SIDECAR], [SIDECAR]),
    "all of its own, where none is listed": ([], [], [ALL]),
    "by a pattern": ([OWN + "-*", SIDECAR + "*"], [], [OWN + "-*"]),
}


@pytest.mark.parametrize("row", WHERE)
def test_where_the_deploy_role_pushes(row: str) -> None:
    """Whatever is known when: all of it, the account last, the lists last, everything last."""
    pull, push, wanted = WHERE[row]
    account: dict[str, Any] = {"account_id": HOME}
    lists: dict[str, Any] = {"ecr_repository_arns": pull, "github_ecr_repository_arns": push}
    open_: dict[str, Any] = {name: Parameter(name) for name in lists}
    closed = stack(**account, **lists)
    assert pushed(closed) == sorted(wanted)
    for given, bound in (
        (lists, account),
        ({**account, **open_}, lists),
        ({**lists, "account_id": Parameter("account_id")}, account),
        (open_, {**account, **lists}),
        ({**open_, "ecr_repository_arns": pull}, {**account, "github_ecr_repository_arns": push}),
        ({**open_, "github_ecr_repository_arns": push}, {**account, "ecr_repository_arns": pull}),
    ):
        keys: dict[str, Any] = {**BASE, **given}
        left = ecsiam.Config(**keys)
        assert ecsiam.build(left).bind(bound).roles == closed.roles, given
        assert ecsiam.build(left.bind(bound)) == ecsiam.build(left).bind(bound)
        assert ecsiam.Stack.from_dict(ecsiam.build(left).to_dict()) == ecsiam.build(left)


@pytest.mark.parametrize("row", WHERE)
def test_the_task_is_pulled_from_all_of_them(row: str) -> None:
    pull, push, _ = WHERE[row]
    of = stack(account_id=HOME, ecr_repository_arns=pull, github_ecr_repository_arns=push)
    (reads,) = [
        s
        for s in of.roles["execution"].policies["execution_ecr"].document.statements
        if any(a.pattern == "ecr:BatchGetImage" for a in s.actions.items)
    ]
    assert reads.resources is not None
    assert [str(item) for item in reads.resources.items] == sorted(pull or [ALL])


def test_while_the_account_is_unknown_iam_decides() -> None:
    """In an account the sidecar's owner has, the other one is foreign: the ARNs stay, the condition tells."""
    (push,) = pushes(stack(ecr_repository_arns=[OWN, SIDECAR]))
    assert [(c.key, [str(v) for v in c.values]) for c in push.conditions] == [("aws:ResourceAccount", ["{account_id}"])]
    bound = stack(ecr_repository_arns=[OWN, SIDECAR]).bind({"account_id": OTHER})
    assert pushed(bound) == [SIDECAR]
    works = prove(stack(ecr_repository_arns=[OWN, SIDECAR]))["works"]
    assert isinstance(works, ecsiam.Holds), works


def test_the_default_for_all_of_the_account_needs_no_condition() -> None:
    (push,) = pushes(stack())
    assert push.conditions == ()


@pytest.mark.parametrize("target", ["terraform", "cloudformation"])
def test_a_module_pushes_to_what_is_listed_or_by_condition(target: Any) -> None:
    """Never both: where the list of repositories to push to is given, the one to pull from says nothing."""
    of = stack(ecr_repository_arns=Parameter("pull", ()), github_ecr_repository_arns=Parameter("push", ()))
    assert [bool(s.conditions) for s in pushes(of)] == [False, True]
    assert all(s.may_vanish for s in pushes(of))
    (text,) = [f for name, f in ecsiam.emit(of, target).files.items() if name.startswith(("main", "template"))]
    assert text.count('"ecr:PutImage"') == 2
    assert text.count("aws:ResourceAccount") == 1


# What has nothing of its own is refused: it would fall back on every repository of the account, or push nowhere.
@pytest.mark.parametrize("flag", [True, Parameter("github", default=False)])
def test_nothing_of_its_own_is_refused(flag: object) -> None:
    with pytest.raises(ConfigError) as raised:
        stack(account_id=HOME, ecr_repository_arns=[SIDECAR], enable_github_oidc=flag)
    assert str(raised.value) == (
        f"none of `ecr_repository_arns` is of account `{HOME}`, so nothing says what the workflow pushes to "
        "@ $.ecr_repository_arns. Name what the workflow pushes to in `github_ecr_repository_arns`."
    )


@pytest.mark.parametrize("keys", [{"ecr_repository_arns": [SIDECAR]}, {"ecr_repository_arns": Parameter("pull")}])
def test_nothing_of_its_own_is_refused_once_it_is_known(keys: dict[str, Any]) -> None:
    left = ecsiam.Config(**{**BASE, **keys})
    values = {"account_id": HOME, **({"pull": [SIDECAR]} if "pull" in left.deployment.variables else {})}
    with pytest.raises(ConfigError, match="nothing of the roles' account is given"):
        ecsiam.build(left).bind(values)
    with pytest.raises(ConfigError, match="nothing of the roles' account is given"):
        ecsiam.build(left.bind(values))


def test_without_github_a_foreign_repository_is_pulled_only() -> None:
    assert (
        "github_actions"
        not in stack(account_id=HOME, ecr_repository_arns=[SIDECAR], enable_github_oidc=False, github_repo=None).roles
    )


ACCOUNT = {"StringEquals": {"aws:ResourceAccount": HOME}}
# resources, condition: what is left of them; None: it stays as it is
SETTLED: dict[str, tuple[list[str], dict[str, Any], list[str] | None]] = {
    "the ARNs say it": ([OWN, SIDECAR], ACCOUNT, [OWN]),
    "nothing else is there": ([SIDECAR], ACCOUNT, []),
    "an ARN says no account": ([OWN, "arn:aws:s3:::memos"], ACCOUNT, None),
    "a pattern for the account": ([f"arn:aws:ecr:eu-west-2:{HOME[:-1]}*:repository/memos"], ACCOUNT, None),
    "everything": (["*"], ACCOUNT, None),
    "several accounts": ([OWN], {"StringEquals": {"aws:ResourceAccount": [HOME, OTHER]}}, None),
    "another operator": ([OWN], {"StringNotEquals": {"aws:ResourceAccount": HOME}}, None),
    "another key": ([OWN], {"StringEquals": {"aws:PrincipalAccount": HOME}}, None),
}


@pytest.mark.parametrize("row", SETTLED)
def test_a_condition_that_the_arns_decide_is_settled(row: str) -> None:
    resources, condition, left = SETTLED[row]
    given = statement_from_data(
        {"Effect": "Allow", "Action": "ecr:PutImage", "Resource": resources, "Condition": condition}
    )
    settled = given.settled()
    if left is None:
        assert settled == given
    elif not left:
        assert settled is None
    else:
        assert settled is not None
        assert settled.conditions == ()
        assert settled.resources is not None
        assert [str(item) for item in settled.resources.items] == left
