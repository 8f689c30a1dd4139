"""What IAM takes of a role: what is over it is refused with what takes the room, counted as IAM counts it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

import json
from typing import Any, get_args

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from ecsiam import ConfigError, EmitError, Fails, Holds, Parameter, Stack, build, emit
from ecsiam.features.quotas import quota_notes
from ecsiam.invariants.quotas import limits
from ecsiam.model.quotas import QUOTAS, RAISABLE
from ecsiam.model.sizes import measures
from ecsiam.targets import TargetName

from .effort import many
from .written import config

ACCOUNT = "123456789012"
HOME: dict[str, Any] = {"account_id": ACCOUNT, "aws_region": "eu-west-2"}
TARGETS: tuple[TargetName, ...] = get_args(TargetName)


def granted(actions: str | list[str], resources: str | list[str], **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def objects(count: int, length: int = 60) -> list[str]:
    return [f"arn:aws:s3:::memos/{i}-{'x' * length}/*" for i in range(count)]


def of_many(count: int) -> dict[str, Any]:
    """A condition that nothing of can be divided."""
    return {"StringEquals": {"aws:PrincipalTag/team": [f"team-{i}-{'x' * 20}" for i in range(count)]}}


def built(**keys: Any) -> Stack:
    return build(config(**{**HOME, **keys}))


def changed(**fields: Any) -> Stack:
    stack = built()
    return evolve(stack, roles=[stack.roles["execution"], evolve(stack.roles["task"], **fields)])


def policies(count: int) -> list[str]:
    return [f"arn:aws:iam::{ACCOUNT}:policy/p{i}" for i in range(count)]


BRANCHES: dict[str, Any] = {
    "enable_github_oidc": True,
    "github_repo": "octo-org/memos",
    "github_subject_format": "classic",
}


def branches(count: int) -> dict[str, Any]:
    return {**BRANCHES, "github_branches": [f"branch-{i}-{'x' * 60}" for i in range(count)]}


# ---------------------------------------------------------------- what no account can have

# quota: (a stack that is over it, how the refusal begins)
OVER: dict[str, tuple[Stack, str]] = {
    "role_inline_policies_size": (
        built(task_statements=[granted("s3:GetObject", objects(140))]),
        "the inline policies of the task role together: 12,",
    ),
    "role_trust_policy_length": (built(**branches(46)), "the trust policy of the github_actions role: 5,"),
    "managed_policies_per_role": (
        changed(managed_policy_arns=policies(21)),
        "the task role: 21 managed policies, and IAM takes 20",
    ),
    "managed_policy_size": (
        built(policies="managed", task_statements=[granted("s3:GetObject", "*", Condition=of_many(300))]),
        "the managed policy `task_statements` of the task role: 9,",
    ),
    "role_tags": (changed(tags={f"t{i}": "x" for i in range(51)}), "the task role: 51 tags, and IAM takes 50"),
    "role_name_length": (changed(name="x" * 65), "the name of the task role: 65 characters, and IAM takes 64"),
    "policy_name_length": (
        changed(
            policies=[evolve(p, name="x" * 129) for p in built(enable_ecs_exec=True).roles["task"].policies.values()]
        ),
        "the name of a policy of the task role: 129 characters, and IAM takes 128",
    ),
    "role_description_length": (
        changed(description="x " * 501),
        "the description of the task role: 1,002 characters, and IAM takes 1,000",
    ),
    "role_path_length": (
        changed(path=f"/{'x' * 511}/"),
        "the path of the task role: 513 characters, and IAM takes 512",
    ),
}


def test_the_table_is_whole() -> None:
    assert OVER.keys() == QUOTAS.keys()
    for quota in QUOTAS.values():
        assert 0 < quota.default <= quota.most
        assert quota.remedy.endswith(".")
        assert quota.page.startswith("https://docs.aws.amazon.com/IAM/")
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    assert {q.id: (q.default, q.most) for q in RAISABLE} == {
        "role_trust_policy_length": (2_048, 4_096),
        "managed_policies_per_role": (10, 20),
    }


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("quota", OVER)
def test_what_is_over_the_most_is_refused_for_every_target(quota: str, target: TargetName) -> None:
    stack, begins = OVER[quota]
    with pytest.raises(EmitError) as caught:
        emit(stack, target)
    (fault,) = caught.value.faults
    assert fault.message.startswith(begins)
    assert fault.remedy == QUOTAS[quota].remedy
    assert fault.path[0] == "roles"


def test_all_that_is_over_is_said_at_once_with_what_takes_the_room() -> None:
    stack = built(
        **branches(46),
        enable_s3_access=True,
        s3_bucket_arns=objects(40),
        enable_ecs_exec=True,
        task_statements=[granted("s3:GetObject", objects(100))],
    )
    with pytest.raises(EmitError) as caught:
        emit(stack, "terraform")
    first, second = caught.value.faults
    assert str(first).startswith("the inline policies of the task role together: 12,")
    order = [part.split("`")[1] for part in first.message.split(": ")[-1].split(", ")[:] if "`" in part]
    assert order == ["task_statements", "s3", "exec"]
    assert second.path == ("roles", "github_actions", "trust")


def test_a_stack_from_anywhere_is_refused_too() -> None:
    stack = OVER["role_inline_policies_size"][0]
    with pytest.raises(EmitError, match="inline policies of the task role"):
        emit(Stack.from_dict(stack.to_dict()), "cloudformation")


# ---------------------------------------------------------------- what can be raised


@pytest.mark.parametrize(
    ("keys", "quota", "takes", "raised"),
    [
        ({"task_managed_policy_arns": policies(11)}, "managed_policies_per_role", 11, 11),
        ({"execution_managed_policy_arns": policies(20)}, "managed_policies_per_role", 20, 20),
        (branches(25), "role_trust_policy_length", 2_500, 4_096),
    ],
)
def test_over_the_default_is_a_note_until_the_config_says_raised(
    keys: dict[str, Any], quota: str, takes: int, raised: int
) -> None:
    stack = built(**keys)
    assert "over-quota" in {note.rule for note in stack.notes}
    assert isinstance(limits(stack), Fails)
    high = built(**keys, quotas={quota: raised})
    assert "over-quota" not in {note.rule for note in high.notes}
    assert isinstance(limits(high), Holds)
    size = max(m.size.least for m in measures(stack) if m.quota.id == quota)
    assert size >= takes
    for target in TARGETS:
        assert emit(stack, target).files == emit(high, target).files


def test_what_was_raised_by_too_little_is_still_a_note() -> None:
    stack = built(task_managed_policy_arns=policies(15), quotas={"managed_policies_per_role": 12})
    (note,) = (str(n) for n in stack.notes if n.rule == "over-quota")
    assert "15 managed policies, and an account has 12" in note


def test_quotas_travel_with_the_stack() -> None:
    stack = built(quotas={"role_trust_policy_length": 3_000, "managed_policies_per_role": 20})
    assert dict(stack.intent.quotas) == {"managed_policies_per_role": 20, "role_trust_policy_length": 3_000}
    assert Stack.from_dict(json.loads(json.dumps(stack.to_dict()))) == stack
    assert build(config(quotas={"role_trust_policy_length": 3_000})).bind(HOME).intent.quotas
    assert stack.intent.limit(QUOTAS["role_tags"]) == 50


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (
            {"managed_policies_per_role": 21},
            "expected a whole number of managed policies from 10 to 20, not `21` @ $.quotas.managed_policies_per_role",
        ),
        (
            {"role_trust_policy_length": "3000"},
            "expected a whole number of characters from 2048 to 4096, not `3000` @ $.quotas.role_trust_policy_length. "
            "Write it without quotes.",
        ),
        (
            {"role_inline_policies_size": 20_000},
            "unknown key `role_inline_policies_size` @ $.quotas.role_inline_policies_size. "
            "Did you mean `role_trust_policy_length`?",
        ),
        ([10], "expected a mapping, not a list @ $.quotas. Write `key: value` lines below it."),
        (Parameter("quotas"), "this can't be a parameter @ $.quotas. Write the value: it shapes what is made."),
    ],
)
def test_quotas_that_no_account_has_are_refused(given: Any, fault: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config(quotas=given)
    assert str(caught.value) == fault


# ---------------------------------------------------------------- counted as IAM counts


def sent(stack: Stack, role: str) -> tuple[int, int]:
    """The characters of a role's emitted inline policies and trust policy, white space left out."""
    files = emit(stack, "iam").files
    folder = f"roles/{stack.roles[role].name}"
    inline = [text for path, text in files.items() if path.startswith(f"{folder}/policies/")]
    create = json.loads(files[f"{folder}/create-role.json"])
    compact = [json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False) for text in inline]
    return len("".join("".join(compact).split())), len("".join(create["AssumeRolePolicyDocument"].split()))


