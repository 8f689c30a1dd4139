"""Raw IAM JSON on servers that take it as AWS's own command line would send it, and what the roles may then do."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, frozen

from ecsiam import Artifact, Config, EmitError, Stack, build, emit
from ecsiam.model.text import PARTITION, Text

from . import meaning
from .aws import roles
from .aws.servers import ACCOUNT, REGION, Credentials, Server
from .cases import CASES, bound, known, stack_of

FORBIDDEN = {"AccessDenied", "AccessDeniedException", "403"}


def refused(call: Any, **arguments: Any) -> bool:
    """Whether the call is refused, and for want of permission."""
    from botocore.exceptions import ClientError  # which only the tests with a server need

    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error: Any = caught.value
    return error.response["Error"]["Code"] in FORBIDDEN


# ---------------------------------------------------------------- the files


def test_each_role_has_a_folder() -> None:
    artifact = emit(stack_of("everything"), "iam")
    fixed = ("attached-policies.json", "create-role.json", "trust-policy.json")
    policies = {
        "memos-prod-execution-role": ("execution-ecr", "execution-logs", "execution-secrets"),
        "memos-prod-task-role": ("cloudwatch", "efs", "exec", "s3"),
        "memos-prod-github-actions-role": ("github-actions",),
    }
    own = [path for path in artifact.files if not path.startswith("companions/")]
    assert sorted(own) == sorted(
        f"roles/{role}/{file}"
        for role, names in policies.items()
        for file in (*fixed, *(f"policies/memos-prod-{name}-policy.json" for name in names))
    )


def test_the_files_hold_what_the_command_line_takes() -> None:
    files = {path: json.loads(text) for path, text in emit(stack_of("names"), "iam").files.items()}
    create = files["roles/notes=deploy/create-role.json"]
    assert list(create) == [
        *("RoleName", "Path", "AssumeRolePolicyDocument", "Description"),
        *("MaxSessionDuration", "PermissionsBoundary", "Tags"),
    ]
    assert json.loads(create["AssumeRolePolicyDocument"]) == files["roles/notes=deploy/trust-policy.json"]
    assert create["MaxSessionDuration"] == 43200
    assert files["roles/notes+task/attached-policies.json"] == [
        "arn:aws:iam::123456789012:policy/teams/notes/shared",
        "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess",
    ]
    assert files["roles/notes=deploy/attached-policies.json"] == []
    assert "roles/notes+task/policies/mount,write.json" in files


def test_the_files_are_ascii_and_say_the_same() -> None:
    """The AWS command line reads a file in the encoding of the place it runs in."""
    artifact = emit(bound(stack_of("statements")), "iam")
    (text,) = [text for path, text in artifact.files.items() if path.endswith("task-statements-policy.json")]
    assert "é" in json.loads(text)["Statement"][1]["NotResource"][0]
    assert all(text.isascii() for text in (*artifact.files.values(), artifact.document))


@pytest.mark.parametrize(
    ("values", "named", "settings"),
    [
        (
            {},
            "`account_id`, `aws_region`, `partition`",
            "--set account_id=123456789012 --set aws_region=eu-west-2 --set partition=aws",
        ),
        (
            {"partition": "aws-us-gov"},
            "`account_id`, `aws_region`",
            "--set account_id=123456789012 --set aws_region=us-gov-west-1",
        ),
        ({"aws_region": "eu-west-2"}, "`account_id`", "--set account_id=123456789012"),
        ({"account_id": "1" * 12, "partition": "aws-cn"}, "`aws_region`", "--set aws_region=cn-north-1"),
        ({"account_id": "1" * 12, "partition": "aws-eusc"}, "`aws_region`", "--set aws_region=eusc-de-east-1"),
    ],
)
def test_what_is_not_bound_is_one_refusal_that_names_it_all(values: dict[str, Any], named: str, settings: str) -> None:
    stack = build(Config(project_name="memos", environment="dev", **values))
    with pytest.raises(EmitError) as caught:
        emit(stack, "iam")
    (fault,) = caught.value.faults
    message = f"raw IAM JSON can't leave {named} to deployment. Write it in the config, or bind it: `{settings}`."
    assert str(fault) == message
    # The settings that it shows are such that it then works.
    emit(stack, "iam", bind=dict(re.findall(r"--set (\w+)=([\w-]+)", message)))


def test_a_reference_that_no_binding_fills_is_refused() -> None:
    stack = bound(stack_of("minimal"))
    left = [evolve(role, permissions_boundary=Text.of("arn:", PARTITION)) for role in stack.roles.values()]
    with pytest.raises(EmitError, match=re.escape("`arn:{partition}` is not bound")):
        emit(evolve(stack, roles=left), "iam")


# ---------------------------------------------------------------- the roles that they make


def renamed(stack: Stack) -> Stack:
    """The stack with names that no other test has: the server lives on."""
    mark = roles.unused("p")
    return evolve(
        stack,
        roles=[
            evolve(
                role,
                name=roles.unused(role.id),
                policies=[evolve(p, name=f"{mark}-{p.id}") if p.managed else p for p in role.policies.values()],
            )
            for role in stack.roles.values()
        ],
    )


def written(artifact: Artifact, folder: Path) -> Path:
    artifact.write(folder)
    return folder


@pytest.mark.parametrize("case", CASES)
def test_roles_made_from_the_files_are_the_models(ministack: Server, case: str, tmp_path: Path) -> None:
    stack = renamed(bound(stack_of(case)))
    expected = meaning.of_stack(stack, known(stack))
    iam = ministack.client("iam")
    for path, name in (("/boundaries/", "ecs"), ("/teams/notes/", "shared")) if case == "names" else ():
        anything = roles.policy_text({"Effect": "Allow", "Action": "*", "Resource": "*"})
        iam.create_policy(PolicyName=name, Path=path, PolicyDocument=anything)
    names = roles.create_role_from_files(iam, written(emit(stack, "iam"), tmp_path / "iam"))
    assert sorted(names) == sorted(expected)
    made = {name: meaning.of_server(roles.read_role(iam, name), expected[name].own)[name] for name in names}
    assert made == expected


# ---------------------------------------------------------------- what they may do


@frozen
class Places:
    """What a service has on the server, and what its neighbours have: names, except where it says ARN."""

    own: str  # a bucket, a repository, and how the rest begins
    other: str
    own_secret_arn: str
    other_secret_arn: str
    own_parameter: str
    other_parameter: str
    key_arn: str


@pytest.fixture(scope="module")
def places(ministack: Server) -> Places:
    s3, ecr, secrets, ssm = (ministack.client(service) for service in ("s3", "ecr", "secretsmanager", "ssm"))
    own, other = roles.unused("own"), roles.unused("other")
    for name in (own, other):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket=name, Key="key", Body=name.encode())
        ecr.create_repository(repositoryName=name)
        ssm.put_parameter(Name=f"/{name}/token", Value="token", Type="String")
    # The neighbour's secret begins as the own one does, and its name is longer.
    return Places(
        own,
        other,
        own_secret_arn=secrets.create_secret(Name=own, SecretString="secret")["ARN"],
        other_secret_arn=secrets.create_secret(Name=f"{own}-api", SecretString="secret")["ARN"],
        own_parameter=f"/{own}/token",
        other_parameter=f"/{other}/token",
        key_arn=ministack.client("kms").create_key()["KeyMetadata"]["Arn"],
    )


@pytest.fixture(scope="module")
def service(places: Places) -> Stack:
    """A service with its own bucket and secrets, everything else as it is by default."""
    here = f"{REGION}:{ACCOUNT}"
    return build(
        Config(
            project_name=places.own,
            environment="dev",
            account_id=ACCOUNT,
            aws_region=REGION,
            enable_s3_access=True,
            s3_bucket_arns=[f"arn:aws:s3:::{places.own}"],
            enable_secrets_access=True,
            secrets_arns=[
                f"arn:aws:secretsmanager:{here}:secret:{places.own}-??????",
                f"arn:aws:ssm:{here}:parameter{places.own_parameter}",
            ],
            secrets_kms_key_arns=[places.key_arn],
            enable_cloudwatch_logs=True,
            enable_ecs_exec=True,
            enable_github_oidc=True,
            github_repo="octo-org/memos",
            task_definition_families=[places.own],
            ecr_repository_arns=[f"arn:aws:ecr:{here}:repository/{places.own}"],
        )
    )


@pytest.fixture(scope="module")
def made(ministack: Server, service: Stack, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The ARNs of the service's roles, made from the files."""
    iam = ministack.client("iam")
    folder = written(emit(service, "iam"), tmp_path_factory.mktemp("iam"))
    return [iam.get_role(RoleName=name)["Role"]["Arn"] for name in roles.create_role_from_files(iam, folder)]


