"""Principals of one question: one for each way that its statements can take whoever asks."""

import re
from functools import lru_cache
from itertools import count

from attrs import field, frozen

from ecsiam.analysis.matching import OF_ACCOUNT, ROLE, matches_principal
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
    for p in sorted(named, key=str):
        id = p.id.literal
        if id is None:
            if any(q.type == p.type and q != p and q.id.literal != "*" for q in named):
                raise Unclear(f"`{p.id}` may be another principal that is named")
            who[p] = None
        elif id != "*" and not p.is_void:
            who.update(dict.fromkeys(_of(p, id, named)))
    texts = " ".join(str(p.id) for p in named)
    account = next(a for a in (f"{n:012}" for n in range(10**12 - 1, -1, -1)) if a not in texts)
    who[Principal("AWS", f"arn:aws:iam::{account}:user/{_fresh(texts)}")] = None
    who[Principal("Service", f"{_fresh(texts)}.amazonaws.com")] = None
    who[Principal("Federated", f"{_fresh(texts)}.example.com")] = None
    who[Principal("CanonicalUser", next(c for c in (f"{n:064x}" for n in count()) if c not in texts))] = None
    who[EVERYONE] = None
    people = tuple(who)
    takes = {p: sum(1 << i for i, asked in enumerate(people) if _takes(p, asked)) for p in named}
    return PrincipalCells(people, takes)


def _fresh(texts: str) -> str:
    """A name that none of these texts holds."""
    return next(n for n in ("other", *(f"other{i}" for i in range(len(texts) + 1))) if n not in texts)


def _of(p: Principal, id: str, named: frozenset[Principal]) -> list[Principal]:
    """A principal, and whom it takes beside itself."""
    if p.type != "AWS":
        return [p]
    texts = " ".join(str(q.id) for q in named)
    arn = f"arn:aws:iam::{id}:root" if re.fullmatch(r"\d{12}", id) else id
    found = [Principal("AWS", arn)]
    if role := ROLE.fullmatch(arn):
        found.append(Principal("AWS", f"arn:{role[1]}:sts::{role[2]}:assumed-role/{role[3]}/{_fresh(texts)}"))
    if account := OF_ACCOUNT.fullmatch(arn):
        found.append(Principal("AWS", f"arn:{account[1]}:iam::{account[2]}:user/{_fresh(texts)}"))
    return found


def _takes(p: Principal, asked: Principal) -> bool:
    if p.id.literal is None:
        return p == asked
    if asked.id.literal is None:
        return p == EVERYONE or (p.type == asked.type and p.id.literal == "*")
    return matches_principal(p, asked)
