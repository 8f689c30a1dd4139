"""Repositories as people have them: without a fault each is silent, a fault that is planted is named where it is."""

import shutil
from pathlib import Path

import pytest

from ecsiam.findings import Checked, check
from ecsiam.readers.reader import read

from .planted import FAULTS, SHAPES

# Copilot makes the roles of its manifest itself.
NOT_JUDGED = {"copilot"}


def checked(directory: Path) -> Checked:
    return check(read(directory, root=directory))


@pytest.mark.parametrize("shape", sorted(path.name for path in SHAPES.iterdir()))
def test_a_repository_without_a_fault_is_silent_and_all_of_it_is_judged(shape: str) -> None:
    found = checked(SHAPES / shape)
    assert not found.findings, [str(f) for f in found]
    assert any(one.shape == shape for one in FAULTS.values())
    if shape not in NOT_JUDGED:
        assert (found.undecided, found.gaps) == ((), ())
        assert found.tasks
        assert found.roles


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_where_it_stands(name: str, tmp_path: Path) -> None:
    one = FAULTS[name]
    here = tmp_path / one.shape
    shutil.copytree(SHAPES / one.shape, here)
    file = here / one.file
    text = file.read_text(encoding="utf-8")
    assert one.old in text, "the fault has a place"
    file.write_text(text.replace(one.old, one.new), encoding="utf-8")
    found = checked(here).findings
    where = {
        f: Path(f.place.file).read_text(encoding="utf-8").splitlines()[(f.place.line or 1) - 1]
        for f in found
        if f.rule == one.rule
    }
    at = [f for f, line in where.items() if one.line in line and Path(f.place.file) == here / (one.at or one.file)]
    assert at, {str(f): line for f, line in where.items()} or [str(f) for f in found]
    assert any(one.says in f"{f.fact} {f.request}" for f in at), [f"{f} {f.request}" for f in at]
    # What no longer matches what is asked for is asked for by nobody.
    assert {f.rule for f in found} - ({"idle"} - {one.rule}) == {one.rule} | one.also
