"""What every feature builds from: the config and where its roles live."""

from collections.abc import Callable, Iterable, Iterator

from attrs import frozen

from ecsiam.config.left_open import home, prefix
from ecsiam.config.model import Config
from ecsiam.model.arn import Arn
from ecsiam.model.condition import Condition
from ecsiam.model.each import RULES, Each, Item, Rule, items, items_in_order
from ecsiam.model.home import Home
from ecsiam.model.names import RoleId
from ecsiam.model.parameter import Parameter
from ecsiam.model.stack import Note
from ecsiam.model.statement import Action, Only, Origin, Statement
from ecsiam.model.text import Text, in_order, text, texts


@frozen
class Project:
    """One service: its config, its prefix `<project_name>-<environment>`, and its home."""

    config: Config
    prefix: Text
    home: Home

    @classmethod
    def of(cls, config: Config) -> "Project":
        return cls(config, prefix(config), home(config))

    def arns(self, service: str, resource: str | Text) -> tuple[Text, ...]:
        """The ARN of a resource of this account, once for each region that the service runs in."""
        home = self.home
        return in_order(Arn(home.partition, service, r, home.account_id, resource).text for r in home.regions)

    def given(self, key: str) -> tuple[str, ...]:
        """What a list of the config holds, as far as it is known: nothing, while it is a parameter."""
        value = getattr(self.config, key)
        return () if isinstance(value, Parameter) else value

    def foreign(self, key: str) -> dict[int, str]:
        """Which of a list's ARNs are of another account than the roles, as far as both are known, and of which."""
        own = self.home.account_id.literal
        owners = {i: str(Arn.parse(arn).account) for i, arn in enumerate(self.given(key))}
        return {i: owner for i, owner in owners.items() if own and owner != own}

    def empty(self, key: str) -> bool:
        """Whether a list of the config is empty, or a parameter that is unless the deployment gives it."""
        value = getattr(self.config, key)
        return not (value.default if isinstance(value, Parameter) else value)

    def items(self, key: str, rule: Rule = "all", otherwise: Iterable[Item] = ()) -> tuple[Item, ...]:
        """A list of the config as resources, each as `rule` rewrites it; `otherwise` when it is empty."""
        value = getattr(self.config, key)
        if isinstance(value, Parameter):
            return (Each(value.name, rule, otherwise=items_in_order(otherwise)),)
        return texts(RULES[rule](value)) or tuple(otherwise)

    def wrapped(self, key: str, before: Iterable[Text], after: str, otherwise: Iterable[Item]) -> tuple[Item, ...]:
        """A list of the config as resources, between each of `before` and `after`; `otherwise` when it is empty."""
        value = getattr(self.config, key)
        if isinstance(value, Parameter):
            others = items_in_order(otherwise)
            return tuple(Each(value.name, "all", b, text(after), otherwise=others) for b in before)
        return tuple(Text.of(b, v, after) for b in before for v in value) or tuple(otherwise)


Part = Statement | Note


def _nothing(_: Project) -> Iterator[Statement]:
    return iter(())


@frozen
class Feature:
    """What one policy holds. `policy` is its id; `flag` the flag that asks for it, empty for what a role always has.

    `grants` are the actions that it may give, `needs` the requests that have to be allowed for it to work: with the
    resources that AWS evaluates, whatever the statements in `parts` say.
    """

    policy: str
    role: RoleId
    flag: str
    parts: Callable[[Project], Iterator[Part]]
    grants: tuple[str, ...] = ()
    needs: Callable[[Project], Iterator[Statement]] = _nothing


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
