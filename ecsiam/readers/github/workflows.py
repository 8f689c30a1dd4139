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
    FoundLogin,
    Gap,
    Place,
    Root,
    Subject,
    Value,
    as_list,
    as_map,
    is_list,
    is_map,
)
from ecsiam.readers.github.conditions import condition, even_so, narrowed
from ecsiam.readers.github.events import REPOSITORY, UNKNOWN, Start, choices, events_of, inputs_of, starts, subject
from ecsiam.readers.github.expressions import Scope, plain
from ecsiam.readers.github.matrix import combinations
from ecsiam.readers.github.shell import LONGEST
from ecsiam.readers.github.steps import Steps
from ecsiam.readers.github.syntax import Node
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
    claims: tuple[tuple[str, Text | None], ...] = ()
    depth: int = 0
    of: str = ""
    """Which job of a matrix it is."""


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

    @property
    def found(self) -> list[FoundJob]:
        return [evolve(job, logins=tuple(map(_told_apart, job.logins))) for job in self.jobs.values()]

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
        token = _token(file.get("permissions"), given.token)
        jobs = as_map(file.get("jobs"))
        conditions = {str(id): condition(as_map(job).get("if")) for id, job in jobs.items()}
        for id, job in jobs.items():
            if not isinstance(job, Map):
                continue
            address = f"{given.address}{id}"
            place = Place(file.file, getattr(jobs, "lines", {}).get(id, job.line), ("jobs", id), address)
            when: tuple[Start, ...] = (given.start,)
            for one in _before(str(id), jobs, conditions):
                when = narrowed(when, conditions[one], given.scope)
            for start in when:
                scope = evolve(given.scope, github=start.github).with_env(file.get("env"))
                own = evolve(
                    given,
                    file=file,
                    start=start,
                    token=False if given.most is False else _token(job.get("permissions"), token),
                    scope=scope,
                    address=address,
                )
                for matrix, of in combinations(job, scope):
                    each = evolve(own, scope=evolve(scope, matrix=matrix).with_env(job.get("env")), of=of)
                    self.runs += 1
                    if self.runs > MOST_RUNS:
                        return
                    if "uses" in job:
                        self._call(job, place, name, each)
                    elif len(self.jobs) < MOST_JOBS:
                        self._job(job, place, name, each)

    def _job(self, job: Map, place: Place, name: str, given: _From) -> None:
        def at(line: int | None, file: str) -> Place:
            return Place(file or place.file, line, (), place.address)

        def local(path: str) -> Map | None:
            return self.all.actions.get(posixpath.normpath(posixpath.join(top_of(name), path)))

        def sent(when: Iterable[Start]) -> tuple[Subject, ...]:
            return tuple(one for start in when for one in _subjects(job, start, given))

        def opened(path: str) -> tuple[str, str] | None:
            named = posixpath.normpath(posixpath.join(top_of(name), path))
            source = self.all.script(named)
            self.read_scripts += source is not None
            return None if source is None or self.read_scripts > MOST_READ else (named, source)

        folder = _folder(job) or _folder(given.file)
        steps = Steps(given.scope, given.start, at, local, sent, opened, folder)
        steps.read(as_list(job.get("steps")))
        others = steps.others and given.token is not False
        if not steps.logins and not others:
            return
        runner = [one for value in _runners(job) for one in given.scope.of(value)]
        unsure = steps.unsure
        if not runner or not all(one.literal and _HOSTED.fullmatch(one.literal) for one in runner):
            unsure = unsure or "its runner, which may have credentials of its own"
        found = FoundJob(place.address, place, given.token, tuple(steps.logins), unsure, others)
        before = self.jobs.get(place.address)
        self.jobs[place.address] = found if before is None else _together(before, found)

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


def _folder(given: Map) -> Value:
    """Where the scripts of a job or a workflow run that don't say it themselves."""
    return as_map(as_map(given.get("defaults")).get("run")).get("working-directory")


def _subjects(job: Map, start: Start, given: _From) -> Iterator[Subject]:
    """What a job sends that starts so, in each environment that it may be in."""
    environment = job.get("environment")
    value = environment.get("name") if is_map(environment) else environment
    named: dict[Text | None, None] = {}
    for one in evolve(given.scope, github=start.github).of(value):
        literal = one.literal
        if literal is None or literal.strip():
            named[one] = None
        if literal is None or not literal.strip():
            named[None] = None  # what isn't known may be empty
    for name in named:
        found = subject(start, name)
        yield evolve(found, claims=(*found.claims, *given.claims), of=given.of)


def _before(id: str, jobs: Mapping[str, Value], conditions: Mapping[str, Node | None]) -> list[str]:
    """A job with those that it needs: it is left out where one of them is, unless its `if` says otherwise."""
    found = [id]
    for one in found:
        given = as_map(jobs.get(one)).get("needs")
        needed = [] if even_so(conditions[one]) else as_list(given) or [given]
        found += [n for n in needed if isinstance(n, str) and n in conditions and n not in found]
    return found


def _together(one: FoundJob, other: FoundJob) -> FoundJob:
    """A job in two of the ways that it starts: a login that is the same is one, for all that either sends and does."""
    logins: dict[FoundLogin, FoundLogin] = {}
    for login in (*one.logins, *other.logins):
        bare = evolve(login, subjects=(), uses=(), whole=True)
        before = logins.get(bare, bare)
        logins[bare] = evolve(
            login,
            subjects=tuple(dict.fromkeys((*before.subjects, *login.subjects))),
            uses=tuple(dict.fromkeys((*before.uses, *login.uses))),
            whole=before.whole and login.whole,
        )
    unsure, others = one.unsure or other.unsure, one.others or other.others
    return evolve(one, logins=tuple(logins.values()), unsure=unsure, others=others)


def _told_apart(login: FoundLogin) -> FoundLogin:
    """A login whose subjects say of which job of a matrix they are, only where that makes a difference."""
    each: dict[str, set[Subject]] = {}
    for one in login.subjects:
        each.setdefault(one.of, set()).add(evolve(one, of=""))
    if any(found != each[login.subjects[0].of] for found in each.values()):
        return login
    return evolve(login, subjects=tuple(dict.fromkeys(evolve(one, of="") for one in login.subjects)))


def _runners(job: Map) -> list[Value]:
    given = job.get("runs-on")
    if is_map(given):
        return [Ref("a group of runners").name]
    return given if is_list(given) else [given]


def _token(permissions: Value, before: bool | None) -> bool | None:
    """Whether a token may be asked for, by what stands there; else as `before`."""
    if permissions is None:
        return before
    if is_map(permissions):
        return plain(permissions.get("id-token")) == "write"
    return None if permissions == "write-all" else False


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
