"""What Ctrl-C does: it ends the run at once with exit code 130, and takes back what was being written.

Python's own way is an exception at any moment: in the middle of an import it is a traceback, and where an object is
being thrown away it is printed and forgotten. This module imports next to nothing: until it is there, it is Python's.
"""

import atexit
import os
import signal

INTERRUPTED = 130


def heed() -> None:
    """From here on Ctrl-C ends the process, unless whoever started it has it ignored or takes it for themselves."""
    try:
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, _end)
            atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)  # all is done, and Python tidies up
    except ValueError:  # not the main thread
        pass


class Undone:
    """Where files are written, Ctrl-C is an exception, so that what was done is undone; a second one is in its way."""

    def __enter__(self) -> None:
        self.heeded = signal.getsignal(signal.SIGINT) is _end
        if self.heeded:
            signal.signal(signal.SIGINT, _raise_once)

    def __exit__(self, *_: object) -> None:
        if self.heeded:
            signal.signal(signal.SIGINT, _end)


def _end(*_: object) -> None:
    os._exit(INTERRUPTED)


def _raise_once(*_: object) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt
