"""Which role of what was read is which of what was read later: by name, by address, by what it is for, by what it says.

Nothing is guessed: two are one role where a sign points from just the one to just the other.
"""

import os
import re
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping

from attrs import frozen

from ecsiam.analysis.unknown import compare
from ecsiam.model.text import Ref, Text
from ecsiam.readers.found import TEMPLATE, TERRAFORM, Gap
from ecsiam.readers.naming import account_of
from ecsiam.readers.reading import Reading, ReadRole


@frozen
class Same:
    """A role as it was and as it is. `at_home`: its root is the same; `known`: its address is, or a block says.

    The address of CloudFormation is the logical id. What went to another root may have the state that it had: a folder
    has another name, or it is imported there. So of that nothing is said.
    """

    was: ReadRole
    now: ReadRole
    at_home: bool
    known: bool

    @property
    def renamed(self) -> bool:
        """Whether people call it something else."""
        return self.was.name != self.now.name

    @property
    def moved(self) -> bool:
        """Whether files of its kind call it something else."""
        same = self.was.address == self.now.address and self.at_home
        return self.was.kind == self.now.kind and not same

    @property
    def before(self) -> str:
        """Where it was: its address, with the root where that is another."""
        return self.was.address if self.at_home else self.was.key

    @property
    def after(self) -> str:
        """Where it is."""
        return self.now.address if self.at_home else self.now.key

    @property
    def replaced(self) -> str:
        """Why it is made anew; empty where it stays, and where nobody can tell."""
        was, now = self.was, self.now
        if self._another_name:
            return f"no role can be renamed: `{_named(was)}` is taken away, and `{_named(now)}` is made"
        if was.role.path != now.role.path:
            return f"its path was `{was.role.path}` and is `{now.role.path}`, which can't be changed"
        if was.kind == now.kind == TERRAFORM and self.at_home and not self.known:
            return f"it was `{was.address}` and is `{now.address}`, and no `moved` block says so"
        if was.kind.endswith(TEMPLATE) and now.kind.endswith(TEMPLATE) and self.at_home and self.moved:
            return f"its logical id was `{was.address}` and is `{now.address}`"
        return ""

    @property
    def in_its_way(self) -> bool:
        """Whether it is made anew under the ARN that it has."""
        same = self.was.role.name.literal == self.now.role.name.literal is not None
        return bool(self.replaced) and same and self.was.role.path == self.now.role.path

    @property
    def move(self) -> tuple[str, str] | None:
        """What a `moved` block would say to keep it: both addresses, of a module where all of it has moved."""
        stays = not self._another_name and self.was.role.path == self.now.role.path
        if not (self.replaced and stays and self.at_home and self.now.kind == TERRAFORM):
            return None
        was, now = (_STEP.findall(one.address) for one in (self.was, self.now))
        while len(was) > 1 and len(now) > 1 and was[-1] == now[-1]:
            was, now = was[:-1], now[:-1]
        return ".".join(was), ".".join(now)

    @property
    def _another_name(self) -> bool:
        return compare(_after(self.was, self.now), self.now.role.name, live=False) == "no"


_STEP = re.compile(r"(?:module|aws_iam_role)\.[\w-]+(?:\[[^]]*\])?")


def _named(role: ReadRole) -> str:
    """What a role is called, with `*` for what Terraform or CloudFormation adds; without a name, by its address."""
    own = f"{role.address}."
    name = "".join(
        "*" if isinstance(part, Ref) and part.name.startswith(own) else str(part) for part in role.role.name.parts
    )
    return role.address if name == "*" else name


def _after(was: ReadRole, now: ReadRole) -> Text:
    """The name that a role has under another address, where the name is made there."""
    own = f"{was.address}."
    return Text(
        Ref(f"{now.address}.{part.name.removeprefix(own)}")
        if isinstance(part, Ref) and part.name.startswith(own)
        else part
        for part in was.role.name.parts
    )


def same_roles(old: Reading, new: Reading) -> tuple[Same, ...]:
    """The roles that are on both sides, in the order of the new one."""
    moves = _moves(new)
    left, right = dict(old.roles), dict(new.roles)
    pairs: dict[str, str] = {}
    for signs in (_names, _anywhere, _addresses, _uses, _documents):
        before = _pointing(signs(old, left.values(), moves))
        after = _pointing(signs(new, right.values(), {}))
        pairs_of = ((before[sign], after[sign]) for sign in before if sign in after)
        found = _mutual((a, b) for a, b in pairs_of if not _abroad(old.roles[a], new.roles[b]))
        for was, now in found:
            pairs[now] = was
            del left[was], right[now]
    return tuple(_same(old, old.roles[pairs[key]], new, one, moves) for key, one in new.roles.items() if key in pairs)


