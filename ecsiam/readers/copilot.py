"""Copilot's manifests: what a service says of its needs. Its roles are made by Copilot, and stand in no manifest.

https://aws.github.io/copilot-cli/docs/manifest/overview/
"""

import re
from collections.abc import Iterator

from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, PARTITION, Text, text
from ecsiam.readers.found import FoundTask, Gap, Place, Unread, Value, as_map, is_map, symbol
from ecsiam.readers.loading import lines_of
from ecsiam.readers.values import Map
from ecsiam.readers.walk import File

TYPES = ("Load Balanced Web Service", "Backend Service", "Worker Service", "Scheduled Job")
_TYPE = re.compile(rb"^type:[ \t]*[\"']?(?:%s)" % b"|".join(t.encode() for t in TYPES), re.MULTILINE)


def is_manifest(file: File) -> bool:
    """Whether a file is a manifest of a service or job that runs on ECS."""
    return file.name.lower().endswith((".yml", ".yaml")) and _TYPE.search(file.content) is not None


def copilot_task(file: File, data: Map) -> tuple[FoundTask | None, list[Gap]]:
    """The task definition that Copilot makes of a manifest, as far as that says it."""
    name = data.get("name")
    if not isinstance(name, str) or data.get("type") not in TYPES:
        return None, []
    place = Place(file.name, data.line or None, (), name)
    made = Map((), file.name, data.line)
    made["family"] = Text((symbol(f"copilot {name}", "family"),))
    for role in ("executionRoleArn", "taskRoleArn"):
        made[role] = Text((symbol(f"copilot {name}", role),))
    made["requiresCompatibilities"] = ["FARGATE"]
    sidecars = as_map(data.get("sidecars"))
    containers = [_container(name, data, as_map(data.get("image")).get("location"))]
    containers += [_container(key, one, one.get("image")) for key, one in sidecars.items() if isinstance(one, Map)]
    made["containerDefinitions"] = containers
    gaps = [Gap(place, "the roles that Copilot makes are not here: read what `copilot svc package` writes")]
    if is_map(data.get("environments")):
        at = Place(file.name, data.lines.get("environments"), ("environments",), name)
        gaps.append(Gap(at, "what a manifest changes for an environment is not read"))
    if "taskdef_overrides" in data:
        at = Place(file.name, data.lines.get("taskdef_overrides"), ("taskdef_overrides",), name)
        gaps.append(Gap(at, "overrides of the task definition are not read"))
    return FoundTask(f"copilot {name}", place, made, lines_of(made)), gaps


def _container(name: str, data: Map, image: Value) -> Map:
    made = Map((), data.file, data.line)
    made["name"] = name
    # One that Copilot builds goes to a repository that it makes, with the right to pull from it.
    made["image"] = image if isinstance(image, str | Text) else Text((symbol(f"copilot {name}", "image"),))
    image_at = data.lines.get("image", data.line)
    made.lines["image"] = image_at
    secrets = data.get("secrets")
    if isinstance(secrets, Map):
        made["secrets"] = list(_secrets(name, secrets))
        made.lines["secrets"] = data.lines["secrets"]
    return made


def _secrets(service: str, secrets: Map) -> Iterator[Map]:
    for name, given in secrets.items():
        line = secrets.lines.get(name, secrets.line)
        made = Map((("name", name), ("valueFrom", _value_from(service, name, given))), secrets.file, line)
        made.lines = {"name": line, "valueFrom": line}
        yield made


def _value_from(service: str, name: str, given: Value) -> Value:
    """A parameter by its name, a secret by `secretsmanager`, or what another stack exports."""
    if isinstance(given, str | Text):
        return given
    inside = as_map(given)
    secret = inside.get("secretsmanager")
    if isinstance(secret, str | Text):
        return Text.of("arn:", PARTITION, ":secretsmanager:", AWS_REGION, ":", ACCOUNT_ID, ":secret:", text(secret))
    if "from_cfn" in inside:
        return Text((symbol(f"export {inside['from_cfn']}"),))
    return Unread(f"what `{name}` of `{service}` is read from is not understood")
