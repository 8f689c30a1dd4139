"""Decisions: AWS's tables of policies that apply together, the laws of allow and deny, and known traps."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecsiam import Decision, Policy, PolicyError, Request, Role, Statement, build, evaluate, load_config, parse_policy
from ecsiam.model.policy import Version
from ecsiam.model.principal import Principal
from ecsiam.model.role import RolePolicy
from ecsiam.model.statement import AllBut, Effect
from ecsiam.model.text import ACCOUNT_ID, PARTITION, Text

from . import aws_decisions
from .aws_elements import ACCOUNT, FEDERATED_USER, OTHER, ROLE, ROOT, SAML, SESSION, USER
from .effort import cost

QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k"
TARGET = f"arn:aws:iam::{ACCOUNT}:role/target"
SERVICE = "ecs-tasks.amazonaws.com"
Row = tuple[str, str, str, str, str, str, str]
CALLERS: dict[str, Principal | None] = {
    "user": Principal("AWS", USER),
    "role": Principal("AWS", ROLE),
    "session": Principal("AWS", SESSION),
    "federated-user": Principal("AWS", FEDERATED_USER),
    "root": Principal("AWS", ROOT),
    "service": Principal("Service", SERVICE),
    "federated": Principal("Federated", SAML),
    "anonymous": Principal("*", "*"),
    "nobody": None,
    "linked": Principal("AWS", f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"),
    "linked-session": Principal("AWS", f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSServiceRoleForECS/ecs"),
}
NAMED = {
    **{name: p for name, p in CALLERS.items() if p is not None},
    "account": Principal("AWS", ACCOUNT),
    "anyone": Principal("AWS", "*"),
    "everyone": Principal("*", "*"),
    "other": Principal("AWS", f"arn:aws:iam::{ACCOUNT}:user/eve"),
}


def identity(words: str) -> tuple[Policy, ...]:
    """Policies as the tables say them: `allow`, `deny`, or `none` of what is asked."""
    says = {
        "allow": Statement("Allow", "*", "*"),
        "deny": Statement("Deny", "*", "*"),
        "none": Statement("Allow", "other:*", "*"),
    }
    return () if words == "-" else tuple(Policy(says[word]) for word in words.split())


def levels(words: str) -> list[tuple[Policy, ...]]:
    """Policies of an organisation, a slash between its levels."""
    return [] if words == "-" else [identity(level.strip()) for level in words.split("/")]


def rcps_of(words: str) -> list[list[Policy]]:
    return [[p for word in level.split() if (p := of_resource(word))] for level in words.split("/")]


def of_resource(words: str, resource: str | None = "*", action: str = "*") -> Policy | None:
    """A resource's policy that allows whom these words name."""
    if words == "-":
        return None
    statements: list[Statement] = []
    for word in words.split():
        match word:
            case "deny":
                statements.append(Statement("Deny", action, resource, Principal("*", "*")))
            case "none":
                statements.append(Statement("Allow", "other:*", resource, Principal("*", "*")))
            case "allow":
                statements.append(Statement("Allow", action, resource, Principal("*", "*")))
            case "but" | "but-role" | "but-session" | "but-account":
                named = NAMED[word.partition("-")[2] or "user"]
                statements.append(Statement("Deny", action, resource, AllBut((named,))))
            case "arn":
                pinned = {"ArnEquals": {"aws:PrincipalArn": ROLE}}
                statements.append(Statement("Allow", action, resource, Principal("AWS", "*"), pinned))
            case _:
                statements.append(Statement("Allow", action, resource, NAMED[word]))
    return Policy(statements)


def rows(table: Mapping[str, Sequence[tuple[Any, ...]]]) -> list[Any]:
    return [(*row, page) for page, of_page in table.items() for row in of_page]


def context(caller: str) -> dict[str, str]:
    return {"aws:PrincipalArn": ROLE if caller == "session" else USER}


# ---------------------------------------------------------------- AWS's tables


@pytest.mark.parametrize(("own", "boundary", "session", "scps", "rcps", "outcome", "page"), rows(aws_decisions.LIMITS))
def test_what_limits_identity_policies(
    own: str, boundary: str, session: str, scps: str, rcps: str, outcome: str, page: str
) -> None:
    decision = evaluate(
        identity(own),
        Request("sqs:SendMessage", QUEUE),
        boundary=next(iter(identity(boundary)), None),
        session=identity(session),
        scps=levels(scps),
        rcps=rcps_of(rcps),
    )
    assert decision.outcome == outcome, (decision.reason, page)
    assert decision.allowed == (outcome == "allowed")


def decided(row: Row, request: Request, resource: str | None = "*", action: str = "*") -> Decision:
    _, named, own, boundary, session, _, _ = row
    return evaluate(
        identity(own),
        request,
        boundary=next(iter(identity(boundary)), None),
        session=identity(session),
        resource_policy=of_resource(named, resource, action),
    )


@pytest.mark.parametrize("row", rows(aws_decisions.ONE_ACCOUNT), ids="-".join)
def test_a_resource_of_the_same_account(row: Row) -> None:
    decision = decided(row, Request("sqs:SendMessage", QUEUE, CALLERS[row[0]], context(row[0])))
    assert decision.outcome == row[5], (decision.reason, row[6])


@pytest.mark.parametrize("row", rows(aws_decisions.HAS_TO_ALLOW), ids="-".join)
def test_a_key_and_a_role_have_to_allow(row: Row) -> None:
    if "kms" in row[6]:
        decision = decided(row, Request("kms:Decrypt", KEY, CALLERS[row[0]]))
    else:
        decision = decided(row, Request("sts:AssumeRole", TARGET, CALLERS[row[0]]), None, "sts:AssumeRole")
    assert decision.outcome == row[5], (decision.reason, row[6])


@pytest.mark.parametrize("row", rows(aws_decisions.TWO_ACCOUNTS), ids="-".join)
@pytest.mark.parametrize("resource", [QUEUE.replace(ACCOUNT, OTHER), "arn:aws:s3:::b/x"])
def test_a_resource_of_another_account(row: Row, resource: str) -> None:
    """An ARN without an account is told by `aws:ResourceAccount`."""
    known = context(row[0]) | ({"aws:ResourceAccount": OTHER} if "s3" in resource else {})
    decision = decided(row, Request("s3:GetObject", resource, CALLERS[row[0]], known))
    assert decision.outcome == row[5], (decision.reason, row[6])


