"""Policies and requests out of one small alphabet, so that they meet: any element, any operator, any kind of policy."""

from functools import cache
from itertools import permutations
from random import Random
from typing import Any, TypeVar

from attrs import evolve
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from ecsiam.analysis.matching import misses
from ecsiam.analysis.request import Request
from ecsiam.analysis.variables import Variable, parts
from ecsiam.model.condition import COMPARISONS, Condition, Kind
from ecsiam.model.policy import Policy, Version
from ecsiam.model.principal import EVERYONE, Principal
from ecsiam.model.statement import Action, AllBut, Effect, Only, Statement
from ecsiam.model.text import text

from .effort import many

T = TypeVar("T")

BUCKET, QUEUE = "arn:aws:s3:::b", "arn:aws:sqs:eu-west-2:123456789012"
# Mostly of a service that no reference knows: naming a witness after an action of AWS takes time.
ACTIONS = (
    *("own:GetObject", "Own:getobject", "own:Get*", "own:*Object", "own:?etO*t", "own:*", "*:Get*", "*:*et*", "*"),
    *("iam:PassRole", "own:Do*", "own:Do", "own:D?", "own:D*o*", "s3:Get*"),
)
NAMES = (
    *("own:GetObject", "own:GETObjectAcl", "own:PutObject", "own:etot", "iam:PassRole", "own:do", "own:DoIt", "x:get"),
    "s3:GetObject",
)
RESOURCES = (
    *("*", f"{BUCKET}/*", f"{BUCKET}/x", f"{BUCKET}/?", f"{BUCKET}/*/y", f"{BUCKET}/x*", f"{BUCKET}/*x*y", BUCKET),
    *("arn:aws:s3:::*x*", "arn:aws:s3:::*", f"{BUCKET}/${{*}}", f"{BUCKET}/${{?}}*", f"{BUCKET}/\xe9", f"{BUCKET}/X"),
    *("arn:aws:sqs:*", "arn:aws:sqs", "arn:aws:sqs:eu*:q", "arn:aws:sqs:*:*:q", f"{QUEUE}:*", f"{QUEUE}:q:*", "arn:*"),
    *("arn:aws:sqs:eu-west-?:*:q*", "arn:aws:*:*:*:x", "arn:*:s3:::b/*", f"{QUEUE}:q"),
)
WITH_VARIABLES = (
    *(
        f"{BUCKET}/${{aws:resourcetag/name}}",
        f"{BUCKET}/${{aws:resourcetag/name}}/*",
        f"{BUCKET}/*/${{aws:resourcetag/name}}",
    ),
    *(
        f"{BUCKET}/${{aws:resourcetag/name, 'x'}}",
        f"{BUCKET}/${{aws:resourcetag/name,'x'}}/*",
        f"{BUCKET}/${{AWS:ResourceTag/Name}}/y",
    ),
    *(f"{BUCKET}/${{own:s, 'x'}}", f"{BUCKET}/${{own:s}}${{aws:resourcetag/name, 'y'}}"),
)
ASKED = (
    *("*", BUCKET, f"{BUCKET}/", f"{BUCKET}/x", f"{BUCKET}/X", f"{BUCKET}/xx", f"{BUCKET}/x/y", f"{BUCKET}/a/xy"),
    *(f"{BUCKET}/*", f"{BUCKET}/?*", f"{BUCKET}/\xe9", f"{BUCKET}/\u20ac", f"{BUCKET}/a:b\ny", f"{BUCKET}/bob/y"),
    *(f"{QUEUE}:q", f"{QUEUE}:q:r", "arn:aws:sqs:eu:q", "arn:aws:sqs", "arn:aws:sqs:eu-west-2:1:x", "arn:cn:s3:::b/x"),
    *(f"{BUCKET}/bob", f"{BUCKET}/${{aws:resourcetag/name}}/x", f"{BUCKET}/xbob", f"{BUCKET}/xy", "arn:aws:own:::x"),
)
TEXTS = ("a", "A", "ab", "b*", "*b", "a?", "?", "*", "", "k", "\xdf", "${*}", "a${?}", "\xe9")
ARNS = (
    *("*", f"{BUCKET}/*", "arn:aws:s3:::*", "arn:aws:*:*:*:x*", "arn:aws:sqs:eu*:*", f"{QUEUE}:q", "arn:*", "no arn"),
    *(f"{QUEUE}:*", "arn:aws:sqs:*:*:q*", "arn:aws:s3:::b?x"),
)
# The texts of each kind that a policy compares with, and what a request may hold.
VALUES: dict[Kind, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "string": (TEXTS, ("", "a", "A", "b", "ab", "aB", "bb", "K", "\u212a", "\u1e9e", "*", "a?", "\xe9", "abc\n")),
    "arn": (ARNS, (f"{BUCKET}/x", f"{QUEUE}:q", f"{QUEUE}:q:r", "arn:aws:sqs:eu:q", "arn", "arn:a:b:c:d:e:f", "")),
    "numeric": (("1", "5", "5.0", "-0.5", "10", "x"), ("1", "5", "05.00", "3", "-7", "11", "1e1", "x", "")),
    "date": (
        ("2020-01-01", "2020-01-01T00:00:00Z", "1577836800", "2020-01-01T01:00:00+01:00", "2021", "x"),
        ("2020", "1577836800", "2019-12-31T23:59:59Z", "2020-06-01", "2022-01-01", "x", ""),
    ),
    "bool": (("true", "false", "TRUE", "x"), ("true", "False", "x", "")),
    "binary": (("AA==", "AB==", "AQ==", "-"), ("AA==", "AB==", "AQ==", "AAA=", "-", "")),
    "ip": (
        ("10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "0.0.0.0/0", "::/0", "2001:db8::/32", "10.0.0.0/9", "x"),
        ("10.0.0.1", "10.1.2.3", "10.200.0.0", "9.255.255.255", "2001:db8::1", "::1", "x", ""),
    ),
    "null": (("true", "false", "True"), ()),
}
SINGLE: dict[str, Kind] = {
    "own:s": "string",
    "aws:resourcetag/name": "string",
    "own:arn": "arn",
    "own:n": "numeric",
    "own:d": "date",
    "own:b": "bool",
    "own:y": "binary",
    "own:ip": "ip",
}
SEVERAL: dict[str, Kind] = {"own:many": "string", "own:arns": "arn", "own:numbers": "numeric", "own:ips": "ip"}
OPERATORS = {
    kind: [name for name, c in COMPARISONS.items() if c.kind == kind or (kind == "arn" and c.kind == "string")]
    for kind in VALUES
}
EFFECTS: tuple[Effect, ...] = ("Allow", "Allow", "Deny")
ACCOUNT, ROLE = "123456789012", "arn:aws:iam::123456789012:role/p/app"
PRINCIPALS = (
    *(Principal("AWS", id) for id in ("*", "arn:aws:iam::123456789012:root", ROLE, ROLE.replace("/p/", "/q/"))),
    *(Principal("AWS", id) for id in ("arn:aws:sts::123456789012:assumed-role/app/me", "210987654321", "AROAEXAMPLE")),
    *(Principal("AWS", id) for id in ("arn:aws:iam::210987654321:user/bob",)),
    *(Principal("Service", id) for id in ("ecs.amazonaws.com", "*")),
    *(Principal("Federated", id) for id in ("accounts.google.com", "*")),
    Principal("CanonicalUser", "0" * 64),
)
PEOPLE = (
    None,
    EVERYONE,
    *(p for p in PRINCIPALS if str(p.id) not in ("*", "210987654321")),
    *(Principal("AWS", f"arn:aws:iam::{account}:user/me") for account in (ACCOUNT, "210987654321", "111111111111")),
    Principal("AWS", "arn:aws:sts::123456789012:assumed-role/app/you"),
    Principal("AWS", "arn:aws:iam::210987654321:root"),
    Principal("Service", "s3.amazonaws.com"),
    Principal("Federated", "x"),
    Principal("CanonicalUser", "1" * 64),
)


def settle(examples: int) -> settings:
    """So many examples, and as many times more as the profile asks for: `--hypothesis-profile`."""
    slow = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
    return settings(max_examples=many(examples), deadline=None, suppress_health_check=slow)


def one(*items: T) -> st.SearchStrategy[T]:
    made: st.SearchStrategy[T] = _one(items)
    return made


def some(*items: T) -> st.SearchStrategy[tuple[T, ...]]:
    """One or two of them, in any order: one draw, where a list is four."""
    made: st.SearchStrategy[tuple[T, ...]] = _some(items)
    return made


@cache
def _one(items: tuple[object, ...]) -> Any:
    return st.sampled_from(items)


@cache
def _some(items: tuple[object, ...]) -> Any:
    return st.sampled_from([*((item,) for item in items), *permutations(items, 2)])


@cache
def rarely(times: int) -> st.SearchStrategy[bool]:
    """Once in so many times."""
    return st.integers(0, times - 1).map(lambda n: n == 0)


@st.composite
def conditions(draw: st.DrawFn, variables: bool) -> list[Condition]:
    found: list[Condition] = []
    for key in draw(st.lists(one(*SINGLE, *SEVERAL, "own:s", "own:s", "own:many", "own:many"), max_size=3)):
        kind = SINGLE.get(key) or SEVERAL[key]
        if draw(rarely(5)):
            found.append(Condition("Null", key, [draw(one(*VALUES["null"][0]))], as_is=True))
            continue
        name = draw(one(*OPERATORS[kind]))
        prefix = draw(one("ForAllValues:", "ForAnyValue:")) if key in SEVERAL else ""
        suffix = draw(one("", "", "IfExists"))
        texts = VALUES[kind][0]
        if variables and kind == "string":
            texts = (*texts, "${aws:resourcetag/name}", "${aws:resourcetag/name, 'a'}", "x${own:s}")
        written = key.upper() if draw(rarely(10)) else key
        found.append(Condition(f"{prefix}{name}{suffix}", written, draw(some(*texts)), as_is=True))
    return list({(str(c.operator), c.key.lower()): c for c in found}.values())


@st.composite
def statements(draw: st.DrawFn, resource_policy: bool, variables: bool, effect: Effect | None = None) -> Statement:
    actions = tuple(Action(a, as_is=True) for a in draw(some(*ACTIONS)))
    resources = tuple(map(text, draw(some(*RESOURCES, *(WITH_VARIABLES if variables else ())))))
    principals: Only[Principal] | AllBut[Principal] | None = None
    if resource_policy:
        who = draw(some(*PRINCIPALS))
        who = (EVERYONE,) if draw(rarely(5)) else who
        principals = AllBut(who) if draw(rarely(5)) else Only(who)
    return Statement(
        draw(one(*EFFECTS)) if effect is None else effect,
        AllBut(actions) if draw(rarely(5)) else Only(actions),
        AllBut(resources) if draw(rarely(5)) else Only(resources),
        principals,
        draw(conditions(variables)),
        as_is=True,
    )


_VERSIONS: tuple[Version, ...] = ("2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17")


@st.composite
def policies(draw: st.DrawFn, resource_policy: bool, variables: bool) -> Policy:
    first = draw(statements(resource_policy, variables, "Allow"))
    others = draw(st.lists(statements(resource_policy, variables), max_size=2))
    version: Version = draw(one(*_VERSIONS))
    return Policy((first, *others), version=version)


@st.composite
def worlds(draw: st.DrawFn, count: int, variables: bool = True) -> tuple[Policy, ...]:
    """Policies of one kind; some are the one before with an element or a statement changed."""
    resource_policy, variables = draw(st.booleans()), variables and draw(st.booleans())
    found: list[Policy] = []
    for _ in range(count):
        policy, how = draw(policies(resource_policy, variables)), draw(st.integers(0, 9))
        found.append(_changed(found[-1], policy, how) if found and how < 5 else policy)
    return tuple(found[::-1] if draw(st.booleans()) else found)


def _changed(policy: Policy, other: Policy, how: int) -> Policy:
    first, *rest = policy.statements
    new, *more = other.statements
    match how:
        case 0:
            return evolve(policy, statements=(evolve(first, actions=new.actions), *rest))
        case 1:
            return evolve(policy, statements=(evolve(first, resources=new.resources), *rest))
        case 2:
            return evolve(policy, statements=(evolve(first, principals=new.principals), *rest))
        case 3:
            return evolve(policy, statements=(evolve(first, conditions=first.conditions[1:]), *rest))
        case _:
            return evolve(policy, statements=(first, *rest, *more))


# ---------------------------------------------------------------- requests


def near(policy: Policy, random: Random) -> Request:
    """A request that one of a policy's statements is likely to match, or to miss by one element."""
    s = random.choice(policy.statements)
    request = Request(random.choice(NAMES), random.choice(ASKED), random.choice(PEOPLE))
    for _ in range(8):
        missed = {m.element.removeprefix("Not") for m in misses(evolve(s, conditions=()), policy.version, request)}
        request = Request(
            random.choice(NAMES) if "Action" in missed else request.action,
            random.choice(ASKED) if "Resource" in missed else request.resource,
            random.choice(PEOPLE) if "Principal" in missed else request.principal,
        )
    context: dict[str, str | tuple[str, ...]] = {}
    for condition in s.conditions:
        _meet(evolve(s, conditions=[condition]), policy.version, request, context, random)
    for key in random.sample((*SINGLE, *SEVERAL), random.choice((0, 0, 1, 2))):
        _put(key, (), context, random)
    if random.randrange(3) == 0:
        context["aws:resourcetag/name"] = random.choice(("x", "bob", "a", "y", "*", "", "x/y"))
    request = evolve(request, context=context)
    match random.randrange(8):
        case 0:
            return evolve(request, action=random.choice(NAMES))
        case 1:
            return evolve(request, resource=random.choice(ASKED))
        case 2:
            return evolve(request, principal=random.choice(PEOPLE))
        case _:
            return request


def _meet(
    s: Statement, version: Version, request: Request, context: dict[str, str | tuple[str, ...]], random: Random
) -> None:
    """Puts a value into the context that the one condition of a statement takes, if one is soon found."""
    (condition,) = s.conditions
    key = condition.key.lower()
    own = tuple(v.literal for v in condition.values if v.literal is not None)
    for _ in range(6):
        _put(key, own, context, random)
        if not any(m.element == "Condition" for m in misses(s, version, evolve(request, context=context))):
            return


def _put(key: str, own: tuple[str, ...], context: dict[str, str | tuple[str, ...]], random: Random) -> None:
    values = (*VALUES[SINGLE.get(key) or SEVERAL[key]][1], *own)
    if random.randrange(4) == 0:
        context.pop(key, None)
    else:
        context[key] = random.choice(values) if key in SINGLE else tuple(random.choices(values, k=random.randrange(4)))


def variables_of(policy: Policy) -> bool:
    """Whether a policy has variables."""
    texts = (t for s in policy.statements for t in s.texts())
    return any(isinstance(p, Variable) for t in texts for p in parts(t, policy.version))
