"""What was emitted is read back, for each target, as the roles that it was made of; `targets` says where it isn't."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings

import ecsiam
from ecsiam import Fails, Holds, Stack, Undecided, build
from ecsiam.artifact import Artifact
from ecsiam.config import Config
from ecsiam.errors import EmitError, ReadError
from ecsiam.invariants import emitted
from ecsiam.invariants.emitted import settled
from ecsiam.model.planned import planned
from ecsiam.readers.emitted import made
from ecsiam.targets import TARGETS, TargetName, emit

from . import strategies
from .cases import CASES, stack_of
from .effort import many
from .opened import Opened, opened

each_target = pytest.mark.parametrize("target", TARGETS)
ALL = dict.fromkeys(TARGETS, True)


def same(stack: Stack, target: Any) -> bool:
    """Whether a target's files have the roles of a stack, to the letter; True for a stack that it doesn't take."""
    try:
        files = emit(stack, target).files
    except EmitError:
        return True
    defaults = stack.deployment.defaults if TARGETS[target].settled else {}
    meant = stack.bind(defaults) if defaults else stack
    read, meant = made(files, target, stack), planned(meant)
    providers = {evolve(provider, id=provider.url) for provider in read.providers}
    found = {role.name: settled(role) for role in read.roles}
    return (found, providers) == (
        {role.name: settled(role) for role in meant.roles.values()},
        {evolve(provider, id=provider.url) for provider in meant.providers.values()},
    )


# ---------------------------------------------------------------- the inverse


@each_target
@pytest.mark.parametrize("case", CASES)
def test_a_case_is_read_back_as_it_was(case: str, target: TargetName) -> None:
    assert same(stack_of(case), target)


@settings(max_examples=many(20))
@given(strategies.configs())
def test_any_config_is_read_back_as_it_was(config: dict[str, Any]) -> None:
    stack = build(Config(**config))
    assert {target: same(stack, target) for target in TARGETS} == ALL


@settings(max_examples=many(20))
@given(opened())
def test_any_parameters_and_flags_are_read_back_as_they_were(one: Opened) -> None:
    stack = build(one.config)
    assert {target: same(stack, target) for target in TARGETS} == ALL
    assert isinstance(ecsiam.prove(stack, only="targets")["targets"], Holds)


@settings(max_examples=many(40))
@given(strategies.stacks())
def test_any_stack_is_read_back_as_it_was(stack: Stack) -> None:
    assert {target: same(stack, target) for target in TARGETS} == ALL


# ---------------------------------------------------------------- files that say something else

STACK = stack_of("everything")


def within(path: str, change: Callable[[str], str]) -> Callable[[Mapping[str, str]], dict[str, str]]:
    """Files of which those that match are changed, which they have to be."""

    def edit(files: Mapping[str, str]) -> dict[str, str]:
        found = {name: change(text) if re.search(path, name) else text for name, text in files.items()}
        assert found != files
        return found

    return edit


def swap(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new)


FILES = {"terraform": r"main\.tf\.json", "cloudformation": "template", "iam": "roles/"}
# What an emitter might get wrong, and what is said of it.
WRONG: dict[str, tuple[Callable[[str], str], str]] = {
    "an action more": (swap('"s3:GetObject"', '"s3:*"'), "the grants of `memos-prod-task-role` differ"),
    "an action less": (swap('"s3:GetObject"', '"s3:GetAcl"'), "the grants of `memos-prod-task-role` differ"),
    "another resource": (swap("memos-uploads", "memos-upload"), "the grants of `memos-prod-task-role` differ"),
    "a wider resource": (swap("parameter/memos/*", "parameter/*"), "the grants of `memos-prod-execution-role` differ"),
    "no condition": (
        swap("kms:ViaService", "aws:PrincipalTag/via"),
        "the grants of `memos-prod-execution-role` differ",
    ),
    "a wider trust": (swap(":environment:production", ":*"), "the trust policy of `memos-prod-github-actions-role`"),
    "another service": (swap("ecs-tasks.amazonaws.com", "ecs.amazonaws.com"), ""),
}
# What isn't in a document.
UNLIKE: dict[str, tuple[Callable[[str], str], str]] = {
    "a name": (swap("memos-prod-task-role", "memos-prod-role"), "don't make the role `memos-prod-task-role`"),
    "a policy's name": (
        swap("memos-prod-s3-policy", "memos-prod-s3"),
        "give the role `memos-prod-task-role` another list of policies",
    ),
    "a tag": (swap("notes", "note"), "another set of tags"),
    "a description": (swap("task role", "role"), "another description"),
}
# What the emitters never write: it is not guessed at.
EDITED: dict[str, dict[str, Callable[[str], str]]] = {
    "terraform": {
        "a function": swap("jsonencode(", "upper("),
        "a user": swap('"aws_iam_role": {', '"aws_iam_user": {"u": {}}, "aws_iam_role": {'),
        "no JSON": lambda text: text[:-3],
    },
    "cloudformation": {
        "a function": swap('"RoleName": "memos-prod-task-role"', '"RoleName": {"Fn::Base64": "x"}'),
        "a user": swap('"Type": "AWS::IAM::Role"', '"Type": "AWS::IAM::User"'),
        "no JSON": lambda text: text[:-3],
    },
    "iam": {"no JSON": lambda text: text[:-3]},
}


def answer_of(stack: Stack, target: str, change: Callable[[Mapping[str, str]], Mapping[str, str]]) -> Any:
    """What `targets` says where the emitter of a target had written something else."""

    def wrongly(given: Stack, name: TargetName) -> Artifact:
        artifact = emit(given, name)
        files = change(artifact.files) if name == target else artifact.files
        return Artifact(target=name, files=files, document="")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(emitted, "emit", wrongly)
        return ecsiam.prove(stack, only="targets")["targets"]


@each_target
@pytest.mark.parametrize("row", WRONG)
def test_what_says_something_else_fails_with_a_request(row: str, target: TargetName) -> None:
    change, fact = WRONG[row]
    answer = answer_of(STACK, target, within(FILES[target], change))
    assert isinstance(answer, Fails)
    assert fact in answer.fact
    assert target in answer.fact
    assert answer.witness is not None


@pytest.mark.parametrize(
    ("row", "target"),
    [(row, target) for row in UNLIKE for target in TARGETS if target != "iam" or row in ("a tag", "a description")],
)
def test_what_is_not_in_a_document_fails_too(row: str, target: TargetName) -> None:
    change, fact = UNLIKE[row]
    answer = answer_of(STACK, target, within(FILES[target], change))
    assert isinstance(answer, Fails)
    assert fact in str(answer)


@each_target
def test_a_role_more_or_less_fails(target: TargetName) -> None:
    other = evolve(STACK, roles=[role for role in STACK.roles.values() if role.id != "task"])
    for meant, written, fact in ((STACK, other, "don't make the role"), (other, STACK, "also make a role")):
        files = emit(written, target).files
        answer = answer_of(meant, target, lambda _, files=files: files)  # type: ignore[misc]
        assert isinstance(answer, Fails)
        assert f"{target}'s files {fact} `memos-prod-task-role`" in str(answer)


PLACE = {"account_id": "123456789012", "aws_region": "eu-central-1", "partition": "aws"}


@each_target
def test_providers_are_compared_too(target: TargetName) -> None:
    stack = stack_of("gitlab-server").bind(PLACE)
    (provider,) = stack.providers.values()
    without, other = evolve(stack, providers=()), evolve(stack, providers=[evolve(provider, client_ids=["other"])])
    for meant, written, fact in (
        (stack, without, "don't make the OIDC provider of https://example.com/gitlab"),
        (without, stack, "also make an OIDC provider of https://example.com/gitlab"),
        (stack, other, "make another OIDC provider of https://example.com/gitlab"),
    ):
        files = emit(written, target).files
        answer = answer_of(meant, target, lambda _, files=files: files)  # type: ignore[misc]
        assert fact in str(answer)


@pytest.mark.parametrize(("target", "row"), [(target, row) for target, rows in EDITED.items() for row in rows])
def test_what_was_edited_is_not_taken_for_what_was_emitted(target: TargetName, row: str) -> None:
    edit = within(FILES[target], EDITED[target][row])
    with pytest.raises(ReadError):
        made(edit(emit(STACK, target).files), target, STACK)
    assert isinstance(answer_of(STACK, target, edit), Undecided)


def test_the_same_in_other_words_holds() -> None:
    """Documents are compared by what they allow."""

    def twice(files: Mapping[str, str]) -> dict[str, str]:
        main = json.loads(files["main.tf.json"])
        statements = main["locals"]["s3_policy"]["Statement"]
        statements.append(statements[0])
        return {**files, "main.tf.json": json.dumps(main)}

    assert isinstance(answer_of(STACK, "terraform", twice), Holds)


def test_what_no_target_takes_is_emitted_nowhere() -> None:
    tags = [(f"k{i}", "v") for i in range(51)]
    large = evolve(STACK, roles=[evolve(role, tags=tags) for role in STACK.roles.values()])
    answer = ecsiam.prove(large, only="targets")["targets"]
    assert answer == Holds(assumed=("no target takes the stack, and so nothing is emitted",))


def test_values_lead_to_the_request_where_something_is_open() -> None:
    one = Config(
        project_name="memos", environment="dev", enable_s3_access=True, s3_bucket_arns=ecsiam.Parameter("buckets")
    )
    answer = answer_of(build(one), "terraform", within(r"main\.tf\.json", swap('"s3:GetObject"', '"s3:*"')))
    assert isinstance(answer, Fails)
    assert answer.witness is not None
    assert "buckets" in dict(answer.values)
