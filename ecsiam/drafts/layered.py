"""Several services as the layers of one file: what all share is written once."""

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy

from attrs import define

from ecsiam.drafts.said import Said

# What may be the same for all services: where they live, and what all roles have.
_OF_ALL = ("account_id", "aws_region", "path", "permissions_boundary_arn")


@define
class Layered:
    """What one service has in one environment."""

    service: str
    environment: str
    says: Mapping[str, Said]
    below: Sequence[str]


def layers(members: Sequence[Layered], guessed: Mapping[str, str]) -> Said:
    """The sections of a file of several services, or of one in several environments.

    `guessed` has a comment for each environment of which nothing says that it is called so.
    """
    environments = list(dict.fromkeys(one.environment for one in members))
    several = len(environments) > 1
    defaults = _common(members, _OF_ALL)
    tree: dict[str, Said] = {}
    if not several:
        defaults["environment"] = Said(
            environments[0], [guessed[environments[0]]] if environments[0] in guessed else []
        )
    if defaults:
        tree["defaults"] = Said(_copied(defaults))
    lifted = {(key, one.environment) for key in defaults for one in members}
    if several:
        section: dict[str, Said] = {}
        for name in environments:
            here = [one for one in members if one.environment == name]
            common = _common(here, [key for key in _OF_ALL if key not in defaults]) if len(here) > 1 else {}
            lifted |= {(key, name) for key in common}
            section[name] = Said(_copied(common), [guessed[name]] if name in guessed else [])
        tree["environments"] = Said(section)
    tree["services"] = Said(
        {
            name: _service([one for one in members if one.service == name], environments, lifted)
            for name in dict.fromkeys(one.service for one in members)
        }
    )
    return Said(tree)


def _service(members: Sequence[Layered], environments: Sequence[str], lifted: set[tuple[str, str]]) -> Said:
    says = {
        one.environment: {key: said for key, said in one.says.items() if (key, one.environment) not in lifted}
        for one in members
    }
    if len(members) == 1:
        (one,) = members
        only = {"only": Said([Said(one.environment)])} if len(environments) > 1 else {}
        return Said({**only, **_copied(says[one.environment])}, below=list(one.below))
    common = _common(
        [Layered(one.service, one.environment, says[one.environment], ()) for one in members],
        dict.fromkeys(key for one in says.values() for key in one),
    )
    below = [line for line in members[0].below if all(line in one.below for one in members)]
    own = {
        one.environment: Said(
            _copied({key: said for key, said in says[one.environment].items() if key not in common}),
            below=[line for line in one.below if line not in below],
        )
        for one in members
    }
    made: dict[str, Said] = {}
    if len(members) < len(environments):
        made["only"] = Said([Said(one.environment) for one in members])
    made |= _copied(common)
    own = {name: said for name, said in own.items() if said.value or said.below}
    if own:
        made["environments"] = Said(own)
    return Said(made, below=below)


def _common(members: Sequence[Layered], keys: Iterable[str]) -> dict[str, Said]:
    """What is the same in all, with the comments of each."""
    found: dict[str, Said] = {}
    for key in keys:
        values = [one.says.get(key) for one in members]
        first = values[0]
        if first is None or any(one is None or one.plain != first.plain for one in values):
            continue
        found[key] = deepcopy(first)
        for one in values[1:]:
            if one is not None:
                found[key].join(deepcopy(one))
    return found


def _copied(says: Mapping[str, Said]) -> dict[str, Said]:
    return {key: deepcopy(said) for key, said in says.items()}
