"""What ecsiam says about a case, held against the matcher: one request, two policies, or two roles."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import ecsiam
from ecsiam.model.principal import Principal
from ecsiam.model.role import RolePolicy

from . import possible
from .matcher import Asked, Json, Truth, allows, keys_of

QUESTIONS = ("evaluate", "contains", "overlaps", "equivalent", "can")
ROLE = "memos"
TRUST = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"},
}


@dataclass(frozen=True)
class Case:
    """A question about one side or two, each a list of documents; `asked` are the requests to try it with.

    `of_roles`: each side is a role with these inline policies. `query` is a statement, for `can`.
    """

    question: str
    sides: tuple[tuple[Json, ...], ...]
    asked: tuple[Asked, ...]
    mode: str = "identity"
    of_roles: bool = False
    query: Json | None = None

    @property
    def documents(self) -> list[Json]:
        mine = [document for side in self.sides for document in side]
        return mine if self.query is None else [*mine, {"Version": "2012-10-17", "Statement": [self.query]}]


@dataclass(frozen=True)
class Outcome:
    """How a case came out. `fault` is what is wrong, in a few words that stay the same while the case shrinks."""

    answer: str
    fault: str = ""
    detail: str = ""


def check(case: Case) -> Outcome:
    try:
        subjects = [_subject(side, case.of_roles) for side in case.sides]
    except ecsiam.PolicyError as e:
        return Outcome("refused", detail=str(e))
    try:
        return _evaluated(case, subjects[0]) if case.question == "evaluate" else _answered(case, subjects)
    except Exception as e:  # a traceback is a finding like any other
        return Outcome("raised", f"raises {type(e).__name__}", repr(e))


def _subject(side: Sequence[Json], of_roles: bool) -> Any:
    policies = [ecsiam.parse_policy(document) for document in side]
    if not of_roles:
        return policies[0]
    inline = {f"p{i}": RolePolicy(f"p{i}", f"p{i}", policy) for i, policy in enumerate(policies)}
    return ecsiam.Role("task", ROLE, ecsiam.parse_policy(TRUST), inline)


def requested(asked: Asked) -> ecsiam.Request:
    who = None if asked.principal is None else Principal(asked.principal[0], asked.principal[1])  # type: ignore[arg-type]
    return ecsiam.Request(asked.action, asked.resource, who, asked.context)


def asked_by(request: ecsiam.Request) -> Asked:
    who = None if request.principal is None else (request.principal.type, str(request.principal.id))
    return Asked(request.action, request.resource, who, dict(request.context))


# ---------------------------------------------------------------- one request


def _evaluated(case: Case, policy: Any) -> Outcome:
    asked = case.asked[0]
    ours = decided(case, asked)
    try:
        theirs = ecsiam.evaluate(policy, requested(asked)).allowed
    except ecsiam.PolicyError as e:
        return Outcome("unclear", "" if ours is None else "evaluate refuses to say", str(e))
    if ours is None:
        return Outcome("unclear")
    wrong = f"evaluate says {theirs}" if theirs != ours else ""
    return Outcome(str(ours), wrong, f"{asked}")


def decided(case: Case, asked: Asked) -> Truth:
    """What the policy alone makes of a request; across accounts an identity policy alone is never enough.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
    """
    ours = agreed(allows(case.documents, full) for full in known(asked))
    two = case.mode == "identity" and possible.of_two_accounts(asked)
    return ours if two is False or ours is False else None if two is None else False


def known(asked: Asked) -> list[Asked]:
    """A request with the keys that follow from who asks, where it doesn't give them: each way that they may be."""
    if asked.principal is None:
        return [asked]
    given = {key.lower() for key in asked.context}
    return [
        replace(asked, context={**{k: v for k, v in more.items() if k.lower() not in given}, **asked.context})
        for more in possible.implied(asked.principal)
    ]


def agreed(truths: Iterable[Truth]) -> Truth:
    got = set(truths)
    return got.pop() if len(got) == 1 else None


# ---------------------------------------------------------------- two policies, two roles


def _answered(case: Case, subjects: Sequence[Any]) -> Outcome:
    answer, positive = _ask(case, subjects), case.question in ("overlaps", "can")
    if isinstance(answer, ecsiam.Undecided):
        return Outcome("Undecided", detail=answer.reason)
    name = type(answer).__name__
    if isinstance(answer, ecsiam.Holds) is positive:
        return _shown(case, name, answer)
    wanted = WANTED[case.question]
    for asked in case.asked:
        if wanted(*_each(case, asked)) is True:
            return Outcome(name, f"{case.question} {name} is refuted by a request", f"{asked}")
    return Outcome(name)


def _ask(case: Case, subjects: Sequence[Any]) -> Any:
    if case.question != "can":
        question: Callable[..., Any] = getattr(ecsiam, case.question)
        return question(*subjects)
    q: Mapping[str, Any] = case.query or {}
    return ecsiam.can(
        subjects[0], action=q["Action"], resource=q["Resource"], conditions=q.get("Condition"), universe="all"
    )


def _each(case: Case, asked: Asked) -> list[Truth]:
    """What each side says of a request; the query of `can` is a side."""
    sides: list[Sequence[Json]] = [*case.sides]
    if case.query is not None:
        sides.append([{"Version": "2012-10-17", "Statement": [case.query]}])
    return [agreed(allows(side, full) for full in known(asked)) for side in sides]


def _both(a: Truth, b: Truth) -> Truth:
    return False if a is False or b is False else None if a is None or b is None else True


def _apart(a: Truth, b: Truth) -> Truth:
    return None if a is None or b is None else a != b


def _only_second(a: Truth, b: Truth) -> Truth:
    return _both(None if a is None else not a, b)


# What a request shows that is a witness of a question.
WANTED: Mapping[str, Callable[[Truth, Truth], Truth]] = {
    "contains": _only_second,
    "overlaps": _both,
    "equivalent": _apart,
    "can": _both,
}


def _shown(case: Case, name: str, answer: Any) -> Outcome:
    """A witness has to show what the answer says, and to be a request that can be."""
    if answer.witness is None:
        return Outcome(name, f"{case.question} {name} has no witness")
    asked = asked_by(answer.witness)
    told = WANTED[case.question](*_each(case, asked))
    if told is False:
        return Outcome(name, f"the witness of {case.question} is none", f"{asked}")
    keys = set(keys_of(case.documents))
    faults = possible.impossible(asked, keys, callers(case))
    for full in possible.completed(asked, keys, callers(case)) if faults else ():
        if WANTED[case.question](*_each(case, full)) is not False and not possible.impossible(
            full, keys, callers(case)
        ):
            faults = []
    if faults:
        return Outcome(name, f"impossible witness: {_kind(faults[0])}", f"{'; '.join(faults)}: {asked}")
    return Outcome(name if told else f"{name}, unclear")


def _kind(fault: str) -> str:
    """A fault without the values in it."""
    return re.sub(r"`[^`:]*`|(?<=, not ).*|`arn:[^`]*`|`\w+:\w+`(?!$| is)", "...", fault)


def callers(case: Case) -> tuple[str, ...]:
    """Who may ask where nobody is named: a session of some role; whom identity or service control policies bind."""
    return ("role",) if case.of_roles else ("user", "role", "federated", "root")
