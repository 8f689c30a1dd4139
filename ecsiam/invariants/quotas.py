"""AWS's sizes and counts. Names are held to their length when they are known (`model/deployment.py`)."""

from collections.abc import Iterator

from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.invariants.accepting import as_fact
from ecsiam.invariants.asking import together
from ecsiam.looks.words import listed
from ecsiam.model.planned import planned
from ecsiam.model.sizes import Measure, measures
from ecsiam.model.stack import Stack

_NAMES = ("role_name_length", "policy_name_length")


def limits(stack: Stack) -> Answer:
    """Sizes, counts and names are within what IAM takes."""
    return together(_answers(stack))


def _answers(stack: Stack) -> Iterator[Answer]:
    for one in measures(planned(stack)):
        if one.quota.id in _NAMES and one.size.least < (one.size.most or 0):
            yield Holds(assumed=("a name that grows too long is refused when it is bound",))
        else:
            yield as_fact(stack, _within(one, stack.intent.limit(one.quota)), one.role)


def _within(one: Measure, limit: int) -> Answer:
    takes = f"and IAM takes {limit:,}"
    if one.quota.can_be_raised and limit < one.quota.most:
        takes += f" until the quota `{one.quota.id}` is raised"
    if one.size.least > limit:
        return Fails(fact=f"{one.says(one.size.least)}, {takes}{one.shares}")
    if one.with_all_on.least > limit:
        flags = listed(one.flags)
        return Fails(
            fact=f"{one.says(one.with_all_on.least)} with {flags} on, {takes}{one.shares}",
            values=tuple((flag, True) for flag in one.flags),
        )
    if one.size.most is None:
        return Undecided(f"a list parameter sets the size of {one.what}")
    if one.size.most > limit:
        return Undecided(f"{one.what}: up to {one.size.most:,} {one.quota.unit}, {takes}")
    return Holds()
