"""The policy documents of a template, with the place of each statement."""

from collections.abc import Iterable, Iterator
from typing import cast

from attrs import evolve, frozen

from ecsiam.analysis.unknown import UNREAD
from ecsiam.readers.cloudformation.resolved import Either, alternatives, plain, unknown, why_not
from ecsiam.readers.cloudformation.syntax import Node
from ecsiam.readers.found import FoundDocument, Place, Unread, Value

Hangs = tuple[Either, ...]


@frozen
class At:
    """What a node is part of: its file, and what the template calls the resource."""

    file: str
    address: str

    def place(self, node: Node) -> Place:
        """Where a node stands."""
        return Place(self.file, node.line, node.path, self.address)


def document(node: Node | None, resource: Node, at: At, hangs: Iterable[str] = ()) -> FoundDocument:
    """A resolved document. `hangs` are the conditions, not known, without which nothing of it is there.

    A statement that may be there has a condition that is not understood: so what it allows is never certain.
    """
    if node is None:
        return FoundDocument(Unread("there is no document"), at.place(resource))
    found = list(alternatives(node))
    if len(found) == 1 and not isinstance(found[0][0].value, dict):
        one = found[0][0]
        known = isinstance(one.value, str) and not found[0][1] and not tuple(hangs)
        return FoundDocument(one.value if known else Unread(why_not(one)), at.place(one))
    if not found:
        return FoundDocument(Unread(why_not(node)), at.place(node))
    made: dict[str, Value] = {}
    statements: list[Value] = []
    places: list[Place] = []
    for one, outer in found:
        for key, value in one.fields.items():
            if key != "Statement":
                made.setdefault(key, plain(value))
        whys = [unknown(name) for name in hangs] + [either.why for either in outer]
        if not isinstance(one.value, dict):
            statements.append(Unread(why_not(one)))
            places.append(at.place(one))
        for statement, inner in alternatives(one.fields.get("Statement")):
            for part, further in _by_resource(statement):
                statements.append(guarded(plain(part), [*whys, *(either.why for either in (*inner, *further))]))
                places.append(at.place(statement))
    if statements or any("Statement" in one.fields for one, _ in found):
        made["Statement"] = statements
    return FoundDocument(made, at.place(node), tuple(places))


def _by_resource(statement: Node) -> Iterator[tuple[Node, Hangs]]:
    """A statement as several, where some of its resources hang on conditions that are not known, and others don't."""
    resource = statement.fields.get("Resource")
    of: dict[Hangs, list[Node]] = {}
    for one, hangs in alternatives(resource):
        of.setdefault(hangs, []).append(one)
    if resource is None or not any(of):
        yield statement, ()
        return
    for hangs, some in of.items():
        yield evolve(statement, value={**statement.fields, "Resource": evolve(resource, value=some)}), hangs


def guarded(statement: Value, whys: list[str]) -> Value:
    """A statement with one more condition, which is not understood, where something is not known of its being there."""
    if not whys or not isinstance(statement, dict):
        return statement
    fields = cast("dict[str, Value]", statement)
    own = fields.get("Condition", {})
    if not isinstance(own, dict):
        return fields
    conditions = cast("dict[str, Value]", own)
    equal = conditions.get("StringEquals", {})
    more = {**cast("dict[str, Value]", equal), UNREAD: Unread(whys[0])} if isinstance(equal, dict) else equal
    return {**fields, "Condition": {**conditions, "StringEquals": more}}
