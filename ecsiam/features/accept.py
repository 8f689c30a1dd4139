"""What may fail a proof, or be found by `check`, because it is meant."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from ecsiam.features.table import ROLES
from ecsiam.keys.accepting import AcceptKind
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys
from ecsiam.keys.kinds import ListOf
from ecsiam.model.accept import Accept, AcceptRule


class AcceptKeys(Keys):
    """What is accepted of what an invariant or `check` finds."""

    heading = "What is meant, though a proof fails"

    accept: Annotated[
        Sequence[Accept | AcceptRule | Mapping[str, object]],
        Key(
            "What `prove` or `check` may find, because it is meant: it shows it with the reason and counts it as fine. "
            'docs/proof.md says what is covered, under "What is meant is accepted", docs/check.md what a `rule` is.',
            ListOf(AcceptKind(tuple(ROLES))),
            default="none",
            sample=(
                "- invariant: no-escalation",
                "  role: task",
                "  actions: [batch:SubmitJob]",
                "  why: the task starts the nightly jobs",
                "  until: 2027-03-31",
            ),
        ),
    ] = ()
