"""The real ARNs of a kind of resource as patterns: such as there commonly are, and all that there can be."""

from collections.abc import Iterator
from functools import lru_cache

from ecsiam.analysis.keys import hole
from ecsiam.analysis.leaf import Resources, resource_pattern
from ecsiam.analysis.patterns import ANY, NOT_COLON, Chars, One, Pattern, Run, Token, char, pattern
from ecsiam.model.text import Ref, Text
from ecsiam.reference.names import DIGITS, HEX, ID_PREFIXES, LETTERS, MADE_OF, PLACED, SUFFIXED, UUIDS, WITH_PATH

_DIGIT = One(Chars(DIGITS))
_HEX = One(Chars(HEX))
_LOWER = One(Chars(LETTERS[:26]))
_INNER = One(Chars(LETTERS[:26] + DIGITS + "-"))
_LAST = One(Chars(LETTERS[:26] + DIGITS))
_ALNUM = One(Chars(LETTERS + DIGITS))

ACCOUNT: tuple[Token, ...] = (_DIGIT,) * 12
# Names of one length, of what nearly every kind of name takes: whoever grants all of these grants all there is.
_NAME: tuple[Token, ...] = (_LOWER, *(_INNER,) * 18, _LAST)
_SOME_REGION: tuple[Token, ...] = (_LOWER, _LOWER, char("-"), *(_LOWER,) * 4, char("-"), _DIGIT)
_LOWERS = Run(Chars(LETTERS[:26]))
# `eu-west-2`, `us-gov-east-1`, and those of regions to come.
REGION = pattern(
    (
        *(_LOWER, _LOWER, _LOWERS, char("-"), _LOWER, Run(Chars(LETTERS[:26] + "-")), char("-")),
        *(_DIGIT, Run(Chars(DIGITS))),
    )
)


def _written(text: Text) -> tuple[Token, ...]:
    return tuple(
        token
        for part in text.parts
        for token in ((hole(part, within=True),) if isinstance(part, Ref) else tuple(map(char, part)))
    )


@lru_cache(maxsize=1 << 14)
def common(form: str, partition: Text, region: Text | None) -> tuple[Pattern, ...]:
    """ARNs of a kind as they commonly are, of every account; in one region, or in every one with None."""
    _, _, service, in_region, account, resource = form.split(":", 5)
    head: list[Token] = [*map(char, "arn:"), *_written(partition), *map(char, f":{service}:")]
    if in_region == "*":
        head += _SOME_REGION if region is None else _written(region)
    else:
        head += map(char, in_region)
    head += (char(":"), *(ACCOUNT if account == "*" else map(char, account)), char(":"))
    return tuple(pattern((*head, *ids)) for ids in _ids(service, resource))


def _ids(service: str, resource: str) -> Iterator[tuple[Token, ...]]:
    """What stands for the resource, its placeholders filled with names or ids."""
    first, *more = resource.split("*")
    key = f"{service}:{first}"
    name: tuple[Token, ...] = _NAME
    if more and key in ID_PREFIXES:
        name = (*map(char, ID_PREFIXES[key]), *(_HEX,) * 17)
    elif more and key in UUIDS:
        name = tuple(t for n in (8, 4, 4, 4, 12) for t in (char("-"), *(_HEX,) * n))[1:]
    elif more and key in SUFFIXED:
        name = (*_NAME, char("-"), *(_ALNUM,) * 6)
    filled: list[Token] = [*map(char, first)]
    for i, text in enumerate(more):
        filled += (*(_NAME if i else name), *map(char, text))
    yield tuple(filled)
    if key in WITH_PATH:
        yield (*filled, char("/"), *_NAME)


# ---------------------------------------------------------------- all that there can be


SIX = "-??????"


def suffixed(form: str) -> str:
    """A form with the six letters or digits that AWS puts behind such a name, each as `?`."""
    _, _, service, _, _, resource = form.split(":", 5) if form.count(":") > 4 else [""] * 6
    return f"{form}{SIX}" if f"{service}:{resource.removesuffix('*')}" in SUFFIXED else form


@lru_cache(maxsize=1 << 12)
def possible(form: str, partition: str | None, excepted: tuple[str, ...]) -> Resources:
    """Every ARN that a resource of a kind can have, in a partition or in any: with an account and a region in place."""
    none = frozenset(resource_pattern((other,)) for other in excepted)
    if form == "*":
        return Resources((frozenset({pattern((char("*"),))}),), none)
    _, _, service, region, account, resource = form.split(":", 5)
    head: list[Token] = [*map(char, "arn:")]
    head += map(char, partition) if partition else (Run(NOT_COLON),)
    head += map(char, f":{service}:")
    sets = iter(MADE_OF.get(form.removesuffix(SIX), ()))
    tail: list[Token] = []
    for c in resource:
        of = next(sets, "") if c == "*" else ""
        if c == "?":
            tail.append(_ALNUM)
        else:
            tail += (One(Chars(of)), Run(Chars(of))) if of else (Run(ANY),) if c == "*" else (char(c),)
    places = frozenset(
        pattern((*head, *in_region, char(":"), *of_account, char(":"), *tail))
        for in_region in _regions(service, region)
        for of_account in _accounts(service, account)
    )
    return Resources((places,), none)


def _regions(service: str, region: str) -> tuple[tuple[Token, ...], ...]:
    """A placeholder may be a region, or nothing: what is global has none, in some formats that show one."""
    if region != "*":
        return (tuple(map(char, region)),)
    return (REGION.tokens,) if service in PLACED else (REGION.tokens, ())


def _accounts(service: str, account: str) -> tuple[tuple[Token, ...], ...]:
    """A placeholder may be an account, `aws` for what AWS made, or nothing for what it shares with everyone."""
    if account != "*":
        return (tuple(map(char, account)),)
    return (ACCOUNT,) if service in PLACED else (ACCOUNT, tuple(map(char, "aws")), ())
