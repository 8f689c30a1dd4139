"""The command line: from arguments to one call of the library, and from its answer to text.

Exit codes: 0 yes, 1 no (a difference, a failed invariant, a request that is not allowed, access that was gained),
2 your input or usage, 3 undecided; 130 when interrupted.
"""

from ecsiam.cli.app import main

__all__ = ["main"]
