"""The model: what IAM refuses can't be built, what IAM takes for the same is equal, and the documents AWS asks for."""

import json
from collections.abc import Callable
from typing import Any, cast

import pytest

from ecsiam import Config, Policy, PolicyError, Role, Stack, Statement, build, emit, parse_policy
from ecsiam.features.table import POLICIES, ROLES
from ecsiam.model.arn import Arn, partition_of
from ecsiam.model.by_id import ById
from ecsiam.model.condition import COMPARISONS, Condition, Operator
from ecsiam.model.document import policy_to_data
from ecsiam.model.forms import ROLE_NAME
from ecsiam.model.names import camel_case
from ecsiam.model.principal import EVERYONE, Principal
from ecsiam.model.role import RolePolicy
from ecsiam.model.statement import Action, AllBut, Origin
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, PARTITION, Bindings, Ref, Text, in_order, text
from ecsiam.model.verdicts import Kind

Data = dict[str, Any]
ALLOW: Data = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
TRUST: Data = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "123456789012"}}


def document(*statements: object, **more: object) -> Data:
    return {"Version": "2012-10-17", "Statement": list(statements), **more}


def without(statement: Data, *names: str, **more: object) -> Data:
    return {key: value for key, value in statement.items() if key not in names} | more


# ---------------------------------------------------------------- what no document can say

NONE: Data = {}
AN_ACTION = "An action is `service:Name`, such as `s3:GetObject`; only the name may hold wildcards."
UNREADABLE: list[tuple[object, str]] = [
    *(
        (document(without(ALLOW, Action=a)), f"`{a}` is not an action @ $.Statement[0].Action. {AN_ACTION}")
        for a in ("GetObject", "", "**", "s*", "s3", "s3.GetObject")
    ),
    ([], "a policy is an object, not a list"),
    ("x", "not JSON: expecting value at line 1, column 1"),
    ("[1]", "a policy is an object, not a list"),
    ('{"Statement": NaN}', "not JSON: `NaN` is not a value"),
    (
        '{"Version": "2012-10-17", "Version": "2012-10-17", "Statement": []}',
        "the key `Version` stands twice in one object",
    ),
    ("[" * 100_000, "not a policy: nested too deep"),
    ({"Version": "2012-10-17"}, "a policy needs `Statement`"),
    (document(), "a policy without statements @ $.Statement"),
    (
        document(ALLOW, Statements=[]),
        "unknown element `Statements`. Did you mean `Statement`?",
    ),
    (document(ALLOW, Version="2012-10-18"), "`2012-10-18` is not a policy version @ $.Version. Write `2012-10-17`."),
    (document("x"), "a statement is an object, not `x` @ $.Statement[0]"),
    (
        document(without(ALLOW, "Effect")),
        "a statement needs `Effect` @ $.Statement[0]. Write `Allow` or `Deny`.",
    ),
    (
        document(without(ALLOW, Effect="allow")),
        "`allow` is not an effect @ $.Statement[0].Effect. Write `Allow` or `Deny`.",
    ),
    (
        document(without(ALLOW, effect="Allow")),
        "unknown element `effect` @ $.Statement[0]. Did you mean `Effect`?",
    ),
    (document(without(ALLOW, "Action")), "a statement needs `Action` or `NotAction` @ $.Statement[0]"),
    (
        document(without(ALLOW, NotAction="s3:*")),
        "both `Action` and `NotAction` @ $.Statement[0].NotAction. IAM takes one of the two.",
    ),
    (
        document(without(ALLOW, NotResource="*")),
        "both `Resource` and `NotResource` @ $.Statement[0].NotResource. IAM takes one of the two.",
    ),
    (
        document(without(TRUST, NotPrincipal="*")),
        "both `Principal` and `NotPrincipal` @ $.Statement[0].NotPrincipal. IAM takes one of the two.",
    ),
    (
        document(without(ALLOW, "Resource")),
        "a statement has neither a resource nor a principal @ $.Statement[0]. Write `Resource` or `Principal`.",
    ),
    (
        document(without(ALLOW, Action={"s3": "*"})),
        "expected a text, not an object @ $.Statement[0].Action",
    ),
    (
        document(without(ALLOW, Resource=["*", None])),
        "expected a text, not null @ $.Statement[0].Resource[1]",
    ),
    (document(without(ALLOW, Sid=1)), "expected a text, not `1` @ $.Statement[0].Sid"),
    (
        document(ALLOW, TRUST),
        "a statement without a principal beside others that have one @ $.Statement[0]",
    ),
    (
        document(without(TRUST, Principal="123456789012")),
        'a principal is `"*"` or an object, not `123456789012` @ $.Statement[0].Principal',
    ),
    (
        document(without(TRUST, Principal={"Aws": "123456789012"})),
        "unknown principal type `Aws` @ $.Statement[0].Principal.Aws. "
        "The types are `AWS`, `CanonicalUser`, `Federated` and `Service`.",
    ),
    (
        document(without(ALLOW, Condition=[])),
        "a condition block is an object, not a list @ $.Statement[0].Condition",
    ),
    ({1: 2}, "a key is a text, not `1`"),
    ({"Statement": [{None: 1}]}, "a key is a text, not null @ $.Statement[0]"),
    (document(without(TRUST, Principal={2: "x"})), "a key is a text, not `2` @ $.Statement[0].Principal"),
    (document(without(ALLOW, Condition={1: {2: 3}})), "a key is a text, not `1` @ $.Statement[0].Condition"),
    (
        document(without(ALLOW, Condition={"StringEquals": {2: "x"}})),
        "a key is a text, not `2` @ $.Statement[0].Condition.StringEquals",
    ),
    (
        document(without(ALLOW, Condition={"StringEquals": "x"})),
        "an operator's keys are an object, not `x` @ $.Statement[0].Condition.StringEquals",
    ),
    (
        document(without(ALLOW, Condition={"StringEqual": {"aws:SourceVpc": "x"}})),
        "unknown condition operator `StringEqual` @ $.Statement[0].Condition.StringEqual. Did you mean `StringEquals`?",
    ),
    (
        document(without(ALLOW, Condition={"ForEach:StringEquals": {"aws:SourceVpc": "x"}})),
        "unknown condition operator `ForEach:StringEquals` @ $.Statement[0].Condition.ForEach:StringEquals. "
        "Did you mean `StringEquals`?",
    ),
    (
        document(without(ALLOW, Condition={"NullIfExists": {"aws:SourceVpc": "true"}})),
        "`Null` takes no `IfExists` @ $.Statement[0].Condition.NullIfExists. "
        "`Null` asks whether the key is present; write `Null`.",
    ),
    (
        document(without(ALLOW, Condition={"StringEquals": {"aws:SourceVpc": "x", "AWS:sourcevpc": "y"}})),
        "`StringEquals` has the key `AWS:sourcevpc` twice with different values @ $.Statement[0].Condition. "
        "Both must hold, and one list would mean either: use another operator or one list.",
    ),
]


