"""What a PATH is: configs, whose stacks are asked, or an IAM policy document."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from ecsiam.builder import build
from ecsiam.cli.chosen import bound, chosen_of
from ecsiam.cli.streams import say
from ecsiam.config.many import ConfigFile, Named
from ecsiam.config.sections import has_sections
from ecsiam.errors import ConfigError, Fault, PolicyError, ReadError, refuse
from ecsiam.keys.source import Source, read_source
from ecsiam.looks.words import listed
from ecsiam.model.document import policy_from_data, read_literal
from ecsiam.model.policy import Policy
from ecsiam.model.stack import Stack
from ecsiam.readers.found import Place
from ecsiam.readers.given import Given as Told

if TYPE_CHECKING:
    from ecsiam.findings.finding import Finding
    from ecsiam.readers.found import Gap
    from ecsiam.readers.reading import Reading, ReadRole

# What the AWS CLI wraps a document in, and the option that takes it out.
WRAPPED = {
    "Policy": "--query Policy --output text",
    "PolicyDocument": "--query PolicyDocument",
    "PolicyVersion": "--query PolicyVersion.Document",
    "Role": "--query Role.AssumeRolePolicyDocument",
}


@frozen
class Given:
    """What was given, by the name that messages have for it; `of` is the SERVICE/ENVIRONMENT, in a file of several."""

    name: str
    what: Stack | Policy
    of: str = ""
    intended: bool = True
    """Whether a config made it, which says what was meant; not of roles that were read."""
    whole: bool = True
    """Whether it is all of it, and not a role that was named."""

    @property
    def title(self) -> str:
        """What messages call it."""
        return f"{self.of} of {self.name}" if self.of else self.name

    @property
    def kind(self) -> str:
        """What it is, for a sentence."""
        if isinstance(self.what, Stack):
            return "a config" if self.intended else "roles that were read"
        return f"{'an' if self.what.kind == 'identity' else 'a'} {self.what.kind} policy"

    @property
    def open(self) -> tuple[str, ...]:
        """The names that `--set` takes."""
        return self.what.deployment.open if isinstance(self.what, Stack) else ()


Choice = tuple[Sequence[str] | None, Sequence[str] | None]
"""The services and the environments that were named."""

Places = Mapping[tuple[str, str], tuple[Place, ...]]
"""Where each statement stands, by role and policy (`trust` for its trust policy); of a document both are empty."""


@frozen
class Givens:
    """All that was given: a document, roles that were read, or the chosen configs of a file, each built in its turn."""

    name: str
    what: ConfigFile | Policy | Stack
    role: str = ""
    """The role that was named, as `PATH#ROLE`; all of them without."""
    places: Places = field(factory=dict[tuple[str, str], tuple[Place, ...]])
    reading: "Reading | None" = None
    """What was read, where roles were: all of it, whichever role was named."""
    unmet: "tuple[Finding, ...]" = ()
    """What of it needs something that it is not given, where that was asked."""
    at: str = ""
    """What its places have after them: the revision that they are of."""

    @property
    def several(self) -> bool:
        """Whether answers say whose they are."""
        return isinstance(self.what, ConfigFile) and self.what.several

    def __iter__(self) -> Iterator[Given]:
        yield from (one for one in self.every() if isinstance(one.what, Policy) or one.what.roles or not self.role)

    def every(self) -> Iterator[Given]:
        """Each of them, also those that lack the role that was named."""
        if isinstance(self.what, Policy | Stack):
            yield Given(self.name, self.what, intended=False)
        else:
            for one in self.what.configs:
                yield Given(self.name, self.stack(one), one.name if self.what.several else "", whole=not self.role)

    def stack(self, one: Named) -> Stack:
        """What a config builds; where a role was named, as much of that as is the role's."""
        stack = build(one.config)
        if not self.role:
            return stack
        return evolve(stack, roles=[role for role in stack.roles.values() if role.id == self.role], outputs=())

    @property
    def by_name(self) -> dict[str, Named]:
        """The configs by what they are called."""
        return {one.name: one for one in self.what.configs} if isinstance(self.what, ConfigFile) else {}

    @property
    def names(self) -> tuple[str, ...]:
        """What the configs are called; a document is by itself."""
        return (*self.by_name,) if isinstance(self.what, ConfigFile) else (self.name,)

    def lacking(self) -> list[Fault]:
        """The fault that no config has the role that was named."""
        every = evolve(self, name=self.name.partition("#")[0], role="")
        return [fault for given in every.having(self.role) for fault in role_faults(given, self.role)]

    def named(self, role: str) -> "Givens":
        """The one role of what was read that a name means. Raises PolicyError for none, ReadError for several."""
        reading, what = self.reading, self.what
        if reading is None or not isinstance(what, Stack):
            return self
        there = reading.called(role)
        if not there:
            raise PolicyError(Fault(f"`{self.name}` has no role `{role}`", (), f"There are {listed(what.roles)}."))
        if len(there) > 1:
            raise ReadError(reading.which(role))
        (one,) = there.values()
        return self.only(one, role)

    def only(self, one: "ReadRole | None", called: str) -> "Givens":
        """No more than one role of what was read, with what of it is unmet; or none. `called` is how it was named."""
        from ecsiam.readers.reading import stack_of

        by_id = self.reading.by_id() if self.reading is not None else {}
        mine = {id: there for id, there in by_id.items() if one is not None and there.key == one.key}
        return evolve(
            self,
            name=f"{self.name.removesuffix(self.at)}#{called}{self.at}",
            what=stack_of(mine),
            role=called,
            places={(id, policy): at for id, there in mine.items() for policy, at in there.places.items()},
            unmet=tuple(finding for finding in self.unmet if one is not None and finding.role == one.key),
        )

    @property
    def hiding(self) -> "tuple[Gap, ...]":
        """What of it was not read, where roles may be; none where one was named."""
        return () if self.reading is None or self.role else tuple(gap for gap in self.reading.gaps if gap.of_all)

    @property
    def sole(self) -> str | None:
        """What the one role that was named is called among those that are asked."""
        found = next(iter(self), None) if self.role else None
        return next(iter(found.what.roles), None) if found is not None and isinstance(found.what, Stack) else None

    def having(self, role: str | None) -> Iterator[Given]:
        """Those that have a role: of several configs not all may have it. Raises PolicyError where none has."""
        found = False
        there: dict[str, None] = {}
        for given in self:
            if not self.several or role is None or not role_faults(given, role):
                found = True
                yield given
            elif isinstance(given.what, Stack):
                there |= dict.fromkeys(given.what.roles)
        if not found:
            raise PolicyError(
                Fault(f"no config of `{self.name}` has a role `{role}`", (), f"There are {listed(there)}.")
            )


