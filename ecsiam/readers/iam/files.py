"""IAM's JSON: documents by themselves, our `iam` folder, and what the AWS CLI and boto3 take and print.

Each value of a file is one of a few, told by its keys (`_SHAPES`). What AWS prints of a role is seldom all of it: where
nothing says which policies a role has, it has a gap. Users and groups are passed over.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

import re
from collections.abc import Callable, Iterator
from pathlib import PurePath

from attrs import define, field

from ecsiam.model.text import Text
from ecsiam.readers.found import Root, Value, is_list, is_map, several
from ecsiam.readers.iam.roles import IamRoles
from ecsiam.readers.iam.values import At
from ecsiam.readers.loading import few
from ecsiam.readers.walk import File

# `emit --target iam` writes a folder for each role; what is in one such tree belongs together.
_OURS = re.compile(
    r"(?:(?P<base>.*)/)?roles/[^/]+/(?:(?:create-role|trust-policy|attached-policies)\.json|"
    r"(?:policies|managed-policies)/[^/]+\.json)"
)


def is_iam(file: File) -> bool:
    """Whether a file may hold any of this, as far as its bytes tell."""
    known = (word in file.content for word in _KEYS)
    return b":policy/" in file.content or (any(known) and _KEY.search(file.content) is not None)


@define
class IamJson:
    """What files say of roles and policies, tree by tree."""

    trees: dict[str | None, IamRoles] = field(factory=dict[str | None, IamRoles])
    files: dict[str | None, dict[str, None]] = field(factory=dict[str | None, dict[str, None]])

    def add(self, file: File, values: list[Value]) -> bool:
        """Take what values of a file are IAM's; whether any is."""
        ours = _OURS.fullmatch(PurePath(file.name).as_posix())
        tree = None if ours is None else ours["base"] or "."
        roles = self.trees.setdefault(tree, IamRoles())
        found = False
        for n, value in enumerate(values):
            path = (n,) if len(values) > 1 else ()
            if (
                is_list(value)
                and value
                and all(isinstance(one, str | Text) and ":policy/" in str(one) for one in value)
            ):
                roles.attached.append((At(file.name, path, {}), value))
                found = True
                continue
            for i, one in enumerate(few(several(value), file.name)):
                at = At(file.name, (*path, i) if is_list(value) else path, one)
                found |= is_map(one) and _take(roles, at)
        if found:
            self.files.setdefault(tree, {})[file.name] = None
        return found

    def roots(self, name: str) -> Iterator[Root]:
        """One root for each tree of ours, and one for everything else."""
        for tree, roles in self.trees.items():
            called = name if tree is None else tree
            found, gaps = roles.settled(called)
            if found or gaps:
                yield Root(called, "IAM's JSON", found, gaps, files=tuple(self.files.get(tree, {})))


def _take(roles: IamRoles, at: At) -> bool:
    take = next((take for keys, take in _SHAPES if at.data.keys() >= keys), None)
    return take is not None and take(roles, at) is not False


def _inside(key: str, take: Callable[[IamRoles, At], object]) -> Callable[[IamRoles, At], object]:
    def of(roles: IamRoles, at: At) -> object:
        return take(roles, at.inner(key))

    return of


def _passed(roles: IamRoles, at: At) -> bool:
    """Of users and groups."""
    return False


# What a value is, by its keys; the first counts.
_KINDS: tuple[tuple[str, Callable[[IamRoles, At], object]], ...] = (
    ("RoleDetailList", IamRoles.details),
    ("Roles", IamRoles.listed_roles),
    ("Role", _inside("Role", IamRoles.role)),
    ("UserName PolicyDocument", _passed),
    ("GroupName PolicyDocument", _passed),
    ("RoleName PolicyName PolicyDocument", IamRoles.inline),
    ("RoleName PolicyArn", IamRoles.attachment),
    ("RoleName AssumeRolePolicyDocument", IamRoles.role),
    ("PolicyName PolicyDocument", IamRoles.create_policy),
    ("Policy", _inside("Policy", IamRoles.policy)),
    ("PolicyVersion", IamRoles.version),
    ("PolicyVersionList Arn", IamRoles.policy),
    ("Policies", IamRoles.policies),
    ("AttachedPolicies", IamRoles.attached_list),
    ("PolicyNames", IamRoles.names),
    ("Statement", IamRoles.alone),
    ("PolicyDocument", _inside("PolicyDocument", IamRoles.alone)),
)
_SHAPES = tuple((frozenset(keys.split()), take) for keys, take in _KINDS)
_KEYS = sorted({key.encode() for shape, _ in _SHAPES for key in shape})
_KEY = re.compile(rb"\b(?:%s)[\"']?[ \t]*:" % b"|".join(_KEYS))
