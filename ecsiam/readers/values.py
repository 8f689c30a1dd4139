"""The values of HCL's expressions, of which some are known in part.

Plain data as `found.py` says, and besides:

- a `Text` of one reference may turn out to be of any type; what is taken of it is a reference again;
- an `Unread` in a list stands for none or more items; anywhere else for a value that nothing is known of;
- a `Map` is an object that knows where it was written, and whether it may have more than is known;
- an `Encoded` is the JSON text of a value, kept as the value: so what `jsonencode` and `.json` made is never parsed;
- a `Node` has attributes that are only evaluated when they are asked for: `var`, a resource, a module.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterator
from typing import Any, cast

from attrs import frozen

from ecsiam.model.text import Ref, Text
from ecsiam.readers.found import OF_DEPLOYMENT, Unread, Value, is_list, is_map

LONGEST_NAME = 200


class Failed(Exception):
    """An expression that Terraform would refuse: why, in a few words."""


class Beyond(Exception):
    """What Terraform may well take, and isn't done here: why. No `try` turns to another value for it."""


class Map(dict[Any, Any]):
    """An object: the file and line where it begins, the line of its keys, and `rest`: why it may have more keys.

    `may` is which ones that could be; None: any. `files` has the file of those keys that were written in another one.
    A `typed` one is a map, and no object.
    """

    def __init__(self, items: Any = (), file: str = "", line: int = 0, rest: str = "") -> None:
        super().__init__(items)
        self.file, self.line, self.rest = file, line, rest
        self.lines: dict[Any, int] = {}
        self.files: dict[Any, str] = {}
        self.typed = False
        self.may: set[Any] | None = None

    def may_have(self, key: Any) -> bool:
        """Whether it may have a key that isn't known to be there."""
        return bool(self.rest) and (self.may is None or key in self.may)

    def at(self, key: Any) -> "Where | None":
        """Where a key was written, if that is known."""
        line = self.lines.get(key)
        return (self.files.get(key, self.file), line) if line else None

    def put_at(self, key: Any, where: "Where | None") -> None:
        """Say where a key was written."""
        if where is not None:
            self.files[key], self.lines[key] = where

    def placed_as(self, other: "Map") -> None:
        """Stand where another one does."""
        self.file, self.line, self.lines, self.files = other.file, other.line, other.lines, other.files


Where = tuple[str, int]
"""A file and a line of it."""


class List(list[Any]):
    """A list of one type; any other is a tuple, as `[]` is one, to which it is never equal."""


class Set(list[Any]):
    """A set: its items are their own keys."""


def as_set(items: list[Value]) -> Set:
    """Each once, texts and numbers in their order."""
    found: list[Value] = []
    for item in items:
        if item not in found:
            found.append(item)
    if all(isinstance(i, int | float) for i in found):
        return Set(sorted(found))
    return Set(sorted(found, key=str) if all(isinstance(i, str | Text) for i in found) else found)


def alike(items: list[Value]) -> list[Value]:
    """The items of a list of one type: of numbers beside texts the numbers are texts."""
    mixed = any(isinstance(i, str | Text) for i in items)
    return [as_text(i) if mixed and isinstance(i, bool | int | float) else i for i in items]


@frozen
class Encoded:
    """The JSON text that means a value."""

    value: Value


class Node:
    """What has attributes that are evaluated when they are asked for."""

    def attribute(self, name: str) -> Value:
        """One of them. Raises Failed if there is none."""
        raise NotImplementedError


def unknown(name: str) -> Text:
    """What is not known, called by where it comes from: the same name is the same value."""
    if len(name) > LONGEST_NAME:
        name = f"{name[: LONGEST_NAME - 20]}...{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:16]}"
    return Text((Ref(name),))


def is_unknown(value: Value) -> bool:
    """Whether nothing at all is known of a value, not even that it is a text."""
    return isinstance(value, Text) and len(value.parts) == 1 and isinstance(value.parts[0], Ref)


_OF_RESOURCE = re.compile(r"(?:module\..+\.)?(?:data\.)?[a-z]+_\w+\.[^ ()]+\.\w+")


def is_given(text: Text) -> bool:
    """Whether a text that isn't known is sure to be neither null nor empty: it has a letter, or is AWS's to give."""
    if not is_unknown(text):
        return True
    return is_of_aws(text.refs[0])


_REQUIRED = re.compile(r"(?:module\..+\.)?var\.[^. ()]+")


def is_null(value: Value) -> bool | None:
    """Whether a value is null; None where it isn't known. Who has to give a variable gives something."""
    if value is None or isinstance(value, Unread):
        return True if value is None else None
    if not isinstance(value, Text) or is_given(value):
        return False
    return False if _REQUIRED.fullmatch(value.refs[0].name) else None


def is_of_aws(ref: Ref) -> bool:
    """Whether the deployment or a resource says what isn't known, and no variable."""
    return ref.name in OF_DEPLOYMENT or _OF_RESOURCE.fullmatch(ref.name) is not None


def unread(value: Value, depth: int = 0) -> Unread | None:
    """The first that could not be understood inside a value."""
    if isinstance(value, Unread):
        return value
    inner: list[Value] = []
    if isinstance(value, Map) and value.rest:
        return Unread(value.rest)
    if is_map(value):
        inner = list(value.values())
    elif is_list(value):
        inner = value
    elif isinstance(value, Encoded):
        inner = [value.value]
    elif isinstance(value, Node):
        return Unread("a whole resource or module is used as a value")
    return next((u for v in inner if (u := unread(v, depth + 1))), None)


