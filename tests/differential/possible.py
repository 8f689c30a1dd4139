"""Which requests can be: the keys that follow from who asks, and the types of values, as AWS's pages say.

A table of its own, written from https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
and the table of principals in reference_policies_variables.html. What these don't say is not asked here.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .matcher import Asked, Values, moment, number

# What a kind of caller has: `+` always, `-` never, `?` sometimes or not known.
KINDS = ("user", "role", "federated", "root", "service", "anonymous")
HAS = {
    "aws:principalarn": "++++?-",
    "aws:principalaccount": "++++++",
    "aws:principaltype": "++++++",
    "aws:userid": "++++++",
    "aws:username": "+-----",
    "aws:principalisawsservice": "+++++-",
    "aws:principalservicename": "----+-",
    "aws:principalservicenameslist": "----+-",
    "aws:principalorgid": "?????-",
    "aws:principalorgpaths": "?????-",
    "aws:tokenissuetime": "?++??-",
    "aws:multifactorauthpresent": "?++??-",
    "aws:federatedprovider": "-?----",
    "aws:sourceidentity": "-??---",
}
TAGS = "?" * 5 + "-"  # aws:PrincipalTag/...
ALWAYS = frozenset(
    f"aws:{key}"
    for key in ("currenttime", "epochtime", "securetransport", "useragent", "requestedregion", "viaawsservice")
)

TYPES: Mapping[str, str] = {
    "aws:currenttime": "date",
    "aws:epochtime": "epoch",
    "aws:tokenissuetime": "date",
    "aws:multifactorauthage": "number",
    "s3:max-keys": "number",
    "aws:securetransport": "bool",
    "aws:viaawsservice": "bool",
    "aws:principalisawsservice": "bool",
    "aws:multifactorauthpresent": "bool",
    "aws:sourceip": "address",
    "aws:vpcsourceip": "address",
    "aws:principalarn": "caller",
    "aws:sourcearn": "arn",
    "aws:principalaccount": "account",
    "aws:sourceaccount": "account",
    "aws:resourceaccount": "account",
}
SEVERAL = frozenset(("aws:tagkeys", "aws:principalorgpaths", "aws:principalservicenameslist", "aws:calledvia"))

_PARTITION_ACCOUNT = r"arn:(aws[a-z-]*):{}::(\d{{12}}):"
_IAM, _STS = _PARTITION_ACCOUNT.format("iam"), _PARTITION_ACCOUNT.format("sts")
# The ARN of a caller in aws:PrincipalArn: partition, account and name.
ARNS = {
    "user": re.compile(_IAM + r"user/(?:.*/)?([^/]+)"),
    "role": re.compile(_IAM + r"role/(?:.*/)?([^/]+)"),
    "federated": re.compile(_STS + "federated-user/(.+)"),
    "root": re.compile(_IAM + "(root)"),
}
SESSION = re.compile(_STS + "assumed-role/([^/]+)/([^/]+)")
NAMED = {"user": "User", "role": "AssumedRole", "federated": "FederatedUser", "root": "Account"}


@dataclass(frozen=True)
class Caller:
    """Who asks, as far as it is known: the account and the name may be open."""

    kind: str
    account: str = ""
    name: str = ""
    session: str = ""
    partition: str = ""


def caller(who: tuple[str, str]) -> Caller | None:
    """The caller that a principal of a request means; None for one whose keys AWS doesn't list."""
    kind, id = who
    if kind == "*":
        return Caller("anonymous")
    if kind == "Service":
        return Caller("service", name=id)
    if kind != "AWS":
        return None
    if session := SESSION.fullmatch(id):
        return Caller("role", session[2], session[3], session[4], session[1])
    for kind, form in ARNS.items():
        if found := form.fullmatch(id):
            return Caller(kind, found[2], found[3], partition=found[1])
    return Caller("root", id) if re.fullmatch(r"\d{12}", id) else None


