"""Words for what is shown: nothing that a terminal or a page would obey, and not too long."""

import json
from collections.abc import Iterable

LONGEST = 90  # of what a value says of itself between the parentheses of its `repr`


def visible(text: str, keep: str = "") -> str:
    """`text` with what doesn't print (controls, marks that turn the direction of writing) as JSON escapes it."""
    return "".join(c if c.isprintable() or c in keep else json.dumps(c)[1:-1] for c in text)


def short(text: str, most: int = LONGEST) -> str:
    """`text` on one line; of a longer one both ends, since ARNs that differ often do so at the end."""
    ends = text if len(text) <= most * 2 else text[:most] + text[-most:]  # what falls out need not be read
    shown = visible(ends)
    if len(shown) <= most:
        return shown
    tail = most // 3
    return f"{shown[: most - tail - 3]}...{shown[-tail:]}"


def few(items: Iterable[object]) -> str:
    """Two of them, or the first and how many more there are."""
    first, *more = map(str, items)
    return f"{first} and {len(more)} more" if len(more) > 1 else ", ".join((first, *more))


def count(of: int, what: str) -> str:
    """`1 statement`, `2 statements`, `2 policies`."""
    many = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{of:,} {what if of == 1 else many}"


def listed(names: Iterable[object]) -> str:
    """All of them, in backticks, for a sentence."""
    return ", ".join(f"`{name}`" for name in names)
