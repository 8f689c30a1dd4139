"""Where what we say goes: answers to standard output, all else to standard error."""

import json
import os
import sys
from collections.abc import Iterable
from typing import NoReturn, TextIO

from ecsiam.errors import Fault, printable


def as_text(lines: Iterable[str]) -> str:
    """Lines as what is printed: one of a policy's own breaks none of them."""
    return "".join(f"{printable(line)}\n" for line in lines)


def write(text: str) -> None:
    """Write to standard output: in UTF-8 whatever the locale is, as JSON has to be.

    What a terminal would obey is escaped as in JSON, which may hold it as it is (U+007F).
    """
    text = "\n".join(map(_obeyed_by_none, text.split("\n")))
    if not sys.stdout:
        fail(Fault("standard output is closed"))
    try:
        sys.stdout.buffer.write(text.encode())
        sys.stdout.flush()
    except OSError as e:
        discard(sys.stdout)
        if not isinstance(e, BrokenPipeError):  # else whoever read it has what they wanted (`| head`)
            fail(unwritten("standard output", e))


def _obeyed_by_none(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(
        c if c.isprintable() or c == "\t" else json.dumps(c)[1:-1] if c != "\x7f" else "\\u007f" for c in line
    )


def say(line: str) -> None:
    """Write a line to standard error."""
    if sys.stderr:  # Python has none when the shell closed it, and `print` would take standard output instead
        try:
            print(printable(line), file=sys.stderr, flush=True)
        except OSError:
            discard(sys.stderr)


def fail(*faults: Fault) -> NoReturn:
    """Say what is wrong, and end the run."""
    for fault in faults:
        say(f"error: {fault}")
    sys.exit(2)


def unwritten(place: str, error: OSError) -> Fault:
    """The fault of a place that could not be written."""
    return Fault(f"can't write {place}: {(error.strerror or str(error)).lower()}")


def discard(stream: TextIO) -> None:
    """Send what a stream holds back nowhere: at exit Python would try again to write it, and fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
