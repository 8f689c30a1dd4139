"""Terraform roots read without Terraform: what is found, what isn't, and that nothing hostile takes long."""

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import process_time
from typing import Any, cast

import pytest

import ecsiam
from ecsiam.errors import ReadError
from ecsiam.model.text import Text
from ecsiam.readers.found import (
    FoundAttachment,
    FoundDocument,
    FoundInline,
    FoundManaged,
    FoundPassing,
    FoundRole,
    FoundService,
    FoundTask,
    Root,
    Unread,
    is_map,
)
from ecsiam.readers.terraform.configuration import read_root, read_terraform
from ecsiam.readers.terraform.ecs import api_value
from ecsiam.readers.terraform.files import Files
from ecsiam.readers.terraform.given import given_by

SHAPES = Path(__file__).parent / "shapes" / "terraform"
AT_ONCE = 10  # seconds of a processor that may be slow


# ---------------------------------------------------------------- shapes


def said(value: Any) -> Any:
    """A value as JSON can say it: a text with its references in braces, the six letters of a secret as one."""
    match value:
        case Text():
            written = str(value) if len(value.parts) > 1 or value.literal is None else f"{value.literal}"
            return written.replace("letter0}", "letters}") if ".letter0}" not in written else _letters(written)
        case Unread(why=why):
            return f"?? {why}"
        case _ if is_map(value):
            return {k: said(v) for k, v in value.items()}
        case list() | tuple():
            return [said(v) for v in cast("list[Any]", value)]
        case FoundDocument():
            lines = [p.line for p in value.places]
            return {f"{Path(value.place.file).name}:{value.place.line}": said(value.value), "statements at": lines}
        case _:
            return value


def _letters(written: str) -> str:
    for i in range(1, 6):
        at = written.find(f".letter{i}}}")
        start = written.rfind("{", 0, at)
        written = written[:start] + written[at + len(f".letter{i}}}") :]
    return written.replace(".letter0}", ".letters}")


def shown(root: Root, base: Path) -> str:
    """All of a root as text, a record each."""
    lines: list[str] = []
    for one in root.found:
        fields: dict[str, Any] = {}
        for name in ("name", "arn", "path", "trust", "inline", "managed", "boundary", "max_session_duration", "tags"):
            fields[name] = getattr(one, name, None)
        for name in ("roles", "document", "policy", "service", "role", "task", "cluster", "value"):
            fields[name] = getattr(one, name, None)
        kept = {k: said(v) for k, v in fields.items() if v not in (None, (), "/")}
        place = getattr(one, "place", None)
        where = f" at {os.path.relpath(place.file, base)}:{place.line}" if place else ""
        lines.append(f"{type(one).__name__} {one.address}{where} {json.dumps(kept, indent=1, ensure_ascii=False)}")
    lines += [f"gap {os.path.relpath(g.place.file, base)}:{g.place.line} {g.place.address}: {g.why}" for g in root.gaps]
    lines += [f"arn {said(Text((ref,)))} {said(arn)}" for ref, arn in root.arns.items()]
    lines += [f"key {address} {said(key)}" for address, key in root.keys.items()]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("shape", sorted(p.name for p in SHAPES.iterdir()))
def test_a_shape_is_read_as_it_is_known_to_be(shape: str, request: pytest.FixtureRequest) -> None:
    (root,) = read_terraform(SHAPES / shape)
    found = shown(root, SHAPES / shape)
    golden = SHAPES / shape / "found.txt"
    if request.config.getoption("--update-goldens"):
        golden.write_text(found, encoding="utf-8")
    assert found == golden.read_text(encoding="utf-8")


# ---------------------------------------------------------------- what a policy comes to


def root_of(tmp_path: Path, files: Mapping[str, str], top: str = "") -> Root:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    (root,) = read_terraform(tmp_path / top, within=tmp_path)
    return root


IN = "arn:{partition}:sqs:{aws_region}:{account_id}"
QUEUE = 'resource "aws_sqs_queue" "q" { name = "a" }'
QUEUES = 'resource "aws_sqs_queue" "q" {\n count = 1\n name = "a"\n}'
EACH = 'resource "aws_sqs_queue" "q" {\n for_each = toset(["x"])\n name = "a"\n}'
BUCKET = 'resource "aws_s3_bucket" "b" { bucket = "b" }'
KEY = 'resource "aws_kms_key" "k" {}\n'
ALIAS = 'resource "aws_kms_alias" "k" {\n name = "alias/k"\n target_key_id = aws_kms_key.k.key_id\n}\n'
KEY_ARN = "arn:{partition}:kms:{aws_region}:{account_id}:key/{aws_kms_key.k.id}"
OPTIONAL = 'variable "o" { type = object({ b = optional(string) }) }'
DATA_QUEUE = 'data "aws_sqs_queue" "q" { name = "a" }'
REGION = 'data "aws_region" "r" {}'
DOCUMENT = 'data "aws_iam_policy_document" "d" {\n%s\n}\n'
ROLE = 'resource "aws_iam_role_policy" "p" {\n  role = "r"\n  policy = %s\n}\n'


def policy(tmp_path: Path, expression: str, before: str = "") -> Any:
    root = root_of(tmp_path, {"main.tf": before + ROLE % expression})
    (found,) = (f for f in root.found if isinstance(f, FoundInline))
    return said(found.document.value)


