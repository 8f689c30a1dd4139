"""Policy variables in questions: under operators that ignore case, without a value, in a resource.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import pytest

from ecsiam import (
    Fails,
    Holds,
    Policy,
    PolicyError,
    Request,
    Statement,
    Undecided,
    can,
    compare,
    contains,
    equivalent,
    evaluate,
    overlaps,
)
from ecsiam.model.condition import Block
from ecsiam.model.statement import AllBut
from ecsiam.model.text import Text

TEAM = "${aws:PrincipalTag/team}"
KEY = "aws:ResourceTag/team"
BUCKET = "arn:aws:s3:::b"


def allow(when: Block | None = None, resource: str | list[str] = "*") -> Policy:
    return Policy(Statement("Allow", "s3:GetObject", resource, conditions=when or {}))


def denied(when: Block, resource: str = "*") -> Policy:
    return Policy(
        [Statement("Allow", "s3:GetObject", "*"), Statement("Deny", "s3:*", resource, conditions=when)],
    )


def but(*resources: str) -> Policy:
    return Policy(Statement("Allow", "s3:GetObject", AllBut(tuple(map(Text.of, resources)))))


def asked(resource: str = f"{BUCKET}/x", **context: str) -> Request:
    keys = {"tag": KEY, "team": "aws:PrincipalTag/team", "name": "aws:username"}
    return Request("s3:GetObject", resource, context={keys[name]: value for name, value in context.items()})


# ---------------------------------------------------------------- ignoring case

EXACTLY: Block = {"StringEquals": {KEY: TEAM}}
ALIKE: Block = {"StringEqualsIgnoreCase": {KEY: TEAM}}


def test_the_operator_that_ignores_case_is_wider() -> None:
    assert evaluate(allow(ALIKE), asked(tag="red", team="RED")).allowed
    assert not evaluate(allow(EXACTLY), asked(tag="red", team="RED")).allowed
    assert contains(allow(ALIKE), allow(EXACTLY)) == Holds()
    answer = contains(allow(EXACTLY), allow(ALIKE))
    assert isinstance(answer, Fails)
    assert isinstance(equivalent(allow(EXACTLY), allow(ALIKE)), Fails)
    assert compare(allow(EXACTLY), allow(ALIKE)).gained
    assert not compare(allow(ALIKE), allow(EXACTLY)).gained
    assert equivalent(allow(ALIKE), allow(ALIKE)) == Holds()


def test_so_is_its_denial() -> None:
    assert contains(denied(EXACTLY), denied(ALIKE)) == Holds()
    assert isinstance(contains(denied(ALIKE), denied(EXACTLY)), Fails)


@pytest.mark.parametrize("around", ["{}", "team-{}", "{}-TEAM", "a{}b{}"])
def test_text_around_a_variable(around: str) -> None:
    text = around.replace("{}", TEAM)
    exactly, alike = allow({"StringEquals": {KEY: text}}), allow({"StringEqualsIgnoreCase": {KEY: text}})
    changed = allow({"StringEqualsIgnoreCase": {KEY: text.replace("team-", "TEAM-").replace("-TEAM", "-team")}})
    assert contains(alike, exactly) == Holds()
    assert isinstance(contains(exactly, alike), Fails)
    assert equivalent(alike, changed) == Holds()


def test_what_a_negated_operator_leaves() -> None:
    not_alike = allow({"StringNotEqualsIgnoreCase": {KEY: TEAM}})
    not_exactly = allow({"StringNotEquals": {KEY: TEAM}})
    assert contains(not_exactly, not_alike) == Holds()
    assert isinstance(contains(not_alike, not_exactly), Fails)
    assert isinstance(overlaps(not_alike, allow(ALIKE)), Fails)
    assert isinstance(overlaps(not_exactly, allow(ALIKE)), Holds)


def test_a_resource_that_shares_the_variable() -> None:
    """The variable's own key compared without case: RED's objects are not those of red."""
    own: Block = {"StringEqualsIgnoreCase": {"aws:PrincipalTag/team": "red"}}
    shared = allow(own, f"{BUCKET}/{TEAM}/*")
    assert isinstance(contains(allow(own, f"{BUCKET}/red/*"), shared), Fails)
    assert isinstance(can(shared, action="s3:GetObject", resource=f"{BUCKET}/RED/x"), Holds)
    assert not isinstance(can(shared, action="s3:GetObject", resource=f"{BUCKET}/blue/x"), Holds)


# ---------------------------------------------------------------- without a value


def test_aws_s_own_example_denies() -> None:
    """A Deny by StringNotEquals denies whoever has no tag, as the page's example says."""
    policy = denied({"StringNotEquals": {KEY: TEAM}})
    assert evaluate(policy, asked(tag="red")).outcome == "explicitly denied"
    assert evaluate(policy, asked(tag="red", team="red")).allowed
    assert evaluate(policy, asked(tag="red", team="")).outcome == "explicitly denied"
    untagged = {"Null": {"aws:PrincipalTag/team": "true"}}
    assert isinstance(can(policy, action="s3:GetObject", resource=f"{BUCKET}/x", conditions=untagged), Fails)
    absent: Block = {"Null": {"aws:PrincipalTag/team": "true"}}
    assert isinstance(overlaps(policy, allow(absent)), Fails)


