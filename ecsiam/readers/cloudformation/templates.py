"""CloudFormation's templates: written by hand, by the CDK, SAM, Copilot or our emitter.

A nested stack is read as a part of the template that makes it, where its own template is among the files: its
resources have the stack's id before their own.
"""

import json
import posixpath
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import cast

from attrs import evolve

from ecsiam.errors import Fault, ReadError
from ecsiam.keys.events import RIGHT_FILE
from ecsiam.model.text import Ref, Text, text
from ecsiam.readers.cloudformation.assemblies import Assemblies
from ecsiam.readers.cloudformation.ecs import text_at
from ecsiam.readers.cloudformation.handed import Handed
from ecsiam.readers.cloudformation.intrinsics import PSEUDO, Resolver
from ecsiam.readers.cloudformation.loops import unrolled
from ecsiam.readers.cloudformation.nested import template_of
from ecsiam.readers.cloudformation.records import RECORDS, Records, cluster_configurations, customer_keys, known_arns
from ecsiam.readers.cloudformation.resolved import text_of
from ecsiam.readers.cloudformation.resources import STACKS, Resources
from ecsiam.readers.cloudformation.syntax import LARGEST, Node, is_template, read_template
from ecsiam.readers.found import TEMPLATE, Found, FoundRole, FoundService, Gap, Root, Value, as_map, several
from ecsiam.readers.given import Given
from ecsiam.readers.values import Failed, as_text

__all__ = ["is_template", "read_cloudformation"]

_HEAD = 64 * 1024
_DEEPEST = 5  # stacks in stacks
_MOST_STACKS = 500
_MACROS = frozenset(  # which leave what is written as it is
    {
        "AWS::CodeDeployBlueGreen",
        "AWS::LanguageExtensions",
        "AWS::SecretsManager-2020-07-23",
        "AWS::SecretsManager-2024-09-16",
        "AWS::Serverless-2016-10-31",
    }
)


def read_cloudformation(files: Mapping[str, bytes], parameters: Mapping[str, str] | None = None) -> Iterator[Root]:
    """What the templates among some files say. `parameters` are values for parameters of these names.

    Values are also taken from a file as `copilot package` writes it: `NAME.params.json` beside `NAME.stack.yml`. Raises
    ReadError, once all others were read, for templates that are no YAML or JSON.
    """
    faults: list[Fault] = []
    templates: dict[str, Node] = {}
    for name, data in files.items():
        if is_template(name, data[:_HEAD].decode("utf-8", errors="replace")):
            try:
                templates[name] = read_template(data, name)
            except ReadError as e:
                faults += e.faults
    group = _Group(files, templates, parameters if isinstance(parameters, Given) else Given(parameters or {}))
    for name in sorted(templates, key=group.nested.__contains__):
        if name not in group.read:  # nor made by another
            try:
                yield group.root(name)
            except ReadError as e:
                faults += [evolve(fault, file=fault.file or name) for fault in e.faults]
    if faults:
        raise ReadError(*faults)


