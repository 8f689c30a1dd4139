"""Patterns that a config gives for a parameter: of what every engine reads alike, matched in bounded time.

Python reads them into a tree, and we walk that: `re` itself may take forever over a pattern that somebody else wrote.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from importlib import import_module
from itertools import islice
from typing import Any, cast

from ecsiam.errors import ConfigError, Fault

LONGEST = 200  # characters of a pattern
_MOST = 256  # times that something is repeated: Go's limit is 1,000
_ODD = r"\[[\^\]]|\(\?|\\[A-Za-z0-9]|\[[^\]]*[\\\[&~|-]{2}|\[[^\]]*[\\\[]|\{(?![0-9]{1,3}(,[0-9]{0,3})?\})"
_LIKE = "Write it of characters, classes such as `[a-z0-9-]`, groups, `|`, and `?`, `*`, `+` or `{1,8}` after them."

Ends = Callable[[str, frozenset[int]], frozenset[int]]
Node = tuple[Any, Any]


class Pattern:
    """A pattern, taken apart. Raises ConfigError for one that not all engines read alike."""

    def __init__(self, pattern: str) -> None:
        if len(pattern) > LONGEST:
            raise ConfigError(Fault(f"the pattern has {len(pattern)} characters, at most {LONGEST} are taken"))
        if not pattern.isascii() or not pattern.isprintable():
            raise ConfigError(Fault(f"pattern `{ascii(pattern)[1:-1]}` is not of ASCII's characters", (), _LIKE))
        if found := re.search(_ODD, pattern):
            raise ConfigError(Fault(f"`{found[0]}` in a pattern is not read alike by all engines", (), _LIKE))
        try:
            # Not public by name, but what `re.compile` itself calls, in every Python that we support.
            self._tree = cast("Sequence[Node]", import_module("re._parser").parse(pattern))
        except (re.error, OverflowError, RecursionError) as e:
            raise ConfigError(Fault(f"`{pattern}` is no pattern: {e}", (), _LIKE)) from None
        self.characters = frozenset(c for node in self._tree for c in _characters(node))

    def matches(self, value: str) -> bool:
        """Whether all of a value is of the pattern."""
        return len(value) in _sequence(self._tree, value, frozenset((0,)))

    @property
    def sample(self) -> str:
        """A short value of the pattern."""
        return "".join(map(_sample, self._tree))


def _unsayable(what: object) -> ConfigError:
    name = str(what).lower()
    said = {"any": "`.`", "at": "`^` or `$`"}.get(name, name.replace("_", " "))
    return ConfigError(Fault(f"a pattern with {said} is not read alike by all engines", (), _LIKE))


def _class(items: Iterable[Node]) -> Iterator[str]:
    for kind, what in items:
        match str(kind):
            case "LITERAL":
                yield chr(what)
            case "RANGE":
                yield from map(chr, range(what[0], what[1] + 1))
            case _:
                raise _unsayable(kind)


def _characters(node: Node) -> Iterator[str]:
    """Every character that may stand in a value. Raises ConfigError for what is no part of our patterns."""
    kind, what = node
    match str(kind):
        case "LITERAL":
            yield chr(what)
        case "IN":
            yield from _class(what)
        case "BRANCH":
            yield from (c for branch in what[1] for inner in branch for c in _characters(inner))
        case "SUBPATTERN":
            yield from (c for inner in what[3] for c in _characters(inner))
        case "MAX_REPEAT":
            least, most, body = what
            if least > _MOST or _MOST < most < _unbounded():
                raise ConfigError(Fault(f"a pattern that repeats more than {_MOST} times", (), _LIKE))
            yield from (c for inner in body for c in _characters(inner))
        case _:
            raise _unsayable(kind)


def _unbounded() -> int:
    return int(import_module("re._parser").MAXREPEAT)


def _sequence(nodes: Iterable[Node], value: str, starts: frozenset[int]) -> frozenset[int]:
    return reduce(lambda ends, node: _ends(node, value, ends) if ends else ends, nodes, starts)


def _ends(node: Node, value: str, starts: frozenset[int]) -> frozenset[int]:
    """Where in a value a match of a part may end, that begins at one of `starts`."""
    kind, what = node
    match str(kind):
        case "BRANCH":
            return frozenset[int]().union(*(_sequence(branch, value, starts) for branch in what[1]))
        case "SUBPATTERN":
            return _sequence(what[3], value, starts)
        case "MAX_REPEAT":
            least, most, body = what
            for _ in range(least):
                starts = _sequence(body, value, starts)
            found = new = starts
            for _ in range(least, min(int(most), len(value) + least + 1)):
                new = _sequence(body, value, new) - found
                if not new:
                    break
                found |= new
            return found
        case _:
            one = set(_characters(node))
            return frozenset(i + 1 for i in starts if i < len(value) and value[i] in one)


def _sample(node: Node) -> str:
    kind, what = node
    match str(kind):
        case "BRANCH":
            return "".join(map(_sample, what[1][0]))
        case "SUBPATTERN":
            return "".join(map(_sample, what[3]))
        case "MAX_REPEAT":
            least, most, body = what
            return "".join(map(_sample, body)) * max(int(least), min(1, int(most)))
        case _:
            # A letter where there may be one: it fits most forms that the value is a part of.
            characters = sorted(_characters(node))
            return next(islice((c for c in characters if c.islower()), 1), characters[0])
