"""The service itself: what it is called and where it lives, and what every feature builds from that."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, cast

from attrs import frozen

from ecsiam.errors import Fault, Faults
from ecsiam.features.declared import PLACEHOLDERS, Declared
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys, check
from ecsiam.keys.kinds import ListOf, MapOf, OfForm
from ecsiam.keys.parameters import given_arns, parameter_faults
from ecsiam.keys.placeholders import Fill, Placeholders, fill, placeholder
from ecsiam.keys.records import RecordOf
from ecsiam.keys.values import Many, as_text, known
from ecsiam.model import forms
from ecsiam.model.arn import Arn
from ecsiam.model.condition import Condition
from ecsiam.model.document import is_object
from ecsiam.model.each import Item, items, items_in_order
from ecsiam.model.home import HOME_FORMS, Home
from ecsiam.model.parameter import Parameter, Variable
from ecsiam.model.statement import Action, Only, Origin, Statement
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, EMPTY, PARTITION, Text, in_order


class ProjectKeys(Keys):
    """What the service is called, and where it lives."""

    heading = "The service and where it lives"

    project_name: Annotated[
        str | Parameter,
        Key(
            "The project's name. Roles, policies and default log groups begin with `<project_name>-<environment>`.",
            OfForm(forms.PROJECT, literal=True),
            sample=("my-app",),
        ),
    ]
    environment: Annotated[
        str | Parameter,
        Key("The environment that the service runs in.", OfForm(forms.ENVIRONMENT, literal=True)),
    ]
    account_id: Annotated[
        str | Parameter | None,
        Key(
            "The AWS account of the roles. Quote it when it begins with a zero: editors take it for a number.",
            OfForm(forms.ACCOUNT_ID, integers=True, literal=True),
            default="known at deployment",
            fixed="known at deployment: a data source, a pseudo parameter",
        ),
    ] = None
    aws_region: Annotated[
        str | Parameter | None,
        Key("The region that the service runs in.", OfForm(forms.REGION, literal=True), default="known at deployment"),
    ] = None
    partition: Annotated[
        str | Parameter | None,
        Key(
            "The partition of the roles.",
            OfForm(forms.PARTITION, literal=True),
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
            settled=True,
        ),
    ] = ()
    parameters: Annotated[
        Mapping[str, Declared],
        Key(
            "Parameters that may stand in any text, `{name}`, beside `{project_name}`, `{environment}`, "
            "`{account_id}`, `{aws_region}` and `{partition}`.",
            MapOf(forms.PARAMETER_NAME, RecordOf(Declared)),
            default="none",
            sample=("team:", '  form: "[a-z]+"'),
        ),
    ] = {}

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

    @classmethod
    def filling(cls, given: Mapping[str, object]) -> Fill:
        """The service's own names and its home, and the parameters that are declared."""
        known = _placeholders(cls, given)
        return lambda written: fill(written, known)

    @property
    def declared(self) -> Mapping[str, Variable]:
        """The parameters that may stand in texts, by name."""
        return {name: one.variable(name) for name, one in self.parameters.items()}

    @check("parameters")
    def _declared(self) -> Iterator[Fault]:
        for name in self.parameters:
            if name in PLACEHOLDERS:
                remedy = f"`{{{name}}}` stands for the key of that name: call the parameter something else."
                yield Fault(f"`{name}` is no parameter's name", ("parameters", name), remedy)

    @check()
    def _at_home(self) -> Iterator[Fault]:
        return self.home.faults(given_arns(self.placed(), unused=True))

    @check()
    def _parameters(self) -> Iterator[Fault]:
        return parameter_faults(self)


_SAMPLES = {"project_name": "memos", "environment": "dev"}


def _placeholders(keys: type[ProjectKeys], given: Mapping[str, object]) -> Placeholders:
    """What stands for each placeholder. What is wrong with a value is said where its key is read."""

    def read(name: str) -> Any:
        found: list[object] = [None]
        with Faults().at():
            found.append(keys.keys()[name].read(given[name]) if name in given else None)
        return found[-1]

    account, region, partition = (
        as_text(read(name), ref) for name, ref in zip(HOME_FORMS, (ACCOUNT_ID, AWS_REGION, PARTITION), strict=True)
    )
    home = Home.of(account, region, partition, read("aws_regions") or ())
    texts = {name: as_text(read(name) or sample) for name, sample in _SAMPLES.items()}
    texts |= zip(HOME_FORMS, (home.account_id, home.region, home.partition), strict=True)
    written = given.get("parameters")
    declared = {str(name): Declared() for name in (written if is_object(written) else ())}
    declared |= cast("dict[str, Declared]", read("parameters") or {})
    known = {name: one.placeholder(name) for name, one in declared.items()}
    return known | {name: placeholder(text, _SAMPLES.get(name) or home.sample(name)) for name, text in texts.items()}


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
        """Which of a list's ARNs are of another account than the roles, and of which.

        What a parameter says in an account's place is another's: the roles' own is `{account_id}`.
        """
        own = self.home.account_id
        owners = {i: Arn.parse(as_text(arn)).account for i, arn in enumerate(known(arns)) if arn.startswith("arn:")}
        return {
            i: str(owner)
            for i, owner in owners.items()
            if owner not in (EMPTY, own) and (own.literal is not None or owner.literal is None)
        }


def allow(
    actions: Iterable[str], resources: str | Iterable[str | Item], origin: Origin, *where: Condition
) -> Statement:
    """An Allow as all of ours are: lists sorted and without doubles, with its origin.

    What IAM says of it is asked once, when it is emitted: forms have seen to what a user gave.
    """
    return Statement(
        effect="Allow",
        actions=Only(tuple(map(_action, sorted(set(actions))))),
        resources=Only(items_in_order(items(resources))),
        conditions=where,
        origin=origin,
        as_is=True,
    )


@lru_cache(maxsize=1 << 10)
def _action(name: str) -> Action:
    return Action(name)


def bucket_of(given: str) -> Text:
    """The bucket of an object, or of objects."""
    arn = Arn.parse(as_text(given))
    return Arn(arn.partition, arn.service, "", "", arn.resource.split("/", 1)[0]).text
