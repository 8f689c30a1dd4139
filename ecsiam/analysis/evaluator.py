"""One request against policies: the plain authority, statement by statement and step by step as AWS documents it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from attrs import evolve, frozen

from ecsiam.analysis.callers import contradictions, filled_in, kind_of
from ecsiam.analysis.globs import READINGS, Reading
from ecsiam.analysis.grants import account_in, accounts_of, with_role
from ecsiam.analysis.limits import limits
from ecsiam.analysis.matching import Miss, Unsettled, misses
from ecsiam.analysis.missing import has_variables, is_missing, open_keys
from ecsiam.analysis.organisations import Levels, attached, why_not
from ecsiam.analysis.request import Request
from ecsiam.analysis.steps import Answer, Applied, Held, Outcome, Place, Reported, decided, is_without
from ecsiam.errors import Fault, Faults, PolicyError, refuse
from ecsiam.looks.page import Block, Page, Table
from ecsiam.looks.shown import Paged
from ecsiam.model.document import describe
from ecsiam.model.mistaken import expect, policies_of
from ecsiam.model.policy import Policy
from ecsiam.model.principal import EVERYONE, Principal
from ecsiam.model.role import Role
from ecsiam.model.statement import EFFECTS, AllBut
from ecsiam.model.text import Text


@frozen(repr=False)
class Decision(Paged):
    """What came out, the step that decided it, and every statement that was looked at.

    `missing` are the condition keys that it hung on and that were not given: with other values for them it may come out
    the other way. `contradicting` are keys that were given and can't be so, given who asks; they were taken as given.
    `unclear` says what it hangs on that AWS's pages leave open: the other reading gives another outcome.
    """

    outcome: Outcome
    reason: str
    statements: tuple[Reported, ...]
    missing: tuple[str, ...] = ()
    contradicting: tuple[str, ...] = ()
    unclear: str = ""

    @property
    def allowed(self) -> bool:
        return self.outcome == "allowed"

    def __str__(self) -> str:
        return f"{self.outcome}: {self.reason}"

    def _says(self) -> str:
        return str(self)

    def _page(self) -> Page:
        rows = (
            (
                r.policy,
                str(r.index),
                r.statement.why,
                "✓ matches"
                if r.matches
                else tuple(f"{m.element}{f' {m.key}' if m.key else ''}: {m.reason}" for m in r.misses),
            )
            for r in self.statements
        )
        head = ("policy", "statement", "what it says", "match")
        blocks: list[Block] = [Table(head, rows)]
        if self.missing:
            blocks.append(f"it hangs on what was not given: {', '.join(self.missing)}")
        if self.contradicting:
            blocks.append(f"given, and can't be so where this principal asks: {', '.join(self.contradicting)}")
        if self.unclear:
            blocks.append(f"unclear: {self.unclear}")
        return Page(f"{'✓' if self.allowed else '✗'} {self}", tuple(blocks))


@frozen
class _Given:
    """A policy and where it applies; `level` is that of an organisation's policy."""

    place: Place
    name: str
    policy: Policy
    level: str = ""


