"""Several stacks of one environment: which services they are, what they have to share, and what they may not.

A service is told by its `project_name`: what is before `-<environment>` in the prefix that its names begin with.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from attrs import evolve, frozen

from ecsiam.errors import Fault
from ecsiam.model.deployment import Name
from ecsiam.model.parameter import Variable
from ecsiam.model.stack import Stack
from ecsiam.model.text import Ref, Text

T = TypeVar("T")
_APART = "Emit those of one environment, account, region and partition at a time."


@frozen
class Service:
    """A stack and what tells it from others: the service's `name`, and the `id` that is made of it."""

    name: str
    stack: Stack

    @property
    def id(self) -> str:
        """The name as an identifier: `memos-api` is `memos_api`, and `1st` is `service_1st`."""
        id_ = re.sub("[^A-Za-z0-9_]", "_", self.name)
        return f"service_{id_}" if id_[:1].isdigit() else id_

    @property
    def own(self) -> Stack:
        """The stack with the service's id before the ids of roles, policies and outputs, as emitters know them."""
        own = f"{self.id}_"
        return evolve(
            self.stack,
            roles=[
                evolve(r, id=f"{own}{r.id}", policies=[evolve(p, id=f"{own}{p.id}") for p in r.policies.values()])
                for r in self.stack.roles.values()
            ],
            providers=[evolve(p, id=f"{own}{p.id}") for p in self.stack.providers.values()],
            outputs=[evolve(o, name=f"{own}{o.name}", role=f"{own}{o.role}") for o in self.stack.outputs],
            deployment=evolve(self.stack.deployment, names=tuple(_named(n, own) for n in self.stack.deployment.names)),
        )


def _named(name: Name, own: str) -> Name:
    of_the_account = name.group in ("roles", "policies")  # inline policies are in their role
    return evolve(name, id=f"{own}{name.id}", group=name.group if of_the_account else f"{own}{name.group}")


def service_of(stack: Stack) -> Text:
    """What the service of a stack is called: its prefix without the environment."""
    whole, environment = _units(stack.intent.prefix), _units(stack.intent.environment)
    end = ["-", *environment] if environment else []
    return Text(whole[: len(whole) - len(end)] if end and whole[-len(end) :] == end else whole)


def label_of(stack: Stack) -> str:
    """How a stack is told from others of a file: `SERVICE/ENVIRONMENT`."""
    environment = str(stack.intent.environment)
    return f"{service_of(stack)}/{environment}" if environment else str(service_of(stack))


def _units(text: Text) -> list[str | Ref]:
    return [unit for part in text.parts for unit in (part if isinstance(part, str) else (part,))]


def services(stacks: Iterable[Stack]) -> tuple[Service, ...]:
    """The services of some stacks. One whose name is left to deployment, or has none, is called so."""
    return tuple(Service(str(service_of(stack)), stack) for stack in stacks)


def apart(given: Sequence[Service]) -> Iterator[Fault]:
    """Why services can't stand together in one place."""
    for service in given:
        if not service_of(service.stack).literal:
            yield Fault(f"what the service `{service.name}` is called is left open", (), "Bind `project_name`.")
    yield from _elsewhere(given)
    yield from _alike(given)
    yield from _roles_alike(given)
    yield from _policies_alike(given)
    yield from _providers_alike(given)
    yield from _variables(given)


_SHARED: Mapping[str, Callable[[Stack], Text]] = {
    "environment": lambda stack: stack.intent.environment,
    "account_id": lambda stack: stack.deployment.home.account_id,
    "aws_region": lambda stack: stack.deployment.home.region,
    "partition": lambda stack: stack.deployment.home.partition,
}


def _elsewhere(given: Sequence[Service]) -> Iterator[Fault]:
    for what, of in _SHARED.items():
        first: dict[Text, str] = {}
        for service in given:
            first.setdefault(of(service.stack), service.name)
        if len(first) > 1:
            values = (f"`{text}` for `{name}`" for text, name in first.items())
            yield Fault(f"`{what}` is {', '.join(values)}", (), _APART)


def _alike(given: Sequence[Service]) -> Iterator[Fault]:
    for one, other in _twice((service.id.lower(), service.name) for service in given):
        if one == other:
            yield Fault(f"the service `{one}` stands twice", (), "Each has one stack for an environment.")
        else:
            yield Fault(f"`{one}` and `{other}` are one identifier", (), "Call one of them something else.")


def _roles_alike(given: Sequence[Service]) -> Iterator[Fault]:
    names = ((str(r.name).lower(), (s.name, str(r.name))) for s in given for r in s.stack.roles.values())
    for (one, _), (other, name) in _twice(names):
        if one != other:
            remedy = "IAM compares names without regard to case: choose another."
            yield Fault(f"`{one}` and `{other}` both have a role called `{name}`", (), remedy)


def _policies_alike(given: Sequence[Service]) -> Iterator[Fault]:
    """Customer managed policies are the account's, inline ones their role's."""
    own = ((s.name, str(p.name)) for s in given for r in s.stack.roles.values() for p in r.own_managed)
    for (one, _), (other, name) in _twice((called.lower(), (of, called)) for of, called in own):
        if one != other:
            remedy = "IAM compares names without regard to case: choose another."
            yield Fault(f"`{one}` and `{other}` both have a managed policy called `{name}`", (), remedy)


def _providers_alike(given: Sequence[Service]) -> Iterator[Fault]:
    made = ((str(p.url), (s.name, str(p.url))) for s in given for p in s.stack.providers.values())
    for (one, _), (other, url) in _twice(made):
        remedy = "An account has one for each URL: let one service make it."
        yield Fault(f"`{one}` and `{other}` both make the OIDC provider of `{url}`", (), remedy)


def _variables(given: Sequence[Service]) -> Iterator[Fault]:
    first: dict[str, tuple[Variable, str]] = {}
    for service in given:
        for variable in service.stack.deployment.variables.values():
            other, name = first.setdefault(variable.id, (variable, service.name))
            if what := _difference(other, variable):
                message = (
                    f"the parameter `{variable.id}` of `{name}` and that of `{service.name}` differ in their {what}"
                )
                yield Fault(message, (), "Services share what has one name: call one of them something else.")


def _difference(one: Variable, other: Variable) -> str:
    """In what two parameters of one name differ; how they are described is nothing."""
    pairs = (
        ("type", one.type, other.type),
        ("form", one.form, other.form),
        ("default", one.default, other.default),
        ("bounds", one.bounds, other.bounds),
        ("empty values", one.empty, other.empty),
        ("wildcards", one.star, other.star),
    )
    return " and ".join(what for what, a, b in pairs if a != b)


def _twice(named: Iterable[tuple[str, T]]) -> Iterator[tuple[T, T]]:
    """The first that has a name, with each later one that has it too."""
    first: dict[str, T] = {}
    for name, one in named:
        if name in first:
            yield first[name], one
        else:
            first[name] = one
