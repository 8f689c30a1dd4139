"""Conditions of an Allow that no request of a role can meet, and what AWS sends for the key instead."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from types import MappingProxyType

from attrs import evolve, frozen

from ecsiam.analysis.globs import arn_globs
from ecsiam.analysis.leaf import Leaf, compiled, resource_pattern
from ecsiam.analysis.patterns import Chars, Clause, One, Pattern, Run, Token, Unclear, char, literal, pattern, wildcard
from ecsiam.analysis.requests import of_statement, query
from ecsiam.analysis.searching import search
from ecsiam.analysis.strings import example
from ecsiam.analysis.values import address_block, as_address, as_bool, as_bytes, as_date, as_number
from ecsiam.invariants.kinds import ACCOUNT, REGION
from ecsiam.invariants.sent import in_regions, of_role
from ecsiam.model.arn import PARTITIONS
from ecsiam.model.condition import Condition
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Only, Statement
from ecsiam.model.text import Text, text
from ecsiam.reference.names import DIGITS, LETTERS

_HOST = Chars(LETTERS + DIGITS + ".-")
_SUFFIXES = (*dict.fromkeys(p.dns_suffix for p in PARTITIONS.values()), "aws.internal", "amazon.com", "aws.com")


@frozen
class Sent:
    """What AWS sends for a key: an example to read, and patterns for all of it."""

    shown: str
    patterns: Clause


def _of(shown: str, *tokens: tuple[Token, ...]) -> Sent:
    return Sent(shown, frozenset(map(pattern, tokens)))


def _host(*before: Token) -> Iterator[tuple[Token, ...]]:
    """A host name under each of AWS's domains."""
    for suffix in _SUFFIXES:
        yield (One(_HOST), Run(_HOST), *before, *map(char, f".{suffix}"))


def _arn(form: str) -> Sent:
    shown = form.replace("arn:*:", "arn:aws:").replace(":*:*:", ":REGION:ACCOUNT:").replace("::*:", "::ACCOUNT:")
    return Sent(f"an ARN, `{shown[:-1]}NAME`", frozenset({resource_pattern((form,))}))


def _begins(prefix: str) -> Sent:
    return _of(f"an id, `{prefix}...`", (*map(char, prefix), Run(Chars(LETTERS + DIGITS + "-"))))


_ACCOUNTS = _of("an account of twelve digits", ACCOUNT, tuple(map(char, "anonymous")), tuple(map(char, "aws")))
_SERVICES = _of(
    "a service principal, `ecs-tasks.amazonaws.com`",
    *_host(),
)
_VIA = _of(
    "`SERVICE.REGION.amazonaws.com`, `secretsmanager.eu-west-1.amazonaws.com`",
    *_host(char("."), *REGION.tokens),
)
_ORGANISATION = _begins("o-")
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
# https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
SENT: MappingProxyType[str, Sent] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "aws:principalaccount",
                "aws:resourceaccount",
                "aws:sourceaccount",
                "aws:vpceaccount",
                "kms:calleraccount",
            ),
            _ACCOUNTS,
        ),
        **dict.fromkeys(
            ("aws:principalorgid", "aws:resourceorgid", "aws:sourceorgid", "aws:vpceorgid"),
            _ORGANISATION,
        ),
        "aws:requestedregion": _of("a region, `eu-west-1`", REGION.tokens, tuple(map(char, "aws-global"))),
        "aws:sourcevpc": _begins("vpc-"),
        "aws:sourcevpce": _begins("vpce-"),
        "ecs:cluster": _arn("arn:*:ecs:*:*:cluster/*"),
        "ecs:service": _arn("arn:*:ecs:*:*:service/*"),
        "ecs:task": _arn("arn:*:ecs:*:*:task/*"),
        "ecs:task-definition": _arn("arn:*:ecs:*:*:task-definition/*"),
        "elasticfilesystem:accesspointarn": _arn("arn:*:elasticfilesystem:*:*:access-point/*"),
        "iam:passedtoservice": _SERVICES,
        "iam:permissionsboundary": _arn("arn:*:iam::*:policy/*"),
        "iam:policyarn": _arn("arn:*:iam::*:policy/*"),
        "kms:viaservice": _VIA,
        "lambda:functionarn": _arn("arn:*:lambda:*:*:function:*"),
    }
)
_OF_TYPE: MappingProxyType[str, str] = MappingProxyType(
    {
        "ARN": "an ARN",
        "Bool": "`true` or `false`",
        "Date": "a date",
        "IPAddress": "an IP address",
        "Numeric": "a number",
        "String": "another text",
    }
)


