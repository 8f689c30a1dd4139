"""The types of Terraform's variables: what a value becomes under one, and what is known of one that isn't given.

https://developer.hashicorp.com/terraform/language/expressions/type-constraints
"""

import re
from typing import Any

from ecsiam.readers.found import Unread, Value, is_list, is_map
from ecsiam.readers.hcl.evaluator import value_of
from ecsiam.readers.hcl.scope import Scope
from ecsiam.readers.hcl.syntax import parse_expression
from ecsiam.readers.hcl.texts import tonumber
from ecsiam.readers.hcl.tree import Call, Expression, Listed, Literal, Name, Object
from ecsiam.readers.values import List, Map, Set, as_set, as_text, unknown

_NUMBER = re.compile(r"-?\d{1,50}(?:\.\d{1,50})?")


def _type(kind: Expression | None) -> Expression | None:
    """A type as JSON syntax and old files write it, in quotes, is the same without."""
    return parse_expression(kind.value, "", 0) if isinstance(kind, Literal) and isinstance(kind.value, str) else kind


def of_type(kind: Expression | None, name: str, scope: Scope) -> Value:
    """A value of a type of which nothing else is known."""
    match _type(kind):
        case Name(name="set") | Call(name="set"):
            return Set([Unread(f"`{name}` has no default")])
        case Name(name="list") | Call(name="list" | "tuple"):
            return [Unread(f"`{name}` has no default")]
        case Name(name="map") | Call(name="map"):
            return Map(rest=f"`{name}` has no default")
        case Call(name="object", arguments=[Object(items=items)]):
            return Map((_key(k), of_type(_required(v), f"{name}.{_key(k)}", scope)) for k, v, _ in items)
        case _:
            return unknown(name)


def converted(value: Value, kind: Expression | None, scope: Scope) -> Value:
    """A value as a variable of a type has it: with the attributes that the type adds."""
    if value is None or isinstance(value, Unread):
        return value
    match _type(kind):
        case Name(name=name) if not is_list(value) and not is_map(value):
            return _primitive(value, name)
        case Call(name="list" | "set" as name, arguments=[inner]) if is_list(value):
            items = [converted(v, inner, scope) for v in value]
            return as_set(items) if name == "set" else List(items)
        case Call(name="tuple", arguments=[Listed(items=kinds)]) if is_list(value) and len(kinds) == len(value):
            return [converted(v, kind, scope) for v, kind in zip(value, kinds, strict=True)]
        case Call(name="map", arguments=[inner]) if is_map(value):
            made = _like(value, {k: converted(v, inner, scope) for k, v in value.items()})
            made.typed = True
            return made
        case Call(name="object", arguments=[Object(items=items)]) if is_map(value):
            given = value
            found: dict[Any, Any] = {}
            for key, of, _ in items:
                own, default = _key(key), _default(of)
                if given.get(own) is not None:
                    found[own] = converted(given[own], _required(of), scope)
                elif own not in given and isinstance(value, Map) and value.may_have(own):
                    found[own] = Unread(value.rest)
                else:
                    found[own] = converted(value_of(default, scope), _required(of), scope) if default else None
            return _like(given, found)
        case _:
            return value


def _primitive(value: Value, kind: str) -> Value:
    if kind == "string" and isinstance(value, bool | int | float):
        return as_text(value)
    if kind == "number" and isinstance(value, str) and _NUMBER.fullmatch(value):
        return tonumber(value)
    return value == "true" if kind == "bool" and value in ("true", "false") else value


def _like(value: dict[Any, Any], found: dict[Any, Any]) -> Map:
    made = Map(found)
    if isinstance(value, Map):
        made.rest, made.may = value.rest, value.may
        made.placed_as(value)
    return made


def _key(key: Expression) -> str:
    return str(key.value) if isinstance(key, Literal) else ""


def _required(kind: Expression) -> Expression:
    return kind.arguments[0] if isinstance(kind, Call) and kind.name == "optional" and kind.arguments else kind


def _default(kind: Expression) -> Expression | None:
    optional = isinstance(kind, Call) and kind.name == "optional" and len(kind.arguments) > 1
    return kind.arguments[1] if optional and isinstance(kind, Call) else None
