"""The trusts that tokens are put to, and how what came of a statement is printed."""

import json
from collections.abc import Iterable, Iterator, Mapping

from attrs import evolve

from ecsiam.analysis.tokens import Tried, Unmet, takes_tokens
from ecsiam.cli.given import Given
from ecsiam.cli.shown import statement_data
from ecsiam.cli.streams import say
from ecsiam.cli.subjects import subjects
from ecsiam.model.policy import Policy
from ecsiam.model.stack import Stack


def with_defaults(givens: Iterable[Given]) -> Iterator[Given]:
    """The same with parameters at their defaults; what has none stays open, as far as it says nothing of tokens."""
    said = False
    for given in givens:
        if not isinstance(given.what, Stack) or not given.what.deployment.defaults:
            yield given
            continue
        if not said:
            say("note: parameters that are not set have their defaults")
        said = True
        yield evolve(given, what=given.what.bind(given.what.deployment.defaults))


def flags_of(given: Given, id: str) -> tuple[str, ...]:
    """The flag that a role hangs on, while that is open."""
    when = given.what.roles[id].when if isinstance(given.what, Stack) else ""
    return (when,) if when else ()


def trusts_of(given: Given, role: str | None) -> Mapping[str, Policy]:
    """The trusts that are for bringers of tokens, by role."""
    of = {id: one if isinstance(one, Policy) else one.trust for id, one in subjects(given, role).items()}
    return {id: policy for id, policy in of.items() if takes_tokens(policy)}


# ---------------------------------------------------------------- what is printed


def unmet_lines(unmet: Unmet) -> Iterator[str]:
    """What of a token doesn't fit, and what was expected."""
    if not unmet.operator:
        yield f"{unmet.claim}: {unmet.why}"
        return
    has = "is not there" if unmet.given is None else f"is {_shown(unmet.given)}"
    why = f" ({unmet.why})" if unmet.why else ""
    yield f"`{unmet.claim}` {has}{why}"
    yield from (f"    {'or' if i else 'expected'} `{e}` ({unmet.operator})" for i, e in enumerate(unmet.expected))


def _shown(value: object) -> str:
    return f"`{value}`" if isinstance(value, str) else f"`{json.dumps(value)}`"


def tried_data(tried: Tried) -> dict[str, object]:
    """A statement that was tried, for JSON."""
    return {
        "index": tried.index,
        "accepts": not tried.unmet and not tried.open,
        "open": list(tried.open),
        "unmet": [
            {"claim": u.claim, "given": u.given, "expected": list(u.expected), "operator": u.operator, "why": u.why}
            for u in tried.unmet
        ],
        **statement_data(tried.statement),
    }
