"""Questions that are hard by their size: what is asked and what is right. `make bench` has their times.

Each shape is a family with its neighbours: in both directions, as equality and overlap, as Denies, as complements, with
lists that are split differently and statements in another order.
"""

from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Any

from attrs import frozen

from ecsiam.analysis.answers import Answer
from ecsiam.analysis.questions import can, contains, equivalent, overlaps
from ecsiam.model.document import parse_policy
from ecsiam.model.policy import Policy

Conditions = dict[str, dict[str, Any]]


@frozen
class Shape:
    """A question and the name of its right answer."""

    name: str
    right: str
    question: Callable[..., Answer]
    subjects: tuple[Policy, ...]

    def ask(self) -> Answer:
        return self.question(*self.subjects)


def allow(action: Any = "s3:GetObject", resource: Any = "*", when: Conditions | None = None, **other: Any) -> Any:
    given = {"Effect": "Allow", "Action": action, "Resource": resource, **other}
    return {k: v for k, v in given.items() if v is not None} | ({"Condition": when} if when else {})


def deny(action: Any = "s3:GetObject", resource: Any = "*", when: Conditions | None = None, **other: Any) -> Any:
    return allow(action, resource, when, **other) | {"Effect": "Deny"}


def policy(*statements: Any) -> Policy:
    return parse_policy({"Version": "2012-10-17", "Statement": list(statements)})


def trust(statements: Any) -> Policy:
    return policy(*statements)


def mixed(items: list[Any], seed: int = 7) -> list[Any]:
    return Random(seed).sample(items, len(items))


TAG = "aws:PrincipalTag/Team"


def overlapping(count: int) -> list[Any]:
    """Statements whose actions, resources and conditions overlap by twos and threes."""
    return [
        allow(
            [f"s3:Get{'ABCDEF'[i % 6]}*", "s3:List*", f"ec2:*{'xyz'[i % 3]}*"],
            [f"arn:aws:s3:::b{i % 4}*", f"arn:aws:s3:::*{i % 5}/*"],
            {
                "StringLike": {f"aws:PrincipalTag/k{i % 7}": [f"*{i % 3}*", f"v{i}*"]},
                "StringNotEquals": {f"aws:RequestTag/k{i % 5}": [f"v{i % 9}", "w"]},
                "NumericLessThan": {"s3:max-keys": str(i * 10)},
            },
        )
        for i in range(count)
    ]


def patterned(count: int, operator: str = "StringLike", form: str = "*{}*", key: str = TAG) -> list[Any]:
    """One statement for each pattern on one key."""
    return [allow(when={operator: {key: form.format("abcdefghijklmnopqrstuvwxyz"[i])}}) for i in range(count)]


def ignoring(count: int) -> list[Any]:
    return [allow(when={"StringEqualsIgnoreCase": {TAG: f"Team{i}"}}) for i in range(count)]


def buckets(count: int, form: str = "arn:aws:s3:::bucket-{:04}/key") -> list[str]:
    return [form.format(i) for i in range(count)]


def each(resources: list[str]) -> list[Any]:
    return [allow(resource=r) for r in resources]


def in_tens(resources: list[str], of: int = 10) -> list[Any]:
    return [allow(resource=resources[i : i + of]) for i in range(0, len(resources), of)]


def personal(count: int) -> list[str]:
    return [f"arn:aws:s3:::b{i}/${{aws:PrincipalTag/k{i}}}/*" for i in range(count)]


def roles(count: int) -> list[str]:
    return [f"arn:aws:iam::{100000000000 + i % 20}:role/team/r{i}" for i in range(count)]


def assumed_by(arns: list[str], split: bool = False, **other: Any) -> list[Any]:
    lists: list[Any] = list(arns) if split else [arns]
    return [{"Effect": "Allow", "Principal": {"AWS": a}, "Action": "sts:AssumeRole", **other} for a in lists]


LONG = "x" * 60_000
BIG = 700


