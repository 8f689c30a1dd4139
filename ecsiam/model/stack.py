"""The stack: the roles of one service, what it hands on, and what was intended."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from attrs import evolve, field, frozen

from ecsiam.errors import Fault, Path, PolicyError, refuse, show_path
from ecsiam.looks.page import Page, Table
from ecsiam.looks.shown import Paged, Shown
from ecsiam.looks.words import count
from ecsiam.model.accept import Accept
from ecsiam.model.by_id import ById
from ecsiam.model.deployment import Deployment
from ecsiam.model.names import Output
from ecsiam.model.quotas import Quota
from ecsiam.model.role import Role, twice
from ecsiam.model.statement import Statement
from ecsiam.model.text import EMPTY, Bindings, Ref, Text, text


@frozen(repr=False)
class Note(Shown):
    """Something that is right but worth knowing. It never stands for a loss: what can't be said is refused."""

    rule: str
    message: str
    path: Path = ()
    remedy: str = ""
    page: str = ""

    def __str__(self) -> str:
        at = f" @ {show_path(self.path)}" if self.path else ""
        return f"{self.message}{at}" + (f". {self.remedy}" if self.remedy else "")

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


def _quotas(given: Mapping[str, int] | Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(dict(given).items()))


def _bound(given: Iterable[OfRole], values: Bindings) -> Iterator[OfRole]:
    for one in given:
        when = values.when(one.when)
        statement = one.statement.bind(values) if when is not None else None
        if when is not None and statement is not None:
            yield evolve(one, statement=statement, when=when)


def _needs(given: Iterable[Need]) -> tuple[Need, ...]:
    return tuple(given)


def _trusted(given: Iterable[Trusted]) -> tuple[Trusted, ...]:
    return tuple(given)


def _accepted(given: Iterable[Accept]) -> tuple[Accept, ...]:
    return tuple(given)


@frozen
class Intent:
    """What was asked for, as far as the invariants need to know it to judge what came out.

    `prefix` begins every name, a flag that is a parameter is a reference, `trusted` says for each role who is meant to
    assume it, `needs` is what has to work, and `accepted` what may fail because it is meant. `quotas` are those that
    the account had raised, by their ids.
    """

    prefix: Text = field(default=EMPTY, converter=text)
    environment: Text = field(default=EMPTY, converter=text)
    flags: tuple[tuple[str, bool | Ref], ...] = ()
    trusted: tuple[Trusted, ...] = field(default=(), converter=_trusted)
    needs: tuple[Need, ...] = field(default=(), converter=_needs)
    accepted: tuple[Accept, ...] = field(default=(), converter=_accepted)
    quotas: tuple[tuple[str, int], ...] = field(default=(), converter=_quotas)

    def limit(self, quota: Quota) -> int:
        """How much the account takes: what a quota was raised to, never more than AWS gives."""
        return min(dict(self.quotas).get(quota.id, quota.default), quota.most)

    def bind(self, values: Bindings) -> "Intent":
        return evolve(
            self,
            prefix=self.prefix.bind(values),
            environment=self.environment.bind(values),
            flags=tuple((flag, on if isinstance(on, bool) else _flag(on, values)) for flag, on in self.flags),
            trusted=_bound(self.trusted, values),
            needs=_bound(self.needs, values),
        )


def _flag(flag: Ref, values: Bindings) -> bool | Ref:
    value = values.parameters.get(flag.name)
    return value if isinstance(value, bool) else flag


def _roles(given: Iterable[Role] | Mapping[str, Role]) -> ById[Role]:
    return ById(given)


def _outputs(given: Iterable[Output]) -> tuple[Output, ...]:
    return tuple(given)


def _notes(given: Iterable[Note]) -> tuple[Note, ...]:
    return tuple(given)


def _named(name: str | Text, flag: str) -> str:
    return f"{name} ({flag})" if flag else str(name)


@frozen(repr=False)
class Stack(Paged):
    """The roles of one service as data: frozen, hashable, equal by value. Notes and source are no part of equality."""

    roles: ById[Role] = field(converter=_roles)
    outputs: tuple[Output, ...] = field(default=(), converter=_outputs)
    deployment: Deployment = field(factory=Deployment)
    intent: Intent = field(factory=Intent)
    notes: tuple[Note, ...] = field(default=(), eq=False, converter=_notes)
    source: str = field(default="", eq=False)

    def __attrs_post_init__(self) -> None:
        names = twice(r.name for r in self.roles.values())
        refuse(PolicyError, [Fault(f"two roles are called `{name}`", ("roles",)) for name in names])

    def __str__(self) -> str:
        """A short table."""
        from ecsiam.looks.plain import plain

        return plain(self._page())

    def _says(self) -> str:
        return f"{self.intent.prefix}{': ' if self.intent.prefix.parts else ''}{', '.join(self.roles)}"

    def _page(self) -> Page:
        roles = self.roles.values()
        rows = (
            (
                _named(r.id, r.when),
                str(r.name),
                r.assumed_by,
                tuple(_named(p.name, p.when) for p in r.policies.values()),
                tuple(map(str, r.managed_policy_arns)),
            )
            for r in roles
        )
        flagged = any(r.when or any(p.when for p in r.policies.values()) for r in roles)
        head = ("role", "name", "assumed by", f"policies{' (while a flag is on)' if flagged else ''}", "attached")
        prefix = str(self.intent.prefix)
        left = self.deployment.open
        return Page(
            f"Stack {prefix}{': ' if prefix else ''}{count(len(roles), 'role')}",
            (
                Table(head, rows),
                *([f"left to deployment: {', '.join(left)}"] if left else []),
                *(self._page_of(r) for r in roles),
                *([Page(count(len(self.notes), "note"), tuple(map(str, self.notes)))] if self.notes else []),
            ),
        )

    def bind(self, values: Mapping[str, object]) -> "Stack":
        """The stack with `values` put in for what was left to deployment: parameters and the home.

        Binding the config and building it gives the same, or the same faults. Raises ConfigError with every fault: a
        name that is not left open, a malformed value, an ARN of another account or partition than the bound one.
        """
        deployment, bindings = self.deployment.bind(values)
        return evolve(
            self,
            roles=[b for r in self.roles.values() if (b := r.bind(bindings)) is not None],
            deployment=deployment,
            intent=self.intent.bind(bindings),
        )

    def texts(self) -> Iterator[Text]:
        """Every text of the roles."""
        for role in self.roles.values():
            yield from (role.name, *(value for _, value in role.tags), role.description)
            for policy in role.documents:
                for statement in policy.statements:
                    yield from statement.texts()

    def to_dict(self) -> dict[str, Any]:
        """The stack as plain data that JSON can hold, notes and origins included."""
        from ecsiam.model.data import stack_to_data

        return stack_to_data(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Stack":
        """The inverse of `to_dict`. Raises PolicyError for anything else."""
        from ecsiam.model.data import stack_from_data

        return stack_from_data(data)
