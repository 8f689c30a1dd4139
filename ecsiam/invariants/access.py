"""Invariants of what the roles may do: apart, no further than asked, at home, and no way up."""

import re
from collections.abc import Iterable, Iterator

from attrs import evolve

from ecsiam.analysis.answers import Answer, Fails, Undecided
from ecsiam.analysis.leaf import Leaf
from ecsiam.analysis.request import Request
from ecsiam.analysis.requests import NOTHING, Requests, of_statement, query, union
from ecsiam.invariants.askable import ASSUMED, askable
from ecsiam.invariants.asking import Granted, granted, listed, never, together
from ecsiam.model.arn import Arn
from ecsiam.model.condition import Condition
from ecsiam.model.each import RULES, Each, Item, nested
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.model.statement import AllBut, Only, Statement
from ecsiam.model.text import Ref, Text, text

ECS_ROLES = ("execution", "task")
RAW = "_statements"  # how the features end that hold what the user wrote in IAM's own form
ECS_TASKS = "ecs-tasks.amazonaws.com"


def _missing(stack: Stack, *ids: str) -> Undecided | None:
    missing = [id for id in ids if id not in stack.roles]
    return Undecided(f"the stack has no role {listed(missing)}") if missing else None


# ---------------------------------------------------------------- separation


def separation(stack: Stack) -> Answer:
    """No action, resource and context is allowed by both the execution role and the task role."""
    missing = _missing(stack, *ECS_ROLES)
    if missing is not None:
        return missing

    def shared(of: Stack) -> Requests:
        execution, task = (_whoever(granted(of.roles[id])) for id in ECS_ROLES)
        both = execution.requests & task.requests
        # The narrower of the two says which actions there are to ask about.
        patterns = min(filter(None, (_patterns(execution), _patterns(task))), key=len, default=None)
        return both if patterns is None else both & askable(patterns)

    unread = [arn for id in ECS_ROLES for arn in granted(stack.roles[id]).unread]
    return never(
        stack,
        shared,
        "the execution role and the task role may both do this",
        unread=unread,
        blame=lambda of: _allows(_whoever(granted(of.roles["task"])).leaves),
    )


def _patterns(role: Granted) -> tuple[str, ...] | None:
    """The actions that a role is granted; None where that may be all."""
    elements = [leaf.statement.actions for leaf in _allows(role.leaves)]
    patterns = {a.pattern.lower() for element in elements for a in element.items}
    wide = any(isinstance(element, AllBut) for element in elements) or any(p.startswith("*") for p in patterns)
    return None if wide else tuple(sorted(patterns))


def _allows(leaves: Iterable[Leaf]) -> tuple[Leaf, ...]:
    return tuple(leaf for leaf in leaves if leaf.statement.effect == "Allow")


# They follow from who asks, and the two roles never are the same principal.
_OF_PRINCIPAL = ("aws:principal", "aws:userid", "aws:username", "aws:tokenissuetime", "aws:multifactor")
_VARIABLE = re.compile(r"\$\{\s*(" + "|".join(_OF_PRINCIPAL) + r")[^}]*\}", re.IGNORECASE)


def _whoever(role: Granted) -> Granted:
    """The statements as they are for whoever asks: a condition on the principal may be met, a denial by it missed.

    Each role may have any value where it puts in one of its principal's.
    """

    def kept(leaves: Iterable[Leaf]) -> Iterator[Leaf]:
        for leaf in leaves:
            s = leaf.statement
            conditions = tuple(c for c in s.conditions if not _by_principal(c))
            resources = _for_anyone(s.resources)
            if conditions == s.conditions and resources == s.resources:
                yield leaf
            elif s.effect == "Allow":
                yield evolve(leaf, statement=evolve(s, conditions=conditions, resources=resources))

    boundary = None if role.boundary is None else tuple(kept(role.boundary))
    return evolve(role, leaves=tuple(kept(role.leaves)), boundary=boundary)


def _by_principal(condition: Condition) -> bool:
    put_in = (str(v) for v in condition.values)
    return condition.key.lower().startswith(_OF_PRINCIPAL) or any(map(_VARIABLE.search, put_in))


def _for_anyone(resources: Only[Item] | AllBut[Item] | None) -> Only[Item] | AllBut[Item] | None:
    """Resources with `*` in the place of what follows from who asks; of NotResource, then, nothing is left out."""
    if resources is None:
        return None
    texts = [(item, _VARIABLE.sub("*", str(item))) for item in resources.items]
    changed = any(isinstance(item, Text) and item.literal is not None and new != str(item) for item, new in texts)
    if not changed:
        return resources
    if isinstance(resources, AllBut):
        return Only((text("*"),))
    return Only(tuple(text(new) if isinstance(i, Text) and i.literal is not None else i for i, new in texts))


# ---------------------------------------------------------------- iam:PassRole


def pass_role(stack: Stack) -> Answer:
    """iam:PassRole only for this stack's ECS roles, and only to the tasks service."""
    passing = query(Statement("Allow", "iam:PassRole", "arn:*:iam::*:role/*"))

    def beyond(of: Stack, role: str) -> Requests:
        return (granted(of.roles[role]).requests & passing) - _passable(of)

    def of_role(id: str) -> Answer:
        return never(
            stack,
            lambda of: beyond(of, id) if id in of.roles else NOTHING,
            f"the {id} role may pass this role, or pass it to that service",
            unread=granted(stack.roles[id]).unread,
        )

    return together(map(of_role, stack.roles))


