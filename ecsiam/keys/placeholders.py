"""Placeholders in texts: `arn:{partition}:s3:::{project_name}-{environment}-uploads`.

What the config knows is put in before anything is read; what is known only at deployment becomes a reference. `{{` and
`}}` are braces; IAM's own variables, `${aws:username}`, stay.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol, cast

from attrs import frozen

from ecsiam.errors import Fault, Path, did_you_mean, show
from ecsiam.looks.words import listed
from ecsiam.model.statement import Statement
from ecsiam.model.text import Template, Text

NAME = "[a-z][a-z0-9]*(_[a-z0-9]+)*"
# In this order: a variable of IAM's, a brace, a placeholder, a brace that stands alone.
_TOKEN = re.compile(
    r"\$\{(?!\{)(?P<variable>[^{}]*)\}|(?P<brace>\{\{|\}\})|\{(?P<name>[^{}]*)\}|(?P<lone>\$\{(?!\{)|[{}])"
)
_NOT_OF_A_NAME = re.compile("[:/*?$]")


class Misplaced(str):
    """A text whose placeholders can't be read, and why: it is said where the text is read."""

    __slots__ = ("fault",)
    fault: Fault

    def __new__(cls, written: str, fault: Fault) -> "Misplaced":
        """`written` in the config."""
        self = super().__new__(cls, written)
        self.fault = fault
        return self


@frozen
class Placeholder:
    """What a placeholder stands for: a text, with a `sample` of it where that isn't known.

    `wide` is what may stand in it that would lead out of its place, such as a `/`.
    """

    text: Text
    sample: str
    wide: str = ""


Placeholders = Mapping[str, Placeholder]
Fill = Callable[[str], str]


def leads_out(characters: Iterable[str]) -> str:
    """Which of these characters would let a value leave its place in a text."""
    return "".join(sorted(set(filter(_NOT_OF_A_NAME.match, characters))))


def fill(written: str, known: Placeholders) -> str:
    """A text with what its placeholders stand for: a Template while that isn't known, Misplaced if it can't be read."""
    if "{" not in written and "}" not in written:
        return written
    parts: list[str | Text] = []
    sample: list[str] = []
    end = 0
    for token in _TOKEN.finditer(written):
        before = written[end : token.start()]
        end = token.end()
        found = _stands_for(token, known)
        if isinstance(found, Fault):
            return Misplaced(written, found)
        parts += [before, found.text]
        sample += [before, found.sample]
    text = Text.of(*parts, written[end:])
    return text.literal if text.literal is not None else Template(written, text, "".join((*sample, written[end:])))


def _stands_for(token: re.Match[str], known: Placeholders) -> Placeholder | Fault:
    whole, name = token[0], token["name"]
    if token["variable"] is not None:
        if token["variable"] in known:
            remedy = f"Write `{{{token['variable']}}}` for what ecsiam puts in; a policy variable has another name."
            return Fault(f"`{whole}` is a placeholder behind a dollar, which IAM takes for a variable", (), remedy)
        return Placeholder(Text.of(whole), whole)
    if token["brace"]:
        return Placeholder(Text.of(whole[0]), whole[0])
    if token["lone"] == "${":
        return Fault("a `${` that begins no policy variable", (), "Write one whole, `${NAME}`, or leave it out.")
    if token["lone"]:
        return Fault(f"a `{whole}` that stands alone", (), f"Write `{whole * 2}` for the character itself.")
    if name not in known:
        return Fault(f"there is no placeholder `{show(whole)}`", (), f"{_near(name, known)} A brace is written twice.")
    if known[name].wide:
        remedy = "Leave the whole value to a parameter, or give it a `form` that takes fewer characters."
        return Fault(f"a value of `{name}` may hold `{known[name].wide}`, and so leave its place in a text", (), remedy)
    return known[name]


def _near(name: str, known: Iterable[str]) -> str:
    shown = {one: f"{{{one}}}" for one in known}
    begun = next((one for one in shown if len(name) > 1 and one.startswith(name)), "")
    near = f"Did you mean `{begun}`?" if begun else did_you_mean(name, shown)
    return near.replace("`", "`{", 1).replace("`?", "}`?") or f"There are {listed(shown.values())}."


def placeholder(text: Text, sample: str, characters: Iterable[str] = ()) -> Placeholder:
    """A placeholder for a text; `characters` are all that a value of it may hold."""
    return Placeholder(text, text.literal if text.literal is not None else sample, leads_out(characters))


# ---------------------------------------------------------------- wherever they stand


def every_text(value: object, put: Fill) -> object:
    """A value with `put` applied to every text in it, whatever it is made of; the keys of mappings stay."""
    match value:
        case str():
            return put(value)
        case list() | tuple():
            return [every_text(one, put) for one in cast("Iterable[object]", value)]
        case Mapping():
            return {key: every_text(one, put) for key, one in cast("Mapping[object, object]", value).items()}
        case _:
            return value


class HoldsText(Protocol):
    """A kind of values in which placeholders may stand."""

    def filled(self, value: object, put: Fill) -> object: ...


def filled(kind: object, value: object, put: Fill) -> object:
    """A value of a kind with `put` applied to the texts in it that may hold placeholders."""
    # To ask whether it is of the protocol takes longer than to fill.
    return cast("HoldsText", kind).filled(value, put) if hasattr(kind, "filled") else value


def texts_in(value: object) -> Iterator[tuple[Path, Text]]:
    """Every text of a value that holds what is open, with its place in it."""
    match value:
        case Template():
            yield (), value.text
        case Statement():
            yield from (((), text) for text in value.texts() if text.refs)
        case tuple():
            for i, one in enumerate(cast("tuple[object, ...]", value)):
                yield from (((i, *path), text) for path, text in texts_in(one))
        case Mapping():
            for key, one in cast("Mapping[str, object]", value).items():
                yield from (((key, *path), text) for path, text in texts_in(one))
        case _:
            pass
