"""What there is to look at in a value of the model (its `spots()`), and what the table of verdicts says of it."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from ecsiam.errors import Fault, Path, show
from ecsiam.model.text import Text
from ecsiam.model.verdicts import ALL, TABLE, Kind, Row, Subject, Verdict


class Spot(NamedTuple):  # a hundred of them are made for each role
    """A text of a document, what it is, and where it stands; `shown` is how it is written, if that is not it."""

    of: Subject
    text: str
    path: Path = ()
    shown: str = ""

    def under(self, *prefix: str | int) -> "Spot":
        """The same spot seen from further out."""
        return Spot(self.of, self.text, (*prefix, *self.path), self.shown)


def known(text: Text) -> str:
    """A text, with `${}` for what is known only at deployment: no row is sure of what stands there."""
    return text.literal if text.literal is not None else "".join(p if isinstance(p, str) else "${}" for p in text.parts)


_BY_SUBJECT = {row.of: tuple(r for r in TABLE if r.of == row.of) for row in TABLE}


@lru_cache(maxsize=1 << 14)
def _row(of: Subject, text: str, kind: Kind | None) -> Row | None:
    """The first row about a text; without a kind, of those that hold for every kind of policy."""
    rows = (row for row in _BY_SUBJECT[of] if (kind in row.kinds if kind else row.kinds == ALL))
    return next((row for row in rows if row.matches(text)), None)


def _fault(row: Row, spot: Spot) -> Fault:
    return Fault(row.message.format(show(spot.shown or spot.text)), spot.path, row.remedy)


def faults(spots: Iterable[Spot], kind: Kind | None, *verdicts: Verdict) -> Iterator[Fault]:
    """What the table has on these in a policy of a kind; None: in one of any kind."""
    for spot in spots:
        row = _row(spot.of, spot.text, kind)
        if row is not None and row.verdict in verdicts:
            yield _fault(row, spot)


def refused(spots: Iterable[Spot], kind: Kind | None = None) -> Iterator[Fault]:
    """What IAM refuses of these."""
    return faults(spots, kind, "refused")


def misplaced(spots: Iterable[Spot], kind: Kind) -> Iterator[Fault]:
    """What IAM refuses of these only in a policy of this kind: it is known now in which they stand."""
    for spot in spots:
        row = _row(spot.of, spot.text, kind)
        if row is not None and row.verdict == "refused" and row.kinds != ALL:
            yield _fault(row, spot)
