"""What all modules of a root share, and which other root it reads the state of."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ecsiam.readers.found import Gap, Value, as_map
from ecsiam.readers.hcl.scope import Budget
from ecsiam.readers.hcl.tree import Expression, Literal
from ecsiam.readers.terraform.files import Files
from ecsiam.readers.values import Failed

MOST_STATES = 5  # one read by another
_WHERE = ("key", "prefix", "bucket", "container_name", "storage_account_name")
ValuesOf = Callable[[str], dict[str, Value]]
"""The values that the files of a root give its variables. Raises ReadError for those that can't be read."""


class Run:
    """What all modules of a root share."""

    def __init__(
        self,
        files: Files,
        root: str,
        values_of: ValuesOf = lambda _: {},
        budget: Budget | None = None,
        depth: int = 0,
    ) -> None:
        self.files, self.root, self.budget = files, root, budget or Budget()
        self.values_of, self.depth = values_of, depth
        self.gaps: list[Gap] = []
        self.used: dict[str, None] = {}
        self.installed = self._installed()

    def of_state(self, backend: Value, config: Value) -> "Run | None":
        """A run of the one other root whose state is kept where `terraform_remote_state` says."""
        given = as_map(config)
        there = [one for one in self.files.roots if self._keeps(one, backend, given)]
        if len(there) != 1 or there[0] == self.root or self.depth >= MOST_STATES:
            return None
        return Run(self.files, there[0], self.values_of, self.budget, self.depth + 1)

    def _keeps(self, directory: str, backend: Value, given: dict[str, Value]) -> bool:
        """Whether a root keeps its state in a place: the same path, or key; what else is known must not differ."""
        block = self.files.configuration(directory).backend
        kind = block.labels if block else ("local",)
        arguments = block.body.arguments if block else {}
        own = {name: text for name, of in arguments.items() if (text := _literal(of.value)) is not None}
        if kind != (backend,):
            return False
        if backend == "local":
            path = given.get("path")
            return isinstance(path, str) and _joined(self.root, path) == _joined(
                directory, own.get("path", "terraform.tfstate")
            )
        same = {name: own[name] == given[name] for name in _WHERE if name in own and isinstance(given.get(name), str)}
        return all(same.values()) and bool({"key", "prefix"} & same.keys())

    def _installed(self) -> dict[str, str]:
        """Where `terraform init` has put modules, by their keys."""
        path = Path(self.root) / ".terraform" / "modules" / "modules.json"
        try:
            listed: list[Any] = json.loads(self.files.text(str(path)))["Modules"] if path.exists() else []
            return {m["Key"]: os.path.normpath(Path(self.root) / m["Dir"]) for m in listed}
        except (Failed, ValueError, KeyError, TypeError, OSError, RecursionError):
            return {}


def _literal(value: Expression) -> str | None:
    return value.value if isinstance(value, Literal) and isinstance(value.value, str) else None


def _joined(directory: str, path: str) -> str:
    return os.path.normpath(Path(directory) / path)
