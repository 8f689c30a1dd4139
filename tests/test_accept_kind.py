"""How an entry of `accept` is read from a config: every fault at once, and its JSON Schema takes just what is read."""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ecsiam import ConfigError, Parameter
from ecsiam.keys.accepting import DAY, AcceptKind
from ecsiam.keys.kinds import TEMPLATE
from ecsiam.keys.source import parse_source
from ecsiam.model.accept import LONGEST_WHY, Accept, AcceptRule
from ecsiam.model.invariants import SAYS
from ecsiam.model.rules import RULE_IDS

from .effort import many

ROLES = ("execution", "task", "github_actions")
KIND = AcceptKind(ROLES)
SCHEMA: Any = Draft202012Validator({**KIND.schema(), "$defs": {"template": TEMPLATE}})
BARE: dict[str, Any] = {"invariant": "no-escalation", "why": "the task starts jobs"}
OF_RULE = {"rule": "void", "why": "it is for later"}
KEYS = ("invariant", "role", "actions", "resources", "why", "until")
RULE_KEYS = ("rule", "file", "address", "why", "until")


def faults(value: object) -> list[str]:
    with pytest.raises(ConfigError) as error:
        KIND.read(value)
    return [str(f) for f in error.value.faults]


def test_all_of_it_is_read_as_a_file_has_it() -> None:
    text = """\
accept:
  - invariant: no-escalation
    role: task
    actions: [batch:SubmitJob, "ecs:Run*"]
    resources:
      - arn:aws:batch:eu-west-2:123456789012:job-queue/memos
    why: >
      the task starts jobs
      at night
    until: 2027-03-31
"""
    data: Any = parse_source(text, "x.yaml").data
    found = KIND.read(data["accept"][0])
    queue = "arn:aws:batch:eu-west-2:123456789012:job-queue/memos"
    actions, why = ("batch:SubmitJob", "ecs:Run*"), "the task starts jobs at night"
    assert found == Accept("no-escalation", why, "task", actions, (queue,), date(2027, 3, 31))


@pytest.mark.parametrize("until", [{}, {"until": date(2027, 3, 31)}, {"until": "2027-03-31"}])
def test_what_python_gives_is_read_too(until: dict[str, Any]) -> None:
    found = KIND.read({**BARE, "actions": ("iam:*",), **until})
    assert found == Accept(**BARE, actions=["iam:*"], until=date(2027, 3, 31) if until else None)
    assert KIND.read(found) is found


def test_every_fault_is_named_at_once() -> None:
    wrong = {
        "invariant": "no-escalations",
        "role": "tasks",
        "actions": ["iam:*", "s3:Get Object", "ec?:Run*", ["x"]],
        "resources": ["arn:aws:s3:::b", "bucket", "arn:aws:s3:::${aws:username}"],
        "until": "2027-02-29",
        "action": "iam:*",
        "xyz": "x",
    }
    assert faults(wrong) == [
        "unknown key `action` @ $.action. Did you mean `actions`?",
        "unknown key `xyz` @ $.xyz. There are `invariant`, `role`, `actions`, `resources`, `why`, `until`.",
        "`why` is missing. Say which invariant may fail, and why.",
        "there is no invariant `no-escalations` @ $.invariant. Did you mean `no-escalation`?",
        "there is no role `tasks` @ $.role. Did you mean `task`?",
        "expected a text, not a list @ $.actions[3]",
        "`2027-02-29` is no day of the calendar @ $.until. Correct it.",
        "`s3:Get Object` names no action of AWS @ $.actions[1]. Write it like `s3:Get*`.",
        "`ec?:Run*` is not an action @ $.actions[2]. An action is `service:Name`, such as `s3:GetObject`; only the "
        "name may hold wildcards.",
        "resource `bucket` is neither an ARN nor `*` @ $.resources[1]",
        "`arn:aws:s3:::${aws:username}` holds a variable, and what is accepted is said outright @ $.resources[2]. "
        "Write `*` in the place of what is open.",
    ]


EMPTY: tuple[Any, ...] = (None, "", [], ())


