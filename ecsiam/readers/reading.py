"""What was read of a repository, a template or a dump: roles with their places, tasks, and what was not understood."""

from collections import Counter
from collections.abc import Mapping
from itertools import islice
from typing import TypeVar

from attrs import evolve, field, frozen

from ecsiam.errors import MOST_FAULTS, TOO_MANY, Fault, ReadError
from ecsiam.looks.shown import Shown
from ecsiam.looks.words import count, listed
from ecsiam.model.deployment import Deployment
from ecsiam.model.home import Home
from ecsiam.model.policy import Policy
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.model.text import ACCOUNT_ID, EMPTY, PARTITION, Ref, Text, text
from ecsiam.readers.found import (
    FoundJob,
    FoundLogin,
    FoundPassing,
    FoundProvider,
    FoundService,
    FoundTask,
    FoundTemplate,
    FoundUse,
    Gap,
    Place,
    as_map,
)
from ecsiam.readers.needs.services import Assumed

T = TypeVar("T")
V = TypeVar("V")


@frozen
class Fidelity:
    """How much was read whole: documents and statements, of how many there are."""

    documents: int = 0
    of_documents: int = 0
    statements: int = 0
    of_statements: int = 0

    def __add__(self, other: "Fidelity") -> "Fidelity":
        return Fidelity(
            self.documents + other.documents,
            self.of_documents + other.of_documents,
            self.statements + other.statements,
            self.of_statements + other.of_statements,
        )

    def __str__(self) -> str:
        return (
            f"{self.documents} of {count(self.of_documents, 'document')} and {self.statements} of "
            f"{count(self.of_statements, 'statement')} read whole"
        )


@frozen
class ReadRole:
    """A role as it was read. `key` is the root's name and the address in it, `infra:aws_iam_role.task`.

    `places` has, for each policy of the role by its id (and `trust`), the place of each statement. What was not
    understood is in `gaps`: something of the role is missing. `unclear` are parts for which a symbol stands, so that
    the rest of the statement counts. `unread` are attached policies that no file has.
    """

    key: str
    root: str
    address: str
    role: Role
    arn: Text
    place: Place
    places: dict[str, tuple[Place, ...]] = field(eq=False, hash=False)
    gaps: tuple[Gap, ...] = ()
    unclear: tuple[Gap, ...] = ()
    unread: tuple[Text, ...] = ()
    fidelity: Fidelity = field(factory=Fidelity)
    kind: str = ""
    """What its root is, in words."""
    boundary: "ReadBoundary | None" = None
    """Its permissions boundary, where that is in sight."""
    granted: Mapping[str, Policy] = field(factory=dict[str, Policy], eq=False, hash=False)
    """What the policies of resources in sight allow it, so that no policy of its own has to."""

    @property
    def name(self) -> str:
        """What people call it: its name, or where that isn't known what its file calls it."""
        return self.role.name.literal or self.address

    @property
    def bounded(self) -> Policy | None:
        """What its boundary says, where that was read whole; of one of AWS's that is known otherwise."""
        of = self.boundary
        return of.policy if of is not None and of.whole and of.place is not None else None

    @property
    def home(self) -> tuple[Text, Text]:
        """The partition and the account that its ARN names; those of the deployment where it is none."""
        parts = self.arn.split(":", 5)
        return (parts[1], parts[4]) if len(parts) == 6 else (text(PARTITION), text(ACCOUNT_ID))

    def as_known(self, id: str) -> Role:
        """The role with a policy that nobody has read for each part of it that is missing: so answers stay open."""
        missing = (*self.unread, *(text(f"what stands at {gap.place}") for gap in self.gaps))
        return evolve(self.role, id=id, managed_policy_arns=(*self.role.managed_policy_arns, *missing))

    @property
    def whole(self) -> bool:
        """Whether nothing of it is missing."""
        return not (self.gaps or self.unclear or self.unread)


@frozen
class ReadBoundary:
    """The policy that a role has as its permissions boundary; `place` is None of one of AWS's."""

    policy: Policy
    place: Place | None = None
    places: tuple[Place, ...] = ()
    whole: bool = True


