"""Questions about policies: contains, overlaps, equivalent, can. Each is a set of requests that is empty or not."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from attrs import evolve

from ecsiam.analysis.actions import Universe
from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.analysis.leaf import Leaf
from ecsiam.analysis.matching import Reading
from ecsiam.analysis.patterns import Unclear
from ecsiam.analysis.request import Request
from ecsiam.analysis.requests import Requests, allowed_by, query
from ecsiam.model.policy import Policy
from ecsiam.model.role import Role
from ecsiam.model.statement import Only, Statement

Subject = Policy | Role | Requests | Iterable[Policy]


class Unread(Unclear):
    """A policy that takes part and wasn't read."""


def requests_of(subject: Subject, reading: Reading = "parts") -> Requests:
    """What a policy, several of one kind, or a role allows.

    Of a role that is what its inline and managed policies allow, within its boundary.

    Raises Unclear for a managed policy that isn't known.
    """
    match subject:
        case Requests():
            return subject
        case Policy():
            return allowed_by(_leaves((subject,), reading))
        case Role():
            return _of_role(subject, reading)
        case _:
            return allowed_by(_leaves(subject, reading))


def _leaves(policies: Iterable[Policy], reading: Reading, when: tuple[str, ...] = ()) -> Iterator[Leaf]:
    for policy in policies:
        yield from _leaves_of(policy, reading, when)


@lru_cache(maxsize=1 << 12)
def _leaves_of(policy: Policy, reading: Reading, when: tuple[str, ...]) -> tuple[Leaf, ...]:
    identity = policy.kind == "identity"
    return tuple(Leaf(statement, policy.version, identity, when, reading) for statement in policy.statements)


def _of_role(role: Role, reading: Reading) -> Requests:
    leaves = [
        leaf
        for inline in role.policies.values()
        for leaf in _leaves((inline.document,), reading, tuple(w for w in (role.when, inline.when) if w))
    ]
    for arn in role.managed_policy_arns:
        leaves += _leaves((_managed(str(arn)),), reading)
    of_policies = allowed_by(leaves)
    if role.permissions_boundary is None:
        return of_policies
    return of_policies & allowed_by(_leaves((_managed(str(role.permissions_boundary)),), reading))


def _managed(arn: str) -> Policy:
    from ecsiam.reference.managed import managed_policy

    known = managed_policy(arn)
    if known is None:
        raise Unread(f"the managed policy `{arn}` was not read")
    return known.document


def ask(requests: Requests, universe: Universe) -> Request | Undecided | None:
    """A request of a set, None when there is none, or why that isn't known."""
    try:
        return requests.example(universe)
    except Unclear as e:
        return Undecided(str(e), _assumed(universe))


def _assumed(universe: Universe) -> tuple[str, ...]:
    if universe == "all":
        return ()
    from ecsiam.reference.actions import date

    return (f"there are no other actions than those of {date()}",)


def _sets(reading: Reading, *subjects: Subject) -> tuple[Requests, ...] | Undecided:
    try:
        return tuple(requests_of(s, reading) for s in subjects)
    except Unclear as e:
        return Undecided(str(e))


def contains(a: Subject, b: Subject, *, universe: Universe = "all", reading: Reading = "parts") -> Answer:
    """Whether `a` allows every request that `b` allows. A Fails carries a request that only `b` allows.

    `universe="known"` takes today's actions for all there are; `reading="flat"` lets a `*` in an ARN cross its colons.
    """
    sets = _sets(reading, a, b)
    if isinstance(sets, Undecided):
        return sets
    wide, narrow = sets
    match ask(narrow - wide, universe):
        case None:
            return Holds(assumed=_assumed(universe))
        case Undecided() as undecided:
            return undecided
        case request:
            return Fails(request, "the second allows it, the first does not", _assumed(universe))


def overlaps(a: Subject, b: Subject, *, universe: Universe = "all", reading: Reading = "parts") -> Answer:
    """Whether some request is allowed by both. A Holds carries one."""
    sets = _sets(reading, a, b)
    if isinstance(sets, Undecided):
        return sets
    left, right = sets
    match ask(left & right, universe):
        case None:
            return Fails(fact="no request is allowed by both", assumed=_assumed(universe))
        case Undecided() as undecided:
            return undecided
        case request:
            return Holds(request, _assumed(universe))


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
    a request and says in `when` what it takes; a Fails: nobody can, whatever the context.
    """
    asked = query(Statement("Allow", action, resource, conditions=conditions or {}))
    sets = _sets("parts", subject)
    if isinstance(sets, Undecided):
        return sets
    (allowed,) = sets
    match ask(allowed & asked, universe):
        case None:
            return Fails(fact="no request of these is allowed, whatever its context", assumed=_assumed(universe))
        case Undecided() as undecided:
            return undecided
        case request:
            return Holds(request, _assumed(universe), _when(allowed, asked, universe))


def _when(allowed: Requests, asked: Requests, universe: Universe) -> str:
    """The conditions of the statements that grant some of what is asked, and of those that take some away again."""

    def about(effect: str) -> list[str]:
        some = (leaf.statement for leaf in dict.fromkeys(allowed.leaves) if leaf.statement.effect == effect)
        met = (s for s in some if ask(query(evolve(s, effect="Allow")) & asked, universe) is not None)
        return list(dict.fromkeys(_in_words(s) for s in met))

    grants, denials = about("Allow"), about("Deny")
    granted = "" if "" in grants else " or ".join(grants)
    return granted + (f"{', ' if granted else ''}unless {' or '.join(denials)}" if denials else "")


def _in_words(statement: Statement) -> str:
    """What a statement asks of the context, as one would say it."""
    asked = [
        f"`{c.key}` {_VERBS.get(str(c.operator), str(c.operator))} {' or '.join(f'`{v}`' for v in c.values)}"
        for c in statement.conditions
    ]
    if statement.effect == "Deny" and statement.resources is not None:
        verb = "is" if isinstance(statement.resources, Only) else "is not"
        asked.append(f"the resource {verb} {' or '.join(f'`{r}`' for r in statement.resources.items)}")
    return " and ".join(asked)


_VERBS = {
    "StringEquals": "is",
    "StringNotEquals": "is not",
    "StringLike": "is like",
    "StringNotLike": "is not like",
    "ArnEquals": "is like",
    "ArnLike": "is like",
    "ArnNotEquals": "is not like",
    "ArnNotLike": "is not like",
    "Bool": "is",
    "IpAddress": "is in",
    "NotIpAddress": "is not in",
    "Null": "is absent:",
    "NumericLessThan": "is less than",
    "NumericLessThanEquals": "is at most",
    "NumericGreaterThan": "is more than",
    "NumericGreaterThanEquals": "is at least",
    "DateLessThan": "is before",
    "DateGreaterThan": "is after",
}
