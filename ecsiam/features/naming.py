"""What the roles and their policies are called, and what else every role has: path, boundary, tags."""

from collections.abc import Iterator, Mapping
from typing import Annotated

from ecsiam.errors import Fault
from ecsiam.features.infrastructure import passed_by_aws
from ecsiam.features.instances import BY_AWS, MANAGED_FLAG
from ecsiam.features.project import Project
from ecsiam.features.table import POLICIES, ROLES, FeatureKeys
from ecsiam.keys.key import Key
from ecsiam.keys.keys import check
from ecsiam.keys.kinds import Choice, Flag, MapOf, OfForm
from ecsiam.model import arn_forms, forms
from ecsiam.model.deployment import Name, name_faults
from ecsiam.model.names import ended
from ecsiam.model.parameter import Parameter
from ecsiam.model.quotas import QUOTAS
from ecsiam.model.text import Text, sample_of, text

OWN_TAGS = ("Name", "Environment", "Purpose")
POLICY_KINDS = ("inline", "managed")


class NamingKeys(FeatureKeys):
    """Names, path, boundary and tags of the roles."""

    heading = "The roles themselves"

    path: Annotated[str, Key("The IAM path of the roles.", OfForm(forms.IAM_PATH), closed=True, settled=True)] = "/"
    permissions_boundary_arn: Annotated[
        str | Parameter | None,
        Key(
            "The managed policy that bounds what the roles may do.",
            OfForm(arn_forms.POLICY_ARN),
            default="none",
            same_account=True,
        ),
    ] = None
    policies: Annotated[
        str,
        Key(
            "How the roles have their policies: `inline`, inside the role, 10,240 characters in all; or `managed`, as "
            "customer managed policies of 6,144 characters each. What is larger is divided over several, in such a way "
            "that one more ARN changes one policy.",
            Choice(POLICY_KINDS),
            closed=True,
        ),
    ] = "inline"
    exclusive: Annotated[
        bool,
        Key(
            "Terraform takes away whatever else is attached to the roles, each time it is applied "
            "(`aws_iam_role_policies_exclusive`, `aws_iam_role_policy_attachments_exclusive`).",
            Flag(),
            closed=True,
        ),
    ] = False
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
            "Other names for the policies of the roles.",
            MapOf(tuple(POLICIES), OfForm(forms.POLICY_NAME)),
            default="`<project_name>-<environment>-efs-policy` and so on",
            sample=("efs: memos-dev-efs",),
        ),
    ] = {}

    def role_name(self, role: str) -> Text:
        """What a role is called: as `role_names` says, else `<project_name>-<environment>-<suffix>`, cut to fit."""
        return self._role_name(role, self.prefix)

    def _role_name(self, role: str, prefix: Text) -> Text:
        named = self.role_names.get(role)
        return text(named) if named else ROLES[role].name(prefix)

    def policy_name(self, policy: str) -> Text:
        """What a policy is called: as `policy_names` says, else `<prefix>-<id>-policy`, cut to fit."""
        return self._policy_name(policy, self.prefix)

    def _policy_name(self, policy: str, prefix: Text) -> Text:
        named = self.policy_names.get(policy)
        end = f"-{policy.replace('_', '-')}-policy"
        return text(named) if named else ended(prefix, end, forms.POLICY_NAME.most)

    @property
    def managed_policies(self) -> bool:
        """Whether the roles' own policies are customer managed ones."""
        return self.policies == "managed"

    def names(self, *, inline: bool = True) -> Iterator[Name]:
        """What the roles that are made are called, and their policies; without `inline`, what is the account's."""
        prefix = self.prefix
        for role in ROLES.values():
            on = self.when(role.flag)
            if on is not None:
                yield Name("role", role.id, "roles", self._role_name(role.id, prefix), forms.ROLE_NAME.most, on)
                policies = POLICIES if inline or self.managed_policies else ()
                for policy in (policy for policy in policies if POLICIES[policy] == role.id):
                    # Managed ones are all in one account, inline ones in their role.
                    group = "policies" if self.managed_policies else role.id
                    yield Name("policy", policy, group, self._policy_name(policy, prefix), forms.POLICY_NAME.most, on)

    @property
    def project(self) -> Project:
        """What every feature builds from."""
        prefix = self.prefix
        return Project(prefix, self.home, self.path, {role: self._role_name(role, prefix) for role in ROLES})

    @check("project_name", "environment", "role_names", "policy_names", "enable_github_oidc")
    def _names(self) -> Iterator[Fault]:
        return name_faults(self.names())

    @check("project_name", "environment", MANAGED_FLAG, "enable_managed_instances_role", "path", "role_names")
    def _instance_name(self) -> Iterator[Fault]:
        """AWS's policy passes the role of Managed Instances by its name; ours, where we make the one that has it."""
        name = str(self.role_name("managed_instances_instance"))
        if self.when(MANAGED_FLAG) is None or self.enable_managed_instances_role is True:
            return
        if not passed_by_aws(name, self.path):
            given = "managed_instances_instance" in self.role_names
            yield Fault(
                f"the instances' role `{self.path}{name}` is none that AWS's policy for the infrastructure role passes",
                ("role_names", "managed_instances_instance") if given else ("path",),
                f"It passes `/{BY_AWS}...` alone: call it so, with no path, or turn `enable_managed_instances_role` "
                "on, which passes any.",
            )

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
            if not forms.TAG_VALUE.matches(sample_of(name)):
                remedy = "Tags take fewer characters than names do: set `tags.Name`, or choose another name."
                yield Fault(f"role name `{name}` can't be the tag `Name`", ("role_names", role), remedy)
