"""What stays of the roles that exist: names, path and boundary, so that nothing is made again in their place."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from attrs import evolve, frozen

from ecsiam.drafts.services import Member
from ecsiam.drafts.texts import Spelling
from ecsiam.drafts.wants import Open, named_by, runner, told
from ecsiam.findings.needed import policies, unread
from ecsiam.looks.words import few, listed
from ecsiam.model.globs import matches
from ecsiam.model.policy import Policy
from ecsiam.model.role import Role
from ecsiam.model.statement import AllBut, Only
from ecsiam.model.text import Text, text
from ecsiam.readers.found import Place
from ecsiam.readers.reading import Reading, ReadRole, ReadTask


@frozen
class Existing:
    """A role that is named somewhere: as one of ours by its `id`, what it is called, and the role where it was read."""

    id: str
    name: str
    path: str
    place: Place
    read: ReadRole | None = None


def existing(member: Member, reading: Reading, spelling: Spelling) -> Iterator[Existing | Open]:
    """The roles that the definitions of a service name, each of ours once; what can't be kept, and why."""
    found: dict[str, Existing] = {}
    for id, named, key, place in chain.from_iterable(_named(task) for task in member.tasks):
        one = _existing(id, named, reading.roles[key] if key is not None else None, place, spelling)
        other = found.get(id)
        if one is None:
            yield Open(f"what the {id} role is called, so one of another name is made", place, "role_names")
        elif other is None:
            found[id] = one
        elif other.name != one.name:
            what = f"whether the {id} role is `{other.name}` or `{one.name}`, since both are named"
            yield Open(what, place, "role_names")
    by_name: dict[str, str] = {}
    for one in found.values():
        first = by_name.setdefault(one.name.lower(), one.id)
        if first == one.id:
            yield one
        else:
            what = f"how to part `{one.name}`, which is the {first} role and the {one.id} role; that gets a new one"
            yield Open(what, one.place, "role_names")


def _named(task: ReadTask) -> Iterator[tuple[str, Text, str | None, Place]]:
    for id, named, key, at in (
        ("execution", task.execution_named, task.execution, "executionRoleArn"),
        ("task", task.task_named, task.task, "taskRoleArn"),
    ):
        if named is not None:
            yield id, named, key, task.found.at((at,))
    for row, place, inside, _ in named_by(task):
        given = inside.get("roleArn")
        if isinstance(given, str | Text) and given:
            yield row.role, text(given), None, place
    for one, key in task.passing:
        role = runner(one.service)
        if role is not None and one.role is not None:
            yield role, one.role, key, one.place


def _existing(id: str, named: Text, read: ReadRole | None, place: Place, spelling: Spelling) -> Existing | None:
    if read is not None:
        name = spelling.of(read.role.name)
        return None if name is None else Existing(id, name, read.role.path, place, read)
    parts = named.split(":role", 1)
    literal = (parts[1] if len(parts) > 1 else Text.of("/", named)).literal
    if not literal or literal.endswith("/"):
        return None
    path, _, called = literal.rpartition("/")
    return Existing(id, called, f"{path}/", place)


def unshared(kept: Sequence[tuple[Member, Sequence[Existing]]]) -> Iterator[tuple[Member, Existing | Open]]:
    """The roles of all services without those that several have: each service gets one of its own."""
    users: dict[str, list[tuple[Member, Existing]]] = {}
    for member, roles in kept:
        for one in roles:
            users.setdefault(one.name.lower(), []).append((member, one))
    for member, roles in kept:
        for one in roles:
            others = [
                other.project
                for other, theirs in users[one.name.lower()]
                if (other, theirs.id) != (member, one.id)
                and (not member.account or not other.account or member.account == other.account)
            ]
            if others:
                shared = f"who keeps the role `{one.name}`, which {few(f'`{name}`' for name in others)} has too"
                yield member, Open(f"{shared}; each gets a new one", one.place, "role_names")
            else:
                yield member, one


def of_one_path(roles: Sequence[Existing]) -> Iterator[Existing | Open]:
    """The roles of the path that the first has: a config has one, and a role of another is made again."""
    for one in roles:
        if one.path == roles[0].path:
            yield one
        else:
            what = f"how to keep `{one.path}{one.name}`, since all roles have one path, here `{roles[0].path}`"
            yield Open(what, one.place, "role_names")


