"""The config: the keys of all rooms put together, read from files, and described."""

from ecsiam.config.load import load_config
from ecsiam.config.many import load_configs
from ecsiam.config.model import Config

__all__ = ["Config", "load_config", "load_configs"]
