"""What the config accepts of what an invariant finds: how one such entry is read, and its JSON Schema."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, cast

from attrs import frozen

from ecsiam.errors import ConfigError, Fault, Faults, did_you_mean, refuse
from ecsiam.keys.kinds import STATEMENT, Kind, ListOf, Schema, shown, unknown_keys
from ecsiam.looks.words import listed
from ecsiam.model.accept import HIDDEN, LONGEST_WHY, Accept
from ecsiam.model.form import Form
from ecsiam.model.invariants import SAYS
from ecsiam.model.statement import ACTION

KEYS = ("invariant", "role", "actions", "resources", "why", "until")
NEEDED = ("invariant", "why")

_LONG, _SHORT = "0[13578]|1[02]", "0[469]|11"
_DAYS = f"({_LONG})-(0[1-9]|[12][0-9]|3[01])|({_SHORT})-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8])"
DAY = Form(
    "day",
    f"20([0-9]{{2}}-({_DAYS})|([02468][048]|[13579][26])-02-29)",
    "a day of this century",
    ("2027-03-31", "2028-02-29"),
    ("2027-3-31", "31.03.2027", "2027-02-29", "2027-13-01", "20270331", "2027-03-31T00:00:00", "9999-12-31", "never"),
    most=10,
    hints=(
        ("20[0-9]{2}-[0-9]{2}-[0-9]{2}", "is no day of the calendar", "Correct it."),
        (
            "[0-9]{4}-[0-9]{2}-[0-9]{2}|[A-Za-z ]+",
            "is no day of this century",
            "Write it like `2027-03-31`, or leave `until` out: then it has no end.",
        ),
    ),
)


@frozen
class _Text:
    """A text of which the value that is made of all of them says what is wrong."""

    def read(self, value: object) -> str:
        if not isinstance(value, str):
            raise ConfigError(Fault(f"expected a text, not {shown(value)}"))
        return str.__str__(value)

    def schema(self) -> Schema:
        return {"type": "string"}

    says = "a text"


@frozen
class _Word:
    """One of the ids of a table, or the nearest is named."""

    what: str
    ids: tuple[str, ...]

    def read(self, value: object) -> str:
        if isinstance(value, str) and value in self.ids:
            return str.__str__(value)
        if not isinstance(value, str):
            raise ConfigError(Fault(f"expected the id of {self.what}, not {shown(value)}"))
        remedy = did_you_mean(value, self.ids) or f"There are {listed(self.ids)}."
        raise ConfigError(Fault(f"there is no {self.what.split()[-1]} {shown(value)}", (), remedy))

    def schema(self) -> Schema:
        return {"enum": list(self.ids)}

    says = "an id"


@frozen
class _Day:
    """A day as ISO has it, or a date of Python."""

    def read(self, value: object) -> date:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if not isinstance(value, str):
            raise ConfigError(Fault(f"expected a day, not {shown(value)}", (), f"Write it like `{DAY.good[0]}`."))
        fault = DAY.fault(value)
        refuse(ConfigError, [fault] if fault else [])
        return date.fromisoformat(value)

    def schema(self) -> Schema:
        return {"type": "string", "pattern": f"^(?:{DAY.pattern})$"}

    says = f"a day, such as `{DAY.good[0]}`"


@frozen
class AcceptKind:
    """What is accepted, and why: an `Accept`, or an object of its fields. `roles` are the ids of the roles."""

    roles: tuple[str, ...]

    def read(self, value: object) -> Accept:
        if isinstance(value, Accept):
            with_role = {"role": value.role} if value.role else {}
            refuse(ConfigError, self._gather(with_role)[1])
            return value
        if not isinstance(value, Mapping):
            remedy = "Write `invariant`, `why` and what is meant on lines of their own."
            raise ConfigError(Fault(f"expected an object, not {shown(value)}", (), remedy))
        given = cast("Mapping[object, object]", value)
        faults = Faults(unknown_keys((key for key in given if key not in KEYS), KEYS))
        faults += _missing(given)
        known = {str(key): one for key, one in given.items() if key in KEYS}
        found, wrong = self._gather(known)
        faults += wrong
        accept: list[Accept] = []
        with faults.at():  # what is not there or faulty stands for itself: the others have their say
            whole: dict[str, Any] = {"invariant": next(iter(SAYS)), "why": "-", **found}
            accept.append(Accept(**whole))
        refuse(ConfigError, faults)
        return accept[0]

    def _gather(self, given: Mapping[str, object]) -> tuple[dict[str, Any], Faults]:
        """The fields that are of their kinds, and the faults of the others."""
        faults = Faults()
        found: dict[str, Any] = {}
        for key, one in given.items():
            with faults.at(key):
                if one is None or one in ("", [], ()):
                    raise ConfigError(_EMPTY if key not in NEEDED else _MISSING)
                found[key] = _read(self._kinds[key], one, items := Faults())
                refuse(ConfigError, items)
        return found, faults

    @property
    def _kinds(self) -> dict[str, Kind]:
        return {
            "invariant": _Word("an invariant", tuple(SAYS)),
            "role": _Word("a role", self.roles),
            "actions": ListOf(_Text()),
            "resources": ListOf(_Text()),
            "why": _Text(),
            "until": _Day(),
        }

    def schema(self) -> Schema:
        pattern = {"actions": {"pattern": f"^({ACTION})$"}, "resources": {"not": {"pattern": r"\$\{"}}}
        lists: Schema = {
            name: {"type": "array", "minItems": 1, "items": {"allOf": [_one_of(element), pattern[name]]}}
            for name, element in (("actions", "Action"), ("resources", "Resource"))
        }
        why: Schema = {
            "type": "string",
            "maxLength": LONGEST_WHY,
            "pattern": "[^ \t\n\r]",
            "not": {"pattern": f"[{HIDDEN}]"},
        }
        words: Schema = {key: self._kinds[key].schema() for key in ("invariant", "role", "until")}
        properties: Schema = {**words, **lists, "why": why}
        return {
            "type": "object",
            "properties": {key: properties[key] for key in KEYS},
            "required": list(NEEDED),
            "additionalProperties": False,
        }

    @property
    def says(self) -> str:
        return (
            "an object: the `invariant` that may fail, `why`, and optionally the `role`, the `actions` and `resources` "
            "(lists of patterns as in a policy) and `until`, the last day on which it counts"
        )


def _read(kind: Kind, value: object, faults: Faults) -> object:
    """A value; of a list also what is right of it, with `*` for the rest."""
    if isinstance(kind, ListOf):
        return tuple("*" if item is None else item for item in kind.gather(value, faults))
    return kind.read(value)


# An empty list is "not given" for the other keys of a config, and would be everything here.
_EMPTY = Fault("it is empty, which would accept more, not less", (), "Leave the key out if that is meant.")
_MISSING = Fault("it is empty", (), "Say which invariant may fail, and why.")


def _missing(given: Mapping[object, object]) -> Iterator[Fault]:
    yield from (Fault(f"`{key}` is missing", (), _MISSING.remedy) for key in NEEDED if key not in given)


def _one_of(element: str) -> Schema:
    """What the schema takes for one item of an element of a statement."""
    either = cast("Mapping[str, Mapping[str, list[Schema]]]", STATEMENT["properties"])[element]["anyOf"]
    return either[0]