def permissions(service: Stack, role: str) -> dict[str, Any]:
    """The emitted permission documents of a role, by name."""
    folder = f"roles/{service.roles[role].name}/policies/"
    files = emit(service, "iam").files
    return {Path(path).stem: json.loads(text) for path, text in files.items() if path.startswith(folder)}


def acting_as(server: Server, service: Stack, role: str) -> Credentials:
    """A test's own role with the emitted permissions of this one: the role itself trusts nobody that a test can be."""
    return roles.assume_with_policies(server, permissions(service, role))


@cache
def client(server: Server, service: str, credentials: Credentials) -> Any:
    return server.client(service, credentials)


@pytest.fixture(scope="module")
def task(ministack: Server, service: Stack) -> Credentials:
    return acting_as(ministack, service, "task")


@pytest.fixture(scope="module")
def execution(ministack: Server, service: Stack) -> Credentials:
    return acting_as(ministack, service, "execution")


@pytest.fixture(scope="module")
def github_actions(ministack: Server, service: Stack) -> Credentials:
    return acting_as(ministack, service, "github_actions")


def test_the_emitted_trust_refuses_a_user_of_the_account(ministack: Server, made: list[str]) -> None:
    _, key = roles.caller(ministack)
    sts = ministack.client("sts", key)
    assert len(made) == 3
    for arn in made:
        assert refused(sts.assume_role, RoleArn=arn, RoleSessionName="test")