@pytest.mark.parametrize("row", [r for r in rows(aws_decisions.TWO_ACCOUNTS) if r[1] != "-"], ids="-".join)
def test_an_account_that_is_not_known_is_another_one(row: Row) -> None:
    request = Request("s3:GetObject", "arn:aws:s3:::b/x", CALLERS[row[0]], context(row[0]))
    decision = decided(row, request)
    assert decision.outcome == row[5]
    if row[0] != "service" and decision.outcome == "implicitly denied" and row[1] != "other":
        assert "is not known, so both have to allow it" in decision.reason


def test_an_account_that_a_key_tells() -> None:
    known = {"aws:ResourceAccount": ACCOUNT}
    of_bucket = of_resource("user")
    request = Request("s3:GetObject", "arn:aws:s3:::b/x", CALLERS["user"], known)
    assert evaluate((), request, resource_policy=of_bucket).allowed
    assert not evaluate(
        (), Request("s3:GetObject", "arn:aws:s3:::b/x", CALLERS["user"]), resource_policy=of_bucket
    ).allowed
    anyone = of_resource("anyone")
    unsaid = Request("s3:GetObject", "arn:aws:s3:::b/x", None, {**known, "aws:PrincipalAccount": ACCOUNT})
    assert evaluate(identity("none"), unsaid, resource_policy=anyone).allowed


@pytest.mark.parametrize(("who", "action", "place", "counts", "page"), rows(aws_decisions.ORGANISATIONS))
def test_whom_and_what_an_organisation_reaches(who: str, action: str, place: str, counts: bool, page: str) -> None:
    deny = identity("deny") if place == "scp" else of_resource("deny")
    given: Any = {f"{place}s": [deny]}
    request = Request(action, "*", CALLERS[who], {"aws:ResourceAccount": ACCOUNT})
    everyone = of_resource("everyone")
    for own in (identity("allow"), identity("allow allow")):
        assert evaluate(own, request, resource_policy=everyone).allowed
        decision = evaluate(own, request, resource_policy=everyone, **given)
        assert decision.outcome == ("explicitly denied" if counts else "allowed"), (decision.reason, page)
        if not counts:
            (miss,) = next(r for r in decision.statements if r.policy.startswith(place)).misses
            assert (miss.element, "control polic" in miss.reason) == (place.upper(), True)
    assert evaluate(of_resource("everyone"), request, **given).allowed != counts  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("who", "counts"), [(row[0], row[3]) for row in rows(aws_decisions.ORGANISATIONS) if row[2] == "scp"]
)
def test_a_level_that_allows_nothing_stops_whom_it_binds(who: str, counts: bool) -> None:
    request = Request("s3:GetObject", "arn:aws:s3:::b/x", CALLERS[who], {"aws:ResourceAccount": ACCOUNT})
    decision = evaluate(
        identity("allow"), request, resource_policy=of_resource("everyone"), scps=levels("allow / none")
    )
    assert decision.outcome == ("implicitly denied" if counts else "allowed")


def test_the_path_of_a_service_linked_role_is_what_counts() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html"""
    given: Any = {"scps": identity("deny"), "rcps": of_resource("deny")}
    arn = "aws:PrincipalArn"
    own, session = f"arn:aws:iam::{ACCOUNT}:role/AWSServiceRoleForECS", CALLERS["linked-session"]
    linked = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x.amazonaws.com/x"
    for who, context, stopped in (
        (session, {}, False),
        (session, {arn: own}, True),
        (CALLERS["session"], {arn: linked}, False),
        (Principal("AWS", own), {}, True),
    ):
        decision = evaluate(identity("allow"), Request("s3:GetObject", "arn:aws:s3:::b/x", who, context), **given)
        assert decision.allowed != stopped
    trust = Request("sts:AssumeRole", linked, CALLERS["service"])
    assert evaluate(Policy(Statement("Allow", "sts:AssumeRole", principals=NAMED["service"])), trust, **given).allowed


# ---------------------------------------------------------------- levels


@pytest.mark.parametrize(
    "given",
    [
        identity("allow none"),
        list(identity("allow none")),
        [identity("allow none")],
        [identity("allow"), identity("allow none")],
        [identity("allow"), identity("allow")[0]][:1],
        {"root": identity("allow"), "unit": list(identity("none allow"))},
        {"root": identity("allow")[0]},
        identity("allow")[0],
        (),
        {},
    ],
)
def test_policies_of_one_level_are_united(given: Any) -> None:
    request = Request("sqs:SendMessage", QUEUE)
    assert evaluate(identity("allow"), request, scps=given).allowed


def test_a_deny_list_stands_beside_full_access_at_one_level() -> None:
    """https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_strategies.html"""
    full = Policy(Statement("Allow", "*", "*"))
    deny = Policy(Statement("Deny", "ec2:*", "*"))
    for scps in ([full, deny], [[full, deny]], [[full], [full, deny]]):
        assert evaluate(full, Request("sqs:SendMessage", QUEUE), scps=scps).allowed
        assert evaluate(full, Request("ec2:RunInstances", "*"), scps=scps).outcome == "explicitly denied"
    assert evaluate(full, Request("sqs:SendMessage", QUEUE), scps=[[full], [deny]]).outcome == "implicitly denied"


NO_LEVELS: list[tuple[dict[str, Any], str]] = [
    ({"scps": [[], []]}, "^the level `0` of `scps` has no policy\\. Every level has at least one"),
    ({"scps": {"root": []}}, "^the level `root` of `scps` has no policy"),
    ({"scps": [identity("allow"), identity("allow")[0]]}, "no policy, or levels beside policies"),
    ({"scps": ["{}"]}, "`scps` takes policies"),
    ({"scps": "{}"}, "`scps` takes policies"),
    ({"scps": 7}, "`scps` takes policies"),
    ({"rcps": [[{}]]}, "`rcps` holds something that is no policy"),
]


@pytest.mark.parametrize(("given", "message"), NO_LEVELS)
def test_levels_that_are_none_are_refused(given: Any, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        evaluate(identity("allow"), Request("s3:GetObject"), **given)


def test_a_level_without_resource_control_policies_has_the_one_that_can_not_be_detached() -> None:
    assert evaluate(identity("allow"), Request("s3:GetObject", "arn:aws:s3:::b/x"), rcps=[[], []]).allowed


# ---------------------------------------------------------------- whose policy has to allow

RESOURCES = {
    "role": TARGET,
    "key": KEY,
    "queue": QUEUE,
    "alias": f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/a",
    "root": f"arn:aws:iam::{ACCOUNT}:root",
    "*": "*",
}
# Documents that say nothing of the caller: of whatever shape they are, the action decides whether they have to.
BUT_S3 = AllBut(Statement("Allow", "s3:*", "*").actions.items)
SHAPES = {
    "trust": Policy(Statement("Allow", "sts:AssumeRole", principals=NAMED["other"])),
    "trust with NotAction": Policy(Statement("Allow", BUT_S3, principals=NAMED["other"])),
    "trust with kms": Policy(Statement("Allow", ["sts:AssumeRole", "kms:*"], principals=NAMED["other"])),
    "resource": Policy(Statement("Allow", "*", "*", NAMED["other"])),
}


@pytest.mark.parametrize(("action", "on", "must", "page"), rows(aws_decisions.MUST_ALLOW))
@pytest.mark.parametrize("shape", SHAPES)
def test_the_action_decides_whether_the_resource_has_to_allow(
    action: str, on: str, must: bool, page: str, shape: str
) -> None:
    request = Request(action, RESOURCES[on], CALLERS["user"], {"aws:ResourceAccount": ACCOUNT})
    decision = evaluate(identity("allow"), request, resource_policy=SHAPES[shape])
    assert decision.allowed != must, (decision.reason, page)


@pytest.mark.parametrize(("action", "on", "must", "page"), rows(aws_decisions.MUST_ALLOW))
def test_a_policy_that_has_to_allow_and_is_not_given_is_named(action: str, on: str, must: bool, page: str) -> None:
    decision = evaluate(identity("allow"), Request(action, RESOURCES[on], CALLERS["user"]))
    assert decision.allowed, page
    assert ("no policy of the resource is given" in decision.reason) == must


# ---------------------------------------------------------------- callers

PUBLIC = parse_policy(
    {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}}
)
PUBLIC_TO_AWS = Policy(Statement("Allow", "s3:GetObject", "arn:aws:s3:::b/*", Principal("AWS", "*")))


@pytest.mark.parametrize("bucket", [PUBLIC, PUBLIC_TO_AWS])
@pytest.mark.parametrize("who", ["*", "anonymous", "AWS:*", Principal("*", "*"), Principal("AWS", "*"), None])
def test_a_public_bucket_is_public(bucket: Policy, who: Any) -> None:
    request = Request("s3:GetObject", "arn:aws:s3:::b/x", who)
    assert evaluate(bucket, request).allowed
    assert evaluate((), request, resource_policy=bucket).allowed
    assert evaluate([], request, resource_policy=bucket).allowed


def test_anonymous_is_not_the_same_as_not_known() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"""
    anonymous = {"StringEquals": {"aws:PrincipalType": "Anonymous", "aws:userid": "anonymous"}}
    bucket = Policy(Statement("Allow", "s3:*", "*", Principal("*", "*"), anonymous))
    assert evaluate(bucket, Request("s3:GetObject", "arn:aws:s3:::b/x", "anonymous")).allowed
    not_known = evaluate(bucket, Request("s3:GetObject", "arn:aws:s3:::b/x"))
    assert not not_known.allowed
    assert not_known.missing == ("aws:PrincipalType", "aws:userid")
    assert "who asks is not given" in not_known.reason
    of_user = of_resource("user")
    assert of_user
    miss = evaluate(of_user, Request("s3:GetObject", "arn:aws:s3:::b/x")).statements[0].misses[0]
    assert miss.reason.startswith("a caller that is not known is none of ")
    miss = evaluate(of_user, Request("s3:GetObject", "arn:aws:s3:::b/x", "*")).statements[0].misses[0]
    assert miss.reason.startswith("an anonymous caller")


