"""What every feature builds from: the config and where its roles live."""

from collections.abc import Callable, Iterable, Iterator

from attrs import frozen

from ecsiam.config.model import Config
from ecsiam.model.arn import Arn
from ecsiam.model.condition import Condition
from ecsiam.model.home import Home
from ecsiam.model.names import RoleId
from ecsiam.model.stack import Note
from ecsiam.model.statement import Action, Only, Origin, Statement
from ecsiam.model.text import Text, in_order, texts


@frozen
class Project:
    """One service: its config, its prefix `<project_name>-<environment>`, and its home."""

    config: Config
    prefix: str
    home: Home

    @classmethod
    def of(cls, config: Config) -> "Project":
        return cls(config, f"{config.project_name}-{config.environment}", config.home)

    def arns(self, service: str, resource: str) -> tuple[Text, ...]:
        """The ARN of a resource of this account, once for each region that the service runs in."""
        home = self.home
        return tuple(Arn(home.partition, service, r, home.account_id, resource).text for r in home.regions)


Part = Statement | Note


@frozen
class Feature:
    """What one policy holds. `policy` is its id; `flag` the flag that asks for it, empty for what a role always has."""

    policy: str
    role: RoleId
    flag: str
    parts: Callable[[Project], Iterator[Part]]


def allow(actions: Iterable[str], resources: Iterable[str | Text], origin: Origin, *where: Condition) -> Statement:
    """An Allow as all of ours are: lists sorted and without doubles, with its origin."""
    return Statement(
        effect="Allow",
        actions=Only(tuple(Action(a) for a in sorted(set(actions)))),
        resources=Only(in_order(texts(resources))),
        conditions=where,
        origin=origin,
    )
