"""What emitted files mean: the roles that they make and what they hand on, read back without the emitters.

The few expressions of Terraform and functions of CloudFormation that we emit are resolved here by code that shares
nothing with what wrote them, and any other is an error. The real programs read the same files in their own tests.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from attrs import evolve, frozen

from ecsiam.artifact import Artifact
from ecsiam.model.document import parse_policy
from ecsiam.model.each import Each, items_in_order
from ecsiam.model.policy import Policy
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Statement
from ecsiam.model.text import Text, in_order

Known = Mapping[str, str]  # account_id, aws_region, partition and dns_suffix, as the deployment has them
Json = Any
Outputs = dict[str, Any]

DURATION = 3600  # IAM's own, in seconds
HERE: Known = {
    "account_id": "123456789012",
    "aws_region": "eu-central-1",
    "partition": "aws",
    "dns_suffix": "amazonaws.com",
}


@frozen
class Made:
    """A role as it is once it is made. That lists have an order, or name a thing twice, means nothing."""

    name: str
    path: str
    description: str
    trust: Policy
    policies: Mapping[str, Policy]
    managed_policy_arns: frozenset[str]
    permissions_boundary: str | None
    max_session_duration: int
    tags: Mapping[str, str]


Roles = dict[str, Made]


def made(
    *,
    name: str,
    path: str,
    description: str,
    trust: Policy | Json,
    policies: Mapping[str, Policy | Json],
    managed: list[str],
    boundary: str | None,
    duration: int | None,
    tags: Mapping[str, str],
) -> Roles:
    """The one role, by its name."""
    return {
        name: Made(
            name,
            path,
            description,
            _plain(trust),
            {policy: _plain(document) for policy, document in policies.items()},
            frozenset(managed),
            boundary,
            duration or DURATION,
            dict(tags),
        )
    }


def _plain(document: Policy | Json) -> Policy:
    """A document without what says nothing: order, doubles, a condition on the account that every ARN says."""
    policy = document if isinstance(document, Policy) else parse_policy(document)
    return evolve(policy, statements=[p for s in policy.statements if (p := _sorted(s).settled())])


def _sorted(s: Statement) -> Statement:
    return evolve(
        s,
        actions=type(s.actions)(tuple(sorted(set(s.actions.items), key=lambda a: a.pattern.lower()))),
        resources=s.resources and type(s.resources)(items_in_order(s.resources.items)),
        principals=s.principals and type(s.principals)(tuple(sorted(set(s.principals.items), key=str))),
        conditions=[evolve(c, values=in_order(c.values)) for c in s.conditions],
    )


# ---------------------------------------------------------------- the stack itself


def of_stack(stack: Stack, known: Known) -> Roles:
    """What a stack means where these values hold. References are replaced one by one: `Stack.bind` takes no part."""
    roles: Roles = {}
    for role in stack.roles.values():
        roles |= of_role(role, known)
    return roles


def of_role(role: Role, known: Known) -> Roles:
    return made(
        name=said(role.name, known),
        path=role.path,
        description=said(role.description, known),
        trust=_filled(role.trust, known),
        policies={said(p.name, known): _filled(p.document, known) for p in role.policies.values()},
        managed=[said(arn, known) for arn in role.managed_policy_arns],
        boundary=None if role.permissions_boundary is None else said(role.permissions_boundary, known),
        duration=cast("int | None", role.max_session_duration),  # of a bound stack
        tags={key: said(value, known) for key, value in role.tags},
    )


def said(text: Text, known: Known) -> str:
    return "".join(part if isinstance(part, str) else known[part.name] for part in text.parts)


def _filled(policy: Policy, known: Known) -> Policy:
    def fill(item: Text | Each) -> Text:
        assert isinstance(item, Text), "a list parameter is open, and this reads what only a deployment leaves open"
        return Text((said(item, known),))

    return evolve(
        policy,
        statements=[
            evolve(
                s,
                resources=s.resources and type(s.resources)(tuple(map(fill, s.resources.items))),
                principals=s.principals
                and type(s.principals)(tuple(evolve(p, id=fill(p.id)) for p in s.principals.items)),
                conditions=[evolve(c, values=list(map(fill, c.values))) for c in s.conditions],
            )
            for s in policy.statements
        ],
    )


def outputs_of_stack(stack: Stack, known: Known) -> Outputs:
    """What a stack hands on, by the baseline module's names, None while a role is off."""
    roles = {role.id: role for role in stack.roles.values()}
    found: Outputs = {}
    for output in stack.outputs:
        role = roles.get(output.role)
        name = role and said(role.name, known)
        arn = role and f"arn:{known['partition']}:iam::{known['account_id']}:role{role.path}{name}"
        found[output.name] = arn if output.attribute == "arn" else name
    return found


