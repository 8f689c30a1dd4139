"""Invariants of what has to be possible, and of what a flag may bring."""

from collections.abc import Iterator, Mapping

from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.analysis.leaf import Leaf
from ecsiam.analysis.questions import ask
from ecsiam.analysis.request import Request
from ecsiam.analysis.requests import NOTHING, Requests, allowed_by, of_statement, query, union
from ecsiam.features.table import PROFILES, ROLES
from ecsiam.invariants.abroad import abroad
from ecsiam.invariants.accepting import as_fact
from ecsiam.invariants.asking import granted, never, together, trusted
from ecsiam.invariants.sent import REGION_KEY, Part, asked_keys, asked_parts, of_role, resource_items
from ecsiam.invariants.sides import assumable, both
from ecsiam.invariants.void import grants
from ecsiam.looks.words import listed
from ecsiam.model.condition import Condition
from ecsiam.model.intent import Need
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Statement
from ecsiam.model.text import Text

OUTSIDE = "key, bucket and file-system policies, service control policies and endpoint policies allow it too"


def works(stack: Stack) -> Answer:
    """Every enabled flag's own requests are allowed, by other accounts too, and no grant is void."""
    if not stack.intent.needs:
        return Undecided("nothing says what has to work")
    met = (_met(stack, i) for i in range(len(stack.intent.needs)))
    answers = (*met, *both(stack, _every_request), *assumable(stack), *abroad(stack), *grants(stack))
    answer = together(answers)
    every = (*_unsure(stack, answer), *_bounded(stack, answer), *answers)
    whole = together(every)
    if isinstance(whole, Undecided):  # each reason is one to do something about
        reasons = dict.fromkeys(a.reason for a in every if isinstance(a, Undecided))
        return Undecided("; ".join(reasons), tuple(dict.fromkeys(a for one in every for a in one.assumed)))
    return whole


def _bounded(stack: Stack, answer: Answer) -> Iterator[Undecided]:
    """That a boundary was not read, which may take away what has to work."""
    unread = [
        str(b) for role in stack.roles.values() if (b := role.permissions_boundary) is not None and not _read(str(b))
    ]
    if unread:
        yield Undecided(f"the permissions boundary {listed(dict.fromkeys(unread))} was not read", answer.assumed)


def _unsure(stack: Stack, answer: Answer) -> Iterator[Undecided]:
    """What the config left open, so that nobody can know."""
    unsure = dict.fromkeys(n.unsure for n in stack.intent.needs if n.unsure and n.role in stack.roles)
    if unsure:
        yield Undecided("; ".join(unsure), answer.assumed)


def _read(arn: str) -> bool:
    from ecsiam.reference.managed import managed_policy

    return managed_policy(arn) is not None


# ---------------------------------------------------------------- what has to work


def _met(stack: Stack, at: int) -> Answer:
    need = stack.intent.needs[at]
    unread = (
        granted(stack.roles[need.role]).unread if need.role in stack.roles and not need.statement.principals else ()
    )
    answer = _in_regions(stack, need)
    if isinstance(answer, Fails) and unread:
        return Undecided(f"{_why(need)}, unless {listed(unread)}, which was not read, allows it", answer.assumed)
    if unread and isinstance(answer, Holds):
        return Holds(assumed=(*answer.assumed, f"{listed(unread)}, which was not read, denies none of it"))
    return answer


def _in_regions(stack: Stack, need: Need) -> Answer:
    """Whether a need is met in every region where it may be asked; Undecided where it is in some of them only."""
    parts = asked_parts(stack, need)
    answers = [_unmet(stack, need, which) for which in range(max(len(part.regions) for part in parts))]
    if any(isinstance(a, Fails) for a in answers) and not all(isinstance(a, Fails) for a in answers):
        unknown = next(part.unknown for part in parts if part.unknown)
        return Undecided(f"it is allowed in some regions only, and {unknown} ({_what(need)})", answers[0].assumed)
    # Of one that is met in none, each has to be accepted.
    open_ = (a for a in answers if isinstance(a, Undecided) or (isinstance(a, Fails) and not a.accepted))
    return next(open_, answers[0])


def _unmet(stack: Stack, need: Need, which: int) -> Answer:
    """Whether a need is met; where it may be asked in several regions, in that one of them."""

    def unmet(of: Stack) -> Requests:
        return union(
            _asked(of, n, part, part.regions[min(which, len(part.regions) - 1)]) - _allowed(of, n)
            for n in _same(of, need)
            for part in asked_parts(of, n)
        )

    def statements(of: Stack) -> Iterator[Leaf]:
        return (_leaf(n) for n in _same(of, need))

    return never(stack, unmet, lambda of, request: _why(need), roles=(need.role,), assumed=(OUTSIDE,), blame=statements)


