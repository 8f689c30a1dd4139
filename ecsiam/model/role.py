"""Roles: a trust policy, inline policies and attachments.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from attrs import evolve, field, frozen

from ecsiam.errors import Fault
from ecsiam.looks.page import Block, Page, Table
from ecsiam.looks.shown import Paged
from ecsiam.looks.words import count
from ecsiam.model.arn import Arn
from ecsiam.model.built import Built
from ecsiam.model.by_id import ById
from ecsiam.model.policy import Policy
from ecsiam.model.statement import AllBut, Statement
from ecsiam.model.text import EMPTY, Bindings, Ref, Text, text, texts


@frozen(repr=False)
class RolePolicy(Paged):
    """A policy of a role's own. `id` is the feature's (`efs`), `name` what IAM calls it (`memos-dev-efs-policy`).

    `when` names the flag parameter that it is there for; empty: always. It is inline, or, `managed`, beside the role: a
    customer managed policy that is attached to this role alone. It grants the same.
    """

    id: str
    name: Text = field(converter=text)
    document: Policy
    when: str = ""
    managed: bool = False

    def bind(self, values: Bindings) -> "RolePolicy | None":
        when = values.when(self.when)
        document = self.document.bind(values) if when is not None else None
        if when is None or document is None:
            return None
        return evolve(self, name=self.name.bind(values), document=document, when=when)

    def _says(self) -> str:
        return f"{self.id}: {self.name}, {count(len(self.document.statements), 'statement')}"

    def __str__(self) -> str:
        """The document, as IAM's JSON."""
        return str(self.document)

    def _page(self) -> Page:
        return evolve(self._page_of(self.document), title=f"Policy {self.name}")


# What comes along when a role is assumed, and assumes none by itself.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
_BESIDE = ("sts:tagsession", "sts:setsourceidentity", "sts:setcontext")


def _assumes(s: Statement) -> bool:
    """Whether some of its actions may assume the role."""
    return isinstance(s.actions, AllBut) or any(a.pattern.lower() not in _BESIDE for a in s.actions.items)


def _reasons(policy: RolePolicy) -> tuple[str, ...]:
    """Why its statements are there; of one that nobody gave a reason, what it says."""
    return tuple(dict.fromkeys(s.why for s in policy.document.statements))


def _policies(given: Iterable[RolePolicy] | Mapping[str, RolePolicy]) -> ById[RolePolicy]:
    return given if isinstance(given, ById) else ById(given)


Tags = tuple[tuple[str, Text], ...]


def _tags(given: Mapping[str, str | Ref | Text] | Iterable[tuple[str, str | Ref | Text]]) -> Tags:
    pairs = cast("Iterable[tuple[str, str | Ref | Text]]", given.items() if isinstance(given, Mapping) else given)
    return tuple(sorted(((key, text(value)) for key, value in pairs), key=lambda tag: tag[0]))


def _boundary(given: str | Ref | Text | None) -> Text | None:
    """An empty one is none."""
    return None if given is None or not (found := text(given)).parts else found


def twice(names: Iterable[str | Text]) -> list[str]:
    """The names that IAM takes for an earlier one: it compares them without regard to case."""
    seen: set[str] = set()
    found: list[str] = []
    for name in map(str, names):
        if name.lower() in seen:
            found.append(name)
        seen.add(name.lower())
    return found