def hiding(reading: Reading, other: Reading) -> tuple[Gap, ...]:
    """What of a reading was not understood, and of the other one was."""
    there = {_gap(other, gap) for gap in other.gaps}
    return tuple(gap for gap in reading.gaps if _gap(reading, gap) not in there)


def _gap(reading: Reading, gap: Gap) -> tuple[str, str]:
    return gap.why, _home(reading, gap.place.file or reading.path)


def hides(gap: Gap, role: ReadRole) -> bool:
    """Whether a role of the other side may be in what was not understood: in a file, a module, a resource."""
    rest = role.address.removeprefix(gap.place.address)
    return gap.of_all or (rest != role.address and rest[:1] in ("", ".", "["))


def _same(old: Reading, was: ReadRole, new: Reading, now: ReadRole, moves: "_Moves") -> Same:
    before, after = _home(old, was.root), _home(new, now.root)
    of_root = moves.get(after, ())
    known = _moved(was.address, of_root) == _plain(now.address) or ("", _plain(now.address)) in of_root
    return Same(was, now, before == after, known)


Signs = Iterable[tuple[str, Hashable]]
"""Roles by their keys, each with something by which it is told from others."""


def _pointing(signs: Signs) -> dict[Hashable, str]:
    """The signs that one role has alone."""
    having: dict[Hashable, set[str]] = {}
    for key, sign in signs:
        having.setdefault(sign, set()).add(key)
    return {sign: next(iter(keys)) for sign, keys in having.items() if len(keys) == 1}


def _mutual(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The pairs of which neither half is in another one."""
    every = dict.fromkeys(pairs)
    first, second = Counter(a for a, _ in every), Counter(b for _, b in every)
    return [(a, b) for a, b in every if first[a] == second[b] == 1]


# ---------------------------------------------------------------- signs, the surest first

_Moves = Mapping[str, tuple[tuple[str, str], ...]]


def _home(reading: Reading, root: str) -> str:
    """What a root is called from where the reading began: a copy of all that elsewhere has the same."""
    return os.path.relpath(root, reading.path)


def _names(reading: Reading, roles: Iterable[ReadRole], _: _Moves) -> Signs:
    for role in roles:
        if (name := role.role.name.literal) is not None:
            yield role.key, (_home(reading, role.root), name.lower(), account_of(role.arn))


def _anywhere(_: Reading, roles: Iterable[ReadRole], __: _Moves) -> Signs:
    yield from ((role.key, name.lower()) for role in roles if (name := role.role.name.literal) is not None)


def _abroad(one: ReadRole, other: ReadRole) -> bool:
    """Whether two are of two accounts."""
    accounts = {of.literal for role in (one, other) if (of := account_of(role.arn)) is not None and of.literal}
    return len(accounts) > 1


def _addresses(reading: Reading, roles: Iterable[ReadRole], moves: _Moves) -> Signs:
    for role in roles:
        home = _home(reading, role.root)
        yield role.key, (home, _moved(role.address, moves.get(home, ())))


def _uses(reading: Reading, roles: Iterable[ReadRole], _: _Moves) -> Signs:
    there = {role.key for role in roles}
    for task in reading.tasks:
        of = (("execution", task.execution), ("task", task.task))
        yield from ((key, (task.family, use)) for use, key in of if key in there)


def _documents(reading: Reading, roles: Iterable[ReadRole], _: _Moves) -> Signs:
    """By what it may do of its own: what AWS's policies and trusts say, many have."""
    for role in roles:
        own = frozenset(policy.document for policy in role.role.policies.values())
        if own and role.whole:
            yield role.key, (_home(reading, role.root), own, role.role.trust, frozenset(role.role.managed_policy_arns))


# ---------------------------------------------------------------- moves


def _moves(reading: Reading) -> _Moves:
    """What is said of addresses that were, by root."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for root, was, now in reading.moved:
        home = _home(reading, root)
        found[home] = (*found.get(home, ()), (_plain(was), _plain(now)))
    return found


def _moved(address: str, moves: tuple[tuple[str, str], ...]) -> str:
    """The address that something has after all moves, each of which may follow another."""
    at = _plain(address)
    for _ in moves:
        to = [now + at[len(was) :] for was, now in moves if at == was or at.startswith((f"{was}.", f"{was}["))]
        at = to[0] if to else at
    return at


def _plain(address: str) -> str:
    """An address without `[0]`: what gets a `count`, or loses it, Terraform moves by itself."""
    return address.replace("[0]", "")