def both_ways(name: str, wide: Policy, narrow: Policy) -> Iterator[Shape]:
    """Of two where the first holds more than the second."""
    yield Shape(f"{name}: wide contains narrow", "Holds", contains, (wide, narrow))
    yield Shape(f"{name}: narrow contains wide", "Fails", contains, (narrow, wide))
    yield Shape(f"{name}: equivalent", "Fails", equivalent, (wide, narrow))
    yield Shape(f"{name}: wide to itself", "Holds", equivalent, (wide, wide))
    yield Shape(f"{name}: overlap", "Holds", overlaps, (wide, narrow))


def same(name: str, a: Policy, b: Policy) -> Iterator[Shape]:
    """Of two that allow the same."""
    yield Shape(f"{name}: equivalent", "Holds", equivalent, (a, b))
    yield Shape(f"{name}: overlap", "Holds", overlaps, (a, b))


def _overlapping() -> Iterator[Shape]:
    some = overlapping(36)
    denies = [s | {"Effect": "Deny"} for s in overlapping(12)]
    yield from same("36 statements with overlapping conditions", policy(*some), policy(*some))
    yield from same("36 statements in another order", policy(*some), policy(*mixed(some)))
    yield from both_ways("36 overlapping statements and 35", policy(*some), policy(*some[1:]))
    yield from same("12 Denies that overlap", policy(allow("*"), *denies), policy(*mixed(denies), allow("*")))
    yield from both_ways("12 Denies and 11", policy(allow("*"), *denies[1:]), policy(allow("*"), *denies))
    yield from same("36 and 12 Denies", policy(*some, *denies), policy(*mixed([*some, *denies])))
    apart = [allow(a, r, s["Condition"]) for s in some for a in s["Action"] for r in s["Resource"]]
    yield from same("36 statements, split by action and resource", policy(*some), policy(*mixed(apart)))
    yield Shape("can: 36 statements", "Holds", partial(can, action="s3:GetAny"), (policy(*some),))


def _patterns() -> Iterator[Shape]:
    for count in (9, 14, 20):
        of = patterned(count)
        yield from both_ways(f"{count} patterns on one key", policy(*of), policy(*of[1:]))
        yield from same(f"{count} patterns in another order", policy(*of), policy(*mixed(of)))
        wide, narrow = policy(*of), policy(*patterned(count, form="*{}*x*"))
        yield from both_ways(f"{count} patterns beside wider ones", wide, narrow)
        any_of = policy(allow(when={"StringLike": {TAG: [f"*{c}*" for c in "abcdefghijklmnopqrstuvwxyz"[:count]]}}))
        yield from same(f"{count} patterns as one list", any_of, policy(*mixed(of)))
        yield from both_ways(f"{count} patterns and any value", policy(allow()), policy(*of))
        none = policy(allow(), *(s | {"Effect": "Deny"} for s in of))
        but = policy(allow(when={"StringNotLike": {TAG: [f"*{c}*" for c in "abcdefghijklmnopqrstuvwxyz"[:count]]}}))
        yield from same(f"{count} patterns as Denies", none, but)
        yield Shape(f"{count} patterns as Denies: overlap", "Fails", overlaps, (none, policy(*of)))
        upper = [s | {"Effect": "Deny"} for s in patterned(count, "StringNotLike")]
        yield from both_ways(f"{count} patterns, each a must", policy(allow()), policy(allow(), *upper))
        arns = patterned(count, "ArnLike", "arn:aws:s3:::*{}*", "aws:SourceArn")
        yield from both_ways(f"{count} ARN patterns on one key", policy(*arns), policy(*arns[1:]))
        many = patterned(count, "ForAnyValue:StringLike", key="aws:TagKeys")
        yield from both_ways(f"{count} patterns on a key of many", policy(*many), policy(*many[1:]))
        every = patterned(count, "ForAllValues:StringLike", key="aws:TagKeys")
        yield from both_ways(f"{count} patterns for all of many", policy(*every), policy(*every[1:]))
    for count in (14, 40, 300):
        of = ignoring(count)
        yield from both_ways(f"{count} that ignore case", policy(*of), policy(*of[1:]))
        yield from same(f"{count} that ignore case, in another order", policy(*of), policy(*mixed(of)))
    several = [
        allow(when={"StringLike": {f"aws:PrincipalTag/k{k}": f"*{c}*" for k in range(4)}}) for c in "abcdefghijkl"
    ]
    yield from both_ways("12 patterns on each of four keys", policy(*several), policy(*several[1:]))