def read(path: str, told: Told, choice: Choice = (None, None)) -> Givens:
    """What stands at a path, with the values that it leaves open. Raises EcsiamError with every fault."""
    found = take(path, choice, told)
    if found.reading is not None and not found.reading.roles:
        raise found.reading.nothing("no role")
    refuse(ReadError, list(told.idle_files()))
    for gap in found.hiding:
        say(f"note: not asked about: {gap}")
    return with_values(found, told.untaken)


def take(path: str, choice: Choice, told: Told, root: Path | None = None) -> Givens:
    """What stands at a path, in a folder maybe no role; of what was read nothing is outside of `root`.

    `told` are values for the variables of what was read. Raises EcsiamError with every fault.
    """
    found = whole(path, choice, told, root)
    if role := role_named(path):
        if found.reading is not None:
            return found.named(role)
        refuse(PolicyError, found.lacking())
    return found


def role_named(path: str) -> str:
    """The role that a path names, or nothing."""
    return "" if Path(path).is_dir() else path.partition("#")[2]


def whole(path: str, choice: Choice, told: Told, root: Path | None = None) -> Givens:
    """The same where a role that is named need not be there: of what was read all roles, of a config what it has."""
    if Path(path).is_dir():
        return _roles(path, root, told)
    place, _, role = path.partition("#")
    if role:
        config = _config(place)
        return _roles(place, root, told) if config is None else _role_of(config, role, choice)
    try:
        source = read_source(path)
    except ConfigError:
        if found := _of_others(path, root, told):
            return found
        raise
    if not _is_document(source):
        found = None if _is_config(source) else _of_others(path, root, told)
        return found or Givens(source.name, chosen_of(source, *choice))
    if any(choice):
        remedy = "Leave `--service` and `--environment` out."
        raise ConfigError(Fault(f"`{source.name}` is an IAM document, and has no services", (), remedy))
    policy = _policy(source)
    lines = (source.line(("Statement", i)) for i in range(len(policy.statements)))
    places = tuple(Place(source.name, line, ("Statement", i)) for i, line in enumerate(lines))
    return Givens(source.name, policy, places={("", ""): places})