def sizes(stack: Stack, role: str) -> dict[str, Any]:
    return {m.quota.id: m.size for m in measures(stack) if m.role == role}


EVERYTHING: dict[str, Any] = {
    **branches(3),
    "github_tags": ["v*"],
    "enable_s3_access": True,
    "s3_bucket_arns": ["arn:aws:s3:::memos", "arn:aws:s3:::other/a b/*"],
    "enable_efs_access": True,
    "efs_arn": f"arn:aws:elasticfilesystem:eu-west-2:{ACCOUNT}:file-system/fs-0a1b2c3d",
    "enable_secrets_access": True,
    "secrets_arns": [f"arn:aws:secretsmanager:eu-west-2:{ACCOUNT}:secret:memos"],
    "enable_cloudwatch_logs": True,
    "enable_ecs_exec": True,
    "task_statements": [
        granted(
            "s3:GetObject", "arn:aws:s3:::b/a  b/*", Sid="Spaces", Condition={"StringLike": {"aws:userid": ["a b"]}}
        ),
        granted(["sqs:SendMessage", "sqs:SendMessage"], [f"arn:aws:sqs:eu-west-2:{ACCOUNT}:q"] * 2),
    ],
}


@pytest.mark.parametrize("role", ["execution", "task", "github_actions"])
def test_the_count_is_that_of_the_documents(role: str) -> None:
    stack = built(**EVERYTHING)
    inline, trust = sent(stack, role)
    of = sizes(stack, role)
    assert (of["role_inline_policies_size"].least, of["role_inline_policies_size"].most) == (inline, inline)
    assert (of["role_trust_policy_length"].least, of["role_trust_policy_length"].most) == (trust, trust)


