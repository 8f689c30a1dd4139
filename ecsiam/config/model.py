"""The config: the keys of every room, as one class."""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, PrivateAttr

from ecsiam.features.accept import AcceptKeys
from ecsiam.features.feature import Profile
from ecsiam.features.naming import NamingKeys
from ecsiam.features.quotas import QuotasKeys
from ecsiam.features.table import ASIDE, PROFILES, FeatureKeys
from ecsiam.keys.keys import Keys
from ecsiam.keys.parameters import demands, formed, given_arns, variables
from ecsiam.looks.words import short
from ecsiam.model.by_id import ById
from ecsiam.model.deployment import Deployment
from ecsiam.model.intent import told
from ecsiam.model.parameter import Parameter
from ecsiam.model.text import Bindings


class Config(AcceptKeys, QuotasKeys, NamingKeys):
    """What one ECS service is, as flags and values. Raises ConfigError with every fault.

    `None`, `""` and an empty list mean that a value is not given. What `account_id`, `aws_region` and `partition`
    leave out is known at deployment. docs/config.md has every key with its form and default.
    """

    model_config = ConfigDict(defer_build=False)
    _source: str = PrivateAttr(default="")
    _bindings: dict[str, object] = PrivateAttr(default_factory=dict)

    def model_post_init(self, context: Any) -> None:
        """Keep the name of the file that the config came from."""
        if isinstance(context, Mapping):
            self._source = str(cast("Mapping[str, object]", context).get("source", ""))

    def __repr__(self) -> str:
        """On one line, as all values: which service, and what is on."""
        on = ", ".join(flag.removeprefix("enable_") for flag, is_on in self.flags() if is_on)
        return f"Config({short(f'{self.prefix}: {on}' if on else str(self.prefix))})"

    def __str__(self) -> str:
        return repr(self)

    @classmethod
    def defaults(cls, given: Mapping[str, object]) -> Mapping[str, object]:
        """What the profile takes where nothing is given."""
        profile = given.get("profile")
        return PROFILES[profile].defaults if isinstance(profile, str) and profile in PROFILES else {}

    def lacks(self, flag: str) -> Iterator[str]:
        """The keys that a flag needs, unless an empty one stands for all in this profile."""
        return iter(()) if flag in self.made_as.stand_for_all else super().lacks(flag)

    @property
    def made_as(self) -> Profile[FeatureKeys]:
        """How the roles are made: what `profile` names."""
        return PROFILES[self.profile]

    @property
    def source(self) -> str:
        """The name of the file that the config came from, or empty."""
        return self._source

    def flags(self) -> Iterator[tuple[str, bool | Parameter]]:
        """Every `enable_...` flag of the profile and whether it is on.

        What is on by default counts only where it isn't, what stands aside only where it is.
        """
        keys = ((n, key) for n, key in self.keys().items() if n.startswith("enable_"))
        flags = ((n, getattr(self, n)) for n, key in keys if key.profile in ("", self.profile))
        return ((n, on) for n, on in told(flags) if on or n not in ASIDE)

    @property
    def deployment(self) -> Deployment:
        """What the config leaves to deployment."""
        placed = tuple(self.placed())
        return Deployment(
            home=self.home,
            variables=ById({v.id: v for _, v in variables(self, placed, star=self.made_as.star)}),
            demands=tuple(demands(self)),
            given=tuple(given_arns(placed)),
            names=tuple(self.names()),
            formed=tuple(formed(placed)),
        )

    @property
    def bindings(self) -> Mapping[str, object]:
        """The values that `bind` put in for parameters. What they belong to stays a parameter's."""
        return self._bindings

    def bind(self, values: Mapping[str, object]) -> "Config":
        """The config with `values` for what it leaves to deployment. Raises ConfigError as `Stack.bind` does."""
        left, _ = self.deployment.bind(self._bindings)
        left.bind(values)
        home = {name: values[name] for name in left.home.open(left.variables) if name in values}
        config = self.model_copy(update=home)
        if home:  # what stands in texts is known now too
            config = config.known(Bindings({**config.home.known, **config.home.deployment}))
        config._bindings = {**self._bindings, **{name: v for name, v in values.items() if name not in home}}
        return config


def _signature() -> Iterator[inspect.Parameter]:
    for name, info in Config.model_fields.items():
        default = inspect.Parameter.empty if info.is_required() else info.default
        yield inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=info.annotation)


def _listed() -> Iterator[str]:
    for heading, names in Config.headings():
        yield f"\n{heading}:\n"
        for name in names:
            yield f"- {name}: {Config.keys()[name].meaning}"


def _own(cls: type) -> list[str]:
    """The names that our classes give, without what every model of pydantic has."""
    given = (name for base in cls.__mro__ if issubclass(base, Keys) for name in vars(base))
    return sorted({name for name in given if not name.startswith("__")} - vars(BaseModel).keys())


# For `help(ecsiam.Config)`: pydantic would show what each key carries, and more of itself than there is of ours.
Config.__signature__ = inspect.Signature([*_signature()])
Config.__doc__ = "\n".join((inspect.cleandoc(f"{Config.__doc__}"), *_listed()))
type.__setattr__(Config, "__class__", type(type(Config).__name__, (type(Config),), {"__dir__": _own}))
