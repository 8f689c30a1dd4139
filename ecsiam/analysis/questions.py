"""Questions about policies: contains, overlaps, equivalent, can. Each is a set of requests that is empty or not."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from attrs import evolve

from ecsiam.analysis.actions import UNIVERSES, Universe
from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.analysis.asked import asked_of, unasked
from ecsiam.analysis.budget import limited
from ecsiam.analysis.globs import READINGS, Reading
from ecsiam.analysis.leaf import Leaf
from ecsiam.analysis.limits import limits, within
from ecsiam.analysis.patterns import Unclear
from ecsiam.analysis.request import Request
from ecsiam.analysis.requests import Requests, allowed_by, of_query, of_statement, union
from ecsiam.analysis.searching import search
from ecsiam.analysis.symbols import least, stand_ins, surely
from ecsiam.analysis.terms import Terms, bounded, terms, whole
from ecsiam.errors import Fault, PolicyError
from ecsiam.model.mistaken import policies_of
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
            return allowed_by(leaf for policy in policies_of(subject) for leaf in _leaves(policy, reading))


@lru_cache(maxsize=1 << 12)
def _leaves(policy: Policy, reading: Reading, when: tuple[str, ...] = (), of_role: bool = False) -> tuple[Leaf, ...]:
    identity = policy.kind == "identity"
    return tuple(
        Leaf(statement, policy.version, identity, when, reading, of_role=of_role) for statement in policy.statements
    )


def _of_role(role: Role, reading: Reading) -> Requests:
    leaves = [
        leaf
        for inline in role.policies.values()
        for leaf in _leaves(inline.document, reading, tuple(w for w in (role.when, inline.when) if w), of_role=True)
    ]
    for arn in role.managed_policy_arns:
        leaves += _managed(str(arn), reading)
    of_policies = allowed_by(leaves)
    if role.permissions_boundary is None:
        return of_policies
    return of_policies & allowed_by(_managed(str(role.permissions_boundary), reading))


def trust_of(role: Role) -> Requests:
    """Who may assume a role, and how; of a role with a flag, while that is on."""
    return allowed_by(_leaves(role.trust, "parts", (role.when,) if role.when else ()))


def _managed(arn: str, reading: Reading) -> tuple[Leaf, ...]:
    from ecsiam.reference.managed import managed_policy

    known = managed_policy(arn)
    if known is not None:
        return _leaves(known.document, reading, of_role=True)
    return tuple(Leaf(Statement(effect, "*", "*", as_is=True), unread=arn, of_role=True) for effect in EFFECTS)


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
    return sought(requests, universe)[0]


def sought(requests: Requests, universe: Universe) -> tuple[Request | Undecided | None, str]:
    """What `ask` finds; where that is none, the text says why AWS doesn't ask those that there are.

    Most examples are asked, so the whole set is looked at first and cut only where its example isn't.
    """
    if universe not in UNIVERSES:
        raise PolicyError(Fault(f"there is no universe `{universe}`", remedy="There are `asked`, `all` and `known`."))
    found = _example(requests, universe)
    if universe == "all" or found is None:
        return found, ""
    why = unasked(found) if isinstance(found, Request) else ""
    if isinstance(found, Request) and not why:
        return found, ""
    return _example(requests, universe, only_asked=True), why


def _example(requests: Requests, universe: Universe, *, only_asked: bool = False) -> Request | Undecided | None:
    try:
        with limited():
            return search(requests & asked_of(requests, universe) if only_asked else requests, universe)
    except Unclear as e:
        return Undecided(str(e), assumed(universe), e.unless)


def assumed(universe: Universe) -> tuple[str, ...]:
    """What an answer rests on when only today's actions were asked about."""
    if universe != "known":
        return ()
    from ecsiam.reference.actions import date

    return (f"there are no other actions than those of {date()} and those that a policy writes out",)


def _shown(
    requests: Requests, universe: Universe, *, assuming: bool = False
) -> tuple[Request | Undecided | None, tuple[str, ...]]:
    """A request of a set, if it can be one that AWS makes, and what an answer with it rests on.

    With `assuming`, that there is none may rest on what AWS leaves open.
    """
    found, rests_on = ask(requests, universe), assumed(universe)
    if assuming and isinstance(found, Undecided) and found.unless:
        return None, (*rests_on, found.unless)
    if not isinstance(found, Request) or not (why := unasked(found)):
        return found, rests_on
    made = _example(requests, "asked", only_asked=True)
    if isinstance(made, Request):
        return made, rests_on
    return found, (*rests_on, f"requests count that AWS doesn't make: {why}")


def contains(
    a: Subject,
    b: Subject,
    *,
    universe: Universe = "all",
    reading: Reading = "parts",
    boundary: Policy | None = None,
    managed: Mapping[str, Policy] | None = None,
    timeout: float | None = None,
) -> Answer:
    """Whether `a` allows every request that `b` allows. A Fails carries a request that only `b` allows.

    `universe="known"` takes today's actions for all there are; `reading="flat"` lets a `*` in an ARN cross its colons.
    `boundary` is that of every role asked, in place of its own; `managed` has managed policies' documents by ARN.
    `timeout` is how many seconds of the processor it may take; then it is Undecided.
    """
    with limits(boundary, managed), limited(timeout):
        wide, narrow = _both(within(a, boundary), within(b, boundary), reading)
        found, rests_on = _shown(narrow - wide, universe, assuming=True)
    match found:
        case None:
            return Holds(assumed=rests_on)
        case Undecided():
            return found
        case request:
            return Fails(request, "the second allows it, the first does not", rests_on)


