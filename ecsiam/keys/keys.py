"""A class of keys: what is given is read and checked whole, and every fault is raised at once.

A room has its keys in a class of its own; the config inherits them all. pydantic orders keys from the last base to the
first.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import Any, ClassVar, NamedTuple, Self, cast

from attrs import frozen
from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator

from ecsiam.errors import ConfigError, Fault, Faults, Path, refuse
from ecsiam.keys.key import Key, not_given
from ecsiam.keys.kinds import ListOf, MapOf, Numbers, unknown_keys
from ecsiam.keys.placeholders import Fill
from ecsiam.model.document import is_object
from ecsiam.model.form import Form
from ecsiam.model.parameter import Parameter, Variable
from ecsiam.model.statement import Statement
from ecsiam.model.text import Bindings, Template


@frozen
class Check:
    """What has to agree between keys. It is left out while a key of `reads` is faulty.

    Of any other key it sees what could be read: a list has None in the place of a faulty item.
    """

    reads: tuple[str, ...]
    faults: Callable[[Any], Iterator[Fault]]


def check(*reads: str) -> Callable[[Callable[[Any], Iterator[Fault]]], Check]:
    """Makes a check of a method: `reads` are the keys that it can't do without."""
    return partial(Check, reads)


class Placed(NamedTuple):
    """A value of a key, in the keys that hold it: where it stands, and whether it says anything."""

    path: Path
    key: Key
    value: object
    used: bool
    holder: "Keys"

    @property
    def required(self) -> bool:
        """Whether it has to be given."""
        return self.holder.required(str(self.path[-1]))

    @property
    def form(self) -> Form | None:
        """The form of it, or of each of its values."""
        return self.holder.form_of(str(self.path[-1]))


class Keys(BaseModel):
    """The keys of one room, under one `heading` of the docs."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, ignored_types=(Check,))
    heading: ClassVar[str] = ""

    @model_validator(mode="wrap")
    @classmethod
    def _all_faults_at_once(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Read the fields, check what could be read against each other, raise everything at once."""
        if isinstance(data, cls):
            return data
        if not isinstance(data, Mapping):
            raise ConfigError("a config is a mapping of keys to values")
        known = cls.keys()  # of another key it says nothing that its value is empty
        given = {k: v for k, v in cast("Mapping[str, object]", data).items() if k not in known or not not_given(v)}
        put = cls.filling(given)
        if put is not None:
            given = {k: known[k].filled(v, put) if k in known else v for k, v in given.items()}
        defaults = cls.defaults(given)
        try:
            found = handler({**defaults, **given})
            found.model_fields_set.intersection_update(given)  # nobody wrote the defaults of a profile
            faults: list[Fault] = []
            bad: set[str] = set()
        except ValidationError as e:
            faults = list(_faults(e, cast("Mapping[str, object]", data), tuple(known)))
            bad = {str(error["loc"][0]) for error in e.errors()}
            found = cls.model_construct(None, **dict(_readable({**defaults, **given}, known)))
        for one in cls.checks():
            if not bad.intersection(one.reads):
                faults += one.faults(found)
        refuse(ConfigError, faults)
        return found

    @classmethod
    @cache
    def keys(cls) -> Mapping[str, Key]:
        """Every key with what it carries, in order."""
        return {n: next(m for m in f.metadata if isinstance(m, Key)) for n, f in cls.model_fields.items()}

    @classmethod
    def headings(cls) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The names of the keys under each heading, in order."""
        for room in _rooms(cls):
            own = tuple(name for name in cls.model_fields if name in room.__annotations__)
            if own:
                yield room.heading, own

    @classmethod
    def required(cls, name: str) -> bool:
        """Whether a key has to be given."""
        return cls.model_fields[name].is_required()

    @classmethod
    @cache
    def checks(cls) -> tuple[Check, ...]:
        """Every check: that what a flag needs is there, and those of the rooms."""
        needs = (Check((flag, *key.needs), partial(_needs, flag)) for flag, key in cls.keys().items() if key.needs)
        return (*needs, *(one for room in _rooms(cls) for one in vars(room).values() if isinstance(one, Check)))

    @classmethod
    def defaults(cls, given: Mapping[str, object]) -> Mapping[str, object]:
        """What holds where nothing is given, beside the defaults of the keys themselves."""
        return {}

    @classmethod
    def filling(cls, given: Mapping[str, object]) -> Fill | None:
        """What is put in for the placeholders of a text; None where a text has none."""
        return None

    @property
    def declared(self) -> Mapping[str, Variable]:
        """The parameters that may stand in texts, by name."""
        return {}

    def lacks(self, flag: str) -> Iterator[str]:
        """The keys that a flag needs and can't do without: not one in whose place another is given."""
        needs = ((name, self.keys()[name].instead) for name in self.keys()[flag].needs)
        return (name for name, other in needs if getattr(self, name) or not (other and getattr(self, other)))

    def known(self, values: Bindings) -> Self:
        """The same with references in texts put in, wherever they stand."""
        given = self.keys().keys() & self.model_fields_set  # what is put in counts as given, a default doesn't
        return self.model_copy(update={name: _bound(getattr(self, name), values) for name in given})

    def form_of(self, name: str) -> Form | None:
        """The form of a key's values, which may follow from another key."""
        return self.keys()[name].form

    def placed(self) -> Iterator[Placed]:
        """Every value with its place and its key, those inside records too: of what is faulty or empty, nothing."""
        for name, key in self.keys().items():
            value = getattr(self, name, None)
            if not value:
                continue
            used = self.used(key)
            yield Placed((name,), key, value, used, self)
            for place, record in _records(value):
                for one in record.placed():
                    yield one._replace(path=(name, *place, *one.path), used=one.used and used)

    def when(self, flag: str) -> str | None:
        """The flag parameter that something is there for: empty if it is there in any case, None if in none."""
        on = getattr(self, flag, False) if flag else True  # a room by itself has no other room's flag
        return on.name if isinstance(on, Parameter) else "" if on else None

    def used(self, key: Key) -> bool:
        """Whether a value says anything: a flag of its is on, or may be."""
        return self.when(key.flag) is not None or any(self.when(flag) is not None for flag in key.or_flags)


