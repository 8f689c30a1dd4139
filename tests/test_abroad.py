"""`works` and the secrets of other accounts: with which keys they can be read, and that parameters can't be at all.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html
"""

from typing import Any

import pytest

import ecsiam
from ecsiam import Fails, Holds, Parameter, Undecided
from ecsiam.invariants import prove

HOME, OTHER, THIRD = "123456789012", "999999999999", "888888888888"
BASE: dict[str, Any] = {
    "project_name": "memos",
    "environment": "dev",
    "account_id": HOME,
    "aws_region": "eu-west-2",
    "enable_secrets_access": True,
}


def secret(account: str, region: str = "eu-west-2", name: str = "db-AbCdEf") -> str:
    return f"arn:aws:secretsmanager:{region}:{account}:secret:{name}"


def parameter(account: str) -> str:
    return f"arn:aws:ssm:eu-west-2:{account}:parameter/memos/db"


def key(account: str, region: str = "eu-west-2", name: str = "01234567-89ab-cdef-0123-456789abcdef") -> str:
    return f"arn:aws:kms:{region}:{account}:key/{name}"


def decrypts(*keys: str, effect: str = "Allow", **conditions: Any) -> dict[str, Any]:
    condition = {"Condition": {"StringEquals": conditions}} if conditions else {}
    return {"Effect": effect, "Action": "kms:Decrypt", "Resource": list(keys), **condition}


def built(**keys: Any) -> ecsiam.Stack:
    return ecsiam.build(ecsiam.Config(**{**BASE, **keys}))


def works(**keys: Any) -> ecsiam.Answer:
    return prove(built(**keys))["works"]


# secrets_arns, secrets_kms_key_arns: the answer
READ: dict[str, tuple[list[str], list[str], type[ecsiam.Answer]]] = {
    "its own, under AWS's key": ([secret(HOME)], [], Holds),
    "its own, under a key of its own": ([secret(HOME)], [key(HOME)], Holds),
    "another's, under no key": ([secret(OTHER)], [], Fails),
    "another's, under its key": ([secret(OTHER)], [key(OTHER)], Holds),
    "another's, under some key of it": ([secret(OTHER)], [key(OTHER, name="*")], Holds),
    "another's, under one of ours": ([secret(OTHER)], [key(HOME)], Fails),
    "another's, under a third one's": ([secret(OTHER)], [key(THIRD)], Fails),
    "another's, as a pattern": ([secret(OTHER, name="memos/*")], [], Fails),
    "two others', under the key of one": ([secret(OTHER), secret(THIRD)], [key(OTHER)], Fails),
    "two others', under the keys of both": ([secret(OTHER), secret(THIRD)], [key(OTHER), key(THIRD)], Holds),
    "two regions, under the key of one": ([secret(OTHER), secret(OTHER, "eu-west-1")], [key(OTHER)], Fails),
    "ours beside another's, under the keys of both": ([secret(HOME), secret(OTHER)], [key(HOME), key(OTHER)], Holds),
    "our parameter": ([parameter(HOME)], [], Holds),
    "another's parameter": ([parameter(OTHER)], [], Fails),
    "another's parameter, under its key": ([parameter(OTHER)], [key(OTHER)], Fails),
}


@pytest.mark.parametrize("row", READ)
def test_what_can_be_read(row: str) -> None:
    secrets, keys, wanted = READ[row]
    answer = works(secrets_arns=secrets, secrets_kms_key_arns=keys)
    assert type(answer) is wanted, answer


@pytest.mark.parametrize("row", [row for row in READ if "parameter" not in row])
def test_what_can_be_read_in_the_guides_module(row: str) -> None:
    """It grants `kms:Decrypt` on the secrets themselves, which decrypts nothing: what is foreign stays unread."""
    secrets, _, _ = READ[row]
    answer = works(profile="baseline", secrets_arns=secrets)
    assert isinstance(answer, Fails)
    unread = [f for f in (answer, *answer.also) if "may use no key of account" in f.fact]
    assert bool(unread) == any(f":{HOME}:" not in s for s in secrets), (row, answer)


