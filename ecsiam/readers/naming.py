"""What names what: a text may be an ARN, a name, a family, or an attribute of an address."""

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from ecsiam.model.text import Ref, Text
from ecsiam.readers.found import FoundTask, as_map

T = TypeVar("T")
PATH = ".path"  # of a role or policy of which only the name is said


def _last(name: Text) -> Text:
    """The name at the end of an ARN or name, of which parts may be symbols."""
    for i in reversed(range(len(name.parts))):
        part = name.parts[i]
        if isinstance(part, Ref) and part.name.endswith(PATH):
            return Text(name.parts[i + 1 :])
        if isinstance(part, str) and "/" in part:
            return Text((part.rpartition("/")[2], *name.parts[i + 1 :]))
    return name


def account_of(arn: Text) -> Text | None:
    """The account in an ARN; None in what is none."""
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 else None


def _account(arn: Text) -> str | None:
    found = account_of(arn)
    return None if found is None else found.literal


def names(named: Text, *, address: str, arn: Text, name: Text | None) -> bool:
    """Whether a text names something: by its ARN, by its name, or by any attribute of its address."""
    if named in (arn, name):
        return True
    if len(named.parts) == 1 and not isinstance(named.parts[0], str):
        ref = named.parts[0].name
        return ref == address or ref.startswith(f"{address}.")
    if name is None or _last(named) != name:
        return False
    accounts = {a for a in (_account(named), _account(arn)) if a}
    return len(accounts) < 2 and (named.holds(":role") or named.holds(":policy"))


class Index(Generic[T]):
    """Things by what names them, each with its address, ARN and name: an account has thousands."""

    def __init__(self, things: Iterable[tuple[T, str, Text, Text | None]]) -> None:
        self.things = list(things)
        self.by: dict[object, list[int]] = {}
        for i, (_, address, arn, name) in enumerate(self.things):
            for key in {arn, address, *(() if name is None else (name, ("last", name)))}:
                self.by.setdefault(key, []).append(i)

    def of(self, named: Text) -> list[T]:
        """What a text names, in order."""
        keys: set[object] = {named, ("last", _last(named))}
        if len(named.parts) == 1 and not isinstance(named.parts[0], str):
            parts = named.parts[0].name.split(".")
            keys |= {".".join(parts[:n]) for n in range(1, len(parts) + 1)}
        near = sorted({i for key in keys for i in self.by.get(key, ())})
        found = (self.things[i] for i in near)
        return [one for one, address, arn, name in found if names(named, address=address, arn=arn, name=name)]


REVISION = ".revision"  # of a task definition: it names that one, whatever stands before it


def runs(named: Text | None, task: FoundTask) -> bool:
    """Whether a text names a task definition: by address, family, family and revision, or an ARN of these."""
    return named is not None and not keys_of(task).isdisjoint(named_as(named))


def keys_of(task: FoundTask) -> set[str]:
    """What a task definition is named by: its address, after an `@`, and its family."""
    family = as_map(task.value).get("family")
    return {f"@{task.address}"} if family is None else {f"@{task.address}", str(family)}


def is_address(key: str) -> bool:
    """Whether a key is what a root calls a task definition, and no family."""
    return key.startswith("@")


def named_as(named: Text) -> Iterator[str]:
    """The keys of the task definition that a text may name; a family may stand in an ARN."""
    yield from ("@" + ref.name.removesuffix(REVISION) for ref in named.refs if ref.name.endswith(REVISION))
    if len(named.parts) == 1 and not isinstance(named.parts[0], str):
        parts = named.parts[0].name.split(".")
        yield from ("@" + ".".join(parts[:n]) for n in range(1, len(parts) + 1))
    else:
        called = str(named).partition("task-definition/")[2] or str(named)
        yield called.partition(":")[0]
