"""Patterns: strings with wildcards, as sequences of tokens.

A token is one character of a set, a run of characters of a set, or a hole (a text that is not known). What may be asked
of them is in `strings.py`. Characters are Unicode code points.
"""

from collections.abc import Hashable, Iterable
from functools import lru_cache
from itertools import groupby, takewhile
from typing import Literal
from weakref import WeakValueDictionary

from attrs import Factory, field, frozen

from ecsiam.model.globs import Glob, Piece, as_glob, fits


class Unclear(Exception):
    """A question that is left undecided, and why. `unless` is what it takes for nothing to be found."""

    def __init__(self, reason: str, unless: str = "") -> None:
        super().__init__(reason)
        self.unless = unless


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


def _only(one: "One") -> str:
    return next(iter(one.of.chars)) if len(one.of.chars) == 1 and not one.of.inverse else ""


def _folded(one: "One") -> str:
    low = set[str]() if one.of.inverse else {c.lower() for c in one.of.chars}
    return low.pop() if len(low) == 1 else ""


@frozen(cache_hash=True)
class One:
    """One character of a set. `text` is it where the set has one only, `fold` that or its lower case; else empty."""

    of: Chars
    text: str = field(init=False, eq=False, repr=False, default=Factory(_only, takes_self=True))
    fold: str = field(init=False, eq=False, repr=False, default=Factory(_folded, takes_self=True))


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

    __slots__ = (
        "__weakref__",
        "_glob",
        "_places",
        "_runs",
        "_steps",
        "fold",
        "folded",
        "head",
        "holes",
        "literal",
        "need",
        "prefix",
        "shortest",
        "tail",
        "tokens",
        "wild",
    )

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self.tokens = tokens
        letters = [t.text if isinstance(t, One) else "" for t in tokens]
        head = list(takewhile(bool, letters))
        self.head = "".join(head)  # what every string of it begins with
        self.literal = self.head if len(head) == len(tokens) else None  # the only string of it
        self.prefix = len(head) == len(tokens) - 1 and tokens[-1] == Run(ANY)  # it is `head*`
        folded = list(takewhile(bool, (t.fold if isinstance(t, One) else "" for t in tokens)))
        # What all strings of it begin with in lower case, letter by letter; and whether that is all of them.
        self.fold, self.folded = "".join(folded), len(folded) == len(tokens)
        self.holes = tuple(t for t in tokens if isinstance(t, Hole | Other))
        texts = "".join(letter or "\0" for letter in letters).split("\0")
        self.tail = texts[-1]  # what every string of it ends with
        self.need = max(texts, key=len)  # the longest text that every string of it holds
        # Its shortest string; a hole counts for nothing in it.
        self.shortest = self.head if self.literal else "".join(_readable(t.of) for t in tokens if isinstance(t, One))
        self.wild = tuple((i, t) for i, t in enumerate(tokens) if not letters[i])  # all but single characters
        self._runs = sum(1 << i for i, t in self.wild if isinstance(t, Run))
        self._steps: dict[str, tuple[int, int]] = {}
        self._places: dict[str, int] | None = None  # of each character, where a token is that one alone
        self._glob: Glob | Literal["unread"] | None = "unread"

    def __repr__(self) -> str:
        return f"<{show(self)}>"

    def matches(self, string: str) -> bool:
        """Whether a string is of this pattern, which has no holes."""
        if self.literal is not None:
            return string == self.literal
        if not string.startswith(self.head) or not string.endswith(self.tail) or self.need not in string:
            return False
        if self.prefix:
            return True
        if self._glob == "unread":
            self._glob = _as_glob(self.tokens)
        if self._glob is not None:
            return fits(self._glob, string)
        at, end = self._closed(1 << len(self.head)), 1 << len(self.tokens)
        for char in string[len(self.head) :]:
            on, stay = self.step(char)
            at = self._closed((at & on) << 1 | at & stay)
            if not at:
                return False
        return bool(at & end)

    def step(self, char: str) -> tuple[int, int]:
        """The places, as bits, from which a character leads on to the next one, and those where it stays."""
        step = self._steps.get(char)
        if step is None:
            if self._places is None:
                self._places = _places(self.tokens)
            on, stay = self._places.get(char, 0), 0
            for i, token in self.wild:
                if isinstance(token, Run):
                    stay |= (1 << i) if char in token.of else 0
                elif isinstance(token, One):
                    on |= (1 << i) if char in token.of else 0
            step = self._steps[char] = (on, stay)
        return step

    def filled(self, text: str) -> str:
        """A likely string of it: with a text in the place of each run that may hold it."""
        return _filled(self, text)

    def with_runs(self, text: str) -> str:
        """`filled`, made anew."""
        return "".join(
            _readable(t.of)
            if isinstance(t, One)
            else text
            if isinstance(t, Run) and all(c in t.of for c in text)
            else ""
            for t in self.tokens
        )

    def covers(self, narrow: "Pattern") -> bool:
        """Whether it surely takes every string of another: it reads that one's tokens as it would read a string.

        A hole is covered by the same hole, and by a run of all that may stand there. False may also mean that it takes
        more than one way to read it.
        """
        if self is narrow or (self.prefix and narrow.head.startswith(self.head)):
            return True
        if narrow.literal is not None and not self.holes:
            return self.matches(narrow.literal)
        if not (self.head.startswith(narrow.head) or narrow.head.startswith(self.head)):
            return False
        return _covers(self, narrow)

    def reads(self, narrow: "Pattern") -> bool:
        """`covers`, token by token."""
        at, masks = self._closed(1), dict[Token, tuple[int, int]]()
        for token in narrow.tokens:
            if isinstance(token, One) and token.text:
                on, stay = self.step(token.text)
            else:
                if token not in masks:
                    masks[token] = self._reads(token)
                on, stay = masks[token]
            at = self._closed((at & on) << 1 | at & stay)
            if not at:
                return False
        return bool(at >> len(self.tokens) & 1)

    def _reads(self, token: Token) -> tuple[int, int]:
        """`step` for all that a token may stand for."""
        on, stay = 0, 0
        of = token.hole.of if isinstance(token, Other) else token.of
        for i, own in self.wild:
            match own:
                case Run():
                    stay |= (1 << i) if own.of.covers(of) else 0
                case One():
                    on |= (1 << i) if isinstance(token, One) and own.of.covers(of) else 0
                case Hole():
                    on |= (1 << i) if isinstance(token, Hole) and own.takes(token) else 0
                case Other():
                    pass
        return on, stay

    def _closed(self, at: int) -> int:
        while (wider := at | (at & self._runs) << 1) != at:
            at = wider
        return at


