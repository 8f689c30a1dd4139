"""What HCL says, as a tree: bodies of attributes and blocks, and expressions.

https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
"""

from collections.abc import Iterable, Iterator
from typing import Any, Union, cast

from attrs import define, field, fields, has


@define(eq=False, slots=True)
class Literal:
    """A number, a bool, null, or a text without anything to fill in; of a piece of a template also its line."""

    value: Any
    line: int = 0


@define(eq=False)
class Template:
    """A text with expressions in it. A `lone` expression between quotes is its own value, whatever its type.

    `file` is set where it is a text of several lines, which may be a document: it begins there in `line`.
    """

    parts: list["Expression"]
    lone: bool
    line: int
    file: str = ""


@define(eq=False)
class TemplateIf:
    """`%{ if x }...%{ else }...%{ endif }` inside a template."""

    condition: "Expression"
    then: Template
    otherwise: Template


@define(eq=False)
class TemplateFor:
    """`%{ for k, v in x }...%{ endfor }` inside a template."""

    key: str
    value: str
    source: "Expression"
    body: Template


@define(eq=False)
class Listed:
    """`[a, b]`."""

    items: list["Expression"]


@define(eq=False)
class Object:
    """`{a = b}`: keys, values and the line of each."""

    items: list[tuple["Expression", "Expression", int]]
    file: str
    line: int


@define(eq=False)
class For:
    """`[for k, v in source : result if condition]`; of an object with `object_key`, `grouped` with `...`."""

    key: str
    value: str
    source: "Expression"
    object_key: Union["Expression", None]
    result: "Expression"
    condition: Union["Expression", None]
    grouped: bool
    file: str
    line: int


@define(eq=False)
class Name:
    """Where a reference begins: `var`, `each`, `aws_iam_role`, or what a `for` calls its items."""

    name: str


@define(eq=False)
class Attribute:
    """`source.name`."""

    source: "Expression"
    name: str


@define(eq=False)
class Index:
    """`source[key]`."""

    source: "Expression"
    key: "Expression"


@define(eq=False)
class Splat:
    """`source[*].name[0]`: `each` is what is taken of an item, which is called `*` in it."""

    source: "Expression"
    each: "Expression"


@define(eq=False)
class Call:
    """`name(arguments...)`."""

    name: str
    arguments: list["Expression"]
    expanded: bool
    file: str
    line: int


@define(eq=False)
class Unary:
    """`!a`, `-a`."""

    operator: str
    operand: "Expression"


@define(eq=False)
class Binary:
    """`a + b` and the like."""

    operator: str
    left: "Expression"
    right: "Expression"


@define(eq=False)
class Conditional:
    """`condition ? then : otherwise`."""

    condition: "Expression"
    then: "Expression"
    otherwise: "Expression"


Expression = (
    Literal
    | Template
    | TemplateIf
    | TemplateFor
    | Listed
    | Object
    | For
    | Name
    | Attribute
    | Index
    | Splat
    | Call
    | Unary
    | Binary
    | Conditional
)


@define(eq=False)
class Argument:
    """`name = value` in a body."""

    value: Expression
    line: int


@define(eq=False)
class Body:
    """What stands between the braces of a block, or in a file."""

    file: str
    arguments: dict[str, Argument] = field(factory=dict[str, Argument])
    blocks: list["Block"] = field(factory=list["Block"])

    def of_type(self, type: str) -> list["Block"]:
        """Its blocks of one type."""
        return [b for b in self.blocks if b.type == type]


@define(eq=False)
class Block:
    """`type "label" { body }`."""

    type: str
    labels: tuple[str, ...]
    body: Body
    line: int


def address_of(expression: Expression) -> str:
    """The address that an expression is, `module.a["x"].aws_iam_role.b`, or nothing for what is none."""
    match expression:
        case Name(name=name) | Literal(value=str(name)):
            return name
        case Attribute(source=source, name=name):
            return f"{of}.{name}" if (of := address_of(source)) else ""
        case Index(source=source, key=Literal(value=str() | int() as key)):
            shown = f'"{key}"' if isinstance(key, str) else key
            return f"{of}[{shown}]" if (of := address_of(source)) else ""
        case _:
            return ""


def references(tree: object) -> Iterator[tuple[str, str]]:
    """What a body or an expression names as `type.name`: resources, and whatever else is written so."""
    match tree:
        case Attribute(source=Name(name=kind) | Attribute(source=Name(name="resource"), name=kind), name=name):
            yield kind, name
        case _:
            pass
    for inner in _inside(tree):
        yield from references(inner)


def _inside(tree: object) -> Iterable[object]:
    if isinstance(tree, list | tuple):
        return cast("Iterable[object]", tree)
    if isinstance(tree, dict):
        return cast("dict[str, object]", tree).values()
    kind: Any = type(tree)
    return [getattr(tree, each.name) for each in fields(kind)] if has(kind) else ()
