"""Condition operators and conditions.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Literal, cast

from attrs import field, frozen

from ecsiam.errors import Fault, PolicyError, did_you_mean, refuse, show
from ecsiam.looks.words import few
from ecsiam.model.built import Built
from ecsiam.model.spots import Spot, known, refused
from ecsiam.model.text import Ref, Text, in_order, several, text

Kind = Literal["string", "numeric", "date", "bool", "binary", "ip", "arn", "null"]


@frozen
class Comparison:
    """A condition operator without prefix and suffix: what type it compares as, and whether it negates."""

    name: str
    kind: Kind
    negated: bool = False


COMPARISONS = {
    c.name: c
    for c in (
        Comparison("StringEquals", "string"),
        Comparison("StringNotEquals", "string", negated=True),
        Comparison("StringEqualsIgnoreCase", "string"),
        Comparison("StringNotEqualsIgnoreCase", "string", negated=True),
        Comparison("StringLike", "string"),
        Comparison("StringNotLike", "string", negated=True),
        Comparison("NumericEquals", "numeric"),
        Comparison("NumericNotEquals", "numeric", negated=True),
        Comparison("NumericLessThan", "numeric"),
        Comparison("NumericLessThanEquals", "numeric"),
        Comparison("NumericGreaterThan", "numeric"),
        Comparison("NumericGreaterThanEquals", "numeric"),
        Comparison("DateEquals", "date"),
        Comparison("DateNotEquals", "date", negated=True),
        Comparison("DateLessThan", "date"),
        Comparison("DateLessThanEquals", "date"),
        Comparison("DateGreaterThan", "date"),
        Comparison("DateGreaterThanEquals", "date"),
        Comparison("Bool", "bool"),
        Comparison("BinaryEquals", "binary"),
        Comparison("IpAddress", "ip"),
        Comparison("NotIpAddress", "ip", negated=True),
        Comparison("ArnEquals", "arn"),
        Comparison("ArnLike", "arn"),
        Comparison("ArnNotEquals", "arn", negated=True),
        Comparison("ArnNotLike", "arn", negated=True),
        Comparison("Null", "null"),
    )
}
QUALIFIERS = ("ForAllValues", "ForAnyValue")
_IF_EXISTS = "IfExists"


@frozen
class Operator:
    """`ForAnyValue:StringLikeIfExists` in its three parts."""

    comparison: Comparison
    if_exists: bool = False
    qualifier: Literal["", "ForAllValues", "ForAnyValue"] = ""

    @classmethod
    @lru_cache(maxsize=1 << 8)  # IAM has fewer
    def parse(cls, name: str) -> "Operator":
        """Read an operator's name. Raises PolicyError for one that IAM does not have."""
        qualifier, colon, rest = name.rpartition(":")
        comparison = COMPARISONS.get(rest.removesuffix(_IF_EXISTS))
        if_exists = rest.endswith(_IF_EXISTS)
        if comparison is None or (colon and qualifier not in QUALIFIERS):
            raise PolicyError(
                Fault(f"unknown condition operator `{show(name)}`", remedy=did_you_mean(rest, COMPARISONS))
            )
        if if_exists and comparison.kind == "null":
            raise PolicyError(
                Fault("`Null` takes no `IfExists`", remedy="`Null` asks whether the key is present; write `Null`.")
            )
        match qualifier:
            case "ForAllValues" | "ForAnyValue":
                return cls(comparison, if_exists, qualifier)
            case _:
                return cls(comparison, if_exists)

    def __str__(self) -> str:
        prefix = f"{self.qualifier}:" if self.qualifier else ""
        return f"{prefix}{self.comparison.name}{_IF_EXISTS if self.if_exists else ''}"


def _operator(value: str | Operator) -> Operator:
    return value if isinstance(value, Operator) else Operator.parse(value)


_Value = str | bool | int | float | Ref | Text


def _values(given: _Value | Iterable[_Value]) -> tuple[Text, ...]:
    """Numbers and booleans as IAM keeps them: as text."""
    return tuple(map(_value, several(given, (str, bool, int, float, Ref, Text), "a text")))


def _value(given: _Value) -> Text:
    match given:
        case bool():
            return text(str(given).lower())
        case int() | float():
            return text(str(given))
        case _:
            return text(given)


@frozen(repr=False)
class Condition(Built):
    """One operator, one key, and the values of which any may match (under a negated operator: none)."""

    operator: Operator = field(converter=_operator)
    key: str = field(eq=str.lower)  # IAM compares key names without regard to case
    values: tuple[Text, ...] = field(converter=_values)

    def spots(self) -> Iterator[Spot]:
        """What there is to look at in it: the key and the values."""
        yield Spot("key", self.key)
        if not self.values:
            yield Spot("values", self.key, (), f"{self.operator} on {self.key}")
        if (kind := self.operator.comparison.kind) in ("date", "arn"):
            yield from (Spot(kind, known(value), (self.key,), str(value)) for value in self.values)

    def _refused(self) -> Iterator[Fault]:
        return refused(self.spots())

    def __str__(self) -> str:
        return f"{self.operator} {self.key} {[str(v) for v in self.values]}"

    def _says(self) -> str:
        return f"{self.operator} {self.key} {few(self.values) if self.values else '[]'}"


Conditions = tuple[Condition, ...]
Block = Mapping[str, Mapping[str, str | bool | int | float | Text | Iterable[str | bool | int | float | Text]]]


def conditions(
    given: Iterable[Condition] | Block,
) -> Conditions:
    """Conditions as IAM takes them: all must hold, their order says nothing, each (operator, key) stands once.

    The same key under the same operator with other values is refused: one JSON object can't hold both, and joining
    the two lists would turn the AND that was meant into an OR.
    """
    if isinstance(given, Mapping):
        block = cast("Block", given)
        several(block.values(), (Mapping,), "keys and their values")
        given = [Condition(op, key, values, as_is=True) for op, keys in block.items() for key, values in keys.items()]
    given = several(given, (Condition,), "conditions")
    if len(given) < 2:
        return given
    by_place: dict[tuple[str, str], tuple[Condition, tuple[Text, ...]]] = {}
    faults: list[Fault] = []
    for condition in given:
        place = (str(condition.operator), condition.key.lower())
        values = in_order(condition.values)
        _, first = by_place.setdefault(place, (condition, values))
        if first != values:
            faults.append(
                Fault(
                    f"`{condition.operator}` has the key `{condition.key}` twice with different values",
                    remedy="Both must hold, and one list would mean either: use another operator or one list.",
                )
            )
    refuse(PolicyError, faults)
    return tuple(by_place[place][0] for place in sorted(by_place))
