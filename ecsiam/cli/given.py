"""What a PATH is: configs, whose stacks are asked, or an IAM policy document."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from ecsiam.analysis.grants import OF_TRUST
from ecsiam.analysis.matching import matches_resource
from ecsiam.analysis.questions import trust_of
from ecsiam.analysis.requests import Requests
from ecsiam.builder import build
from ecsiam.cli.chosen import bound, chosen_of
from ecsiam.config.many import ConfigFile, Named
from ecsiam.config.sections import has_sections
from ecsiam.errors import ConfigError, Fault, PolicyError, ReadError, refuse
from ecsiam.keys.source import Source, read_source
from ecsiam.looks.words import listed
from ecsiam.model.document import policy_from_data, read_literal
from ecsiam.model.globs import matches
from ecsiam.model.policy import Policy
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.readers.found import Place

if TYPE_CHECKING:
    from ecsiam.findings.finding import Finding
    from ecsiam.readers.found import Given as Told
    from ecsiam.readers.reading import Reading

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
    """The role of the configs that was named, as `CONFIG#ROLE`; all of them without."""
    places: Places = field(factory=dict[tuple[str, str], tuple[Place, ...]])
    reading: "Reading | None" = None
    """What was read, where roles were."""
    unmet: "tuple[Finding, ...]" = ()
    """What of it needs something that it is not given, where that was asked."""
    at: str = ""
    """What its places have after them: the revision that they are of."""

    @property
    def boundaries(self) -> Mapping[str, Policy]:
        """What the permissions boundaries say that stand among what was read."""
        return {} if self.reading is None else self.reading.boundaries

    @property
    def several(self) -> bool:
        """Whether answers say whose they are."""
        return isinstance(self.what, ConfigFile) and self.what.several

    def __iter__(self) -> Iterator[Given]:
        if isinstance(self.what, Policy | Stack):
            yield Given(self.name, self.what, intended=False)
        else:
            for one in self.what.configs:
                if (stack := self.stack(one)).roles:
                    yield Given(self.name, stack, one.name if self.what.several else "", whole=not self.role)

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


def read(path: str, values: Mapping[str, str], choice: Choice = (None, None)) -> Givens:
    """What stands at a path, with `values` bound. Raises EcsiamError with every fault."""
    return with_values(take(path, choice), values)


def take(path: str, choice: Choice, root: Path | None = None, told: "Told | None" = None) -> Givens:
    """What stands at a path; of what was read nothing is outside of `root`. Raises EcsiamError with every fault.

    With `told` also the roles of a file that is no config, and none of a folder; these are values for its variables.
    """
    place, _, role = path.partition("#")
    if Path(path).is_dir():
        return _roles(place, role, root, told)
    if role:
        config = _config(place)
        return _roles(place, role, root, told) if config is None else _role_of(config, role, choice)
    try:
        source = read_source(path)
    except ConfigError:
        if told is not None and (found := _of_others(path, root, told)):
            return found
        raise
    if not _is_document(source):
        found = None if told is None or _is_config(source) else _of_others(path, root, told)
        return found or Givens(source.name, chosen_of(source, *choice))
    if any(choice):
        remedy = "Leave `--service` and `--environment` out."
        raise ConfigError(Fault(f"`{source.name}` is an IAM document, and has no services", (), remedy))
    policy = _policy(source)
    lines = (source.line(("Statement", i)) for i in range(len(policy.statements)))
    places = tuple(Place(source.name, line, ("Statement", i)) for i, line in enumerate(lines))
    return Givens(source.name, policy, places={("", ""): places})


def _of_others(path: str, root: Path | None, told: "Told") -> Givens | None:
    """The roles of a file that is no config, if it has some: a template, a dump."""
    if not Path(path).is_file():
        return None
    try:
        found = _roles(path, "", root, told)
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
    """A role of a config, ROLE; in a file of several also SERVICE/ENVIRONMENT/ROLE. Raises PolicyError for none."""
    *owner, role = named.rsplit("/", 2)
    services, environments = ([owner[0]], [owner[1]]) if len(owner) == 2 else choice
    file = chosen_of(config, services, environments)
    for given in Givens(file.name, file).having(role):
        refuse(PolicyError, role_faults(given, role))
    return Givens(f"{file.name}#{named}", file, role)


def nothing_at(path: str) -> Givens:
    """What stands where nothing does."""
    from ecsiam.readers.reading import Reading

    return Givens(path, Stack([], as_is=True), reading=Reading(path, {}))


def _roles(path: str, role: str, root: Path | None, told: "Told | None") -> Givens:
    """The roles of what people have, or one of them. Raises ReadError, and PolicyError for a role that isn't there."""
    from ecsiam.readers.reader import read as read_roles

    reading = read_roles(path, root=root, values=told)
    if not reading.roles and (told is None or reading.gaps):
        raise reading.nothing("no role")
    if not role:
        places = {(id, policy): at for id, one in reading.by_id().items() for policy, at in one.places.items()}
        return Givens(path, reading.stack(), places=places, reading=reading)
    there = reading.called(role)
    if not there:
        raise PolicyError(Fault(f"`{path}` has no role `{role}`", (), f"There are {listed(reading.by_id())}."))
    if len(there) > 1:
        raise ReadError(reading.which(role))
    ((_, one),) = there.items()
    places = {(role, policy): at for policy, at in one.places.items()}
    return Givens(f"{path}#{role}", Stack([one.as_known(role)], as_is=True), places=places, reading=reading)


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


