"""The command line: from arguments to one call of the library, and from its answer to text.

Exit codes: 0 yes, 1 no (a difference, a failed invariant, a request that is not allowed, access that was gained),
2 your input or usage, 3 undecided; 130 when interrupted.
"""

__all__ = ["main"]


def main() -> None:
    """Run the command line. No error leaves it as a traceback."""
    from ecsiam.cli import interrupts  # first of all: to import the rest takes longer than many a run

    interrupts.heed()
    from ecsiam.cli.app import run

    run()
