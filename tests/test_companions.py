"""What others have to allow is handed over as documents, and both sides together allow what the roles need.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from ecsiam import (
    Answer,
    Config,
    Fails,
    Holds,
    Parameter,
    Policy,
    Principal,
    Request,
    Role,
    Stack,
    Statement,
    build,
    emit,
    evaluate,
    parse_policy,
    prove,
)
from ecsiam.features.access.kind import AccessKind
from ecsiam.features.access.kinds import KINDS
from ecsiam.invariants import sides
from ecsiam.invariants.sides import HANDED
from ecsiam.keys.kinds import Kind, ListOf, OfForm
from ecsiam.model.arn import Arn
from ecsiam.model.companion import Companion
from ecsiam.model.owned import TABLE, owned_of
from ecsiam.model.owners import bearer, owners
from ecsiam.model.statement import Only
from ecsiam.model.text import ACCOUNT_ID, Text
from ecsiam.targets import WRITTEN, TargetName

from .effort import many
from .strategies import configs
from .written import config

OWN, OTHER, THIRD = "123456789012", "999999999999", "888888888888"
HOME: dict[str, Any] = {"account_id": OWN, "aws_region": "eu-west-2"}
ID = "01234567-89ab-cdef-0123-456789abcdef"
TARGETS: tuple[TargetName, ...] = get_args(TargetName)

# kind: (what a role does, on what of another account's, what its policy says as Resource)
ROWS: dict[str, tuple[str, str, str | None]] = {
    "repository": ("ecr:BatchGetImage", "ecr:eu-west-2:{}:repository/team/web", None),
    "public repository": ("ecr-public:PutImage", "ecr-public::{}:repository/web", None),
    "key": ("kms:Decrypt", f"kms:eu-west-2:{{}}:key/{ID}", "*"),
    "secret": ("secretsmanager:GetSecretValue", "secretsmanager:eu-west-2:{}:secret:db-a1b2c3", "*"),
    "queue": ("sqs:SendMessage", "sqs:eu-west-2:{}:jobs", "own"),
    "topic": ("sns:Publish", "sns:eu-west-2:{}:news", "own"),
    "table": ("dynamodb:GetItem", "dynamodb:eu-west-2:{}:table/notes", "own"),
    "stream": ("dynamodb:GetRecords", "dynamodb:eu-west-2:{}:table/notes/stream/2026-01-01T00:00:00.000", "own"),
    "data stream": ("kinesis:PutRecord", "kinesis:eu-west-2:{}:stream/clicks", "own"),
    "function": ("lambda:InvokeFunction", "lambda:eu-west-2:{}:function:resize", "own"),
    "version or alias": ("lambda:InvokeFunction", "lambda:eu-west-2:{}:function:resize:live", "own"),
    "event bus": ("events:PutEvents", "events:eu-west-2:{}:event-bus/orders", "own"),
    "file system": (
        "elasticfilesystem:ClientMount",
        "elasticfilesystem:eu-west-2:{}:file-system/fs-0123456789abcdef0",
        "own",
    ),
    "access point": ("s3:GetAccessPoint", "s3:eu-west-2:{}:accesspoint/shared", "own"),
    "bucket": ("s3:ListBucket", "s3:::memos-config", "own"),
    "directory bucket": ("s3express:CreateSession", "s3express:eu-west-2:{}:bucket/memos--euw2-az1--x-s3", "own"),
    "domain": ("es:ESHttpGet", "es:eu-west-2:{}:domain/memos/notes/1", "own"),
    "identity": ("ses:SendEmail", "ses:eu-west-2:{}:identity/example.com", "own"),
    "API": ("execute-api:Invoke", "execute-api:eu-west-2:{}:a1b2c3d4e5/prod/GET/notes", "own"),
    "service": ("vpc-lattice-svcs:Invoke", "vpc-lattice:eu-west-2:{}:service/svc-0123456789abcdef0/notes", "own"),
    "workspace": ("aps:RemoteWrite", "aps:eu-west-2:{}:workspace/ws-01234567-89ab-cdef-0123-456789abcdef", "own"),
    "role": ("sts:AssumeRole", "iam::{}:role/reader", None),
}


def arn(kind: str, account: str = OTHER) -> str:
    return f"arn:aws:{ROWS[kind][1].format(account)}"


def on(kind: str, account: str = OTHER) -> dict[str, Any]:
    """A statement on one; a bucket's ARN doesn't say whose it is."""
    action = ROWS[kind][0]
    said = {"Condition": {"StringEquals": {"aws:ResourceAccount": account}}} if kind == "bucket" else {}
    return raw(action, arn(kind, account), **said)


def built(**keys: Any) -> Stack:
    return build(config(**{**HOME, **keys}))


def raw(action: str | list[str], resource: str | list[str], **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def handed(stack: Stack, target: TargetName = "terraform") -> dict[str, Any]:
    files = emit(stack, target).files
    return {
        path.removeprefix("companions/"): json.loads(text)
        for path, text in files.items()
        if path.startswith("companions/")
    }


def role_arn(role: Role) -> str:
    return f"arn:aws:iam::{OWN}:role{role.path}{role.name}"


# ---------------------------------------------------------------- each service


def test_the_table_is_whole() -> None:
    assert sorted(ROWS) == sorted(owned.what for owned in TABLE)
    assert all(owned.page.startswith("https://docs.aws.amazon.com/") for owned in TABLE)
    for kind in ROWS:
        owned = owned_of(Arn.parse(arn(kind)))
        assert owned is not None
        assert owned.what == kind


@pytest.mark.parametrize("kind", ROWS)
def test_both_sides_allow_and_neither_alone_does(kind: str) -> None:
    action, _, resource = ROWS[kind]
    stack = built(task_statements=[on(kind)])
    task = stack.roles["task"]
    (companion,) = owners(stack)
    assert companion.account.literal == OTHER
    (statement,) = companion.policy.statements
    said = None if statement.resources is None else [str(i) for i in statement.resources.items]
    assert said == (None if resource is None else ["*"] if resource == "*" else [arn(kind)])

    context = {"aws:ResourceAccount": OTHER}
    request = Request(action, arn(kind), principal=Principal("AWS", role_arn(task)), context=context)
    assert evaluate(task, request, resource_policy=companion.policy).allowed
    assert not evaluate(task, request).allowed, "the owner's side is missing"
    nothing = evolve(task, policies=[])
    assert not evaluate(nothing, request, resource_policy=companion.policy).allowed, "the role's side is missing"
    stranger = Request(action, arn(kind), principal=Principal("AWS", f"arn:aws:iam::{OWN}:role/other"), context=context)
    assert not evaluate(task, stranger, resource_policy=companion.policy).allowed, "it is for this role alone"


@pytest.mark.parametrize("kind", ROWS)
def test_what_is_of_the_roles_own_account_needs_nobody_but_a_keys_policy(kind: str) -> None:
    stack = built(task_statements=[on(kind, OWN)])
    assert [c.account.literal for c in owners(stack)] == ([OWN] if kind == "key" else [])


# ---------------------------------------------------------------- the features' own


KEYS: dict[str, Any] = {
    "ecr_repository_arns": [arn("repository", OWN), arn("repository")],
    "enable_secrets_access": True,
    "secrets_arns": [arn("secret"), arn("secret", THIRD)],
    "secrets_arns_complete": True,
    "secrets_kms_key_arns": [arn("key"), arn("key", OWN), arn("key", THIRD)],
}


def test_a_service_with_things_of_two_other_accounts() -> None:
    found = handed(built(**KEYS))
    index = found.pop("index.json")
    assert [row["file"] for row in index] == sorted(found)
    assert sorted(found) == [
        f"{OWN}/kms-eu-west-2-{ID}.json",
        f"{THIRD}/kms-eu-west-2-{ID}.json",
        f"{THIRD}/secretsmanager-eu-west-2-db-a1b2c3.json",
        f"{OTHER}/ecr-eu-west-2-team-web.json",
        f"{OTHER}/kms-eu-west-2-{ID}.json",
        f"{OTHER}/secretsmanager-eu-west-2-db-a1b2c3.json",
    ]
    principal = {"AWS": [f"arn:aws:iam::{OWN}:role/memos-dev-execution-role"]}
    assert found[f"{OTHER}/ecr-eu-west-2-team-web.json"] == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "MemosDevExecutionRole",
                "Effect": "Allow",
                "Principal": principal,
                "Action": ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            }
        ],
    }
    assert found[f"{OTHER}/kms-eu-west-2-{ID}.json"]["Statement"] == [
        {
            "Sid": "MemosDevExecutionRole",
            "Effect": "Allow",
            "Principal": principal,
            "Action": ["kms:Decrypt"],
            "Resource": ["*"],
            "Condition": {"StringEquals": {"kms:ViaService": ["secretsmanager.eu-west-2.amazonaws.com"]}},
        }
    ]
    rows = {row["file"]: row for row in index}
    assert rows[f"{OTHER}/kms-eu-west-2-{ID}.json"]["do"].endswith("Keep what else stands in it.")
    assert "unless it leaves access" in rows[f"{OWN}/kms-eu-west-2-{ID}.json"]["do"]
    assert "`aws ecr set-repository-policy`" in rows[f"{OTHER}/ecr-eu-west-2-team-web.json"]["do"]


def test_names_that_would_be_one_files_are_told_apart() -> None:
    some = [f"arn:aws:ecr:eu-west-2:{OTHER}:repository/{name}" for name in ("a/b", "a-b", "c")]
    ids = [c.id for c in owners(built(ecr_repository_arns=[arn("repository", OWN), *some]))]
    assert len(set(ids)) == 3
    assert "ecr-eu-west-2-c" in ids


def test_what_aws_lets_everybody_use_needs_nobody() -> None:
    agent = "arn:aws:ecr:eu-west-2:694911143906:repository/aws-guardduty-agent-fargate"
    assert owners(built(execution_statements=[raw("ecr:BatchGetImage", agent)])) == ()


def test_roles_that_use_one_resource_share_its_document() -> None:
    stack = built(
        execution_statements=[raw("sqs:SendMessage", arn("queue"))],
        task_statements=[raw("sqs:SendMessage", arn("queue")), raw("sqs:ReceiveMessage", arn("queue"))],
    )
    (companion,) = owners(stack)
    assert [s.sid for s in companion.policy.statements] == [
        "MemosDevExecutionRole",
        "MemosDevTaskRole",
        "MemosDevTaskRole2",
    ]


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_hands_over_the_same(target: TargetName) -> None:
    assert handed(built(**KEYS), target) == handed(built(**KEYS))
    files = emit(built(**KEYS), target).files
    assert all(re.fullmatch(WRITTEN, f"{target}/{path}") for path in files), "the next run knows them for its own"


def test_a_directory_loses_what_is_no_longer_handed_over(tmp_path: Path) -> None:
    emit(built(**KEYS), "cloudformation").write(tmp_path)
    assert (tmp_path / "companions" / OTHER).is_dir()
    emit(built(), "cloudformation").write(tmp_path)
    assert not (tmp_path / "companions").exists()


def test_the_one_document_is_that_of_the_roles() -> None:
    """What is printed of a template can be deployed."""
    template = json.loads(emit(built(**KEYS), "cloudformation").document)
    assert template["AWSTemplateFormatVersion"]


def test_of_an_open_account_nothing_is_told_until_it_is_bound() -> None:
    stack = build(config(**{**KEYS, "ecr_repository_arns": [arn("repository")]}, aws_region="eu-west-2"))
    assert handed(stack) == {}
    assert "companion-open" in {note.rule for note in stack.notes}
    bound = stack.bind({"account_id": OWN})
    assert "companion-open" not in {note.rule for note in bound.notes}
    assert handed(bound).keys() == handed(built(**{**KEYS, "ecr_repository_arns": [arn("repository")]})).keys()


# ---------------------------------------------------------------- what a feature says

OPERATOR = Companion(
    "exec-operator",
    "lets people into the tasks",
    Policy(Statement("Allow", "ecs:ExecuteCommand", Text.of("arn:aws:ecs:eu-west-2:", ACCOUNT_ID, ":task/memos/*"))),
    "Give it to those who may.",
)


def test_a_document_of_a_feature_travels_with_the_stack() -> None:
    stack = evolve(build(config(aws_region="eu-west-2")), companions=[OPERATOR])
    assert Stack.from_dict(stack.to_dict()) == stack
    assert handed(stack) == {}
    found = handed(stack.bind({"account_id": OWN}))
    assert found[f"{OWN}/exec-operator.json"]["Statement"][0]["Resource"] == [
        f"arn:aws:ecs:eu-west-2:{OWN}:task/memos/*"
    ]
    assert found["index.json"][0]["do"] == "Give it to those who may."
    flagged = evolve(stack, companions=[evolve(OPERATOR, when="enable_exec")])
    assert len(flagged.companions) == 1


# ---------------------------------------------------------------- what has a policy, and what is within it


@pytest.mark.parametrize(
    ("kind", "action", "decided"),
    [
        ("queue", "sqs:SendMessage", "sqs:SendMessage"),
        ("queue", "SQS:Send*", "SQS:Send*"),
        ("queue", "*", "sqs:*"),
        ("queue", "sns:Publish", ""),
        ("role", "iam:PassRole", ""),
        ("role", "sts:AssumeRole", "sts:AssumeRole"),
        ("API", "execute-api:*", "execute-api:Invoke"),
        ("API", "execute-api:invoke", "execute-api:Invoke"),
        ("API", "execute-api:ManageConnections", ""),
    ],
)
def test_a_policy_decides_on_the_actions_of_its_kind(kind: str, action: str, decided: str) -> None:
    owned = owned_of(Arn.parse(arn(kind)))
    assert owned is not None
    assert owned.decided(action) == decided


def test_a_table_and_its_indexes_have_one_policy_and_its_stream_another() -> None:
    table, stream = arn("table"), arn("stream")
    stack = built(task_access=[{"arns": [table, stream], "access": ["read"]}])
    by_id = {c.id: c for c in owners(stack)}
    assert {str(c.of) for c in by_id.values()} == {table, stream}
    policy = by_id["dynamodb-eu-west-2-notes"].policy
    resources = [str(item) for s in policy.statements if s.resources for item in s.resources.items]
    assert resources == [table, f"{table}/index/*"]
    assert [s.sid for s in policy.statements] == ["MemosDevTaskRole", "MemosDevTaskRole2"]

    principal = Principal("AWS", role_arn(stack.roles["task"]))
    query = Request("dynamodb:Query", f"{table}/index/by-user", principal=principal)
    assert evaluate(stack.roles["task"], query, resource_policy=policy).allowed
    assert not evaluate(stack.roles["task"], query).allowed
    get = Request("dynamodb:GetItem", f"{table}/index/by-user", principal=principal)
    assert not evaluate(stack.roles["task"], get, resource_policy=policy).allowed
    assert isinstance(works(stack), Holds)


def test_a_function_has_a_policy_and_so_has_each_version_and_alias() -> None:
    stack = built(task_access=[{"arns": [arn("function")], "access": ["invoke"]}])
    whole, qualified = sorted(owners(stack), key=lambda c: len(str(c.of)))
    assert [str(whole.of), str(qualified.of)] == [arn("function"), f"{arn('function')}:*"]
    assert "--qualifier" in qualified.doing
    assert "--qualifier" not in whole.doing
    for companion, asked in ((whole, arn("function")), (qualified, arn("version or alias"))):
        principal = Principal("AWS", role_arn(stack.roles["task"]))
        request = Request("lambda:InvokeFunction", asked, principal=principal)
        assert evaluate(stack.roles["task"], request, resource_policy=companion.policy).allowed


@pytest.mark.parametrize("what", ["a-b", "a_b"])
def test_each_sid_stands_once_whatever_the_roles_are_called(what: str) -> None:
    names = {"task": "a-b", "execution": what + ("" if what != "a-b" else "2")}
    some = [raw("sqs:SendMessage", arn("queue")), raw("sqs:ReceiveMessage", arn("queue"))]
    stack = built(role_names=names, execution_statements=some, task_statements=some)
    (companion,) = owners(stack)
    sids = [s.sid for s in companion.policy.statements]
    assert len(set(sids)) == len(sids) == 4


FILES: dict[str, Any] = {
    "environment_file_arns": ["arn:aws:s3:::config/prod.env", "arn:aws:s3:::config/more/*"],
    "environment_file_account_ids": [OTHER],
    "environment_file_kms_key_arns": [arn("key")],
}


def test_files_of_another_accounts_bucket_are_let_out_by_the_bucket_and_the_key() -> None:
    stack = built(**FILES)
    role = stack.roles["execution"]
    assert [c.id for c in owners(stack)] == [f"kms-eu-west-2-{ID}", "s3-config"]
    bucket = owners(stack)[1]
    assert bucket.account.literal == OTHER
    assert not any(s.conditions for s in bucket.policy.statements), "a bucket's policy is of its own account"
    for action, resource in (
        ("s3:GetObject", "arn:aws:s3:::config/prod.env"),
        ("s3:GetObject", "arn:aws:s3:::config/more/a"),
        ("s3:GetBucketLocation", "arn:aws:s3:::config"),
    ):
        principal = Principal("AWS", role_arn(role))
        request = Request(action, resource, principal=principal, context={"aws:ResourceAccount": OTHER})
        assert evaluate(role, request, resource_policy=bucket.policy).allowed
        assert not evaluate(role, request).allowed
        assert not evaluate(evolve(role, policies=[]), request, resource_policy=bucket.policy).allowed
    answer = works(stack)
    assert isinstance(answer, Holds)
    assert HANDED in answer.assumed


def test_of_several_accounts_each_may_have_the_bucket() -> None:
    stack = built(**{**FILES, "environment_file_account_ids": [OWN, OTHER, THIRD]})
    buckets = [c for c in owners(stack) if c.id == "s3-config"]
    assert {c.account.literal for c in buckets} == {OTHER, THIRD}
    assert all("this is for the one that has it" in c.doing for c in buckets)
    assert owners(built(**{**FILES, "environment_file_account_ids": [], "environment_file_kms_key_arns": []})) == ()


# ---------------------------------------------------------------- each kind, each key


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.id)
def test_each_kind_says_how_another_account_lets_the_role_in(kind: AccessKind) -> None:
    given = kind.form.good[0].replace(OWN, OTHER)
    entry: dict[str, Any] = {"arns": [given], "access": [kind.verbs[0].name]}
    if kind.beside:
        entry["with"] = [kind.beside.form.good[0].replace(OWN, OTHER)]
    stack = built(task_access=[entry])
    found = [c for c in owners(stack) if c.account.literal == OTHER]
    notes = [note for note in stack.notes if note.rule == "foreign-access"]
    named = Arn.parse(given).account.literal
    assert (owned_of(Arn.parse(given)) is not None) == (kind.abroad == "policy")
    assert bool(notes) == bool(named)
    assert bool(found) == (kind.abroad == "policy" and bool(named))
    for note in notes:
        assert note.remedy == kind.from_abroad
        assert ("assume a role" in note.remedy) == (kind.abroad == "role")


def keys_with_arns() -> Iterator[tuple[str, Kind]]:
    """The keys of any config that take an ARN of another account; records have rows of their own."""
    for name, key in Config.keys().items():
        kind = key.kind.item if isinstance(key.kind, ListOf) else key.kind
        if isinstance(kind, OfForm) and kind.form.service and not key.same_account:
            yield name, key.kind


FOR_PEOPLE = ("exec_operator_cluster_arns",)  # in a document for people, wherever they are
NEED: dict[str, dict[str, Any]] = {
    "s3_kms_key_arns": {"s3_bucket_arns": ["arn:aws:s3:::memos"]},
    "secrets_kms_key_arns": {"secrets_arns": [arn("secret")], "secrets_arns_complete": True},
    "exec_log_kms_key_arns": {"exec_log_bucket_arns": ["arn:aws:s3:::sessions"]},
    "registry_credentials_kms_key_arns": {"registry_credentials_arns": ["db"]},
    "environment_file_kms_key_arns": {"environment_file_arns": ["arn:aws:s3:::config/prod.env"]},
}
FLAGS_NEED: dict[str, dict[str, Any]] = {
    "enable_github_oidc": {"github_repo": "octo-org/memos"},
    "enable_codedeploy_role": {
        "codedeploy_service_arns": [f"arn:aws:ecs:eu-west-2:{OWN}:service/main/memos"],
        "codedeploy_listener_arns": [f"arn:aws:elasticloadbalancing:eu-west-2:{OWN}:listener/app/a/01/01"],
    },
    "enable_scheduler_role": {
        "scheduler_families": ["memos"],
        "scheduler_cluster_arns": [f"arn:aws:ecs:eu-west-2:{OWN}:cluster/main"],
    },
}


@pytest.mark.parametrize(("name", "kind"), list(keys_with_arns()))
def test_each_key_that_names_what_is_another_accounts_says_so(name: str, kind: Kind) -> None:
    """By a document or by a note, of which account; a bucket's ARN names none."""
    of = kind.item if isinstance(kind, ListOf) else kind
    assert isinstance(of, OfForm)
    given = of.form.good[0].replace(OWN, OTHER)
    if Arn.parse(given).service == "s3":
        return
    key = Config.keys()[name]
    flag = {key.flag: True} if key.flag else {}
    keys = {**flag, **FLAGS_NEED.get(key.flag, {}), **NEED.get(name, {}), name: [given] if of is not kind else given}
    stack = built(**keys)
    said = [*(str(c.account) for c in owners(stack)), *map(str, stack.notes)]
    assert any(OTHER in one for one in said) == (name not in FOR_PEOPLE)


