"""ARNs and partitions.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

import re
from functools import lru_cache

from attrs import field, frozen

from ecsiam.errors import PolicyError
from ecsiam.model.text import DNS_SUFFIX, Ref, Text, in_order, text


@frozen
class Arn:
    """The six parts of an ARN (the first is always `arn`); `region` and `account` may be empty."""

    partition: Text = field(converter=text)
    service: str
    region: Text = field(converter=text)
    account: Text = field(converter=text)
    resource: Text = field(converter=text)

    @classmethod
    def parse(cls, value: str | Ref | Text) -> "Arn":
        """Read an ARN. Raises PolicyError when it has fewer than six parts or does not begin with `arn:`."""
        found = _parsed(text(value))  # a text, since templates that read alike may stand for two
        if found is None:
            raise PolicyError(f"`{value}` is not an ARN")
        return found

    @property
    def text(self) -> Text:
        return Text.of("arn:", self.partition, f":{self.service}:", self.region, ":", self.account, ":", self.resource)

    def __str__(self) -> str:
        return str(self.text)


@lru_cache(maxsize=1 << 12)  # each ARN of a config is looked at by several checks and features
def _parsed(value: Text) -> Arn | None:
    parts = value.split(":", 5)
    service = parts[2].literal if len(parts) == 6 else None
    if service is None or parts[0].literal != "arn":
        return None
    return Arn(parts[1], service, parts[3], parts[4], parts[5])


@frozen
class Partition:
    """One of AWS's partitions: which regions it has, as a pattern, and the domain that its services live under."""

    name: str
    regions: str
    dns_suffix: str


# From the endpoint data that AWS ships in botocore (partitions.json).
PARTITIONS = {
    p.name: p
    for p in (
        Partition("aws", "(us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-[0-9]+", "amazonaws.com"),
        Partition("aws-cn", "cn-[a-z]+-[0-9]+", "amazonaws.com.cn"),
        Partition("aws-us-gov", "us-gov-[a-z]+-[0-9]+", "amazonaws.com"),
        Partition("aws-eusc", "eusc-de-[a-z]+-[0-9]+", "amazonaws.eu"),
        Partition("aws-iso", "us-iso-[a-z]+-[0-9]+", "c2s.ic.gov"),
        Partition("aws-iso-b", "us-isob-[a-z]+-[0-9]+", "sc2s.sgov.gov"),
        Partition("aws-iso-e", "eu-isoe-[a-z]+-[0-9]+", "cloud.adc-e.uk"),
        Partition("aws-iso-f", "us-isof-[a-z]+-[0-9]+", "csp.hci.ic.gov"),
    )
}


def partition_of(region: str) -> str | None:
    """The partition that a region belongs to, or None for a region of none that we know."""
    return next((p.name for p in PARTITIONS.values() if re.fullmatch(p.regions, region, re.ASCII)), None)


def via_service(service: str, region: Text, partition: Text) -> tuple[Text, ...]:
    """The values of `kms:ViaService` for a service in a region.

    AWS documents `SERVICE.REGION.amazonaws.com`. In partitions with a domain of their own no page says which of the two
    forms KMS sends, so both are listed there: each names the same service in the same region, neither is wider.
    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
    """
    own = DNS_SUFFIX if partition.literal is None else PARTITIONS[partition.literal].dns_suffix
    return in_order(Text.of(f"{service}.", region, ".", suffix) for suffix in ("amazonaws.com", own))
