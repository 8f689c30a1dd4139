"""From a file to all its configs: the faults get the lines on which the values were written, each once."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path as FilePath
from typing import TypeVar

from attrs import evolve, frozen

from ecsiam.config.alike import alike, message
from ecsiam.config.layers import Layer, Member
from ecsiam.config.load import config_of, no_other
from ecsiam.config.model import Config
from ecsiam.config.sections import has_sections, members, nearest, there_are
from ecsiam.errors import (
    MOST_FAULTS,
    TOO_MANY,
    ConfigError,
    EcsiamError,
    Fault,
    Faults,
    Path,
    refuse,
    show,
)
from ecsiam.features.declared import PLACEHOLDERS
from ecsiam.keys.key import not_given
from ecsiam.keys.placeholders import every_text
from ecsiam.keys.source import Source, read_source
from ecsiam.keys.values import as_text
from ecsiam.looks.words import few, listed
from ecsiam.model.document import is_object
from ecsiam.model.mistaken import expect

_N = TypeVar("_N", "Named", Member)


@frozen
class Named:
    """A config with what it is called: its service and its environment."""

    service: str
    environment: str
    config: Config

    @property
    def name(self) -> str:
        """`SERVICE/ENVIRONMENT`."""
        return f"{self.service}/{self.environment}"


@frozen
class ConfigFile:
    """The configs of a file, those that were chosen, in its order: services, and the environments of each.

    `several` says that the file has sections, however many configs are left; `all` are the names of all it has.
    """

    name: str
    several: bool
    configs: tuple[Named, ...]
    all: tuple[str, ...]


def load_configs(path: str | os.PathLike[str]) -> tuple[Config, ...]:
    """Read all configs of a YAML or JSON file, or of standard input for `-`, in its order.

    A file of one config has one, one of several the services and of each its environments. Raises ConfigError with
    every fault, each with the line it is on.
    """
    expect(path, (str, os.PathLike), "a path", ConfigError)
    return tuple(one.config for one in configs_of(read_source(path)).configs)


def configs_of(source: Source, services: Sequence[str] = (), environments: Sequence[str] = ()) -> ConfigFile:
    """The configs that a file holds; with `services` or `environments` only those of these.

    Raises ConfigError with every fault of them, each with the line it is on, and for a name that there is none of.
    """
    if not has_sections(source.data):
        config = config_of(source)
        only = Named(str(as_text(config.project_name)), str(as_text(config.environment)), config)
        _choose(source.name, [only], services, environments)
        return ConfigFile(source.name, False, (only,), (only.name,))
    no_other(source)
    faults = Faults()
    found: tuple[Member, ...] = ()
    try:
        found = members(source.data, faults)
    except ConfigError as e:
        faults += e.faults
    chosen: Sequence[Member] = found
    if not faults:
        chosen = _choose(source.name, found, services, environments)
    read = _Read(source)
    there = [(one, c) for one in chosen if (c := read.config(one)) is not None]
    configs = tuple(Named(one.service, one.environment, config) for one, config in there)
    every = [*(evolve(f, file=source.name, line=source.line(f.path)) for f in faults if f is not TOO_MANY)]
    every += read.faults(chosen)
    every += () if every else _alike(source, [one for one, _ in there], configs)
    every.sort(key=lambda f: f.line or 0)
    if len(every) > MOST_FAULTS or TOO_MANY in faults:
        every = [*every[:MOST_FAULTS], evolve(TOO_MANY, file=source.name)]
    refuse(ConfigError, every)
    return ConfigFile(source.name, True, configs, tuple(one.name for one in found))


def _alike(source: Source, members_: Sequence[Member], configs: Sequence[Named]) -> Iterator[Fault]:
    """What several would make and an account has one of, with the lines of both."""
    found: dict[tuple[str, tuple[str, ...], tuple[Path, ...]], tuple[str, list[str]]] = {}
    by_name = {one.name: one for one in members_}
    for one in alike([(c.service, c.environment, c.config) for c in configs]):
        places = tuple(_written(by_name[name], path) for name, path in zip(one.who, one.paths, strict=True))
        found.setdefault((one.what, one.who, places), (one.remedy, []))[1].append(one.called)
    for (what, who, places), (remedy, called) in found.items():
        lines = {place: source.line(place) for place in places}
        first = f" (line {lines[places[0]]})" if lines[places[0]] != lines[places[-1]] else ""
        text = message(what, who, called, first)
        yield Fault(text, places[-1], remedy, source.name, lines[places[-1]])


def _written(member: Member, path: Path) -> Path:
    """Where a name is written; of one that comes of the service's, that."""
    said: object = member.data()
    for part in path:
        if not is_object(said) or part not in said:
            return member.place(("project_name",))[1]
        said = said[str(part)]
    return member.place(path)[1]


def _choose(name: str, every: Sequence[_N], services: Sequence[str], environments: Sequence[str]) -> Sequence[_N]:
    """Those that were chosen. Refuses names that there are none of, and a choice that leaves nothing."""
    faults: list[Fault] = []
    for what, wanted, there in (
        ("service", services, dict.fromkeys(one.service for one in every)),
        ("environment", environments, dict.fromkeys(one.environment for one in every)),
    ):
        for one in dict.fromkeys(wanted):
            if one not in there:
                faults.append(Fault(f"`{name}` has no {what} `{show(one)}`", (), nearest(one, there)))
    refuse(ConfigError, faults)
    of = [one for one in every if not services or one.service in services]
    chosen = [one for one in of if not environments or one.environment in environments]
    if not chosen:
        text = f"{listed(dict.fromkeys(services))} and {listed(dict.fromkeys(environments))} don't go together"
        raise ConfigError(Fault(text, (), there_are([one.name for one in of]), name))
    return chosen


