"""Values taken apart, compared and read, as far as they are known."""

from collections.abc import Iterator

from ecsiam.model.text import Ref, Text
from ecsiam.readers.found import Unread, Value, is_list, is_map
from ecsiam.readers.json_lines import decode
from ecsiam.readers.values import (
    Encoded,
    Failed,
    List,
    Map,
    Node,
    Set,
    as_text,
    is_given,
    is_known,
    is_null,
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
            if isinstance(value, Map) and value.may_have(name):
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
            return either(list(value.values()), f"{named(value)}[{named(key)}]")
        return attribute_of(value, key if isinstance(key, str | Text) else str(as_text(key)))  # type: ignore[arg-type]
    raise Failed("it has no items")


def _at(items: list[Value], key: Value) -> Value:
    if isinstance(key, Text):
        return either(items, f"{named(items)}[{named(key)}]")
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


def either(values: list[Value], name: str) -> Value:
    """One of these, and it isn't known which: of objects, what each has."""
    if values and all(v == values[0] for v in values):
        return values[0]
    if values and all(isinstance(v, Map) and not v.rest for v in values):
        common = [key for key in values[0] if all(key in v for v in values)]
        rest = "" if all(len(v) == len(common) for v in values) else _hangs(name)
        made = Map(((key, either([v[key] for v in values], f"{name}.{key}")) for key in common), rest=rest)
        made.may = {key for v in values for key in v}
        return made
    found = next((u for v in values if (u := unread(v))), None)
    if found is None and values and all(v is None or isinstance(v, str | Text | int | float) for v in values):
        return unknown(name)
    return found or Unread(_hangs(name))


def _hangs(name: str) -> str:
    return f"which one of several it is hangs on `{name}`"[:200]


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
    if _of_other_types(left, right):
        return False
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
        if (b is None and is_null(a) is False) or (b == "" and isinstance(a, Text) and is_given(a)):
            return False
    return None


def _of_other_types(left: Value, right: Value) -> bool:
    """Whether two lists or objects are of types of which no values are equal, whatever is in them."""
    if is_list(left) and is_list(right):
        return any(isinstance(left, of) != isinstance(right, of) for of in (List, Set))
    return isinstance(left, Map) and isinstance(right, Map) and left.typed != right.typed


def document_of(pieces: list[tuple[Value, int]], file: str) -> Encoded | None:
    """What the text means that these values make together, if that is JSON, each with its line in the file.

    What is JSON's by itself keeps the places that it has.
    """
    first = pieces[0][0] if pieces else None
    if not isinstance(first, str) or first.lstrip()[:1] not in ("{", "["):
        return None
    parts: list[str | Ref] = []
    inside: dict[Ref, Value] = {}
    lines = [0]
    for value, line in pieces:
        if isinstance(value, Encoded) and not (isinstance(parts[-1], str) and parts[-1].endswith('"')):
            ref = Ref(f"\ue002{len(inside)}")
            inside[ref] = value.value
            parts.append(ref)
            continue
        text = as_text(value)
        if isinstance(text, Unread):
            return None
        for part in (text,) if isinstance(text, str) else text.parts:
            parts.append(part)
            for i, row in enumerate(part.split("\n") if isinstance(part, str) else ()):
                if i:
                    lines.append(lines[-1])
                if line and row.strip():
                    lines[-1] = line + i
    try:
        return Encoded(_placed(decode(Text(tuple(parts)), file, 0), lines, inside))
    except Failed:
        return None


def _placed(value: Value, lines: list[int], inside: dict[Ref, Value]) -> Value:
    """A value with its places in a file, and with what stood in it. Raises Failed where that was in a text."""
    if isinstance(value, Map):
        value.line = lines[value.line]
        value.lines = {key: lines[line] for key, line in value.lines.items()}
        for key, inner in value.items():
            value[key] = _placed(inner, lines, inside)
        if any(isinstance(key, Text) and not inside.keys().isdisjoint(key.refs) for key in value):
            raise Failed("an object as a key")
    elif is_list(value):
        return [_placed(inner, lines, inside) for inner in value]
    elif isinstance(value, Text) and not inside.keys().isdisjoint(value.refs):
        if not is_unknown(value):
            raise Failed("an object in a text")
        return inside[value.refs[0]]
    return value


def document_in(text: Value, file: str, line: int) -> Value:
    """A text that is JSON's as what it means; any other as it is."""
    first = text if isinstance(text, str) else text.parts[0] if isinstance(text, Text) and text.parts else ""
    if not isinstance(first, str) or first.lstrip()[:1] not in ("{", "["):
        return text
    try:
        return Encoded(decode(text, file, line))
    except Failed:
        return text
