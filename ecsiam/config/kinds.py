"""The kinds of values that a config holds: how each is read, and its JSON Schema.

A value comes from a file, as its source text (`Scalar`), or from Python; the same rules hold for both.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, cast

from attrs import frozen

from ecsiam.config.source import Scalar
from ecsiam.errors import ConfigError, Fault, Faults, refuse
from ecsiam.model.document import describe, statement_from_data
from ecsiam.model.forms import Form
from ecsiam.model.statement import Statement

Schema = dict[str, object]


class Kind(Protocol):
    """`read` gives the value or raises every fault; `schema` accepts just what `read` takes; `says` is for docs."""

    def read(self, value: object) -> object: ...
    def schema(self) -> Schema: ...
    @property
    def says(self) -> str: ...


@frozen
class OfForm:
    """Text of a form. With `integers` also a whole number, as an id may be written without quotes."""

    form: Form
    integers: bool = False

    def read(self, value: object) -> str:
        if self.integers and isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, Mapping) and list(cast("Mapping[str, object]", value).values()) == [None]:
            remedy = "Put it in quotes: YAML takes a text that ends in a colon for a key."
            raise ConfigError(Fault("expected a text, not an object", (), remedy))
        if not isinstance(value, str):
            raise ConfigError(
                Fault(f"expected a text, not {describe(value)}", (), f"Write it like `{self.form.good[0]}`.")
            )
        fault = self.form.fault(value)
        refuse(ConfigError, [fault] if fault else [])
        return str(value)

    def schema(self) -> Schema:
        text: Schema = {"type": "string", "pattern": f"^(?:{self.form.pattern})$", "maxLength": self.form.most}
        if not self.integers:
            return text
        digits = 10 ** (self.form.most - 1)
        exact = not self.form.matches("1")  # an account id has exactly so many digits: a shorter number lost a zero
        return {"anyOf": [text, {"type": "integer", "minimum": digits if exact else 0, "maximum": digits * 10 - 1}]}

    @property
    def says(self) -> str:
        return f"{self.form.what}, such as `{self.form.good[0]}`"


@frozen
class Flag:
    """`true` or `false`, and nothing that merely looks like it."""

    def read(self, value: object) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, Scalar) and value.plain and value in ("true", "True", "TRUE", "false", "False", "FALSE"):
            return value.lower() == "true"
        raise ConfigError(Fault(f"expected true or false, not {describe(value)}", (), _flag_remedy(value)))

    def schema(self) -> Schema:
        return {"type": "boolean"}

    says = "`true` or `false`"


def _flag_remedy(value: object) -> str:
    word = value.strip().lower() if isinstance(value, str) else ""
    if word in ("no", "off", "n", "false", "0"):
        return "Write `false`, without quotes."
    return "Write `true`, without quotes." if word in ("yes", "on", "y", "true", "1") else "Write `true` or `false`."


@frozen
class Choice:
    """One of a few words."""

    options: tuple[str, ...]

    def read(self, value: object) -> str:
        if isinstance(value, str) and value in self.options:
            return str(value)
        raise ConfigError(Fault(f"expected one of {self.says}, not {describe(value)}"))

    def schema(self) -> Schema:
        return {"enum": list(self.options)}

    @property
    def says(self) -> str:
        return ", ".join(f"`{o}`" for o in self.options)


@frozen
class Whole:
    """A whole number of `unit` between two bounds."""

    least: int
    most: int
    unit: str

    def read(self, value: object) -> int:
        if isinstance(value, Scalar) and value.plain and value.isascii() and value.isdigit():
            value = int(value[:20])
        if isinstance(value, int) and not isinstance(value, bool) and self.least <= value <= self.most:
            return value
        raise ConfigError(Fault(f"expected {self.says}, not {describe(value)}"))

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}

    @property
    def says(self) -> str:
        return f"a whole number of {self.unit} from {self.least} to {self.most}"


@frozen
class ListOf:
    """A list, each item of one kind."""

    item: Kind

    def read(self, value: object) -> tuple[object, ...]:
        if isinstance(value, str | bytes) or not isinstance(value, Sequence):
            raise ConfigError(
                Fault(
                    f"expected a list, not {describe(value)}", (), "Write each item on a line of its own, after `- `."
                )
            )
        faults = Faults()
        found: list[object] = []
        for i, one in enumerate(cast("Sequence[object]", value)):
            with faults.at(i):
                found.append(self.item.read(one))
        refuse(ConfigError, faults)
        return tuple(found)

    def schema(self) -> Schema:
        return {"type": "array", "items": self.item.schema()}

    @property
    def says(self) -> str:
        return f"a list, each item {self.item.says}"


@frozen
class MapOf:
    """A mapping to values of one kind. The keys are of a form, or from a list."""

    keys: Form | tuple[str, ...]
    value: OfForm

    def read(self, value: object) -> dict[str, str]:
        if not isinstance(value, Mapping):
            raise ConfigError(
                Fault(f"expected a mapping, not {describe(value)}", (), "Write `key: value` lines below it.")
            )
        faults = Faults()
        found: list[tuple[str, str]] = []
        for key, one in cast("Mapping[object, object]", value).items():
            if isinstance(self.keys, tuple):
                if key not in self.keys:
                    faults.append(unknown_key(str(key), self.keys))
                    continue
            else:
                with faults.at():
                    OfForm(self.keys).read(key)
            with faults.at(str(key)):
                found.append((str(key), self.value.read(one)))
        refuse(ConfigError, faults)
        return dict(sorted(found))

    def schema(self) -> Schema:
        if isinstance(self.keys, tuple):
            properties = {key: self.value.schema() for key in self.keys}
            return {"type": "object", "properties": properties, "additionalProperties": False}
        return {
            "type": "object",
            "propertyNames": OfForm(self.keys).schema(),
            "additionalProperties": self.value.schema(),
        }

    @property
    def says(self) -> str:
        of = " or ".join(f"`{k}`" for k in self.keys) if isinstance(self.keys, tuple) else self.keys.what
        return f"a mapping from {of} to {self.value.says}"


@frozen
class RawStatement:
    """A statement of an identity policy, in IAM's own form."""

    def read(self, value: object) -> Statement:
        statement = value if isinstance(value, Statement) else statement_from_data(value)
        if statement.principals is not None:
            raise ConfigError(Fault("a role's own policy names no principal", ("Principal",), "Leave it out."))
        return statement

    def schema(self) -> Schema:
        return {"type": "object", "required": ["Effect"]}

    says = (
        "a statement as IAM has it: `Effect`, `Action` or `NotAction`, `Resource` or `NotResource`, `Condition`, `Sid`"
    )


def unknown_key(key: str, known: Sequence[str]) -> Fault:
    """The fault of a key that there is none of, with the nearest that there is."""
    import difflib

    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return Fault(f"unknown key `{key}`", (key,), f"Did you mean `{near[0]}`?" if near else "See `ecsiam schema`.")
