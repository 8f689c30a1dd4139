"""Statements.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Generic, Literal, TypeVar, cast, get_args

from attrs import evolve, field, frozen

from ecsiam.errors import ConfigError, Fault, show
from ecsiam.looks.data import pretty
from ecsiam.looks.shown import Shown
from ecsiam.looks.words import few, listed, visible
from ecsiam.model.built import Built, is_text
from ecsiam.model.condition import Condition, Conditions, conditions
from ecsiam.model.each import Each, Item, bind_item, items, items_in_order, nested
from ecsiam.model.principal import EVERYONE, PRINCIPAL_TYPES, Principal
from ecsiam.model.spots import Spot, known, refused
from ecsiam.model.text import EMPTY, Bindings, Ref, Text, in_order, several

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
R = TypeVar("R")
Data = dict[str, object]
Effect = Literal["Allow", "Deny"]
EFFECTS: tuple[Effect, ...] = get_args(Effect)
RESOURCE_ACCOUNT = "aws:ResourceAccount"


# What an action can match: of 22,000 actions a few have a hyphen in their names, none has a space.
ACTION = r"\*|(\*|[A-Za-z0-9.-]+):[A-Za-z0-9*?-]+"


@frozen(repr=False)
class Action(Built):
    """An action pattern such as `s3:Get*`, or `*`. IAM compares actions without regard to case, and so do we."""

    pattern: str = field(eq=str.lower)

    @property
    def is_void(self) -> bool:
        """Whether no action of AWS can match: `s3:Get Object` is stored and says nothing."""
        return not re.fullmatch(ACTION, self.pattern, re.ASCII)

    def _unsayable(self) -> Iterator[Fault]:
        return iter(()) if self._names_service else refused([self.spot])

    def _refused(self) -> Iterator[Fault]:
        return refused([self.spot]) if self._names_service else iter(())

    @property
    def spot(self) -> Spot:
        """What there is to look at in it."""
        return Spot("action", self.pattern)

    @property
    def _names_service(self) -> bool:
        """Whether it is an action at all, if an odd one: IAM has none stored without a colon."""
        return ":" in self.pattern or self.pattern == "*"

    def __str__(self) -> str:
        return self.pattern

    def _says(self) -> str:
        return self.pattern


@frozen(repr=False)
class Only(Shown, Generic[T_co]):
    """Exactly these: IAM's Action, Resource or Principal."""

    items: tuple[T_co, ...]

    def _says(self) -> str:
        return few(self.items) if self.items else ""


@frozen(repr=False)
class AllBut(Shown, Generic[T_co]):
    """Everything except these: IAM's NotAction, NotResource or NotPrincipal."""

    items: tuple[T_co, ...]

    def _says(self) -> str:
        return few(self.items) if self.items else ""


def _actions(
    given: str | Action | Iterable[str | Action] | Only[Action] | AllBut[Action],
) -> Only[Action] | AllBut[Action]:
    match given:
        case Only() | AllBut():
            return given
        case str() | Action():
            return _actions((given,))
        case _:
            found = several(given, (str, Action), "an action, such as `s3:GetObject`")
            return Only(tuple(a if isinstance(a, Action) else Action(a, as_is=True) for a in found))


def _resources(
    given: str | Ref | Text | Each | Iterable[str | Ref | Text | Each] | Only[Item] | AllBut[Item] | None,
) -> Only[Item] | AllBut[Item] | None:
    return given if given is None or isinstance(given, Only | AllBut) else Only(items(given))


def _principals(
    given: Principal | Iterable[Principal] | Only[Principal] | AllBut[Principal] | None,
) -> Only[Principal] | AllBut[Principal] | None:
    match given:
        case None:
            return None
        case Only() | AllBut():
            # IAM has an object with one list for each type: the order of types says nothing.
            return type(given)(tuple(sorted(given.items, key=lambda p: PRINCIPAL_TYPES.index(p.type))))
        case Principal():
            return Only((given,))
        case _:
            return _principals(Only(several(given, (Principal,), 'a principal, such as `Principal("AWS", "*")`')))


def _placed(element: str, given: Only[T] | AllBut[T] | None) -> Iterator[tuple[tuple[str | int, ...], T]]:
    """The items of an element with their places; one that stands alone may be no list."""
    name = f"Not{element}" if isinstance(given, AllBut) else element
    items = given.items if given is not None else ()
    for i, item in enumerate(items):
        yield (name, i) if len(items) > 1 else (name,), item


@frozen
class Origin:
    """Where a statement came from: feature and flag, why it is needed, and the page that says so."""

    feature: str
    reason: str
    page: str = ""
    flag: str = ""


