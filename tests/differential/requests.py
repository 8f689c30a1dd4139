"""Random requests that can be, near what some policies speak of: who asks decides which keys there are."""

import re
from collections.abc import Sequence
from random import Random

from .generator import BUCKET, CALLERS, NAMES, OURS, QUEUE, ROLE, THEIRS, TRUST_NAMES, World
from .matcher import Asked, Json, Values, keys_of, listed
from .possible import ALWAYS, HAS, KINDS, SEVERAL, TAGS, TYPES, caller, implied

_VARIABLE = re.compile(r"""\$\{([^}',]+)(?:,\s*'([^']*)')?\}""")
FILLS = {"*": ("", "x", "a/b", "A", "1"), "?": ("a", "Z", "é")}
SENT: dict[str, tuple[str, ...]] = {
    "number": ("0", "5", "9", "9.5", "10", "11", "-1"),
    "date": ("2020-01-01T00:00:00Z", "2019-12-31T23:59:59Z", "2020-01-01T00:00:01Z", "2021-06-01T12:00:00Z"),
    "epoch": ("1577836800", "1577836799", "1577836801", "5", "10"),
    "bool": ("true", "false"),
    "address": ("10.1.2.3", "10.2.0.1", "192.0.2.1", "2001:db8::1", "2001:db9::1"),
    "arn": (QUEUE, "arn:aws:s3:::b", f"arn:aws:sqs:us-east-1:{THEIRS}:q"),
    "account": (OURS, THEIRS),
    "any": ("ten", "", "5", "true", "10.1.2.3", "2020-01-01", "QQ==", "bob", "RED", f"{ROLE}memos"),
}


def request(r: Random, w: World, policies: Sequence[Json], role: str = "") -> Asked:
    """A request that can be: who asks decides which keys there are."""
    who = r.choice([c for c in CALLERS if _may_ask(w.mode, role, c)])
    asked = set(keys_of(policies))
    context: dict[str, Values] = dict(implied(who)[0])
    one = caller(who)
    if one and one.kind == "role":
        context["aws:userid"] = f"AROA{one.name.upper()}:{one.session}"
    elif one and one.kind == "user":
        context["aws:userid"] = f"AIDA{one.name.upper()}"
    elif one and one.kind == "service":
        context["aws:PrincipalServiceNamesList"] = (one.name, f"service-role.{one.name}")
        context |= {"aws:PrincipalAccount": OURS, "aws:PrincipalType": "Service", "aws:userid": "service"}
    context = {key: value for key, value in context.items() if key.lower() in asked or r.random() < 0.3}
    there = {key.lower() for key in context}
    # Keys that are variables come late, so that what they are compared with may follow them.
    for key in sorted(asked - there, key=lambda k: (k not in ("own:any", "aws:principaltag/team"), k)):
        has = _has(one.kind if one else "", key)
        if has != "-" and (has == "+" or r.random() < 0.75):
            context[key] = sent(r, policies, key, context)
    _one_organisation(context)
    names = TRUST_NAMES if w.mode == "trust" else NAMES
    patterns = [a for p in policies for s in p["Statement"] for a in listed(s.get("Action", s.get("NotAction")))]
    action = r.choice(names) if r.random() < 0.3 else filled(r, r.choice(patterns), context)
    if action == "*" or ":" not in action:
        action = r.choice(names)
    resource = f"{ROLE}memos" if w.mode == "trust" else _resource(r, policies, context)
    if "aws:resourceaccount" in context:
        context["aws:resourceaccount"] = (resource.split(":")[4:5] or [""])[0] or r.choice((OURS, THEIRS))
    principal = who if w.mode != "identity" or r.random() < 0.4 else None
    return Asked(action if r.random() < 0.8 else action.upper(), resource, principal, context)


def _may_ask(mode: str, role: str, who: tuple[str, str]) -> bool:
    one = caller(who)
    if role:
        return one is not None and one.kind == "role" and one.name == role and one.account == OURS
    if mode == "identity":
        return one is not None and one.kind in ("user", "role", "federated")
    return True


def _has(kind: str, key: str) -> str:
    if key in ALWAYS:
        return "+"
    if not kind:  # a caller whose keys AWS doesn't list
        return "-" if key in HAS or key.startswith("aws:principaltag/") else "?"
    at = KINDS.index(kind)
    has = HAS.get(key, TAGS if key.startswith("aws:principaltag/") else "?" * len(KINDS))
    return has[at]


