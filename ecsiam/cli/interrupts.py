"""What Ctrl-C does: it ends the run at once with exit code 130, and takes back what was being written.

Python's own way is an exception at any moment: in the middle of an import it is a traceback, and where an object is
being thrown away it is printed and forgotten.
"""

import atexit
import os
import signal
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import NoReturn

INTERRUPTED = 130


def heed() -> None:
    """From here on Ctrl-C ends the process, unless whoever started it has it ignored or takes it for themselves."""
    with suppress(ValueError):  # not the main thread
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, _end)
            atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)  # all is done, and Python tidies up


@contextmanager
def undone() -> Generator[None]:
    """Where files are written, Ctrl-C is an exception, so that what was done is undone; a second one is in its way."""
    if signal.getsignal(signal.SIGINT) is not _end:
        yield
        return
    signal.signal(signal.SIGINT, _raise_once)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, _end)


def _end(*_: object) -> NoReturn:
    os._exit(INTERRUPTED)


def _raise_once(*_: object) -> NoReturn:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt
