"""Who a question is about: the stack of a config, an IAM document, roles or their trusts."""

from collections.abc import Callable, Mapping

from attrs import evolve

from ecsiam.analysis.grants import OF_TRUST
from ecsiam.analysis.matching import matches_resource
from ecsiam.analysis.questions import trust_of
from ecsiam.analysis.requests import Requests
from ecsiam.cli.given import Given, role_faults
from ecsiam.errors import ConfigError, Fault, PolicyError, refuse
from ecsiam.looks.words import listed
from ecsiam.model.globs import matches
from ecsiam.model.policy import Policy
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.model.text import AWS_REGION


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
        if id in (None, role.id) and (matches_resource(((resource, True),), arn) or matches(arn, resource)):
            found[role.id] = trust_of(role), arn
    return found


def _anywhere(stack: Stack) -> Stack:
    """Roles of no region in some region, where nothing that they say names it."""
    home = stack.deployment.home
    if AWS_REGION not in home.unknown or any(AWS_REGION in one.refs for one in stack.texts()):
        return stack
    home = evolve(home, region=home.sample(AWS_REGION.name))
    return evolve(stack, deployment=evolve(stack.deployment, home=home))


def closed(given: Given, note: Callable[[str], None]) -> Given:
    """The same with parameters at their defaults. Raises ConfigError naming everything that is still open."""
    if isinstance(given.what, Policy):
        return given
    stack = given.what if given.intended else _anywhere(given.what)
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
