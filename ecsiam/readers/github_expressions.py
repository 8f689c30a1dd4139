"""GitHub's expressions, `${{ inputs.environment || 'staging' }}`: which texts they may come to.

A value is all that it may be, as a tuple of texts, each with references for what is not known: `secrets.ROLE`,
`vars.CLUSTER`, `github.ref_name`. So a condition needs no answer: both of its ways are there.
https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from attrs import evolve, field, frozen

from ecsiam.model.text import EMPTY, Ref, Text, text
from ecsiam.readers.found import Unread, Value, as_map, is_list, is_map

MOST = 32  # ways in which one value may come out; with more it is not known
LONGEST = 2_000  # characters of an expression, and of what one comes to
MOST_EXPRESSIONS = 500  # in one text
DEEPEST = 20

Values = tuple[Text, ...]

EXPRESSION = re.compile(r"\$\{\{(?P<inside>(?:'(?:[^']|'')*'|[^']){0,2000}?)\}\}", re.DOTALL)
_TOKEN = re.compile(
    r"\s*(?:'(?P<text>(?:[^']|'')*)'|(?P<sign>\|\||&&|==|!=|<=|>=|[<>!()\[\],])"
    r"|(?P<number>-?\d+(?:\.\d+)?(?![\w.]))|(?P<path>[A-Za-z_][\w-]*(?:\.(?:[A-Za-z_][\w-]*|\*))*)|(?P<more>\.[\w.*-]+))"
)
_YES_OR_NO = (text("true"), EMPTY)
_FALSE = ("", "false", "0", "null")
_ASKING = ("always", "cancelled", "contains", "endswith", "failure", "startswith", "success")


@frozen
class Scope:
    """What names stand for at a place of a workflow. `env` and what scripts set in it (`changed`) is by name."""

    env: Mapping[str, Values] = field(factory=dict[str, Values])
    inputs: Mapping[str, Values] = field(factory=dict[str, Values])
    secrets: Mapping[str, Values] = field(factory=dict[str, Values])
    matrix: Mapping[str, tuple[Value, ...]] = field(factory=dict[str, tuple[Value, ...]])
    outputs: Mapping[str, Values] = field(factory=dict[str, Values])
    """Those of steps: by `STEP.NAME`."""
    changed: frozenset[str] = frozenset()

    def with_env(self, given: Value) -> "Scope":
        """The same with more variables, each by what it says here."""
        more = {str(name): self.of(value) for name, value in as_map(given).items()}
        return evolve(self, env={**self.env, **more})

    def of(self, value: Value) -> Values:
        """What a value of the file may come to."""
        return evaluated(value, self)

    def named(self, path: str) -> Values:
        """What a name may stand for; a reference of this name where it isn't known."""
        context, _, rest = path.partition(".")
        name = rest.removeprefix("inputs.") if path.startswith("github.event.inputs.") else rest
        if path.startswith("github.event.inputs."):
            context, name = "inputs", path.removeprefix("github.event.inputs.")
        found: Values | None = None
        match context:
            case "env" if name not in self.changed:
                found = self.env.get(name)
            case "inputs":
                found = self.inputs.get(name)
                path = f"inputs.{name}"
            case "secrets":
                found = self.secrets.get(name)
            case "steps":
                step, _, output = name.partition(".outputs.")
                found = self.outputs.get(f"{step}.{output}")
            case "matrix":
                found = self._of_matrix(name)
            case _:
                pass
        return (text(Ref(path)),) if found is None else found

    def _of_matrix(self, name: str) -> Values | None:
        first, *rest = name.split(".")
        items = self.matrix.get(first)
        if items is None:
            return None
        found: list[Text] = []
        for item in items:
            inner = item
            for step in rest:
                inner = as_map(inner).get(step)
            if is_map(inner) or is_list(inner):
                return None
            found += self.of(inner)
        return few(found, f"matrix.{name}")


def few(found: Iterable[Text], name: str) -> Values:
    """What a value may be, each once; a reference where that is too much."""
    once = tuple(dict.fromkeys(found))
    return once if 0 < len(once) <= MOST else (text(Ref(name)),)