# ---------------------------------------------------------------- what is open


def rules(stack: Stack) -> set[str]:
    return {note.rule for note in stack.notes}


@pytest.mark.parametrize("kind", ["queue", "function", "role"])
def test_while_the_roles_account_is_open_another_one_may_have_to_allow(kind: str) -> None:
    stack = build(config(aws_region="eu-west-2", task_statements=[on(kind)]))
    (note,) = [note for note in stack.notes if note.rule == "owner-open"]
    assert f"if account `{OTHER}` is not that of the roles" in note.message
    assert arn(kind) in note.message
    assert owners(stack) == ()
    for account, handed_over in ((OWN, 1), (OTHER, 0)):
        bound = stack.bind({"account_id": account})
        assert "owner-open" not in rules(bound)
        assert len(owners(bound)) == handed_over


def test_what_must_be_of_the_roles_account_tells_whether_another_is_another() -> None:
    """A cluster of the deploy role has to be of it."""
    keys: dict[str, Any] = {
        "aws_region": "eu-west-2",
        "task_statements": [on("queue")],
        "enable_github_oidc": True,
        "github_repo": "octo-org/memos",
        "ecs_cluster_arns": [f"arn:aws:ecs:eu-west-2:{OWN}:cluster/main"],
    }
    stack = build(config(**keys))
    assert "owner-open" not in rules(stack)
    assert [c.account.literal for c in owners(stack)] == [OTHER]


