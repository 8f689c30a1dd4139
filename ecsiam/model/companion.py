"""A document that goes with the roles and that somebody has to put in place: what an owner has to allow, and others."""

from collections.abc import Iterable, Iterator, Mapping

from attrs import evolve, field, frozen

from ecsiam.looks.page import Page
from ecsiam.looks.shown import Paged
from ecsiam.model.by_id import ById
from ecsiam.model.policy import Policy
from ecsiam.model.text import EMPTY, Bindings, Text, text
from ecsiam.model.verdicts import Kind


@frozen(repr=False)
class Companion(Paged):
    """A policy that is no part of the roles: `title` says what it is, `doing` what to do with it.

    `account` is whose it is, empty for the roles' own. `of` is the resource whose policy it is: empty for an identity
    policy, such as that of people. The id names its file. `when` names the flag parameter that it is there for; empty:
    always.
    """

    id: str
    title: str
    policy: Policy
    doing: str
    account: Text = field(default=EMPTY, converter=text)
    of: Text = field(default=EMPTY, converter=text)
    page: str = ""
    when: str = ""

    @property
    def kind(self) -> Kind:
        """What its policy is."""
        return self.policy.kind

    def texts(self) -> Iterator[Text]:
        """Every text of it."""
        yield from (self.account, self.of)
        for statement in self.policy.statements:
            yield from statement.texts()

    def bind(self, values: Bindings) -> "Companion | None":
        when = values.when(self.when)
        policy = self.policy.bind(values) if when is not None else None
        if when is None or policy is None:
            return None
        return evolve(self, policy=policy, account=self.account.bind(values), of=self.of.bind(values), when=when)

    def _says(self) -> str:
        return f"{self.id}: {self.title}"

    def __str__(self) -> str:
        """The document, as IAM's JSON."""
        return str(self.policy)

    def _page(self) -> Page:
        return evolve(self._page_of(self.policy), title=self.title)


def companions(given: Iterable[Companion] | Mapping[str, Companion]) -> ById[Companion]:
    """A converter for a field that holds some."""
    return given if isinstance(given, ById) else ById(given)
