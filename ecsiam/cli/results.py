"""What `can` and `diff` print: text to read, and JSON."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import assert_never

from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.analysis.change import Change, Difference
from ecsiam.analysis.questions import NOBODY
from ecsiam.analysis.terms import clause
from ecsiam.cli.shown import (
    INDENT,
    WIDTH,
    Data,
    answer_data,
    assumed_lines,
    request_data,
    request_lines,
    statement_data,
    statement_line,
)
from ecsiam.model.statement import Only, Statement

Answers = Mapping[str, Answer]
MOST_SHOWN = 5  # actions of one statement


# ---------------------------------------------------------------- can


def can_lines(answers: Answers, asked: Statement, trusted: Answers) -> Iterator[str]:
    """Each role on a line, below it a request that it may make; where trusts were asked too, those apart."""
    if trusted:
        yield "who may assume the role, by its trust:"
        yield from _can_lines(trusted, asked)
        yield "what the role's own policies allow:"
    yield from _can_lines(answers, asked)
    yield from assumed_lines((*trusted.values(), *answers.values()))


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


def can_data(source: str, action: str, resource: str, answers: Answers, trusted: Answers) -> Data:
    """The same as data."""
    asked: Data = {"source": source, "action": action, "resource": resource}
    roles = {id: _can_data(answer) for id, answer in answers.items()}
    trusts: Data = {"trusts": {id: _can_data(answer) for id, answer in trusted.items()}} if trusted else {}
    return {**asked, "roles": roles, **trusts}


def _can_data(answer: Answer) -> Data:
    words = {"holds": "yes", "fails": "no", "undecided": "undecided"}
    fields = {"holds": ("when", "unless", "witness"), "fails": ("fact",), "undecided": ("reason",)}
    data = answer_data(answer)
    said = str(data["answer"])
    return {"answer": words[said]} | {k: data[k] for k in (*fields[said], "assumed")}


# ---------------------------------------------------------------- diff


def change_lines(change: Change) -> Iterator[str]:
    """`+` what became possible, `-` what stopped, by statement with its reason; `?` what isn't known."""
    for sign, some in (("+", change.gained), ("-", change.lost)):
        for _, grouped in groupby(some, lambda d: (d.role, d.statement)):
            first, *more = grouped
            role = f"{first.role}{' (trust)' if _of_trust(first) else ''}: " if first.role else ""
            for d in (first, *more[: MOST_SHOWN - 1]):
                yield from request_lines(d.witness, before=f"{sign} {role}")
            yield from _beyond(more[MOST_SHOWN - 1 :])
            yield f"{INDENT}{statement_line(first.statement)}"
    yield from (f"? {reason}" for reason in change.undecided)
    if change.gained or change.lost or change.undecided:
        yield f"{len(change.gained)} gained, {len(change.lost)} lost, {len(change.undecided)} undecided"
    else:
        yield "no change"


def _beyond(more: list[Difference]) -> Iterator[str]:
    """How many actions more there are, and of which services."""
    if more:
        services = dict.fromkeys(d.action.partition(":")[0] for d in more)
        names = f"of `{'`, `'.join(services)}`" if len(services) <= MOST_SHOWN else f"of {len(services)} services"
        yield f"{INDENT}and {len(more)} more {names}, all in `--format json`"


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
        "action": difference.action,
        "witness": request_data(difference.witness),
        "statement": statement_data(difference.statement),
    }
