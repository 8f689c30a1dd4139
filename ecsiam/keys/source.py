"""A configuration file as it was written: mappings, lists and texts, and the line on which each of them stands.

Nothing is typed here: YAML would read an account number as octal and `no` as false, so a scalar stays its own text
until a field of the config says what it should be. What lets one place of a file change another (anchors, merge keys,
tags, duplicate keys) is refused: a grant is reviewed where it is written.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path as FilePath
from typing import BinaryIO, cast

from attrs import evolve, frozen

from ecsiam.errors import MOST_FAULTS, ConfigError, Fault, Faults, Path, refuse
from ecsiam.keys.events import RIGHT_FILE, Event, decoded, json_events, stop, yaml_events
from ecsiam.keys.foreign import foreign_text
from ecsiam.model.bounds import (
    DEEPEST,
    LARGEST,
    LARGEST_OF_ALL,
    LARGEST_OF_ONE,
    MOST_VALUES,
    VALUES_OF_ALL,
    VALUES_OF_ONE,
)

# What a file of several services and environments is made of. Only such a file may be larger than one config.
SECTIONS = ("defaults", "environments", "services")
SEVERAL = re.compile(
    rf"""\ufeff?(?:[ \t]*(?:\#[^\n]*|---[ \t]*)?\r?\n)*(?:\{{\s*)?["']?(?:{"|".join(SECTIONS)})["']?\s*:""", re.X
)


@frozen
class Source:
    """A file that was read: its content, and the line of each path in it (of the key, or of the item of a list)."""

    name: str
    data: dict[str, object]
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int | None:
        """The line of `path` or else of the nearest thing around it; None for the file as a whole."""
        around = (path[:length] for length in range(len(path), 0, -1))
        return next((self.lines[p] for p in around if p in self.lines), None)


def read_source(path: str | os.PathLike[str]) -> Source:
    """The file at `path`; `-` is standard input."""
    name, data = read_bytes(path, LARGEST + 1, _more)  # one more tells that it is too large, even of /dev/zero
    return parse_source(data, name)


def _more(head: bytes) -> int:
    return LARGEST_OF_ALL + 1 - len(head) if len(head) > LARGEST and _several(head) else 0


def _several(text: str | bytes) -> bool:
    """Whether a text is that of several configs, as far as its beginning tells."""
    return SEVERAL.match(_head(text)) is not None


def read_bytes(
    path: str | os.PathLike[str], most: int, more: Callable[[bytes], int] | None = None
) -> tuple[str, bytes]:
    """What messages call the file at `path` (`-` is standard input), and its first `most` bytes.

    By what stands in them `more` says how many further ones are wanted.
    """
    name = os.fspath(path)
    shown = "standard input" if name == "-" else name
    try:
        if name != "-":
            with FilePath(name).open("rb") as file:
                return shown, _read(file, most, more)
        if sys.stdin:
            return shown, _read(sys.stdin.buffer, most, more)
        raise ValueError("it is closed")  # Python has none when the shell closed it
    except (OSError, ValueError) as e:  # ValueError: a NUL in the name
        why = (isinstance(e, OSError) and e.strerror) or str(e)
        remedy = "Check its name and permissions, or pass `-` to read standard input"
        if isinstance(e, FileNotFoundError) and name.endswith((".yaml", ".yml")):
            remedy = "Check its name, or write one to start from with `ecsiam init`"
        raise ConfigError(Fault(f"cannot be read: {why.lower()}", remedy=remedy, file=shown)) from e


def _read(file: BinaryIO, most: int, more: Callable[[bytes], int] | None) -> bytes:
    head = file.read(most)
    further = more(head) if more else 0
    return head + file.read(further) if further else head


def parse_source(text: str | bytes, name: str) -> Source:
    """The content of a file called `name`: JSON by that name or by its first character `{`, else YAML."""
    if len(text) > LARGEST and (known := foreign_text(_head(text), name)):
        raise ConfigError(evolve(known, file=name))
    faults = Faults()
    builder = _Builder(faults)
    content = ""
    with faults.at():
        if len(text) > LARGEST and (len(text) > LARGEST_OF_ALL or not _several(text)):
            raise _too_large(LARGEST_OF_ALL if _several(text) else LARGEST)
        content = decoded(text)
        if name.lower().endswith(".json") or content.lstrip().startswith("{"):
            builder.read(json_events(content))
        else:
            paced = _Paced(content, lambda: builder.largest) if len(content) > LARGEST else None
            builder.read(yaml_events(content, paced))
        if len(content) > builder.largest:  # JSON is read whole in any case
            raise _too_large(builder.largest)
    # Of the tags and anchors of a template nothing is said.
    if faults and content and not content.lstrip().startswith("{") and (known := foreign_text(content, name)):
        raise ConfigError(evolve(known, file=name))
    refuse(ConfigError, (evolve(f, file=name) for f in faults))
    return Source(name, builder.data, builder.lines)


def _head(data: str | bytes) -> str:
    return data[:LARGEST] if isinstance(data, str) else data[:LARGEST].decode("utf-8", errors="replace")


def _too_large(most: int) -> ConfigError:
    return stop(f"larger than {most // 1024:,} KiB", RIGHT_FILE)


class _Paced:
    """A text as a stream, which ends with an error where more is read than is meant to be there so far."""

    def __init__(self, text: str, largest: Callable[[], int]) -> None:
        self.text = text
        self.largest = largest
        self.at = 0

    def read(self, size: int) -> str:
        """The next characters."""
        if self.at > self.largest():
            raise _too_large(self.largest())
        chunk = self.text[self.at : self.at + size]
        self.at += size
        return chunk


def _wrong(event: Event) -> Iterator[tuple[str, str]]:
    """What of YAML is not taken here, and what to do about it."""
    if event.alias:
        remedy = f'Write out what it stands for, or put a text in quotes: `"*{event.alias}"`'
        yield f"alias `*{event.alias}`", remedy
    elif event.anchor:
        yield f"anchor `&{event.anchor}`", "Remove it, and write the value wherever it is needed"
    if event.tag:
        yield f"tag `{event.tag}`", "Remove it: values are read as written"
    yield from event.wrong


class _Builder:
    """Makes a mapping of events, and gathers the faults and the lines as it goes."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.data: dict[str, object] = {}
        self.lines: dict[Path, int] = {}
        self.values = 0
        self.configs = 0  # services and environments so far

    @property
    def most(self) -> int:
        """How many keys and values there may be, for so many services and environments."""
        return min(MOST_VALUES + VALUES_OF_ONE * self.configs, VALUES_OF_ALL)

    @property
    def largest(self) -> int:
        """How many characters."""
        return min(LARGEST + LARGEST_OF_ONE * self.configs, LARGEST_OF_ALL)

    def read(self, events: Iterator[Event]) -> None:
        self.events = events
        first = next(events, Event("", 1))
        data = self.value(first, (), 1)
        if first.bracket == "{":
            self.data = cast("dict[str, object]", data)
        else:
            what = "empty" if first.null else "a list" if first.bracket else "a single value"
            self.fault(first, (), f"the file is {what}", "Write a mapping, with a `key: value` on each line")
        if event := next(events, None):  # asking also finds a syntax error in what follows
            self.fault(event, (), "a second document starts here", "Write one document in a file")

    def fault(self, event: Event, path: Path, message: str, remedy: str) -> None:
        self.faults.append(Fault(message, path, remedy, line=event.line))
        if len(self.faults) == MOST_FAULTS:
            raise stop("too many faults to go on", "Correct the ones above first", event.line)

    def value(self, event: Event, path: Path, depth: int) -> object:
        """The value that starts with `event`, read to its end."""
        self.values += 1
        if self.values > MOST_VALUES and self.values > self.most:
            raise stop(f"more than {self.most:,} keys and values", RIGHT_FILE, event.line, path)
        if event.bracket and depth > DEEPEST:
            raise stop(f"nested more than {DEEPEST} deep", "Check brackets and indentation", event.line, path)
        for wrong in _wrong(event):
            self.fault(event, path, *wrong)
        if event.bracket == "{":
            return self.mapping(path, depth + 1)
        if event.bracket == "[":
            return self.items(path, depth + 1)
        return None if event.null else event.value

    def items(self, path: Path, depth: int) -> list[object]:
        found: list[object] = []
        while (event := next(self.events)).bracket != "]":
            here = (*path, len(found))
            self.lines[here] = event.line
            found.append(self.value(event, here, depth))
        return found

    def mapping(self, path: Path, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        section = _is_section(path)
        while (key := next(self.events)).bracket != "}":
            name = str(key.value)
            is_text = bool(name) or not key.value.plain  # "" may be written, but not left out
            here = (*path, name) if is_text else path
            self.value(key, here, depth)  # for what may be wrong with it
            if not is_text:
                self.fault(key, here, "a key is not a text", "Write a text before each `:`")
            elif name in found:
                self.fault(key, here, f"duplicate key, first on line {self.lines[here]}", "Keep one of them")
            else:
                self.lines[here] = key.line
                self.configs += section
            if name == "<<" and key.value.plain:
                self.fault(key, here, "merge key", "Write out the keys it stands for")
            value = self.value(next(self.events), here, depth)
            if is_text:
                found.setdefault(name, value)
        return found


def _is_section(path: Path) -> bool:
    """Whether the keys of a mapping are services or environments."""
    return (len(path) == 1 and path[0] in SECTIONS[1:]) or (
        len(path) == 3 and path[0] == "services" and path[2] == "environments"
    )
