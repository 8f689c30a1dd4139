"""Texts that a pattern takes, written without Hypothesis: to choose one of them costs one draw, not one a character."""

import re
from collections.abc import Iterator
from importlib import import_module
from random import Random
from typing import Any

_PARSER: Any = import_module("re._parser")  # what `re` itself reads patterns with
_ALONE = ("LITERAL", "NOT_LITERAL", "ANY", "IN")
_ASCII = [chr(c) for c in range(0x80)]


def texts_taken(pattern: str, count: int) -> tuple[str, ...]:
    """Up to `count` different ASCII texts that the whole of the pattern takes: the same ones each time."""
    random, tree = Random(pattern), _PARSER.parse(pattern, re.ASCII)
    found = tuple(dict.fromkeys("".join(_written(tree, random)) for _ in range(count)))
    assert all(re.fullmatch(pattern, text, re.ASCII) for text in found), pattern
    return found


def _written(tree: Any, random: Random) -> Iterator[str]:
    for op, value in tree:
        match str(op):
            case "MAX_REPEAT" | "MIN_REPEAT":
                least, most, inner = value
                for _ in range(_times(least, most, random, alone=str(inner[0][0]) in _ALONE and len(inner) == 1)):
                    yield from _written(inner, random)
            case "SUBPATTERN":
                yield from _written(value[-1], random)
            case "BRANCH":
                yield from _written(random.choice(value[1]), random)
            case "AT":  # `^` and `$` of a whole text
                pass
            case _:
                yield random.choice(_characters(str(op), value))


def _times(least: int, most: int, random: Random, *, alone: bool) -> int:
    """Few, mostly; now and then as few as may be or, of a character alone, very many."""
    match random.randrange(20):
        case 0 | 1:
            return least
        case 2 if alone:
            return min(int(most), least + 70)
        case _:
            return min(int(most), least + random.randrange(6))


def _characters(op: str, value: Any) -> list[str]:
    match op:
        case "LITERAL":
            return [chr(value)]
        case "NOT_LITERAL":
            return [c for c in _ASCII if c != chr(value)]
        case "ANY":
            return [c for c in _ASCII if c != "\n"]
        case "IN":
            inverse, *members = value if str(value[0][0]) == "NEGATE" else (None, *value)
            taken = {c for member in members for c in _of_set(str(member[0]), member[1])}
            return [c for c in _ASCII if (c in taken) == (inverse is None)]
        case _:
            raise AssertionError(f"`{op}` is in none of our patterns")


def _of_set(op: str, value: Any) -> list[str]:
    match op:
        case "LITERAL":
            return [chr(value)]
        case "RANGE":
            return [chr(c) for c in range(value[0], value[1] + 1)]
        case _:
            assert op == "CATEGORY", op
            kinds = {"CATEGORY_DIGIT": r"\d", "CATEGORY_WORD": r"\w", "CATEGORY_SPACE": r"\s"}
            return [c for c in _ASCII if re.match(kinds[str(value)], c, re.ASCII)]
