"""The forms in which findings are told; one function each, from what `check` found to a text that ends its lines."""

import json
import textwrap
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version

from ecsiam.errors import printable, show_path
from ecsiam.findings.finding import Checked, Finding
from ecsiam.findings.rules import NEEDS, RULES
from ecsiam.looks.data import pretty
from ecsiam.looks.markdown import escape, fenced, folded
from ecsiam.looks.words import count
from ecsiam.readers.found import Place

Data = dict[str, object]
WIDTH = 80
_INDENT = "  "
_SOURCE = "https://pypi.org/project/ecsiam/"


# ---------------------------------------------------------------- text


def text(found: Checked) -> str:
    """To read: each finding with its place, what comes of it, the request and the remedy; then what was looked at."""
    lines: list[str] = []
    for finding in found.findings:
        lines += finding_lines(finding)
        lines.append("")
    if found.undecided:
        lines.append(f"not decided, {count(len(found.undecided), 'question')}:")
        for one in found.undecided:
            lines += _wrapped(printable(str(one)), _INDENT)
        lines.append("")
    if found.gaps:
        lines.append(f"not understood, {count(len(found.gaps), 'place')}:")
        for gap in found.gaps:
            lines += _wrapped(printable(str(gap)), _INDENT)
        lines.append("")
    lines += _wrapped(found.scope, "")
    lines.append(found.summary)
    return "\n".join(lines) + "\n"


def finding_lines(finding: Finding) -> Iterator[str]:
    """A finding to read."""
    mark = "accepted" if finding.accepted else finding.severity
    address = f" {finding.place.address}" if finding.place.address else ""
    yield printable(f"{finding.place}{address}")
    yield from _wrapped(printable(f"{mark} [{finding.rule}] {finding.fact}"), _INDENT)
    for name, said in (
        ("request", finding.request),
        (_outcome(finding), finding.because),
        ("accepted", finding.accepted),
    ):
        if said:
            yield from _wrapped(printable(f"{name}: {said}"), _INDENT * 2)
    if finding.also:
        places = dict.fromkeys(f"{place}{f' {place.address}' if place.address else ''}" for place in finding.also)
        yield from _wrapped(printable(f"see: {', '.join(places)}"), _INDENT * 2)
    if finding.remedy:
        first, *more = finding.remedy.split("\n")
        yield from _wrapped(printable(f"remedy: {first}"), _INDENT * 2)
        yield from (f"{_INDENT * 2}{printable(line)}" for line in more)
    if finding.page:
        yield f"{_INDENT * 2}page: {finding.page}"


def _outcome(finding: Finding) -> str:
    """What comes of it: a failure in AWS's words, or why it is a fault."""
    return "failure" if finding.rule in NEEDS else "because"


def _wrapped(line: str, indent: str) -> list[str]:
    """A line in as many of 80 columns as it takes; words stay whole, ARNs too."""
    return textwrap.wrap(
        line,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + _INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )


# ---------------------------------------------------------------- data


def place_data(place: Place) -> Data:
    """A place; `path` is a JSONPath, or empty."""
    return {
        "file": place.file,
        "line": place.line,
        "path": show_path(place.path) if place.path else "",
        "address": place.address,
    }


def finding_data(finding: Finding) -> Data:
    """A finding; the fields are those of docs/check.md."""
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "place": place_data(finding.place),
        "fact": finding.fact,
        "request": finding.request,
        "because": finding.because,
        "remedy": finding.remedy,
        "page": finding.page,
        "also": [place_data(place) for place in finding.also],
        "role": finding.role,
        "accepted": finding.accepted,
    }


def as_json(found: Checked) -> str:
    """All of it as one JSON document."""
    fidelity = found.fidelity
    return (
        pretty(
            {
                "path": found.path,
                "findings": [finding_data(f) for f in found.findings],
                "undecided": [
                    {"place": place_data(u.place), "fact": u.fact, "hangs": list(u.hangs)} for u in found.undecided
                ],
                "gaps": [{"place": place_data(g.place), "why": g.why} for g in found.gaps],
                "fidelity": {
                    "documents": fidelity.documents,
                    "of_documents": fidelity.of_documents,
                    "statements": fidelity.statements,
                    "of_statements": fidelity.of_statements,
                },
                "roles": found.roles,
                "tasks": found.tasks,
                "jobs": found.jobs,
                "needs": found.needs,
                "notes": [note.message for note in found.notes],
            }
        )
        + "\n"
    )


# ---------------------------------------------------------------- SARIF

_LEVELS = {"error": "error", "warning": "warning", "note": "note"}


