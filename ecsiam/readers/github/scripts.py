"""What the commands of a workflow's scripts do with AWS: the AWS CLI's, and docker's pushes.

https://docs.aws.amazon.com/cli/latest/reference/ecs/
"""

import posixpath
import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Protocol

from attrs import define, evolve, field

from ecsiam.model.deploying import COMMANDS
from ecsiam.model.text import EMPTY, Ref, Text, text
from ecsiam.readers.found import Place
from ecsiam.readers.github.expressions import Scope, Values, few, put_in
from ecsiam.readers.github.makefiles import recipe
from ecsiam.readers.github.shell import Command, commands, without_functions

FAMILY = "family "  # in place of the path of a file that holds the newest revision of a family
PUSHING = re.compile(r"push=true|type=registry")
HANDED_ON = re.compile(r"AWS_|type=s3|secret")  # what gives credentials to who builds an image

_BEFORE = ("!", "command", "do", "elif", "else", "env", "exec", "if", "sudo", "then", "time", "until", "while", "{")
_ASKING = ("!", "elif", "if", "until", "while")
# Whoever writes one of these into a script does what follows as somebody else.
OTHERWISE = re.compile(r"AWS_ACCESS_KEY_ID|AWS_PROFILE|assume-role|aws configure|aws-vault")
# Without it a script of its own goes on where a command fails: whether that was meant isn't known.
_STOPS = re.compile(r"^#!.*\s-\w*e|^\s*set\s+(-\w+\s+)*-(\w*e|o\s+errexit)", re.MULTILINE)
_OPENS, _CLOSES = ("if", "case", "for", "while", "until"), ("fi", "esac", "done")
_WORKSPACE = ("{$GITHUB_WORKSPACE}/", "{github.workspace}/")
_OR_ELSE = re.compile(r"\{(?P<name>\w+)(?::?-(?P<value>[^}]*)|:?\?[^}]*)\}")
_DEEPEST = 5  # scripts that call scripts
_ASSIGNED = re.compile(r"[A-Za-z_]\w*")
# Commands that do nothing with credentials that are there, and words that are none.
_WITHOUT_AWS = """
    : [ [[ awk base64 basename break case cat chmod continue cp cut date dirname done echo envsubst esac exit false fi
    git grep head jq ls mkdir mv printf pwd return rm sed set shift sleep sort tail tee test tr true uniq unset wait wc
    yq }
"""
_DOCKER_WITHOUT = re.compile(r"(build|images|info|inspect|login|logout|tag|version)( .*)?|buildx (build|create|use)")
_FLAGS = ("debug", "force-new-deployment", "force", "enable-execute-command", "include-email")
_GLOBAL = ("region", "output", "query", "profile", "endpoint-url", "ca-bundle", "color", "cli-read-timeout")


class Use(Protocol):
    """Takes what a step does: a key of `STEPS`, its place, and to what."""

    def __call__(self, name: str, place: Place, **what: Values) -> None: ...


def definition_of(files: Mapping[str, Values], named: Values) -> Values:
    """Of which definitions files are: what a script wrote into them, else they stand in the repository."""
    found = [one for file in named for one in files.get(str(file), (file,))]
    return few(found, "task definition") if found else ()


def _nothing(_: str) -> tuple[str, str] | None:
    return None


def _unheard() -> None:
    pass


