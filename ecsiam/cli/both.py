"""Two that are compared: read, of one kind, and what of the one is compared with what of the other."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from attrs import evolve

from ecsiam.cli.given import Choice, Given, Givens, nothing_at, take, with_values
from ecsiam.config.many import ConfigFile
from ecsiam.config.sections import there_are
from ecsiam.errors import ConfigError, EcsiamError, Fault, ReadError, refuse
from ecsiam.model.policy import Policy
from ecsiam.model.stack import Stack
from ecsiam.readers.found import Given as Told


def read_two(paths: tuple[str, str], values: Mapping[str, str], choice: Choice = (None, None)) -> tuple[Givens, Givens]:
    """Two of a kind; each takes those of the values that it leaves open."""
    told = Told(values)
    return _two(_readings(paths, choice, told), told)


def read_since(
    path: str,
    revision: str,
    values: Mapping[str, str],
    choice: Choice = (None, None),
    *,
    there: Callable[[Givens], Givens],
) -> tuple[Givens, Givens]:
    """A path as it was at a git revision, and as it is. `there` is asked of the one that was, while its files exist."""
    from ecsiam.cli.revisions import at_revision

    place, hash, role = path.partition("#")
    told = Told(values)
    at, is_folder = f" at {revision}", Path(place).is_dir()

    def was() -> Givens:
        with at_revision(place, revision) as (there_at, root):
            if is_folder and not role and not there_at.exists():
                return nothing_at(path)
            try:
                return there(take(f"{there_at}{hash}{role}", choice, root, told))
            except EcsiamError as e:
                raise ReadError(*(evolve(f, file=f"{revision}:{f.file}" if f.file else "") for f in e.faults)) from None

    return _two([lambda: evolve(was(), name=f"{path}{at}", at=at), lambda: take(path, choice, told=told)], told)


def read_any_two(paths: tuple[str, str], values: Mapping[str, str]) -> tuple[Givens, Givens]:
    """Two of whatever kind; each takes those of the values that it leaves open."""
    told = Told(values)
    return _open_bound(_both(_readings(paths, (None, None), told)), told)


def _readings(paths: tuple[str, str], choice: Choice, told: Told) -> list[Callable[[], Givens]]:
    if {path.partition("#")[0] for path in paths} == {"-"}:
        raise ConfigError(Fault("standard input can't be both", (), "Name a file for one of them."))
    return [partial(take, path, choice, told=told) for path in paths]


def _both(reading: Sequence[Callable[[], Givens]]) -> tuple[Givens, Givens]:
    given: list[Givens] = []
    faults: list[Fault] = []
    for one in reading:
        try:
            given.append(one())
        except EcsiamError as e:
            faults += e.faults
    refuse(ConfigError, faults)
    old, new = given
    return old, new


def _two(reading: Sequence[Callable[[], Givens]], told: Told) -> tuple[Givens, Givens]:
    old, new = _both(reading)
    if new.reading is not None and not any(one.reading and one.reading.roles for one in (old, new)):
        raise new.reading.nothing("no role")
    kinds = [_kind(one) for one in (old, new)]
    if kinds[0] != kinds[1]:
        names = f"`{old.name}` is {kinds[0]}, `{new.name}` {kinds[1]}"
        raise ConfigError(Fault(names, (), "Compare two configs, or two IAM documents of one kind."))
    if isinstance(old.what, Policy):
        with_values(old, told)
    return _open_bound((old, new), told)


def _open_bound(given: tuple[Givens, Givens], told: Told) -> tuple[Givens, Givens]:
    taken = told.taken | {name for one in given for name in told if name in _open(one)}
    refuse(ConfigError, [Fault(f"neither leaves `{n}` to deployment") for n in told if n not in taken])
    old, new = (with_values(one, {n: v for n, v in told.items() if n in _open(one)}) for one in given)
    return old, new


def pairs(old: Givens, new: Givens) -> Iterator[tuple[str, Given, Given]]:
    """What is compared with what, by name: configs of the same name, one that a side lacks with nothing.

    Two that stand alone are compared whatever they are called.
    """
    if len(old.names) == len(new.names) == 1:
        (one,), (other,) = old, new
        yield other.of or one.of, one, other
        return
    before, after = old.by_name, new.by_name
    if not (old.several and new.several) and before.keys().isdisjoint(after):
        many, single = (new, old) if new.several else (old, new)
        remedy = f"Choose one with `--service` and `--environment`. {there_are(many.names)}"
        raise ConfigError(Fault(f"`{many.name}` has several configs, `{single.name}` one of another name", (), remedy))
    for name in dict.fromkeys((*after, *before)):
        both = [side.stack(side.by_name[name]) if name in side.by_name else None for side in (old, new)]
        there = [stack for stack in both if stack is not None]
        was, is_ = (evolve(there[0], roles=(), outputs=()) if stack is None else stack for stack in both)
        yield name, Given(old.name, was, name), Given(new.name, is_, name)


def _kind(givens: Givens) -> str:
    what = givens.what
    return "a config" if isinstance(what, ConfigFile) else Given(givens.name, what, intended=False).kind


def _open(givens: Givens) -> set[str]:
    what = givens.what
    if isinstance(what, Policy):
        return set()
    each = [what.deployment] if isinstance(what, Stack) else [one.config.deployment for one in what.configs]
    return {name for deployment in each for name in deployment.open}
