"""Which commands of a script are come to: what `if`, `case`, loops, `&&` and `||` make of conditions that are known.

https://www.gnu.org/software/bash/manual/bash.html#Conditional-Constructs
"""

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from itertools import product
from typing import Literal

from attrs import define, field

from ecsiam.analysis.unknown import Matches, compare
from ecsiam.model.text import Text
from ecsiam.readers.github.expressions import Values
from ecsiam.readers.github.shell import PRINTED, Command

Goes = Literal["no", "perhaps", "either", "yes"]
"""Whether something comes about. `either`: as it turns out while the script runs, so it does in some run.

`perhaps`: by what isn't known of the run, such as its branch: that may go together with the role.
"""
_ORDER: tuple[Goes, ...] = ("no", "perhaps", "either", "yes")
_NOT: dict[Goes, Goes] = {"no": "yes", "yes": "no", "perhaps": "perhaps", "either": "either"}
_TURNS_OUT = (PRINTED, "$?")
_CAME: dict[Matches, bool | None] = {"yes": True, "no": False, "maybe": None}
_FIXED: dict[str, Goes] = {"true": "yes", ":": "yes", "false": "no"}
_BEGINS = {"{": "group", "if": "if", "while": "loop", "until": "loop", "for": "for", "select": "for", "case": "case"}
_ENDS = ("}", "fi", "done", "esac")
_KEYWORDS = frozenset(("!", "then", "elif", "else", "do", *_BEGINS, *_ENDS))


def both(*given: Goes) -> Goes:
    """Whether all come about."""
    return _ORDER[min(map(_ORDER.index, given), default=-1)]


def _any(one: Goes, other: Goes) -> Goes:
    return _NOT[both(_NOT[one], _NOT[other])]


@define
class _Open:
    """What was begun and hasn't ended: whether its condition or a pattern is being read, and where it goes."""

    kind: str
    asking: bool
    within: Goes
    asked: bool
    """What is so of those that are open around it."""
    here: Goes = "yes"
    rest: Goes = "yes"
    """Whether nothing that stands before was taken."""
    subject: Values = ()
    pattern: list[Text] = field(factory=list[Text])


@define
class Branches:
    """Where a script is, command by command. `value` is what a word may be."""

    value: Callable[[Text], Values]
    open: list[_Open] = field(factory=list[_Open])
    came: Goes = "yes"
    """How the commands that `&&` and `||` join came out so far."""
    joined: Goes = "yes"
    """Whether they come to the command that was read last."""
    has_test: bool = False
    """Whether one of them is a test."""
    ended: str = ""
    """What the last command ended with."""
    goes_on: Goes = "yes"
    """Whether the script has not ended yet."""

    @property
    def asking(self) -> bool:
        """Whether what stands here decides on what follows."""
        return bool(self.open) and (self.open[-1].asking or self.open[-1].asked)

    @property
    def within(self) -> Goes:
        """Whether the conditions and loops that are open come about."""
        return both(self.open[-1].within, self.open[-1].here) if self.open else "yes"

    def follow(self, command: Command) -> tuple[tuple[Text, ...], Goes]:
        """A command without the words that open and close branches, and whether it comes about."""
        top, ended, self.ended = self.open[-1] if self.open else None, self.ended, command.ends
        if top is not None and top.kind == "case" and ";;" in ended:
            top.asking = True
        if top is not None and top.kind == "case" and top.asking and command.words[0].literal != "esac":
            self._pattern(top, command.words, command.ends)
            return (), "no"
        joined, negated, at = self._join(command), False, 0
        for word in command.words:
            if word.literal not in _KEYWORDS:
                break
            negated ^= word.literal == "!"
            case = command.words[at:] if word.literal == "case" else ()
            self._keyword(word.literal, case, command.ends, joined)
            if word.literal in ("case", "for", "select") or word.literal in _ENDS:
                return (), "no"
            at += 1
        words = command.words[at:]
        goes = both(joined, self.within, self.goes_on)
        if words and words[0].literal in ("exit", "return") and not command.depth:
            self.goes_on = both(self.goes_on, _NOT[both(joined, self.within)])
        if words and joined != "no":
            tested = test(words, self.value)
            self.has_test = tested is not None or (self.has_test and command.sign in ("&&", "||"))
            succeeds: Goes = "yes" if self.has_test else "either"  # `test && one || other`
            came = succeeds if tested is None else tested
            came = _NOT[came] if negated else came
            match command.sign:
                case "&&":
                    self.came = both(self.came, came)
                case "||":
                    self.came = _any(self.came, came)
                case _:
                    self.came = came
        return words, goes

    def _join(self, command: Command) -> Goes:
        if not command.piped:
            after: dict[str, Goes] = {"&&": self.came, "||": _NOT[self.came]}
            self.joined = after.get(command.sign, "yes")
        return self.joined

    def _keyword(self, word: str, words: tuple[Text, ...], ends: str, joined: Goes) -> None:
        top = self.open[-1] if self.open else None
        if word in _BEGINS:
            kind = _BEGINS[word]
            one = _Open(kind, kind in ("if", "loop", "case"), self.within, self.asking, rest=joined)
            one.here = joined if kind in ("group", "if") else both(joined, "either")
            self.open.append(one)
            if kind == "case":
                one.subject = self.value(words[1]) if len(words) > 1 else ()
                self._pattern(one, words[3:], ends)
        elif word in _ENDS:
            if top is not None:
                self.open.pop()
            self.came = "either"
        elif top is None:
            return
        elif word == "elif":
            top.here, top.asking = top.rest, True
        elif word == "else":
            top.here = top.rest
        elif word == "then" and top.asking:
            top.here, top.rest = both(top.rest, self.came), both(top.rest, _NOT[self.came])
            top.asking = False
        elif word == "do":
            top.asking = False

    def _pattern(self, top: _Open, words: tuple[Text, ...], ends: str) -> None:
        top.pattern += words
        if ends.startswith(")") and top.pattern:
            came = _matching(top.subject, top.pattern)
            top.here, top.rest = both(top.rest, came), both(top.rest, _NOT[came])
            top.asking, top.pattern = False, []


