"""How an invariant is asked: a set of requests that has to be empty, for every value of what is left open."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product

from attrs import evolve, frozen

from ecsiam.analysis.actions import Universe
from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.analysis.leaf import Leaf
from ecsiam.analysis.patterns import Unclear
from ecsiam.analysis.questions import assumed as assumed_of
from ecsiam.analysis.request import Request
from ecsiam.analysis.requests import Requests, allowed_by
from ecsiam.analysis.searching import search
from ecsiam.errors import ConfigError
from ecsiam.invariants.accepting import Sought, about, all_meant, first_of, marked, meant, unsure
from ecsiam.invariants.naming import named
from ecsiam.looks.words import listed
from ecsiam.model.accept import Accept
from ecsiam.model.arn import PARTITIONS
from ecsiam.model.parameter import Variable
from ecsiam.model.policy import Policy
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.model.text import Value

Fact = str | Callable[[Stack, Request], str]


@frozen
class Granted:
    """What a role's identity policies say, statement by statement, and which of its managed policies were not read.

    `boundary` are the statements of its boundary, None where it has none or that was not read: it only takes away.
    """

    leaves: tuple[Leaf, ...]
    unread: tuple[str, ...] = ()
    boundary: tuple[Leaf, ...] | None = None

    @property
    def requests(self) -> Requests:
        """What the role may do."""
        return self.by(self.leaves)

    def by(self, some: Iterable[Leaf]) -> Requests:
        """What the role may do because of some of its statements: whatever denies it has its say."""
        denials = (leaf for leaf in self.leaves if leaf.statement.effect == "Deny")
        known = allowed_by(dict.fromkeys((*some, *denials)))
        return known if self.boundary is None else known & allowed_by(self.boundary)


def granted(role: Role) -> Granted:
    """A role's inline policies and those of its managed policies that the service reference has."""
    from ecsiam.reference.managed import managed_policy

    leaves = [leaf for p in role.policies.values() for leaf in leaves_of(p.document, role.when, p.when)]
    unread: list[str] = []
    for arn in map(str, role.managed_policy_arns):
        known = managed_policy(arn)
        if known is None:
            unread.append(arn)
        else:
            leaves += leaves_of(known.document, role.when)
    bounded = managed_policy(str(role.permissions_boundary)) if role.permissions_boundary else None
    return Granted(tuple(leaves), tuple(unread), tuple(leaves_of(bounded.document)) if bounded else None)


def leaves_of(policy: Policy, *when: str) -> Iterator[Leaf]:
    """The statements of a policy, there while the flags of `when` are on."""
    flags = tuple(dict.fromkeys(w for w in when if w))
    identity = policy.kind == "identity"
    yield from (Leaf(s, policy.version, identity, flags, of_role=identity) for s in policy.statements)


def allows(leaves: Iterable[Leaf]) -> tuple[Leaf, ...]:
    """Those of some statements that allow."""
    return tuple(leaf for leaf in leaves if leaf.statement.effect == "Allow")


def trusted(role: Role) -> Requests:
    """Who may assume a role, and how."""
    return allowed_by(leaves_of(role.trust, role.when))


def never(
    stack: Stack,
    question: Callable[[Stack], Requests],
    fact: Fact,
    *,
    roles: Iterable[str],
    assumed: Iterable[str] = (),
    unread: Iterable[str] = (),
    universe: Universe = "all",
    blame: Callable[[Stack], Iterable[Leaf]] | None = None,
) -> Answer:
    """Holds when no request is in the set, whatever is still to be bound; Fails with all that are, and the values.

    `roles` are those that it is about, for what is accepted of one. `blame` are the statements of which each action and
    resource that takes part gets a Fails of its own; without it, those that allow or let in.

    What is open is first taken for any text; only if that leaves something, values are tried, and at last each
    partition apart. `unread` are policies
    that may hold what the set would: without them nothing is known to be empty.
    """
    rests_on, missing = (*assumed, *assumed_of(universe)), tuple(unread)

    def shown(of: Stack, requests: Requests, request: Request) -> Fails:
        return _shown(of, requests, request, fact, universe, blame, rests_on)

    def one(of: Stack, _: Requests, request: Request) -> Fails:
        return Fails(request, _said(fact, of, request), rests_on)

    unknown = f"{listed(missing)} was not read" if missing else ""
    match _sought(stack, question, universe, shown):
        case None:
            return Undecided(unknown, rests_on) if missing else Holds(assumed=rests_on)
        case Fails() as fails:
            accepts = about(stack, *roles)

            def left() -> Sought:
                return _sought(stack, lambda of: question(of) - all_meant(accepts), universe, shown)

            def within(accept: Accept) -> Sought:
                return _sought(stack, lambda of: question(of) & meant(accept), universe, one)

            return marked(fails, accepts, left, within, unknown)
        case reason:
            return Undecided(reason, rests_on)