def _bound(value: object, values: Bindings) -> object:
    match value:
        case Template() | Statement():
            return value.bind(values)
        case Keys():
            return value.known(values)
        case tuple():
            return tuple(_bound(one, values) for one in cast("tuple[object, ...]", value))
        case Mapping():
            return {key: _bound(one, values) for key, one in cast("Mapping[str, object]", value).items()}
        case _:
            return value


def _records(value: object) -> Iterator[tuple[Path, Keys]]:
    if isinstance(value, Keys):
        yield (), value
    elif isinstance(value, tuple):
        yield from (((i,), one) for i, one in enumerate(cast("tuple[object, ...]", value)) if isinstance(one, Keys))


def _rooms(cls: type[Keys]) -> Iterator[type[Keys]]:
    return (base for base in reversed(cls.__mro__) if issubclass(base, Keys))


def _needs(flag: str, keys: Keys) -> Iterator[Fault]:
    for needed in keys.lacks(flag) if getattr(keys, flag) else ():
        if not getattr(keys, needed):
            either = [needed, *filter(None, [keys.keys()[needed].instead])]
            remedy = f"Write {' or '.join(f'`{name}`' for name in either)}, or turn the flag off."
            yield Fault(f"`{flag}` is on and `{needed}` is not given", (flag,), remedy)


def _faults(error: ValidationError, data: Mapping[str, object], known: tuple[str, ...]) -> Iterator[Fault]:
    unknown: list[str] = []
    for one in cast("list[Mapping[str, Any]]", error.errors()):
        loc: tuple[str | int, ...] = one["loc"]
        match one["type"]:
            case "missing":
                place = loc if loc[0] in data else ()  # it may be there, with nothing in it
                yield Fault(f"`{loc[0]}` is missing", place, f"Write `{loc[0]}:` and its value.")
            case "extra_forbidden" | "invalid_key":
                unknown.append(str(loc[0]))
            case _:
                yield from (f.under(*loc) for f in one["ctx"]["faults"])
    yield from unknown_keys(unknown, known)


def _readable(given: Mapping[str, object], keys: Mapping[str, Key]) -> Iterator[tuple[str, object]]:
    """What can be read of each key: the checks still say what they can of lists and mappings with a fault in them."""
    for name in given.keys() & keys.keys():
        with Faults().at():
            kind, value = keys[name].kind, given[name]
            parameter = (is_object(value) or isinstance(value, Parameter)) and keys[name].type is not None
            if isinstance(kind, ListOf | MapOf | Numbers) and not parameter:
                yield name, kind.gather(value, Faults())
            else:
                yield name, keys[name].read(value)
