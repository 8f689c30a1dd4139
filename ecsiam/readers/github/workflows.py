"""GitHub's workflows: which tokens the jobs send, which roles they assume with them, and what they do as these.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
"""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path, PurePath

from attrs import define, evolve, field, frozen

from ecsiam.errors import Fault, ReadError
from ecsiam.model.text import Ref, Text, text
from ecsiam.readers.found import (
    FoundJob,
    Gap,
    Place,
    Root,
    Subject,
    as_list,
    as_map,
    is_map,
)
from ecsiam.readers.github.actions import ACTIONS
from ecsiam.readers.github.conditions import condition, narrowed
from ecsiam.readers.github.events import REPOSITORY, UNKNOWN, Start, choices, events_of, inputs_of, starts
from ecsiam.readers.github.expressions import Scope, Values
from ecsiam.readers.github.jobs import (
    Claims,
    before,
    folder_of,
    may_ask,
    mentions,
    needs_of,
    runners_of,
    subjects_of,
    together,
    told_apart,
)
from ecsiam.readers.github.matrix import combinations
from ecsiam.readers.github.scripts import MOST_COMMANDS as MOST_IN_JOB
from ecsiam.readers.github.shell import LONGEST
from ecsiam.readers.github.steps import Steps
from ecsiam.readers.github.syntax import Call, Node
from ecsiam.readers.loading import as_written
from ecsiam.readers.values import Map
from ecsiam.readers.walk import File, beside, files

FOLDER = ".github/workflows"
DEEPEST = 5  # workflows that call workflows
LARGEST = 256 * 1024  # bytes of a workflow
MOST_JOBS = 2_000
MOST_RUNS = 5_000  # jobs of a workflow, in all the ways that they start, and of all matrices
MOST_SCRIPTS = 200  # in files of their own
MOST_READ = 2_000  # times that these are read
MOST_WAYS = 32  # of a job, by the conditions on which its logins hang
MOST_COMMANDS = 50_000  # of scripts, in all that
MOST_STARTS = 100  # of a workflow; with more it isn't known which

_YAML = (".yml", ".yaml")
_ON = re.compile(rb"^(?:on|\"on\"|'on'|true)[ \t]*:", re.MULTILINE)
_JOBS = re.compile(rb"^(?:jobs|\"jobs\")[ \t]*:", re.MULTILINE)
_ABOUT_AWS = (b"aws", b"uses: ./", b"uses: './", b'uses: "./')
# The runners of GitHub, where no credentials are but those that a job gets.
_HOSTED = re.compile(r"(?:ubuntu|windows|macos)-[\w.-]+")


def is_workflow(file: File, *, anywhere: bool = False) -> bool:
    """Whether a file is a workflow that may have to do with AWS: by its place, or `anywhere`."""
    path = PurePath(file.name).as_posix()
    if not path.lower().endswith(_YAML) or not (anywhere or posixpath.dirname(path).endswith(FOLDER)):
        return False
    if anywhere and not (_ON.search(file.content) and _JOBS.search(file.content)):
        return False
    return any(word in file.content.lower() for word in _ABOUT_AWS)


def is_action(file: File) -> bool:
    """Whether a file is an action made of steps."""
    return PurePath(file.name).name.lower() in ("action.yml", "action.yaml") and b"composite" in file.content


