"""The table of cases: a config each, and what every target makes of it.

A case is an example, or `goldens/<case>/config.yaml`. Its cells are `goldens/<case>/<target>.json`, or
`<target>.refused` with the words of the refusal.
"""

from pathlib import Path
from typing import get_args

from ecsiam import Stack, build, load_config
from ecsiam.targets import TargetName

from .meaning import HERE

ROOT = Path(__file__).resolve().parents[1]
GOLDENS = ROOT / "tests" / "goldens"
CASES = {path.stem: path for path in sorted((ROOT / "examples").glob("*.yaml"))} | {
    path.parent.name: path for path in sorted(GOLDENS.glob("*/config.yaml"))
}
TARGETS: tuple[TargetName, ...] = get_args(TargetName)
OPEN = ("github-both", "github-immutable", "govcloud", "minimal", "reference", "regions", "secrets", "statements")
REFUSED: set[tuple[str, TargetName]] = {*((case, "iam") for case in OPEN), ("reference", "cloudformation")}
REGIONS = {"aws": HERE["aws_region"], "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


def stack_of(case: str) -> Stack:
    return build(load_config(CASES[case]))


def known(stack: Stack) -> dict[str, str]:
    """What the deployment would know: what the config says, and fitting values for the rest."""
    said = stack.deployment.home.known
    partition = said.get("partition", "aws")
    return {**HERE, "partition": partition, "aws_region": REGIONS[partition], **said}


def bound(stack: Stack) -> Stack:
    """The stack with nothing left to deployment."""
    open_ = {ref.name for ref in stack.deployment.home.unknown}
    return stack.bind({name: value for name, value in known(stack).items() if name in open_})
