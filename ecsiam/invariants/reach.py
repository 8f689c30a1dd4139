"""The invariant of how far the roles reach: at home only, and what the config names."""

from collections.abc import Iterable, Iterator

from attrs import evolve

from ecsiam.analysis.answers import Answer
from ecsiam.analysis.leaf import Leaf
from ecsiam.analysis.requests import NOTHING, Requests, query, union
from ecsiam.invariants.asking import allows, granted, listed, never, together
from ecsiam.model.arn import Arn
from ecsiam.model.each import RULES, Item, nested
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Only, Statement
from ecsiam.model.text import Ref, Text, text

RAW = "_statements"  # how the features end that hold what the user wrote in IAM's own form


# ---------------------------------------------------------------- home


def at_home(stack: Stack) -> Answer:
    """Nothing outside this account, region and partition, unless it was configured."""

    def of_role(id: str) -> Answer:
        return never(
            stack,
            lambda of: _away(of, id),
            f"the {id} role reaches this outside of its own account, region and partition",
            roles=(id,),
            assumed=_as_written(stack, stack.roles[id]),
            universe="known",
            blame=lambda of: allows(built(of, id)),
        )

    return together(map(of_role, stack.roles))


def _as_written(stack: Stack, role: Role) -> tuple[str, ...]:
    raw = any(is_raw(s) for p in role.policies.values() for s in p.document.statements)
    written = (f"what was written as `{role.id}{RAW}` is meant as it is",) if raw else ()
    return (*written, *attached(stack, role))


def attached(stack: Stack, role: Role) -> tuple[str, ...]:
    """What is said of policies that the user attached."""
    given = [str(arn) for arn in role.managed_policy_arns if _is_given(stack, arn)]
    return (f"{listed(given)}, which was attached to the {role.id} role, is meant as it is",) if given else ()


def _away(stack: Stack, id: str) -> Requests:
    own = allows(leaf for leaf in built(stack, id) if not is_raw(leaf.statement))
    return granted(stack.roles[id]).by(own) - _homely(stack, own) if own else NOTHING


def built(stack: Stack, id: str) -> list[Leaf]:
    """The statements of a role without those of policies that the user attached: these are configured."""
    role = stack.roles.get(id)
    if role is None:
        return []
    own = [arn for arn in role.managed_policy_arns if not _is_given(stack, arn)]
    return list(granted(evolve(role, managed_policy_arns=own)).leaves)


def _is_given(stack: Stack, arn: Text) -> bool:
    return any(given.arn == arn.literal for given in stack.deployment.given)


def is_raw(statement: Statement) -> bool:
    """Whether the user wrote it in IAM's own form."""
    return statement.origin is not None and statement.origin.feature.endswith(RAW)


def _homely(stack: Stack, leaves: Iterable[Leaf]) -> Requests:
    """What lies at home, what the user named, and what has no resource."""
    home, leaves = stack.deployment.home, tuple(leaves)
    places: list[Item] = [Arn(home.partition, "*", region, home.account_id, "*").text for region in home.regions]
    places.append(Arn(home.partition, "*", "", home.account_id, "*").text)
    places += [text(arn) for given in stack.deployment.given for arn in sorted(meant(given.arn))]
    # A parameter's values are the user's own, wherever they are.
    items = [i for leaf in leaves for i in (leaf.statement.resources.items if leaf.statement.resources else ())]
    places += [evolve(each, otherwise=()) for each in nested(items)]
    places += [i for i in items if isinstance(i, Text) and i.parts and _by_parameter(i.parts[0])]
    sets = [query("*", places)]
    unnarrowed = sorted({a for leaf in leaves for a in bare(leaf.statement)})
    return union((*sets, query(unnarrowed, "*"))) if unnarrowed else sets[0]


def _by_parameter(first: str | Ref) -> bool:
    return isinstance(first, Ref) and first.parameter and first.otherwise is None


def meant(arn: str) -> set[str]:
    """The resources that an ARN of the config stands for, in every form that a feature gives it."""
    given = {arn, *(a for rule in RULES.values() for a in rule([arn]))}
    name = ":".join(arn.split(":")[:7])  # a secret's, without JSON key and version
    # Whether it ends in the six characters that Secrets Manager adds, the config has decided.
    partial = ":secretsmanager:" in arn and not set("*?").intersection(name)
    return given | {f"{name}-??????"} if partial else given


def bare(statement: Statement) -> Iterator[str]:
    """The actions of an Allow that no narrower resource than `*` covers."""
    from ecsiam.reference import actions

    if statement.effect == "Allow":
        patterns = [a.pattern for a in statement.actions.items] if isinstance(statement.actions, Only) else ["*"]
        found = (known for pattern in patterns for known in actions.matching(pattern))
        unnarrowed = (known for known in found if not actions.supports_resources(known))
        # One has a hyphen in its name, which a policy can only write as `?`.
        yield from (f"{known.service}:{known.name.replace('-', '?')}" for known in unnarrowed)
