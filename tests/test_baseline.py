"""`profile: baseline` is the baseline module: its names, attachments and documents, its defaults and its `*`."""

from typing import Any, cast

import pytest

import ecsiam
from ecsiam.model.document import policy_to_data

PROVIDER = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
EVERYTHING: dict[str, Any] = {
    "profile": "baseline",
    "project_name": "memos",
    "environment": "dev",
    "enable_secrets_access": True,
    "enable_s3_access": True,
    "s3_bucket_arns": ["arn:aws:s3:::my-app-backups", "arn:aws:s3:::my-app-backups/*"],
    "enable_cloudwatch_logs": True,
    "enable_ecs_exec": True,
    "enable_autoscaling": True,
    "enable_github_oidc": True,
    "github_oidc_provider_arn": PROVIDER,
    "github_repo": "octo-org/memos",
}
ECS_TASKS = [{"Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": {"Service": ["ecs-tasks.amazonaws.com"]}}]
CHANNELS = ["CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"]

# role -> policy name -> statements, as (actions, resources)
DOCUMENTS: dict[str, dict[str, list[tuple[list[str], list[str]]]]] = {
    "memos-dev-execution-role": {
        "memos-dev-execution-secrets-policy": [
            (["kms:Decrypt", "secretsmanager:GetSecretValue", "ssm:GetParameter", "ssm:GetParameters"], ["*"])
        ],
    },
    "memos-dev-task-role": {
        "memos-dev-efs-policy": [
            (
                [
                    f"elasticfilesystem:{a}"
                    for a in ("ClientMount", "ClientWrite", "DescribeFileSystems", "DescribeMountTargets")
                ],
                ["*"],
            )
        ],
        "memos-dev-s3-policy": [
            (
                ["s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"],
                ["arn:aws:s3:::my-app-backups", "arn:aws:s3:::my-app-backups/*"],
            )
        ],
        "memos-dev-cloudwatch-policy": [
            (
                [f"logs:{a}" for a in ("CreateLogGroup", "CreateLogStream", "DescribeLogStreams", "PutLogEvents")],
                ["arn:aws:logs:eu-west-2:*:log-group:/ecs/memos-dev*"],
            )
        ],
        "memos-dev-exec-policy": [([f"ssmmessages:{c}" for c in CHANNELS], ["*"])],
    },
    "memos-dev-github-actions-role": {
        "memos-dev-github-actions-policy": [
            (
                [
                    "ecr:BatchCheckLayerAvailability",
                    "ecr:BatchGetImage",
                    "ecr:CompleteLayerUpload",
                    "ecr:GetAuthorizationToken",
                    "ecr:GetDownloadUrlForLayer",
                    "ecr:InitiateLayerUpload",
                    "ecr:PutImage",
                    "ecr:UploadLayerPart",
                ],
                ["*"],
            ),
            (
                [
                    f"ecs:{a}"
                    for a in ("DescribeServices", "DescribeTaskDefinition", "RegisterTaskDefinition", "UpdateService")
                ],
                ["*"],
            ),
        ],
    },
    "memos-dev-autoscaling-role": {
        "memos-dev-autoscaling-policy": [
            (["ecs:DescribeServices", "ecs:UpdateService"], ["*"]),
            (["cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms", "cloudwatch:PutMetricAlarm"], ["*"]),
        ],
    },
}


def built(**changes: Any) -> ecsiam.Stack:
    return ecsiam.build(ecsiam.Config(**{**EVERYTHING, **changes}))


def statements(policy: ecsiam.Policy) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", policy_to_data(policy, str)["Statement"])


def test_every_role_and_policy_is_the_modules() -> None:
    found = {
        str(role.name): {
            str(p.name): [(s["Action"], s["Resource"]) for s in statements(p.document)] for p in role.policies.values()
        }
        for role in built().roles.values()
    }
    assert found == DOCUMENTS


def test_the_execution_role_has_the_managed_policy_attached_and_nothing_else_has_one() -> None:
    attached = {r.id: [str(a) for a in r.managed_policy_arns] for r in built().roles.values()}
    managed = ["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"]
    assert attached == {"execution": managed, "task": [], "github_actions": [], "autoscaling": []}