# ---------------------------------------------------------------- what a question is about


def stack_of(given: Given, question: str) -> Stack:
    """The stack of a config; what `question` is about is no IAM document, and no role by itself."""
    if not given.whole:
        raise PolicyError(
            Fault(f"`{given.name}` is a role, and {question} is about a config", (), "Leave the role out.")
        )
    if isinstance(given.what, Stack):
        return given.what
    raise PolicyError(
        Fault(
            f"`{given.name}` is an IAM document, and {question} needs a config: only that says what was intended",
            (),
            "Ask about a document with `ecsiam simulate`, `ecsiam can` or `ecsiam diff`.",
        )
    )


def subjects(given: Given, id: str | None) -> Mapping[str, Role | Policy]:
    """What is asked, by name: an IAM document, or the roles of a config, or one of them."""
    if isinstance(given.what, Policy):
        refuse(PolicyError, role_faults(given, id))
        return {given.name: given.what}
    if id is None:
        return dict(given.what.roles.items())
    refuse(PolicyError, role_faults(given, id))
    return {id: given.what.roles[id]}


def trusts(given: Given, id: str | None, action: str, resource: str) -> Mapping[str, tuple[Requests, str]]:
    """The trusts that a question about actions of STS is for, by role, each with the role's own ARN."""
    named = any(matches(action.lower(), of_trust) for of_trust in OF_TRUST)
    if isinstance(given.what, Policy) or not named or not action.lower().startswith("sts:"):
        return {}
    home = given.what.deployment.home
    found: dict[str, tuple[Requests, str]] = {}
    for role in given.what.roles.values():
        parts = role.arn(home.partition, home.account_id).parts
        arn = "".join(part if isinstance(part, str) else "*" for part in parts)
        if id in (None, role.id) and matches_resource(((resource, True),), arn):
            found[role.id] = trust_of(role), arn
    return found


def role_faults(given: Given, id: str | None) -> list[Fault]:
    """What is wrong with a role that was named, or not."""
    if isinstance(given.what, Policy):
        fault = Fault(f"`{given.name}` is an IAM document and has no roles", (), "Leave the role out.")
        return [] if id is None else [fault]
    there = f"There are {listed(given.what.roles)}."
    if id is None:
        return [Fault("no role is named", (), f"Name one with `--role`. {there}")]
    return [] if id in given.what.roles else [Fault(f"`{given.title}` has no role `{id}`", (), there)]


def closed(given: Given, note: Callable[[str], None]) -> Given:
    """The same with parameters at their defaults. Raises ConfigError naming everything that is still open."""
    if isinstance(given.what, Policy):
        return given
    stack = given.what
    unknown = stack.deployment.without_default
    if unknown.open:
        names = listed(unknown.open)
        remedy = f"Bind it: `{unknown.settings}`."
        raise ConfigError(
            Fault(f"`{given.title}` leaves {names} to deployment, and a request is about one", (), remedy)
        )
    defaults = stack.deployment.defaults
    if defaults:
        stack = stack.bind(defaults)
        note("parameters that are not set have their defaults")
    return evolve(given, what=stack)
