"""CloudFormation, through troposphere: one template with the roles, each with its policies inside or attached.

Parameters are Strings. A list is comma-separated text: a list type would make one empty element of an empty list. A
flag becomes a Condition, a value that may be empty another one, and what may not be empty a Rule that stops the stack.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, cast

from attrs import frozen
from troposphere import (
    And,
    AWSHelperFn,
    Condition,
    Equals,
    GetAtt,
    If,
    Join,
    Not,
    NoValue,
    Or,
    Output,
    Parameter,
    Ref,
    Select,
    Split,
    Sub,
    Tag,
    Tags,
    Template,
)
from troposphere.iam import InstanceProfile, ManagedPolicy, OIDCProvider, Policy, Role

from ecsiam.emitters.takes import LONGEST_VALUE, literal, looked_up, references, too_much
from ecsiam.errors import EmitError, Fault, refuse, show
from ecsiam.model import forms
from ecsiam.model.each import BELONGING, Each, Item, Rule, nested
from ecsiam.model.form import Form
from ecsiam.model.names import Attribute, camel_case
from ecsiam.model.oidc import OidcProvider
from ecsiam.model.parameter import Demand, Variable
from ecsiam.model.planned import planned
from ecsiam.model.policy import Policy as PolicyModel
from ecsiam.model.policy import as_written, policy_to_data
from ecsiam.model.role import Role as RoleModel
from ecsiam.model.role import RolePolicy
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Statement
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, DNS_SUFFIX, EMPTY, PARTITION, Text
from ecsiam.model.text import Ref as Reference

Said = str | AWSHelperFn
Json = dict[str, object]

PSEUDO = {
    ACCOUNT_ID: "AWS::AccountId",
    AWS_REGION: "AWS::Region",
    PARTITION: "AWS::Partition",
    DNS_SUFFIX: "AWS::URLSuffix",
}


@frozen
class Sort:
    """One kind of a list parameter, which CloudFormation can't tell apart: a parameter of its own, with its form."""

    id: str
    form: Form
    what: str


_SECRETS = "complete ARNs of Secrets Manager secrets, without JSON key and version"
_BUCKETS = Sort("S3BucketArns", forms.PLAIN_BUCKET_ARN, "ARNs of buckets, each with all its objects")
SORTS: dict[Rule, Sort] = {
    "secret": Sort("SecretsManagerArns", forms.SECRETS_MANAGER_ARN, _SECRETS),
    "parameter": Sort("SsmParameterArns", forms.SSM_PARAMETER_ARN, "ARNs of SSM parameters"),
    "bucket": _BUCKETS,
    "object": _BUCKETS,
    "log_group": Sort("", forms.PLAIN_LOG_GROUP_ARN, "ARNs of log groups, without `:*`"),
}


@frozen
class Input:
    """A parameter of the template: its id, and the variable of the stack that it is (a sort of)."""

    id: str
    variable: Variable
    sort: Sort | None = None

    @property
    def form(self) -> Form:
        """The form of a text, of a list's element."""
        form = self.sort.form if self.sort else self.variable.form
        if form is None:
            raise EmitError(f"the values of `{self.variable.id}` have no form")
        return form

    @property
    def pattern(self) -> str:
        """The pattern of a value, of a list's element: one that CloudFormation leaves as it is."""
        pattern = literal(self.form.pattern)
        return rf"\*|{pattern}" if self.variable.star else pattern

    @property
    def what(self) -> str:
        plain = literal(self.form.pattern) == self.form.pattern
        return self.form.what if plain else f"{self.form.what}, in which no `{{` stands for itself"

    def takes(self, value: str) -> bool:
        """Whether CloudFormation would take a value, of a list an element of it."""
        return len(value) <= self.form.most and re.fullmatch(self.pattern, value, re.ASCII) is not None


def documents(stack: Stack) -> dict[str, object]:
    """The one template of a stack. Raises EmitError for everything that CloudFormation can't say."""
    stack = planned(stack)
    inputs = tuple(inputs_of(stack))
    refuse(EmitError, [*_clashes(stack, inputs), *_unsayable(stack), *_defaults(inputs), *_taken(stack)])
    template = Template()
    prefix = stack.intent.prefix.literal
    template.set_description(f"IAM roles of the ECS service {prefix}" if prefix else "IAM roles of an ECS service")
    for i, demand in enumerate(stack.deployment.demands):
        template.add_rule(f"Demand{i + 1}", _rule(demand, inputs))
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
    _declare(template, inputs)
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


def _declare(template: Template, inputs: tuple[Input, ...]) -> None:
    """The parameters and conditions that something asks for: a flag that was bound leaves others without a use."""
    text = template.to_json() if inputs else ""
    declared: list[Input] = []
    for one in inputs:
        condition = _condition(one)
        asked = f'"{condition[0]}"' in text
        if asked:
            template.add_condition(*condition)
        if asked or f'"{one.id}"' in text or f"${{{one.id}}}" in text:
            template.add_parameter(_parameter(one))
            declared.append(one)
    if declared:
        template.set_metadata({"AWS::CloudFormation::Interface": _interface(declared)})


