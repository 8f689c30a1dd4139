"""What ECS Exec asks of the task role: the channels of its sessions, and what the cluster says of these.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
"""

import re
from collections.abc import Iterator, Mapping

from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, PARTITION, Text, text
from ecsiam.readers.found import FoundService, Value, as_map, symbol
from ecsiam.readers.needs.need import ECS, Asked, TaskNeed, Way, text_of

_CHANNELS = ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel")
_FAILURE = "TargetNotConnectedException: The execute command failed due to an internal error"
_HERE = (AWS_REGION, ":", ACCOUNT_ID, ":")
KEY_ID = re.compile(r"(mrk-)?[0-9a-f]{8,}(-[0-9a-f]+)*")


def session_needs(service: FoundService) -> Iterator[TaskNeed]:
    """What a service with Exec needs; what the cluster says is `clusterConfiguration`, where that is in sight."""
    value = as_map(service.value)
    if value.get("enableExecuteCommand") is True:
        place = service.at(("enableExecuteCommand",))
        told = as_map(as_map(value.get("clusterConfiguration")).get("executeCommandConfiguration"))
        for what, way, failure in _ways(service, told):
            yield TaskNeed("task", (way,), place, what, failure, f"{ECS}/ecs-exec.html")


def _ways(service: FoundService, told: Mapping[str, Value]) -> Iterator[tuple[str, Way, str]]:
    channels = tuple(Asked(f"ssmmessages:{action}", text("*")) for action in _CHANNELS)
    yield "opens ECS Exec's channels", channels, _FAILURE
    key = told.get("kmsKeyId")
    if isinstance(key, str) and KEY_ID.fullmatch(key):
        key = Text.of("arn:", PARTITION, ":kms:", *_HERE, "key/", key)
    if isinstance(key, str | Text) and text(key).holds(":key/"):
        way: Way = (Asked("kms:Decrypt", text(key)),)
        yield "decrypts ECS Exec's sessions", way, _denied(way)
    log = as_map(told.get("logConfiguration"))
    if str(told.get("logging")) != "OVERRIDE":
        return
    if (group := text_of(log.get("cloudWatchLogGroupName"))) is not None:
        stream = Text.of("arn:", PARTITION, ":logs:", *_HERE, "log-group:", group, ":log-stream:")
        stream = Text.of(stream, symbol(f"{service.address} exec", "stream"))
        way = tuple(Asked(f"logs:{action}", stream) for action in ("CreateLogStream", "PutLogEvents"))
        yield f"writes ECS Exec's sessions to the log group `{group}`", way, _denied(way)
    if (bucket := text_of(log.get("s3BucketName"))) is not None:
        prefix = text_of(log.get("s3KeyPrefix"))
        of = Text.of("arn:", PARTITION, ":s3:::", bucket)
        below = Text.of(prefix.removesuffix("/"), "/") if prefix is not None else text("")
        each = Text.of(of, "/", below, symbol(f"{service.address} exec", "stream"))
        way = (Asked("s3:PutObject", each), Asked("s3:GetEncryptionConfiguration", of))
        yield f"writes ECS Exec's sessions to the bucket `{bucket}`", way, _denied(way)


def _denied(way: Way) -> str:
    return f"AccessDeniedException: not authorized to perform: {way[0].action}"
