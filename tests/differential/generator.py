"""Random policies, as JSON, of one small world in which they meet."""

import copy
import re
from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple, TypeVar

from .matcher import listed
from .possible import SEVERAL, TYPES

Document = dict[str, Any]
T = TypeVar("T")
OURS, THEIRS = "111122223333", "444455556666"
MODES = ("identity", "resource", "trust")

ACTIONS = ("*", "s3:*", "s3:Get*", "s3:GetObject", "S3:getobject", "s3:?etObject*", "s3:PutObject", "sqs:SendMessage")
OWN_ACTIONS = ("own:Do", "own:D?", "own:*o", "sqs:*", "iam:PassRole", "secretsmanager:GetSecretValue", "s3:ListBucket")
NAMES = ("s3:GetObject", "s3:getobject", "s3:PutObject", "s3:GetObjectAcl", "sqs:SendMessage", "own:Do", "own:foo")
TRUST_ACTIONS = ("sts:AssumeRole", "STS:assumerole", "sts:AssumeRole*", "sts:TagSession", "sts:*", "sts:?agSession")
TRUST_NAMES = ("sts:AssumeRole", "sts:TagSession", "sts:AssumeRoleWithWebIdentity", "sts:SetSourceIdentity")

BUCKET, QUEUE, ROLE = "arn:aws:s3:::b", f"arn:aws:sqs:us-east-1:{OURS}:q", f"arn:aws:iam::{OURS}:role/"
RESOURCES = (
    *("*", f"{BUCKET}/*", BUCKET, f"{BUCKET}/a?c", f"{BUCKET}/*/x", f"{BUCKET}*", f"{BUCKET}/A*", f"{BUCKET}/bob/*"),
    *("arn:*:s3:::b/*", QUEUE, f"arn:aws:sqs:*:{OURS}:*", "arn:aws:sqs:us-*-1:*:q", "arn:aws:sqs:*:*:q:*"),
    *(f"{ROLE}m*", f"{ROLE}memos", f"arn:aws:iam::*:role/{'*'}", f"{BUCKET}/${{*}}", f"{BUCKET}/${{$}}${{?}}*"),
    *(f"{BUCKET}/${{aws:username}}", f"{BUCKET}/${{aws:username}}/*", f"{BUCKET}/${{AWS:UserName, 'none'}}/*"),
    *(f"{BUCKET}/${{aws:PrincipalTag/team}}/*", f"{BUCKET}/*/${{aws:PrincipalTag/team}}", f"{BUCKET}/${{own:Any}}*"),
    *(f"{BUCKET}/${{aws:PrincipalTag/team, 'red'}}/*", "arn:aws:sqs:*:*:${aws:PrincipalTag/team}"),
)
SHORT = ("arn:aws:sqs:*", "arn:aws:s3:*", "arn:aws:sqs:us-east-1:*", "arn:*")

CALLERS = (
    *(("AWS", f"arn:aws:iam::{account}:user/{name}") for account in (OURS, THEIRS) for name in ("bob", "Bob", "ann")),
    *(("AWS", f"arn:aws:sts::{account}:assumed-role/{n}/s1") for account in (OURS, THEIRS) for n in ("memos", "other")),
    ("AWS", f"arn:aws:sts::{OURS}:assumed-role/memos/s2"),
    ("AWS", f"arn:aws:sts::{OURS}:federated-user/fed"),
    *(("AWS", f"arn:aws:iam::{account}:root") for account in (OURS, THEIRS)),
    *(("Service", f"{name}.amazonaws.com") for name in ("ecs-tasks", "lambda")),
    ("*", "*"),
    ("Federated", "accounts.google.com"),
)
PRINCIPALS: tuple[tuple[str, str], ...] = (
    *(("AWS", "*"), ("AWS", OURS), ("AWS", f"arn:aws:iam::{OURS}:root"), ("AWS", f"arn:aws:iam::{THEIRS}:root")),
    *(("AWS", f"{ROLE}memos"), ("AWS", f"{ROLE}path/memos"), ("AWS", f"arn:aws:iam::{OURS}:user/bob")),
    *(("AWS", f"arn:aws:sts::{OURS}:assumed-role/memos/s1"), ("AWS", f"arn:aws:sts::{OURS}:federated-user/fed")),
    *(("Service", "ecs-tasks.amazonaws.com"), ("Federated", "accounts.google.com")),
)

