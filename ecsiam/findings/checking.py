"""`check`: all findings of what was read."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from ecsiam.findings.accepted import Lines, marked
from ecsiam.findings.chains import chained, chains
from ecsiam.findings.deployers import deployers
from ecsiam.findings.documents import beside, lint, void
from ecsiam.findings.escalation import escalation
from ecsiam.findings.finding import Checked, Finding, Undecidable, in_order
from ecsiam.findings.idle import idle
from ecsiam.findings.needed import Judged, finding, judged
from ecsiam.findings.pipelines import deployed, logins
from ecsiam.findings.purposes import boundaries, invariants, separation
from ecsiam.findings.rules import RULES
from ecsiam.findings.trusts import trust
from ecsiam.model.accept import AcceptRule
from ecsiam.readers.reading import Reading


def check(
    reading: Reading,
    *,
    accept: Iterable[AcceptRule] = (),
    lines: Lines | None = None,
    today: date | None = None,
    repository: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Checked:
    """What is wrong in what was read, gravest first, and what nobody could decide.

    Needs of task definitions are held against the roles that they name; each policy is looked at by itself, and each
    role by what it is for. What hangs on a text that isn't known, or on a part that was not understood, is undecided:
    it is no finding, and it is said. `repository` is whose the workflows are, `OWNER/NAME`; without it, one that the
    trust of their role names. `accept` is what is meant, and counts on the day `today`; with `lines`, which gives the
    lines of a file, comments beside a finding count too. `progress` is told how many tasks and roles are done, and of
    how many.
    """
    tell = progress or _untold
    findings: list[Finding] = []
    undecided: list[Undecidable] = []
    needs = 0
    for one in _needs(reading, tell):
        needs += 1
        _put(findings, undecided, one)
    for one in (
        *_of_roles(reading, tell),
        *separation(reading),
        *boundaries(reading),
        *_entering(reading, repository),
        *deployers(reading),
        *invariants(reading),
        *escalation(reading),
        *idle(reading),
    ):
        _put(findings, undecided, one)
    void = {one.place for one in findings if one.rule == "void"}  # which is why nobody needs it
    findings = [one for one in findings if one.rule != "idle" or one.place not in void]
    meant = marked(findings, accept, reading.files, lines or _none, today or date.today())
    return Checked(
        path=reading.path,
        findings=in_order(meant.findings),
        undecided=tuple(dict.fromkeys(undecided)),
        gaps=tuple(
            dict.fromkeys(
                (*reading.gaps, *(gap for role in reading.roles.values() for gap in (*role.gaps, *role.unclear)))
            )
        ),
        fidelity=reading.fidelity,
        roles=len(reading.roles),
        tasks=len(reading.tasks),
        jobs=sum(bool(job.logins) for job in reading.jobs),
        needs=needs,
        files=reading.files,
        notes=meant.notes,
    )


def unmet(
    reading: Reading,
    *,
    accept: Iterable[AcceptRule] = (),
    lines: Lines | None = None,
    today: date | None = None,
    repository: str | None = None,
) -> tuple[Finding, ...]:
    """Those of the findings by which something needed is not given, beside what is meant. Faster than all of them."""
    found = (*_needs(reading, _untold), *_entering(reading, repository))
    some = [one for one in found if isinstance(one, Finding)]
    meant = marked(some, accept, reading.files, lines or _none, today or date.today())
    return in_order(one for one in meant.findings if not one.accepted)


def _put(findings: list[Finding], undecided: list[Undecidable], one: Finding | Undecidable | None) -> None:
    if isinstance(one, Finding):
        findings.append(one)
    elif one is not None:
        undecided.append(one)


def _needs(reading: Reading, tell: Callable[[int, int], None]) -> Iterator[Finding | Undecidable | None]:
    """What came of each need: of the tasks and what runs them, and of the steps of workflows."""
    work = len(reading.tasks) + len(reading.roles)
    for done, task in enumerate(reading.tasks):
        tell(done, work)
        for one in judged(reading, task):
            yield finding(reading, one) if isinstance(one, Judged) else one
    for one in (*deployed(reading), *chained(reading)):
        yield finding(reading, one)


def _entering(reading: Reading, repository: str | None) -> Iterator[Finding | Undecidable]:
    """Whether roles can be assumed by those who need them."""
    yield from trust(reading)
    yield from logins(reading, repository)
    yield from chains(reading)


def _none(_: str) -> list[str]:
    return []


def _untold(_: int, __: int) -> None:
    pass


def _of_roles(reading: Reading, tell: Callable[[int, int], None]) -> Iterator[Finding | Undecidable]:
    tasks = len(reading.tasks)
    for done, role in enumerate(reading.roles.values()):
        tell(tasks + done, tasks + len(reading.roles))
        yield from lint(role)
        yield from void(role, reading)
        yield from beside(role)
    for one in reading.unattached:
        rule = RULES["unattached"]
        if one.role is not None:  # one that another repository makes, as likely as a slip
            yield Undecidable(one.place, f"the policy `{one.name}` is for the role `{one.role}`, which is not in sight")
            continue
        fact = f"the policy `{one.name}` is attached to nothing"
        remedy = "Attach it, or take it away."
        yield Finding(rule.id, one.place, fact, because=rule.why, remedy=remedy, page=rule.page)
