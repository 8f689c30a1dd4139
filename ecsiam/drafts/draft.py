"""`draft`: the config whose stack gives what the task definitions need that were read."""

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from attrs import define, field, frozen

from ecsiam.builder import build
from ecsiam.config.many import configs_of
from ecsiam.config.model import Config
from ecsiam.drafts.deploys import deployers
from ecsiam.drafts.kept import Existing, boundary, existing, not_taken, of_one_path, policy_names, unshared
from ecsiam.drafts.layered import Layered, layers
from ecsiam.drafts.mounts import distinct
from ecsiam.drafts.said import Said, take_out, yaml_lines
from ecsiam.drafts.services import Member, members
from ecsiam.drafts.texts import Spelling
from ecsiam.drafts.wants import Open, Want, told, wants
from ecsiam.errors import ConfigError, Fault, Path, ReadError
from ecsiam.features.table import ROLES
from ecsiam.findings.needed import judge
from ecsiam.keys.kinds import ListOf
from ecsiam.keys.source import parse_source
from ecsiam.model.arn import partition_of
from ecsiam.model.home import Home
from ecsiam.model.role import Role
from ecsiam.model.secret import looks_complete
from ecsiam.model.stack import Stack
from ecsiam.model.text import Bindings
from ecsiam.readers.found import Place, Unread, as_list, as_map, is_list, is_map
from ecsiam.readers.needs.need import Asked, TaskNeed
from ecsiam.readers.reading import Reading, ReadRole
from ecsiam.readers.task_needs import known_to, needs_of

_ORDER = {key: i for i, key in enumerate(Config.keys())}
_HERE = "dev"  # as the starter has it
_WHICH = f"not known: environment: which it is; a file of several services names it, here `{_HERE}` as the starter does"
_LEFT = "not known: environment: which it is, so it is left to deployment"


@frozen
class Draft:
    """A config as YAML, and what isn't known of it, each in a line."""

    text: str
    notes: tuple[str, ...]


@define
class _Service:
    """The config of one service in one environment, while it is written."""

    member: Member
    spelling: Spelling
    says: dict[str, Said] = field(factory=dict[str, Said])
    below: list[str] = field(factory=list[str])
    roles: list[Existing] = field(factory=list[Existing])
    unknown: set[str] = field(factory=set[str])
    """The keys of which something isn't known."""
    either: dict[str, str] = field(factory=dict[str, str])
    """What a secret is called that may be complete or not: as complete, and as one that isn't."""

    @property
    def environment(self) -> str:
        """The name of the environment; where nothing says it, the starter's."""
        return self.member.environment or _HERE

    def take(self, found: Iterable[Want | Open | Existing]) -> None:
        """Take what is asked for, what isn't known and the roles that exist."""
        for one in found:
            match one:
                case Want():
                    self.want(one)
                case Open():
                    self.open(one)
                case Existing():
                    self.roles.append(one)

    def without_roles(self) -> list[Existing]:
        """Give its roles away: those that stay are taken again."""
        roles, self.roles = self.roles, []
        return roles

    def want(self, one: Want) -> None:
        """Take a value with the place that asks for it, and the flag that it is used with."""
        key = Config.keys()[one.key]
        beside = [told(one.place)] if one.place else []
        if key.flag and key.flag not in self.says and Config.model_fields[key.flag].default is False:
            self.says[key.flag] = Said(True)
        value = _said(one.value)
        item = Said(value.value, beside)
        said = Said([item]) if isinstance(key.kind, ListOf) else item
        if one.otherwise:
            self.either[str(one.value)] = one.otherwise
        if one.key in self.says:
            self.says[one.key].join(said)
        else:
            self.says[one.key] = said

    def name(self, section: str, id: str, name: str, place: Place) -> None:
        """Keep a name."""
        names = self.says.setdefault(section, Said({}))
        names.mapping[id] = Said(name, [told(place)])

    def open(self, one: Open) -> None:
        """Say what isn't known."""
        self.unknown.add(one.key)
        about = f"{one.key}: " if one.key else ""
        self.note(f"not known: {about}{one}")

    def note(self, line: str) -> None:
        """Say something below the keys, once."""
        if line not in self.below:
            self.below.append(line)


def _said(value: object) -> Said:
    if is_map(value):
        return Said({key: _said(one) for key, one in value.items()})
    if isinstance(value, list):
        return Said([_said(one) for one in cast("list[object]", value)])
    return Said(value if isinstance(value, bool) else str(value))


