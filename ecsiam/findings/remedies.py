"""What to write, in the language of the file that it goes into."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from attrs import frozen

from ecsiam.model.arn import partition_of
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, DNS_SUFFIX, PARTITION, Bindings, Ref, Text
from ecsiam.readers.forms import told
from ecsiam.readers.found import Place
from ecsiam.readers.needs.need import Asked
from ecsiam.readers.reading import Reading, ReadRole

_HCL = {
    ACCOUNT_ID.name: "data.aws_caller_identity.current.account_id",
    AWS_REGION.name: "data.aws_region.current.region",
    PARTITION.name: "data.aws_partition.current.partition",
    DNS_SUFFIX.name: "data.aws_partition.current.dns_suffix",
}
_CFN = {
    ACCOUNT_ID.name: "AWS::AccountId",
    AWS_REGION.name: "AWS::Region",
    PARTITION.name: "AWS::Partition",
    DNS_SUFFIX.name: "AWS::URLSuffix",
}
_LETTER = re.compile(r"\.letter\d$")
# Each has another one: a remedy is for all of them.
_EACH = r"\.(?:each|revision|stream)"
_SHOWN_EACH = re.compile(rf"\{{[^{{}}]*{_EACH}\}}")
# The keys that a grant is best narrowed by.
_NARROWING = ("kms:ViaService", "kms:EncryptionContext:", "iam:PassedToService")


def shown(text: Text) -> str:
    """A text for people: six letters that nobody knows yet are `??????`, a partition follows from the region.

    What each task, revision or stream has of its own is `*`.
    """
    parts = text.split(":", 5)
    region = parts[3].literal if len(parts) == 6 else None
    partition = partition_of(region) if region else None
    known = text.bind(Bindings(deployment={PARTITION.name: partition})) if partition else text
    return _SHOWN_EACH.sub("*", told(known))


def grant(
    role: ReadRole, way: Iterable[Asked], reading: Reading, place: Place | None = None, head: str = "Grant it that:"
) -> str:
    """The statement that gives a role some requests, in the language of the role's file, or of another place."""
    at = role.place if place is None else place
    here = _Here.at(at, role.root, reading)
    kept: dict[tuple[tuple[str, Text], ...], list[Asked]] = {}
    for one in way:  # what narrows one action is no condition of another
        kept.setdefault(tuple((k, v) for k, v in one.context if k.startswith(_NARROWING)), []).append(one)
    parts = [_Part(some, dict(condition)) for condition, some in kept.items()]
    language = _language(at)
    return "\n  ".join((head, *(line for part in parts for line in part.written(language, here, at))))


@frozen
class _Part:
    """A statement that gives some requests, under one condition."""

    asked: Sequence[Asked]
    condition: Mapping[str, Text]

    @property
    def actions(self) -> list[str]:
        return list(dict.fromkeys(one.action for one in self.asked))

    @property
    def resources(self) -> list[Text]:
        return list(dict.fromkeys(one.resource for one in self.asked))

    def written(self, language: "Language", here: "_Here", at: Place) -> Iterator[str]:
        match language:
            case "hcl":
                yield from self.hcl(here)
            case "yaml":
                yield from self.yaml(here)
            case "json":
                yield json.dumps(self.json(here, at))

    def hcl(self, here: "_Here") -> Iterator[str]:
        yield "statement {"
        yield f"  actions   = {json.dumps(self.actions)}"
        yield f"  resources = [{', '.join(_hcl(r, here) for r in self.resources)}]"
        for key, value in self.condition.items():
            inner = f'test = "StringEquals", variable = "{key}", values = [{_hcl(value, here)}]'
            yield "  condition { " + inner.replace(", ", "; ") + " }"
        yield "}"

    def yaml(self, here: "_Here") -> Iterator[str]:
        yield from ("- Effect: Allow", f"  Action: [{', '.join(self.actions)}]", "  Resource:")
        yield from (f"    - {_yaml(r, here)}" for r in self.resources)
        if self.condition:
            yield from ("  Condition:", "    StringEquals:")
            yield from (f"      {key}: {_yaml(value, here)}" for key, value in self.condition.items())

    def json(self, here: "_Here", at: Place) -> Mapping[str, object]:
        found: dict[str, object] = {"Effect": "Allow", "Action": self.actions}
        found["Resource"] = [_json(r, here, at) for r in self.resources]
        if self.condition:
            written = {key: _json(value, here, at) for key, value in self.condition.items()}
            found["Condition"] = {"StringEquals": written}
        return found


Language = Literal["hcl", "yaml", "json"]


def _language(place: Place) -> Language:
    name = place.file.lower()
    if name.endswith((".tf", ".tofu")):
        return "hcl"
    return "yaml" if name.endswith((".yaml", ".yml", ".template")) else "json"


def resources(place: Place, root: str, right: Iterable[Text], reading: Reading, *, beside: bool) -> str:
    """What to write as the resources of a statement, or beside those that it has."""
    each, here = dict.fromkeys(right), _Here.at(place, root, reading)
    match _language(place):
        case "hcl":
            lines = [f"{_hcl(one, here)}," for one in each]
        case "yaml":
            lines = [f"- {_yaml(one, here)}" for one in each]
        case _:
            lines = [f"{json.dumps(_json(one, here, place))}," for one in each]
    head = "Add to its resources:" if beside else "Write as its resource:"
    return "\n  ".join((head, *lines))


