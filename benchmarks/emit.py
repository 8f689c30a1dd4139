"""`emit` as a whole process, beside the libraries it stands on and beside the same roles in troposphere + awacs.

The repetitions are interleaved, so that what else the machine does falls on all alike, and the medians are compared as
ratios. Nothing heavy is imported here: a child's peak memory counts what it had of ours before it was another program.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent / "examples"
PEER = HERE / "peer_awacs.py"
TARGETS = ("terraform", "cloudformation", "iam")
SECONDS = {"terraform": 0.25, "cloudformation": 0.35, "iam": 0.25}  # goals
MIB = 80
PYTHON = (sys.executable, "-I")  # -I: no variable of the environment has a part in it
IMPORTS = 2.5  # goal of one service, of the imports that it stands on
SERVICES, SEVERAL = 200, 2.0  # goal: at most twice the peer, start-up included
FLOOR, PEERS = "import pydantic, attrs", "troposphere + awacs, everything"


class Case(NamedTuple):
    """A command to measure."""

    name: str
    command: tuple[str, ...]
    goal: float | None = None


class Run(NamedTuple):
    """What one run took."""

    seconds: float
    processor: float
    mib: float


def cases() -> list[Case]:
    found = [
        Case("python, nothing imported", (*PYTHON, "-c", "pass")),
        Case(FLOOR, (*PYTHON, "-c", FLOOR)),
        Case(PEERS, (*PYTHON, str(PEER))),
    ]
    for example in ("memos", "everything"):
        for target in TARGETS:
            config = str(EXAMPLES / f"{example}.yaml")
            command = (*PYTHON, "-m", "ecsiam", "emit", config, "--target", target)
            found.append(Case(f"emit {example}, {target}", command, SECONDS[target]))
    return found


def of_several(home: str) -> tuple[Case, list[Case]]:
    """Services with all the seed's flags: in the peer, from one file of ours, and ten times as many, to see growth."""
    given = (EXAMPLES / "everything.yaml").read_text().splitlines()
    shared = [f"  {line}" for line in given if not line.startswith(("#", "project_name:", "environment:"))]
    files: dict[int, Path] = {}
    for count in (SERVICES, 10 * SERVICES):
        files[count] = Path(home, f"services-{count}.yaml")
        services = [f"  service-{i}: {{}}" for i in range(count)]
        files[count].write_text(
            "\n".join(("defaults:", *shared, "environments:", "  prod: {}", "services:", *services))
        )

    def emit(count: int, target: str) -> Case:
        command = (*PYTHON, "-m", "ecsiam", "emit", str(files[count]), "--target", target)
        return Case(f"emit {count} services, {target}", command)

    peer = Case(f"troposphere + awacs, {SERVICES} of them", (*PYTHON, str(PEER), str(SERVICES), home))
    return peer, [*(emit(SERVICES, target) for target in TARGETS), emit(10 * SERVICES, "cloudformation")]


def show_several(repeat: int, home: str) -> None:
    peer, ours = of_several(home)
    runs = {case: [measure(case, home) for _ in range(repeat)] for case in (peer, *ours)}
    took = {case: median(run.seconds for run in of) for case, of in runs.items()}
    print(f"\n{'':36} {'s':>6} {'of awacs':>9} {'a service':>10} {'MiB':>4}   goal {SEVERAL} of awacs")
    for case, of in runs.items():
        count = 10 * SERVICES if case is ours[-1] else SERVICES
        ratio = took[case] / took[peer] * SERVICES / count
        line = f"{case.name:36} {took[case]:6.2f} {ratio:8.2f}x {1000 * took[case] / count:7.2f} ms"
        print(f"{line} {max(run.mib for run in of):4.0f}")


def measure(case: Case, home: str) -> Run:
    """Run it once."""
    start = time.perf_counter()
    with subprocess.Popen(case.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=home) as process:
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(case.command)}: exit code {process.returncode}")
    return Run(
        seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    )


def check_peer() -> None:
    """The comparison is fair only while both say the same."""
    ours = (*PYTHON, "-m", "ecsiam", "emit", str(EXAMPLES / "everything.yaml"), "--target", "cloudformation")
    said = [
        subprocess.run(command, capture_output=True, check=True, text=True).stdout
        for command in (ours, (*PYTHON, PEER))
    ]
    mine, theirs = (json.loads(text) for text in said)
    del mine["Metadata"]  # the mark
    if mine != theirs:
        raise SystemExit(f"{PEER.name} no longer says what examples/everything.yaml does: bring it up to date")


def show(runs: dict[Case, list[Run]]) -> None:
    seconds = {case.name: median(run.seconds for run in of) for case, of in runs.items()}
    print(f"{'':32} {'s':>6} {'of imports':>11} {'of awacs':>9} {'cpu s':>6} {'MiB':>4}")
    for case, of in runs.items():
        took, mib = seconds[case.name], max(run.mib for run in of)
        ratios = f"{took / seconds[FLOOR]:10.2f}x {took / seconds[PEERS]:8.2f}x"
        line = f"{case.name:32} {took:6.3f} {ratios} {median(run.processor for run in of):6.3f} {mib:4.0f}"
        if case.name.startswith("emit memos"):
            line += f"   goal {IMPORTS}x imports"
        if case.goal:
            reached = took <= case.goal and mib <= MIB
            line += f"   goal {case.goal:.2f} s, {MIB} MiB: {'reached' if reached else 'not reached'}"
        print(line)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description="Time and memory of `emit`.")
    parser.add_argument("--repeat", type=int, default=15, metavar="N", help="runs of each (default 15)")
    repeat = max(1, parser.parse_args().repeat)
    check_peer()
    runs: dict[Case, list[Run]] = {case: [] for case in cases()}
    with tempfile.TemporaryDirectory() as home:
        for turn in range(repeat + 1):
            for case, of in runs.items():
                run = measure(case, home)
                if turn:  # the first fills caches and compiles
                    of.append(run)
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"medians of {repeat}, Python {sys.version.split()[0]}, {os.cpu_count()} processors{load}\n")
    show(runs)
    with tempfile.TemporaryDirectory() as home:
        show_several(max(1, repeat // 5), home)
