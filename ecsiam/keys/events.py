"""YAML and JSON as events with lines, one kind for both: what a config and a template are read from.

Nothing is typed here, and nothing of the text is decided: a scalar is its own text, and has the tag that it was given.
"""

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, Protocol

from ecsiam.errors import MOST_FAULTS, ConfigError, Fault, Path, refuse

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


def stop(message: str, remedy: str, line: int | None = None, path: Path = ()) -> ConfigError:
    """To be raised where reading can't go on."""
    return ConfigError(Fault(message, path, remedy, line=line))


def decoded(data: str | bytes) -> str:
    """The text of a file, with one kind of line ends. Raises ConfigError for what is not UTF-8, or can't be seen."""
    if isinstance(data, bytes):
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data[:4]:
            raise stop("the encoding is UTF-16 or UTF-32", "Save the file as UTF-8")
        try:
            data = data.decode("utf-8")
        except UnicodeDecodeError as e:
            line = e.object.count(b"\n", 0, e.start) + 1
            raise stop(f"byte `{e.object[e.start]:#x}` is not UTF-8", "Save the file as UTF-8", line) from e
    text = data.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    remedy = "Remove it, or write it as an escape in double quotes"
    found = islice(INVISIBLE.finditer(text), MOST_FAULTS)
    lines = ((m[0], text.count("\n", 0, m.start()) + 1) for m in found)
    refuse(ConfigError, [Fault(f"invisible character `U+{ord(c):04X}`", (), remedy, line=line) for c, line in lines])
    return text


class Event(NamedTuple):
    """What both formats are read as: a bracket that opens or closes a mapping or a list, or else a scalar."""

    bracket: str
    line: int
    value: Scalar = Scalar("", plain=True)
    wrong: Sequence[tuple[str, str]] = ()  # a message and a remedy each
    anchor: str = ""
    alias: str = ""  # the anchor of what stands here
    tag: str = ""

    @property
    def null(self) -> bool:
        return not self.bracket and self.value.plain and self.value in NULLS


def _scalar(line: int, text: str, plain: bool, wrong: Sequence[tuple[str, str]] = ()) -> Event:
    if half := SURROGATE.search(text):
        wrong = [*wrong, (f"`\\u{ord(half[0]):x}` is half a character", "Write the character itself")]
        text = SURROGATE.sub("\ufffd", text)  # a fault with it in its path could not be printed
    return Event("", line, Scalar(text, plain), wrong)


def json_events(text: str) -> Iterator[Event]:
    """The events of a JSON text. Raises ConfigError for what is no JSON."""
    # Once `json` has said that it is JSON, one regular expression reads it. YAML as ruamel reads it is no superset:
    # there a key may have 1,024 characters, and must have its colon on the same line.
    if not text.strip():
        return
    try:
        json.loads(text, parse_int=str, parse_float=str)  # str: Python refuses, and is slow at, long numbers
    except json.JSONDecodeError as e:
        problem = QUOTED.sub(r"`\2`", e.msg[:1].lower() + e.msg[1:]).removesuffix(" at").removesuffix(" starting")
        remedy = "Correct it: a file whose name ends in `.json` or which starts with `{` is JSON"
        raise stop(f"not JSON: {problem}", remedy, e.lineno) from e
    except RecursionError:
        pass  # Hundreds of levels, JSON so far: the builder stops long before their end, and knows the line.
    line = last = 0
    for match in JSON_TOKEN.finditer(text):
        token = match[0]
        line, last = line + text.count("\n", last, match.start()), match.start()
        if token in BRACKETS.values():
            yield Event(token, line + 1)
        elif token.startswith('"'):
            yield _scalar(line + 1, json.loads(token), plain=False)
        else:
            wrong = (f"`{token}` is not JSON", "Write a number, or a text in quotes")  # but Python reads it
            yield _scalar(line + 1, token, True, [wrong] if token.endswith(("NaN", "Infinity")) else ())


class Stream(Protocol):
    """A text that is read piece by piece."""

    def read(self, size: int) -> str:
        """The next characters."""
        ...


def yaml_events(text: str, stream: Stream | None = None) -> Iterator[Event]:
    """The events of a YAML text, which may come as a stream. Raises ConfigError for what is no YAML."""
    from ruamel.yaml import YAML  # takes longer than everything else, and JSON does without
    from ruamel.yaml.error import MarkedYAMLError

    if directive := re.search("^%", text, re.MULTILINE):  # `%YAML 1.1` would change the rules, `%TAG` adds tags
        raise stop("line that starts with `%`", "Remove it", text.count("\n", 0, directive.start()) + 1)
    yaml: Any = YAML(typ="safe", pure=True)
    line = 1
    try:
        for event in yaml.parse(stream or text):
            kind = type(event).__name__
            line = event.start_mark.line + 1
            given = getattr(event, "ctag", None)
            tag = f"{given.handle or ''}{given.suffix}" if given else ""
            anchor = getattr(event, "anchor", None) or ""
            if kind in BRACKETS:
                yield Event(BRACKETS[kind], line, anchor=anchor, tag=tag)
            elif kind == "ScalarEvent":
                yield _scalar(line, event.value, event.style is None)._replace(anchor=anchor, tag=tag)
            elif kind == "AliasEvent":
                yield Event("", line, Scalar(f"*{anchor}", plain=True), alias=anchor)
    except MarkedYAMLError as e:
        raise _syntax_error(e, text.split("\n")) from e
    except (ValueError, OverflowError) as e:  # of `"\U00110000"` and the like, which ruamel itself falls over
        raise stop("malformed escape here or below", "Write the character itself", line) from e


_BRACED = re.compile(r"""[:-]\s+\{[a-z][a-z0-9_]*\}""")


def _syntax_error(error: Any, lines: Sequence[str]) -> ConfigError:
    problem: str = error.problem or error.context
    problem = problem.replace(r"'\x00'", "the end").replace("'<stream end>'", "the end")
    since = error.context_mark
    mark = error.problem_mark or since
    remedy = next(remedy for words, remedy in REMEDIES if words in f"{problem} {error.context}")
    if any(_BRACED.search(line) for m in (since, mark) if m for line in lines[int(m.line) : int(m.line) + 1]):
        remedy = 'Put a text that begins with a brace in quotes: `"{environment}-uploads"`'
    if since and since.line != mark.line:
        problem += f" {error.context} from line {since.line + 1}"
    return stop(QUOTED.sub(r"`\1\2`", problem[:1].lower() + problem[1:]), remedy, mark.line + 1)
