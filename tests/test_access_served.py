"""task_access on a server that enforces policies: each verb may do one request on what is named, and not next door.

Of some kinds the server asks on other resources than AWS does, and they are left out: of log groups without the `:*`,
of a function without its alias, of SSM's paths and SES on no resource.
"""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from ecsiam import Config, build, emit
from ecsiam.features.access.kinds import KINDS

from .aws import roles
from .aws.servers import ACCOUNT, REGION, Server

ClientError = pytest.importorskip("botocore.exceptions", reason="not installed: boto3").ClientError

Make = Callable[[Server, str], str]
Try = Callable[[Any, str, str], object]
AT = f"{REGION}:{ACCOUNT}"
DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException")


def bucket(server: Server, name: str) -> str:
    s3 = server.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=name, Key="a/key", Body=b"x")
    return f"arn:aws:s3:::{name}"


def objects(server: Server, name: str) -> str:
    return f"{bucket(server, name)}/a/*"


def table(server: Server, name: str) -> str:
    key: dict[str, Any] = {"AttributeName": "id", "AttributeType": "S"}
    made = server.client("dynamodb").create_table(
        TableName=name,
        AttributeDefinitions=[key],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return str(made["TableDescription"]["TableArn"])


def queue(server: Server, name: str) -> str:
    server.client("sqs").create_queue(QueueName=name)
    return f"arn:aws:sqs:{AT}:{name}"


def topic(server: Server, name: str) -> str:
    return str(server.client("sns").create_topic(Name=name)["TopicArn"])


def stream(server: Server, name: str) -> str:
    server.client("kinesis").create_stream(StreamName=name, ShardCount=1)
    return f"arn:aws:kinesis:{AT}:stream/{name}"


def delivery(server: Server, name: str) -> str:
    made = server.client("firehose").create_delivery_stream(DeliveryStreamName=name, DeliveryStreamType="DirectPut")
    return str(made["DeliveryStreamARN"])


def bus(server: Server, name: str) -> str:
    return str(server.client("events").create_event_bus(Name=name)["EventBusArn"])


def secret(server: Server, name: str) -> str:
    return str(server.client("secretsmanager").create_secret(Name=name, SecretString="x")["ARN"])


def parameter(server: Server, name: str) -> str:
    server.client("ssm").put_parameter(Name=f"/{name}/a", Value="x", Type="String")
    return f"arn:aws:ssm:{AT}:parameter/{name}/a"


def key(server: Server, _: str) -> str:
    return str(server.client("kms").create_key()["KeyMetadata"]["Arn"])


def signing(server: Server, _: str) -> str:
    made = server.client("kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")
    return str(made["KeyMetadata"]["Arn"])


def mac(server: Server, _: str) -> str:
    made = server.client("kms").create_key(KeyUsage="GENERATE_VERIFY_MAC", KeySpec="HMAC_256")
    return str(made["KeyMetadata"]["Arn"])


def role(server: Server, name: str, service: str) -> str:
    trust = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    made = server.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=roles.policy_text(trust))
    return str(made["Role"]["Arn"])


def machine(server: Server, name: str) -> str:
    definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
    made = server.client("stepfunctions").create_state_machine(
        name=name, definition=definition, roleArn=role(server, name, "states")
    )
    return str(made["stateMachineArn"])


def function(server: Server, name: str) -> str:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.py", "def handler(event, context):\n    return 1\n")
    made = server.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.11",
        Handler="index.handler",
        Role=role(server, name, "lambda"),
        Code={"ZipFile": code.getvalue()},
    )
    return str(made["FunctionArn"])


def run(server: Server, name: str) -> str:
    started = server.client("stepfunctions").start_execution(stateMachineArn=machine(server, name), name=name)
    return str(started["executionArn"])


def trusting(server: Server, name: str) -> str:
    """A role that lets the account in."""
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    iam = server.client("iam")
    return str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=roles.policy_text(trust))["Role"]["Arn"])


def url(client: Any, name: str) -> str:
    return str(client.meta.endpoint_url) + f"/{ACCOUNT}/{name}"


