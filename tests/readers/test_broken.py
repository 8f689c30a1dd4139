"""Broken input of every kind: named with its file and cause, in a time and a size that are bounded, the rest read."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ecsiam.errors import ReadError
from ecsiam.findings import check
from ecsiam.readers.reader import read

ROLE = 'resource "aws_iam_role" "r" {\n  name = "r"\n  assume_role_policy = jsonencode({ Statement = [] })\n}\n'
TEMPLATE = "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  R:\n    Type: AWS::IAM::Role\n    Properties:\n"
TASK = json.dumps({"family": "good", "containerDefinitions": [{"name": "a", "image": "b"}]})
STATEMENT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def listed(count: int, one: str) -> str:
    return f"[{','.join([one] * count)}]"


def statements(count: int, **more: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{**STATEMENT, **more}] * count})


# By file: what is in it, and what has to be said of it.
BROKEN: dict[str, tuple[str | bytes, str]] = {
    "many-values.json": ('{"Statement": ' + listed(2_600_000, "[]") + "}", "more than 2,500,000 keys and values"),
    "many-roles.json": (
        '{"RoleDetailList": ' + listed(50_001, '{"RoleName": "a"}') + "}",
        "a list of more than 50,000",
    ),
    "many-tasks.json": (listed(50_001, '{"containerDefinitions": 1}' + " " * 60), "a list of more than 50,000"),
    "many-statements.json": (statements(1_001), "more than 1,000 statements"),
    "large-statement.json": (statements(2, Resource=["arn:aws:s3:::bucket"] * 15_000), "is larger than 256 KiB"),
    "spaces.json": (" " * 5_000_000 + '{"Statement": }', "not JSON"),
    "doubled.tf": (ROLE + ROLE, "`resource.aws_iam_role.r` is declared twice"),
    "doubled-argument.tf": ("locals {\n  a = 1\n  a = 2\n}\n" + ROLE, "the argument `a` is set twice"),
    "doubled-local.tf": ("locals {\n  a = 1\n}\nlocals {\n  a = 2\n}\n" + ROLE, "`local.a` is declared twice"),
    "map-of-itself.yaml": (
        "Mappings: {A: {B: {C: !FindInMap [A, B, C]}}}\n"
        + TEMPLATE
        + "      AssumeRolePolicyDocument: !FindInMap [A, B, C]\n",
        "the map `A` holds a function",
    ),
    "map-of-maps.yaml": (
        "Mappings:\n"
        + "".join(f"  A{i}: {{B: {{C: !FindInMap [A{i + 1}, B, C]}}}}\n" for i in range(600))
        + "  A600: {B: {C: end}}\n"
        + TEMPLATE
        + "      AssumeRolePolicyDocument: !FindInMap [A0, B, C]\n",
        "the map `A0` holds a function",
    ),
    "utf-32.json": (TASK.encode("utf-32"), "it is no text in UTF-8 or UTF-16"),
    "utf-16.tf": (ROLE.encode("utf-16"), "isn't UTF-8"),
    "zipped.json": (b'PK\3\4"Statement":\xff\xfe', "it is not UTF-8"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_named_and_the_rest_is_read(tmp_path: Path, name: str) -> None:
    content, said = BROKEN[name]
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    (tmp_path / "good.json").write_text(TASK)

    reading = read(tmp_path)

    assert [task.family for task in reading.tasks] == ["good"]
    gaps = [*reading.gaps, *(gap for role in reading.roles.values() for gap in role.gaps)]
    assert any(said in gap.why and gap.place.file.endswith(name) for gap in gaps), gaps


def test_a_list_of_texts_one_after_the_other_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecsiam.readers.loading.LINED", 100)
    monkeypatch.setattr("ecsiam.readers.loading.MOST_LISTED", 3)
    path = tmp_path / "roles.json"
    path.write_text('{"RoleName": "a", "AssumeRolePolicyDocument": {}}\n' * 4)

    with pytest.raises(ReadError, match="a list of more than 3"):
        read(path)


# ---------------------------------------------------------------- what is no file of its own


def pipes(home: Path) -> None:
    for name in ("a.json", "b.yaml", "c.tf", "d.template"):
        os.mkfifo(home / name)


def values_in_a_pipe(home: Path) -> None:
    (home / "main.tf").write_text(ROLE)
    os.mkfifo(home / "terraform.tfvars")


def devices(home: Path) -> None:
    for name in ("zero.json", "zero.yaml", "zero.tf", "terraform.tfvars"):
        (home / name).symlink_to("/dev/zero")


def links_in_a_circle(home: Path) -> None:
    (home / "x.json").symlink_to("y.json")
    (home / "y.json").symlink_to("x.json")
    (home / "all").symlink_to(".")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
@pytest.mark.parametrize("make", [pipes, values_in_a_pipe, devices, links_in_a_circle])
def test_what_is_no_file_is_not_opened(tmp_path: Path, make: Callable[[Path], None]) -> None:
    (tmp_path / "good.json").write_text(TASK)
    make(tmp_path)

    assert [task.family for task in read(tmp_path).tasks] == ["good"]


# ---------------------------------------------------------------- modules


def test_modules_that_only_call_each_other_are_read(tmp_path: Path) -> None:
    for one, other in (("a", "b"), ("b", "c"), ("c", "a")):
        (tmp_path / one).mkdir()
        (tmp_path / one / "main.tf").write_text(f'module "m" {{\n  source = "../{other}"\n}}\n{ROLE}')

    reading = read(tmp_path)

    assert {role.address for role in reading.roles.values()} == {
        "aws_iam_role.r",
        "module.m.aws_iam_role.r",
        "module.m.module.m.aws_iam_role.r",
    }
    assert any("calls itself" in gap.why for gap in reading.gaps)


def test_a_file_of_terraform_is_read_with_its_folder(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(ROLE)

    with pytest.raises(ReadError, match="Name its folder"):
        read(tmp_path / "main.tf")


def test_an_override_may_say_it_again(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(ROLE)
    (tmp_path / "main_override.tf").write_text(ROLE.replace('"r"\n', '"other"\n'))

    (role,) = read(tmp_path).roles.values()

    assert role.name == "other"


LONG = "9" * 5_000
NUMBERS = [
    *(LONG, f"-{LONG}", "1e999", f'"{LONG}" + 1', f"{LONG} * {LONG}", f"7 % {LONG}", f"{LONG} / 3", "1e60 / 1e-300"),
    *(f'["a"][{LONG}]', f'["a"].{LONG}', '["a"][pow(10, 400)]', f'element(["a"], {LONG})', "range(0, 1e300)"),
    *(f'jsondecode("{LONG}")', f'yamldecode("{LONG}")', f'tonumber("{LONG}")', f'parseint("{LONG}", 10)'),
    *("pow(10, 10000)", "zipmap([1], [2])", "transpose({ a = [1] })", f'format("%d", {LONG})', 'tonumber("1e999")'),
]


@pytest.mark.parametrize("number", NUMBERS, ids=[one[:30] for one in NUMBERS])
def test_a_number_of_any_size_is_a_number_or_refused(number: str, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        f'resource "aws_iam_role" "r" {{\n  name  = "${{{number}}}"\n  count = {number}\n'
        f"  max_session_duration = {number}\n}}\n"
        f'resource "aws_ecs_task_definition" "t" {{\n  family = {number}\n  cpu = {number}\n'
        f"  container_definitions = jsonencode([{number}])\n}}\n"
    )
    with suppress(ReadError):
        check(read(tmp_path))


def test_a_number_that_is_too_large_has_its_line(tmp_path: Path) -> None:
    for name, text in (("main.tf", f"locals {{\n  a = {LONG}\n}}\n"), ("dump.json", f'{{"RoleName":\n{LONG}}}')):
        (tmp_path / name).write_text(text)
        with pytest.raises(ReadError, match=r"2: .*too large a number"):
            read(tmp_path)
        (tmp_path / name).unlink()
