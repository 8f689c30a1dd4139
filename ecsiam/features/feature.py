"""What a feature, a role and a profile are: a row each, of functions from their own keys."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from attrs import field, frozen

from ecsiam.features.project import Project
from ecsiam.keys.keys import Keys
from ecsiam.model.companion import Companion
from ecsiam.model.forms import ROLE_NAME
from ecsiam.model.intent import Note
from ecsiam.model.names import Attribute, ended
from ecsiam.model.oidc import OidcProvider
from ecsiam.model.parameter import Parameter
from ecsiam.model.policy import Policy
from ecsiam.model.statement import Statement
from ecsiam.model.text import Text

# A feature of some keys is one of every class that inherits them.
K_contra = TypeVar("K_contra", bound=Keys, contravariant=True)
Part = Statement | Note


def nothing(_: Keys, __: Project) -> Iterator[Statement]:
    """No statement."""
    return iter(())


def alone(_: Keys, __: Project) -> Iterator[Companion]:
    """No document beside."""
    return iter(())


def never(_: Keys) -> bool:
    """Nothing of ours stands in the place of AWS's policy."""
    return False


def _none(_: Keys) -> Sequence[str]:
    return ()


@frozen
class Feature(Generic[K_contra]):
    """What one policy holds. `policy` is its id; `flag` the flag that asks for it, empty for what a role always has.

    `keys` is the class of its own keys. `grants` are the actions that it may give, `needs` the requests that have to be
    allowed for it to work: with the resources that AWS evaluates, whatever the statements in `parts` say. `companions`
    are documents that go with the role, such as a policy for people; what the owners of resources have to allow follows
    from the statements (`model/owners.py`).
    """

    policy: str
    role: str
    flag: str
    keys: type[Keys]
    parts: Callable[[K_contra, Project], Iterator[Part]]
    grants: tuple[str, ...] = ()
    needs: Callable[[K_contra, Project], Iterator[Statement]] = nothing
    companions: Callable[[K_contra, Project], Iterator[Companion]] = alone


@frozen
class RoleKind(Generic[K_contra]):
    """A role that we make: its name is `<project_name>-<environment>-<suffix>`; without its `flag` it is not made.

    `trust` is its trust policy, `meant` who is meant to assume it, `needs` who has to be able to, as statements;
    `unsure` what the config leaves open about them, in words. `further` is whom the config names beside these: part of
    the trust, meant, and needed. `managed` are the policies to attach, `longest` is the longest session in seconds,
    `provider` the OIDC provider that is made with it. Its outputs are called `<output>_<attribute>`.

    One that is `aside` is of few services: nothing speaks of it until its flag is on. `before` begins its name. `aws`
    is AWS's managed policy for it, attached unless `ours` says that a policy of ours stands in its place. `passed_to`
    are the services that it may be passed to, by partition; an instance `profile` holds it where EC2 takes it. `ways`
    are actions that are a way up, and what the role is there for.
    """

    id: str
    suffix: str
    purpose: str
    trust: Callable[[K_contra, Project], Policy]
    meant: Callable[[K_contra, Project], Iterator[Statement]]
    needs: Callable[[K_contra, Project], Iterator[Statement]] = nothing
    unsure: Callable[[K_contra], str] = field(default=lambda _: "")
    further: Callable[[K_contra, Project], Iterator[Statement]] = nothing
    managed: Callable[[K_contra], Sequence[str]] = _none
    longest: Callable[[K_contra], int | Parameter | None] = field(default=lambda _: None)
    provider: Callable[[K_contra, Project], OidcProvider | None] = field(default=lambda _, __: None)
    flag: str = ""
    output: str = ""
    attributes: tuple[Attribute, ...] = ()
    aside: bool = False
    before: str = ""
    aws: str = ""
    ours: Callable[[K_contra], bool] = never
    passed_to: Callable[[Text], tuple[str, ...]] = field(default=lambda _: ())
    profile: bool = False
    ways: tuple[str, ...] = ()
    page: str = ""
    why: str = ""

    def name(self, prefix: Text) -> Text:
        """What it is called where nobody names it otherwise, cut to fit."""
        return ended(Text.of(self.before, prefix) if self.before else prefix, self._end, ROLE_NAME.most)

    def whole_name(self, prefix: Text) -> Text:
        """The same, however long it is."""
        return Text.of(self.before, prefix, self._end)

    @property
    def _end(self) -> str:
        return f"-{self.suffix}" if self.suffix else ""


@frozen
class Profile(Generic[K_contra]):
    """A way of making the roles: its features, and what differs from the table of roles.

    `trusts` are other trusts and `managed` further policies, by role. `defaults` hold where a key is left out. With
    `star` a key may be a bare `*`, and an empty value of what the flags in `stand_for_all` need is one.
    """

    features: tuple[Feature[K_contra], ...]
    trusts: Mapping[str, Callable[[K_contra, Project], Policy]] = field(factory=dict[str, Callable[..., Policy]])
    managed: Mapping[str, tuple[str, ...]] = field(factory=dict[str, tuple[str, ...]])
    defaults: Mapping[str, object] = field(factory=dict[str, object])
    star: bool = False
    stand_for_all: frozenset[str] = frozenset()
