"""The commands asked about what people have: folders, and `PATH#ROLE`."""

import json
import subprocess
from pathlib import Path

import pytest

import ecsiam
from ecsiam.targets import TARGETS, TargetName

from .command_line import said

ROOT = Path(__file__).resolve().parents[1]
ROLE = """
resource "aws_iam_role" "task" {{
  name               = "shop-task"
  assume_role_policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [
      {{ Effect = "Allow", Action = "sts:AssumeRole", Principal = {{ Service = "ecs-tasks.amazonaws.com" }} }}
    ]
  }})
}}

resource "aws_iam_role_policy" "task" {{
  role   = aws_iam_role.task.name
  policy = {policy}
}}
"""
KNOWN = """jsonencode({{
    Version   = "2012-10-17"
    Statement = [{{ Effect = "Allow", Action = {actions}, Resource = "arn:aws:s3:::shop-uploads/*" }}]
  }})"""


def root(directory: Path, actions: str = '["s3:GetObject"]', policy: str = "") -> str:
    directory.mkdir(exist_ok=True)
    text = ROLE.format(policy=policy or KNOWN.format(actions=actions))
    (directory / "main.tf").write_text(text, encoding="utf-8")
    return str(directory)


@pytest.mark.parametrize(("action", "code"), [("s3:GetObject", 0), ("s3:PutObject", 1)])
@pytest.mark.parametrize("named", ["", "#shop-task"])
def test_can(action: str, code: int, named: str, tmp_path: Path) -> None:
    path = root(tmp_path / "infra") + named
    assert said("can", path, "--action", action, "--resource", "arn:aws:s3:::shop-uploads/a").code == code


BOUNDED = """Resources:
  Task:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {{Statement: [{{Effect: Allow, Principal: {{Service: x}}, Action: "sts:AssumeRole"}}]}}
      PermissionsBoundary: !Ref Limits
      Policies:
        - PolicyName: p
          PolicyDocument: {{Statement: [{{Effect: Allow, Action: ["sqs:*", "s3:*"], Resource: !GetAtt Queue.Arn}}]}}
  Queue: {{Type: AWS::SQS::Queue}}
  Limits:
    Type: AWS::IAM::ManagedPolicy
    Properties: {{PolicyDocument: {{Statement: [{{Effect: Allow, Action: {}, Resource: "*"}}]}}}}
"""


def test_a_boundary_that_was_read_is_known(tmp_path: Path) -> None:
    """Also on both sides of what is compared, where it says something else."""
    wide, narrow = tmp_path / "wide.yaml", tmp_path / "narrow.yaml"
    wide.write_text(BOUNDED.format('"sqs:*"'), encoding="utf-8")
    narrow.write_text(BOUNDED.format('"sqs:Send*"'), encoding="utf-8")
    asked = ("--action", "sqs:ReceiveMessage")
    assert said("can", f"{wide}#Task", *asked).out.splitlines()[0].split() == ["yes", "Task"]
    assert "arn:aws:sqs:{aws_region}:{account_id}:{Queue.name}" in said("can", f"{wide}#Task", *asked).out
    assert said("can", f"{narrow}#Task", *asked).code == 1
    assert said("contains", f"{wide}#Task", f"{wide}#Task").code == 0
    lost = said("diff", str(wide), str(narrow))
    assert lost.code == 0
    assert "- Task: sqs:AddPermission on" in lost.out
    assert "0 gained, 19 lost, 0 undecided" in lost.out
    assert said("diff", str(narrow), str(wide)).code == 1
    assert said("diff", str(wide), str(wide)).out.startswith("no change")


def test_a_role_is_called_by_the_end_of_its_address_too(tmp_path: Path) -> None:
    inner = BOUNDED.format('"*"')
    (tmp_path / "inner.yaml").write_text(inner, encoding="utf-8")
    outer = "Resources: {In: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: inner.yaml}}}\n"
    (tmp_path / "outer.yaml").write_text(outer, encoding="utf-8")
    for named in ("In.Task", "Task"):
        assert said("can", f"{tmp_path}#{named}", "--action", "sqs:SendMessage").code == 0


