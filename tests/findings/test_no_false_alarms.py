"""What looks like a fault, and is none: each was one in a repository that somebody has."""

from pathlib import Path

import pytest

from ecsiam.findings import Checked, check
from ecsiam.readers.reader import read

TRUST = (
    'jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", '
    'Principal = { Service = "ecs-tasks.amazonaws.com" } }] })'
)


def role(name: str, *statements: str, more: str = "") -> str:
    policy = f"""inline_policy {{
    name   = "own"
    policy = jsonencode({{ Version = "2012-10-17", Statement = [{", ".join(statements)}] }})
  }}"""
    return f"""resource "aws_iam_role" "{name}" {{
  name               = "{name}"
  assume_role_policy = {TRUST}
  {policy if statements else ""}
  {more}
}}
"""


def task(container: str, *, execution: str = "aws_iam_role.execution.arn", more: str = "") -> str:
    return f"""resource "aws_ecs_task_definition" "app" {{
  family                   = "app"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = {execution}
  container_definitions    = jsonencode([{{ name = "app", image = "nginx", {container} }}])
  {more}
}}
"""


POLICY = """resource "aws_iam_policy" "queue" {
  name   = "queue"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sqs:SendMessage", Resource = "*" }]
  })
}
"""
LOGGING = """logConfiguration = {
  logDriver = "awslogs"
  options = {
    awslogs-group = %s, awslogs-region = "eu-west-1", awslogs-create-group = "true", awslogs-stream-prefix = "x"
  }
}"""
GRANT = '{ Effect = "Allow", Action = %s, Resource = %s }'
LOGS = '["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]'
WRITING = GRANT % ('["logs:CreateLogStream", "logs:PutLogEvents"]', '"*"')
SECRETS = GRANT % ('"secretsmanager:GetSecretValue"', '"${var.start}/*"')


def found(directory: Path, files: dict[str, str]) -> Checked:
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text, encoding="utf-8")
    return check(read(directory, root=directory))


SILENT: dict[str, dict[str, str]] = {
    "a policy of a user": {
        "main.tf": POLICY + 'resource "aws_iam_user_policy_attachment" "ci" {\n  user = "ci"\n'
        "  policy_arn = aws_iam_policy.queue.arn\n}\n"
    },
    "a policy that is handed on": {"main.tf": POLICY + 'output "queue" {\n  value = aws_iam_policy.queue.arn\n}\n'},
    "a policy in a list for a module": {"main.tf": POLICY + "locals {\n  policies = [aws_iam_policy.queue.arn]\n}\n"},
    "a boundary": {"main.tf": POLICY + role("task", more="permissions_boundary = aws_iam_policy.queue.arn")},
    "a policy that a template exports": {
        "template.yaml": """Resources:
  Queue:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Action: "sqs:SendMessage", Resource: "*"}]
Outputs:
  Queue: {Value: !Ref Queue, Export: {Name: queue}}
"""
    },
    "a policy of a group in a template": {
        "template.yaml": """Resources:
  Queue:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      Groups: [people]
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Action: "sqs:SendMessage", Resource: "*"}]
"""
    },
    "a role that assumes another account's": {
        "main.tf": role("task", GRANT % ('"sts:AssumeRole"', '"arn:aws:iam::210987654321:role/data"'))
        + task("", execution="null", more="task_role_arn = aws_iam_role.task.arn")
    },
    "a role that may do all with a bucket": {
        "main.tf": role("task", GRANT % ('"s3:*"', '["arn:aws:s3:::media", "arn:aws:s3:::media/*"]'))
        + task("", execution="null", more="task_role_arn = aws_iam_role.task.arn")
    },
    "a log group that would be made, and is there": {
        "main.tf": 'resource "aws_cloudwatch_log_group" "app" {\n  name = "/ecs/app"\n}\n'
        + role("execution", WRITING)
        + task(LOGGING % '"/ecs/app"')
    },
    "a document of AWS's by its text": {
        "main.tf": """data "aws_iam_policy" "execution" {
  arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_iam_role_policy" "execution" {
  role   = aws_iam_role.execution.name
  policy = data.aws_iam_policy.execution.policy
}
"""
        + role("execution")
        + task('logConfiguration = { logDriver = "awslogs", options = { awslogs-group = "a" } }')
    },
    "what begins with something that is not known": {
        "main.tf": 'variable "start" {}\n'
        + role("execution", SECRETS)
        + task('secrets = [{ name = "DSN", valueFrom = "${var.start}/dsn" }]')
    },
    "a policy that another root attaches": {
        "roles/main.tf": role("execution"),
        "app/main.tf": task(LOGGING % '"/a"', execution='"arn:aws:iam::123456789012:role/execution"')
        + f"""resource "aws_iam_role_policy" "logs" {{
  role   = "execution"
  policy = jsonencode({{ Version = "2012-10-17", Statement = [{GRANT % (LOGS, '"*"')}] }})
}}
""",
    },
    "a policy that another root makes": {
        "policies/main.tf": POLICY.replace('"sqs:SendMessage"', LOGS),
        "app/main.tf": role("execution")
        + """resource "aws_iam_role_policy_attachment" "logs" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:aws:iam::123456789012:policy/queue"
}
"""
        + task(LOGGING % '"/a"'),
    },
    "a document that Terraform reads from a file": {
        "main.tf": role("execution", WRITING)
        + 'resource "aws_iam_role_policy" "x" {\n  role = aws_iam_role.execution.name\n'
        + '  policy = file("${path.module}/policies/execution.json")\n}\n',
        "policies/execution.json": '{"Version": "2012-10-17", "Statement": '
        '[{"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}]}',
    },
}


