"""What the service reference shows of raw statements: grants that never apply or could be narrower, and slips.

The reference is loaded only where there is a raw statement. `prove` says more of both: see `works` and `wildcards`.
"""

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import lru_cache

from ecsiam.errors import LONGEST_SLIP
from ecsiam.features.wide import is_everything, wide_actions
from ecsiam.looks.words import listed
from ecsiam.model.globs import matches, overlap
from ecsiam.model.intent import Note
from ecsiam.model.statement import AllBut, Only, Statement
from ecsiam.model.text import Text

_PAGE = (
    "https://docs.aws.amazon.com/service-authorization/latest/reference/"
    "reference_policies_actions-resources-contextkeys.html"
)
_NEAR = 0.9  # a letter or two of a name
_FIELDS = 5  # of an ARN, before its resource: no region and no account holds a colon
_VARIABLE = r"\$\{[^}]*\}"


def void_grants(statement: Statement, role: str, key: str, at: int) -> Iterator[Note]:
    """Each action of an Allow that applies to none of its resources; each resource that none of its actions is about.

    Of an action that the reference lacks nothing is known.
    """
    actions, resources = statement.actions, statement.resources
    if statement.effect != "Allow" or not isinstance(actions, Only) or not isinstance(resources, Only):
        return
    patterns = [action.pattern for action in actions.items]
    literal = [i.literal for i in resources.items if isinstance(i, Text) and i.literal is not None]
    if len(literal) < len(resources.items):
        return
    forms = {pattern: _evaluated_on(pattern) for pattern in patterns}
    void = [p for p, on in forms.items() if on and not any(_applies(on, arn) for arn in literal)]
    for pattern in void:
        yield Note(
            "void-grant",
            f"the {role} role is granted `{pattern}` on nothing that it applies to: AWS asks for it "
            f"{_said(forms[pattern])}",
            (key, at, "Action"),
            "Write such a resource, or leave the action out.",
            _PAGE,
        )
    if void == patterns or not all(forms.values()):
        return
    every = tuple(dict.fromkeys(form for on in forms.values() for form in on))
    for i, arn in enumerate(literal):
        if not _applies(every, arn):
            yield Note(
                "void-grant",
                f"the {role} role is granted nothing on `{arn}`: no action of the statement applies to it",
                (key, at, "Resource", *([i] if len(literal) > 1 else [])),
                "Write the action that is meant, or leave the resource out.",
                _PAGE,
            )


def needless_stars(statement: Statement, role: str, key: str, at: int) -> Iterator[Note]:
    """The actions of an Allow on `*` that could be given on some resources; one with conditions may be narrow."""
    from ecsiam.reference.actions import matching, supports_resources

    actions, resources = statement.actions, statement.resources
    passed = statement.conditions or wide_actions(statement)  # all of a service has a note of its own
    if statement.effect != "Allow" or passed or not isinstance(actions, Only) or resources is None:
        return
    every = [isinstance(i, Text) and is_everything(i.literal or "-") for i in resources.items]
    if any(every) == isinstance(resources, AllBut):  # all but everything is nothing
        return
    known = {a.pattern: matching(a.pattern) for a in actions.items if not _is_of_any_service(a.pattern)}
    # `ec2:Describe*` needs its `*`, though a few of what it names do not.
    needless = [p for p, found in known.items() if sum(map(supports_resources, found)) > len(found) / 2]
    if needless:
        but = isinstance(resources, AllBut)
        may = f"the {role} role may do {listed(needless)}"
        yield Note(
            "wide-value",
            f"{may} on every resource{' but a few' * but}, where AWS takes some",
            (key, at, "NotResource") if but else (key, at, "Resource", *([every.index(True)] if every[1:] else [])),
            "Name the resources that it needs.",
            _PAGE,
        )


def unknown_actions(statement: Statement, key: str, at: int) -> Iterator[Note]:
    """The actions that the reference lacks, where it has one that is nearly called so: most are slips."""
    from ecsiam.reference.actions import date

    for pattern in (action.pattern for action in statement.actions.items):
        meant = _meant(pattern)
        if meant:
            yield Note(
                "unknown-action",
                f"`{pattern}` is no action in our data of {date()}, which has `{meant}`",
                (key, at, "Action"),
                "Write that, unless the action is newer.",
                _PAGE,
            )


@lru_cache(maxsize=1 << 10)
def _meant(pattern: str) -> str:
    """What an action that is not known may be: what its operation asks for, or the nearest of its service."""
    from ecsiam.reference.actions import actions, matching
    from ecsiam.reference.corrections import OPERATIONS

    if len(pattern) > LONGEST_SLIP or _is_of_any_service(pattern) or matching(pattern):
        return ""
    lower = pattern.lower()
    of_service = actions(lower.partition(":")[0])
    near = OPERATIONS.get(lower) or next(iter(get_close_matches(lower, of_service, n=1, cutoff=_NEAR)), "")
    return of_service[near.lower()].id if near.lower() in of_service else near


def _is_of_any_service(pattern: str) -> bool:
    return bool(set("*?").intersection(pattern.partition(":")[0]))


@lru_cache(maxsize=1 << 10)
def _evaluated_on(pattern: str) -> tuple[str, ...]:
    """The ARN patterns that the actions of a pattern are evaluated on; none where those are not known."""
    from ecsiam.reference.actions import evaluated_on, matching

    if _is_of_any_service(pattern):
        return ()
    return tuple(dict.fromkeys(form for action in matching(pattern) for form in evaluated_on(action)))


def _applies(forms: Iterable[str], arn: str) -> bool:
    """Whether an ARN of a statement can name what is of one of these forms."""
    from ecsiam.reference.actions import excepting

    pattern = re.sub(_VARIABLE, "*", arn)
    return any(
        overlap(form, pattern, fields=_FIELDS) and not any(matches(but, pattern) for but in excepting(form))
        for form in forms
        if form != "*" or pattern.strip("*") == ""  # a request that names no resource, which only `*` is about
    )


def _said(forms: tuple[str, ...]) -> str:
    shown = [f"on `{form}`" for form in forms if form != "*"][:3]
    return " or ".join([*shown, *(["without a resource, on `*`"] if "*" in forms else [])])
