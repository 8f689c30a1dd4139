"""Whether roles let in who assumes them: ECS for tasks and for what it does itself, and what runs tasks."""

from collections.abc import Iterator, Mapping

from attrs import evolve, field, frozen

from ecsiam.analysis.unknown import Question, Who, decide_trust, matches_condition, service
from ecsiam.findings.finding import Finding
from ecsiam.findings.remedies import field as called
from ecsiam.findings.remedies import letting_in
from ecsiam.findings.rules import RULES
from ecsiam.findings.spelling import shown
from ecsiam.model.policy import Policy
from ecsiam.model.statement import Statement
from ecsiam.model.text import AWS_REGION, EMPTY, Text
from ecsiam.readers.found import Place, symbol
from ecsiam.readers.needs.need import ECS
from ecsiam.readers.reading import Reading, ReadRole, ReadTask

_UNABLE = "ECS was unable to assume the role"


@frozen
class _By:
    """A service of AWS that assumes a role: who names the role for it and where, and what its lack comes to."""

    service: str
    who: str
    where: Place
    failure: str = _UNABLE
    page: str = RULES["trust"].page
    sends: Mapping[str, Text] = field(factory=dict[str, Text])
    """The condition keys that it surely sends, in lower case; one with an empty text it surely does not."""


def trust(reading: Reading) -> Iterator[Finding]:
    """Roles that those can't assume for whom they are named."""
    seen: set[tuple[str, str]] = set()
    for task in reading.tasks:
        for key, by in _assuming(reading, task):
            role = reading.roles[key]
            if (key, by.service) in seen or not role.places.get("trust"):
                continue
            asked = Question("sts:AssumeRole", role.arn, by.sends)
            outcome = decide_trust(role.role.trust, service(by.service), asked).outcome
            if outcome == "denied" and not any("trust" in g.place.path for g in role.gaps):
                seen.add((key, by.service))
                yield _not_trusted(role, by, asked)


def _assuming(reading: Reading, task: ReadTask) -> Iterator[tuple[str, _By]]:
    """The roles that a task definition, its services and what runs it name, with who assumes each."""
    for key, name in ((task.execution, "executionRoleArn"), (task.task, "taskRoleArn")):
        if key is not None:
            where, sends = task.found.at((name,)), _sent(task, reading.roles[key])
            yield key, _By("ecs-tasks.amazonaws.com", _naming("a task definition", where), where, sends=sends)
    for assumed, key in task.assumed:
        if key is not None:
            where = assumed.service.at(assumed.at)
            sends = {"aws:sourceaccount": reading.roles[key].home[1], "sts:externalid": EMPTY}
            yield key, _By("ecs.amazonaws.com", _naming("a service", where), where, sends=sends)
    for one, key in task.passing:
        if key is not None:
            failure = f"the task is never run: `{one.service}` is not authorized to assume the role"
            named = f"`{one.address}` names the role"
            yield key, _By(one.service, named, one.place, failure, f"{ECS}/CWE_IAM_role.html")


def _naming(who: str, where: Place) -> str:
    return f"{who} names the role in `{called(where, str(where.path[-1]))}`"


def _sent(task: ReadTask, role: ReadRole) -> dict[str, Text]:
    """What ECS sends when it assumes a role for a task: its own account and an ARN of ECS's there.

    Which one that is no page says; but that no cluster can be named, and `*` has to stand for all.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
    """
    partition, account = role.home
    where = (
        ":ecs:",
        task.found.region or Text.of(AWS_REGION),
        ":",
        account,
        ":task/",
        symbol(task.found.address, "each"),
    )
    source = Text.of("arn:", partition, *where)
    return {"aws:sourceaccount": account, "sts:externalid": EMPTY, "aws:sourcearn": source}


def _remedy(role: ReadRole, principal: str, place: Place, asked: Question) -> str:
    """What to write so that a service may assume a role."""
    trust = role.role.trust
    bare = [evolve(one, conditions=()) for one in trust.statements]
    of = service(principal)
    if any(one.effect == "Deny" and _alone(evolve(one, effect="Allow"), of, asked) for one in trust.statements):
        return "Leave it out of the Deny."
    for statement in (one for one, all_ in zip(trust.statements, bare, strict=True) if _alone(all_, of, asked)):
        for condition in statement.conditions:
            sent = asked.context.get(condition.key.lower())
            if sent is not None and matches_condition(condition, trust.version, asked.context) == "no":
                if not sent.parts:
                    return f"Leave the condition on `{condition.key}` out: ECS sends none."
                right = shown(sent).replace(":task/*", ":*")
                return f"Have the condition on `{condition.key}` take in `{right}`, or leave it out."
    return letting_in(place, principal)


def _alone(statement: Statement, of: Who, asked: Question) -> bool:
    return decide_trust(Policy([statement], as_is=True), of, asked).outcome == "allowed"


def _not_trusted(role: ReadRole, by: _By, asked: Question) -> Finding:
    place: Place = role.places["trust"][0]
    return Finding(
        "trust",
        place,
        f"the trust policy of `{role.name}` does not let in `{by.service}`, and {by.who}",
        request=f"sts:AssumeRole by Service:{by.service}",
        because=by.failure,
        remedy=_remedy(role, by.service, place, asked),
        page=by.page,
        also=(by.where,),
        role=role.key,
    )
