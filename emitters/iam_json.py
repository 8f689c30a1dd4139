"""Raw IAM JSON: a folder per role, ready for `aws iam create-role --cli-input-json` and `put-role-policy`.

A customer managed policy is the input of `create-policy`; its ARN is among those to attach.
A role with an instance profile has two files more, for `create-instance-profile` and `add-role-to-instance-profile`.
Of an OIDC provider there is the input of `create-open-id-connect-provider`.

IAM's JSON has no way to say "this account": everything has to be bound.
"""

import json

from ecsiam.errors import EmitError, Fault, refuse
from ecsiam.looks.words import listed
from ecsiam.model.arn import Arn
from ecsiam.model.document import policy_to_data
from ecsiam.model.home import Home
from ecsiam.model.oidc import OidcProvider
from ecsiam.model.planned import planned
from ecsiam.model.role import Role, RolePolicy
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
        refuse(EmitError, over(planned(stack)))  # what the defaults hold has a size only now
    found: Documents = {}
    for provider in stack.providers.values():
        found[f"oidc-providers/{provider.id}/create-open-id-connect-provider.json"] = _provider(provider)
    for role in planned(stack).roles.values():
        found |= _role(role, stack.deployment.home)
    return found


def _provider(provider: OidcProvider) -> dict[str, object]:
    tags = [{"Key": key, "Value": _render(value)} for key, value in provider.tags]
    return {
        "Url": provider.url,
        "ClientIDList": [_render(c) for c in provider.client_ids],
        **({"Tags": tags} if tags else {}),
    }


def _role(role: Role, home: Home) -> Documents:
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
    own = [_arn(role, policy, home) for policy in role.own_managed]
    return {
        f"{folder}/create-role.json": create,
        **(_profile(folder, role) if role.profile else {}),
        f"{folder}/trust-policy.json": trust,
        f"{folder}/attached-policies.json": [*(_render(arn) for arn in role.managed_policy_arns), *own],
        **{f"{folder}/policies/{p.name}.json": policy_to_data(p.document, _render) for p in role.inline},
        **{f"{folder}/managed-policies/{p.name}.json": _create(role, p) for p in role.own_managed},
    }


def _create(role: Role, policy: RolePolicy) -> dict[str, object]:
    document = json.dumps(policy_to_data(policy.document, _render), ensure_ascii=False)
    return {"PolicyName": _render(policy.name), "Path": role.path, "PolicyDocument": document}


def _arn(role: Role, policy: RolePolicy, home: Home) -> str:
    resource = Text.of("policy", role.path, policy.name)
    return _render(Arn(home.partition, "iam", "", home.account_id, resource).text)


def _profile(folder: str, role: Role) -> Documents:
    """What makes the instance profile, and what puts the role into it."""
    name = _render(role.name)
    return {
        f"{folder}/create-instance-profile.json": {"InstanceProfileName": name, "Path": role.path},
        f"{folder}/add-role-to-instance-profile.json": {"InstanceProfileName": name, "RoleName": name},
    }


def _render(text: Text) -> str:
    if text.literal is None:
        raise EmitError(Fault(f"`{text}` is not bound"))
    return text.literal