OWNER: dict[str, Any] = {"parameters": {"owner": {"form": "[0-9]{12}"}}, "aws_region": "eu-west-2"}


@pytest.mark.parametrize("home", [{}, {"account_id": OWN}])
def test_an_account_that_a_parameter_says_is_another_one(home: dict[str, Any]) -> None:
    keys = {**OWNER, **home, "task_access": [{"arns": ["arn:aws:sqs:eu-west-2:{owner}:jobs"], "access": ["send"]}]}
    stack = build(config(**keys))
    assert {"foreign-access", "companion-open"} <= rules(stack)
    assert owners(stack) == ()
    values = {"owner": OTHER, **({} if home else {"account_id": OWN})}
    for bound in (stack.bind(values), build(config(**keys).bind(values))):
        assert "companion-open" not in rules(bound)
        assert [c.account.literal for c in owners(bound)] == [OTHER]


def test_the_account_that_is_the_roles_own_by_its_placeholder_needs_nobody() -> None:
    queue = {"arns": ["arn:aws:sqs:eu-west-2:{account_id}:jobs"], "access": ["send"]}
    stack = build(config(aws_region="eu-west-2", task_access=[queue]))
    assert not rules(stack) & {"foreign-access", "companion-open", "owner-open"}


def test_a_role_whose_name_is_open_is_in_no_document_yet() -> None:
    stack = build(config(project_name=Parameter("project"), account_id=OWN, task_statements=[on("queue")]))
    (note,) = [note for note in stack.notes if note.rule == "companion-open"]
    assert "can't be told while `project` is open" in note.message
    assert len(owners(stack.bind({"project": "memos"}))) == 1


