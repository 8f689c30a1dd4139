"""The service itself: what it is called and where it lives, and what every feature builds from that."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated

from attrs import frozen

from ecsiam.errors import Fault
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys, check
from ecsiam.keys.kinds import ListOf, OfForm
from ecsiam.keys.parameters import given_arns, parameter_faults
from ecsiam.keys.values import Many, as_text, known
from ecsiam.model import forms
from ecsiam.model.arn import Arn
from ecsiam.model.condition import Condition
from ecsiam.model.each import Item, items, items_in_order
from ecsiam.model.home import Home
from ecsiam.model.parameter import Parameter
from ecsiam.model.statement import Action, Only, Origin, Statement
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, PARTITION, Text, in_order


class ProjectKeys(Keys):
    """What the service is called, and where it lives."""

    heading = "The service and where it lives"

    project_name: Annotated[
        str | Parameter,
        Key(
            "The project's name. Roles, policies and default log groups begin with `<project_name>-<environment>`.",
            OfForm(forms.PROJECT),
            sample=("my-app",),
        ),
    ]
    environment: Annotated[
        str | Parameter,
        Key("The environment that the service runs in.", OfForm(forms.ENVIRONMENT)),
    ]
    account_id: Annotated[
        str | Parameter | None,
        Key(
            "The AWS account of the roles. Quote it when it begins with a zero: editors take it for a number.",
            OfForm(forms.ACCOUNT_ID, integers=True),
            default="known at deployment",
            fixed="known at deployment: a data source, a pseudo parameter",
        ),
    ] = None
    aws_region: Annotated[
        str | Parameter | None,
        Key("The region that the service runs in.", OfForm(forms.REGION), default="known at deployment"),
    ] = None
    partition: Annotated[
        str | Parameter | None,
        Key(
            "The partition of the roles.",
            OfForm(forms.PARTITION),
            default="that of the region",
            fixed="known at deployment: that of the region",
        ),
    ] = None
    aws_regions: Annotated[
        Sequence[str],
        Key(
            "Further regions that the service runs in: every default ARN is repeated for them, and the trust policies "
            "let tasks of these regions in.",
            ListOf(OfForm(forms.REGION)),
            default="none",
            closed=True,
            sample=("- eu-west-1",),
        ),
    ] = ()

    @property
    def prefix(self) -> Text:
        """`<project_name>-<environment>`, which every name begins with."""
        return Text.of(as_text(self.project_name), "-", as_text(self.environment))

    @property
    def home(self) -> Home:
        """Account, region and partition of the roles; what is left out is left to deployment."""
        return Home.of(
            as_text(self.account_id, ACCOUNT_ID),
            as_text(self.aws_region, AWS_REGION),
            as_text(self.partition, PARTITION),
            [region for region in self.aws_regions if region],  # while faults are gathered, a faulty one is None
        )

    @check()
    def _at_home(self) -> Iterator[Fault]:
        return self.home.faults(given_arns(self, unused=True))

    @check()
    def _parameters(self) -> Iterator[Fault]:
        return parameter_faults(self)


@frozen
class Project:
    """One service: its prefix `<project_name>-<environment>`, its home, and the names of the roles by their ids."""

    prefix: Text
    home: Home
    path: str
    role_names: Mapping[str, Text]

    def arns(self, service: str, resource: str | Text) -> tuple[Text, ...]:
        """The ARN of a resource of this account, once for each region that the service runs in."""
        home = self.home
        return in_order(Arn(home.partition, service, r, home.account_id, resource).text for r in home.regions)

    def global_arn(self, service: str, resource: str | Text) -> Text:
        """The ARN of a resource of this account that has no region."""
        return Arn(self.home.partition, service, "", self.home.account_id, resource).text

    def role_arn(self, role: str) -> Text:
        """The ARN of one of the roles, as text: its name and path are known before it is made."""
        return self.global_arn("iam", Text.of("role", self.path, self.role_names[role]))

    def foreign(self, arns: Many) -> dict[int, str]:
        """Which of a list's ARNs are of another account than the roles, as far as both are known, and of which."""
        own = self.home.account_id.literal
        owners = {i: str(Arn.parse(arn).account) for i, arn in enumerate(known(arns)) if arn.startswith("arn:")}
        return {i: owner for i, owner in owners.items() if own and owner != own}


def allow(
    actions: Iterable[str], resources: str | Iterable[str | Item], origin: Origin, *where: Condition
) -> Statement:
    """An Allow as all of ours are: lists sorted and without doubles, with its origin."""
    return Statement(
        effect="Allow",
        actions=Only(tuple(Action(a) for a in sorted(set(actions)))),
        resources=Only(items_in_order(items(resources))),
        conditions=where,
        origin=origin,
    )
