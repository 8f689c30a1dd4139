"""The commands that ask: what they print, their exit codes, and what they make of bad input."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ecsiam
from ecsiam.invariants import INVARIANTS
from ecsiam.reference.actions import matching

from .command_line import run, said

ROOT = Path(__file__).resolve().parents[1]
MEMOS, EVERYTHING = "examples/memos.yaml", "examples/everything.yaml"
ACCOUNT = "123456789012"
HERE = ("--set", f"account_id={ACCOUNT}", "--set", "aws_region=eu-west-2")
READ = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Read",
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::memos/*",
            "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        },
        {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::memos/secret/*"},
    ],
}
READ_ALL = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}
TRUST = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
    },
}
GITHUB = """\
project_name: memos
environment: dev
account_id: "123456789012"
aws_region: eu-west-2
enable_github_oidc: true
github_repo: octo-org/memos
"""
AN_ACTION = "An action is `service:Name`, such as `s3:GetObject`"
GET = ("--action", "s3:GetObject", "--resource", "arn:aws:s3:::memos-uploads/a.txt")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the examples, an open config, a module, the baseline module, and IAM documents."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    (tmp_path / "bare.yaml").write_text("project_name: memos\nenvironment: dev\n")
    (tmp_path / "baseline.yaml").write_text(f"{(ROOT / MEMOS).read_text()}\nprofile: baseline\n")
    (tmp_path / "bounded.yaml").write_text(
        f"{(ROOT / MEMOS).read_text()}permissions_boundary_arn: arn:aws:iam::{ACCOUNT}:policy/limit\n"
    )
    for name, document in (("read", READ), ("read-all", READ_ALL), ("trust", TRUST)):
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    (tmp_path / "module.yaml").write_text(said("init", "--module", "-").out)
    return tmp_path


def data(*arguments: str, stdin: bytes = b"") -> tuple[int | str | None, Any]:
    """The exit code and the JSON that a command prints."""
    code, out, _ = said(*arguments, "--format", "json", stdin=stdin)
    return code, json.loads(out)


def errors(*arguments: str, stdin: bytes = b"") -> list[str]:
    """What is wrong with the input of a command that prints nothing else."""
    code, out, err = said(*arguments, stdin=stdin)
    assert (code, out) == (2, ""), err
    return [line.removeprefix("error: ") for line in err.splitlines()]


# --- the examples of the page ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("page", "least"), [("README.md", 3), ("docs/check.md", 1), ("docs/commands.md", 7)])
def test_the_page_shows_what_the_commands_print(page: str, least: int) -> None:
    """Run with `-vv`: the difference is what to write into the page."""
    shown = 0
    text = (ROOT / page).read_text(encoding="utf-8")
    for block in re.findall(r"^```console[^\n]*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        for example in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = example.partition("\n")
            known = f'ecsiam() {{ {sys.executable} -m ecsiam "$@"; }}'
            done = subprocess.run(["bash", "-c", f"{known}\n{command}"], capture_output=True, text=True, check=False)
            assert (command, done.stdout, done.stderr) == (command, output, "")
            shown += 1
    assert shown >= least


# --- prove -----------------------------------------------------------------------------------------------------------


def test_prove_says_yes_of_the_examples() -> None:
    for config in (MEMOS, EVERYTHING):
        code, out, err = said("prove", config)
        assert (code, err) == (0, "")
        lines = out.splitlines()
        assert [line.split()[:2] for line in lines[:13]] == [["holds", id] for id in INVARIANTS]
        assert lines[13] == "assumed:"
        assert lines[-1] == "13 hold, 0 failed, 0 undecided"


def test_prove_reads_ecsiam_yaml_by_default_and_standard_input() -> None:
    shutil.copy(MEMOS, "ecsiam.yaml")
    expected = said("prove", MEMOS)
    assert said("prove") == expected
    assert said("prove", "-", stdin=Path(MEMOS).read_bytes()) == expected
    assert run("prove", "-", stdin=Path(MEMOS).read_bytes()) == expected


def test_prove_shows_each_failure_with_its_requests() -> None:
    code, out, err = said("prove", "baseline.yaml")
    assert (code, err) == (1, "")
    lines = out.splitlines()
    start = lines.index("FAILS      wildcards      `*` only for actions that support nothing narrower")
    assert re.match(r"    the execution role .*:$", lines[start + 1])
    assert re.match(r"        ecr:\w+ on arn:aws:ecr:[^ ]+$", lines[start + 2])
    assert re.fullmatch(r"\d+ hold, [2-9] failed, 0 undecided", lines[-1])


def test_prove_as_data_is_prove_as_text() -> None:
    answers = ecsiam.prove(ecsiam.build(ecsiam.load_config("baseline.yaml")))
    code, found = data("prove", "baseline.yaml")
    assert code == 1
    assert found.keys() == {"source", "counts", "invariants"}
    assert found["source"] == "baseline.yaml"
    assert list(found["invariants"]) == list(INVARIANTS)
    fields = {
        "holds": {"answer", "says", "witness", "assumed"},
        "fails": {"answer", "says", "fact", "witness", "values", "also", "assumed", "accepted"},
        "undecided": {"answer", "says", "reason", "assumed"},
    }
    for id, one in found["invariants"].items():
        answer = answers[id]
        assert one["answer"] == type(answer).__name__.lower()
        assert one.keys() == fields[one["answer"]]
        assert one["says"] == INVARIANTS[id].says
        assert one["assumed"] == list(answer.assumed)
        if isinstance(answer, ecsiam.Fails) and answer.witness:
            assert one["witness"].keys() == {"action", "resource", "principal", "context"}
            assert one["witness"]["action"] == answer.witness.action
            assert [a["fact"] for a in one["also"]] == [a.fact for a in answer.also]
    counts = {word: sum(one["answer"] == word for one in found["invariants"].values()) for word in fields}
    assert found["counts"] == {**counts, "accepted": 0}


def test_prove_of_an_open_config_says_which_values_lead_there(here: Path) -> None:
    (here / "open.yaml").write_text("project_name: memos\nenvironment: dev\nprofile: baseline\n")
    code, out, _ = said("prove", "open.yaml")
    assert code == 1
    assert f"\n    where account_id={ACCOUNT}" in out
    code, found = data("prove", "open.yaml")
    assert found["invariants"]["home"]["values"]["account_id"] == ACCOUNT
    assert f"where account_id={ACCOUNT}" not in said("prove", "open.yaml", *HERE).out


def test_prove_is_undecided_when_nothing_fails_and_something_is_not_known() -> None:
    code, out, _ = said("prove", "module.yaml")
    assert code == 3
    assert "    a list parameter sets the size of the inline policies" in out
    assert said("prove", "bounded.yaml").code == 3


def test_what_was_intended_stands_in_no_iam_document() -> None:
    assert errors("prove", "read.json") == [
        "`read.json` is an IAM document, and `ecsiam prove` needs a config: only that says what was intended. "
        "Ask about a document with `ecsiam simulate`, `ecsiam can` or `ecsiam diff`."
    ]


# --- simulate --------------------------------------------------------------------------------------------------------


def test_simulate_names_the_statement_that_allows() -> None:
    assert said("simulate", EVERYTHING, "--role", "task", *GET) == (
        0,
        "allowed: s3:GetObject on arn:aws:s3:::memos-uploads/a.txt\n"
        "    statement 1 of `s3` allows it: read, write and delete objects (enable_s3_access)\n",
        "",
    )


def test_simulate_says_what_stands_in_the_way() -> None:
    asked = ("--role", "task", "--action", "s3:GetObject", "--resource", "arn:aws:s3:::memos-uploads")
    code, out, err = said("simulate", EVERYTHING, *asked)
    assert code == 1
    assert out.splitlines()[0] == "implicitly denied: s3:GetObject on arn:aws:s3:::memos-uploads"
    assert out.splitlines()[2].startswith("    no match: statement 1 of `s3`: read, write and delete objects")
    assert out.splitlines()[3].startswith("        Resource: `arn:aws:s3:::memos-uploads` is none of ")
    assert err.startswith("note: AWS asks `s3:GetObject` of ")
    assert "`arn:*:s3:::*/*`, not of `arn:aws:s3:::memos-uploads`" in err


def test_simulate_says_that_no_statement_is_about_an_action() -> None:
    code, out, err = said("simulate", MEMOS, "--role", "task", "--action", "s3:ListAllMyBuckets")
    assert (code, err) == (1, "")
    assert out.splitlines()[-1] == "    no Allow of it is about `s3:ListAllMyBuckets`"


def test_simulate_asks_a_document() -> None:
    of = ("--action", "s3:GetObject", "--resource")
    code, out, _ = said("simulate", "read.json", *of, "arn:aws:s3:::memos/a", "--context", "aws:SourceIp=10.1.2.3")
    assert (code, out.splitlines()[1:]) == (
        0,
        ["    statement 0 of `identity` allows it: `Read`: Allow s3:GetObject on arn:aws:s3:::memos/*"],
    )
    code, out, _ = said("simulate", "read.json", *of, "arn:aws:s3:::memos/secret/a")
    assert (code, out.splitlines()[0]) == (1, "explicitly denied: s3:GetObject on arn:aws:s3:::memos/secret/a")
    assert out.splitlines()[1] == ("    statement 1 of `identity` denies it: Deny s3:* on arn:aws:s3:::memos/secret/*")
    code, out, _ = said("simulate", "-", *of, "arn:aws:s3:::memos/a", stdin=json.dumps(READ).encode())
    assert code == 1
    assert "        Condition `aws:SourceIp`: `IpAddress` wants `10.0.0.0/8`, and it is absent" in out


def test_simulate_asks_the_trust_of_a_role() -> None:
    who = ("--action", "sts:AssumeRole", "--principal", "Service:ecs-tasks.amazonaws.com")
    source = (f"aws:SourceAccount={ACCOUNT}", f"aws:SourceArn=arn:aws:ecs:eu-west-2:{ACCOUNT}:task/a")
    context = [f"--context={pair}" for pair in source]
    code, out, err = said("simulate", MEMOS, "--role", "task", *who, *context)
    assert (code, err) == (0, "")
    assert f"sts:AssumeRole on arn:aws:iam::{ACCOUNT}:role/memos-dev-task-role" in out
    assert "by Service:ecs-tasks.amazonaws.com" in out
    assert said("simulate", MEMOS, "--role", "task", *who, context[0]).code == 1
    ec2 = [*who[:3], "Service:ec2.amazonaws.com"]
    assert said("simulate", MEMOS, "--role", "task", *ec2, *context).code == 1
    assert said("simulate", "trust.json", *who) == (
        0,
        "allowed: sts:AssumeRole on * by Service:ecs-tasks.amazonaws.com\n"
        "    statement 0 of `trust policy` allows it: Allow sts:AssumeRole\n",
        "",
    )


def test_simulate_says_what_may_not_be_meant() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/x"
    assert said("simulate", MEMOS, "--role", "task", "--action", "sts:AssumeRole", "--resource", arn).err == (
        "note: this is what the role may do; who may assume it is asked with `--principal TYPE:ID`\n"
    )
    assert said("simulate", "trust.json", "--action", "sts:AssumeRole").err == (
        "note: a trust policy looks at who asks, which is not known: `--principal '*'` is an anonymous caller\n"
    )
    err = said("simulate", "read.json", "--action", "s3:GetObjct", "--resource", "arn:aws:s3:::memos/*").err
    assert "note: AWS had no action `s3:GetObjct` on 20" in err
    assert "Did you mean `s3:GetObject`?" in err
    assert "`ecsiam can` asks about all it matches" in err
    err = said("simulate", "read.json", *GET, "--context", "aws:SourcIp=1").err
    assert "note: AWS had no condition key `aws:SourcIp` on 20" in err


def test_a_key_that_is_repeated_has_several_values(here: Path) -> None:
    condition = {"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}
    statement = {"Effect": "Allow", "Action": "ecs:TagResource", "Resource": "*", "Condition": condition}
    (here / "tags.json").write_text(json.dumps({"Statement": statement}))
    asked = ("simulate", "tags.json", "--action", "ecs:TagResource", "--resource", "arn:aws:ecs:eu-west-2:1:task/x")
    code, out, _ = said(*asked, "--context", "aws:TagKeys=a", "--context", "AWS:tagkeys=b")
    assert (code, out.splitlines()[0][-22:]) == (0, "with aws:TagKeys=[a, b]"[-22:])
    assert said(*asked, "--context", "aws:TagKeys=a", "--context", "aws:TagKeys=c").code == 1


def test_a_request_is_about_one_deployment() -> None:
    asked = ("--role", "execution", "--action", "ecr:GetAuthorizationToken")
    assert errors("simulate", "bare.yaml", *asked) == [
        "`bare.yaml` leaves `account_id`, `aws_region`, `partition` to deployment, and a request is about one. "
        "Bind it: `--set account_id=123456789012 --set aws_region=eu-west-2 --set partition=aws`."
    ]
    assert said("simulate", "bare.yaml", *asked, *HERE).code == 0


def test_parameters_that_are_not_set_have_their_defaults() -> None:
    named = ("--set", "project_name=memos", "--set", "environment=dev", *HERE)
    bucket = ("--set", "enable_s3_access=true", "--set", "s3_bucket_arns=arn:aws:s3:::memos-uploads")
    note = "note: parameters that are not set have their defaults\n"
    off = said("simulate", "module.yaml", "--role", "task", *GET, *named)
    assert (off.code, off.err) == (1, note)
    on = said("simulate", "module.yaml", "--role", "task", *GET, *named, *bucket)
    assert (on.code, on.err) == (0, note)
    (fault,) = errors("simulate", "module.yaml", "--role", "task", *GET)
    assert fault.startswith("`module.yaml` leaves `project_name`, `environment`, ")


def test_a_boundary_that_was_not_read_can_only_take_away() -> None:
    efs = "arn:aws:elasticfilesystem:eu-west-2:123456789012:file-system/fs-0a1b2c3d4e5f60718"
    mount = ("--role", "task", "--action", "elasticfilesystem:ClientMount", "--resource", efs)
    code, out, _ = said("simulate", "bounded.yaml", *mount)
    assert (code, out.splitlines()[0]) == (3, f"undecided: elasticfilesystem:ClientMount on {efs}")
    assert "the permissions boundary `arn:aws:iam::123456789012:policy/limit` was not read" in out
    assert said("simulate", "bounded.yaml", "--role", "task", "--action", "s3:ListAllMyBuckets").code == 1


def test_prove_names_the_policies_that_were_not_read(here: Path) -> None:
    arn = "arn:aws:iam::123456789012:policy/limit"
    code, _, err = said("prove", "bounded.yaml")
    assert (code, err) == (3, f"next: say what these policies allow, with `--managed ARN=FILE` each: {arn}\n")
    (here / "all.json").write_text('{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}')
    for given in (["--managed", f"{arn}=all.json"], ["--boundary", "all.json"]):
        code, _, err = said("prove", "bounded.yaml", *given)
        assert (code, err) == (0, "")


def test_a_managed_policy_that_was_not_read_leaves_it_undecided(here: Path) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/own"
    deny = "{Effect: Deny, Action: 's3:*', Resource: '*'}"
    (here / "managed.yaml").write_text(
        f"{(ROOT / MEMOS).read_text()}task_managed_policy_arns: [{arn}]\ntask_statements: [{deny}]\n"
    )
    asked = ("simulate", "managed.yaml", "--role", "task", "--action")
    code, found = data(*asked, "ecr:GetAuthorizationToken")
    assert (code, found["outcome"]) == (3, "undecided")
    assert found["reason"] == f"the managed policy `{arn}` was not read"
    code, found = data(*asked, "s3:ListAllMyBuckets")
    assert (code, found["outcome"]) == (1, "explicitly denied"), "whatever the other policy says"


def test_simulate_as_data() -> None:
    code, found = data("simulate", EVERYTHING, "--role", "task", *GET)
    assert code == 0
    fields = {"outcome", "reason", "role", "request", "missing", "contradicting", "statements", "nearest"}
    assert found.keys() == fields
    assert (found["missing"], found["contradicting"]) == ([], [])
    assert found["request"] == {"action": GET[1], "resource": GET[3], "principal": None, "context": {}}
    (statement,) = found["statements"]
    assert (statement["policy"], statement["index"], statement["effect"]) == ("s3", 1, "Allow")
    assert statement["origin"].keys() == {"feature", "flag", "reason", "page"}
    assert statement["origin"]["flag"] == "enable_s3_access"
    assert ecsiam.parse_policy({"Statement": statement["document"]}).kind == "identity"
    code, found = data("simulate", EVERYTHING, "--role", "task", *GET[:3], "arn:aws:s3:::other/a")
    assert (code, found["outcome"], found["statements"]) == (1, "implicitly denied", [])
    assert [miss["element"] for miss in found["nearest"][0]["misses"]] == ["Resource"]


@pytest.mark.parametrize(
    ("options", "faults"),
    [
        (
            ["--role", "tsk", "--action", "s3", "--resource", "memos", "--context", "x", "--principal", "ecs"],
            [
                f"`{MEMOS}` has no role `tsk`. There are `execution`, `task`.",
                "`--context x` has no value. Write `--context KEY=VALUE`.",
                f"`s3` is not an action. {AN_ACTION}.",
                "`memos` is not an ARN. Write one such as `arn:aws:s3:::memos-uploads/a.txt`, "
                "or `*` for an action that has no resource.",
                "`ecs` is not a principal. Write `TYPE:ID`, such as `Service:ecs-tasks.amazonaws.com`, an ARN, "
                "or `*` for an anonymous caller; the types are `AWS`, `CanonicalUser`, `Federated`, `Service`.",
            ],
        ),
        (["--action", "s3:GetObject"], ["no role is named. Name one with `--role`. There are `execution`, `task`."]),
        (
            ["--role", "task", "--action", "s3:Get*", "--context", "SourceIp=10.0.0.1", "--principal", "Service:*"],
            [
                "`s3:Get*` is more than one action. A request has one; `ecsiam can` asks about several.",
                "`Service:*` is more than one principal. A request has one, or is anonymous: `*`.",
                "`SourceIp` is not a condition key. A key has a prefix, such as `aws:SourceIp`.",
            ],
        ),
        (
            ["--role", "task", "--action", "ecs:RunTask"],
            [
                "`ecs:RunTask` needs a resource. Write the ARN with `--resource`. "
                "It is asked of `arn:*:ecs:*:*:task-definition/*:*`."
            ],
        ),
        (
            ["--role", "task", "--action", "new:Thing"],
            ["`new:Thing` needs a resource. Write the ARN with `--resource`. An action without has `*`."],
        ),
    ],
)
def test_every_fault_of_a_request_is_told(options: list[str], faults: list[str]) -> None:
    assert errors("simulate", MEMOS, *options) == faults


def test_a_document_has_no_roles() -> None:
    fault = "`read.json` is an IAM document and has no roles. Leave the role out."
    assert errors("simulate", "read.json", "--role", "task", *GET) == [fault]
    assert errors("can", "read.json", "--role", "task", "--action", "s3:GetObject") == [fault]


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ([], "--action: name the action, or a file of requests with --batch"),
        (["--batch", "x", "--action", "s3:GetObject"], "--action: in a batch, each line says that"),
        (["--batch", "x", "--context", "a:b=c"], "--context: in a batch, each line says that"),
    ],
)
def test_simulate_takes_a_request_or_a_batch(options: list[str], fault: str) -> None:
    code, out, err = said("simulate", MEMOS, *options)
    assert (code, out) == (2, "")
    assert err.endswith(f"Error: Invalid value for {fault}\n")


# --- simulate, with policies beside it -------------------------------------------------------------------------------

EFS = "arn:aws:elasticfilesystem:eu-west-2:123456789012:file-system/fs-0a1b2c3d4e5f60718"
MOUNT = ("--role", "task", "--action", "elasticfilesystem:ClientMount", "--resource", EFS)
BESIDE = {
    "full": {"Effect": "Allow", "Action": "*", "Resource": "*"},
    "only-s3": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
    "no-s3": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"},
    "no-s3-to-me": {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Principal": "*"},
    "bucket": {
        "Effect": "Allow",
        "Action": "s3:*",
        "Resource": "*",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/memos-prod-task-role"},
    },
    "exempt": {
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/memos-prod-task-role"}},
    },
    "elsewhere": {
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-2"}},
    },
    "public": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::memos/*", "Principal": "*"},
}


@pytest.fixture
def beside(here: Path) -> None:
    for name, statement in BESIDE.items():
        (here / f"{name}.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": statement}))


@pytest.mark.usefixtures("beside")
@pytest.mark.parametrize(
    ("options", "code", "line"),
    [
        (["--boundary", "full.json"], 0, "statement 1 of `s3` allows it"),
        (["--boundary", "only-s3.json"], 0, "statement 1 of `s3` allows it"),
        (["--boundary", "no-s3.json"], 1, "statement 0 of `boundary` denies it"),
        (["--boundary", "exempt.json"], 1, "the boundary does not allow it"),
        (["--session", "full.json"], 0, "statement 1 of `s3` allows it"),
        (["--session", "exempt.json", "--session", "only-s3.json"], 0, "statement 1 of `s3` allows it"),
        (["--session", "exempt.json"], 1, "no session policy allows it"),
        (["--scp", "root=full.json"], 0, "statement 1 of `s3` allows it"),
        (["--scp", "root=full.json", "--scp", "root=exempt.json"], 0, "statement 1 of `s3` allows it"),
        (["--scp", "root=full.json", "--scp", "unit=exempt.json"], 1, "no service control policy of the level `unit`"),
        (["--scp", "root=full.json", "--scp", "root=no-s3.json"], 1, "statement 0 of `scp root 1` denies it"),
        (["--rcp", "root=no-s3-to-me.json"], 1, "statement 0 of `rcp root` denies it"),
        (["--resource-policy", "bucket.json"], 0, "statement 0 of `resource policy` allows it"),
        (["--resource-policy", "no-s3-to-me.json"], 1, "statement 0 of `resource policy` denies it"),
    ],
)
def test_simulate_takes_other_policies(options: list[str], code: int, line: str) -> None:
    done = said("simulate", EVERYTHING, "--role", "task", *GET, *options)
    assert done.code == code, done.err
    assert f"    {line}" in done.out
    asked = lines({"role": "task", "action": GET[1], "resource": GET[3]})
    batch = said("simulate", EVERYTHING, "--batch", "-", *options, stdin=asked)
    assert batch.code == code
    assert json.loads(batch.out)["reason"].startswith(line.partition(" does not")[0])


@pytest.mark.usefixtures("beside")
def test_a_role_of_a_config_asks_as_itself() -> None:
    exempt = ("--scp", "root=full.json", "--scp", "root=exempt.json")
    task = ("simulate", EVERYTHING, "--role", "task", *GET, *exempt)
    assert said(*task).code == 0
    other = said(*task, "--principal", f"arn:aws:iam::{ACCOUNT}:role/other")
    assert (other.code, other.out.splitlines()[0][:17]) == (1, "explicitly denied")
    code, found = data(*task)
    assert (code, found["request"]["principal"]) == (0, None), "as it was written"
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/memos-prod-task-role/one"
    assert said(*task, "--principal", session).code == 0
    queue = "arn:aws:sqs:eu-west-2:999999999999:q"
    (Path.cwd() / "sqs.yaml").write_text(
        f"{(ROOT / MEMOS).read_text()}task_statements: [{{Effect: Allow, Action: 'sqs:*', Resource: '{queue}'}}]\n"
    )
    asked = ("simulate", "sqs.yaml", "--role", "task", "--action", "sqs:SendMessage", "--resource", queue)
    code, out, _ = said(*asked)
    assert code == 1
    assert "    the accounts are two, so both have to allow it" in out
    assert "no policy of the resource is given (`--resource-policy`)" in out


@pytest.mark.usefixtures("beside")
def test_simulate_says_what_a_decision_hung_on() -> None:
    asked = ("simulate", EVERYTHING, "--role", "task", *GET, "--scp", "root=full.json", "--scp", "root=elsewhere.json")
    code, out, _ = said(*asked)
    assert (code, out.splitlines()[-1]) == (1, "    it hangs on what was not given: `aws:RequestedRegion`")
    code, found = data(*asked)
    assert (code, found["missing"]) == (1, ["aws:RequestedRegion"])
    code, out, _ = said(*asked, "--context", "aws:RequestedRegion=eu-west-2")
    assert (code, "it hangs on" in out) == (0, False)


def test_simulate_says_what_can_not_be_so() -> None:
    asked = ("simulate", EVERYTHING, "--role", "task", *GET, "--context", "aws:PrincipalAccount=999999999999")
    assert said(*asked).err == (
        "note: `aws:PrincipalAccount` can't be what it is given as where "
        f"`AWS:arn:aws:iam::{ACCOUNT}:role/memos-prod-task-role` asks; it is taken as given\n"
    )
    assert data(*asked)[1]["contradicting"] == ["aws:PrincipalAccount"]


@pytest.mark.usefixtures("beside")
@pytest.mark.parametrize("who", ["*", "anonymous", "AWS:*"])
def test_an_anonymous_caller_of_a_public_bucket(who: str) -> None:
    asked = ("simulate", "public.json", "--action", "s3:GetObject", "--resource", "arn:aws:s3:::memos/a")
    assert said(*asked, "--principal", who) == (
        0,
        "allowed: s3:GetObject on arn:aws:s3:::memos/a by *\n"
        "    statement 0 of `resource policy` allows it: Allow s3:GetObject on arn:aws:s3:::memos/*\n",
        "",
    )
    assert said(*asked, "--principal", who, "--scp", "root=no-s3.json").code == 0, "they bind nobody of no account"
    assert said(*asked, "--principal", who, "--rcp", "root=no-s3-to-me.json").code == 1


@pytest.mark.usefixtures("beside")
def test_with_the_documents_nothing_is_undecided(here: Path) -> None:
    arn, limit = f"arn:aws:iam::{ACCOUNT}:policy/own=1", f"arn:aws:iam::{ACCOUNT}:policy/limit"
    (here / "managed.yaml").write_text(f"{(here / 'bounded.yaml').read_text()}task_managed_policy_arns: ['{arn}']\n")
    asked = ("simulate", "managed.yaml", *MOUNT)
    assert said(*asked).code == 3
    assert said(*asked, "--managed", f"{arn}=no-s3.json").code == 3
    own = ("--managed", f"{arn}=no-s3.json")
    for boundary in (("--managed", f"{limit}=full.json"), ("--boundary", "full.json")):
        assert said(*asked, *own, *boundary).code == 0
    for boundary in (("--managed", f"{limit}=only-s3.json"), ("--boundary", "only-s3.json")):
        assert said(*asked, *own, *boundary).code == 1
    unused = said("simulate", MEMOS, *MOUNT, *own)
    assert unused.err == f"note: no role names the managed policy `{arn}`\n"


@pytest.mark.usefixtures("beside")
def test_questions_take_a_boundary_and_managed_policies(here: Path) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/limit"
    assert said("prove", "bounded.yaml").code == 3
    assert said("prove", "bounded.yaml", "--boundary", "full.json").code == 0
    assert said("prove", "bounded.yaml", "--managed", f"{arn}=full.json").code == 0
    assert said("prove", "bounded.yaml", "--boundary", "only-s3.json").code == 1
    mount = ("can", "bounded.yaml", "--action", "elasticfilesystem:ClientMount", "--role", "task")
    assert said(*mount).code == 3
    assert said(*mount, "--managed", f"{arn}=full.json").code == 0
    assert said(*mount, "--boundary", "only-s3.json").code == 1
    assert said("diff", "bounded.yaml", MEMOS).code != 0
    assert said("diff", "bounded.yaml", MEMOS, "--boundary", "full.json").code == 0
    assert said("diff", "bounded.yaml", MEMOS, "--managed", f"{arn}=full.json").code == 0
    assert said("diff", "bounded.yaml", MEMOS, "--managed", f"{arn}=only-s3.json").code == 1
    note = f"note: no role names the managed policy `{arn}`\n"
    for command in (["prove", MEMOS], ["diff", MEMOS, MEMOS], ["can", MEMOS, "--action", "iam:PassRole"]):
        assert said(*command, "--managed", f"{arn}=full.json").err.endswith(note)
        (fault,) = errors(*command, "--boundary", "bucket.json")
        assert fault == "bucket.json:1: it names a principal, as no policy of a caller has (`--boundary`)"
        assert errors(*command, "--managed", "x")[0].startswith("`--managed x` names no managed policy and its file")


@pytest.mark.usefixtures("beside")
def test_every_fault_of_what_is_beside_is_told_with_its_file_and_line(here: Path) -> None:
    (here / "wrong.json").write_text(WRONG)
    options = [
        *("--boundary", "none.json", "--session", "wrong.json", "--scp", "full.json", "--scp", "=full.json"),
        *("--scp", "root=", "--rcp", "root=full.json", "--resource-policy", MEMOS, "--managed", "full.json"),
        *("--managed", f"arn:aws:iam::{ACCOUNT}:role/x=full.json", "--session", "bucket.json"),
    ]
    told = errors("simulate", EVERYTHING, "--role", "task", *GET, *options)
    remedy = "Write `--scp LEVEL=FILE`, such as `--scp root=full-access.json`."
    arn = "Write `--managed ARN=FILE`, such as `--managed arn:aws:iam::123456789012:policy/x=x.json`."
    assert told[0].startswith("none.json: cannot be read: no such file or directory")
    assert told[1:] == [
        f"`--managed full.json` names no managed policy and its file. {arn}",
        f"`--managed arn:aws:iam::{ACCOUNT}:role/x=full.json` names no managed policy and its file. {arn}",
        "wrong.json:4: expected a text, not an object @ $.Statement[0].Action",
        "wrong.json:5: expected a text, not an object @ $.Statement[0].Resource",
        "wrong.json:6: unknown element `Resources` @ $.Statement[1]. Did you mean `Resource`?",
        "bucket.json:1: it names a principal, as no policy of a caller has (`--session`)",
        f"`--scp full.json` does not say which level and which file. {remedy}",
        f"`--scp =full.json` does not say which level and which file. {remedy}",
        f"`--scp root=` does not say which level and which file. {remedy}",
        "full.json:1: it names no principal, as the policy of a resource has (`--rcp`)",
        f"{MEMOS}: it is no IAM policy document. A policy has a `Statement`.",
    ]


@pytest.mark.usefixtures("beside")
def test_standard_input_is_read_once() -> None:
    full = json.dumps(READ_ALL).encode()
    assert said("simulate", EVERYTHING, "--role", "task", *GET, "--boundary", "-", stdin=full).code == 0
    for options in (["--boundary", "-", "--session", "-"], ["--scp", "root=-", "--boundary", "-"]):
        (fault,) = errors("simulate", EVERYTHING, "--role", "task", *GET, *options, stdin=full)
        assert re.fullmatch("standard input can't be `--(session|scp)` too\\. Name a file\\.", fault)
    assert errors("simulate", "-", *GET, "--boundary", "-", stdin=full) == [
        "standard input can't be `--boundary` too. Name a file."
    ]


@pytest.mark.usefixtures("beside")
def test_a_trust_is_asked_by_itself() -> None:
    who = ("--action", "sts:AssumeRole", "--principal", "Service:ecs-tasks.amazonaws.com")
    assert errors("simulate", "trust.json", *who, "--boundary", "full.json") == [
        "the policy of a resource is asked by itself, and more is given. "
        "Give the caller's own policies first, and it as `--resource-policy`."
    ]
    assert (
        said(
            "simulate",
            "full.json",
            *who,
            "--resource",
            f"arn:aws:iam::{ACCOUNT}:role/x",
            "--resource-policy",
            "trust.json",
        ).code
        == 0
    )


# --- simulate, a batch -----------------------------------------------------------------------------------------------


def lines(*requests: object) -> bytes:
    return "".join(f"{json.dumps(request)}\n" for request in requests).encode()


def test_a_batch_of_a_thousand_lines(here: Path) -> None:
    asked = [
        {"role": "task", "action": "s3:GetObject", "resource": f"arn:aws:s3:::memos-uploads{'x' * (i % 2)}/{i}"}
        for i in range(1000)
    ]
    (here / "requests.jsonl").write_bytes(lines(*asked))
    code, out, err = run("simulate", EVERYTHING, "--batch", "requests.jsonl")
    assert (code, err) == (1, "")
    decisions = [json.loads(line) for line in out.splitlines()]
    assert [d["request"]["resource"] for d in decisions] == [a["resource"] for a in asked]
    assert [d["outcome"] for d in decisions] == ["allowed", "implicitly denied"] * 500


def test_a_line_of_a_batch_is_a_request_as_it_is_printed() -> None:
    named = {"role": "task", "action": "sts:AssumeRole", "principal": "Service:ecs-tasks.amazonaws.com"}
    context = {"aws:SourceAccount": 123456789012, "aws:SourceArn": f"arn:aws:ecs:eu-west-2:{ACCOUNT}:task/a"}
    code, out, _ = said("simulate", MEMOS, "--batch", "-", stdin=lines({**named, "context": context}))
    assert code == 0
    decision = json.loads(out)
    again = {"role": decision["role"], **decision["request"]}
    assert said("simulate", MEMOS, "--batch", "-", stdin=lines(again)).out == out


def test_the_role_of_a_batch_is_that_of_lines_without_one() -> None:
    asked = lines({"action": "ecr:GetAuthorizationToken"}, {"role": "task", "action": "ecr:GetAuthorizationToken"})
    code, out, _ = said("simulate", MEMOS, "--role", "execution", "--batch", "-", stdin=b"\xef\xbb\xbf\n" + asked)
    assert code == 1
    assert [(d["role"], d["outcome"]) for d in map(json.loads, out.splitlines())] == [
        ("execution", "allowed"),
        ("task", "implicitly denied"),
    ]


def test_a_batch_asks_a_document() -> None:
    code, out, _ = said(
        "simulate", "read-all.json", "--batch", "-", stdin=lines({"action": GET[1], "resource": GET[3]})
    )
    assert (code, json.loads(out)["role"]) == (0, None)


def test_an_undecided_line_makes_a_batch_undecided() -> None:
    efs = "arn:aws:elasticfilesystem:eu-west-2:123456789012:file-system/fs-0a1b2c3d4e5f60718"
    open_ = {"role": "task", "action": "elasticfilesystem:ClientMount", "resource": efs}
    no = {"role": "task", "action": "s3:ListAllMyBuckets"}
    assert said("simulate", "bounded.yaml", "--batch", "-", stdin=lines(open_)).code == 3
    assert said("simulate", "bounded.yaml", "--batch", "-", stdin=lines(open_, no)).code == 1


def test_every_fault_of_a_batch_is_told_with_its_line(here: Path) -> None:
    (here / "r.jsonl").write_bytes(
        b"""\
{"role": "task", "action": "s3"}
nope
[1]

