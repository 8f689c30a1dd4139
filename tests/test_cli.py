"""The command line as a user meets it: what it prints and where, its exit code, what it leaves on disk.

`said` runs it in this process; `run` starts `python -m ecsiam`, where streams, signals and the locale are real.
"""

import io
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, get_args

import pytest

import ecsiam
from ecsiam import builder
from ecsiam.artifact import MANIFEST
from ecsiam.cli import main
from ecsiam.config.describe import starter
from ecsiam.targets import TargetName

ROOT = Path(__file__).resolve().parents[1]
TARGETS: tuple[TargetName, ...] = get_args(TargetName)
MEMOS = "examples/memos.yaml"
BARE = "project_name: memos\nenvironment: dev\n"
HERE = ("--set", "account_id=123456789012", "--set", "aws_region=eu-west-2")
LATIN = """\
project_name: memos
environment: dev
ecr_repository_arns: ["arn:aws:ecr:eu-west-2:123456789012:repository/memos"]
task_statements: [{Effect: Allow, Action: "s3:GetObject", Resource: "arn:aws:s3:::café/*"}]
"""

MOUNT = (
    "note: IAM decides about a mount only if the task definition's EFS volume has `iam: ENABLED`, which needs "
    "`transitEncryption: ENABLED` @ $.enable_efs_access. Without it, the file system lets in whoever reaches it, "
    "unless its own policy says otherwise.\n"
)
PULL = (
    "note: the execution role may pull from every ECR repository of its account and region @ $.ecr_repository_arns. "
    "List the repositories in `ecr_repository_arns`.\n"
)
DEPLOY = "next: deploy it with `--capabilities CAPABILITY_NAMED_IAM`: its roles have names of their own\n"
AFTER: dict[TargetName, str] = {"terraform": MOUNT, "cloudformation": MOUNT + DEPLOY, "iam": MOUNT}
UNREADABLE = "Check its name and permissions, or pass `-` to read standard input"

each_target = pytest.mark.parametrize("target", TARGETS)


class Said(NamedTuple):
    code: int | str | None
    out: str
    err: str


def said(*arguments: str, stdin: bytes = b"") -> Said:
    """What the command line says in this process."""
    streams = [io.TextIOWrapper(io.BytesIO(given), encoding="utf-8", write_through=True) for given in (stdin, b"", b"")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["ecsiam", *arguments])
        patch.setattr(sys, "excepthook", sys.excepthook)  # typer sets its own
        for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
            patch.setattr(sys, name, stream)
        with pytest.raises(SystemExit) as exit_:
            main()
    _, out, err = (stream.buffer for stream in streams)
    assert isinstance(out, io.BytesIO)
    assert isinstance(err, io.BytesIO)
    return Said(exit_.value.code or 0, out.getvalue().decode(), err.getvalue().decode())


