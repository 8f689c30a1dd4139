"""Grants that never apply are named with the nearest that does; what may be newer than the data is no fault."""

from collections.abc import Callable
from typing import Any

import pytest

from ecsiam import Answer, Fails, Holds, Stack, Undecided
from ecsiam.invariants import INVARIANTS
from ecsiam.model.condition import Block
from ecsiam.reference import nearest
from ecsiam.reference.actions import date

from .replayed import put_to_the_test, shown
from .test_invariants import ACCOUNT, IN, OWN, built, granted

READ, SECRET = "secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{IN}:secret:db-AbCdEf"
ON_TASKS = [f"arn:aws:ecs:{IN}:task-definition/memos:*"]


def task(*statements: dict[str, Any], **keys: Any) -> Stack:
    return built(task_statements=list(statements), **keys)


def ask(stack: Stack) -> Answer:
    answer = INVARIANTS["works"].ask(stack)
    if isinstance(answer, Fails):
        put_to_the_test(stack, "works", answer)
    return answer


def facts(answer: Answer) -> list[str]:
    assert isinstance(answer, Fails), answer
    return [one.fact for one in shown(answer)]


# An action, an ARN that no resource of it has, and the nearest right form that is named.
ARNS: dict[str, tuple[str, str, str]] = {
    "a JSON key behind a secret": (READ, f"{SECRET}:password::", SECRET),
    "a version behind a secret": (READ, f"{SECRET}:::b1c2", SECRET),
    "any JSON key behind a secret": (READ, f"{SECRET}:*", SECRET),
    "a colon too few": (READ, f"arn:aws:secretsmanager:{IN}secret:db-AbCdEf", ""),
    "the region left out": (
        "sqs:SendMessage",
        f"arn:aws:sqs:{ACCOUNT}:memos",
        f"arn:aws:sqs:{IN}:memos",
    ),
    "the account left out": (READ, "arn:aws:secretsmanager:eu-west-2:secret:db-AbCdEf", SECRET),
    "a colon too many": ("sqs:SendMessage", f"arn:aws:sqs::{IN}:memos", f"arn:aws:sqs:{IN}:memos"),
    "a colon too many for a bucket": ("s3:GetObject", "arn:aws:s3::::uploads/*", "arn:aws:s3:::uploads/*"),
    "neither region nor account": ("sns:Publish", "arn:aws:sns:::memos", ""),
    "no account between two colons": ("kinesis:PutRecord", "arn:aws:kinesis:eu-west-2::stream/memos", ""),
    "no region between two colons": (READ, f"arn:aws:secretsmanager::{ACCOUNT}:secret:db-AbCdEf", ""),
    "a parameter's second slash": (
        "ssm:GetParameter",
        f"arn:aws:ssm:{IN}:parameter//memos/db",
        f"arn:aws:ssm:{IN}:parameter/memos/db",
    ),
    "connections without a method": (
        "execute-api:ManageConnections",
        f"arn:aws:execute-api:{IN}:a1/prod/@connections",
        "",
    ),
    "CloudFormation's account": (
        "sqs:SendMessage",
        "arn:aws:sqs:eu-west-2:${AWS::AccountId}:memos",
        f"arn:aws:sqs:{IN}:memos",
    ),
    "CloudFormation's region": (
        "sqs:SendMessage",
        f"arn:aws:sqs:${{AWS::Region}}:{ACCOUNT}:memos",
        f"arn:aws:sqs:{IN}:memos",
    ),
    "Terraform's reference": ("s3:ListBucket", "arn:aws:s3:::${var.bucket}", "arn:aws:s3:::*"),
    "a name that no role has": ("s3:GetObject", "arn:aws:s3:::b/${aws:username}/*", ""),
    "a slash behind a type": (READ, f"arn:aws:secretsmanager:{IN}:secret/db-AbCdEf", SECRET),
    "a misspelt service": (READ, SECRET.replace("secretsmanager", "secretmanager"), SECRET),
    "a type in other words": (
        "logs:PutLogEvents",
        f"arn:aws:logs:{IN}:loggroup:/ecs/memos:*",
        f"arn:aws:logs:{IN}:log-group:/ecs/memos:*",
    ),
    "a colon behind a parameter's type": (
        "ssm:GetParameters",
        f"arn:aws:ssm:{IN}:parameter:memos/db",
        f"arn:aws:ssm:{IN}:parameter/memos/db",
    ),
    "a type in the plural": (
        "ssm:GetParameters",
        f"arn:aws:ssm:{IN}:parameters/memos/db",
        f"arn:aws:ssm:{IN}:parameter/memos/db",
    ),
    "a tag behind a repository": (
        "ecr:BatchGetImage",
        f"arn:aws:ecr:{IN}:repository/memos:latest",
        f"arn:aws:ecr:{IN}:repository/memos",
    ),
    "a session for its role": (
        "sts:AssumeRole",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/x/session",
        f"arn:aws:iam::{ACCOUNT}:role/x",
    ),
    "a task definition without revisions": (
        "ecs:RunTask",
        f"arn:aws:ecs:{IN}:task-definition/memos",
        f"arn:aws:ecs:{IN}:task-definition/memos:*",
    ),
    "an alias": ("kms:Decrypt", f"arn:aws:kms:{IN}:alias/memos", ""),
    "an alias as a key": ("kms:Decrypt", f"arn:aws:kms:{IN}:key/alias/memos", ""),
    "a bucket for objects": ("s3:GetObject", "arn:aws:s3:::uploads", "arn:aws:s3:::uploads/*"),
    "objects for a bucket": ("s3:ListBucket", "arn:aws:s3:::uploads/*", "arn:aws:s3:::uploads"),
    "a log group without its streams": (
        "logs:PutRetentionPolicy",
        f"arn:aws:logs:{IN}:log-group:/ecs/memos",
        f"arn:aws:logs:{IN}:log-group:/ecs/memos:*",
    ),
    "a secret for a parameter": ("ssm:GetParameters", SECRET, ""),
    "another partition": (READ, SECRET.replace("arn:aws:", "arn:aws-cn:"), SECRET),
    "a partition in capitals": (READ, SECRET.replace("arn:aws:", "arn:AWS:"), SECRET),
    "an ARN in capitals": ("s3:GetObject", "arn:aws:S3:::uploads/*", ""),
    "an account of eleven digits": ("sqs:SendMessage", "arn:aws:sqs:eu-west-2:12345678901:memos", ""),
    "a zone for a region": ("sqs:SendMessage", f"arn:aws:sqs:eu-west-2a:{ACCOUNT}:memos", ""),
    "a repository in capitals": ("ecr:BatchGetImage", f"arn:aws:ecr:{IN}:repository/Memos", ""),
}