@pytest.mark.parametrize(("given", "message"), UNREADABLE, ids=range(len(UNREADABLE)))
def test_what_no_document_can_say_cannot_be_read(given: Any, message: str) -> None:
    with pytest.raises(PolicyError) as e:
        parse_policy(given)
    assert message == str(e.value)


def test_every_fault_of_a_document_at_once() -> None:
    with pytest.raises(PolicyError) as e:
        parse_policy(
            document(
                {
                    "Sid": 1,
                    "Action": [NONE, "s3:Get", None],
                    "Resource": [NONE],
                    "Condition": {"A": {"b": 1}, "Bool": {"c": NONE}},
                },
                {"Efect": "Allow"},
            )
        )
    assert [str(fault).split(" @ ")[-1].split(". ")[0] for fault in e.value.faults] == [
        "$.Statement[0].Action[0]",
        "$.Statement[0].Action[2]",
        "$.Statement[0].Resource[0]",
        "$.Statement[0].Condition.A",
        "$.Statement[0].Condition.Bool.c",
        "$.Statement[0].Sid",
        "$.Statement[0]",
        "$.Statement[1]",
        "$.Statement[1]",
        "$.Statement[1]",
    ]


def policy(*statements: Statement) -> Policy:
    return Policy(statements)


GET = Statement("Allow", "s3:GetObject", "*")
ASSUME = Statement("Allow", "sts:AssumeRole", principals=Principal("Service", "ecs-tasks.amazonaws.com"))
UNBUILDABLE: list[tuple[Callable[[], object], str]] = [
    (lambda: Statement("Allow", [], "*"), "an empty list @ $.Action. IAM refuses it; leave the statement out."),
    (
        lambda: Statement("Allow", AllBut[Action](()), "*"),
        "an empty list @ $.NotAction. IAM refuses it; leave the statement out.",
    ),
    (lambda: Statement("Allow", "s3:*", []), "an empty list @ $.Resource. IAM refuses it; leave the statement out."),
    (
        lambda: Statement("Allow", "s3:*", "*", []),
        "an empty list @ $.Principal. IAM refuses it; leave the statement out.",
    ),
    (
        lambda: Statement("Allow", "sts:AssumeRole", principals=[EVERYONE, Principal("AWS", "*")]),
        'the principal `"*"` stands beside others @ $.Principal. Write `"*"` alone.',
    ),
    (
        lambda: Statement("Allow", "s3:*", Text.of("x", ACCOUNT_ID)),
        "resource `x{account_id}` is neither an ARN nor `*` @ $.Resource",
    ),
    (lambda: Principal("*", "123456789012"), 'a principal of no type is `"*"`, not `123456789012`'),
    (lambda: Arn.parse("arn:aws:s3"), "`arn:aws:s3` is not an ARN"),
    (lambda: Arn.parse(Text.of("arn:aws:", AWS_REGION, ":::x")), "`arn:aws:{aws_region}:::x` is not an ARN"),
    (
        lambda: Role("x", "x", policy(GET)),
        "the trust policy of `x` is not one @ $.trust. It needs `sts:` actions only.",
    ),
    (
        lambda: Role("x", "x", policy(ASSUME), [RolePolicy("p", "p", policy(ASSUME))]),
        "`p` is not an identity policy @ $.policies.p",
    ),
    (
        lambda: Role("x", "x", policy(ASSUME), [RolePolicy(i, i, policy(GET)) for i in ("p", "p", "q", "p")]),
        "the id `p` stands twice",
    ),
    (
        lambda: Role("x", "x", policy(ASSUME), [RolePolicy(i, i, policy(GET)) for i in ("p", "P")]),
        "two policies of `x` are called `P` @ $.policies",
    ),
    (
        lambda: Role("x", "x", policy(ASSUME), tags=[("a", "1"), ("b", "1"), ("A", "2")]),
        "`x` has the tag `a` twice @ $.tags",
    ),
    (lambda: Stack([Role("x", "x", policy(ASSUME)), Role("x", "y", policy(ASSUME))]), "the id `x` stands twice"),
    (
        lambda: Stack([Role("x", "r", policy(ASSUME)), Role("y", "R", policy(ASSUME))]),
        "two roles are called `R` @ $.roles",
    ),
    (
        lambda: Stack.from_dict({}),
        "\n".join(
            f"`{key}` is missing"
            for key in ("roles", "providers", "outputs", "deployment", "intent", "notes", "source", "companions")
        ),
    ),
    (
        lambda: Stack.from_dict(build(config()).to_dict() | {"roles": [1]}),
        "expected an object, not `1` @ $.roles[0]",
    ),
]