def plain(value: Value) -> str:
    """A value as GitHub writes it into a text."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def evaluated(value: Value, scope: Scope) -> Values:
    """What a value of the file may come to."""
    if isinstance(value, Unread):
        return (text(Ref(value.why)),)
    if isinstance(value, Text):
        return (value,)
    source = plain(value)
    parts: list[Values] = []
    at = 0
    for match in expressions(source):
        parts += [(text(source[at : match.start()]),), _expression(match["inside"], scope)]
        at = match.end()
    if "${{" in source[at:]:  # too long, too many, or not closed
        return (text(Ref(source[:80])),)
    return joined([*parts, (text(source[at:]),)], source) if parts else (text(source),)


def expressions(source: str) -> Iterator[re.Match[str]]:
    """The expressions in a text; none where there are more than anybody reads."""
    return EXPRESSION.finditer(source if source.count("${{") <= MOST_EXPRESSIONS else "")


def joined(parts: Iterable[Values], name: str) -> Values:
    """All ways of values one after the other; a reference where that is too much."""
    found: list[Text] = [EMPTY]
    size = 0
    for values in parts:
        size += max(len(str(one)) for one in values)
        if len(found) * len(values) > MOST or size > LONGEST:
            return (text(Ref(name[:80])),)
        found = [Text.of(before, one) for before in found for one in values] if values != (EMPTY,) else found
    return few(found, name[:80])


def put_in(of: Text, find: Callable[[Ref], Values | None]) -> Values:
    """A text with what its references stand for, as far as that is known."""
    parts = [(text(p),) if isinstance(p, str) else find(p) or (text(p),) for p in of.parts]
    return joined(parts, str(of))


# ---------------------------------------------------------------- expressions


class _NotUnderstood(Exception):
    """An expression that is not read."""


def _expression(source: str, scope: Scope) -> Values:
    whole = source.strip()
    try:
        if len(source) > LONGEST:
            raise _NotUnderstood
        tokens = _tokens(whole)
        found = _Parser(tokens, scope).whole()
    except _NotUnderstood:
        found = (text(Ref(whole[:80])),)
    return few(found, whole[:80])


def _tokens(source: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            raise _NotUnderstood
        kind = match.lastgroup or ""
        found.append((kind, match[kind]))
        at = match.end()
    return found


class _Parser:
    """Reads tokens by GitHub's precedence: `||`, `&&`, comparisons, `!`, calls and names."""

    def __init__(self, tokens: list[tuple[str, str]], scope: Scope) -> None:
        self.tokens, self.scope = tokens, scope
        self.at = self.depth = 0

    def whole(self) -> Values:
        found = self.either()
        if self.at < len(self.tokens):
            raise _NotUnderstood
        return found

    def sign(self, *signs: str) -> bool:
        there = self.at < len(self.tokens) and self.tokens[self.at][0] == "sign" and self.tokens[self.at][1] in signs
        self.at += there
        return there

    def either(self) -> Values:
        found = self.both()
        while self.sign("||"):
            other = self.both()
            if any(_may_be_false(one) for one in found):
                found = (*(one for one in found if one.literal not in _FALSE), *other)
        return found

    def both(self) -> Values:
        found = self.compared()
        while self.sign("&&"):
            other = self.compared()
            no = tuple(one for one in found if one.literal in _FALSE)
            unsure = (EMPTY,) if not no and any(_may_be_false(one) for one in found) else ()
            found = (*other, *no, *unsure) if len(no) < len(found) else no
        return found

    def compared(self) -> Values:
        found = self.single()
        while self.sign("==", "!=", "<", ">", "<=", ">="):
            self.single()
            found = _YES_OR_NO
        return found

    def single(self) -> Values:
        self.depth += 1
        if self.at >= len(self.tokens) or self.depth > DEEPEST:
            raise _NotUnderstood
        try:
            if self.sign("!"):
                self.single()
                return _YES_OR_NO
            if self.sign("("):
                found = self.either()
                if not self.sign(")"):
                    raise _NotUnderstood
                return found
            kind, value = self.tokens[self.at]
            self.at += 1
            match kind:
                case "text":
                    return (text(value.replace("''", "'")),)
                case "number":
                    return (text(value),)
                case "path":
                    return self.path(value)
                case _:
                    raise _NotUnderstood
        finally:
            self.depth -= 1

    def path(self, name: str) -> Values:
        if name in ("true", "false"):
            return (text(name),)
        if name == "null":
            return (EMPTY,)
        if self.sign("("):
            return self.call(name)
        while self.at < len(self.tokens):
            kind, value = self.tokens[self.at]
            if kind == "more":
                name += value
                self.at += 1
            elif self.sign("["):
                kind, key = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
                self.at += 1
                if kind not in ("text", "number") or not self.sign("]"):
                    raise _NotUnderstood
                name += f".{key}"
            else:
                break
        return self.scope.named(name)

    def call(self, name: str) -> Values:
        given: list[Values] = []
        while not self.sign(")"):
            given.append(self.either())
            if not self.sign(",") and not (self.at < len(self.tokens) and self.tokens[self.at] == ("sign", ")")):
                raise _NotUnderstood
        called = name.lower()
        if called in _ASKING:
            return _YES_OR_NO
        if called == "format" and given and len(given[0]) == 1 and given[0][0].literal is not None:
            pieces = re.split(r"\{(\d+)\}", given[0][0].literal)
            if all(int(piece) + 1 < len(given) for piece in pieces[1::2]):
                parts = [given[int(p) + 1] if i % 2 else (text(p),) for i, p in enumerate(pieces)]
                return joined(parts, name)
        raise _NotUnderstood


def _may_be_false(value: Text) -> bool:
    """Whether a value may count as false; what is not known may be empty."""
    return value.literal in _FALSE or (value.literal is None and all(isinstance(p, Ref) for p in value.parts))
