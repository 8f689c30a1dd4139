"""What reaches a terminal, and what comes from one: bytes that are no text, control characters, Ctrl-C."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import typer

from ecsiam.cli.app import app
from ecsiam.cli.streams import write

from .command_line import run, said

ROOT = Path(__file__).resolve().parents[1]
EVERYTHING = "examples/everything.yaml"
MEMOS = "examples/memos.yaml"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- bytes that are no UTF-8 ---------------------------------------------------------------------------------------

# A line for each command that works, without what is to be replaced in it.
LINES: dict[str, dict[str, list[str | bytes]]] = {
    "emit": {"config": [MEMOS], "target": ["--target", "iam"]},
    "init": {"config": ["ecsiam.yaml"]},
    "schema": {},
    "check": {"paths": ["examples/checked"]},
    "prove": {"path": [MEMOS]},
    "simulate": {"path": [MEMOS], "role": ["--role", "task"], "action": ["--action", "ecr:GetAuthorizationToken"]},
    "trust": {"path": ["examples/everything.yaml"], "token": ["--token", "token.json"]},
    "can": {"path": [MEMOS], "action": ["--action", "s3:*"]},
    "diff": {"old": [MEMOS], "new": [MEMOS]},
    "contains": {"wide": [f"{MEMOS}#task"], "narrow": [f"{MEMOS}#task"]},
    "overlaps": {"a": [f"{MEMOS}#task"], "b": [f"{MEMOS}#task"]},
}
PAIRS = {"NAME=VALUE": b"account_id=", "KEY=VALUE": b"aws:SourceIp=", "LEVEL=FILE": b"root="}
MANAGED = b"arn:aws:iam::123456789012:policy/x="


def lines_with(bad: bytes) -> list[tuple[str, str, list[str | bytes]]]:
    """Each command with such bytes in each of its arguments and options."""
    found: list[tuple[str, str, list[str | bytes]]] = []
    group: Any = typer.main.get_command(app)
    assert list(group.commands) == list(LINES)
    for name, line in LINES.items():
        for parameter in group.commands[name].params:
            if getattr(parameter, "is_flag", False) or parameter.name == "help":
                continue
            before = MANAGED if parameter.metavar == "ARN=FILE" else PAIRS.get(parameter.metavar or "", b"")
            option = [parameter.opts[0]] if parameter.param_type_name == "option" else []
            new: dict[str, list[str | bytes]] = {**line, parameter.name: [*option, before + bad]}
            found.append((name, parameter.name, [name, *(part for parts in new.values() for part in parts)]))
        found.append((name, "another", [name, *(part for parts in line.values() for part in parts), bad]))
        found.append((name, "option", [name, b"--" + bad]))
    return [*found, ("", "command", [bad]), ("", "option", [b"--" + bad])]


@pytest.mark.parametrize("bad", [b"\xff", b"caf\xe9.yaml", b"\xed\xa0\x80.json"])
def test_arguments_that_are_no_utf_8_are_wrong_use_and_no_traceback(bad: bytes) -> None:
    """Exit code 1 would read as "no". A directory may be called so, and a file is looked for."""
    for command, parameter, line in lines_with(bad):
        arguments = [os.fsdecode(part) if isinstance(part, bytes) else part for part in line]
        code, out, err = said(*arguments)
        if (command, parameter) == ("emit", "output"):  # makes the directory, which no other command is to find
            assert code == 0, err
            shutil.rmtree(os.fsdecode(bad))
            continue
        assert (code, out, "Traceback" in err) == (2, "", False), (command, parameter, err)
        assert err.isascii()


def test_real_processes_say_the_same(here: Path) -> None:
    (here / os.fsdecode(b"\xff.json")).write_text('{"Version": "2012-10-17", "Statement": []}')
    lines: tuple[list[str | bytes], ...] = (
        ["can", b"\xff.json", "--action", "s3:*"],
        ["simulate", MEMOS, "--action", b"\xff"],
        ["init", b"\xff"],
    )
    for line in lines:
        code, out, err = run(*line)
        assert (code, out, "Traceback" in err, bool(err)) == (2, "", False, True)


def test_a_document_in_a_file_of_such_a_name_is_read(here: Path) -> None:
    allow = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    (here / os.fsdecode(b"\xff.json")).write_text(json.dumps({"Version": "2012-10-17", "Statement": allow}))
    for format_ in ("text", "json"):
        code, out, err = run("can", b"\xff.json", "--action", "s3:GetObject", "--format", format_)
        assert (code, err) == (0, "")
        assert "\\udcff.json" in out


# --- control characters --------------------------------------------------------------------------------------------

EVIL = "\x1b]0;owned\x07\x1b[2J\r\x08\x7f\x9b31m\u202e\u2028\nallowed: "


def test_no_text_of_a_policy_is_obeyed_by_a_terminal(here: Path) -> None:
    """In a Sid, an action, a resource, a principal, an operator's key and value, and the name of the file."""
    statement = {
        "Sid": f"sid{EVIL}",
        "Effect": "Allow",
        "Action": ["s3:GetObject", f"s3:{EVIL}"],
        "Resource": ["arn:aws:s3:::b/*", f"arn:aws:s3:::{EVIL}/*"],
        "Condition": {"StringLike": {f"aws:PrincipalTag/{EVIL}": [f"x{EVIL}*"]}},
    }
    other = {**statement, "Action": "s3:*", "Sid": "x"}
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole", "Sid": EVIL}
    for name, one in (("a.json", statement), ("b.json", other), ("trust.json", trust)):
        (here / name).write_text(json.dumps({"Version": "2012-10-17", "Id": EVIL, "Statement": [one]}))
    evil = "e\x1b[2J.json"
    shutil.copy("a.json", evil)
    request = json.dumps(
        {"action": "s3:GetObject", "resource": f"arn:aws:s3:::b/{EVIL}", "context": {f"a:{EVIL}": EVIL}}
    )
    (here / "batch").write_text(f"{request}\n{json.dumps({EVIL: 1})}\n")
    asked = ["--action", "s3:GetObject"]
    lines: list[list[str]] = [
        *(["can", file, *asked, "--format", f] for file in ("a.json", evil) for f in ("text", "json")),
        ["can", "trust.json", "--action", "sts:AssumeRole"],
        *([c, "a.json", "b.json", "--format", f] for c in ("diff", "contains", "overlaps") for f in ("text", "json")),
        ["contains", evil, "b.json"],
        *(
            ["simulate", file, *asked, "--resource", f"arn:aws:s3:::b/{EVIL}", "--context", f"a:{EVIL}={EVIL}"]
            for file in ("a.json", "b.json")
        ),
        ["simulate", "a.json", "--batch", "batch"],
        ["simulate", "a.json", "--action", EVIL],
        ["can", "a.json", "--action", EVIL],
        ["can", "a.json", *asked, "--managed", EVIL],
        ["simulate", MEMOS, *asked, "--role", EVIL],
        ["emit", EVIL, "-t", "iam"],
        ["emit", MEMOS, "-t", EVIL],
        ["emit", MEMOS, "-t", "iam", "--set", EVIL],
        ["init", EVIL],
        [EVIL],
        [f"--{EVIL}"],
    ]
    for line in lines:
        code, out, err = said(*line)
        told = out + err
        assert not any(c != "\n" and not c.isprintable() for c in told), (line, code, told)
        assert "\nallowed: " not in told.replace("\nallowed: s3:GetObject", ""), (line, told)