class _Stack:
    """A template as one stack makes it: with values for its parameters."""

    def __init__(
        self, group: "_Group", file: str, given: Mapping[str, Text], prefix: str = "", within: tuple[str, ...] = ()
    ) -> None:
        self.group, self.file, self.within = group, file, (*within, file)
        known = {key: value.literal for key, value in given.items() if value.literal}
        self.template = unrolled(group.templates[file], known)
        self.resources = Resources(self.template, prefix)
        self.resolver = Resolver(self.template, self.resources.refer, given, self.imported, prefix)
        self.resources.resolver = self.resolver
        self.resources.output = self.output_of
        self.resources.imported = self.imported
        self.stacks: dict[str, _Stack | None] = {}

    def imported(self, kind: str, name: Text) -> Text | None:
        """What another template hands on under a name: an `export`, or what a `parameter` of SSM holds."""
        handed = self.group.handed
        return (handed.export if kind == "export" else handed.parameter)(name, self.file)

    def nested(self, id: str) -> "_Stack | None":
        """The stack that a resource makes; None where its template is not among the files."""
        if id not in self.stacks:
            self.stacks[id] = None  # what it is while its parameters ask for its own outputs
            node = self.resources.nodes[id]
            file = self.group.template_of(self.file, node) or self._named(node)
            if file is not None and file not in self.within and len(self.within) < _DEEPEST:
                given = self.resources.nodes[id].get("Properties", "Parameters")
                resolved = self.resolver.value(given)
                values = {key: self.resolver.given[key] for key in PSEUDO if key in self.resolver.given}
                values |= {
                    key: said for key, one in (resolved.fields if resolved else {}).items() if (said := text_of(one))
                }
                prefix = f"{self.resources.address(id)}."
                self.stacks[id] = _Stack(self.group, file, values, prefix, self.within)
                self.group.made += 1
                if self.group.made > _MOST_STACKS:
                    line = self.resources.nodes[id].line
                    what = f"more than {_MOST_STACKS} stacks in stacks"
                    raise ReadError(Fault(what, ("Resources", id), RIGHT_FILE, file=self.file, line=line))
        return self.stacks[id]

    def _named(self, node: Node) -> str | None:
        """The template whose file a parameter names, as it does for the addons of Copilot."""
        url = self.resolver.text(node.get("Properties", "TemplateURL"))
        file = posixpath.join(posixpath.dirname(self.file), str(url))
        return file if file in self.group.templates else None

    def output_of(self, id: str, name: str) -> Text | None:
        stack = self.nested(id)
        return None if stack is None else stack.output(name)

    def output(self, name: str) -> Text | None:
        return self.resolver.text(self.template.get("Outputs", name, "Value"))

    def is_there(self, id: str) -> bool | None:
        """Whether a resource is made, by its condition; None where that isn't known."""
        condition = self.resources.nodes[id].get("Condition")
        return True if condition is None else self.resolver.condition(str(condition.value))

    def all(self) -> "Iterator[_Stack]":
        """This stack and those in it."""
        yield self
        for id, _ in self.resources.of(*STACKS):
            if self.is_there(id) is not False and (stack := self.nested(id)) is not None:
                yield from stack.all()

    def found(self) -> tuple[list[Found], list[Gap]]:
        records = Records(self.file, self.resources, self.resolver)
        found: list[Found] = []
        further = [*self._macros()]
        for id, node in self.resources.nodes.items():
            read = RECORDS.get(self.resources.type(id))
            there = self.is_there(id)
            if id.startswith("Fn::"):
                further.append(Gap(records.place(node, id), f"`{id}` makes resources that are not read"))
            elif self.resources.type(id) in STACKS and there is not False and self.nested(id) is None:
                records.gap(node, id, "the template of a stack in it is not here")
            elif self.resources.type(id) == "AWS::CloudFormation::StackSet" and node.get("Properties", "TemplateBody"):
                records.gap(node, id, "the template of a stack set, which stands in it, is not read")
            elif self.resources.type(id).endswith("::MODULE"):
                records.gap(node, id, "a module makes resources that are not read")
            elif read is not None and there is not False:
                found += read(records, id, str(cast("Node", node.get("Condition")).value) if there is None else "")
        if further:  # which may give a role more than is written here
            found = [evolve(one, gaps=tuple(further)) if isinstance(one, FoundRole) else one for one in found]
        return found, [*records.gaps, *further]

    def _macros(self) -> Iterator[Gap]:
        given = self.template.get("Transform")
        for one in (given.items or [given]) if given else ():
            called = one.value if isinstance(one.value, str) else "AWS::Include"
            if called not in _MACROS:
                yield Gap(Records.at(self.file, one), f"the macro `{called}` may change what is written")


