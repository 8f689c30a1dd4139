"""The roles that ECS itself assumes, to change the infrastructure around the tasks.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/infrastructure_IAM_role.html
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Annotated

from ecsiam.features.assumed import AssumedBy, OtherKey, ec2, everywhere, source
from ecsiam.features.deployer import DEPLOYERS, Deployer
from ecsiam.features.derived import functions
from ecsiam.features.feature import Feature, Part, RoleKind, never
from ecsiam.features.instances import BY_AWS, MANAGED_FLAG, InstanceKeys
from ecsiam.features.project import Project, allow
from ecsiam.keys.key import Key
from ecsiam.keys.kinds import Flag, ListOf, OfForm
from ecsiam.keys.values import resources
from ecsiam.model import arn_forms
from ecsiam.model.arn import via_service
from ecsiam.model.condition import Condition
from ecsiam.model.form import arn_form
from ecsiam.model.intent import Note
from ecsiam.model.parameter import Parameter
from ecsiam.model.statement import Origin, Statement
from ecsiam.model.text import Text, in_order, text

_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
_PAGE = f"{_GUIDE}/infrastructure_IAM_role.html"
_PASS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"
_HOOKS = f"{_GUIDE}/blue-green-permissions.html"
_KEYS_OF_VOLUMES = f"{_GUIDE}/ebs-kms-encryption.html"
_TLS = f"{_GUIDE}/service-connect-tls.html"
_BALANCERS = f"{_GUIDE}/AmazonECSInfrastructureRolePolicyForLoadBalancers.html"
_MANAGED = f"{_GUIDE}/managed-instances-instance-profile.html"
_ID = "[0-9a-f*?]+"
_BALANCER = f"(app|net)/[A-Za-z0-9*?-]+/{_ID}/{_ID}"
BALANCED = arn_form(
    "load_balancing_arn",
    "the ARN of a listener, a listener rule or a target group",
    "elasticloadbalancing",
    f"(targetgroup/[A-Za-z0-9*?-]+/{_ID}|listener/{_BALANCER}|listener-rule/app/[A-Za-z0-9*?-]+/{_ID}/{_ID}/{_ID})",
    (
        "arn:aws:elasticloadbalancing:eu-west-2:123456789012:listener/app/web/0123456789abcdef/0123456789abcdef",
        "arn:aws:elasticloadbalancing:eu-west-2:123456789012:listener-rule/app/web/0123456789abcdef/0123456789abcdef/01",
        "arn:aws:elasticloadbalancing:eu-west-2:123456789012:listener/net/web/0123456789abcdef/0123456789abcdef",
        "arn:aws:elasticloadbalancing:eu-west-2:123456789012:targetgroup/web-blue/0123456789abcdef",
    ),
    (
        "arn:aws:elasticloadbalancing:eu-west-2:123456789012:loadbalancer/app/web/0123456789abcdef",
        "arn:aws:elasticloadbalancing:eu-west-2:123456789012:listener-rule/net/web/01/01/01",
        "arn:aws:elasticloadbalancing:eu-west-2:123456789012:*",
    ),
    hints=(
        (".*:loadbalancer/.*", "is a load balancer", "Permissions are on its listeners, rules and target groups."),
        (".*:listener-rule/net/.*", "is a rule of a Network Load Balancer", "Its listeners have none."),
    ),
)
LAMBDA = arn_form(
    "function_arn",
    "the ARN of a Lambda function, or of a version or an alias of one",
    "lambda",
    "function:[A-Za-z0-9_*?-]+(:[A-Za-z0-9_-]+)?",
    (
        "arn:aws:lambda:eu-west-2:123456789012:function:check",
        "arn:aws:lambda:eu-west-2:123456789012:function:check:live",
    ),
    ("arn:aws:lambda:eu-west-2:123456789012:check", "arn:aws:lambda:eu-west-2:123456789012:layer:check:1"),
)
_INVOKE = ("lambda:InvokeFunction",)
_LOOK = tuple(f"elasticloadbalancing:Describe{w}" for w in ("Listeners", "Rules", "TargetGroups", "TargetHealth"))
_TARGETS = ("elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets")
_LISTENER, _RULE = ("elasticloadbalancing:ModifyListener",), ("elasticloadbalancing:ModifyRule",)
_DESCRIBE_KEY, _GRANT = ("kms:DescribeKey",), ("kms:CreateGrant",)
_DATA_KEYS = ("kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo")
_TLS_KEYS = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyPair")


def _flag(meaning: str, role: str, needs: tuple[str, ...] = ()) -> Key:
    return OtherKey(meaning, Flag(), (role,), needs=needs)


class InfrastructureKeys(InstanceKeys):
    """What ECS itself does around the tasks."""

    heading = "Other roles of ECS: infrastructure"

    infrastructure_confused_deputy: Annotated[
        bool,
        OtherKey(
            "The roles that ECS assumes take ECS of this account and region only, by `aws:SourceAccount` and "
            "`aws:SourceArn`. No page of AWS says that ECS sends them here: try it before you rely on it.",
            Flag(),
            ("the infrastructure roles", "lifecycle_hook"),
            closed=True,
        ),
    ] = False
    enable_ebs_volumes_role: Annotated[
        bool | Parameter,
        _flag("A role with which ECS makes the EBS volumes that tasks are started with.", "ebs_volumes"),
    ] = False
    ebs_volumes_kms_key_arns: Annotated[
        Sequence[str],
        OtherKey(
            "The customer managed KMS keys of the volumes. The keys' policies have to allow the same.",
            ListOf(OfForm(arn_forms.KEY_ARN)),
            ("ebs_volumes",),
            default="none",
            flag="enable_ebs_volumes_role",
            same_region=True,
            closed=True,
        ),
    ] = ()
    enable_load_balancers_role: Annotated[
        bool | Parameter,
        _flag("A role with which ECS shifts traffic: blue/green, linear and canary deployments.", "load_balancers"),
    ] = False
    load_balancers_arns: Annotated[
        Sequence[str],
        OtherKey(
            "The listeners, listener rules and target groups that ECS switches. Then the role has a policy of its own "
            "for these, in the place of AWS's.",
            ListOf(OfForm(BALANCED)),
            ("load_balancers",),
            default="AWS's policy, for all of them",
            flag="enable_load_balancers_role",
            same_account=True,
            closed=True,
        ),
    ] = ()
    enable_lifecycle_hook_role: Annotated[
        bool | Parameter,
        _flag(
            "A role with which ECS calls the Lambda functions that are hooks of a deployment.",
            "lifecycle_hook",
            ("lifecycle_hook_arns",),
        ),
    ] = False
    lifecycle_hook_arns: Annotated[
        Sequence[str],
        OtherKey(
            "The functions. One without version or alias stands for all of its own.",
            ListOf(OfForm(LAMBDA)),
            ("lifecycle_hook",),
            flag="enable_lifecycle_hook_role",
            closed=True,
        ),
    ] = ()
    enable_service_connect_tls_role: Annotated[
        bool | Parameter,
        _flag("A role with which ECS issues the certificates of Service Connect.", "service_connect_tls"),
    ] = False
    service_connect_tls_kms_key_arns: Annotated[
        Sequence[str],
        OtherKey(
            "The customer managed KMS keys of the certificates: symmetric ones.",
            ListOf(OfForm(arn_forms.KEY_ARN)),
            ("service_connect_tls",),
            default="none",
            flag="enable_service_connect_tls_role",
            same_region=True,
            closed=True,
        ),
    ] = ()
    enable_vpc_lattice_role: Annotated[
        bool | Parameter,
        _flag("A role with which ECS registers tasks as targets of VPC Lattice.", "vpc_lattice"),
    ] = False
    enable_managed_instances_role: Annotated[
        bool | Parameter,
        _flag("A role with which ECS runs Managed Instances.", "managed_instances"),
    ] = False
    enable_express_role: Annotated[
        bool | Parameter,
        _flag("A role with which ECS makes what an Express service needs around it.", "express"),
    ] = False
    enable_gateways_role: Annotated[
        bool | Parameter,
        _flag("A role with which ECS keeps the load balancer of a gateway.", "gateways"),
    ] = False


# ---------------------------------------------------------------- statements


def balanced_of(arns: Iterable[str], kind: str) -> tuple[Text, ...]:
    """The listeners, rules or target groups among some ARNs."""
    return in_order(text(arn) for arn in arns if f":{kind}/" in arn)


def _volumes(keys: InfrastructureKeys, project: Project) -> Iterator[Statement]:
    """Encrypt with the customer's keys, through EC2 only: AWS's policy has nothing of KMS."""
    given = keys.ebs_volumes_kms_key_arns
    if not given:
        return
    home = project.home
    services = in_order(s for region in home.regions for s in via_service("ec2", region, home.partition))
    for_volumes = (
        Condition("StringEquals", "kms:CallerAccount", home.account_id),
        Condition("StringEquals", "kms:ViaService", services),
    )
    of_volume = Condition("ForAnyValue:StringEquals", "kms:EncryptionContextKeys", "aws:ebs:id")
    for_aws = Condition("Bool", "kms:GrantIsForAWSResource", "true")

    def origin(reason: str) -> Origin:
        return Origin("ebs_volumes", reason, _KEYS_OF_VOLUMES, "enable_ebs_volumes_role")

    yield allow(_DESCRIBE_KEY, resources(given), origin("look at the keys of the volumes"))
    yield allow(_DATA_KEYS, resources(given), origin("encrypt volumes, through EC2 only"), *for_volumes, of_volume)
    yield allow(_GRANT, resources(given), origin("let EC2 use the keys for the volumes"), *for_volumes, for_aws)


def _balancers_are_ours(keys: InfrastructureKeys) -> bool:
    return bool(keys.load_balancers_arns)


def _balancers(keys: InfrastructureKeys, _: Project) -> Iterator[Statement]:
    """Switch what is listed, where something is."""
    if not _balancers_are_ours(keys):
        return

    def origin(reason: str) -> Origin:
        return Origin("load_balancers", reason, _BALANCERS, "enable_load_balancers_role")

    yield allow(_LOOK, "*", origin("look at the load balancer; the actions support no narrower resource"))
    for kind, actions, reason in (
        ("targetgroup", _TARGETS, "add the new tasks to the target groups, and take the old ones out"),
        ("listener", _LISTENER, "shift the traffic of the listeners"),
        ("listener-rule", _RULE, "shift the traffic of the rules"),
    ):
        if found := balanced_of(keys.load_balancers_arns, kind):
            yield allow(actions, found, origin(reason))


def _switched(keys: InfrastructureKeys, project: Project) -> Iterator[Part]:
    """What shifts the traffic; ECS names target groups and what sends to them, so both have to be listed."""
    yield from _balancers(keys, project)
    listed = keys.load_balancers_arns
    for kinds, what in ((("targetgroup",), "target group"), (("listener", "listener-rule"), "listener and no rule")):
        if listed and not any(balanced_of(listed, kind) for kind in kinds):
            yield Note(
                "load-balancers-lack",
                f"`load_balancers_arns` names no {what}: ECS can't shift traffic with that",
                ("load_balancers_arns",),
                "List both target groups, and the listeners or rules that send to them.",
                _BALANCERS,
            )


def _hook(keys: InfrastructureKeys, _: Project) -> Iterator[Statement]:
    """Call the functions."""
    origin = Origin("lifecycle_hook", "ask the functions how the deployment goes", _HOOKS, "enable_lifecycle_hook_role")
    yield allow(_INVOKE, functions(keys.lifecycle_hook_arns), origin)


def _certificates(keys: InfrastructureKeys, _: Project) -> Iterator[Statement]:
    """Encrypt certificates with the customer's keys: AWS's policy has nothing of KMS."""
    given = keys.service_connect_tls_kms_key_arns
    if given:
        origin = Origin("service_connect_tls", "encrypt the certificates", _TLS, "enable_service_connect_tls_role")
        yield allow(_TLS_KEYS, resources(given), origin)


def _instances(keys: InfrastructureKeys, project: Project) -> Iterator[Statement]:
    """Pass the instances' role, where it is not called as AWS's policy has it."""
    if keys.when(MANAGED_FLAG) is None or passed_by_aws(str(project.role_names[_INSTANCE]), project.path):
        return
    to_ec2 = Condition("StringEquals", "iam:PassedToService", ec2(project.home.partition))
    reason = f"hand the instances their role, which AWS's policy doesn't: it is not called `{BY_AWS}...` on no path"
    origin = Origin("managed_instances", reason, _MANAGED, "enable_managed_instances_role")
    yield allow(["iam:PassRole"], [project.role_arn(_INSTANCE)], origin, to_ec2)


_INSTANCE = "managed_instances_instance"


def passed_by_aws(name: str, path: str) -> bool:
    """Whether AWS's policy for the infrastructure role of Managed Instances passes a role.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-instances-instance-profile.html
    """
    return path == "/" and name.startswith(BY_AWS)


# ---------------------------------------------------------------- rows

Statements = Callable[[InfrastructureKeys, Project], Iterator[Statement]]
Parts = Callable[[InfrastructureKeys, Project], Iterator[Part]]


def _feature(
    id: str, statements: Statements, grants: tuple[str, ...], parts: Parts | None = None
) -> Feature[InfrastructureKeys]:
    return Feature(id, id, f"enable_{id}_role", InfrastructureKeys, parts or statements, grants, statements)


FEATURES: tuple[Feature[InfrastructureKeys], ...] = (
    _feature("ebs_volumes", _volumes, (*_DESCRIBE_KEY, *_DATA_KEYS, *_GRANT)),
    _feature("load_balancers", _balancers, (*_LOOK, *_TARGETS, *_LISTENER, *_RULE), _switched),
    _feature("lifecycle_hook", _hook, _INVOKE),
    _feature("service_connect_tls", _certificates, _TLS_KEYS),
    _feature("managed_instances", _instances, ("iam:PassRole",)),
)


# Those that a service's definition names: whoever deploys the service passes them to ECS.
_OF_SERVICE = ("ebs_volumes", "lifecycle_hook", "load_balancers", "service_connect_tls", "vpc_lattice")


def _passed_by(by: Deployer) -> Callable[[InfrastructureKeys, Project], Iterator[Statement]]:
    """Hand ECS the roles that are made here and that the service's definition names."""

    def passed(keys: InfrastructureKeys, project: Project) -> Iterator[Statement]:
        made = [role for role in _OF_SERVICE if keys.when(f"enable_{role}_role") is not None]
        if made:
            origin = by.origin("hand ECS the roles that the service's definition names", _PASS)
            to_ecs = Condition("StringEquals", "iam:PassedToService", "ecs.amazonaws.com")
            yield allow(["iam:PassRole"], [project.role_arn(role) for role in made], origin, to_ecs)

    return passed


