"""Invariants of how far the roles reach: at home only, and on what the config names."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from attrs import evolve

from ecsiam.analysis.answers import Answer, Fails, Undecided
from ecsiam.analysis.leaf import Leaf, compiled, resource_pattern
from ecsiam.analysis.requests import NOTHING, Requests, of_statement, query, union
from ecsiam.analysis.strings import example
from ecsiam.invariants.asking import allows, granted, listed, never, together
from ecsiam.model.arn import PARTITIONS, Arn
from ecsiam.model.each import RULES, Each, Item, nested
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.model.statement import AllBut, Only, Statement
from ecsiam.model.text import Ref, Text, text

if TYPE_CHECKING:
    from ecsiam.reference.actions import KnownAction

RAW = "_statements"  # how the features end that hold what the user wrote in IAM's own form


# ---------------------------------------------------------------- home


def at_home(stack: Stack) -> Answer:
    """Nothing outside this account, region and partition, unless it was configured."""

    def of_role(id: str) -> Answer:
        return never(
            stack,
            lambda of: _away(of, id),
            f"the {id} role reaches this outside of its own account, region and partition",
            assumed=_as_written(stack, stack.roles[id]),
            universe="known",
            blame=lambda of: allows(_built(of, id)),
        )

    return together(map(of_role, stack.roles))


def _as_written(stack: Stack, role: Role) -> tuple[str, ...]:
    raw = any(is_raw(s) for p in role.policies.values() for s in p.document.statements)
    written = (f"what was written as `{role.id}{RAW}` is meant as it is",) if raw else ()
    return (*written, *_attached(stack, role))


def _attached(stack: Stack, role: Role) -> tuple[str, ...]:
    attached = [str(arn) for arn in role.managed_policy_arns if _is_given(stack, arn)]
    return (f"{listed(attached)}, which was attached to the {role.id} role, is meant as it is",) if attached else ()


def _away(stack: Stack, id: str) -> Requests:
    own = allows(leaf for leaf in _built(stack, id) if not is_raw(leaf.statement))
    return granted(stack.roles[id]).by(own) - _homely(stack, own) if own else NOTHING


def _built(stack: Stack, id: str) -> list[Leaf]:
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
    sets = [query(Statement("Allow", "*", places, as_is=True))]
    bare = sorted({a for leaf in leaves for a in _bare(leaf.statement)})
    return union((*sets, query(Statement("Allow", bare, "*", as_is=True)))) if bare else sets[0]


def _by_parameter(first: str | Ref) -> bool:
    return isinstance(first, Ref) and first.parameter and first.otherwise is None


def meant(arn: str) -> set[str]:
    """The resources that an ARN of the config stands for, in every form that a feature gives it."""
    given = {arn, *(a for rule in RULES.values() for a in rule([arn]))}
    name = ":".join(arn.split(":")[:7])  # a secret's, without JSON key and version
    # Whether it ends in the six characters that Secrets Manager adds, the config has decided.
    partial = ":secretsmanager:" in arn and not set("*?").intersection(name)
    return given | {f"{name}-??????"} if partial else given


def _bare(statement: Statement) -> Iterator[str]:
    """The actions of an Allow that no narrower resource than `*` covers."""
    from ecsiam.reference import actions

    if statement.effect == "Allow":
        patterns = [a.pattern for a in statement.actions.items] if isinstance(statement.actions, Only) else ["*"]
        found = (known for pattern in patterns for known in actions.matching(pattern))
        bare = (known for known in found if not actions.supports_resources(known))
        # One has a hyphen in its name, which a policy can only write as `?`.
        yield from (f"{known.service}:{known.name.replace('-', '?')}" for known in bare)


# ---------------------------------------------------------------- wildcards


def wildcards(stack: Stack) -> Answer:
    """A `*` resource, or all there is of a kind in every account, only for actions that support nothing narrower."""
    from ecsiam.reference.actions import date

    def of_role(role: str) -> Answer:
        answer = never(
            stack,
            lambda of: _narrowable(of, role),
            f"the {role} role has this on all resources of its kind, and the action supports narrower ones",
            assumed=_attached(stack, stack.roles[role]),
            universe="known",
            blame=lambda of: [leaf for leaf in _built(of, role) if _wide(of, leaf) is not NOTHING],
        )
        unknown = sorted({a for leaf in _built(stack, role) if _is_star(stack, leaf) for a in _unknown(leaf)})
        if unknown and not isinstance(answer, Fails):
            return Undecided(f"the service reference of {date()} does not know {listed(unknown)}, which is on `*`")
        return answer

    return together(map(of_role, stack.roles))


def _narrowable(stack: Stack, id: str) -> Requests:
    leaves = _built(stack, id)
    return union(_wide(stack, leaf) for leaf in leaves) & granted(stack.roles[id]).by(leaves) if leaves else NOTHING


def _wide(stack: Stack, leaf: Leaf) -> Requests:
    """What an Allow grants on all resources of a kind, where narrower ones would do."""
    from ecsiam.reference import actions

    statement = leaf.statement
    if statement.effect == "Deny" or statement.resources is None:
        return NOTHING
    if _is_star(stack, leaf):
        fine = sorted({*_bare(statement), *_unknown(leaf)})
        return of_statement(leaf) - query(Statement("Allow", fine, "*", as_is=True)) if fine else of_statement(leaf)
    if isinstance(statement.actions, AllBut):
        known = actions.matching("*")
    else:
        known = tuple(k for a in statement.actions.items for k in actions.matching(a.pattern))
    partition = stack.deployment.home.partition.literal
    partitions = (partition,) if partition else tuple(PARTITIONS)
    wide = sorted({k.id for k in known if any(_covers(leaf, k, p) for p in partitions)})
    return of_statement(leaf) & query(Statement("Allow", wide, "*", as_is=True)) if wide else NOTHING


def _covers(leaf: Leaf, action: "KnownAction", partition: str) -> bool:
    """Whether the resources of a statement are all of a type that the action has, in every account."""
    return any(_covered(leaf, form, partition) for form in _forms(action))


@lru_cache(maxsize=1 << 14)
def _covered(leaf: Leaf, form: tuple[str, tuple[str, ...]], partition: str) -> bool:
    arn, excepted = form
    every = resource_pattern((arn.replace("arn:*:", f"arn:{partition}:", 1),))
    plain = [o.resources for o in compiled(leaf).options if not o.tests and not o.states]
    granted = frozenset(p for r in plain for clause in r.clauses for p in clause)
    others = frozenset(resource_pattern((other,)) for other in excepted)
    return bool(granted) and example((frozenset({every}),), granted | others) is None


def _forms(action: "KnownAction") -> Iterator[tuple[str, tuple[str, ...]]]:
    """The kinds of resource that an action is evaluated on, each with what its pattern takes in by mistake."""
    from ecsiam.reference.actions import evaluated_on, excepting

    yield from ((arn, excepting(arn)) for arn in evaluated_on(action) if arn != "*")


def _is_star(stack: Stack, leaf: Leaf) -> bool:
    """Whether an Allow has, or may have, every resource."""
    resources = leaf.statement.resources
    if leaf.statement.effect == "Deny" or resources is None:
        return False
    return isinstance(resources, AllBut) or any(_may_be_star(stack, item) for item in resources.items)


def _may_be_star(stack: Stack, item: Item) -> bool:
    if isinstance(item, Each):
        variable = stack.deployment.variables.get(item.parameter)
        return (variable is not None and variable.star) or any(_may_be_star(stack, o) for o in item.otherwise)
    first = item.parts[0] if item.parts else ""
    if isinstance(first, Ref):
        return first.otherwise is not None and first.otherwise.literal == "*"
    return item.literal == "*"


def _unknown(leaf: Leaf) -> Iterator[str]:
    """The actions of a statement that are written out and that the service reference doesn't have."""
    from ecsiam.reference.actions import action

    if isinstance(leaf.statement.actions, Only):
        names = (a.pattern for a in leaf.statement.actions.items)
        yield from (name for name in names if not set("*?").intersection(name) and action(name) is None)
