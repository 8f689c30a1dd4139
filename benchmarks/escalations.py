"""The list of escalations scored against public catalogues of ways up, in both directions.

A path of a catalogue is a set of actions that lead up together. One that passes a role is `pass-role`'s to find; of any
other, one action in the list is enough. `catalogues.json` has the actions alone, each catalogue with its source.
"""

import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

CATALOGUES = Path(__file__).resolve().parent / "catalogues.json"
PASS_ROLE = "iam:PassRole"


class Score(NamedTuple):
    """What becomes of a catalogue's paths; `others` are those that are not found, with the reasons."""

    name: str
    found: tuple[str, ...]
    passed: tuple[str, ...]
    others: tuple[tuple[str, str], ...]


def catalogues() -> dict[str, list[str]]:
    """The paths of each catalogue by its name, the actions of a path with spaces between them."""
    return {c["name"]: c["paths"] for c in json.loads(CATALOGUES.read_text(encoding="utf-8"))}


def score(name: str) -> Score:
    from ecsiam.reference.reviewed import escalating

    paths = catalogues()[name]
    found = tuple(p for p in paths if PASS_ROLE not in p.split() and escalating().keys() & p.split())
    passed = tuple(p for p in paths if PASS_ROLE in p.split())
    return Score(name, found, passed, tuple((p, _why(p)) for p in paths if p not in found and p not in passed))


def _why(path: str) -> str:
    """Why we take none of a path's actions for a way up."""
    from ecsiam.reference.actions import action, date
    from ecsiam.reference.reviewed import reviewed

    reasons = (
        reviewed()[id].why if id in reviewed() else f"unknown to the service reference of {date()}"
        for id in path.split()
        if id in reviewed() or action(id) is None
    )
    return "; ".join(dict.fromkeys(reasons))


def beyond() -> Counter[str]:
    """How many actions of each group stand in no catalogue."""
    from ecsiam.reference.reviewed import escalating

    theirs = {id for paths in catalogues().values() for path in paths for id in path.split()}
    return Counter(group for id, group in escalating().items() if id not in theirs)


def main() -> None:
    from ecsiam.reference.reviewed import candidates, escalating, reviewed

    print("\nways up, against public catalogues\n")
    for name in catalogues():
        s = score(name)
        total = len(s.found) + len(s.passed) + len(s.others)
        print(f"{name}: {total} paths, {len(s.found)} found, {len(s.passed)} pass a role, {len(s.others)} left out")
        for reason in dict.fromkeys(why for _, why in s.others):
            print(f"    {reason}:\n        {', '.join(path for path, why in s.others if why == reason)}")
    ours, more = escalating(), beyond()
    groups = ", ".join(f"{n} {group}" for group, n in more.most_common())
    print(f"\nours: {len(ours)} actions, {more.total()} in no catalogue ({groups})")
    found = [d.id for d, _ in candidates()]
    open_ = [id for id in found if id not in ours and id not in reviewed()]
    print(
        f"the rule finds {len(found)} candidates; {sum(id in ours for id in found)} are in the list, {len(open_)} wait"
    )
    for id in open_:
        print(f"    {id}")