TEXTS = ("a", "A", "a*", "*a", "?", "*", "", "ab", "red", "RED", "${*}", "a${?}", "é", "É", "${$}x", "true", "10")
VARIABLES = (
    *("${aws:PrincipalTag/team}", "${aws:username}", "${own:Any}", "${aws:PrincipalTag/team, 'red'}"),
    *("x${aws:PrincipalTag/Team}", "${AWS:username, 'a'}*", "${aws:ResourceTag/team}", "${s3:prefix}*"),
)
DATES = (
    "2020-01-01T00:00:00Z",
    "2020-01-01",
    "2020",
    "2020-01-01T01:00:00+01:00",
    "1577836800",
    "2020-01-01T00:00:01Z",
)
WRONG = {"number": ("ten", "0x1"), "date": ("never", "2020-13-01"), "address": ("nowhere", "10.0.0.0/33")}
WRITTEN: dict[str, tuple[str, ...]] = {
    "number": ("0", "5", "5.0", "10", "-1", "9.5", "007"),
    "date": DATES,
    "epoch": DATES,
    "bool": ("true", "false", "TRUE", "False"),
    "address": ("10.0.0.0/8", "10.1.2.3", "10.1.0.0/16", "0.0.0.0/0", "2001:db8::/32", "2001:DB8::1", "::/0"),
    "arn": (
        *(
            f"arn:aws:iam::{OURS}:role/*",
            f"arn:aws:iam::{OURS}:user/bob",
            f"{ROLE}memos",
            "arn:aws:iam::*:role/m*",
            "*",
        ),
        *(
            f"arn:aws:sts::{OURS}:assumed-role/memos/s1",
            f"arn:aws:sts::{OURS}:federated-user/*",
            QUEUE,
            "arn:aws:s3:::*",
        ),
        *("arn:aws:iam::*:user/${aws:username}", f"arn:aws:iam::{OURS}:root", f"arn:aws:iam::{THEIRS}:*"),
        "arn:aws:iam::*:role/${aws:PrincipalTag/team}",
    ),
    "account": (OURS, THEIRS, "anonymous", "*", "1111*"),
    "aws:sourceaccount": (OURS, THEIRS, "*", "1111*"),
    "aws:resourceaccount": (OURS, THEIRS, "*", "1111*", "${aws:PrincipalAccount}"),
    "binary": ("QQ==", "QUI=", "QR==", "not base64"),
    "aws:principaltype": ("User", "AssumedRole", "FederatedUser", "Account", "Anonymous", "user", "*"),
    "aws:username": ("bob", "Bob", "b*", "ann", "${aws:PrincipalTag/team}"),
    "aws:userid": ("AIDABOB", "AROAMEMOS:s1", "AROA*", OURS, f"{OURS}:fed", "anonymous"),
    "aws:principalservicename": ("ecs-tasks.amazonaws.com", "lambda.amazonaws.com", "*"),
    "aws:principalservicenameslist": ("ecs-tasks.amazonaws.com", "service-role.ecs-tasks.amazonaws.com", "lambda*"),
    "aws:principalorgid": ("o-abcdefghij", "o-zyxwvutsrq", "o-*"),
    "aws:principalorgpaths": ("o-abcdefghij/r-ab12/ou-ab12-11111111/", "o-abcdefghij/*", "o-zyxwvutsrq/r-ab12/"),
    "aws:requestedregion": ("us-east-1", "eu-*", "eu-west-2"),
}
ORDERS = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
FAMILIES = {
    "text": tuple(
        f"String{o}" for o in ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike")
    ),
    "number": tuple(f"Numeric{o}" for o in ORDERS),
    "date": tuple(f"Date{o}" for o in ORDERS),
    "bool": ("Bool",),
    "address": ("IpAddress", "NotIpAddress"),
    "arn": ("ArnLike", "ArnEquals", "ArnNotLike", "ArnNotEquals"),
    "binary": ("BinaryEquals",),
}
OPERATORS = tuple(o for family in FAMILIES.values() for o in family)
KEYS = (
    *("aws:RequestTag/k", "aws:ResourceTag/team", "aws:PrincipalTag/team", "s3:prefix", "aws:UserAgent", "own:Any"),
    *("own:Any", "aws:username", "aws:userid", "aws:PrincipalType", "aws:PrincipalAccount", "aws:PrincipalOrgID"),
    *("aws:RequestedRegion", "aws:SourceIdentity", "aws:FederatedProvider", "aws:PrincipalServiceName", "aws:SourceIp"),
    *("aws:TagKeys", "aws:PrincipalServiceNamesList", "aws:PrincipalOrgPaths", "aws:CalledVia", "aws:SourceAccount"),
    *("s3:max-keys", "aws:MultiFactorAuthAge", "aws:CurrentTime", "aws:TokenIssueTime", "aws:EpochTime"),
    *("aws:SecureTransport", "aws:PrincipalIsAWSService", "aws:MultiFactorAuthPresent", "aws:ViaAWSService"),
    *(
        "aws:ResourceAccount",
        "aws:PrincipalArn",
        "aws:PrincipalArn",
        "aws:SourceArn",
        "aws:VpcSourceIp",
        "AWS:TAGKEYS",
        "AWS:principalArn",
    ),
)


