"""Texts and lists as CloudFormation has them: Ref, Fn::Sub, Fn::Join and Fn::If."""

from typing import cast

from troposphere import AWSHelperFn, If, Join, NoValue, Ref, Select, Split, Sub

from ecsiam.emitters.cloudformation_inputs import SORTS
from ecsiam.model.each import BELONGING, Each, Item
from ecsiam.model.names import camel_case
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, DNS_SUFFIX, EMPTY, PARTITION, Text
from ecsiam.model.text import Ref as Reference

Said = str | AWSHelperFn

PSEUDO = {
    ACCOUNT_ID: "AWS::AccountId",
    AWS_REGION: "AWS::Region",
    PARTITION: "AWS::Partition",
    DNS_SUFFIX: "AWS::URLSuffix",
}


def render(text: Text) -> Said:
    """A text as CloudFormation has it: plain, one Ref, Fn::Sub, or Fn::Join.

    Fn::Sub would take IAM's `${aws:username}` for its own, so text that holds a `$` is joined instead.
    """
    if text.literal is not None:
        return text.literal
    parts = [p if isinstance(p, str) else _reference(p) for p in text.parts]
    if len(parts) == 1:
        return parts[0]
    simple = all(isinstance(p, str | Ref) for p in parts)
    if not simple or any("$" in p for p in parts if isinstance(p, str)):  # a `$` before a reference too
        return Join("", parts)
    return Sub("".join(p if isinstance(p, str) else f"${{{cast('dict[str, str]', p.data)['Ref']}}}" for p in parts))


def _reference(ref: Reference) -> AWSHelperFn:
    if not ref.parameter:
        return Ref(PSEUDO[ref])
    value = Ref(camel_case(ref.name))
    if ref.part is not None:
        # With a `/` after it even an empty value has so many parts: Fn::Select fails on one that isn't there.
        return Select(ref.part, Split("/", Join("", [value, "/"])))
    if ref.otherwise is None:
        return value
    return If(f"{camel_case(ref.name)}IsGiven", value, render(ref.otherwise))


def optional(text: Text) -> Said:
    """A text that is not there while its parameter is empty."""
    ref = text.parts[0]
    if isinstance(ref, Reference) and ref.parameter:
        return If(f"{camel_case(ref.name)}IsGiven", Ref(camel_case(ref.name)), NoValue)
    return render(text)


def render_items(items: tuple[Item, ...]) -> object:
    """A list of resources: plain where every item is a text, else comma-separated text, split."""
    if not any(isinstance(i, Each) for i in items):
        return [render(i) for i in items if isinstance(i, Text)]
    return Split(",", _joined(items))


def _joined(items: tuple[Item, ...]) -> Said:
    """Comma-separated; a list parameter that may be empty and stands for nothing then comes last, with its comma."""
    added = [i for i in items if isinstance(i, Each) and not i.otherwise]
    sure = [render(i) if isinstance(i, Text) else _each(i) for i in items if i not in added]
    if added and sure:
        more = [If(f"{id_of(each)}IsGiven", Join("", [",", _each(each)]), "") for each in added]
        return Join("", [Join(",", sure) if sure[1:] else sure[0], *more])
    said = sure or list(map(_each, added))
    return said[0] if len(said) == 1 else Join(",", said)


def id_of(each: Each) -> str:
    """The parameter that a list is."""
    sort = SORTS.get(each.rule)
    return (sort.id if sort else "") or camel_case(each.parameter)


def _each(each: Each) -> Said:
    """The elements as comma-separated text; Fn::Join after Fn::Split puts text around each of them."""
    if each.rule == "unless_given":
        return _joined(each.otherwise)  # the statement is not there otherwise
    found: Said = Ref(id_of(each))
    match each.rule:
        case "object":
            found = _around("", found, "/*")
        case "log_group":
            found = _around("", found, ":*")
        case "all" | "secret" | "parameter" | "bucket":
            pass
        case rule:
            kind, other = BELONGING[rule]
            found = _around("", Join(other, Split(kind, found)), "/*")
    if each.before != EMPTY or each.after != EMPTY:
        found = _around(str(each.before), found, str(each.after))
    return If(f"{id_of(each)}IsGiven", found, _joined(each.otherwise)) if each.otherwise else found


def _around(before: str, elements: Said, after: str) -> Said:
    return Join("", [p for p in (before, Join(f"{after},{before}", Split(",", elements)), after) if p != ""])
