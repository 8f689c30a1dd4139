"""The commands on a file of several services and environments."""

import json
import shutil
from pathlib import Path

import pytest

import ecsiam
from ecsiam import Artifact, load_configs
from ecsiam.artifact import MANIFEST
from ecsiam.targets import TARGETS, TargetName

from .command_line import run, said
from .test_artifact import tree

ROOT = Path(__file__).resolve().parents[1]
SHOP = "shop.yaml"
NAMES = ("shop/dev", "shop/prod", "reports/prod")
HOME = ("--only", "home", "--only", "works")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the example, and a file of one config."""
    for name in (SHOP, "memos.yaml"):
        shutil.copy(ROOT / "examples" / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def without(name: str, here: Path) -> None:
    """The example without its last service."""
    text = (here / SHOP).read_text()
    (here / SHOP).write_text(text[: text.index(f"  {name}:\n")])


def artifacts(target: TargetName) -> dict[str, Artifact]:
    configs = load_configs(SHOP)
    return {f"{c.project_name}/{c.environment}": ecsiam.emit(ecsiam.build(c), target) for c in configs}


# ---------------------------------------------------------------- emit


@pytest.mark.parametrize("target", TARGETS)
def test_emit_writes_each_into_its_folder(target: TargetName, here: Path) -> None:
    code, out, err = run("emit", SHOP, "-t", target, "-o", "infra")
    assert (code, out) == (0, "")
    files = {f"{name}/{path}": text for name, one in artifacts(target).items() for path, text in one.files.items()}
    found = {p.relative_to(here / "infra").as_posix(): p.read_text() for p in (here / "infra").rglob("*.json")}
    assert {name: text for name, text in found.items() if name != MANIFEST} == files
    assert err.startswith(f"wrote {len(files) + 1} files to infra\n")
    before = tree(here)
    assert said("emit", SHOP, "-t", target, "-o", "infra").err.startswith("infra holds just this already\n")
    assert run("emit", SHOP, "-t", target, "-o", "infra", "--check").code == 0
    assert tree(here) == before


@pytest.mark.parametrize("target", TARGETS)
def test_without_a_directory_it_prints_one_document(target: TargetName) -> None:
    code, out, _ = said("emit", SHOP, "-t", target)
    document = json.loads(out)
    assert (code, [f"{s}/{e}" for s, of in document.items() for e in of]) == (0, [*NAMES])
    for name, artifact in artifacts(target).items():
        service, _, environment = name.partition("/")
        assert document[service][environment] == json.loads(str(artifact))
    assert out.endswith("}\n")
    one = json.loads(said("emit", SHOP, "-t", target, "--service", "shop", "--environment", "prod").out)
    assert one == {"shop": {"prod": document["shop"]["prod"]}}


def test_what_is_no_more_is_removed_and_said(here: Path) -> None:
    assert run("emit", SHOP, "-t", "terraform", "-o", "infra").code == 0
    (here / "infra" / "reports" / "prod" / "mine.tf").write_text("# mine\n")
    without("reports", here)
    checked = run("emit", SHOP, "-t", "terraform", "-o", "infra", "--check")
    assert checked.code == 1
    assert "--- reports/prod/main.tf.json\n+++ /dev/null\n" in checked.out
    kept = run("emit", SHOP, "-t", "terraform", "-o", "infra", "--service", "shop")
    assert kept.err.startswith("infra holds just this already\n")  # what was not chosen is left alone
    _, _, err = run("emit", SHOP, "-t", "terraform", "-o", "infra")
    assert err.splitlines()[:2] == [
        "wrote 1 file to infra, removed 3 files",
        "removed reports/prod: shop.yaml has no such service and environment any more (3 files)",
    ]
    assert [p.name for p in (here / "infra" / "reports" / "prod").iterdir()] == ["mine.tf"]
    assert run("emit", SHOP, "-t", "terraform", "-o", "infra", "--check").code == 0


def test_one_that_was_chosen_is_written_beside_the_others(here: Path) -> None:
    for name in ("shop", "reports"):
        assert run("emit", SHOP, "-t", "cloudformation", "-o", "infra", "--service", name).code == 0
    assert run("emit", SHOP, "-t", "cloudformation", "-o", "infra", "--check").code == 0
    listed = json.loads((here / "infra" / MANIFEST).read_text())["files"]
    assert listed == sorted(f"{name}/template.json" for name in NAMES)


def test_a_file_of_one_config_that_becomes_one_of_several_leaves_nothing_behind(here: Path) -> None:
    (here / "ecsiam.yaml").write_text("project_name: memos\nenvironment: dev\n")
    assert run("emit", "-t", "terraform", "-o", "infra").code == 0
    assert (here / "infra" / "main.tf.json").exists()
    shutil.copy(here / SHOP, here / "ecsiam.yaml")
    assert run("emit", "-t", "terraform", "-o", "infra").code == 0
    assert sorted(p.name for p in (here / "infra").iterdir()) == [MANIFEST, "reports", "shop"]
    (here / "ecsiam.yaml").write_text("project_name: memos\nenvironment: dev\n")
    assert run("emit", "-t", "terraform", "-o", "infra").code == 0
    assert sorted(p.name for p in (here / "infra").iterdir()) == [
        MANIFEST,
        "main.tf.json",
        "outputs.tf.json",
        "versions.tf.json",
    ]


def test_where_the_last_is_refused_nothing_is_written(here: Path) -> None:
    text = (here / SHOP).read_text()
    (here / "open.yaml").write_text(text.replace('    account_id: "444455556666"\n', ""))
    before = tree(here)
    code, out, err = run("emit", "open.yaml", "-t", "iam", "-o", "infra")
    assert (code, out) == (2, "")
    (line,) = err.splitlines()
    assert line.startswith("error: `shop/prod`, `reports/prod`: raw IAM JSON can't leave `account_id`")
    assert tree(here) == before
    assert run("emit", "open.yaml", "-t", "iam").code == 2
    assert run("emit", SHOP, "-t", "iam", "-o", "infra").code == 0
    before = tree(here)
    assert run("emit", "open.yaml", "-t", "iam", "-o", "infra").code == 2
    assert {n: w for n, w in tree(here).items() if n != "infra"} == {n: w for n, w in before.items() if n != "infra"}


def test_files_of_the_users_are_left_alone(here: Path) -> None:
    (here / "infra" / "reports" / "prod").mkdir(parents=True)
    (here / "infra" / "reports" / "prod" / "main.tf.json").write_text("{}\n")
    code, _, err = run("emit", SHOP, "-t", "terraform", "-o", "infra")
    assert code == 2
    assert err == (
        "error: `infra/reports/prod/main.tf.json` was not written by ecsiam. "
        "Move it away, or replace it with `--force`\n"
    )
    assert sorted(p.name for p in (here / "infra").rglob("*")) == ["main.tf.json", "prod", "reports"]
    (here / "infra" / "shop").symlink_to(here)
    code, _, err = run("emit", SHOP, "-t", "terraform", "-o", "infra", "--force")
    assert (code, err) == (2, "error: `infra/shop` is in the way: it is a symbolic link. Move it away\n")


def test_a_value_goes_to_those_that_leave_its_name_open(here: Path) -> None:
    text = (here / SHOP).read_text()
    (here / "open.yaml").write_text(text.replace('    account_id: "444455556666"\n', ""))
    code, out, _ = said("emit", "open.yaml", "-t", "iam", "--set", "account_id=999988887777")
    assert code == 0
    assert "999988887777" in out
    assert "111122223333" in out
    code, _, err = said("emit", "open.yaml", "-t", "iam", "--set", "acount_id=1")
    assert (code, err) == (2, "error: no config leaves `acount_id` to deployment. Open are `account_id`.\n")
    code, _, err = said("emit", "open.yaml", "-t", "iam", "--set", "account_id=1")
    assert code == 2
    assert err.count("\n") == 1
    assert ", for `shop/prod`, `reports/prod`" in err


# ---------------------------------------------------------------- which


COMMANDS = (
    ["emit", "-t", "terraform"],
    ["prove", "--only", "home"],
    ["can", "--action", "s3:GetObject"],
    ["simulate", "--role", "task", "--action", "s3:ListAllMyBuckets"],
    ["diff", SHOP],
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c[0])
def test_a_wrong_name_is_told_with_the_nearest(command: list[str]) -> None:
    code, out, err = said(*command, SHOP, "--service", "shp", "--environment", "prd")
    assert (code, out) == (2, "")
    assert "error: `shop.yaml` has no service `shp`. Did you mean `shop`?\n" in err
    assert "error: `shop.yaml` has no environment `prd`. Did you mean `prod`?\n" in err


@pytest.mark.parametrize("command", COMMANDS[:4], ids=lambda c: c[0])
def test_of_a_file_of_one_config_its_names_can_be_said_too(command: list[str]) -> None:
    chosen = said(*command, "memos.yaml", "--service", "memos", "--environment", "dev")
    assert chosen == said(*command, "memos.yaml")
    code, out, err = said(*command, "memos.yaml", "--service", "memo")
    assert (code, out) == (2, "")
    assert err == "error: `memos.yaml` has no service `memo`. Did you mean `memos`?\n"


def test_an_iam_document_has_no_services(here: Path) -> None:
    (here / "p.json").write_text('{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}')
    code, _, err = said("can", "p.json", "--action", "s3:GetObject", "--service", "shop")
    assert (code, err) == (
        2,
        "error: `p.json` is an IAM document, and has no services. Leave `--service` and `--environment` out.\n",
    )


# ---------------------------------------------------------------- questions


def test_prove_says_whose_an_answer_is(here: Path) -> None:
    code, out, _ = run("prove", SHOP, *HOME)
    assert (code, out.splitlines()[-1]) == (0, "6 hold, 0 failed, 0 undecided, of 3 configs")
    text = (here / SHOP).read_text()
    wide = (
        "    enable_cloudwatch_logs: true\n    task_managed_policy_arns: ['arn:aws:iam::aws:policy/PowerUserAccess']\n"
    )
    (here / "wide.yaml").write_text(text.replace("    enable_cloudwatch_logs: true\n", wide))
    code, out, _ = run("prove", "wide.yaml", *HOME)
    assert code == 1
    lines = out.splitlines()
    assert lines[0].startswith("FAILS      home ")
    assert lines[1] == "    FAILS for reports/prod:"
    assert lines[2].startswith("        the task role reaches this outside")
    assert "shop/" not in out
    data = json.loads(run("prove", "wide.yaml", *HOME, "--format", "json").out)
    assert data["counts"] == {"holds": 5, "accepted": 0, "fails": 1, "undecided": 0}
    answers = {f"{c['service']}/{c['environment']}": c["invariants"]["home"]["answer"] for c in data["configs"]}
    assert answers == {"shop/dev": "holds", "shop/prod": "holds", "reports/prod": "fails"}
    assert run("prove", "wide.yaml", *HOME, "--service", "shop").code == 0


def test_can_says_whose_an_answer_is() -> None:
    code, out, _ = run("can", SHOP, "--action", "s3:GetObject", "--role", "task")
    assert code == 0
    assert [line.split("  ")[0] for line in out.splitlines() if not line.startswith(" ")] == ["yes", "yes", "no"]
    assert [f"{name}: task" in out for name in NAMES] == [True] * 3
    assert run("can", SHOP, "--action", "s3:GetObject", "--service", "reports").code == 1
    data = json.loads(said("can", SHOP, "--action", "s3:GetObject", "--format", "json").out)
    assert [c["roles"]["task"]["answer"] for c in data["configs"]] == ["yes", "yes", "no"]
    code, _, err = said("can", SHOP, "--action", "s3:GetObject", "--role", "github_actions")
    told = "error: no config of `shop.yaml` has a role `github_actions`. There are `execution`, `task`.\n"
    assert (code, err) == (2, told)


def test_simulate_says_whose_a_decision_is(here: Path) -> None:
    asked = ("--role", "task", "--action", "s3:GetObject", "--resource", "arn:aws:s3:::shop-prod-uploads/x")
    code, out, _ = run("simulate", SHOP, *asked)
    first = [line for line in out.splitlines() if not line.startswith(" ")]
    assert code == 1
    assert [line.split(" s3:")[0] for line in first] == [
        "shop/dev: implicitly denied:",
        "shop/prod: allowed:",
        "reports/prod: implicitly denied:",
    ]
    assert run("simulate", SHOP, *asked, "--service", "shop", "--environment", "prod").code == 0
    data = json.loads(said("simulate", SHOP, *asked, "--format", "json").out)
    assert [(d["service"], d["environment"], d["outcome"]) for d in data][1] == ("shop", "prod", "allowed")
    (here / "asked.jsonl").write_text('{"action": "s3:GetObject", "resource": "arn:aws:s3:::shop-dev-uploads/x"}\n')
    code, out, _ = run("simulate", SHOP, "--role", "task", "--batch", "asked.jsonl")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [f"{d['service']}/{d['environment']}" for d in lines] == [*NAMES]
    assert [d["outcome"] for d in lines] == ["allowed", "implicitly denied", "implicitly denied"]


def test_diff_compares_those_of_the_same_name(here: Path) -> None:
    assert run("diff", SHOP, SHOP).out == "no change\n"
    shutil.copy(here / SHOP, here / "new.yaml")
    (here / "new.yaml").write_text(
        (here / SHOP).read_text().replace("enable_cloudwatch_logs", "enable_ecs_exec").replace("    only: [prod]\n", "")
    )
    code, out, _ = run("diff", SHOP, "new.yaml")
    assert code == 1
    assert "+ reports/prod: task: ssmmessages:CreateControlChannel on *" in out
    assert "+ reports/dev: task: ssmmessages:CreateControlChannel on *" in out
    assert "- reports/prod: task: logs:PutLogEvents" in out
    assert "shop/" not in out
    assert run("diff", "new.yaml", SHOP, "--service", "shop").code == 0
    data = json.loads(said("diff", SHOP, "new.yaml", "--format", "json").out)
    assert [f"{c['service']}/{c['environment']}" for c in data["configs"]] == [
        "shop/dev",
        "shop/prod",
        "reports/dev",
        "reports/prod",
    ]
    code, _, err = said("diff", "memos.yaml", SHOP)
    assert (code, err) == (
        2,
        "error: `shop.yaml` has several configs, `memos.yaml` one of another name. Choose one with `--service` and "
        "`--environment`. There are `shop/dev`, `shop/prod`, `reports/prod`.\n",
    )
