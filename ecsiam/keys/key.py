"""What each key of the config carries beside its type: meaning, kind of value, and what it depends on.

A Key stands in the annotation of its field; pydantic reads values through it, the docs, the JSON Schema and the starter
config are made from it.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, cast

from attrs import evolve, frozen
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ecsiam.errors import ConfigError, EcsiamError, Fault, Faults, did_you_mean, refuse
from ecsiam.keys.kinds import Flag, Kind, ListOf, MapOf, Numbers, OfForm, Schema, Whole, shown, unknown_keys
from ecsiam.keys.placeholders import Fill, filled, texts_in
from ecsiam.model.document import is_object
from ecsiam.model.form import Form
from ecsiam.model.forms import PARAMETER_NAME
from ecsiam.model.parameter import Parameter, Type
from ecsiam.model.text import Value

_NAME = OfForm(PARAMETER_NAME, literal=True)


@frozen
class Key:
    """A key of the config.

    `roles` are the ids of the roles it touches (none: all). `flag` names the flag without which the value is unused,
    unless one of `or_flags` is on, `needs` the keys that a flag needs, `demands` those that may not be empty at
    deployment where they are parameters. `instead` names the key that may be given in the place of one that is needed.
    `default` says what holds when it is left out. A `closed` key is no
    parameter's, one of a `profile` is of that alone. `sample` is its value in the starter file, as lines of YAML.
    `beside` are keys of which one has to be given for the value to say anything. ARNs of a key lie in the
    `same_account` as the roles, in the `same_region` as one that the service runs in. KMS keys are those of what the
    key that `encrypts` names lists, and in its region.
    `fixed` says why `init --module` makes no parameter of it, though it can be one, or why it can't.
    In texts of a `settled` key nothing stands that is known only at deployment.
    """

    meaning: str
    kind: Kind
    roles: tuple[str, ...] = ()
    default: str = ""
    flag: str = ""
    or_flags: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    demands: tuple[str, ...] = ()
    instead: str = ""
    beside: tuple[str, ...] = ()
    same_account: bool = False
    same_region: bool = False
    encrypts: str = ""
    closed: bool = False
    profile: str = ""
    sample: tuple[str, ...] = ()
    fixed: str = ""
    settled: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._read)

    def _read(self, value: object) -> object:
        try:
            return self.read(value)
        except EcsiamError as e:
            raise PydanticCustomError("faults", "faults", {"faults": e.faults}) from None

    def filled(self, value: object, put: Fill) -> object:
        """The value with what its placeholders stand for; of a parameter, its default."""
        if isinstance(value, Parameter):
            return value
        if is_object(value) and "parameter" in value:
            return {**value, "default": filled(self.kind, value.get("default"), put)} if "default" in value else value
        return filled(self.kind, value, put)

    def read(self, value: object) -> object:
        """The value, or the Parameter that it is left to. Raises with every fault."""
        if isinstance(value, Parameter):
            value = {"parameter": value.name, "default": value.default, "description": value.description}
        if is_object(value) and "parameter" in value:
            return self._parameter(value)
        if is_object(value) and self.type and 0 < len(value) <= len(_PARAMETER_KEYS):
            wrong = [key for key in map(str, value) if key not in _PARAMETER_KEYS]
            if any(did_you_mean(key, ("parameter",)) for key in wrong):
                raise ConfigError(*unknown_keys(wrong, _PARAMETER_KEYS))
        found = self.kind.read(value)
        if self.settled:
            refuse(ConfigError, _open(found, "It has to be known: write it out, or write what it stands for."))
        return found

    def _parameter(self, given: Mapping[str, object]) -> Parameter:
        if self.type is None:
            raise ConfigError(Fault("this can't be a parameter", (), "Write the value: it shapes what is made."))
        faults = Faults(unknown_keys((k for k in given if k not in _PARAMETER_KEYS), _PARAMETER_KEYS))
        name, default, description = (given.get(k) for k in _PARAMETER_KEYS)
        with faults.at("parameter"):
            _NAME.read(name)
        with faults.at("default"):
            empty = {"text": "", "list": ()}.get(self.type)
            if default is not None:
                default = empty if empty is not None and not_given(default) else self.of_parameter.read(default)
                refuse(ConfigError, _open(default, "A default has to be known: leave it out, or write it out."))
        if description is not None and not isinstance(description, str):
            faults.append(Fault(f"expected a text, not {shown(description)}", ("description",)))
        refuse(ConfigError, faults)
        return Parameter(str(name), cast("Value | None", default), str(description or ""))

    @cached_property
    def type(self) -> Type | None:
        """The type of a parameter in its place; None where there can be none."""
        match self.kind:
            case _ if self.closed:
                return None
            case Flag():
                return "flag"
            case OfForm():
                return "text"
            case ListOf(OfForm()):
                return "list"
            case Whole():
                return "number"
            case _:
                return None

    @property
    def stays(self) -> str:
        """Why `init --module` makes no parameter of it; empty where it makes one."""
        if self.profile:
            return f"of `profile: {self.profile}` only"
        return self.fixed or ("these shape what is made" if self.type is None else "")

    @property
    def of_parameter(self) -> Kind:
        """The kind of the values of a parameter in its place: what has to be put into words by us can't be one's."""
        match self.kind:
            case OfForm() as one:
                return evolve(one, also=None)
            case ListOf(OfForm() as one):
                return ListOf(evolve(one, also=None))
            case kind:
                return kind

    @cached_property
    def form(self) -> Form | None:
        """The form of its values, or of each of them; None where they have none."""
        match self.kind:
            case OfForm(form) | ListOf(OfForm(form)):
                return form
            case _:
                return None

    @property
    def star(self) -> bool:
        """Whether `profile: baseline` takes a bare `*` here."""
        match self.kind:
            case OfForm(_, star=star) | ListOf(OfForm(_, star=star)):
                return star
            case _:
                return False

    def schema(self) -> Schema:
        """The JSON Schema of a given value."""
        if self.type is None:
            no_parameter: Schema = (
                {"not": {"required": ["parameter"]}} if isinstance(self.kind, MapOf | Numbers) else {}
            )
            return {**self.kind.schema(), **no_parameter}
        empty: list[object] = [None, "", []] if self.type in ("text", "list") else [None]
        default: Schema = {"anyOf": [self.of_parameter.schema(), {"enum": empty}]}
        parameter: Schema = {
            "type": "object",
            "properties": {
                "parameter": _NAME.schema(),
                "default": default,
                "description": {"type": ["string", "null"]},
            },
            "required": ["parameter"],
            "additionalProperties": False,
        }
        return {"anyOf": [self.kind.schema(), parameter]}


def _open(value: object, remedy: str) -> Iterator[Fault]:
    """The texts of a value that hold what is known only at deployment."""
    for path, text in texts_in(value):
        yield Fault(f"`{text}` is known only at deployment", path, remedy)


_PARAMETER_KEYS = ("parameter", "default", "description")


def not_given(value: object) -> bool:
    """One rule for every key: an empty value, `~`, `null`, `""` and `[]` all mean that it is not given."""
    return value is None or (isinstance(value, str | list | tuple) and not value)
