"""`profile: baseline`: the baseline module as it is, with its faults, for people who migrate from it.

That is a Terraform module for the IAM roles of an ECS service, written by hand, from which ecsiam's flags and outputs
have their names. Nothing here is a model to follow. It is as wide as the module is: `*` where that has `*`, no
conditions on the service trusts, any subject of the repository, `arn:aws:` written out. The default profile gets right
what this gets wrong.
"""

from collections.abc import Callable, Iterator
from typing import Annotated, Literal

from ecsiam.errors import Fault
from ecsiam.features.cloudwatch import CloudwatchKeys, cloudwatch
from ecsiam.features.deploy.github_actions import GithubActionsKeys, github_needs
from ecsiam.features.deploy.github_oidc import GITHUB_AUDIENCE, GithubOidcKeys
from ecsiam.features.deploy.github_trust import issuer, provider
from ecsiam.features.ecs_exec import CHANNELS, ExecKeys, exec_needs
from ecsiam.features.efs import EfsKeys, efs_needs
from ecsiam.features.execution import ExecutionKeys, ecr_needs, logs_needs
from ecsiam.features.feature import Feature, nothing
from ecsiam.features.project import Project, allow
from ecsiam.features.s3 import S3_KEY_ACTIONS, S3Keys, s3_keys, s3_needs
from ecsiam.features.secrets import SecretsKeys, named, of_name, reading
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys, check
from ecsiam.keys.kinds import Choice, Flag, ListOf, OfForm
from ecsiam.keys.values import as_text, known, resources
from ecsiam.model.condition import Condition
from ecsiam.model.deploying import PUSH
from ecsiam.model.each import Item
from ecsiam.model.form import Form
from ecsiam.model.parameter import Parameter
from ecsiam.model.policy import Policy
from ecsiam.model.principal import Principal
from ecsiam.model.statement import Action, Origin, Statement
from ecsiam.model.text import Text, text

EXECUTION_POLICY = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
# What the baseline module takes for a variable that is left out.
DEFAULTS: dict[str, object] = {"aws_region": "eu-west-2", "enable_efs_access": True, "secrets_arns": ["*"]}
# An empty value of what these need is `*` in it.
STAND_FOR_ALL = frozenset(("enable_efs_access", "enable_secrets_access"))
# What the policy that the module attaches has in any case.
ALWAYS_ON = ("enable_ecr_pull", "enable_container_logs")
# What the module knows nothing of: with a value of these its roles would not be what it makes.
BEYOND = (
    "efs_file_systems",
    "cloudwatch_logs_collector",
    *(f"exec_{name}_arns" for name in ("log_group", "log_bucket", "log_kms_key", "kms_key")),
    *(f"exec_operator_{name}" for name in ("cluster_arns", "container_names", "task_tags")),
    *("ecr_pull_through_prefixes", "ecr_create_cached_repositories", "runtime_monitoring_repository_arns"),
    *("ecr_vpc_endpoint_ids", "ecr_vpc_ids", "awslogs_create_group"),
)


