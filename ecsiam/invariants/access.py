"""Invariants of what the roles may do: nothing together, and no way up."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from attrs import evolve

from ecsiam.analysis.answers import Answer, Undecided
from ecsiam.analysis.asked import ASSUMED, askable
from ecsiam.analysis.asked import asked_of as asked_of_set
from ecsiam.analysis.leaf import Leaf
from ecsiam.analysis.patterns import Unclear
from ecsiam.analysis.request import Request
from ecsiam.analysis.requests import NOTHING, Requests, of_statement, query, union
from ecsiam.analysis.searching import search
from ecsiam.invariants.asking import Granted, allows, granted, never, together
from ecsiam.invariants.configured import as_configured, narrowed, own, passed_to, ways_of
from ecsiam.invariants.sent import resource_items
from ecsiam.looks.words import listed
from ecsiam.model.condition import Condition
from ecsiam.model.each import Each, Item
from ecsiam.model.intent import Need
from ecsiam.model.stack import Stack
from ecsiam.model.statement import AllBut, Only
from ecsiam.model.text import Text, text

ECS_ROLES = ("execution", "task")
ECS_TASKS = "ecs-tasks.amazonaws.com"
DEPLOY = "github_actions"
_TO_TASKS = {"StringEquals": {"iam:PassedToService": ECS_TASKS}}


def missing(stack: Stack, *ids: str) -> Undecided | None:
    """What is said where roles that a question is about are not there."""
    absent = [id for id in ids if id not in stack.roles]
    return Undecided(f"the stack has no role {listed(absent)}") if absent else None


# ---------------------------------------------------------------- separation


def separation(stack: Stack) -> Answer:
    """No action, resource and context is allowed by both the execution role and the task role."""
    absent = missing(stack, *ECS_ROLES)
    if absent is not None:
        return absent

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
        roles=ECS_ROLES,
        unread=unread,
        blame=lambda of: allows(_whoever(granted(of.roles["task"])).leaves),
    )


def asked_of(role: Granted, requests: Requests) -> Requests:
    """Of what a role may do, what AWS asks; all of it of a statement that has any service's actions on anything."""
    patterns = _patterns(role)
    if patterns is not None:
        return requests & askable(patterns)
    wide = [leaf for leaf in allows(role.leaves) if _is_of_any(leaf)]
    others = _patterns(evolve(role, leaves=tuple(leaf for leaf in role.leaves if leaf not in wide)))
    return requests & union((*([askable(others)] if others else []), *map(_asked_by, wide)))


def _is_of_any(leaf: Leaf) -> bool:
    """Whether a statement may be of any service's actions."""
    actions = leaf.statement.actions
    return isinstance(actions, AllBut) or any(set("*?") & set(a.pattern.partition(":")[0]) for a in actions.items)


@lru_cache(maxsize=1 << 8)
def _asked_by(leaf: Leaf) -> Requests:
    """What AWS asks of a statement of any service's actions; all that it has, where it is on anything."""
    resources, every = leaf.statement.resources, of_statement(leaf)
    if not isinstance(resources, Only) or any(isinstance(r, Each) or r.literal == "*" for r in resources.items):
        return every
    return asked_of_set(every, "known")


def _patterns(role: Granted) -> tuple[str, ...] | None:
    """The actions that a role is granted; None where that may be all."""
    leaves = allows(role.leaves)
    patterns = {a.pattern.lower() for leaf in leaves for a in leaf.statement.actions.items}
    return None if any(map(_is_of_any, leaves)) else tuple(sorted(patterns))


# They follow from who asks, and the two roles never are the same principal.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html, principal and role session
_OF_PRINCIPAL = (
    "aws:assumedroot",
    "aws:chatbotsourcearn",
    "aws:ec2instancesource",
    "aws:federatedprovider",
    "aws:multifactor",
    "aws:principal",
    "aws:sourceidentity",
    "aws:tokenissuetime",
    "aws:userid",
    "aws:username",
    "ec2:roledelivery",
    "ec2:sourceinstancearn",
    "glue:roleassumedby",
    "glue:credentialissuingservice",
    "lambda:sourcefunctionarn",
    "ssm:sourceinstancearn",
)
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
    """iam:PassRole only for this stack's roles, each to its service, and for those that the config has passed."""
    passing = query("iam:PassRole", "arn:*:iam::*:role/*")

    def beyond(of: Stack, role: str) -> Requests:
        may = narrowed(of.roles[role]).requests & passing
        return may - _passable(of) - _configured(of, role, "iam:PassRole")

    def of_role(id: str) -> Answer:
        role = stack.roles[id]
        return never(
            stack,
            lambda of: beyond(of, id) if id in of.roles else NOTHING,
            f"the {id} role may pass a role that is not one of the stack's, or pass one to another service",
            roles=(id,),
            assumed=as_configured(role, narrowed(role)),
            unread=narrowed(role).unread,
        )

    return together(map(of_role, stack.roles))


def _passable(stack: Stack, *only: str) -> Requests:
    """The stack's roles, or some of them, each passed to the service that assumes it."""
    home = stack.deployment.home
    return union(
        query("iam:PassRole", role.arn(home.partition, home.account_id), conditions=[_to(services)])
        for role in stack.roles.values()
        if (not only or role.id in only) and (services := passed_to(role, home.partition))
    )


def _to(services: tuple[str, ...]) -> Condition:
    return Condition("StringEquals", "iam:PassedToService", services)


