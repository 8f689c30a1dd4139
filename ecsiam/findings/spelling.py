"""How a text is written in the language of a file: what isn't known of it by the names that the file has for it."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Literal

from attrs import frozen

from ecsiam.model.arn import partition_of
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, DNS_SUFFIX, PARTITION, Bindings, Ref, Text
from ecsiam.readers.forms import told
from ecsiam.readers.found import Place, symbols
from ecsiam.readers.reading import Reading

Language = Literal["hcl", "template", "cfn yaml", "cfn json", "json"]
"""Terraform's blocks, its objects and JSON texts (which are written alike), CloudFormation's two, and plain JSON."""

_HCL = {
    ACCOUNT_ID.name: "data.aws_caller_identity.current.account_id",
    AWS_REGION.name: "data.aws_region.current.name",
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


@frozen
class Here:
    """Where something is written, and what gives ARNs there, by the names that they have there."""

    place: Place
    arns: Mapping[str, Text]
    prefix: str = ""
    """What the root has before the names of a stack in a stack."""

    @classmethod
    def of(cls, place: Place, root: str, reading: Reading) -> "Here":
        """A place of a root: what other roots have, or other stacks, has no name here."""
        arns = {ref.name: arn for ref, arn in reading.arns_by_root.get(root, {}).items()}
        if not is_of_template(place):
            return cls(place, arns)
        prefix = "" if "/" in place.address else place.address.rpartition(".")[0]
        prefix = f"{prefix}." if prefix else ""
        own = {name.removeprefix(prefix): arn for name, arn in arns.items() if name.startswith(prefix)}
        return cls(place, {name: arn for name, arn in own.items() if name.count(".") <= 1}, prefix)

    @property
    def language(self) -> Language:
        """The language of the file."""
        return language(self.place)

    def called(self, ref: Ref) -> str:
        """What a template calls a reference in `Fn::Sub`; what stands in another one is left as it is shown."""
        if ref.name in _CFN:
            return f"${{{_CFN[ref.name]}}}"
        name = ref.name.removeprefix(self.prefix)
        id, dot, _ = name.partition(".")
        return f"${{{name.removesuffix('.name')}}}" if not dot or self.has(id) else str(ref)

    def has(self, id: str) -> bool:
        """Whether a resource is of this template."""
        return any(id == one.partition(".")[0] for one in self.arns)


def is_of_template(place: Place) -> bool:
    """Whether a place is in a template of CloudFormation."""
    return place.path[:1] == ("Resources",)


def language(place: Place) -> Language:
    """The language of the file of a place."""
    name = place.file.lower()
    if name.endswith((".tf", ".tofu")):
        return "template" if "Statement" in place.path else "hcl"
    if name.endswith((".tf.json", ".tofu.json")):
        return "template"
    if name.endswith((".yaml", ".yml", ".template")):
        return "cfn yaml"
    return "cfn json" if is_of_template(place) else "json"


def shown(text: Text) -> str:
    """A text for people: six letters that nobody knows yet are `??????`, a partition follows from the region.

    What each task, revision or stream has of its own is `*`.
    """
    parts = text.split(":", 5)
    region = parts[3].literal if len(parts) == 6 else None
    partition = partition_of(region) if region else None
    known = text.bind(Bindings(deployment={PARTITION.name: partition})) if partition else text
    return _SHOWN_EACH.sub("*", told(known))


def spelt(text: Text, here: Here) -> str:
    """A text as a value in the language of a place."""
    match here.language:
        case "hcl":
            return _hcl(text, here)
        case "template":
            found = _hcl(text, here)
            return found if found.startswith('"') else f'"${{{found}}}"'
        case "cfn yaml":
            return _cfn_yaml(*_cfn(text, here))
        case "cfn json":
            return _cfn_json(*_cfn(text, here))
        case _:
            return json.dumps(shown(text))


# ---------------------------------------------------------------- Terraform


def _hcl(text: Text, here: Here) -> str:
    """A text as an expression of Terraform: a reference where it is the ARN of a resource, else a template.

    What another module has can't be named; its ARN can, where the name is known.
    """
    known = symbols(Text(_as_pattern(text)))
    own = _module(here.place.address)
    whole, longer = _reference(text, here), _longer(text, here)
    if whole is not None and (known or _module(whole) == own):
        return whole.removeprefix(own)
    if longer is not None and (known or _module(longer[0]) == own):
        return f'"${{{longer[0].removeprefix(own)}}}{longer[1]}"'
    text = Text(_as_pattern(text))
    names = [p if isinstance(p, str) else _HCL.get(p.name, p.name.removeprefix(own)) for p in text.parts]
    if len(text.parts) == 1 and isinstance(text.parts[0], Ref):
        return names[0]
    return '"' + "".join(n if isinstance(p, str) else f"${{{n}}}" for n, p in zip(names, text.parts, strict=True)) + '"'


_MODULE = re.compile(r"(module\.[^.\[]+(\[[^\]]*\])?\.)*")


def _module(address: str) -> str:
    """The modules that an address begins with, `module.roles.`; of the root's none."""
    found = _MODULE.match(address)
    return found[0] if found else ""


