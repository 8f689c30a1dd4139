"""From what readers found to roles with all their policies, and tasks with their roles."""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property, partial

from attrs import define, evolve, field

from ecsiam.looks.words import count
from ecsiam.model.policy import Policy
from ecsiam.model.principal import EVERYONE
from ecsiam.model.role import Role, RolePolicy
from ecsiam.model.statement import Statement
from ecsiam.model.text import ACCOUNT_ID, EMPTY, PARTITION, Text, text
from ecsiam.readers.documents import ReadDocument, read_document
from ecsiam.readers.found import (
    FoundAttachment,
    FoundInline,
    FoundJob,
    FoundManaged,
    FoundPassing,
    FoundProvider,
    FoundRole,
    FoundService,
    FoundTask,
    FoundTemplate,
    Gap,
    Place,
    Root,
    Value,
    as_map,
    symbol,
)
from ecsiam.readers.granted import granted
from ecsiam.readers.job_needs import read_job
from ecsiam.readers.naming import Index, T, is_address, keys_of, named_as
from ecsiam.readers.needs.services import assumed_by
from ecsiam.readers.reading import Fidelity, ReadBoundary, Reading, ReadJob, ReadRole, ReadTask, Unattached
from ecsiam.readers.task_shape import misshapen
from ecsiam.reference.managed import managed_policy

# What stands for a trust that could not be read: it lets nobody in, and the role has a gap.
_NO_TRUST = Policy([Statement("Deny", "*", principals=EVERYONE, as_is=True)], as_is=True)


@define(slots=False, eq=False)
class _Managed:
    """A managed policy: read once, for however many roles have it."""

    found: FoundManaged

    @cached_property
    def read(self) -> ReadDocument:
        return read_document(self.found.document, "identity", self.found.address)


# ---------------------------------------------------------------- roles


@define
class _Building:
    """A role that is being put together."""

    found: FoundRole
    root: Root
    key: str
    name: Text
    arn: Text
    policies: dict[str, RolePolicy] = field(factory=dict[str, RolePolicy])
    places: dict[str, tuple[Place, ...]] = field(factory=dict[str, tuple[Place, ...]])
    gaps: list[Gap] = field(factory=list[Gap])
    unclear: list[Gap] = field(factory=list[Gap])
    own: set[_Managed] = field(factory=set[_Managed])
    """The managed policies that it has, of those that are here."""
    bound: _Managed | None = None
    """Its permissions boundary, where that is here."""
    attached: dict[Text, None] = field(factory=dict[Text, None])
    unread: dict[Text, None] = field(factory=dict[Text, None])
    granted: dict[str, Policy] = field(factory=dict[str, Policy])
    fidelity: Fidelity = field(factory=Fidelity)

    def document(self, name: Text, read: ReadDocument, *, managed: bool = False) -> None:
        self.gaps += read.gaps
        self.unclear += read.unclear
        self.fidelity += read.fidelity
        if read.policy is None:
            return
        id = str(name)
        while id in self.policies:
            id += "'"
        self.policies[id] = RolePolicy(id, name, read.policy, managed=managed)
        self.places[id] = tuple(read.places)

    def attach(self, arn: Text, managed: Index[_Managed]) -> list[_Managed]:
        """Attach a policy; those of the root that the ARN names are returned."""
        there = managed.of(arn)
        if there:
            if there[0] not in self.own:
                self.own.add(there[0])
                self.document(there[0].found.name, there[0].read, managed=True)
        elif _is_aws(arn):
            self.attached[_of_aws(arn)] = None
        else:
            self.unread[arn] = None
        return there

    def bounded(self) -> ReadBoundary | None:
        """Its boundary, where all of that is understood."""
        read = self.bound.read if self.bound is not None else None
        if self.bound is None or read is None or read.gaps or read.policy is None:
            return self._bounded_by_aws()
        place = self.bound.found.document.place
        return ReadBoundary(read.policy, place, tuple(read.places), whole=not read.unclear)

    def role(self) -> ReadRole:
        trust: Policy = _NO_TRUST
        places: tuple[Place, ...] = ()
        if self.found.trust is None:
            self.gaps.append(Gap(self.found.place, "its trust policy is not here"))
        else:
            read = read_document(self.found.trust, "trust", self.found.address)
            self.gaps += read.gaps
            self.unclear += read.unclear
            self.fidelity += read.fidelity
            trust, places = read.policy or _NO_TRUST, tuple(read.places)
        role = Role(
            id=self.key,
            name=self.name,
            trust=trust,
            policies=self.policies,
            managed_policy_arns=tuple(self.attached),
            path=self.found.path,
            permissions_boundary=self.found.boundary,
            max_session_duration=self.found.max_session_duration,
            tags=self.found.tags,
            as_is=True,
        )
        return ReadRole(
            key=self.key,
            root=self.root.name,
            address=self.found.address,
            role=role,
            arn=self.arn,
            place=self.found.place,
            places={**self.places, "trust": places},
            gaps=tuple(dict.fromkeys(self.gaps)),
            unclear=tuple(dict.fromkeys(self.unclear)),
            unread=tuple(self.unread),
            fidelity=self.fidelity,
            kind=self.root.kind,
            boundary=self.bounded(),
        )

    def _bounded_by_aws(self) -> ReadBoundary | None:
        """A boundary that is a policy of AWS's."""
        named = self.found.boundary
        known = managed_policy(str(_of_aws(named))) if named is not None and _is_aws(named) else None
        return None if known is None else ReadBoundary(known.document)