def test_the_task_reads_writes_and_lists_its_own_bucket(ministack: Server, task: Credentials, places: Places) -> None:
    s3 = client(ministack, "s3", task)
    assert s3.get_object(Bucket=places.own, Key="key")["Body"].read() == places.own.encode()
    s3.put_object(Bucket=places.own, Key="more", Body=b"more")
    listed = s3.list_objects_v2(Bucket=places.own)["Contents"]
    assert [each["Key"] for each in listed] == ["key", "more"]
    s3.delete_object(Bucket=places.own, Key="more")


def test_the_task_is_refused_its_neighbours_bucket(ministack: Server, task: Credentials, places: Places) -> None:
    s3 = client(ministack, "s3", task)
    assert refused(s3.get_object, Bucket=places.other, Key="key")
    assert refused(s3.put_object, Bucket=places.other, Key="key", Body=b"")
    assert refused(s3.delete_object, Bucket=places.other, Key="key")
    assert refused(s3.list_objects_v2, Bucket=places.other)


def test_the_task_is_refused_the_execution_roles_secrets(ministack: Server, task: Credentials, places: Places) -> None:
    secrets, ssm = client(ministack, "secretsmanager", task), client(ministack, "ssm", task)
    assert refused(secrets.get_secret_value, SecretId=places.own_secret_arn)
    assert refused(secrets.get_secret_value, SecretId=places.other_secret_arn)
    assert refused(ssm.get_parameters, Names=[places.own_parameter])


