"""Roles that a workflow assumes one as another: what is found of the first, of the second, and what is silent."""

from pathlib import Path

import pytest

from ecsiam.findings import check
from ecsiam.readers.reader import read

FLOW = """on: {push: {branches: [main]}}
permissions: {id-token: write}
jobs:
  deploy:
    runs-on: ubuntu-latest
    steps:
      - uses: aws-actions/configure-aws-credentials@v4
        with: {role-to-assume: 'arn:aws:iam::111111111111:role/first', aws-region: eu-west-1}
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          role-to-assume: arn:aws:iam::SECOND:role/second
          role-chaining: true
          aws-region: eu-west-1
      - run: aws ecs update-service --cluster shop --service web
"""
ROLES = """
resource "aws_iam_role" "first" {
  name = "first"
  assume_role_policy = jsonencode({Version = "2012-10-17", Statement = [{
    Effect = "Allow", Action = "sts:AssumeRoleWithWebIdentity"
    Principal = {Federated = "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com"}
    Condition = {StringEquals = {
      "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
      "token.actions.githubusercontent.com:sub" = "repo:acme/shop:ref:refs/heads/main"
    }}
  }]})
}
resource "aws_iam_role_policy" "first" {
  role = aws_iam_role.first.name
  policy = jsonencode({Version = "2012-10-17", Statement = [{
    Effect = "Allow", Action = FIRST_MAY, Resource = "arn:aws:iam::SECOND:role/second"
  }]})
}
resource "aws_iam_role" "second" {
  name = "second"
  assume_role_policy = jsonencode({Version = "2012-10-17", Statement = [{
    Effect = "Allow", Action = LETS_IN, Principal = {AWS = WHOM}
  }]})
}
resource "aws_iam_role_policy" "second" {
  role = aws_iam_role.second.name
  policy = jsonencode({Version = "2012-10-17", Statement = [{
    Effect = "Allow", Action = "ecs:UpdateService", Resource = "*"
  }]})
}
"""
BOTH = '["sts:AssumeRole", "sts:TagSession"]'
SELF, ITS_ACCOUNT = '"arn:aws:iam::111111111111:role/first"', '"arn:aws:iam::111111111111:root"'


def found(
    tmp_path: Path,
    flow: str = FLOW,
    may: str = BOTH,
    lets: str = BOTH,
    whom: str = ITS_ACCOUNT,
    account: str = "2" * 12,
) -> list[tuple[str, int | None, str]]:
    (tmp_path / ".github/workflows").mkdir(parents=True)
    (tmp_path / ".github/workflows/a.yml").write_text(flow.replace("SECOND", account))
    roles = ROLES.replace("FIRST_MAY", may).replace("LETS_IN", lets).replace("WHOM", whom).replace("SECOND", account)
    (tmp_path / "main.tf").write_text(roles)
    return [(f.rule, f.place.line, f.request) for f in check(read(tmp_path, root=tmp_path)).findings]


SILENT = {
    "the account": {},
    "the role": {"whom": SELF},
    "the role by its address": {"whom": "aws_iam_role.first.arn"},
    "everybody": {"whom": '"*"'},
    "whom nobody knows": {"whom": "var.who"},
    "a session": {"whom": '"arn:aws:sts::111111111111:assumed-role/first/GitHubActions"'},
    "named itself, in its own account": {"whom": SELF, "may": '"sts:GetCallerIdentity"', "account": "1" * 12},
    "without tags": {
        "may": '"sts:AssumeRole"',
        "lets": '"sts:AssumeRole"',
        "flow": FLOW.replace("role-chaining: true", "role-chaining: true\n          role-skip-session-tagging: true"),
    },
    "a chain that may not be": {
        "whom": '"333333333333"',
        "flow": FLOW.replace("chaining: true", "chaining: ${{ vars.X }}"),
    },
}


@pytest.mark.parametrize("name", SILENT)
def test_a_chain_that_may_be_right_is_silent(name: str, tmp_path: Path) -> None:
    assert [f for f in found(tmp_path, **SILENT[name]) if f[0] in ("chain-refused", "missing")] == []


ARN = "arn:aws:iam::222222222222:role/second"
FAULTS = {
    "another role": ({"whom": '"arn:aws:iam::111111111111:role/other"'}, "chain-refused", "sts:AssumeRole on "),
    "another account": ({"whom": '"333333333333"'}, "chain-refused", "sts:AssumeRole on "),
    "a pattern": ({"whom": '"arn:aws:iam::111111111111:role/*"'}, "chain-refused", "sts:AssumeRole on "),
    "without tags": ({"lets": '"sts:AssumeRole"'}, "chain-refused", "sts:TagSession on "),
    "a first role that may not": ({"may": '"sts:GetCallerIdentity"'}, "missing", f"sts:AssumeRole on {ARN}"),
    "a first role that may not tag": ({"may": '"sts:AssumeRole"'}, "missing", f"sts:TagSession on {ARN}"),
    "named itself, of another account": (
        {"whom": SELF, "may": '"sts:AssumeRole"'}, "missing", f"sts:TagSession on {ARN}"
    ),
}  # fmt: skip


BY_SCRIPT = (
    FLOW.partition("      - uses: aws-actions/configure-aws-credentials@v4\n        with:\n")[0]
    + """
      - run: |
          C=$(aws sts assume-role --role-arn arn:aws:iam::SECOND:role/second --role-session-name ci)
          export AWS_ACCESS_KEY_ID=$(echo "$C" | jq -r .Credentials.AccessKeyId)
          aws ecs update-service --cluster shop --service web
"""
)


def test_a_chain_by_a_script_is_one_too(tmp_path: Path) -> None:
    assert [
        f for f in found(tmp_path, BY_SCRIPT, may='"sts:AssumeRole"', lets='"sts:AssumeRole"') if f[0] != "idle"
    ] == []


@pytest.mark.parametrize(
    ("given", "rule"),
    [({"whom": '"333333333333"'}, "chain-refused"), ({"may": '"sts:GetCallerIdentity"'}, "missing")],
)
def test_a_chain_by_a_script_breaks_where_it_assumes(given: dict[str, str], rule: str, tmp_path: Path) -> None:
    ((of, line, asked),) = [f for f in found(tmp_path, BY_SCRIPT, **given) if f[0] in ("chain-refused", "missing")]
    assert (of, line, asked[: len(f"sts:AssumeRole on {ARN}")]) == (rule, 11, f"sts:AssumeRole on {ARN}")


@pytest.mark.parametrize("name", FAULTS)
def test_a_chain_that_breaks_is_found_at_its_second_login(name: str, tmp_path: Path) -> None:
    given, rule, request = FAULTS[name]
    ((of, line, asked),) = [f for f in found(tmp_path, **given) if f[0] in ("chain-refused", "missing")]
    assert (of, line, asked[: len(request)]) == (rule, 11, request)
