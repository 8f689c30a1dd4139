"""Values that were given for the variables and parameters of what is read."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from ecsiam.errors import Fault
from ecsiam.readers.found import Value


class Given(dict[str, str]):
    """Values for variables and parameters by their names, as they were typed, and the files that have more of them.

    Which of both something asked for is kept.
    """

    def __init__(self, values: Mapping[str, str], files: Mapping[str, Mapping[str, Value]] | None = None) -> None:
        super().__init__(values)
        self.files = dict(files or {})
        self.taken: set[str] = set()
        self.taken_files: set[str] = set()

    def of(self, names: Iterable[str]) -> dict[str, str]:
        """Those of some names, without the files."""
        found = {name: self[name] for name in names if name in self}
        self.taken.update(found)
        return found

    def of_files(self, names: Collection[str]) -> dict[str, Value]:
        """Those of some names that files have; a later file wins."""
        found: dict[str, Value] = {}
        for file, values in self.files.items():
            if mine := {name: value for name, value in values.items() if name in names}:
                self.taken_files.add(file)
                found |= mine
        return found

    def take(self, other: "Given") -> None:
        """What another one was asked for counts, too."""
        self.taken |= other.taken
        self.taken_files |= other.taken_files

    @property
    def untaken(self) -> dict[str, str]:
        """What was typed and nothing asked for."""
        return {name: value for name, value in self.items() if name not in self.taken}

    def idle_files(self) -> Iterator[Fault]:
        """The files of which nothing asked for anything."""
        remedy = "Its names are those of Terraform's variables, or of parameters of templates."
        yield from (
            Fault("nothing takes any of its values", (), remedy, file)
            for file in self.files
            if file not in self.taken_files
        )
