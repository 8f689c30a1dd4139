"""What templates hand on to each other: exports, and what parameters of SSM hold.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html
"""

import posixpath
import re
from collections.abc import Iterator, Mapping

from ecsiam.model.text import Ref, Text, text
from ecsiam.readers.cloudformation.intrinsics import Resolver
from ecsiam.readers.cloudformation.resources import Resources
from ecsiam.readers.found import symbol, symbols

_STACK = symbol("AWS::StackName")
_NAME = re.compile("[A-Za-z][A-Za-z0-9-]*")
_LONGEST = 255
Said = list[tuple[str, Text | None]]
"""What stands under a name, and in which templates; None where that isn't known."""


class Handed:
    """What the templates of a group hand on. `ids` are the parameters and resources of each."""

    def __init__(self, ids: Mapping[str, frozenset[str]]) -> None:
        self.ids = ids
        self.exports: dict[str, Said] = {}
        self.ends: dict[str, Said] = {}
        """Exports that begin with the name of their stack, by what follows."""
        self.parameters: dict[str, Said] = {}
        self.sources: dict[str, dict[str, str]] = {}
        """For each template what others handed to it: the template of each id in that."""

    def put(self, file: str, resources: Resources, resolver: Resolver) -> None:
        """Note what a template hands on."""
        outputs = resolver.template.get("Outputs")
        for output in (outputs.fields if outputs else {}).values():
            condition = output.get("Condition")
            called = resolver.text(output.get("Export", "Name"))
            if called is None or (condition is not None and resolver.condition(str(condition.value)) is False):
                continue
            value = resolver.text(output.get("Value"))
            self.exports.setdefault(str(called), []).append((file, value))
            if called.parts[:1] == (_STACK,):
                self.ends.setdefault(str(Text(called.parts[1:])), []).append((file, value))
        for name, value in _parameters(resources, resolver):
            self.parameters.setdefault(str(name), []).append((file, value))

    def export(self, name: Text, to: str) -> Text | None:
        """What is exported under a name; else by the only template whose stack the name may begin with."""
        key = str(name)
        if key in self.exports:
            return self._same(self.exports[key], to)
        first = str(name.parts[0]) if name.parts and isinstance(name.parts[0], Ref) else ""
        starts = [len(first)] if first else [i for i in range(1, _LONGEST) if _NAME.fullmatch(key[:i])]
        end = next((key[i:] for i in starts if key[i:] in self.ends), "")
        return self._same(self.ends.get(end, []), to)

    def parameter(self, name: Text, to: str) -> Text | None:
        """What a parameter of SSM holds, where a template makes it."""
        return self._same(self.parameters.get(str(name), []), to)

    def _same(self, said: Said, to: str) -> Text | None:
        """A value, if it means the same in the template that it goes to: the one of its folder, or the only one.

        What a resource or parameter is called has to be told from what is called so there already.
        """
        near = [one for one in said if posixpath.dirname(one[0]) == posixpath.dirname(to)] or said
        file, value = near[0] if len(near) == 1 else ("", None)
        if value is None or file == to:
            return value
        there = self.sources.setdefault(to, {})
        ids = {ref.name.partition(".")[0] for ref in symbols(value)}
        if any(id in self.ids[to] or there.get(id, file) != file for id in ids):
            return None
        there |= dict.fromkeys(ids, file)
        return value


def _parameters(resources: Resources, resolver: Resolver) -> Iterator[tuple[Text, Text | None]]:
    """The parameters that a template makes, also those that the CDK has for references to other regions."""
    for id, node in resources.of("AWS::SSM::Parameter"):
        name = resources.said(id, "Name")
        if name is not None:
            yield name, resolver.text(node.get("Properties", "Value"))
    for _, node in resources.of("Custom::CrossRegionExportWriter"):
        exports = node.get("Properties", "WriterProps", "exports")
        for path, value in (exports.fields if exports else {}).items():
            yield text(path), resolver.text(value)
