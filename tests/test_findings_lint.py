"""What is wrong in policies by themselves: each kind is found at its statement, its mended twin is silent."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from attrs import evolve
from moto.iam.aws_managed_policies import aws_managed_policies_data

import ecsiam
from ecsiam import parse_policy
from ecsiam.findings.documents import as_read, beside, example, lint, void
from ecsiam.findings.finding import Finding
from ecsiam.findings.page import rules_page
from ecsiam.findings.rules import RULES
from ecsiam.model.role import Role, RolePolicy
from ecsiam.model.statement import Only
from ecsiam.model.text import ACCOUNT_ID, PARTITION, Ref, Text, text
from ecsiam.readers.found import Place
from ecsiam.readers.reading import Reading, ReadRole

TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
MOTO = cast("dict[str, Any]", json.loads(aws_managed_policies_data))
Statement = Mapping[str, Any]


def allow(action: Any, resource: Any = "*", **condition: Any) -> Statement:
    shared = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**shared, "Condition": condition} if condition else shared


def deny(action: Any, resource: Any = "*", **condition: Any) -> Statement:
    return {**allow(action, resource, **condition), "Effect": "Deny"}


def read(document: Mapping[str, Any], *, name: str = "p", file: str = "x.json", managed: bool = False) -> ReadRole:
    policy = parse_policy(document)
    one = RolePolicy(name, text(name), policy, managed=managed)
    trust = parse_policy({"Version": "2012-10-17", "Statement": TRUST})
    role = Role(id="r", name=text("r"), trust=trust, policies=[one], as_is=True)
    places = tuple(Place(file, i + 1) for i in range(len(policy.statements)))
    arn = text("arn:aws:iam::123456789012:role/r")
    return ReadRole("k", "root", "address", role, arn, Place(file, 99), {name: places})


def found(*statements: Statement, **of: Any) -> list[Finding]:
    role = read({"Version": "2012-10-17", "Statement": [dict(s) for s in statements]}, **of)
    return [*lint(role), *void(role, Reading("x", {})), *beside(role)]


def rules(*statements: Statement) -> list[tuple[str, int | None]]:
    return [(one.rule, one.place.line) for one in found(*statements)]


BLOCK = {"aws:SourceIp": "10.0.0.0/8"}
SECURE = "aws:SecureTransport"
BUCKET, OBJECTS = "arn:aws:s3:::memos", "arn:aws:s3:::memos/*"
ROWS: dict[str, tuple[list[Statement], list[Statement], str, int]] = {
    "action": ([allow("ssm:GetParametrs")], [allow("ssm:GetParameters")], "unknown-name", 1),
    "operation": ([allow("s3:ListObjectsV2", OBJECTS)], [allow("s3:ListBucket", BUCKET)], "unknown-name", 1),
    "key": (
        [allow("s3:GetObject", OBJECTS, StringEquals={"aws:SorceVpc": "vpc-1"})],
        [allow("s3:GetObject", OBJECTS, StringEquals={"aws:SourceVpc": "vpc-1"})],
        "unknown-name",
        1,
    ),
    "type in an Allow": (
        [allow("s3:GetObject", OBJECTS, StringEquals=BLOCK)],
        [allow("s3:GetObject", OBJECTS, IpAddress=BLOCK)],
        "void",
        1,
    ),
    "type in a Deny": (
        [deny("s3:*", StringEquals=BLOCK)],
        [deny("s3:*", IpAddress=BLOCK)],
        "wrong-value",
        1,
    ),
    "negated type in a Deny": (
        [deny("s3:*", StringNotLike=BLOCK)],
        [deny("s3:*", StringNotLike={"aws:SourceIp": "10.*"}), deny("s3:*", NotIpAddress=BLOCK)],
        "wrong-value",
        1,
    ),
    "negated type in an Allow": (
        [allow("s3:GetObject", OBJECTS, NumericNotEquals={"aws:SourceArn": "5"})],
        [allow("s3:GetObject", OBJECTS, NumericNotEquals={"s3:max-keys": "5"})],
        "wrong-value",
        1,
    ),
    "type under IfExists": (
        [allow("s3:GetObject", OBJECTS, BoolIfExists={"aws:CurrentTime": "true"})],
        [allow("s3:GetObject", OBJECTS, BoolIfExists={"aws:SecureTransport": "true"})],
        "wrong-value",
        1,
    ),
    "ForAllValues": (
        [allow("sns:Publish", **{"ForAllValues:StringEquals": {"aws:CalledVia": "ecs.amazonaws.com"}})],
        [
            allow("sns:Publish", **{"ForAnyValue:StringEquals": {"aws:CalledVia": "ecs.amazonaws.com"}}),
            allow("sqs:TagQueue", **{"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}),
            allow("dynamodb:GetItem", **{"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["a"]}}),
            deny("sqs:*", **{"ForAllValues:StringEquals": {"aws:CalledVia": "ecs.amazonaws.com"}}),
        ],
        "forall-allow",
        1,
    ),
    "ForAllValues on one value": (
        [allow("ssm:GetParameter", **{"ForAllValues:StringEquals": {"ssm:resourceTag/env": "dev"}})],
        [allow("ssm:GetParameter", StringEquals={"ssm:resourceTag/env": "dev"})],
        "forall-allow",
        1,
    ),
    "granted twice": (
        [allow(["s3:Get*", "s3:List*"], "*"), allow("s3:GetObject", OBJECTS)],
        [allow("s3:Get*", BUCKET + "/a/*"), allow("s3:GetObject", OBJECTS)],
        "redundant",
        2,
    ),
    "the same again": (
        [allow("s3:GetObject", OBJECTS), allow("s3:GetObject", OBJECTS)],
        [allow("s3:GetObject", OBJECTS), allow("s3:PutObject", OBJECTS)],
        "redundant",
        2,
    ),
    "by several together": (
        [
            allow("sqs:*", "*", Bool={SECURE: "true"}),
            allow("sqs:*", "*", Bool={SECURE: "false"}),
            allow("sqs:SendMessage", "arn:aws:sqs:*:*:a", Null={SECURE: "false"}),
        ],
        [allow("sqs:*", "*", Bool={SECURE: "true"}), allow("sqs:SendMessage", "arn:aws:sqs:*:*:a")],
        "redundant",
        3,
    ),
    "denied at once": (
        [allow("s3:GetObject", OBJECTS), deny("s3:*")],
        [allow("s3:GetObject", OBJECTS), deny("s3:*", BUCKET), deny("s3:*", Bool={"aws:SecureTransport": "false"})],
        "shadowed",
        1,
    ),
    "a bucket for its objects": ([allow("s3:GetObject", BUCKET)], [allow("s3:GetObject", OBJECTS)], "void", 1),
    "a bucket beside other objects": (
        [allow("s3:GetObject", [BUCKET, "arn:aws:s3:::other/*"])],
        [allow("s3:GetObject", [BUCKET, OBJECTS])],  # of no use, and what was meant is there
        "void",
        1,
    ),
    "an action of no use beside": (
        [allow(["s3:GetObject", "ecs:RunTask"], [BUCKET, OBJECTS])],
        [allow(["s3:GetObject", "s3:ListBucket"], [BUCKET, OBJECTS])],
        "void",
        1,
    ),
    "what the CDK does not write": (
        [allow(["ssm:DescribeParameters", "ssm:GetParameters"], "arn:aws:ssm:eu-west-1:123456789012:parameter/a")],
        [
            allow(
                ["ssm:DescribeParameters", "ssm:GetParameters", "ssm:GetParameter", "ssm:GetParameterHistory"],
                "arn:aws:ssm:eu-west-1:123456789012:parameter/a",
            )
        ],
        "void",
        1,
    ),
    "no value": (
        [allow("s3:GetObject", OBJECTS, StringEquals={"aws:SourceVpc": []})],
        [allow("s3:GetObject", OBJECTS)],
        "odd",
        1,
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_fault_is_found_at_its_statement_and_its_twin_is_silent(
    row: tuple[list[Statement], list[Statement], str, int],
) -> None:
    faulty, mended, rule, line = row
    assert (rule, line) in rules(*faulty)
    assert not rules(*mended)


def test_the_nearest_name_is_said() -> None:
    (one,) = found(allow("ssm:GetParametrs"))
    assert one.remedy == "Write `ssm:GetParameters`."


# ---------------------------------------------------------------- what isn't known


def with_text(resource: Text | str) -> ReadRole:
    """A role with a literal grant, and one on a text."""
    role = read({"Version": "2012-10-17", "Statement": [dict(allow("s3:GetObject", r)) for r in (OBJECTS, "*")]})
    policy = role.role.policies["p"]
    first, last = policy.document.statements
    last = evolve(last, resources=Only((text(resource),)))
    document = evolve(policy.document, statements=(first, last), as_is=True)
    return evolve(role, role=evolve(role.role, policies={"p": evolve(policy, document=document)}, as_is=True))


@pytest.mark.parametrize(
    "resource",
    [
        Text((Ref("aws_s3_bucket.x.arn"),)),  # of whatever form
        Text((Ref("var.arn"), "/*")),
        Text(("arn:aws:s3:::", Ref("aws_s3_bucket.x.name"), "/*")),
        Text(("arn:", PARTITION, ":s3:::", Ref("aws_s3_bucket.x.name"), "/*")),
    ],
)
def test_of_what_is_not_known_nothing_is_said(resource: Text) -> None:
    role = with_text(resource)
    assert not list(beside(role))


def test_what_is_surely_the_same_is_redundant_whatever_it_is() -> None:
    role = with_text(Text(("arn:aws:s3:::memos/", Ref("aws_s3_bucket.x.name"), "/a")))
    assert [(one.rule, one.place.line) for one in beside(role)] == [("redundant", 2)]


def test_examples_are_taken_back() -> None:
    role = with_text(Text(("arn:aws:s3:::", Ref("aws_s3_bucket.x.name"), ":", ACCOUNT_ID))).role
    bound = example(role)
    resources = bound.policies["p"].document.statements[1].resources
    assert resources is not None
    (made,) = resources.items
    assert str(as_read(f"`{made}` is odd", role)) == "`arn:aws:s3:::{aws_s3_bucket.x.name}:{account_id}` is odd"


# ---------------------------------------------------------------- sizes


def many(n: int) -> list[Statement]:
    return [allow("s3:GetObject", [f"{BUCKET}/{i:04}/*" for i in range(n)])]


@pytest.mark.parametrize(
    ("n", "managed", "expected"),
    [(400, False, "too-large"), (350, False, ""), (240, True, "too-large"), (215, True, "")],
)
def test_what_is_larger_than_iam_takes_is_an_error(n: int, expected: str, *, managed: bool) -> None:
    assert [one.rule for one in found(*many(n), managed=managed)] == ([expected] if expected else [])


def test_what_a_quota_can_give_is_a_warning() -> None:
    role = read({"Version": "2012-10-17", "Statement": [dict(allow("s3:GetObject", OBJECTS))]})
    arns = [text(f"arn:aws:iam::aws:policy/P{i}") for i in range(11)]
    (one,) = beside(evolve(role, role=evolve(role.role, managed_policy_arns=arns)))
    assert (one.rule, one.severity, one.place.line) == ("over-quota", "warning", 99)
    assert "until the quota `managed_policies_per_role` is raised" in one.fact


# ---------------------------------------------------------------- in the language of the file

LANGUAGES = [
    (
        "x.tf",
        '"arn:aws:s3:::memos/*",',
        ':\n  condition {\n    test     = "Null"\n    variable = "aws:CalledVia"\n    values   = ["false"]\n  }',
    ),
    ("x.yaml", '- "arn:aws:s3:::memos/*"', ': `Null: {"aws:CalledVia": "false"}`.'),
    ("x.json", '"arn:aws:s3:::memos/*",', ': `"Null": {"aws:CalledVia": "false"}`.'),
]


@pytest.mark.parametrize(("file", "resource", "null"), LANGUAGES)
def test_a_remedy_is_in_the_language_of_the_file(file: str, resource: str, null: str) -> None:
    (one,) = found(allow("s3:GetObject", BUCKET), file=file)
    assert one.remedy == f"Write as its resource:\n  {resource}"
    (one,) = found(allow(["s3:GetObject", "s3:ListBucket"], BUCKET), file=file)
    assert one.remedy == f"Add to its resources:\n  {resource}"
    condition = {"ForAllValues:StringEquals": {"aws:CalledVia": "ecs.amazonaws.com"}}
    (one,) = found(allow("sns:Publish", **condition), file=file)
    assert one.remedy == f"Use `ForAnyValue`, or add{null}"


IN = "eu-west-2:123456789012"
SECRET = f"arn:aws:secretsmanager:{IN}:secret:db"
# An action, an ARN that no resource of it has, and the one that may be meant.
NEAREST: dict[str, tuple[str, str, str]] = {
    "a secret without its letters": ("secretsmanager:GetSecretValue", SECRET, f"{SECRET}-??????"),
    "a secret with five of them": ("secretsmanager:GetSecretValue", f"{SECRET}-?????", f"{SECRET}-??????"),
    "no type": ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{IN}:db-AbCdEf", f"{SECRET}-AbCdEf"),
    "a region of a role": (
        "iam:PassRole",
        "arn:aws:iam:eu-west-2:123456789012:role/x",
        "arn:aws:iam::123456789012:role/x",
    ),
    "a region of a bucket": ("s3:GetObject", f"arn:aws:s3:{IN}:memos/*", OBJECTS),
    "a colon too few for a bucket": ("s3:GetObject", "arn:aws:s3::memos/*", OBJECTS),
    "a topic with its type": ("sns:Publish", f"arn:aws:sns:{IN}:topic/memos", f"arn:aws:sns:{IN}:memos"),
    "the address of a queue": (
        "sqs:SendMessage",
        "https://sqs.eu-west-2.amazonaws.com/123456789012/memos",
        f"arn:aws:sqs:{IN}:memos",
    ),
    "the address of an image": (
        "ecr:BatchGetImage",
        "123456789012.dkr.ecr.eu-west-2.amazonaws.com/memos:1",
        f"arn:aws:ecr:{IN}:repository/memos",
    ),
    "no account, which the role's says": (
        "kinesis:PutRecord",
        "arn:aws:kinesis:eu-west-2::stream/memos",
        f"arn:aws:kinesis:{IN}:stream/memos",
    ),
    "an action without resources": ("ecr:GetAuthorizationToken", f"arn:aws:ecr:{IN}:repository/memos", "*"),
    "a list of groups": ("logs:DescribeLogGroups", f"arn:aws:logs:{IN}:log-group:/ecs/memos:*", "*"),
    "metrics": ("cloudwatch:PutMetricData", f"arn:aws:cloudwatch:{IN}:metric/memos", "*"),
}


@pytest.mark.parametrize(("action", "arn", "right"), NEAREST.values(), ids=NEAREST)
def test_the_nearest_right_form_is_what_to_write(action: str, arn: str, right: str) -> None:
    (one,) = (one for one in found(allow(action, arn)) if one.rule == "void")
    assert one.remedy == f'Write as its resource:\n  "{right}",'
    assert "void" not in {one.rule for one in found(allow(action, right))}


INSTEAD = [
    ("kms:Decrypt", f"arn:aws:kms:{IN}:alias/memos", "Name the key and not its alias"),
    ("elasticfilesystem:ClientMount", f"arn:aws:elasticfilesystem:{IN}:access-point/fsap-1", "Name the file system"),
    ("ecs:UpdateService", f"arn:aws:ecs:{IN}:cluster/memos", "`arn:aws:ecs:*:*:service/*/*`"),
    ("rds-db:connect", f"arn:aws:rds:{IN}:db:memos", "`arn:aws:rds-db:*:*:dbuser:*/*`"),
]


@pytest.mark.parametrize(("action", "arn", "says"), INSTEAD, ids=[action for action, _, _ in INSTEAD])
def test_where_no_form_is_near_what_aws_asks_on_is_said(action: str, arn: str, says: str) -> None:
    (one,) = found(allow(action, arn))
    assert one.rule == "void"
    assert says in one.remedy


def test_what_needs_another_resource_gets_a_statement_of_its_own() -> None:
    arn = f"arn:aws:ecr:{IN}:repository/memos"
    (one,) = found(allow(["ecr:GetAuthorizationToken", "ecr:BatchGetImage"], arn))
    first, *more = one.remedy.split("\n")
    assert first == "Move `ecr:GetAuthorizationToken` into a statement of its own:"
    assert json.loads("\n".join(more)) == allow(["ecr:GetAuthorizationToken"], ["*"])


MAIN = """\
resource "aws_s3_bucket" "memos" {
  bucket_prefix = "memos-"
}

