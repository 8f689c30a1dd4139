"""What to write, in the language of the file that it goes into."""

import json
import re
from collections.abc import Iterable
from textwrap import indent

from ecsiam.findings.spelling import Here, is_of_template, language, of_others, spelt
from ecsiam.looks.words import listed
from ecsiam.model.text import Text
from ecsiam.readers.found import Place
from ecsiam.readers.needs.need import Asked

# The keys that a grant is best narrowed by.
_NARROWING = ("kms:ViaService", "iam:PassedToService")
_WIDTH = 70
_Condition = tuple[tuple[str, Text], ...]


def grant(here: Here, way: Iterable[Asked], head: str = "Grant it that") -> str:
    """The statements that allow some requests: one for each condition, since that holds of a whole statement."""
    groups: dict[_Condition, list[Asked]] = {}
    for one in way:
        groups.setdefault(tuple((k, v) for k, v in one.context if k in _NARROWING), []).append(one)
    written = [_statement(asked, keys, here) for keys, asked in groups.items()]
    between = ",\n" if here.language in ("template", "cfn json", "json") else "\n"
    others = of_others((one.resource for asked in groups.values() for one in asked), here)
    handed = f", handing {listed(others)} to its module" if others else ""
    return f"{head}{handed}:\n" + indent(between.join(written), "  ")


def _statement(asked: list[Asked], narrowed: _Condition, here: Here) -> str:
    of = here.language
    actions = list(dict.fromkeys(one.action for one in asked))
    resources = [spelt(one, here) for one in dict.fromkeys(one.resource for one in asked)]
    keys = [(key, spelt(value, here)) for key, value in narrowed]
    if of == "hcl":
        lines = [f"actions   = {_listed(map(json.dumps, actions))}", f"resources = {_listed(resources)}"]
        lines += [_block("StringEquals", key, value) for key, value in keys]
        return _braced("statement ", lines, "")
    if of == "cfn yaml":
        lines = ["- Effect: Allow", f"  Action: [{', '.join(actions)}]", "  Resource:"]
        lines += [f"    - {one}" for one in resources]
        lines += [*(["  Condition:", "    StringEquals:"] if keys else []), *(f"      {k}: {v}" for k, v in keys)]
        return "\n".join(lines)
    elements = ['"Effect": "Allow"', f'"Action": {_listed(map(json.dumps, actions))}']
    elements.append(f'"Resource": {_listed(resources)}')
    if keys:
        elements.append(f'"Condition": {_listed((f"{json.dumps(k)}: {v}" for k, v in keys), _EQUALS)}')
    return _braced("", elements, ",")


_LIST, _EQUALS = ("[", "]"), ('{"StringEquals": {', "}}")


def _listed(items: Iterable[str], ends: tuple[str, str] = _LIST) -> str:
    """Items between two ends, on one line where they fit."""
    (first, last), all_ = ends, list(items)
    line = f"{first}{', '.join(all_)}{last}"
    return line if len(line) <= _WIDTH else f"{first}\n" + indent(",\n".join(all_), "  ") + f"\n{last}"


def _braced(name: str, lines: Iterable[str], comma: str) -> str:
    return f"{name}{{\n" + indent(f"{comma}\n".join(lines), "  ") + "\n}"


def _block(test: str, key: str, value: str) -> str:
    """A condition in Terraform: its blocks take one argument on a line."""
    return _braced("condition ", [f'test     = "{test}"', f'variable = "{key}"', f"values   = [{value}]"], "")


def resources(here: Here, right: Iterable[Text], *, beside: bool) -> str:
    """What to write as the resources of a statement, or beside those that it has."""
    written = [spelt(one, here) for one in dict.fromkeys(right)]
    lines = [f"- {one}" if here.language == "cfn yaml" else f"{one}," for one in written]
    head = "Add to its resources:" if beside else "Write as its resource:"
    return "\n  ".join((head, *lines))


def letting_in(place: Place, service: str) -> str:
    """What to write so that a service may assume a role."""
    match language(place):
        case "hcl":
            block = _braced("principals ", ['type        = "Service"', f'identifiers = ["{service}"]'], "")
            return "Allow it `sts:AssumeRole`:\n" + indent(block, "  ")
        case "cfn yaml":
            written = f"`Principal: {{Service: {service}}}`"
        case _:
            written = f'`"Principal": {{"Service": "{service}"}}`'
    return f"Allow it `sts:AssumeRole`: {written}."


def field(place: Place, name: str) -> str:
    """A field of a task definition as the file writes it: `executionRoleArn` is `execution_role_arn` in Terraform."""
    if language(place) in ("hcl", "template"):
        return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)
    return name if not place.address or not is_of_template(place) else f"{name[:1].upper()}{name[1:]}"


def condition(place: Place, operator: str, key: str, value: str) -> str:
    """A condition of a statement, with what stands before and behind it at the end of a sentence."""
    match language(place):
        case "hcl":
            return ":\n" + indent(_block(operator, key, json.dumps(value)), "  ")
        case "cfn yaml":
            return f': `{operator}: {{"{key}": "{value}"}}`.'
        case _:
            return f': `"{operator}": {{"{key}": "{value}"}}`.'
