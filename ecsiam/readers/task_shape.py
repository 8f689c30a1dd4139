"""Of which kind the parts of a task definition are that ask for something: what is of another was not understood."""

from collections.abc import Iterator, Mapping
from typing import Any

from ecsiam.errors import Path
from ecsiam.model.text import Text
from ecsiam.readers.found import FoundTask, Gap, Unread, Value, as_list, as_map, is_list, is_map

_TEXT = "text"
Shape = Any  # _TEXT, a list of one shape, or a dict of shapes by key
_SECRETS: Shape = [{"valueFrom": _TEXT}]
_TASK: Mapping[str, Shape] = {
    "containerDefinitions": [
        {
            "image": _TEXT,
            "secrets": _SECRETS,
            "environmentFiles": [{"value": _TEXT}],
            "repositoryCredentials": {"credentialsParameter": _TEXT},
            "logConfiguration": {"logDriver": _TEXT, "options": {"awslogs-group": _TEXT}, "secretOptions": _SECRETS},
            "firelensConfiguration": {"options": {"config-file-value": _TEXT}},
            "credentialSpecs": [_TEXT],
            "mountPoints": [{}],
        }
    ],
    "volumes": [
        {
            "efsVolumeConfiguration": {"fileSystemId": _TEXT, "authorizationConfig": {"iam": _TEXT}},
            "fsxWindowsFileServerVolumeConfiguration": {"authorizationConfig": {"credentialsParameter": _TEXT}},
        }
    ],
}


def misshapen(task: FoundTask) -> Iterator[Gap]:
    """What of a definition is of another kind than ECS takes there: it may ask for anything."""
    value = as_map(task.value)
    for key, shape in _TASK.items():
        for path, kind in _misshapen(value.get(key), shape, (key,)):
            yield Gap(task.at(path), f"it is no {kind}")


def _misshapen(value: Value, shape: Shape, at: Path) -> Iterator[tuple[Path, str]]:
    if value is None or isinstance(value, Unread | Text):  # what isn't known is said where it is read
        return
    if shape == _TEXT:
        if not isinstance(value, str):
            yield at, "text"
    elif isinstance(shape, list):
        if not is_list(value):
            yield at, "list"
        for i, one in enumerate(as_list(value)):
            yield from _misshapen(one, shape[0], (*at, i))
    elif not is_map(value):
        yield at, "object"
    else:
        for key, inner in shape.items():
            yield from _misshapen(value.get(key), inner, (*at, key))
