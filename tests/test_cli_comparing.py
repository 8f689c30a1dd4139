"""`contains` and `overlaps`: what may stand for one of the two, what they print, their exit codes."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import ecsiam

from .command_line import said

ROOT = Path(__file__).resolve().parents[1]
TASK, ALL, SHOP, READ = "examples/memos.yaml#task", "examples/everything.yaml#task", "examples/shop.yaml", "infra"
WIDE = """\
{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::memos"},
  {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::memos/*"},
  {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::memos/secret/*"}
]}
"""
NARROW = '{"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::memos/a/*"}}'
TRUST = '{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "%s.amazonaws.com"}}}'
MAIN = """\
resource "aws_iam_role" "task" {
  name = "memos-task"
  assume_role_policy = jsonencode({
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "objects" {
  role = aws_iam_role.task.id
  name = "objects"
  policy = jsonencode({
    Statement = [
      { Effect = "Allow", Action = "s3:PutObject", Resource = "arn:aws:s3:::memos/*" },
      { Effect = "Allow", Action = "sqs:SendMessage", Resource = aws_sqs_queue.jobs.arn },
    ]
  })
}

resource "aws_sqs_queue" "jobs" {
  name = "jobs"
}
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    (tmp_path / "infra").mkdir()
    files = {"wide.json": WIDE, "narrow.json": NARROW, "ecs.json": TRUST % "ecs-tasks", "infra/main.tf": MAIN}
    for name, content in {**files, "ec2.json": TRUST % "ec2"}.items():
        (tmp_path / name).write_text(content)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def data(*arguments: str) -> tuple[int | str | None, dict[str, Any]]:
    code, out, err = said(*arguments, "--format", "json")
    assert not err
    return code, json.loads(out)


CODES = [
    ("contains", "wide.json", "narrow.json", 0),
    ("contains", "narrow.json", "wide.json", 1),
    ("contains", "wide.json", "wide.json", 0),
    ("contains", ALL, TASK, 0),
    ("contains", TASK, ALL, 1),
    ("contains", f"{SHOP}#shop/prod/execution", f"{SHOP}#shop/dev/execution", 1),
    ("contains", READ, f"{READ}#memos-task", 0),
    ("contains", "wide.json", f"{READ}#memos-task", 1),
    ("contains", "ecs.json", READ, 0),
    ("contains", "ec2.json", READ, 1),
    ("contains", "ec2.json", TASK, 1),
    ("contains", "ecs.json", TASK, 0),
    ("overlaps", "wide.json", "narrow.json", 0),
    ("overlaps", "ecs.json", "ec2.json", 1),
    ("overlaps", f"{SHOP}#shop/dev/task", f"{SHOP}#shop/prod/task", 1),
    ("overlaps", "wide.json", READ, 0),
    ("overlaps", "narrow.json", READ, 1),
    ("overlaps", TASK, READ, 1),
]


@pytest.mark.parametrize(("command", "a", "b", "code"), CODES)
def test_it_says_yes_or_no(command: str, a: str, b: str, code: int) -> None:
    got, out, err = said(command, a, b)
    assert (got, out.split()[0], err) == (code, ["yes", "no"][code], "")
    got, found = data(command, a, b)
    assert (got, found["answer"]) == (code, ["yes", "no"][code])
    shown = found["witness"] is not None
    assert shown is (found["answer"] == ("no" if command == "contains" else "yes"))
    assert bool(found["statements"]) is shown


def test_a_no_shows_a_request_and_the_statement_that_allows_it() -> None:
    assert said("contains", "narrow.json", "wide.json") == (
        1,
        "no         `wide.json` allows this, and `narrow.json` does not:\n"
        "    s3:ListBucket on arn:aws:s3:::memos\n"
        "    by statement 0 of `wide.json` (wide.json:2): Allow s3:ListBucket on arn:aws:s3:::memos\n",
        "",
    )


def test_of_a_role_that_was_read_the_statement_has_its_line() -> None:
    code, out, _ = said("overlaps", "wide.json", READ)
    assert (code, out) == (
        0,
        "yes        `wide.json` and `infra` both allow this:\n"
        "    s3:PutObject on arn:aws:s3:::memos/x\n"
        "    by statement 1 of `wide.json` (wide.json:3): Allow s3:* on arn:aws:s3:::memos/*\n"
        "    by statement 0 of `objects` of `infra` (infra/main.tf:13): "
        "Allow s3:PutObject on arn:aws:s3:::memos/*\n",
    )
    _, found = data("overlaps", "wide.json", READ)
    assert [one["place"] for one in found["statements"]] == [
        {"file": "wide.json", "line": 3, "path": "$.Statement[1]"},
        {"file": "infra/main.tf", "line": 13, "path": "$.Statement[0]"},
    ]
    assert [(one["of"], one["policy"], one["index"]) for one in found["statements"]] == [
        ("wide.json", "", 1),
        ("infra", "objects", 0),
    ]


def test_the_request_is_allowed_by_one_and_by_the_other_not(here: Path) -> None:
    """What is printed, put to plain evaluation."""
    _, found = data("contains", "narrow.json", "wide.json")
    shown = found["witness"]
    request = ecsiam.Request(shown["action"], shown["resource"], shown["principal"], shown["context"])
    narrow, wide = (ecsiam.parse_policy((here / name).read_text()) for name in ("narrow.json", "wide.json"))
    assert ecsiam.evaluate(wide, request).allowed
    assert not ecsiam.evaluate(narrow, request).allowed


def test_what_hangs_on_what_nobody_knows_is_undecided() -> None:
    queues = '{"Statement": {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:*:*:jobs-?"}}'
    Path("queue.json").write_text(queues)
    Path("infra/main.tf").write_text(MAIN.replace('name = "jobs"', "name_prefix = var.prefix"))
    code, out, err = said("overlaps", READ, "queue.json")
    assert (code, out.split()[0]) == (3, "undecided")
    assert err.startswith("next: bind what is left to deployment, with `--set NAME=VALUE` each: ")
    assert data("overlaps", READ, "wide.json")[1]["answer"] == "yes"


def test_what_was_not_read_of_a_role_leaves_it_undecided() -> None:
    mine = 'resource "aws_iam_role_policy_attachment" "a" {\n  role = aws_iam_role.task.name\n  policy_arn = "%s"\n}\n'
    own = "arn:aws:iam::123456789012:policy/mine"
    Path("infra/main.tf").write_text(MAIN + mine % own)
    code, out, _ = said("contains", "wide.json", f"{READ}#memos-task")
    assert (code, own in out) == (3, True), "it may deny what the others allow"
    everything = '{"Statement": {"Effect": "Allow", "Action": ["s3:*", "sqs:*"], "Resource": "*"}}'
    Path("all.json").write_text(everything)
    code, out, _ = said("contains", "all.json", READ)
    assert (code, own in out) == (3, True)
    assert said("contains", "all.json", READ, "--managed", f"{own}=narrow.json") == (
        0,
        "yes        `all.json` allows all that `infra` allows\n",
        "",
    )


def test_assumptions_are_said() -> None:
    code, out, _ = said("contains", "wide.json", "narrow.json", "--universe", "known")
    assert (code, "assumed:\n    there are no other actions than those of" in out) == (0, True)
    assert data("contains", "wide.json", "narrow.json", "--universe", "known")[1]["assumed"]


def test_values_go_to_the_side_that_leaves_them_open() -> None:
    Path("open.yaml").write_text("project_name: memos\nenvironment: dev\naws_region: eu-west-2\n")
    bound = ("--set", "account_id=123456789012")
    assert said("overlaps", "open.yaml#execution", "wide.json", *bound).code == 1
    assert said("overlaps", "wide.json", "narrow.json", *bound).err == (
        "error: neither leaves `account_id` to deployment\n"
    )


FAULTS = [
    (("contains", "examples/memos.yaml", "wide.json"), "`examples/memos.yaml` has several roles, and this asks one"),
    (("contains", f"{SHOP}#task", "wide.json"), f"Name one: `{SHOP}#SERVICE/ENVIRONMENT/task`"),
    (("overlaps", f"{SHOP}#shop/prd/task", "wide.json"), "has no environment `prd`. Did you mean `prod`?"),
    (("overlaps", "examples/memos.yaml#tsk", "wide.json"), "has no role `tsk`. There are `execution`, `task`."),
    (("overlaps", f"{READ}#tsk", "wide.json"), "`infra` has no role `tsk`. There are `memos-task`."),
    (("overlaps", "wide.json", "ecs.json"), "one of the two is an identity policy, the other says who may ask"),
    (("overlaps", "-", "-"), "standard input can't be both"),
    (("contains", "nowhere.json", "none.json"), "nowhere.json: cannot be read"),
]


@pytest.mark.parametrize(("arguments", "fault"), FAULTS)
def test_what_is_wrong_is_said(arguments: tuple[str, ...], fault: str) -> None:
    code, out, err = said(*arguments)
    assert (code, out, fault in err) == (2, "", True), err


def test_faults_of_both_are_said_at_once() -> None:
    assert len(said("contains", "nowhere.json", "none.json").err.splitlines()) == 2


@pytest.mark.parametrize("command", [["can", "--action", "s3:*"], ["diff", TASK]])
def test_a_role_of_a_config_is_asked_elsewhere_too(command: list[str]) -> None:
    name, *rest = command
    code, out, err = said(name, ALL, *rest)
    assert (code, err, "task" in out, "execution" in out) == (0, "", True, False)


def test_a_role_by_itself_is_no_config_to_prove() -> None:
    assert said("prove", TASK) == (
        2,
        "",
        f"error: `{TASK}` is a role, and `ecsiam prove` is about a config. Leave the role out.\n",
    )
