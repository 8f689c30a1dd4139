"""The servers and helpers at work on input written by hand, before anything of ours is tested against them."""

from __future__ import annotations

import http.client
import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from . import roles, servers
from .servers import ACCOUNT, REGION, Server

ClientError = pytest.importorskip("botocore.exceptions", reason="not installed: boto3").ClientError

EXECUTION_POLICY = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
TRUSTS_TASKS = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}


def allow(action: str | list[str], resource: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}


POLICIES = {
    # What a careless decoding would spoil.
    "read": allow("s3:GetObject", "arn:aws:s3:::b/100%25 'q'/é/${aws:username}"),
    "list": allow(["s3:ListBucket"], "arn:aws:s3:::b"),
}


ATTACHED: dict[str, Any] = {"AttachedPolicyArns": [EXECUTION_POLICY], "AttachedDocuments": {EXECUTION_POLICY: {}}}


def role(name: str, **properties: Any) -> dict[str, Any]:
    """A role as a template's resource."""
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"RoleName": name, "AssumeRolePolicyDocument": TRUSTS_TASKS, **properties},
    }


def read_as(name: str, **known: Any) -> dict[str, Any]:
    """What `read_role` says of a role with nothing but a name, and what else is known."""
    return {
        "RoleName": name,
        "Path": "/",
        "AssumeRolePolicyDocument": TRUSTS_TASKS,
        "InlinePolicies": {},
        "AttachedPolicyArns": [],
        "AttachedDocuments": {},
        "PermissionsBoundary": None,
        "MaxSessionDuration": 3600,
        "Tags": {},
        "Description": "",
        "InstanceProfiles": [],
        **known,
    }


def refusal(call: Callable[[], object]) -> str:
    """The code that the call is refused with."""
    with pytest.raises(ClientError) as raised:
        call()
    code: str = raised.value.response["Error"]["Code"]
    return code


@pytest.fixture(params=["moto_server", "ministack_open"])
def store(request: pytest.FixtureRequest) -> Server:
    """Either server, as a store that enforces nothing."""
    server: Server = request.getfixturevalue(request.param)
    return server


def test_a_server_is_gone_when_its_test_fails(moto_server: Server) -> None:
    with pytest.raises(ZeroDivisionError), servers.moto() as other:
        raise ZeroDivisionError
    with pytest.raises(ConnectionRefusedError):
        http.client.HTTPConnection(urlsplit(other.url).netloc).connect()
    moto_server.client("iam").list_roles()


@pytest.mark.usefixtures("moto_server")  # which skips where moto is missing
def test_a_server_does_not_outlive_the_tests(tmp_path: Path) -> None:
    environment = servers.bare_environment(str(tmp_path)) | {"MOTO_PORT": str(servers.free_port())}
    with (tmp_path / "log").open("wb") as log, servers.started("moto.server", environment, log) as process:
        assert process.stdin
        process.stdin.close()  # as it is once we are killed
        assert process.wait(timeout=60) == -signal.SIGKILL


def test_a_server_that_does_not_start_shows_what_it_printed() -> None:
    with (
        pytest.raises(servers.NotStartedError, match="Beautiful is better than ugly"),
        servers.running("this", "PORT", {}, "/"),
    ):
        pass


