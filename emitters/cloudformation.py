"""CloudFormation, through troposphere: one template with the roles, each with its policies inside.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html
"""

import json
from typing import Any, cast

from troposphere import AWSHelperFn, GetAtt, Join, Output, Ref, Sub, Tag, Tags, Template
from troposphere.iam import Policy, Role

from ecsiam.model.document import policy_to_data
from ecsiam.model.names import camel_case
from ecsiam.model.role import Role as RoleModel
from ecsiam.model.stack import Stack
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, PARTITION, Text

_PSEUDO = {ACCOUNT_ID: "AWS::AccountId", AWS_REGION: "AWS::Region", PARTITION: "AWS::Partition"}


def documents(stack: Stack) -> dict[str, object]:
    """The one template of a stack."""
    template = Template()
    template.set_description(f"IAM roles of the ECS service {stack.intent.project_name}-{stack.intent.environment}")
    for role in stack.roles.values():
        template.add_resource(_role(role))
    for output in stack.outputs:
        if output.role in stack.roles:
            id_ = logical_id(output.role)
            value = GetAtt(id_, "Arn") if output.attribute == "arn" else Ref(id_)  # Ref of a role is its name
            template.add_output(Output(camel_case(output.name), Description=output.description, Value=value))
    return {"template.json": cast("object", json.loads(template.to_json()))}


def logical_id(role: str) -> str:
    """`github_actions` -> `GithubActionsRole`."""
    return camel_case(f"{role}_role")


def _role(role: RoleModel) -> Role:
    properties: dict[str, Any] = {
        "RoleName": render(role.name),
        "Path": role.path,
        "Description": role.description,
        "AssumeRolePolicyDocument": policy_to_data(role.trust, render),
        "Policies": [
            Policy(PolicyName=render(p.name), PolicyDocument=policy_to_data(p.document, render))
            for p in role.policies.values()
        ],
        "ManagedPolicyArns": [render(a) for a in role.managed_policy_arns],
        "Tags": Tags(*(Tag(key, render(value)) for key, value in role.tags)),
    }
    if role.permissions_boundary is not None:
        properties["PermissionsBoundary"] = render(role.permissions_boundary)
    if role.max_session_duration is not None:
        properties["MaxSessionDuration"] = role.max_session_duration
    return Role(logical_id(role.id), **{k: v for k, v in properties.items() if v != []})


def render(text: Text) -> str | AWSHelperFn:
    """A text as CloudFormation has it: plain, one Ref, or Fn::Sub.

    Fn::Sub would take IAM's `${aws:username}` for its own, so text that holds one is joined instead.
    """
    if text.literal is not None:
        return text.literal
    parts = [p if isinstance(p, str) else Ref(_PSEUDO[p]) for p in text.parts]
    if len(parts) == 1:
        return cast("AWSHelperFn", parts[0])
    if any("${" in p for p in text.parts if isinstance(p, str)):
        return Join("", parts)
    return Sub("".join(p if isinstance(p, str) else f"${{{_PSEUDO[p]}}}" for p in text.parts))
