"""What the steps of a job do with AWS: which credentials they get, what they do with them at ECR and ECS.

https://github.com/aws-actions/configure-aws-credentials
https://github.com/aws-actions/amazon-ecs-deploy-task-definition
"""

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping

from attrs import define, evolve, field

from ecsiam.model.text import Ref, Text, text
from ecsiam.readers.found import Place, Subject, Value, as_list, as_map
from ecsiam.readers.github.acting import OTHERWISE
from ecsiam.readers.github.callers import BY_FILE, KEYS, NOBODY, Callers
from ecsiam.readers.github.conditions import condition, narrowed
from ecsiam.readers.github.events import Start
from ecsiam.readers.github.expressions import (
    EXPRESSION,
    MOST_EXPRESSIONS,
    Scope,
    Values,
    evaluated,
    hangs,
    plain,
    truth,
    undecided,
)
from ecsiam.readers.github.scripts import MOST_COMMANDS, Script
from ecsiam.readers.github.syntax import Node
from ecsiam.readers.values import Map

AUDIENCE = text("sts.amazonaws.com")
CREDENTIALS = "aws-actions/configure-aws-credentials"
_LOGIN = re.compile(r"credential|assume|saml|vault|login-aws|aws-login|aws-auth|configure-aws")
_SET = re.compile(r"(?<![\w$])([A-Za-z_]\w*)=")
_HANDS_ON = re.compile(r"""echo\s+["']?\w+=[^\n]*?>>?\s*"?\$\{?GITHUB_(?:ENV|OUTPUT)""")
_ASSIGNS = re.compile(r"^\s*(?:export\s+|local\s+)?\w+=", re.MULTILINE)
_WRITTEN = re.compile(r"(\w+)(?:=|<<)")
_ASKS_FOR_TOKEN = "ACTIONS_ID_TOKEN_REQUEST"
_AUDIENCE = re.compile(r"audience=([\w.:/%-]+)")
# Without `-e` the script of a step goes on where a command fails.
_STOPS = re.compile(r"\s-\w*e")


