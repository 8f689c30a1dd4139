"""What the folders make that `ecsiam emit --target iam` writes: the inverse of `ecsiam.emitters.iam_json`.

What it doesn't know is refused, so that a folder that someone has edited is never taken for what was emitted.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from ecsiam.errors import PolicyError, ReadError
from ecsiam.model.document import parse_policy
from ecsiam.model.oidc import OidcProvider
from ecsiam.model.role import Role, RolePolicy
from ecsiam.readers.found import Made, not_ours

Data = dict[str, Any]

_ROLES = "roles/"
_PROVIDERS = "oidc-providers/"
_BESIDE = "companions/"


def made(files: Mapping[str, str | bytes]) -> Made:
    """What these files make; the id of each role is its name. Raises ReadError for what isn't ours."""
    roles: dict[str, dict[str, str | bytes]] = {}
    providers: dict[str, Data] = {}
    try:
        for path, content in files.items():
            if path.startswith(_ROLES):
                name, _, inside = path.removeprefix(_ROLES).partition("/")
                roles.setdefault(name, {})[inside] = content
            elif path.startswith(_PROVIDERS) and path.endswith("/create-open-id-connect-provider.json"):
                providers[path.removeprefix(_PROVIDERS).partition("/")[0]] = json.loads(content)
            elif not path.startswith(_BESIDE):
                raise not_ours(path)
        found = (OidcProvider(id, p["Url"], p["ClientIDList"], _tags(p)) for id, p in providers.items())
        return Made(tuple(_role(name, folder) for name, folder in roles.items()), tuple(found))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as e:
        raise not_ours(str(e)) from None
    except PolicyError as e:
        raise ReadError(*e.faults) from None


def _tags(said: Data) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in said.get("Tags", ())}


def _role(name: str, files: Mapping[str, str | bytes]) -> Role:
    create = cast("Data", json.loads(files["create-role.json"]))
    trust = parse_policy(create["AssumeRolePolicyDocument"])
    if create["RoleName"] != name or trust != parse_policy(_text(files["trust-policy.json"])):
        raise not_ours(name)
    attached = cast("list[str]", json.loads(files["attached-policies.json"]))
    policies = [
        RolePolicy(called, called, parse_policy(_text(content))) for called, content in _within(files, "policies/")
    ]
    for called, content in _within(files, "managed-policies/"):
        made = cast("Data", json.loads(content))
        (arn,) = (a for a in attached if a.endswith(f":policy{made['Path']}{called}"))
        attached.remove(arn)
        if (made["PolicyName"], made["Path"]) != (called, create["Path"]):
            raise not_ours(called)
        policies.append(RolePolicy(called, called, parse_policy(made["PolicyDocument"]), managed=True))
    return Role(
        name,
        name,
        trust,
        policies,
        managed_policy_arns=attached,
        path=create["Path"],
        permissions_boundary=create.get("PermissionsBoundary"),
        max_session_duration=create.get("MaxSessionDuration"),
        description=create["Description"],
        tags=_tags(create),
        profile=_profile(name, create, files),
        as_is=True,
    )


def _within(files: Mapping[str, str | bytes], folder: str) -> Iterator[tuple[str, str | bytes]]:
    for path, content in files.items():
        if path.startswith(folder):
            yield path.removeprefix(folder).removesuffix(".json"), content


def _text(content: str | bytes) -> str:
    return content.decode() if isinstance(content, bytes) else content


def _profile(name: str, create: Data, files: Mapping[str, str | bytes]) -> bool:
    """Whether an instance profile of the role's own name and path holds it."""
    if "create-instance-profile.json" not in files:
        return False
    made = json.loads(files["create-instance-profile.json"])
    added = json.loads(files["add-role-to-instance-profile.json"])
    expected = {"InstanceProfileName": name, "Path": create["Path"]}, {"InstanceProfileName": name, "RoleName": name}
    if (made, added) != expected:
        raise not_ours(name)
    return True
