"""HCL's expressions evaluated, as far as their values are known; what isn't known stays a reference: no guesses.

Nothing is run and nothing fetched. A budget bounds the steps, so that no text makes it slow.
"""

import operator
from collections.abc import Callable, Iterator
from typing import Any

from ecsiam.model.text import Text
from ecsiam.readers.found import Unread, Value, is_list
from ecsiam.readers.hcl.scope import LONGEST, Inner, Scope, is_in_for, places_of
from ecsiam.readers.hcl.taking import attribute_of, document_of, either, equal, item_of, items_of
from ecsiam.readers.hcl.tree import (
    Attribute,
    Binary,
    Call,
    Conditional,
    Expression,
    For,
    Index,
    Listed,
    Literal,
    Name,
    Object,
    Splat,
    Template,
    TemplateFor,
    TemplateIf,
    Unary,
)
from ecsiam.readers.values import (
    Encoded,
    Failed,
    Map,
    Where,
    as_text,
    is_known,
    is_unknown,
    joined,
    named,
    number_in,
    truth,
    unknown,
)


def evaluate(expression: Expression, scope: Scope) -> Value:
    """The value of an expression. Raises Failed for what Terraform would refuse, Spent at the end of the budget."""
    scope.budget.spend()
    return _HOW[type(expression)](expression, scope)


def value_of(expression: Expression, scope: Scope) -> Value:
    """The value of an expression; what Terraform would refuse, and what is too deep, is not understood."""
    try:
        return evaluate(expression, scope)
    except Failed as e:
        return Unread(str(e))
    except RecursionError:
        return Unread("nested too deeply to be evaluated")


def written(e: Expression, scope: Scope) -> Where | None:
    """Where a value was written that a `for` hands on: in the object that it goes through, which others have made."""
    match e:
        case Name(name=name):
            return places.get(name) if (places := places_of(name, scope)) is not None else None
        case Attribute(source=Name(name=of) as source, name=name) if places_of(of, scope) is not None:
            return _where(evaluate(source, scope), name)
        case Index(source=source, key=Name(name=name) as key) if places_of(name, scope) is not None:
            return _where(evaluate(source, scope), evaluate(key, scope))
        case Template(parts=inner) | Call(arguments=inner):
            return next((found for one in inner if (found := written(one, scope))), None)
        case Conditional(then=then, otherwise=otherwise):
            return written(then, scope) or written(otherwise, scope)
        case _:
            return None


def _where(value: Value, key: Value) -> Where | None:
    return value.at(key) if isinstance(value, Map) and isinstance(key, str | Text) else None


# ---------------------------------------------------------------- each kind of expression


def _literal(e: Literal, scope: Scope) -> Value:
    return e.value


def _name(e: Name, scope: Scope) -> Value:
    return scope.look(e.name)


def _attribute(e: Attribute, scope: Scope) -> Value:
    return attribute_of(evaluate(e.source, scope), e.name)


def _index(e: Index, scope: Scope) -> Value:
    return item_of(evaluate(e.source, scope), evaluate(e.key, scope))


def _splat(e: Splat, scope: Scope) -> Value:
    source = evaluate(e.source, scope)
    if source is None:
        return []
    if isinstance(source, Unread):
        return [source]
    if is_unknown(source):
        return [Unread(f"it isn't known what is in `{named(source)}`")]
    items: list[Value] = source if is_list(source) else [source]
    return [i if isinstance(i, Unread) else evaluate(e.each, Inner(scope, {"*": i})) for i in items]


