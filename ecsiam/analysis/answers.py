"""The three answers to a question about policies, each with its evidence."""

from attrs import frozen

from ecsiam.analysis.request import Request
from ecsiam.analysis.tables import assumed_pages, requests_table
from ecsiam.analysis.terms import Terms
from ecsiam.looks.page import Block, Page
from ecsiam.looks.shown import Paged
from ecsiam.model.accept import Accept


@frozen(repr=False)
class Holds(Paged):
    """Yes. `witness` is a request that shows it, where one can (overlaps, can); `assumed` is what it rests on.

    For `can`, one of `when` has to be met, unless there is none and all that was asked is granted; and none of
    `unless`.
    """

    witness: Request | None = None
    assumed: tuple[str, ...] = ()
    when: tuple[Terms, ...] = ()
    unless: tuple[Terms, ...] = ()

    def __bool__(self) -> bool:
        return True

    def __str__(self) -> str:
        return "holds" if self.witness is None else f"holds: {self.witness}"

    def _says(self) -> str:
        return "" if self.witness is None else str(self.witness)

    def _page(self) -> Page:
        blocks: list[Block] = [f"{'or ' if i else ''}{terms}" for i, terms in enumerate(self.when)]
        blocks += [f"unless {terms}" for terms in self.unless]
        if self.witness is not None:
            blocks.append(requests_table((), [((), self.witness)]))
        return Page("✓ holds", (*blocks, *assumed_pages(self.assumed)))


@frozen(repr=False)
class Fails(Paged):
    """No. `witness` is a request that shows it, where one can; `fact` says what is wrong.

    `values` are the values of parameters that lead there, `also` what else shows it. `accepted` says why all of it is
    meant (`prove`); of a failure that is not, what of `also` is.
    """

    witness: Request | None = None
    fact: str = ""
    assumed: tuple[str, ...] = ()
    values: tuple[tuple[str, object], ...] = ()
    also: "tuple[Fails, ...]" = ()
    accepted: tuple[Accept, ...] = ()

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        where = f" where {', '.join(self._where)}" if self.values else ""
        shown = "" if self.witness is None else f": {self.witness}{where}"
        fails = f"accepted ({'; '.join(map(str, self.accepted))})" if self.accepted else "fails"
        return "\n".join((f"{fails}: {self.fact}{shown}", *map(str, self.also)))

    @property
    def _where(self) -> tuple[str, ...]:
        return tuple(f"{name}={value}" for name, value in self.values)

    def _says(self) -> str:
        shown = "" if self.witness is None else str(self.witness)
        return f"{self.fact}{': ' if self.fact and shown else ''}{shown}"

    def _page(self) -> Page:
        every = (self, *self.also)
        one_fact = len({one.fact for one in every}) == 1
        rows = [(("" if one_fact else one.fact, one._where), one.witness) for one in every]
        says = "✓ accepted" if self.accepted else "✗ fails"
        title = f"{says}: {self.fact}" if one_fact and self.fact else says
        shown = requests_table(("what", "where"), rows)
        return Page(title, (*(f"because {a}" for a in self.accepted), shown, *assumed_pages(self.assumed)))


@frozen(repr=False)
class Undecided(Paged):
    """Not known, and why. Neither yes nor no: `bool()` of it raises TypeError.

    `unless` is what would have to be so for no request to be found, where that is known.
    """

    reason: str
    assumed: tuple[str, ...] = ()
    unless: str = ""

    def __bool__(self) -> bool:
        raise TypeError(f"undecided: {self.reason}")

    def __str__(self) -> str:
        return f"undecided: {self.reason}"

    def _says(self) -> str:
        return self.reason

    def _page(self) -> Page:
        unless = [f"no request is found if {self.unless}"] if self.unless else []
        return Page(f"? undecided: {self.reason}", (*unless, *assumed_pages(self.assumed)))


Answer = Holds | Fails | Undecided
