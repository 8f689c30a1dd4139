"""A page as HTML for notebooks: no script, nothing to load, and no colour of its own, so that it fits light and dark.

Notebooks style tables and code themselves. What is set here is what doesn't fit text (they align cells to the right),
and what a bare page needs.
"""

import html as markup

from ecsiam.looks.page import Block, Code, Page, Table
from ecsiam.looks.words import visible

# Notebooks take `$...$` for mathematics, and IAM's policy variables hold a `$`.
_CLASSES = "ecsiam tex2jax_ignore mathjax_ignore"
_LINE = "1px solid color-mix(in srgb, currentColor 25%, transparent)"
_AROUND = "overflow-x:auto"
_TABLE = "border-collapse:collapse;margin:0.5em 0"
_CELL = f"text-align:left;vertical-align:top;padding:0.25em 1em 0.25em 0;border-bottom:{_LINE};overflow-wrap:anywhere"
_WHOLE = 32  # characters: what is shorter isn't broken
_CODE = f"margin:0.5em 0;padding:0.25em 0 0.25em 1em;border-left:{_LINE};max-height:32em;overflow:auto"
_FOLDED = "margin:0.25em 0"
_INSIDE = "margin-left:1em"


def html(page: Page) -> str:
    """The page as one element."""
    title = f'<p style="margin:0.25em 0"><strong>{escape(page.title)}</strong></p>'
    return f'<div class="{_CLASSES}">{title}{_blocks(page)}</div>'


def escape(text: str, keep: str = "") -> str:
    """Text that stands for itself in an element or an attribute."""
    return markup.escape(visible(text, keep))


def _blocks(page: Page) -> str:
    return "".join(map(_block, page.shown))


def _block(block: Block) -> str:
    match block:
        case str():
            return f'<p style="margin:0.25em 0">{escape(block)}</p>'
        case Table():
            return _table(block)
        case Code():
            text = escape(block.text, keep="\n")
            return f'<pre style="{_CODE}"><code>{text}</code></pre>'
        case Page():
            summary = f'<summary style="cursor:pointer">{escape(block.title)}</summary>'
            return f'<details style="{_FOLDED}">{summary}<div style="{_INSIDE}">{_blocks(block)}</div></details>'


def _table(table: Table) -> str:
    shown = table.shown
    head = "".join(_cell("th", (name,)) for name in shown.head)
    body = "".join(f"<tr>{''.join(_cell('td', cell) for cell in row)}</tr>" for row in shown.rows)
    top = f"<thead><tr>{head}</tr></thead>" if any(shown.head) else ""
    more = f"<p>{escape(table.more)}</p>" if table.more else ""
    return f'<div style="{_AROUND}"><table style="{_TABLE}">{top}<tbody>{body}</tbody></table></div>{more}'


def _cell(tag: str, lines: tuple[str, ...]) -> str:
    whole = ";white-space:nowrap" if all(len(line) <= _WHOLE for line in lines) else ""
    return f'<{tag} style="{_CELL}{whole}">{"<br>".join(map(escape, lines))}</{tag}>'
