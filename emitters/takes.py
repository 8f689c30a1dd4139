"""What CloudFormation takes: how large the parts of a template may be, and which values it leaves as they are.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/parameters-section-structure.html
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from ecsiam.errors import Fault, Path, show

LONGEST_VALUE = 4096  # of a parameter, in bytes; ours are ASCII
MOST = {"Parameters": 200, "Resources": 500, "Outputs": 200}
LONGEST_NAME = 255
LARGEST = 1_000_000  # bytes of a template in S3; 51,200 go with the call itself
DESCRIPTION = 1024  # bytes, of the template and of an output
# Of a parameter, in characters.
TEXTS = {"Description": 4000, "ConstraintDescription": 4000}
_SHORTEN = "Write less."

_REFERENCE = "{{resolve:"
_CLASS = re.compile(r"\[(?:[^\]\\]|\\.)*\]")
_RANGE = re.compile(r"(.)-(.)", re.DOTALL)


def looked_up(text: str) -> bool:
    """Whether CloudFormation takes a part of a text for a dynamic reference, and puts something else there."""
    return _REFERENCE in text


def literal(pattern: str) -> str:
    """A form's pattern without the values in which a dynamic reference could stand.

    Patterns have no look-around, so no character class has a `{` any more: what is left is that of `${...}`.
    """
    return _CLASS.sub(lambda found: _without_brace(found[0]), pattern)


def _without_brace(characters: str) -> str:
    if re.fullmatch(characters, "{") is None:
        return characters
    spread = _RANGE.sub(lambda r: f"{r[1]}-z|-{r[2]}" if r[1] <= "{" <= r[2] else r[0], characters)
    return spread.replace("{", "")


def references(data: object, path: Path = ()) -> Iterator[Fault]:
    """Each text of a template in which a dynamic reference stands, wherever that is: none of them is ours."""
    if isinstance(data, str) and looked_up(data):
        yield Fault(f"CloudFormation would look up the reference in `{show(data)}`", path, "Leave it out.")
    elif isinstance(data, dict):
        for key, value in cast("dict[str, object]", data).items():
            yield from references(key, (*path, "Key"))
            yield from references(value, (*path, key))
    elif isinstance(data, list):
        for i, value in enumerate(cast("list[object]", data)):
            yield from references(value, (*path, i))


def too_much(template: Mapping[str, Any]) -> Iterator[Fault]:
    """Where a template is over a limit that nobody can have raised."""
    for section, most in MOST.items():
        members = cast("Mapping[str, object]", template.get(section, {}))
        if len(members) > most:
            yield Fault(f"CloudFormation takes {most} {section.lower()}, and there are {len(members)}")
        for name in members:
            yield from _longer(f"the name `{show(name)}`", len(name), LONGEST_NAME, "Call it something shorter.")
    yield from _longer("the template's description", _bytes(template.get("Description", "")), DESCRIPTION)
    for name, output in template.get("Outputs", {}).items():
        length = _bytes(output.get("Description", ""))
        yield from _longer(f"the description of the output `{name}`", length, DESCRIPTION)
    for name, parameter in template.get("Parameters", {}).items():
        for key, most in TEXTS.items():
            yield from _longer(f"`{key}` of the parameter `{name}`", len(parameter.get(key, "")), most)
        length = _bytes(parameter.get("Default", ""))
        yield from _longer(f"the default of the parameter `{name}`", length, LONGEST_VALUE)
    # Without its indentation it is measured in no time, and with it no template is eight times as long.
    if 8 * len(json.dumps(template)) > LARGEST:
        yield from _longer("the template", len(json.dumps(template, indent=2)), LARGEST, "Split the service in two.")


def _longer(what: str, length: int, most: int, remedy: str = _SHORTEN) -> Iterator[Fault]:
    if length > most:
        yield Fault(f"{what} has {length:,} characters, CloudFormation takes {most:,}", (), remedy)


def _bytes(value: object) -> int:
    return len(str(value).encode(errors="replace"))