ITEM = {"id": {"S": "1"}}
# The kind and the verb: what is made, by which service's API a request is made, and one request.
SERVED: dict[tuple[str, str], tuple[Make, str, Try]] = {
    ("s3_bucket", "list"): (bucket, "s3", lambda s3, name, _: s3.list_objects_v2(Bucket=name)),
    ("s3_bucket", "read"): (bucket, "s3", lambda s3, name, _: s3.get_object(Bucket=name, Key="a/key")),
    ("s3_bucket", "write"): (bucket, "s3", lambda s3, name, _: s3.put_object(Bucket=name, Key="b", Body=b"")),
    ("s3_bucket", "delete"): (bucket, "s3", lambda s3, name, _: s3.delete_object(Bucket=name, Key="a/key")),
    ("s3_object", "read"): (objects, "s3", lambda s3, name, _: s3.get_object(Bucket=name, Key="a/key")),
    ("s3_object", "write"): (objects, "s3", lambda s3, name, _: s3.put_object(Bucket=name, Key="a/b", Body=b"")),
    ("s3_object", "delete"): (objects, "s3", lambda s3, name, _: s3.delete_object(Bucket=name, Key="a/key")),
    ("dynamodb_table", "read"): (table, "dynamodb", lambda db, name, _: db.get_item(TableName=name, Key=ITEM)),
    ("dynamodb_table", "write"): (table, "dynamodb", lambda db, name, _: db.put_item(TableName=name, Item=ITEM)),
    ("sqs_queue", "send"): (
        queue,
        "sqs",
        lambda sqs, name, _: sqs.send_message(QueueUrl=url(sqs, name), MessageBody="x"),
    ),
    ("sqs_queue", "receive"): (queue, "sqs", lambda sqs, name, _: sqs.receive_message(QueueUrl=url(sqs, name))),
    ("sns_topic", "publish"): (topic, "sns", lambda sns, _, arn: sns.publish(TopicArn=arn, Message="x")),
    ("kinesis_stream", "write"): (
        stream,
        "kinesis",
        lambda kinesis, name, _: kinesis.put_record(StreamName=name, Data=b"x", PartitionKey="1"),
    ),
    ("kinesis_stream", "read"): (stream, "kinesis", lambda kinesis, name, _: kinesis.list_shards(StreamName=name)),
    ("firehose_stream", "write"): (
        delivery,
        "firehose",
        lambda firehose, name, _: firehose.put_record(DeliveryStreamName=name, Record={"Data": b"x"}),
    ),
    ("event_bus", "put"): (
        bus,
        "events",
        lambda events, name, _: events.put_events(
            Entries=[{"EventBusName": name, "Source": "a", "DetailType": "b", "Detail": "{}"}]
        ),
    ),
    ("secret", "read"): (secret, "secretsmanager", lambda sm, _, arn: sm.get_secret_value(SecretId=arn)),
    ("ssm_parameter", "read"): (parameter, "ssm", lambda ssm, name, _: ssm.get_parameter(Name=f"/{name}/a")),
    ("kms_key", "encrypt"): (key, "kms", lambda kms, _, arn: kms.encrypt(KeyId=arn, Plaintext=b"x")),
    ("kms_key", "sign"): (signing, "kms", lambda kms, _, arn: kms.get_public_key(KeyId=arn)),
    ("kms_key", "mac"): (
        mac,
        "kms",
        lambda kms, _, arn: kms.generate_mac(KeyId=arn, Message=b"x", MacAlgorithm="HMAC_SHA_256"),
    ),
    ("state_machine", "start"): (
        machine,
        "stepfunctions",
        lambda sfn, _, arn: sfn.start_execution(stateMachineArn=arn),
    ),
    ("lambda_function", "invoke"): (
        function,
        "lambda",
        lambda lambda_, name, _: lambda_.invoke(FunctionName=name, InvocationType="DryRun"),
    ),
    ("execution", "status"): (run, "stepfunctions", lambda sfn, _, arn: sfn.describe_execution(executionArn=arn)),
    ("iam_role", "assume"): (
        trusting,
        "sts",
        lambda sts, _, arn: sts.assume_role(RoleArn=arn, RoleSessionName="test"),
    ),
}


def permissions(kind: str, verb: str, arn: str) -> dict[str, Any]:
    """The emitted documents of a task role that may do this."""
    config = Config(
        project_name="memos",
        environment="dev",
        account_id=ACCOUNT,
        aws_region=REGION,
        task_access=[{"arns": [arn], "access": [verb]}],
    )
    files = emit(build(config), "iam").files
    return {path: json.loads(text) for path, text in files.items() if path.endswith("task-access-policy.json")}


@pytest.mark.parametrize(("kind", "verb"), SERVED)
def test_a_verb_does_one_request_and_not_next_door(ministack: Server, kind: str, verb: str) -> None:
    make, service, request = SERVED[kind, verb]
    own, other = roles.unused("own"), roles.unused("other")
    arn, next_door = make(ministack, own), make(ministack, other)
    assert KINDS[kind].form.matches(arn)
    documents = permissions(kind, verb, arn)
    session = roles.assume_with_policies(ministack, {f"p{i}": d for i, d in enumerate(documents.values())})
    client = ministack.client(service, session)
    request(client, own, arn)
    with pytest.raises(ClientError) as raised:
        request(client, other, next_door)
    assert raised.value.response["Error"]["Code"] in DENIED
