"""Every notebook runs from its first cell to its last, and is kept without outputs."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("**/*.ipynb"))
KERNEL = "this-python"

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what a notebook reads; a kernel that is the Python of the tests; nobody's own settings."""
    for name in ("examples", "notebooks"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns(".*"))
    spec = tmp_path / "jupyter" / "kernels" / KERNEL / "kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [sys.executable, "-Im", "ipykernel_launcher", "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": argv, "display_name": KERNEL, "language": "python"}), encoding="utf-8")
    for name in ("JUPYTER_PATH", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / "jupyter"))
    return tmp_path


def read(path: Path) -> Any:
    untyped: Any = nbformat
    return untyped.read(path, as_version=4)


def test_there_is_a_notebook() -> None:
    assert "first_look" in {path.stem for path in NOTEBOOKS}


@each_notebook
def test_a_notebook_is_valid_and_holds_no_output(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert cells
    assert [cell.id for cell in cells if cell.outputs or cell.execution_count is not None] == []


@each_notebook
def test_a_notebook_runs_and_leaves_nothing_behind(path: Path, home: Path) -> None:
    copy = home / path.relative_to(ROOT)
    before = {place: place.stat().st_mtime_ns for place in copy.parent.rglob("*")}
    notebook = read(copy)
    where = {"metadata": {"path": str(copy.parent)}}
    nbclient.NotebookClient(notebook, kernel_name=KERNEL, timeout=120, resources=where).execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert [output.text for cell in cells for output in cell.outputs if output.get("name") == "stderr"] == []
    assert {place: place.stat().st_mtime_ns for place in copy.parent.rglob("*")} == before
