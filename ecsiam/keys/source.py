"""A configuration file as it was written: mappings, lists and texts, and the line on which each of them stands.

Nothing is typed here: YAML would read an account number as octal and `no` as false, so a scalar stays its own text
until a field of the config says what it should be. What lets one place of a file change another (anchors, merge keys,
tags, duplicate keys) is refused: a grant is reviewed where it is written.
"""

import codecs
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path as FilePath
from typing import Any, NamedTuple, cast

from attrs import evolve, frozen

from ecsiam.errors import MOST_FAULTS, ConfigError, Fault, Faults, Path, refuse
from ecsiam.keys.foreign import foreign_text
from ecsiam.model.bounds import DEEPEST, LARGEST, MOST_VALUES

NULLS = ("", "~", "null", "Null", "NULL")

# Control characters, line separators, the marks that reorder a line and the byte order mark: a review would miss them,
# and ruamel takes some of them for the end of a line, as YAML 1.1 did.
INVISIBLE = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")
SURROGATE = re.compile("[\ud800-\udfff]")
JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}]|[^][{}",:\s]+')  # of a text that is known to be JSON
QUOTED = re.compile(r"\('([^`']+)',\)|'([^`']+)'")  # the first is what a slip in ruamel makes of the second
BRACKETS = {"MappingStartEvent": "{", "MappingEndEvent": "}", "SequenceStartEvent": "[", "SequenceEndEvent": "]"}

# What to do about a syntax error, by ruamel's words for it; the last one fits the rest.
REMEDIES = (
    (r"\t", "Use spaces, not tabs"),
    ("alias", 'Put a text that starts with `*` in quotes: `"*"`'),
    ("mapping values", "Put a text with `: ` in it in quotes, or correct the indentation"),
    ("cannot start", "Put a text that starts with this character in quotes"),
    ("end of stream", "Close the quotes"),
    ("", "Correct the indentation, quotes and brackets here and above"),
)
RIGHT_FILE = "Check that this is the file you mean"


class Scalar(str):
    """A scalar of the file as its source text; `plain` says that it was written without quotes."""

    __slots__ = ("plain",)
    plain: bool

    def __new__(cls, text: str, plain: bool = False) -> "Scalar":
        """`text` as it was written."""
        self = super().__new__(cls, text)
        self.plain = plain
        return self


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
    name, data = read_bytes(path, LARGEST + 1)  # one more tells that it is too large, even of /dev/zero
    return parse_source(data, name)


def read_bytes(path: str | os.PathLike[str], most: int) -> tuple[str, bytes]:
    """What messages call the file at `path` (`-` is standard input), and its first `most` bytes."""
    name = os.fspath(path)
    shown = "standard input" if name == "-" else name
    try:
        if name != "-":
            with FilePath(name).open("rb") as file:
                return shown, file.read(most)
        if sys.stdin:
            return shown, sys.stdin.buffer.read(most)
        raise ValueError("it is closed")  # Python has none when the shell closed it
    except (OSError, ValueError) as e:  # ValueError: a NUL in the name
        why = (isinstance(e, OSError) and e.strerror) or str(e)
        remedy = "Check its name and permissions, or pass `-` to read standard input"
        if isinstance(e, FileNotFoundError) and name.endswith((".yaml", ".yml")):
            remedy = "Check its name, or write one to start from with `ecsiam init`"
        raise ConfigError(Fault(f"cannot be read: {why.lower()}", remedy=remedy, file=shown)) from e


def parse_source(text: str | bytes, name: str) -> Source:
    """The content of a file called `name`: JSON by that name or by its first character `{`, else YAML."""
    if len(text) > LARGEST and (known := foreign_text(_head(text), name)):
        raise ConfigError(evolve(known, file=name))
    faults = Faults()
    builder = _Builder(faults)
    decoded = ""
    with faults.at():
        decoded = _decode(text)
        is_json = name.lower().endswith(".json") or decoded.lstrip().startswith("{")
        builder.read(_json_events(decoded) if is_json else _yaml_events(decoded))
    # Of the tags and anchors of a template nothing is said.
    if faults and decoded and not decoded.lstrip().startswith("{") and (known := foreign_text(decoded, name)):
        raise ConfigError(evolve(known, file=name))
    refuse(ConfigError, (evolve(f, file=name) for f in faults))
    return Source(name, builder.data, builder.lines)


def _head(data: str | bytes) -> str:
    return data[:LARGEST] if isinstance(data, str) else data[:LARGEST].decode("utf-8", errors="replace")


def _stop(message: str, remedy: str, line: int | None = None, path: Path = ()) -> ConfigError:
    """To be raised where reading can't go on."""
    return ConfigError(Fault(message, path, remedy, line=line))


def _decode(data: str | bytes) -> str:
    if len(data) > LARGEST:
        raise _stop(f"larger than {LARGEST // 1024} KiB", RIGHT_FILE)
    if isinstance(data, bytes):
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data[:4]:
            raise _stop("the encoding is UTF-16 or UTF-32", "Save the file as UTF-8")
        try:
            data = data.decode("utf-8")
        except UnicodeDecodeError as e:
            line = e.object.count(b"\n", 0, e.start) + 1
            raise _stop(f"byte `{e.object[e.start]:#x}` is not UTF-8", "Save the file as UTF-8", line) from e
    text = data.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    remedy = "Remove it, or write it as an escape in double quotes"
    found = islice(INVISIBLE.finditer(text), MOST_FAULTS)
    lines = ((m[0], text.count("\n", 0, m.start()) + 1) for m in found)
    refuse(ConfigError, [Fault(f"invisible character `U+{ord(c):04X}`", (), remedy, line=line) for c, line in lines])
    return text


class _Event(NamedTuple):
    """What both formats are read as: a bracket that opens or closes a mapping or a list, or else a scalar."""

    bracket: str
    line: int
    value: Scalar = Scalar("", plain=True)
    wrong: Sequence[tuple[str, str]] = ()  # a message and a remedy each

    @property
    def null(self) -> bool:
        return not self.bracket and self.value.plain and self.value in NULLS


def _scalar(line: int, text: str, plain: bool, wrong: Sequence[tuple[str, str]] = ()) -> _Event:
    if half := SURROGATE.search(text):
        wrong = [*wrong, (f"`\\u{ord(half[0]):x}` is half a character", "Write the character itself")]
        text = SURROGATE.sub("\ufffd", text)  # a fault with it in its path could not be printed
    return _Event("", line, Scalar(text, plain), wrong)


def _json_events(text: str) -> Iterator[_Event]:
    # Once `json` has said that it is JSON, one regular expression reads it. YAML as ruamel reads it is no superset:
    # there a key may have 1,024 characters, and must have its colon on the same line.
    if not text.strip():
        return
    try:
        json.loads(text, parse_int=str, parse_float=str)  # str: Python refuses, and is slow at, long numbers
    except json.JSONDecodeError as e:
        problem = QUOTED.sub(r"`\2`", e.msg[:1].lower() + e.msg[1:]).removesuffix(" at").removesuffix(" starting")
        remedy = "Correct it: a file whose name ends in `.json` or which starts with `{` is JSON"
        raise _stop(f"not JSON: {problem}", remedy, e.lineno) from e
    except RecursionError:
        pass  # Hundreds of levels, JSON so far: the builder stops long before their end, and knows the line.
    line = last = 0
    for match in JSON_TOKEN.finditer(text):
        token = match[0]
        line, last = line + text.count("\n", last, match.start()), match.start()
        if token in BRACKETS.values():
            yield _Event(token, line + 1)
        elif token.startswith('"'):
            yield _scalar(line + 1, json.loads(token), plain=False)
        else:
            wrong = (f"`{token}` is not JSON", "Write a number, or a text in quotes")  # but Python reads it
            yield _scalar(line + 1, token, True, [wrong] if token.endswith(("NaN", "Infinity")) else ())


def _yaml_events(text: str) -> Iterator[_Event]:
    from ruamel.yaml import YAML  # takes longer than everything else, and JSON does without
    from ruamel.yaml.error import MarkedYAMLError

    if directive := re.search("^%", text, re.MULTILINE):  # `%YAML 1.1` would change the rules, `%TAG` adds tags
        raise _stop("line that starts with `%`", "Remove it", text.count("\n", 0, directive.start()) + 1)
    yaml: Any = YAML(typ="safe", pure=True)
    line = 1
    try:
        for event in yaml.parse(text):
            kind = type(event).__name__
            line = event.start_mark.line + 1
            wrong: list[tuple[str, str]] = []
            if kind == "AliasEvent":
                remedy = f'Write out what it stands for, or put a text in quotes: `"*{event.anchor}"`'
                wrong.append((f"alias `*{event.anchor}`", remedy))
            elif anchor := getattr(event, "anchor", None):
                wrong.append((f"anchor `&{anchor}`", "Remove it, and write the value wherever it is needed"))
            if tag := getattr(event, "ctag", None):
                wrong.append((f"tag `{tag.handle or ''}{tag.suffix}`", "Remove it: values are read as written"))
            if kind in BRACKETS:
                yield _Event(BRACKETS[kind], line, wrong=wrong)
            elif kind == "ScalarEvent":
                yield _scalar(line, event.value, event.style is None, wrong)
            elif kind == "AliasEvent":
                yield _scalar(line, f"*{event.anchor}", True, wrong)
    except MarkedYAMLError as e:
        raise _syntax_error(e) from e
    except (ValueError, OverflowError) as e:  # of `"\U00110000"` and the like, which ruamel itself falls over
        raise _stop("malformed escape here or below", "Write the character itself", line) from e


def _syntax_error(error: Any) -> ConfigError:
    problem: str = error.problem or error.context
    problem = problem.replace(r"'\x00'", "the end").replace("'<stream end>'", "the end")
    since = error.context_mark
    mark = error.problem_mark or since
    remedy = next(remedy for words, remedy in REMEDIES if words in f"{problem} {error.context}")
    if since and since.line != mark.line:
        problem += f" {error.context} from line {since.line + 1}"
    return _stop(QUOTED.sub(r"`\1\2`", problem[:1].lower() + problem[1:]), remedy, mark.line + 1)


class _Builder:
    """Makes a mapping of events, and gathers the faults and the lines as it goes."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.data: dict[str, object] = {}
        self.lines: dict[Path, int] = {}
        self.values = 0

    def read(self, events: Iterator[_Event]) -> None:
        self.events = events
        first = next(events, _Event("", 1))
        data = self.value(first, (), 1)
        if first.bracket == "{":
            self.data = cast("dict[str, object]", data)
        else:
            what = "empty" if first.null else "a list" if first.bracket else "a single value"
            self.fault(first, (), f"the file is {what}", "Write a mapping, with a `key: value` on each line")
        if event := next(events, None):  # asking also finds a syntax error in what follows
            self.fault(event, (), "a second document starts here", "Write one document in a file")

    def fault(self, event: _Event, path: Path, message: str, remedy: str) -> None:
        self.faults.append(Fault(message, path, remedy, line=event.line))
        if len(self.faults) == MOST_FAULTS:
            raise _stop("too many faults to go on", "Correct the ones above first", event.line)

    def value(self, event: _Event, path: Path, depth: int) -> object:
        """The value that starts with `event`, read to its end."""
        self.values += 1
        if self.values > MOST_VALUES:
            raise _stop(f"more than {MOST_VALUES:,} keys and values", RIGHT_FILE, event.line, path)
        if event.bracket and depth > DEEPEST:
            raise _stop(f"nested more than {DEEPEST} deep", "Check brackets and indentation", event.line, path)
        for wrong in event.wrong:
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
            if name == "<<" and key.value.plain:
                self.fault(key, here, "merge key", "Write out the keys it stands for")
            value = self.value(next(self.events), here, depth)
            if is_text:
                found.setdefault(name, value)
        return found
