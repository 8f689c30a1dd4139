"""What there is to look at in a value of the model, and what the table of verdicts says of it."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from attrs import evolve, frozen

from ecsiam.errors import Fault, Path, show
from ecsiam.model.arn import PARTITIONS
from ecsiam.model.text import Text
from ecsiam.model.verdicts import ALL, TABLE, Row, Subject, Verdict

if TYPE_CHECKING:
    from ecsiam.model.condition import Condition
    from ecsiam.model.policy import Kind, Policy
    from ecsiam.model.principal import Principal
    from ecsiam.model.statement import AllBut, Only, Statement

T = TypeVar("T")


@frozen
class Spot:
    """A text of a document, what it is, and where it stands; `shown` is how it is written, if that is not it."""

    of: Subject
    text: str
    path: Path = ()
    shown: str = ""

    def under(self, *prefix: str | int) -> "Spot":
        """The same spot seen from further out."""
        return evolve(self, path=(*prefix, *self.path))


def of_action(action: str) -> Spot:
    """An action pattern to look at."""
    return Spot("action", action)


def of_principal(principal: "Principal") -> Spot:
    """A principal to look at."""
    return Spot("principal", f"{principal.type}:{_known(principal.id)}", (), str(principal.id))


def of_condition(condition: "Condition") -> Iterator[Spot]:
    """The key and the values of a condition."""
    yield Spot("key", condition.key)
    if not condition.values:
        yield Spot("values", condition.key, (), f"{condition.operator} on {condition.key}")
    if (kind := condition.operator.comparison.kind) in ("date", "arn"):
        yield from (Spot(kind, _known(value), (condition.key,), str(value)) for value in condition.values)


def of_statement(statement: "Statement") -> Iterator[Spot]:
    """All that there is to look at in a statement."""
    for name, element in statement.elements():
        yield Spot("element", name, (name,))
        yield Spot("element", f"{statement.effect} {name}", (name,))
        if not element.items:
            yield Spot("empty", name, (name,))
    for path, action in _items(statement, "Action", statement.actions):
        yield of_action(action.pattern).under(*path)
    yield from (spot.under(*path) for path, spot in _resources(statement))
    yield from _principals(statement)
    for condition in statement.conditions:
        yield from (spot.under("Condition", str(condition.operator)) for spot in of_condition(condition))
    yield Spot("sid", statement.sid, ("Sid",))
    yield from (Spot("string", string) for string in statement.strings())


def _resources(statement: "Statement") -> Iterator[tuple[Path, Spot]]:
    """Each resource that is one text; of one that begins with a reference nothing is known."""
    for path, item in _items(statement, "Resource", statement.resources):
        if isinstance(item, Text) and (not item.parts or isinstance(item.parts[0], str)):
            yield path, Spot("resource", _known(item), (), str(item))


def _principals(statement: "Statement") -> Iterator[Spot]:
    """Each principal, in the list of its type."""
    by_type: dict[str, list[Principal]] = {}
    for _, principal in (found := list(_items(statement, "Principal", statement.principals))):
        by_type.setdefault(principal.type, []).append(principal)
    for of_type, principals in by_type.items():
        for i, principal in enumerate(principals):
            place = () if of_type == "*" else (of_type, i) if len(principals) > 1 else (of_type,)
            yield of_principal(principal).under(found[0][0][0], *place)


def _items(
    statement: "Statement", element: str, given: "Only[T] | AllBut[T] | None"
) -> Iterator[tuple[tuple[str | int, ...], T]]:
    """The items of an element with their places; one that stands alone may be no list."""
    name = next((name for name, _ in statement.elements() if name.endswith(element)), element)
    items = given.items if given is not None else ()
    for i, item in enumerate(items):
        yield (name, i) if len(items) > 1 else (name,), item


def _known(text: Text) -> str:
    """A text, with `${}` for what is known only at deployment: no row is sure of what stands there."""
    return text.literal if text.literal is not None else "".join(p if isinstance(p, str) else "${}" for p in text.parts)


def of_policy(policy: "Policy", partition: str | None = None) -> Iterator[Spot]:
    """What a policy has beyond its statements; with `partition` of the account, what is of another one."""
    if policy.id:
        yield Spot("id", policy.id, ("Id",))
        yield Spot("string", policy.id, ("Id",))
    seen: set[str] = set()
    for i, statement in enumerate(policy.statements):
        if statement.sid in seen:
            yield Spot("sid again", statement.sid, ("Statement", i, "Sid"))
        seen |= {statement.sid} - {""}
        for path, spot in _resources(statement) if partition else ():
            there = spot.text.split(":", 2)[1:2]
            if there and there[0] in PARTITIONS and there[0] != partition:
                yield Spot("partition of another", spot.shown, ("Statement", i, *path))


# ---------------------------------------------------------------- what the table says of it

_BY_SUBJECT = {row.of: tuple(r for r in TABLE if r.of == row.of) for row in TABLE}


@lru_cache(maxsize=1 << 14)
def _row(of: Subject, text: str, kind: "Kind | None") -> Row | None:
    """The first row about a text; without a kind, of those that hold for every kind of policy."""
    rows = (row for row in _BY_SUBJECT[of] if (kind in row.kinds if kind else row.kinds == ALL))
    return next((row for row in rows if row.matches(text)), None)


def _fault(row: Row, spot: Spot) -> Fault:
    return Fault(row.message.format(show(spot.shown or spot.text)), spot.path, row.remedy)


def faults(spots: Iterable[Spot], kind: "Kind | None", *verdicts: Verdict) -> Iterator[Fault]:
    """What the table has on these in a policy of a kind; None: in one of any kind."""
    for spot in spots:
        row = _row(spot.of, spot.text, kind)
        if row is not None and row.verdict in verdicts:
            yield _fault(row, spot)


def refused(spots: Iterable[Spot], kind: "Kind | None" = None) -> Iterator[Fault]:
    """What IAM refuses of these."""
    return faults(spots, kind, "refused")


def misplaced(policy: "Policy") -> Iterator[Fault]:
    """What IAM refuses of statements only now that it is known which kind of policy they stand in."""
    for spot in _of_statements(policy):
        row = _row(spot.of, spot.text, policy.kind)
        if row is not None and row.verdict == "refused" and row.kinds != ALL:
            yield _fault(row, spot)


def _of_statements(policy: "Policy") -> Iterator[Spot]:
    for i, statement in enumerate(policy.statements):
        yield from (spot.under("Statement", i) for spot in of_statement(statement))


def refusals(policy: "Policy", partition: str | None = None) -> tuple[Fault, ...]:
    """What IAM would refuse in a policy; with the account's `partition`, ARNs of another one too."""
    return tuple(refused((*of_policy(policy, partition), *_of_statements(policy)), policy.kind))


def notes(policy: "Policy") -> tuple[Fault, ...]:
    """What looks wrong in a policy and is stored all the same, and what nobody knows."""
    return tuple(faults((*of_policy(policy), *_of_statements(policy)), policy.kind, "stored", "unclear"))
