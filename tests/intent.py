"""What a stack says of what was asked for: who is meant to assume its roles, what keys give to each."""

from ecsiam import Stack
from ecsiam.invariants import reach
from ecsiam.model.home import Given
from ecsiam.model.text import Text

from .strategies import KEYS


def meant(stack: Stack, role: str, key: str) -> list[str]:
    """The values of a condition key in the statements that say so, in order."""
    conditions = (c for t in stack.intent.trusted if t.role == role for c in t.statement.conditions)
    return [str(v) for c in conditions if c.key == key for v in c.values]


def given_to(stack: Stack, role: str) -> list[Given]:
    """The ARNs of keys that say what a role may reach."""
    return [one for one in reach.configured(stack) if role in KEYS[str(one.path[0])].roles]


def resources_given_to(stack: Stack, role: str) -> set[Text]:
    """What they stand for, in every form that a feature gives it."""
    return {arn for one in given_to(stack, role) for arn in reach.meant(one.arn)}
