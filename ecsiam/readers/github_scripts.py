"""What the commands of a workflow's scripts do with AWS: the AWS CLI's, and docker's pushes.

https://docs.aws.amazon.com/cli/latest/reference/ecs/
"""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Protocol

from attrs import define, field

from ecsiam.model.deploying import COMMANDS
from ecsiam.model.text import Ref, Text, text
from ecsiam.readers.found import Place
from ecsiam.readers.github_expressions import Scope, Values, few, put_in
from ecsiam.readers.shell import Command

FAMILY = "family "  # in place of the path of a file that holds the newest revision of a family
PUSHING = re.compile(r"push=true|type=registry")

_BEFORE = ("!", "command", "do", "elif", "else", "env", "exec", "if", "sudo", "then", "time", "until", "while", "{")
_ASKING = ("!", "elif", "if", "until", "while")
_ASSIGNED = re.compile(r"[A-Za-z_]\w*")
_FLAGS = ("debug", "force-new-deployment", "force", "enable-execute-command", "include-email")
_GLOBAL = ("region", "output", "query", "profile", "endpoint-url", "ca-bundle", "color", "cli-read-timeout")


class Use(Protocol):
    """Takes what a step does: a key of `STEPS`, its place, and to what."""

    def __call__(self, name: str, place: Place, **what: Values) -> None: ...


def definition_of(files: Mapping[str, Values], named: Values) -> Values:
    """Of which definitions files are: what a script wrote into them, else they stand in the repository."""
    found = [one for file in named for one in files.get(str(file), (file,))]
    return few(found, "task definition") if found else ()


@define
class Script:
    """The commands of one script, with the variables that it sets itself."""

    scope: Scope
    holes: Mapping[str, Values]
    files: dict[str, Values]
    """What was written to files: of which task definition each is."""
    use: Use
    own: dict[str, Values] = field(factory=dict[str, Values])
    reads: Values = ()
    """Of which task definition what the last command printed is."""

    def value(self, word: Text) -> Values:
        return put_in(word, self._named)

    def _named(self, ref: Ref) -> Values | None:
        if ref.name in self.holes:
            return self.holes[ref.name]
        name = ref.name.removeprefix("$")
        if name in self.own:
            return self.own[name]
        return self.scope.env.get(name) if name not in self.scope.changed else None

    def command(self, command: Command, place: Place) -> None:
        words = list(command.words)
        excused = command.excused
        while words and (words[0].literal in _BEFORE or self._assigns(words[0])):
            excused = excused or words[0].literal in _ASKING
            words.pop(0)
        reads = self.reads if command.piped else ()
        if not words:
            return
        name = words[0].literal
        if name in ("for", "read") and len(words) > 1:
            for word in words[1:] if name == "read" else words[1:2]:
                self.own[str(word)] = (text(Ref(f"${word}")),)
        elif name in ("export", "local", "declare", "readonly"):
            for word in words[1:]:
                self._assigns(word)
        elif name == "aws":
            reads = self._aws(words[1:], place, excused=excused)
        elif name == "docker" and not excused:
            self._docker(words[1:], place)
        self._written(words, reads)

    def _assigns(self, word: Text) -> bool:
        """Whether a word sets a variable; one that is set again may have either value."""
        name, *rest = word.split("=", 1)
        if not rest or name.literal is None or not _ASSIGNED.fullmatch(name.literal):
            return False
        self.own[name.literal] = few((*self.own.get(name.literal, ()), *self.value(rest[0])), f"${name.literal}")
        return True

    def _written(self, words: list[Text], reads: Values) -> None:
        """What a command prints, and the file that it writes that into."""
        known = [one for word in words if word.literal for one in self.files.get(word.literal, ())]
        found = reads or tuple(dict.fromkeys(known))
        self.reads = found
        for mark, file in pairwise(words):
            if mark.literal in (">", ">>") and file.literal is not None and found:
                self.files[file.literal] = found

    def _aws(self, words: list[Text], place: Place, *, excused: bool) -> Values:
        """A command of the AWS CLI; of `describe-task-definition`, which one it prints.

        One that is `excused` may fail: the script asks by it, or goes on.
        """
        called, options = _parsed(words)
        if "profile" in options or "endpoint-url" in options:
            return ()
        step = next((COMMANDS[called[:n]] for n in (3, 2) if called[:n] in COMMANDS), None)
        if step is None:
            return ()
        each = {name: [self.value(word) for word in given] for name, given in options.items()}
        found = {name: values[0] for name, values in each.items() if values}
        cluster = found.get("cluster") or (text("default"),)
        definition = self._definition(found)
        if excused:
            return self._printed(step, found)
        match step:
            case "register":
                self.use(step, place, definition=definition)
            case "read-definition":
                self.use(step, place)
            case "update" | "watch":
                for service in each.get("service") or each.get("services") or ():
                    self.use(step, place, cluster=cluster, service=service)
            case "run":
                family = tuple(Text.of(FAMILY, one) for one in found.get("task-definition", ()))
                self.use(step, place, cluster=cluster, definition=family)
            case "watch-tasks" | "stop-task":
                self.use(step, place, cluster=cluster)
            case _:
                self.use(step, place)
        return self._printed(step, found)

    def _printed(self, step: str, found: Mapping[str, Values]) -> Values:
        """Of which task definition it is what a command prints."""
        named = found.get("task-definition", ()) if step == "read-definition" else ()
        return tuple(Text.of(FAMILY, one) for one in named)

    def _definition(self, found: Mapping[str, Values]) -> Values:
        if "family" in found:
            return tuple(Text.of(FAMILY, one) for one in found["family"])
        given = found.get("cli-input-json") or found.get("cli-input-yaml") or ()
        files = tuple(one.removeprefix("file://") for one in given if one.parts and str(one).startswith("file://"))
        return definition_of(self.files, files)

    def _docker(self, words: list[Text], place: Place) -> None:
        called = [word.literal for word in words]
        pushed: list[Text] = []
        if called[:1] == ["push"] or called[:2] == ["image", "push"]:
            pushed = [word for word in words[1 + (called[0] == "image") :] if not str(word).startswith("-")][:1]
        elif "build" in called[:2] and ("--push" in called or any(PUSHING.search(str(w)) for w in words)):
            flags = ("-t", "--tag")
            pushed = [after for flag, after in pairwise(words) if flag.literal in flags]
            pushed += [w.removeprefix("--tag=") for w in words if str(w).startswith("--tag=")]
        for word in pushed:
            self.use("push", place, image=self.value(word))


def _parsed(words: list[Text]) -> tuple[tuple[str, ...], dict[str, list[Text]]]:
    """The words of a command that are no options, and its options by name."""
    called: list[str] = []
    options: dict[str, list[Text]] = {}
    name = ""
    for word in words:
        literal = word.literal
        if literal is not None and literal in ("<", ">", ">>", "<<", "<<<"):
            break
        if str(word).startswith("--"):
            key, *value = word.removeprefix("--").split("=", 1)
            name = "" if value or str(key) in _FLAGS or str(key).startswith("no-") else str(key)
            options[str(key)] = list(value)
        elif name:
            options[name].append(word)
        elif literal is not None:
            called.append(literal)
        if name in _GLOBAL and options[name]:
            name = ""
    return tuple(called[:3]), options
