"""What the owners of resources have to allow: the other half of what a role is granted in another account.

Across accounts both sides have to allow a request, the role's policies and the resource's. The key policy of a KMS key
decides in its own account as well. Each statement here is a role's own, turned round: the same actions and conditions,
for that role, on that resource; only what it says of the account is left out, since a policy is of one account. There
is a document for each resource that has a policy (`model/owned.py`).

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import count

from attrs import evolve, frozen

from ecsiam.errors import PolicyError
from ecsiam.model.arn import Arn
from ecsiam.model.companion import Companion
from ecsiam.model.globs import matches
from ecsiam.model.owned import Owned, owned_of
from ecsiam.model.policy import Policy
from ecsiam.model.principal import Principal
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Action, Only, Statement
from ecsiam.model.text import EMPTY, Text, in_order

# What AWS keeps in accounts of its own and lets everybody use.
# https://docs.aws.amazon.com/guardduty/latest/ug/ecs-runtime-agent-ecr-image-uri.html
_OF_AWS = ("arn:*:ecr:*:*:repository/aws-guardduty-agent*",)


@frozen
class Granted:
    """A role's statement on one resource of an account: whose it may be, where its ARN doesn't say it.

    `sure` is whether it is known to be of that account, and not of another that the statement names too. `owned` is
    None where it has no policy.
    """

    role: Role
    statement: Statement
    arn: Arn
    account: Text
    sure: bool
    owned: Owned | None
    when: str

    @property
    def open(self) -> tuple[str, ...]:
        """The names of what is open still and would stand in a document."""
        values = (v for c in self.statement.conditions for v in c.values)
        return tuple(dict.fromkeys(r.name for t in (self.role.name, self.arn.text, *values) for r in t.refs))


def owners(stack: Stack) -> tuple[Companion, ...]:
    """What has to be put in place beside the roles: what owners have to allow, and what the features say."""
    found: dict[tuple[str, str], list[Granted]] = {}
    own = own_account(stack)
    for one in granted(stack) if own else ():
        account = one.account.literal
        if one.owned and account and not one.open and (account != own or one.owned.always):
            found.setdefault((str(one.owned.bearer(one.arn)), account), []).append(one)
    derived = [_companion(own, some) for _, some in sorted(found.items())] if own else []
    ids = [(c.account, c.id) for c in derived]
    told_apart = (evolve(c, id=f"{c.id}-{_digest(c.of)}") if ids.count((c.account, c.id)) > 1 else c for c in derived)
    return (*told_apart, *stack.companions.values())


@frozen
class LeftOpen:
    """What nobody can be told while `name` is open: of resources that these roles are granted something on.

    With an `account` it is whether that is the roles' own; else what the policies of the resources have to say.
    """

    name: str
    account: str
    arns: tuple[str, ...]
    roles: tuple[str, ...]
    page: str


def left_open(stack: Stack) -> Iterator[LeftOpen]:
    """What owners have to allow, as far as it can't be told yet."""
    own, home = own_account(stack), stack.deployment.home.account_id
    found: dict[tuple[str, str], list[Granted]] = {}
    for one in granted(stack) if stack.deployment.open else ():
        policy, always = one.owned is not None, one.owned is not None and one.owned.always
        mine = one.account == home or (own is not None and one.account.literal == own)
        if own is None and one.account.literal and not always:
            found.setdefault(("account_id", one.account.literal), []).append(one)
        elif always or (policy and not mine):
            names: tuple[str, ...] = (*one.open, *(("account_id",) if own is None else ()))
            for name in dict.fromkeys(names):
                found.setdefault((name, ""), []).append(one)
    for (name, account), some in sorted(found.items()):
        arns = tuple(map(str, in_order(one.arn.text for one in some)))
        roles = tuple(dict.fromkeys(one.role.id for one in some))
        page = next((one.owned.page for one in some if one.owned), _CROSS)
        yield LeftOpen(name, account, arns, roles, page)


_CROSS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html"


def bearer(arn: str) -> str:
    """The resource whose policy decides on one: itself, where it isn't within another."""
    whole = Arn.parse(arn) if _is_arn(arn) else None
    owned = owned_of(whole) if whole else None
    return str(owned.bearer(whole)) if owned and whole else arn


def own_account(stack: Stack) -> str | None:
    """The roles' account, as far as it is known: what has to be of it tells it too."""
    told = {_account(g.arn) for g in stack.deployment.given if g.same_account} - {None, "", "aws"}
    return stack.deployment.home.account_id.literal or (told.pop() if len(told) == 1 else None)


def _account(arn: Text) -> str | None:
    """Whose an ARN is, as far as it says so; a stack that was not built may hold others."""
    try:
        return Arn.parse(arn).account.literal
    except PolicyError:
        return None


def granted(stack: Stack) -> Iterator[Granted]:
    """What the roles are granted on resources that are of an account, by their ARNs or by a condition."""
    for role in stack.roles.values():
        for policy in role.policies.values():
            for statement in policy.document.statements:
                yield from _of_statement(role, policy.when or role.when, statement)


