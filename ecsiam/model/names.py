"""What our roles, policies and outputs are called: the one table that the config, every target and the docs read.

An id is an interface: it is the key of `role_names` and `policy_names`, the Terraform address (`aws_iam_role.task`)
and, in CamelCase, the CloudFormation id (`TaskRole`).
"""

from typing import Literal

from attrs import frozen

RoleId = Literal["execution", "task", "github_actions", "autoscaling"]
Attribute = Literal["arn", "name", "id"]


@frozen
class RoleKind:
    """A role that we make: its name is `<project_name>-<environment>-<suffix>`.

    `output` begins the names of its outputs, empty where it has none; without its `flag` it is not made.
    """

    id: RoleId
    suffix: str
    purpose: str
    output: str = ""
    flag: str = ""


@frozen
class PolicyKind:
    """An inline policy that we make: its name is `<project_name>-<environment>-<suffix>`."""

    id: str
    role: RoleId
    suffix: str


ROLES: dict[RoleId, RoleKind] = {
    r.id: r
    for r in (
        RoleKind("execution", "execution-role", "ECS task execution", "task_execution_role"),
        RoleKind("task", "task-role", "ECS task", "task_role"),
        RoleKind(
            "github_actions",
            "github-actions-role",
            "GitHub Actions deployment",
            "github_actions_role",
            "enable_github_oidc",
        ),
        RoleKind("autoscaling", "autoscaling-role", "ECS service auto scaling", flag="enable_autoscaling"),
    )
}

POLICIES = {
    p.id: p
    for p in (
        PolicyKind("execution_ecr", "execution", "execution-ecr-policy"),
        PolicyKind("execution_logs", "execution", "execution-logs-policy"),
        PolicyKind("execution_secrets", "execution", "execution-secrets-policy"),
        PolicyKind("execution_statements", "execution", "execution-statements-policy"),
        PolicyKind("efs", "task", "efs-policy"),
        PolicyKind("s3", "task", "s3-policy"),
        PolicyKind("cloudwatch", "task", "cloudwatch-policy"),
        PolicyKind("exec", "task", "exec-policy"),
        PolicyKind("task_statements", "task", "task-statements-policy"),
        PolicyKind("github_actions", "github_actions", "github-actions-policy"),
        PolicyKind("github_actions_statements", "github_actions", "github-actions-statements-policy"),
        PolicyKind("autoscaling", "autoscaling", "autoscaling-policy"),
    )
}


@frozen
class Output:
    """A value that the deployment hands on: an attribute of a role. `id` is what Terraform calls so: the name."""

    name: str
    role: RoleId
    attribute: Attribute

    @property
    def description(self) -> str:
        what = {"arn": "ARN", "name": "Name", "id": "Id (the name, as Terraform has it)"}[self.attribute]
        return f"{what} of the {ROLES[self.role].purpose} role"


def _outputs(role: RoleId, *attributes: Attribute) -> tuple[Output, ...]:
    return tuple(Output(f"{ROLES[role].output}_{attribute}", role, attribute) for attribute in attributes)


# As the guide's module has them: no id for the deploy role.
OUTPUTS = (
    *_outputs("execution", "arn", "name", "id"),
    *_outputs("task", "arn", "name", "id"),
    *_outputs("github_actions", "arn", "name"),
)


def camel_case(name: str) -> str:
    """`github_actions_role` -> `GithubActionsRole`: an id as CloudFormation takes it."""
    return "".join(word.capitalize() for word in name.split("_"))
