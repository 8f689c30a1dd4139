"""Text of a policy, some of which may be known only at deployment.

A `Text` is a sequence of literals and references. Two texts that say the same are equal: neighbouring literals are one,
empty ones are none. Each target has one function that renders a Text; nothing else ever looks inside.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Union, cast

from attrs import evolve, field, frozen

from ecsiam.errors import Fault, PolicyError, refuse, show
from ecsiam.looks.shown import Shown

Value = str | bool | int | tuple[str, ...]


@frozen
class Bindings:
    """Values for what is left to deployment: of the deployment itself, and of the config's parameters."""

    deployment: Mapping[str, str] = field(factory=dict[str, str])
    parameters: Mapping[str, Value] = field(factory=dict[str, Value])

    def when(self, flag: str) -> str | None:
        """What is left of "while this flag parameter is on": itself while open, empty once it is on, None once off."""
        on = self.parameters.get(flag, flag)
        return flag if isinstance(on, str) else "" if on else None


def _unless_empty(otherwise: Union["Text", None]) -> Union["Text", None]:
    return otherwise if otherwise is not None and otherwise.parts else None


@frozen
class Ref:
    """A value that is known at deployment: of the deployment itself (account, region, partition), or of a parameter.

    `part` picks a piece of a value like `OWNER/REPO`. `otherwise` is what an empty parameter stands for.
    """

    name: str
    parameter: bool = False
    part: int | None = None
    otherwise: Union["Text", None] = field(default=None, converter=_unless_empty)

    def bind(self, values: Bindings) -> "str | Ref | Text":
        if not self.parameter:
            return values.deployment.get(self.name, self)
        otherwise = None if self.otherwise is None else self.otherwise.bind(values)
        if self.name not in values.parameters:
            return evolve(self, otherwise=otherwise)
        value = str(values.parameters[self.name])
        if not value:
            return otherwise or ""
        return value if self.part is None else value.split("/")[self.part]

    def __str__(self) -> str:
        return f"{{{self.name}}}" if self.part is None else f"{{{self.name}[{self.part}]}}"


ACCOUNT_ID = Ref("account_id")
AWS_REGION = Ref("aws_region")
PARTITION = Ref("partition")
DNS_SUFFIX = Ref("dns_suffix")


def _joined(parts: Iterable["str | Ref | Text"]) -> tuple[str | Ref, ...]:
    joined: list[str | Ref] = []
    for part in parts:
        for piece in part.parts if isinstance(part, Text) else (part,):
            if isinstance(piece, str) and joined and isinstance(joined[-1], str):
                joined[-1] += piece
            elif piece != "":
                joined.append(str(piece) if isinstance(piece, str) else piece)
    return tuple(joined)


@frozen(repr=False)
class Text(Shown):
    """Literals and references, in order. `Text.of("arn:", PARTITION, ":iam::aws:policy/X")` builds one."""

    parts: tuple[str | Ref, ...] = field(converter=_joined)

    @classmethod
    def of(cls, *parts: "str | Ref | Text") -> "Text":
        return cls(parts)

    @property
    def literal(self) -> str | None:
        """The text itself, or None while it holds a reference."""
        if not self.parts:
            return ""
        return self.parts[0] if len(self.parts) == 1 and isinstance(self.parts[0], str) else None

    @property
    def refs(self) -> tuple[Ref, ...]:
        """Every reference in it, those that an empty parameter falls back on included."""
        own = [p for p in self.parts if isinstance(p, Ref)]
        return (*own, *(r for p in own if p.otherwise for r in p.otherwise.refs))

    def bind(self, values: Bindings) -> "Text":
        """The same text with the references that `values` names put in."""
        return Text(p.bind(values) if isinstance(p, Ref) else p for p in self.parts) if self.refs else self

    def split(self, separator: str, most: int) -> "tuple[Text, ...]":
        """As `str.split` does, over the literals; references are never cut."""
        pieces: list[list[str | Ref]] = [[]]
        for part in self.parts:
            if isinstance(part, Ref):
                pieces[-1].append(part)
                continue
            head, *rest = part.split(separator, most - len(pieces) + 1) if len(pieces) <= most else [part]
            pieces[-1].append(head)
            pieces.extend([r] for r in rest)
        return tuple(Text(tuple(p)) for p in pieces)

    def __str__(self) -> str:
        return "".join(str(p) for p in self.parts)

    def _says(self) -> str:
        return ", ".join(repr(p) if isinstance(p, str) else str(p) for p in self.parts)


EMPTY = Text(())


def text(value: "str | Ref | Text") -> Text:
    """`value` as a Text: the converter of every field that holds one. Raises PolicyError for what is none."""
    if isinstance(value, Text):
        return value
    if isinstance(value, str | Ref):  # pyright: ignore[reportUnnecessaryIsInstance]
        return Text((value,))
    raise PolicyError(f"expected a text, not `{show(repr(value))}`")


def texts(values: "str | Ref | Text | Iterable[str | Ref | Text]") -> tuple[Text, ...]:
    """`values` as Texts, in order; a lone one counts as a list of one, as it does in IAM's JSON."""
    return tuple(text(v) for v in several(values, (str, Ref, Text), "a text"))


def several(given: object, kinds: tuple[type, ...], what: str) -> tuple[Any, ...]:
    """The items of a list, or a lone one. Raises PolicyError for each that is none of these kinds, `what` in words."""
    lone = isinstance(given, (*kinds, str, bytes, Mapping)) or not isinstance(given, Iterable)
    found = (cast("Any", given),) if lone else tuple(cast("Iterable[Any]", given))
    strange = (item for item in found if not isinstance(item, kinds))
    refuse(PolicyError, (Fault(f"expected {what}, not `{show(repr(item))}`") for item in strange))
    return found


def in_order(values: Iterable[Text]) -> tuple[Text, ...]:
    """Without doubles, sorted: the order of every list that we make, so that bytes never depend on input order."""
    return tuple(sorted(set(values), key=str))