@pytest.mark.parametrize(("make", "message"), UNBUILDABLE, ids=range(len(UNBUILDABLE)))
def test_what_iam_refuses_cannot_be_built(make: Callable[[], object], message: str) -> None:
    with pytest.raises(PolicyError) as e:
        make()
    assert message == str(e.value)


# ---------------------------------------------------------------- what means the same, and what does not


def read(**changes: object) -> Policy:
    """The policy of one statement: an element of it changed, or replaced by its opposite."""
    return parse_policy(document(without(ALLOW, *(name.removeprefix("Not") for name in changes), **changes)))


def condition(**operators: object) -> Policy:
    return read(Condition=operators)


VPC = "aws:SourceVpc"
SAME: list[tuple[Policy, Policy]] = [
    (read(Action="s3:GetObject"), read(Action=["S3:getobject"])),
    (read(Action="*"), read(Action=["*"])),
    (read(Resource="*"), read(Resource=["*"])),
    (read(Sid=""), read()),
    (read(Condition={}), read()),
    (condition(StringEquals={VPC: "x"}), condition(StringEquals={"AWS:SOURCEVPC": ["x"]})),
    (condition(Bool={"aws:SecureTransport": True}), condition(Bool={"aws:SecureTransport": "true"})),
    (condition(NumericLessThan={"s3:max-keys": 10}), condition(NumericLessThan={"s3:max-keys": "10"})),
    (
        condition(StringEquals={VPC: "x"}, Bool={"aws:SecureTransport": "true"}),
        condition(Bool={"aws:SecureTransport": "true"}, StringEquals={VPC: "x"}),
    ),
    (
        condition(StringEquals={VPC: "x", "aws:userid": "y"}),
        condition(StringEquals={"aws:userid": "y", VPC: "x"}),
    ),
    (condition(StringEquals={VPC: ["x", "y"], "AWS:SourceVpc": ["y", "x"]}), condition(StringEquals={VPC: ["x", "y"]})),
    (
        parse_policy(document(without(TRUST, Principal={"Service": "a", "AWS": ["1", "2"]}))),
        parse_policy(document(without(TRUST, Principal={"AWS": ["1", "2"], "Service": ["a"]}))),
    ),
    (parse_policy({"Statement": ALLOW}), parse_policy({"Version": "2008-10-17", "Statement": [ALLOW]})),
    (policy(GET), policy(Statement("Allow", "s3:GetObject", "*", origin=Origin("efs", "mount")))),
]
UNLIKE: list[tuple[Policy, Policy]] = [
    (read(Action="s3:GetObject"), read(NotAction="s3:GetObject")),
    (read(Resource="arn:aws:s3:::a"), read(Resource="arn:aws:s3:::A")),
    (read(Resource="*"), read(NotResource="*")),
    (read(Effect="Allow"), read(Effect="Deny")),
    (read(Sid="a"), read(Sid="A")),
    (condition(StringEquals={VPC: "x"}), condition(StringEquals={VPC: "X"})),
    (condition(StringEquals={VPC: "x"}), condition(StringLike={VPC: "x"})),
    (condition(StringEquals={VPC: "x"}), condition(StringEqualsIfExists={VPC: "x"})),
    (
        condition(**{"ForAllValues:StringEquals": {VPC: "x"}}),
        condition(**{"ForAnyValue:StringEquals": {VPC: "x"}}),
    ),
    (
        parse_policy(document(without(TRUST, Principal="*"))),
        parse_policy(document(without(TRUST, Principal={"AWS": "*"}))),
    ),
    (parse_policy({"Statement": ALLOW}), parse_policy(document(ALLOW))),  # 2008-10-17 has no policy variables
]


