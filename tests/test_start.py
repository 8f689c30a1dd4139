"""What ECS may do while it starts a task, request by request, with the page of AWS that says so.

Images, log groups, credentials of registries, environment files: each row is a config, one request, and whether the
execution role may make it.
"""

from typing import Any

import pytest

import ecsiam
from ecsiam import ConfigError, Fails, Holds, Parameter, Request, evaluate, prove

from .written import config

_ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
_ROLE = f"{_ECS}/task_execution_IAM_role.html"
_CACHE = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-iam.html"
HOME: dict[str, Any] = {"account_id": "123456789012", "aws_region": "eu-west-2"}
REPOSITORY = "arn:aws:ecr:eu-west-2:123456789012:repository"
GUARDDUTY = "arn:aws:ecr:eu-west-2:694911143906:repository/aws-guardduty-agent-fargate"
SECRET = "arn:aws:secretsmanager:eu-west-2:123456789012:secret"
GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:/ecs/a"
STREAM = f"{GROUP}:log-stream:web/1"
KEY = "arn:aws:kms:eu-west-2:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
FILE = "arn:aws:s3:::memos-config/prod/memos.env"

OWN: dict[str, Any] = {"ecr_repository_arns": [f"{REPOSITORY}/memos"]}
CACHED: dict[str, Any] = {**OWN, "ecr_pull_through_prefixes": ["docker-hub"]}
ENDPOINT: dict[str, Any] = {**CACHED, "ecr_vpc_endpoint_ids": ["vpce-0a1b2c3d"]}
VPC: dict[str, Any] = {**OWN, "ecr_vpc_ids": ["vpc-0a1b2c3d"], "runtime_monitoring_repository_arns": [GUARDDUTY]}
REGISTRY: dict[str, Any] = {
    "registry_credentials_arns": ["ghcr", f"{SECRET}:quay-AbCdE1", f"{SECRET}:mine"],
    "registry_credentials_kms_key_arns": [KEY],
}
FILES: dict[str, Any] = {"environment_file_arns": [FILE], "environment_file_kms_key_arns": [KEY]}
OTHERS: dict[str, Any] = {**FILES, "environment_file_account_ids": ["999999999999"]}
HERE, THERE = {"aws:ResourceAccount": "123456789012"}, {"aws:ResourceAccount": "999999999999"}

