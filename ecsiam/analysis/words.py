"""What a statement asks, as one would say it."""

from collections.abc import Iterable

from ecsiam.model.condition import Condition
from ecsiam.model.statement import Only, Statement

_VERBS = {
    "StringEquals": "is",
    "StringNotEquals": "is not",
    "StringLike": "is like",
    "StringNotLike": "is not like",
    "ArnEquals": "is like",
    "ArnLike": "is like",
    "ArnNotEquals": "is not like",
    "ArnNotLike": "is not like",
    "Bool": "is",
    "IpAddress": "is in",
    "NotIpAddress": "is not in",
    "NumericEquals": "is",
    "NumericNotEquals": "is not",
    "NumericLessThan": "is less than",
    "NumericLessThanEquals": "is at most",
    "NumericGreaterThan": "is more than",
    "NumericGreaterThanEquals": "is at least",
    "DateEquals": "is",
    "DateNotEquals": "is not",
    "DateLessThan": "is before",
    "DateGreaterThan": "is after",
}


def conditions_of(statement: Statement) -> list[str]:
    """The conditions of a statement, and who it is about where it says so."""
    said = [_condition(c) for c in statement.conditions]
    if statement.principals is not None:
        is_ = "is" if isinstance(statement.principals, Only) else "is not"
        said.append(f"who asks {is_} {listed(map(str, statement.principals.items))}")
    return said


def listed(items: Iterable[str]) -> str:
    """Any of several, in backticks."""
    return " or ".join(f"`{item}`" for item in items)


def _condition(condition: Condition) -> str:
    values = listed(map(str, condition.values))
    match str(condition.operator):
        case "Null":
            states = {"true": "absent", "false": "present"}
            said = dict.fromkeys(states.get(str(v).lower(), f"`{v}`") for v in condition.values)
            return f"`{condition.key}` is {' or '.join(said)}"
        case operator:
            return f"`{condition.key}` {_VERBS.get(operator, operator)} {values}"
