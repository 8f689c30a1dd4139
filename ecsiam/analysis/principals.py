"""Principals of one question: one caller for each way that its statements can take whoever asks."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import count

from attrs import evolve, field, frozen

from ecsiam.analysis.callers import ARN_FORMS, Facts, Kind, facts_of, facts_of_some
from ecsiam.analysis.matching import ACCOUNT, OF_ACCOUNT, PRINCIPAL_ARN, ROLE, ROOT, SESSION
from ecsiam.analysis.patterns import Unclear
from ecsiam.model.principal import EVERYONE, Principal
from ecsiam.model.statement import AllBut, Only

EVERY_AWS = Principal("AWS", "*")
_KINDS: tuple[Kind, ...] = tuple(ARN_FORMS)


@frozen
class Caller:
    """Who asks, or an example of those who are taken alike; then `but` are the ones that are apart from them.

    `facts` are the alternatives of what follows for its keys. Without `sure`, whether there is such a one isn't known.
    `roles` are the named ones of which a session is.
    """

    principal: Principal
    facts: tuple[Facts, ...] = ({},)
    some: bool = False
    but: frozenset[str] = frozenset()
    sure: bool = True
    roles: tuple[str, ...] = ()


@frozen
class PrincipalCells:
    """Who there is, and which of them each principal of a policy takes, as bits."""

    callers: tuple[Caller, ...]
    takes: dict[Principal, int] = field(eq=False)

    @property
    def all(self) -> int:
        return (1 << len(self.callers)) - 1

    def taking(self, element: Only[Principal] | AllBut[Principal] | None) -> int:
        """The bits of a statement's principals; a statement without any says nothing of them."""
        if element is None:
            return self.all
        bits = 0
        for principal in element.items:
            bits |= self.takes[principal]
        return bits ^ self.all if isinstance(element, AllBut) else bits


@lru_cache(maxsize=1 << 10)
def principal_cells(named: frozenset[Principal], by_arn: bool = False) -> PrincipalCells:
    """The cells of the principals that these tell apart.

    They are the named ones, of each role a session, of each account somebody else, and one of each type that nobody
    named. A session's ARN leaves out the path of its role, so roles of one name have their sessions in common; where
    the question is `by_arn`, `aws:PrincipalArn` tells them apart. Raises Unclear where one is known only at deployment
    and could be another one of its type.
    """
    fresh = _Fresh(named)
    by_account: dict[str, set[str]] = {}
    for p in named:
        if p.type == "AWS" and (account := _account(p.id.literal or "")):
            by_account.setdefault(account, set()).add(str(p.id))
    accounts, sessions = frozenset(by_account), _Sessions(named, by_arn)
    found = (caller for p in sorted(named, key=str) for caller in _of(p, named, fresh, by_account, sessions))
    callers = list({(caller.principal, caller.roles): caller for caller in found}.values())
    user = Principal("AWS", f"arn:aws:iam::{fresh.account}:user/{fresh.name}")
    callers.append(Caller(user, facts_of_some(_KINDS), some=True, but=accounts))
    services = frozenset(str(p.id) for p in named if p.type == "Service")
    service = Principal("Service", f"{fresh.name}.amazonaws.com")
    callers.append(Caller(service, _of_any_service(service), some=True, but=services))
    token = Principal("Federated", f"{fresh.name}.example.com")
    callers.append(Caller(token, facts_of(token)))
    callers.append(Caller(EVERYONE, facts_of(EVERYONE)))
    takes = dict.fromkeys(named, 0)
    for i, caller in enumerate(callers):
        for p in _taking(caller):
            if p in takes:
                takes[p] |= 1 << i
    return _with_canonical(tuple(callers), takes, bool(accounts))


class _Fresh:
    """An account and a name that none of these principals holds."""

    def __init__(self, named: Iterable[Principal]) -> None:
        texts = " ".join(str(p.id) for p in named)
        self.account = next(a for a in (f"{n:012}" for n in range(10**12 - 1, -1, -1)) if a not in texts)
        self.name = next(n for n in (f"other{i or ''}" for i in count()) if n not in texts)


def _of_any_service(service: Principal) -> tuple[Facts, ...]:
    return tuple({**facts, "aws:PrincipalServiceName": "?*"} for facts in facts_of(service))


def _account(id: str) -> str:
    """The account of a principal, by its id or ARN."""
    of = OF_ACCOUNT.fullmatch(id)
    return id if ACCOUNT.fullmatch(id) else of[2] if of else ""


