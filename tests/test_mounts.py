"""File systems and sessions of the task, request by request.

https://docs.aws.amazon.com/efs/latest/ug/iam-access-control-nfs-efs.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
"""

from itertools import permutations
from typing import Any

import pytest

import ecsiam
from ecsiam import Config, ConfigError, Fails, Holds, Parameter, Request, evaluate, prove
from ecsiam.features.efs import FileSystem

from .written import config

HOME: dict[str, Any] = {"account_id": "123456789012", "aws_region": "eu-west-2"}
_EFS = "arn:aws:elasticfilesystem:eu-west-2:123456789012"
ONE, TWO = f"{_EFS}:file-system/fs-0000000000000000a", f"{_EFS}:file-system/fs-0000000000000000b"
THREE = f"{_EFS}:file-system/fs-0000000000000000c"
POINT, OTHER = f"{_EFS}:access-point/fsap-0000000000000000a", f"{_EFS}:access-point/fsap-0000000000000000b"
ON: dict[str, Any] = {"enable_efs_access": True}
TLS = {"aws:SecureTransport": "true"}
THROUGH = {**TLS, "elasticfilesystem:AccessPointArn": POINT}
TARGET = {**TLS, "elasticfilesystem:AccessedViaMountTarget": "true"}
MOUNT, WRITE, ROOT = (f"elasticfilesystem:Client{verb}" for verb in ("Mount", "Write", "RootAccess"))


def systems(*given: dict[str, Any]) -> dict[str, Any]:
    return {**ON, "efs_file_systems": list(given)}


