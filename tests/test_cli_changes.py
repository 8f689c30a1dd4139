"""`diff` of what was read: which role is which, which is made anew, which needs came and went, where it is written."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .command_line import said

TRUST = """jsonencode({
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }]
  })"""
TASK = """\
resource "aws_iam_role" "task" {
  name               = "shop-task"
  assume_role_policy = TRUST
}

resource "aws_iam_role_policy" "task" {
  name = "objects"
  role = aws_iam_role.task.name
  policy = jsonencode({
    Statement = [{ Effect = "Allow", Action = ["s3:GetObject"], Resource = "arn:aws:s3:::shop/*" }]
  })
}
""".replace("TRUST", TRUST)
EXECUTION = """
resource "aws_iam_role" "execution" {
  name               = "shop-execution"
  assume_role_policy = TRUST
}

resource "aws_iam_role_policy" "secrets" {
  role = aws_iam_role.execution.name
  policy = jsonencode({
    Statement = [{ Effect = "Allow", Action = "ssm:GetParameters", Resource = PARAMETER }]
  })
}

resource "aws_ecs_task_definition" "shop" {
  family             = "shop"
  execution_role_arn = aws_iam_role.execution.arn
  task_role_arn      = aws_iam_role.task.arn
  container_definitions = jsonencode([
    { name = "shop", image = "nginx", secrets = [{ name = "KEY", valueFrom = PARAMETER }] }
  ])
}
""".replace("TRUST", TRUST).replace("PARAMETER", '"arn:aws:ssm:eu-west-2:123456789012:parameter/key"')
ALL = TASK + EXECUTION
MOVED = "moved {\n  from = aws_iam_role.task\n  to   = aws_iam_role.app\n}\n"
IMPORT = 'import {\n  to = aws_iam_role.app\n  id = "shop-task"\n}\n'
RENAMED = TASK.replace('"shop-task"', '"task-of-shop"')
READDRESSED = ALL.replace('"aws_iam_role" "task"', '"aws_iam_role" "app"').replace("role.task.", "role.app.")
LESS = ALL.replace('Action = "ssm:GetParameters"', 'Action = "ssm:DescribeParameters"')
APP = (
    TASK.replace('"aws_iam_role" "task"', '"aws_iam_role" "app"')
    .replace("role.task.", "role.app.")
    .replace("shop-task", "app")
)
COUNTED = ALL.replace(
    '  name               = "shop-task"', '  count              = 1\n  name               = "shop-task"'
).replace("role.task.", "role.task[0].")
BOTH_NAMES = READDRESSED.replace('"shop-task"', '"app-task"').replace('"shop-execution"', '"app-execution"')


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(directory: str, main: str, **files: str) -> str:
    Path(directory).mkdir(parents=True, exist_ok=True)
    for name, text in {"main": main, **files}.items():
        Path(directory, f"{name}.tf").write_text(text, encoding="utf-8")
    return directory


def data(old: str, new: str, **files: str) -> tuple[int, dict[str, Any]]:
    code, out, _ = said("diff", write("old", old), write("new", new, **files), "--format", "json")
    assert isinstance(code, int)
    return code, json.loads(out)


# old, new, the files beside, what is matched (name then, name now, whether it is made anew), the exit code
MATCHED: list[tuple[str, str, str, dict[str, str], list[tuple[str, str, bool]], int]] = [
    ("the same", ALL, ALL, {}, [], 0),
    ("another name", ALL, RENAMED + EXECUTION, {}, [("shop-task", "task-of-shop", True)], 1),
    ("moved, and it says so", ALL, READDRESSED, {"moves": MOVED}, [("shop-task", "shop-task", False)], 0),
    ("moved, and nothing says so", ALL, READDRESSED, {}, [("shop-task", "shop-task", True)], 1),
    ("imported", ALL, READDRESSED, {"imports": IMPORT}, [("shop-task", "shop-task", False)], 0),
    ("a count, which Terraform moves", ALL, COUNTED, {}, [("shop-task", "shop-task", False)], 0),
    (
        "what it is for",
        ALL,
        BOTH_NAMES,
        {},
        [("shop-task", "app-task", True), ("shop-execution", "app-execution", True)],
        1,
    ),
    (
        "what it says",
        TASK,
        APP,
        {},
        [("shop-task", "app", True)],
        1,
    ),
]


@pytest.mark.parametrize(("old", "new", "files", "same", "code"), [m[1:] for m in MATCHED], ids=[m[0] for m in MATCHED])
def test_a_role_is_found_again(
    old: str, new: str, files: dict[str, str], same: list[tuple[str, str, bool]], code: int
) -> None:
    got, found = data(old, new, **files)
    assert [(r["was"]["name"], r["now"]["name"], bool(r["replaced"])) for r in found["roles"]] == same
    assert (got, found["gained"], found["lost"], found["unmet"]) == (code, [], [], [])


def test_where_it_could_be_either_nothing_is_matched() -> None:
    """Two alike go and two alike come: neither name, address nor use says which is which."""
    two = "".join(TASK.replace('"task"', f'"{n}"').replace(".task.", f".{n}.").replace("shop-task", n) for n in "ab")
    other = "".join(TASK.replace('"task"', f'"{n}"').replace(".task.", f".{n}.").replace("shop-task", n) for n in "cd")
    _, found = data(two, other)
    assert found["roles"] == []
    assert {d["role"] for d in found["gained"]} == {"c", "d"}
    assert {d["role"] for d in found["lost"]} == {"a", "b"}


def test_what_makes_it_anew_is_said_with_what_to_write() -> None:
    out = said("diff", write("old", ALL), write("new", READDRESSED)).out
    assert out.splitlines()[0] == (
        "! shop-task is replaced: it was `aws_iam_role.task` and is `aws_iam_role.app`, and no `moved` block says so"
    )
    assert "\n    moved {\n      from = aws_iam_role.task\n      to   = aws_iam_role.app\n    }\n" in out
    assert out.endswith("\n0 gained, 0 lost, 0 undecided, 1 replaced\n")


@pytest.mark.parametrize(("was", "now", "says"), [("a", "b", ("module.a", "module.b")), ("a", "a", None)])
def test_a_module_moves_as_a_whole(was: str, now: str, says: tuple[str, str] | None, here: Path) -> None:
    write("old/inner", ALL)
    write("new/inner", ALL)
    for side, name in (("old", was), ("new", now)):
        write(side, f'module "{name}" {{\n  source = "./inner"\n}}\n')
    out = said("diff", "old", "new").out
    assert out.count("moved {") == (0 if says is None else 1)
    assert says is None or "  from = {}\n      to   = {}\n".format(*says) in out


def test_a_name_that_is_made_under_an_address_moves_with_it(here: Path) -> None:
    nameless = ALL.replace('  name               = "shop-task"\n', "")
    code, found = data(
        nameless,
        nameless.replace('"aws_iam_role" "task"', '"aws_iam_role" "app"').replace("role.task.", "role.app."),
        moves=MOVED,
    )
    assert (code, [r["replaced"] for r in found["roles"]]) == (0, [""])


def test_a_need_is_newly_unmet_or_met_wherever_it_stands() -> None:
    code, found = data(ALL, "\n\n" + LESS)
    assert (code, [(f["rule"], f["place"]["line"]) for f in found["unmet"]]) == (1, [("missing", 37)])
    code, found = data(LESS, ALL)
    assert (code, [f["rule"] for f in found["met"]], found["unmet"]) == (1, ["missing"], []), "and more is allowed"
    assert data(LESS, TASK)[1]["met"] == [], "nobody needs it any more"
    moved = LESS.replace("shop-execution", "execution-of-shop")
    assert data(LESS, "\n" + moved)[1]["unmet"] == [], "it was unmet before, at another line, of another name"
    accepted = LESS.replace('    { name = "shop"', '    # ecsiam:accept missing not yet\n    { name = "shop"')
    assert data(ALL, accepted)[1]["unmet"] == []


def test_each_line_has_the_place_of_its_statement() -> None:
    more = TASK.replace('["s3:GetObject"]', '["s3:PutObject"]')
    out = said("diff", write("old", TASK), write("new", "\n" + more)).out
    assert out == (
        "+ shop-task: s3:PutObject on arn:aws:s3:::shop/x\n"
        "    Allow s3:PutObject on arn:aws:s3:::shop/* (new/main.tf:13)\n"
        "- shop-task: s3:GetObject on arn:aws:s3:::shop/x\n"
        "    Allow s3:GetObject on arn:aws:s3:::shop/* (old/main.tf:12)\n"
        "1 gained, 1 lost, 0 undecided\n"
    )


def test_roles_of_one_name_in_several_roots() -> None:
    for side in ("old", "new"):
        for environment in ("dev", "prod"):
            write(f"{side}/{environment}", TASK)
    assert said("diff", "old", "new") == (0, "no change\n", "")
    write("new/prod", TASK.replace("GetObject", "PutObject"))
    code, out, _ = said("diff", "old", "new")
    assert (code, "\n1 gained, 1 lost, 0 undecided\n" in out) == (1, True)
    assert out.startswith("+ new/prod:aws_iam_role.task: s3:PutObject on ")


def test_a_folder_may_have_another_name(here: Path) -> None:
    """Its state may be the same: nobody can tell."""
    write("old/infra", ALL)
    write("new/terraform", ALL)
    assert said("diff", "old", "new") == (
        0,
        "= shop-task was `old/infra:aws_iam_role.task` and is `new/terraform:aws_iam_role.task` "
        "(new/terraform/main.tf:1)\n"
        "= shop-execution was `old/infra:aws_iam_role.execution` and is `new/terraform:aws_iam_role.execution` "
        "(new/terraform/main.tf:16)\nno change\n",
        "",
    )


def git(*arguments: str) -> None:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("inside", "path", "shown"), [(".", "infra", "infra/"), ("infra", ".", ""), ("infra", None, "infra/")]
)
def test_what_was_has_the_names_that_it_has_now(
    inside: str, path: str | None, shown: str, monkeypatch: pytest.MonkeyPatch, here: Path
) -> None:
    git("init", "-q")
    write("infra", TASK)
    git("add", ".")
    git("commit", "-qm", "one")
    write("infra", TASK.replace("GetObject", "PutObject"))
    monkeypatch.chdir(inside)
    code, out, err = said("diff", path or str(here / "infra"), "--base", "HEAD")
    assert (code, err) == (1, "")
    assert f"    Allow s3:GetObject on arn:aws:s3:::shop/* ({shown}main.tf:12 at HEAD)\n" in out
    assert Path.cwd() == (here / inside).resolve()


def test_what_was_not_there_is_compared_with_nothing(here: Path) -> None:
    git("init", "-q")
    write("other", TASK)
    git("add", ".")
    git("commit", "-qm", "one")
    write("infra", TASK)
    for old in (("infra", "--base", "HEAD"), (write("none", ""), "infra")):
        code, out, err = said("diff", *old)
        assert (code, out.splitlines()[-1], err) == (1, "2 gained, 0 lost, 0 undecided", "")
    assert "has no role" in said("diff", "none", "--base", "HEAD").err
    (here / "other" / "main.tf").write_text("resource {")
    git("commit", "-qam", "two")
    write("other", TASK)
    assert said("diff", "other", "--base", "HEAD").err.startswith("error: HEAD:other/main.tf:1: not HCL: ")


def committed(**folders: str) -> None:
    git("init", "-q")
    for name, text in folders.items():
        write(name, text)
    git("add", ".")
    git("commit", "-qm", "one")


@pytest.mark.parametrize("named", ["shop-task", "task-of-shop", "aws_iam_role.task"])
@pytest.mark.parametrize("base", [True, False])
def test_a_role_may_be_named_as_it_was_or_as_it_is(named: str, base: bool, here: Path) -> None:
    committed(infra=ALL, old=ALL)
    write("infra", ALL.replace('"shop-task"', '"task-of-shop"').replace("GetObject", "PutObject"))
    was = named != "task-of-shop"
    two = ("old#" + named, "infra") if was else ("old", "infra#" + named)
    code, out, err = said("diff", *((f"infra#{named}", "--base", "HEAD") if base else two))
    assert (code, err) == (1, "")
    assert out.startswith("= shop-task is task-of-shop now")
    assert out.endswith("\n1 gained, 1 lost, 0 undecided, 1 replaced\n")
    assert "execution" not in out


@pytest.mark.parametrize(("was", "now", "end"), [(TASK, ALL, "2 gained, 0 lost"), (ALL, TASK, "0 gained, 2 lost")])
def test_a_role_may_be_on_one_side_only(was: str, now: str, end: str, here: Path) -> None:
    committed(infra=was)
    write("infra", now)
    code, out, err = said("diff", "infra#shop-execution", "--base", "HEAD")
    assert (code, err, f"\n{end}, 0 undecided" in out) == (int(end[0] != "0"), "", True)
    assert said("diff", "infra#nobody", "--base", "HEAD").err.startswith("error: `infra` has no role `nobody`.")


def test_two_that_are_named_are_compared_whatever_they_are_called(here: Path) -> None:
    write("infra", TASK + APP.replace("GetObject", "PutObject").replace('_policy" "task"', '_policy" "app"'))
    code, out, _ = said("diff", "infra#shop-task", "infra#app")
    assert (code, out.splitlines()[-1]) == (1, "1 gained, 1 lost, 0 undecided")
    assert "+ app: s3:PutObject" in out


def test_a_role_of_a_config_may_be_on_one_side_only(here: Path) -> None:
    config = "project_name: memos\nenvironment: dev\n"
    oidc = "enable_github_oidc: true\ngithub_repo: octo-org/memos\n"
    git("init", "-q")
    (here / "ecsiam.yaml").write_text(config)
    git("add", ".")
    git("commit", "-qm", "one")
    (here / "ecsiam.yaml").write_text(config + oidc)
    code, out, err = said("diff", "ecsiam.yaml#github_actions", "--base", "HEAD")
    assert (code, "+ github_actions (trust): sts:AssumeRoleWithWebIdentity" in out) == (1, True), err
    assert "has no role `nobody`" in said("diff", "ecsiam.yaml#nobody", "--base", "HEAD").err


VARIABLE = 'variable "bucket" {}\n' + TASK.replace(":::shop/", ":::${var.bucket}/")


@pytest.mark.parametrize("absolute", [True, False])
def test_a_file_of_values_is_the_one_of_the_revision(absolute: bool, here: Path) -> None:
    """One that isn't in the repository, as those with secrets aren't, is as it is."""
    git("init", "-q")
    write("infra", VARIABLE)
    (here / ".gitignore").write_text("secret.tfvars")
    for name in ("prod", "secret"):
        (here / f"{name}.tfvars").write_text('bucket = "old"\n')
    git("add", ".")
    git("commit", "-qm", "one")
    for name in ("prod", "secret"):
        (here / f"{name}.tfvars").write_text('bucket = "new"\n')
    where = f"{here}/" if absolute else ""
    code, out, _ = said("diff", "infra", "--base", "HEAD", "--var-file", f"{where}prod.tfvars")
    assert (code, out.splitlines()[-1]) == (1, "1 gained, 1 lost, 0 undecided")
    assert said("diff", "infra", "--base", "HEAD", "--var-file", f"{where}secret.tfvars") == (0, "no change\n", "")


LIMIT = """
resource "aws_iam_policy" "limit" {
  name   = "limit"
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "s3:*", Resource = "*" }] })
}
"""
BOUNDED = LIMIT + TASK.replace(
    'name               = "shop-task"', 'name = "shop-task"\n  permissions_boundary = aws_iam_policy.limit.arn'
)


@pytest.mark.parametrize(
    ("was", "now", "code", "end"),
    [
        (TASK, BOUNDED, 0, "no change"),
        (TASK, BOUNDED.replace("s3:*", "s3:Put*"), 0, "0 gained, 1 lost, 0 undecided"),
        (BOUNDED.replace("s3:*", "s3:Put*"), BOUNDED, 1, "1 gained, 0 lost, 0 undecided"),
        (BOUNDED, BOUNDED.replace("s3:GetObject", "sqs:SendMessage"), 0, "0 gained, 1 lost, 0 undecided"),
        (BOUNDED, BOUNDED.replace('"s3:*"', "var.x"), 3, "0 gained, 0 lost, 1 undecided"),
    ],
)
def test_a_boundary_that_is_here_counts(was: str, now: str, code: int, end: str) -> None:
    write("old", was)
    write("new", now)
    done = said("diff", "old", "new")
    assert (done.code, done.out.splitlines()[-1]) == (code, end)
    asked = ("can", "new", "--action", "s3:GetObject", "--resource", "arn:aws:s3:::shop/a")
    assert said(*asked).code == {"no change": 0, "1 gained, 0 lost, 0 undecided": 0}.get(end, 3 if code else 1)
    assert said("contains", "new#shop-task", "new#shop-task").code in (0, 3)


CALL = 'module "app" {\n  source = "./app"\n}\n'
UNSEEN = {
    "a root that is broken": ({"a": TASK, "b": APP}, {"b": APP + "}"}, "b/main.tf"),
    "a root that was broken": ({"a": TASK, "b": APP + "}"}, {"b": APP}, "b/main.tf"),
    "a module that is broken": ({"a": CALL + TASK, "a/app": APP}, {"a/app": APP + "}"}, "a/app/main.tf"),
    "a module that is elsewhere": (
        {"a": CALL + TASK, "a/app": APP},
        {"a": CALL.replace("./app", "them/app/aws") + TASK, "a/app": "locals {\n}\n"},
        "the module `them/app/aws` isn't here",
    ),
}


@pytest.mark.parametrize("case", UNSEEN)
def test_a_role_in_what_one_side_has_not_read_is_neither_new_nor_gone(case: str, here: Path) -> None:
    was, changed, says = UNSEEN[case]
    for side, folders in (("old", was), ("new", was | changed)):
        for name, text in folders.items():
            write(f"{side}/{name}", text)
    code, out, _ = said("diff", "old", "new")
    assert code == 3
    assert says in "".join(out.splitlines()[0])
    assert ", where `app` may be" in out
    assert out.splitlines()[-1].startswith("0 gained, 0 lost, ")
    assert said("diff", "old#shop-task", "new#shop-task") == (0, "no change\n", "")
    assert said("diff", "new", "new").out == "no change\n"


def test_a_module_from_elsewhere_that_hides_nothing_is_no_change(here: Path) -> None:
    write("old", TASK)
    write("new", CALL.replace("./app", "them/vpc/aws") + TASK)
    assert said("diff", "old", "new") == (0, "no change\n", "")


TEMPLATE = """\
Resources:
  Task:
    Type: AWS::IAM::Role
    Properties:
      RoleName: shop
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Action: sts:AssumeRole, Principal: {Service: ecs-tasks.amazonaws.com}}]
      Policies:
        - PolicyName: jobs
          PolicyDocument:
            Statement: [{Effect: Allow, Action: sqs:SendMessage, Resource: !GetAtt Jobs.Arn}]
  Jobs: {Type: AWS::SQS::Queue}
"""


def test_a_template_by_itself(here: Path) -> None:
    (here / "old.yaml").write_text(TEMPLATE)
    (here / "new.yaml").write_text(TEMPLATE.replace("  Task:", "  App:").replace("!GetAtt Jobs.Arn", "'*'"))
    code, out, _ = said("diff", "old.yaml", "new.yaml")
    assert code == 1
    assert "! shop is replaced: its logical id was `Task` and is `App`\n" in out
    assert "+ shop: sqs:SendMessage on arn:aws:sqs:{aws_region}:{account_id}:{Jobs.name}x\n" in out


def test_values_go_to_the_variables_of_either(here: Path) -> None:
    named = TASK.replace('"shop-task"', '"${var.name}-task"')
    write("old", TASK)
    write("new", 'variable "name" {}\n' + named)
    assert said("diff", "old", "new", "--set", "name=shop") == (0, "no change\n", "")
    code, out, _ = said("diff", "old", "new", "--set", "name=web")
    assert (code, out.splitlines()[0]) == (1, "= shop-task is web-task now (new/main.tf:2)")
    assert said("diff", "old", "new", "--set", "nme=web").err == "error: neither leaves `nme` to deployment\n"
