"""Keys that a statement pins to a few values: one of these in the place of a policy variable leaves plain text."""

import re
from collections.abc import Mapping

from ecsiam.analysis.callers import facts_of, is_known
from ecsiam.analysis.keys import KeyTest
from ecsiam.analysis.leaf import Leaf, compiled
from ecsiam.model.principal import Principal
from ecsiam.model.statement import Only

_EQUAL = ("StringEquals", "StringLike", "ArnEquals", "ArnLike")
_ONE_VALUE = (None, "String", "ARN")

Pins = Mapping[str, frozenset[str]]
"""Keys in lower case, each with all the values that it may have."""


def of_tests(tests: tuple[KeyTest, ...]) -> Pins:
    """What tests that all have to hold pin, to a text that is no pattern and has no variable."""
    return both(*({test.key: values} for test in tests if (values := _values(test))))


def both(*given: Pins) -> Pins:
    """What is pinned where all of these hold."""
    found: dict[str, frozenset[str]] = {}
    for pins in given:
        for key, values in pins.items():
            found[key] = found.get(key, values) & values
    return found


def either(*given: Pins) -> Pins:
    """What is pinned where one of these holds."""
    shared = set[str]().union(*given).intersection(*given)
    return {key: frozenset[str]().union(*(pins[key] for pins in given)) for key in shared}


def _values(test: KeyTest) -> frozenset[str] | None:
    from ecsiam.reference.actions import key_type

    operator = test.operator
    if operator.qualifier or operator.if_exists or operator.comparison.name not in _EQUAL:
        return None
    texts = [value[0] for value in test.values if len(value) == 1 and isinstance(value[0], str)]
    plain = len(texts) == len(test.values) and all(t and not set("*?$").intersection(t) for t in texts)
    return frozenset(texts) if plain and key_type(test.key) in _ONE_VALUE else None


def following(arn: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """The keys that follow from an `aws:PrincipalArn` of an account, with their values, and those that are absent."""
    facts = facts_of(Principal("AWS", arn))[0]
    known = {key: fact for key, fact in facts.items() if fact is not None and is_known(fact)}
    return known, tuple(key for key, fact in facts.items() if fact is None)


def accounts(leaf: Leaf) -> Pins:
    """What `aws:ResourceAccount` and `aws:SourceAccount` say where they are there, by the ARNs of a statement."""
    found: dict[str, frozenset[str]] = {}
    resources = leaf.statement.resources
    if isinstance(resources, Only) and leaf.reading == "parts":
        found |= _accounts("aws:resourceaccount", [str(item) for item in resources.items])
    for test in compiled(leaf).tests:
        if test.key == "aws:sourcearn" and test.operator.comparison.name in ("ArnEquals", "ArnLike"):
            plain = not test.operator.qualifier and not test.operator.if_exists
            texts = [value[0] for value in test.values if isinstance(value[0], str)] if plain else []
            found |= _accounts("aws:sourceaccount", texts) if len(texts) == len(test.values) else {}
    return found


def _accounts(key: str, arns: list[str]) -> dict[str, frozenset[str]]:
    starts = [arn.split(":", 5)[:5] for arn in arns]
    known = [
        start[4]
        for start in starts
        if len(start) == 5 and re.fullmatch("[0-9]{12}", start[4]) and "$" not in str(start)
    ]
    return {key: frozenset(known)} if known and len(known) == len(arns) else {}