def _why(need: Need) -> str:
    who = "nobody lets it in" if need.statement.principals else "it is not allowed"
    return f"{who}, and has to be ({_what(need)})"


def _what(need: Need) -> str:
    origin = need.statement.origin
    return f"{need.role}: {origin.reason}" if origin else need.role


def _same(stack: Stack, need: Need) -> Iterator[Need]:
    """A need in a stack that was bound: it is found again by what it says, since they may be fewer then."""
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


def _leaf(need: Need) -> Leaf:
    return Leaf(need.statement, identity=need.statement.principals is None, when=(need.when,) if need.when else ())


def _every_request(stack: Stack, need: Need) -> Requests:
    """All requests of a need, wherever they may be asked."""
    parts = asked_parts(stack, need)
    return union(_asked(stack, need, part, regions) for part in parts for regions in part.regions)


def _asked(stack: Stack, need: Need, part: Part, regions: tuple[Text, ...]) -> Requests:
    """The requests of a need: on the role's own ARN for a trust, with what follows for the role for its policies."""
    asked = of_statement(_leaf(need))
    role = stack.roles.get(need.role)
    if role is None:
        return asked
    if need.statement.principals is None:
        sent = _sent(stack, role, need.statement, regions)
        on = part.items or ("*",)
        return asked & query("*", on, conditions=sent) if sent or part.items else asked
    home = stack.deployment.home
    arn = role.arn(home.partition, home.account_id)
    return asked if arn.literal is None else asked & query("*", arn)


def _sent(stack: Stack, role: Role, need: Statement, regions: tuple[Text, ...]) -> tuple[Condition, ...]:
    """What AWS sends with each request of the role, as far as the role's statements ask for it.

    A Deny of what is not encrypted, of other accounts and regions or of other principals takes nothing from it.
    """
    home = stack.deployment.home
    sent = [*of_role(stack, role), Condition("Bool", "aws:SecureTransport", "true")]
    if regions:
        sent.append(Condition("StringEquals", REGION_KEY, regions))
    arns = [item.split(":", 5) for item in resource_items(need) if isinstance(item, Text)]
    if arns and all(len(parts) == 6 and parts[4] == home.account_id for parts in arns):
        sent.append(Condition("StringEquals", "aws:ResourceAccount", home.account_id))
    asked = asked_keys(role)
    return tuple(c for c in sent if c.key.lower() in asked)


def _allowed(stack: Stack, need: Need) -> Requests:
    role = stack.roles.get(need.role)
    if role is None:
        return NOTHING
    return trusted(role) if need.statement.principals else granted(role).requests


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
    on = [flag for flag, on in asked.items() if on is not False]
    return together((*_off(stack, asked), *(_on(stack, flag, role) for flag in on for role in stack.roles)))


def _off(stack: Stack, asked: Mapping[str, object]) -> Iterator[Answer]:
    for role in stack.roles.values():
        yield from (as_fact(stack, fails, role.id) for fails in _of_flags_off(role, asked))


def _of_flags_off(role: Role, asked: Mapping[str, object]) -> Iterator[Fails]:
    kind = ROLES.get(role.id)
    if kind is not None and kind.flag and not asked.get(kind.flag, False):
        yield Fails(fact=f"`{kind.flag}` is off, and the {role.id} role is there")
    for document in role.documents:
        for statement in document.statements:
            flag = statement.origin.flag if statement.origin else ""
            if asked.get(flag) is False:
                yield Fails(
                    _one(of_statement(Leaf(statement))),
                    f"`{flag}` is off, and the {role.id} role has a statement of it all the same",
                )


def _on(stack: Stack, flag: str, id: str) -> Answer:
    named = sorted(_GRANTS.get(flag, ()))

    def beyond(of: Stack) -> Requests:
        every = granted(of.roles[id]).leaves if id in of.roles else ()
        rest = [leaf for leaf in every if not (leaf.statement.origin and leaf.statement.origin.flag == flag)]
        lost = allowed_by(every) - allowed_by(rest) if len(rest) < len(every) else NOTHING
        return lost - query(named, "*") if named and lost != NOTHING else lost

    return never(stack, beyond, f"without `{flag}` this is lost, which the flag does not name", roles=(id,))