def is_known(value: Value) -> bool:
    """Whether a value is known in whole."""
    match value:
        case Text() | Unread() | Node():
            return False
        case Map() if value.rest:
            return False
        case _ if is_map(value):
            return all(is_known(k) and is_known(v) for k, v in value.items())
        case _ if is_list(value):
            return all(map(is_known, value))
        case Encoded():
            return is_known(value.value)
        case _:
            return True


def named(value: Value) -> str:
    """A value as part of the name of what is made of it."""
    match value:
        case Text():
            return value.refs[0].name if is_unknown(value) else json.dumps(str(value), ensure_ascii=False)
        case _ if is_map(value):
            inner = (f"{named(k)} = {named(v)}" for k, v in value.items())
            return "{" + ", ".join(inner) + "}"
        case _ if is_list(value):
            return "[" + ", ".join(map(named, value)) + "]"
        case Encoded():
            return f"jsonencode({named(value.value)})"
        case Unread() | Node():
            return "..."
        case _:
            return json.dumps(value, ensure_ascii=False)


def truth(value: Value) -> bool | None:
    """What a condition comes to; None if it isn't known. Raises Failed for what is none."""
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    if isinstance(value, Text | Unread):
        return None
    raise Failed("a condition is true or false")


def number_in(digits: str) -> int | float:
    """The number that a text is, a near one if it is long. Raises Failed for one beyond all, ValueError for none."""
    found = int(digits) if len(digits) < 100 and digits.lstrip("-").isdecimal() else float(digits)
    if not math.isfinite(found):
        raise Failed("too large a number")
    return found


def number(value: Value) -> str:
    """A number as Terraform writes it in a text."""
    if isinstance(value, int):
        return str(value)
    return str(int(value)) if math.isfinite(value) and value == int(value) else repr(value)


def as_text(value: Value) -> str | Text | Unread:
    """A value in a template. Raises Failed for what Terraform doesn't make a text of."""
    match value:
        case str() | Text() | Unread():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return number(value)
        case Encoded():
            return encode(value.value)
        case None:
            raise Failed("null in a text")
        case _:
            raise Failed("not a text")


def lowered(text: Text) -> str | Text:
    """A text as plain text if it is known in whole."""
    literal = text.literal
    return text if literal is None else literal


def joined(parts: list[Value]) -> str | Text | Unread:
    """Texts one after the other."""
    texts = [as_text(p) for p in parts]
    for one in texts:
        if isinstance(one, Unread):
            return one
    if all(isinstance(t, str) for t in texts):
        return "".join(cast("list[str]", texts))
    return lowered(Text(tuple(cast("list[str | Text]", texts))))


# ---------------------------------------------------------------- JSON


def encode(value: Value) -> str | Text | Unread:
    """The JSON text of a value."""
    found = unread(value)
    return found if found else lowered(Text(tuple(_encoded(value))))


def _encoded(value: Value) -> Iterator[str | Ref]:
    match value:
        case _ if is_map(value):
            yield "{"
            for i, (key, inner) in enumerate(sorted(value.items(), key=lambda item: str(item[0]))):
                yield "," if i else ""
                yield from _quoted(key)
                yield ":"
                yield from _encoded(inner)
            yield "}"
        case _ if is_list(value):
            yield "["
            for i, inner in enumerate(value):
                yield "," if i else ""
                yield from _encoded(inner)
            yield "]"
        case Encoded():
            text = encode(value.value)
            yield from _quoted(text)
        case Text() | str():
            yield from _quoted(value)
        case _:
            yield json.dumps(value, ensure_ascii=False)


def _quoted(text: Value) -> Iterator[str | Ref]:
    parts = text.parts if isinstance(text, Text) else (str(text),)
    yield '"'
    for part in parts:
        yield part if isinstance(part, Ref) else _escaped(json.dumps(part, ensure_ascii=False)[1:-1])
    yield '"'


def _escaped(text: str) -> str:
    """As Terraform escapes what HTML would take for its own."""
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def walk(value: Value, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Value]]:
    """A value and all that is in it, with the path to each."""
    yield path, value
    if is_map(value):
        for key, inner in value.items():
            yield from walk(inner, (*path, str(key)))
    elif is_list(value):
        for i, inner in enumerate(value):
            yield from walk(inner, (*path, i))


def plain(value: Value) -> Value:
    """A value as `found.py` has it: without what only an evaluation knows. Objects keep their places."""
    match value:
        case Map():
            if value.rest and value.may is None:
                return Unread(value.rest)
            if any(not isinstance(k, str) for k in value):
                return Unread("a key of an object isn't known")
            found = Map((k, plain(v)) for k, v in value.items())
            found.update((k, Unread(value.rest)) for k in (value.may or ()) if value.rest and k not in found)
            found.placed_as(value)
            return found
        case _ if is_map(value):
            return plain(Map(value))
        case _ if is_list(value):
            return [plain(v) for v in value]
        case Encoded():
            return encode(value.value)
        case Node():
            return Unread("a whole resource or module is used as a value")
        case _:
            return value
