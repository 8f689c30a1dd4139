"""What to write, in the language of the file that it goes into."""

import json
import re
from collections.abc import Iterable
from typing import Literal

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
_NARROWING = ("kms:", "iam:PassedToService")


def shown(text: Text) -> str:
    """A text for people: six letters that nobody knows yet are `??????`, a partition follows from the region.

    What each task, revision or stream has of its own is `*`.
    """
    parts = text.split(":", 5)
    region = parts[3].literal if len(parts) == 6 else None
    partition = partition_of(region) if region else None
    known = text.bind(Bindings(deployment={PARTITION.name: partition})) if partition else text
    return _SHOWN_EACH.sub("*", told(known))


def grant(role: ReadRole, way: Iterable[Asked], reading: Reading) -> str:
    """The statement that gives a role some requests, in the language of the role's file."""
    asked = tuple(way)
    actions = list(dict.fromkeys(one.action for one in asked))
    resources = list(dict.fromkeys(one.resource for one in asked))
    condition = {key: value for one in asked for key, value in one.context if key.startswith(_NARROWING)}
    language = _language(role.place)
    if language == "hcl":
        lines = [
            f"actions   = {json.dumps(actions)}",
            f"resources = [{', '.join(_hcl(r, reading) for r in resources)}]",
        ]
        for key, value in condition.items():
            inner = f'test = "StringEquals", variable = "{key}", values = [{_hcl(value, reading)}]'
            lines.append("condition { " + inner.replace(", ", "; ") + " }")
        return "Grant it that:\n  statement {\n" + "".join(f"    {line}\n" for line in lines) + "  }"
    if language == "yaml":
        lines = ["- Effect: Allow", f"  Action: [{', '.join(actions)}]", "  Resource:"]
        lines += [f"    - {_cfn(r, reading)}" for r in resources]
        if condition:
            lines += ["  Condition:", "    StringEquals:"]
            lines += [f"      {key}: {_cfn(value, reading)}" for key, value in condition.items()]
        return "Grant it that:\n" + "\n".join(f"  {line}" for line in lines)
    statement: dict[str, object] = {"Effect": "Allow", "Action": actions, "Resource": [shown(r) for r in resources]}
    if condition:
        statement["Condition"] = {"StringEquals": {key: shown(value) for key, value in condition.items()}}
    return f"Grant it that:\n  {json.dumps(statement)}"


Language = Literal["hcl", "yaml", "json"]


def _language(place: Place) -> Language:
    name = place.file.lower()
    if name.endswith((".tf", ".tofu")):
        return "hcl"
    return "yaml" if name.endswith((".yaml", ".yml", ".template")) else "json"


def resources(place: Place, right: Iterable[Text], reading: Reading, *, beside: bool) -> str:
    """What to write as the resources of a statement, or beside those that it has."""
    each = dict.fromkeys(right)
    match _language(place):
        case "hcl":
            lines = [f"{_hcl(one, reading)}," for one in each]
        case "yaml":
            lines = [f"- {_cfn(one, reading)}" for one in each]
        case _:
            lines = [f"{json.dumps(shown(one))}," for one in each]
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
    return name if not place.address or place.path[:1] != ("Resources",) else f"{name[:1].upper()}{name[1:]}"


def condition(place: Place, operator: str, key: str, value: str) -> str:
    """A condition of a statement."""
    match _language(place):
        case "hcl":
            return f'`condition {{ test = "{operator}"; variable = "{key}"; values = ["{value}"] }}`'
        case "yaml":
            return f'`{operator}: {{"{key}": "{value}"}}`'
        case _:
            return f'`"{operator}": {{"{key}": "{value}"}}`'