@pytest.mark.parametrize("name", SILENT)
def test_it_is_no_finding(name: str, tmp_path: Path) -> None:
    checked = found(tmp_path, SILENT[name])
    assert not checked.findings, [str(f) for f in checked.findings]
    assert (checked.undecided, checked.gaps) == ((), ())


UNDECIDED: dict[str, tuple[dict[str, str], str]] = {
    "a role that is named by what is not understood": (
        {"main.tf": task(LOGGING % '"/a"', execution="module.roles.execution")},
        "not in sight",
    ),
    "a role that hangs on a condition": (
        {"main.tf": 'variable "own" {}\n' + task(LOGGING % '"/a"', execution='var.own ? "a" : aws_iam_role.b.arn')},
        "not in sight",
    ),
    "a role of another repository": (
        {
            "main.tf": POLICY + 'resource "aws_iam_role_policy_attachment" "x" {\n  role = "elsewhere"\n'
            "  policy_arn = aws_iam_policy.queue.arn\n}\n"
        },
        "the role `elsewhere`, which is not in sight",
    ),
    "a log group that may be there": (
        {"main.tf": 'variable "group" {}\n' + role("execution", WRITING) + task(LOGGING % "var.group")},
        "whether that log group is there",
    ),
}


@pytest.mark.parametrize("name", UNDECIDED)
def test_it_is_not_decided(name: str, tmp_path: Path) -> None:
    files, says = UNDECIDED[name]
    checked = found(tmp_path, files)
    assert not checked.findings, [str(f) for f in checked.findings]
    assert any(says in str(one) for one in checked.undecided), [str(one) for one in checked.undecided]


def test_one_role_for_both_is_told_wherever_it_is_made(tmp_path: Path) -> None:
    arn = '"arn:aws:iam::123456789012:role/ecsTaskExecutionRole"'
    (finding,) = found(tmp_path, {"main.tf": task("", execution=arn, more=f"task_role_arn = {arn}")}).findings
    assert (finding.rule, finding.place.line) == ("separation", 6)


def test_two_copies_of_a_root_are_not_put_together(tmp_path: Path) -> None:
    """Each has its own: what a name means elsewhere counts where it is the only one."""
    one = role("execution") + task(LOGGING % '"/a"')
    attached = one + POLICY.replace('"sqs:SendMessage"', LOGS) + (
        'resource "aws_iam_role_policy_attachment" "x" {\n  role = aws_iam_role.execution.name\n'
        "  policy_arn = aws_iam_policy.queue.arn\n}\n"
    )  # fmt: skip
    checked = found(tmp_path, {"prod/main.tf": attached, "dev/main.tf": one})
    assert {Path(f.place.file).parent.name for f in checked.findings} == {"dev"}
