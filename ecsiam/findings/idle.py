"""What execution and deploy roles are granted and nobody in sight needs: only where all who use them are in sight."""

from collections.abc import Iterable, Iterator

from attrs import frozen

from ecsiam.analysis.unknown import Question, decide
from ecsiam.findings.documents import place_of
from ecsiam.findings.escalation import deploying, is_all
from ecsiam.findings.finding import Finding
from ecsiam.findings.needed import Judged, judged, policies
from ecsiam.findings.pipelines import steps_as
from ecsiam.findings.rules import RULES
from ecsiam.model.deploying import STEPS
from ecsiam.model.policy import Policy
from ecsiam.model.statement import Only, Statement
from ecsiam.model.text import Text
from ecsiam.readers.found import as_list, as_map
from ecsiam.readers.needs.images import repository_of
from ecsiam.readers.needs.need import Asked, text_of
from ecsiam.readers.reading import Reading, ReadRole, ReadTask


@frozen
class By:
    """Who needs what a role is granted, of which actions and services that is known, and who else might need it."""

    who: str
    known: frozenset[str]
    unless: str


# Keys of KMS are not among it: what encrypts a secret may stand elsewhere.
TASKS = By(
    "task definition",
    frozenset(
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
    ),
    "a task that stands elsewhere has this role",
)
# What a step calls, and services in which deploying to ECS has no part: in others it may, beside what is asked for.
_APART = ("cloudformation", "cloudfront", "dynamodb", "lambda", "rds", "s3", "secretsmanager", "sns", "sqs", "ssm")
JOBS = By(
    "step of a workflow",
    frozenset(a.lower() for step in STEPS.values() for a in step.actions if a.startswith(("ecr", "ecs"))).union(_APART),
    "a workflow that stands elsewhere assumes this role",
)


def idle(reading: Reading) -> Iterator[Finding]:
    """Statements that no need in sight matches, of execution roles and of deploy roles. Of task roles nothing is said.

    It is silent where something was not read, or somebody names a role that is not in sight: that may be the one who
    needs it.
    """
    deploy = deploying(reading)
    of_tasks = {task.task for task in reading.tasks} | {key for task in reading.tasks for _, key in task.passing}
    execution = [key for key in dict.fromkeys(task.execution for task in reading.tasks) if key is not None]
    for key, by, asked in (
        *((key, TASKS, _asked_by_tasks(reading, key)) for key in execution if key not in deploy),
        *((key, JOBS, _asked_by_steps(reading, role)) for key, role in deploy.items() if key not in execution),
    ):
        if asked is not None and key not in of_tasks and reading.roles[key].whole:
            yield from _of(reading.roles[key], asked, by)


def _asked_by_tasks(reading: Reading, key: str) -> list[Asked] | None:
    """What tasks ask of an execution role; None where that isn't known."""
    if reading.gaps or any(task.execution is None and task.execution_named is not None for task in reading.tasks):
        return None
    found: list[Asked] = []
    for task in reading.tasks:
        if task.execution != key:
            continue
        arns = reading.arns(task.root)
        if not all(isinstance(one.parts[0], str) or repository_of(one, arns) for one in _images(task)):
            return None  # what begins with a parameter may be of ECR
        for one in judged(reading, task):
            if not isinstance(one, Judged) or one.need.unsure or one.verdict.outcome == "undecided":
                return None
            found += [request for way in one.need.ways for request in way]
    return found


def _asked_by_steps(reading: Reading, role: ReadRole) -> list[Asked] | None:
    """What steps ask of a deploy role; None where that isn't known, as where the service decides who rolls it over."""
    asked = [request for one in steps_as(reading, role) or () for way in one.need.ways for request in way]
    by_code_deploy = any(request.action == "codedeploy:GetDeploymentGroup" for request in asked)
    return None if by_code_deploy or not asked else asked


def _of(role: ReadRole, asked: list[Asked], by: By) -> Iterator[Finding]:
    rule = RULES["idle"]
    for id, policy in policies(role).items():
        own = id in role.role.policies
        for i, statement in enumerate(policy.statements):
            everything = by is JOBS and is_all(statement)
            if everything or (own and _is_known(statement, by) and not _is_used(statement, policy, asked)):
                which = f"statement {i} of `{role.role.policies[id].name}`" if own else f"`{id.rpartition('/')[2]}`"
                fact = f"no {by.who} in sight needs {'all that' if everything else 'what'} {which} grants"
                remedy = f"{'Grant what is needed instead' if everything else 'Take it out'}, unless {by.unless}."
                place = place_of(role, id, i)
                yield Finding(rule.id, place, fact, because=rule.why, remedy=remedy, page=rule.page, role=role.key)


def _images(task: ReadTask) -> Iterator[Text]:
    for container in as_list(as_map(task.found.value).get("containerDefinitions")):
        if (image := text_of(as_map(container).get("image"))) is not None:
            yield image


def _is_known(statement: Statement, by: By) -> bool:
    """Whether it grants nothing but that of which it is known whether it is needed."""
    if statement.effect != "Allow" or not isinstance(statement.actions, Only):
        return False
    patterns = (action.pattern.lower() for action in statement.actions.items)
    return all(pattern in by.known or pattern.partition(":")[0] in by.known for pattern in patterns)


def _is_used(statement: Statement, of: Policy, asked: Iterable[Asked]) -> bool:
    alone = {"": Policy((statement,), version=of.version, as_is=True)}
    for one in asked:
        context = {key.lower(): value for key, value in one.context}
        if decide(alone, Question(one.action, one.resource, context)).outcome != "denied":
            return True
    return False