def draft(reading: Reading) -> Draft:
    """The config of what was read: keys for what the definitions need, names as they are where roles exist.

    What can't be said or isn't known is a comment in it, and a note; no value is made up. Raises ReadError where
    there is no task definition.
    """
    if not reading.tasks:
        remedy = "Name a task definition, a template or the folder of a Terraform root that has one."
        raise ReadError(Fault(f"`{reading.path}` has no task definition", (), remedy))
    services = [_service(member, reading) for member in members(reading.tasks)]
    _keep(services, reading)
    for one in services:
        _compare(one, build(_checked(one)), reading)
        if "policy_names" in one.says:
            _checked(one)
    tree = _together(services)
    head = [
        f"# The roles that the task definitions in {reading.path} need. What the application itself calls is not in",
        "# them: `task_access` is for that. `ecsiam emit --target terraform` does the rest.",
    ]
    text = "\n".join((*head, "", *yaml_lines(tree))) + "\n"
    notes = [line for line in (_WHICH, _LEFT) if line in text]
    notes += dict.fromkeys(line for one in services for line in one.below)
    notes += [f"not known: {gap}" for gap in reading.gaps]
    return Draft(text, tuple(dict.fromkeys(notes)))


# ---------------------------------------------------------------- one service


def _service(member: Member, reading: Reading) -> _Service:
    home = {"account_id": member.account, "aws_region": member.region}
    known = {**home, "partition": partition_of(member.region) or ""}
    bindings = Bindings(deployment={name: value for name, value in known.items() if value})
    made = _Service(member, Spelling(bindings, reading.arns(member.tasks[0].root if member.tasks else "")))
    for task in member.tasks:
        made.take(wants(task, reading, made.spelling))
    _secrets(made)
    distinct(made.says)
    _defaults(made)
    own = {task.found.address for task in member.tasks}
    own |= {one.address for task in member.tasks for one in task.services}
    for gap in reading.gaps:
        if gap.place.address in own:
            made.note(f"not known: {gap}")
    if not member.named:
        made.note(
            f"not known: project_name: what the family is called; `{member.project}` is the file's own name for it"
        )
    made.says |= {key: Said(value) for key, value in home.items() if value}
    return made


def _secrets(made: _Service) -> None:
    """Of a secret that ends in six characters, whether these are of its name."""
    for key in ("secrets_arns", "registry_credentials_arns"):
        said = made.says.get(key)
        items = said.value if said and isinstance(said.value, list) else []
        unsure = [one for one in items if one.value in made.either]
        if not unsure:
            continue
        secrets = [str(one.value) for one in items if ":secretsmanager:" in str(one.value) and one not in unsure]
        if key == "secrets_arns" and all(map(looks_complete, secrets)):
            why = "six characters at the end are those that Secrets Manager added: it takes them for that"
            made.says["secrets_arns_complete"] = Said(True, [why])
            continue
        for one in unsure:
            made.note(f"not known: {key}: whether `{one.value}` is complete; it is taken for a name")
            one.value = made.either[cast("str", one.value)]


def _defaults(made: _Service) -> None:
    """The flags that are on unless they are turned off: where all containers are known, and none needs it."""
    tasks = [as_map(task.found.value) for task in made.member.tasks]
    if any(_is_unread(task.get("containerDefinitions")) for task in tasks):
        return
    known = made.says.keys() | made.unknown
    if "ecr_repository_arns" not in known:
        made.says["enable_ecr_pull"] = Said(False, ["no image is of ECR"])
    if "log_group_arns" not in known:
        made.says["enable_container_logs"] = Said(False, ["no container logs with `awslogs`"])


def _is_unread(value: object) -> bool:
    if not is_list(value):
        return True
    containers = as_list(value)
    logs = [as_map(one).get("logConfiguration") for one in containers]
    drivers = [as_map(log).get("logDriver") for log in logs]
    groups = [as_map(as_map(log).get("options")).get("awslogs-group") for log in logs]
    return any(isinstance(one, Unread) for one in (*containers, *logs, *drivers, *groups))


# ---------------------------------------------------------------- names


def _keep(services: Sequence[_Service], reading: Reading) -> None:
    """Keep the names of roles that exist, of one path, each for one service, and what else all roles have."""
    by_member = {id(one.member): one for one in services}
    for one in services:
        one.take(existing(one.member, reading, one.spelling))
    for member, found in deployers([(one.member, one.spelling) for one in services], reading):
        by_member[id(member)].take([found])
    for one in services:
        one.take(of_one_path(one.without_roles()))
    for member, found in unshared([(one.member, one.without_roles()) for one in services]):
        by_member[id(member)].take([found])
    for one in services:
        one.take(role for role in one.without_roles() if not ROLES[role.id].flag or ROLES[role.id].flag in one.says)
        for role in one.roles:
            one.name("role_names", role.id, role.name, role.place)
        bound = boundary(one.roles)
        if isinstance(bound, Open):
            one.open(bound)
        elif bound:
            one.says["permissions_boundary_arn"] = Said(bound)
        if one.roles and one.roles[0].path != "/":
            one.says["path"] = Said(one.roles[0].path)


