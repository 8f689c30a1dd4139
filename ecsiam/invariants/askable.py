"""The requests that AWS asks of actions: on a resource of a type that they have, or on none.

A policy may grant `*` on the objects of a bucket. That lets nobody change a role, although `iam:PutRolePolicy` and
their ARN match it.
"""

from functools import lru_cache

from ecsiam.analysis.requests import NOTHING, Requests, query, union
from ecsiam.model.statement import AllBut, Statement
from ecsiam.model.text import text

NO_ARN = AllBut((text("arn:*"),))
ASSUMED = "an action that AWS adds is asked on ARNs such as its service has today"


@lru_cache(maxsize=256)
def askable(patterns: tuple[str, ...]) -> Requests:
    """The requests of actions that are asked. What the service reference doesn't know may be asked on anything."""
    from ecsiam.reference import actions

    on: dict[str, set[str]] = {}
    unnamed: list[Requests] = []
    for pattern in patterns:
        known = actions.matching(pattern)
        for action in known:
            for arn in actions.evaluated_on(action):
                on.setdefault(arn, set()).add(action.id)
        if not known or set("*?").intersection(pattern):
            unnamed.append(_others(pattern, tuple(sorted(k.id for k in known))))
    return union((*(_on(arn, sorted(ids)) for arn, ids in on.items()), *unnamed))


def _on(arn: str, ids: list[str]) -> Requests:
    from ecsiam.reference.actions import excepting

    if arn == "*":
        return query(Statement("Allow", ids, NO_ARN, as_is=True))
    asked = query(Statement("Allow", ids, arn, as_is=True))
    return asked - query(Statement("Allow", "*", excepting(arn), as_is=True)) if excepting(arn) else asked


def _others(pattern: str, known: tuple[str, ...]) -> Requests:
    """What a pattern names beyond the known actions: of a service that has some, on ARNs such as these are asked on."""
    from ecsiam.reference import actions

    service = pattern.partition(":")[0]
    arns = {arn for action in actions.actions(service).values() for arn in actions.evaluated_on(action) if arn != "*"}
    kinds = sorted({f"arn:*:{arn.split(':')[2]}:*:*:*" for arn in arns})
    on_anything = query(Statement("Allow", pattern, "*", as_is=True))
    if service == "*" and known:  # `*:PutResourcePolicy`: which services have one is known
        return NOTHING
    if not known or not kinds:
        return on_anything
    on_its_own = query(Statement("Allow", pattern, kinds, as_is=True)) | query(
        Statement("Allow", pattern, NO_ARN, as_is=True)
    )
    return on_its_own - query(Statement("Allow", known, "*", as_is=True))
