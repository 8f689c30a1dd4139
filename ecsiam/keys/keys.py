"""A class of keys: what is given is read and checked whole, and every fault is raised at once.

A room has its keys in a class of its own; the config inherits them all. pydantic orders keys from the last base to the
first.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import Any, ClassVar, Self, cast

from attrs import frozen
from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator

from ecsiam.errors import ConfigError, Fault, Faults, refuse
from ecsiam.keys.key import Key, not_given
from ecsiam.keys.kinds import ListOf, MapOf, Numbers, unknown_keys
from ecsiam.model.document import is_object
from ecsiam.model.parameter import Parameter


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
    def checks(cls) -> Iterator[Check]:
        """Every check: that what a flag needs is there, and those of the rooms."""
        for flag, key in cls.keys().items():
            if key.needs:
                yield Check((flag, *key.needs), partial(_needs, flag))
        for room in _rooms(cls):
            yield from (one for one in vars(room).values() if isinstance(one, Check))

    @classmethod
    def defaults(cls, given: Mapping[str, object]) -> Mapping[str, object]:
        """What holds where nothing is given, beside the defaults of the keys themselves."""
        return {}

    def lacks(self, flag: str) -> Iterator[str]:
        """The keys that a flag needs and can't do without."""
        return iter(self.keys()[flag].needs)

    def when(self, flag: str) -> str | None:
        """The flag parameter that something is there for: empty if it is there in any case, None if in none."""
        on = getattr(self, flag) if flag else True
        return on.name if isinstance(on, Parameter) else "" if on else None

    def used(self, key: Key) -> bool:
        """Whether a value says anything: its flag is on, or may be."""
        return self.when(key.flag) is not None


def _rooms(cls: type[Keys]) -> Iterator[type[Keys]]:
    return (base for base in reversed(cls.__mro__) if issubclass(base, Keys))


def _needs(flag: str, keys: Keys) -> Iterator[Fault]:
    for needed in keys.lacks(flag) if getattr(keys, flag) else ():
        if not getattr(keys, needed):
            remedy = f"Write `{needed}`, or turn the flag off."
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