def of_others(texts: Iterable[Text], here: Here) -> tuple[str, ...]:
    """What another module of Terraform has, and these texts can't be written without."""
    if here.language not in ("hcl", "template"):
        return ()
    found = (_MODULE_NAME.findall(_hcl(text, here)) for text in texts)
    return tuple(dict.fromkeys(name for names in found for name in names))


_MODULE_NAME = re.compile(r"module\.[^\s}\"]+")


# ---------------------------------------------------------------- CloudFormation

# What gives the ARN of a resource in CloudFormation, by service: an attribute, or `Ref` where that is the ARN.
_CFN_ARN = {
    **dict.fromkeys(("dynamodb", "elasticfilesystem", "kinesis", "kms", "lambda", "s3", "sqs"), ".Arn"),
    **dict.fromkeys(("secretsmanager", "sns", "states"), ""),
}
_OWN = (".name", ".id")


def _cfn(text: Text, here: Here) -> tuple[str, str]:
    """An intrinsic function with its argument; without one a plain text."""
    whole = _reference(text, here)
    longer = (whole, "") if whole is not None else _longer(text, here) or _of_template(text, here)
    if longer is not None:
        name, rest = longer
        return ("Sub", f"${{{name}}}{rest}") if rest else ("GetAtt" if "." in name else "Ref", name)
    text = Text(_as_pattern(text))
    if text.literal is not None:
        return "", text.literal
    return "Sub", "".join(p if isinstance(p, str) else here.called(p) for p in text.parts)


def _cfn_yaml(function: str, given: str) -> str:
    if not function:
        return json.dumps(given)
    return f"!Sub {json.dumps(given)}" if function == "Sub" else f"!{function} {given}"


def _cfn_json(function: str, given: str) -> str:
    if not function:
        return json.dumps(given)
    name = function if function == "Ref" else f"Fn::{function}"
    return json.dumps({name: given.split(".", 1) if function == "GetAtt" else given})


def _of_template(text: Text, here: Here) -> tuple[str, str] | None:
    """What gives an ARN that ends with the name of a resource of the template, and what stands after it."""
    start = text.split(":", 5)
    attribute = _CFN_ARN.get(str(start[2])) if len(start) == 6 else None
    names = [i for i, part in enumerate(text.parts) if isinstance(part, Ref) and part.name.endswith(_OWN)]
    if attribute is None or len(names) != 1:
        return None
    (at,) = names
    own, before, rest = text.parts[at], text.parts[at - 1], text.parts[at + 1 :]
    letters = [i for i, part in enumerate(rest) if isinstance(part, Ref) and _LETTER.search(part.name)]
    if letters:  # a secret's name goes on with a hyphen and six letters that AWS chooses
        rest = rest[letters[-1] + 1 :]
    end = rest[0] if rest else ""
    plain = isinstance(own, Ref) and isinstance(before, str) and before.endswith((":", "/")) and len(rest) < 2
    if not plain or not isinstance(end, str):
        return None
    id = str(own)[1:-1].removeprefix(here.prefix).rpartition(".")[0]
    return (f"{id}{attribute}", end) if here.has(id) else None


# ---------------------------------------------------------------- attributes


def _reference(text: Text, here: Here) -> str | None:
    """The attribute whose value a text is."""
    return next((name for name, arn in here.arns.items() if arn == text), None)


def _longer(text: Text, here: Here) -> tuple[str, str] | None:
    """The attribute that a text begins with, and the rest, of which all has to be known."""
    for name, arn in here.arns.items():
        *start, last = arn.parts
        at = len(start)
        first = text.parts[at] if len(text.parts) > at and list(text.parts[:at]) == start else ""
        if first == last or (
            isinstance(first, str) and isinstance(last, str) and first.startswith((f"{last}:", f"{last}/"))
        ):
            more = "" if first == last else str(first).removeprefix(str(last))
            rest = Text.of(more, *_as_pattern(Text(text.parts[at + 1 :]))).literal
            if rest:
                return name, rest
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