def _hcl(text: Text, reading: Reading) -> str:
    """A text as an expression of Terraform: a reference where it is the ARN of a resource, else a template."""
    whole = _reference(text, reading)
    if whole is not None:
        return whole
    longer = _longer(text, reading)
    if longer is not None:
        return f'"${{{longer[0]}}}{longer[1]}"'
    text = Text(_as_pattern(text))
    if len(text.parts) == 1 and isinstance(text.parts[0], Ref):
        return _HCL.get(text.parts[0].name, text.parts[0].name)
    return '"' + "".join(p if isinstance(p, str) else f"${{{_HCL.get(p.name, p.name)}}}" for p in text.parts) + '"'


# What gives the ARN of a resource in CloudFormation, by service: an attribute, or `Ref` where that is the ARN.
_CFN_ARN = {"s3": ".Arn", "sqs": ".Arn", "dynamodb": ".Arn", "kinesis": ".Arn", "secretsmanager": "", "sns": ""}


def _cfn(text: Text, reading: Reading) -> str:
    whole = _reference(text, reading)
    if whole is not None:
        return f"!GetAtt {whole}" if "." in whole else f"!Ref {whole}"
    longer = _longer(text, reading) or _of_template(text)
    if longer is not None:
        name, rest = longer
        return f'!Sub "${{{name}}}{rest}"' if rest else f"!GetAtt {name}" if "." in name else f"!Ref {name}"
    text = Text(_as_pattern(text))
    if text.literal is not None:
        return json.dumps(text.literal)
    named = (p if isinstance(p, str) else f"${{{_CFN.get(p.name, p.name.removesuffix('.name'))}}}" for p in text.parts)
    return f'!Sub "{"".join(named)}"'


def _of_template(text: Text) -> tuple[str, str] | None:
    """What gives an ARN that ends with the name of a resource of the template, and what stands after it."""
    start = text.split(":", 5)
    attribute = _CFN_ARN.get(str(start[2])) if len(start) == 6 else None
    names = [i for i, part in enumerate(text.parts) if isinstance(part, Ref) and part.name.endswith(".name")]
    if attribute is None or len(names) != 1:
        return None
    (at,) = names
    own, before, rest = text.parts[at], text.parts[at - 1], text.parts[at + 1 :]
    letters = [i for i, part in enumerate(rest) if isinstance(part, Ref) and _LETTER.search(part.name)]
    if letters:  # a secret's name goes on with a hyphen and six letters that AWS chooses
        rest = rest[letters[-1] + 1 :]
    end = rest[0] if rest else ""
    plain = isinstance(own, Ref) and isinstance(before, str) and before.endswith((":", "/")) and len(rest) < 2
    return (f"{str(own)[1:-1].removesuffix('.name')}{attribute}", end) if plain and isinstance(end, str) else None


def _reference(text: Text, reading: Reading) -> str | None:
    """The attribute whose value a text is."""
    return next((ref.name for arns in reading.arns_by_root.values() for ref, arn in arns.items() if arn == text), None)


def _longer(text: Text, reading: Reading) -> tuple[str, str] | None:
    """The attribute that a text begins with, and the rest, which has to be plain letters."""
    for ref, arn in ((ref, arn) for arns in reading.arns_by_root.values() for ref, arn in arns.items()):
        rest = text.parts[len(arn.parts) - 1 :]
        first, last = (rest[0] if rest else ""), arn.parts[-1]
        same = text.parts[: len(arn.parts) - 1] == arn.parts[:-1]
        if same and len(rest) == 1 and isinstance(first, str) and isinstance(last, str) and first.startswith(last):
            return ref.name, first.removeprefix(last)
        if text.parts[: len(arn.parts)] == arn.parts and len(text.parts) == len(arn.parts) + 1:
            more = text.parts[-1]
            if isinstance(more, str):
                return ref.name, more
    return None


def _as_pattern(text: Text) -> Iterable[str | Ref]:
    """With wildcards for letters, and for what each has of its own."""
    for part in text.parts:
        if isinstance(part, Ref) and _LETTER.search(part.name):
            yield "?"
        elif isinstance(part, Ref) and re.search(f"{_EACH}$", part.name):
            yield "*"
        else:
            yield part
