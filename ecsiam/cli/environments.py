"""What `diff --from --to` compares: two environments of one file, modulo their names."""

from collections.abc import Iterator, Mapping, Sequence

from attrs import evolve, frozen

from ecsiam.builder import build
from ecsiam.cli.chosen import bound
from ecsiam.config.likened import Differing, likened
from ecsiam.config.many import ConfigFile, configs_of
from ecsiam.config.sections import members
from ecsiam.errors import ConfigError, Fault, Faults, show_path
from ecsiam.keys.source import read_source
from ecsiam.looks.page import Table
from ecsiam.model.stack import Stack


@frozen
class Pair:
    """A service in both environments, the new one under the names of the old; one that it isn't in has no roles."""

    service: str
    old: Stack
    new: Stack
    by_name: tuple[Differing, ...] = ()


def environments(
    path: str, ends: tuple[str, str], services: Sequence[str] | None, values: Mapping[str, str]
) -> tuple[str, tuple[Pair, ...]]:
    """The file's name, and each service in two of its environments. Raises ConfigError with every fault."""
    old, new = ends
    source = read_source(path)
    file = configs_of(source, services or (), tuple(dict.fromkeys(ends)))
    if not file.several or old == new:
        message = f"`{file.name}` has one config" if not file.several else f"`{old}` stands on both sides"
        raise ConfigError(Fault(message, (), "Name two environments of a file that has them."))
    file = bound(file, values) if values else file
    return file.name, tuple(_pairs(file, source.data, ends, values))


def _pairs(
    file: ConfigFile, data: Mapping[str, object], ends: tuple[str, str], values: Mapping[str, str]
) -> Iterator[Pair]:
    by_name = {(one.service, one.environment): one for one in members(data, Faults())}
    configs = {(one.service, one.environment): one.config for one in file.configs}
    for service in dict.fromkeys(one.service for one in file.configs):
        old, new = ((service, environment) for environment in ends)
        if old not in configs or new not in configs:
            there = build(configs[new if new in configs else old])
            nothing = evolve(there, roles=(), outputs=())
            yield Pair(service, *((nothing, there) if new in configs else (there, nothing)))
            continue
        try:
            like = likened(by_name[old], by_name[new], configs[old], configs[new])
        except ConfigError as e:
            said = f"`{service}/{ends[1]}` can't stand under the names of `{ends[0]}`"
            raise ConfigError(*(evolve(f, message=f"{said}: {f.message}", file=file.name) for f in e.faults)) from None
        open_ = {name: value for name, value in values.items() if name in like.config.deployment.open}
        config = like.config.bind(open_) if open_ else like.config
        yield Pair(service, build(configs[old]), build(config), like.by_name)


def by_name_lines(pairs: Sequence[Pair], ends: tuple[str, str]) -> Iterator[str]:
    """What differs only by name: that of the old environment, and that of the new one."""
    rows = [*_by_name(pairs)]
    if rows:
        yield f"only by name, in `{ends[0]}` and in `{ends[1]}`:"
    yield from (f"    {who}{': ' if who else ''}{path}: {old} is {new}" for who, path, old, new in rows)


def by_name_table(pairs: Sequence[Pair], ends: tuple[str, str]) -> Table:
    """The same as a table."""
    return Table(("service", "key", *ends), _by_name(pairs))


def _by_name(pairs: Sequence[Pair]) -> Iterator[tuple[str, str, str, str]]:
    """The services, the place, and both values of what differs only by name; all of them have it where none is said."""
    said: dict[tuple[str, str, str], list[str]] = {}
    for pair in pairs:
        for one in pair.by_name:
            said.setdefault((show_path(one.path), str(one.old), str(one.new)), []).append(pair.service)
    for row, who in said.items():
        yield ("" if len(who) == len(pairs) else ", ".join(who), *row)


def by_name_data(pair: Pair) -> list[object]:
    """The same as data."""
    return [{"path": show_path(one.path), "old": one.old, "new": one.new} for one in pair.by_name]