def letting_in(place: Place, service: str) -> str:
    """What to write so that a service may assume a role."""
    match _language(place):
        case "hcl":
            written = f'`principals {{ type = "Service"; identifiers = ["{service}"] }}`'
        case "yaml":
            written = f"`Principal: {{Service: {service}}}`"
        case _:
            written = f'`"Principal": {{"Service": "{service}"}}`'
    return f"Allow it `sts:AssumeRole`: {written}."


def field(place: Place, name: str) -> str:
    """A field of a task definition as the file writes it: `executionRoleArn` is `execution_role_arn` in Terraform."""
    if _language(place) == "hcl":
        return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)
    return name if not place.address or not _of_template(place) else f"{name[:1].upper()}{name[1:]}"


def condition(place: Place, operator: str, key: str, value: str) -> str:
    """A condition of a statement."""
    match _language(place):
        case "hcl":
            return f'`condition {{ test = "{operator}"; variable = "{key}"; values = ["{value}"] }}`'
        case "yaml":
            return f'`{operator}: {{"{key}": "{value}"}}`'
        case _:
            return f'`"{operator}": {{"{key}": "{value}"}}`'


@frozen
class _Here:
    """What may be written at a place: the attributes that give ARNs, called as they are there."""

    arns: Mapping[str, Text]
    prefix: str = ""
    """What the root has before the names of a stack in a stack."""

    @classmethod
    def at(cls, place: Place, root: str, reading: Reading) -> "_Here":
        found = {ref.name: arn for ref, arn in reading.arns_by_root.get(root, {}).items()}
        if not _of_template(place):
            return cls(found)
        prefix = "" if "/" in place.address else place.address.rpartition(".")[0]
        prefix = f"{prefix}." if prefix else ""
        own = {name.removeprefix(prefix): arn for name, arn in found.items() if name.startswith(prefix)}
        return cls({name: arn for name, arn in own.items() if name.count(".") <= 1}, prefix)

    def called(self, ref: Ref) -> str:
        """What a template calls a reference in `Fn::Sub`; what stands in another one is left as it is shown."""
        if ref.name in _CFN:
            return f"${{{_CFN[ref.name]}}}"
        name = ref.name.removeprefix(self.prefix)
        id, dot, _ = name.partition(".")
        own = not dot or any(id == one.partition(".")[0] for one in self.arns)
        return f"${{{name.removesuffix('.name')}}}" if own else str(ref)


def _of_template(place: Place) -> bool:
    return place.path[:1] == ("Resources",)


def _hcl(text: Text, here: _Here) -> str:
    """A text as an expression of Terraform: a reference where it is the ARN of a resource, else a template."""
    name, rest = _reference(text, here)
    if name:
        return f'"${{{name}}}{rest}"' if rest else name
    text = Text(_as_pattern(text))
    if len(text.parts) == 1 and isinstance(text.parts[0], Ref):
        return _HCL.get(text.parts[0].name, text.parts[0].name)
    return '"' + "".join(p if isinstance(p, str) else f"${{{_HCL.get(p.name, p.name)}}}" for p in text.parts) + '"'


def _cfn(text: Text, here: _Here) -> tuple[str, str]:
    """A text as a function of CloudFormation and what it takes; a plain text has none."""
    name, rest = _reference(text, here)
    if name:
        return ("Sub", f"${{{name}}}{rest}") if rest else ("GetAtt" if "." in name else "Ref", name)
    text = Text(_as_pattern(text))
    if text.literal is not None:
        return "", text.literal
    return "Sub", "".join(p if isinstance(p, str) else here.called(p) for p in text.parts)


def _yaml(text: Text, here: _Here) -> str:
    function, of = _cfn(text, here)
    if function == "Sub":
        return f'!Sub "{of}"'
    return f"!{function} {of}" if function else json.dumps(of)


def _json(text: Text, here: _Here, place: Place) -> object:
    if not _of_template(place):
        return shown(text)
    function, of = _cfn(text, here)
    match function:
        case "GetAtt":
            return {"Fn::GetAtt": of.split(".", 1)}
        case "Sub":
            return {"Fn::Sub": of}
        case "Ref":
            return {"Ref": of}
        case _:
            return of


def _reference(text: Text, here: _Here) -> tuple[str, str]:
    """The attribute that a text begins with, and the rest, which has to be plain letters; nothing for none."""
    found = ("", "")
    for name, arn in here.arns.items():
        if arn == text:
            return name, ""
        rest = text.parts[len(arn.parts) - 1 :]
        first, last = (rest[0] if rest else ""), arn.parts[-1]
        same = text.parts[: len(arn.parts) - 1] == arn.parts[:-1]
        if same and len(rest) == 1 and isinstance(first, str) and isinstance(last, str) and first.startswith(last):
            found = found if found[0] else (name, first.removeprefix(last))
        elif text.parts[: len(arn.parts)] == arn.parts and len(text.parts) == len(arn.parts) + 1:
            more = text.parts[-1]
            if isinstance(more, str):
                found = found if found[0] else (name, more)
    return found


def _as_pattern(text: Text) -> Iterable[str | Ref]:
    """With wildcards for letters, and for what each has of its own."""
    for part in text.parts:
        if isinstance(part, Ref) and _LETTER.search(part.name):
            yield "?"
        elif isinstance(part, Ref) and re.search(f"{_EACH}$", part.name):
            yield "*"
        else:
            yield part