@define
class Workflows:
    """The workflows of a path, and the actions beside them that they use."""

    files: dict[str, Map] = field(factory=dict[str, Map])
    actions: dict[str, Map] = field(factory=dict[str, Map])
    within: Path | None = None
    """The directory that nothing outside of is read; None: no scripts are."""
    scripts: dict[str, str | None] = field(factory=dict[str, str | None])

    def add(self, file: File, *, action: bool = False) -> None:
        """Take a file. Raises ReadError for one that is no YAML."""
        for value in as_written(file, LARGEST)[:1]:
            if isinstance(value, Map) and is_map(value.get("runs" if action else "jobs")):
                name = posixpath.normpath(PurePath(file.name).as_posix())
                (self.actions if action else self.files)[posixpath.dirname(name) if action else name] = value

    def script(self, name: str) -> str | None:
        """The text of a script that a step calls, by its path."""
        if name not in self.scripts and self.within is not None and len(self.scripts) < MOST_SCRIPTS:
            self.scripts[name] = beside(Path(name), self.within, LONGEST)
        return self.scripts.get(name)

    def roots(self) -> Iterator[Root]:
        """The jobs that get credentials of AWS, workflow by workflow."""
        called = {path for name, file in self.files.items() for path in _called(name, file)}
        for name, file in self.files.items():
            reader = _Workflow(self, name, file)
            reader.read(called=name in called)
            if reader.found or reader.gaps:
                yield Root(
                    file.file,
                    "workflow",
                    tuple(reader.found),
                    gaps=tuple(dict.fromkeys(reader.gaps)),
                    files=(file.file,),
                )


def top_of(name: str) -> str:
    """The directory of the repository that a workflow is of; empty where it is this one, or isn't known."""
    head, folder, _ = posixpath.normpath(PurePath(name).as_posix()).rpartition(FOLDER)
    return head if folder else ""


def _called(name: str, file: Map) -> Iterator[str]:
    """The workflows of the same repository that a workflow calls."""
    for job in as_map(file.get("jobs")).values():
        path = as_map(job).get("uses")
        if isinstance(path, str) and path.startswith("./"):
            yield posixpath.normpath(posixpath.join(top_of(name), path))


@frozen
class _From:
    """What a job has from the workflow that it is in, or that calls it."""

    file: Map
    start: Start
    scope: Scope
    token: bool | None
    most: bool | None = True
    """The same of who calls it: a workflow that asks for more than its caller has doesn't start."""
    address: str = ""
    claims: Claims = ()
    depth: int = 0
    of: str = ""
    """Which job of a matrix it is."""


@frozen
class _Way:
    """One of the ways that a job may go, by how it starts and how conditions come out that aren't known."""

    start: Start
    assumed: Mapping[Node, bool] = field(factory=dict[Node, bool])

    def split(self, on: Node, scope: Scope) -> list["_Way"]:
        """Both ways that it goes where a condition decides: of one ref, where it asks for that."""
        return [
            _Way(start, {**self.assumed, on: yes})
            for yes in (True, False)
            for start in narrowed((self.start,), on if yes else Call("!", (on,)), scope)
        ]


