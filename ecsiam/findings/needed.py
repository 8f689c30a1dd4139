"""Needs against grants: what ECS will ask for, and whether the roles give it."""

from collections.abc import Iterable, Iterator, Mapping

from attrs import evolve, frozen

from ecsiam.analysis.unknown import BOUNDARY, UNREAD, Applied, Question, Verdict, decide
from ecsiam.findings.finding import Finding, Undecidable
from ecsiam.findings.remedies import field, grant
from ecsiam.findings.spelling import Here, shown
from ecsiam.invariants.sent import of_session
from ecsiam.model.arn import partition_of
from ecsiam.model.condition import Condition
from ecsiam.model.policy import Policy
from ecsiam.model.text import EMPTY, PARTITION, Bindings, Ref, Text, text
from ecsiam.readers.found import Place
from ecsiam.readers.needs.need import Asked, TaskNeed
from ecsiam.readers.reading import ReadBoundary, Reading, ReadRole, ReadTask
from ecsiam.readers.task_needs import in_place, known_to, needs_of, passing_needs
from ecsiam.reference.actions import action, never_sent
from ecsiam.reference.managed import managed_policy

_OTHER = {"execution": "task", "task": "execution"}
_BEST = ("allowed", "undecided", "denied")
_PART = "a part that was not understood"
_FIELD = {"execution": "executionRoleArn", "task": "taskRoleArn"}


def policies(role: ReadRole) -> Mapping[str, Policy]:
    """What a role may do, policy by policy: its own, and AWS's that are attached."""
    found = {id: policy.document for id, policy in role.role.policies.items()}
    for arn in role.role.managed_policy_arns:
        known = managed_policy(str(arn))
        if known is not None:
            found[known.arn] = known.document
    return found


def unread(role: ReadRole) -> tuple[str, ...]:
    """What of a role nobody has read: gaps, attached policies that no file has."""
    named = [str(arn) for arn in role.unread]
    named += [str(arn) for arn in role.role.managed_policy_arns if managed_policy(str(arn)) is None]
    return (*(gap.why for gap in role.gaps), *(f"the attached policy `{arn}`" for arn in named))


def judge(role: ReadRole, asked: Iterable[Asked], *, bounded: bool = True) -> Verdict:
    """What comes out for all of some requests: allowed where each is, denied where one surely is not.

    What a resource's own policy gives may be beyond a boundary, which hangs on how that names the role.
    """
    documents = {**policies(role), **role.granted}
    boundary = role.boundary.policy if bounded and role.boundary is not None else None
    keys = _keys((*documents.values(), *((boundary,) if boundary else ())))
    found: list[Verdict] = []
    for question in (_question(role, one, keys) for one in asked):
        verdict = decide(documents, question, boundary)
        limited = boundary is not None and verdict.outcome == "denied" and not _denying(verdict)
        if limited and decide(role.granted, question).outcome != "denied":
            verdict = evolve(verdict, outcome="undecided", hangs=("its permissions boundary",))
        found.append(verdict)
    worst = next((v for v in found if v.outcome == "denied"), None)
    worst = worst or next((v for v in found if v.outcome == "undecided"), None)
    if worst is None:
        return found[0] if len(found) == 1 else evolve(found[0], statements=())
    missing = unread(role)
    return evolve(worst, outcome="undecided", hangs=missing) if missing and not _denying(worst) else worst


def _denying(verdict: Verdict) -> list[Applied]:
    return [one for one in verdict.statements if one.effect == "Deny" and one.matches == "yes"]


def _keys(documents: Iterable[Policy]) -> frozenset[str]:
    """The condition keys that some documents have, in lower case."""
    return frozenset(c.key.lower() for one in documents for s in one.statements for c in s.conditions)


