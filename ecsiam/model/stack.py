"""The stack: the roles of one service, what it hands on, and what was intended."""

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import evolve, field, frozen

from ecsiam.errors import Path, show_path
from ecsiam.model.by_id import ById
from ecsiam.model.home import Given, Home
from ecsiam.model.names import Output
from ecsiam.model.role import Role


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
class Intent:
    """What was asked for, as far as the invariants need to know it to judge what came out.

    `given` are the ARNs that the user wrote, `confused_deputy` the roles whose trust names the source account, and
    `github_subjects` the subjects that may assume the deploy role, in the form of IAM's condition values.
    """

    home: Home = field(factory=Home)
    project_name: str = ""
    environment: str = ""
    flags: tuple[tuple[str, bool], ...] = ()
    given: tuple[Given, ...] = ()
    confused_deputy: tuple[str, ...] = ()
    github_subjects: tuple[str, ...] = ()
    github_audience: str = ""


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
    intent: Intent = field(factory=Intent)
    notes: tuple[Note, ...] = field(default=(), eq=False, converter=_notes)
    source: str = field(default="", eq=False)

    def bind(self, values: Mapping[str, str]) -> "Stack":
        """The stack with `values` put in for what was left to deployment: `account_id`, `aws_region`, `partition`.

        Binding the config and building it gives the same, or the same faults. Raises ConfigError with every fault: a
        name that is not left open, a malformed value, an ARN of another account or partition than the bound one.
        """
        home = self.intent.home.bind(values, self.intent.given)
        return evolve(
            self,
            roles=[r.bind(home.known) for r in self.roles.values()],
            intent=evolve(self.intent, home=home),
        )

    def to_dict(self) -> dict[str, Any]:
        """The stack as plain data that JSON can hold, notes and origins included."""
        from ecsiam.model.data import stack_to_data

        return stack_to_data(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Stack":
        """The inverse of `to_dict`. Raises PolicyError for anything else."""
        from ecsiam.model.data import stack_from_data

        return stack_from_data(data)
