"""What comes in: the feature-flag file as people write it, checked whole before anything is built."""

from ecsiam.config.load import load_config
from ecsiam.config.model import Config

__all__ = ["Config", "load_config"]
