"""Which subjects the jobs of a workflow send, by the events that start it.

https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
https://docs.github.com/en/actions/reference/security/oidc
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from ecsiam.model.text import Ref, Text, text
from ecsiam.readers.found import Subject, Value, as_list, as_map, is_map

REPOSITORY = Ref("github.repository")
DEFAULT_BRANCH = Ref("default branch")
ANY_START = Ref("what starts it")
# Who starts a run chooses these: there is a run for each value.
BRANCH, TAG, EITHER, NUMBER = Ref("branch"), Ref("tag"), Ref("branch or tag"), Ref("number")
CHOSEN = frozenset(ref.name for ref in (BRANCH, TAG, EITHER, NUMBER))
PULL_REQUEST = "pull_request"

_Way = Literal["filtered", "either", "tag", "default", "pull request", "base", "unknown"]
# By which ref GitHub runs the workflow; those that aren't here run on the default branch.
_WAYS: Mapping[str, tuple[str, tuple[_Way, ...]]] = {
    "push": ("a push", ("filtered",)),
    "schedule": ("a schedule", ("default",)),
    "pull_request": ("a pull request", ("pull request",)),
    # No page says of these two whether their subject is that of a pull request.
    "pull_request_target": ("a pull request", ("pull request", "base")),
    "pull_request_review": ("a review", ("pull request", "base")),
    "pull_request_review_comment": ("a review", ("pull request", "base")),
    "workflow_dispatch": ("a start by hand", ("either",)),
    "release": ("a release", ("tag", "default")),
    "create": ("a new branch or tag", ("either",)),
    "merge_group": ("a merge queue", ("either",)),
    "deployment": ("a deployment", ("unknown",)),
    "deployment_status": ("a deployment", ("unknown",)),
    "registry_package": ("a package", ("unknown",)),
    "workflow_call": ("a workflow that calls it", ("unknown",)),
}
_DEFAULT: tuple[_Way, ...] = ("default",)
_WILD = re.compile(r"[*?+\[\]!\\]")


def chosen(ref: Ref) -> bool:
    """Whether who starts a run chooses it."""
    return ref.name in CHOSEN or ref.name.startswith("inputs.")


def events_of(on: Value) -> dict[str, Value]:
    """The events in any of the forms of `on`, each with its filters."""
    if is_map(on):
        return {str(name): filters for name, filters in on.items()}
    names = as_list(on) or ([on] if isinstance(on, str) else [])
    return {str(name): None for name in names if isinstance(name, str)}


def subjects(events: Mapping[str, Value], environments: Iterable[Text | None]) -> Iterator[Subject]:
    """What a job sends, for each event and each environment that it may be in (None: in none)."""
    for event, filters in events.items():
        started, ways = _WAYS.get(event, (f"the event `{event}`", _DEFAULT))
        for way in ways:
            for when, context, ref in _by_ref(way, started, as_map(filters)):
                for environment in environments:
                    yield _subject(when, context, ref, environment)


def _subject(when: str, context: Text, ref: Text | None, environment: Text | None) -> Subject:
    claims: list[tuple[str, Text | None]] = [] if ref is None else [("ref", ref)]
    if environment is None:
        return Subject(when, context, (*claims, ("environment", None)))
    escaped = Text.of(*(p.replace(":", "%3A") if isinstance(p, str) else p for p in environment.parts))
    return Subject(
        f"{when}, in the environment `{environment}`",
        Text.of("environment:", escaped),
        (*claims, ("environment", environment)),
    )


def _by_ref(way: str, started: str, filters: Mapping[str, Value]) -> Iterator[tuple[str, Text, Text | None]]:
    """How a job is started, the end of its subject where it is in no environment, and its ref."""
    match way:
        case "filtered":
            refs = list(_filtered(filters))
        case "either":
            refs = [("", Text.of("refs/", EITHER))]
        case "tag":
            refs = [("", Text.of("refs/tags/", TAG))]
        case "default":
            refs = [("", Text.of("refs/heads/", DEFAULT_BRANCH))]
        case "base":
            refs = [("", Text.of("refs/heads/", BRANCH))]
        case "pull request":
            yield started, text(PULL_REQUEST), Text.of("refs/pull/", NUMBER, "/merge")
            return
        case _:
            yield started, text(ANY_START), None
            return
    for of, ref in refs:
        yield f"{started}{of}", Text.of("ref:", ref), ref


def _filtered(filters: Mapping[str, Value]) -> Iterator[tuple[str, Text]]:
    """The refs that a push has to be of: branches alone where only these are named, tags likewise."""
    by_kind = {"heads": ("branches", BRANCH), "tags": ("tags", TAG)}
    named = [kind for kind, (name, _) in by_kind.items() if name in filters or f"{name}-ignore" in filters]
    if not named:
        yield "", Text.of("refs/", EITHER)
    for kind in named:
        name, any_ = by_kind[kind]
        given = filters.get(name)
        patterns = [one for one in as_list(given) or [given] if isinstance(one, str) and one]
        if not patterns:
            yield "", Text.of(f"refs/{kind}/", any_)
        for pattern in patterns:
            if not pattern.startswith("!"):
                for ref in _named(pattern, any_):
                    yield f" to `{pattern}`" if kind == "heads" else f" of `{pattern}`", Text.of(f"refs/{kind}/", ref)


def _named(pattern: str, any_: Ref) -> Iterator[Text]:
    """What a filter lets through, at least: what it begins with, and then anything, or nothing."""
    wild = _WILD.search(pattern)
    if wild is None:
        yield text(pattern)
        return
    begin = pattern[: wild.start()]
    if wild[0] in "?+":  # they are about the character before
        begin = begin[:-1]
    elif begin and not begin.endswith("/") and pattern[wild.start() :].strip("*") == "":
        yield text(begin)
    yield Text.of(begin, any_)
