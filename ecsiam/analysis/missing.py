"""What a request leaves unsaid: the condition keys that a statement hangs on and that the request does not give.

AWS's simulator calls them missing context values.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType

from attrs import evolve, frozen

from ecsiam.analysis.callers import TAG, facts_of, kind_of
from ecsiam.analysis.comparisons import Unsettled
from ecsiam.analysis.globs import Reading
from ecsiam.analysis.matching import condition_values, matches_values, misses
from ecsiam.analysis.request import Request
from ecsiam.analysis.values import address_block, as_bool, as_bytes, as_date, as_number
from ecsiam.analysis.variables import Escaped, Part, Variable, parts
from ecsiam.model.condition import Condition, Kind
from ecsiam.model.each import Item
from ecsiam.model.policy import Version
from ecsiam.model.principal import Principal
from ecsiam.model.statement import AllBut, Only, Statement
from ecsiam.model.text import Text, text

_Names = frozenset[str]


@lru_cache(maxsize=1 << 12)
def known_absent(principal: Principal) -> _Names:
    """The keys, in lower case, that a caller's requests never have."""
    alternatives = facts_of(principal)
    keys = {key for key, fact in alternatives[0].items() if fact is None}
    return frozenset(key.lower() for key in keys if all(key in a and a[key] is None for a in alternatives))


def is_missing(key: str, request: Request) -> bool:
    """Whether a request may have a key that it does not give."""
    if request.values(key):  # an empty list is an absent key too
        return False
    who = request.principal
    if who is None:
        return True
    if kind_of(who) == "anonymous" and key.lower().startswith(TAG):
        return False
    return key.lower() not in known_absent(who)


def open_keys(
    statement: Statement, version: Version, request: Request, reading: Reading, identity: bool
) -> tuple[str, ...]:
    """The keys that are not given and that decide whether a statement matches; none, where it matches or not anyway."""
    keys = _keys(statement, version)
    missing = frozenset(key for key in (*keys.of_conditions, *keys.of_resources) if is_missing(key, request))
    if not missing or not _may_match(_loosest(statement, version, missing), version, request, reading, identity):
        return ()
    found = [key for key in keys.of_conditions if key in missing]
    if any(key in missing for key in keys.of_resources):
        sure = _surest(statement, version, missing)
        if sure is None or not _may_match(sure, version, request, reading, identity):
            found += [key for key in keys.of_resources if key in missing]
    return tuple(keys.written[key] for key in dict.fromkeys(found))


def _may_match(statement: Statement, version: Version, request: Request, reading: Reading, identity: bool) -> bool:
    """Whether a statement matches, or AWS's pages leave it open."""
    try:
        return not misses(statement, version, request, reading, identity)
    except Unsettled:
        return True


# Whether a value of a condition is one at all; any text is a text or an ARN to compare with.
_READABLE: Mapping[Kind, Callable[[str], object]] = MappingProxyType(
    {"binary": as_bytes, "bool": as_bool, "date": as_date, "ip": address_block, "numeric": as_number}
)


@lru_cache(maxsize=1 << 13)
def _outcomes(condition: Condition, version: Version) -> frozenset[bool]:
    """How a condition can come out, over the values of its key and without one.

    With an empty list or nothing but malformed values it is the same for every value that there is.
    """
    operator = condition.operator
    readable = _READABLE.get(operator.comparison.kind, str)
    varying = len(_read_by(condition, version)) > 1
    if varying or operator.comparison.kind == "null" or any(readable(str(v)) is not None for v in condition.values):
        return frozenset({True, False})
    return frozenset(matches_values(operator, (), given) for given in (None, "x"))


def has_variables(statement: Statement, version: Version) -> bool:
    """Whether the resources of a statement have policy variables."""
    return bool(_keys(statement, version).of_resources)


@frozen
class _Keys:
    """The keys that a statement reads, in lower case, and as they are written."""

    of_conditions: tuple[str, ...]
    of_resources: tuple[str, ...]
    written: dict[str, str]


@lru_cache(maxsize=1 << 13)
def _keys(statement: Statement, version: Version) -> _Keys:
    of_conditions: list[str] = []
    for condition in statement.conditions:
        if len(_outcomes(condition, version)) > 1:
            of_conditions += _read_by(condition, version)
    items = () if statement.resources is None else statement.resources.items
    of_resources = [key for item in items for key in _variables(item, version)]
    written = {key.lower(): key for key in reversed((*of_conditions, *of_resources))}
    return _Keys(_lower(of_conditions), _lower(of_resources), written)


def _read_by(condition: Condition, version: Version) -> list[str]:
    """The key of a condition, and those of the variables in its values."""
    values = condition_values(condition.operator, condition.values, version)
    return [condition.key, *(part.key for value in values for part in value if isinstance(part, Variable))]


def _lower(keys: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key.lower() for key in keys))


def _variables(item: Item, version: Version) -> list[str]:
    return [p.key for p in parts(item, version) if isinstance(p, Variable)] if isinstance(item, Text) else []


# ---------------------------------------------------------------- a statement at its loosest, and at its surest

_Put = Callable[[Text], Item | None]


@lru_cache(maxsize=1 << 12)
def _loosest(statement: Statement, version: Version, missing: _Names) -> Statement:
    """A statement that matches whatever this one could match, were the missing keys there."""
    kept = tuple(
        c
        for c in statement.conditions
        if len(_outcomes(c, version)) == 1 or missing.isdisjoint(_lower(_read_by(c, version)))
    )
    dropped = evolve(statement, conditions=kept)
    inverse = isinstance(statement.resources, AllBut)
    return _with(dropped, lambda t: None if inverse else _any_value(t, version, missing), version, missing) or dropped


@lru_cache(maxsize=1 << 12)
def _surest(statement: Statement, version: Version, missing: _Names) -> Statement | None:
    """The same statement without conditions, on the resources that it speaks of whatever the missing keys are."""
    inverse = isinstance(statement.resources, AllBut)
    bare = evolve(statement, conditions=())
    return _with(bare, lambda t: _any_value(t, version, missing) if inverse else None, version, missing)


def _with(statement: Statement, put: _Put, version: Version, missing: _Names) -> Statement | None:
    """The statement with `put` of each resource that reads a missing key; None when no resource is left."""
    resources = statement.resources
    if resources is None:
        return statement
    found: list[Item] = []
    for item in resources.items:
        reads = any(key.lower() in missing for key in _variables(item, version))
        changed = put(item) if reads and isinstance(item, Text) else item
        found += [] if changed is None else [changed]
    if found:
        return evolve(statement, resources=type(resources)(tuple(found)))
    return evolve(statement, resources=Only((text("*"),))) if isinstance(resources, AllBut) else None


def _any_value(item: Text, version: Version, missing: _Names) -> Text:
    """A text in which the missing keys may be anything."""
    return Text.of(*(_shown(part, missing) for part in parts(item, version)))


def _shown(part: Part, missing: _Names) -> str:
    match part:
        case Escaped(char):
            return f"${{{char}}}"
        case Variable(key, default):
            if key.lower() in missing:
                return "*"
            return f"${{{key}}}" if default is None else f"${{{key}, '{default}'}}"
        case _:
            return str(part)
