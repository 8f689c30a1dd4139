"""The invariant of how far the roles reach: at home only, and what the config names."""

from collections.abc import Iterable, Iterator

from attrs import evolve

from ecsiam.analysis.answers import Answer
from ecsiam.analysis.asked import NO_ARN
from ecsiam.analysis.leaf import Leaf
from ecsiam.analysis.request import Request
from ecsiam.analysis.requests import NOTHING, Requests, query, union
from ecsiam.features.access.kinds import forms_of
from ecsiam.features.derived import all_of
from ecsiam.invariants.access import asked_of
from ecsiam.invariants.asking import allows, never, together
from ecsiam.invariants.configured import as_configured, own
from ecsiam.invariants.sent import REGION_KEY, asked_keys
from ecsiam.model.arn import Arn
from ecsiam.model.condition import Condition
from ecsiam.model.each import RULES, Item, nested
from ecsiam.model.home import Given
from ecsiam.model.stack import Stack
from ecsiam.model.statement import AllBut, Only, Statement
from ecsiam.model.text import Ref, Text, in_order, text

OWNER_KEY = "aws:ResourceAccount"
IN_REGION = "arn:*:*:?*-?*-?*:*:*"


# ---------------------------------------------------------------- home


def at_home(stack: Stack) -> Answer:
    """Nothing outside this account, region and partition, unless a flag's own key names it."""

    def of_role(id: str) -> Answer:
        return never(
            stack,
            lambda of: _away(of, id),
            lambda _, request: f"the {id} role reaches this {_where(request)}",
            roles=(id,),
            assumed=as_configured(stack.roles[id], own(stack.roles[id])),
            unread=own(stack.roles[id]).unread,
            universe="known",
            blame=lambda of: allows(held(of, id)),
        )

    return together(map(of_role, stack.roles))


def _where(request: Request) -> str:
    parts = request.resource.split(":", 5)
    if len(parts) == 6 and not parts[4] and request.values(OWNER_KEY) is None:
        return f"in whatever account it is: its ARN says none, and no condition on `{OWNER_KEY}`"
    return "outside of its own account, region and partition"


def held(stack: Stack, id: str) -> tuple[Leaf, ...]:
    """Every statement that is a role's own: a feature's, the user's, those of the policies that the user attached."""
    role = stack.roles.get(id)
    return () if role is None else own(role).leaves


def _away(stack: Stack, id: str) -> Requests:
    leaves = allows(held(stack, id))
    if not leaves:
        return NOTHING
    unnarrowed = sorted({a for leaf in leaves for a in bare(leaf.statement)})
    may = _asked(stack, id, leaves)
    return (may - query(unnarrowed, "*") if unnarrowed else may) - _homely(stack, id, leaves)


def _asked(stack: Stack, id: str, leaves: Iterable[Leaf]) -> Requests:
    """What AWS may ask of what a role is granted: of what all but some resources are, only what is of the partition."""
    role, every = own(stack.roles[id]), tuple(leaves)
    but = tuple(leaf for leaf in every if isinstance(leaf.statement.resources, AllBut))
    if not but:
        return asked_of(role, role.by(every))
    named = asked_of(role, role.by(tuple(leaf for leaf in every if leaf not in but)))
    partition = Arn(stack.deployment.home.partition, "*", "*", "*", "*").text
    return union((named, asked_of(role, role.by(but)) & union((query("*", partition), query("*", NO_ARN)))))


def _homely(stack: Stack, id: str, leaves: Iterable[Leaf]) -> Requests:
    """What lies at home, and what a key names."""
    home, leaves = stack.deployment.home, tuple(leaves)
    places: list[Item] = [Arn(home.partition, "*", region, home.account_id, "*").text for region in home.regions]
    places.append(Arn(home.partition, "*", "", home.account_id, "*").text)
    places += [arn for given in configured(stack) for arn in in_order(meant(given.arn))]
    # A parameter's values are the user's own, wherever they are.
    items = [i for leaf in leaves for i in (leaf.statement.resources.items if leaf.statement.resources else ())]
    places += [evolve(each, otherwise=()) for each in nested(items)]
    places += [i for i in items if isinstance(i, Text) and i.parts and _by_parameter(i.parts[0])]
    # What names no resource is none of another account's: a phone number, to which SNS sends a text message.
    return union((query("*", places), query("*", NO_ARN), *_kept_at_home(stack, id)))


