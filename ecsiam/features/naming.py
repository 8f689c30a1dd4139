"""What the roles and their policies are called, and what else every role has: path, boundary, tags."""

from collections.abc import Iterator, Mapping
from typing import Annotated

from ecsiam.errors import Fault
from ecsiam.features.project import Project
from ecsiam.features.table import POLICIES, ROLES, FeatureKeys
from ecsiam.keys.key import Key
from ecsiam.keys.keys import check
from ecsiam.keys.kinds import MapOf, OfForm
from ecsiam.model import forms
from ecsiam.model.deployment import Name, name_faults
from ecsiam.model.parameter import Parameter
from ecsiam.model.quotas import QUOTAS
from ecsiam.model.text import Text, text

OWN_TAGS = ("Name", "Environment", "Purpose")


class NamingKeys(FeatureKeys):
    """Names, path, boundary and tags of the roles."""

    heading = "The roles themselves"

    path: Annotated[str, Key("The IAM path of the roles.", OfForm(forms.IAM_PATH), closed=True)] = "/"
    permissions_boundary_arn: Annotated[
        str | Parameter | None,
        Key(
            "The managed policy that bounds what the roles may do.",
            OfForm(forms.POLICY_ARN),
            default="none",
            same_account=True,
        ),
    ] = None
    tags: Annotated[
        Mapping[str, str],
        Key(
            "Tags of the roles, beside `Name`, `Environment` and `Purpose`, which they may replace.",
            MapOf(forms.TAG_KEY, OfForm(forms.TAG_VALUE, integers=True)),
            default="none",
        ),
    ] = {}
    role_names: Annotated[
        Mapping[str, str],
        Key(
            "Other names for the roles.",
            MapOf(tuple(ROLES), OfForm(forms.ROLE_NAME)),
            default="`<project_name>-<environment>-execution-role` and so on",
            sample=("task: memos-dev-task",),
        ),
    ] = {}
    policy_names: Annotated[
        Mapping[str, str],
        Key(
            "Other names for the inline policies.",
            MapOf(tuple(POLICIES), OfForm(forms.POLICY_NAME)),
            default="`<project_name>-<environment>-efs-policy` and so on",
            sample=("efs: memos-dev-efs",),
        ),
    ] = {}

    def role_name(self, role: str) -> Text:
        """What a role is called: as `role_names` says, else `<project_name>-<environment>-<suffix>`."""
        named = self.role_names.get(role)
        return text(named) if named else Text.of(self.prefix, f"-{ROLES[role].suffix}")

    def policy_name(self, policy: str) -> Text:
        """What an inline policy is called: as `policy_names` says, else `<project_name>-<environment>-<id>-policy`."""
        named = self.policy_names.get(policy)
        return text(named) if named else Text.of(self.prefix, f"-{policy.replace('_', '-')}-policy")

    def names(self) -> Iterator[Name]:
        """What the roles that are made are called, and their policies."""
        for role in ROLES.values():
            on = self.when(role.flag)
            if on is not None:
                yield Name("role", role.id, "roles", self.role_name(role.id), forms.ROLE_NAME.most, on)
                for policy in (policy for policy, of in POLICIES.items() if of == role.id):
                    yield Name("policy", policy, role.id, self.policy_name(policy), forms.POLICY_NAME.most, on)

    @property
    def project(self) -> Project:
        """What every feature builds from."""
        return Project(self.prefix, self.home, self.path, {role: self.role_name(role) for role in ROLES})

    @check("project_name", "environment", "role_names", "policy_names", "enable_github_oidc")
    def _names(self) -> Iterator[Fault]:
        return name_faults(self.names())

    @check()
    def _tags(self) -> Iterator[Fault]:
        own = {key.lower(): key for key in OWN_TAGS}
        seen: dict[str, str] = {}
        for key in self.tags:
            other = seen.setdefault(key.lower(), own.get(key.lower(), key))
            if other != key:
                remedy = "IAM takes them for one key."
                yield Fault(f"tags `{other}` and `{key}` differ only in case", ("tags", key), remedy)
            if key.lower().startswith("aws:"):
                yield Fault(f"tag `{key}` begins with `aws:`", ("tags", key), "That prefix is AWS's own.")
        count = len({*own, *(k.lower() for k in self.tags)})
        most = QUOTAS["role_tags"].most
        if count > most:
            yield Fault(f"{count} tags with our own {len(own)}, IAM takes {most}", ("tags",))

    @check("tags")
    def _name_tags(self) -> Iterator[Fault]:
        for role, name in () if "Name" in self.tags else self.role_names.items():
            if not forms.TAG_VALUE.matches(name):
                remedy = "Tags take fewer characters than names do: set `tags.Name`, or choose another name."
                yield Fault(f"role name `{name}` can't be the tag `Name`", ("role_names", role), remedy)
