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
from ecsiam.model.role import Role, RolePolicy
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Statement
from ecsiam.model.text import Ref, Text

# The shortest and the longest that a text of the deployment can be; those of parameters have a form.
_LENGTHS = {"account_id": (12, 12), "aws_region": (6, 32), "partition": (3, 16), "dns_suffix": (1, 32)}
_WHITE = " \t\n\r"
_UNCLEAR = "\x85\xa0"  # white space to Unicode; whether to IAM is not documented
_ESCAPE = len("\\u00e9")  # so JSON may be written of what is no ASCII, and by Terraform of these
_ESCAPED = "<>&"


@frozen
class Size:
    """Between how much something has; `most` is None where a list parameter sets it."""

    least: int = 0
    most: int | None = 0

    @classmethod
    def of(cls, sizes: Iterable["Size"]) -> "Size":
        """All of these together."""
        least, most = 0, 0
        open_ = False
        for one in sizes:
            least += one.least
            most += one.most or 0
            open_ = open_ or one.most is None
        return cls(least, None if open_ else most)


@frozen
class Part:
    """A part of what is measured: `named` by a policy's id or a statement's reason.

    `when` names the flag parameter that it is there for.
    """

    size: Size
    named: str = ""
    when: str = ""


@frozen
class Measure:
    """How much of one quota a role takes, by its parts. `path` is where; `open` are the names of what sets it.

    `policy` is the policy's id where it is about one.
    """

    quota: Quota
    role: str
    path: Path
    parts: tuple[Part, ...]
    open: tuple[str, ...] = ()
    policy: str = ""

    @property
    def what(self) -> str:
        """What is measured."""
        return self.quota.what.format(self.role, self.policy)

    @property
    def size(self) -> Size:
        """How much there is, whatever the flags are."""
        return Size.of(Size(0, p.size.most) if p.when else p.size for p in self.parts)

    @property
    def with_all_on(self) -> Size:
        """How much there is with all flags on."""
        return Size.of(p.size for p in self.parts)

    @property
    def flags(self) -> tuple[str, ...]:
        """The flag parameters that some of it is there for."""
        return tuple(dict.fromkeys(p.when for p in self.parts if p.when))

    def says(self, count: int) -> str:
        """That much of it in words."""
        return f"{self.what}: {count:,} {self.quota.unit}"

    @property
    def shares(self) -> str:
        """Which policies or statements take the room, the largest first, as the end of a sentence."""
        shares: dict[str, int] = {}
        for part in self.parts:
            shares[part.named] = shares.get(part.named, 0) + part.size.least
        shares.pop("", None)
        named = sorted(((n, least) for n, least in shares.items() if least), key=lambda share: (-share[1], share[0]))
        return f": {', '.join(f'{least:,} of `{name}`' for name, least in named)}" if named else ""


def measures(stack: Stack) -> Iterator[Measure]:
    """All that IAM limits of the roles, as they are: `planned` divides what is too large first."""
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
        parts=[Part(_document(stack, p.document), p.id, p.when) for p in role.inline],
        left=_left_open(p.document for p in role.inline),
    )
    for policy in role.own_managed:
        of_one = measure(
            "managed_policy_size",
            *("policies", policy.id),
            parts=_by_statement(stack, policy.document),
            left=_left_open([policy.document]),
        )
        yield evolve(of_one, policy=policy.id)
    yield measure(
        "role_trust_policy_length",
        "trust",
        parts=[Part(_document(stack, role.trust))],
        left=_left_open([role.trust]),
    )
    yield measure(
        "managed_policies_per_role",
        "managed_policy_arns",
        parts=[
            Part(_exactly(len(role.managed_policy_arns)), "managed_policy_arns" if role.own_managed else ""),
            *(Part(_exactly(1), _feature(p), p.when) for p in role.own_managed),
        ],
    )
    yield count("role_tags", "tags", len(role.tags))
    yield count("role_path_length", "path", len(role.path))
    yield name("role_name_length", "name", text=role.name)
    for policy in policies:
        yield name("policy_name_length", "policies", policy.id, "name", text=policy.name)
    yield name("role_description_length", "description", text=role.description)


def _feature(policy: RolePolicy) -> str:
    """What it was made for: a policy that was divided is several by now."""
    origins = [s.origin.feature for s in policy.document.statements if s.origin]
    return origins[0] if origins else policy.id


# ---------------------------------------------------------------- documents


