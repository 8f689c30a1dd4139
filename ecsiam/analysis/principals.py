"""Principals of one question: one for each way that its statements can take whoever asks."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import count

from attrs import field, frozen

from ecsiam.analysis.matching import OF_ACCOUNT, ROLE, ROOT, SESSION, matches_principal
from ecsiam.analysis.patterns import Unclear
from ecsiam.model.principal import EVERYONE, Principal
from ecsiam.model.statement import AllBut, Only


@frozen
class PrincipalCells:
    """Who there is, and which of them each principal of a policy takes, as bits."""

    who: tuple[Principal, ...]
    takes: dict[Principal, int] = field(eq=False)

    @property
    def all(self) -> int:
        return (1 << len(self.who)) - 1

    def taking(self, element: Only[Principal] | AllBut[Principal] | None) -> int:
        """The bits of a statement's principals; a statement without any says nothing of them."""
        if element is None:
            return self.all
        bits = 0
        for principal in element.items:
            bits |= self.takes[principal]
        return bits ^ self.all if isinstance(element, AllBut) else bits


@lru_cache(maxsize=1 << 12)
def principal_cells(named: frozenset[Principal]) -> PrincipalCells:
    """The cells of the principals that these tell apart.

    They are the named ones, of each role a session, of each account another user, and one of each type that nobody
    named. Raises Unclear where one is known only at deployment and could be another one of its type.
    """
    who: dict[Principal, None] = {}
    texts = " ".join(str(p.id) for p in named)
    fresh = _fresh(texts)
    open_to = Counter(q.type for q in named if q.id.literal != "*")
    for p in sorted(named, key=str):
        id = p.id.literal
        if id is None:
            if open_to[p.type] > 1:
                raise Unclear(f"`{p.id}` may be another principal that is named")
            who[p] = None
        elif id != "*":
            who.update(dict.fromkeys(_of(p, id, fresh)))
    account = next(a for a in (f"{n:012}" for n in range(10**12 - 1, -1, -1)) if a not in texts)
    who[Principal("AWS", f"arn:aws:iam::{account}:user/{fresh}")] = None
    who[Principal("Service", f"{fresh}.amazonaws.com")] = None
    who[Principal("Federated", f"{fresh}.example.com")] = None
    who[Principal("CanonicalUser", next(c for c in (f"{n:064x}" for n in count()) if c not in texts))] = None
    who[EVERYONE] = None
    people = tuple(who)
    by_name: dict[tuple[str, ...], list[int]] = {}
    for i, asked in enumerate(people):
        for name in _names(asked):
            by_name.setdefault(name, []).append(i)
    takes: dict[Principal, int] = {}
    for p in named:
        likely = (
            range(len(people)) if p.id.literal in (None, "*") else [i for n in _named(p) for i in by_name.get(n, ())]
        )
        takes[p] = sum(1 << i for i in set(likely) if _takes(p, people[i]))
    return PrincipalCells(people, takes)


def _names(asked: Principal) -> Iterator[tuple[str, ...]]:
    """The names under which somebody can be taken in."""
    id = str(asked.id)
    yield asked.type, id
    if asked.type == "AWS":
        if of := OF_ACCOUNT.fullmatch(id):
            yield "account", of[2]
        if session := SESSION.fullmatch(id):
            yield ("role", *session.groups())


def _named(p: Principal) -> Iterator[tuple[str, ...]]:
    """The names that a principal of a policy takes in."""
    id = str(p.id)
    yield p.type, id
    if p.type == "AWS":
        root = ROOT.fullmatch(id)
        account = root[2] if root else id
        yield "account", account
        yield "AWS", account
        if role := ROLE.fullmatch(id):
            yield ("role", *role.groups())


def _fresh(texts: str) -> str:
    """A name that none of these texts holds."""
    return next(n for n in ("other", *(f"other{i}" for i in range(len(texts) + 1))) if n not in texts)


def _of(p: Principal, id: str, fresh: str) -> list[Principal]:
    """A principal, and whom it takes beside itself."""
    if p.type != "AWS":
        return [p]
    arn = f"arn:aws:iam::{id}:root" if re.fullmatch(r"\d{12}", id) else id
    found = [Principal("AWS", arn)]
    if role := ROLE.fullmatch(arn):
        found.append(Principal("AWS", f"arn:{role[1]}:sts::{role[2]}:assumed-role/{role[3]}/{fresh}"))
    if account := OF_ACCOUNT.fullmatch(arn):
        found.append(Principal("AWS", f"arn:{account[1]}:iam::{account[2]}:user/{fresh}"))
    return found


def _takes(p: Principal, asked: Principal) -> bool:
    if p.id.literal is None:
        return p == asked
    if asked.id.literal is None:
        return p == EVERYONE or (p.type == asked.type and p.id.literal == "*")
    return matches_principal(p, asked)
