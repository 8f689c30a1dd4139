"""enable_ecs_exec: people may open a shell in the running task."""

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated

from ecsiam.features import customer_keys
from ecsiam.features.cloudwatch import CloudwatchKeys
from ecsiam.features.feature import Part
from ecsiam.features.project import Project, allow, bucket_of
from ecsiam.features.statements import raw_statements
from ecsiam.features.wide import is_everything
from ecsiam.keys.key import Key
from ecsiam.keys.kinds import Flag, ListOf, OfForm
from ecsiam.keys.values import as_text, resources
from ecsiam.model import arn_forms
from ecsiam.model.form import arn_form
from ecsiam.model.globs import matches
from ecsiam.model.intent import Note
from ecsiam.model.parameter import Parameter
from ecsiam.model.statement import Only, Origin, Statement
from ecsiam.model.text import Text

FLAG = "enable_ecs_exec"
PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html"
CHANNELS = tuple(f"ssmmessages:{verb}{kind}Channel" for verb in ("Create", "Open") for kind in ("Control", "Data"))
_LOG = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
_FIND_GROUPS = "logs:DescribeLogGroups"
_LOOK, _PUT = ("s3:GetBucketLocation", "s3:GetEncryptionConfiguration"), "s3:PutObject"
_ENCRYPT, _DECRYPT = "kms:GenerateDataKey", "kms:Decrypt"
LOG_BUCKET_ARN = arn_form(
    "log_bucket_arn",
    "the ARN of an S3 bucket, or of all objects below a prefix of one",
    "s3",
    r"[a-z0-9][a-z0-9._-]+(/([ -#%-)+->@-~]+/)?\*)?",
    ("arn:aws:s3:::memos-sessions", "arn:aws:s3:::memos-sessions/exec/*"),
    ("arn:aws:s3:::memos-sessions/exec", "arn:aws:s3:::memos-*", "arn:aws:s3:::memos-sessions/", "arn:aws:s3:::*"),
    regional=False,
    account="",
    hints=(
        ("arn:[^:]*:s3:([^:]+:[^:]*|[^:]*:[^:]+):.*", "has a region or an account", "A bucket's ARN has neither."),
        ("[^/]*[*?].*", "has a wildcard in the bucket's name", "Write the name out."),
        (r".*\$.*", "holds a `$`", "IAM reads it as a policy variable: leave it out."),
        (".*/.*", "is no prefix", "Each session writes an object of its own: end it in `/*`."),
    ),
    bare=(("(s3|https?)://.*", "is an address", "Write `arn:aws:s3:::BUCKET`, or `arn:aws:s3:::BUCKET/PREFIX/*`."),),
)


class ExecKeys(CloudwatchKeys):
    """ECS Exec."""

    heading = "ECS Exec"

    enable_ecs_exec: Annotated[
        bool | Parameter,
        Key("People may open a shell in the running task with ECS Exec.", Flag(), ("task",)),
    ] = False
    exec_log_group_arns: Annotated[
        Sequence[str],
        Key(
            "The log groups of the sessions, as the cluster has them (`logging: OVERRIDE`): not those of the "
            "containers.",
            ListOf(OfForm(arn_forms.LOG_GROUP_ARN)),
            ("task",),
            default="none",
            flag=FLAG,
            same_account=True,
            same_region=True,
            closed=True,
        ),
    ] = ()
    exec_log_bucket_arns: Annotated[
        Sequence[str],
        Key(
            "The buckets of the sessions, as the cluster has them, with or without prefix.",
            ListOf(OfForm(LOG_BUCKET_ARN)),
            ("task",),
            default="none",
            flag=FLAG,
            closed=True,
        ),
    ] = ()
    exec_log_kms_key_arns: Annotated[
        Sequence[str],
        Key(
            "The customer managed KMS keys that these buckets encrypt with. A log group uses its key by itself.",
            ListOf(OfForm(arn_forms.KEY_ARN)),
            ("task",),
            default="none",
            flag=FLAG,
            closed=True,
        ),
    ] = ()
    exec_kms_key_arns: Annotated[
        Sequence[str],
        Key(
            "The KMS keys that encrypt what goes between a session and the container (the cluster's `kmsKeyId`).",
            ListOf(OfForm(arn_forms.KEY_ARN)),
            ("task",),
            default="none",
            flag=FLAG,
            closed=True,
        ),
    ] = ()


