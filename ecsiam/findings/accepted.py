"""What is accepted of the findings: in a config, in `ecsiam-accept.yaml`, or in a comment beside the line.

A comment is `# ecsiam:accept RULE why`, on the line of the finding or the one above, in any language with `#` or `//`.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from fnmatch import fnmatchcase

from attrs import evolve, frozen

from ecsiam.config.many import configs_of
from ecsiam.config.sections import has_sections
from ecsiam.errors import ConfigError, Fault, Faults, refuse, show
from ecsiam.findings.finding import Finding
from ecsiam.keys.accepting import OF_RULE
from ecsiam.keys.source import Source
from ecsiam.model.accept import AcceptRule, unknown_rule
from ecsiam.model.intent import Note
from ecsiam.model.rules import RULE_IDS
from ecsiam.readers.found import as_list, as_map, is_map

_COMMENT = re.compile(r"(?:#|//|/\*)\s*ecsiam:accept\s+(?P<rule>[\w-]+)(?:\s+(?P<why>\S.*?))?\s*(?:\*/)?\s*$")
_MARK = "ecsiam:accept"

Lines = Callable[[str], list[str]]
"""The lines of a file that was read, by the name that places have for it."""


def read_accepted(source: Source) -> tuple[AcceptRule, ...]:
    """What a config accepts of findings, or a file with nothing but an `accept:` list of such entries.

    Raises ConfigError with every fault and its line.
    """
    if "project_name" in source.data or has_sections(source.data):
        every = (one for named in configs_of(source).configs for one in named.config.accept)
        return tuple(dict.fromkeys(one for one in every if isinstance(one, AcceptRule)))
    faults = Faults()
    found: list[AcceptRule] = []
    for key in source.data:
        if key != "accept":
            faults.append(Fault(f"unknown key `{show(key)}`", (key,), "It has one key, `accept`, a list."))
    given = source.data.get("accept")
    if not isinstance(given, list):
        faults.append(Fault("expected a list", ("accept",), "Write `- rule: ...` and `why: ...` for each finding."))
    for i, entry in enumerate(as_list(given)):
        with faults.at("accept", i):
            if not is_map(entry):
                raise ConfigError(Fault("expected an entry with `rule` and `why`"))
            one = OF_RULE.read(as_map(entry))
            assert isinstance(one, AcceptRule)
            found.append(one)
    refuse(ConfigError, (evolve(f, file=source.name, line=source.line(f.path)) for f in faults))
    return tuple(found)


# ---------------------------------------------------------------- comments


@frozen
class Comment:
    """A comment that accepts findings of a rule, on its own line and the next one."""

    file: str
    line: int
    rule: str
    why: str


def _comments(file: str, lines: list[str]) -> Iterator[Comment]:
    for number, line in enumerate(lines, 1):
        found = _COMMENT.search(line) if _MARK in line else None
        if found:
            yield Comment(file, number, found["rule"], found["why"] or "")


# ---------------------------------------------------------------- put to the findings


@frozen
class Marked:
    """The findings, each with the reason why it is meant where it is; and what was accepted to no end."""

    findings: tuple[Finding, ...]
    notes: tuple[Note, ...]


def marked(
    findings: Iterable[Finding], accepts: Iterable[AcceptRule], files: Iterable[str], lines: Lines, today: date
) -> Marked:
    """The findings with what is accepted of them, of the files that were read, on a day."""
    entries = tuple(accepts)
    read = tuple(files)
    comments = [one for file in read if not file.endswith(".json") for one in _comments(file, lines(file))]
    beside = {(one.file, line): one for one in reversed(comments) if one.why for line in (one.line + 1, one.line)}
    used: set[AcceptRule | Comment] = set()
    found: list[Finding] = []
    for finding in findings:
        by: AcceptRule | Comment | None = next((one for one in entries if _takes(one, finding, today)), None)
        if by is None:
            near = beside.get((finding.place.file, finding.place.line or 0))
            by = near if near is not None and near.rule == finding.rule else None
        if by is None:
            found.append(finding)
        else:
            used.add(by)
            found.append(evolve(finding, accepted=by.why if isinstance(by, Comment) else str(by)))
    notes = (*_of_entries(entries, used, read, today), *_of_comments(comments, used))
    return Marked(tuple(found), notes)


def _takes(accept: AcceptRule, finding: Finding, today: date) -> bool:
    """Whether an entry is about a finding, and still counts."""
    return (
        accept.rule == finding.rule
        and accept.counts(today)
        and fnmatchcase(finding.place.file, accept.file)
        and fnmatchcase(finding.place.address, accept.address)
    )


def _of_entries(
    entries: Iterable[AcceptRule], used: set[AcceptRule | Comment], files: tuple[str, ...], today: date
) -> Iterator[Note]:
    """Entries that have expired, and those that no finding of the files that were read is covered by."""
    for one in entries:
        of = f"what is accepted of `{one.rule}`"
        if not one.counts(today):
            assert one.until is not None
            message = f"{of} has expired on {one.until.isoformat()} ({one.why})"
            yield Note("accept-expired", message, remedy="Take it out, or say until when it is meant.")
        elif one not in used and any(fnmatchcase(file, one.file) for file in files):
            message = f"{of} is not needed: no finding is covered by it ({one.why})"
            yield Note("accept-unused", message, remedy="Take it out.")


def _of_comments(comments: Iterable[Comment], used: set[AcceptRule | Comment]) -> Iterator[Note]:
    for one in comments:
        at = f"{one.file}:{one.line}"
        if one.rule not in RULE_IDS:
            fault = unknown_rule(one.rule)
            yield Note("accept-unknown", f"{at}: {fault.message}", remedy=fault.remedy)
        elif not one.why:
            remedy = f"Write `# ecsiam:accept {one.rule} why it is meant`."
            yield Note("accept-unknown", f"{at}: the comment says no reason, and accepts nothing", remedy=remedy)
        elif one not in used:
            message = (
                f"{at}: what is accepted of `{one.rule}` is not needed: no such finding is on this line or the next"
            )
            yield Note("accept-unused", message, remedy="Take it out.")
