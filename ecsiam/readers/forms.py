"""What the ARN of a resource looks like, by its kind: of one that isn't made yet, all but a part is known.

`{name}` is what the resource is called, `{id}` what AWS gives it, `{letters}` the six that Secrets Manager adds.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from collections.abc import Mapping

from attrs import frozen

from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, PARTITION, Ref, Text, text
from ecsiam.readers.found import symbol

LETTERS = 6
_LETTER = re.compile(r"\.letter\d$")
_SIX = re.compile(r"(\{[^{}]*\.letter\d\}){6}")
_PART = re.compile(r"\{(\w+)\}")


@frozen
class Kind:
    """A kind of resource: its types in Terraform and CloudFormation, its ARN, and where its name is written.

    `name` are the attributes that hold the name, in Terraform and in CloudFormation; `ref` is what a template's `Ref`
    of it gives: its `arn`, its `name` or its `id`.
    """

    terraform: str
    cloudformation: str
    arn: str
    name: tuple[str, str] = ("name", "Name")
    ref: str = "name"


def _arn(service: str, resource: str) -> str:
    return f"arn:{{partition}}:{service}:{{aws_region}}:{{account_id}}:{resource}"


KINDS = (
    Kind(
        "aws_secretsmanager_secret",
        "AWS::SecretsManager::Secret",
        _arn("secretsmanager", "secret:{name}-{letters}"),
        ref="arn",
    ),
    Kind("aws_ssm_parameter", "AWS::SSM::Parameter", _arn("ssm", "parameter/{name}")),
    Kind("aws_s3_bucket", "AWS::S3::Bucket", "arn:{partition}:s3:::{name}", ("bucket", "BucketName")),
    Kind("aws_kms_key", "AWS::KMS::Key", _arn("kms", "key/{id}"), ("", ""), ref="id"),
    Kind("aws_sqs_queue", "AWS::SQS::Queue", _arn("sqs", "{name}"), ("name", "QueueName"), ref="url"),
    Kind("aws_sns_topic", "AWS::SNS::Topic", _arn("sns", "{name}"), ("name", "TopicName"), ref="arn"),
    Kind("aws_dynamodb_table", "AWS::DynamoDB::Table", _arn("dynamodb", "table/{name}"), ("name", "TableName")),
    Kind("aws_cloudwatch_log_group", "AWS::Logs::LogGroup", _arn("logs", "log-group:{name}"), ("name", "LogGroupName")),
    Kind("aws_ecr_repository", "AWS::ECR::Repository", _arn("ecr", "repository/{name}"), ("name", "RepositoryName")),
    Kind("aws_ecs_cluster", "AWS::ECS::Cluster", _arn("ecs", "cluster/{name}"), ("name", "ClusterName")),
    Kind("aws_efs_file_system", "AWS::EFS::FileSystem", _arn("elasticfilesystem", "file-system/{id}"), ("", ""), "id"),
    Kind(
        "aws_efs_access_point", "AWS::EFS::AccessPoint", _arn("elasticfilesystem", "access-point/{id}"), ("", ""), "id"
    ),
    Kind("aws_kinesis_stream", "AWS::Kinesis::Stream", _arn("kinesis", "stream/{name}")),
    Kind(
        "aws_kinesis_firehose_delivery_stream",
        "AWS::KinesisFirehose::DeliveryStream",
        _arn("firehose", "deliverystream/{name}"),
        ("name", "DeliveryStreamName"),
    ),
    Kind(
        "aws_lambda_function",
        "AWS::Lambda::Function",
        _arn("lambda", "function:{name}"),
        ("function_name", "FunctionName"),
    ),
    Kind(
        "aws_sfn_state_machine",
        "AWS::StepFunctions::StateMachine",
        _arn("states", "stateMachine:{name}"),
        ("name", "StateMachineName"),
        "arn",
    ),
    Kind("aws_cloudwatch_event_bus", "AWS::Events::EventBus", _arn("events", "event-bus/{name}")),
    Kind(
        "aws_iam_openid_connect_provider",
        "AWS::IAM::OIDCProvider",
        "arn:{partition}:iam::{account_id}:oidc-provider/{id}",
        ("", ""),
        "arn",
    ),
)
TERRAFORM = {kind.terraform: kind for kind in KINDS}
CLOUDFORMATION = {kind.cloudformation: kind for kind in KINDS}


def letters(address: str) -> Text:
    """Six letters that nobody knows yet."""
    return Text(tuple(symbol(address, f"letter{i}") for i in range(LETTERS)))


def is_letter(ref: Ref) -> bool:
    """Whether an unknown text is a single letter."""
    return _LETTER.search(ref.name) is not None


def arn_of(
    kind: Kind, address: str, name: Text | None, region: Text | None = None, account: Text | None = None
) -> Text:
    """The ARN of a resource at an address; `name` None where the file doesn't say it."""
    if name is not None and kind.arn.endswith("parameter/{name}"):
        name = name.removeprefix("/")
    known: Mapping[str, Text | Ref] = {
        "partition": PARTITION,
        "aws_region": AWS_REGION if region is None else region,
        "account_id": ACCOUNT_ID if account is None else account,
        "name": symbol(address, "name")
        if name is None
        else name.removeprefix("/" if kind.arn.endswith("/{name}") else ""),
        "id": symbol(address, "id"),
        "letters": letters(address),
    }
    pieces = _PART.split(kind.arn)
    return Text.of(*(known[piece] if i % 2 else text(piece) for i, piece in enumerate(pieces)))


def told(text: Text) -> str:
    """A text for people: the six letters that nobody knows yet are `??????`."""
    return _SIX.sub("??????", str(text))
