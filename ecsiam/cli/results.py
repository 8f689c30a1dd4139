"""What `can` and `diff` print: text to read, and JSON."""

from collections.abc import Iterator, Mapping
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


# ---------------------------------------------------------------- can


def can_lines(answers: Answers, asked: Statement) -> Iterator[str]:
    """Each role on a line, below it a request that it may make."""
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
    yield from assumed_lines(answers.values())


def _says(answer: Holds, asked: Statement) -> Iterator[str]:
    """The clauses of an answer. Of one statement its resources go without saying, when any were asked about."""
    anywhere = isinstance(asked.resources, Only) and "*" in map(str, asked.resources.items)
    with_resources = len(answer.when) > 1 or not anywhere
    alternatives = [clause(one, asked, with_resources=with_resources) for one in answer.when]
    yield from (f"{'or ' if i else ''}when {said}" for i, said in enumerate(filter(None, alternatives)))
    for one in answer.unless:
        yield f"unless {clause(one, asked, with_resources=True)}"


def can_data(source: str, action: str, resource: str, answers: Answers) -> Data:
    """The same as data."""
    words = {"holds": "yes", "fails": "no", "undecided": "undecided"}
    fields = {"holds": ("when", "unless", "witness"), "fails": ("fact",), "undecided": ("reason",)}
    roles: Data = {}
    for id, answer in answers.items():
        data = answer_data(answer)
        said = str(data["answer"])
        roles[id] = {"answer": words[said]} | {k: data[k] for k in (*fields[said], "assumed")}
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
