"""The GitHub action, as far as it runs without GitHub: each script of it, with a `gh` that notes what it is told."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
ACTION: dict[str, Any] = cast("Any", YAML(typ="safe")).load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: dict[str, dict[str, Any]] = {step["name"]: step for step in ACTION["runs"]["steps"]}
CHECKED = ROOT / "examples" / "checked" / "main.tf"


def git(at: Path, *arguments: str) -> str:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *who, *arguments], cwd=at, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def runner(tmp_path: Path) -> Path:
    """A checkout whose branch takes a grant away, and what a runner has beside it."""
    origin, here, bin_ = tmp_path / "origin", tmp_path / "checkout", tmp_path / "temp" / "ecsiam" / "bin"
    for directory in (origin / "infra", bin_):
        directory.mkdir(parents=True)
    text = CHECKED.read_text(encoding="utf-8")
    file = origin / "infra" / "main.tf"
    file.write_text(text, encoding="utf-8")
    git(origin, "init", "-q")
    git(origin, "add", "-A")
    git(origin, "commit", "-qm", "before")
    subprocess.run(["git", "clone", "-q", str(origin), str(here)], check=True, capture_output=True)
    changed = here / "infra" / "main.tf"
    changed.write_text(text.replace("secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"), encoding="utf-8")
    tools = {
        bin_ / "ecsiam": f'exec {sys.executable} -I -m ecsiam "$@"',
        tmp_path / "gh": f'echo "$@" >> {tmp_path}/told',
    }
    for path, line in tools.items():
        path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        path.chmod(0o755)
    return tmp_path


def run(step: str, runner: Path, **env: str) -> "subprocess.CompletedProcess[str]":
    given = {
        "RUNNER_TEMP": str(runner / "temp"),
        "GITHUB_STEP_SUMMARY": str(runner / "summary.md"),
        "PATH": f"{runner}:{os.environ['PATH']}",
        **env,
    }
    assert STEPS[step].get("env", {}).keys() <= given.keys()
    script = cast("str", STEPS[step]["run"])
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=runner / "checkout", env=given, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_it_checks_compares_and_comments(runner: Path) -> None:
    checked = run("Check", runner, PATHS="infra", FAIL_ON="error", SARIF="ecsiam.sarif")
    assert checked.returncode == 1
    assert "::error file=" in checked.stdout
    assert '"version": "2.1.0"' in (runner / "checkout" / "ecsiam.sarif").read_text(encoding="utf-8")
    comment = runner / "temp" / "ecsiam.md"
    before = comment.read_text(encoding="utf-8")
    assert before == (runner / "summary.md").read_text(encoding="utf-8")
    compared = run("Compare", runner, PATHS="infra", BASE=git(runner / "origin", "rev-parse", "HEAD"))
    assert (compared.returncode, compared.stderr) == (0, "")
    after = comment.read_text(encoding="utf-8")
    assert after.startswith(before)
    assert "newly unmet" in after[len(before) :]
    assert run("Comment", runner, GH_TOKEN="t", NUMBER="7").returncode == 0
    told = (runner / "told").read_text(encoding="utf-8").splitlines()
    assert told == [f"pr comment 7 --edit-last --body-file {comment}"]


def test_what_it_takes_stands_in_its_inputs() -> None:
    written = (ROOT / "action.yml").read_text(encoding="utf-8")
    assert {name for name in ACTION["inputs"] if f"inputs.{name}" in written} == ACTION["inputs"].keys()
    assert all(step.get("shell") == "bash" for step in STEPS.values() if "run" in step)
