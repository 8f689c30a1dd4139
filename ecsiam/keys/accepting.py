"""What is accepted of what an invariant or `check` finds: how one such entry is read, and its JSON Schema."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, cast

from attrs import frozen

from ecsiam.errors import ConfigError, Fault, Faults, did_you_mean, refuse
from ecsiam.keys.kinds import Kind, ListOf, Prose, Schema, shown, unknown_keys
from ecsiam.keys.placeholders import Fill, Misplaced, filled
from ecsiam.keys.raw_statement import STATEMENT
from ecsiam.looks.words import listed
from ecsiam.model.accept import HIDDEN, LONGEST_WHY, Accept, AcceptRule
from ecsiam.model.document import is_object
from ecsiam.model.form import Form
from ecsiam.model.invariants import SAYS
from ecsiam.model.rules import RULE_IDS
from ecsiam.model.statement import ACTION
from ecsiam.model.text import Template

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
class _Pattern:
    """A pattern of resources, in which nothing is open."""

    def filled(self, value: object, put: Fill) -> object:
        return put(value) if isinstance(value, str) else value

    def read(self, value: object) -> str:
        if isinstance(value, Misplaced):
            raise ConfigError(value.fault)
        if isinstance(value, Template):
            remedy = "What is accepted is said outright: write `*` in the place of what is open."
            raise ConfigError(Fault(f"`{value.text}` is known only at deployment", (), remedy))
        return Prose().read(value)

    def schema(self) -> Schema:
        return Prose().schema()

    says = "a pattern"


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
class _Entry:
    """An entry: the object that is made of it, its keys by kind, the ids of its first key, what to say of that."""

    made: type[Accept] | type[AcceptRule]
    kinds: Mapping[str, Kind]
    ids: tuple[str, ...]
    remedy: str

    @property
    def needed(self) -> tuple[str, str]:
        return next(iter(self.kinds)), "why"

    @property
    def empty(self) -> Fault:
        return Fault("it is empty", (), self.remedy)

    def read(self, given: Mapping[Any, object]) -> Accept | AcceptRule:
        faults = Faults(unknown_keys((key for key in given if key not in self.kinds), tuple(self.kinds)))
        faults += (Fault(f"`{k}` is missing", (), self.remedy) for k in self.needed if k not in given)
        found, wrong = self.gather({str(key): one for key, one in given.items() if key in self.kinds})
        faults += wrong
        accept: list[Accept | AcceptRule] = []
        with faults.at():  # what is not there or faulty stands for itself: the others have their say
            whole: dict[str, Any] = {self.needed[0]: self.ids[0], "why": "-", **found}
            accept.append(self.made(**whole))
        refuse(ConfigError, faults)
        return accept[0]

    def gather(self, given: Mapping[str, object]) -> tuple[dict[str, Any], Faults]:
        """The fields that are of their kinds, and the faults of the others."""
        faults = Faults()
        found: dict[str, Any] = {}
        for key, one in given.items():
            with faults.at(key):
                if one is None or one in ("", [], ()):
                    raise ConfigError(self.empty if key in self.needed else _EMPTY)
                found[key] = _read(self.kinds[key], one, items := Faults())
                refuse(ConfigError, items)
        return found, faults

    def schema(self, properties: Schema) -> Schema:
        words: Schema = {key: kind.schema() for key, kind in self.kinds.items()}
        return {
            "type": "object",
            "properties": {**words, "why": _WHY, **properties},
            "required": list(self.needed),
            "additionalProperties": False,
        }


OF_RULE = _Entry(
    AcceptRule,
    {
        "rule": _Word("a rule", RULE_IDS),
        "file": _Pattern(),
        "address": _Pattern(),
        "why": Prose(),
        "until": _Day(),
    },
    RULE_IDS,
    "Say which rule it is, and why that is meant.",
)


@frozen
class AcceptKind:
    """What is accepted, and why: an object of the fields of one. `roles` are the ids of the roles.

    One with a `rule` is of what `check` finds, any other of an invariant.
    """

    roles: tuple[str, ...]

    def filled(self, value: object, put: Fill) -> object:
        if not is_object(value):
            return value
        kinds = self._entry(value).kinds
        return {key: filled(kinds.get(key), one, put) for key, one in value.items()}

    def read(self, value: object) -> Accept | AcceptRule:
        if isinstance(value, AcceptRule):
            return value
        if isinstance(value, Accept):
            with_role = {"role": value.role} if value.role else {}
            refuse(ConfigError, self._of_invariant.gather(with_role)[1])
            return value
        if not isinstance(value, Mapping):
            remedy = "Write `invariant`, `why` and what is meant on lines of their own."
            raise ConfigError(Fault(f"expected an object, not {shown(value)}", (), remedy))
        given = cast("Mapping[Any, object]", value)
        if "rule" in given and "invariant" in given:
            remedy = "Write two entries: `prove` looks at the one, `check` at the other."
            raise ConfigError(Fault("it has an `invariant` and a `rule`", (), remedy))
        return self._entry(given).read(given)

    def _entry(self, given: Mapping[Any, object]) -> _Entry:
        return OF_RULE if "rule" in given else self._of_invariant

    @property
    def _of_invariant(self) -> _Entry:
        kinds: dict[str, Kind] = {
            "invariant": _Word("an invariant", tuple(SAYS)),
            "role": _Word("a role", self.roles),
            "actions": ListOf(Prose()),
            "resources": ListOf(_Pattern()),
            "why": Prose(),
            "until": _Day(),
        }
        return _Entry(Accept, kinds, tuple(SAYS), "Say which invariant may fail, and why.")

    def schema(self) -> Schema:
        pattern = {"actions": {"pattern": f"^({ACTION})$"}, "resources": {"not": {"pattern": r"\$\{"}}}
        lists: Schema = {
            name: {"type": "array", "minItems": 1, "items": {"allOf": [_one_of(element), pattern[name]]}}
            for name, element in (("actions", "Action"), ("resources", "Resource"))
        }
        of_rule = OF_RULE.schema({key: {"type": "string", "minLength": 1} for key in ("file", "address")})
        return {"anyOf": [self._of_invariant.schema(lists), of_rule]}

    @property
    def says(self) -> str:
        return (
            "an object: the `invariant` that may fail, `why`, and optionally the `role`, the `actions` and `resources` "
            "(lists of patterns as in a policy) and `until`, the last day on which it counts; or the `rule` of "
            "`ecsiam check` whose findings are meant, `why`, and optionally the `file`, the `address` (patterns with "
            "`*`) and `until`"
        )


_WHY: Schema = {
    "type": "string",
    "maxLength": LONGEST_WHY,
    "pattern": "[^ \t\n\r]",
    "not": {"pattern": f"[{HIDDEN}]"},
}


def _read(kind: Kind, value: object, faults: Faults) -> object:
    """A value; of a list also what is right of it, with `*` for the rest."""
    if isinstance(kind, ListOf):
        return tuple("*" if item is None else item for item in kind.gather(value, faults))
    return kind.read(value)


# An empty list is "not given" for the other keys of a config, and would be everything here.
_EMPTY = Fault("it is empty, which would accept more, not less", (), "Leave the key out if that is meant.")


def _one_of(element: str) -> Schema:
    """What the schema takes for one item of an element of a statement."""
    either = cast("Mapping[str, Mapping[str, list[Schema]]]", STATEMENT["properties"])[element]["anyOf"]
    return either[0]
