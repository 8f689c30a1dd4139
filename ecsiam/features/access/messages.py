"""Rows of `task_access`: queues and streams, and what is called.

Actions, resource types and keys are those of the Service Authorization Reference.
"""

from ecsiam.features.access.kind import NAME, AccessKind, Verb, acts, form_of

_AUTH = "https://docs.aws.amazon.com/service-authorization/latest/reference"
_QUEUE = "[A-Za-z0-9_*?-]+([.]fifo)?"
_DECRYPT = ("kms:Decrypt",)
_BOTH = ("kms:Decrypt", "kms:GenerateDataKey")
_SAME = "Batch calls need the same actions."

SQS_QUEUE = AccessKind(
    "sqs_queue",
    "an SQS queue",
    form_of(
        "sqs_queue",
        "an SQS queue",
        "sqs",
        _QUEUE,
        ("orders", "orders.fifo"),
        ("orders/mail", "https://sqs.eu-west-2.amazonaws.com/123456789012/orders"),
    ),
    (
        Verb("send", "send messages", acts("sqs", "SendMessage", "GetQueueUrl", "GetQueueAttributes"), _BOTH),
        Verb(
            "receive",
            "receive messages",
            acts(
                "sqs",
                "ReceiveMessage",
                "DeleteMessage",
                "ChangeMessageVisibility",
                "GetQueueUrl",
                "GetQueueAttributes",
            ),
            _DECRYPT,
        ),
    ),
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html",
    via="sqs",
    traps=(_SAME, "`sqs:ListQueues` is on `*`, and in no verb."),
    abroad="policy",
)
SNS_TOPIC = AccessKind(
    "sns_topic",
    "an SNS topic",
    form_of("sns_topic", "an SNS topic", "sns", _QUEUE, ("orders", "orders.fifo"), ("orders/mail", "orders:0a1b")),
    (Verb("publish", "publish to topics", acts("sns", "Publish"), _BOTH),),
    "https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html",
    via="sns",
    traps=(_SAME, "Text messages to phones have no ARN: `enable_sms`."),
    abroad="policy",
)
KINESIS_STREAM = AccessKind(
    "kinesis_stream",
    "a Kinesis stream",
    form_of(
        "kinesis_stream",
        "a Kinesis stream",
        "kinesis",
        f"stream/{NAME}",
        ("stream/clicks",),
        ("clicks", "stream/clicks/consumer/memos:1"),
    ),
    (
        Verb("write", "write records", acts("kinesis", "PutRecord", "PutRecords"), ("kms:GenerateDataKey",)),
        Verb(
            "read",
            "read records",
            acts("kinesis", "GetRecords", "GetShardIterator", "ListShards", "DescribeStreamSummary"),
            _DECRYPT,
        ),
    ),
    "https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html",
    via="kinesis",
    traps=("Enhanced fan-out (`kinesis:SubscribeToShard`) is on the consumer's ARN, and in no verb.",),
    abroad="policy",
)
FIREHOSE_STREAM = AccessKind(
    "firehose_stream",
    "a Firehose stream",
    form_of(
        "firehose_stream",
        "a Firehose stream",
        "firehose",
        f"deliverystream/{NAME}",
        ("deliverystream/clicks",),
        ("stream/clicks", "clicks"),
    ),
    (Verb("write", "write records", acts("firehose", "PutRecord", "PutRecordBatch")),),
    f"{_AUTH}/list_amazonkinesisfirehose.html",
    keyless="no page says that a caller needs one: Firehose uses a grant of its own",
    traps=("There is nothing to read.",),
    abroad="role",
)
EVENT_BUS = AccessKind(
    "event_bus",
    "an EventBridge event bus",
    form_of(
        "event_bus",
        "an EventBridge event bus",
        "events",
        "event-bus/[A-Za-z0-9_./*?-]+",
        ("event-bus/orders", "event-bus/default"),
        ("rule/orders", "orders"),
    ),
    (Verb("put", "put events on buses", acts("events", "PutEvents")),),
    "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html",
    keyless="EventBridge uses the key: its policy names that service",
    traps=("Buses of the second type, `event-busv2/NAME/ID`, are none of this kind.",),
    abroad="policy",
)
_SES = "https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html"
_NO_KEY = "sending uses no key"
_SEND = Verb("send", "send mail", acts("ses", "SendEmail", "SendRawEmail"))
SES_IDENTITY = AccessKind(
    "ses_identity",
    "an SES identity",
    form_of(
        "ses_identity",
        "an SES identity",
        "ses",
        "identity/[A-Za-z0-9!#%&'+=^_`{|}~.@*?-]+",
        ("identity/example.com", "identity/orders@example.com"),
        ("example.com", "configuration-set/orders"),
    ),
    (_SEND,),
    _SES,
    keyless=_NO_KEY,
    traps=(
        "Where a configuration set or a template is used, AWS asks for it too: put it in the same list.",
        "Nothing narrows the sender beyond the identity; `ses:FromAddress` would, in `task_statements`.",
    ),
    abroad="policy",
)
SES_CONFIGURATION_SET = AccessKind(
    "ses_configuration_set",
    "an SES configuration set",
    form_of(
        "ses_configuration_set",
        "an SES configuration set",
        "ses",
        f"configuration-set/{NAME}",
        ("configuration-set/orders",),
        ("identity/example.com", "orders"),
    ),
    (_SEND,),
    _SES,
    keyless=_NO_KEY,
    abroad="role",
)
SES_TEMPLATE = AccessKind(
    "ses_template",
    "an SES template",
    form_of(
        "ses_template",
        "an SES template",
        "ses",
        f"template/{NAME}",
        ("template/welcome",),
        ("identity/example.com", "welcome"),
    ),
    (Verb("send", "send mail", acts("ses", "SendEmail")),),
    _SES,
    keyless=_NO_KEY,
    abroad="role",
)
_FUNCTION = "function:[A-Za-z0-9_*?-]+"
_URLS = "Function URLs have an action of their own, `lambda:InvokeFunctionUrl`, which is in no verb."
_KEYLESS = "no page says that a caller needs one"
_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/permissions-user-function.html"
LAMBDA_FUNCTION = AccessKind(
    "lambda_function",
    "a Lambda function",
    form_of(
        "lambda_function",
        "a Lambda function",
        "lambda",
        _FUNCTION,
        ("function:resize",),
        ("function:resize:live", "function/resize", "resize"),
    ),
    (Verb("invoke", "invoke functions", acts("lambda", "InvokeFunction", after=("", ":*"))),),
    _LAMBDA,
    keyless=_KEYLESS,
    traps=("A function stands for its versions and aliases, unless some of them are in the same list.", _URLS),
    abroad="policy",
)
LAMBDA_QUALIFIED = AccessKind(
    "lambda_qualified",
    "a version or an alias of a Lambda function",
    form_of(
        "lambda_qualified",
        "a version or an alias of a Lambda function",
        "lambda",
        f"{_FUNCTION}:[A-Za-z0-9$_*?-]+",
        ("function:resize:live", "function:resize:$LATEST", "function:resize:3"),
        ("function:resize", "function:resize:"),
    ),
    (Verb("invoke", "invoke functions", acts("lambda", "InvokeFunction")),),
    _LAMBDA,
    keyless=_KEYLESS,
    part_of="lambda_function",
    traps=(_URLS,),
    abroad="policy",
)
_STATES = "https://docs.aws.amazon.com/step-functions/latest/dg/concept-create-iam-advanced.html"
STATE_MACHINE = AccessKind(
    "state_machine",
    "a state machine of Step Functions",
    form_of(
        "state_machine",
        "a state machine of Step Functions",
        "states",
        f"stateMachine:{NAME}",
        ("stateMachine:orders",),
        ("stateMachine/orders", "execution:orders:*"),
    ),
    (
        Verb("start", "start executions", acts("states", "StartExecution")),
        Verb("sync", "run express executions and wait", acts("states", "StartSyncExecution")),
    ),
    _STATES,
    keyless=_KEYLESS,
    traps=("What became of an execution is asked on the execution: `execution:NAME:*`, with `status`.",),
    abroad="role",
)
EXECUTION = AccessKind(
    "execution",
    "executions of a state machine",
    form_of(
        "execution",
        "executions of a state machine",
        "states",
        "execution:[A-Za-z0-9_.*?-]+:[A-Za-z0-9_.*?-]+",
        ("execution:orders:*",),
        ("execution:orders", "stateMachine:orders"),
    ),
    (Verb("status", "ask how executions went", acts("states", "DescribeExecution")),),
    _STATES,
    keyless=_KEYLESS,
    abroad="role",
)
API = AccessKind(
    "api",
    "methods of an API Gateway API",
    form_of(
        "api",
        "methods of an API Gateway API",
        "execute-api",
        "[a-z0-9*?]+/[A-Za-z0-9_$*?-]+/[!-#%-~]+",
        ("a1b2c3d4e5/prod/GET/notes/*", "a1b2c3d4e5/prod/POST/@connections/*"),
        ("a1b2c3d4e5", "a1b2c3d4e5/prod", "restapis/a1b2c3d4e5"),
    ),
    (
        Verb("invoke", "call methods", acts("execute-api", "Invoke")),
        Verb("connections", "post to and close connections", acts("execute-api", "ManageConnections")),
    ),
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/"
    "api-gateway-control-access-using-iam-policies-to-invoke-api.html",
    keyless="a call uses no key",
    traps=("`API/STAGE/METHOD/PATH`; the connections of a WebSocket API are `API/STAGE/POST/@connections/*`.",),
    other_side="The method has to ask for IAM authorization.",
    abroad="policy",
)
_SERVICE = "service/svc-[0-9a-f*?]+"
LATTICE_SERVICE = AccessKind(
    "lattice_service",
    "a VPC Lattice service",
    form_of(
        "lattice_service",
        "a VPC Lattice service",
        "vpc-lattice",
        _SERVICE,
        ("service/svc-0123456789abcdef0",),
        ("service/svc-0123456789abcdef0/*", "service/notes", "targetgroup/tg-0123456789abcdef0"),
    ),
    (
        Verb("invoke", "call services", acts("vpc-lattice-svcs", "Invoke", after=("/*",))),
        Verb("connect", "connect to TCP services", acts("vpc-lattice-svcs", "Connect")),
    ),
    "https://docs.aws.amazon.com/vpc-lattice/latest/ug/auth-policies.html",
    keyless="a call uses no key",
    traps=("A service stands for all its paths, unless some of them are in the same list.",),
    other_side="The service's auth policy has to allow the role too, and its auth type be IAM.",
    abroad="policy",
)
LATTICE_PATH = AccessKind(
    "lattice_path",
    "paths of a VPC Lattice service",
    form_of(
        "lattice_path",
        "paths of a VPC Lattice service",
        "vpc-lattice",
        f"{_SERVICE}/[!-#%-~]+",
        ("service/svc-0123456789abcdef0/notes/*",),
        ("service/svc-0123456789abcdef0", "service/svc-0123456789abcdef0/"),
    ),
    (Verb("invoke", "call services", acts("vpc-lattice-svcs", "Invoke")),),
    LATTICE_SERVICE.page,
    keyless="a call uses no key",
    part_of="lattice_service",
    other_side=LATTICE_SERVICE.other_side,
    abroad="policy",
)
