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
from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any, NamedTuple, cast

from attrs import evolve, frozen

from ecsiam.errors import ConfigError, Fault, Faults, Path, refuse

# IAM stops at 10,240 characters for a role's inline policies. These bounds are far above any real file and keep the
# reading of a hostile one under a second or so; ruamel takes some 20 µs for a value and slows with the depth.
LARGEST = 256 * 1024
DEEPEST = 20
MOST_VALUES = 30_000
MOST_FAULTS = 100

NULLS = ("", "~", "null", "Null", "NULL")

# Control characters, the byte order mark, line separators and the marks that reorder a line on the screen: a reviewer
# doesn't see them, and ruamel would take some of them for the end of a line, as YAML 1.1 did.
INVISIBLE = re.compile("[^\t\n -~\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
SURROGATE = re.compile("[\ud800-\udfff]")
JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}]|[^][{}",:\s]+')  # of text that is known to be JSON
QUOTED = re.compile(r"\('([^`']+)',\)|'([^`']+)'")

# What to do about a syntax error, by what ruamel calls it; the last one fits the rest.
REMEDIES = (
    (r"\t", "Indent with spaces, not tabs"),
    ("alias", 'Put a text that starts with `*` in quotes: `"*"`'),
    ("mapping values", "Put a text that contains `: ` in quotes, or correct the indentation"),
    ("cannot start", "Put a text that starts with this character in quotes"),
    ("end of stream", "Close the quotes"),
    ("", "Correct the indentation, quotes and brackets here and on the lines above"),
)


class Scalar(str):
    """A scalar of the file as its source text; `plain` says that it was written without quotes."""

    __slots__ = ("plain",)
    plain: bool

    def __new__(cls, text: str, plain: bool = False) -> "Scalar":
        self = super().__new__(cls, text)
        self.plain = plain
        return self


@frozen
class Source:
    """A file that was read: its content, and the line of every path in it (of the key, or of the list's item)."""

    name: str
    data: dict[str, object]
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int | None:
        """The line of `path` or of the nearest thing around it; None for the file as a whole."""
        around = (path[:length] for length in range(len(path), 0, -1))
        return next((self.lines[p] for p in around if p in self.lines), None)


def read_source(path: str | os.PathLike[str]) -> Source:
    """The file at `path`; `-` is standard input."""
    name = os.fspath(path)
    shown = "standard input" if name == "-" else name
    try:
        if name != "-":
            with FilePath(name).open("rb") as file:
                data = file.read(LARGEST + 1)  # one more than is allowed tells enough, even of /dev/zero
        elif sys.stdin:
            data = sys.stdin.buffer.read(LARGEST + 1)
        else:
            raise ValueError("it is closed")  # Python has no sys.stdin then
    except (OSError, ValueError) as e:  # ValueError: a NUL in the name
        why = (isinstance(e, OSError) and e.strerror) or str(e)
        remedy = "Check the name and the permissions, or pass `-` to read standard input"
        raise ConfigError(Fault(f"cannot be read: {why.lower()}", remedy=remedy, file=shown)) from e
    return parse_source(data, shown)


def parse_source(text: str | bytes, name: str) -> Source:
    """The content of a file called `name`: JSON by that name or by its first character `{`, else YAML."""
    faults = Faults()
    data: dict[str, object] = {}
    lines: dict[Path, int] = {}
    with faults.at():
        decoded = _decode(text)
        is_json = name.lower().endswith(".json") or decoded.lstrip().startswith("{")
        data = _Builder(_json_events(decoded) if is_json else _yaml_events(decoded), faults, lines).top()
    refuse(ConfigError, (evolve(f, file=name) for f in faults))
    return Source(name, data, lines)


def _stop(message: str, remedy: str, line: int | None = None, path: Path = ()) -> ConfigError:
    """To be raised where reading can't go on."""
    return ConfigError(Fault(message, path, remedy, line=line))


def _decode(data: str | bytes) -> str:
    if len(data) > LARGEST:
        raise _stop(f"the file is larger than {LARGEST // 1024} KiB", "Check that this is the file you mean")
    if isinstance(data, bytes):
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data[:4]:
            raise _stop("the file is UTF-16 or UTF-32", "Save it as UTF-8")
        try:
            data = data.decode("utf-8")
        except UnicodeDecodeError as e:
            line = data.count(b"\n", 0, e.start) + 1
            raise _stop(f"byte `{data[e.start]:#x}` is not UTF-8", "Save the file as UTF-8", line) from e
    text = data.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    remedy = "Remove it, or write it as an escape in double quotes"
    found = [
        Fault(f"invisible character `U+{ord(m[0]):04X}`", (), remedy, line=text.count("\n", 0, m.start()) + 1)
        for m, _ in zip(INVISIBLE.finditer(text), range(MOST_FAULTS), strict=False)
    ]
    refuse(ConfigError, found)
    return text


class _Event(NamedTuple):
    """What both formats are read as: a bracket that opens or closes a mapping or list, or else a scalar."""

    bracket: str
    line: int
    value: Scalar = Scalar("")
    wrong: tuple[tuple[str, str], ...] = ()  # a message and a remedy each


def _scalar(line: int, text: str, plain: bool, wrong: tuple[tuple[str, str], ...] = ()) -> _Event:
    if half := SURROGATE.search(text):
        wrong += ((f"`\\u{ord(half[0]):x}` is half a character", "Write the character itself"),)
        text = SURROGATE.sub("\ufffd", text)  # the faults must be printable
    return _Event("", line, Scalar(text, plain), wrong)


def _json_events(text: str) -> Iterator[_Event]:
    # Once json has said that it is JSON, simple tokens do. ruamel would be slow, and isn't quite a superset of JSON:
    # it refuses keys over 1,024 characters or with their colon on the next line.
    try:
        json.loads(text or "null", parse_int=str, parse_float=str)  # str: a number may have 256 Ki digits
    except json.JSONDecodeError as e:
        problem = QUOTED.sub(r"`\2`", e.msg[:1].lower() + e.msg[1:]).removesuffix(" at").removesuffix(" starting")
        remedy = "Correct the JSON: a file is read as such if its name ends in `.json` or it starts with `{`"
        raise _stop(f"not JSON: {problem}", remedy, e.lineno) from e
    except RecursionError:
        pass  # All was JSON up to some hundred levels. The builder stops long before, and knows the line.
    line, last = 1, 0
    for match in JSON_TOKEN.finditer(text):
        token = match[0]
        line += text.count("\n", last, match.start())
        last = match.start()
        if token in "{}[]":
            yield _Event(token, line)
        elif token in ("NaN", "Infinity", "-Infinity"):
            yield _scalar(line, token, True, ((f"`{token}` is not JSON", "Write a number"),))
        elif token.startswith('"'):
            yield _scalar(line, json.loads(token), False)
        else:
            yield _scalar(line, token, True)


def _yaml_events(text: str) -> Iterator[_Event]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError

    yaml: Any = YAML(typ="safe", pure=True)
    line = 1
    documents = 0
    try:
        for event in yaml.parse(text):
            kind = type(event).__name__
            line = event.start_mark.line + 1
            wrong: tuple[_Wrong, ...] = ()
            if kind == "AliasEvent":
                remedy = f'Write out what it stands for, or put a text in quotes: `"*{event.anchor}"`'
                yield _scalar(line, f"*{event.anchor}", True, ((f"alias `*{event.anchor}`", remedy),))
                continue
            if anchor := getattr(event, "anchor", None):
                wrong += ((f"anchor `&{anchor}`", "Remove it, and write the value out wherever it is needed"),)
            if tag := getattr(event, "ctag", None):
                wrong += ((f"tag `{tag.handle or ''}{tag.suffix}`", "Remove it: a value is read as it is written"),)
            if kind == "ScalarEvent":
                yield _scalar(line, event.value, event.style is None, wrong)
            elif kind in BRACKETS:
                yield _Event(BRACKETS[kind], line, wrong=wrong)
            elif kind == "DocumentStartEvent":
                documents += 1
                if event.version or event.tags:
                    raise _stop("directive", "Remove the lines that start with `%`: files are YAML 1.2", line)
                if documents > 1:
                    raise _stop("a second document starts here", "Write one document in a file", line)
    except MarkedYAMLError as e:
        raise _syntax_error(e) from e
    except (ValueError, OverflowError) as e:  # ruamel's own, of `"\U00110000"` and the like: it doesn't say where
        raise _stop("malformed escape on this line or below", "Write the character itself", line) from e


def _syntax_error(error: Any) -> ConfigError:
    problem: str = error.problem or error.context
    mark = error.problem_mark or error.context_mark
    hints = f"{problem} {error.context}"
    remedy = next(remedy for words, remedy in REMEDIES if words in hints)
    since = error.context_mark
    if since and error.problem and since.line != mark.line:
        problem += f" {error.context} from line {since.line + 1}"
    return _stop(QUOTED.sub(r"`\1\2`", problem[:1].lower() + problem[1:]), remedy, mark.line + 1)


class _Builder:
    """Makes values of events, and gathers the faults and the lines as it goes."""

    def __init__(self, events: Iterator[_Event], faults: Faults, lines: dict[Path, int]) -> None:
        self.events, self.faults, self.lines, self.values = events, faults, lines, 0

    def fault(self, message: str, remedy: str, line: int, path: Path) -> None:
        self.faults.append(Fault(message, path, remedy, line=line))
        if len(self.faults) == MOST_FAULTS:
            raise _stop("reading stops here", "Correct the faults above first", line)

    def top(self) -> dict[str, object]:
        """The whole file, to its last line."""
        event = next(self.events, None)
        if event is None or (not event.bracket and event.value.plain and event.value in NULLS):
            raise _stop("the file is empty", "Write a mapping, one `key: value` on a line")
        data = self.value(event, (), 1)
        if event.bracket != "{":
            what = "a list" if event.bracket else "a single value"
            self.fault(f"the file is {what}", "Write a mapping, one `key: value` on a line", event.line, ())
        for _ in self.events:
            pass  # what follows may still be wrong
        return cast("dict[str, object]", data)  # if not, there is a fault

    def value(self, event: _Event, path: Path, depth: int) -> object:
        """The value that starts with `event`, read to its end."""
        self.values += 1
        if self.values > MOST_VALUES:
            raise _stop(f"more than {MOST_VALUES:,} values", "Check that this is the file you mean", event.line, path)
        if event.bracket and depth > DEEPEST:
            raise _stop(f"nested more than {DEEPEST} deep", "Check the brackets and the indentation", event.line, path)
        for message, remedy in event.wrong:
            self.fault(message, remedy, event.line, path)
        if event.bracket == "{":
            return self.mapping(path, depth + 1)
        if event.bracket == "[":
            return self.items(path, depth + 1)
        return None if event.value.plain and event.value in NULLS else event.value

    def items(self, path: Path, depth: int) -> list[object]:
        found: list[object] = []
        while (event := next(self.events)).bracket != "]":
            here = (*path, len(found))
            self.lines[here] = event.line
            found.append(self.value(event, here, depth))
        return found

    def mapping(self, path: Path, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        while (event := next(self.events)).bracket != "}":
            here, line = path, event.line
            if event.bracket:
                self.fault("a key is a list or a mapping", "Write one text before the `:`", line, path)
                self.value(event, path, depth)
            else:
                here = (*path, str(event.value))
                self.key(event, found, here)
            found[str(event.value)] = self.value(next(self.events), here, depth)
        return found