@pytest.mark.parametrize(("a", "b"), SAME, ids=range(len(SAME)))
def test_what_iam_takes_for_the_same_is_equal(a: Policy, b: Policy) -> None:
    assert a == b
    assert hash(a) == hash(b)


@pytest.mark.parametrize(("a", "b"), UNLIKE, ids=range(len(UNLIKE)))
def test_what_means_another_thing_is_another_value(a: Policy, b: Policy) -> None:
    assert a != b
    assert policy_to_data(a, str) != policy_to_data(b, str)


def test_everyone_is_written_as_it_was_read() -> None:
    for principal in ("*", {"AWS": ["*"]}, {"Service": ["a"]}, {"AWS": ["*", "1"], "Federated": ["*"]}):
        data = document(without(TRUST, Principal=principal, Action=["sts:AssumeRole"]))
        assert data == policy_to_data(parse_policy(data), str)


def test_numbers_keep_their_source_text() -> None:
    numbers = '{"NumericEquals": {"a:b": [1.50, 1e3, -0]}}'
    (statement,) = parse_policy(
        f'{{"Statement": {{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {numbers}}}}}'
    ).statements
    assert tuple(str(v) for v in statement.conditions[0].values) == ("1.50", "1e3", "-0")


def test_raw_lists_keep_their_order() -> None:
    data = document(without(ALLOW, Action=["s3:PutObject", "s3:GetObject"], Resource=["arn:b", "arn:a", "arn:b"]))
    assert data == policy_to_data(parse_policy(data), str)


KINDS: list[tuple[list[Data], Kind]] = [
    ([ALLOW], "identity"),
    ([ALLOW, without(ALLOW, "Resource", NotResource="*")], "identity"),
    ([TRUST], "trust"),
    ([without(TRUST, Action=["sts:AssumeRole", "STS:TagSession"])], "trust"),
    ([without(TRUST, Principal="*", Effect="Deny")], "trust"),
    ([TRUST, without(TRUST, Action="s3:GetObject")], "resource"),
    ([without(TRUST, Action="*")], "resource"),
    ([without(TRUST, Resource="*")], "resource"),
    ([without(TRUST, "Principal", NotPrincipal={"AWS": "1"}, Action="s3:*", Resource="*")], "resource"),
    ([without(TRUST, Sid="a sentence", Action="kms:*", Resource="*")], "resource"),
]


@pytest.mark.parametrize(("statements", "kind"), KINDS, ids=range(len(KINDS)))
def test_the_kind_follows_from_the_statements(statements: list[Data], kind: Kind) -> None:
    assert kind == parse_policy(document(*statements)).kind


def test_every_operator_is_read_and_written() -> None:
    for name, comparison in COMPARISONS.items():
        ends = ("",) if comparison.kind == "null" else ("", "IfExists")
        for full in (f"{start}{name}{end}" for start in ("", "ForAllValues:", "ForAnyValue:") for end in ends):
            assert full == str(Operator.parse(full))
            assert comparison == Operator.parse(full).comparison
    assert {name for name in COMPARISONS if "Not" in name} == {c.name for c in COMPARISONS.values() if c.negated}


def test_a_key_may_end_in_any_text_that_a_tag_key_may_be() -> None:
    for key in ("aws:RequestTag/team:owner", "aws:RequestTag/a:", "s3:ExistingObjectTag/a b", "localhost:8080/x:sub"):
        assert key == Condition("StringEquals", key, "x").key


# ---------------------------------------------------------------- texts and ARNs


