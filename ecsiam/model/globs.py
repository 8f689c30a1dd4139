"""Patterns with `*` and `?`, as IAM has them: whether a text fits, and whether two patterns may mean one text."""

from functools import lru_cache

Piece = tuple[str, bool]  # a text, and whether `*` and `?` in it are wildcards
Pieces = tuple[Piece, ...]
_Run = tuple[int, tuple[tuple[int, str], ...]]  # how long, and which text stands where; elsewhere is any character
Glob = tuple[_Run, ...]  # what stands between the stars


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern means a text."""
    return glob(((pattern, True),), text)


def glob(pieces: Pieces, value: str) -> bool:
    """Whether a text with wildcards matches a whole value. A character is a code point, a newline is one of them."""
    return fits(as_glob(pieces), value)


@lru_cache(maxsize=1 << 14)
def as_glob(pieces: Pieces) -> Glob:
    """A text with wildcards, read once."""
    runs: list[_Run] = []
    texts: list[tuple[int, str]] = []
    length = 0
    for text, live in pieces:
        for at_star, between in enumerate(text.split("*") if live else (text,)):
            if at_star:
                runs.append((length, tuple(texts)))
                texts, length = [], 0
            for at_mark, plain in enumerate(between.split("?") if live else (between,)):
                length += 1 if at_mark else 0
                if plain:
                    texts.append((length, plain))
                    length += len(plain)
    return (*runs, (length, tuple(texts)))


def fits(pattern: Glob, value: str) -> bool:
    """Whether a glob matches a whole value: each run as early as it can stand, the last one at the end.

    The earliest place leaves the most for the runs after it, so nothing is ever tried twice.
    """
    first, last = pattern[0], pattern[-1]
    end = len(value) - last[0]
    if len(pattern) == 1:
        return end == 0 and _stands(first, value, 0)
    if end < first[0] or not _stands(first, value, 0) or not _stands(last, value, end):
        return False
    at = first[0]
    for run in pattern[1:-1]:
        found = _find(run, value, at, end)
        if found < 0:
            return False
        at = found + run[0]
    return True


def _stands(run: _Run, value: str, at: int) -> bool:
    """Whether a run stands at a place that has room for it."""
    return all(value.startswith(text, at + offset) for offset, text in run[1])


def _find(run: _Run, value: str, start: int, end: int) -> int:
    length, texts = run
    if not texts:
        return start if start + length <= end else -1
    offset, text = texts[0]
    while True:
        at = value.find(text, start + offset, end) - offset
        if at < start or at + length > end:
            return -1
        if len(texts) == 1 or _stands(run, value, at):
            return at
        start = at + 1


def overlap(one: str, other: str, *, fields: int = 0) -> bool:
    """Whether some text is of both patterns.

    The stars of `one` in its first `fields` take no colon: in an ARN these are what stands before the resource.
    """
    # Where in `one` a text may be after what was read of `other`; behind a star of it also at the star.
    within = len(":".join(one.split(":")[:fields]))
    reached = _behind_stars(one, {0})
    for letter in other:
        if letter == "*":
            reached = set(range(min(reached), len(one) + 1))
        else:
            reached = _behind_stars(one, set(_step(one, reached, letter, within)))
        if not reached:
            return False
    return len(one) in reached


def _step(pattern: str, at: set[int], letter: str, within: int) -> list[int]:
    found: list[int] = []
    for i in at:
        if i < len(pattern) and pattern[i] == "*":
            found += [i] if letter != ":" or i >= within else []
        elif i < len(pattern) and (letter == "?" or pattern[i] in ("?", letter)):
            found.append(i + 1)
    return found


def _behind_stars(pattern: str, at: set[int]) -> set[int]:
    found = set(at)
    for start in at:
        end = start
        while end < len(pattern) and pattern[end] == "*":
            end += 1
            found.add(end)
    return found
