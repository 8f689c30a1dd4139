"""Several services and environments on the command line: side by side, in one proof, and one environment as another."""

import json
from pathlib import Path
from typing import Any

import pytest

from ecsiam.analysis.change import Change, compare
from ecsiam.builder import build
from ecsiam.config.likened import Differing, likened
from ecsiam.config.many import configs_of
from ecsiam.config.sections import members
from ecsiam.errors import Faults
from ecsiam.keys.source import parse_source

from .command_line import said

Json = Any
DEV, PROD = "111111111111", "222222222222"
FILE = f"""\
defaults:
  enable_s3_access: true
  s3_bucket_arns: ["arn:{{partition}}:s3:::{{project_name}}-{{environment}}-uploads"]
  ecr_repository_arns: ["arn:aws:ecr:eu-west-2:{DEV}:repository/{{project_name}}"]
environments:
  dev: {{account_id: "{DEV}", aws_region: eu-west-2}}
  prod: {{account_id: "{PROD}", aws_region: eu-central-1}}
services:
  memos: {{}}
  shop:
    environments:
      prod: {{enable_ecs_exec: true}}
  lab: {{only: [dev]}}
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "services.yaml"
    path.write_text(FILE, encoding="utf-8")
    return str(path)


# ---------------------------------------------------------------- one environment as another


def differing(dev: str, prod: str, beside: str = "") -> tuple[Change, tuple[Differing, ...]]:
    """What two environments differ in, and what only by name; each is some keys, in YAML."""
    text = f"""\
defaults: {{project_name: memos{beside}}}
environments:
  dev: {{account_id: "{DEV}", aws_region: eu-west-2{dev}}}
  prod: {{account_id: "{PROD}", aws_region: eu-central-1{prod}}}
