"""What a value shows of itself, whatever it is shown in: a title, and below it lines, tables, code and pages to unfold.

All of it is text that users may have written; it is the writer of each form who escapes it.
"""

from collections.abc import Iterable

from attrs import field, frozen

Cell = str | tuple[str, ...]  # several stand on a line each
MOST_ROWS = 100


def _cells(rows: Iterable[Iterable[Cell]]) -> tuple[tuple[tuple[str, ...], ...], ...]:
    return tuple(tuple((cell,) if isinstance(cell, str) else cell for cell in row) for row in rows)


@frozen
class Table:
    """Rows below a head. In the first `grouped` columns, what is the same as above is not said again."""

    head: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], ...], ...] = field(converter=_cells)
    grouped: int = 0

    @property
    def shown(self) -> "Table":
        """The table without columns that say nothing, and without rows that nobody would read to the end."""
        used = [i for i in range(len(self.head)) if any(any(row[i]) for row in self.rows)]
        above = (((),) * self.grouped, *(row[: self.grouped] for row in self.rows))
        rows = [
            [() if i < self.grouped and row[: i + 1] == before[: i + 1] else row[i] for i in used]
            for before, row in zip(above, self.rows[:MOST_ROWS], strict=False)
        ]
        return Table(tuple(self.head[i] for i in used), rows)

    def __bool__(self) -> bool:
        """Whether it says anything."""
        return any(any(cell) for row in self.rows for cell in row)

    @property
    def more(self) -> str:
        """What stands below in the place of the rows that are left out; empty for none."""
        left = len(self.rows) - MOST_ROWS
        return f"and {left:,} more" if left > 0 else ""


@frozen
class Code:
    """Text in a language, line breaks and all."""

    text: str
    language: str = "json"


@frozen
class Page:
    """A title and what stands below it. A page inside another is folded away: only HTML shows it."""

    title: str
    blocks: "tuple[str | Table | Code | Page, ...]" = ()

    @property
    def shown(self) -> "tuple[str | Table | Code | Page, ...]":
        """The blocks without tables that say nothing."""
        return tuple(block for block in self.blocks if not isinstance(block, Table) or block)


Block = str | Table | Code | Page
