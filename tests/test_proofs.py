"""Several stacks are proved as each is alone, and `neighbours` among them: what one reaches and another builds."""

from collections.abc import Mapping, Sequence
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecsiam import Config, Fails, Holds, Parameter, PolicyError, Stack, Undecided, build, prove
from ecsiam.analysis.answers import Answer
from ecsiam.invariants import INVARIANTS, Proofs, prove_together
from ecsiam.invariants.accepting import parts
from ecsiam.invariants.among import Among, neighbour
from ecsiam.model.globs import matches

from .replayed import allowed
from .test_invariants import ACCOUNT, IN, granted

OTHER = "444455556666"
HOME: dict[str, Any] = {"account_id": ACCOUNT, "aws_region": "eu-west-2"}
GROUP = f"arn:aws:logs:{IN}:log-group"
ROLES = f"arn:aws:iam::{ACCOUNT}:role"


def stack(name: str, *task: Mapping[str, Any], environment: str = "dev", **keys: Any) -> Stack:
    whole: dict[str, Any] = {**HOME, "project_name": name, "environment": environment, "task_statements": list(task)}
    return build(Config(**{**whole, **keys}))


def neighbours(*stacks: Stack) -> dict[str, Answer]:
    return {label: proof["neighbours"] for label, proof in prove_together(stacks, only="neighbours").items()}


OBJECTS = granted("s3:GetObject", "arn:aws:s3:::memos2-dev-uploads/*")
OWN_BUCKET = stack("memos2", OBJECTS)
GITHUB: dict[str, Any] = {"enable_github_oidc": True, "github_repo": "o/memos", "github_environments": ["dev"]}

# What a role of the first reaches that the second builds, and the resource that shows it.
REACHED: dict[str, tuple[Stack, Stack, str]] = {
    "a group by a pattern that runs on": (
        stack("memos", granted("logs:PutLogEvents", f"{GROUP}:/ecs/memos*")),
        stack("memos2"),
        f"{GROUP}:/ecs/memos2-dev:log-stream:",
    ),
    "a service whose name goes on": (
        stack("memos", granted("logs:PutLogEvents", f"{GROUP}:/ecs/memos-dev*")),
        stack("memos-dev", environment="x"),
        f"{GROUP}:/ecs/memos-dev-x:log-stream:",
    ),
    "another environment of one account": (
        stack("memos", granted("logs:PutLogEvents", f"{GROUP}:/ecs/*-prod:*")),
        stack("memos", environment="prod"),
        f"{GROUP}:/ecs/memos-prod:log-stream:",
    ),
    "every group there is": (
        stack("memos", granted("logs:*", "*")),
        stack("shop"),
        "",
    ),
    "a role": (
        stack("memos", granted("iam:GetRole", f"{ROLES}/memos*")),
        stack("memos2"),
        f"{ROLES}/memos2-dev-execution-role",
    ),
    "a role that is called something else": (
        stack("memos", granted("iam:GetRole", f"{ROLES}/shared-*")),
        stack("memos2", role_names={"task": "shared-task"}),
        f"{ROLES}/shared-task",
    ),
    "a role, by its end": (
        stack("memos", granted("iam:GetRole", f"{ROLES}/*-custom-end")),
        stack("memos2", role_names={"task": "a-custom-end"}),
        f"{ROLES}/a-custom-end",
    ),
    "a role in its path": (
        stack("memos", granted("iam:GetRole", f"{ROLES}/apps/*")),
        stack("memos2", path="/apps/"),
        f"{ROLES}/apps/memos2-dev-execution-role",
    ),
    "a name under the prefix": (
        stack("memos", granted("s3:GetObject", "arn:aws:s3:::memos*")),
        OWN_BUCKET,
        "arn:aws:s3:::memos2-dev-uploads/x",
    ),
    "what a key of the other names in full": (
        stack("memos", granted("s3:GetObject", "arn:aws:s3:::memos*")),
        stack("memos2", enable_s3_access=True, s3_bucket_arns=["arn:aws:s3:::memos2-dev-uploads"]),
        "arn:aws:s3:::memos2-dev-uploads",
    ),
    "a part of what is under the prefix": (
        stack("memos", granted("s3:GetObject", "arn:aws:s3:::memos2-dev-uploads/public/*")),
        OWN_BUCKET,
        "arn:aws:s3:::memos2-dev-uploads/public/",
    ),
    "a part of it wherever it is": (
        stack("memos", granted("s3:GetObject", "arn:aws:s3:::*/public/*")),
        OWN_BUCKET,
        "arn:aws:s3:::memos2-dev-uploads/public/",
    ),
    "a pattern of a flag's own key": (
        stack("memos", enable_s3_access=True, s3_bucket_arns=["arn:aws:s3:::memos*"]),
        OWN_BUCKET,
        "",
    ),
    "all but something": (
        stack(
            "memos", {"Effect": "Allow", "Action": "sqs:SendMessage", "NotResource": f"arn:aws:sqs:{IN}:memos-dev-*"}
        ),
        stack("memos2", granted("sqs:ReceiveMessage", f"arn:aws:sqs:{IN}:memos2-dev-jobs")),
        f"arn:aws:sqs:{IN}:memos2-dev-jobs",
    ),
    "in an account that is not known yet": (
        stack("memos", granted("logs:PutLogEvents", "arn:aws:logs:*:*:log-group:/ecs/memos*"), account_id=None),
        stack("memos2", account_id=None),
        "",
    ),
    "while a flag is on": (
        stack("memos", enable_s3_access=Parameter("with_s3"), s3_bucket_arns=["arn:aws:s3:::memos*"]),
        OWN_BUCKET,
        "",
    ),
}


