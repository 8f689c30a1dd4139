"""Laws of what is accepted, over whole configs: it hides nothing that is not covered, and changes no other answer."""

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import product
from typing import Any

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from ecsiam import Answer, Config, Fails, Holds, Request, Role, Stack, Undecided, build, prove
from ecsiam.invariants import stale
from ecsiam.model.accept import Accept
from ecsiam.model.invariants import SAYS

from .effort import many
from .replayed import JUDGES, allowed, put_to_the_test, shown
from .test_invariants_laws import FEW, ROLES, Asked, asked, closed
from .test_invariants_laws import granted as granted_as_data

TODAY = date(2027, 3, 31)
# What the raw statements of these laws speak of, and some that they don't.
ACTIONS = ("*", "iam:*", "IAM:passrole", "iam:Put*", "sqs:*", "logs:*", "s3:Get*", "s3:*", "sts:AssumeRole", "ec2:*")
RESOURCES = ("*", "arn:aws:iam::111122223333:role/x", "arn:aws:s3:::*", "arn:aws:sqs:*:*:*", "arn:aws:logs:*:*:*")


def accepting(stack: Stack, accepts: Iterable[Accept]) -> Stack:
    return evolve(stack, intent=evolve(stack.intent, accepted=tuple(accepts)))


def lists(of: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(of), max_size=2, unique=True).map(tuple)


def accepts(of: Iterable[str] = SAYS) -> st.SearchStrategy[Accept]:
    ids, roles = st.sampled_from(tuple(of)), st.sampled_from(("", *ROLES))
    days = st.sampled_from((None, TODAY, TODAY + timedelta(1)))
    return st.builds(Accept, ids, st.just("meant"), roles, lists(ACTIONS), lists(RESOURCES), days)


def covers(accept: Accept, id: str, roles: Iterable[str], request: Request) -> bool:
    """Whether an accept covers a request: its patterns matched by hand."""
    return (
        accept.invariant == id
        and (not accept.role or accept.role in roles)
        and (not accept.actions or any(_matches(a.lower(), request.action.lower()) for a in accept.actions))
        and (not accept.resources or any(_matches(r, request.resource) for r in accept.resources))
    )


def _matches(pattern: str, text: str) -> bool:
    """Part by part, as IAM reads ARNs."""
    of, parts = pattern.split(":", 5), text.split(":", 5)
    if pattern == "*":
        return True
    globs = (re.escape(one).replace(r"\*", ".*").replace(r"\?", ".") for one in of)
    return len(of) == len(parts) and all(re.fullmatch(g, p, re.S) for g, p in zip(globs, parts, strict=True))


def roles_of(fact: str) -> set[str]:
    return {role for role in (*ROLES, "deploy") if f"the {role} role" in fact or f"({role}: " in fact}


def _is_unsure(one: Fails) -> bool:
    return one.fact.startswith("whether there is more than what is accepted is not known")


@FEW
@given(one=asked(), data=st.data())
def test_without_patterns_every_failure_is_accepted_and_nothing_else_changes(one: Asked, data: st.DataObject) -> None:
    stack = closed(data, one.config)
    plain = prove(stack, today=TODAY)
    everything = [Accept(id, "meant") for id in SAYS]
    accepted = prove(accepting(stack, everything), today=TODAY)
    for id, answer in accepted.items():
        before = plain[id]
        if isinstance(answer, Fails):
            assert isinstance(before, Fails)
            assert answer.accepted == (Accept(id, "meant"),)
            assert [evolve(p, accepted=(), also=()) for p in shown(answer)] == [
                evolve(p, also=()) for p in shown(before)
            ]
        else:
            assert answer == before


@FEW
@given(one=asked(), data=st.data(), some=st.lists(accepts(), max_size=4))
def test_what_is_accepted_hides_nothing_else(one: Asked, data: st.DataObject, some: list[Accept]) -> None:
    stack = closed(data, one.config)
    plain = prove(stack, today=TODAY)
    with_some = accepting(stack, some)
    answers = prove(with_some, today=TODAY)
    for id, answer in answers.items():
        assert type(answer) is type(plain[id])
        if not isinstance(answer, Fails):
            assert answer == plain[id]
            continue
        for part in shown(answer):
            roles = roles_of(part.fact)
            if part.witness is not None:
                covering = {a for a in some if covers(a, id, roles, part.witness)}
                # Of a grant that is void nothing but a whole is accepted, whatever request shows it.
                assert part.accepted or not covering or id in ("works", "flags"), (part, covering)
                assert covering or not part.accepted, part
            assert all(a.invariant == id for a in part.accepted)
        kept = [evolve(p, also=(), accepted=()) for p in shown(answer) if not _is_unsure(p)]
        put_to_the_test(stack, id, evolve(kept[0], also=tuple(kept[1:])))
    for note in stale(with_some, answers, TODAY):
        used = some[int(note.path[1])]
        assert not any(used in p.accepted for a in answers.values() if isinstance(a, Fails) for p in shown(a))


