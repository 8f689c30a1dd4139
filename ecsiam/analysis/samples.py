"""Values that stand for others: one for each way that conditions of one kind can come out."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from itertools import count

from ecsiam.analysis.typed import EPOCH, READS, READS_NONE, SAMPLES, STRANGE, type_of
from ecsiam.analysis.values import address_block, as_bytes, as_date, as_number
from ecsiam.model.condition import Kind

_OTHERS = {"account": "111122223333", "arn": "arn:aws:iam::111122223333:role/other", "sub": "repo:other/other:x"}


def other(key: str) -> str:
    """A value of a key that nobody named."""
    return next((value for ending, value in _OTHERS.items() if key.endswith(ending)), "other")


def _between(points: list[object]) -> Iterator[object]:
    """Each point, one in each gap, one below and one above."""
    from decimal import Context, Decimal

    numbers = sorted({p for p in points if isinstance(p, Decimal)})
    if not numbers:
        yield Decimal(0)
        return
    # As many digits as it takes to tell all of them apart: the default 28 would round a gap away.
    exactly = Context(prec=max(n.adjusted() for n in numbers) - min(int(n.as_tuple().exponent) for n in numbers) + 9)
    yield exactly.subtract(numbers[0], Decimal(1))
    for low, high in zip(numbers, (*numbers[1:], None), strict=True):
        yield low
        yield exactly.add(low, Decimal(1)) if high is None else exactly.divide(exactly.add(low, high), Decimal(2))


def _number_values(texts: list[str]) -> Iterator[str]:
    for number in _between([as_number(t) for t in texts]):
        yield f"{number:f}"


def _epoch_values(texts: list[str]) -> Iterator[str]:
    for seconds in _between([as_date(t) for t in texts]):
        yield f"{seconds:f}"


def _date_values(texts: list[str]) -> Iterator[str]:
    from datetime import UTC, datetime, timedelta
    from decimal import ROUND_FLOOR, Decimal

    for seconds in _between([as_date(t) for t in texts]):
        assert isinstance(seconds, Decimal)
        whole = seconds.to_integral_value(ROUND_FLOOR)
        try:
            at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(whole))
        except OverflowError:  # no year of four digits
            yield f"{seconds:f}"
        else:
            fraction = f"{seconds - whole:f}".removeprefix("0") if seconds != whole else ""
            yield f"{at.replace(tzinfo=None).isoformat()}{fraction}Z"


def _address_values(texts: list[str]) -> Iterator[str]:
    import ipaddress

    yield "192.0.2.1"
    for version, kind in ((4, ipaddress.IPv4Address), (6, ipaddress.IPv6Address)):
        blocks = [b for b in map(address_block, texts) if b is not None and b.version == version]
        starts = {0} | {int(b[0]) for b in blocks} | {int(b[-1]) + 1 for b in blocks}
        most = 2 ** (32 if version == 4 else 128)
        yield from (str(kind(start)) for start in sorted(starts) if start < most)


def _binary_values(texts: list[str]) -> Iterator[str]:
    yield from texts
    known = {as_bytes(t) for t in texts}
    yield next(b64encode(b).decode() for b in (bytes([i]) * n for n in count(1) for i in range(256)) if b not in known)
    yield ""  # no bytes


def _bool_values(_: list[str]) -> Iterator[str]:
    yield from ("true", "false")


_VALUES: dict[Kind, Callable[[list[str]], Iterator[str]]] = {
    "numeric": _number_values,
    "date": _date_values,
    "ip": _address_values,
    "binary": _binary_values,
    "bool": _bool_values,
}


def values(key: str, kind: Kind, texts: list[str]) -> Iterator[str]:
    """For conditions of one kind with these texts, a value of the key for each way that they can come out."""
    type = type_of(key)
    if type not in READS_NONE[kind]:
        as_seconds = kind == "date" and type in ("Numeric", EPOCH)
        yield from _epoch_values(texts) if as_seconds else _VALUES[kind](texts)
    if type not in READS[kind]:
        yield SAMPLES.get(type, (STRANGE,))[0] if type in READS_NONE[kind] else STRANGE
