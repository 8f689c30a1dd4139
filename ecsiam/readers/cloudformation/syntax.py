"""CloudFormation's templates as they are written, in YAML or JSON: every value with its line and its path.

Tags become what they are short for: `!Sub x` is `{"Fn::Sub": "x"}`. Anchors and merge keys are written out, within
bounds: what stands behind an alias is shared, and counted as often as it is named.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import cast

from attrs import evolve, frozen

from ecsiam.errors import MOST_FAULTS, ConfigError, Fault, Faults, Path, ReadError, show
from ecsiam.keys.events import RIGHT_FILE, Event, decoded, json_events, stop, yaml_events
from ecsiam.readers.found import Unread, Value, as_list, as_map

LARGEST = 1024 * 1024  # CloudFormation takes 1,000,000 bytes
DEEPEST = 100
MOST_VALUES = 100_000

_NAMES = (".yaml", ".yml", ".json", ".template", ".cfn", ".cform")
_VERSION = re.compile(r"""^[ \t{]*["']?AWSTemplateFormatVersion["']?[ \t]*:""", re.MULTILINE)
_RESOURCES = re.compile(r"""(?:^|[{,])[ \t]*["']?Resources["']?[ \t]*:""", re.MULTILINE)
_TYPE = re.compile(r"""["']?Type["']?[ \t]*:[ \t]*["']?(?:AWS|Alexa|Custom)::\w+""")

_WORDS: dict[str, Value] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **{spelt: True for word in ("true", "yes", "on") for spelt in (word, word.capitalize(), word.upper())},
    **{spelt: False for word in ("false", "no", "off") for spelt in (word, word.capitalize(), word.upper())},
}
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,17})")
_OCTAL = re.compile(r"[-+]?0[0-7_]+")
_PLAIN_TAGS = ("!Ref", "!Condition")


@frozen
class Node:
    """A value of a template: the line of its key, or of the item of a list, and the path to it.

    `value` is None, a bool, an int, a text, a dict or list of nodes, or what could not be read as one of these. `size`
    counts the values in it, `height` how deep they are.
    """

    value: Value
    line: int
    path: Path = ()
    size: int = 1
    height: int = 1

    def get(self, *keys: str | int) -> "Node | None":
        """What stands at a path inside; None where nothing does."""
        at: Node | None = self
        for key in keys:
            inside = None if at is None else at.value
            if isinstance(inside, dict):
                at = cast("dict[str, Node]", inside).get(cast("str", key))
            elif isinstance(inside, list) and isinstance(key, int) and key < len(cast("list[Node]", inside)):
                at = cast("list[Node]", inside)[key]
            else:
                return None
        return at

    @property
    def fields(self) -> dict[str, "Node"]:
        """The fields of a mapping; none of anything else."""
        return as_map(self.value)

    @property
    def items(self) -> "list[Node]":
        """The items of a list; none of anything else."""
        return as_list(self.value)


def references(node: Node) -> Iterator[str]:
    """The parameters and resources that a node names with `Ref`, `Fn::GetAtt` or `Fn::Sub`."""
    todo = [node]
    while todo:
        one = todo.pop()
        todo += [*one.fields.values(), *one.items]
        for key, inner in one.fields.items():
            first = inner.items[0].value if inner.items else inner.value
            if not isinstance(first, str):
                continue
            if key == "Ref":
                yield first
            elif key == "Fn::GetAtt":
                yield first.partition(".")[0]
            elif key == "Fn::Sub":
                yield from re.findall(r"\$\{\s*([A-Za-z0-9:]+)", first)


def is_template(name: str, head: str) -> bool:
    """Whether a file is a template, by its name and how its content begins."""
    if not name.lower().endswith(_NAMES):
        return False
    return _VERSION.search(head) is not None or (_RESOURCES.search(head) is not None and _TYPE.search(head) is not None)


def read_template(data: str | bytes, name: str) -> Node:
    """The template in a file. Raises ReadError where it is neither YAML nor JSON, or beyond all bounds."""
    builder = _Builder()
    try:
        if len(data) > LARGEST:
            raise stop(f"larger than {LARGEST // 1024:,} KiB, which is more than CloudFormation takes", RIGHT_FILE)
        text = decoded(data)
        found = builder.read(json_events(text) if text.lstrip().startswith("{") else yaml_events(text))
    except ConfigError as e:
        builder.faults += e.faults
    else:
        if not builder.faults:
            return found
    raise ReadError(*(evolve(fault, file=name) for fault in builder.faults))


