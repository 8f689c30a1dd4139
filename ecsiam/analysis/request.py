"""Requests: who asks for what, on which resource, and what else is known about it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/intro-structure.html
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import cast

from attrs import field, frozen

from ecsiam.errors import Fault, Faults, PolicyError, refuse, show
from ecsiam.looks.shown import Shown
from ecsiam.looks.words import listed
from ecsiam.model.document import describe, is_object
from ecsiam.model.principal import EVERYONE, PRINCIPAL_TYPES, Principal, PrincipalType

Values = str | tuple[str, ...]
Context = tuple[tuple[str, Values], ...]
Value = str | int | float | bool
Given = Value | Iterable[Value]


# ---------------------------------------------------------------- who asks

_TYPES = tuple(t for t in PRINCIPAL_TYPES if t != "*")
_PROVIDER = re.compile("arn:[^:]+:iam::[0-9]{12}:(saml|oidc)-provider/.+")
# `cognito-identity.amazonaws.com` looks like a service, and trusts name it as an identity provider.
_SERVICE = re.compile(r"(?!cognito-identity\.)[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?")


def principal_of(given: Principal | str | None) -> Principal | None:
    """Who asks, as people write it: `TYPE:ID`, an ARN, the name of a service; `*` and `anonymous` for nobody known.

    None says that the caller is not known, which is not the same. Raises PolicyError for anything else, and for what
    is more than one principal. `AWS:*` asks anonymously too: it names nobody.
    """
    if given is None:
        return None
    principal = given if isinstance(given, Principal) else _written(given)
    if principal.id.literal != "*":
        return principal
    if principal.type in ("*", "AWS"):
        return EVERYONE
    remedy = "A request has one, or is anonymous: `*`."
    raise PolicyError(Fault(f"`{show(str(principal))}` is more than one principal", (), remedy))


def _written(given: object) -> Principal:
    written = _text("principal", given)
    if written == "*" or written.lower() == "anonymous":
        return EVERYONE
    kind, colon, id = written.partition(":")
    if colon and id and kind in _TYPES:
        return Principal(cast("PrincipalType", kind), id)
    if written.startswith("arn:"):
        return Principal("Federated" if _PROVIDER.fullmatch(written) else "AWS", written)
    if _SERVICE.fullmatch(written):
        return Principal("Service", written)
    remedy = (
        "Write `TYPE:ID`, such as `Service:ecs-tasks.amazonaws.com`, an ARN, or `*` for an anonymous caller; the types"
        f" are {listed(_TYPES)}."
    )
    raise PolicyError(Fault(f"`{show(written)}` is not a principal", (), remedy))


# ---------------------------------------------------------------- what is known about it


def context_of(given: Mapping[str, Given] | Sequence[tuple[str, Given]]) -> Context:
    """Condition keys with their values, as texts. Raises PolicyError with every fault."""
    taken: dict[str, tuple[str, Values]] = {}
    faults = Faults()
    for key, value in _pairs(given):
        if not isinstance(key, str):
            faults.append(Fault(f"a condition key is a text, not {describe(key)}"))
            continue
        if key.lower() in taken:
            faults.append(Fault(f"the key `{key}` stands twice", (key,), "Give all of its values at once."))
        with faults.at():
            taken[key.lower()] = (key, _values(key, value))
    refuse(PolicyError, faults)
    return tuple(taken[key] for key in sorted(taken))


def _pairs(given: object) -> list[tuple[object, object]]:
    kind = "text" if isinstance(given, str) else type(given).__name__
    if is_object(given):
        return list(given.items())
    if isinstance(given, list | tuple):
        items = cast("list[object]", given)
        pairs = [cast("tuple[object, object]", i) for i in items if isinstance(i, tuple)]
        if len(pairs) == len(items) and all(len(pair) == 2 for pair in pairs):
            return pairs
    remedy = 'Write `{"aws:SourceIp": "..."}`.'
    raise PolicyError(Fault(f"`context` maps condition keys to values, and is no {kind}", (), remedy))


def _values(key: str, value: object) -> Values:
    match value:
        case list() | tuple():
            return tuple(_value(key, v) for v in cast("list[object]", value))
        case set() | frozenset():
            return tuple(sorted(_value(key, v) for v in cast("set[object]", value)))
        case _:
            return _value(key, value)


def _value(key: str, value: object) -> str:
    """A value as IAM compares it: as text."""
    match value:
        case str():
            return value
        case bool():
            return str(value).lower()
        case int():
            return format(Decimal(value), "f")
        case float() if math.isfinite(value):
            return format(Decimal(repr(value)), "f")
        case _:
            remedy = "Write a text, a number, true or false, or a list of these; leave an absent key out."
            raise PolicyError(Fault(f"a value of `{key}` is a text, not {describe(value)}", (), remedy))


def _text(what: str, given: object) -> str:
    if isinstance(given, str):
        return given
    raise PolicyError(f"`{what}` is a text, not {describe(given)}")


def _action(given: str) -> str:
    return _text("action", given)


def _resource(given: str) -> str:
    return _text("resource", given)


def _without_case(context: Context) -> object:
    return tuple((key.lower(), values) for key, values in context)


@frozen(cache_hash=True, repr=False)
class Request(Shown):
    """One request, as a policy sees it.

    `resource` is an ARN, or `*` for an action that has no resource. `principal` is who asks, as a Principal or as text
    (`AWS:arn:...`, an ARN, `ecs-tasks.amazonaws.com`); `*` asks anonymously, None says that the caller is not known.
    `context` maps condition keys to their values: one, or a sequence (of any length) for a key with many; numbers,
    True and False are texts to IAM. A key that is not in it is absent. Keys and actions are compared without regard to
    case. Raises PolicyError for anything else.
    """

    action: str = field(eq=str.lower, converter=_action)
    resource: str = field(default="*", converter=_resource)
    principal: Principal | None = field(default=None, converter=principal_of)
    context: Context = field(default=(), converter=context_of, eq=_without_case)

    def values(self, key: str) -> Values | None:
        """What the context holds for a key; None when it is absent."""
        wanted = key.lower()
        return next((values for name, values in self.context if name.lower() == wanted), None)

    def __str__(self) -> str:
        who = "" if self.principal is None else f"{self.principal}: "
        shown = (f"{key}={v if isinstance(v, str) else list(v)}" for key, v in self.context)
        where = f" with {', '.join(shown)}" if self.context else ""
        return f"{who}{self.action} on {self.resource}{where}"

    def _says(self) -> str:
        return str(self)
