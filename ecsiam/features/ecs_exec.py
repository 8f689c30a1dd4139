"""enable_ecs_exec: people may open a shell in the running task."""

from collections.abc import Iterator
from typing import Annotated

from ecsiam.features.cloudwatch import CloudwatchKeys
from ecsiam.features.feature import Feature, Part
from ecsiam.features.project import Project, allow
from ecsiam.features.statements import raw_statements
from ecsiam.features.wide import is_everything
from ecsiam.keys.key import Key
from ecsiam.keys.kinds import Flag
from ecsiam.model.globs import matches
from ecsiam.model.intent import Note
from ecsiam.model.parameter import Parameter
from ecsiam.model.statement import Only, Origin, Statement
from ecsiam.model.text import Text

_FLAG = "enable_ecs_exec"
_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html"
CHANNELS = tuple(f"ssmmessages:{verb}{kind}Channel" for verb in ("Create", "Open") for kind in ("Control", "Data"))


class ExecKeys(CloudwatchKeys):
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
    left = [
        f"Give the cluster `logging: OVERRIDE` with a group such as `/ecs/{project.prefix}/exec`",
        *_left_to_log(keys),
    ]
    if len(left) > 1:
        yield Note(
            "exec-session-log",
            "sessions are not logged: with the cluster's `logging: DEFAULT` they would go to the execution role's log "
            "group, which the task role may not write",
            (_FLAG,),
            f"{', '.join(left[:-1])}, and {left[-1]}; with a KMS key for the channel, `kms:Decrypt` on it.",
            _PAGE,
        )


def _left_to_log(keys: ExecKeys) -> Iterator[str]:
    """What the task role still lacks to write the sessions' log. What the cluster says is not seen from here."""
    if keys.when("enable_cloudwatch_logs") is None:
        yield "turn `enable_cloudwatch_logs` on"
    if not any(map(_finds_groups, raw_statements(keys, "task"))):
        yield "add `logs:DescribeLogGroups` on `*` to `task_statements`"


def _finds_groups(statement: Statement) -> bool:
    resources = statement.resources
    return (
        statement.effect == "Allow"
        and isinstance(statement.actions, Only)
        and any(matches(action.pattern.lower(), "logs:describeloggroups") for action in statement.actions.items)
        and isinstance(resources, Only)
        and any(isinstance(item, Text) and is_everything(item.literal or "-") for item in resources.items)
    )


EXEC = Feature("exec", "task", _FLAG, ExecKeys, _exec, CHANNELS, exec_needs)
