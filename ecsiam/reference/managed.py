"""The managed policies of AWS that have to do with ECS, as they were on a day: AWS changes them without notice.

Those for service-linked roles are left out, since nobody can attach them. The texts are those of the partition `aws`.
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
"""

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from types import MappingProxyType

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


_NOTHING: Mapping[str, Policy] = MappingProxyType({})
_given: ContextVar[Mapping[str, Policy]] = ContextVar("given", default=_NOTHING)


@contextmanager
def given(documents: Mapping[str, Policy] | None) -> Generator[None]:
    """While this lasts, these are what managed policies say, by their ARNs: customers' own, that nobody else knows."""
    token = _given.set({**_given.get(), **(documents or {})})
    try:
        yield
    finally:
        _given.reset(token)


def managed_policy(arn: str) -> ManagedPolicy | None:
    """The policy of exactly that ARN: one that was given, or that we carry; no partition's but those of `aws`."""
    if document := _given.get().get(arn):
        return ManagedPolicy(arn, "", "", document)
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