@pytest.mark.parametrize(
    ("resource", "before", "means"),
    [
        ("aws_sqs_queue.q.arn", QUEUE, f"{IN}:a"),
        ("aws_sqs_queue.q.arn", 'resource "aws_sqs_queue" "q" {}', IN + ":{aws_sqs_queue.q.name}"),
        ("resource.aws_sqs_queue.q.arn", QUEUE, f"{IN}:a"),
        ("aws_sqs_queue.q[0].arn", QUEUES, f"{IN}:a"),
        ("one(aws_sqs_queue.q[*].arn)", QUEUES, f"{IN}:a"),
        ('aws_sqs_queue.q["x"].arn', EACH, f"{IN}:a"),
        ("values(aws_sqs_queue.q)[*].arn", EACH, [IN + ":a"]),
        ('"${aws_s3_bucket.b.arn}/*"', BUCKET, "arn:{partition}:s3:::b/*"),
        ('"arn:aws:s3:::${aws_s3_bucket.b.id}/*"', BUCKET, "arn:aws:s3:::b/*"),
        (
            '"arn:aws:s3:::${aws_s3_bucket.b.bucket}/*"',
            'resource "aws_s3_bucket" "b" {}',
            "arn:aws:s3:::{aws_s3_bucket.b.bucket}/*",
        ),
        (
            "aws_iam_role.r.arn",
            'resource "aws_iam_role" "r" {\n name = "n"\n path = "/p/"\n}',
            "arn:{partition}:iam::{account_id}:role/p/n",
        ),
        ("data.aws_s3_bucket.b.arn", 'data "aws_s3_bucket" "b" { bucket = "b" }', "arn:{partition}:s3:::b"),
        (
            "data.aws_kms_key.k.arn",
            'data "aws_kms_key" "k" { key_id = "alias/k" }',
            "arn:{partition}:kms:{aws_region}:{account_id}:key/{data.aws_kms_key.k.id}",
        ),
        ("aws_kms_alias.k.target_key_arn", KEY + ALIAS, KEY_ARN),
        (
            "data.aws_kms_alias.k.target_key_arn",
            'data "aws_kms_alias" "k" { name = "alias/k" }',
            "arn:{partition}:kms:{aws_region}:{account_id}:key/{data.aws_kms_alias.k.target_key_id}",
        ),
        ("data.aws_iam_role.r.arn", 'data "aws_iam_role" "r" {}', "{data.aws_iam_role.r.arn}"),
        (
            "data.aws_iam_role.r.arn",
            'data "aws_iam_role" "r" { name = "n" }',
            "arn:{partition}:iam::{account_id}:role{data.aws_iam_role.r.path}n",
        ),
        (
            "data.aws_iam_policy.p.arn",
            'data "aws_iam_policy" "p" { name = "n" }',
            "arn:{partition}:iam::{data.aws_iam_policy.p.account_id}:policy{data.aws_iam_policy.p.path}n",
        ),
        (
            "aws_ecs_service.s.id",
            'resource "aws_ecs_service" "s" {\n name = "s"\n cluster = "arn:aws:ecs:r:1:cluster/c"\n}',
            "arn:{partition}:ecs:{aws_region}:{account_id}:service/c/s",
        ),
        (
            "data.aws_ecs_task_definition.t.arn",
            'data "aws_ecs_task_definition" "t" { task_definition = "web:3" }',
            "arn:{partition}:ecs:{aws_region}:{account_id}:task-definition/web:{data.aws_ecs_task_definition.t.revision}",
        ),
        (
            "one(aws_db_instance.d.master_user_secret[*].secret_arn)",
            'resource "aws_db_instance" "d" { manage_master_user_password = true }',
            "arn:{partition}:secretsmanager:{aws_region}:{account_id}:secret:rds!db-{aws_db_instance.d.secret_suffix}-"
            "{aws_db_instance.d.letters}",
        ),
        (
            "try(aws_rds_cluster.d.master_user_secret[0].secret_arn, null)",
            'resource "aws_rds_cluster" "d" {}',
            None,
        ),
        (
            "data.aws_secretsmanager_secret_version.v.arn",
            'data "aws_secretsmanager_secret_version" "v" { secret_id = "prod/db" }',
            "arn:{partition}:secretsmanager:{aws_region}:{account_id}:secret:prod/db-"
            "{data.aws_secretsmanager_secret_version.v.letters}",
        ),
        (
            "aws_secretsmanager_secret_version.v.arn",
            'resource "aws_secretsmanager_secret_version" "v" { secret_id = "arn:aws:secretsmanager:r:1:secret:x" }',
            "arn:aws:secretsmanager:r:1:secret:x",
        ),
        ("terraform_data.d.output.a", 'resource "terraform_data" "d" { input = { a = "x" } }', "x"),
        ("data.aws_arn.a.account", f'{QUEUE}\ndata "aws_arn" "a" {{ arn = aws_sqs_queue.q.arn }}', "{account_id}"),
        ("provider::aws::arn_parse(aws_sqs_queue.q.arn).resource", QUEUE, "a"),
        ('provider::aws::arn_build("aws", "sqs", "", var.a, "q")', 'variable "a" {}', "arn:aws:sqs::{var.a}:q"),
        ("templatestring(local.t, { x = var.a })", 'variable "a" {}\nlocals { t = "a/$${x}" }', "a/{var.a}"),
        ("var.arn", 'variable "arn" {}', "{var.arn}"),
        ('var.a == null ? "x" : "y"', 'variable "a" {}', "y"),
        ('var.a == "" ? "x" : "y"', 'variable "a" {}', '{((var.a == "") ? "x" : "y")}'),
        ('var.a == 1 ? "x" : "y"', 'variable "a" { default = "1" }', '{(("1" == 1) ? "x" : "y")}'),
        ('{ for k, v in { a = "x", b = var.o.b } : k => v if v != null }["a"]', OPTIONAL, "x"),
        ('merge({ a = "x" }, var.on ? { b = "y" } : {})["a"]', 'variable "on" {}', "x"),
        ('lookup(var.on ? { b = "y" } : {}, "a", "x")', 'variable "on" {}', "x"),
        (
            "local.all[terraform.workspace].a",
            'locals { all = { x = { a = "a", b = 1 }, y = { a = "a", b = 2 } } }',
            "a",
        ),
        ('try(regex("^(a|b)+$", "z"), "x")', "", "?? a regular expression that could take long"),
        ("slice(var.all, 0, 1)", 'variable "all" { default = ["a", "b"] }', ["a"]),
        ('slice([var.a, "b"], 0, 1)', 'variable "a" {}', ["{var.a}"]),
        ('formatdate("YYYY", var.a)', 'variable "a" {}', '{formatdate("YYYY", var.a)}'),
        ("var.arn", 'variable "arn" { default = "arn:aws:s3:::x" }', "arn:aws:s3:::x"),
        ("[var.a, var.b]", 'variable "a" {}\nvariable "b" { type = string }', ["{var.a}", "{var.b}"]),
        ("var.arns", 'variable "arns" { type = list(string) }', ["?? `var.arns` has no default"]),
        ('concat(["a"], var.arns)', 'variable "arns" { type = set(string) }', ["a", "?? `var.arns` has no default"]),
        ("var.x.arn", 'variable "x" { type = object({ arn = string }) }', "{var.x.arn}"),
        ('var.x["a"]', 'variable "x" { type = map(string) }', "?? `var.x` has no default"),
        ('[for a in var.arns : "${a}/*"]', 'variable "arns" {}', ["?? it isn't known what is in `var.arns`"]),
        ('var.on ? "a" : "a"', 'variable "on" { type = bool }', "a"),
        ('var.on ? "a" : "b"', 'variable "on" { type = bool }', '{(var.on ? "a" : "b")}'),
        ('var.on ? ["a"] : []', 'variable "on" { type = bool }', ["?? it hangs on `var.on`"]),
        ('var.on ? ["a", "b"] : ["a"]', 'variable "on" {}', ["a", "?? it hangs on `var.on`"]),
        ('[for s in ["a", "b"] : s if s != var.x]', 'variable "x" {}', ["?? a condition of a `for` isn't known"] * 2),
        ("local.a", "locals {\n a = local.b\n b = local.a\n}", "?? `local.a` hangs on itself"),
        ("local.none", "", "?? there is no local value `none`"),
        ("aws_x.y.z", "", "?? there is no `aws_x.y`"),
        ("module.m.arn", 'module "m" { source = "registry/m/aws" }', "{module.m.arn}"),
        ('merge({a = "x"}, var.m)["a"]', 'variable "m" { type = map(string) }', "?? `var.m` has no default"),
        ('merge(var.m, {a = "x"})["a"]', 'variable "m" { type = map(string) }', "x"),
        ('lookup({a = "x"}, "b", "y")', "", "y"),
        ('{a = "x", b = "x"}[var.k]', 'variable "k" {}', "x"),
        ('split(":", data.aws_sqs_queue.q.arn)[5]', DATA_QUEUE, "a"),
        ('replace(aws_sqs_queue.q.arn, "a", "b")', QUEUE, f'{{replace("{IN}:a", "a", "b")}}'),
        ('replace(aws_sqs_queue.q.arn, ":a", ":b")', QUEUE, f"{IN}:b"),
        ('format("%s/*", var.a)', 'variable "a" {}', "{var.a}/*"),
        ('join("/", [var.a, "*"])', 'variable "a" {}', "{var.a}/*"),
        ('coalesce(var.a, "x")', 'variable "a" {}', '{coalesce(var.a, "x")}'),
        ('coalesce(null, "", "x")', "", "x"),
        ('try(var.none.x, "x")', 'variable "none" { default = {} }', "x"),
        ("provider::x::y(1)", "", "?? the function `provider::x::y` isn't understood"),
        ('trimprefix("x${var.a}", "x")', 'variable "a" {}', "{var.a}"),
        ('"${var.on == true ? 1 : 0}"', 'variable "on" { default = true }', 1),
        ("data.aws_region.r.name", REGION, "{aws_region}"),
        ("data.aws_region.r.region", 'data "aws_region" "r" {}\nprovider "aws" { region = "eu-west-1" }', "eu-west-1"),
        (
            "data.aws_region.r.id",
            'data "aws_region" "r" {}\nvariable "x" {}\nprovider "aws" { region = var.x }',
            "{aws_region}",
        ),
        ("var.x", 'variable "x" {}\nprovider "aws" { region = var.x }', "{aws_region}"),
        ("data.aws_caller_identity.c.account_id", 'data "aws_caller_identity" "c" {}', "{account_id}"),
        ("data.aws_partition.p.partition", 'data "aws_partition" "p" {}', "{partition}"),
        ("terraform.workspace", "", "{terraform.workspace}"),
    ],
)
def test_a_resource_is_what_terraform_would_write_or_is_not_known(
    resource: str, before: str, means: Any, tmp_path: Path
) -> None:
    found = policy(tmp_path, f"jsonencode({{ Resource = {resource} }})", before + "\n")
    assert found["Resource"] == means


