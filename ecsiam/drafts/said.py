"""What a config says, with the comments beside it: a tree of values that is written as YAML for people."""

import json
import re
from collections.abc import Iterator

from attrs import define, field

from ecsiam.errors import Path, printable

# What YAML reads as it stands; the config takes every scalar for its text.
_PLAIN = re.compile(r"[A-Za-z0-9_./-][A-Za-z0-9_./:@!+=*?{},-]*(?<!:)")
_NOT_PLAIN = re.compile(r"[0-9.]+|-.*|~|null|true|false|yes|no|on|off|.*:", re.IGNORECASE)

Scalar = str | bool


@define
class Said:
    """A value and the comments above it."""

    value: "Scalar | list[Said] | dict[str, Said]"
    comments: list[str] = field(factory=list[str])
    below: list[str] = field(factory=list[str])
    """Comments at the end of a mapping: about what is not in it."""

    @property
    def mapping(self) -> "dict[str, Said]":
        """What it holds, where it is a mapping."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def plain(self) -> object:
        """The value alone, as a config file gives it."""
        match self.value:
            case list():
                return [one.plain for one in self.value]
            case dict():
                return {key: one.plain for key, one in self.value.items()}
            case _:
                return self.value

    def comment(self, *lines: str) -> None:
        """Add comments that aren't there yet."""
        self.comments += [line for line in dict.fromkeys(lines) if line not in self.comments]

    def join(self, other: "Said") -> None:
        """Take another's comments, and the items that are not there; a scalar stays as it is."""
        self.comment(*other.comments)
        if isinstance(self.value, list) and isinstance(other.value, list):
            for one in other.value:
                same = next((mine for mine in self.value if mine.plain == one.plain), None)
                if same is None:
                    self.value.append(one)
                else:
                    same.join(one)
        elif isinstance(self.value, dict) and isinstance(other.value, dict):
            for key, one in other.value.items():
                if key in self.value:
                    self.value[key].join(one)
                else:
                    self.value[key] = one


def take_out(tree: Said, path: Path, least: int) -> tuple[Path, Said] | None:
    """Take out what stands at a path, or nearest around it; None where that is not at least so deep.

    A list or mapping that is empty then goes too.
    """
    around: list[tuple[Said, str | int]] = []
    inside = tree
    for part in path:
        found = _at(inside, part)
        if found is None:
            break
        around.append((inside, part))
        inside = found
    if len(around) < least:
        return None
    for holder, part in reversed(around[least - 1 :]):
        if isinstance(holder.value, list):
            holder.value.pop(int(part))
        else:
            holder.mapping.pop(str(part))
        if holder.value:
            break
    return tuple(part for _, part in around), inside


def _at(said: Said, part: str | int) -> Said | None:
    match said.value:
        case list() if isinstance(part, int) and part < len(said.value):
            return said.value[part]
        case dict():
            return said.value.get(str(part))
        case _:
            return None


def yaml_lines(tree: Said, indent: str = "") -> Iterator[str]:
    """A mapping in block style, each comment above what it is about."""
    for key, said in tree.mapping.items():
        yield from (f"{indent}# {printable(line)}" for line in said.comments)
        match said.value:
            case dict() if said.value:
                yield f"{indent}{quoted(key)}:"
                yield from yaml_lines(said, f"{indent}  ")
            case dict():
                yield f"{indent}{quoted(key)}: {{}}"
                yield from (f"{indent}  # {printable(line)}" for line in said.below)
            case list():
                yield f"{indent}{quoted(key)}:"
                for item in said.value:
                    yield from _item(item, f"{indent}  ")
            case _:
                yield f"{indent}{quoted(key)}: {_scalar(said.value)}"
    yield from (f"{indent}# {printable(line)}" for line in tree.below)


def _item(item: Said, indent: str) -> Iterator[str]:
    yield from (f"{indent}# {printable(line)}" for line in item.comments)
    match item.value:
        case dict():
            for i, line in enumerate(yaml_lines(item)):
                yield f"{indent}{'  ' if i else '- '}{line}"
        case list():
            raise TypeError("no key takes lists of lists")
        case _:
            yield f"{indent}- {_scalar(item.value)}"


def _scalar(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else quoted(value)


def quoted(text: str) -> str:
    """A text as YAML: quoted where it would be read as something else."""
    plain = _PLAIN.fullmatch(text) and not _NOT_PLAIN.fullmatch(text)
    return text if plain else json.dumps(text)