# The execution role's log streams are left out: ministack asks about `log-group:NAME` where AWS asks about
# `log-group:NAME:*`, so that it refuses what AWS allows. So it does with GetParameters, which it asks about `*`.


def test_the_execution_role_reads_its_own_secret(ministack: Server, execution: Credentials, places: Places) -> None:
    secrets = client(ministack, "secretsmanager", execution)
    assert secrets.get_secret_value(SecretId=places.own_secret_arn)["SecretString"] == "secret"


def test_the_execution_role_is_refused_its_neighbours(
    ministack: Server, execution: Credentials, places: Places
) -> None:
    secrets, ssm = client(ministack, "secretsmanager", execution), client(ministack, "ssm", execution)
    assert places.other_secret_arn.startswith(places.own_secret_arn[: -len("-AbCdEf")])
    assert refused(secrets.get_secret_value, SecretId=places.other_secret_arn)
    assert refused(secrets.put_secret_value, SecretId=places.own_secret_arn, SecretString="mine")
    assert refused(ssm.get_parameters, Names=[places.other_parameter])


def test_the_execution_role_is_refused_the_tasks_bucket(
    ministack: Server, execution: Credentials, places: Places
) -> None:
    s3 = client(ministack, "s3", execution)
    assert refused(s3.put_object, Bucket=places.own, Key="key", Body=b"")
    assert refused(s3.get_object, Bucket=places.own, Key="key")
    assert refused(s3.list_objects_v2, Bucket=places.own)


def test_the_execution_role_decrypts_only_by_way_of_the_services(
    ministack: Server, execution: Credentials, service: Stack, places: Places
) -> None:
    cipher = ministack.client("kms").encrypt(KeyId=places.key_arn, Plaintext=b"secret")["CiphertextBlob"]
    assert refused(client(ministack, "kms", execution).decrypt, CiphertextBlob=cipher, KeyId=places.key_arn)
    # It is the condition that refuses it.
    documents = permissions(service, "execution")
    for document in documents.values():
        document["Statement"] = [{**s, "Condition": {}} for s in document["Statement"]]
    anywhere = ministack.client("kms", roles.assume_with_policies(ministack, documents))
    assert anywhere.decrypt(CiphertextBlob=cipher, KeyId=places.key_arn)["Plaintext"] == b"secret"


def test_images_are_pulled_by_one_role_and_pushed_by_another(
    ministack: Server, execution: Credentials, github_actions: Credentials, task: Credentials, places: Places
) -> None:
    pull, push, neither = (client(ministack, "ecr", each) for each in (execution, github_actions, task))
    image = {"repositoryName": places.own, "imageIds": [{"imageTag": "latest"}]}
    for ecr in (pull, push):
        assert ecr.get_authorization_token()["authorizationData"]
        assert ecr.batch_get_image(**image)["failures"]  # it may ask; there is no such image
        assert refused(ecr.batch_get_image, **{**image, "repositoryName": places.other})
    assert refused(neither.batch_get_image, **image)

    assert push.initiate_layer_upload(repositoryName=places.own)["uploadId"]
    assert refused(push.initiate_layer_upload, repositoryName=places.other)
    assert refused(pull.initiate_layer_upload, repositoryName=places.own)


def test_the_deploy_role_is_refused_what_the_tasks_have(
    ministack: Server, github_actions: Credentials, places: Places
) -> None:
    s3, secrets = client(ministack, "s3", github_actions), client(ministack, "secretsmanager", github_actions)
    assert refused(s3.get_object, Bucket=places.own, Key="key")
    assert refused(secrets.get_secret_value, SecretId=places.own_secret_arn)
    assert refused(client(ministack, "iam", github_actions).create_user, UserName=roles.unused("intruder"))
