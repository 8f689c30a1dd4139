"""What is given to a reading: values for variables and parameters, and the files that Terraform's functions read."""

import json
from pathlib import Path

import pytest

from ecsiam.errors import ReadError
from ecsiam.readers.reader import read

from ..command_line import said

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
