"""HCL read into its tree. It refuses what Terraform refuses, with the line, and is a little more lenient with newlines.

Scannerless, since what a character means depends on where it stands: in a template, in brackets, or in a body.
"""

import re

from ecsiam.readers.hcl.templates import IDENTIFIER, Templates
from ecsiam.readers.hcl.tree import (
    Argument,
    Attribute,
    Binary,
    Block,
    Body,
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
    Unary,
)
from ecsiam.readers.values import Failed, number_in

LONGEST = 1_000  # operators, attributes or indices one after the other

_FUNCTION = re.compile(r"[^\W\d][\w-]*(?:::[^\W\d][\w-]*)*[ \t]*\(")
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_OPERATOR = re.compile(r"\|\||&&|==|!=|>=|<=|[<>+*/%-]")
_LEVEL = {"||": 1, "&&": 2, "==": 3, "!=": 3, ">": 4, ">=": 4, "<": 4, "<=": 4, "+": 5, "-": 5, "*": 6, "/": 6, "%": 6}
_FOR = re.compile(r"for\b(?!\s*[=:(])")
_TAKEN = re.compile(r"\.(?:([^\W\d][\w-]*)|(\d{1,9}))")  # of each item of `list.*`
_LEGACY_INDEX = re.compile(r"\d+")
_ITEM = "*"


def parse_body(source: str, file: str) -> Body:
    """The tree of a file. Raises ReadError for what is no HCL, with its line."""
    return _Parser(source, file, 1).file_body()


def parse_template(source: str, file: str, line: int = 1) -> Template:
    """The tree of a text as a template, as `templatefile` and JSON syntax read it."""
    return _Parser(source, file, line).whole_template()


def parse_expression(source: str, file: str, line: int = 1) -> Expression:
    """The tree of one expression."""
    return _Parser(source, file, line).whole_expression()


