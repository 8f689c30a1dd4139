"""Task definitions and services as the AWS CLI takes and prints them, and as ecspresso and pipelines keep them.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
"""

from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from attrs import define, evolve, field

from ecsiam.errors import Path
from ecsiam.model.text import Text, text
from ecsiam.readers.cloudformation.ecs import api_name
from ecsiam.readers.copilot import copilot_task, is_manifest
from ecsiam.readers.found import (
    Found,
    FoundService,
    FoundTask,
    Gap,
    Place,
    Root,
    Value,
    as_list,
    is_list,
    is_map,
    symbol,
)
from ecsiam.readers.loading import few, lines_of
from ecsiam.readers.values import Map
from ecsiam.readers.walk import File

# What only a service has; one of ecspresso's names no task definition, since its config does.
_OF_SERVICE = frozenset(
    {
        "deploymentConfiguration",
        "deploymentController",
        "desiredCount",
        "enableExecuteCommand",
        "forceNewDeployment",
        "healthCheckGracePeriodSeconds",
        "schedulingStrategy",
        "serviceArn",
        "serviceName",
    }
)
_OF_EITHER = frozenset(("launchType", "networkConfiguration", "cluster", "capacityProviderStrategy"))
_WORDS: tuple[bytes, ...] = (
    *(b"ontainerDefinitions", b"container_definitions", b"task_definition", b'askDefinition"', b"taskDefinition:"),
    *map(str.encode, sorted(_OF_SERVICE)),
)
_MAPS = frozenset(("dockerLabels", "driverOpts", "labels", "options"))  # their keys are the user's
_TASK_BESIDE = ("ecs-task-def", "task-definition", "taskdef", "task_definition", "task-def")


Data = dict[str, Any]


def is_task(file: File) -> bool:
    """Whether a file may be one, as far as its bytes tell."""
    return any(word in file.content for word in _WORDS) or is_manifest(file)


def camel(value: Value, key: str = "") -> Value:
    """A value under the names that the API has: `ContainerDefinitions`, `container_definitions` are the same.

    The keys of labels and options are the user's, and stay.
    """
    if is_list(value):
        return [camel(one, key) for one in value]
    if not is_map(value):
        return value
    spelt = {old: old if key in _MAPS else _api_name(str(old)) for old in value}
    if not isinstance(value, Map):
        return {new: camel(value[old], new) for old, new in spelt.items()}
    found = Map(((new, camel(value[old], new)) for old, new in spelt.items()), value.file, value.line, value.rest)
    found.lines = {spelt.get(old, old): line for old, line in value.lines.items()}
    return found


def _api_name(name: str) -> str:
    first, *rest = name.split("_")
    return api_name(first + "".join(one[:1].upper() + one[1:] for one in rest))


@define
class _Ecspresso:
    """Its config: which files are the service and its task definition, and where they are."""

    task: PurePath
    service: PurePath
    region: Text | None


