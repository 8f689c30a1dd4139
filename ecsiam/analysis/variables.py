"""IAM's policy variables: `${aws:username}`, with a default `${aws:username, 'nobody'}`, and `${*}`, `${?}`, `${$}`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import re
from functools import lru_cache

from attrs import field, frozen

from ecsiam.analysis.request import Request
from ecsiam.errors import PolicyError
from ecsiam.model.globs import Piece
from ecsiam.model.policy import Version
from ecsiam.model.text import Ref, Text

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_DEFAULT = re.compile(r"\s*([^,\s']+)\s*,\s*'([^']*)'\s*")
ESCAPES = ("*", "?", "$")


@frozen
class Escaped:
    """A character that means itself."""

    char: str


@frozen
class Variable:
    """The value of a key with one value. Without a value and without a default, what holds it matches nothing."""

    key: str = field(eq=str.lower)
    default: str | None = None


Part = str | Escaped | Variable | Ref


@lru_cache(maxsize=65536)
def parts(text: Text, version: Version) -> tuple[Part, ...]:
    """A text of a policy, its variables found. A document of 2008-10-17 has none: there `${` is text."""
    if version == "2008-10-17":
        return text.parts
    found: list[Part] = []
    for part in text.parts:
        if isinstance(part, Ref) or "${" not in part:
            found.append(part)
            continue
        at = 0
        for match in _VARIABLE.finditer(part):
            if match.start() > at:
                found.append(part[at : match.start()])
            found.append(_variable(match[1]))
            at = match.end()
        if at < len(part):
            found.append(part[at:])
    return tuple(found)


def _variable(inside: str) -> Escaped | Variable:
    if inside in ESCAPES:
        return Escaped(inside)
    with_default = _DEFAULT.fullmatch(inside)
    return Variable(with_default[1], with_default[2]) if with_default else Variable(inside.strip())


def put_in(parts: tuple[Part, ...], request: Request) -> tuple[Piece, ...] | None:
    """A text with the request's values put in, as themselves; None when one of its keys has no single value.

    AWS takes a key that is absent and one with an empty value alike: there is nothing to put in.
    Raises PolicyError for a text that is known only at deployment.
    """
    pieces: list[Piece] = []
    for part in parts:
        match part:
            case str():
                pieces.append((part, True))
            case Escaped(char):
                pieces.append((char, False))
            case Variable(key, default):
                value = request.values(key) or None
                known = default if value is None else value if isinstance(value, str) else None
                if known is None:
                    return None
                pieces.append((known, False))
            case Ref():
                raise PolicyError(f"`{part}` is known only at deployment: bind it first")
    return tuple(pieces)
