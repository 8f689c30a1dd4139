"""Something of another kind than a function takes: always an error of ours, with what to write instead."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

import ecsiam
from ecsiam.errors import EcsiamError

from .asking import allow

ROOT = Path(__file__).resolve().parents[1]
POLICY = allow("s3:GetObject", "arn:aws:s3:::memos/*")
CONFIG = ecsiam.Config(project_name="memos", environment="dev", account_id="123456789012", aws_region="eu-west-2")
STACK = ecsiam.build(CONFIG)
REQUEST = ecsiam.Request("s3:GetObject", "arn:aws:s3:::memos/a")

MANAGED = "arn:aws:iam::123456789012:policy/x"

GIVEN: Mapping[str, Any] = MappingProxyType(
    {
        "None": None,
        "int": 3,
        "bool": True,
        "float": 1.5,
        "bytes": b"{}",
        "dict": {"Statement": []},
        "str": "ecsiam.yaml",
        "json": '{"Version": "2012-10-17", "Statement": []}',
        "Path": ROOT / "examples" / "memos.yaml",
        "Stack": STACK,
        "Config": CONFIG,
        "Role": STACK.roles["task"],
        "Policy": POLICY,
        "Statement": POLICY.statements[0],
        "Request": REQUEST,
        "[Policy]": [POLICY],
        "[Role]": [STACK.roles["task"]],
        "[str]": ["x"],
        "[None]": [None],
        "set": {1, 2},
        "object": object(),
        "type": ecsiam.Policy,
    }
)
SUBJECTS = {"Role", "Policy", "[Policy]"}

Call = Callable[[Any], object]
FUNCTIONS: Mapping[str, tuple[Call, set[str]]] = {
    "build": (ecsiam.build, {"Config"}),
    "prove": (ecsiam.prove, {"Config", "Stack"}),
    "emit": (lambda v: ecsiam.emit(v, "terraform"), {"Stack"}),
    "emit to": (lambda v: ecsiam.emit(STACK, v), set()),
    "can": (lambda v: ecsiam.can(v, action="s3:GetObject"), SUBJECTS),
    "contains": (lambda v: ecsiam.contains(v, POLICY), SUBJECTS),
    "contains, second": (lambda v: ecsiam.contains(POLICY, v), SUBJECTS),
    "overlaps": (lambda v: ecsiam.overlaps(v, POLICY), SUBJECTS),
    "equivalent": (lambda v: ecsiam.equivalent(POLICY, v), SUBJECTS),
    "compare": (lambda v: ecsiam.compare(v, v), {"Role", "Policy", "Stack"}),
    "compare with a policy": (lambda v: ecsiam.compare(v, POLICY), {"Policy"}),
    "compare a role": (lambda v: ecsiam.compare(STACK.roles["task"], v), {"Role"}),
    "evaluate": (lambda v: ecsiam.evaluate(v, REQUEST), SUBJECTS),
    "evaluate a request": (lambda v: ecsiam.evaluate(POLICY, v), {"Request"}),
    "evaluate, boundary": (lambda v: ecsiam.evaluate(POLICY, REQUEST, boundary=v), {"None", "Policy"}),
    "evaluate, session": (lambda v: ecsiam.evaluate(POLICY, REQUEST, session=v), {"Policy", "[Policy]"}),
    "evaluate, a session": (lambda v: ecsiam.evaluate(POLICY, REQUEST, session=[v]), {"Policy"}),
    "evaluate, scps": (lambda v: ecsiam.evaluate(POLICY, REQUEST, scps=v), {"Policy", "[Policy]"}),
    "evaluate, a level": (lambda v: ecsiam.evaluate(POLICY, REQUEST, scps=[[POLICY], v]), {"[Policy]"}),
    "evaluate, a named level": (lambda v: ecsiam.evaluate(POLICY, REQUEST, rcps={"root": v}), set()),
    "evaluate, resource_policy": (lambda v: ecsiam.evaluate(POLICY, REQUEST, resource_policy=v), {"None"}),
    "evaluate, managed": (lambda v: ecsiam.evaluate(POLICY, REQUEST, managed=v), {"None"}),
    "evaluate, a managed policy": (lambda v: ecsiam.evaluate(POLICY, REQUEST, managed={MANAGED: v}), {"Policy"}),
    "evaluate, reading": (lambda v: ecsiam.evaluate(POLICY, REQUEST, reading=v), set()),
    "can, boundary": (lambda v: ecsiam.can(POLICY, action="s3:GetObject", boundary=v), {"None", "Policy"}),
    "contains, managed": (lambda v: ecsiam.contains(POLICY, POLICY, managed=v), {"None"}),
    "compare, a managed policy": (
        lambda v: ecsiam.compare(POLICY, allow("s3:*", "*"), managed={MANAGED: v}),
        {"Policy"},
    ),
    "load_config": (ecsiam.load_config, {"Path"}),
    "parse_policy": (ecsiam.parse_policy, set()),
}


@pytest.mark.parametrize("kind", GIVEN)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_takes_it_or_says_what_it_takes(name: str, kind: str) -> None:
    function, takes = FUNCTIONS[name]
    if kind in takes:
        function(GIVEN[kind])
        return
    with pytest.raises(EcsiamError) as caught:
        function(GIVEN[kind])
    assert not any(fault.message.endswith(".") for fault in caught.value.faults)
    if name != "emit to" and not name.startswith("parse"):
        assert all(fault.remedy for fault in caught.value.faults)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (
            lambda: ecsiam.build("ecsiam.yaml"),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
            "a text is not a config. Read the file first: `build(load_config(path))`.",
        ),
        (
            lambda: ecsiam.can(STACK, action="s3:GetObject"),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
            'a stack is not a policy or a role. Ask one of its roles, such as `stack.roles["task"]`.',
        ),
        (
            lambda: ecsiam.contains('{"Statement": []}', POLICY),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
            "a text is not a policy or a role. "
            "Read a policy with `parse_policy(text)`, a config with `build(load_config(path))`.",
        ),
        (
            lambda: ecsiam.compare(STACK.roles["task"], POLICY),
            "can't compare a role with a policy. Compare two of a kind; of a role, `contains(policy, role)` asks about "
            "its policies, `role.trust` is a policy.",
        ),
        (
            lambda: ecsiam.prove("ecsiam.yaml"),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
            "a text is not a stack. Read the file first: `build(load_config(path))`.",
        ),
    ],
)
def test_what_to_write_instead(call: Callable[[], object], says: str) -> None:
    with pytest.raises(EcsiamError) as caught:
        call()
    assert str(caught.value) == says


def test_a_config_is_proved_as_what_it_builds() -> None:
    assert ecsiam.prove(CONFIG) == ecsiam.prove(STACK)


@pytest.mark.parametrize("kind", sorted(GIVEN.keys() - {"str", "json"}))
def test_what_is_no_text_is_none_of_a_principal(kind: str) -> None:
    for as_is in (False, True):
        for type in ("AWS", "Service", "Federated", "CanonicalUser"):
            with pytest.raises(ecsiam.PolicyError):
                ecsiam.Principal(type, GIVEN[kind], as_is=as_is)
        with pytest.raises(ecsiam.PolicyError):
            ecsiam.Principal(GIVEN[kind], "x", as_is=as_is)


def test_all_that_is_none_of_it_is_said_at_once() -> None:
    with pytest.raises(ecsiam.PolicyError) as caught:
        ecsiam.evaluate(POLICY, REQUEST, boundary=GIVEN["int"], session=GIVEN["int"], resource_policy=GIVEN["Stack"])
    assert [fault.path for fault in caught.value.faults] == [("boundary",), ("resource_policy",), ("session",)]
