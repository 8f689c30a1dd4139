"""The JSON Schema of a file of several services and environments: its sections, and what stands in each layer."""

from typing import cast

from ecsiam.config.model import Config
from ecsiam.keys.key import Key
from ecsiam.keys.kinds import ListOf, OfForm, Schema
from ecsiam.keys.source import SECTIONS
from ecsiam.model import forms

_NAMES = ("project_name", "environment")
_ONLY = ListOf(OfForm(forms.ENVIRONMENT))


def sections_schema() -> dict[str, Schema]:
    """The properties of the sections."""
    layer: Schema = {"$ref": "#/$defs/layer"}
    service = _layer(
        ("environment",),
        {
            "only": {
                "description": "The environments that the service runs in; all, where none is named.",
                "anyOf": [_ONLY.schema(), {"type": "null"}],
            },
            "environments": {
                "description": "What the service has in one environment only.",
                "anyOf": [_section("environment", layer), {"type": "null"}],
            },
        },
    )
    keyed: Schema = {"if": {"type": "object", "required": ["environments"], "properties": {"environments": _GIVEN}}}
    return {
        "defaults": {"description": "What all services and environments have.", **_layer(_NAMES)},
        "environments": {
            "description": "The environments, each with what all services have in it.",
            **_section("environment", _layer(("project_name",))),
        },
        "services": {
            "description": "The services, each with what it has in all its environments.",
            **_section("project", {**service, **keyed, "then": _without("environment")}),
        },
    }


def layer_schema() -> Schema:
    """What a layer may say: any key, and nothing is required."""
    return _layer(())


def of_several() -> Schema:
    """What has to agree between the sections of a file that has some."""
    return {
        "propertyNames": {"enum": [*SECTIONS]},
        "anyOf": [{"required": [section]} for section in SECTIONS[1:]],
        "allOf": [
            {
                "if": {"required": ["services"]},
                "then": {"properties": {"defaults": _without("project_name"), "environments": _each("project_name")}},
            },
            {
                "if": {"required": ["environments"]},
                "then": {"properties": {"defaults": _without("environment"), "services": _each("environment")}},
                "else": {"properties": {"services": {"additionalProperties": {"properties": {"only": _NOT_GIVEN}}}}},
            },
        ],
    }


def has_sections() -> Schema:
    """That a file has one of the sections."""
    return {"anyOf": [{"required": [section]} for section in SECTIONS]}


_GIVEN: Schema = {"not": {"type": "null"}}
_NOT_GIVEN: Schema = {"enum": [None, "", []]}


def _without(key: str) -> Schema:
    return {"not": {"type": "object", "required": [key]}}


def _each(key: str) -> Schema:
    return {"additionalProperties": _without(key)}


def _section(name: str, member: Schema) -> Schema:
    form = OfForm(forms.PROJECT if name == "project" else forms.ENVIRONMENT)
    return {"type": "object", "minProperties": 1, "propertyNames": form.schema(), "additionalProperties": member}


def _layer(names: tuple[str, ...], beside: Schema | None = None) -> Schema:
    keys = Config.keys()
    said = {name: _said(name, key) for name, key in keys.items() if name not in _NAMES}
    written = {name: {"description": keys[name].meaning, **keys[name].kind.schema()} for name in names}
    properties = {**written, **said, **(beside or {})}
    return {"type": ["object", "null"], "properties": properties, "additionalProperties": False}


def _said(name: str, key: Key) -> Schema:
    """What a layer may say of a key: a value, or that it is not given; a part of a mapping may be taken away."""
    own: Schema = {"$ref": f"#/properties/{name}"}
    schema = key.schema()
    return {"anyOf": [own, _with_nulls(schema)]} if key.type is None and schema.get("type") == "object" else own


def _with_nulls(schema: Schema) -> Schema:
    """The schema of a mapping whose values may be null."""
    found = {**schema}
    if isinstance(values := schema.get("additionalProperties"), dict):
        found["additionalProperties"] = _or_null(cast("Schema", values))
    if isinstance(members := schema.get("properties"), dict):
        found["properties"] = {name: _or_null(one) for name, one in cast("dict[str, Schema]", members).items()}
    return found


def _or_null(schema: Schema) -> Schema:
    inner = _with_nulls(schema) if schema.get("type") == "object" else schema
    return {"anyOf": [inner, {"type": "null"}]}
