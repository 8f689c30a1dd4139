"""Questions about policies: how long an answer takes, and how long an SMT solver takes over the same question.

Every question is asked once before it is measured, as an editor or a test run would have done; "first" is a fresh
process.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
PYTHON = (sys.executable, "-I", "-c")
FLAGS = (
    "enable_efs_access",
    "enable_secrets_access",
    "enable_s3_access",
    "enable_cloudwatch_logs",
    "enable_ecs_exec",
    "enable_github_oidc",
)


def timed(ask: Callable[[], object], repeat: int) -> float:
    """The median of some runs, in seconds."""
    ask()
    took: list[float] = []
    for _ in range(repeat):
        start = time.perf_counter()
        ask()
        took.append(time.perf_counter() - start)
    return median(took)


def fresh(code: str, repeat: int) -> float:
    """The median of what `code` measures of itself and prints, each time in a process of its own."""
    return median(
        float(subprocess.run((*PYTHON, code), capture_output=True, text=True, check=True).stdout) for _ in range(repeat)
    )


# ---------------------------------------------------------------- the peer


class Solver:
    """A policy as cvc5 has it: strings for action and resource, one for each key, and whether the key is there."""

    def __init__(self) -> None:
        import cvc5

        self.k = cvc5.Kind
        self.s: Any = cvc5.Solver()
        self.s.setLogic("QF_SLIA")
        self.s.setOption("strings-exp", "true")
        self.strings: dict[str, Any] = {}
        self.present: dict[str, Any] = {}

    def string(self, name: str) -> Any:
        return self.strings.setdefault(name, self.s.mkConst(self.s.getStringSort(), name))

    def there(self, key: str) -> Any:
        return self.present.setdefault(key, self.s.mkConst(self.s.getBooleanSort(), f"{key} is there"))

    def any_of(self, terms: list[Any]) -> Any:
        return self.s.mkFalse() if not terms else terms[0] if len(terms) == 1 else self.s.mkTerm(self.k.OR, *terms)

    def all_of(self, terms: list[Any]) -> Any:
        return terms[0] if len(terms) == 1 else self.s.mkTerm(self.k.AND, *terms)

    def matches(self, name: str, pattern: str) -> Any:
        s, k = self.s, self.k
        one = s.mkTerm(k.REGEXP_ALLCHAR)
        parts = [
            s.mkTerm(k.REGEXP_STAR, one)
            if text == "*"
            else one
            if text == "?"
            else s.mkTerm(k.STRING_TO_REGEXP, s.mkString(text))
            for _, group in itertools.groupby(pattern, key=lambda c: c if c in "*?" else "")
            for text in ["".join(group)]
        ]
        return s.mkTerm(
            k.STRING_IN_REGEXP, self.string(name), parts[0] if len(parts) == 1 else s.mkTerm(k.REGEXP_CONCAT, *parts)
        )

    def statement(self, statement: Any) -> Any:
        asked = [
            self.any_of([self.matches("action", a.pattern.lower()) for a in statement.actions.items]),
            self.any_of([self.matches("resource", str(r)) for r in statement.resources.items]),
        ]
        for c in statement.conditions:
            if str(c.operator) != "StringEquals":
                raise SystemExit(f"the peer has no `{c.operator}`: bring it up to date")
            same = [self.s.mkTerm(self.k.EQUAL, self.string(c.key), self.s.mkString(str(v))) for v in c.values]
            asked += [self.there(c.key), self.any_of(same)]
        return self.all_of(asked)

    def allows(self, role: Any) -> Any:
        return self.any_of([self.statement(s) for p in role.policies.values() for s in p.document.statements])

    def satisfiable(self, *terms: Any) -> bool:
        for term in terms:
            self.s.assertFormula(term)
        return self.s.checkSat().isSat()


def solver_overlaps(a: Any, b: Any) -> bool:
    """Whether the solver finds a request that both roles allow."""
    solver = Solver()
    return solver.satisfiable(solver.allows(a), solver.allows(b))


def solver_contains(a: Any, b: Any) -> bool:
    """Whether the solver finds none that only `b` allows."""
    solver = Solver()
    return not solver.satisfiable(solver.allows(b), solver.s.mkTerm(solver.k.NOT, solver.allows(a)))


# ---------------------------------------------------------------- the questions


def combinations() -> list[Any]:
    """The config of examples/everything.yaml with every choice of flags."""
    import ecsiam

    whole = ecsiam.load_config(EXAMPLES / "everything.yaml").model_dump(exclude_unset=True)
    choices = itertools.product((False, True), repeat=len(FLAGS))
    return [ecsiam.Config(**{**whole, **dict(zip(FLAGS, on, strict=True))}) for on in choices]


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description="Time of questions about policies.")
    parser.add_argument("--repeat", type=int, default=15, metavar="N", help="runs of each (default 15)")
    repeat = max(1, parser.parse_args().repeat)
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    import ecsiam
    from ecsiam.invariants import prove_all
    from ecsiam.reference.managed import managed_policies, managed_policy

    found = json.loads(aws_managed_policies_data)
    aws = {name: ecsiam.parse_policy(data["Document"]) for name, data in found.items()}
    stack = ecsiam.build(ecsiam.load_config(EXAMPLES / "everything.yaml"))
    execution, task = stack.roles["execution"], stack.roles["task"]
    wide, narrow = aws["ReadOnlyAccess"], aws["ViewOnlyAccess"]
    some, power = list(aws.values())[:400], aws["PowerUserAccess"]
    request = ecsiam.Request(action="s3:GetObject", resource="arn:aws:s3:::memos-uploads/x")
    configs = combinations()
    answers: dict[str, int] = {}
    for policy in some:
        kind = type(ecsiam.contains(power, policy)).__name__
        answers[kind] = answers.get(kind, 0) + 1
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"\nmedians of {repeat}, Python {sys.version.split()[0]}, {os.cpu_count()} processors{load}\n")
    peer = (
        timed(lambda: solver_overlaps(execution, task), repeat),
        timed(lambda: solver_contains(execution, task), repeat),
    )
    if solver_overlaps(execution, task) != bool(ecsiam.overlaps(execution, task)):
        raise SystemExit("the solver disagrees about the overlap")
    if solver_contains(execution, task) != bool(ecsiam.contains(execution, task)):
        raise SystemExit("the solver disagrees about the containment")
    prove_first = PROVE.format(str(EXAMPLES / "everything.yaml"))
    rows: list[tuple[str, float, float | None, float | None]] = [
        ("execution and task role overlap", timed(lambda: ecsiam.overlaps(execution, task), repeat), 0.0003, peer[0]),
        ("execution role contains task role", timed(lambda: ecsiam.contains(execution, task), repeat), 0.0003, peer[1]),
        ("ReadOnlyAccess contains ViewOnlyAccess", timed(lambda: ecsiam.contains(wide, narrow), repeat), 0.025, None),
        (
            f"PowerUserAccess contains 400 ({', '.join(f'{n} {kind}' for kind, n in sorted(answers.items()))})",
            timed(lambda: [ecsiam.contains(power, p) for p in some], repeat),
            0.090,
            None,
        ),
        ("one request evaluated", timed(lambda: ecsiam.evaluate(task, request), repeat * 20), 0.00005, None),
        ("prove examples/everything.yaml", timed(lambda: ecsiam.prove(stack), repeat), None, None),
        (f"prove all {len(configs)} combinations of flags", timed(lambda: list(prove_all(configs)), 1), 5.0, None),
        ("import of the analysis, first", fresh(IMPORT, repeat), 0.030, None),
        (
            "prove examples/everything.yaml, first",
            fresh(prove_first, repeat),
            None,
            None,
        ),
    ]
    for name, took, goal, of_peer in rows:
        line = f"{name:78} {took * 1000:9.3f} ms"
        line += f"   cvc5 {of_peer * 1000:8.1f} ms, {of_peer / took:5.0f}x" if of_peer else ""
        line += f"   goal {goal * 1000:g} ms: {'reached' if took <= goal else 'not reached'}" if goal else ""
        print(line)
    ours = {arn.rpartition("/")[2]: known.document for arn in managed_policies() if (known := managed_policy(arn))}
    pairs = (
        (timed(lambda a=a, b=b: ecsiam.contains(ours[a], ours[b]), 1), a, b) for a, b in itertools.product(ours, ours)
    )
    took, a, b = max(pairs)
    print(f"\nworst of {len(ours) ** 2} pairs of ECS's managed policies: {took * 1000:.3f} ms, {a} contains {b}")


IMPORT = """
import attrs, ipaddress, decimal, time
start = time.perf_counter()
import ecsiam
ecsiam.contains, ecsiam.evaluate
print(time.perf_counter() - start)
"""
PROVE = """
import ecsiam, time
stack = ecsiam.build(ecsiam.load_config({!r}))
start = time.perf_counter()
ecsiam.prove(stack)
print(time.perf_counter() - start)
"""
