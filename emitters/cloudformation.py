"""CloudFormation, through troposphere: one template with the roles, each with its policies inside or attached.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html
"""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from troposphere import (
    And,
    Condition,
    GetAtt,
    If,
    NoValue,
    Output,
    Ref,
    Tag,
    Tags,
    Template,
)
from troposphere.iam import InstanceProfile, ManagedPolicy, OIDCProvider, Policy, Role

from ecsiam.emitters.cloudformation_inputs import Input, Json, declare, eaches, inputs_of, rule, unfit_defaults
from ecsiam.emitters.cloudformation_values import Said, id_of, optional, render, render_items
from ecsiam.emitters.takes import looked_up, references, too_much
from ecsiam.errors import EmitError, Fault, refuse, show
from ecsiam.model.each import Each
from ecsiam.model.names import Attribute, camel_case
from ecsiam.model.oidc import OidcProvider
from ecsiam.model.planned import planned
from ecsiam.model.policy import Policy as PolicyModel
from ecsiam.model.policy import as_written, policy_to_data
from ecsiam.model.role import Role as RoleModel
from ecsiam.model.role import RolePolicy
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Statement
from ecsiam.model.text import Ref as Reference
from ecsiam.model.text import Text


def documents(stack: Stack) -> dict[str, object]:
    """The one template of a stack. Raises EmitError for everything that CloudFormation can't say."""
    stack = planned(stack)
    inputs = tuple(inputs_of(stack))
    refuse(EmitError, [*_clashes(stack, inputs), *_unsayable(stack), *unfit_defaults(inputs), *_taken(stack)])
    template = Template()
    prefix = stack.intent.prefix.literal
    template.set_description(f"IAM roles of the ECS service {prefix}" if prefix else "IAM roles of an ECS service")
    for i, demand in enumerate(stack.deployment.demands):
        template.add_rule(f"Demand{i + 1}", rule(demand, inputs))
    for provider in stack.providers.values():
        try:
            template.add_resource(_provider(provider))
        except (TypeError, ValueError) as e:
            raise EmitError(f"CloudFormation does not take the provider `{provider.id}`: {show(str(e))}") from None
    for role in stack.roles.values():
        try:
            template.add_resource(_role(role, after=role.id in stack.providers))
            for policy in role.own_managed:
                template.add_resource(_managed(role, policy))
            if role.profile:
                template.add_resource(_profile(role))
        except (TypeError, ValueError) as e:  # troposphere's own checks
            raise EmitError(f"CloudFormation does not take the role `{role.name}`: {e}") from None
    for output in stack.outputs:
        if output.role in stack.roles:
            value = _handed_on(stack.roles[output.role], output.attribute)
            when = stack.roles[output.role].when
            condition = {"Condition": _on(when)} if when else {}
            template.add_output(
                Output(camel_case(output.name), Description=output.description, **condition, Value=value)
            )
    for flags in {(r.when, p.when): () for r in stack.roles.values() for p in r.own_managed if r.when and p.when}:
        conditions = [_on(flag) for flag in flags]
        template.add_condition(_both(conditions), And(*map(Condition, conditions)))
    declare(template, inputs)
    document = _in_order(cast("Json", template.to_dict()))
    refuse(EmitError, [*references(document), *too_much(document)])
    return {"template.json": document}


def _handed_on(role: RoleModel, attribute: Attribute) -> Said:
    """An attribute of a role, or of its instance profile."""
    match attribute:
        case "arn":
            return GetAtt(logical_id(role.id), "Arn")
        case "name" | "id":
            return Ref(logical_id(role.id))  # which is its name
        case "profile_arn":
            return GetAtt(profile_id(role.id), "Arn")
        case "profile_name":
            return render(role.name)  # so is a Ref of the profile, though not in every emulator


# As people write them; below these the order is that of the model, and of what is written here.
_SECTIONS = ("Description", "Metadata", "Parameters", "Rules", "Conditions", "Resources", "Outputs")
_OF_A_RESOURCE = ("Type", "Condition", "DependsOn", "Properties")


def _in_order(template: Json) -> Json:
    """The template in the order of its sections. The mark goes into the metadata: they are there in any case."""
    template["Metadata"] = template.get("Metadata", {})
    resources = cast("dict[str, Json]", template["Resources"])
    template["Resources"] = {id_: _first(_OF_A_RESOURCE, resource) for id_, resource in resources.items()}
    return {"AWSTemplateFormatVersion": "2010-09-09", **_first(_SECTIONS, template)}


