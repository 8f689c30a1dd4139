"""Terraform JSON: a module whose variables are the config's parameters, for hashicorp/aws 5.72 and newer.

The policy documents stand in `locals` as objects, to be read; `jsonencode` makes them text. There is one resource for
each role, policy, attachment, instance profile and OIDC provider, each at an address that depends on nothing else. A
flag that is a parameter becomes a `count`, and nothing else does: a count over a value would fail while that is unknown
until apply.
https://developer.hashicorp.com/terraform/language/syntax/json
"""

import json
from collections.abc import Iterable, Iterator
from typing import cast
from unicodedata import is_normalized

from ecsiam.emitters.hcl import composes, escape, quoted
from ecsiam.emitters.terraform_values import (
    DATA,
    OWN,
    chosen_as,
    expression,
    keys_escaped,
    optional,
    render,
    render_items,
)
from ecsiam.errors import EmitError, Fault, refuse, show
from ecsiam.model.document import policy_to_data
from ecsiam.model.form import Form
from ecsiam.model.forms import ROLE_NAME
from ecsiam.model.names import PROFILE_ATTRIBUTES, Output
from ecsiam.model.oidc import OidcProvider
from ecsiam.model.parameter import Demand, Variable
from ecsiam.model.planned import planned
from ecsiam.model.policy import Policy
from ecsiam.model.role import Role, RolePolicy
from ecsiam.model.stack import Stack
from ecsiam.model.text import Ref

Documents = dict[str, object]
Block = dict[str, object]

# Arguments of `module` blocks: no variable can bear their names.
_RESERVED = ("count", "depends_on", "for_each", "lifecycle", "locals", "providers", "source", "version")


def documents(stack: Stack, own: str = "") -> Documents:
    """The JSON documents of a stack by relative path. Raises EmitError for what Terraform can't say.

    `own` is what the service's local values begin with, where several share a module.
    """
    token = OWN.set(own)
    try:
        return _documents_of(stack)
    finally:
        OWN.reset(token)


def _documents_of(stack: Stack) -> Documents:
    stack = planned(stack)
    variables = stack.deployment.variables.values()
    remedy = "It is an argument of every `module` block: call the parameter something else."
    refuse(
        EmitError, [Fault(f"no variable can be called `{v.id}`", (), remedy) for v in variables if v.id in _RESERVED]
    )
    main: Block = {}
    used = stack.deployment.home.unknown
    if used:
        main["data"] = {source: {"current": {}} for source in sorted(DATA[ref][0] for ref in used)}
    twice: list[Fault] = []
    of_documents: Block = _chosen(stack)
    for name, document in (made for role in stack.roles.values() for made in _documents(role)):
        if name in of_documents:
            twice.append(Fault(f"two documents would be the local value `{name}`"))
        of_documents[name] = document
    main["locals"] = of_documents
    resources: dict[str, Block] = {}
    of_roles = (made for role in stack.roles.values() for made in _resources(stack, role))
    for address, body in (*map(_provider, stack.providers.values()), *of_roles):
        kind, name = address.split(".", 1)
        if name in resources.setdefault(kind, {}):
            twice.append(Fault(f"two resources would have the address `{address}`"))
        resources[kind][name] = body
    refuse(EmitError, twice)
    main["resource"] = resources
    refuse(EmitError, _changed(stack, main))
    files: Documents = {
        "versions.tf.json": {
            "terraform": {
                "required_version": ">= 1.3",
                "required_providers": {"aws": {"source": "hashicorp/aws", "version": f">= {_version(stack)}"}},
            }
        }
    }
    if variables:
        files["variables.tf.json"] = {"variable": {v.id: _variable(v) for v in variables}}
    files["main.tf.json"] = main
    files["outputs.tf.json"] = {"output": {**{o.name: _output(stack, o) for o in stack.outputs}, **_maps(stack)}}
    return files


def _version(stack: Stack) -> str:
    """The oldest version of the provider that takes all of it: 5.81 has thumbprints optional."""
    return "5.81" if stack.providers else "5.72"


