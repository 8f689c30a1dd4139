"""The commands in a shell script, as far as they are plain: words, with references for what a shell puts in.

Nothing is run. A variable is a reference by its name with a dollar, `$CLUSTER`; what a command prints is one that
nobody knows. What is written there otherwise (loops, conditions, functions) only decides whether a command runs.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from attrs import define, evolve, field, frozen

from ecsiam.model.text import Ref, Text

PRINTED = "$()"  # what a command prints
LONGEST = 256 * 1024  # characters of a script
DEEPEST = 8  # commands in the words of commands

_NAME = re.compile(r"[A-Za-z_]\w*")
_BRACED = re.compile(r"\{(?P<name>[A-Za-z_]\w*)\}")
_HEREDOC = re.compile(r"<<-?\s*(?P<quote>['\"]?)(?P<end>\w+)(?P=quote)")
_HOLE = re.compile("\ue000(?P<at>\\d+)\ue001")
_BREAKS = re.compile(r";;&?|;&|&&|\|\||\|&|[\n;&|()]")
_LOOPS = ("for", "while", "until", "select")
_MOST_AFTER = 20  # commands in braces after `||`
_SIGNS = ("&&", "||", "|", "|&")


@frozen
class Command:
    """A command: its words, and the line of the script that it begins in, from 0."""

    words: tuple[Text, ...]
    line: int
    sign: str = ""
    """What joins it to the command before: `&&`, `||` or a pipe."""
    ends: str = ""
    """What it ends with."""
    excused: bool = False
    """Whether the script goes on where it fails: what stands after `||` is for that."""
    depth: int = 0
    """In how many shells of its own, `( )` and `$( )`, it runs: what is set there stays there."""
    document: str = ""
    """What it reads that stands in the script, between `<<EOF` and `EOF`."""

    @property
    def piped(self) -> bool:
        """Whether it reads what the one before it writes."""
        return self.sign.startswith("|") and self.sign != "||"


@define
class _Scan:
    """A script, read character by character. `holes` is what stands for the marks in it."""

    source: str
    holes: tuple[Ref, ...]
    depth: int = 0
    first: int = 0
    at: int = 0
    line: int = 0
    found: list[Command] = field(factory=list[Command])
    words: list[Text] = field(factory=list[Text])
    word: list[str | Ref] | None = None
    begun: int = 0
    ends: list[str] = field(factory=list[str])
    sign: str = ""
    shells: int = 0
    testing: bool = False
    """Whether it is between `[[` and `]]`, where `&&` and `||` are words."""

    def read(self) -> list[Command]:
        while self.at < len(self.source):
            char = self.source[self.at]
            if breaks := _BREAKS.match(self.source, self.at):
                self.broken(breaks[0])
            elif char in " \t\r":
                self.end()
                self.at += 1
            elif char == "#" and self.word is None:
                self.to("\n")
            elif char in "<>":
                self.redirect()
            else:
                self.part(char, quoted=False)
        self.command()
        return self.found

    def add(self, *parts: str | Ref) -> None:
        if self.word is None:
            self.word = []
            if not self.words:
                self.begun = self.line
        self.word += parts

    def end(self) -> None:
        if self.word is not None:
            self.words.append(word := Text(tuple(self.word)))
            self.word = None
            self.testing = (self.testing or word.literal == "[[") and word.literal != "]]"

    def command(self, ends: str = "") -> None:
        self.end()
        if self.words:
            depth = self.depth + self.shells
            self.found.append(Command(tuple(self.words), self.first + self.begun, self.sign, ends, depth=depth))
            self.words = []
            self.sign = ""
            self.testing = False
        elif self.found and ends.startswith(";;"):
            before = ")" if self.found[-1].ends == ")" else ""  # a branch of `case` in which nothing is
            self.found[-1] = evolve(self.found[-1], ends=before + ends)

    def broken(self, sign: str) -> None:
        """Take what stands between commands; one that goes on after `&&` or a pipe may do so on the next line."""
        self.end()
        if self.testing and sign in ("&&", "||", "(", ")"):
            self.add(sign)
            self.end()
            self.at += len(sign)
            return
        self.command(sign)
        if sign == "||":
            self.excuse()
        if sign != "\n":
            self.sign = sign if sign in _SIGNS else ""
            self.shells = max(0, self.shells + (sign == "(") - (sign == ")"))
        self.at += len(sign)
        if sign == "\n":
            self.line += 1
            self.skip_heredocs()

    def excuse(self) -> None:
        """Mark the command that ended, with those that it reads from."""
        for i in range(len(self.found) - 1, -1, -1):
            self.found[i] = evolve(self.found[i], excused=True)
            if not self.found[i].piped:
                break

    def to(self, char: str) -> str:
        """What stands before the next such character, which is not read yet; the rest where there is none."""
        end = self.source.find(char, self.at)
        end = len(self.source) if end < 0 else end
        taken = self.source[self.at : end]
        self.at = end
        self.line += taken.count("\n")
        return taken

    def part(self, char: str, *, quoted: bool) -> None:
        """A character of a word, or what begins with it."""
        if char == "\\":
            after = self.source[self.at + 1 : self.at + 2]
            self.at += 2
            if after == "\n":
                self.line += 1
            elif quoted and after not in '$`"\\':
                self.add("\\" + after)
            else:
                self.add(after)
        elif char == "'" and not quoted:
            self.at += 1
            self.add("", *self.put(self.to("'")))
            self.at += 1
        elif char == '"' and not quoted:
            self.quoted()
        elif char == "`":
            self.at += 1
            self.inner(self.to("`"), self.line)
            self.at += 1
        elif char == "$":
            self.dollar()
        elif hole := _HOLE.match(self.source, self.at):
            self.add(self.holes[int(hole["at"])])
            self.at = hole.end()
        else:
            self.line += char == "\n"
            self.add(char)
            self.at += 1

    def quoted(self) -> None:
        self.at += 1
        self.add("")
        while self.at < len(self.source) and self.source[self.at] != '"':
            self.part(self.source[self.at], quoted=True)
        self.at += 1

    def put(self, text: str) -> Iterator[str | Ref]:
        """A text with what its marks stand for."""
        at = 0
        for hole in _HOLE.finditer(text):
            yield text[at : hole.start()]
            yield self.holes[int(hole["at"])]
            at = hole.end()
        yield text[at:]

    def dollar(self) -> None:
        self.at += 1
        rest = self.source[self.at : self.at + 1]
        if rest == "(":
            self.substitution()
        elif name := _NAME.match(self.source, self.at):
            self.add(Ref(f"${name[0]}"))
            self.at = name.end()
        elif braced := _BRACED.match(self.source, self.at):
            self.add(Ref(f"${braced['name']}"))
            self.at = braced.end()
        elif rest == "{":  # with a default, a part of it: something that isn't followed
            taken = self.to("}")
            self.add(Ref(f"${taken}}}"))
            self.at += 1
        elif rest and rest in "0123456789@*#?$!-":
            self.add(Ref(f"${rest}"))
            self.at += 1
        else:
            self.add("$")

    def substitution(self) -> None:
        """What is in `$(...)` is a command too."""
        begin, depth, quote = self.at + 1, 0, ""
        end = self.at
        while end < len(self.source):
            char = self.source[end]
            if char == "\\":
                end += 1
            elif quote:
                quote = "" if char == quote else quote
            elif char in "'\"":
                quote = char
            elif char in "()":
                depth += 1 if char == "(" else -1
                if not depth:
                    break
            end += 1
        line = self.line
        self.line += self.source.count("\n", begin, min(end, len(self.source)))
        self.inner(self.source[begin:end], line)
        self.at = end + 1

    def inner(self, source: str, line: int) -> None:
        self.add(Ref(PRINTED))
        if self.depth < DEEPEST:
            self.found += _Scan(source, self.holes, self.depth + 1, self.first + line, sign=self.sign).read()

    def redirect(self) -> None:
        heredoc = _HEREDOC.match(self.source, self.at)
        if heredoc and not self.source.startswith("<<<", self.at):
            self.ends.append(heredoc["end"])
            self.at = heredoc.end()
            self.end()
            return
        if self.word is not None and len(self.word) == 1 and self.word[0] in ("1", "2"):
            self.word = None  # the number of a stream
        self.end()
        mark = re.match(r"[<>]+&?\d?", self.source[self.at : self.at + 4])
        sign = mark[0] if mark else ">"
        self.add(sign)
        self.at += len(sign)
        self.end()

    def skip_heredocs(self) -> None:
        for end in self.ends:
            begin = stop = self.at
            while self.at < len(self.source):
                stop = self.at
                line = self.to("\n")
                self.at += 1
                self.line += 1
                if line.strip() == end:
                    break
            if self.found:
                self.found[-1] = evolve(self.found[-1], document=self.source[begin:stop])
        self.ends = []


_FUNCTION = re.compile(r"^[ \t]*(?:function[ \t]+[\w-]+[ \t]*(?:\(\))?|[\w-]+[ \t]*\(\))[ \t\n]*\{", re.MULTILINE)
_ENDS = re.compile(r"^\}|\}[ \t]*$", re.MULTILINE)


def without_functions(script: str) -> str:
    """A script without what its functions do: whether and with what they are called is not followed."""
    found: list[str] = []
    at = 0
    while begin := _FUNCTION.search(script, at):
        line = script.find("\n", begin.end())
        one = _ENDS.search(script, begin.end(), line if line >= 0 else len(script))
        end = one or _ENDS.search(script, begin.end())
        stop = end.end() if end else len(script)
        found += [script[at : begin.start()], "\n" * script.count("\n", begin.start(), stop)]
        at = stop
    return "".join([*found, script[at:]])


@lru_cache(maxsize=512)
def commands(script: str, holes: tuple[Ref, ...] = ()) -> tuple[Command, ...]:
    """The commands of a script in order, those whose output others take before them; none of one that is too long."""
    found = _Scan(script, holes).read() if len(script) <= LONGEST else []
    return tuple(evolve(one, excused=False) if one.excused and _ends(found, i) else one for i, one in enumerate(found))


def _ends(script: list[Command], at: int) -> bool:
    """Whether a script ends where a command fails: by `|| exit 1`, or `|| { ...; exit 1; }`."""
    others = [i for i in range(at + 1, min(at + _MOST_AFTER, len(script))) if script[i].sign == "||"]
    after = script[others[0] : others[0] + _MOST_AFTER] if others else []
    group = bool(after) and after[0].words[0].literal == "{"
    for one in after:
        words = [word.literal for word in one.words if word.literal != "{"]
        if words[:1] in (["exit"], ["return"]) and words[1:2] != ["0"]:
            return True
        if not group or words[:1] == ["}"]:
            return False
    return False


def loop_in(command: Command) -> int | None:
    """Where in a command a loop begins."""
    at = next((i for i, word in enumerate(command.words) if word.literal not in ("then", "do", "else")), None)
    return at if at is not None and command.words[at].literal in _LOOPS else None


def ends_of_loops(script: Sequence[Command]) -> dict[int, int]:
    """Where each loop ends that a `for` begins, over words."""
    found: dict[int, int] = {}
    begun: list[int] = []
    for i, command in enumerate(script):
        if loop_in(command) is not None:
            begun.append(i)
        elif command.words[0].literal == "done" and begun:
            began = begun.pop()
            words = script[began].words[loop_in(script[began]) or 0 :]
            if [one.literal for one in words[:3:2]] == ["for", "in"]:
                found[began] = i
    return found
