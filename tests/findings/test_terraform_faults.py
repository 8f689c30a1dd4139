"""Faults as people make them, planted into roots that have none: each is named at its line, and the root is silent."""

from pathlib import Path
from typing import NamedTuple

import pytest

from ecsiam.findings import Checked, check
from ecsiam.readers.reader import read

ROOTS = Path(__file__).parent / "roots"


class Planted(NamedTuple):
    """A fault: what is replaced in a root, by what, which rule finds it, and on the line of which text."""

    root: str
    old: str
    new: str
    rule: str
    line: str
    says: str = ""


NO_SECRET = '"secretsmanager:GetSecretValue"\n        Resource = [aws_secretsmanager_secret.db.arn]'
SECRETS = (
    '"secretsmanager:GetSecretValue"\n        Resource = [aws_secretsmanager_secret.db.arn, '
    "aws_secretsmanager_secret.stripe.arn]"
)
ECR_TOKEN = """      {
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*"
      },
"""
SSM = """      {
        Effect   = "Allow"
        Action   = "ssm:GetParameters"
        Resource = aws_ssm_parameter.flags.arn
      },
"""
STRIPE = 'name = "STRIPE_KEY"'
QUEUE = """        Action   = ["sqs:SendMessage"]
        Resource = aws_sqs_queue.orders.arn"""

PLANTED = {
    "a new secret": Planted("inline", SECRETS, NO_SECRET, "missing", STRIPE, "aws_secretsmanager_secret.stripe.arn"),
    "no login to the registry": Planted("inline", ECR_TOKEN, "", "missing", "image =", "ecr:GetAuthorizationToken"),
    "another repository": Planted(
        "inline",
        "Resource = aws_ecr_repository.web.arn",
        'Resource = "arn:aws:ecr:eu-west-1:123456789012:repository/x"',
        "missing",
        "image =",
        "ecr:BatchGetImage",
    ),
    "the log group without its streams": Planted(
        "inline",
        '"${aws_cloudwatch_log_group.web.arn}:*"',
        "aws_cloudwatch_log_group.web.arn",
        "missing",
        "awslogs-group",
        "logs:CreateLogStream",
    ),
    "a log group that is made": Planted(
        "inline",
        "awslogs-group         = aws_cloudwatch_log_group.web.name",
        'awslogs-group = "/ecs/shop-other"\n        awslogs-create-group  = "true"',
        "missing",
        "awslogs-create-group",
        "logs:CreateLogGroup",
    ),
    "one parameter, not several": Planted(
        "inline", '"ssm:GetParameters"', '"ssm:GetParameter"', "missing", 'name = "FLAGS"', "ssm:GetParameters"
    ),
    "no parameter": Planted("inline", SSM, "", "missing", 'name = "FLAGS"', "ssm:GetParameters"),
    "the key of the secret": Planted(
        "inline",
        "Resource  = aws_kms_key.secrets.arn",
        "Resource  = aws_kms_key.other.arn",
        "missing",
        "DB_PASSWORD",
        "kms:Decrypt",
    ),
    "the key through another service": Planted(
        "inline",
        '"secretsmanager.eu-west-1.amazonaws.com"',
        '"ssm.eu-west-1.amazonaws.com"',
        "missing",
        "DB_PASSWORD",
        "kms:Decrypt",
    ),
    "an alias for the key": Planted(
        "inline",
        "Resource  = aws_kms_key.secrets.arn",
        'Resource  = "arn:aws:kms:eu-west-1:123456789012:alias/secrets"',
        "void",
        '"kms:Decrypt"',
    ),
    "the JSON key in the ARN": Planted(
        "inline",
        SECRETS,
        '"secretsmanager:GetSecretValue"\n        Resource = ['
        '"${aws_secretsmanager_secret.db.arn}:password::", aws_secretsmanager_secret.stripe.arn]',
        "missing",
        "DB_PASSWORD",
    ),
    "the environment file of another bucket": Planted(
        "inline",
        '"${aws_s3_bucket.config.arn}/web.env"\n      },',
        '"arn:aws:s3:::other/web.env"\n      },',
        "missing",
        'type = "s3"',
        "s3:GetObject",
    ),
    "the bucket in place of the object": Planted(
        "inline",
        'Resource = "${aws_s3_bucket.config.arn}/web.env"',
        "Resource = aws_s3_bucket.config.arn",
        "missing",
        'type = "s3"',
        "s3:GetObject",
    ),
    "exec on the execution role": Planted(
        "inline",
        "task_role_arn            = aws_iam_role.task.arn",
        "task_role_arn            = aws_iam_role.execution.arn",
        "separation",
        "task_role_arn",
    ),
    "no channel for exec": Planted(
        "inline",
        '          "ssmmessages:OpenDataChannel",\n',
        "",
        "missing",
        "enable_execute_command",
        "ssmmessages:OpenDataChannel",
    ),
    "the trust of another service": Planted(
        "inline",
        'Principal = { Service = "ecs-tasks.amazonaws.com" }\n    }]',
        'Principal = { Service = "ecs.amazonaws.com" }\n    }]',
        "trust",
        "Statement = [{",
    ),
    "a denial": Planted(
        "inline", ECR_TOKEN, ECR_TOKEN + ECR_TOKEN.replace("Allow", "Deny"), "missing", "image =", "denied"
    ),
    "a policy on the wrong role": Planted(
        "inline",
        "role = aws_iam_role.execution.id",
        "role = aws_iam_role.task.id",
        "misplaced",
        "image =",
        "the task role has that",
    ),
    "a misspelt action": Planted(
        "inline", '["sqs:SendMessage"]', '["sqs:SendMesage"]', "unknown-name", "sqs:SendMesage", "sqs:SendMesage"
    ),
    "a resource that the action never has": Planted(
        "inline",
        QUEUE,
        QUEUE.replace("aws_sqs_queue.orders.arn", "aws_s3_bucket.config.arn"),
        "void",
        "sqs:SendMessage",
    ),
}


def text_of(root: str) -> str:
    return (ROOTS / f"{root}.tf").read_text()


def checked(tmp_path: Path, text: str) -> Checked:
    (tmp_path / "main.tf").write_text(text)
    return check(read(tmp_path))


@pytest.mark.parametrize("root", sorted({one.root for one in PLANTED.values()}))
def test_a_root_without_faults_is_silent_and_all_of_it_was_judged(root: str, tmp_path: Path) -> None:
    found = checked(tmp_path, text_of(root))
    assert not found.findings, str(found)
    assert not found.undecided
    assert not found.gaps
    assert found.needs


@pytest.mark.parametrize("name", PLANTED)
def test_a_fault_is_named_where_it_stands(name: str, tmp_path: Path) -> None:
    one = PLANTED[name]
    before = text_of(one.root)
    assert before.count(one.old) == 1, "the fault has a place in the root"
    text = before.replace(one.old, one.new)
    found = [f for f in checked(tmp_path, text).findings if f.rule == one.rule]
    lines = text.splitlines()
    # A statement stands where it begins.
    places = {"\n".join(lines[f.place.line - 1 : f.place.line + 5]): f for f in found if f.place.line}
    at = [f for line, f in places.items() if one.line in line]
    assert at, {line: f.fact for line, f in places.items()}
    assert any(one.says in f"{f.fact} {f.request} {f.remedy}" for f in at), [str(f) for f in at]
