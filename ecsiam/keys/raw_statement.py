"""A statement as IAM has it, in a config: how it is read, and its JSON Schema."""

import re
from collections.abc import Iterator, Mapping
from typing import cast

from attrs import frozen

from ecsiam.errors import ConfigError, Fault, Faults, Path, refuse, show
from ecsiam.keys.kinds import Schema, is_list, placed, shown, too_much, unquoted
from ecsiam.keys.placeholders import NAME, Fill, Misplaced, every_text
from ecsiam.model.condition import COMPARISONS, QUALIFIERS
from ecsiam.model.document import is_object, read_literal, statement_from_data
from ecsiam.model.spots import refused
from ecsiam.model.statement import Statement
from ecsiam.model.text import Text
from ecsiam.model.verdicts import TABLE, Subject


@frozen
class RawStatement:
    """A statement of an identity policy, in IAM's own form, that IAM takes."""

    def filled(self, value: object, put: Fill) -> object:
        if not is_object(value) or too_much(value):  # which is what reading says of it
            return value
        return {key: every_text(one, put) if key in _WITH_TEXT else one for key, one in value.items()}

    def read(self, value: object) -> Statement:
        if isinstance(value, Statement):
            refuse(ConfigError, () if value.principals is None else [_NO_PRINCIPAL.under("Principal")])
            refuse(ConfigError, refused(value.spots(), "identity"))
            return value
        faults = Faults()
        if isinstance(value, Mapping):
            value = dict(cast("Mapping[str, object]", value))
            faults += _not_of_a_role(value)
            faults += _placed_where_none_is(value)
        found: list[Statement] = []
        with faults.at():
            found.append(statement_from_data(value, _read_text, _read_text))
        faults += [f for statement in found for f in refused(statement.spots(), "identity")]
        refuse(ConfigError, faults)
        return found[0]

    def schema(self) -> Schema:
        return {"$ref": "#/$defs/statement"}

    says = (
        "a statement as IAM has it: `Effect`, `Action` or `NotAction`, `Resource` or `NotResource`, `Condition`, `Sid`"
    )


_WITH_TEXT = ("Resource", "NotResource", "Condition")


def _read_text(value: object) -> Text:
    if isinstance(value, Misplaced):
        raise ConfigError(value.fault)
    if is_object(value) and [*value.values()] == [None]:
        raise ConfigError(Fault("expected a text, not an object", (), unquoted(value)))
    return read_literal(value)


_PLACEHOLDER = re.compile(rf"(?<![$])[{{]{NAME}[}}]")


def _placed_where_none_is(statement: Mapping[str, object]) -> Iterator[Fault]:
    """Placeholders in actions and in the keys of conditions: nothing is put in there, and they would mean nothing."""
    said: list[tuple[Path, object]] = []
    for name in ("Action", "NotAction"):
        given = statement.get(name)
        said += [((name, i), one) for i, one in enumerate(given)] if is_list(given) else [((name,), given)]
    condition = statement.get("Condition")
    for operator, keys in condition.items() if is_object(condition) else ():
        said += [(("Condition", operator), key) for key in keys] if is_object(keys) else []
    for path, text in said:
        if isinstance(text, str) and (found := _PLACEHOLDER.search(text)):
            where = "a key of a condition" if path[0] == "Condition" else "an action"
            message = f"`{show(text)}` holds the placeholder `{found[0]}`, and {where} takes none"
            yield Fault(message, path, "Write it out.")


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
    texts: Schema = {"anyOf": [placed(_text(*subject)), {"type": ["number", *(["boolean"] if bools else [])]}]}
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
_RESOURCES = _one_or_more(placed(_text("resource")))
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
