"""What to write instead, where something of another kind was given than a function takes."""

import os
from collections.abc import Iterable, Mapping
from typing import Literal, cast

from ecsiam.errors import EcsiamError, Fault, PolicyError
from ecsiam.model.policy import Policy
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Statement

Wanted = Literal[
    "a policy", "a policy or a role", "a policy, a role or a stack", "a config", "a stack", "a request", "a path"
]

_READ = "Read a policy with `parse_policy(text)`, a config with `build(load_config(path))`."
_BUILD = "Read the file first: `build(load_config(path))`."
_OF_STACK = 'Ask one of its roles, such as `stack.roles["task"]`.'
_POLICY = "Put it in a policy: `Policy(statement)`."
_MAKE = "Make one with `parse_policy` or `Policy(...)`."
_ASKED = "Ask about policies and roles with `can`, `contains` or `compare`."
_TO_BUILD = "Make one with `load_config(path)` or `Config(...)`."
_REQUEST = 'Write `Request("s3:GetObject", "arn:aws:s3:::memos/a.txt")`.'

# By what is wanted, then by what was given; "" is anything else.
_REMEDIES: Mapping[Wanted, Mapping[str, str]] = {
    "a policy or a role": {
        "a text": _READ,
        "a path": _READ,
        "an object": "Read it with `parse_policy`.",
        "a config": 'Build it and ask one of its roles, such as `build(config).roles["task"]`.',
        "a stack": _OF_STACK,
        "a statement": _POLICY,
        "": _MAKE,
    },
    "a policy": {
        "a text": _READ,
        "a path": _READ,
        "an object": "Read it with `parse_policy`.",
        "a role": "Ask about a role by itself.",
        "a statement": _POLICY,
        "": _MAKE,
    },
    "a policy, a role or a stack": {
        "a text": _READ,
        "a path": _READ,
        "an object": "Read it with `parse_policy`.",
        "a config": "Build both: `compare(build(before), build(after))`.",
        "a statement": _POLICY,
        "a list": "Put the statements into one policy: `Policy(statements)`.",
        "": "Compare two policies, two roles or two stacks.",
    },
    "a config": {
        "a text": _BUILD,
        "a path": _BUILD,
        "an object": "Make a config of it first: `build(Config(**values))`.",
        "a stack": "It is built already.",
        "": _TO_BUILD,
    },
    "a stack": {
        "a text": _BUILD,
        "a path": _BUILD,
        "a config": "Build it first: `build(config)`.",
        "a policy": _ASKED,
        "a role": _ASKED,
        "a statement": _ASKED,
        "": "Make one with `build(config)`.",
    },
    "a request": {"": _REQUEST},
    "a path": {
        "an object": "Make a config of it with `Config(**values)`.",
        "a config": "It is read already.",
        "": 'Name a file: `load_config("ecsiam.yaml")`.',
    },
}
_KINDS: tuple[tuple[type, str], ...] = (
    (type(None), "None"),
    (bool, "true or false"),
    (int, "a number"),
    (float, "a number"),
    (str, "a text"),
    (bytes, "bytes"),
    (os.PathLike, "a path"),
    (Policy, "a policy"),
    (Role, "a role"),
    (Stack, "a stack"),
    (Statement, "a statement"),
    (Mapping, "an object"),
    (list, "a list"),
    (tuple, "a list"),
)


def expect(
    value: object, kinds: type | tuple[type, ...], wanted: Wanted, error: type[EcsiamError] = PolicyError
) -> None:
    """Raise `error`, with what to write instead, for a value that is of none of some kinds."""
    if not isinstance(value, kinds):
        given = kind_of(value)
        remedies = _REMEDIES[wanted]
        raise error(Fault(f"{given} is not {wanted}", (), remedies.get(given, remedies[""])))


def policies_of(given: object, wanted: Wanted = "a policy or a role") -> tuple[Policy, ...]:
    """One policy, or several. Raises PolicyError for what is none."""
    if not hasattr(given, "__iter__") or not kind_of(given).startswith(("a list", "something")):
        expect(given, Policy, wanted)
        return (cast("Policy", given),)
    policies = tuple(cast("Iterable[Policy]", given))
    for policy in policies:
        expect(policy, Policy, "a policy")
    return policies


def kind_of(value: object) -> str:
    """What something is, for a sentence."""
    named = {"Config": "a config", "Request": "a request", "Artifact": "an artifact"}  # of layers above
    known = next((name for kind, name in _KINDS if isinstance(value, kind)), "")
    return known or named.get(type(value).__name__, f"something of type `{type(value).__name__}`")
