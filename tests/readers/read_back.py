"""Roles that were read, in the terms in which stacks and servers are compared."""

from collections.abc import Mapping

from attrs import evolve

from ecsiam.readers.reading import Reading

from ..meaning import Made, Roles, of_role


def as_read(found: Reading, here: Mapping[str, str]) -> Roles:
    """The roles by name, all understood. Policies that aren't among the files count by their ARNs."""
    made: Roles = {}
    for read in found.roles.values():
        assert (read.gaps, read.unclear) == ((), ())
        role = evolve(read.role, managed_policy_arns=(*read.role.managed_policy_arns, *read.unread))
        made |= of_role(role, here)
    return {name: plain(one) for name, one in made.items()}


def plain(one: Made) -> Made:
    """A role without what a reader leaves out, with AWS's policies under the one name that we have for each."""
    arns = (f"arn:aws:{arn.split(':', 2)[2]}" if ":iam::aws:" in arn else arn for arn in one.managed_policy_arns)
    return evolve(one, description="", profile=None, managed_policy_arns=frozenset(arns))
