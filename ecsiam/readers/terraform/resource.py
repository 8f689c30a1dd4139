"""One instance of a resource or a `data` block: what is written of it, and what follows from that."""

from collections.abc import Iterator
from typing import Protocol

from attrs import evolve

from ecsiam.readers.found import Place, Unread, Value
from ecsiam.readers.hcl.evaluator import value_of
from ecsiam.readers.hcl.scope import Inner, Scope
from ecsiam.readers.hcl.taking import items_of
from ecsiam.readers.hcl.tree import Attribute, Block, Body, Call, Name
from ecsiam.readers.terraform.attributes import Home, computed
from ecsiam.readers.terraform.document import document
from ecsiam.readers.terraform.files import Configuration
from ecsiam.readers.values import Encoded, Failed, Map, Node, as_text


class Owner(Scope, Protocol):
    """The module that a resource is in."""

    configuration: Configuration

    def home(self, block: Block) -> Home:
        """Where the provider of a resource makes it."""
        ...

    def outputs(self, address: str, backend: Value, config: Value) -> Node:
        """What another root hands on by its state."""
        ...

    def filled(self, template: str, names: Value, file: str, line: int) -> Value:
        """A template with values in it."""
        ...


class Resource(Node):
    """One instance of a resource or a `data` block. `unsure` says why it may not exist."""

    def __init__(self, module: Owner, block: Block, address: str, names: dict[str, Value], unsure: str = "") -> None:
        self.module, self.block, self.address, self.unsure = module, block, address, unsure
        self.type = block.labels[0]
        self.scope: Scope = Inner(module, names) if names else module
        self.place = Place(block.body.file, block.line, (), address)
        self._known: dict[str, Value] = {}

    def argument(self, name: str) -> Value:
        """An argument, or the nested blocks of a type, as it is written; None if it isn't."""
        if name not in self._known:
            self._known[name] = Unread(f"`{self.address}.{name}` hangs on itself")
            self._known[name] = self._argument(name)
        return self._known[name]

    def _argument(self, name: str) -> Value:
        body = self.block.body
        if name in body.arguments:
            return value_of(body.arguments[name].value, self.scope)
        blocks = [b for b in body.blocks if b.type == name or (b.type == "dynamic" and b.labels == (name,))]
        return evaluated(Body(body.file, {}, blocks), self.scope).get(name)

    def values(self) -> Map:
        """All its arguments and nested blocks."""
        body = self.block.body
        names = [*body.arguments, *(b.labels[0] if b.type == "dynamic" else b.type for b in body.blocks)]
        found = Map(((n, self.argument(n)) for n in dict.fromkeys(names)), body.file, self.block.line)
        found.lines = {n: a.line for n, a in body.arguments.items()}
        return found

    def attribute(self, name: str) -> Value:
        if name not in self._known or self._known[name] is None:
            given = self.argument(name)
            if given is not None:
                return given
            self._known[name] = self._computed(name)
        return self._known[name]

    def _computed(self, name: str) -> Value:
        if self.block.type == "data":
            if self.type == "aws_iam_policy_document" and name in ("json", "minified_json"):
                return Encoded(document(self.values(), self.block.body.file, self.block.line))
            if self.type == "terraform_remote_state" and name == "outputs" and self.argument("workspace") is None:
                return self.module.outputs(self.address, self.argument("backend"), self.argument("config"))
            if self.type == "template_file" and name == "rendered":
                return self._rendered()
        return computed(self.type, self.address, name, self.argument, self.module.home(self.block))

    def _rendered(self) -> Value:
        names = self.argument("vars")
        argument = self.block.body.arguments.get("template")
        if argument is not None and isinstance(argument.value, Call) and argument.value.name == "file":
            path = value_of(argument.value.arguments[0], self.scope)
            return self.module.call(evolve(argument.value, name="templatefile"), [path, names])
        given = as_text(self.argument("template"))
        return self.module.filled(given, names, "", 0) if isinstance(given, str) else given


def evaluated(body: Body, scope: Scope) -> Map:
    """The arguments of a body, and its nested blocks as lists by their types; `dynamic` ones as what they make."""
    made = Map((), body.file)
    for name, argument in body.arguments.items():
        made[name] = value_of(argument.value, scope)
        made.lines[name] = argument.line
    for block in body.blocks:
        if block.type != "dynamic":
            inner = evaluated(block.body, scope)
            inner.line = block.line
            made.setdefault(block.type, []).append(inner)
            continue
        made.setdefault(block.labels[0] if block.labels else "", []).extend(_dynamic(block, scope))
    return made


def _hands_on(body: Body, name: str) -> bool:
    """Whether what stands in a `dynamic` block is what the objects say that it goes through."""
    for argument, given in body.arguments.items():
        match given.value:
            case Attribute(source=Attribute(source=Name(name=of), name="value"), name=taken):
                if (of, taken) == (name, argument):
                    return True
            case Call(name="lookup" | "try", arguments=[Attribute(source=Name(name=of), name="value"), *_]):
                if of == name:
                    return True
            case _:
                pass
    return False


def _dynamic(block: Block, scope: Scope) -> Iterator[Value]:
    content = next(iter(block.body.of_type("content")), None)
    source = block.body.arguments.get("for_each")
    if content is None or source is None:
        yield Unread("a `dynamic` block without `for_each` or `content`")
        return
    iterator = block.body.arguments.get("iterator")
    name = iterator.value.name if iterator and isinstance(iterator.value, Name) else block.labels[0]
    try:
        for key, value in items_of(value_of(source.value, scope)):
            if key is None:
                yield value
                continue
            inner = evaluated(content.body, Inner(scope, {name: Map({"key": key, "value": value})}))
            inner.line = content.line
            if isinstance(value, Map) and value.line and _hands_on(content.body, name):
                inner.file, inner.line = value.file, value.line
            yield inner
    except Failed as e:
        yield Unread(str(e))
