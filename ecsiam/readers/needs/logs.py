"""What writes the output of containers, and of Service Connect's proxy, will ask for.

Of `awslogs` that is the execution role, before the containers start; of FireLens the task role, since its router is a
container of the task.
"""

from collections.abc import Iterator, Mapping

from attrs import frozen

from ecsiam.analysis.unknown import OF_RESOURCE
from ecsiam.errors import Path
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, PARTITION, Text, text
from ecsiam.readers.found import FoundService, FoundTask, Place, Value, as_list, as_map, symbol, symbols
from ecsiam.readers.needs.need import ECS, Asked, Known, TaskNeed, Way, secret_need, text_of

_STREAM = "ResourceInitializationError: failed to validate logger args: failed to create Cloudwatch log stream"
_GROUP = "ResourceInitializationError: failed to validate logger args: failed to create Cloudwatch log group"
_AWSLOGS, _FIRELENS = f"{ECS}/using_awslogs.html", f"{ECS}/firelens-taskdef.html"


def log_needs(
    of: FoundTask | FoundService, known: Known, at: Path, configuration: Mapping[str, Value], container: Text | None
) -> Iterator[TaskNeed]:
    """What a `logConfiguration` asks for; `container` is the name of what is logged, None for a proxy."""
    match str(configuration.get("logDriver")):
        case "awslogs":
            yield from _awslogs(of, known, at, as_map(configuration.get("options")), container)
        case "awsfirelens":
            yield from _firelens(of, at, as_map(configuration.get("options")))
        case _:
            pass
    for i, secret in enumerate(as_list(configuration.get("secretOptions"))):
        yield from secret_need(of, known, (*at, "secretOptions", i), as_map(secret))


def _awslogs(
    of: FoundTask | FoundService, known: Known, at: Path, options: Mapping[str, Value], container: Text | None
) -> Iterator[TaskNeed]:
    group = text_of(options.get("awslogs-group"))
    if group is None:
        return
    region = text_of(options.get("awslogs-region")) or text(AWS_REGION)
    streams = Text.of("arn:", PARTITION, ":logs:", region, ":", ACCOUNT_ID, ":log-group:", group, ":log-stream:")
    if str(options.get("awslogs-create-group")).lower() == "true":
        yield from _made(of.at((*at, "options", "awslogs-create-group")), group, streams, known)
    prefix = text_of(options.get("awslogs-stream-prefix"))
    stream = Text.of(streams, *((prefix, "/") if prefix else ()))
    stream = Text.of(stream, *((container, "/") if prefix and container else ()))
    stream = Text.of(stream, symbol(f"{of.address} {at}", "stream"))
    written = tuple(Asked(f"logs:{action}", stream) for action in ("CreateLogStream", "PutLogEvents"))
    place = of.at((*at, "options", "awslogs-group"))
    yield TaskNeed("execution", (written,), place, f"writes to the log group `{group}`", _STREAM, _AWSLOGS)


def _made(place: Place, group: Text, streams: Text, known: Known) -> Iterator[TaskNeed]:
    """The need to make a log group. The driver does that where there is none: it tries to write first.

    https://docs.docker.com/engine/logging/drivers/awslogs/#awslogs-create-group
    """
    arns = (arn for arn in known.arns.values() if arn.holds(":log-group:"))
    names = {arn.split(":log-group:", 1)[-1].removesuffix(":*") for arn in arns}
    made = len(group.parts) == 1 and all(OF_RESOURCE.fullmatch(ref.name) for ref in group.refs) and bool(group.refs)
    if group not in names and not made:
        unsure = "whether that log group is there already" if symbols(group) else ""
        what = f"writes to, and makes, the log group `{group}`"
        way = (Asked("logs:CreateLogGroup", streams),)
        yield TaskNeed("execution", (way,), place, what, _GROUP, _AWSLOGS, unsure)


# ---------------------------------------------------------------- FireLens


@frozen
class _Destination:
    """Where a plugin of the router writes: the options that name it, its service, what is called there.

    In the ARN `before` stands before the name, and `after` behind it and before what the router makes itself.
    """

    options: tuple[str, ...]
    service: str
    actions: tuple[str, ...]
    before: str = ""
    after: str = ""


_FIREHOSE = _Destination(
    ("delivery_stream", "delivery_stream_name"), "firehose", ("PutRecordBatch",), "deliverystream/"
)
_KINESIS = _Destination(("stream", "stream_name"), "kinesis", ("PutRecords",), "stream/")
_CLOUDWATCH = _Destination(
    ("log_group_name",), "logs", ("CreateLogStream", "PutLogEvents"), "log-group:", ":log-stream:"
)
_S3 = _Destination(("bucket", "s3_bucket"), "s3", ("PutObject",), after="/")
# An address of somebody else's, or a name that each record makes.
_ELSEWHERE = frozenset({"endpoint", "log_group_template"})
_CALLED = {
    "firehose": "Firehose",
    "kinesis": "Kinesis",
    "logs": "CloudWatch Logs",
    "s3": "S3",
    "sts": "another's account",
}
# By what Fluent Bit calls its plugins (`Name`), and Fluentd (`@type`).
_DESTINATIONS: Mapping[str, _Destination] = {
    "firehose": _FIREHOSE,
    "kinesis_firehose": _FIREHOSE,
    "kinesis": _KINESIS,
    "kinesis_streams": _KINESIS,
    "cloudwatch": _CLOUDWATCH,
    "cloudwatch_logs": _CLOUDWATCH,
    "s3": _S3,
}


def _firelens(of: FoundTask | FoundService, at: Path, options: Mapping[str, Value]) -> Iterator[TaskNeed]:
    """What the router asks for, where its options say to which of AWS's services it writes."""
    way = written_to(of, at, options)
    if way is not None:
        place = of.at((*at, "options", next(key for key in options if str(key).lower() in ("name", "@type"))))
        what = f"has the log router write to {_CALLED[way[0].action.partition(':')[0]]}"
        failure = f"AccessDeniedException: not authorized to perform: {way[0].action}"
        yield TaskNeed("task", (way,), place, what, failure, _FIRELENS)


def written_to(of: FoundTask | FoundService, at: Path, options: Mapping[str, Value]) -> Way | None:
    """What the router calls to write where the options say; None where that is no service of AWS, or isn't known."""
    given = {str(key).lower(): text_of(value) for key, value in options.items()}
    plugin = given.get("name") or given.get("@type")
    to = _DESTINATIONS.get(str(plugin).lower())
    name = next((found for option in to.options if (found := given.get(option))), None) if to is not None else None
    if to is None or name is None or name.holds("$") or _ELSEWHERE & given.keys():
        return None
    if role := given.get("role_arn"):
        return (Asked("sts:AssumeRole", role),)
    region = given.get("region") or text(AWS_REGION)
    where = text("::") if to is _S3 else Text.of(region, ":", ACCOUNT_ID, ":")
    made = (to.after, symbol(f"{of.address} {at}", "stream")) if to.after else ()
    resource = Text.of("arn:", PARTITION, f":{to.service}:", where, to.before, name, *made)
    return tuple(Asked(f"{to.service}:{action}", resource) for action in to.actions)