def test_of_a_part_that_was_not_understood_nothing_is_said_for_certain(tmp_path: Path) -> None:
    path = root(tmp_path / "infra", policy="data.terraform_remote_state.x.outputs.policy")
    done = said("can", path, "--action", "s3:PutObject")
    assert done.code == 3
    assert "main.tf" in done.out


def test_simulate(tmp_path: Path) -> None:
    path = root(tmp_path / "infra")
    home = ("--set", "account_id=123456789012", "--set", "aws_region=eu-west-2", "--set", "partition=aws")
    given = ("--role", "shop-task", "--action", "s3:GetObject", "--resource", "arn:aws:s3:::shop-uploads/a")
    assert said("simulate", path, *home, *given).code == 0


def test_prove_writes_nothing_that_was_read(tmp_path: Path) -> None:
    """What it is called only AWS knows, and no target can say it."""
    path = root(tmp_path / "infra")
    main = tmp_path / "infra" / "main.tf"
    main.write_text(main.read_text().replace('name               = "shop-task"', ""))
    assert said("prove", path, "--only", "targets").out.startswith("holds")


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_not_known_of_what_was_read_is_emitted_for_no_target(target: TargetName) -> None:
    stack = ecsiam.read("examples/checked").stack()
    known = {"account_id": "123456789012", "aws_region": "eu-west-1"}
    with pytest.raises(ecsiam.EmitError, match="isn't known of what was read: `aws_"):
        ecsiam.emit(stack, target, bind=known if target == "iam" else None)


def test_diff(tmp_path: Path) -> None:
    old, new = root(tmp_path / "old"), root(tmp_path / "new", '["s3:GetObject", "s3:PutObject"]')
    done = said("diff", old, new)
    assert done.code == 1
    assert "+ shop-task: s3:PutObject on arn:aws:s3:::shop-uploads/" in done.out
    assert said("diff", old, old).code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("can", "{}#nobody", "--action", "s3:GetObject"), "has no role `nobody`"),
        (("can", "{}/empty", "--action", "s3:GetObject"), "has no role"),
        (("can", "{}/nowhere#x", "--action", "s3:GetObject"), "there is no"),
        (("check", "{}/empty"), "has neither a role nor a task definition"),
        (("check", "{}/nowhere"), "there is no"),
    ],
)
def test_what_is_not_there(arguments: tuple[str, ...], says: str, tmp_path: Path) -> None:
    path = root(tmp_path / "infra")
    (tmp_path / "infra" / "empty").mkdir()
    done = said(*(one.format(path) for one in arguments))
    assert done.code == 2
    assert says in done.err
    assert "Traceback" not in done.err


def git(directory: Path, *arguments: str) -> None:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(directory), *who, *arguments], check=True, capture_output=True)


