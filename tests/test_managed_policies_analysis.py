"""Questions about the managed policies of AWS, all that moto ships: none is left open, every witness is a witness."""

import json
from collections import Counter
from functools import cache
from typing import Any, cast

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from ecsiam import Policy, parse_policy
from ecsiam.analysis.answers import Fails, Holds, Undecided
from ecsiam.analysis.leaf import Leaf, compiled
from ecsiam.analysis.patterns import Unclear
from ecsiam.analysis.questions import can, contains, requests_of
from ecsiam.analysis.request import Request
from ecsiam.analysis.searching import search
from ecsiam.model.statement import Statement

from .asking import witness


@cache
def policies() -> dict[str, Policy]:
    shipped = cast("dict[str, Any]", json.loads(aws_managed_policies_data))
    return {name: parse_policy(policy["Document"]) for name, policy in sorted(shipped.items())}


def allows() -> list[tuple[str, Policy]]:
    """A policy of each Allow, with the name of the one that it stands in."""
    return [
        (name, Policy(s, version=policy.version))
        for name, policy in policies().items()
        for s in policy.statements
        if s.effect == "Allow"
    ]


def has_variables(policy: Policy) -> bool:
    return any(compiled(Leaf(s, policy.version)).variables for s in policy.statements)


def test_every_policy_is_inside_itself() -> None:
    assert len(policies()) > 1500
    for name, policy in policies().items():
        assert isinstance(contains(policy, policy), Holds), name


# It compares `aws:ViaAWSService`, which is true or false, with the name of a service.
NEVER = "AIOPSS3AccessForAmplify"


def test_every_allow_shows_a_request() -> None:
    """No other statement of AWS is empty, and none is left open because of its variables or keys."""
    shown: dict[str, Request] = {}
    undecided: Counter[str] = Counter()
    for name, policy in allows():
        requests = requests_of(policy)
        try:
            request = search(requests)
        except Unclear as e:
            undecided["variables" if has_variables(policy) else str(e)] += 1
            continue
        if policy.statements[0].sid == NEVER:
            assert request is None
            continue
        assert request is not None, f"{name} {policy.statements[0].sid}"
        assert request in requests, f"{name} {request}"
        assert request not in requests_of(denying(policy)), name
        shown[str(request)] = request
    assert sum(undecided.values()) == 0, undecided
    assert len(shown) > 4000, "they differ"


def denying(policy: Policy) -> Policy:
    """A policy that denies what another one allows, beside an Allow of everything."""
    (s,) = policy.statements
    deny = Statement("Deny", s.actions, s.resources, conditions=s.conditions, as_is=True)
    return Policy((Statement("Allow", "*", "*"), deny), version=policy.version)


def test_every_allow_can_be_denied() -> None:
    """Behind a Deny of the same words nothing of a statement is left, whatever its variables stand for."""
    for name, policy in allows()[::3]:
        assert isinstance(contains(denying(policy), policy), Fails), name
        (s,) = policy.statements
        deny = Statement("Deny", s.actions, s.resources, conditions=s.conditions, as_is=True)
        nothing = Policy((s, deny), version=policy.version)
        assert isinstance(can(nothing, action="*", resource="*"), Fails), name


def test_view_only_access_beside_read_only_access() -> None:
    """They are two lists: not all that one may view the other may read."""
    view, read = policies()["ViewOnlyAccess"], policies()["ReadOnlyAccess"]
    answer = contains(read, view)
    assert isinstance(answer, Fails)
    assert witness(answer) in requests_of(view)
    assert witness(answer) not in requests_of(read)
    assert isinstance(contains(policies()["AdministratorAccess"], read), Holds)
    assert isinstance(contains(view, read), Fails)
    assert isinstance(contains(view, read, universe="known"), Fails)


@pytest.mark.parametrize(("name", "expected"), [("PowerUserAccess", (287, 113)), ("AdministratorAccess", (400, 0))])
def test_four_hundred_inside_another(name: str, expected: tuple[int, int]) -> None:
    """How many of 400 are inside one of them; each of the others shows what it has beyond it."""
    wide = policies()[name]
    found: Counter[type] = Counter()
    for narrow in list(policies().values())[:400]:
        answer = contains(wide, narrow)
        found[type(answer)] += 1
        if isinstance(answer, Fails):
            shown = witness(answer)
            assert shown in requests_of(narrow)
            assert shown not in requests_of(wide)
            assert shown.action.partition(":")[0] in ("iam", "organizations", "account"), shown
    assert not found[Undecided]
    assert sum(found.values()) == 400
    # AWS changes its policies, and moto follows: a few may differ.
    assert abs(found[Holds] - expected[0]) < 40
    assert abs(found[Fails] - expected[1]) < 40
