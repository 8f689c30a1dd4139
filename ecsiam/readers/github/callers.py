"""As whom the steps of a job call AWS: its logins in order, and which of them counts, as far as that is sure."""

from collections.abc import Callable, Iterable

from attrs import define, evolve, field

from ecsiam.model.text import Text, text
from ecsiam.readers.found import FoundLogin, FoundUse, Place, Subject
from ecsiam.readers.github.expressions import Values

KEYS = "AWS_ACCESS_KEY_ID"
BY_FILE = ("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE")
MOST_LOGINS = 50

Who = frozenset[int | None]
"""Which login it may be, by its number; None: somebody else."""
NOBODY: Who = frozenset({None})


@define
class Callers:
    """Who calls AWS. What is done counts for a login only where nothing else can be."""

    sends: Callable[[], tuple[Subject, ...]]
    """The subjects of the tokens that the job may send where it is."""
    logins: list[FoundLogin] = field(factory=list[FoundLogin])
    current: Who = NOBODY
    registry: Who | None = None
    """As whom docker is logged in to ECR: that stays when a later step gets other credentials."""
    profiles: dict[str, dict[str, Values | Who]] = field(factory=dict[str, "dict[str, Values | Who]"])
    """What was configured for the profiles of the AWS CLI, by name."""
    asked: Values | None = None
    """For which audience a script asked GitHub for a token, if one did; of none, that isn't known."""

    others: bool = False
    """Whether a step may get credentials in a way that isn't understood."""

    def lose(self, of: Iterable[int | None] = ()) -> None:
        """Take note of something that isn't understood, and is done as those who are logged in."""
        for at in {*of, *self.current}:
            if at is not None:
                self.logins[at] = evolve(self.logins[at], whole=False)

    def other(self) -> None:
        """Go on as somebody who isn't known."""
        self.current, self.others = NOBODY, True

    def add(self, login: FoundLogin) -> Who:
        """Take a login. Who it is comes back; nobody, of more than anybody makes."""
        if len(self.logins) >= MOST_LOGINS:
            return NOBODY
        self.logins.append(login)
        return frozenset({len(self.logins) - 1})

    def roles(self, who: Who) -> tuple[Text, ...]:
        """Which role somebody is, where it is sure who that is."""
        (at,) = who if len(who) == 1 else (None,)
        return () if at is None else self.logins[at].roles

    def use(self, name: str, place: Place, what: dict[str, Values]) -> None:
        """What is done as the role that counts, where that is sure."""
        of = self.registry if name == "push" and self.registry is not None else self.current
        if name == "login":
            self.registry = of
        (at,) = of if len(of) == 1 else (None,)
        if len(of) > 1:
            self.lose(of)
        if at is not None:
            one = FoundUse(name, place, tuple(what.items()))
            self.logins[at] = evolve(self.logins[at], uses=(*self.logins[at].uses, one))

    # ------------------------------------------------------------ what the AWS CLI does

    def assume(self, place: Place, roles: Values, *, as_: Who, tagged: bool) -> Who:
        """Assume a role as somebody."""
        (at,) = as_ if len(as_) == 1 else (None,)
        before = None if at is None else self.logins[at]
        region = None if before is None else before.region
        by = () if before is None else before.roles
        login = FoundLogin(place, roles, by_token=False, region=region, by=by, tagged=tagged, whole=False)
        return self.add(login)

    def assume_by_token(self, place: Place, roles: Values, regions: Values) -> Who:
        """Assume a role with a token: with the job's own, where a script asked for that."""
        ours = self.asked is not None
        region = regions[0] if len(regions) == 1 else None
        subjects, audience = self.sends() if ours else (), self.asked or ()
        return self.add(FoundLogin(place, roles, ours, subjects, audience, region, whole=False))

    def assume_by_file(self, place: Place, roles: Values, regions: Values) -> Who:
        """Be who variables say, with a token in a file: keys count for more, so only where there are none."""
        if self.logins or self.current != NOBODY or self.asked is None:
            return NOBODY
        self.current = self.assume_by_token(place, roles, regions)
        return self.current

    def profile(self, name: str, place: Place) -> Who:
        """Who a profile is."""
        given = self.profiles.get(name, {})
        keys, roles, source = given.get("who"), given.get("role_arn"), given.get("credential_source")
        if isinstance(keys, frozenset):
            return keys
        if not isinstance(roles, tuple) or source != (text("Environment"),):
            return NOBODY
        who = self.assume(place, roles, as_=self.current, tagged=False)
        self.profiles[name] = {**given, "who": who}
        return who
