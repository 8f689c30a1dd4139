"""Data as JSON to be read."""

import json
from collections.abc import Callable
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import NamedTuple, Union, cast

WIDTH = 110

Line = Callable[[object], str]


class _Block(NamedTuple):
    """A list or an object: its members, each with its key, and all of it on one line where no line is too short."""

    brackets: str
    members: list[tuple[str, Union[str, "_Block"]]]
    flat: str | None


def pretty(value: object, *, ascii_only: bool = False) -> str:
    """What fits on a line stands on one, keys in the order in which they come, no line break at the end."""
    other = json.JSONEncoder(ensure_ascii=ascii_only).encode
    text = encode_basestring_ascii if ascii_only else encode_basestring
    return _laid_out(_written(value, lambda leaf: text(leaf) if isinstance(leaf, str) else other(leaf)), 0, 0)


def _written(value: object, line: Line) -> str | _Block:
    """What each leaf says, and each block, from the inside out: so nothing is written twice."""
    if isinstance(value, dict):
        brackets = "{}"
        members = [(f"{line(key)}: ", _written(inner, line)) for key, inner in cast("dict[str, object]", value).items()]
    elif isinstance(value, list):
        brackets = "[]"
        members = [("", _written(inner, line)) for inner in cast("list[object]", value)]
    else:
        return line(value)
    inside: list[str] = []
    for key, inner in members:
        one = inner if isinstance(inner, str) else inner.flat
        if one is None:
            return _Block(brackets, members, None)
        inside.append(key + one)
    flat = f"{brackets[0]}{', '.join(inside)}{brackets[1]}"
    return _Block(brackets, members, flat if len(flat) <= WIDTH else None)


def _laid_out(block: str | _Block, indent: int, used: int) -> str:
    if isinstance(block, str):
        return block
    if block.flat is not None and len(block.flat) <= WIDTH - indent - used:
        return block.flat
    inner = indent + 2
    pad = "\n" + " " * inner
    members = [f"{key}{_laid_out(one, inner, len(key) + 1 if key else 0)}" for key, one in block.members]
    return f"{block.brackets[0]}{pad}{f',{pad}'.join(members)}\n{' ' * indent}{block.brackets[1]}"