@frozen
class ReadTask:
    """A task definition with its two roles, as far as they were found: by key of `Reading.roles`.

    `execution_named`, `task_named` is what the definition says, None where it names none.
    """

    root: str
    found: FoundTask
    execution: str | None
    task: str | None
    execution_named: Text | None = None
    task_named: Text | None = None
    services: tuple[FoundService, ...] = ()
    passing: tuple[tuple[FoundPassing, str | None], ...] = ()
    """The rules and schedules that run it, each with its role."""
    assumed: tuple[tuple[Assumed, str | None], ...] = ()
    """The roles that ECS assumes for its services."""

    @property
    def family(self) -> str:
        """Its family, as it is written."""
        return str(as_map(self.found.value).get("family", self.found.address))


@frozen
class ReadUse:
    """What a step does as a role, with the task definitions that it is about, as far as these are in sight."""

    found: FoundUse
    tasks: tuple[ReadTask, ...] = ()


@frozen
class ReadLogin:
    """A step that gets a role's credentials: each role that it may name, with its key where the role is in sight."""

    found: FoundLogin
    roles: tuple[tuple[Text, str | None], ...]
    uses: tuple[ReadUse, ...] = ()
    by: tuple[tuple[Text, str | None], ...] = ()
    """The same of the roles that assume it in a chain."""


@frozen
class ReadJob:
    """A job of a workflow, with its logins."""

    root: str
    found: FoundJob
    logins: tuple[ReadLogin, ...] = ()


@frozen
class Unattached:
    """A policy that no role has; with `role`, one for a role that is not in sight."""

    place: Place
    address: str
    name: Text
    role: Text | None = None


