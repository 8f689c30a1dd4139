"""The policies of an organisation: how they are attached, level by level, and whom and what they reach.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
"""

import re
from collections.abc import Iterable, Mapping
from typing import Literal, cast

from attrs import frozen

from ecsiam.analysis.callers import kind_of
from ecsiam.analysis.request import Request
from ecsiam.errors import Fault, Faults, PolicyError, refuse
from ecsiam.model.policy import Policy

Several = Policy | Iterable[Policy]
Levels = Several | Iterable[Several] | Mapping[str, Several]
Place = Literal["scp", "rcp"]


@frozen
class Attached:
    """A policy of an organisation, by the level that it is attached to."""

    level: str
    name: str
    policy: Policy


def attached(place: Place, given: Levels) -> tuple[Attached, ...]:
    """The policies of each level. Several that stand in no inner list are one level.

    Raises PolicyError for what is no policy and for a level of service control policies that has none: at AWS it can't
    lose its last one. A level without resource control policies has `RCPFullAWSAccess`, as every level has.
    """
    found: list[Attached] = []
    faults = Faults()
    levels = _levels(place, given)
    for level, policies in levels:
        if not policies and place == "scp":
            remedy = "Every level has at least one; where nothing is limited it is `FullAWSAccess`."
            faults.append(Fault(f"the level `{level}` of `scps` has no policy", (), remedy))
        name = f"{place} {level}".rstrip()
        for i, policy in enumerate(policies):
            found.append(Attached(level, name if len(policies) == 1 else f"{name} {i}", policy))
    refuse(PolicyError, faults)
    return tuple(found)


def _levels(place: Place, given: Levels) -> list[tuple[str, tuple[Policy, ...]]]:
    if isinstance(given, Mapping):
        named = cast("Mapping[str, object]", given)
        return [(level, _policies(place, several)) for level, several in named.items()]
    items = [given] if isinstance(given, Policy) else _listed(place, given)
    if not any(isinstance(item, Policy) for item in items):
        return [(str(i), _policies(place, item)) for i, item in enumerate(items)]
    return [("", _policies(place, items))]


def _policies(place: Place, given: object) -> tuple[Policy, ...]:
    if isinstance(given, Policy):
        return (given,)
    items = _listed(place, given)
    policies = tuple(item for item in items if isinstance(item, Policy))
    if len(policies) == len(items):
        return policies
    remedy = "Write `[[...], [...]]`, a list of policies for each level, or one list for one level."
    raise PolicyError(Fault(f"`{place}s` holds something that is no policy, or levels beside policies", (), remedy))


def _listed(place: Place, given: object) -> list[object]:
    if isinstance(given, Iterable) and not isinstance(given, str | bytes | Mapping):
        return list(cast("Iterable[object]", given))
    raise PolicyError(Fault(f"`{place}s` takes policies", (), "Read text with `parse_policy`."))


# ---------------------------------------------------------------- whom and what they reach

# The service prefixes that AWS lists, 62 of them on 2026-09-26. OpenSearch's domains are `es`, which is not listed.
# https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#rcp-supported-services
_REACHED = (
    "aoss appconfig appstream autoscaling autoscaling-plans budgets clouddirectory cloudfront cloudsearch"
    " cloudtrail-data codeartifact codebuild codecommit codepipeline cognito-identity cognito-idp comprehend"
    " comprehendmedical compute-optimizer cost-optimization-hub dax dsql dynamodb ecr ecr-public events firehose fis"
    " fms gamelift health inspector-scan kendra kinesisvideo kms logs memorydb networkmonitor notifications opensearch"
    " pca-connector-ad personalize polly pricing resource-groups rolesanywhere s3 secretsmanager servicediscovery"
    " signin sqs sts support swf textract timestream-influxdb transcribe transfer translate wafv2 workspaces"
    " xray"
)
RCP_SERVICES = frozenset(_REACHED.split())
RCP_EXCEPTIONS = frozenset({"kms:retiregrant"})
_LINKED = re.compile("arn:[^:]+:iam::[0-9]{12}:role/aws-service-role/.+")
_LINKED_SESSION = re.compile("arn:[^:]+:sts::[0-9]{12}:assumed-role/AWSServiceRoleFor[^/]*/.+")


def why_not(place: Place, request: Request) -> str:
    """Why the policies of an organisation have no say in a request as it was given; empty where they have.

    That caller or resource is of the management account, which neither kind binds, can't be told from a request.
    """
    return _not_by_service_control(request) if place == "scp" else _not_by_resource_control(request)


def _not_by_service_control(request: Request) -> str:
    who = request.principal
    kind = None if who is None else kind_of(who)
    match kind:
        case "anonymous":
            return "service control policies bind no anonymous caller"
        case "service":
            return "service control policies do not bind what a service asks for itself"
        case "federated":
            return "service control policies bind principals of an account, not who brings a token"
        case _:
            return "service control policies bind no service-linked role" if _is_linked(request) else ""


def _not_by_resource_control(request: Request) -> str:
    service = request.action.partition(":")[0].lower()
    if service not in RCP_SERVICES:
        return f"resource control policies do not reach `{service}`, as far as AWS lists"
    if request.action.lower() in RCP_EXCEPTIONS:
        return f"resource control policies do not reach `{request.action}`"
    if _is_linked(request) or (service == "sts" and _LINKED.fullmatch(request.resource)):
        return "resource control policies bind no service-linked role"
    return ""


def _is_linked(request: Request) -> bool:
    """Whether a service-linked role asks. A session's ARN has no path: its name tells, where its role isn't given."""
    who = request.principal
    arn = request.values("aws:PrincipalArn")
    if isinstance(arn, str):
        return bool(_LINKED.fullmatch(arn))
    id = str(who.id) if who is not None and who.type == "AWS" else ""
    return bool(_LINKED.fullmatch(id) or _LINKED_SESSION.fullmatch(id))
