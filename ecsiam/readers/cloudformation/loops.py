"""`Fn::ForEach` written out, as the transform AWS::LanguageExtensions does before anything else is looked at.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
"""

import re
from collections.abc import Mapping

from attrs import evolve

from ecsiam.errors import Fault, ReadError
from ecsiam.readers.cloudformation.syntax import MOST_VALUES, Node

LOOP = "Fn::ForEach::"
TRANSFORM = "AWS::LanguageExtensions"
_NOT_IN_IDS = re.compile("[^A-Za-z0-9]")
_VARIABLE = re.compile(r"([$&])\{(\w+)\}")


def unrolled(template: Node, given: Mapping[str, str]) -> Node:
    """A template with its loops written out, but for those over what isn't known. `given` are values of parameters."""
    transform = template.get("Transform")
    named = [one.value for one in (transform.items or [transform])] if transform else []
    return _Loops(template, given).written(template, {}) if TRANSFORM in named else template


class _Loops:
    """Writes out the loops of one template."""

    def __init__(self, template: Node, given: Mapping[str, str]) -> None:
        self.template, self.given = template, given
        self.left = MOST_VALUES

    def written(self, node: Node, names: Mapping[str, str]) -> Node:
        """A node with its loops written out, and with values for the identifiers of those around it."""
        self.left -= 1
        if self.left < 0:
            what = f"its loops make more than {MOST_VALUES:,} keys and values"
            raise ReadError(Fault(what, node.path, line=node.line))
        if isinstance(node.value, str):
            return evolve(node, value=_put(node.value, names)) if names else node
        if isinstance(node.value, list):
            return evolve(node, value=[self.written(one, names) for one in node.items])
        if not isinstance(node.value, dict):
            return node
        name = node.get("Ref")
        if name is not None and len(node.fields) == 1 and isinstance(name.value, str) and name.value in names:
            return evolve(node, value=names[name.value])
        made: dict[str, Node] = {}
        for key, one in node.fields.items():
            loop = self.loop(one, names) if key.startswith(LOOP) else None
            made |= {_put(key, names): self.written(one, names)} if loop is None else loop
        return evolve(node, value=made)

    def loop(self, node: Node, names: Mapping[str, str]) -> dict[str, Node] | None:
        """What a loop makes; None where it isn't known over what it goes."""
        if len(node.items) != 3 or not isinstance(node.items[0].value, str):
            return None
        identifier, over, body = node.items
        values = self.values(self.written(over, names))
        if values is None:
            return None
        made: dict[str, Node] = {}
        for value in values:
            made |= self.written(body, {**names, str(identifier.value): value}).fields
        return made

    def values(self, over: Node) -> list[str] | None:
        if isinstance(over.value, list):
            found = [str(one.value) for one in over.items if isinstance(one.value, str | int)]
            return found if len(found) == len(over.items) else None
        name = over.get("Ref")
        if name is None or not isinstance(name.value, str):
            return None
        default = self.template.get("Parameters", name.value, "Default")
        text = self.given.get(name.value) or (None if default is None else default.value)
        return [one.strip() for one in text.split(",")] if isinstance(text, str) and text else None


def _put(written: str, names: Mapping[str, str]) -> str:
    """A text with the values of identifiers: `${Name}`, and `&{Name}` for what may stand in a logical id of it."""

    def put(found: re.Match[str]) -> str:
        value = names.get(found[2])
        return found[0] if value is None else value if found[1] == "$" else _NOT_IN_IDS.sub("", value)

    return _VARIABLE.sub(put, written) if names else written