def _first(keys: tuple[str, ...], data: Json) -> Json:
    return {**{key: data[key] for key in keys if key in data}, **data}


def _taken(stack: Stack) -> Iterator[Fault]:
    """What no spelling keeps as it is: a reference is looked up even where Fn::Join made it."""
    for role in stack.roles.values():
        statements = [s for d in role.documents for s in d.statements]
        texts = [
            *(t for s in statements for t in s.texts()),
            *(role.name, role.description, *role.managed_policy_arns, *(value for _, value in role.tags)),
            *([] if role.permissions_boundary is None else [role.permissions_boundary]),
        ]
        said = [*map(str, texts), *(str(r.otherwise) for t in texts for r in t.refs if r.otherwise)]
        said += [one for d in role.documents for one in (d.id, *(s.sid for s in d.statements))]
        said += [str(a) for s in statements for a in s.actions.items]
        said += [one for c in (c for s in statements for c in s.conditions) for one in (c.key, str(c.operator))]
        said += [key for key, _ in role.tags]
        found = [f"look up the reference in `{show(t)}`" for t in said if looked_up(t)]
        keys = [c.key for s in statements for c in s.conditions]
        found += [f"take the condition key `{show(k)}` for a function" for k in keys if k.startswith("Fn::")]
        for what in dict.fromkeys(found):
            yield Fault(f"CloudFormation would {what}", ("roles", role.id), "Leave it out, or emit for another target.")
    for provider in stack.providers.values():
        said = [*map(str, provider.texts()), *(key for key, _ in provider.tags)]
        for text in dict.fromkeys(t for t in said if looked_up(t)):
            what = f"CloudFormation would look up the reference in `{show(text)}`"
            yield Fault(what, ("providers", provider.id), "Leave it out, or emit for another target.")
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-iam-oidcprovider-tag.html
        for key in (key for key, value in provider.tags if value.literal == ""):
            what = f"CloudFormation takes no empty value of a provider's tag, and that of `{show(key)}` is"
            yield Fault(what, ("providers", provider.id), "Give it a value, or emit for another target.")


def logical_id(role: str) -> str:
    """`github_actions` -> `GithubActionsRole`."""
    return camel_case(f"{role}_role")


def profile_id(role: str) -> str:
    """`instance` -> `InstanceProfile`, beside `InstanceRole`."""
    return camel_case(f"{role}_profile")


# ---------------------------------------------------------------- what it can't say


def _clashes(stack: Stack, inputs: tuple[Input, ...]) -> Iterator[Fault]:
    ids = [i.id for i in inputs]
    others = {logical_id(r): f"role `{r}`" for r in stack.roles}
    others |= {profile_id(r.id): f"instance profile of `{r.id}`" for r in stack.roles.values() if r.profile}
    others |= {_provider_id(p): f"OIDC provider of `{p}`" for p in stack.providers}
    others |= {_policy_id(p): f"policy `{p.id}`" for r in stack.roles.values() for p in r.own_managed}
    for one in inputs:
        if one.id in others:
            what = f"the parameter `{one.id}` and the {others[one.id]}"
            yield Fault(f"`{one.variable.id}` would be {what} at once", (), "Call the parameter something else.")
    for id_ in sorted({i for i in ids if ids.count(i) > 1}):
        names = " and ".join(f"`{i.variable.id}`" for i in inputs if i.id == id_)
        yield Fault(f"{names} would both be the parameter `{id_}`", (), "Call one of them something else.")


def _unsayable(stack: Stack) -> Iterator[Fault]:
    for name in sorted({e.parameter for e in eaches(stack) if e.before.literal is None}):
        yield Fault(
            f"CloudFormation can't put account and region around each of `{name}` while they are unknown",
            (),
            "Write `account_id` and `aws_region`, or list the values in the config.",
        )


# ---------------------------------------------------------------- roles


def _on(flag: str) -> str:
    return f"{camel_case(flag)}IsOn"


def _provider_id(id: str) -> str:
    """`github_actions` -> `GithubActionsOidcProvider`."""
    return camel_case(f"{id}_oidc_provider")