@pytest.mark.parametrize(("action", "arn", "right"), ARNS.values(), ids=ARNS)
def test_an_arn_that_no_resource_has_is_named_with_the_nearest(action: str, arn: str, right: str) -> None:
    for stack in (task(granted(action, arn)), task(granted([action, "s3:ListAllMyBuckets"], [arn, "*"]))):
        (fact,) = [f for f in facts(ask(stack)) if "appl" in f and "ListAllMyBuckets" not in f] or [""]
        if not fact:  # beside `*` it is only idle, and no action is void
            continue
        assert "the task role" in fact
        assert "(policy `memos-dev-task-statements-policy`, statement 0)" in fact
        assert "AWS evaluates it on `arn:*:" in fact
        assert f": `{right}` may be meant" in fact if right else True
        if right and "*" not in right:
            assert not isinstance(ask(task(granted(action, right))), Fails), right


def test_a_good_arn_beside_a_bad_one_does_not_hide_it() -> None:
    fact, *more = facts(ask(task(granted(READ, [SECRET, f"{SECRET}:password::"]))))
    assert not more
    assert f"something on `{SECRET}:password::`, which none of the actions applies to" in fact
    assert f"`{SECRET}` may be meant" in fact


def test_each_action_that_never_applies_is_named() -> None:
    found = facts(ask(task(granted(["kms:Decrypt", "ssm:GetParameters", READ], SECRET))))
    assert [f.split("`")[1] for f in found] == ["kms:Decrypt", "ssm:GetParameters"]
    assert ["arn:*:kms:*:*:key/*" in found[0], "arn:*:ssm:*:*:parameter/*" in found[1]] == [True, True]