@frozen(cache_hash=True, repr=False)
class Statement(Built):
    """One statement of a policy. What IAM refuses can't be built, except `as_is`: PolicyError lists every fault.

    `actions`, `resources` and `principals` take one item, several (IAM's Action, Resource, Principal), or an `AllBut`
    (NotAction, NotResource, NotPrincipal). `conditions` also takes IAM's own form, `{operator: {key: values}}`.
    `origin` says where the statement came from and is no part of equality.
    """

    effect: Effect
    actions: Only[Action] | AllBut[Action] = field(converter=_actions)
    resources: Only[Item] | AllBut[Item] | None = field(default=None, converter=_resources)
    principals: Only[Principal] | AllBut[Principal] | None = field(default=None, converter=_principals)
    conditions: Conditions = field(default=(), converter=conditions)
    sid: str = field(default="", validator=is_text)
    origin: Origin | None = field(default=None, eq=False)

    def _unsayable(self) -> Iterator[Fault]:
        if self.effect not in EFFECTS:
            yield Fault(f"`{show(str(self.effect))}` is not an effect", ("Effect",), "Write `Allow` or `Deny`.")
        if self.resources is None and self.principals is None:
            yield Fault("a statement has neither a resource nor a principal", (), "Write `Resource` or `Principal`.")
        principals = () if self.principals is None else self.principals.items
        if len(principals) > 1 and any(p.type == "*" for p in principals):
            yield Fault('the principal `"*"` stands beside others', ("Principal",), 'Write `"*"` alone.')

    def _refused(self) -> Iterator[Fault]:
        return refused(self.spots(), "identity" if self.principals is None else None)

    def spots(self) -> Iterator[Spot]:
        """All that there is to look at in it."""
        for name, element in self.elements():
            yield Spot("element", name, (name,))
            yield Spot("element", f"{self.effect} {name}", (name,))
            if not element.items:
                yield Spot("empty", name, (name,))
        for path, action in _placed("Action", self.actions):
            yield Spot("action", action.pattern, path)
        yield from self.resource_spots()
        yield from self._principal_spots()
        for condition in self.conditions:
            yield from (spot.under("Condition", str(condition.operator)) for spot in condition.spots())
        yield Spot("sid", self.sid, ("Sid",))
        yield from (Spot("string", string) for string in self.strings())

    def resource_spots(self) -> Iterator[Spot]:
        """Each resource that is one text; of one that begins with a reference nothing is known."""
        for path, item in _placed("Resource", self.resources):
            if isinstance(item, Text) and (not item.parts or isinstance(item.parts[0], str)):
                yield Spot("resource", known(item), path, str(item))

    def _principal_spots(self) -> Iterator[Spot]:
        """Each principal, in the list of its type."""
        by_type: dict[str, list[Principal]] = {}
        for _, principal in (found := list(_placed("Principal", self.principals))):
            by_type.setdefault(principal.type, []).append(principal)
        for of_type, principals in by_type.items():
            for i, principal in enumerate(principals):
                place = () if of_type == "*" else (of_type, i) if len(principals) > 1 else (of_type,)
                yield principal.spot.under(found[0][0][0], *place)

    def elements(self) -> Iterator[tuple[str, Only[object] | AllBut[object]]]:
        """The elements that hold items, by IAM's name."""
        for name, element in (("Action", self.actions), ("Resource", self.resources), ("Principal", self.principals)):
            if element is not None:
                yield (name if isinstance(element, Only) else f"Not{name}"), element

    def texts(self) -> Iterator[Text]:
        """Every text of the statement: resources, principals and condition values."""
        yield from self.texts_of_resources()
        for each in nested(() if self.resources is None else self.resources.items):
            yield from (each.before, each.after, *(o for o in each.otherwise if isinstance(o, Text)))
        if self.principals is not None:
            yield from (p.id for p in self.principals.items)
        for condition in self.conditions:
            yield from condition.values

    @property
    def may_vanish(self) -> bool:
        """Whether nothing may be left that it speaks of: all its resources are a list parameter's, of some kind."""
        return self.resources is not None and all(
            isinstance(r, Each) and (not r.otherwise or r.rule == "unless_given") for r in self.resources.items
        )

    def texts_of_resources(self) -> Iterator[Text]:
        """The resources that are one text each."""
        if self.resources is not None:
            yield from (r for r in self.resources.items if isinstance(r, Text))

    @property
    def summary(self) -> str:
        """What it says, in a few words: effect, actions and resources, the first of many."""
        said = {name: few(element.items) if element.items else "nothing" for name, element in self.elements()}
        actions = said.get("Action") or f"all but {said['NotAction']}"
        resources = said.get("Resource") or (f"all but {said['NotResource']}" if "NotResource" in said else "")
        return f"{self.effect} {actions}{f' on {resources}' if resources else ''}"

    @property
    def why(self) -> str:
        """Why it is there; of one that nobody gave a reason, what it says."""
        if origin := self.origin:
            return f"{origin.reason}{f' ({origin.flag})' if origin.flag else ''}"
        return f"{f'`{self.sid}`: ' if self.sid else ''}{self.summary}"

    def _says(self) -> str:
        return f"{self.sid}: {self.summary}" if self.sid else self.summary

    def __str__(self) -> str:
        """IAM's JSON, as people write it; a reference reads `{account_id}`."""
        return as_json(statement_as_written(statement_to_data(self, str)))

    def strings(self) -> Iterator[str]:
        yield self.sid
        yield from (c.key for c in self.conditions)
        yield from (part for t in self.texts() for part in t.parts if isinstance(part, str))

    @property
    def of_accounts(self) -> Condition | None:
        """The condition that names the accounts its resources have to be of, if there is one."""
        return next(
            (c for c in self.conditions if c.key == RESOURCE_ACCOUNT and str(c.operator) == "StringEquals"), None
        )

    def settled(self) -> "Statement | None":
        """The statement without the condition on the account of its resources, where every ARN tells that account.

        What is of another account is left out; None where nothing else is there.
        """
        of = self.of_accounts
        if of is None or len(of.values) != 1 or not isinstance(self.resources, Only):
            return self
        told = [_is_of(item, of.values[0]) for item in self.resources.items]
        if None in told:
            return self
        kept = tuple(item for item, own in zip(self.resources.items, told, strict=True) if own)
        rest = tuple(c for c in self.conditions if c != of)
        return evolve(self, resources=Only(kept), conditions=rest) if kept else None

    def bind(self, values: Bindings) -> "Statement | None":
        """The statement with references put in; None when nothing is left that it speaks of.

        Raises ConfigError where it is for resources of one account and none of them is. Our own lists are sorted and
        without doubles; a binding can make two texts equal or change their order, so what was in order is put in order
        again. What somebody wrote in another order stays in that.
        """
        resources = self.resources
        if not any(t.refs for t in self.texts()) and not (
            resources and any(isinstance(r, Each) for r in resources.items)
        ):
            return self
        if resources is not None:
            given = resources.items
            bound = tuple(b for r in given for b in bind_item(r, values) if b != EMPTY)
            bound = items_in_order(bound) if items_in_order(given) == given else bound
            if not bound:  # an empty value is one that is not given; what may not be empty is demanded elsewhere
                return None
            resources = type(resources)(bound)
        found = evolve(
            self,
            resources=resources,
            principals=None
            if self.principals is None
            else type(self.principals)(
                tuple(evolve(p, id=p.id.bind(values)) for p in self.principals.items),
            ),
            conditions=tuple(evolve(c, values=_bound_values(c.values, values)) for c in self.conditions),
        )
        settled = found.settled()
        if settled is None:
            raise found.of_no_account()
        return settled

    def of_no_account(self) -> ConfigError:
        """What is wrong where `settled` leaves nothing."""
        what = self.origin.reason if self.origin else "grant anything"
        items = listed(self.texts_of_resources())
        remedy = "Name one of that account, or name those that are meant in the key for just this."
        return ConfigError(Fault(f"to {what}, nothing of the roles' account is given: {items}", (), remedy))


