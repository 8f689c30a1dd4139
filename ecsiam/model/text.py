"""Text of a policy, some of which may be known only at deployment.

A `Text` is a sequence of literals and references. Two texts that say the same are equal: neighbouring literals are one,
empty ones are none. Each target has one function that renders a Text; nothing else ever looks inside.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
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


class Template(str):
    """A text of a config as it was written, `arn:{partition}:s3:::{environment}-uploads`, and what it stands for.

    It reads like what was written; what goes into a policy is `text`. `sample` is it with a value for each reference.
    INVARIANT: `text` holds a reference.
    """

    __slots__ = ("sample", "text")
    text: "Text"
    sample: str

    def __new__(cls, written: str, text: "Text", sample: str) -> "Template":
        """`written` in the config, which means `text`."""
        self = super().__new__(cls, written)
        self.text, self.sample = text, sample
        return self

    def bind(self, values: Bindings) -> str:
        """The same with references put in: a plain text once there are none."""
        bound = self.text.bind(values)
        return Template(self, bound, self.sample) if bound.literal is None else bound.literal

    def __reduce__(self) -> tuple[Any, ...]:
        return (Template, (str(self), self.text, self.sample))

    def __str__(self) -> str:
        return str.__str__(self)


def sample_of(value: str) -> str:
    """A value as a form can judge it: of a template, with a value for each reference."""
    return value.sample if isinstance(value, Template) else value


def _joined(parts: Iterable["str | Ref | Text"]) -> tuple[str | Ref, ...]:
    pieces: list[str | Ref] = []
    for part in parts:
        if type(part) is str:  # as most are
            pieces.append(part)
        elif isinstance(part, Text):
            pieces += part.parts
        elif isinstance(part, Template):
            pieces += part.text.parts
        else:
            pieces.append(str(part) if isinstance(part, str) else part)
    if all(type(piece) is str for piece in pieces):
        whole = "".join(cast("list[str]", pieces))
        return (whole,) if whole else ()
    joined: list[str | Ref] = []
    for piece in pieces:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        elif piece != "":
            joined.append(piece)
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
        if len(self.parts) == 1:
            part = self.parts[0]
            return part if isinstance(part, str) else None
        return None if self.parts else ""

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
        if (whole := self.literal) is not None:
            return tuple(text(piece) for piece in whole.split(separator, most))
        pieces: list[list[str | Ref]] = [[]]
        for part in self.parts:
            if isinstance(part, Ref):
                pieces[-1].append(part)
                continue
            head, *rest = part.split(separator, most - len(pieces) + 1) if len(pieces) <= most else [part]
            pieces[-1].append(head)
            pieces.extend([r] for r in rest)
        return tuple(Text(tuple(p)) for p in pieces)

    def holds(self, part: str) -> bool:
        """Whether a text stands in one of the literals."""
        return any(part in p for p in self.parts if isinstance(p, str))

    def removeprefix(self, prefix: str) -> "Text":
        """As `str.removeprefix` does, of a literal at the beginning."""
        first = self.parts[0] if self.parts else ""
        return Text((first.removeprefix(prefix), *self.parts[1:])) if isinstance(first, str) else self

    def removesuffix(self, suffix: str) -> "Text":
        """As `str.removesuffix` does, of a literal at the end."""
        last = self.parts[-1] if self.parts else ""
        return Text((*self.parts[:-1], last.removesuffix(suffix))) if isinstance(last, str) else self

    def replace(self, old: str, new: str) -> "Text":
        """With the first `old` that stands in a literal replaced."""
        found = self.split(old, 1)
        return Text.of(found[0], new, found[1]) if len(found) == 2 else self

    def __str__(self) -> str:
        first = self.parts[0] if len(self.parts) == 1 else ""
        return first if first and isinstance(first, str) else "".join(map(str, self.parts))

    def _says(self) -> str:
        return ", ".join(repr(p) if isinstance(p, str) else str(p) for p in self.parts)


EMPTY = Text(())


def text(value: "str | Ref | Text") -> Text:
    """`value` as a Text: the converter of every field that holds one. Raises PolicyError for what is none."""
    if isinstance(value, Text):
        return value
    if type(value) is str:
        return _literal(value)
    if isinstance(value, Template):
        return value.text
    if isinstance(value, str | Ref):  # pyright: ignore[reportUnnecessaryIsInstance]
        return Text((value,))
    raise PolicyError(f"expected a text, not `{show(repr(value))}`")


@lru_cache(maxsize=1 << 12)  # the actions and operators of many services are the same few
def _literal(value: str) -> Text:
    return Text((value,))


def texts(values: "str | Ref | Text | Iterable[str | Ref | Text]") -> tuple[Text, ...]:
    """`values` as Texts, in order; a lone one counts as a list of one, as it does in IAM's JSON."""
    return tuple(text(v) for v in several(values, (str, Ref, Text), "a text"))


def several(given: object, kinds: tuple[type, ...], what: str) -> tuple[Any, ...]:
    """The items of a list, or a lone one. Raises PolicyError for each that is none of these kinds, `what` in words."""
    if isinstance(given, tuple) and all(
        map(kinds.__contains__, map(type, cast("tuple[object, ...]", given)))
    ):  # as most are
        return given  # pyright: ignore[reportUnknownVariableType]
    lone = isinstance(given, (*kinds, str, bytes, Mapping)) or not isinstance(given, Iterable)
    found = (cast("Any", given),) if lone else tuple(cast("Iterable[Any]", given))
    strange = (item for item in found if not isinstance(item, kinds))
    refuse(PolicyError, (Fault(f"expected {what}, not `{show(repr(item))}`") for item in strange))
    return found


def in_order(values: Iterable[Text]) -> tuple[Text, ...]:
    """Without doubles, sorted: the order of every list that we make, so that bytes never depend on input order."""
    given = tuple(values)
    return tuple(sorted(set(given), key=str)) if len(given) > 1 else given
