"""Values taken apart, compared and read, as far as they are known."""

from collections.abc import Iterator

from ecsiam.model.text import Text
from ecsiam.readers.found import Unread, Value, is_list, is_map
from ecsiam.readers.json_lines import decode
from ecsiam.readers.values import (
    Encoded,
    Failed,
    Map,
    Node,
    Set,
    as_text,
    is_given,
    is_known,
    is_unknown,
    named,
    unknown,
    unread,
)


def attribute_of(value: Value, name: str) -> Value:
    """`value.name`."""
    match value:
        case Node():
            return value.attribute(name)
        case _ if is_map(value):
            found = value
            if name in found:
                return found[name]
            if isinstance(value, Map) and value.rest:
                return Unread(value.rest)
            raise Failed(f"there is no attribute `{name}`")
        case Unread():
            return value
        case Text() if is_unknown(value):
            return unknown(f"{named(value)}.{name}")
        case _:
            raise Failed(f"there is no attribute `{name}`")


def item_of(value: Value, key: Value) -> Value:
    """`value[key]`."""
    if isinstance(value, Unread):
        return value
    if isinstance(key, Unread):
        return key
    if isinstance(value, Text):
        if is_unknown(value):
            return unknown(f"{named(value)}[{named(key)}]")
        raise Failed("a text has no items")
    if isinstance(value, Node) and isinstance(key, str):
        return value.attribute(key)
    if is_list(value):
        return _at(value, key)
    if is_map(value):
        if isinstance(key, Text) and key not in value:
            return _one_of(list(value.values()), f"{named(value)}[{named(key)}]")
        return attribute_of(value, key if isinstance(key, str | Text) else str(as_text(key)))  # type: ignore[arg-type]
    raise Failed("it has no items")


def _at(items: list[Value], key: Value) -> Value:
    if isinstance(key, Text):
        return _one_of(items, f"{named(items)}[{named(key)}]")
    try:
        at = int(key)
    except (TypeError, ValueError, OverflowError):
        raise Failed("an index is a number") from None
    before = next((v for v in items[: at + 1] if isinstance(v, Unread)), None)
    if before is not None:
        return before
    if not 0 <= at < len(items):
        raise Failed(f"there is no item {at}")
    return items[at]


def _one_of(values: list[Value], name: str) -> Value:
    """One of these, and it isn't known which."""
    if values and all(v == values[0] for v in values):
        return values[0]
    found = next((u for v in values if (u := unread(v))), None)
    if found is None and values and all(isinstance(v, str | Text | int | float) for v in values):
        return unknown(name)
    return found or Unread(f"which one of several it is hangs on `{name}`"[:200])


def items_of(value: Value) -> Iterator[tuple[Value, Value]]:
    """The keys and values of what a `for` goes through. A key of None: there may be more, why says the value."""
    match value:
        case _ if is_map(value):
            yield from sorted(value.items(), key=lambda item: str(item[0]))
            if isinstance(value, Map) and value.rest:
                yield None, Unread(value.rest)
        case _ if is_list(value):
            for i, item in enumerate(value):
                yield (None, item) if isinstance(item, Unread) else (item if isinstance(value, Set) else i, item)
        case Text() if is_unknown(value):
            yield None, Unread(f"it isn't known what is in `{named(value)}`")
        case Unread():
            yield None, value
        case _:
            raise Failed("there is nothing to go through")


def equal(left: Value, right: Value) -> bool | None:
    """Whether two values are the same; None where it isn't known."""
    if isinstance(left, Encoded) or isinstance(right, Encoded):
        left, right = (as_text(v) if isinstance(v, Encoded) else v for v in (left, right))
    if is_known(left) and is_known(right):
        if type(left) is not type(right) and all(isinstance(v, str | bool | int | float) for v in (left, right)):
            if isinstance(left, str) or isinstance(right, str):  # no type here is as sure as Terraform's own
                return None if as_text(left) == as_text(right) else False
            return left == right and not isinstance(left, bool) and not isinstance(right, bool)
        return bool(left == right)
    if is_list(left) and is_list(right):
        certain = [v for v in left if not isinstance(v, Unread)]
        return False if certain and not right else None
    if left == right and isinstance(left, Text):
        return True
    for a, b in ((left, right), (right, left)):
        if isinstance(a, Text) and is_given(a) and (b is None or b == ""):
            return False
        if b is None and isinstance(a, Encoded | list | dict | Node):
            return False
    return None


def document_in(text: Value, file: str, line: int) -> Value:
    """A text that is JSON's as what it means; any other as it is."""
    first = text if isinstance(text, str) else text.parts[0] if isinstance(text, Text) and text.parts else ""
    if not isinstance(first, str) or first.lstrip()[:1] not in ("{", "["):
        return text
    try:
        return Encoded(decode(text, file, line))
    except Failed:
        return text