def _passing(role: str, flag: str) -> Feature[InfrastructureKeys]:
    """A policy of its own on a deploy role."""
    policy = f"{role}_pass"
    passed = _passed_by(Deployer(policy, flag))
    return Feature(policy, role, flag, InfrastructureKeys, passed, ("iam:PassRole",), passed)


PASSED = tuple(_passing(role, flag) for flag, role in DEPLOYERS.items())


def _deputy(keys: InfrastructureKeys, project: Project) -> tuple[Condition, ...]:
    return source(project, "ecs", ["*"]) if keys.infrastructure_confused_deputy else ()


def _unsure(keys: InfrastructureKeys) -> str:
    unsure = "no page of AWS says that ECS sends `aws:SourceAccount` and `aws:SourceArn` for an infrastructure role"
    return unsure if keys.infrastructure_confused_deputy else ""


def _role(
    id: str,
    purpose: str,
    why: str,
    *,
    aws: str = "",
    suffix: str = "",
    page: str = _PAGE,
    ours: Callable[[InfrastructureKeys], bool] = never,
) -> RoleKind[InfrastructureKeys]:
    flag = f"enable_{id}_role"
    by_ecs = AssumedBy[InfrastructureKeys](everywhere("ecs"), "ECS assumes the role", page, flag, _deputy)
    return RoleKind(
        id,
        suffix or f"{id.replace('_', '-')}-role",
        purpose,
        trust=by_ecs.trust,
        meant=by_ecs.meant,
        needs=by_ecs.meant,
        unsure=_unsure,
        flag=flag,
        output=f"{id}_role",
        attributes=("arn", "name"),
        aside=True,
        aws=aws,
        ours=ours,
        passed_to=everywhere("ecs"),
        page=page,
        why=why,
    )