{"role": "tsk", "actoin": "s3:GetObject"}
{"role": "task", "action": "s3:GetObject", "context": {"aws:SourceIp": null}}
{"action": "s3:GetObject", "action": "s3:PutObject"}
{"action": "ecr:GetAuthorizationToken", "context": ["aws:SourceIp"]}
{"role": "task", "action": "s3:GetObject"}
{"role": 7, "action": NaN}
"caf\xe9"
{"action": "ecr:GetAuthorizationToken"}
"""
        + b"[" * 100_000
    )
    forms = "`arn:*:s3:*:*:accesspoint/*/object/*` or `arn:*:s3:::*/*`"
    told = errors("simulate", MEMOS, "--batch", "r.jsonl")
    assert told == [
        f"r.jsonl:1: `s3` is not an action. {AN_ACTION}.",
        "r.jsonl:2: not JSON: expecting value at column 1",
        'r.jsonl:3: a request is an object, not a list. Write `{"action": ...}`.',
        "r.jsonl:5: unknown field `actoin`. Did you mean `action`?",
        "r.jsonl:5: `action` is missing",
        "r.jsonl:6: a value of `aws:SourceIp` is a text, not null. Write a text, a number, true or false, or a list of "
        "these; leave an absent key out.",
        "r.jsonl:7: the key `action` stands twice in one object",
        'r.jsonl:8: `context` is an object, not a list. Write `{"aws:SourceIp": "..."}`.',
        f"r.jsonl:9: `s3:GetObject` needs a resource. Write the ARN as `resource`. It is asked of {forms}.",
        "r.jsonl:10: not JSON: `NaN` is not a value",
        "r.jsonl:11: byte `0xe9` is not UTF-8. Save the file as UTF-8.",
        "r.jsonl:12: no role is named. Name one as `role`. There are `execution`, `task`.",
        "r.jsonl:13: nested too deep",
    ]


def test_faults_of_a_batch_come_to_an_end(here: Path) -> None:
    (here / "r.jsonl").write_bytes(b"x\n" * 1000)
    told = errors("simulate", MEMOS, "--batch", "r.jsonl")
    assert len(told) == 101
    assert told[-1] == "r.jsonl:100: too many faults to go on. Correct the ones above first."


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("/dev/null", '/dev/null: no request. Write one JSON object on each line: `{"action": ...}`.'),
        ("/dev/zero", "/dev/zero: larger than 16 MiB. Split it."),
        (
            "none.jsonl",
            "none.jsonl: cannot be read: no such file or directory. "
            "Check its name and permissions, or pass `-` to read standard input",
        ),
    ],
)
def test_a_batch_that_can_not_be_read(name: str, fault: str) -> None:
    assert errors("simulate", MEMOS, "--batch", name) == [fault]


def test_standard_input_is_one_thing() -> None:
    assert said("simulate", "-", "--batch", "-").code == 2
    assert errors("diff", "-", "-") == ["standard input can't be both. Name a file for one of them."]


# --- can -------------------------------------------------------------------------------------------------------------


def test_can_says_which_roles_and_when() -> None:
    passed = f"iam:PassRole on arn:aws:iam::{ACCOUNT}:role/memos-prod-execution-role"
    assert said("can", EVERYTHING, "--action", "iam:PassRole") == (
        0,
        "no         execution\n"
        "no         task\n"
        "yes        github_actions  when `iam:PassedToService` is `ecs-tasks.amazonaws.com`\n"
        f"    such as {passed}\n        with iam:PassedToService=ecs-tasks.amazonaws.com\n",
        "",
    )
    assert said("can", EVERYTHING, "--action", "iam:PassRole", "--role", "task") == (1, "no         task\n", "")


def test_can_asks_a_document() -> None:
    code, out, _ = said("can", "read.json", "--action", "s3:Get*")
    assert code == 0
    assert out.splitlines()[:3] == [
        "yes        read.json",
        "    when the action is `s3:GetObject` and `aws:SourceIp` is in `10.0.0.0/8`",
        "    unless the resource is `arn:aws:s3:::memos/secret/*`",
    ]
    assert said("can", "read.json", "--action", "s3:GetObject").out.splitlines()[0] == (
        "yes        read.json  when `aws:SourceIp` is in `10.0.0.0/8`, "
        "unless the resource is `arn:aws:s3:::memos/secret/*`"
    )
    assert said("can", "read.json", "--action", "s3:Get*", "--resource", "arn:aws:s3:::memos/secret/*").code == 1


def test_can_says_what_takes_it_away(here: Path) -> None:
    denied = {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::memos/secret/*"}
    (here / "some.json").write_text(json.dumps({"Statement": [READ_ALL["Statement"], denied]}))
    assert said("can", "some.json", "--action", "s3:GetObject").out.splitlines()[0] == (
        "yes        some.json  unless the resource is `arn:aws:s3:::memos/secret/*`"
    )


def test_can_is_undecided_of_what_is_open_where_that_matters() -> None:
    """Some image may be pulled in whatever account it is; whether it is one of a certain account is open."""
    code, out, _ = said("can", "bare.yaml", "--action", "ecr:BatchGetImage")
    assert (code, out.splitlines()[0].split()) == (0, ["yes", "execution"])
    assert "    such as ecr:BatchGetImage on arn:aws:ecr:{aws_region}:{account_id}:repository/" in out
    of_one = ("--action", "ecr:BatchGetImage", "--resource", "arn:aws:ecr:eu-west-1:123456789012:repository/*")
    code, out, err = said("can", "bare.yaml", *of_one)
    assert (code, out.splitlines()[0].split()[:2], out.splitlines()[-1]) == (
        3,
        ["undecided", "execution"],
        "no         task",
    )
    assert err == (
        "next: bind what is left to deployment, with `--set NAME=VALUE` each: account_id, aws_region, partition\n"
    )
    assert said("can", "bare.yaml", "--action", "ecr:BatchGetImage", *HERE).code == 0


def test_can_as_data() -> None:
    code, found = data("can", EVERYTHING, "--action", "iam:PassRole")
    assert code == 0
    assert found.keys() == {"source", "action", "resource", "roles"}
    assert found["roles"]["task"] == {
        "answer": "no",
        "fact": "no request of these is allowed, whatever its context",
        "assumed": [],
    }
    assert found["roles"]["github_actions"].keys() == {"answer", "when", "unless", "witness", "assumed"}
    of_one = ("--action", "ecr:BatchGetImage", "--resource", "arn:aws:ecr:eu-west-1:123456789012:repository/*")
    code, found = data("can", "bare.yaml", *of_one, "--universe", "known")
    assert (code, found["roles"]["execution"].keys()) == (3, {"answer", "reason", "assumed"})


def test_an_action_that_aws_does_not_have_is_noted() -> None:
    code, _, err = said("can", MEMOS, "--action", "s3:GetObjct")
    assert code == 1
    assert re.fullmatch(r"note: AWS had no action `s3:GetObjct` on 20\S+\. Did you mean `s3:GetObject`\?\n", err)


def test_every_fault_of_a_question_is_told() -> None:
    assert errors("can", MEMOS, "--action", "s3", "--resource", "memos") == [
        f"`s3` is not an action. {AN_ACTION}; only the name may hold wildcards.",
        "`memos` is neither an ARN nor `*`. Write one such as `arn:aws:s3:::memos-uploads/*`.",
    ]
    assert errors("can", MEMOS, "--action", "s3:GetObject", "--role", "tsk") == [
        f"`{MEMOS}` has no role `tsk`. There are `execution`, `task`."
    ]


def test_can_does_not_say_yes_because_of_what_aws_never_asks() -> None:
    rds = ("--action", "*", "--resource", "arn:aws:rds:eu-west-2:123456789012:db:memos")
    code, out, err = said("can", EVERYTHING, *rds)
    assert (code, err) == (1, "")
    why = "only requests that AWS never makes are allowed: "
    assert out.splitlines()[0].startswith(
        f"no         execution       {why}`ecr:GetAuthorizationToken` has no resource"
    )
    assert said("can", EVERYTHING, *rds, "--universe", "known").code == 1
    assert said("can", EVERYTHING, *rds, "--universe", "all").code == 0


@pytest.mark.parametrize(
    ("action", "roles"),
    [
        ("sts:AssumeRole", ["execution", "task"]),
        ("sts:AssumeRoleWithWebIdentity", ["github_actions"]),
        ("sts:AssumeRoleWithSAML", []),
        ("sts:TagSession", []),
        ("sts:SetSourceIdentity", []),
        ("sts:SetContext", []),
        ("sts:*", ["execution", "task", "github_actions"]),
        ("STS:assumerole*", ["execution", "task", "github_actions"]),
    ],
)
def test_can_asks_the_trusts(action: str, roles: list[str]) -> None:
    code, found = data("can", EVERYTHING, "--action", action)
    assert code == (0 if roles else 1)
    assert [id for id, one in found["trusts"].items() if one["answer"] == "yes"] == roles
    assert [id for id, one in found["roles"].items() if one["answer"] == "yes"] == []
    for id in roles:
        shown = found["trusts"][id]["witness"]
        assert shown["principal"].startswith("Federated:" if id == "github_actions" else "Service:ecs-tasks")
        assert shown["resource"].startswith(f"arn:aws:iam::{ACCOUNT}:role/memos-prod-")
        assert said("simulate", EVERYTHING, "--role", id, "--batch", "-", stdin=lines(shown)).code == 0
    out = said("can", EVERYTHING, "--action", action).out.splitlines()
    assert out[0] == "who may assume the role, by its trust:"
    assert out[-4:] == [
        "what the role's own policies allow:",
        "no         execution",
        "no         task",
        "no         github_actions",
    ]


def test_other_actions_ask_no_trusts() -> None:
    for action in ("iam:PassRole", "sts:GetCallerIdentity", "*"):
        _, found = data("can", EVERYTHING, "--action", action)
        assert "trusts" not in found
    role = f"arn:aws:iam::{ACCOUNT}:role/memos-prod-task-role"
    _, found = data("can", EVERYTHING, "--action", "sts:AssumeRole", "--resource", role)
    assert list(found["trusts"]) == ["task"]
    _, found = data("can", EVERYTHING, "--action", "sts:AssumeRole", "--role", "execution")
    assert list(found["trusts"]) == list(found["roles"]) == ["execution"]


# --- diff ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [MEMOS, EVERYTHING, "baseline.yaml", "bare.yaml", "read.json", "trust.json"])
def test_nothing_changed(path: str) -> None:
    assert said("diff", path, path) == (0, "no change\n", "")


PULL = ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer")
CHANNELS = ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel")


def test_diff_shows_what_was_gained_and_lost(here: Path) -> None:
    (here / "new.yaml").write_text(
        (ROOT / MEMOS).read_text().replace("repository/memos", "repository/notes") + "enable_ecs_exec: true\n"
    )
    code, out, err = said("diff", MEMOS, "new.yaml")
    assert (code, err) == (1, "")
    assert out.splitlines() == [
        *(f"+ execution: ecr:{action} on arn:aws:ecr:eu-west-2:{ACCOUNT}:repository/notes" for action in PULL),
        "    pull the task's images (enable_ecr_pull)",
        *(f"+ task: ssmmessages:{action} on *" for action in CHANNELS),
        "    hold the session's channels; the actions support no narrower resource (enable_ecs_exec)",
        *(f"- execution: ecr:{action} on arn:aws:ecr:eu-west-2:{ACCOUNT}:repository/memos" for action in PULL),
        "    pull the task's images (enable_ecr_pull)",
        "7 gained, 3 lost, 0 undecided",
    ]


def test_what_is_lost_is_no_gain() -> None:
    code, out, _ = said("diff", "read-all.json", "read.json")
    assert code == 0
    assert out.startswith("- s3:Get")
    gets = len(matching("s3:Get*"))
    assert re.search(rf"\n0 gained, {gets + 1} lost, 0 undecided\n$", out), "and those that AWS may add"
    assert re.search(
        rf"\n    and {gets - 4} more of `s3`, all in `--format json`\n    Allow s3:Get\* on \* \(read-all.json:1\)\n",
        out,
    )


def test_diff_compares_trusts(here: Path) -> None:
    (here / "old.yaml").write_text(GITHUB)
    (here / "new.yaml").write_text(f"{GITHUB}github_branches: [main, next]\n")
    code, out, _ = said("diff", "old.yaml", "new.yaml")
    assert code == 1
    assert out.startswith("+ github_actions (trust): sts:AssumeRoleWithWebIdentity on ")
    assert "repo:octo-org/memos:ref:refs/heads/next" in out
    code, found = data("diff", "old.yaml", "new.yaml")
    assert [(d["role"], d["part"]) for d in found["gained"]] == [("github_actions", "trust")]


def test_diff_as_data() -> None:
    code, found = data("diff", "read.json", "read-all.json", "--universe", "known")
    assert code == 1
    assert found.keys() == {"old", "new", "gained", "lost", "undecided", "roles", "unmet", "met"}
    assert [gain["action"] for gain in found["gained"]] == [a.id for a in matching("s3:Get*")]
    for gain in found["gained"]:
        assert gain.keys() == {"role", "part", "action", "witness", "statement", "policy", "place"}
        assert gain["witness"]["action"] == gain["action"]
        assert gain["statement"]["origin"] is None
    asked = lines(*(gain["witness"] for gain in found["gained"]))
    assert said("simulate", "read-all.json", "--batch", "-", stdin=asked).code == 0
    denied = [
        json.loads(line)["outcome"]
        for line in said("simulate", "read.json", "--batch", "-", stdin=asked).out.splitlines()
    ]
    assert "allowed" not in denied


def test_diff_as_markdown(here: Path) -> None:
    """A table that a comment can hold; the same of several configs, without those that did not change."""
    new = here / "new.yaml"
    new.write_text(Path(MEMOS).read_text() + "enable_ecs_exec: true\n")
    code, out, err = said("diff", MEMOS, str(new), "--format", "markdown")
    assert (code, err) == (1, "")
    heading, _, names, _, role, _, head, *_ = out.splitlines()
    assert (heading, role, head) == ("### ecsiam diff: 4 gained", "**task**", "|  | request | by |")
    assert names.startswith("examples/memos.yaml → ")
    assert out.count("ssmmessages:") == 4
    assert said("diff", MEMOS, MEMOS, "--format", "markdown") == (
        0,
        "### ecsiam diff: no change\n\nexamples/memos.yaml → examples/memos.yaml\n",
        "",
    )
    code, out, err = said("diff", "examples/shop.yaml", "--from", "dev", "--to", "prod", "--format", "markdown")
    assert (code, err) == (1, "")
    assert out.startswith("### ecsiam diff: 12 gained, 4 lost\n\ndev → prod\n\n**shop: task**\n")
    assert "| shop | \\$.account\\_id | 111122223333 | 444455556666 |" in out, "what differs by name alone"


def test_markdown_fits_into_a_comment(here: Path) -> None:
    """Of a wildcard the actions are to unfold, and not all of them; nothing that is written becomes markup."""
    (here / "all.json").write_text(
        '{"Statement": [{"Sid": "A", "Effect": "Allow", "Action": "ec2:*", "Resource": "*"}, '
        '{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/<b>|`c`"}]}'
    )
    (here / "none.json").write_text('{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}')
    code, out, _ = said("diff", "none.json", "all.json", "--format", "markdown")
    assert code == 1
    assert len(out) < 65_536
    assert re.search(r"\nand \d+ more\n```\n\n</details>", out)
    assert "<b>" not in out


def test_diff_binds_what_either_leaves_open() -> None:
    assert said("diff", "bare.yaml", MEMOS, *HERE).code == 1
    assert said("diff", MEMOS, "bare.yaml", *HERE).code == 1
    assert errors("diff", "bare.yaml", MEMOS, "--set", "region=eu-west-2") == ["neither leaves `region` to deployment"]


def test_diff_of_open_configs_may_be_undecided() -> None:
    code, out, err = said("diff", "bare.yaml", "module.yaml")
    assert code == 3
    assert "? execution: it depends on what is left to deployment\n" in out
    assert err.startswith("next: bind what is left to deployment, with `--set NAME=VALUE` each: account_id, ")


def test_two_of_a_kind_are_compared() -> None:
    remedy = "Compare two configs, or two IAM documents of one kind."
    assert errors("diff", MEMOS, "read.json") == [
        f"`{MEMOS}` is a config, `read.json` an identity policy. {remedy}",
    ]
    assert errors("diff", "read.json", "trust.json") == [
        f"`read.json` is an identity policy, `trust.json` a trust policy. {remedy}",
    ]


# --- what a path may be ----------------------------------------------------------------------------------------------

WRONG = """\
{"Version": "2012-10-17",
 "Statement": [
  {"Effect": "Allow",
   "Action": {},
   "Resource": {}},
  {"Effect": "allow", "Action": "s3:*", "Resources": "*"}]}
