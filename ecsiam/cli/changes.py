"""What `diff` prints: text to read, and JSON."""

from collections.abc import Iterator, Mapping
from itertools import groupby

from ecsiam.analysis.change import Difference
from ecsiam.cli.changed import Changed, Side
from ecsiam.cli.shown import INDENT, Data, request_data, request_lines, statement_data, statement_line
from ecsiam.readers.reading import ReadRole
from ecsiam.readers.same import Same
from ecsiam.reports.findings import finding_data, finding_lines, place_data

MOST_SHOWN = 5  # actions of one statement
Changes = Mapping[str, Changed]
"""What changed, by the SERVICE/ENVIRONMENT that it is of; of one alone that is empty."""


# ---------------------------------------------------------------- text


def changes_lines(changes: Changes) -> Iterator[str]:
    """Which roles are others now; `+` what became possible, `-` what stopped, by statement; `?` what isn't known.

    Then the needs that came and went. Of several each line has the SERVICE/ENVIRONMENT that it is of.
    """
    for of, one in changes.items():
        yield from _lines(one, f"{of}: " if of else "")
    yield summary(changes)


def summary(changes: Changes, *, always: tuple[str, ...] = ("gained", "lost", "undecided")) -> str:
    """How much of each there is; of what is `always` said, also that there is none of it beside others."""
    every = changes.values()
    counts = {
        "gained": sum(len(one.change.gained) for one in every),
        "lost": sum(len(one.change.lost) for one in every),
        "undecided": sum(len(one.change.undecided) for one in every),
        "replaced": sum(len(one.replaced) for one in every),
        "newly unmet": sum(len(one.needs.unmet) for one in every),
        "no longer unmet": sum(len(one.needs.met) for one in every),
    }
    said = [f"{n} {what}" for what, n in counts.items() if n or what in always]
    return ", ".join(said) if any(counts.values()) else "no change"


def _lines(one: Changed, owner: str) -> Iterator[str]:
    yield from _role_lines(one)
    for sign, some, side in (("+", one.change.gained, one.now), ("-", one.change.lost, one.was)):
        for alike in by_statement(some):
            first, *more = alike
            before = f"{sign} {owner}{called(first)}"
            for d in (first, *more[: MOST_SHOWN - 1]):
                yield from request_lines(d.witness, before=before)
            if left := beyond(more[MOST_SHOWN - 1 :]):
                yield f"{INDENT}{left}"
            yield f"{INDENT}{written_line(first, side)}"
    yield from (f"? {owner}{reason}" for reason in one.change.undecided)
    yield from _need_lines(one)


def _role_lines(one: Changed) -> Iterator[str]:
    for id, same in one.same.items():
        if same.renamed:
            yield f"= {same.was.name} is {same.now.name} now ({same.now.place})"
        elif not same.replaced:
            yield f"= {id} was `{same.before}` and is `{same.after}` ({same.now.place})"
    for id, same in one.replaced.items():
        yield f"! {id} is replaced: {same.replaced}"
        if said := consequence(same):
            yield f"{INDENT}{said}"
    if moves := moved_lines(one):
        yield f"{INDENT}unless what Terraform knows of it is moved too: write"
        yield from (f"{INDENT}{line}" for line in moves)


def _need_lines(one: Changed) -> Iterator[str]:
    if one.needs.unmet:
        yield "newly unmet:"
    for finding in one.needs.unmet:
        yield from (f"{INDENT}{line}" for line in finding_lines(finding))
    for finding in one.needs.met:
        yield f"no longer unmet: {finding.fact} ({finding.place}{one.was.at})"


def consequence(same: Same) -> str:
    """What follows for those who name a role that is made anew; empty where a `moved` block would keep it."""
    if same.move:
        return ""
    if same.in_its_way:
        return "it can't be made while its name is taken, and trusts and policies that name its ARN lose it"
    return "who names its ARN (a trust, a resource's policy, `iam:PassRole`) has to name the new one"


def moved_lines(one: Changed) -> list[str]:
    """The `moved` blocks that would keep roles, each once."""
    moves = dict.fromkeys(move for same in one.replaced.values() if (move := same.move))
    return [line for was, now in moves for line in ("moved {", f"  from = {was}", f"  to   = {now}", "}")]


def by_statement(differences: tuple[Difference, ...]) -> Iterator[list[Difference]]:
    """Those of a role that one statement makes, together."""
    yield from (list(alike) for _, alike in groupby(differences, lambda d: (d.role, d.statement)))


def called(difference: Difference) -> str:
    """The role before a request of it; nothing before one of a document."""
    return f"{difference.role}{' (trust)' if difference.of_trust else ''}: " if difference.role else ""


def written_line(difference: Difference, side: Side) -> str:
    """Why a statement is there, or what it says, and where."""
    at = str(side.written(difference))
    return f"{statement_line(difference.statement)}{f' ({at})' if at else ''}"


def beyond(more: list[Difference]) -> str:
    """How many actions more there are, and of which services."""
    if not more:
        return ""
    services = dict.fromkeys(d.action.partition(":")[0] for d in more)
    names = f"of `{'`, `'.join(services)}`" if len(services) <= MOST_SHOWN else f"of {len(services)} services"
    return f"and {len(more)} more {names}, all in `--format json`"


# ---------------------------------------------------------------- data


def data(one: Changed) -> Data:
    """The same as data."""
    return {
        "gained": [_difference_data(d, one.now) for d in one.change.gained],
        "lost": [_difference_data(d, one.was) for d in one.change.lost],
        "undecided": list(one.change.undecided),
        "roles": [_same_data(id, same) for id, same in one.same.items()],
        "unmet": [finding_data(finding) for finding in one.needs.unmet],
        "met": [finding_data(finding) for finding in one.needs.met],
    }


def _difference_data(difference: Difference, side: Side) -> Data:
    written = side.written(difference)
    return {
        "role": difference.role,
        "part": "trust" if difference.of_trust else "policies",
        "action": difference.action,
        "witness": request_data(difference.witness),
        "statement": statement_data(difference.statement),
        "policy": written.policy,
        "place": None if written.place is None else place_data(written.place),
    }


def _same_data(id: str, same: Same) -> Data:
    return {"role": id, "was": _role_data(same.was), "now": _role_data(same.now), "replaced": same.replaced}


def _role_data(role: ReadRole) -> Data:
    return {"name": role.name, "address": role.address, "place": place_data(role.place)}