@define
class Steps:
    """The steps of a job, read in order. What they do counts for the credentials got last, where those are sure."""

    scope: Scope
    start: Start
    place: Callable[[int | None, str], Place]
    local: Callable[[str], Map | None]
    """The action at a path of the repository."""
    subjects: Callable[[Iterable[Start]], tuple[Subject, ...]]
    """What the job sends where it starts so."""
    known: Mapping[str, "Action"]
    """What actions do, by their names."""
    opened: Callable[[str], tuple[str, str] | None]
    """The name and the text of a file at a path of the repository."""
    folder: Value = None
    """Where scripts run that don't say it."""
    elsewhere: bool = False
    """Whether another repository was checked out."""
    who: Callers = field(init=False)
    files: dict[str, Values] = field(factory=dict[str, Values])
    """What a script wrote task definitions to: the file, and of which definition it is."""
    unsure: str = ""
    excused: bool = False
    """Whether the job goes on where the step fails."""
    when: tuple[Start, ...] = ()
    """In which of the ways to start the step runs."""
    perhaps: bool = False
    """Whether the step may be left out while others run."""
    env: Mapping[str, Values] = field(factory=dict[str, Values])
    """The variables of the step alone."""
    left: int = MOST_COMMANDS
    """How many commands of scripts are read yet."""
    splits: bool = True
    """Whether to stop at a login of which it isn't known whether it is come to."""
    asks: Node | None = None
    """On what that hangs."""
    handed: dict[str, Values] = field(factory=dict[str, Values])
    """Variables that steps set for those after them."""
    by_login: dict[str, Values] = field(factory=dict[str, Values])
    """Those of them that the last login set: its region."""
    called: list[str] = field(factory=list[str])
    """The scripts that the step called."""
    sets_keys: bool = False
    """Whether what the step runs sets keys for the steps after it."""

    def __attrs_post_init__(self) -> None:
        self.who = Callers(lambda: self.subjects(self.when))

    def read(self, steps: list[Value], depth: int = 0) -> None:
        """Take what steps do, those of actions of the repository too."""
        for step in steps:
            if not isinstance(step, Map) or self.asks is not None:
                continue
            outer: Scope = self.scope
            excused, when, perhaps = self.excused, self.when, self.perhaps
            asked = condition(step.get("if"))
            self.scope = outer.with_env(step.get("env"))
            self.env = {str(name): self.scope.env[str(name)] for name in as_map(step.get("env"))}
            self.when = narrowed(when or (self.start,), asked, self.scope)
            if not self.when:
                self.scope, self.when = outer, when
                continue
            surely = "if" not in step or (asked is not None and truth(asked, self.scope))
            if self.splits and not surely and asked is not None and self._may_log_in(step, depth):
                self.asks = undecided(asked, self.scope)
            elif self.splits and str(step.get("uses")).lower().startswith(CREDENTIALS):
                self.asks = hangs(as_map(step.get("with")).get("role-to-assume"), self.scope)
            if self.asks is not None:
                return
            self.perhaps = perhaps or not surely
            self.excused = excused or plain(step.get("continue-on-error")) not in ("", "false")
            if KEYS not in self.scope.env and all(name in self.scope.env for name in BY_FILE):
                role, regions = self.scope.env[BY_FILE[0]], self.scope.env.get("AWS_REGION", ())
                self.who.assume_by_file(self.at(step, "run"), role, regions)
            if isinstance(step.get("uses"), str):
                self._action(step, depth)
            elif isinstance(step.get("run"), str) and plain(step.get("shell") or "bash").split()[:1] in (
                ["bash"],
                ["sh"],
            ):
                self._script(step)
            else:
                self.who.lose()
            outputs, changed = self.scope.outputs, self.scope.changed
            env = {**outer.env, **self.handed}
            self.scope, self.excused = evolve(outer, env=env, outputs=outputs, changed=changed), excused
            self.when, self.perhaps = when, perhaps

    def _may_log_in(self, step: Map, depth: int) -> bool:
        used, run = step.get("uses"), step.get("run")
        if isinstance(used, str) and used.startswith("./"):
            action = self.local(used.strip()) if depth < _DEEPEST else None
            inner = as_list(as_map(action.get("runs")).get("steps")) if action is not None else []
            return action is None or any(isinstance(one, Map) and self._may_log_in(one, depth + 1) for one in inner)
        return bool(_LOGIN.search(str(used).lower())) or OTHERWISE.search(str(run)) is not None

    # ------------------------------------------------------------ actions

    def _action(self, step: Map, depth: int) -> None:
        name = str(step["uses"]).partition("@")[0].strip().lower()
        given = as_map(step.get("with"))
        if name.startswith("./"):
            self._local(step, str(step["uses"]).strip(), depth)
            return
        done = self.known.get(name)
        if done is not None:
            done(self, step, Given(given, self.scope))
        elif _LOGIN.search(name):
            self.who.other()
        elif not _WITHOUT_AWS.fullmatch(name):
            self.who.lose()

    def _local(self, step: Map, path: str, depth: int) -> None:
        action = self.local(path) if depth < _DEEPEST else None
        if action is None:  # what it does isn't seen, nor as whom the next steps run
            self.who.lose()
            self.who.other()
            return
        given = as_map(step.get("with"))
        inputs: dict[str, Values] = {}
        for name, one in as_map(action.get("inputs")).items():
            value = given.get(name, as_map(one).get("default"))
            inputs[name] = self.scope.of(value)
        outer, place = self.scope, self.place
        folder = (Text.of(Ref("github.workspace"), "/", posixpath.normpath(path)),)
        self.scope = evolve(
            outer,
            inputs=inputs,
            outputs={},
            github={**outer.github, "action_path": folder},
            env={**outer.env, "GITHUB_ACTION_PATH": folder},
        )
        self.place = lambda line, file: place(line, file or action.file)
        self.read(as_list(as_map(action.get("runs")).get("steps")), depth + 1)
        self.place = place
        outputs = {
            f"{step['id']}.{name}": self.scope.of(as_map(one).get("value"))
            for name, one in (as_map(action.get("outputs")).items() if step.get("id") else ())
        }
        self.scope = evolve(outer, outputs={**outer.outputs, **outputs}, changed=self.scope.changed)

    def output(self, step: Map, name: str, values: Values) -> None:
        if isinstance(step.get("id"), str):
            found = {**self.scope.outputs, f"{step['id']}.{name}": values}
            self.scope = evolve(self.scope, outputs=found)

    def use(self, name: str, place: Place, **what: Values) -> None:
        """What is done as the role that was logged in last, where that is sure."""
        if KEYS in self.scope.env or self.excused:
            self.who.lose()
        else:
            self.who.use(name, place, what)

    def at(self, step: Map, key: str = "uses") -> Place:
        return self.place(step.lines.get(key, step.line), step.file)

    # ------------------------------------------------------------ scripts

    def _script(self, step: Map) -> None:
        source = str(step["run"])
        holes: list[Values] = []

        def hole(match: re.Match[str]) -> str:
            holes.append(evaluated(match[0], self.scope))
            return f"\ue000{len(holes) - 1}\ue001"

        opened = EXPRESSION.sub(hole, source) if source.count("${{") <= MOST_EXPRESSIONS else source
        refs = tuple(Ref(f"\ue000{i}") for i in range(len(holes)))
        line = step.lines.get("run", step.line)
        place = self.at(step, "run")
        known = {ref.name: values for ref, values in zip(refs, holes, strict=True)}
        shell = plain(step.get("shell"))
        script = Script(
            self.scope,
            known,
            self.files,
            self.use,
            self.who,
            self._beside,
            env={**{n: v for n, v in self.handed.items() if v is not self.by_login.get(n)}, **self.env},
            here=self._folder(step),
            left=self.left,
            goes_on=" " in shell and not _STOPS.search(shell),
        )
        if _ASKS_FOR_TOKEN in source:
            found = set(_AUDIENCE.findall(source))
            self.who.asked = (text(found.pop()),) if len(found) == 1 else ()
        before, self.sets_keys, self.called = self.who.current, False, []
        if OTHERWISE.search(source):
            self.who.others = True
        whole = source.count("${{") <= MOST_EXPRESSIONS and script.all_of(
            opened, refs, lambda at: evolve(place, line=line + at.line + ("\n" in source))
        )
        self.who.current, self.left = before, script.left
        if not whole:
            self.who.lose()
        self._changes(source)
        self._handed_on(step, "\n".join((source, *self.called)), script.wrote)
        later = script.acting.later
        if self.sets_keys or later is not None:
            sure = not self.perhaps and not self.excused
            self.who.current = (later or NOBODY) | (frozenset() if sure else before)

    def _handed_on(self, step: Map, source: str, wrote: Mapping[tuple[str, str], Values]) -> None:
        """What scripts wrote for the steps after them, where each time that they did so is known."""
        otherwise = set(_WRITTEN.findall(_ASSIGNS.sub("", _HANDS_ON.sub("", source))))
        for (file, name), values in wrote.items():
            if name == KEYS or self.perhaps or self.excused or name in otherwise:
                continue
            if file == "GITHUB_OUTPUT":
                self.output(step, name, values)
            else:
                self.handed[name] = values
                self.scope = evolve(self.scope, changed=self.scope.changed - {name})

    def _folder(self, step: Map) -> str | None:
        """The directory of the repository that a script runs in, where that is known."""
        values = self.scope.of(step.get("working-directory", self.folder))
        return values[0].literal if len(values) == 1 and not self.elsewhere else None

    def _beside(self, path: str) -> tuple[str, str] | None:
        found = None if self.elsewhere else self.opened(path)
        if found is not None:
            self._changes(found[1])
            self.called.append(found[1])
            self.who.others = self.who.others or OTHERWISE.search(found[1]) is not None
        return found

    def _changes(self, source: str) -> None:
        """What a script sets for the steps after it."""
        if "GITHUB_ENV" in source:
            self.scope = evolve(self.scope, changed=self.scope.changed | frozenset(_SET.findall(source)))
            self.sets_keys = self.sets_keys or KEYS in source or "AWS_PROFILE" in source


_DEEPEST = 5
# Actions that do nothing with credentials that are there.
_WITHOUT_AWS = re.compile(r"actions/(cache|setup-\w+|(up|down)load-artifact)(/\w+)?|docker/setup-(buildx|qemu)-action")


@define
class Given:
    """The inputs of an action."""

    values: Mapping[str, Value]
    scope: Scope

    def __contains__(self, name: str) -> bool:
        return bool(plain(self.values.get(name)))

    def of(self, name: str, default: str = "") -> Values:
        """What an input may be."""
        return self.scope.of(self.values[name]) if name in self else ((text(default),) if default else ())

    def may(self, name: str) -> bool:
        """Whether a flag may be on."""
        return any(one.literal not in ("", "false") for one in self.of(name))


Action = Callable[[Steps, Map, Given], None]
"""What a step does that uses an action."""
