"""The widest inputs are noted, and what is a service's own is not: by what a value reaches, not by how it looks."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecsiam import Parameter, build
from ecsiam.features.wide import wide_policy, wide_statement
from ecsiam.model.globs import matches, overlap
from ecsiam.reference.managed import managed_policies, managed_policy

from .written import config

IN = "eu-west-2:123456789012"
AWS = "arn:aws:iam::aws:policy/"
GITHUB: dict[str, Any] = {"enable_github_oidc": True, "github_repo": "octo-org/memos"}
# By key: what it takes to be used, and how its values begin.
OF: dict[str, tuple[dict[str, Any], str]] = {
    "log_group_arns": ({}, f"arn:aws:logs:{IN}:log-group:"),
    "cloudwatch_log_group_arns": ({"enable_cloudwatch_logs": True}, f"arn:aws:logs:{IN}:log-group:"),
    "ecr_repository_arns": ({}, f"arn:aws:ecr:{IN}:repository/"),
    "github_ecr_repository_arns": (GITHUB, f"arn:aws:ecr:{IN}:repository/"),
    "secrets_arns": ({"enable_secrets_access": True}, f"arn:aws:secretsmanager:{IN}:secret:"),
    "secrets_kms_key_arns": (
        {"enable_secrets_access": True, "secrets_arns": [f"arn:aws:ssm:{IN}:parameter/memos"]},
        f"arn:aws:kms:{IN}:key/",
    ),
    "ecs_service_arns": (GITHUB, f"arn:aws:ecs:{IN}:service/"),
    "ecs_cluster_arns": (GITHUB, f"arn:aws:ecs:{IN}:cluster/"),
}
# By key: what reaches what is another service's, and what does not. The service is `memos-dev`.
REACH: dict[str, tuple[list[str], list[str]]] = {
    "log_group_arns": (
        ["*", "/*", "/ecs/*", "/ecs/*:*", "/e*", "/aws/*", "/ecs/*-dev", "*dev", "/dev/*", "/ecs/?*", "/ecs/*/app"],
        ["/ecs/memos-dev", "/ecs/memos*", "/ecs/memos-dev/*:*", "/shared/*", "/ecs/memos-???:*", "/ecs/a*"],
    ),
    "cloudwatch_log_group_arns": (["/ecs/*", "*"], ["/ecs/memos-dev/*"]),
    "ecr_repository_arns": (["*", "*-dev", "?*", "dev/*", "*/app"], ["memos*", "team/*", "memos/*", "b*"]),
    "github_ecr_repository_arns": (["*"], ["memos/*"]),
    "secrets_arns": (["*", "dev/*", "*-AbCdEf", "*/db-??????"], ["memos/*", "prod/*", "memos-??????", "rds!*"]),
    "secrets_kms_key_arns": (["*", "mrk-*"], ["01234567-*"]),
    "ecs_service_arns": (["*/*", "main/*", "main/*-dev", "ma*/*"], ["main/memos*", "*/memos", "main/memos-?"]),
    "ecs_cluster_arns": (["*", "*-dev"], ["main", "memos-*"]),
}
CASES = [(key, value, wide) for key, both in REACH.items() for wide in (True, False) for value in both[not wide]]


def noted(rule: str, **keys: Any) -> list[str]:
    return [note.message for note in build(config(**keys)).notes if note.rule == rule]


@pytest.mark.parametrize(("key", "value", "wide"), CASES)
def test_a_value_that_names_what_is_another_services_is_noted(key: str, value: str, wide: bool) -> None:
    needed, before = OF[key]
    (again,) = noted("wide-value", **needed, **{key: [before + value]}) or [""]
    assert again.startswith(f"`{before}{value}` also names") == wide
    assert bool(noted("wide-value", **needed, **{key: Parameter("given", [before + value])})) == wide


@pytest.mark.parametrize(("value", "wide"), [("*", True), ("dev/*", True), ("memos/*", False), ("shared/*", False)])
def test_parameters_are_values_too(value: str, wide: bool) -> None:
    secrets = [f"arn:aws:ssm:{IN}:parameter/{value}"]
    assert bool(noted("wide-value", enable_secrets_access=True, secrets_arns=secrets)) == wide


def test_a_star_that_somebody_wrote_is_noted_and_a_profiles_own_is_not() -> None:
    assert not noted("wide-value", profile="baseline", enable_secrets_access=True)
    for written in ({"secrets_arns": ["*"]}, {"efs_arn": "*"}):
        assert noted("wide-value", profile="baseline", enable_secrets_access=True, **written), written


@pytest.mark.parametrize(
    ("resource", "wide"),
    [
        ("arn:aws:s3:::*", True),
        ("arn:aws:s3:::*/*", True),
        ("arn:aws:s3:::memos/*", False),
        (f"arn:aws:dynamodb:{IN}:table/*", True),
        (f"arn:aws:dynamodb:{IN}:table/memos*", False),
        (f"arn:aws:sqs:{IN}:*", True),
        (f"arn:aws:sqs:{IN}:memos-*", False),
        (f"arn:aws:logs:{IN}:log-group:/ecs/*:*", True),
        (f"arn:aws:logs:{IN}:log-group:/ecs/memos-dev/*:*", False),
        (f"arn:aws:secretsmanager:{IN}:secret:*", True),
    ],
)
def test_resources_of_raw_statements_are_values_too(resource: str, wide: bool) -> None:
    for effect in ("Allow", "Deny"):
        statement = {"Effect": effect, "Action": "x:Y", "Resource": ["arn:aws:x:::y", resource]}
        found = noted("wide-value", github_actions_statements=[statement], **GITHUB)
        assert len(found) == (wide and effect == "Allow")


@pytest.mark.parametrize(
    ("actions", "resource", "says"),
    [
        ("*", "*", "every action on every resource"),
        ("*:*", "arn:*", "every action on every resource"),
        ("*", "arn:aws:s3:::*", "every action on all of `arn:aws:s3:::*`"),
        ("iam:*", "*", "every action of `iam` on every resource"),
        (["s3:GetObject", "kms:*"], "*", "every action of `kms` on every resource"),
        ("dynamodb:*", f"arn:aws:dynamodb:{IN}:table/*", f"of `dynamodb` on all of `arn:aws:dynamodb:{IN}:table/*`"),
        ("s3:*", "arn:aws:s3:::memos/*", ""),
        ("*", "arn:aws:s3:::memos/*", ""),
        ("s3:Get*", "*", ""),
        ("s3:GetObject", "*", ""),
    ],
)
def test_every_action_on_everything_is_noted(actions: Any, resource: str, says: str) -> None:
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
    for role in ("task", "execution"):
        found = noted("wide-statement", **{f"{role}_statements": [statement]})
        assert [says in one for one in found] == ([True] if says else [])
        assert not noted("wide-statement", **{f"{role}_statements": [{**statement, "Effect": "Deny"}]})


@pytest.mark.parametrize("action", ["logs:*", "*", "logs:PutLogEvents"])
def test_of_every_action_the_resources_are_looked_at_too(action: str) -> None:
    statement = {"Effect": "Allow", "Action": action, "Resource": f"arn:aws:logs:{IN}:log-group:/ecs/*:*"}
    assert len(noted("wide-value", task_statements=[statement])) == 1


def test_all_but_some_is_noted() -> None:
    not_iam = {"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}
    assert noted("wide-statement", task_statements=[not_iam]) == [
        "the task role may do every action but `iam:*` on every resource"
    ]
    not_here = {
        "Effect": "Allow",
        "Action": "*",
        "NotResource": "arn:aws:s3:::b",
        "Condition": {"Bool": {"a:b": "true"}},
    }
    assert noted("wide-statement", task_statements=[not_here]) == [
        "the task role may do every action on every resource but a few, while its conditions hold"
    ]


@pytest.mark.parametrize("arn", managed_policies())
def test_of_the_policies_that_we_carry_the_wide_are_noted(arn: str) -> None:
    """The names say it; the documents show that they do."""
    found = managed_policy(arn)
    assert found
    wide = [note for s in found.document.statements for note in wide_statement(s, "task", "x", 0)]
    told = list(wide_policy(arn, "task", "task_managed_policy_arns", 0))
    assert len(told) >= bool(wide)
    everything = any("every action on every resource" in note.message for note in wide)
    assert everything == (arn == f"{AWS}AdministratorAccess")
    if everything:
        assert "every action on every resource" in told[0].message


@pytest.mark.parametrize(
    ("name", "wide"),
    [
        ("AdministratorAccess", True),
        ("PowerUserAccess", True),
        ("IAMFullAccess", True),
        ("AmazonS3FullAccess", True),
        ("job-function/SystemAdministrator", True),
        ("AdministratorAccess-Amplify", True),
        ("AWSCodeBuildAdminAccess", True),
        ("SecretsManagerReadWrite", True),
        ("ReadOnlyAccess", True),
        ("AmazonS3ReadOnlyAccess", False),
        ("service-role/AmazonECSTaskExecutionRolePolicy", False),
        ("AWSXRayDaemonWriteAccess", False),
    ],
)
def test_a_managed_policy_is_as_wide_as_its_name_says(name: str, wide: bool) -> None:
    for partition in ("aws", "aws-cn"):
        assert bool(list(wide_policy(f"arn:{partition}:iam::aws:policy/{name}", "task", "x", 0))) == wide
    assert not list(wide_policy(f"arn:aws:iam::123456789012:policy/{name}", "task", "x", 0))


# ---------------------------------------------------------------- who deploys

R = "repo:octo-org/memos:"


@pytest.mark.parametrize(
    ("subject", "says"),
    [
        ("*", "lets every branch, tag, environment and pull request of"),
        ("?*", "lets every branch, tag, environment and pull request of"),
        ("ref:*", "lets every branch and tag of"),
        ("r*", "lets every branch and tag of"),
        ("ref:refs/heads/*", "lets every branch of"),
        ("ref:refs/heads/*/*", "names no branch in particular"),
        ("environment:*", "lets every environment of"),
        ("*:*", "lets every branch, tag and environment of"),
        ("ref:refs/heads/release/*", ""),
        ("ref:refs/*/main", ""),
        ("environment:prod*", ""),
        ("pull_request", ""),
    ],
)
def test_a_subject_that_is_every_one_is_noted(subject: str, says: str) -> None:
    found = noted("github-any-subject", **GITHUB, github_subjects=[R + subject])
    assert found == ([f"`{R}{subject}` {says}{' the repository deploy' * says.endswith(' of')}"] if says else [])
    for key, before in (("branches", "ref:refs/heads/"), ("tags", "ref:refs/tags/"), ("environments", "environment:")):
        if subject.startswith(before) and not subject.endswith("/*/*"):
            assert bool(
                noted("github-any-subject", **GITHUB, **{f"github_{key}": [subject.removeprefix(before)]})
            ) == bool(says)


@pytest.mark.parametrize("subject", ["pull_request", "pull*", "pull?request", "p*t"])
def test_pull_requests_are_noted_however_they_are_written(subject: str) -> None:
    assert noted("github-pull-requests", **GITHUB, github_subjects=[R + subject])


# ---------------------------------------------------------------- raw statements

RAW: list[tuple[str, dict[str, Any], str]] = [
    # ARNs that a star cuts short
    ("sns:Publish", {"Resource": "arn:aws:sns:*"}, "wide-value"),
    ("sns:Publish", {"Resource": "arn:aws:sns:eu-west-2:*"}, "wide-value"),
    ("sqs:SendMessage", {"Resource": "arn:aws:sqs:eu*"}, "wide-value"),
    ("dynamodb:*", {"Resource": "arn:aws:dynamodb:*"}, "wide-statement"),
    ("logs:PutLogEvents", {"Resource": "arn:aws:logs:*"}, "wide-value"),
    # what has no kind, or another sign before it
    ("execute-api:Invoke", {"Resource": f"arn:aws:execute-api:{IN}:memos/*"}, ""),
    ("execute-api:Invoke", {"Resource": f"arn:aws:execute-api:{IN}:*"}, "wide-value"),
    ("cassandra:Select", {"Resource": f"arn:aws:cassandra:{IN}:/keyspace/*"}, "wide-value"),
    ("cassandra:Select", {"Resource": f"arn:aws:cassandra:{IN}:/keyspace/memos/table/*"}, ""),
    # all but a few
    ("s3:GetObject", {"NotResource": "arn:aws:s3:::memos/*"}, "wide-value"),
    ("s3:GetObject", {"NotResource": "*"}, ""),
    ("ec2:DescribeInstances", {"NotResource": "arn:aws:s3:::memos/*"}, ""),
    # buckets and their objects
    ("s3:ListBucket", {"Resource": "arn:aws:s3:::memos/*"}, "void-grant"),
    ("s3:GetBucketLocation", {"Resource": "arn:aws:s3:::memos/a/*"}, "void-grant"),
    ("s3:ListBucket", {"Resource": "arn:aws:s3:::memos*"}, ""),
    ("s3:GetObject", {"Resource": "arn:aws:s3:::memos"}, "void-grant"),
    ("s3:GetObject", {"Resource": f"arn:aws:s3:{IN}:accesspoint/memos/object/*"}, ""),
    ("s3:List*", {"Resource": "arn:aws:s3:::memos/*"}, ""),
]


@pytest.mark.parametrize(("action", "resource", "rule"), RAW, ids=lambda x: str(x)[:60])
def test_raw_statements_are_noted_for_what_they_reach(action: str, resource: dict[str, Any], rule: str) -> None:
    built = build(config(task_statements=[{"Effect": "Allow", "Action": action, **resource}]))
    found = {note.rule for note in built.notes} & {"wide-value", "wide-statement", "void-grant"}
    assert found == ({rule} if rule else set())


# ---------------------------------------------------------------- patterns

FIELDS = [":".join(parts) for parts in product(["", "a", "*", "a*", "?"], repeat=3)]


@pytest.mark.parametrize("one", [f for f in FIELDS if "*" in f][::3])
def test_stars_of_the_first_fields_take_no_colon(one: str) -> None:
    """A region and an account hold none: `arn:*:s3:*:*:accesspoint/*` is no pattern of a bucket's objects."""
    first, second, rest = one.split(":")
    ends = ["", "a", ":", "a:", "::a"]
    texts = [":".join(parts) for parts in product(["", "a"], ["", "a"], ends)]
    for other in (*FIELDS[::2], "*", "a*", "?:*"):
        both = any(
            plainly(other, text) and all(map(plainly, (first, second, rest), text.split(":", 2))) for text in texts
        )
        assert not both or overlap(one, other, fields=2)
    assert not overlap("*:*:b", "a:a:a:b", fields=2)
    assert overlap("*:*:b", "a:a:a:b")


