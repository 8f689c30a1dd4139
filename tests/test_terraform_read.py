"""Roots read without Terraform are what Terraform itself makes of them: of each shape, what the state says once it is
applied (with the stand-in provider), and what is unknown before stands for one text throughout."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeGuard

import pytest
from attrs import fields

from ecsiam.model.text import Ref, Text
from ecsiam.readers.found import Found, FoundDocument, Place, Root, is_list, is_map
from ecsiam.readers.terraform.configuration import read_terraform
from ecsiam.readers.terraform.plans import read_terraform_json

from .terraform.rig import VERSIONS, Rig

READ = Path(__file__).parent / "readers" / "shapes" / "terraform"
CHECKED = Path(__file__).parent / "findings" / "shapes"
# Where the files are, and below that the root.
SHAPES = {
    **{path.name: (path, "") for path in sorted(READ.iterdir())},
    **{path.name: (path, "") for path in sorted(CHECKED.glob("tf_*"))},
    "tf_monorepo": (CHECKED / "tf_monorepo", "services/web"),
    "tf_environments": (CHECKED / "tf_environments", "environments/prod"),
    "ecspresso": (CHECKED / "ecspresso", "terraform"),
}
GIVEN: dict[str, dict[str, Any]] = {
    "heredocs": {"queue_arn": "arn:aws:sqs:eu-west-2:123456789012:jobs"},
    "module_per_service": {"aws_region": "eu-west-2"},
    "secrets_from_variables": {
        "database_secret_arn": "arn:aws:secretsmanager:eu-west-2:123456789012:secret:db-AbCdEf",
        "more_secrets": ["arn:aws:secretsmanager:eu-west-2:123456789012:secret:x-AbCdEf"],
    },
    "templatefile": {"image_tag": "7"},
}
# It takes a provider of its own, or a state that isn't there.
NOT_HERE = {"remote_state", "template_data"}
LEFT_OUT = {"arn", "place", "files", "lines", "places", "region", "account"}


class Unifying:
    """What unknown texts turn out to be: each is one text wherever it stands."""

    def __init__(self) -> None:
        self.known: dict[Ref, str] = {}

    def differences(self, ours: Any, theirs: Any, path: str = "$") -> Iterator[str]:
        if isinstance(ours, Text | str):
            if not self.is_same(ours if isinstance(ours, Text) else Text((ours,)), theirs):
                yield f"{path}: {ours} is {theirs}"
        elif is_map(ours) and is_map(theirs):
            for key, value in ours.items():
                if key not in theirs:
                    yield f"{path}: there is no {key}"
                else:
                    yield from self.differences(value, theirs[key], f"{path}.{key}")
        elif is_list(ours):
            yield from self.of_lists(ours, theirs if is_list(theirs) else [theirs], path)
        elif is_list(theirs) and len(theirs) == 1:
            yield from self.differences(ours, theirs[0], path)
        elif ours != theirs:
            yield f"{path}: {ours!r} is {theirs!r}"

    def of_lists(self, ours: list[Any], theirs: list[Any], path: str) -> Iterator[str]:
        """In any order, since much of Terraform's is sets."""
        if len(theirs) != len(ours):
            yield f"{path}: {len(ours)} are {len(theirs)}"
            return
        left = list(theirs)
        for i, one in enumerate(ours):
            alike = (x for x in left if not [*Unifying.like(self).differences(one, x)])
            found = next(alike, left[0])
            left.remove(found)
            yield from self.differences(one, found, f"{path}[{i}]")

    @classmethod
    def like(cls, other: "Unifying") -> "Unifying":
        """One that knows as much, to try something with."""
        made = cls()
        made.known = dict(other.known)
        return made

    def is_same(self, ours: Text, theirs: Any) -> bool:
        pattern = ""
        seen: list[Ref] = []
        for part in ours.parts:
            if isinstance(part, str):
                pattern += re.escape(part)
            elif part in self.known:
                pattern += re.escape(self.known[part])
            elif part in seen:
                pattern += f"(?P=r{seen.index(part)})"
            else:
                pattern += f"(?P<r{len(seen)}>.+?)" if "letter" not in part.name else f"(?P<r{len(seen)}>.)"
                seen.append(part)
        theirs = theirs.literal if isinstance(theirs, Text) else theirs
        found = re.fullmatch(pattern, theirs) if isinstance(theirs, str) else None
        if found:
            self.known |= {ref: found[f"r{i}"] for i, ref in enumerate(seen)}
        return found is not None


def is_tuple(value: Any) -> TypeGuard[tuple[Any, ...]]:
    return isinstance(value, tuple)


def plain(one: Found) -> dict[str, Any]:
    """A record as data, with what it means alone."""

    def opened(value: Any) -> Any:
        if isinstance(value, FoundDocument):
            return value.value
        if isinstance(value, Place):
            return None
        if is_tuple(value):
            return [opened(v) for v in value]
        return value

    found = {f.name: opened(getattr(one, f.name)) for f in fields(type(one)) if f.name not in LEFT_OUT}
    return {name: value for name, value in found.items() if value is not None}


def by_address(root: Root) -> dict[str, dict[str, Any]]:
    return {f"{type(f).__name__} {f.address}": plain(f) for f in root.found}


@pytest.mark.parametrize("shape", sorted(SHAPES.keys() - NOT_HERE))
def test_a_root_is_read_as_terraform_makes_it(shape: str, terraform: Rig, tmp_path: Path) -> None:
    directory, root = SHAPES[shape]
    out = "../" * len(Path(root).parts) or "../../"  # there the root is at the top, with its modules below
    files = {
        str(p.relative_to(directory)).removeprefix(f"{root}/"): p.read_text(encoding="utf-8").replace(f'"{out}', '"./')
        for p in directory.rglob("*")
        if p.is_file() and p.name != "found.txt"
    }
    work = terraform.workspace(files, version=VERSIONS[directory.parent == CHECKED])
    state = work.apply(GIVEN.get(shape))
    (theirs,) = read_terraform_json({"state.json": json.dumps(state).encode()})
    (ours,) = read_terraform(directory / root, directory)
    assert theirs.gaps == ()
    found, meant = by_address(ours), by_address(theirs)
    assert found.keys() == meant.keys()
    unifying = Unifying()
    differences = [d for key in found for d in unifying.differences(found[key], meant[key], key)]
    assert [d for d in differences if "Unread" not in d] == []
