"""What a statement asks, as one would say it."""

from ecsiam.model.condition import Condition
from ecsiam.model.each import Item
from ecsiam.model.principal import Principal
from ecsiam.model.statement import AllBut, Only, Statement

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


def words(statement: Statement, *, with_resources: bool = True) -> str:
    """The conditions of a statement, who it is about, and on demand its resources; empty for one that takes all."""
    said = [_condition(c) for c in statement.conditions]
    if statement.principals is not None:
        said.append(_listed("who asks", statement.principals))
    everything = isinstance(statement.resources, Only) and any(str(r) == "*" for r in statement.resources.items)
    if with_resources and statement.resources is not None and not everything:
        said.append(_listed("the resource", statement.resources))
    return " and ".join(said)


def _condition(condition: Condition) -> str:
    values = " or ".join(f"`{v}`" for v in condition.values)
    match str(condition.operator):
        case "Null":
            absent = any(str(v).lower() == "true" for v in condition.values)
            return f"`{condition.key}` is {'absent' if absent else 'present'}"
        case operator:
            return f"`{condition.key}` {_VERBS.get(operator, operator)} {values}"


def _listed(what: str, element: Only[Item] | AllBut[Item] | Only[Principal] | AllBut[Principal]) -> str:
    items = " or ".join(f"`{item}`" for item in element.items)
    return f"{what} is {items}" if isinstance(element, Only) else f"{what} is not {items}"
