"""Whatever a root of Terraform calls a role, a policy or a key: what is named so is found, and a fault with it."""

from pathlib import Path

import pytest

from ecsiam.findings import check
from ecsiam.readers.reader import read

TRUST = (
    'jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", '
    'Principal = { Service = "ecs-tasks.amazonaws.com" } }] })'
)
ROOT = """
provider "aws" {{ region = "eu-west-1" }}
variable "env" {{}}
data "aws_caller_identity" "me" {{}}
resource "aws_kms_key" "k" {{}}
resource "aws_kms_alias" "k" {{
  name          = "alias/k"
  target_key_id = aws_kms_key.k.key_id
}}
data "aws_iam_role" "exec" {{ name = "shop-${{var.env}}" }}
resource "aws_secretsmanager_secret" "s" {{
  name       = "s"
  kms_key_id = {key}
}}
resource "aws_iam_role" "exec" {{
  name               = "shop-${{var.env}}"
  path               = "/ecs/"
  assume_role_policy = {trust}
}}
resource "aws_iam_policy" "p" {{
  name   = "read-${{var.env}}"
  policy = jsonencode({{ Version = "2012-10-17", Statement = [
    {{ Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = aws_secretsmanager_secret.s.arn }},
    {{ Effect = "Allow", Action = "kms:Decrypt", Resource = {granted} }},
  ] }})
}}
resource "aws_iam_role_policy_attachment" "p" {{
  role       = {attached_to}
  policy_arn = {policy}
}}
resource "aws_ecs_task_definition" "t" {{
  family                = "t"
  execution_role_arn    = {role}
  container_definitions = jsonencode([{{ name = "c", image = "nginx", secrets = [
    {{ name = "S", valueFrom = aws_secretsmanager_secret.s.arn }}
  ] }}])
}}
"""
PLAIN = {
    "key": "aws_kms_key.k.arn",
    "granted": "aws_kms_key.k.arn",
    "attached_to": "aws_iam_role.exec.name",
    "policy": "aws_iam_policy.p.arn",
    "role": "aws_iam_role.exec.arn",
    "trust": TRUST,
}
ME = "${data.aws_caller_identity.me.account_id}"
WAYS = {
    "key": [
        "aws_kms_key.k.key_id",
        "aws_kms_alias.k.arn",
        "aws_kms_alias.k.name",
        "aws_kms_alias.k.target_key_arn",
        '"alias/k"',
        f'"arn:aws:kms:eu-west-1:{ME}:key/${{aws_kms_key.k.key_id}}"',
    ],
    "granted": [
        "aws_kms_alias.k.target_key_arn",
        f'"arn:aws:kms:eu-west-1:{ME}:key/${{aws_kms_alias.k.target_key_id}}"',
    ],
    "attached_to": ["aws_iam_role.exec.id", '"shop-${var.env}"', "data.aws_iam_role.exec.name"],
    "policy": [f'"arn:aws:iam::{ME}:policy/read-${{var.env}}"', '"arn:aws:iam::123456789012:policy/read-${var.env}"'],
    "role": [f'"arn:aws:iam::{ME}:role/ecs/shop-${{var.env}}"', "data.aws_iam_role.exec.arn"],
}


def found(tmp_path: Path, **ways: str) -> tuple[list[str], list[str]]:
    (tmp_path / "main.tf").write_text(ROOT.format(**{**PLAIN, **ways}), encoding="utf-8")
    checked = check(read(tmp_path, root=tmp_path))
    assert checked.gaps == ()
    return [one.rule for one in checked.findings], [str(one) for one in checked.undecided]


@pytest.mark.parametrize(("what", "way"), [(what, way) for what, of in WAYS.items() for way in of])
def test_what_is_named_in_another_way_is_found(what: str, way: str, tmp_path: Path) -> None:
    assert found(tmp_path, **{what: way}) == ([], [])


@pytest.mark.parametrize("way", [PLAIN["key"], *WAYS["key"]])
def test_a_key_that_is_not_granted_is_missed_whatever_it_is_called(way: str, tmp_path: Path) -> None:
    other = '"arn:aws:kms:eu-west-1:123456789012:key/0b1c2d3e-0000-4444-8888-0123456789ab"'
    rules, undecided = found(tmp_path, key=way, granted=other)
    assert "missing" in rules or undecided


def test_the_key_of_an_alias_that_is_not_here_is_not_known(tmp_path: Path) -> None:
    rules, undecided = found(tmp_path, key='"alias/elsewhere"')
    assert rules == []
    assert len(undecided) == 1


def test_a_policy_for_another_role_of_a_like_name_is_not_given(tmp_path: Path) -> None:
    rules, _ = found(tmp_path, attached_to='"shop-${var.env}-task"')
    assert "missing" in rules
