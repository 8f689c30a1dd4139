"""Which file a stack in a template is made of: by its path, by an asset of the CDK, or by the end of its address.

Nested templates are put into a bucket before they are deployed, so what names them is an address that ends with their
path: `https://BUCKET.s3.amazonaws.com/${Prefix}services/web.yaml`.
"""

import posixpath
import re
from collections.abc import Collection, Iterator

from ecsiam.readers.cloudformation.assemblies import Assemblies
from ecsiam.readers.cloudformation.syntax import Node

_PATHS = (("Metadata", "aws:asset:path"), ("Properties", "TemplateURL"), ("Properties", "Location"))
_DEEPEST = 20  # folders of a path
_VARIABLE = re.compile(r"\$\{[^{}]*\}")


def template_of(file: str, template: Node, stack: Node, there: Collection[str], assemblies: Assemblies) -> str | None:
    """The file of a stack in a template, among those that are there."""
    for keys in _PATHS:
        at = stack.get(*keys)
        if at is not None and isinstance(at.value, str):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(file), at.value))
            if path in there:
                return path
    url = stack.get("Properties", "TemplateURL")
    asset = assemblies.asset(file, url)
    if asset in there:
        return asset
    return None if url is None else by_end(file, _end(url, template), there)


def by_end(file: str, address: str, there: Collection[str]) -> str | None:
    """The one file whose path ends as an address does, as far as it can; of several the one below the template."""
    steps = [step for step in address.partition("?")[0].split("/") if step][-_DEEPEST:]
    below = f"{posixpath.dirname(file)}/".removeprefix("/")
    alike = [one for one in there if one != file and steps and posixpath.basename(one) == steps[-1]]
    for n in range(len(steps)):
        path = "/".join(steps[n:])
        found = [one for one in alike if f"/{one}".endswith(f"/{path}")]
        near = [one for one in found if one.startswith(below)] if len(found) > 1 else found
        if found:
            return near[0] if len(near) == 1 else None
    return None


def _end(url: Node, template: Node) -> str:
    """What an address surely ends with."""
    return "".join(reversed(list(_backwards(url, template))))


def _backwards(url: Node, template: Node) -> Iterator[str]:
    """Its pieces from the last, up to one that is not written there."""
    match url.value:
        case str():
            yield url.value
        case {"Ref": Node(value=str() as name)}:
            default = template.get("Parameters", name, "Default")
            yield default.value if default is not None and isinstance(default.value, str) else ""
        case {"Fn::Sub": Node() as given}:
            written = given.items[0].value if given.items else given.value
            yield _VARIABLE.split(written)[-1] if isinstance(written, str) else ""
        case {"Fn::Join": Node() as given} if len(given.items) == 2 and isinstance(given.items[0].value, str):
            for i, one in enumerate(reversed(given.items[1].items)):
                yield given.items[0].value if i else ""
                if not isinstance(one.value, str):
                    return
                yield one.value
        case _:
            return