def _sought(
    stack: Stack,
    question: Callable[[Stack], Requests],
    universe: Universe,
    show: Callable[[Stack, Requests, Request], Fails],
) -> Sought:
    """What is shown of a set, for some values of what is open; None if it is surely empty, or why that isn't known."""
    try:
        requests = question(stack)
        found = search(requests, universe)
        return None if found is None else show(stack, requests, found)
    except Unclear as e:
        reason = str(e)
    for values, bound in samples(stack):
        try:
            requests = question(bound)
            found = search(requests, universe)
        except Unclear:
            continue
        if found is not None:
            return with_values(show(bound, requests, found), values)
    return _by_partition(stack, question, universe, show, reason)


def _by_partition(
    stack: Stack,
    question: Callable[[Stack], Requests],
    universe: Universe,
    show: Callable[[Stack, Requests, Request], Fails],
    reason: str,
) -> Sought:
    """The same of each partition that the roles may be in, where nothing else is open: there are few."""
    names = [ref.name for ref in stack.deployment.home.partition.refs]
    for name, partition in product(names, PARTITIONS):
        try:
            bound = stack.bind({name: partition})
            requests = question(bound)
            found = search(requests, universe)
        except ConfigError:
            continue  # what the config names is of another one
        except Unclear:
            return reason
        if found is not None:
            return with_values(show(bound, requests, found), {name: partition})
    return None if names else reason


def _shown(
    stack: Stack,
    requests: Requests,
    request: Request,
    fact: Fact,
    universe: Universe,
    blame: Callable[[Stack], Iterable[Leaf]] | None,
    assumed: tuple[str, ...],
) -> Fails:
    """A Fails for each way in which the statements to blame make a request of the set, the first with the others."""
    leaves = blame(stack) if blame else _granting(stack, requests)
    all_named = named(leaves, requests, universe)
    found = list(all_named.requests)
    if not any(r.action.lower() == request.action.lower() for r in found):
        found.insert(0, request)
    fails = [Fails(r, _said(fact, stack, r), assumed) for r in found]
    if all_named.more:
        fails.append(Fails(fact=f"{all_named.more:,} {MORE}", assumed=assumed))
    return first_of(fails)


MORE = "more actions of these statements were not looked at one by one"


def _granting(stack: Stack, requests: Requests) -> Iterator[Leaf]:
    """The statements of roles and trusts that take part in a set by allowing."""
    taking_part = set(requests.leaves)
    for role in stack.roles.values():
        for leaf in (*granted(role).leaves, *leaves_of(role.trust, role.when)):
            if leaf.statement.effect == "Allow" and leaf in taking_part:
                yield leaf


def with_values(fails: Fails, values: Mapping[str, Value]) -> Fails:
    """The same with the values that lead there, for all that shows it."""
    also = tuple(evolve(one, values=tuple(values.items())) for one in fails.also)
    return evolve(fails, values=tuple(values.items()), also=also)


def _said(fact: Fact, stack: Stack, request: Request) -> str:
    return fact if isinstance(fact, str) else fact(stack, request)


def together(answers: Iterable[Answer]) -> Answer:
    """One answer for several questions that all have to hold: every no, else the first that isn't known.

    Every no is accepted only if what isn't known would be too.
    """
    given = tuple(answers)
    assumed = tuple(dict.fromkeys(a for answer in given for a in answer.assumed))
    fails = [a for a in given if isinstance(a, Fails)]
    undecided = next((a for a in given if isinstance(a, Undecided)), None)
    if not fails:
        return Holds(assumed=assumed) if undecided is None else undecided
    whole = any(a.is_whole and not a.role for fail in fails for a in fail.accepted)
    if undecided is not None and all(fail.accepted for fail in fails) and not whole:
        return first_of((unsure(undecided.reason, undecided.assumed), *fails))
    return first_of(fails)


# ---------------------------------------------------------------- values for what is open

_HOME = {"account_id": "123456789012", "aws_region": "eu-west-2"}


def samples(stack: Stack) -> Iterator[tuple[dict[str, Value], Stack]]:
    """Stacks that this one may become: every flag on, each alone, none; with values and without."""
    deployment = stack.deployment
    if not deployment.open:
        return
    home: dict[str, Value] = {name: _HOME[name] for name in _HOME if name in deployment.open}
    if "partition" in deployment.open and "aws_region" not in home:
        home["partition"] = "aws"
    variables = deployment.variables.values()
    flags = [v.id for v in variables if v.type == "flag"]
    positions = [set(flags), *({flag} for flag in flags), set[str]()]
    for on in positions if flags else positions[:1]:
        for which in (0, 1, None):
            values = {**home, **{v.id: _sample(v, which, on) for v in variables}}
            try:
                yield values, stack.bind(values)
            except ConfigError:
                continue


def _sample(variable: Variable, which: int | None, on: set[str]) -> Value:
    if variable.form is None:
        return variable.id in on if variable.type == "flag" else variable.bounds[0]
    good = variable.form.good
    value = "" if which is None and variable.empty else good[(which or 0) % len(good)]
    return value if variable.type == "text" else (value,) if value else ()
