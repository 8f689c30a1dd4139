"""Where a reader of HCL is in its text, and what it takes from there."""

import re
from bisect import bisect_right
from itertools import accumulate

from ecsiam.errors import Fault, ReadError, show

DEEPEST = 60  # levels of brackets, blocks and templates; each takes some frames of Python's
LARGEST = 1024 * 1024  # characters of a file


_BLANKS = frozenset(" \t\r\n\ufeff#/")
_BLANK = re.compile(r"(?:[ \t\r\ufeff]+|\#[^\n]*|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_BLANK_LINES = re.compile(r"(?:[ \t\r\n\ufeff]+|\#[^\n]*|//[^\n]*|/\*.*?\*/)*", re.DOTALL)


class Scanner:
    """A text, a place in it, and whether newlines are blanks there: in brackets they are, in a body they end."""

    def __init__(self, source: str, file: str, line: int) -> None:
        self.source, self.file, self.first = source, file, line
        self.at: int = 0
        self.deep: int = 0
        self.lines = False
        self.starts = list(accumulate(len(line) + 1 for line in source.split("\n")))
        if len(source) > LARGEST:
            raise self.fault(f"larger than {LARGEST // 1024} KiB")

    def line(self) -> int:
        return self.first + bisect_right(self.starts, self.at)

    def fault(self, message: str) -> ReadError:
        return ReadError(Fault(message, (), "`terraform validate` shows the place", self.file, self.line()))

    def expected(self, what: str) -> ReadError:
        near = self.source[self.at : self.at + 20].split("\n")[0]
        return self.fault(f"not HCL: expected {what}, not " + (f"`{show(near)}`" if near else "the end of the line"))

    def skip(self) -> None:
        if self.source[self.at : self.at + 1] not in _BLANKS:
            return
        found = (_BLANK_LINES if self.lines else _BLANK).match(self.source, self.at)
        self.at = found.end() if found else self.at

    def skip_lines(self) -> None:
        found = _BLANK_LINES.match(self.source, self.at)
        self.at = found.end() if found else self.at

    def take(self, text: str) -> bool:
        if self.source.startswith(text, self.at):
            self.at += len(text)
            return True
        return False

    def need(self, text: str) -> None:
        if not self.take(text):
            raise self.expected(f"`{text}`")

    def match(self, pattern: re.Pattern[str]) -> str | None:
        found = pattern.match(self.source, self.at)
        if found is None:
            return None
        self.at = found.end()
        return found[0]

    def enter(self) -> None:
        self.deep += 1
        if self.deep > DEEPEST:
            raise self.fault(f"nested more than {DEEPEST} deep")
