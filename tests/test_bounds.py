"""Nothing that a policy can say takes unbounded time, memory or recursion: an answer, or Undecided that says why."""

import pytest

from ecsiam.analysis.answers import Fails, Holds, Undecided
from ecsiam.analysis.questions import contains
from ecsiam.model.policy import Policy
from ecsiam.model.principal import EVERYONE, Principal
from ecsiam.model.statement import Statement

from .asking import allow, trust


def many(statements: int, *, deny: bool = False) -> Policy:
    allows = [Statement("Allow", "s3:Get*", f"arn:aws:s3:::b{i}/*") for i in range(statements)]
    denies = [Statement("Deny", "s3:GetObject", f"arn:aws:s3:::b{i}/x") for i in range(statements)] if deny else []
    return Policy([*allows, *denies])


def test_four_hundred_statements_are_compared() -> None:
    """Twice what fits into all the policies of a role."""
    assert isinstance(contains(many(400), many(399)), Holds)
    assert isinstance(contains(many(399), many(400)), Fails)
    assert isinstance(contains(many(400, deny=True), many(399)), Fails)


@pytest.mark.parametrize("deny", [False, True])
def test_two_thousand_statements_are_no_recursion(deny: bool) -> None:
    assert isinstance(contains(many(2_000, deny=deny), many(1_999)), Fails if deny else Holds | Undecided)


def test_conditions_on_many_keys_are_not_multiplied_out() -> None:
    """Each statement asks two keys; every way to meet none of forty is one request."""
    tagged = [
        Statement(
            "Allow", "s3:*", "*", conditions={"StringEquals": {f"aws:PrincipalTag/k{2 * i + j}": "a" for j in (0, 1)}}
        )
        for i in range(20)
    ]
    answer = contains(Policy(tagged), allow("s3:*"))
    assert isinstance(answer, Fails)
    assert answer.witness is not None


def test_defaults_of_variables_double_only_so_often() -> None:
    variables = "/".join(f"${{aws:PrincipalTag/k{i}, 'd'}}" for i in range(16))
    answer = contains(allow("s3:GetObject", f"arn:aws:s3:::b/{variables}"), allow("s3:GetObject", "arn:aws:s3:::b/x"))
    assert isinstance(answer, Undecided)
    assert "policy variables with a default" in answer.reason


@pytest.mark.parametrize("keys", [8, 20])
def test_patterns_on_one_key_are_cut_only_so_often(keys: int) -> None:
    """One statement for each pattern, each with inner stars."""

    def of(form: str) -> Policy:
        conditions = (
            {"StringLike": {"aws:PrincipalTag/k": form.format("abcdefghijklmnopqrst"[i])}} for i in range(keys)
        )
        return Policy([Statement("Allow", "s3:*", "*", conditions=c) for c in conditions])

    assert isinstance(contains(of("*{}*x*"), of("*{}*xy*")), Holds | Undecided)


def test_a_very_long_pattern_is_read() -> None:
    """A hundred thousand characters, as a resource and as a value."""
    long = "arn:aws:s3:::b/" + "a*?" * 30_000
    assert isinstance(contains(allow("s3:GetObject", "*"), allow("s3:GetObject", long)), Holds)


def test_somebody_is_left_whoever_is_named() -> None:
    """Every account of one digit and every canonical user of one are named: there are others."""
    accounts = [Principal("AWS", digit * 12) for digit in "0123456789"]
    users = [Principal("CanonicalUser", digit * 64) for digit in "0123456789abcdef"]
    answer = contains(trust(*accounts, *users), trust(EVERYONE))
    assert isinstance(answer, Fails)
    assert answer.witness is not None