@define
class Tasks:
    """The task definitions and services of some files."""

    tasks: list[FoundTask] = field(factory=list[FoundTask])
    services: list[FoundService] = field(factory=list[FoundService])
    configs: list[_Ecspresso] = field(factory=list[_Ecspresso])
    gaps: list[Gap] = field(factory=list[Gap])
    files: dict[str, None] = field(factory=dict[str, None])
    addresses: set[str] = field(factory=set[str], init=False)

    def add(self, file: File, values: list[Value]) -> bool:
        """Take what values of a file are one; whether any is."""
        found = False
        for i, value in enumerate(values):
            for path, one in few(list(_each(value, (i,) if len(values) > 1 else ())), file.name):
                found |= self._one(file, path, one)
        if found:
            self.files[file.name] = None
        return found

    def _one(self, file: File, path: Path, given: Data) -> bool:
        keys = {_api_name(str(key)) for key in given}
        if "containerDefinitions" in keys:
            self._task(file, path, camel(given))
        elif {"task_definition", "service_definition"} <= given.keys():
            self._config(file, given)
        elif _is_service(keys):
            self._service(file, path, camel(given))
        elif isinstance(given, Map) and is_manifest(file) and not path:
            task, gaps = copilot_task(file, given)
            if task is not None:
                self.addresses.add(task.address)
                self.tasks.append(task)
            self.gaps += gaps
            return task is not None
        else:
            return False
        return True

    def _task(self, file: File, path: Path, data: Data) -> None:
        family = data.get("family")
        address = str(family) if isinstance(family, str | Text) and family else PurePath(file.name).stem
        if address in self.addresses:  # of another environment, say
            address = PurePath(file.name).with_suffix("").as_posix() + "".join(f"[{one}]" for one in path)
        place = Place(file.name, _line(data), path, address)
        if isinstance(data["containerDefinitions"], Text):
            self.gaps.append(Gap(place, "it isn't known which containers the task has"))
        region, account = _home(data)
        self.addresses.add(address)
        self.tasks.append(FoundTask(address, place, data, lines_of(data), region, account))

    def _service(self, file: File, path: Path, data: Data) -> None:
        called, task = data.get("serviceName"), data.get("taskDefinition")
        address = str(called) if called else PurePath(file.name).stem
        named = text(task) if isinstance(task, str | Text) and task else None
        place = Place(file.name, _line(data), path, address)
        self.services.append(FoundService(address, place, data, named, lines_of(data)))

    def _config(self, file: File, data: Data) -> None:
        region = data.get("region")
        beside = PurePath(file.name).parent
        self.configs.append(
            _Ecspresso(
                beside / str(data["task_definition"]),
                beside / str(data["service_definition"]),
                text(region) if isinstance(region, str | Text) and region else None,
            )
        )

    def roots(self, name: str) -> Iterator[Root]:
        """All as one root, services linked with the task definitions that are beside them."""
        for config in self.configs:
            named = [i for i, one in enumerate(self.tasks) if PurePath(one.place.file) == config.task]
            for i in named:
                self.tasks[i] = evolve(self.tasks[i], region=self.tasks[i].region or config.region)
            for i, service in enumerate(self.services):
                if service.task is None and named and PurePath(service.place.file) == config.service:
                    self.services[i] = evolve(service, task=_called(self.tasks[named[0]]))
        for i, service in enumerate(self.services):
            if service.task is None:
                there = [one for one in self.tasks if _beside(one, service)]
                self.services[i] = evolve(service, task=_called(there[0])) if len(there) == 1 else service
        found: tuple[Found, ...] = (*self.tasks, *self.services)
        if found or self.gaps:
            yield Root(name, "task definitions", found, tuple(self.gaps), files=tuple(self.files))


def _each(data: Value, path: Path) -> Iterator[tuple[Path, Data]]:
    """What a value holds: itself, what `describe-` wraps, or a list of these."""
    if is_list(data):
        for i, one in enumerate(as_list(data)):
            yield from _each(one, (*path, i))
    elif is_map(data):
        for key in ("taskDefinition", "service"):
            if is_map(data.get(key)):
                yield (*path, key), data[key]
                return
        if is_list(data.get("services")):
            yield from (found for i, one in enumerate(data["services"]) for found in _each(one, (*path, "services", i)))
            return
        yield path, data


def _line(data: Data) -> int | None:
    return (data.line or None) if isinstance(data, Map) else None


def _is_service(keys: set[str]) -> bool:
    both = keys & (_OF_SERVICE | _OF_EITHER)
    return bool(both) if "taskDefinition" in keys else bool(keys & _OF_SERVICE) and len(both) > 1


def _home(data: Data) -> tuple[Text | None, Text | None]:
    """Region and account, by its own ARN."""
    given = data.get("taskDefinitionArn")
    parts = text(given).split(":", 5) if isinstance(given, str | Text) else ()
    return (parts[3], parts[4]) if len(parts) == 6 else (None, None)


def _called(task: FoundTask) -> Text:
    return Text((symbol(task.address, "arn"),))


def _beside(task: FoundTask, service: FoundService) -> bool:
    """Whether a task definition is the one that goes with a service's file, by where and how it is called."""
    one, other = PurePath(task.place.file), PurePath(service.place.file)
    return one.parent == other.parent and one.stem.lower().startswith(_TASK_BESIDE)
