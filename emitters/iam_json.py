"""Raw IAM JSON: a folder per role, ready for `aws iam create-role --cli-input-json` and `put-role-policy`.

IAM's JSON has no way to say "this account": everything has to be bound.
"""

import json

from ecsiam.errors import EmitError, Fault, refuse
from ecsiam.looks.words import listed
from ecsiam.model.document import policy_to_data
from ecsiam.model.role import Role
from ecsiam.model.sizes import over
from ecsiam.model.stack import Stack
from ecsiam.model.text import Text

Documents = dict[str, object]


def documents(stack: Stack) -> Documents:
    """The JSON documents of a stack by relative path; parameters take their defaults.

    Raises EmitError naming everything that is not bound.
    """
    unknown = stack.deployment.without_default
    if unknown.open:
        names = listed(unknown.open)
        remedy = f"Write it in the config, or bind it: `{unknown.settings}`."
        raise EmitError(Fault(f"raw IAM JSON can't leave {names} to deployment", (), remedy))
    defaults = stack.deployment.defaults
    if defaults:
        stack = stack.bind(defaults)
        refuse(EmitError, over(stack))  # what the defaults hold has a size only now
    found: Documents = {}
    for role in stack.roles.values():
        found |= _role(role)
    return found


def _role(role: Role) -> Documents:
    folder = f"roles/{role.name}"
    trust = policy_to_data(role.trust, _render)
    create: dict[str, object] = {
        "RoleName": _render(role.name),
        "Path": role.path,
        "AssumeRolePolicyDocument": json.dumps(trust, ensure_ascii=False),
        "Description": _render(role.description),
    }
    if role.max_session_duration is not None:
        create["MaxSessionDuration"] = role.max_session_duration
    if role.permissions_boundary is not None:
        create["PermissionsBoundary"] = _render(role.permissions_boundary)
    create["Tags"] = [{"Key": key, "Value": _render(value)} for key, value in role.tags]
    return {
        f"{folder}/create-role.json": create,
        f"{folder}/trust-policy.json": trust,
        f"{folder}/attached-policies.json": [_render(arn) for arn in role.managed_policy_arns],
        **{f"{folder}/policies/{p.name}.json": policy_to_data(p.document, _render) for p in role.policies.values()},
    }


def _render(text: Text) -> str:
    if text.literal is None:
        raise EmitError(Fault(f"`{text}` is not bound"))
    return text.literal
