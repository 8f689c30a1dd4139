"""What `can` and `diff` print: text to read, and JSON."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import assert_never

from attrs import frozen

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
    owner_data,
    request_data,
    request_lines,
    statement_data,
    statement_line,
)
from ecsiam.cli.streams import as_text
from ecsiam.model.statement import Only, Statement
from ecsiam.targets import dump

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


# ---------------------------------------------------------------- diff


def changes_lines(changes: Mapping[str, Change]) -> Iterator[str]:
    """`+` what became possible, `-` what stopped, by statement with its reason; `?` what isn't known.

    Of several each line has the SERVICE/ENVIRONMENT that it is of.
    """
    for of, change in changes.items():
        yield from _change_lines(change, f"{of}: " if of else "")
    gained, lost, undecided = (
        sum(len(some) for some in kind)
        for kind in zip(*((c.gained, c.lost, c.undecided) for c in changes.values()), strict=True)
    )
    if gained or lost or undecided:
        yield f"{gained} gained, {lost} lost, {undecided} undecided"
    else:
        yield "no change"


def told(names: tuple[str, str], changes: Mapping[str, Change], format_: str, *, several: bool) -> str:
    """What changed, as text, JSON or Markdown; with `several` each by its name, else the only one."""
    alone, *_ = changes.values()
    shown = changes if several else {"": alone}
    if format_ == "markdown":
        return _pages(names, shown)
    if format_ == "json":
        return dump(changes_data(*names, shown) if several else change_data(*names, alone))
    return as_text(changes_lines(shown))


def _pages(names: tuple[str, str], changes: Mapping[str, Change]) -> str:
    """For a comment: a heading, and a table of each that changed."""
    from ecsiam.looks.markdown import escape, markdown

    pages = [f"### {escape(' → '.join(names))}\n"]
    for of, change in changes.items():
        if change.gained or change.lost or change.undecided:
            pages += [*([f"#### {escape(of)}\n"] if of else []), markdown(change._page())]  # pyright: ignore[reportPrivateUsage]
    return "\n".join(pages if len(pages) > 1 else [*pages, "No change.\n"])


def _change_lines(change: Change, owner: str) -> Iterator[str]:
    for sign, some in (("+", change.gained), ("-", change.lost)):
        for _, grouped in groupby(some, lambda d: (d.role, d.statement)):
            first, *more = grouped
            role = f"{first.role}{' (trust)' if _of_trust(first) else ''}: " if first.role else ""
            for d in (first, *more[: MOST_SHOWN - 1]):
                yield from request_lines(d.witness, before=f"{sign} {owner}{role}")
            yield from _beyond(more[MOST_SHOWN - 1 :])
            yield f"{INDENT}{statement_line(first.statement)}"
    yield from (f"? {owner}{reason}" for reason in change.undecided)


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
    return {"old": old, "new": new, **_change_data(change)}


def changes_data(old: str, new: str, changes: Mapping[str, Change]) -> Data:
    """The same of several."""
    every = [{**owner_data(of), **_change_data(change)} for of, change in changes.items()]
    return {"old": old, "new": new, "configs": every}


def _change_data(change: Change) -> Data:
    return {
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