def _is_aws(arn: Text) -> bool:
    return arn.holds(":iam::aws:policy/")


def _of_aws(arn: Text) -> Text:
    """The ARN of one of AWS's policies in the partition of those that we carry."""
    return Text.of("arn:aws:iam::aws:policy/", str(arn).partition(":policy/")[2])


def role_arn(found: FoundRole, name: Text) -> Text:
    """The ARN of a role: as a file says it, or from path and name."""
    return found.arn or Text.of("arn:", PARTITION, ":iam::", ACCOUNT_ID, f":role{found.path}", name)


def _building(root: Root, found: FoundRole) -> _Building:
    name = found.name or text(symbol(found.address, "name"))
    made = _Building(found, root, f"{root.name}:{found.address}", name, role_arn(found, name))
    made.gaps += found.gaps
    for own, document in found.inline:
        made.document(own, read_document(document, "identity", found.address))
    return made


def _index(roles: Iterable[_Building]) -> Index[_Building]:
    return Index((role, role.found.address, role.arn, role.name) for role in roles)


def _index_of(managed: Iterable[_Managed]) -> Index[_Managed]:
    return Index((one, one.found.address, one.found.arn, one.found.name) for one in managed)


@define
class _Loose:
    """What a root gives to a role that it does not have."""

    root: Root
    found: FoundInline | FoundManaged | FoundAttachment
    named: Text

    def unattached(self) -> Unattached:
        one = self.found
        place, name = (one.place, one.policy) if isinstance(one, FoundAttachment) else (one.document.place, one.name)
        return Unattached(evolve(place, address=one.address), one.address, name, self.named)


def _give(role: _Building, found: FoundInline | FoundManaged | FoundAttachment, managed: Index[_Managed]) -> None:
    """Give a role a policy that names it."""
    if isinstance(found, FoundInline):
        role.document(found.name, read_document(found.document, "identity", found.address))
    else:
        role.attach(_policy_of(found), managed)


def _policy_of(found: FoundManaged | FoundAttachment) -> Text:
    return found.policy if isinstance(found, FoundAttachment) else found.arn


