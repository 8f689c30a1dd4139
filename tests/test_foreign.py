"""Files of other tools are told what they are, in one line, whatever asks for a config."""

import json
from pathlib import Path

import pytest

from ecsiam import ConfigError, load_config, load_configs

from .command_line import said

CONTAINERS = {"family": "memos", "containerDefinitions": [{"name": "web", "image": "x"}], "taskRoleArn": "x"}
TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Sub "${AWS::StackName}-task"
      Arn: !GetAtt [Role, Arn]
"""
SAM = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Web:
    Type: AWS::Serverless::Function
    Properties:
      Policies: !Ref Policies
"""
HCL = """\
# the task's role
resource "aws_iam_role" "task" {
  name               = "memos-task"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
"""
COMPOSE = """\
x-common: &common
  restart: always
services:
  web:
    <<: *common
    image: nginx:1
    ports: ["80:80"]
"""
SERVERLESS = """\
service: memos
provider:
  name: aws
functions:
  web:
    handler: web.handler
    role: !GetAtt Role.Arn
"""
FILES = {
    "task.json": (json.dumps(CONTAINERS), "an ECS task definition"),
    "wrapped.json": (json.dumps({"taskDefinition": CONTAINERS, "tags": []}), "an ECS task definition"),
    "task.yaml": ("family: memos\ncontainerDefinitions:\n  - name: web\n    image: x\n", "an ECS task definition"),
    "service.json": (json.dumps({"services": [{"serviceArn": "arn", "taskDefinition": "x"}]}), "an ECS service"),
    "template.json": (
        json.dumps({"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": {"Arn": {"Ref": "x"}}}}}),
        "a CloudFormation template",
    ),
    "template.yaml": (TEMPLATE, "a CloudFormation template"),
    "bare.yaml": ("Resources:\n  Role:\n    Type: AWS::IAM::Role\n", "a CloudFormation template"),
    "sam.yaml": (SAM, "an AWS SAM template"),
    "main.tf": (HCL, "Terraform"),
    "main.txt": (HCL, "Terraform"),
    "prod.tfvars": ('name = "memos"\n', "Terraform"),
    "main.tf.json": (json.dumps({"resource": {"aws_iam_role": {"task": {"name": "x"}}}}), "Terraform in JSON"),
    "plan.json": (json.dumps({"format_version": "1.2", "planned_values": {}}), "a Terraform plan"),
    "terraform.tfstate": (
        json.dumps(
            {"version": 4, "terraform_version": "1.9.0", "serial": 3, "lineage": "x", "resources": []}, indent=2
        ),
        "a Terraform state",
    ),
    "large.json": (
        json.dumps({"format_version": "1.2", "planned_values": {"x": "y" * 300_000}}, indent=2),
        "a Terraform plan",
    ),
    "serverless.yml": (SERVERLESS, "a Serverless Framework file"),
    "compose.yaml": (COMPOSE, "a Compose file"),
    "plain.yaml": ("services:\n  web:\n    build: .\n", "a Compose file"),
    "deploy.yaml": ("apiVersion: v1\nkind: Pod\nmetadata: {}\n", "a Kubernetes manifest"),
}
WITH_ROLES = ("template.json", "template.yaml", "bare.yaml")
ASKED = (["emit", "--target", "iam"], ["prove"], ["can", "--action", "s3:*"], ["diff", "other.yaml"], ["simulate"])


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.yaml").write_text("project_name: memos\nenvironment: dev\n")
    return tmp_path


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_another_tool_is_named(name: str, here: Path) -> None:
    text, what = FILES[name]
    (here / name).write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config(name)
    (fault,) = caught.value.faults
    assert fault.message == f"this is {what}, neither a config nor an IAM document"
    assert fault.remedy.endswith("`ecsiam init` starts a config: write what the roles need into it.")
    for command, *options in ASKED:
        asked = ("--role", "task", "--action", "s3:ListAllMyBuckets") if command == "simulate" else ()
        code, out, err = said(command, *options, *asked, name)
        if command == "diff" and "roles that were read" in err:  # which a config is not compared with
            continue
        if name in WITH_ROLES and command in ("prove", "can"):  # which ask what was read, too
            assert (code in (0, 1, 3), "error" in err) == (True, False), (command, code, err)
            continue
        if name in WITH_ROLES and command == "simulate":
            assert "leaves `account_id` to deployment" in err
            continue
        assert (code, out, err) == (2, "", f"error: {fault}\n"), command


@pytest.mark.parametrize(
    "text",
    [
        "defaults:\n  environment: dev\nservices:\n  memos: {}\n",
        "services:\n  image: {environment: dev}\n  build: {environment: dev, tags: {image: x}}\n",
        "environments:\n  dev: {project_name: memos}\n",
    ],
)
def test_a_file_of_several_services_is_no_other_tools(text: str, here: Path) -> None:
    (here / "a.yaml").write_text(text)
    assert load_configs("a.yaml")
    with pytest.raises(ConfigError, match=r"this file holds several configs, .* Read them with `load_configs`"):
        load_config("a.yaml")


def test_an_iam_document_is_no_config(here: Path) -> None:
    (here / "policy.json").write_text('{"Version": "2012-10-17", "Statement": []}')
    with pytest.raises(ConfigError, match="this is an IAM document, not a config"):
        load_config("policy.json")


@pytest.mark.parametrize(
    "text",
    [
        "project_name: memos\nservices:\n  web:\n    image: x\n",
        "project_name: memos\nenvironment: !Ref x\n",
        "project_nam: memos\nenvironment: dev\n",
        "- a\n",
        "",
    ],
)
def test_a_config_with_faults_is_still_one(text: str, here: Path) -> None:
    (here / "a.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config("a.yaml")
    assert not any(f.message.startswith("this is") for f in caught.value.faults)