def vain_conditions(statement: Statement) -> Iterator[tuple[Condition, str]]:
    """Each condition whose values no request can have for its key, with what AWS sends there."""
    from ecsiam.reference.actions import key_type

    for condition in statement.conditions:
        of_type = (key_type(condition.key) or "").removeprefix("ArrayOf")
        if _asks_for(condition) and condition.operator.comparison.kind != "null" and of_type:
            values = [v.literal for v in condition.values]
            if not any(v is None or "${" in v or _is_possible(condition, v, of_type) for v in values):
                sent = SENT.get(condition.key.lower())
                yield condition, sent.shown if sent else _OF_TYPE.get(of_type, "another value")


def without_keys(statement: Statement) -> Iterator[tuple[str, str]]:
    """The actions of a statement that AWS never sends a key with which a condition asks for, each with that key."""
    from ecsiam.reference.actions import matching, never_sent

    for condition in statement.conditions:
        if _asks_for(condition) and isinstance(statement.actions, Only):
            for action in statement.actions.items:
                known = matching(action.pattern)
                if known and all(never_sent(one, condition.key) for one in known):
                    yield action.pattern, condition.key


def _asks_for(condition: Condition) -> bool:
    """Whether a condition is never met where its key is absent."""
    operator = condition.operator
    if operator.comparison.kind == "null":
        return [v.literal for v in condition.values] == ["false"]
    return not (operator.if_exists or operator.comparison.negated or operator.qualifier == "ForAllValues")


def _is_possible(condition: Condition, value: str, of_type: str) -> bool:
    """Whether a request may have a value for the key that the operator matches with this one."""
    comparison, key = condition.operator.comparison, condition.key.lower()
    match comparison.kind:
        case "numeric":
            is_date = of_type == "Date" and key != "aws:epochtime"
            return as_number(value) is not None and not is_date and of_type not in ("ARN", "Bool", "IPAddress")
        case "date":
            return as_date(value) is not None and of_type not in ("ARN", "Bool", "IPAddress")
        case "bool":
            return as_bool(value) is not None and of_type not in ("ARN", "Date", "IPAddress", "Numeric")
        case "ip":
            return address_block(value) is not None and of_type in ("IPAddress", "String")
        case "binary":
            return as_bytes(value) is not None
        case "arn":
            globs = arn_globs(((value, True),))
            return globs is not None and _meets(resource_pattern((value,), identity=False), key, "ARN")
        case _:
            if "IgnoreCase" in comparison.name:
                return True
            like = comparison.name == "StringLike"
            if of_type in _READ and not (like and set("*?").intersection(value)):
                return _READ[of_type](value) is not None
            return _meets(wildcard(value) if like else literal(value), key, of_type)


_READ: dict[str, Callable[[str], object | None]] = {
    "Bool": as_bool,
    "Numeric": as_number,
    "Date": as_date,
    "IPAddress": as_address,
}
_ANY_ARN: Clause = frozenset({resource_pattern(("arn:*:*:*:*:*",))})


def _meets(given: Pattern, key: str, of_type: str) -> bool:
    sent = SENT.get(key)
    every = sent.patterns if sent else _ANY_ARN if of_type == "ARN" else None
    return every is None or example((frozenset({given}), every)) is not None


# ---------------------------------------------------------------- together


@lru_cache(maxsize=1 << 10)
def _whatever(statement: Statement) -> Statement:
    return evolve(statement, resources=text("*"))


def excludes_all(statement: Statement) -> bool:
    """Whether the conditions of a statement exclude each other."""
    return bool(statement.conditions) and _is_empty(Leaf(_whatever(statement)))


def keys_of_others(stack: Stack, role: Role, statement: Statement) -> tuple[Condition, ...]:
    """What AWS sends for every request of a statement by the role, and its conditions on that key exclude."""
    asked = {c.key.lower() for c in statement.conditions}
    all_sent = (*of_role(stack, role), *in_regions(statement))
    sent = (c for c in all_sent if c.key.lower() in asked and not any(v.refs for v in c.values))
    return tuple(c for c in sent if _is_empty(Leaf(_on_key(_whatever(statement), c.key)), c))


def _on_key(statement: Statement, key: str) -> Statement:
    return evolve(statement, conditions=[c for c in statement.conditions if c.key.lower() == key.lower()])


def _is_empty(leaf: Leaf, *sent: Condition) -> bool:
    """Whether surely no request matches a statement, together with what AWS sends."""
    if compiled(leaf).open:
        return False
    asked = of_statement(leaf)
    try:
        return search(asked & query("*", "*", conditions=sent) if sent else asked) is None
    except Unclear:
        return False


def said(values: tuple[Text, ...]) -> str:
    """Values for a sentence."""
    return ", ".join(f"`{v}`" for v in values[:3]) + (f" and {len(values) - 3} others" if len(values) > 3 else "")
