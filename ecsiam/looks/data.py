"""Data as JSON to be read."""

import json
from typing import cast

WIDTH = 110


def pretty(value: object, *, ascii_only: bool = False) -> str:
    """What fits on a line stands on one, keys in the order in which they come, no line break at the end."""
    return _pretty(value, 0, 0, ascii_only)


def _pretty(value: object, indent: int, used: int, ascii_only: bool) -> str:
    line = json.dumps(value, ensure_ascii=ascii_only)
    if indent + used + len(line) <= WIDTH or not isinstance(value, dict | list):
        return line
    inner = indent + 2
    pad = "\n" + " " * inner
    if isinstance(value, list):
        items = [_pretty(v, inner, 0, ascii_only) for v in cast("list[object]", value)]
        return f"[{pad}{f',{pad}'.join(items)}\n{' ' * indent}]"
    keyed = ((json.dumps(k, ensure_ascii=ascii_only), v) for k, v in cast("dict[str, object]", value).items())
    members = [f"{k}: {_pretty(v, inner, len(k) + 3, ascii_only)}" for k, v in keyed]
    return f"{{{pad}{f',{pad}'.join(members)}\n{' ' * indent}}}"
