"""The forms in which findings are told: each holds all of it, breaks nothing around it, and fits where it goes."""

import io
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from jsonschema import Draft4Validator, FormatChecker

from ecsiam.cli.progress import MOMENT, PAUSE, progress
from ecsiam.findings.finding import Checked, Finding, Undecidable
from ecsiam.findings.rules import RULES, SEVERITIES
from ecsiam.model.intent import Note
from ecsiam.readers.found import Gap, Place
from ecsiam.reports.findings import FORMATS, WIDTH

from .command_line import run, said

ROOT = Path(__file__).resolve().parents[1]
SARIF: Any = Draft4Validator(
    json.loads((ROOT / "tests/sarif/sarif-2.1.0-rtm.5.json").read_text(encoding="utf-8")),
    format_checker=FormatChecker(),
)
EVIL = "a%b\r\nc:d,e::error::f|g`h`<script>\x1b[2J\u202e*_[x](y)"


def of_rule(rule: str, line: int | None = 3, **fields: Any) -> Finding:
    place = Place("infra/ma in.tf", line, ("Statement", 0), "aws_iam_role.task")
    page = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html"
    given: dict[str, Any] = {
        "request": "s3:GetObject on arn:aws:s3:::memos/x",
        "because": "AccessDenied",
        "remedy": "Grant it that:\n  statement {\n    x = 1\n  }",
        "page": page,
        "also": (Place("other.tf", 9, (), "aws_iam_role.other"), Place("x.json", None, ("Statement", 1))),
        "role": "infra:aws_iam_role.task",
        **fields,
    }
    return Finding(rule, place, f"something of {rule}", **given)


EVERY = Checked(
    path="infra",
    findings=(
        *(of_rule(rule) for rule in RULES),
        of_rule("void", None, accepted="it is for later"),
        of_rule("odd", 1, also=(), request="", because="", remedy="", page=""),
    ),
    undecided=(Undecidable(Place("main.tf", 7), "whether it may", ("`var.x`",)),),
    gaps=(Gap(Place("main.tf", 8), "a module that is not here"),),
    roles=2,
    tasks=1,
    needs=5,
    files=("infra/ma in.tf",),
    notes=(Note("accept-unused", "what is accepted of `void` is not needed"),),
)
NONE = Checked(path="infra", findings=())
HOSTILE = Checked(
    path=EVIL,
    findings=(
        Finding(
            "void",
            Place(f"{EVIL}.tf", 2, (), EVIL),
            EVIL,
            request=EVIL,
            because=EVIL,
            remedy=f"{EVIL}\n  {EVIL}\n  `````",
            also=(Place(EVIL, 1, (), EVIL),),
            role=EVIL,
        ),
    ),
    undecided=(Undecidable(Place(EVIL, 1), EVIL, (EVIL,)),),
    gaps=(Gap(Place(EVIL, 1), EVIL),),
)
ALL = {"every": EVERY, "none": NONE, "hostile": HOSTILE}
each_found = pytest.mark.parametrize("found", ALL.values(), ids=ALL)


@each_found
@pytest.mark.parametrize("form", FORMATS)
def test_every_report_ends_its_line(form: str, found: Checked) -> None:
    assert FORMATS[form](found).endswith("\n")


# ---------------------------------------------------------------- SARIF


@each_found
def test_sarif_is_what_its_schema_says(found: Checked) -> None:
    data = json.loads(FORMATS["sarif"](found))
    assert [error.message for error in SARIF.iter_errors(data)] == []
    (one,) = data["runs"]
    assert data["version"] == "2.1.0"
    ids = [rule["id"] for rule in one["tool"]["driver"]["rules"]]
    assert len(ids) == len(set(ids))
    assert [(r["ruleId"], ids[r["ruleIndex"]]) for r in one["results"]] == [(f.rule, f.rule) for f in found.findings]


def test_the_schema_refuses_what_is_wrong() -> None:
    data = json.loads(FORMATS["sarif"](EVERY))
    data["runs"][0]["results"][0]["level"] = "fatal"
    assert not SARIF.is_valid(data)


