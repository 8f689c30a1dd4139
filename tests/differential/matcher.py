"""A second opinion: whether a policy allows a request, read from AWS's pages alone, sharing nothing with ecsiam.

It takes the JSON of a policy as it is written, and a plain `Asked`. Answers are True, False or None: AWS's pages don't
say. Slow and short is the point. The pages, under https://docs.aws.amazon.com/IAM/latest/UserGuide/:
reference_policies_elements_*.html, reference_policies_variables.html, reference_policies_evaluation-logic.html,
reference_policies_condition-single-vs-multi-valued-context-keys.html.
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from functools import cache
from typing import Any, cast

Json = Mapping[str, Any]
Values = str | tuple[str, ...]
Truth = bool | None
WILD = {"*": ".*", "?": "."}


@dataclass(frozen=True)
class Asked:
    """One request: `principal` is a type and an id, as in a policy; a tuple of values is a key that may have many."""

    action: str
    resource: str
    principal: tuple[str, str] | None = None
    context: Mapping[str, Values] = field(default_factory=dict[str, Values])

    def value(self, key: str) -> Values | None:
        return next((v for k, v in self.context.items() if k.lower() == key.lower()), None)


# ---------------------------------------------------------------- truth with a third value


def negation(one: Truth) -> Truth:
    return None if one is None else not one


def some(of: Iterable[Truth]) -> Truth:
    out: Truth = False
    for one in of:
        if one:
            return True
        out = None if one is None else out
    return out


def every(of: Iterable[Truth]) -> Truth:
    return negation(some(map(negation, of)))


def listed(given: Any) -> list[Any]:
    return list(cast("Iterable[Any]", given)) if isinstance(given, list | tuple) else [given]


# ---------------------------------------------------------------- policies and statements


def allows(policies: Iterable[Json], asked: Asked) -> Truth:
    """An explicit Deny wins, then any Allow; what nobody allows is denied. (evaluation-logic)"""

    def applying(effect: str) -> Iterator[Truth]:
        for policy in policies:
            for s in listed(policy["Statement"]):
                if s["Effect"] == effect:
                    yield applies(s, policy.get("Version", "2008-10-17"), asked)

    return every((some(applying("Allow")), negation(some(applying("Deny")))))


def applies(statement: Json, version: str, asked: Asked) -> Truth:
    return every(_elements(statement, version, asked))


def _elements(statement: Json, version: str, asked: Asked) -> Iterator[Truth]:
    """Whether each element of a statement matches, the cheap ones first."""
    padded = "Principal" not in statement and "NotPrincipal" not in statement
    matches: dict[str, Callable[[Any], Truth]] = {
        "Action": lambda pattern: glob(pattern.lower(), asked.action.lower()),
        "Resource": lambda pattern: resource(pattern, version, asked, padded=padded),
    }
    for name, match in matches.items():
        if name in statement:
            yield some(map(match, listed(statement[name])))
        elif f"Not{name}" in statement:
            yield negation(some(map(match, listed(statement[f"Not{name}"]))))
    if "Principal" in statement:
        yield principals(statement["Principal"], asked)
    elif "NotPrincipal" in statement:
        yield _not_principals(statement["NotPrincipal"], asked)
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            yield condition(operator, listed(values), asked.value(key), version, asked)


def glob(pattern: str, text: str) -> bool:
    return re.fullmatch(_expression(pattern), text, re.DOTALL) is not None


@cache
def _expression(pattern: str) -> str:
    return "".join(WILD.get(c) or re.escape(c) for c in pattern)


# ---------------------------------------------------------------- variables

_VARIABLE = re.compile(r"""\$\{(?:([*?$])|([^}',]+?)(?:,\s*'([^']*)')?)\}""")
Part = tuple[bool, str]  # whether its wildcards are wildcards, and the text


def parts(text: str, version: str, asked: Asked) -> list[Part] | None:
    """A text with its variables put in; None when one has no value, or none that counts. (variables)

    Only 2012-10-17 knows variables. Raises ValueError where AWS doesn't say what the variable comes to.
    """
    if version != "2012-10-17":
        return [(True, text)]
    out: list[Part] = []
    at = 0
    for found in _VARIABLE.finditer(text):
        out.append((True, text[at : found.start()]))
        at = found.end()
        special, key, default = found.groups()
        value = special or asked.value(key)
        if isinstance(value, tuple):
            raise ValueError("a key with many values is no variable")
        if value == "":
            raise ValueError("whether an empty value is a value is open")
        if value is None and default is None:
            return None
        out.append((False, default if value is None else value))
    return [*out, (True, text[at:])]


def matches_parts(pieces: Iterable[Part], text: str) -> bool:
    pattern = "".join(_expression(piece) if wild else re.escape(piece) for wild, piece in pieces)
    return re.fullmatch(pattern, text, re.DOTALL) is not None


def fields(pieces: Iterable[Part]) -> list[list[Part]]:
    """An ARN pattern cut at its first five colons; those of a variable's value cut nothing."""
    out: list[list[Part]] = [[]]
    for wild, text in pieces:
        pieces_of = text.split(":", 6 - len(out)) if wild else [text]
        out[-1].append((wild, pieces_of[0]))
        out += [[(wild, piece)] for piece in pieces_of[1:]]
    return out


# ---------------------------------------------------------------- resources and ARNs


def resource(pattern: str, version: str, asked: Asked, *, padded: bool) -> Truth:
    """Whether a Resource entry matches; one with a variable without value matches nothing. (elements_resource)"""
    if pattern == "*":
        return True
    try:
        pieces = parts(pattern, version, asked)
    except ValueError:
        return None
    return pieces is not None and arn(pieces, asked.resource, padded=padded)


def arn(pieces: list[Part], text: str, *, padded: bool) -> bool:
    """Part by part up to the fifth colon. In an identity policy a short pattern goes on with `*`."""
    wanted, got = fields(pieces), text.split(":", 5)
    if padded and len(wanted) < 6:
        wanted += [[(True, "*")]] * (6 - len(wanted))
    return len(wanted) == len(got) == 6 and all(map(matches_parts, wanted, got))


# ---------------------------------------------------------------- principals

_ACCOUNT = re.compile(r"(?:arn:[^:]*:iam::)?(\d{12})(?::root)?")
_OF_AWS = re.compile(r"arn:[^:]*:(?:iam|sts)::(\d{12}):(.*)")


def principals(element: Any, asked: Asked) -> Truth:
    """Whether a Principal element takes somebody. (elements_principal)"""
    who = asked.principal
    if who is None:
        return None
    if element == "*":
        return True
    return some(
        principal(kind, id, who, asked.value("aws:PrincipalArn")) for kind, ids in element.items() for id in listed(ids)
    )


def _not_principals(element: Any, asked: Asked) -> Truth:
    """All but those: AWS wants account, role and session named, so who is an exception is not said. (notprincipal)"""
    taken, who = principals(element, asked), asked.principal
    named = element == "*" or who is None or who[0] != "AWS"
    return negation(taken) if taken is not True or named else None


def principal(kind: str, id: str, who: tuple[str, str], arn: Values | None) -> Truth:
    its_kind, its_id = who
    if kind == its_kind and id == its_id:
        return True
    aws = its_kind in ("AWS", "*", "CanonicalUser")  # `*` is the anonymous caller, who is of AWS too
    if kind == "AWS" and id == "*":
        return aws
    if kind not in ("AWS", "CanonicalUser") or not aws or its_kind == "*":
        return False
    if "CanonicalUser" in (kind, its_kind):
        return kind == its_kind and None  # another name of an account: not known which
    return _of_aws(id, its_id, arn)


def _of_aws(id: str, who: str, arn: Values | None) -> Truth:
    account, whose = _ACCOUNT.fullmatch(id), _OF_AWS.fullmatch(who)
    if account:
        return whose is not None and whose[1] == account[1]
    named = _OF_AWS.fullmatch(id)
    if not named or not whose or named[1] != whose[1]:
        return False
    (kind, _, name), (its, _, its_name) = named[2].partition("/"), whose[2].partition("/")
    if kind == "role" and its == "assumed-role":  # a role is whoever holds its session; its path is said by a key alone
        return its_name.split("/")[0] == name.rpartition("/")[2] and arn in (None, id)
    return None if kind == "assumed-role" and its == "role" else False


# ---------------------------------------------------------------- conditions

_INVERTED = re.compile("StringNot|NumericNot|DateNot|ArnNot|NotIp")


def condition(operator: str, wanted: list[Any], given: Values | None, version: str, asked: Asked) -> Truth:
    """One operator on one key: its values are alternatives, and for an inverted one none may match."""
    qualifier, _, name = operator.rpartition(":")
    base = name.removesuffix("IfExists")
    texts = [str(w).lower() if isinstance(w, bool) else str(w) for w in wanted]
    if base == "Null":
        return _null(texts, given)
    positive = base.replace("Not", "") if (inverted := _INVERTED.match(base) is not None) else base

    def holds(value: str) -> Truth:
        any_of = some(_compare(positive, text, value, version, asked) for text in texts)
        return negation(any_of) if inverted else any_of

    values: list[str] = [] if given is None else listed(given)
    if qualifier:
        if not any(values):  # absent, empty, or nothing but empty texts: a null data set
            return qualifier == "ForAllValues"
        return (every if qualifier == "ForAllValues" else some)(map(holds, values))
    if not values:
        return inverted or name.endswith("IfExists")
    if len(values) > 1:
        return None  # such a key needs a set operator, and nobody says what comes out without one
    return holds(values[0])


def _null(wanted: list[str], given: Values | None) -> Truth:
    values = () if given is None else listed(given)
    there = any(values) or (None if values else False)  # an empty text may be null: the pages hint at both
    return some(negation(there) if w.lower() == "true" else w.lower() == "false" and there for w in wanted)


def _compare(base: str, wanted: str, value: str, version: str, asked: Asked) -> Truth:
    """One value of the policy with one of the request. What is no number, date, address or ARN matches nothing."""
    if base.startswith(("String", "Arn")):
        try:
            pieces = parts(wanted, version, asked)
        except ValueError:
            return None
        if base.startswith("Arn") and pieces == [(True, ""), (False, value), (True, "")]:
            return None  # a variable that is the whole ARN: AWS has no example of one
        return pieces is not None and _text(base, pieces, value)
    if version == "2012-10-17" and base == "Bool" and "${" in wanted:
        return None
    if base.startswith("Date") and (_FRACTION.fullmatch(wanted) or _FRACTION.fullmatch(value)):
        return None  # seconds since 1970 with a sign or a fraction: not said
    return TYPED[base](wanted, value)


def _text(base: str, pieces: list[Part], value: str) -> bool:
    text = "".join(text for _, text in pieces)
    match base:
        case "StringEquals":
            return text == value
        case "StringEqualsIgnoreCase":
            return text.lower() == value.lower()
        case "StringLike":
            return matches_parts(pieces, value)
        case _:
            return [p for p in pieces if p[1]] == [(True, "*")] or arn(pieces, value, padded=False)


def _ordered(read: Callable[[str], Any], test: Callable[[Any, Any], bool]) -> Callable[[str, str], bool]:
    def compare(wanted: str, value: str) -> bool:
        left, right = read(value), read(wanted)
        return left is not None and right is not None and test(left, right)

    return compare


def number(text: str) -> Fraction | None:
    return Fraction(text) if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text) else None


_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d))?)?)?", re.ASCII)


