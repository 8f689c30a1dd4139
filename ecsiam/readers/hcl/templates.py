"""HCL's templates: texts with expressions and directives in them, quoted or of several lines.

https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md#templates
"""

import re

from ecsiam.errors import show
from ecsiam.readers.hcl.scanner import Scanner
from ecsiam.readers.hcl.tree import Expression, Literal, Template, TemplateFor, TemplateIf

IDENTIFIER = re.compile(r"[^\W\d][\w-]*")
_HEREDOC = re.compile(r"<<(-?)([^\W\d][\w-]*)\r?\n")
_ESCAPE = re.compile(r'\\(?:([nrt"\\])|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))')
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_PLAIN = re.compile(r'([^"\\$%\n]*)"')
_QUOTED_TEXT = re.compile(r'[^"\\$%\n]+')
_TEXT = re.compile(r"[^$%]+")
# `~` takes blanks away up to the end of a line, and a line's end that it stands beside: no more than that.
_BLANK_BEFORE = re.compile(r"[ \t\r]*\n?")
_BLANK_AFTER = re.compile(r"[ \t\r]*\n?\Z")


class Templates(Scanner):
    """What reads templates. Expressions are read by who inherits it."""

    def expression(self) -> Expression:
        """One expression."""
        raise NotImplementedError

    def whole_template(self) -> Template:
        parts, _ = self.parts(quoted=False, ends=())
        return Template(parts, len(parts) == 1, self.first)

    def template_until_quote(self) -> Expression:
        if (plain := _PLAIN.match(self.source, self.at)) is not None:  # as most are
            self.at = plain.end()
            return Literal(plain[1])
        line = self.line()
        self.enter()
        lines, self.lines = self.lines, True
        parts, _ = self.parts(quoted=True, ends=())
        self.lines = lines
        self.need('"')
        self.deep -= 1
        if not parts:
            return Literal("")
        if len(parts) == 1 and isinstance(parts[0], Literal):
            return parts[0]
        return Template(parts, len(parts) == 1, line)

    def heredoc(self) -> Expression:
        line = self.line()
        found = _HEREDOC.match(self.source, self.at)
        if found is None:
            raise self.expected("a value")
        end = re.compile(rf"^[ \t]*{re.escape(found[2])}[ \t]*(?=\r?$)", re.MULTILINE).search(self.source, found.end())
        if end is None:
            raise self.fault(f"the text that begins with `{show(found[0].strip())}` has no end")
        content = self.source[found.end() : end.start()]
        self.at = end.end()
        inner = type(self)(_dedented(content) if found[1] else content, self.file, line + 1)
        inner.deep = self.deep + 1
        template = inner.whole_template()
        template.lone, template.file = False, self.file
        return template

    def parts(self, *, quoted: bool, ends: tuple[str, ...]) -> tuple[list[Expression], str]:
        """The parts of a template up to its end, or to a directive that ends this part of it, which is returned."""
        found: list[Expression] = []
        text: list[str] = []
        trim = False
        begun = 0  # the line of the text

        def put(part: str) -> None:
            nonlocal trim, begun
            blank = _BLANK_BEFORE.match(part) if trim else None
            if not text and not quoted:
                begun = self.line() - part.count("\n", blank.end() if blank else 0)
            text.append(part[blank.end() :] if blank else part)
            trim = False

        def close(*, trimmed: bool) -> None:
            joined = "".join(text)
            joined = _BLANK_AFTER.sub("", joined) if trimmed else joined
            text.clear()
            if joined:
                found.append(Literal(joined, begun))

        while self.at < len(self.source) and not (quoted and self.source[self.at] == '"'):
            if (plain := self.match(_QUOTED_TEXT if quoted else _TEXT)) is not None:
                put(plain)
            elif self.take("$${") or self.take("%%{"):
                put(self.source[self.at - 2 : self.at])
            elif self.take("${"):
                close(trimmed=self.take("~"))
                found.append(self.inside())
                trim = self.take("~")
                self.need("}")
            elif self.take("%{"):
                close(trimmed=self.take("~"))
                word, part, trim = self.directive(quoted=quoted, ends=ends)
                if part is None:
                    return found, word
                found.append(part)
            elif self.source[self.at] in "$%":
                put(self.source[self.at])
                self.at += 1
            else:
                put(self.escape())
        if ends:
            raise self.expected(" or ".join(f"`%{{ {e} }}`" for e in ends))
        close(trimmed=False)
        return found, ""

    def escape(self) -> str:
        found = _ESCAPE.match(self.source, self.at)
        if found is None:
            raise self.expected("the end of the text" if self.source[self.at] == "\n" else "an escape")
        self.at = found.end()
        return _ESCAPED[found[1]] if found[1] else chr(min(int(found[2] or found[3], 16), 0x10FFFF))

    def directive(self, *, quoted: bool, ends: tuple[str, ...]) -> tuple[str, Expression | None, bool]:
        """A directive and what belongs to it, or the word of one that ends what it stands in."""
        lines, self.lines = self.lines, True
        self.enter()
        self.skip()
        word = self.match(IDENTIFIER) or ""
        self.skip()
        made: Expression | None = None
        if word == "if":
            condition = self.expression()
            self.close_directive()
            then, end = self.branch(quoted=quoted, ends=("else", "endif"))
            otherwise = Template([], lone=False, line=self.line())
            if end == "else":
                otherwise, _ = self.branch(quoted=quoted, ends=("endif",))
            made = TemplateIf(condition, then, otherwise)
        elif word == "for":
            key, value = self.for_names()
            source = self.expression()
            self.close_directive()
            body, _ = self.branch(quoted=quoted, ends=("endfor",))
            made = TemplateFor(key, value, source, body)
        elif word in ends:
            self.close_directive()
        else:
            raise self.fault(f"not HCL: `%{{ {show(word)} }}` has no place here")
        self.deep -= 1
        self.lines = lines
        return word, made, self.trimmed

    trimmed = False  # whether the directive that was closed last takes the blanks after it away

    def close_directive(self) -> None:
        self.skip()
        self.trimmed = self.take("~")
        self.need("}")

    def branch(self, *, quoted: bool, ends: tuple[str, ...]) -> tuple[Template, str]:
        line, trimmed = self.line(), self.trimmed
        if trimmed:
            self.match(_BLANK_BEFORE)
        parts, end = self.parts(quoted=quoted, ends=ends)
        return Template(parts, lone=False, line=line), end

    def inside(self) -> Expression:
        """An expression in brackets, where newlines are blanks."""
        lines, self.lines = self.lines, True
        self.skip()
        found = self.expression()
        self.skip()
        self.lines = lines
        return found

    def for_names(self) -> tuple[str, str]:
        """What a `for` calls keys and values, up to its `in`."""
        self.skip()
        key, value = "", self.match(IDENTIFIER)
        self.skip()
        if self.take(","):
            self.skip()
            key, value = value or "", self.match(IDENTIFIER)
            self.skip()
        if not value or self.match(IDENTIFIER) != "in":
            raise self.expected("`for NAME in`")
        self.skip()
        return key, value


def _dedented(content: str) -> str:
    lines = content.split("\n")
    least = min((len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()), default=0)
    return "\n".join(line[least:] if line.strip() else line.lstrip(" \t") for line in lines)