def _question(role: ReadRole, one: Asked, keys: frozenset[str]) -> Question:
    """A request as the role makes it: in its own partition, with what AWS sends beside."""
    resource, parts = one.resource, one.resource.split(":", 5)
    at, account = role.home
    partition = at.literal or partition_of((parts[3].literal if len(parts) == 6 else None) or "")
    sent = {condition.key.lower(): _value(condition) for condition in of_session(role.arn, account)}
    sent["aws:securetransport"] = text("true")
    if len(parts) == 6:
        sent |= {key: part for key, part in zip(_OF_ARN, parts[3:5], strict=True) if part.parts}
        resource = resource.bind(Bindings(deployment={PARTITION.name: partition})) if partition else resource
    known = action(one.action)
    sent |= {key: EMPTY for key in keys if known is not None and never_sent(known, key)}
    return Question(one.action, resource, {**sent, **{key.lower(): value for key, value in one.context}})


_OF_ARN = ("aws:requestedregion", "aws:resourceaccount")


def _value(condition: Condition) -> Text:
    """What a condition says that a key is: nothing where it isn't there, else a text, which may not be known."""
    if condition.operator.comparison.kind != "null":
        return condition.values[0]
    return EMPTY if condition.values[0].literal == "true" else text(Ref(condition.key))


@frozen
class Judged:
    """A need and what came out of it, by the role that should have it; `task` is whose need it is, unless a step's."""

    task: ReadTask | None
    need: TaskNeed
    role: ReadRole
    way: tuple[Asked, ...]
    verdict: Verdict


def judged(reading: Reading, task: ReadTask) -> Iterator[Judged | Finding | Undecidable]:
    """Each need of a task against its role: what came out, or why nothing can."""
    known = known_to(task, reading)
    for need in needs_of(task.found, known):
        key = task.execution if need.role == "execution" else task.task
        named = task.execution_named if need.role == "execution" else task.task_named
        if key is None and named is None:
            yield _no_role(task, need, reading)
        else:
            yield _judged(reading, task, need, key, named)
    own = [reading.roles[key].arn for key in dict.fromkeys((task.execution, task.task)) if key is not None]
    for one, key in task.passing:
        for need in passing_needs(task.found, one, own, known):
            if one.role is not None:
                yield _judged(reading, task, need, key, one.role)
    for assumed, key in task.assumed:
        for need in map(in_place(task.found), assumed.needs):
            yield _judged(reading, task, need, key, assumed.role)


def _judged(
    reading: Reading, task: ReadTask, need: TaskNeed, key: str | None, named: Text | None
) -> Judged | Undecidable:
    if key is None:
        return Undecidable(need.place, f"ECS {need.what}; the role `{shown(named or Text(()))}` is not in sight")
    return of_ways(task, need, reading.roles[key])


def of_ways(task: ReadTask | None, need: TaskNeed, role: ReadRole) -> Judged:
    """A need by the way in which it comes out best."""
    ways = [(way, judge(role, way)) for way in need.ways]
    return Judged(task, need, role, *min(ways, key=lambda one: _BEST.index(one[1].outcome)))


def _no_role(task: ReadTask, need: TaskNeed, reading: Reading) -> Finding | Undecidable:
    fact = f"ECS {need.what}, and the task definition names no {need.role} role"
    if need.unsure:
        return Undecidable(need.place, fact, (need.unsure,))
    name = f"Name one in `{field(task.found.place, _FIELD[need.role])}`"
    return Finding(
        "missing",
        need.place,
        fact,
        request=request_of(need.ways[0][0], Text(())),
        because=need.failure,
        remedy=grant(Here.of(task.found.place, task.root, reading), need.ways[0], f"{name}, and grant it that"),
        page=need.page,
        also=(task.found.place,),
    )


def request_of(asked: Asked, principal: Text) -> str:
    """A request in a line."""
    of = f" by {shown(principal)}" if principal.parts else ""
    keys = "".join(f", {key}={shown(value)}" for key, value in asked.context)
    return f"{asked.action} on {shown(asked.resource)}{keys}{of}"