class _Parser(Templates):
    def file_body(self) -> Body:
        return self.body(last=True)

    def body(self, *, last: bool = False) -> Body:
        self.enter()
        found = Body(self.file)
        while True:
            self.skip_lines()
            if self.at == len(self.source):
                if not last:
                    raise self.expected("`}`")
                break
            if not last and self.take("}"):
                break
            line = self.line()
            name = self.match(IDENTIFIER)
            if name is None:
                raise self.expected("an argument or a block")
            self.skip()
            if self.take("="):
                self.skip_lines()
                if name in found.arguments:
                    raise self.fault(f"the argument `{name}` is set twice")
                found.arguments[name] = Argument(self.expression(), line)
            else:
                labels = self.labels()
                found.blocks.append(Block(name, labels, self.body(), line))
            self.skip()
            if self.at < len(self.source) and self.source[self.at] not in "\n}":
                raise self.expected("a new line")
        self.deep -= 1
        return found

    def labels(self) -> tuple[str, ...]:
        found: list[str] = []
        while not self.take("{"):
            if self.take('"'):
                label = self.template_until_quote()
                if not isinstance(label, Literal):
                    raise self.fault("a label holds no expression")
                found.append(label.value)
            elif (name := self.match(IDENTIFIER)) is not None:
                found.append(name)
            else:
                raise self.expected("`=` or `{`")
            self.skip()
        return tuple(found)

    # ------------------------------------------------------------ expressions

    def whole_expression(self) -> Expression:
        self.lines = True
        found = self.expression()
        self.skip()
        if self.at < len(self.source):
            raise self.expected("the end of the expression")
        return found

    def expression(self) -> Expression:
        self.enter()
        found = self.binary(1)
        self.skip()
        if self.take("?"):
            self.skip_lines()
            then = self.expression()
            self.skip_lines()
            self.need(":")
            self.skip_lines()
            found = Conditional(found, then, self.expression())
        self.deep -= 1
        return found

    def binary(self, least: int) -> Expression:
        left = self.unary()
        for _ in range(LONGEST):
            self.skip()
            found = _OPERATOR.match(self.source, self.at)
            level = _LEVEL[found[0]] if found else 0
            if found is None or level < least:
                return left
            self.at = found.end()
            self.skip_lines()
            left = Binary(found[0], left, self.binary(level + 1))
        raise self.fault(f"more than {LONGEST:,} operators in a row")

    def unary(self) -> Expression:
        self.skip()
        for operator in ("!", "-"):
            if self.take(operator):
                self.enter()
                operand = self.unary()
                self.deep -= 1
                return Unary(operator, operand)
        return self.postfix(self.term())

    def postfix(self, found: Expression) -> Expression:
        for _ in range(LONGEST):
            if self.lines:
                self.skip()
            if self.source.startswith("...", self.at):
                return found
            if self.take("."):
                self.skip()
                if (name := self.match(IDENTIFIER)) is not None:
                    found = Attribute(found, name)
                elif (number := self.match(_LEGACY_INDEX)) is not None:
                    found = Index(found, self.number(number))
                elif self.take("*"):
                    each: Expression = Name(_ITEM)
                    while (of := _TAKEN.match(self.source, self.at)) is not None:
                        self.at = of.end()
                        each = Attribute(each, of[1]) if of[1] else Index(each, Literal(int(of[2])))
                    found = Splat(found, each)
                else:
                    raise self.expected("the name of an attribute")
            elif self.take("["):
                found = self.index(found)
            else:
                return found
        raise self.fault(f"more than {LONGEST:,} attributes and indices in a row")

    def index(self, source: Expression) -> Expression:
        lines, self.lines = self.lines, True
        self.skip()
        splat = self.take("*")
        key = Literal(0) if splat else self.expression()
        self.skip()
        self.lines = lines
        self.need("]")
        return Splat(source, self.postfix(Name(_ITEM))) if splat else Index(source, key)

    def term(self) -> Expression:
        if self.at == len(self.source):
            raise self.expected("a value")
        match self.source[self.at]:
            case '"':
                self.at += 1
                return self.template_until_quote()
            case "(":
                self.at += 1
                found = self.inside()
                self.need(")")
                return found
            case "[":
                self.at += 1
                return self.listed()
            case "{":
                self.at += 1
                return self.object()
            case "<":
                return self.heredoc()
            case _:
                return self.word()

    def number(self, digits: str) -> Literal:
        try:
            return Literal(number_in(digits))
        except Failed as e:
            raise self.fault(str(e)) from None

    def word(self) -> Expression:
        if (number := self.match(_NUMBER)) is not None:
            return self.number(number)
        line = self.line()
        if (called := self.match(_FUNCTION)) is not None:
            return self.call(called[:-1].strip(), line)
        name = self.match(IDENTIFIER)
        if name is None:
            raise self.expected("a value")
        if name in ("true", "false", "null"):
            return Literal({"true": True, "false": False, "null": None}[name])
        return Name(name)

    def call(self, name: str, line: int) -> Call:
        lines, self.lines = self.lines, True
        arguments: list[Expression] = []
        expanded = False
        self.skip()
        while not self.take(")"):
            arguments.append(self.expression())
            self.skip()
            expanded = self.take("...")
            self.skip()
            if not self.take(",") and not self.source.startswith(")", self.at):
                raise self.expected("`,` or `)`")
            self.skip()
        self.lines = lines
        return Call(name, arguments, expanded, self.file, line)

    def listed(self) -> Expression:
        lines, self.lines = self.lines, True
        self.skip()
        found: Expression
        if _FOR.match(self.source, self.at):
            found = self.for_("]", of_object=False)
        else:
            items: list[Expression] = []
            while not self.take("]"):
                items.append(self.expression())
                self.skip()
                if not self.take(",") and not self.source.startswith("]", self.at):
                    raise self.expected("`,` or `]`")
                self.skip()
            found = Listed(items)
        self.lines = lines
        return found

    def object(self) -> Expression:
        line = self.line()
        self.skip_lines()
        if _FOR.match(self.source, self.at):
            lines, self.lines = self.lines, True
            found = self.for_("}", of_object=True)
            self.lines = lines
            return found
        lines, self.lines = self.lines, False
        items: list[tuple[Expression, Expression, int]] = []
        while not self.take("}"):
            at = self.line()
            key = self.key()
            self.skip()
            if not self.take("=") and not self.take(":"):
                raise self.expected("`=`")
            self.skip_lines()
            items.append((key, self.expression(), at))
            self.skip()
            if not self.take(",") and self.source[self.at : self.at + 1] not in ("\n", "}"):
                raise self.expected("a new line, `,` or `}`")
            self.skip_lines()
        self.lines = lines
        return Object(items, self.file, line)

    def key(self) -> Expression:
        before = self.at
        name = self.match(IDENTIFIER)
        if name is not None:
            self.skip()
            if self.source.startswith(("=", ":"), self.at):
                return Literal(name)
            self.at = before
        return self.expression()

    def for_(self, end: str, *, of_object: bool) -> Expression:
        line = self.line()
        self.at += 3
        key, value = self.for_names()
        source = self.expression()
        self.skip()
        self.need(":")
        self.skip()
        result = self.expression()
        object_key = None
        grouped = False
        self.skip()
        if of_object:
            self.need("=>")
            self.skip()
            object_key, result = result, self.expression()
            self.skip()
            grouped = self.take("...")
            self.skip()
        condition = None
        if self.source.startswith("if", self.at):
            self.at += 2
            condition = self.expression()
            self.skip()
        self.need(end)
        return For(key, value, source, object_key, result, condition, grouped, self.file, line)
