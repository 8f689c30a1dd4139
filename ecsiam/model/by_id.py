"""An immutable mapping of things that know their own id."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, Protocol, TypeVar, cast

from attrs import field, frozen

from ecsiam.errors import Fault, PolicyError, refuse


class HasId(Protocol):
    """What knows its own id."""

    @property
    def id(self) -> str: ...


V_co = TypeVar("V_co", bound=HasId, covariant=True)


def _given(values: Iterable[V_co] | Mapping[str, V_co]) -> tuple[V_co, ...]:
    return tuple(cast("Iterable[V_co]", values.values() if isinstance(values, Mapping) else values))


@frozen
class ById(Mapping[str, V_co], Generic[V_co]):
    """`roles["task"]`: a frozen, hashable mapping in the order given, equal by value."""

    items_: tuple[V_co, ...] = field(converter=_given)

    def __attrs_post_init__(self) -> None:
        times = Counter(iter(self))
        refuse(PolicyError, [Fault(f"the id `{i}` stands twice") for i, count in times.items() if count > 1])

    def __getitem__(self, key: str) -> V_co:
        for item in self.items_:
            if item.id == key:
                return item
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return (item.id for item in self.items_)

    def __len__(self) -> int:
        return len(self.items_)
