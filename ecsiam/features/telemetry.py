"""What the task may do that has no ARN: a flag each. Their actions are asked on `*`; conditions narrow some of them."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from ecsiam.features.feature import Feature, Part
from ecsiam.features.project import Project, allow
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys
from ecsiam.keys.kinds import Flag, ListOf, OfForm
from ecsiam.keys.values import as_text
from ecsiam.model.condition import Condition
from ecsiam.model.form import Form
from ecsiam.model.intent import Note
from ecsiam.model.parameter import Parameter
from ecsiam.model.statement import Action, AllBut, Only, Origin, Statement
from ecsiam.model.text import Text, in_order

_TASK = ("task",)
_NO_VARIABLE = "no variable of the baseline module, which has what most services need"
_DISCOVER = ("servicediscovery:DiscoverInstances", "servicediscovery:DiscoverInstancesRevision")
_TRACE = (
    "xray:GetSamplingRules",
    "xray:GetSamplingStatisticSummaries",
    "xray:GetSamplingTargets",
    "xray:PutSpans",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)
_MEASURE = ("cloudwatch:PutMetricData",)
_TEXT = ("sns:Publish",)
_TOKEN = ("sts:GetWebIdentityToken",)

_MAP_PAGE = "https://docs.aws.amazon.com/cloud-map/latest/dg/security_iam_service-with-iam.html"
_TRACE_PAGE = "https://docs.aws.amazon.com/xray/latest/devguide/security_iam_id-based-policy-examples.html"
_METRICS_PAGE = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-namespace.html"
_SMS_PAGE = "https://docs.aws.amazon.com/sns/latest/dg/sns-sms-access-management.html"
_TOKEN_PAGE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound.html"

NAMESPACE = Form(
    "cloud_map_namespace",
    "[A-Za-z0-9_.-]+",
    "the name of a Cloud Map namespace",
    ("memos.local", "internal"),
    ("", "*", "ns-0123456789abcdef/", "a b", "${x}", "arn:aws:servicediscovery:eu-west-2:123456789012:namespace/ns-1"),
    most=1024,
    hints=(("arn:.*", "is an ARN", "AWS asks for the namespace by its name: write that."),),
)
METRICS = Form(
    "metrics_namespace",
    "[A-Za-z0-9_./#: -]+",
    "a namespace of metrics: letters, digits, spaces and `._/#:-`",
    ("Memos", "Memos/Web"),
    ("", "*", "Memos*", "${x}", "Memos\n"),
    most=255,
    hints=((".*[*?].*", "has a wildcard", "Write the namespaces out."),),
)
AUDIENCE = Form(
    "outbound_audience",
    "[!-#%-)+->@-~]+",
    "an audience of tokens: one exact text",
    ("https://api.example.com", "urn:example:reports"),
    ("", "*", "https://*.example.com", "a b", "${x}"),
    most=1000,
)


class TelemetryKeys(Keys):
    """What has no ARN that AWS evaluates."""

    heading = "What has no ARN: discovery, telemetry, text messages, tokens"

    enable_cloud_map: Annotated[
        bool | Parameter,
        Key(
            "The task asks Cloud Map's API where other services are; by DNS and Service Connect it needs no flag.",
            Flag(),
            _TASK,
            fixed=_NO_VARIABLE,
        ),
    ] = False
    cloud_map_namespaces: Annotated[
        Sequence[str],
        Key(
            "The namespaces that it asks about, by name.",
            ListOf(OfForm(NAMESPACE)),
            _TASK,
            default="all of the account",
            flag="enable_cloud_map",
            closed=True,
        ),
    ] = ()
    enable_xray: Annotated[
        bool | Parameter, Key("The task sends traces to X-Ray.", Flag(), _TASK, fixed=_NO_VARIABLE)
    ] = False
    enable_metrics: Annotated[
        bool | Parameter,
        Key("The task writes metrics to CloudWatch (`PutMetricData`).", Flag(), _TASK, fixed=_NO_VARIABLE),
    ] = False
    metrics_namespaces: Annotated[
        Sequence[str],
        Key(
            "The namespaces that it writes metrics to.",
            ListOf(OfForm(METRICS)),
            _TASK,
            default="all",
            flag="enable_metrics",
            closed=True,
        ),
    ] = ()
    enable_sms: Annotated[
        bool | Parameter,
        Key(
            "The task sends text messages to phones through SNS; topics stand in `task_access`.",
            Flag(),
            _TASK,
            fixed=_NO_VARIABLE,
        ),
    ] = False
    outbound_identity_audiences: Annotated[
        Sequence[str],
        Key(
            "The task gets tokens of its identity from STS for these audiences, for services outside of AWS.",
            ListOf(OfForm(AUDIENCE)),
            _TASK,
            default="none: no tokens",
            closed=True,
        ),
    ] = ()


def _one_of(operator: str, key: str, values: Sequence[str]) -> tuple[Condition, ...]:
    """That a key is one of some values; nothing, where there are none."""
    return (Condition(operator, key, in_order(map(as_text, values))),) if values else ()


def cloud_map(keys: TelemetryKeys, _: Project) -> Iterator[Statement]:
    """Find instances: AWS is asked by names, so a condition narrows it."""
    where = _one_of("StringEquals", "servicediscovery:NamespaceName", keys.cloud_map_namespaces)
    reason = "find other services; AWS is asked by names, and no narrower resource has any"
    yield allow(_DISCOVER, "*", Origin("cloud_map", reason, _MAP_PAGE, "enable_cloud_map"), *where)


def xray(_: TelemetryKeys, __: Project) -> Iterator[Statement]:
    """Send traces, and ask which to take."""
    reason = "send traces, and ask which to take; the actions support no narrower resource"
    yield allow(_TRACE, "*", Origin("xray", reason, _TRACE_PAGE, "enable_xray"))


def metrics(keys: TelemetryKeys, _: Project) -> Iterator[Statement]:
    """Write metrics, to the given namespaces."""
    where = _one_of("StringEquals", "cloudwatch:namespace", keys.metrics_namespaces)
    reason = "write metrics; the action supports no narrower resource"
    yield allow(_MEASURE, "*", Origin("metrics", reason, _METRICS_PAGE, "enable_metrics"), *where)


def sms(_: TelemetryKeys, project: Project) -> Iterator[Statement]:
    """Text messages are asked on phone numbers: all but the topics, since `*` would be every topic too."""
    topics = Text.of("arn:", project.home.partition, ":sns:*:*:*")
    reason = "send text messages to phones, and to no topic"
    origin = Origin("sms", reason, _SMS_PAGE, "enable_sms")
    yield Statement("Allow", Only((Action(_TEXT[0]),)), AllBut((topics,)), origin=origin)


def tokens(keys: TelemetryKeys, _: Project) -> Iterator[Statement]:
    """Tokens for the given audiences: a request has to name some, and none but these."""
    if keys.outbound_identity_audiences:
        key = "sts:IdentityTokenAudience"
        only = _one_of("ForAllValues:StringEquals", key, keys.outbound_identity_audiences)
        origin = Origin("outbound_identity", "get tokens of its identity for these audiences", _TOKEN_PAGE)
        yield allow(_TOKEN, "*", origin, *only, Condition("Null", key, "false"))


def _sms(keys: TelemetryKeys, project: Project) -> Iterator[Part]:
    yield from sms(keys, project)
    yield Note(
        "sms-sender",
        "phones are no part of AWS: whoever sends decides who gets a message, and pays for it",
        ("enable_sms",),
        "Set a limit on what is spent. The API of End User Messaging has actions of its own (`sms-voice`), which go "
        "into `task_statements`.",
        _SMS_PAGE,
    )


def _tokens(keys: TelemetryKeys, project: Project) -> Iterator[Part]:
    yield from tokens(keys, project)
    if keys.outbound_identity_audiences:
        yield Note(
            "outbound-identity",
            "tokens are given only once the account has turned that on (`iam:EnableOutboundWebIdentityFederation`)",
            ("outbound_identity_audiences",),
            "A request names 1 to 10 of the audiences and lasts 60 to 3,600 seconds.",
            _TOKEN_PAGE,
        )


CLOUD_MAP = Feature("cloud_map", "task", "enable_cloud_map", TelemetryKeys, cloud_map, _DISCOVER, cloud_map)
XRAY = Feature("xray", "task", "enable_xray", TelemetryKeys, xray, _TRACE, xray)
METRICS_POLICY = Feature("metrics", "task", "enable_metrics", TelemetryKeys, metrics, _MEASURE, metrics)
SMS = Feature("sms", "task", "enable_sms", TelemetryKeys, _sms, _TEXT, sms)
TOKENS = Feature("outbound_identity", "task", "", TelemetryKeys, _tokens, (), tokens)
FEATURES = (CLOUD_MAP, XRAY, METRICS_POLICY, SMS, TOKENS)