@frozen(repr=False)
class Reading(Shown):
    """What stands at a path. `roles` by key, in the order of the files."""

    path: str
    roles: dict[str, ReadRole] = field(eq=False, hash=False)
    tasks: tuple[ReadTask, ...] = ()
    jobs: tuple[ReadJob, ...] = ()
    """The jobs of workflows that get credentials."""
    templates: tuple[FoundTemplate, ...] = ()
    providers: tuple[FoundProvider, ...] = ()
    """Of which claims GitHub makes the subjects of tokens."""
    unattached: tuple[Unattached, ...] = ()
    gaps: tuple[Gap, ...] = ()
    files: tuple[str, ...] = ()
    keys_by_root: dict[str, dict[str, Text | None]] = field(
        factory=dict[str, dict[str, Text | None]], eq=False, hash=False
    )
    arns_by_root: dict[str, dict[Ref, Text]] = field(factory=dict[str, dict[Ref, Text]], eq=False, hash=False)
    moved: tuple[tuple[str, str, str], ...] = ()
    """What has another address now: the root, and the two of `Root.moved`."""

    def keys(self, root: str) -> dict[str, Text]:
        """The customer key of what a symbol's address names, as `Root.keys`, as it is meant in a root."""
        found = _seen_from(root, self.keys_by_root)
        return {address: key for address, key in found.items() if key is not None}

    def arns(self, root: str) -> dict[Ref, Text]:
        """The ARNs that attributes stand for, as `Root.arns`, as they are meant in a root."""
        return _seen_from(root, self.arns_by_root)

    @property
    def fidelity(self) -> Fidelity:
        """How much of all roles was read whole."""
        total = Fidelity()
        for one in self.roles.values():
            total += one.fidelity
        return total

    @property
    def boundaries(self) -> dict[str, Policy | None]:
        """What boundaries say, by what roles call them; None where that wasn't read, or a name means two things."""
        found: dict[str, Policy | None] = {}
        for one in self.roles.values():
            name = str(one.role.permissions_boundary)
            found[name] = one.bounded if found.setdefault(name, one.bounded) == one.bounded else None
        return found

    def nothing(self, what: str) -> ReadError:
        """Why there is nothing to be asked about: what was not understood, or that there is no `what`."""
        remedy = "Name the folder of a Terraform root, a template, a task definition or a dump of IAM."
        found = dict.fromkeys(Fault(gap.why, file=gap.place.file, line=gap.place.line) for gap in self.gaps)
        faults = [*islice(found, MOST_FAULTS), *([TOO_MANY] if len(found) > MOST_FAULTS else [])]
        return ReadError(*(faults or [Fault(f"`{self.path}` has {what}", (), remedy)]))

    def stack(self, task: str | None = None) -> Stack:
        """The roles as a stack: those of a task definition, by its family, as `execution` and `task`; or all.

        Of all, each has its name as its id, or where that isn't known what its file calls it. Raises ReadError for a
        task definition that isn't there, or several.
        """
        if task is None:
            return stack_of(self.by_id())
        found = [one for one in self.tasks if task in (one.found.address, one.family)]
        if len(found) != 1:
            there = f"There are {listed(one.family for one in self.tasks)}." if self.tasks else ""
            raise ReadError(Fault(f"there is not one task definition `{task}`", (), there))
        (one,) = found
        keys = {id: key for id, key in (("execution", one.execution), ("task", one.task)) if key is not None}
        return stack_of({id: self.roles[key] for id, key in keys.items()})

    def called(self, role: str) -> dict[str, ReadRole]:
        """The roles that a name, address or key may mean, by key; else the end of an address, in a module or stack."""
        if role in self.roles:
            return {role: self.roles[role]}
        found = {key: one for key, one in self.roles.items() if role in (one.name, one.address)}
        return found or {key: one for key, one in self.roles.items() if one.address.endswith(f".{role}")}

    def which(self, role: str) -> Fault:
        """The fault that a name means several roles, with what to write for each."""
        there = self.called(role)
        remedy = f"Name one: {listed(f'{self.path}#{key}' for key in there)}."
        return Fault(f"{count(len(there), 'role')} are called `{role}`", (), remedy)

    def by_id(self) -> dict[str, ReadRole]:
        """The roles by what people call them; those of one name by their keys."""
        names = Counter(one.name for one in self.roles.values())
        return {one.name if names[one.name] == 1 else key: one for key, one in self.roles.items()}

    def __add__(self, other: "Reading") -> "Reading":
        return evolve(
            self,
            roles=self.roles | other.roles,
            tasks=self.tasks + other.tasks,
            jobs=self.jobs + other.jobs,
            templates=self.templates + other.templates,
            providers=self.providers + other.providers,
            unattached=self.unattached + other.unattached,
            gaps=self.gaps + other.gaps,
            files=self.files + other.files,
            keys_by_root={**self.keys_by_root, **other.keys_by_root},
            arns_by_root={**self.arns_by_root, **other.arns_by_root},
            moved=self.moved + other.moved,
        )

    def _says(self) -> str:
        return f"{self.path}: {count(len(self.roles), 'role')}, {count(len(self.tasks), 'task definition')}"


def stack_of(roles: Mapping[str, ReadRole]) -> Stack:
    """Roles that were read as a stack, by what they are called in it. They are at home where their ARNs say."""
    homes = {tuple(one.arn.split(":", 5)[1:5:3]) for one in roles.values()}
    partition, account = homes.pop() if len(homes) == 1 else (EMPTY, EMPTY)
    known = partition.literal and account.literal
    deployment = Deployment(Home(account_id=account, partition=partition)) if known else Deployment()
    return Stack([one.as_known(id) for id, one in roles.items()], deployment=deployment, as_is=True)


def _seen_from(root: str, by_root: Mapping[str, Mapping[T, V]]) -> dict[T, V]:
    """What a root has, and what others hand to it: two of them may call different things the same, and then neither."""
    found: dict[T, V] = {}
    unclear: set[T] = set()
    for one in by_root.values():
        for key, value in one.items():
            if found.setdefault(key, value) != value:
                unclear.add(key)
    return {key: value for key, value in found.items() if key not in unclear} | dict(by_root.get(root, {}))