class BaselineKeys(Keys):
    """The profile, and what only that of the baseline module has."""

    heading = "The baseline module"

    profile: Annotated[
        Literal["default", "baseline"],
        Key(
            "`baseline` makes the roles as the baseline module does: a hand-written Terraform module from which the "
            "flags and outputs have their names. With its defaults, its `*` and its faults: to migrate from it, not to "
            "start with.",
            Choice(("default", "baseline")),
            closed=True,
        ),
    ] = "default"
    enable_autoscaling: Annotated[
        bool | Parameter,
        Key(
            "A role for Application Auto Scaling, with `profile: baseline` only.",
            Flag(),
            ("autoscaling",),
            profile="baseline",
        ),
    ] = False

    @check("profile")
    def _of_the_profile(self) -> Iterator[Fault]:
        """A bare `*` and the autoscaling role are of the profile that reproduces the baseline module, others aren't."""
        if self.profile == "baseline":
            for name in (name for name in BEYOND if getattr(self, name, None)):
                remedy = "The module has nothing of the kind: leave it out, or `profile`."
                yield Fault(f"`{name}` is not of `profile: baseline`", (name,), remedy)
            for flag in (flag for flag in ALWAYS_ON if getattr(self, flag) is not True):
                remedy = "The policy that the module attaches has it: leave it out, or `profile`."
                yield Fault(f"`{flag}` is always on with `profile: baseline`", (flag,), remedy)
            return
        for name, key in self.keys().items():
            value = getattr(self, name, None)
            match key.kind:
                case OfForm(form, star=True) if value == "*":
                    yield from _star(form, name)
                case ListOf(OfForm(form, star=True)) if not isinstance(value, Parameter):
                    for i, one in enumerate(value or ()):
                        if one == "*":
                            yield from _star(form, name, i)
                case _:
                    pass
            if isinstance(value, Parameter) and value.default in ("*", ("*",)):
                yield Fault("a bare `*` is not accepted", (name, "default"), "Leave the default out.")
        if self.enable_autoscaling:
            remedy = "Leave it out: ECS scales services with a service-linked role of its own."
            yield Fault("`enable_autoscaling` is of `profile: baseline` only", ("enable_autoscaling",), remedy)


def _star(form: Form, *path: str | int) -> Iterator[Fault]:
    fault = form.fault("*")
    if fault:
        yield fault.under(*path)


def _origin(feature: str, flag: str) -> Origin:
    return Origin(feature, "as the baseline module has it", "", flag)


_SECRETS = ("kms:Decrypt", "secretsmanager:GetSecretValue", "ssm:GetParameter", "ssm:GetParameters")
_EFS = tuple(
    f"elasticfilesystem:{a}" for a in ("ClientMount", "ClientWrite", "DescribeFileSystems", "DescribeMountTargets")
)
_S3 = ("s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject")
_LOGS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
_ECR = (*PUSH, "ecr:GetAuthorizationToken", "ecr:GetDownloadUrlForLayer")
_ECS = tuple(
    f"ecs:{a}" for a in ("DescribeServices", "DescribeTaskDefinition", "RegisterTaskDefinition", "UpdateService")
)
_SCALE = ("ecs:DescribeServices", "ecs:UpdateService")
_ALARMS = tuple(f"cloudwatch:{a}" for a in ("DeleteAlarms", "DescribeAlarms", "PutMetricAlarm"))


def _secrets(keys: SecretsKeys, project: Project) -> Iterator[Statement]:
    names = {n: of_name(text(n), project) for n in known(keys.secrets_arns) if n != "*" and not n.startswith("arn:")}
    given = resources(keys.secrets_arns, otherwise=[text("*")])
    secrets = [arn for item in given for arn in names.get(str(item), (item,))]
    yield allow(_SECRETS, secrets, _origin("execution_secrets", "enable_secrets_access"))


def _efs(keys: EfsKeys, _: Project) -> Iterator[Statement]:
    yield allow(_EFS, [as_text(keys.efs_arn, "*")], _origin("efs", "enable_efs_access"))


def _s3(keys: S3Keys, project: Project) -> Iterator[Statement]:
    yield allow(_S3, resources(keys.s3_bucket_arns), _origin("s3", "enable_s3_access"))
    yield from s3_keys(keys, project)  # which the module doesn't have


def _cloudwatch(_: CloudwatchKeys, project: Project) -> Iterator[Statement]:
    groups = Text.of("arn:aws:logs:", project.home.region, ":*:log-group:/ecs/", project.prefix, "*")
    yield allow(_LOGS, [groups], _origin("cloudwatch", "enable_cloudwatch_logs"))


def _exec(_: ExecKeys, __: Project) -> Iterator[Statement]:
    yield allow(CHANNELS, "*", _origin("exec", "enable_ecs_exec"))


