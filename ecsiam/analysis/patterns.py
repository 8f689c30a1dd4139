"""Patterns: strings with wildcards, as sequences of tokens.

A token is one character of a set, a run of characters of a set, or a hole (a text that is not known). What may be asked
of them is in `strings.py`. Characters are Unicode code points.
"""

from collections.abc import Hashable, Iterable
from functools import lru_cache

from attrs import field, frozen


class Unclear(Exception):
    """A question that is left undecided, and why."""


def _set(chars: Iterable[str]) -> frozenset[str]:
    return frozenset(chars)


@frozen(cache_hash=True)
class Chars:
    """A set of characters: these, or with `inverse` all but these."""

    chars: frozenset[str] = field(converter=_set)
    inverse: bool = False

    def __contains__(self, char: str) -> bool:
        return (char in self.chars) != self.inverse

    def covers(self, other: "Chars") -> bool:
        match self.inverse, other.inverse:
            case True, True:
                return self.chars <= other.chars
            case True, False:
                return not self.chars & other.chars
            case False, False:
                return self.chars >= other.chars
            case _:
                return False  # a finite set never covers nearly all of Unicode

    def meets(self, other: "Chars") -> bool:
        match self.inverse, other.inverse:
            case True, True:
                return True
            case True, False:
                return not other.chars <= self.chars
            case False, True:
                return not self.chars <= other.chars
            case _:
                return bool(self.chars & other.chars)


ANY = Chars("", inverse=True)
NOT_COLON = Chars(":", inverse=True)


@frozen(cache_hash=True)
class One:
    """One character of a set."""

    of: Chars


@frozen(cache_hash=True)
class Run:
    """Any number of characters of a set, none included."""

    of: Chars


@frozen(cache_hash=True)
class Hole:
    """A text that is not known: the value of `name`, made of characters of `of`.

    The same hole stands for the same text everywhere. `exact` says that the text means itself: what may hold wildcards
    is no single string. `empty` says that it may be empty, `any_case` that its letters may be of either case.
    """

    name: Hashable
    of: Chars = ANY
    exact: bool = True
    empty: bool = False
    any_case: bool = False

    def takes(self, other: "Hole") -> bool:
        """Whether every text of another hole is one of this."""
        return self == other or (self.any_case and self.name == other.name)


@frozen(cache_hash=True)
class Other:
    """A text that differs from that of a hole: what somebody else has there. Characters as for the hole."""

    hole: Hole


Token = One | Run | Hole | Other
Letter = str | Hole
Word = tuple[Letter, ...]


READABLE = "x1aA0bcdefghijklmnopqrstuvwyz23456789BCDEFGHIJKLMNOPQRSTUVWXYZ_-./ "


def _readable(of: Chars) -> str:
    """A character of a set, one that reads well if there is one."""
    if len(of.chars) == 1 and not of.inverse:
        return next(iter(of.chars))
    return next((c for c in READABLE if c in of), None) or next(chr(c) for c in range(0x110000) if chr(c) in of)


class Pattern:
    """A sequence of tokens. Equal sequences are the same object, so comparing and hashing cost nothing."""

    __slots__ = ("_runs", "_steps", "head", "holes", "literal", "prefix", "shortest", "tokens")

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self.tokens = tokens
        head: list[str] = []
        for token in tokens:
            if not isinstance(token, One) or token.of.inverse or len(token.of.chars) != 1:
                break
            head += token.of.chars
        self.head = "".join(head)  # what every string of it begins with
        self.literal = self.head if len(head) == len(tokens) else None  # the only string of it
        self.prefix = len(head) == len(tokens) - 1 and tokens[-1] == Run(ANY)  # it is `head*`
        self.holes = tuple(t for t in tokens if isinstance(t, Hole | Other))
        # Its shortest string; a hole counts for nothing in it.
        self.shortest = "".join(_readable(t.of) for t in tokens if isinstance(t, One))
        self._runs = sum(1 << i for i, t in enumerate(tokens) if isinstance(t, Run))
        self._steps: dict[str, tuple[int, int]] = {}

    def __repr__(self) -> str:
        return f"<{show(self)}>"

    def matches(self, string: str) -> bool:
        """Whether a string is of this pattern, which has no holes."""
        if self.literal is not None:
            return string == self.literal
        if not string.startswith(self.head):
            return False
        if self.prefix:
            return True
        tokens = self.tokens
        at, end = self._closed(1 << len(self.head)), 1 << len(tokens)
        for char in string[len(self.head) :]:
            step = self._steps.get(char)
            if step is None:
                step = self._steps[char] = (
                    sum(1 << i for i, t in enumerate(tokens) if isinstance(t, One) and char in t.of),
                    sum(1 << i for i, t in enumerate(tokens) if isinstance(t, Run) and char in t.of),
                )
            at = self._closed((at & step[0]) << 1 | at & step[1])
            if not at:
                return False
        return bool(at & end)

    def _closed(self, at: int) -> int:
        while (wider := at | (at & self._runs) << 1) != at:
            at = wider
        return at


@lru_cache(maxsize=1 << 16)
def _interned(tokens: tuple[Token, ...]) -> Pattern:
    return Pattern(tokens)


def pattern(tokens: Iterable[Token]) -> Pattern:
    """The pattern of these tokens. Runs beside each other become one, and what they touch comes before them."""
    out: list[Token] = []
    for token in tokens:
        last = out[-1] if out else None
        if isinstance(last, Run) and isinstance(token, Run) and last.of == token.of:
            continue
        if isinstance(last, Run) and isinstance(token, One) and last.of == token.of:
            out.insert(-1, token)  # `*?` is `?*`
            continue
        out.append(token)
    return _interned(tuple(out))


@lru_cache(maxsize=1 << 12)
def char(of: str) -> One:
    """The token of one character."""
    return One(Chars(of))


@lru_cache(maxsize=1 << 16)
def literal(string: str) -> Pattern:
    """The pattern of one string."""
    return pattern(map(char, string))


@lru_cache(maxsize=1 << 16)
def wildcard(string: str, star: Chars = ANY) -> Pattern:
    """The pattern of a text whose `*` and `?` stand for characters of `star`."""
    return pattern(Run(star) if c == "*" else One(star) if c == "?" else char(c) for c in string)


EVERYTHING = pattern((Run(ANY),))


def show(shown: "Pattern | Word") -> str:
    """A pattern or a word as a person would write it; a hole is `{name}`."""
    out: list[str] = []
    for token in shown.tokens if isinstance(shown, Pattern) else shown:
        match token:
            case str():
                out.append(token)
            case Run():
                out.append("*")
            case One(of):
                out.append("?" if of.inverse else min(of.chars))
            case Hole(name):
                out.append(f"{{{name}}}")
            case Other(hole):
                out.append(f"{{not {hole.name}}}")
    return "".join(out)


Clause = frozenset[Pattern]  # a string of any of these
