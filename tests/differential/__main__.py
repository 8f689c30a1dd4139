"""The long run: `python -m tests.differential --minutes 15 --seed 0`. Its exit code is 1 when anything disagreed."""

import argparse
import functools
import sys
import time

from .cases import SHARES, Counts, case, shown, small
from .checks import QUESTIONS, check


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.differential", description=__doc__)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--seed", type=int, default=0, help="the first one; each case takes the next")
    parser.add_argument("--only", choices=QUESTIONS, help="one question")
    parser.add_argument("--show", type=int, default=20, help="how many disagreements to shrink and show")
    given = parser.parse_args()
    shares = SHARES if given.only is None else {given.only: 1}
    say = functools.partial(print, flush=True)
    counts, seed, until = Counts(), given.seed, time.monotonic() + given.minutes * 60
    while time.monotonic() < until:
        one = case(seed, shares)
        outcome = check(one)
        counts.add(one, outcome)
        if outcome.fault and counts.faults.total() <= given.show:
            say(shown(seed, *small(one, outcome)))
        seed += 1
    say(f"seeds {given.seed} to {seed - 1}, {counts.faults.total()} disagreements")
    for title, counter in (
        ("cases", counts.cases),
        ("answers", counts.answers),
        ("operators", counts.operators),
        ("disagreements", counts.faults),
    ):
        say(f"{title}:")
        for name, count in sorted(counter.items()):
            say(f"  {count:8} {name}")
    return 1 if counts.faults else 0


if __name__ == "__main__":
    sys.exit(main())
