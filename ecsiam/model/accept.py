"""What is meant: an invariant that may fail in some requests, or a finding of `check`; why, and until when."""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import cast

from attrs import field, frozen

from ecsiam.errors import Fault, PolicyError, did_you_mean, refuse, show
from ecsiam.looks.shown import Shown
from ecsiam.looks.words import listed
from ecsiam.model.built import is_text
from ecsiam.model.invariants import SAYS
from ecsiam.model.rules import RULE_IDS
from ecsiam.model.spots import Spot, refused
from ecsiam.model.statement import Action

LONGEST_WHY = 1000  # characters
# As in a file: a review would miss control characters, and a terminal obeys them.
HIDDEN = "\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff"


def _patterns(given: str | Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _one_line(why: str) -> str:
    """On one line, as it is shown; what is no text, or too long, is refused by the checks."""
    given = cast("object", why)  # whoever has no type checker may give anything
    if not isinstance(given, str) or len(given) > LONGEST_WHY:
        return why
    return re.sub("[ \\t\\r\\n]+", " ", why).strip(" ")


@frozen(repr=False)
class Accept(Shown):
    """Of what fails an invariant, these requests are meant. Raises PolicyError with every fault.

    Without `role` of every role, without `actions` or `resources` (patterns as in a policy) whatever they are; `until`
    is the last day on which it counts.
    """

    invariant: str
    why: str = field(converter=_one_line)
    role: str = field(default="", validator=is_text)
    actions: tuple[str, ...] = field(default=(), converter=_patterns)
    resources: tuple[str, ...] = field(default=(), converter=_patterns)
    until: date | None = None
    at: int | None = field(default=None, eq=False, kw_only=True)
    """Which item of the config's list it is."""

    def __attrs_post_init__(self) -> None:
        refuse(PolicyError, self._faults())

    @property
    def is_whole(self) -> bool:
        """Whether it is about whatever fails, as far as its role goes."""
        return not (self.actions or self.resources)

    def counts(self, today: date) -> bool:
        """Whether it is in force."""
        return self.until is None or today <= self.until

    def _says(self) -> str:
        return f"{self.invariant}: {self}"

    def __str__(self) -> str:
        return self.why if self.until is None else f"{self.why} (until {self.until.isoformat()})"

    def _faults(self) -> Iterator[Fault]:
        if self.invariant not in SAYS:
            yield unknown_invariant(self.invariant).under("invariant")
        yield from (f.under("actions", i) for i, action in enumerate(self.actions) for f in _of_action(action))
        yield from (f.under("resources", i) for i, one in enumerate(self.resources) for f in _of_resource(one))
        yield from (f.under("why") for f in _of_why(self.why))
        yield from _of_until(self.until)


@frozen(repr=False)
class AcceptRule(Shown):
    """Findings of `check` by a rule that are meant. Raises PolicyError with every fault.

    Those of the files and addresses that match (patterns with `*`); `until` is the last day on which it counts.
    """

    rule: str
    why: str = field(converter=_one_line)
    file: str = field(default="*", validator=is_text)
    address: str = field(default="*", validator=is_text)
    until: date | None = None

    def __attrs_post_init__(self) -> None:
        refuse(PolicyError, self._faults())

    def counts(self, today: date) -> bool:
        """Whether it is in force."""
        return self.until is None or today <= self.until

    def _says(self) -> str:
        return f"{self.rule}: {self}"

    def __str__(self) -> str:
        return self.why if self.until is None else f"{self.why} (until {self.until.isoformat()})"

    def _faults(self) -> Iterator[Fault]:
        if self.rule not in RULE_IDS:
            yield unknown_rule(self.rule).under("rule")
        yield from (f.under("why") for f in _of_why(self.why))
        yield from _of_until(self.until)


def unknown_rule(id: object) -> Fault:
    """What is wrong with an id that no rule of `check` has, and the nearest."""
    near = did_you_mean(str(id), RULE_IDS)
    return Fault(f"there is no rule `{show(str(id))}`", (), near or f"There are {listed(RULE_IDS)}.")


def unknown_invariant(id: object) -> Fault:
    """What is wrong with an id that no invariant has, and the nearest."""
    there_are = f"There are {listed(SAYS)}."
    return Fault(f"there is no invariant `{show(str(id))}`", (), did_you_mean(str(id), SAYS) or there_are)


def _is_date(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _of_until(until: object) -> Iterator[Fault]:
    if until is not None and not _is_date(until):
        yield Fault("expected a date", ("until",), "Write it like `datetime.date(2027, 3, 31)`.")


def _of_action(action: object) -> Iterator[Fault]:
    if not isinstance(action, str):
        yield Fault("expected an action, such as `s3:GetObject`")
    elif found := list(refused([Spot("action", action)], "identity")):
        yield from found
    elif Action(action, as_is=True).is_void:
        yield Fault(f"`{show(action)}` names no action of AWS", (), "Write it like `s3:Get*`.")


def _of_resource(resource: object) -> Iterator[Fault]:
    if not isinstance(resource, str):
        yield Fault("expected an ARN or `*`")
    elif "${" in resource:
        remedy = "Write `*` in the place of what is open."
        yield Fault(f"`{show(resource)}` holds a variable, and what is accepted is said outright", (), remedy)
    else:
        yield from refused([Spot("resource", resource)], "identity")


def _of_why(why: object) -> Iterator[Fault]:
    if not isinstance(why, str):
        yield Fault("expected a text")
    elif not why.strip(" \t\r\n"):
        yield Fault("the reason is empty", (), "Say why it is meant: whoever reads the proof will ask.")
    elif len(why) > LONGEST_WHY:
        yield Fault(f"the reason has {len(why):,} characters, at most {LONGEST_WHY:,} are taken")
    elif hidden := re.search(f"[{HIDDEN}]", why):
        yield Fault(f"the reason holds {hidden[0]!a}, which nobody sees", (), "Leave it out.")