@frozen
class _Shared:
    """A fault as its config has it, and as the file does: whoever inherits the value has it too."""

    path: Path
    fault: Fault


class _Read:
    """Reads config by config, and gathers what is wrong with them."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.context = {"source": FilePath(source.name).name}
        self.found: dict[_Shared, list[tuple[Member, Fault]]] = {}
        self.same: dict[_Shared, _Shared] = {}  # as it is of all, to as it was found first
        self.trials = _MOST_TRIALS

    def config(self, member: Member) -> Config | None:
        """The config, or None where something is wrong with it."""
        if len(self.found) > MOST_FAULTS:
            return None
        data = member.data()
        try:
            return Config.model_validate(data, context=self.context)
        except ConfigError as e:
            for fault in e.faults:
                place = member.place(fault.path)[1]
                own = _Shared(fault.path, evolve(fault, path=place))
                of_all = _Shared(fault.path, Fault(_uncounted(_as_written(fault.message, fault, data)), place))
                first = own if own in self.found else self.same.get(of_all, own)
                self.same.setdefault(of_all, first)
                self.found.setdefault(first, []).append((member, fault))
        return None

    def faults(self, every: Sequence[Member]) -> Iterator[Fault]:
        """What is wrong, each once, with the line on which it was written.

        What not all have who inherit the value comes from what they say beside it: it says whose it is. Where a
        stronger layer has a part in it, the line is of that. What reads differently in each is shown as it was written.
        """
        for shared, who in self.found.items():
            place = shared.fault.path
            by_part: dict[Path | None, list[tuple[Member, Fault]]] = {}
            for member, fault in who:
                by_part.setdefault(self._strongest(member, fault), []).append((member, fault))
            inherit = sum(1 for one in every if one.place(shared.path)[1] == place)
            for part, some in by_part.items():
                text, remedy = (_of_all([(getattr(f, said), f, m) for m, f in some]) for said in ("message", "remedy"))
                if len(some) < inherit:
                    text = f"{text}, for {few(f'`{one.name}`' for one, _ in some)}"
                yield Fault(text, place, remedy, self.source.name, self.source.line(part or place))

    def _strongest(self, member: Member, fault: Fault) -> Path | None:
        """Where the strongest part of what is wrong is written, if that is a stronger layer than the fault's own."""
        own, _ = member.place(fault.path)
        data = member.data()
        if own == len(member.layers) - 1 or _by_itself(fault, data):
            return None
        of_all = _as_written(fault.message, fault, data)
        for rank in range(len(member.layers) - 1, own, -1):
            for key, value in member.layers[rank].says.items():
                if member.place((key,))[0] != rank:
                    continue
                least = rank if not_given(value) else 0  # an empty value hides what is weaker
                without = [_without(one, key) if i >= least else one for i, one in enumerate(member.layers)]
                self.trials -= 1
                if self.trials < 0:  # what has thousands of faults is not asked for the part of each
                    return None
                if not _still(of_all, fault.path, member.data(without)):
                    return (*member.layers[rank].path, key)
        return None


_MOST_TRIALS = 2000  # about a second


def _without(layer: Layer, key: str) -> Layer:
    return evolve(layer, says={k: v for k, v in layer.says.items() if k != key}) if key in layer.says else layer


def _by_itself(fault: Fault, data: dict[str, object]) -> bool:
    """Whether a value is wrong whatever stands beside it."""
    name = str(fault.path[0]) if fault.path else ""
    try:
        if name in data:
            key = Config.keys()[name]
            key.read(key.filled(data[name], Config.filling(data)))
    except EcsiamError as e:
        return fault in (f.under(name) for f in e.faults)
    return False


def _still(of_all: str, path: Path, data: dict[str, object]) -> bool:
    """Whether a fault is there, by what is said of it as it was written."""
    try:
        Config.model_validate(data)
    except ConfigError as e:
        return any(f.path == path and _as_written(f.message, f, data) == of_all for f in e.faults)
    return False


def _uncounted(said: str) -> str:
    """What is said without its numbers: how long a name comes out differs from one to the other."""
    return re.sub(r"(`[^`]*`)|[0-9][0-9,]*", lambda found: found[1] or "0", said)


def _of_all(said: Sequence[tuple[str, Fault, Member]]) -> str:
    """What is said to all, in the first's words; where they are others to others, as it was written."""
    text, fault, first = said[0]
    if all(other == text for other, _, _ in said):
        return text
    several = [member.data() for _, _, member in said]
    names = [name for name in PLACEHOLDERS if any(one.get(name) != several[0].get(name) for one in several)]
    return _as_written(text, fault, first.data(), names)


def _as_written(said: str, fault: Fault, data: Mapping[str, object], names: Iterable[str] = PLACEHOLDERS) -> str:
    """What is said of a fault, with the placeholders of the text that is wrong and not what a config puts in for them.

    Of what a config says of its `names` the placeholders stand elsewhere too.
    """
    put = Config.filling(data)
    texts: dict[str, str] = {}

    def note(written: str) -> str:
        filled = put(written)
        if type(filled) is str and filled != written:
            texts[f"`{show(filled)}`"] = f"`{show(written)}`"
        return written

    every_text(data.get(str(fault.path[0])) if fault.path else None, note)
    own = {name: re.escape(str(data[name])) for name in names if data.get(name)}

    def quoted(found: re.Match[str]) -> str:
        text = texts.get(found[0], found[0])
        for name, value in own.items():
            text = re.sub(rf"(?<![A-Za-z0-9{{]){value}(?![A-Za-z0-9}}])", f"{{{name}}}", text)
        return text

    return re.sub("`[^`]*`", quoted, said)
