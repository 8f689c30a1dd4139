"""What has to hold of every stack, and what answers each."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from attrs import frozen

from ecsiam.analysis.answers import Answer, Undecided
from ecsiam.analysis.budget import check_time, limited
from ecsiam.analysis.limits import limits as limits_of
from ecsiam.analysis.limits import within
from ecsiam.analysis.patterns import Unclear
from ecsiam.invariants.access import no_escalation, pass_role, separation
from ecsiam.invariants.asking import together
from ecsiam.invariants.execution import execution
from ecsiam.invariants.prefixes import neighbours
from ecsiam.invariants.quotas import limits
from ecsiam.invariants.reach import at_home
from ecsiam.invariants.trusts import nobody_from_outside, oidc_subject, trust
from ecsiam.invariants.wide import wildcards
from ecsiam.invariants.working import flags, works
from ecsiam.model.mistaken import expect
from ecsiam.model.policy import Policy
from ecsiam.model.stack import Stack

if TYPE_CHECKING:
    from ecsiam.config import Config

SECONDS = 60.0  # for all invariants of one stack, where nobody says otherwise


@frozen
class Invariant:
    """A statement about a stack that `prove` answers. Its id is an interface."""

    id: str
    says: str
    ask: Callable[[Stack], Answer]


def _home(stack: Stack) -> Answer:
    return together((at_home(stack), nobody_from_outside(stack)))


def _targets(_: Stack) -> Answer:
    return Undecided("what a target's files mean is not read back yet")


INVARIANTS: Mapping[str, Invariant] = MappingProxyType(
    {
        i.id: i
        for i in (
            Invariant("separation", "the execution role and the task role share no permission", separation),
            Invariant("trust", "each role can be assumed by exactly the principals of its kind", trust),
            Invariant("oidc-subject", "the deploy role only by the subjects that the config lists", oidc_subject),
            Invariant("pass-role", "iam:PassRole only for the stack's ECS roles, and only to ECS tasks", pass_role),
            Invariant("no-escalation", "no role can come to more than it was given", no_escalation),
            Invariant("execution", "the execution role does only what ECS does with one", execution),
            Invariant("home", "nothing and nobody outside this account, region and partition", _home),
            Invariant("neighbours", "no resource matches what another prefix builds", neighbours),
            Invariant("wildcards", "`*` only for actions that support nothing narrower", wildcards),
            Invariant("works", "every enabled flag's own requests are allowed", works),
            Invariant("flags", "a flag that is off grants nothing, one that is on only what it names", flags),
            Invariant("limits", "AWS's sizes, counts and names", limits),
            Invariant("targets", "every target means the same", _targets),
        )
    }
)


def prove(
    stack: "Stack | Config",
    *,
    boundary: Policy | None = None,
    managed: Mapping[str, Policy] | None = None,
    timeout: float | None = None,
) -> dict[str, Answer]:
    """Each invariant's answer, by its id: for a closed stack, or for every value of what is left open.

    A config is built first. A Fails carries a request that shows it, where one can, and for an open stack the values
    that lead there. `boundary` is that of every role, in place of its own; `managed` has the documents of managed
    policies by ARN. `timeout` is how many seconds of the processor all of it may take.
    """
    from ecsiam.builder import build
    from ecsiam.config import Config

    built = build(stack) if isinstance(stack, Config) else stack
    expect(built, Stack, "a stack")
    bounded = within(built, boundary)
    with limits_of(boundary, managed), limited(SECONDS if timeout is None else timeout):
        return {i.id: _asked(i, bounded) for i in INVARIANTS.values()}


def _asked(invariant: Invariant, stack: Stack) -> Answer:
    try:
        check_time()
        return invariant.ask(stack)
    except Unclear as e:  # a text that no question can be asked of
        return Undecided(str(e))


def prove_all(configs: "Iterable[Config]") -> "Iterator[tuple[Config, dict[str, Answer]]]":
    """Each config with the answers for what it builds. What several have in common is worked out once."""
    from ecsiam.builder import build

    for config in configs:
        yield config, prove(build(config))
