"""CloudFormation's resources of ECS as its API takes them: camelCase keys, numbers and booleans where it has them.

The names that differ, and what is a number or a boolean, were compared with the schemas of both.
"""

from collections.abc import Callable, Iterator

from attrs import evolve, field, frozen

from ecsiam.errors import Path
from ecsiam.model.text import Text
from ecsiam.readers.cloudformation.resolved import Either, Pieces, alternatives, text_of, why_not
from ecsiam.readers.cloudformation.syntax import Node
from ecsiam.readers.found import Unread, Value, as_map

_NAMES = {
    "EFSVolumeConfiguration": "efsVolumeConfiguration",
    "FSxWindowsFileServerVolumeConfiguration": "fsxWindowsFileServerVolumeConfiguration",
    "FilesystemId": "fileSystemId",
    "IAM": "iam",
    "PlacementStrategies": "placementStrategy",
    "ProxyConfigurationProperties": "properties",
}
_MAPS = frozenset({"dockerLabels", "driverOpts", "labels", "options"})  # their keys are the user's
_BOOLEANS = frozenset(
    {
        "autoprovision",
        "cloudWatchEncryptionEnabled",
        "configuredAtLaunch",
        "disableNetworking",
        "enable",
        "enableECSManagedTags",
        "enableExecuteCommand",
        "enableFaultInjection",
        "enabled",
        "encrypted",
        "essential",
        "initProcessEnabled",
        "interactive",
        "privileged",
        "pseudoTerminal",
        "readOnly",
        "readonlyRootFilesystem",
        "rollback",
        "s3EncryptionEnabled",
    }
)
_NUMBERS = frozenset(
    {
        "base",
        "containerPort",
        "desiredCount",
        "hardLimit",
        "healthCheckGracePeriodSeconds",
        "hostPort",
        "ignoredExitCodes",
        "interval",
        "maxSwap",
        "maximumPercent",
        "memoryReservation",
        "minimumHealthyPercent",
        "port",
        "restartAttemptPeriod",
        "retries",
        "sharedMemorySize",
        "size",
        "sizeInGiB",
        "softLimit",
        "startPeriod",
        "startTimeout",
        "stopTimeout",
        "swappiness",
        "timeout",
        "transitEncryptionPort",
        "weight",
    }
)
_FLAT = 4  # fields: of a secret or a file, not of a container
_NUMBERS_OF_CONTAINERS = frozenset({"cpu", "memory"})  # of the task they are texts


@frozen
class ApiValue:
    """A value as the API takes it, with the line of each path in it, and what of it is not known, or taken as there."""

    value: Value
    lines: dict[Path, int] = field(factory=dict[Path, int])
    unread: list[tuple[Node, str]] = field(factory=list[tuple[Node, str]])


def api_value(node: Node) -> ApiValue:
    """A resolved node of a task definition, service or cluster."""
    found = ApiValue(None)
    return ApiValue(_translated(node, (), found), found.lines, found.unread)


def api_name(name: str) -> str:
    """`ContainerDefinitions` -> `containerDefinitions`."""
    return _NAMES.get(name) or name[:1].lower() + name[1:]


def _translated(node: Node, at: Path, found: ApiValue) -> Value:
    match node.value:
        case dict():
            return _object(node, at, found, str if at and at[-1] in _MAPS else api_name)
        case list():
            items: list[Value] = []
            for one, hangs in _items(node):
                here = (*at, len(items))
                found.lines[here] = one.line
                items.append(_translated(one, here, found))
                if hangs:
                    found.unread.append((one, f"taken as there: {hangs[0].why}"))
            return items
        case Either() as either if (there := _taken(node, either)) is not None:
            found.unread.append((node, f"taken as there: {either.why}"))
            return _translated(there, at, found)
        case _:
            return _scalar(node, at, found)


def _taken(node: Node, either: Either) -> Node | None:
    """What is taken as there of two values: the only one, or all items of two lists; None where it may be either."""
    both = [one for one in (either.then, either.otherwise) if one is not None]
    if len(both) == 1:
        return both[0]
    return evolve(node, value=[item for one in both for item in one.items]) if all(one.items for one in both) else None


def _items(node: Node) -> Iterator[tuple[Node, tuple[Either, ...]]]:
    """The items of a list; one in which a text may be either of two is there with each of them."""
    for item, hangs in alternatives(node):
        fields = item.fields
        open_ = [(key, one.value) for key, one in fields.items() if isinstance(one.value, Either)]
        key, either = open_[0] if len(open_) == 1 and len(fields) <= _FLAT else ("", None)
        if either is not None and all(one is not None and text_of(one) is not None for one in _both(either)):
            for one in _both(either):
                yield evolve(item, value={**fields, key: one}), (*hangs, either)
        else:
            yield item, hangs


def _both(either: Either) -> tuple[Node | None, Node | None]:
    return either.then, either.otherwise


def _object(node: Node, at: Path, found: ApiValue, name: Callable[[str], str]) -> dict[str, Value]:
    made: dict[str, Value] = {}
    for key, one in node.fields.items():
        here = (*at, name(key))
        found.lines[here] = one.line
        made[name(key)] = _translated(one, here, found)
    return made


def _scalar(node: Node, at: Path, found: ApiValue) -> Value:
    """CloudFormation makes of `"true"` and `"256"` what the API wants, and the other way round."""
    name = next((key for key in reversed(at) if isinstance(key, str)), "")
    said = text_of(node)
    if said is None:
        if node.value is None:
            return None
        if not isinstance(node.value, Pieces):  # a list parameter without a value is understood, and not known
            found.unread.append((node, f"not understood: {why_not(node)}"))
        return Unread(why_not(node))
    literal = said.literal
    if literal is None:
        return said
    if name in _BOOLEANS and literal.lower() in ("true", "false"):
        return literal.lower() == "true"
    if (name in _NUMBERS or (name in _NUMBERS_OF_CONTAINERS and len(at) > 1)) and _is_number(literal):
        return int(literal)
    return literal


def _is_number(literal: str) -> bool:
    digits = literal.removeprefix("-")
    return digits.isascii() and digits.isdecimal() and len(digits) < 19


def text_at(value: Value, *keys: str) -> Text | None:
    """The text at a path of an API value."""
    for key in keys:
        value = as_map(value).get(key)
    return Text.of(value) if isinstance(value, str | Text) and value else None