def boundary(roles: Sequence[Existing]) -> str | Open:
    """The boundary that all roles have which were read; empty, where none has one."""
    seen = [one for one in roles if one.read is not None]
    bounds = list(dict.fromkeys(_boundary(one) for one in seen))
    if len(bounds) > 1:
        what = f"whether all roles should have the boundary {listed(bound for bound in bounds if bound)}"
        return Open(what, seen[-1].place, "permissions_boundary_arn")
    return bounds[0] if bounds else ""


def _boundary(one: Existing) -> str:
    found = one.read.role.permissions_boundary if one.read else None
    return "" if found is None else found.literal or f"{found}"


# ---------------------------------------------------------------- policies


def policy_names(one: Existing, role: Role, spelling: Spelling) -> Iterator[tuple[str, str, Place]]:
    """The names of inline policies that stay: where one of theirs grants what one of ours does, and none other."""
    if one.read is None:
        return
    theirs = {id: policy for id, policy in one.read.role.policies.items() if not policy.managed}
    both = [
        (id, own)
        for id, policy in theirs.items()
        for own, ours in role.policies.items()
        if any(_grants(ours.document, action) for action in _actions(policy.document))
    ]
    for id, own in both:
        alone = [pair for pair in both if pair[0] == id or pair[1] == own] == [(id, own)]
        denies = any(statement.effect == "Deny" for statement in theirs[id].document.statements)
        if alone and not denies and not _besides(theirs[id].document, role):
            name = spelling.of(theirs[id].name)
            places = one.read.places.get(id, ())
            if name is not None:
                yield own, name, places[0] if places else one.read.place


def not_taken(one: Existing, role: Role) -> Iterator[str]:
    """What an existing role has beside what the config gives: the application's own, mostly. Each policy in words."""
    read = one.read
    if read is None:
        if one.id == "task":
            yield f"what the role `{one.name}` grants the application now, since it was not read"
        return
    found: Mapping[str, Policy] = policies(read)
    for id, document in found.items():
        places = read.places.get(id, ())
        at = told(evolve(places[0], path=())) if places else f"{read.place}"
        besides = _besides(document, role)
        if besides and (one.id == "task" or id in read.role.policies):  # AWS's for an execution role is for any task
            yield f"{few(f'`{action}`' for action in besides)} of `{id}` of the {one.id} role ({at})"
        if any(statement.effect == "Deny" for statement in document.statements):
            yield f"what `{id}` of the {one.id} role denies ({at})"
    let_in = _let_in(role.trust)
    if others := [who for who in _let_in(read.role.trust) if who not in let_in]:
        yield f"who else may assume the {one.id} role: {few(f'`{who}`' for who in others)} ({read.place})"
    for why in unread(read):
        yield f"what was not read of the {one.id} role: {why}"


def _let_in(trust: Policy) -> list[str]:
    """Whom a trust lets in, but for issuers of tokens: those are of the role that deploys."""
    found = [s for s in trust.statements if s.effect == "Allow" and s.principals is not None]
    everyone = ["all but a few"] if any(isinstance(s.principals, AllBut) for s in found) else []
    named = [p for s in found if isinstance(s.principals, Only) for p in s.principals.items]
    return everyone + [str(p) for p in named if p.type != "Federated"]


def _besides(policy: Policy, role: Role) -> list[str]:
    """The actions of a policy that a role of ours has on nothing."""
    ours = [own.document for own in role.policies.values()]
    return [action for action in _actions(policy) if not any(_grants(own, action) for own in ours)]


def _actions(policy: Policy) -> list[str]:
    found = [s for s in policy.statements if s.effect == "Allow"]
    return (
        list(
            dict.fromkeys(
                action.pattern for s in found if not isinstance(s.actions, AllBut) for action in s.actions.items
            )
        )
        + ["*" for s in found if isinstance(s.actions, AllBut)][:1]
    )


def _grants(policy: Policy, action: str) -> bool:
    return any(matches(own.lower(), action.lower()) for own in _actions(policy))