def _kept_at_home(stack: Stack, id: str) -> Iterator[Requests]:
    """What a condition keeps at home: AWS sends the account of the resource, which is of one partition.

    The region is the ARN's, if it has one, and of anything that of the request.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceaccount
    """
    home, asked = stack.deployment.home, asked_keys(stack.roles[id])
    if OWNER_KEY.lower() in asked:
        owned = Condition("StringEquals", OWNER_KEY, home.account_id)
        yield query("*", [Arn("*", "*", region, "*", "*").text for region in home.regions], conditions=[owned])
        yield query("*", AllBut((text(IN_REGION),)), conditions=[owned])
        if REGION_KEY.lower() in asked:
            yield query("*", "*", conditions=[owned, Condition("StringEquals", REGION_KEY, home.regions)])


def _by_parameter(first: str | Ref) -> bool:
    return isinstance(first, Ref) and first.parameter and first.otherwise is None


def configured(stack: Stack) -> Iterator[Given]:
    """The resources that flags' own keys name: not the policies that are attached, nor whom a trust lets in."""
    roles = stack.roles.values()
    others = {arn for role in roles for arn in (*role.managed_policy_arns, role.permissions_boundary) if arn}
    others |= {p.id for role in roles for s in role.trust.statements if s.principals for p in s.principals.items}
    return (given for given in stack.deployment.given if given.arn not in others)


def meant(arn: Text) -> set[Text]:
    """The resources that an ARN of the config stands for, in every form that a feature gives it."""
    given = {arn, *(a for rule in RULES.values() for a in rule([arn])), *all_of(arn)}
    if ":s3:::" in str(arn):  # whose bucket it is was said with its name
        bucket = arn.split("/", 1)[0]
        given |= {bucket, Text.of(bucket, "/*")}
    given |= set(_beside(arn))
    # Whether it ends in the six characters that Secrets Manager adds, the config has decided.
    names = [name for name in RULES["secret"]([arn]) if not set("*?").intersection(str(name))]
    return given.union((Text.of(name, "-??????") for name in names), forms_of(arn))


def _beside(given: Text) -> Iterator[Text]:
    """What goes with a resource, in its region and account: a cluster's tasks and alarms, a deployment group's app."""
    arn = Arn.parse(given)
    kind, *names = arn.resource.split("/", 2)
    if arn.service == "ecs" and names and kind.literal in ("cluster", "service"):
        of_cluster = (Text.of("cluster/", names[0]), Text.of("task/", names[0], "/*"))
        yield from (evolve(arn, resource=r).text for r in of_cluster)
        alarms = Text.of("alarm:TargetTracking-service/", names[0], "/", *((names[1], "-*") if names[1:] else "*"))
        yield evolve(arn, service="cloudwatch", resource=alarms).text
    if arn.service == "codedeploy" and kind.holds("deploymentgroup:"):
        application = kind.replace("deploymentgroup:", "application:")
        yield from (evolve(arn, resource=r).text for r in (application, text("deploymentconfig:*")))


def bare(statement: Statement) -> Iterator[str]:
    """The actions of an Allow that no narrower resource than `*` covers."""
    from ecsiam.reference import actions

    if statement.effect == "Allow":
        patterns = [a.pattern for a in statement.actions.items] if isinstance(statement.actions, Only) else ["*"]
        found = (known for pattern in patterns for known in actions.matching(pattern))
        unnarrowed = (known for known in found if not actions.supports_resources(known))
        # One has a hyphen in its name, which a policy can only write as `?`.
        yield from (f"{known.service}:{known.name.replace('-', '?')}" for known in unnarrowed)
