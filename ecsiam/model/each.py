"""Lists that are known only at deployment: each element of a list parameter, of one kind, rewritten.

`RULES` says what each rule makes of a list that is known; a target that takes list parameters has a table of the same
rules in its own language, and is tested against this one.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, get_args

from attrs import evolve, field, frozen

from ecsiam.looks.shown import Shown
from ecsiam.model.text import EMPTY, Bindings, Ref, Text, in_order, several, text, texts

Rule = Literal[
    "all",
    "secret",
    "parameter",
    "bucket",
    "object",
    "log_group",
    "services_of_cluster",
    "deployments_of_cluster",
    "revisions_of_cluster",
    "deployments_of_service",
    "revisions_of_service",
    "unless_given",
]


def _service(arn: Text) -> str | None:
    return arn.split(":", 3)[2].literal


def _bucket(arn: Text) -> Text:
    return arn.split("/", 1)[0]


def _objects(arns: Sequence[Text]) -> list[Text]:
    """Objects as they are; a bucket stands for all of its objects unless some of them are listed.

    A bare `*`, which only `profile: baseline` takes, stands for whatever there is.
    """
    objects = [a for a in arns if a.holds("/") or a == _EVERY]
    listed = {_bucket(a) for a in objects}
    return objects + [Text.of(a, "/*") for a in arns if not a.holds("/") and a not in listed | {_EVERY}]


def _secret(arn: Text) -> Text:
    """A secret's ARN without JSON key and version."""
    parts = arn.split(":", 7)[:7]
    return Text(piece for i, part in enumerate(parts) for piece in ((":", part) if i else (part,)))


# What belongs to a cluster or a service has its ARN, with another kind of resource and a name of its own behind it.
BELONGING: dict[Rule, tuple[str, str]] = {
    "services_of_cluster": (":cluster/", ":service/"),
    "deployments_of_cluster": (":cluster/", ":service-deployment/"),
    "revisions_of_cluster": (":cluster/", ":service-revision/"),
    "deployments_of_service": (":service/", ":service-deployment/"),
    "revisions_of_service": (":service/", ":service-revision/"),
}


def _belonging(rule: Rule) -> Callable[[Sequence[Text]], list[Text]]:
    kind, other = BELONGING[rule]
    return lambda arns: [Text.of(a.replace(kind, other), "/*") for a in arns]


_EVERY = text("*")
RULES: dict[Rule, Callable[[Sequence[Text]], list[Text]]] = {
    "all": list,
    "secret": lambda arns: [_secret(a) for a in arns if _service(a) == "secretsmanager"],
    "parameter": lambda arns: [a for a in arns if _service(a) == "ssm"],
    "bucket": lambda arns: [a for a in arns if not a.holds("/")],
    "object": _objects,
    # The form that CreateLogStream, PutLogEvents and the like are evaluated on.
    "log_group": lambda arns: [Text.of(a.removesuffix(":*"), ":*") for a in arns],
    **{rule: _belonging(rule) for rule in BELONGING},
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
        return tuple(Text.of(before, e, after) for e in RULES[self.rule](texts(given))) if given else otherwise

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
    return (
        *in_order([v for v in given if isinstance(v, Text)]),
        *sorted({v for v in given if isinstance(v, Each)}, key=str),
    )


def nested(items: Iterable[Item]) -> Iterator[Each]:
    """Every list parameter among the items, those included that an empty one falls back on."""
    for item in items:
        if isinstance(item, Each):
            yield item
            yield from nested(item.otherwise)
