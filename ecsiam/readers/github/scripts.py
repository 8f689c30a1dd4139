"""What the commands of a workflow's scripts do with AWS: the AWS CLI's, and docker's pushes.

https://docs.aws.amazon.com/cli/latest/reference/ecs/
"""

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Protocol

from attrs import define, evolve, field

from ecsiam.model.text import EMPTY, Ref, Text, text
from ecsiam.readers.found import Place
from ecsiam.readers.github.acting import CONFIG, OTHERWISE, PROFILE, Acting
from ecsiam.readers.github.aws_cli import WITHOUT_AWS, Called, harmless, parsed, pushed, used
from ecsiam.readers.github.branches import Branches
from ecsiam.readers.github.callers import KEYS, NOBODY, Callers
from ecsiam.readers.github.expressions import Scope, Values, few, put_in
from ecsiam.readers.github.makefiles import recipe
from ecsiam.readers.github.shell import PRINTED, Command, commands, ends_of_loops, loop_in, without_functions

MOST_COMMANDS = 10_000  # that the steps of a job come to
_BEFORE = ("command", "env", "exec", "sudo", "time")
# Without it a script of its own goes on where a command fails: whether that was meant isn't known.
_STOPS = re.compile(r"^#!.*\s-\w*e|^\s*set\s+(-\w+\s+)*-(\w*e|o\s+errexit)", re.MULTILINE)
_HANDED = ("{$GITHUB_ENV}", "{$GITHUB_OUTPUT}")
_WORKSPACE = ("{$GITHUB_WORKSPACE}/", "{github.workspace}/")
_OR_ELSE = re.compile(r"\{(?P<name>\w+)(?::?-(?P<value>[^}]*)|:?\?[^}]*)\}")
_CUT = re.compile(r"\{(?P<name>\w+)#(?:#(?P<last>\*/)|(?P<begin>[\w./-]+))\}")
_DEEPEST = 5  # scripts that call scripts
_ASSIGNED = re.compile(r"[A-Za-z_]\w*")


class Use(Protocol):
    """Takes what a step does: a key of `STEPS`, its place, and to what."""

    def __call__(self, name: str, place: Place, **what: Values) -> None: ...


def _nothing(_: str) -> tuple[str, str] | None:
    return None


