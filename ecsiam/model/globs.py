"""Patterns with `*` and `?`, as IAM has them: plain matching, and whether two may mean one text."""


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern means a text. Each star takes as little as it can, so the time is that of both lengths."""
    first, *rest = pattern.split("*")
    if not rest:
        return _same(first, text)
    last = rest.pop()
    if len(text) < len(first) + len(last) or not _same(first, text[: len(first)]):
        return False
    end = len(text) - len(last)
    if not _same(last, text[end:]):
        return False
    at = len(first)
    for part in rest:
        found = next((i for i in range(at, end - len(part) + 1) if _same(part, text[i : i + len(part)])), None)
        if found is None:
            return False
        at = found + len(part)
    return True


def _same(part: str, text: str) -> bool:
    if "?" not in part:
        return part == text
    return len(part) == len(text) and all(p in ("?", t) for p, t in zip(part, text, strict=True))


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
