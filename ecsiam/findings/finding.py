"""What `check` says: findings with their place, fact, request and remedy, and what nobody could decide."""

from collections.abc import Iterable, Iterator

from attrs import frozen

from ecsiam.findings.rules import RULES, SEVERITIES, Severity
from ecsiam.looks.page import Block, Page, Table
from ecsiam.looks.shown import Paged, Shown
from ecsiam.looks.words import count
from ecsiam.model.intent import Note
from ecsiam.readers.found import Gap, Place
from ecsiam.readers.reading import Fidelity


@frozen(repr=False)
class Finding(Shown):
    """One thing that is wrong: by which rule, where, what, the request that shows it, and what to write instead.

    `because` says what comes of it, in AWS's own words where AWS has some. `also` are other places that have to do with
    it: the role that lacks the permission, the statement that misses. `accepted` is the reason why it is meant.
    """

    rule: str
    place: Place
    fact: str
    request: str = ""
    because: str = ""
    remedy: str = ""
    page: str = ""
    also: tuple[Place, ...] = ()
    role: str = ""
    accepted: str = ""

    @property
    def severity(self) -> Severity:
        """How grave it is: that of its rule."""
        return RULES[self.rule].severity

    def __str__(self) -> str:
        return f"{self.place}: {self.severity} [{self.rule}] {self.fact}"

    def _says(self) -> str:
        return str(self)


@frozen
class Undecidable:
    """A question that hangs on what isn't known: where it arises, and on what it hangs."""

    place: Place
    fact: str
    hangs: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.place}: {self.fact}" + (f" (it hangs on {', '.join(self.hangs)})" if self.hangs else "")


@frozen(repr=False)
class Checked(Paged):
    """All findings of what was read, gravest first, and how much of it could be judged."""

    path: str
    findings: tuple[Finding, ...]
    undecided: tuple[Undecidable, ...] = ()
    gaps: tuple[Gap, ...] = ()
    fidelity: Fidelity = Fidelity()  # noqa: RUF009 - it is frozen
    roles: int = 0
    tasks: int = 0
    jobs: int = 0
    """Those of workflows that get credentials."""
    needs: int = 0
    files: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    """What is accepted to no end."""

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    @property
    def open(self) -> tuple[Finding, ...]:
        """The findings that nobody has accepted."""
        return tuple(f for f in self.findings if not f.accepted)

    def worst(self) -> Severity | None:
        """The gravest severity among those that are open."""
        found = {f.severity for f in self.open}
        return next((s for s in SEVERITIES if s in found), None)

    @property
    def summary(self) -> str:
        """What was looked at and what came out, in a line."""
        by = {s: sum(f.severity == s for f in self.open) for s in SEVERITIES}
        found = ", ".join(count(n, s) for s, n in by.items() if n) or "no findings"
        accepted = len(self.findings) - len(self.open)
        return found + (f", {accepted} accepted" if accepted else "")

    @property
    def scope(self) -> str:
        """How much there was."""
        of = [count(self.roles, "role"), count(self.tasks, "task definition"), count(self.needs, "need")]
        if self.jobs:
            of.insert(2, count(self.jobs, "job"))
        return f"{', '.join(of)} checked; {self.fidelity}"

    def _says(self) -> str:
        return f"{self.path}: {self.summary}"

    def __str__(self) -> str:
        from ecsiam.looks.plain import plain

        return plain(self._page())

    def _page(self) -> Page:
        rows = [(f.severity, f.rule, str(f.place), f.fact) for f in self.findings]
        blocks: list[Block] = [Table(("severity", "rule", "where", "what"), rows)] if rows else []
        return Page(f"{self.path}: {self.summary}", (*blocks, self.scope))


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Gravest first, then by place; each once."""
    found = dict.fromkeys(findings)
    return tuple(sorted(found, key=lambda f: (SEVERITIES.index(f.severity), f.place.file, f.place.line or 0)))
