"""What `can` prints: text to read, and JSON."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import assert_never

from attrs import frozen

from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.analysis.questions import NOBODY
from ecsiam.analysis.terms import clause
from ecsiam.cli.shown import (
    INDENT,
    WIDTH,
    Data,
    answer_data,
    assumed_lines,
    owner_data,
    request_lines,
)
from ecsiam.model.statement import Only, Statement

Answers = Mapping[str, Answer]
MOST_SHOWN = 5  # actions of one statement


# ---------------------------------------------------------------- can


@frozen
class Can:
    """What one config or document can do, by role; `of` is its SERVICE/ENVIRONMENT, in a file of several."""

    of: str
    answers: Answers
    trusted: Answers


def can_lines(every: Sequence[Can], asked: Statement) -> Iterator[str]:
    """Each role on a line, below it a request that it may make; where trusts were asked too, those apart."""
    answers = _all(every, lambda one: one.answers)
    trusted = _all(every, lambda one: one.trusted)
    if trusted:
        yield "who may assume the role, by its trust:"
        yield from _can_lines(trusted, asked)
        yield "what the role's own policies allow:"
    yield from _can_lines(answers, asked)
    yield from assumed_lines((*trusted.values(), *answers.values()))


def _all(every: Sequence[Can], some: Callable[[Can], Answers]) -> Answers:
    return {f"{one.of}: {id}" if one.of else id: a for one in every for id, a in some(one).items()}


def _can_lines(answers: Answers, asked: Statement) -> Iterator[str]:
    wide = max(map(len, answers))
    for id, answer in answers.items():
        match answer:
            case Holds(witness):
                says = [*_says(answer, asked)]
                line = f"yes        {id:<{wide}}  {', '.join(says)}".rstrip()
                if len(line) <= WIDTH:
                    yield line
                else:
                    yield from (f"yes        {id}", *(f"{INDENT}{one}" for one in says))
                if witness is not None:
                    yield from request_lines(witness, INDENT, "such as ")
            case Fails(fact=fact):
                yield f"no         {id:<{wide}}  {'' if fact == NOBODY else fact}".rstrip()
            case Undecided(reason):
                yield f"undecided  {id:<{wide}}  {reason}"
            case _:
                assert_never(answer)


def _says(answer: Holds, asked: Statement) -> Iterator[str]:
    """The clauses of an answer. Of one statement its resources go without saying, when any were asked about."""
    anywhere = isinstance(asked.resources, Only) and "*" in map(str, asked.resources.items)
    with_resources = len(answer.when) > 1 or not anywhere
    alternatives = [clause(one, asked, with_resources=with_resources) for one in answer.when]
    yield from (f"{'or ' if i else ''}when {said}" for i, said in enumerate(filter(None, alternatives)))
    for one in answer.unless:
        yield f"unless {clause(one, asked, with_resources=True)}"


def can_data(source: str, action: str, resource: str, every: Sequence[Can]) -> Data:
    """The same as data."""
    asked: Data = {"source": source, "action": action, "resource": resource}
    found = [_answers_data(one) for one in every]
    return {**asked, "configs": found} if any(one.of for one in every) else {**asked, **found[0]}


def _answers_data(one: Can) -> Data:
    roles = {id: _can_data(answer) for id, answer in one.answers.items()}
    trusts: Data = {"trusts": {id: _can_data(answer) for id, answer in one.trusted.items()}} if one.trusted else {}
    return {**owner_data(one.of), "roles": roles, **trusts}


def _can_data(answer: Answer) -> Data:
    words = {"holds": "yes", "fails": "no", "undecided": "undecided"}
    fields = {"holds": ("when", "unless", "witness"), "fails": ("fact",), "undecided": ("reason",)}
    data = answer_data(answer)
    said = str(data["answer"])
    return {"answer": words[said]} | {k: data[k] for k in (*fields[said], "assumed")}
