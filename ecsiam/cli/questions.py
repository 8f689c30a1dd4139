"""The commands that ask about everything a role may do: `prove`, `can` and `diff`."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from ecsiam.cli.beside import Boundary, Managed, read_limits, unused
from ecsiam.cli.options import AnyPath, ConfigPath, FormatOption, Set, Timeout, UniverseOption, bindings
from ecsiam.cli.streams import as_text, say, write
from ecsiam.targets import dump

if TYPE_CHECKING:
    from ecsiam.cli.beside import Limits
    from ecsiam.cli.given import Given
    from ecsiam.model.stack import Stack

UNDECIDED = 3


def end(*, no: bool, undecided: bool) -> NoReturn:
    """End the run with the exit code of an answer."""
    raise typer.Exit(1 if no else UNDECIDED if undecided else 0)


def prove(
    path: ConfigPath = "ecsiam.yaml",
    *,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="ID", help="Only this invariant. May be repeated.")
    ] = None,
    skip: Annotated[
        list[str] | None, typer.Option("--skip", metavar="ID", help="All but this invariant. May be repeated.")
    ] = None,
    boundary: Boundary = None,
    managed: Managed = None,
    timeout: Timeout = None,
    set_: Set = None,
    format_: FormatOption = "text",
) -> None:
    """Prove the invariants of a config, or show what breaks them.

    What is left to deployment may have any value that is allowed.

    Exits with 1 when one fails in what is not accepted, else with 3 when one is undecided; `targets`, which is yet to
    come, does not count unless `--only` names it.

    Example: ecsiam prove examples/memos.yaml
    """
    from ecsiam.analysis.answers import Fails, Undecided
    from ecsiam.cli.given import read, stack_of
    from ecsiam.cli.proofs import proof_data, proof_lines
    from ecsiam.invariants import chosen, stale
    from ecsiam.invariants import prove as answers_of

    chosen(only, skip)
    today = date.today()
    limits = read_limits(boundary, managed, path)
    given = read(path, bindings(set_))
    stack = stack_of(given, "`ecsiam prove`")
    answers = answers_of(
        stack,
        only=only,
        skip=skip,
        today=today,
        boundary=limits.boundary,
        managed=limits.managed,
        timeout=timeout,
    )
    json = format_ == "json"
    write(dump(proof_data(given.name, answers)) if json else as_text(proof_lines(answers, stack.deployment.defaults)))
    _say_what_is_unused(limits, given)
    for note in stale(stack, answers, today):
        say(f"note: {note}")
    counted = [a for id, a in answers.items() if id != "targets" or id in (only or ())]
    failed = any(isinstance(a, Fails) and not a.accepted for a in counted)
    undecided = any(isinstance(a, Undecided) for a in counted)
    if undecided:
        _say_what_was_not_read(limits, stack)
    end(no=failed, undecided=undecided)


def _say_what_is_open(*given: "Given") -> None:
    names = dict.fromkeys(name for g in given for name in g.open)
    if names:
        say(f"next: bind what is left to deployment, with `--set NAME=VALUE` each: {', '.join(names)}")


def _say_what_was_not_read(limits: "Limits", stack: "Stack") -> None:
    from ecsiam.reference.managed import managed_policy

    named = [arn for role in stack.roles.values() for arn in role.managed_policy_arns]
    if limits.boundary is None:
        named += [role.permissions_boundary for role in stack.roles.values() if role.permissions_boundary]
    arns = dict.fromkeys(arn.literal for arn in named if arn.literal)
    unread = [arn for arn in arns if arn not in limits.managed and managed_policy(arn) is None]
    if unread:
        say(f"next: say what these policies allow, with `--managed ARN=FILE` each: {', '.join(unread)}")


def _say_what_is_unused(limits: "Limits", *given: "Given") -> None:
    for note in unused(limits, *given):
        say(f"note: {note}")


def who_can(
    path: AnyPath = "ecsiam.yaml",
    *,
    action: Annotated[
        str,
        typer.Option("--action", metavar="ACTION", help="As in a policy: s3:GetObject, or s3:Get* for any of these."),
    ],
    resource: Annotated[
        str, typer.Option("--resource", metavar="ARN", help="As in a policy: wildcards stand for any of these.")
    ] = "*",
    role: Annotated[str | None, typer.Option("--role", metavar="ROLE", help="Only this role of a config.")] = None,
    universe: UniverseOption = "asked",
    boundary: Boundary = None,
    managed: Managed = None,
    timeout: Timeout = None,
    set_: Set = None,
    format_: FormatOption = "text",
) -> None:
    """Say which roles can do something, and under which conditions.

    Of sts:AssumeRole and the actions beside it also says who may assume the roles, by their trusts.

    Exits with 0 when a role can, with 1 when none can, with 3 when that is undecided.

    Example: ecsiam can examples/everything.yaml --action iam:PassRole
    """
    from ecsiam.analysis.answers import Holds, Undecided
    from ecsiam.analysis.budget import limited
    from ecsiam.analysis.questions import can
    from ecsiam.cli.asked import action_notes, pattern_faults
    from ecsiam.cli.given import read, subjects, trusts
    from ecsiam.cli.results import can_data, can_lines
    from ecsiam.errors import PolicyError, refuse
    from ecsiam.model.statement import Statement

    refuse(PolicyError, pattern_faults(action, resource))
    limits = read_limits(boundary, managed, path)
    given = read(path, bindings(set_))
    with limited(timeout):
        answers = {
            id: can(
                subject,
                action=action,
                resource=resource,
                universe=universe,
                boundary=limits.boundary,
                managed=limits.managed,
            )
            for id, subject in subjects(given, role).items()
        }
        trusted = {
            id: can(trust, action=action, resource=on, universe=universe)
            for id, (trust, on) in trusts(given, role, action, resource).items()
        }
    if format_ == "json":
        write(dump(can_data(given.name, action, resource, answers, trusted)))
    else:
        write(as_text(can_lines(answers, Statement("Allow", action, resource), trusted)))
    for note in action_notes(action):
        say(f"note: {note}")
    _say_what_is_unused(limits, given)
    every = (*answers.values(), *trusted.values())
    yes = any(isinstance(a, Holds) for a in every)
    undecided = any(isinstance(a, Undecided) for a in every)
    if undecided:
        _say_what_is_open(given)
    end(no=not yes and not undecided, undecided=not yes)


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="What was: a config or an IAM policy document.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="What is to be: one of the same kind.")],
    *,
    universe: UniverseOption = "asked",
    boundary: Boundary = None,
    managed: Managed = None,
    timeout: Timeout = None,
    set_: Set = None,
    format_: FormatOption = "text",
) -> None:
    """Show what became possible and what stopped, each with a request.

    Policies and trusts are compared by what they allow, not by how they are written.

    Exits with 1 when access was gained, else with 3 when something is undecided.

    Example: ecsiam diff <(git show main:ecsiam.yaml) ecsiam.yaml
    """
    from ecsiam.analysis.change import compare
    from ecsiam.cli.given import read_two
    from ecsiam.cli.results import change_data, change_lines

    limits = read_limits(boundary, managed, old, new)
    before, after = read_two((old, new), bindings(set_))
    change = compare(
        before.what,
        after.what,
        universe=universe,
        boundary=limits.boundary,
        managed=limits.managed,
        timeout=timeout,
    )
    json = format_ == "json"
    write(dump(change_data(before.name, after.name, change)) if json else as_text(change_lines(change)))
    _say_what_is_unused(limits, before, after)
    if change.undecided:
        _say_what_is_open(before, after)
    end(no=bool(change.gained), undecided=bool(change.undecided))
