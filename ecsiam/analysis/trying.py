"""Sets of requests said again with values: in the place of policy variables, and with what ARNs tell of accounts."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import chain, islice, product

from attrs import evolve

from ecsiam.analysis.keys import KeyTest
from ecsiam.analysis.leaf import Leaf, compiled
from ecsiam.analysis.pinned import Pins, accounts, both, either
from ecsiam.analysis.requests import NOTHING, Requests, of_query, of_statement
from ecsiam.analysis.samples import other
from ecsiam.analysis.variables import Escaped, Part, Variable, parts
from ecsiam.errors import PolicyError
from ecsiam.model.condition import Block
from ecsiam.model.policy import Version
from ecsiam.model.statement import Statement
from ecsiam.model.text import Ref, Text

MOST_TRIES = 64


def put_in(requests: Requests) -> Iterator[Requests]:
    """The set with values in the place of its policy variables, and their keys pinned to these: parts of it.

    The values are those that the set itself speaks of, and one that it doesn't.
    """
    leaves = list(dict.fromkeys(requests.leaves))
    keys = {v.key.lower(): v.key for leaf in leaves for v in compiled(leaf).variables}
    if not keys or not all(":" in key for key in keys):  # what is no key has no value
        return
    # In one order, whichever way the question is put; the same value for all of them before others.
    spoken = {*_spoken_of(leaves)}
    if any(t.operator.comparison.name.endswith("IgnoreCase") for leaf in leaves for t in tests_of(leaf)):
        spoken |= {changed for value in spoken for changed in (value.upper(), value.lower())}
    values = sorted(spoken - {"other"})
    pinned = {key: list(dict.fromkeys((other(key), *values))) for key in sorted(keys)}
    together = ((value,) * len(keys) for value in values)
    first = [tuple(map(other, sorted(keys)))]
    for chosen in islice(chain(first, together, product(*pinned.values())), MOST_TRIES):
        known = dict(zip(sorted(keys), chosen, strict=True))
        pinned_to = {keys[key]: _text(value) for key, value in known.items()}
        try:
            pin = Statement("Allow", "*", "*", conditions={"StringEquals": pinned_to}, as_is=True)
            yield replaced(requests, known) & of_query(pin)
        except PolicyError:  # what the variable names is no key, or its value makes no resource
            continue


ARN = "aws:principalarn"


def of_accounts(requests: Requests) -> Requests:
    """The same set, said again with the accounts that the ARNs in it name, where keys are compared that tell these."""
    tested = {t.key: t.name or t.key for leaf in dict.fromkeys(requests.leaves) for t in tests_of(leaf)}
    told = {tested[key]: sorted(of) for key, of in pins_of(requests, accounts).items() if key in tested}
    if not all(told.values()):
        return NOTHING
    block: Block = {"StringEqualsIfExists": told}
    return requests & of_query(Statement("Allow", "*", "*", conditions=block, as_is=True)) if told else requests


def pins_of(requests: Requests, of: Callable[[Leaf], Pins]) -> Pins:
    """The keys that have one of a few values in all of a set, by what each statement says."""
    match requests.op, requests.parts:
        case "or", parts:
            return either(*(pins_of(part, of) for part in parts))
        case "and", (left, right):
            return both(pins_of(left, of), pins_of(right, of))
        case "minus", (left, _):
            return pins_of(left, of)
        case _:
            assert requests.leaf is not None
            return of(requests.leaf)


def tests_of(leaf: Leaf) -> Iterator[KeyTest]:
    """All that a statement asks of keys, in one way or another."""
    known = compiled(leaf)
    yield from known.tests
    yield from (t for o in known.options for t in o.tests)


def _spoken_of(leaves: list[Leaf]) -> Iterator[str]:
    """What stands between slashes and colons in the texts of a set, a pattern with as little as it takes."""
    for leaf in leaves:
        for one in leaf.statement.texts():
            if one.literal is not None:
                shortest = (s.replace("*", "").replace("?", "x") for s in re.split("[/:]", one.literal) if "$" not in s)
                yield from filter(None, shortest)


def _text(value: str) -> str:
    """A value as a policy writes it, so that it means itself."""
    return re.sub(r"[*?$]", lambda m: f"${{{m[0]}}}", value)


def replaced(requests: Requests, known: dict[str, str]) -> Requests:
    """The set with these values in the place of the variables of their keys."""
    if requests.leaf is not None:
        return of_statement(_leaf(requests.leaf, known))
    return evolve(requests, parts=tuple(replaced(p, known) for p in requests.parts))


def _written(part: Part) -> str | Ref:
    """A part of a text as a policy writes it."""
    match part:
        case Escaped(char):
            return f"${{{char}}}"
        case Variable(key, default):
            return f"${{{key}}}" if default is None else f"${{{key}, '{default}'}}"
        case _:
            return part


@lru_cache(maxsize=1 << 10)
def _leaf_known(leaf: Leaf, known: tuple[tuple[str, str], ...]) -> Leaf:
    values = dict(known)

    def put(text: Text, version: Version) -> Text:
        if not any(isinstance(p, Variable) and p.key.lower() in values for p in parts(text, version)):
            return text
        pieces = (
            _text(values[p.key.lower()]) if isinstance(p, Variable) and p.key.lower() in values else _written(p)
            for p in parts(text, version)
        )
        return Text(pieces)

    s = leaf.statement
    resources = s.resources
    if resources is not None:
        resources = type(resources)(tuple(put(r, leaf.version) if isinstance(r, Text) else r for r in resources.items))
    conditions = [
        evolve(c, values=[put(v, leaf.version) for v in c.values])
        if c.operator.comparison.kind in ("string", "arn")
        else c
        for c in s.conditions
    ]
    return evolve(leaf, statement=evolve(s, resources=resources, conditions=conditions))


def _leaf(leaf: Leaf, known: dict[str, str]) -> Leaf:
    return _leaf_known(leaf, tuple(sorted(known.items()))) if compiled(leaf).variables else leaf