@define
class _Workflow:
    """One workflow, with all that it calls."""

    all: Workflows
    name: str
    file: Map
    jobs: dict[str, FoundJob] = field(factory=dict[str, FoundJob])
    """By address: what a job does in each of the ways that it starts, put together."""
    gaps: list[Gap] = field(factory=list[Gap])
    runs: int = 0
    read_scripts: int = 0
    left: int = MOST_COMMANDS

    @property
    def found(self) -> list[FoundJob]:
        return [evolve(job, logins=tuple(map(told_apart, job.logins))) for job in self.jobs.values()]

    def read(self, *, called: bool) -> None:
        """Read what starts by itself; what only others call counts where it is called."""
        events = events_of(self.file.get("on", self.file.get("true")))
        if called:
            events.pop("workflow_call", None)
        title = self.file.get("name")
        named = text(title) if isinstance(title, str) and "${{" not in title else None
        claims = (("workflow", named),) if named is not None else ()
        by_call = "workflow_call" in events
        ways = tuple(islice(starts(events), MOST_STARTS + 1))
        for start in ways if len(ways) <= MOST_STARTS else (UNKNOWN,):
            for inputs in choices(inputs_of(events, start)):
                scope = Scope(github=start.github, inputs=inputs)
                token = None if by_call else False
                self._jobs(self.file, self.name, _From(self.file, start, scope, token, claims=claims))
        if self.runs > MOST_RUNS:
            self.jobs.clear()
            why = f"it has more than {MOST_RUNS:,} jobs in all its ways to start"
            self.gaps.append(Gap(Place(self.file.file), why))

    def _jobs(self, file: Map, name: str, given: _From) -> None:
        token = may_ask(file.get("permissions"), given.token)
        jobs = as_map(file.get("jobs"))
        conditions = {str(id): condition(as_map(job).get("if")) for id, job in jobs.items()}
        handed: dict[tuple[str, Start], Mapping[str, Values]] = {}

        def needed(job: Map, start: Start, depth: int = 0) -> dict[str, Values]:
            """The outputs of the jobs that a job needs, by `JOB.NAME`, as far as they are known."""
            found: dict[str, Values] = {}
            for one in needs_of(job) if depth < DEEPEST and mentions(job, "needs.") else ():
                before_it = jobs.get(one)
                if not isinstance(before_it, Map) or "outputs" not in before_it or "strategy" in before_it:
                    continue
                if (one, start) not in handed:
                    scope = evolve(given.scope, github=start.github, needs=needed(before_it, start, depth + 1))
                    scope = scope.with_env(file.get("env")).with_env(before_it.get("env"))
                    own = evolve(given, file=file, start=start, scope=scope)
                    after = self._steps(before_it, Place(file.file), name, own, splits=False).scope
                    outputs = as_map(before_it.get("outputs"))
                    handed[one, start] = {str(n): after.of(value) for n, value in outputs.items()}
                found |= {f"{one}.{n}": values for n, values in handed[one, start].items()}
            return found

        for id, job in jobs.items():
            if not isinstance(job, Map):
                continue
            address = f"{given.address}{id}"
            place = Place(file.file, getattr(jobs, "lines", {}).get(id, job.line), ("jobs", id), address)
            when: tuple[Start, ...] = (given.start,)
            for one in before(str(id), jobs, conditions):
                when = narrowed(when, conditions[one], given.scope)
            for start in when:
                scope = evolve(given.scope, github=start.github).with_env(file.get("env"))
                for matrix, of in combinations(job, scope):
                    ways: list[_Way] = [_Way(start)]
                    for way in ways:
                        scope = evolve(given.scope, github=way.start.github, assumed=way.assumed)
                        scope = evolve(scope, needs=needed(job, way.start))
                        scope = evolve(scope.with_env(file.get("env")), matrix=matrix).with_env(job.get("env"))
                        own = evolve(
                            given,
                            file=file,
                            start=way.start,
                            token=False if given.most is False else may_ask(job.get("permissions"), token),
                            scope=scope,
                            address=address,
                            of=of,
                        )
                        self.runs += 1
                        if self.runs > MOST_RUNS:
                            return
                        if "uses" in job:
                            self._call(job, place, name, own)
                        elif len(self.jobs) < MOST_JOBS:
                            asks = self._job(job, place, name, own, splits=len(ways) < MOST_WAYS)
                            ways += [] if asks is None else way.split(asks, scope)

    def _steps(self, job: Map, place: Place, name: str, given: _From, *, splits: bool) -> Steps:
        """The steps of a job, read."""

        def at(line: int | None, file: str) -> Place:
            return Place(file or place.file, line, (), place.address)

        def local(path: str) -> Map | None:
            return self.all.actions.get(posixpath.normpath(posixpath.join(top_of(name), path)))

        def sent(when: Iterable[Start]) -> tuple[Subject, ...]:
            return tuple(one for start in when for one in subjects_of(job, start, given.scope, given.claims, given.of))

        def opened(path: str) -> tuple[str, str] | None:
            named = posixpath.normpath(posixpath.join(top_of(name), path))
            source = self.all.script(named)
            self.read_scripts += source is not None
            return None if source is None or self.read_scripts > MOST_READ else (named, source)

        folder = folder_of(job) or folder_of(given.file)
        left = min(self.left, MOST_IN_JOB)
        steps = Steps(given.scope, given.start, at, local, sent, ACTIONS, opened, folder, left=left, splits=splits)
        steps.read(as_list(job.get("steps")))
        self.left -= left - steps.left
        return steps

    def _job(self, job: Map, place: Place, name: str, given: _From, *, splits: bool) -> Node | None:
        """Take a job in one way that it may go; where that is two, on what it hangs comes back instead."""
        steps = self._steps(job, place, name, given, splits=splits)
        others = steps.who.others and given.token is not False
        if steps.asks is not None or not (steps.who.logins or others):
            return steps.asks
        runner = [one for value in runners_of(job) for one in given.scope.of(value)]
        unsure = steps.unsure
        if not runner or not all(one.literal and _HOSTED.fullmatch(one.literal) for one in runner):
            unsure = unsure or "its runner, which may have credentials of its own"
        found = FoundJob(place.address, place, given.token, tuple(steps.who.logins), unsure, others)
        other = self.jobs.get(place.address)
        self.jobs[place.address] = found if other is None else together(other, found)
        return None

    def _call(self, job: Map, place: Place, name: str, given: _From) -> None:
        path = job.get("uses")
        if not isinstance(path, str):
            return
        at = evolve(place, line=job.lines.get("uses", place.line))
        if not path.startswith("./"):
            if given.token is not False:
                self.gaps.append(Gap(at, f"the workflow `{path}` is not here, so what it does isn't seen"))
            return
        key = posixpath.normpath(posixpath.join(top_of(name), path))
        file = self.all.files.get(key)
        if file is None or given.depth >= DEEPEST:
            return
        wanted = as_map(as_map(events_of(file.get("on", file.get("true"))).get("workflow_call")).get("inputs"))
        passed = as_map(job.get("with"))
        inputs = {
            str(n): given.scope.of(passed[n] if n in passed else as_map(one).get("default"))
            for n, one in wanted.items()
        }
        secrets = {str(n): given.scope.of(one) for n, one in as_map(job.get("secrets")).items()}
        if job.get("secrets") == "inherit":
            secrets = dict(given.scope.secrets)
        ref = Text.of(REPOSITORY, "/", path.removeprefix("./"), "@", Ref("ref of the workflow"))
        claims = (*(c for c in given.claims if c[0] != "job_workflow_ref"), ("job_workflow_ref", ref))
        self._jobs(
            file,
            key,
            evolve(
                given,
                scope=Scope(github=given.start.github, inputs=inputs, secrets=secrets),
                most=given.token,
                address=f"{given.address} / ",
                claims=claims,
                depth=given.depth + 1,
            ),
        )


