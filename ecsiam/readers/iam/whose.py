"""Whose a file is that bears no role's name inside: much of what AWS prints says everything but that."""

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePath

from attrs import define

from ecsiam.model.text import Text
from ecsiam.readers.found import FoundManaged, FoundRole

CREATE_ROLE = "create-role.json"
_POLICIES = ("policies", "managed-policies")
_TRUSTS = tuple(
    f"{name}.{suffix}"
    for name in ("trust-policy", "trust_policy", "trust", "assume-role-policy", "assume_role_policy")
    for suffix in ("json", "yaml", "yml")
)


@define
class Whose:
    """The roles that there are, by name, by folder and by what they are beside."""

    names: list[tuple[str, str]]
    """Names with the roles' keys, long ones first: `api` is a part of `api-task`."""
    by_name: dict[str, list[str]]
    folders: dict[PurePath, str]
    """The folders that hold one role: those with its `create-role.json`."""
    beside: dict[PurePath, list[str]]
    root: str

    @classmethod
    def of(cls, roles: Mapping[str, FoundRole], root: str) -> "Whose":
        """Made for some roles by their keys, of files below a root."""
        by_name: dict[str, list[str]] = {}
        beside: dict[PurePath, list[str]] = {}
        folders: dict[PurePath, str] = {}
        for key, role in roles.items():
            path = PurePath(role.place.file)
            by_name.setdefault(str(role.name), []).append(key)
            beside.setdefault(path.parent, []).append(key)
            if path.name == CREATE_ROLE:
                folders[path.parent] = key
        names = longest_first((str(role.name), key) for key, role in roles.items() if role.name)
        return cls(names, by_name, folders, beside, root)

    def folder(self, file: str) -> str | None:
        """The role in whose folder a file is."""
        return next((self.folders[parent] for parent in PurePath(file).parents if parent in self.folders), None)

    def named(self, name: Text, file: str) -> list[str]:
        """The roles of a name: of several, those that the file is beside."""
        there = self.by_name.get(str(name), [])
        if len(there) < 2:
            return there
        near = [key for key in there if key == self.folder(file)]
        return near or [key for key in self.beside.get(PurePath(file).parent, ()) if key in there] or there

    def owner(self, file: str) -> str | None:
        """The role that a file is about: by its folder, by a name in the file's, or as the only one near."""
        folder = self.folder(file)
        if folder is not None:
            return folder
        below = _below(file, self.root)
        within = [(name, key) for name, key in self.names if _has(below, name)]
        if within:
            best = [key for name, key in within if name == within[0][0]]
            near = [key for key in self.beside.get(PurePath(file).parent, ()) if key in best]
            return best[0] if len(best) == 1 else near[0] if len(near) == 1 else None
        there = self.beside.get(PurePath(file).parent) or [key for _, key in self.names]
        return there[0] if len(there) == 1 else None


def by_trust(files: Iterable[str]) -> dict[str, PurePath]:
    """Documents that are one role's together, with its folder: its trust, and what is in `policies/` beside that.

    Without such a folder, the one document that is beside it: of several, each may be another role's.
    """
    paths = [PurePath(file) for file in files]
    trusts = {path.parent: path for path in paths if path.name in _TRUSTS}
    within: dict[PurePath, list[PurePath]] = {}
    beside: dict[PurePath, list[PurePath]] = {}
    for path in paths:
        if path.parent.name in _POLICIES and path.parent.parent in trusts:
            within.setdefault(path.parent.parent, []).append(path)
        elif path.parent in trusts and path != trusts[path.parent]:
            beside.setdefault(path.parent, []).append(path)
    within |= {folder: there for folder, there in beside.items() if folder not in within and len(there) == 1}
    return {str(path): folder for folder, there in within.items() for path in (trusts[folder], *there)}


def _below(file: str, root: str) -> str:
    path = PurePath(file)
    return str(path.relative_to(root)) if path.is_relative_to(root) and file != root else path.name


def _has(file: str, name: str) -> bool:
    """Whether a name stands in a file's as a whole word or several."""
    return name in file and re.search(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])", file) is not None


def version_of(
    file: str, root: str, id: str, waiting: Mapping[str, str], managed: Mapping[str, FoundManaged]
) -> str | None:
    """The policy whose version a file has: the one that its name has, or the only one beside it that waits for it."""
    below = _below(file, root)
    wanted = [key for key, default in waiting.items() if default == id]
    named = [key for name, key in longest_first((str(managed[key].name), key) for key in wanted) if _has(below, name)]
    parent = PurePath(file).parent
    beside = [key for key in wanted if PurePath(managed[key].document.place.file).parent == parent]
    there = named[:1] or beside
    return there[0] if len(there) == 1 else None


def longest_first(named: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Names with what they name, the longest first."""
    return sorted(named, key=lambda one: (-len(one[0]), one))
