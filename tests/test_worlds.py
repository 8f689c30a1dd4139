"""Laws of what is decided about random policies, and random requests that never contradict it."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.analysis.questions import contains, equivalent, overlaps, requests_of
from ecsiam.analysis.request import Request
from ecsiam.model.policy import Policy
from ecsiam.model.statement import Statement

from .worlds import near, settle, statements, variables_of, worlds

seeds = st.integers(0, 2**32).map(Random)


def some(random: Random, *policies: Policy) -> list[Request]:
    return [near(random.choice(policies), random) for _ in range(12)]


def is_open(*policies: Policy) -> bool:
    """Whether a question may stay undecided: for variables, many set operators on one key, or whose account one is."""
    statements = [s for p in policies for s in p.statements]
    several = sum(bool(c.operator.qualifier) for s in statements for c in s.conditions)
    canonical = any(p.type == "CanonicalUser" for s in statements if s.principals for p in s.principals.items)
    return several > 6 or canonical or any(map(variables_of, policies))


def decided(answer: Answer, *policies: Policy) -> Holds | Fails | None:
    """The answer; None where it is undecided, which it may be."""
    if isinstance(answer, Undecided):
        assert is_open(*policies), answer.reason
        return None
    return answer


@settle(900)
@given(worlds(2), seeds)
def test_contains_agrees_with_matching(two: tuple[Policy, ...], random: Random) -> None:
    """A Holds is contradicted by no request, a Fails shows one that only the second allows."""
    wide, narrow = two
    sets = requests_of(wide), requests_of(narrow)
    match decided(contains(wide, narrow), *two):
        case Holds():
            for request in some(random, *two):
                assert request not in sets[1] or request in sets[0], request
        case Fails(witness):
            assert witness is not None
            assert witness in sets[1]
            assert witness not in sets[0]
        case None:
            pass


@settle(700)
@given(worlds(2), seeds)
def test_overlaps_agrees_with_matching(two: tuple[Policy, ...], random: Random) -> None:
    """A Fails is contradicted by no request, a Holds shows one that both allow; the order changes no answer."""
    a, b = two
    sets = requests_of(a), requests_of(b)
    answer, back = decided(overlaps(a, b), a, b), decided(overlaps(b, a), a, b)
    assert answer is None or back is None or type(back) is type(answer)
    match answer:
        case Fails():
            assert not any(request in sets[0] and request in sets[1] for request in some(random, *two))
        case Holds(witness):
            assert witness is not None
            assert witness in sets[0]
            assert witness in sets[1]
        case None:
            pass


@settle(300)
@given(worlds(2), seeds)
def test_what_is_put_together_holds_its_parts(two: tuple[Policy, ...], random: Random) -> None:
    """contains(a, a); the union of two sets contains each, each contains their intersection and difference."""
    a, b = map(requests_of, two)
    for wide, narrow in ((a, a), (a | b, a), (a | b, b), (a, a & b), (b, a & b), (a, a - b), ((a - b) | (a & b), a)):
        assert not isinstance(decided(contains(wide, narrow), *two), Fails)
    assert isinstance(contains(a, a), Holds)
    assert not isinstance(overlaps(a - b, b), Holds)
    for request in some(random, *two):
        assert (request in a | b) == (request in a or request in b)


@settle(300)
@given(worlds(3))
def test_contains_is_transitive(three: tuple[Policy, ...]) -> None:
    a, b, c = map(requests_of, three)
    wider, widest = a | b, a | b | c
    assert isinstance(contains(wider, a), Holds) or is_open(*three)
    assert isinstance(contains(widest, a), Holds) or is_open(*three)
    if isinstance(contains(a, b), Holds) and isinstance(contains(b, c), Holds):
        assert not isinstance(contains(a, c), Fails)


@settle(500)
@given(worlds(2))
def test_equivalent_is_contains_both_ways(two: tuple[Policy, ...]) -> None:
    a, b = two
    answer = equivalent(a, b)
    there, back = contains(a, b), contains(b, a)
    if Undecided not in (type(there), type(back)):
        assert type(answer) is (Holds if isinstance(there, Holds) and isinstance(back, Holds) else Fails)
    if isinstance(answer, Holds):
        assert isinstance(there, Holds)
        assert isinstance(back, Holds)
    turned = Policy(a.statements[::-1], version=a.version)
    assert isinstance(equivalent(a, turned), Holds)


@settle(600)
@given(worlds(1), st.data())
def test_a_deny_never_adds(one: tuple[Policy, ...], data: st.DataObject) -> None:
    (policy,) = one
    resource_policy = policy.kind != "identity"
    deny = data.draw(statements(resource_policy, True, "Deny"))
    less = Policy((*policy.statements, deny), version=policy.version)
    assert not isinstance(decided(contains(policy, less), less), Fails)
    allow = Statement("Allow", deny.actions, deny.resources, deny.principals, deny.conditions, as_is=True)
    denied = Policy(allow, version=policy.version)
    assert not isinstance(decided(overlaps(less, denied), less, denied), Holds)
    more = Policy((*policy.statements, allow), version=policy.version)
    assert not isinstance(decided(contains(more, policy), more), Fails)


@settle(400)
@given(worlds(2), seeds)
def test_known_actions_and_flat_arns(two: tuple[Policy, ...], random: Random) -> None:
    """What holds for all actions holds for today's; read flat, no request contradicts it either."""
    wide, narrow = two
    if isinstance(contains(wide, narrow), Holds):
        assert not isinstance(contains(wide, narrow, universe="known"), Fails)
    if isinstance(decided(contains(wide, narrow, reading="flat"), *two), Holds):
        sets = requests_of(wide, "flat"), requests_of(narrow, "flat")
        for request in some(random, *two):
            assert request not in sets[1] or request in sets[0], request
