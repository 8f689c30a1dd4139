"""Where the roles live: account, region and partition, and what has to agree with them.

The config and the stack check here, so that binding either finds the same faults.
"""

from collections.abc import Iterable, Iterator, Mapping

from attrs import field, frozen

from ecsiam.errors import ConfigError, Fault, Path, refuse
from ecsiam.model import forms
from ecsiam.model.arn import Arn, partition_of
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, PARTITION, Ref, Text, in_order, text

_FORMS = {"account_id": forms.ACCOUNT_ID, "aws_region": forms.REGION, "partition": forms.PARTITION}


@frozen
class Given:
    """An ARN that the user wrote: where, and whether it must be of the roles' own account."""

    path: Path
    arn: str
    same_account: bool = False


@frozen
class Home:
    """Account, region and partition of the roles, as text that may be known only at deployment.

    `further_regions` are the config's `aws_regions`. A known region gives the partition.
    """

    account_id: Text = field(default=text(ACCOUNT_ID), converter=text)
    region: Text = field(default=text(AWS_REGION), converter=text)
    partition: Text = field(default=text(PARTITION), converter=text)
    further_regions: tuple[str, ...] = ()

    @classmethod
    def of(cls, account_id: str | None, region: str | None, partition: str | None, further: Iterable[str]) -> "Home":
        """The home that a config names; what it leaves out is left to deployment."""
        further = tuple(further)
        regions = [r for r in (region, *further) if r]
        derived = partition or (partition_of(regions[0]) if regions else None)
        return cls(account_id or ACCOUNT_ID, region or AWS_REGION, derived or PARTITION, further)

    @property
    def regions(self) -> tuple[Text, ...]:
        """The region and the further ones, each once, sorted."""
        return in_order((self.region, *map(text, self.further_regions)))

    @property
    def unknown(self) -> tuple[Ref, ...]:
        """What only the deployment can fill in."""
        return tuple(r for t in (self.account_id, self.region, self.partition) for r in t.refs)

    @property
    def known(self) -> dict[str, str]:
        """What is known, by the name that `bind` takes."""
        named = zip(_FORMS, (self.account_id, self.region, self.partition), strict=True)
        return {name: t.literal for name, t in named if t.literal is not None}

    def bind(self, values: Mapping[str, str], given: Iterable[Given]) -> "Home":
        """The home with `values` put in.

        Raises ConfigError with every fault: a name that is not left open, a malformed value, a contradiction.
        """
        faults: list[Fault] = []
        names = [r.name for r in self.unknown]
        for name, value in values.items():
            if name not in names:
                open_ = f"Open are {', '.join(f'`{n}`' for n in names)}." if names else "Nothing is."
                faults.append(Fault(f"`{name}` is not left to deployment", (), open_))
            elif fault := _FORMS[name].fault(value):
                faults.append(fault.under(name))
        refuse(ConfigError, faults)
        bound = {**self.known, **values}
        home = Home.of(bound.get("account_id"), bound.get("aws_region"), bound.get("partition"), self.further_regions)
        refuse(ConfigError, home.faults(given))
        return home

    def faults(self, given: Iterable[Given]) -> Iterator[Fault]:
        """What contradicts: regions of another partition, and ARNs of another partition or account than the roles'."""
        partition, account = self.partition.literal, self.account_id.literal
        regions: list[tuple[Path, str | None]] = [(("aws_region",), self.region.literal)]
        regions += [(("aws_regions", i), region) for i, region in enumerate(self.further_regions)]
        for path, region in regions:
            if region and partition and partition_of(region) != partition:
                yield Fault(f"region `{region}` is not in partition `{partition}`", path, "A role has one partition.")
        for one in given:
            arn = Arn.parse(one.arn)
            region, account_of = arn.region.literal, arn.account.literal
            if region and partition_of(region) != arn.partition.literal:
                right = partition_of(region)
                remedy = f"Write `arn:{right}:`." if right else "Write a region of AWS."
                yield Fault(f"`{one.arn}`: region `{region}` is not in partition `{arn.partition}`", one.path, remedy)
            elif partition and arn.partition.literal != partition:
                yield Fault(
                    f"`{one.arn}` is of partition `{arn.partition}`, the roles are of `{partition}`",
                    one.path,
                    "A role reaches nothing in another partition.",
                )
            elif one.same_account and account and account_of not in (account, "aws"):
                yield Fault(
                    f"`{one.arn}` is of account `{account_of}`, the roles are of `{account}`",
                    one.path,
                    "It has to be in the account of the roles.",
                )