EXEMPT = [
    {"ArnNotEquals": {"aws:PrincipalArn": ROLE}},
    {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}},
    {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}},
    {"StringNotEquals": {"aws:PrincipalType": "AssumedRole"}},
    {"Bool": {"aws:PrincipalIsAWSService": "true"}},
    {"BoolIfExists": {"aws:PrincipalIsAWSService": "true"}},
    {"Null": {"aws:PrincipalArn": "true"}},
    {"Null": {"aws:username": "false"}},
]


@pytest.mark.parametrize("condition", EXEMPT)
@pytest.mark.parametrize("caller", ["role", "session"])
def test_a_deny_that_exempts_a_role_does_not_deny_it(condition: Any, caller: str) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html"""
    deny = Statement("Deny", "*", "*", Principal("*", "*"), condition)
    queue = Policy([Statement("Allow", "*", "*", Principal("AWS", ACCOUNT)), deny])
    names = Policy([Statement("Deny", "other:*", "*", Principal("AWS", ROLE))])
    request = Request("sqs:SendMessage", QUEUE, CALLERS[caller])
    decision = evaluate(identity("allow"), request, resource_policy=queue, rcps=names)
    assert (decision.outcome, decision.missing, decision.contradicting) == ("allowed", (), ())
    own = [Policy([Statement("Allow", "*", "*"), Statement("Deny", "*", "*", conditions=condition)])]
    assert evaluate(own, request, rcps=names).allowed
    other = Principal("AWS", f"arn:aws:iam::{OTHER}:user/eve")
    if "PrincipalIsAWSService" not in str(condition) and "true" not in str(condition):
        assert evaluate(own, Request("sqs:SendMessage", QUEUE, other)).outcome == "explicitly denied"


def test_a_session_is_of_the_role_that_the_policies_name() -> None:
    deny = Statement("Deny", "*", "*", conditions={"ArnNotEquals": {"aws:PrincipalArn": ROLE}})
    own = Policy([Statement("Allow", "*", "*"), deny])
    request = Request("sqs:SendMessage", QUEUE, CALLERS["session"])
    assert evaluate(own, request).allowed
    role = Role("r", "memos", TRUST, [RolePolicy("p", "p", own)], path="/other/")
    assert evaluate(role, request).outcome == "explicitly denied"
    told = Request("sqs:SendMessage", QUEUE, CALLERS["session"], {"aws:PrincipalArn": ROLE.replace("team", "other")})
    assert evaluate(own, told).outcome == "explicitly denied"


def test_what_is_given_counts_and_what_contradicts_is_said() -> None:
    own = Policy(Statement("Allow", "*", "*", conditions={"StringEquals": {"aws:PrincipalAccount": OTHER}}))
    request = Request("sqs:SendMessage", QUEUE, CALLERS["user"], {"AWS:principalaccount": OTHER})
    decision = evaluate(own, request)
    assert (decision.allowed, decision.contradicting) == (True, ("aws:PrincipalAccount",))
    assert not evaluate(own, Request("sqs:SendMessage", QUEUE, CALLERS["user"])).allowed


# ---------------------------------------------------------------- what was not given


def conditional(effect: Any, condition: Any, resource: str = "*", action: str = "*") -> Statement:
    return Statement(effect, action, resource, conditions=condition)


ALLOW = Statement("Allow", "*", "*")
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
PRESENT = {"Null": {"aws:TokenIssueTime": "true"}}
REGION = {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}
TAGS = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
MISSING: list[tuple[str, list[Statement], dict[str, str], tuple[str, ...]]] = [
    ("nothing is asked", [ALLOW], {}, ()),
    ("an Allow hangs on it", [conditional("Allow", MFA)], {}, ("aws:MultiFactorAuthPresent",)),
    ("it was given", [conditional("Allow", MFA)], {"aws:MultiFactorAuthPresent": "true"}, ()),
    ("it was given and stands in the way", [conditional("Allow", MFA)], {"aws:MultiFactorAuthPresent": "false"}, ()),
    ("another Allow does without it", [ALLOW, conditional("Allow", MFA)], {}, ()),
    ("a Deny hangs on it", [ALLOW, conditional("Deny", REGION)], {}, ("aws:RequestedRegion",)),
    ("nothing allows it anyway", [conditional("Deny", REGION)], {}, ()),
    ("it is denied anyway", [ALLOW, Statement("Deny", "*", "*"), conditional("Deny", REGION)], {}, ()),
    ("it is about another action", [ALLOW, conditional("Deny", REGION, action="s3:*")], {}, ()),
    ("it is about another resource", [ALLOW, conditional("Deny", REGION, "arn:aws:s3:::b")], {}, ()),
    ("both sides of a tag", [conditional("Allow", TAGS)], {}, ("aws:ResourceTag/team", "aws:PrincipalTag/team")),
    ("one side of a tag", [conditional("Allow", TAGS)], {"aws:ResourceTag/team": "a"}, ("aws:PrincipalTag/team",)),
    ("another condition fails", [conditional("Allow", {**MFA, **TAGS})], {"aws:MultiFactorAuthPresent": "false"}, ()),
    (
        "whether it is there",
        [conditional("Allow", {"Null": {"aws:TokenIssueTime": "true"}})],
        {},
        ("aws:TokenIssueTime",),
    ),
    (
        "a variable of a resource",
        [Statement("Allow", "*", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:${{aws:PrincipalTag/q}}")],
        {},
        ("aws:PrincipalTag/q",),
    ),
    (
        "a variable of a resource that can't be this one",
        [Statement("Allow", "*", f"arn:aws:sqs:eu-west-2:{ACCOUNT}:${{aws:PrincipalTag/q}}")],
        {},
        (),
    ),
    (
        "a variable beside what matches",
        [Statement("Allow", "*", [QUEUE, "arn:aws:sqs:*:*:${aws:PrincipalTag/q}"])],
        {},
        (),
    ),
    (
        "a variable of what is excepted",
        [Statement("Allow", "*", AllBut((Text.of("arn:aws:sqs:*:*:${aws:PrincipalTag/q}"),)))],
        {},
        ("aws:PrincipalTag/q",),
    ),
    (
        "a variable of another thing that is excepted",
        [Statement("Allow", "*", AllBut((Text.of("arn:aws:s3:::${aws:PrincipalTag/q}"),)))],
        {},
        (),
    ),
]


@pytest.mark.parametrize(("own", "context", "missing"), [row[1:] for row in MISSING], ids=[row[0] for row in MISSING])
def test_a_decision_says_what_it_hung_on(
    own: list[Statement], context: dict[str, str], missing: tuple[str, ...]
) -> None:
    assert evaluate(Policy(own), Request("sqs:SendMessage", QUEUE, None, context)).missing == missing


def test_what_follows_from_the_caller_is_not_missing() -> None:
    keys = ("aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalType", "aws:PrincipalServiceName")
    own = Policy([ALLOW, *(conditional("Deny", {"StringEquals": {key: "x"}}) for key in keys)])
    assert evaluate(own, Request("sqs:SendMessage", QUEUE)).missing == keys
    assert evaluate(own, Request("sqs:SendMessage", QUEUE, CALLERS["user"])).missing == ()
    queue = Policy([Statement("Allow", "*", "*", NAMED["everyone"], {"StringEquals": {"aws:PrincipalTag/a": "b"}})])
    assert evaluate(queue, Request("sqs:SendMessage", QUEUE, "anonymous")).missing == ()
    assert evaluate(queue, Request("sqs:SendMessage", QUEUE)).missing == ("aws:PrincipalTag/a",)


@pytest.mark.parametrize(
    ("comparison", "values"),
    [
        ("StringEquals", []),
        ("ArnLike", []),
        ("BinaryEquals", ["%%%"]),
        ("Bool", ["maybe"]),
        ("DateGreaterThan", ["tomorrow"]),
        ("IpAddress", ["here"]),
        ("NumericEquals", ["many"]),
    ],
)
def test_a_key_that_no_value_of_would_matter_is_not_missing(comparison: str, values: list[str]) -> None:
    request = Request("sqs:SendMessage", QUEUE, CALLERS["user"])

    def missing(operator: str, *beside: Statement) -> tuple[str, ...]:
        effect: Effect = "Deny" if beside else "Allow"
        statement = Statement(effect, "*", "*", conditions={operator: {"a:b": values}}, as_is=True)
        return evaluate(Policy([*beside, statement], as_is=True), request).missing

    assert missing(comparison) == ()
    assert missing(f"{comparison}IfExists") == ("a:b",)
    negated = {"StringEquals": "StringNotEquals", "ArnLike": "ArnNotLike", "IpAddress": "NotIpAddress"}
    if comparison in negated:
        assert missing(negated[comparison], ALLOW) == ()


def test_a_variable_under_bool_may_matter() -> None:
    own = conditional("Allow", {"Bool": {"aws:SecureTransport": "${aws:PrincipalTag/a}"}})
    found = evaluate(Policy(own), Request("sqs:SendMessage", QUEUE, CALLERS["user"])).missing
    assert set(found) == {"aws:SecureTransport", "aws:PrincipalTag/a"}


def test_the_account_of_the_resource_may_be_missing() -> None:
    request = Request("s3:GetObject", "arn:aws:s3:::b/x", CALLERS["user"])
    assert evaluate((), request, resource_policy=of_resource("user")).missing == ("aws:ResourceAccount",)
    assert evaluate(identity("allow"), request, resource_policy=of_resource("user")).missing == ()
    assert evaluate(identity("allow"), request).missing == ()


def test_the_root_user_of_another_account_has_no_policy_that_lets_in() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user-privileged-task.html"""
    for account in (ACCOUNT, OTHER):
        request = Request("sts:AssumeRoot", f"arn:aws:iam::{account}:root", CALLERS["session"])
        assert evaluate(identity("allow"), request).allowed
        assert not evaluate(identity("none"), request).allowed
        assert evaluate(identity("allow"), request, scps=identity("none")).outcome == "implicitly denied"


