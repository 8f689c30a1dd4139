"""The steps by which AWS decides on one request, over policies whose statements are held against it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, assert_never

from attrs import evolve, frozen

from ecsiam.analysis.callers import kind_of
from ecsiam.analysis.grants import GRANTS, Accounts, Grant, grant, has_to_allow
from ecsiam.analysis.matching import Miss, Unsettled
from ecsiam.analysis.request import Request
from ecsiam.looks.shown import Shown
from ecsiam.model.principal import Principal
from ecsiam.model.statement import Effect, Statement

Outcome = Literal["allowed", "implicitly denied", "explicitly denied"]


@frozen(repr=False)
class Reported(Shown):
    """A statement of one of the policies, by where it stands, and which of its elements do not match the request."""

    policy: str
    index: int
    statement: Statement
    misses: tuple[Miss, ...]

    @property
    def matches(self) -> bool:
        return not self.misses

    def _says(self) -> str:
        return f"statement {self.index} of {self.policy}: {'matches' if self.matches else 'does not match'}"


Place = Literal["identity", "boundary", "session", "scp", "rcp", "resource"]


@frozen
class Held:
    """A statement held against the request, and what is not sure of that.

    `open` are the keys on which it hangs whether it matches, `unsettled` is why AWS's pages leave that open, `strict`
    are its misses where a policy variable without a value makes it invalid, if that makes a difference.
    """

    reported: Reported
    open: tuple[str, ...] = ()
    unsettled: Unsettled | None = None
    strict: tuple[Miss, ...] = ()

    @property
    def allows(self) -> bool:
        return self.reported.statement.effect == "Allow" and self.reported.matches


@frozen
class Applied:
    """A policy where it applies. `level` is that of an organisation's, `binds` whether such a one has a say."""

    place: Place
    name: str
    level: str
    held: tuple[Held, ...]
    binds: bool = True

    @property
    def allows(self) -> bool:
        return any(h.allows for h in self.held)

    @property
    def surely_allows(self) -> bool:
        return any(h.allows and not h.open for h in self.held)

    def read(self, otherwise: Callable[[Held], tuple[Miss, ...] | None]) -> "Applied":
        """The same with other misses of its statements, where `otherwise` has some."""
        found = ((h, otherwise(h)) for h in self.held)
        held = (h if m is None else evolve(h, reported=evolve(h.reported, misses=m)) for h, m in found)
        return evolve(self, held=tuple(held))

    def at_best(self, doubted: Callable[[Held], bool], effect: Effect) -> "Applied":
        """The same where doubted statements of one effect match, and those of the other don't."""
        unmet = (Miss("Condition", "it isn't known"),)
        return self.read(lambda h: None if not doubted(h) else () if h.reported.statement.effect == effect else unmet)


Answer = tuple[Outcome, str]
_NO_POLICY = "no policy of the resource is given (`resource_policy`)"
_CROSS = {
    "two": "the accounts are two, so both have to allow it",
    "unknown": "whether caller and resource are of one account is not known, so both have to allow it"
    " (the key `aws:ResourceAccount` tells, where the ARN doesn't)",
}


def decided(asked: list[Applied], *, request: Request, by_itself: bool, accounts: Accounts) -> Answer:
    """The outcome, and the step that decides."""
    if denied := next(_matching(asked, "Deny"), None):
        return "explicitly denied", f"statement {denied.index} of `{denied.policy}` denies it"
    for level in dict.fromkeys(p.level for p in asked if p.place == "scp" and p.binds):
        if not any(p.allows for p in asked if p.place == "scp" and p.level == level):
            where = f" of the level `{level}`" if level else ""
            return "implicitly denied", f"no service control policy{where} allows it"
    resource = next((p for p in asked if p.place == "resource"), None)
    if resource is not None:
        return _of_resource(resource, asked, request, by_itself, accounts)
    if is_without(request.principal):
        return "implicitly denied", f"who asks has no policies, and {_NO_POLICY}"
    if accounts == "two":
        return "implicitly denied", f"{_CROSS[accounts]}, and {_NO_POLICY}"
    outcome, reason = _of_identity(asked, request)
    if outcome == "allowed" and has_to_allow(request):
        reason += f", as the resource's has to as well: {_NO_POLICY}"
    return outcome, reason


def _of_resource(
    resource: Applied, asked: list[Applied], request: Request, by_itself: bool, accounts: Accounts
) -> Answer:
    """The policy of the resource, and what else is needed with it."""
    grants = {grant(r.statement, request.principal): r for r in _matching([resource], "Allow")}
    if not grants:
        unknown = ", as far as is known: who asks is not given" if request.principal is None else ""
        refused = f"no statement of the `{resource.name}` allows it{unknown}"
        if by_itself or accounts != "one" or has_to_allow(request):
            return "implicitly denied", refused
        outcome, reason = _of_identity(asked, request)
        return outcome, reason if outcome == "allowed" else f"{reason}, and {refused}"
    best: Grant = next(g for g in GRANTS if g in grants)
    granted = f"statement {grants[best].index} of `{resource.name}` allows it"
    if by_itself:
        return "allowed", granted
    if accounts != "one":
        outcome, reason = _of_identity(asked, request)
        return outcome, f"{granted}, {'and' if outcome == 'allowed' else 'but'} {reason}: {_CROSS[accounts]}"
    match best:
        case "directly":
            return "allowed", f"{granted} and names the caller itself"
        case "to everybody":
            return "allowed", f"{granted}, whoever asks"
        case "within limits":
            limit = _limit(asked)
            return ("implicitly denied", f"{granted}, but {limit}") if limit else ("allowed", granted)
        case "by delegation":
            outcome, reason = _of_identity(asked, request)
            joined = "and" if outcome == "allowed" else "which leaves it to the account, but"
            return outcome, f"{granted}, {joined} {reason}"
        case _:
            assert_never(best)


def _matching(policies: Iterable[Applied], effect: Effect) -> Iterator[Reported]:
    return (
        h.reported for p in policies for h in p.held if h.reported.statement.effect == effect and h.reported.matches
    )


def _of_identity(asked: list[Applied], request: Request) -> Answer:
    """Identity policies, then what limits them. The root user has none and no boundary, and may do everything else.

    Its sessions of `sts:AssumeRoot` are within the task policy, which is a session policy.
    """
    if request.principal is not None and kind_of(request.principal) == "root":
        limit = _limit(p for p in asked if p.place != "boundary")
        return ("implicitly denied", limit) if limit else ("allowed", "the root user of an account has full access")
    allowing = next(_matching((p for p in asked if p.place == "identity"), "Allow"), None)
    if allowing is None:
        return "implicitly denied", "no identity policy allows it"
    limit = _limit(asked)
    return (
        ("implicitly denied", limit)
        if limit
        else ("allowed", f"statement {allowing.index} of `{allowing.policy}` allows it")
    )


def _limit(asked: Iterable[Applied]) -> str:
    """Which limit does not allow it: the boundary, or the session policies of which one has to."""
    asked = list(asked)
    if any(p.place == "boundary" and not p.allows for p in asked):
        return "the boundary does not allow it"
    sessions = [p for p in asked if p.place == "session"]
    return "no session policy allows it" if sessions and not any(p.allows for p in sessions) else ""


def is_without(who: Principal | None) -> bool:
    """Whether who asks can't have identity policies."""
    return who is not None and who.type in ("*", "Service", "Federated")