def _condition(one: Input) -> tuple[str, AWSHelperFn]:
    """The condition that a parameter stands behind: that a flag is on, or that a value is given, as it may have to."""
    if one.variable.type == "flag":
        return f"{one.id}IsOn", Equals(Ref(one.id), "true")
    return f"{one.id}IsGiven", Not(Equals(Ref(one.id), ""))


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


# ---------------------------------------------------------------- parameters


def inputs_of(stack: Stack) -> Iterator[Input]:
    """The parameters that the template of a stack may have."""
    rules: dict[str, list[Rule]] = {}
    for each in _eaches(stack):
        rules.setdefault(each.parameter, []).append(each.rule)
    for variable in stack.deployment.variables.values():
        sorts = {s.id: s for r in rules.get(variable.id, ()) if (s := SORTS.get(r))}
        if not sorts:
            yield Input(camel_case(variable.id), variable)
        for sort in sorts.values():
            yield Input(sort.id or camel_case(variable.id), variable, sort)


def _eaches(stack: Stack) -> Iterator[Each]:
    for role in stack.roles.values():
        for policy in role.policies.values():
            for statement in policy.document.statements:
                yield from nested(() if statement.resources is None else statement.resources.items)


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
    for name in sorted({e.parameter for e in _eaches(stack) if e.before.literal is None}):
        yield Fault(
            f"CloudFormation can't put account and region around each of `{name}` while they are unknown",
            (),
            "Write `account_id` and `aws_region`, or list the values in the config.",
        )


def _defaults(inputs: tuple[Input, ...]) -> Iterator[Fault]:
    """Defaults that the parameter itself would not take."""
    remedy = "Leave it out for this target."
    for variable in dict.fromkeys(i.variable for i in inputs if isinstance(i.variable.default, str | tuple)):
        default = cast("str | tuple[str, ...]", variable.default)
        first, *more = (i for i in inputs if i.variable == variable)
        if more and default:
            yield Fault(f"the default of `{variable.id}` can't be told apart", (), remedy)
            continue
        elements = default if isinstance(default, tuple) else (default,) if default else ()
        for element in elements:
            if not first.takes(element):
                what = f"`{show(element)}` in the default of `{variable.id}`"
                yield Fault(f"{what} is not {first.what}", (), remedy)
        if isinstance(default, tuple) and (length := len(",".join(default))) > LONGEST_VALUE:
            yield Fault(
                f"the default of `{variable.id}` has {length} characters, at most {LONGEST_VALUE} are taken", (), remedy
            )


def _parameter(one: Input) -> Parameter:
    variable = one.variable
    said: dict[str, Any] = {"Type": "String", "Description": _description(one), **_default(variable)}
    match variable.type:
        case "flag":
            said["AllowedValues"] = ["true", "false"]
        case "number":
            said |= {"Type": "Number", "MinValue": variable.bounds[0], "MaxValue": variable.bounds[1]}
        case "text":
            pattern = one.pattern
            said |= {"AllowedPattern": f"({pattern})?" if variable.empty else pattern, "MaxLength": one.form.most}
            said["ConstraintDescription"] = f"must be {one.what}"
        case "list":
            pattern = one.pattern
            said |= {"AllowedPattern": f"(({pattern})(,({pattern}))*)?", "MaxLength": LONGEST_VALUE}
            said["ConstraintDescription"] = f"must be a list with commas and no spaces, each item {one.what}"
    return Parameter(one.id, **said)


def _default(variable: Variable) -> Json:
    match variable.default:
        case None:
            return {}
        case bool() as default:
            return {"Default": str(default).lower()}
        case tuple() as default:
            return {"Default": ",".join(default)}
        case default:
            return {"Default": default}


def _description(one: Input) -> str:
    many = " Comma-separated." if one.variable.type == "list" else ""
    sort = f" Here only {one.sort.what}." if one.sort else ""
    return f"{one.variable.description}{sort}{many}"


def _interface(inputs: Sequence[Input]) -> dict[str, object]:
    groups = {"Features": [i for i in inputs if i.variable.type == "flag"]}
    groups["Values"] = [i for i in inputs if i.variable.type != "flag"]
    return {
        "ParameterGroups": [
            {"Label": {"default": label}, "Parameters": [i.id for i in of]} for label, of in groups.items() if of
        ],
        "ParameterLabels": {i.id: {"default": (i.sort.id if i.sort else "") or i.variable.id} for i in inputs},
    }


def _rule(demand: Demand, inputs: tuple[Input, ...]) -> dict[str, object]:
    """Only Ref and rule functions are allowed here."""
    ids = [i.id for i in inputs if i.variable.id in demand.parameters]
    given = [Not(Equals(Ref(id_), "")) for id_ in ids]
    flag = camel_case(demand.flag)
    why, remedy = (f"{flag} is true", f", or set {flag} to false") if flag else (f"`{demand.by}` is on", "")
    assertion = {
        "Assert": Or(*given) if len(given) > 1 else given[0],
        "AssertDescription": f"{why} and {_listed(ids)} empty: set {'one of them' if given[1:] else 'it'}{remedy}",
    }
    return {**({"RuleCondition": Equals(Ref(flag), "true")} if flag else {}), "Assertions": [assertion]}


