"""What follows from what a role is for: what it should not have, whether two are one, whether its limits are known."""

from collections.abc import Iterator

from attrs import evolve

from ecsiam.analysis.answers import Fails
from ecsiam.findings.documents import as_cdk_grants, as_read, example
from ecsiam.findings.finding import Finding, Undecidable
from ecsiam.findings.rules import RULES
from ecsiam.findings.spelling import shown
from ecsiam.invariants import prove
from ecsiam.model.stack import Stack
from ecsiam.readers.reading import Reading, ReadRole
from ecsiam.reference.escalations import ESCALATIONS
from ecsiam.reference.nearest import unknown_action


def separation(reading: Reading) -> Iterator[Finding]:
    """Tasks whose two roles are one."""
    for task in reading.tasks:
        role = reading.roles[task.execution] if task.execution is not None else None
        same = task.execution == task.task if role is not None else task.execution_named == task.task_named
        if same and task.task_named is not None:
            name = role.name if role is not None else task.task_named
            yield Finding(
                "separation",
                task.found.at(("taskRoleArn",)),
                f"`{name}` is both the execution role and the task role",
                because=RULES["separation"].why,
                remedy="Make a task role of its own, with what the containers call and nothing else.",
                page=RULES["separation"].page,
                also=() if role is None else (role.place,),
                role="" if role is None else role.key,
            )


def boundaries(reading: Reading) -> Iterator[Undecidable]:
    """Roles of tasks whose boundary nobody has read: whether it lets through what they are granted isn't known."""
    for key in dict.fromkeys(key for task in reading.tasks for key in (task.execution, task.task)):
        role = reading.roles[key] if key is not None else None
        if role is not None and role.boundary is None and role.role.permissions_boundary is not None:
            named = shown(role.role.permissions_boundary)
            fact = f"whether the permissions boundary of `{role.name}` allows what it is granted is not known"
            yield Undecidable(role.place, fact, (f"`{named}`, which is not in sight",))


def invariants(reading: Reading) -> Iterator[Finding]:
    """Invariants of roles whose purpose is known: what an execution role should not do, and who can get more."""
    of_execution = {task.execution: None for task in reading.tasks if task.execution}
    of_task = {task.task: None for task in reading.tasks if task.task}
    for key in {**of_execution, **of_task}:
        role = reading.roles[key]
        purposes = [("execution", "execution")] if key in of_execution and key not in of_task else []
        purposes.append(("no-escalation", "execution" if key in of_execution else "task"))
        for invariant, id in purposes:
            stack = Stack([evolve(example(role.role), id=id)])
            answer = prove(stack, only=invariant)[invariant]
            if isinstance(answer, Fails):
                found = (answer, *answer.also)
                unmeant = [one for one in found if not _is_meant(invariant, one, role) and not _has_all(role, one)]
                if unmeant:
                    yield _failed(invariant, role, unmeant[0])


# What AWS's own examples and tools do: an execution role that decrypts, without saying through what; and a role that
# may assume another, as Copilot's and all that reach another account do. That one's trust has to let it in.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
_MEANT = {"execution": "kms:decrypt", "no-escalation": "sts:assumerole"}


def _is_meant(invariant: str, answer: Fails, role: ReadRole) -> bool:
    if answer.witness is None:
        return False
    action = answer.witness.action.lower()
    if unknown_action(action) is not None:
        return True  # that it is none is another fault
    if invariant == "execution" and any(
        as_cdk_grants(one) and any(action == its.pattern.lower() for its in one.actions.items)
        for policy in role.role.policies.values()
        for one in policy.document.statements
    ):
        return True
    return action == _MEANT.get(invariant)


_OPEN = next(one.why for one in ESCALATIONS if one.group == "open")


def _has_all(role: ReadRole, answer: Fails) -> bool:
    """Whether what it shows gives nothing more: the policy of a resource of a service of which the role may do all."""
    if answer.witness is None or _OPEN not in answer.fact:
        return False
    every = f"{answer.witness.action.partition(':')[0].lower()}:*"
    statements = (one for policy in role.role.policies.values() for one in policy.document.statements)
    return any(
        one.effect == "Allow" and any(action.pattern.lower() == every for action in one.actions.items)
        for one in statements
    )


def _failed(invariant: str, role: ReadRole, answer: Fails) -> Finding:
    rule = RULES[invariant]
    name = role.name
    return Finding(
        invariant,
        role.place,
        f"`{name}`: {answer.fact or rule.says}",
        request="" if answer.witness is None else shown(as_read(str(answer.witness), role.role)),
        because=rule.why,
        page=rule.page,
        role=role.key,
    )
