"""What comes of a request, with the statements that matter, and what `simulate` prints of it."""

from collections.abc import Iterator

from attrs import evolve, frozen

from ecsiam.analysis.evaluator import Decision, evaluate
from ecsiam.analysis.matching import Miss
from ecsiam.analysis.steps import Reported
from ecsiam.cli.asked import Asked
from ecsiam.cli.beside import Beside
from ecsiam.cli.shown import INDENT, Data, owner_data, request_data, request_lines, statement_data, statement_line
from ecsiam.errors import PolicyError
from ecsiam.looks.words import listed
from ecsiam.model.policy import Policy
from ecsiam.model.role import Role
from ecsiam.model.text import Text
from ecsiam.reference.managed import managed_policy

MOST_NEAR = 3


@frozen
class Decided:
    """A decision on a request; `unread` says which policy would have to be known for a sure one."""

    asked: Asked
    decision: Decision
    unread: str = ""

    @property
    def undecided(self) -> bool:
        return bool(self.unread)

    @property
    def no(self) -> bool:
        return not self.undecided and not self.decision.allowed

    @property
    def outcome(self) -> str:
        return "undecided" if self.undecided else self.decision.outcome

    @property
    def reason(self) -> str:
        return self.unread or self.decided_by

    @property
    def decided_by(self) -> str:
        """The step that decided it, in the words of the command line."""
        return _by_option(self.decision.reason)

    @property
    def deciding(self) -> tuple[Reported, ...]:
        """The statements that allow it, or those that deny it; none where it is the lack of one that decides."""
        effects = {"allowed": "Allow", "explicitly denied": "Deny"}
        effect = effects.get(self.decision.outcome)
        return tuple(r for r in self.decision.statements if r.matches and r.statement.effect == effect)

    @property
    def nearest(self) -> tuple[Reported, ...]:
        """Of what is not allowed, the statements that name the action, those with the fewest misses first."""
        if self.decision.outcome != "implicitly denied":
            return ()
        allows = (r for r in self.decision.statements if r.statement.effect == "Allow" and r.misses)
        near = [r for r in allows if not any(m.element.endswith("Action") for m in r.misses)]
        return tuple(sorted(near, key=lambda r: len(r.misses))[:MOST_NEAR])


def decide(asked: Asked, beside: Beside) -> Decided:
    """The decision on a request.

    Policies of a role that aren't known leave it undecided where they could change it; so does what AWS leaves open.
    """
    if isinstance(asked.of, Policy):
        decision = _decision(asked.of, asked, beside)
        return Decided(asked, decision, decision.unclear)
    known, managed, boundary = _known(asked.of, beside)
    decision = _decision(known, asked, beside)
    if decision.unclear or decision.outcome == "explicitly denied":
        return Decided(asked, decision, decision.unclear)
    if managed:
        return Decided(asked, decision, f"the managed policy `{managed}` was not read")
    if boundary and decision.allowed:
        return Decided(asked, decision, f"the permissions boundary `{boundary}` was not read")
    return Decided(asked, decision)


def _decision(of: Role | Policy, asked: Asked, beside: Beside) -> Decision:
    try:
        return evaluate(
            of,
            asked.whole,
            boundary=beside.boundary,
            session=beside.session,
            scps=beside.scps,
            rcps=beside.rcps,
            resource_policy=beside.resource_policy,
            managed=beside.managed,
        )
    except PolicyError as e:
        raise PolicyError(*(evolve(f, remedy=_by_option(f.remedy)) for f in e.faults)) from None


def _by_option(said: str) -> str:
    return said.replace("`resource_policy`", "`--resource-policy`")


def _known(role: Role, beside: Beside) -> tuple[Role, str, str]:
    """A role without what isn't known, and what that is: a managed policy, the boundary."""

    def is_read(arn: Text) -> bool:
        return str(arn) in beside.managed or managed_policy(str(arn)) is not None

    unread = [a for a in role.managed_policy_arns if not is_read(a)]
    kept = [a for a in role.managed_policy_arns if a not in unread]
    limit = None if beside.boundary is not None else role.permissions_boundary
    boundary = "" if limit is None or is_read(limit) else str(limit)
    known = evolve(role, managed_policy_arns=kept, permissions_boundary=None if boundary else limit)
    return known, str(unread[0]) if unread else "", boundary


# ---------------------------------------------------------------- shown


def decision_lines(decided: Decided) -> Iterator[str]:
    """The outcome, what decided it, and else the statements that came nearest, with what stands in the way."""
    owner = f"{decided.asked.owner}: " if decided.asked.owner else ""
    yield from request_lines(decided.asked.request, before=f"{owner}{decided.outcome}: ")
    if decided.unread:
        yield f"{INDENT}{decided.unread}; without it:"
    deciding = decided.deciding
    yield f"{INDENT}{decided.decided_by}{f': {statement_line(deciding[0].statement)}' if deciding else ''}"
    for r in deciding[1:]:
        yield f"{INDENT}so does {_place(r)}: {statement_line(r.statement)}"
    if decided.decision.outcome == "implicitly denied":
        yield from _near_lines(decided)
    if missing := decided.decision.missing:
        yield f"{INDENT}it hangs on what was not given: {listed(missing)}"


def decision_notes(decided: Decided) -> Iterator[str]:
    """What of the request can't be so."""
    who = decided.asked.whole.principal
    for key in decided.decision.contradicting:
        yield f"`{key}` can't be what it is given as where `{who}` asks; it is taken as given"


def _near_lines(decided: Decided) -> Iterator[str]:
    if not decided.nearest:
        others = any(r.matches and r.statement.effect == "Allow" for r in decided.decision.statements)
        yield f"{INDENT}no {'other Allow' if others else 'Allow of it'} is about `{decided.asked.request.action}`"
    for r in decided.nearest:
        yield f"{INDENT}no match: {_place(r)}: {statement_line(r.statement)}"
        yield from (f"{INDENT * 2}{_miss(m)}" for m in r.misses)


def _place(reported: Reported) -> str:
    return f"statement {reported.index} of `{reported.policy}`"


def _miss(miss: Miss) -> str:
    return f"{miss.element}{f' `{miss.key}`' if miss.key else ''}: {miss.reason}"


def decision_data(decided: Decided) -> Data:
    """The same as data: the line of a batch."""
    asked = decided.asked
    return {
        **owner_data(asked.owner),
        "outcome": decided.outcome,
        "reason": decided.reason,
        "role": asked.role,
        "request": request_data(asked.request),
        "missing": list(decided.decision.missing),
        "contradicting": list(decided.decision.contradicting),
        "statements": [_reported(r) for r in decided.deciding],
        "nearest": [{**_reported(r), "misses": [_miss_data(m) for m in r.misses]} for r in decided.nearest],
    }


def _reported(reported: Reported) -> Data:
    return {"policy": reported.policy, "index": reported.index, **statement_data(reported.statement)}


def _miss_data(miss: Miss) -> Data:
    return {"element": miss.element, "key": miss.key, "reason": miss.reason}
