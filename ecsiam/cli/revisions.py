"""What stood at a path at a git revision: git lists and reads objects, and does nothing else."""

import shutil
import subprocess
from collections.abc import Generator, Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import evolve, frozen

from ecsiam.errors import Fault, ReadError, show

_FILES = ("100644", "100755")  # no links, no submodules
_MOST = 1024 * 1024  # bytes of one file; configuration is smaller
_MOST_OF_ALL = 256 * 1024 * 1024


@frozen
class Then:
    """What stood at a path, below a copy of the repository as it was."""

    path: Path
    root: Path
    top: Path
    within: Path

    def file(self, name: str) -> Path:
        """Another file as it was; one that wasn't in the repository, as it is."""
        now = (self.within / name).resolve()
        was = self.root / now.relative_to(self.top) if now.is_relative_to(self.top) else now
        return was if was.is_file() else now


@contextmanager
def at_revision(path: str, revision: str) -> Generator[Then]:
    """The same path as it was at a revision, in a directory that goes away.

    Inside, the working directory is the one there that this one was: so what is read has the same name as it has now.
    An absolute path is named from the root. A folder may not have been there. Raises ReadError for what is in no
    repository, and for a revision that is none or has no such file.
    """
    place = Path(path)
    here = (place if place.is_dir() else place.parent).resolve()
    if not here.is_dir():
        raise ReadError(Fault(f"there is no `{path}`", (), "Check the path."))
    top = Path(_git(here, "rev-parse", "--show-toplevel").decode().removesuffix("\n"))
    commit = (
        _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
    )
    below, within = place.resolve().relative_to(top.resolve()), Path.cwd().resolve()
    with TemporaryDirectory(prefix="ecsiam-") as directory:
        then = Then(below, Path(directory).resolve(), top.resolve(), within)
        _write(top, then.root, list(_listed(top, commit)))
        was_there = (then.root / below).exists()
        if place.is_file() and not was_there:
            raise ReadError(Fault(f"`{path}` is not in `{show(revision)}`", (), "Name a path that was there."))
        inside = then.root / within.relative_to(then.top) if within.is_relative_to(then.top) else then.root
        inside.mkdir(parents=True, exist_ok=True)
        with chdir(inside):
            if not place.is_absolute() and (place.exists() or not was_there):
                yield evolve(then, path=place)
                return
        with chdir(then.root):
            yield then


def _listed(top: Path, commit: str) -> Iterator[tuple[str, str]]:
    """The id and path of each file of a commit that may be configuration."""
    total = 0
    for line in _git(top, "ls-tree", "-r", "-z", "-l", "--full-tree", commit).split(b"\0"):
        head, _, name = line.partition(b"\t")
        fields = head.decode().split()
        if len(fields) == 4 and fields[0] in _FILES and int(fields[3]) <= _MOST:
            total += int(fields[3])
            if total > _MOST_OF_ALL:
                raise ReadError(Fault(f"the repository is larger than {_MOST_OF_ALL // 1024 // 1024} MiB"))
            yield fields[2], name.decode("utf-8", "surrogateescape")


def _write(top: Path, root: Path, files: list[tuple[str, str]]) -> None:
    asked = "".join(f"{id}\n" for id, _ in files).encode()
    data = _git(top, "cat-file", "--batch", stdin=asked)
    at = 0
    for _, name in files:
        end = data.index(b"\n", at)
        size = int(data[at:end].split()[2])
        target = root / name
        if target.is_relative_to(root) and ".." not in target.parts:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data[end + 1 : end + 1 + size])
        at = end + 1 + size + 1


def _git(directory: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    program = shutil.which("git")
    if program is None:
        raise ReadError(Fault("git is not installed", (), "Install it, or compare two folders."))
    command = [program, "-C", str(directory), "--no-optional-locks", "-c", "core.fsmonitor=false", *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=120)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().split("\n")[0].removeprefix("fatal: ")
        what = said or f"there is no revision `{show(arguments[-1].removesuffix('^{commit}'))}`"
        raise ReadError(Fault(f"git: {show(what)}", (), "Name a revision of the repository that the path is in."))
    return done.stdout
