"""A value that is a mapping with keys of its own, such as an entry of a list: read by the class of its keys."""

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from ecsiam.errors import ConfigError, Fault
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys
from ecsiam.keys.kinds import Kind, ListOf, MapOf, Schema, shown
from ecsiam.keys.placeholders import Fill
from ecsiam.looks.words import listed
from ecsiam.model.document import is_object

NOTHING: tuple[object, ...] = (None, "", [])
NOT_GIVEN: Schema = {"enum": [*NOTHING]}


@frozen
class RecordOf:
    """A mapping that is read as an instance of a class of keys, with its checks and every fault at once."""

    keys: type[Keys]

    def read(self, value: object) -> Keys:
        if not isinstance(value, Mapping | self.keys):
            remedy = "Write `key: value` lines after `- `."
            raise ConfigError(Fault(f"expected a mapping with {self._names}, not {shown(value)}", (), remedy))
        return self.keys.model_validate(value)

    def filled(self, value: object, put: Fill) -> object:
        if not is_object(value):
            return value
        known = self.keys.keys()
        return {name: known[name].filled(one, put) if name in known else one for name, one in value.items()}

    def schema(self) -> Schema:
        return schema_of(self.keys)

    @property
    def says(self) -> str:
        return f"a mapping with {self._names}"

    @property
    def _names(self) -> str:
        return listed(self.keys.keys())


def record_of(kind: Kind) -> type[Keys] | None:
    """The class of keys that a value, or each of a list or a mapping, is read by; None for a value of another kind."""
    match kind:
        case RecordOf(keys) | ListOf(RecordOf(keys)) | MapOf(_, RecordOf(keys)):
            return keys
        case _:
            return None


def schema_of(keys: type[Keys]) -> Schema:
    """The JSON Schema of a mapping with these keys."""
    known = keys.keys()
    return {
        "type": "object",
        "properties": {name: _property(keys, name, key) for name, key in known.items()},
        "required": [name for name in known if keys.required(name)],
        "additionalProperties": False,
    }


def _property(keys: type[Keys], name: str, key: Key) -> Schema:
    described: Schema = {"description": key.meaning, **_default(keys, name)}
    if keys.required(name):
        return {**described, **key.schema(), **({"not": NOT_GIVEN} if isinstance(key.kind, ListOf) else {})}
    return {**described, "anyOf": [key.schema(), {"$ref": "#/$defs/not_given"}]}


def _default(keys: type[Keys], name: str) -> Schema:
    default: Any = keys.model_fields[name].default
    return {"default": default} if isinstance(default, bool | str) else {}
