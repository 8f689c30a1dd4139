"""One CloudFormation template for every choice: what it makes is what the stack with that choice bound is.

ministack creates the template for real and its roles are read back. Lists are compared as sets: CloudFormation can
neither sort a list that is a parameter nor drop what stands in it twice, and IAM gives neither a meaning. ministack
drops PermissionsBoundary and moto fails on a conditional policy, so a boundary has a test of its own, on moto.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, cast

import pytest
from attrs import evolve

import ecsiam
from ecsiam.config import load_config
from ecsiam.config.describe import module
from ecsiam.emitters.takes import literal
from ecsiam.errors import EmitError
from ecsiam.model.each import Each
from ecsiam.model.forms import FORMS
from ecsiam.model.names import camel_case
from ecsiam.model.statement import Statement
from ecsiam.model.text import Text, text

from .aws import roles
from .aws.servers import ACCOUNT, REGION, Credentials, Server
from .meaning import Roles, made, of_server
from .opened import PERMITTED

ClientError = pytest.importorskip("botocore.exceptions", reason="not installed: boto3").ClientError

Json = Any
Values = Mapping[str, object]

HERE = {"account_id": ACCOUNT, "aws_region": REGION, "partition": "aws"}
AT = f"{REGION}:{ACCOUNT}"
EFS = f"arn:aws:elasticfilesystem:{AT}:file-system/fs-0123456789abcdef0"
SECRETS = [f"arn:aws:secretsmanager:{AT}:secret:memos/{name}" for name in ("db-AbCdEf", "api-GhIjKl")]
SSM = [f"arn:aws:ssm:{AT}:parameter/memos/*"]
BUCKETS = ["arn:aws:s3:::memos-uploads", "arn:aws:s3:::memos-backups"]
REPOSITORIES = [f"arn:aws:ecr:{AT}:repository/memos", f"arn:aws:ecr:{AT}:repository/base/*"]
CLUSTERS = [f"arn:aws:ecs:{AT}:cluster/main", f"arn:aws:ecs:{AT}:cluster/batch-*"]
SERVICES = [f"arn:aws:ecs:{AT}:service/main/memos"]
GROUPS = [f"arn:aws:logs:{AT}:log-group:/ecs/memos", f"arn:aws:logs:{AT}:log-group:/app/*"]
KEYS = [f"arn:aws:kms:{AT}:key/01234567-89ab-cdef-0123-456789abcdef"]
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"

# Each flag of the module with the values that it needs.
FLAGS: dict[str, Values] = {
    "enable_efs_access": {"efs_arn": EFS},
    "enable_secrets_access": {"secrets_arns": SECRETS + SSM},
    "enable_s3_access": {"s3_bucket_arns": BUCKETS},
    "enable_cloudwatch_logs": {},
    "enable_ecs_exec": {},
    "enable_github_oidc": {"github_repo": "octo-org/memos"},
}
# Flags that the module leaves to who writes the config; each brings some statements.
PLAIN = (
    *("enable_cloud_map", "enable_xray", "enable_metrics", "enable_sms"),
    *("enable_ecr_pull", "enable_container_logs"),
)
OFF = dict.fromkeys((*FLAGS, *PLAIN), False)
ON = dict.fromkeys((*FLAGS, *PLAIN), True)


# ---------------------------------------------------------------- stacks, and what a server makes of them


@dataclass(frozen=True)
class Kept(Server):
    """A server whose clients are made once: making one takes longer than a stack does."""

    clients: dict[str, Any] = field(default_factory=dict[str, Any])

    def client(self, service: str, credentials: Credentials | None = None) -> Any:
        if service not in self.clients:
            self.clients[service] = super().client(service, credentials)
        return self.clients[service]


@pytest.fixture(scope="session")
def server(ministack_open: Server) -> Server:
    return Kept(ministack_open.url)


@pytest.fixture(scope="session")
def module_stack(tmp_path_factory: pytest.TempPathFactory) -> ecsiam.Stack:
    """What `ecsiam init --module` describes."""
    path = tmp_path_factory.mktemp("module") / "ecsiam.yaml"
    path.write_text(module(), encoding="utf-8")
    return ecsiam.build(load_config(path))


def everything() -> ecsiam.Stack:
    """Every key that can be a parameter is one, without a default; account and region are known, as families need."""
    keys = [name for name in PERMITTED if name not in HERE]
    return stack(account_id=ACCOUNT, aws_region=REGION, **{n: ecsiam.Parameter(n) for n in keys})


def stack(**config: Any) -> ecsiam.Stack:
    named: dict[str, Any] = {"project_name": "memos", "environment": "dev", **config}
    return ecsiam.build(ecsiam.Config(**named))


def template(of: ecsiam.Stack) -> Json:
    return json.loads(ecsiam.emit(of, "cloudformation").document)


def bound(of: ecsiam.Stack, values: Values) -> ecsiam.Stack:
    """The stack as the server's account and region and the parameters' defaults complete it."""
    defaults = {v.id: v.default for v in of.deployment.variables.values() if v.default is not None}
    known = {name: value for name, value in HERE.items() if name in of.deployment.open and name not in defaults}
    if "aws_region" in defaults and not values.get("aws_region", defaults["aws_region"]):
        of = of.bind({"aws_region": ""})  # which leaves it to the deployment
        known, values = {**known, "aws_region": REGION}, {n: v for n, v in values.items() if n != "aws_region"}
        del defaults["aws_region"]
    return of.bind({**defaults, **known, **values})


def of_model(of: ecsiam.Stack) -> Roles:
    """The roles of a stack in which everything is bound."""
    found: Roles = {}
    for role in of.roles.values():
        found |= made(
            name=str(role.name),
            path=role.path,
            description=str(role.description),
            trust=role.trust,
            policies={str(p.name): p.document for p in role.inline},
            own={str(p.name): p.document for p in role.own_managed},
            managed=[str(arn) for arn in role.managed_policy_arns],
            boundary=None if role.permissions_boundary is None else str(role.permissions_boundary),
            duration=cast("int | None", role.max_session_duration),
            tags={key: str(value) for key, value in role.tags},
        )
    return found


def overrides(values: Values) -> dict[str, str]:
    """The values as the template takes them: ids in CamelCase, lists as text, a parameter for each kind."""
    said: dict[str, str] = {}
    for name, value in values.items():
        text = as_text(value)
        match name:
            case "secrets_arns":
                arns = text.split(",")
                said["SecretsManagerArns"] = ",".join(a for a in arns if ":ssm:" not in a)
                said["SsmParameterArns"] = ",".join(a for a in arns if ":ssm:" in a)
            case "s3_bucket_arns":
                said["S3BucketArns"] = text
            case _:
                said[camel_case(name)] = text
    return said


def as_text(value: object) -> str:
    """A value as it stands after `--set NAME=`."""
    match value:
        case list():
            return ",".join(cast("list[str]", value))
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def of_ministack(server: Server, prefix: str) -> Roles:
    """Every role whose name begins so."""
    iam = server.client("iam")
    names = [r["RoleName"] for page in iam.get_paginator("list_roles").paginate() for r in page["Roles"]]
    found: Roles = {}
    for name in names:
        if name.startswith(f"{prefix}-"):
            found |= of_server(roles.read_role(iam, name))
    return found


def without_boundary(found: Roles) -> Roles:
    return {name: evolve(role, permissions_boundary=None) for name, role in found.items()}


def assert_the_same(server: Server, of: ecsiam.Stack, values: Values, *first: str) -> dict[str, str]:
    """Create the template with these values, compare, and return the outputs. Those of `first` are bound in it."""
    values = {"project_name": roles.unused("p"), "environment": "dev", **values}
    expected = of_model(bound(of, values))
    described = template(of.bind({n: values[n] for n in first}))
    rest = overrides({n: v for n, v in values.items() if n not in first})
    outputs = roles.create_stack(server, described, **{n: v for n, v in rest.items() if n in described["Parameters"]})
    assert of_ministack(server, f"{values['project_name']}-dev") == without_boundary(expected)
    return outputs


def refusal(server: Server, of: Json, **parameters: str) -> str:
    with pytest.raises(ClientError) as raised:
        roles.create_stack(server, of, **parameters)
    error = raised.value.response["Error"]
    assert error["Code"] == "ValidationError"
    message: str = error["Message"]
    return message


# ---------------------------------------------------------------- every combination of flags

COMBINATIONS = [dict(zip(FLAGS, on, strict=True)) for on in product((False, True), repeat=len(FLAGS))]


def name_of(flags: Mapping[str, bool]) -> str:
    return "-".join(f.split("_")[1] for f, on in flags.items() if on) or "none"


@pytest.mark.parametrize("flags", COMBINATIONS, ids=name_of)
def test_every_combination_of_flags_makes_the_bound_stack(
    server: Server, module_stack: ecsiam.Stack, flags: dict[str, bool]
) -> None:
    values: dict[str, object] = dict(flags)
    for flag, on in flags.items():
        values |= FLAGS[flag] if on else {}
    outputs = assert_the_same(server, module_stack, values)
    made_roles = {"TaskExecution", "Task", *(["GithubActions"] if flags["enable_github_oidc"] else [])}
    assert {o.removesuffix("RoleArn") for o in outputs if o.endswith("Arn")} == made_roles
    assert outputs["TaskRoleArn"] == f"arn:aws:iam::{ACCOUNT}:role/{outputs['TaskRoleName']}"


# ---------------------------------------------------------------- values

OF_THE_MODULE: dict[str, Values] = {
    "the required ones alone": {},
    "values whose flags are off": {n: v for needed in FLAGS.values() for n, v in needed.items()},
    "secrets without parameters": {"enable_secrets_access": True, "secrets_arns": SECRETS},
    "parameters without secrets": {"enable_secrets_access": True, "secrets_arns": SSM},
    "one bucket": {"enable_s3_access": True, "s3_bucket_arns": BUCKETS[:1]},
    "a bucket that is there twice": {"enable_s3_access": True, "s3_bucket_arns": [*BUCKETS, BUCKETS[0]]},
    "repositories": {"enable_github_oidc": True, "github_repo": "octo-org/memos", "ecr_repository_arns": REPOSITORIES},
    "clusters stand for their services": {
        "enable_github_oidc": True,
        "github_repo": "octo-org/memos",
        "ecs_cluster_arns": CLUSTERS,
    },
    "services come before clusters": {
        "enable_github_oidc": True,
        "github_repo": "octo-org/memos",
        "ecs_cluster_arns": CLUSTERS,
        "ecs_service_arns": SERVICES,
    },
    "a provider of its own": {
        "enable_github_oidc": True,
        "github_repo": "octo-org/memos",
        "github_oidc_provider_arn": PROVIDER,
    },
    "another region": {"aws_region": "eu-west-2", "enable_cloudwatch_logs": True},
}


@pytest.mark.parametrize("values", OF_THE_MODULE.values(), ids=OF_THE_MODULE)
def test_values_make_the_bound_stack(server: Server, module_stack: ecsiam.Stack, values: Values) -> None:
    assert_the_same(server, module_stack, values)


GIVEN: dict[str, object] = {
    **{n: v for needed in FLAGS.values() for n, v in needed.items()},
    "secrets_kms_key_arns": KEYS,
    "s3_kms_key_arns": KEYS,
    "cloudwatch_log_group_arns": GROUPS,
    "log_group_arns": GROUPS[:1],
    "ecr_repository_arns": REPOSITORIES,
    "github_ecr_repository_arns": REPOSITORIES[:1],
    "github_oidc_provider_arn": PROVIDER,
    "github_audience": "https://github.com/octo-org",
    "github_owner_id": "1234",
    "github_repo_id": "56789",
    "task_definition_families": ["memos", "memos-worker"],
    "ecs_cluster_arns": CLUSTERS,
    "ecs_service_arns": SERVICES,
    "permissions_boundary_arn": f"arn:aws:iam::{ACCOUNT}:policy/boundary",
    "max_session_duration": 7200,
}
DEMANDED = ("efs_arn", "secrets_arns", "s3_bucket_arns", "github_repo", "github_owner_id", "github_repo_id")
EMPTY: dict[str, object] = {
    n: [] if isinstance(v, list) else v if isinstance(v, int) else "" for n, v in GIVEN.items() if n not in DEMANDED
}
OF_EVERYTHING: dict[str, Values] = {
    "all on and given": {**ON, **GIVEN},
    "all on, and empty what may be": {**ON, **GIVEN, **EMPTY},
    "all off and given": {**OFF, **GIVEN},
    "all off and empty": {**OFF, **{n: [] if isinstance(v, list) else "" for n, v in GIVEN.items()}, **EMPTY},
    "pushes where it pulls": {**ON, **GIVEN, "github_ecr_repository_arns": []},
    "clusters alone": {**ON, **GIVEN, "ecs_service_arns": []},
}


@pytest.mark.parametrize("values", OF_EVERYTHING.values(), ids=OF_EVERYTHING)
def test_every_key_as_a_parameter_makes_the_bound_stack(server: Server, values: Values) -> None:
    assert_the_same(server, everything(), values)


@pytest.mark.parametrize("start", [0, 1], ids=["even", "odd"])
@pytest.mark.parametrize("values", OF_EVERYTHING.values(), ids=OF_EVERYTHING)
def test_what_is_bound_in_the_template_makes_the_bound_stack_too(server: Server, values: Values, start: int) -> None:
    """Every other value is bound in it; of a flag and what it needs both are, for one alone may be refused."""
    both = {n for flag, needed in FLAGS.items() if needed for n in (flag, *needed)}
    first = [n for n in sorted(values) if n not in both | {"github_owner_id", "github_repo_id"}][start::2]
    assert_the_same(server, everything(), values, *first, *(both if start else ()))


# What stands beside a list that may be empty and stands for nothing then: it is always something.
ANOTHER = Each("p", "all", otherwise=(text(GROUPS[0]),))
BESIDE: dict[str, tuple[Text | Each, ...]] = {
    "a text": (text(GROUPS[1]),),
    "texts": (text(GROUPS[0]), text(GROUPS[1])),
    "another list": (ANOTHER,),
    "a text and another list": (text(GROUPS[1]), ANOTHER),
}
LISTS: dict[str, Values] = {
    "both empty": {},
    "one given": {"q": ["arn:aws:logs:eu-central-1:123456789012:log-group:/q"]},
    "both given": {"q": [f"{GROUPS[0]}-1", f"{GROUPS[0]}-2"], "p": [f"{GROUPS[0]}-3"]},
    "the other given": {"p": [f"{GROUPS[0]}-3", f"{GROUPS[0]}-4"]},
}


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("given", LISTS)
def test_a_list_that_is_empty_leaves_no_empty_resource(server: Server, beside: str, given: str) -> None:
    lists: dict[str, Any] = {
        "log_group_arns": ecsiam.Parameter("p", ()),
        "cloudwatch_log_group_arns": ecsiam.Parameter("q", ()),
        **{name: ecsiam.Parameter(name) for name in ("project_name", "environment")},
    }
    of = stack(enable_cloudwatch_logs=True, account_id=ACCOUNT, aws_region=REGION, **lists)
    role = of.roles["task"]
    policy = role.policies["cloudwatch"]
    more = Statement("Allow", "logs:PutLogEvents", [*BESIDE[beside], Each("q", "all")])
    policy = evolve(policy, document=evolve(policy.document, statements=(*policy.document.statements, more)))
    roles_ = [evolve(r, policies=[policy]) if r.id == role.id else r for r in of.roles.values()]
    assert_the_same(server, evolve(of, roles=roles_), LISTS[given])


def test_lists_keep_what_is_there_twice(server: Server, module_stack: ecsiam.Stack) -> None:
    """The one difference to the bound stack, and none to IAM."""
    name = roles.unused("p")
    given = {"ProjectName": name, "Environment": "dev", "EcrRepositoryArns": ",".join([REPOSITORIES[0]] * 2)}
    roles.create_stack(server, template(module_stack), **given)
    role = roles.read_role(server.client("iam"), f"{name}-dev-execution-role")
    pull = role["InlinePolicies"][f"{name}-dev-execution-ecr-policy"]["Statement"][1]
    assert pull["Resource"] == [REPOSITORIES[0]] * 2


def test_a_boundary_that_is_empty_is_left_out() -> None:
    """moto takes an empty ARN for none; IAM would refuse it."""
    described = template(stack(permissions_boundary_arn=ecsiam.Parameter("boundary")))
    for role in described["Resources"].values():
        or_none = {"Fn::If": ["BoundaryIsGiven", {"Ref": "Boundary"}, {"Ref": "AWS::NoValue"}]}
        assert role["Properties"]["PermissionsBoundary"] == or_none


@pytest.mark.parametrize("boundary", [f"arn:aws:iam::{ACCOUNT}:policy/boundary", ""], ids=["given", "empty"])
def test_a_boundary_is_there_or_not(moto_server: Server, boundary: str) -> None:
    name = roles.unused("p")
    of = stack(project_name=name, permissions_boundary_arn=ecsiam.Parameter("boundary"))
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    if boundary:
        moto_server.client("iam").create_policy(PolicyName="boundary", PolicyDocument=json.dumps(policy))
    roles.create_stack(moto_server, template(of), Boundary=boundary)
    read = roles.read_role(moto_server.client("iam"), f"{name}-dev-task-role")
    assert of_server(read)[f"{name}-dev-task-role"] == of_model(bound(of, {"boundary": boundary}))[read["RoleName"]]
    assert read["PermissionsBoundary"] == (boundary or None)


# ---------------------------------------------------------------- what stops a stack

STOPS = {
    "EnableEfsAccess": "EfsArn is empty: set it",
    "EnableSecretsAccess": "SecretsManagerArns and SsmParameterArns are empty: set one of them",
    "EnableS3Access": "S3BucketArns is empty: set it",
    "EnableGithubOidc": "GithubRepo is empty: set it",
}


@pytest.mark.parametrize("flag", STOPS)
def test_a_flag_that_is_on_with_its_value_empty_stops_the_stack(
    server: Server, module_stack: ecsiam.Stack, flag: str
) -> None:
    required = {"ProjectName": "never", "Environment": "dev", flag: "true"}
    description = f"{flag} is true and {STOPS[flag]}, or set {flag} to false"
    assert refusal(server, template(module_stack), **required).endswith(f" failed: {description}")
    assert of_ministack(server, "never-dev") == {}


@pytest.mark.parametrize("id_", ["github_owner_id", "github_repo_id"])
def test_an_id_of_github_that_is_empty_stops_the_stack(server: Server, id_: str) -> None:
    values = {**ON, **GIVEN, id_: "", "project_name": "never", "environment": "dev"}
    description = f"EnableGithubOidc is true and {camel_case(id_)} is empty: set it, or set EnableGithubOidc to false"
    assert refusal(server, template(everything()), **overrides(values)).endswith(f" failed: {description}")


def test_a_flag_of_the_config_stops_the_stack_too(server: Server) -> None:
    of = template(stack(enable_efs_access=True, efs_arn=ecsiam.Parameter("efs_arn")))
    message = refusal(server, of, EfsArn="")
    assert message.endswith(" failed: `enable_efs_access` is on and EfsArn is empty: set it")


PARAMETERS = [v.id for v in everything().deployment.variables.values()]


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_value_outside_its_pattern_is_refused(server: Server, name: str) -> None:
    """`*` is outside all of them, and so are `7` for a flag and a number."""
    all_of_it = overrides({**ON, **GIVEN, "project_name": "never", "environment": "dev"})
    ids = list(overrides({name: GIVEN.get(name, "")}))
    for id_ in ids:
        outside = "7" if name.startswith("enable_") or name == "max_session_duration" else "*"
        message = refusal(server, template(everything()), **{**all_of_it, id_: outside})
        assert message.startswith(f"Parameter '{id_}' ")


def test_a_list_is_written_without_spaces(server: Server, module_stack: ecsiam.Stack) -> None:
    required = {"ProjectName": "never", "Environment": "dev"}
    message = refusal(server, template(module_stack), **required, S3BucketArns=", ".join(BUCKETS))
    assert message.endswith("must be a list with commas and no spaces, each item the ARN of an S3 bucket")


# ---------------------------------------------------------------- what can't be said

TWICE = "Call one of them something else."
LEAVE_OUT = "Leave it out for this target."
HOME = "Write `account_id` and `aws_region`, or list the values in the config."
FAMILIES = {
    "enable_github_oidc": True,
    "github_repo": "octo-org/memos",
    "task_definition_families": ecsiam.Parameter("families"),
}
UNKNOWN_HOME = f"CloudFormation can't put account and region around each of `families` while they are unknown. {HOME}"
REFUSALS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "families in an unknown home": (FAMILIES, [UNKNOWN_HOME]),
    "families in an unknown region": ({**FAMILIES, "account_id": ACCOUNT}, [UNKNOWN_HOME]),
    "families in a region that is a parameter": (
        {**FAMILIES, "account_id": ACCOUNT, "aws_region": ecsiam.Parameter("region")},
        [UNKNOWN_HOME],
    ),
    "two names, one id": (
        {"project_name": ecsiam.Parameter("app1"), "environment": ecsiam.Parameter("app_1")},
        [f"`app1` and `app_1` would both be the parameter `App1`. {TWICE}"],
    ),
    "a name that a kind of secrets has": (
        {
            "project_name": ecsiam.Parameter("ssm_parameter_arns"),
            "enable_secrets_access": True,
            "secrets_arns": ecsiam.Parameter("secrets_arns"),
        },
        [f"`ssm_parameter_arns` and `secrets_arns` would both be the parameter `SsmParameterArns`. {TWICE}"],
    ),
    "a name that a role has": (
        {"environment": ecsiam.Parameter("task_role")},
        [
            "`task_role` would be the parameter `TaskRole` and the role `task` at once. "
            "Call the parameter something else."
        ],
    ),
    "a default of both kinds of secrets": (
        {"enable_secrets_access": True, "secrets_arns": ecsiam.Parameter("secrets_arns", default=SECRETS)},
        [f"the default of `secrets_arns` can't be told apart. {LEAVE_OUT}"],
    ),
    "a default with objects": (
        {"enable_s3_access": True, "s3_bucket_arns": ecsiam.Parameter("buckets", default=["arn:aws:s3:::bucket/*"])},
        [f"`arn:aws:s3:::bucket/*` in the default of `buckets` is not the ARN of an S3 bucket. {LEAVE_OUT}"],
    ),
    "a default with the `:*` of a log group": (
        {"log_group_arns": ecsiam.Parameter("groups", default=[f"{GROUPS[0]}:*"])},
        [f"`{GROUPS[0]}:*` in the default of `groups` is not the ARN of a log group, without `:*`. {LEAVE_OUT}"],
    ),
    "a default that is too long": (
        {"ecr_repository_arns": ecsiam.Parameter("repositories", default=REPOSITORIES[:1] * 80)},
        [f"the default of `repositories` has 4399 characters, at most 4096 are taken. {LEAVE_OUT}"],
    ),
    "all of it at once": (
        {**FAMILIES, "environment": ecsiam.Parameter("task_role")},
        [
            "`task_role` would be the parameter `TaskRole` and the role `task` at once. "
            "Call the parameter something else.",
            UNKNOWN_HOME,
        ],
    ),
}


@pytest.mark.parametrize(("config", "messages"), REFUSALS.values(), ids=REFUSALS)
def test_what_a_template_cannot_say_is_refused(config: dict[str, Any], messages: list[str]) -> None:
    with pytest.raises(EmitError) as raised:
        template(stack(**config))
    assert [str(fault) for fault in raised.value.faults] == messages


# ---------------------------------------------------------------- the template itself

TEMPLATES: dict[str, dict[str, Any]] = {
    "everything": {},
    "closed flags": {
        "enable_efs_access": True,
        "efs_arn": ecsiam.Parameter("efs_arn", default=""),
        "enable_s3_access": True,
        "s3_bucket_arns": ecsiam.Parameter("buckets", default=BUCKETS, description="<the> & buckets"),
    },
    "open flags": {
        "enable_efs_access": ecsiam.Parameter("efs", default=True),
        "efs_arn": EFS,
        "aws_regions": ["eu-west-1"],
        "log_group_arns": ecsiam.Parameter("groups", default=[]),
        "cloudwatch_log_group_arns": ecsiam.Parameter("groups", default=[]),
        "enable_cloudwatch_logs": ecsiam.Parameter("own_logs"),
    },
    "a home of parameters": {
        "account_id": ecsiam.Parameter("account", default=""),
        "aws_region": ecsiam.Parameter("region"),
        "partition": ecsiam.Parameter("partition", default="aws"),
        "permissions_boundary_arn": ecsiam.Parameter("boundary", default=""),
    },
}


def parametrised(name: str, module_stack: ecsiam.Stack) -> ecsiam.Stack:
    if name == "module":
        return module_stack
    return everything() if name == "everything" else stack(**TEMPLATES[name])


@pytest.fixture(params=["module", *TEMPLATES])
def of(request: pytest.FixtureRequest, module_stack: ecsiam.Stack) -> ecsiam.Stack:
    return parametrised(request.param, module_stack)


def test_cfn_lint_finds_nothing(of: ecsiam.Stack) -> None:
    lint = pytest.importorskip("cfnlint.api", reason="not installed: cfn-lint").lint
    assert lint(ecsiam.emit(of, "cloudformation").document, regions=[REGION, "us-east-1"]) == []


def test_a_template_is_small_enough_to_be_sent(of: ecsiam.Stack, request: pytest.FixtureRequest) -> None:
    """The module in a request; what leaves every key open by way of a bucket."""
    document = ecsiam.emit(of, "cloudformation").document
    assert len(document.encode()) < (51_200 if "module" in request.node.name else 1_000_000)
    assert len(json.loads(document)["Parameters"]) <= 200


def test_parameters_are_texts_and_numbers(of: ecsiam.Stack) -> None:
    """A list type would make one empty element of an empty list."""
    for id_, parameter in template(of)["Parameters"].items():
        assert parameter["Type"] == ("Number" if id_ == "MaxSessionDuration" else "String")
        assert parameter["Description"]
        assert {"AllowedPattern", "AllowedValues", "MinValue"} & parameter.keys()
        assert ("AllowedPattern" in parameter) == ("MaxLength" in parameter) == ("ConstraintDescription" in parameter)


def test_each_parameter_has_a_group_and_a_label(of: ecsiam.Stack) -> None:
    described = template(of)
    interface = described["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [id_ for group in interface["ParameterGroups"] for id_ in group["Parameters"]]
    assert sorted(grouped) == sorted(described["Parameters"]) == sorted(interface["ParameterLabels"])
    assert [group["Label"]["default"] for group in interface["ParameterGroups"]][-1] == "Values"
    assert interface["ParameterLabels"].get("EfsArn", {"default": "efs_arn"}) == {"default": "efs_arn"}
    assert interface["ParameterLabels"].get("S3BucketArns", {"default": "S3BucketArns"}) == {"default": "S3BucketArns"}


def functions(value: Json) -> Iterator[tuple[str, Json]]:
    """Every function in a part of a template, with its argument."""
    match value:
        case dict():
            for key, inner in cast("dict[str, Json]", value).items():
                if key == "Ref" or key.startswith("Fn::"):
                    yield key, inner
                yield from functions(inner)
        case list():
            for inner in cast("list[object]", value):
                yield from functions(inner)
        case _:
            pass


def test_conditions_are_all_asked_and_all_there(of: ecsiam.Stack) -> None:
    described = template(of)
    parts = [*described["Resources"].values(), *described.get("Outputs", {}).values()]
    asked = {argument[0] for name, argument in functions(parts) if name == "Fn::If"}
    asked |= {part["Condition"] for part in parts if "Condition" in part}
    assert asked == set(described.get("Conditions", {}))


def test_rules_use_only_what_rules_may_use(of: ecsiam.Stack) -> None:
    described = template(of)
    found = list(functions(described.get("Rules", {})))
    assert {name for name, _ in found} <= {"Ref", "Fn::Equals", "Fn::Not", "Fn::Or"}
    assert {argument for name, argument in found if name == "Ref"} <= set(described["Parameters"])


def test_a_piece_of_a_value_is_there_even_when_the_value_is_empty() -> None:
    """Fn::Select fails on a piece that isn't there, in some cases even inside a role that is off."""
    pieces = [argument for name, argument in functions(template(everything())) if name == "Fn::Select"]
    assert pieces
    for index, pieces_of in pieces:
        separator, text = pieces_of["Fn::Split"]
        appended = [p for p in text["Fn::Join"][1] if isinstance(p, str)]
        assert appended.count(separator) >= int(index)