def test_a_session_of_the_root_user_is_within_its_task_policy() -> None:
    request = Request("sqs:SendMessage", QUEUE, CALLERS["root"])
    assert evaluate((), request, session=identity("allow")).allowed
    assert not evaluate((), request, session=identity("none")).allowed
    assert evaluate((), request, boundary=identity("none")[0]).allowed  # it can have none


def test_whoever_has_a_role_is_a_session_of_one() -> None:
    trust = Policy(Statement("Allow", "sts:AssumeRole", principals=CALLERS["service"]))
    denied = conditional("Deny", {"StringNotEquals": {"aws:PrincipalType": "AssumedRole"}})
    forwarded = conditional("Deny", {"Bool": {"aws:PrincipalIsAWSService": "true"}})
    role = Role("task", "memos", trust, [RolePolicy("own", "own", Policy([ALLOW, denied, forwarded]))])
    decision = evaluate(role, Request("sqs:SendMessage", QUEUE))
    assert (decision.outcome, decision.missing) == ("allowed", ())


def test_a_pattern_of_roles_is_no_path_of_a_session() -> None:
    named = {"ArnLike": {"aws:PrincipalArn": ROLE.replace("role/", "role/*/")}}
    request = Request("sqs:SendMessage", QUEUE, CALLERS["session"])
    assert not evaluate(Policy(conditional("Allow", named)), request).allowed


