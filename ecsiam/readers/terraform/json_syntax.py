"""Terraform's JSON syntax read into the tree of HCL: each text is a template.

https://developer.hashicorp.com/terraform/language/syntax/json
"""

from ecsiam.errors import Fault, ReadError
from ecsiam.readers.found import Value, is_list, several
from ecsiam.readers.hcl.syntax import parse_template
from ecsiam.readers.hcl.tree import Argument, Block, Body, Expression, Listed, Literal, Name, Object
from ecsiam.readers.json_lines import parse_json
from ecsiam.readers.values import Failed, Map

_LABELS = {"resource": 2, "data": 2, "variable": 1, "output": 1, "module": 1, "provider": 1, "moved": 0, "import": 0}


def json_body(source: str, file: str) -> Body:
    """The tree of a `.tf.json` file. Raises ReadError for what is none."""
    try:
        data = parse_json(source, lambda text: text, file, 1)
    except Failed as e:
        raise ReadError(Fault(str(e), (), "", file)) from None
    body = Body(file)
    for one in data if is_list(data) else [data]:
        if not isinstance(one, Map):
            raise ReadError(Fault("a file of Terraform's JSON is an object", (), "", file))
        for kind, inner in one.items():
            if kind == "locals":
                body.blocks.append(Block(kind, (), Body(file, _arguments(inner, file)), one.lines[kind]))
            elif kind in _LABELS:
                _blocks(body, kind, (), inner, file, one.lines[kind])
    return body


def _blocks(body: Body, kind: str, labels: tuple[str, ...], value: Value, file: str, line: int) -> None:
    for one in value if is_list(value) else [value]:
        if not isinstance(one, Map):
            continue
        if len(labels) == _LABELS[kind]:
            body.blocks.append(Block(kind, labels, _body(one, file), line))
            continue
        for label, inner in one.items():
            _blocks(body, kind, (*labels, label), inner, file, one.lines.get(label, line))


def _body(value: Map, file: str) -> Body:
    """A body. Which objects are blocks only a schema tells, but those are in which there are `dynamic` ones."""
    body = Body(file, _arguments(value, file))
    for name in [name for name, inner in value.items() if name == "dynamic" or _has_dynamic(inner)]:
        del body.arguments[name]
        of = value[name].items() if name == "dynamic" and isinstance(value[name], Map) else [(name, value[name])]
        for label, inner in of:
            for one in several(inner):
                if isinstance(one, Map):
                    made = (
                        _dynamic(label, one, file)
                        if name == "dynamic"
                        else Block(label, (), _body(one, file), one.line)
                    )
                    body.blocks.append(made)
    return body


def _dynamic(label: str, value: Map, file: str) -> Block:
    body = _body(value, file)
    content = value.get("content")
    if isinstance(content, Map):
        body.arguments.pop("content", None)
        body.blocks = [Block("content", (), _body(content, file), content.line)]
    iterator = value.get("iterator")
    if isinstance(iterator, str):
        body.arguments["iterator"] = Argument(Name(iterator), value.lines["iterator"])
    return Block("dynamic", (label,), body, value.line)


def _has_dynamic(value: Value) -> bool:
    return any(
        isinstance(one, Map) and ("dynamic" in one or any(map(_has_dynamic, one.values()))) for one in several(value)
    )


def _arguments(value: Value, file: str) -> dict[str, Argument]:
    found: dict[str, Argument] = {}
    for one in value if is_list(value) else [value]:
        if isinstance(one, Map):
            for name, inner in one.items():
                line = one.lines[name]
                found[name] = Argument(_expression(inner, file, line), line)
    return found


def _expression(value: Value, file: str, line: int) -> Expression:
    match value:
        case str():
            if "${" not in value and "%{" not in value:
                return Literal(value)
            template = parse_template(value, file, line)
            return template
        case Map():
            items: list[tuple[Expression, Expression, int]] = []
            for key, inner in value.items():
                at = value.lines[key]
                items.append((_expression(key, file, at), _expression(inner, file, at), at))
            return Object(items, file, value.line)
        case _ if is_list(value):
            return Listed([_expression(v, file, line) for v in value])
        case _:
            return Literal(value)
