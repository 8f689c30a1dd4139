"""Invariants of who may assume the roles."""

from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.analysis.requests import NOTHING, Requests, query, union
from ecsiam.invariants.accepting import as_fact
from ecsiam.invariants.asking import never, together, trusted
from ecsiam.model.arn import Arn
from ecsiam.model.condition import Condition
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Only, Statement

_TOKEN = "sts:AssumeRoleWithWebIdentity"
_SOURCE = ("aws:sourceaccount", "aws:sourcearn")


def trust(stack: Stack) -> Answer:
    """Each role can be assumed by exactly the principals of its kind."""
    return together(_trust(stack, id) for id in stack.roles)


def _trust(stack: Stack, id: str) -> Answer:
    if not _meant(stack, id):
        return Undecided(f"nothing says who is to assume `{id}`")
    answer = never(
        stack,
        lambda of: _trusted(of, id) - union(_its_own(s) for s in _meant(of, id)) if id in of.roles else NOTHING,
        f"the {id} role lets in who is not of its kind",
        roles=(id,),
    )
    if isinstance(answer, Holds) and not _lets_in(stack.roles[id]):
        return as_fact(stack, Fails(fact=f"nobody can assume the {id} role"), id)
    return answer


def _meant(stack: Stack, id: str) -> list[Statement]:
    """Who is meant to assume a role."""
    return [t.statement for t in stack.intent.trusted if t.role == id]


def _trusted(stack: Stack, id: str) -> Requests:
    """Who may assume a role: on its own ARN, once that is known."""
    role, home = stack.roles[id], stack.deployment.home
    arn = role.arn(home.partition, home.account_id)
    return trusted(role) if arn.literal is None else trusted(role) & query("*", arn)


def _lets_in(role: Role) -> bool:
    """Whether there is an Allow at all; whether it lets the right ones in is for `works`."""
    return any(s.effect == "Allow" for s in role.trust.statements)


def _its_own(meant: Statement) -> Requests:
    """Whoever comes as this statement has it: a service and a token on whatever conditions, others on its own."""
    principals = meant.principals.items if meant.principals else ()
    others = all(p.type == "AWS" for p in principals)
    return query(meant.actions, principals=principals, conditions=meant.conditions if others else ())


def _by_token(meant: Statement) -> bool:
    return isinstance(meant.actions, Only) and any(a.pattern == _TOKEN for a in meant.actions.items)


def oidc_subject(stack: Stack) -> Answer:
    """A role for the bringer of a token only by the subjects that were asked for, with the audience pinned."""
    roles = [id for id in stack.roles if any(map(_by_token, _meant(stack, id)))]
    if not roles:
        if "github_actions" in stack.roles:
            return Undecided("nothing says which subjects may deploy")
        # Nobody can deploy: that is so of a stack that was asked for, and not known of any other.
        return Holds() if stack.intent.flags else Undecided("nothing says which role deploys")

    def of_role(id: str) -> Answer:
        return never(
            stack,
            lambda of: _trusted(of, id) - union(_listed(s) for s in _meant(of, id)) if id in of.roles else NOTHING,
            "this subject or audience is not listed, and may assume the deploy role",
            roles=(id,),
        )

    return together(map(of_role, roles))


def _listed(meant: Statement) -> Requests:
    """Whoever comes on the conditions of this statement, by whichever provider; without a token, whom it names."""
    return query("*", "*", conditions=meant.conditions) if _by_token(meant) else _its_own(meant)


def nobody_from_outside(stack: Stack) -> Answer:
    """The service trusts name this account and region, for the roles that are configured to."""
    if not stack.intent.trusted:
        return Undecided("nothing says which trusts are to name the account that a service acts for")
    services = [id for id in stack.roles if any(map(_of_service, _meant(stack, id)))]
    guarded = [id for id in services if all(map(_names_source, filter(_of_service, _meant(stack, id))))]
    open_ = [id for id in services if id not in guarded]

    def of_role(id: str) -> Answer:
        return never(
            stack,
            lambda of: _from_elsewhere(of, id) if id in of.roles else NOTHING,
            f"the service may assume the {id} role for what runs in another account or region",
            roles=(id,),
        )

    configured = tuple(f"the trust of the {id} role names no account: it was configured so" for id in open_)
    return together((*map(of_role, guarded), Holds(assumed=configured)))


def _of_service(meant: Statement) -> bool:
    return meant.principals is not None and any(p.type == "Service" for p in meant.principals.items)


def _names_source(meant: Statement) -> bool:
    return any(c.key.lower() in _SOURCE for c in meant.conditions)


def _from_elsewhere(stack: Stack, id: str) -> Requests:
    """Who comes in from another account or region, said outright or not at all: the former is easier to understand."""
    others = union(_its_own(meant) for meant in _meant(stack, id) if not _of_service(meant))
    away = _trusted(stack, id) - _from_home(stack) - others
    outright = query("*", "*", conditions={"Null": {"aws:SourceAccount": "false"}})
    return union((away & outright, away))


def _from_home(stack: Stack) -> Requests:
    """The ARN says region and account; `aws:SourceAccount` follows from it."""
    home = stack.deployment.home
    sources = [Arn(home.partition, "*", region, home.account_id, "*").text for region in home.regions]
    return query("*", "*", conditions=[Condition("ArnLike", "aws:SourceArn", sources)])
