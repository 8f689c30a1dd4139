"""A file of several services and environments: its sections, and which configs it has.

The layers of each, from the weakest to the strongest, are `defaults`, `environments.E`, `services.S` and
`services.S.environments.E`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import cast

from ecsiam.config.layers import Layer, Member, size_of
from ecsiam.config.model import Config
from ecsiam.errors import MOST_FAULTS, TOO_MANY, ConfigError, Fault, Faults, Path, did_you_mean, show
from ecsiam.keys.key import not_given
from ecsiam.keys.kinds import MOST_NAMED, ListOf, OfForm, shown, unknown_keys
from ecsiam.keys.source import SECTIONS
from ecsiam.looks.words import listed
from ecsiam.model import forms
from ecsiam.model.bounds import LARGEST, MOST_CONFIGS, MOST_INHERITED, MOST_VALUES
from ecsiam.model.document import is_object

_NAMES = {"project_name": "services", "environment": "environments"}  # the sections whose keys they are
_OF_SERVICE = ("only", "environments")  # what a service has beside keys
_ONLY = ListOf(OfForm(forms.ENVIRONMENT))


def has_sections(data: Mapping[str, object]) -> bool:
    """Whether a file is one of several configs."""
    return not data.keys().isdisjoint(SECTIONS)


def members(data: Mapping[str, object], faults: Faults) -> tuple[Member, ...]:
    """The configs of a file, in its order: services, and the environments of each. What is wrong goes to `faults`.

    Raises ConfigError where there is no use in going on.
    """
    faults += _strange(data)
    reader = _Reader(data, faults)
    services = reader.sections.get("services")
    every = reader.of_environments() if services is None else reader.of_services(services)
    found: list[Member] = []
    inherited = 0
    for one in every:
        values, characters = (sum(layer.size[i] for layer in one.layers) for i in (0, 1))
        if values > MOST_VALUES:
            faults.append(Fault(f"`{one.name}` has more than {MOST_VALUES:,} keys and values", one.place(())[1]))
        elif characters > LARGEST:
            faults.append(Fault(f"`{one.name}` is larger than {LARGEST // 1024} KiB", one.place(())[1]))
        else:
            found.append(one)
        inherited += values
        if len(found) > MOST_CONFIGS:
            raise ConfigError(Fault(f"more than {MOST_CONFIGS:,} configs", (), _SPLIT))
        if inherited > MOST_INHERITED:
            message = f"more than {MOST_INHERITED:,} keys and values in all configs, with what they inherit"
            raise ConfigError(Fault(message, (), _SPLIT))
        _not_too_many(faults)
    return tuple(found)


_SPLIT = "Split the file."


def _not_too_many(faults: Faults) -> None:
    if len(faults) > MOST_FAULTS:
        del faults[MOST_FAULTS:]
        raise ConfigError(TOO_MANY)


def _strange(data: Mapping[str, object]) -> Iterator[Fault]:
    """What stands beside the sections."""
    keys = Config.keys()
    strange = [key for key in data if key not in SECTIONS]
    for key in strange:
        if key in keys:
            section = _NAMES.get(key)
            keyed = f"Leave it out: each key of `{section}` is one." if section in data else "Put it under `defaults:`."
            there = listed(section for section in SECTIONS if section in data)
            yield Fault(f"`{key}` stands beside {there}", (key,), keyed)
    yield from unknown_keys((key for key in strange if key not in keys), SECTIONS)
    if data.keys().isdisjoint(SECTIONS[1:]):
        remedy = "Name them, or write the keys without `defaults:` where the file is one config."
        yield Fault("`defaults` is there, and neither `services` nor `environments`", ("defaults",), remedy)


class _Reader:
    """Takes the sections apart. Every key is looked at once, however many inherit it."""

    def __init__(self, data: Mapping[str, object], faults: Faults) -> None:
        self.faults = faults
        self.sections = {name: self._section(data, name) for name in SECTIONS[1:] if name in data}
        self.defaults = self._layer(("defaults",), data.get("defaults"))
        alike: dict[str, str] = {}
        for name in self.sections.get("environments", {}):
            if (other := alike.setdefault(name.lower(), name)) != name:
                message = f"environments `{other}` and `{name}` differ only in case"
                remedy = "IAM's names and folders don't tell them apart."
                faults.append(Fault(message, ("environments", name), remedy))
        self.environments = {
            name: self._layer(("environments", name), given)
            for name, given in self.sections.get("environments", {}).items()
        }

    def of_environments(self) -> Iterator[Member]:
        """The configs of a file without services: one service in several environments."""
        lacking: list[str] = []
        for name, layer in self.environments.items():
            layers = (self.defaults, layer)
            if (service := self._name("project_name", layers)) is None:
                lacking.append(name)
            elif service:
                yield Member(service, name, layers, {"environment": (layer.path, name)})
        remedy = "Write `project_name:` under `defaults:`, or name the services under `services:`."
        self._lack("`project_name` is missing", "environments", lacking, remedy)

    def of_services(self, services: Mapping[str, object]) -> Iterator[Member]:
        """The configs of each service."""
        lacking: list[str] = []
        seen: dict[str, str] = {}
        for name, given in services.items():
            other = seen.setdefault(name.lower(), name)
            if other != name:
                remedy = "IAM's names and folders don't tell them apart."
                message = f"services `{other}` and `{name}` differ only in case"
                self.faults.append(Fault(message, ("services", name), remedy))
            layer = self._layer(("services", name), given)
            of_service = {key: given[key] for key in _OF_SERVICE if key in given} if is_object(given) else {}
            if "environments" in self.sections or of_service.get("environments") is not None:
                yield from self._in_environments(name, layer, of_service)
                continue
            self._only(name, of_service.get("only"))
            if (environment := self._name("environment", (self.defaults, layer))) is None:
                lacking.append(name)
            elif environment:
                yield Member(name, environment, (self.defaults, layer), {"project_name": (layer.path, name)})
        remedy = "Name the environments under `environments:`, or write `environment:` under `defaults:`."
        self._lack("no environment is given", "services", lacking, remedy)

    def _lack(self, message: str, section: str, lacking: list[str], remedy: str) -> None:
        """What members of a section lack: said once where all of several do."""
        alike = len(lacking) > 1 and len(lacking) == len(self.sections[section])
        places = [(section,)] if alike else [(section, name) for name in lacking]
        self.faults += [Fault(message, path, remedy) for path in places]

    def _in_environments(self, service: str, layer: Layer, of_service: Mapping[str, object]) -> Iterator[Member]:
        """The configs of a service: in the environments of the file, or in those of its own where the file has none."""
        path = layer.path
        given = of_service.get("environments")
        own: Mapping[str, object] = {} if given is None else self._section(of_service, "environments", path)
        stronger = {name: self._layer((*path, "environments", name), one) for name, one in own.items()}
        known = self.environments if "environments" in self.sections else stronger
        only = self._only(service, of_service.get("only")) or (*known,)
        for name in stronger:
            where = (*path, "environments", name)
            if name not in known:
                self.faults.append(_no_environment(name, known, where))
            elif name not in only:
                remedy = "Add it to `only`, or leave this out."
                self.faults.append(Fault(f"`{service}` doesn't run in `{name}`", where, remedy))
        for name in known:
            if name in only:
                every = (self.defaults, self.environments.get(name), layer, stronger.get(name))
                names = {"project_name": (path, service), "environment": (known[name].path, name)}
                yield Member(service, name, tuple(one for one in every if one is not None), names)

    def _only(self, service: str, given: object) -> tuple[str, ...]:
        """The environments that a service names as its own; none where it runs in all."""
        path = ("services", service, "only")
        if given is not None and not_given(given):  # an empty list would let it into all
            self.faults.append(Fault("`only` is empty", path, "Name environments, or leave it out for all of them."))
        if not_given(given):
            return ()
        if "environments" not in self.sections:
            remedy = "Name the environments there, each with what all services have in it."
            self.faults.append(Fault("`only` chooses among `environments`, and the file has none", path, remedy))
            return ()
        found: tuple[str, ...] = ()
        with self.faults.at(*path):
            found = cast("tuple[str, ...]", _ONLY.read(given))
        for i, name in enumerate(found):
            if name not in self.environments:
                self.faults.append(_no_environment(name, self.environments, (*path, i)))
        return found

    def _name(self, key: str, layers: Sequence[Layer]) -> str | None:
        """A name that no section gives: what the layers say; None where they don't, empty where it can't be one."""
        value, path = next(((one.says[key], one.path) for one in reversed(layers) if key in one.says), (None, ()))
        if not_given(value):
            return None
        if isinstance(value, str):
            return str.__str__(value)
        what = "a parameter" if is_object(value) and "parameter" in value else shown(value)
        remedy = "Write it out: the configs of a file are told apart by it."
        fault = Fault(f"`{key}` can't be {what} in a file of several configs", (*path, key), remedy)
        self.faults += [fault] if fault not in self.faults else []
        return ""

    def _section(self, data: Mapping[str, object], name: str, path: Path = ()) -> Mapping[str, object]:
        """A section, by the names of its members."""
        given = data[name]
        if is_object(given) and given:
            return given
        message = f"`{name}` is empty" if not given else f"expected a mapping, not {shown(given)}"
        remedy = f"Write the name of each {name[:-1]} on a line below it, with a colon."
        self.faults.append(Fault(message, (*path, name), remedy))
        return {}

    def _layer(self, path: Path, given: object) -> Layer:
        """What a place says, without what may not stand there."""
        if given is None:
            return Layer(path, {})
        if not is_object(given):
            remedy = "Write `key: value` lines below it."
            self.faults.append(Fault(f"expected a mapping, not {shown(given)}", path, remedy))
            return Layer(path, {})
        beside = _OF_SERVICE if path[:1] == ("services",) and len(path) == 2 else ()
        says = {key: value for key, value in given.items() if key not in beside}
        known = Config.keys()
        wrong = [key for key in _NAMES if key in says and self._keyed(key, path, given)]
        for key in wrong:
            remedy = f"Leave it out: each key of `{_NAMES[key]}` is one."
            self.faults.append(Fault(f"`{key}` can't stand here", (*path, key), remedy))
        unknown = [key for key in says if key not in known]
        self.faults += (fault.under(*path) for fault in unknown_keys(unknown, (*known, *beside)))
        _not_too_many(self.faults)
        says = {key: value for key, value in says.items() if key in known and key not in wrong}
        return Layer(path, says, size_of(says))

    def _keyed(self, name: str, path: Path, given: Mapping[str, object]) -> bool:
        """Whether a name is the key of a section, for whoever inherits a layer."""
        section = _NAMES[name]
        own = path[:1] == ("services",) and (len(path) > 2 or given.get("environments") is not None)
        return section in self.sections or path[:1] == (section,) or (name == "environment" and own)


def _no_environment(name: str, known: Collection[str], path: Path) -> Fault:
    return Fault(f"there is no environment `{show(name)}`", path, nearest(name, known))


def nearest(name: str, known: Collection[str]) -> str:
    """The remedy for a name that there is none of."""
    near = did_you_mean(name, known) if len(known) <= _MOST_COMPARED else ""
    return near or there_are(known)


def there_are(known: Collection[str]) -> str:
    """The remedy that says which there are."""
    few = [*known][:MOST_NAMED]
    more = f" and {len(known) - len(few)} more" if len(known) > len(few) else ""
    return f"There {'is' if len(known) == 1 else 'are'} {listed(few)}{more}."


_MOST_COMPARED = 5000  # which takes some hundredths of a second