def test_sarif_has_places_and_what_is_accepted() -> None:
    results = json.loads(FORMATS["sarif"](EVERY))["runs"][0]["results"]
    place = results[0]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "infra/ma%20in.tf"}, "region": {"startLine": 3}}
    accepted = [one["suppressions"] for one in results if "suppressions" in one]
    assert accepted == [[{"kind": "external", "justification": "it is for later"}]]
    assert {one["level"] for one in results} == {"error", "warning", "note"}


# ---------------------------------------------------------------- text


@each_found
def test_text_fits_eighty_columns_and_has_no_colour(found: Checked) -> None:
    for line in FORMATS["text"](found).splitlines():
        assert line.isprintable() or not line
        long_word = max(map(len, line.split()), default=0) > WIDTH - 12
        of_its_own = long_word or line.lstrip().startswith(("page: ", "infra/")) or found is HOSTILE
        assert len(line) <= WIDTH or of_its_own, line


def test_text_says_all_of_a_finding() -> None:
    text = FORMATS["text"](evolve(EVERY, findings=(of_rule("missing"),)))
    assert text == (
        "infra/ma in.tf:3 aws_iam_role.task\n"
        "  error [missing] something of missing\n"
        "    request: s3:GetObject on arn:aws:s3:::memos/x\n"
        "    failure: AccessDenied\n"
        "    see: other.tf:9 aws_iam_role.other, x.json @ $.Statement[1]\n"
        "    remedy: Grant it that:\n"
        "      statement {\n"
        "        x = 1\n"
        "      }\n"
        "    page: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html\n"
        "\n"
        "not decided, 1 question:\n"
        "  main.tf:7: whether it may (it hangs on `var.x`)\n"
        "\n"
        "not understood, 1 place:\n"
        "  main.tf:8: a module that is not here\n"
        "\n"
        "2 roles, 1 task definition, 5 needs checked; 0 of 0 documents and 0 of 0\n"
        "  statements read whole\n"
        "1 error\n"
    )
    assert FORMATS["text"](NONE).endswith("no findings\n")


# ---------------------------------------------------------------- JSON


def test_json_has_every_field_of_a_finding() -> None:
    data = json.loads(FORMATS["json"](EVERY))
    assert [one["rule"] for one in data["findings"]] == [one.rule for one in EVERY.findings]
    assert data["findings"][0]["place"] == {
        "file": "infra/ma in.tf",
        "line": 3,
        "path": "$.Statement[0]",
        "address": "aws_iam_role.task",
    }
    fields = ("rule", "severity", "place", "fact", "request", "because", "remedy", "page", "also", "role", "accepted")
    assert tuple(data["findings"][0]) == fields
    assert data["undecided"][0]["hangs"] == ["`var.x`"]
    assert (data["roles"], data["tasks"], data["needs"]) == (2, 1, 5)
    assert data["notes"] == ["what is accepted of `void` is not needed"]


# ---------------------------------------------------------------- annotations


def _unescaped(said: str) -> str:
    for code, letter in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        said = said.replace(code, letter)
    return said


COMMAND = re.compile(r"::(error|warning|notice) file=([^,:]*)(?:,line=(\d+))?,title=([^,:]*)::(.*)")


@each_found
def test_an_annotation_is_one_command_whatever_it_says(found: Checked) -> None:
    """https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands"""
    *commands, summary = FORMATS["github"](found).rstrip("\n").split("\n")
    assert len(commands) == len(found.open)
    assert not summary.startswith("::")
    for line, finding in zip(commands, found.open, strict=True):
        match = COMMAND.fullmatch(line)
        assert match, line
        kind, file, number, title, message = match.groups()
        kinds = {"error": "error", "warning": "warning", "note": "notice"}
        assert kind == kinds[finding.severity]
        assert _unescaped(file) == finding.place.file
        assert (number and int(number)) == finding.place.line
        assert _unescaped(title) == f"ecsiam {finding.rule}"
        assert finding.fact in _unescaped(message)


