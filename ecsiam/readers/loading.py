"""What stands in a JSON or YAML file, with the lines of its keys and symbols for what a tool puts in later."""

import json
from collections.abc import Callable, Iterator

from attrs import evolve

from ecsiam.errors import ConfigError, Fault, Path, ReadError, show
from ecsiam.keys.events import RIGHT_FILE, Event, decoded, stop, yaml_events
from ecsiam.model.document import Number
from ecsiam.readers.cloudformation.syntax import typed
from ecsiam.readers.filled import Filled
from ecsiam.readers.found import Unread, Value, as_list, as_map, is_map
from ecsiam.readers.json_lines import BLANK, DEEPEST, NotJson, parse_several
from ecsiam.readers.values import Failed, Map, walk
from ecsiam.readers.walk import File

LINED = 4 * 1024 * 1024  # characters of a file that is read with lines: in a larger dump paths have to do
LARGEST_YAML = 1024 * 1024
MOST_VALUES = 200_000
MOST_LISTED = 50_000  # an account has at most 10,000 roles
MOST_PLAIN = 2_500_000  # of a large JSON file: each takes some 100 bytes

_YAML = (".yaml", ".yml")


def load(file: File) -> list[Value]:
    """The values in a file: a JSON file may have one after the other, a YAML file several documents.

    Objects are `Map`s with their lines, but for those of a file that is very large. Raises ReadError.
    """
    try:
        source = file.content.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        at = file.content.count(b"\n", 0, e.start) + 1
        raise ReadError(Fault("it is not UTF-8", (), "Save the file as UTF-8.", file.name, at)) from None
    if file.name.lower().endswith(_YAML) and source.lstrip()[:1] not in ("{", "["):
        return _yaml(source, file.name)
    return _plain(source, file.name) if len(source) > LINED else _lined(source, file.name)


def few(items: list[Value], file: str) -> list[Value]:
    """A list of what becomes roles, policies or tasks. Raises ReadError for one far beyond what any account has."""
    if len(items) > MOST_LISTED:
        raise ReadError(Fault(f"a list of more than {MOST_LISTED:,}", (), "Divide the file, and read less.", file))
    return items


def lines_of(value: Value) -> dict[Path, int]:
    """The line of each path in a value, as far as they are known."""
    found: dict[Path, int] = {}
    for path, inner in walk(value):
        if isinstance(inner, Map):
            if path:
                found[path] = inner.line
            found.update({(*path, str(key)): line for key, line in inner.lines.items()})
    return found


# ---------------------------------------------------------------- JSON


def _lined(source: str, name: str) -> list[Value]:
    filled = Filled()
    try:
        opened = filled.opened(source)
        return [filled.put(one) for one in parse_several(opened, str, name, 1)]
    except NotJson as e:
        raise ReadError(Fault(f"not JSON: {e.what}", (), filled.remedy, name, e.line)) from None
    except Failed as e:
        raise ReadError(Fault(str(e), (), filled.remedy, name)) from None


def _plain(source: str, name: str) -> list[Value]:
    """The values of a large text: by Python's own reader, which is written in C."""
    if sum(map(source.count, "[{,")) > MOST_PLAIN:
        remedy = f"{RIGHT_FILE}, or divide it."
        raise ReadError(Fault(f"more than {MOST_PLAIN:,} keys and values", (), remedy, name))
    decoder = json.JSONDecoder(object_pairs_hook=_object, parse_float=Number, parse_constant=_constant)
    found: list[Value] = []
    at = 0
    try:
        while (at := _after_blanks(source, at)) < len(source):
            one, at = decoder.raw_decode(source, at)
            _check_depth(one)
            found.append(one)
            few(found, name)
    except json.JSONDecodeError as e:
        raise ReadError(Fault(f"not JSON: {e.msg.lower()}", (), "Correct it.", name, e.lineno)) from None
    except RecursionError:
        raise ReadError(Fault("nested too deep", (), f"{RIGHT_FILE}.", name)) from None
    except ValueError as e:  # of our own, and of Python for numbers of thousands of digits
        raise ReadError(Fault(f"not JSON: {show(str(e))}", (), "Correct it.", name)) from None
    return found


def _check_depth(value: Value) -> None:
    level: list[Value] = [value]
    for _ in range(DEEPEST):
        inside: list[Value] = []
        for one in level:
            inside += one.values() if is_map(one) else as_list(one)
        level = [one for one in inside if isinstance(one, dict | list)]
        if not level:
            return
    raise ValueError(f"nested more than {DEEPEST} deep")


