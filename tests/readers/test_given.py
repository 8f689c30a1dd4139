"""What is given to a reading: values for variables and parameters, and the files that Terraform's functions read."""

import json
from pathlib import Path

import pytest

from ecsiam.errors import ReadError
from ecsiam.readers.reader import read

from ..command_line import said

HOME = ("--set", "account_id=123456789012", "--set", "aws_region=eu-west-2", "--set", "partition=aws")
TRUST = 'jsonencode({ Version = "2012-10-17", Statement = [] })'
TERRAFORM = f"""\
variable "environment" {{
  type = string
}}

variable "names" {{
  type    = list(string)
  default = []
}}

resource "aws_iam_role" "task" {{
  name               = "memos-${{var.environment}}"
  assume_role_policy = {TRUST}
}}

resource "aws_iam_role" "of" {{
  for_each           = toset(var.names)
  name               = each.key
  assume_role_policy = {TRUST}
}}
"""
TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  environment: {Type: String}
Resources:
  Task:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Sub "memos-cfn-${environment}-${AWS::Region}"
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: []}
"""


def names(reading_of: Path, **given: str) -> set[str]:
    return {str(role.role.name) for role in read(reading_of, values=given).roles.values()}


def test_values_are_of_terraform_and_of_templates(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(TERRAFORM)
    (tmp_path / "template.yaml").write_text(TEMPLATE)

    assert names(tmp_path, environment="prod", names='["a", "b"]') == {
        *("memos-prod", "a", "b"),
        "memos-cfn-prod-{aws_region}",
    }


def test_a_pseudo_parameter_can_be_given(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(TEMPLATE)

    found = read(tmp_path, values={"environment": "dev", "AWS::Region": "eu-central-1"})

    assert [str(role.role.name) for role in found.roles.values()] == ["memos-cfn-dev-eu-central-1"]


def test_a_value_that_nothing_takes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(TERRAFORM)

    with pytest.raises(ReadError, match="nothing has a variable or parameter `enviroment`"):
        names(tmp_path, enviroment="prod")


def test_a_value_that_is_no_expression_is_refused(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(TERRAFORM)

    with pytest.raises(ReadError, match="expected a value"):
        names(tmp_path, environment="prod", names="[")


def test_files_of_values_and_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "main.tf").write_text(TERRAFORM)
    (tmp_path / "prod.tfvars").write_text('names = ["web"]\n')
    options = ("--set", "environment=prod", "--var-file", str(tmp_path / "prod.tfvars"), "--format", "json")

    code, out, err = said("check", str(tmp_path / "infra"), "--root", str(tmp_path), *options)

    assert (code, err) == (0, "")
    assert json.loads(out)["roles"] == 2


FILES = {
    "prod.tfvars": 'environment = "prod"\nnames = ["a", "b"]\n',
    "prod.tfvars.json": '{"environment": "prod", "names": ["a", "b"]}',
    "stack.json": '{"Parameters": {"environment": "prod", "names": ["a", "b"]}, "Tags": {}}',
    "create.json": """[{"ParameterKey": "environment", "ParameterValue": "prod"},
        {"ParameterKey": "names", "ParameterValue": ["a", "b"]}]""",
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_values_is_one_of_terraform_or_of_cloudformation(tmp_path: Path, name: str) -> None:
    """Either is for both; it may be anywhere, since somebody named it."""
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "main.tf").write_text(TERRAFORM)
    (tmp_path / "infra" / "template.yaml").write_text(TEMPLATE)
    (tmp_path / name).write_text(FILES[name])

    found = read(tmp_path / "infra", var_files=[tmp_path / name])

    assert {str(role.role.name) for role in found.roles.values()} == {
        *("memos-prod", "a", "b"),
        "memos-cfn-prod-{aws_region}",
    }


def test_a_parameter_that_is_a_list_has_commas(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "deploy.json").write_text('["environment=a", "other=b"]')
    (tmp_path / "list.tfvars").write_text('environment = ["x", 1, true]\n')

    for file, name in (("deploy.json", "a"), ("list.tfvars", "x,1,true")):
        (role,) = read(tmp_path, var_files=[tmp_path / file]).roles.values()
        assert str(role.role.name) == f"memos-cfn-{name}-{{aws_region}}"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('enviroment = "prod"\n', "nothing takes any of its values"),
        ("", "nothing takes any of its values"),
        ("environment = other\n", "`other` has no meaning in a file of values"),
        ('environment = upper("a")\n', "a file of values calls no function"),
        ("environment {\n}\n", "a file of values has no blocks"),
        ("environment = [\n", "expected a value"),
    ],
)
def test_a_file_of_values_that_is_none_is_refused(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "main.tf").write_text(TERRAFORM)
    (tmp_path / "x.tfvars").write_text(content)

    with pytest.raises(ReadError, match=says):
        read(tmp_path, var_files=[tmp_path / "x.tfvars"])


def test_the_command_line_wins_over_a_file_and_a_later_file_over_one_before(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    for name in ("a", "b"):
        (tmp_path / f"{name}.tfvars").write_text(f'environment = "{name}"\n')
    files = [tmp_path / "a.tfvars", tmp_path / "b.tfvars"]

    for values, expected in (({}, "b"), ({"environment": "c"}, "c")):
        (role,) = read(tmp_path, values=values, var_files=files).roles.values()
        assert str(role.role.name).startswith(f"memos-cfn-{expected}-")


COMMANDS = [
    ("can", "{}", "--action", "s3:GetObject"),
    ("can", "{}#memos-prod", "--action", "s3:GetObject"),
    ("simulate", "{}", "--role", "memos-prod", "--action", "s3:GetObject", "--resource", "*", *HOME),
    ("prove", "{}", "--only", "flags"),
    ("contains", "{}#memos-prod", "{}#memos-prod"),
    ("overlaps", "{}#memos-prod", "{}#memos-prod"),
    ("diff", "{}", "{}"),
    ("diff", "{}#memos-prod", "{}"),
    ("check", "{}"),
    ("trust", "{}#memos-prod", "--token", "-"),
    ("init", "-", "--from", "{}"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_that_reads_takes_values(tmp_path: Path, command: tuple[str, ...]) -> None:
    """One by one and in a file; and each refuses what nothing takes."""
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "main.tf").write_text(TERRAFORM)
    (tmp_path / "prod.tfvars").write_text('environment = "prod"\n')
    (tmp_path / "other.tfvars").write_text('other = "prod"\n')
    asked = tuple(word.format(tmp_path / "infra") for word in command)
    token = b'{"iss": "https://token.actions.githubusercontent.com", "sub": "x"}'

    given = [
        said(*asked, *option, stdin=token)
        for option in (("--set", "environment=prod"), ("--var-file", str(tmp_path / "prod.tfvars")))
    ]

    assert given[0] == given[1]
    assert "environment" not in given[0].err
    for wrong in (("--set", "othr=x"), ("--var-file", str(tmp_path / "other.tfvars"))):
        done = said(*asked, "--set", "environment=prod", *wrong, stdin=token)
        assert (done.code, "othr" in done.err or "nothing takes any of its values" in done.err) == (2, True), done


# ---------------------------------------------------------------- functions that read files

ROLES = """\
locals {
  config = yamldecode(file("${path.module}/roles.yaml"))
}