"""


def test_every_fault_of_a_document_is_told_with_its_line(here: Path) -> None:
    (here / "wrong.json").write_text(WRONG)
    (here / "wrong.yaml").write_text("project_name: memos\n")
    expected = [
        "wrong.json:4: expected a text, not an object @ $.Statement[0].Action",
        "wrong.json:5: expected a text, not an object @ $.Statement[0].Resource",
        "wrong.json:6: unknown element `Resources` @ $.Statement[1]. Did you mean `Resource`?",
    ]
    assert errors("can", "wrong.json", "--action", "s3:GetObject") == expected
    missing = "wrong.yaml: `environment` is missing. Write `environment:` and its value."
    assert errors("diff", "wrong.yaml", "wrong.json") == [missing, *expected]


def test_a_document_whose_statement_is_misspelt_is_no_config(here: Path) -> None:
    (here / "wrong.json").write_text('{"Version": "2012-10-17", "Statements": []}')
    assert errors("can", "wrong.json", "--action", "s3:GetObject") == [
        "wrong.json: unknown element `Statements`. Did you mean `Statement`?",
        "wrong.json: a policy needs `Statement`",
    ]


@pytest.mark.parametrize(
    ("wrapped", "option"),
    [
        ('{"PolicyVersion": {"Document": {}}}', "--query PolicyVersion.Document"),
        ('{"Role": {"AssumeRolePolicyDocument": {}}}', "--query Role.AssumeRolePolicyDocument"),
        ('{"Policy": "{}"}', "--query Policy --output text"),
        ('{"RoleName": "x", "PolicyName": "y", "PolicyDocument": {}}', "--query PolicyDocument"),
    ],
)
def test_what_the_aws_cli_prints_is_recognised(wrapped: str, option: str) -> None:
    key = option.split()[1].partition(".")[0]
    assert errors("can", "-", "--action", "s3:GetObject", stdin=wrapped.encode()) == [
        f"standard input: the document is wrapped in `{key}`, as the AWS CLI prints it. Add `{option}` to the command."
    ]


@pytest.mark.parametrize(
    "command",
    [["prove"], ["can", "--action", "s3:GetObject"], ["simulate", "--role", "task", *GET], ["diff", MEMOS]],
)
@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("none.yaml", None, "none.yaml: cannot be read: no such file or directory. "),
        ("empty.json", b"", "empty.json:1: the file is empty. "),
        ("image.json", b"\x89PNG", "image.json:1: byte `0x89` is not UTF-8. "),
        ("/dev/zero", None, "/dev/zero: larger than 256 KiB. "),
        ("broken.json", b'{"Statement": [', "broken.json:1: not JSON: "),
        ("deep.json", b'{"Statement": ' + b"[" * 100_000, "deep.json:1: n"),
    ],
)
def test_a_path_that_is_neither(command: list[str], name: str, content: bytes | None, fault: str, here: Path) -> None:
    if content is not None:
        (here / name).write_bytes(content)
    first, *options = command
    told = errors(first, *options, name)
    assert len(told) == 1
    assert told[0].startswith(fault)


def test_a_document_leaves_nothing_to_set() -> None:
    fault = "`read.json` is an IAM document, which leaves nothing to `--set`. Leave `--set` out."
    assert errors("can", "read.json", "--action", "s3:GetObject", "--set", "a=b") == [fault]
    assert errors("diff", "read.json", "read.json", "--set", "a=b") == [fault]


@pytest.mark.parametrize(
    "asked",
    [
        ("simulate", "read.json", *GET, "--boundary", "read.json", "--boundary", "read.json"),
        ("simulate", "read.json", *GET, "--action", "s3:PutObject"),
        ("simulate", "read.json", *GET, "--resource-policy=read.json", "--resource-policy=read.json"),
        ("can", "read.json", "--action", "s3:GetObject", "--action", "s3:PutObject"),
        ("prove", MEMOS, "--boundary", "read.json", "--boundary", "read.json"),
        ("emit", MEMOS, "--target", "terraform", "--target", "iam"),
    ],
)
def test_no_option_is_passed_over(asked: tuple[str, ...]) -> None:
    code, out, err = said(*asked)
    assert (code, out) == (2, "")
    assert "it stands twice, and takes one value" in err


def test_of_what_allows_nothing_no_other_allow_is_near() -> None:
    code, out, _ = said("simulate", "read-all.json", *GET, "--principal", "*")
    assert (code, out.splitlines()[-1]) == (1, "    no other Allow is about `s3:GetObject`")
