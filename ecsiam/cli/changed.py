"""What `diff` found of two: what became possible and what stopped, where it is written, which roles are which."""

from collections.abc import Collection, Iterator, Mapping

from attrs import evolve, field, frozen

from ecsiam.analysis.change import Change, Difference
from ecsiam.cli.checking import accepted, lines_of
from ecsiam.cli.given import Given, Givens, Places
from ecsiam.findings.checking import unmet
from ecsiam.findings.newly import Newly, newly
from ecsiam.looks.words import few
from ecsiam.model.policy import Policy
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Statement
from ecsiam.model.text import Text, text
from ecsiam.readers.found import Place
from ecsiam.readers.reading import Reading
from ecsiam.readers.same import Same, hides, hiding, same_roles
from ecsiam.reference.managed import managed_policy


@frozen
class Written:
    """Where a statement is written: the policy it is of, and its place, which one of AWS's has not."""

    policy: str
    place: Place | None
    at: str = ""
    """The revision of the place."""

    def __str__(self) -> str:
        if self.place is not None and self.place.line:
            return f"{self.place}{self.at}"
        return self.policy.rpartition(":policy/")[2] if self.policy.startswith("arn:") else ""


@frozen
class Side:
    """One of the two, and where its statements are: of roles by role and policy, of a document by nothing."""

    what: Stack | Policy
    places: Places = field(factory=dict[tuple[str, str], tuple[Place, ...]])
    at: str = ""

    def written(self, difference: Difference) -> Written:
        """Where the statement of a difference is."""
        for policy, statements in self._statements(difference):
            if difference.statement in statements:
                places = self.places.get((difference.role, policy), ())
                index = statements.index(difference.statement)
                return Written(policy, places[index] if index < len(places) else None, self.at)
        return Written("", None)

    def _statements(self, difference: Difference) -> Iterator[tuple[str, tuple[Statement, ...]]]:
        if isinstance(self.what, Policy):
            yield "", self.what.statements
            return
        role = self.what.roles[difference.role]
        if difference.of_trust:
            yield "trust", role.trust.statements
            return
        yield from ((id, policy.document.statements) for id, policy in role.policies.items())
        for arn in map(str, role.managed_policy_arns):
            known = managed_policy(arn)
            yield arn, known.document.statements if known else ()


@frozen
class Changed:
    """What changed between two. Of two that were read also the roles that are on both sides, and what is needed."""

    change: Change
    was: Side
    now: Side
    same: Mapping[str, Same] = field(factory=dict[str, Same])
    """By what the role is called now; only those of which something is another."""
    needs: Newly = Newly()  # noqa: RUF009 - it is frozen

    @property
    def replaced(self) -> dict[str, Same]:
        """The roles that are made anew."""
        return {id: one for id, one in self.same.items() if one.replaced}

    @property
    def calm(self) -> bool:
        """Whether nothing has to be said."""
        some = (self.change.gained, self.change.lost, self.change.undecided, self.needs.unmet, self.needs.met)
        return not any(some) and not self.same

    @property
    def bad(self) -> bool:
        """Whether it takes somebody to look at it: more is possible, a need is unmet, a role is made anew."""
        return bool(self.change.gained or self.needs.unmet or self.replaced)


@frozen
class Two:
    """What is compared, under one name for each role."""

    was: Side
    now: Side
    same: Mapping[str, Same] = field(factory=dict[str, Same])
    needs: Newly = Newly()  # noqa: RUF009 - it is frozen
    boundaries: Mapping[str, Policy] = field(factory=dict[str, Policy])
    """What the boundaries say that were read. One that says something else now has another name in what was."""
    unseen: tuple[str, ...] = ()
    """What is not compared, since a side could not be read there."""

    def changed(self, change: Change) -> Changed:
        """With what came of comparing them."""
        change = evolve(change, undecided=(*change.undecided, *self.unseen))
        return Changed(change, self.was, self.now, self.same, self.needs)