@frozen(repr=False)
class Role(Built, Paged):
    """An IAM role. `id` is ours (`execution`, `task`, `github_actions`) or, for a role read from elsewhere, its name.

    `max_session_duration` is in seconds, None for IAM's default of 3600. `when` names the flag parameter that the role
    is there for; empty: always. `exclusive` asks who deploys it to take away what others attach to it. With `profile`
    an instance profile of the same name and path holds it, by which EC2 takes it.
    """

    id: str
    name: Text = field(converter=text)
    trust: Policy
    policies: ById[RolePolicy] = field(factory=lambda: ById[RolePolicy](()), converter=_policies)
    managed_policy_arns: tuple[Text, ...] = field(default=(), converter=texts)
    path: str = "/"
    permissions_boundary: Text | None = field(default=None, converter=_boundary)
    max_session_duration: int | Ref | None = None
    description: Text = field(default=EMPTY, converter=text)
    tags: Tags = field(default=(), converter=_tags)
    when: str = ""
    exclusive: bool = False
    profile: bool = False

    def _refused(self) -> Iterator[Fault]:
        if self.trust.kind != "trust":
            yield Fault(f"the trust policy of `{self.name}` is not one", ("trust",), "It needs `sts:` actions only.")
        for policy in self.policies.values():
            if policy.document.kind != "identity":
                yield Fault(f"`{policy.name}` is not an identity policy", ("policies", policy.id))
        for name in twice(p.name for p in self.policies.values()):
            yield Fault(f"two policies of `{self.name}` are called `{name}`", ("policies",))
        for key in twice(key for key, _ in self.tags):
            yield Fault(f"`{self.name}` has the tag `{key}` twice", ("tags",))

    @property
    def documents(self) -> tuple[Policy, ...]:
        """The trust policy and its own policies."""
        return (self.trust, *(p.document for p in self.policies.values()))

    @property
    def assumed_by(self) -> tuple[str, ...]:
        """Who may assume it, as its trust policy says."""
        denies = any(s.effect == "Deny" for s in self.trust.statements)
        found: list[str] = []
        for s in self.trust.statements:
            if s.effect == "Allow" and s.principals is not None and _assumes(s):
                named = [str(p) for p in s.principals.items if not p.is_void]
                if isinstance(s.principals, AllBut):
                    named = [f"all but {', '.join(named)}" if named else "everybody"]
                found += [f"{one}{', on conditions' if s.conditions or denies else ''}" for one in named]
        return tuple(dict.fromkeys(found)) or ("nobody",)

    def __str__(self) -> str:
        """A short table."""
        from ecsiam.looks.plain import plain

        return plain(self._page())

    def _says(self) -> str:
        return f"{self.id}: {self.name}, {count(len(self.policies), 'policy')}"

    def _page(self) -> Page:
        longest = self.max_session_duration
        facts = (
            ("assumed by", self.assumed_by),
            ("attached", tuple(map(str, self.managed_policy_arns))),
            ("boundary", "" if self.permissions_boundary is None else str(self.permissions_boundary)),
            ("session", "" if longest is None else f"{longest} seconds at most"),
            ("instance profile", str(self.name) if self.profile else ""),
            ("while on", self.when),
        )
        blocks: list[Block] = [Table(("", ""), [fact for fact in facts if fact[1]])]
        if self.policies:
            rows = ((str(p.name), p.when, str(len(p.document.statements)), _reasons(p)) for p in self.policies.values())
            blocks.append(Table(("policy", "while on", "statements", "why"), rows))
        blocks.append(evolve(self._page_of(self.trust), title="Trust policy"))
        blocks += (self._page_of(p) for p in self.policies.values())
        called = str(self.name) if str(self.name) == self.id else f"{self.name} ({self.id})"
        return Page(f"Role {called}", tuple(blocks))

    def arn(self, partition: Text, account_id: Text) -> Text:
        """The role's ARN as text: known before the role exists, since name and path are."""
        return Arn(partition, "iam", Text(()), account_id, Text.of("role", self.path, self.name)).text

    @property
    def inline(self) -> tuple[RolePolicy, ...]:
        """Its policies that stand inside it."""
        return tuple(p for p in self.policies.values() if not p.managed)

    @property
    def own_managed(self) -> tuple[RolePolicy, ...]:
        """Its policies that are customer managed ones, under the role's own path."""
        return tuple(p for p in self.policies.values() if p.managed)

    def bind(self, values: Bindings) -> "Role | None":
        """The role with references put in; None when its flag is off."""
        when = values.when(self.when)
        trust = self.trust.bind(values) if when is not None else None
        if when is None or trust is None:
            return None
        boundary = None if self.permissions_boundary is None else self.permissions_boundary.bind(values)
        longest = self.max_session_duration
        if isinstance(longest, Ref) and longest.name in values.parameters:
            longest = int(str(values.parameters[longest.name]))
        return evolve(
            self,
            name=self.name.bind(values),
            trust=trust,
            policies=[b for p in self.policies.values() if (b := p.bind(values)) is not None],
            managed_policy_arns=[a.bind(values) for a in self.managed_policy_arns],
            permissions_boundary=boundary,
            max_session_duration=longest,
            description=self.description.bind(values),
            tags=[(k, v.bind(values)) for k, v in self.tags],
            when=when,
        )
