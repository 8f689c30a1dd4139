"""The invariant of what the execution role is for."""

from ecsiam.analysis.answers import Answer
from ecsiam.analysis.request import Request
from ecsiam.analysis.requests import NOTHING, Requests, query, union
from ecsiam.invariants.access import asked_of, missing
from ecsiam.invariants.asking import Granted, granted, never
from ecsiam.model.stack import Stack

ROLE = "execution"


def execution(stack: Stack) -> Answer:
    """The execution role does only what ECS does with one, on whatever resource."""
    absent = missing(stack, ROLE)
    if absent is not None:
        return absent
    return never(
        stack,
        lambda of: _beyond(granted(of.roles[ROLE])) if ROLE in of.roles else NOTHING,
        _fact,
        roles=(ROLE,),
        unread=granted(stack.roles[ROLE]).unread,
        universe="known",
    )


def _beyond(role: Granted) -> Requests:
    from ecsiam.reference.ecs_execution import USES

    of_ecs = union(query(use.actions, "*", conditions=use.when) for use in USES)
    return asked_of(role, role.requests) - of_ecs


def _fact(_: Stack, request: Request) -> str:
    from ecsiam.reference.ecs_execution import INSTEAD, OTHERWISE

    remedy = INSTEAD.get(request.action.lower(), OTHERWISE)
    return f"the execution role may do this, and ECS does not do it with one: {remedy}"