resource "aws_iam_role" "task" {
  name               = "task"
  assume_role_policy = jsonencode({ Statement = [%s] })
}

resource "aws_iam_role_policy" "objects" {
  role   = aws_iam_role.task.id
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = %s }] })
}
"""
LETS_IN = '{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }'


def test_in_terraform_a_remedy_names_the_resource(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(MAIN % (LETS_IN, "aws_s3_bucket.memos.arn"))
    (one,) = ecsiam.check(ecsiam.read(tmp_path)).findings
    assert (one.rule, one.place.line) == ("void", 12)
    assert one.remedy == 'Write as its resource:\n  "${aws_s3_bucket.memos.arn}/*",'
    assert "{aws_s3_bucket.memos." in one.fact
    (tmp_path / "main.tf").write_text(MAIN % (LETS_IN, '"${aws_s3_bucket.memos.arn}/*"'))
    assert not ecsiam.check(ecsiam.read(tmp_path)).findings
    (tmp_path / "main.tf").write_text(MAIN % (LETS_IN, '"arn:aws:s3:::${var.name}"') + 'variable "name" {}\n')
    assert not ecsiam.check(ecsiam.read(tmp_path)).findings, "it may be objects"


TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: %s}}]
      Policies:
        - PolicyName: p
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: "s3:GetObject", Resource: %s}
  Bucket:
    Type: AWS::S3::Bucket
  Secret:
    Type: AWS::SecretsManager::Secret
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - {Name: web, Image: nginx, Secrets: [{Name: A, ValueFrom: !Ref Secret}]}
"""


