"""What `diff` says on a pull request: in Markdown, the gravest first, short, and the rest to unfold."""

from collections.abc import Iterator
from itertools import groupby

from ecsiam.analysis.change import Difference
from ecsiam.cli.changed import Changed, Side
from ecsiam.cli.changes import MOST_SHOWN, Changes, by_statement, consequence, moved_lines, summary
from ecsiam.cli.shown import request_line, statement_line
from ecsiam.looks.markdown import escape, fenced, folded, table
from ecsiam.looks.page import Cell, Table
from ecsiam.reports.findings import details

MOST_UNFOLDED = 300  # actions
LARGEST = 60_000  # characters; GitHub takes 65,536 of a comment


def page(names: tuple[str, str], changes: Changes, by_name: Table | None = None) -> str:
    """A comment: a headline, what is made anew, which needs are unmet, and a table for each role."""
    blocks = [f"### ecsiam diff: {summary(changes, always=())}", escape(" → ".join(names))]
    size = sum(map(len, blocks))
    left = False
    for of, one in changes.items():
        for block in _blocks(one, f"{of}: " if of else ""):
            size += len(block)
            left = left or size > LARGEST
            blocks += [] if left else [block]
    if left:
        blocks.append("It is too much for a comment: what is left out is in `--format text`.")
    if by_name:
        blocks.append(folded("only by name", table(by_name)))
    return "\n\n".join(blocks) + "\n"


def _blocks(one: Changed, owner: str) -> Iterator[str]:
    if lines := [*_roles(one)]:
        yield "\n".join(lines)
    if moves := moved_lines(one):
        yield "This keeps what Terraform knows of:"
        yield fenced("\n".join(moves), "hcl")
    if one.needs.unmet:
        rows = [(finding.rule, str(finding.place), finding.fact) for finding in one.needs.unmet]
        yield "**Needs that are newly unmet**"
        yield table(Table(("rule", "where", "what"), rows))
        yield from (said.rstrip("\n") for said in map(details, one.needs.unmet) if said)
    yield from _by_role(one, owner)
    if one.change.undecided:
        reasons = "\n".join(f"- {escape(reason)}" for reason in one.change.undecided)
        yield folded(f"{owner}not decided ({len(one.change.undecided)})", reasons)
    if one.needs.met:
        met = "\n".join(f"- {escape(finding.fact)}" for finding in one.needs.met)
        yield folded(f"needs that are no longer unmet ({len(one.needs.met)})", met)


def _roles(one: Changed) -> Iterator[str]:
    """The roles that are others now, those that are made anew first."""
    for id, same in one.replaced.items():
        said = "; ".join(filter(None, (same.replaced, consequence(same))))
        yield f"- **{escape(id)} is replaced**: {escape(said)}"
    for id, same in one.same.items():
        if not same.replaced:
            was, now = (same.was.name, same.now.name) if same.renamed else (same.before, same.after)
            yield f"- {escape(id)} was {escape(was)} and is {escape(now)}"


def _by_role(one: Changed, owner: str) -> Iterator[str]:
    """A table for each role: what became possible above what stopped."""
    every = [("+", d, one.now) for d in one.change.gained] + [("-", d, one.was) for d in one.change.lost]
    order = list(dict.fromkeys(d.role for _, d, _ in every))
    for role in order:
        some = [each for each in every if each[1].role == role]
        rows: list[tuple[Cell, ...]] = []
        unfolded: list[str] = []
        for (sign, side), of in groupby(some, lambda each: (each[0], each[2])):
            for alike in by_statement(tuple(d for _, d, _ in of)):
                rows.append(_row(sign, alike, side))
                unfolded += _unfolded(sign, alike)
        title = f"**{escape(f'{owner}{role}')}**\n\n" if owner or role else ""
        yield title + table(Table(("", "request", "by", "where"), rows))
        yield from unfolded


def _row(sign: str, alike: list[Difference], side: Side) -> tuple[Cell, ...]:
    first, *_ = alike
    shown = [request_line(d.witness) for d in alike[:MOST_SHOWN]]
    more = [f"and {len(alike) - MOST_SHOWN} more"] if len(alike) > MOST_SHOWN else []
    by = (
        f"trust: {statement_line(first.statement)}"
        if first.of_trust and first.role
        else statement_line(first.statement)
    )
    return sign, (*shown, *more), by, str(side.written(first))


def _unfolded(sign: str, alike: list[Difference]) -> Iterator[str]:
    if len(alike) > MOST_SHOWN:
        actions = [d.action for d in alike[:MOST_UNFOLDED]]
        more = [f"and {len(alike) - MOST_UNFOLDED} more"] if len(alike) > MOST_UNFOLDED else []
        title = f"{sign} all {len(alike):,} actions by: {statement_line(alike[0].statement)}"
        yield folded(title, fenced("\n".join((*actions, *more))))
