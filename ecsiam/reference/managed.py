"""The managed policies of AWS that have to do with ECS, as they were on a day: AWS changes them without notice.

Those for service-linked roles are left out, since nobody can attach them. The texts are those of the partition `aws`.
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
"""

import json
from functools import cache
from importlib.resources import files

from attrs import frozen

from ecsiam.model.document import parse_policy
from ecsiam.model.policy import Policy


@frozen
class ManagedPolicy:
    """A managed policy in one version; `date` is the day AWS made that version."""

    arn: str
    version: str
    date: str
    document: Policy


def managed_policy(arn: str) -> ManagedPolicy | None:
    """The policy of exactly that ARN; None if we don't carry it, as for every partition but `aws`."""
    name = arn.rpartition("/")[2]
    found = _read(name) if name in _names() else None
    return found if found and found.arn == arn else None


@cache
def managed_policies() -> tuple[str, ...]:
    """The ARNs of the policies we carry, by name."""
    return tuple(_read(name).arn for name in _names())


@cache
def _names() -> tuple[str, ...]:
    names = (file.name.removesuffix(".json") for file in (files("ecsiam.reference") / "managed").iterdir())
    return tuple(sorted(names))


@cache
def _read(name: str) -> ManagedPolicy:
    data = json.loads((files("ecsiam.reference") / "managed" / f"{name}.json").read_text(encoding="utf-8"))
    return ManagedPolicy(data["Arn"], data["VersionId"], data["Date"], parse_policy(data["Document"]))