def run(*arguments: str | bytes, shell: str = "", stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Said:
    """What `python -m ecsiam` says; `shell` is a script that runs it as `"$@"`."""
    command: list[str | bytes] = [sys.executable, "-m", "ecsiam", *arguments]
    if shell:
        command = ["bash", "-o", "pipefail", "-c", shell, "bash", *command]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LC_", "LANG"))}
    all_ = {**clean, **(env or {})}
    done = subprocess.run(command, input=stdin, capture_output=True, check=False, env=all_, timeout=120)
    return Said(done.returncode, done.stdout.decode(), done.stderr.decode())


def usage(of: str, fault: str) -> str:
    """How typer puts a wrong use of the command line."""
    return f"Usage: ecsiam {of} [OPTIONS] [CONFIG]\nTry 'ecsiam {of} -h' for help.\n\nError: {fault}\n"


def tree(folder: Path) -> dict[str, tuple[bytes | None, int]]:
    """Everything below a folder: contents, and when it was written."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes() if path.is_file() else None, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the examples and a config that leaves everything open."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    (tmp_path / "bare.yaml").write_text(BARE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


# --- emit to standard output -----------------------------------------------------------------------------------------


@each_target
def test_emit_prints_one_document_and_the_rest_on_standard_error(target: TargetName) -> None:
    expected = str(ecsiam.emit(ecsiam.build(ecsiam.load_config(MEMOS)), target))
    assert run("emit", MEMOS, "--target", target) == (0, expected, AFTER[target])
    assert json.loads(expected)


@each_target
def test_emit_in_this_process_says_the_same_as_the_program(target: TargetName) -> None:
    assert said("emit", "examples/everything.yaml", "-t", target) == run(
        "emit", "examples/everything.yaml", "-t", target
    )


def test_emit_reads_ecsiam_yaml_by_default() -> None:
    shutil.copy("bare.yaml", "ecsiam.yaml")
    code, out, err = said("emit", "--target", "terraform")
    assert (code, err) == (0, PULL)
    assert json.loads(out)["main.tf.json"]["//"] == "generated by ecsiam from ecsiam.yaml: change that, not this"


def test_emit_reads_standard_input() -> None:
    code, out, err = run("emit", "-", "--target", "terraform", stdin=BARE.encode())
    assert (code, err) == (0, PULL)
    assert json.loads(out)["main.tf.json"]["//"] == "generated by ecsiam from standard input: change that, not this"


# --- emit to a directory ---------------------------------------------------------------------------------------------


@each_target
def test_output_writes_the_files_and_prints_nothing(target: TargetName, here: Path) -> None:
    files = ecsiam.emit(ecsiam.build(ecsiam.load_config(MEMOS)), target).files
    count = {"terraform": "3 files", "cloudformation": "1 file", "iam": f"{len(files)} files"}[target]
    assert said("emit", MEMOS, "-t", target, "-o", "infra/iam") == (
        0,
        "",
        f"wrote {count} to infra/iam\n{AFTER[target]}",
    )
    written = {path: content.decode() for path, (content, _) in tree(here / "infra/iam").items() if content is not None}
    assert written.keys() == {*files, MANIFEST}
    assert {path: written[path] for path in files} == files


@each_target
def test_check_says_yes_of_what_was_just_written(target: TargetName, here: Path) -> None:
    said("emit", MEMOS, "-t", target, "-o", "infra")
    before = tree(here)
    assert said("emit", MEMOS, "-t", target, "-o", "infra", "--check") == (0, "", AFTER[target])
    assert tree(here) == before


def test_check_shows_a_difference_and_writes_nothing(here: Path) -> None:
    said("emit", "bare.yaml", "-t", "terraform", "-o", "infra")
    main_, versions = here / "infra/main.tf.json", here / "infra/versions.tf.json"
    main_.write_text(main_.read_text().replace("bare.yaml", "another.yaml"))
    versions.unlink()
    before = tree(here)
    code, out, err = run("emit", "bare.yaml", "-t", "terraform", "-o", "infra", "--check")
    assert (code, err) == (1, "infra is not what the config says: run without --check to write it\n")
    head = """\
--- main.tf.json
+++ main.tf.json
@@ -1,5 +1,5 @@
 {
-  "//": "generated by ecsiam from another.yaml: change that, not this",
+  "//": "generated by ecsiam from bare.yaml: change that, not this",
   "data": {
     "aws_caller_identity": {"current": {}},
     "aws_partition": {"current": {}},
--- /dev/null
+++ versions.tf.json
@@ -0,0 +1,7 @@
+{
"""
    assert out.startswith(head)
    assert out.endswith("+}\n")
    assert tree(here) == before


def test_check_of_a_directory_that_is_not_there_says_no_and_makes_none(here: Path) -> None:
    before = tree(here)
    code, out, err = said("emit", "bare.yaml", "-t", "cloudformation", "-o", "infra", "--check")
    assert (code, err) == (1, "infra is not what the config says: run without --check to write it\n")
    assert out.startswith("--- /dev/null\n+++ template.json\n")
    assert tree(here) == before


@pytest.mark.parametrize("option", ["--check", "--force"])
def test_what_is_about_a_directory_needs_one(option: str) -> None:
    fault = f"Invalid value for {option}: it is about a directory: name it with -o"
    assert said("emit", MEMOS, "-t", "iam", option) == (2, "", usage("emit", fault))


def test_output_without_a_name_is_not_the_working_directory(here: Path) -> None:
    before = tree(here)
    fault = "Invalid value for -o: the directory has no name"
    assert said("emit", MEMOS, "-t", "terraform", "-o", "") == (2, "", usage("emit", fault))
    assert tree(here) == before


def test_a_file_of_the_users_stops_the_run_unless_forced(here: Path) -> None:
    theirs = here / "infra" / "main.tf.json"
    theirs.parent.mkdir()
    theirs.write_text("mine\n")
    before = tree(here)
    fault = "error: `infra/main.tf.json` was not written by ecsiam. Move it away, or replace it with force\n"
    assert said("emit", "bare.yaml", "-t", "terraform", "-o", "infra") == (2, "", fault)
    assert tree(here) == before
    forced = said("emit", "bare.yaml", "-t", "terraform", "-o", "infra", "--force")
    assert forced == (0, "", f"wrote 3 files to infra\n{PULL}")
    assert json.loads(theirs.read_text())


def test_a_directory_of_another_target_or_config_is_left_alone_unless_forced(here: Path) -> None:
    said("emit", "bare.yaml", "-t", "terraform", "-o", "infra")
    before = tree(here)
    remedy = "Choose another directory, or take this one over with force"
    assert said("emit", MEMOS, "-t", "iam", "-o", "infra") == (
        2,
        "",
        f"error: `infra` belongs to target `terraform`, not `iam`. {remedy}\n"
        f"error: `infra` belongs to config `bare.yaml`, not `memos.yaml`. {remedy}\n",
    )
    assert tree(here) == before
    assert said("emit", MEMOS, "-t", "iam", "-o", "infra", "--force").code == 0
    assert said("emit", MEMOS, "-t", "iam", "-o", "infra", "--check").code == 0
    assert not (here / "infra" / "main.tf.json").exists()


def test_a_file_in_place_of_the_directory_is_refused() -> None:
    fault = "error: `bare.yaml` is not a directory\n"
    assert said("emit", "bare.yaml", "-t", "terraform", "-o", "bare.yaml") == (2, "", fault)


def test_a_directory_that_may_not_be_written_is_left_as_it_was(here: Path) -> None:
    said("emit", MEMOS, "-t", "terraform", "-o", "infra")
    before = tree(here)
    out = here / "infra"
    out.chmod(0o555)
    here.chmod(0o755)
    # Nobody may do what root may; what it takes is imported before, since Python itself may be closed to others.
    code = (
        "import contextlib, io, os, sys\n"
        "from ecsiam.cli import main\n"
        "sys.argv = ['ecsiam', 'emit', 'bare.yaml', '-t', 'terraform']\n"
        "with contextlib.suppress(SystemExit), open(os.devnull, 'w') as sys.stdout:\n    main()\n"
        "if os.getuid() == 0:\n    os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "sys.stdout = sys.__stdout__\n"
        "sys.argv += ['-o', 'infra', '--force']\n"
        "main()\n"
    )
    try:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    finally:
        out.chmod(0o755)
    fault = "error: cannot write to `infra`: permission denied. Nothing was changed\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", PULL + fault)
    assert tree(here) == before


# --- values left to deployment ---------------------------------------------------------------------------------------


def test_set_closes_what_the_config_left_open() -> None:
    code, out, err = said("emit", "bare.yaml", "-t", "iam", *HERE)
    assert (code, err) == (0, PULL)
    assert "arn:aws:ecr:eu-west-2:123456789012:repository/*" in out


@pytest.mark.parametrize(
    ("config", "settings", "faults"),
    [
        ("bare.yaml", ["region=eu-west-2"], ["`region` is not left to deployment. Open are {open}."]),
        (MEMOS, ["aws_region=eu-west-2"], ["`aws_region` is not left to deployment. Nothing is."]),
        ("bare.yaml", ["account_id"], ["`--set account_id` has no value. Write `--set NAME=VALUE`."]),
        ("bare.yaml", ["=eu-west-2"], ["`--set =eu-west-2` has no value. Write `--set NAME=VALUE`."]),
        ("bare.yaml", [""], ["`--set ` has no value. Write `--set NAME=VALUE`."]),
        ("bare.yaml", ["partition=aws", "partition=aws-cn"], ["`--set partition` stands twice"]),
        (
            "bare.yaml",
            ["account_id=12", "partition=moon", "name=memos"],
            [
                "`12` has less than 12 digits @ $.account_id. "
                "A leading zero belongs to it: write all 12 digits in quotes.",
                "`moon` is not a partition: {partitions} @ $.partition. Write it like `aws`.",
                "`name` is not left to deployment. Open are {open}.",
            ],
        ),
        (
            "bare.yaml",
            ["partition=aws", "aws_region=cn-north-1"],
            ["region `cn-north-1` is not in partition `aws` @ $.aws_region. A role has one partition."],
        ),
    ],
)
def test_a_value_that_can_not_be_set_is_refused(config: str, settings: list[str], faults: list[str]) -> None:
    code, out, err = said("emit", config, "-t", "terraform", *(f"--set={setting}" for setting in settings))
    words = {
        "open": "`account_id`, `aws_region`, `partition`",
        "partitions": "aws, aws-cn, aws-us-gov, aws-eusc, aws-iso, aws-iso-b, aws-iso-e, aws-iso-f",
    }
    assert (code, out, err.splitlines()) == (2, "", [f"error: {fault.format(**words)}" for fault in faults])


def test_set_at_the_end_needs_a_value() -> None:
    assert said("emit", MEMOS, "-t", "iam", "--set") == (2, "", "Error: Option '--set' requires an argument.\n")


def test_what_a_target_can_not_say_is_one_error() -> None:
    assert run("emit", "bare.yaml", "-t", "iam") == (
        2,
        "",
        "error: raw IAM JSON can't leave `account_id`, `aws_region`, `partition` to deployment. "
        "Write it in the config, or bind it: "
        "`--set account_id=123456789012 --set aws_region=eu-west-2 --set partition=aws`.\n",
    )


# --- what is wrong with the input ------------------------------------------------------------------------------------

FAULTY = """\
project_name: memos
enviroment: dev
account_id: 12345
enable_efs_access: yes
enable_s3_access: true
secrets_arns:
  - "*"
task_statements:
  - Effect: Allow
    Action: GetObject
    Resource: arn:aws:s3:::memos/*
"""


def test_every_fault_of_a_config_is_told_and_nothing_is_written(here: Path) -> None:
    (here / "faulty.yaml").write_text(FAULTY)
    before = tree(here)
    assert run("emit", "faulty.yaml", "--target", "terraform", "-o", "infra") == (
        2,
        "",
        """\
error: faulty.yaml: `environment` is missing. Write `environment:` and its value.
error: faulty.yaml:2: unknown key `enviroment` @ $.enviroment. Did you mean `environment`?
error: faulty.yaml:3: `12345` has less than 12 digits @ $.account_id. \
A leading zero belongs to it: write all 12 digits in quotes.
error: faulty.yaml:4: expected true or false, not `yes` @ $.enable_efs_access. Write `true`, without quotes.
error: faulty.yaml:5: `enable_s3_access` is on and `s3_bucket_arns` is not given @ $.enable_s3_access. \
Write `s3_bucket_arns`, or turn the flag off.
error: faulty.yaml:7: a bare `*` is not accepted @ $.secrets_arns[0]. \
Write the ARN of each resource, such as `arn:aws:secretsmanager:eu-west-2:123456789012:secret:memos/db-AbCdEf`.
error: faulty.yaml:10: `GetObject` is not an action @ $.task_statements[0].Action. \
An action is `service:Name`, such as `s3:GetObject`; only the name may hold wildcards.
""",
    )
    assert tree(here) == before


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("missing.yaml", None, f"missing.yaml: cannot be read: no such file or directory. {UNREADABLE}"),
        ("examples", None, f"examples: cannot be read: is a directory. {UNREADABLE}"),
        ("bare.yaml/x", None, f"bare.yaml/x: cannot be read: not a directory. {UNREADABLE}"),
        ("empty.yaml", b"", "empty.yaml:1: the file is empty. Write a mapping, with a `key: value` on each line"),
        ("list.yaml", b"- a\n", "list.yaml:1: the file is a list. Write a mapping, with a `key: value` on each line"),
        ("image", b"\x89PNG\r\n\x1a\n", "image:1: byte `0x89` is not UTF-8. Save the file as UTF-8"),
        ("utf-16.yaml", BARE.encode("utf-16"), "utf-16.yaml: the encoding is UTF-16 or UTF-32. Save the file as UTF-8"),
        ("huge.yaml", b"# " * 200_000, "huge.yaml: larger than 256 KiB. Check that this is the file you mean"),
        ("/dev/zero", None, "/dev/zero: larger than 256 KiB. Check that this is the file you mean"),
        ("-", None, "standard input:1: the file is empty. Write a mapping, with a `key: value` on each line"),
    ],
)
def test_a_file_that_is_no_config_is_refused(name: str, content: bytes | None, fault: str, here: Path) -> None:
    if content is not None:
        (here / name).write_bytes(content)
    assert said("emit", name, "-t", "terraform", "-o", "infra") == (2, "", f"error: {fault}\n")
    assert not (here / "infra").exists()


def test_the_default_config_may_be_missing() -> None:
    fault = f"ecsiam.yaml: cannot be read: no such file or directory. {UNREADABLE}"
    assert run("emit", "-t", "terraform") == (2, "", f"error: {fault}\n")


@pytest.mark.parametrize("option", [[], ["--target", "pulumi"], ["--target", "Terraform"], ["--target", ""]])
def test_a_target_that_is_missing_or_wrong_is_refused_with_the_right_ones(option: list[str]) -> None:
    code, out, err = said("emit", MEMOS, *option)
    assert (code, out) == (2, "")
    assert err.startswith(usage("emit", "").removesuffix("\n"))
    assert "--target" in err
    assert re.findall(r"\b(terraform|cloudformation|iam)\b", err.partition("Error")[2]) == list(TARGETS)


@pytest.mark.parametrize("arguments", [["emti"], ["emit", "--taget", "iam"], ["emit", MEMOS, "b", "-t", "iam"], ["-x"]])
def test_a_wrong_use_exits_with_2(arguments: list[str]) -> None:
    code, out, err = said(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("Usage: ecsiam ")
    assert err.count("Error: ") == 1


# --- streams, signals and locales ------------------------------------------------------------------------------------


def test_a_reader_that_has_gone_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "ecsiam", "emit", MEMOS, "-t", "terraform"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, MOUNT)


def test_head_takes_the_first_line() -> None:
    assert run("emit", MEMOS, "-t", "terraform", shell='"$@" | head -1') == (0, "{\n", MOUNT)


@pytest.mark.parametrize("arguments", [["emit", MEMOS, "-t", "iam"], ["schema"], ["init", "-"], ["--version"]])
def test_a_closed_standard_output_is_an_error(arguments: list[str]) -> None:
    assert run(*arguments, shell='"$@" >&-') == (2, "", "error: standard output is closed\n")


def test_writing_files_needs_no_standard_output() -> None:
    expected = (0, "", f"wrote 3 files to infra\n{MOUNT}")
    assert run("emit", MEMOS, "-t", "terraform", "-o", "infra", shell='"$@" >&-') == expected


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full"])
def test_what_standard_error_does_not_take_goes_nowhere(redirection: str) -> None:
    if redirection.endswith("full") and not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    expected = str(ecsiam.emit(ecsiam.build(ecsiam.load_config(MEMOS)), "terraform"))
    assert run("emit", MEMOS, "-t", "terraform", shell=f'"$@" {redirection}') == (0, expected, "")
    assert run("emit", "missing.yaml", "-t", "terraform", shell=f'"$@" {redirection}') == (2, "", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", [["emit", MEMOS, "-t", "iam"], ["schema"], ["--version"], ["--help"]])
def test_a_full_standard_output_is_an_error(arguments: list[str]) -> None:
    fault = "error: can't write standard output: no space left on device\n"
    assert run(*arguments, shell='"$@" >/dev/full') == (2, "", fault)


def test_a_closed_standard_input_is_an_error() -> None:
    fault = f"error: standard input: cannot be read: it is closed. {UNREADABLE}\n"
    assert run("emit", "-", "-t", "terraform", shell='"$@" <&-') == (2, "", fault)


@pytest.mark.parametrize("env", [{"LC_ALL": "C", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "ascii"}, {"LANG": "C"}])
def test_documents_are_utf_8_whatever_the_locale(env: dict[str, str], here: Path) -> None:
    (here / "latin.yaml").write_text(LATIN, encoding="utf-8")
    code, out, err = run("emit", "latin.yaml", "-t", "iam", *HERE, env=env)
    assert (code, err) == (0, "")
    statement = json.loads(out)["roles/memos-dev-task-role/policies/memos-dev-task-statements-policy.json"][
        "Statement"
    ][0]
    assert statement["Resource"] == ["arn:aws:s3:::café/*"]
    assert run("emit", "latin.yaml", "-t", "iam", *HERE, "-o", "infra", env=env).code == 0
    assert said("emit", "latin.yaml", "-t", "iam", *HERE, "-o", "infra", "--check").code == 0


def test_a_message_that_the_locale_can_not_show_is_escaped() -> None:
    fault = f"error: caf\\xe9.yaml: cannot be read: no such file or directory. {UNREADABLE}\n"
    assert run("emit", "café.yaml", "-t", "terraform", env={"PYTHONIOENCODING": "ascii"}) == (2, "", fault)


def test_a_file_name_that_is_no_text_is_shown_as_far_as_it_goes(here: Path) -> None:
    name = b"caf\xe9.yaml"
    try:
        Path(os.fsdecode(name)).write_text(BARE)
    except OSError:
        pytest.skip("this file system takes text only")
    code, out, err = run("emit", name, "-t", "terraform")
    assert (code, err) == (0, PULL)
    assert json.loads(out)["main.tf.json"]["//"] == "generated by ecsiam from caf?.yaml: change that, not this"
    assert run("emit", name, "-t", "terraform", "-o", "infra").code == 0
    assert run("emit", name, "-t", "terraform", "-o", "infra", "--check").code == 0


def test_nothing_is_coloured() -> None:
    env = {"FORCE_COLOR": "1", "TERM": "xterm-256color", "CLICOLOR_FORCE": "1"}
    assert run("emit", MEMOS, "-t", "cloudformation", env=env) == said("emit", MEMOS, "-t", "cloudformation")
    for arguments in (["--help"], ["emit"], ["emit", "--help"]):
        assert "\x1b" not in "".join(map(str, run(*arguments, env=env)))


def test_an_interrupt_ends_the_run_without_a_traceback(here: Path) -> None:
    os.mkfifo(here / "pipe.yaml")
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # as it is in a terminal
    command = [sys.executable, "-c", f"{heed}; from ecsiam.cli import main; main()", "emit", "pipe.yaml", "-t", "iam"]
    with (
        subprocess.Popen([*command, "-o", "infra"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process,
        (here / "pipe.yaml").open("wb"),  # waits until it reads
    ):
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"")
    assert not (here / "infra").exists()


def test_an_interrupt_between_two_steps_ends_the_run_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(builder, "build", interrupted)
    assert said("emit", MEMOS, "-t", "terraform") == (130, "", "")


# --- init and schema -------------------------------------------------------------------------------------------------


def test_init_writes_a_config_and_its_schema(here: Path) -> None:
    told = "wrote ecsiam.yaml and ecsiam.schema.json: edit the first, your editor checks it against the second\n"
    assert run("init") == (0, "", told)
    lines = (here / "ecsiam.yaml").read_text().splitlines()
    assert lines[0] == "# yaml-language-server: $schema=./ecsiam.schema.json"
    assert (here / "ecsiam.schema.json").read_text() == said("schema").out


@pytest.mark.parametrize("target", ["terraform", "cloudformation"])
def test_what_init_writes_can_be_emitted_at_once(target: TargetName) -> None:
    assert said("init").code == 0
    code, out, err = said("emit", "--target", target)
    assert (code, err) == (0, PULL + (DEPLOY if target == "cloudformation" else ""))
    assert "my-app-dev-task-role" in out


def test_init_prints_to_standard_output(here: Path) -> None:
    before = tree(here)
    assert run("init", "-") == (0, starter(), "")
    assert tree(here) == before


def test_what_init_prints_can_be_piped_into_emit() -> None:
    piped = run("init", "-", shell='"$@" | "$1" -m ecsiam emit - -t cloudformation')
    assert (piped.code, piped.err) == (0, PULL + DEPLOY)
    assert "MyApp" not in piped.out
    assert json.loads(piped.out)["Resources"].keys() == {"ExecutionRole", "TaskRole"}


@pytest.mark.parametrize("there", [["ecsiam.yaml"], ["ecsiam.schema.json"], ["ecsiam.yaml", "ecsiam.schema.json"]])
def test_init_replaces_what_is_there_only_by_force(there: list[str], here: Path) -> None:
    for name in there:
        (here / name).write_text("mine\n")
    before = tree(here)
    remedy = "Name another file, or overwrite it with `--force`."
    expected = "".join(f"error: `{name}` is already there. {remedy}\n" for name in there)
    assert said("init") == (2, "", expected)
    assert tree(here) == before
    assert said("init", "--force").code == 0
    assert all((here / name).read_text() != "mine\n" for name in there)


def test_init_does_not_write_through_a_dangling_link(here: Path) -> None:
    (here / "ecsiam.yaml").symlink_to("elsewhere.yaml")
    assert said("init").code == 2
    assert not (here / "elsewhere.yaml").exists()


@pytest.mark.parametrize("name", ["ecsiam.json", "ecsiam", ".", "..", "/", "", ".yaml", "examples"])
def test_init_takes_the_name_of_a_yaml_file(name: str, here: Path) -> None:
    before = tree(here)
    fault = f"Invalid value for CONFIG: `{name}` does not end in .yaml"
    assert said("init", "--force", name) == (2, "", usage("init", fault))
    assert tree(here) == before


def test_init_says_where_it_may_not_write(here: Path) -> None:
    before = tree(here)
    fault = "error: can't write `none/ecsiam.yaml`: no such file or directory\n"
    assert said("init", "none/ecsiam.yaml") == (2, "", fault)
    (here / "folder.yaml").mkdir()
    fault = "error: can't write `folder.yaml`: is a directory\n"
    assert said("init", "folder.yaml", "--force") == (2, "", fault)
    assert tree(here).keys() == {*before, "folder.yaml"}


def test_schema_prints_the_schema_that_ships() -> None:
    shipped = (ROOT / "schemas" / "config.schema.json").read_text(encoding="utf-8")
    assert run("schema") == (0, shipped, ""), "run `make docs`"


# --- version and help ------------------------------------------------------------------------------------------------


def test_version_is_that_of_the_project() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        version = tomllib.load(file)["project"]["version"]
    assert run("--version") == (0, f"ecsiam {version}\n", "")


def commands() -> dict[str, str]:
    """The commands by name, each with the example of its help."""
    listed = said("--help").out.partition("Commands:\n")[2]
    names = re.findall(r"^  (\S+)", listed, re.MULTILINE)
    helps = {name: said(name, "--help") for name in names}
    assert {(help_.code, help_.err) for help_ in helps.values()} == {(0, "")}
    return {name: help_.out.partition("Example: ")[2].partition("\n\n")[0] for name, help_ in helps.items()}


def test_each_command_has_an_example_that_works() -> None:
    examples = commands()
    assert examples.keys() == {"emit", "init", "schema"}
    for name, example in examples.items():
        assert example.startswith(f"ecsiam {name}")
        run_ = f'set -e; ecsiam() {{ {shlex.quote(sys.executable)} -m ecsiam "$@"; }}; {example}'
        done = subprocess.run(["bash", "-c", run_], capture_output=True, text=True, check=False)
        assert (name, done.returncode, "error" in done.stderr) == (name, 0, False)
    assert {path.name for path in Path().iterdir()} >= {"infra", "ecsiam.yaml", "ecsiam.schema.json"}


@pytest.mark.parametrize("arguments", [["--help"], ["-h"]])
def test_help_names_where_to_start(arguments: list[str]) -> None:
    code, out, err = said(*arguments)
    assert (code, err) == (0, "")
    assert out.startswith("Usage: ecsiam [OPTIONS] COMMAND [ARGS]...\n")
    assert "Start with `ecsiam init`, then `ecsiam emit --target terraform`." in out


def test_without_a_command_there_is_help_and_exit_2() -> None:
    code, out, err = said()
    assert (code, out + err) == (2, said("--help").out)
