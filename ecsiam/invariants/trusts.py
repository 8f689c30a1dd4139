"""Invariants of who may assume the roles."""

from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.analysis.requests import NOTHING, Requests, query, union
from ecsiam.invariants.accepting import as_fact
from ecsiam.invariants.asking import never, together, trusted
from ecsiam.model.arn import Arn
from ecsiam.model.condition import Condition
from ecsiam.model.principal import Principal
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.model.text import Ref, Text

ISSUER = "token.actions.githubusercontent.com"
SERVICES = {
    "execution": "ecs-tasks.amazonaws.com",
    "task": "ecs-tasks.amazonaws.com",
    "autoscaling": "application-autoscaling.amazonaws.com",
}


def trust(stack: Stack) -> Answer:
    """Each role can be assumed by exactly the principals of its kind."""
    return together(_trust(stack, id) for id in stack.roles)


def _trust(stack: Stack, id: str) -> Answer:
    if id not in SERVICES and id != "github_actions":
        return Undecided(f"nothing says who is to assume `{id}`")
    answer = never(
        stack,
        lambda of: _trusted(of, id) - _its_own(of, of.roles[id]) if id in of.roles else NOTHING,
        f"the {id} role lets in who is not of its kind",
        roles=(id,),
    )
    if isinstance(answer, Holds) and not _lets_in(stack.roles[id]):
        return as_fact(stack, Fails(fact=f"nobody can assume the {id} role"), id)
    return answer


def _trusted(stack: Stack, id: str) -> Requests:
    """Who may assume a role: on its own ARN, once that is known."""
    role, home = stack.roles[id], stack.deployment.home
    arn = role.arn(home.partition, home.account_id)
    return trusted(role) if arn.literal is None else trusted(role) & query("*", arn)


def _lets_in(role: Role) -> bool:
    """Whether there is an Allow at all; whether it lets the right ones in is for `works`."""
    return any(s.effect == "Allow" for s in role.trust.statements)


def _its_own(stack: Stack, role: Role) -> Requests:
    if role.id in SERVICES:
        return query("sts:AssumeRole", principals=Principal("Service", SERVICES[role.id]))
    providers = [p for p in _named(role) if p.type == "Federated" and _is_github(stack, p)]
    if not providers:
        return NOTHING
    return query("sts:AssumeRoleWithWebIdentity", principals=providers)


def _named(role: Role) -> tuple[Principal, ...]:
    found = (p for s in role.trust.statements if s.effect == "Allow" and s.principals for p in s.principals.items)
    return tuple(dict.fromkeys(found))


def _is_github(stack: Stack, principal: Principal) -> bool:
    """Whether it is GitHub's provider: that of the roles' account, or the one that the config names."""
    home = stack.deployment.home
    derived = Arn(home.partition, "iam", "", home.account_id, f"oidc-provider/{ISSUER}").text
    first = principal.id.parts[0]
    if isinstance(first, Ref) and first.parameter and len(principal.id.parts) == 1:
        variable = stack.deployment.variables.get(first.name)
        return variable is not None and variable.form == "oidc_provider_arn" and first.otherwise in (None, derived)
    given = {g.arn for g in stack.deployment.given if g.arn.endswith(f":oidc-provider/{ISSUER}")}
    return principal.id == derived or principal.id.literal in given


def oidc_subject(stack: Stack) -> Answer:
    """The deploy role only by the subjects that the config lists, with the audience pinned."""
    role = stack.roles.get("github_actions")
    if role is None:
        # Nobody can deploy: that is so of a stack that was asked for, and not known of any other.
        return Holds() if stack.intent.flags else Undecided("nothing says which role deploys")
    if not stack.intent.github_subjects:
        return Undecided("nothing says which subjects may deploy")
    return never(
        stack,
        lambda of: _trusted(of, "github_actions") - _subjects(of) if "github_actions" in of.roles else NOTHING,
        "this subject or audience is not listed, and may assume the deploy role",
        roles=("github_actions",),
    )


def _subjects(stack: Stack) -> Requests:
    intent = stack.intent
    of_kind: dict[str, list[Text]] = {"StringEquals": [], "StringLike": []}
    for subject in intent.github_subjects:
        of_kind["StringLike" if set("*?").intersection(str(subject)) else "StringEquals"].append(subject)
    return union(
        query(
            "*",
            "*",
            conditions=(
                Condition("StringEquals", f"{ISSUER}:aud", intent.github_audience),
                Condition(operator, f"{ISSUER}:sub", subjects),
            ),
        )
        for operator, subjects in of_kind.items()
        if subjects
    )


def nobody_from_outside(stack: Stack) -> Answer:
    """The service trusts name this account and region, for the roles that are configured to."""
    if not stack.intent.flags:
        return Undecided("nothing says which trusts are to name the account that a service acts for")
    guarded = [id for id in stack.intent.confused_deputy if id in stack.roles]
    open_ = [id for id in ("execution", "task") if id in stack.roles and id not in guarded]

    def of_role(id: str) -> Answer:
        return never(
            stack,
            lambda of: _from_elsewhere(of, id) if id in of.roles else NOTHING,
            f"the service may assume the {id} role for what runs in another account or region",
            roles=(id,),
        )

    configured = tuple(f"the trust of the {id} role names no account: it was configured so" for id in open_)
    return together((*map(of_role, guarded), Holds(assumed=configured)))


def _from_elsewhere(stack: Stack, id: str) -> Requests:
    """Who comes in from another account or region, said outright or not at all: the former is easier to understand."""
    away = _trusted(stack, id) - _from_home(stack)
    outright = query("*", "*", conditions={"Null": {"aws:SourceAccount": "false"}})
    return union((away & outright, away))


def _from_home(stack: Stack) -> Requests:
    """The ARN says region and account; `aws:SourceAccount` follows from it."""
    home = stack.deployment.home
    sources = [Arn(home.partition, "*", region, home.account_id, "*").text for region in home.regions]
    return query("*", "*", conditions=[Condition("ArnLike", "aws:SourceArn", sources)])
