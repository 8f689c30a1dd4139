"""One module for many services: `ecsiam init --module`, and what Terraform makes of it.

The usage examples are those of the baseline module's own guide, word for word.
"""

from typing import Any

import pytest

import ecsiam
from ecsiam.config import load_config
from ecsiam.config.describe import module
from tests.terraform.rig import Rig, Terraform

USAGE = """
module "iam" {
  source = "./modules/iam"

  # Required
  project_name = "memos"
  environment  = "dev"
  aws_region   = "eu-west-2"

  # EFS access for persistent storage
  enable_efs_access = true
  efs_arn           = module.efs.efs_arn

  # Optional: Enable if needed
  enable_secrets_access  = false
  enable_s3_access       = false
  enable_cloudwatch_logs = false
  enable_github_oidc     = false
}

# Pass outputs to ECS module
module "ecs" {
  source = "./modules/ecs"

  task_execution_role_arn = module.iam.task_execution_role_arn
  task_role_arn           = module.iam.task_role_arn

  # ... other variables
}
"""
EFS = """
resource "aws_efs_file_system" "this" {}
output "efs_arn" { value = aws_efs_file_system.this.arn }
"""
ECS = """
variable "task_execution_role_arn" { type = string }
variable "task_role_arn" { type = string }
output "task_role_arn" { value = var.task_role_arn }
"""
REQUIRED = 'project_name = "memos"\n  environment = "dev"\n'


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> ecsiam.Stack:
    path = tmp_path_factory.mktemp("module") / "ecsiam.yaml"
    path.write_text(module(), encoding="utf-8")
    return ecsiam.build(load_config(path))


def root(terraform: Rig, stack: ecsiam.Stack, main: str, **modules: str) -> Terraform:
    """A root module that uses ours, and others of one file each."""
    work = terraform.workspace({"main.tf": ""})
    ecsiam.emit(stack, "terraform").write(work.directory / "modules/iam")
    for name, text in modules.items():
        (work.directory / "modules" / name).mkdir()
        (work.directory / "modules" / name / "main.tf").write_text(text, encoding="utf-8")
    work.write({"main.tf": main + '\noutput "iam" { value = module.iam }\n'})
    work.init()
    return work


def resources(state: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What a plan or a state holds of our module, by address."""
    values = state["planned_values" if "planned_values" in state else "values"]["root_module"]
    ours = next(m for m in values["child_modules"] if m["address"] == "module.iam")
    return {r["address"].removeprefix("module.iam."): r["values"] for r in ours["resources"]}


def test_the_usage_example_of_the_guide_works(terraform: Rig, stack: ecsiam.Stack) -> None:
    work = root(terraform, stack, f'module "efs" {{ source = "./modules/efs" }}\n{USAGE}', efs=EFS, ecs=ECS)
    assert work.validate()["valid"]
    planned = resources(work.plan())
    assert sorted(planned) == [
        "aws_iam_role.execution",
        "aws_iam_role.task",
        "aws_iam_role_policy.efs[0]",
        "aws_iam_role_policy.execution_ecr",
        "aws_iam_role_policy.execution_logs",
    ]
    made = resources(work.apply())
    assert made["aws_iam_role.task"]["name"] == "memos-dev-task-role"
    assert "file-system/fs-" in made["aws_iam_role_policy.efs[0]"]["policy"]
    outputs = work.outputs()["iam"]
    assert outputs["task_execution_role_arn"].endswith(":role/memos-dev-execution-role")
    assert outputs["github_actions_role_arn"] is None
    assert outputs["enabled_features"]["enable_efs_access"] is True
    assert outputs["role_summary"]["github_actions"] is None


OPTIONAL = {
    "secrets": """
  enable_secrets_access = true
  secrets_arns = [
    "arn:aws:secretsmanager:eu-west-2:123456789012:secret:db-password-xxxxx",
    "arn:aws:ssm:eu-west-2:123456789012:parameter/app/*"
  ]
""",
    "s3": """
  enable_s3_access = true
  s3_bucket_arns = [
    "arn:aws:s3:::my-app-backups",
    "arn:aws:s3:::my-app-backups/*"  # Don't forget /* for objects!
  ]
""",
    "cloudwatch": "enable_cloudwatch_logs = true",
    "github": """
  enable_github_oidc = true
  github_oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
  github_repo = "tomakady/ecs-project"
""",
}


@pytest.mark.parametrize("feature", OPTIONAL)
def test_each_optional_feature_of_the_guide_works(terraform: Rig, stack: ecsiam.Stack, feature: str) -> None:
    body = OPTIONAL[feature]
    work = root(terraform, stack, f'module "iam" {{\n  source = "./modules/iam"\n  {REQUIRED}{body}\n}}\n')
    work.plan()
    made = resources(work.apply())
    assert any(feature in a for a in made), sorted(made)
