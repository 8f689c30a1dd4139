"""What a config leaves to deployment: its values as text, its parameters, and what has to hold of them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from ecsiam.config.keys import Key
from ecsiam.config.kinds import Whole
from ecsiam.errors import Fault
from ecsiam.model.by_id import ById
from ecsiam.model.deployment import Deployment, Name
from ecsiam.model.forms import FORMS, POLICY_NAME, ROLE_NAME
from ecsiam.model.home import HOME_FORMS, Given, Home
from ecsiam.model.names import POLICIES, ROLES, RoleId
from ecsiam.model.parameter import Demand, Parameter, Variable
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, PARTITION, Ref, Text, text

if TYPE_CHECKING:
    from ecsiam.config.model import Config

_NEVER_EMPTY = ("project_name", "environment")
# In the guide's module an empty value of these means `*`.
STAND_FOR_ALL = ("enable_efs_access", "enable_secrets_access")
_IDS = ("github_owner_id", "github_repo_id")


def as_text(value: object, otherwise: str | Ref | Text = "") -> Text:
    """A value of the config as text. `otherwise` is what an empty one, or an empty parameter, stands for."""
    if isinstance(value, Parameter):
        return Text.of(Ref(value.name, parameter=True, otherwise=text(otherwise)))
    return text(str(value) if value else otherwise)


def prefix(config: "Config") -> Text:
    """`<project_name>-<environment>`, which every name begins with."""
    return Text.of(as_text(config.project_name), "-", as_text(config.environment))


def role_name(config: "Config", role: RoleId) -> Text:
    """What a role is called: as `role_names` says, else `<project_name>-<environment>-<suffix>`."""
    named = config.role_names.get(role)
    return text(named) if named else Text.of(prefix(config), f"-{ROLES[role].suffix}")


def policy_name(config: "Config", policy: str) -> Text:
    """What an inline policy is called: as `policy_names` says, else `<project_name>-<environment>-<suffix>`."""
    named = config.policy_names.get(policy)
    return text(named) if named else Text.of(prefix(config), f"-{POLICIES[policy].suffix}")


def github_prefixes(config: "Config") -> dict[str, Text]:
    """How subjects of the repository begin, by form: by name, and with both ids given also by name and id."""
    repo, owner_id, repo_id = (config.github_repo, config.github_owner_id, config.github_repo_id)
    prefixes = {"classic": Text.of("repo:", as_text(repo), ":")}
    if repo and owner_id and repo_id:
        if isinstance(repo, Parameter):
            owner, name = (text(Ref(repo.name, parameter=True, part=i)) for i in (0, 1))
        else:
            owner, name = map(text, repo.split("/"))
        ids = (as_text(owner_id), as_text(repo_id))
        prefixes["immutable"] = Text.of("repo:", owner, "@", ids[0], "/", name, "@", ids[1], ":")
    return prefixes


def when(config: "Config", flag: str) -> str | None:
    """The flag parameter that something is there for: empty if it is there in any case, None if in none."""
    on = getattr(config, flag) if flag else True
    return on.name if isinstance(on, Parameter) else "" if on else None


def used(config: "Config", key: Key) -> bool:
    """Whether a value says anything: its flag is on, or may be."""
    return when(config, key.flag) is not None


def deployment(config: "Config") -> Deployment:
    """What the config leaves to deployment."""
    return Deployment(
        home=home(config),
        variables=ById(tuple({v.id: v for _, v in variables(config)}.values())),
        demands=tuple(_demands(config)),
        given=tuple(given_arns(config)),
        names=tuple(names(config)),
    )


def home(config: "Config") -> Home:
    """Account, region and partition of the roles; what is left out is left to deployment."""
    return Home.of(
        as_text(config.account_id, ACCOUNT_ID),
        as_text(config.aws_region, AWS_REGION),
        as_text(config.partition, PARTITION),
        [region for region in config.aws_regions if region],  # while faults are gathered, a faulty one is None
    )


def variables(config: "Config") -> Iterator[tuple[str, Variable]]:
    """Every parameter by the key that it stands for; one that serves several keys comes several times."""
    for name, key in config.keys().items():
        value = getattr(config, name, None)
        if isinstance(value, Parameter) and key.type and used(config, key):
            bounds = (key.kind.least, key.kind.most) if isinstance(key.kind, Whole) else (0, 0)
            yield (
                name,
                Variable(
                    id=value.name,
                    type=key.type,
                    form=key.form,
                    default=value.default,
                    description=value.description or _description(key),
                    empty=name not in _NEVER_EMPTY,
                    bounds=bounds,
                    same_account=key.same_account,
                    star=config.profile == "baseline" and key.star,
                ),
            )


def _description(key: Key) -> str:
    """What a key means, and what an empty list of it stands for: it may reach far."""
    wide = key.default.removesuffix(", with a note")
    return f"{key.meaning} Empty: {wide}." if key.type == "list" and wide not in ("", "none") else key.meaning


def parameter_faults(config: "Config") -> Iterator[Fault]:
    """One parameter may serve several keys, if they take the same values."""
    first: dict[str, tuple[str, Variable]] = {}
    for name, variable in variables(config):
        if not variable.empty and variable.default == "":
            yield Fault(
                f"`{name}` can't be empty", (name, "default"), "Leave the default out: then it has to be given."
            )
        if variable.id in HOME_FORMS and variable.id != name:
            remedy = "`--set` could not tell the two apart: call the parameter something else."
            yield Fault(f"parameter `{variable.id}` has the name of a key that may be left out", (name,), remedy)
        key, known = first.setdefault(variable.id, (name, variable))
        same = ("type", "form", "bounds", "default")
        if any(getattr(known, a) != getattr(variable, a) for a in same):
            remedy = "Give each of them a parameter of its own."
            yield Fault(f"parameter `{variable.id}` serves `{key}` and `{name}`, which differ", (name,), remedy)


def _demands(config: "Config") -> Iterator[Demand]:
    for flag, key in config.keys().items():
        if key.type != "flag" or (config.profile == "baseline" and flag in STAND_FOR_ALL):
            continue
        on = when(config, flag)
        if on is None:
            continue
        for needed in (*key.needs, *(_IDS if flag == "enable_github_oidc" else ())):
            value = getattr(config, needed)
            if isinstance(value, Parameter):
                yield Demand((value.name,), flag, on)


def given_arns(config: "Config", *, unused: bool = False) -> Iterator[Given]:
    """Every ARN that has to be of the roles' partition, with its place; on demand also what no flag asks for."""
    for name, key in config.keys().items():
        value = getattr(config, name, None)  # a required one that is faulty isn't there
        if not key.form or not FORMS[key.form].service or not value or isinstance(value, Parameter):
            continue
        if not unused and not used(config, key):
            continue
        if value in ("*", ("*",)):
            continue  # in the profile that reproduces the guide's module
        if isinstance(value, str):
            yield Given((name,), value, key.same_account)
        else:
            for i, arn in enumerate(cast("tuple[str, ...]", value)):
                if arn:  # a faulty item is None
                    yield Given((name, i), arn, key.same_account)


def names(config: "Config") -> Iterator[Name]:
    """What the roles that are made are called, and their policies."""
    for role in ROLES.values():
        on = when(config, role.flag)
        if on is not None:
            yield Name("role", role.id, "roles", role_name(config, role.id), ROLE_NAME.most, on)
            for policy in POLICIES.values():
                if policy.role == role.id:
                    yield Name("policy", policy.id, role.id, policy_name(config, policy.id), POLICY_NAME.most, on)
