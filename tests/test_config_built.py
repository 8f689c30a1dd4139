"""What a config becomes: decision tables for all that is not written down in it word for word."""

from collections.abc import Sequence
from typing import Any

import pytest

from ecsiam import Stack, build
from ecsiam.features.table import POLICIES, ROLES
from ecsiam.model.condition import Condition
from ecsiam.model.statement import Only, Statement

from .intent import meant
from .written import config

IN = "eu-west-2:123456789012"
HOME: dict[str, Any] = {"account_id": "123456789012", "aws_region": "eu-west-2"}
GITHUB: dict[str, Any] = {**HOME, "enable_github_oidc": True, "github_repo": "octo-org/memos"}
ISSUER = "token.actions.githubusercontent.com"


def made(**keys: Any) -> Stack:
    return build(config(**{**HOME, **keys}))


def statements(stack: Stack, role: str, action: str) -> list[Statement]:
    """The statements of a role's own policies that list `action` by its name."""
    found = [
        s
        for policy in stack.roles[role].policies.values()
        for s in policy.document.statements
        if action in [str(a) for a in s.actions.items]
    ]
    assert all(s.effect == "Allow" and isinstance(s.actions, Only) and isinstance(s.resources, Only) for s in found)
    return found


def resources(stack: Stack, role: str, action: str) -> list[str]:
    """The resources on which a role may do `action`, in their order."""
    return [str(r) for s in statements(stack, role, action) if s.resources for r in s.resources.items]


def shown(conditions: Sequence[Condition]) -> dict[str, list[str]]:
    """`{"StringEquals aws:SourceAccount": [...]}`."""
    return {f"{c.operator} {c.key}": [str(v) for v in c.values] for c in conditions}


# Secrets

SECRET = f"arn:aws:secretsmanager:{IN}:secret:"
PARAMETER = f"arn:aws:ssm:{IN}:parameter/"


@pytest.mark.parametrize(
    ("given", "granted"),
    [
        # what Secrets Manager added is there
        (f"{SECRET}db-AbCdEf", f"{SECRET}db-AbCdEf"),
        (f"{SECRET}db-AbCdEf:password::", f"{SECRET}db-AbCdEf"),
        (f"{SECRET}db-AbCdEf::AWSPREVIOUS:", f"{SECRET}db-AbCdEf"),
        (f"{SECRET}db-AbCdEf:::0a1b2c3d", f"{SECRET}db-AbCdEf"),
        (f"{SECRET}db-AbCdEf:password:AWSPREVIOUS:", f"{SECRET}db-AbCdEf"),
        (f"{SECRET}db-AbCdEf:password::0a1b2c3d", f"{SECRET}db-AbCdEf"),
        (f"{SECRET}a/b/db-aB3dEf", f"{SECRET}a/b/db-aB3dEf"),
        # tails that do not read like a word or a number
        (f"{SECRET}db-aBcdef", f"{SECRET}db-aBcdef"),
        (f"{SECRET}db-ABcdef", f"{SECRET}db-ABcdef"),
        (f"{SECRET}db-Abcd3f", f"{SECRET}db-Abcd3f"),
        (f"{SECRET}db-ABCD3F", f"{SECRET}db-ABCD3F"),
        (f"{SECRET}db-AbCdeF", f"{SECRET}db-AbCdeF"),
        # no tail of six: it is the name
        (f"{SECRET}db", f"{SECRET}db-??????"),
        (f"{SECRET}db:password::", f"{SECRET}db-??????"),
        (f"{SECRET}db-AbCdE", f"{SECRET}db-AbCdE-??????"),
        (f"{SECRET}db-AbCdEfG", f"{SECRET}db-AbCdEfG-??????"),
        (f"{SECRET}db_AbCdEf", f"{SECRET}db_AbCdEf-??????"),
        (f"{SECRET}rds!db-0a1b", f"{SECRET}rds!db-0a1b-??????"),
        (f"{SECRET}db-AbC/Ef", f"{SECRET}db-AbC/Ef-??????"),
        # wildcards are the user's own
        (f"{SECRET}db-??????", f"{SECRET}db-??????"),
        (f"{SECRET}db-??????:password::", f"{SECRET}db-??????"),
        (f"{SECRET}db-config-??????", f"{SECRET}db-config-??????"),
        (f"{SECRET}memos/*", f"{SECRET}memos/*"),
        (f"{SECRET}memos-*", f"{SECRET}memos-*"),
        (f"{SECRET}db-????", f"{SECRET}db-????"),
    ],
)
def test_secret(given: str, granted: str) -> None:
    stack = made(enable_secrets_access=True, secrets_arns=[given])
    assert resources(stack, "execution", "secretsmanager:GetSecretValue") == [granted]
    assert resources(stack, "execution", "ssm:GetParameters") == []
    assert resources(stack, "task", "secretsmanager:GetSecretValue") == []


