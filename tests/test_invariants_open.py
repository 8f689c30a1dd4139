"""What is proved of a stack with something left open is so for every value of it."""

from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ecsiam import Answer, Config, Fails, Holds, Parameter, Stack, Undecided, build, load_config
from ecsiam.config.describe import module
from ecsiam.invariants import INVARIANTS, prove, prove_all
from ecsiam.invariants.asking import samples

from .effort import many
from .opened import PERMITTED, Opened, opened
from .replayed import put_to_the_test, shown
from .strategies import FLAGS, KEYS, bindings, configs
from .test_flags import COMBINATIONS, VALUES
from .test_flags import config as of_flags
from .test_invariants import FORMAT, HOLDS, OUTSIDE, TRIED, WITH_DEPLOYER
from .test_invariants_laws import asked, plain

IN = "eu-central-1:123456789012"
FULL: dict[str, Any] = {
    **VALUES,
    **dict.fromkeys(FLAGS, True),
    "account_id": "123456789012",
    "aws_region": "eu-central-1",
    "ecr_repository_arns": [f"arn:aws:ecr:{IN}:repository/memos"],
    "task_definition_families": ["memos"],
    "permissions_boundary_arn": "",
}
ABROAD = "whether what `secrets_arns` gives is of the roles' account is left open"
LISTS = tuple(name for name in PERMITTED if KEYS[name].type == "list")


def full(**changes: Any) -> Stack:
    keys: dict[str, Any] = {**FULL, **changes}
    return build(Config(**keys))


def undecided(answers: dict[str, Answer]) -> dict[str, str]:
    """What is not known, and why. Nothing may fail."""
    assert not [(id, a) for id, a in answers.items() if isinstance(a, Fails)]
    return {id: a.reason for id, a in answers.items() if isinstance(a, Undecided)}


# ---------------------------------------------------------------- flags


def test_everything_holds_of_every_combination_of_flags() -> None:
    account = {"account_id": "123456789012"}
    answers = [answers for _, answers in prove_all(of_flags(flags).bind(account) for flags in COMBINATIONS)]
    assert len(answers) == len(COMBINATIONS)
    for flags, found in zip(COMBINATIONS, answers, strict=True):
        expected = WITH_DEPLOYER if flags["enable_github_oidc"] else HOLDS
        assert found == expected


def test_flags_as_parameters_hold_in_every_position() -> None:
    stack = full(**{flag: Parameter(flag) for flag in FLAGS})
    assert prove(stack) == WITH_DEPLOYER
    for flags, found in zip(COMBINATIONS, (prove(stack.bind(f)) for f in COMBINATIONS), strict=True):
        expected = WITH_DEPLOYER if flags["enable_github_oidc"] else HOLDS
        assert found == expected


@pytest.mark.parametrize("flag", FLAGS)
def test_one_flag_as_a_parameter_holds_in_both_positions(flag: str) -> None:
    for others in (True, False):
        stack = full(**{**dict.fromkeys(FLAGS, others), flag: Parameter(flag)})
        for one in (stack, stack.bind({flag: True}), stack.bind({flag: False})):
            assert undecided(prove(one)) == {}


# ---------------------------------------------------------------- values


def test_the_module_that_init_makes_holds(tmp_path: Path) -> None:
    file = tmp_path / "ecsiam.yaml"
    file.write_text(module(), encoding="utf-8")
    answers = prove(build(load_config(file)))
    of_list = "a list parameter sets the size of the inline policies of the execution role together"
    boundary = "the permissions boundary `{permissions_boundary_arn}` was not read"
    open_ = "it depends on what is left to deployment"  # which log groups there are
    works = f"{FORMAT}; {boundary}; {ABROAD}"
    of_group = "`{each log_group of log_group_arns}` of the execution role may match what another prefix builds"
    assert undecided(answers) == {"separation": open_, "neighbours": of_group, "works": works, "limits": of_list}
    assert answers["works"].assumed == (OUTSIDE, TRIED)
    closed = {
        id: answer for id, answer in WITH_DEPLOYER.items() if id not in ("separation", "neighbours", "works", "limits")
    }
    assert {id: answers[id] for id in closed} == closed


# A value that is left open: what isn't known then.
LEFT_OPEN: dict[str, dict[str, str]] = {
    **{name: {"limits": "a list parameter sets the size of the inline policies"} for name in LISTS},
    "secrets_arns": {"works": ABROAD, "limits": "a list parameter sets the size of the inline policies"},
    "account_id": {"works": "whether `arn:aws:ssm:eu-central-1:123456789012:parameter/memos/token` is of the roles'"},
    "permissions_boundary_arn": {"works": "the permissions boundary `{permissions_boundary_arn}` was not read"},
    "github_oidc_provider_arn": {"limits": "the trust policy of the github_actions role"},
    # It may be bound to a group that the other role writes.
    **{
        name: {
            "separation": "it depends on what is left to deployment",
            "neighbours": f"`{{each log_group of {name}}}` of the {role} role may match what another prefix builds",
            "limits": "a list parameter sets the size of the inline policies",
        }
        for name, role in (("log_group_arns", "execution"), ("cloudwatch_log_group_arns", "task"))
    },
}


