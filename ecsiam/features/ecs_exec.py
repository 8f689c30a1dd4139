"""enable_ecs_exec: people may open a shell in the running task."""

from collections.abc import Iterator
from typing import Annotated

from ecsiam.features.feature import Feature, Part
from ecsiam.features.project import Project, allow
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys
from ecsiam.keys.kinds import Flag
from ecsiam.model.parameter import Parameter
from ecsiam.model.stack import Note
from ecsiam.model.statement import Origin, Statement

_FLAG = "enable_ecs_exec"
_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html"
CHANNELS = tuple(f"ssmmessages:{verb}{kind}Channel" for verb in ("Create", "Open") for kind in ("Control", "Data"))


class ExecKeys(Keys):
    """ECS Exec."""

    heading = "ECS Exec"

    enable_ecs_exec: Annotated[
        bool | Parameter,
        Key("People may open a shell in the running task with ECS Exec.", Flag(), ("task",)),
    ] = False


def exec_needs(_: ExecKeys, __: Project) -> Iterator[Statement]:
    """Hold the channels of a session."""
    reason = "hold the session's channels; the actions support no narrower resource"
    yield allow(CHANNELS, "*", Origin("exec", reason, _PAGE, _FLAG))


def _exec(keys: ExecKeys, project: Project) -> Iterator[Part]:
    yield from exec_needs(keys, project)
    group = f"/ecs/{project.prefix}/exec"
    yield Note(
        "exec-session-log",
        "sessions are not logged: with the cluster's `logging: DEFAULT` they would go to the execution role's log "
        "group, which the task role may not write",
        (_FLAG,),
        f"Give the cluster `logging: OVERRIDE` with a group such as `{group}`, turn `enable_cloudwatch_logs` on, "
        "and add `logs:DescribeLogGroups` on `*` to `task_statements`; with a KMS key for the channel, "
        "`kms:Decrypt` on it.",
        _PAGE,
    )


EXEC = Feature("exec", "task", _FLAG, ExecKeys, _exec, CHANNELS, exec_needs)