class World(NamedTuple):
    """What a case draws from: few keys and few resources, so that its policies and requests meet."""

    mode: str
    keys: tuple[str, ...]
    resources: tuple[str, ...]
    actions: tuple[str, ...]
    variables: bool


def world(r: Random, mode: str) -> World:
    resources = RESOURCES + (SHORT if mode == "identity" else ())
    variables = r.random() < 0.5
    resources = tuple(x for x in resources if variables or not re.search(r"\$\{[a-z]", x, re.I))
    actions = TRUST_ACTIONS if mode == "trust" else ACTIONS + OWN_ACTIONS
    keys = some(r, ("aws:ResourceTag/team", "own:Any", "s3:prefix") if variables and r.random() < 0.4 else KEYS, 1, 3)
    return World(mode, keys, some(r, resources, 2, 4), some(r, actions, 2, 4), variables)


def some(r: Random, of: Sequence[T], least: int, most: int) -> tuple[T, ...]:
    return tuple(r.choice(of) for _ in range(r.randint(least, most)))


def one_or_many(r: Random, of: Sequence[T]) -> T | list[T]:
    """A value alone or in a list, as IAM takes both."""
    return of[0] if len(of) == 1 and r.random() < 0.5 else list(dict.fromkeys(of))


# ---------------------------------------------------------------- policies


def document(r: Random, w: World) -> Document:
    version = "2008-10-17" if r.random() < 0.08 else "2012-10-17"
    out: Document = {"Version": version} if version == "2012-10-17" or r.random() < 0.5 else {}
    return out | {"Statement": [statement(r, w) for _ in range(r.choice((1, 1, 2, 2, 3, 4)))]}


def statement(r: Random, w: World) -> Document:
    out: Document = {"Effect": r.choice(("Allow", "Allow", "Deny"))}
    not_action = w.mode != "trust" and r.random() < 0.12
    out["NotAction" if not_action else "Action"] = one_or_many(r, some(r, w.actions, 1, 2))
    if w.mode != "trust":
        out["NotResource" if r.random() < 0.15 else "Resource"] = one_or_many(r, some(r, w.resources, 1, 2))
    if w.mode != "identity":
        inverted = w.mode == "resource" and out["Effect"] == "Deny" and r.random() < 0.2
        out["NotPrincipal" if inverted else "Principal"] = _principals(r)
    conditions: dict[str, dict[str, Any]] = {}
    for _ in range(r.choice((0, 1, 1, 2, 3))):
        key = r.choice(w.keys)
        conditions.setdefault(operator(r, key), {})[key] = values(r, w, key)
    return out | ({"Condition": conditions} if conditions else {})


def _principals(r: Random) -> Any:
    if r.random() < 0.25:
        return "*"
    out: dict[str, list[str]] = {}
    for kind, id in some(r, PRINCIPALS, 1, 2):
        out.setdefault(kind, []).append(id)
    return {kind: one_or_many(r, ids) for kind, ids in out.items()}


def operator(r: Random, key: str) -> str:
    kind = TYPES.get(key.lower(), "any" if key == "own:Any" else "text")
    kind = {"epoch": r.choice(("date", "number")), "account": "text", "caller": "arn"}.get(kind, kind)
    if r.random() < 0.1:
        return "Null"
    mixed = kind == "any" or r.random() < 0.08
    base = r.choice(OPERATORS if mixed else FAMILIES["text" if kind == "arn" and r.random() < 0.3 else kind])
    several = key.lower() in SEVERAL or r.random() < 0.12
    qualifier = r.choice(("ForAllValues:", "ForAnyValue:")) if several else ""
    return qualifier + base + ("IfExists" if r.random() < 0.2 else "")


def values(r: Random, w: World, key: str) -> Any:
    return one_or_many(r, [_value(r, w, key) for _ in range(r.choice((1, 1, 1, 2, 3)))])


def _value(r: Random, w: World, key: str) -> str:
    lower = key.lower()
    kind = lower if lower in WRITTEN else TYPES.get(lower, "").replace("caller", "arn")
    if key == "own:Any" and r.random() < 0.6:
        kind = r.choice(("number", "date", "bool", "address", "arn", "binary"))
    if kind in WRONG and r.random() < 0.06:
        return r.choice(WRONG[kind])
    pool = WRITTEN.get(kind, TEXTS)
    if w.variables and kind in ("", "aws:username", "account") and r.random() < 0.35:
        pool = VARIABLES
    chosen = r.choice(pool)
    return chosen if w.variables or "${a" not in chosen else "*"