READ = systems({"arn": ONE, "access": "read"})
POINTS = systems({"arn": ONE, "access_point_arns": [POINT]}, {"arn": ONE, "access": "read"})
# the file systems, the request, and whether it is allowed
ROWS: dict[str, tuple[dict[str, Any], tuple[str, str, dict[str, str]], bool]] = {
    "read": (READ, (MOUNT, ONE, TLS), True),
    "read, and writes": (READ, (WRITE, ONE, TLS), False),
    "another one": (READ, (MOUNT, TWO, TLS), False),
    "without TLS": (READ, (MOUNT, ONE, {"aws:SecureTransport": "false"}), False),
    "without TLS, where that is meant": (
        systems({"arn": ONE, "tls_only": False}),
        (WRITE, ONE, {"aws:SecureTransport": "false"}),
        True,
    ),
    "write is the default": (systems({"arn": ONE}), (WRITE, ONE, TLS), True),
    "write, and as root": (systems({"arn": ONE}), (ROOT, ONE, TLS), False),
    "as root": (systems({"arn": ONE, "access": "root"}), (ROOT, ONE, TLS), True),
    "through the access point": (POINTS, (WRITE, ONE, THROUGH), True),
    "through another one": (POINTS, (WRITE, ONE, {**THROUGH, "elasticfilesystem:AccessPointArn": OTHER}), False),
    "past it": (POINTS, (WRITE, ONE, TLS), False),
    "past it, reading": (POINTS, (MOUNT, ONE, TLS), True),
    "on the access point itself, where EFS evaluates nothing": (POINTS, (WRITE, POINT, THROUGH), False),
    "through a mount target": (
        systems({"arn": ONE, "mount_targets_only": True}),
        (MOUNT, ONE, TARGET),
        True,
    ),
    "past a mount target": (systems({"arn": ONE, "mount_targets_only": True}), (MOUNT, ONE, TLS), False),
    "the one of `efs_arn` beside others": ({**READ, "efs_arn": TWO}, (WRITE, TWO, {}), True),
    "the one of `efs_arn` is no other": ({**READ, "efs_arn": TWO}, (WRITE, ONE, TLS), False),
    "`efs_root_access` is of `efs_arn`": (
        {**systems({"arn": ONE}), "efs_arn": TWO, "efs_root_access": True},
        (ROOT, ONE, TLS),
        False,
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_what_the_task_may_do_with_a_file_system(row: str) -> None:
    keys, (action, resource, context), allowed = ROWS[row]
    role = ecsiam.build(config(**HOME, **keys)).roles["task"]
    request = Request(action, resource, context={key: (value,) for key, value in context.items()})
    assert any(one.matches for one in evaluate(role, request).statements) == allowed


def answers(**keys: Any) -> dict[str, Any]:
    found = prove(ecsiam.build(config(**HOME, **keys)))
    return {id: answer for id, answer in found.items() if not isinstance(answer, Holds)}


@pytest.mark.parametrize("row", ROWS)
def test_all_of_it_works(row: str) -> None:
    assert answers(**ROWS[row][0]) == {}


def test_the_one_file_system_of_before_is_what_it_was() -> None:
    for root in (False, True):
        alone = ecsiam.build(config(**HOME, **ON, efs_arn=TWO, efs_root_access=root))
        (statement,) = alone.roles["task"].policies["efs"].document.statements
        actions = [MOUNT, ROOT, WRITE] if root else [MOUNT, WRITE]
        assert [a.pattern for a in statement.actions.items] == actions
        assert statement.conditions == ()


def test_those_that_are_mounted_alike_stand_together_whatever_the_order() -> None:
    given = [{"arn": TWO, "access": "read"}, {"arn": ONE}, {"arn": THREE, "access": "read"}]
    first, second = (
        ecsiam.build(config(**HOME, **ON, efs_file_systems=some)).roles["task"] for some in (given, given[::-1])
    )
    assert first == second
    assert len(first.policies["efs"].document.statements) == 2


# the file systems, and where what one gives is given anyway
TWICE: dict[str, tuple[dict[str, Any], list[tuple[str | int, ...]]]] = {
    "twice the same": (systems({"arn": ONE}, {"arn": ONE}), [("efs_file_systems", 1)]),
    "less": (systems({"arn": ONE}, {"arn": ONE, "access": "read"}), [("efs_file_systems", 1)]),
    "less before": (systems({"arn": ONE, "access": "read"}, {"arn": ONE}), [("efs_file_systems", 0)]),
    "less of it": (systems({"arn": ONE}, {"arn": ONE, "access_point_arns": [POINT]}), [("efs_file_systems", 1)]),
    "some of the access points": (
        systems({"arn": ONE, "access_point_arns": [POINT, OTHER]}, {"arn": ONE, "access_point_arns": [OTHER]}),
        [("efs_file_systems", 1)],
    ),
    "in another order": (
        systems({"arn": ONE, "access_point_arns": [POINT, OTHER]}, {"arn": ONE, "access_point_arns": [OTHER, POINT]}),
        [("efs_file_systems", 1)],
    ),
    "the one of `efs_arn`": ({**systems({"arn": ONE}), "efs_arn": ONE}, [("efs_file_systems", 0)]),
    "what `efs_arn` adds nothing to": (
        {**systems({"arn": ONE, "access": "root", "tls_only": False}), "efs_arn": ONE},
        [("efs_arn",)],
    ),
    "three times": (systems({"arn": ONE}, {"arn": ONE}, {"arn": ONE}), [("efs_file_systems", i) for i in (1, 2)]),
    "of a parameter": (systems({"arn": Parameter("a")}, {"arn": Parameter("a")}), [("efs_file_systems", 1)]),
    "of two parameters": (systems({"arn": Parameter("a")}, {"arn": Parameter("b")}), []),
    "more through an access point": (POINTS, []),
    "as root, beside `efs_arn`": ({**systems({"arn": ONE, "access": "root"}), "efs_arn": ONE}, []),
    "more, but only through a mount target": (
        systems({"arn": ONE, "mount_targets_only": True}, {"arn": ONE, "access": "read"}),
        [],
    ),
    "access points of their own": (
        systems({"arn": ONE, "access_point_arns": [POINT]}, {"arn": ONE, "access_point_arns": [OTHER]}),
        [],
    ),
}


@pytest.mark.parametrize("row", TWICE)
def test_a_file_system_stands_twice_only_where_each_gives_something(row: str) -> None:
    keys, places = TWICE[row]
    if not places:
        assert config(**HOME, **keys).efs_file_systems
        return
    with pytest.raises(ConfigError) as e:
        config(**HOME, **keys)
    assert [fault.path for fault in e.value.faults] == places
    assert all("gives anyway" in fault.message for fault in e.value.faults)


def test_the_order_of_file_systems_and_access_points_says_nothing() -> None:
    """However many access points there are: what a value shows of itself is short, and no order."""
    points = [f"{_EFS}:access-point/fsap-0000000000000000{i}" for i in range(6)]
    given = [{"arn": ONE, "access_point_arns": points[i : i + 4]} for i in range(3)]
    texts = {
        str(ecsiam.emit(ecsiam.build(config(**HOME, **ON, efs_file_systems=some)), "terraform"))
        for some in permutations(given)
    }
    assert len(texts) == 1


@pytest.mark.parametrize("target", ["terraform", "cloudformation"])
def test_a_file_system_may_be_left_to_deployment(target: Any) -> None:
    keys = {**HOME, **ON, "efs_file_systems": [{"arn": Parameter("shared")}, {"arn": ONE, "access": "read"}]}
    left = ecsiam.build(config(**keys))
    closed = ecsiam.build(config(**{**keys, "efs_file_systems": [{"arn": TWO}, {"arn": ONE, "access": "read"}]}))
    assert left.bind({"shared": TWO}).roles == closed.roles
    text = str(ecsiam.emit(left, target))
    assert '"SharedIsGiven": {"Fn::Not"' in text or target == "terraform"
    with pytest.raises(ConfigError, match="is an access point"):
        left.bind({"shared": POINT})


def test_a_flag_takes_one_or_the_other() -> None:
    for given in ({"efs_arn": ONE}, {"efs_file_systems": [{"arn": ONE}]}, {"efs_file_systems": [FileSystem(arn=ONE)]}):
        keys: dict[str, Any] = given
        assert config(**ON, **keys).enable_efs_access
    with pytest.raises(ConfigError, match="Write `efs_arn` or `efs_file_systems`, or turn the flag off"):
        config(**ON)


# ---------------------------------------------------------------- sessions

GROUP = "arn:aws:logs:eu-west-2:123456789012:log-group:/ecs/main/exec"
KEY = "arn:aws:kms:eu-west-2:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
SESSIONS: dict[str, Any] = {
    "enable_ecs_exec": True,
    "exec_log_group_arns": [GROUP],
    "exec_log_bucket_arns": ["arn:aws:s3:::sessions/exec/*", "arn:aws:s3:::all"],
    "exec_kms_key_arns": [KEY],
}
KEYED: dict[str, Any] = {**SESSIONS, "exec_kms_key_arns": [], "exec_log_kms_key_arns": [KEY]}
VIA = {"kms:ViaService": "s3.eu-west-2.amazonaws.com"}
SAID: dict[str, tuple[dict[str, Any], tuple[str, str, dict[str, str]], bool]] = {
    "the group": (SESSIONS, ("logs:PutLogEvents", f"{GROUP}:log-stream:a", {}), True),
    "another group": (SESSIONS, ("logs:PutLogEvents", f"{GROUP}2:log-stream:a", {}), False),
    "a group that isn't there": (SESSIONS, ("logs:CreateLogGroup", f"{GROUP}:*", {}), False),
    "looking for groups": (SESSIONS, ("logs:DescribeLogGroups", "*", {}), True),
    "looking for groups, without one": ({"enable_ecs_exec": True}, ("logs:DescribeLogGroups", "*", {}), False),
    "the prefix": (SESSIONS, ("s3:PutObject", "arn:aws:s3:::sessions/exec/1.log", {}), True),
    "beside the prefix": (SESSIONS, ("s3:PutObject", "arn:aws:s3:::sessions/1.log", {}), False),
    "a whole bucket": (SESSIONS, ("s3:PutObject", "arn:aws:s3:::all/1.log", {}), True),
    "reading what was said": (SESSIONS, ("s3:GetObject", "arn:aws:s3:::all/1.log", {}), False),
    "whether it is encrypted": (SESSIONS, ("s3:GetEncryptionConfiguration", "arn:aws:s3:::sessions", {}), True),
    "the channel": (SESSIONS, ("kms:Decrypt", KEY, {}), True),
    "the channel's new key is the caller's": (SESSIONS, ("kms:GenerateDataKey", KEY, {}), False),
    "the bucket's key": (KEYED, ("kms:GenerateDataKey", KEY, VIA), True),
    "the bucket's key by itself": (KEYED, ("kms:Decrypt", KEY, {}), False),
}


@pytest.mark.parametrize("row", SAID)
def test_what_the_task_may_do_for_a_session(row: str) -> None:
    keys, (action, resource, context), allowed = SAID[row]
    role = ecsiam.build(config(**HOME, **keys)).roles["task"]
    request = Request(action, resource, context={key: (value,) for key, value in context.items()})
    assert any(one.matches for one in evaluate(role, request).statements) == allowed
    assert answers(**keys) == {}


def test_sessions_in_the_containers_group_are_both_roles() -> None:
    """Which is what the cluster's `logging: DEFAULT` would come to: the two roles write one group."""
    found = answers(**{**SESSIONS, "log_group_arns": [GROUP]})
    assert [*found] == ["separation"]
    assert isinstance(found["separation"], Fails)


@pytest.mark.parametrize(
    ("bucket", "remedy"),
    [
        ("arn:aws:s3:::sessions/exec", "end it in `/*`"),
        ("arn:aws:s3:::sessions*", "Write the name out."),
        ("s3://sessions/exec", "Write `arn:aws:s3:::BUCKET`"),
    ],
)
def test_where_no_session_could_be_written(bucket: str, remedy: str) -> None:
    with pytest.raises(ConfigError) as e:
        config(enable_ecs_exec=True, exec_log_bucket_arns=[bucket])
    assert remedy in e.value.faults[0].remedy


def test_a_collector_sets_how_long_its_own_groups_are_kept() -> None:
    keys: dict[str, Any] = {**HOME, "enable_cloudwatch_logs": True, "cloudwatch_logs_collector": True}
    role = ecsiam.build(config(**keys)).roles["task"]
    own = "arn:aws:logs:eu-west-2:123456789012:log-group:/ecs/memos-dev/otel:*"
    for action, resource, allowed in (
        ("logs:PutRetentionPolicy", own, True),
        ("logs:PutRetentionPolicy", own.replace("memos-dev/", "memos-dev2/"), False),
        ("logs:DescribeLogGroups", "*", True),
    ):
        found = evaluate(role, Request(action, resource)).statements
        assert any(one.matches for one in found) == allowed, action
    assert answers(enable_cloudwatch_logs=True, cloudwatch_logs_collector=True) == {}


def test_a_key_that_is_off_is_said_to_be_unused() -> None:
    off = ecsiam.build(Config(project_name="memos", environment="dev", efs_file_systems=[FileSystem(arn=ONE)]))
    assert [n.path for n in off.notes if n.rule == "unused-value"] == [("efs_file_systems",)]


# ---------------------------------------------------------------- people

CLUSTER, TASKS = (f"arn:aws:ecs:eu-west-2:123456789012:{what}" for what in ("cluster/main", "task/main"))
PEOPLE: dict[str, Any] = {
    "enable_ecs_exec": True,
    "exec_kms_key_arns": [KEY],
    "exec_operator_cluster_arns": [CLUSTER],
    "exec_operator_container_names": ["web"],
    "exec_operator_task_tags": {"Service": "memos"},
}
WEB, OURS = {"ecs:container-name": "web"}, {"aws:ResourceTag/Service": "memos"}
# the request, and how the policy answers
ASKED: dict[str, tuple[tuple[str, str, dict[str, str]], str]] = {
    "the cluster": (("ecs:ExecuteCommand", CLUSTER, WEB), "Allow"),
    "a task": (("ecs:ExecuteCommand", f"{TASKS}/1", {**WEB, **OURS}), "Allow"),
    "another service's task": (("ecs:ExecuteCommand", f"{TASKS}/1", WEB), ""),
    "another container": (("ecs:ExecuteCommand", f"{TASKS}/1", {**OURS, "ecs:container-name": "db"}), ""),
    "another cluster": (("ecs:ExecuteCommand", CLUSTER.replace("main", "other"), WEB), ""),
    "a task of another cluster": (("ecs:ExecuteCommand", f"{TASKS}2/1", {**WEB, **OURS}), ""),
    "looking": (("ecs:DescribeTasks", f"{TASKS}/1", {}), "Allow"),
    "the channel's new key": (("kms:GenerateDataKey", KEY, {}), "Allow"),
    "a session past ECS": (("ssm:StartSession", f"{TASKS}/1", {}), "Deny"),
    "a session on an instance": (
        ("ssm:StartSession", "arn:aws:ec2:eu-west-2:123456789012:instance/i-0123456789abcdef0", {}),
        "",
    ),
}


@pytest.mark.parametrize("row", ASKED)
def test_what_people_may_do_who_open_shells(row: str) -> None:
    (action, resource, context), effect = ASKED[row]
    policy = ecsiam.build(config(**HOME, **PEOPLE)).companions["exec-operator"].policy
    request = Request(action, resource, context={key: (value,) for key, value in context.items()})
    found = {policy.statements[one.index].effect for one in evaluate(policy, request).statements if one.matches}
    assert found == ({effect} if effect else set())


def test_the_policy_of_people_is_there_where_it_was_asked_for() -> None:
    assert "exec-operator" not in ecsiam.build(config(**HOME, enable_ecs_exec=True)).companions
    assert "exec-operator" not in ecsiam.build(config(**HOME, **{**PEOPLE, "enable_ecs_exec": False})).companions
    assert answers(**PEOPLE) == {}
    for target in ("terraform", "cloudformation", "iam"):
        files = ecsiam.emit(ecsiam.build(config(**HOME, **PEOPLE)), target).files
        assert "companions/123456789012/exec-operator.json" in files
    left = ecsiam.build(config(**HOME, **{**PEOPLE, "enable_ecs_exec": Parameter("shells", True)}))
    assert left.bind({"shells": False}).companions.keys() == set()
    assert "exec-operator" in left.bind({"shells": True}).companions
