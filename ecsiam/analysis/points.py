"""Which tests pass for which values, where values have an order: numbers, dates, addresses, however many.

Each value that a test lists is looked up once in the sorted values that stand for all; what passes is a range of them.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator

from ecsiam.analysis.values import address_block, as_address, as_date, as_number
from ecsiam.model.condition import Comparison, Kind

Place = tuple[int, object]  # what is of one sort has an order
Listed = tuple[Comparison, tuple[str, ...]]  # an operator, and the texts that it compares with


def _number(text: str) -> Place | None:
    number = as_number(text)
    return None if number is None else (0, number)


def _date(text: str) -> Place | None:
    date = as_date(text)
    return None if date is None else (0, date)


def _address(text: str) -> Place | None:
    address = as_address(text)
    return None if address is None else (address.version, int(address))


PLACES: dict[Kind, Callable[[str], Place | None]] = {"numeric": _number, "date": _date, "ip": _address}
_RANGES: dict[str, Callable[[list[Place], Place], tuple[int, int]]] = {
    "LessThan": lambda order, place: (0, bisect_left(order, place)),
    "LessThanEquals": lambda order, place: (0, bisect_right(order, place)),
    "GreaterThan": lambda order, place: (bisect_right(order, place), len(order)),
    "GreaterThanEquals": lambda order, place: (bisect_left(order, place), len(order)),
    "Equals": lambda order, place: (bisect_left(order, place), bisect_right(order, place)),
    "NotEquals": lambda order, place: (bisect_left(order, place), bisect_right(order, place)),
}


def passed(kind: Kind, tests: Iterable[Listed], values: list[str]) -> list[int]:
    """For each value the tests that it passes, as bits. What can't be read passes the negated ones."""
    place_of = PLACES[kind]
    placed = [(place, i) for i, text in enumerate(values) if (place := place_of(text)) is not None]
    placed.sort()
    order = [place for place, _ in placed]
    turns = [0] * (len(order) + 1)  # the tests whose outcome changes from one value to the next
    negated = 0
    for at, (comparison, texts) in enumerate(tests):
        negated |= comparison.negated << at
        for start, end in _merged(_range(comparison, kind, order, text) for text in texts):
            turns[start] ^= 1 << at
            turns[end] ^= 1 << at
    found = [negated] * len(values)
    bits = negated
    for (_, i), turned in zip(placed, turns, strict=False):
        bits ^= turned
        found[i] = bits
    return found


def _range(comparison: Comparison, kind: Kind, order: list[Place], text: str) -> tuple[int, int]:
    """The values of a sorted list that one text takes."""
    if kind == "ip":
        block = address_block(text)
        if block is None:
            return 0, 0
        first, last = (block.version, int(block[0])), (block.version, int(block[-1]))
        return bisect_left(order, first), bisect_right(order, last)
    place = PLACES[kind](text)
    if place is None:
        return 0, 0
    return _RANGES[comparison.name.removeprefix("Numeric").removeprefix("Date")](order, place)


def _merged(ranges: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The same places as ranges that don't touch."""
    last: tuple[int, int] | None = None
    for start, end in sorted(r for r in ranges if r[0] < r[1]):
        if last is not None and start <= last[1]:
            last = last[0], max(last[1], end)
            continue
        if last is not None:
            yield last
        last = start, end
    if last is not None:
        yield last


def columns(rows: list[int], width: int) -> list[int]:
    """Bits the other way round: for each of `width` places the rows that have it."""
    if not rows or not width:
        return [0] * width
    texts = [f"{row:0{width}b}" for row in reversed(rows)]
    return [int("".join(column), 2) for column in zip(*texts, strict=True)][::-1]
