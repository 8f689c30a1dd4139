"""What changed between two policies, roles or stacks: what became possible, what stopped being possible."""

from collections.abc import Iterator

from attrs import frozen

from ecsiam.analysis.actions import Universe
from ecsiam.analysis.answers import Undecided
from ecsiam.analysis.patterns import Unclear
from ecsiam.analysis.questions import ask, requests_of
from ecsiam.analysis.request import Request
from ecsiam.analysis.requests import of_statement
from ecsiam.errors import PolicyError
from ecsiam.model.policy import Policy
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Statement


@frozen
class Difference:
    """One statement of a role (or of a policy, `role` is empty then) that allows what the other side doesn't."""

    role: str
    statement: Statement
    witness: Request

    def __str__(self) -> str:
        return f"{f'{self.role}: ' if self.role else ''}{self.witness}"


@frozen
class Change:
    """What became possible and what stopped being possible, each with a request.

    `undecided` says where that isn't known.
    """

    gained: tuple[Difference, ...] = ()
    lost: tuple[Difference, ...] = ()
    undecided: tuple[str, ...] = ()


def compare(before: Policy | Role | Stack, after: Policy | Role | Stack, *, universe: Universe = "all") -> Change:
    """What `after` allows that `before` doesn't, and the reverse: statement by statement, for a stack role by role.

    A role's trust is compared too. Raises PolicyError for two things of different kind.
    """
    if type(before) is not type(after):
        raise PolicyError(f"can't compare a {type(before).__name__} with a {type(after).__name__}")
    undecided: list[str] = []
    old, new = _sides(before), _sides(after)
    gained = [d for key in new for d in _more(key, new[key], old.get(key), universe, undecided)]
    lost = [d for key in old for d in _more(key, old[key], new.get(key), universe, undecided)]
    return Change(tuple(gained), tuple(lost), tuple(dict.fromkeys(undecided)))


def _sides(of: Policy | Role | Stack) -> dict[tuple[str, str], Policy | Role]:
    match of:
        case Policy():
            return {("", ""): of}
        case Role():
            return {("", "role"): of, ("", "trust"): of.trust}
        case Stack():
            return {
                (role.id, part): role if part == "role" else role.trust
                for role in of.roles.values()
                for part in ("role", "trust")
            }


def _more(
    key: tuple[str, str],
    mine: Policy | Role,
    theirs: Policy | Role | None,
    universe: Universe,
    undecided: list[str],
) -> Iterator[Difference]:
    """What one side allows beyond the other, one request for each statement that allows some of it."""
    try:
        own = requests_of(mine)
        other = None if theirs is None else requests_of(theirs)
    except Unclear as e:
        undecided.append(f"{key[0]}: {e}" if key[0] else str(e))
        return
    for leaf in dict.fromkeys(leaf for leaf in own.leaves if leaf.statement.effect == "Allow"):
        part = of_statement(leaf) & own
        if other is not None:
            part = part - other
        found = ask(part, universe)
        if isinstance(found, Request):
            yield Difference(key[0], leaf.statement, found)
        elif isinstance(found, Undecided):
            undecided.append(f"{key[0]}: {found.reason}" if key[0] else found.reason)
