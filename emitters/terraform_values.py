"""What texts, lists of resources and references are in Terraform: templates and expressions."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import cast

from ecsiam.emitters.hcl import RULES, escape, quoted
from ecsiam.model.each import Each, Item
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, DNS_SUFFIX, EMPTY, PARTITION, Ref, Text

DATA = {
    ACCOUNT_ID: ("aws_caller_identity", "account_id"),
    AWS_REGION: ("aws_region", "id"),  # `name` is deprecated in provider 6, `region` missing in 5; `id` is in both
    PARTITION: ("aws_partition", "partition"),
    DNS_SUFFIX: ("aws_partition", "dns_suffix"),
}
# What the local values begin with that belong to no role: each of several services in one module has its own.
OWN: ContextVar[str] = ContextVar("own", default="")


def _reference(ref: Ref) -> str:
    """A reference as an HCL expression."""
    if not ref.parameter:
        source, attribute = DATA[ref]
        return f"data.{source}.current.{attribute}"
    value = f"var.{ref.name}"
    if ref.part is not None:
        return f'element(split("/", {value}), {ref.part})'
    if ref.otherwise is None:
        return value
    return f"local.{chosen_as(ref.name)}"


def chosen_as(parameter: str) -> str:
    """The local value of what a parameter or else its fallback says."""
    return f"{OWN.get()}chosen_{parameter}"


def render(text: Text) -> str:
    """A text as a Terraform template."""
    return _template(text, escape)


def _template(text: Text, literal: Callable[[str], str]) -> str:
    template = ""
    for part in text.parts:
        if isinstance(part, str):
            template += literal(part)
        else:  # a `$` before it would make it plain text, unless an expression says that `$`
            before = template.rstrip("$")
            dollars = template.removeprefix(before)
            template = before + (f'${{"{dollars}"}}' if dollars else "") + f"${{{_reference(part)}}}"
    return template


def expression(text: Text) -> str:
    """A text as an HCL expression."""
    if len(text.parts) == 1 and isinstance(text.parts[0], Ref):
        return f"({_reference(text.parts[0])})"
    return f'"{_inside(text)}"'


def _inside(text: Text) -> str:
    """A text as part of a quoted string of HCL."""
    return _template(text, lambda part: quoted(part)[1:-1])


def optional(text: Text) -> str:
    """A text that is null while its parameter is empty."""
    match text.parts:
        case (Ref(name, parameter=True),):
            return f'${{var.{name} == "" ? null : var.{name}}}'
        case _:
            return render(text)


def render_items(items: tuple[Item, ...]) -> object:
    """A list of resources: plain where every item is a text, else one expression, in order and without doubles."""
    if not any(isinstance(i, Each) for i in items):
        return [render(i) for i in items if isinstance(i, Text)]
    return f"${{sort(distinct({_concat(items)}))}}"


def _concat(items: tuple[Item, ...]) -> str:
    plain = ", ".join(expression(i) for i in items if isinstance(i, Text))
    lists = [f"[{plain}]"] if plain else []
    lists += [_each(i) for i in items if isinstance(i, Each)]
    return lists[0] if len(lists) == 1 else f"concat({', '.join(lists)})"


def _each(each: Each) -> str:
    variable = f"var.{each.parameter}"
    found = RULES[each.rule](variable)
    if each.before != EMPTY or each.after != EMPTY:
        found = f'[for e in {found} : "{_inside(each.before)}${{e}}{_inside(each.after)}"]'
    if not each.otherwise:
        return found
    return f"(length({variable}) > 0 ? tolist({found}) : tolist({_concat(each.otherwise)}))"


def keys_escaped(value: object) -> object:
    """The same data with the keys of its objects as templates too: Terraform reads them as such."""
    match value:
        case dict():
            return {escape(k): keys_escaped(v) for k, v in cast("dict[str, object]", value).items()}
        case list():
            return [keys_escaped(v) for v in cast("list[object]", value)]
        case _:
            return value
