"""Questions that others answer wrongly, or that people do: each one by its name, with the right answer."""

import pytest

from ecsiam.analysis.answers import Fails, Holds, Undecided
from ecsiam.analysis.change import compare
from ecsiam.analysis.matching import matches_principal
from ecsiam.analysis.questions import can, contains, overlaps, requests_of
from ecsiam.analysis.request import Request
from ecsiam.errors import PolicyError
from ecsiam.model.document import parse_policy
from ecsiam.model.policy import Policy
from ecsiam.model.principal import EVERYONE, Principal
from ecsiam.model.statement import AllBut, Statement
from ecsiam.reference.actions import actions

from .asking import allow, allows, aws, both, but, deny, inside, meet, no, same, statement, trust, witness

BUCKET = "arn:aws:s3:::b"
ROLE = "arn:aws:iam::123456789012:role/app"
KEY = "example.com:key"
ECS = Principal("Service", "ecs-tasks.amazonaws.com")


def read(resource: str = f"{BUCKET}/x", **context: str | tuple[str, ...]) -> Request:
    return Request("s3:GetObject", resource, context=context)


# ---------------------------------------------------------------- actions


def test_a_wildcard_against_todays_actions() -> None:
    """`s3:Get*` is what it names today only as long as AWS adds nothing."""
    today = [a.id for a in actions("s3").values() if a.name.startswith("Get")]
    assert len(today) > 50
    listed, wild = allow(today), allow("s3:Get*")
    assert inside(listed, wild)
    assert not inside(wild, listed)
    answer = contains(listed, wild, universe="known")
    assert isinstance(answer, Holds)
    assert answer.assumed
    assert isinstance(contains(allow(today[1:]), wild, universe="known"), Fails)


@pytest.mark.parametrize(("short", "service", "starts"), [("ecr:geta*", "ecr", "GetA"), ("logs:putl*", "logs", "PutL")])
def test_a_minimised_action(short: str, service: str, starts: str) -> None:
    """A shortened action is wider as soon as AWS adds an action."""
    exact = [a.id for a in actions(service).values() if a.name.startswith(starts)]
    assert exact
    assert not inside(allow(short), allow(exact))
    assert isinstance(contains(allow(exact), allow(short), universe="known"), Holds)


def test_a_pattern_over_all_services_meets_only_known_ones() -> None:
    """`*:ListAllMyBuckets` is S3's alone, today."""
    assert not inside(allow("*:ListAllMyBuckets"), allow("s3:*"))
    assert isinstance(contains(allow("s3:*"), allow("*:ListAllMyBuckets"), universe="known"), Holds)
    assert isinstance(contains(allow("s3:*"), allow("*:List*"), universe="known"), Fails)


def test_actions_compare_without_case() -> None:
    """`s3:GetObject` and `s3:getobject` are the same action."""
    assert same(allow("s3:GetObject"), allow("S3:getobject"))
    assert inside(allow("s3:GETOBJECT"), allow("s3:get*"))


def test_deny_with_not_action() -> None:
    """A Deny of NotAction leaves nothing but these actions."""
    only = both(allow("*"), deny(no("s3:GetObject", "s3:List*")))
    assert same(only, allow(["s3:GetObject", "s3:List*"]))
    assert not inside(allow("iam:PassRole"), only)


def test_allow_with_not_action() -> None:
    """An Allow of NotAction takes in every other service."""
    wide = allow(no("s3:*"))
    assert not meet(wide, allow("s3:GetObject"))
    assert inside(allow("iam:*"), wide)
    assert inside(wide, allow("*"))
    assert not inside(allow("*"), wide)


# ---------------------------------------------------------------- resources


def test_allow_with_not_resource() -> None:
    """An Allow of NotResource takes in every resource of everybody else."""
    wide = allow(resource=but(f"{BUCKET}/*"))
    assert not meet(wide, allow(resource=f"{BUCKET}/x"))
    assert inside(allow(resource="arn:aws:s3:::b2/x"), wide)
    assert inside(allow(resource=BUCKET), wide)