def _arns() -> Iterator[Shape]:
    arns = buckets(BIG)
    wide, split = policy(allow(resource="arn:aws:s3:::bucket-*/key")), policy(*each(arns))
    yield from both_ways(f"{BIG} ARNs and a wildcard", wide, split)
    yield from both_ways(f"{BIG} ARNs and {BIG - 1}", split, policy(*each(arns[1:])))
    yield from same(f"{BIG} ARNs in another order", split, policy(*each(mixed(arns))))
    yield from same(f"{BIG} ARNs as one list", split, policy(allow(resource=mixed(arns))))
    yield from same(f"{BIG} ARNs in tens", policy(*in_tens(arns)), policy(*in_tens(mixed(arns), 7)))
    some, others = policy(*each(arns)), policy(*each(buckets(BIG, "arn:aws:s3:::other-{:04}/key")))
    yield Shape(f"{BIG} ARNs and {BIG} others: overlap", "Fails", overlaps, (some, others))
    yield Shape(f"{BIG} ARNs and {BIG} others: contains", "Fails", contains, (some, others))
    wild = buckets(BIG, "arn:aws:s3:::bucket-{:04}/*")
    yield from both_ways(f"{BIG} patterns of ARNs", policy(*each(wild)), policy(*each(arns)))
    inner = buckets(BIG, "arn:aws:s3:::*-{:04}/*")
    yield from both_ways(f"{BIG} patterns with inner stars", policy(*each(inner)), policy(*each(arns)))
    yield from same(f"{BIG} with inner stars, mixed", policy(*each(inner)), policy(*each(mixed(inner))))
    without, listed = policy(allow(Resource=None, NotResource=arns, resource=None)), mixed(arns)
    denied = policy(allow(), *(deny(resource=a) for a in listed))
    yield from same(f"{BIG} Denies and NotResource", without, denied)
    yield Shape(f"{BIG} of NotResource: overlap", "Fails", overlaps, (without, split))
    yield Shape("can: one of the ARNs", "Holds", partial(can, action="s3:GetObject", resource=arns[-1]), (split,))
    yield Shape(
        "can: none of the ARNs", "Fails", partial(can, action="s3:GetObject", resource=f"{arns[-1]}x"), (split,)
    )
    names = [f"ec2:Do{i}Thing" for i in range(2_000)]
    lists = [allow(names[i : i + 40]) for i in range(0, len(names), 40)]
    yield from same("2,000 actions, listed differently", policy(*lists), policy(allow(mixed(names))))
    yield from both_ways("2,000 actions and a pattern", policy(allow("ec2:Do*")), policy(*lists))
    yield from both_ways("2,000 actions, all but one", policy(allow(names)), policy(allow(names[1:])))
    no = policy(allow(None, NotAction=names))
    yield from both_ways("2,000 of NotAction", policy(allow(None, NotAction=names[1:])), no)
    pairs = [allow(f"ec2:Do{i}*", f"arn:aws:ec2:*:*:instance/i-{i}*") for i in range(300)]
    yield from both_ways("300 patterns of actions and ARNs", policy(*pairs), policy(*pairs[1:]))


def _principals() -> Iterator[Shape]:
    arns = roles(300)
    split, listed = trust(assumed_by(mixed(arns), split=True)), trust(assumed_by(arns))
    yield from same("300 roles, one by one", listed, split)
    yield from both_ways("300 roles and 299", listed, trust(assumed_by(arns[1:], split=True)))
    accounts = [f"arn:aws:iam::{100000000000 + i}:root" for i in range(20)]
    yield from both_ways("300 roles and their accounts", trust(assumed_by(accounts)), split)
    yield from both_ways("300 roles and everyone", trust(assumed_by(["*"])), split)
    some, others = trust(assumed_by(arns[::2])), trust(assumed_by(arns[1::2], split=True))
    yield Shape("150 roles and 150 others: overlap", "Fails", overlaps, (some, others))