def test_a_client_ignores_the_environment(store: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = f"http://127.0.0.1:{servers.free_port()}"
    for variable in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(variable, nowhere)
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    assert store.client("sts").get_caller_identity()["Account"] == ACCOUNT


@pytest.mark.parametrize(
    ("server", "property_", "read"),
    [  # each drops what the other keeps
        ("moto_server", {"PermissionsBoundary": EXECUTION_POLICY}, {"PermissionsBoundary": EXECUTION_POLICY}),
        ("ministack_open", {"ManagedPolicyArns": [EXECUTION_POLICY]}, ATTACHED),
    ],
)
def test_a_templates_role_reads_back(
    server: str, property_: dict[str, Any], read: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    store: Server = request.getfixturevalue(server)
    name = roles.unused("task")
    plain = {"Path": "/tasks/", "Description": "the api's", "MaxSessionDuration": 7200}
    template = {
        "Resources": {
            "Task": role(
                name,
                **plain,
                **property_,
                Policies=[{"PolicyName": policy, "PolicyDocument": POLICIES[policy]} for policy in POLICIES],
                Tags=[{"Key": "service", "Value": "api"}],
            )
        }
    }
    roles.create_stack(store, template)
    assert roles.read_role(store.client("iam"), name) == read_as(
        name, **plain, **read, InlinePolicies=POLICIES, Tags={"service": "api"}
    )


def test_a_files_role_reads_back(store: Server, tmp_path: Path) -> None:
    name = roles.unused("task")
    arguments = {
        "RoleName": name,
        "Path": "/tasks/",
        "AssumeRolePolicyDocument": json.dumps(TRUSTS_TASKS),
        "Description": "the api's",
        "MaxSessionDuration": 7200,
        "PermissionsBoundary": EXECUTION_POLICY,
        "Tags": [{"Key": "service", "Value": "api"}],
    }
    folder = tmp_path / "roles" / name
    (folder / "policies").mkdir(parents=True)
    (folder / "create-role.json").write_text(json.dumps(arguments))
    (folder / "attached-policies.json").write_text(json.dumps([EXECUTION_POLICY]))
    for policy, document in POLICIES.items():
        (folder / "policies" / f"{policy}.json").write_text(json.dumps(document))

    iam = store.client("iam")
    assert roles.create_role_from_files(iam, tmp_path) == [name]
    assert roles.read_role(iam, name) == read_as(
        name,
        Path="/tasks/",
        Description="the api's",
        MaxSessionDuration=7200,
        PermissionsBoundary=EXECUTION_POLICY,
        **ATTACHED,
        InlinePolicies=POLICIES,
        Tags={"service": "api"},
    )


def test_functions_and_pseudo_parameters_are_resolved(store: Server) -> None:
    name = roles.unused("task")
    resources = [
        {"Fn::Sub": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${Name}-${!aws:username}"},
        {"Fn::Sub": ["${where}.${AWS::URLSuffix}", {"where": {"Ref": "AWS::Region"}}]},
        {"Fn::Join": [":", ["arn", {"Ref": "AWS::Partition"}, {"Ref": "AWS::AccountId"}, {"Ref": "AWS::URLSuffix"}]]},
    ]
    # A prefix and a suffix on each of a list's members, which CloudFormation has no loop for.
    between = {"Fn::Join": ["/*|arn:aws:s3:::", {"Ref": "Buckets"}]}
    each = {"Fn::Sub": ["arn:aws:s3:::${between}/*", {"between": between}]}
    template = {
        "Parameters": {"Name": {"Type": "String"}, "Buckets": {"Type": "CommaDelimitedList"}},
        "Resources": {
            "Task": role(
                name,
                Policies=[
                    {"PolicyName": "queues", "PolicyDocument": allow("sqs:SendMessage", resources)},
                    {"PolicyName": "buckets", "PolicyDocument": allow("s3:GetObject", {"Fn::Split": ["|", each]})},
                ],
            )
        },
        "Outputs": {
            "Arn": {"Value": {"Fn::GetAtt": ["Task", "Arn"]}},
            "Name": {"Value": {"Ref": "Task"}},
        },
    }
    outputs = roles.create_stack(store, template, Name="jobs", Buckets="one,two")
    assert outputs == {"Arn": f"arn:aws:iam::{ACCOUNT}:role/{name}", "Name": name}
    policies = roles.read_role(store.client("iam"), name)["InlinePolicies"]
    assert policies["queues"]["Statement"][0]["Resource"] == [
        f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs-${{aws:username}}",
        f"{REGION}.amazonaws.com",
        f"arn:aws:{ACCOUNT}:amazonaws.com",
    ]
    assert policies["buckets"]["Statement"][0]["Resource"] == ["arn:aws:s3:::one/*", "arn:aws:s3:::two/*"]


@pytest.mark.parametrize(("bucket", "expected"), [("", []), ("own", ["bucket"])])
def test_ministack_puts_a_policy_under_a_condition(ministack_open: Server, bucket: str, expected: list[str]) -> None:
    name = roles.unused("task")
    policy = {"PolicyName": "bucket", "PolicyDocument": allow("s3:GetObject", {"Fn::Sub": "arn:aws:s3:::${Bucket}/*"})}
    template = {
        "Parameters": {"Bucket": {"Type": "String"}},
        "Conditions": {"HasBucket": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Bucket"}, ""]}]}},
        "Resources": {"Task": role(name, Policies=[{"Fn::If": ["HasBucket", policy, {"Ref": "AWS::NoValue"}]}])},
    }
    roles.create_stack(ministack_open, template, Bucket=bucket)
    assert list(roles.read_role(ministack_open.client("iam"), name)["InlinePolicies"]) == expected


def test_ministack_checks_parameters_and_rules(ministack_open: Server) -> None:
    in_region = {"Assert": {"Fn::Contains": [["us-east-1"], {"Ref": "AWS::Region"}]}, "AssertDescription": "not here"}
    guarded = {"Rules": {"Region": {"Assertions": [in_region]}}, "Resources": {"Task": role("never")}}
    pattern = {"Type": "String", "AllowedPattern": "[a-z]+"}
    patterned = {"Parameters": {"Name": pattern}, "Resources": {"Task": role("never")}}
    assert refusal(lambda: roles.create_stack(ministack_open, guarded)) == "ValidationError"
    assert refusal(lambda: roles.create_stack(ministack_open, patterned, Name="a*")) == "ValidationError"


def test_a_role_for_tasks_refuses_a_caller(ministack: Server) -> None:
    made = ministack.client("iam").create_role(
        RoleName=roles.unused("task"), AssumeRolePolicyDocument=json.dumps(TRUSTS_TASKS)
    )
    _, key = roles.caller(ministack)
    assert refusal(lambda: roles.assume(ministack, made["Role"]["Arn"], key)) == "AccessDenied"


def test_permissions_reach_what_they_name_and_nothing_else(ministack: Server) -> None:
    s3, secrets = ministack.client("s3"), ministack.client("secretsmanager")
    own, neighbours = roles.unused("own"), roles.unused("neighbours")
    arns = {name: secrets.create_secret(Name=name, SecretString=name)["ARN"] for name in (own, neighbours)}
    for bucket in (own, neighbours):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket=bucket, Key="key", Body=bucket.encode())

    granted = roles.assume_with_policies(
        ministack,
        {
            "bucket": allow("s3:GetObject", f"arn:aws:s3:::{own}/*"),
            "secret": allow("secretsmanager:GetSecretValue", arns[own]),
        },
    )
    s3, secrets = ministack.client("s3", granted), ministack.client("secretsmanager", granted)
    assert s3.get_object(Bucket=own, Key="key")["Body"].read() == own.encode()
    assert refusal(lambda: s3.get_object(Bucket=neighbours, Key="key")) == "AccessDenied"
    assert refusal(lambda: s3.put_object(Bucket=own, Key="key", Body=b"")) == "AccessDenied"
    assert secrets.get_secret_value(SecretId=arns[own])["SecretString"] == own
    assert refusal(lambda: secrets.get_secret_value(SecretId=arns[neighbours])) == "AccessDeniedException"


def test_a_session_needs_its_own_secret_key(ministack: Server) -> None:
    """Signatures are verified, so a refusal is never about an identity that was only claimed."""
    session = roles.assume_with_policies(ministack, {"all": allow("*", "*")})
    forged = servers.Credentials(session.access_key, "forged", session.token)
    ministack.client("s3", session).list_buckets()
    assert refusal(lambda: ministack.client("s3", forged).list_buckets()) == "SignatureDoesNotMatch"