def test_deny_with_not_resource() -> None:
    """A Deny of NotResource leaves these resources only."""
    only = both(allow("s3:*"), deny("s3:*", but(f"{BUCKET}/*")))
    assert same(only, allow("s3:*", f"{BUCKET}/*"))
    assert allows(only, read())
    assert not allows(only, read("arn:aws:s3:::c/x"))


def test_resources_compare_with_case() -> None:
    """`b/X` is not `b/x`."""
    assert not meet(allow(resource=f"{BUCKET}/X"), allow(resource=f"{BUCKET}/x"))


def test_a_star_that_crosses_the_parts_of_an_arn() -> None:
    """A `*` inside one of an ARN's first five parts ends at its colon, unless it is read flat."""
    wide, narrow = allow("sqs:*", "arn:aws:sqs:eu*:q"), allow("sqs:*", "arn:aws:sqs:eu-west-2:123456789012:q")
    assert isinstance(contains(wide, narrow), Fails)
    assert isinstance(contains(wide, narrow, reading="flat"), Holds)


def test_an_arn_that_is_cut_short() -> None:
    """In an identity policy a short ARN has `*` for what it lacks; in a resource policy only one with a wildcard."""
    queue = "arn:aws:sqs:eu-west-2:123456789012:q"
    assert inside(allow("sqs:*", queue), allow("sqs:*", "arn:aws:sqs:*"))
    assert inside(allow("sqs:*", queue), allow("sqs:*", "arn:aws:sqs"))
    assert inside(allow("sqs:*", queue, who=EVERYONE), allow("sqs:*", "arn:aws:sqs:*", who=EVERYONE))
    assert not meet(allow("sqs:*", queue, who=EVERYONE), allow("sqs:*", "arn:aws:sqs", who=EVERYONE))


def test_two_texts_with_the_same_start() -> None:
    """A request for `app-data/in/1` is under `app-data/*`; strings that are compared say it isn't."""
    policy = allow(resource="arn:aws:s3:::app-data/*")
    assert allows(policy, read("arn:aws:s3:::app-data/in/1"))
    assert isinstance(can(policy, action="s3:GetObject", resource="arn:aws:s3:::app-data/in/1"), Holds)
    assert isinstance(can(policy, action="s3:GetObject", resource="arn:aws:s3:::app-data2/in/1"), Fails)


def test_a_question_mark_is_one_character() -> None:
    """A `?` takes one character of any kind, however many bytes it has; a dot is a dot."""
    policy = allow(resource=f"{BUCKET}/?")
    assert all(allows(policy, read(f"{BUCKET}/{c}")) for c in ("x", ".", "\n", "\xe9", "\u20ac", "\U0001f600"))
    assert not any(allows(policy, read(f"{BUCKET}/{c}")) for c in ("", "xx", "\u20ac\u20ac"))
    assert inside(allow(resource=f"{BUCKET}/\xe9"), policy)
    assert not inside(allow(resource=f"{BUCKET}/a?c"), allow(resource=f"{BUCKET}/a.c"))
    assert not inside(policy, allow(resource=[f"{BUCKET}/x", f"{BUCKET}/."]))


def test_a_newline_is_a_character() -> None:
    """An object key with a newline is under `b/*`."""
    policy = allow(resource=f"{BUCKET}/*")
    assert allows(policy, read(f"{BUCKET}/a\nb"))
    assert inside(allow(resource=f"{BUCKET}/a\nb"), policy)
    assert isinstance(can(policy, action="s3:GetObject", resource=f"{BUCKET}/a\nb"), Holds)


def test_twenty_patterns_without_nineteen() -> None:
    """Twenty patterns that a star cuts in two, against nineteen of them: one is left."""
    twenty = [f"{BUCKET}/*/{i:02}*/*" for i in range(20)]
    for missing in (0, 9, 19):
        answer = contains(allow(resource=[t for i, t in enumerate(twenty) if i != missing]), allow(resource=twenty))
        assert f"/{missing:02}" in witness(answer).resource
    assert same(allow(resource=twenty), allow(resource=twenty[::-1]))


# ---------------------------------------------------------------- unions and Denies


def test_two_statements_that_cover_a_third() -> None:
    """Neither of two statements contains the third, both together do."""
    left = allow(when={"StringEquals": {KEY: "a"}})
    right = allow(when={"StringNotEquals": {KEY: "a"}})
    assert not inside(allow(), left)
    assert not inside(allow(), right)
    assert same(allow(), both(left, right))


