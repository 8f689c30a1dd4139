"""How much a question may cost: seconds of the processor and pieces of the search, set by whoever asks.

Time never changes an answer but to Undecided, which says what ran out. It is the processor's time of this thread, so
that what else a machine does takes nothing of it.
"""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from time import monotonic, thread_time

from attrs import define

from ecsiam.analysis.patterns import Unclear
from ecsiam.errors import Fault, PolicyError

SECONDS = 20.0
PIECES = 200_000


class OutOfTime(Unclear):
    """The question has taken all the time that it had."""


BETWEEN = 0.02  # seconds between two looks at the thread's clock, which costs more than the other one


@define
class Budget:
    """What a question may cost. `end` is where the clock of the thread stands when its time is over."""

    seconds: float
    pieces: int
    end: float
    look: float = -inf  # when to look at it again


_CURRENT: ContextVar[Budget | None] = ContextVar("budget", default=None)


@contextmanager
def limited(seconds: float | None = None, *, pieces: int | None = None) -> Generator[None]:
    """All that is asked inside has so many seconds together, and so many pieces each; what an outer limit left stays.

    Without seconds it is the outer limit, or SECONDS where there is none. Raises PolicyError for none at all.
    """
    if not _may_be_seconds(seconds):
        raise PolicyError(Fault(f"`{seconds!r}` is no number of seconds", remedy="Write it like `timeout=20`."))
    if seconds is not None and not seconds > 0:
        raise PolicyError(Fault(f"a question can't be answered in {seconds:g} s", remedy="Give it more than none."))
    outer, now = _CURRENT.get(), thread_time()
    given = outer.pieces if outer else PIECES
    most = given if pieces is None else min(pieces, given)
    wanted = SECONDS if seconds is None else seconds
    if outer is not None and (seconds is None or outer.end <= now + wanted):
        budget = Budget(outer.seconds, most, outer.end)
    else:
        budget = Budget(wanted, most, now + wanted)
    token = _CURRENT.set(budget)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def _may_be_seconds(given: object) -> bool:
    return given is None or (isinstance(given, int | float) and not isinstance(given, bool))


def pieces() -> int:
    """How many pieces a search may make."""
    budget = _CURRENT.get()
    return PIECES if budget is None else budget.pieces


def is_over() -> bool:
    """Whether the time of the question is over, for whoever can do with what was found."""
    try:
        check_time()
    except OutOfTime:
        return True
    return False


def check_time() -> None:
    """Raises OutOfTime when the time of the question is over."""
    budget = _CURRENT.get()
    if budget is None or (now := monotonic()) < budget.look:
        return
    budget.look = now + BETWEEN
    if thread_time() > budget.end:
        budget.look = -inf
        raise OutOfTime(f"the time of {budget.seconds:g} s ran out")
