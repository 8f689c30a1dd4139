"""The kinds of values that a config holds: how each is read, and its JSON Schema.

A value comes from a file, as its source text (`Scalar`), or from Python; the same rules hold for both.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeGuard, cast

from attrs import frozen

from ecsiam.errors import ConfigError, Fault, Faults, Path, refuse, show
from ecsiam.keys.source import Scalar
from ecsiam.looks.words import listed
from ecsiam.model.condition import COMPARISONS, QUALIFIERS
from ecsiam.model.document import describe, is_object, statement_from_data
from ecsiam.model.form import Form
from ecsiam.model.spots import refused
from ecsiam.model.statement import Statement
from ecsiam.model.verdicts import TABLE, Subject

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
    ARN, and no parameter.
    """

    form: Form
    integers: bool = False
    star: bool = False
    also: Form | None = None

    def read(self, value: object) -> str:
        if self.integers and isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**MOST_DIGITS:
            value = str(int(value))
        if is_object(value) and "parameter" in value:
            raise ConfigError(
                Fault("a part of a value can't be a parameter", (), "Write it out, or leave all of the key to one.")
            )
        if is_object(value) and [*value.values()] == [None]:
            remedy = "Put it in quotes: YAML takes a text that ends in a colon for a key."
            raise ConfigError(Fault("expected a text, not an object", (), remedy))
        if not isinstance(value, str):
            like = f"Write it like `{self.form.good[0]}`."
            raise ConfigError(Fault(f"expected a text, not {shown(value)}", (), like))
        value = str.__str__(value)  # what an enum's member is, and not what it is called
        form = self.also if self.also and value != "*" and not value.startswith("arn:") else self.form
        fault = None if value == "*" and self.star else form.fault(value)
        refuse(ConfigError, [fault] if fault else [])
        return value

    def schema(self) -> Schema:
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


def _of_form(form: Form) -> Schema:
    return {"type": "string", "pattern": f"^(?:{form.pattern})$", "maxLength": form.most}


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
        raise ConfigError(Fault(f"expected one of {self.says}, not {shown(value)}"))

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

    def read(self, value: object) -> tuple[object, ...]:
        faults = Faults()
        found = self.gather(value, faults)
        refuse(ConfigError, faults)
        return found

    def gather(self, value: object, faults: Faults) -> tuple[object, ...]:
        """The items, with None for each that is faulty: what is wrong with the others can still be said."""
        if not _is_list(value):
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
    value: OfForm

    def read(self, value: object) -> dict[str, str]:
        faults = Faults()
        found = self.gather(value, faults)
        refuse(ConfigError, faults)
        return found

    def gather(self, value: object, faults: Faults) -> dict[str, str]:
        """What can be read of the mapping."""
        given = _mapping(value)
        if isinstance(self.keys, tuple):
            faults += unknown_keys((key for key in given if key not in self.keys), self.keys)
            given = {key: one for key, one in given.items() if key in self.keys}
        of_key = Choice(self.keys) if isinstance(self.keys, tuple) else OfForm(self.keys)
        found: dict[str, str] = {}
        for key, one in given.items():
            pair: list[str] = []
            for kind, part in ((of_key, key), (self.value, one)):
                with faults.at(str(key)):
                    pair.append(kind.read(part))
            if len(pair) == 2:
                found[pair[0]] = pair[1]
        return dict(sorted(found.items()))

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


@frozen
class RawStatement:
    """A statement of an identity policy, in IAM's own form, that IAM takes."""

    def read(self, value: object) -> Statement:
        if isinstance(value, Statement):
            refuse(ConfigError, () if value.principals is None else [_NO_PRINCIPAL.under("Principal")])
            refuse(ConfigError, refused(value.spots(), "identity"))
            return value
        faults = Faults()
        if isinstance(value, Mapping):
            value = dict(cast("Mapping[str, object]", value))
            faults += _not_of_a_role(value)
        found: list[Statement] = []
        with faults.at():
            found.append(statement_from_data(value))
        faults += [f for statement in found for f in refused(statement.spots(), "identity")]
        refuse(ConfigError, faults)
        return found[0]

    def schema(self) -> Schema:
        return {"$ref": "#/$defs/statement"}

    says = (
        "a statement as IAM has it: `Effect`, `Action` or `NotAction`, `Resource` or `NotResource`, `Condition`, `Sid`"
    )