def finding(reading: Reading, one: Judged) -> Finding | Undecidable | None:
    """What a need that was judged comes to; None where it is met."""
    need, role, verdict = one.need, one.role, one.verdict
    name = role.name
    if verdict.outcome == "allowed":
        return None
    called = f"{need.role} role `{name}`" if need.role in _FIELD else f"role `{name}`"
    who = "the step" if need.role == "pipeline" else "ECS"
    asked = _first_denied(role, one.way)
    fact = f"{who} {need.what}, and the {called} may not `{asked.action}`"
    if verdict.outcome == "undecided" or need.unsure:
        known = (_PART if UNREAD in one else one for one in verdict.hangs)
        hangs = (*dict.fromkeys(known), *((need.unsure,) if need.unsure else ()))
        return Undecidable(need.place, f"{who} {need.what}; whether the {called} may is not known", hangs)
    said = Finding("missing", need.place, fact, request_of(asked, role.arn), need.failure, "", need.page, role=role.key)
    if denied := _denying(verdict):
        also = (role.place, *_places(role, ((s.policy, s.index) for s in denied)))
        return evolve(said, fact=f"{fact}: it is denied", remedy="Leave it out of the Deny.", also=also)
    lacking = [asked for asked in one.way if judge(role, (asked,)).outcome != "allowed"]
    if role.boundary is not None and judge(role, lacking, bounded=False).outcome == "allowed":
        return _out_of_bounds(said, role, role.boundary, lacking, reading)
    other = _other(reading, one)
    attach = f"Attach AWS's `{need.policy}`, or grant it that" if need.policy else "Grant it that"
    remedy = grant(Here.of(_written(role), role.root, reading), lacking, attach)
    if other is None:
        return evolve(said, remedy=remedy, also=(role.place,))
    fact += f": the {_OTHER[need.role]} role has that"
    return evolve(said, rule="misplaced", fact=fact, remedy=remedy, also=(role.place, other.place))


def _written(role: ReadRole) -> Place:
    """Where a statement of a role stands, of its own policies first: another one is written likewise."""
    own = [places for id, places in role.places.items() if id != "trust"]
    return next((places[0] for places in (*own, role.places.get("trust", ())) if places), role.place)


def _out_of_bounds(
    said: Finding, role: ReadRole, boundary: ReadBoundary, lacking: list[Asked], reading: Reading
) -> Finding:
    """A finding about what a role is granted, and its boundary doesn't let through."""
    fact = f"{said.fact}: it is granted, and its permissions boundary does not allow it"
    if boundary.place is None:
        remedy = f"Give it another boundary than `{role.role.permissions_boundary}`."
        return evolve(said, fact=fact, remedy=remedy, also=(role.place,))
    here = Here.of((*boundary.places, boundary.place)[0], role.root, reading)
    remedy = grant(here, lacking, "Allow it in the boundary too")
    return evolve(said, fact=fact, remedy=remedy, also=(role.place, boundary.place))


def _first_denied(role: ReadRole, way: tuple[Asked, ...]) -> Asked:
    """Of some requests one that is surely refused, else one that is not surely allowed."""
    return min(way, key=lambda asked: -_BEST.index(judge(role, (asked,)).outcome))


def _other(reading: Reading, one: Judged) -> ReadRole | None:
    """The task's other role, where that has all of it."""
    if one.task is None:
        return None
    key = {"execution": one.task.task, "task": one.task.execution}.get(one.need.role)
    if key is None or key == one.role.key:
        return None
    role = reading.roles[key]
    return role if judge(role, one.way).outcome == "allowed" else None


def _places(role: ReadRole, of: Iterable[tuple[str, int]]) -> tuple[Place, ...]:
    places = dict(role.places)
    if role.boundary is not None:
        places[BOUNDARY] = role.boundary.places
    found = [places.get(policy, ())[index : index + 1] for policy, index in of]
    return tuple(place for one in found for place in one)