def sarif(found: Checked) -> str:
    """SARIF 2.1.0, as code scanning takes it. https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html"""
    used = {f.rule for f in found.findings}
    rules = [rule for rule in RULES.values() if rule.id in used]
    index = {rule.id: i for i, rule in enumerate(rules)}
    run: Data = {
        "tool": {
            "driver": {
                "name": "ecsiam",
                "version": version("ecsiam"),
                "informationUri": _SOURCE,
                "rules": [
                    {
                        "id": rule.id,
                        "shortDescription": {"text": rule.says},
                        "fullDescription": {"text": rule.why},
                        "helpUri": rule.page,
                        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
                    }
                    for rule in rules
                ],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, index[finding.rule]) for finding in found.findings],
    }
    return (
        json.dumps(
            {
                "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
                "version": "2.1.0",
                "runs": [run],
            },
            indent=2,
        )
        + "\n"
    )


def _result(finding: Finding, index: int) -> Data:
    said = [finding.fact, finding.because, f"Request: {finding.request}" if finding.request else "", finding.remedy]
    result: Data = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": "\n".join(line for line in said if line)},
        "locations": [_location(finding.place)],
    }
    if finding.also:
        result["relatedLocations"] = [
            {**_location(place), "id": i, "message": {"text": place.address or place.file}}
            for i, place in enumerate(finding.also)
        ]
    if finding.accepted:
        result["suppressions"] = [{"kind": "external", "justification": finding.accepted}]
    return result


def _location(place: Place) -> Data:
    physical: Data = {"artifactLocation": {"uri": _uri(place.file)}}
    if place.line:
        physical["region"] = {"startLine": place.line}
    location: Data = {"physicalLocation": physical}
    if place.address:
        location["logicalLocations"] = [{"fullyQualifiedName": place.address}]
    return location


def _uri(file: str) -> str:
    from urllib.parse import quote

    return quote(file.removeprefix("./"))


# ---------------------------------------------------------------- GitHub


def github(found: Checked) -> str:
    """Workflow commands that annotate a pull request's files.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
    """
    lines = [_annotation(finding) for finding in found.open]
    return "".join(f"{line}\n" for line in (*lines, f"{found.scope}; {found.summary}"))


_KINDS = {"error": "error", "warning": "warning", "note": "notice"}


def _annotation(finding: Finding) -> str:
    properties = {"file": finding.place.file, "line": finding.place.line, "title": f"ecsiam {finding.rule}"}
    given = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items() if value)
    said = "\n".join(line for line in (finding.fact, finding.because, finding.remedy) if line)
    return f"::{_KINDS[finding.severity]} {given}::{_escaped(said)}"


def _escaped(said: str) -> str:
    return said.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(said: str) -> str:
    return _escaped(said).replace(":", "%3A").replace(",", "%2C")


# ---------------------------------------------------------------- Markdown


def markdown(found: Checked) -> str:
    """For a comment on a pull request: a table, and each finding with its remedy to unfold."""
    lines = [f"### ecsiam: {escape(found.summary)}", ""]
    if found.findings:
        lines += ["| | rule | where | what |", "|---|---|---|---|"]
        lines += [
            f"| {'accepted' if f.accepted else f.severity} | {f.rule} | {escape(str(f.place))} | {escape(f.fact)} |"
            for f in found.findings
        ]
        lines.append("")
    lines += filter(None, map(details, found.open))
    if unsure := [f"- {escape(str(one))}" for one in (*found.undecided, *found.gaps)]:
        lines += [folded("not decided, not understood", "\n".join(unsure)), ""]
    lines.append(escape(found.scope))
    return "\n".join(lines) + "\n"


def details(finding: Finding) -> str:
    """What a finding says beside its fact, to unfold; empty where that is nothing."""
    said = (("request", finding.request), (_outcome(finding), finding.because))
    lines = [f"- {name}: {escape(text)}" for name, text in said if text]
    if not (lines or finding.remedy):
        return ""
    if finding.page:
        lines.append(f"- page: <{finding.page}>")
    if finding.remedy:
        first, *more = finding.remedy.split("\n")
        lines.append(f"- remedy: {escape(first)}")
        if more:
            lines += ("", fenced(textwrap.dedent("\n".join(more))))
    return folded(f"{finding.rule}: {finding.place}", "\n".join(lines)) + "\n"


FORMATS: Mapping[str, Callable[[Checked], str]] = {
    "text": text,
    "json": as_json,
    "sarif": sarif,
    "github": github,
    "markdown": markdown,
}
