"""What a target's files say, read back: the inverse of each emitter, by the target's name."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ecsiam.emitters.cloudformation import inputs_of
from ecsiam.model.planned import planned
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.readers import cloudformation_own, iam_own, terraform_own

Files = Mapping[str, str]


def _template(files: Files, stack: Stack) -> tuple[Role, ...]:
    return cloudformation_own.emitted_roles(files["template.json"], inputs_of(planned(stack)))


_READ: Mapping[str, Callable[[Files, Stack], tuple[Role, ...]]] = MappingProxyType(
    {
        "terraform": lambda files, _: terraform_own.emitted_roles(files),
        "cloudformation": _template,
        "iam": lambda files, _: iam_own.emitted_roles(files),
    }
)


def emitted_roles(files: Files, target: str, stack: Stack) -> tuple[Role, ...]:
    """The roles that the files of a target make, which were emitted for a stack; their ids are the target's own.

    Of the stack nothing counts but what its parameters are called. Raises ReadError for what isn't as it was emitted.
    """
    return _READ[target](files, stack)
