"""Terraform's JSON syntax read into the tree of HCL: each text is a template.

https://developer.hashicorp.com/terraform/language/syntax/json
"""

from ecsiam.errors import Fault, ReadError
from ecsiam.readers.found import Value, is_list
from ecsiam.readers.hcl.syntax import parse_template
from ecsiam.readers.hcl.tree import Argument, Block, Body, Expression, Listed, Literal, Object
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
            body.blocks.append(Block(kind, labels, Body(file, _arguments(one, file)), line))
            continue
        for label, inner in one.items():
            _blocks(body, kind, (*labels, label), inner, file, one.lines.get(label, line))


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
