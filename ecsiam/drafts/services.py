"""Which services and environments some task definitions are of, and where these live."""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from attrs import define, field, frozen

from ecsiam.errors import Path
from ecsiam.model import forms
from ecsiam.model.text import Text
from ecsiam.readers.found import Value, as_map, is_list, is_map
from ecsiam.readers.reading import ReadTask

# What people call environments: only by these is a part of a name taken for one.
_ENVIRONMENTS = frozenset(
    (
        *("dev", "develop", "development", "sandbox", "demo"),
        *("acc", "acceptance", "int", "integration", "qa", "stage", "staging", "stg", "test", "testing", "tst", "uat"),
        *("live", "preprod", "prd", "prod", "production"),
    )
)
_WORDS = re.compile(r"[A-Za-z0-9]+")
_BETWEEN = "-_./"
_ARN = re.compile(r"arn:[a-z-]+:(?P<service>[a-z0-9-]+):(?P<region>[a-z0-9-]*):(?P<account>[0-9]{12}|):")
_HOST = re.compile(r"(?P<account>[0-9]{12})\.dkr[.-]ecr(-fips)?\.(?P<region>[a-z0-9-]+)\.")
# ARNs of these are of the account that the task runs in: ECS takes roles and parameters of no other.
_OWN = frozenset(("ecs", "iam", "ssm"))


@define
class Member:
    """One service in one environment, with its task definitions: several where one is written several times."""

    project: str
    environment: str
    """Empty where nothing says which it is."""
    named: bool
    """Whether a family says what the project is called."""
    tasks: list[ReadTask] = field(factory=list[ReadTask])

    @property
    def account(self) -> str:
        """The account, where all that is surely of it agrees."""
        return _agreed(found.account for task in self.tasks for found in _homes(task) if found.own)

    @property
    def region(self) -> str:
        """The region: of what is surely of the task's own, else where all ARNs and names agree."""
        found = [one for task in self.tasks for one in _homes(task)]
        own = [one.region for one in found if one.own and one.regional]
        return _agreed(own) if any(own) else _agreed(one.region for one in found)


def members(tasks: Sequence[ReadTask]) -> list[Member]:
    """The services of some task definitions, in their order."""
    called = [(task, *_called(task)) for task in tasks]
    by_place = _environments_by_place([(task, project) for task, project, environment, _ in called if not environment])
    found: dict[tuple[str, str], Member] = {}
    spelt: dict[str, str] = {}  # names that differ in case alone are one, for IAM and for folders
    for task, project, said, named in called:
        service = spelt.setdefault(project.lower(), project)
        environment = said or by_place.get(id(task), "")
        environment = environment and spelt.setdefault(f"/{environment}".lower(), environment)
        made = found.setdefault((service, environment), Member(service, environment, named))
        made.tasks.append(task)
    return list(found.values())


def _called(task: ReadTask) -> tuple[str, str, bool]:
    """What a service is called, its environment where the family says it, and whether the family is known."""
    family = as_map(task.found.value).get("family")
    known = family if isinstance(family, str) else family.literal if isinstance(family, Text) else None
    name = _name(known or _of_address(task.found.address))
    if not known:
        return name, "", False
    words = _WORDS.findall(name)
    if len(words) > 1:
        if words[-1].lower() in _ENVIRONMENTS:
            return name[: -len(words[-1])].rstrip(_BETWEEN), words[-1], True
        if words[0].lower() in _ENVIRONMENTS:
            return name[len(words[0]) :].lstrip(_BETWEEN), words[0], True
    return name, "", True


def _of_address(address: str) -> str:
    """The part of an address that says most: a module's name, where its resource is called `this` or `main`."""
    parts = [part for part in re.split(r"[./]", address) if part not in ("this", "main", "default", "module")]
    parts = [part for part in parts if part != "aws_ecs_task_definition"]
    return parts[-1] if parts else "service"


def _name(given: str) -> str:
    """A name of the characters that the names of roles and log groups share."""
    kept = re.sub(r"[^A-Za-z0-9_.-]+", "-", given).lstrip("-.")[: forms.PROJECT.most].rstrip("-.")
    return kept or "service"


def _environments_by_place(tasks: Sequence[tuple[ReadTask, str]]) -> dict[int, str]:
    """The environments of definitions of one family, where their paths differ in names of environments alone."""
    found: dict[int, str] = {}
    for name in dict.fromkeys(project for _, project in tasks):
        same = [task for task, project in tasks if project == name]
        words = [_path_words(task) for task in same]
        by_word = [{one[i] for one in words} for i in range(min(map(len, words)))]
        differing = [i for i, there in enumerate(by_word) if len(there) > 1]
        alike = len({len(one) for one in words}) == 1 and len(differing) == 1
        if alike and len(by_word[differing[0]]) == len(same) and by_word[differing[0]] <= _ENVIRONMENTS:
            found.update((id(task), one[differing[0]]) for task, one in zip(same, words, strict=True))
    return found


def _path_words(task: ReadTask) -> list[str]:
    path = PurePath(task.found.place.file)
    return [word.lower() for part in path.parts for word in _WORDS.findall(part)]


# ---------------------------------------------------------------- account and region


@frozen
class _Home:
    """An account and a region that something names; `own` is what is of the task's own account."""

    account: str
    region: str
    own: bool
    regional: bool = False
    """Whether it is of the task's own region too."""


def _agreed(values: Iterator[str] | Sequence[str]) -> str:
    """The one value that all have who have one."""
    found = {value for value in values if value}
    return next(iter(found)) if len(found) == 1 else ""


def _homes(task: ReadTask) -> Iterator[_Home]:
    own = [one.literal or "" if one else "" for one in (task.found.account, task.found.region)]
    yield _Home(own[0], own[1], True, True)
    values = [task.found.value, *(one.value for one in task.services)]
    for path, value in (found for one in values for found in _texts(one, ())):
        if "awslogs-region" in path:
            yield _Home("", value, False)
        elif found := _ARN.match(value):
            service = found["service"]
            regional = service == "ecs"
            yield _Home(found["account"], found["region"], service in _OWN, regional)
        elif found := _HOST.match(value):
            yield _Home(found["account"], found["region"], False)


def _texts(value: Value, path: Path) -> Iterator[tuple[Path, str]]:
    todo: list[tuple[Path, Value]] = [(path, value)]
    while todo:
        at, one = todo.pop()
        if is_list(one):
            todo += [((*at, i), inner) for i, inner in enumerate(one)]
        elif is_map(one):
            todo += [((*at, str(key)), inner) for key, inner in one.items()]
        elif isinstance(one, str):
            yield at, one
        elif isinstance(one, Text) and one.parts and isinstance(one.parts[0], str):
            yield at, one.parts[0]
