"""What `prove` prints: text to read, and JSON."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import assert_never

from attrs import frozen

from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.cli.shown import INDENT, Data, answer_data, assumed_lines, fail_lines, owner_data
from ecsiam.invariants import INVARIANTS
from ecsiam.looks.words import count

Answers = Mapping[str, Answer]


def proof_lines(answers: Answers, defaults: Mapping[str, object]) -> Iterator[str]:
    """Each invariant on a line, below it what is wrong; then what the answers rest on, and the counts."""
    wide = max(map(len, answers))
    for id, answer in answers.items():
        says = f"{id:<{wide}}  {INVARIANTS[id].says}"
        match answer:
            case Holds():
                yield f"holds      {says}"
            case Fails(accepted=()):
                yield f"FAILS      {says}"
                yield from fail_lines(answer, defaults)
            case Fails():
                yield f"accepted   {says}"
                yield from (f"{INDENT}{accept}" for accept in answer.accepted)
            case Undecided(reason):
                yield f"undecided  {says}"
                yield f"{INDENT}{reason}"
            case _:
                assert_never(answer)
    yield from assumed_lines(answers.values())
    yield _counted(answers.values())


@frozen
class Proved:
    """The answers for a config; `of` is its SERVICE/ENVIRONMENT, in a file of several."""

    of: str
    answers: Answers
    defaults: Mapping[str, object]


def proofs_lines(proofs: Sequence[Proved]) -> Iterator[str]:
    """One table of several: each invariant on a line, with how many it holds of where it doesn't hold of all.

    Below it stands a row for each config of which it doesn't hold.
    """
    wide = max(len(id) for one in proofs for id in one.answers)
    for id in proofs[0].answers:
        answers = [(one, one.answers[id]) for one in proofs]
        kinds = [_kind(answer) for _, answer in answers]
        worst = next(kind for kind in _KINDS if kind in kinds)
        some = f" ({_counted([answer for _, answer in answers])})" if len({*kinds}) > 1 else ""
        yield f"{worst:<9}  {id:<{wide}}  {INVARIANTS[id].says}{some}"
        yield from _rows(answers)
    every = [answer for one in proofs for answer in one.answers.values()]
    yield from assumed_lines(every)
    yield f"{_counted(every)}, of {count(len(proofs), 'config')}"


_KINDS = ("FAILS", "undecided", "accepted", "holds")


def _kind(answer: Answer) -> str:
    match answer:
        case Holds():
            return "holds"
        case Fails(accepted=()):
            return "FAILS"
        case Fails():
            return "accepted"
        case Undecided():
            return "undecided"


def _rows(answers: Sequence[tuple[Proved, Answer]]) -> Iterator[str]:
    """What is wrong, by whose it is; what is the same for several, once."""
    by_text: dict[tuple[str, ...], list[str]] = {}
    for one, answer in answers:
        if not isinstance(answer, Holds):
            by_text.setdefault((_kind(answer), *_why(one, answer)), []).append(one.of)
    for (kind, *lines), who in by_text.items():
        whose = f"all {len(who)}" if len(who) == len(answers) > 1 else ", ".join(who)
        yield f"{INDENT}{kind} for {whose}:"
        yield from (f"{INDENT}{line}" for line in lines)


def _why(one: Proved, answer: Fails | Undecided) -> Iterator[str]:
    match answer:
        case Fails(accepted=()):
            yield from fail_lines(answer, one.defaults)
        case Fails():
            yield from (f"{INDENT}{accept}" for accept in answer.accepted)
        case Undecided(reason):
            yield f"{INDENT}{reason}"


def proof_data(source: str, answers: Answers) -> Data:
    """The same as data."""
    return {"source": source, **_answers_data(answers)}


def proofs_data(source: str, proofs: Sequence[Proved]) -> Data:
    """The same of several."""
    every = [answer for one in proofs for answer in one.answers.values()]
    configs = [{**owner_data(one.of), **_answers_data(one.answers)} for one in proofs]
    invariants = {id: _counts(one.answers[id] for one in proofs) for id in proofs[0].answers}
    return {"source": source, "counts": _counts(every), "invariants": invariants, "configs": configs}


def _answers_data(answers: Answers) -> Data:
    invariants: Data = {}
    for id, answer in answers.items():
        data = answer_data(answer)
        for of_can in ("when", "unless"):
            data.pop(of_can, None)
        invariants[id] = {"answer": data.pop("answer"), "says": INVARIANTS[id].says, **data}
    return {"counts": _counts(answers.values()), "invariants": invariants}


def _counts(answers: Iterable[Answer]) -> dict[str, int]:
    words = ["accepted" if isinstance(a, Fails) and a.accepted else type(a).__name__.lower() for a in answers]
    return {word: words.count(word) for word in ("holds", "accepted", "fails", "undecided")}


def _counted(answers: Iterable[Answer]) -> str:
    n = _counts(answers)
    accepted = f", {n['accepted']} accepted" if n["accepted"] else ""
    holds = f"{n['holds']} {'holds' if n['holds'] == 1 else 'hold'}"
    return f"{holds}{accepted}, {n['fails']} failed, {n['undecided']} undecided"