class _Builder:
    """Makes nodes of events."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.anchors: dict[str, Node] = {}
        self.values = 0
        self.events: Iterator[Event] = iter(())

    def read(self, events: Iterator[Event]) -> Node:
        self.events = events
        first = next(events, Event("", 1))
        found = self.value(first, (), first.line, 1)
        if first.bracket != "{":
            self.fault("not a template: a mapping is expected", RIGHT_FILE, first.line)
        if event := next(events, None):
            self.fault("a second document starts here", "Write one template in a file", event.line)
        return found

    def fault(self, message: str, remedy: str, line: int, path: Path = ()) -> None:
        self.faults.append(Fault(message, path, remedy, line=line))
        if len(self.faults) == MOST_FAULTS:
            raise stop("too many faults to go on", "Correct the ones above first", line)

    def value(self, event: Event, path: Path, line: int, depth: int) -> Node:
        """The value that begins with an event, read to its end; `line` is that of its key."""
        self.values += 1
        if self.values > MOST_VALUES:
            raise _too_many(line, path)
        if depth > DEEPEST:
            raise stop(f"nested more than {DEEPEST} deep", "Check brackets and indentation", line, path)
        for wrong in event.wrong:
            self.fault(*wrong, event.line, path)
        if event.alias:
            return self.alias(event, path, line)
        # A tag stands for a mapping around the value.
        function = _function(event.tag)
        inner = (*path, function) if function else path
        if event.bracket == "{":
            found = _whole(self.mapping(inner, depth + 1), line, inner)
        elif event.bracket == "[":
            found = _whole(self.list(inner, depth + 1), line, inner)
        else:
            is_text = bool(event.tag) or not event.value.plain
            found = Node(str(event.value) if is_text else typed(event.value), line, inner)
        if function:
            found = _whole({function: found}, line, path)
        if event.anchor:
            self.anchors[event.anchor] = found
        return found

    def alias(self, event: Event, path: Path, line: int) -> Node:
        found = self.anchors.get(event.alias)
        if found is None:
            what = f"the alias `*{show(event.alias)}` stands for nothing that ends above it"
            self.fault(what, "Write the anchor `&name` above, and not around it", event.line, path)
            return Node(None, line, path)
        return evolve(found, line=found.line)

    def list(self, path: Path, depth: int) -> list[Node]:
        found: list[Node] = []
        while (event := next(self.events)).bracket != "]":
            found.append(self.value(event, (*path, len(found)), event.line, depth))
        return found

    def mapping(self, path: Path, depth: int) -> dict[str, Node]:
        found: dict[str, Node] = {}
        merged: list[tuple[Node, Event]] = []
        while (key := next(self.events)).bracket != "}":
            name = str(key.value)
            here = (*path, name)
            if key.bracket or key.alias:
                self.value(key, path, key.line, depth)
                self.fault("a key is not a text", "Write a text before each `:`", key.line, path)
                name = ""
            for wrong in key.wrong:
                self.fault(*wrong, key.line, here)
            value = self.value(next(self.events), here, key.line, depth)
            if name == "<<" and key.value.plain:
                merged.append((value, key))
            elif name in found:
                what = f"duplicate key, first on line {found[name].line}"
                self.fault(
                    what, "Keep one of them: CloudFormation takes the last, readers see the first", key.line, here
                )
            else:
                found[name] = value
        for value, key in merged:
            for one in value.items or [value]:
                if not isinstance(one.value, dict):
                    self.fault("a merge key takes a mapping", "Write out the keys it stands for", key.line, path)
                found = {**one.fields, **found}
        return found


def _whole(value: dict[str, Node] | list[Node], line: int, path: Path) -> Node:
    inside = list(value.values()) if isinstance(value, dict) else value
    size = 1 + sum(one.size for one in inside)
    height = 1 + max((one.height for one in inside), default=0)
    if size > MOST_VALUES:
        raise _too_many(line, path)
    if height > DEEPEST:
        raise stop(f"nested more than {DEEPEST} deep", "Check brackets, indentation and aliases", line, path)
    return Node(value, line, path, size, height)


def _too_many(line: int, path: Path) -> ConfigError:
    return stop(f"more than {MOST_VALUES:,} keys and values, aliases written out", RIGHT_FILE, line, path)


def _function(tag: str) -> str:
    """`!Sub` -> `Fn::Sub`; nothing for no tag, and for those of YAML itself."""
    if not tag.startswith("!") or tag.startswith("!!") or tag == "!":
        return ""
    return tag[1:] if tag in _PLAIN_TAGS else f"Fn::{tag[1:]}"


def typed(text: str) -> Value:
    """What a plain scalar is. CloudFormation reads YAML 1.1, in which `no` is false."""
    if text in _WORDS:
        return _WORDS[text]
    if _NUMBER.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text):  # as some account numbers are
        return Unread(f"`{show(text)}` without quotes is an octal number in YAML")
    return str(text)


def nodes(node: Node) -> Iterator[Node]:
    """A node and all in it."""
    yield node
    inside: Mapping[str, Node] = node.fields
    for one in (*inside.values(), *node.items):
        yield from nodes(one)