def test_the_id_of_a_session_ends_in_its_name() -> None:
    def wrong(id: str) -> tuple[str, ...]:
        return evaluate((), Request("sqs:SendMessage", QUEUE, CALLERS["session"], {"aws:userid": id})).contradicting

    assert wrong(f"AROAEXAMPLE:{SESSION.rpartition('/')[2]}") == ()
    assert wrong("AROAEXAMPLE:other") == ("aws:userid",)


def test_the_tables_are_whole() -> None:
    tables = (aws_decisions.LIMITS, aws_decisions.ONE_ACCOUNT, aws_decisions.HAS_TO_ALLOW, aws_decisions.TWO_ACCOUNTS)
    assert sum(len(rows(table)) for table in tables) > 150
    assert all({row[5] for row in rows(t)} == {"allowed", "implicitly denied", "explicitly denied"} for t in tables)


# ---------------------------------------------------------------- what a decision says


def test_a_decision_says_what_each_statement_did() -> None:
    policy = Policy(
        [
            Statement("Allow", "s3:Get*", "arn:aws:s3:::b/*"),
            Statement("Deny", "s3:*", "arn:aws:s3:::b/secret/*", conditions={"Bool": {"aws:SecureTransport": "false"}}),
        ]
    )
    request = Request("s3:GetObject", "arn:aws:s3:::b/x")
    decision = evaluate(policy, request, boundary=Policy(Statement("Allow", "s3:*", "*")), scps=identity("allow allow"))
    assert str(decision) == "allowed: statement 0 of `identity` allows it"
    assert [(r.policy, r.index, r.matches, [m.element for m in r.misses]) for r in decision.statements] == [
        ("scp 0", 0, True, []),
        ("scp 1", 0, True, []),
        ("identity", 0, True, []),
        ("identity", 1, False, ["Resource", "Condition"]),
        ("boundary", 0, True, []),
    ]
    assert decision.statements[3].statement == policy.statements[1]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, "statement 0 of `identity 0` allows it"),
        ({"scps": identity("none none")}, "no service control policy allows it"),
        ({"scps": levels("allow / none")}, "no service control policy of the level `1` allows it"),
        ({"scps": {"root": identity("none")}}, "no service control policy of the level `root` allows it"),
        ({"scps": {"root": identity("deny")}}, "statement 0 of `scp root` denies it"),
        ({"scps": levels("allow / allow deny")}, "statement 0 of `scp 1 1` denies it"),
        ({"rcps": [of_resource("deny")]}, "statement 0 of `rcp` denies it"),
        ({"boundary": identity("none")[0]}, "the boundary does not allow it"),
        ({"session": identity("none")[0]}, "no session policy allows it"),
        ({"session": identity("deny")[0]}, "statement 0 of `session` denies it"),
        ({"session": identity("allow deny")}, "statement 0 of `session 1` denies it"),
        ({"resource_policy": of_resource("deny")}, "statement 0 of `resource policy` denies it"),
        (
            {"resource_policy": of_resource("user")},
            "statement 0 of `resource policy` allows it and names the caller itself",
        ),
        (
            {"resource_policy": of_resource("account")},
            "statement 0 of `resource policy` allows it, and statement 0 of `identity 0` allows it",
        ),
    ],
)
def test_the_reason_names_the_step(given: dict[str, Any], reason: str) -> None:
    request = Request("sqs:SendMessage", QUEUE, CALLERS["user"])
    assert evaluate(identity("allow"), request, **given).reason == reason


def test_no_policy_at_all_denies() -> None:
    assert str(evaluate((), Request("s3:GetObject"))) == "implicitly denied: no identity policy allows it"


# ---------------------------------------------------------------- a policy of a resource by itself


def test_a_trust_policy_by_itself() -> None:
    trust = Policy(Statement("Allow", "sts:AssumeRole", principals=Principal("Service", SERVICE)))
    assert evaluate(trust, Request("sts:AssumeRole", principal=CALLERS["service"])).allowed
    decision = evaluate(trust, Request("sts:AssumeRole", principal=CALLERS["user"]))
    assert str(decision) == "implicitly denied: no statement of the `trust policy` allows it"
    assert decision.statements[0].policy == "trust policy"


def test_a_resource_policy_by_itself() -> None:
    policy = of_resource("account")
    assert policy
    assert evaluate(policy, Request("s3:GetObject", principal=CALLERS["session"])).allowed
    assert not evaluate(policy, Request("s3:GetObject")).allowed
    assert evaluate(policy, Request("s3:GetObject", principal=CALLERS["user"]), scps=identity("none")).outcome == (
        "implicitly denied"
    )


@pytest.mark.parametrize(
    "condition",
    [
        {"ArnNotEquals": {"aws:PrincipalArn": TARGET}},
        {"Null": {"aws:PrincipalArn": "false"}},
        {"Bool": {"aws:x": "true"}},
        {"ArnEquals": {"aws:PrincipalArn": ROLE}},
        {},
    ],
)
def test_no_boundary_limits_what_everybody_may(condition: dict[str, dict[str, str]]) -> None:
    """AWS says so of a condition on `aws:PrincipalArn`, and leaves the others open: the side that lets in more."""
    of_queue = Policy(Statement("Allow", "*", "*", Principal("AWS", "*"), condition))
    request = Request("sqs:SendMessage", QUEUE, CALLERS["session"], {"aws:PrincipalArn": ROLE, "aws:x": "true"})
    assert evaluate((), request, resource_policy=of_queue).allowed
    bounded = evaluate((), request, resource_policy=of_queue, boundary=identity("none")[0])
    assert str(bounded) == "allowed: statement 0 of `resource policy` allows it, whoever asks"