def _passable(stack: Stack) -> Requests:
    home = stack.deployment.home
    arns = [stack.roles[id].arn(home.partition, home.account_id) for id in ECS_ROLES if id in stack.roles]
    if not arns:
        return NOTHING
    to_tasks = {"StringEquals": {"iam:PassedToService": ECS_TASKS}}
    return query(Statement("Allow", "iam:PassRole", arns, conditions=to_tasks))


# ---------------------------------------------------------------- escalation

DEPLOYER = (
    "whoever deploys runs code as the two roles that the deploy role passes",
    "whoever may push an image runs code as the roles of the tasks that run it",
)


def no_escalation(stack: Stack) -> Answer:
    """No role can change IAM or obtain a role beyond those that it passes."""
    from ecsiam.reference.escalations import ESCALATIONS

    ways = askable(tuple(a for e in ESCALATIONS for a in e.actions))

    def fact(role: str, request: Request) -> str:
        taken = (e for e in ESCALATIONS if request in query(Statement("Allow", e.actions, "*")))
        why = next((f": {e.group}, {e.why}" for e in taken), "")
        return f"the {role} role may do this{why}"

    def of_role(id: str) -> Answer:
        known = granted(stack.roles[id])
        return never(
            stack,
            lambda of: granted(of.roles[id]).requests & ways if id in of.roles else NOTHING,
            lambda _, request: fact(id, request),
            assumed=(*(DEPLOYER if "github_actions" in stack.roles else ()), *_of_new_actions(known)),
            unread=known.unread,
        )

    return together(map(of_role, stack.roles))


def _of_new_actions(role: Granted) -> tuple[str, ...]:
    patterns = _patterns(role)
    return (ASSUMED,) if patterns is None or any(set("*?").intersection(p) for p in patterns) else ()


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
            blame=lambda of: _allows(_built(of, id)),
        )

    return together(map(of_role, stack.roles))


def _as_written(stack: Stack, role: Role) -> tuple[str, ...]:
    said: list[str] = []
    if any(_raw(s) for p in role.policies.values() for s in p.document.statements):
        said.append(f"what was written as `{role.id}{RAW}` is meant as it is")
    attached = [str(arn) for arn in role.managed_policy_arns if str(arn) in {g.arn for g in stack.deployment.given}]
    if attached:
        said.append(f"{listed(attached)}, which was attached to the {role.id} role, is meant as it is")
    return tuple(said)


def _away(stack: Stack, id: str) -> Requests:
    own = _allows(leaf for leaf in _built(stack, id) if not _raw(leaf.statement))
    return granted(stack.roles[id]).by(own) - _homely(stack, own) if own else NOTHING


def _built(stack: Stack, id: str) -> list[Leaf]:
    """The statements of a role without those of policies that the user attached: these are configured."""
    role = stack.roles.get(id)
    if role is None:
        return []
    given = {g.arn for g in stack.deployment.given}
    return list(
        granted(evolve(role, managed_policy_arns=[a for a in role.managed_policy_arns if str(a) not in given])).leaves
    )


def _raw(statement: Statement) -> bool:
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
    sets = [query(Statement("Allow", "*", places))]
    bare = sorted({a for leaf in leaves for a in _bare(leaf.statement)})
    return union((*sets, query(Statement("Allow", bare, "*")))) if bare else sets[0]


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
    """A `*` resource only for actions that support nothing narrower."""
    from ecsiam.reference.actions import date

    def of_role(role: str) -> Answer:
        answer = never(
            stack,
            lambda of: _narrowable(of, role),
            f"the {role} role has this on `*`, and the action supports narrower resources",
            universe="known",
            blame=lambda of: [leaf for leaf in _built(of, role) if _everywhere(of, leaf)],
        )
        unknown = sorted({a for leaf in _built(stack, role) if _everywhere(stack, leaf) for a in _unknown(leaf)})
        if unknown and not isinstance(answer, Fails):
            return Undecided(f"the service reference of {date()} does not know {listed(unknown)}, which is on `*`")
        return answer

    return together(map(of_role, stack.roles))


def _narrowable(stack: Stack, id: str) -> Requests:
    wide = [leaf for leaf in _built(stack, id) if _everywhere(stack, leaf)]
    parts: list[Requests] = []
    for leaf in wide:
        fine = sorted({*_bare(leaf.statement), *_unknown(leaf)})
        parts.append(of_statement(leaf) - query(Statement("Allow", fine, "*")) if fine else of_statement(leaf))
    return union(parts) & granted(stack.roles[id]).by(wide) if wide else NOTHING


# `*`, and an ARN that says nothing but the partition.
_STAR = re.compile(r"\*|arn:(\*|aws[a-z-]*)(:\*+){0,4}")


def _everywhere(stack: Stack, leaf: Leaf) -> bool:
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
    return _STAR.fullmatch(item.literal or "") is not None


def _unknown(leaf: Leaf) -> Iterator[str]:
    """The actions of a statement that are written out and that the service reference doesn't have."""
    from ecsiam.reference.actions import action

    if isinstance(leaf.statement.actions, Only):
        names = (a.pattern for a in leaf.statement.actions.items)
        yield from (name for name in names if not set("*?").intersection(name) and action(name) is None)
