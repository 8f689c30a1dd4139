"""Many values that Hypothesis chooses, at once: for a program, or a law, that is too slow to be tried for each."""

from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

T = TypeVar("T")


def batch(strategy: st.SearchStrategy[T], size: int) -> list[T]:
    """`size` values, the same in every run but for the exploring one.

    Nothing shrinks: a test over a batch has to show the one that failed.
    """
    found: list[T] = []

    slow = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)

    @settings(max_examples=size, phases=[Phase.generate], suppress_health_check=slow)
    @given(strategy)
    def gather(value: T) -> None:
        found.append(value)

    gather()
    assert len(found) > size // 2, "Hypothesis found too few"
    return found