PATTERNS = st.text("ab*?", max_size=6)
TEXTS = ["".join(letters) for n in range(7) for letters in product("ab", repeat=n)]


def plainly(pattern: str, text: str) -> bool:
    """Matching by the definition."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(plainly(pattern[1:], text[i:]) for i in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and plainly(pattern[1:], text[1:])


@given(PATTERNS, st.sampled_from(TEXTS))
def test_a_pattern_means_what_it_says(pattern: str, text: str) -> None:
    assert matches(pattern, text) == plainly(pattern, text)


@given(st.text("ab*?", max_size=3), st.text("ab*?", max_size=3))
def test_two_patterns_overlap_when_some_text_is_of_both(one: str, other: str) -> None:
    both = any(plainly(one, text) and plainly(other, text) for text in TEXTS)
    assert overlap(one, other) == overlap(other, one) == both


def test_long_patterns_take_no_time() -> None:
    assert not matches("a*" * 1000 + "b", "a" * 2000)
    assert overlap("a*" * 100 + "b", "a" * 200 + "*b")


def test_what_is_long_takes_no_time() -> None:
    long = "*" * 50_000
    resources = [
        f"arn:aws:sqs:{IN}:{long}x",
        f"arn:aws:s3:::{long}/{long}",
        f"arn:aws:logs:{IN}:log-group:{'a*' * 20_000}",
    ]
    actions = ["sqs:SendMessage", f"s3:{'GetObject' * 5_000}", "s3:GetObject"]
    build(config(task_statements=[{"Effect": "Allow", "Action": actions, "Resource": resources}]))
