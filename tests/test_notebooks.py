"""Every notebook is kept with what its cells show, and that is what they show now: text, HTML and Markdown."""

import json
import re
import runpy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
STORING = runpy.run_path(str(ROOT / "docs" / "notebooks.py"))
NOTEBOOKS = cast("list[Path]", STORING["NOTEBOOKS"])
settings = cast("Callable[[Path], dict[str, str]]", STORING["settings"])
run = cast("Callable[[Path], str]", STORING["run"])
# Of a machine, a moment or one process; and what a terminal would obey.
PASSING = re.compile(r"/(?:home|root|tmp|Users|usr)/|\b0x[0-9a-f]{6,}|\\u001b|Traceback", re.IGNORECASE)
MOST = 100_000  # bytes, so that a change of one can be read

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what a notebook reads; a kernel that is the Python of the tests; nobody's own settings."""
    for name in ("examples", "notebooks"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns(".*"))
    for name, value in settings(tmp_path / "jupyter").items():
        monkeypatch.setenv(name, value)
    return tmp_path


def cells(path: Path) -> list[Any]:
    untyped: Any = nbformat
    notebook = untyped.read(path, as_version=4)
    untyped.validate(notebook)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_all_notebooks_are_kept_up_to_date() -> None:
    assert {"tour", "break_it"} <= {path.stem for path in NOTEBOOKS}
    assert sorted((ROOT / "notebooks").rglob("*.ipynb")) == NOTEBOOKS


@each_notebook
def test_a_notebook_shows_something_that_lasts(path: Path) -> None:
    assert [cell.id for cell in cells(path) if cell.outputs]
    assert {cell.execution_count for cell in cells(path)} == {None}
    outputs = json.dumps([cell.outputs for cell in cells(path)])
    assert PASSING.findall(outputs) == []
    assert path.stat().st_size < MOST


@each_notebook
def test_a_value_is_shown_as_html_and_markdown_too(path: Path) -> None:
    shown = [output for cell in cells(path) for output in cell.outputs if output.output_type == "execute_result"]
    assert shown
    assert {frozenset(output.data) for output in shown} == {frozenset({"text/plain", "text/html", "text/markdown"})}


@each_notebook
def test_a_notebook_shows_what_is_kept_and_leaves_nothing_behind(path: Path, home: Path) -> None:
    copy = home / path.relative_to(ROOT)
    before = {place: place.stat().st_mtime_ns for place in copy.parent.rglob("*")}
    fresh = run(copy)
    assert '"stderr"' not in fresh
    assert path.read_text(encoding="utf-8") == fresh, f"`{path.name}` is stale: run `make notebooks`"
    assert {place: place.stat().st_mtime_ns for place in copy.parent.rglob("*")} == before
