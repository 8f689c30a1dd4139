"""A value of IAM's JSON with its place in a file, and the documents in it."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from attrs import evolve, frozen

from ecsiam.errors import Path
from ecsiam.model.policy import VERSIONS
from ecsiam.model.text import Text, text
from ecsiam.readers.found import FoundDocument, Place, Unread, Value, as_list, as_map, is_list, several
from ecsiam.readers.json_lines import decode
from ecsiam.readers.loading import few
from ecsiam.readers.values import Failed, Map

Data = Mapping[str, Any]


@frozen
class At:
    """An object in a file: where it stands, and what it holds."""

    file: str
    path: Path
    data: Data

    def of(self, key: str, address: str = "") -> Place:
        """The place of what stands under a key."""
        lines = self.data.lines if isinstance(self.data, Map) else {}
        return Place(self.file, lines.get(key) or self.line, (*self.path, key), address)

    def place(self, address: str = "") -> Place:
        """Its own place."""
        return Place(self.file, self.line, self.path, address)

    @property
    def line(self) -> int | None:
        """Its line, where that is known."""
        return (self.data.line or None) if isinstance(self.data, Map) else None

    def each(self, key: str) -> "Iterator[At]":
        """The objects in a list under a key; what is none has nothing in it."""
        given = self.data.get(key)
        for i, one in enumerate(few([] if given is None else several(given), self.file)):
            yield At(self.file, (*self.path, key, i) if is_list(given) else (*self.path, key), as_map(one))

    def inner(self, key: str) -> "At":
        """The object under a key."""
        return At(self.file, (*self.path, key), as_map(self.data.get(key)))

    def text(self, key: str) -> Text | None:
        """A text that says something: a skeleton of the CLI has empty ones."""
        given = self.data.get(key)
        return text(given) if isinstance(given, str | Text) and given else None

    def document(self, key: str, address: str) -> FoundDocument:
        """The document under a key: an object, or text, which is percent-encoded where the API has it so."""
        place, value = self.of(key, address), self.data.get(key)
        if isinstance(value, str):
            return FoundDocument(unquote(value) if value.lstrip().startswith("%") else value, place)
        if isinstance(value, Text):  # a template that is filled in later
            try:
                return FoundDocument(decode(value, self.file, place.line or 0), place)
            except Failed as e:
                return FoundDocument(Unread(str(e)), place)
        return FoundDocument(value, place, _places(value, place))

    def alone(self, address: str) -> FoundDocument:
        """Itself as a document."""
        place = self.place(address)
        return FoundDocument(self.data, place, _places(self.data, place))


def _places(value: Value, place: Place) -> tuple[Place, ...]:
    """The place of each statement of a document, where lines are known."""
    if not isinstance(value, Map):
        return ()
    given, path = value.get("Statement"), (*place.path, "Statement")
    if isinstance(given, Map):
        return (evolve(place, line=given.line, path=path),)
    start = value.lines.get("Statement")
    lines = [one.line if isinstance(one, Map) else start for one in as_list(given)]
    return tuple(evolve(place, line=line, path=(*path, i)) for i, line in enumerate(lines))


def kind_of(data: Data) -> str:
    """What a document by itself is: `identity`, `trust`, or `resource` for those of other services; empty: it is none.

    A trust has no Resource and is about `sts:` alone: so queues, keys and repositories don't count as roles.
    """
    statements = [as_map(one) for one in several(data.get("Statement"))]
    if data.get("Version") not in VERSIONS and not any("Effect" in one for one in statements):
        return ""
    if not any({"Principal", "NotPrincipal"} & one.keys() for one in statements):
        return "identity"
    actions = [str(action) for one in statements for action in several(one.get("Action", "sts:"))]
    assumed = all(action.lower().startswith("sts:") or action == "*" for action in actions)
    return (
        "trust" if assumed and not any({"Resource", "NotResource"} & one.keys() for one in statements) else "resource"
    )


def account_of(arn: Text | None) -> str:
    """The account that an ARN names; empty where it names none that is known."""
    parts = () if arn is None else arn.split(":", 5)
    return (parts[4].literal or "") if len(parts) == 6 else ""