def test_a_variable_in_iam_is_written_in_two_ways(tmp_path: Path) -> None:
    before = DOCUMENT % 'statement {\n actions = ["a:b"]\n resources = ["x/&{aws:username}"]\n }'
    assert policy(tmp_path, "data.aws_iam_policy_document.d.json", before)["Statement"][0]["Resource"] == [
        "x/${aws:username}"
    ]
    assert policy(tmp_path, 'jsonencode({ Resource = "x/$${aws:username}" })')["Resource"] == "x/${aws:username}"


@pytest.mark.parametrize(
    ("body", "statements"),
    [
        ("", []),
        ("statement {\n}", [{"Effect": "Allow"}]),
        (
            'statement {\n effect = "Deny"\n sid = "S"\n not_actions = ["a:b"]\n not_resources = ["x"]\n}',
            [{"Sid": "S", "Effect": "Deny", "NotAction": ["a:b"], "NotResource": ["x"]}],
        ),
        (
            'statement {\n principals {\n type = "*"\n identifiers = ["*"]\n }\n}',
            [{"Effect": "Allow", "Principal": "*"}],
        ),
        (
            'statement {\n not_principals {\n type = "AWS"\n identifiers = ["1"]\n }\n}',
            [{"Effect": "Allow", "NotPrincipal": {"AWS": ["1"]}}],
        ),
        (
            'statement {\n principals {\n type = "AWS"\n identifiers = ["1"]\n }\n principals {\n type = "AWS"\n'
            ' identifiers = ["2"]\n }\n}',
            [{"Effect": "Allow", "Principal": {"AWS": ["1", "2"]}}],
        ),
        (
            'statement {\n condition {\n test = "Bool"\n variable = "a"\n values = [true]\n }\n condition {\n'
            ' test = "Bool"\n variable = "b"\n values = ["false"]\n }\n}',
            [{"Effect": "Allow", "Condition": {"Bool": {"a": ["true"], "b": ["false"]}}}],
        ),
        (
            'dynamic "statement" {\n for_each = var.unknown\n content {\n sid = "x"\n }\n}\nstatement {\n sid = "y"\n}',
            ["?? it isn't known what is in `var.unknown`", {"Sid": "y", "Effect": "Allow"}],
        ),
        (
            "statement {\n actions = var.unknown\n}",
            [{"Effect": "Allow", "Action": "?? it isn't known what is in `var.unknown`"}],
        ),
        (
            'statement {\n condition {\n test = "Bool"\n variable = var.unknown\n values = [true]\n }\n}',
            [{"Effect": "Allow", "Condition": "?? the operator or the key of a condition isn't known"}],
        ),
        (
            "source_policy_documents = [var.unknown]\nstatement {\n}",
            ["?? it isn't known what is in `var.unknown`", {"Effect": "Allow"}],
        ),
        (
            'source_policy_documents = ["{\\"Statement\\": {\\"Sid\\": \\"x\\", \\"Effect\\": \\"Deny\\"}}"]\n'
            'statement {\n sid = "x"\n}\n'
            'override_policy_documents = [jsonencode({Statement = [{Sid = "x", Effect = "E"}]})]',
            [{"Sid": "x", "Effect": "E"}],
        ),
    ],
)
def test_a_document_is_what_its_blocks_mean(body: str, statements: list[Any], tmp_path: Path) -> None:
    before = 'variable "unknown" {}\n' + DOCUMENT % body
    found = policy(tmp_path, "data.aws_iam_policy_document.d.json", before)
    assert found == {"Version": "2012-10-17", "Statement": statements}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('"{"', "not JSON, in line 4: expected a text"),
        ('"{\\"a\\": 1, \\"a\\": 2}"', "the key `a` stands twice"),
        ('"not json"', "not JSON"),
        ("1", "a document is a text"),
        ("var.x", "it isn't known what is in `var.x`"),
        ('"${var.x}{}"', "not JSON"),
        ("null", "a document is a text"),
    ],
)
def test_a_policy_that_is_no_json_is_not_understood_and_has_its_line(text: str, why: str, tmp_path: Path) -> None:
    (found,) = root_of(tmp_path, {"main.tf": 'variable "x" {}\n' + ROLE % text}).found
    assert isinstance(found, FoundInline)
    assert found.document.place.line == 4
    assert found.document.place.address == "aws_iam_role_policy.p"
    assert isinstance(found.document.value, Unread)
    assert why in found.document.value.why


