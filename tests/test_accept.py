"""What is meant is accepted: every request that fails has to be covered, by what counts today, and it is said why."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

import ecsiam
from ecsiam import Config, Fails, Holds, Parameter, PolicyError, Stack, Undecided, build, prove
from ecsiam.analysis.asked import unasked
from ecsiam.invariants import INVARIANTS, prove_all, stale
from ecsiam.invariants.accepting import parts
from ecsiam.model.accept import LONGEST_WHY, Accept
from ecsiam.model.invariants import SAYS
from ecsiam.model.policy import Policy
from ecsiam.model.principal import Principal
from ecsiam.model.role import RolePolicy
from ecsiam.model.statement import Origin, Statement

HOME: dict[str, Any] = {
    "project_name": "memos",
    "environment": "dev",
    "account_id": "123456789012",
    "aws_region": "eu-west-2",
}
ESCALATING = {"Effect": "Allow", "Action": ["iam:CreateUser", "lambda:UpdateFunctionCode"], "Resource": "*"}
TODAY = date(2027, 3, 31)


def accepting(stack: Stack, *accepts: Accept) -> Stack:
    return evolve(stack, intent=evolve(stack.intent, accepted=accepts))


def built(*accepts: Accept, **keys: Any) -> Stack:
    return accepting(build(Config(**{**HOME, **keys})), *accepts)


def climbing(*accepts: Accept) -> Stack:
    """A task that may do two things by which it comes to more."""
    return built(*accepts, task_statements=[ESCALATING])


def of(stack: Stack, id: str, today: date = TODAY) -> ecsiam.Answer:
    return prove(stack, only=id, today=today)[id]


def failing(stack: Stack, id: str, today: date = TODAY) -> Fails:
    answer = of(stack, id, today)
    assert isinstance(answer, Fails)
    assert not answer
    return answer


def open_parts(answer: Fails) -> list[Fails]:
    """The parts that are not accepted."""
    return [one for one in parts(answer) if not one.accepted]


def actions(fails: Iterable[Fails]) -> set[str]:
    return {one.witness.action for one in fails if one.witness}


# ---------------------------------------------------------------- requests


IAM = Accept("no-escalation", "it creates the users of the shop", "task", ["IAM:createuser"])
LAMBDA = Accept("no-escalation", "it deploys functions", "task", ["lambda:Update*"], until=TODAY)


def test_a_failure_is_accepted_when_every_request_of_it_is_covered() -> None:
    answer = failing(climbing(IAM, LAMBDA), "no-escalation")
    assert answer.accepted == (IAM, LAMBDA)
    assert all(one.accepted for one in parts(answer))
    match answer:
        case Fails(witness):
            assert witness is not None
    assert str(answer).startswith(
        "accepted (it creates the users of the shop; it deploys functions (until 2027-03-31)): "
    )


def test_what_is_not_covered_is_shown_first_and_what_is_covered_is_said() -> None:
    answer = failing(climbing(IAM), "no-escalation")
    assert answer.accepted == ()
    assert answer.witness is not None
    assert actions(open_parts(answer)) == {"lambda:UpdateFunctionCode"}
    assert [one.accepted for one in answer.also if one.accepted] == [(IAM,)]


@pytest.mark.parametrize(
    ("accept", "covered"),
    [
        ({}, True),
        ({"actions": "*"}, True),
        ({"actions": "*:*", "resources": "*"}, True),
        ({"role": "task"}, True),
        ({"role": "execution"}, False),
        ({"role": "github_actions"}, False),
        ({"actions": ["iam:*", "lambda:*"]}, True),
        ({"actions": ["iam:Create????", "lambda:UpdateFunctionCode"]}, True),
        ({"actions": ["iam:CreateUse", "lambda:UpdateFunctionCode"]}, False),
        ({"actions": ["iam:CreateUser", "lambda:UpdateFunctionCode"], "resources": "arn:aws:iam::*:user/*"}, False),
        ({"resources": "arn:aws:iam::111122223333:user/x"}, False),
        ({"resources": ["arn:aws:iam::*:*", "arn:aws:lambda:*:*:function:*"]}, False),  # nor those of other partitions
    ],
)
def test_actions_and_resources_are_patterns_as_in_a_policy(accept: dict[str, Any], covered: bool) -> None:
    accepted = failing(climbing(Accept("no-escalation", "meant", **accept)), "no-escalation").accepted
    assert bool(accepted) == covered


def test_what_covers_only_the_shown_request_accepts_nothing() -> None:
    plain = failing(climbing(), "no-escalation")
    shown = [one.witness for one in parts(plain) if one.witness]
    accepts = [Accept("no-escalation", "as shown", "task", r.action, r.resource) for r in shown]
    answer = failing(climbing(*accepts), "no-escalation")
    assert not answer.accepted
    assert {str(one.witness) for one in open_parts(answer)}.isdisjoint(map(str, shown))


def test_an_accept_is_of_one_invariant_however_that_is_asked() -> None:
    stack = climbing(Accept("no-escalation", "meant"))
    wide = prove(stack, today=TODAY)["wildcards"]
    assert isinstance(wide, Fails)
    assert not wide.accepted
    assert INVARIANTS["wildcards"].ask(stack, TODAY) == INVARIANTS["wildcards"].ask(climbing(), TODAY)
    again = INVARIANTS["no-escalation"].ask(stack, TODAY)
    assert isinstance(again, Fails)
    assert again.accepted


SHARED = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-2:123456789012:q"}


@pytest.mark.parametrize("role", ["", "execution", "task"])
def test_separation_speaks_of_two_roles_and_either_may_be_named(role: str) -> None:
    both = {"task_statements": [SHARED], "execution_statements": [SHARED]}
    accept = Accept("separation", "both", role, "sqs:*")
    assert failing(built(accept, **both), "separation").accepted == (accept,)
    other = evolve(accept, role="github_actions")
    assert not failing(built(other, **both), "separation").accepted


def test_an_answer_of_several_roles_is_accepted_if_all_failing_parts_are() -> None:
    both = {"task_statements": [ESCALATING], "execution_statements": [ESCALATING]}
    of_task, of_execution = (Accept("no-escalation", role, role) for role in ("task", "execution"))
    answer = failing(built(of_task, **both), "no-escalation")
    assert not answer.accepted
    assert all("the execution role" in one.fact for one in open_parts(answer))
    assert {a for one in parts(answer) for a in one.accepted} == {of_task}
    assert set(failing(built(of_task, of_execution, **both), "no-escalation").accepted) == {of_task, of_execution}


def test_a_trust_is_about_requests_too() -> None:
    stack = built()
    let_in = Statement("Allow", "sts:AssumeRole", principals=Principal("AWS", "arn:aws:iam::111122223333:root"))
    roles = [
        evolve(r, trust=Policy((*r.trust.statements, let_in))) if r.id == "task" else r for r in stack.roles.values()
    ]
    stack = evolve(stack, roles=roles)
    for accept in (Accept("trust", "meant"), Accept("trust", "meant", "task", "sts:AssumeRole")):
        assert failing(accepting(stack, accept), "trust").accepted == (accept,)
    for accept in (Accept("trust", "meant", "execution"), Accept("trust", "meant", "task", "sts:TagSession")):
        assert not failing(accepting(stack, accept), "trust").accepted


# ---------------------------------------------------------------- what is no request


def nobody_gets_in() -> Stack:
    denied = Policy(Statement("Deny", "sts:AssumeRole", principals=Principal("*", "*")))
    stack = built()
    return evolve(stack, roles=[evolve(r, trust=denied) if r.id == "task" else r for r in stack.roles.values()])


def too_long() -> Stack:
    stack = built()
    return evolve(stack, roles=[evolve(r, description="x" * 2000) for r in stack.roles.values() if r.id == "task"])


def of_a_flag_that_is_off() -> Stack:
    return with_statements(_of_flag(granted_to_s3("s3:GetObject")))


def granted_to_s3(action: str) -> Statement:
    return Statement("Allow", action, "arn:aws:s3:::memos/*")


def _of_flag(statement: Statement) -> Statement:
    return evolve(statement, origin=Origin("s3", "for a test", "", "enable_s3_access"))


def with_statements(*statements: Statement, **keys: Any) -> Stack:
    """A stack whose task role has statements more."""
    stack = built(**keys)
    more = RolePolicy("more", "more", Policy(statements))
    task = stack.roles["task"]
    task = evolve(task, policies=[*task.policies.values(), more])
    return evolve(stack, roles=[task if r.id == "task" else r for r in stack.roles.values()])


FACTS = [("trust", nobody_gets_in), ("limits", too_long), ("flags", of_a_flag_that_is_off)]


@pytest.mark.parametrize(("id", "make"), FACTS, ids=[id for id, _ in FACTS])
def test_what_is_no_request_is_accepted_as_a_whole_or_not(id: str, make: Any) -> None:
    stack = make()
    assert not failing(stack, id).accepted
    for accept in (Accept(id, "meant"), Accept(id, "meant", "task")):
        assert failing(accepting(stack, accept), id).accepted == (accept,)
    for accept in (Accept(id, "meant", "execution"), Accept(id, "meant", actions="*")):
        answer = failing(accepting(stack, accept), id)
        assert not answer.accepted
        (note,) = stale(accepting(stack, accept), {id: answer}, TODAY)
        assert note.rule == "accept-unused"


def raw(action: str | list[str], resource: str | list[str], **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


MEMOS, QUEUE = "arn:aws:s3:::memos", "arn:aws:sqs:eu-west-2:123456789012:q"
MISTAKEN_KEY = {"Condition": {"StringEquals": {"aws:SourceAcount": "123456789012"}}}
# What is granted in vain, what covers all that is granted so, and what some of it or something else.
VAIN: list[tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]] = [
    (raw("s3:ListBucket", f"{MEMOS}/*"), {"actions": "s3:List*"}, [{"actions": "s3:Get*"}]),
    (raw("s3:ListBucket", f"{MEMOS}/*"), {"resources": f"{MEMOS}/*"}, [{"resources": f"{MEMOS}/a/*"}]),
    (raw("s3:GetObject", [f"{MEMOS}/*", QUEUE]), {"resources": QUEUE}, [{"resources": f"{MEMOS}/*"}]),
    (raw(["s3:GetObject", "s3:GetObjekt"], f"{MEMOS}/*"), {"actions": "s3:GetObjekt"}, [{"actions": "s3:GetObject"}]),
    (raw("s3:GetObject", f"{MEMOS}/*", **MISTAKEN_KEY), {"actions": "s3:GetObject"}, [{"actions": "s3:PutObject"}]),
]


@pytest.mark.parametrize(("statement", "covers", "others"), VAIN, ids=["action", "object", "item", "name", "key"])
def test_what_is_granted_in_vain_is_about_what_is_granted(
    statement: dict[str, Any], covers: dict[str, Any], others: list[dict[str, Any]]
) -> None:
    stack = built(task_statements=[statement])
    for role in ("", "task"):
        accept = Accept("works", "meant", role, **covers)
        answer = failing(accepting(stack, accept), "works")
        assert answer.accepted == (accept,)
        assert stale(accepting(stack, accept), {"works": answer}, TODAY) == ()
    for accept in (
        *(Accept("works", "meant", **one) for one in others),
        Accept("works", "meant", "execution", **covers),
    ):
        answer = failing(accepting(stack, accept), "works")
        assert not answer.accepted
        (note,) = stale(accepting(stack, accept), {"works": answer}, TODAY)
        assert note.rule == "accept-unused"


LOGS = "arn:aws:logs:eu-west-2:123456789012:log-group:/ecs/"
REACH = [("memos-dev*", "memos-dev2*"), ("memos-dev*", "memos-devel:*"), ("*", "shop-live:*"), ("*", "a-b/*")]


@pytest.mark.parametrize(("reach", "meant"), REACH)
def test_neighbours_that_are_meant_are_shown_beside_those_that_are_not(reach: str, meant: str) -> None:
    accept = Accept("neighbours", "meant", "task", resources=f"{LOGS}{meant}")
    stack = built(task_statements=[raw("logs:PutLogEvents", f"{LOGS}{reach}")])
    answer = failing(accepting(stack, accept), "neighbours")
    assert not answer.accepted
    assert {a for one in parts(answer) for a in one.accepted} == {accept}
    assert stale(accepting(stack, accept), {"neighbours": answer}, TODAY) == ()


@pytest.mark.parametrize(
    ("action", "all_there_is", "some"),
    [
        ("sqs:SendMessage", "arn:aws:sqs:*:*:*", "arn:aws:sqs:eu-west-2:*:*"),
        ("dynamodb:GetItem", "arn:aws:dynamodb:*:*:table/*", "arn:aws:dynamodb:*:*:table/a*"),
        ("s3:DeleteBucket", "arn:aws:s3:::*", "arn:aws:s3:::memos*"),
    ],
)
def test_all_there_is_of_a_kind_is_all_that_a_star_grants(action: str, all_there_is: str, some: str) -> None:
    stack = built(task_statements=[raw(action, "*")])
    covers = Accept("wildcards", "meant", "task", action, all_there_is)
    assert failing(accepting(stack, covers), "wildcards").accepted == (covers,)
    answer = failing(accepting(stack, Accept("wildcards", "meant", "task", action, some)), "wildcards")
    assert not answer.accepted
    assert len([*parts(answer)]) == 2


def test_what_a_flag_brings_beyond_what_it_names_can_be_meant() -> None:
    on = {"enable_s3_access": True, "s3_bucket_arns": ["arn:aws:s3:::memos"]}
    stack = with_statements(_of_flag(granted_to_s3("s3:PutBucketWebsite")), **on)
    assert actions(parts(failing(stack, "flags"))) == {"s3:PutBucketWebsite"}
    for accept, covered in (
        (Accept("flags", "meant", "task", "s3:PutBucket*", "arn:aws:s3:::memos/*"), True),
        (Accept("flags", "meant", "execution", "s3:PutBucket*"), False),
        (Accept("flags", "meant", "task", "s3:PutBucketPolicy"), False),
    ):
        assert bool(failing(accepting(stack, accept), "flags").accepted) == covered


def test_a_need_that_is_not_met_can_be_meant() -> None:
    denied = {"Effect": "Deny", "Action": "logs:CreateLogStream", "Resource": "*"}
    stack = built(execution_statements=[denied])
    accept = Accept("works", "the agent makes the streams", "execution", "logs:CreateLogStream")
    assert not failing(stack, "works").accepted
    assert failing(accepting(stack, accept), "works").accepted == (accept,)
    assert not failing(accepting(stack, evolve(accept, actions=["logs:PutLogEvents"])), "works").accepted
    assert not failing(accepting(stack, evolve(accept, role="task")), "works").accepted


# ---------------------------------------------------------------- what is not known


UNREAD = "arn:aws:iam::123456789012:policy/unread"


def attached(stack: Stack, role: str = "task") -> Stack:
    roles = [evolve(r, managed_policy_arns=[UNREAD]) if r.id == role else r for r in stack.roles.values()]
    return evolve(stack, roles=roles)


def test_an_undecided_can_not_be_accepted() -> None:
    for accept in (Accept("no-escalation", "meant"), Accept("no-escalation", "meant", "task", "iam:*")):
        plain, accepted = attached(built()), attached(built(accept))
        assert isinstance(of(plain, "no-escalation"), Undecided)
        assert of(accepted, "no-escalation") == of(plain, "no-escalation")
        assert stale(accepted, {"no-escalation": of(accepted, "no-escalation")}, TODAY) == ()


@pytest.mark.parametrize("role", ["task", "execution"])
def test_what_may_be_more_than_was_accepted_is_not_accepted(role: str) -> None:
    """Of a policy that was not read nobody knows; only what accepts whatever it may hold accepts that too."""
    answer = failing(attached(climbing(IAM, LAMBDA), role), "no-escalation")
    assert not answer.accepted
    assert answer.fact.startswith("whether there is more than what is accepted is not known: ")
    assert UNREAD in answer.fact
    assert {a for one in parts(answer) for a in one.accepted} == {IAM, LAMBDA}
    whatever = Accept("no-escalation", "whatever")
    assert failing(attached(climbing(whatever), role), "no-escalation").accepted == (whatever,)
    of_task = Accept("no-escalation", "whatever", "task")
    assert bool(failing(attached(climbing(of_task), role), "no-escalation").accepted) == (role == "task")


def test_works_is_not_accepted_where_a_boundary_was_not_read() -> None:
    stack = built(task_statements=[VAIN[0][0]])
    accept = Accept("works", "meant", "task")
    bounded = evolve(stack, roles=[evolve(r, permissions_boundary=UNREAD) for r in stack.roles.values()])
    answer = failing(accepting(bounded, accept), "works")
    assert not answer.accepted
    assert UNREAD in answer.fact
    assert failing(accepting(bounded, evolve(accept, role="")), "works").accepted


@pytest.mark.parametrize("id", ["execution", "home"])
@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Allow", "NotAction": "ecr:BatchGetImage", "Resource": f"{MEMOS}/*"},
        {"Effect": "Allow", "Action": "*", "Resource": f"{MEMOS}/*"},
        {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:sqs:us-east-1:123456789012:q"},
    ],
    ids=["all but one", "objects", "queue"],
)
def test_of_any_services_actions_only_those_that_aws_asks_there_are_shown(id: str, statement: dict[str, Any]) -> None:
    answer = failing(built(execution_statements=[statement]), id)
    shown = [one.witness for one in parts(answer) if one.witness]
    assert shown
    assert [request for request in shown if unasked(request)] == []


# ---------------------------------------------------------------- what is open


def test_of_an_open_stack_what_is_accepted_covers_every_value() -> None:
    keys: dict[str, Any] = {**HOME, "profile": "baseline", "account_id": None, "aws_region": None}
    stack = build(Config(**keys))
    by_action = [Accept("home", "the guide has it", actions=["ecr:*", "logs:*", "elasticfilesystem:*", "sts:*"])]
    answer = failing(accepting(stack, *by_action), "home")
    assert answer.accepted == tuple(by_action)
    less = [evolve(by_action[0], actions=by_action[0].actions[1:])]
    answer = failing(accepting(stack, *less), "home")
    assert actions(open_parts(answer)) == {a for a in actions(parts(answer)) if a.startswith("ecr:")} != set()
    values = dict(answer.values)
    bound = accepting(stack, *less).bind(values) if values else accepting(stack, *less)
    assert not failing(bound, "home").accepted


def test_of_a_flag_that_is_open_both_positions_are_covered() -> None:
    flag = Parameter("exec", default=False)
    keys = {"enable_ecs_exec": flag, "execution_statements": [granted("ssmmessages:*", "*")]}
    accept = Accept("separation", "meant", actions="ssmmessages:Create*")
    answer = failing(built(accept, **keys), "separation")
    assert dict(answer.values)["exec"] is True
    assert actions(open_parts(answer)) == {"ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel"}
    whole = failing(built(evolve(accept, actions=["ssmmessages:*"]), **keys), "separation")
    assert whole.accepted
    for on in (True, False):
        bound = of(built(evolve(accept, actions=["ssmmessages:*"]), **keys).bind({"exec": on}), "separation")
        assert isinstance(bound, Holds) or (isinstance(bound, Fails) and bound.accepted)


def granted(action: Any, resource: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def test_what_is_accepted_is_the_same_of_a_bound_stack() -> None:
    stack = built(IAM, LAMBDA, account_id=None)
    assert stack.bind({"account_id": "123456789012"}).intent.accepted == (IAM, LAMBDA)
    assert Stack.from_dict(stack.to_dict()) == stack


# ---------------------------------------------------------------- until when, and what for


def test_the_last_day_counts_and_the_next_does_not() -> None:
    stack = climbing(IAM, LAMBDA)
    assert failing(stack, "no-escalation", TODAY).accepted
    later = TODAY + timedelta(days=1)
    answer = failing(stack, "no-escalation", later)
    assert answer == failing(climbing(IAM), "no-escalation", later)
    (note,) = stale(stack, {"no-escalation": answer}, later)
    assert (note.rule, note.path) == ("accept-expired", ("accept", 1))
    assert str(note) == (
        "what is accepted of `no-escalation` for the task role has expired on 2027-03-31 (it deploys functions) "
        "@ $.accept[1]. Take it out, or say until when it is meant."
    )


def test_today_is_the_default() -> None:
    ended = Accept("no-escalation", "meant", until=date.today() - timedelta(days=2))
    lasting = evolve(ended, until=date.today() + timedelta(days=2))
    for accept, counts in ((ended, False), (lasting, True)):
        answer = prove(climbing(accept))["no-escalation"]
        assert isinstance(answer, Fails)
        assert bool(answer.accepted) == counts
        assert bool(stale(climbing(accept), {"no-escalation": answer})) != counts


def test_a_day_may_be_a_moment_and_nothing_else() -> None:
    stack = climbing(LAMBDA, IAM)
    late = datetime(2027, 3, 31, 23, 59)
    assert prove(stack, only="no-escalation", today=late) == prove(stack, only="no-escalation", today=TODAY)
    wrong: Any = "2027-03-31"
    for ask in (lambda: prove(stack, today=wrong), lambda: stale(stack, {}, wrong)):
        with pytest.raises(PolicyError, match="'2027-03-31' is no day"):
            ask()


def test_what_covers_nothing_is_said() -> None:
    other, needless = Accept("no-escalation", "x", "task", "sqs:*"), Accept("execution", "abroad")
    stack = climbing(IAM, LAMBDA, other, needless)
    answers = prove(stack, today=TODAY)
    assert [str(note) for note in stale(stack, answers, TODAY)] == [
        "what is accepted of `no-escalation` for the task role is not needed: nothing that is known to fail is covered "
        "by it (x) @ $.accept[2]. Take it out.",
        "what is accepted of `execution` is not needed: it holds (abroad) @ $.accept[3]. Take it out.",
    ]
    only = prove(stack, only="no-escalation", today=TODAY)
    assert [note.path for note in stale(stack, only, TODAY)] == [("accept", 2)]


def test_of_two_that_cover_the_same_none_is_needless() -> None:
    stack = climbing(Accept("no-escalation", "all"), IAM)
    answer = failing(stack, "no-escalation")
    assert set(answer.accepted) == set(stack.intent.accepted)
    assert stale(stack, {"no-escalation": answer}, TODAY) == ()


# ---------------------------------------------------------------- neighbours


def open_ended() -> Stack:
    """A role with a resource that runs on behind the prefix."""
    return with_statements(Statement("Allow", ["sqs:SendMessage", "sqs:ReceiveMessage"], f"{QUEUES}*"))


QUEUES = "arn:aws:sqs:eu-west-2:123456789012:memos-dev"


@pytest.mark.parametrize(
    ("accept", "covered"),
    [
        ({}, True),
        ({"role": "task"}, True),
        ({"role": "execution"}, False),
        ({"actions": "sqs:*"}, True),
        ({"actions": "sqs:SendMessage"}, False),
        ({"actions": "sqs:*", "resources": f"{QUEUES}*"}, True),
        ({"actions": "sqs:*", "resources": f"{QUEUES}2"}, False),
        ({"resources": [f"{QUEUES}{more}" for more in ("2", "-x", ".x")]}, False),
        ({"resources": [f"{QUEUES}{more}" for more in ("2*", "-x*", ".x*")]}, False),
    ],
)
def test_a_neighbour_is_accepted_where_all_of_the_resource_is(accept: dict[str, Any], covered: bool) -> None:
    answer = failing(accepting(open_ended(), Accept("neighbours", "ours", **accept)), "neighbours")
    assert bool(answer.accepted) == covered
    assert covered or open_parts(answer)


# ---------------------------------------------------------------- which are asked


def test_only_what_is_asked_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    stack, asked = built(), list[str]()

    def judged(id: str) -> Any:
        def judge(_: Stack) -> Holds:
            asked.append(id)
            return Holds()

        return judge

    table = {id: evolve(one, judge=judged(id)) for id, one in INVARIANTS.items()}
    monkeypatch.setattr("ecsiam.invariants.INVARIANTS", table)
    for only, skip, expected in (
        (None, None, list(INVARIANTS)),
        ("home", None, ["home"]),
        (["trust", "home", "trust"], None, ["trust", "home"]),
        (None, "targets", [id for id in INVARIANTS if id != "targets"]),
        (("limits", "home"), ("limits",), ["home"]),
        (iter(["home"]), iter(["trust"]), ["home"]),
    ):
        asked.clear()
        assert list(prove(stack, only=only, skip=skip)) == asked == expected


def test_unknown_ids_are_refused_all_at_once_with_the_nearest() -> None:
    with pytest.raises(PolicyError) as error:
        prove(built(), only=["hom", "trust"], skip="seperation")
    assert [f.message for f in error.value.faults] == [
        "there is no invariant `hom`",
        "there is no invariant `seperation`",
    ]
    assert [f.remedy for f in error.value.faults] == ["Did you mean `home`?", "Did you mean `separation`?"]
    nothing: list[str] = []
    for only, skip in (("home", "home"), (nothing, None), (None, list(INVARIANTS))):
        with pytest.raises(PolicyError, match="no invariant is left to prove"):
            prove(built(), only=only, skip=skip)


def test_many_configs_are_asked_the_same() -> None:
    ((_, answers),) = prove_all([Config(**HOME)], only=["home", "trust"], skip="trust", today=TODAY)
    assert answers == {"home": of(built(), "home")}


def test_the_ids_are_those_of_the_table() -> None:
    assert {i.id: i.says for i in INVARIANTS.values()} == dict(SAYS)
    assert list(INVARIANTS) == list(SAYS)


# ---------------------------------------------------------------- what is refused


def test_every_fault_of_an_accept_is_named() -> None:
    wrong: Any = {"actions": ["s3", "s3:Get Object"], "resources": ["b", "arn:aws:s3:::${x}"], "until": "2027-01-01"}
    with pytest.raises(PolicyError) as error:
        Accept("hoem", " ", **wrong)
    assert [f.path for f in error.value.faults] == [
        ("invariant",), ("actions", 0), ("actions", 1), ("resources", 0), ("resources", 1), ("why",), ("until",),
    ]  # fmt: skip
    for why in ("", "\n", "x" * (LONGEST_WHY + 1), "a\x1b[2Jb", "a\u202eb", "a\0"):
        with pytest.raises(PolicyError, match="the reason"):
            Accept("home", why)
    assert Accept("home", " for\n now ").why == "for now"
