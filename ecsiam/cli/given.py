"""What a PATH is: a config, whose stack is asked, or an IAM policy document."""

from collections.abc import Callable, Mapping

from attrs import evolve, frozen

from ecsiam.analysis.grants import OF_TRUST
from ecsiam.analysis.matching import matches_resource
from ecsiam.analysis.questions import trust_of
from ecsiam.analysis.requests import Requests
from ecsiam.builder import build
from ecsiam.config.load import config_of
from ecsiam.errors import ConfigError, EcsiamError, Fault, PolicyError, refuse
from ecsiam.keys.source import Source, read_source
from ecsiam.looks.words import listed
from ecsiam.model.document import policy_from_data, read_literal
from ecsiam.model.globs import matches
from ecsiam.model.policy import Policy
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack

# What the AWS CLI wraps a document in, and the option that takes it out.
WRAPPED = {
    "Policy": "--query Policy --output text",
    "PolicyDocument": "--query PolicyDocument",
    "PolicyVersion": "--query PolicyVersion.Document",
    "Role": "--query Role.AssumeRolePolicyDocument",
}


@frozen
class Given:
    """What was given, by the name that messages have for it."""

    name: str
    what: Stack | Policy

    @property
    def kind(self) -> str:
        """What it is, for a sentence."""
        if isinstance(self.what, Stack):
            return "a config"
        return f"{'an' if self.what.kind == 'identity' else 'a'} {self.what.kind} policy"

    @property
    def open(self) -> tuple[str, ...]:
        """The names that `--set` takes."""
        return self.what.deployment.open if isinstance(self.what, Stack) else ()


def read(path: str, values: Mapping[str, str]) -> Given:
    """What stands at a path, with `values` bound. Raises EcsiamError with every fault."""
    given = _read(path)
    return evolve(given, what=_bound(given, values))


def read_two(paths: tuple[str, str], values: Mapping[str, str]) -> tuple[Given, Given]:
    """Two of a kind; each takes those of the values that it leaves open."""
    if paths == ("-", "-"):
        raise ConfigError(Fault("standard input can't be both", (), "Name a file for one of them."))
    given: list[Given] = []
    faults: list[Fault] = []
    for path in paths:
        try:
            given.append(_read(path))
        except EcsiamError as e:
            faults += e.faults
    refuse(ConfigError, faults)
    old, new = given
    if old.kind != new.kind:
        names = f"`{old.name}` is {old.kind}, `{new.name}` {new.kind}"
        raise ConfigError(Fault(names, (), "Compare two configs, or two IAM documents of one kind."))
    taken = {n for g in given if isinstance(g.what, Stack) for n in values if n in g.what.deployment.open}
    if any(isinstance(g.what, Policy) for g in given):
        _bound(old, values)
    refuse(ConfigError, [Fault(f"neither leaves `{n}` to deployment") for n in values if n not in taken])
    return _bound_where_open(old, values), _bound_where_open(new, values)


def _bound_where_open(given: Given, values: Mapping[str, str]) -> Given:
    if isinstance(given.what, Policy):
        return given
    open_ = given.what.deployment.open
    return evolve(given, what=_bound(given, {n: v for n, v in values.items() if n in open_}))


def _read(path: str) -> Given:
    source = read_source(path)
    if _is_document(source):
        return Given(source.name, _policy(source))
    return Given(source.name, build(config_of(source)))


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


def _bound(given: Given, values: Mapping[str, str]) -> Stack | Policy:
    if isinstance(given.what, Stack):
        return given.what.bind(values) if values else given.what
    if values:
        fault = Fault(f"`{given.name}` is an IAM document, which leaves nothing to `--set`", (), "Leave `--set` out.")
        raise ConfigError(fault)
    return given.what


# ---------------------------------------------------------------- what a question is about


def stack_of(given: Given, question: str) -> Stack:
    """The stack of a config; what `question` is about is no IAM document."""
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
    return [] if id in given.what.roles else [Fault(f"`{given.name}` has no role `{id}`", (), there)]


def closed(given: Given, say: Callable[[str], None]) -> Given:
    """The same with parameters at their defaults. Raises ConfigError naming everything that is still open."""
    if isinstance(given.what, Policy):
        return given
    stack = given.what
    unknown = stack.deployment.without_default
    if unknown.open:
        names = listed(unknown.open)
        remedy = f"Bind it: `{unknown.settings}`."
        raise ConfigError(Fault(f"`{given.name}` leaves {names} to deployment, and a request is about one", (), remedy))
    defaults = stack.deployment.defaults
    if defaults:
        stack = stack.bind(defaults)
        say("note: parameters that are not set have their defaults")
    return evolve(given, what=stack)