def _of_statement(role: Role, when: str, s: Statement) -> Iterator[Granted]:
    if s.effect != "Allow" or not isinstance(s.resources, Only) or not isinstance(s.actions, Only):
        return
    said = s.of_accounts.values if s.of_accounts else ()
    conditions = tuple(c for c in s.conditions if c != s.of_accounts)  # a resource's policy is of its account
    for item in s.resources.items:
        if not isinstance(item, Text) or not _is_arn(str(item)):
            continue
        arn = Arn.parse(item)
        owned = owned_of(arn)
        actions = tuple(_decided(s.actions.items, owned)) if owned else s.actions.items
        if not actions or any(matches(aws, str(arn)) for aws in _OF_AWS):
            continue
        same = actions == s.actions.items and conditions == s.conditions
        statement = s if same else evolve(s, actions=Only(actions), conditions=conditions, as_is=True)
        accounts = said if owned and owned.global_name else [arn.account] if not said or arn.account in said else []
        for account in accounts:
            if account.refs or re.fullmatch("[0-9]{12}", str(account)):
                yield Granted(role, statement, arn, account, len(accounts) == 1, owned, when)


def _is_arn(given: str) -> bool:
    return given.startswith("arn:") and given.count(":") >= 5


def _decided(actions: tuple[Action, ...], owned: Owned) -> Iterator[Action]:
    """The actions that a resource's policy decides on."""
    for action in actions:
        if decided := owned.decided(action.pattern):
            yield action if decided == action.pattern else Action(decided)


def _companion(own: str, some: list[Granted]) -> Companion:
    """One policy for a resource, with the statements of all roles that are granted something on it or within it."""
    first = some[0]
    assert first.owned is not None
    owned, of = first.owned, first.owned.bearer(first.arn)
    together: dict[tuple[str, Statement], list[Granted]] = {}
    for one in some:
        together.setdefault((one.role.id, one.statement), []).append(one)
    turned = [_turned(alike, own, owned) for alike in together.values()]
    sids = _sids(alike[0].role for alike in together.values())
    roles = " and ".join(dict.fromkeys(str(one.role.name) for one in some))
    flags = {one.when for one in some}
    return Companion(
        id=_id(of, owned),
        title=f"lets {roles} use the {owned.what} {owned.name_in(of)}",
        policy=Policy([evolve(s, sid=sid) for s, sid in zip(turned, sids, strict=True)]),
        doing=_doing(of, owned, first, own),
        account=first.account,
        of=of.text,
        page=owned.page,
        when=flags.pop() if len(flags) == 1 else "",
    )


def _turned(alike: list[Granted], own: str, owned: Owned) -> Statement:
    """A role's statement as the resource's policy says it."""
    one = alike[0]
    role = one.role.arn(one.arn.partition, Text.of(own))
    arns = Only(in_order(each.arn.text for each in alike))
    resources = {"none": None, "all": Only((Text.of("*"),)), "own": arns}[owned.resource]
    return Statement(
        "Allow",
        one.statement.actions,
        resources,
        Principal("AWS", role),
        one.statement.conditions,
        origin=one.statement.origin,
    )


def _doing(of: Arn, owned: Owned, one: Granted, own: str) -> str:
    """What the owner has to do. A policy that is put replaces the one that is there."""
    which = f"each {owned.what} that `{of}` matches" if _is_pattern(of) else f"the {owned.what} `{of}`"
    if owned.always and one.account.literal == own:
        return (
            f"Add these statements to the policy of {which}, unless it leaves access to the account's IAM policies, as "
            "the one that AWS proposes does. Keep what else stands in it."
        )
    unsure = "" if one.sure else "More accounts are named as its owner's: this is for the one that has it."
    add = f"Add these statements to the policy of {which}. Keep what else stands in it."
    put = f"Put this policy on {which} (`{owned.put}`), or add its statements to the one that is there."
    return " ".join(filter(None, (put if owned.put else add, owned.but, unsure)))


def _is_pattern(arn: Arn) -> bool:
    return not {"*", "?"}.isdisjoint(str(arn.resource))


def _sids(roles: Iterable[Role]) -> list[str]:
    """A Sid for each statement, called after its role: each stands in a policy once."""
    found: list[str] = []
    for role in roles:
        name = "".join(word[:1].upper() + word[1:] for word in re.split("[^A-Za-z0-9]+", str(role.name)))
        found.append(next(s for n in count(1) if (s := f"{name}{n if n > 1 else ''}") not in found))
    return found


def _id(of: Arn, owned: Owned) -> str:
    name = re.sub("[^A-Za-z0-9._-]+", "-", owned.name_in(of) or "").strip("-.") or "all"
    region = f"{of.region}-" if of.region != EMPTY else ""
    return f"{of.service}-{region}{name}"


def _digest(of: Text) -> str:
    return sha256(str(of).encode()).hexdigest()[:8]