# the config, the request, whether it is allowed, and the page
ROWS: dict[str, tuple[dict[str, Any], tuple[str, str, dict[str, str]], bool, str]] = {
    "an image of its own": (OWN, ("ecr:BatchGetImage", f"{REPOSITORY}/memos", {}), True, _ROLE),
    "no image in ECR": (
        {**OWN, "enable_ecr_pull": False},
        ("ecr:BatchGetImage", f"{REPOSITORY}/memos", {}),
        False,
        _ROLE,
    ),
    "no image in ECR, no token": ({"enable_ecr_pull": False}, ("ecr:GetAuthorizationToken", "*", {}), False, _ROLE),
    "an image through the cache": (CACHED, ("ecr:BatchGetImage", f"{REPOSITORY}/docker-hub/nginx", {}), True, _CACHE),
    "an import": (CACHED, ("ecr:BatchImportUpstreamImage", f"{REPOSITORY}/docker-hub/a/b", {}), True, _CACHE),
    "an import of what is no cache's": (
        CACHED,
        ("ecr:BatchImportUpstreamImage", f"{REPOSITORY}/memos", {}),
        False,
        _CACHE,
    ),
    "an import beside the prefix": (
        CACHED,
        ("ecr:BatchImportUpstreamImage", f"{REPOSITORY}/docker-hub2/a", {}),
        False,
        _CACHE,
    ),
    "a repository of the cache": (CACHED, ("ecr:CreateRepository", f"{REPOSITORY}/docker-hub/a", {}), False, _CACHE),
    "a repository of the cache that may be made": (
        {**CACHED, "ecr_create_cached_repositories": True},
        ("ecr:CreateRepository", f"{REPOSITORY}/docker-hub/a", {}),
        True,
        _CACHE,
    ),
    "any other repository": (
        {**CACHED, "ecr_create_cached_repositories": True},
        ("ecr:CreateRepository", f"{REPOSITORY}/memos", {}),
        False,
        _CACHE,
    ),
    "a cache without a prefix": (
        {**OWN, "ecr_pull_through_prefixes": ["ROOT"]},
        ("ecr:BatchImportUpstreamImage", f"{REPOSITORY}/library/nginx", {}),
        True,
        _CACHE,
    ),
    "a pull through the endpoint": (
        ENDPOINT,
        ("ecr:GetDownloadUrlForLayer", f"{REPOSITORY}/memos", {"aws:SourceVpce": "vpce-0a1b2c3d"}),
        True,
        _ROLE,
    ),
    "a pull through another one": (
        ENDPOINT,
        ("ecr:GetDownloadUrlForLayer", f"{REPOSITORY}/memos", {"aws:SourceVpce": "vpce-99999999"}),
        False,
        _ROLE,
    ),
    "a pull past it": (ENDPOINT, ("ecr:BatchGetImage", f"{REPOSITORY}/docker-hub/a", {}), False, _ROLE),
    "the token past it, as Fargate asks": (ENDPOINT, ("ecr:GetAuthorizationToken", "*", {}), True, _ROLE),
    "logs past it": (
        {**ENDPOINT, "log_group_arns": [GROUP]},
        ("logs:PutLogEvents", STREAM, {}),
        True,
        _ROLE,
    ),
    "a pull from the VPC": (
        VPC,
        ("ecr:BatchGetImage", f"{REPOSITORY}/memos", {"aws:SourceVpc": "vpc-0a1b2c3d"}),
        True,
        _ROLE,
    ),
    "GuardDuty's agent": (VPC, ("ecr:BatchGetImage", GUARDDUTY, {"aws:SourceVpc": "vpc-0a1b2c3d"}), True, _ROLE),
    "GuardDuty's agent, unasked": (OWN, ("ecr:BatchGetImage", GUARDDUTY, {}), False, _ROLE),
    "a log group of another region": (
        {"log_group_arns": [GROUP]},
        ("logs:CreateLogStream", STREAM, {}),
        True,
        f"{_ECS}/using_awslogs.html",
    ),
    "a log group that is there": (
        {"log_group_arns": [GROUP]},
        ("logs:CreateLogGroup", GROUP, {}),
        False,
        f"{_ECS}/using_awslogs.html",
    ),
    "a log group that may be made": (
        {"log_group_arns": [GROUP], "awslogs_create_group": True},
        ("logs:CreateLogGroup", f"{GROUP}:*", {}),
        True,
        f"{_ECS}/using_awslogs.html",
    ),
    "logs that go elsewhere": (
        {"log_group_arns": [GROUP], "enable_container_logs": False, "awslogs_create_group": True},
        ("logs:PutLogEvents", STREAM, {}),
        False,
        f"{_ECS}/using_awslogs.html",
    ),
    "credentials by name": (
        REGISTRY,
        ("secretsmanager:GetSecretValue", f"{SECRET}:ghcr-A1b2C3", {}),
        True,
        f"{_ECS}/private-auth.html",
    ),
    "credentials by a whole ARN": (
        REGISTRY,
        ("secretsmanager:GetSecretValue", f"{SECRET}:quay-AbCdE1", {}),
        True,
        f"{_ECS}/private-auth.html",
    ),
    "credentials of the same name": (
        REGISTRY,
        ("secretsmanager:GetSecretValue", f"{SECRET}:quay-XxXxX1", {}),
        False,
        f"{_ECS}/private-auth.html",
    ),
    "credentials by a part of an ARN": (
        REGISTRY,
        ("secretsmanager:GetSecretValue", f"{SECRET}:mine-A1b2C3", {}),
        True,
        f"{_ECS}/private-auth.html",
    ),
    "credentials of a longer name": (
        REGISTRY,
        ("secretsmanager:GetSecretValue", f"{SECRET}:ghcr-prod-A1b2C3", {}),
        False,
        f"{_ECS}/private-auth.html",
    ),
    "a name that is a parameter's": (
        REGISTRY,
        ("ssm:GetParameters", "arn:aws:ssm:eu-west-2:123456789012:parameter/ghcr", {}),
        False,
        f"{_ECS}/private-auth.html",
    ),
    "their key through Secrets Manager": (
        REGISTRY,
        ("kms:Decrypt", KEY, {"kms:ViaService": "secretsmanager.eu-west-2.amazonaws.com"}),
        True,
        f"{_ECS}/private-auth.html",
    ),
    "their key by itself": (REGISTRY, ("kms:Decrypt", KEY, {}), False, f"{_ECS}/private-auth.html"),
    "an environment file": (FILES, ("s3:GetObject", FILE, HERE), True, f"{_ECS}/use-environment-file.html"),
    "its bucket": (
        FILES,
        ("s3:GetBucketLocation", "arn:aws:s3:::memos-config", HERE),
        True,
        f"{_ECS}/use-environment-file.html",
    ),
    "another object of it": (
        FILES,
        ("s3:GetObject", "arn:aws:s3:::memos-config/x", HERE),
        False,
        f"{_ECS}/use-environment-file.html",
    ),
    "a bucket of that name elsewhere": (
        FILES,
        ("s3:GetObject", FILE, THERE),
        False,
        f"{_ECS}/use-environment-file.html",
    ),
    "a bucket that is another's": (OTHERS, ("s3:GetObject", FILE, THERE), True, f"{_ECS}/use-environment-file.html"),
    "a bucket that isn't": (OTHERS, ("s3:GetObject", FILE, HERE), False, f"{_ECS}/use-environment-file.html"),
    "its key through S3": (
        FILES,
        ("kms:Decrypt", KEY, {"kms:ViaService": "s3.eu-west-2.amazonaws.com"}),
        True,
        f"{_ECS}/use-environment-file.html",
    ),
    "its key through another service": (
        FILES,
        ("kms:Decrypt", KEY, {"kms:ViaService": "secretsmanager.eu-west-2.amazonaws.com"}),
        False,
        f"{_ECS}/use-environment-file.html",
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_what_ecs_may_do(row: str) -> None:
    keys, (action, resource, context), allowed, page = ROWS[row]
    assert page.startswith("https://docs.aws.amazon.com/")
    role = ecsiam.build(config(**HOME, **keys)).roles["execution"]
    request = Request(action, resource, context={key: (value,) for key, value in context.items()})
    # Whether the role's own statements match: of a bucket elsewhere, its owner has a say too.
    assert any(one.matches for one in evaluate(role, request).statements) == allowed


def holds(**keys: Any) -> None:
    answers = prove(ecsiam.build(config(**HOME, **keys)))
    assert {id: str(a) for id, a in answers.items() if not isinstance(a, Holds)} == {}


@pytest.mark.parametrize(
    "keys",
    [
        {"enable_ecr_pull": False},
        {"enable_container_logs": False},
        {"enable_ecr_pull": False, "enable_container_logs": False},
        {**ENDPOINT, "ecr_create_cached_repositories": True},
        VPC,
        {"log_group_arns": [GROUP], "awslogs_create_group": True},
        REGISTRY,
        FILES,
        OTHERS,
        {**REGISTRY, **FILES, **ENDPOINT, "enable_secrets_access": True, "secrets_arns": [f"{SECRET}:db-AbCdE1"]},
    ],
)
def test_all_of_it_is_what_an_execution_role_is_for_and_works(keys: dict[str, Any]) -> None:
    holds(**keys)


@pytest.mark.parametrize("flag", ["enable_ecr_pull", "enable_container_logs"])
def test_a_flag_that_is_on_by_default_may_be_left_open(flag: str) -> None:
    left = ecsiam.build(config(**HOME, **{flag: Parameter("on", True)}))
    on, off = (ecsiam.build(config(**HOME, **{flag: value})) for value in (True, False))
    assert left.bind({"on": True}).roles == on.roles == ecsiam.build(config(**HOME)).roles
    assert left.bind({"on": False}).roles == off.roles
    holds(**{flag: Parameter("on", True)})
    assert dict(off.intent.flags)[flag] is False
    assert flag not in dict(on.intent.flags), "what was on before there was a flag says nothing new"


def test_credentials_in_another_account_take_a_key_of_it() -> None:
    secret = "arn:aws:secretsmanager:eu-west-2:999999999999:secret:ghcr-AbCdE1"
    without = prove(ecsiam.build(config(**HOME, registry_credentials_arns=[secret])))["works"]
    assert isinstance(without, Fails)
    assert "`registry_credentials_kms_key_arns`" in str(without)
    key = KEY.replace("123456789012", "999999999999")
    keys: dict[str, Any] = {"registry_credentials_arns": [secret], "registry_credentials_kms_key_arns": [key]}
    assert isinstance(prove(ecsiam.build(config(**HOME, **keys)))["works"], Holds)


@pytest.mark.parametrize(
    ("key", "value", "remedy"),
    [
        ("ecr_pull_through_prefixes", "docker-hub/", "Leave it out."),
        ("ecr_pull_through_prefixes", "docker-hub/*", "A prefix stands for every repository below it."),
        ("ecr_vpc_endpoint_ids", "vpc-0a1b2c3d", "Write it like `vpce-0123456789abcdef0`."),
        ("registry_credentials_arns", "ghcr:password::", "Write the name or the ARN alone"),
        ("registry_credentials_arns", "arn:aws:ssm:eu-west-2:123456789012:parameter/ghcr", "Write it like"),
        ("environment_file_arns", "arn:aws:s3:::memos-config", "Write the object's key after the bucket"),
        ("environment_file_arns", "s3://memos-config/prod.env", "Write `arn:aws:s3:::BUCKET/KEY`."),
    ],
)
def test_what_is_not_taken_has_its_reason(key: str, value: str, remedy: str) -> None:
    keys: dict[str, Any] = {key: [value]}
    with pytest.raises(ConfigError) as e:
        config(**keys)
    (fault,) = e.value.faults
    assert fault.path == (key, 0)
    assert remedy in fault.remedy