resource "aws_iam_role" "of" {
  for_each           = local.config.roles
  name               = each.key
  path               = each.value.path
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}

resource "aws_iam_role_policy" "of" {
  for_each = fileset(path.module, "PATTERN")
  name     = each.value
  role     = aws_iam_role.of["web"].name
  policy   = file("${path.module}/${each.value}")
}
"""


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("policies/*.json", ["policies/a.json"]),
        ("policies/**/*.json", ["policies/a.json", "policies/more/b.json"]),
        ("**/{a,b}.json", ["policies/a.json", "policies/more/b.json"]),
        ("policies/[!b].json", ["policies/a.json"]),
        ("policies/?.txt", []),
    ],
)
def test_fileset_and_yamldecode(tmp_path: Path, pattern: str, found: list[str]) -> None:
    (tmp_path / "main.tf").write_text(ROLES.replace("PATTERN", pattern))
    (tmp_path / "roles.yaml").write_text("roles:\n  web: {path: /no/}\n  no: {path: '/'}\n")
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    for name in ("policies/a.json", "policies/more/b.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json.dumps(document))

    roles = {role.name: role for role in read(tmp_path).roles.values() if role.address.startswith("aws_iam_role")}

    assert {name: role.role.path for name, role in roles.items()} == {"no": "/", "web": "/no/"}
    assert sorted(roles["web"].role.policies) == found
    assert not roles["web"].gaps


@pytest.mark.parametrize("pattern", ["[", "{a", "**/**/**", "***a*b*c", "a" * 2_000])
def test_a_pattern_that_is_none_or_too_much_is_a_gap(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "main.tf").write_text(ROLES.replace("PATTERN", pattern))
    (tmp_path / "roles.yaml").write_text("roles:\n  web: {path: /no/}\n")

    assert any("is no pattern of files" in gap.why for gap in read(tmp_path).gaps)