def _ordered() -> Iterator[Shape]:
    numbers = [str(i * 3) for i in range(3_000)]
    every, key = "NumericEquals", "s3:max-keys"
    listed, split = policy(allow(when={every: {key: numbers}})), [allow(when={every: {key: n}}) for n in numbers]
    yield from same("3,000 numbers in another order", listed, policy(allow(when={every: {key: mixed(numbers)}})))
    yield from same("3,000 numbers, one by one", listed, policy(*mixed(split)))
    yield from both_ways("3,000 numbers and a limit", policy(allow(when={"NumericLessThan": {key: "9000"}})), listed)
    less = [allow(when={"NumericLessThan": {key: n}}) for n in numbers[:1000]]
    yield from both_ways("1,000 limits", policy(*less), policy(*less[:-1]))
    but = policy(allow(when={"NumericNotEquals": {key: numbers}}))
    yield Shape("3,000 numbers and none of them: overlap", "Fails", overlaps, (listed, but))
    blocks = [f"10.{i // 250}.{i % 250}.0/24" for i in range(2_000)]
    at = policy(allow(when={"IpAddress": {"aws:SourceIp": blocks}}))
    yield from both_ways(
        "2,000 blocks and one around", policy(allow(when={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})), at
    )
    yield from same(
        "2,000 blocks, one by one", at, policy(*(allow(when={"IpAddress": {"aws:SourceIp": b}}) for b in mixed(blocks)))
    )
    days = [f"2020-01-01T{h:02}:{m:02}:{s:02}Z" for h in range(5) for m in range(60) for s in range(0, 60, 6)]
    when = policy(allow(when={"DateEquals": {"aws:CurrentTime": days}}))
    yield from both_ways("3,000 dates", policy(allow(when={"DateLessThan": {"aws:CurrentTime": "2021-01-01"}})), when)


def _long() -> Iterator[Shape]:
    plain = policy(allow(resource=f"arn:aws:s3:::b/{LONG}"))
    yield from both_ways("60,000 characters", policy(allow(resource="arn:aws:s3:::b/x*")), plain)
    yield from both_ways("60,000 and a pattern of them", policy(allow(resource=f"arn:aws:s3:::b/{LONG}*")), plain)
    inner = policy(allow(resource=f"arn:aws:s3:::b/*{LONG}*"))
    yield from both_ways("60,000 within a pattern", inner, policy(allow(resource=f"arn:aws:s3:::b/a{LONG}b")))
    two = policy(allow(resource=[f"arn:aws:s3:::b/{LONG}y", f"arn:aws:s3:::b/{LONG}z"]))
    yield from both_ways("60,000 and the last one differs", two, policy(allow(resource=f"arn:aws:s3:::b/{LONG}z")))
    for operator in ("StringEquals", "StringLike", "StringEqualsIgnoreCase"):
        value = policy(allow(when={operator: {TAG: LONG}}))
        yield from both_ways(
            f"60,000 as a value of {operator}", policy(allow(when={operator: {TAG: [LONG, "y"]}})), value
        )
        but = policy(allow(when={operator.replace("String", "StringNot"): {TAG: LONG}}))
        yield Shape(f"60,000 and not, {operator}: overlap", "Fails", overlaps, (value, but))
    words = "".join(f"{i:x}" for i in range(15_000))
    yield from both_ways(
        "60,000 of all kinds",
        policy(allow(resource="arn:aws:s3:::b/*")),
        policy(allow(resource=f"arn:aws:s3:::b/{words}")),
    )