def fixed(r: Random, policy: Document) -> Document:
    """`Null` takes true and false only, written as text or not; numbers may be written as numbers."""
    for s in policy["Statement"]:
        for key in s.get("Condition", {}).get("Null", {}):
            s["Condition"]["Null"][key] = r.choice(("true", "false", True, False))
    return policy


def policy(r: Random, w: World) -> Document:
    return fixed(r, document(r, w))


def bare(r: Random, w: World) -> Document:
    """One statement of everything under one condition, so that nothing else decides."""
    key = r.choice(w.keys)
    s: Document = {"Effect": "Allow", "Action": "*", "Condition": {operator(r, key): {key: values(r, w, key)}}}
    s |= ({} if w.mode == "trust" else {"Resource": "*"}) | ({} if w.mode == "identity" else {"Principal": "*"})
    return fixed(r, {"Version": "2012-10-17", "Statement": [s]})


def turned(r: Random, w: World, given: Document) -> Document:
    """The same with another operator or other values."""
    out = copy.deepcopy(given)
    (_new_operator if r.random() < 0.8 else _new_values)(r, w, out, out["Statement"][0])
    return fixed(r, out)


# ---------------------------------------------------------------- another policy near one


def changed(r: Random, w: World, given: Document) -> Document:
    """A policy that differs from another in one or two places: what questions about two policies are about."""
    out = copy.deepcopy(given)
    for _ in range(r.choice((1, 1, 2))):
        s = r.choice(out["Statement"])
        r.choice((_drop_condition, _new_values, _new_operator, _new_elements, _new_statement, _swap, _split))(
            r, w, out, s
        )
    return fixed(r, out)


def _drop_condition(r: Random, w: World, out: Document, s: Document) -> None:
    block = s.get("Condition", {})
    if block:
        keys = block[r.choice(list(block))]
        keys.pop(r.choice(list(keys)))
        s["Condition"] = {o: k for o, k in block.items() if k}
    if not s.get("Condition"):
        s.pop("Condition", None)


def _new_values(r: Random, w: World, out: Document, s: Document) -> None:
    for keys in s.get("Condition", {}).values():
        for key in keys:
            if r.random() < 0.6:
                more = [*listed(keys[key]), _value(r, w, key)]
                keys[key] = r.choice((more, more[1:], values(r, w, key)))


def _new_operator(r: Random, w: World, out: Document, s: Document) -> None:
    block = s.get("Condition", {})
    if not block:
        key = r.choice(w.keys)
        s["Condition"] = {operator(r, key): {key: values(r, w, key)}}
        return
    name = r.choice(list(block))
    keys = block.pop(name)
    other = r.choice(_near(name)) if r.random() < 0.7 else operator(r, next(iter(keys)))
    block[other] = {**block.get(other, {}), **keys}


def _near(name: str) -> list[str]:
    """Operators that differ in one thing: IfExists, case, wildcards, the other way round, the set operator."""
    qualifier, _, base = name.rpartition(":")
    base = base.removesuffix("IfExists")
    if base == "Null":
        return ["StringLike", "StringNotEquals"]
    near = [base.removesuffix("IgnoreCase") if base.endswith("IgnoreCase") else f"{base}IgnoreCase"]
    near += [base.replace("Like", "Equals"), base.replace("Equals", "Like")]
    near += [base.replace("Not", "") if "Not" in base else re.sub("(Equals|Like|Ip)", r"Not\1", base, count=1)]
    near = [o for o in near if o in OPERATORS and o != base]
    start = f"{qualifier}:" if qualifier else ""
    other = f"For{'Any' if 'All' in qualifier else 'All'}Value{'' if 'All' in qualifier else 's'}:{base}"
    flipped = name.removesuffix("IfExists") if name.endswith("IfExists") else f"{name}IfExists"
    return [*(start + o for o in near), flipped, other if qualifier else flipped]


def _new_elements(r: Random, w: World, out: Document, s: Document) -> None:
    for name in ("Action", "Resource"):
        if name in s and r.random() < 0.5:
            pool = w.actions if name == "Action" else w.resources
            s[name] = [*listed(s[name]), r.choice(pool)] if r.random() < 0.5 else r.choice(pool)


def _new_statement(r: Random, w: World, out: Document, s: Document) -> None:
    if len(out["Statement"]) > 1 and r.random() < 0.5:
        out["Statement"].remove(s)
    else:
        out["Statement"].append(statement(r, w))


def _swap(r: Random, w: World, out: Document, s: Document) -> None:
    r.shuffle(out["Statement"])
    if isinstance(s.get("Action"), str):
        s["Action"] = s["Action"].swapcase()


def _split(r: Random, w: World, out: Document, s: Document) -> None:
    if isinstance(s.get("Resource"), list):
        out["Statement"].remove(s)
        out["Statement"] += [copy.deepcopy(s) | {"Resource": one} for one in s["Resource"]]