def with_needs(given: Givens) -> Givens:
    """The same with what is needed in it and not given, beside what is accepted."""
    if given.reading is None or not isinstance(given.what, Stack):
        return given
    found = unmet(given.reading, accept=accepted(None), lines=lines_of)
    keys = {one.key for id, one in given.reading.by_id().items() if id in given.what.roles}
    return evolve(given, unmet=tuple(one for one in found if not given.role or one.role in keys))


def two_of(old: Givens, was: Given, new: Givens, is_: Given) -> Two:
    """What is compared of two: roles that were read are put under the names that they have now."""
    if old.reading is None or new.reading is None or not isinstance(was.what, Stack) or not isinstance(is_.what, Stack):
        return Two(Side(was.what, old.places, old.at), Side(is_.what, new.places, new.at))
    before, after = _ids(old.reading, was.what), _ids(new.reading, is_.what)
    same = [one for one in same_roles(old.reading, new.reading) if one.was.key in before and one.now.key in after]
    now = {one.was.key: one.now.key for one in same}
    if old.role and new.role and not same:  # each side names one, whatever they are called
        now = dict(zip(before, after, strict=False))
    unseen = (*_unseen(new, old, before.keys() - now.keys()), *_unseen(old, new, after.keys() - set(now.values())))
    gone = {key for _, keys in unseen for key in keys}
    under = {before[key]: after[of] for key, of in now.items()}
    taken = {*after.values()}
    for key, id in before.items():
        if id not in under:
            under[id] = _free(taken, id, key)
    kept = {id for key, id in before.items() if key not in gone}
    boundaries, bound = _boundaries(old.reading, new.reading)
    roles = [_bound(evolve(role, id=under[id]), bound) for id, role in was.what.roles.items() if id in kept]
    places = {(under[id], policy): at for (id, policy), at in old.places.items() if id in under}
    here = [is_.what.roles[id] for key, id in after.items() if key not in gone]
    return Two(
        Side(evolve(was.what, roles=roles), places, old.at),
        Side(evolve(is_.what, roles=here), new.places, new.at),
        {after[one.now.key]: one for one in same if one.renamed or one.replaced or one.moved},
        newly(old.unmet, new.unmet, now, new.reading),
        boundaries,
        tuple(dict.fromkeys(why for why, _ in unseen)),
    )


def _boundaries(old: Reading, new: Reading) -> tuple[dict[str, Policy], dict[str, Text]]:
    """What boundaries say, and how those are called in what was that say something else now."""
    after = new.boundaries
    found = {name: policy for name, policy in after.items() if policy is not None}
    called: dict[str, Text] = {}
    for name, policy in old.boundaries.items():
        if policy != after.get(name):
            called[name] = text(f"{name} as it was")
            if policy is not None:
                found[str(called[name])] = policy
    return found, called


def _bound(role: Role, called: Mapping[str, Text]) -> Role:
    name = str(role.permissions_boundary)
    return evolve(role, permissions_boundary=called[name]) if name in called else role


def _unseen(side: Givens, other: Givens, alone: Collection[str]) -> Iterator[tuple[str, list[str]]]:
    """What of a side was not read, with the roles that only the other one has and that may be in it."""
    if side.reading is None or other.reading is None:
        return
    for gap in hiding(side.reading, other.reading):
        keys = [key for key in alone if hides(gap, other.reading.roles[key])]
        if keys or (gap.of_all and not side.role):
            names = [f"`{other.reading.roles[key].name}`" for key in sorted(keys)]
            yield f"{gap}{side.at}{f', where {few(names)} may be' if names else ''}", keys


def _ids(reading: Reading, stack: Stack) -> dict[str, str]:
    """What the roles of a stack are called in it, by their keys."""
    return {one.key: id for id, one in reading.by_id().items() if id in stack.roles}


def _free(taken: set[str], *names: str) -> str:
    """The first of some names that is free, which it no longer is."""
    name = next((one for one in names if one not in taken), names[-1])
    while name in taken:
        name += "'"
    taken.add(name)
    return name
