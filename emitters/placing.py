"""Which CloudFormation template holds which services, so that a service never moves to another without need.

A role that moves would be taken away from one stack and made again by another, under the same name. So what is placed
stays, a new service goes into the first template that has room, and only one that has grown too large for its
template moves.
"""

import re
from collections.abc import Mapping
from typing import cast

from attrs import Factory, define, frozen

from ecsiam.emitters.takes import LARGEST, MOST
from ecsiam.errors import EmitError, Fault

Placement = Mapping[str, int]  # a service's name -> the number of its template
TEMPLATE = "template-([1-9][0-9]{0,5})\\.json"


@frozen
class Load:
    """What a service takes of a template; its `size` in bytes is that of a template of its own."""

    parameters: frozenset[str]
    resources: int
    outputs: int
    size: int


@define
class _Template:
    parameters: set[str] = Factory(set[str])
    resources: int = 0
    outputs: int = 0
    size: int = 0

    def takes(self, load: Load) -> bool:
        return (
            self.resources + load.resources <= MOST["Resources"]
            and self.outputs + load.outputs <= MOST["Outputs"]
            and self.size + load.size <= LARGEST
            and len(self.parameters) + len(load.parameters - self.parameters) <= MOST["Parameters"]
        )

    def add(self, load: Load) -> None:
        self.parameters |= load.parameters
        self.resources += load.resources
        self.outputs += load.outputs
        self.size += load.size


def template_name(number: int) -> str:
    """The file of a template, counted from 1."""
    return f"template-{number}.json"


def place(loads: Mapping[str, Load], before: Placement) -> dict[str, int]:
    """The number of each service's template: of those that are placed first, then of the others in the order given."""
    templates: dict[int, _Template] = {}
    found: dict[str, int] = {}
    for name, load in loads.items():
        number = before.get(name)
        if number is not None and (there := templates.setdefault(number, _Template())).takes(load):
            there.add(load)
            found[name] = number
    for name, load in loads.items():
        if name not in found:
            numbers = range(1, max(templates, default=0) + 2)
            found[name] = next(n for n in numbers if n not in templates or templates[n].takes(load))
            templates.setdefault(found[name], _Template()).add(load)
    return {name: found[name] for name in loads}


def placement_of(data: object) -> Placement:
    """What the file of an earlier run says. Raises EmitError for what none of ours wrote."""
    match data:
        case dict():
            pairs = [_placed(template, names) for template, names in cast("dict[object, object]", data).items()]
        case _:
            pairs = [None]
    if None in pairs:
        message = "this does not say which template holds which services"
        raise EmitError(Fault(message, (), "Restore it, or remove it: then services may go into other templates."))
    return {name: number for number, names in filter(None, pairs) for name in names}


def _placed(template: object, names: object) -> tuple[int, list[str]] | None:
    found = re.fullmatch(TEMPLATE, template) if isinstance(template, str) else None
    listed = cast("list[object]", names) if isinstance(names, list) else [None]
    texts = [name for name in listed if isinstance(name, str)]
    return (int(found[1]), texts) if found and len(texts) == len(listed) else None
