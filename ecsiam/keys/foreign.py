"""Files of other tools: what they are, and what can be done with them here.

They are told by their keys, so that a template is not refused for its tags, nor a task definition key by key.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import cast

from attrs import frozen

from ecsiam.errors import Fault

_CONFIG = "`ecsiam init` starts a config: write what the roles need into it."
_DOCUMENT = (
    "Put a policy document of it into a JSON file by itself, and ask about that with `ecsiam can`, `ecsiam simulate` "
    f"or `ecsiam diff`. {_CONFIG}"
)
_READ = f"`ecsiam check` and `ecsiam diff` read it, and `ecsiam can` takes a role of it as `FILE#ROLE`. {_CONFIG}"
_FOLDER = f"`ecsiam check`, `ecsiam can` and `ecsiam diff` read its folder. {_CONFIG}"

_HCL = re.compile(
    r'^[ \t]*(?:(?:resource|data)[ \t]+"[^"\n]+"[ \t]+"[^"\n]+"|(?:module|variable|provider|output)[ \t]+"[^"\n]+"'
    r"|terraform|locals|moved|import|removed)[ \t]*\{",
    re.MULTILINE,
)
_HCL_NAMES = (".tf", ".tfvars", ".hcl", ".tofu")
_KEY = re.compile(
    r"""^(?P<in>[ \t]*(?:-[ \t]+)*)(?P<quote>["']?)(?P<key>[A-Za-z_$][\w.$:-]*)(?P=quote)[ \t]*:(?:\s|$)""", re.M
)
_JSON_KEY = re.compile(r'"([A-Za-z_$][\w.$:-]*)"\s*:')
_TERRAFORM = frozenset(
    ("//", "data", "locals", "module", "output", "provider", "resource", "terraform", "variable", "moved", "import")
)


@frozen
class _View:
    """What is looked at: the keys of the file itself, those anywhere in it, those of its services, and its text."""

    top: frozenset[str]
    deep: frozenset[str]
    text: str
    services: frozenset[str]

    def has(self, *keys: str) -> bool:
        return self.top.issuperset(keys)


@frozen
class _Kind:
    what: str
    is_it: Callable[[_View], bool]
    remedy: str


# The first that fits counts.
_KINDS = (
    _Kind(
        "an AWS SAM template",
        lambda v: "AWS::Serverless" in v.text and bool(v.top & {"Transform", "Resources"}),
        _READ,
    ),
    _Kind(
        "a CloudFormation template",
        lambda v: (
            v.has("AWSTemplateFormatVersion") or (v.has("Resources") and re.search(r"AWS::\w+::", v.text) is not None)
        ),
        _READ,
    ),
    _Kind(
        "an ECS task definition",
        lambda v: "containerDefinitions" in v.deep and bool(v.top & {"containerDefinitions", "taskDefinition"}),
        f"`ecsiam check` holds it against the roles beside it. {_CONFIG}",
    ),
    _Kind(
        "an ECS service",
        lambda v: v.has("taskDefinition") or (v.has("services") and "serviceArn" in v.deep),
        f"`ecsiam check` holds it against the roles beside it. {_CONFIG}",
    ),
    _Kind("a Terraform plan", lambda v: v.has("planned_values") or v.has("resource_changes"), _READ),
    _Kind("a Terraform state", lambda v: v.has("terraform_version") or v.has("lineage", "serial"), _READ),
    _Kind(
        "a Serverless Framework file",
        lambda v: (
            v.has("service", "provider") and bool(v.top & {"functions", "resources", "frameworkVersion", "plugins"})
        ),
        _DOCUMENT,
    ),
    _Kind("Terraform in JSON", lambda v: bool(v.top) and v.top <= _TERRAFORM, _FOLDER),
    _Kind("a Compose file", lambda v: v.has("services") and bool(v.services & {"image", "build"}), _CONFIG),
    _Kind("a Kubernetes manifest", lambda v: v.has("apiVersion", "kind"), _CONFIG),
    _Kind("a Copilot manifest", lambda v: v.has("name", "type") and bool(v.top & {"image", "http", "cpu"}), _CONFIG),
    _Kind("a GitHub Actions workflow", lambda v: v.has("jobs") and bool(v.top & {"on", "true", "name"}), _CONFIG),
    _Kind("a CodeDeploy application specification", lambda v: v.has("version") and "TaskDefinition" in v.deep, _CONFIG),
    _Kind(
        "a list of IAM's, as the AWS CLI prints it",
        lambda v: bool(
            v.top & {"RoleDetailList", "UserDetailList", "Roles", "Policies", "AttachedPolicies", "PolicyNames"}
        ),
        _READ,
    ),
)


def foreign_data(data: Mapping[str, object]) -> Fault | None:
    """What a file is that was read and is another tool's; None for any other."""
    deep = frozenset(_keys(data, 0))
    services = data.get("services")
    each = cast("Mapping[str, object]", services).values() if isinstance(services, Mapping) else ()
    of_services = frozenset(
        key for one in each if isinstance(one, Mapping) for key in cast("Mapping[str, object]", one)
    )
    return _kind(_View(frozenset(data), deep, json.dumps(data, default=str), of_services))


def foreign_text(text: str, name: str) -> Fault | None:
    """What a file is that could not be read as YAML or JSON, or not whole; None where that can't be told."""
    if name.lower().endswith(_HCL_NAMES) or _HCL.search(text):
        return _fault("Terraform", _FOLDER)
    if text.lstrip().startswith("{"):
        keys = _JSON_KEY.findall(text)
        top = keys[:1] + re.findall(r'^[ \t]{1,4}"([A-Za-z_$][\w.$:-]*)"\s*:', text, re.MULTILINE)
        return _kind(_View(frozenset(top), frozenset(keys), text, _unread(keys)))
    found = [(m["in"], m["key"]) for m in _KEY.finditer(text)]
    keys = [key for _, key in found]
    view = _View(frozenset(key for indent, key in found if not indent), frozenset(keys), text, _unread(keys))
    return _kind(view, least=2)  # it was not read, so one word is no evidence


def _unread(keys: list[str]) -> frozenset[str]:
    """What the services of a file that was not read may have: its keys, unless a flag of ours is among them."""
    return frozenset() if any(key.startswith("enable_") for key in keys) else frozenset(keys)


def _kind(view: _View, *, least: int = 1) -> Fault | None:
    """The kind of a file; with `least`, only of one that has so many keys."""
    if view.has("project_name") or len(view.deep) < least:
        return None
    kind = next((k for k in _KINDS if k.is_it(view)), None)
    return None if kind is None else _fault(kind.what, kind.remedy)


def _fault(what: str, remedy: str) -> Fault:
    return Fault(f"this is {what}, neither a config nor an IAM document", (), remedy)


def _keys(value: object, depth: int) -> Iterator[str]:
    if depth > 6:
        return
    if isinstance(value, Mapping):
        for key, inner in cast("Mapping[str, object]", value).items():
            yield key
            yield from _keys(inner, depth + 1)
    elif isinstance(value, list):
        for inner in cast("list[object]", value):
            yield from _keys(inner, depth + 1)