def test(words: tuple[Text, ...], value: Callable[[Text], Values]) -> Goes | None:
    """How a test comes out; None for a command that is none."""
    name = words[0].literal or ""
    if name in _FIXED:
        return _FIXED[name]
    if name not in ("[", "[[", "test"):
        return None
    given = [one for one in words[1:] if one.literal not in ("]", "]]")]
    return _tested(given, value, patterns=name == "[[")


def _tested(given: list[Text], value: Callable[[Text], Values], *, patterns: bool) -> Goes:
    signs = [one.literal for one in given]
    for sign in ("||", "-o", "&&", "-a"):
        if sign in signs[1:-1]:
            at = signs.index(sign, 1)
            one, other = (_tested(part, value, patterns=patterns) for part in (given[:at], given[at + 1 :]))
            return _any(one, other) if sign in ("||", "-o") else both(one, other)
    if signs[:1] == ["!"]:
        return _NOT[_tested(given[1:], value, patterns=patterns)]
    values = [value(one) for one in given]
    if len(given) == 3 and signs[1] in ("=", "==", "!="):
        came = _equal(values[0], values[2], patterns=patterns)
        return _NOT[came] if signs[1] == "!=" else came
    if len(given) == 1 or (len(given) == 2 and signs[0] in ("-z", "-n")):
        came = _decided({_some(one) for one in values[-1]}, values[-1])
        return _NOT[came] if signs[:-1] == ["-z"] else came
    every = [one for each in values for one in each]
    turns_out = all(ref.name in _TURNS_OUT for one in every for ref in one.refs)
    return "either" if turns_out and "=~" not in signs and "(" not in signs else "perhaps"


def _some(value: Text) -> bool | None:
    """Whether a text is more than nothing."""
    return True if any(isinstance(part, str) and part for part in value.parts) else None if value.refs else False


def _equal(ones: Values, others: Values, *, patterns: bool) -> Goes:
    found: set[bool | None] = set()
    for one, other in product(ones, others):
        if one.literal is not None and other.literal is not None and patterns:
            found.add(fnmatchcase(one.literal, other.literal))
        elif (one.literal is None and other.literal is None) or (patterns and "[" in str(other)):
            found.add(None)
        else:
            found.add(_CAME[compare(other, one, "2008-10-17", live=patterns)])
    return _decided(found, (*ones, *others))


def _matching(subject: Values, patterns: Iterable[Text]) -> Goes:
    """Whether one of the patterns of a branch of `case` takes a text."""
    came: Goes = "no"
    for pattern in patterns:
        came = "yes" if pattern.literal == "*" else _any(came, _equal(subject, (pattern,), patterns=True))
    return came


def _decided(found: set[bool | None], of: Iterable[Text]) -> Goes:
    """What comes of all ways; where it isn't known, it turns out if nothing else is open than what commands print."""
    if len(found) == 1 and None not in found:
        return "yes" if True in found else "no"
    turns_out = None in found and all(ref.name in _TURNS_OUT for one in of for ref in one.refs)
    return "either" if turns_out else "perhaps"
