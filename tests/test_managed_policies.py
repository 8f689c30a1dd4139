"""Every managed policy of AWS that moto ships: real documents, which have to be read and written without a loss."""

import json
from collections import Counter
from typing import Any, cast

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from ecsiam import Policy, parse_policy
from ecsiam.model.document import policy_to_data
from ecsiam.model.statement import AllBut

Scalar = str | int | float  # bool is an int
DOCUMENTS: dict[str, Any] = {
    name: policy["Document"] for name, policy in cast("dict[str, Any]", json.loads(aws_managed_policies_data)).items()
}


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
