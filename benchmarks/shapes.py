"""Questions that are hard by their size (`tests/shapes.py`): how long each takes."""

import importlib
import sys
import time
from pathlib import Path

GOAL = 2.0  # seconds


def report() -> None:
    """The worst of each family."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    families = importlib.import_module("tests.shapes").FAMILIES
    print("\nhard by their size")
    for family, shapes in families.items():
        took: list[tuple[float, str]] = []
        wrong = 0
        for shape in shapes():
            start = time.perf_counter()
            wrong += type(shape.ask()).__name__ != shape.right
            took.append((time.perf_counter() - start, shape.name))
        worst, name = max(took)
        reached = "reached" if worst <= GOAL and not wrong else "not reached"
        print(f"{family:28} {len(took):4} questions, {wrong} wrong, worst {worst:6.2f} s ({name})")
        print(f"{'':28} goal {GOAL:g} s: {reached}")
