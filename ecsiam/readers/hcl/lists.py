"""Terraform's functions of lists and maps, also of those that are known in part."""

import csv
from collections.abc import Callable
from itertools import product
from math import ceil
from typing import Any

from ecsiam.model.text import Text
from ecsiam.readers.found import Unread, Value, is_list, is_map
from ecsiam.readers.hcl.taking import equal, item_of
from ecsiam.readers.values import (
    Beyond,
    Failed,
    List,
    Map,
    Set,
    alike,
    as_set,
    as_text,
    is_given,
    is_known,
    is_unknown,
    named,
    truth,
    unknown,
)

Function = Callable[..., Value]


def items_in(value: Value) -> list[Value]:
    """The items of a list or set; what isn't known of it is an `Unread` among them."""
    if is_list(value):
        return value
    if isinstance(value, Unread):
        return [value]
    if is_unknown(value):
        return [Unread(f"it isn't known what is in `{named(value)}`")]
    if is_map(value):  # a map or an object has no order; `tolist` and `flatten` refuse it
        raise Failed("expected a list")
    raise Failed("expected a list")


def has_rest(items: list[Value]) -> Unread | None:
    """Why a list may have more items than are known, if so."""
    return next((i for i in items if isinstance(i, Unread)), None)


def _distinct(value: Value) -> Value:
    found = List()
    for item in alike(items_in(value)):
        if item not in found:
            found.append(item)
    return found


def _toset(value: Value) -> Value:
    return as_set(alike(items_in(value)))


def _flatten(value: Value) -> Value:
    found: list[Value] = []
    for item in items_in(value):
        if is_list(item):
            found += _flatten(item)
        else:
            found.append(item)
    return found


def _compact(value: Value) -> Value:
    # Of an unknown text nobody knows whether it is empty: what it is part of may lack it.
    return List(item for item in alike(items_in(value)) if item is not None and item != "")


def _coalesce(*values: Value) -> Value:
    for i, value in enumerate(values):
        if isinstance(value, Unread):
            return value
        if value is None or value == "":
            continue
        if isinstance(value, Text) and not is_given(value) and values[i + 1 :]:
            return unknown(f"coalesce({', '.join(map(named, values[i:]))})")
        return value
    raise Failed("`coalesce` has no value to give")


def _coalescelist(*values: Value) -> Value:
    for value in values:
        items = items_in(value)
        if items and not isinstance(items[0], Unread):
            return items
        if items:
            return items if len(items) == 1 else [items[0]]
    raise Failed("`coalescelist` has no list to give")


def _length(value: Value) -> Value:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Map) and value.rest:
        return unknown(f"length({named(value)}, {value.rest})")
    if is_map(value):
        return len(value)
    if isinstance(value, Text):
        return unknown(f"length({named(value)})")
    items = items_in(value)
    return unknown(f"length({named(items)})") if has_rest(items) else len(items)


def _element(value: Value, index: Value) -> Value:
    items = items_in(value)
    if has_rest(items) or isinstance(index, Text):
        return item_of(items, index)
    if not items:
        raise Failed("`element` of an empty list")
    return items[int(index) % len(items)]


def _contains(value: Value, item: Value) -> Value:
    answers = [None if isinstance(i, Unread) else equal(i, item) for i in items_in(value)]
    if True in answers:
        return True
    return unknown(f"contains({named(value)}, {named(item)})") if None in answers else False


def _one(value: Value) -> Value:
    items = items_in(value)
    if rest := has_rest(items):
        return rest
    if len(items) > 1:
        raise Failed("`one` of a list with several items")
    return items[0] if items else None


def _setproduct(*lists: Value) -> Value:
    sides = [items_in(v) for v in lists]
    size = 1
    for side in sides:
        size *= len(side)
        if rest := has_rest(side):
            return Set([rest])
    if size > 10_000:
        raise Beyond("more than 10,000 combinations")
    return Set([list(p) for p in product(*sides)])


def _setsubtract(left: Value, right: Value) -> Value:
    a, b = items_in(left), items_in(right)
    if is_known(a) and is_known(b):
        return as_set([i for i in a if i not in b])
    return Set([has_rest([*a, *b]) or Unread("it isn't known what `setsubtract` leaves")])


def _setintersection(*lists: Value) -> Value:
    sides = [items_in(v) for v in lists]
    if all(map(is_known, sides)):
        return as_set([i for i in sides[0] if all(i in side for side in sides[1:])])
    return Set([Unread("it isn't known what `setintersection` leaves")])


def _sort(value: Value) -> Value:
    return List(sorted(items_in(value), key=lambda i: str(as_text(i))))


# ---------------------------------------------------------------- maps


def _map(value: Value) -> dict[Any, Any]:
    if is_map(value):
        return value
    if isinstance(value, Unread):
        return Map(rest=value.why)
    if is_unknown(value):
        return Map(rest=f"it isn't known what is in `{named(value)}`")
    raise Failed("expected a map")


def _merge(*values: Value) -> Value:
    found = Map()
    for value in values:
        if value is None:
            continue
        one = _map(value)
        if isinstance(one, Map):
            found.file, found.line = found.file or one.file, found.line or one.line
            may = one.may if not found.rest else found.may if not one.rest else _both(found.may, one.may)
            found.rest, found.may = found.rest or one.rest, may
            for key in found:  # what comes after may say the same keys again
                if one.may_have(key):
                    found[key] = Unread(one.rest)
            for key in one:
                found.put_at(key, one.at(key))
        found.update(one)
    return found


def _both(a: set[Any] | None, b: set[Any] | None) -> set[Any] | None:
    return None if a is None or b is None else a | b


