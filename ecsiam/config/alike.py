"""What an account has only one of, and two configs would make: a role, a customer managed policy, an OIDC provider.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from collections.abc import Iterator, Sequence

from attrs import frozen

from ecsiam.config.model import Config
from ecsiam.errors import Path
from ecsiam.features.table import ROLES
from ecsiam.looks.words import listed
from ecsiam.model.statement import Statement

_REMEDY = {
    "role": "IAM compares names without regard to case: set `role_names` in one of them.",
    "managed policy": "IAM compares names without regard to case: set `policy_names` in one of them.",
    "OIDC provider": "An account has one for each URL: let one of them make it.",
}


@frozen
class Alike:
    """What two or more would make: `what` it is and what it is called, who would, and where each says so."""

    what: str
    called: str
    who: tuple[str, ...]
    paths: tuple[Path, ...]

    @property
    def remedy(self) -> str:
        return _REMEDY[self.what]


def message(what: str, who: Sequence[str], called: Sequence[str], where: str = "") -> str:
    """What is wrong, in words; `where` is said behind the first of them."""
    others = f"`{who[1]}`" if len(who) == 2 else f"{len(who) - 1} more"
    many = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"`{who[0]}`{where} and {others} would each make the {what if len(called) == 1 else many} {listed(called)}"


@frozen
class _Made:
    what: str
    called: str
    path: Path
    account: str


def alike(configs: Sequence[tuple[str, str, Config]]) -> Iterator[Alike]:
    """What the account would refuse of configs that are each given with its service and its environment.

    `project_name` and `environment` may come out alike (`a-b` in `c`, `a` in `b-c`). What is left to deployment can't
    be compared. Accounts that are open count as one, for different services; for a provider in one environment.
    """
    found: dict[tuple[str, str, str], list[tuple[int, _Made]]] = {}
    for i, (_, environment, config) in enumerate(configs):
        for one in _made(config):
            where = one.account or (environment if one.what == "OIDC provider" else "")
            found.setdefault((where, one.what, one.called.lower()), []).append((i, one))
    for some in found.values():
        if len(some) < 2:
            continue
        there = [(i, one) for i, one in some if one.what != "managed policy" or _is_made(configs[i][2], one)]
        services = {configs[i][0] for i, _ in there}
        if len(there) > 1 and (there[0][1].account or len(services) > 1):
            who = tuple("/".join(configs[i][:2]) for i, _ in there)
            yield Alike(there[0][1].what, there[-1][1].called, who, tuple(one.path for _, one in there))


def _made(config: Config) -> Iterator[_Made]:
    """What is made whatever is bound, and is called what is known already."""
    home, names = config.home, config.names(inline=False)
    if config.bindings:
        bound, _ = config.deployment.bind(config.bindings)
        home, names = bound.home, iter(bound.names)
    account = home.account_id.literal or ""
    for name in names:
        if name.group in _OF_THE_ACCOUNT and name.text.literal is not None and not name.when:
            yield _Made(_OF_THE_ACCOUNT[name.group], name.text.literal, (f"{name.what}_names", name.id), account)
    for kind in ROLES.values() if config.create_oidc_provider else ():
        made = kind.provider(config, config.project) if config.when(kind.flag) == "" else None
        if made is not None:
            yield _Made("OIDC provider", made.url, ("create_oidc_provider",), account)


_OF_THE_ACCOUNT = {"roles": "role", "policies": "managed policy"}  # inline policies are their role's


def _is_made(config: Config, policy: _Made) -> bool:
    """Whether a policy that has a name has statements too."""
    features = (f for f in config.made_as.features if f.policy == policy.path[1] and config.when(f.flag) == "")
    return any(isinstance(part, Statement) for f in features for part in f.parts(config, config.project))
