"""What of a failure is accepted: every request of it has to be, not only those that are shown.

What is accepted is a set of requests like any other. So a failure is accepted when the requests that fail, without
those that are accepted, are none; a failure that is no set of requests (a size, nobody gets in) only as a whole.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import cast

from attrs import evolve

from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.analysis.patterns import Unclear
from ecsiam.analysis.request import Request
from ecsiam.analysis.requests import Requests, query, union
from ecsiam.analysis.searching import search
from ecsiam.errors import Fault, PolicyError
from ecsiam.model.accept import Accept
from ecsiam.model.intent import Note
from ecsiam.model.stack import Stack

Sought = Fails | str | None


def day_of(today: date | None) -> date:
    """The day on which a question is asked. Raises PolicyError for what is none."""
    given = cast("object", today)
    if given is None:
        return date.today()
    if not isinstance(given, date):
        raise PolicyError(Fault(f"{given!r} is no day", (), "Write it like `datetime.date(2027, 3, 31)`."))
    return given.date() if isinstance(given, datetime) else given


def of_invariant(stack: Stack, id: str, today: date) -> Stack:
    """The stack with what is accepted of one invariant, and counts on a day."""
    if not stack.intent.accepted:
        return stack
    accepts = [a for a in stack.intent.accepted if a.invariant == id and a.counts(today)]
    return evolve(stack, intent=evolve(stack.intent, accepted=accepts))


def about(stack: Stack, *roles: str) -> tuple[Accept, ...]:
    """What is accepted of some roles."""
    return tuple(a for a in stack.intent.accepted if not a.role or a.role in roles)


def meant(accept: Accept) -> Requests:
    """The requests that are accepted."""
    return query(accept.actions or "*", accept.resources or "*")


def all_meant(accepts: Iterable[Accept]) -> Requests:
    """The requests that are accepted by any of these."""
    return union(map(meant, accepts))


def accepting(accepts: Iterable[Accept], request: Request) -> tuple[Accept, ...]:
    """Those that a request is covered by."""
    return tuple(a for a in accepts if a.is_whole or request in meant(a))


def marked(
    fails: Fails,
    accepts: tuple[Accept, ...],
    left: Callable[[], Sought],
    within: Callable[[Accept], Sought],
    unread: str,
) -> Fails:
    """A failure with what of it is accepted; first what isn't.

    `left` looks for a request that fails and is not accepted, `within` for one of an accept that fails; `unread` says
    what was not read that may fail as well.
    """
    if not accepts:
        return fails
    shown = [
        evolve(one, also=(), accepted=accepting(accepts, one.witness) if one.witness else ()) for one in parts(fails)
    ]
    unseen = (a for a in accepts if not any(a in one.accepted for one in shown))
    shown += [evolve(one, accepted=(a,)) for a in unseen if isinstance(one := within(a), Fails)]
    more = None if (whole := any(a.is_whole for a in accepts)) else left()
    if isinstance(more, Fails):
        return first_of((more, *(one for one in shown if one.accepted)))
    used = tuple(dict.fromkeys(a for one in shown for a in one.accepted))
    if more is None:  # also of what was not looked at one by one
        shown = [one if one.accepted else evolve(one, accepted=used) for one in shown]
    unknown = more or unread
    if unknown and not whole and all(one.accepted or one.witness is None for one in shown):
        shown.insert(0, unsure(unknown, fails.assumed))
    return first_of(shown)


def as_fact(stack: Stack, answer: Answer, *roles: str) -> Answer:
    """A failure of some roles that is no set of requests: accepted by what names neither actions nor resources."""
    whole = tuple(a for a in about(stack, *roles) if a.is_whole)
    if not isinstance(answer, Fails) or not whole:
        return answer
    return first_of(evolve(one, also=(), accepted=whole) for one in parts(answer))


def of_requests(stack: Stack, fails: Fails, requests: Requests, *roles: str) -> Fails:
    """A failure of some roles that is about these requests as they are granted: accepted where all of them are."""
    accepts = about(stack, *roles)
    try:
        if not accepts or search(requests - all_meant(accepts)) is not None:
            return fails
        return evolve(fails, accepted=tuple(a for a in accepts if search(requests & meant(a)) is not None))
    except Unclear:
        return fails


def unsure(reason: str, assumed: tuple[str, ...] = ()) -> Fails:
    """The part of a failure of which nobody knows whether it is accepted."""
    return Fails(fact=f"whether there is more than what is accepted is not known: {reason}", assumed=assumed)


def parts(fails: Fails) -> Iterator[Fails]:
    """A failure and what else shows it."""
    yield fails
    yield from fails.also


def first_of(fails: Iterable[Fails]) -> Fails:
    """The first, with the others beside it: what is accepted last, and where all is, with every reason."""
    flat = sorted((evolve(f, also=()) for fail in fails for f in parts(fail)), key=lambda f: bool(f.accepted))
    first, *others = flat
    every = dict.fromkeys(a for f in flat for a in f.accepted) if first.accepted else ()
    return evolve(first, also=tuple(others), accepted=tuple(every))


def stale(stack: Stack, answers: Mapping[str, Answer], today: date | None = None) -> tuple[Note, ...]:
    """What is accepted of a stack to no end: it has expired, or nothing that fails is covered by it.

    Only of the invariants that were answered; of an Undecided nothing is said.
    """
    day = day_of(today)
    found: list[Note] = []
    for i, accept in enumerate(stack.intent.accepted):
        answer = answers.get(accept.invariant)
        if answer is None:
            continue
        place = ("accept", i if accept.at is None else accept.at)
        of = f"what is accepted of `{accept.invariant}`{f' for the {accept.role} role' if accept.role else ''}"
        if not accept.counts(day):
            assert accept.until is not None
            message = f"{of} has expired on {accept.until.isoformat()} ({accept.why})"
            remedy = "Take it out, or say until when it is meant."
            found.append(Note("accept-expired", message, place, remedy))
        elif not isinstance(answer, Undecided) and not _is_used(accept, answer):
            why = "it holds" if isinstance(answer, Holds) else "nothing that is known to fail is covered by it"
            found.append(Note("accept-unused", f"{of} is not needed: {why} ({accept.why})", place, "Take it out."))
    return tuple(found)


def _is_used(accept: Accept, answer: Answer) -> bool:
    return isinstance(answer, Fails) and any(accept in one.accepted for one in parts(answer))
