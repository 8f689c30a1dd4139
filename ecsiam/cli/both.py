"""Two that are compared: read, of one kind, and what of the one is compared with what of the other."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from attrs import evolve

from ecsiam.cli.given import Choice, Given, Givens, nothing_at, role_named, take, whole, with_values
from ecsiam.config.many import ConfigFile
from ecsiam.config.sections import there_are
from ecsiam.errors import ConfigError, EcsiamError, Fault, PolicyError, ReadError, refuse, show
from ecsiam.model.policy import Policy
from ecsiam.model.stack import Stack
from ecsiam.readers.given import Given as Told
from ecsiam.readers.terraform.given import given_by


def read_two(paths: tuple[str, str], told: Told, choice: Choice = (None, None)) -> tuple[Givens, Givens]:
    """Two of a kind; each takes those of the values that it leaves open. What only one names is meant of both."""
    was, now = map(role_named, paths)
    old, new = _two(_readings(whole if bool(was) != bool(now) else take, paths, choice, told), told)
    return _one_of_each(old, new, was or now) if bool(was) != bool(now) else (old, new)


def read_since(
    path: str, revision: str, told: Told, choice: Choice = (None, None), *, there: Callable[[Givens], Givens]
) -> tuple[Givens, Givens]:
    """A path as it was at a git revision, and as it is. `there` is asked of the one that was, while its files exist.

    Files of values are those of the revision, where they were there. The one role that the path names may have had
    another name, or may not be on both sides.
    """
    from ecsiam.cli.revisions import at_revision

    role = role_named(path)
    place = path.removesuffix(f"#{role}")
    at, is_folder = f" at {revision}", Path(place).is_dir()

    def was() -> Givens:
        with at_revision(place, revision) as then:
            if is_folder and not then.path.exists():
                return nothing_at(place)
            try:
                values = given_by(told, map(then.file, told.files))
                found = there(whole(f"{then.path}{path.removeprefix(place)}", choice, values, then.root))
            except EcsiamError as e:
                raise ReadError(*(evolve(f, file=f"{revision}:{f.file}" if f.file else "") for f in e.faults)) from None
            told.take(values)
            return evolve(found, name=path if found.reading is None else place)

    old, new = _two([was, lambda: whole(path, choice, told)], told)
    old = evolve(old, name=f"{old.name}{at}", at=at)
    return _one_of_each(old, new, role) if role else (old, new)


def read_any_two(paths: tuple[str, str], told: Told) -> tuple[Givens, Givens]:
    """Two of whatever kind; each takes those of the values that it leaves open."""
    return _open_bound(_both(_readings(take, paths, (None, None), told)), told)


def _one_of_each(old: Givens, new: Givens, role: str) -> tuple[Givens, Givens]:
    """The role that a name means on one side, and which it is on the other; there may be none. Raises PolicyError."""
    from ecsiam.readers.same import same_roles

    if old.reading is None or new.reading is None:
        id = old.role or new.role
        old, new = evolve(old, role=id), evolve(new, role=id)
        refuse(PolicyError, [] if any((*old, *new)) else new.lacking())
        return old, new
    before, after = old.reading.called(role), new.reading.called(role)
    same = same_roles(old.reading, new.reading)
    if before and not after:
        (key,), one = before, old.named(role)
        now = next((one.now for one in same if one.was.key == key), None)
        return one, new.only(now, now.name if now is not None else role)
    one = new.named(role)
    (key,) = after
    was = next((one.was for one in same if one.now.key == key), None)
    return old.only(was, was.name if was is not None else role), one


def _readings(
    read: Callable[..., Givens], paths: tuple[str, str], choice: Choice, told: Told
) -> list[Callable[[], Givens]]:
    if {path.partition("#")[0] for path in paths} == {"-"}:
        raise ConfigError(Fault("standard input can't be both", (), "Name a file for one of them."))
    return [partial(read, path, choice, told) for path in paths]


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
    told.taken |= {name for one in given for name in told if name in _open(one)}
    untaken = [Fault(f"neither leaves `{show(name)}` to deployment") for name in told.untaken]
    refuse(ConfigError, [*untaken, *told.idle_files()])
    old, new = (with_values(one, {n: v for n, v in told.items() if n in _open(one)}) for one in given)
    return old, new


def pairs(old: Givens, new: Givens) -> Iterator[tuple[str, Given, Given]]:
    """What is compared with what, by name: configs of the same name, one that a side lacks with nothing.

    Two that stand alone are compared whatever they are called.
    """
    if len(old.names) == len(new.names) == 1:
        (one,), (other,) = old.every(), new.every()
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
