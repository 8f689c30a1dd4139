"""IAM's JSON, both ways: `policy_to_data` and its inverse `policy_from_data`.

How a text is written is the caller's: plain strings for IAM, expressions for the other targets.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from typing import TypeGuard, TypeVar, cast

from ecsiam.errors import MOST_FAULTS, TOO_MANY, Fault, Faults, PolicyError, did_you_mean, refuse, show
from ecsiam.model.bounds import check_bounds, loaded
from ecsiam.model.condition import Condition, Conditions, conditions
from ecsiam.model.each import Item
from ecsiam.model.policy import Policy, Version, policy_to_data
from ecsiam.model.principal import EVERYONE, Principal, PrincipalType
from ecsiam.model.statement import ELEMENTS, Action, AllBut, Effect, Only, Statement
from ecsiam.model.text import Text, text

__all__ = [
    "Number",
    "describe",
    "is_object",
    "json_data",
    "parse_policy",
    "policy_from_data",
    "policy_to_data",
    "read_literal",
    "statement_from_data",
]

R = TypeVar("R")
Data = Mapping[str, object]
Read = Callable[[object], Text]
ReadItem = Callable[[object], Item]


# ---------------------------------------------------------------- reading


def parse_policy(source: str | Data) -> Policy:
    """Read an IAM policy or trust document, as JSON text or as the data that such a text means.

    Everything stays word for word, also what IAM refuses or what grants nothing: `refusals(policy)` and `notes(policy)`
    say so. Raises PolicyError for what no document can say, with every fault and its place (`$.Statement[0].Action`).
    A document without a Version is one of 2008-10-17, as it is for IAM. What is far larger than any is refused.
    """
    return policy_from_data(json_data(source) if isinstance(source, str) else source, read_literal)


class Number(str):
    """A number of a JSON text, as it was written there: a value of a condition may be one, a Sid is none."""

    __slots__ = ()


def json_data(source: str) -> object:
    """The data of a JSON text: numbers as their source text, duplicate keys refused."""
    try:
        return loaded(source, Number)
    except json.JSONDecodeError as e:
        raise PolicyError(f"not JSON: {e.msg.lower()} at line {e.lineno}, column {e.colno}") from None
    except RecursionError:
        raise PolicyError("not a policy: nested too deep") from None


def read_literal(value: object) -> Text:
    """A text from JSON's text, number or boolean: IAM keeps all three as text."""
    match value:
        case bool():
            return text(str(value).lower())
        case str():
            return text(value)
        case int():
            return text(_digits(value))
        case float() if math.isfinite(value):
            return text(str(value))
        case _:
            raise PolicyError(f"expected a text, not {describe(value)}")


def _digits(number: int) -> str:
    try:
        return str(number)
    except ValueError:  # Python writes no number of more than 4,300 digits
        raise PolicyError("a number has too many digits") from None


def policy_from_data(data: object, read: Read, read_item: ReadItem | None = None) -> Policy:
    """The inverse of `policy_to_data`: `read` makes a Text of what `render` made, `read_item` a list's item."""
    check_bounds(data)
    document = _object(data, "a policy")
    faults = Faults(_unknown(document, ("Version", "Id", "Statement")))
    statements: list[Statement] = []
    if "Statement" not in document:
        faults.append(Fault("a policy needs `Statement`"))
    for place, one in _listed("Statement", document.get("Statement", ())):
        with faults.at(*place):
            statements.append(statement_from_data(one, read, read_item or read))
    version, id = "2008-10-17", ""
    with faults.at("Version"):
        version = _string(document.get("Version", version))
    with faults.at("Id"):
        id = _string(document.get("Id", ""))
    refuse(PolicyError, faults)
    return Policy(statements, version=cast("Version", version), id=id, as_is=True)


def statement_from_data(data: object, read: Read = read_literal, read_item: ReadItem = read_literal) -> Statement:
    """One statement from the data of IAM's JSON, as it is. Raises PolicyError with every fault."""
    s = _object(data, "a statement")
    faults = Faults(_unknown(s, ELEMENTS))
    actions = resources = principals = None
    found: Conditions = ()
    effect = sid = ""
    with faults.at():
        actions = _element(s, "Action", lambda name, value: _items(name, value, _action))
        if actions is None:
            faults.append(Fault("a statement needs `Action` or `NotAction`"))
    with faults.at():
        resources = _element(s, "Resource", lambda name, value: _items(name, value, read_item))
    with faults.at():
        principals = _element(s, "Principal", lambda name, value: _principals(name, value, read))
    with faults.at("Condition"):
        found = _conditions(_object(s.get("Condition", {}), "a condition block"), read)
    with faults.at("Sid"):
        sid = _string(s.get("Sid", ""))
    with faults.at("Effect"):
        effect = _string(s["Effect"]) if "Effect" in s else ""
        if not effect:
            faults.append(Fault("a statement needs `Effect`", (), "Write `Allow` or `Deny`."))
    refuse(PolicyError, faults)
    kept = cast("Only[Action]", actions)
    return Statement(cast("Effect", effect), kept, resources, principals, found, sid, as_is=True)


