"""A bar for long work: on a terminal, on standard error, once it takes longer than a moment; else nothing."""

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

Progress = Callable[[int, int], None]
"""Called with how much is done, and of how much."""

MOMENT = 0.5  # seconds before anything is shown
PAUSE = 0.1  # seconds between two pictures of it
WIDE = 24


@contextmanager
def progress(what: str, clock: Callable[[], float] = time.monotonic) -> Generator[Progress]:
    """What draws the bar while the work is done, and takes it away at the end."""
    stream = sys.stderr
    if not stream or not stream.isatty():
        yield _nothing
        return
    last = clock() + MOMENT - PAUSE
    shown = False

    def draw(done: int, of: int) -> None:
        nonlocal last, shown
        now = clock()
        if now - last >= PAUSE:
            full = WIDE * done // max(of, 1)
            stream.write(f"\r\x1b[K{what} [{'#' * full}{'.' * (WIDE - full)}] {done:,} of {of:,}")
            stream.flush()
            last, shown = now, True

    try:
        yield draw
    finally:
        if shown:
            stream.write("\r\x1b[K")
            stream.flush()


def _nothing(done: int, of: int) -> None:
    pass
