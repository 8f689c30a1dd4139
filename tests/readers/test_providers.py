"""OIDC providers of Terraform and templates: whose tokens they are for, and for which audiences."""

import json
from pathlib import Path

import pytest

from ecsiam.readers.reader import read

ISSUER = "token.actions.githubusercontent.com"
TERRAFORM = 'resource "aws_iam_openid_connect_provider" "a" {{\n  url = "https://{}"\n  client_id_list = {}\n}}\n'
CASES = {
    "Terraform's": ("main.tf", TERRAFORM.format(ISSUER, '["a", "b"]'), ("a", "b")),
    "Terraform's, not known": ("main.tf", TERRAFORM.format(ISSUER, '["a", var.b]'), None),
    "Terraform's, a list that isn't known": ("main.tf", TERRAFORM.format(ISSUER, "var.b"), None),
    "a template's": ("t.json", ["a", "b"], ("a", "b")),
    "a template's, not known": ("t.json", ["a", {"Ref": "AWS::StackName"}], None),
}


@pytest.mark.parametrize("name", CASES)
def test_the_audiences_of_a_provider(name: str, tmp_path: Path) -> None:
    file, content, audiences = CASES[name]
    if not isinstance(content, str):
        given = {"Url": f"https://{ISSUER}", "ClientIdList": content}
        content = json.dumps({"Resources": {"Gh": {"Type": "AWS::IAM::OIDCProvider", "Properties": given}}})
    (tmp_path / file).write_text(content)
    (one,) = read(tmp_path, root=tmp_path).providers
    assert (one.issuer, one.audiences) == (ISSUER, audiences)
