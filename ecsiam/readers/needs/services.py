"""The roles that ECS itself assumes for a service, each with the field that names it and what ECS does with it.

Such a role may have more than one use. What is asked for is what is sure to be called; AWS's policy of each allows it.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/infrastructure_IAM_role.html
"""

from collections.abc import Callable, Iterator, Mapping

from attrs import frozen

from ecsiam.errors import Path
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, PARTITION, Text, text
from ecsiam.readers.found import FoundService, Place, Value, as_map, is_list
from ecsiam.readers.needs.need import ECS, Asked, TaskNeed, Way, text_of

# Where a service's definition names each of them, in `roleArn`.
PATHS: Mapping[str, tuple[str, ...]] = {
    "ebs_volumes": ("volumeConfigurations", "managedEBSVolume"),
    "service_connect_tls": ("serviceConnectConfiguration", "services", "tls"),
    "load_balancers": ("loadBalancers", "advancedConfiguration"),
    "vpc_lattice": ("vpcLatticeConfigurations",),
    "lifecycle_hook": ("deploymentConfiguration", "lifecycleHooks"),
}
_TRUE = text("true")
_Asks = Callable[[Mapping[str, Value]], Iterator[tuple[str, Way]]]


@frozen
class Assumed:
    """A role that a service has ECS assume: the text that names it, the path to that, and what ECS needs of it."""

    service: FoundService
    at: Path
    role: Text
    needs: tuple[TaskNeed, ...]


def assumed_by(service: FoundService) -> Iterator[Assumed]:
    """The roles that a service names for ECS itself."""
    for id, (asks, page, policy) in _ASKS.items():
        for at, inside, _ in along(as_map(service.value), PATHS[id]):
            role = text_of(inside.get("roleArn"))
            if role is not None:
                place = service.at((*at, "roleArn"))
                needs = tuple(_need(place, page, policy, what, way) for what, way in asks(inside))
                yield Assumed(service, (*at, "roleArn"), role, needs)


def _need(place: Place, page: str, policy: str, what: str, way: Way) -> TaskNeed:
    failure = f"AccessDenied: not authorized to perform: {way[0].action}"
    return TaskNeed("ecs", (way,), place, what, failure, f"{ECS}/{page}", policy=f"{_AWS}{policy}" if policy else "")


def along(
    value: Mapping[str, Value], path: tuple[str, ...], at: Path = ()
) -> Iterator[tuple[Path, Mapping[str, Value], Mapping[str, Value]]]:
    """What stands at a path of keys, through lists: its own path, itself, and what is around it."""
    found = value.get(path[0])
    several = list(enumerate(found)) if is_list(found) else [(None, found)]
    for i, one in several:
        inner = as_map(one)
        here = (*at, path[0], *(() if i is None else (i,)))
        if inner and len(path) == 1:
            yield here, inner, value
        elif inner:
            yield from along(inner, path[1:], here)


# ---------------------------------------------------------------- what ECS does


def _here(service: str, resource: Text | str) -> Text:
    return Text.of("arn:", PARTITION, f":{service}:", AWS_REGION, ":", ACCOUNT_ID, ":", resource)


def _volumes(_: Mapping[str, Value]) -> Iterator[tuple[str, Way]]:
    """https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonECSInfrastructureRolePolicyForVolumes.html"""
    made, by = _here("ec2", "volume/*"), _here("ecs", "task/*")
    tags = {"AmazonECSManaged": _TRUE, "AmazonECSCreated": by}
    asked, owned = (tuple((f"aws:{of}Tag/{t}", v) for t, v in tags.items()) for of in ("Request", "Resource"))
    way = (Asked("ec2:CreateVolume", made, asked), Asked("ec2:AttachVolume", made, owned))
    yield "makes the EBS volumes of its tasks", (*way, Asked("ec2:DescribeVolumes", text("*")))


def _certificates(tls: Mapping[str, Value]) -> Iterator[tuple[str, Way]]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-connect-tls.html"""
    authority = text_of(as_map(tls.get("issuerCertificateAuthority")).get("awsPcaAuthorityArn"))
    if authority is not None:
        owned = (("aws:ResourceTag/AmazonECSManaged", _TRUE),)
        yield "gets the certificates of Service Connect", (Asked("acm-pca:GetCertificate", authority, owned),)


def _traffic(balanced: Mapping[str, Value]) -> Iterator[tuple[str, Way]]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AmazonECSInfrastructureRolePolicyForLoadBalancers.html"""
    yield "looks up target groups", (Asked("elasticloadbalancing:DescribeTargetGroups", text("*")),)
    if (group := text_of(balanced.get("alternateTargetGroupArn"))) is not None:
        yield "registers tasks as targets", (Asked("elasticloadbalancing:RegisterTargets", group),)
    rules = (text_of(balanced.get(key)) for key in ("productionListenerRule", "testListenerRule"))
    shifting = tuple(
        Asked(f"elasticloadbalancing:{action}", rule)
        for rule in rules
        for kind, action in ((":listener-rule/", "ModifyRule"), (":listener/", "ModifyListener"))
        if rule is not None and rule.holds(kind)
    )
    if shifting:
        yield "shifts the traffic", shifting


def _lattice(given: Mapping[str, Value]) -> Iterator[tuple[str, Way]]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/infrastructure_IAM_role.html"""
    if (group := text_of(given.get("targetGroupArn"))) is not None:
        yield "registers tasks as targets of VPC Lattice", (Asked("vpc-lattice:RegisterTargets", group),)


def _hook(hook: Mapping[str, Value]) -> Iterator[tuple[str, Way]]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-permissions.html"""
    if (function := text_of(hook.get("hookTargetArn"))) is not None:
        yield f"calls the hook `{function}`", (Asked("lambda:InvokeFunction", function),)


_INFRASTRUCTURE, _AWS = "infrastructure_IAM_role.html", "AmazonECSInfrastructureRolePolicyFor"
_ASKS: Mapping[str, tuple[_Asks, str, str]] = {
    "ebs_volumes": (_volumes, _INFRASTRUCTURE, "Volumes"),
    "service_connect_tls": (_certificates, "service-connect-tls.html", "ServiceConnectTransportLayerSecurity"),
    "load_balancers": (_traffic, "AmazonECSInfrastructureRolePolicyForLoadBalancers.html", "LoadBalancers"),
    "vpc_lattice": (_lattice, _INFRASTRUCTURE, "VpcLattice"),
    "lifecycle_hook": (_hook, "blue-green-permissions.html", ""),
}