class _Sessions:
    """Which of the roles that are named take a session: those of its role's name, or the one that it is of."""

    def __init__(self, named: Iterable[Principal], by_arn: bool) -> None:
        self.by_arn = by_arn
        self.roles: dict[tuple[str, ...], tuple[str, ...]] = {}
        for p in sorted(named, key=str):
            if p.type == "AWS" and (role := ROLE.fullmatch(p.id.literal or "")):
                self.roles[role.groups()] = (*self.roles.get(role.groups(), ()), role[0])

    def named(self, one: Principal, session: re.Match[str]) -> Iterator[Caller]:
        """A session that is named, as each role that it may be of."""
        roles = self.roles.get(session.groups(), ())
        if not self.by_arn:
            yield Caller(one, facts_of(one), roles=roles)
            return
        for role in roles:
            yield Caller(one, ({**facts_of(one)[0], PRINCIPAL_ARN: role},), roles=(role,))
        yield Caller(one, facts_of(one), but=frozenset(roles))

    def of(self, role: re.Match[str]) -> tuple[str, ...]:
        """The roles that take the sessions of one that is named."""
        return (role[0],) if self.by_arn else self.roles[role.groups()]


def _of(
    p: Principal, named: frozenset[Principal], fresh: _Fresh, by_account: Mapping[str, set[str]], sessions: "_Sessions"
) -> Iterator[Caller]:
    """A principal, and whom it takes beside itself."""
    id = p.id.literal
    if id is None:
        if any(q.type == p.type and q != p and q.id.literal != "*" for q in named):
            raise Unclear(f"`{p.id}` may be another principal that is named")
        yield Caller(p)
        return
    if id == "*" or p.is_void:
        return
    arn = f"arn:aws:iam::{id}:root" if p.type == "AWS" and ACCOUNT.fullmatch(id) else id
    one = Principal(p.type, arn)
    if p.type != "AWS":
        yield Caller(one, facts_of(one))
        return
    session = SESSION.fullmatch(arn)
    yield from sessions.named(one, session) if session else (Caller(one, facts_of(one)),)
    if role := ROLE.fullmatch(arn):
        other = Principal("AWS", f"arn:{role[1]}:sts::{role[2]}:assumed-role/{role[3]}/{fresh.name}")
        yield Caller(other, facts_of(one), roles=sessions.of(role))
    if of := OF_ACCOUNT.fullmatch(arn):
        somebody = Principal("AWS", f"arn:{of[1]}:iam::{of[2]}:user/{fresh.name}")
        # A session that is named leaves the role's other sessions among these.
        apart = frozenset(
            f"arn:{of[1]}:iam::{id}:root" if ACCOUNT.fullmatch(id) else id
            for id in by_account.get(of[2], ())
            if not SESSION.fullmatch(id)
        )
        yield Caller(somebody, facts_of_some(_KINDS, of[2]), some=True, but=apart)


# ---------------------------------------------------------------- who takes whom


def _taking(caller: Caller) -> Iterator[Principal]:
    """The principals of a policy that take a caller, as `matches_principal` says of each."""
    asked = caller.principal
    yield EVERYONE
    if asked == EVERYONE:
        yield EVERY_AWS
        return
    yield from (asked, Principal(asked.type, "*"))
    id = asked.id.literal
    if asked.type != "AWS" or id is None:
        return
    if of := OF_ACCOUNT.fullmatch(id):
        yield Principal("AWS", of[2])
        yield from () if ROOT.fullmatch(id) else (Principal("AWS", f"arn:{of[1]}:iam::{of[2]}:root"),)
    yield from (Principal("AWS", role) for role in caller.roles)


def _with_canonical(callers: tuple[Caller, ...], takes: dict[Principal, int], among_accounts: bool) -> PrincipalCells:
    """With the canonical user ids that are named: each stands for an account, and which one isn't known.

    So it may be any of the callers of an account, or somebody of one that nobody named.
    """
    people = list(callers)
    for p in sorted(
        (p for p in takes if p.type == "CanonicalUser" and p.id.literal not in (None, "*") and not p.is_void), key=str
    ):
        own = next(i for i, c in enumerate(people) if c.principal == p)
        people[own] = evolve(people[own], sure=not among_accounts)
        takes[EVERY_AWS] = takes.get(EVERY_AWS, 0) | 1 << own
        for i, caller in enumerate(callers):
            if among_accounts and caller.principal.type == "AWS":
                for q, bits in takes.items():
                    takes[q] = bits | (bits >> i & 1) << len(people)
                takes[p] |= 1 << len(people)
                people.append(evolve(caller, sure=False))
    return PrincipalCells(tuple(people), takes)