@pytest.mark.parametrize("tail", ["config", "db01xy", "202611", "Config", "CONFIG", "AppKey", "AbCdEf"])
def test_complete_arns_are_taken_as_they_are(tail: str) -> None:
    stack = made(
        enable_secrets_access=True,
        secrets_arns_complete=True,
        secrets_arns=[f"{SECRET}db-{tail}:password::", f"{PARAMETER}db", f"{SECRET}other/*"],
    )
    assert resources(stack, "execution", "secretsmanager:GetSecretValue") == [f"{SECRET}db-{tail}", f"{SECRET}other/*"]


@pytest.mark.parametrize("name", ["db", "memos/db", "memos/*", "a.b-config", "memos/db-AbCdEf"])
def test_parameter(name: str) -> None:
    stack = made(enable_secrets_access=True, secrets_arns=[f"{PARAMETER}{name}"])
    assert resources(stack, "execution", "ssm:GetParameters") == [f"{PARAMETER}{name}"]
    assert resources(stack, "execution", "ssm:GetParameter") == [], "ECS asks for several at once, and for these only"
    assert resources(stack, "execution", "secretsmanager:GetSecretValue") == []


def test_secrets_once_each_in_order() -> None:
    given = [f"{SECRET}b-AbCdEf:x::", f"{SECRET}a-AbCdEf", f"{SECRET}b-AbCdEf:y::", f"{SECRET}b-AbCdEf"]
    stack = made(enable_secrets_access=True, secrets_arns=given)
    assert resources(stack, "execution", "secretsmanager:GetSecretValue") == [f"{SECRET}a-AbCdEf", f"{SECRET}b-AbCdEf"]


@pytest.mark.parametrize(
    ("secrets", "via"),
    [
        ([f"{SECRET}a-AbCdEf"], ["secretsmanager.eu-west-2.amazonaws.com"]),
        ([f"{PARAMETER}a"], ["ssm.eu-west-2.amazonaws.com"]),
        (
            [f"{PARAMETER}a", f"{SECRET}a-AbCdEf", "arn:aws:ssm:us-east-1:123456789012:parameter/a"],
            ["secretsmanager.eu-west-2.amazonaws.com", "ssm.eu-west-2.amazonaws.com", "ssm.us-east-1.amazonaws.com"],
        ),
        (["arn:aws-us-gov:ssm:us-gov-west-1:123456789012:parameter/a"], ["ssm.us-gov-west-1.amazonaws.com"]),
        (
            ["arn:aws-cn:ssm:cn-north-1:123456789012:parameter/a"],
            ["ssm.cn-north-1.amazonaws.com", "ssm.cn-north-1.amazonaws.com.cn"],
        ),
        (
            ["arn:aws-eusc:secretsmanager:eusc-de-east-1:123456789012:secret:a-AbCdEf"],
            ["secretsmanager.eusc-de-east-1.amazonaws.com", "secretsmanager.eusc-de-east-1.amazonaws.eu"],
        ),
        (
            ["arn:aws-iso:ssm:us-iso-east-1:123456789012:parameter/a"],
            ["ssm.us-iso-east-1.amazonaws.com", "ssm.us-iso-east-1.c2s.ic.gov"],
        ),
        (
            ["arn:aws-iso-b:ssm:us-isob-east-1:123456789012:parameter/a"],
            ["ssm.us-isob-east-1.amazonaws.com", "ssm.us-isob-east-1.sc2s.sgov.gov"],
        ),
    ],
)
def test_keys_are_used_through_the_services_of_the_secrets(secrets: list[str], via: list[str]) -> None:
    partition = secrets[0].split(":")[1]
    region = secrets[0].split(":")[3]
    key = f"arn:{partition}:kms:{region}:123456789012:key/0a1b"
    stack = made(aws_region=region, enable_secrets_access=True, secrets_arns=secrets, secrets_kms_key_arns=[key])
    (statement,) = statements(stack, "execution", "kms:Decrypt")
    assert [str(a) for a in statement.actions.items] == ["kms:Decrypt"]
    assert resources(stack, "execution", "kms:Decrypt") == [key]
    assert shown(statement.conditions) == {"StringEquals kms:ViaService": via}


