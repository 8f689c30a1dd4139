"""Requests as rows of a table, for the pages of what has some to show."""

from collections.abc import Iterable

from ecsiam.analysis.request import Request
from ecsiam.looks.page import Cell, Page, Table


def requests_table(head: tuple[str, ...], rows: Iterable[tuple[tuple[Cell, ...], Request | None]]) -> Table:
    """A row for each request, behind what stands in the columns of `head`, by which they are grouped."""
    columns = (*head, "action", "resource", "with")
    return Table(columns, ((*before, *_cells(request)) for before, request in rows), len(head))


def _cells(request: Request | None) -> tuple[Cell, ...]:
    if request is None:
        return ("", "", "")
    who = () if request.principal is None else (f"by {request.principal}",)
    pairs = (f"{key}={v if isinstance(v, str) else ', '.join(v)}" for key, v in request.context)
    return (request.action, request.resource, (*who, *pairs))


def assumed_pages(assumed: tuple[str, ...]) -> tuple[Page, ...]:
    """What an answer rests on, folded away; none where that is nothing."""
    return (Page(f"what this rests on ({len(assumed)})", assumed),) if assumed else ()
