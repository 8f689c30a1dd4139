"""Run the notebooks and store what they show; run it with `make notebooks`."""

import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nbclient
import nbformat

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
KERNEL = "this-python"


def settings(folder: Path) -> dict[str, str]:
    """The environment in which Jupyter knows one kernel, this Python, and nobody's own settings."""
    spec = folder / "kernels" / KERNEL / "kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [sys.executable, "-Im", "ipykernel_launcher", "--log-level=ERROR", "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": argv, "display_name": KERNEL, "language": "python"}), encoding="utf-8")
    return dict.fromkeys(("JUPYTER_PATH", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"), str(folder))


def run(path: Path) -> str:
    """The text of a notebook with what its cells show now: the same on every machine and Python, on every day."""
    notebook = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(path.parent)}}
    nbclient.NotebookClient(
        notebook, kernel_name=KERNEL, timeout=120, resources=where, coalesce_streams=True, record_timing=False
    ).execute()
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.execution_count = None
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = None
    return nbformat.writes(notebook) + "\n"


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        os.environ |= settings(Path(folder))
        for path in NOTEBOOKS:
            path.write_text(run(path), encoding="utf-8", newline="\n")
            print(path.relative_to(ROOT))
