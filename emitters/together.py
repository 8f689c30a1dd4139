"""Several services in one place: one Terraform directory, and as many CloudFormation templates as they need.

Each service is emitted as it is alone, with its id before every address; what comes out is put side by side. So a
service that comes or goes changes no other's address. What they share is shared: parameters, and Terraform's sources.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from attrs import Factory, define

from ecsiam.emitters.placing import Load, Placement, place, template_name
from ecsiam.emitters.takes import too_much
from ecsiam.errors import EcsiamError, EmitError, Fault, Faults, refuse
from ecsiam.model.names import camel_case
from ecsiam.model.several import Service

Json = dict[str, Any]
Documents = dict[str, object]
PLACES = "templates.json"  # which template holds which services
SERVICE_FILE = ".service.tf.json"  # behind the name: Terraform reads `*_override.tf.json` in another way


def documents(services: Sequence[Service], target: str, before: Placement) -> tuple[Documents, Documents]:
    """The JSON documents of several services by relative path, and what says where they are.

    `before` is the template of CloudFormation that a service is in already. Raises EmitError with every fault.
    """
    match target:
        case "terraform":
            return _terraform(services), {}
        case "cloudformation":
            return _cloudformation(services, before)
        case _:
            return _iam(services), {}


def _each(services: Iterable[Service], emit: Callable[[Service], Documents]) -> Iterator[tuple[Service, Documents]]:
    """What each service gives alone; every fault of all, once they have been asked."""
    faults = Faults()
    for service in services:
        try:
            found = emit(service)
        except EcsiamError as e:
            faults += [fault.under(service.name) for fault in e.faults]
        else:
            yield service, found
    refuse(EmitError, faults)


@define
class _Side:
    """Blocks side by side, each of one service: no two have one name."""

    whose: dict[tuple[str, str], str] = Factory(dict[tuple[str, str], str])
    faults: list[Fault] = Factory(list[Fault])

    def take(self, service: Service, kind: str, names: Iterable[str]) -> None:
        for name in names:
            other = self.whose.setdefault((kind, name), service.name)
            if other != service.name:
                message = f"`{other}` and `{service.name}` would both have the {kind} `{name}`"
                self.faults.append(Fault(message, (), "Call one of them something else."))


# ---------------------------------------------------------------- Terraform


def _terraform(services: Sequence[Service]) -> Documents:
    """A file for each service, and the files of the module: variables, sources, and outputs of all."""
    from ecsiam.emitters import terraform

    side = _Side()
    shared: Json = {"versions.tf.json": {}, "variables.tf.json": {}, "main.tf.json": {}, "outputs.tf.json": {}}
    files: Json = {}
    data: Json = {}
    variables: Json = {}
    maps: Json = {}
    for service, found in _each(services, lambda s: terraform.documents(s.own, f"{s.id}_")):
        alone = cast("dict[str, Json]", found)
        shared["versions.tf.json"] = max((shared["versions.tf.json"], alone["versions.tf.json"]), key=_asked)
        main, outputs = alone["main.tf.json"], alone["outputs.tf.json"]["output"]
        for kind, sources in main.pop("data", {}).items():
            _unite(data.setdefault(kind, {}), sources)
        _unite(variables, alone.get("variables.tf.json", {}).get("variable", {}))
        _gather(maps, "enabled_features", service, outputs.pop("enabled_features"))
        summary = outputs.pop("role_summary")
        roles = {role.removeprefix(f"{service.id}_"): of for role, of in summary["value"].items()}
        _gather(maps, "role_summary", service, {**summary, "value": roles})
        side.take(service, "local value", main["locals"])
        side.take(service, "output", outputs)
        for kind, resources in main["resource"].items():
            side.take(service, kind, resources)
        outputs = {n: {**o, "description": f"{o['description']} of {service.name}"} for n, o in outputs.items()}
        files[f"{service.name}{SERVICE_FILE}"] = {**main, "output": outputs}
    refuse(EmitError, side.faults)
    shared["variables.tf.json"] = {"variable": variables}
    shared["main.tf.json"] = {"data": {name: data[name] for name in sorted(data)}}
    shared["outputs.tf.json"] = {"output": maps}
    return {**{path: of for path, of in shared.items() if all(of.values())}, **files}


_MAPS = {
    "enabled_features": "Which flags are on, by service",
    "role_summary": "The roles of each service: ARN, name and purpose, null while a role is off",
}


def _asked(versions: Json) -> tuple[int, ...]:
    """Which version of the provider a module asks for at least."""
    said: str = versions["terraform"]["required_providers"]["aws"]["version"] if versions else ""
    return tuple(map(int, re.findall("[0-9]+", said)))


def _gather(maps: Json, name: str, service: Service, alone: Json) -> None:
    """A map that a service hands on, as what stands for it in that of all."""
    whole = maps.setdefault(name, {"description": _MAPS[name], "value": {}})
    whole["value"][service.name] = alone["value"]
    if waits := alone.get("depends_on"):
        whole.setdefault("depends_on", []).extend(waits)


# ---------------------------------------------------------------- CloudFormation


def _cloudformation(services: Sequence[Service], before: Placement) -> tuple[Documents, Documents]:
    from ecsiam.emitters import cloudformation

    alone: dict[str, Json] = {}
    side, inputs = _Side(), _Inputs()
    for service, found in _each(services, lambda s: cloudformation.documents(s.own)):
        alone[service.name] = template = cast("Json", found["template.json"])
        inputs.take(service, template.get("Parameters", {}))
        for kind, section in (("resource", "Resources"), ("output", "Outputs")):
            side.take(service, kind, template.get(section, {}))
    refuse(EmitError, [*side.faults, *inputs.faults, *_both(inputs, side)])
    placed = place({name: _load(template) for name, template in alone.items()}, before)
    by_number: dict[int, list[Service]] = {}
    for service in services:
        by_number.setdefault(placed[service.name], []).append(service)
    places = {template_name(n): [s.name for s in by_number[n]] for n in sorted(by_number)}
    templates: Documents = {
        template_name(n): _template([(s, alone.pop(s.name)) for s in by_number[n]]) for n in sorted(by_number)
    }
    return templates, {PLACES: places}


@define
class _Inputs:
    """The parameters of the templates: services share those of one name."""

    first: dict[str, tuple[str, Json]] = Factory(dict[str, tuple[str, Json]])
    faults: list[Fault] = Factory(list[Fault])

    def take(self, service: Service, parameters: Mapping[str, Json]) -> None:
        for name, parameter in parameters.items():
            other, form = self.first.setdefault(name, (service.name, parameter))
            if _form(form) != _form(parameter):
                message = f"the parameter `{name}` of `{other}` and that of `{service.name}` differ"
                self.faults.append(Fault(message, (), "Call one of them something else."))


def _both(inputs: _Inputs, side: _Side) -> Iterator[Fault]:
    """What would be a parameter of one service and a role of another."""
    for (kind, name), owner in side.whose.items():
        if kind == "resource" and name in inputs.first:
            message = f"`{name}` would be a parameter of `{inputs.first[name][0]}` and a role of `{owner}`"
            yield Fault(message, (), "Call the parameter something else.")


def _form(parameter: Json) -> Json:
    return {key: value for key, value in parameter.items() if key != "Description"}


def _load(template: Json) -> Load:
    return Load(
        parameters=frozenset(template.get("Parameters", {})),
        resources=len(template["Resources"]),
        outputs=len(template.get("Outputs", {})),
        size=len(json.dumps(template, indent=2)),
    )


def _template(parts: Sequence[tuple[Service, Json]]) -> Json:
    """One template of several services."""
    environment = str(parts[0][0].stack.intent.environment)
    template: Json = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"IAM roles of ECS services in {environment}" if environment else "IAM roles of ECS services",
        "Metadata": _metadata([part for _, part in parts]),
    }
    for section in ("Parameters", "Rules", "Conditions", "Resources", "Outputs"):
        found: Json = {}
        for service, part in parts:
            _unite(found, _of_service(section, service, part.get(section, {})))
        if found:
            template[section] = found
    refuse(EmitError, too_much(template))
    return template


def _unite(found: Json, more: Json) -> None:
    """What is shared stays as the first has it."""
    for name, value in more.items():
        found.setdefault(name, value)


def _of_service(section: str, service: Service, found: Json) -> Json:
    """A section of a service as it stands beside those of others."""
    if section == "Rules":  # nothing refers to one
        return {f"{camel_case(service.id)}{name}": rule for name, rule in found.items()}
    if section == "Outputs":
        return {n: {**o, "Description": f"{o['Description']} of {service.name}"} for n, o in found.items()}
    return found


def _metadata(parts: Iterable[Json]) -> Json:
    """How the console shows the parameters of all."""
    groups: dict[str, dict[str, None]] = {}
    labels: Json = {}
    for part in parts:
        interface = part["Metadata"].get("AWS::CloudFormation::Interface", {})
        for group in interface.get("ParameterGroups", ()):
            groups.setdefault(group["Label"]["default"], {}).update(dict.fromkeys(group["Parameters"]))
        _unite(labels, interface.get("ParameterLabels", {}))
    if not groups:
        return {}
    listed = [{"Label": {"default": label}, "Parameters": [*of]} for label, of in groups.items()]
    return {"AWS::CloudFormation::Interface": {"ParameterGroups": listed, "ParameterLabels": labels}}


# ---------------------------------------------------------------- raw IAM JSON


def _iam(services: Sequence[Service]) -> Documents:
    from ecsiam.emitters import iam_json

    found: Documents = {}
    for service, alone in _each(services, lambda s: iam_json.documents(s.stack)):
        found |= {f"{service.name}/{path}": document for path, document in alone.items()}
    return found
