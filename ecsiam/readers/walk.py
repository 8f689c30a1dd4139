"""Which files of a path are read: sorted, each once, none outside of a root and none through a link that leads out."""

import codecs
import os
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from ecsiam.errors import Fault, ReadError

# What tools keep for themselves. Other hidden directories are people's: `.github`, `.aws`, `.ecs`.
SKIPPED = frozenset(
    {
        *(".git", ".hg", ".svn", ".terraform", ".terragrunt-cache", "node_modules", "bower_components", "vendor"),
        *(".venv", "venv", "site-packages", "__pycache__", ".tox", ".nox", ".eggs", ".gradle", ".m2", ".yarn"),
        *(".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".cache", ".idea", ".vscode"),
    }
)
_OF_TERRAFORM = (".tf", ".tf.json", ".tofu", ".tofu.json")
SUFFIXES = (".json", ".yaml", ".yml", ".template", ".jsonnet")
MOST_FILES = 20_000
LARGEST = 256 * 1024 * 1024  # bytes of one file: a dump of an account is large
LARGEST_OF_ALL = 512 * 1024 * 1024

_UNMARKED: dict[tuple[bool, ...], str] = {
    (False, True, False, True): "utf-16-le",
    (True, False, True, False): "utf-16-be",
}
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@frozen
class File:
    """A file with its content. `name` is what messages call it: its path as it was given."""

    name: str
    content: bytes


def files(path: Path, within: Path) -> Iterator[File]:
    """The files at a path that may be documents, templates or task definitions, one at a time.

    A file that is named is read whatever it is called. Raises ReadError for what can't be read, with all of it, once
    the others were given out.
    """
    top = within.resolve()
    if not path.resolve().is_relative_to(top):
        raise ReadError(Fault(f"`{path}` is outside of `{within}`", (), "Name the directory with `--root`."))
    if not path.is_file() and not path.is_dir():
        raise ReadError(Fault("neither a file nor a directory", file=str(path)))
    faults: list[Fault] = []
    left = LARGEST_OF_ALL
    for one in [path] if path.is_file() else _below(path, faults):
        try:
            if not one.resolve().is_relative_to(top):
                continue
            most = min(LARGEST, left)
            with one.open("rb") as file:
                content = file.read(most + 1)
        except (OSError, RuntimeError) as e:  # the latter of links in a circle
            faults.append(_unreadable(str(one), e))
            continue
        if len(content) > most:
            fault = f"larger than {LARGEST // 2**20} MiB" if most == LARGEST else _ALL
            faults.append(Fault(fault, (), "Name fewer files.", str(one)))
            continue
        left -= len(content)
        content = _utf8(content)
        if b"\0" in content[:4]:
            faults.append(Fault("it is no text in UTF-8 or UTF-16", (), "Save it as UTF-8, or leave it out.", str(one)))
            continue
        yield File(str(one), content)
    if faults:
        raise ReadError(*faults)


def beside(path: Path, within: Path, most: int) -> str | None:
    """The text of a file that another one names; None for one that isn't there, is outside, too large or no text."""
    try:
        if not path.is_file() or not path.resolve().is_relative_to(within.resolve()):
            return None
        with path.open("rb") as file:
            content = file.read(most + 1)
        return content.decode() if len(content) <= most else None
    except (OSError, RuntimeError, ValueError):
        return None


_ALL = f"with it there are more than {LARGEST_OF_ALL // 2**20} MiB to read"


def _unreadable(name: str, error: Exception) -> Fault:
    why = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return Fault(why.lower(), (), "Make it readable, or name another path.", name)


def _utf8(content: bytes) -> bytes:
    """What PowerShell's `>` writes is UTF-16; anything else is left for its reader to refuse.

    Without a mark it is told as JSON's was, by the zeros of what begins with letters and brackets.
    """
    zeros = tuple(byte == 0 for byte in content[:4])
    encoding = "utf-16" if content.startswith(_UTF16) else _UNMARKED.get(zeros)
    if encoding is None:
        return content
    try:
        return content.decode(encoding).encode()
    except UnicodeError:
        return content


def _below(directory: Path, faults: list[Fault]) -> Iterator[Path]:
    found = 0

    def unreadable(error: OSError) -> None:
        faults.append(_unreadable(str(error.filename), error))

    for here, directories, names in os.walk(directory, onerror=unreadable):
        directories[:] = sorted(d for d in directories if d not in SKIPPED)
        is_root = any(name.endswith(_OF_TERRAFORM) for name in names)  # its state says what it says again
        suffixes = SUFFIXES if is_root else (*SUFFIXES, ".tfstate")
        for name in sorted(names):
            if name.lower().endswith(suffixes) and (one := Path(here, name)).is_file():
                found += 1
                if found > MOST_FILES:
                    raise ReadError(Fault(f"more than {MOST_FILES:,} files in `{directory}`", (), "Name fewer."))
                yield one
