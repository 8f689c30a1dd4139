"""What a target of a Makefile runs, where that is plain: as a script whose lines are those of the file.

https://www.gnu.org/software/make/manual/html_node/Rules.html
"""

import re
from collections.abc import Iterator, Mapping

# What decides which lines count, or makes several of them one; such a file is not read.
_BEYOND = re.compile(
    r"^\s*-?(include|sinclude|ifn?eq|ifn?def|define|override|\.ONESHELL|SHELL\b|MAKEFLAGS)|\$\((eval|call)\b"
    r"|^(export\s+)?\w+\s*[+!]=|^[\w./ %-]+:[^=\n]*\w\s*[:?+]?=",
    re.MULTILINE,
)
_SET = re.compile(r"(?:export[ ]+)?(?P<name>[A-Za-z_]\w*)[ ]*(?P<how>\?=|:?:?=)[ ]*(?P<value>.*)")
_RULE = re.compile(r"(?P<targets>[\w./ -]+):(?!=)(?P<needed>[^=;#|]*)$")
_PUT_IN = re.compile(r"\$\$|\$\((?P<name>[A-Za-z_]\w*)\)|\$\([^()]*(?:\([^()]*\)[^()]*)*\)|\$[@<^*]")


def recipe(source: str, target: str) -> tuple[str, dict[str, tuple[str, bool]]] | None:
    """The script of a target with what it needs, and the variables of the file; None where that isn't plain.

    Of each variable its value, and whether one of the environment counts before it. Every line of a recipe stops at a
    failure, unless it begins with `-`: that is left out, and what goes to another directory.
    """
    lines = source.split("\n")
    if _BEYOND.search(source):
        return None
    own: dict[str, tuple[str, bool]] = {}
    rules: dict[str, tuple[list[str], list[int]]] = {}
    current: list[int] | None = None
    for at, line in enumerate(lines):
        if line.startswith("\t"):
            if current is not None:
                current.append(at)
        elif at and lines[at - 1].endswith("\\"):
            return None  # a list on several lines
        elif found := _SET.fullmatch(line.split(" #")[0].rstrip()):
            soft = found["how"] == "?="
            if not soft or found["name"] not in own:
                own[found["name"]] = in_shell(found["value"]), soft
        elif rule := _RULE.fullmatch(line.split("#")[0].rstrip()):
            current = []
            for name in rule["targets"].split():
                if name != ".PHONY" and rules.setdefault(name, (rule["needed"].split(), current))[1] is not current:
                    return None  # one that stands there twice
        elif line.strip() and not line.lstrip().startswith("#"):
            current = None
    wanted = _wanted(target, rules)
    if wanted is None:
        return None
    kept = {at for name in wanted for at in rules[name][1]}
    return "\n".join(_recipe(lines, kept)), own


def _recipe(lines: list[str], kept: set[int]) -> Iterator[str]:
    goes_on = left_out = False
    for at, line in enumerate(lines):
        kept_out = at not in kept or (goes_on and left_out)
        shell = "" if kept_out else in_shell(line) if goes_on else _shell(line)
        left_out = not shell
        goes_on = at in kept and line.endswith("\\")
        yield shell


def _wanted(target: str, rules: Mapping[str, tuple[list[str], list[int]]]) -> list[str] | None:
    """A target with the others that it needs; None where one isn't there, unless it may be a file."""
    if target not in rules:
        return None
    found = [target]
    for name in found:
        found += [n for n in rules[name][0] if n in rules and n not in found]
    return found


def _shell(line: str) -> str:
    """A line of a recipe as the shell has it; nothing of one that may fail."""
    begin = re.match(r"\t[@+\s]*(-?)[@+\s]*", line)
    if begin is None or begin[1] or re.search(r"\bcd\b", line):
        return ""
    return in_shell(line[begin.end() :])


def in_shell(value: str) -> str:
    """A text of a Makefile with its variables as the shell writes them; what a function gives is not known."""
    return _PUT_IN.sub(_put, value)


def _put(found: re.Match[str]) -> str:
    if found["name"]:
        return f"${{{found['name']}}}"
    return "$" if found[0] == "$$" else "${?make}"
