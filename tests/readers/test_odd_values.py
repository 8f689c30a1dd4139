"""Whatever stands where something else is meant: a gap or an error of ours, never an exception of Python's."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import ecsiam
from ecsiam.errors import ReadError
from ecsiam.readers import loading
from ecsiam.readers.found import is_list, is_map

from .test_iam_json import INLINE, attached, detail, dump, managed, output
from .test_task_definition import DESCRIBED, MANIFEST, SERVICE, TASK

ODD: tuple[Any, ...] = (None, True, 7, 1.5, "", "x", "${X}", [], ["x"], [None], {}, {"x": None}, [[]], [{}])
SAMPLES: dict[str, Any] = {
    "dump.json": dump(
        detail(
            RolePolicyList=[{"PolicyName": "p", "PolicyDocument": INLINE["PolicyDocument"]}],
            AttachedManagedPolicies=attached("shared"),
            PermissionsBoundary={
                "PermissionsBoundaryArn": "arn:aws:iam::aws:policy/X",
                "PermissionsBoundaryType": "Policy",
            },
            Tags=[{"Key": "a", "Value": "b"}],
        ),
        policies=(managed(),),
        IsTruncated=False,
    ),
    "role.json": {"Role": output()},
    "inline.json": INLINE,
    "attached.json": {"AttachedPolicies": attached("shared")},
    "version.json": {"PolicyVersion": managed()["PolicyVersionList"][0]},
    "task.json": DESCRIBED,
    "service.json": {"services": [{**SERVICE, "taskDefinition": "api"}]},
    "main.tf.json": {
        "provider": {"aws": {"allowed_account_ids": ["111122223333"]}},
        "resource": {
            "aws_iam_role": {"a": {"name": "a", "count": 1, "assume_role_policy": "{}", "tags": {"a": "b"}}},
            "aws_ecs_task_definition": {
                "a": {"family": "a", "cpu": 256, "execution_role_arn": "x", "container_definitions": "[]"}
            },
        },
    },
    "create-role.json": {
        "RoleName": "api",
        "Path": "/",
        "AssumeRolePolicyDocument": output()["AssumeRolePolicyDocument"],
    },
}


def changed(value: Any) -> Iterator[Any]:
    """A value with each part of it replaced by each odd value, or left out."""
    yield from ODD
    if is_map(value):
        for key, inner in value.items():
            yield {k: v for k, v in value.items() if k != key}
            yield from ({**value, key: other} for other in changed(inner))
    elif is_list(value):
        for i, inner in enumerate(value):
            yield from ([*value[:i], other, *value[i + 1 :]] for other in changed(inner))


@pytest.mark.parametrize("lined", [True, False], ids=["with lines", "without"])
@pytest.mark.parametrize("name", SAMPLES)
def test_odd_values_never_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, lined: bool) -> None:
    monkeypatch.setattr(loading, "LINED", loading.LINED if lined else 0)
    (tmp_path / "other.json").write_text(json.dumps(TASK), encoding="utf-8")
    for given in changed(SAMPLES[name]):
        (tmp_path / name).write_text(json.dumps(given), encoding="utf-8")
        with suppress(ReadError):
            ecsiam.check(ecsiam.read(tmp_path))


@pytest.mark.parametrize("name", [*SAMPLES, "manifest.yml"])
def test_what_is_cut_off_never_crashes(tmp_path: Path, name: str) -> None:
    whole = MANIFEST if name == "manifest.yml" else json.dumps(SAMPLES[name], indent=1)
    path = tmp_path / name
    for end in range(0, len(whole), max(1, len(whole) // 150)):
        path.write_text(whole[:end], encoding="utf-8")
        with suppress(ReadError):
            ecsiam.read(path)
