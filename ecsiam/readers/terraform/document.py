"""`data "aws_iam_policy_document"`: the document that its blocks mean, as the provider makes it.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from typing import Any

from ecsiam.model.text import Text
from ecsiam.readers.found import Unread, Value, is_list, is_map
from ecsiam.readers.json_lines import decode
from ecsiam.readers.values import Encoded, Failed, Map, as_text, is_unknown, lowered, named

_LISTS = {"actions": "Action", "not_actions": "NotAction", "resources": "Resource", "not_resources": "NotResource"}


def document(block: dict[Any, Any], file: str, line: int) -> Map:
    """The document of a block with these arguments and nested blocks."""
    made = Map({"Version": block.get("version") or "2012-10-17"}, file, line)
    if block.get("policy_id"):
        made["Id"] = block["policy_id"]
    statements: list[Value] = []
    for source in _sources(block, "source_policy_documents", "source_json"):
        _merge(statements, source)
    own = [_statement(s) for s in blocks(block.get("statement"))]
    _merge(statements, own)
    for source in _sources(block, "override_policy_documents", "override_json"):
        _merge(statements, source)
    made["Statement"] = statements
    return made


def blocks(value: Value) -> list[Value]:
    """Nested blocks of one type: none, one, or several."""
    if value is None:
        return []
    return value if is_list(value) else [value]


def _sources(block: dict[Any, Any], *names: str) -> list[list[Value]]:
    found: list[list[Value]] = []
    for name in names:
        for one in blocks(block.get(name)):
            if one is None or one == "":
                continue
            found.append(statements_of(one))
    return found


def statements_of(text: Value) -> list[Value]:
    """The statements of a document that is given as text."""
    value = document_of(text, "", 0)
    if isinstance(value, Unread):
        return [value]
    statements = value.get("Statement", []) if is_map(value) else None
    if statements is None:
        return [Unread("a document is an object")]
    return statements if is_list(statements) else [statements]


def document_of(text: Value, file: str, line: int) -> Value:
    """What the text of a document means."""
    match text:
        case Encoded():
            return text.value
        case Unread():
            return text
        case _ if is_map(text):
            return text
        case str() | Text():
            if is_unknown(text):
                return Unread(f"it isn't known what is in `{named(text)}`")
            try:
                return decode(text, file, line)
            except Failed as e:
                return Unread(str(e))
        case _:
            return Unread("a document is a text")


def _merge(statements: list[Value], more: list[Value]) -> None:
    """Add statements, each in the place of one that has the same Sid."""
    for statement in more:
        sid = statement.get("Sid") if is_map(statement) else None
        at = next((i for i, s in enumerate(statements) if sid and is_map(s) and s.get("Sid") == sid), None)
        if at is None:
            statements.append(statement)
        else:
            statements[at] = statement


def _statement(block: Value) -> Value:
    if not is_map(block):
        return block if isinstance(block, Unread) else Unread("a `statement` is a block")
    given = block
    made = Map((), block.file, block.line) if isinstance(block, Map) else Map()
    if given.get("sid"):
        made["Sid"] = given["sid"]
    made["Effect"] = given.get("effect") or "Allow"
    for argument, element in _LISTS.items():
        if given.get(argument):
            made[element] = _texts(given[argument])
            if isinstance(block, Map):
                made.put_at(element, block.at(argument))
    for argument, element in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        if given.get(argument):
            made[element] = _principals(blocks(given[argument]))
    if given.get("condition"):
        made["Condition"] = _conditions(blocks(given["condition"]))
    return made


def _texts(value: Value) -> Value:
    if isinstance(value, Text) and is_unknown(value):
        return Unread(f"it isn't known what is in `{named(value)}`")
    if is_list(value):
        return [_variables(v) for v in value]
    return value if isinstance(value, Unread) else [_variables(value)]


def _variables(value: Value) -> Value:
    """A text in which `&{` stands for IAM's `${`, since `${` is Terraform's own."""
    if value is None:
        return Unread("null in a list of texts")
    if isinstance(value, Unread) or is_list(value) or is_map(value):
        return value
    found = as_text(value)
    if isinstance(found, Text):
        return lowered(Text(tuple(p.replace("&{", "${") if isinstance(p, str) else p for p in found.parts)))
    return found.replace("&{", "${") if isinstance(found, str) else found


def _principals(given: list[Value]) -> Value:
    made = Map()
    for one in given:
        if not is_map(one):
            return one
        block = one
        kind, ids = block.get("type"), _texts(block.get("identifiers", []))
        if kind == "*" and ids == ["*"]:
            return "*"
        if not isinstance(kind, str) or not is_list(ids):
            return ids if isinstance(ids, Unread) else Unread("the type of a principal isn't known")
        made.setdefault(kind, []).extend(ids)
    return made


def _conditions(given: list[Value]) -> Value:
    made = Map()
    for one in given:
        if not is_map(one):
            return one
        block = one
        test, key, values = block.get("test"), block.get("variable"), _texts(block.get("values", []))
        if not isinstance(test, str) or not isinstance(key, str):
            return Unread("the operator or the key of a condition isn't known")
        if not is_list(values):
            return values
        made.setdefault(test, Map()).setdefault(key, []).extend(values)
    return made
