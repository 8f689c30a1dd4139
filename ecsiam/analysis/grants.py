"""How a resource's policy names the caller, whether it has to, and of which accounts the two are.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
"""

import re
from collections.abc import Iterable, Iterator
from typing import Literal, get_args

from attrs import evolve

from ecsiam.analysis.callers import is_known
from ecsiam.analysis.matching import PRINCIPAL_ARN, ROLE, account_of, matches_principal
from ecsiam.analysis.request import Request
from ecsiam.model.policy import Policy
from ecsiam.model.principal import Principal
from ecsiam.model.role import Role
from ecsiam.model.statement import Only, Statement

Grant = Literal["directly", "to everybody", "within limits", "by delegation"]
GRANTS: tuple[Grant, ...] = get_args(Grant)
Accounts = Literal["one", "two", "unknown"]
_ACCOUNT = re.compile(r"(?:arn:[^:]+:iam::)?([0-9]{12})(?::root)?")
_SESSION = re.compile("arn:(?P<partition>[^:]+):sts::(?P<account>[0-9]{12}):assumed-role/(?P<name>[^/]+)/.+", re.DOTALL)


# The actions that a role's trust has to allow, in the account of the role too; `sts:AssumeRoot` has no trust.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
OF_TRUST = frozenset(
    f"sts:{name}".lower()
    for name in (
        "AssumeRole",
        "AssumeRoleWithSAML",
        "AssumeRoleWithWebIdentity",
        "SetContext",
        "SetSourceIdentity",
        "TagSession",
    )
)
# What no policy of the resource is asked for, of whatever account that is: root users are let in by Organizations.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user-privileged-task.html
OF_CALLER_ALONE = frozenset({"sts:assumeroot"})
_KEY = re.compile("arn:[^:]+:kms:[^:]*:[^:]*:key/.+")


def has_to_allow(request: Request) -> bool:
    """Whether it is a role that is assumed or a KMS key that is used: their policies are never passed over."""
    action = request.action.lower()
    return action in OF_TRUST or (action.startswith("kms:") and _KEY.fullmatch(request.resource) is not None)


# ---------------------------------------------------------------- who is named


def with_role(request: Request, role: Role | None, policies: Iterable[Policy]) -> Request:
    """The request with the ARN of a session's role where a path is in it, as far as that is known.

    A session's ARN does not say the path. The name of a role is another's in no account, though: so it is the role
    that is asked about, or the one of that name that the policies speak of.
    """
    session = _SESSION.fullmatch(str(request.principal.id)) if request.principal is not None else None
    if session is None or request.values(PRINCIPAL_ARN) is not None:
        return request
    if role is not None and role.name.literal == session["name"]:
        found = {f"arn:{session['partition']}:iam::{session['account']}:role{role.path}{session['name']}"}
    else:
        named = (ROLE.fullmatch(arn) for p in policies for s in p.statements for arn in _named(s))
        found = {m[0] for m in named if m is not None and m.groups() == session.groups() and is_known(m[0])}
    if len(found) != 1:
        return request
    return evolve(request, context={**dict(request.context), PRINCIPAL_ARN: found.pop()})


def _named(statement: Statement) -> Iterator[str]:
    """The ARNs by which a statement says who is meant."""
    if statement.principals is not None:
        yield from (str(p.id) for p in statement.principals.items)
    for condition in statement.conditions:
        if condition.key.lower() == PRINCIPAL_ARN.lower():
            yield from map(str, condition.values)


def grant(statement: Statement, asked: Principal | None) -> Grant:
    """How a statement of a resource's policy that allows a request names the caller.

    A user or a session that is named itself needs nothing else; a role stays within boundary and session policies; an
    account leaves it to its own policies. That `"*"` with a condition on `aws:PrincipalArn` is not limited either, AWS
    says; that it is so without one, its pages leave open, and we take it so: it is the side that lets in more.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
    """
    if not isinstance(statement.principals, Only):
        return "to everybody"
    named = [p.id.literal or "" for p in statement.principals.items if matches_principal(p, asked)]
    found: set[Grant] = {_grant_to(name, str(asked.id) if asked else "") for name in named}
    return next(g for g in GRANTS if g in found)


def _grant_to(name: str, who: str) -> Grant:
    if name == "*":
        return "to everybody"
    if _ACCOUNT.fullmatch(name):
        return "directly" if _ACCOUNT.fullmatch(who) else "by delegation"
    return "within limits" if ROLE.fullmatch(name) else "directly"


def accounts_of(request: Request) -> Accounts:
    """Whether principal and resource are of one account, by their ARNs and else by the keys that say so.

    Where only the caller's policies are asked it is no matter, and as if they were.
    """
    if request.action.lower() in OF_CALLER_ALONE:
        return "one"
    who, of = account_in(request, "aws:PrincipalAccount"), account_in(request, "aws:ResourceAccount")
    if who is None or of is None:
        return "unknown"
    return "one" if who == of else "two"


def account_in(request: Request, key: str) -> str | None:
    """The account of the caller or of the resource."""
    asked = request.principal
    if key == "aws:ResourceAccount":
        found = account_of(request.resource)
    else:
        found = account_of(str(asked.id)) if asked is not None and asked.type == "AWS" else None
    value = request.values(key)
    return found or (value if isinstance(value, str) else None)
