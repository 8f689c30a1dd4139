"""What has to hold of every stack, and what answers each."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING

from attrs import frozen

from ecsiam.analysis.answers import Answer, Fails, Undecided
from ecsiam.analysis.budget import check_time, limited
from ecsiam.analysis.limits import limits as limits_of
from ecsiam.analysis.limits import within
from ecsiam.analysis.patterns import Unclear
from ecsiam.errors import Fault, PolicyError, refuse
from ecsiam.invariants.accepting import day_of, of_invariant, stale
from ecsiam.invariants.access import no_escalation, pass_role, separation
from ecsiam.invariants.among import Among, neighbour
from ecsiam.invariants.asking import together
from ecsiam.invariants.execution import execution
from ecsiam.invariants.prefixes import neighbours
from ecsiam.invariants.proof import Proof
from ecsiam.invariants.proofs import Proofs
from ecsiam.invariants.quotas import limits
from ecsiam.invariants.reach import at_home
from ecsiam.invariants.trusts import nobody_from_outside, oidc_subject, trust
from ecsiam.invariants.wide import wildcards
from ecsiam.invariants.working import flags, works
from ecsiam.model.accept import unknown_invariant
from ecsiam.model.invariants import SAYS
from ecsiam.model.mistaken import expect
from ecsiam.model.policy import Policy
from ecsiam.model.several import label_of
from ecsiam.model.stack import Stack

if TYPE_CHECKING:
    from ecsiam.config import Config

__all__ = [
    "INVARIANTS",
    "Invariant",
    "Proof",
    "Proofs",
    "chosen",
    "prove",
    "prove_all",
    "prove_together",
    "stale",
]

Ids = str | Iterable[str]
NEIGHBOURS = "neighbours"
SECONDS = 60.0  # for all invariants of one stack, where nobody says otherwise


@frozen
class Invariant:
    """A statement about a stack that `prove` answers. Its id is an interface."""

    id: str
    says: str
    judge: Callable[[Stack], Answer]

    def ask(self, stack: Stack, today: date | None = None) -> Answer:
        """Whether it holds of a stack; what is accepted counts as of a day, which is today."""
        return self.judge(of_invariant(stack, self.id, day_of(today)))


def _home(stack: Stack) -> Answer:
    return together((at_home(stack), nobody_from_outside(stack)))


def _targets(stack: Stack) -> Answer:
    from ecsiam.invariants.emitted import targets  # which loads what emits and what reads, for this one alone

    return targets(stack)


_JUDGES: Mapping[str, Callable[[Stack], Answer]] = {
    "separation": separation,
    "trust": trust,
    "oidc-subject": oidc_subject,
    "pass-role": pass_role,
    "no-escalation": no_escalation,
    "execution": execution,
    "home": _home,
    "neighbours": neighbours,
    "wildcards": wildcards,
    "works": works,
    "flags": flags,
    "limits": limits,
    "targets": _targets,
}
INVARIANTS: Mapping[str, Invariant] = MappingProxyType(
    {id: Invariant(id, says, _JUDGES[id]) for id, says in SAYS.items()}
)


def chosen(only: Ids | None = None, skip: Ids | None = None) -> tuple[Invariant, ...]:
    """The invariants of some ids, or all, without others; in their own order. Raises PolicyError for unknown ids."""
    wanted, without = (
        [ids] if isinstance(ids, str) else list(ids) for ids in (INVARIANTS if only is None else only, skip or ())
    )
    unknown = dict.fromkeys(id for id in (*wanted, *without) if id not in INVARIANTS)
    refuse(PolicyError, map(unknown_invariant, unknown))
    found = tuple(i for i in INVARIANTS.values() if i.id in wanted and i.id not in without)
    refuse(PolicyError, () if found else [Fault("no invariant is left to prove", (), "Skip fewer, or name others.")])
    return found


def prove(
    stack: "Stack | Config",
    *,
    only: Ids | None = None,
    skip: Ids | None = None,
    today: date | None = None,
    boundary: Policy | None = None,
    managed: Mapping[str, Policy] | None = None,
    timeout: float | None = None,
) -> dict[str, Answer]:
    """Each invariant's answer, by its id: for a closed stack, or for every value of what is left open.

    A config is built first. A Fails carries a request that shows it, where one can, and for an open stack the values
    that lead there; where all of it is accepted it says why. What is accepted counts on the day `today`, and `stale`
    says what of it has no use. `only` and `skip` are ids, and nothing else is computed. `boundary` is that of every
    role, in place of its own; `managed` has the documents of managed policies by ARN. `timeout` is how many seconds of
    the processor all of it may take.
    """
    invariants, day = chosen(only, skip), day_of(today)
    bounded = within(_built(stack), boundary)
    with limits_of(boundary, managed), limited(SECONDS if timeout is None else timeout):
        return _proof(invariants, bounded, day)


def prove_together(
    stacks: "Iterable[Stack | Config]",
    *,
    only: Ids | None = None,
    skip: Ids | None = None,
    today: date | None = None,
    boundary: Policy | None = None,
    managed: Mapping[str, Policy] | None = None,
    timeout: float | None = None,
) -> Proofs:
    """What `prove` answers of each of several stacks, by `SERVICE/ENVIRONMENT`; `neighbours` is judged among them too.

    A resource of one that matches what another builds in its account (roles, log groups, names under its prefix) is
    a failure that names both, and so are two roles of one name in an account. `timeout` is for each stack. Raises
    PolicyError for two of one service and environment.
    """
    invariants, day = chosen(only, skip), day_of(today)
    given: dict[str, Stack] = {}
    for stack in stacks:
        built = within(_built(stack), boundary)
        label = label_of(built)
        refuse(PolicyError, [Fault(f"`{label}` stands twice")] if label in given else ())
        given[label] = built
    seconds = SECONDS if timeout is None else timeout
    found: dict[str, Proof] = {}
    with limits_of(boundary, managed):
        among = Among.of(given) if any(i.id == NEIGHBOURS for i in invariants) and len(given) > 1 else None
        for label, stack in given.items():
            with limited(seconds):
                found[label] = _proof(invariants, stack, day)
                if among is not None:
                    found[label][NEIGHBOURS] = _among(among, label, stack, found[label][NEIGHBOURS], day)
    return Proofs(found)


def _among(among: Among, label: str, stack: Stack, alone: Answer, today: date) -> Answer:
    try:
        return neighbour(among, label, of_invariant(stack, NEIGHBOURS, today), alone)
    except Unclear as e:
        return alone if isinstance(alone, Fails) else Undecided(str(e))


def _built(stack: "Stack | Config") -> Stack:
    from ecsiam.builder import build
    from ecsiam.config import Config

    built = build(stack) if isinstance(stack, Config) else stack
    expect(built, Stack, "a stack")
    return built


def _proof(invariants: Iterable[Invariant], stack: Stack, today: date) -> Proof:
    return Proof((i.id, _asked(i, stack, today)) for i in invariants)


def _asked(invariant: Invariant, stack: Stack, today: date) -> Answer:
    try:
        check_time()
        return invariant.ask(stack, today)
    except Unclear as e:  # a text that no question can be asked of
        return Undecided(str(e))


def prove_all(
    configs: "Iterable[Config]", *, only: Ids | None = None, skip: Ids | None = None, today: date | None = None
) -> "Iterator[tuple[Config, dict[str, Answer]]]":
    """Each config with the answers for what it builds. What several have in common is worked out once."""
    from ecsiam.builder import build

    for config in configs:
        yield config, prove(build(config), only=only, skip=skip, today=today)
