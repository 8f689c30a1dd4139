"""Who asks, and which condition keys follow from that.

One table says what AWS sends for each kind of caller. `evaluate` fills it in, the cells of a question are cut by it,
and no example that contradicts it is ever shown.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from attrs import evolve

from ecsiam.analysis.globs import STAR
from ecsiam.analysis.request import Request, Values
from ecsiam.model.globs import matches
from ecsiam.model.principal import Principal

Kind = Literal["user", "role session", "federated user", "root", "service", "anonymous", "account", "federated"]

# What is known of a key: None, it is absent; a text, what it is, with wildcards where only so much is known (`*`: it
# is there). A key that is not named may have any value or none.
Facts = Mapping[str, str | None]

_TEMPORARY: dict[str, str | None] = {"aws:TokenIssueTime": "*", "aws:MultiFactorAuthPresent": "*"}
_OF_ACCOUNT: dict[str, str | None] = {
    "aws:PrincipalArn": "{arn}",
    "aws:PrincipalAccount": "{account}",
    "aws:PrincipalIsAWSService": "false",
    "aws:PrincipalServiceName": None,
    "aws:PrincipalServiceNamesList": None,
}
_NO_SESSION: dict[str, str | None] = {"aws:FederatedProvider": None, "aws:SourceIdentity": None}
# AWS says that these are in the context of every request.
ALWAYS: Facts = MappingProxyType(
    {
        "aws:CurrentTime": "*",
        "aws:EpochTime": "*",
        "aws:RequestedRegion": "*",
        "aws:SecureTransport": "*",
        "aws:UserAgent": "*",
        "aws:ViaAWSService": "*",
    }
)
CALLERS: Mapping[Kind, Facts] = MappingProxyType(
    {
        "user": {
            **_OF_ACCOUNT,
            **_NO_SESSION,
            "aws:PrincipalType": "User",
            "aws:userid": "?*",
            "aws:username": "{name}",
        },
        "role session": {
            **_OF_ACCOUNT,
            **_TEMPORARY,
            "aws:PrincipalType": "AssumedRole",
            "aws:userid": "?*:{session}",
            "aws:username": None,
        },
        "federated user": {
            **_OF_ACCOUNT,
            **_TEMPORARY,
            "aws:FederatedProvider": None,
            "aws:PrincipalType": "FederatedUser",
            "aws:userid": "{account}:{name}",
            "aws:username": None,
        },
        "root": {
            **_OF_ACCOUNT,
            **_NO_SESSION,
            "aws:PrincipalType": "Account",
            "aws:userid": "{account}",
            "aws:username": None,
        },
        # What its ARN, account, type and id are, AWS's pages leave open; that the last three are there, they don't.
        "service": {
            **_NO_SESSION,
            "aws:PrincipalAccount": "*",
            "aws:PrincipalType": "*",
            "aws:userid": "*",
            "aws:username": None,
            "aws:PrincipalIsAWSService": "true",
            "aws:PrincipalServiceName": "{name}",
            "aws:PrincipalServiceNamesList": "*",
        },
        "anonymous": {
            **_NO_SESSION,
            **dict.fromkeys(_TEMPORARY),
            "aws:PrincipalArn": None,
            "aws:PrincipalAccount": "anonymous",
            "aws:PrincipalType": "Anonymous",
            "aws:userid": "anonymous",
            "aws:username": None,
            "aws:PrincipalIsAWSService": None,
            "aws:PrincipalServiceName": None,
            "aws:PrincipalServiceNamesList": None,
            "aws:PrincipalOrgID": None,
            "aws:PrincipalOrgPaths": None,
        },
        # Somebody of an account that is known by its canonical id only.
        "account": {**_OF_ACCOUNT, "aws:PrincipalArn": "arn:*", "aws:PrincipalType": "?*", "aws:userid": "?*"},
        # Who brings a token to sts: of most of these keys no page says whether they are sent.
        "federated": dict.fromkeys(("aws:PrincipalServiceName", "aws:PrincipalServiceNamesList", "aws:username")),
    }
)
_OF_CALLERS = frozenset(key.lower() for facts in CALLERS.values() for key in facts)
_SAID = ("principalisawsservice", "principalservicename", "principalservicenameslist", "username")
# What AWS's pages don't say of a kind, or not what it is: no answer is given that hangs on these.
UNSAID: Mapping[Kind, frozenset[str]] = MappingProxyType(
    {
        "account": _OF_CALLERS - {"aws:principalaccount"},
        "federated": _OF_CALLERS - {f"aws:{key}" for key in _SAID},
        "federated user": frozenset({"aws:sourceidentity"}),
        "service": _OF_CALLERS - {f"aws:{key}" for key in _SAID},
    }
)
# Anonymous callers have no tags either; whose keys begin like this is in no table.
TAG = "aws:principaltag/"

_ANY_ACCOUNT = "????????????"
_PARTITION, _ACCOUNT = r"(?P<partition>[^:]+)", r"(?P<account>[0-9]{12})"
_IAM, _STS = f"arn:{_PARTITION}:iam::{_ACCOUNT}:", f"arn:{_PARTITION}:sts::{_ACCOUNT}:"
_ARNS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("user", re.compile(f"{_IAM}user/(?:.*/)?(?P<name>[^/]+)", re.DOTALL)),
    ("role session", re.compile(f"{_IAM}role/.+", re.DOTALL)),
    ("role session", re.compile(f"{_STS}assumed-role/(?P<role>[^/]+)/(?P<session>.+)", re.DOTALL)),
    ("federated user", re.compile(f"{_STS}federated-user/(?P<name>.+)", re.DOTALL)),
    ("root", re.compile(f"{_IAM}root")),
    ("root", re.compile(_ACCOUNT)),
)
# The kinds that an account has, and what `aws:PrincipalArn` is like for each.
ARN_FORMS: Mapping[Kind, str] = MappingProxyType(
    {
        "role session": "arn:*:iam::{account}:role/?*",
        "user": "arn:*:iam::{account}:user/?*",
        "federated user": "arn:*:sts::{account}:federated-user/?*",
        "root": "arn:*:iam::{account}:root",
    }
)


def kind_of(principal: Principal) -> Kind | None:
    """What kind of caller a principal is; None for one that AWS has no such ARN for."""
    match principal.type:
        case "*":
            return "anonymous"
        case "Service":
            return "service"
        case "Federated":
            return "federated"
        case "CanonicalUser":
            return "account"
        case "AWS":
            found = _parsed(principal.id.literal or "")
            return found[0] if found else None


def _parsed(id: str) -> tuple[Kind, dict[str, str]] | None:
    for kind, form in _ARNS:
        if found := form.fullmatch(id):
            return kind, found.groupdict()
    return None


@lru_cache(maxsize=1 << 12)
def facts_of(principal: Principal) -> tuple[Facts, ...]:
    """What follows from who asks: the alternatives, of which one is so, the likeliest first.

    A session's ARN says the name of its role, but not the path: `aws:PrincipalArn` is the role's ARN, path and all.
    """
    kind, id = kind_of(principal), principal.id.literal or ""
    if kind is None:
        return ({},)
    if principal.type != "AWS":
        return (_filled(kind, {"name": id, "account": _ANY_ACCOUNT}),)
    _, groups = _parsed(id) or (kind, {})
    if role := groups.get("role"):
        start = f"arn:{groups['partition']}:iam::{groups['account']}:role/"
        return tuple(_filled(kind, {**groups, "arn": f"{start}{path}{role}"}) for path in ("", "*/"))
    arn = id if id.startswith("arn:") else f"arn:*:iam::{id}:root"
    return (_filled(kind, {**groups, "arn": arn}),)


@lru_cache(maxsize=1 << 12)
def facts_of_some(kinds: tuple[Kind, ...], account: str = _ANY_ACCOUNT) -> tuple[Facts, ...]:
    """What follows for somebody of an account, or of any, who is of one of these kinds: an alternative for each."""
    return tuple(_filled(k, {"account": account, "arn": ARN_FORMS[k].format(account=account)}) for k in kinds)


def _filled(kind: Kind, known: Mapping[str, str]) -> Facts:
    values = {"name": "?*", "session": "?*", **known}
    own = {key: v if v is None else v.format(**values) if "{" in v else v for key, v in CALLERS[kind].items()}
    return MappingProxyType({**ALWAYS, **own})


# ---------------------------------------------------------------- a request


def is_known(value: str | None) -> bool:
    """Whether a fact says which value it is."""
    return value is not None and "*" not in value and "?" not in value


def filled_in(request: Request, of_role: bool = False) -> Request:
    """The request with the keys that follow from who asks, where they are known and it does not have them itself.

    `of_role` says that it is asked with a role's policies: if it names nobody, a session of some role asks.
    """
    if request.principal is None and not of_role:
        return request
    facts = (facts_of_some(("role session",)) if request.principal is None else facts_of(request.principal))[0]
    more = {key: v for key, v in facts.items() if v is not None and is_known(v) and request.values(key) is None}
    return evolve(request, context={**dict(request.context), **more}) if more else request


def contradictions(request: Request, asked: frozenset[str] | None = None) -> tuple[str, ...]:
    """The keys of a request that can't be as they are, given who asks; none, where some alternative agrees.

    Keys outside `asked`, in lower case, may be left unsaid; with None that is every key, and only what is there is
    judged.
    """
    if request.principal is None:
        return ()
    tries = [_disagreeing(request, facts, asked) for facts in facts_of(request.principal)]
    return min(tries, key=len)


def _disagreeing(request: Request, facts: Facts, asked: frozenset[str] | None) -> tuple[str, ...]:
    wrong: list[str] = []
    for key, fact in facts.items():
        value = request.values(key)
        if value is None or value == ():
            if fact is not None and asked is not None and key.lower() in asked:
                wrong.append(key)
        elif not _agrees(fact, value):
            wrong.append(key)
    if facts.get("aws:PrincipalType") == "User" and ":" in str(request.values("aws:userid")):
        wrong.append("aws:userid")
    if facts.get("aws:PrincipalType") == "Anonymous":
        wrong += (key for key, _ in request.context if key.lower().startswith(TAG))
    return tuple(wrong)


def _agrees(fact: str | None, value: Values) -> bool:
    if fact is None:
        return False
    if ((fact, True),) == STAR:
        return True
    value = value.lower() if fact in ("true", "false") and isinstance(value, str) else value
    return isinstance(value, str) and matches(fact, value)
