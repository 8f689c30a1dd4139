"""A Terraform module evaluated: variables, locals, resources and the modules it calls, each when it is asked for."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ecsiam.errors import ReadError
from ecsiam.model.text import AWS_REGION, Text, text
from ecsiam.readers.found import Gap, Place, Unread, Value, is_list, is_map
from ecsiam.readers.hcl import functions
from ecsiam.readers.hcl.evaluator import evaluate, value_of
from ecsiam.readers.hcl.scope import Inner, Scope
from ecsiam.readers.hcl.syntax import parse_template
from ecsiam.readers.hcl.taking import document_in
from ecsiam.readers.hcl.tree import Argument, Attribute, Block, Call, Expression, Literal, Name, Object
from ecsiam.readers.terraform.attributes import OF_PROVIDER, Home
from ecsiam.readers.terraform.files import Configuration
from ecsiam.readers.terraform.instances import by_index, by_key
from ecsiam.readers.terraform.resource import Resource
from ecsiam.readers.terraform.run import Run
from ecsiam.readers.terraform.variables import converted, of_type
from ecsiam.readers.values import Failed, Map, Node, as_text, named, unknown

# What is made of a file's content, and by which function.
_OF_CONTENT = {f"file{of}": of for of in ("md5", "sha1", "sha256", "sha512", "base64sha256", "base64sha512")}
_OF_CONTENT["filebase64"] = "base64encode"
_ACCOUNT = re.compile("[0-9]{12}")
_ABROAD = ("assume_role", "assume_role_with_web_identity", "profile", "access_key")


class Named(Node):
    """What has its attributes from a function."""

    def __init__(self, get: Callable[[str], Value]) -> None:
        self._get = get

    def attribute(self, name: str) -> Value:
        return self._get(name)


class Module:
    """One instance of a module. `address` ends in a dot, or is empty for the root's own."""

    def __init__(
        self,
        run: Run,
        configuration: Configuration,
        address: str = "",
        key: str = "",
        given: Callable[[str], Value] | None = None,
        parents: tuple[str, ...] = (),
    ) -> None:
        self.run, self.configuration, self.address, self.key = run, configuration, address, key
        self.budget = run.budget
        self.given = given
        self.parents = (*parents, configuration.directory)
        self.homes: dict[str, Home] = {}
        self._variables: dict[str, Value] = {}
        self._locals: dict[str, Value] = {}
        self._made: dict[tuple[str, ...], Value] = {}
        self._stand_ins: dict[str, Text] = {}
        run.used.update(dict.fromkeys(configuration.files))
        self._names: dict[str, Node] = {
            "var": Named(self.variable),
            "local": Named(self.local),
            "module": Named(lambda name: self.instances("module", name)),
            "data": Named(lambda kind: Named(lambda name: self.instances("data", kind, name))),
            "resource": Named(lambda kind: Named(lambda name: self.instances("resource", kind, name))),
            "path": Named(self._path),
            "terraform": Named(lambda name: unknown(f"terraform.{name}")),
        }

    # ------------------------------------------------------------ what names mean

    def look(self, name: str) -> Value:
        if name in self._names:
            return self._names[name]
        if name in ("each", "count", "self"):
            raise Failed(f"`{name}` has no meaning here")
        return Named(lambda inner: self.instances("resource", name, inner))

    def variable(self, name: str) -> Value:
        """The value of an input variable."""
        if name not in self._variables:
            self._variables[name] = Unread(f"`var.{name}` hangs on itself")
            self._variables[name] = self._variable(name)
        return self._variables[name]

    def _variable(self, name: str) -> Value:
        block = self.configuration.variables.get(name)
        if block is None:
            raise Failed(f"there is no variable `{name}`")
        arguments = block.body.arguments
        kind = arguments["type"].value if "type" in arguments else None
        default = arguments.get("default")
        try:
            value = self.given(name) if self.given else MISSING
            nullable = value_of(arguments["nullable"].value, self) if "nullable" in arguments else True
            if value is MISSING or (value is None and nullable is False):
                if default is None:
                    if name in self._stand_ins:
                        return self._stand_ins[name]
                    return of_type(kind, f"{self.address}var.{name}", self)
                value = value_of(default.value, self)
            return converted(value, kind, self)
        except Failed as e:
            return Unread(str(e))

    def local(self, name: str) -> Value:
        """The value of a local."""
        if name not in self._locals:
            argument = self.configuration.locals.get(name)
            if argument is None:
                raise Failed(f"there is no local value `{name}`")
            self._locals[name] = Unread(f"`local.{name}` hangs on itself")
            self._locals[name] = value_of(argument.value, self)
        return self._locals[name]

    def output(self, name: str) -> Value:
        """The value of an output."""
        block = self.configuration.outputs.get(name)
        if block is None or "value" not in block.body.arguments:
            raise Failed(f"there is no output `{name}`")
        return self._kept(("output", name), lambda: value_of(block.body.arguments["value"].value, self))

    def outputs(self, address: str, backend: Value, config: Value) -> Node:
        """What another root hands on by its state, where that root is here; its things have addresses of their own."""
        run = self.run.of_state(backend, config)
        try:
            values = None if run is None or run.root in self.parents else run.values_of(run.root)
        except ReadError:
            values = None
        if run is None or values is None:
            return Named(lambda name: unknown(f"{address}.outputs.{name}"))
        at = address.replace("data.terraform_remote_state.", "remote_state.")
        configuration = run.files.configuration(run.root)
        other = Module(run, configuration, f"{at}.", "", lambda name: values.get(name, MISSING), self.parents)
        other.set_providers()
        return Named(lambda name: other.output(name) if name in configuration.outputs else unknown(f"{at}.{name}"))

    def _kept(self, key: tuple[str, ...], make: Callable[[], Value]) -> Value:
        if key not in self._made:
            self._made[key] = Unread(f"`{'.'.join(key)}` hangs on itself")
            self._made[key] = make()
        return self._made[key]

    def _path(self, name: str) -> Value:
        """As Terraform has it when it runs in the root."""
        return os.path.relpath(self.configuration.directory, self.run.root) if name == "module" else "."

    # ------------------------------------------------------------ resources and modules

    def instances(self, *key: str) -> Value:
        """What a reference to a resource, a `data` block or a module is: one, or all of them by index or key."""
        return self._kept(key, lambda: self._instances(key))

    def _instances(self, key: tuple[str, ...]) -> Value:
        c = self.configuration
        blocks: dict[Any, Block] = {"module": c.modules, "data": c.data, "resource": c.resources}[key[0]]  # type: ignore[assignment]
        block = blocks.get(key[1] if key[0] == "module" else key[1:])
        if block is None:
            raise Failed(f"there is no `{'.'.join(key[1:] if key[0] == 'resource' else key)}`")
        prefix = "" if key[0] == "resource" else f"{key[0]}."
        address = f"{self.address}{prefix}{'.'.join(key[1:])}"

        def make(at: str, names: dict[str, Value], unsure: str = "") -> Value:
            self.budget.spend(20)
            if key[0] == "module":
                return self._called(block, f"{address}{at}", names, unsure)
            return Resource(self, block, f"{address}{at}", names, unsure)

        for_each, count = block.body.arguments.get("for_each"), block.body.arguments.get("count")
        if for_each is not None:
            return by_key(value_of(for_each.value, self), make)
        if count is not None:
            return by_index(value_of(count.value, self), make)
        return make("", {})

    def each(self, value: Value) -> Iterator[Any]:
        """The instances that a reference means."""
        found = list(value.values()) if isinstance(value, Map) else value if is_list(value) else [value]
        yield from (v for v in found if isinstance(v, Node))

    def resources(self, types: frozenset[str]) -> Iterator[Resource]:
        """All instances of these types, in this module and those it calls."""
        for kind, name in self.configuration.resources:
            if kind in types:
                yield from self.each(self.instances("resource", kind, name))
        for name in self.configuration.modules:
            for called in self.each(self.instances("module", name)):
                if isinstance(called, Called) and called.module is not None:
                    yield from called.module.resources(types)

    def _called(self, block: Block, address: str, names: dict[str, Value], unsure: str) -> "Called":
        place = Place(block.body.file, block.line, (), address)
        if unsure:
            self.run.gaps.append(Gap(place, unsure))
        name = block.labels[0]
        key = f"{self.key}.{name}" if self.key else name
        directory, why = self._source(block, key)
        configuration = None
        if directory:
            try:
                configuration = self.run.files.configuration(directory)
            except ReadError as e:
                why = str(e.faults[0])
        if configuration is None:
            self.run.gaps.append(Gap(place, why))
            return Called(None, address)
        scope: Scope = Inner(self, names) if names else self

        def given(name: str) -> Value:
            argument = block.body.arguments.get(name)
            return MISSING if argument is None else value_of(argument.value, scope)

        module = Module(self.run, configuration, f"{address}.", key, given, self.parents)
        module.homes = self._homes_for(block)
        return Called(module, address)

    def _source(self, block: Block, key: str) -> tuple[str, str]:
        """The directory of a module, or why there is none."""
        argument = block.body.arguments.get("source")
        source = value_of(argument.value, self) if argument else None
        if not isinstance(source, str):
            return "", "the source of the module isn't known"
        if source.startswith(("./", "../")) or source in (".", ".."):
            directory = os.path.normpath(Path(self.configuration.directory) / source)
        elif key in self.run.installed:
            directory = self.run.installed[key]
        else:
            return "", f"the module `{source}` isn't here: `terraform init` fetches it"
        if not self.run.files.holds(directory):
            return "", f"the module `{source}` is outside of `{self.run.files.within}`"
        if directory in self.parents:
            return "", f"the module `{source}` calls itself"
        if len(self.parents) > 20:
            return "", "modules call each other more than 20 deep"
        return (directory, "") if Path(directory).is_dir() else ("", f"the module `{source}` isn't there")

    # ------------------------------------------------------------ providers

    def set_providers(self) -> None:
        """Where the providers of a root module make what they make."""
        for block in self.configuration.providers:
            if block.labels != ("aws",):
                continue
            arguments = block.body.arguments
            alias = value_of(arguments["alias"].value, self) if "alias" in arguments else ""
            name = f"aws.{alias}" if alias else "aws"
            region = arguments.get("region")
            if not alias and region is not None and (variable := _variable_of(region.value)):
                self._stand_ins[variable] = text(AWS_REGION)  # the one that the deployment is made in
            where = value_of(region.value, self) if region is not None else None
            known = text(where) if isinstance(where, str | Text) else None
            abroad = bool(alias) and (
                any(a in arguments for a in _ABROAD) or any(b.type in _ABROAD for b in block.body.blocks)
            )
            account = Text((unknown(f"provider.{name}.account_id").refs[0],)) if abroad else None
            account = self._allowed(arguments.get("allowed_account_ids")) or account
            if alias and known is None:
                known = unknown(f"provider.{name}.region")
            self.homes[name] = Home(known, account)

    def _allowed(self, accounts: Argument | None) -> Text | None:
        """The one account that a provider works in: it refuses every other."""
        found = value_of(accounts.value, self) if accounts is not None else None
        one = found[0] if is_list(found) and len(found) == 1 else None
        one = str(one) if isinstance(one, int) else one
        return text(one) if isinstance(one, Text) or (isinstance(one, str) and _ACCOUNT.fullmatch(one)) else None

    def home(self, block: Block) -> Home:
        """Where the provider of a resource makes it."""
        argument = block.body.arguments.get("provider")
        return self.homes.get(_provider_of(argument.value) if argument else "aws", Home())

    def _homes_for(self, block: Block) -> dict[str, Home]:
        argument = block.body.arguments.get("providers")
        found = {k: v for k, v in self.homes.items() if k == "aws"}
        if argument is not None and isinstance(argument.value, Object):
            for key, value, _ in argument.value.items:
                found[_provider_of(key)] = self.homes.get(_provider_of(value), Home())
        return found

    # ------------------------------------------------------------ functions

    def call(self, call: Call, arguments: list[Value]) -> Value:
        name = call.name.removeprefix("core::")
        try:
            return self._call(name, call, arguments)
        except IndexError:
            raise Failed(f"`{name}` has too few arguments") from None

    def _call(self, name: str, call: Call, arguments: list[Value]) -> Value:
        if name in ("file", "templatefile", "fileexists", "fileset") or name in _OF_CONTENT:
            return self._of_file(name, arguments)
        if name == "templatestring":
            template = as_text(arguments[0])
            if not isinstance(template, str):
                return Unread("it isn't known what the template is")
            return self.filled(template, arguments[1], "", 0)
        if name in OF_PROVIDER:
            function, count = OF_PROVIDER[name]
            if len(arguments) != count:
                raise Failed(f"`{name}` takes {count} arguments")
            return function(*arguments)
        if name in ("timestamp", "plantimestamp", "uuid", "bcrypt") or name.startswith("cidr"):
            at = "" if name.startswith("cidr") else f"{call.file}:{call.line}"
            return unknown(f"{name}({', '.join(map(named, arguments))}){at}")
        return functions.call(name, arguments, self.budget)

    def _of_file(self, name: str, arguments: list[Value]) -> Value:
        given = arguments[0]
        if not isinstance(given, str):
            return Unread("it isn't known which file it is")
        path = os.path.normpath(Path(self.run.root) / given)
        if name == "fileexists":
            return Path(path).is_file() if self.run.files.holds(path) else Unread(f"`{given}` is out of bounds")
        try:
            if name == "fileset":
                return list(self.run.files.matching(path, str(arguments[1])))
            content = self.run.files.text(path, as_it_is=name in _OF_CONTENT)
        except Failed as e:
            return unknown(f"{name}({given})") if name in _OF_CONTENT else Unread(str(e))
        self.budget.spend(len(content) // 100)
        self.run.used[path] = None
        if name in _OF_CONTENT:
            return functions.call(_OF_CONTENT[name], [content], self.budget)
        return document_in(content, path, 1) if name == "file" else self.filled(content, arguments[1], path, 1)

    def filled(self, template: str, names: Value, file: str, line: int) -> Value:
        """A template with values in it."""
        try:
            tree = parse_template(template, file, line)
        except ReadError as e:
            return Unread(str(e))
        scope = Inner(_Template(self), {})
        if is_map(names):
            scope.names.update(names)
        elif names is not None:
            return Unread("the values of a template aren't known")
        tree.file = file
        return document_in(evaluate(tree, scope), file, line)


class _Template:
    """The scope of a template in a file: it sees what it is given, and no module."""

    def __init__(self, module: Module) -> None:
        self.module, self.budget = module, module.budget

    def look(self, name: str) -> Value:
        raise Failed(f"a template isn't given `{name}`")

    def call(self, call: Call, arguments: list[Value]) -> Value:
        return self.module.call(call, arguments)


class Called(Node):
    """A module that was called; without `module` one that isn't here, whose outputs are unknown."""

    def __init__(self, module: Module | None, address: str) -> None:
        self.module, self.address = module, address

    def attribute(self, name: str) -> Value:
        return unknown(f"{self.address}.{name}") if self.module is None else self.module.output(name)


class _Missing:
    """What a module isn't given, which differs from null."""


MISSING: Any = _Missing()


def _variable_of(expression: Expression) -> str:
    if isinstance(expression, Attribute) and isinstance(expression.source, Name) and expression.source.name == "var":
        return expression.name
    return ""


def _provider_of(expression: Expression) -> str:
    match expression:
        case Name(name=name) | Literal(value=str(name)):
            return name
        case Attribute(source=Name(name=name), name=alias):
            return f"{name}.{alias}"
        case _:
            return "aws"