def _document(stack: Stack, document: Policy) -> Size:
    """How many characters IAM counts of a document: at least of what is left of it in any case."""
    if document.compact is not None:
        return _json(document.compact)
    written = _written(stack, document)
    sure = tuple(map(_sure, (s for s in document.statements if not _may_vanish(s))))
    least = _written(stack, evolve(document, statements=sure)).least if sure else 0
    return Size(least, written.most)


def _by_statement(stack: Stack, document: Policy) -> list[Part]:
    """The parts of a document: its statements, and the rest of it."""
    alone = [(s, _document(stack, evolve(document, statements=[s]))) for s in document.statements]
    return [
        Part(_exactly(_FRAME + len(alone) - 1)),  # with the commas between them
        *(Part(Size(max(0, of.least - _FRAME), of.most and of.most - _FRAME), s.why) for s, of in alone),
    ]


_FRAME = len('{"Version":"2012-10-17","Statement":[]}')


def reckoned(stack: Stack, statements: Sequence[Statement]) -> int:
    """The characters of a document with these statements, where what is open has the values that it most likely has.

    Account, region and partition count at their longest, a parameter as the longest sample of its form, a list
    parameter as one of those.
    """

    def render(text: Text) -> str:
        return "".join(_likely(stack, part) if isinstance(part, Ref) else part for part in text.parts)

    def render_items(items: tuple[Item, ...]) -> list[str]:
        return [
            render(i if isinstance(i, Text) else Text.of(i.before, Ref(i.parameter, parameter=True), i.after))
            for i in items
        ]

    document = policy_to_data(Policy(tuple(statements), as_is=True), render, render_items)
    return _json(json.dumps(document, separators=(",", ":"), ensure_ascii=False)).most or 0


def _likely(stack: Stack, ref: Ref) -> str:
    if not ref.parameter:
        return "x" * _LENGTHS.get(ref.name, (1, 64))[1]
    variable = stack.deployment.variables.get(ref.name)
    good = variable.form.good if variable is not None and variable.form is not None else ()
    return max(good, key=len, default="")


def _written(stack: Stack, document: Policy) -> Size:
    inside: list[Size] = []

    def render(text: Text) -> str:
        inside.append(_text(stack, text, _inside))
        return ""

    def render_items(items: tuple[Item, ...]) -> list[str]:
        inside.extend(Size(0, None) for item in items if isinstance(item, Each))
        return [render(item) if isinstance(item, Text) else "" for item in items]

    frame = json.dumps(policy_to_data(document, render, render_items), separators=(",", ":"), ensure_ascii=False)
    return Size.of([*inside, _json(frame)])


def _may_vanish(statement: Statement) -> bool:
    """Whether nothing may be left that it speaks of."""
    items = () if statement.resources is None else statement.resources.items
    return statement.resources is not None and all(may_be_nothing(i) and not _falls_back(i) for i in items)


def _falls_back(item: Item) -> bool:
    return isinstance(item, Each) and bool(item.otherwise)


def may_be_nothing(item: Item) -> bool:
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
        if not isinstance(item, Text) or may_be_nothing(item):
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
    statements = [s for document in documents if document.compact is None for s in document.statements]
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
    counted = len(written) - sum(map(written.count, _WHITE))
    longer = sum(map(written.count, _ESCAPED))
    if written.isascii():
        return Size(counted, counted + longer * (_ESCAPE - 1))
    longer += sum(not c.isascii() for c in written)
    return Size(counted - sum(map(written.count, _UNCLEAR)), counted + longer * (_ESCAPE - 1))


def _inside(text: str) -> Size:
    return _json(json.dumps(text, ensure_ascii=False)[1:-1])


def _text(stack: Stack, text: Text, size: Callable[[str], Size]) -> Size:
    if text.literal is not None:
        return size(text.literal)
    return Size.of(_ref(stack, p, size) if isinstance(p, Ref) else size(p) for p in text.parts)


def _ref(stack: Stack, ref: Ref, size: Callable[[str], Size]) -> Size:
    if not ref.parameter:
        return Size(*_LENGTHS.get(ref.name, (1, 64)))
    variable = stack.deployment.variables.get(ref.name)
    most = variable.form.most if variable is not None and variable.form is not None else None
    other = Size() if ref.otherwise is None else _text(stack, ref.otherwise, size)
    least = min(other.least, 1)
    return Size(least, None if most is None or other.most is None else max(most, other.most))
