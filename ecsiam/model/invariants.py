"""The ids of the invariants, an interface, and what each says of a stack: who answers them joins this table."""

from collections.abc import Mapping
from types import MappingProxyType

SAYS: Mapping[str, str] = MappingProxyType(
    {
        "separation": "the execution role and the task role share no permission",
        "trust": "each role can be assumed by exactly the principals of its kind",
        "oidc-subject": "the deploy role only by the subjects that the config lists",
        "pass-role": "iam:PassRole only for the stack's roles and those listed, each to its service",
        "no-escalation": "no role can come to more than it was given",
        "execution": "the execution role does only what ECS does with one",
        "home": "nothing and nobody outside this account, region and partition",
        "neighbours": "no resource matches what another prefix builds",
        "wildcards": "`*` only for actions that support nothing narrower",
        "works": "every enabled flag's own requests are allowed",
        "flags": "a flag that is off grants nothing, one that is on only what it names",
        "limits": "AWS's sizes, counts and names",
        "targets": "every target means the same",
    }
)
