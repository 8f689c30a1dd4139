"""HCL's expressions evaluated, as far as their values are known; what isn't known stays a reference: no guesses.

Nothing is run and nothing fetched. A budget bounds the steps, so that no text makes it slow.
"""

import operator
from collections.abc import Callable
from typing import Any, Protocol

from ecsiam.model.text import Text
from ecsiam.readers.found import Unread, Value, is_list
from ecsiam.readers.hcl.taking import attribute_of, document_in, equal, item_of, items_of
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
from ecsiam.readers.values import Failed, Map, as_text, is_known, is_unknown, joined, named, number_in, truth, unknown

STEPS = 1_000_000
LONGEST = 1_000_000  # characters of a text, items of a list


class Spent(Exception):
    """More steps than any configuration that is meant."""


class Budget:
    """How many steps are left of an evaluation."""

    def __init__(self, steps: int = STEPS) -> None:
        self.left = steps

    def spend(self, steps: int = 1) -> None:
        self.left -= steps
        if self.left < 0:
            raise Spent


class Scope(Protocol):
    """What names mean where an expression stands."""

    budget: Budget

    def look(self, name: str) -> Value:
        """What a name stands for. Raises Failed if for nothing."""
        ...

    def call(self, call: Call, arguments: list[Value]) -> Value:
        """What a function gives."""
        ...


class Inner:
    """A scope with names of its own in another."""

    def __init__(self, outer: Scope, names: dict[str, Value]) -> None:
        self.outer, self.names, self.budget = outer, names, outer.budget

    def look(self, name: str) -> Value:
        return self.names[name] if name in self.names else self.outer.look(name)

    def call(self, call: Call, arguments: list[Value]) -> Value:
        return self.outer.call(call, arguments)


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
    values = [evaluate(part, scope) for part in e.parts]
    if e.lone:
        return values[0]
    found = joined(values)
    size = len(found) if isinstance(found, str) else 0
    if size > LONGEST:
        raise Failed(f"a text of more than {LONGEST:,} characters")
    scope.budget.spend(size // 100)
    return document_in(found, e.file, e.line) if e.file else found


def _template_if(e: TemplateIf, scope: Scope) -> Value:
    return _chosen(evaluate(e.condition, scope), e.then, e.otherwise, scope)


def _template_for(e: TemplateFor, scope: Scope) -> Value:
    parts: list[Value] = []
    for key, value in items_of(evaluate(e.source, scope)):
        scope.budget.spend()
        if key is None:
            return value
        parts.append(evaluate(e.body, Inner(scope, {e.key: key, e.value: value})))
    return joined(parts)


def _listed(e: Listed, scope: Scope) -> Value:
    return [evaluate(i, scope) for i in e.items]


def _object(e: Object, scope: Scope) -> Value:
    made = Map((), e.file, e.line)
    for key_expression, value, line in e.items:
        key = evaluate(key_expression, scope)
        if isinstance(key, Unread):
            made.rest = key.why
            continue
        key = key if isinstance(key, Text) else as_text(key)
        # Elsewhere in the object it may be fine: only this value is lost, as long as nobody needs it.
        made[key] = value_of(value, scope)
        made.lines[key] = line
    return made


def _for(e: For, scope: Scope) -> Value:
    source = evaluate(e.source, scope)
    kept: list[tuple[Value, Value]] = []
    rest = ""
    for key, value in items_of(source):
        scope.budget.spend()
        if key is None:
            rest = value.why
            kept.append((None, value))
            continue
        inner = Inner(scope, {e.key: key, e.value: value} if e.key else {e.value: value})
        taken = True if e.condition is None else truth(evaluate(e.condition, inner))
        if taken is None:
            rest = "a condition of a `for` isn't known"
            kept.append((None, Unread(rest)))
        elif taken:
            made = None if e.object_key is None else evaluate(e.object_key, inner)
            kept.append((made, evaluate(e.result, inner)))
    if e.object_key is None:
        return [v for _, v in kept]
    found = Map((), e.file, e.line, rest)
    for key, value in kept:
        if isinstance(key, Unread):
            found.rest = key.why
        elif key is not None and e.grouped:
            found.setdefault(key if isinstance(key, Text) else as_text(key), []).append(value)
        elif key is not None:
            found[key if isinstance(key, Text) else as_text(key)] = value
    return found


def _call(e: Call, scope: Scope) -> Value:
    if e.name == "try":
        return _tried(e.arguments, scope)
    if e.name == "can":
        try:
            return True if is_known(evaluate(e.arguments[0], scope)) else unknown(f"can({id(e)})")
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
    if not is_known(left) or not is_known(right):
        return unknown(f"({named(left)} {e.operator} {named(right)})")
    a, b = _number(left), _number(right)
    if max(abs(a), abs(b)) > 10**60:
        raise Failed("too large a number")
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
    texts = all(v is None or isinstance(v, str | Text | int | float) for v in (a, b))
    if texts and not isinstance(condition, Unread):
        return unknown(f"({named(condition)} ? {named(a)} : {named(b)})")
    return why


_HOW: dict[type, Callable[[Any, Scope], Value]] = {
    Literal: _literal,
    Name: _name,
    Attribute: _attribute,
    Index: _index,
    Splat: _splat,
    Template: _template,
    TemplateIf: _template_if,
    TemplateFor: _template_for,
    Listed: _listed,
    Object: _object,
    For: _for,
    Call: _call,
    Unary: _unary,
    Binary: _binary,
    Conditional: _conditional,
}
