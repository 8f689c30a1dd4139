"""Decisions: AWS's tables of policies that apply together, the laws of allow and deny, and known traps."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecsiam import Decision, Policy, PolicyError, Request, Role, Statement, build, evaluate, load_config, parse_policy
from ecsiam.model.policy import Version
from ecsiam.model.principal import Principal
from ecsiam.model.role import InlinePolicy
from ecsiam.model.statement import AllBut
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
            case "but":
                statements.append(Statement("Deny", action, resource, AllBut((NAMED["user"],))))
            case "arn":
                pinned = {"ArnEquals": {"aws:PrincipalArn": ROLE}}
                statements.append(Statement("Allow", action, resource, Principal("AWS", "*"), pinned))
            case _:
                statements.append(Statement("Allow", action, resource, NAMED[word]))
    return Policy(statements)


def rows(table: dict[str, list[tuple[str, str, str, str, str, str]]]) -> list[Row]:
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
        scps=identity(scps),
        rcps=[p for word in rcps.split() if (p := of_resource(word))],
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
        ({"scps": identity("allow none")}, "`scp 1` does not allow it"),
        ({"rcps": [of_resource("none")]}, "`rcp 0` does not allow it"),
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
    ],
)
def test_only_a_condition_that_says_who_names_the_caller(condition: dict[str, dict[str, str]]) -> None:
    of_queue = Policy(Statement("Allow", "*", "*", Principal("AWS", "*"), condition))
    request = Request("sqs:SendMessage", QUEUE, CALLERS["session"], {"aws:PrincipalArn": ROLE, "aws:x": "true"})
    assert evaluate((), request, resource_policy=of_queue).allowed
    limited = evaluate((), request, resource_policy=of_queue, boundary=identity("none")[0])
    assert limited.reason == "statement 0 of `resource policy` allows it, but the boundary does not allow it"


def test_an_arn_that_is_cut_short_is_whole_in_identity_policies_but_not_in_session_policies() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html"""
    short, request = Policy(Statement("Allow", "*", "arn:aws:sqs")), Request("sqs:SendMessage", QUEUE)
    assert evaluate(short, request, boundary=short, scps=short).allowed
    assert evaluate(short, request, session=short).reason == "no session policy allows it"


MISPLACED: list[tuple[Any, dict[str, Any], str]] = [
    ([of_resource("user")], {}, "`identity 0` names a principal"),
    (identity("allow"), {"boundary": of_resource("user")}, "`boundary` names a principal"),
    (identity("allow"), {"session": of_resource("user")}, "`session` names a principal"),
    (identity("allow"), {"scps": [of_resource("user")]}, "`scp 0` names a principal"),
    (identity("allow"), {"rcps": identity("allow")}, "`rcp 0` names no principal"),
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
    role = Role("task", "memos-task", TRUST, [InlinePolicy("s3", "s3", Policy(Statement("Allow", "s3:Get*", "*")))])
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
            f"^what the managed policy `{UNKNOWN}` of `memos` says is not known here\\. Give the role's policies as",
        ),
        (Role("r", "memos", TRUST, permissions_boundary=UNKNOWN), "is not known here"),
        (Role("r", "memos", TRUST, managed_policy_arns=[OPEN]), r"known only at deployment\. Bind it first"),
        (Role("r", "memos", TRUST, permissions_boundary=OPEN), "known only at deployment"),
        (
            Role("r", "memos", TRUST, [InlinePolicy("s3", "s3", identity("allow")[0], when="enable_s3_access")]),
            "whether `memos` has the policy `s3` is known only at deployment",
        ),
        (
            Role(
                "r",
                "m",
                TRUST,
                [InlinePolicy("s3", "s3", Policy(Statement("Allow", "*", Text.of("arn:", ACCOUNT_ID))))],
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
