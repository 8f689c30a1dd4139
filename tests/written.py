"""Configs as they are written: keyword arguments as data, data as YAML, and a file of it read."""

import io
from pathlib import Path
from typing import Any, cast

from ruamel.yaml import YAML

from ecsiam import Config, Policy, Statement, load_config
from ecsiam.model.accept import Accept
from ecsiam.model.data import write_accept
from ecsiam.model.document import policy_to_data

from .strategies import Kwargs, braced

KEYS = Config.keys()
NOTHING: tuple[Any, ...] = (None, "", [])  # what means "not given", in JSON too
NAMES: Kwargs = {"project_name": "memos", "environment": "dev"}


def config(**keys: Any) -> Config:
    """A config of the two names that it needs, and `keys`."""
    return Config(**{**NAMES, **keys})


def values(of: Config) -> Kwargs:
    """What each key says."""
    return {name: getattr(of, name) for name in KEYS}


def as_data(value: object) -> Any:
    """A value as JSON has it."""
    match value:
        case Statement():
            return cast("list[object]", policy_to_data(Policy(value), lambda t: braced(str(t)))["Statement"])[0]
        case Accept():
            return {name: one for name, one in write_accept(value).items() if one}  # what is empty is left out
        case list() | tuple():
            return [as_data(one) for one in cast("list[object]", value)]
        case dict():
            return {name: as_data(one) for name, one in cast("dict[str, object]", value).items()}
        case _:
            return value


def to_yaml(data: object) -> str:
    """`data` in block style and in ASCII, as ruamel writes it."""
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.default_flow_style, yaml.width, yaml.allow_unicode = False, 2**20, False
    out = io.StringIO()
    yaml.dump(data, out)
    return out.getvalue()


def from_yaml(text: str) -> Any:
    """What an editor makes of YAML 1.2: numbers and booleans, where we keep the text."""
    yaml: Any = YAML(typ="safe", pure=True)
    return yaml.load(text)


def read(text: str, folder: Path, name: str = "app.yaml") -> Config:
    """The config that a file of `text` is."""
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return load_config(file)
