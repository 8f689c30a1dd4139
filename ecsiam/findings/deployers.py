"""Roles that deploy, by themselves: who else gets in where GitHub's tokens do, and which roles they may pass on.

Only what is a fault whatever was meant, and as a note that any branch deploys, which may have been.
"""

from collections.abc import Iterator

from ecsiam.analysis.subjects import GITHUB, issuers_of, names_of, sent
from ecsiam.findings.documents import place_of
from ecsiam.findings.escalation import deploying, grants, may
from ecsiam.findings.finding import Finding
from ecsiam.findings.remedies import condition
from ecsiam.findings.rules import RULES
from ecsiam.model.policy import Policy
from ecsiam.model.statement import Only, Statement
from ecsiam.model.text import Ref, Text, text
from ecsiam.readers.reading import Reading, ReadRole
from ecsiam.reference.managed import managed_policy

_STRANGER = "somebody-else"
_ANY = "x-any-of-them-at-all"
_DEPLOYS = ("ecr:PutImage", "ecs:RegisterTaskDefinition", "ecs:UpdateService", "iam:PassRole")
# Who may do one of these has other ways to any role; that it may pass each adds nothing.
_RULES_IAM = ("iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy")


def deployers(reading: Reading) -> Iterator[Finding]:
    """What is wrong with roles that deploy; and who else gets into any role."""
    for role in reading.roles.values():
        if (at := _everybody(role.role.trust)) is not None:
            remedy = "Name who assumes it: a role or an account by its ARN, or an organization by `aws:PrincipalOrgID`."
            yield _found("open-trust", role, f"anybody's account of AWS may assume `{role.name}`", remedy, at)
    for role in deploying(reading).values():
        if GITHUB in issuers_of(role.role.trust):
            yield from _entering(role)
        yield from _passing(role)


def _entering(role: ReadRole) -> Iterator[Finding]:
    """Who gets in by GitHub's tokens that nobody named."""
    if (who := _strangers(role.role.trust)) is not None:
        yield _found("open-trust", role, f"anybody's workflows may assume `{role.name}`, such as those of `{who}`")
    elif may(role, *_DEPLOYS) and (which := _any(role.role.trust)):
        yield _found("any-branch", role, f"{which} may assume `{role.name}`, which deploys")


_SUB = "Ask the `sub` for the repository with its branch or environment, `repo:OWNER/NAME:ref:refs/heads/main`."


def _found(rule: str, role: ReadRole, fact: str, remedy: str = _SUB, at: int = 0) -> Finding:
    of, place = RULES[rule], place_of(role, "trust", at)
    return Finding(rule, place, fact, because=of.why, remedy=remedy, page=of.page, also=(role.place,), role=role.key)


def _everybody(trust: Policy) -> int | None:
    """The statement by which everybody at AWS gets in, asked for nothing, and denied by none."""
    if any(statement.effect == "Deny" for statement in trust.statements):
        return None
    for i, statement in enumerate(trust.statements):
        named = statement.principals.items if isinstance(statement.principals, Only) else ()
        every = any(one.type in ("*", "AWS") and one.id.literal == "*" for one in named)
        if every and not statement.conditions and grants(statement, "sts:AssumeRole"):
            return i
    return None


def _gets_in(trust: Policy, repository: str, ref: str) -> bool:
    """Whether a token surely gets in, whatever else it has in its claims."""
    claims = {"aud": text("sts.amazonaws.com"), "ref": text(ref), "environment": None}
    return sent(trust, text(f"ref:{ref}"), claims, _chosen, repository).outcome == "accepted"


def _chosen(_: Ref) -> bool:
    return False


def _strangers(trust: Policy) -> str | None:
    """A repository of somebody else whose tokens get in: of any name, or of one that is written there."""
    written = (str(one).partition("/")[2].partition(":")[0] for one in names_of(trust) if one.literal)
    named = dict.fromkeys((_STRANGER, *(name for name in written if name and "*" not in name)))
    return next((r for n in named if _gets_in(trust, r := f"{_STRANGER}/{n}", "refs/heads/main")), None)


def _any(trust: Policy) -> str:
    """Which tokens of the owner get in that nobody named: of any repository, or of any branch of one."""
    for name in _literals(trust):
        owner, _, repository = name.partition("/")
        if owner and _gets_in(trust, f"{owner}/{_ANY}", "refs/heads/main"):
            return f"any repository of `{owner}`"
        if repository and _gets_in(trust, name, f"refs/heads/{_ANY}"):
            return f"any branch of `{name}`"
    return ""


def _literals(trust: Policy) -> list[str]:
    """The repositories that a trust names, `OWNER/NAME`, without ids and what wildcards begin."""
    found = [str(one).partition(":")[0] for one in names_of(trust) if one.literal is not None]
    plain = ("/".join(part.partition("@")[0] for part in name.split("/")) for name in found)
    return list(dict.fromkeys(name.rstrip("*?") for name in plain if not name.startswith("*")))


def _statements(role: ReadRole) -> Iterator[tuple[str, int, Statement]]:
    for policy in role.role.policies.values():
        for i, statement in enumerate(policy.document.statements):
            if statement.effect == "Allow":
                yield policy.id, i, statement


def _passing(role: ReadRole) -> Iterator[Finding]:
    """Grants to pass every role to everything, of a role that does not rule over IAM anyway."""
    unknown = any(managed_policy(str(arn)) is None for arn in role.role.managed_policy_arns)
    if unknown or may(role, *_RULES_IAM):
        return
    for policy, i, statement in _statements(role):
        every = isinstance(statement.resources, Only) and any(_is_every(one) for one in statement.resources.items)
        if every and not statement.conditions and grants(statement, "iam:PassRole"):
            rule, place = RULES["pass-role"], place_of(role, policy, i)
            yield Finding(
                rule.id,
                place,
                f"`{role.name}` may pass every role of the account to every service",
                request="iam:PassRole on arn:aws:iam::123456789012:role/any",
                because=rule.why,
                remedy=f"Name the roles of the task definitions, and ask to whom: "
                f"{condition(place, 'StringEquals', 'iam:PassedToService', 'ecs-tasks.amazonaws.com')}.",
                page=rule.page,
                role=role.key,
            )


def _is_every(resource: object) -> bool:
    literal = resource.literal if isinstance(resource, Text) else None
    return literal == "*" or (literal is not None and literal.endswith(("::*:role/*", ":iam::*", ":iam::*:*")))
