"""The values of keys as a policy has them: texts, and items of a list of resources."""

from collections.abc import Iterable, Sequence

from ecsiam.model.each import RULES, Each, Item, Rule, items_in_order
from ecsiam.model.parameter import Parameter
from ecsiam.model.text import Ref, Template, Text, text, texts

Many = Sequence[str] | Parameter


def as_text(value: object, otherwise: str | Ref | Text = "") -> Text:
    """A value as text. `otherwise` is what an empty one, or an empty parameter, stands for."""
    if isinstance(value, Parameter):
        return Text.of(Ref(value.name, parameter=True, otherwise=text(otherwise)))
    return text(value if isinstance(value, Template) else str(value) if value else otherwise)


def known(values: Many) -> Sequence[str]:
    """What a list holds, as far as it is known: nothing, while it is a parameter."""
    return () if isinstance(values, Parameter) else values


def empty(values: Many) -> bool:
    """Whether a list is empty, or a parameter that is unless the deployment gives it."""
    return not (values.default if isinstance(values, Parameter) else values)


def left_open(*values: Many) -> tuple[str, ...]:
    """The parameters among some lists, by name."""
    return tuple(value.name for value in values if isinstance(value, Parameter))


def resources(values: Many, rule: Rule = "all", otherwise: Iterable[Item] = ()) -> tuple[Item, ...]:
    """A list as resources, each as `rule` rewrites it; `otherwise` when it is empty."""
    if isinstance(values, Parameter):
        return (Each(values.name, rule, otherwise=items_in_order(otherwise)),)
    return tuple(RULES[rule](texts(values))) or tuple(otherwise)


def wrapped(values: Many, before: Iterable[Text], after: str, otherwise: Iterable[Item]) -> tuple[Item, ...]:
    """A list as resources, between each of `before` and `after`; `otherwise` when it is empty."""
    if isinstance(values, Parameter):
        others = items_in_order(otherwise)
        return tuple(Each(values.name, "all", b, text(after), otherwise=others) for b in before)
    return tuple(Text.of(b, v, after) for b in before for v in values) or tuple(otherwise)
