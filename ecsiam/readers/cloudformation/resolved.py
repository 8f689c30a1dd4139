"""What a template's functions come to: a node as it was written, or one of these, where something is not known."""

from collections.abc import Iterator

from attrs import frozen

from ecsiam.errors import show
from ecsiam.model.text import Text, text
from ecsiam.readers.cloudformation.syntax import Node
from ecsiam.readers.found import Unread, Value


@frozen
class Either:
    """One of two values, by a condition that is not known; None stands for no value."""

    condition: str
    then: Node | None
    otherwise: Node | None

    @property
    def why(self) -> str:
        return unknown(self.condition)


def unknown(condition: str) -> str:
    """Why what hangs on a condition is not known."""
    return f"whether the condition `{show(condition)}` holds is not known"


@frozen
class Pieces:
    """A text that is split where not all of it is known: its first pieces are."""

    known: tuple[Text, ...]
    whole: Text
    separator: str

    @property
    def why(self) -> str:
        return f"a list that is not known: `{show(str(self.whole))}` split at `{self.separator}`"


def text_of(node: Node) -> Text | None:
    """The text that a resolved node is, as CloudFormation writes a number or a boolean; None for what is no text."""
    match node.value:
        case bool() as value:
            return text(str(value).lower())
        case str() | int() as value:
            return text(str(value))
        case Text() as value:
            return value
        case _:
            return None


def why_not(node: Node | None) -> str:
    """Why a resolved node is not the text or list that it should be."""
    match None if node is None else node.value:
        case Unread() | Either() | Pieces() as value:
            return value.why
        case None:
            return "there is no value"
        case _:
            return "it takes other values"


def alternatives(node: Node | None, hangs: tuple[Either, ...] = ()) -> Iterator[tuple[Node, tuple[Either, ...]]]:
    """The items of a resolved list (a lone one counts as a list), each with the conditions that it hangs on."""
    if node is None:
        return
    if isinstance(node.value, list):
        for item in node.items:
            yield from alternatives(item, hangs)
    elif isinstance(node.value, Either):
        for one in (node.value.then, node.value.otherwise):
            yield from alternatives(one, (*hangs, node.value))
    else:
        yield node, hangs


def plain(node: Node) -> Value:
    """A resolved node as data; what is not known as `Unread`."""
    match node.value:
        case dict():
            return {key: plain(one) for key, one in node.fields.items()}
        case list():
            return [plain(one) for one in node.items]
        case Either() | Pieces() as value:
            return Unread(value.why)
        case value:
            return value


def same(one: Node | None, other: Node | None) -> bool:
    """Whether two resolved values are one."""
    if one is None or other is None:
        return one is other
    return bool(plain(one) == plain(other))
