"""One request against policies: the plain authority, statement by statement and step by step as AWS documents it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
"""

import re
from collections.abc import Iterable, Iterator
from typing import Literal, assert_never, get_args

from attrs import frozen

from ecsiam.analysis.globs import Reading
from ecsiam.analysis.matching import Miss, account_of, matches_principal, misses
from ecsiam.analysis.request import Request
from ecsiam.errors import Fault, PolicyError, refuse
from ecsiam.model.mistaken import expect, policies_of
from ecsiam.model.policy import Policy
from ecsiam.model.principal import Principal
from ecsiam.model.role import Role
from ecsiam.model.statement import AllBut, Effect, Only, Statement
from ecsiam.model.text import Text

Outcome = Literal["allowed", "implicitly denied", "explicitly denied"]


@frozen
class Reported:
    """A statement of one of the policies, by where it stands, and which of its elements do not match the request."""

    policy: str
    index: int
    statement: Statement
    misses: tuple[Miss, ...]

    @property
    def matches(self) -> bool:
        return not self.misses


@frozen
class Decision:
    """What came out, the step that decided it, and every statement that was looked at."""

    outcome: Outcome
    reason: str
    statements: tuple[Reported, ...]

    @property
    def allowed(self) -> bool:
        return self.outcome == "allowed"

    def __str__(self) -> str:
        return f"{self.outcome}: {self.reason}"


Place = Literal["identity", "boundary", "session", "scp", "rcp", "resource"]


@frozen
class _Policy:
    """A policy where it applies, its statements held against the request."""

    place: Place
    name: str
    statements: tuple[Reported, ...]

    @property
    def allows(self) -> bool:
        return any(r.statement.effect == "Allow" and not r.misses for r in self.statements)


def evaluate(
    policies: Policy | Role | Iterable[Policy],
    request: Request,
    *,
    boundary: Policy | None = None,
    session: Policy | Iterable[Policy] = (),
    scps: Policy | Iterable[Policy] = (),
    rcps: Policy | Iterable[Policy] = (),
    resource_policy: Policy | None = None,
    reading: Reading = "parts",
) -> Decision:
    """Whether a request is allowed, which step decided it, and what each statement has to say.

    `policies` are identity policies, those of a role (its inline and AWS managed ones, its boundary unless one is
    given), or a lone trust or resource policy, asked by itself. Each of `scps` and `rcps` is a level and has to allow.
    Only what is given is looked at: without `resource_policy` the identity policies decide, except where principal and
    resource are known to be of two accounts. Where that isn't known, both have to allow, as across accounts.

    Raises PolicyError for a policy in a place it can't have, for a managed policy that isn't carried, and for what is
    known only at deployment. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    """
    expect(request, Request, "a request")
    if not isinstance(policies, Policy | Role):
        policies = policies_of(policies)
    alone = isinstance(policies, Policy) and policies.kind != "identity"
    if isinstance(policies, Role) and boundary is None and policies.permissions_boundary is not None:
        boundary = _managed(policies, policies.permissions_boundary)
    session = _several(session)
    given: list[tuple[Place, str, Policy]] = [
        *(("rcp", f"rcp {i}", p) for i, p in enumerate(_several(rcps))),
        *(("scp", f"scp {i}", p) for i, p in enumerate(_several(scps))),
        *(("resource", _name(p), p) for p in (resource_policy,) if p is not None),
        *_own(policies),
        *(("boundary", "boundary", p) for p in (boundary,) if p is not None),
        *(("session", f"session {i}" if len(session) > 1 else "session", p) for i, p in enumerate(session)),
    ]
    refuse(PolicyError, _misplaced(given, alone))
    bounded = boundary is not None and request.principal is not None and request.principal.type == "AWS"
    asked = [_asked(place, name, policy, request, reading, bounded) for place, name, policy in given]
    outcome, reason = _decided(asked, request, alone)
    return Decision(outcome, reason, tuple(r for p in asked for r in p.statements))


# ---------------------------------------------------------------- what is given


def _several(given: Policy | Iterable[Policy]) -> tuple[Policy, ...]:
    return (given,) if isinstance(given, Policy) else tuple(given)


def _name(policy: Policy) -> str:
    return f"{policy.kind} policy"


