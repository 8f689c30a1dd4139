"""What a stack says of who is meant to assume its roles."""

from ecsiam import Stack


def meant(stack: Stack, role: str, key: str) -> list[str]:
    """The values of a condition key in the statements that say so, in order."""
    conditions = (c for t in stack.intent.trusted if t.role == role for c in t.statement.conditions)
    return [str(v) for c in conditions if c.key == key for v in c.values]