@define
class Script:
    """The commands of one script, with the variables that it sets itself."""

    scope: Scope
    holes: Mapping[str, Values]
    files: dict[str, Values]
    """What was written to files: of which task definition each is."""
    use: Use
    opened: Callable[[str], tuple[str, str] | None] = _nothing
    """What stands at a path of the repository: the name of the file, and its text."""
    here: str | None = ""
    """The directory of the repository that it runs in, where that is known."""
    own: dict[str, Values] = field(factory=dict[str, Values])
    exported: set[str] = field(factory=set[str])
    callers: tuple[str, ...] = ()
    inside: int = 0
    """In how many conditions and loops a script of its own is: what it does there may never be."""
    otherwise: bool = False
    """Whether what follows is done as somebody else."""
    reads: Values = ()
    """Of which task definition what the last command printed is."""
    lose: Callable[[], None] = _unheard
    """Told of what isn't understood, and may be done with credentials that are there."""

    def value(self, word: Text) -> Values:
        return put_in(word, self._named)

    def _named(self, ref: Ref) -> Values | None:
        if ref.name in self.holes:
            return self.holes[ref.name]
        name = ref.name.removeprefix("$")
        if otherwise := _OR_ELSE.fullmatch(name):
            return self._or_else(otherwise["name"], otherwise["value"])
        if name in self.own:
            return self.own[name]
        return self.scope.env.get(name) if name not in self.scope.changed else None

    def _or_else(self, name: str, value: str | None) -> Values | None:
        """A variable with what stands for it where it is empty; None for that where the script ends then."""
        known = self._named(Ref(f"${name}"))
        if value is None or (known is not None and all(one.literal for one in known)):
            return known
        if value and "$" in value:
            return None
        passed = bool(self.callers) and name.isdigit()  # nothing but the words of the command
        unknown = () if known is not None or passed else (text(Ref(f"${name}")),)
        return few((*(one for one in known or () if one != EMPTY), *unknown, text(value)), f"${name}")

    def command(self, command: Command, place: Place) -> None:
        given: dict[str, Values] = {}
        words, excused = self._begun(command, given)
        reads = self.reads if command.piped else ()
        if words and self.otherwise:
            self.lose()
        if not words or self.otherwise:
            return
        name = words[0].literal
        if name in ("for", "read") and len(words) > 1:
            for word in words[1:] if name == "read" else words[1:2]:
                self.own[str(word)] = (text(Ref(f"${word}")),)
        elif name in ("export", "local", "declare", "readonly"):
            for word in words[1:]:
                self._assigns(word, {})
                if name == "export":
                    self.exported.add(str(word).partition("=")[0])
        elif name == "cd":
            self.here = self._path(words[1]) if len(words) > 1 else None
        elif name == "aws":
            reads = self._aws(words[1:], place, excused=excused)
        elif name in _WITHOUT_AWS.split():
            pass
        elif excused or not (self._docker(words[1:], place) if name == "docker" else self._called(words, given)):
            self.lose()
        self._written(words, reads)

    def _begun(self, command: Command, given: dict[str, Values]) -> tuple[list[Text], bool]:
        """A command without what stands before it, and whether it may fail or be left out; `given` is set for it."""
        words, excused = list(command.words), command.excused
        if self.callers and words:
            self.inside += (words[0].literal in _OPENS) - (words[0].literal in _CLOSES)
            excused = excused or self.inside > 0
        while words and (words[0].literal in _BEFORE or self._assigns(words[0], given)):
            excused = excused or words[0].literal in _ASKING
            words.pop(0)
        return words, excused

    def _assigns(self, word: Text, given: dict[str, Values]) -> bool:
        """Whether a word sets a variable; one that is set again may have either value."""
        name, *rest = word.split("=", 1)
        if not rest or name.literal is None or not _ASSIGNED.fullmatch(name.literal):
            return False
        given[name.literal] = self.value(rest[0])
        self.own[name.literal] = few((*self.own.get(name.literal, ()), *given[name.literal]), f"${name.literal}")
        return True

    # ------------------------------------------------------------ scripts in files of their own

    def _path(self, word: Text) -> str | None:
        """A path of the repository, from where the script runs; None for one that isn't known, or leads out."""
        values = [str(one) for one in self.value(word)]
        given = values[0] if len(values) == 1 else "{}"
        inside = next((given.removeprefix(start) for start in _WORKSPACE if given.startswith(start)), None)
        if inside is None and (self.here is None or given.startswith("/")):
            return None
        path = posixpath.normpath(posixpath.join(self.here or "", given) if inside is None else inside)
        return None if "{" in path or path.startswith("..") else path

    def _called(self, words: list[Text], given: Mapping[str, Values]) -> bool:
        """Follow a script of the repository, or a target of a Makefile of it; whether all of it could be."""
        name = words[0].literal or ""
        if name in (".", "source"):
            found = self._opened(words[1]) if len(words) > 1 else None
            if found is None:  # it may set anything
                self.otherwise = len(words) > 1
                return False
            followed = self._run(*found, self)
            self.otherwise = self.otherwise or OTHERWISE.search(found[1]) is not None
            return followed
        if name == "make":
            return self._make(words[1:], given)
        if name in ("bash", "sh"):
            flags = [w.literal or "" for w in words[1:]]
            first = next((i for i, flag in enumerate(flags) if not flag.startswith("-") and flag != "pipefail"), None)
            if first is None or any("c" in flag for flag in flags[:first] if flag != "pipefail"):
                return False
            stops = any("e" in flag for flag in flags[:first] if flag != "pipefail")
            return self._script(words[1 + first :], given, stops=stops)
        return "/" in str(words[0]) and self._script(words, given)

    def _script(self, words: list[Text], given: Mapping[str, Values], *, stops: bool = False) -> bool:
        found = self._opened(words[0])
        if found is None or not (stops or _STOPS.search(found[1])):
            return False
        passed = {str(at): self.value(word) for at, word in enumerate(words[1:10], 1)}
        env = {n: values for n, values in self.own.items() if n in self.exported}
        script = evolve(self, own={**env, **given, **passed}, exported={*env, *given}, reads=(), inside=0)
        return self._run(*found, script)

    def _opened(self, word: Text) -> tuple[str, str] | None:
        path = self._path(word)
        found = self.opened(path) if path is not None and len(self.callers) < _DEEPEST else None
        return None if found is None or found[0] in self.callers else found

    def _run(self, file: str, source: str, script: "Script") -> bool:
        """Take the commands of a file, each at its own line."""
        if OTHERWISE.search(source):
            return False
        before = script.callers, script.inside
        script.callers, script.inside = (*self.callers, file), 0
        followed = without_functions(source)
        for command in commands(followed):
            script.command(command, Place(file, command.line + 1))
        script.callers, script.inside = before
        return followed == source

    def _make(self, words: list[Text], given: Mapping[str, Values]) -> bool:
        """Take what the targets of a Makefile run."""
        own: dict[str, Values] = {}
        targets = [word for word in words if not self._assigns(word, own)]
        if any(str(one).startswith("-") for one in targets):
            return False
        followed = bool(targets)
        for name in targets:
            found = self._opened(text("Makefile"))
            made = recipe(found[1], name.literal or "") if found is not None else None
            if found is None or made is None:
                return False
            script = evolve(self, own={**given, **own}, exported=set(), reads=(), inside=0)
            for variable, (value, soft) in made[1].items():
                if variable not in own and not (soft and (variable in given or variable in self.scope.env)):
                    script.set(variable, value)
            followed = self._run(found[0], made[0], script) and followed
        return followed

    def set(self, name: str, value: str) -> None:
        """Set a variable to what the shell makes of a text."""
        (*_, word) = (Text.of(""), *(w for one in commands(f'"{value}"') for w in one.words))
        self.own[name] = (text(Ref(f"${name}")),) if name in self.scope.changed else self.value(word)

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
            self.lose()
            return ()
        step = next((COMMANDS[called[:n]] for n in (3, 2) if called[:n] in COMMANDS), None)
        if (step is None or excused) and called[:2] != ("sts", "get-caller-identity"):  # which needs no permission
            self.lose()
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

    def _docker(self, words: list[Text], place: Place) -> bool:
        """Take what is pushed; whether nothing else may be done with credentials."""
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
        known = bool(pushed) or _DOCKER_WITHOUT.fullmatch(" ".join(str(word) for word in words[:2]))
        return bool(known) and not any(HANDED_ON.search(str(word)) for word in words)


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