_FRACTION = re.compile(r"[+-][0-9.]+|[0-9]+\.[0-9]+")


def moment(text: str) -> Fraction | None:
    """Seconds since 1970 of a W3C date (https://www.w3.org/TR/NOTE-datetime), or such seconds themselves."""
    found = _DATE.fullmatch(text)
    if not found:
        return Fraction(text) if re.fullmatch("[0-9]+", text) else None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    zone = "+00:00" if zone in (None, "Z") else zone
    ahead = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:])) * (-1 if zone[0] == "-" else 1)
    try:
        day = datetime(int(year), int(month or 1), int(day or 1), tzinfo=timezone(ahead))
        at = day.replace(hour=int(hour or 0), minute=int(minute or 0), second=int(second or 0))
    except ValueError:
        return None
    return Fraction(int((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())) + Fraction(fraction or 0)


def _bool(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _within(wanted: str, value: str) -> bool:
    try:
        network, address = ipaddress.ip_network(wanted, strict=False), ipaddress.ip_address(value)
    except ValueError:
        return False
    return network.version == address.version and address in network


ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": lambda a, b: a == b,
    "LessThan": lambda a, b: a < b,
    "LessThanEquals": lambda a, b: a <= b,
    "GreaterThan": lambda a, b: a > b,
    "GreaterThanEquals": lambda a, b: a >= b,
}
TYPED: dict[str, Callable[[str, str], bool]] = {
    **{f"Numeric{name}": _ordered(number, test) for name, test in ORDERS.items()},
    **{f"Date{name}": _ordered(moment, test) for name, test in ORDERS.items()},
    "Bool": _ordered(_bool, ORDERS["Equals"]),
    "BinaryEquals": _ordered(_bytes, ORDERS["Equals"]),
    "IpAddress": _within,
}


# ---------------------------------------------------------------- what a policy speaks of


def keys_of(policies: Iterable[Json]) -> Iterator[str]:
    """The keys that policies ask for, in conditions and as variables, in lower case."""
    for policy in policies:
        for statement in listed(policy["Statement"]):
            texts = [t for name in ("Resource", "NotResource") for t in listed(statement.get(name, ()))]
            for keys in statement.get("Condition", {}).values():
                for key, values in keys.items():
                    yield key.lower()
                    texts += map(str, listed(values))
            if policy.get("Version") == "2012-10-17":
                yield from (found[2].lower() for t in texts for found in _VARIABLE.finditer(t) if found[2])
