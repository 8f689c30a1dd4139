"""How much of what IAM limits a stack has: characters as IAM counts them, attachments, tags.

Of a policy IAM counts all but white space; of names, paths and descriptions every character. What is left to deployment
has a least and a greatest size.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence

from attrs import evolve, frozen

from ecsiam.errors import Fault, Path
from ecsiam.model.document import policy_to_data
from ecsiam.model.each import Each, Item, nested
from ecsiam.model.policy import Policy
from ecsiam.model.quotas import QUOTAS, Quota
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Statement
from ecsiam.model.text import Ref, Text

# The shortest and the longest that a text of the deployment can be; those of parameters have a form.
_LENGTHS = {"account_id": (12, 12), "aws_region": (6, 32), "partition": (3, 16), "dns_suffix": (1, 32)}
_WHITE = frozenset(" \t\n\r")
_UNCLEAR = frozenset("\x85\xa0")  # white space to Unicode; whether to IAM is not documented
_ESCAPE = len("\\u00e9")  # so JSON may be written of what is no ASCII, and by Terraform of these
_ESCAPED = frozenset("<>&")


@frozen
class Size:
    """Between how much something has; `most` is None where a list parameter sets it."""

    least: int = 0
    most: int | None = 0

    def __add__(self, other: "Size") -> "Size":
        most = None if self.most is None or other.most is None else self.most + other.most
        return Size(self.least + other.least, most)


@frozen
class Part:
    """A part of what is measured: an inline policy, by its id. `when` names the flag parameter that it is there for."""

    size: Size
    policy: str = ""
    when: str = ""


@frozen
class Measure:
    """How much of one quota a role takes, by its parts. `path` is where; `open` are the names of what sets it."""

    quota: Quota
    role: str
    path: Path
    parts: tuple[Part, ...]
    open: tuple[str, ...] = ()

    @property
    def what(self) -> str:
        """What is measured."""
        return self.quota.what.format(self.role)

    @property
    def size(self) -> Size:
        """How much there is, whatever the flags are."""
        return sum((Size(0, p.size.most) if p.when else p.size for p in self.parts), Size())

    @property
    def with_all_on(self) -> Size:
        """How much there is with all flags on."""
        return sum((p.size for p in self.parts), Size())

    @property
    def flags(self) -> tuple[str, ...]:
        """The flag parameters that some of it is there for."""
        return tuple(dict.fromkeys(p.when for p in self.parts if p.when))

    def says(self, count: int) -> str:
        """That much of it in words."""
        return f"{self.what}: {count:,} {self.quota.unit}"

    @property
    def shares(self) -> str:
        """Which policies take the room, the largest first, as the end of a sentence."""
        named = sorted((p for p in self.parts if p.policy), key=lambda part: (-part.size.least, part.policy))
        return f": {', '.join(f'{part.size.least:,} of `{part.policy}`' for part in named)}" if named else ""


def measures(stack: Stack) -> Iterator[Measure]:
    """All that IAM limits of the roles."""
    for role in stack.roles.values():
        yield from _of_role(stack, role)


def over(stack: Stack) -> Iterator[Fault]:
    """What IAM takes of no account, whatever is left to deployment: which policy takes the room, and what to do."""
    for one in measures(stack):
        if one.size.least > one.quota.most:
            message = f"{one.says(one.size.least)}, and IAM takes {one.quota.most:,}{one.shares}"
            yield Fault(message, one.path, one.quota.remedy)


def _of_role(stack: Stack, role: Role) -> Iterator[Measure]:
    def measure(quota: str, *path: str, parts: Iterable[Part], left: Iterable[str] = ()) -> Measure:
        return Measure(QUOTAS[quota], role.id, ("roles", role.id, *path), tuple(parts), tuple(dict.fromkeys(left)))

    def count(quota: str, path: str, size: int) -> Measure:
        return measure(quota, path, parts=[Part(_exactly(size))])

    def name(quota: str, *path: str, text: Text) -> Measure:
        return measure(quota, *path, parts=[Part(_text(stack, text, _plain))])

    policies = role.policies.values()
    yield measure(
        "role_inline_policies_size",
        "policies",
        parts=[Part(_document(stack, p.document), p.id, p.when) for p in policies],
        left=_left_open(p.document for p in policies),
    )
    yield measure(
        "role_trust_policy_length",
        "trust",
        parts=[Part(_document(stack, role.trust))],
        left=_left_open([role.trust]),
    )
    yield count("managed_policies_per_role", "managed_policy_arns", len(role.managed_policy_arns))
    yield count("role_tags", "tags", len(role.tags))
    yield count("role_path_length", "path", len(role.path))
    yield name("role_name_length", "name", text=role.name)
    for policy in policies:
        yield name("policy_name_length", "policies", policy.id, "name", text=policy.name)
    yield name("role_description_length", "description", text=role.description)


# ---------------------------------------------------------------- documents


def _document(stack: Stack, document: Policy) -> Size:
    """How many characters IAM counts of a document: at least of what is left of it in any case."""
    sure = tuple(map(_sure, (s for s in document.statements if not _may_vanish(s))))
    least = _written(stack, evolve(document, statements=sure)).least if sure else 0
    return Size(least, _written(stack, document).most)


def _written(stack: Stack, document: Policy) -> Size:
    inside: list[Size] = []

    def render(text: Text) -> str:
        inside.append(_text(stack, text, _inside))
        return ""

    def render_items(items: tuple[Item, ...]) -> list[str]:
        inside.extend(Size(0, None) for item in items if isinstance(item, Each))
        return [render(item) if isinstance(item, Text) else "" for item in items]

    frame = json.dumps(policy_to_data(document, render, render_items), separators=(",", ":"), ensure_ascii=False)
    return sum(inside, _json(frame))


def _may_vanish(statement: Statement) -> bool:
    """Whether nothing may be left that it speaks of."""
    items = () if statement.resources is None else statement.resources.items
    return statement.resources is not None and all(_may_be_nothing(i) and not _falls_back(i) for i in items)


def _falls_back(item: Item) -> bool:
    return isinstance(item, Each) and bool(item.otherwise)


def _may_be_nothing(item: Item) -> bool:
    """Whether it is all a parameter's: an empty list gives nothing, nor does an empty text."""
    if isinstance(item, Each):
        return True
    return all(isinstance(part, Ref) and part.parameter and part.otherwise is None for part in item.parts)


