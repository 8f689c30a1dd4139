"""Both sides have to allow: the owner of a resource in another account, and the trust of a role that is assumed.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html
"""

from collections.abc import Callable, Iterator

from attrs import evolve

from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.analysis.leaf import Leaf
from ecsiam.analysis.patterns import Unclear
from ecsiam.analysis.requests import NOTHING, Requests, allowed_by, query
from ecsiam.analysis.searching import search
from ecsiam.features.trust import ASSUME, TRUSTED_KEYS
from ecsiam.invariants.accepting import as_fact
from ecsiam.invariants.asking import never, samples, trusted, with_values
from ecsiam.invariants.sent import of_role, resource_items
from ecsiam.model.arn import Arn
from ecsiam.model.companion import Companion
from ecsiam.model.globs import matches
from ecsiam.model.intent import Need
from ecsiam.model.owners import bearer, own_account, owners
from ecsiam.model.principal import Principal
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Only, Statement
from ecsiam.model.text import Text

HANDED = "what `companions/` holds for other accounts is in place there"
Asked = Callable[[Stack, Need], Requests]


def both(stack: Stack, asked: Asked) -> Iterator[Answer]:
    """Whether each need in another account is allowed by what is handed over for it; `asked` are a need's requests."""
    own = own_account(stack)
    handed = [c for c in owners(stack) if c.of.literal and c.account.literal != own]
    for need in stack.intent.needs if own and handed else ():
        for of in sorted(_spoken_of(need, handed)):
            yield _allowed(stack, need, of, asked)


def _spoken_of(need: Need, handed: list[Companion]) -> set[str]:
    """The resources of others that a need is about, and that a document was made for."""
    said = {str(item) for item in resource_items(need.statement) if isinstance(item, Text) and item.literal}
    return {arn for arn in said if need.statement.principals is None and any(_is_for(c, arn) for c in handed)}


def _is_for(companion: Companion, arn: str) -> bool:
    return matches(str(companion.of), bearer(arn))


def _allowed(stack: Stack, need: Need, arn: str, asked: Asked) -> Answer:
    def lacking(of: Stack) -> Requests:
        role = of.roles.get(need.role)
        if role is None or need not in of.intent.needs:
            return NOTHING
        return (asked(of, need) & query("*", arn)) - allowed_by(_theirs(of, role, arn))

    origin = need.statement.origin
    fact = f"the owner of `{arn}` does not let the {need.role} role {origin.reason if origin else 'use it'}"
    answer = never(stack, lacking, fact, roles=(need.role,), assumed=(HANDED,))
    return answer if not isinstance(answer, Holds) else Holds(assumed=(HANDED,))


def _theirs(stack: Stack, role: Role, arn: str) -> Iterator[Leaf]:
    """What an owner's document allows a role on a resource, in the words of the role's own statements."""
    name = role.arn(Arn.parse(arn).partition, Text.of(own_account(stack) or ""))
    for companion in (c for c in owners(stack) if _is_for(c, arn)):
        for s in companion.policy.statements:
            if s.principals is not None and any(p.id == name for p in s.principals.items):
                yield Leaf(_turned_back(s, companion.of))


def _turned_back(s: Statement, of: Text) -> Statement:
    """A statement as the role has it; where it is about all that has the policy, it names that."""
    resources = s.resources if s.resources not in (None, Only((Text.of("*"),))) else Only((of,))
    return evolve(s, principals=None, resources=resources, as_is=True)


# ---------------------------------------------------------------- roles of the stack


def assumable(stack: Stack) -> Iterator[Answer]:
    """Whether the trust of each role of the stack that another has to assume lets that in, on whatever terms."""
    home = stack.deployment.home
    own = {role.arn(home.partition, home.account_id): role.id for role in stack.roles.values()}
    for need in stack.intent.needs:
        if need.role in stack.roles and need.statement.principals is None:
            assumed = dict.fromkeys(own[item] for item in resource_items(need.statement) if item in own)
            actions = [a.pattern for a in need.statement.actions.items if a.pattern.lower().startswith("sts:")]
            yield from (_lets_in(stack, id, need.role, action) for id in assumed for action in actions)


def _lets_in(stack: Stack, id: str, who: str, action: str) -> Answer:
    """Whether a role's trust lets another role of the stack in; of an open one, as it comes out first."""
    reason = ""
    for values, of in (({}, stack), *samples(stack)):
        if id in of.roles and who in of.roles:
            try:
                found = search(_asks(of, id, who, action) & trusted(of.roles[id]))
            except Unclear as e:
                reason = reason or str(e)
                continue
            return Holds() if found else as_fact(stack, with_values(_shut(id, who, action), values), who)
    return Undecided(reason)


def _asks(stack: Stack, id: str, who: str, action: str) -> Requests:
    home = stack.deployment.home
    by, on = (stack.roles[one].arn(home.partition, home.account_id) for one in (who, id))
    return query(action, on, Principal("AWS", by), of_role(stack, stack.roles[who]))


def _shut(id: str, who: str, action: str) -> Fails:
    key = TRUSTED_KEYS.get(id)
    if action != ASSUME:
        remedy = "leave that out"
    elif key:
        remedy = f"list {'`self`' if id == who else 'it'} in `{key}`"
    else:
        remedy = f"let the {who} role itself do what it is to do there"
    return Fails(fact=f"the trust of the {id} role lets the {who} role do no `{action}`; {remedy}")
