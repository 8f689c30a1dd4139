"""Questions about policies: contains, overlaps, equivalent, can. Each is a set of requests that is empty or not."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import cast

from attrs import evolve

from ecsiam.analysis.actions import UNIVERSES, Universe
from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.analysis.budget import limited
from ecsiam.analysis.globs import READINGS, Reading
from ecsiam.analysis.leaf import Leaf
from ecsiam.analysis.patterns import Unclear
from ecsiam.analysis.request import Request
from ecsiam.analysis.requests import Requests, allowed_by, of_statement, query
from ecsiam.analysis.words import words
from ecsiam.errors import Fault, PolicyError
from ecsiam.model.policy import Policy
from ecsiam.model.role import Role
from ecsiam.model.statement import EFFECTS, Effect, Statement

Subject = Policy | Role | Requests | Iterable[Policy]


def requests_of(subject: Subject, reading: Reading = "parts") -> Requests:
    """What a policy, several of one kind, or a role allows.

    Of a role that is what its inline and managed policies allow, within its boundary. One of these that the service
    reference doesn't have takes part as a policy that nobody has read.
    """
    if reading not in READINGS:
        raise PolicyError(Fault(f"there is no reading `{reading}`", remedy="There are `parts` and `flat`."))
    match subject:
        case Requests():
            return subject
        case Policy():
            return allowed_by(_leaves(subject, reading))
        case Role():
            return _of_role(subject, reading)
        case _:
            given = tuple(cast("Iterable[object]", subject))
            policies = [p for p in given if isinstance(p, Policy)]
            if len(policies) < len(given):
                raise PolicyError(Fault("a question takes policies and roles", remedy="Read text with `parse_policy`."))
            return allowed_by(leaf for policy in policies for leaf in _leaves(policy, reading))


@lru_cache(maxsize=1 << 12)
def _leaves(policy: Policy, reading: Reading, when: tuple[str, ...] = ()) -> tuple[Leaf, ...]:
    identity = policy.kind == "identity"
    return tuple(Leaf(statement, policy.version, identity, when, reading) for statement in policy.statements)


def _of_role(role: Role, reading: Reading) -> Requests:
    leaves = [
        leaf
        for inline in role.policies.values()
        for leaf in _leaves(inline.document, reading, tuple(w for w in (role.when, inline.when) if w))
    ]
    for arn in role.managed_policy_arns:
        leaves += _managed(str(arn), reading)
    of_policies = allowed_by(leaves)
    if role.permissions_boundary is None:
        return of_policies
    return of_policies & allowed_by(_managed(str(role.permissions_boundary), reading))


def _managed(arn: str, reading: Reading) -> tuple[Leaf, ...]:
    from ecsiam.reference.managed import managed_policy

    known = managed_policy(arn)
    if known is not None:
        return _leaves(known.document, reading)
    return tuple(Leaf(Statement(effect, "*", "*"), unread=arn) for effect in EFFECTS)


def _both(a: Subject, b: Subject, reading: Reading) -> tuple[Requests, Requests]:
    """What each of two allows. Raises PolicyError for two that are not about the same: one says who, the other not."""
    if isinstance(a, Policy | Role) and isinstance(b, Policy | Role) and _names_principals(a) != _names_principals(b):
        raise PolicyError(
            Fault(
                "one of the two is an identity policy, the other says who may ask",
                remedy="Compare a trust or resource policy with another one.",
            )
        )
    return requests_of(a, reading), requests_of(b, reading)


def _names_principals(subject: Policy | Role) -> bool:
    return isinstance(subject, Policy) and subject.kind != "identity"


def ask(requests: Requests, universe: Universe) -> Request | Undecided | None:
    """A request of a set, None when there is none, or why that isn't known."""
    if universe not in UNIVERSES:
        raise PolicyError(Fault(f"there is no universe `{universe}`", remedy="There are `all` and `known`."))
    try:
        with limited():
            return requests.example(universe)
    except Unclear as e:
        return Undecided(str(e), assumed(universe))


def assumed(universe: Universe) -> tuple[str, ...]:
    """What an answer rests on when only today's actions were asked about."""
    if universe == "all":
        return ()
    from ecsiam.reference.actions import date

    return (f"there are no other actions than those of {date()}",)


