"""A world so small that all of it can be looked at: what is decided against brute force over every request.

It has two actions (a third that only a pattern takes, and one of another service), two resources (one only under a
pattern, and one that nobody names), a key with one value and one with many. A statement takes one of three shapes in
its actions, of three in its resources, of six and of five in its conditions: 270 ways. Each of the 270 policies of one
Allow is asked about each other: 72,900 pairs. Of the 109,215 policies of two statements (an Allow with another Allow,
or with a Deny) every third is asked about one of those, and whether it is what brute force says it is: 36,405 policies.
There are 360 requests.

INVARIANT: the requests are complete for the world: any other one passes the same tests as one of them.
"""

from collections.abc import Iterator
from functools import cache
from itertools import combinations, islice, product
from typing import TypeVar

from attrs import evolve

from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.analysis.questions import contains, equivalent, overlaps, requests_of
from ecsiam.analysis.request import Request
from ecsiam.model.condition import Block
from ecsiam.model.policy import Policy
from ecsiam.model.statement import Action, AllBut, Effect, Statement

from .asking import but, no, statement

ONE, MANY = "example.com:one", "example.com:many"
T = TypeVar("T")
Shape = str | tuple[str, ...] | AllBut[T]
ACTIONS: tuple[Shape[Action], ...] = (
    "own:Get",
    no("own:Get"),
    ("own:Get*", "own:Put"),
)  # a service that no reference knows
RESOURCES: tuple[Shape[object], ...] = ("arn:aws:own:::b/x", "arn:aws:own:::b/*", but("arn:aws:own:::b/x"))
OF_ONE: tuple[Block, ...] = (
    {},
    {"StringEquals": {ONE: "a"}},
    {"StringNotEquals": {ONE: "a"}},
    {"StringEqualsIfExists": {ONE: "a"}},
    {"Null": {ONE: "true"}},
    {"StringLike": {ONE: "?*"}, "StringNotLike": {ONE: ["a", "c"]}},
)
OF_MANY: tuple[Block, ...] = (
    {},
    {"ForAllValues:StringEquals": {MANY: "a"}},
    {"ForAnyValue:StringEquals": {MANY: ["a", "b"]}},
    {"ForAllValues:StringNotEquals": {MANY: "a"}},
    {"Null": {MANY: "false"}},
)
REQUESTS = tuple(
    Request(action, resource, context={k: v for k, v in ((ONE, one), (MANY, many)) if v is not None})
    for action, resource, one, many in product(
        ("own:Get", "own:GetMore", "own:Put", "other:Get"),
        ("arn:aws:own:::b/x", "arn:aws:own:::b/y", "arn:aws:own:::c"),
        (None, "", "a", "b", "c"),
        (None, ("",), ("a",), ("b",), ("a", "b"), ("c",)),
    )
)


def statements(effect: Effect) -> Iterator[Statement]:
    shapes: Iterator[tuple[Shape[Action], Shape[object], Block, Block]] = product(ACTIONS, RESOURCES, OF_ONE, OF_MANY)
    for action, resource, one, many in shapes:
        yield statement(
            effect, action, resource, {op: {**one.get(op, {}), **many.get(op, {})} for op in {**one, **many}}
        )


ALLOWS, DENIES = tuple(statements("Allow")), tuple(statements("Deny"))


@cache
def matched(s: Statement) -> int:
    """The requests that a statement matches, as bits, by plain matching of each."""
    requests = requests_of(Policy(evolve(s, effect="Allow")))
    return sum(1 << i for i, request in enumerate(REQUESTS) if request in requests)


def allowed(policy: Policy) -> int:
    """The requests that a policy allows, as bits."""
    allows = denies = 0
    for s in policy.statements:
        if s.effect == "Allow":
            allows |= matched(s)
        else:
            denies |= matched(s)
    return allows & ~denies


def check(answer: Answer, expected: bool, shown_by: tuple[Policy, bool], and_by: tuple[Policy, bool]) -> None:
    """Whether an answer is the expected one; a witness is in the policies, or not, as it has to be."""
    assert not isinstance(answer, Undecided)
    assert bool(answer) == expected
    if answer.witness is not None:
        for policy, wanted in (shown_by, and_by):
            assert (answer.witness in requests_of(policy)) == wanted, answer.witness


def check_contains(wide: Policy, narrow: Policy) -> None:
    answer = contains(wide, narrow)
    assert isinstance(answer, Holds) or (isinstance(answer, Fails) and answer.witness is not None)
    check(answer, not allowed(narrow) & ~allowed(wide), (narrow, True), (wide, False))


def check_overlaps(a: Policy, b: Policy) -> None:
    answer = overlaps(a, b)
    check(answer, bool(allowed(a) & allowed(b)), (a, True), (b, True))


def test_the_world_is_as_large_as_it_says() -> None:
    assert (len(ALLOWS), len(DENIES), len(REQUESTS)) == (270, 270, 360)
    assert len({matched(s) for s in ALLOWS}) > 200, "most of them differ"


def test_matching_of_policies_is_that_of_their_statements() -> None:
    """What is put together from bits is what membership says."""
    for policy in islice(pairs(), 0, None, 1009):
        requests = requests_of(policy)
        assert allowed(policy) == sum(1 << i for i, request in enumerate(REQUESTS) if request in requests)


def test_one_statement_in_another() -> None:
    asked = 0
    for wide, narrow in product(map(Policy, ALLOWS), repeat=2):
        check_contains(wide, narrow)
        asked += 1
    assert asked == 72_900


def test_one_statement_beside_another() -> None:
    asked = 0
    for a, b in combinations(map(Policy, ALLOWS), 2):
        check_overlaps(a, b)
        asked += 1
    assert asked == 36_315


def pairs() -> Iterator[Policy]:
    """All policies of two statements that allow something on the face of it."""
    yield from (Policy(two) for two in combinations(ALLOWS, 2))
    yield from (Policy(two) for two in product(ALLOWS, DENIES))


def test_two_statements() -> None:
    """What two statements allow together, against one statement and against another two that allow the same."""
    first: dict[int, Policy] = {}
    asked = alike = 0
    for n, policy in enumerate(islice(pairs(), 0, None, 3)):
        other = Policy(ALLOWS[n * 7 % len(ALLOWS)])
        match n % 3:
            case 0:
                check_contains(policy, other)
            case 1:
                check_contains(other, policy)
            case _:
                check_overlaps(policy, other)
        like = first.setdefault(allowed(policy), policy)
        if like is not policy:
            alike += 1
            if n % 2:
                assert isinstance(equivalent(like, policy), Holds)
        asked += 1
    assert asked == 36_405
    assert alike > 10_000
