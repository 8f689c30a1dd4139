"""An immutable mapping of things that know their own id."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, ValuesView
from typing import Generic, Protocol, TypeVar, cast

from attrs import field, frozen

from ecsiam.errors import Fault, PolicyError
from ecsiam.looks.shown import Shown


class HasId(Protocol):
    """What knows its own id."""

    @property
    def id(self) -> str: ...


V_co = TypeVar("V_co", bound=HasId, covariant=True)


def _given(values: Iterable[V_co] | Mapping[str, V_co]) -> tuple[V_co, ...]:
    return tuple(cast("Iterable[V_co]", values.values() if isinstance(values, Mapping) else values))


@frozen(repr=False)
class ById(Shown, Mapping[str, V_co], Generic[V_co]):
    """`roles["task"]`: a frozen, hashable mapping in the order given, equal by value."""

    items_: tuple[V_co, ...] = field(converter=_given)
    _by_id: Mapping[str, V_co] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        by_id = {item.id: item for item in self.items_}
        object.__setattr__(self, "_by_id", by_id)
        if len(by_id) < len(self.items_):
            times = Counter(item.id for item in self.items_)
            raise PolicyError(*(Fault(f"the id `{i}` stands twice") for i, count in times.items() if count > 1))

    def __getitem__(self, key: str) -> V_co:
        return self._by_id[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def values(self) -> ValuesView[V_co]:
        return self._by_id.values()  # the mapping's own looks each up

    def __len__(self) -> int:
        return len(self.items_)

    def _says(self) -> str:
        return ", ".join(self)