@pytest.mark.parametrize("key", [name for name in PERMITTED if name not in FLAGS])
def test_one_value_as_a_parameter_holds_as_far_as_it_can_be_known(key: str) -> None:
    reasons = undecided(prove(full(**{key: Parameter(key)})))
    expected = LEFT_OPEN.get(key, {})
    assert [*reasons] == [*expected], reasons
    for id, reason in expected.items():
        assert reasons[id].startswith(reason)


def test_lists_that_may_be_bound_to_one_thing_fail_with_the_values() -> None:
    groups = {"log_group_arns": Parameter("written"), "cloudwatch_log_group_arns": Parameter("own")}
    stack = full(**groups)
    answer = prove(stack)["separation"]
    assert isinstance(answer, Fails)
    values = dict(answer.values)
    assert values["written"] == values["own"]
    assert isinstance(prove(stack.bind(values))["separation"], Fails)
    put_to_the_test(stack, "separation", answer)


def test_what_only_samples_show_is_assumed() -> None:
    answer = prove(full(s3_bucket_arns=Parameter("buckets")))["works"]
    assert answer == Holds(assumed=(OUTSIDE, TRIED))
    assert prove(full())["works"] == Holds(assumed=(OUTSIDE,))
    # Account and region change nothing in what an action applies to, but in which account what is read has to be.
    own = full(account_id=None, secrets_arns=["/memos/token"])
    assert prove(own)["works"] == Holds(assumed=(OUTSIDE,))


def test_the_star_that_a_parameter_may_be_fails_with_it() -> None:
    keys: dict[str, Any] = {"profile": "baseline", "enable_efs_access": True, "efs_arn": Parameter("efs", default="")}
    stack = build(Config(project_name="memos", environment="dev", **keys))
    for id in ("wildcards", "home"):
        answer = prove(stack)[id]
        assert isinstance(answer, Fails)
        put_to_the_test(stack, id, answer)
        mounts = [one for one in shown(answer) if "elasticfilesystem:" in str(one.witness)]
        assert len(mounts) >= 3, "each action of the statement"
        assert {dict(mount.values)["efs"] for mount in mounts} == {""}


@pytest.mark.parametrize("open_", ["partition", "aws_region"])
@pytest.mark.parametrize(("partition", "answer"), [("{partition}", Holds), ("aws", Fails), ("aws-cn", Fails)])
def test_what_the_partition_alone_leaves_open_is_asked_of_each(partition: str, answer: type, open_: str) -> None:
    """All but the topics of the roles' own partition is no topic, whichever it is; of another one, every topic."""
    raw = {"Effect": "Allow", "Action": "sns:Publish", "NotResource": f"arn:{partition}:sns:*:*:*"}
    keys: dict[str, Any] = {"account_id": "123456789012", "task_statements": [raw], open_: Parameter(open_)}
    stack = build(Config(project_name="memos", environment="dev", **keys))
    assert isinstance(prove(stack, only="wildcards")["wildcards"], answer)


# ---------------------------------------------------------------- laws

Values = tuple[tuple[str, object], ...]

SOME = settings(
    max_examples=many(20),
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


def contradictions(before: dict[str, Answer], bound: Stack) -> list[tuple[str, Answer]]:
    """What held for every value and fails for some."""
    holds = [id for id, answer in before.items() if isinstance(answer, Holds)]
    return [(id, answer) for id in holds if isinstance(answer := INVARIANTS[id].ask(bound), Fails)]


@SOME
@given(one=opened(configs(raw=False, managed=False).map(plain)), data=st.data())
def test_what_holds_open_fails_for_no_value(one: Opened, data: st.DataObject) -> None:
    stack = build(one.config)
    answers = prove(stack)
    half = stack.bind(one.values)
    home = data.draw(bindings(Config(**one.closed)))
    bound = half.bind({name: value for name, value in home.items() if name in half.deployment.open})
    assert contradictions(answers, half) == []
    assert contradictions(answers, bound) == []
    for _, sample in islice(samples(stack), 2):
        assert contradictions(answers, sample) == []


@SOME
@given(one=opened(asked().map(lambda one: one.kwargs)))
def test_what_fails_open_fails_with_the_values_that_it_names(one: Opened) -> None:
    stack = build(one.config)

    @cache
    def bound(values: Values) -> Stack:
        return stack.bind(dict(values))

    for id, answer in prove(stack).items():
        if isinstance(answer, Fails):
            ways = {part.values for part in shown(answer)}
            assert not [values for values in ways if not isinstance(INVARIANTS[id].ask(bound(values)), Fails)]
            closed = [part for part in shown(answer) if not bound(part.values).deployment.open]
            if closed:
                put_to_the_test(stack, id, evolve(closed[0], also=tuple(closed[1:])))
