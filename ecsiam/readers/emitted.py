"""What a target's files say, read back: the inverse of each emitter, by the target's name."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ecsiam.emitters.cloudformation_inputs import inputs_of
from ecsiam.model.planned import planned
from ecsiam.model.stack import Stack
from ecsiam.readers.cloudformation import own as cloudformation
from ecsiam.readers.found import Made
from ecsiam.readers.iam import own as iam
from ecsiam.readers.terraform import own as terraform

Files = Mapping[str, str]


_READ: Mapping[str, Callable[[Files, Stack], Made]] = MappingProxyType(
    {
        "terraform": lambda files, _: terraform.made(files),
        "cloudformation": lambda files, stack: cloudformation.made(files["template.json"], inputs_of(planned(stack))),
        "iam": lambda files, _: iam.made(files),
    }
)


def made(files: Files, target: str, stack: Stack) -> Made:
    """What the files of a target make, which were emitted for a stack; ids are the target's own.

    Of the stack nothing counts but what its parameters are called. Raises ReadError for what isn't as it was emitted.
    """
    return _READ[target](files, stack)
