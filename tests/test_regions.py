"""What has to work is asked in the region of its resource: a Deny by region stops what lies elsewhere, no more."""

from typing import Any, cast

import pytest

from ecsiam import Answer, Fails, Holds, Parameter, Stack, Undecided
from ecsiam.invariants import INVARIANTS
from ecsiam.model.condition import Block

from .replayed import put_to_the_test, shown
from .test_invariants import ACCOUNT, CLASSIC, S3, built, denied

HERE = "eu-west-2"
ELSEWHERE: Block = {"StringNotEquals": {"aws:RequestedRegion": HERE}}
IN_EUROPE: Block = {"StringNotLike": {"aws:RequestedRegion": "eu-*"}}
AWAY = f"us-east-1:{ACCOUNT}"


def ask(role: str, when: Block, actions: str | list[str] = "*", **keys: Any) -> Answer:
    stack: Stack = built(**{**keys, f"{role}_statements": [denied(actions, "*", when)]})
    answer = INVARIANTS["works"].ask(stack)
    if isinstance(answer, Fails):
        put_to_the_test(stack, "works", answer)
    return answer


# What a task needs to start, in another region than its own: a secret, a parameter, an image, a log group, a key.
AWAY_NEEDS: dict[str, tuple[dict[str, Any], str]] = {
    "a secret": (
        {"enable_secrets_access": True, "secrets_arns": [f"arn:aws:secretsmanager:{AWAY}:secret:db-AbCdEf"]},
        "secretsmanager:GetSecretValue",
    ),
    "a parameter": (
        {"enable_secrets_access": True, "secrets_arns": [f"arn:aws:ssm:{AWAY}:parameter/memos/db"]},
        "ssm:GetParameters",
    ),
    "a repository": ({"ecr_repository_arns": [f"arn:aws:ecr:{AWAY}:repository/memos"]}, "ecr:BatchGetImage"),
    "a log group": ({"log_group_arns": [f"arn:aws:logs:{AWAY}:log-group:/ecs/memos"]}, "logs:PutLogEvents"),
}


@pytest.mark.parametrize(("keys", "action"), AWAY_NEEDS.values(), ids=AWAY_NEEDS)
def test_what_lies_in_another_region_is_stopped_by_a_deny_of_other_regions(keys: dict[str, Any], action: str) -> None:
    assert isinstance(ask("execution", IN_EUROPE, "s3:*", **keys), Holds), "the Deny is about something else"
    for when in (ELSEWHERE, IN_EUROPE):
        answer = ask("execution", when, **keys)
        assert isinstance(answer, Fails)
        requests = [one.witness for one in shown(answer) if one.witness]
        assert action in {r.action for r in requests}
        assert {r.values("aws:RequestedRegion") for r in requests} == {"us-east-1"}
        assert all(":us-east-1:" in r.resource or r.action == "ecr:GetAuthorizationToken" for r in requests)


@pytest.mark.parametrize(("keys", "action"), AWAY_NEEDS.values(), ids=AWAY_NEEDS)
def test_what_lies_at_home_is_not(keys: dict[str, Any], action: str) -> None:
    at_home = {key: _at_home(value) for key, value in keys.items()}
    assert action
    assert isinstance(ask("execution", ELSEWHERE, **at_home), Holds)


def _at_home(value: Any) -> Any:
    arns = cast("list[str]", value)
    return [arn.replace("us-east-1", HERE) for arn in arns] if isinstance(value, list) else value


def test_only_the_resource_that_lies_elsewhere_is_named() -> None:
    arns = [f"arn:aws:ecr:{HERE}:{ACCOUNT}:repository/a", f"arn:aws:ecr:{AWAY}:repository/b"]
    answer = ask("execution", ELSEWHERE, ecr_repository_arns=arns)
    assert isinstance(answer, Fails)
    found = {one.witness.resource for one in shown(answer) if one.witness}
    assert found == {arns[1], "*"}, "the repository, and its registry's token"


@pytest.mark.parametrize("denied_in", [HERE, "us-east-1"])
@pytest.mark.parametrize("asked_in", [[HERE], ["us-east-1"], [HERE, "us-east-1"], []], ids=str)
def test_a_token_is_asked_where_the_repositories_are(denied_in: str, asked_in: list[str]) -> None:
    """A registry is of one region: https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html."""
    when: Block = {"StringEquals": {"aws:RequestedRegion": denied_in}}
    repositories = [f"arn:aws:ecr:{region}:{ACCOUNT}:repository/memos" for region in asked_in]
    answer = ask("execution", when, "ecr:GetAuthorizationToken", ecr_repository_arns=repositories)
    assert isinstance(answer, Fails) == (denied_in in (asked_in or [HERE])), answer


def test_a_denial_of_home_stops_what_lies_there() -> None:
    answer = ask("execution", {"StringEquals": {"aws:RequestedRegion": HERE}})
    assert isinstance(answer, Fails)
    assert isinstance(ask("execution", {"StringEquals": {"aws:RequestedRegion": "us-west-1"}}), Holds)


def test_in_which_region_a_bucket_is_nothing_says() -> None:
    """S3 is asked in the bucket's region: allowed everywhere works, denied everywhere doesn't, else nobody knows."""
    answer = ask("task", ELSEWHERE, **S3)
    assert isinstance(answer, Undecided)
    assert answer.reason.split("; ") == [
        "it is allowed in some regions only, and S3 is asked in the region of the bucket, which no ARN says "
        f"(task: {what})"
        for what in ("list the objects of the buckets", "read, write and delete objects")
    ]
    assert isinstance(ask("task", IN_EUROPE, "sqs:*", **S3), Holds)
    both: Block = {"StringLike": {"aws:RequestedRegion": "*"}}
    assert isinstance(ask("task", both, **S3), Fails)


def test_where_passing_a_role_is_asked_no_page_says() -> None:
    answer = ask("github_actions", ELSEWHERE, **CLASSIC)
    assert isinstance(answer, Undecided)
    assert "no page of AWS says which region passing a role is asked in" in answer.reason
    stack = built(
        **CLASSIC,
        github_actions_statements=[{"Effect": "Deny", "NotAction": "iam:*", "Resource": "*", "Condition": ELSEWHERE}],
    )
    assert isinstance(INVARIANTS["works"].ask(stack), Holds), "as AWS's own examples have it"


def test_a_list_parameter_may_hold_what_lies_elsewhere() -> None:
    keys: dict[str, Any] = {"ecr_repository_arns": Parameter("repositories")}
    answer = ask("execution", ELSEWHERE, **keys)
    assert isinstance(answer, Fails | Undecided)
    assert isinstance(ask("execution", ELSEWHERE, "sqs:*", **keys), Holds)