def test_a_deny_that_cuts_out_the_middle() -> None:
    """What a Deny takes out of the middle is missing, the rest on both sides is there."""
    cut = both(allow(resource=f"{BUCKET}/*"), deny(resource=f"{BUCKET}/m/*"))
    assert inside(allow(resource=[f"{BUCKET}/a/*", f"{BUCKET}/z/*", f"{BUCKET}/m"]), cut)
    assert not meet(cut, allow(resource=f"{BUCKET}/m/*"))
    assert f"{BUCKET}/m/" in witness(contains(cut, allow(resource=f"{BUCKET}/*"))).resource


def test_a_condition_that_fails() -> None:
    """An Allow whose condition fails is no statement, not a Deny: another Allow still allows."""
    policy = both(allow(when={"Bool": {"aws:SecureTransport": "true"}}), allow(when={"StringEquals": {KEY: "a"}}))
    assert allows(policy, Request("s3:GetObject", f"{BUCKET}/x", context={"aws:SecureTransport": "false", KEY: "a"}))
    assert inside(allow(when={"StringEquals": {KEY: "a"}}), policy)


# ---------------------------------------------------------------- conditions


def test_a_condition_of_pass_role_is_dropped() -> None:
    """Without `iam:PassedToService` a role can be passed to every other service."""
    before = allow("iam:PassRole", ROLE, {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}})
    after = allow("iam:PassRole", ROLE)
    assert not inside(after, before)
    assert inside(before, after)
    change = compare(before, after)
    assert not change.lost
    (gained,) = change.gained
    assert gained.witness.values("iam:PassedToService") != "ecs-tasks.amazonaws.com"


