"""The files of Terraform configurations: found, read and parsed, each once; never one outside of a boundary."""

import os
import re
import stat
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from attrs import define, field

from ecsiam.errors import Fault, ReadError, show
from ecsiam.readers.hcl.scanner import LARGEST
from ecsiam.readers.hcl.syntax import parse_body
from ecsiam.readers.hcl.tree import Argument, Block, Body, references
from ecsiam.readers.values import Failed

_OF_ROLES = {
    "aws_iam_role",
    "aws_iam_policy",
    "aws_iam_policy_attachment",
    "aws_iam_role_policy_attachment",
    "aws_iam_role_policy_attachments_exclusive",
}
K = TypeVar("K")
SUFFIXES = (".tf", ".tf.json", ".tofu", ".tofu.json")
MOST_FILES = 20_000
LARGEST_OF_ALL = 64 * 1024 * 1024  # bytes that are read for one root


@define(eq=False, slots=False)
class Configuration:
    """What the files of one directory say together."""

    directory: str
    files: list[str] = field(factory=list[str])
    variables: dict[str, Block] = field(factory=dict[str, Block])
    outputs: dict[str, Block] = field(factory=dict[str, Block])
    locals: dict[str, Argument] = field(factory=dict[str, Argument])
    modules: dict[str, Block] = field(factory=dict[str, Block])
    resources: dict[tuple[str, str], Block] = field(factory=dict[tuple[str, str], Block])
    data: dict[tuple[str, str], Block] = field(factory=dict[tuple[str, str], Block])
    providers: list[Block] = field(factory=list[Block])
    moved: list[Block] = field(factory=list[Block])
    settings: list[Block] = field(factory=list[Block])

    @cached_property
    def handed(self) -> frozenset[tuple[str, str]]:
        """What is named by something else than a role and what is attached to one."""
        bodies = [block.body for (kind, _), block in self.resources.items() if kind not in _OF_ROLES]
        bodies += [block.body for of in (self.outputs, self.modules, self.data) for block in of.values()]
        locals_ = (argument.value for argument in self.locals.values())
        return frozenset(one for of in (*bodies, *locals_) for one in references(of))

    @property
    def backend(self) -> Block | None:
        """Where its state is kept, if that is said."""
        return next((block for of in self.settings for block in of.body.of_type("backend")), None)

    def add(self, body: Body, *, overrides: bool = False) -> None:
        """Take in a file. Only one that overrides may say again what was said. Raises ReadError for any other."""
        self.files.append(body.file)
        for block in body.blocks:
            match block.type, block.labels:
                case "variable", (name,):
                    _put(self.variables, name, block, overrides)
                case "output", (name,):
                    _put(self.outputs, name, block, overrides)
                case "module", (name,):
                    _put(self.modules, name, block, overrides)
                case "resource", (kind, name):
                    _put(self.resources, (kind, name), block, overrides)
                case "data", (kind, name):
                    _put(self.data, (kind, name), block, overrides)
                case (("provider" | "moved" | "import" | "terraform" as kind), _):
                    {"provider": self.providers, "terraform": self.settings}.get(kind, self.moved).append(block)
                case "locals", ():
                    for name, argument in block.body.arguments.items():
                        if name in self.locals and not overrides:
                            raise _twice(f"local.{name}", body.file, argument.line)
                        self.locals[name] = argument
                case _:
                    pass


def _twice(what: str, file: str, line: int) -> ReadError:
    remedy = "Keep one of them: Terraform refuses two"
    return ReadError(Fault(f"`{show(what)}` is declared twice", (), remedy, file, line))


def _put(into: dict[K, Block], key: K, block: Block, overrides: bool) -> None:
    before = into.get(key)
    if before is None:
        into[key] = block
        return
    if not overrides:
        raise _twice(".".join((block.type, *block.labels)), block.body.file, block.line)
    replaced = {b.type for b in block.body.blocks}
    kept = [b for b in before.body.blocks if b.type not in replaced]
    body = Body(before.body.file, before.body.arguments | block.body.arguments, [*kept, *block.body.blocks])
    into[key] = Block(before.type, before.labels, body, before.line)