# ---------------------------------------------------------------- any config


def requests(stack: Stack, companion: Companion) -> Iterator[tuple[Role, Request]]:
    """A request for each of the statements: the actions that are written out, on a resource that the ARN names."""
    if not companion.of.parts:  # a policy for people
        return
    for role in stack.roles.values():
        for policy in role.policies.values():
            for s in policy.document.statements:
                if not isinstance(s.resources, Only) or s.effect != "Allow":
                    continue
                if s.of_accounts and companion.account not in s.of_accounts.values:
                    continue
                context = {c.key: str(c.values[0]) for c in s.conditions}
                context |= {"aws:ResourceAccount": str(companion.account)}
                of = [str(item) for item in s.resources.items if bearer(str(item)) == str(companion.of)]
                owned = owned_of(Arn.parse(companion.of))
                assert owned is not None
                for one in of:
                    resource = one.replace("*", "x").replace("?", "x")
                    arn = str(role.arn(Text.of(one.split(":")[1]), Text.of(OWN)))
                    for action in (a.pattern for a in s.actions.items if not {"*", "?"} & set(a.pattern)):
                        if owned.decided(action):
                            yield role, Request(action, resource, principal=Principal("AWS", arn), context=context)


@given(configs(raw=False, managed=False))
@settings(max_examples=many(40))
def test_what_the_roles_need_of_others_both_sides_allow(given: dict[str, Any]) -> None:
    given = {**given, "account_id": OWN, "permissions_boundary_arn": None, "log_group_arns": (), "quotas": {}}
    given = {
        k: v for k, v in given.items() if k not in ("cloudwatch_log_group_arns", "ecs_service_arns", "ecs_cluster_arns")
    }
    for name in ("ecr_repository_arns", "github_ecr_repository_arns"):
        given.pop(name, None)
    try:
        stack = build(config(**given))
    except Exception:  # what contradicts is refused
        return
    if stack.deployment.open:  # a request is about known resources
        return
    files = handed(stack)
    for companion in owners(stack):
        parsed = parse_policy(json.loads(json.dumps(companion.policy.to_dict())))
        assert parsed == companion.policy
        assert files[f"{str(companion.account) or OWN}/{companion.id}.json"]
        for role, request in requests(stack, companion):
            assert evaluate(role, request, resource_policy=companion.policy).allowed