# ---------------------------------------------------------------- raw IAM JSON


def of_iam(artifact: Artifact) -> Roles:
    """The roles of a folder, by the layout that the documentation promises, with no file left over."""
    files = {path: json.loads(text) for path, text in artifact.files.items()}
    roles: Roles = {}
    while files:
        role = next(iter(files)).split("/")[1]
        folder = f"roles/{role}"
        create = files.pop(f"{folder}/create-role.json")
        trust = json.loads(create.pop("AssumeRolePolicyDocument"))
        assert trust == files.pop(f"{folder}/trust-policy.json")
        inside = [path for path in files if path.startswith(f"{folder}/policies/")]
        roles |= made(
            name=create.pop("RoleName"),
            path=create.pop("Path"),
            description=create.pop("Description"),
            trust=trust,
            policies={re.sub(r".*/|\.json$", "", path): files.pop(path) for path in inside},
            managed=files.pop(f"{folder}/attached-policies.json"),
            boundary=create.pop("PermissionsBoundary", None),
            duration=create.pop("MaxSessionDuration", None),
            tags=_tags(create.pop("Tags")),
        )
        assert role in roles
        assert not create
    return roles


def _tags(listed: list[dict[str, str]]) -> dict[str, str]:
    tags = {tag["Key"]: tag["Value"] for tag in listed}
    assert len(tags) == len(listed)
    return tags


# ---------------------------------------------------------------- CloudFormation


def of_cloudformation(artifact: Artifact, known: Known) -> Roles:
    """The roles of a template, its functions resolved."""
    template = json.loads(artifact.document)
    resolve = _functions(template, known)
    roles: Roles = {}
    for resource in template["Resources"].values():
        assert resource.keys() == {"Type", "Properties"}
        assert resource["Type"] == "AWS::IAM::Role"
        role = {name: resolve(value) for name, value in resource["Properties"].items()}
        roles |= made(
            name=role.pop("RoleName"),
            path=role.pop("Path"),
            description=role.pop("Description"),
            trust=role.pop("AssumeRolePolicyDocument"),
            policies={p["PolicyName"]: p["PolicyDocument"] for p in role.pop("Policies", [])},
            managed=role.pop("ManagedPolicyArns", []),
            boundary=role.pop("PermissionsBoundary", None),
            duration=role.pop("MaxSessionDuration", None),
            tags=_tags(role.pop("Tags")),
        )
        assert not role
    return roles


def outputs_of_cloudformation(artifact: Artifact, known: Known) -> Outputs:
    template = json.loads(artifact.document)
    resolve = _functions(template, known)
    return {name: resolve(output["Value"]) for name, output in template["Outputs"].items()}


def _functions(template: Json, known: Known) -> Callable[[Json], Json]:
    pseudo = {
        "AWS::AccountId": "account_id",
        "AWS::Region": "aws_region",
        "AWS::Partition": "partition",
        "AWS::URLSuffix": "dns_suffix",
    }

    def role(id_: str) -> Json:
        return template["Resources"][id_]["Properties"]

    def ref(name: str) -> str:
        text: str = known[pseudo[name]] if name in pseudo else resolve(role(name)["RoleName"])
        return text

    def resolve(value: Json) -> Json:
        match value:
            case {"Ref": str(name), **rest} if not rest:
                return ref(name)
            case {"Fn::GetAtt": [str(id_), "Arn"], **rest} if not rest:
                name = f"{role(id_)['Path']}{ref(id_)}"
                return f"arn:{known['partition']}:iam::{known['account_id']}:role{name}"
            case {"Fn::Join": [str(separator), [*parts]], **rest} if not rest:
                return separator.join(map(resolve, parts))
            case {"Fn::Sub": str(text), **rest} if not rest:
                # `$` that is no reference is left to nobody's reading: we do not emit it there.
                assert "$" not in re.sub(r"\$\{[A-Za-z:]+\}", "", text)
                return re.sub(r"\$\{([A-Za-z:]+)\}", lambda found: ref(found[1]), text)
            case dict():
                members = cast("dict[str, Json]", value)
                assert not [key for key in members if key == "Ref" or key.startswith("Fn::")]
                return {key: resolve(inner) for key, inner in members.items()}
            case list():
                items = cast("list[object]", value)
                return [resolve(inner) for inner in items]
            case _:
                assert "{{resolve:" not in str(value)
                return value

    return resolve


# ---------------------------------------------------------------- Terraform