class _Group:
    """Templates that may name each other: by exports, and as nested stacks."""

    def __init__(self, files: Mapping[str, bytes], templates: dict[str, Node], parameters: Given) -> None:
        self.files, self.parameters = files, parameters
        self.templates = {name: self._unrolled(template) for name, template in templates.items()}
        self.assemblies = Assemblies.among(files)
        self.nested = {file for name in templates for file in self._nested_in(name)}
        self.nested |= {addons for name in templates if (addons := _addons(name)) in templates}
        self.ids = {name: frozenset(_ids(template)) for name, template in templates.items()}
        self.stacks: dict[str, _Stack] = {}
        self.customer: dict[str, dict[str, Text | None]] = {}
        self._handed: Handed | None = None
        self.made = 0  # stacks in stacks
        self.read: set[str] = set()

    def _unrolled(self, template: Node) -> Node:
        with suppress(ReadError):  # which is said where the template is read
            return unrolled(template, self.parameters)
        return template

    def _nested_in(self, name: str) -> Iterator[str]:
        resources = Resources(self.templates[name])
        for _, node in resources.of(*STACKS):
            file = self.template_of(name, node)
            if file is not None and file != name:
                yield file

    def template_of(self, name: str, node: Node) -> str | None:
        """The file that a stack in a template is made of."""
        return template_of(name, self.templates[name], node, self.templates, self.assemblies)

    def stack(self, name: str) -> _Stack:
        if name not in self.stacks:
            declared = self.templates[name].get("Parameters")
            names = (*PSEUDO, *(declared.fields if declared else ()))
            given = {**self.assemblies.stacks.get(name, {}), **_beside(self.files, name)}
            given |= _texts(self.parameters.of_files(names)) | self.parameters.of(names)
            self.stacks[name] = _Stack(self, name, {key: text(value) for key, value in given.items()})
        return self.stacks[name]

    @property
    def handed(self) -> Handed:
        """What templates hand on; what is imported while that is looked for is not known."""
        if self._handed is None:
            self._handed = Handed(self.ids)
            found = Handed(self.ids)
            for stack in [self.stack(file) for file in self.templates if file not in self.nested]:
                found.put(stack.file, stack.resources, stack.resolver)
            self._handed = found
        return self._handed

    def keys(self, name: str) -> dict[str, Text | None]:
        """The customer keys of a template's secrets and buckets, and of those that were handed to it."""
        handed = self.handed.sources.get(name, {})
        there = {of: key for id, file in handed.items() for of, key in self._customer_keys(file).items() if of == id}
        return {**there, **self._customer_keys(name)}

    def _customer_keys(self, name: str) -> dict[str, Text | None]:
        if name not in self.customer:
            found: dict[str, Text | None] = {}
            with suppress(ReadError):  # which is said where the template is read
                for stack in self.stack(name).all():
                    found |= customer_keys(stack.resources)
            self.customer[name] = found
        return self.customer[name]

    def root(self, name: str) -> Root:
        """A template with its nested stacks."""
        found: list[Found] = []
        gaps: list[Gap] = []
        arns: dict[Ref, Text] = {}
        clusters: list[tuple[tuple[Text, ...], Value]] = []
        files: list[str] = []
        for stack in self.stack(name).all():
            more, further = stack.found()
            found += more
            gaps += further
            arns |= known_arns(stack.resources)
            clusters += cluster_configurations(stack.resources)
            files.append(stack.file)
            self.read.add(stack.file)
        found = [_with_cluster(one, clusters) for one in found]
        kind = f"a {_made_by(self.templates[name])} {TEMPLATE}"
        return Root(
            name,
            kind,
            tuple(found),
            tuple(dict.fromkeys(gaps)),
            arns,
            self.keys(name),
            tuple(dict.fromkeys(files)),
            imports=frozenset(self.handed.sources.get(name, {}).values()),
        )


def _with_cluster(one: Found, clusters: list[tuple[tuple[Text, ...], Value]]) -> Found:
    """A service with what its cluster says of Exec, as `clusterConfiguration` beside what `create-service` takes."""
    if isinstance(one, FoundService):
        cluster = text_at(one.value, "cluster")
        for names, configuration in clusters:
            if cluster in names:
                return evolve(one, value={**one.value, "clusterConfiguration": configuration})
    return one


def _ids(template: Node) -> Iterator[str]:
    """What parameters and resources are called."""
    for section in ("Parameters", "Resources"):
        inside = template.get(section)
        yield from inside.fields if inside else ()


def _made_by(template: Node) -> str:
    transform = template.get("Transform")
    macros = [one.value for one in (transform.items or [transform])] if transform else []
    if "AWS::Serverless-2016-10-31" in macros:
        return "SAM"
    resources = template.get("Resources")
    made = (resources.fields if resources else {}).values()
    return "CDK" if any(one.get("Metadata", "aws:cdk:path") for one in made) else "CloudFormation"


def _addons(name: str) -> str:
    """What `copilot package` calls the template of the addons of a workload."""
    stem, dot, ending = name.rpartition(".stack.")
    return f"{stem}.addons.stack.{ending}" if dot else ""


def _beside(files: Mapping[str, bytes], name: str) -> dict[str, str]:
    """The values that `copilot package` writes beside a template. Where the addons are beside it, they are its own."""
    stem, dot, _ = name.rpartition(".stack.")
    addons = {"AddonsTemplateURL": posixpath.basename(_addons(name))} if _addons(name) in files else {}
    data = files.get(f"{stem}.params.json") if dot else None
    if data is None or len(data) > LARGEST:
        return addons
    with suppress(ValueError, RecursionError):
        return {**_texts(as_map(as_map(json.loads(data)).get("Parameters"))), **addons}
    return addons


def _texts(given: Mapping[str, Value]) -> dict[str, str]:
    """Values as parameters have them, which are texts: of a list its items with commas between."""
    found: dict[str, str] = {}
    for name, value in given.items():
        with suppress(Failed):
            items = [as_text(one) for one in several(value)]
            texts = [one for one in items if isinstance(one, str)]
            if len(texts) == len(items):
                found[name] = ",".join(texts)
    return found