@given(st.sampled_from(sorted(ROWS)), st.sampled_from(["team/*", "*", "a b", "x"]))
def test_a_documents_name_is_one_that_a_file_can_have(kind: str, tail: str) -> None:
    stack = built(task_statements=[raw(ROWS[kind][0], f"{arn(kind)}{tail}")])
    for companion in owners(stack):
        assert re.fullmatch("[A-Za-z0-9._-]+", companion.id)


# ---------------------------------------------------------------- what `prove` says


def works(stack: Stack) -> Answer:
    return prove(stack, only=["works"])["works"]


def test_prove_asks_both_sides() -> None:
    answer = works(built(**KEYS))
    assert isinstance(answer, Holds)
    assert HANDED in answer.assumed
    assert HANDED not in works(built()).assumed


def test_prove_finds_what_the_other_side_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were a document to allow too little, each need that it is for would fail."""

    def narrow(stack: Stack) -> tuple[Companion, ...]:
        found = owners(stack)
        return tuple(
            evolve(c, policy=Policy([evolve(s, actions="ecr:BatchGetImage") for s in c.policy.statements]))
            if c.id.startswith("ecr")
            else c
            for c in found
        )

    monkeypatch.setattr(sides, "owners", narrow)
    answer = works(built(**KEYS))
    assert isinstance(answer, Fails)
    assert answer.fact.startswith(f"the owner of `{arn('repository')}` does not let the execution role pull")
    assert answer.witness is not None
    assert answer.witness.action.lower() == "ecr:batchchecklayeravailability"
