"""Managed policies that are too large, divided so that IAM takes them, and that nothing else moves when one grows.

What stands in which policy has to depend on nothing but the policy itself: there is no memory of yesterday. So a policy
that is too large is halved by a digest of its statements, each half again where it has to be, then by a digest of the
resources of a statement that is too large by itself, then of its actions. The half whose digit is 0 keeps the name. One
more ARN changes the one policy that it goes to; where that is full, half of it moves to a new one, and no other policy
is touched.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256

from attrs import evolve, frozen

from ecsiam.model.forms import POLICY_NAME
from ecsiam.model.names import ended
from ecsiam.model.quotas import QUOTAS
from ecsiam.model.role import Role, RolePolicy
from ecsiam.model.sizes import may_be_nothing, reckoned
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Only, Statement

Cut = tuple[int, Statement]  # what is left of a statement, and which of the policy's it is
Fits = Callable[[Iterable[Cut]], bool]
Digits = tuple[str, ...]

_SIZE = QUOTAS["managed_policy_size"].most
_ATTACHED = QUOTAS["managed_policies_per_role"]
_FINER = 4  # pieces of a policy, for what has to be packed tightly


def planned(stack: Stack) -> Stack:
    """The stack with each managed policy divided that is larger than IAM takes: together they grant the same."""
    if not any(role.own_managed for role in stack.roles.values()):
        return stack
    return evolve(stack, roles=[_role(stack, role) for role in stack.roles.values()])


def _role(stack: Stack, role: Role) -> Role:
    """A role with its policies divided; tightly where it would have more of them than the account takes."""

    def divided(how: Callable[[Stack, RolePolicy], Iterable[_Piece]]) -> list[RolePolicy]:
        return [one for p in role.policies.values() for one in (_named(p, how(stack, p)) if p.managed else [p])]

    found = divided(_loosely)
    most = stack.intent.limit(_ATTACHED) - len(role.managed_policy_arns)
    if sum(p.managed for p in found) > most:
        found = min(found, divided(_tightly), key=len)
    return evolve(role, policies=found, as_is=True)


@frozen
class _Piece:
    """A part of a policy, and the digits by which it was told from the others, for each axis."""

    digits: Digits
    cuts: tuple[Cut, ...]

    @property
    def tag(self) -> str:
        """What it is called by: nothing where each digit is 0."""
        told = zip(_AXES, self.digits, strict=True)
        return "".join(f"{axis.letter}{kept}" for axis, digits in told if (kept := digits.rstrip("0")))


def _whole(policy: RolePolicy) -> _Piece:
    return _Piece(("",) * len(_AXES), tuple(enumerate(policy.document.statements)))


def _named(policy: RolePolicy, pieces: Iterable[_Piece]) -> list[RolePolicy]:
    return [
        evolve(
            policy,
            id=f"{policy.id}_{piece.tag}" if piece.tag else policy.id,
            name=ended(policy.name, f"-{piece.tag}" if piece.tag else "", POLICY_NAME.most),
            document=evolve(policy.document, statements=[s for _, s in piece.cuts], as_is=True),
        )
        for piece in pieces
    ]


# ---------------------------------------------------------------- dividing


def _within(stack: Stack, most: int) -> Fits:
    return lambda cuts: reckoned(stack, [s for _, s in cuts]) <= most


def _loosely(stack: Stack, policy: RolePolicy) -> Iterator[_Piece]:
    return _halved(_within(stack, _SIZE), _whole(policy))


def _tightly(stack: Stack, policy: RolePolicy) -> list[_Piece]:
    """As few policies as small pieces fill, the largest first: each goes to the first that has room for it."""
    fits, small = _within(stack, _SIZE), _within(stack, _SIZE // _FINER)
    whole = _whole(policy)
    if fits(whole.cuts):
        return [whole]
    found: list[_Piece] = []
    sizes = [(reckoned(stack, [s for _, s in p.cuts]), p) for p in _halved(small, whole)]
    for _, piece in sorted(sizes, key=lambda sized: (-sized[0], sized[1].digits)):
        joined = ((i, _joined(whole, other, piece)) for i, other in enumerate(found))
        i, bin_ = next(((i, both) for i, both in joined if fits(both.cuts)), (len(found), piece))
        found[i : i + 1] = [bin_]
    return sorted(found, key=lambda p: p.digits)


def _joined(whole: _Piece, one: _Piece, other: _Piece) -> _Piece:
    """Two pieces as one: cuts of a statement that differ in their resources alone are one again, in its order."""
    order = dict(whole.cuts)
    found: dict[tuple[int, object], list[Statement]] = {}
    for at, cut in (*one.cuts, *other.cuts):
        found.setdefault((at, cut.actions), []).append(cut)
    cuts = [(at, _of_resources(order[at], same)) for (at, _), same in found.items()]
    return evolve(one, cuts=tuple(sorted(cuts, key=lambda cut: cut[0])))


def _of_resources(whole: Statement, cuts: Sequence[Statement]) -> Statement:
    if len(cuts) == 1 or whole.resources is None:
        return cuts[0]
    kept = {item for cut in cuts if cut.resources for item in cut.resources.items}
    return evolve(cuts[0], resources=Only(tuple(i for i in whole.resources.items if i in kept)), as_is=True)


def _halved(fits: Fits, piece: _Piece) -> Iterator[_Piece]:
    """The piece, or its halves, as often as it takes. What can't be divided any more comes out as it is."""
    at = None if fits(piece.cuts) else next((i for i, axis in enumerate(_AXES) if axis.tells(piece.cuts)), None)
    if at is None:
        yield piece
        return
    depth = len(piece.digits[at])
    for digit, cuts in zip("01", _AXES[at].halves(piece.cuts, depth), strict=True):
        if cuts:
            yield from _halved(
                fits, _Piece((*piece.digits[:at], piece.digits[at] + digit, *piece.digits[at + 1 :]), cuts)
            )