def _of_others(path: str, root: Path | None, told: Told) -> Givens | None:
    """The roles of a file that is no config, if it has some: a template, a dump."""
    if not Path(path).is_file():
        return None
    try:
        found = _roles(path, root, told)
    except ReadError:
        return None
    return found if found.reading and found.reading.roles else None


def _config(path: str) -> Source | None:
    """The file at a path, where it is a config; what people have besides is for the readers."""
    try:
        source = read_source(path)
    except ConfigError:
        return None
    return source if _is_config(source) else None


def _is_config(source: Source) -> bool:
    return "project_name" in source.data or has_sections(source.data)


def _role_of(config: Source, named: str, choice: Choice) -> Givens:
    """A role of a config, ROLE; in a file of several also SERVICE/ENVIRONMENT/ROLE."""
    *owner, role = named.rsplit("/", 2)
    services, environments = ([owner[0]], [owner[1]]) if len(owner) == 2 else choice
    file = chosen_of(config, services, environments)
    return Givens(f"{file.name}#{named}", file, role)


def nothing_at(path: str) -> Givens:
    """What stands where nothing does."""
    from ecsiam.readers.reading import Reading

    return Givens(path, Stack([], as_is=True), reading=Reading(path, {}))


def _roles(path: str, root: Path | None, told: Told) -> Givens:
    """The roles of what people have. Raises ReadError where nothing can be read."""
    from ecsiam.readers.reader import read as read_roles

    reading = read_roles(path, root=root, values=told)
    if not reading.roles and reading.gaps:
        raise reading.nothing("no role")
    places = {(id, policy): at for id, one in reading.by_id().items() for policy, at in one.places.items()}
    return Givens(path, reading.stack(), places=places, reading=reading)


def document(path: str) -> tuple[Source, Policy]:
    """The IAM policy document at a path, and where what stands in it. Raises EcsiamError with every fault."""
    source = read_source(path)
    if _is_document(source):
        return source, _policy(source)
    raise PolicyError(Fault("it is no IAM policy document", (), "A policy has a `Statement`.", source.name))


def _is_document(source: Source) -> bool:
    if {"Statement", "Version"} & source.data.keys():
        return True
    wrapped = next((key for key in WRAPPED if key in source.data), None)
    if wrapped and "project_name" not in source.data:
        message = f"the document is wrapped in `{wrapped}`, as the AWS CLI prints it"
        raise PolicyError(Fault(message, (), f"Add `{WRAPPED[wrapped]}` to the command.", source.name))
    return False


def _policy(source: Source) -> Policy:
    try:
        return policy_from_data(source.data, read_literal)
    except PolicyError as e:
        raise PolicyError(*(evolve(f, file=source.name, line=source.line(f.path)) for f in e.faults)) from None


def with_values(given: Givens, values: Mapping[str, str]) -> Givens:
    """The same with `values` bound. Raises ConfigError for a document, which leaves nothing open."""
    if not values:
        return given
    if isinstance(given.what, ConfigFile):
        return evolve(given, what=bound(given.what, values))
    if isinstance(given.what, Stack):
        return evolve(given, what=given.what.bind(values))
    fault = Fault(f"`{given.name}` is an IAM document, which leaves nothing to `--set`", (), "Leave `--set` out.")
    raise ConfigError(fault)


def role_faults(given: Given, id: str | None) -> list[Fault]:
    """What is wrong with a role that was named, or not."""
    if isinstance(given.what, Policy):
        fault = Fault(f"`{given.name}` is an IAM document and has no roles", (), "Leave the role out.")
        return [] if id is None else [fault]
    there = f"There are {listed(given.what.roles)}."
    if id is None:
        return [Fault("no role is named", (), f"Name one with `--role`. {there}")]
    return [] if id in given.what.roles else [Fault(f"`{given.title}` has no role `{id}`", (), there)]