def test_an_arn_that_is_cut_short_is_whole_in_identity_policies_but_not_in_session_policies() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html"""
    short, request = Policy(Statement("Allow", "*", "arn:aws:sqs")), Request("sqs:SendMessage", QUEUE)
    assert evaluate(short, request, boundary=short, scps=short).allowed
    assert evaluate(short, request, session=short).reason == "no session policy allows it"


MISPLACED: list[tuple[Any, dict[str, Any], str]] = [
    ([of_resource("user")], {}, "`identity 0` names a principal"),
    (identity("allow"), {"boundary": of_resource("user")}, "`boundary` names a principal"),
    (identity("allow"), {"session": of_resource("user")}, "`session` names a principal"),
    (identity("allow"), {"scps": [of_resource("user")]}, "`scp` names a principal"),
    (identity("allow"), {"rcps": identity("allow")}, "`rcp` names no principal"),
    (identity("allow"), {"rcps": [identity("allow"), identity("allow")]}, "`rcp 1` names no principal"),
    (identity("allow"), {"resource_policy": identity("allow")[0]}, "`identity policy` names no principal"),
    (of_resource("user"), {"boundary": identity("allow")[0]}, "asked by itself, and more is given"),
    (of_resource("user"), {"session": identity("allow")}, "asked by itself, and more is given"),
    (of_resource("user"), {"resource_policy": of_resource("user")}, "asked by itself, and more is given"),
]


@pytest.mark.parametrize(("policies", "given", "message"), MISPLACED)
def test_a_policy_where_it_can_not_stand_is_refused(policies: Any, given: dict[str, Any], message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        evaluate(policies, Request("s3:GetObject"), **given)


# ---------------------------------------------------------------- roles

TRUST = Policy(Statement("Allow", "sts:AssumeRole", principals=Principal("Service", SERVICE)))
EXECUTION = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"


def test_a_role_is_its_inline_policies_and_not_its_trust() -> None:
    role = Role("task", "memos-task", TRUST, [RolePolicy("s3", "s3", Policy(Statement("Allow", "s3:Get*", "*")))])
    decision = evaluate(role, Request("s3:GetObject", "arn:aws:s3:::b/x"))
    assert decision.allowed
    assert [r.policy for r in decision.statements] == ["s3"]
    assert not evaluate(role, Request("sts:AssumeRole", TARGET)).allowed


def test_a_role_with_a_managed_policy_and_a_boundary() -> None:
    role = Role("execution", "memos-execution", TRUST, managed_policy_arns=[EXECUTION])
    request = Request("logs:PutLogEvents", "arn:aws:logs:eu-west-1:1:log-group:/ecs/a:log-stream:b")
    assert str(evaluate(role, request)) == f"allowed: statement 0 of `{EXECUTION}` allows it"
    bounded = Role("r", "r", TRUST, managed_policy_arns=[EXECUTION], permissions_boundary=EXECUTION)
    assert evaluate(bounded, request).allowed
    assert evaluate(bounded, request, boundary=identity("none")[0]).reason == "the boundary does not allow it"
    assert not evaluate(Role("r", "r", TRUST, permissions_boundary=EXECUTION), request).allowed


UNKNOWN = "arn:aws:iam::123456789012:policy/ours"
OPEN = Text.of("arn:", PARTITION, ":iam::aws:policy/X")


@pytest.mark.parametrize(
    ("role", "message"),
    [
        (
            Role("r", "memos", TRUST, managed_policy_arns=[UNKNOWN]),
            f"^what the managed policy `{UNKNOWN}` of `memos` says is not known here\\. Give its document in `managed`",
        ),
        (Role("r", "memos", TRUST, permissions_boundary=UNKNOWN), "is not known here"),
        (Role("r", "memos", TRUST, managed_policy_arns=[OPEN]), r"known only at deployment\. Bind it first"),
        (Role("r", "memos", TRUST, permissions_boundary=OPEN), "known only at deployment"),
        (
            Role("r", "memos", TRUST, [RolePolicy("s3", "s3", identity("allow")[0], when="enable_s3_access")]),
            "whether `memos` has the policy `s3` is known only at deployment",
        ),
        (
            Role(
                "r",
                "m",
                TRUST,
                [RolePolicy("s3", "s3", Policy(Statement("Allow", "*", Text.of("arn:", ACCOUNT_ID))))],
            ),
            "is known only at deployment",
        ),
    ],
)
def test_a_role_that_is_not_wholly_known_is_refused(role: Role, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        evaluate(role, Request("s3:GetObject", "arn:aws:s3:::b/x"))


def test_one_request_costs_little() -> None:
    """Under 50 microseconds where it was made; ten times that is still a fault."""
    task = build(load_config("examples/everything.yaml")).roles["task"]
    request = Request("s3:GetObject", "arn:aws:s3:::memos-uploads/x", context={"aws:SourceIp": "203.0.113.7"})
    evaluate(task, request)
    assert cost(lambda: [evaluate(task, request) for _ in range(200)]) / 200 < 500e-6


# ---------------------------------------------------------------- known traps


def policy(statement: dict[str, Any] | Sequence[dict[str, Any]], version: Version = "2012-10-17") -> Policy:
    return parse_policy({"Version": version, "Statement": statement})


def allow(action: str, resource: str = "*", condition: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    found = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return found | {"Condition": condition} if condition else found


def allowed(statement: dict[str, Any] | Sequence[dict[str, Any]], request: Request) -> bool:
    return evaluate(policy(statement), request).allowed


def test_trap_pass_role_without_its_condition_reaches_every_service() -> None:
    narrow = {"StringEquals": {"iam:PassedToService": SERVICE}}
    other = Request("iam:PassRole", TARGET, context={"iam:PassedToService": "lambda.amazonaws.com"})
    assert not allowed(allow("iam:PassRole", TARGET, narrow), other)
    assert allowed(allow("iam:PassRole", TARGET), other)


def test_trap_without_an_ip_condition_everywhere_is_allowed() -> None:
    request = Request("s3:GetObject", "arn:aws:s3:::b/x", context={"aws:SourceIp": "198.51.100.1"})
    assert not allowed(allow("s3:*", "*", {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}), request)
    assert allowed(allow("s3:*"), request)


@pytest.mark.parametrize(
    ("named", "asked"),
    [
        (Principal("Service", SERVICE), Principal("Service", "ecs.amazonaws.com")),
        (Principal("AWS", ACCOUNT), Principal("AWS", f"arn:aws:iam::{OTHER}:root")),
        (Principal("Federated", SAML), Principal("Federated", SAML.replace("corp", "other"))),
    ],
)
def test_trap_another_principal_in_a_trust_is_another_one(named: Principal, asked: Principal) -> None:
    request = Request("sts:AssumeRole", principal=asked)
    assert not evaluate(Policy(Statement("Allow", "sts:AssumeRole", principals=named)), request).allowed
    assert evaluate(Policy(Statement("Allow", "sts:AssumeRole", principals=asked)), request).allowed


def test_trap_the_case_of_an_action_says_nothing() -> None:
    assert allowed(allow("s3:GetObject"), Request("s3:getobject", "arn:aws:s3:::b/x"))
    assert allowed(allow("s3:getobject"), Request("S3:GETOBJECT", "arn:aws:s3:::b/x"))


def test_trap_a_deny_with_a_variable_is_not_a_deny_of_all() -> None:
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::b/${aws:username}/*"}
    both = [allow("s3:*"), deny]
    assert allowed(both, Request("s3:GetObject", "arn:aws:s3:::b/bob/x", context={"aws:username": "eve"}))
    assert not allowed(both, Request("s3:GetObject", "arn:aws:s3:::b/bob/x", context={"aws:username": "bob"}))
    assert allowed(both, Request("s3:GetObject", "arn:aws:s3:::b/bob/x"))


@pytest.mark.parametrize(
    "condition",
    [
        {"Null": {"aws:x": "true"}, "StringEquals": {"aws:x": "a"}},
        {"NumericLessThan": {"aws:x": "5"}, "NumericGreaterThan": {"aws:x": "10"}},
    ],
)
@pytest.mark.parametrize("value", [None, "a", "1", "7", "11"])
def test_trap_contradicting_conditions_never_hold(condition: dict[str, Any], value: str | None) -> None:
    request = Request("s3:GetObject", "arn:aws:s3:::b/x", context={} if value is None else {"aws:x": value})
    assert not allowed(allow("s3:*", "*", condition), request)


def test_trap_an_escaped_star_is_a_star() -> None:
    statement = allow("s3:*", "arn:aws:s3:::b/${*}")
    assert not allowed(statement, Request("s3:GetObject", "arn:aws:s3:::b/x"))
    assert allowed(statement, Request("s3:GetObject", "arn:aws:s3:::b/*"))


def test_trap_an_old_version_and_none_have_no_variables() -> None:
    statement = allow("s3:*", "arn:aws:s3:::b/${aws:username}")
    request = Request("s3:GetObject", "arn:aws:s3:::b/bob", context={"aws:username": "bob"})
    assert evaluate(policy(statement), request).allowed
    assert not evaluate(policy(statement, "2008-10-17"), request).allowed
    assert not evaluate(parse_policy({"Statement": statement}), request).allowed
    literal = Request("s3:GetObject", "arn:aws:s3:::b/${aws:username}", context={"aws:username": "bob"})
    assert evaluate(parse_policy({"Statement": statement}), literal).allowed


def test_trap_an_ipv6_address_is_decided() -> None:
    statement = allow("s3:*", "*", {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"]}})
    assert allowed(statement, Request("s3:GetObject", context={"aws:SourceIp": "2001:db8::7"}))
    assert not allowed(statement, Request("s3:GetObject", context={"aws:SourceIp": "2001:db9::7"}))


def test_trap_many_globs_without_most_of_them() -> None:
    statements = [allow("s3:*", f"arn:aws:s3:::*a{i}*b{i}*") for i in range(20)]
    denies = [{**s, "Effect": "Deny"} for s in statements[1:]]
    assert allowed([*statements, *denies], Request("s3:GetObject", "arn:aws:s3:::a0/b0"))
    assert not allowed([*statements, *denies], Request("s3:GetObject", "arn:aws:s3:::a0/b0/a1/b1"))


def test_trap_a_request_is_held_against_a_pattern_not_a_text() -> None:
    assert allowed(allow("s3:*", "arn:aws:s3:::app-data/*"), Request("s3:GetObject", "arn:aws:s3:::app-data/in/1"))


def test_trap_a_deny_of_all_but_a_resource() -> None:
    deny = {"Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::b/*"}
    both = [allow("s3:*"), deny]
    assert allowed(both, Request("s3:GetObject", "arn:aws:s3:::b/x"))
    assert evaluate(policy(both), Request("s3:GetObject", "arn:aws:s3:::c/x")).outcome == "explicitly denied"


def test_trap_a_not_operator_holds_for_an_absent_key() -> None:
    assert allowed(allow("s3:*", "*", {"StringNotEquals": {"aws:x": "a"}}), Request("s3:GetObject"))
    assert not allowed(allow("s3:*", "*", {"StringEquals": {"aws:x": "a"}}), Request("s3:GetObject"))


def test_trap_set_operators_on_an_absent_key() -> None:
    for_all, for_any = ({f"{q}:StringEquals": {"aws:TagKeys": "a"}} for q in ("ForAllValues", "ForAnyValue"))
    assert allowed(allow("ecs:*", "*", for_all), Request("ecs:TagResource"))
    assert not allowed(allow("ecs:*", "*", for_any), Request("ecs:TagResource"))
    present = {**for_all, "Null": {"aws:TagKeys": "false"}}
    assert not allowed(allow("ecs:*", "*", present), Request("ecs:TagResource"))


def test_trap_an_object_key_with_a_newline() -> None:
    assert allowed(allow("s3:*", "arn:aws:s3:::b/*"), Request("s3:GetObject", "arn:aws:s3:::b/a\nb"))


def test_trap_a_condition_that_fails_on_an_allow_is_no_deny() -> None:
    conditional = allow("s3:*", "*", {"Bool": {"aws:MultiFactorAuthPresent": "true"}})
    assert evaluate(policy(conditional), Request("s3:GetObject")).outcome == "implicitly denied"
    assert allowed([conditional, allow("s3:Get*")], Request("s3:GetObject", "arn:aws:s3:::b/x"))


def test_trap_a_question_mark_and_a_dot_are_no_regular_expression() -> None:
    assert allowed(allow("s3:*", "arn:aws:s3:::b/v?.x"), Request("s3:GetObject", "arn:aws:s3:::b/v1.x"))
    for key in ("v.x", "v12.x", "v1yx", ".x"):
        assert not allowed(allow("s3:*", "arn:aws:s3:::b/v?.x"), Request("s3:GetObject", f"arn:aws:s3:::b/{key}"))


def test_trap_any_organisation_is_nearly_everyone() -> None:
    statement = Statement("Allow", "s3:*", "*", Principal("*", "*"), {"StringLike": {"aws:PrincipalOrgID": "*"}})
    asked = Principal("AWS", f"arn:aws:iam::{OTHER}:user/eve")
    request = Request("s3:GetObject", "arn:aws:s3:::b/x", asked, {"aws:PrincipalOrgID": "o-anything"})
    assert evaluate(Policy(statement), request).allowed
    assert not evaluate(Policy(statement), Request("s3:GetObject", "arn:aws:s3:::b/x", asked)).allowed


def test_trap_a_minimised_action_is_wider() -> None:
    future = Request("ecr:GetAnythingNew")
    assert allowed(allow("ecr:geta*"), future)
    assert not allowed(allow("ecr:GetAuthorizationToken"), future)


# ---------------------------------------------------------------- laws

ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:*", "*", "sqs:SendMessage"]
ARNS = ["*", "arn:aws:s3:::b/*", "arn:aws:s3:::b/x", QUEUE]
CONDITIONS: list[dict[str, dict[str, str]]] = [
    {},
    {"StringEquals": {"aws:x": "a"}},
    {"StringNotEquals": {"aws:x": "a"}},
    {"Null": {"aws:x": "true"}},
]


@st.composite
def statements(draw: st.DrawFn, principals: bool = False, effect: str | None = None) -> Statement:
    actions, arns = draw(st.sampled_from(ACTIONS)), draw(st.sampled_from(ARNS))
    return Statement(
        "Allow" if (effect or draw(st.sampled_from(["Allow", "Deny"]))) == "Allow" else "Deny",
        actions if draw(st.booleans()) or actions == "*" else AllBut(Statement("Allow", actions, "*").actions.items),
        arns if draw(st.booleans()) or arns == "*" else AllBut((Text.of(arns),)),
        draw(st.sampled_from(list(NAMED.values()))) if principals else None,
        draw(st.sampled_from(CONDITIONS)),
    )


def policies(principals: bool = False) -> st.SearchStrategy[Policy]:
    return st.lists(statements(principals), min_size=1, max_size=3).map(Policy)


SETS = st.lists(policies(), max_size=2).map(tuple)
REQUESTS = st.builds(
    Request,
    st.sampled_from(["s3:GetObject", "S3:putobject", "sqs:SendMessage", "kms:Decrypt"]),
    st.sampled_from(["arn:aws:s3:::b/x", "arn:aws:s3:::c", QUEUE, "*"]),
    st.sampled_from(list(CALLERS.values())),
    st.sampled_from([{}, {"aws:x": "a"}, {"aws:x": "b"}, {"aws:x": "a", "aws:ResourceAccount": ACCOUNT}]),
)
GIVEN = st.fixed_dictionaries(
    {},
    optional={
        "boundary": policies(),
        "session": SETS,
        "scps": SETS,
        "rcps": st.lists(policies(principals=True), max_size=2),
        "resource_policy": policies(principals=True),
    },
)
Given = dict[str, Any]


@given(SETS, GIVEN, REQUESTS)
def test_an_explicit_deny_always_wins(own: tuple[Policy, ...], given: Given, request: Request) -> None:
    decision = evaluate(own, request, **given)
    denied = any(r.matches and r.statement.effect == "Deny" for r in decision.statements)
    assert (decision.outcome == "explicitly denied") == denied
    deny = Policy(Statement("Deny", "*", "*"))
    assert evaluate((*own, deny), request, **given).outcome == "explicitly denied"


@given(SETS, GIVEN, REQUESTS, statements(effect="Allow"))
def test_another_allow_never_takes_access(own: Any, given: Given, request: Request, more: Statement) -> None:
    if evaluate(own, request, **given).allowed:
        assert evaluate((*own, Policy(more)), request, **given).allowed


@given(SETS, GIVEN, REQUESTS, statements(effect="Deny"))
def test_another_deny_never_gives_access(own: Any, given: Given, request: Request, more: Statement) -> None:
    if evaluate((*own, Policy(more)), request, **given).allowed:
        assert evaluate(own, request, **given).allowed


@given(SETS, policies(principals=True), GIVEN, REQUESTS, statements(principals=True, effect="Allow"))
def test_another_allow_of_the_resource_never_takes_access(
    own: Any, of_resource: Policy, given: Given, request: Request, more: Statement
) -> None:
    wider = Policy((*of_resource.statements, more))
    before: Given = {**given, "resource_policy": of_resource}
    after: Given = {**given, "resource_policy": wider}
    if evaluate(own, request, **before).allowed:
        assert evaluate(own, request, **after).allowed


@given(SETS, GIVEN, REQUESTS, policies(), st.sampled_from(["boundary", "session", "scps"]))
def test_a_limit_never_gives_access(own: Any, given: Given, request: Request, limit: Policy, place: str) -> None:
    without: Given = {k: v for k, v in given.items() if k != place}
    limited: Given = {**without, place: limit}
    if evaluate(own, request, **limited).allowed:
        assert evaluate(own, request, **without).allowed


@given(SETS, GIVEN, REQUESTS, st.permutations([0, 1, 2]))
def test_the_order_of_policies_says_nothing(own: Any, given: Given, request: Request, order: list[int]) -> None:
    mixed = tuple(own[i] for i in order if i < len(own))
    assert evaluate(own, request, **given).outcome == evaluate(mixed, request, **given).outcome


@given(SETS, REQUESTS)
def test_policies_are_one_list_of_statements(own: tuple[Policy, ...], request: Request) -> None:
    if own:
        whole = Policy([s for p in own for s in p.statements])
        assert evaluate(own, request).outcome == evaluate(whole, request).outcome


@given(policies(principals=True), REQUESTS)
def test_across_accounts_both_are_needed(of_queue: Policy, request: Request) -> None:
    request = Request(request.action, QUEUE.replace(ACCOUNT, OTHER), CALLERS["user"], request.context)
    both = evaluate(identity("allow"), request, resource_policy=of_queue)
    assert both.allowed == evaluate(of_queue, request).allowed
    assert not evaluate(identity("none"), request, resource_policy=of_queue).allowed


@given(SETS, GIVEN, REQUESTS, st.sampled_from([{}, {"aws:x": "a"}, {"aws:x": "b"}]))
def test_what_hangs_on_a_key_says_so(own: Any, given: Given, request: Request, value: dict[str, str]) -> None:
    """Whatever an absent key may be, a decision that names none stays."""
    account = {k: v for k, v in request.context if k != "aws:x"}
    asked = Request(request.action, request.resource, request.principal, account)
    decision = evaluate(own, asked, **given)
    other = evaluate(own, Request(request.action, request.resource, request.principal, {**account, **value}), **given)
    if "aws:x" not in decision.missing:
        assert decision.allowed == other.allowed