class Files:
    """Files below a directory, `within`, by their paths as they are shown."""

    def __init__(self, within: Path) -> None:
        self.within = within.resolve()
        self.left = LARGEST_OF_ALL
        self.roots: tuple[str, ...] = ()
        """The directories that may be roots, of which one may read another's state."""
        self._parsed: dict[str, Configuration] = {}

    def holds(self, path: str) -> bool:
        """Whether a path, with all links followed, is inside the boundary."""
        return Path(path).resolve().is_relative_to(self.within)

    def text(self, path: str, *, as_it_is: bool = False) -> str:
        """The text of a file, with plain ends of lines unless `as_it_is`. Raises Failed where it can't be read."""
        name = show(path)
        try:
            if not self.holds(path):
                raise Failed(f"`{name}` is outside of `{show(str(self.within))}`")
            if not stat.S_ISREG(Path(path).stat().st_mode):  # to open a pipe waits for who writes to it
                raise Failed(f"`{name}` is no file")
            with Path(path).open("rb") as file:
                data = file.read(min(LARGEST, self.left) + 1)
        except (OSError, ValueError, RuntimeError) as e:
            reason = e.strerror if isinstance(e, OSError) and e.strerror else str(e)
            raise Failed(f"`{name}` can't be read: {reason}") from None
        if len(data) > LARGEST or len(data) > self.left:
            raise Failed(f"`{name}` is larger than is read")
        self.left -= len(data)
        try:
            return data.decode() if as_it_is else data.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError:
            raise Failed(f"`{name}` isn't UTF-8") from None

    def matching(self, directory: str, pattern: str) -> list[str]:
        """The files below a directory whose path from there a pattern of `fileset` matches. Raises Failed."""
        if not self.holds(directory):
            raise Failed(f"`{show(directory)}` is outside of `{show(str(self.within))}`")
        wanted = _pattern(pattern)
        found: list[str] = []
        seen = 0
        for here, inner, names in os.walk(directory):
            inner.sort()
            seen += len(names) + 1
            if seen > MOST_FILES:
                raise Failed(f"more than {MOST_FILES:,} files in `{show(directory)}`")
            for name in names:
                path = os.path.relpath(Path(here) / name, directory)
                if wanted.fullmatch(path) and Path(here, name).is_file() and self.holds(str(Path(here, name))):
                    found.append(path)
        return sorted(found)

    def configuration(self, directory: str) -> Configuration:
        """What the files of a directory say. Raises ReadError with the faults of all that can't be read."""
        if directory not in self._parsed:
            self._parsed[directory] = self._configuration(directory)
        return self._parsed[directory]

    def _configuration(self, directory: str) -> Configuration:
        from ecsiam.readers.terraform.json_syntax import json_body

        names = sorted(names_of(directory), key=lambda n: (_overrides(n), n))
        found = Configuration(directory)
        faults: list[Fault] = []
        for name in names:
            path = os.path.normpath(Path(directory) / name)
            try:
                text = self.text(path)
                body = json_body(text, path) if name.endswith(".json") else parse_body(text, path)
                found.add(body, overrides=_overrides(name))
            except Failed as e:
                faults.append(Fault(str(e), file=path))
            except ReadError as e:
                faults += e.faults
            except RecursionError:
                faults.append(Fault("nested too deeply", file=path))
        if faults:
            raise ReadError(*faults)
        return found


_GLOB = re.compile(r"\*\*/|\*\*|\*|\?|\[[!^]?[^]]+\]|\{[^{}]*\}|\\.|[^*?\[{\\]+")


def _pattern(glob: str) -> re.Pattern[str]:
    """What a pattern of `fileset` matches. Raises Failed for one that is none."""

    def of(token: str) -> str:
        match token[0]:
            case "*":
                return {"*": "[^/]*", "**": ".*", "**/": "(?:[^/]+/)*"}[token]
            case "?":
                return "[^/]"
            case "[":
                inside = token[1:-1].replace("\\", r"\\").replace("[", r"\[")
                return f"[^{inside[1:]}]" if inside[0] in "!^" else f"[{inside}]"
            case "{":
                return f"(?:{'|'.join(map(translated, token[1:-1].split(',')))})"
            case "\\":
                return re.escape(token[1])
            case _:
                return re.escape(token)

    def translated(part: str) -> str:
        tokens = _GLOB.findall(part)
        if "".join(tokens) != part:
            raise re.error("it has no end")
        return "".join(map(of, tokens))

    try:
        if len(glob) > 1_000 or glob.count("**") > 2 or any(part.count("*") > 2 for part in glob.split("/")):
            raise re.error("too much")
        return re.compile(translated(glob))
    except re.error as e:
        raise Failed(f"`{show(glob)}` is no pattern of files: {e}") from None


def _overrides(name: str) -> bool:
    stem = name.removesuffix(".json").removesuffix(".tf").removesuffix(".tofu")
    return stem == "override" or stem.endswith("_override")


def names_of(directory: str) -> list[str]:
    """The names of the Terraform files of a directory; a file of OpenTofu's stands for Terraform's of the same name."""
    try:
        with os.scandir(directory) as entries:
            found = {e.name for e in entries if e.name.endswith(SUFFIXES) and e.name[0] not in ".#" and e.is_file()}
    except OSError:
        return []
    return [name for name in found if name.replace(".tf", ".tofu") == name or name.replace(".tf", ".tofu") not in found]


def directories(top: str) -> Iterator[str]:
    """The directories at and below one that hold Terraform files, in order; no link is followed."""
    count = 0
    for directory, inner, names in os.walk(top):
        inner[:] = sorted(d for d in inner if not d.startswith(".") and d != "node_modules")
        count += len(names) + 1
        if count > MOST_FILES * 10:
            raise ReadError(Fault(f"more than {MOST_FILES * 10:,} files", remedy="Give a directory of fewer", file=top))
        if any(n.endswith(SUFFIXES) and n[0] not in ".#" for n in names):
            yield directory