def _own(policies: Policy | Role | Iterable[Policy]) -> Iterator[tuple[Place, str, Policy]]:
    match policies:
        case Policy() if policies.kind == "identity":
            yield "identity", "identity", policies
        case Policy():
            yield "resource", _name(policies), policies
        case Role():
            for inline in policies.policies.values():
                if inline.when:
                    raise _open(f"whether `{policies.name}` has the policy `{inline.id}`")
                yield "identity", inline.id, inline.document
            for arn in policies.managed_policy_arns:
                yield "identity", str(arn), _managed(policies, arn)
        case _:
            for i, policy in enumerate(policies):
                yield "identity", f"identity {i}", policy


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
                remedy="Give the role's policies as documents, and its boundary as `boundary`.",
            )
        )
    return found.document


def _misplaced(given: list[tuple[Place, str, Policy]], alone: bool) -> Iterator[Fault]:
    """Policies that can't stand where they are given: with a principal where there is none, or the reverse."""
    for place, name, policy in given:
        of_resource = place in ("rcp", "resource")
        if of_resource and policy.kind == "identity":
            yield Fault(f"`{name}` names no principal", remedy="A policy of a resource says who it speaks of.")
        if not of_resource and policy.kind != "identity":
            yield Fault(f"`{name}` names a principal", remedy="Give the policy of a resource as `resource_policy`.")
    beside = {place for place, _, _ in given} & {"boundary", "session"} if alone else ()
    if beside or sum(place == "resource" for place, _, _ in given) > 1:
        yield Fault(
            "the policy of a resource is asked by itself, and more is given",
            remedy="Give the caller's own policies first, and it as `resource_policy`.",
        )


def _asked(place: Place, name: str, policy: Policy, request: Request, reading: Reading, bounded: bool) -> _Policy:
    # An ARN may be cut short in identity policies, boundaries and service control policies, not in session policies.
    identity = place in ("identity", "boundary", "scp")
    found: list[Reported] = []
    for index, statement in enumerate(policy.statements):
        missed = misses(statement, policy.version, request, reading, identity)
        if bounded and place == "resource" and statement.effect == "Deny" and isinstance(statement.principals, AllBut):
            # AWS: this "will always deny any IAM principal that has a permissions boundary policy attached".
            # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
            missed = tuple(m for m in missed if m.element != "NotPrincipal")
        found.append(Reported(name, index, statement, missed))
    return _Policy(place, name, tuple(found))


# ---------------------------------------------------------------- the steps

_Answer = tuple[Outcome, str]
_CROSS = {
    "two": "the accounts are two, so both have to allow it",
    "unknown": "whether caller and resource are of one account is not known, so both have to allow it"
    " (the key `aws:ResourceAccount` tells, where the ARN doesn't)",
}


def _decided(asked: list[_Policy], request: Request, alone: bool) -> _Answer:
    if denied := next(_matching(asked, "Deny"), None):
        return "explicitly denied", f"statement {denied.index} of `{denied.policy}` denies it"
    for policy in asked:
        if policy.place in ("rcp", "scp") and not policy.allows:
            return "implicitly denied", f"`{policy.name}` does not allow it"
    resource = next((p for p in asked if p.place == "resource"), None)
    if resource is not None:
        return _of_resource(resource, asked, request, alone)
    accounts = _accounts(request)
    if accounts == "two":
        return "implicitly denied", f"{_CROSS[accounts]}, and no policy of the resource is given"
    return _of_identity(asked)


def _of_resource(resource: _Policy, asked: list[_Policy], request: Request, alone: bool) -> _Answer:
    """The policy of the resource, and what else is needed with it."""
    by_itself = alone or _has_no_policies(request)
    accounts = _accounts(request)
    grants = {_grant(r.statement, request.principal): r for r in _matching([resource], "Allow")}
    if not grants:
        refused = f"no statement of the `{resource.name}` allows it"
        if by_itself or accounts != "one" or _has_to_allow(resource, request):
            return "implicitly denied", refused
        outcome, reason = _of_identity(asked)
        return outcome, reason if outcome == "allowed" else f"{reason}, and {refused}"
    best: _Grant = next(g for g in _GRANTS if g in grants)
    granted = f"statement {grants[best].index} of `{resource.name}` allows it"
    if by_itself:
        return "allowed", granted
    if accounts != "one":
        outcome, reason = _of_identity(asked)
        return outcome, f"{granted}, {'and' if outcome == 'allowed' else 'but'} {reason}: {_CROSS[accounts]}"
    match best:
        case "directly":
            return "allowed", f"{granted} and names the caller itself"
        case "within limits":
            limit = _limit(asked)
            return ("implicitly denied", f"{granted}, but {limit}") if limit else ("allowed", granted)
        case "by delegation":
            outcome, reason = _of_identity(asked)
            joined = "and" if outcome == "allowed" else "which leaves it to the account, but"
            return outcome, f"{granted}, {joined} {reason}"
        case _:
            assert_never(best)


