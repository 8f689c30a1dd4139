"""Policies in a line, and answers that are put to the test before they are believed."""

from collections.abc import Iterable
from typing import cast

from ecsiam.analysis.answers import Answer, Fails, Holds
from ecsiam.analysis.questions import contains, equivalent, overlaps, requests_of
from ecsiam.analysis.request import Request
from ecsiam.model.condition import Block
from ecsiam.model.policy import Policy, Version
from ecsiam.model.principal import Principal
from ecsiam.model.statement import Action, AllBut, Effect, Statement
from ecsiam.model.text import text

Texts = str | Iterable[str]


def but(*resources: str) -> AllBut[object]:
    """NotResource."""
    return AllBut(tuple(map(text, resources)))


def no(*actions: str) -> AllBut[Action]:
    """NotAction."""
    return AllBut(tuple(map(Action, actions)))


def statement(
    effect: Effect,
    action: Texts | AllBut[Action] = "s3:GetObject",
    resource: Texts | AllBut[object] | None = "*",
    when: Block | None = None,
    who: Principal | Iterable[Principal] | AllBut[Principal] | None = None,
) -> Statement:
    return Statement(effect, action, cast("str", resource), who, when or {}, as_is=True)


def allow(
    action: Texts | AllBut[Action] = "s3:GetObject",
    resource: Texts | AllBut[object] | None = "*",
    when: Block | None = None,
    who: Principal | Iterable[Principal] | AllBut[Principal] | None = None,
    version: Version = "2012-10-17",
) -> Policy:
    """A policy of one Allow."""
    return Policy(statement("Allow", action, resource, when, who), version=version)


def deny(
    action: Texts | AllBut[Action] = "s3:GetObject",
    resource: Texts | AllBut[object] | None = "*",
    when: Block | None = None,
    who: Principal | Iterable[Principal] | AllBut[Principal] | None = None,
) -> Policy:
    """A policy of one Deny."""
    return Policy(statement("Deny", action, resource, when, who))


def both(*policies: Policy) -> Policy:
    """One policy of the statements of several."""
    return Policy(tuple(s for p in policies for s in p.statements), version=policies[0].version)


def trust(*who: Principal, when: Block | None = None) -> Policy:
    return allow("sts:AssumeRole", None, when, who)


def aws(id: str) -> Principal:
    return Principal("AWS", id)


def inside(narrow: Policy, wide: Policy) -> bool:
    """Whether `wide` contains `narrow`, as decided; a witness against it has been put to the test."""
    answer = contains(wide, narrow)
    if isinstance(answer, Fails):
        shown = witness(answer)
        assert shown in requests_of(narrow), shown
        assert shown not in requests_of(wide), shown
    return bool(answer)


def meet(a: Policy, b: Policy) -> bool:
    """Whether both allow some request, as decided; the witness has been put to the test."""
    answer = overlaps(a, b)
    assert bool(answer) == bool(overlaps(b, a))
    if isinstance(answer, Holds):
        shown = witness(answer)
        assert shown in requests_of(a), shown
        assert shown in requests_of(b), shown
    return bool(answer)


def same(a: Policy, b: Policy) -> bool:
    """Whether both allow the same requests, as decided."""
    answer = equivalent(a, b)
    assert bool(answer) == (inside(a, b) and inside(b, a))
    return bool(answer)


def witness(answer: Answer) -> Request:
    assert isinstance(answer, Holds | Fails), answer
    assert answer.witness is not None, answer
    return answer.witness


def allows(policy: Policy, request: Request) -> bool:
    """Whether a request is allowed, by matching each statement."""
    return request in requests_of(policy)