def overlaps(
    a: Subject,
    b: Subject,
    *,
    universe: Universe = "all",
    reading: Reading = "parts",
    boundary: Policy | None = None,
    managed: Mapping[str, Policy] | None = None,
    timeout: float | None = None,
) -> Answer:
    """Whether some request is allowed by both. A Holds carries one."""
    with limits(boundary, managed), limited(timeout):
        left, right = _both(within(a, boundary), within(b, boundary), reading)
        found, rests_on = _shown(left & right, universe)
    match found:
        case None:
            return Fails(fact="no request is allowed by both", assumed=rests_on)
        case Undecided():
            return found
        case request:
            return Holds(request, rests_on)


def equivalent(
    a: Subject,
    b: Subject,
    *,
    universe: Universe = "all",
    reading: Reading = "parts",
    boundary: Policy | None = None,
    managed: Mapping[str, Policy] | None = None,
    timeout: float | None = None,
) -> Answer:
    """Whether both allow the same requests. A Fails carries one that only one of them allows."""
    with limited(timeout):
        there = contains(a, b, universe=universe, reading=reading, boundary=boundary, managed=managed)
        if isinstance(there, Fails):
            return there
        back = contains(b, a, universe=universe, reading=reading, boundary=boundary, managed=managed)
    if isinstance(back, Fails):
        return Fails(back.witness, "the first allows it, the second does not", back.assumed)
    return there if isinstance(there, Undecided) else back


def can(
    subject: Subject,
    *,
    action: str | Iterable[str],
    resource: str | Iterable[str] = "*",
    conditions: Mapping[str, Mapping[str, str | Iterable[str]]] | None = None,
    universe: Universe = "asked",
    boundary: Policy | None = None,
    managed: Mapping[str, Policy] | None = None,
    timeout: float | None = None,
) -> Answer:
    """Whether a policy or role allows some request of these, and under which conditions.

    `action`, `resource` and `conditions` are written as in a policy: `s3:Get*`, an ARN with wildcards. A Holds carries
    a request, and says in `when` (any of these) and `unless` (none of these) what it takes; a Fails: nobody can,
    whatever the context. `universe="all"` also takes requests that AWS doesn't make today, such as an action on a
    resource of none of its types. `boundary`, `managed` and `timeout` are as for `contains`.
    """
    with limits(boundary, managed), limited(timeout):
        subject = within(subject, boundary)
        wanted = Statement("Allow", action, resource, conditions=conditions or {}, as_is=True)
        asked, allowed = of_query(wanted), requests_of(subject)
        found, unmade = sought(allowed & asked, universe)
        if isinstance(found, Undecided):
            found = _sure(allowed & asked, universe) or found
        match found:
            case None:
                fact = f"only requests that AWS never makes are allowed: {unmade}" if unmade else NOBODY
                return Fails(fact=fact, assumed=assumed(universe))
            case Undecided():
                return found
            case request:
                when, unless = _terms(subject, wanted, universe)
                return Holds(request, assumed(universe), when, unless)


def _sure(some: Requests, universe: Universe) -> Request | None:
    """A request that a set has whatever the texts are that nobody knows, if one is found."""
    by = stand_ins(some)
    found = None if by is None else ask(by.put(some), universe)
    if by is None or not isinstance(found, Request):
        return None
    there = by.with_partition(some)
    return by.shown(least(there, found, by)) if surely(there, found, by) == "yes" else None


NOBODY = "no request of these is allowed, whatever its context"
Both = tuple[tuple[Terms, ...], tuple[Terms, ...]]


def _terms(subject: Subject, wanted: Statement, universe: Universe) -> Both:
    """The terms of what grants some of what is asked, none where it grants all; and of what denies some of that."""
    asked, boundary = of_query(wanted), _boundary(subject)
    granting = _met(requests_of(_unbounded(subject)).leaves, "Allow", asked, universe)
    granted = [(terms(leaf, wanted), of_statement(leaf)) for leaf in granting]
    denying = [*requests_of(subject).leaves]
    if boundary is not None:
        within = _met(boundary.leaves, "Allow", asked, universe)
        granted = [
            (bounded(one, terms(leaf, wanted), wanted), both)
            for one, by in granted
            for leaf in within
            if ask((both := by & of_statement(leaf)) & asked, universe) is not None
        ]
    taken = _met(denying, "Deny", asked & union(by for _, by in granted), universe)
    when = tuple(dict.fromkeys(one for one, _ in granted))
    unless = tuple(dict.fromkeys(terms(leaf, wanted) for leaf in taken))
    return () if any(whole(one, wanted) for one in when) else when, unless


def _boundary(subject: Subject) -> Requests | None:
    if not isinstance(subject, Role) or subject.permissions_boundary is None:
        return None
    return allowed_by(_managed(str(subject.permissions_boundary), "parts"))


def _unbounded(subject: Subject) -> Subject:
    return evolve(subject, permissions_boundary=None) if isinstance(subject, Role) else subject


def _met(leaves: Iterable[Leaf], effect: Effect, asked: Requests, universe: Universe) -> list[Leaf]:
    """The statements of one effect that have to do with some of what is asked."""
    some = (leaf for leaf in dict.fromkeys(leaves) if leaf.statement.effect == effect and not leaf.unread)
    return [leaf for leaf in some if ask(of_statement(leaf) & asked, universe) is not None]
