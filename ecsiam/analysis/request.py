"""Requests: who asks for what, on which resource, and what else is known about it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/intro-structure.html
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from attrs import field, frozen

from ecsiam.errors import Fault, PolicyError, refuse
from ecsiam.model.principal import Principal

Values = str | tuple[str, ...]
Context = tuple[tuple[str, Values], ...]


def _context(given: Mapping[str, str | Sequence[str]] | Iterable[tuple[str, str | Sequence[str]]]) -> Context:
    pairs = cast("Iterable[tuple[str, str | Sequence[str]]]", given.items() if isinstance(given, Mapping) else given)
    taken: dict[str, tuple[str, Values]] = {}
    faults: list[Fault] = []
    for key, values in pairs:
        if key.lower() in taken:
            faults.append(Fault(f"the key `{key}` stands twice", (key,), "Give all of its values at once."))
        taken[key.lower()] = (key, values if isinstance(values, str) else tuple(values))
    refuse(PolicyError, faults)
    return tuple(taken[key] for key in sorted(taken))


def _without_case(context: Context) -> object:
    return tuple((key.lower(), values) for key, values in context)


@frozen(cache_hash=True)
class Request:
    """One request, as a policy sees it.

    `resource` is an ARN, or `*` for an action that has no resource. `principal` is who asks; identity policies don't
    look at it. `context` maps condition keys to their values: a text for a key with one value, a sequence (of any
    length) for one with many. A key that is not in it is absent. Keys and actions are compared without regard to case.
    """

    action: str = field(eq=str.lower)
    resource: str = "*"
    principal: Principal | None = None
    context: Context = field(default=(), converter=_context, eq=_without_case)

    def values(self, key: str) -> Values | None:
        """What the context holds for a key; None when it is absent."""
        wanted = key.lower()
        return next((values for name, values in self.context if name.lower() == wanted), None)

    def __str__(self) -> str:
        who = "" if self.principal is None else f"{self.principal}: "
        shown = (f"{key}={v if isinstance(v, str) else list(v)}" for key, v in self.context)
        where = f" with {', '.join(shown)}" if self.context else ""
        return f"{who}{self.action} on {self.resource}{where}"
