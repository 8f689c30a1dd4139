"""What tokens surely have in their claims, and the ways in that what is asked of claims keeps shut.

A claim that nothing is known of has no entry. Values are patterns, of which a token has one; with none of them it has
no such claim. So nothing is said to be shut that may be open.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from attrs import frozen

from ecsiam.errors import Fault, Path, show_path
from ecsiam.model.globs import overlap
from ecsiam.model.text import Text, texts

Has = Mapping[str, Sequence[str]]


@frozen
class Way:
    """A way in that a config lists: where, what stands there, and what a token that comes by it has.

    One without a place is what holds where nothing is listed.
    """

    path: Path
    shown: str
    has: Has


@frozen
class Asked:
    """What a claim has to be, and where that is written: one of some values, or, `fixed`, what each subject has."""

    claim: str
    values: Sequence[str]
    path: Path
    fixed: bool = False


def asked_in(name: str, claims: object, names: Iterable[str]) -> Iterator[Asked]:
    """What a record of claims asks for. A claim with a faulty value is left out."""
    found = ((claim, getattr(claims, claim, ())) for claim in names)
    yield from (Asked(claim, values, (name, claim)) for claim, values in found if values and all(values))


def as_pattern(value: Text) -> str:
    """A text that may be anything where it has a reference."""
    return "".join(part if isinstance(part, str) else "*" for part in value.parts)


def pairs(subject: Text, lone: Collection[str] = ()) -> Iterator[tuple[str, str]]:
    """The claims that a subject is made of, `KEY:VALUE:KEY:VALUE`, as far as its wildcards leave that sure.

    The keys of `lone` have no value. Of the first value with a wildcard it is sure how that begins, of what follows
    nothing: the wildcard may take a colon.
    """
    pieces = iter(subject.split(":", len(str(subject))))
    for piece in pieces:
        key = piece.literal
        if key is None or _wild(piece):
            return
        value = Text(()) if key in lone else next(pieces, None)
        if value is None:
            return
        if _wild(value):
            yield key, f"{re.split('[*?]', as_pattern(value))[0]}*"
            return
        yield key, as_pattern(value)


def _wild(value: Text) -> bool:
    return value.holds("*") or value.holds("?")


def met(asked: Sequence[Text], has: Sequence[str]) -> tuple[Text, ...]:
    """What is asked of a claim, as far as a token may have it; what it has, where that is none of this."""
    return tuple(v for v in asked if _may_be(as_pattern(v), has)) or texts(has)


def _may_be(value: str, has: Sequence[str]) -> bool:
    return any(overlap(value, one) for one in has)


def shut(ways: Iterable[Way], asked: Sequence[Asked], absent: str = "") -> Iterator[Fault]:
    """A fault for each way in by which nobody gets in: whoever comes by it has something else in a claim.

    `absent` is what to do about a claim that tokens don't have, with `{REF}` for the ref that they have.
    """
    for way in ways:
        for one in asked:
            has = way.has.get(one.claim)
            if has is None or any(_may_be(value, has) for value in one.values):
                continue
            who = f"`{way.shown}`" if way.path else f"`{way.shown}`, which may deploy where nothing else is listed,"
            have = f"the `{one.claim}` {' or '.join(f'`{v}`' for v in has)}" if has else f"no `{one.claim}`"
            asks = f"`{show_path(one.path).removeprefix('$.')}` asks for {'another' if has else 'one'}"
            out = f"eave `{way.shown}` out" if way.path else "ist those that may deploy"
            if not has:
                remedy = absent.replace("{REF}", way.has["ref"][0])
            elif one.fixed:
                remedy = f"L{out}: a subject has one `{one.claim}`."
            else:
                remedy = f"Write `{has[0]}` there too, or l{out}."
            message = f"{who} can't get in: its tokens have {have}, and {asks}"
            yield Fault(message, way.path or one.path, remedy)
            break
