"""Each case through every target: as bytes, against what was reviewed; as meaning, against the model."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from ecsiam import EmitError, Stack, emit
from ecsiam.features.table import ROLES
from ecsiam.model.names import camel_case
from ecsiam.targets import TARGETS as TABLE
from ecsiam.targets import TargetName

from . import meaning
from .cases import CASES, GOLDENS, REFUSED, TARGETS, bound, known, stack_of
from .meaning import Known

each_case = pytest.mark.parametrize("case", CASES)
each_target = pytest.mark.parametrize("target", TARGETS)


def cell(stack: Stack, target: TargetName) -> tuple[str, str]:
    """The name and the content of what a target makes of a stack."""
    try:
        return f"{target}.json", str(emit(stack, target))
    except EmitError as error:
        return f"{target}.refused", f"{error}\n"


def roles_of(stack: Stack, target: TargetName, where: Known) -> meaning.Roles:
    artifact = emit(stack, target)
    match target:
        case "terraform":
            return meaning.of_terraform(artifact, where)
        case "cloudformation":
            return meaning.of_cloudformation(artifact, where)
        case "iam":
            return meaning.of_iam(artifact)


def written(case: str) -> dict[str, str]:
    """The cells of a case on disk."""
    return {
        path.name: path.read_bytes().decode()
        for path in sorted((GOLDENS / case).glob("*"))
        if path.name != "config.yaml"
    }


def test_the_table_is_what_it_should_be(request: pytest.FixtureRequest) -> None:
    assert tuple(TABLE) == TARGETS
    assert CASES.keys() >= {"memos", "everything", "minimal"}
    expected = {
        Path(case, f"{target}.{'refused' if (case, target) in REFUSED else 'json'}")
        for case in CASES
        for target in TARGETS
    }
    expected |= {path.relative_to(GOLDENS) for path in CASES.values() if path.is_relative_to(GOLDENS)}
    found = {Path(folder, name).relative_to(GOLDENS) for folder, _, names in os.walk(GOLDENS) for name in names}
    if request.config.getoption("--update-goldens"):
        for orphan in found - expected:
            (GOLDENS / orphan).unlink()
        found &= expected
    assert found - expected == set(), "goldens of no case"
    assert expected - found == set(), "no golden: run `make test ARGS=--update-goldens`, and read what it writes"


@each_target
@each_case
def test_bytes_are_those_that_were_reviewed(case: str, target: TargetName, request: pytest.FixtureRequest) -> None:
    name, content = cell(stack_of(case), target)
    if request.config.getoption("--update-goldens"):
        (GOLDENS / case).mkdir(exist_ok=True)
        (GOLDENS / case / name).write_bytes(content.encode())
    golden = {name: text for name, text in written(case).items() if name.startswith(f"{target}.")}
    assert golden == {name: content}


@pytest.mark.parametrize(
    ("case", "target"), [(case, target) for case in CASES for target in TARGETS if (case, target) not in REFUSED]
)
def test_what_is_emitted_means_what_the_model_says(case: str, target: TargetName) -> None:
    stack = stack_of(case)
    where = known(stack)
    assert roles_of(stack, target, where) == meaning.of_stack(stack, where)


@each_case
def test_all_targets_mean_the_same_once_bound(case: str) -> None:
    stack = stack_of(case)
    where = known(stack)
    never = REFUSED - {(case, "iam")}
    for target in TARGETS:
        if (case, target) not in never:
            assert roles_of(bound(stack), target, where) == meaning.of_stack(stack, where)
            made = meaning.providers_of(emit(bound(stack), target), where)
            assert made == meaning.providers_of_stack(stack, where)


@each_case
def test_outputs_are_the_models_in_terraform_and_in_cloudformation(case: str) -> None:
    stack = stack_of(case)
    where = known(stack)
    expected = meaning.outputs_of_stack(stack, where)
    roles = {
        id_: role and {"arn": expected[f"{name}_arn"], "name": expected[f"{name}_name"], "purpose": purpose}
        for id_, name, purpose in (
            ("execution", "task_execution_role", "ECS task execution"),
            ("task", "task_role", "ECS task"),
            ("github_actions", "github_actions_role", "GitHub Actions deployment"),
            *((kind.id, kind.output, kind.purpose) for kind in ROLES.values() if kind.aside and kind.id in stack.roles),
        )
        if f"{name}_arn" in expected
        for role in [expected[f"{name}_arn"]]
    }
    maps = {"enabled_features": dict(stack.intent.flags), "role_summary": roles}
    assert meaning.outputs_of_terraform(emit(stack, "terraform"), where) == expected | maps
    if (case, "cloudformation") not in REFUSED:
        there = {camel_case(name): value for name, value in expected.items() if value}
        assert meaning.outputs_of_cloudformation(emit(stack, "cloudformation"), where) == there


@pytest.mark.parametrize(("case", "target"), sorted(REFUSED))
def test_what_is_refused_once_bound_is_only_what_no_binding_can_help(case: str, target: TargetName) -> None:
    name, content = cell(bound(stack_of(case)), target)
    assert name == f"{target}.{'json' if target == 'iam' else 'refused'}"
    if target != "iam":
        assert {name: content}.items() <= written(case).items()


@each_case
def test_the_one_document_holds_what_the_files_hold(case: str) -> None:
    for target in TARGETS:
        if (case, target) not in REFUSED:
            artifact = emit(stack_of(case), target)
            document = json.loads(artifact.document)
            own = {path: text for path, text in artifact.files.items() if not path.startswith("companions/")}
            files = {path: json.loads(text) for path, text in own.items()}
            assert (document if target != "cloudformation" else {"template.json": document}) == files


@each_target
def test_the_mark_stands_where_the_format_has_a_place(target: TargetName) -> None:
    mark = "generated by ecsiam from memos.yaml: change that, not this"
    places: Mapping[TargetName, object] = {
        "terraform": dict.fromkeys(("versions.tf.json", "main.tf.json", "outputs.tf.json"), mark),
        "cloudformation": {"template.json": {"GeneratedBy": mark}},
        "iam": {},
    }
    files = emit(stack_of("memos"), target).files
    documents: dict[str, Any] = {path: json.loads(text) for path, text in files.items()}
    key = "Metadata" if target == "cloudformation" else "//"
    assert {path: document[key] for path, document in documents.items() if key in document} == places[target]


def test_an_unknown_target_is_refused_with_those_there_are() -> None:
    with pytest.raises(EmitError) as caught:
        emit(stack_of("memos"), cast("TargetName", "pulumi"))
    message = "unknown target `pulumi`. There are `terraform`, `cloudformation`, `iam`."
    assert str(caught.value) == message


def test_values_to_bind_are_checked_as_a_stacks_are() -> None:
    stack = stack_of("minimal")
    values = {"account_id": "123456789012", "aws_region": "eu-west-2"}
    assert emit(stack, "iam", bind=values) == emit(stack.bind(values), "iam")