def _after_blanks(source: str, at: int) -> int:
    found = BLANK.match(source, at)
    return at if found is None else found.end()


def _object(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key `{next(k for k in found if keys.count(k) > 1)}` stands twice in one object")
    return found


def _constant(name: str) -> Value:
    raise ValueError(f"`{name}` is not a value")


# ---------------------------------------------------------------- YAML


def _yaml(source: str, name: str) -> list[Value]:
    filled = Filled()
    try:
        if len(source) > LARGEST_YAML:
            raise stop(f"larger than {LARGEST_YAML // 1024:,} KiB", "Save it as JSON")
        opened = filled.opened(decoded(source), quoted=False)
        return [filled.put(one) for one in yaml_documents(opened, name, typed)]
    except ConfigError as e:
        raise ReadError(*(evolve(fault, file=name) for fault in e.faults)) from None
    except Failed as e:
        raise ReadError(Fault(str(e), (), filled.remedy, name)) from None


def yaml_documents(source: str, name: str, plain: Callable[[str], Value]) -> Iterator[Value]:
    """The documents of a YAML text; `plain` says what a scalar without quotes is. Raises ConfigError for no YAML."""
    return _Yaml(name, yaml_events(source), plain).documents()


def as_written(file: File, largest: int) -> list[Value]:
    """The values in a file of YAML that no tool fills in before it is read, with their lines.

    Raises ReadError for what is no YAML, or has more than `largest` bytes.
    """
    try:
        if len(file.content) > largest:
            raise stop(f"larger than {largest // 1024:,} KiB", "Divide it")
        source = decoded(file.content)
        return list(yaml_documents(source, file.name, typed))
    except ConfigError as e:
        raise ReadError(*(evolve(fault, file=file.name) for fault in e.faults)) from None


class _Yaml:
    """Makes values of events. What stands behind an alias is shared, and counted as often as it is named."""

    def __init__(self, name: str, events: Iterator[Event], plain: Callable[[str], Value]) -> None:
        self.name, self.events, self.plain = name, events, plain
        self.anchors: dict[str, tuple[Value, int]] = {}
        self.values = 0

    def documents(self) -> Iterator[Value]:
        for event in self.events:
            yield self.value(event, 1)

    def count(self, more: int, line: int) -> None:
        self.values += more
        if self.values > MOST_VALUES:
            raise stop(f"more than {MOST_VALUES:,} keys and values, aliases written out", RIGHT_FILE, line)

    def value(self, event: Event, depth: int) -> Value:
        if depth > DEEPEST:
            raise stop(f"nested more than {DEEPEST} deep", RIGHT_FILE, event.line)
        for message, remedy in event.wrong:
            raise stop(message, remedy, event.line)
        before = self.values
        self.count(1, event.line)
        if event.alias:
            if event.alias not in self.anchors:
                raise stop(f"the alias `*{show(event.alias)}` stands for nothing above it", RIGHT_FILE, event.line)
            found, size = self.anchors[event.alias]
            self.count(size, event.line)
            return found
        if event.bracket == "{":
            found = self.mapping(event.line, depth + 1)
        elif event.bracket == "[":
            found = self.list(depth + 1)
        else:
            found = self.plain(event.value) if event.value.plain and not event.tag else str(event.value)
        if event.tag.startswith("!") and not event.tag.startswith("!!"):
            found = Unread(f"the tag `{show(event.tag)}` is not understood")
        if event.anchor:
            self.anchors[event.anchor] = (found, self.values - before)
        return found

    def list(self, depth: int) -> list[Value]:
        found: list[Value] = []
        while (event := next(self.events)).bracket != "]":
            found.append(self.value(event, depth))
        return found

    def mapping(self, line: int, depth: int) -> Map:
        found = Map((), self.name, line)
        merged: list[Value] = []
        while (event := next(self.events)).bracket != "}":
            if event.bracket or event.alias:
                raise stop("a key is not a text", "Write a text before each `:`", event.line)
            self.value(event, depth)
            name = str(event.value)
            value = self.value(next(self.events), depth)
            if name == "<<" and event.value.plain:
                merged += as_list(value) or [value]
            elif name in found:
                raise stop(f"duplicate key `{show(name)}`", "Keep one of them", event.line)
            else:
                found[name] = value
                found.lines[name] = event.line
        for one in merged:
            for name, value in as_map(one).items():
                if name not in found:
                    found[name] = value
                    found.lines[name] = line
        return found