def test_a_text_splits_binds_and_prints() -> None:
    arn = Text.of("arn:", PARTITION, ":logs:", AWS_REGION, ":", ACCOUNT_ID, ":log-group:/ecs/a:*")
    assert str(arn) == "arn:{partition}:logs:{aws_region}:{account_id}:log-group:/ecs/a:*"
    assert (text("arn"), text(PARTITION), text("logs")) == arn.split(":", 5)[:3]
    assert text("log-group:/ecs/a:*") == arn.split(":", 5)[5]
    assert arn.refs == (PARTITION, AWS_REGION, ACCOUNT_ID)
    assert arn.literal is None
    whole = arn.bind(Bindings({"partition": "aws", "aws_region": "eu-west-2", "account_id": "1", "other": "x"}))
    assert whole.literal == "arn:aws:logs:eu-west-2:1:log-group:/ecs/a:*"
    assert arn.bind(Bindings({"partition": "aws", "account_id": "1"})).refs == (AWS_REGION,)
    assert Text(()) == text("")
    assert text("").literal == ""
    assert (text("a"), text("b")) == in_order([text("b"), text("a"), text("b")])


def test_an_arn_has_six_parts() -> None:
    arn = Arn.parse("arn:aws-cn:logs:cn-north-1:123456789012:log-group:/ecs/a:*")
    assert (str(arn.partition), arn.service, str(arn.region)) == ("aws-cn", "logs", "cn-north-1")
    assert (str(arn.account), str(arn.resource)) == ("123456789012", "log-group:/ecs/a:*")
    assert str(arn) == "arn:aws-cn:logs:cn-north-1:123456789012:log-group:/ecs/a:*"
    open_ = Arn.parse(Text.of("arn:", PARTITION, ":s3:::", Ref("bucket"), "/*"))
    assert Text.of(Ref("bucket"), "/*") == open_.resource
    assert Arn.parse(open_.text) == open_


REGIONS = {
    "eu-west-2": "aws",
    "me-central-1": "aws",
    "mx-central-1": "aws",
    "us-gov-east-1": "aws-us-gov",
    "us-iso-west-1": "aws-iso",
    "us-isob-east-1": "aws-iso-b",
    "us-isof-south-1": "aws-iso-f",
    "eu-isoe-west-1": "aws-iso-e",
    "eusc-de-east-1": "aws-eusc",
    "cn-northwest-1": "aws-cn",
    "xx-west-1": None,
    "eu-west-2\n": None,
    "us-isob-east": None,
}


@pytest.mark.parametrize(("region", "partition"), REGIONS.items())
def test_a_region_is_of_one_partition(region: str, partition: str | None) -> None:
    assert partition == partition_of(region)


def test_a_mapping_by_id() -> None:
    items = [RolePolicy(i, i, policy(GET)) for i in ("b", "a")]
    by_id = ById(items)
    assert list(by_id) == ["b", "a"]
    assert by_id["a"] is items[1]
    assert "c" not in by_id
    assert by_id == ById({i.id: i for i in items})
    assert hash(by_id) == hash(ById(items))
    with pytest.raises(KeyError):
        by_id["c"]


def test_ids_are_distinct_in_every_target() -> None:
    ids = [f"{role}_role" for role in ROLES] + [f"{p}_policy" for p in POLICIES]
    assert len(ids) == len({camel_case(i).lower() for i in ids})
    assert len(POLICIES) == len({p.replace("_", "-") for p in POLICIES})
    longest = max(len(r.suffix) for r in ROLES.values() if not r.aside)
    assert len("github-actions-role") == longest
    assert ROLE_NAME.most - longest - 1 == 44
    assert max(len(r.before) + len(r.suffix) for r in ROLES.values()) == len("managed-instances-role")


# ---------------------------------------------------------------- the documents that AWS asks for

A = "111122223333"
HERE = f"eu-west-1:{A}"


def config(**more: Any) -> Config:
    home: Data = {"project_name": "api", "environment": "dev", "account_id": A, "aws_region": "eu-west-1"}
    return Config(**home | more)


def written(role: str, **more: Any) -> list[Data]:
    """The statements of a role, trust aside, as IAM's JSON."""
    found: list[Data] = []
    for inline in build(config(**more)).roles[role].policies.values():
        found += cast("list[Data]", policy_to_data(inline.document, str)["Statement"])
    return found


def trust(role: str, **more: Any) -> list[Data]:
    return cast("list[Data]", policy_to_data(build(config(**more)).roles[role].trust, str)["Statement"])