@pytest.mark.parametrize(
    ("action", "arn"),
    [
        (READ, SECRET),
        (READ, f"arn:aws:secretsmanager:{IN}:secret:rds!db-1-AbCdEf"),
        (READ, f"arn:*:secretsmanager:*:{ACCOUNT}:secret:memos*"),
        ("execute-api:Invoke", f"arn:aws:execute-api:{IN}:a1/prod/$connect"),
        ("s3:GetObject", "arn:aws:s3:::My_Old.Bucket/*"),
        ("s3:GetObject", "arn:aws:s3:::b/a:b:c"),
        ("s3:GetObject", f"arn:aws:s3:{IN}:accesspoint/x/object/*"),
        ("sns:Publish", "arn:aws:sns:eu-west-2:*:t"),
        ("ssm:SendCommand", "arn:aws:ssm:eu-west-2::document/AWS-RunShellScript"),
        ("iam:GetPolicy", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
        ("bedrock:InvokeModel", "arn:aws:bedrock:eu-west-2::foundation-model/amazon.nova-lite-v1:0"),
        ("lambda:InvokeFunction", f"arn:aws:lambda:{IN}:function:f:live"),
        ("kms:Decrypt", f"arn:aws:kms:{IN}:key/mrk-1234abcd12ab34cd56ef1234567890ab"),
        ("sqs:SendMessage", "arn:aws:sqs:*:*:memos-${aws:PrincipalTag/team}"),
        ("dynamodb:Query", f"arn:aws:dynamodb:{IN}:table/t/index/*"),
        ("states:SendTaskSuccess", f"arn:aws:states:{IN}:stateMachine:memos"),
        ("states:SendTaskHeartbeat", f"arn:aws:states:{IN}:activity:memos"),
        ("ssm:GetParameter", "arn:aws:ssm:eu-west-2::parameter/aws/service/*"),
        ("execute-api:ManageConnections", f"arn:aws:execute-api:{IN}:a1/prod/POST/@connections/*"),
    ],
)
def test_an_arn_that_a_resource_may_have_is_none_of_these(action: str, arn: str) -> None:
    assert isinstance(ask(task(granted(action, arn))), Holds)


def test_text_messages_are_what_is_no_topic() -> None:
    """https://github.com/zappa/Zappa/issues/791 has AWS's message about a number as the resource."""
    messages = {"Effect": "Allow", "Action": "sns:Publish", "NotResource": "arn:aws:sns:*:*:*"}
    assert isinstance(ask(task(messages)), Holds)
    assert isinstance(INVARIANTS["wildcards"].ask(task(messages)), Holds)
    assert isinstance(INVARIANTS["wildcards"].ask(task(granted("sns:Publish", "*"))), Fails)


# ---------------------------------------------------------------- conditions

RUN, PASS = "ecs:RunTask", "iam:PassRole"
CONDITIONS: dict[str, tuple[str, list[str], Block, str]] = {
    "a cluster's name": (RUN, ON_TASKS, {"ArnEquals": {"ecs:cluster": "main"}}, "arn:aws:ecs:REGION:ACCOUNT:cluster/"),
    "a cluster's name as text": (RUN, ON_TASKS, {"StringEquals": {"ecs:cluster": "main"}}, "an ARN"),
    "a cluster's name as a pattern": (RUN, ON_TASKS, {"StringLike": {"ecs:cluster": "main*"}}, "an ARN"),
    "a service for a cluster": (
        RUN,
        ON_TASKS,
        {"ArnLike": {"ecs:cluster": f"arn:aws:ecs:{IN}:service/main/*"}},
        "cluster/",
    ),
    "a star that is text": (
        RUN,
        ON_TASKS,
        {"StringEquals": {"kms:ViaService": "secretsmanager.*.amazonaws.com"}},
        "REGION",
    ),
    "yes for a Bool": ("s3:GetObject", ["arn:aws:s3:::b/*"], {"Bool": {"aws:SecureTransport": "yes"}}, "`true`"),
    "yes as text": ("s3:GetObject", ["arn:aws:s3:::b/*"], {"StringEquals": {"aws:SecureTransport": "yes"}}, "`true`"),
    "no number": ("s3:GetObject", ["arn:aws:s3:::b/*"], {"NumericLessThan": {"s3:max-keys": "ten"}}, "a number"),
    "a number for a date": (
        "s3:GetObject",
        ["arn:aws:s3:::b/*"],
        {"NumericLessThan": {"aws:CurrentTime": "1700000000"}},
        "a date",
    ),
    "no address": (
        "s3:GetObject",
        ["arn:aws:s3:::b/*"],
        {"IpAddress": {"aws:SourceIp": "10.0.0.0/8/8"}},
        "an IP address",
    ),
    "a block as text": (
        "s3:GetObject",
        ["arn:aws:s3:::b/*"],
        {"StringEquals": {"aws:SourceIp": "10.0.0.0/8"}},
        "an IP",
    ),
    "through a service without its region": (
        "kms:Decrypt",
        [f"arn:aws:kms:{IN}:key/x"],
        {"StringEquals": {"kms:ViaService": "secretsmanager.amazonaws.com"}},
        "SERVICE.REGION.amazonaws.com",
    ),
    "through a service with a wrong domain": (
        "kms:Decrypt",
        [f"arn:aws:kms:{IN}:key/x"],
        {"StringLike": {"kms:ViaService": "secretsmanager.*.amazonaws.org"}},
        "SERVICE.REGION.amazonaws.com",
    ),
    "a service by its short name": (
        PASS,
        OWN,
        {"StringEquals": {"iam:PassedToService": "ecs-tasks"}},
        "ecs-tasks.amazonaws.com",
    ),
    "a role for a service": (PASS, OWN, {"StringEquals": {"iam:PassedToService": OWN[0]}}, "service principal"),
    "an account of eleven digits": (
        "s3:GetObject",
        ["arn:aws:s3:::b/*"],
        {"StringEquals": {"aws:ResourceAccount": "12345678901"}},
        "twelve digits",
    ),
    "an account with hyphens": (
        "s3:GetObject",
        ["arn:aws:s3:::b/*"],
        {"StringEquals": {"aws:ResourceAccount": "1234-5678-9012"}},
        "twelve digits",
    ),
    "a zone": (
        "s3:GetObject",
        ["arn:aws:s3:::b/*"],
        {"StringEquals": {"aws:RequestedRegion": "eu-west-2a"}},
        "a region",
    ),
    "two that exclude each other": (
        "s3:GetObject",
        ["arn:aws:s3:::b/*"],
        {"StringEquals": {"aws:PrincipalOrgID": "o-abc"}, "StringLike": {"aws:PrincipalOrgID": "o-x*"}},
        "no request meets its conditions on `aws:PrincipalOrgID`",
    ),
    "absent and there": (
        "s3:GetObject",
        ["arn:aws:s3:::b/*"],
        {"StringEquals": {"aws:PrincipalOrgID": "o-abc"}, "Null": {"aws:PrincipalOrgID": "true"}},
        "no request meets its conditions on `aws:PrincipalOrgID`",
    ),
    "a user's name": (
        "s3:GetObject",
        ["arn:aws:s3:::b/*"],
        {"StringEquals": {"aws:username": "bob"}},
        "AWS sends nothing",
    ),
    "another account's sessions": (
        "s3:GetObject",
        ["arn:aws:s3:::b/*"],
        {"StringEquals": {"aws:PrincipalAccount": "210987654321"}},
        f"AWS sends `{ACCOUNT}`",
    ),
    "another role": (
        "s3:GetObject",
        ["arn:aws:s3:::b/*"],
        {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/x"}},
        "memos-dev-task-role",
    ),
    "a session of the role": (
        "s3:GetObject",
        ["arn:aws:s3:::b/*"],
        {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:sts::{ACCOUNT}:assumed-role/memos-dev-task-role/x"}},
        "role/memos-dev-task-role",
    ),
    "another region than the resource's": (
        "sqs:SendMessage",
        [f"arn:aws:sqs:{IN}:q"],
        {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}},
        "AWS sends `eu-west-2` as `aws:RequestedRegion`",
    ),
    "not the resources' regions": (
        "sqs:SendMessage",
        [f"arn:aws:sqs:{IN}:q", f"arn:aws:sqs:eu-west-3:{ACCOUNT}:q"],
        {"StringNotLike": {"aws:RequestedRegion": "eu-west-*"}},
        "AWS sends `eu-west-2`, `eu-west-3` as `aws:RequestedRegion`",
    ),
    "a key of another service's actions": (
        "s3:GetObject",
        ["arn:aws:s3:::b/*"],
        {"StringEquals": {"kms:ViaService": "s3.eu-west-2.amazonaws.com"}},
        "AWS sends no `kms:ViaService` with `s3:GetObject`",
    ),
    "a key of lists": (
        "s3:GetObject",
        ["arn:aws:s3:::b/*"],
        {"StringLike": {"s3:prefix": "home/*"}},
        "AWS sends no `s3:prefix` with `s3:GetObject`",
    ),
    "a key that only services send": (
        "s3:GetObject",
        ["arn:aws:s3:::b/*"],
        {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        "AWS sends nothing as `aws:SourceAccount`",
    ),
    "a key that no session lacks": (
        "s3:GetObject",
        ["arn:aws:s3:::b/*"],
        {"Null": {"aws:TokenIssueTime": "true"}},
        "AWS sends something as `aws:TokenIssueTime`",
    ),
    "a tag's key with an s too many": (
        "s3:GetObject",
        ["arn:aws:s3:::b/*"],
        {"StringEquals": {"aws:PrincipalTags/team": "x"}},
        "AWS has no condition key `aws:PrincipalTags/team`, and has `aws:PrincipalTag/team`",
    ),
    "a misspelt service": (
        "secretmanager:GetSecretValue",
        ["*"],
        {"StringEquals": {"aws:ResourceTag/team": "x"}},
        "AWS has no action `secretmanager:GetSecretValue`, and has `secretsmanager:GetSecretValue`",
    ),
    "a service by its client's name": (
        "efs:ClientMount",
        ["*"],
        {"StringEquals": {"aws:ResourceTag/team": "x"}},
        "AWS has no action `efs:ClientMount`, and has `elasticfilesystem:ClientMount`",
    ),
    "a misspelt key": (
        "s3:GetObject",
        ["arn:aws:s3:::b/*"],
        {"StringEquals": {"aws:PrincipleOrgID": "o-abc"}},
        "AWS has no condition key `aws:PrincipleOrgID`, and has `aws:PrincipalOrgID`",
    ),
}


@pytest.mark.parametrize(("action", "resources", "when", "said"), CONDITIONS.values(), ids=CONDITIONS)
def test_a_condition_that_never_holds_is_named_with_what_aws_sends(
    action: str, resources: list[str], when: Block, said: str
) -> None:
    (fact,) = facts(ask(task(granted(action, resources, when))))
    assert "the task role is granted something that never applies" in fact
    assert said in fact


@pytest.mark.parametrize(
    "when",
    [
        {"ArnLike": {"ecs:cluster": f"arn:aws:ecs:{IN}:cluster/*"}},
        {"StringEquals": {"ecs:cluster": ["main", f"arn:aws:ecs:{IN}:cluster/main"]}},
        {"StringLike": {"ecs:cluster": "*"}},
        {"ArnEqualsIfExists": {"ecs:cluster": "main"}},
        {"ArnNotEquals": {"ecs:cluster": "main"}},
        {"ForAllValues:StringEquals": {"aws:TagKeys": "yes"}},
        {"Bool": {"aws:SecureTransport": "TRUE"}},
        {"StringEquals": {"aws:SecureTransport": "true"}},
        {"StringLike": {"iam:PassedToService": "ec*s-tasks.amazonaws.com"}},
        {"StringEquals": {"iam:PassedToService": "delivery.logs.amazonaws.com.cn"}},
        {"StringLike": {"kms:ViaService": "secretsmanager.*.amazonaws.com"}},
        {"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}},
        {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
        {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}},
        {"StringLike": {"aws:RequestedRegion": "eu-*"}},
        {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}},
        {"NumericLessThan": {"aws:EpochTime": "1900000000"}},
        {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        {"StringEquals": {"aws:ResourceTag/team": "x"}},
        {"Null": {"aws:PrincipalOrgID": "false"}},
    ],
    ids=str,
)
def test_a_condition_that_may_hold_is_none_of_these(when: Block) -> None:
    (keys,) = when.values()
    (key,) = keys
    of_own = {"iam": (["iam:PassRole"], OWN), "kms": (["kms:Decrypt"], [f"arn:aws:kms:{IN}:key/1"])}
    actions, resources = of_own.get(key.partition(":")[0], (RUN, ON_TASKS))
    assert isinstance(ask(task(granted(actions, resources, when))), Holds)


@pytest.mark.parametrize(
    ("action", "resources"),
    [
        ("s3:GetObject", ["arn:aws:s3:::b/*"]),
        ("sqs:SendMessage", [f"arn:aws:sqs:*:{ACCOUNT}:q"]),
        ("sqs:SendMessage", [f"arn:aws:sqs:{IN}:q", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q"]),
        ("ecr:GetAuthorizationToken", ["*"]),
    ],
)
def test_a_region_that_may_be_asked_is_none_of_these(action: str, resources: list[str]) -> None:
    asked: Block = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    assert not isinstance(ask(task(granted(action, resources, asked))), Fails)


# ---------------------------------------------------------------- names that aren't known


@pytest.mark.parametrize(
    ("action", "near"),
    [
        ("s3:GetObjct", "s3:GetObject"),
        ("sqs:SendMesage", "sqs:SendMessage"),
        ("kms:Decypt", "kms:Decrypt"),
        ("ecr:BatchGetImgae", "ecr:BatchGetImage"),
        ("ssm:getparamters", "ssm:GetParameters"),
    ],
)
def test_a_misspelt_action_is_named_with_the_right_one(action: str, near: str) -> None:
    (fact,) = facts(ask(task(granted(action, "*"))))
    assert f"AWS has no action `{action}`, and has `{near}`" in fact


@pytest.mark.parametrize(
    ("operation", "asked"),
    [("s3:HeadObject", "s3:GetObject"), ("lambda:Invoke", "lambda:InvokeFunction"), ("rds:connect", "rds-db:connect")],
)
def test_an_operation_with_another_action_is_named(operation: str, asked: str) -> None:
    (fact,) = facts(ask(task(granted(operation, "*"))))
    assert f"the operation asks for `{asked}`" in fact


def _having(*operations: str) -> Callable[[str], frozenset[str]]:
    """A botocore with these operations in every service."""

    def of(service: str) -> frozenset[str]:
        assert service
        return frozenset(operations)

    return of


@pytest.mark.parametrize(
    ("action", "near"),
    [
        ("s3:NotYetThere", ""),
        ("ecs:RunTasks", "ecs:RunTask"),
        ("s3:GetObjects", "s3:GetObject"),
        ("secretmanager:NotYetThere", "secretsmanager:NotYetThere"),
        ("s4:GetObject", ""),
        ("notyet:There", ""),
        ("s3:NotYet*", ""),
    ],
)
def test_what_may_be_newer_than_the_data_is_no_fault(monkeypatch: pytest.MonkeyPatch, action: str, near: str) -> None:
    monkeypatch.setattr(nearest, "_operations", _having())
    answer = ask(task(granted(action, "arn:aws:s3:::b")))
    assert isinstance(answer, Undecided)
    assert f"`{action}` of the task role" in answer.reason
    assert f"is newer than our data of {date()}, or misspelt" in answer.reason
    assert (f"`{near}` is the nearest" in answer.reason) == bool(near)


def test_what_botocore_has_is_newer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "_operations", _having("notyetthere"))
    answer = ask(task(granted(["s3:NotYetThere", "s3:NotYet*"], "arn:aws:s3:::b")))
    assert isinstance(answer, Holds)
    assert f"`s3:NotYetThere`, an operation that our data of {date()} lacks, is an action" in answer.assumed


def test_each_unknown_name_is_said() -> None:
    answer = ask(task(granted(["s3:NotYetThere", "s3:NorThere"], "arn:aws:s3:::b", {"StringEquals": {"not:yet": "x"}})))
    assert isinstance(answer, Undecided)
    assert [name in answer.reason for name in ("`s3:NotYetThere`", "`s3:NorThere`", "`not:yet`")] == [True] * 3


# ---------------------------------------------------------------- the place


def test_the_place_is_named() -> None:
    statement = {**granted("kms:Decrypt", f"arn:aws:kms:{IN}:alias/x"), "Sid": "Keys"}
    stack = built(execution_statements=[granted("s3:GetObject", "arn:aws:s3:::b/*"), statement])
    (fact,) = facts(ask(stack))
    assert "the execution role" in fact
    assert "(policy `memos-dev-execution-statements-policy`, statement 1 `Keys`)" in fact