# ---------------------------------------------------------------- existence


@pytest.mark.parametrize(
    ("argument", "addresses", "gaps"),
    [
        ("", ["aws_iam_role.r"], 0),
        ("count = 0", [], 0),
        ("count = 2", ["aws_iam_role.r[0]", "aws_iam_role.r[1]"], 0),
        ("count = var.unknown ? 1 : 0", ["aws_iam_role.r[0]"], 1),
        ('for_each = toset(["a", "b"])', ['aws_iam_role.r["a"]', 'aws_iam_role.r["b"]'], 0),
        ("for_each = { a = 1, (var.unknown) = 2 }", ['aws_iam_role.r["a"]', 'aws_iam_role.r["{var.unknown}"]'], 0),
        ("for_each = var.unknown", ["aws_iam_role.r[*]"], 1),
        ("count = 1000000000", ["aws_iam_role.r[0]"], 1),
        ("for_each = range(1000000000)", ["aws_iam_role.r[*]"], 1),
    ],
)
def test_what_there_is_of_a_role(argument: str, addresses: list[str], gaps: int, tmp_path: Path) -> None:
    root = root_of(tmp_path, {"main.tf": f'variable "unknown" {{}}\nresource "aws_iam_role" "r" {{\n{argument}\n}}\n'})
    assert [f.address for f in root.found] == addresses
    assert len(root.gaps) == gaps


MAYBE = "count = var.on ? 1 : 0"


@pytest.mark.parametrize(
    ("role", "policy", "certain"),
    [("", "", True), ("", MAYBE, False), (MAYBE, MAYBE, True), (MAYBE, "count = var.other ? 1 : 0", False)],
)
def test_a_policy_that_may_not_be_made_is_not_understood(role: str, policy: str, certain: bool, tmp_path: Path) -> None:
    at = "[0]" if role else ""
    own = f'  role = aws_iam_role.r{at}.name\n  policy = "{{}}"\n{policy}'
    attached = f'  role = aws_iam_role.r{at}.name\n  policy_arn = "arn:aws:iam::aws:policy/x"\n{policy}'
    files = {
        "main.tf": 'variable "on" {}\nvariable "other" {}\n'
        f'resource "aws_iam_role" "r" {{\n  name = "n"\n{role}\n}}\n'
        f'resource "aws_iam_role_policy" "p" {{\n{own}\n}}\n'
        f'resource "aws_iam_role_policy_attachment" "a" {{\n{attached}\n}}\n'
    }
    _, inline, attachment = root_of(tmp_path, files).found
    assert isinstance(inline, FoundInline)
    assert isinstance(attachment, FoundAttachment)
    assert isinstance(inline.document.value, Unread) is not certain
    assert (attachment.policy.literal == "arn:aws:iam::aws:policy/x") is certain


# ---------------------------------------------------------------- modules


def test_a_module_that_is_not_here_is_a_gap(tmp_path: Path) -> None:
    root = root_of(tmp_path, {"main.tf": 'module "m" {\n  source = "terraform-aws-modules/ecs/aws"\n}\n'})
    (gap,) = root.gaps
    assert (gap.place.line, gap.place.address) == (1, "module.m")
    assert "`terraform init` fetches it" in gap.why


