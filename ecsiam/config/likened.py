"""Two environments of a service modulo their names: one as it would be if it were called and lay as the other.

The config of one is read anew with the environment, account, region and partition of the other, so all that is derived
from them, or written with placeholders, follows. Texts that have a name of their own written out are taken for the same
where they differ in nothing else: the two environments, accounts and regions change places in them, as whole words.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import cast

from attrs import frozen

from ecsiam.config.layers import Member
from ecsiam.config.model import Config
from ecsiam.errors import Path

HOME = ("account_id", "aws_region", "partition")
Swap = Callable[[str], str]


@frozen
class Differing:
    """What is called in one way in an environment and in another in the other: where in the config, and how."""

    path: Path
    old: str
    new: str


@frozen
class Likened:
    """A config under the names of another environment, and what differs from that one only by name."""

    config: Config
    by_name: tuple[Differing, ...]


def likened(old: Member, new: Member, was: Config, is_: Config) -> Likened:
    """The new environment's config under the names of the old one; `was` and `is_` are the configs that they are.

    Raises ConfigError where it can't stand under those names.
    """
    before, after = old.data(), new.data()
    known, there = was.home.known, is_.home.known
    names = {new.environment: old.environment}
    names |= {there[key]: known[key] for key in HOME if key in known and key in there}
    own = {key: (known[key], there[key]) for key in HOME if key in known and key in there}
    differing = [Differing(("environment",), old.environment, new.environment)]
    differing += [Differing((key,), a, b) for key, (a, b) in own.items() if a != b]
    swap = _swapping({a: b for a, b in names.items() if a != b})
    data: dict[str, object] = {}
    for key, value in after.items():
        if key not in (*HOME, "environment"):
            data[key] = _renamed(key, value, before.get(key), swap, differing)
    data |= {key: before[key] for key in (*HOME, "environment") if key in before}
    return Likened(Config.model_validate(data, context={"source": was.source}), tuple(differing))


def _renamed(key: str, value: object, other: object, swap: Swap, differing: list[Differing]) -> object:
    """A value under the other names. A text that the other environment has too is the same there, and stays.

    Unless another text becomes it: two that differ never become one.
    """
    theirs = {text for _, text in _texts(other)}
    mine = {text for _, text in _texts(value)}
    taken = {swap(text) for text in mine - theirs}
    stays = {text for text in mine & theirs if text not in taken}
    for path, text in _texts(value):
        if text not in stays and swap(text) != text and swap(text) in theirs:
            differing.append(Differing((key, *path), swap(text), text))
    return _each(value, lambda text: text if text in stays else swap(text))


def _texts(value: object, path: Path = ()) -> Iterator[tuple[Path, str]]:
    match value:
        case str():
            yield path, str.__str__(value)
        case Mapping():
            for key, one in cast("Mapping[str, object]", value).items():
                yield from _texts(one, (*path, key))
        case list() | tuple():
            for i, one in enumerate(cast("list[object]", value)):
                yield from _texts(one, (*path, i))
        case _:
            pass


def _each(value: object, put: Swap) -> object:
    match value:
        case str():
            text = str.__str__(value)
            said = put(text)
            return value if said == text else said  # what stays is as it was read: `false` is no text
        case Mapping():
            return {key: _each(one, put) for key, one in cast("Mapping[str, object]", value).items()}
        case list() | tuple():
            return [_each(one, put) for one in cast("list[object]", value)]
        case _:
            return value


def _swapping(names: Mapping[str, str]) -> Swap:
    """What makes names change places in a text, where they stand as whole words; of a partition only in an ARN."""
    both = {**{b: a for a, b in names.items()}, **names}
    words = "|".join(map(re.escape, sorted(both, key=len, reverse=True)))
    if not words:
        return str
    # Placeholders stay, and so does the partition where it is no part of an ARN: `aws:SourceAccount` is a key.
    token = re.compile(rf"\{{[^{{}}]*\}}|(?<![A-Za-z0-9])(?:{words})(?![A-Za-z0-9])")
    partitions = {name for name in both if re.fullmatch("aws(-[a-z-]+)?", name)}

    def put(found: re.Match[str]) -> str:
        name = found[0]
        if name in partitions and not found.string[: found.start()].endswith("arn:"):
            return name
        return both.get(name, name)

    return lambda text: token.sub(put, text)
