"""What was read of templates, in lines that can be compared and read."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, cast

from ecsiam.model.policy import Policy, policy_to_data
from ecsiam.model.text import Text
from ecsiam.readers.assemble import assemble
from ecsiam.readers.found import Place, Root, Unread
from ecsiam.readers.reading import Reading


def summary(roots: Iterable[Root]) -> str:
    return "\n".join(_lines(list(roots))) + "\n"


def _lines(roots: list[Root]) -> Iterator[str]:
    reading = assemble(roots, ".")
    for root in roots:
        yield f"{root.kind}: {', '.join(root.files)}"
        yield from (f"  key of {address}: {key}" for address, key in root.keys.items())
        yield from (f"  {ref}: {arn}" for ref, arn in root.arns.items())
    yield from _roles(reading)
    for task in reading.tasks:
        yield f"{task.found.place} {task.found.address}: {_json(task.found.value)}"
        yield f"  execution {task.execution}, task {task.task}"
        yield from (f"  {one.place} {one.address}: {_json(one.value)}" for one in task.services)
        for one, role in task.passing:
            yield f"  {one.place} {one.address}: {one.service} as {role} in {one.cluster}"
    yield from (f"unattached: {one.place} {one.address} {one.name}: {one.role}" for one in reading.unattached)
    yield from (f"gap: {gap}" for gap in reading.gaps)


def _roles(reading: Reading) -> Iterator[str]:
    for read in reading.roles.values():
        role = read.role
        boundary = f", within {role.permissions_boundary}" if role.permissions_boundary else ""
        seconds = f", {role.max_session_duration} seconds" if role.max_session_duration else ""
        yield f"{read.place} {read.arn}{boundary}{seconds}"
        yield from _policy("trust", role.trust, read.places["trust"])
        for id, policy in role.policies.items():
            yield from _policy(str(policy.name), policy.document, read.places[id])
        yield from (f"  attached {arn}" for arn in role.managed_policy_arns)
        yield from (f"  not read {arn}" for arn in read.unread)
        yield from (f"  tag {key} {value}" for key, value in role.tags)
        yield from (f"  gap: {gap}" for gap in (*read.gaps, *read.unclear))


def _policy(name: str, policy: Policy, places: tuple[Place, ...]) -> Iterator[str]:
    yield f"  {name} {policy.version}"
    statements = cast("list[object]", policy_to_data(policy, str)["Statement"])
    for place, statement in zip(places, statements, strict=False):
        yield f"    {place} {json.dumps(statement)}"


def _json(value: Any) -> str:
    return json.dumps(
        value, default=lambda v: str(v) if isinstance(v, Text) else f"?{v.why}" if isinstance(v, Unread) else v
    )