@pytest.mark.parametrize("case", REACHED)
@pytest.mark.parametrize("turned", [False, True])
def test_what_another_builds_is_shown_with_both_names(case: str, turned: bool) -> None:
    one, other, resource = REACHED[case]
    mine, theirs = (f"{s.intent.prefix}".rpartition("-")[0] + f"/{s.intent.environment}" for s in (one, other))
    answer = neighbours(*((other, one) if turned else (one, other)))[mine]
    assert isinstance(answer, Fails), answer
    shown = [
        part for part in parts(answer) if f"`{theirs}` builds" in part.fact and f"of `{mine}` matches" in part.fact
    ]
    assert shown
    bound = one.bind(dict(answer.values)) if answer.values else one
    for part in shown:
        assert part.witness is not None
        role = next(r for r in bound.roles.values() if f"of the {r.id} role" in part.fact)
        assert allowed(role, part.witness)
        assert part.witness.resource.startswith(resource)


# What is no neighbour's, or is meant.
APART: dict[str, Sequence[Stack]] = {
    "names that go on": (stack("memos"), stack("memos2"), stack("memos-dev", environment="x")),
    "in another account": (
        stack("memos", granted("iam:GetRole", f"{ROLES}/shared-*")),
        stack("memos2", role_names={"task": "shared-task"}, account_id=OTHER),
    ),
    "one name in two accounts": (stack("memos"), stack("Memos", account_id=OTHER)),
    "a name in full": (stack("memos", granted("s3:GetObject", "arn:aws:s3:::memos2-dev-uploads/x")), OWN_BUCKET),
    "a bucket that a key names in full": (
        stack("memos", enable_s3_access=True, s3_bucket_arns=["arn:aws:s3:::memos2-dev-uploads"]),
        OWN_BUCKET,
    ),
    "what somebody else has": (
        stack("memos", granted("s3:GetObject", "arn:aws:s3:::assets/*")),
        stack("shop", granted("s3:GetObject", "arn:aws:s3:::assets/*")),
    ),
    "actions on another kind": (stack("memos", granted("ecs:ListTasks", "*")), stack("memos2")),
    "denied": (
        stack(
            "memos",
            granted("iam:GetRole", f"{ROLES}/shared-*"),
            {"Effect": "Deny", "Action": "iam:*", "Resource": "*"},
        ),
        stack("memos2", role_names={"task": "shared-task"}),
    ),
    "its own name, which begins as a longer one's": (
        stack("memos-dev", granted("s3:GetObject", "arn:aws:s3:::memos-dev-x-up/*"), environment="x"),
        stack("memos", granted("s3:GetObject", "arn:aws:s3:::memos-dev-x-up/a")),
    ),
}


@pytest.mark.parametrize("case", APART)
def test_what_is_apart_or_named_in_full_is_no_failure(case: str) -> None:
    shared = [a for a in neighbours(*APART[case]).values() if isinstance(a, Fails) and "builds" in str(a)]
    assert [a for a in shared if "which" in a.fact] == []


@pytest.mark.parametrize(("name", "keys"), [("MEMOS", {}), ("shop", {"role_names": {"task": "Memos-Dev-Task-Role"}})])
def test_two_roles_of_one_name_in_an_account_are_a_failure_of_both(name: str, keys: dict[str, Any]) -> None:
    answers = neighbours(stack("memos"), stack(name, **keys))
    for answer, other in zip(answers.values(), (f"{name}/dev", "memos/dev"), strict=True):
        assert isinstance(answer, Fails)
        assert f"`{other}`" in answer.fact
        assert "both have a role called" in answer.fact