def test_the_fact_names_what_is_unread_and_the_remedy() -> None:
    answer = works(secrets_arns=[secret(OTHER), secret(OTHER, name="api-GhIjKl")])
    assert isinstance(answer, Fails)
    assert answer.fact == (
        f"the execution role may use no key of account `{OTHER}` in `eu-west-2` to decrypt "
        f"`{secret(OTHER, name='api-GhIjKl')}`, `{secret(OTHER)}`: AWS's own key is for one account alone; "
        "list its customer managed key in `secrets_kms_key_arns`"
    )
    assert works(secrets_arns=[secret(OTHER)], secrets_kms_key_arns=[key(OTHER)]).assumed[-1:] == (
        "a secret of another account is encrypted with a key of that account",
    )


VIA = {"kms:ViaService": "secretsmanager.eu-west-2.amazonaws.com"}
# Statements of the user's own count as well, for and against.
STATED: dict[str, tuple[list[dict[str, Any]], list[str], type[ecsiam.Answer]]] = {
    "the key": ([decrypts(key(OTHER))], [], Holds),
    "any key": ([decrypts("*")], [], Holds),
    "the key, through the service": ([decrypts(key(OTHER), **VIA)], [], Holds),
    "the key, through another service": (
        [decrypts(key(OTHER), **{"kms:ViaService": "s3.eu-west-2.amazonaws.com"})],
        [],
        Fails,
    ),
    "the alias, which is no key": ([decrypts(f"arn:aws:kms:eu-west-2:{OTHER}:alias/memos")], [], Fails),
    "a key that is denied": ([decrypts(f"arn:aws:kms:*:{OTHER}:*", effect="Deny")], [key(OTHER)], Fails),
}


@pytest.mark.parametrize("row", STATED)
def test_raw_statements_count(row: str) -> None:
    statements, keys, wanted = STATED[row]
    answer = works(secrets_arns=[secret(OTHER)], secrets_kms_key_arns=keys, execution_statements=statements)
    facts = [f.fact for f in (answer, *answer.also)] if isinstance(answer, Fails) else []
    unread = any("may use no key of account" in fact for fact in facts)
    assert unread if wanted is Fails else isinstance(answer, Holds), answer


def test_a_policy_that_was_not_read_may_allow_it() -> None:
    answer = works(secrets_arns=[secret(OTHER)], execution_managed_policy_arns=[f"arn:aws:iam::{HOME}:policy/keys"])
    assert isinstance(answer, Undecided)
    assert "which was not read" in answer.reason


@pytest.mark.parametrize("account", [None, Parameter("account_id")])
def test_while_the_account_is_open_it_is_undecided(account: object) -> None:
    for secrets in ([secret(OTHER)], [parameter(OTHER)]):
        left = built(account_id=account, secrets_arns=secrets)
        answer = prove(left)["works"]
        assert isinstance(answer, Undecided)
        assert "the roles' account" in answer.reason
        assert isinstance(prove(left.bind({"account_id": OTHER}))["works"], Holds)
        assert isinstance(prove(left.bind({"account_id": HOME}))["works"], Fails)
    # With a key of that account it is allowed whoever's it is.
    assert isinstance(works(account_id=account, secrets_arns=[secret(OTHER)], secrets_kms_key_arns=[key(OTHER)]), Holds)


def test_a_parameter_is_judged_once_it_is_bound() -> None:
    left = built(secrets_arns=Parameter("s"), secrets_kms_key_arns=Parameter("k", ()))
    answer = prove(left)["works"]
    assert isinstance(answer, Undecided)
    assert answer.reason == "whether what `s` gives is of the roles' account is left open"
    for secrets, keys, wanted in (
        ([secret(OTHER)], [], Fails),
        ([secret(OTHER)], [key(OTHER)], Holds),
        ([secret(HOME)], [], Holds),
        ([parameter(OTHER)], [], Fails),
    ):
        assert type(prove(left.bind({"s": secrets, "k": keys}))["works"]) is wanted, (secrets, keys)


def test_a_key_that_is_left_open_may_be_none() -> None:
    answer = works(secrets_arns=[secret(OTHER)], secrets_kms_key_arns=Parameter("k", ()))
    assert isinstance(answer, Undecided)


def test_under_a_flag_that_is_left_open_the_answer_names_it() -> None:
    answer = works(secrets_arns=[secret(OTHER)], enable_secrets_access=Parameter("flag"))
    assert isinstance(answer, Fails)
    assert answer.values == (("flag", True),)
    assert isinstance(works(secrets_arns=[secret(OTHER)], enable_secrets_access=False), Holds)
