"""The universe `asked`: of an action on a resource of a type that it has, or on none."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecsiam import Fails, Holds, Policy, Request, can, compare, contains, equivalent, overlaps
from ecsiam.analysis.actions import Universe
from ecsiam.analysis.asked import asked_of, unasked
from ecsiam.analysis.questions import requests_of
from ecsiam.analysis.requests import query
from ecsiam.model.statement import Action, AllBut
from ecsiam.reference.actions import date

from .asking import allow, both, deny, no, witness

HOME = "eu-west-2:123456789012"
RDS = f"arn:aws:rds:{HOME}:db:memos"
LAMBDA = f"arn:aws:lambda:{HOME}:function:memos"
BUCKET = "arn:aws:s3:::memos"
ASKED: tuple[Universe, ...] = ("asked", "known")

# --- what AWS asks: https://docs.aws.amazon.com/service-authorization/latest/reference/, each service's page ----------


@pytest.mark.parametrize(
    ("action", "resource", "asks"),
    [
        ("ecr:GetAuthorizationToken", "*", True),
        ("ecr:GetAuthorizationToken", RDS, False),
        ("ecr:getauthorizationtoken", RDS, False),
        ("ecs:RunTask", f"arn:aws:ecs:{HOME}:task-definition/memos:3", True),
        ("ecs:RunTask", f"arn:aws:ecs:{HOME}:task-definition/memos", False),
        ("ecs:UpdateService", f"arn:aws:ecs:{HOME}:service/main/memos", True),
        ("ecs:UpdateService", f"arn:aws:ecs:{HOME}:service/memos", False),
        ("s3:GetObject", f"{BUCKET}/a.txt", True),
        ("s3:GetObject", BUCKET, False),
        ("s3:GetObject", LAMBDA, False),
        ("s3:ListBucket", BUCKET, True),
        ("s3:ListBucket", f"{BUCKET}/a.txt", False),
        ("s3:ListAllMyBuckets", "*", True),
        ("s3:ListAllMyBuckets", BUCKET, False),
        ("kms:Decrypt", f"arn:aws:kms:{HOME}:key/1", True),
        ("kms:Decrypt", f"arn:aws:kms:{HOME}:alias/memos", False),
        ("iam:PassRole", "arn:aws:iam::123456789012:role/memos", True),
        ("iam:PassRole", "arn:aws:iam::123456789012:user/memos", False),
        ("sts:AssumeRole", "arn:aws:iam::123456789012:user/memos", False),
        ("logs:PutLogEvents", f"arn:aws:logs:{HOME}:log-group:memos:log-stream:x", True),
        ("logs:PutLogEvents", f"arn:aws:logs:{HOME}:log-group:memos", False),
        ("logs:TagResource", f"arn:aws:logs:{HOME}:log-group:memos", True),
        ("ecs:ListTasks", "*", True),
        ("sqs:SendMessage", f"arn:aws:sns:{HOME}:memos", False),
        ("secretsmanager:GetSecretValue", f"arn:aws:ssm:{HOME}:parameter/memos", False),
        ("ssmmessages:OpenDataChannel", "*", True),
        ("ssmmessages:OpenDataChannel", f"arn:aws:ecs:{HOME}:task/main/1", False),
        # What the reference doesn't know: of a service that it knows on such ARNs as are its own, else on anything.
        ("s3:FutureThing", f"{BUCKET}/a.txt", True),
        ("s3:FutureThing", "*", True),
        ("s3:FutureThing", LAMBDA, False),
        ("future:Thing", LAMBDA, True),
        ("future:Thing", "*", True),
    ],
)
def test_aws_asks(action: str, resource: str, asks: bool) -> None:
    request = Request(action, resource)
    assert (not unasked(request)) is asks, unasked(request)
    for universe in ASKED:
        if universe == "asked" or "uture" not in action:
            answer = can(allow(action, "*"), action=action, resource=resource, universe=universe)
            assert isinstance(answer, Holds if asks else Fails), universe
    assert isinstance(can(allow(action, "*"), action=action, resource=resource, universe="all"), Holds)
    pattern = f"{action[:-1]}*"
    assert (request in asked_of(query(pattern, "*"), "asked")) is asks


def test_no_says_why_nothing_is_asked() -> None:
    policy = allow(["ecr:GetAuthorizationToken"], "*")
    for action in ("*", "ecr:*", "ecr:GetAuthorizationToken"):
        answer = can(policy, action=action, resource=RDS)
        assert isinstance(answer, Fails)
        assert answer.fact == (
            "only requests that AWS never makes are allowed: `ecr:GetAuthorizationToken` has no resource"
        )
    nothing = can(allow("s3:GetObject", BUCKET), action="s3:PutObject")
    assert isinstance(nothing, Fails)
    assert nothing.fact == "no request of these is allowed, whatever its context"


@pytest.mark.parametrize("universe", ASKED)
def test_everything_reaches_a_resource_of_any_service(universe: Universe) -> None:
    for wide in (allow("*", "*"), allow(no("s3:*"), "*"), allow("*:List*", "*")):
        answer = can(wide, action="*", resource=RDS, universe=universe)
        assert isinstance(answer, Holds)
        assert not unasked(witness(answer))
    only_s3 = both(allow(["s3:List*", "*:GetRes*"], "*"), deny(no("s3:*"), "*"))
    assert isinstance(can(only_s3, action="*", resource=LAMBDA, universe=universe), Fails)


def test_a_list_of_both_is_the_list_split_by_resource() -> None:
    together = allow(["s3:GetObject", "s3:ListBucket"], [BUCKET, f"{BUCKET}/*"])
    split = both(allow("s3:GetObject", f"{BUCKET}/*"), allow("s3:ListBucket", BUCKET))
    for before, after in ((together, split), (split, together)):
        assert str(compare(before, after)) == "no change"
        assert str(compare(before, after, universe="known")) == "no change"
        assert isinstance(contains(before, after, universe="asked"), Holds)
    assert len(compare(split, together, universe="all").gained) == 2


def test_a_witness_that_aws_does_not_make_is_said_to_be_none() -> None:
    """`contains`, `overlaps` and `equivalent` reckon with every request, and look for one that is made."""
    together = allow(["s3:GetObject", "s3:ListBucket"], [BUCKET, f"{BUCKET}/*"])
    split = both(allow("s3:GetObject", f"{BUCKET}/*"), allow("s3:ListBucket", BUCKET))
    (assumed,) = contains(split, together).assumed
    assert assumed.startswith("requests count that AWS doesn't make: AWS asks `s3:")
    assert equivalent(split, together).assumed == (assumed,)
    (assumed,) = overlaps(allow("ecs:RunTask", LAMBDA), allow("ecs:*", "*")).assumed
    assert assumed == (
        "requests count that AWS doesn't make: "
        f"AWS asks `ecs:RunTask` of `arn:*:ecs:*:*:task-definition/*:*`, not of `{LAMBDA}`"
    )
    made = contains(split, both(together, allow("s3:GetObject", f"{LAMBDA}"), allow("s3:PutObject", f"{BUCKET}/*")))
    assert made.assumed == ()
    assert witness(made) == Request("s3:PutObject", f"{BUCKET}/x")


def test_known_says_what_it_takes_for_known() -> None:
    answer = can(allow("s3:FutureThing", "*"), action="s3:*", resource=f"{BUCKET}/x", universe="known")
    assert isinstance(answer, Holds)
    assert answer.assumed == (f"there are no other actions than those of {date()} and those that a policy writes out",)
    assert isinstance(can(allow("s3:Future*", "*"), action="s3:*", universe="known"), Fails)
    assert isinstance(can(allow("s3:Future*", "*"), action="s3:*"), Holds)


# --- laws ------------------------------------------------------------------------------------------------------------

PATTERNS = (
    "s3:GetObject",
    "s3:*",
    "s3:List*",
    "ecs:Run*",
    "ecr:GetAuthorizationToken",
    "*",
    "*:Get*",
    "new:*",
    "kms:*",
)
ACTIONS = (
    "s3:GetObject",
    "s3:ListBucket",
    "s3:NewThing",
    "ecs:RunTask",
    "ecr:GetAuthorizationToken",
    "kms:GetKeyPolicy",
    "new:GetThing",
    "s3:ListAllMyBuckets",
)
RESOURCES = ("*", BUCKET, f"{BUCKET}/a", LAMBDA, f"arn:aws:ecs:{HOME}:task-definition/a:1", f"arn:aws:kms:{HOME}:key/1")
laws = settings(max_examples=60, deadline=None)
patterns = st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=3)
everywhere = st.lists(
    st.sampled_from((*RESOURCES, f"{BUCKET}*", "arn:aws:s3:::*", "arn:aws:ecs:*")), min_size=1, max_size=2
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    def statement(effect: str) -> Policy:
        names = draw(patterns)
        but = AllBut(tuple(Action(name, as_is=True) for name in names))
        actions = but if draw(st.integers(0, 4)) == 0 else names
        return (allow if effect == "Allow" else deny)(actions, draw(everywhere))

    effects = draw(st.lists(st.sampled_from(["Allow", "Allow", "Deny"]), max_size=3))
    return both(allow(draw(patterns), draw(everywhere)), *map(statement, effects))


def requests(services: Iterable[str]) -> list[Request]:
    return [Request(a, r) for a in ACTIONS for r in RESOURCES if a.partition(":")[0] in {*services, "new"}]


@settings(laws, max_examples=30)
@given(names=patterns)
def test_a_request_is_asked_alone_as_it_is_in_a_set(names: list[str]) -> None:
    question = query([*names, "s3:*", "ecs:*", "ecr:*", "kms:*"], "*")
    asked = asked_of(question, "asked")
    for request in requests({"s3", "ecs", "ecr", "kms"}):
        assert (request in asked) == (not unasked(request) and request in question), request


@laws
@given(policy=policies(), action=st.sampled_from(PATTERNS), on=everywhere, universe=st.sampled_from(ASKED))
def test_what_can_be_is_allowed_and_asked(policy: Policy, action: str, on: list[str], universe: Universe) -> None:
    allowed, question = requests_of(policy), query(action, on)
    some = [
        r
        for r in requests({"s3", "ecs", "ecr", "kms"})
        if r in allowed and r in question and not unasked(r) and "ew" not in r.action
    ]
    answer = can(policy, action=action, resource=on, universe=universe)
    assert isinstance(answer, Holds | Fails)
    if isinstance(answer, Holds):
        found = witness(answer)
        assert found in allowed
        assert found in question
        assert not unasked(found)
    else:
        assert not some


@settings(laws, max_examples=30)
@given(a=policies(), b=policies())
def test_what_is_gained_is_asked_and_gained(a: Policy, b: Policy) -> None:
    before, after = requests_of(a), requests_of(b)
    change = compare(a, b)
    assert not change.undecided
    for difference in change.gained:
        assert difference.witness in after
        assert difference.witness not in before
        assert not unasked(difference.witness)
        assert difference.action == difference.witness.action
    gained = {d.action.lower() for d in change.gained}
    for request in requests({"s3", "ecs", "ecr", "kms"}):
        service = request.action.partition(":")[0]
        spoken_of = {x.pattern.partition(":")[0] for p in (a, b) for s in p.statements for x in s.actions.items}
        new = "ew" in request.action
        if request in after and request not in before and not unasked(request) and service in spoken_of and not new:
            assert request.action.lower() in gained, request