def implied(who: tuple[str, str]) -> list[dict[str, str]]:
    """The keys whose values a principal alone settles: each way that they may be.

    A session doesn't say its role's path, so aws:PrincipalArn is with one, also that of the cases, or without.
    """
    one = caller(who)
    if one is None:
        return [{}]
    keys: dict[str, str] = {}
    if one.kind in NAMED:
        keys |= {"aws:PrincipalAccount": one.account, "aws:PrincipalType": NAMED[one.kind]}
        keys["aws:PrincipalIsAWSService"] = "false"
        if ARNS[one.kind].fullmatch(who[1]):
            keys["aws:PrincipalArn"] = who[1]
    match one.kind:
        case "user":
            keys["aws:username"] = one.name
        case "role":
            start = f"arn:{one.partition}:iam::{one.account}:role/"
            return [keys | {"aws:PrincipalArn": f"{start}{path}{one.name}"} for path in ("", "path/", "a/path/")]
        case "root":
            keys["aws:userid"] = one.account
        case "federated":
            keys["aws:userid"] = f"{one.account}:{one.name}"
        case "service":
            keys |= {"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": one.name}
        case "anonymous":
            keys |= dict.fromkeys(("aws:PrincipalAccount", "aws:userid"), "anonymous")
            keys["aws:PrincipalType"] = "Anonymous"
        case _:
            pass
    return [keys]


def account_of(asked: Asked) -> str:
    """The account of who asks, if it is known: from the principal, or what is said of it."""
    one = caller(asked.principal) if asked.principal else None
    if one is not None:
        return one.account
    arn, account = _one(asked.value("aws:PrincipalArn")), _one(asked.value("aws:PrincipalAccount"))
    return account or (arn.split(":")[4] if arn and arn.count(":") >= 5 else "")


def _owner(resource: str) -> str:
    parts = resource.split(":", 5)
    return parts[4] if len(parts) == 6 else ""


def of_two_accounts(asked: Asked) -> bool | None:
    """Whether who asks is of another account than the resource; None where only aws:PrincipalArn says so of nobody."""
    owner = _owner(asked.resource) or _one(asked.value("aws:ResourceAccount")) or ""
    if "" in (owner, account_of(asked)) or owner == account_of(asked):
        return False
    return True if asked.principal or asked.value("aws:PrincipalAccount") else None


# ---------------------------------------------------------------- a request that can't be


def impossible(asked: Asked, keys: Iterable[str], callers: Iterable[str] = KINDS) -> list[str]:
    """Why a request can't be; empty, if it can.

    `keys` are those that were asked for (lower case): one that is always sent has to be there. Where the request
    names nobody, `callers` are the kinds that may ask.
    """
    keys = set(keys)
    faults = list(_types(asked))
    faults += [f"`{key}` is always sent" for key in sorted(ALWAYS & keys) if asked.value(key) is None]
    owner, said = _owner(asked.resource), _one(asked.value("aws:ResourceAccount"))
    if owner and said not in (None, owner):
        faults.append(f"aws:ResourceAccount is `{said}` for the account `{owner}`")
    if asked.principal:
        one = caller(asked.principal)
        return faults + ([] if one is None else list(_keys(asked, keys, one)))
    told = [[*_keys(asked, keys, Caller(kind))] for kind in callers]
    return faults + min(told, key=len, default=list[str]())


_DEFAULTS: dict[str, Values] = {
    "aws:currenttime": "2026-06-01T00:00:00Z",
    "aws:epochtime": "1780272000",
    "aws:securetransport": "true",
    "aws:useragent": "agent",
    "aws:requestedregion": "us-east-1",
    "aws:viaawsservice": "false",
    "aws:tokenissuetime": "2026-06-01T00:00:00Z",
    "aws:multifactorauthpresent": "false",
}


def completed(asked: Asked, keys: Iterable[str], callers: Iterable[str] = KINDS) -> Iterator[Asked]:
    """The request with what is always sent where it doesn't say so: one for each kind of caller that there may be.

    A witness may leave out a key that has no bearing, so these have to show what it shows.
    """
    one = caller(asked.principal) if asked.principal else None
    given = {key.lower(): value for key, value in asked.context.items()}
    for kind in callers if asked.principal is None else [one.kind] if one else []:
        account = (one and one.account) or account_of(asked) or "999999999999"
        name = (one and one.name) or str(given.get("aws:username", "somebody"))
        its = "sts" if kind == "federated" else "iam"
        path = {"federated": f"federated-user/{name}", "root": "root"}.get(kind, f"{kind}/{name}")
        arn = str(given.get("aws:principalarn", f"arn:aws:{its}::{account}:{path}"))
        own = implied((one and asked.principal) or ("AWS", arn))[0]
        values = {**_DEFAULTS, "aws:userid": f"AROAX:{name}", "aws:principalservicenameslist": (name,)}
        values |= {key.lower(): value for key, value in own.items()}
        more = {k: values[k] for k in set(keys) - set(given) if k in values and _required(kind, k)}
        yield Asked(asked.action, asked.resource, asked.principal, {**asked.context, **more})