def _one_organisation(context: dict[str, Values]) -> None:
    organisation = context.get("aws:principalorgid")
    if isinstance(organisation, str) and "aws:principalorgpaths" in context:
        context["aws:principalorgpaths"] = (f"{organisation}/r-ab12/ou-ab12-11111111/",)


def _resource(r: Random, policies: Sequence[Json], context: dict[str, Values]) -> str:
    texts = [x for p in policies for s in p["Statement"] for x in listed(s.get("Resource", s.get("NotResource", "*")))]
    text = filled(r, r.choice(texts), context)
    if r.random() < 0.15:
        text = r.choice(
            (BUCKET, f"{BUCKET}/", f"{BUCKET}/abc", f"{BUCKET}/bob/x", QUEUE, "*", f"{QUEUE}:x", f"{ROLE}m")
        )
    parts = text.split(":", 5)
    if len(parts) < 6:
        return text if text == "*" else r.choice((QUEUE, f"{BUCKET}/abc", "*"))
    service = parts[2] if parts[2] in ("s3", "sqs", "iam") else r.choice(("s3", "sqs"))
    region, accounts = {"s3": ("", ("",)), "iam": ("", (OURS, THEIRS))}.get(service, ("us-east-1", (OURS, THEIRS)))
    account = parts[4] if parts[4] in accounts else r.choice(accounts)
    return ":".join((parts[0], "aws" if parts[1] != "aws-cn" else "aws-cn", service, region, account, parts[5]))


def sent(r: Random, policies: Sequence[Json], key: str, context: dict[str, Values]) -> Values:
    """What a request holds in a key: something near what the policies compare it with."""
    texts = [
        str(v)
        for p in policies
        for s in p["Statement"]
        for keys in s.get("Condition", {}).values()
        for k, vs in keys.items()
        if k.lower() == key
        for v in listed(vs)
        if not isinstance(v, bool)
    ]
    several = key in SEVERAL or (key == "own:any" and r.random() < 0.15)
    if not several:
        return _text_sent(r, texts, key, context)
    return tuple(dict.fromkeys(_text_sent(r, texts, key, context) for _ in range(r.choice((0, 1, 1, 2, 2, 3)))))


def _text_sent(r: Random, texts: Sequence[str], key: str, context: dict[str, Values]) -> str:
    kind = TYPES.get(key, "any" if key == "own:any" else "").replace("caller", "arn")
    pool = SENT.get(kind, ("a", "red", "RED", "bob", "x"))
    if kind and kind != "any" and (kind != "arn" or (key != "aws:principalarn" and r.random() < 0.5)):
        return r.choice(pool)
    text = filled(r, r.choice(texts), context) if texts and r.random() < 0.8 else r.choice(pool)
    if kind == "arn":
        form = "arn:([^:]*:){4}.+" if key != "aws:principalarn" else "arn:aws:iam::[0-9]{12}:(role|user)/[a-z]+"
        return text if re.fullmatch(form, text, re.DOTALL) else f"{ROLE}memos"
    match r.random():
        case x if x < 0.1:
            return text.swapcase()
        case x if x < 0.15:
            return f"{text}x"
        case x if x < 0.2:
            return text[1:]
        case x if x < 0.23 and key not in HAS:
            return ""
        case _:
            return text


def filled(r: Random, pattern: str, context: dict[str, Values]) -> str:
    """A text that a pattern matches, mostly: its variables from the context, its wildcards at random."""
    keep = r.random() < 0.1
    lower = {key.lower(): value for key, value in context.items()}

    def put(found: re.Match[str]) -> str:
        key, default = found[1].lower(), found[2]
        if key in ("*", "?", "$"):
            return key if keep else f"\0{'*?$'.index(key)}"
        value = lower.get(key, default or r.choice(("bob", "red", "")))
        return value if isinstance(value, str) else "x"

    text = _VARIABLE.sub(put, pattern)
    text = text if keep else re.sub("[*?]", lambda found: r.choice(FILLS[found[0]]), text)
    return re.sub("\0(.)", lambda found: "*?$"[int(found[1])], text)
