"""The kinds of values that a config holds: how each is read, and its JSON Schema.

A value comes from a file, as its source text (`Scalar`), or from Python; the same rules hold for both.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeGuard, cast

from attrs import evolve, frozen

from ecsiam.errors import ConfigError, Fault, Faults, PolicyError, did_you_mean, refuse, show
from ecsiam.keys.events import Scalar
from ecsiam.keys.placeholders import NAME, Fill, Misplaced, filled
from ecsiam.looks.words import listed
from ecsiam.model.bounds import check_bounds
from ecsiam.model.document import describe, is_object
from ecsiam.model.form import Form
from ecsiam.model.text import Template

Schema = dict[str, object]

MOST_DIGITS = 20  # of a number that stands for a text
MOST_SUGGESTIONS = 20  # they are slow, and a file with more unknown keys is no config
MOST_NAMED = 12  # in a message that names all there are


class Kind(Protocol):
    """`read` gives the value or raises every fault; `schema` accepts just what `read` takes; `says` is for docs."""

    def read(self, value: object) -> object: ...
    def schema(self) -> Schema: ...
    @property
    def says(self) -> str: ...


@frozen
class OfForm:
    """Text of a form. With `integers` also a whole number, as an id may be written without quotes.

    `star` lets a bare `*` through to the check that knows the profile. `also` is what a config may say instead of an
    ARN, and no parameter. No placeholder stands in a `literal` one.
    """

    form: Form
    integers: bool = False
    star: bool = False
    also: Form | None = None
    literal: bool = False

    def filled(self, value: object, put: Fill) -> object:
        return put(value) if isinstance(value, str) and not self.literal else value

    def read(self, value: object) -> str:
        if self.integers and isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**MOST_DIGITS:
            value = str(int(value))
        if is_object(value) and "parameter" in value:
            raise ConfigError(
                Fault("a part of a value can't be a parameter", (), "Write it out, or leave all of the key to one.")
            )
        if is_object(value) and [*value.values()] == [None]:
            raise ConfigError(Fault("expected a text, not an object", (), unquoted(value)))
        if not isinstance(value, str):
            like = f"Write it like `{self.form.good[0]}`."
            raise ConfigError(Fault(f"expected a text, not {shown(value)}", (), like))
        if isinstance(value, Misplaced):
            raise ConfigError(value.fault)
        if isinstance(value, Template):
            fault = self.form_of(value).fault(value.sample)
            refuse(ConfigError, [_as_written(value, fault)] if fault else [])
            return value
        value = str.__str__(value)  # what an enum's member is, and not what it is called
        fault = None if value == "*" and self.star else self.form_of(value).fault(value)
        refuse(ConfigError, [fault] if fault else [])
        return value

    def form_of(self, value: str) -> Form:
        """The form that a value has to have."""
        return self.also if self.also and value != "*" and not value.startswith("arn:") else self.form

    def schema(self) -> Schema:
        return self._plain() if self.literal else placed(self._plain())

    def _plain(self) -> Schema:
        """What is taken without a placeholder."""
        text = _of_form(self.form)
        others = [*([_of_form(self.also)] if self.also else []), *([{"const": "*"}] if self.star else [])]
        if others:
            return {"anyOf": [text, *others]}
        if not self.integers:
            return text
        digits = min(self.form.most, MOST_DIGITS)
        exact = not self.form.matches("1")  # an account id has exactly so many digits: a shorter number lost a zero
        least = 10 ** (digits - 1) if exact else 0
        return {"anyOf": [text, {"type": "integer", "minimum": least, "maximum": 10**digits - 1}]}

    @property
    def says(self) -> str:
        also = f"; or {self.also.what}, such as `{self.also.good[0]}`" if self.also else ""
        return f"{self.form.what}, such as `{self.form.good[0]}`{also}"


def _as_written(value: Template, fault: Fault) -> Fault:
    """What is wrong with the sample of a text, said of the text: nobody wrote the sample, nor the fields of its ARN."""
    message = fault.message
    for sample, written in ((value.sample, value), *zip(value.sample.split(":"), value.split(":"), strict=True)):
        message = message.replace(f"`{show(sample)}`", f"`{show(written)}`")
    if any(ref.parameter for ref in value.text.refs):
        tried = f"It was tried as `{show(value.sample)}`: the parameter's `form` has to take what fits."
        return evolve(fault, message=message, remedy=f"{tried} {fault.remedy}".rstrip())
    return evolve(fault, message=message)


_TWICE_OR_VARIABLE = r"[{][{]|[}][}]|[$][{][^{}]*[}]"
# The first placeholder, behind braces that mean themselves and policy variables; no dollar stands before it.
PLACED = rf"^(([^{{}}]|{_TWICE_OR_VARIABLE})*([^{{}}$]|{_TWICE_OR_VARIABLE}))?[{{]{NAME}[}}]"
# Every brace is one of a pair, of a placeholder or of a policy variable.
_WELL = rf"([^{{}}]|{_TWICE_OR_VARIABLE}|[{{]{NAME}[}}])*"
TEMPLATE: Schema = {"if": {"type": "string"}, "then": {"pattern": f"^{_WELL}$"}}


def placed(plain: Schema) -> Schema:
    """What is taken where placeholders may stand; with one in it a text is checked when the file is read."""
    placed: Schema = {"type": "string", "pattern": PLACED}
    return {"allOf": [{"anyOf": [plain, placed]}, {"$ref": "#/$defs/template"}]}


def _of_form(form: Form) -> Schema:
    return {"type": "string", "pattern": f"^(?:{form.pattern})$", "maxLength": form.most}


def unquoted(value: Mapping[Any, object]) -> str:
    """What to do about a text that YAML takes for a mapping."""
    (key,) = value
    if isinstance(key, str) and re.fullmatch(NAME, key):
        return f'Put it in quotes, `"{{{key}}}"`: YAML takes a text that begins with a brace for a mapping.'
    return "Put it in quotes: YAML takes a text that ends in a colon for a key."


@frozen
class Prose:
    """Any text, as it is written: no placeholder stands in it."""

    def read(self, value: object) -> str:
        if not isinstance(value, str):
            raise ConfigError(Fault(f"expected a text, not {shown(value)}"))
        return str.__str__(value)

    def schema(self) -> Schema:
        return {"type": "string"}

    says = "a text"


@frozen
class Flag:
    """`true` or `false`, and nothing that merely looks like it."""

    def read(self, value: object) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, Scalar) and value.plain and value in ("true", "True", "TRUE", "false", "False", "FALSE"):
            return value.lower() == "true"
        raise ConfigError(Fault(f"expected true or false, not {shown(value)}", (), _flag_remedy(value)))

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
            return str.__str__(value)
        remedy = did_you_mean(value, self.options) if isinstance(value, str) else ""
        raise ConfigError(Fault(f"expected one of {self.says}, not {shown(value)}", (), remedy))

    def schema(self) -> Schema:
        return {"enum": list(self.options)}

    @property
    def says(self) -> str:
        return listed(self.options)


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
            return int(value)
        remedy = "Write it without quotes." if isinstance(value, str) and value.isdigit() else ""
        raise ConfigError(Fault(f"expected {self.says}, not {shown(value)}", (), remedy))

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}

    @property
    def says(self) -> str:
        return f"a whole number of {self.unit} from {self.least} to {self.most}"


@frozen
class ListOf:
    """A list, each item of one kind."""

    item: Kind

    def filled(self, value: object, put: Fill) -> object:
        return [filled(self.item, one, put) for one in value] if is_list(value) else value

    def read(self, value: object) -> tuple[object, ...]:
        faults = Faults()
        found = self.gather(value, faults)
        refuse(ConfigError, faults)
        return found

    def gather(self, value: object, faults: Faults) -> tuple[object, ...]:
        """The items, with None for each that is faulty: what is wrong with the others can still be said."""
        if not is_list(value):
            remedy = "Write each item on a line of its own, after `- `."
            raise ConfigError(Fault(f"expected a list, not {shown(value)}", (), remedy))
        found: list[object] = []
        for i, one in enumerate(value):
            found.append(None)
            with faults.at(i):
                found[i] = self.item.read(one)
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
    value: Kind

    def filled(self, value: object, put: Fill) -> object:
        return {key: filled(self.value, one, put) for key, one in value.items()} if is_object(value) else value

    def read(self, value: object) -> dict[str, object]:
        faults = Faults()
        found = self.gather(value, faults)
        refuse(ConfigError, faults)
        return found

    def gather(self, value: object, faults: Faults) -> dict[str, object]:
        """What can be read of the mapping."""
        given = _mapping(value)
        if isinstance(self.keys, tuple):
            faults += unknown_keys((key for key in given if key not in self.keys), self.keys)
            given = {key: one for key, one in given.items() if key in self.keys}
        of_key = Choice(self.keys) if isinstance(self.keys, tuple) else OfForm(self.keys, literal=True)
        found: dict[str, object] = {}
        for key, one in given.items():
            pair: list[object] = []
            for kind, part in ((of_key, key), (self.value, one)):
                with faults.at(str(key)):
                    pair.append(kind.read(part))
            if len(pair) == 2:
                found[str(pair[0])] = pair[1]
        return dict(sorted(found.items()))

    def schema(self) -> Schema:
        if isinstance(self.keys, tuple):
            properties = {key: self.value.schema() for key in self.keys}
            return {"type": "object", "properties": properties, "additionalProperties": False}
        return {
            "type": "object",
            "propertyNames": _of_form(self.keys),
            "additionalProperties": self.value.schema(),
        }

    @property
    def says(self) -> str:
        of = " or ".join(f"`{k}`" for k in self.keys) if isinstance(self.keys, tuple) else self.keys.what
        return f"a mapping from {of} to {self.value.says}"


@frozen
class Numbers:
    """A mapping from certain keys to whole numbers, each of its own bounds."""

    kinds: tuple[tuple[str, Whole], ...]

    def read(self, value: object) -> dict[str, int]:
        faults = Faults()
        found = self.gather(value, faults)
        refuse(ConfigError, faults)
        return found

    def gather(self, value: object, faults: Faults) -> dict[str, int]:
        """What can be read of the mapping."""
        given, kinds = _mapping(value), dict(self.kinds)
        faults += unknown_keys((key for key in given if key not in kinds), tuple(kinds))
        found: dict[str, int] = {}
        for name, kind in kinds.items():
            if given.get(name) is not None:
                with faults.at(name):
                    found[name] = kind.read(given[name])
        return found

    def schema(self) -> Schema:
        properties: Schema = {name: {"anyOf": [kind.schema(), {"type": "null"}]} for name, kind in self.kinds}
        return {"type": "object", "properties": properties, "additionalProperties": False}

    @property
    def says(self) -> str:
        return f"a mapping that may have {' and '.join(f'`{name}` ({kind.says})' for name, kind in self.kinds)}"


def too_much(value: object) -> bool:
    """Whether a value is larger or deeper than is read."""
    try:
        check_bounds(value)
    except PolicyError:
        return True
    return False


def _mapping(value: object) -> Mapping[object, object]:
    if not isinstance(value, Mapping):
        raise ConfigError(Fault(f"expected a mapping, not {shown(value)}", (), "Write `key: value` lines below it."))
    return cast("Mapping[object, object]", value)


def unknown_keys(keys: Iterable[object], known: Sequence[str]) -> Iterator[Fault]:
    """The faults of keys that there are none of, with the nearest that there is."""
    import difflib

    there_are = f"There are {listed(known)}."
    for i, key in enumerate(map(str, keys)):
        near = difflib.get_close_matches(key, known, n=1, cutoff=0.5) if i < MOST_SUGGESTIONS else []
        otherwise = there_are if len(known) <= MOST_NAMED else "See `ecsiam schema`."
        remedy = f"Did you mean `{near[0]}`?" if near else otherwise
        yield Fault(f"unknown key `{show(key)}`", (key,), remedy)


def is_list(value: object) -> TypeGuard[Sequence[object]]:
    """Whether a value is a list, and no text."""
    return isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray | memoryview)


def shown(value: object) -> str:
    """A value in a message: what it is, short, and the same in every run."""
    match value:
        case str():
            return f"`{show(value)}`"
        case int() if abs(value) >= 10**MOST_DIGITS:
            return f"a number of more than {MOST_DIGITS} digits"
        case None | int() | float() | Mapping() | list() | tuple():
            return describe(cast("object", value))
        case _:
            return f"a Python {type(value).__name__}"
