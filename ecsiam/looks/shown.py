"""Values that say what they are: on one line in `repr`, as a page in a notebook."""

from ecsiam.looks.page import Page
from ecsiam.looks.words import short


class Shown:
    """A value whose `repr` is one short line, whatever its size: `Policy(identity, 3 statements)`.

    attrs would write a longer one over it: each such class is `@frozen(repr=False)`.
    """

    __slots__ = ()

    def _says(self) -> str:
        """What stands between the parentheses; what is too long or doesn't print is mended by the caller."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}({short(self._says())})"


class Paged(Shown):
    """A value that is a page in a notebook. The writers of HTML and Markdown load when they are asked."""

    __slots__ = ()

    def _page(self) -> Page:
        """What there is to see of it."""
        raise NotImplementedError

    @staticmethod
    def _page_of(other: "Paged") -> Page:
        """The page of another value, for a page that it stands on."""
        return other._page()

    def _repr_html_(self) -> str:
        from ecsiam.looks.html import html

        return html(self._page())

    def _repr_markdown_(self) -> str:
        from ecsiam.looks.markdown import markdown

        return markdown(self._page())