def _github(_: GithubActionsKeys, __: Project) -> Iterator[Statement]:
    origin = _origin("github_actions", "enable_github_oidc")
    yield allow(_ECR, "*", origin)
    yield allow(_ECS, "*", origin)


def _autoscaling(_: BaselineKeys, __: Project) -> Iterator[Statement]:
    origin = _origin("autoscaling", "enable_autoscaling")
    yield allow(_SCALE, "*", origin)
    yield allow(_ALARMS, "*", origin)


def _deploy(keys: GithubActionsKeys, project: Project) -> Iterator[Statement]:
    """What the deploy role needs; the module tags no task definition."""
    tag = Action("ecs:TagResource")
    yield from (s for s in github_needs(keys, project) if tag not in s.actions.items)


def _read_any(keys: SecretsKeys, project: Project) -> Iterator[Statement]:
    """The secrets that are named; any of the account's, where they are `*` or may be."""
    every: dict[str, tuple[Item, ...]] = {
        "secretsmanager": project.arns("secretsmanager", "secret:*"),
        "ssm": project.arns("ssm", "parameter/*"),
    }
    if isinstance(keys.secrets_arns, Parameter):
        every = {service: resources(keys.secrets_arns, otherwise=any_) for service, any_ in every.items()}
    elif "*" not in known(keys.secrets_arns):
        every = named(keys, project)
    yield from reading(keys, project, every)


# What has to work is what has to work in the default profile; pull and logs are left to the managed policy.
FEATURES = (
    Feature("execution_ecr", "execution", "", ExecutionKeys, nothing, needs=ecr_needs),
    Feature("execution_logs", "execution", "", ExecutionKeys, nothing, needs=logs_needs),
    Feature("execution_secrets", "execution", "enable_secrets_access", SecretsKeys, _secrets, _SECRETS, _read_any),
    Feature("efs", "task", "enable_efs_access", EfsKeys, _efs, _EFS, efs_needs),
    Feature("s3", "task", "enable_s3_access", S3Keys, _s3, _S3 + S3_KEY_ACTIONS, s3_needs),
    Feature("cloudwatch", "task", "enable_cloudwatch_logs", CloudwatchKeys, _cloudwatch, _LOGS, cloudwatch),
    Feature("exec", "task", "enable_ecs_exec", ExecKeys, _exec, CHANNELS, exec_needs),
    Feature("github_actions", "github_actions", "enable_github_oidc", GithubActionsKeys, _github, _ECR + _ECS, _deploy),
    Feature(
        "autoscaling",
        "autoscaling",
        "enable_autoscaling",
        BaselineKeys,
        _autoscaling,
        _SCALE + _ALARMS,
        _autoscaling,
    ),
)


def service(name: str) -> Callable[[Keys, Project], Iterator[Statement]]:
    """Who may assume a role of the module: a service, without a condition."""
    origin = Origin("trust", "as the baseline module has it")
    trusted = Statement("Allow", "sts:AssumeRole", principals=Principal("Service", name), origin=origin)
    return lambda _, __: iter((trusted,))


def service_trust(name: str) -> Callable[[Keys, Project], Policy]:
    """The trust of such a role."""
    return lambda keys, project: Policy(service(name)(keys, project))


def _github_trust(keys: GithubOidcKeys, project: Project) -> Policy:
    """Every subject of the repository."""
    return Policy(
        Statement(
            effect="Allow",
            actions="sts:AssumeRoleWithWebIdentity",
            principals=Principal("Federated", provider(keys, project)),
            conditions=(
                Condition("StringEquals", f"{issuer(keys)}:aud", GITHUB_AUDIENCE),
                Condition("StringLike", f"{issuer(keys)}:sub", Text.of("repo:", as_text(keys.github_repo), ":*")),
            ),
            origin=_origin("github_actions", "enable_github_oidc"),
        )
    )


TRUSTS = {
    "execution": service_trust("ecs-tasks.amazonaws.com"),
    "task": service_trust("ecs-tasks.amazonaws.com"),
    "github_actions": _github_trust,
}
