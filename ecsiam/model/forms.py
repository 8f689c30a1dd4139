"""The forms that values take: one table of patterns for Python, JSON Schema, Terraform and CloudFormation.

A room may have one of its own beside.
"""

from attrs import evolve

from ecsiam.model import arn_forms, oidc_forms
from ecsiam.model.arn import PARTITIONS
from ecsiam.model.form import OF_ACCOUNT, OF_PARTITION, Form

_NAME = "[A-Za-z0-9_+=,@-][A-Za-z0-9_+=,.@-]*"

PROJECT = Form(
    "project",
    "[A-Za-z0-9_][A-Za-z0-9_.-]*",
    "a name of letters, digits, `_`, `.` and `-` (what role names and log groups share)",
    ("memos", "prod-2", "a.b_c", "1"),
    ("", "*", "memos/dev", "mémos", "memos dev", "dev\n", "-dev", ".."),
    most=64,
)
ENVIRONMENT = evolve(PROJECT, name="environment", good=("dev", *PROJECT.good))
ACCOUNT_ID = Form(
    "account_id",
    OF_ACCOUNT,
    "an account id of 12 digits",
    ("123456789012", "012345678901"),
    ("12345678901", "1234567890123", "1234-5678-9012", "123456789012\n", ""),
    most=12,
    hints=(
        ("[0-9]{1,11}", "has less than 12 digits", "A leading zero belongs to it: write all 12 digits in quotes."),
        ("[0-9]{4}[- ][0-9]{4}[- ][0-9]{4}", "is grouped, as the console shows it", "Write its 12 digits alone."),
    ),
)
REGION = Form(
    "region",
    f"({'|'.join(p.regions for p in PARTITIONS.values())})",
    "a region of AWS",
    ("eu-west-2", "us-gov-west-1", "cn-north-1", "eusc-de-east-1", "us-iso-east-1", "ap-southeast-7"),
    ("", "eu-west", "eu_west_2", "EU-WEST-2", "eu-west-2a", "*", "eu-west-2\n", "xx-west-1"),
    most=32,
    hints=(("[a-z]+(-[a-z]+)+-[0-9]+[a-z]", "is an availability zone", "Leave its last letter out."),),
)
PARTITION = Form(
    "partition",
    OF_PARTITION,
    f"a partition: {', '.join(PARTITIONS)}",
    tuple(PARTITIONS),
    ("", "AWS", "aws-", "aws-us", "*", "aws\n"),
    most=16,
)
# All first levels but what begins with `aws` or `ssm`, letter by letter: of these there are only AWS's own, `/aws/...`.
_LEVEL = "[A-Za-z0-9_.-]"
_FIRST = (
    f"([B-RT-Zb-rt-z0-9_.-]{_LEVEL}*"
    f"|[Aa]([A-VX-Za-vx-z0-9_.-]{_LEVEL}*)?|[Aa][Ww]([A-RT-Za-rt-z0-9_.-]{_LEVEL}*)?"
    f"|[Ss]([A-RT-Za-rt-z0-9_.-]{_LEVEL}*)?|[Ss][Ss]([A-LN-Za-ln-z0-9_.-]{_LEVEL}*)?)"
)
_A_SECRET = "ECS takes a bare name for a parameter: write a secret's ARN."
# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
SSM_NAME = Form(
    "ssm_name",
    f"({_FIRST}|/{_FIRST}(/{_LEVEL}+){{0,14}}|/aws(/{_LEVEL}+){{1,14}})",
    "the name of an SSM parameter of the task's own account and region",
    (
        "/memos/db",
        "db-url",
        "a",
        "S",
        "as",
        "s.sm",
        "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o",
        "/aws/reference/secretsmanager/db",
    ),
    (
        "",
        "*",
        "/",
        "memos/db",
        "/memos/",
        "/memos//db",
        "/memos/*",
        "db:3",
        "a b",
        "rds!db",
        "a,b",
        "aws",
        "awsTest",
        "SSM-test",
        "/ssm/a",
        "/Aws/a",
        "/aws",
        "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p",
        "/memos/db\n",
    ),
    most=967,  # with the shortest ARN before it, 1,011 characters
    hints=(
        ("[{]+resolve:.*", "is a reference of CloudFormation's", "Write the name or the ARN that it looks up."),
        ("[a-z0-9+]+://.*", "is an address", "Write the ARN of a secret or a parameter, or a parameter's name."),
        ("(ssm|secret|parameter):.+", "is a part of an ARN", "Write the whole ARN, or a parameter's name alone."),
        (
            "[A-Za-z0-9_./-]+:[A-Za-z0-9_.-]+",
            "names a version or a label of a parameter",
            "ECS takes neither and reads the latest version: leave it out.",
        ),
        (".*[*?].*", "has a wildcard", "`valueFrom` names one parameter: write an ARN for several."),
        ("[^/:]+/.*", "is a path without its first slash", f"A parameter's begins with `/`. {_A_SECRET}"),
        (".*(//.*|/)", "has an empty level", "Write one name after each slash."),
        (
            "/?([Aa][Ww][Ss]|[Ss][Ss][Mm]).*",
            "begins with `aws` or `ssm`",
            "SSM has no such parameters, but for AWS's own below `/aws/`.",
        ),
        ("(/[^/]+){16,}", "has more than 15 levels", "SSM takes no more."),
        ("[!-~]+", "has characters that the name of no parameter has", _A_SECRET),
    ),
)
_NAME_ALONE = "Write the name alone, without its path."
ROLE_NAME = Form(
    "role_name",
    _NAME,
    "a role name of letters, digits and `_+=,.@-`",
    ("memos-dev-task", "x"),
    ("", "a/b", "a b", "..", "rôle", "x" * 65, "x\n"),
    most=64,
    hints=(("arn:.*", "is an ARN", _NAME_ALONE),),
)
POLICY_NAME = Form(
    "policy_name",
    _NAME,
    "a policy name of letters, digits and `_+=,.@-`",
    ("memos-dev-efs",),
    ("", "a/b", "*", "..", "x" * 129),
    most=128,
    hints=(("arn:.*", "is an ARN", _NAME_ALONE),),
)
IAM_PATH = Form(
    "path",
    "/([A-Za-z0-9.,+@=_-]+/)*",
    "a path that begins and ends with `/`, of letters, digits and `.,+@=_-`",
    ("/team/", "/", "/team/memos/"),
    ("", "team", "/team", "/te*m/", "//", "/team/\n"),
    most=512,
)
FAMILY = Form(
    "family",
    "[A-Za-z0-9_-]+",
    "the family of a task definition: letters, digits, `_` and `-`, no revision",
    ("memos", "memos-dev"),
    ("", "memos:3", "memos/dev", "*"),
    most=255,
    hints=(
        ("arn:.*", "is an ARN", "Write the family alone: what stands between `task-definition/` and the revision."),
        ("[A-Za-z0-9_-]+:([0-9]+|[*])", "has a revision", "A family is all of its revisions: leave it out."),
        ("[A-Za-z0-9_*?-]+", "has a wildcard", "Write the families out."),
    ),
)
TAG_KEY = Form(
    "tag_key",
    "[A-Za-z0-9 _.:/=+@-]+",
    "a tag key of letters, digits, spaces and `_.:/=+@-`",
    ("CostCenter", "team:owner"),
    ("", "a*b", "a\nb"),
    most=128,
)
TAG_VALUE = Form(
    "tag_value",
    "[A-Za-z0-9 _.:/=+@-]*",
    "a tag value of letters, digits, spaces and `_.:/=+@-`",
    ("1234", "platform team", ""),
    ("a*b", "a\nb", "${x}"),
    most=256,
)

TEXT = Form(
    "text",
    "[A-Za-z0-9._-]+",
    "a text of letters, digits, `.`, `_` and `-`",
    ("memos", "a1", "x.y_z-1"),
    ("", "a b", "a/b", "a:b", "*", "a?", "${a}", "a\n"),
    most=255,
)
PARAMETER_NAME = Form(
    "parameter_name",
    "[a-z][a-z0-9]*(_[a-z0-9]+)*",
    "the name of a parameter: small letters, digits and single `_` between them",
    ("efs_arn", "a1"),
    ("", "EfsArn", "efs-arn", "1a", "a__b", "a_", "efs_arn\n"),
    most=64,
)

FORMS = {
    f.name: f
    for f in (*globals().values(), *vars(arn_forms).values(), *vars(oidc_forms).values())
    if isinstance(f, Form)
}
