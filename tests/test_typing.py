"""The documented usage: `make check` holds it to its types, here it runs."""

import ast
import runpy
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

import ecsiam

ROOT = Path(__file__).resolve().parents[1]
API = ROOT / "tests" / "typing" / "api.py"
TREE = ast.parse(API.read_text(encoding="utf-8"))
USES = [node.name for node in TREE.body if isinstance(node, ast.FunctionDef)]


def test_every_public_name_is_used() -> None:
    imported = {alias.name for node in ast.walk(TREE) if isinstance(node, ast.ImportFrom) for alias in node.names}
    used = {node.id for node in ast.walk(TREE) if isinstance(node, ast.Name)}
    assert set(ecsiam.__all__) <= imported & used


@pytest.mark.parametrize("use", USES)
def test_the_documented_usage_runs(use: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ecsiam.yaml").write_text("project_name: memos\nenvironment: dev\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    function: Callable[[], object] = runpy.run_path(str(API))[use]
    function()


def test_there_is_usage_to_run() -> None:
    assert len(USES) >= 10


def test_the_type_checkers_read_it() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert "tests" in tools["mypy"]["files"]
    assert tools["mypy"]["strict"] is True
    assert "tests" in tools["pyright"]["include"]
    assert tools["pyright"]["typeCheckingMode"] == "strict"


def test_the_package_says_that_it_is_typed() -> None:
    assert (ROOT / "ecsiam" / "py.typed").exists()
