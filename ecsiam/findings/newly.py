"""Needs that a change leaves unmet, and those that it meets: findings of two sides, by what they are about."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping

from attrs import frozen

from ecsiam.findings.finding import Finding, in_order
from ecsiam.readers.reading import Reading


@frozen
class Newly:
    """What is unmet now and was not, and what was unmet and is not any more."""

    unmet: tuple[Finding, ...] = ()
    met: tuple[Finding, ...] = ()


def newly(old: Iterable[Finding], new: Iterable[Finding], now: Mapping[str, str], there: Reading) -> Newly:
    """Which needs came and went. `now` has a role's key by the one that it had, `there` is where the new ones are.

    A need is the same wherever it stands: it has the same request, of the same role if there are several such. So what
    moves to another file, or is asked of a renamed role, is neither new nor gone. What went with all that needed
    something has not come right.
    """
    signs: tuple[Callable[[Finding], Hashable], ...] = (
        lambda one: (*_about(one), now.get(one.role, one.role), one.place.address),
        lambda one: (*_about(one), now.get(one.role, one.role)),
        _about,
    )
    was, is_ = list(old), list(new)
    for sign in signs:
        was, is_ = _unpaired(was, is_, sign)
    needing = _needing(there)
    return Newly(in_order(is_), in_order(one for one in was if one.place.address in needing))


def _needing(reading: Reading) -> set[str]:
    """The addresses of what needs something (tasks, what runs them, jobs), and of trusts, by which others get in."""
    found = {task.found.at(()).address for task in reading.tasks}
    found |= {one.place.address or one.address for task in reading.tasks for one, _ in task.passing}
    found |= {login.found.place.address for job in reading.jobs for login in job.logins}
    found |= {use.found.place.address for job in reading.jobs for login in job.logins for use in login.uses}
    return found | {place.address for role in reading.roles.values() for place in role.places.get("trust", ())}


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
