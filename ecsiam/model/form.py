"""What a form of values is: a pattern that decides, and what only says better what is wrong.

INVARIANT: patterns are ASCII, use no look-around and no anchors, and mean a full match in every engine.
"""

import re
from functools import lru_cache

from attrs import frozen

from ecsiam.errors import Fault, show
from ecsiam.looks.words import listed
from ecsiam.model.arn import PARTITIONS, partition_of
from ecsiam.model.pattern import Pattern

OF_PARTITION = "aws(-cn|-us-gov|-eusc|-iso(-[bef])?)?"
OF_ACCOUNT = "[0-9]{12}"

Hint = tuple[str, str, str]


@frozen
class Form:
    """A pattern, what a value of it is called, samples of both kinds, and hints: (pattern, what is wrong, remedy).

    `service` is set on forms of ARNs, and `bare` are hints for what is no ARN. `most` is the greatest length in
    characters. The pattern of a `given` one comes from a config: it is matched in bounded time.
    """

    name: str
    pattern: str
    what: str
    good: tuple[str, ...]
    bad: tuple[str, ...]
    most: int = 2048
    service: str = ""
    hints: tuple[Hint, ...] = ()
    bare: tuple[Hint, ...] = ()
    given: bool = False

    def matches(self, value: str) -> bool:
        return len(value) <= self.most and self._takes(value)

    def _takes(self, value: str) -> bool:
        if self.given:
            return _pattern(self.pattern).matches(value)
        return re.fullmatch(self.pattern, value, re.ASCII) is not None

    def fault(self, value: str) -> Fault | None:
        """Why `value` is not of this form and what to write instead; None if it is."""
        if self.matches(value):
            return None
        shown = show(value)
        like = f"Write it like `{self.good[0]}`."
        if len(value) > self.most and (len(value) > 2 * 2048 or self._takes(value)):
            return Fault(f"`{shown}` has {len(value)} characters, at most {self.most} are taken")
        if value.strip() != value:
            return Fault(f"`{shown}` begins or ends with white space", (), "Leave that out.")
        if self.service and (fault := _arn_fault(self, value, shown, like)):
            return fault
        return _hinted(self.hints, value, shown) or Fault(f"`{shown}` is not {self.what}", (), like)


@lru_cache(maxsize=256)
def _pattern(pattern: str) -> Pattern:
    return Pattern(pattern)


def _hinted(hints: tuple[Hint, ...], value: str, shown: str) -> Fault | None:
    found = (h for h in hints if re.fullmatch(h[0], value, re.ASCII | re.DOTALL))
    return next((Fault(f"`{shown}` {wrong}", (), remedy) for _, wrong, remedy in found), None)


_NO_ARN: tuple[Hint, ...] = (
    ("arn:.*", "has less than the six parts of an ARN", "Write `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`."),
    ("[Aa][Rr][Nn]:.*", "has a capital letter in `arn`", "Write `arn:`."),
)


def _arn_fault(form: Form, value: str, shown: str, like: str) -> Fault | None:
    """What is wrong with an ARN, from the outside in; None if it is the resource part."""
    parts, sample = value.split(":", 5), form.good[0].split(":", 5)
    if value == "*":
        return Fault("a bare `*` is not accepted", (), f"Write the ARN of each resource, such as `{like[15:-2]}`.")
    if parts[0] != "arn" or len(parts) < 6:
        return _hinted((*form.bare, *_NO_ARN), value, shown) or Fault(f"`{shown}` is not an ARN", (), like)
    if any("*" in part or "?" in part for part in parts[1:5]):
        remedy = "Only what follows the fifth colon may have one."
        return Fault(f"`{shown}` has a wildcard outside the resource part", (), remedy)
    if not re.fullmatch(OF_PARTITION, parts[1], re.ASCII):
        return Fault(f"`{shown}` names no partition of AWS", (), f"There are {listed(PARTITIONS)}.")
    if not re.fullmatch(form.service, parts[2], re.ASCII):
        return Fault(f"`{shown}` is an ARN of service `{parts[2]}`", (), like)
    for i, what in ((3, "region"), (4, "account")):
        if sample[i] and not parts[i]:
            return Fault(f"`{shown}` names no {what}", (), like)
    if sample[3] and (right := partition_of(parts[3])) != parts[1]:
        remedy = f"Write `arn:{right}:`." if right else "Write a region of AWS."
        return Fault(f"`{shown}`: region `{parts[3]}` is not in partition `{parts[1]}`", (), remedy)
    if sample[4] and not re.fullmatch(f"{OF_ACCOUNT}|aws", parts[4], re.ASCII):
        return Fault(f"`{shown}`: `{parts[4]}` is not an account id", (), "It has 12 digits.")
    return None


def arn_pattern(service: str, resource: str, *, regional: bool = True, account: str = OF_ACCOUNT) -> str:
    """The pattern of an ARN: of a region in the partition that has it, unless it is of none."""
    regions = (f"{p.name}:({service}):{p.regions}" for p in PARTITIONS.values())
    place = f"({'|'.join(regions)})" if regional else f"{OF_PARTITION}:({service}):"
    return f"arn:{place}:{account}:{resource}"


def arn_form(
    name: str,
    what: str,
    service: str,
    resource: str,
    good: tuple[str, ...],
    bad: tuple[str, ...],
    *,
    hints: tuple[Hint, ...] = (),
    bare: tuple[Hint, ...] = (),
    regional: bool = True,
    account: str = OF_ACCOUNT,
) -> Form:
    """The form of an ARN: `service` and `resource` are patterns, the samples of `good` in partition `aws`."""
    first = good[0]
    return Form(
        name,
        arn_pattern(service, resource, regional=regional, account=account),
        what,
        good,
        (
            *bad,
            "*",
            "arn:aws:*",
            first.replace("arn:aws:", "arn:*:"),
            first.replace("arn:aws:", "arn:aws-x:"),
            *([first.replace("eu-west-2", r) for r in ("cn-north-1", "eu-west", "")] if regional else ()),
            f"{first}\n",
        ),
        service=service,
        hints=hints,
        bare=bare,
    )
