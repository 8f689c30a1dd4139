"""JSON with the line of every object and key."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from ecsiam.model.text import Ref, Text
from ecsiam.readers.found import Value
from ecsiam.readers.values import Failed, Map, lowered, number_in

DEEPEST = 60

BLANK = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_HOLE = re.compile("\ue000\\d+\ue001")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}
_WORD = re.compile("true|false|null")
_OPEN, _CLOSE = "\ue000", "\ue001"  # private characters around the number of a reference in a JSON text
_scan: Callable[..., tuple[str, int]] = json.decoder.scanstring  # type: ignore[attr-defined]


def decode(text: str | Text, file: str, line: int) -> Value:
    """The value that a JSON text means, with the references that stand in it. Raises Failed for what is none.

    A reference outside of quotes is a value of its own.
    """
    refs: list[Ref] = []
    source = ""
    for part in (text,) if isinstance(text, str) else text.parts:
        if isinstance(part, Ref):
            source += f"{_OPEN}{len(refs)}{_CLOSE}"
            refs.append(part)
        elif _OPEN in part or _CLOSE in part:
            raise Failed("it holds a character of Unicode's private area")
        else:
            source += part

    def restored(found: str) -> str | Text:
        if _OPEN not in found:
            return found
        parts: list[str | Ref] = []
        for i, piece in enumerate(found.split(_OPEN)):
            at, close, rest = piece.partition(_CLOSE)
            parts += [refs[int(at)], rest] if i and close else [piece]
        return lowered(Text(tuple(parts)))

    return parse_json(source, restored, file, line)


def parse_json(source: str, restored: Callable[[str], Value], file: str, line: int) -> Value:
    """The value of a JSON text that begins at a line of a file. Each text goes through `restored`.

    Raises Failed for what is no JSON. The same key twice in an object is refused.
    """
    return _Reader(source, restored, file, line).whole()


def parse_several(source: str, restored: Callable[[str], Value], file: str, line: int) -> Iterator[Value]:
    """The values of JSON texts that stand one after the other, as `parse_json` reads each."""
    reader = _Reader(source, restored, file, line)
    reader.skip()
    while reader.at < len(source):
        yield reader.value()
        reader.skip()


class NotJson(Failed):
    """A text that is no JSON: `what` is wrong, in which line."""

    def __init__(self, what: str, line: int) -> None:
        super().__init__(f"not JSON, in line {line}: {what}")
        self.what, self.line = what, line


class _Reader:
    def __init__(self, source: str, restored: Callable[[str], Value], file: str, line: int) -> None:
        self.source, self.restored, self.file = source, restored, file
        self.at, self.deep = 0, 0
        self.counted, self.line = 0, line

    def here(self) -> int:
        self.line += self.source.count("\n", self.counted, self.at)
        self.counted = self.at
        return self.line

    def skip(self) -> None:
        found = BLANK.match(self.source, self.at)
        self.at = found.end() if found else self.at

    def fault(self, what: str) -> NotJson:
        return NotJson(what, self.here())

    def whole(self) -> Value:
        found = self.value()
        self.skip()
        if self.at < len(self.source):
            raise self.fault("more after the end")
        return found

    def value(self) -> Value:
        self.skip()
        first = self.source[self.at : self.at + 1]
        if first == '"':
            return self.restored(self.text())
        if first in ("{", "["):
            self.deep += 1
            if self.deep > DEEPEST:
                raise self.fault(f"nested more than {DEEPEST} deep")
            self.at += 1
            found = self.object() if first == "{" else self.list()
            self.deep -= 1
            return found
        for pattern in (_HOLE, _NUMBER, _WORD):
            if match := pattern.match(self.source, self.at):
                self.at = match.end()
                if pattern is _HOLE:
                    return self.restored(match[0])
                if pattern is _WORD:
                    return _WORDS[match[0]]
                try:
                    return number_in(match[0])
                except Failed as e:
                    raise self.fault(str(e)) from None
        raise self.fault("expected a value")

    def text(self) -> str:
        if self.source[self.at : self.at + 1] != '"':
            raise self.fault("expected a text")
        try:
            found, self.at = _scan(self.source, self.at + 1, True)
        except ValueError:
            raise self.fault("a text without an end, or with a character that has to be escaped") from None
        return found

    def object(self) -> Map:
        made = Map((), self.file, self.here())
        self.skip()
        if self.take("}"):
            return made
        while True:
            self.skip()
            line = self.here()
            key = self.restored(self.text())
            if key in made:
                raise self.fault(f"the key `{key}` stands twice in one object")
            self.skip()
            if not self.take(":"):
                raise self.fault("expected `:`")
            made[key] = self.value()
            made.lines[key] = line
            self.skip()
            if self.take("}"):
                return made
            if not self.take(","):
                raise self.fault("expected `,` or `}`")

    def list(self) -> list[Value]:
        made: list[Value] = []
        self.skip()
        if self.take("]"):
            return made
        while True:
            made.append(self.value())
            self.skip()
            if self.take("]"):
                return made
            if not self.take(","):
                raise self.fault("expected `,` or `]`")

    def take(self, mark: str) -> bool:
        if self.source.startswith(mark, self.at):
            self.at += 1
            return True
        return False