def _lookup(value: Value, key: Value, *default: Value) -> Value:
    one = _map(value)
    if default and key not in one:
        if isinstance(key, Text):
            return item_of({**one, "": default[0]}, key)
        if not (isinstance(one, Map) and one.may_have(key)):
            return default[0]
    return item_of(one, key)


def _keys(value: Value) -> Value:
    one = _map(value)
    return _of(one, sorted(one, key=str))


def _values(value: Value) -> Value:
    one = _map(value)
    return _of(one, [one[k] for k in sorted(one, key=str)])


def _of(one: dict[Any, Any], found: list[Value]) -> Value:
    if not isinstance(one, Map):
        return found
    found = [*found, Unread(one.rest)] if one.rest else found
    return List(found) if one.typed else found


def _zipmap(keys: Value, values: Value) -> Value:
    a, b = items_in(keys), items_in(values)
    if rest := has_rest([*a, *b]):
        return Map(rest=rest.why)
    return Map(zip(map(as_text, a), b, strict=True))


def _tomap(value: Value) -> Value:
    if isinstance(value, Unread):
        return value
    given = _map(value)
    made = Map(zip(given, alike(list(given.values())), strict=True), rest=given.rest if isinstance(given, Map) else "")
    if isinstance(given, Map):
        made.placed_as(given)
    made.typed = True
    return made


def _transpose(value: Value) -> Value:
    found = Map()
    for key, items in sorted(_map(value).items(), key=lambda item: str(item[0])):
        for item in items_in(items):
            found.setdefault(as_text(item), []).append(key)
    return found


def _range(*numbers: float) -> Value:
    start, end = (0, *numbers)[-2:] if len(numbers) < 3 else numbers[:2]
    step = numbers[2] if len(numbers) > 2 else 1 if start <= end else -1
    if not step or (end - start) / step > 1024:
        raise Failed("`range` of more than 1,024 numbers")
    return List(start + i * step for i in range(max(0, ceil((end - start) / step))))


def _chunklist(value: Value, size: Value) -> Value:
    items = items_in(value)
    if isinstance(size, Text):
        return [Unread(f"it hangs on `{named(size)}`")]
    if rest := has_rest(items):
        return [rest]
    return [items[i : i + int(size)] for i in range(0, len(items), int(size))] if int(size) else [items]


def _concat(*lists: Value) -> Value:
    return [i for value in lists for i in items_in(value)]


def _setunion(*lists: Value) -> Value:
    return _toset(_concat(*lists))


def _reverse(value: Value) -> Value:
    return list(reversed(items_in(value)))


def _tolist(value: Value) -> Value:
    return List(alike(items_in(value)))


def _slice(value: Value, start: Value, end: Value) -> Value:
    items = items_in(value)
    unsure = next((v for v in (start, end) if isinstance(v, Text)), None)
    if unsure is not None:
        return [Unread(f"it hangs on `{named(unsure)}`")]
    before = next((i for i, item in enumerate(items) if isinstance(item, Unread)), len(items))
    if before == len(items) < int(end):
        raise Failed("`slice` goes past the end of the list")
    return items[int(start) : int(end)] if int(end) <= before else [*items[int(start) : before], items[before]]


def _index(items: list[Value], item: Value) -> int:
    return items.index(item)


def _matchkeys(values: list[Value], keys: list[Value], wanted: list[Value]) -> Value:
    return [a for a, b in zip(values, keys, strict=True) if b in wanted]


def _sum(items: list[Any]) -> Value:
    return sum(items)


def _all(value: Value) -> Value:
    answers = [None if isinstance(i, Unread) else truth(i) for i in items_in(value)]
    return False if False in answers else unknown(f"alltrue({named(value)})") if None in answers else True


def _any(value: Value) -> Value:
    answers = [None if isinstance(i, Unread) else truth(i) for i in items_in(value)]
    return True if True in answers else unknown(f"anytrue({named(value)})") if None in answers else False


def _list(*items: Value) -> Value:
    return list(items)


def _pairs(*items: Value) -> Value:
    return Map(zip(items[::2], items[1::2], strict=True))


def _csvdecode(text: str) -> Value:
    return [Map(row) for row in csv.DictReader(text.splitlines(), strict=True)]


LISTS: dict[str, Function] = {
    "alltrue": _all,
    "anytrue": _any,
    "chunklist": _chunklist,
    "coalesce": _coalesce,
    "coalescelist": _coalescelist,
    "compact": _compact,
    "concat": _concat,
    "contains": _contains,
    "distinct": _distinct,
    "element": _element,
    "flatten": _flatten,
    "keys": _keys,
    "length": _length,
    "list": _list,  # of versions before 0.15, as `map` is
    "lookup": _lookup,
    "map": _pairs,
    "merge": _merge,
    "one": _one,
    "reverse": _reverse,
    "setintersection": _setintersection,
    "setproduct": _setproduct,
    "setsubtract": _setsubtract,
    "setunion": _setunion,
    "slice": _slice,
    "sort": _sort,
    "tolist": _tolist,
    "tomap": _tomap,
    "toset": _toset,
    "transpose": _transpose,
    "values": _values,
    "zipmap": _zipmap,
}
"""Functions of lists and maps that may be known in part."""

OF_KNOWN_LISTS: dict[str, tuple[Function, str]] = {
    "csvdecode": (_csvdecode, "list"),
    "index": (_index, "text"),
    "matchkeys": (_matchkeys, "list"),
    "range": (_range, "list"),
    "sum": (_sum, "text"),
}
"""Functions that need to know everything, and what they give: a text or number, or a list."""
