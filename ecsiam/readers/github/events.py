"""Which subjects the jobs of a workflow send, by the events that start it.

https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
https://docs.github.com/en/actions/reference/security/oidc
"""

import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Literal

from attrs import evolve, frozen

from ecsiam.model.text import EMPTY, Ref, Text, text
from ecsiam.readers.found import Subject, Value, as_list, as_map, is_map
from ecsiam.readers.github.expressions import Values, few, plain
from ecsiam.readers.refs import ALL_REFS, Filter, Refs

REPOSITORY = Ref("github.repository")
DEFAULT_BRANCH = Ref("default branch")
ANY_START = Ref("what starts it")
# Who starts a run chooses these: there is a run for each value.
BRANCH, TAG, EITHER, NUMBER = Ref("branch"), Ref("tag"), Ref("branch or tag"), Ref("number")
CHOSEN = frozenset(ref.name for ref in (BRANCH, TAG, EITHER, NUMBER))
PULL_REQUEST = "pull_request"
MOST_CHOICES = 16  # of the inputs of a workflow, that are gone through by themselves

_Way = Literal["filtered", "either", "queue", "tag", "default", "pull request", "base", "unknown"]
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
    "merge_group": ("a merge queue", ("queue",)),
    "deployment": ("a deployment", ("unknown",)),
    "deployment_status": ("a deployment", ("unknown",)),
    "registry_package": ("a package", ("unknown",)),
    "workflow_call": ("a workflow that calls it", ("unknown",)),
}
_DEFAULT: tuple[_Way, ...] = ("default",)
# What stands before the name of a ref, and its type; of a pull request's no page says which that is.
_KINDS = {"refs/heads/": "branch", "refs/tags/": "tag", "refs/pull/": ""}
# The activities of a release that there is a tag for; docs don't say what a run has after it was taken back.
_WITH_TAG = frozenset(("created", "edited", "prereleased", "published", "released"))
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


@frozen
class Start:
    """One way in which a job starts: in words, by which event and of which ref, and the end of its subject.

    That is its `context` where it is in no environment. `ref` and `event` are None where they aren't known.
    """

    when: str
    context: Text
    event: str | None = None
    ref: Text | None = None
    refs: Refs = ALL_REFS
    """Of which refs it may be, where that isn't all of them."""

    @property
    def github(self) -> dict[str, tuple[Text, ...]]:
        """What expressions have in `github` of it, as far as it is known."""
        found: dict[str, tuple[Text, ...]] = {}
        if self.event is not None:
            found["event_name"] = (text(self.event),)
            if not self.event.startswith(PULL_REQUEST):
                found |= {"head_ref": (EMPTY,), "base_ref": (EMPTY,)}
        if self.ref is not None:
            found["ref"] = (self.ref,)
            for start, kind in _KINDS.items():
                if str(self.ref).startswith(start):
                    found |= {"ref_name": (self.ref.removeprefix(start),)}
                    found |= {"ref_type": (text(kind),)} if kind else {}
        return found

    def of(self, ref: Text) -> "Start":
        """The same of one ref, where more was possible."""
        context = self.context if self.context == text(PULL_REQUEST) else _of(ref)
        return self if ref == self.ref else evolve(self, when=f"{self.when}, of `{ref}`", ref=ref, context=context)


def starts(events: Mapping[str, Value]) -> Iterator[Start]:
    """The ways in which a workflow starts."""
    for event, filters in events.items():
        started, ways = _WAYS.get(event, (f"the event `{event}`", _DEFAULT))
        for way in ways:
            if event == "release" and way == "default" and _with_tag(as_map(filters).get("types")):
                continue
            if way == "pull request":
                yield Start(started, text(PULL_REQUEST), event, _of_pull_request(event, as_map(filters).get("types")))
            elif way == "unknown":
                yield evolve(UNKNOWN, when=started, event=None if event == "workflow_call" else event)
            else:
                refs = Refs(tuple(_filters(as_map(filters)))) if way == "filtered" else ALL_REFS
                for of, ref in _refs(way, as_map(filters)):
                    yield Start(f"{started}{of}", _of(ref), event, ref, refs)


UNKNOWN = Start("whatever starts it", text(ANY_START))