def _provider(provider: OidcProvider) -> OIDCProvider:
    said: dict[str, Any] = {"Url": provider.url, "ClientIdList": [render(c) for c in provider.client_ids]}
    if provider.tags:
        said["Tags"] = Tags(*(Tag(key, render(value)) for key, value in provider.tags))
    if provider.when:
        said["Condition"] = _on(provider.when)
    return OIDCProvider(_provider_id(provider.id), **said)


def _role(role: RoleModel, *, after: bool = False) -> Role:
    """The role; `after` the provider that it trusts."""
    properties: dict[str, Any] = {
        "RoleName": render(role.name),
        "Path": role.path,
        "Description": render(role.description),
        "AssumeRolePolicyDocument": _document(role.trust),
    }
    if role.max_session_duration is not None:
        longest = role.max_session_duration
        properties["MaxSessionDuration"] = Ref(camel_case(longest.name)) if isinstance(longest, Reference) else longest
    if role.permissions_boundary is not None:
        properties["PermissionsBoundary"] = optional(role.permissions_boundary)
    own = [_when(p.when, Ref(_policy_id(p))) for p in role.own_managed]  # the reference of one is its ARN
    properties |= {
        "ManagedPolicyArns": [*(render(a) for a in role.managed_policy_arns), *own],
        "Policies": [_when(p.when, _inline(render(p.name), p.document)) for p in role.inline],
        "Tags": Tags(*(Tag(key, render(value)) for key, value in role.tags)),
    }
    if role.when:
        properties["Condition"] = _on(role.when)
    if after:
        properties["DependsOn"] = _provider_id(role.id)
    return Role(logical_id(role.id), **{k: v for k, v in properties.items() if v != []})


def _profile(role: RoleModel) -> InstanceProfile:
    properties: dict[str, Any] = {
        "InstanceProfileName": render(role.name),
        "Path": role.path,
        "Roles": [Ref(logical_id(role.id))],
    }
    if role.when:
        properties["Condition"] = _on(role.when)
    return InstanceProfile(profile_id(role.id), **properties)


def _when(flag: str, value: object) -> object:
    return If(_on(flag), value, NoValue) if flag else value


def _policy_id(policy: RolePolicy) -> str:
    """`s3_r01` -> `S3R01Policy`."""
    return camel_case(f"{policy.id}_policy")


def _managed(role: RoleModel, policy: RolePolicy) -> ManagedPolicy:
    """A customer managed policy. The role names it, and so it is there before the role is."""
    flags = [_on(flag) for flag in (role.when, policy.when) if flag]
    properties: dict[str, Any] = {
        "ManagedPolicyName": render(policy.name),
        "Path": role.path,
        "PolicyDocument": _statements(policy.document),
    }
    if flags:
        properties["Condition"] = _both(flags)
    return ManagedPolicy(_policy_id(policy), **properties)


def _both(conditions: Sequence[str]) -> str:
    """The condition that all of some hold."""
    return "And".join(conditions)


def _inline(name: Said, policy: PolicyModel) -> Policy:
    return Policy(PolicyName=name, PolicyDocument=_statements(policy))


def _statements(policy: PolicyModel) -> Json:
    """A document in which a statement is there only while there is something that it speaks of."""
    document = _document(policy)
    statements = cast("list[object]", document["Statement"])
    for i, statement in enumerate(policy.statements):
        if condition := _given(statement):
            there, not_there = statements[i], NoValue
            statements[i] = If(condition, *((not_there, there) if _unless_given(statement) else (there, not_there)))
    return document


def _document(policy: PolicyModel) -> Json:
    return as_written(policy_to_data(policy, render, render_items))


def _given(statement: Statement) -> str:
    """The condition that decides whether a statement speaks of anything: that its one resource, a parameter, is given.

    It takes that to be so, or not to be so (`_unless_given`).
    """
    match None if statement.resources is None else statement.resources.items:
        case (Each() as each,) if statement.may_vanish:
            return f"{id_of(each)}IsGiven"
        case (Text(parts=(Reference(parameter=True, part=None) as ref,)),) if ref.otherwise is None:
            return f"{camel_case(ref.name)}IsGiven"
        case _:
            return ""


def _unless_given(statement: Statement) -> bool:
    """Whether a statement is there only while its list parameter is empty."""
    items = () if statement.resources is None else statement.resources.items
    return any(isinstance(item, Each) and item.rule == "unless_given" for item in items)
