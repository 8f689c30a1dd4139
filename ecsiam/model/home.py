"""Where the roles live: account, region and partition, and what has to agree with them."""

from collections.abc import Collection, Iterable, Iterator

from attrs import evolve, field, frozen

from ecsiam.errors import Fault, Path
from ecsiam.looks.words import listed
from ecsiam.model import forms
from ecsiam.model.arn import PARTITIONS, Arn, partition_of
from ecsiam.model.form import Form
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, EMPTY, PARTITION, Bindings, Ref, Text, in_order, text

HOME_FORMS: dict[str, Form] = {"account_id": forms.ACCOUNT_ID, "aws_region": forms.REGION, "partition": forms.PARTITION}


@frozen
class Given:
    """An ARN that the user wrote: where, and whether it must be of the roles' account, of a region of the service.

    `within` are the regions of what a KMS key encrypts, of which it has to be of one; an empty one stands for those in
    which the service runs.
    """

    path: Path
    arn: Text = field(converter=text)
    same_account: bool = False
    same_region: bool = False
    within: tuple[Text, ...] = ()

    def bind(self, values: Bindings) -> "Given":
        return evolve(self, arn=self.arn.bind(values), within=tuple(region.bind(values) for region in self.within))


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
    def of(cls, account_id: Text, region: Text, partition: Text, further: Iterable[str]) -> "Home":
        """The home that a config names. A partition that it leaves out is that of the first region it knows."""
        home = cls(account_id, region, partition, tuple(further))
        known = next((r for t in (region, *map(text, home.further_regions)) if (r := t.literal)), None)
        if partition == text(PARTITION) and known:
            return evolve(home, partition=text(partition_of(known) or PARTITION))
        return home

    @property
    def regions(self) -> tuple[Text, ...]:
        """The region and the further ones, each once, sorted."""
        return in_order((self.region, *map(text, self.further_regions)))

    @property
    def unknown(self) -> tuple[Ref, ...]:
        """What only the deployment itself can fill in."""
        refs = (r for t in (self.account_id, self.region, self.partition) for r in t.refs if not r.parameter)
        return tuple(dict.fromkeys(refs))

    def sample(self, name: str) -> str:
        """A value for what only the deployment can fill in, that agrees with what is known."""
        partition = self.partition.literal or "aws"
        if name == "aws_region":
            return next((r for r in HOME_FORMS[name].good if partition_of(r) == partition), "REGION")
        return partition if name == "partition" else HOME_FORMS[name].good[0]

    def open(self, parameters: Collection[str]) -> tuple[str, ...]:
        """The names of what only the deployment can fill in, where no parameter bears that name."""
        return tuple(r.name for r in self.unknown if r.name not in parameters)

    @property
    def known(self) -> dict[str, str]:
        """What is known, by the name that `bind` takes."""
        named = zip(HOME_FORMS, (self.account_id, self.region, self.partition), strict=True)
        return {name: t.literal for name, t in named if t.literal is not None}

    def bind(self, values: Bindings) -> "Home":
        """The home with `values` put in; a region that becomes known gives the partition."""
        texts = (self.account_id.bind(values), self.region.bind(values), self.partition.bind(values))
        return Home.of(*texts, further=self.further_regions)

    @property
    def deployment(self) -> dict[str, str]:
        """What follows from the home for the references to the deployment in every other text."""
        partition = self.partition.literal
        return {"partition": partition, "dns_suffix": PARTITIONS[partition].dns_suffix} if partition else {}

    def faults(self, given: Iterable[Given]) -> Iterator[Fault]:
        """What contradicts: regions of another partition, and ARNs that lie elsewhere than they have to."""
        partition, account = self.partition.literal, self.account_id.literal
        own = [region.literal for region in self.regions]
        regions: list[tuple[Path, str | None]] = [(("aws_region",), self.region.literal)]
        regions += [(("aws_regions", i), region) for i, region in enumerate(self.further_regions)]
        for path, region in regions:
            if region and partition and partition_of(region) != partition:
                yield Fault(f"region `{region}` is not in partition `{partition}`", path, "A role has one partition.")
        if self.region.literal and partition_of(self.region.literal) != partition:
            partition = None  # one of the two is wrong: the ARNs may well agree with the other
        for one in given:
            arn = Arn.parse(one.arn)
            region, account_of = arn.region.literal, arn.account.literal
            of = arn.partition.literal
            if region and of and partition_of(region) != of:
                right = partition_of(region)
                remedy = f"Write `arn:{right}:`." if right else "Write a region of AWS."
                yield Fault(f"`{one.arn}`: region `{region}` is not in partition `{arn.partition}`", one.path, remedy)
            elif partition and of and of != partition:
                yield Fault(
                    f"`{one.arn}` is of partition `{arn.partition}`, the roles are of `{partition}`",
                    one.path,
                    "A role reaches nothing in another partition.",
                )
            elif one.same_account and account and account_of and account_of not in (account, "aws"):
                yield Fault(
                    f"`{one.arn}` is of account `{account_of}`, the roles are of `{account}`",
                    one.path,
                    "It has to be in the account of the roles.",
                )
            elif one.same_region and region and None not in own and region not in own:
                yield Fault(
                    f"`{one.arn}` is of region `{region}`, the service runs in {listed(filter(None, own))}",
                    one.path,
                    "Name one that is there, or write the region in `aws_regions`.",
                )
            elif region and one.within:
                there = {r.literal for of in one.within for r in (self.regions if of == EMPTY else (of,))}
                if None not in there and region not in there:
                    yield Fault(
                        f"`{one.arn}`: a service uses keys of the region that its resource is in",
                        one.path,
                        f"Name one that is in {listed(sorted(filter(None, there)))}, or list what it encrypts too.",
                    )