def test_a_difference_of_files_is_not_obeyed_either(here: Path) -> None:
    said("emit", MEMOS, "-t", "terraform", "-o", "infra")
    (here / "infra" / "main.tf.json").write_text(f"{EVIL}\n")
    code, out, _ = said("emit", MEMOS, "-t", "terraform", "-o", "infra", "--check")
    assert code == 1
    assert not any(c != "\n" and not c.isprintable() for c in out)


def test_what_is_escaped_of_json_means_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = json.dumps({"a\x7f": "\x7f\x1b\u202e"})
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed))
    write(text)
    assert b"\x7f" not in printed.getvalue()
    assert json.loads(printed.getvalue()) == json.loads(text)


# --- Ctrl-C --------------------------------------------------------------------------------------------------------

# As a terminal has it; the line that is printed says that Python has started, before anything of ours is imported.
STARTED = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); from ecsiam import cli; "
    "from ecsiam.cli import interrupts; interrupts.heed(); print('started', flush=True); cli.main()"
)
COMMANDS = (
    ["emit", EVERYTHING, "-t", "terraform", "-o", "infra"],
    ["prove", EVERYTHING],
    ["can", EVERYTHING, "--action", "iam:*"],
    ["simulate", EVERYTHING, "--role", "task", "--action", "ecr:GetAuthorizationToken"],
    ["diff", MEMOS, EVERYTHING],
    ["init", "--force"],
    ["schema"],
    ["--help"],
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c[0])
def test_an_interrupt_at_any_moment_ends_the_run_with_130(here: Path, command: list[str]) -> None:
    codes: set[int] = set()
    for moment in (0, 0.02, 0.05, 0.1, 0.16, 0.25, 0.4):
        with subprocess.Popen(
            [sys.executable, "-c", STARTED, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout
            process.stdout.readline()
            time.sleep(moment)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        assert b"Traceback" not in err
        assert b"KeyboardInterrupt" not in err
        assert process.returncode in (130, 0, 1), err
        codes.add(process.returncode)
        assert not (here / "infra").exists() or (here / "infra" / "main.tf.json").exists()
    assert 130 in codes


WRITING = """
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
real = os.replace
def replace(*args):
    real(*args)
    print("replaced", flush=True)
    time.sleep(30)
os.replace = replace
from ecsiam.cli import main
main()
"""


@pytest.mark.parametrize("command", [["emit", MEMOS, "-t", "iam", "-o", "infra"], ["init"]], ids=lambda c: c[0])
def test_an_interrupt_while_files_are_written_takes_them_back(here: Path, command: list[str]) -> None:
    """Two of them: the second does not disturb the taking back."""
    before = sorted(here.rglob("*"))
    with subprocess.Popen(
        [sys.executable, "-c", WRITING, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"")
    assert sorted(here.rglob("*")) == before


def test_an_interrupt_that_is_ignored_stays_so(here: Path) -> None:
    code = (
        f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); {STARTED.partition('; ')[2].partition('; ')[2]}"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")
