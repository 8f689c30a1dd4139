"""Terraform's resources of ECS as its API takes them: camelCase keys, objects in place of lists of one block."""

from collections.abc import Iterator
from typing import cast

from ecsiam.errors import Path
from ecsiam.model.text import Text
from ecsiam.readers.found import Found, FoundService, FoundTask, Gap, Unread, Value, is_list, is_map
from ecsiam.readers.terraform.document import blocks, document_of
from ecsiam.readers.terraform.types import TerraformResource, Translate, task_named, text_of
from ecsiam.readers.values import Map, as_text, is_unknown, named, plain, walk

# Blocks that are a list in the API, and what it is called there.
_LISTS = {
    "volume": "volumes",
    "placement_constraints": "placementConstraints",
    "load_balancer": "loadBalancers",
    "service_registries": "serviceRegistries",
    "capacity_provider_strategy": "capacityProviderStrategy",
    "ordered_placement_strategy": "placementStrategy",
    "vpc_lattice_configurations": "vpcLatticeConfigurations",
    "volume_configuration": "volumeConfigurations",
    "tag_specifications": "tagSpecifications",
    "service": "services",
    "client_alias": "clientAliases",
    "secret_option": "secretOptions",
    "lifecycle_hook": "lifecycleHooks",
    "requires_compatibilities": "requiresCompatibilities",
    "security_groups": "securityGroups",
    "subnets": "subnets",
}
_NAMES = {
    "configure_at_launch": "configuredAtLaunch",
    "enable_ecs_managed_tags": "enableECSManagedTags",
    "iam_role": "role",
    "managed_ebs_volume": "managedEBSVolume",
}
# What is Terraform's own, or doesn't matter here: each is read or left out by name.
_OWN = frozenset(
    {
        "container_definitions",
        "count",
        "depends_on",
        "for_each",
        "lifecycle",
        "provider",
        "provisioner",
        "region",
        "skip_destroy",
        "tags",
        "tags_all",
        "timeouts",
        "track_latest",
        "triggers",
        "wait_for_steady_state",
        "force_new_deployment",
        "force_delete",
        # computed
        "arn",
        "arn_without_revision",
        "id",
        "revision",
    }
)
_MAPS = frozenset({"labels", "driver_opts", "options", "properties"})  # their keys are the user's


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return _NAMES.get(name, first + "".join("GiB" if r == "gib" else r.capitalize() for r in rest))


def api_value(name: str, value: Value) -> tuple[str, Value]:
    """An argument or block of Terraform under the name that the API has, with what it holds."""
    if name in _LISTS:
        return _LISTS[name], [_object(v) for v in blocks(value)]
    items = value if is_list(value) else None
    if name == "properties" and is_map(value):
        return name, [{"name": k, "value": v} for k, v in value.items()]
    if name in _MAPS:
        return _camel(name), value
    if items is not None and len(items) == 1 and is_map(items[0]):
        return _camel(name), _object(items[0])
    return _camel(name), [_object(v) for v in items] if items is not None else _object(value)


def _object(value: Value) -> Value:
    if not is_map(value):
        return value
    found = Map()
    for name, inner in value.items():
        if inner is None or inner == []:
            continue
        key, made = api_value(name, inner)
        found[key] = made
        if isinstance(value, Map):
            found.put_at(key, value.at(name))
    if isinstance(value, Map):
        found.file, found.line, found.rest, found.may = value.file, value.line, value.rest, value.may
    return found


def _own_values(one: TerraformResource) -> Map:
    kept = Map(((k, v) for k, v in one.values.items() if k not in _OWN), one.values.file, one.values.line)
    kept.placed_as(one.values)
    return cast("Map", _object(kept))


def _task(one: TerraformResource, gaps: list[Gap]) -> Iterator[Found]:
    value = _own_values(one)
    given = one.values.get("container_definitions")
    place = one.at("container_definitions")
    containers = given if is_list(given) else document_of(given, place.file, place.line or 0)
    if is_unknown(containers):
        containers = Unread(f"it isn't known what is in `{named(containers)}`")
    if is_map(containers):
        containers = [containers]
    value["containerDefinitions"] = containers
    value.lines["containerDefinitions"] = place.line or 0
    value["family"] = one.attribute("family")
    value |= {k: as_text(v) for k in ("cpu", "memory") if isinstance(v := value.get(k), int | float)}
    lines, files = _lines(value)
    region = text_of(one.values.get("region")) or one.home.region
    made = FoundTask(one.address, one.place, plain(value), lines, region, one.home.account, files)
    gaps += _gaps(made)
    yield made


def _gaps(found: FoundTask | FoundService) -> Iterator[Gap]:
    """All that wasn't understood in a record."""
    return (Gap(found.at(path), inner.why) for path, inner in walk(found.value) if isinstance(inner, Unread))


def _lines(value: Map) -> tuple[dict[Path, int], dict[Path, str]]:
    """The line of each path, and the file of those that stand in another one: a template, a file of locals."""
    lines: dict[Path, int] = {}
    files: dict[Path, str] = {}
    for path, inner in walk(value):
        if isinstance(inner, Map) and inner.file and (inner.line or not path):
            if path:
                lines[path], files[path] = inner.line, inner.file
            lines.update({(*path, str(k)): line for k, line in inner.lines.items() if line})
            files.update({(*path, str(k)): file for k, file in inner.files.items() if file != inner.file})
    return lines, files


def _service(one: TerraformResource, gaps: list[Gap]) -> Iterator[Found]:
    task = task_named(one.values.get("task_definition"))
    value = _own_values(one)
    if "name" in value:
        value["serviceName"] = value.pop("name")
    lines, files = _lines(value)
    made = FoundService(one.address, one.place, plain(value), task, lines, files)
    gaps += _gaps(made)
    yield made


def _cluster(one: TerraformResource, gaps: list[Gap]) -> Iterator[Found]:
    return iter(())


def cluster_configurations(resources: list[TerraformResource]) -> list[tuple[tuple[Text, ...], Value]]:
    """What clusters say of Exec: the texts that name each, and its `configuration` as `create-cluster` takes it."""
    found: list[tuple[tuple[Text, ...], Value]] = []
    for one in resources:
        if one.type == "aws_ecs_cluster" and one.values.get("configuration"):
            names = (text_of(one.attribute(a)) for a in ("arn", "name"))
            configuration = plain(api_value("configuration", one.values["configuration"])[1])
            found.append((tuple(n for n in names if n is not None), configuration))
    return found


ECS: dict[str, Translate] = {
    "aws_ecs_task_definition": _task,
    "aws_ecs_service": _service,
    "aws_ecs_cluster": _cluster,
}
