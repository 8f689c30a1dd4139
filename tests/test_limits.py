"""A boundary for every role that is asked, and documents of managed policies: as if each role had them itself."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from ecsiam import (
    Fails,
    Holds,
    Policy,
    PolicyError,
    Principal,
    Request,
    Role,
    Stack,
    Statement,
    Undecided,
    build,
    can,
    compare,
    contains,
    equivalent,
    evaluate,
    load_config,
    overlaps,
    prove,
)
from ecsiam.model.role import RolePolicy

OWN = "arn:aws:iam::123456789012:policy/own"
LIMIT = "arn:aws:iam::123456789012:policy/limit"
KNOWN = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
TRUST = Policy(Statement("Allow", "sts:AssumeRole", principals=Principal("Service", "ecs-tasks.amazonaws.com")))
TLS = {"Bool": {"aws:SecureTransport": "true"}}
POLICIES = {
    "get": Policy(Statement("Allow", "s3:Get*", "arn:aws:s3:::b/*")),
    "all": Policy(Statement("Allow", "s3:*", "*")),
    "tls": Policy(Statement("Allow", "s3:*", "*", conditions=TLS)),
    "deny": Policy([Statement("Allow", "*", "*"), Statement("Deny", "s3:GetObject", "arn:aws:s3:::b/x/*")]),
    "other": Policy(Statement("Allow", "sqs:*", "*")),
}
ANYTHING = Policy(Statement("Allow", "*", "*"))
PICKS = st.sampled_from(list(POLICIES.values()))
BOUNDARIES = st.none() | PICKS


def role(*inline: Policy, managed: tuple[str, ...] = (), boundary: str | None = None) -> Role:
    named = [RolePolicy(f"p{i}", f"p{i}", policy) for i, policy in enumerate(inline)]
    return Role("r", "r", TRUST, named, managed_policy_arns=managed, permissions_boundary=boundary)


@given(PICKS, PICKS, PICKS, BOUNDARIES)
def test_a_managed_policy_that_is_given_is_as_good_as_an_inline_one(
    inline: Policy, attached: Policy, other: Policy, limit: Policy | None
) -> None:
    bound = None if limit is None else LIMIT
    named, whole = role(inline, managed=(OWN,), boundary=bound), role(inline, attached, boundary=bound)
    limits = {} if limit is None else {LIMIT: limit}
    managed = {OWN: attached, **limits}
    for question in (contains, overlaps, equivalent):
        assert type(question(named, other, managed=managed)) is type(question(whole, other, managed=limits))
        assert type(question(other, named, managed=managed)) is type(question(other, whole, managed=limits))
    asked: Any = {"action": "s3:GetObject", "resource": "arn:aws:s3:::b/x/y"}
    assert can(named, **asked, managed=managed) == can(whole, **asked, managed=limits)
    assert can(named, **asked, managed={OWN: attached}, boundary=limit or ANYTHING) == can(
        role(inline, attached), **asked, boundary=limit or ANYTHING
    )


@given(PICKS, PICKS, PICKS)
def test_a_boundary_is_in_place_of_the_own_one(inline: Policy, own: Policy, limit: Policy) -> None:
    bounded, free = role(inline, boundary=LIMIT), role(inline)
    assert equivalent(bounded, free, boundary=limit, managed={LIMIT: own})
    assert contains(free, evolve(free, permissions_boundary=LIMIT), managed={LIMIT: limit})
    assert contains(inline, free, boundary=limit)
    assert (
        contains(limit, inline) or not contains(limit, free) or isinstance(contains(limit, free, boundary=limit), Holds)
    )
    assert contains(limit, free, boundary=limit), "nothing gets out of a boundary"
    change = compare(bounded, free, managed={LIMIT: limit})
    assert not change.lost
    assert bool(change.gained) == isinstance(contains(bounded, free, managed={LIMIT: limit}), Fails)
    assert compare(bounded, free, boundary=limit).gained == ()


@given(PICKS, PICKS, st.sampled_from(["s3:GetObject", "s3:PutObject", "sqs:SendMessage"]))
def test_a_question_and_a_request_agree(inline: Policy, limit: Policy, action: str) -> None:
    answer = can(role(inline), action=action, boundary=limit, universe="all")
    if isinstance(answer, Holds):
        assert answer.witness
        assert evaluate(role(inline), answer.witness, boundary=limit).allowed
    else:
        assert isinstance(answer, Fails)
        assert not evaluate(
            role(inline), Request(action, "arn:aws:s3:::b/y", context={"aws:SecureTransport": True}), boundary=limit
        ).allowed


def test_can_says_what_the_boundary_asks() -> None:
    answer = can(POLICIES["all"], action="s3:GetObject", boundary=POLICIES["tls"])
    assert isinstance(answer, Holds)
    assert "aws:SecureTransport" in str(answer.when)
    of_role = can(role(POLICIES["all"], boundary=LIMIT), action="s3:GetObject", managed={LIMIT: POLICIES["tls"]})
    assert isinstance(of_role, Holds)
    assert of_role.when == answer.when


def test_without_a_document_it_is_undecided_and_with_it_not() -> None:
    named = role(managed=(OWN,), boundary=LIMIT)
    assert isinstance(can(named, action="s3:GetObject"), Undecided)
    assert isinstance(can(named, action="s3:GetObject", managed={OWN: POLICIES["all"]}), Undecided)
    assert can(named, action="s3:GetObject", managed={OWN: POLICIES["all"], LIMIT: POLICIES["get"]})
    assert can(named, action="s3:GetObject", managed={OWN: POLICIES["all"]}, boundary=POLICIES["get"])
    assert isinstance(can(named, action="s3:GetObject"), Undecided), "nothing is remembered"


def test_what_is_given_comes_before_what_we_carry() -> None:
    named = role(managed=(KNOWN,))
    assert not can(named, action="s3:GetObject")
    assert can(named, action="s3:GetObject", managed={KNOWN: POLICIES["all"]})
    request = Request("s3:GetObject", "arn:aws:s3:::b/x")
    assert not evaluate(named, request).allowed
    assert evaluate(named, request, managed={KNOWN: POLICIES["all"]}).allowed


QUESTIONS: list[Callable[[Policy], object]] = [
    lambda limit: can(TRUST, action="sts:AssumeRole", boundary=limit),
    lambda limit: contains(TRUST, TRUST, boundary=limit),
    lambda limit: overlaps([TRUST], [TRUST], boundary=limit),
    lambda limit: compare(TRUST, Policy((*TRUST.statements, *TRUST.statements)), boundary=limit),
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_boundary_limits_no_trust(question: Callable[[Policy], object]) -> None:
    with pytest.raises(PolicyError, match="a boundary limits callers, not whom a resource lets in"):
        question(POLICIES["all"])


def test_what_is_given_is_a_policy_of_a_caller() -> None:
    with pytest.raises(PolicyError, match=r"^the boundary that was given names a principal"):
        can(role(), action="s3:GetObject", boundary=TRUST)
    with pytest.raises(PolicyError, match=rf"^the managed policy `{OWN}` names a principal"):
        can(role(), action="s3:GetObject", managed={OWN: TRUST})
    with pytest.raises(PolicyError, match=rf"^the managed policy `{OWN}` names a principal"):
        evaluate(role(), Request("s3:GetObject"), managed={OWN: TRUST})


@pytest.fixture(scope="module")
def stack() -> Stack:
    built = build(load_config("examples/memos.yaml"))
    return evolve(built, roles=[evolve(r, permissions_boundary=LIMIT) for r in built.roles.values()])


def test_a_proof_within_a_boundary_is_decided(stack: Stack) -> None:
    full = Policy(Statement("Allow", "*", "*"))
    assert isinstance(prove(stack)["works"], Undecided)
    for answers in (prove(stack, boundary=full), prove(stack, managed={LIMIT: full})):
        assert all(answers.values()), answers
    narrow = prove(stack, boundary=POLICIES["other"])
    assert isinstance(narrow["works"], Fails)
    assert all(narrow[id] for id in narrow if id != "works"), narrow


def test_a_proof_with_a_managed_policy_reads_it(stack: Stack) -> None:
    task = evolve(stack.roles["task"], permissions_boundary=None, managed_policy_arns=(OWN,))
    attached = evolve(stack, roles=[evolve(stack.roles["execution"], permissions_boundary=None), task])
    assert isinstance(prove(attached)["no-escalation"], Undecided)
    assert prove(attached, managed={OWN: POLICIES["get"]})["no-escalation"]
    up = Policy(Statement("Allow", "iam:AttachRolePolicy", "*"))
    assert isinstance(prove(attached, managed={OWN: up})["no-escalation"], Fails)


def test_a_stack_is_compared_within_a_boundary(stack: Stack) -> None:
    more = RolePolicy("more", "more", POLICIES["all"])
    task = stack.roles["task"]
    wider = evolve(stack, roles=[stack.roles["execution"], evolve(task, policies=[*task.policies.values(), more])])
    assert compare(stack, wider, boundary=Policy(Statement("Allow", "*", "*"))).gained
    assert not compare(stack, wider, boundary=POLICIES["other"]).gained
    assert compare(stack, wider, managed={LIMIT: POLICIES["get"]}).gained