def _roles(root: Root, loose: list[_Loose], every: list[_Managed], unused: list[_Managed]) -> list[_Building]:
    """The roles of a root with what the root gives them.

    What is for a role that isn't in it goes to `loose`, its managed policies to `every`, and those that nothing in it
    has to `unused`.
    """
    roles = [_building(root, found) for found in root.found if isinstance(found, FoundRole)]
    all_managed = [_Managed(found) for found in root.found if isinstance(found, FoundManaged)]
    managed = _index_of(all_managed)
    named_roles = _index(roles)
    wanted: set[str] = set()
    for role in roles:
        bounding = managed.of(role.found.boundary or EMPTY)
        wanted.update(one.found.address for one in bounding)
        role.bound = bounding[0] if len(bounding) == 1 else None
        for arn in role.found.managed:
            wanted.update(one.found.address for one in role.attach(arn, managed))
    for found in root.found:
        if not isinstance(found, FoundInline | FoundManaged | FoundAttachment):
            continue
        for named in found.roles:
            there = named_roles.of(named)
            for role in there:
                _give(role, found, managed)
            if not there:
                loose.append(_Loose(root, found, named))
        if isinstance(found, FoundAttachment) or (isinstance(found, FoundManaged) and found.roles):
            wanted.update(one.found.address for one in managed.of(_policy_of(found)))
    every += all_managed
    unused += (one for one in all_managed if one.found.address not in wanted)
    return roles


def _elsewhere(things: Index[T], named: Text) -> list[T]:
    """What a text names in any root: a symbol means something in its own alone."""
    return [] if len(named.parts) == 1 and named.literal is None else things.of(named)


def _of_others(there: Iterable[_Building], root: Root) -> list[_Building]:
    """Of the roles that a text of a root names, those of others: that hand something to it, else with a known name."""
    others = [role for role in there if role.root is not root]
    return [role for role in others if role.root.name in root.imports] or [r for r in others if r.name.literal]


def _across(
    built: list[_Building], loose: list[_Loose], every: list[_Managed], unused: list[_Managed]
) -> Iterator[Unattached]:
    """Put together what one root has and another names, where it is only one; the rest is attached to nothing here."""
    roles = _index(built)
    managed, all_managed = _index_of(unused), _index_of(every)
    used: set[_Managed] = set()
    for one in loose:
        there = _of_others((roles.of if one.root.imports else partial(_elsewhere, roles))(one.named), one.root)
        if len(there) == 1:
            _give(there[0], one.found, managed)
        else:
            yield one.unattached()
    for role in built:
        bounding = _elsewhere(all_managed, role.found.boundary) if role.found.boundary and role.bound is None else []
        used.update(bounding)
        role.bound = bounding[0] if len(bounding) == 1 else role.bound
        for arn in tuple(role.unread):
            policies = _elsewhere(managed, arn)
            used.update(policies)
            if len(policies) == 1:
                del role.unread[arn]
                role.attach(arn, managed)
    for policy in unused:
        if policy not in used and not any(policy in role.own for role in built):
            yield Unattached(policy.found.document.place, policy.found.address, policy.found.name)


# ---------------------------------------------------------------- all together


def assemble(roots: Iterable[Root], path: str) -> Reading:
    """Everything that was found at a path, put together. Within a root first, then across: a task may stand alone."""
    all_ = list(roots)
    loose: list[_Loose] = []
    every: list[_Managed] = []
    unused: list[_Managed] = []
    built: list[_Building] = []
    for root in all_:
        built += _roles(root, loose, every, unused)
    unattached = tuple(_across(built, loose, every, unused))
    index = _index(built)
    users = _Users(all_)
    tasks = [_task(root, task, index, users) for root in all_ for task in root.found if isinstance(task, FoundTask)]
    everyone, single = granted(all_, index)
    for building, called, policy in single:
        building.granted[called] = policy
    roles = [evolve(one.role(), granted={**everyone, **one.granted}) for one in built]
    return Reading(
        path=path,
        roles={role.key: role for role in roles},
        tasks=tuple(tasks),
        jobs=tuple(_jobs(all_, index, tasks)),
        templates=tuple(one for root in all_ for one in root.found if isinstance(one, FoundTemplate)),
        providers=tuple(one for root in all_ for one in root.found if isinstance(one, FoundProvider)),
        unattached=unattached,
        gaps=(*(gap for root in all_ for gap in root.gaps), *(gap for one in tasks for gap in misshapen(one.found))),
        files=tuple(dict.fromkeys(file for root in all_ for file in root.files)),
        keys_by_root={root.name: root.keys for root in all_},
        arns_by_root={root.name: root.arns for root in all_},
        moved=tuple((root.name, *ends) for root in all_ for ends in root.moved),
    )