def test_in_a_template_a_remedy_is_yaml_that_can_be_pasted(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(TEMPLATE % ("ec2.amazonaws.com", "!GetAtt Bucket.Arn"))
    by_rule = {one.rule: one for one in ecsiam.check(ecsiam.read(tmp_path)).findings}
    assert by_rule["void"].remedy == 'Write as its resource:\n  - !Sub "${Bucket.Arn}/*"'
    assert "Resource:\n      - !Ref Secret" in by_rule["missing"].remedy
    trusted = "`Principal: {Service: ecs-tasks.amazonaws.com}`"
    assert by_rule["trust"].remedy == f"Allow it `sts:AssumeRole`: {trusted}."
    assert "`ExecutionRoleArn`" in by_rule["trust"].fact
    (tmp_path / "t.yaml").write_text(TEMPLATE % ("ecs-tasks.amazonaws.com", '!Sub "${Bucket.Arn}/*"'))
    assert "void" not in {one.rule for one in ecsiam.check(ecsiam.read(tmp_path)).findings}


# ---------------------------------------------------------------- AWS's own

# AWS's own are not held to the size of a customer's managed policy.
AWS_MAY = {"too-large"}
OF_ECS = sorted(name for name in MOTO if any(part in name for part in ("ECS", "ContainerRegistry", "SSMManaged")))


def test_iam_would_take_all_of_awss_managed_policies() -> None:
    assert len(MOTO) > 1500
    for name, policy in MOTO.items():
        assert not parse_policy(policy["Document"]).refusals(), name


@pytest.mark.parametrize("name", OF_ECS)
def test_the_policies_of_aws_for_ecs_yield_no_error(name: str) -> None:
    role = read(MOTO[name]["Document"], name=name, managed=True)
    every = [*lint(role), *void(role, Reading("x", {})), *beside(role)]
    errors = {one.rule for one in every if one.severity == "error"}
    assert errors <= AWS_MAY, every


def test_there_are_some() -> None:
    assert len(OF_ECS) > 20
    assert "AmazonECSTaskExecutionRolePolicy" in OF_ECS


# ---------------------------------------------------------------- the page


def test_each_rule_is_on_the_page_with_its_like_elsewhere() -> None:
    page = rules_page()
    for rule in RULES.values():
        assert f"\n## {rule.id}\n" in page
        (row,) = [line for line in page.splitlines() if line.startswith(f"| [{rule.id}](")]
        assert all(f"`{one}`" in row for one in rule.others)
        assert all(one.split()[0] in ("AA", "parliament", "cfn-lint", "Checkov") for one in rule.others)