def _listed(ids: list[str]) -> str:
    return f"{' and '.join(ids)} {'are' if len(ids) > 1 else 'is'}"


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
        properties["PermissionsBoundary"] = _optional(role.permissions_boundary)
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
    return as_written(policy_to_data(policy, render, _render_items))


def _given(statement: Statement) -> str:
    """The condition that decides whether a statement speaks of anything: that its one resource, a parameter, is given.

    It takes that to be so, or not to be so (`_unless_given`).
    """
    match None if statement.resources is None else statement.resources.items:
        case (Each() as each,) if statement.may_vanish:
            return f"{_id(each)}IsGiven"
        case (Text(parts=(Reference(parameter=True, part=None) as ref,)),) if ref.otherwise is None:
            return f"{camel_case(ref.name)}IsGiven"
        case _:
            return ""


def _unless_given(statement: Statement) -> bool:
    """Whether a statement is there only while its list parameter is empty."""
    items = () if statement.resources is None else statement.resources.items
    return any(isinstance(item, Each) and item.rule == "unless_given" for item in items)


# ---------------------------------------------------------------- text


def render(text: Text) -> Said:
    """A text as CloudFormation has it: plain, one Ref, Fn::Sub, or Fn::Join.

    Fn::Sub would take IAM's `${aws:username}` for its own, so text that holds a `$` is joined instead.
    """
    if text.literal is not None:
        return text.literal
    parts = [p if isinstance(p, str) else _reference(p) for p in text.parts]
    if len(parts) == 1:
        return parts[0]
    simple = all(isinstance(p, str | Ref) for p in parts)
    if not simple or any("$" in p for p in parts if isinstance(p, str)):  # a `$` before a reference too
        return Join("", parts)
    return Sub("".join(p if isinstance(p, str) else f"${{{cast('dict[str, str]', p.data)['Ref']}}}" for p in parts))


def _reference(ref: Reference) -> AWSHelperFn:
    if not ref.parameter:
        return Ref(PSEUDO[ref])
    value = Ref(camel_case(ref.name))
    if ref.part is not None:
        # With a `/` after it even an empty value has so many parts: Fn::Select fails on one that isn't there.
        return Select(ref.part, Split("/", Join("", [value, "/"])))
    if ref.otherwise is None:
        return value
    return If(f"{camel_case(ref.name)}IsGiven", value, render(ref.otherwise))


def _optional(text: Text) -> Said:
    ref = text.parts[0]
    if isinstance(ref, Reference) and ref.parameter:
        return If(f"{camel_case(ref.name)}IsGiven", Ref(camel_case(ref.name)), NoValue)
    return render(text)


def _render_items(items: tuple[Item, ...]) -> object:
    """A list of resources: plain where every item is a text, else comma-separated text, split."""
    if not any(isinstance(i, Each) for i in items):
        return [render(i) for i in items if isinstance(i, Text)]
    return Split(",", _joined(items))


def _joined(items: tuple[Item, ...]) -> Said:
    """Comma-separated; a list parameter that may be empty and stands for nothing then comes last, with its comma."""
    added = [i for i in items if isinstance(i, Each) and not i.otherwise]
    sure = [render(i) if isinstance(i, Text) else _each(i) for i in items if i not in added]
    if added and sure:
        more = [If(f"{_id(each)}IsGiven", Join("", [",", _each(each)]), "") for each in added]
        return Join("", [Join(",", sure) if sure[1:] else sure[0], *more])
    said = sure or list(map(_each, added))
    return said[0] if len(said) == 1 else Join(",", said)


def _id(each: Each) -> str:
    sort = SORTS.get(each.rule)
    return (sort.id if sort else "") or camel_case(each.parameter)


def _each(each: Each) -> Said:
    """The elements as comma-separated text; Fn::Join after Fn::Split puts text around each of them."""
    if each.rule == "unless_given":
        return _joined(each.otherwise)  # the statement is not there otherwise
    found: Said = Ref(_id(each))
    match each.rule:
        case "object":
            found = _around("", found, "/*")
        case "log_group":
            found = _around("", found, ":*")
        case "all" | "secret" | "parameter" | "bucket":
            pass
        case rule:
            kind, other = BELONGING[rule]
            found = _around("", Join(other, Split(kind, found)), "/*")
    if each.before != EMPTY or each.after != EMPTY:
        found = _around(str(each.before), found, str(each.after))
    return If(f"{_id(each)}IsGiven", found, _joined(each.otherwise)) if each.otherwise else found


def _around(before: str, elements: Said, after: str) -> Said:
    return Join("", [p for p in (before, Join(f"{after},{before}", Split(",", elements)), after) if p != ""])
