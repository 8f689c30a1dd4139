"""What is given beside those who are asked: one boundary for all of them, and what managed policies say."""

from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import TypeVar, cast

from attrs import evolve

from ecsiam.analysis.requests import Requests
from ecsiam.errors import Fault, Faults, PolicyError, refuse
from ecsiam.model.mistaken import expect, policies_of
from ecsiam.model.policy import Policy
from ecsiam.model.principal import EVERYONE
from ecsiam.model.role import Role, RolePolicy
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Statement
from ecsiam.model.text import text
from ecsiam.reference.managed import given

S = TypeVar("S", bound="Policy | Role | Stack | Requests | Iterable[Policy]")
# What a boundary is called that was given for every role.
BOUNDARY = "the boundary that was given"
_ANYBODY = Policy(Statement("Allow", "sts:AssumeRole", principals=EVERYONE, as_is=True))


@contextmanager
def limits(boundary: Policy | None, managed: Mapping[str, Policy] | None) -> Generator[None]:
    """While this lasts, what was given is known. Raises PolicyError for what is no policy, or none of a caller."""
    faults = Faults()
    with faults.at("boundary"):
        expect(boundary, (Policy, type(None)), "a policy")
    documents = {**_by_arn(managed, faults), **({} if boundary is None else {BOUNDARY: boundary})}
    refuse(PolicyError, faults)
    for name, policy in documents.items():
        if policy.kind != "identity":
            said = name if name == BOUNDARY else f"the managed policy `{name}`"
            faults.append(Fault(f"{said} names a principal", (), "No policy of a caller says who it speaks of."))
    refuse(PolicyError, faults)
    with given(documents):
        yield


def _by_arn(managed: object, faults: Faults) -> Mapping[str, Policy]:
    """The documents of managed policies; what is none of it is a fault."""
    if not isinstance(managed, Mapping | None):
        remedy = 'Write `{"arn:aws:iam::123456789012:policy/x": policy}`.'
        faults.append(Fault("`managed` has the documents of policies by their ARNs", (), remedy))
        return {}
    documents = cast("Mapping[str, Policy]", managed or {})
    for arn, policy in documents.items():
        with faults.at("managed", str(arn)):
            expect(policy, Policy, "a policy")
    return documents


def within(subject: S, boundary: Policy | None) -> S:
    """Who is asked, with the boundary in place of the one that each role names; policies are those of a role.

    Raises PolicyError for policies that say who may ask.
    """
    if boundary is None or isinstance(subject, Requests):
        return subject
    return cast("S", _bounded(subject))


def _bounded(subject: Policy | Role | Stack | Iterable[Policy]) -> Role | Stack:
    match subject:
        case Role():
            return evolve(subject, permissions_boundary=text(BOUNDARY))
        case Stack():
            return evolve(subject, roles=[cast("Role", _bounded(role)) for role in subject.roles.values()])
        case _:
            policies = policies_of(subject)
            if any(policy.kind != "identity" for policy in policies):
                remedy = "Leave `boundary` out."
                raise PolicyError(Fault("a boundary limits callers, not whom a resource lets in", (), remedy))
            inline = [RolePolicy(f"policy {i}", f"policy {i}", policy) for i, policy in enumerate(policies)]
            return Role("policies", "policies", _ANYBODY, inline, permissions_boundary=BOUNDARY)