def test_no_pattern_takes_a_comma_inside_an_element() -> None:
    """Fn::Split would make two of it."""
    for id_, parameter in template(everything())["Parameters"].items():
        for form in FORMS.values():
            if f"({literal(form.pattern)})(,(" in parameter.get("AllowedPattern", ""):
                assert not any(form.matches(f"{good},x") or form.matches(f"{good},") for good in form.good), id_


DESCRIPTIONS = {
    "SecretsManagerArns": "Here only complete ARNs of Secrets Manager secrets, without JSON key and version.",
    "SsmParameterArns": "Here only ARNs of SSM parameters.",
    "S3BucketArns": "Here only ARNs of buckets, each with all its objects.",
}


@pytest.mark.parametrize("id_", DESCRIPTIONS)
def test_a_kind_of_a_list_says_what_it_takes(module_stack: ecsiam.Stack, id_: str) -> None:
    said: str = template(module_stack)["Parameters"][id_]["Description"]
    assert said.endswith(f"{DESCRIPTIONS[id_]} Comma-separated.")


@pytest.mark.parametrize(
    ("name", "description"),
    [
        (ecsiam.Parameter("project_name"), "IAM roles of an ECS service"),
        ("memos", "IAM roles of the ECS service memos-dev"),
    ],
    ids=["a parameter", "known"],
)
def test_the_template_says_whose_roles_it_holds(name: str | ecsiam.Parameter, description: str) -> None:
    assert template(stack(project_name=name))["Description"] == description


def test_defaults_are_those_of_the_config(module_stack: ecsiam.Stack) -> None:
    parameters: Mapping[str, Mapping[str, Json]] = template(module_stack)["Parameters"]
    without: Sequence[str] = [id_ for id_, parameter in parameters.items() if "Default" not in parameter]
    assert without == ["ProjectName", "Environment"]
    assert {p["Default"] for p in parameters.values() if "Default" in p} == {"", "false", 3600}