def _compare(made: _Service, stack: Stack, reading: Reading) -> None:
    """Keep the names of policies, and say what of the roles is not taken over and which needs are not met."""
    for one in made.roles:
        role = stack.roles.get(one.id)
        if role is None:
            continue
        for policy, name, place in policy_names(one, role, made.spelling):
            made.name("policy_names", policy, name, place)
        for what in not_taken(one, role):
            made.note(f"not taken over: {what}")
    said = "\n".join(made.below)
    for need in unmet(made, stack, reading):
        if told(need.place) not in said:
            made.note(f"not granted: what it takes where ECS {need.what} ({told(need.place)})")


def unmet(made: _Service, stack: Stack, reading: Reading) -> Iterator[TaskNeed]:
    """The needs of a service's definitions that its roles surely don't meet."""
    for task in made.member.tasks:
        for need in needs_of(task.found, known_to(task, reading)):
            role = as_read(stack.roles[need.role], stack.deployment.home)
            ways = [[_known(asked, made.spelling) for asked in way] for way in need.ways]
            if all(judge(role, way).outcome == "denied" for way in ways):
                yield need


def _known(asked: Asked, spelling: Spelling) -> Asked:
    context = tuple((key, spelling.known(value)) for key, value in asked.context)
    return Asked(asked.action, spelling.known(asked.resource), context)


def as_read(role: Role, home: Home) -> ReadRole:
    """A role of a stack as one that was read, to be judged alike."""
    return ReadRole(role.id, "", role.id, role, role.arn(home.partition, home.account_id), Place(""), {})


# ---------------------------------------------------------------- the file


def _checked(one: _Service) -> Config:
    """The config of a service by itself. What the config refuses is taken out of it, with what is said of it."""
    while True:
        try:
            return Config.model_validate(_alone(one).plain)
        except ConfigError as e:
            _take_out(e, [((), one)])


def _together(services: Sequence[_Service]) -> Said:
    """The file of all services, read back as it is written. A name that two would make is taken out."""
    inside: list[tuple[Path, _Service]] = [(("services", one.member.project), one) for one in services]
    inside = [*(((*path, "environments", one.environment), one) for path, one in inside), *inside]
    while True:
        tree = _tree(services) if len(services) > 1 else _alone(services[0])
        try:
            configs_of(parse_source(_lines(tree), "the config"))
        except ConfigError as e:
            _take_out(e, inside if len(services) > 1 else [((), services[0])])
        else:
            return tree


def _take_out(error: ConfigError, places: Sequence[tuple[Path, _Service]]) -> None:
    """Take out what is refused, and say so. Raises the error where there is nothing to take out."""
    out = False
    for fault in sorted(error.faults, key=lambda fault: [str(part).rjust(9) for part in fault.path], reverse=True):
        for before, one in places:
            inside = fault.path[len(before) :] if fault.path[: len(before)] == before else ()
            taken = take_out(Said(one.says), inside, 1) if inside and inside[0] in one.says else None
            if taken is not None:
                path, said = taken
                asked = f" ({'; '.join(said.comments)})" if said.comments else ""
                where = ".".join(part for part in path if isinstance(part, str))
                one.note(f"not known: {where}: {fault.message}{asked}")
                out = True
                break
    if not out:
        raise error


def _lines(tree: Said) -> str:
    return "".join(f"{line}\n" for line in yaml_lines(tree))


def _alone(one: _Service) -> Said:
    environment = Said(one.member.environment)
    if not one.member.environment:
        environment = Said({"parameter": Said("environment")}, [_LEFT])
    names = {"project_name": Said(one.member.project), "environment": environment}
    return Said({**names, **_ordered(one)}, below=one.below)


def _tree(services: Sequence[_Service]) -> Said:
    guessed = {one.environment: _WHICH for one in services if not one.member.environment}
    return layers([Layered(one.member.project, one.environment, _ordered(one), one.below) for one in services], guessed)


def _ordered(one: _Service) -> dict[str, Said]:
    """The keys in the order of the docs, with the parameters that stand in their values."""
    said = _lines(Said(dict(one.says)))
    used = {name: symbol for symbol, name in one.spelling.parameters.items() if f"{{{name}}}" in said}
    declared = {name: Said({"description": Said(symbol)}) for name, symbol in used.items()}
    says = {**one.says, **({"parameters": Said(declared)} if declared else {})}
    return dict(sorted(says.items(), key=lambda one: _ORDER[one[0]]))
