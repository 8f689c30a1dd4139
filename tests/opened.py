"""Configs whose values and flags are left to deployment, with what the deployment says of them."""

from collections.abc import Mapping
from typing import Any

from attrs import frozen
from hypothesis import strategies as st

from ecsiam.config import Config
from ecsiam.features.table import ASIDE
from ecsiam.model.arn import Arn
from ecsiam.model.each import RULES
from ecsiam.model.parameter import Parameter
from ecsiam.model.secret import secret_resource
from ecsiam.model.text import texts

from .strategies import KEYS, KEYS_ASIDE, Kwargs, configs

Values = dict[str, Any]

# Of the roles that few services have tests/test_roles.py and tests/test_oidc.py open what can be a parameter.
PERMITTED = tuple(name for name, key in KEYS.items() if key.type and name not in {*ASIDE, *KEYS_ASIDE})
NEEDS = {needed: flag for flag, key in KEYS.items() for needed in key.needs}
_IDS = ("github_owner_id", "github_repo_id")
_EMPTY: Mapping[str, Any] = {"text": "", "list": ()}


@frozen
class Opened:
    """A closed config, the same with parameters in it, and a value for each of them (unused ones left out)."""

    closed: Kwargs
    open: Kwargs
    values: Values

    @property
    def config(self) -> Config:
        return Config(**self.open)


@st.composite
def opened(draw: st.DrawFn, closed: st.SearchStrategy[Kwargs] | None = None) -> Opened:
    """Any closed config, some of whose keys become parameters that mean the same: what is not given is empty then.

    Left out is what a parameter can't mean (see `changes_meaning`).
    """
    kwargs = draw(configs(raw=False) if closed is None else closed)
    config = Config(**kwargs)
    bits = draw(st.lists(st.booleans(), min_size=len(PERMITTED), max_size=len(PERMITTED)))
    chosen = {name for name, bit in zip(PERMITTED, bits, strict=True) if bit}
    # A flag that may be on needs its value to be there, if only as a parameter.
    chosen |= {needed for needed, flag in NEEDS.items() if flag in chosen and not getattr(config, needed)}
    chosen -= changes_meaning(config, chosen)
    kwargs, values = dict(kwargs), Values()
    for name in sorted(chosen):
        value = getattr(config, name) or _EMPTY.get(str(KEYS[name].type), getattr(config, name))
        default = draw(st.sampled_from([None, value])) if value is not None else None
        kwargs[name] = Parameter(name, default, draw(st.sampled_from(["", "what it is"])))
        values[name] = value
    closed_too = {**kwargs, **values}
    if draw(st.booleans()):
        stands = draw(st.sampled_from(["{team}", "a-{team}-{environment}", "{account_id}"]))
        tags, values["team"] = kwargs.get("tags", {}), draw(st.sampled_from(["ops", "data"]))
        kwargs["parameters"] = {"team": {"form": "[a-z]+", "default": draw(st.sampled_from([None, "dev"]))}}
        kwargs["tags"] = {**tags, "Stands": stands}
        closed_too["tags"] = {**tags, "Stands": stands.replace("{team}", values["team"])}
    used = Config(**kwargs).deployment.variables
    return Opened(closed_too, kwargs, {n: v for n, v in values.items() if n in used})


def changes_meaning(config: Config, chosen: set[str]) -> set[str]:
    """The keys that would mean something else as parameters, or can't be ones in this config."""
    found: set[str] = {name for name in chosen if KEYS[name].type == "number" and getattr(config, name) is None}
    if config.github_subjects or not (config.github_owner_id and config.github_repo_id):
        found |= {*_IDS}  # as parameters they count as given, and subjects are checked against them
    if config.github_subjects:
        found |= {"github_repo"} | ({"enable_github_oidc"} if not config.github_repo else set())
    if (config.github_run_tasks or config.github_may) and not config.github_task_cluster_arns:
        found |= {"ecs_cluster_arns", "ecs_service_arns"}  # a condition names the clusters, and holds no list parameter
    objects = config.s3_kms_key_arns
    assert not isinstance(objects, Parameter)
    if objects and {str(Arn.parse(a).region) for a in objects} != {str(r) for r in config.home.regions}:
        found |= {"s3_kms_key_arns"}  # left open, they are taken for keys of the roles' regions
    if config.enable_instance_role or config.enable_managed_instances_instance_role:
        found |= {"partition"}  # EC2 is called otherwise in some, and a trust is written for one
    secrets = config.secrets_arns
    assert not isinstance(secrets, Parameter)
    arns = [a for a in secrets if a.startswith("arn:")]  # a name is no parameter's
    complete = [*RULES["secret"](texts(arns)), *RULES["parameter"](texts(arns))]
    as_given = [secret_resource(a, complete=config.secrets_arns_complete is True) for a in secrets]
    if config.secrets_kms_key_arns or {*complete} != {*as_given}:
        # They count as complete, and are taken for secrets of both services in the deploying region.
        found |= {"secrets_arns"} | ({"enable_secrets_access"} if not secrets else set())
    return found