# ---------------------------------------------------------------- Markdown


def test_markdown_is_a_table_and_what_unfolds() -> None:
    lines = FORMATS["markdown"](EVERY).splitlines()
    rows = [line for line in lines if line.startswith("| ") and not line.startswith("| | rule")]
    assert len(rows) == len(EVERY.findings)
    assert lines.count("</details>") == sum(line.startswith("<details>") for line in lines)
    assert sum(row.startswith("| accepted |") for row in rows) == 1
    assert "    x = 1" not in lines, "code stands in a fence, without the indent"
    assert "  x = 1" in lines


def test_markdown_shows_what_is_hostile_as_text() -> None:
    text = FORMATS["markdown"](HOSTILE)
    fenced = "``````"  # longer than what is in it
    assert text.count(f"\n{fenced}\n") == 2
    outside = [line for line in text.split(fenced)[0::2] if line]
    assert not any(mark in part for part in outside for mark in ("<script>", "\x1b", "\u202e"))
    assert not any(mark in text for mark in ("\x1b", "\u202e", "\r"))
    (row,) = [line for line in text.splitlines() if line.startswith("| warning")]
    assert len(re.findall(r"(?<!\\)\|", row)) == 5
    assert r"\[x\](y)" in row


# ---------------------------------------------------------------- on the command line


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("worst", [*SEVERITIES, None])
def test_fail_on_decides_from_which_severity_on(here: Path, worst: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = {"error": "missing", "warning": "void", "note": "redundant"}
    findings = () if worst is None else (of_rule(rule[worst]), of_rule("missing", accepted="it is for later"))

    def check(*_: object, **__: object) -> Checked:
        return evolve(NONE, findings=findings)

    monkeypatch.setattr("ecsiam.findings.check", check)
    codes = {on: said("check", "examples/checked", "--fail-on", on).code for on in (*SEVERITIES, "never")}
    reached = len(SEVERITIES) if worst is None else SEVERITIES.index(worst)
    assert codes == {on: int(i >= reached) for i, on in enumerate(SEVERITIES)} | {"never": 0}
    assert said("check", "examples/checked").code == int(worst in ("error", "warning"))


@pytest.mark.parametrize("form", FORMATS)
def test_the_command_prints_each_form_and_nothing_besides(here: Path, form: str) -> None:
    code, out, err = run("check", "examples/checked", "--format", form)
    assert (code, err, "\x1b" in out) == (1, "", False)
    assert "missing" in out
    if form in ("json", "sarif"):
        json.loads(out)


# ---------------------------------------------------------------- a bar


class _Stream(io.StringIO):
    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


def _drawn(monkeypatch: pytest.MonkeyPatch, *, terminal: bool, seconds: float) -> str:
    stream = _Stream(terminal=terminal)
    monkeypatch.setattr(sys, "stderr", stream)
    times = iter(i * seconds / 10 for i in range(20))
    with progress("checking", lambda: next(times)) as told:
        for done in range(10):
            told(done, 10)
    return stream.getvalue()


def test_a_bar_is_drawn_on_a_terminal_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = _drawn(monkeypatch, terminal=True, seconds=10 * MOMENT)
    assert "checking [" in drawn
    assert "9 of 10" in drawn
    assert drawn.endswith("\r\x1b[K")
    assert drawn.count("[#") + drawn.count("[.") <= 10 * MOMENT / PAUSE


@pytest.mark.parametrize(("terminal", "seconds"), [(False, 60.0), (True, MOMENT / 2)])
def test_nothing_is_drawn_in_a_pipe_or_of_what_is_done_at_once(
    monkeypatch: pytest.MonkeyPatch, *, terminal: bool, seconds: float
) -> None:
    assert _drawn(monkeypatch, terminal=terminal, seconds=seconds) == ""


def test_without_standard_error_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with progress("checking") as told:
        told(1, 2)
