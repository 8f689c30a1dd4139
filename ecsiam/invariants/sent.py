"""What AWS sends with the requests of a role: keys that follow from who asks, and the region that is asked.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from types import MappingProxyType

from attrs import evolve, frozen

from ecsiam.analysis.callers import CALLERS, is_known
from ecsiam.invariants.asking import granted
from ecsiam.model.condition import Condition
from ecsiam.model.each import Item
from ecsiam.model.home import Home
from ecsiam.model.intent import Need
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Only, Statement
from ecsiam.model.text import Text, text

REGION_KEY = "aws:RequestedRegion"
# Where the one endpoint of IAM stands. From the endpoint data that AWS ships in botocore.
_IAM_REGION = MappingProxyType(
    {
        "aws": "us-east-1",
        "aws-cn": "cn-north-1",
        "aws-us-gov": "us-gov-west-1",
        "aws-eusc": "eusc-de-east-1",
        "aws-iso": "us-iso-east-1",
        "aws-iso-b": "us-isob-east-1",
        "aws-iso-e": "eu-isoe-west-1",
        "aws-iso-f": "us-isof-south-1",
    }
)
_ELSEWHERE = "xx-elsewhere-1"  # a region that no policy speaks of


@frozen
class Part:
    """Resources of a need that are asked in the same regions; no items: whatever the need names.

    Each of `regions` is asked apart: one where it is known; of several none is sure, and `unknown` says why.
    """

    items: tuple[Item, ...] = ()
    regions: tuple[tuple[Text, ...], ...] = ((),)
    unknown: str = ""


# Sent with what a service asks for a resource by itself, and never with what a role does.
_OF_SERVICES = ("aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID", "aws:SourceOrgPaths")


def of_role(stack: Stack, role: Role) -> tuple[Condition, ...]:
    """The keys that follow from a session of a role of a stack."""
    home = stack.deployment.home
    return of_session(role.arn(home.partition, home.account_id), home.account_id)


@lru_cache(maxsize=1 << 10)
def of_session(arn: Text, account: Text) -> tuple[Condition, ...]:
    """The keys that follow from a session of a role, whatever it asks for: what each is, or whether it is there."""
    known = {"{arn}": arn, "{account}": account}
    facts = {**CALLERS["role session"], **dict.fromkeys(_OF_SERVICES)}
    return tuple(_sent(key, fact if fact is None else known.get(fact, fact)) for key, fact in facts.items())


def _sent(key: str, fact: Text | str | None) -> Condition:
    if isinstance(fact, str) and is_known(fact):
        return Condition("Bool" if fact in ("true", "false") else "StringEquals", key, fact)
    if isinstance(fact, Text):
        return Condition("ArnEquals" if key.endswith("Arn") else "StringEquals", key, fact)
    return Condition("Null", key, "true" if fact is None else "false")


def asked_keys(role: Role) -> frozenset[str]:
    """The condition keys, in lower case, that a role's statements and its boundary ask about."""
    return frozenset(c.key.lower() for s in _statements(role) for c in s.conditions)


def _statements(role: Role) -> Iterator[Statement]:
    known = granted(role)
    yield from (leaf.statement for leaf in (*known.leaves, *(known.boundary or ())))


def resource_items(statement: Statement) -> Iterator[Item]:
    """What a statement lists as Resource."""
    if isinstance(statement.resources, Only):
        yield from statement.resources.items


# ---------------------------------------------------------------- regions


def asked_parts(stack: Stack, need: Need) -> tuple[Part, ...]:
    """A need, by the regions in which its resources are asked; whole, where the role's statements ask for none."""
    role = stack.roles.get(need.role)
    if role is None or need.statement.principals is not None or REGION_KEY.lower() not in asked_keys(role):
        return (Part(),)
    by_region: dict[tuple[tuple[tuple[Text, ...], ...], str], list[Item]] = {}
    for item in resource_items(need.statement):
        regions, unknown = _regions(stack.deployment.home, role, need.statement, item)
        if isinstance(item, Text) and item.literal == "*":
            regions, unknown = (_where(stack, need) or stack.deployment.home.regions,), ""
        by_region.setdefault((regions, unknown), []).append(item)
    parts = [Part(tuple(items), regions, unknown) for (regions, unknown), items in by_region.items()]
    return tuple(parts) if len(parts) > 1 else tuple(evolve(part, items=()) for part in parts)


def in_regions(statement: Statement) -> Iterator[Condition]:
    """The regions in which a statement's resources are asked, where each of its ARNs says one."""
    found = [_said(item) for item in resource_items(statement)]
    regions = tuple(dict.fromkeys(region for region in found if region is not None))
    if regions and None not in found:
        yield Condition("StringEquals", REGION_KEY, regions)


def _said(item: Item) -> Text | None:
    """The one region that an ARN says."""
    said = item.split(":", 5) if isinstance(item, Text) else ()
    return said[3] if len(said) == 6 and said[3].parts and not set("*?$").intersection(said[3].literal or "") else None


def _where(stack: Stack, need: Need) -> tuple[Text, ...]:
    """Where a service is asked without a resource: in each region of the resources of it that the role needs."""
    services = _services(need)
    of_same = (n for n in stack.intent.needs if n.role == need.role and _services(n) == services)
    found = (_said(item) for other in of_same for item in resource_items(other.statement))
    return tuple(dict.fromkeys(region for region in found if region is not None))


def _services(need: Need) -> set[str]:
    return {a.pattern.lower().partition(":")[0] for a in need.statement.actions.items}


def _regions(home: Home, role: Role, need: Statement, item: Item) -> tuple[tuple[tuple[Text, ...], ...], str]:
    """The regions in which a resource may be asked for, and why that isn't known if there are several."""
    said = item.split(":", 5) if isinstance(item, Text) else ()
    if (region := _said(item)) is not None:
        return ((region,),), ""
    services = {a.pattern.lower().partition(":")[0] for a in need.actions.items}
    if services == {"iam"} and said[3:4] != (text("*"),):
        at = _IAM_REGION.get(home.partition.literal or "")
        iam = (text(at),) if at else ()
        passes = any(a.pattern.lower() == "iam:passrole" for a in need.actions.items)
        if not passes:
            return ((iam,) if iam else _anywhere(home, role)), "nothing says where IAM is asked"
        return (home.regions, iam), "no page of AWS says which region passing a role is asked in"
    if services == {"s3"}:
        return _anywhere(home, role), "S3 is asked in the region of the bucket, which no ARN says"
    return _anywhere(home, role), "nothing says in which region the resource is"


def _anywhere(home: Home, role: Role) -> tuple[tuple[Text, ...], ...]:
    """The regions at home, each that the role's conditions tell from others, and one that none speaks of."""
    spoken = {
        re.sub(r"[*?]", "x", value.literal)
        for s in _statements(role)
        for c in s.conditions
        if c.key.lower() == REGION_KEY.lower()
        for value in c.values
        if value.literal
    }
    elsewhere = sorted({*spoken, _ELSEWHERE} - {r.literal for r in home.regions})
    return (home.regions, *((text(region),) for region in elsewhere))
