"""What has to agree between keys. A check is left out while a key that it can't do without is faulty."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from ecsiam.config.keys import Key
from ecsiam.config.kinds import ListOf, OfForm
from ecsiam.config.left_open import STAND_FOR_ALL, github_prefixes, given_arns, home, names, parameter_faults
from ecsiam.errors import Fault, Faults
from ecsiam.model.deployment import name_faults
from ecsiam.model.forms import TAG_VALUE, Form
from ecsiam.model.parameter import Parameter
from ecsiam.model.secret import secret_resource

if TYPE_CHECKING:
    from ecsiam.config.model import Config

TAGS_LIMIT = 50
MANAGED_POLICIES_LIMIT = 20
OWN_TAGS = ("Name", "Environment", "Purpose")


def _needs(flag: str, needs: tuple[str, ...], config: "Config") -> Iterator[Fault]:
    if config.profile == "baseline" and flag in STAND_FOR_ALL:
        return
    for needed in needs if getattr(config, flag) else ():
        if not getattr(config, needed):
            remedy = f"Write `{needed}`, or turn the flag off."
            yield Fault(f"`{flag}` is on and `{needed}` is not given", (flag,), remedy)


def _profile(config: "Config") -> Iterator[Fault]:
    """A bare `*` is refused, as is the autoscaling role, except in the profile that reproduces the guide's module."""
    if config.profile == "baseline":
        return
    for name, key in config.keys().items():
        value = getattr(config, name, None)
        match key.kind:
            case OfForm(form, star=True) if value == "*":
                yield from _star(form, name)
            case ListOf(OfForm(form, star=True)) if not isinstance(value, Parameter):
                for i, one in enumerate(value or ()):
                    if one == "*":
                        yield from _star(form, name, i)
            case _:
                pass
        if isinstance(value, Parameter) and value.default in ("*", ("*",)):
            yield Fault("a bare `*` is not accepted", (name, "default"), "Leave the default out.")
    if config.enable_autoscaling:
        remedy = "Leave it out: ECS scales services with a service-linked role of its own."
        yield Fault("`enable_autoscaling` is of `profile: baseline` only", ("enable_autoscaling",), remedy)


def _star(form: Form, *path: str | int) -> Iterator[Fault]:
    fault = form.fault("*")
    if fault:
        yield fault.under(*path)


def _home(config: "Config") -> Iterator[Fault]:
    return home(config).faults(given_arns(config, unused=True))


def _names(config: "Config") -> Iterator[Fault]:
    return name_faults(names(config))


def _secrets(config: "Config") -> Iterator[Fault]:
    faults = Faults()
    given = () if isinstance(config.secrets_arns, Parameter) else config.secrets_arns
    for i, arn in ((i, arn) for i, arn in enumerate(given) if arn):
        with faults.at("secrets_arns", i):
            secret_resource(arn, complete=config.secrets_arns_complete)
    return iter(faults)


def _github(config: "Config") -> Iterator[Fault]:
    ids = {"github_owner_id": config.github_owner_id, "github_repo_id": config.github_repo_id}
    missing = [name for name, value in ids.items() if not value]
    wanted = config.github_subject_format or ("immutable" if len(missing) < len(ids) else "classic")
    if wanted in ("immutable", "both") and missing:
        path = ("github_subject_format",) if config.github_subject_format else (next(n for n in ids if ids[n]),)
        need = " and ".join(f"`{m}`" for m in missing)
        remedy = "`gh api repos/OWNER/REPO --jq '.owner.id, .id'` prints both."
        yield Fault(f"`{wanted}` subjects need {need}", path, remedy)
    if not config.github_repo:
        return
    if isinstance(config.github_repo, Parameter) and config.github_subjects:
        remedy = "List branches, environments or tags, or write the repository."
        yield Fault("subjects can't be checked while `github_repo` is a parameter", ("github_subjects",), remedy)
        return
    prefixes = github_prefixes(config)
    for i, subject in enumerate(config.github_subjects):
        if subject and not any(subject.startswith(str(p)) for p in prefixes.values()):
            listed = " or ".join(f"`{p}`" for p in prefixes.values())
            yield Fault(
                f"`{subject}` is not a subject of `{config.github_repo}`",
                ("github_subjects", i),
                f"Begin it with {listed}.",
            )


def _tags(config: "Config") -> Iterator[Fault]:
    own = {key.lower(): key for key in OWN_TAGS}
    seen: dict[str, str] = {}
    for key in config.tags:
        other = seen.setdefault(key.lower(), own.get(key.lower(), key))
        if other != key:
            yield Fault(f"tags `{other}` and `{key}` differ only in case", ("tags", key), "IAM takes them for one key.")
        if key.lower().startswith("aws:"):
            yield Fault(f"tag `{key}` begins with `aws:`", ("tags", key), "That prefix is AWS's own.")
    count = len({*own, *(k.lower() for k in config.tags)})
    if count > TAGS_LIMIT:
        yield Fault(f"{count} tags with our own {len(own)}, IAM takes {TAGS_LIMIT}", ("tags",))


def _name_tags(config: "Config") -> Iterator[Fault]:
    for role, name in () if "Name" in config.tags else config.role_names.items():
        if not TAG_VALUE.matches(name):
            remedy = "Tags take fewer characters than names do: set `tags.Name`, or choose another name."
            yield Fault(f"role name `{name}` can't be the tag `Name`", ("role_names", role), remedy)


def _managed(config: "Config") -> Iterator[Fault]:
    for name in ("execution_managed_policy_arns", "task_managed_policy_arns"):
        arns = getattr(config, name)
        if len(set(arns)) > MANAGED_POLICIES_LIMIT:
            yield Fault(f"{len(set(arns))} managed policies, IAM takes {MANAGED_POLICIES_LIMIT} for a role", (name,))


def _sids(config: "Config") -> Iterator[Fault]:
    for name in ("execution_statements", "task_statements", "github_actions_statements"):
        seen = set[str]()
        for i, statement in enumerate(getattr(config, name)):
            sid = statement.sid if statement else ""
            if sid in seen:
                yield Fault(f"the Sid `{sid}` stands twice", (name, i, "Sid"), "IAM takes each once in a policy.")
            seen |= {sid} - {""}


Check = Callable[["Config"], Iterator[Fault]]


def checks(keys: Mapping[str, Key]) -> Iterator[tuple[tuple[str, ...], Check]]:
    """Every check with the keys that it can't do without.

    Of any other key it reads what could be read: a list has None in the place of a faulty item.
    """
    for flag, key in keys.items():
        if key.needs:
            yield (flag, *key.needs), partial(_needs, flag, key.needs)
    yield ("profile",), _profile
    yield ("project_name", "environment", "role_names", "policy_names", "enable_github_oidc"), _names
    yield (), _home
    yield (), parameter_faults
    yield ("secrets_arns_complete",), _secrets
    yield ("github_repo", "github_owner_id", "github_repo_id", "github_subject_format"), _github
    yield (), _tags
    yield ("tags",), _name_tags
    yield ("execution_managed_policy_arns", "task_managed_policy_arns"), _managed
    yield (), _sids
