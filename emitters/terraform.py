"""Terraform JSON: a module without arguments, for hashicorp/aws 5.72 and newer.

The policy documents stand in `locals` as objects, to be read; `jsonencode` makes them text. There is one resource for
each role, inline policy and attachment, each at an address that depends on nothing else in the file.
https://developer.hashicorp.com/terraform/language/syntax/json
"""

from ecsiam.model.document import policy_to_data
from ecsiam.model.names import ROLES, Output
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, PARTITION, Ref, Text

Documents = dict[str, object]
Block = dict[str, object]

_DATA = {
    ACCOUNT_ID: ("aws_caller_identity", "account_id"),
    AWS_REGION: ("aws_region", "id"),  # `name` is deprecated in provider 6, `region` missing in 5; `id` is in both
    PARTITION: ("aws_partition", "partition"),
}


def documents(stack: Stack) -> Documents:
    """The JSON documents of a stack by relative path."""
    main: Block = {}
    used = stack.intent.home.unknown
    if used:
        main["data"] = {source: {"current": {}} for source in sorted(_DATA[ref][0] for ref in used)}
    main["locals"] = {k: v for role in stack.roles.values() for k, v in _documents(role).items()}
    resources: dict[str, Block] = {}
    for role in stack.roles.values():
        for address, body in _resources(role):
            kind, name = address.split(".")
            resources.setdefault(kind, {})[name] = body
    main["resource"] = resources
    return {
        "versions.tf.json": {
            "terraform": {
                "required_version": ">= 1.3",
                "required_providers": {"aws": {"source": "hashicorp/aws", "version": ">= 5.72"}},
            }
        },
        "main.tf.json": main,
        "outputs.tf.json": {"output": {**{o.name: _output(stack, o) for o in stack.outputs}, **_maps(stack)}},
    }


def _documents(role: Role) -> Block:
    inline = {f"{p.id}_policy": policy_to_data(p.document, render) for p in role.policies.values()}
    return {f"{role.id}_trust": _keys(policy_to_data(role.trust, render)), **{k: _keys(v) for k, v in inline.items()}}


def _resources(role: Role) -> list[tuple[str, Block]]:
    body: Block = {
        "name": render(role.name),
        "path": role.path,
        "description": escape(role.description),
        "assume_role_policy": f"${{jsonencode(local.{role.id}_trust)}}",
    }
    if role.max_session_duration is not None:
        body["max_session_duration"] = role.max_session_duration
    if role.permissions_boundary is not None:
        body["permissions_boundary"] = render(role.permissions_boundary)
    body["tags"] = {escape(key): render(value) for key, value in role.tags}
    found = [(f"aws_iam_role.{role.id}", body)]
    found += [
        (
            f"aws_iam_role_policy.{p.id}",
            {
                "name": render(p.name),
                "role": f"${{aws_iam_role.{role.id}.name}}",
                "policy": f"${{jsonencode(local.{p.id}_policy)}}",
            },
        )
        for p in role.policies.values()
    ]
    if role.managed_policy_arns:
        found.append(
            (
                f"aws_iam_role_policy_attachment.{role.id}",
                {
                    # Keyed by ARN, so that taking one away touches no other.
                    "for_each": f"${{toset({_list(role.managed_policy_arns)})}}",
                    "role": f"${{aws_iam_role.{role.id}.name}}",
                    "policy_arn": "${each.value}",
                },
            )
        )
    return found


def _list(texts: tuple[Text, ...]) -> str:
    """A list of texts as an HCL expression. Managed policies' ARNs hold no quote and no backslash."""
    return "[" + ", ".join(f'"{render(t)}"' for t in texts) + "]"


def _output(stack: Stack, output: Output) -> Block:
    exists = output.role in stack.roles
    value = f"${{aws_iam_role.{output.role}.{output.attribute}}}" if exists else None
    return {"description": output.description, "value": value}


def _maps(stack: Stack) -> Block:
    """The two maps of the guide's module: which flags are on, and the roles with their purposes."""
    summary = {
        role: {
            "arn": f"${{aws_iam_role.{role}.arn}}",
            "name": f"${{aws_iam_role.{role}.name}}",
            "purpose": ROLES[role].purpose,
        }
        if role in stack.roles
        else None
        for role in ROLES
    }
    return {
        "enabled_features": {"description": "Which flags are on", "value": dict(stack.intent.flags)},
        "role_summary": {"description": "The roles: ARN, name and purpose, null while a role is off", "value": summary},
    }


def escape(text: str) -> str:
    """Text as a Terraform template that means just that text."""
    return text.replace("${", "$${").replace("%{", "%%{")


def _reference(ref: Ref) -> str:
    source, attribute = _DATA[ref]
    return f"${{data.{source}.current.{attribute}}}"


def render(text: Text) -> str:
    """A text as a Terraform template."""
    return "".join(escape(p) if isinstance(p, str) else _reference(p) for p in text.parts)


def _keys(value: object) -> object:
    """The same data with the keys of its objects as templates too: Terraform reads them as such."""
    match value:
        case dict():
            return {escape(str(k)): _keys(v) for k, v in value.items()}
        case list():
            return [_keys(v) for v in value]
        case _:
            return value