def _template(e: Template, scope: Scope) -> Value:
    if e.lone:
        return evaluate(e.parts[0], scope)
    pieces = list(_pieces(e, scope))
    values = [value for value, _ in pieces]
    if e.file or any(isinstance(value, Encoded) for value in values):
        document = document_of(pieces, e.file)
        if document is not None:
            return document
    found = joined(values)
    size = len(found) if isinstance(found, str) else 0
    if size > LONGEST:
        return Unread(f"a text of more than {LONGEST:,} characters")
    scope.budget.spend(size // 100)
    return found


def _pieces(e: Template, scope: Scope) -> Iterator[tuple[Value, int]]:
    """What a template puts one after the other, and in which line that is written; 0 for what is filled in."""
    for part in e.parts:
        match part:
            case Literal(value=value, line=line):
                yield value, line
            case TemplateFor(source=source, body=body):
                for key, value in items_of(evaluate(source, scope)):
                    scope.budget.spend()
                    if key is None:
                        yield value, 0
                        break
                    yield from _pieces(body, Inner(scope, {part.key: key, part.value: value}))
            case TemplateIf(condition=condition, then=then, otherwise=otherwise):
                on = truth(found := evaluate(condition, scope))
                if on is None:
                    yield _chosen(found, then, otherwise, scope), 0
                else:
                    yield from _pieces(then if on else otherwise, scope)
            case _:
                yield evaluate(part, scope), 0


def _directive(e: TemplateIf | TemplateFor, scope: Scope) -> Value:
    return joined([value for value, _ in _pieces(Template([e], lone=False, line=0), scope)])


def _listed(e: Listed, scope: Scope) -> Value:
    return [evaluate(i, scope) for i in e.items]


def _object(e: Object, scope: Scope) -> Value:
    made = Map((), e.file, e.line)
    handed_on = is_in_for(scope)
    for key_expression, value, line in e.items:
        key = evaluate(key_expression, scope)
        if isinstance(key, Unread):
            made.rest = key.why
            continue
        key = key if isinstance(key, Text) else as_text(key)
        # Elsewhere in the object it may be fine: only this value is lost, as long as nobody needs it.
        made[key] = value_of(value, scope)
        made.lines[key] = line
        if handed_on:
            made.put_at(key, written(value, scope))
    return made


def _for(e: For, scope: Scope) -> Value:
    source = evaluate(e.source, scope)
    if e.object_key is not None:
        return _for_object(e, e.object_key, source, scope)
    found: list[Value] = []
    for key, value in items_of(source):
        scope.budget.spend()
        inner = _of_item(e, source, key, value, scope)
        taken = _is_taken(e, inner) if key is not None else None
        if taken:
            found.append(evaluate(e.result, inner))
        elif taken is None:
            found.append(value if key is None else _NOT_SURE)
    return found


def _for_object(e: For, object_key: Expression, source: Value, scope: Scope) -> Value:
    found = Map((), e.file, e.line)
    may: set[Value] | None = set()  # the keys of which it isn't known whether they are there
    for key, value in items_of(source):
        scope.budget.spend()
        if key is None:
            found.rest = value.why
            same = isinstance(object_key, Name) and object_key.name == e.key
            may = _more(may, source.may if same and isinstance(source, Map) else None)
            continue
        inner = _of_item(e, source, key, value, scope)
        taken = _is_taken(e, inner)
        if taken is False:
            continue
        made = evaluate(object_key, inner)
        name = made if isinstance(made, Text | Unread) else as_text(made)
        if isinstance(name, Unread):
            found.rest, may = name.why, None
        elif taken is None:
            found.rest, may = _NOT_SURE.why, _more(may, None if isinstance(name, Text) else {name})
        elif e.grouped:
            found.setdefault(name, []).append(evaluate(e.result, inner))
        else:
            found[name] = evaluate(e.result, inner)
            found.put_at(name, written(e.result, inner))
    found.may = may if found.rest else None
    return found


_NOT_SURE = Unread("a condition of a `for` isn't known")


def _of_item(e: For, source: Value, key: Value, value: Value, scope: Scope) -> Inner:
    """The scope of one item of what a `for` goes through."""
    names = {e.key: key, e.value: value} if e.key else {e.value: value}
    return Inner(scope, names, dict.fromkeys(names, _where(source, key)))


def _is_taken(e: For, inner: Inner) -> bool | None:
    return True if e.condition is None else truth(evaluate(e.condition, inner))


def _more(some: set[Value] | None, more: set[Value] | None) -> set[Value] | None:
    return None if some is None or more is None else some | more


def _call(e: Call, scope: Scope) -> Value:
    if e.name == "try":
        return _tried(e.arguments, scope)
    if e.name == "can" and e.arguments:
        try:
            return True if is_known(evaluate(e.arguments[0], scope)) else unknown(f"can({scope.budget.left})")
        except Failed:
            return False
    arguments = [evaluate(a, scope) for a in e.arguments]
    if e.expanded and arguments:
        last = arguments.pop()
        if not is_list(last):
            arguments.append(Unread(f"it isn't known what is in `{named(last)}`"))
        else:
            arguments += last
    return scope.call(e, arguments)


def _tried(arguments: list[Expression], scope: Scope) -> Value:
    for argument in arguments:
        try:
            found = evaluate(argument, scope)
        except Failed:
            continue
        return found
    raise Failed("no argument of `try` has a value")


def _unary(e: Unary, scope: Scope) -> Value:
    value = evaluate(e.operand, scope)
    if isinstance(value, Unread):
        return value
    if isinstance(value, Text):
        return unknown(f"{e.operator}{named(value)}")
    if e.operator == "!":
        return not truth(value)
    return -_number(value)


def _number(value: Value) -> Any:
    if isinstance(value, str):
        try:
            return number_in(value)
        except ValueError:
            pass
    elif isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise Failed("not a number")


_NUMERIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def _binary(e: Binary, scope: Scope) -> Value:
    left = evaluate(e.left, scope)
    if e.operator in ("&&", "||"):
        return _logic(e, left, scope)
    right = evaluate(e.right, scope)
    if e.operator in ("==", "!="):
        same = equal(left, right)
        if same is not None:
            return same == (e.operator == "==")
    for one in (left, right):
        if isinstance(one, Unread):
            return one
    if e.operator in ("==", "!=") or not is_known(left) or not is_known(right):
        return unknown(f"({named(left)} {e.operator} {named(right)})")
    a, b = _number(left), _number(right)
    if max(abs(a), abs(b)) > 10**60:
        return Unread("too large a number")
    if e.operator in ("/", "%"):
        if abs(b) < 1e-60:
            raise Failed("division by zero, or nearly so")
        exact = isinstance(a, int) and isinstance(b, int) and a % b == 0
        return (a // b if exact else a / b) if e.operator == "/" else a - b * int(a / b)
    return _NUMERIC[e.operator](a, b)


def _logic(e: Binary, left: Value, scope: Scope) -> Value:
    """`&&` and `||`: one side that decides is enough."""
    decides = e.operator == "||"
    try:
        if truth(left) is decides:
            return decides
        right = evaluate(e.right, scope)
    except Failed:  # Terraform evaluates both sides, and newer versions do not
        if truth(left) is None:
            return left
        raise
    if truth(right) is decides:
        return decides
    for one in (left, right):
        if isinstance(one, Unread):
            return one
    if truth(left) is None or truth(right) is None:
        return unknown(f"({named(left)} {e.operator} {named(right)})")
    return not decides


def _conditional(e: Conditional, scope: Scope) -> Value:
    return _chosen(evaluate(e.condition, scope), e.then, e.otherwise, scope)


def _chosen(condition: Value, then: Expression, otherwise: Expression, scope: Scope) -> Value:
    on = truth(condition)
    if on is not None:
        return evaluate(then if on else otherwise, scope)
    a, b = value_of(then, scope), value_of(otherwise, scope)
    if a == b:
        return a
    why = condition if isinstance(condition, Unread) else Unread(f"it hangs on `{named(condition)[:120]}`")
    if is_list(a) and is_list(b):
        common = [v for v in a if v in b]
        return [*common, why]
    found = why if isinstance(condition, Unread) else either([a, b], f"({named(condition)} ? {named(a)} : {named(b)})")
    return why if isinstance(found, Unread) else found


_HOW: dict[type, Callable[[Any, Scope], Value]] = {
    Literal: _literal,
    Name: _name,
    Attribute: _attribute,
    Index: _index,
    Splat: _splat,
    Template: _template,
    TemplateIf: _directive,
    TemplateFor: _directive,
    Listed: _listed,
    Object: _object,
    For: _for,
    Call: _call,
    Unary: _unary,
    Binary: _binary,
    Conditional: _conditional,
}
