"""Principals: who a trust or resource policy speaks of.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from typing import Literal, get_args

from attrs import field, frozen

from ecsiam.errors import Fault, PolicyError
from ecsiam.model.text import Text, text

PrincipalType = Literal["*", "AWS", "CanonicalUser", "Federated", "Service"]
PRINCIPAL_TYPES: tuple[PrincipalType, ...] = get_args(PrincipalType)


@frozen
class Principal:
    """One principal. `Principal("*", "*")` is the bare `"*"`, a different value than `{"AWS": "*"}`."""

    type: PrincipalType
    id: Text = field(converter=text)

    def __attrs_post_init__(self) -> None:
        if self.type not in PRINCIPAL_TYPES:
            raise PolicyError(
                Fault(
                    f"unknown principal type `{self.type}`",
                    remedy="The types are `AWS`, `CanonicalUser`, `Federated` and `Service`.",
                )
            )
        if not self.id.parts:
            raise PolicyError(Fault("a principal is empty"))
        if self.type == "*" and self.id.literal != "*":
            raise PolicyError(Fault(f'a principal of no type is `"*"`, not `{self.id}`'))
        if self.id.literal != "*" and any(isinstance(p, str) and ("*" in p or "?" in p) for p in self.id.parts):
            raise PolicyError(
                Fault(
                    f"principal `{self.id}` holds a wildcard, which IAM takes only alone",
                    remedy='Write `"*"` with a condition `ArnLike` on `aws:PrincipalArn`.',
                )
            )

    def __str__(self) -> str:
        return "*" if self.type == "*" else f"{self.type}:{self.id}"


EVERYONE = Principal("*", "*")