def _task(root: Root, task: FoundTask, roles: Index[_Building], users: "_Users") -> ReadTask:
    value = as_map(task.value)
    named = {key: _named(value.get(key), task, key) for key in ("executionRoleArn", "taskRoleArn")}
    using = users.of(root, task)
    services = tuple(one for one in using if isinstance(one, FoundService))
    assumed = [one for service in services for one in assumed_by(service)]
    return ReadTask(
        root=root.name,
        found=task,
        execution=_role_of(named["executionRoleArn"], root, roles),
        task=_role_of(named["taskRoleArn"], root, roles),
        execution_named=named["executionRoleArn"],
        task_named=named["taskRoleArn"],
        services=services,
        passing=tuple((one, _role_of(one.role, root, roles)) for one in using if isinstance(one, FoundPassing)),
        assumed=tuple((one, _role_of(one.role, root, roles)) for one in assumed),
    )


def _jobs(roots: Iterable[Root], roles: Index[_Building], tasks: list[ReadTask]) -> Iterator[ReadJob]:
    for root in roots:

        def role(named: Text, root: Root = root) -> str | None:
            return _role_of(named, root, roles)

        yield from (read_job(root, job, role, tasks) for job in root.found if isinstance(job, FoundJob))


def _named(value: Value, task: FoundTask, key: str) -> Text | None:
    """What a task definition says that its role is; a symbol where that was not understood, since it says something."""
    if isinstance(value, str | Text):
        return text(value) if value else None
    return None if value is None else text(symbol(task.address, key))


def _role_of(named: Text | None, root: Root, roles: Index[_Building]) -> str | None:
    """The role that a text names: of its own root, or the only one of others."""
    if named is None:
        return None
    there = roles.of(named)
    own = [role for role in there if role.root is root]
    if own:
        return own[0].key
    others = _of_others(there, root)
    return others[0].key if len(others) == 1 else None


class _Users:
    """Services, rules and schedules by the task definition that they name: an account has thousands of each."""

    def __init__(self, roots: Iterable[Root]) -> None:
        self.by: dict[str, list[tuple[Root, FoundService | FoundPassing]]] = {}
        self.tasks: Counter[str] = Counter()  # how many roots call one so
        for root in roots:
            for one in root.found:
                if isinstance(one, FoundService | FoundPassing) and one.task is not None:
                    for key in dict.fromkeys(named_as(one.task)):
                        self.by.setdefault(key, []).append((root, one))
                elif isinstance(one, FoundTask):
                    self.tasks[one.address] += 1

    def of(self, root: Root, task: FoundTask) -> list[FoundService | FoundPassing]:
        """What runs a task definition: of the root itself first, then of the others.

        An address means something in its own root. Others hand it on where it is only one's.
        """
        everywhere = self.tasks[task.address] == 1
        there = {
            id(one): (of, one)
            for key in sorted(keys_of(task))
            for of, one in self.by.get(key, ())
            if of is root or everywhere or not is_address(key)
        }.values()
        return [one for of, one in there if of is root] + [one for of, one in there if of is not root]


def summary(reading: Reading) -> str:
    """What was read, in a line."""
    parts = [count(len(reading.roles), "role"), count(len(reading.tasks), "task definition")]
    return f"{', '.join(parts)}; {reading.fidelity}"
