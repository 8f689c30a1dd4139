"""What a condition operator makes of the values that a policy lists and those that a request holds.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from collections.abc import Callable
from operator import eq, ge, gt, le, lt

from ecsiam.analysis.globs import arn_globs, fits_arn
from ecsiam.analysis.request import Values
from ecsiam.analysis.values import address_block, as_address, as_bool, as_bytes, as_date, as_number
from ecsiam.errors import Fault, PolicyError
from ecsiam.model.condition import Comparison, Operator
from ecsiam.model.globs import Pieces, glob


class Unsettled(PolicyError):
    """Whether a condition holds hangs on what AWS's pages leave open."""


_Match = Callable[[Pieces, str], bool]  # whether one value of a policy matches one of a request


def _text(pieces: Pieces) -> str:
    return pieces[0][0] if len(pieces) == 1 else "".join(text for text, _ in pieces)


def _lower(text: str) -> str:
    """In lower case, letter by letter: no letter depends on the ones around it."""
    return text.lower() if text.isascii() else "".join(c.lower() for c in text)


def _same(pieces: Pieces, value: str) -> bool:
    return _text(pieces) == value


def _same_but_for_case(pieces: Pieces, value: str) -> bool:
    return _lower(_text(pieces)) == _lower(value)


def _arn(pieces: Pieces, value: str) -> bool:
    globs = arn_globs(pieces)
    return globs is not None and fits_arn(globs, value)


def _in_block(pieces: Pieces, value: str) -> bool:
    block, address = address_block(_text(pieces)), as_address(value)
    return block is not None and address is not None and address in block


def _read(read: Callable[[str], object | None], holds: Callable[..., bool]) -> _Match:
    """Both sides read, then compared: the request's stands on the left. What can't be read matches nothing."""

    def match(pieces: Pieces, value: str) -> bool:
        left, right = read(value), read(_text(pieces))
        return left is not None and right is not None and holds(left, right)

    return match


_ORDER: dict[str, Callable[..., bool]] = {
    "Equals": eq,
    "NotEquals": eq,
    "LessThan": lt,
    "LessThanEquals": le,
    "GreaterThan": gt,
    "GreaterThanEquals": ge,
}
# By IAM's name; a negated operator has what it negates.
MATCHES: dict[str, _Match] = {
    "StringEquals": _same,
    "StringNotEquals": _same,
    "StringEqualsIgnoreCase": _same_but_for_case,
    "StringNotEqualsIgnoreCase": _same_but_for_case,
    "StringLike": glob,
    "StringNotLike": glob,
    **{f"Numeric{name}": _read(as_number, holds) for name, holds in _ORDER.items()},
    **{f"Date{name}": _read(as_date, holds) for name, holds in _ORDER.items()},
    "Bool": _read(as_bool, eq),
    "BinaryEquals": _read(as_bytes, eq),
    "IpAddress": _in_block,
    "NotIpAddress": _in_block,
    "ArnEquals": _arn,
    "ArnLike": _arn,
    "ArnNotEquals": _arn,
    "ArnNotLike": _arn,
}


def _holds(comparison: Comparison, values: tuple[Pieces, ...], value: str) -> bool:
    """Any of the policy's values for one of the request's; under a negated operator none."""
    match = MATCHES[comparison.name]
    return any(match(pieces, value) for pieces in values) != comparison.negated


def matches_values(operator: Operator, values: tuple[Pieces, ...], given: Values | None) -> bool:
    """Whether one condition holds, its policy variables resolved. `given` is what the request holds for its key.

    A key with no value is absent. Under a set operator empty texts alone are as good as none. What can't be read (a
    number, a date, an address, base64, an ARN) matches nothing, so a negated operator holds: it is always the
    complement. Raises Unsettled for several values under an operator for one.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
    """
    comparison = operator.comparison
    several: tuple[str, ...] = (given,) if isinstance(given, str) else given or ()
    if comparison.kind == "null":
        wanted = "false" if several else "true"
        return any(_text(pieces).lower() == wanted for pieces in values)
    if not several:
        match operator.qualifier:
            case "ForAllValues":
                return True
            case "ForAnyValue":
                return False  # also with IfExists: there is no value of which it could be so
            case _:
                return operator.if_exists or comparison.negated
    first, *others = several
    match operator.qualifier:
        case "ForAllValues":
            return not any(several) or all(_holds(comparison, values, value) for value in several)
        case "ForAnyValue":
            return any(several) and any(_holds(comparison, values, value) for value in several)
        case _:
            if others:
                raise Unsettled(
                    Fault(
                        f"`{operator}` compares one value, and the request holds {len(several)}",
                        remedy="A key with several values takes `ForAllValues:` or `ForAnyValue:`.",
                    )
                )
            return _holds(comparison, values, first)
