"""Invariants of what has to be possible, and of what a flag may bring."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from attrs import evolve

from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.analysis.leaf import Leaf, compiled
from ecsiam.analysis.patterns import Unclear
from ecsiam.analysis.questions import ask
from ecsiam.analysis.request import Request
from ecsiam.analysis.requests import NOTHING, Requests, allowed_by, of_statement, query, union
from ecsiam.analysis.strings import example
from ecsiam.analysis.witness import fitting
from ecsiam.features import PROFILES
from ecsiam.invariants.asking import granted, listed, never, samples, together, trusted
from ecsiam.model.condition import Condition
from ecsiam.model.each import Each, Item
from ecsiam.model.names import ROLES
from ecsiam.model.role import Role
from ecsiam.model.stack import Need, Stack
from ecsiam.model.statement import Action, Only, Statement
from ecsiam.model.text import Ref, Text

if TYPE_CHECKING:
    from ecsiam.reference.actions import KnownAction

TRIED = "that each action applies to some of what a parameter gives was tried on samples of its form"
OUTSIDE = "key, bucket and file-system policies, service control policies and endpoint policies allow it too"


def works(stack: Stack) -> Answer:
    """Every enabled flag's own requests are allowed, and no grant is void."""
    if not stack.intent.needs:
        return Undecided("nothing says what has to work")
    answer = together((*(_met(stack, i) for i in range(len(stack.intent.needs))), *_grants(stack)))
    if isinstance(answer, Fails):
        return answer
    unread = [
        str(b) for role in stack.roles.values() if (b := role.permissions_boundary) is not None and not _read(str(b))
    ]
    if unread:
        return Undecided(f"the permissions boundary {listed(dict.fromkeys(unread))} was not read", answer.assumed)
    if "github_actions" in stack.roles and not stack.intent.github_format and isinstance(answer, Holds):
        reason = "whether the repository sends subjects by name or with ids is left open: set `github_subject_format`"
        return Undecided(reason, answer.assumed)
    return answer


def _read(arn: str) -> bool:
    from ecsiam.reference.managed import managed_policy

    return managed_policy(arn) is not None


# ---------------------------------------------------------------- what has to work


def _met(stack: Stack, at: int) -> Answer:
    need = stack.intent.needs[at]

    def unmet(of: Stack) -> Requests:
        # Bound, the needs may be fewer: each is found again by what it says.
        return union(_asked(of, n) - _allowed(of, n) for n in _same(of, need))

    unread = (
        granted(stack.roles[need.role]).unread if need.role in stack.roles and not need.statement.principals else ()
    )
    answer = never(stack, unmet, lambda of, request: _why(need), assumed=(OUTSIDE,))
    if isinstance(answer, Fails) and unread:
        return Undecided(f"{_why(need)}, unless {listed(unread)}, which was not read, allows it", answer.assumed)
    if unread and isinstance(answer, Holds):
        return Holds(assumed=(*answer.assumed, f"{listed(unread)}, which was not read, denies none of it"))
    return answer


def _why(need: Need) -> str:
    origin = need.statement.origin
    what = f"{need.role}: {origin.reason}" if origin else need.role
    who = "nobody lets it in" if need.statement.principals else "it is not allowed"
    return f"{who}, and has to be ({what})"


def _same(stack: Stack, need: Need) -> Iterator[Need]:
    if stack.intent.needs and need in stack.intent.needs:
        yield need
        return
    said = need.statement.origin
    for other in stack.intent.needs:
        if (
            other.role == need.role
            and other.statement.origin == said
            and other.statement.actions == need.statement.actions
        ):
            yield other


def _asked(stack: Stack, need: Need) -> Requests:
    """The requests of a need: on the role's own ARN for a trust, with what follows for the role for its policies."""
    flags = (need.when,) if need.when else ()
    asked = of_statement(Leaf(need.statement, identity=need.statement.principals is None, when=flags))
    role = stack.roles.get(need.role)
    if role is None:
        return asked
    if need.statement.principals is None:
        sent = _sent(stack, role, need.statement)
        return asked & query(Statement("Allow", "*", "*", conditions=sent, as_is=True)) if sent else asked
    home = stack.deployment.home
    arn = role.arn(home.partition, home.account_id)
    return asked if arn.literal is None else asked & query(Statement("Allow", "*", arn, as_is=True))


def _sent(stack: Stack, role: Role, need: Statement) -> tuple[Condition, ...]:
    """What AWS sends with each request of the role, as far as the role's statements ask for it.

    A Deny of what is not encrypted, of other accounts and regions or of other principals takes nothing from it.
    """
    home = stack.deployment.home
    account = home.account_id
    sent = [
        Condition("StringEquals", "aws:PrincipalAccount", account),
        Condition("ArnEquals", "aws:PrincipalArn", role.arn(home.partition, account)),
        Condition("StringEquals", "aws:PrincipalType", "AssumedRole"),
        Condition("Bool", "aws:SecureTransport", "true"),
        Condition("Null", "aws:username", "true"),
    ]
    if not any(a.pattern.lower().startswith("iam:") for a in need.actions.items):
        sent.append(Condition("StringEquals", "aws:RequestedRegion", home.regions))
    arns = [item.split(":", 5) for item in _items(need) if isinstance(item, Text)]
    if arns and all(len(parts) == 6 and parts[4] == account for parts in arns):
        sent.append(Condition("StringEquals", "aws:ResourceAccount", account))
    asked = {c.key.lower() for leaf in granted(role).leaves for c in leaf.statement.conditions}
    return tuple(c for c in sent if c.key.lower() in asked)


def _allowed(stack: Stack, need: Need) -> Requests:
    role = stack.roles.get(need.role)
    if role is None:
        return NOTHING
    return trusted(role) if need.statement.principals else granted(role).requests