def test_what_is_meant_is_accepted() -> None:
    def answer(**accept: Any) -> Answer:
        meant = {"invariant": "neighbours", "why": "it moves them", **accept}
        one = stack("mover", granted("s3:GetObject", "arn:aws:s3:::memos*"), accept=[meant])
        return neighbours(one, OWN_BUCKET)["mover/dev"]

    accepted = answer()
    assert isinstance(accepted, Fails)
    assert accepted.accepted
    of_it = answer(resources=["arn:aws:s3:::memos2-dev-*"])
    assert isinstance(of_it, Fails)
    assert of_it.accepted
    other = answer(resources=["arn:aws:s3:::shop-*"])
    assert isinstance(other, Fails)
    assert not other.accepted


def test_alone_a_stack_is_proved_as_it_was() -> None:
    stacks = [stack("memos"), stack("memos2"), stack("memos", environment="prod")]
    proofs = prove_together(stacks)
    assert isinstance(proofs, Proofs)
    assert [*proofs] == ["memos/dev", "memos2/dev", "memos/prod"]
    assert list(proofs.values()) == [prove(one) for one in stacks]
    assert prove_together(stacks[:1]) == {"memos/dev": prove(stacks[0])}
    assert [*prove_together(stacks, skip="neighbours")["memos/dev"]] == [i for i in INVARIANTS if i != "neighbours"]
    assert prove_together([]) == {}


def test_one_stack_stands_once() -> None:
    with pytest.raises(PolicyError, match="`memos/dev` stands twice"):
        prove_together([stack("memos"), stack("memos")])


def test_the_table_counts_and_names_who_fails() -> None:
    proofs = prove_together([stack("memos", granted("s3:GetObject", "arn:aws:s3:::memos*")), OWN_BUCKET, stack("shop")])
    (line,) = [line for line in proofs.lines if line.id == "neighbours"]
    assert line.counted == "2 hold, 1 fails"
    assert [label for label, _ in line.others] == ["memos/dev"]
    assert "2 hold, 1 fails  neighbours" in str(proofs)
    assert "→ memos/dev: `arn:aws:s3:::memos*` of the task role" in str(proofs)
    assert repr(proofs) == "Proofs(3 stacks, 2 with a failure)"


def test_a_policy_that_was_not_read_leaves_it_undecided() -> None:
    strange = stack("memos", task_managed_policy_arns=[f"arn:aws:iam::{ACCOUNT}:policy/x"])
    assert isinstance(neighbours(strange, stack("shop"))["memos/dev"], Undecided)


# ---------------------------------------------------------------- the index

_RESOURCE = st.lists(st.sampled_from(["memos", "shop", "-", "/", "2", "*", "?", "dev"]), min_size=1, max_size=5).map(
    "".join
)


@given(
    _RESOURCE,
    st.lists(
        st.lists(st.sampled_from(["memos", "shop", "-", "2", "dev"]), min_size=1, max_size=4).map("".join), max_size=6
    ),
)
@settings(deadline=None, max_examples=150)
def test_the_index_finds_each_role_that_a_pattern_matches(resource: str, names: list[str]) -> None:
    unlike = list(dict.fromkeys(name for name in names if not name.startswith("-")))
    others = [stack(f"other{i}", role_names={"task": name}) for i, name in enumerate(unlike)]
    mine = stack("mine", granted("iam:GetRole", f"{ROLES}/{resource}"))
    every = {f"other{i}/dev": one for i, one in enumerate(others)}
    arns = {
        label: str(r.arn(s.deployment.home.partition, s.deployment.home.account_id))
        for label, s in every.items()
        for r in s.roles.values()
        if r.id == "task"
    }
    hit = {label for label, arn in arns.items() if matches(f"{ROLES}/{resource}", arn)}
    answer = neighbours(mine, *others)["mine/dev"]
    told = isinstance(answer, Fails) and any("which" in part.fact for part in parts(answer))
    usual = matches(f"{ROLES}/{resource}", f"{ROLES}/other0-dev-execution-role") and bool(others)
    assert told == bool(hit or usual)


def test_many_take_no_more_time_each_than_few() -> None:
    def spent(size: int) -> float:
        keys = [
            [granted("s3:GetObject", f"arn:aws:s3:::*-{i}-dev-up/*"), granted("iam:GetRole", f"{ROLES}/*-{i}-dev-end")]
            for i in range(size)
        ]
        stacks = {
            f"svc-{i}/dev": stack(f"svc-{i}", *raw, role_names={"task": f"role-of-svc-{i}-dev-end"})
            for i, raw in enumerate(keys)
        }
        start = process_time()
        among = Among.of(stacks)
        assert all(neighbour(among, label, one, Holds()) for label, one in stacks.items())
        return process_time() - start

    spent(20)  # what is worked out once
    assert spent(400) < 4 * 3 * spent(100), "four times as many take four times as long, and some"
