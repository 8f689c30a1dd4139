"""What `prove` prints: text to read, and JSON."""

from collections.abc import Iterable, Iterator, Mapping
from typing import assert_never

from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.cli.shown import INDENT, Data, answer_data, assumed_lines, fail_lines
from ecsiam.invariants import INVARIANTS

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


def proof_data(source: str, answers: Answers) -> Data:
    """The same as data."""
    invariants: Data = {}
    for id, answer in answers.items():
        data = answer_data(answer)
        for of_can in ("when", "unless"):
            data.pop(of_can, None)
        invariants[id] = {"answer": data.pop("answer"), "says": INVARIANTS[id].says, **data}
    return {"source": source, "counts": _counts(answers.values()), "invariants": invariants}


def _counts(answers: Iterable[Answer]) -> dict[str, int]:
    words = ["accepted" if isinstance(a, Fails) and a.accepted else type(a).__name__.lower() for a in answers]
    return {word: words.count(word) for word in ("holds", "accepted", "fails", "undecided")}


def _counted(answers: Iterable[Answer]) -> str:
    n = _counts(answers)
    accepted = f", {n['accepted']} accepted" if n["accepted"] else ""
    holds = f"{n['holds']} {'holds' if n['holds'] == 1 else 'hold'}"
    return f"{holds}{accepted}, {n['fails']} failed, {n['undecided']} undecided"