def _bound_values(given: tuple[Text, ...], values: Bindings) -> tuple[Text, ...]:
    bound = tuple(v.bind(values) for v in given)
    return in_order(bound) if in_order(given) == given else bound


def _is_of(item: Item, account: Text) -> bool | None:
    """Whether an ARN is of an account; None where that isn't known."""
    parts = item.split(":", 5) if isinstance(item, Text) else ()
    if len(parts) < 6:
        return None
    if parts[4] == account:
        return True
    known = all(re.fullmatch("[0-9]{12}", t.literal or "", re.ASCII) for t in (parts[4], account))
    return False if known else None


# ---------------------------------------------------------------- as IAM's JSON

# As people write a statement.
ELEMENTS = (
    *("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource"),
    "Condition",
)


def statement_as_written(statement: Mapping[str, object]) -> Data:
    """A statement's data in the order in which people write one."""
    return {name: statement[name] for name in ELEMENTS if name in statement}


def as_json(data: object) -> str:
    """Data as JSON to be read: what doesn't print is escaped, so that a terminal obeys nothing in it."""
    return visible(pretty(data), keep="\n")


def statement_to_data(
    s: Statement, render: Callable[[Text], R], render_items: Callable[[tuple[Item, ...]], object] | None = None
) -> Data:
    """A statement as IAM's JSON, every text rendered by `render`; Action, Resource and values come out as lists.

    A list of resources that holds an `Each` needs `render_items`.
    """
    out: Data = {"Sid": s.sid} if s.sid else {}
    out["Effect"] = s.effect
    for name, element in s.elements():
        if name.endswith("Principal"):
            out[name] = _write_principals(cast("tuple[Principal, ...]", element.items), render)
        elif render_items and name.endswith("Resource"):
            out[name] = render_items(cast("tuple[Item, ...]", element.items))
        else:
            out[name] = [render(i) if isinstance(i, Text) else str(i) for i in element.items]
    if s.conditions:
        block: dict[str, dict[str, list[R]]] = {}
        for c in s.conditions:
            block.setdefault(str(c.operator), {})[c.key] = [render(v) for v in c.values]
        out["Condition"] = block
    return out


def _write_principals(principals: tuple[Principal, ...], render: Callable[[Text], R]) -> object:
    if principals == (EVERYONE,):
        return "*"
    by_type: dict[str, list[R]] = {}
    for principal in principals:
        by_type.setdefault(principal.type, []).append(render(principal.id))
    return by_type