def test_the_trusts_are_the_modules() -> None:
    trusts = {r.id: statements(r.trust) for r in built().roles.values()}
    assert trusts["execution"] == trusts["task"] == ECS_TASKS
    assert trusts["autoscaling"] == [
        {**ECS_TASKS[0], "Principal": {"Service": ["application-autoscaling.amazonaws.com"]}},
    ]
    assert trusts["github_actions"] == [
        {
            "Effect": "Allow",
            "Action": ["sts:AssumeRoleWithWebIdentity"],
            "Principal": {"Federated": [PROVIDER]},
            "Condition": {
                "StringEquals": {"token.actions.githubusercontent.com:aud": ["sts.amazonaws.com"]},
                "StringLike": {"token.actions.githubusercontent.com:sub": ["repo:octo-org/memos:*"]},
            },
        }
    ]


def test_what_is_left_out_has_the_modules_defaults() -> None:
    stack = ecsiam.build(ecsiam.Config(profile="baseline", project_name="memos", environment="dev"))
    assert dict(stack.intent.flags)["enable_efs_access"] is True
    assert str(stack.deployment.home.region) == "eu-west-2"
    assert list(stack.roles["task"].policies) == ["efs"]


def test_a_given_value_takes_the_place_of_the_star() -> None:
    efs = "arn:aws:elasticfilesystem:eu-west-2:123456789012:file-system/fs-0123456789abcdef0"
    stack = built(efs_arn=efs, secrets_arns=["arn:aws:ssm:eu-west-2:123456789012:parameter/app/*"])
    policies = {**stack.roles["task"].policies, **stack.roles["execution"].policies}
    resources = {
        i: [str(r) for s in policies[i].document.statements if s.resources for r in s.resources.items]
        for i in ("efs", "execution_secrets")
    }
    assert resources == {"efs": [efs], "execution_secrets": ["arn:aws:ssm:eu-west-2:123456789012:parameter/app/*"]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"enable_secrets_access": True, "secrets_arns": ["*"]},
            "a bare `*` is not accepted @ $.secrets_arns[0]. Write the ARN of each resource, such as "
            "`arn:aws:secretsmanager:eu-west-2:123456789012:secret:memos/db-AbCdEf`.",
        ),
        (
            {"enable_autoscaling": True},
            "`enable_autoscaling` is of `profile: baseline` only @ $.enable_autoscaling. Leave it out: ECS scales "
            "services with a service-linked role of its own.",
        ),
    ],
)
def test_the_default_profile_refuses_what_only_the_module_does(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ecsiam.ConfigError) as refused:
        ecsiam.Config(project_name="memos", environment="dev", **changes)
    assert str(refused.value) == message


def test_it_may_be_a_module_with_its_star_as_a_default() -> None:
    from ecsiam import Parameter

    stack = built(
        efs_arn=Parameter("efs_arn", default=""),
        secrets_arns=Parameter("secrets_arns", default=["*"]),
        enable_autoscaling=Parameter("enable_autoscaling", default=False),
    )
    account = {"account_id": "123456789012"}
    assert ecsiam.emit(stack, "iam", bind=account).files == {
        path: text
        for path, text in ecsiam.emit(built(), "iam", bind=account).files.items()
        if "autoscaling" not in path
    }
    for target in ("terraform", "cloudformation"):
        assert "autoscaling" in str(ecsiam.emit(stack, target))


def test_a_bucket_may_be_any() -> None:
    buckets = ["*", "arn:aws:s3:::memos"]
    keys: dict[str, Any] = {**EVERYTHING, "s3_bucket_arns": buckets, "enable_github_oidc": False}
    stack = ecsiam.build(ecsiam.Config(**keys))
    assert ecsiam.prove(stack, only="works")["works"]
    (statement,) = stack.roles["task"].policies["s3"].document.statements
    assert [str(r) for r in statement.resources.items] == ["*", "arn:aws:s3:::memos"] if statement.resources else False
    assert str(ecsiam.emit(stack, "terraform"))
    assert str(ecsiam.emit(stack, "cloudformation"))
