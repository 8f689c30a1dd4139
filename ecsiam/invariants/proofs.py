"""The answers about several stacks, as one table."""

from collections import Counter
from collections.abc import Iterator

from attrs import evolve, frozen

from ecsiam.analysis.answers import Answer, Holds
from ecsiam.analysis.tables import assumed_pages
from ecsiam.invariants.proof import WORDS, Proof, why_of, word_of
from ecsiam.looks.page import Page, Table
from ecsiam.looks.plain import plain
from ecsiam.looks.shown import Paged
from ecsiam.looks.words import count, few
from ecsiam.model.invariants import SAYS


@frozen
class Line:
    """An invariant over several stacks: how many of each answer, and of whom it doesn't hold, with the answer."""

    id: str
    counts: Counter[str]
    others: tuple[tuple[str, Answer], ...]

    @property
    def counted(self) -> str:
        """`1,998 hold, 2 fail`."""
        some = ((self.counts[word], one, many) for word, (_, one, many) in WORDS.items())
        return ", ".join(f"{n:,} {one if n == 1 else many}" for n, one, many in some if n)


class Proofs(Paged, dict[str, Proof]):
    """What `prove_together` answers: the proof of each stack by `SERVICE/ENVIRONMENT`, shown by invariant."""

    __slots__ = ()

    def __str__(self) -> str:
        return plain(self._page())

    @property
    def lines(self) -> tuple[Line, ...]:
        """Each invariant that was asked, in their order."""
        ids = dict.fromkeys(id for proof in self.values() for id in proof)
        return tuple(_line(id, ((label, proof[id]) for label, proof in self.items() if id in proof)) for id in ids)

    def _says(self) -> str:
        failing = sum(any(word_of(a) == "fails" for a in proof.values()) for proof in self.values())
        return f"{count(len(self), 'stack')}, {failing:,} with a failure"

    def _page(self) -> Page:
        rows = ((line.counted, line.id, (SAYS.get(line.id, ""), *_below(line))) for line in self.lines)
        shown = ((label, self._page_of(proof)) for label, proof in self.items() if _fails(proof))
        pages = (evolve(page, title=f"{label}: {page.title}") for label, page in shown)
        assumed = dict.fromkeys(text for proof in self.values() for a in proof.values() for text in a.assumed)
        table = Table(("answers", "invariant", "says"), rows)
        return Page(f"Proof: {self._says()}", (table, *pages, *assumed_pages(tuple(assumed))))


def _line(id: str, answers: Iterator[tuple[str, Answer]]) -> Line:
    counts: Counter[str] = Counter()
    others: list[tuple[str, Answer]] = []
    for label, answer in answers:
        counts[word_of(answer)] += 1
        if not isinstance(answer, Holds):
            others.append((label, answer))
    return Line(id, counts, tuple(others))


def _below(line: Line) -> Iterator[str]:
    """What is said of those of whom it doesn't hold: the same of several is said once."""
    whose: dict[str, list[str]] = {}
    for label, answer in line.others:
        whose.setdefault(" ".join(why_of(answer)), []).append(label)
    yield from (f"→ {few(labels)}: {why}" for why, labels in whose.items())


def _fails(proof: Proof) -> bool:
    return any(word_of(answer) == "fails" for answer in proof.values())
