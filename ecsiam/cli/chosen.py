"""Which configs of a file a command is about: `--service` and `--environment`."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ecsiam.config.many import ConfigFile, Named
    from ecsiam.keys.source import Source

Services = Annotated[
    list[str] | None,
    typer.Option(
        "--service",
        metavar="NAME",
        help="Only this service of the file, by its project_name. May be repeated; without it all of them.",
    ),
]
Environments = Annotated[
    list[str] | None,
    typer.Option(
        "--environment",
        metavar="NAME",
        help="Only this environment of the file. May be repeated; without it all of them.",
    ),
]


def chosen(
    path: str,
    services: "Sequence[str] | None",
    environments: "Sequence[str] | None",
    values: "Mapping[str, str] | None" = None,
) -> "ConfigFile":
    """The configs of a file that were chosen, all where nothing was, with `values` bound in those that leave them open.

    Raises ConfigError with every fault.
    """
    from ecsiam.keys.source import read_source

    return chosen_of(read_source(path), services, environments, values)


def chosen_of(
    source: "Source",
    services: "Sequence[str] | None",
    environments: "Sequence[str] | None",
    values: "Mapping[str, str] | None" = None,
) -> "ConfigFile":
    """The same of a file that was read."""
    from ecsiam.config.many import configs_of

    found = configs_of(source, services or (), environments or ())
    return bound(found, values) if values else found


def bound(file: "ConfigFile", values: "Mapping[str, str]") -> "ConfigFile":
    """The same with `values` in the configs that leave them open. Raises ConfigError for one that none leaves open."""
    from attrs import evolve

    from ecsiam.config.alike import alike, message
    from ecsiam.errors import MOST_FAULTS, ConfigError, EcsiamError, Fault, refuse, show
    from ecsiam.looks.words import few, listed

    if not file.several:
        (one,) = file.configs
        return evolve(file, configs=(evolve(one, config=one.config.bind(values)),))
    configs: list[Named] = []
    faults: dict[Fault, list[str]] = {}
    open_: dict[str, None] = {}
    for one in file.configs:
        names = one.config.deployment.open
        open_ |= dict.fromkeys(names)
        mine = {name: value for name, value in values.items() if name in names}
        try:
            configs.append(evolve(one, config=one.config.bind(mine) if mine else one.config))
        except EcsiamError as e:
            for fault in e.faults:
                faults.setdefault(fault, []).append(f"`{one.name}`")
    remedy = f"Open are {listed([*open_][:_MOST_NAMED])}." if open_ else "Nothing is."
    none = [Fault(f"no config leaves `{show(n)}` to deployment", (), remedy) for n in values if n not in open_]
    every = (evolve(fault, message=f"{fault.message}, for {few(who)}") for fault, who in faults.items())
    refuse(ConfigError, [*none, *every][:MOST_FAULTS])
    twice = alike([(one.service, one.environment, one.config) for one in configs])  # now that more is known
    refuse(ConfigError, [Fault(message(t.what, t.who, [t.called]), (), t.remedy) for t in twice][:MOST_FAULTS])
    return evolve(file, configs=tuple(configs))


_MOST_NAMED = 20
