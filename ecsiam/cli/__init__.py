"""The command line: from arguments to one call of the library, and from its answer to text.

Exit codes: 0 yes, 1 no (a difference, a failed invariant, a request that is not allowed, access that was gained),
2 your input or usage, 3 undecided; 130 when interrupted.
"""

__all__ = ["main"]


def main() -> None:
    """Run the command line. No error leaves it as a traceback."""
    from ecsiam.cli import interrupts  # first of all: to import the rest takes longer than many a run

    interrupts.heed()
    _start_fast()
    from ecsiam.cli.app import run

    run()


def _start_fast() -> None:
    """What a process of one command saves: together a fifth of its time."""
    import atexit
    import gc
    import os

    gc.set_threshold(100_000, 20, 100)  # nearly all that a command makes lives to its end, in no cycles
    atexit.register(gc.freeze)  # nor is it looked through for cycles when the process ends
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it looks for some in every package installed