def test_a_condition_on_addresses_is_dropped() -> None:
    """Without its IpAddress condition a statement is wider."""
    before, after = allow(when={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), allow()
    assert not inside(after, before)
    assert compare(before, after).gained


def test_an_address_pinned_to_ipv6() -> None:
    """IPv6 is decided as IPv4 is, and apart from it."""
    block = allow(when={"IpAddress": {"aws:SourceIp": "2001:db8::/32"}})
    assert inside(allow(when={"IpAddress": {"aws:SourceIp": "2001:db8:1::1"}}), block)
    assert not inside(allow(when={"IpAddress": {"aws:SourceIp": "2001:db9::/32"}}), block)
    assert not meet(block, allow(when={"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}))
    assert not meet(block, allow(when={"NotIpAddress": {"aws:SourceIp": "::/0"}, "Null": {"aws:SourceIp": "true"}}))


def test_blocks_of_addresses_that_touch() -> None:
    """Two /25 cover their /24; with one address between two blocks they don't."""
    whole = allow(when={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})
    halves = ["203.0.113.0/25", "203.0.113.128/25"]
    assert same(whole, allow(when={"IpAddress": {"aws:SourceIp": halves}}))
    assert same(whole, both(*(allow(when={"IpAddress": {"aws:SourceIp": h}}) for h in halves)))
    gap = both(whole, deny(when={"IpAddress": {"aws:SourceIp": "203.0.113.127"}}))
    answer = contains(gap, whole)
    assert witness(answer).values("aws:SourceIp") == "203.0.113.127"


def test_all_values_of_an_absent_key() -> None:
    """ForAllValues holds when the key is absent or empty; it takes a Null beside it to ask for a value."""
    loose = allow(when={"ForAllValues:StringEquals": {"aws:TagKeys": "a"}})
    strict = allow(when={"ForAllValues:StringEquals": {"aws:TagKeys": "a"}, "Null": {"aws:TagKeys": "false"}})
    assert allows(loose, read())
    assert allows(loose, Request("s3:GetObject", context={"aws:TagKeys": ()}))
    assert not allows(strict, read())
    assert inside(strict, loose)
    assert not inside(loose, strict)
    assert not inside(loose, allow(when={"ForAnyValue:StringEquals": {"aws:TagKeys": "a"}}))


def test_all_values_of_an_empty_text() -> None:
    """ForAllValues takes an empty text for no value, which a Null beside it does not: it is a hole in the pair."""
    pair = allow(when={"ForAllValues:StringEquals": {KEY: "a"}, "Null": {KEY: "false"}})
    assert allows(pair, Request("s3:GetObject", context={KEY: ("",)}))
    assert not inside(pair, allow(when={"ForAnyValue:StringEquals": {KEY: "a"}}))
    assert inside(pair, both(allow(when={"ForAnyValue:StringEquals": {KEY: "a"}}), pair))


@pytest.mark.parametrize("shown", ["", "o*", "*x"])
def test_any_value_that_is_not_like(shown: str) -> None:
    """A witness for ForAnyValue is never the empty text alone, which is no value."""
    answer = can(allow(when={"ForAnyValue:StringNotLike": {KEY: shown}}), action="s3:GetObject")
    assert witness(answer).values(KEY) not in (None, "", (), ("",))


def test_not_equals_of_an_absent_key() -> None:
    """StringNotEquals holds when the key is absent."""
    policy = allow(when={"StringNotEquals": {KEY: "a"}})
    assert allows(policy, read())
    assert inside(allow(when={"Null": {KEY: "true"}}), policy)
    assert not inside(policy, allow(when={"Null": {KEY: "false"}}))
    assert same(policy, allow(when={"StringNotEqualsIfExists": {KEY: "a"}}))


@pytest.mark.parametrize(
    ("operator", "absent", "of_a", "of_b"),
    [
        ("StringEquals", False, True, False),
        ("StringNotEquals", True, False, True),
        ("StringEqualsIfExists", True, True, False),
        ("StringNotEqualsIfExists", True, False, True),
        ("ForAllValues:StringEquals", True, True, False),
        ("ForAllValues:StringNotEquals", True, False, True),
        ("ForAnyValue:StringEquals", False, True, False),
        ("ForAnyValue:StringNotEquals", False, False, True),
        ("ForAllValues:StringEqualsIfExists", True, True, False),
        ("ForAnyValue:StringEqualsIfExists", False, True, False),
        ("ForAnyValue:StringNotEqualsIfExists", False, False, True),
    ],
)
def test_operators_on_absent_keys(operator: str, absent: bool, of_a: bool, of_b: bool) -> None:
    """What AWS's tables say of an absent key and of one value, in matching and in questions alike."""
    policy = allow(when={operator: {KEY: "a"}})
    for wanted, values, context in (
        (absent, None, {"Null": {KEY: "true"}}),
        (of_a, ("a",), {"ForAnyValue:StringEquals": {KEY: "a"}, "ForAllValues:StringEquals": {KEY: "a"}}),
        (of_b, ("b",), {"ForAnyValue:StringEquals": {KEY: "b"}, "ForAllValues:StringEquals": {KEY: "b"}}),
    ):
        assert allows(policy, Request("s3:GetObject", context={} if values is None else {KEY: values})) == wanted
        if ":" in operator or values is None:
            asked = can(policy, action="s3:GetObject", conditions=context)
            assert isinstance(asked, Holds if wanted else Fails)


def test_null_takes_no_if_exists() -> None:
    """`NullIfExists` is refused; Null beside IfExists asks for a value."""
    with pytest.raises(PolicyError, match="takes no `IfExists`"):
        allow(when={"NullIfExists": {KEY: "true"}})
    pair = allow(when={"StringEqualsIfExists": {KEY: "a"}, "Null": {KEY: "false"}})
    assert same(pair, allow(when={"StringEquals": {KEY: "a"}}))
    other = allow(when={"StringEqualsIfExists": {KEY: "a"}, "Null": {KEY: "true"}})
    assert same(other, allow(when={"Null": {KEY: "true"}}))


@pytest.mark.parametrize(
    "when",
    [
        {"Null": {KEY: "true"}, "StringEquals": {KEY: "a"}},
        {"NumericLessThan": {KEY: "5"}, "NumericGreaterThan": {KEY: "10"}},
        {"DateLessThan": {KEY: "2020-01-01"}, "DateGreaterThan": {KEY: "2020-01-01T00:00:00Z"}},
        {"StringEquals": {KEY: "a"}, "StringNotLike": {KEY: "?"}},
        {"StringEquals": {KEY: "A"}, "StringNotEqualsIgnoreCase": {KEY: "a"}},
    ],
)
def test_conditions_that_contradict(when: dict[str, dict[str, str]]) -> None:
    """Nothing meets two conditions that contradict each other."""
    assert isinstance(can(allow(when=when), action="s3:GetObject"), Fails)
    assert inside(allow(when=when), allow(resource=BUCKET))


def test_condition_keys_compare_without_case() -> None:
    """`aws:sourceip` and `aws:SourceIp` are the same key, also beside each other."""
    assert same(
        allow(when={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
        allow(when={"IpAddress": {"AWS:SOURCEIP": "10.0.0.0/8"}}),
    )
    assert isinstance(
        can(
            allow(when={"StringEquals": {KEY: "a"}, "StringLike": {KEY.upper(): "b*"}}),
            action="s3:GetObject",
        ),
        Fails,
    )


def test_letters_that_are_one_without_case() -> None:
    """IgnoreCase takes in the letters that other scripts write apart: the Kelvin sign, the capital sharp s."""
    for letter, other in (("k", "\u212a"), ("\xe5", "\u212b"), ("\xdf", "\u1e9e"), ("\xff", "\u0178")):
        loose = allow(when={"StringEqualsIgnoreCase": {KEY: letter}})
        assert allows(loose, Request("s3:GetObject", context={KEY: other}))
        capital = letter.upper() if letter.upper() <= "\xff" else letter
        assert not inside(loose, allow(when={"StringEquals": {KEY: [letter, capital]}}))


def test_an_organisation_that_is_any() -> None:
    """`StringLike aws:PrincipalOrgID *` is public to the principals of any organisation."""
    public = trust(EVERYONE, when={"StringLike": {"aws:PrincipalOrgID": "*"}})
    assert same(public, trust(EVERYONE, when={"Null": {"aws:PrincipalOrgID": "false"}}))
    pinned = trust(EVERYONE, when={"StringEquals": {"aws:PrincipalOrgID": "o-a"}})
    assert inside(pinned, public)
    assert not inside(public, pinned)


def test_a_value_that_is_no_number() -> None:
    """A tag that is compared as a number may hold none: it is neither less than five nor not."""
    sides = both(
        allow(when={"NumericLessThan": {"aws:RequestTag/size": "5"}}),
        allow(when={"NumericGreaterThanEquals": {"aws:RequestTag/size": "5"}}),
    )
    assert not inside(allow(when={"Null": {"aws:RequestTag/size": "false"}}), sides)
    both_ways = both(*(allow(when={"Bool": {"aws:SecureTransport": b}}) for b in ("true", "false")))
    assert same(both_ways, allow(when={"Null": {"aws:SecureTransport": "false"}}))


def test_numbers_of_many_digits() -> None:
    """A number is compared exactly, however long it is."""
    below = allow(when={"NumericLessThan": {KEY: "1" + "0" * 40}})
    assert isinstance(can(below, action="s3:GetObject"), Holds)
    assert not inside(below, allow(when={"NumericLessThan": {KEY: "9" * 40}}))
    between = {"NumericGreaterThan": {KEY: "1"}, "NumericLessThan": {KEY: "1." + "0" * 40 + "1"}}
    assert isinstance(can(allow(when=between), action="s3:GetObject"), Holds)


def test_bytes_that_are_written_in_two_ways() -> None:
    """Base64 that ends differently may be the same bytes: there are still others."""
    assert not inside(allow(when={"Null": {KEY: "false"}}), allow(when={"BinaryEquals": {KEY: "AB=="}}))


# ---------------------------------------------------------------- policy variables


def test_a_variable_in_a_deny() -> None:
    """A Deny on `b/${aws:username}/*` denies nobody but bob the reading of bob's objects."""
    policy = both(allow(), deny(resource=f"{BUCKET}/${{aws:username}}/*"))
    answer = can(policy, action="s3:GetObject", resource=f"{BUCKET}/bob/x")
    assert isinstance(answer, Holds)
    assert witness(answer) in requests_of(policy)
    assert not allows(policy, Request("s3:GetObject", f"{BUCKET}/bob/x", context={"aws:username": "bob"}))
    assert not inside(allow(), policy)


def test_a_variable_that_equals_a_literal() -> None:
    """`b/${aws:username}/x` reaches `b/bob/x`: for bob."""
    policy = allow(resource=f"{BUCKET}/${{aws:username}}/x")
    assert meet(policy, allow(resource=f"{BUCKET}/bob/x"))
    answer = can(policy, action="s3:GetObject", resource=f"{BUCKET}/bob/x")
    assert witness(answer).values("aws:username") == "bob"
    assert not inside(policy, allow(resource=f"{BUCKET}/bob/x"))
    assert inside(policy, allow(resource=f"{BUCKET}/*/x"))
    assert inside(policy, policy)
    impossible = {"StringEquals": {"aws:username": "alice"}}
    answer = can(policy, action="s3:GetObject", resource=f"{BUCKET}/bob/x", conditions=impossible)
    assert isinstance(answer, Fails | Undecided), "never a yes"


def test_a_variable_of_an_absent_key() -> None:
    """A resource with a variable without a value matches nothing, in a Deny as well; a default stands in for it."""
    cut = both(allow(), deny(resource=f"{BUCKET}/${{aws:username}}"))
    assert inside(allow(when={"Null": {"aws:username": "true"}}), cut)
    with_default = allow(resource=f"{BUCKET}/${{aws:username, 'nobody'}}", when={"Null": {"aws:username": "true"}})
    assert same(with_default, allow(resource=f"{BUCKET}/nobody", when={"Null": {"aws:username": "true"}}))


def test_a_variable_with_a_default_in_not_resource() -> None:
    """NotResource with a default is a statement whether the key is there or not."""
    policy = allow(resource=but(f"{BUCKET}/${{aws:username, 'nobody'}}"))
    assert allows(policy, read(f"{BUCKET}/x"))
    assert not inside(policy, allow(resource=f"{BUCKET}/*"))
    assert not allows(policy, read(f"{BUCKET}/nobody"))
    assert inside(allow(resource=f"{BUCKET}/x", when={"Null": {"aws:username": "true"}}), policy)
    assert not inside(allow(resource=f"{BUCKET}/nobody"), policy)


def test_an_escaped_star() -> None:
    """`${*}` is a star, not any text."""
    policy = allow(resource=f"{BUCKET}/${{*}}")
    assert isinstance(can(policy, action="s3:GetObject", resource=f"{BUCKET}/x"), Fails)
    assert allows(policy, read(f"{BUCKET}/*"))
    assert inside(policy, allow(resource=f"{BUCKET}/?"))
    assert not inside(allow(resource=f"{BUCKET}/?"), policy)
    condition = allow(when={"StringLike": {KEY: "${*}"}})
    assert same(condition, allow(when={"StringEquals": {KEY: "*"}}))


@pytest.mark.parametrize("version", ['"Version": "2008-10-17", ', ""])
def test_a_document_of_2008_has_no_variables(version: str) -> None:
    """Under Version 2008-10-17, or none, `${aws:username}` is text."""
    old = parse_policy(
        f'{{{version}"Statement": {{"Effect": "Allow", "Action": "s3:GetObject", '
        f'"Resource": "{BUCKET}/${{aws:username}}/*"}}}}'
    )
    assert isinstance(can(old, action="s3:GetObject", resource=f"{BUCKET}/bob/x"), Fails)
    request = Request("s3:GetObject", f"{BUCKET}/bob/x", context={"aws:username": "bob"})
    assert not allows(old, request)
    assert allows(old, read(f"{BUCKET}/${{aws:username}}/x"))
    new = allow(resource=f"{BUCKET}/${{aws:username}}/*")
    assert allows(new, request)
    assert not inside(new, old)


# ---------------------------------------------------------------- principals


def test_everyone_in_two_ways() -> None:
    """`"*"` takes in everybody, `{"AWS": "*"}` neither services nor federated users."""
    bare, of_aws = trust(EVERYONE), trust(aws("*"))
    assert bare != of_aws
    assert inside(of_aws, bare)
    assert not inside(bare, of_aws)
    assert not meet(of_aws, trust(ECS))
    assert matches_principal(aws("*"), None), "anonymous callers are taken in by both"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ECS, Principal("Service", "ec2.amazonaws.com")),
        (aws("123456789012"), aws("210987654321")),
        (
            Principal("Federated", "arn:aws:iam::123456789012:oidc-provider/a.example.com"),
            Principal("Federated", "arn:aws:iam::123456789012:oidc-provider/b.example.com"),
        ),
        (ECS, EVERYONE),
    ],
)
def test_a_trust_that_names_another(before: Principal, after: Principal) -> None:
    """Another service, account or provider in a trust policy is new access."""
    assert not inside(trust(after), trust(before))
    assert after == EVERYONE or not inside(trust(before, after), trust(before))
    (gained,) = compare(trust(before), trust(after)).gained
    assert gained.witness.principal != before


def test_an_account_and_its_principals() -> None:
    """An account takes in its users and roles; a role its sessions; none of them the account."""
    account, role = trust(aws("123456789012")), trust(aws(ROLE))
    session = trust(aws("arn:aws:sts::123456789012:assumed-role/app/me"))
    assert inside(session, role)
    assert inside(role, account)
    assert not inside(account, role)
    assert not inside(role, session)
    assert same(account, trust(aws("arn:aws:iam::123456789012:root")))


def test_roles_of_one_name_share_their_sessions() -> None:
    """A session's ARN has no path: two roles of one name under two paths have it in common."""
    left, right = (trust(aws(f"arn:aws:iam::123456789012:role/{path}/app")) for path in "ab")
    assert meet(left, right)
    assert not inside(left, right)


def test_not_principal() -> None:
    """A Deny of NotPrincipal denies everybody else, also whom an Allow names."""
    policy = Policy(
        (
            statement("Allow", who=EVERYONE),
            Statement("Deny", "s3:GetObject", "*", AllBut((aws(ROLE),))),
        )
    )
    assert same(policy, allow(who=aws(ROLE)))
    assert not meet(policy, allow(who=ECS))


def test_undecided_is_no_answer() -> None:
    """What isn't known is neither yes nor no."""
    text, number = allow(when={"StringEquals": {KEY: "5"}}), allow(when={"NumericEquals": {KEY: "5"}})
    answer = overlaps(text, number)
    assert isinstance(answer, Undecided)
    with pytest.raises(TypeError, match="undecided"):
        bool(answer)
    assert same(number, number)
    assert inside(both(text, number), both(number, text))


def test_a_variable_before_the_fifth_colon_moves_no_part() -> None:
    """What is written says where the parts of an ARN are; a value with a colon in it is in no part."""
    early = allow("sqs:*", "arn:aws:sqs:${aws:username}:q")
    assert not inside(early, allow("sqs:*", "arn:aws:sqs:${aws:username}:q:x"))
    asked = Request("sqs:SendMessage", "arn:aws:sqs:a:b:q:x", context={"aws:username": "a:b"})
    assert asked not in requests_of(allow("sqs:*", "arn:aws:sqs:${aws:username}:q:x"))
    same_account = allow("sqs:*", "arn:aws:sqs:eu-west-2:${aws:PrincipalAccount}:*")
    assert inside(same_account, same_account)
    assert inside(same_account, allow("sqs:*", "arn:aws:sqs:eu-west-2:*:*"))


def test_an_arn_that_begins_with_a_variable_is_tried() -> None:
    """Only the value says where its parts are: the condition is taken as it stands, then values are tried."""
    begins = allow("s3:GetObject", when={"ArnLike": {"aws:SourceArn": "${aws:PrincipalArn}"}})
    assert inside(begins, begins)
    found = witness(contains(allow("s3:PutObject"), begins))
    assert found.values("aws:SourceArn") == found.values("aws:PrincipalArn")


def test_a_key_without_values_takes_the_default() -> None:
    """A key that is there with no value at all is an absent one, for a variable's default too."""
    home = allow("s3:GetObject", "arn:aws:s3:::b/${aws:username, 'x'}")
    request = Request("s3:GetObject", "arn:aws:s3:::b/x", context={"aws:username": ()})
    assert request in requests_of(home)