def _required(kind: str, key: str) -> bool:
    return key in ALWAYS or HAS.get(key, "?" * len(KINDS))[KINDS.index(kind)] == "+"


def _types(asked: Asked) -> Iterator[str]:
    for key, value in asked.context.items():
        name = key.lower()
        if name not in TYPES:
            if isinstance(value, tuple) and len(value) > 1 and name in HAS and name not in SEVERAL:
                yield f"`{key}` has one value, not {value}"
        elif not isinstance(value, str):
            if len(value) != 1 or not of_type(TYPES[name], value[0]):
                yield f"`{key}` has one value of type {TYPES[name]}, not {value}"
        elif not of_type(TYPES[name], value) and not (name == "aws:principalaccount" and value == "anonymous"):
            yield f"`{key}` is of type {TYPES[name]}, not `{value}`"


def of_type(kind: str, value: str) -> bool:
    match kind:
        case "date":
            return re.fullmatch(r"\d{4}-.*", value) is not None and moment(value) is not None
        case "epoch":  # whole seconds or not: AWS doesn't say
            return moment(value) is not None or number(value) is not None
        case "number":
            return number(value) is not None
        case "bool":
            return value in ("true", "false")
        case "address":
            return re.fullmatch(r"[0-9.]+|[0-9a-fA-F:.]+", value) is not None and "/" not in value
        case "caller":
            return any(form.fullmatch(value) for form in ARNS.values())
        case "arn":
            return re.fullmatch("arn:[^:]*:[^:]*:[^:]*:[^:]*:.+", value, re.DOTALL) is not None
        case _:
            return re.fullmatch(r"\d{12}", value) is not None


def _keys(asked: Asked, keys: set[str], one: Caller) -> Iterator[str]:
    at = KINDS.index(one.kind)
    for key, has in HAS.items():
        value = asked.value(key)
        if has[at] == "-" and value is not None:
            yield f"a {one.kind} has no `{key}`"
        if has[at] == "+" and value is None and key in keys:
            yield f"a {one.kind} always has `{key}`"
    if TAGS[at] == "-" and any(key.lower().startswith("aws:principaltag/") for key in asked.context):
        yield f"a {one.kind} has no tags"
    yield from _values(asked, one)


def _values(asked: Asked, one: Caller) -> Iterator[str]:
    """The values that follow from the caller, and from each other."""
    arn = _one(asked.value("aws:PrincipalArn"))
    if one.kind in ARNS and arn is not None:
        found = ARNS[one.kind].fullmatch(arn)
        if not found:
            yield f"`{arn}` is not the ARN of a {one.kind}"
            return
        for what, known, said in (("account", one.account, found[2]), ("name", one.name, found[3])):
            if known and known != said:
                yield f"the caller's {what} is `{known}`, that of aws:PrincipalArn `{said}`"
        one = Caller(one.kind, found[2], found[3], one.session, found[1])
    expected = {
        "aws:PrincipalType": NAMED.get(one.kind, "Anonymous" if one.kind == "anonymous" else ""),
        "aws:PrincipalAccount": "anonymous" if one.kind == "anonymous" else one.account,
        "aws:username": one.name if one.kind == "user" else "",
        "aws:PrincipalIsAWSService": str(one.kind == "service").lower(),
        "aws:PrincipalServiceName": one.name if one.kind == "service" else "",
        "aws:userid": _userid(one),
    }
    for key, wanted in expected.items():
        value = _one(asked.value(key))
        if wanted and value is not None and value != wanted:
            yield f"`{key}` of this {one.kind} is `{wanted}`, not `{value}`"


def _userid(one: Caller) -> str:
    match one.kind:
        case "root":
            return one.account
        case "federated":
            return f"{one.account}:{one.name}" if one.name else ""
        case "anonymous":
            return "anonymous"
        case _:
            return ""


def _one(value: Values | None) -> str | None:
    return value if value is None or isinstance(value, str) else value[0] if len(value) == 1 else None
