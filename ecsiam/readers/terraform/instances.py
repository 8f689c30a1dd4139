"""The instances of a block with `for_each` or `count`, each made when it is known that there is one."""

from collections.abc import Callable

from ecsiam.model.text import Text
from ecsiam.readers.found import Unread, Value, is_list
from ecsiam.readers.hcl.taking import items_of
from ecsiam.readers.values import Failed, Map, as_text, named, number_in, unknown

MOST_INSTANCES = 2_000
Make = Callable[..., Value]
"""Makes one, of what its address ends with, what it calls `each` or `count`, and why it may not exist."""


def by_key(value: Value, make: Make) -> Value:
    """The instances that a `for_each` makes, by their keys."""
    found = Map()
    try:
        for key, item in items_of(value):
            if key is None:
                found.rest = item.why
                continue
            # A list is a set here: its items are their own keys.
            known = item if is_list(value) else key
            name = known if isinstance(known, Text) else as_text(known)
            if len(found) > MOST_INSTANCES or isinstance(name, Unread):
                found.rest = "more than can be read"
                break
            each = Map({"key": name, "value": item})
            found[name] = make(f'["{name}"]', {"each": each})
    except Failed as e:
        found.rest = str(e)
    if found.rest:
        each = Map({"key": unknown("each.key"), "value": Unread(found.rest)})
        found["*"] = make("[*]", {"each": each}, f"how many there are isn't known: {found.rest}")
    return found


def by_index(value: Value, make: Make) -> Value:
    """The instances that a `count` makes."""
    if isinstance(value, str) and value.isdecimal():
        value = number_in(value)
    if isinstance(value, bool) or not isinstance(value, int):
        why = value.why if isinstance(value, Unread) else named(value)
        return [make("[0]", {"count": Map({"index": 0})}, f"whether it exists isn't known: `count` is {why}"[:300])]
    if value > MOST_INSTANCES:
        return [make("[0]", {"count": Map({"index": 0})}, "more than can be read")]
    return [make(f"[{i}]", {"count": Map({"index": i})}) for i in range(value)]