def _channels() -> Statement:
    reason = "hold the session's channels; the actions support no narrower resource"
    return allow(CHANNELS, "*", Origin("exec", reason, PAGE, FLAG))


def _sessions(keys: ExecKeys, used: Callable[..., Statement]) -> Iterator[Statement]:
    """Hold the channels of a session, encrypted, and write its log."""

    def origin(reason: str) -> Origin:
        return Origin("exec", reason, PAGE, FLAG)

    yield _channels()
    if keys.exec_kms_key_arns:
        yield allow([_DECRYPT], resources(keys.exec_kms_key_arns), origin("decrypt the session's channels"))
    if keys.exec_log_group_arns:
        groups = resources(keys.exec_log_group_arns, "log_group")
        yield allow(_LOG, groups, origin("write the sessions' log groups"))
        yield allow([_FIND_GROUPS], "*", origin("look for log groups; the action supports no narrower resource"))
    if keys.exec_log_bucket_arns:
        yield allow(_LOOK, map(bucket_of, keys.exec_log_bucket_arns), origin("look at the sessions' buckets"))
        yield allow([_PUT], map(_objects, keys.exec_log_bucket_arns), origin("write the sessions' objects"))
        if keys.exec_log_kms_key_arns:
            reason = origin("encrypt them, through S3 only")
            yield used("s3", keys.exec_log_kms_key_arns, [_ENCRYPT, _DECRYPT], reason)


def _objects(given: str) -> Text:
    return as_text(given) if "/" in given else Text.of(as_text(given), "/*")


def exec_needs(keys: ExecKeys, __: Project) -> Iterator[Statement]:
    """Hold the channels of a session, and write its log."""
    return _sessions(keys, customer_keys.needed)


def exec_parts(keys: ExecKeys, project: Project) -> Iterator[Part]:
    """The same as statements, and what is worth knowing of the sessions' log."""
    yield from _sessions(keys, customer_keys.granted)
    if keys.exec_log_kms_key_arns and not keys.exec_log_bucket_arns:
        yield Note(
            "exec-log-key",
            "`exec_log_kms_key_arns` is for buckets, and `exec_log_bucket_arns` names none",
            ("exec_log_kms_key_arns",),
            "List the bucket, or leave the key out: a log group uses its key by itself, the channel's key stands in "
            "`exec_kms_key_arns`.",
            PAGE,
        )
    if not _is_logged(keys):
        yield Note(
            "exec-session-log",
            "sessions are not logged: with the cluster's `logging: DEFAULT` they would go to the execution role's log "
            "group, which the task role may not write",
            (FLAG,),
            f"Give the cluster `logging: OVERRIDE` with a group such as `/ecs/{project.prefix}/exec`, and list it in "
            "`exec_log_group_arns`, or a bucket in `exec_log_bucket_arns`; with a KMS key for the channel, list that "
            "in `exec_kms_key_arns`.",
            PAGE,
        )


def _is_logged(keys: ExecKeys) -> bool:
    """Whether the task role may write the sessions' log somewhere. What the cluster says is not seen from here."""
    if keys.exec_log_group_arns or keys.exec_log_bucket_arns:
        return True
    finds = keys.cloudwatch_logs_collector or any(map(_finds_groups, raw_statements(keys, "task")))
    return finds and keys.when("enable_cloudwatch_logs") is not None


def _finds_groups(statement: Statement) -> bool:
    resources = statement.resources
    return (
        statement.effect == "Allow"
        and isinstance(statement.actions, Only)
        and any(matches(action.pattern.lower(), "logs:describeloggroups") for action in statement.actions.items)
        and isinstance(resources, Only)
        and any(isinstance(item, Text) and is_everything(item.literal or "-") for item in resources.items)
    )


GRANTS = (*CHANNELS, *_LOG, _FIND_GROUPS, *_LOOK, _PUT, _ENCRYPT, _DECRYPT)
