"""Roles: a trust policy, inline policies and attachments.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html
"""

from collections.abc import Iterable, Iterator, Mapping

from attrs import evolve, field, frozen
from attrs.converters import optional

from ecsiam.errors import Fault, PolicyError, refuse
from ecsiam.model.arn import Arn
from ecsiam.model.by_id import ById
from ecsiam.model.policy import Policy
from ecsiam.model.text import Ref, Text, text, texts

NAME_LIMIT = 64
POLICY_NAME_LIMIT = 128


@frozen
class InlinePolicy:
    """A policy inside a role. `id` is the feature's (`efs`), `name` what IAM calls it (`memos-dev-efs-policy`)."""

    id: str
    name: Text = field(converter=text)
    document: Policy

    def bind(self, values: Mapping[str, str]) -> "InlinePolicy":
        return evolve(self, name=self.name.bind(values), document=self.document.bind(values))


def _policies(given: Iterable[InlinePolicy] | Mapping[str, InlinePolicy]) -> ById[InlinePolicy]:
    return ById(given)


Tags = tuple[tuple[str, Text], ...]


def _tags(given: Mapping[str, str | Ref | Text] | Iterable[tuple[str, str | Ref | Text]]) -> Tags:
    pairs = given.items() if isinstance(given, Mapping) else given
    return tuple(sorted((key, text(value)) for key, value in pairs))


@frozen
class Role:
    """An IAM role. `id` is ours (`execution`, `task`, `github_actions`) or, for a role read from elsewhere, its name.

    `max_session_duration` is in seconds, None for IAM's default of 3600.
    """

    id: str
    name: Text = field(converter=text)
    trust: Policy
    policies: ById[InlinePolicy] = field(default=(), converter=_policies)
    managed_policy_arns: tuple[Text, ...] = field(default=(), converter=texts)
    path: str = "/"
    permissions_boundary: Text | None = field(default=None, converter=optional(text))
    max_session_duration: int | None = None
    description: str = ""
    tags: Tags = field(default=(), converter=_tags)

    def __attrs_post_init__(self) -> None:
        refuse(PolicyError, self._faults())

    def _faults(self) -> Iterator[Fault]:
        if self.trust.kind != "trust":
            yield Fault(f"the trust policy of `{self.name}` is not one", ("trust",), "It needs `sts:` actions only.")
        for policy in self.policies.values():
            if policy.document.kind != "identity":
                yield Fault(f"`{policy.name}` is not an identity policy", ("policies", policy.id))

    def arn(self, partition: Text, account_id: Text) -> Text:
        """The role's ARN as text: known before the role exists, since name and path are."""
        return Arn(partition, "iam", Text(()), account_id, Text.of("role", self.path, self.name)).text

    def bind(self, values: Mapping[str, str]) -> "Role":
        """The role with references put in."""
        return evolve(
            self,
            name=self.name.bind(values),
            trust=self.trust.bind(values),
            policies=[p.bind(values) for p in self.policies.values()],
            managed_policy_arns=[a.bind(values) for a in self.managed_policy_arns],
            permissions_boundary=None if self.permissions_boundary is None else self.permissions_boundary.bind(values),
            tags=[(k, v.bind(values)) for k, v in self.tags],
        )
