"""What is accepted of findings: in a config, in a file by itself, in comments; and what is said of what is in vain."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

import ecsiam
from ecsiam.errors import ConfigError
from ecsiam.findings.accepted import read_accepted
from ecsiam.findings.finding import Checked
from ecsiam.findings.rules import RULES
from ecsiam.keys.source import parse_source
from ecsiam.model.accept import Accept, AcceptRule
from ecsiam.model.rules import RULE_IDS

from .command_line import said

TODAY = date(2027, 3, 31)
TRUST = '{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }'
ROLE = f"""\
resource "aws_iam_role" "both" {{
  name               = "both"
  assume_role_policy = jsonencode({{ Statement = [{TRUST}] }})
}}
"""
TASK = """\
resource "aws_ecs_task_definition" "shop" {
  family             = "shop"
  execution_role_arn = aws_iam_role.both.arn
  task_role_arn      = aws_iam_role.both.arn%s
  container_definitions = jsonencode([{ name = "web", image = "nginx" }])
}
"""


def checked(root: Path, files: Mapping[str, str], *accepts: AcceptRule) -> Checked:
    for name, content in files.items():
        (root / name).write_text(content)

    def lines(file: str) -> list[str]:
        return Path(file).read_text().splitlines()

    return ecsiam.check(ecsiam.read(root), accept=accepts, lines=lines, today=TODAY)


def accepted(found: Checked) -> list[tuple[str, str]]:
    return [(one.rule, one.accepted) for one in found.findings]


def notes(found: Checked) -> list[str]:
    return [str(one).replace(found.path, "infra") for one in found.notes]


def test_the_ids_are_those_of_the_table() -> None:
    assert set(RULE_IDS) == set(RULES)


# ---------------------------------------------------------------- comments


@pytest.mark.parametrize(
    ("comment", "why"),
    [
        (" # ecsiam:accept separation one role until the split", "one role until the split"),
        (" // ecsiam:accept separation one role", "one role"),
        (" /* ecsiam:accept separation one role */", "one role"),
        (" # ecsiam:accept missing one role", ""),
        (" # ecsiam:accept separation", ""),
        (" # ecsiam: accept separation one role", ""),
    ],
)
def test_a_comment_on_the_line_accepts_with_a_reason(tmp_path: Path, comment: str, why: str) -> None:
    found = checked(tmp_path, {"main.tf": ROLE + TASK % comment})
    assert accepted(found) == [("separation", why)]


def test_a_comment_on_the_line_above_accepts_and_one_further_up_does_not(tmp_path: Path) -> None:
    comment = "  # ecsiam:accept separation one role\n"
    above = (TASK % "").replace("  task_role_arn", f"{comment}  task_role_arn")
    assert accepted(checked(tmp_path, {"main.tf": ROLE + above})) == [("separation", "one role")]
    further = (TASK % "").replace("  family", f"{comment}  family")
    found = checked(tmp_path, {"main.tf": ROLE + further})
    assert accepted(found) == [("separation", "")]
    assert notes(found) == [
        "infra/main.tf:6: what is accepted of `separation` is not needed: no such finding is on this line or the "
        "next. Take it out."
    ]


def test_a_comment_of_no_rule_names_the_nearest_and_one_without_a_reason_is_told(tmp_path: Path) -> None:
    files = {"main.tf": ROLE + TASK % " # ecsiam:accept seperation one role", "a.tf": "# ecsiam:accept void\n"}
    assert notes(checked(tmp_path, files)) == [
        "infra/a.tf:1: the comment says no reason, and accepts nothing. Write `# ecsiam:accept void why it is meant`.",
        "infra/main.tf:8: there is no rule `seperation`. Did you mean `separation`?",
    ]


# ---------------------------------------------------------------- files


def test_a_file_of_entries_and_a_config_say_the_same() -> None:
    entries = (
        "accept:\n"
        "  - {rule: separation, why: 'one  role', file: infra/*.tf, until: 2027-03-31}\n"
        "  - {rule: void, why: later}\n"
    )
    expected = (
        AcceptRule("separation", "one role", "infra/*.tf", until=TODAY),
        AcceptRule("void", "later"),
    )
    assert read_accepted(parse_source(entries, "ecsiam-accept.yaml")) == expected
    config = f"project_name: shop\nenvironment: dev\n{entries}  - {{invariant: execution, why: older}}\n"
    assert read_accepted(parse_source(config, "ecsiam.yaml")) == expected
    deeper = entries.replace("\n", "\n  ")
    several = f"defaults:\n  project_name: shop\n  {deeper}\nenvironments: {{dev: {{}}, prod: {{}}}}\n"
    assert read_accepted(parse_source(several, "ecsiam.yaml")) == expected


@pytest.mark.parametrize("of_config", [True, False])
@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("{rule: seperation, why: x}", "there is no rule `seperation` @ $.accept[0].rule. Did you mean `separation`?"),
        ("{rule: zzzzzzzzz, why: x}", "There are `missing`, `misplaced`,"),
        ("{rule: void}", "`why` is missing @ $.accept[0]. Say which rule it is, and why that is meant."),
        ("{rule: void, why: ''}", "it is empty @ $.accept[0].why"),
        ("{rule: void, why: x, until: 2027-02-30}", "@ $.accept[0].until"),
        ("{rule: void, why: x, until: soon}", "@ $.accept[0].until"),
        ("{rule: void, why: x, adress: y}", "unknown key `adress` @ $.accept[0].adress. Did you mean `address`?"),
        ("{rule: void, why: x, file: []}", "@ $.accept[0].file"),
        ("{rule: void, why: x, role: task}", "unknown key `role` @ $.accept[0].role"),
    ],
)
def test_what_is_wrong_of_an_entry_is_said_alike(entry: str, fault: str, *, of_config: bool) -> None:
    head = "project_name: shop\nenvironment: dev\n" if of_config else ""
    with pytest.raises(ConfigError) as caught:
        read_accepted(parse_source(f"{head}accept:\n  - {entry}\n", "x.yaml"))
    (told,) = caught.value.faults
    assert told.line == (4 if of_config else 2)
    assert fault in str(told)


def test_an_entry_is_of_one_kind() -> None:
    entry = {"rule": "void", "invariant": "works", "why": "x"}
    with pytest.raises(ConfigError, match="it has an `invariant` and a `rule`"):
        ecsiam.Config(project_name="shop", environment="dev", accept=[entry])


def test_a_config_holds_both_and_its_notes_count_all_entries() -> None:
    mixed: list[AcceptRule | dict[str, object]] = [
        AcceptRule("void", "later"),
        {"invariant": "execution", "why": "abroad"},
    ]
    config = ecsiam.Config(project_name="shop", environment="dev", account_id="123456789012", accept=mixed)
    stack = ecsiam.build(config)
    assert stack.intent.accepted == (Accept("execution", "abroad"),)
    from ecsiam.invariants import stale

    (note,) = stale(stack, ecsiam.prove(stack, only="execution"))
    assert note.path == ("accept", 1)


# ---------------------------------------------------------------- put to findings


def test_entries_cover_by_rule_file_and_address_until_their_day(tmp_path: Path) -> None:
    def by(**fields: object) -> list[tuple[str, str]]:
        entry = AcceptRule(**{"rule": "separation", "why": "meant", **fields})  # type: ignore[arg-type]
        return accepted(checked(tmp_path, {"main.tf": ROLE + TASK % ""}, entry))

    assert by() == by(file="*/main.tf") == by(address="aws_ecs_task_definition.*") == [("separation", "meant")]
    assert by(until=TODAY) == [("separation", "meant (until 2027-03-31)")]
    for other in ({"rule": "void"}, {"file": "*.yaml"}, {"address": "other"}, {"until": date(2027, 3, 30)}):
        assert by(**other) == [("separation", "")], other


def test_what_has_expired_or_covers_nothing_is_noted(tmp_path: Path) -> None:
    entries = (
        AcceptRule("separation", "until the split", until=date(2027, 3, 30)),
        AcceptRule("void", "later"),
        AcceptRule("void", "not read here", file="elsewhere/*.tf"),
    )
    assert notes(checked(tmp_path, {"main.tf": ROLE + TASK % ""}, *entries)) == [
        "what is accepted of `separation` has expired on 2027-03-30 (until the split). "
        "Take it out, or say until when it is meant.",
        "what is accepted of `void` is not needed: no finding is covered by it (later). Take it out.",
    ]


# ---------------------------------------------------------------- on the command line


def test_check_reads_both_files_of_the_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("main.tf").write_text(ROLE + TASK % "")
    assert said("check").code == 1
    entry = "accept:\n  - {rule: %s, why: meant}\n"
    Path("ecsiam-accept.yaml").write_text(entry % "void")
    Path("ecsiam.yaml").write_text("project_name: shop\nenvironment: dev\n" + entry % "separation")
    code, out, err = said("check")
    assert (code, "accepted: meant" in out) == (0, True)
    assert err == "note: what is accepted of `void` is not needed: no finding is covered by it (meant). Take it out.\n"
    assert said("check", "--accept", "ecsiam-accept.yaml").code == 1
    Path("ecsiam-accept.yaml").write_text(entry % "seperation")
    code, out, err = said("check")
    assert (code, out) == (2, "")
    assert err.startswith("error: ecsiam-accept.yaml:2: there is no rule `seperation`")
