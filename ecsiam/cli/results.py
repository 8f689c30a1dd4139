"""What `prove`, `can` and `diff` print: text to read, and JSON."""

from collections.abc import Iterable, Iterator, Mapping
from typing import assert_never

from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.analysis.change import Change, Difference
from ecsiam.cli.shown import (
    INDENT,
    Data,
    answer_data,
    fail_lines,
    request_data,
    request_lines,
    statement_data,
    statement_line,
)
from ecsiam.invariants import INVARIANTS

Answers = Mapping[str, Answer]


# ---------------------------------------------------------------- prove


def proof_lines(answers: Answers, defaults: Mapping[str, object]) -> Iterator[str]:
    """Each invariant on a line, below it what is wrong; then what the answers rest on, and the counts."""
    wide = max(map(len, answers))
    for id, answer in answers.items():
        says = f"{id:<{wide}}  {INVARIANTS[id].says}"
        match answer:
            case Holds():
                yield f"holds      {says}"
            case Fails():
                yield f"FAILS      {says}"
                yield from fail_lines(answer, defaults)
            case Undecided(reason):
                yield f"undecided  {says}"
                yield f"{INDENT}{reason}"
            case _:
                assert_never(answer)
    yield from _assumed(answers.values())
    yield _counted(answers.values())


def proof_data(source: str, answers: Answers) -> Data:
    """The same as data."""
    invariants: Data = {}
    for id, answer in answers.items():
        data = answer_data(answer)
        data.pop("when", None)  # of `can` alone
        invariants[id] = {"answer": data.pop("answer"), "says": INVARIANTS[id].says, **data}
    return {"source": source, "counts": _counts(answers.values()), "invariants": invariants}


def _counts(answers: Iterable[Answer]) -> dict[str, int]:
    words = [type(a).__name__.lower() for a in answers]
    return {word: words.count(word) for word in ("holds", "fails", "undecided")}


def _counted(answers: Iterable[Answer]) -> str:
    n = _counts(answers)
    holds, fails = ("holds", "hold")[n["holds"] != 1], ("fails", "fail")[n["fails"] != 1]
    return f"{n['holds']} {holds}, {n['fails']} {fails}, {n['undecided']} undecided"


def _assumed(answers: Iterable[Answer]) -> Iterator[str]:
    """What answers rest on, once each."""
    assumed = dict.fromkeys(a for answer in answers for a in answer.assumed)
    if assumed:
        yield "assumed:"
        yield from (f"{INDENT}{a}" for a in assumed)


# ---------------------------------------------------------------- can


def can_lines(answers: Answers) -> Iterator[str]:
    """Each role on a line, below it a request that it may make."""
    wide = max(map(len, answers))
    for id, answer in answers.items():
        match answer:
            case Holds(witness, when=when):
                yield f"yes        {id:<{wide}}  {f'when {when}' if when else ''}".rstrip()
                if witness is not None:
                    yield from request_lines(witness, INDENT, "such as ")
            case Fails():
                yield f"no         {id}"
            case Undecided(reason):
                yield f"undecided  {id:<{wide}}  {reason}"
            case _:
                assert_never(answer)
    yield from _assumed(answers.values())


def can_data(source: str, action: str, resource: str, answers: Answers) -> Data:
    """The same as data."""
    words = {"holds": "yes", "fails": "no", "undecided": "undecided"}
    roles: Data = {}
    for id, answer in answers.items():
        data = answer_data(answer)
        kept: Data = {k: data[k] for k in ("when", "reason", "witness", "assumed") if k in data}
        roles[id] = {"answer": words[str(data["answer"])], **kept}
    return {"source": source, "action": action, "resource": resource, "roles": roles}


# ---------------------------------------------------------------- diff


def change_lines(change: Change) -> Iterator[str]:
    """`+` what became possible, `-` what stopped, `?` what isn't known; each with the reason of its statement."""
    differences = [*(("+", d) for d in change.gained), *(("-", d) for d in change.lost)]
    for sign, d in differences:
        role = f"{d.role}{' (trust)' if _of_trust(d) else ''}: " if d.role else ""
        yield from request_lines(d.witness, before=f"{sign} {role}")
        yield f"{INDENT}{statement_line(d.statement)}"
    yield from (f"? {reason}" for reason in change.undecided)
    if change.gained or change.lost or change.undecided:
        yield f"{len(change.gained)} gained, {len(change.lost)} lost, {len(change.undecided)} undecided"
    else:
        yield "no change"


def _of_trust(difference: Difference) -> bool:
    return difference.statement.principals is not None


def change_data(old: str, new: str, change: Change) -> Data:
    """The same as data."""
    return {
        "old": old,
        "new": new,
        "gained": [_difference_data(d) for d in change.gained],
        "lost": [_difference_data(d) for d in change.lost],
        "undecided": list(change.undecided),
    }


def _difference_data(difference: Difference) -> Data:
    return {
        "role": difference.role,
        "part": "trust" if _of_trust(difference) else "policies",
        "witness": request_data(difference.witness),
        "statement": statement_data(difference.statement),
    }