def _configured(stack: Stack, id: str, action: str) -> Requests:
    """What a flag of the role needs of an action, as far as the config itself, or a parameter, names the resource."""
    named = {text(given.arn) for given in stack.deployment.given}
    return union(
        of_statement(Leaf(evolve(need.statement, resources=Only(items)), when=(need.when,) if need.when else ()))
        for need in stack.intent.needs
        if need.role == id and any(a.pattern == action for a in need.statement.actions.items)
        if (items := tuple(i for i in resource_items(need.statement) if isinstance(i, Each) or i in named))
    )


# ---------------------------------------------------------------- escalation

_ASSUME = "sts:AssumeRole"
PUSHER = "whoever may push an image runs code as the roles of the tasks that run it"
RELEASER = "whoever deploys through CodeDeploy runs code as the roles of what the listed deployment groups deploy"
_PUSH = ("ecr:PutImage", "ecr-public:PutImage")
_RELEASE = "codedeploy:CreateDeployment"


def no_escalation(stack: Stack) -> Answer:
    """No role can come to more than it was given, beside what it may pass.

    Whoever deploys or pushes images sets what runs under roles that were given to it to pass: that is assumed, for
    every role that may.
    """

    def of_role(id: str) -> Answer:
        known = own(role := stack.roles[id])
        return never(
            stack,
            lambda of: _up(of, id) - _meant_ways(of, id) if id in of.roles else NOTHING,
            lambda _, request: f"the {id} role may do this{_why(request)}",
            roles=(id,),
            assumed=(
                *_deploying(stack, id, known),
                *_assuming(stack, id),
                *_of_new_actions(known),
                *as_configured(role, known),
                *_meant_to(stack, id),
            ),
            unread=known.unread,
        )

    return together(map(of_role, stack.roles))


def _meant_ways(stack: Stack, id: str) -> Requests:
    """What the config has the role do that is a way up: the roles to assume, what to deploy through CodeDeploy."""
    return union((_asked_to_assume(stack, id), _released(stack, id)))


def _released(stack: Stack, id: str) -> Requests:
    """What the config has the role deploy through CodeDeploy."""
    return _configured(stack, id, _RELEASE)


def _asked_to_assume(stack: Stack, id: str) -> Requests:
    """The roles that a key of the config says a role assumes: what they may do was asked for with their names."""
    return union(of_statement(Leaf(need.statement)) for need in _assumes(stack, id)) & query(_ASSUME, "*")


def _assuming(stack: Stack, id: str) -> Iterator[str]:
    """What is assumed of those."""
    if any(_assumes(stack, id)):
        yield f"the roles that the {id} role is told to assume give no more than is meant"


def _assumes(stack: Stack, id: str) -> Iterator[Need]:
    of_role = (need for need in stack.intent.needs if need.role == id and need.statement.principals is None)
    return (need for need in of_role if any(a.pattern == _ASSUME for a in need.statement.actions.items))


def _why(request: Request) -> str:
    from ecsiam.reference.escalations import ESCALATIONS

    taken = (e for e in ESCALATIONS if request in query(e.actions, "*"))
    return next((f": {e.why}" for e in taken), "")


def _up(stack: Stack, id: str) -> Requests:
    """What a role may do of the ways up. Only those of services that it has anything of are looked up."""
    from ecsiam.reference.actions import action
    from ecsiam.reference.escalations import ESCALATIONS, UNLESS

    role = own(stack.roles[id])
    ways = [a.lower() for e in ESCALATIONS for a in e.actions]
    patterns = _patterns(role)
    if patterns is not None:
        services = {p.partition(":")[0] for p in patterns}
        of_any = [a.partition(":")[2] for a in ways if a.startswith("*:")]
        ways = [a for a in ways if a.partition(":")[0] in services]
        ways += [a for service in sorted(services) for name in of_any if action(a := f"{service}:{name}")]
    harmless = (query(a, "*", conditions=c) for a, c in UNLESS.items() if a.lower() in ways)
    up = role.requests & askable(tuple(ways)) - union(harmless)
    meant = ways_of(stack, id)
    return up - union(map(of_statement, meant)) if meant else up


def _meant_to(stack: Stack, id: str) -> Iterator[str]:
    actions = sorted({a.pattern for leaf in ways_of(stack, id) for a in leaf.statement.actions.items})
    if actions:
        yield f"the {id} role may {listed(actions)} where it was configured to: it is there for that"


def _deploying(stack: Stack, id: str, role: Granted) -> Iterator[str]:
    """What is assumed of a role that sets what runs under roles which others may pass, or which it may pass itself."""
    from ecsiam.reference.corrections import NEEDS

    services = {p.partition(":")[0] for p in _patterns(role) or ("ecr:*", "ecs:*", "iam:*")}
    if {"ecs", "iam"} <= services and _may(role, askable(tuple(NEEDS))) and _may(role, _passable(stack, *ECS_ROLES)):
        others = _configured(stack, id, "iam:PassRole") & query("iam:PassRole", "*", conditions=_TO_TASKS)
        which = "the two roles, and those that are listed," if _may(role, others) else "the two roles"
        yield f"whoever deploys runs code as {which} that the {'deploy' if id == DEPLOY else id} role passes"
    if services.intersection(p.partition(":")[0] for p in _PUSH) and _may(role, askable(_PUSH)):
        yield PUSHER
    if "codedeploy" in services and _may(role, _released(stack, id)):
        yield RELEASER


def _may(role: Granted, asked: Requests) -> bool:
    """Whether a role may do any of these; where that isn't known, it may."""
    try:
        return search(role.requests & asked) is not None
    except Unclear:
        return True


def _of_new_actions(role: Granted) -> tuple[str, ...]:
    patterns = _patterns(role)
    return (ASSUMED,) if patterns is None or any(set("*?").intersection(p) for p in patterns) else ()