def test_a_module_that_init_fetched_is_read(tmp_path: Path) -> None:
    listed = {
        "Modules": [
            {"Key": "", "Source": "", "Dir": "."},
            {"Key": "m", "Source": "x/y/z", "Dir": ".terraform/modules/m"},
        ]
    }
    root = root_of(
        tmp_path,
        {
            "main.tf": 'module "m" {\n  source = "x/y/z"\n  name = "n"\n}\n',
            ".terraform/modules/modules.json": json.dumps(listed),
            ".terraform/modules/m/main.tf": 'variable "name" {}\nresource "aws_iam_role" "r" {\n  name = var.name\n}\n',
        },
    )
    (role,) = root.found
    assert isinstance(role, FoundRole)
    assert role.address == "module.m.aws_iam_role.r"
    assert role.name == Text(("n",))
    assert root.gaps == ()


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"main.tf": 'module "m" { source = "./" }'}, "calls itself"),
        ({"main.tf": 'module "m" { source = "./a" }', "a/main.tf": 'module "n" { source = "../" }'}, "calls itself"),
        ({"main.tf": 'module "m" { source = "../../out" }'}, "is outside of"),
        ({"main.tf": 'module "m" { source = "./none" }'}, "isn't there"),
        ({"main.tf": 'module "m" { source = "./${var.x}" }\nvariable "x" {}'}, "the source of the module isn't known"),
        ({"main.tf": 'module "m" { source = "./a" }', "a/main.tf": "resource {"}, "not HCL"),
    ],
)
def test_a_module_that_can_not_be_read_is_a_gap(files: Mapping[str, str], why: str, tmp_path: Path) -> None:
    inner = tmp_path / "root"
    for name, content in files.items():
        (inner / name).parent.mkdir(parents=True, exist_ok=True)
        (inner / name).write_text(content, encoding="utf-8")
    root = read_root(str(inner), Files(inner))
    assert any(why in g.why for g in root.gaps)