def test_what_may_be_escaped_has_two_sizes() -> None:
    stack = built(task_statements=[granted("s3:GetObject", ["arn:aws:s3:::b/\u00e9\u00e9/*", "arn:aws:s3:::b/<&>/*"])])
    size = sizes(stack, "task")["role_inline_policies_size"]
    assert size.most - size.least == 5 * 5
    (policy,) = (text for path, text in emit(stack, "iam").files.items() if "/memos-dev-task-statements" in path)
    assert size.least < len("".join(policy.split())) <= size.most


OPEN: dict[str, Any] = {
    "aws_regions": ["eu-west-1", "eu-west-2"],
    **{key: value for key, value in EVERYTHING.items() if key != "task_statements"},
    **{f"enable_{name}": Parameter(name) for name in ("s3_access", "efs_access", "secrets_access", "ecs_exec")},
    "s3_bucket_arns": Parameter("buckets", ()),
    "efs_arn": Parameter("efs", ""),
    "secrets_arns": Parameter("secrets", ()),
    "log_group_arns": Parameter("groups", ()),
    "project_name": Parameter("project"),
}
FLAGS = ("s3_access", "efs_access", "secrets_access", "ecs_exec")


@settings(max_examples=many(40))
@given(
    st.fixed_dictionaries(
        {
            **{flag: st.booleans() for flag in FLAGS},
            "buckets": st.lists(st.sampled_from(objects(5)), min_size=1, max_size=4),
            "efs": st.just(EVERYTHING["efs_arn"]),
            "secrets": st.just(EVERYTHING["secrets_arns"]),
            "groups": st.lists(st.sampled_from([f"arn:aws:logs:eu-west-2:{ACCOUNT}:log-group:{g}" for g in "abc"])),
            "project": st.sampled_from(["m", "memos", "x" * 40]),
            "aws_region": st.sampled_from(["eu-west-1", "eu-west-2"]),
        }
    )
)
def test_what_is_bound_is_within_the_size_of_what_was_open(values: dict[str, Any]) -> None:
    open_ = build(config(**OPEN))
    bound = open_.bind({"account_id": ACCOUNT, **values})
    before = {(m.role, m.quota.id, m.path): m.size for m in measures(open_)}
    for measure in measures(bound):
        was = before[(measure.role, measure.quota.id, measure.path)]
        assert was.least <= measure.size.least, (measure, was)
        assert measure.size.most is not None
        assert was.most is None or measure.size.most <= was.most, (measure, was)


# ---------------------------------------------------------------- what is left to deployment


@pytest.mark.parametrize("target", ["terraform", "cloudformation"])
def test_what_only_the_values_decide_is_emitted(target: TargetName) -> None:
    stack = build(config(enable_s3_access=True, s3_bucket_arns=Parameter("buckets")))
    assert "size-open" in {note.rule for note in stack.notes}
    emit(stack, target)
    with pytest.raises(EmitError, match="inline policies of the task role"):
        emit(stack, target, bind={"buckets": objects(140)})


def test_what_is_over_with_the_defaults_is_refused_where_they_are_put_in() -> None:
    stack = built(enable_s3_access=True, s3_bucket_arns=Parameter("buckets", objects(140)))
    emit(stack, "terraform")
    with pytest.raises(EmitError, match="inline policies of the task role"):
        emit(stack, "iam")


def test_what_is_sure_beside_a_list_parameter_is_refused() -> None:
    stack = built(
        enable_s3_access=True,
        s3_bucket_arns=Parameter("buckets", ()),
        task_statements=[granted("s3:GetObject", objects(140))],
    )
    with pytest.raises(EmitError, match="inline policies of the task role"):
        emit(stack, "terraform")


def test_flags_that_are_over_together_are_emitted_and_fail_with_them() -> None:
    keys: dict[str, Any] = {"s3_bucket_arns": objects(60), "task_statements": [granted("s3:GetObject", objects(60))]}
    stack = built(**keys, enable_s3_access=Parameter("s3"))
    emit(stack, "terraform")
    assert [note.rule for note in quota_notes(stack)] == ["over-quota-together"]
    answer = limits(stack)
    assert isinstance(answer, Fails)
    assert answer.values == (("s3", True),)
    assert isinstance(limits(stack.bind({"s3": False})), Holds)
    with pytest.raises(EmitError):
        emit(stack, "terraform", bind={"s3": True})
