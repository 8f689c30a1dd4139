"""From a file to a Config: the faults get their lines."""

import os
from pathlib import Path

from attrs import evolve

from ecsiam.config.model import Config
from ecsiam.config.sections import has_sections
from ecsiam.errors import ConfigError, Fault
from ecsiam.keys.foreign import foreign_data
from ecsiam.keys.source import Source, read_source
from ecsiam.model.mistaken import expect


def load_config(path: str | os.PathLike[str]) -> Config:
    """Read a config from a YAML or JSON file, or from standard input for `-`.

    Raises ConfigError with every fault, each with the line it is on.
    """
    expect(path, (str, os.PathLike), "a path", ConfigError)
    return config_of(read_source(path))


def no_other(source: Source) -> None:
    """Refuse a file that is something else than configs."""
    if {"Statement", "Version"} & source.data.keys() and "project_name" not in source.data:
        remedy = "Read it with `parse_policy`, ask about it with `ecsiam can`, `ecsiam simulate` or `ecsiam diff`."
        raise ConfigError(Fault("this is an IAM document, not a config", (), remedy, source.name))
    if known := foreign_data(source.data):
        raise ConfigError(evolve(known, file=source.name))


def config_of(source: Source) -> Config:
    """The config that a file is. Raises ConfigError with every fault, each with the line it is on."""
    no_other(source)
    if has_sections(source.data):
        remedy = "Read them with `load_configs`."
        raise ConfigError(
            Fault("this file holds several configs, and `load_config` reads one", (), remedy, source.name)
        )
    try:
        return Config.model_validate(source.data, context={"source": Path(source.name).name})
    except ConfigError as e:
        at = [evolve(f, file=source.name, line=source.line(f.path)) for f in e.faults]
        raise ConfigError(*sorted(at, key=lambda f: f.line or 0)) from None