def test_diff_with_a_revision(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    path = root(tmp_path / "infra")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    root(tmp_path / "infra", '["s3:GetObject", "s3:PutObject"]')
    (tmp_path / "link").symlink_to("/etc")
    before = sorted(tmp_path.rglob("*"))
    for name in (path, f"{path}#shop-task"):
        done = said("diff", name, "--base", "HEAD")
        assert (done.code, done.err) == (1, "")
        assert "+ shop-task: s3:PutObject on arn:aws:s3:::shop-uploads/" in done.out
    assert sorted(tmp_path.rglob("*")) == before
    git(tmp_path, "commit", "-qam", "two")
    assert said("diff", path, "--base", "HEAD").code == 0


@pytest.mark.parametrize("revision", ["nothing", "--help", "HEAD~1", ""])
def test_a_revision_that_is_none(revision: str, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    path = root(tmp_path / "infra")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    done = said("diff", path, f"--base={revision}")
    assert done.code == 2
    assert "git: " in done.err


def test_a_path_in_no_repository(tmp_path: Path) -> None:
    done = said("diff", root(tmp_path / "infra"), "--base", "HEAD")
    assert done.code == 2
    assert "git: not a git repository" in done.err


@pytest.mark.parametrize("named", ["--role", "#"])
def test_a_name_that_two_roots_have_is_asked_for(named: str, tmp_path: Path) -> None:
    """What to write instead stands in the message, and is answered; without a name both are."""
    for name, action in (("dev", "s3:GetObject"), ("prod", "s3:PutObject")):
        root(tmp_path / name, f'["{action}"]')
    asked = ("can", f"{tmp_path}#shop-task") if named == "#" else ("can", str(tmp_path), "--role", "shop-task")
    done = said(*asked, "--action", "s3:PutObject")
    assert done.code == 2
    roles = [f"{tmp_path / name}:aws_iam_role.task" for name in ("dev", "prod")]
    keys = [f"{tmp_path}#{role}" for role in roles]
    listed = "".join(f"`{one}`" for one in (keys if named == "#" else roles))
    assert listed in "".join(done.err.split()).replace(",", "")
    both = said("can", str(tmp_path), "--action", "s3:PutObject").out
    assert all(role in "".join(both.split()) for role in roles)
    assert [said("can", key, "--action", "s3:PutObject").code for key in keys] == [1, 0]


def dump(directory: Path) -> str:
    """What AWS prints of an account: all its ARNs are known, and a region none has."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
    allow = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [allow]}
    roles = [
        {
            "RoleName": name,
            "Arn": f"arn:aws:iam::111122223333:role/{name}",
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "RolePolicyList": [{"PolicyName": "a", "PolicyDocument": document}],
        }
        for name in ("web", "jobs")
    ]
    (directory / "account.json").write_text(json.dumps({"RoleDetailList": roles}))
    return str(directory / "account.json")


QUESTIONS = [
    (("can", "{}", "--action", "s3:GetObject"), "yes        web"),
    (("can", "{}#web", "--action", "sts:AssumeRole", "--resource", "arn:aws:iam::111122223333:role/web"), "yes"),
    (("simulate", "{}#web", "--action", "s3:GetObject", "--resource", "arn:aws:s3:::a/b"), "allowed"),
    (("simulate", "{}", "--role", "web", "--action", "s3:GetObject", "--resource", "arn:aws:s3:::a/b"), "allowed"),
    (("simulate", "examples/memos.yaml#task", "--action", "s3:GetObject", "--resource", "*"), "implicitly"),
]


@pytest.mark.parametrize(("question", "says"), QUESTIONS, ids=[" ".join(question[:2]) for question, _ in QUESTIONS])
def test_a_role_is_asked_by_its_name_and_at_home_where_its_arn_says(
    question: tuple[str, ...], says: str, tmp_path: Path
) -> None:
    path = dump(tmp_path)
    done = said(*(word.format(path) for word in question))
    assert says in done.out, done.err


def test_who_may_assume_a_role_whose_account_nobody_knows(tmp_path: Path) -> None:
    path = root(tmp_path / "infra")
    asked = ("can", path, "--action", "sts:AssumeRole", "--resource")
    assert said(*asked, "arn:aws:iam::111122223333:role/shop-task").code == 0
    assert said(*asked, "arn:aws:iam::111122223333:role/shop-other").code == 1


def test_what_was_not_read_may_have_a_role_that_can(tmp_path: Path) -> None:
    for name in ("a", "b"):
        root(tmp_path / name)
    (tmp_path / "b" / "main.tf").write_text("}")
    asked = ("--action", "s3:PutObject")
    done = said("can", str(tmp_path), *asked)
    assert (done.code, "note: not asked about: " in done.err, "b/main.tf" in done.err) == (3, True, True)
    assert said("can", str(tmp_path), "--action", "s3:GetObject").code == 0
    assert said("can", f"{tmp_path}#shop-task", *asked)[::2] == (1, "")
