"""Plain data read as what a table says it is: each field with its reader, every fault with its place."""

from collections.abc import Callable, Mapping
from functools import partial
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from attrs import fields

from ecsiam.errors import Fault, Faults, PolicyError, refuse, show
from ecsiam.looks.words import listed
from ecsiam.model.document import describe, is_object

T = TypeVar("T")
Reader = Callable[[object], Any]
Table = Mapping[str, Reader]


def read_fields(data: object, table: Table) -> dict[str, Any]:
    """The fields of an object, each as its reader has it. All of them have to be there, and no other."""
    if not is_object(data):
        raise PolicyError(f"expected an object, not {describe(data)}")
    faults = Faults(Fault(f"`{show(str(key))}` is not known here") for key in data if key not in table)
    found: dict[str, Any] = {}
    for name, reader in table.items():
        if name not in data:
            faults.append(Fault(f"`{name}` is missing"))
            continue
        with faults.at(name):
            found[name] = reader(data[name])
    refuse(PolicyError, faults)
    return found


def each(reader: Reader) -> Reader:
    """A list of what `reader` reads."""

    def read(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise PolicyError(f"expected a list, not {describe(value)}")
        faults = Faults()
        found: list[Any] = []
        for i, item in enumerate(cast("list[object]", value)):
            with faults.at(i):
                found.append(reader(item))
        refuse(PolicyError, faults)
        return tuple(found)

    return read


def by_key(reader: Reader) -> Reader:
    """An object of any keys, as pairs of a key and what `reader` reads."""

    def read(value: object) -> tuple[tuple[str, Any], ...]:
        if not is_object(value) or not all(isinstance(key, str) for key in cast("Mapping[object, object]", value)):
            raise PolicyError(f"expected an object whose keys are texts, not {describe(value)}")
        faults = Faults()
        found: list[tuple[str, Any]] = []
        for key, inner in value.items():
            with faults.at(key):
                found.append((key, reader(inner)))
        refuse(PolicyError, faults)
        return tuple(found)

    return read


def optional(reader: Reader) -> Reader:
    """What `reader` reads, or null."""
    return lambda value: None if value is None else reader(value)


def record(kind: type[T], **special: Reader) -> Callable[[object], T]:
    """A class of attrs, its fields by name, each read as its annotation says or by the reader given for it."""
    table = {**_table(kind), **special}
    return lambda value: kind(**read_fields(value, table))


def _table(kind: type) -> Table:
    hints = get_type_hints(kind)
    return {field.name: of_type(hints[field.name]) for field in fields(kind)}


_LARGEST = 2**53 - 1  # that every reader of JSON takes as it is
_PLAIN = {str: "a text", int: "a whole number", bool: "true or false", NoneType: "null"}


def of_type(kind: Any) -> Reader:
    """What reads a value of a type: texts, numbers, flags, null, tuples of them (lists in the data) and choices."""
    parts = get_args(kind)
    match get_origin(kind):
        case None if kind in _PLAIN:
            return lambda value: value if _is_a(kind, value) else _no(_PLAIN[kind], value)
        case origin if origin is Literal:
            words = f"one of {listed(parts)}"
            return lambda value: value if isinstance(value, str) and value in parts else _no(words, value)
        case origin if origin in (Union, UnionType):
            return _either(tuple(map(of_type, parts)))
        case origin if origin is tuple and parts[1:] == (...,):
            return each(of_type(parts[0]))
        case origin if origin is tuple:
            return _exactly(tuple(map(of_type, parts)))
        case _:
            return partial(_no, f"a {kind}")  # of a field that is given a reader


def _is_a(kind: type, value: object) -> bool:
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST
    return isinstance(value, kind)


def _no(what: str, value: object) -> Any:
    raise PolicyError(f"expected {what}, not {describe(value)}")


def _either(readers: tuple[Reader, ...]) -> Reader:
    def read(value: object) -> Any:
        faults: list[Fault] = []
        for reader in readers:
            try:
                return reader(value)
            except PolicyError as e:
                faults = list(e.faults)
        raise PolicyError(*faults)

    return read


def _exactly(readers: tuple[Reader, ...]) -> Reader:
    def read(value: object) -> tuple[Any, ...]:
        found = each(lambda item: item)(value)
        if len(found) != len(readers):
            raise PolicyError(f"expected a list of {len(readers)}, not of {len(found)}")
        return tuple(reader(item) for reader, item in zip(readers, found, strict=True))

    return read


string = of_type(str)
flag = of_type(bool)
whole_number = of_type(int)
