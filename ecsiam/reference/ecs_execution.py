"""What ECS does with an execution role: every action that a page of AWS has it use, on whatever resource.

ECS and its agents call these while they start a task; containers never have the role's credentials. What AWS's pages
say only of the host's role (`fsx:DescribeFileSystems`) is not here, nor what they show as `s3:List*` without a use.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
"""

from attrs import field, frozen

from ecsiam.model.condition import Block

_ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
_ECR = "https://docs.aws.amazon.com/AmazonECR/latest"


@frozen
class Use:
    """Something that ECS does with the role: its actions, why, the page that says so, and under what conditions."""

    actions: tuple[str, ...]
    why: str
    page: str
    when: Block = field(factory=dict[str, dict[str, str]])


USES: tuple[Use, ...] = (
    Use(("ecr:GetAuthorizationToken",), "log in to ECR", f"{_ECS}/task_execution_IAM_role.html"),
    Use(
        ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
        "pull images, that of GuardDuty's agent among them",
        f"{_ECS}/task_execution_IAM_role.html",
    ),
    Use(
        ("ecr:BatchImportUpstreamImage", "ecr:CreateRepository"),
        "pull through a cache, into a repository that may not be there yet",
        f"{_ECR}/userguide/pull-through-cache-iam.html",
    ),
    Use(
        ("ecr-public:GetAuthorizationToken", "sts:GetServiceBearerToken"),
        "log in to ECR Public",
        f"{_ECR}/public/public-registry-auth.html",
    ),
    Use(
        ("logs:CreateLogStream", "logs:PutLogEvents"),
        "write what containers put out (awslogs)",
        f"{_ECS}/using_awslogs.html",
    ),
    Use(("logs:CreateLogGroup",), "make the log group (`awslogs-create-group`)", f"{_ECS}/using_awslogs.html"),
    Use(
        ("secretsmanager:GetSecretValue",),
        "read secrets for variables, log drivers, FSx and domain accounts",
        f"{_ECS}/specifying-sensitive-data.html",
    ),
    Use(
        ("secretsmanager:GetSecretValue",),
        "read the credentials of a private registry",
        f"{_ECS}/private-auth.html",
    ),
    Use(
        ("ssm:GetParameters",),
        "read parameters for variables, log drivers and FSx, and credential specs",
        f"{_ECS}/specifying-sensitive-data.html",
    ),
    Use(
        ("kms:Decrypt",),
        "have secrets, parameters and files under a customer key decrypted",
        "https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service",
        {"StringLike": {"kms:ViaService": ["secretsmanager.*", "ssm.*", "s3.*"]}},
    ),
    Use(
        ("s3:GetObject", "s3:GetBucketLocation"),
        "read files of variables and the configuration of FireLens",
        f"{_ECS}/use-environment-file.html",
    ),
    Use(("s3:GetObject",), "read credential specs", f"{_ECS}/linux-gmsa.html"),
)

# What people give the role for want of something else, by action in lower case, and what that is.
INSTEAD: dict[str, str] = {
    "ssm:getparameter": "ECS reads with `ssm:GetParameters`",
    "kms:decrypt": "it decrypts through Secrets Manager, Systems Manager or S3 only: say so with `kms:ViaService`",
}
OTHERWISE = "what the application does needs the task role"
