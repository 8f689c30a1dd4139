"""Lists that are known only at deployment: each element of a list parameter, of one kind, rewritten.

`RULES` says what each rule makes of a list that is known; a target that takes list parameters has a table of the same
rules in its own language, and is tested against this one.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, get_args

from attrs import evolve, field, frozen

from ecsiam.looks.shown import Shown
from ecsiam.model.text import EMPTY, Bindings, Ref, Text, in_order, several, text

Rule = Literal["all", "secret", "parameter", "bucket", "object", "log_group", "services_of_cluster", "unless_given"]


def _service(arn: str) -> str:
    return arn.split(":")[2]


def _objects(arns: Sequence[str]) -> list[str]:
    """Objects as they are; a bucket stands for all of its objects unless some of them are listed.

    A bare `*`, which only `profile: baseline` takes, stands for whatever there is.
    """
    objects = [a for a in arns if "/" in a or a == "*"]
    listed = {a.split("/", 1)[0] for a in objects}
    return objects + [f"{a}/*" for a in arns if "/" not in a and a not in listed | {"*"}]


RULES: dict[Rule, Callable[[Sequence[str]], list[str]]] = {
    "all": list,
    "secret": lambda arns: [":".join(a.split(":")[:7]) for a in arns if _service(a) == "secretsmanager"],
    "parameter": lambda arns: [a for a in arns if _service(a) == "ssm"],
    "bucket": lambda arns: [a for a in arns if "/" not in a],
    "object": _objects,
    # The form that CreateLogStream, PutLogEvents and the like are evaluated on.
    "log_group": lambda arns: [f"{a.removesuffix(':*')}:*" for a in arns],
    "services_of_cluster": lambda arns: [f"{a.replace(':cluster/', ':service/', 1)}/*" for a in arns],
    # No element: only what an empty list stands for counts.
    "unless_given": lambda arns: [],
}
assert tuple(RULES) == get_args(Rule)


@frozen(repr=False)
class Each(Shown):
    """Each element of a list parameter that `rule` keeps, as it rewrites it, between `before` and `after`.

    `otherwise` is what an empty list stands for.
    """

    parameter: str
    rule: Rule
    before: Text = field(default=EMPTY, converter=text)
    after: Text = field(default=EMPTY, converter=text)
    otherwise: "tuple[Item, ...]" = ()

    def bind(self, values: Bindings) -> "tuple[Item, ...]":
        before, after = self.before.bind(values), self.after.bind(values)
        # Two of them may be one now, or stand in another order: as a statement's own resources.
        otherwise = items_in_order(b for item in self.otherwise for b in bind_item(item, values))
        given = values.parameters.get(self.parameter)
        if not isinstance(given, tuple):
            return (evolve(self, before=before, after=after, otherwise=otherwise),)
        return tuple(Text.of(before, e, after) for e in RULES[self.rule](given)) if given else otherwise

    def __str__(self) -> str:
        return f"{{{self.before}each {self.rule} of {self.parameter}{self.after}}}"

    def _says(self) -> str:
        return str(self)


Item = Text | Each


def bind_item(item: Item, values: Bindings) -> tuple[Item, ...]:
    """What an item becomes once `values` are known: a list parameter gives any number of texts."""
    return item.bind(values) if isinstance(item, Each) else (item.bind(values),)


def items(values: str | Ref | Text | Each | Iterable[str | Ref | Text | Each]) -> tuple[Item, ...]:
    """`values` as items of a resource list, in order; a lone one counts as a list of one."""
    return tuple(v if isinstance(v, Each) else text(v) for v in several(values, (str, Ref, Text, Each), "a text"))


def items_in_order(values: Iterable[Item]) -> tuple[Item, ...]:
    """Without doubles, sorted, texts first."""
    given = tuple(values)
    each = sorted({v for v in given if isinstance(v, Each)}, key=str)
    return (*in_order(v for v in given if isinstance(v, Text)), *each)


def nested(items: Iterable[Item]) -> Iterator[Each]:
    """Every list parameter among the items, those included that an empty one falls back on."""
    for item in items:
        if isinstance(item, Each):
            yield item
            yield from nested(item.otherwise)