def evaluate(
    policies: Policy | Role | Iterable[Policy],
    request: Request,
    *,
    boundary: Policy | None = None,
    session: Policy | Iterable[Policy] = (),
    scps: Levels = (),
    rcps: Levels = (),
    resource_policy: Policy | None = None,
    managed: Mapping[str, Policy] | None = None,
    reading: Reading = "parts",
) -> Decision:
    """Whether a request is allowed, which step decided it, and what each statement has to say.

    `policies` are identity policies, those of a role (its inline and managed ones, its boundary unless one is given),
    or a lone trust or resource policy, asked by itself. `managed` has the documents of managed policies by ARN, for
    what a role names and the service reference lacks. `session` is one set: those of one call that united allow.

    `scps` and `rcps` are a list for each level (or by its name), whose policies are united; a flat list is one level.
    Every level of SCPs has to allow, RCPs only take away. They count where AWS lets them: SCPs for principals of
    accounts, RCPs for the services that AWS lists, neither for service-linked roles.

    Keys that follow from the principal are filled in where the context doesn't give them. Only what is given is looked
    at: without `resource_policy` the identity policies decide, except where principal and resource are known to be of
    two accounts. Where that isn't known, both have to allow, as across accounts.

    Raises PolicyError for a policy in a place it can't have, for a managed policy that isn't carried, for what is known
    only at deployment, and where the outcome hangs on what AWS leaves open: several values under an operator for one. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    """
    expect(request, Request, "a request")
    faults = Faults()
    if not isinstance(policies, Policy | Role):
        with faults.at():
            policies = policies_of(policies)
    for name, policy in (("boundary", boundary), ("resource_policy", resource_policy)):
        with faults.at(name):
            expect(policy, (Policy, type(None)), "a policy")
    sessions: tuple[Policy, ...] = ()
    with faults.at("session"):
        sessions = policies_of(session, "a policy")
    if reading not in READINGS:
        remedy = f"Write {' or '.join(f'`{known}`' for known in READINGS)}."
        faults.append(Fault(f"`reading` is how ARNs are compared, and not {describe(reading)}", (), remedy))
    refuse(PolicyError, faults)
    alone = isinstance(policies, Policy) and policies.kind != "identity"
    with limits(None, managed):
        if isinstance(policies, Role) and boundary is None and policies.permissions_boundary is not None:
            boundary = _managed(policies, policies.permissions_boundary)
        own = list(_own(policies))
    given = [
        *(_Given("rcp", a.name, a.policy, a.level) for a in attached("rcp", rcps)),
        *(_Given("scp", a.name, a.policy, a.level) for a in attached("scp", scps)),
        *(_Given("resource", _name(p), p) for p in (resource_policy,) if p is not None),
        *own,
        *(_Given("boundary", "boundary", p) for p in (boundary,) if p is not None),
        *(_Given("session", f"session {i}" if len(sessions) > 1 else "session", p) for i, p in enumerate(sessions)),
    ]
    refuse(PolicyError, _misplaced(given, alone))
    role = policies if isinstance(policies, Role) else None
    by_itself = alone or _has_no_policies(request, given, role is not None)
    filled = filled_in(with_role(request, role, (g.policy for g in given)), of_role=role is not None)
    asked = [_asked(g, request, filled, reading, bounded=boundary is not None) for g in given]
    decide = partial(decided, request=filled, by_itself=by_itself)
    asked = _settled(asked, lambda tried: decide(tried, accounts=accounts_of(filled))[0])
    outcome, reason = decide(asked, accounts=accounts_of(filled))
    statements = tuple(h.reported for p in asked for h in p.held)
    strict = [p.read(lambda h: h.strict or None) for p in asked]
    other = decide(strict, accounts=accounts_of(filled))[0]
    unclear = _INVALID if (outcome == "allowed") != (other == "allowed") else ""
    return Decision(outcome, reason, statements, _missing(asked, filled, decide), contradictions(request), unclear)


_INVALID = "whether a statement counts, of whose resources a policy variable has no value, AWS's pages leave open"


def _settled(asked: list[Applied], outcome: Callable[[list[Applied]], Outcome]) -> list[Applied]:
    """The same, where what AWS leaves open makes no difference. Raises Unsettled where it does."""
    unsettled = [h.unsettled for p in asked for h in p.held if h.unsettled]
    if not unsettled:
        return asked
    best, worst = ([p.at_best(lambda h: h.unsettled is not None, e) for p in asked] for e in EFFECTS)
    if (outcome(best) == "allowed") != (outcome(worst) == "allowed"):
        raise Unsettled(*(fault for error in unsettled for fault in error.faults))
    return worst


# ---------------------------------------------------------------- what is given


def _name(policy: Policy) -> str:
    return f"{policy.kind} policy"


def _own(policies: Policy | Role | Iterable[Policy]) -> Iterator[_Given]:
    match policies:
        case Policy() if policies.kind == "identity":
            yield _Given("identity", "identity", policies)
        case Policy():
            yield _Given("resource", _name(policies), policies)
        case Role():
            for inline in policies.policies.values():
                if inline.when:
                    raise _open(f"whether `{policies.name}` has the policy `{inline.id}`")
                yield _Given("identity", inline.id, inline.document)
            for arn in policies.managed_policy_arns:
                yield _Given("identity", str(arn), _managed(policies, arn))
        case _:
            for i, policy in enumerate(policies):
                yield _Given("identity", f"identity {i}", policy)


def _open(what: str) -> PolicyError:
    return PolicyError(Fault(f"{what} is known only at deployment", remedy="Bind it first."))


