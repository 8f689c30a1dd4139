"""Needs against grants: what ECS will ask for, and whether the roles give it."""

from collections.abc import Iterable, Iterator, Mapping

from attrs import evolve, frozen

from ecsiam.analysis.unknown import BOUNDARY, UNREAD, Applied, Question, Verdict, decide
from ecsiam.findings.finding import Finding, Undecidable
from ecsiam.findings.remedies import field, grant, shown
from ecsiam.model.policy import Policy
from ecsiam.model.text import Text
from ecsiam.readers.found import Place
from ecsiam.readers.needs.need import Asked, TaskNeed
from ecsiam.readers.reading import Reading, ReadRole, ReadTask
from ecsiam.readers.task_needs import in_place, known_to, needs_of, passing_needs
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
    """What of a role nobody has read: gaps, and attached policies that no file has."""
    named = [str(arn) for arn in role.unread]
    named += [str(arn) for arn in role.role.managed_policy_arns if managed_policy(str(arn)) is None]
    return (*(gap.why for gap in role.gaps), *(f"the attached policy `{arn}`" for arn in named))


def boundary(role: ReadRole) -> Policy | None:
    """What the permissions boundary of a role says; None without one, and where it isn't known."""
    named = role.role.permissions_boundary
    known = managed_policy(str(named)) if named is not None and role.bounded is None else None
    return role.bounded if known is None else known.document


def judge(role: ReadRole, asked: Iterable[Asked], within: Policy | None = None) -> Verdict:
    """What comes out for all of some requests: allowed where each is, denied where one surely is not.

    `within` is a boundary; what a resource's own policy gives may be beyond it, which hangs on how that names the role.
    """
    documents = {**policies(role), **role.granted}
    found: list[Verdict] = []
    for one in asked:
        question = Question(one.action, one.resource, {key.lower(): value for key, value in one.context})
        verdict = decide(documents, question, within)
        limited = within is not None and verdict.outcome == "denied" and not _denying(verdict)
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
            yield _no_role(task, need)
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
    within = boundary(role)
    ways = [(way, judge(role, way, within)) for way in need.ways]
    return Judged(task, need, role, *min(ways, key=lambda one: _BEST.index(one[1].outcome)))


def _no_role(task: ReadTask, need: TaskNeed) -> Finding | Undecidable:
    fact = f"ECS {need.what}, and the task definition names no {need.role} role"
    if need.unsure:
        return Undecidable(need.place, fact, (need.unsure,))
    return Finding(
        "missing",
        need.place,
        fact,
        request=request_of(need.ways[0][0], Text(())),
        because=need.failure,
        remedy=f"Name one in `{field(need.place, _FIELD[need.role])}`, and grant it this.",
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
        bound = role.role.permissions_boundary
        if bound is None or boundary(role) is not None:
            return None
        why = f"its permissions boundary `{shown(bound)}` is not in sight"
        return Undecidable(role.place, f"what `{name}` may is judged by its policies alone: {why}")
    called = f"{need.role} role `{name}`" if need.role in _FIELD else f"role `{name}`"
    who = "the step" if need.role == "pipeline" else "ECS"
    asked = _first_denied(role, one.way)
    fact = f"{who} {need.what}, and the {called} may not `{asked.action}`"
    if verdict.outcome == "undecided" or need.unsure:
        known = (_PART if UNREAD in one else one for one in verdict.hangs)
        hangs = (*dict.fromkeys(known), *((need.unsure,) if need.unsure else ()))
        return Undecidable(need.place, f"{who} {need.what}; whether the {called} may is not known", hangs)
    if denied := _denying(verdict):
        at = _places(role, ((s.policy, s.index) for s in denied))
        fact += ": it is denied"
        return Finding(
            "missing",
            need.place,
            fact,
            request_of(asked, role.arn),
            need.failure,
            "Leave it out of the Deny.",
            need.page,
            (role.place, *at),
            role.key,
        )
    if judge(role, one.way).outcome == "allowed":
        return _beyond(one, fact, asked, reading)
    lacking = [asked for asked in one.way if judge(role, (asked,)).outcome != "allowed"]
    other = _other(reading, one)
    if other is not None:
        return Finding(
            "misplaced",
            need.place,
            f"{fact}: the {_OTHER[need.role]} role has that",
            request_of(asked, role.arn),
            need.failure,
            grant(role, lacking, reading),
            need.page,
            (role.place, other.place),
            role.key,
        )
    return Finding(
        "missing",
        need.place,
        fact,
        request_of(asked, role.arn),
        need.failure,
        grant(role, lacking, reading),
        need.page,
        (role.place,),
        role.key,
    )


def _beyond(one: Judged, fact: str, asked: Asked, reading: Reading) -> Finding:
    """A need that the role's policies meet, and its permissions boundary does not."""
    need, role, at = one.need, one.role, one.role.places.get(BOUNDARY, ())[:1]
    head = "Allow that in the boundary:"
    lacking = [asked for asked in one.way if judge(role, (asked,), boundary(role)).outcome != "allowed"]
    return Finding(
        "missing",
        need.place,
        f"{fact}: its permissions boundary does not let it",
        request_of(asked, role.arn),
        need.failure,
        grant(role, lacking, reading, at[0], head) if at else "Name a boundary that allows it.",
        need.page,
        (role.place, *at),
        role.key,
    )


def _first_denied(role: ReadRole, way: tuple[Asked, ...]) -> Asked:
    """Of some requests one that is surely refused, else one that is not surely allowed."""
    within = boundary(role)
    return min(way, key=lambda asked: -_BEST.index(judge(role, (asked,), within).outcome))


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
    found = [role.places.get(policy, ())[index : index + 1] for policy, index in of]
    return tuple(place for one in found for place in one)