# ---------------------------------------------------------------- one workflow, by its name

_LOCAL = re.compile(rb"uses:[ \t]*[\"']?(\./[\w./-]+)")
MOST_FILES = 200


def read_workflow(name: str) -> list[Root]:
    """The jobs of a workflow that get credentials of AWS, those of workflows of the repository that it calls too.

    Only these and its own actions are read beside it. Raises ReadError for what is no workflow.
    """
    top = Path(top_of(name) or ".") if FOLDER in PurePath(name).as_posix() else None
    if Path(name).is_dir():
        raise ReadError(Fault("it is a directory", (), "Name a workflow of it.", name))
    found = Workflows(within=top)
    own: File | None = None
    waiting, seen = [Path(name)], set[Path]()
    while waiting and len(seen) < MOST_FILES:
        path = waiting.pop()
        if path in seen or not (path == Path(name) or path.is_file()):
            continue
        seen.add(path)
        for file in files(path, path.parent if top is None else top):
            if own is None:
                own = file
                if not is_workflow(file, anywhere=True):
                    remedy = "A workflow has `on:` and `jobs:`, and stands in `.github/workflows`."
                    raise ReadError(Fault("it is no workflow that has to do with AWS", (), remedy, name))
            found.add(file, action=is_action(file))
            for used in _LOCAL.findall(file.content) if top is not None else ():
                path = top / used.decode()
                ends = ("",) if path.suffix.lower() in _YAML else ("action.yml", "action.yaml")
                waiting += [path / end if end else path for end in ends]
    return [root for root in found.roots() if root.name == name]
