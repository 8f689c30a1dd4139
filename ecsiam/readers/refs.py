"""The refs that a workflow is never started for: what its filters keep out, and what a condition rules out.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#filter-pattern-cheat-sheet
"""

import re
from functools import lru_cache

from attrs import evolve, frozen

# No ref has one of these in its name: https://git-scm.com/docs/git-check-ref-format
_NEVER = re.compile(r"[*?\[\\~^: ]|\.\.")


@frozen
class Filter:
    """The patterns for refs of one kind (`refs/heads/`): those that are let through, or (`ignored`) kept out."""

    kind: str
    patterns: tuple[str, ...]
    ignored: bool = False

    def passes(self, ref: str) -> bool:
        """Whether it lets a ref through: what stands last counts."""
        if not ref.startswith(self.kind):
            return False
        name, found = ref.removeprefix(self.kind), False
        for pattern in self.patterns:
            if _pattern(pattern.removeprefix("!")).fullmatch(name):
                found = not pattern.startswith("!")
        return found != self.ignored


@frozen
class Refs:
    """Those that are left of all refs."""

    filters: tuple[Filter, ...] = ()
    without: frozenset[str] = frozenset()

    def but(self, *refs: str) -> "Refs":
        """The same without some more."""
        return evolve(self, without=self.without | frozenset(refs))

    def never(self, ref: str) -> bool:
        """Whether it is never this one."""
        if ref in self.without or _NEVER.search(ref):
            return True
        return bool(self.filters) and not any(one.passes(ref) for one in self.filters)


@lru_cache(maxsize=512)
def _pattern(pattern: str) -> re.Pattern[str]:
    """A filter's pattern; of one that isn't understood, anything."""
    parts = re.findall(r"\\.|\*\*|\[[^\]]*\]|.", pattern)
    signs = {"**": ".*", "*": "[^/]*", "?": "?", "+": "+"}
    found = "".join(signs.get(part) or (part if len(part) > 2 else re.escape(part[-1])) for part in parts)
    try:
        return re.compile(found)
    except re.error:
        return re.compile(".*")


ALL_REFS = Refs()
