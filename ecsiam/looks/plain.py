"""A page as plain text, for `print`."""

from collections.abc import Iterable

from ecsiam.looks.page import Code, Page, Table
from ecsiam.looks.words import short, visible

_WIDEST = 96  # of a cell: both ends of what is longer
_GAP = "  "


def plain(page: Page) -> str:
    """The page, without a line break at its end; what is folded away is left out."""
    lines = [visible(page.title)]
    for block in page.shown:
        match block:
            case str():
                lines.append(visible(block))
            case Table():
                lines += ["", *_table(block)]
            case Code():
                lines += visible(block.text, keep="\n").splitlines()
            case Page():
                pass
    return "\n".join(lines)


def _table(table: Table) -> Iterable[str]:
    shown = table.shown
    rows: list[tuple[tuple[str, ...], ...]] = [tuple((name,) for name in shown.head)] if any(shown.head) else []
    rows += [tuple(tuple(short(line, _WIDEST) for line in cell) for cell in row) for row in shown.rows]
    widths = [max(len(line) for row in rows for line in (*row[i], "")) for i in range(len(shown.head))]
    for row in rows:
        for i in range(max(map(len, row))):
            line = (cell[i] if i < len(cell) else "" for cell in row)
            yield _GAP.join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
    if table.more:
        yield table.more
