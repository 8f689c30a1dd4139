"""Whether what a target's files say, read back, is what the stack says."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from attrs import evolve

from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.analysis.requests import Requests, allowed_by, union
from ecsiam.errors import EmitError, ReadError
from ecsiam.invariants.asking import leaves_of, never, together, trusted
from ecsiam.model.each import items_in_order
from ecsiam.model.oidc import OidcProvider
from ecsiam.model.planned import planned
from ecsiam.model.policy import Policy
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Statement
from ecsiam.model.text import Text
from ecsiam.readers.emitted import made
from ecsiam.targets import TARGETS, Target, emit


def targets(stack: Stack) -> Answer:
    """Each target's files make the roles and OIDC providers of the stack and no other, whatever is left open.

    A target that refuses the stack writes nothing that could differ. One that leaves nothing to deployment is compared
    with the stack as its parameters' defaults make it. Roles that were read are written by nobody.
    """
    if stack.as_is:
        return Holds(assumed=("the roles were read, and no target writes them",))
    answers = [answer for target in TARGETS.values() if (answer := _target(stack, target)) is not None]
    return together(answers) if answers else Holds(assumed=("no target takes the stack, and so nothing is emitted",))


def _target(stack: Stack, target: Target) -> Answer | None:
    try:
        files = emit(stack, target.name).files
    except EmitError:
        return None
    defaults = stack.deployment.defaults if target.settled else {}
    meant = planned(stack.bind(defaults) if defaults else stack)
    try:
        read = made(files, target.name, stack)
    except ReadError as e:
        return Undecided(f"what was emitted for {target.name} could not be read back: {e.faults[0].message}")
    return together((*_of_roles(target.name, meant, read.roles), *_of_providers(target.name, meant, read.providers)))


def _of_providers(target: str, stack: Stack, providers: Iterable[OidcProvider]) -> Iterator[Answer]:
    """The OIDC providers that a stack means and those that were read, by their issuers."""
    read = {provider.url: provider for provider in providers}
    for meant in stack.providers.values():
        found = read.pop(meant.url, None)
        if found is None:
            yield Fails(fact=f"{target}'s files don't make the OIDC provider of {meant.url}")
        elif evolve(found, id=meant.id) != meant:
            yield Fails(fact=f"{target}'s files make another OIDC provider of {meant.url}")
    yield from (Fails(fact=f"{target}'s files also make an OIDC provider of {url}") for url in read)


def _of_roles(target: str, stack: Stack, roles: Iterable[Role]) -> Iterator[Answer]:
    """The roles that a stack means and those that were read, by their names."""
    read: dict[Text, Role] = {}
    for role in roles:
        if role.name in read:
            yield Fails(fact=f"{target}'s files make two roles called `{role.name}`")
        read[role.name] = role
    for meant in stack.roles.values():
        found = read.pop(meant.name, None)
        if found is None:
            yield Fails(fact=f"{target}'s files don't make the role `{meant.name}`")
        else:
            yield from _differing(target, stack, settled(meant), settled(found))
    yield from (Fails(fact=f"{target}'s files also make a role `{name}`") for name in read)


def _differing(target: str, stack: Stack, meant: Role, read: Role) -> Iterator[Answer]:
    """How a role that was read differs from the one that was meant. Documents may say one thing in two ways."""
    if meant == read:
        return
    for what, say in _ATTRIBUTES.items():
        if say(meant) != say(read):
            yield Fails(fact=f"{target}'s files give the role `{meant.name}` another {what}")
    both = evolve(stack, roles=[evolve(meant, id="meant"), evolve(read, id="read", name=f"{_READ}{read.name}")])
    for what, allowed in {"grants": _granted, "trust policy": trusted}.items():

        def apart(of: Stack, allowed: Callable[[Role], Requests] = allowed) -> Requests:
            one, other = (allowed(of.roles[id]) for id in ("meant", "read"))
            return union((one - other, other - one))

        yield never(both, apart, f"the {what} of `{meant.name}` differ in {target}'s files", roles=[meant.id])


# What a role is beside its documents.
_ATTRIBUTES: Mapping[str, Callable[[Role], object]] = {
    "path": lambda r: r.path,
    "description": lambda r: r.description,
    "permissions boundary": lambda r: r.permissions_boundary,
    "longest session": lambda r: r.max_session_duration,
    "set of tags": lambda r: r.tags,
    "flag": lambda r: r.when,
    "instance profile": lambda r: r.profile,
    "list of managed policies": lambda r: sorted(map(str, r.managed_policy_arns)),
    "list of policies": lambda r: [(str(p.name), p.managed, p.when) for p in r.policies.values()],
}
_READ = "read-"  # two roles of a stack have two names


def _granted(role: Role) -> Requests:
    return allowed_by(leaf for p in role.policies.values() for leaf in leaves_of(p.document, role.when, p.when))


def settled(role: Role) -> Role:
    """A role without what no target's files say: our ids, the order of policies and resources, who else is kept out."""
    # An inline policy may be called as a managed one is; `{x}` may be a text, or stand for one.
    policies = {f"{'managed ' if p.managed else ''}{p.name!r}": p for p in role.policies.values()}
    return evolve(
        role,
        id=repr(role.name),
        trust=_in_order(role.trust),
        policies=[evolve(p, id=id, document=_in_order(p.document)) for id, p in sorted(policies.items())],
        exclusive=False,
        as_is=True,
    )


def _in_order(policy: Policy) -> Policy:
    return evolve(policy, statements=map(_statement, policy.statements), as_is=True)


def _statement(s: Statement) -> Statement:
    kept = s.resources and type(s.resources)(items_in_order(s.resources.items))
    return evolve(s, resources=kept, as_is=True)