def _matching(policies: Iterable[_Policy], effect: Effect) -> Iterator[Reported]:
    return (r for p in policies for r in p.statements if r.statement.effect == effect and not r.misses)


def _of_identity(asked: list[_Policy]) -> _Answer:
    """Identity policies, then what limits them."""
    allowing = next(_matching((p for p in asked if p.place == "identity"), "Allow"), None)
    if allowing is None:
        return "implicitly denied", "no identity policy allows it"
    limit = _limit(asked)
    return (
        ("implicitly denied", limit)
        if limit
        else ("allowed", f"statement {allowing.index} of `{allowing.policy}` allows it")
    )


def _limit(asked: list[_Policy]) -> str:
    """Which limit does not allow it: the boundary, or the session policies of which one has to."""
    if any(p.place == "boundary" and not p.allows for p in asked):
        return "the boundary does not allow it"
    sessions = [p for p in asked if p.place == "session"]
    return "no session policy allows it" if sessions and not any(p.allows for p in sessions) else ""


def _has_no_policies(request: Request) -> bool:
    """Services, federated users and anonymous callers: the policy of the resource decides alone."""
    return request.principal is not None and request.principal.type in ("*", "Service", "Federated")


def _has_to_allow(policy: _Policy, request: Request) -> bool:
    """Whether the resource is a role or a KMS key: their policies are never passed over."""
    return policy.name == "trust policy" or request.action.lower().startswith("kms:")


# ---------------------------------------------------------------- who is named, and where

_Grant = Literal["directly", "within limits", "by delegation"]
_GRANTS: tuple[_Grant, ...] = get_args(_Grant)
_ACCOUNT = re.compile(r"(?:arn:[^:]+:iam::)?([0-9]{12})(?::root)?")
_ROLE = re.compile(r"arn:[^:]+:iam::[0-9]{12}:role/.+")


def _grant(statement: Statement, asked: Principal | None) -> _Grant:
    """How a statement of a resource's policy that allows a request names the caller.

    A user or a session that is named itself needs nothing else; a role, or everyone, stays within boundary and session
    policies; an account leaves it to its own policies. `"*"` with a condition on `aws:PrincipalArn` names who that is.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
    """
    if not isinstance(statement.principals, Only):
        return "within limits"
    named = [p.id.literal or "" for p in statement.principals.items if matches_principal(p, asked)]
    found: set[_Grant] = {_grant_to(name, str(asked.id) if asked else "", statement) for name in named}
    return next(g for g in _GRANTS if g in found)


def _grant_to(name: str, who: str, statement: Statement) -> _Grant:
    if name == "*":
        pinned = any(
            c.key.lower() == "aws:principalarn"
            and c.operator.comparison.kind != "null"
            and not c.operator.comparison.negated
            for c in statement.conditions
        )
        return "directly" if pinned else "within limits"
    if _ACCOUNT.fullmatch(name):
        return "directly" if _ACCOUNT.fullmatch(who) else "by delegation"
    return "within limits" if _ROLE.fullmatch(name) else "directly"


def _accounts(request: Request) -> Literal["one", "two", "unknown"]:
    """Whether principal and resource are of one account, by their ARNs and else by the keys that say so."""
    asked = request.principal
    who = account_of(str(asked.id)) if asked is not None and asked.type == "AWS" else None
    who = who or _said(request, "aws:PrincipalAccount")
    of = account_of(request.resource) or _said(request, "aws:ResourceAccount")
    if who is None or of is None:
        return "unknown"
    return "one" if who == of else "two"


def _said(request: Request, key: str) -> str | None:
    value = request.values(key)
    return value if isinstance(value, str) else None
