"""The rig is alive: a test that passes with it would fail if the configuration were wrong."""

import itertools
import json
import os
import re
from typing import Any

import pytest

from . import rig
from .rig import VERSIONS, Rig, Terraform, TerraformError, actions

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
        ],
    }
)


def may_read(resource: str) -> str:
    """A policy's text, that may hold Terraform expressions."""
    return json.dumps(
        {"Statement": [{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": resource}]}
    )


def role(**more: Any) -> dict[str, Any]:
    """A role, a secret and the one's permission to read the other; with more arguments for the role."""
    return {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws", "version": ">= 5.72, < 7"}}},
        "resource": {
            "aws_iam_role": {"task": {"name": "task", "assume_role_policy": TRUST, **more}},
            "aws_iam_role_policy": {
                "secret": {
                    "name": "secret",
                    "role": "${aws_iam_role.task.id}",
                    "policy": may_read("${aws_secretsmanager_secret.db.arn}"),
                },
                "constant": {"name": "constant", "role": "${aws_iam_role.task.id}", "policy": may_read("*")},
            },
            "aws_secretsmanager_secret": {"db": {"name": "prod/db"}},
        },
    }


def resource(kind: str, **arguments: Any) -> dict[str, Any]:
    """A configuration of one resource, named `it`, and an output of all that is known of it."""
    return {"resource": {kind: {"it": arguments}}, "output": {"it": {"value": f"${{{kind}.it}}", "sensitive": True}}}


def made(terraform: Rig, document: dict[str, Any], **where: str) -> Any:
    """What the output `it` is after apply."""
    work = terraform.workspace({"main.tf.json": document}, **where)
    work.apply()
    return work.outputs()["it"]


def warnings(work: Terraform) -> list[str]:
    """What terraform warns of, without an error."""
    return rig.said(work.validate()["diagnostics"], "warning")


@pytest.fixture(scope="module", params=VERSIONS)
def work(terraform: Rig, request: pytest.FixtureRequest) -> Terraform:
    """A role that is as it should be, with either major version of the provider."""
    return terraform.workspace({"main.tf.json": role()}, version=request.param)


@pytest.fixture(scope="module")
def plan(work: Terraform) -> dict[str, Any]:
    return work.plan()


@pytest.fixture(scope="module")
def state(work: Terraform, plan: dict[str, Any]) -> dict[str, Any]:
    assert plan["applyable"]
    return {each["address"]: each["values"] for each in work.apply()["values"]["root_module"]["resources"]}


def test_a_valid_role_validates_without_a_warning(work: Terraform) -> None:
    assert work.validate()["diagnostics"] == []


def test_a_valid_role_plans_to_create_what_it_names(plan: dict[str, Any]) -> None:
    assert actions(plan) == {
        "aws_iam_role.task": ("create",),
        "aws_iam_role_policy.constant": ("create",),
        "aws_iam_role_policy.secret": ("create",),
        "aws_secretsmanager_secret.db": ("create",),
    }


def test_a_valid_role_leaves_unknown_what_aws_will_tell_and_nothing_else(plan: dict[str, Any]) -> None:
    unknown = {each["address"]: each["change"]["after_unknown"] for each in plan["resource_changes"]}
    assert unknown["aws_iam_role_policy.secret"] == {"id": True, "name_prefix": True, "role": True, "policy": True}
    assert unknown["aws_iam_role_policy.constant"] == {"id": True, "name_prefix": True, "role": True}
    assert {
        "arn",
        "create_date",
        "id",
        "inline_policy",
        "managed_policy_arns",
        "name_prefix",
        "tags_all",
        "unique_id",
    } == unknown["aws_iam_role.task"].keys()


def test_a_valid_role_applies_to_a_policy_with_the_secrets_arn(state: dict[str, Any]) -> None:
    policy = json.loads(state["aws_iam_role_policy.secret"]["policy"])
    assert state["aws_secretsmanager_secret.db"]["arn"] == policy["Statement"][0]["Resource"]
    assert state["aws_iam_role_policy.secret"]["role"] == "task"


@pytest.mark.usefixtures("state")
def test_a_valid_role_is_planned_once_and_no_more(work: Terraform) -> None:
    work.write({"main.tf.json": role()})
    assert {("no-op",)} == set(actions(work.plan()).values())


@pytest.mark.usefixtures("state")
def test_a_valid_role_is_replaced_if_renamed_with_what_is_in_it_and_nothing_else(work: Terraform) -> None:
    work.write({"main.tf.json": role(name="renamed")})
    assert actions(work.plan()) == {
        "aws_iam_role.task": ("delete", "create"),
        "aws_iam_role_policy.constant": ("delete", "create"),
        "aws_iam_role_policy.secret": ("delete", "create"),
        "aws_secretsmanager_secret.db": ("no-op",),
    }


@pytest.mark.usefixtures("state")
def test_a_valid_role_is_updated_in_place_for_another_description(work: Terraform) -> None:
    work.write({"main.tf.json": role(description="another")})
    assert actions(work.plan())["aws_iam_role.task"] == ("update",)


FAULTS: list[tuple[str, dict[str, Any], str]] = [
    (
        "aws_iam_role",
        {"max_session_durration": 3600},
        'No argument or block type is named "max_session_durration". Did you mean',
    ),
    (
        "aws_iam_role",
        {"max_session_duration": 43201},
        "expected max_session_duration to be in the range (3600 - 43200), got 43201",
    ),
    ("aws_iam_role", {"assume_role_policy": ""}, '"assume_role_policy" is an empty string'),
    ("aws_iam_role", {"assume_role_policy": "{"}, '"assume_role_policy" contains an invalid JSON policy: Expecting'),
    (
        "aws_iam_role",
        {"assume_role_policy": "[]"},
        '"assume_role_policy" contains an invalid JSON policy: not a JSON object',
    ),
    (
        "aws_iam_role",
        {"assume_role_policy": '{"Id": 1, "Id": 2}'},
        '"assume_role_policy" contains duplicate JSON keys: Id',
    ),
    ("aws_iam_role", {"inline_policy": [{"name": "a", "policy": " {}"}]}, "leading space characters are not allowed"),
    ("aws_iam_role", {"name": "a" * 65}, "expected length of name to be in the range (1 - 64)"),
    ("aws_iam_role", {"name": "a/b"}, r"invalid value for name (must match [\w+=,.@-])"),
    ("aws_iam_role", {"name": "a", "name_prefix": "a"}, '"name": conflicts with name_prefix'),
    ("aws_iam_role", {"permissions_boundary": "boundary"}, '"permissions_boundary" (boundary) is an invalid ARN'),
    ("aws_iam_role", {"description": "${local.absent}"}, 'A local value with the name "absent" has not been declared'),
    (
        "aws_iam_role",
        {"description": "${aws_iam_role.lost.arn}"},
        'managed resource "aws_iam_role" "lost" has not been declared',
    ),
    ("aws_iam_role_policy", {"role": "r", "policy": may_read("*" * 10240)}, "to be at most 10240"),
    ("aws_iam_openid_connect_provider", {"url": "http://a.b", "client_id_list": []}, 'url with schema of: "https"'),
    ("aws_s3_bucket", {"bukket": "b"}, 'No argument or block type is named "bukket"'),
    ("aws_iam_rolle", {}, 'does not support resource type "aws_iam_rolle"'),
]


def test_each_fault_is_an_error_of_its_own_in_validate_and_in_plan(terraform: Rig) -> None:
    resources: dict[str, dict[str, Any]] = {}
    for number, (kind, arguments, _) in enumerate(FAULTS):
        default = {"assume_role_policy": TRUST} if kind == "aws_iam_role" else {}
        resources.setdefault(kind, {})[f"r{number}"] = {**default, **arguments}
    work = terraform.workspace({"main.tf.json": {"resource": resources}})
    for command in (work.validate, work.plan):
        with pytest.raises(TerraformError) as caught:
            command()
        assert [each for _, _, each in FAULTS if each not in str(caught.value)] == []
        assert len(FAULTS) == len(caught.value.messages), caught.value


def test_a_region_that_is_none_is_an_error(terraform: Rig) -> None:
    work = terraform.workspace({"main.tf.json": {"provider": {"aws": {"region": "Ireland"}}, **role()}})
    with pytest.raises(TerraformError, match="invalid AWS Region: Ireland"):
        work.validate()


def test_a_policy_that_is_wrong_only_when_known_fails_at_apply(terraform: Rig) -> None:
    document = role(assume_role_policy="${substr(aws_secretsmanager_secret.db.arn, 0, 3)}")
    work = terraform.workspace({"main.tf.json": document})
    work.plan()
    with pytest.raises(TerraformError, match='"assume_role_policy" contains an invalid JSON policy'):
        work.apply()


def test_deprecated_arguments_warn(terraform: Rig) -> None:
    work = terraform.workspace(
        {"main.tf.json": role(managed_policy_arns=[], inline_policy=[{"name": "a", "policy": "{}"}])}
    )
    assert sorted(warnings(work)) == [
        "Argument is deprecated: inline_policy is deprecated",
        "Argument is deprecated: managed_policy_arns is deprecated",
    ]


def test_the_regions_name_is_deprecated_in_6_and_its_id_in_neither(terraform: Rig) -> None:
    def warned(attribute: str, version: str) -> bool:
        document: dict[str, Any] = {
            "data": {"aws_region": {"here": {}}},
            "output": {"it": {"value": f"${{data.aws_region.here.{attribute}}}"}},
        }
        return warnings(terraform.workspace({"main.tf.json": document}, version=version)) != []

    assert [(warned("name", version), warned("id", version)) for version in VERSIONS] == [(False, False), (True, False)]


def test_a_resource_has_a_region_of_its_own_from_6_on(terraform: Rig) -> None:
    document = resource("aws_ecr_repository", name="web", region="us-east-1")
    old, new = (terraform.workspace({"main.tf.json": document}, version=version) for version in VERSIONS)
    with pytest.raises(TerraformError, match='No argument or block type is named "region"'):
        old.validate()
    new.validate()


def test_a_version_constraint_that_nothing_meets_fails_at_init(terraform: Rig) -> None:
    document = {"terraform": {"required_providers": {"aws": {"source": "hashicorp/aws", "version": ">= 7"}}}}
    with pytest.raises(TerraformError, match="no available releases match the given constraints >= 7"):
        terraform.workspace({"main.tf.json": document})


def test_the_region_is_the_resources_or_the_providers_or_else_the_environments(terraform: Rig) -> None:
    document = {
        "provider": {"aws": [{}, {"alias": "china", "region": "cn-north-1"}]},
        "resource": {
            "aws_ecr_repository": {
                "a": {"name": "a"},
                "b": {"name": "b", "provider": "aws.china"},
                "c": {"name": "c", "region": "us-east-1"},
            }
        },
        "output": {"it": {"value": [f"${{aws_ecr_repository.{name}.arn}}" for name in "abc"]}},
    }
    assert made(terraform, document, region="sa-east-1") == [
        "arn:aws:ecr:sa-east-1:123456789012:repository/a",
        "arn:aws-cn:ecr:cn-north-1:123456789012:repository/b",
        "arn:aws:ecr:us-east-1:123456789012:repository/c",
    ]


FORMS: list[tuple[str, dict[str, Any], str, str]] = [
    ("aws_ecr_repository", {"name": "web"}, "arn", r"arn:aws:ecr:eu-west-2:123456789012:repository/web"),
    ("aws_efs_file_system", {}, "id", r"fs-[0-9a-f]{17}"),
    ("aws_efs_file_system", {}, "arn", r"arn:aws:elasticfilesystem:eu-west-2:123456789012:file-system/fs-[0-9a-f]{17}"),
    (
        "aws_iam_openid_connect_provider",
        {"url": "https://token.example.com/a", "client_id_list": ["sts.amazonaws.com"]},
        "arn",
        r"arn:aws:iam::123456789012:oidc-provider/token\.example\.com/a",
    ),
    (
        "aws_iam_role",
        {"name_prefix": "task-", "path": "/ecs/", "assume_role_policy": TRUST},
        "arn",
        r"arn:aws:iam::123456789012:role/ecs/task-\d{26}",
    ),
    ("aws_iam_role", {"assume_role_policy": TRUST}, "unique_id", r"AROA[A-Z2-7]{17}"),
    ("aws_iam_role_policy", {"role": "task", "name": "p", "policy": "{}"}, "id", r"task:p"),
    (
        "aws_iam_role_policy_attachment",
        {"role": "task", "policy_arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
        "id",
        r"task/arn:aws:iam::aws:policy/ReadOnlyAccess",
    ),
    ("aws_kms_key", {}, "arn", r"arn:aws:kms:eu-west-2:123456789012:key/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    ("aws_s3_bucket", {"bucket": "b.example"}, "arn", r"arn:aws:s3:::b\.example"),
    (
        "aws_secretsmanager_secret",
        {"name": "prod/db"},
        "arn",
        r"arn:aws:secretsmanager:eu-west-2:123456789012:secret:prod/db-(?=.*[A-Z])[A-Za-z0-9]{6}",
    ),
    (
        "aws_ssm_parameter",
        {"name": "/prod/key", "type": "SecureString", "value": "v"},
        "arn",
        r"arn:aws:ssm:eu-west-2:123456789012:parameter/prod/key",
    ),
]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_apply_makes_known_has_the_form_that_aws_gives_it(terraform: Rig, version: str) -> None:
    document: dict[str, Any] = {"resource": {}, "output": {}}
    for number, (kind, arguments, attribute, _) in enumerate(FORMS):
        document["resource"].setdefault(kind, {})[f"r{number}"] = arguments
        document["output"][f"r{number}"] = {"value": f"${{{kind}.r{number}.{attribute}}}"}
    work = terraform.workspace({"main.tf.json": document}, version=version)
    planned = {each["address"]: each["change"]["after_unknown"] for each in work.plan()["resource_changes"]}
    work.apply()
    outputs = work.outputs()
    for number, (kind, _, attribute, form) in enumerate(FORMS):
        assert planned[f"{kind}.r{number}"][attribute] is True
        assert re.fullmatch(form, outputs[f"r{number}"])


def test_data_sources_are_known_at_plan(terraform: Rig) -> None:
    kinds = ("aws_caller_identity", "aws_partition", "aws_region")
    document: dict[str, Any] = {
        "data": {kind: {"it": {}} for kind in kinds},
        "output": {kind: {"value": f"${{data.{kind}.it}}"} for kind in kinds},
    }
    plan = terraform.workspace({"main.tf.json": document}).plan()
    identity, partition, region = (plan["planned_values"]["outputs"][kind]["value"] for kind in kinds)
    assert "123456789012" == identity["account_id"] == identity["id"]
    assert (partition["partition"], partition["dns_suffix"]) == ("aws", "amazonaws.com")
    assert "eu-west-2" == region["region"] == region["id"] == region["name"]


def test_resources_without_a_name_are_told_apart(terraform: Rig) -> None:
    keys = made(terraform, resource("aws_kms_key", count=3))
    assert len({key["arn"] for key in keys}) == 3


def test_tags_are_the_resources_and_the_providers(terraform: Rig) -> None:
    document = {
        "provider": {"aws": {"default_tags": {"tags": {"a": "provider", "b": "provider"}}}},
        **resource("aws_ecr_repository", name="web", tags={"b": "own"}),
    }
    assert made(terraform, document)["tags_all"] == {"a": "provider", "b": "own"}


def test_variables_keep_their_types(terraform: Rig) -> None:
    document = {
        "variable": {"names": {"type": "list(string)"}},
        **resource("aws_ecr_repository", for_each="${toset(var.names)}", name="${each.key}"),
    }
    plan = terraform.workspace({"main.tf.json": document}).plan({"names": ["a", "b"]})
    assert {'aws_ecr_repository.it["a"]', 'aws_ecr_repository.it["b"]'} == set(actions(plan))


def test_nothing_of_the_environment_comes_through(terraform: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("AWS_PROFILE", "mine"), ("TF_VAR_v", "leaked"), ("TF_CLI_ARGS", "-help"), ("TF_LOG", "trace")):
        monkeypatch.setenv(name, value)
    work = terraform.workspace(
        {"main.tf.json": {"variable": {"v": {"default": "own"}}, "output": {"v": {"value": "${var.v}"}}}}
    )
    work.apply()
    assert work.outputs() == {"v": "own"}
    assert not {name for name in work.environment if name.startswith("AWS_")}


def test_a_command_that_hangs_is_ended(terraform: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rig, "TIMEOUT", 0.001)
    with pytest.raises(TerraformError, match=r"no end after 0\.001 s"):
        terraform.evaluate({"a": 1})


def test_terraform_is_found_only_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    assert rig.terraform_path() is None


class TestEvaluation:
    """terraform's own reading of JSON. What we escape, and what not, rests on these facts."""

    def test_expressions_are_evaluated(self, terraform: Rig) -> None:
        assert terraform.evaluate(
            {
                "base": ["a", "b"],
                "each": '${{for name in local.base: name => "s-${name}"}}',
                "text": "${jsonencode({Resource = values(local.each)})}",
                "when": '${var.on ? "yes" : "no"}',
                "number": "${1 + 2}",
                "nothing": None,
            },
            {"on": True},
        ) == {
            "base": ["a", "b"],
            "each": {"a": "s-a", "b": "s-b"},
            "text": '{"Resource":["s-a","s-b"]}',
            "when": "yes",
            "number": 3,
            "nothing": None,
        }

    @pytest.mark.parametrize("text", ["${", "%{", "$%{", "${local.absent}", "${a b}"])
    def test_an_expression_that_is_none_is_an_error(self, terraform: Rig, text: str) -> None:
        with pytest.raises(TerraformError):
            terraform.evaluate({"it": text})

    def test_only_a_doubled_sign_before_a_brace_is_an_escape(self, terraform: Rig) -> None:
        meant = {
            "$": "$",
            "%": "%",
            "$$": "$$",
            "%%": "%%",
            "$}": "$}",
            "$${": "${",
            "%%{": "%{",
            "$$${": "$${",
            "%%%{": "%%{",
            "$$$$${": "$$$${",
            "$%%{": "$%{",
            "%$${": "%${",
            "$${a}": "${a}",
            "$${~ a ~}": "${~ a ~}",
            "$$${a}": "$${a}",
            "%%{if a}%%{endif}": "%{if a}%{endif}",
        }
        assert terraform.evaluate({"it": list(meant)}) == {"it": list(meant.values())}

    def test_doubling_before_a_brace_inverts_unescaping_for_every_text(self, terraform: Rig) -> None:
        texts = [
            *("".join(each) for length in range(6) for each in itertools.product("$%{}", repeat=length)),
            *("".join(each) for length in range(4) for each in itertools.product('$%{~a"\\', repeat=length)),
            '\n ${\n\t%{if true}\r\n ${file("x")} é \u2028 \N{GRINNING FACE} <&> \0',
        ]
        assert {"values": texts} == terraform.evaluate({"values": [escaped(text) for text in texts]})

    def test_keys_are_templates_as_values_are(self, terraform: Rig) -> None:
        assert terraform.evaluate({"it": {"x${1 + 1}": 1, "$${a}": 2, "//": 3}}) == {
            "it": {"x2": 1, "${a}": 2, "//": 3}
        }
        texts = ["".join(each) for length in range(6) for each in itertools.product("$%{}", repeat=length)]
        keys = {escaped(text): index for index, text in enumerate(texts)}
        assert {text: index for index, text in enumerate(texts)} == terraform.evaluate({"it": keys})["it"]

    def test_defaults_and_descriptions_are_not_templates(self, terraform: Rig) -> None:
        texts = {"${a}": "$${b} %{c} %%{d}"}
        work = terraform.workspace(
            {
                "main.tf.json": {
                    "variable": {"it": {"default": texts, "description": "${a} %{b}"}},
                    "output": {"it": {"value": "${var.it}", "description": "${a} %{b}"}},
                }
            }
        )
        work.apply()
        assert {"it": texts} == work.outputs()

    def test_arguments_of_a_resource_are_templates(self, terraform: Rig) -> None:
        repository = made(terraform, resource("aws_ecr_repository", name="web", tags={"$${a}": '%%{b} ${upper("c")}'}))
        assert repository["tags"] == {"${a}": "%{b} C"}

    def test_text_is_put_into_normal_form_c(self, terraform: Rig) -> None:
        assert terraform.evaluate({"it": "e\u0301"}) == {"it": "\u00e9"}

    def test_a_text_that_is_one_expression_keeps_its_type(self, terraform: Rig) -> None:
        assert terraform.evaluate({"it": ["${1}", "x${1}", "${true}"]}) == {"it": [1, "x1", True]}

    def test_a_key_given_twice_is_an_error(self, terraform: Rig) -> None:
        with pytest.raises(TerraformError, match="Duplicate object attribute"):
            terraform.evaluate({"it": {"a": 1, '${"a"}': 2}})


def escaped(text: str) -> str:
    """A text as Terraform JSON has to have it."""
    return text.replace("${", "$${").replace("%{", "%%{")
