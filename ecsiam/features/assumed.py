"""Roles that one of AWS's services assumes: who that is, and on which conditions."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Generic

from attrs import field, frozen

from ecsiam.features.feature import K_contra
from ecsiam.features.project import Project
from ecsiam.keys.key import Key
from ecsiam.keys.values import as_text
from ecsiam.model.arn import PARTITIONS
from ecsiam.model.condition import Condition
from ecsiam.model.policy import Policy
from ecsiam.model.principal import Principal
from ecsiam.model.statement import Origin, Statement
from ecsiam.model.text import Text

# A key of these roles: in a module for many services they would be two thirds of what there is to set.
OtherKey = partial(Key, fixed="of roles that few services have: turn them on in the config of one")


def _no_condition(_: object, __: Project) -> Iterable[Condition]:
    return ()


@frozen
class AssumedBy(Generic[K_contra]):
    """A trust in a service, as the row of a role has it: the statements of who is meant, and the policy.

    `services` are its names by partition, `where` the conditions that AWS documents.
    """

    services: Callable[[Text], tuple[str, ...]]
    reason: str
    page: str
    flag: str
    where: Callable[[K_contra, Project], Iterable[Condition]] = field(default=_no_condition)

    def meant(self, keys: K_contra, project: Project) -> Iterator[Statement]:
        """Who is meant to assume the role, and has to be able to."""
        yield Statement(
            effect="Allow",
            actions="sts:AssumeRole",
            principals=[Principal("Service", name) for name in self.services(project.home.partition)],
            conditions=self.where(keys, project),
            origin=Origin("trust", self.reason, self.page, self.flag),
        )

    def trust(self, keys: K_contra, project: Project) -> Policy:
        """The trust policy."""
        return Policy(self.meant(keys, project))


def everywhere(service: str) -> Callable[[Text], tuple[str, ...]]:
    """A service that is called alike in every partition, as all but EC2 are."""
    return lambda _: (f"{service}.amazonaws.com",)


def ec2(partition: Text) -> tuple[str, ...]:
    """EC2, which has another name in China, where both are taken, and in the isolated partitions.

    https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonECS_FullAccess.html
    """
    name = partition.literal or "aws"
    own = f"ec2.{PARTITIONS[name].dns_suffix}"
    if name.startswith("aws-iso"):
        return (own,)
    return ("ec2.amazonaws.com", own) if name == "aws-cn" else ("ec2.amazonaws.com",)


def source(project: Project, service: str, resources: Iterable[str | Text]) -> tuple[Condition, ...]:
    """What keeps a service from acting for somebody else: the account, and what it acts for."""
    arns = [arn for resource in resources for arn in project.arns(service, resource)]
    return (
        Condition("StringEquals", "aws:SourceAccount", project.home.account_id),
        Condition("ArnLike", "aws:SourceArn", sorted(arns, key=str)),
    )


def behind(before: str, names: Iterable[str], otherwise: str) -> tuple[Text, ...]:
    """Names as the resource part of an ARN; what stands there where none is given."""
    return tuple(Text.of(before, as_text(name)) for name in names) or (Text.of(before, otherwise),)