def _variables() -> Iterator[Shape]:
    some = personal(12)
    yield from both_ways(
        "12 variables and a wildcard", policy(allow(resource="arn:aws:s3:::b*")), policy(allow(resource=some))
    )
    yield from same("12 variables in one list", policy(allow(resource=some)), policy(allow(resource=some)))
    yield from same("12 variables, one by one", policy(*each(some)), policy(*each(mixed(some))))
    yield from both_ways("12 variables and 11", policy(*each(some)), policy(*each(some[1:])))
    one = [f"arn:aws:s3:::b{i}/${{aws:username}}/*" for i in range(12)]
    yield from both_ways("12 with one variable, and 11", policy(*each(one)), policy(allow(resource=one[1:])))
    below = [f"arn:aws:s3:::b/{i}/${{aws:PrincipalTag/k{i}, 'd'}}" for i in range(12)]
    yield from same("12 variables with defaults", policy(allow(resource=below)), policy(*each(mixed(below))))
    without = policy(allow(None, resource=None, NotAction="s3:Put*", NotResource=some))
    yield Shape("12 variables of NotResource: equivalent", "Holds", equivalent, (without, without))
    denied = [deny(resource=r) for r in some]
    yield from same("12 variables denied", policy(allow(), *denied), policy(*mixed(denied), allow()))


def _keys() -> Iterator[Shape]:
    values = [f"value-{i}" for i in range(2_000)]
    listed = policy(allow(when={"StringEquals": {TAG: values}}))
    split = [allow(when={"StringEquals": {TAG: v}}) for v in values]
    yield from same("2,000 values in another order", listed, policy(allow(when={"StringEquals": {TAG: mixed(values)}})))
    yield from same("2,000 values, one by one", listed, policy(*mixed(split)))
    yield from both_ways("2,000 values and a pattern", policy(allow(when={"StringLike": {TAG: "value-*"}})), listed)
    yield from both_ways("2,000 values and 1,999", listed, policy(*split[1:]))
    but = policy(allow(when={"StringNotEquals": {TAG: values}}))
    yield Shape("2,000 values and none of them: overlap", "Fails", overlaps, (listed, but))
    for qualifier in ("ForAnyValue", "ForAllValues"):
        many = policy(allow(when={f"{qualifier}:StringEquals": {"aws:TagKeys": values}}))
        fewer = policy(allow(when={f"{qualifier}:StringEquals": {"aws:TagKeys": mixed(values[1:])}}))
        yield from both_ways(f"2,000 values {qualifier}", many, fewer)
        tens = [
            allow(when={f"{qualifier}:StringEquals": {"aws:TagKeys": values[i : i + 10]}}) for i in range(0, 300, 10)
        ]
        yield from both_ways(f"30 lists {qualifier}", policy(*tens), policy(*tens[1:]))
    keys = [allow(when={"StringLike": {f"aws:PrincipalTag/k{i}": [f"*{c}*" for c in "abc"]}}) for i in range(40)]
    yield from both_ways("40 keys with three patterns each", policy(*keys), policy(*keys[1:]))
    all_of = {"StringLike": {f"aws:PrincipalTag/k{i}": [f"*{c}*" for c in "abc"] for i in range(40)}}
    yield from both_ways("40 keys of one statement", policy(allow()), policy(allow(when=all_of)))
    nots = {"StringNotLike": {f"aws:PrincipalTag/k{i}": [f"*{c}*" for c in "abc"] for i in range(20)}}
    yield from both_ways("20 keys, none of three patterns", policy(allow()), policy(allow(when=nots)))
    denied = [s | {"Effect": "Deny"} for s in keys]
    yield from both_ways("40 Denies on a key each", policy(allow(), *denied[1:]), policy(allow(), *denied))


FAMILIES: dict[str, Callable[[], Iterator[Shape]]] = {
    "overlapping conditions": _overlapping,
    "patterns on keys": _patterns,
    "ARNs and actions": _arns,
    "principals": _principals,
    "numbers, addresses, dates": _ordered,
    "long texts": _long,
    "policy variables": _variables,
    "values and keys": _keys,
}