def subject(start: Start, environment: Text | None) -> Subject:
    """What a job sends that starts so, in an environment or (None) in none."""
    claims: list[tuple[str, Text | None]] = [] if start.ref is None else [("ref", start.ref)]
    if environment is None:
        return Subject(start.when, start.context, (*claims, ("environment", None)), refs=start.refs)
    escaped = Text.of(*(p.replace(":", "%3A") if isinstance(p, str) else p for p in environment.parts))
    return Subject(
        f"{start.when}, in the environment `{environment}`",
        Text.of("environment:", escaped),
        (*claims, ("environment", environment)),
        refs=start.refs,
    )


def _of_pull_request(event: str, types: Value) -> Text | None:
    """The ref of a run for a pull request; of one that is closed it may be the base, once that was merged."""
    if "closed" in (types, *as_list(types)):
        return None
    return Text.of("refs/heads/", BRANCH) if event == "pull_request_target" else Text.of("refs/pull/", NUMBER, "/merge")


def _with_tag(types: Value) -> bool:
    named = {one for one in as_list(types) or [types] if isinstance(one, str)}
    return bool(named) and named <= _WITH_TAG


def _of(ref: Text) -> Text:
    return Text.of("ref:", ref)


def _refs(way: str, filters: Mapping[str, Value]) -> Iterator[tuple[str, Text]]:
    """The refs that a workflow runs for, each with what is said of it."""
    match way:
        case "filtered":
            yield from _filtered(filters)
        case "either":
            yield "", Text.of("refs/", EITHER)
        case "queue":
            yield "", Text.of("refs/heads/gh-readonly-queue/", BRANCH)
        case "tag":
            yield "", Text.of("refs/tags/", TAG)
        case "default":
            yield "", Text.of("refs/heads/", DEFAULT_BRANCH)
        case _:
            yield "", Text.of("refs/heads/", BRANCH)


_BY_KIND = {"refs/heads/": ("branches", BRANCH), "refs/tags/": ("tags", TAG)}


def _patterns(given: Value) -> tuple[str, ...]:
    return tuple(one for one in as_list(given) or [given] if isinstance(one, str) and one)


def _filters(given: Mapping[str, Value]) -> Iterator[Filter]:
    """The filters of a push, by kind: of a kind that none is for, nothing passes."""
    for kind, (name, _) in _BY_KIND.items():
        if name in given:
            yield Filter(kind, _patterns(given[name]) or ("**",))
        elif f"{name}-ignore" in given:
            yield Filter(kind, _patterns(given[f"{name}-ignore"]), ignored=True)


def _filtered(given: Mapping[str, Value]) -> Iterator[tuple[str, Text]]:
    """The refs that a push has to be of: branches alone where only these are named, tags likewise."""
    filters = tuple(_filters(given))
    if not filters:
        yield "", Text.of("refs/", EITHER)
    for one in filters:
        any_ = _BY_KIND[one.kind][1]
        if one.ignored:
            yield "", Text.of(one.kind, any_)
        for pattern in () if one.ignored else one.patterns:
            if not pattern.startswith("!"):
                for ref in _named(pattern, any_):
                    if ref.literal is None or one.passes(f"{one.kind}{ref}"):
                        said = f" to `{pattern}`" if any_ is BRANCH else f" of `{pattern}`"
                        yield "" if pattern == "**" else said, Text.of(one.kind, ref)


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


# ---------------------------------------------------------------- what is chosen


def choices(inputs: Mapping[str, Values]) -> Iterator[dict[str, Values]]:
    """The runs that differ by what was chosen for the inputs; of one too many, any of it goes with all others."""
    ways: list[tuple[Values, ...]] = []
    left = MOST_CHOICES
    for values in inputs.values():
        each = len(values) <= left and all(one.literal is not None for one in values)
        left = left // len(values) if each else left
        ways.append(tuple((one,) for one in values) if each else (values,))
    for chosen in product(*ways):
        yield dict(zip(inputs, chosen, strict=True))


def inputs_of(events: Mapping[str, Value], start: Start) -> dict[str, Values]:
    """What who starts a run may choose: one of the options; else anything, with the default first.

    What is started otherwise has none.
    """
    found: dict[str, Values] = {}
    for event in ("workflow_dispatch", "workflow_call"):
        for name, one in as_map(as_map(events.get(event)).get("inputs")).items():
            given = as_map(one)
            options = [text(plain(option)) for option in as_list(given.get("options"))]
            default = given.get("default")
            values = options or [*([] if default is None else [text(plain(default))]), text(Ref(f"inputs.{name}"))]
            if given.get("type") == "boolean":
                values = [text("true"), text("false")]
            if start.event not in (None, event):
                values = [EMPTY]
            found[str(name)] = few((*found.get(str(name), ()), *values), f"inputs.{name}")
    return found
