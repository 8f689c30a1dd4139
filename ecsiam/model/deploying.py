"""What pipelines call while they deploy to ECS: the actions of each step, which deploy roles have and workflows need.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
"""

from collections.abc import Mapping
from typing import Literal

from attrs import frozen

LOGIN = ("ecr:GetAuthorizationToken",)
# What every push calls. AWS's own policy for it has `ecr:BatchGetImage` too, with which clients look what is there.
UPLOAD = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)
PUSH = tuple(sorted((*UPLOAD, "ecr:BatchGetImage")))
# The registry has one endpoint for all, and its login is a token of STS.
PUBLIC_LOGIN = ("ecr-public:GetAuthorizationToken", "sts:GetServiceBearerToken")
PUBLIC_PUSH = tuple(action.replace("ecr:", "ecr-public:") for action in UPLOAD)
REGISTER = ("ecs:RegisterTaskDefinition",)
TAG = ("ecs:TagResource",)
READ_DEFINITION = ("ecs:DescribeTaskDefinition",)
WATCH_SERVICE = ("ecs:DescribeServices",)
UPDATE_SERVICE = ("ecs:UpdateService",)
RUN_TASK = ("ecs:RunTask",)
WATCH_TASK = ("ecs:DescribeTasks",)
STOP_TASK = ("ecs:StopTask",)
PASS = ("iam:PassRole",)
CODE_DEPLOY = ("codedeploy:CreateDeployment", "codedeploy:GetDeployment", "codedeploy:GetDeploymentGroup")
CODE_DEPLOY_REVISION = ("codedeploy:GetApplicationRevision", "codedeploy:RegisterApplicationRevision")
CODE_DEPLOY_CONFIG = ("codedeploy:GetDeploymentConfig",)
# The services of the AWS CLI whose other commands are each the call of one action, of the same name; with the prefix
# of their actions. Of what has policies of its own that allow (keys, queues, buckets, functions) there is none.
SERVICES: Mapping[str, str] = {
    "application-autoscaling": "application-autoscaling",
    "cloudfront": "cloudfront",
    "deploy": "codedeploy",
    "ecr": "ecr",
    "ecs": "ecs",
    "elbv2": "elasticloadbalancing",
    "logs": "logs",
    "servicediscovery": "servicediscovery",
    "ssm": "ssm",
}

Place = Literal[
    "everything",
    "somewhere",
    "repository",
    "family",
    "service",
    "task",
    "deployment group",
    "deployment configuration",
    "application",
]

_PAGES = "https://docs.aws.amazon.com/service-authorization/latest/reference"
_ECS = f"{_PAGES}/list_amazonelasticcontainerservice.html"
_ECR = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html"
_DEPLOY = f"{_PAGES}/list_awscodedeploy.html"


@frozen
class Step:
    """Something that a step of a pipeline does: in words, with `{name}` for what it is done to, and what it calls."""

    what: str
    actions: tuple[str, ...]
    on: Place
    page: str = _ECS


STEPS: Mapping[str, Step] = {
    "login": Step("logs in to ECR", LOGIN, "everything", _ECR),
    "public-login": Step(
        "logs in to ECR Public",
        PUBLIC_LOGIN,
        "everything",
        "https://docs.aws.amazon.com/AmazonECR/latest/public/public-registry-auth.html",
    ),
    "push": Step("pushes the image `{image}`", UPLOAD, "repository", _ECR),
    "register": Step("registers a revision of `{family}`", REGISTER, "family"),
    "read-definition": Step("reads a task definition", READ_DEFINITION, "everything"),
    "update": Step("rolls over the service `{service}`", UPDATE_SERVICE, "service"),
    "watch": Step("looks at the service `{service}`", WATCH_SERVICE, "service"),
    "run": Step("runs a task of `{family}`", RUN_TASK, "family"),
    "watch-tasks": Step("looks at tasks in the cluster `{cluster}`", WATCH_TASK, "task"),
    "stop-task": Step("stops a task in the cluster `{cluster}`", STOP_TASK, "task"),
    "code-deploy": Step(
        "deploys through `{group}` of `{application}`",
        ("codedeploy:CreateDeployment", "codedeploy:GetDeploymentGroup"),
        "deployment group",
        _DEPLOY,
    ),
    "watch-code-deploy": Step(
        "waits for the deployment by `{application}`", ("codedeploy:GetDeployment",), "deployment group", _DEPLOY
    ),
    "code-deploy-command": Step(
        "deploys through `{group}` of `{application}`", ("codedeploy:CreateDeployment",), "deployment group", _DEPLOY
    ),
    "code-deploy-configuration": Step(
        "reads how `{group}` of `{application}` is rolled over", CODE_DEPLOY_CONFIG, "deployment configuration", _DEPLOY
    ),
    "code-deploy-revision": Step(
        "registers a revision of `{application}`", ("codedeploy:RegisterApplicationRevision",), "application", _DEPLOY
    ),
    "call": Step(
        "calls `{action}`", (), "somewhere", f"{_PAGES}/reference_policies_actions-resources-contextkeys.html"
    ),
}
# The commands of the AWS CLI, and what each is.
COMMANDS: Mapping[tuple[str, ...], str] = {
    ("ecr", "get-login-password"): "login",
    ("ecr", "get-login"): "login",
    ("ecr-public", "get-login-password"): "public-login",
    ("ecs", "register-task-definition"): "register",
    ("ecs", "describe-task-definition"): "read-definition",
    ("ecs", "update-service"): "update",
    ("ecs", "describe-services"): "watch",
    ("ecs", "wait", "services-stable"): "watch",
    ("ecs", "wait", "services-inactive"): "watch",
    ("ecs", "run-task"): "run",
    ("ecs", "describe-tasks"): "watch-tasks",
    ("ecs", "wait", "tasks-stopped"): "watch-tasks",
    ("ecs", "wait", "tasks-running"): "watch-tasks",
    ("ecs", "stop-task"): "stop-task",
    ("deploy", "create-deployment"): "code-deploy-command",
}
# Those that are called otherwise than their action.
CALLS: Mapping[tuple[str, ...], str] = {
    ("deploy", "wait", "deployment-successful"): "codedeploy:GetDeployment",
    ("ecr", "wait", "image-scan-complete"): "ecr:DescribeImageScanFindings",
    ("logs", "tail"): "logs:FilterLogEvents",
}