# ---------------------------------------------------------------- void grants


def _grants(stack: Stack) -> Iterator[Answer]:
    """No action of a statement without a resource that it can apply to, no resource without such an action."""
    for role in stack.roles.values():
        for policy in role.policies.values():
            for statement in policy.document.statements:
                if statement.effect == "Allow" and isinstance(statement.actions, Only):
                    try:
                        yield _applies(stack, role, statement)
                    except Unclear as e:
                        yield Undecided(f"{e} (whether what the {role.id} role is granted applies to anything)")


_THESE = {True: "it never applies", False: "they never apply"}


def _applies(stack: Stack, role: Role, statement: Statement) -> Answer:
    if compiled(Leaf(statement)).open:
        # What a list parameter holds is shown on values of its form.
        for _, bound in samples(stack):
            for same in _again(bound, role.id, statement):
                answer = _applies(bound, role, same)
                if isinstance(answer, Fails):
                    return answer
        return Holds(assumed=(TRIED,) if any(map(_of_deployment, _items(statement))) else ())
    leaf = Leaf(statement)
    void = [a.pattern for a in statement.actions.items if _is_void(leaf, a.pattern)]
    if void:
        return Fails(
            _one(query(Statement("Allow", void[0], "*", as_is=True)) & of_statement(leaf)),
            f"the {role.id} role is granted {listed(void)} only on resources that {_THESE[len(void) == 1]} to",
        )
    idle = [str(r) for r in _items(statement) if not _has_action(statement, r)]
    if idle:
        return Fails(
            fact=f"the {role.id} role is granted something on {listed(idle)}, which none of the actions applies to"
        )
    return Holds()


def _of_deployment(item: Item) -> bool:
    """Whether an item is a whole ARN, or several, that the deployment gives."""
    if isinstance(item, Each):
        return True
    first = item.parts[0] if item.parts else ""
    return isinstance(first, Ref) and first.parameter


def _again(stack: Stack, role: str, statement: Statement) -> Iterator[Statement]:
    """What a statement became, by where it came from and what it does."""
    if role in stack.roles:
        for policy in stack.roles[role].policies.values():
            for other in policy.document.statements:
                if other.origin == statement.origin and other.actions == statement.actions:
                    yield other


def _exact(statement: Statement) -> Iterator[Action]:
    yield from (a for a in statement.actions.items if not set("*?").intersection(a.pattern))


def _is_void(leaf: Leaf, pattern: str) -> bool:
    """Whether none of an action pattern applies. Of what the reference doesn't know, that isn't known."""
    from ecsiam.reference import actions

    known = () if set("*?").intersection(pattern.partition(":")[0]) else actions.matching(pattern)
    return bool(known) and not any(_has_resource(leaf, k) for k in known)


def _has_resource(leaf: Leaf, known: "KnownAction") -> bool:
    both = ((option.resources, form) for option in compiled(leaf).options for form in fitting(known))
    return any(example((*has.clauses, *form.clauses), has.none | form.none) is not None for has, form in both)


def _items(statement: Statement) -> Iterator[Item]:
    if isinstance(statement.resources, Only):
        yield from statement.resources.items


def _has_action(statement: Statement, item: Item) -> bool:
    from ecsiam.reference import actions

    alone = Leaf(evolve(statement, resources=Only((item,))))
    known = [k for a in statement.actions.items for k in actions.matching(a.pattern)]
    return (
        not known
        or any(_has_resource(alone, k) for k in known)
        or any(actions.action(a.pattern) is None for a in _exact(statement))
    )


def _one(requests: Requests) -> Request | None:
    """One of these, where there surely is one."""
    found = ask(requests, "all")
    return found if isinstance(found, Request) else None


# ---------------------------------------------------------------- flags

_GRANTS: dict[str, frozenset[str]] = {}
for _profile in PROFILES.values():
    for _feature in _profile.features:
        _GRANTS[_feature.flag] = _GRANTS.get(_feature.flag, frozenset()) | frozenset(_feature.grants)


def flags(stack: Stack) -> Answer:
    """A flag that is off grants nothing; taking one away that is on removes only what its feature names."""
    asked = dict(stack.intent.flags)
    if not asked:
        return Undecided("nothing says which flags were asked for")
    return together((*_off(stack, asked), *(_on(stack, flag) for flag, on in asked.items() if on is not False)))


def _off(stack: Stack, asked: Mapping[str, object]) -> Iterator[Answer]:
    for role in stack.roles.values():
        kind = ROLES.get(role.id)  # type: ignore[call-overload]
        if kind is not None and asked.get(kind.flag) is False:
            yield Fails(fact=f"`{kind.flag}` is off, and the {role.id} role is there")
        for document in role.documents:
            for statement in document.statements:
                flag = statement.origin.flag if statement.origin else ""
                if asked.get(flag) is False:
                    yield Fails(
                        _one(of_statement(Leaf(statement))),
                        f"`{flag}` is off, and the {role.id} role has a statement of it all the same",
                    )


def _on(stack: Stack, flag: str) -> Answer:
    named = sorted(_GRANTS.get(flag, ()))

    def beyond(of: Stack) -> Requests:
        lost: list[Requests] = []
        for role in of.roles.values():
            every = granted(role).leaves
            rest = [leaf for leaf in every if not (leaf.statement.origin and leaf.statement.origin.flag == flag)]
            if len(rest) < len(every):
                lost.append(allowed_by(every) - allowed_by(rest))
        return union(lost) - query(Statement("Allow", named, "*", as_is=True)) if lost and named else union(lost)

    return never(stack, beyond, f"without `{flag}` this is lost, which the flag does not name")
