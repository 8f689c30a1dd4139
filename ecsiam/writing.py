"""How files get into a directory: all of them or none, never through a link, and by one run at a time.

Everything new is written to a folder beside, flushed, and moved into place. So a full disk, an error or Ctrl-C leaves
what was there, and a kill leaves each file wholly old or new.
"""

import os
import shutil
import stat
import sys
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from attrs import frozen

from ecsiam.errors import EmitError, Fault, refuse

if sys.platform != "win32":
    import fcntl

STAGE = ".ecsiam-tmp"  # one folder with a fixed name: what a killed run left behind is found without a list
LAST = "last"
FILE, LINK, FOLDER = "file", "symbolic link", "directory"
PATIENCE = 10.0  # seconds to wait for another run; one takes milliseconds
_ASLEEP = 0.02


@frozen
class Change:
    """One file before and after; None stands for no file."""

    root: Path
    name: str
    old: bytes | None
    new: bytes | None

    def prepare(self) -> "_Step":
        """Lay both by in the folder beside: what is there, and what is to be."""
        step = _Step(self.root, self.name, self.old is not None, self.new is not None)
        if self.old is not None:
            step.staged("old").parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(step.place, step.staged("old"), follow_symlinks=False)
        if self.new is not None:
            _store(step.staged("new"), self.new)
        return step


@frozen
class _Step:
    """A change that lies ready in the folder beside: it holds no content, so thousands of them can."""

    root: Path
    name: str
    old: bool
    new: bool

    @property
    def place(self) -> Path:
        return self.root / self.name

    def staged(self, age: str) -> Path:
        return self.root / STAGE / age / self.name

    def make(self) -> None:
        if self.new:
            self.place.parent.mkdir(parents=True, exist_ok=True)
            self.staged("new").replace(self.place)
        else:
            self.place.unlink()

    def undo(self) -> None:
        if self.old:
            self.staged("old").replace(self.place)
        else:
            self.place.unlink(missing_ok=True)


@frozen
class Frame:
    """What goes around the changes: one that is made before all others, and what follows them.

    `last` is a file that is put in place once all else is done; `missing` are the folders that the changes make, and
    `emptied` those that may go.
    """

    first: Change | None = None
    last: tuple[str, bytes] | None = None
    missing: Sequence[Path] = ()
    emptied: Sequence[Path] = ()


def carry_out(root: Path, changes: Iterable[Change], frame: Callable[[], Frame] = Frame) -> None:
    """Make `changes` in `root`, in their order, or none of them. The caller holds `root`.

    Each change is laid by before the next one is asked for; `frame` is asked for when all are.
    """
    stage = root / STAGE
    if kind(stage):
        shutil.rmtree(stage)
    undo = ExitStack()
    around = Frame()
    try:
        # What takes room comes first, so that a full disk shows up before anything is replaced.
        steps = [change.prepare() for change in changes]
        around = frame()
        first = [around.first.prepare()] if around.first else []
        if around.last:
            _store(stage / LAST, around.last[1])
        for some in (first, steps):
            for step in some:
                undo.callback(step.undo)  # noted before it is made, lest an interrupt come between the two
                step.make()
            for folder in dict.fromkeys(step.place.parent for step in some):
                _sync(folder)
        for folder in around.emptied:
            undo.callback(folder.mkdir, exist_ok=True)
            _remove(folder)
        for folder in around.missing:
            _sync(folder.parent)
        if around.last:
            (stage / LAST).replace(root / around.last[0])
            _sync(root)
    except BaseException as error:
        try:
            undo.close()
        except OSError as lost:
            remedy = f"What was there is in `{stage / 'old'}` until the next run"
            raise EmitError(Fault(f"cannot restore `{root}`: {why(lost)}", remedy=remedy)) from error
        shutil.rmtree(stage, ignore_errors=True)
        for folder in reversed(around.missing):
            _remove(folder)
        if isinstance(error, FileExistsError | FileNotFoundError) and f"{STAGE}{os.sep}" in str(error.filename):
            raise _busy(root) from error  # where no lock can be had, this is how another run shows
        raise
    shutil.rmtree(stage, ignore_errors=True)


def replace(root: Path, texts: Mapping[str, str]) -> None:
    """Put files into a directory that is there, whatever stands in their places but folders and special files."""
    changes = [Change(root, name, read(root / name), text.encode()) for name, text in texts.items()]
    refuse(EmitError, in_the_way([stage] if not is_stage(stage := root / STAGE) else []))
    carry_out(root, [change for change in changes if change.old != change.new])


def in_the_way(places: Sequence[Path]) -> list[Fault]:
    """That what stands at `places` can't be replaced."""
    return [Fault(f"`{p}` is in the way: it is a {kind(p)}", remedy="Move it away") for p in places]


def is_stage(stage: Path) -> bool:
    """Whether nothing but what a killed run left stands at the place of the folder beside."""
    found = kind(stage)
    return not found or (found == FOLDER and {p.name for p in stage.iterdir()} <= {"old", "new", LAST})


# ---------------------------------------------------------------- one run at a time


@contextmanager
def held(root: Path, *, make: bool) -> Generator[None]:
    """Keep other runs out of `root`; where it is missing, `make` it and its parents, and take them away after an error.

    Raises EmitError when another run stays there.
    """
    until = time.monotonic() + PATIENCE
    made: list[Path] = []
    try:
        while True:
            if make:
                made += [folder for folder in (*reversed(root.parents), root) if not folder.exists()]
                root.mkdir(parents=True, exist_ok=True)
            with _locked(root) as mine:
                if mine:
                    yield
                    return
            if time.monotonic() > until:
                made.clear()  # another run is there
                raise _busy(root)
            time.sleep(_ASLEEP)
    except BaseException:
        for folder in reversed(made):
            _remove(folder)
        raise


@contextmanager
def _locked(root: Path) -> Generator[bool]:
    """Whether the lock of a directory is ours for now: a kill frees it, and it leaves nothing behind."""
    descriptor = os.open(root, os.O_RDONLY)
    try:
        yield _lock(descriptor) and _is_at(root, descriptor)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    if sys.platform != "win32":
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            pass  # a file system without locks
    return True


def _is_at(root: Path, descriptor: int) -> bool:
    """Whether the directory is still the one at its place: a run that failed takes away what it made."""
    try:
        return os.path.samestat(root.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _busy(root: Path) -> EmitError:
    return EmitError(Fault(f"another run of ecsiam is writing to `{root}`", remedy="Run this again when it has ended"))


# ---------------------------------------------------------------- files


def kind(path: Path) -> str:
    """What stands at `path` itself, not where a link leads; empty if nothing."""
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return ""
    return {stat.S_IFREG: FILE, stat.S_IFLNK: LINK, stat.S_IFDIR: FOLDER}.get(stat.S_IFMT(mode), "special file")


def read(path: Path) -> bytes | None:
    """What is in the file at `path`; of a link, that it is one."""
    found = kind(path)
    if found == LINK:  # not what it leads to, which may be a secret; and no UTF-8, so never taken for what is wanted
        return b"\xff" + f"symbolic link to {path.readlink()}".encode(errors="replace")
    return path.read_bytes() if found else None


def why(error: OSError) -> str:
    """What the system says of an error."""
    return (error.strerror or str(error)).lower()


def _store(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _remove(folder: Path) -> None:
    with suppress(OSError):  # the user may have something in it
        folder.rmdir()


def _sync(folder: Path) -> None:
    with suppress(OSError):  # not every file system can
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