def test_questions_follow() -> None:
    absent = allow({"Null": {"aws:PrincipalTag/team": "true"}})
    assert contains(allow({"StringNotEquals": {KEY: TEAM}}), absent) == Holds()
    assert contains(allow({"StringNotLike": {KEY: f"{TEAM}*"}}), absent) == Holds()
    assert isinstance(overlaps(allow({"StringEquals": {KEY: TEAM}}), absent), Fails)
    beside = allow({"StringEquals": {KEY: ["red", TEAM]}})
    assert contains(beside, allow({"StringEquals": {KEY: "red"}})) == Holds()
    if_exists = allow({"StringEqualsIfExists": {KEY: TEAM}})
    assert contains(if_exists, allow({"Null": {KEY: "true"}})) == Holds()
    assert isinstance(contains(allow({"Null": {KEY: "false"}}), allow({"StringNotLike": {KEY: f"${{{KEY}}}"}})), Fails)


def test_an_empty_tag_is_none() -> None:
    empty = allow({"StringEquals": {"aws:PrincipalTag/team": ""}})
    assert contains(allow({"StringNotEquals": {KEY: TEAM}}), empty) == Holds()
    assert isinstance(overlaps(allow({"StringEquals": {KEY: TEAM}}), empty), Fails)


def test_a_resource_with_a_variable_without_a_value() -> None:
    """It matches no resource, and NotResource leaves nothing out: AWS also says that the statement might be invalid."""
    inverse = but(f"{BUCKET}/${{aws:username}}/*")
    assert evaluate(inverse, asked(f"{BUCKET}/bob/x")).allowed
    assert not evaluate(inverse, asked(f"{BUCKET}/bob/x", name="bob")).allowed
    assert evaluate(inverse, asked(f"{BUCKET}/bob/x", name="eve")).allowed
    session: Block = {"Null": {"aws:username": "true"}}
    answer = contains(inverse, allow(session))
    assert isinstance(answer, Undecided)
    assert "AWS leaves open" in answer.reason
    beside = Policy(Statement("Allow", "s3:GetObject", [f"{BUCKET}/a", f"{BUCKET}/${{aws:username}}"]))
    assert isinstance(contains(beside, allow(session, f"{BUCKET}/a")), Undecided)
    assert contains(beside, allow({"Null": {"aws:username": "false"}}, f"{BUCKET}/a")) == Holds()
    alone = allow(None, f"{BUCKET}/${{aws:username}}")
    assert isinstance(overlaps(alone, allow(session)), Fails)


def test_a_statement_that_may_be_invalid_is_no_evidence_either_way() -> None:
    """What both readings give is given."""
    inverse = but(f"{BUCKET}/${{aws:username}}/*")
    assert isinstance(contains(allow(None, "arn:aws:s3:::c/*"), inverse), Fails)
    assert contains(allow(), inverse) == Holds()
    assert equivalent(inverse, inverse) == Holds()


def test_one_request_says_that_aws_leaves_it_open() -> None:
    """`evaluate` follows the page's section, and says where the page's warning would change the outcome."""
    inverse = but(f"{BUCKET}/${{aws:username}}/*")
    decision = evaluate(inverse, asked())
    assert decision.allowed
    assert "AWS's pages leave open" in decision.unclear
    assert not evaluate(inverse, asked(name="bob")).unclear
    both = Policy([*inverse.statements, Statement("Allow", "*", "*")])
    assert not evaluate(both, asked()).unclear
    denying = Policy([Statement("Allow", "*", "*"), Statement("Deny", "s3:*", inverse.statements[0].resources)])
    assert evaluate(denying, asked()).outcome == "explicitly denied"
    assert evaluate(denying, asked()).unclear


def test_what_aws_leaves_open_is_refused_only_where_it_decides() -> None:
    """Several values under an operator for one: beside what allows or denies anyway, they say nothing."""
    several = Request("s3:GetObject", f"{BUCKET}/x", context={"own:any": ("5", "6")})
    unsettled = Statement("Allow", "s3:*", "*", conditions={"NumericEquals": {"own:any": "5"}})
    denial = Statement("Deny", "s3:*", "*", conditions={"NumericEquals": {"own:any": "5"}})
    with pytest.raises(PolicyError, match="compares one value"):
        evaluate(Policy(unsettled), several)
    with pytest.raises(PolicyError, match="compares one value"):
        evaluate(Policy([Statement("Allow", "*", "*"), denial]), several)
    assert evaluate(Policy([unsettled, Statement("Allow", "*", "*")]), several).allowed
    assert not evaluate(Policy([unsettled, Statement("Deny", "*", "*")]), several).allowed
    assert not evaluate(Policy(denial), several).allowed


# ---------------------------------------------------------------- under Bool


def test_a_variable_under_bool_decides_nothing() -> None:
    policy = allow({"Bool": {"example.com:flag": "${aws:SecureTransport}"}})
    assert isinstance(can(policy, action="s3:GetObject", resource=f"{BUCKET}/x"), Undecided)
    assert contains(allow(), policy) == Holds()
    absent = allow({"Null": {"example.com:flag": "true"}})
    assert isinstance(contains(policy, absent), Fails | Undecided)
