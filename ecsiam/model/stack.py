"""The stack: the roles of one service, what it hands on, and what was intended."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import evolve, field, frozen

from ecsiam.errors import Fault, Path, PolicyError, refuse, show_path
from ecsiam.model.accept import Accept
from ecsiam.model.by_id import ById
from ecsiam.model.deployment import Deployment
from ecsiam.model.names import Output
from ecsiam.model.role import Role, twice
from ecsiam.model.statement import Statement
from ecsiam.model.text import EMPTY, Bindings, Ref, Text, in_order, text


@frozen
class Note:
    """Something that is right but worth knowing. It never stands for a loss: what can't be said is refused."""

    rule: str
    message: str
    path: Path = ()
    remedy: str = ""
    page: str = ""

    def __str__(self) -> str:
        at = f" @ {show_path(self.path)}" if self.path else ""
        return f"{self.message}{at}" + (f". {self.remedy}" if self.remedy else "")


@frozen
class Need:
    """Requests that have to be allowed for a feature to work, written as a statement: by a role, or by its trust.

    `when` names the flag parameter that it is there for; empty: always.
    """

    role: str
    statement: Statement
    when: str = ""

    def bind(self, values: Bindings) -> "Need | None":
        when = values.when(self.when)
        statement = self.statement.bind(values) if when is not None else None
        return None if when is None or statement is None else evolve(self, statement=statement, when=when)


def _needs(given: Iterable[Need]) -> tuple[Need, ...]:
    return tuple(given)


def _accepted(given: Iterable[Accept]) -> tuple[Accept, ...]:
    return tuple(given)


@frozen
class Intent:
    """What was asked for, as far as the invariants need to know it to judge what came out.

    `prefix` begins every name, a flag that is a parameter is a reference, `confused_deputy` are the roles whose trust
    is to name the source account, and `github_subjects` the subjects that may assume the deploy role; `github_format`
    is the form that these were asked for in, empty where that was left open. `needs` is what has to work, `accepted`
    what may fail because it is meant.
    """

    prefix: Text = field(default=EMPTY, converter=text)
    environment: Text = field(default=EMPTY, converter=text)
    flags: tuple[tuple[str, bool | Ref], ...] = ()
    confused_deputy: tuple[str, ...] = ()
    github_subjects: tuple[Text, ...] = ()
    github_audience: Text = field(default=EMPTY, converter=text)
    github_format: str = ""
    needs: tuple[Need, ...] = field(default=(), converter=_needs)
    accepted: tuple[Accept, ...] = field(default=(), converter=_accepted)

    def bind(self, values: Bindings) -> "Intent":
        flags = tuple((flag, on if isinstance(on, bool) else _flag(on, values)) for flag, on in self.flags)
        deploys = dict(flags).get("enable_github_oidc") is not False
        return evolve(
            self,
            prefix=self.prefix.bind(values),
            environment=self.environment.bind(values),
            flags=flags,
            github_subjects=in_order(s.bind(values) for s in self.github_subjects) if deploys else (),
            github_audience=self.github_audience.bind(values) if deploys else EMPTY,
            github_format=self.github_format if deploys else "",
            needs=[b for n in self.needs if (b := n.bind(values)) is not None],
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


@frozen
class Stack:
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
