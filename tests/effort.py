"""How hard the tests try: Hypothesis's profiles, how many examples a law gets, and what a call costs on any machine."""

from collections.abc import Callable
from time import process_time

from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

STEADY, THOROUGH, EXPLORE = "steady", "thorough", "explore"
_USUAL = 100  # examples, where a law says nothing else


def register_profiles() -> None:
    """What users and CI run is the same for the same code, however slow the machine is; only `explore` draws anew."""
    steady = settings(
        max_examples=_USUAL,
        derandomize=True,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.register_profile(STEADY, steady)
    settings.register_profile(THOROUGH, steady, max_examples=3 * _USUAL)
    settings.register_profile(EXPLORE, steady, max_examples=20 * _USUAL, derandomize=False)
    settings.load_profile(STEADY)
    _draw_no_constants_of_ours()


def _draw_no_constants_of_ours() -> None:
    """But where values are drawn anew: Hypothesis also draws the constants of the modules that are loaded by then.

    That depends on which tests ran before in the same process, so a law failed in one run that held in the next. There
    is no setting for it.
    """
    none, loaded = providers.Constants(), providers._get_local_constants  # type: ignore[attr-defined]  # pyright: ignore[reportPrivateUsage]
    providers._get_local_constants = lambda: loaded() if exploring() else none  # pyright: ignore[reportPrivateUsage]


def many(examples: int) -> int:
    """So many examples, and as many times more as the profile asks for; asked where a module is loaded, in no law."""
    return examples * int(settings().max_examples) // _USUAL  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def exploring() -> bool:
    """Whether values are drawn anew in every run."""
    return not settings().derandomize  # pyright: ignore[reportUnknownMemberType]


def cost(act: Callable[[], object]) -> float:
    """CPU seconds of a call, as the machine would count them that the limits were made on: another is measured."""
    start = process_time()
    _yardstick()
    between = process_time()
    act()
    return (process_time() - between) / (between - start) * _YARDSTICK


_YARDSTICK = 0.018  # seconds


def _yardstick() -> int:
    """A fixed piece of plain Python."""
    found = 0
    for i in range(400_000):
        found ^= i * i
    return found
