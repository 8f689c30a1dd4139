"""A page as Markdown, as CommonMark and GitHub's tables have it."""

import html
import re
from collections.abc import Iterable

from ecsiam.looks.page import Code, Page, Table
from ecsiam.looks.words import visible

# What can begin something anywhere (`$` in notebooks; `://`, `@` and `www.` as bare links), or at the start of a line.
# A backslash before it makes it plain text.
_MARKS = re.compile(r"([\\`*_\[\]<>|~$&@]|:(?=//)|(?<=www)\.|^[-+#=])", re.IGNORECASE)
_NUMBER = re.compile(r"^([0-9]+)([.)])")  # of a list


def markdown(page: Page) -> str:
    """The page; what is folded away is left out."""
    blocks = (_block(block) for block in page.shown if not isinstance(block, Page))
    return "\n\n".join((f"**{escape(page.title)}**", *blocks)) + "\n"


def escape(text: str) -> str:
    """Text that stands for itself, on one line. Spaces around it would make it code."""
    return _NUMBER.sub(r"\1\\\2", _MARKS.sub(r"\\\1", visible(text).strip()))


def _block(block: str | Table | Code) -> str:
    match block:
        case str():
            return escape(block)
        case Table():
            return table(block)
        case Code(text, language):
            return fenced(text, language)


def fenced(text: str, language: str = "") -> str:
    """Code, in a fence that is longer than any in it."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join((f"{fence}{language}", *visible(text, keep="\n").splitlines(), fence))


def folded(title: str, inside: str) -> str:
    """What is shown when it is unfolded, below a title that stands for itself."""
    return f"<details><summary>{html.escape(visible(title), quote=False)}</summary>\n\n{inside}\n\n</details>"


def table(of: Table) -> str:
    """A table without columns that say nothing."""
    shown = of.shown
    lines = [_row([(name,) for name in shown.head]), f"|{' --- |' * len(shown.head)}", *map(_row, shown.rows)]
    return "\n".join(lines) + (f"\n\n{of.more}" if of.more else "")


def _row(cells: Iterable[tuple[str, ...]]) -> str:
    return f"| {' | '.join('<br>'.join(map(escape, lines)) for lines in cells)} |"
