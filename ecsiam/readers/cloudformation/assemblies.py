"""The CDK's assemblies: what their manifests say of a template's account and region, and where nested templates are.

https://docs.aws.amazon.com/cdk/v2/guide/deploy.html#deploy-how-synth-assemblies
"""

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress

from attrs import field, frozen

from ecsiam.readers.cloudformation.syntax import LARGEST, Node, nodes
from ecsiam.readers.found import as_map

_MANIFEST, _ASSETS = "manifest.json", ".assets.json"
_ENVIRONMENT = re.compile(r"aws://(?P<account>[^/]+)/(?P<region>[^/]+)")
_HASH = re.compile(r"/([0-9a-f]{64})\.json$")


def is_of_assembly(name: str, head: str) -> bool:
    """Whether a file is the manifest of an assembly, or of its assets."""
    return (posixpath.basename(name) == _MANIFEST and '"artifacts"' in head) or name.endswith(_ASSETS)


@frozen
class Assemblies:
    """The assemblies among some files. `stacks` has the pseudo parameters of a template, as far as they are said."""

    stacks: dict[str, dict[str, str]] = field(factory=dict[str, dict[str, str]])
    assets: dict[tuple[str, str], str] = field(factory=dict[tuple[str, str], str])
    """The file of an asset: by its assembly's directory, and its hash."""
    directories: frozenset[str] = frozenset()

    @classmethod
    def among(cls, files: Mapping[str, bytes]) -> "Assemblies":
        """Those whose manifests are among the files; what is none, or isn't understood, says nothing."""
        stacks: dict[str, dict[str, str]] = {}
        assets: dict[tuple[str, str], str] = {}
        directories: set[str] = set()
        for name, data in files.items():
            here, file = posixpath.split(name)
            if file == _MANIFEST:
                directories.add(here)
                stacks |= {posixpath.join(here, of): values for of, values in _stacks(data)}
            elif name.endswith(_ASSETS):
                for hash, one in as_map(_read(data).get("files")).items():
                    path = as_map(as_map(one).get("source")).get("path")
                    if isinstance(path, str):
                        assets[here, hash] = posixpath.normpath(posixpath.join(here, path))
        return cls(stacks, assets, frozenset(directories))

    def of(self, file: str) -> str:
        """The assembly that a file is in, by its directory; empty: none."""
        here = posixpath.dirname(file)
        return here if here in self.directories else ""

    def asset(self, file: str, url: Node | None) -> str | None:
        """The file that a stack in a template is made of, by the hash in its address."""
        for one in nodes(url) if url is not None else ():
            found = _HASH.search(one.value) if isinstance(one.value, str) else None
            if found and (posixpath.dirname(file), found[1]) in self.assets:
                return self.assets[posixpath.dirname(file), found[1]]
        return None


def _read(data: bytes) -> Mapping[str, object]:
    with suppress(ValueError, RecursionError):
        return as_map(json.loads(data)) if len(data) <= LARGEST else {}
    return {}


def _stacks(data: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    for id, artifact in as_map(_read(data).get("artifacts")).items():
        properties = as_map(as_map(artifact).get("properties"))
        file, environment = properties.get("templateFile"), as_map(artifact).get("environment")
        at = _ENVIRONMENT.fullmatch(environment) if isinstance(environment, str) else None
        if isinstance(file, str) and at is not None:
            name = properties.get("stackName", id)
            told = {"AWS::AccountId": at["account"], "AWS::Region": at["region"], "AWS::StackName": name}
            yield file, {key: one for key, one in told.items() if isinstance(one, str) and "unknown-" not in one}