@define
class Script:
    """The commands of one script, with the variables that it sets itself."""

    scope: Scope
    holes: Mapping[str, Values]
    files: dict[str, Values]
    """What was written to files, and what variables have that a command printed: of which task definition it is."""
    use: Use
    who: Callers
    opened: Callable[[str], tuple[str, str] | None] = _nothing
    """What stands at a path of the repository: the name of the file, and its text."""
    env: Mapping[str, Values] = field(factory=dict[str, Values])
    """The variables of the step alone."""
    here: str | None = ""
    """The directory of the repository that it runs in, where that is known."""
    own: dict[str, Values] = field(factory=dict[str, Values])
    exported: set[str] = field(factory=set[str])
    callers: tuple[str, ...] = ()
    goes_on: bool = False
    """Whether it goes on where a command fails."""
    reads: Values = ()
    """Of which task definition what the last command printed is."""
    base: int = 0
    """In how many shells it runs."""
    wrote: dict[tuple[str, str], Values] = field(factory=dict[tuple[str, str], Values])
    """What is written for the steps after it: by GITHUB_ENV or GITHUB_OUTPUT and the name."""
    left: int = MOST_COMMANDS
    branches: Branches = field(init=False)
    acting: Acting = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.branches, self.acting = Branches(self.value), Acting(self.who, self.value)

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
        if cut := _CUT.fullmatch(name):
            return self._cut(cut)
        if name.startswith("GITHUB_") and name[7:].lower() in self.scope.github:
            return self.scope.github[name[7:].lower()]
        return self.scope.env.get(name) if name not in self.scope.changed else None

    def _cut(self, cut: re.Match[str]) -> Values | None:
        """A variable without what it begins with: `${GITHUB_REF#refs/heads/}`, `${GITHUB_REF##*/}`."""
        known = self._named(Ref(f"${cut['name']}"))
        if known is None or not all(one.literal is not None for one in known):
            return None
        if cut["last"]:
            return tuple(text(str(one).rpartition("/")[2]) for one in known)
        return tuple(one.removeprefix(cut["begin"]) for one in known)

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

    def run(self, script: Sequence[Command], at: Callable[[Command], Place]) -> None:
        """Take commands in order."""
        ends = ends_of_loops(script)

        def between(i: int, end: int) -> None:
            while i < end and self.left > 0:
                self.left -= 1
                begins = loop_in(script[i]) or 0
                words = self._each(script[i].words[begins + 3 :]) if i in ends else None
                if words is None:
                    self.command(script[i], at(script[i]))
                elif begins:
                    self.branches.follow(evolve(script[i], words=script[i].words[:begins]))
                for word in words or ():
                    self.own[str(script[i].words[begins + 1])] = (word,)
                    between(i + 1, ends[i])
                i = i + 1 if words is None else ends[i] + 1

        between(0, len(script))

    def _each(self, words: Iterable[Text]) -> list[Text] | None:
        """What the variable of a `for` is, one after the other, where that is known."""
        found: list[Text] = []
        for word in words:
            values = self.value(word)
            literal = values[0].literal if len(values) == 1 else None
            if literal is None or re.search(r"[*?{]", literal):
                return None
            found += map(text, literal.split()) if word.refs else [text(literal)]
        return found or None

    def command(self, command: Command, place: Place) -> None:
        """Take a command, where the script comes to it."""
        self.acting.enter(self.base + command.depth)
        begun, goes = self.branches.follow(command)
        if goes == "no" or not begun:
            return
        within = self.branches.within
        self.acting.surely = within == "yes" and goes != "perhaps"
        excused = command.excused or self.goes_on or self.branches.asking or goes == "perhaps"
        excused = excused or command.words[0].literal == "!" or bool(self.callers and within != "yes")
        given: dict[str, Values] = {}
        words = self._begun(begun, given, surely=goes == "yes")
        who = self.acting.keys(given.get(KEYS, ())) if KEYS in given or PROFILE in given else self.who.current
        if not words:
            self.acting.become(who)
            self.acting.by_file(place)
            return
        before, self.who.current = self.who.current, who
        self._does(words, given, command, place, excused=excused)
        self.acting.by_file(place)
        if who != before:
            self.who.current = before

    def _does(
        self, words: list[Text], given: Mapping[str, Values], command: Command, place: Place, *, excused: bool
    ) -> None:
        reads = self.reads if command.piped else ()
        name = words[0].literal
        if name in ("read", "mapfile"):
            for word in words[1:]:
                self.own[str(word)] = (text(Ref(f"${word}")),)
        elif name in ("export", "local", "declare", "readonly"):
            for word in words[1:]:
                self._assigns(word, {})
                if name == "export":
                    self.exported.add(str(word).partition("=")[0])
        elif name == "set":
            self._set(words)
        elif name == "cd":
            self.here = self._path(words[1]) if len(words) > 1 else None
        elif name == "aws":
            reads = self._aws(words[1:], place, excused=excused)
        elif name in WITHOUT_AWS:
            pass
        elif excused or not (self._docker(words[1:], place) if name == "docker" else self._called(words, given)):
            self.who.lose()
        self.acting.changes(words, piped=command.piped)
        self._hands_on(words)
        if command.document and any(str(word).endswith(CONFIG) for word in words):
            self.acting.config(command.document, tuple(map(Ref, self.holes)), surely=not excused)
        self._written(words, reads)

    def _hands_on(self, words: list[Text]) -> None:
        """`echo NAME=VALUE >> "$GITHUB_OUTPUT"`; of what else writes there nothing is known."""
        to = next((file for mark, file in pairwise(words) if mark.literal in (">", ">>")), None)
        name, *value = words[1].split("=", 1) if len(words) > 1 else (EMPTY,)
        if to is None or str(to) not in _HANDED or not value or name.literal is None or words[0].literal != "echo":
            return
        key = (str(to)[2:-1], name.literal)
        surely = self.acting.surely and self.branches.goes_on == "yes"
        before = () if surely else self.wrote.get(key, (text(Ref(name.literal)),))
        self.wrote[key] = few((*before, *self.value(value[0])), name.literal)

    def _set(self, words: list[Text]) -> None:
        """`set -e`, and what takes it back."""
        for flag in (word.literal or "" for word in words[1:]):
            if re.fullmatch(r"[-+][a-z]*e[a-z]*", flag) or flag == "errexit":
                self.goes_on = flag.startswith("+") or (flag == "errexit" and words[1].literal == "+o")

    def _begun(self, words: Iterable[Text], given: dict[str, Values], *, surely: bool) -> list[Text]:
        """A command without what stands before it; `given` is set for it."""
        left = list(words)
        while left and (left[0].literal in _BEFORE or self._assigns(left[0], given, surely=surely)):
            left.pop(0)
        return left

    def _assigns(self, word: Text, given: dict[str, Values], *, surely: bool = False) -> bool:
        """Whether a word sets a variable; of one that may not come to be set again, either value counts."""
        name, *rest = word.split("=", 1)
        if not rest or name.literal is None or not _ASSIGNED.fullmatch(name.literal):
            return False
        given[name.literal] = self.value(rest[0])
        if name.literal == KEYS:  # what they are is only asked when they are set
            return True
        if any(ref.name == f"${KEYS}" for ref in rest[0].refs):
            given[name.literal] = (text(Ref("keys of before")),)
        before = () if surely else self.own.get(name.literal, ())
        self.own[name.literal] = few((*before, *given[name.literal]), f"${name.literal}")
        if any(ref.name == PRINTED for ref in rest[0].refs):
            self.files[f"${name.literal}"] = self.reads
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

    def _docker(self, words: list[Text], place: Place) -> bool:
        """Take what is pushed; whether nothing else may be done with credentials."""
        images = pushed(words)
        for image in images:
            self.use("push", place, image=self.value(image))
        return harmless(words)

    def _called(self, words: list[Text], given: Mapping[str, Values]) -> bool:
        """Follow a script of the repository, or a target of a Makefile of it; whether all of it could be."""
        name = words[0].literal or ""
        if name in (".", "source"):
            found = self._opened(words[1]) if len(words) > 1 else None
            if found is not None:
                return self._run(*found, self)
            if len(words) > 1:  # it may set anything
                self.acting.become(NOBODY)
                self.who.others = True
            return False
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
        return self._apart(*found, own={**env, **given, **passed}, exported={*env, *given})

    def _apart(self, file: str, source: str, own: dict[str, Values], exported: set[str]) -> bool:
        """Take the commands of a file as a shell of its own."""
        who = self.who.current
        script = evolve(self, own=own, exported=exported, reads=(), goes_on=False, base=0)
        followed = self._run(file, source, script)
        self.who.current, self.left = who, script.left
        self.acting.later = self.acting.later if script.acting.later is None else script.acting.later
        return followed

    def _opened(self, word: Text) -> tuple[str, str] | None:
        path = self._path(word)
        found = self.opened(path) if path is not None and len(self.callers) < _DEEPEST else None
        return None if found is None or found[0] in self.callers else found

    def _run(self, file: str, source: str, script: "Script") -> bool:
        """Take the commands of a file, each at its own line."""
        before = script.callers, script.branches, script.base
        script.callers, script.branches, script.base = (*self.callers, file), Branches(script.value), self.acting.depth
        followed = script.all_of(source, (), lambda command: Place(file, command.line + 1))
        script.callers, script.branches, script.base = before
        return followed

    def all_of(self, source: str, holes: tuple[Ref, ...], at: Callable[[Command], Place]) -> bool:
        """Take all commands of a script, and whether it has no others.

        Who calls isn't known where its functions may change that.
        """
        plain = without_functions(source)
        if len(OTHERWISE.findall(plain)) < len(OTHERWISE.findall(source)):
            self.who.other()
        followed = commands(plain, holes)
        self.run(followed, at)
        if plain.count("GITHUB_") < source.count("GITHUB_"):
            self.wrote.clear()
        return bool(followed) and plain == source and self.left > 0

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
            variables = {**given, **own}
            for variable, (value, soft) in made[1].items():
                if variable not in own and not (soft and (variable in given or variable in self.scope.env)):
                    variables[variable] = self._of_make(variable, value, variables)
            followed = self._apart(found[0], made[0], variables, set()) and followed
        return followed

    def _of_make(self, name: str, value: str, own: dict[str, Values]) -> Values:
        """What the shell makes of a text of a Makefile."""
        (*_, word) = (Text.of(""), *(w for one in commands(f'"{value}"') for w in one.words))
        return (text(Ref(f"${name}")),) if name in self.scope.changed else evolve(self, own=own).value(word)

    def _aws(self, words: list[Text], place: Place, *, excused: bool) -> Values:
        """A command of the AWS CLI; of `describe-task-definition`, which one it prints.

        One that is `excused` may fail: the script asks by it, or goes on.
        """
        called = parsed(words, self.value)
        if called.words[:1] == ("configure",):
            self.acting.configures(called, words, excused=excused)
        if "endpoint-url" in called.options:
            self.who.lose()
            return ()
        before = self.who.current
        if "profile" in called.options:
            self.who.lose()
            name = called.one("profile")
            self.who.current = NOBODY if name is None else self.who.profile(name, place)
        steps = [] if excused else list(used(called, self.files))
        if not steps and called.words[:2] != ("sts", "get-caller-identity"):  # which needs no permission
            self.who.lose()
        if called.words[:1] == ("sts",):
            self.acting.assumes(called, place, excused=excused)
        for step, what in steps:
            self.use(step, place, **self._region(called), **what)
        self.who.current = before
        return called.printed()

    def _region(self, called: Called) -> dict[str, Values]:
        """The region that a command is sent to, where it isn't that of the login."""
        given = called.first("region") or self.own.get("AWS_REGION") or self.env.get("AWS_REGION")
        other = "AWS_DEFAULT_REGION" in self.own or "AWS_DEFAULT_REGION" in self.env
        return {"region": given} if given else {"region": (text(Ref("region")),)} if other else {}

    def _written(self, words: list[Text], reads: Values) -> None:
        """What a command prints, and the file that it writes that into."""
        named = [n for word in words for n in (word.literal or "", *(ref.name for ref in word.refs))]
        known = [one for name in named for one in self.files.get(name, ())]
        found = reads or tuple(dict.fromkeys(known))
        self.reads = found
        for mark, file in pairwise(words):
            if mark.literal in (">", ">>") and file.literal is not None and found:
                self.files[file.literal] = found
