"""Regular expressions of Terraform, which never take long, in Python's, which may: only those that can't are taken."""

import re
from functools import lru_cache

from ecsiam.readers.values import Beyond

LONGEST_PATTERN = 300
_MOST_STEPS = 10_000_000
_AGAIN = re.compile(r"(?<!\\)[*+]|(?<!\\)\{\d*,\d*\}")
_GROUP_AGAIN = re.compile(r"(?<!\\)\)(?:[*+]|\{)")
_IN_CLASS = re.compile(r"(?<!\\)\[\^?\]?(?:\\.|[^\]\\])*\]")


def matcher(pattern: str, text: str) -> re.Pattern[str]:
    """A pattern that is sure to be done with a text soon. Raises Beyond for any other, and for what is none.

    A repeated group may take exponential time, and k repetitions beside each other the k-th power of the length.
    """
    bare = _IN_CLASS.sub("a", pattern)
    times = len(_AGAIN.findall(bare))
    if (
        len(pattern) > LONGEST_PATTERN
        or _GROUP_AGAIN.search(bare)
        or (len(text) + 1) ** (times + 1) > _MOST_STEPS * 100
    ):
        raise Beyond("a regular expression that could take long")
    return _compiled(pattern)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern.replace(r"\z", r"\Z"))
    except (re.error, OverflowError, RecursionError):
        raise Beyond("a regular expression that isn't understood") from None
