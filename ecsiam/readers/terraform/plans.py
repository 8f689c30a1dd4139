"""What Terraform itself writes as JSON: a plan or a state by `terraform show -json`, and a state file.

What a plan doesn't know is a reference where its configuration says to which resource, else it is a gap: of a text with
one unknown part, such as a policy, a plan has nothing at all. HCL tells more.
https://developer.hashicorp.com/terraform/internals/json-format
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from ecsiam.errors import Fault, ReadError
from ecsiam.model.text import text
from ecsiam.readers.found import Place, Root, Unread, Value, is_list, is_map
from ecsiam.readers.terraform.attributes import Home, computed
from ecsiam.readers.terraform.roots import TYPES, WITH_KEYS, root_of
from ecsiam.readers.terraform.types import TerraformResource
from ecsiam.readers.values import Map

LARGEST = 128 * 1024 * 1024
DEEPEST = 100
_AFTER = "only known after apply: the plan has nothing of it"
_REFERENCE = re.compile(r"((?:data\.)?[a-z]\w*\.[\w-]+)(\[[^\]]*\])?\.(\w+)")

Data = dict[str, Any]
_HERE = Home()


def is_terraform_json(name: str, head: str) -> bool:
    """Whether a file that begins like this is a plan or a state."""
    shown = '"format_version"' in head and ('"terraform_version"' in head or '"planned_values"' in head)
    return shown or name.endswith(".tfstate") or ('"lineage"' in head and '"serial"' in head)


def read_terraform_json(files: Mapping[str, bytes]) -> Iterator[Root]:
    """The roots of plans and states. Raises ReadError for what is none."""
    for name, content in files.items():
        yield _root(name, _data(name, content))


def _data(name: str, content: bytes) -> Data:
    if len(content) > LARGEST:
        raise ReadError(Fault(f"larger than {LARGEST // 1024 // 1024} MiB", file=name))
    try:
        data: object = json.loads(content, object_pairs_hook=_object)
    except UnicodeDecodeError:
        raise ReadError(Fault("not UTF-8", (), "`terraform show -json` writes it so", name)) from None
    except RecursionError:
        raise ReadError(Fault("nested too deeply", file=name)) from None
    except ValueError as e:
        line = e.lineno if isinstance(e, json.JSONDecodeError) else None
        what = e.msg if isinstance(e, json.JSONDecodeError) else str(e)
        raise ReadError(Fault(f"not JSON: {what}", (), "`terraform show -json` writes it whole", name, line)) from None
    if not is_map(data):
        raise ReadError(Fault("neither a plan nor a state of Terraform: it is no object", file=name))
    return cast("Data", data)


def _object(pairs: list[tuple[str, Any]]) -> Data:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("the same key stands twice in one object")
    return found


def _root(name: str, data: Data) -> Root:
    try:
        if "planned_values" in data:
            kind, given = "Terraform plan", list(_Plan(name, data).resources())
        elif "values" in data or "format_version" in data:
            kind, given = "Terraform state", list(_shown(name, _of(_of(data, "values"), "root_module")))
        elif data.get("version") == 4:
            kind, given = "Terraform state", list(_stored(name, data))
        else:
            versions = "Versions before 4 have to be shown by a newer Terraform"
            raise ReadError(Fault("neither a plan nor a state of Terraform that we know", (), versions, name))
        mine = [r for r in given if r.type in TYPES]
        return root_of(name, kind, mine, [r for r in given if r.type in WITH_KEYS], (name,))
    except (TypeError, KeyError, AttributeError, RecursionError):
        raise ReadError(
            Fault("not as Terraform writes it", (), "Show it anew by `terraform show -json`", name)
        ) from None


def _of(data: Data, key: str) -> Data:
    found = data.get(key)
    return cast("Data", found) if is_map(found) else {}


def _resource(name: str, type: str, address: str, values: Map, home: Home = _HERE) -> TerraformResource:
    def attribute(wanted: str) -> Value:
        given = values.get(wanted)
        return computed(type, address, wanted, values.get, home) if given is None else given

    return TerraformResource(type, address, Place(name, None, (), address), values, attribute, home)


# ---------------------------------------------------------------- states


def _shown(name: str, module: Data) -> Iterator[TerraformResource]:
    for one in module.get("resources", ()):
        if one.get("mode", "managed") == "managed" and one["type"] in TYPES | WITH_KEYS:
            yield _resource(name, one["type"], one["address"], Map(_of(one, "values")))
    for inner in module.get("child_modules", ()):
        yield from _shown(name, inner)


def _stored(name: str, data: Data) -> Iterator[TerraformResource]:
    for one in data.get("resources", ()):
        if one.get("mode") != "managed" or one.get("type") not in TYPES | WITH_KEYS:
            continue
        module = f"{one['module']}." if one.get("module") else ""
        for instance in one.get("instances", ()):
            key = instance.get("index_key")
            at = "" if key is None else f'["{key}"]' if isinstance(key, str) else f"[{key}]"
            yield _resource(
                name, one["type"], f"{module}{one['type']}.{one['name']}{at}", Map(_of(instance, "attributes"))
            )


# ---------------------------------------------------------------- plans


class _Plan:
    def __init__(self, name: str, data: Data) -> None:
        self.name, self.data = name, data
        changes = data.get("resource_changes", ())
        self.unknown: dict[str, Data] = {c["address"]: _of(_of(c, "change"), "after_unknown") for c in changes}
        configuration = _of(data, "configuration")
        provider = _of(_of(_of(configuration, "provider_config"), "aws"), "expressions")
        region = _of(provider, "region").get("constant_value")
        self.home = Home(text(region) if isinstance(region, str) else None)
        self.written: dict[str, Data] = dict(_written(_of(configuration, "root_module"), ""))
        self.planned: dict[str, tuple[str, Map]] = {}

    def resources(self) -> Iterator[TerraformResource]:
        for one in _all(_of(_of(self.data, "planned_values"), "root_module")):
            if one.get("mode", "managed") == "managed":
                self.planned[one["address"]] = (one["type"], Map(_of(one, "values")))
        for address, (type, values) in self.planned.items():
            if type in TYPES | WITH_KEYS:
                self._fill(address, values)
        for address, (type, values) in self.planned.items():
            if type in TYPES | WITH_KEYS:
                yield _resource(self.name, type, address, values, self.home)

    def _fill(self, address: str, values: Map) -> None:
        """What isn't known, by what the configuration says it is."""
        written = self.written.get(_plain(address), {})
        for key, unknown in self.unknown.get(address, {}).items():
            if unknown is True and key in written:
                values[key] = self._referred(address, written[key])
            elif isinstance(unknown, list | dict) and key in written:
                values[key] = self._filled(address, values.get(key), unknown, written[key])

    def _filled(self, address: str, value: Value, unknown: Value, written: Value) -> Value:
        """A nested block or a list in which something isn't known."""
        if unknown is True:
            return self._referred(address, written)
        if is_list(unknown) and is_list(value):
            marks, items = unknown, value
            inner = written if is_list(written) else [written] * len(marks)
            size = max(len(items), len(marks))
            return [
                self._filled(
                    address,
                    items[i] if i < len(items) else None,
                    marks[i] if i < len(marks) else False,
                    inner[i] if i < len(inner) else None,
                )
                for i in range(size)
            ]
        if is_map(unknown):
            found = Map(value if is_map(value) else {})
            for key, mark in unknown.items():
                if mark is not False and mark not in ({}, []):
                    expression = written.get(key) if is_map(written) else None
                    found[key] = self._filled(address, found.get(key), mark, expression)
            return found
        return value

    def _referred(self, address: str, written: Value) -> Value:
        """What an expression that is one reference stands for."""
        references: list[Any] = written.get("references", []) if is_map(written) else []
        found = _REFERENCE.fullmatch(references[0]) if references else None
        others = [r for r in references if found and not str(r).startswith(found[1])]
        if found is None or [r for r in others if not str(r).startswith(("each.", "count."))]:
            return Unread(_AFTER)
        module = address[: -len(_local(address))]
        own = re.search(r"\[[^\]]*\]$", address)
        target = f"{module}{found[1]}"
        for candidate in (f"{target}{found[2] or ''}", target, f"{target}{own[0] if own else ''}", f"{target}[0]"):
            if candidate in self.planned:
                type, values = self.planned[candidate]
                given = values.get(found[3])
                return computed(type, candidate, found[3], values.get, self.home) if given is None else given
        return Unread(_AFTER)


def _all(module: Data) -> Iterator[Data]:
    yield from module.get("resources", ())
    for inner in module.get("child_modules", ()):
        yield from _all(inner)


def _written(module: Data, prefix: str) -> Iterator[tuple[str, Data]]:
    """The expressions of each resource, by its address without indices."""
    for one in module.get("resources", ()):
        yield f"{prefix}{one['address']}", _of(one, "expressions")
    for name, call in _of(module, "module_calls").items():
        yield from _written(_of(call, "module"), f"{prefix}module.{name}.")


def _plain(address: str) -> str:
    return re.sub(r'\[(?:"[^"]*"|\d+)\]', "", address)


def _local(address: str) -> str:
    """An address without the modules before it."""
    return re.sub(r'^(?:module\.[\w-]+(?:\[(?:"[^"]*"|\d+)\])?\.)*', "", address)
