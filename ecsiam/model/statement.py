"""Statements.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, Literal, TypeVar

from attrs import evolve, field, frozen

from ecsiam.errors import Fault, PolicyError, refuse
from ecsiam.model.condition import Conditions, conditions
from ecsiam.model.principal import Principal
from ecsiam.model.text import Ref, Text, in_order, texts

T_co = TypeVar("T_co", covariant=True)
Effect = Literal["Allow", "Deny"]


@frozen
class Action:
    """An action pattern such as `s3:Get*`, or `*`. IAM compares actions without regard to case, and so do we."""

    pattern: str = field(eq=str.lower)

    def __attrs_post_init__(self) -> None:
        if self.pattern != "*" and not re.fullmatch(r"(\*|[A-Za-z0-9.-]+):[A-Za-z0-9*?]+", self.pattern, re.ASCII):
            raise PolicyError(
                Fault(
                    f"`{self.pattern}` is not an action",
                    remedy="An action is `service:Name`, such as `s3:GetObject`; only the name may hold wildcards.",
                )
            )

    def __str__(self) -> str:
        return self.pattern


@frozen
class Only(Generic[T_co]):
    """Exactly these: IAM's Action, Resource or Principal."""

    items: tuple[T_co, ...]


@frozen
class AllBut(Generic[T_co]):
    """Everything except these: IAM's NotAction, NotResource or NotPrincipal."""

    items: tuple[T_co, ...]


def _actions(
    given: str | Action | Iterable[str | Action] | Only[Action] | AllBut[Action],
) -> Only[Action] | AllBut[Action]:
    match given:
        case Only() | AllBut():
            return given
        case str() | Action():
            return _actions((given,))
        case _:
            return Only(tuple(Action(a) if isinstance(a, str) else a for a in given))


def _resources(
    given: str | Ref | Text | Iterable[str | Ref | Text] | Only[Text] | AllBut[Text] | None,
) -> Only[Text] | AllBut[Text] | None:
    return given if given is None or isinstance(given, Only | AllBut) else Only(texts(given))


def _principals(
    given: Principal | Iterable[Principal] | Only[Principal] | AllBut[Principal] | None,
) -> Only[Principal] | AllBut[Principal] | None:
    match given:
        case None | Only() | AllBut():
            return given
        case Principal():
            return Only((given,))
        case _:
            return Only(tuple(given))


@frozen
class Origin:
    """Where a statement came from: feature and flag, why it is needed, and the page that says so."""

    feature: str
    reason: str
    page: str = ""
    flag: str = ""


@frozen
class Statement:
    """One statement of a policy. What IAM would refuse can't be built: PolicyError lists every fault.

    `actions`, `resources` and `principals` take one item, several (IAM's Action, Resource, Principal), or an `AllBut`
    (NotAction, NotResource, NotPrincipal). `conditions` also takes IAM's own form, `{operator: {key: values}}`.
    `origin` says where the statement came from and is no part of equality.
    """

    effect: Effect
    actions: Only[Action] | AllBut[Action] = field(converter=_actions)
    resources: Only[Text] | AllBut[Text] | None = field(default=None, converter=_resources)
    principals: Only[Principal] | AllBut[Principal] | None = field(default=None, converter=_principals)
    conditions: Conditions = field(default=(), converter=conditions)
    sid: str = ""
    origin: Origin | None = field(default=None, eq=False)

    def __attrs_post_init__(self) -> None:
        refuse(PolicyError, self._faults())

    def _faults(self) -> Iterator[Fault]:
        if self.effect not in ("Allow", "Deny"):
            yield Fault(f"`{self.effect}` is not an effect", ("Effect",), "Write `Allow` or `Deny`.")
        for name, element in self.elements():
            if not element.items:
                yield Fault("an empty list", (name,), "IAM refuses it; leave the statement out.")
        if self.resources is None and self.principals is None:
            yield Fault("a statement has neither a resource nor a principal", (), "Write `Resource` or `Principal`.")
        for resource in () if self.resources is None else self.resources.items:
            first = resource.parts[0] if resource.parts else ""
            if resource.literal != "*" and isinstance(first, str) and not first.startswith("arn:"):
                yield Fault(f"resource `{resource}` is neither an ARN nor `*`", ("Resource",))
        principals = () if self.principals is None else self.principals.items
        if len(principals) > 1 and any(p.type == "*" for p in principals):
            yield Fault('the principal `"*"` stands beside others', ("Principal",), 'Write `"*"` alone.')
        # Key policies of KMS and others have sentences as Sid; identity policies may not.
        if self.principals is None and not re.fullmatch("[A-Za-z0-9]*", self.sid, re.ASCII):
            yield Fault(f"`{self.sid}` is not a Sid", ("Sid",), "A Sid has letters and digits only.")
        for string in self.strings():
            if any(not ("\u0020" <= c <= "\u00ff" or c in "\t\n\r") for c in string):
                yield Fault(f"`{string}` holds a character that IAM does not take", (), "IAM takes U+0020 to U+00FF.")

    def elements(self) -> Iterator[tuple[str, Only[object] | AllBut[object]]]:
        """The elements that hold items, by IAM's name."""
        for name, element in (("Action", self.actions), ("Resource", self.resources), ("Principal", self.principals)):
            if element is not None:
                yield (name if isinstance(element, Only) else f"Not{name}"), element

    def texts(self) -> Iterator[Text]:
        """Every text of the statement: resources, principals and condition values."""
        if self.resources is not None:
            yield from self.resources.items
        if self.principals is not None:
            yield from (p.id for p in self.principals.items)
        for condition in self.conditions:
            yield from condition.values

    def strings(self) -> Iterator[str]:
        yield self.sid
        yield from (c.key for c in self.conditions)
        yield from (part for t in self.texts() for part in t.parts if isinstance(part, str))

    def bind(self, values: Mapping[str, str]) -> "Statement":
        """The statement with references put in.

        Only statements that we make hold references, and ours are sorted and without doubles; a binding can make two
        texts equal or change their order, so such a list is put in order again.
        """
        if not any(t.refs for t in self.texts()):
            return self
        return evolve(
            self,
            resources=_bound(self.resources, values),
            principals=None
            if self.principals is None
            else type(self.principals)(
                tuple(Principal(p.type, p.id.bind(values)) for p in self.principals.items),
            ),
            conditions=tuple(evolve(c, values=in_order(v.bind(values) for v in c.values)) for c in self.conditions),
        )


def _bound(element: Only[Text] | AllBut[Text] | None, values: Mapping[str, str]) -> Only[Text] | AllBut[Text] | None:
    return None if element is None else type(element)(in_order(t.bind(values) for t in element.items))
