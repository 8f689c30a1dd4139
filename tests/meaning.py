"""What emitted files mean: the roles that they make and what they hand on, read back without the emitters.

The few expressions of Terraform and functions of CloudFormation that we emit are resolved here by code that shares
nothing with what wrote them, and any other is an error. The real programs read the same files in their own tests.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, cast

from attrs import evolve, frozen

from ecsiam.artifact import Artifact
from ecsiam.model.document import parse_policy
from ecsiam.model.each import Each, items_in_order
from ecsiam.model.planned import planned
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
    """A role as it is once it is made. That lists have an order, or name a thing twice, means nothing.

    `own` are the customer managed policies that are made for it, which are attached beside `managed_policy_arns`.
    """

    name: str
    path: str
    description: str
    trust: Policy
    policies: Mapping[str, Policy]
    own: Mapping[str, Policy]
    managed_policy_arns: frozenset[str]
    permissions_boundary: str | None
    max_session_duration: int
    tags: Mapping[str, str]
    profile: tuple[str, str] | None = None  # the instance profile that holds it: name and path


Roles = dict[str, Made]


def made(
    *,
    name: str,
    path: str,
    description: str,
    trust: Policy | Json,
    policies: Mapping[str, Policy | Json],
    own: Mapping[str, Policy | Json],
    managed: list[str],
    boundary: str | None,
    duration: int | None,
    tags: Mapping[str, str],
    profile: tuple[str, str] | None = None,
) -> Roles:
    """The one role, by its name."""
    return {
        name: Made(
            name,
            path,
            description,
            _plain(trust),
            {policy: _plain(document) for policy, document in policies.items()},
            {policy: _plain(document) for policy, document in own.items()},
            frozenset(managed),
            boundary,
            duration or DURATION,
            dict(tags),
            profile,
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
    for role in planned(stack).roles.values():  # that dividing changes no meaning is a law of its own
        roles |= of_role(role, known)
    return roles


def of_role(role: Role, known: Known) -> Roles:
    return made(
        name=said(role.name, known),
        path=role.path,
        description=said(role.description, known),
        trust=_filled(role.trust, known),
        policies={said(p.name, known): _filled(p.document, known) for p in role.inline},
        own={said(p.name, known): _filled(p.document, known) for p in role.own_managed},
        managed=[said(arn, known) for arn in role.managed_policy_arns],
        boundary=None if role.permissions_boundary is None else said(role.permissions_boundary, known),
        duration=cast("int | None", role.max_session_duration),  # of a bound stack
        tags={key: said(value, known) for key, value in role.tags},
        profile=(said(role.name, known), role.path) if role.profile else None,
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
        found[output.name] = {"arn": arn, "profile_arn": arn and arn.replace(":role/", ":instance-profile/")}.get(
            output.attribute, name
        )
    return found


# ---------------------------------------------------------------- providers

PROVIDERS = "aws_iam_openid_connect_provider"
Providers = dict[str, tuple[list[str], dict[str, str]]]  # by URL: the audiences and the tags


def provider(body: Json) -> tuple[str, tuple[list[str], dict[str, str]]]:
    """A provider as Terraform has it."""
    return body["url"], (body["client_id_list"], body.get("tags") or {})


def providers_of_stack(stack: Stack, known: Known) -> Providers:
    return {
        p.url: ([said(c, known) for c in p.client_ids], {key: said(value, known) for key, value in p.tags})
        for p in stack.providers.values()
    }


def providers_of(artifact: Artifact, known: Known) -> Providers:
    """The OIDC providers that the files of a target make."""
    files = {path: json.loads(text) for path, text in artifact.files.items()}
    if main := files.get("main.tf.json"):
        evaluate = _expressions(main, known)
        return dict(provider(evaluate(body)) for body in main["resource"].get(PROVIDERS, {}).values())
    if template := files.get("template.json"):
        resolve = _functions(template, known)
        of_type = [r for r in template["Resources"].values() if r["Type"] == "AWS::IAM::OIDCProvider"]
        found = [resolve(r["Properties"]) for r in of_type]
        return {p["Url"]: (p["ClientIdList"], _tags(p.get("Tags", []))) for p in found}
    made = [read for path, read in files.items() if path.startswith("oidc-providers/")]
    return {p["Url"]: (p["ClientIDList"], _tags(p.get("Tags", []))) for p in made}


# ---------------------------------------------------------------- raw IAM JSON


def of_iam(artifact: Artifact) -> Roles:
    """The roles of a folder, by the layout that the documentation promises, with no file left over."""
    files = {path: json.loads(text) for path, text in artifact.files.items()}
    files = {path: read for path, read in files.items() if not path.startswith(("companions/", "oidc-providers/"))}
    roles: Roles = {}
    while files:
        role = next(iter(files)).split("/")[1]
        folder = f"roles/{role}"
        create = files.pop(f"{folder}/create-role.json")
        trust = json.loads(create.pop("AssumeRolePolicyDocument"))
        assert trust == files.pop(f"{folder}/trust-policy.json")
        inside = [path for path in files if path.startswith(f"{folder}/policies/")]
        beside = [files.pop(path) for path in list(files) if path.startswith(f"{folder}/managed-policies/")]
        arns: list[str] = files.pop(f"{folder}/attached-policies.json")
        for policy in beside:  # made first, and then attached
            (arn,) = (a for a in arns if a.endswith(f":policy{policy['Path']}{policy['PolicyName']}"))
            arns.remove(arn)
            assert policy.keys() == {"PolicyName", "Path", "PolicyDocument"}
        roles |= made(
            name=create.pop("RoleName"),
            path=create.pop("Path"),
            description=create.pop("Description"),
            trust=trust,
            policies={re.sub(r".*/|\.json$", "", path): files.pop(path) for path in inside},
            own={policy["PolicyName"]: json.loads(policy["PolicyDocument"]) for policy in beside},
            managed=arns,
            boundary=create.pop("PermissionsBoundary", None),
            duration=create.pop("MaxSessionDuration", None),
            tags=_tags(create.pop("Tags")),
            profile=_profile(files, folder, role),
        )
        assert role in roles
        assert not create
    return roles


def _profile(files: dict[str, Json], folder: str, role: str) -> tuple[str, str] | None:
    holds = files.pop(f"{folder}/add-role-to-instance-profile.json", None)
    profile = files.pop(f"{folder}/create-instance-profile.json", None)
    if profile is None:
        return None
    name, path = profile.pop("InstanceProfileName"), profile.pop("Path")
    assert holds == {"InstanceProfileName": name, "RoleName": role}
    assert not profile
    return name, path


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
    made_first = {id_ for id_, r in template["Resources"].items() if r["Type"] == "AWS::IAM::OIDCProvider"}
    managed = {
        id_: resolve(resource["Properties"])
        for id_, resource in template["Resources"].items()
        if resource["Type"] == "AWS::IAM::ManagedPolicy"
    }
    profiles: dict[str, tuple[str, str]] = {}
    for id_, resource in template["Resources"].items():
        if id_ in made_first:
            continue
        assert resource.pop("DependsOn", "") in {"", *made_first}
        assert resource.keys() == {"Type", "Properties"}
        if id_ in managed:
            assert resource["Properties"].keys() == {"ManagedPolicyName", "Path", "PolicyDocument"}
            continue
        if resource["Type"] == "AWS::IAM::InstanceProfile":
            profile = {name: resolve(value) for name, value in resource["Properties"].items()}
            (held,) = profile.pop("Roles")
            profiles[held] = (profile.pop("InstanceProfileName"), profile.pop("Path"))
            assert not profile
            continue
        assert resource["Type"] == "AWS::IAM::Role"
        attached: list[Json] = resource["Properties"].pop("ManagedPolicyArns", [])
        own = [managed[id_] for arn in attached if (id_ := _made_here(arn, managed))]
        arns = [arn for arn in attached if not _made_here(arn, managed)]
        role = {name: resolve(value) for name, value in resource["Properties"].items()}
        assert all(policy["Path"] == role["Path"] for policy in own)
        roles |= made(
            name=role.pop("RoleName"),
            path=role.pop("Path"),
            description=role.pop("Description"),
            trust=role.pop("AssumeRolePolicyDocument"),
            policies={p["PolicyName"]: p["PolicyDocument"] for p in role.pop("Policies", [])},
            own={p["ManagedPolicyName"]: p["PolicyDocument"] for p in own},
            managed=[resolve(arn) for arn in arns],
            boundary=role.pop("PermissionsBoundary", None),
            duration=role.pop("MaxSessionDuration", None),
            tags=_tags(role.pop("Tags")),
        )
        assert not role
    return _held(roles, profiles)


def _held(roles: Roles, profiles: dict[str, tuple[str, str]]) -> Roles:
    """The roles in their instance profiles."""
    assert profiles.keys() <= roles.keys()
    return {name: evolve(role, profile=profiles.get(name)) for name, role in roles.items()}


def _made_here(arn: Json, managed: Mapping[str, Json]) -> str:
    """The id of a policy of the template that stands for its ARN; empty for any other."""
    match arn:
        case {"Ref": str(id_)} if id_ in managed:
            return id_
        case _:
            return ""


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
        if name in pseudo:
            return known[pseudo[name]]
        of = role(name)
        text: str = resolve(of["RoleName"] if "RoleName" in of else of["InstanceProfileName"])
        return text

    def resolve(value: Json) -> Json:
        match value:
            case {"Ref": str(name), **rest} if not rest:
                return ref(name)
            case {"Fn::GetAtt": [str(id_), "Arn"], **rest} if not rest:
                name = f"{role(id_)['Path']}{ref(id_)}"
                what = template["Resources"][id_]["Type"]
                kind = {"AWS::IAM::Role": "role", "AWS::IAM::InstanceProfile": "instance-profile"}[what]
                return f"arn:{known['partition']}:iam::{known['account_id']}:{kind}{name}"
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
    made_first = [f"aws_iam_openid_connect_provider.{id_}" for id_ in resources.pop(PROVIDERS, {})]
    inline: list[Json] = list(resources.pop("aws_iam_role_policy", {}).values())
    attached: dict[str, Json] = resources.pop("aws_iam_role_policy_attachment", {})
    managed: dict[str, Json] = resources.pop("aws_iam_policy", {})
    names: dict[str, Json] = resources.pop("aws_iam_role_policies_exclusive", {})
    arns: dict[str, Json] = resources.pop("aws_iam_role_policy_attachments_exclusive", {})
    own_of = {f"${{aws_iam_policy.{id_}.arn}}": policy for id_, policy in managed.items()}
    attachments = list(attached.values())
    if names or arns:
        _owned(main["resource"], names, arns)
    held: dict[str, tuple[str, str]] = {}
    for body in resources.pop("aws_iam_instance_profile", {}).values():
        profile = {name: evaluate(value) for name, value in body.items()}
        held[profile.pop("role")] = (profile.pop("name"), profile.pop("path"))
        assert not profile
    for id_, body in resources.pop("aws_iam_role").items():
        role = {name: evaluate(value) for name, value in body.items()}
        assert set(role.pop("depends_on", [])) <= {*made_first}
        of_this = f"${{aws_iam_role.{id_}.name}}"
        roles |= made(
            name=role.pop("name"),
            path=role.pop("path"),
            description=role.pop("description"),
            trust=json.loads(role.pop("assume_role_policy")),
            policies={
                evaluate(p["name"]): json.loads(evaluate(p["policy"])) for p in inline if p.get("role") == of_this
            },
            own={
                evaluate(p["name"]): json.loads(evaluate(p["policy"]))
                for a in attachments
                if a.get("role") == of_this and (p := own_of.pop(a["policy_arn"], None))
            },
            managed=[
                arn
                for a in attachments
                if a.get("role") == of_this and "for_each" in a
                for arn in evaluate(a["for_each"])
            ],
            boundary=role.pop("permissions_boundary", None),
            duration=role.pop("max_session_duration", None),
            tags=role.pop("tags"),
        )
        assert not role
        inline = [p for p in inline if p.get("role") != of_this]
        attachments = [a for a in attachments if a.get("role") != of_this]
    assert not resources
    assert not own_of
    assert not inline
    assert not attachments
    return _held(roles, held)


def _owned(resources: Json, names: dict[str, Json], arns: dict[str, Json]) -> None:
    """That Terraform takes nothing away that it makes: each policy and attachment of such a role stands in a list."""
    assert names.keys() == arns.keys() <= resources["aws_iam_role"].keys()
    of_these = {body["role_name"] for body in names.values()}
    for kind, attribute, listed in (
        ("aws_iam_role_policy", "name", [body["policy_names"] for body in names.values()]),
        ("aws_iam_role_policy_attachment", "policy_arn", [body["policy_arns"] for body in arns.values()]),
    ):
        made = [
            f"values({kind}.{id_})[*].{attribute}" if "for_each" in body else f"{kind}.{id_}[*].{attribute}"
            for id_, body in resources.get(kind, {}).items()
            if body["role"] in of_these
        ]
        said = [one for text in listed if text for one in text.removeprefix("${concat(").removesuffix(")}").split(", ")]
        assert sorted(said) == sorted(made)
    for id_, body in [*names.items(), *arns.items()]:
        assert body["role_name"].startswith(f"${{aws_iam_role.{id_}")


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
    def role(id_: str, attribute: str, kind: str = "role") -> Json:
        body = main["resource"][f"aws_iam_{kind.replace('-', '_')}"][id_]
        name = evaluate(body["name"])
        arn = f"arn:{known['partition']}:iam::{known['account_id']}:{kind}{evaluate(body['path'])}{name}"
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
            case ["aws_iam_instance_profile", id_, attribute]:
                return role(id_, attribute, "instance-profile")
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


def of_server(read: Mapping[str, Json], own: Collection[str] = ()) -> Roles:
    """A role as tests/aws/roles.py reads it from a server; `own` are the names of the policies made for it."""
    arns = {arn.split("/")[-1]: arn for arn in read["AttachedPolicyArns"]}
    return made(
        name=read["RoleName"],
        path=read["Path"],
        description=read["Description"],
        trust=read["AssumeRolePolicyDocument"],
        policies=read["InlinePolicies"],
        own={name: read["AttachedDocuments"][arns.pop(name)] for name in own if name in arns},
        managed=list(arns.values()),
        boundary=read["PermissionsBoundary"],
        duration=read["MaxSessionDuration"],
        tags=read["Tags"],
        profile=next(((p["InstanceProfileName"], p["Path"]) for p in read["InstanceProfiles"]), None),
    )
