"""Where what we say goes: answers to standard output, all else to standard error."""

import os
import sys
from typing import NoReturn, TextIO

from ecsiam.errors import Fault


def write(text: str) -> None:
    """Write to standard output: in UTF-8 whatever the locale is, as JSON has to be."""
    if not sys.stdout:
        fail(Fault("standard output is closed"))
    try:
        sys.stdout.buffer.write(text.encode())
        sys.stdout.flush()
    except OSError as e:
        discard(sys.stdout)
        if not isinstance(e, BrokenPipeError):  # else whoever read it has what they wanted (`| head`)
            fail(unwritten("standard output", e))


def say(line: str) -> None:
    """Write a line to standard error."""
    if sys.stderr:  # Python has none when the shell closed it, and `print` would take standard output instead
        try:
            print(line, file=sys.stderr, flush=True)
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
