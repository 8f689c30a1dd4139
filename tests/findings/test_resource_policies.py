"""What a key's own policy allows a role, none of the role's has to: as the CDK writes it."""

from pathlib import Path

import pytest

from ecsiam.findings import check
from ecsiam.findings.documents import as_read, example
from ecsiam.model.policy import Policy
from ecsiam.model.principal import EVERYONE
from ecsiam.model.role import Role, RolePolicy
from ecsiam.model.statement import Statement
from ecsiam.model.text import Text
from ecsiam.readers.found import symbol
from ecsiam.readers.reader import read

SHAPES = Path(__file__).parent / "shapes"

# Whom the key's policy lets decrypt, in CloudFormation and in Terraform, and what comes of it.
WHOM = {
    "the role": ("!GetAtt ExecutionRole.Arn", "aws_iam_role.execution.arn", "met"),
    "everyone, of some account": ('"*"', '"*"', "open"),
    "everyone of the account": ('"*"', '"*"', "met"),
    "nobody knows whom": ('!ImportValue "users"', "var.users", "open"),
    "the account, which leaves it to IAM": (
        '!Sub "arn:aws:iam::${AWS::AccountId}:root"',
        '"arn:aws:iam::123456789012:root"',
        "missing",
    ),
    "another role": ('!Sub "arn:aws:iam::${AWS::AccountId}:role/other"', '"arn:aws:iam::123:role/other"', "missing"),
}


def outcome(path: Path) -> str:
    found = check(read(path))
    about = [*(f.fact for f in found.findings if f.rule == "missing"), *(u.fact for u in found.undecided)]
    assert all("reads" in fact for fact in about)
    return "missing" if any("kms:Decrypt" in fact for fact in about) else "open" if about else "met"


@pytest.mark.parametrize("whom", WHOM)
def test_a_key_in_a_template(whom: str, tmp_path: Path) -> None:
    principal, _, expected = WHOM[whom]
    text = (SHAPES / "cfn_key" / "template.yaml").read_text(encoding="utf-8")
    text = text.replace("Action: kms:Decrypt", "Action: kms:Encrypt")
    accounts = {"everyone, of some account": '"111122223333"', "everyone of the account": "!Ref AWS::AccountId"}
    account = accounts.get(whom)
    condition = f"Condition: {{StringEquals: {{kms:CallerAccount: {account}}}}}, " if account else ""
    statement = f'{{Effect: Allow, Action: "kms:Decrypt", {condition}Resource: "*", Principal: {{AWS: {principal}}}}}'
    (tmp_path / "t.yaml").write_text(
        text.replace("EnableKeyRotation: true", f"KeyPolicy: {{Statement: [{statement}]}}")
    )
    assert outcome(tmp_path) == expected


@pytest.mark.parametrize("apart", [False, True], ids=["of the key", "apart"])
@pytest.mark.parametrize("whom", WHOM)
def test_a_key_in_terraform(whom: str, apart: bool, tmp_path: Path) -> None:
    _, principal, expected = WHOM[whom]
    text = (SHAPES / "tf_key" / "main.tf").read_text(encoding="utf-8")
    text = text.replace('["kms:Decrypt"]', '["kms:Encrypt"]') + 'variable "users" {}\n'
    text += 'data "aws_caller_identity" "here" {}\n'
    accounts = {
        "everyone, of some account": '"1"',
        "everyone of the account": "data.aws_caller_identity.here.account_id",
    }
    account = accounts.get(whom)
    condition = f'Condition = {{ StringEquals = {{ "kms:CallerAccount" = {account} }} }}, ' if account else ""
    policy = (
        "policy = jsonencode({ Statement = [{ "
        f'Effect = "Allow", Action = "kms:Decrypt", {condition}Resource = "*", '
        f"Principal = {{ AWS = {principal} }} }}] }})"
    )
    if apart:
        text += f'resource "aws_kms_key_policy" "k" {{\n  key_id = aws_kms_key.secrets.id\n  {policy}\n}}\n'
    else:
        text = text.replace('description = "for secrets"', policy)
    (tmp_path / "main.tf").write_text(text)
    assert outcome(tmp_path) == expected


def test_names_in_what_is_said_of_examples_are_put_back_whole() -> None:
    """A single letter of a secret's ARN may stand in any word of the sentence."""
    secrets = [
        Text.of("arn:aws:secretsmanager:eu-west-1:1:secret:", symbol(f"S{i}", "name"), "-", *six)
        for i in range(3)
        if (six := [symbol(f"S{i}", f"letter{n}") for n in range(6)])
    ]
    statement = Statement("Allow", "secretsmanager:GetSecretValue", secrets)
    trust = Statement("Allow", "sts:AssumeRole", principals=EVERYONE)
    role = Role("r", name="qQz0", trust=Policy([trust]), policies=[RolePolicy("p", "p", Policy([statement]))])
    (policy,) = example(role).policies.values()
    (resources,) = (statement.resources for statement in policy.document.statements)
    assert resources is not None
    found = {str(as_read(f"Qz0 is what v, w and x are: {one}", role)) for one in resources.items}
    assert found == {f"Qz0 is what v, w and x are: {one}" for one in secrets}