def test_the_execution_role_pulls_logs_and_reads_one_secret() -> None:
    assert [
        {"Effect": "Allow", "Action": ["ecr:GetAuthorizationToken"], "Resource": ["*"]},
        {
            "Effect": "Allow",
            "Action": ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            "Resource": [f"arn:aws:ecr:{HERE}:repository/team/api"],
        },
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": [f"arn:aws:logs:{HERE}:log-group:/ecs/api:*"],
        },
        {
            "Effect": "Allow",
            "Action": ["secretsmanager:GetSecretValue"],
            "Resource": [f"arn:aws:secretsmanager:{HERE}:secret:api/db-AbCdEf"],
        },
        {
            "Effect": "Allow",
            "Action": ["kms:Decrypt"],
            "Resource": [f"arn:aws:kms:{HERE}:key/01234567-89ab-cdef-0123-456789abcdef"],
            "Condition": {"StringEquals": {"kms:ViaService": ["secretsmanager.eu-west-1.amazonaws.com"]}},
        },
    ] == written(
        "execution",
        ecr_repository_arns=[f"arn:aws:ecr:{HERE}:repository/team/api"],
        log_group_arns=[f"arn:aws:logs:{HERE}:log-group:/ecs/api"],
        enable_secrets_access=True,
        secrets_arns=[f"arn:aws:secretsmanager:{HERE}:secret:api/db-AbCdEf:password::"],
        secrets_kms_key_arns=[f"arn:aws:kms:{HERE}:key/01234567-89ab-cdef-0123-456789abcdef"],
    )


def test_the_task_role_holds_the_channels_of_ecs_exec() -> None:
    actions = ["CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"]
    assert [{"Effect": "Allow", "Action": [f"ssmmessages:{a}" for a in actions], "Resource": ["*"]}] == written(
        "task", enable_ecs_exec=True
    )


def test_the_task_role_mounts_one_file_system() -> None:
    arn = f"arn:aws:elasticfilesystem:{HERE}:file-system/fs-0123456789abcdef0"
    actions = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
    assert [{"Effect": "Allow", "Action": actions, "Resource": [arn]}] == written(
        "task", enable_efs_access=True, efs_arn=arn
    )


