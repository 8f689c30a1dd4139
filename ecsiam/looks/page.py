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
    """Rows below a head."""

    head: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], ...], ...] = field(converter=_cells)

    @property
    def shown(self) -> "Table":
        """The table without columns that say nothing, and without rows that nobody would read to the end."""
        used = [i for i in range(len(self.head)) if any(any(row[i]) for row in self.rows)]
        rows = [[row[i] for i in used] for row in self.rows[:MOST_ROWS]]
        return Table(tuple(self.head[i] for i in used), rows)

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


Block = str | Table | Code | Page