def contains(a: Subject, b: Subject, *, universe: Universe = "all", reading: Reading = "parts") -> Answer:
    """Whether `a` allows every request that `b` allows. A Fails carries a request that only `b` allows.

    `universe="known"` takes today's actions for all there are; `reading="flat"` lets a `*` in an ARN cross its colons.
    """
    wide, narrow = _both(a, b, reading)
    match ask(narrow - wide, universe):
        case None:
            return Holds(assumed=assumed(universe))
        case Undecided() as undecided:
            return undecided
        case request:
            return Fails(request, "the second allows it, the first does not", assumed(universe))


def overlaps(a: Subject, b: Subject, *, universe: Universe = "all", reading: Reading = "parts") -> Answer:
    """Whether some request is allowed by both. A Holds carries one."""
    left, right = _both(a, b, reading)
    match ask(left & right, universe):
        case None:
            return Fails(fact="no request is allowed by both", assumed=assumed(universe))
        case Undecided() as undecided:
            return undecided
        case request:
            return Holds(request, assumed(universe))


def equivalent(a: Subject, b: Subject, *, universe: Universe = "all", reading: Reading = "parts") -> Answer:
    """Whether both allow the same requests. A Fails carries one that only one of them allows."""
    there = contains(a, b, universe=universe, reading=reading)
    if isinstance(there, Fails):
        return there
    back = contains(b, a, universe=universe, reading=reading)
    if isinstance(back, Fails):
        return Fails(back.witness, "the first allows it, the second does not", back.assumed)
    return there if isinstance(there, Undecided) else back


def can(
    subject: Subject,
    *,
    action: str | Iterable[str],
    resource: str | Iterable[str] = "*",
    conditions: Mapping[str, Mapping[str, str | Iterable[str]]] | None = None,
    universe: Universe = "all",
) -> Answer:
    """Whether a policy or role allows some request of these, and under which conditions.

    `action`, `resource` and `conditions` are written as in a policy: `s3:Get*`, an ARN with wildcards. A Holds carries
    a request, and says in `when` (any of these) and `unless` (none of these) what it takes; a Fails: nobody can,
    whatever the context.
    """
    asked = query(Statement("Allow", action, resource, conditions=conditions or {}))
    allowed = requests_of(subject)
    match ask(allowed & asked, universe):
        case None:
            return Fails(fact="no request of these is allowed, whatever its context", assumed=assumed(universe))
        case Undecided() as undecided:
            return undecided
        case request:
            unless = dict.fromkeys(map(words, _met(allowed, asked, "Deny", universe)))
            return Holds(request, assumed(universe), _when(subject, asked, universe), tuple(unless))


def _when(subject: Subject, asked: Requests, universe: Universe) -> tuple[str, ...]:
    """The conditions of the statements that grant some of what is asked; those of a boundary have to be met as well."""
    bounded = isinstance(subject, Role) and subject.permissions_boundary is not None
    policies = evolve(subject, permissions_boundary=None) if isinstance(subject, Role) else subject
    granted = _alternatives(_met(requests_of(policies), asked, "Allow", universe))
    if not bounded or not isinstance(subject, Role):
        return granted
    boundary = allowed_by(_managed(str(subject.permissions_boundary), "parts"))
    within = _alternatives(_met(boundary, asked, "Allow", universe))
    if not within or not granted:
        return granted or within
    return tuple(f"{one} and, within the boundary, {' or '.join(within)}" for one in granted)


def _alternatives(statements: list[Statement]) -> tuple[str, ...]:
    """What each statement asks; nothing, when one of them asks nothing."""
    said = tuple(dict.fromkeys(words(s, with_resources=len(statements) > 1) for s in statements))
    return () if "" in said else said


def _met(allowed: Requests, asked: Requests, effect: Effect, universe: Universe) -> list[Statement]:
    """The statements of one effect that have to do with some of what is asked."""
    some = (leaf for leaf in dict.fromkeys(allowed.leaves) if leaf.statement.effect == effect and not leaf.unread)
    return [leaf.statement for leaf in some if ask(of_statement(leaf) & asked, universe) is not None]