ROLES = (
    _role(
        "ebs_volumes",
        "ECS volumes infrastructure",
        "tasks are started with EBS volumes (`managedEBSVolume`)",
        aws="service-role/AmazonECSInfrastructureRolePolicyForVolumes",
    ),
    _role(
        "load_balancers",
        "ECS load balancers infrastructure",
        "ECS deploys blue/green, linear or canary behind a load balancer (`advancedConfiguration`)",
        aws="AmazonECSInfrastructureRolePolicyForLoadBalancers",
        page=_BALANCERS,
        ours=_balancers_are_ours,
    ),
    _role(
        "lifecycle_hook",
        "ECS lifecycle hook",
        "a Lambda function is a hook of a deployment (`lifecycleHooks`)",
        page=_HOOKS,
    ),
    _role(
        "service_connect_tls",
        "ECS Service Connect TLS infrastructure",
        "Service Connect encrypts (`tls`)",
        aws="service-role/AmazonECSInfrastructureRolePolicyForServiceConnectTransportLayerSecurity",
        suffix="connect-tls-role",
        page=_TLS,
    ),
    _role(
        "vpc_lattice",
        "ECS VPC Lattice infrastructure",
        "the service is a target of VPC Lattice (`vpcLatticeConfigurations`)",
        aws="AmazonECSInfrastructureRolePolicyForVpcLattice",
    ),
    _role(
        "managed_instances",
        "ECS Managed Instances infrastructure",
        "a capacity provider runs Managed Instances (`managedInstancesProvider`)",
        aws="AmazonECSInfrastructureRolePolicyForManagedInstances",
        page=_MANAGED,
    ),
    _role(
        "express",
        "ECS Express infrastructure",
        "the service is an Express service (`CreateExpressGatewayService`)",
        aws="service-role/AmazonECSInfrastructureRoleforExpressGatewayServices",
    ),
    _role(
        "gateways",
        "ECS gateways infrastructure",
        "the service stands behind a gateway of ECS (`CreateGateway`)",
        aws="AmazonECSInfrastructureRoleForGatewayHostSharedALB",
    ),
)
