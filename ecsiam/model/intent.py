"""What was asked for, and what is worth knowing of it: notes, needs, who is trusted, what is accepted."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, partial
from typing import Generic, Optional, TypeVar

from attrs import evolve, field, frozen

from ecsiam.errors import Path, show_path
from ecsiam.looks.shown import Shown
from ecsiam.model.accept import Accept
from ecsiam.model.quotas import Quota
from ecsiam.model.statement import Statement
from ecsiam.model.text import EMPTY, Bindings, Ref, Text, text


@frozen(repr=False)
class Note(Shown):
    """Something that is right but worth knowing. It never stands for a loss: what can't be said is refused.

    `when` names the flag parameter that it is there for; empty: always. Once what is named in `unless` has a value
    (a parameter, the account), it is true no longer.
    """

    rule: str
    message: str
    path: Path = ()
    remedy: str = ""
    page: str = ""
    when: str = ""
    unless: tuple[str, ...] = ()

    def __str__(self) -> str:
        at = f" @ {show_path(self.path)}" if self.path else ""
        return f"{self.message}{at}" + (f". {self.remedy}" if self.remedy else "")

    def bind(self, values: Bindings) -> Optional["Note"]:
        """The note once values are known; None where it says nothing any more."""
        on = values.when(self.when)
        given = any(values.parameters.get(name) or values.deployment.get(name) for name in self.unless)
        return None if on is None or given else evolve(self, when=on)

    def _says(self) -> str:
        return f"{self.rule}: {self.message}"


@frozen
class Need:
    """Requests that have to be allowed for a feature to work, written as a statement: by a role, or by its trust.

    `when` names the flag parameter that it is there for; empty: always. `unsure` says what was left open, so that
    nobody can know whether it is enough.
    """

    role: str
    statement: Statement
    when: str = ""
    unsure: str = ""


@frozen
class Trusted:
    """Who is meant to assume a role, as a statement of a trust policy: these and no others.

    `when` names the flag parameter that it is there for; empty: always.
    """

    role: str
    statement: Statement
    when: str = ""


OfRole = TypeVar("OfRole", Need, Trusted)
T = TypeVar("T")


class Later(Generic[T]):
    """Items that are made when they are asked for, and kept: only who proves asks what has to work. Equal by these."""

    def __init__(self, make: Callable[[], Iterable[T]]) -> None:
        self._make = make

    @cached_property
    def items(self) -> tuple[T, ...]:
        return tuple(self._make())


def _needs(given: Iterable[Need] | Later[Need]) -> Later[Need]:
    return given if isinstance(given, Later) else Later(partial(tuple, tuple(given)))


def _trusted(given: Iterable[Trusted] | Later[Trusted]) -> Later[Trusted]:
    return given if isinstance(given, Later) else Later(partial(tuple, tuple(given)))


def _items(later: Later[T]) -> tuple[T, ...]:
    return later.items


def _quotas(given: Mapping[str, int] | Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(dict(given).items()))


def _bound(given: Iterable[OfRole], values: Bindings) -> Iterator[OfRole]:
    for one in given:
        when = values.when(one.when)
        statement = one.statement.bind(values) if when is not None else None
        if when is not None and statement is not None:
            yield evolve(one, statement=statement, when=when)


def _accepted(given: Iterable[Accept]) -> tuple[Accept, ...]:
    return tuple(given)


@frozen(repr=False)
class Intent(Shown):
    """What was asked for, as far as the invariants need to know it to judge what came out.

    `prefix` begins every name, a flag that is a parameter is a reference, `trusted` says for each role who is meant to
    assume it, `needs` is what has to work, and `accepted` what may fail because it is meant. `quotas` are those that
    the account had raised, by their ids.
    """

    prefix: Text = field(default=EMPTY, converter=text)
    environment: Text = field(default=EMPTY, converter=text)
    flags: tuple[tuple[str, bool | Ref], ...] = ()
    _trusted: Later[Trusted] = field(
        factory=lambda: Later[Trusted](tuple), alias="trusted", converter=_trusted, eq=_items
    )
    _needs: Later[Need] = field(factory=lambda: Later[Need](tuple), alias="needs", converter=_needs, eq=_items)
    accepted: tuple[Accept, ...] = field(default=(), converter=_accepted)
    quotas: tuple[tuple[str, int], ...] = field(default=(), converter=_quotas)

    @property
    def trusted(self) -> tuple[Trusted, ...]:
        return self._trusted.items

    @property
    def needs(self) -> tuple[Need, ...]:
        return self._needs.items

    def _says(self) -> str:
        on = [flag.removeprefix("enable_") for flag, on in self.flags if on is not False]
        return f"{self.prefix}{': ' if self.prefix.parts and on else ''}{', '.join(on)}"

    def limit(self, quota: Quota) -> int:
        """How much the account takes: what a quota was raised to, never more than AWS gives."""
        return min(dict(self.quotas).get(quota.id, quota.default), quota.most)

    def bind(self, values: Bindings) -> "Intent":
        return evolve(
            self,
            prefix=self.prefix.bind(values),
            environment=self.environment.bind(values),
            flags=told((flag, on if isinstance(on, bool) else _flag(on, values)) for flag, on in self.flags),
            trusted=_bound(self.trusted, values),
            needs=_bound(self.needs, values),
        )


USUAL = frozenset({"enable_ecr_pull", "enable_container_logs"})  # flags that are on where nothing is said


def told(flags: Iterable[tuple[str, T]]) -> tuple[tuple[str, T], ...]:
    """Flags as they are told: one that is on by default only where it isn't, or may not be."""
    return tuple(one for one in flags if one[1] is not True or one[0] not in USUAL)


def _flag(flag: Ref, values: Bindings) -> bool | Ref:
    value = values.parameters.get(flag.name)
    return value if isinstance(value, bool) else flag