"""
    source = parse_source(text, "services.yaml")
    was, is_ = (one.config for one in configs_of(source).configs)
    old, new = members(source.data, Faults())
    found = likened(old, new, was, is_)
    return compare(build(was), build(found.config)), found.by_name


def bucket(*names: str) -> str:
    listed = ", ".join(f'"{name if name.startswith("arn:") else f"arn:aws:s3:::{name}"}"' for name in names)
    return f", enable_s3_access: true, s3_bucket_arns: [{listed}]"


def role(account: str, name: str) -> str:
    statement = f'{{Effect: Allow, Action: "sts:AssumeRole", Resource: "arn:aws:iam::{account}:role/{name}"}}'
    return f", task_statements: [{statement}]"


# What dev says, what prod says, and what both do.
ALIKE: dict[str, tuple[str, str, str]] = {
    "nothing is said": ("", "", ""),
    "placeholders": ("", "", bucket("memos-{environment}-uploads")),
    "the name of the environment": (bucket("memos-dev-uploads"), bucket("memos-prod-uploads"), ""),
    "a word at either end": (bucket("dev.memos", "memos-dev"), bucket("prod.memos", "memos-prod"), ""),
    "in another order": (bucket("a-dev", "bbb"), bucket("bbb", "a-prod"), ""),
    "account and region": (
        f', ecr_repository_arns: ["arn:aws:ecr:eu-west-2:{DEV}:repository/a"]',
        f', ecr_repository_arns: ["arn:aws:ecr:eu-central-1:{PROD}:repository/a"]',
        "",
    ),
    "one thing that both have": ("", "", bucket("assets-prod")),
    "one of the first account": ("", "", f', ecr_repository_arns: ["arn:aws:ecr:eu-west-2:{DEV}:repository/a"]'),
    "one of both and one of its own": (bucket("a-prod", "b-dev"), bucket("a-prod", "b-prod"), ""),
    "what each has of the other": (role(PROD, "x"), role(DEV, "x"), ""),
    "a raw statement": (role(DEV, "dev-x"), role(PROD, "prod-x"), ""),
    "names of roles": (", role_names: {task: dev-task}", ", role_names: {task: prod-task}", ""),
}
DIFFERENT: dict[str, tuple[str, str, str, int, int]] = {
    "one more": (bucket("a-dev"), bucket("a-prod", "b-prod"), "", 4, 0),
    "one less": (bucket("a-dev", "bbb"), bucket("a-prod"), "", 0, 4),
    "a flag": ("", ", enable_ecs_exec: true", "", 4, 0),
    "a name that is no word of its own": (bucket("adev"), bucket("aprod"), "", 4, 4),
    "the other's as well as its own": (bucket("a-dev"), bucket("a-dev", "a-prod"), "", 4, 0),
    "the other's in the place of its own": (bucket("a-dev"), bucket("b-dev"), "", 4, 4),
    "another's account": (role(DEV, "x"), role("333333333333", "x"), "", 1, 1),
    "what stands in an account by chance": (role(DEV, "x"), role(f"{PROD[:-1]}3", "x"), "", 1, 1),
}


@pytest.mark.parametrize("case", ALIKE)
def test_what_differs_by_name_alone_is_no_change(case: str) -> None:
    change, by_name = differing(*ALIKE[case])
    assert change == Change()
    assert by_name[:3] == (
        Differing(("environment",), "dev", "prod"),
        Differing(("account_id",), DEV, PROD),
        Differing(("aws_region",), "eu-west-2", "eu-central-1"),
    )


@pytest.mark.parametrize("case", DIFFERENT)
def test_what_differs_in_more_is_a_change(case: str) -> None:
    dev, prod, both, gained, lost = DIFFERENT[case]
    change, _ = differing(dev, prod, both)
    assert (len(change.gained), len(change.lost)) == (gained, lost)
    assert not change.undecided


def test_what_is_named_in_another_way_is_listed() -> None:
    _, by_name = differing(bucket("a-dev", "bbb", "c-dev"), bucket("bbb", "a-prod", "d-prod"))
    assert by_name[3:] == (Differing(("s3_bucket_arns", 1), "arn:aws:s3:::a-dev", "arn:aws:s3:::a-prod"),)


def test_the_other_direction_shows_the_reverse() -> None:
    dev, prod = bucket("a-dev"), bucket("a-prod", "b-prod")
    there, back = differing(dev, prod)[0], differing(prod, dev)[0]
    assert [d.action for d in there.gained] == [d.action for d in back.lost]


def test_the_command_compares_two_environments(file: str) -> None:
    code, out, err = said("diff", file, "--from", "dev", "--to", "prod", "--service", "memos", "--service", "shop")
    assert (code, err) == (1, "")
    assert out.startswith("+ shop: task: ssmmessages:CreateControlChannel on *\n")
    assert out.endswith(
        "4 gained, 0 lost, 0 undecided\n"
        "only by name, in `dev` and in `prod`:\n"
        "    $.environment: dev is prod\n"
        f"    $.account_id: {DEV} is {PROD}\n"
        "    $.aws_region: eu-west-2 is eu-central-1\n"
    )
    code, out, _ = said("diff", file, "--from", "dev", "--to", "prod", "--service", "memos", "--format", "json")
    assert code == 0
    found = json.loads(out)
    assert (found["old"], found["new"]) == ("dev", "prod")
    (one,) = found["services"]
    assert (one["service"], one["gained"], one["lost"]) == ("memos", [], [])
    assert one["by_name"][0] == {"path": "$.environment", "old": "dev", "new": "prod"}


def test_a_service_of_one_environment_is_compared_with_nothing(file: str) -> None:
    code, out, _ = said("diff", file, "--from", "prod", "--to", "dev", "--service", "lab")
    assert code == 1
    assert "- " not in out
    assert "+ lab: task (trust): sts:AssumeRole" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", "dev"], "it takes one file, `--from` and `--to`"),
        (["--to", "dev"], "it takes one file, `--from` and `--to`"),
        (["{file}", "--from", "dev", "--to", "prod"], "it takes one file, `--from` and `--to`"),
        (["--from", "dev", "--to", "prod", "--environment", "dev"], "it takes one file, `--from` and `--to`"),
        ([], "name what to compare with: a second path"),
        (["--from", "dev", "--to", "prd"], "has no environment `prd`. Did you mean `prod`?"),
        (["--from", "dev", "--to", "dev"], "`dev` stands on both sides"),
        (["--from", "dev", "--to", "prod", "--set", "x=1"], "no config leaves `x` to deployment"),
    ],
)
def test_a_wrong_use_is_said(file: str, arguments: list[str], message: str) -> None:
    code, out, err = said("diff", file, *(a.format(file=file) for a in arguments))
    assert (code, out) == (2, "")
    assert message in " ".join(err.split())


def test_a_file_of_one_config_has_no_two_environments() -> None:
    code, _, err = said("diff", "examples/memos.yaml", "--from", "dev", "--to", "dev")
    assert code == 2
    assert "has one config. Name two environments of a file that has them" in err


# ---------------------------------------------------------------- emit --together


def files(folder: Path) -> set[str]:
    """What is below a folder, without the list of it and what is handed over."""
    there = (str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    return {path for path in there if "/companions/" not in path} - {"ecsiam.manifest.json"}


def test_each_environment_has_one_place(file: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert said("emit", file, "-t", "terraform", "--together", "-o", str(out)).code == 0
    shared = {"outputs.tf.json", "versions.tf.json"}
    services = {"dev": {"memos", "shop", "lab"}, "prod": {"memos", "shop"}}
    wanted = {f"{e}/{name}.service.tf.json" for e, names in services.items() for name in names}
    assert files(out) == wanted | {f"{e}/{name}" for e in services for name in shared}
    again = said("emit", file, "-t", "terraform", "--together", "-o", str(out))
    assert "holds just this already" in again.err
    assert said("emit", file, "-t", "terraform", "--together", "-o", str(out), "--check").code == 0


def test_what_is_gone_from_the_file_goes(file: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ("emit", file, "-t", "cloudformation", "--together", "-o", str(out))
    assert said(*command).code == 0
    Path(file).write_text(
        FILE.replace("lab: {only: [dev]}", "")
        .replace("prod: {account", "stage: {account")
        .replace("prod: {enable", "stage: {enable"),
        encoding="utf-8",
    )
    done = said(*command)
    assert done.code == 0
    assert "removed prod: " in done.err
    assert files(out) == {f"{e}/{name}" for e in ("dev", "stage") for name in ("template-1.json", "templates.json")}
    assert json.loads((out / "dev/templates.json").read_text()) == {"template-1.json": ["memos", "shop"]}


def test_one_environment_leaves_the_others(file: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ("emit", file, "-t", "iam", "--together", "-o", str(out))
    assert said(*command, "--environment", "dev").code == 0
    assert {path.split("/")[0] for path in files(out)} == {"dev"}
    assert said(*command, "--environment", "prod").code == 0
    assert {path.split("/")[0] for path in files(out)} == {"dev", "prod"}
    assert said(*command).code == 0


def test_a_service_stays_in_its_template_and_a_move_is_said(file: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ("emit", file, "-t", "cloudformation", "--together", "-o", str(out), "--environment", "dev")
    assert said(*command).code == 0
    places = out / "dev/templates.json"
    places.write_text('{"template-3.json": ["shop"]}', encoding="utf-8")
    assert said(*command).code == 0
    assert json.loads(places.read_text()) == {"template-1.json": ["memos", "lab"], "template-3.json": ["shop"]}
    places.write_text("[]", encoding="utf-8")
    failed = said(*command)
    assert failed.code == 2
    assert "templates.json: this does not say which template holds which services" in failed.err


def test_a_service_that_has_no_room_any_more_moves_and_that_is_said(tmp_path: Path) -> None:
    names = [f"svc-{i}" for i in range(34)]
    services = "".join(f"  {name}: {{}}\n" for name in names)
    path, out = tmp_path / "services.yaml", tmp_path / "out"
    path.write_text(f"environments: {{dev: {{}}}}\nservices:\n{services}", encoding="utf-8")
    command = ("emit", str(path), "-t", "cloudformation", "--together", "-o", str(out))
    assert "no longer in the template" not in said(*command).err
    places = out / "dev/templates.json"
    assert json.loads(places.read_text()) == {"template-1.json": names[:33], "template-2.json": names[33:]}
    places.write_text(json.dumps({"template-1.json": names}), encoding="utf-8")
    assert "note: svc-33/dev: no longer in the template of before, which has no room for it." in said(*command).err


def test_without_a_directory_it_is_one_document(file: str) -> None:
    printed = json.loads(said("emit", file, "-t", "cloudformation", "--together").out)
    assert [*printed] == ["dev", "prod"]
    assert [*printed["dev"]] == ["template-1.json", "templates.json"]
    alone = json.loads(said("emit", "examples/memos.yaml", "-t", "terraform", "--together").out)
    assert "memos.service.tf.json" in alone


def test_together_is_about_all_services(file: str) -> None:
    done = said("emit", file, "-t", "iam", "--together", "--service", "memos")
    assert done.code == 2
    assert "`--together` is about all services: leave it out" in " ".join(done.err.split())


def test_what_one_environment_can_not_have_refuses_all(file: str, tmp_path: Path) -> None:
    text = FILE.replace("lab: {only: [dev]}", "me_mos: {}\n  me.mos: {}")
    Path(file).write_text(text, encoding="utf-8")
    done = said("emit", file, "-t", "iam", "--together", "-o", str(tmp_path / "out"))
    assert done.code == 2
    assert done.err.count("are one identifier") == 2
    assert "`prod`: `me_mos` and `me.mos` are one identifier" in done.err
    assert not (tmp_path / "out").exists()


# ---------------------------------------------------------------- prove


def test_a_proof_of_all_says_whose_each_failure_is(file: str) -> None:
    raw = '{Effect: Allow, Action: "s3:GetObject", Resource: "arn:aws:s3:::memos*"}'
    Path(file).write_text(
        FILE.replace("lab: {only: [dev]}", f"lab: {{only: [dev], task_statements: [{raw}]}}"), encoding="utf-8"
    )
    done = said("prove", file, "--only", "neighbours")
    assert done.code == 1
    says = "no resource matches what another prefix builds"
    head = f"FAILS      neighbours  {says} (4 hold, 1 failed, 0 undecided)\n    FAILS for lab/dev:\n"
    assert done.out.startswith(head)
    assert "of the task role of `lab/dev` matches `arn:aws:s3:::memos-dev-uploads" in done.out
    assert "4 hold, 1 failed, 0 undecided, of 5 configs" in done.out
    data = json.loads(said("prove", file, "--only", "neighbours", "--format", "json").out)
    assert data["invariants"] == {"neighbours": {"holds": 4, "accepted": 0, "fails": 1, "undecided": 0}}
    failing = [one for one in data["configs"] if one["invariants"]["neighbours"]["answer"] == "fails"]
    assert [(one["service"], one["environment"]) for one in failing] == [("lab", "dev")]
    assert said("prove", file, "--only", "neighbours", "--service", "lab").code == 0, "alone it has no neighbour"