def test_nothing_is_read_out_of_bounds(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{}", encoding="utf-8")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "link.json").symlink_to(tmp_path / "secret.json")
    for path in ("../secret.json", str(tmp_path / "secret.json"), "link.json", "/etc/passwd"):
        (tmp_path / "root" / "main.tf").write_text(ROLE % f'file("{path}")', encoding="utf-8")
        (root,) = read_terraform(tmp_path / "root")
        (found,) = root.found
        assert isinstance(found, FoundInline)
        assert "is outside of" in found.document.value.why
    (tmp_path / "root" / "main.tf").unlink()
    (tmp_path / "out.tf").write_text("resource", encoding="utf-8")
    (tmp_path / "root" / "main.tf").symlink_to(tmp_path / "out.tf")
    with pytest.raises(ReadError, match="is outside of"):
        list(read_terraform(tmp_path / "root"))


def test_directories_that_others_call_are_no_roots(tmp_path: Path) -> None:
    for name, content in {
        "a/main.tf": 'module "m" { source = "../modules/x" }',
        "b/main.tf": 'resource "aws_iam_role" "b" {}',
        "modules/x/main.tf": 'resource "aws_iam_role" "x" {}',
        "modules/y/main.tf": 'resource "aws_iam_role" "y" {}',
        ".hidden/main.tf": "no HCL",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    roots = {os.path.relpath(r.name, tmp_path): [f.address for f in r.found] for r in read_terraform(tmp_path)}
    assert roots == {
        "a": ["module.m.aws_iam_role.x"],
        "b": ["aws_iam_role.b"],
        "modules/y": ["aws_iam_role.y"],
    }


def test_a_broken_root_is_said_after_the_others(tmp_path: Path) -> None:
    for name, content in {"a/main.tf": "resource {\n", "b/main.tf": 'resource "aws_iam_role" "b" {}'}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    roots = read_terraform(tmp_path)
    assert next(roots).name == str(tmp_path / "b")
    with pytest.raises(ReadError, match=r"a/main\.tf:2: not HCL: expected"):
        next(roots)


def test_opentofus_files_stand_for_terraforms_of_the_same_name(tmp_path: Path) -> None:
    for name, content in {
        "a.tf": 'resource "aws_iam_role" "terraform" {}',
        "a.tofu": 'variable "which" { default = "x" }\nmodule "m" { source = "./modules/${var.which}" }',
        "b.tofu.json": '{"resource": {"aws_iam_role": {"json": {}}}}',
        "c.tf": 'resource "aws_iam_role" "both" { name = "a" }',
        "c_override.tofu": 'resource "aws_iam_role" "both" { name = "b" }',
        "modules/x/main.tofu": 'resource "aws_iam_role" "x" {}',
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    (root,) = read_terraform(tmp_path)
    found = {one.address: one for one in root.found}
    assert found.keys() == {"aws_iam_role.json", "aws_iam_role.both", "module.m.aws_iam_role.x"}
    both = found["aws_iam_role.both"]
    assert isinstance(both, FoundRole)
    assert both.name == Text(("b",))


# ---------------------------------------------------------------- where things stand


PLACED: dict[str, tuple[str, dict[str, str], str]] = {
    "what a template repeats": (
        'container_definitions = templatefile("t.json", { names = ["A"], more = true })',
        {
            "t.json": '[{"name": "c", "environment": [\n%{ for n in names ~}\n{"name": "${n}"},\n%{ endfor ~}\n'
            '%{ if more }\n{"name": "M"},\n%{ endif }\n{"name": "Z"}],\n"secrets": [\n{"name": "S",\n'
            '"valueFrom": "x"}\n]}]'
        },
        "t.json:11",
    ),
    "what a text here repeats": (
        'container_definitions = <<EOT\n[{"name": "c", %{ if true }\n"cpu": 1,\n%{ endif }\n"secrets": ['
        '{"name": "S",\n"valueFrom": "x"}\n]}]\nEOT',
        {},
        "main.tf:8",
    ),
    "JSON put together": (
        'container_definitions = "[${local.one}]"\n}\nlocals {\none = jsonencode({ name = "c",\n'
        'secrets = [{ valueFrom = "x" }] })',
        {},
        "main.tf:7",
    ),
    "what a `for` hands on": (
        'container_definitions = jsonencode([{ name = "c", secrets = [for k, v in local.all : { name = k,\n'
        'valueFrom = "${v}::" }] }])\n}\nlocals {\nall = {\nS = "x"\n}',
        {},
        "main.tf:8",
    ),
    "what is found by a `for`'s key": (
        'container_definitions = jsonencode([{ name = "c", secrets = [for k in keys(local.all) : { name = k,\n'
        'valueFrom = local.all[k] }] }])\n}\nlocals {\nall = merge({\nS = "x"\n}, {})',
        {},
        "main.tf:8",
    ),
    "what a `for` takes of objects": (
        'container_definitions = jsonencode([{ name = "c", secrets = [for s in local.all : { name = "S",\n'
        'valueFrom = s.from }] }])\n}\nlocals {\nall = [{\nfrom = "x"\n}]',
        {},
        "main.tf:8",
    ),
}


@pytest.mark.parametrize("name", PLACED)
def test_a_value_stands_where_it_was_written(name: str, tmp_path: Path) -> None:
    argument, files, where = PLACED[name]
    task = f'resource "aws_ecs_task_definition" "t" {{\nfamily = "f"\n{argument}\n}}\n'
    (found,) = root_of(tmp_path, {"main.tf": task, **files}).found
    assert isinstance(found, FoundTask)
    at = found.at(("containerDefinitions", 0, "secrets", 0, "valueFrom"))
    assert f"{Path(at.file).name}:{at.line}" == where


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("actions = statement.value.actions", 3),
        ('actions = lookup(statement.value, "actions", [])', 3),
        ('actions = ["s3:GetObject"]\nresources = [statement.value.actions[0]]', 8),
    ],
)
def test_a_dynamic_block_stands_where_its_object_does_if_that_says_what_it_is(
    content: str, line: int, tmp_path: Path
) -> None:
    before = (
        'locals {\nall = [\n{ actions = ["s3:GetObject"] }]\n}\ndata "aws_iam_policy_document" "d" {\n'
        'dynamic "statement" {\nfor_each = local.all\n'
        f"content {{\n{content}\n}}\n}}\n}}\n"
    )
    (found,) = root_of(tmp_path, {"main.tf": before + ROLE % "data.aws_iam_policy_document.d.json"}).found
    assert isinstance(found, FoundInline)
    assert [place.line for place in found.document.places] == [line]


BACKEND = 'terraform {\n  backend "s3" {\n    bucket = "b"\n    key = "iam"\n  }\n}\n'
STATE = 'data "terraform_remote_state" "iam" {\n  %s\n}\n' + ROLE % (
    'jsonencode({ Resource = [data.terraform_remote_state.iam.outputs.arn, "${local.secret}:k"] })\n}\nlocals {\n'
    "  secret = data.terraform_remote_state.iam.outputs.all.secret"
)
S3 = 'backend = "s3"\n config = { bucket = var.b, key = "iam" }\n}\nvariable "b" {'


@pytest.mark.parametrize(
    ("files", "state", "role"),
    [
        ({"iam/backend.tf": BACKEND}, S3, "role/prod-exec"),
        ({}, 'backend = "local"\n config = { path = "../iam/terraform.tfstate" }', "role/prod-exec"),
        ({"iam/backend.tf": BACKEND}, S3.replace("var.b", '"other"'), None),
        ({"iam/backend.tf": BACKEND}, S3.replace('key = "iam"', "key = var.b"), None),
        ({"iam/backend.tf": BACKEND}, f"{S3}\n}}\nlocals {{", "role/prod-exec"),
        ({"iam/backend.tf": BACKEND}, 'workspace = "x"\n' + S3, None),
        ({"iam/backend.tf": BACKEND, "two/main.tf": BACKEND}, S3, None),
        ({"iam/backend.tf": BACKEND, "iam/terraform.tfvars": "x"}, S3, None),
        ({}, S3, None),
    ],
)
def test_what_another_root_hands_on_is_what_its_outputs_are(
    files: Mapping[str, str], state: str, role: str | None, tmp_path: Path
) -> None:
    iam = (
        'variable "env" {}\nresource "aws_iam_role" "e" { name = "${var.env}-exec" }\n'
        'resource "aws_secretsmanager_secret" "s" { name = "s" }\noutput "arn" { value = aws_iam_role.e.arn }\n'
        'output "all" { value = { secret = aws_secretsmanager_secret.s.arn } }\n'
        'data "terraform_remote_state" "app" {\n backend = "local"\n'
        ' config = { path = "../app/terraform.tfstate" }\n}\n'
        'output "back" { value = data.terraform_remote_state.app.outputs.x }\n'
    )
    all_ = {"iam/main.tf": iam, "iam/terraform.tfvars": 'env = "prod"', "app/main.tf": STATE % state} | dict(files)
    for name, content in all_.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    roots: dict[str, Root] = {}
    with suppress(ReadError):
        for root in read_terraform(tmp_path):
            roots[Path(root.name).name] = root
    (found,) = (one for one in roots["app"].found if isinstance(one, FoundInline))
    arn, secret = said(found.document.value)["Resource"]
    if role is None:
        assert arn == "{data.terraform_remote_state.iam.outputs.arn}"
    else:
        assert arn == f"arn:{{partition}}:iam::{{account_id}}:{role}"
        assert secret.endswith(":secret:s-{remote_state.iam.aws_secretsmanager_secret.s.letters}:k")


# ---------------------------------------------------------------- variables


def test_values_come_from_the_files_that_terraform_reads(tmp_path: Path) -> None:
    role = 'variable "x" { default = "d" }\nresource "aws_iam_role" "r" { name = var.x }\n'
    for name, content, value in (
        ("other.tfvars", 'x = "o"', "d"),
        ("terraform.tfvars", 'x = "a"', "a"),
        ("terraform.tfvars.json", '{"x": "b"}', "b"),
        ("x.auto.tfvars", 'x = "c"', "c"),
    ):
        root = root_of(tmp_path, {"main.tf": role, name: content})
        (found,) = root.found
        assert isinstance(found, FoundRole)
        assert found.name == Text((value,))
    (root,) = read_terraform(tmp_path, values=given_by({}, [tmp_path / "other.tfvars"]))
    assert isinstance(root.found[0], FoundRole)
    assert root.found[0].name == Text(("o",))


def test_all_policies_of_a_role_at_once_are_attached(tmp_path: Path) -> None:
    root = root_of(
        tmp_path,
        {
            "main.tf": 'variable "more" { type = list(string) }\n'
            'resource "aws_iam_role_policy_attachments_exclusive" "a" {\n role_name = "r"\n'
            ' policy_arns = concat(["arn:aws:iam::aws:policy/x"], var.more)\n}\n'
        },
    )
    known, unknown = root.found
    assert isinstance(known, FoundAttachment)
    assert isinstance(unknown, FoundAttachment)
    assert (known.policy.literal, known.roles) == ("arn:aws:iam::aws:policy/x", (Text(("r",)),))
    assert unknown.policy.literal is None
    assert len(root.gaps) == 1


# ---------------------------------------------------------------- what is hostile


DOUBLED = (
    'locals {\n  a0 = "xxxxxxxxxx"\n'
    + "".join(f'  a{i + 1} = "${{local.a{i}}}${{local.a{i}}}"\n' for i in range(60))
    + "}\n"
)
LISTS = "locals {\n  a0 = [1]\n" + "".join(f"  a{i + 1} = concat(local.a{i}, local.a{i})\n" for i in range(60)) + "}\n"
CHAIN = 'locals {\n  a0 = "x"\n' + "".join(f"  a{i + 1} = local.a{i}\n" for i in range(5000)) + "}\n"
POWER = "locals {\n  a0 = 9\n" + "".join(f"  a{i + 1} = local.a{i} * local.a{i}\n" for i in range(60)) + "}\n"
HOSTILE = {
    "brackets": "locals {\n  a = " + "[" * 100_000 + "\n}\n",
    "closed brackets": "locals {\n  a = " + "[" * 5_000 + "]" * 5_000 + "\n}\n",
    "parentheses": "locals {\n  a = " + "(" * 100_000 + "\n}\n",
    "negations": "locals {\n  a = " + "!" * 100_000 + "true\n}\n",
    "blocks": "a {\n" * 50_000,
    "templates": 'locals {\n  a = "' + '${"' * 50_000 + "\n}\n",
    "directives": 'locals {\n  a = "' + "%{ if true }" * 50_000 + "\n}\n",
    "sums": "locals {\n  a = " + "1 + " * 900 + "1\n}\n" + ROLE % "local.a",
    "attributes": "locals {\n  a = var.x" + ".y" * 900 + "\n}\n" + ROLE % "local.a",
    "indices": "locals {\n  a = var.x" + "[0]" * 900 + "\n}\n" + ROLE % "local.a",
    "more sums": "locals {\n  a = " + "1 + " * 200_000 + "1\n}\n",
    "more attributes": "locals {\n  a = var.x" + ".y" * 400_000 + "\n}\n",
    "conditions": "locals {\n  a = " + "true ? " * 50_000 + "\n}\n",
    "doubled texts": DOUBLED + ROLE % "local.a60",
    "doubled lists": LISTS + ROLE % "jsonencode(local.a60)",
    "a chain": CHAIN + ROLE % "local.a5000",
    "a product": ROLE % "jsonencode([for a in range(1000) : [for b in range(1000) : [for c in range(1000) : a]]])",
    "a range": ROLE % "jsonencode(range(1000000000))",
    "a width": ROLE % 'format("%1000000000d", 1)',
    "a power": POWER + ROLE % "local.a60",
    "a regular expression": ROLE % ('regex("(a+)+$", "' + "a" * 50 + 'b")'),
    "more of them": ROLE % ('regex("a*a*a*a*a*a*a*a*c", "' + "a" * 5000 + '")'),
    "setproduct": ROLE % f"jsonencode(setproduct({', '.join(['range(100)'] * 10)}))",
    "comments": "/*" * 500_000,
    "hashes": "#\n" * 500_000,
    "a long line": "a = \"" + "x" * 1_000_000 + '"',
    "a heredoc": "a = <<EOT\n" + "${1}\n" * 100_000 + "EOT\n",
    "heredocs": "".join(f"a{i} = <<EOT{i}\nx\n" for i in range(20_000)),
    "instances": 'resource "aws_iam_role" "r" {\n  count = 2000\n}\n',
    "json": ROLE % ('"' + "[" * 50_000 + '"'),
    "deep json": ROLE % ('"' + '{\\"a\\":' * 5_000 + "1" + "}" * 5_000 + '"'),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_is_refused_or_read_at_once(name: str, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(HOSTILE[name], encoding="utf-8")
    start = process_time()
    with suppress(ReadError):
        list(read_terraform(tmp_path))
    assert process_time() - start < AT_ONCE


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff\xfe a = 1", "isn't UTF-8"),
        ('resource "a" "b" {'.encode("utf-16"), "isn't UTF-8"),
        (b"x" * 50_000_000, "larger than"),
        (b'resource "a" "b" {\n', r"main\.tf:2: not HCL: expected"),
        (b'a = "x\n', r"main\.tf:1: not HCL"),
        (b"\0", "not HCL"),
    ],
    ids=["bytes", "utf-16", "50 MB", "truncated", "an open text", "null"],
)
def test_what_is_no_terraform_is_said_with_its_file(content: bytes, why: str, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_bytes(content)
    with pytest.raises(ReadError, match=why):
        list(read_terraform(tmp_path))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "not JSON, in line 1"),
        ('{"a": 1, "a": 2}', "stands twice"),
        ("[1]", "is an object"),
        ("[" * 100_000, "nested more than"),
        ('{"locals": {"a": "${"}}', "not HCL"),
    ],
)
def test_what_is_no_json_of_terraform_is_said_with_its_file(content: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "main.tf.json").write_text(content, encoding="utf-8")
    with pytest.raises(ReadError, match=why):
        list(read_terraform(tmp_path))


