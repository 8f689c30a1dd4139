"""The layers that a config of a file of several is put together from, the weakest first.

What a layer says is shared by all configs that inherit it, never copied.
"""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import cast

from attrs import field, frozen

from ecsiam.config.model import Config
from ecsiam.errors import Path
from ecsiam.model.document import is_object


@frozen
class Layer:
    """What one place of the file says, by key."""

    path: Path
    says: Mapping[str, object]
    size: tuple[int, int] = (0, 0)  # values and characters


@frozen
class Member:
    """One config of the file: its layers, the weakest first.

    `named` is where its names come from, those that are the keys of sections.
    """

    service: str
    environment: str
    layers: tuple[Layer, ...]
    named: Mapping[str, tuple[Path, str]] = field(factory=dict[str, tuple[Path, str]])

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"{self.service}/{self.environment}"

    def data(self, layers: Sequence[Layer] | None = None) -> dict[str, object]:
        """The config, written out: the stronger layer counts, and mappings are merged key by key."""
        weakest, *stronger = self.layers if layers is None else layers
        merged = {**weakest.says}
        for layer in stronger:
            for key, value in layer.says.items():
                merged[key] = _over(key, merged.get(key), value)
        return merged | {key: name for key, (_, name) in self.named.items()}

    def place(self, path: Path) -> tuple[int, Path]:
        """The rank of the layer in which what is at `path` of the config is written, and where in the file."""
        ranks = range(len(self.layers) - 1, -1, -1)
        if path and path[0] in self.named:
            where = self.named[str(path[0])][0]
            return next(rank for rank in ranks if self.layers[rank].path == where), where
        key, rest = (str(path[0]), path[1:]) if path else ("", ())
        saying = [rank for rank in ranks if key in self.layers[rank].says]
        for rank in saying:
            value = self.layers[rank].says[key]
            if _reaches(value, rest) or not _can_merge(key, value):
                return rank, (*self.layers[rank].path, *path)
        rank, shown = (saying[0], path) if saying else (ranks[0], ())
        return rank, (*self.layers[rank].path, *shown)


def _reaches(says: object, path: Path) -> bool:
    """Whether there is something at `path`, as far as it leads through mappings."""
    for part in path:
        if not is_object(says):
            return True
        if part not in says:
            return False
        says = says[str(part)]
    return True


def _over(key: str, weak: object, strong: object) -> object:
    """What holds of a key where a weaker and a stronger layer say something."""
    if not _can_merge(key, strong):
        return strong
    under: Mapping[str, object] = cast("Mapping[str, object]", weak) if _merges(weak) else {}
    return _merged(under, cast("Mapping[str, object]", strong))


def _can_merge(key: str, value: object) -> bool:
    """Whether a value adds to what a weaker layer says: a mapping, of a key that is no parameter."""
    return _merges(value) and Config.keys()[key].type is None


def _merged(weak: Mapping[str, object], strong: Mapping[str, object]) -> dict[str, object]:
    found = {**weak}
    for key, value in strong.items():
        under = found.get(key)
        if value is None:  # which takes away
            found.pop(key, None)
        elif _merges(under) and _merges(value):
            found[key] = _merged(cast("Mapping[str, object]", under), cast("Mapping[str, object]", value))
        else:
            found[key] = value
    return found


def _merges(value: object) -> bool:
    return is_object(value) and "parameter" not in value


def size_of(value: object) -> tuple[int, int]:
    """How many keys and values there are, and characters in them."""
    match value:
        case str():
            return 1, len(value)
        case Mapping():
            pairs = cast("Mapping[str, object]", value).items()
            return reduce(_plus, (_plus((1, len(key)), size_of(one)) for key, one in pairs), (1, 0))
        case list():
            return reduce(_plus, map(size_of, cast("list[object]", value)), (1, 0))
        case _:
            return 1, 0


def _plus(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return one[0] + other[0], one[1] + other[1]
