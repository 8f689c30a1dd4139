"""Rows of `task_access`: secrets and keys, models, what watches, and ECS and IAM themselves.

Actions, resource types and keys are those of the Service Authorization Reference.
"""

from ecsiam.features.access.kind import IN, AccessKind, Beside, Verb, acts, form_of
from ecsiam.features.derived import tasks_of
from ecsiam.model.arn_forms import CLUSTER_ARN, LOG_GROUP_ARN
from ecsiam.model.form import Form, arn_pattern

_AUTH = "https://docs.aws.amazon.com/service-authorization/latest/reference"
_DECRYPT = ("kms:Decrypt",)

SECRET = AccessKind(
    "secret",
    "a Secrets Manager secret",
    form_of(
        "secret",
        "a Secrets Manager secret",
        "secretsmanager",
        r"secret:[A-Za-z0-9/_+=.@!*?-]*(-[A-Za-z0-9?]{6}|\*)",
        ("secret:memos/db-AbCdEf", "secret:memos/db-??????", "secret:memos/*", "secret:rds!cluster-0a1b-AbCdEf"),
        ("secret:memos/db", "secret:memos/db-AbCdEf:password::", "memos/db"),
        hints=(
            (
                ".*:secret:[^:]+:.*",
                "has a part behind the secret's name",
                "A program names JSON key and version in its request: leave them out.",
            ),
            (
                ".*:secret:[^:]+",
                "is without the six characters that Secrets Manager adds",
                "Write them, or `-??????` for them.",
            ),
        ),
    ),
    (Verb("read", "read secrets", acts("secretsmanager", "GetSecretValue", "DescribeSecret"), _DECRYPT),),
    "https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html",
    via="secretsmanager",
    traps=(
        "`secretsmanager:BatchGetSecretValue` is on `*`, and in no verb.",
        "Secrets that ECS hands to the containers stand in `secrets_arns`.",
    ),
    abroad="policy",
)
_PARAMETER = r"parameter(/[A-Za-z0-9_.*?-]+)+"
SSM_PARAMETER = AccessKind(
    "ssm_parameter",
    "an SSM parameter",
    form_of(
        "ssm_parameter",
        "an SSM parameter",
        "ssm",
        _PARAMETER,
        ("parameter/memos/db", "parameter/memos/*"),
        ("parameter//memos/db", "parameter/memos/", "parameter:memos"),
        hints=((".*:parameter/(/.*|.*//.*)", "has a double slash", "The ARN of `/a/b` ends in `parameter/a/b`."),),
    ),
    (
        Verb("read", "read parameters", acts("ssm", "GetParameter", "GetParameters"), _DECRYPT),
        Verb(
            "path",
            "read parameters by path",
            acts("ssm", "GetParametersByPath", after=("", "/*"), above=True),
            _DECRYPT,
        ),
    ),
    "https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html",
    via="ssm",
    traps=(
        "The slash that a name begins with is no part of the ARN: `/a/b` is `parameter/a/b`.",
        "`path` is asked on the path, `parameter/a`, and gives all that is below it: `parameter/a/*` doesn't name it.",
    ),
    abroad="share",
)
KMS_KEY = AccessKind(
    "kms_key",
    "a KMS key",
    form_of(
        "kms_key",
        "a KMS key",
        "kms",
        "key/[A-Za-z0-9*?-]+",
        ("key/01234567-89ab-cdef-0123-456789abcdef",),
        ("alias/memos",),
        hints=((".*:alias/.*", "is an alias", "KMS asks on keys only: write the ARN of the key it points to."),),
    ),
    (
        Verb("encrypt", "encrypt with keys", acts("kms", "Encrypt", "GenerateDataKey")),
        Verb("decrypt", "decrypt with keys", acts("kms", "Decrypt")),
        Verb("sign", "sign with keys", acts("kms", "Sign", "GetPublicKey")),
        Verb("verify", "verify signatures", acts("kms", "Verify")),
        Verb("mac", "make and verify MACs", acts("kms", "GenerateMac", "VerifyMac")),
    ),
    "https://docs.aws.amazon.com/kms/latest/developerguide/iam-policies-best-practices.html",
    keyless="the key is what the entry is about",
    traps=(
        "For what the program itself encrypts. The key of a table, a queue or a bucket stands in that entry's "
        "`kms_key_arns`: then it is used through that service only.",
        "Never an alias's ARN; a program may ask by alias all the same.",
    ),
    other_side="The key's policy has to let the account's IAM policies decide, or name the role.",
    abroad="policy",
)
_MODEL = "foundation-model/[A-Za-z0-9_.:*?-]+"
_INVOKE = ("InvokeModel", "InvokeModelWithResponseStream")
_CONVERSE = "`Converse` and `ConverseStream` have no actions: they need those of `invoke`."
BEDROCK_MODEL = AccessKind(
    "bedrock_model",
    "a Bedrock foundation model",
    form_of(
        "bedrock_model",
        "a Bedrock foundation model",
        "bedrock",
        _MODEL,
        ("foundation-model/anthropic.claude-3-haiku-20240307-v1:0", "foundation-model/amazon.*"),
        (f"arn:aws:bedrock:{IN}:foundation-model/amazon.nova-lite-v1:0", "inference-profile/eu.amazon.nova-lite-v1:0"),
        account=False,
    ),
    (Verb("invoke", "invoke models", acts("bedrock", *_INVOKE)),),
    f"{_AUTH}/list_amazonbedrock.html",
    keyless="no page says what a call takes of a key",
    traps=(_CONVERSE,),
    abroad="aws",
)
_NOVA = "foundation-model/amazon.nova-lite-v1:0"
_DESTINATION = Form(
    "bedrock_destination_arn",
    f"({BEDROCK_MODEL.form.pattern}|{arn_pattern('bedrock', _MODEL, regional=False, account='')})",
    "the ARN of a Bedrock foundation model in a region, or in none for a global profile",
    (f"arn:aws:bedrock:eu-west-2::{_NOVA}", f"arn:aws:bedrock:::{_NOVA}"),
    (f"arn:aws:bedrock:{IN}:{_NOVA}", f"arn:aws:bedrock:cn-north-1::{_NOVA}", "*", "arn:aws:bedrock:::*", _NOVA),
    service="bedrock",
)
BEDROCK_PROFILE = AccessKind(
    "bedrock_profile",
    "a Bedrock inference profile",
    form_of(
        "bedrock_profile",
        "a Bedrock inference profile",
        "bedrock",
        "(application-)?inference-profile/[A-Za-z0-9_.:*?-]+",
        ("inference-profile/eu.amazon.nova-lite-v1:0", "application-inference-profile/0123456789ab"),
        ("foundation-model/amazon.nova-lite-v1:0",),
    ),
    (Verb("invoke", "invoke models by profile", acts("bedrock", *_INVOKE, "GetInferenceProfile")),),
    "https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html",
    keyless="no page says what a call takes of a key",
    beside=Beside(
        "the models in each region that the profile sends to",
        _DESTINATION,
        actions=tuple(f"bedrock:{name}" for name in _INVOKE),
        through="bedrock:InferenceProfileArn",
    ),
    traps=(
        "The profile's ARN says neither its models nor its regions: give each model in each region, and for a global "
        "profile the one without a region too. They are allowed through the profile only.",
        _CONVERSE,
    ),
    abroad="role",
)
PROMETHEUS = AccessKind(
    "prometheus_workspace",
    "a workspace of Managed Prometheus",
    form_of(
        "prometheus_workspace",
        "a workspace of Managed Prometheus",
        "aps",
        "workspace/[A-Za-z0-9*?-]+",
        ("workspace/ws-01234567-89ab-cdef-0123-456789abcdef",),
        ("ws-01234567-89ab-cdef-0123-456789abcdef", "workspace/"),
    ),
    (
        Verb("write", "write metrics to workspaces", acts("aps", "RemoteWrite")),
        Verb(
            "read",
            "read metrics of workspaces",
            acts("aps", "QueryMetrics", "GetSeries", "GetLabels", "GetMetricMetadata"),
        ),
    ),
    "https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-APIReference.html",
    keyless="no page says what a caller needs of a workspace's key",
    abroad="policy",
)
LOG_GROUP = AccessKind(
    "log_group",
    "a log group",
    LOG_GROUP_ARN,
    (
        Verb(
            "write",
            "write log groups",
            acts("logs", "CreateLogStream", "PutLogEvents", "DescribeLogStreams", rule="log_group"),
        ),
        Verb(
            "read",
            "read log groups",
            acts("logs", "GetLogEvents", "FilterLogEvents", "StartQuery", "GetQueryResults", rule="log_group"),
        ),
    ),
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html",
    keyless="the logs service uses the key: its policy names that",
    traps=(
        "With or without `:*`: the policy gets it, as AWS asks.",
        "`logs:StopQuery` and `logs:DescribeLogGroups` are on `*`, and in no verb.",
        "The containers' standard output needs no entry: the execution role writes it.",
    ),
    abroad="role",
)
TASK = AccessKind(
    "ecs_task",
    "tasks of an ECS cluster",
    form_of(
        "ecs_task",
        "tasks of an ECS cluster",
        "ecs",
        "task/[A-Za-z0-9_*?-]+/[a-z0-9*?]+",
        ("task/main/*",),
        ("task/main", "cluster/main", "task-definition/main:1"),
    ),
    (
        Verb(
            "protect",
            "protect the task from scale-in",
            acts("ecs", "UpdateTaskProtection", "GetTaskProtection"),
        ),
    ),
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection.html",
    keyless="nothing is encrypted",
    beside=Beside("the cluster that the tasks run in", CLUSTER_ARN, condition="ecs:cluster", holds=tasks_of),
    traps=("A task's id is known only once it runs: `task/CLUSTER/*` is every task of the cluster.",),
    abroad="role",
)
ROLE = AccessKind(
    "iam_role",
    "an IAM role",
    form_of(
        "iam_role",
        "an IAM role",
        "iam",
        "role/[A-Za-z0-9_+=,.@/*?-]+",
        ("role/reports", "role/team/reports-*"),
        ("user/reports", "role/", "arn:aws:iam:eu-west-2:123456789012:role/reports"),
        regional=False,
        hints=(("arn:[^:]*:iam:[^:]+:.*", "has a region", "IAM's ARNs have none: write two colons."),),
    ),
    (
        Verb("assume", "assume roles", acts("sts", "AssumeRole")),
        Verb("tag", "tag the sessions of roles", acts("sts", "TagSession")),
        Verb("identify", "set the source identity of sessions", acts("sts", "SetSourceIdentity")),
    ),
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use.html",
    keyless="nothing is encrypted",
    traps=("A session that comes of another one lasts an hour at most.",),
    other_side="The role's trust policy has to name the task role, with the external id if there is one.",
    abroad="policy",
)
