"""What the account had raised, and what is worth knowing where a role needs more than it has."""

from collections.abc import Iterator, Mapping
from typing import Annotated

from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys
from ecsiam.keys.kinds import Numbers, Whole
from ecsiam.looks.words import listed
from ecsiam.model.intent import Note
from ecsiam.model.planned import planned
from ecsiam.model.quotas import RAISABLE
from ecsiam.model.sizes import Measure, measures
from ecsiam.model.stack import Stack

_DOCUMENTS = ("role_inline_policies_size", "managed_policy_size", "role_trust_policy_length")


class QuotasKeys(Keys):
    """What IAM takes in this account."""

    heading = "What the account takes"

    quotas: Annotated[
        Mapping[str, int],
        Key(
            "Quotas of IAM that this account had raised, under the names that Service Quotas has for them. `emit` "
            "notes what is over one, `prove` fails it.",
            Numbers(tuple((quota.id, Whole(quota.default, quota.most, quota.unit)) for quota in RAISABLE)),
            default=f"what every account has: {', '.join(f'{q.default} {q.unit}' for q in RAISABLE)}",
            closed=True,
        ),
    ] = {}


def quota_notes(stack: Stack) -> Iterator[Note]:
    """What an account can have raised and needs to, and what only the deployment's values decide.

    What is over the most that AWS gives is refused when it is emitted.
    """
    undecided: list[Measure] = []
    for one in measures(planned(stack)):
        limit, size = stack.intent.limit(one.quota), one.size
        if limit < size.least <= one.quota.most:
            yield Note(
                "over-quota",
                f"{one.says(size.least)}, and an account has {limit:,} until its quota is raised{one.shares}",
                (),
                f"{one.quota.remedy} Or have it raised and write what to: `quotas: {{{one.quota.id}: "
                f"{one.quota.most}}}`.",
                one.quota.page,
            )
        elif size.least <= limit < one.with_all_on.least:
            yield Note(
                "over-quota-together",
                f"{one.says(one.with_all_on.least)} with {listed(one.flags)} on, and IAM takes {limit:,}{one.shares}",
                (),
                one.quota.remedy,
                one.quota.page,
            )
        elif one.quota.id in _DOCUMENTS and (size.most is None or size.most > limit >= size.least):
            undecided.append(one)
    if undecided:
        names = listed(dict.fromkeys(name for one in undecided for name in one.open))
        yield Note(
            "size-open",
            f"what is given as {names} decides whether IAM takes "
            + ", ".join(f"{one.what} ({stack.intent.limit(one.quota):,} characters)" for one in undecided),
            (),
            "`ecsiam prove --set NAME=VALUE` says so of values: see `limits`.",
            undecided[0].quota.page,
        )
