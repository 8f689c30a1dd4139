"""The errors a user can meet, named by whose fault it is; each lists every fault at once."""

from collections.abc import Iterable

from attrs import evolve, frozen

Path = tuple[str | int, ...]


@frozen
class Fault:
    """One thing that is wrong: what, where, and what to write instead.

    `path` is where in the document (`("secrets_arns", 0)`), `file` and `line` where in the file, when known.
    """

    message: str
    path: Path = ()
    remedy: str = ""
    file: str = ""
    line: int | None = None

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " if self.file and self.line else f"{self.file}: " if self.file else ""
        at = f" @ {show_path(self.path)}" if self.path else ""
        remedy = f". {self.remedy}" if self.remedy else ""
        return printable(f"{where}{self.message}{at}{remedy}")

    def under(self, *prefix: str | int) -> "Fault":
        """The same fault seen from further out."""
        return evolve(self, path=(*prefix, *self.path))


def show_path(path: Path) -> str:
    """`$.secrets_arns[0]`, the JSONPath of a place in a document."""
    return "$" + "".join(f"[{p}]" if isinstance(p, int) else f".{p}" if p.isprintable() else f"[{p!r}]" for p in path)


def show(value: str) -> str:
    """`value` for a message: on one line, without what a terminal would obey, and not too long."""
    return printable(value if len(value) <= 120 else f"{value[:117]}...")


def printable(text: str) -> str:
    """`text` on one line, without what a terminal would obey: `\\x1b`, `\\n`, `\\u202e` stand for the characters."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def is_text(value: str) -> bool:
    """Whether `value` is characters, and not in part bytes that are no UTF-8, which Python hands on as surrogates."""
    return value.isascii() or not any("\ud800" <= c <= "\udfff" for c in value)


LONGEST_SLIP = 64


def did_you_mean(written: str, known: Iterable[str]) -> str:
    """The remedy that names the nearest of what is known; empty for a text that is near to none."""
    if len(written) > LONGEST_SLIP:  # the search for what is near takes the square of the length
        return ""
    import difflib

    near = difflib.get_close_matches(written, known, n=1)
    return f"Did you mean `{near[0]}`?" if near else ""


class EcsiamError(Exception):
    """What they have in common: `.faults`, all of them, and a text with one line for each.

    Deliberately no ValueError: pydantic would swallow it and wrap it in an error of its own.
    """

    def __init__(self, *faults: Fault | str) -> None:
        self.faults: tuple[Fault, ...] = tuple(f if isinstance(f, Fault) else Fault(f) for f in faults)
        super().__init__(*self.faults)

    def __str__(self) -> str:
        return "\n".join(str(f) for f in self.faults)


class ConfigError(EcsiamError):
    """Your config: a value that is missing, malformed or contradicts another."""


class PolicyError(EcsiamError):
    """Your IAM document: something IAM itself would refuse, or that would not mean what it says."""


class EmitError(EcsiamError):
    """That target can't say it, or the place to write to is not ours: nothing was written."""


class ReadError(EcsiamError):
    """Your infrastructure code: a file that can't be read at all, or is far larger than any that is meant."""


class Faults(list[Fault]):
    """Faults being gathered: `with faults.at("Statement", 3): ...` goes on after an error and keeps where it was.

    After a hundred it ends with an error of that kind.
    """

    def at(self, *path: str | int) -> "_At":
        return _At(self, path)


class _At:
    """What gathers the faults of a block: by hand, since documents of an account are read by the hundred thousand."""

    __slots__ = ("faults", "path")

    def __init__(self, faults: Faults, path: Path) -> None:
        self.faults, self.path = faults, path

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        if not isinstance(error, EcsiamError):
            return False
        self.faults += [f.under(*self.path) for f in error.faults if f is not TOO_MANY]
        if len(self.faults) > MOST_FAULTS:
            raise type(error)(*self.faults[:MOST_FAULTS], TOO_MANY) from None
        return True


MOST_FAULTS = 100
TOO_MANY = Fault("too many faults to go on", remedy="Correct the ones above first")


def refuse(error: type[EcsiamError], faults: Iterable[Fault]) -> None:
    """Raise `error` with all `faults`, if there are any."""
    found = tuple(faults)
    if found:
        raise error(*found)
