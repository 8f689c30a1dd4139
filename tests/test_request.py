"""Requests as people write them in Python: every value that is meant, and a PolicyError for anything else."""

from contextlib import suppress
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecsiam import PolicyError, Principal, Request
from ecsiam.model.principal import EVERYONE

ROLE = "arn:aws:iam::123456789012:role/x"
SESSION = "arn:aws:sts::123456789012:assumed-role/x/y"
SAML = "arn:aws:iam::123456789012:saml-provider/corp"
GITHUB = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"

PRINCIPALS: list[tuple[Any, Principal | None]] = [
    (None, None),
    ("*", EVERYONE),
    ("anonymous", EVERYONE),
    ("Anonymous", EVERYONE),
    ("AWS:*", EVERYONE),
    (Principal("AWS", "*"), EVERYONE),
    (EVERYONE, EVERYONE),
    (f"AWS:{ROLE}", Principal("AWS", ROLE)),
    (ROLE, Principal("AWS", ROLE)),
    (SESSION, Principal("AWS", SESSION)),
    ("arn:aws:iam::123456789012:root", Principal("AWS", "arn:aws:iam::123456789012:root")),
    ("AWS:123456789012", Principal("AWS", "123456789012")),
    (SAML, Principal("Federated", SAML)),
    (GITHUB, Principal("Federated", GITHUB)),
    (f"Federated:{SAML}", Principal("Federated", SAML)),
    ("Federated:accounts.google.com", Principal("Federated", "accounts.google.com")),
    ("Federated:cognito-identity.amazonaws.com", Principal("Federated", "cognito-identity.amazonaws.com")),
    ("ecs-tasks.amazonaws.com", Principal("Service", "ecs-tasks.amazonaws.com")),
    ("ecs.amazonaws.com.cn", Principal("Service", "ecs.amazonaws.com.cn")),
    ("logs.eu-west-1.amazonaws.com", Principal("Service", "logs.eu-west-1.amazonaws.com")),
    ("Service:ecs-tasks.amazonaws.com", Principal("Service", "ecs-tasks.amazonaws.com")),
    ("CanonicalUser:79a5", Principal("CanonicalUser", "79a5")),
]
NOBODY: list[Any] = [
    *(
        "",
        "ecs",
        "aws",
        "AWS:",
        "aws:x",
        "User:bob",
        "123456789012",
        "cognito-identity.amazonaws.com",
        "*.amazonaws.com",
    ),
    *("Service:*", "Federated:*", "CanonicalUser:*", Principal("Service", "*"), "AWS:arn:aws:iam::123456789012:role/*"),
    *(7, True, b"*", [], {}, ("AWS", ROLE), object(), {"AWS": ROLE}, "**", "*:*"),
]


@pytest.mark.parametrize(("written", "meant"), PRINCIPALS)
def test_a_principal_is_written_as_text(written: Any, meant: Principal | None) -> None:
    request = Request("sts:AssumeRole", ROLE, written)
    assert request.principal == meant
    assert Request("sts:AssumeRole", ROLE, str(meant) if meant else None) == request


@pytest.mark.parametrize("written", NOBODY)
def test_what_is_no_principal_is_refused(written: Any) -> None:
    with pytest.raises(PolicyError, match="principal"):
        Request("sts:AssumeRole", ROLE, written)


VALUES: list[tuple[Any, str | tuple[str, ...]]] = [
    ("a", "a"),
    ("", ""),
    (True, "true"),
    (False, "false"),
    (0, "0"),
    (-7, "-7"),
    (10**30, "1" + "0" * 30),
    (1.5, "1.5"),
    (1e22, "1" + "0" * 22),
    (1e-7, "0.0000001"),
    (["a", 1, True, 0.5], ("a", "1", "true", "0.5")),
    (("a",), ("a",)),
    ([], ()),
    ({"b", "a"}, ("a", "b")),
    (frozenset({"a"}), ("a",)),
]
NO_VALUES: list[Any] = [
    *(None, {}, {"a": "b"}, b"a", bytearray(b"a"), object(), float("nan"), float("inf"), 1j, print, str),
    *(
        datetime(2026, 1, 1, tzinfo=UTC),
        [None],
        [["a"]],
        ["a", {}],
        ("a", b"b"),
        range(3),
        iter("a"),
        Principal("AWS", "*"),
    ),
]


@pytest.mark.parametrize(("value", "text"), VALUES)
def test_a_value_is_the_text_that_iam_compares(value: Any, text: str | tuple[str, ...]) -> None:
    for context in ({"aws:x": value}, (("aws:x", value),), [("aws:x", value)], MappingProxyType({"aws:x": value})):
        assert Request("s3:GetObject", context=context).values("AWS:X") == text


@pytest.mark.parametrize("value", NO_VALUES)
def test_what_is_no_value_is_refused(value: Any) -> None:
    with pytest.raises(PolicyError, match=r"^a value of `aws:x` is a text, not "):
        Request("s3:GetObject", context={"aws:x": value})


@pytest.mark.parametrize(
    "context", [None, 7, "aws:x=a", b"x", ["aws:x"], [("a",)], [("a", "b", "c")], {"a"}, object(), True]
)
def test_a_context_maps_keys_to_values(context: Any) -> None:
    with pytest.raises(PolicyError, match="`context` maps condition keys to values"):
        Request("s3:GetObject", context=context)


def test_every_fault_of_a_context_is_told() -> None:
    wrong: Any = {1: "a", "aws:x": None, "aws:y": "a", "AWS:Y": "b", "aws:z": [b"c"]}
    with pytest.raises(PolicyError) as caught:
        Request("s3:GetObject", context=wrong)
    assert [f.message for f in caught.value.faults] == [
        "a condition key is a text, not `1`",
        "a value of `aws:x` is a text, not null",
        "the key `AWS:Y` stands twice",
        "a value of `aws:z` is a text, not `b'c'`",
    ]


@pytest.mark.parametrize("wrong", [None, 7, b"s3:GetObject", [], ["s3:GetObject"], {}, object()])
def test_an_action_and_a_resource_are_texts(wrong: Any) -> None:
    with pytest.raises(PolicyError, match=r"^`action` is a text, not "):
        Request(wrong)
    with pytest.raises(PolicyError, match=r"^`resource` is a text, not "):
        Request("s3:GetObject", wrong)


ANYTHING: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=3),
    max_leaves=6,
)


@given(ANYTHING, ANYTHING, ANYTHING, ANYTHING)
def test_whatever_is_given_is_a_request_or_a_policy_error(action: Any, resource: Any, who: Any, context: Any) -> None:
    with suppress(PolicyError):
        request = Request(action, resource, who, context)
        assert request == Request(request.action, request.resource, request.principal, request.context)