# ---------------------------------------------------------------- by what


@frozen
class _Axis:
    """A way of dividing: the digits of each part of a statement that can stand elsewhere, and a statement of some.

    A part without digits may be nothing once all is known. It stays with one that is surely there: a policy without a
    statement is none.
    """

    letter: str
    parts: Callable[[Statement], tuple[str, ...]]
    some: Callable[[Statement, frozenset[int]], Statement]

    def tells(self, cuts: Iterable[Cut]) -> bool:
        """Whether any two parts that are surely there differ."""
        return len({digits for _, s in cuts for digits in self.parts(s)} - {""}) > 1

    def halves(self, cuts: Iterable[Cut], depth: int) -> tuple[tuple[Cut, ...], tuple[Cut, ...]]:
        """What has 0 there, and what has 1."""
        halves: tuple[list[Cut], list[Cut]] = ([], [])
        unsure: list[Cut] = []
        for at, statement in cuts:
            parts = self.parts(statement)
            sides = [frozenset(i for i, digits in enumerate(parts) if digits[depth : depth + 1] == d) for d in "01"]
            loose = frozenset(i for i, digits in enumerate(parts) if not digits)
            if not any(sides):
                unsure.append((at, statement))
                continue
            home = 0 if sides[0] else 1
            sides[home] |= loose
            for half, side in zip(halves, sides, strict=True):
                if side:
                    half.append((at, statement if len(side) == len(parts) else self.some(statement, side)))
        halves[0 if halves[0] else 1].extend(unsure)
        first, second = (tuple(sorted(half, key=lambda cut: cut[0])) for half in halves)
        return first, second


def _digits(*values: object) -> str:
    digest = sha256(json.dumps(values, default=str).encode(errors="replace")).digest()
    return f"{int.from_bytes(digest, 'big'):0256b}"


def _kind(s: Statement) -> tuple[str, ...]:
    """What a statement is told from others by: what stays the same while resources and values of conditions change."""
    keys = [(str(c.operator), c.key.lower()) for c in s.conditions]
    return (_unless_unsure(s, s.effect, type(s.actions).__name__, sorted(map(str, s.actions.items)), keys),)


def _values(s: Statement) -> tuple[str, ...]:
    return (_unless_unsure(s, [list(map(str, c.values)) for c in s.conditions], s.sid),)


def _unless_unsure(s: Statement, *values: object) -> str:
    items = () if s.resources is None else s.resources.items
    return "" if items and all(map(may_be_nothing, items)) else _digits(*values)


def _resources(s: Statement) -> tuple[str, ...]:
    if not isinstance(s.resources, Only):
        return (_digits("all"),)  # all but some: that is one whole
    return tuple("" if may_be_nothing(item) else _digits(str(item)) for item in s.resources.items)


def _actions(s: Statement) -> tuple[str, ...]:
    if not isinstance(s.actions, Only):
        return (_digits("all"),)
    return tuple(_unless_unsure(s, str(action).lower()) for action in s.actions.items)


def _undivided(s: Statement, _: frozenset[int]) -> Statement:
    return s


def _some_resources(s: Statement, side: frozenset[int]) -> Statement:
    items = () if s.resources is None else s.resources.items
    return evolve(s, resources=Only(tuple(items[i] for i in sorted(side))), as_is=True)


def _some_actions(s: Statement, side: frozenset[int]) -> Statement:
    return evolve(s, actions=Only(tuple(s.actions.items[i] for i in sorted(side))), as_is=True)


_AXES = (
    _Axis("s", _kind, _undivided),
    _Axis("c", _values, _undivided),
    _Axis("r", _resources, _some_resources),
    _Axis("a", _actions, _some_actions),
)
