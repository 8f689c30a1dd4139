"""What laws draw is the same in every run of the same code, whatever else runs beside them."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .effort import exploring


def drawn() -> list[object]:
    """What a law draws."""
    found: list[object] = []

    @settings(max_examples=200)
    @given(st.integers(), st.text())
    def law(number: int, text: str) -> None:
        found.append((number, text))

    law()
    return found


def test_what_is_drawn_does_not_depend_on_what_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if exploring():
        pytest.skip("draws anew")
    before = drawn()
    file = tmp_path / "of_ours.py"
    file.write_text("NUMBERS = (" + ", ".join(str(10**6 + n) for n in range(1000)) + ")\n", encoding="utf-8")
    spec = spec_from_file_location("of_ours", file)
    assert spec is not None
    monkeypatch.setitem(sys.modules, "of_ours", module_from_spec(spec))
    assert drawn() == before
