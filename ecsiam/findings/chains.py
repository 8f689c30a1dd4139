"""Roles that a workflow assumes one as another: whether the first may, and whether the second lets it in.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
"""

from collections.abc import Iterator

from attrs import evolve, frozen

from ecsiam.analysis.unknown import Question, Verdict, decide_trust, session_of
from ecsiam.findings.finding import Finding, Undecidable
from ecsiam.findings.needed import Judged, of_ways
from ecsiam.findings.rules import RULES
from ecsiam.model.text import ACCOUNT_ID, Bindings, Text
from ecsiam.readers.needs.need import Asked, TaskNeed
from ecsiam.readers.reading import Reading, ReadJob, ReadLogin, ReadRole

_PAGE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_permissions-to-switch.html"
_DENIED = "AccessDenied: is not authorized to perform: "


@frozen
class _Chain:
    """A role that is assumed as another, where each is known to be one; `role` is the second, where it is in sight."""

    job: ReadJob
    login: ReadLogin
    first: ReadRole
    by: Text
    named: Text
    role: ReadRole | None
    """With the ARN of each as the workflow has it, which says the account."""

    @property
    def actions(self) -> tuple[str, ...]:
        return ("sts:AssumeRole", *(("sts:TagSession",) if self.login.found.tagged else ()))

    def lets_in(self, action: str, *, by_account: bool = True) -> Verdict | None:
        """Whether the trust of the second lets the first in; None where nobody has read it."""
        role = self.role
        if role is None or not role.places.get("trust"):
            return None
        asked = Question(action, self.named, {})
        return decide_trust(role.role.trust, session_of(self.by, by_account=by_account), asked)


def _chains(reading: Reading) -> Iterator[_Chain]:
    for job in reading.jobs:
        for login in job.logins:
            if len(login.by) == len(login.roles) == 1:
                ((by, first),), ((named, second),) = login.by, login.roles
                role = reading.roles.get(second or "")
                if first is not None:
                    one = reading.roles[first]
                    yield _Chain(job, login, one, _arn(by, one), _arn(named, role), role)


def _arn(named: Text, role: ReadRole | None) -> Text:
    return named if role is None or named.holds("arn:") else role.arn


def chains(reading: Reading) -> Iterator[Finding | Undecidable]:
    """Chains in which the second role doesn't let in the first."""
    for one in _chains(reading):
        place, second = one.login.found.place, one.role
        fact = f"the job `{one.job.found.address}` assumes `{one.named}` as `{one.first.name}`"
        found = [(action, one.lets_in(action)) for action in one.actions]
        outcomes = [None if verdict is None else verdict.outcome for _, verdict in found]
        if second is None or None in outcomes:
            yield Undecidable(place, f"{fact}, and its trust policy is not in sight")
        elif "denied" in outcomes and not second.gaps:
            action = one.actions[outcomes.index("denied")]
            rule = RULES["chain-refused"]
            skip = " or set `role-skip-session-tagging`" if action.endswith("TagSession") else ""
            yield Finding(
                rule.id,
                place,
                f"the job `{one.job.found.address}` can't assume `{second.name}` as `{one.first.name}`: "
                f"its trust doesn't let that in for `{action}`",
                request=f"{action} on {one.named} by {one.by}",
                because=f"{_DENIED}{action}",
                remedy=f"Let in `{one.by}` for `{action}`{skip}.",
                page=rule.page,
                also=second.places["trust"],
                role=second.key,
            )
        elif outcomes != ["allowed"] * len(outcomes):
            hangs = (h for _, v in found if v is not None for s in v.statements for h in s.hangs)
            yield Undecidable(place, f"{fact}; whether it is let in is not known", tuple(dict.fromkeys(hangs)))


def chained(reading: Reading) -> Iterator[Judged]:
    """What the first role of a chain needs; of an account's own role nothing, where that names the first itself."""
    for one in _chains(reading):
        ours, theirs = _account(one.by), _account(one.named)
        abroad = None not in (ours, theirs) and ours != theirs
        named = [one.lets_in(action, by_account=False) for action in one.actions]
        if not abroad and any(verdict is None or verdict.outcome != "denied" for verdict in named):
            continue
        home = Bindings(deployment={} if abroad or ours is None else {ACCOUNT_ID.name: ours})
        way = tuple(Asked(action, one.named.bind(home)) for action in one.actions)
        what, failure = f"assumes the role `{one.named}`", f"{_DENIED}{way[0].action}"
        need = TaskNeed("pipeline", (way,), one.login.found.place, what, failure, _PAGE)
        yield of_ways(None, need, evolve(one.first, role=one.first.role.bind(home) or one.first.role))


def _account(arn: Text) -> str | None:
    """The account of an ARN, where that is written in it."""
    parts = arn.split(":", 5)
    return parts[4].literal if len(parts) > 4 and (parts[4].literal or "").isdigit() else None