def _element(s: Data, name: str, read: Callable[[str, object], tuple[R, ...]]) -> Only[R] | AllBut[R] | None:
    if name in s and f"Not{name}" in s:
        raise PolicyError(Fault(f"both `{name}` and `Not{name}`", (f"Not{name}",), "IAM takes one of the two."))
    if name in s:
        return Only(read(name, s[name]))
    return AllBut(read(f"Not{name}", s[f"Not{name}"])) if f"Not{name}" in s else None


def _items(name: str, value: object, one: Callable[[object], R]) -> tuple[R, ...]:
    faults = Faults()
    found: list[R] = []
    for place, item in _listed(name, value):
        with faults.at(*place):
            found.append(one(item))
    refuse(PolicyError, faults)
    return tuple(found)


def _principals(name: str, value: object, read: Read) -> tuple[Principal, ...]:
    if value == "*":
        return (EVERYONE,)
    faults = Faults()
    found: list[Principal] = []

    def principal(kind: str) -> Callable[[object], Principal]:
        return lambda item: Principal(cast("PrincipalType", kind), read(item), as_is=True)

    with faults.at(name):
        for kind, ids in _object(value, 'a principal is `"*"` or').items():
            with faults.at(name):
                found += _items(kind, ids, principal(kind))
    refuse(PolicyError, faults)
    return tuple(found)


def _conditions(block: Data, read: Read) -> Conditions:
    faults = Faults()
    found: list[Condition] = []
    for operator, keys in block.items():
        with faults.at(operator):
            for key, values in _object(keys, "an operator's keys are").items():
                with faults.at(operator):
                    found.append(Condition(operator, key, _items(key, values, read), as_is=True))
    refuse(PolicyError, faults)
    return conditions(found)


def _action(value: object) -> Action:
    return Action(_string(value), as_is=True)


def _string(value: object) -> str:
    if isinstance(value, str) and not isinstance(value, Number):
        return str(value)
    raise PolicyError(f"expected a text, not {describe(value)}")


def is_object(value: object) -> TypeGuard[Data]:
    """Whether a value is an object in JSON's sense."""
    return isinstance(value, Mapping)


def _object(value: object, what: str) -> Data:
    if is_object(value):
        strange = [k for k in cast("Mapping[object, object]", value) if not isinstance(k, str)]
        refuse(PolicyError, [Fault(f"a key is a text, not {describe(k)}") for k in strange])
        return value
    is_an = "an object" if what.endswith((" or", " are")) else "is an object"
    raise PolicyError(f"{what} {is_an}, not {describe(value)}")


def _listed(name: str, value: object) -> Iterable[tuple[tuple[str | int, ...], object]]:
    """Each item with its place: IAM takes a lone item for a list of one."""
    if isinstance(value, list | tuple):
        return [((name, i), item) for i, item in enumerate(cast("list[object]", value))]
    return [((name,), value)]


def _unknown(data: Data, known: tuple[str, ...]) -> Iterable[Fault]:
    unknown = [key for key in data if key not in known]
    for i, key in enumerate(unknown):
        if i == MOST_FAULTS:
            yield TOO_MANY
            return
        yield Fault(f"unknown element `{show(key)}`", (), did_you_mean(key, known))


_MOST_DIGITS = 100


def describe(value: object) -> str:
    """A value in the words of JSON, for messages."""
    match value:
        case None:
            return "null"
        case bool():
            return f"`{str(value).lower()}`"
        case str():
            return f"`{show(value)}`"
        case int() if abs(value) >= 10**_MOST_DIGITS:
            return f"a number of more than {_MOST_DIGITS} digits"
        case int() | float():
            return f"`{value}`"
        case Mapping():
            return "an object"
        case list() | tuple():
            return "a list"
        case _:
            return f"`{show(repr(value))}`"
