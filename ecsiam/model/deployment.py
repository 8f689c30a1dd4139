"""What is left to deployment, and what has to hold of it once it is known.

The config and the stack both bind through here, so that either finds the same faults.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from attrs import evolve, field, frozen

from ecsiam.errors import ConfigError, Fault, Faults, Path, refuse
from ecsiam.looks.shown import Shown
from ecsiam.looks.words import listed
from ecsiam.model.by_id import ById
from ecsiam.model.form import Form
from ecsiam.model.home import HOME_FORMS, Given, Home
from ecsiam.model.parameter import Demand, Variable
from ecsiam.model.text import Bindings, Text, Value


@frozen
class Name:
    """What a role or a policy is called, and how long IAM lets that be.

    `what` is `role` or `policy`; names of one `group` (the roles; a role's policies) differ, without regard to case.
    `when` names the flag parameter of its role; empty: it is made.
    """

    what: Literal["role", "policy"]
    id: str
    group: str
    text: Text
    most: int
    when: str = ""

    def bind(self, values: Bindings) -> "Name | None":
        when = values.when(self.when)
        return None if when is None else evolve(self, text=self.text.bind(values), when=when)


@frozen
class Formed:
    """A text that the user wrote, with what is known only at deployment in it, and the form that it has to have."""

    path: Path
    text: Text
    form: Form

    def bind(self, values: Bindings) -> "tuple[Formed, ...]":
        """Itself while it is open. Raises ConfigError once it is known and not of the form."""
        bound = self.text.bind(values)
        if bound.literal is None:
            return (evolve(self, text=bound),)
        fault = self.form.fault(bound.literal)
        refuse(ConfigError, [fault.under(*self.path)] if fault else [])
        return ()


def name_faults(names: Iterable[Name]) -> Iterator[Fault]:
    """Names that are too long, or that IAM would take for one, as far as they are known."""
    seen: dict[tuple[str, str], Name] = {}
    for name in names:
        called = name.text.literal
        if called is None:
            continue
        if len(called) > name.most:
            remedy = f"Shorten `project_name` or `environment`, or set `{name.what}_names.{name.id}`."
            message = f"{name.what} name `{called}` has {len(called)} characters, IAM takes {name.most}"
            yield Fault(message, ("project_name",), remedy)
        first = seen.setdefault((name.group, called.lower()), name)
        if first is not name and first != name:
            remedy = "IAM compares names without regard to case: choose another."
            yield Fault(
                f"`{first.id}` and `{name.id}` are both called `{called}`", (f"{name.what}_names", name.id), remedy
            )


@frozen(repr=False)
class Deployment(Shown):
    """Where the roles live, the parameters, what may not be empty, what was given, and the names.

    `given` are the ARNs, `formed` the texts that hold what is open.
    """

    home: Home = field(factory=Home)
    variables: ById[Variable] = field(factory=lambda: ById[Variable](()))
    demands: tuple[Demand, ...] = ()
    given: tuple[Given, ...] = field(default=(), eq=frozenset)  # in the order of binding, which says nothing
    names: tuple[Name, ...] = ()
    formed: tuple[Formed, ...] = ()

    def _says(self) -> str:
        return f"open: {', '.join(self.open)}" if self.open else "nothing is open"

    @property
    def open(self) -> tuple[str, ...]:
        """The names that `bind` takes."""
        return (*self.variables, *self.home.open(self.variables))

    @property
    def defaults(self) -> dict[str, Value]:
        """The parameters that have a default, by name."""
        return {v.id: v.default for v in self.variables.values() if v.default is not None}

    @property
    def without_default(self) -> "Deployment":
        """What is open still once every parameter that has a default takes it. Nothing is checked."""
        defaults = self.defaults
        left = [v for v in self.variables.values() if v.id not in defaults]
        return evolve(self, home=self.home.bind(Bindings({}, defaults)), variables=ById(left))

    @property
    def settings(self) -> str:
        """What binds all that is open on the command line, with values such as they take: for a remedy."""
        return " ".join(f"--set {name}={self._sample(name)}" for name in self.open)

    def _sample(self, name: str) -> str:
        variable = self.variables.get(name)
        if variable is None or name == "aws_region":
            return self.home.sample(name)
        if variable.form is not None:
            return variable.form.good[0]
        return "true" if variable.type == "flag" else str(variable.bounds[0])

    def bind(self, values: Mapping[str, object]) -> tuple["Deployment", Bindings]:
        """The deployment with `values` known, and the values as every text takes them.

        Raises ConfigError with every fault: a name that is not left open, a malformed value, a contradiction, an empty
        value that may not be empty, a name that grows too long.
        """
        faults = Faults()
        parameters: dict[str, Value] = {}
        known: dict[str, str] = {}
        for name, value in values.items():
            with faults.at(name):
                if name in self.variables:
                    parameters[name] = self.variables[name].read(value)
                elif name in self.open:
                    known[name] = _home_value(name, value)
                else:
                    faults.append(Fault(f"`{name}` is not left to deployment", (), _listed(self.open)))
        refuse(ConfigError, faults)
        bindings = Bindings(known, parameters)
        home = self.home.bind(bindings)
        bindings = evolve(bindings, deployment={**known, **home.deployment})
        demands: list[Demand] = []
        for demand in self.demands:
            with faults.at():
                demands += demand.bind(bindings)
        formed: list[Formed] = []
        for one in self.formed:
            with faults.at():
                formed += one.bind(bindings)
        bound = Deployment(
            home=home,
            variables=ById([v for v in self.variables.values() if v.id not in parameters]),
            demands=tuple(demands),
            given=(*(g.bind(bindings) for g in self.given), *self._given(parameters)),
            names=tuple(b for n in self.names if (b := n.bind(bindings)) is not None),
            formed=tuple(formed),
        )
        refuse(ConfigError, [*faults, *bound.faults()])
        return bound, bindings

    def _given(self, parameters: Mapping[str, Value]) -> Iterator[Given]:
        for name, value in parameters.items():
            variable = self.variables[name]
            if variable.form and variable.form.service and value and value not in ("*", ("*",)):
                many = isinstance(value, tuple)
                for i, arn in enumerate(value if isinstance(value, tuple) else (str(value),)):
                    yield Given((name, i) if many else (name,), arn, variable.same_account)

    def faults(self) -> Iterator[Fault]:
        """What contradicts, as far as it is known."""
        yield from self.home.faults(self.given)
        yield from name_faults(self.names)


def _home_value(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise ConfigError(Fault(f"expected a text, not `{value}`"))
    fault = HOME_FORMS[name].fault(value)
    refuse(ConfigError, [fault] if fault else [])
    return value


def _listed(names: tuple[str, ...]) -> str:
    return f"Open are {listed(names)}." if names else "Nothing is."