def test_no_key_no_decryption() -> None:
    assert (
        statements(made(enable_secrets_access=True, secrets_arns=[f"{PARAMETER}a"]), "execution", "kms:Decrypt") == []
    )


# S3

B = "arn:aws:s3:::"


@pytest.mark.parametrize(
    ("given", "listed", "objects"),
    [
        (["b-1"], ["b-1"], ["b-1/*"]),
        (["b-1/*"], [], ["b-1/*"]),
        (["b-1/a/*"], [], ["b-1/a/*"]),
        (["b-1", "b-1/a/*"], ["b-1"], ["b-1/a/*"]),
        (["b-1/a/*", "b-1"], ["b-1"], ["b-1/a/*"]),
        (["b-1", "b-1/*"], ["b-1"], ["b-1/*"]),
        (["b-1", "b-2"], ["b-1", "b-2"], ["b-1/*", "b-2/*"]),
        (["b-1", "b-2/x"], ["b-1"], ["b-1/*", "b-2/x"]),
        (["b-1", "b-2", "b-2/x"], ["b-1", "b-2"], ["b-1/*", "b-2/x"]),
        (["b-1", "b-12/x"], ["b-1"], ["b-1/*", "b-12/x"]),  # another bucket, whose name begins alike
        (["b-*"], ["b-*"], ["b-*/*"]),
        (["b-*", "b-1/x"], ["b-*"], ["b-*/*", "b-1/x"]),  # a pattern is not that bucket
        (["b-1/${aws:username}/*"], [], ["b-1/${aws:username}/*"]),
        (["b-1", "b-1"], ["b-1"], ["b-1/*"]),
    ],
)
def test_buckets_and_objects(given: list[str], listed: list[str], objects: list[str]) -> None:
    stack = made(enable_s3_access=True, s3_bucket_arns=[B + g for g in given])
    assert resources(stack, "task", "s3:ListBucket") == [B + one for one in listed]
    for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"):
        assert resources(stack, "task", action) == [B + one for one in objects]
    actions = {str(a) for s in stack.roles["task"].policies["s3"].document.statements for a in s.actions.items}
    assert actions == {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", *(["s3:ListBucket"] if listed else [])}


# Log groups, clusters, families: every default once for each region

GROUP = f"arn:aws:logs:{IN}:log-group:"


@pytest.mark.parametrize("role", ["execution", "task"])
@pytest.mark.parametrize(
    ("given", "granted"),
    [
        (["/a"], ["/a:*"]),
        (["/a:*"], ["/a:*"]),
        (["/a", "/a:*"], ["/a:*"]),
        (["/b", "/a/*"], ["/a/*:*", "/b:*"]),
        (["/a*:*"], ["/a*:*"]),
    ],
)
def test_log_groups(role: str, given: list[str], granted: list[str]) -> None:
    key = {"execution": "log_group_arns", "task": "cloudwatch_log_group_arns"}[role]
    stack = made(enable_cloudwatch_logs=True, **{key: [GROUP + g for g in given]})
    assert resources(stack, role, "logs:PutLogEvents") == [GROUP + g for g in granted]
    other = {"execution": ("task", "/ecs/memos-dev/*:*"), "task": ("execution", "/ecs/memos-dev:*")}[role]
    assert resources(stack, other[0], "logs:PutLogEvents") == [GROUP + other[1]]


def test_what_each_role_may_do_with_its_log_groups() -> None:
    stack = made(enable_cloudwatch_logs=True)
    by_role = {
        role: {
            str(a) for p in stack.roles[role].policies.values() for s in p.document.statements for a in s.actions.items
        }
        for role in ("execution", "task")
    }
    logs = {role: sorted(a for a in actions if a.startswith("logs:")) for role, actions in by_role.items()}
    assert logs == {
        "execution": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "task": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
    }


ECS = "arn:aws:ecs:eu-west-2:123456789012:"


@pytest.mark.parametrize(
    ("clusters", "services", "granted"),
    [
        ([], [], ["service/*"]),
        (["cluster/main"], [], ["service/main/*"]),
        (["cluster/b", "cluster/a"], [], ["service/a/*", "service/b/*"]),
        (["cluster/dev-*"], [], ["service/dev-*/*"]),
        ([], ["service/main/memos"], ["service/main/memos"]),
        (["cluster/main"], ["service/other/memos"], ["service/other/memos"]),
        (["cluster/cluster"], [], ["service/cluster/*"]),
    ],
)
def test_services(clusters: list[str], services: list[str], granted: list[str]) -> None:
    stack = made(
        **{**GITHUB, "ecs_cluster_arns": [ECS + c for c in clusters], "ecs_service_arns": [ECS + s for s in services]}
    )
    for action in ("ecs:UpdateService", "ecs:DescribeServices"):
        assert resources(stack, "github_actions", action) == [ECS + g for g in granted]


@pytest.mark.parametrize(
    ("families", "registered", "tagged"),
    [
        ([], ["*"], ["*"]),
        (["memos"], ["memos:*"], ["memos", "memos:*"]),
        (["b", "a"], ["a:*", "b:*"], ["a", "a:*", "b", "b:*"]),
    ],
)
def test_families(families: list[str], registered: list[str], tagged: list[str]) -> None:
    stack = made(**{**GITHUB, "task_definition_families": families})
    prefix = f"{ECS}task-definition/"
    assert resources(stack, "github_actions", "ecs:RegisterTaskDefinition") == [prefix + r for r in registered]
    assert sorted(resources(stack, "github_actions", "ecs:TagResource")) == sorted(prefix + t for t in tagged)
    (tag,) = statements(stack, "github_actions", "ecs:TagResource")
    assert shown(tag.conditions) == {"StringEquals ecs:CreateAction": ["RegisterTaskDefinition"]}
    assert resources(stack, "github_actions", "ecs:DescribeTaskDefinition") == ["*"]


ECR = f"arn:aws:ecr:{IN}:repository/"


@pytest.mark.parametrize(
    ("pulled", "pushed", "may_pull", "may_push"),
    [
        ([], [], ["*"], ["*"]),
        (["memos"], [], ["memos"], ["memos"]),
        ([], ["memos"], ["*"], ["memos"]),
        (["base", "memos"], ["memos"], ["base", "memos"], ["memos"]),
    ],
)
def test_repositories(pulled: list[str], pushed: list[str], may_pull: list[str], may_push: list[str]) -> None:
    keys = {"ecr_repository_arns": [ECR + p for p in pulled], "github_ecr_repository_arns": [ECR + p for p in pushed]}
    stack = made(**{**GITHUB, **keys})
    pull = {"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}
    push = {"ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage"}
    for action in pull:
        assert resources(stack, "execution", action) == [ECR + m for m in may_pull]
    for action in push | {"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage"}:
        assert resources(stack, "github_actions", action) == [ECR + m for m in may_push]
    for role in ("execution", "github_actions"):
        assert resources(stack, role, "ecr:GetAuthorizationToken") == ["*"]
    assert resources(stack, "execution", "ecr:PutImage") == []
    assert resources(stack, "github_actions", "ecr:GetDownloadUrlForLayer") == []
    more = made(**{**GITHUB, **keys, "github_ecr_pull": True})
    assert resources(more, "github_actions", "ecr:GetDownloadUrlForLayer") == [ECR + m for m in may_push]


@pytest.mark.parametrize(
    ("home", "regions"),
    [
        ({"aws_region": "eu-west-2"}, ["eu-west-2"]),
        (
            {"aws_region": "eu-west-2", "aws_regions": ["us-east-1", "eu-central-1"]},
            ["eu-central-1", "eu-west-2", "us-east-1"],
        ),
        ({"aws_region": "eu-west-2", "aws_regions": ["eu-west-2"]}, ["eu-west-2"]),
        ({"aws_region": None, "aws_regions": ["eu-west-1"]}, ["eu-west-1", "{aws_region}"]),
        ({"aws_region": None}, ["{aws_region}"]),
    ],
)
def test_every_default_is_repeated_for_each_region(home: dict[str, Any], regions: list[str]) -> None:
    stack = build(
        config(
            account_id="123456789012",
            partition="aws",
            enable_cloudwatch_logs=True,
            enable_github_oidc=True,
            github_repo="octo-org/memos",
            task_definition_families=["memos"],
            **home,
        )
    )
    each = {
        ("execution", "ecr:BatchGetImage"): ["ecr:R:123456789012:repository/*"],
        ("execution", "logs:PutLogEvents"): ["logs:R:123456789012:log-group:/ecs/memos-dev:*"],
        ("task", "logs:PutLogEvents"): ["logs:R:123456789012:log-group:/ecs/memos-dev/*:*"],
        ("github_actions", "ecr:PutImage"): ["ecr:R:123456789012:repository/*"],
        ("github_actions", "ecs:UpdateService"): ["ecs:R:123456789012:service/*"],
        ("github_actions", "ecs:RegisterTaskDefinition"): ["ecs:R:123456789012:task-definition/memos:*"],
        ("github_actions", "ecs:TagResource"): [
            "ecs:R:123456789012:task-definition/memos",
            "ecs:R:123456789012:task-definition/memos:*",
        ],
    }
    for (role, action), forms in each.items():
        expected = {f"arn:aws:{form}".replace(":R:", f":{region}:") for region in regions for form in forms}
        assert set(resources(stack, role, action)) == expected
        assert len(resources(stack, role, action)) == len(expected)
    for role in ("execution", "task"):
        (statement,) = stack.roles[role].trust.statements
        sources = shown(statement.conditions)["ArnLike aws:SourceArn"]
        assert sorted(sources) == sorted(f"arn:aws:ecs:{region}:123456789012:*" for region in regions)


@pytest.mark.parametrize(
    ("home", "partition"),
    [
        ({"aws_region": "cn-north-1"}, "aws-cn"),
        ({"aws_region": "us-gov-west-1"}, "aws-us-gov"),
        ({"aws_region": "eusc-de-east-1"}, "aws-eusc"),
        ({"aws_region": None, "aws_regions": ["cn-north-1"]}, "aws-cn"),
        ({"aws_region": None, "partition": "aws-iso"}, "aws-iso"),
        ({"aws_region": None}, "{partition}"),
    ],
)
def test_a_known_region_gives_the_partition(home: dict[str, Any], partition: str) -> None:
    stack = made(**{**GITHUB, **home})
    assert all(str(r).split(":")[1] == partition for r in resources(stack, "execution", "ecr:BatchGetImage"))
    assert {r.split(":")[1] for r in resources(stack, "github_actions", "iam:PassRole")} == {partition}
    assert {
        str(p.id).split(":")[1]
        for s in stack.roles["github_actions"].trust.statements
        if s.principals
        for p in s.principals.items
    } == {partition}


# Trust


@pytest.mark.parametrize(
    ("confused_deputy", "guarded"),
    [(None, {"execution", "task"}), ("both", {"execution", "task"}), ("task", {"task"}), ("off", set[str]())],
)
def test_confused_deputy(confused_deputy: str | None, guarded: set[str]) -> None:
    stack = made(confused_deputy=confused_deputy)
    for role in ("execution", "task"):
        (statement,) = stack.roles[role].trust.statements
        assert statement.principals
        assert [str(p) for p in statement.principals.items] == ["Service:ecs-tasks.amazonaws.com"]
        assert [str(a) for a in statement.actions.items] == ["sts:AssumeRole"]
        assert shown(statement.conditions) == (
            {
                "StringEquals aws:SourceAccount": ["123456789012"],
                "ArnLike aws:SourceArn": ["arn:aws:ecs:eu-west-2:123456789012:*"],
            }
            if role in guarded
            else {}
        )
    assert {role for role in stack.roles if meant(stack, role, "aws:SourceAccount")} == guarded


KINDS: list[tuple[dict[str, Any], list[str], list[str]]] = [
    # keys, exact claims, patterns
    ({}, ["ref:refs/heads/main"], []),
    ({"github_branches": ["main"]}, ["ref:refs/heads/main"], []),
    ({"github_branches": ["dev", "release/*"]}, ["ref:refs/heads/dev"], ["ref:refs/heads/release/*"]),
    ({"github_branches": ["release/?"]}, [], ["ref:refs/heads/release/?"]),
    ({"github_environments": ["production"]}, ["environment:production"], []),
    ({"github_environments": ["prod:eu", "prod eu"]}, ["environment:prod eu", "environment:prod%3Aeu"], []),
    ({"github_environments": ["prod:*"]}, [], ["environment:prod%3A*"]),
    ({"github_tags": ["v1"]}, ["ref:refs/tags/v1"], []),
    ({"github_tags": ["v*"]}, [], ["ref:refs/tags/v*"]),
    ({"github_pull_requests": True}, ["pull_request"], []),
    ({"github_subjects": ["repo:octo-org/memos:*"]}, [], ["*"]),
    ({"github_subjects": ["repo:octo-org/memos:ref:refs/heads/x"]}, ["ref:refs/heads/x"], []),
    (
        {
            "github_branches": ["main"],
            "github_environments": ["p"],
            "github_tags": ["v*"],
            "github_pull_requests": True,
        },
        ["environment:p", "pull_request", "ref:refs/heads/main"],
        ["ref:refs/tags/v*"],
    ),
]
FORMATS: list[tuple[dict[str, Any], list[str], bool]] = [
    # keys, what the repository is called, whether the ids are pinned
    ({}, ["octo-org/memos"], False),
    ({"github_subject_format": "classic"}, ["octo-org/memos"], False),
    ({"github_owner_id": 12, "github_repo_id": "34"}, ["octo-org@12/memos@34"], False),
    (
        {"github_owner_id": 12, "github_repo_id": 34, "github_subject_format": "immutable"},
        ["octo-org@12/memos@34"],
        False,
    ),
    ({"github_owner_id": 12, "github_repo_id": 34, "github_subject_format": "classic"}, ["octo-org/memos"], False),
    (
        {"github_owner_id": 12, "github_repo_id": 34, "github_subject_format": "both"},
        ["octo-org/memos", "octo-org@12/memos@34"],
        True,
    ),
]


@pytest.mark.parametrize(("form", "repositories", "pinned"), FORMATS)
@pytest.mark.parametrize(("kind", "exact", "patterns"), KINDS)
def test_subjects(
    kind: dict[str, Any],
    exact: list[str],
    patterns: list[str],
    form: dict[str, Any],
    repositories: list[str],
    pinned: bool,
) -> None:
    stack = made(**{**GITHUB, **kind, **form})
    pins = {
        f"StringEquals {ISSUER}:aud": ["sts.amazonaws.com"],
        **(
            {f"StringEquals {ISSUER}:repository_owner_id": ["12"], f"StringEquals {ISSUER}:repository_id": ["34"]}
            if pinned
            else {}
        ),
    }
    expected = [
        pins | {f"{operator} {ISSUER}:sub": sorted(f"repo:{r}:{claim}" for r in repositories for claim in claims)}
        for operator, claims in (("StringEquals", exact), ("StringLike", patterns))
        if claims
    ]
    trust = stack.roles["github_actions"].trust.statements
    assert [shown(s.conditions) for s in trust] == expected, "exact ones and patterns apart, each with the audience"
    for s in trust:
        assert [str(a) for a in s.actions.items] == ["sts:AssumeRoleWithWebIdentity"]
        assert s.principals
        assert [str(p) for p in s.principals.items] == [f"Federated:arn:aws:iam::123456789012:oidc-provider/{ISSUER}"]
    every = {f"repo:{r}:{claim}" for r in repositories for claim in (*exact, *patterns)}
    assert set(meant(stack, "github_actions", f"{ISSUER}:sub")) == every


def test_subjects_written_in_either_form_come_out_in_the_one_asked_for() -> None:
    written = ["repo:octo-org/memos:ref:a", "repo:octo-org@12/memos@34:ref:b"]
    ids: dict[str, Any] = {"github_owner_id": 12, "github_repo_id": 34, "github_subjects": written}
    for form, repositories in (
        ("classic", ["octo-org/memos"]),
        ("immutable", ["octo-org@12/memos@34"]),
        ("both", ["octo-org/memos", "octo-org@12/memos@34"]),
    ):
        (trust,) = made(**{**GITHUB, **ids, "github_subject_format": form}).roles["github_actions"].trust.statements
        found = shown(trust.conditions)[f"StringEquals {ISSUER}:sub"]
        assert found == sorted(f"repo:{r}:ref:{claim}" for r in repositories for claim in "ab")


def test_audience_and_provider_as_written() -> None:
    arn = f"arn:aws:iam::123456789012:oidc-provider/{ISSUER}"
    stack = made(**{**GITHUB, "github_audience": "https://github.com/octo-org", "github_oidc_provider_arn": arn})
    (statement,) = stack.roles["github_actions"].trust.statements
    assert shown(statement.conditions)[f"StringEquals {ISSUER}:aud"] == ["https://github.com/octo-org"]
    assert statement.principals
    assert [str(p) for p in statement.principals.items] == [f"Federated:{arn}"]


# Names, tags, attachments


def test_default_names() -> None:
    names: dict[str, Any] = {
        "enable_efs_access": True,
        "efs_arn": f"arn:aws:elasticfilesystem:{IN}:file-system/fs-0a1b2c3d",
        "enable_secrets_access": True,
        "secrets_arns": [f"{PARAMETER}a"],
        "enable_s3_access": True,
        "s3_bucket_arns": [f"{B}b-1"],
        "enable_cloudwatch_logs": True,
        "enable_ecs_exec": True,
        **{
            f"{role}_statements": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]
            for role in ("execution", "task", "github_actions")
        },
    }
    stack = made(**{**GITHUB, **names})
    found = {str(r.name): sorted(str(p.name) for p in r.policies.values()) for r in stack.roles.values()}
    assert found == {
        "memos-dev-execution-role": [
            "memos-dev-execution-ecr-policy",
            "memos-dev-execution-logs-policy",
            "memos-dev-execution-secrets-policy",
            "memos-dev-execution-statements-policy",
        ],
        "memos-dev-task-role": [
            "memos-dev-cloudwatch-policy",
            "memos-dev-efs-policy",
            "memos-dev-exec-policy",
            "memos-dev-s3-policy",
            "memos-dev-task-statements-policy",
        ],
        "memos-dev-github-actions-role": [
            "memos-dev-github-actions-policy",
            "memos-dev-github-actions-statements-policy",
        ],
    }
    renamed = made(
        **{
            **GITHUB,
            **names,
            "role_names": {r: f"r-{r}" for r in ROLES if r in stack.roles},
            "policy_names": {p: f"p-{p}" for p, role in POLICIES.items() if role in stack.roles},
        }
    )
    assert {str(r.name) for r in renamed.roles.values()} == {f"r-{r}" for r in stack.roles}
    for role in renamed.roles.values():
        assert {str(p.name) for p in role.policies.values()} == {f"p-{p}" for p in role.policies}
    passed = resources(renamed, "github_actions", "iam:PassRole")
    assert passed == ["arn:aws:iam::123456789012:role/r-execution", "arn:aws:iam::123456789012:role/r-task"]


@pytest.mark.parametrize("path", [None, "/", "/team/", "/team/memos/"])
def test_path(path: str | None) -> None:
    stack = made(**{**GITHUB, "path": path})
    prefix = f"arn:aws:iam::123456789012:role{path or '/'}memos-dev-"
    assert resources(stack, "github_actions", "iam:PassRole") == [f"{prefix}execution-role", f"{prefix}task-role"]
    (statement,) = statements(stack, "github_actions", "iam:PassRole")
    assert shown(statement.conditions) == {"StringEquals iam:PassedToService": ["ecs-tasks.amazonaws.com"]}
    assert {role.path for role in stack.roles.values()} == {path or "/"}


@pytest.mark.parametrize(
    ("tags", "task"),
    [
        ({}, {"Name": "memos-dev-task-role", "Environment": "dev", "Purpose": "ECS task"}),
        (
            {"Team": "notes"},
            {"Name": "memos-dev-task-role", "Environment": "dev", "Purpose": "ECS task", "Team": "notes"},
        ),
        (
            {"Environment": "staging", "Purpose": ""},
            {"Name": "memos-dev-task-role", "Environment": "staging", "Purpose": ""},
        ),
        ({"Name": "memos"}, {"Name": "memos", "Environment": "dev", "Purpose": "ECS task"}),
    ],
)
def test_tags(tags: dict[str, str], task: dict[str, str]) -> None:
    stack = made(**{**GITHUB, "tags": tags})
    assert {key: str(value) for key, value in stack.roles["task"].tags} == task
    purposes = {role: dict(stack.roles[role].tags)["Purpose"] for role in stack.roles}
    if "Purpose" not in tags:
        assert {role: str(p) for role, p in purposes.items()} == {
            "execution": "ECS task execution",
            "task": "ECS task",
            "github_actions": "GitHub Actions deployment",
        }


def test_what_is_attached() -> None:
    boundary = "arn:aws:iam::123456789012:policy/boundary"
    first, second = "arn:aws:iam::123456789012:policy/a", "arn:aws:iam::aws:policy/service-role/B"
    stack = made(
        **{
            **GITHUB,
            "permissions_boundary_arn": boundary,
            "execution_managed_policy_arns": [second, first, first],
            "task_managed_policy_arns": [second],
            "max_session_duration": 7200,
        }
    )
    assert {str(r.permissions_boundary) for r in stack.roles.values()} == {boundary}
    attached = {role: [str(a) for a in stack.roles[role].managed_policy_arns] for role in stack.roles}
    assert attached == {"execution": [first, second], "task": [second], "github_actions": []}
    longest = {role: stack.roles[role].max_session_duration for role in stack.roles}
    assert longest == {"execution": None, "task": None, "github_actions": 7200}
    plain = made(**GITHUB)
    assert {r.permissions_boundary for r in plain.roles.values()} == {None}
    assert {r.max_session_duration for r in plain.roles.values()} == {None}


@pytest.mark.parametrize(
    ("root", "actions"),
    [
        (False, ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]),
        (
            True,
            ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientRootAccess", "elasticfilesystem:ClientWrite"],
        ),
    ],
)
def test_efs(root: bool, actions: list[str]) -> None:
    arn = f"arn:aws:elasticfilesystem:{IN}:file-system/fs-0a1b2c3d"
    stack = made(enable_efs_access=True, efs_arn=arn, efs_root_access=root)
    (statement,) = statements(stack, "task", "elasticfilesystem:ClientMount")
    assert [str(a) for a in statement.actions.items] == actions
    assert resources(stack, "task", "elasticfilesystem:ClientMount") == [arn]


def test_ecs_exec() -> None:
    (statement,) = statements(made(enable_ecs_exec=True), "task", "ssmmessages:OpenDataChannel")
    assert {str(a) for a in statement.actions.items} == {
        f"ssmmessages:{verb}{kind}Channel" for verb in ("Create", "Open") for kind in ("Control", "Data")
    }


def test_raw_statements_stay_as_they_are() -> None:
    raw = [
        {"Effect": "Deny", "NotAction": ["s3:*", "ec2:*"], "NotResource": ["arn:aws:s3:::b", "arn:aws:s3:::a"]},
        {"Sid": "Send", "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"},
    ]
    for role in ("execution", "task", "github_actions"):
        stack = made(**{**GITHUB, f"{role}_statements": raw})
        policy = stack.roles[role].policies[f"{role}_statements"]
        assert policy.document.statements == config(task_statements=raw).task_statements
        assert [s.origin.reason for s in policy.document.statements if s.origin] == [
            f"written in the config, `{role}_statements[{i}]`" for i in range(len(raw))
        ]
    off = build(config(github_actions_statements=raw))
    assert "github_actions" not in off.roles
