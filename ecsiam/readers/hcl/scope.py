"""What names mean where an expression of HCL stands, and how much an evaluation may take."""

from typing import Protocol

from ecsiam.readers.found import Value
from ecsiam.readers.hcl.tree import Call
from ecsiam.readers.values import Where

STEPS = 1_000_000
LONGEST = 1_000_000  # characters of a text, items of a list


class Spent(Exception):
    """More steps than any configuration that is meant."""


class Budget:
    """How many steps are left of an evaluation."""

    def __init__(self, steps: int = STEPS) -> None:
        self.left = steps

    def spend(self, steps: int = 1) -> None:
        self.left -= steps
        if self.left < 0:
            raise Spent


class Scope(Protocol):
    """What names mean where an expression stands."""

    budget: Budget

    def look(self, name: str) -> Value:
        """What a name stands for. Raises Failed if for nothing."""
        ...

    def call(self, call: Call, arguments: list[Value]) -> Value:
        """What a function gives."""
        ...


class Inner:
    """A scope with names of its own in another. Those of a `for` have `places`: where each was written, if known."""

    def __init__(self, outer: Scope, names: dict[str, Value], places: dict[str, Where | None] | None = None) -> None:
        self.outer, self.names, self.places, self.budget = outer, names, places, outer.budget

    def look(self, name: str) -> Value:
        return self.names[name] if name in self.names else self.outer.look(name)

    def call(self, call: Call, arguments: list[Value]) -> Value:
        return self.outer.call(call, arguments)


def places_of(name: str, scope: Scope) -> dict[str, Where | None] | None:
    """The places of the names of the `for` that has this one; None for any other name."""
    while isinstance(scope, Inner):
        if name in scope.names:
            return scope.places
        scope = scope.outer
    return None


def is_in_for(scope: Scope) -> bool:
    """Whether what is evaluated stands inside of a `for`."""
    while isinstance(scope, Inner):
        if scope.places is not None:
            return True
        scope = scope.outer
    return False