def test_json_syntax_means_what_hcl_means(tmp_path: Path) -> None:
    document: dict[str, Any] = {
        "data": {"aws_caller_identity": {"me": {}}},
        "variable": {"name": {"type": "string", "default": "job"}},
        "locals": {"arn": "arn:aws:sqs:eu-west-1:${data.aws_caller_identity.me.account_id}:jobs"},
        "resource": {
            "aws_iam_role": {"r": {"name": "${var.name}", "assume_role_policy": "${jsonencode({Statement = []})}"}},
            "aws_iam_role_policy": {
                "p": [{"role": "${aws_iam_role.r.id}", "policy": '{"Statement": [{"Resource": "${local.arn}"}]}'}]
            },
            "aws_ecs_task_definition": {
                "t": {
                    "family": "f",
                    "container_definitions": "[]",
                    "volume": {"name": "v", "efs_volume_configuration": {"file_system_id": "fs-1"}},
                }
            },
        },
    }
    root = root_of(tmp_path, {"main.tf.json": json.dumps(document, indent=2)})
    role, inline, task = root.found
    assert isinstance(role, FoundRole)
    assert isinstance(inline, FoundInline)
    assert isinstance(task, FoundTask)
    assert inline.roles == (role.name,) == (Text(("job",)),)
    assert said(inline.document.value)["Statement"] == [{"Resource": "arn:aws:sqs:eu-west-1:{account_id}:jobs"}]
    assert task.value["volumes"] == [{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}]
    assert root.gaps == ()


