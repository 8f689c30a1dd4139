"""Needs that a change leaves unmet, and those that it meets: findings of two sides, by what they are about."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping

from attrs import frozen

from ecsiam.findings.finding import Finding, in_order


@frozen
class Newly:
    """What is unmet now and was met, and what is met now and was not."""

    unmet: tuple[Finding, ...] = ()
    met: tuple[Finding, ...] = ()


def newly(old: Iterable[Finding], new: Iterable[Finding], now: Mapping[str, str]) -> Newly:
    """Which needs came and went. `now` is the key that a role has now, by the one that it had.

    A need is the same wherever it stands: it has the same request, of the same role if there are several such. So what
    moves to another file, or is asked of a renamed role, is neither new nor gone.
    """
    signs: tuple[Callable[[Finding], Hashable], ...] = (
        lambda one: (*_about(one), now.get(one.role, one.role), one.place.address),
        lambda one: (*_about(one), now.get(one.role, one.role)),
        _about,
    )
    was, is_ = list(old), list(new)
    for sign in signs:
        was, is_ = _unpaired(was, is_, sign)
    return Newly(in_order(is_), in_order(was))


def _about(one: Finding) -> tuple[str, str]:
    """What is asked for; whose role should have it, and whether another one has, is no part of that."""
    rule = "missing" if one.rule == "misplaced" else one.rule
    return rule, one.request.partition(" by ")[0] or one.fact


def _unpaired(
    old: list[Finding], new: list[Finding], sign: Callable[[Finding], Hashable]
) -> tuple[list[Finding], list[Finding]]:
    """What is left of both without those that stand on the other side too, each as often as it does."""
    there: defaultdict[Hashable, list[Finding]] = defaultdict(list)
    for one in old:
        there[sign(one)].append(one)
    left: list[Finding] = []
    for one in new:
        if same := there[sign(one)]:
            same.pop()
        else:
            left.append(one)
    return [one for of in there.values() for one in of], left
