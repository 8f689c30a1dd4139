"""What changed between two policies, roles or stacks: what became possible, what stopped being possible."""

from collections.abc import Iterator, Mapping

from attrs import evolve, frozen

from ecsiam.analysis.actions import Universe
from ecsiam.analysis.budget import limited
from ecsiam.analysis.gained import each_gained
from ecsiam.analysis.leaf import Leaf
from ecsiam.analysis.limits import limits, within
from ecsiam.analysis.questions import ask, requests_of
from ecsiam.analysis.request import Request
from ecsiam.analysis.requests import Requests, of_statement, query
from ecsiam.analysis.tables import requests_table
from ecsiam.errors import Fault, PolicyError
from ecsiam.looks.page import Page
from ecsiam.looks.shown import Paged, Shown
from ecsiam.model.mistaken import expect, kind_of
from ecsiam.model.policy import Policy
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Statement
from ecsiam.model.text import Text, text


@frozen(repr=False)
class Difference(Shown):
    """An action that a statement of a role (of a policy, `role` is empty) allows where the other side doesn't."""

    role: str
    statement: Statement
    witness: Request

    @property
    def action(self) -> str:
        """The action that it is about; one that AWS doesn't have stands for those that it may add."""
        return self.witness.action

    @property
    def of_trust(self) -> bool:
        """Whether it is about who may assume the role."""
        return self.statement.principals is not None

    def __str__(self) -> str:
        return f"{f'{self.role}: ' if self.role else ''}{self.witness}"

    def _says(self) -> str:
        return str(self)


@frozen(repr=False)
class Change(Paged):
    """What became possible and what stopped being possible, each with a request.

    `undecided` says where that isn't known.
    """

    gained: tuple[Difference, ...] = ()
    lost: tuple[Difference, ...] = ()
    undecided: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [*(f"+ {d}" for d in self.gained), *(f"- {d}" for d in self.lost), *(f"? {u}" for u in self.undecided)]
        return "\n".join(lines) or "no change"

    def _says(self) -> str:
        some = (("gained", self.gained), ("lost", self.lost), ("undecided", self.undecided))
        return ", ".join(f"{len(of):,} {what}" for what, of in some if of) or "no change"

    def _page(self) -> Page:
        signed = [*(("+ gained", d) for d in self.gained), *(("- lost", d) for d in self.lost)]
        rows = (((sign, d.role, d.statement.why), d.witness) for sign, d in signed)
        table = requests_table(("change", "role", "by the statement"), rows)
        return Page(f"Change: {self._says()}", (table, *(f"? undecided: {reason}" for reason in self.undecided)))


ANY = text("*")
OF_A_KIND = (
    "Compare two of a kind; of a role, `contains(policy, role)` asks about its policies, `role.trust` is a policy."
)


def compare(
    before: Policy | Role | Stack,
    after: Policy | Role | Stack,
    *,
    universe: Universe = "asked",
    boundary: Policy | None = None,
    managed: Mapping[str, Policy] | None = None,
    timeout: float | None = None,
) -> Change:
    """What `after` allows that `before` doesn't, and the reverse: action by action, for a stack role by role.

    A wildcard is each of the actions that AWS has today, and one more where those that it may add are gained or lost;
    of services that neither side names, one stands for all. A role's trust is compared too. `boundary` is that of
    every role on both sides, in place of its own; `managed` has managed policies' documents by ARN. `timeout` is how
    many seconds of the processor it may take. Raises PolicyError for two things of different kind.
    """
    for given in (before, after):
        expect(given, (Policy, Role, Stack), "a policy, a role or a stack")
    if type(before) is not type(after):
        raise PolicyError(Fault(f"can't compare {kind_of(before)} with {kind_of(after)}", (), OF_A_KIND))
    if isinstance(before, Policy) and isinstance(after, Policy) and before.kind != after.kind:
        raise PolicyError(f"can't compare a policy of kind {before.kind} with one of kind {after.kind}")
    if before == after:
        return Change()
    undecided: list[str] = []
    with limits(boundary, managed), limited(timeout):
        old, new = _differing(within(before, boundary), within(after, boundary))
        gained = [d for key in new for d in _more(key[0], new[key], old.get(key), universe, undecided)]
        lost = [d for key in old for d in _more(key[0], old[key], new.get(key), universe, undecided)]
    return Change(tuple(gained), tuple(lost), tuple(dict.fromkeys(undecided)))


@frozen
class Side:
    """One side of a comparison: its Allows, and what is allowed in all. A trust is shown on the ARN of its role."""

    allows: list[Leaf]
    allowed: Requests
    shown_on: Text


_Sides = dict[tuple[str, str], Side]


def _differing(before: Policy | Role | Stack, after: Policy | Role | Stack) -> tuple[_Sides, _Sides]:
    """Both sides, without the roles that are the same: of two dumps of an account that is nearly all."""
    if isinstance(before, Stack) and isinstance(after, Stack):
        same = {id for id, role in before.roles.items() if after.roles.get(id) == role}
        before, after = (evolve(of, roles=[r for r in of.roles.values() if r.id not in same]) for of in (before, after))
    return _sides(before), _sides(after)


def _sides(of: Policy | Role | Stack) -> _Sides:
    """What is compared, by role and part."""
    match of:
        case Policy():
            return {("", ""): _side(of)}
        case Role():
            return {("", "policies"): _side(of), ("", "trust"): _side(of.trust)}
        case Stack():
            sides: _Sides = {}
            for role in of.roles.values():
                arn = role.arn(of.deployment.home.partition, of.deployment.home.account_id)
                sides[role.id, "policies"] = _side(role)
                sides[role.id, "trust"] = _side(role.trust, arn)
            return sides


def _side(of: Policy | Role, shown_on: Text = ANY) -> Side:
    granting = evolve(of, permissions_boundary=None) if isinstance(of, Role) else of
    allows = (leaf for leaf in requests_of(granting).leaves if leaf.statement.effect == "Allow")
    return Side(list(dict.fromkeys(allows)), requests_of(of), shown_on)


def _more(role: str, mine: Side, theirs: Side | None, universe: Universe, undecided: list[str]) -> Iterator[Difference]:
    """What one side allows beyond the other, one request for each action of each statement that allows some of it."""
    beyond = mine.allowed if theirs is None else mine.allowed - theirs.allowed
    on = mine.shown_on.literal
    shown = beyond if on in (None, ANY.literal) else beyond & query("*", mine.shown_on)
    for leaf in mine.allows:
        some = of_statement(leaf) & shown
        found = ask(some, universe)
        each = () if found is None else each_gained(leaf, some, found, universe)
        for one in each:
            if isinstance(one, Request):  # a trust names no resource: what is true on one is so on its role
                yield Difference(role, leaf.statement, evolve(one, resource=str(mine.shown_on)) if on is None else one)
            else:
                undecided.append(f"{role}: {one.reason}" if role else one.reason)