def of_terraform(artifact: Artifact, known: Known) -> Roles:
    """The roles of a module, its expressions evaluated."""
    main = json.loads(artifact.files["main.tf.json"])
    evaluate = _expressions(main, known)
    resources: dict[str, Json] = dict(main["resource"])
    roles: Roles = {}
    inline: list[Json] = list(resources.pop("aws_iam_role_policy", {}).values())
    attachments: list[Json] = list(resources.pop("aws_iam_role_policy_attachment", {}).values())
    for id_, body in resources.pop("aws_iam_role").items():
        role = {name: evaluate(value) for name, value in body.items()}
        of_this = f"${{aws_iam_role.{id_}.name}}"
        roles |= made(
            name=role.pop("name"),
            path=role.pop("path"),
            description=role.pop("description"),
            trust=json.loads(role.pop("assume_role_policy")),
            policies={
                evaluate(p["name"]): json.loads(evaluate(p["policy"])) for p in inline if p.get("role") == of_this
            },
            managed=[arn for a in attachments if a.get("role") == of_this for arn in evaluate(a["for_each"])],
            boundary=role.pop("permissions_boundary", None),
            duration=role.pop("max_session_duration", None),
            tags=role.pop("tags"),
        )
        assert not role
        inline = [p for p in inline if p.get("role") != of_this]
        attachments = [a for a in attachments if a.get("role") != of_this or a["policy_arn"] != "${each.value}"]
    assert not resources
    assert not inline
    assert not attachments
    return roles


def outputs_of_terraform(artifact: Artifact, known: Known) -> Outputs:
    main = json.loads(artifact.files["main.tf.json"])
    evaluate = _expressions(main, known)
    outputs = json.loads(artifact.files["outputs.tf.json"])["output"]
    return {name: evaluate(output["value"]) for name, output in outputs.items()}


_TEMPLATE = re.compile(r"(\$\$\{)|(%%\{)|\$\{([^{}]*)\}|(%\{|\$\{)")
_SOURCES = {
    "data.aws_caller_identity.current.account_id": "account_id",
    "data.aws_region.current.id": "aws_region",
    "data.aws_partition.current.partition": "partition",
    "data.aws_partition.current.dns_suffix": "dns_suffix",
}


def _expressions(main: Json, known: Known) -> Callable[[Json], Json]:
    def role(id_: str, attribute: str) -> Json:
        body = main["resource"]["aws_iam_role"][id_]
        name = evaluate(body["name"])
        arn = f"arn:{known['partition']}:iam::{known['account_id']}:role{evaluate(body['path'])}{name}"
        return {"arn": arn, "name": name, "id": name}[attribute]

    def expression(text: str) -> Json:
        if text in _SOURCES:
            _, source, name, _ = text.split(".")
            assert main["data"][source][name] == {}
            return known[_SOURCES[text]]
        match re.split(r"[.()]", text):
            case ["local", name]:
                return evaluate(main["locals"][name])
            case ["jsonencode", "local", name, ""]:
                return json.dumps(evaluate(main["locals"][name]))
            case ["toset", "local", name, ""]:
                return set(evaluate(main["locals"][name]))
            case ["aws_iam_role", id_, attribute]:
                return role(id_, attribute)
            case _:
                assert re.fullmatch(r'"\$+"', text), f"an expression that we do not emit: {text}"
                return text[1:-1]

    def piece(found: re.Match[str]) -> str:
        dollar, percent, inner, unfinished = found.groups()
        assert not unfinished
        text: str = "${" if dollar else "%{" if percent else expression(inner)
        return text

    def evaluate(value: Json) -> Json:
        match value:
            case str():
                whole = re.fullmatch(r"\$\{([^{}]*)\}", value)
                return expression(whole[1]) if whole else _TEMPLATE.sub(piece, value)
            case dict():
                members = cast("dict[str, Json]", value)
                return {evaluate(key): evaluate(inner) for key, inner in members.items()}
            case list():
                items = cast("list[object]", value)
                return [evaluate(inner) for inner in items]
            case _:
                return value

    return evaluate


# ---------------------------------------------------------------- a server


def of_server(read: Mapping[str, Json]) -> Roles:
    """A role as tests/aws/roles.py reads it from a server."""
    return made(
        name=read["RoleName"],
        path=read["Path"],
        description=read["Description"],
        trust=read["AssumeRolePolicyDocument"],
        policies=read["InlinePolicies"],
        managed=read["AttachedPolicyArns"],
        boundary=read["PermissionsBoundary"],
        duration=read["MaxSessionDuration"],
        tags=read["Tags"],
    )
