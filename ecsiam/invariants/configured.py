"""What a role has because a flag says so, as wide as AWS makes it: the policies of AWS that rows of roles attach.

They are AWS's own, for what AWS does with the role. Nothing narrower can be asked for where no policy of ours can stand
in their place. So what is judged is the rest of the role, and the answer says what it rests on.
"""

from functools import cache

from attrs import evolve

from ecsiam.analysis.leaf import Leaf
from ecsiam.features.feature import RoleKind, never
from ecsiam.features.table import ROLES, FeatureKeys
from ecsiam.invariants.asking import Granted, granted
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Only
from ecsiam.model.text import Text


def _kind(role: Role) -> RoleKind[FeatureKeys] | None:
    """The row of a role that stands aside."""
    kind = ROLES.get(role.id)
    return kind if kind is not None and kind.aside else None


def of_aws(role: Role) -> frozenset[str]:
    """The policies of AWS that a role's row attaches, by their ARNs."""
    kind = _kind(role)
    ends = f":iam::aws:policy/{kind.aws}" if kind is not None and kind.aws else "-"
    return frozenset(arn for arn in map(str, role.managed_policy_arns) if arn.endswith(ends))


def own(role: Role) -> Granted:
    """What a role may do, without what AWS's policy for it says."""
    apart = of_aws(role)
    if not apart:
        return granted(role)
    return granted(evolve(role, managed_policy_arns=[a for a in role.managed_policy_arns if str(a) not in apart]))


def narrowed(role: Role) -> Granted:
    """The same; with AWS's policy where that passes roles, and one of ours could stand in its place."""
    kind = _kind(role)
    return granted(role) if kind is not None and kind.ours is not never and _passes(kind.aws) else own(role)


@cache
def _passes(policy: str) -> bool:
    """Whether a policy of AWS passes roles, as its text in the partition `aws` has it."""
    from ecsiam.reference.managed import managed_policy

    known = managed_policy(f"arn:aws:iam::aws:policy/{policy}")
    statements = () if known is None else known.document.statements
    return any(a.pattern.lower() == "iam:passrole" for s in statements for a in s.actions.items)


def as_configured(role: Role, judged: Granted) -> tuple[str, ...]:
    """What an answer rests on that was asked of this part of a role."""
    apart = of_aws(role)
    if not apart or judged == granted(role):
        return ()
    policies = (arn.rpartition("/")[2] for arn in sorted(apart))
    return tuple(f"the {role.id} role has AWS's policy `{p}` as AWS has it: it was configured so" for p in policies)


def ways_of(stack: Stack, id: str) -> tuple[Leaf, ...]:
    """The ways up that a role is there for, on what the config names: as its needs have them."""
    role = stack.roles.get(id)
    kind = None if role is None else _kind(role)
    ways = () if kind is None else kind.ways
    needs = (need for need in stack.intent.needs if ways and need.role == id and need.statement.principals is None)
    return tuple(
        Leaf(evolve(need.statement, actions=Only(found)))
        for need in needs
        if (found := tuple(a for a in need.statement.actions.items if a.pattern in ways))
    )


def passed_to(role: Role, partition: Text) -> tuple[str, ...]:
    """The services that a role may be passed to: those that assume it by its row."""
    kind = ROLES.get(role.id)
    return () if kind is None else kind.passed_to(partition)
