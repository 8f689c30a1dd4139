"""All answers about one stack, as one table."""

from collections import Counter
from typing import assert_never

from attrs import evolve

from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.analysis.tables import assumed_pages
from ecsiam.looks.page import Page, Table
from ecsiam.looks.plain import plain
from ecsiam.looks.shown import Paged
from ecsiam.model.invariants import SAYS


class Proof(Paged, dict[str, Answer]):
    """What `prove` answers, by the ids of the invariants: a dict that shows itself as a table."""

    __slots__ = ()

    def __str__(self) -> str:
        return plain(self._page())

    def _says(self) -> str:
        counts = Counter(map(word_of, self.values()))
        some = ((counts[word], one, many) for word, (_, one, many) in WORDS.items())
        return ", ".join(f"{n} {one if n == 1 else many}" for n, one, many in some if n)

    def _page(self) -> Page:
        rows = (
            (_answer(answer), id, (SAYS.get(id, ""), *(f"→ {why}" for why in why_of(answer) if why)))
            for id, answer in self.items()
        )
        pages = (
            evolve(page, title=f"{id} {page.title}")
            for id, page in ((id, self._page_of(answer)) for id, answer in self.items() if isinstance(answer, Fails))
        )
        assumed = dict.fromkeys(text for answer in self.values() for text in answer.assumed)
        table = Table(("answer", "invariant", "says"), rows)
        return Page(f"Proof: {self._says()}", (table, *pages, *assumed_pages(tuple(assumed))))


# For each its mark, and how one and several are counted.
WORDS = {
    "holds": ("✓", "holds", "hold"),
    "accepted": ("✓", "accepted", "accepted"),
    "fails": ("✗", "fails", "fail"),
    "undecided": ("?", "undecided", "undecided"),
}


def word_of(answer: Answer) -> str:
    """The word for an answer, of WORDS."""
    return "accepted" if isinstance(answer, Fails) and answer.accepted else type(answer).__name__.lower()


def _answer(answer: Answer) -> str:
    word = word_of(answer)
    return f"{WORDS[word][0]} {word}"


def why_of(answer: Answer) -> tuple[str, ...]:
    """What stands below an invariant: the first that shows that it fails, who accepts it, or why it isn't known."""
    match answer:
        case Holds():
            return ()
        case Fails(accepted=()):
            return (answer.fact, *(() if answer.witness is None else (str(answer.witness),)))
        case Fails():
            return tuple(map(str, answer.accepted))
        case Undecided(reason):
            return (reason,)
        case _:
            assert_never(answer)
