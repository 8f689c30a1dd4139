"""What ships: the whole package under its one name, and nothing else."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LINKED = ("emitters", "schemas")


def tree() -> set[str]:
    """Every file of the package as the checkout has it, the links followed."""
    return {
        Path(folder, file).relative_to(ROOT).as_posix()
        for folder, _, files in os.walk(ROOT / "ecsiam", followlinks=True)
        if "__pycache__" not in Path(folder).parts
        for file in files
        if not file.startswith(".")
    }


def contents(wheel: Path) -> set[str]:
    """The names of the files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


def run(*command: str | Path) -> str:
    """What a command prints; its own words where it fails."""
    done = subprocess.run([sys.executable, "-I", *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a build reads, so that no leftover of an earlier build takes part and none is left behind."""
    copy = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    for name in ("ecsiam", *LINKED):
        shutil.copytree(ROOT / name, copy / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    return copy


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from the tree."""
    out = tmp_path_factory.mktemp("wheel")
    run("-m", "build", "--no-isolation", "--wheel", "--outdir", out, source)
    (built,) = out.glob("*.whl")
    return built


@pytest.mark.parametrize("name", LINKED)
def test_links_lead_to_folders(name: str) -> None:
    link = ROOT / "ecsiam" / name
    assert link.is_symlink(), f"`ecsiam/{name}` is not a link: git may need core.symlinks=true"
    assert link.readlink() == Path("..", name)
    assert (link / "__init__.py").samefile(ROOT / name / "__init__.py")


def test_wheel_holds_the_tree_and_nothing_else(wheel: Path) -> None:
    expected = tree()
    assert expected >= {"ecsiam/__init__.py", "ecsiam/py.typed", *(f"ecsiam/{name}/__init__.py" for name in LINKED)}

    names = contents(wheel)
    metadata = {name for name in names if name.split("/")[0].endswith(".dist-info")}
    assert names - metadata == expected
    assert {name.split("/")[0] for name in names - metadata} == {"ecsiam"}


def test_sdist_builds_the_same_wheel(source: Path, wheel: Path, tmp_path: Path) -> None:
    run("-m", "build", "--no-isolation", "--outdir", tmp_path, source)  # an sdist, and a wheel from it
    (rebuilt,) = tmp_path.glob("*.whl")
    assert list(tmp_path.glob("*.tar.gz"))
    assert contents(rebuilt) == contents(wheel)


def test_installed_wheel_has_the_linked_packages(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path.resolve() / "site"
    run("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile", "--target", target, wheel)
    ask = (
        "import importlib.util, sys; sys.path.insert(0, sys.argv.pop(1));"
        "[print(importlib.util.find_spec(name).origin) for name in sys.argv[1:]]"
    )
    found = run("-c", ask, target, *(f"ecsiam.{name}" for name in LINKED)).splitlines()
    assert found == [str(target / "ecsiam" / name / "__init__.py") for name in LINKED]


def test_what_people_run_is_what_was_tested() -> None:
    def pins(lock: str) -> set[str]:
        lines = (ROOT / "requirements" / lock).read_text(encoding="utf-8").splitlines()
        return {line.removesuffix(" \\").partition(" ;")[0] for line in lines if "==" in line and line[0].isalpha()}

    assert "setuptools" in {pin.partition("==")[0] for pin in pins("run.lock")}
    assert pins("run.lock") <= pins("dev.lock")