@pytest.mark.parametrize(
    ("bare", "key"), [*((BARE, key) for key in KEYS), *((OF_RULE, key) for key in RULE_KEYS)], ids=str
)
@pytest.mark.parametrize("empty", EMPTY, ids=repr)
def test_what_is_empty_is_refused_since_it_would_accept_more(bare: dict[str, Any], key: str, empty: object) -> None:
    (fault,) = faults({**bare, key: empty})
    assert "it is empty" in fault
    given: dict[str, Any] = {**bare, key: [] if empty == () else empty}
    assert not SCHEMA.is_valid(given)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "home",
        ["home"],
        3,
        {},
        {"why": "x"},
        {"invariant": "home"},
        {**BARE, "why": " \n "},
        {**BARE, "why": "x" * (LONGEST_WHY + 1)},
        {**BARE, "why": "a\x1b[2Jb"},
        {**BARE, "why": "a\u202eb"},
        {**BARE, "why": 3},
        {**BARE, "why": ["x"]},
        {**BARE, "role": "autoscaling"},
        {**BARE, "role": ["task"]},
        {**BARE, "invariant": "Home"},
        {**BARE, "invariant": True},
        {**BARE, "actions": "iam:*"},
        {**BARE, "actions": {"iam": "*"}},
        {**BARE, "actions": ["iam"]},
        {**BARE, "actions": [""]},
        {**BARE, "actions": [None]},
        {**BARE, "actions": ["*:*Role"]},
        {**BARE, "actions": ["iam:Get:x"]},
        {**BARE, "resources": ["b"]},
        {**BARE, "resources": ["arn:aws:s3:eu-west-2:1:b"]},
        {**BARE, "resources": ["arn:aws:s3:::${*}"]},
        {**BARE, "resources": [{"parameter": "bucket"}]},
        {**BARE, "until": 20270331},
        {**BARE, "until": True},
        *({**BARE, "until": day} for day in DAY.bad),
    ],
    ids=repr,
)
def test_neither_reads_nor_is_valid(value: object) -> None:
    assert faults(value)
    assert not SCHEMA.is_valid(value)


@pytest.mark.parametrize(
    "value",
    [
        {**BARE, "until": datetime(2027, 3, 31)},
        {**BARE, "role": Parameter("role")},
        {**BARE, "resources": Parameter("buckets")},
        {**dict[Any, Any](BARE), 3: "x"},
        {**BARE, "why": b"x"},
    ],
    ids=repr,
)
def test_what_is_no_data_is_refused(value: object) -> None:
    assert faults(value)


def test_an_accept_of_a_role_that_there_is_none_of_is_refused() -> None:
    assert faults(Accept("home", "x", "tsk")) == ["there is no role `tsk` @ $.role. Did you mean `task`?"]


def _days(of: int) -> list[date]:
    first = date(of, 1, 1)
    return [first + timedelta(n) for n in range((date(of + 1, 1, 1) - first).days)]


def test_the_days_are_those_of_the_calendar() -> None:
    days = {day.isoformat() for year in (2000, 2024, 2027, 2028, 2096, 2099) for day in _days(year)}
    years = {day[:4] for day in days}
    every = (f"{y}-{m:02}-{d:02}" for y in years for m in range(14) for d in range(33))
    assert {text for text in every if DAY.matches(text)} == days
    assert all(map(DAY.matches, DAY.good))
    assert not any(map(DAY.matches, DAY.bad))


def _lists(*of: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(of) | st.text(max_size=6), max_size=3)


_DAYS = st.dates(date(1999, 1, 1), date(2101, 1, 1)).map(date.isoformat) | st.text("0123456789-", max_size=10)
OF_INVARIANTS: st.SearchStrategy[Mapping[str, Any]] = st.fixed_dictionaries(
    {
        "invariant": st.sampled_from(tuple(SAYS)) | st.text(max_size=4),
        "why": st.text(max_size=20) | st.just("meant"),
    },
    optional={
        "role": st.sampled_from((*ROLES, "autoscaling")),
        "actions": _lists("s3:Get*", "*", "iam:*", "s3 :x", "*:*", "s3:Get Object", "a:b:c", "ecs:Run?ask", "x*:y"),
        "resources": _lists("*", "arn:aws:s3:::b*", "arn:aws:s3:eu-west-2::b", "arn:*:s3:::b", "arn:aws:*:::x", "${a}"),
        "until": _DAYS,
        "other": st.none(),
    },
)
OF_RULES: st.SearchStrategy[Mapping[str, Any]] = st.fixed_dictionaries(
    {"rule": st.sampled_from(RULE_IDS) | st.text(max_size=4), "why": st.text(max_size=20) | st.just("meant")},
    optional={
        "file": st.sampled_from(("*", "infra/*.tf", "{environment}.tf")) | st.text(max_size=6),
        "address": st.text(max_size=6),
        "until": _DAYS,
        "invariant": st.sampled_from(tuple(SAYS)),
    },
)
ENTRIES = OF_INVARIANTS | OF_RULES


@settings(max_examples=many(400))
@given(ENTRIES)
def test_the_schema_takes_what_is_read(entry: Mapping[str, Any]) -> None:
    try:
        read: Accept | AcceptRule | None = KIND.read(entry)
    except ConfigError:
        read = None
    assert SCHEMA.is_valid(json.loads(json.dumps(entry))) == (read is not None), entry
    if isinstance(read, Accept):
        assert (read.invariant, list(read.actions)) == (entry["invariant"], entry.get("actions", []))


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(KIND.schema())
    assert json.loads(json.dumps(KIND.schema())) == KIND.schema()
    assert "`until`" in KIND.says