def _sure(statement: Statement) -> Statement:
    """What is left of a statement whatever is bound."""
    resources = statement.resources
    return evolve(
        statement,
        resources=None if resources is None else type(resources)(tuple(_apart(resources.items))),
        conditions=tuple(evolve(c, values=tuple(_apart(c.values))) for c in statement.conditions),
    )


def _apart(items: Sequence[Item]) -> Iterator[Text]:
    """The texts of a list that are apart whatever is bound: doubles go, and of those that end alike one is sure."""
    literal = tuple(i.literal for i in items if isinstance(i, Text) and i.literal is not None)
    ends: set[str] = set()
    for item in items:
        if not isinstance(item, Text) or _may_be_nothing(item):
            continue
        if item.literal is not None or len(items) == 1:
            yield item
            continue
        end = item.parts[-1]
        if isinstance(end, str) and end not in ends and not any(known.endswith(end) for known in literal):
            ends.add(end)
            yield item


def _left_open(documents: Iterable[Policy]) -> list[str]:
    """The names of what sets their size: list parameters where there are some, else other parameters, else the rest."""
    statements = [statement for document in documents for statement in document.statements]
    resources = [s.resources.items for s in statements if s.resources is not None]
    lists = [each.parameter for items in resources for each in nested(items)]
    refs = [ref for statement in statements for text in statement.texts() for ref in text.refs]
    return lists or [ref.name for ref in refs if ref.parameter] or [ref.name for ref in refs]


# ---------------------------------------------------------------- texts


def _exactly(size: int) -> Size:
    return Size(size, size)


def _plain(text: str) -> Size:
    return _exactly(len(text))


def _json(written: str) -> Size:
    """The characters of JSON that IAM counts; some may be written as one character or as six."""
    counted = sum(c not in _WHITE for c in written)
    longer = sum(c in _ESCAPED or not c.isascii() for c in written)
    return Size(counted - sum(c in _UNCLEAR for c in written), counted + longer * (_ESCAPE - 1))


def _inside(text: str) -> Size:
    return _json(json.dumps(text, ensure_ascii=False)[1:-1])


def _text(stack: Stack, text: Text, size: Callable[[str], Size]) -> Size:
    parts = (_ref(stack, p, size) if isinstance(p, Ref) else size(p) for p in text.parts)
    return sum(parts, Size())


def _ref(stack: Stack, ref: Ref, size: Callable[[str], Size]) -> Size:
    if not ref.parameter:
        return Size(*_LENGTHS.get(ref.name, (1, 64)))
    variable = stack.deployment.variables.get(ref.name)
    most = variable.form.most if variable is not None and variable.form is not None else None
    other = Size() if ref.otherwise is None else _text(stack, ref.otherwise, size)
    least = min(other.least, 1)
    return Size(least, None if most is None or other.most is None else max(most, other.most))
