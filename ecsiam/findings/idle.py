"""What an execution role is granted and no task definition in sight needs: only where all that use it is in sight."""

from collections.abc import Iterable, Iterator

from ecsiam.analysis.unknown import Question, decide
from ecsiam.findings.finding import Finding
from ecsiam.findings.needed import Judged, judged
from ecsiam.findings.rules import RULES
from ecsiam.model.policy import Policy
from ecsiam.model.statement import Only, Statement
from ecsiam.model.text import Text
from ecsiam.readers.found import as_list, as_map
from ecsiam.readers.needs.images import repository_of
from ecsiam.readers.needs.need import Asked, text_of
from ecsiam.readers.reading import Reading, ReadRole, ReadTask

# What `needs` knows whether a task asks for. Keys of KMS are not among it: what encrypts a secret may stand elsewhere.
_KNOWN = frozenset(
    {
        "ecr:batchchecklayeravailability",
        "ecr:batchgetimage",
        "ecr:getdownloadurlforlayer",
        "ecr:getauthorizationtoken",
        "logs:createlogstream",
        "logs:putlogevents",
        "secretsmanager:getsecretvalue",
        "ssm:getparameter",
        "ssm:getparameters",
        "s3:getobject",
    }
)


def idle(reading: Reading) -> Iterator[Finding]:
    """Statements of execution roles that no need of the tasks in sight matches. Of task roles nothing is said.

    It is silent where something was not read, or a task names a role that is not in sight: that may be the one who
    needs it.
    """
    if reading.gaps or any(task.execution is None and task.execution_named is not None for task in reading.tasks):
        return
    other = {task.task for task in reading.tasks} | {key for task in reading.tasks for _, key in task.passing}
    for key in dict.fromkeys(task.execution for task in reading.tasks):
        if key is not None and key not in other and reading.roles[key].whole:
            yield from _of(reading, reading.roles[key])


def _of(reading: Reading, role: ReadRole) -> Iterator[Finding]:
    asked: list[Asked] = []
    for task in reading.tasks:
        if task.execution != role.key:
            continue
        arns = reading.arns(task.root)
        if not all(isinstance(one.parts[0], str) or repository_of(one, arns) for one in _images(task)):
            return  # what begins with a parameter may be of ECR
        for one in judged(reading, task):
            if not isinstance(one, Judged) or one.need.unsure or one.verdict.outcome == "undecided":
                return
            asked += [request for way in one.need.ways for request in way]
    rule = RULES["idle"]
    for policy in role.role.policies.values():
        places = role.places.get(policy.id, ())
        for i, statement in enumerate(policy.document.statements):
            if _is_known(statement) and not _is_used(statement, policy.document, asked):
                fact = f"no task definition in sight needs what statement {i} of `{policy.name}` grants"
                place = places[i] if i < len(places) else role.place
                remedy = "Take it out, unless a task that stands elsewhere has this role."
                yield Finding(rule.id, place, fact, because=rule.why, remedy=remedy, page=rule.page, role=role.key)


def _images(task: ReadTask) -> Iterator[Text]:
    for container in as_list(as_map(task.found.value).get("containerDefinitions")):
        if (image := text_of(as_map(container).get("image"))) is not None:
            yield image


def _is_known(statement: Statement) -> bool:
    """Whether it grants nothing but what tasks are known to ask for."""
    if statement.effect != "Allow" or not isinstance(statement.actions, Only):
        return False
    return all(action.pattern.lower() in _KNOWN for action in statement.actions.items)


def _is_used(statement: Statement, of: Policy, asked: Iterable[Asked]) -> bool:
    alone = {"": Policy((statement,), version=of.version, as_is=True)}
    for one in asked:
        context = {key.lower(): value for key, value in one.context}
        if decide(alone, Question(one.action, one.resource, context)).outcome != "denied":
            return True
    return False