CLIMBING = ("pass-role", "no-escalation")
ASKED = ("iam:PassRole", "iam:PutRolePolicy", "sts:AssumeRole", "sqs:AddPermission", "lambda:UpdateFunctionCode")
ON = (
    "arn:aws:iam::111122223333:role/x",
    "arn:aws:iam::999988887777:role/y",
    "arn:aws:sqs:us-east-1:111122223333:q",
    "*",
)


@FEW
@given(one=asked(), data=st.data(), some=st.lists(accepts(CLIMBING), min_size=1, max_size=3))
def test_of_a_small_world_nothing_accepted_is_uncovered(one: Asked, data: st.DataObject, some: list[Accept]) -> None:
    """Every request of a few, asked one by one: of an accepted answer, those that break it are covered."""
    stack = closed(data, one.config)
    answers = prove(accepting(stack, some), only=CLIMBING, today=TODAY)
    for id, answer in answers.items():
        accepted = isinstance(answer, Fails) and bool(answer.accepted)
        for role, request in _breaking(stack, id):
            assert not isinstance(answer, Holds), (id, request)
            if accepted:
                assert any(covers(a, id, (role.id,), request) for a in some), (id, role.id, request)


def _breaking(stack: Stack, id: str) -> Iterator[tuple[Role, Request]]:
    for role, action, resource in product(stack.roles.values(), ASKED, ON):
        request = Request(action, resource)
        made = resource == "*" or resource.split(":")[2] == action.partition(":")[0].replace("sts", "iam")
        if made and allowed(role, request) and JUDGES[id](stack, request, f"the {role.id} role: "):
            yield role, request


WRITTEN = (
    ("iam:PassRole", "arn:aws:iam::111122223333:role/x"),
    ("iam:*", "arn:aws:iam::111122223333:role/*"),
    ("iam:PutRolePolicy", "*"),
    ("sqs:*", "arn:aws:sqs:*:*:*"),
    ("s3:*", "arn:aws:s3:::b*"),
    ("lambda:Update*", "*"),
    ("*", "*"),
)
HOME: dict[str, Any] = {
    "project_name": "memos",
    "environment": "dev",
    "account_id": "123456789012",
    "aws_region": "eu-west-2",
}


@settings(FEW, max_examples=many(60))
@given(
    statements=st.lists(st.sampled_from(WRITTEN), min_size=1, max_size=3, unique=True),
    shared=st.sampled_from(WRITTEN),
)
def test_accepting_a_statement_leaves_what_would_be_without_it(
    statements: list[tuple[str, str]], shared: tuple[str, str]
) -> None:
    """Of what is decided request by request: these are the same but for what the statement covers."""

    def stack(written: list[tuple[str, str]]) -> Stack:
        own = [granted_as_data(action, resource) for action, resource in written]
        return build(Config(**HOME, task_statements=own, execution_statements=[granted_as_data(*shared)]))

    (action, resource), *others = statements
    for id in (*CLIMBING, "separation"):
        accept = Accept(id, "meant", "task", action, resource)
        without = prove(stack(others), only=id)[id]
        answer = prove(accepting(stack(statements), [accept]), only=id)[id]
        left = _left(without, id, accept)
        if isinstance(answer, Fails) and not answer.accepted:
            assert isinstance(without, Fails)
            assert answer.witness is not None
            assert not covers(accept, id, ("task",), answer.witness) or not _of_task(answer)
        elif left:
            raise AssertionError((id, statements, str(left[0].witness)))


def _of_task(fails: Fails) -> bool:
    return "the task role" in fails.fact


def _left(answer: Answer, id: str, accept: Accept) -> list[Fails]:
    """What fails and is not covered."""
    if not isinstance(answer, Fails):
        return []
    return [p for p in shown(answer) if p.witness and not covers(accept, id, roles_of(p.fact), p.witness)]


@FEW
@given(one=asked(), data=st.data(), some=st.lists(accepts(), max_size=3))
def test_what_has_expired_is_as_if_it_was_not_there(one: Asked, data: st.DataObject, some: list[Accept]) -> None:
    stack = closed(data, one.config)
    past = [evolve(a, until=TODAY) for a in some]
    later = TODAY + timedelta(days=1)
    answers = prove(accepting(stack, past), today=later)
    assert answers == prove(stack, today=later)
    notes = stale(accepting(stack, past), answers, later)
    assert [n.rule for n in notes] == ["accept-expired"] * len(past)
    undecided = {id for id, a in answers.items() if isinstance(a, Undecided)}
    needless = stale(accepting(stack, some), answers, TODAY)  # answers that know nothing of them
    assert len(needless) == sum(a.invariant not in undecided for a in some)