def _places(tokens: tuple[Token, ...]) -> dict[str, int]:
    places: dict[str, list[int]] = {}
    for i, token in enumerate(tokens):
        if isinstance(token, One) and token.text:
            places.setdefault(token.text, []).append(i)
    return {char: _bits(at, len(tokens)) for char, at in places.items()}


def _bits(at: list[int], length: int) -> int:
    row = bytearray(length // 8 + 1)
    for i in at:
        row[i >> 3] |= 1 << (i & 7)
    return int.from_bytes(row, "little")


def _as_glob(tokens: tuple[Token, ...]) -> Glob | None:
    """The same as a glob, which is faster; None where its wildcards don't stand for any character."""
    pieces: list[Piece] = []
    for token in tokens:
        match token:
            case Run(of) if of == ANY:
                pieces.append(("*", True))
            case One(of) if of == ANY:
                pieces.append(("?", True))
            case One() if token.text:
                pieces.append((token.text, False))
            case _:
                return None
    return as_glob(_joined(pieces))


def _joined(pieces: list[Piece]) -> tuple[Piece, ...]:
    groups = groupby(pieces, key=lambda piece: piece[1])
    return tuple(("".join(text for text, _ in group), live) for live, group in groups)


@lru_cache(maxsize=1 << 14)
def _filled(of: Pattern, text: str) -> str:
    return of.with_runs(text)


@lru_cache(maxsize=1 << 16)
def _covers(wide: Pattern, narrow: Pattern) -> bool:
    return wide.reads(narrow)


# What the cache below has dropped is found here while somebody holds it: equal patterns stay one in a long process.
_LIVING: WeakValueDictionary[tuple[Token, ...], Pattern] = WeakValueDictionary()


@lru_cache(maxsize=1 << 16)
def _interned(tokens: tuple[Token, ...]) -> Pattern:
    return _LIVING.get(tokens) or _LIVING.setdefault(tokens, Pattern(tokens))


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


@lru_cache(maxsize=1 << 14)
def ordered(clause: Clause) -> tuple[Pattern, ...]:
    """The patterns of a clause in an order that hangs on them alone: of several right strings the same one is found."""
    return tuple(sorted(clause, key=rank))


def rank(p: Pattern) -> tuple[str, int, str, str]:
    """Where a pattern stands among others."""
    return p.head, len(p.tokens), p.tail, show(p)
