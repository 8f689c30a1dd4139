"""What a PATH is: configs, whose stacks are asked, or an IAM policy document."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from attrs import evolve, field, frozen

from ecsiam.analysis.grants import OF_TRUST
from ecsiam.analysis.matching import matches_resource
from ecsiam.analysis.questions import trust_of
from ecsiam.analysis.requests import Requests
from ecsiam.builder import build
from ecsiam.cli.chosen import bound, chosen_of
from ecsiam.config.many import ConfigFile, Named
from ecsiam.config.sections import has_sections, there_are
from ecsiam.errors import ConfigError, EcsiamError, Fault, PolicyError, refuse
from ecsiam.keys.source import Source, read_source
from ecsiam.looks.words import listed
from ecsiam.model.document import policy_from_data, read_literal
from ecsiam.model.globs import matches
from ecsiam.model.policy import Policy
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.readers.found import FoundTemplate, Place

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
    templates: tuple[FoundTemplate, ...] = ()
    """Of which claims GitHub makes the subjects of tokens, as far as it was read."""

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
    return _bound(_read(path, choice), values)


def read_two(paths: tuple[str, str], values: Mapping[str, str], choice: Choice = (None, None)) -> tuple[Givens, Givens]:
    """Two of a kind; each takes those of the values that it leaves open."""
    return _two(_readings(paths, choice), values)


def read_since(
    path: str, revision: str, values: Mapping[str, str], choice: Choice = (None, None)
) -> tuple[Givens, Givens]:
    """A path as it was at a git revision, and as it is."""
    from ecsiam.cli.revisions import at_revision

    place, hash, role = path.partition("#")
    with at_revision(place, revision) as (was, root):
        old = _read(f"{was}{hash}{role}", choice, root)
    return _two([lambda: evolve(old, name=f"{path} at {revision}"), lambda: _read(path, choice)], values)


def read_any_two(paths: tuple[str, str], values: Mapping[str, str]) -> tuple[Givens, Givens]:
    """Two of whatever kind; each takes those of the values that it leaves open."""
    return _open_bound(_both(_readings(paths, (None, None))), values)


def _readings(paths: tuple[str, str], choice: Choice) -> list[Callable[[], Givens]]:
    if {path.partition("#")[0] for path in paths} == {"-"}:
        raise ConfigError(Fault("standard input can't be both", (), "Name a file for one of them."))
    return [partial(_read, path, choice) for path in paths]


def _both(reading: Sequence[Callable[[], Givens]]) -> tuple[Givens, Givens]:
    given: list[Givens] = []
    faults: list[Fault] = []
    for one in reading:
        try:
            given.append(one())
        except EcsiamError as e:
            faults += e.faults
    refuse(ConfigError, faults)
    old, new = given
    return old, new


def _two(reading: Sequence[Callable[[], Givens]], values: Mapping[str, str]) -> tuple[Givens, Givens]:
    old, new = _both(reading)
    kinds = [_kind(one) for one in (old, new)]
    if kinds[0] != kinds[1]:
        names = f"`{old.name}` is {kinds[0]}, `{new.name}` {kinds[1]}"
        raise ConfigError(Fault(names, (), "Compare two configs, or two IAM documents of one kind."))
    if isinstance(old.what, Policy):
        _bound(old, values)
    return _open_bound((old, new), values)


def _open_bound(given: tuple[Givens, Givens], values: Mapping[str, str]) -> tuple[Givens, Givens]:
    taken = {name for one in given for name in values if name in _open(one)}
    refuse(ConfigError, [Fault(f"neither leaves `{n}` to deployment") for n in values if n not in taken])
    old, new = (_bound(one, {n: v for n, v in values.items() if n in _open(one)}) for one in given)
    return old, new


def pairs(old: Givens, new: Givens) -> Iterator[tuple[str, Given, Given]]:
    """What is compared with what, by name: configs of the same name, one that a side lacks with nothing.

    Two that stand alone are compared whatever they are called.
    """
    if len(old.names) == len(new.names) == 1:
        (one,), (other,) = old, new
        yield other.of or one.of, one, other
        return
    before, after = old.by_name, new.by_name
    if not (old.several and new.several) and before.keys().isdisjoint(after):
        many, single = (new, old) if new.several else (old, new)
        remedy = f"Choose one with `--service` and `--environment`. {there_are(many.names)}"
        raise ConfigError(Fault(f"`{many.name}` has several configs, `{single.name}` one of another name", (), remedy))
    for name in dict.fromkeys((*after, *before)):
        both = [side.stack(side.by_name[name]) if name in side.by_name else None for side in (old, new)]
        there = [stack for stack in both if stack is not None]
        was, is_ = (evolve(there[0], roles=(), outputs=()) if stack is None else stack for stack in both)
        yield name, Given(old.name, was, name), Given(new.name, is_, name)


def _kind(givens: Givens) -> str:
    what = givens.what
    return "a config" if isinstance(what, ConfigFile) else Given(givens.name, what, intended=False).kind


def _open(givens: Givens) -> set[str]:
    what = givens.what
    if isinstance(what, Policy):
        return set()
    each = [what.deployment] if isinstance(what, Stack) else [one.config.deployment for one in what.configs]
    return {name for deployment in each for name in deployment.open}


def _read(path: str, choice: Choice, root: Path | None = None) -> Givens:
    place, _, role = path.partition("#")
    if Path(path).is_dir():
        return _roles(place, role, root)
    if role:
        config = _config(place)
        return _roles(place, role, root) if config is None else _role_of(config, role, choice)
    source = read_source(path)
    if not _is_document(source):
        return Givens(source.name, chosen_of(source, *choice))
    if any(choice):
        remedy = "Leave `--service` and `--environment` out."
        raise ConfigError(Fault(f"`{source.name}` is an IAM document, and has no services", (), remedy))
    policy = _policy(source)
    lines = (source.line(("Statement", i)) for i in range(len(policy.statements)))
    places = tuple(Place(source.name, line, ("Statement", i)) for i, line in enumerate(lines))
    return Givens(source.name, policy, places={("", ""): places})


def _config(path: str) -> Source | None:
    """The file at a path, where it is a config; what people have besides is for the readers."""
    try:
        source = read_source(path)
    except ConfigError:
        return None
    return source if "project_name" in source.data or has_sections(source.data) else None


def _role_of(config: Source, named: str, choice: Choice) -> Givens:
    """A role of a config, ROLE; in a file of several also SERVICE/ENVIRONMENT/ROLE. Raises PolicyError for none."""
    *owner, role = named.rsplit("/", 2)
    services, environments = ([owner[0]], [owner[1]]) if len(owner) == 2 else choice
    file = chosen_of(config, services, environments)
    for given in Givens(file.name, file).having(role):
        refuse(PolicyError, role_faults(given, role))
    return Givens(f"{file.name}#{named}", file, role)


def _roles(path: str, role: str, root: Path | None) -> Givens:
    """The roles of what people have, or one of them. Raises ReadError, and PolicyError for a role that isn't there."""
    from ecsiam.readers.reader import read as read_roles

    reading = read_roles(path, root=root)
    if not reading.roles:
        raise reading.nothing("no role")
    stack = reading.stack()
    places = {(id, policy): at for id, one in reading.by_id().items() for policy, at in one.places.items()}
    if not role:
        return Givens(path, stack, places=places, templates=reading.templates)
    given = Given(path, stack, intended=False)
    refuse(PolicyError, role_faults(given, role))
    one = evolve(stack, roles=[stack.roles[role]])
    return Givens(f"{path}#{role}", one, places=places, templates=reading.templates)


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


def _bound(given: Givens, values: Mapping[str, str]) -> Givens:
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
