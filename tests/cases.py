"""The table of cases: a config each, and what every target makes of it.

A case is an example, one of its configs where it has several (`django-shop-dev`), or `goldens/<case>/config.yaml`. Its
cells are `goldens/<case>/<target>.json`, or `<target>.refused` with the words of the refusal.
"""

from pathlib import Path
from typing import get_args

from ecsiam import Config, Stack, build, load_config, load_configs
from ecsiam.targets import TargetName

from .meaning import HERE

ROOT = Path(__file__).resolve().parents[1]
GOLDENS = ROOT / "tests" / "goldens"
SEVERAL = {"django": ("shop-dev", "shop-prod"), "shop": ("shop-dev", "shop-prod", "reports-prod")}
CASES = {
    **{p.stem: p for p in sorted((ROOT / "examples").glob("*.yaml")) if p.stem not in SEVERAL},
    **{path.parent.name: path for path in sorted(GOLDENS.glob("*/config.yaml"))},
    **{f"{stem}-{one}": ROOT / "examples" / f"{stem}.yaml" for stem, of in SEVERAL.items() for one in of},
}
TARGETS: tuple[TargetName, ...] = get_args(TargetName)
OPEN = (
    *("deploy-blue-green", "github-server", "gitlab-server"),
    *("github-both", "github-immutable", "govcloud", "minimal", "placeholders", "reference", "regions", "secrets"),
    "statements",
)
REFUSED: set[tuple[str, TargetName]] = {*((case, "iam") for case in OPEN), ("reference", "cloudformation")}
REGIONS = {"aws": HERE["aws_region"], "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


def config_of(case: str) -> Config:
    configs = {f"{CASES[case].stem}-{c.project_name}-{c.environment}": c for c in load_configs(CASES[case])}
    return configs[case] if CASES[case].stem in SEVERAL else load_config(CASES[case])


def stack_of(case: str) -> Stack:
    return build(config_of(case))


def known(stack: Stack) -> dict[str, str]:
    """What the deployment would know: what the config says, and fitting values for the rest."""
    said = stack.deployment.home.known
    partition = said.get("partition", "aws")
    return {**HERE, "partition": partition, "aws_region": REGIONS[partition], **said}


def bound(stack: Stack) -> Stack:
    """The stack with nothing left to deployment."""
    open_ = {ref.name for ref in stack.deployment.home.unknown}
    return stack.bind({name: value for name, value in known(stack).items() if name in open_})
