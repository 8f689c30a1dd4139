"""What each key of the config carries beside its type: meaning, kind of value, and what it depends on.

A Key stands in the annotation of its field; pydantic reads values through it, the docs, the JSON Schema and the starter
config are made from it.
"""

from typing import Any

from attrs import frozen
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ecsiam.config.kinds import Kind
from ecsiam.errors import EcsiamError


@frozen
class Key:
    """A key of the config.

    `roles` are the ids of the roles it touches (none: all). `flag` names the flag without which the value is unused,
    `needs` the keys that a flag needs. `default` says what holds when it is left out.
    """

    meaning: str
    kind: Kind
    roles: tuple[str, ...] = ()
    default: str = ""
    flag: str = ""
    needs: tuple[str, ...] = ()
    same_account: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._read)

    def _read(self, value: object) -> object:
        try:
            return self.kind.read(value)
        except EcsiamError as e:
            raise PydanticCustomError("faults", "faults", {"faults": e.faults}) from None


def not_given(value: object) -> bool:
    """One rule for every key: an empty value, `~`, `null`, `""` and `[]` all mean that it is not given."""
    return value is None or (isinstance(value, str | list | tuple) and not value)
