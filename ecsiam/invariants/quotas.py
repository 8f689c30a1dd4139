"""AWS's sizes and counts. Names are held to their length when they are known (`model/deployment.py`).

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

import json
from collections.abc import Iterator

from attrs import frozen

from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.invariants.accepting import as_fact
from ecsiam.invariants.asking import together
from ecsiam.model.document import policy_to_data
from ecsiam.model.each import Each, Item
from ecsiam.model.forms import FORMS
from ecsiam.model.policy import Policy
from ecsiam.model.role import NAME_LIMIT, POLICY_NAME_LIMIT, Role
from ecsiam.model.stack import Stack
from ecsiam.model.text import Ref, Text

INLINE, TRUST, ATTACHED, TAGS, DESCRIPTION, PATH = 10_240, 2_048, 10, 50, 1_000, 512
# The longest that a text of the deployment can be: an account, a region, a partition, a domain.
_LONGEST = {"account_id": 12, "aws_region": 32, "partition": 16, "dns_suffix": 32}


@frozen
class Size:
    """Between how many characters something has; `most` is None where a list parameter sets it."""

    least: int
    most: int | None

    def __add__(self, other: "Size") -> "Size":
        return Size(
            self.least + other.least, None if self.most is None or other.most is None else self.most + other.most
        )


def limits(stack: Stack) -> Answer:
    """Sizes, counts and names are within what IAM takes."""
    return together(as_fact(stack, a, role.id) for role in stack.roles.values() for a in _of_role(stack, role))


def _of_role(stack: Stack, role: Role) -> Iterator[Answer]:
    inline = Size(0, 0)
    for policy in role.policies.values():
        inline += _document(stack, policy.document)
        yield _named(policy.name, POLICY_NAME_LIMIT, f"the name of a policy of the {role.id} role")
    yield _within(inline, INLINE, f"the inline policies of the {role.id} role together")
    yield _within(_document(stack, role.trust), TRUST, f"the trust policy of the {role.id} role")
    yield _named(role.name, NAME_LIMIT, f"the name of the {role.id} role")
    yield _within(_text(stack, role.description), DESCRIPTION, f"the description of the {role.id} role")
    yield _within(Size(len(role.path), len(role.path)), PATH, f"the path of the {role.id} role")
    for count, most, what in (
        (len(role.managed_policy_arns), ATTACHED, "managed policies"),
        (len(role.tags), TAGS, "tags"),
    ):
        if count > most:
            yield Fails(fact=f"the {role.id} role: {count} {what}, and IAM takes {most}")


def _named(name: Text, limit: int, what: str) -> Answer:
    """A name that is open is held to its length when it is bound, and by each target's own checks."""
    if name.literal is None:
        return Holds(assumed=("a name that grows too long is refused when it is bound",))
    return _within(Size(len(name.literal), len(name.literal)), limit, what)


def _within(size: Size, limit: int, what: str) -> Answer:
    if size.least > limit:
        return Fails(fact=f"{what}: {size.least:,} characters, and IAM takes {limit:,}")
    if size.most is None:
        return Undecided(f"a list parameter sets the size of {what}")
    if size.most > limit:
        return Undecided(f"{what}: up to {size.most:,} characters, and IAM takes {limit:,}")
    return Holds()


def _document(stack: Stack, document: Policy) -> Size:
    """How many characters IAM counts: all but white space."""
    texts: list[Text | Each] = []

    def render(text: Text) -> str:
        texts.append(text)
        return ""

    def render_items(items: tuple[Item, ...]) -> list[str]:
        texts.extend(items)
        return [""] * len(items)

    data = policy_to_data(document, render, render_items)
    size = len("".join(json.dumps(data, separators=(",", ":")).split()))
    total = Size(size, size)
    for text in texts:
        total += Size(0, None) if isinstance(text, Each) else _text(stack, text)
    return total


def _text(stack: Stack, text: Text) -> Size:
    total = Size(0, 0)
    for part in text.parts:
        total += _ref(stack, part) if isinstance(part, Ref) else Size(n := _letters(part), n)
    return total


def _letters(text: str) -> int:
    """Characters as JSON has them, white space left out."""
    return len("".join(json.dumps(text, ensure_ascii=False)[1:-1].split()))


def _ref(stack: Stack, ref: Ref) -> Size:
    if not ref.parameter:
        return Size(1, _LONGEST.get(ref.name, 64))
    variable = stack.deployment.variables.get(ref.name)
    most = FORMS[variable.form].most if variable is not None and variable.form else None
    other = Size(0, 0) if ref.otherwise is None else _text(stack, ref.otherwise)
    least = min(other.least, 1)
    return Size(least, None if most is None or other.most is None else max(most, other.most))
