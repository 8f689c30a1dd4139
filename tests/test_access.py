"""task_access: the table of kinds against the service reference, and what an entry grants and is refused for."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecsiam import Config, ConfigError, Parameter, Stack, build, emit, prove
from ecsiam.analysis.leaf import resource_pattern
from ecsiam.analysis.strings import example
from ecsiam.features.access.entry import TaskAccess
from ecsiam.features.access.kind import AccessKind
from ecsiam.features.access.kinds import ANY_ARN, KINDS, kind_of
from ecsiam.model.arn import PARTITIONS
from ecsiam.model.each import RULES
from ecsiam.model.statement import AllBut, Statement
from ecsiam.model.text import text
from ecsiam.reference.actions import action, evaluated_on, key_type

from .strategies import of
from .written import config

IN = "eu-west-2:123456789012"
HOME: dict[str, Any] = {"account_id": "123456789012", "aws_region": "eu-west-2"}
KEY = f"arn:aws:kms:{IN}:key/01234567-89ab-cdef-0123-456789abcdef"
QUEUE = f"arn:aws:sqs:{IN}:orders"
TABLE = f"arn:aws:dynamodb:{IN}:table/memos"
EVERY = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
# What `prove` has to say of each kind. A condition's values are no list that is known at deployment only.
PROVED = ("works", "wildcards", "home", "no-escalation", "separation", "flags")
LISTS = [kind for kind in KINDS.values() if not (kind.beside and (kind.beside.condition or kind.beside.through))]


def samples(kind: AccessKind) -> list[str]:
    """ARNs of a kind; not those of the group that the execution role writes."""
    return [f"arn:aws:logs:{IN}:log-group:/memos/audit"] if kind.id == "log_group" else list(kind.form.good)


def entry(kind: AccessKind) -> dict[str, Any]:
    """An entry of a kind with all that it takes."""
    return {
        "arns": samples(kind),
        "access": list(kind.named),
        **({"with": list(kind.beside.form.good)} if kind.beside else {}),
        **({"kms_key_arns": [KEY]} if kind.via else {}),
    }


def of_task(*entries: Any, **keys: Any) -> Stack:
    return build(config(**{**HOME, **keys}, task_access=list(entries)))


def granted(stack: Stack) -> tuple[Statement, ...]:
    return stack.roles["task"].policies["task_access"].document.statements


def said(stack: Stack) -> set[tuple[str, str, str]]:
    """Every action on every resource, with its conditions."""
    return {
        (str(action), str(item), str(list(map(str, statement.conditions))))
        for statement in granted(stack)
        for action in statement.actions.items
        for item in (statement.resources.items if statement.resources else ())
    }


# ---------------------------------------------------------------- the table, and AWS's reference


def meets(form: str, resource: str) -> bool:
    """Whether some resource is of a form that AWS evaluates and of one that a row grants."""
    return example((frozenset({resource_pattern((form,))}), frozenset({resource_pattern((resource,))}))) is not None


def asked(kind: AccessKind) -> Iterator[tuple[str, str]]:
    """Every action of a kind with each resource that it is granted on."""
    for act in (act for verb in kind.verbs for act in verb.acts):
        for sample in samples(kind):
            items = RULES[act.rule]([text(sample)])
            yield from ((act.action, f"{item}{after}") for item in items for after in act.after)
    if kind.beside and not kind.beside.condition:
        names = kind.beside.actions or [act.action for verb in kind.verbs for act in verb.acts]
        yield from ((name, arn) for name in names for arn in kind.beside.form.good)


@EVERY
def test_every_action_is_evaluated_on_what_its_row_grants(kind: AccessKind) -> None:
    for id, resource in asked(kind):
        known = action(id)
        assert known, id
        assert any(meets(form, resource) for form in evaluated_on(known)), (id, resource, evaluated_on(known))


@EVERY
def test_every_condition_of_a_row_is_one_that_its_actions_have(kind: AccessKind) -> None:
    of_with = [kind.beside.condition, kind.beside.through] if kind.beside else []
    for verb in kind.verbs:
        for key in filter(None, (*(c.key for c in verb.where), *of_with)):
            known = [action(act.action) for act in verb.acts]
            assert any(one and key in one.keys for one in known), key
            assert key_type(key) in ("String", "ARN")


@EVERY
def test_a_row_has_what_the_docs_need(kind: AccessKind) -> None:
    assert kind.page.startswith("https://docs.aws.amazon.com/")
    assert bool(kind.via) is not bool(kind.keyless)
    assert kind.part_of in ("", *KINDS)
    assert len(kind.named) == len(kind.verbs)
    assert any(verb.key for verb in kind.verbs) is bool(kind.via)
    assert {a.partition(":")[0] for verb in kind.verbs for a in verb.key} <= {"kms"}


@given(st.sampled_from([*KINDS.values()]).flatmap(lambda kind: st.tuples(st.just(kind), of(kind.form))))
def test_an_arn_is_of_one_kind(drawn: tuple[AccessKind, str]) -> None:
    kind, arn = drawn
    assert [one.id for one in KINDS.values() if one.form.matches(arn)] == [kind.id]
    assert kind_of(arn) == kind
    assert ANY_ARN.matches(arn)


@EVERY
@pytest.mark.parametrize("partition", PARTITIONS)
def test_a_kind_is_there_in_every_partition(kind: AccessKind, partition: str) -> None:
    region = {"aws": "eu-west-2", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1", "aws-eusc": "eusc-de-east-1"}
    regions = {**region, "aws-iso": "us-iso-east-1", "aws-iso-b": "us-isob-east-1"}
    regions |= {"aws-iso-e": "eu-isoe-west-1", "aws-iso-f": "us-isof-south-1"}
    for good in kind.form.good:
        arn = good.replace("arn:aws:", f"arn:{partition}:").replace("eu-west-2", regions[partition])
        assert kind.form.matches(arn), arn


# ---------------------------------------------------------------- what is granted


@EVERY
def test_every_row_works_and_reaches_nothing_else(kind: AccessKind) -> None:
    answers = prove(of_task(entry(kind)), only=PROVED)
    assert {id: str(answer) for id, answer in answers.items() if str(answer) != "holds"} == {}


@EVERY
def test_each_verb_alone_works(kind: AccessKind) -> None:
    for verb in kind.verbs:
        one = {**entry(kind), "access": [verb.name]}
        if not verb.key:
            one.pop("kms_key_arns", None)
        assert str(prove(of_task(one), only=("works",))["works"]) == "holds"


@pytest.mark.parametrize("kind", LISTS, ids=lambda kind: kind.id)
def test_a_list_known_at_deployment_grants_what_a_list_in_the_config_does(kind: AccessKind) -> None:
    written = entry(kind)
    left: dict[str, Any] = {**written, "arns": {"parameter": "mine"}, "kind": kind.id}
    values: dict[str, object] = {"mine": written["arns"]}
    for name, parameter in (("with", "beside"), ("kms_key_arns", "keys")):
        if name in written:
            left[name] = {"parameter": parameter}
            values[parameter] = written[name]
    stack = of_task(left)
    for target in ("terraform", "cloudformation"):
        emit(stack, target)
    assert said(stack.bind(values)) == said(of_task(written))
    assert stack.bind(values) == build(config(**HOME, task_access=[left]).bind(values))
    with pytest.raises(ConfigError, match="is an ARN of service"):
        stack.bind({**values, "mine": ["arn:aws:glue:eu-west-2:123456789012:table/db/t"]})


@EVERY
def test_placeholders_stand_in_the_arns_of_every_kind(kind: AccessKind) -> None:
    """Only the account is sure to stand in one; what is open there stays in its place."""
    written = entry(kind)
    written["arns"] = [
        arn.replace("eu-west-2", "{aws_region}").replace("arn:aws:", "arn:{partition}:") for arn in written["arns"]
    ]
    stack = build(config(account_id="123456789012", task_access=[written]))
    bound = stack.bind({"aws_region": "eu-west-2"})
    assert said(bound) == said(of_task(entry(kind)))


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.id != "iam_role"], ids=lambda kind: kind.id)
def test_what_is_named_of_another_account_is_meant(kind: AccessKind) -> None:
    foreign = {
        name: [arn.replace("123456789012", "999999999999") for arn in value] if name != "access" else value
        for name, value in entry(kind).items()
    }
    stack = of_task(foreign)
    assert str(prove(stack, only=("home",))["home"]) == "holds"
    noted = [note for note in stack.notes if note.rule == "foreign-access"]
    assert bool(noted) is any("999999999999" in arn for arn in foreign["arns"])


GRANTED: dict[str, tuple[dict[str, Any], list[tuple[list[str], list[str]]]]] = {
    "an index is reached by query and scan only": (
        {"arns": [TABLE], "access": ["read"]},
        [
            (
                [f"dynamodb:{a}" for a in ("BatchGetItem", "ConditionCheckItem", "GetItem", "Query", "Scan")],
                [TABLE],
            ),
            (["dynamodb:Query", "dynamodb:Scan"], [f"{TABLE}/index/*"]),
        ],
    ),
    "a bucket stands for its objects": (
        {"arns": ["arn:aws:s3:::memos"], "access": ["list", "read"]},
        [(["s3:GetObject"], ["arn:aws:s3:::memos/*"]), (["s3:ListBucket"], ["arn:aws:s3:::memos"])],
    ),
    "unless some of them are listed": (
        {"arns": ["arn:aws:s3:::memos", "arn:aws:s3:::memos/a/*", "arn:aws:s3:::other"], "access": ["list", "read"]},
        [
            (["s3:GetObject"], ["arn:aws:s3:::memos/a/*", "arn:aws:s3:::other/*"]),
            (["s3:ListBucket"], ["arn:aws:s3:::memos", "arn:aws:s3:::other"]),
        ],
    ),
    "a function stands for its aliases": (
        {"arns": [f"arn:aws:lambda:{IN}:function:a", f"arn:aws:lambda:{IN}:function:ab:live"], "access": ["invoke"]},
        [
            (
                ["lambda:InvokeFunction"],
                [f"arn:aws:lambda:{IN}:function:{name}" for name in ("a", "a:*", "ab:live")],
            )
        ],
    ),
    "a log group has its star": (
        {"arns": [f"arn:aws:logs:{IN}:log-group:a", f"arn:aws:logs:{IN}:log-group:b:*"], "access": ["write"]},
        [
            (
                ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                [f"arn:aws:logs:{IN}:log-group:{name}:*" for name in ("a", "b")],
            )
        ],
    ),
    "verbs of one resource stand together": (
        {"arns": [f"arn:aws:states:{IN}:stateMachine:a"], "access": ["sync", "start", "start"]},
        [(["states:StartExecution", "states:StartSyncExecution"], [f"arn:aws:states:{IN}:stateMachine:a"])],
    ),
}


@pytest.mark.parametrize("row", GRANTED)
def test_what_an_entry_grants(row: str) -> None:
    given_, expected = GRANTED[row]
    found = [
        (list(map(str, s.actions.items)), list(map(str, s.texts_of_resources()))) for s in granted(of_task(given_))
    ]
    assert found == expected


def test_entries_are_one_policy_of_few_statements() -> None:
    """Whatever their order: what has the same actions stands together, with every reason."""
    one = {"arns": [QUEUE], "access": ["send"], "why": "orders\n  are handed on"}
    two = {"arns": [f"{QUEUE}.fifo"], "access": ["send"]}
    (statement,) = granted(of_task(one, two))
    assert list(map(str, statement.texts_of_resources())) == [QUEUE, f"{QUEUE}.fifo"]
    assert statement.origin
    assert statement.origin.reason == "send messages: orders are handed on; send messages"
    assert said(of_task(two, one)) == said(of_task(one, two))
    assert [s.actions for s in granted(of_task(two, one))] == [statement.actions]


def test_keys_are_used_through_the_service_in_the_region_of_what_they_encrypt() -> None:
    far = "arn:aws:sqs:eu-west-1:123456789012:orders"
    *_, statement = granted(of_task({"arns": [QUEUE, far], "access": ["receive"], "kms_key_arns": [KEY]}))
    keys = next(s for s in granted(of_task({"arns": [QUEUE, far], "access": ["receive"], "kms_key_arns": [KEY]})))
    assert [str(a) for a in keys.actions.items] == ["kms:Decrypt"]
    assert [str(c) for c in keys.conditions] == [
        "StringEquals kms:ViaService ['sqs.eu-west-1.amazonaws.com', 'sqs.eu-west-2.amazonaws.com']"
    ]
    assert not statement.conditions
    # A bucket's ARN says no region: the key is in that of the bucket.
    key = KEY.replace("eu-west-2", "eu-west-1")
    first = granted(of_task({"arns": ["arn:aws:s3:::memos"], "access": ["write"], "kms_key_arns": [key]}))[0]
    assert [str(c) for c in first.conditions] == ["StringEquals kms:ViaService ['s3.eu-west-1.amazonaws.com']"]
    assert [str(a) for a in first.actions.items] == ["kms:Decrypt", "kms:GenerateDataKey"]


def test_the_same_keys_through_several_services_are_one_statement() -> None:
    entries = [
        {"arns": [arn], "access": ["read"], "kms_key_arns": [KEY]}
        for arn in (f"arn:aws:ssm:{IN}:parameter/a", f"arn:aws:secretsmanager:{IN}:secret:a-AbCdEf")
    ]
    (keys,) = (s for s in granted(of_task(*entries)) if s.conditions)
    assert [str(c) for c in keys.conditions] == [
        "StringEquals kms:ViaService ['secretsmanager.eu-west-2.amazonaws.com', 'ssm.eu-west-2.amazonaws.com']"
    ]


def test_with_is_a_resource_or_a_condition() -> None:
    profile = f"arn:aws:bedrock:{IN}:inference-profile/eu.x"
    models = ["arn:aws:bedrock:eu-west-1::foundation-model/x", "arn:aws:bedrock:eu-west-2::foundation-model/x"]
    own, through = granted(of_task({"arns": [profile], "access": ["invoke"], "with": models}))
    assert list(map(str, own.texts_of_resources())) == [profile]
    assert list(map(str, through.texts_of_resources())) == models
    assert [str(c) for c in through.conditions] == [f"ArnLike bedrock:InferenceProfileArn ['{profile}']"]
    assert "bedrock:GetInferenceProfile" not in map(str, through.actions.items)
    cluster = f"arn:aws:ecs:{IN}:cluster/main"
    (tasks,) = granted(of_task({"arns": [f"arn:aws:ecs:{IN}:task/main/*"], "access": ["protect"], "with": [cluster]}))
    assert [str(c) for c in tasks.conditions] == [f"ArnEquals ecs:cluster ['{cluster}']"]


def test_an_empty_list_at_deployment_grants_nothing() -> None:
    left: dict[str, Any] = {
        "arns": {"parameter": "tables", "default": []},
        "kind": "dynamodb_table",
        "access": ["read"],
    }
    bound = of_task(left).bind({"tables": []})
    assert "task_access" not in bound.roles["task"].policies
    assert granted(of_task(left, {"arns": [QUEUE], "access": ["send"]}).bind({"tables": []}))


def test_an_entry_may_be_an_instance() -> None:
    one = TaskAccess.model_validate({"arns": [QUEUE], "access": ["send"]})
    assert of_task(one) == of_task({"arns": [QUEUE], "access": ["send"]})


# ---------------------------------------------------------------- what is refused

OBJECTS = "arn:aws:s3:::memos/a/*"
CACHE = f"arn:aws:elasticache:{IN}:replicationgroup:memos"
USER = f"arn:aws:elasticache:{IN}:user:memos"
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "an ARN of no kind": (
        {"arns": ["arn:aws:sqz:eu-west-2:123456789012:orders"], "access": ["send"]},
        "`arn:aws:sqz:eu-west-2:123456789012:orders` is of no kind that `task_access` knows @ "
        "$.task_access[0].arns[0]. Did you mean `sqs`?",
    ),
    "an ARN of a service that no kind is of": (
        {"arns": ["arn:aws:glue:eu-west-2:123456789012:table/db/t"], "access": ["read"]},
        "`arn:aws:glue:eu-west-2:123456789012:table/db/t` is of no kind that `task_access` knows @ "
        "$.task_access[0].arns[0]. Statements for what `task_access` doesn't know go into `task_statements`.",
    ),
    "an index": (
        {"arns": [f"{TABLE}/index/by-user"], "access": ["read"]},
        f"`{TABLE}/index/by-user` is an index @ $.task_access[0].arns[0]. Write the table's ARN: its indexes come with "
        "it.",
    ),
    "a queue's address": (
        {"arns": ["https://sqs.eu-west-2.amazonaws.com/123456789012/orders"], "access": ["send"]},
        "`https://sqs.eu-west-2.amazonaws.com/123456789012/orders` is a queue's address @ $.task_access[0].arns[0]. "
        f"Write its ARN, such as `{QUEUE}`.",
    ),
    "a verb of another kind": (
        {"arns": [QUEUE], "access": ["publish"]},
        "`publish` is no verb for an SQS queue @ $.task_access[0].access[0]. There are `send`, `receive`.",
    ),
    "no verb at all": (
        {"arns": [QUEUE], "access": ["recieve"]},
        "expected a verb, not `recieve` @ $.task_access[0].access[0]. Did you mean `receive`?",
    ),
    "kinds of which one lacks the verb": (
        {"arns": [QUEUE, f"arn:aws:sns:{IN}:orders"], "access": ["send"]},
        "`send` is no verb for an SNS topic @ $.task_access[0].access[0]. There are `publish`.",
    ),
    "objects to list": (
        {"arns": [OBJECTS], "access": ["list"]},
        "`list` is no verb for objects of an S3 bucket @ $.task_access[0].access[0]. There are `read`, `write`, "
        "`delete`; for `list` write the ARN of an S3 bucket too.",
    ),
    "objects with which nothing is done": (
        {"arns": [OBJECTS, "arn:aws:s3:::memos"], "access": ["list"]},
        "nothing is done with objects of an S3 bucket @ $.task_access[0].access. There are `read`, `write`, `delete`.",
    ),
    "a parameter of no kind": (
        {"arns": Parameter("mine"), "access": ["send"]},
        "what `mine` holds the ARNs of isn't said @ $.task_access[0].arns. Write `kind:` and one of "
        f"{', '.join(f'`{id}`' for id in KINDS)}.",
    ),
    "another kind than is said": (
        {"arns": [QUEUE], "access": ["send"], "kind": "sns_topic"},
        f"`{QUEUE}` is an ARN of service `sqs` @ $.task_access[0].arns[0]. Write it like `arn:aws:sns:{IN}:orders`.",
    ),
    "a default of another kind": (
        {"arns": Parameter("mine", default=[QUEUE]), "access": ["publish"], "kind": "sns_topic"},
        f"`{QUEUE}` is an ARN of service `sqs` @ $.task_access[0].arns.default[0]. Write it like "
        f"`arn:aws:sns:{IN}:orders`.",
    ),
    "no such kind": (
        {"arns": Parameter("mine"), "access": ["send"], "kind": "sqs_que"},
        "expected a kind, not `sqs_que` @ $.task_access[0].kind. Did you mean `sqs_queue`?",
    ),
    "a cache without its user": (
        {"arns": [CACHE], "access": ["connect"]},
        "`with` is needed for an ElastiCache cache, and not given @ $.task_access[0]. Write the users that it connects "
        f"as, such as `{USER}`.",
    ),
    "a user that nothing takes": (
        {"arns": [QUEUE], "access": ["send"], "with": [USER]},
        "there is no `with` for an SQS queue @ $.task_access[0].with. Leave it out: it is for an ElastiCache cache, a "
        "MemoryDB cluster, a Bedrock inference profile, tasks of an ECS cluster.",
    ),
    "a user of another service": (
        {"arns": [CACHE], "access": ["connect"], "with": [f"arn:aws:memorydb:{IN}:user/memos"]},
        f"`arn:aws:memorydb:{IN}:user/memos` is an ARN of service `memorydb` @ $.task_access[0].with[0]. Write it like "
        f"`{USER}`.",
    ),
    "two kinds with users": (
        {
            "arns": [CACHE, f"arn:aws:memorydb:{IN}:cluster/memos"],
            "access": ["connect"],
            "with": [USER, f"arn:aws:memorydb:{IN}:user/memos"],
        },
        "there is no `with` for an ElastiCache cache and a MemoryDB cluster @ $.task_access[0].with. Give each kind an "
        "entry of its own.",
    ),
    "a cluster that is known at deployment": (
        {"arns": [f"arn:aws:ecs:{IN}:task/main/*"], "access": ["protect"], "with": Parameter("cluster")},
        "`with` stands in a condition on `ecs:cluster` here, which takes no list that is known at deployment only @ "
        "$.task_access[0].with. Write the ARNs.",
    ),
    "keys of what has none": (
        {"arns": [CACHE], "access": ["connect"], "with": [USER], "kms_key_arns": [KEY]},
        "there are no `kms_key_arns` for an ElastiCache cache: a connection uses no key @ "
        "$.task_access[0].kms_key_arns. Leave it out.",
    ),
    "keys that no verb uses": (
        {"arns": ["arn:aws:s3:::memos"], "access": ["list"], "kms_key_arns": [KEY]},
        "`list` uses no key @ $.task_access[0].kms_key_arns. Leave it out.",
    ),
    "an empty entry": (
        {"arns": [], "access": ["send"]},
        "`arns` is missing @ $.task_access[0].arns. Write `arns:` and its value.",
    ),
    "a key that there is none of": (
        {"arns": [QUEUE], "access": ["send"], "acces": ["send"]},
        "unknown key `acces` @ $.task_access[0].acces. Did you mean `access`?",
    ),
    "another partition than the roles'": (
        {"arns": ["arn:aws-cn:sqs:cn-north-1:123456789012:orders"], "access": ["send"]},
        "`arn:aws-cn:sqs:cn-north-1:123456789012:orders` is of partition `aws-cn`, the roles are of `aws` @ "
        "$.task_access[0].arns[0]. A role reaches nothing in another partition.",
    ),
    "a hidden character": (
        {"arns": [QUEUE], "access": ["send"], "why": "x\x1b"},
        "the reason holds '\\x1b', which nobody sees @ $.task_access[0].why. Leave it out.",
    ),
}


@pytest.mark.parametrize("row", REFUSED)
def test_refused(row: str) -> None:
    given_, message = REFUSED[row]
    with pytest.raises(ConfigError) as raised:
        config(**HOME, task_access=[given_])
    assert str(raised.value) == message


def test_every_fault_of_every_entry_is_said_at_once() -> None:
    with pytest.raises(ConfigError) as raised:
        config(task_access=[{"arns": ["x"], "access": ["reed"]}, "no", {"arns": [QUEUE], "access": ["publish"]}])
    assert [fault.path for fault in raised.value.faults] == [
        ("task_access", 0, "arns", 0),
        ("task_access", 0, "access", 0),
        ("task_access", 1),
        ("task_access", 2, "access", 0),
    ]


# ---------------------------------------------------------------- what has no ARN


def only(stack: Stack, policy: str) -> Statement:
    (statement,) = stack.roles["task"].policies[policy].document.statements
    return statement


FLAGGED: dict[str, tuple[dict[str, Any], str, list[str]]] = {
    "namespaces of Cloud Map": (
        {"enable_cloud_map": True, "cloud_map_namespaces": ["memos.local", "a"]},
        "cloud_map",
        ["StringEquals servicediscovery:NamespaceName ['a', 'memos.local']"],
    ),
    "all of Cloud Map": ({"enable_cloud_map": True}, "cloud_map", []),
    "X-Ray": ({"enable_xray": True}, "xray", []),
    "metrics": (
        {"enable_metrics": True, "metrics_namespaces": ["Memos"]},
        "metrics",
        ["StringEquals cloudwatch:namespace ['Memos']"],
    ),
    "tokens": (
        {"outbound_identity_audiences": ["https://b.example.com", "https://a.example.com"]},
        "outbound_identity",
        [
            "ForAllValues:StringEquals sts:IdentityTokenAudience ['https://a.example.com', 'https://b.example.com']",
            "Null sts:IdentityTokenAudience ['false']",
        ],
    ),
}


@pytest.mark.parametrize("row", FLAGGED)
def test_what_has_no_arn_is_narrowed_by_conditions(row: str) -> None:
    keys, policy, conditions = FLAGGED[row]
    stack = build(config(**HOME, **keys))
    statement = only(stack, policy)
    assert [str(item) for item in statement.texts_of_resources()] == ["*"]
    assert [str(c) for c in statement.conditions] == conditions
    answers = prove(stack, only=PROVED)
    assert {id: str(answer) for id, answer in answers.items() if str(answer) != "holds"} == {}
    for known in (action(str(a)) for a in statement.actions.items):
        assert known
        assert "*" in evaluated_on(known)


def test_text_messages_reach_no_topic() -> None:
    stack = build(config(**HOME, enable_sms=True))
    statement = only(stack, "sms")
    assert statement.resources == AllBut((text("arn:aws:sns:*:*:*"),))
    answers = prove(stack, only=PROVED)
    assert {id: str(answer) for id, answer in answers.items() if str(answer) != "holds"} == {}


def test_s3s_flag_has_customer_keys() -> None:
    keys = {"enable_s3_access": True, "s3_bucket_arns": ["arn:aws:s3:::memos"]}
    plain = build(config(**HOME, **keys)).roles["task"].policies["s3"].document.statements
    with_key = build(config(**HOME, **keys, s3_kms_key_arns=[KEY]))
    *same, use = with_key.roles["task"].policies["s3"].document.statements
    assert tuple(same) == plain
    assert [str(a) for a in use.actions.items] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert [str(c) for c in use.conditions] == ["StringEquals kms:ViaService ['s3.eu-west-2.amazonaws.com']"]
    answers = prove(with_key, only=PROVED)
    assert {id: str(answer) for id, answer in answers.items() if str(answer) != "holds"} == {}
    left = build(config(**HOME, **keys, s3_kms_key_arns=Parameter("keys", default=[])))
    assert left.bind({"keys": []}).roles["task"].policies["s3"].document.statements == plain
    both = ["arn:aws:s3:::memos", "arn:aws:s3:::memos/*"]
    baseline = build(config(**HOME, **{**keys, "s3_bucket_arns": both}, s3_kms_key_arns=[KEY], profile="baseline"))
    assert str(prove(baseline, only=("works",))["works"]) == "holds"


def test_the_flag_does_what_the_table_says() -> None:
    """Its keys, names and statements are older than the table; of `write` it has PutObject alone."""
    flag = build(
        Config(project_name="m", environment="d", enable_s3_access=True, s3_bucket_arns=["arn:aws:s3:::memos"])
    )
    statements = flag.roles["task"].policies["s3"].document.statements
    given_ = {(str(a), str(r)) for s in statements for a in s.actions.items for r in s.texts_of_resources()}
    table = of_task({"arns": ["arn:aws:s3:::memos"], "access": ["list", "read", "write", "delete"]})
    more = {"s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"}
    assert given_ == {(a, r) for a, r, _ in said(table) if a not in more}
