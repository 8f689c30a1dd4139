"""What a job of a workflow has beside its steps: what its tokens say, whether it may ask for them, and where it runs.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobs
"""

from collections.abc import Iterator, Mapping

from attrs import evolve

from ecsiam.model.text import Ref, Text
from ecsiam.readers.found import FoundJob, FoundLogin, Subject, Value, as_list, as_map, is_list, is_map
from ecsiam.readers.github.conditions import even_so
from ecsiam.readers.github.events import Start, subject
from ecsiam.readers.github.expressions import Scope, plain
from ecsiam.readers.github.syntax import Node
from ecsiam.readers.values import Map

Claims = tuple[tuple[str, Text | None], ...]


def folder_of(given: Map) -> Value:
    """Where the scripts of a job or a workflow run that don't say it themselves."""
    return as_map(as_map(given.get("defaults")).get("run")).get("working-directory")


def subjects_of(job: Map, start: Start, scope: Scope, claims: Claims, of: str) -> Iterator[Subject]:
    """What a job sends that starts so, in each environment that it may be in."""
    environment = job.get("environment")
    value = environment.get("name") if is_map(environment) else environment
    named: dict[Text | None, None] = {}
    for one in evolve(scope, github=start.github).of(value):
        literal = one.literal
        if literal is None or literal.strip():
            named[one] = None
        if literal is None or not literal.strip():
            named[None] = None  # what isn't known may be empty
    for name in named:
        found = subject(start, name)
        yield evolve(found, claims=(*found.claims, *claims), of=of)


def needs_of(job: Mapping[str, Value]) -> list[str]:
    """The jobs that a job needs, itself."""
    given = job.get("needs")
    return [one for one in as_list(given) or [given] if isinstance(one, str)]


def mentions(value: Value, name: str) -> bool:
    """Whether a name stands in a value of the file."""
    if is_map(value):
        return any(mentions(one, name) for one in value.values())
    if is_list(value):
        return any(mentions(one, name) for one in value)
    return isinstance(value, str) and name in value


def before(id: str, jobs: Mapping[str, Value], conditions: Mapping[str, Node | None]) -> list[str]:
    """A job with those that it needs: it is left out where one of them is, unless its `if` says otherwise."""
    found = [id]
    for one in found:
        needed = [] if even_so(conditions[one]) else needs_of(as_map(jobs.get(one)))
        found += [n for n in needed if n in conditions and n not in found]
    return found


def together(one: FoundJob, other: FoundJob) -> FoundJob:
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


def told_apart(login: FoundLogin) -> FoundLogin:
    """A login whose subjects say of which job of a matrix they are, only where that makes a difference."""
    each: dict[str, set[Subject]] = {}
    for one in login.subjects:
        each.setdefault(one.of, set()).add(evolve(one, of=""))
    if any(found != each[login.subjects[0].of] for found in each.values()):
        return login
    return evolve(login, subjects=tuple(dict.fromkeys(evolve(one, of="") for one in login.subjects)))


def runners_of(job: Map) -> list[Value]:
    """The labels of what a job runs on."""
    given = job.get("runs-on")
    if is_map(given):
        return [Ref("a group of runners").name]
    return given if is_list(given) else [given]


def may_ask(permissions: Value, before: bool | None) -> bool | None:
    """Whether a token may be asked for, by what stands there; else as `before`."""
    if permissions is None:
        return before
    if is_map(permissions):
        return plain(permissions.get("id-token")) == "write"
    return False if isinstance(permissions, str) and permissions != "write-all" else None
