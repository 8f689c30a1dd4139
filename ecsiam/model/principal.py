"""Principals: who a trust or resource policy speaks of.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from collections.abc import Iterator
from typing import Literal, get_args

from attrs import field, frozen

from ecsiam.errors import Fault, show
from ecsiam.model.built import Built
from ecsiam.model.spots import Spot, known, refused
from ecsiam.model.text import Ref, Text, text

PrincipalType = Literal["*", "AWS", "CanonicalUser", "Federated", "Service"]
PRINCIPAL_TYPES: tuple[PrincipalType, ...] = get_args(PrincipalType)


@frozen(repr=False)
class Principal(Built):
    """One principal. `Principal("*", "*")` is the bare `"*"`, a different value than `{"AWS": "*"}`."""

    type: PrincipalType
    id: Text = field(converter=text)

    def _unsayable(self) -> Iterator[Fault]:
        if self.type not in PRINCIPAL_TYPES:
            yield Fault(
                f"unknown principal type `{show(str(self.type))}`",
                remedy="The types are `AWS`, `CanonicalUser`, `Federated` and `Service`.",
            )
        elif not all(map(_is_text, self.id.parts)):
            yield Fault(f"the id of a principal is a text, not `{show(str(self.id))}`")
        elif self.type == "*" and self.id.literal != "*":
            yield Fault(f'a principal of no type is `"*"`, not `{show(str(self.id))}`')

    @property
    def is_void(self) -> bool:
        """Whether it names nobody: an empty text, or a pattern, which IAM takes for none."""
        named = self.id.literal
        return named is not None and named != "*" and (not named or "*" in named or "?" in named)

    @property
    def spot(self) -> Spot:
        """What there is to look at in it."""
        return Spot("principal", f"{self.type}:{known(self.id)}", (), str(self.id))

    def _refused(self) -> Iterator[Fault]:
        return refused([self.spot])

    def __str__(self) -> str:
        return "*" if self.type == "*" else f"{self.type}:{self.id}"

    def _says(self) -> str:
        return str(self)


def _is_text(part: object) -> bool:
    return isinstance(part, str | Ref)


EVERYONE = Principal("*", "*")
