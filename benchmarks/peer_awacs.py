"""The roles of examples/everything.yaml as one writes them today, with troposphere and awacs; prints the template.

emit.py compares its resources and outputs with ours before it compares the time.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from awacs import (
    ecr,
    ecs,
    elasticfilesystem,
    iam,
    kms,
    logs,
    s3,
    secretsmanager,
    ssm,
    ssmmessages,
    sts,
)
from awacs.aws import (
    Action,
    Allow,
    ArnLike,
    Condition,
    ConditionElement,
    PolicyDocument,
    Principal,
    Statement,
    StringEquals,
    StringLike,
)
from troposphere import GetAtt, Output, Ref, Tags, Template
from troposphere.iam import Policy, Role

ACCOUNT = "123456789012"
REGION = "eu-west-2"
PREFIX = "memos-prod"
GITHUB = "token.actions.githubusercontent.com"
SUBJECT = "repo:octo-org@1234567/memos@7654321"
REPOSITORY = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/memos"
FAMILY = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/memos"


def allow(actions: list[Action], resources: list[str], *conditions: ConditionElement) -> Statement:
    extra = {"Condition": Condition(list(conditions))} if conditions else {}
    return Statement(Effect=Allow, Action=actions, Resource=resources, **extra)


def policy(name: str, *statements: Statement) -> Policy:
    return Policy(PolicyName=f"{PREFIX}-{name}-policy", PolicyDocument=document(*statements))


def document(*statements: Statement) -> PolicyDocument:
    return PolicyDocument(Version="2012-10-17", Statement=list(statements))


def ecs_tasks() -> PolicyDocument:
    return document(
        Statement(
            Effect=Allow,
            Action=[sts.AssumeRole],
            Principal=Principal("Service", ["ecs-tasks.amazonaws.com"]),
            Condition=Condition(
                [
                    ArnLike({"aws:SourceArn": [f"arn:aws:ecs:{REGION}:{ACCOUNT}:*"]}),
                    StringEquals({"aws:SourceAccount": [ACCOUNT]}),
                ]
            ),
        )
    )


def github(*conditions: ConditionElement) -> Statement:
    return Statement(
        Effect=Allow,
        Action=[sts.AssumeRoleWithWebIdentity],
        Principal=Principal("Federated", [f"arn:aws:iam::{ACCOUNT}:oidc-provider/{GITHUB}"]),
        Condition=Condition(list(conditions)),
    )


def role(title: str, name: str, purpose: str, trust: PolicyDocument, policies: Iterable[Policy]) -> Role:
    tags = {
        "CostCenter": "1234",
        "Environment": "prod",
        "Name": f"{PREFIX}-{name}",
        "Purpose": purpose,
        "Team": "notes",
    }
    return Role(
        title,
        RoleName=f"{PREFIX}-{name}",
        Path="/",
        Description=f"{purpose} role of {PREFIX}",
        AssumeRolePolicyDocument=trust,
        Policies=list(policies),
        Tags=Tags(**tags),
    )


def roles() -> tuple[Role, Role, Role]:
    execution = role(
        "ExecutionRole",
        "execution-role",
        "ECS task execution",
        ecs_tasks(),
        [
            policy(
                "execution-ecr",
                allow([ecr.GetAuthorizationToken], ["*"]),
                allow([ecr.BatchCheckLayerAvailability, ecr.BatchGetImage, ecr.GetDownloadUrlForLayer], [REPOSITORY]),
            ),
            policy(
                "execution-logs",
                allow(
                    [logs.CreateLogStream, logs.PutLogEvents],
                    [f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/ecs/{PREFIX}:*"],
                ),
            ),
            policy(
                "execution-secrets",
                allow(
                    [secretsmanager.GetSecretValue],
                    [f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:memos/db-AbCdEf"],
                ),
                allow([ssm.GetParameters], [f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/memos/*"]),
                allow(
                    [kms.Decrypt],
                    [f"arn:aws:kms:{REGION}:{ACCOUNT}:key/01234567-89ab-cdef-0123-456789abcdef"],
                    StringEquals(
                        {
                            "kms:ViaService": [
                                f"secretsmanager.{REGION}.amazonaws.com",
                                f"ssm.{REGION}.amazonaws.com",
                            ]
                        }
                    ),
                ),
            ),
        ],
    )

    task = role(
        "TaskRole",
        "task-role",
        "ECS task",
        ecs_tasks(),
        [
            policy(
                "efs",
                allow(
                    [elasticfilesystem.ClientMount, elasticfilesystem.ClientWrite],
                    [f"arn:aws:elasticfilesystem:{REGION}:{ACCOUNT}:file-system/fs-0a1b2c3d4e5f60718"],
                ),
            ),
            policy(
                "s3",
                allow([s3.ListBucket], ["arn:aws:s3:::memos-backups", "arn:aws:s3:::memos-uploads"]),
                allow(
                    [s3.DeleteObject, s3.GetObject, s3.PutObject],
                    ["arn:aws:s3:::memos-backups/prod/*", "arn:aws:s3:::memos-uploads/*"],
                ),
            ),
            policy(
                "cloudwatch",
                allow(
                    [logs.CreateLogGroup, logs.CreateLogStream, logs.DescribeLogStreams, logs.PutLogEvents],
                    [f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/ecs/{PREFIX}/*:*"],
                ),
            ),
            policy(
                "exec",
                allow(
                    [
                        ssmmessages.CreateControlChannel,
                        ssmmessages.CreateDataChannel,
                        ssmmessages.OpenControlChannel,
                        ssmmessages.OpenDataChannel,
                    ],
                    ["*"],
                ),
            ),
        ],
    )

    deploy = role(
        "GithubActionsRole",
        "github-actions-role",
        "GitHub Actions deployment",
        document(
            github(
                StringEquals(
                    {
                        f"{GITHUB}:aud": ["sts.amazonaws.com"],
                        f"{GITHUB}:sub": [f"{SUBJECT}:environment:production", f"{SUBJECT}:ref:refs/heads/main"],
                    }
                )
            ),
            github(
                StringEquals({f"{GITHUB}:aud": ["sts.amazonaws.com"]}),
                StringLike({f"{GITHUB}:sub": [f"{SUBJECT}:ref:refs/heads/release/*"]}),
            ),
        ),
        [
            policy(
                "github-actions",
                allow([ecr.GetAuthorizationToken], ["*"]),
                allow(
                    [
                        ecr.BatchCheckLayerAvailability,
                        ecr.BatchGetImage,
                        ecr.CompleteLayerUpload,
                        ecr.InitiateLayerUpload,
                        ecr.PutImage,
                        ecr.UploadLayerPart,
                    ],
                    [REPOSITORY],
                ),
                allow([ecs.RegisterTaskDefinition], [f"{FAMILY}:*"]),
                allow(
                    [ecs.TagResource],
                    [FAMILY, f"{FAMILY}:*"],
                    StringEquals({"ecs:CreateAction": ["RegisterTaskDefinition"]}),
                ),
                allow([ecs.DescribeTaskDefinition], ["*"]),
                allow(
                    [ecs.DescribeServices, ecs.UpdateService],
                    [f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/main/memos"],
                ),
                allow(
                    [iam.PassRole],
                    [
                        f"arn:aws:iam::{ACCOUNT}:role/{PREFIX}-execution-role",
                        f"arn:aws:iam::{ACCOUNT}:role/{PREFIX}-task-role",
                    ],
                    StringEquals({"iam:PassedToService": ["ecs-tasks.amazonaws.com"]}),
                ),
            )
        ],
    )
    return execution, task, deploy


def output(name: str, description: str, value: Ref | GetAtt) -> Output:
    return Output(name, Description=description, Value=value)


def template() -> Template:
    found = Template(Description=f"IAM roles of the ECS service {PREFIX}")
    found.set_version("2010-09-09")
    execution, task, deploy = roles()
    for one in (execution, task, deploy):
        found.add_resource(one)
    for name, one, what in (("TaskExecutionRole", execution, "ECS task execution"), ("TaskRole", task, "ECS task")):
        found.add_output(output(f"{name}Arn", f"ARN of the {what} role", GetAtt(one, "Arn")))
        found.add_output(output(f"{name}Name", f"Name of the {what} role", Ref(one)))
        found.add_output(output(f"{name}Id", f"Id (the name, as Terraform has it) of the {what} role", Ref(one)))
    what = "GitHub Actions deployment"
    found.add_output(output("GithubActionsRoleArn", f"ARN of the {what} role", GetAtt(deploy, "Arn")))
    found.add_output(output("GithubActionsRoleName", f"Name of the {what} role", Ref(deploy)))
    return found


def main() -> None:
    """Print the template; with `COUNT DIR`, write one for each of so many services there."""
    global PREFIX  # noqa: PLW0603
    if len(sys.argv) == 1:
        print(template().to_json(indent=2))
        return
    directory = Path(sys.argv[2])
    for i in range(int(sys.argv[1])):
        PREFIX = f"service-{i}-prod"
        (directory / f"service-{i}").mkdir(parents=True, exist_ok=True)
        (directory / f"service-{i}" / "template.json").write_text(template().to_json(indent=2))


main()