def test_a_dynamic_block_in_json_makes_what_it_makes_in_hcl(tmp_path: Path) -> None:
    condition: dict[str, Any] = {
        "for_each": [{"k": "a"}],
        "iterator": "c",
        "content": {"test": "Bool", "variable": "${c.value.k}"},
    }
    statement: dict[str, Any] = {"actions": ["a:b"], "dynamic": {"condition": condition}}
    data: dict[str, Any] = {
        "statement": [statement | {"sid": "one"}, {"sid": "two"}],
        "dynamic": {"statement": [{"for_each": ["x"], "content": {"sid": "${statement.value}"}}]},
    }
    document: dict[str, Any] = {
        "data": {"aws_iam_policy_document": {"d": data}},
        "resource": {"aws_iam_role_policy": {"p": {"role": "r", "policy": "${data.aws_iam_policy_document.d.json}"}}},
    }
    (found,) = root_of(tmp_path, {"main.tf.json": json.dumps(document)}).found
    assert isinstance(found, FoundInline)
    one, two, three = said(found.document.value)["Statement"]
    assert one == {"Sid": "one", "Effect": "Allow", "Action": ["a:b"], "Condition": {"Bool": {"a": []}}}
    assert (two["Sid"], three["Sid"]) == ("two", "x")


def test_every_kind_of_record_is_found_in_the_shapes() -> None:
    kinds = {type(f) for shape in SHAPES.iterdir() for r in read_terraform(shape) for f in r.found}
    assert kinds == {FoundRole, FoundInline, FoundManaged, FoundAttachment, FoundTask, FoundService, FoundPassing}


def test_what_is_made_of_a_files_content(tmp_path: Path) -> None:
    """Its hashes as Terraform computes them, and a document that is encoded and decoded again."""
    content = '{"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}\r\n'
    hashes = {name: hashlib.new(name, content.encode()) for name in ("md5", "sha1", "sha256", "sha512")}
    names = {f"file{name}": one.hexdigest() for name, one in hashes.items()}
    names |= {f"filebase64{n}": base64.b64encode(hashes[n].digest()).decode() for n in ("sha256", "sha512")}
    tags = "\n".join(f'{name} = {name}("${{path.module}}/p.json")' for name in (*names, "filebase64"))
    root = (
        f'resource "aws_iam_role" "r" {{\n  name = "r"\n  tags = {{\n{tags}\nother = filebase64("no.bin")\n}}\n}}\n'
        'resource "aws_iam_role_policy" "p" {\n role = aws_iam_role.r.name\n'
        ' policy = base64decode(filebase64("p.json"))\n}'
    )
    (tmp_path / "p.json").write_bytes(content.encode())
    (tmp_path / "main.tf").write_text(root)
    (found,) = read_terraform(tmp_path)
    (role,) = (one for one in found.found if isinstance(one, FoundRole))
    said = {key: str(value) for key, value in role.tags}
    assert said.pop("other") == "{filebase64(no.bin)}"
    assert said == {**names, "filebase64": base64.b64encode(content.encode()).decode()}
    (inline,) = (one for one in found.found if isinstance(one, FoundInline))
    assert inline.document.value["Statement"][0]["Action"] == "s3:GetObject"


def test_arguments_have_the_names_of_the_api() -> None:
    """Terraform calls its arguments as the API does, in words with underscores; lists of blocks are in the singular."""
    botocore = pytest.importorskip("botocore", reason="not installed: boto3")
    model = pytest.importorskip("botocore.session").get_session().get_service_model("ecs")
    waiting = [model.operation_model(name).input_shape for name in ("CreateService", "RegisterTaskDefinition")]
    seen: set[str] = set()
    while waiting:
        shape = waiting.pop()
        if shape.name in seen:
            continue
        seen.add(shape.name)
        if shape.type_name != "structure":
            waiting += [shape.member] if shape.type_name == "list" else []
            continue
        for name, member in shape.members.items():
            words = botocore.xform_name(name)
            spelt = [words, words.removesuffix("s")] if member.type_name == "list" else [words]
            assert name in {api_value(argument, [])[0] for argument in spelt}, (shape.name, name)
            waiting.append(member)
    assert "ServiceManagedEBSVolumeConfiguration" in seen


@pytest.mark.parametrize(
    ("ids", "account"),
    [
        ('["123456789012"]', "123456789012"),
        ("[123456789012]", "123456789012"),
        ('["123456789012", "210987654321"]', "{account_id}"),
        ("var.unknown", "{account_id}"),
        ("[]", "{account_id}"),
    ],
)
def test_the_one_account_that_a_provider_works_in_is_known(ids: str, account: str, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        f'provider "aws" {{ allowed_account_ids = {ids} }}\n'
        'variable "unknown" {}\ndata "aws_caller_identity" "current" {}\n'
        'resource "aws_iam_role" "r" {\n  name = data.aws_caller_identity.current.account_id\n'
        '  assume_role_policy = "{}"\n}\n',
        encoding="utf-8",
    )
    (role,) = ecsiam.read(tmp_path, root=tmp_path).roles.values()
    assert (str(role.role.name), str(role.arn).split(":")[4]) == (account, account)
