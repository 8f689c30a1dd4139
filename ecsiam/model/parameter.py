"""Parameters: values and flags that the config leaves to whoever deploys."""

from collections.abc import Sequence
from typing import Literal, cast

from attrs import evolve, field, frozen

from ecsiam.errors import ConfigError, Fault, Faults, PolicyError, refuse
from ecsiam.looks.shown import Shown
from ecsiam.model.form import Form
from ecsiam.model.text import Bindings, Value

Type = Literal["text", "list", "flag", "number"]


def _frozen(value: str | bool | int | Sequence[str] | None) -> Value | None:
    return value if value is None or isinstance(value, str | bool | int) else tuple(value)


def _elements(value: object) -> tuple[str, ...]:
    """The elements of a list, given as one or, as `--set` has it, as `a,b`."""
    if isinstance(value, str):
        return tuple(str(v) for v in value.split(",") if v)
    if isinstance(value, list | tuple) and all(isinstance(v, str) and v for v in cast("list[object]", value)):
        return tuple(str(v) for v in cast("list[str]", value))
    raise ConfigError(Fault(f"expected a list of texts, not `{value}`"))


def _default(value: Value | None) -> str:
    return "" if value is None else f", default {value!r}"


@frozen(repr=False)
class Parameter(Shown):
    """A value left to deployment, by name: `efs_arn: {parameter: efs_arn}` in a file.

    Without a `default` it has to be given. An empty text or list means "not given", as it does in a config.
    """

    name: str
    default: Value | None = field(default=None, converter=_frozen)
    description: str = ""

    def _says(self) -> str:
        return f"{self.name}{_default(self.default)}"


@frozen(repr=False)
class Variable(Shown):
    """A parameter as the stack knows it: its type and the form of its values. `id` is its name.

    A text and a list have a `form` (of each element, for a list); `empty` says that it may be empty, `star` that a bare
    `*` is taken too.
    """

    id: str
    type: Type
    form: Form | None = None
    default: Value | None = None
    description: str = ""
    empty: bool = True
    bounds: tuple[int, int] = (0, 0)
    same_account: bool = False
    star: bool = False

    def __attrs_post_init__(self) -> None:
        if (self.type in ("text", "list")) != (self.form is not None):
            what = "needs a form of values" if self.form is None else "has no form of values"
            raise PolicyError(Fault(f"a parameter of type `{self.type}` {what}", ("form",)))

    def read(self, value: object) -> Value:
        """A value for it, given in Python or as text (`--set`: `true`, `a,b`). Raises ConfigError with every fault."""
        match self.type:
            case "flag":
                if value in (True, False, "true", "false"):
                    return value in (True, "true")
                raise ConfigError(Fault(f"expected true or false, not `{value}`"))
            case "number":
                least, most = self.bounds
                if isinstance(value, str) and value.isascii() and value.isdigit():
                    value = int(value[:20])
                if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
                    return value
                raise ConfigError(Fault(f"expected a whole number from {least} to {most}, not `{value}`"))
            case "text":
                if not isinstance(value, str):
                    raise ConfigError(Fault(f"expected a text, not `{value}`"))
                self._check(value)
                return str(value)
            case "list":
                faults = Faults()
                elements = _elements(value)
                for i, element in enumerate(elements):
                    with faults.at(i):
                        self._check(element)
                refuse(ConfigError, faults)
                return elements

    def _says(self) -> str:
        return f"{self.id}: {self.type}{_default(self.default)}"

    def _check(self, value: str) -> None:
        if value == "*" and self.star:
            return
        if self.form is not None and (value or not self.empty):
            fault = self.form.fault(value)
            refuse(ConfigError, [fault] if fault else [])


@frozen
class Demand:
    """What may not be empty while something is on.

    `parameters` (one of them suffices) and `by`, the config's flag. `flag` names the flag parameter; empty: it is on.
    """

    parameters: tuple[str, ...]
    by: str
    flag: str = ""

    @property
    def message(self) -> str:
        return f"`{self.by}` is on and {self._empty}"

    @property
    def _empty(self) -> str:
        return f"{' and '.join(f'`{p}`' for p in self.parameters)} is empty"

    def bind(self, values: Bindings) -> "tuple[Demand, ...]":
        """What is left to demand. Raises ConfigError when it is not met, or can't be while the flag may be on."""
        flag = values.when(self.flag)
        parameters = tuple(p for p in self.parameters if p not in values.parameters)
        if flag is None or any(values.parameters.get(p) for p in self.parameters):
            return ()
        if parameters:
            return (evolve(self, flag=flag, parameters=parameters),)
        if flag:
            remedy = f"Give it a value, or bind `{flag}` to `false`."
            raise ConfigError(Fault(f"`{self.by}` is left open and {self._empty}", (self.by,), remedy))
        raise ConfigError(Fault(self.message, (self.by,), "Give it a value, or turn the flag off."))
