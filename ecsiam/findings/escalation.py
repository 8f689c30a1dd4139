"""Roles that no task has and whose purpose is known, and that can give themselves more than they were given.

A task's roles are asked the whole invariant (`purposes.py`). Who deploys is there to change what runs as other roles,
to pass them, and to be let in by them. So of those who deploy, run tasks or act for a service only that is said which
is for none of it: that a role writes its own rights, or who may assume any role. What makes roles is there to rule over
IAM, as what Terraform runs as, unless everything that is done as it is in sight. What has all can't have more.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice

from attrs import frozen

from ecsiam.analysis.subjects import GITHUB, issuers_of
from ecsiam.analysis.unknown import Question, Verdict, decide_trust, service
from ecsiam.findings.documents import place_of
from ecsiam.findings.finding import Finding
from ecsiam.findings.needed import judge, policies, request_of
from ecsiam.findings.pipelines import steps_as
from ecsiam.findings.remedies import condition
from ecsiam.findings.rules import RULES
from ecsiam.model.globs import matches
from ecsiam.model.statement import Only, Statement
from ecsiam.model.text import ACCOUNT_ID, PARTITION, Bindings, Ref, Text
from ecsiam.readers.needs.need import Asked
from ecsiam.readers.reading import Reading, ReadRole

PIPELINES = ("codebuild.amazonaws.com", "codepipeline.amazonaws.com")
_ACCOUNT = re.compile(r"arn:[\w-]+:iam::(\d{12}):")
_BOUNDARY = ("iam:PermissionsBoundary", "arn:aws:iam::123456789012:policy/boundary")
_OTHERS = "name the roles that it is for, without this one"


@frozen
class _Way:
    """An action by which a role has whatever it likes: on what, what it comes to, and what it may be meant for."""

    action: str
    on: Callable[[ReadRole], Text]
    comes_to: str
    meant: str = "name the roles that it is for"
    bounded: bool = False
    """Whether AWS is told the boundary of what it is done to."""


def _itself(role: ReadRole) -> Text:
    return role.arn


def _any(kind: str) -> Callable[[ReadRole], Text]:
    arn = Text.of("arn:", PARTITION, ":iam::", ACCOUNT_ID, f":{kind}/", Ref(f"any {kind}"))
    return lambda _: arn


_WAYS = (
    _Way("iam:PutRolePolicy", _itself, "write its own rights", _OTHERS, bounded=True),
    _Way("iam:AttachRolePolicy", _itself, "attach any policy to itself", _OTHERS, bounded=True),
    _Way("iam:CreatePolicyVersion", _any("policy"), "write every policy of the account", "name the policies"),
    _Way("iam:UpdateAssumeRolePolicy", _any("role"), "let itself into every role of the account"),
)


def deploying(reading: Reading) -> dict[str, ReadRole]:
    """The roles of those who deploy: whom GitHub's tokens or AWS's pipelines get into, and whom jobs assume."""
    by_jobs = {key for job in reading.jobs for login in job.logins for _, key in (*login.roles, *login.by)}
    return {key: role for key, role in reading.roles.items() if key in by_jobs or _is_of_pipeline(role)}


def _is_of_pipeline(role: ReadRole) -> bool:
    trust, asked = role.role.trust, Question("sts:AssumeRole", role.arn, {})
    by_aws = any(decide_trust(trust, service(name), asked).outcome != "denied" for name in PIPELINES)
    return by_aws or GITHUB in issuers_of(trust)


def escalation(reading: Reading) -> Iterator[Finding]:
    """Roles of those who deploy, run tasks or do something for a service, that can have whatever they like."""
    of_tasks = {key for task in reading.tasks for key in (task.execution, task.task)}
    of_others = (key for task in reading.tasks for _, key in (*task.passing, *task.assumed) if key is not None)
    for key in dict.fromkeys((*deploying(reading), *of_others)):
        role = reading.roles[key]
        kept_in = role.role.permissions_boundary is not None or role.gaps or role.unread  # which may deny it
        if key in of_tasks or kept_in or has_all(role) or _is_there_for_it(reading, role):
            continue
        ways = ((way, *_comes(role, way)) for way in _WAYS)
        yield from islice((_found(role, *one) for one in ways if one[2].outcome == "allowed"), 1)


def _is_there_for_it(reading: Reading, role: ReadRole) -> bool:
    """Whether it makes roles, and may have to."""
    return may(role, "iam:CreateRole") and steps_as(reading, role) is None


def may(role: ReadRole, *actions: str) -> bool:
    """Whether some statement grants one of some actions, wherever."""
    return any(
        grants(statement, action)
        for policy in policies(role).values()
        for statement in policy.statements
        for action in actions
    )


def grants(statement: Statement, action: str) -> bool:
    """Whether a statement grants an action, on whatever."""
    named = any(matches(one.pattern.lower(), action.lower()) for one in statement.actions.items)
    return statement.effect == "Allow" and named == isinstance(statement.actions, Only)


def has_all(role: ReadRole) -> bool:
    """Whether a role may do everything, as an administrator."""
    return any(is_all(statement) for policy in policies(role).values() for statement in policy.statements)


def is_all(statement: Statement) -> bool:
    """Whether a statement grants everything."""
    actions, resources = statement.actions, statement.resources
    every = isinstance(actions, Only) and any(one.pattern in ("*", "*:*") for one in actions.items)
    on_all = isinstance(resources, Only) and any(str(one) == "*" for one in resources.items)
    return every and on_all and statement.effect == "Allow" and not statement.conditions


def _comes(role: ReadRole, way: _Way) -> tuple[Asked, Verdict]:
    """The request by which a role would come to more, and what comes out, in the account that its statements name."""
    texts = (str(t) for policy in policies(role).values() for s in policy.statements for t in s.texts())
    named = {account for text in texts for account in _ACCOUNT.findall(text)}
    home = Bindings(deployment={ACCOUNT_ID.name: next(iter(named))} if len(named) == 1 else {})
    asked = Asked(way.action, way.on(role).bind(home))
    return asked, judge(role, (asked,))


def _found(role: ReadRole, way: _Way, asked: Asked, verdict: Verdict) -> Finding:
    rule = RULES["no-escalation"]
    by = next(one for one in verdict.statements if one.effect == "Allow" and one.matches == "yes")
    place = place_of(role, by.policy, by.index)
    kept_in = f", and ask for their boundary: {condition(place, 'StringEquals', *_BOUNDARY)}" if way.bounded else ""
    return Finding(
        rule.id,
        place,
        f"`{role.name}` may {way.comes_to}, by `{way.action}`",
        request=request_of(asked, role.arn),
        because=rule.why,
        remedy=f"Take `{way.action}` out, or {way.meant}{kept_in}.",
        page=rule.page,
        also=(role.place,),
        role=role.key,
    )
