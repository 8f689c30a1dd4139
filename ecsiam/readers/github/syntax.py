"""The syntax of GitHub's expressions: from their text to what they are made of.

https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
"""

import re

from attrs import field, frozen

LONGEST = 2_000  # characters of an expression
DEEPEST = 20

_TOKEN = re.compile(
    r"\s*(?:'(?P<text>(?:[^']|'')*)'|(?P<sign>\|\||&&|==|!=|<=|>=|[<>!()\[\],])"
    r"|(?P<number>-?\d+(?:\.\d+)?(?![\w.]))|(?P<path>[A-Za-z_][\w-]*(?:\.(?:[A-Za-z_][\w-]*|\*))*)|(?P<more>\.[\w.*-]+))"
)


@frozen
class Name:
    """What stands for something else, `github.ref`; `true`, `false`, `null` and numbers too."""

    path: str


@frozen
class Call:
    """An operator or a function, in small letters, and what it is given."""

    name: str
    given: tuple["Node", ...] = field(factory=tuple)


Node = str | Name | Call
"""A part of an expression; a text is one that is written there."""


class NotUnderstood(Exception):
    """An expression that is not read."""


def parse(source: str) -> Node:
    """What an expression is made of. Raises NotUnderstood."""
    if len(source) > LONGEST:
        raise NotUnderstood
    return _Parser(_tokens(source.strip())).whole()


def _tokens(source: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            raise NotUnderstood
        kind = match.lastgroup or ""
        found.append((kind, match[kind]))
        at = match.end()
    return found


class _Parser:
    """Reads tokens by GitHub's precedence: `||`, `&&`, comparisons, `!`, calls and names."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens
        self.at = self.depth = 0

    def whole(self) -> Node:
        found = self.either()
        if self.at < len(self.tokens):
            raise NotUnderstood
        return found

    def sign(self, *signs: str) -> str:
        """The sign that stands here, if it is one of these: it is read then."""
        kind, value = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        if kind != "sign" or value not in signs:
            return ""
        self.at += 1
        return value

    def either(self) -> Node:
        found = self.both()
        while self.sign("||"):
            found = Call("||", (found, self.both()))
        return found

    def both(self) -> Node:
        found = self.compared()
        while self.sign("&&"):
            found = Call("&&", (found, self.compared()))
        return found

    def compared(self) -> Node:
        found = self.single()
        while sign := self.sign("==", "!=", "<", ">", "<=", ">="):
            found = Call(sign, (found, self.single()))
        return found

    def single(self) -> Node:
        self.depth += 1
        if self.at >= len(self.tokens) or self.depth > DEEPEST:
            raise NotUnderstood
        try:
            if self.sign("!"):
                return Call("!", (self.single(),))
            if self.sign("("):
                found = self.either()
                if not self.sign(")"):
                    raise NotUnderstood
                return found
            kind, value = self.tokens[self.at]
            self.at += 1
            match kind:
                case "text":
                    return value.replace("''", "'")
                case "number":
                    return Name(value)
                case "path":
                    return self.path(value)
                case _:
                    raise NotUnderstood
        finally:
            self.depth -= 1

    def path(self, name: str) -> Node:
        if name not in ("true", "false", "null") and self.sign("("):
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
                    raise NotUnderstood
                name += f".{key}"
            else:
                break
        return Name(name)

    def call(self, name: str) -> Node:
        given: list[Node] = []
        while not self.sign(")"):
            given.append(self.either())
            if not self.sign(",") and not (self.at < len(self.tokens) and self.tokens[self.at] == ("sign", ")")):
                raise NotUnderstood
        return Call(name.lower(), tuple(given))
