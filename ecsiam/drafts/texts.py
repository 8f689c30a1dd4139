"""Texts of what was read as a config writes them: what isn't known is left to deployment."""

import re
from collections.abc import Mapping

from attrs import define, field

from ecsiam.features.declared import PLACEHOLDERS
from ecsiam.model import forms
from ecsiam.model.arn import partition_of
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, PARTITION, Bindings, Ref, Text
from ecsiam.readers.forms import is_letter

_OF_DEPLOYMENT = {ref.name: ref.name for ref in (ACCOUNT_ID, AWS_REGION, PARTITION)}
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])|[^A-Za-z0-9]+")
_ADDRESS = re.compile(r"^(var|local|each|path|module)\.|(^|(?<=\.))aws_")


@define
class Spelling:
    """How texts are written: with the account and region that are known, and a parameter for each symbol.

    `arns` are the ARNs that attributes stand for, `parameters` has the name of each parameter by the symbol's.
    """

    home: Bindings = field(factory=Bindings)
    arns: Mapping[Ref, Text] = field(factory=dict[Ref, Text])
    parameters: dict[str, str] = field(factory=dict[str, str])

    def can(self, text: Text) -> bool:
        """Whether a text can be written: some of it is known."""
        return any(isinstance(part, str) for part in self._whole(text).parts)

    def _whole(self, text: Text) -> Text:
        """A text with the ARN in place of an attribute that it begins with."""
        first = text.parts[0] if text.parts else ""
        return Text.of(self.arns[first], *text.parts[1:]) if isinstance(first, Ref) and first in self.arns else text

    def of(self, text: Text) -> str | None:
        """A text of a config that means this one; None for a text of which nothing is known.

        The partition follows from the region, where that is written. Six letters that nobody knows are `-??????`.
        """
        text = self._whole(text).bind(self.home)
        parts = text.split(":", 5)
        region = parts[3].literal if len(parts) == 6 else None
        if region and (partition := partition_of(region)):
            text = text.bind(Bindings(deployment={PARTITION.name: partition}))
        if not self.can(text):
            return None
        return "".join(_escaped(part) if isinstance(part, str) else self._placeholder(part) for part in text.parts)

    def _placeholder(self, ref: Ref) -> str:
        if is_letter(ref):
            return "?"
        return f"{{{_OF_DEPLOYMENT.get(ref.name) or self._parameter(ref.name)}}}"

    def _parameter(self, symbol: str) -> str:
        if symbol not in self.parameters:
            words = _WORDS.split(_ADDRESS.sub("", symbol))
            name = "_".join(word.lower() for word in words if word)[: forms.PARAMETER_NAME.most - 4].strip("_")
            name = name if forms.PARAMETER_NAME.matches(name) else f"given_{name}".rstrip("_")
            taken = {*PLACEHOLDERS, *self.parameters.values()}
            numbered = (f"{name}_{i}" if i > 1 else name for i in range(1, len(taken) + 2))
            self.parameters[symbol] = next(one for one in numbered if one not in taken)
        return self.parameters[symbol]

    def known(self, text: Text) -> Text:
        """A text with what the config calls its symbols: what a stack of it has in their place."""
        parts = (
            Ref(self.parameters[part.name], parameter=True)
            if isinstance(part, Ref) and part.name in self.parameters
            else part
            for part in self._whole(text).parts
        )
        return Text(tuple(parts))


def _escaped(literal: str) -> str:
    return literal.replace("{", "{{").replace("}", "}}")