def _managed(role: Role, text: Text) -> Policy:
    from ecsiam.reference.managed import managed_policy

    arn = text.literal
    if arn is None:
        raise _open(f"the managed policy `{text}` of `{role.name}`")
    found = managed_policy(arn)
    if found is None:
        raise PolicyError(
            Fault(
                f"what the managed policy `{arn}` of `{role.name}` says is not known here",
                remedy="Give its document in `managed`, by its ARN.",
            )
        )
    return found.document


def _misplaced(given: list[_Given], alone: bool) -> Iterator[Fault]:
    """Policies that can't stand where they are given: with a principal where there is none, or the reverse."""
    for g in given:
        of_resource = g.place in ("rcp", "resource")
        if of_resource and g.policy.kind == "identity":
            yield Fault(f"`{g.name}` names no principal", remedy="A policy of a resource says who it speaks of.")
        if not of_resource and g.policy.kind != "identity":
            yield Fault(f"`{g.name}` names a principal", remedy="Give the policy of a resource as `resource_policy`.")
    beside = {g.place for g in given} & {"boundary", "session"} if alone else ()
    if beside or sum(g.place == "resource" for g in given) > 1:
        yield Fault(
            "the policy of a resource is asked by itself, and more is given",
            remedy="Give the caller's own policies first, and it as `resource_policy`.",
        )


def _asked(given: _Given, request: Request, filled: Request, reading: Reading, bounded: bool) -> Applied:
    # An ARN may be cut short in identity policies, boundaries and service control policies, not in session policies.
    identity = given.place in ("identity", "boundary", "scp")
    out = why_not(given.place, request) if given.place in ("scp", "rcp") else ""
    bounded = bounded and given.place == "resource" and _is_of_iam(request.principal)
    held: list[Held] = []
    for index, statement in enumerate(given.policy.statements):
        report = partial(Reported, given.name, index, statement)
        read, version = statement, given.policy.version
        if bounded and statement.effect == "Deny" and isinstance(statement.principals, AllBut):
            # AWS: this "will always deny any IAM principal that has a permissions boundary policy attached".
            # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
            read = evolve(statement, principals=EVERYONE)
        if out:
            held.append(Held(report((Miss(given.place.upper(), out),))))
            continue
        try:
            missed = misses(read, version, filled, reading, identity)
        except Unsettled as e:
            held.append(Held(report(()), unsettled=e))
            continue
        varies = not missed and has_variables(read, version)
        strict = misses(read, version, filled, reading, identity, strict=True) if varies else ()
        held.append(Held(report(missed), open_keys(read, version, filled, reading, identity), strict=strict))
    return Applied(given.place, given.name, given.level, tuple(held), not out)


def _is_of_iam(who: Principal | None) -> bool:
    """Whether a boundary can be attached to who asks; of a caller that isn't known, it is."""
    return who is None or kind_of(who) in ("user", "role session")


def _has_no_policies(request: Request, given: list[_Given], of_role: bool) -> bool:
    """Whether the policy of the resource decides alone: of services, those who bring a token, and anonymous callers.

    Of a caller that isn't known and has no policies either: only what is for everybody is for whoever that is.
    """
    if request.principal is None:
        return not of_role and not any(g.place in ("identity", "boundary", "session") for g in given)
    return is_without(request.principal)


# ---------------------------------------------------------------- what was not given

_Decide = Callable[..., Answer]


def _missing(asked: list[Applied], request: Request, decide: _Decide) -> tuple[str, ...]:
    """The keys that were not given and that could turn the decision, as they are written."""
    accounts = accounts_of(request)
    best, worst = (decide([p.at_best(lambda h: bool(h.open), e) for p in asked], accounts=accounts)[0] for e in EFFECTS)
    found: dict[str, str] = {}
    if (best == "allowed") != (worst == "allowed"):
        for p in asked:
            settled = any(q.surely_allows for q in asked if _is_one_set(p, q))
            for h in p.held:
                if h.reported.statement.effect == "Deny" or not settled:
                    found.update((key.lower(), key) for key in h.open)
    if accounts == "unknown" and any(p.place == "resource" for p in asked):
        one, two = (decide(asked, accounts=known)[0] for known in ("one", "two"))
        if one != two:
            keys = ("aws:PrincipalAccount", "aws:ResourceAccount")
            found.update(
                (key.lower(), key) for key in keys if is_missing(key, request) and not account_in(request, key)
            )
    return tuple(found.values())


def _is_one_set(p: Applied, q: Applied) -> bool:
    """Whether one Allow of the two policies is as good as another. How a resource's policy names the caller counts."""
    return p.place == q.place != "resource" and p.level == q.level