def _changed(stack: Stack, main: Block) -> Iterator[Fault]:
    """What would come out of Terraform as another text: it composes the characters of all that it reads."""
    if json.dumps(main, ensure_ascii=False).isascii():
        return
    split = [render(t) for t in stack.texts() if composes(t.parts)]
    for text in dict.fromkeys([*(s for s in _strings(main) if not is_normalized("NFC", s)), *split]):
        remedy = "Write it in Unicode's form C, in which they are one, or emit for another target."
        yield Fault(f"Terraform would make other characters of the letters and marks in `{show(text)}`", (), remedy)


def _strings(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for key, inner in cast("Block", value).items():
                yield key
                yield from _strings(inner)
        case list():
            for inner in cast("list[object]", value):
                yield from _strings(inner)
        case _:
            pass


# ---------------------------------------------------------------- variables


def _variable(variable: Variable) -> Block:
    types = {"text": "string", "list": "list(string)", "flag": "bool", "number": "number"}
    body: Block = {"type": types[variable.type], "description": variable.description, "nullable": False}
    if variable.default is not None:
        default = variable.default
        body["default"] = list(default) if isinstance(default, tuple) else default
    condition = _condition(variable)
    if condition:
        least, most = variable.bounds
        what = variable.form.what if variable.form else f"a number from {least} to {most}"
        each = "each of them has to be" if variable.type == "list" else "it has to be"
        message = f"{variable.id}: {each} {what}."
        body["validation"] = [{"condition": f"${{{condition}}}", "error_message": escape(message)}]
    return body


def _condition(variable: Variable) -> str:
    name = f"var.{variable.id}"
    if variable.form is None:
        least, most = variable.bounds
        return "" if variable.type == "flag" else f"{name} >= {least} && {name} <= {most}"
    if variable.type == "list":
        return f"alltrue([for v in {name} : {_matches(variable.form, 'v', star=variable.star)}])"
    full = _matches(variable.form, name, star=variable.star)
    return f'{name} == "" || {full}' if variable.empty else full


def _matches(form: Form, value: str, *, star: bool) -> str:
    or_star = f'{value} == "*" || ' if star else ""
    return f"({or_star}can(regex({quoted(f'^(?:{form.pattern})$')}, {value})) && length({value}) <= {form.most})"


# ---------------------------------------------------------------- roles


def _chosen(stack: Stack) -> Block:
    """The values of parameters that stand for something else while they are empty."""
    refs = {r.name: r for t in stack.texts() for r in t.refs if r.otherwise is not None}
    return {
        chosen_as(name): f'${{var.{name} == "" ? {expression(ref.otherwise)} : var.{name}}}'
        for name, ref in sorted(refs.items())
        if ref.otherwise is not None
    }


def _documents(role: Role) -> Iterator[tuple[str, object]]:
    """The local values of a role, each with its name."""
    yield f"{role.id}_trust", _document(role.trust)
    for policy in role.policies.values():
        yield f"{policy.id}_policy", _document(policy.document)
    if role.managed_policy_arns:
        yield f"{role.id}_managed_policy_arns", [render(arn) for arn in role.managed_policy_arns]


def _document(policy: Policy) -> object:
    document = policy_to_data(policy, render, render_items)
    return keys_escaped(document | {"Id": escape(policy.id)} if policy.id else document)


def _provider(provider: OidcProvider) -> tuple[str, Block]:
    body: Block = {
        **_count(provider.when),
        "url": provider.url,
        "client_id_list": [render(c) for c in provider.client_ids],
    }
    if provider.tags:
        body["tags"] = {escape(key): render(value) for key, value in provider.tags}
    return f"aws_iam_openid_connect_provider.{provider.id}", body


def _resources(stack: Stack, role: Role) -> list[tuple[str, Block]]:
    demands = _by_policy(stack, role)
    body: Block = {
        **_count(role.when),
        "name": render(role.name),
        "path": role.path,
        "description": render(role.description),
        "assume_role_policy": f"${{jsonencode(local.{role.id}_trust)}}",
    }
    if role.max_session_duration is not None:
        longest = role.max_session_duration
        body["max_session_duration"] = f"${{var.{longest.name}}}" if isinstance(longest, Ref) else longest
    if role.permissions_boundary is not None:
        body["permissions_boundary"] = optional(role.permissions_boundary)
    body["tags"] = {escape(key): render(value) for key, value in role.tags}
    if role.id in stack.providers:  # whom it trusts is there first
        body["depends_on"] = [f"aws_iam_openid_connect_provider.{role.id}"]
    limits = [] if role.name.literal is not None else [_name_limit(stack, role)]
    body |= _preconditions([*limits, *(_precondition(d) for d in demands.get("", ()))])
    found = [(f"aws_iam_role.{role.id}", body)]
    name = f"${{aws_iam_role.{role.id}{'[0]' if role.when else ''}.name}}"
    for policy in role.policies.values():
        count = _count(role.when, policy.when)
        own: Block = {
            **count,
            "name": render(policy.name),
            **({"path": role.path} if policy.managed else {"role": name}),
            "policy": f"${{{_encoded(f'local.{policy.id}_policy', policy.document)}}}",
            **_preconditions([_precondition(d) for d in demands.get(policy.id, ())]),
        }
        found.append((_address(policy), own))
        if policy.managed:
            arn = f"${{aws_iam_policy.{policy.id}{'[0]' if count else ''}.arn}}"
            found.append((_attachment(policy), {**count, "role": name, "policy_arn": arn}))
    if role.managed_policy_arns:
        # Keyed by ARN, so that taking one away touches no other.
        local = f"local.{role.id}_managed_policy_arns"
        arns = f"${{toset([for arn in {local} : arn if var.{role.when}])}}" if role.when else f"${{toset({local})}}"
        attached: Block = {"for_each": arns, "role": name, "policy_arn": "${each.value}"}
        found.append((f"aws_iam_role_policy_attachment.{role.id}", attached))
    if role.exclusive:
        found += _exclusive(role, name)
    if role.profile:
        holding: Block = {**_count(role.when), "name": render(role.name), "path": role.path, "role": name}
        found.append((f"aws_iam_instance_profile.{role.id}", holding))
    return found


def _address(policy: RolePolicy) -> str:
    return f"aws_iam_policy.{policy.id}" if policy.managed else f"aws_iam_role_policy.{policy.id}"


def _attachment(policy: RolePolicy) -> str:
    """Not the policy's id alone, which may be that of a role: there its managed policies are attached."""
    return f"aws_iam_role_policy_attachment.{policy.id}_policy"


def _exclusive(role: Role, name: str) -> list[tuple[str, Block]]:
    """What takes away all policies and attachments of a role that are not ours."""
    count = _count(role.when)
    names = [f"{_address(p)}[*].name" for p in role.inline]
    arns = [f"{_attachment(p)}[*].policy_arn" for p in role.own_managed]
    arns += [f"values(aws_iam_role_policy_attachment.{role.id})[*].policy_arn"] * bool(role.managed_policy_arns)
    return [
        (f"aws_iam_role_policies_exclusive.{role.id}", {**count, "role_name": name, "policy_names": _all_of(names)}),
        (
            f"aws_iam_role_policy_attachments_exclusive.{role.id}",
            {**count, "role_name": name, "policy_arns": _all_of(arns)},
        ),
    ]


def _all_of(lists: list[str]) -> object:
    return f"${{concat({', '.join(lists)})}}" if lists else []


def _count(*flags: str) -> Block:
    on = " && ".join(f"var.{flag}" for flag in flags if flag)
    return {"count": f"${{{on} ? 1 : 0}}"} if on else {}


def _encoded(local: str, policy: Policy) -> str:
    """The document as text, without the statements whose list parameter has nothing of their kind."""
    if not any(s.may_vanish for s in policy.statements):
        return f"jsonencode({local})"
    return f"jsonencode(merge({local}, {{ Statement = [for s in {local}.Statement : s if length(s.Resource) > 0] }}))"


# ---------------------------------------------------------------- preconditions


def _by_policy(stack: Stack, role: Role) -> dict[str, list[Demand]]:
    """What may not be empty, by the policy of this role that needs it; an empty id is the role that the flag makes."""
    own = {flag for other in stack.roles.values() for flag in _flags(other.trust)}
    found: dict[str, list[Demand]] = {}
    for demand in stack.deployment.demands:
        if demand.by in _flags(role.trust):
            found.setdefault("", []).append(demand)
        for policy in role.policies.values() if demand.by not in own else ():
            if demand.by in _flags(policy.document):
                found.setdefault(policy.id, []).append(demand)
    return found


def _flags(policy: Policy) -> set[str]:
    return {s.origin.flag for s in policy.statements if s.origin}


def _precondition(demand: Demand) -> tuple[str, str]:
    given = " || ".join(f"length(var.{p}) > 0" for p in demand.parameters)
    return given, f"{demand.message}. Give it a value, or turn the flag off."


def _name_limit(stack: Stack, role: Role) -> tuple[str, str]:
    limits = (n.most for n in stack.deployment.names if n.group == "roles" and n.id == role.id)
    most = next(limits, ROLE_NAME.most)
    return (
        f"length({expression(role.name)}) <= {most}",
        f"The name of the {role.id} role has more than {most} characters.",
    )


def _preconditions(conditions: Iterable[tuple[str, str]]) -> Block:
    found = [{"condition": f"${{{c}}}", "error_message": escape(message)} for c, message in conditions]
    return {"lifecycle": {"precondition": found}} if found else {}


# ---------------------------------------------------------------- outputs


def _output(stack: Stack, output: Output) -> Block:
    body: Block = {"description": output.description, "value": _attribute(stack, output.role, output.attribute)}
    if output.role in stack.roles and output.attribute in ("arn", "profile_arn"):
        body |= _waiting(stack.roles[output.role])
    return body


def _waiting(*roles: Role) -> Block:
    """Whoever hands a role to ECS by its ARN waits until the role may do what it is for."""
    waits: list[str] = []
    for role in roles:
        waits += [_attachment(p) if p.managed else _address(p) for p in role.policies.values()]
        waits += [f"aws_iam_role_policy_attachment.{role.id}"] * bool(role.managed_policy_arns)
    return {"depends_on": waits} if waits else {}


def _attribute(stack: Stack, role: str, attribute: str) -> str | None:
    if role not in stack.roles:
        return None
    kind = "aws_iam_instance_profile" if attribute in PROFILE_ATTRIBUTES else "aws_iam_role"
    attribute = attribute.removeprefix("profile_")
    if stack.roles[role].when:
        return f"${{one({kind}.{role}[*].{attribute})}}"
    return f"${{{kind}.{role}.{attribute}}}"


def _maps(stack: Stack) -> Block:
    """The two maps of the baseline module: which flags are on, and the roles with their purposes."""
    flags = {flag: on if isinstance(on, bool) else f"${{var.{on.name}}}" for flag, on in stack.intent.flags}
    purposes = {output.role: output.purpose for output in stack.outputs}
    summary: Block = {
        "description": "The roles: ARN, name and purpose, null while a role is off",
        "value": {role: _summary(stack, role, purpose) for role, purpose in purposes.items()},
        **_waiting(*(stack.roles[role] for role in purposes if role in stack.roles)),
    }
    return {"enabled_features": {"description": "Which flags are on", "value": flags}, "role_summary": summary}


def _summary(stack: Stack, role: str, purpose: str) -> object:
    if role not in stack.roles:
        return None
    if stack.roles[role].when:
        each = f"{{ arn = r.arn, name = r.name, purpose = {quoted(purpose)} }}"
        return f"${{one([for r in aws_iam_role.{role} : {each}])}}"
    return {"arn": _attribute(stack, role, "arn"), "name": _attribute(stack, role, "name"), "purpose": purpose}
