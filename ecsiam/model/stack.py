"""The stack: the roles of one service, what it hands on, and what was intended."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import asdict, evolve, field, frozen

from ecsiam.errors import Fault, PolicyError, refuse, show
from ecsiam.looks.page import Page, Table
from ecsiam.looks.shown import Paged
from ecsiam.looks.words import count
from ecsiam.model import data as as_data
from ecsiam.model.bounds import check_bounds
from ecsiam.model.by_id import ById
from ecsiam.model.companion import Companion, companions
from ecsiam.model.deployment import Deployment
from ecsiam.model.forms import PARAMETER_NAME
from ecsiam.model.intent import Intent, Note
from ecsiam.model.names import Output
from ecsiam.model.oidc import OidcProvider
from ecsiam.model.records import each, read_fields, record, string
from ecsiam.model.role import Role, twice
from ecsiam.model.text import Text


def _roles(given: Iterable[Role] | Mapping[str, Role]) -> ById[Role]:
    return given if isinstance(given, ById) else ById(given)


def _providers(given: Iterable[OidcProvider] | Mapping[str, OidcProvider]) -> ById[OidcProvider]:
    return given if isinstance(given, ById) else ById(given)


def _outputs(given: Iterable[Output]) -> tuple[Output, ...]:
    return tuple(given)


def _notes(given: Iterable[Note]) -> tuple[Note, ...]:
    return tuple(given)


_PROVIDER = re.compile(r"^Federated:arn:\S*:oidc-provider/")  # its name is enough to tell it by, in a table


def _named(name: str | Text, flag: str) -> str:
    return f"{name} ({flag})" if flag else str(name)


@frozen(repr=False)
class Stack(Paged):
    """The roles of one service as data: frozen, hashable, equal by value. Notes and source are no part of equality.

    `companions` are documents that go with the roles; what owners of resources have to allow follows from the roles.
    Roles that were read are taken `as_is`: they may be of several accounts, each of which has one of a name.
    """

    roles: ById[Role] = field(converter=_roles)
    outputs: tuple[Output, ...] = field(default=(), converter=_outputs)
    deployment: Deployment = field(factory=Deployment)
    intent: Intent = field(factory=Intent)
    notes: tuple[Note, ...] = field(default=(), eq=False, converter=_notes)
    source: str = field(default="", eq=False)
    companions: ById[Companion] = field(factory=lambda: ById[Companion](()), converter=companions)
    providers: ById[OidcProvider] = field(factory=lambda: ById[OidcProvider](()), converter=_providers)
    as_is: bool = field(default=False, kw_only=True, eq=False)

    def __attrs_post_init__(self) -> None:
        names = [] if self.as_is else twice(r.name for r in self.roles.values())
        refuse(PolicyError, [Fault(f"two roles are called `{name}`", ("roles",)) for name in names])
        urls = twice(p.url for p in self.providers.values())
        refuse(PolicyError, [Fault(f"two providers are of `{url}`", ("providers",)) for url in urls])

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
                tuple(_PROVIDER.sub("", who) for who in r.assumed_by),
                tuple(_named(p.id, p.when) for p in r.policies.values()),
                tuple(map(str, r.managed_policy_arns)),
            )
            for r in roles
        )
        flagged = any(r.when or any(p.when for p in r.policies.values()) for r in roles)
        head = ("role", "name", "assumed by", f"policies{' (while a flag is on)' if flagged else ''}", "attached")
        made = self.providers.values()
        prefix = str(self.intent.prefix)
        left = self.deployment.open
        return Page(
            f"Stack {prefix}{': ' if prefix else ''}{count(len(roles), 'role')}",
            (
                Table(head, rows),
                *(f"made with them: the OIDC provider of {p.url}{f' ({p.when})' if p.when else ''}" for p in made),
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
            providers=[on for p in self.providers.values() if (on := p.bind(bindings)) is not None],
            deployment=deployment,
            intent=self.intent.bind(bindings),
            notes=[left for n in self.notes if (left := n.bind(bindings)) is not None],
            companions=[there for c in self.companions.values() if (there := c.bind(bindings)) is not None],
        )

    def texts(self) -> Iterator[Text]:
        """Every text of the roles and providers."""
        for provider in self.providers.values():
            yield from provider.texts()
        for role in self.roles.values():
            yield from (role.name, *(value for _, value in role.tags), role.description)
            for policy in role.documents:
                for statement in policy.statements:
                    yield from statement.texts()

    def to_dict(self) -> dict[str, Any]:
        """The stack as plain data that JSON can hold, notes and origins included."""
        return {
            "roles": [as_data.write_role(r) for r in self.roles.values()],
            "providers": [as_data.write_provider(p) for p in self.providers.values()],
            "outputs": [asdict(o) for o in self.outputs],
            "deployment": as_data.write_deployment(self.deployment),
            "intent": as_data.write_intent(self.intent),
            "notes": [asdict(n, value_serializer=as_data.listed) for n in self.notes],
            "source": self.source,
            "companions": [as_data.write_companion(c) for c in self.companions.values()],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Stack":
        """The inverse of `to_dict`. Raises PolicyError, with every fault and its place, for anything else.

        A parameter's form that is a room's own comes with its pattern, which Python's `re` then runs on values: read
        such data only from those whose Python you would run.
        """
        check_bounds(data, times=_DOCUMENTS)
        stack = cls(**read_fields(data, _FIELDS))
        refuse(PolicyError, _dangling(stack))
        return stack


_DOCUMENTS = 4  # that a stack may hold, each as large as one may be
_FIELDS = {
    "roles": each(as_data.read_role),
    "providers": each(as_data.read_provider),
    "outputs": each(record(Output, name=as_data.of_form(PARAMETER_NAME))),
    "deployment": as_data.read_deployment,
    "intent": as_data.read_intent,
    "notes": each(record(Note)),
    "source": string,
    "companions": each(as_data.read_companion),
}


def _dangling(stack: Stack) -> Iterator[Fault]:
    """Parameters that something asks for and that there are none of."""
    variables = stack.deployment.variables
    beside = (t for c in stack.companions.values() for t in c.texts())
    used = dict.fromkeys(ref.name for said in (*stack.texts(), *beside) for ref in said.refs if ref.parameter)
    for i, demand in enumerate(stack.deployment.demands):
        place = ("deployment", "demands", i, "parameters")
        if not demand.parameters:
            yield Fault("a demand names no parameter", place)
        yield from (Fault(f"there is no parameter `{show(p)}`", place) for p in demand.parameters if p not in variables)
    yield from (Fault(f"there is no parameter `{show(p)}`") for p in used if p not in variables)
