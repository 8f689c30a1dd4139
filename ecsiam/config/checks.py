"""What has to agree between keys. A check names the keys it reads; it is left out while one is faulty."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from ecsiam.config.keys import Key
from ecsiam.config.kinds import ListOf, OfForm
from ecsiam.errors import Fault, Faults
from ecsiam.model.forms import POLICY_NAME, ROLE_NAME, TAG_VALUE
from ecsiam.model.home import Given
from ecsiam.model.names import POLICIES, ROLES
from ecsiam.model.secret import secret_resource

if TYPE_CHECKING:
    from ecsiam.config.model import Config

TAGS_LIMIT = 50
MANAGED_POLICIES_LIMIT = 20
OWN_TAGS = ("Name", "Environment", "Purpose")


def given_arns(config: "Config") -> tuple[Given, ...]:
    """Every ARN in the config that has to be of the roles' partition, with its place."""
    found: list[Given] = []
    for name, key in config.keys().items():
        value = getattr(config, name)
        match key.kind:
            case OfForm(form) if form.service and value:
                found.append(Given((name,), value, key.same_account))
            case ListOf(OfForm(form)) if form.service:
                found += [Given((name, i), arn, key.same_account) for i, arn in enumerate(value)]
            case _:
                pass
    return tuple(found)


def role_name(config: "Config", role: str) -> str:
    """What a role is called: as `role_names` says, else `<project_name>-<environment>-<suffix>`."""
    suffix = next(r.suffix for r in ROLES.values() if r.id == role)
    return config.role_names.get(role) or f"{config.project_name}-{config.environment}-{suffix}"


def policy_name(config: "Config", policy: str) -> str:
    """What an inline policy is called: as `policy_names` says, else `<project_name>-<environment>-<suffix>`."""
    return config.policy_names.get(policy) or f"{config.project_name}-{config.environment}-{POLICIES[policy].suffix}"


def _needs(flag: str, needs: tuple[str, ...], config: "Config") -> Iterator[Fault]:
    for needed in needs if getattr(config, flag) else ():
        if not getattr(config, needed):
            remedy = f"Write `{needed}`, or turn the flag off."
            yield Fault(f"`{flag}` is on and `{needed}` is not given", (flag,), remedy)


def _home(config: "Config") -> Iterator[Fault]:
    return config.home.faults(given_arns(config))


def _secrets(config: "Config") -> Iterator[Fault]:
    faults = Faults()
    for i, arn in enumerate(config.secrets_arns):
        with faults.at("secrets_arns", i):
            secret_resource(arn, complete=config.secrets_arns_complete)
    return iter(faults)


def _names(config: "Config") -> Iterator[Fault]:
    roles: dict[str, str] = {role: role_name(config, role) for role in ROLES}
    for role, name in roles.items():
        if len(name) > ROLE_NAME.most:
            remedy = f"Shorten `project_name` or `environment`, or set `role_names.{role}`."
            yield Fault(
                f"role name `{name}` has {len(name)} characters, IAM takes {ROLE_NAME.most}", ("project_name",), remedy
            )
    groups = [("role_names", roles)]
    groups += [
        ("policy_names", {p.id: policy_name(config, p.id) for p in POLICIES.values() if p.role == r}) for r in ROLES
    ]
    for place, names in groups:
        seen: dict[str, str] = {}
        for of, name in names.items():
            first = seen.setdefault(name.lower(), of)
            if first != of:
                remedy = "IAM compares names without regard to case: choose another."
                yield Fault(f"`{first}` and `{of}` are both called `{name}`", (place, of), remedy)
            if place == "policy_names" and len(name) > POLICY_NAME.most:
                yield Fault(
                    f"policy name `{name}` has {len(name)} characters, IAM takes {POLICY_NAME.most}", (place, of)
                )


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
    prefixes = github_prefixes(config)
    for i, subject in enumerate(config.github_subjects):
        if not any(subject.startswith(p) for p in prefixes.values()):
            listed = " or ".join(f"`{p}`" for p in prefixes.values())
            yield Fault(
                f"`{subject}` is not a subject of `{config.github_repo}`",
                ("github_subjects", i),
                f"Begin it with {listed}.",
            )


def github_prefixes(config: "Config") -> dict[str, str]:
    """How subjects of the repository begin, by form: by name, and with both ids given also by name and id."""
    prefixes = {"classic": f"repo:{config.github_repo}:"}
    if config.github_repo and config.github_owner_id and config.github_repo_id:
        owner, repo = config.github_repo.split("/")
        prefixes["immutable"] = f"repo:{owner}@{config.github_owner_id}/{repo}@{config.github_repo_id}:"
    return prefixes


def _tags(config: "Config") -> Iterator[Fault]:
    own = {key.lower(): key for key in OWN_TAGS}
    seen: dict[str, str] = {}
    for key in config.tags:
        other = seen.setdefault(key.lower(), own.get(key.lower(), key))
        if other != key:
            yield Fault(f"tags `{other}` and `{key}` differ only in case", ("tags", key), "IAM takes them for one key.")
        if key.lower().startswith("aws:"):
            yield Fault(f"tag `{key}` begins with `aws:`", ("tags", key), "That prefix is AWS's own.")
    if "Name" not in config.tags:
        for role, name in config.role_names.items():
            if not TAG_VALUE.matches(name):
                remedy = "Tags take fewer characters than names do: set `tags.Name`, or choose another name."
                yield Fault(f"role name `{name}` can't be the tag `Name`", ("role_names", role), remedy)
    count = len({*own, *(k.lower() for k in config.tags)})
    if count > TAGS_LIMIT:
        yield Fault(f"{count} tags with our own {len(own)}, IAM takes {TAGS_LIMIT}", ("tags",))


def _managed(config: "Config") -> Iterator[Fault]:
    for name in ("execution_managed_policy_arns", "task_managed_policy_arns"):
        arns = getattr(config, name)
        if len(set(arns)) > MANAGED_POLICIES_LIMIT:
            yield Fault(f"{len(set(arns))} managed policies, IAM takes {MANAGED_POLICIES_LIMIT} for a role", (name,))


Check = Callable[["Config"], Iterator[Fault]]


def checks(keys: Mapping[str, Key]) -> Iterator[tuple[tuple[str, ...], Check]]:
    """Every check with the keys that it reads; the one on ARNs passes over what is faulty by itself."""
    for flag, key in keys.items():
        if key.needs:
            yield (flag, *key.needs), partial(_needs, flag, key.needs)
    yield (), _home
    yield ("secrets_arns", "secrets_arns_complete"), _secrets
    yield ("project_name", "environment", "role_names", "policy_names"), _names
    yield ("github_repo", "github_owner_id", "github_repo_id", "github_subject_format", "github_subjects"), _github
    yield ("tags", "role_names"), _tags
    yield ("execution_managed_policy_arns", "task_managed_policy_arns"), _managed