_NO_PRINCIPAL = Fault("a role's own policy names no principal", (), "Leave it out.")


def _not_of_a_role(statement: dict[str, object]) -> Iterator[Fault]:
    """What is wrong with a statement in a role's own policy; it is put right, for what else there may be."""
    for name in ("Principal", "NotPrincipal"):
        if name in statement:
            del statement[name]
            yield _NO_PRINCIPAL.under(name)
    if not statement.keys() & {"Resource", "NotResource"}:
        statement["Resource"] = "*"
        yield Fault("a statement needs `Resource` or `NotResource`")
    condition = statement.get("Condition", {"": {"": ""}})
    operators = cast("Mapping[str, object]", condition if isinstance(condition, Mapping) else {})
    blocks: list[tuple[Path, object]] = [(("Condition",), condition)]
    for path, block in (*blocks, *((("Condition", operator), keys) for operator, keys in operators.items())):
        if block == {}:  # which IAM takes for no condition at all
            yield Fault("an empty condition", path, "Write one, or leave it out.")
        keys = cast("Mapping[str, object]", block if len(path) > 1 and isinstance(block, Mapping) else {})
        for key, values in keys.items():
            if values in ([], ()):  # which IAM takes, and which never holds or always
                yield Fault("an empty list", (*path, key), "Write the values, or leave the condition out.")
    if not isinstance(statement.get("Sid", ""), str):
        yield Fault(f"expected a text, not {shown(statement.pop('Sid'))}", ("Sid",), "Leave it out, or name it.")


def _one_or_more(item: Schema) -> Schema:
    return {"anyOf": [item, {"type": "array", "items": item, "minItems": 1}]}


def _either(name: str) -> Schema:
    return {"oneOf": [{"required": [name]}, {"required": [f"Not{name}"]}]}


# What `statement_from_data` and the table of refusals take of an identity policy. That a key stands twice under an
# operator, in two spellings, is beyond a schema.
_CHARACTERS = r"[\t\n\r -\u00ff]*"


def _text(*subjects: Subject) -> Schema:
    """A text that IAM takes for these."""
    rows = [r for r in TABLE if r.of in subjects and r.verdict == "refused" and "identity" in r.kinds]
    refusals: list[Schema] = [
        {"pattern": f"^({r.pattern})$", **({"not": {"pattern": f"^({r.unless})$"}} if r.unless else {})} for r in rows
    ]
    found: Schema = {"type": "string", "pattern": f"^{_CHARACTERS}$"}
    return {**found, "not": {"anyOf": refusals}} if refusals else found


def _values(of: str, *, bools: bool = True) -> Schema:
    """The values of condition operators, `of` being a pattern of their names."""
    subject: tuple[Subject, ...] = () if bools else ("date",)
    texts: Schema = {"anyOf": [_text(*subject), {"type": ["number", *(["boolean"] if bools else [])]}]}
    return {
        f"^(?:(?:{'|'.join(QUALIFIERS)}):)?(?:{of})$": {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": f"^{_CHARACTERS}$"},
            "additionalProperties": _one_or_more(texts),
        }
    }


def _operators(*, dates: bool) -> str:
    found = (c for c in COMPARISONS.values() if c.kind != "null" and (c.kind == "date") == dates)
    return "|".join(f"{c.name}(IfExists)?" for c in found)


_ACTIONS = _one_or_more(_text("action"))
_RESOURCES = _one_or_more(_text("resource"))
STATEMENT: Schema = {
    "type": "object",
    "properties": {
        "Sid": _text("sid"),
        "Effect": {"enum": ["Allow", "Deny"]},
        "Action": _ACTIONS,
        "NotAction": _ACTIONS,
        "Resource": _RESOURCES,
        "NotResource": _RESOURCES,
        "Condition": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "patternProperties": _values(f"{_operators(dates=False)}|Null")
            | _values(_operators(dates=True), bools=False),
        },
    },
    "required": ["Effect"],
    "allOf": [_either("Action"), _either("Resource")],
    "additionalProperties": False,
}


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


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
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