def test_the_task_role_lists_buckets_and_reads_writes_and_deletes_objects() -> None:
    assert written(
        "task",
        enable_s3_access=True,
        s3_bucket_arns=[
            *("arn:aws:s3:::bb", "arn:aws:s3:::bb/only/*", "arn:aws:s3:::cc/${aws:userid}", "arn:aws:s3:::aa"),
        ],
    ) == [
        {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::aa", "arn:aws:s3:::bb"]},
        {
            "Effect": "Allow",
            "Action": ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
            "Resource": ["arn:aws:s3:::aa/*", "arn:aws:s3:::bb/only/*", "arn:aws:s3:::cc/${aws:userid}"],
        },
    ]


def test_the_task_role_writes_log_groups_of_its_own() -> None:
    assert [
        {
            "Effect": "Allow",
            "Action": [
                f"logs:{a}" for a in ("CreateLogGroup", "CreateLogStream", "DescribeLogStreams", "PutLogEvents")
            ],
            "Resource": [f"arn:aws:logs:{HERE}:log-group:/ecs/api-dev/*:*"],
        }
    ] == written("task", enable_cloudwatch_logs=True)


def test_ecs_tasks_assume_the_two_roles() -> None:
    expected: Data = {
        "Effect": "Allow",
        "Principal": {"Service": ["ecs-tasks.amazonaws.com"]},
        "Action": ["sts:AssumeRole"],
        "Condition": {
            "ArnLike": {"aws:SourceArn": [f"arn:aws:ecs:{HERE}:*"]},
            "StringEquals": {"aws:SourceAccount": [A]},
        },
    }
    for role in ("execution", "task"):
        assert [expected] == trust(role)
        assert [without(expected, "Condition")] == trust(role, confused_deputy="off")


ISSUER = "token.actions.githubusercontent.com"
GITHUB: Data = {"enable_github_oidc": True, "github_repo": "acme/api"}
IDS: Data = {"github_owner_id": 1234, "github_repo_id": 5678}


def test_an_environment_assumes_the_deploy_role_in_both_forms() -> None:
    assert [
        {
            "Effect": "Allow",
            "Principal": {"Federated": [f"arn:aws:iam::{A}:oidc-provider/{ISSUER}"]},
            "Action": ["sts:AssumeRoleWithWebIdentity"],
            "Condition": {
                "StringEquals": {
                    f"{ISSUER}:aud": ["sts.amazonaws.com"],
                    f"{ISSUER}:repository_id": ["5678"],
                    f"{ISSUER}:repository_owner_id": ["1234"],
                    f"{ISSUER}:sub": ["repo:acme/api:environment:prod", "repo:acme@1234/api@5678:environment:prod"],
                }
            },
        }
    ] == trust("github_actions", **GITHUB, **IDS, github_environments=["prod"], github_subject_format="both")


def test_the_deploy_role_passes_the_two_roles_to_tasks_only() -> None:
    assert {
        "Effect": "Allow",
        "Action": ["iam:PassRole"],
        "Resource": [f"arn:aws:iam::{A}:role/api-exec", f"arn:aws:iam::{A}:role/api-task"],
        "Condition": {"StringEquals": {"iam:PassedToService": ["ecs-tasks.amazonaws.com"]}},
    } in written("github_actions", **GITHUB, role_names={"execution": "api-exec", "task": "api-task"})


def test_the_deploy_role_pushes_registers_and_updates() -> None:
    push = (
        *("BatchCheckLayerAvailability", "BatchGetImage", "CompleteLayerUpload", "InitiateLayerUpload", "PutImage"),
        "UploadLayerPart",
    )
    assert [
        {"Effect": "Allow", "Action": ["ecr:GetAuthorizationToken"], "Resource": ["*"]},
        {
            "Effect": "Allow",
            "Action": [f"ecr:{a}" for a in push],
            "Resource": [f"arn:aws:ecr:{HERE}:repository/api"],
        },
        {
            "Effect": "Allow",
            "Action": ["ecs:RegisterTaskDefinition"],
            "Resource": [f"arn:aws:ecs:{HERE}:task-definition/api:*"],
        },
        {
            "Effect": "Allow",
            "Action": ["ecs:TagResource"],
            "Resource": [f"arn:aws:ecs:{HERE}:task-definition/api", f"arn:aws:ecs:{HERE}:task-definition/api:*"],
            "Condition": {"StringEquals": {"ecs:CreateAction": ["RegisterTaskDefinition"]}},
        },
        {"Effect": "Allow", "Action": ["ecs:DescribeTaskDefinition"], "Resource": ["*"]},
        {
            "Effect": "Allow",
            "Action": ["ecs:DescribeServices", "ecs:UpdateService"],
            "Resource": [f"arn:aws:ecs:{HERE}:service/main/api"],
        },
    ] == written(
        "github_actions",
        **GITHUB,
        ecr_repository_arns=[f"arn:aws:ecr:{HERE}:repository/api"],
        task_definition_families=["api"],
        ecs_service_arns=[f"arn:aws:ecs:{HERE}:service/main/api"],
    )[:-1]


# ---------------------------------------------------------------- values as AWS reads them

SM, SSM = f"arn:aws:secretsmanager:{HERE}:secret", f"arn:aws:ssm:{HERE}:parameter"
SECRETS = [
    (f"{SM}:db-AbCdEf", f"{SM}:db-AbCdEf"),
    (f"{SM}:db-AbCdEf:password::", f"{SM}:db-AbCdEf"),
    (f"{SM}:db-AbCdEf:password:AWSPREVIOUS:", f"{SM}:db-AbCdEf"),
    (f"{SM}:db-AbCdEf:::0a1b2c3d", f"{SM}:db-AbCdEf"),
    (f"{SM}:db", f"{SM}:db-??????"),
    (f"{SM}:db:password::", f"{SM}:db-??????"),
    (f"{SM}:my-database", f"{SM}:my-database-??????"),
    (f"{SM}:db-??????", f"{SM}:db-??????"),
    (f"{SM}:api/*", f"{SM}:api/*"),
    (f"{SM}:api/*:password::", f"{SM}:api/*"),
    (f"{SSM}/prod/db", f"{SSM}/prod/db"),
    (f"{SSM}/db", f"{SSM}/db"),
    (f"{SSM}/prod/db-secret", f"{SSM}/prod/db-secret"),
]


@pytest.mark.parametrize(("given", "resource"), SECRETS)
def test_a_secret_is_granted_as_its_service_names_it(given: str, resource: str) -> None:
    action = "ssm:GetParameters" if ":ssm:" in given else "secretsmanager:GetSecretValue"
    found = written("execution", enable_secrets_access=True, secrets_arns=[given])[3:]
    assert [{"Effect": "Allow", "Action": [action], "Resource": [resource]}] == found


def test_each_secret_is_decrypted_where_it_is() -> None:
    key = "arn:aws-cn:kms:cn-north-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef"
    statement = written(
        "execution",
        aws_region="cn-north-1",
        enable_secrets_access=True,
        secrets_arns=[
            "arn:aws-cn:secretsmanager:cn-northwest-1:111122223333:secret:db-AbCdEf",
            "arn:aws-cn:ssm:cn-north-1:111122223333:parameter/db",
        ],
        secrets_kms_key_arns=[key],
    )[-1]
    assert statement["Condition"] == {
        "StringEquals": {
            "kms:ViaService": [
                "secretsmanager.cn-northwest-1.amazonaws.com",
                "secretsmanager.cn-northwest-1.amazonaws.com.cn",
                "ssm.cn-north-1.amazonaws.com",
                "ssm.cn-north-1.amazonaws.com.cn",
            ]
        }
    }


SUBJECTS: list[tuple[Data, list[str], list[str]]] = [
    ({}, ["repo:acme/api:ref:refs/heads/main"], []),
    (IDS, ["repo:acme@1234/api@5678:ref:refs/heads/main"], []),
    (IDS | {"github_subject_format": "classic"}, ["repo:acme/api:ref:refs/heads/main"], []),
    ({"github_branches": ["main*"]}, [], ["repo:acme/api:ref:refs/heads/main*"]),
    (
        {"github_branches": ["main", "v?"]},
        ["repo:acme/api:ref:refs/heads/main"],
        ["repo:acme/api:ref:refs/heads/v?"],
    ),
    ({"github_environments": ["prod:eu"]}, ["repo:acme/api:environment:prod%3Aeu"], []),
    ({"github_tags": ["v*"]}, [], ["repo:acme/api:ref:refs/tags/v*"]),
    ({"github_pull_requests": True}, ["repo:acme/api:pull_request"], []),
    ({"github_subjects": ["repo:acme/api:*"]}, [], ["repo:acme/api:*"]),
    (
        IDS | {"github_subjects": ["repo:acme@1234/api@5678:job_workflow_ref:x"]},
        ["repo:acme@1234/api@5678:job_workflow_ref:x"],
        [],
    ),
]


@pytest.mark.parametrize(("more", "exact", "patterns"), SUBJECTS, ids=range(len(SUBJECTS)))
def test_exact_subjects_and_patterns_stand_apart(more: Data, exact: list[str], patterns: list[str]) -> None:
    blocks = [s["Condition"] for s in trust("github_actions", **GITHUB, **more)]
    assert len(blocks) == bool(exact) + bool(patterns)
    assert exact == [v for b in blocks for v in b["StringEquals"].get(f"{ISSUER}:sub", ())]
    assert patterns == [v for b in blocks for v in b.get("StringLike", {}).get(f"{ISSUER}:sub", ())]
    assert all(b["StringEquals"][f"{ISSUER}:aud"] == ["sts.amazonaws.com"] for b in blocks)


def test_every_arn_is_of_the_roles_own_partition_and_region() -> None:
    for region, partition in REGIONS.items():
        if partition:
            stack = build(config(aws_region=region, **GITHUB, enable_cloudwatch_logs=True))
            resources = {
                str(t)
                for r in stack.roles.values()
                for p in r.policies.values()
                for s in p.document.statements
                for t in s.texts()
            }
            arns = [Arn.parse(t) for t in resources if t.startswith("arn:")]
            assert {partition} == {str(a.partition) for a in arns}
            assert {region, ""} == {str(a.region) for a in arns}
            assert {A} == {str(a.account) for a in arns}


def test_further_regions_repeat_every_arn_that_is_made_here() -> None:
    more: Data = {"aws_regions": ["us-east-1", "eu-west-1"], **GITHUB, "enable_cloudwatch_logs": True}
    stack = build(config(**more))
    for role in stack.roles.values():
        for statement in (s for p in role.policies.values() for s in p.document.statements if s.resources):
            regions = {str(Arn.parse(t).region) for t in statement.texts_of_resources() if str(t) != "*"}
            assert regions in ({"eu-west-1", "us-east-1"}, {""}, set())
    assert [f"arn:aws:ecs:{r}:{A}:*" for r in ("eu-west-1", "us-east-1")] == trust("task", **more)[0]["Condition"][
        "ArnLike"
    ]["aws:SourceArn"]


def test_a_name_is_the_configs_in_every_target() -> None:
    stack = build(config(**GITHUB, path="/team/", role_names={"task": "t"}, policy_names={"github_actions": "g"}))
    assert [str(r.name) for r in stack.roles.values()] == ["api-dev-execution-role", "t", "api-dev-github-actions-role"]
    assert str(stack.roles["github_actions"].policies["github_actions"].name) == "g"
    assert f"arn:aws:iam::{A}:role/team/t" == str(stack.roles["task"].arn(text("aws"), text(A)))
    create = json.loads(emit(stack, "iam").files["roles/t/create-role.json"])
    assert (create["RoleName"], create["Path"], create["Tags"][1]["Value"]) == ("t", "/team/", "t")
    for target in ("terraform", "cloudformation"):
        assert '"t"' in str(emit(stack, cast("Any", target)))
