"""The managed policies of AWS: all that moto ships are read and written without a loss; those we ship are the same."""

import json
import re
from collections import Counter
from typing import Any, cast

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from ecsiam import Policy, parse_policy
from ecsiam.model.document import policy_to_data
from ecsiam.model.statement import AllBut
from ecsiam.reference.managed import managed_policies, managed_policy

Scalar = str | int | float  # bool is an int
MOTO = cast("dict[str, Any]", json.loads(aws_managed_policies_data))
DOCUMENTS: dict[str, Any] = {name: policy["Document"] for name, policy in MOTO.items()}
EXECUTION = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"


@pytest.fixture(scope="module")
def policies() -> dict[str, Policy]:
    return {name: parse_policy(document) for name, document in DOCUMENTS.items()}


def test_there_are_enough_of_them(policies: dict[str, Policy]) -> None:
    assert len(policies) > 1000
    kinds = Counter(type(s.actions) for policy in policies.values() for s in policy.statements)
    assert kinds[AllBut]
    assert {"Allow", "Deny"} == {s.effect for policy in policies.values() for s in policy.statements}


def test_writing_inverts_reading(policies: dict[str, Policy]) -> None:
    for name, policy in policies.items():
        data = policy_to_data(policy, str)
        assert policy == parse_policy(data), name
        assert policy == parse_policy(json.dumps(data)), name
        assert data == policy_to_data(parse_policy(data), str), name
        assert policy.kind == "identity", name


def test_what_is_written_says_what_was_read(policies: dict[str, Policy]) -> None:
    for name, policy in policies.items():
        assert normal(DOCUMENTS[name]) == normal(policy_to_data(policy, str)), name


def test_ours_are_those_of_moto_in_the_same_version(policies: dict[str, Policy]) -> None:
    assert len(managed_policies()) > 30
    compared = 0
    for arn in managed_policies():
        ours, name = managed_policy(arn), arn.rpartition("/")[2]
        assert ours
        assert ours.arn == arn == f"arn:aws:iam::aws:policy{MOTO[name]['Path']}{name}"
        assert "/aws-service-role/" not in arn, "nobody can attach it"
        assert re.fullmatch(r"v\d+", ours.version)
        if ours.version == MOTO[name]["DefaultVersionId"]:
            compared += 1
            assert ours.document == policies[name], name
            assert ours.date == MOTO[name]["UpdateDate"][:10], name
    assert compared > 0


def test_ours_are_found_by_their_exact_arn() -> None:
    ours = managed_policy(EXECUTION)
    assert ours
    assert (ours.version, ours.date) == ("v1", "2017-11-16")
    assert {a.pattern for s in ours.document.statements for a in s.actions.items} >= {"ecr:BatchGetImage"}
    assert managed_policy(EXECUTION) is ours, "read once"


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "/",
        "AdministratorAccess",
        "../../errors",
        "x" * 10_000,
        EXECUTION.lower(),
        EXECUTION.replace("service-role/", ""),
        EXECUTION.replace(":aws:", ":aws-cn:", 1),
        EXECUTION.replace("::aws:", "::123456789012:"),
        "arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy",
    ],
)
def test_no_other_arn_is_ours(arn: str) -> None:
    assert managed_policy(arn) is None


def normal(document: Any) -> Any:
    """A document without what says nothing: lone items for lists, scalars for texts, an empty Sid."""
    statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    return {
        "Version": document["Version"],
        "Statement": [
            {key: _normal_element(key, value) for key, value in s.items() if value != ""}
            for s in cast("list[dict[str, Any]]", statements)
        ],
    }


def _normal_element(key: str, value: Any) -> Any:
    match key:
        case "Condition":
            return {op: {k: _texts(v) for k, v in keys.items()} for op, keys in value.items()}
        case "Sid" | "Effect":
            return value
        case _:
            return _texts(value)


def _texts(value: Scalar | list[Scalar]) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [str(item).lower() if isinstance(item, bool) else str(item) for item in items]
