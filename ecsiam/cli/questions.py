"""The commands that ask about everything a role may do: `prove`, `can` and `diff`."""

from contextlib import contextmanager, nullcontext
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from ecsiam.cli.beside import Boundary, Managed, names_of, read_limits, unused
from ecsiam.cli.chosen import Environments, Services
from ecsiam.cli.options import (
    AnyPath,
    ConfigPath,
    FormatOption,
    Set,
    Timeout,
    Universe,
    UniverseOption,
    bindings,
)
from ecsiam.cli.streams import as_text, say, write
from ecsiam.targets import dump

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from ecsiam.analysis.change import Change
    from ecsiam.cli.beside import Limits
    from ecsiam.model.stack import Stack

UNDECIDED = 3


def end(*, no: bool, undecided: bool) -> NoReturn:
    """End the run with the exit code of an answer."""
    raise typer.Exit(1 if no else UNDECIDED if undecided else 0)


DiffFormat = Literal["text", "json", "markdown"]


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
    service: Services = None,
    environment: Environments = None,
    set_: Set = None,
    format_: FormatOption = "text",
) -> None:
    """Prove the invariants of a config, or show what breaks them.

    What is left to deployment may have any value that is allowed.

    Of a file of several services and environments, all are proved, and each failure says whose it is. `neighbours` is
    judged among them too: no resource of one matches what another of its account builds.

    Exits with 1 when one fails in what is not accepted, else with 3 when one is undecided; `targets`, which is yet to
    come, does not count unless `--only` names it.

    Example: ecsiam prove examples/memos.yaml
    """
    from ecsiam.analysis.answers import Fails, Undecided
    from ecsiam.cli.given import read, stack_of
    from ecsiam.cli.proofs import Proved, proof_data, proof_lines, proofs_data, proofs_lines
    from ecsiam.invariants import chosen, prove_together, stale

    chosen(only, skip)
    today = date.today()
    limits = read_limits(boundary, managed, path)
    givens = read(path, bindings(set_), (service, environment))
    every = tuple(givens)
    stacks = [stack_of(given, "`ecsiam prove`") for given in every]
    with _all_in(timeout):
        answered = prove_together(
            stacks, only=only, skip=skip, today=today, boundary=limits.boundary, managed=limits.managed
        )
    proofs: list[Proved] = []
    named: set[str] = set()
    notes: list[str] = []
    unread: dict[str, None] = {}
    for given, stack, answers in zip(every, stacks, answered.values(), strict=True):
        proofs.append(Proved(given.of, answers, stack.deployment.defaults))
        named |= names_of(given)
        notes += [f"{f'{given.of}: ' if given.of else ''}{note}" for note in stale(stack, answers, today)]
        unread |= dict.fromkeys(_not_read(limits, stack))
    json = format_ == "json"
    if givens.several:
        write(dump(proofs_data(givens.name, proofs)) if json else as_text(proofs_lines(proofs)))
    else:
        (one,) = proofs
        write(dump(proof_data(givens.name, one.answers)) if json else as_text(proof_lines(one.answers, one.defaults)))
    for note in (*unused(limits, named), *notes):
        say(f"note: {note}")
    counted = [a for one in proofs for a in one.answers.values()]
    failed = any(isinstance(a, Fails) and not a.accepted for a in counted)
    undecided = any(isinstance(a, Undecided) for a in counted)
    if undecided and unread:
        say(f"next: say what these policies allow, with `--managed ARN=FILE` each: {', '.join(unread)}")
    end(no=failed, undecided=undecided)


@contextmanager
def _all_in(timeout: float | None) -> "Generator[None]":
    """All that is asked inside has so much time together; without, each question has its own."""
    from ecsiam.analysis.budget import limited

    with nullcontext() if timeout is None else limited(timeout):
        yield


def say_what_is_open(names: "Iterable[str]") -> None:
    """Say what would have to be bound for an answer."""
    if every := dict.fromkeys(names):
        say(f"next: bind what is left to deployment, with `--set NAME=VALUE` each: {', '.join(every)}")


def _not_read(limits: "Limits", stack: "Stack") -> "Iterator[str]":
    """The policies that roles name whose documents aren't known."""
    from ecsiam.reference.managed import managed_policy

    named = [arn for role in stack.roles.values() for arn in role.managed_policy_arns]
    if limits.boundary is None:
        named += [role.permissions_boundary for role in stack.roles.values() if role.permissions_boundary]
    for arn in named:
        if arn.literal and arn.literal not in limits.managed and managed_policy(arn.literal) is None:
            yield arn.literal


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
    service: Services = None,
    environment: Environments = None,
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
    from ecsiam.cli.results import Can, can_data, can_lines
    from ecsiam.errors import PolicyError, refuse
    from ecsiam.model.statement import Statement

    refuse(PolicyError, pattern_faults(action, resource))
    limits = read_limits(boundary, managed, path)
    givens = read(path, bindings(set_), (service, environment))
    answered: list[Can] = []
    named: set[str] = set()
    open_: dict[str, None] = {}
    with _all_in(timeout):
        for given in givens.having(role):
            named |= names_of(given)
            open_ |= dict.fromkeys(given.open)
            with limited():
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
            answered.append(Can(given.of, answers, trusted))
    if format_ == "json":
        write(dump(can_data(givens.name, action, resource, answered)))
    else:
        write(as_text(can_lines(answered, Statement("Allow", action, resource))))
    for note in (*action_notes(action), *unused(limits, named)):
        say(f"note: {note}")
    every = [a for one in answered for a in (*one.answers.values(), *one.trusted.values())]
    yes = any(isinstance(a, Holds) for a in every)
    undecided = any(isinstance(a, Undecided) for a in every)
    if undecided:
        say_what_is_open(open_)
    end(no=not yes and not undecided, undecided=not yes)


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="What was: a config or an IAM policy document.")],
    new: Annotated[
        str | None,
        typer.Argument(
            metavar="NEW", help="What is to be: one of the same kind. With --from and --to it is OLD again."
        ),
    ] = None,
    *,
    from_: Annotated[
        str | None,
        typer.Option("--from", metavar="ENVIRONMENT", help="Compare two environments of OLD modulo their names: this"),
    ] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="ENVIRONMENT", help="and this one.")] = None,
    base: Annotated[
        str | None,
        typer.Option("--base", metavar="REF", help="Compare OLD with itself at a git revision, such as origin/main."),
    ] = None,
    universe: UniverseOption = "asked",
    boundary: Boundary = None,
    managed: Managed = None,
    timeout: Timeout = None,
    service: Services = None,
    environment: Environments = None,
    set_: Set = None,
    format_: Annotated[
        DiffFormat, typer.Option("--format", help="What to print: text to read, JSON, or Markdown for a comment.")
    ] = "text",
) -> None:
    """Show what became possible and what stopped, each with a request.

    Policies and trusts are compared by what they allow, not by how they are written. Of files of several services and
    environments those of the same names are compared; one that only one of them has is compared with nothing.

    With `--from dev --to prod` two environments of one file are compared as if they had the same name, account and
    region; what differs only by these is listed below.

    Exits with 1 when access was gained, else with 3 when something is undecided.

    Example: ecsiam diff <(git show main:ecsiam.yaml) ecsiam.yaml
    """
    from ecsiam.analysis.change import compare
    from ecsiam.cli.given import pairs, read_since, read_two
    from ecsiam.cli.results import told

    if from_ is not None or to is not None:
        if new is not None or environment or from_ is None or to is None:
            raise typer.BadParameter("it takes one file, `--from` and `--to`", param_hint="--from")
        if format_ == "markdown":
            raise typer.BadParameter("two environments are compared as text or JSON", param_hint="--format")
        _diff_environments(
            old, (from_, to), service, set_, read_limits(boundary, managed, old), universe, timeout, format_
        )
    if (new is None) == (base is None):
        raise typer.BadParameter(
            "name what to compare with: a second path, a revision with `--base`, or two environments with `--from` "
            "and `--to`",
            param_hint="NEW",
        )
    limits = read_limits(boundary, managed, *(path for path in (old, new) if path is not None))
    if base is not None:
        before, after = read_since(old, base, bindings(set_), (service, environment))
    else:
        before, after = read_two((old, new or ""), bindings(set_), (service, environment))
    changes: dict[str, Change] = {}
    named: set[str] = set()
    open_: dict[str, None] = {}
    with _all_in(timeout):
        for name, was, is_ in pairs(before, after):
            changes[name] = compare(
                was.what, is_.what, universe=universe, boundary=limits.boundary, managed=limits.managed
            )
            for given in (was, is_):
                named |= names_of(given)
                open_ |= dict.fromkeys(given.open)
    write(told((before.name, after.name), changes, format_, several=before.several or after.several))
    for note in unused(limits, named):
        say(f"note: {note}")
    undecided = any(change.undecided for change in changes.values())
    if undecided:
        say_what_is_open(open_)
    end(no=any(change.gained for change in changes.values()), undecided=undecided)


def _diff_environments(
    path: str,
    ends: tuple[str, str],
    services: list[str] | None,
    set_: list[str] | None,
    limits: "Limits",
    universe: Universe,
    timeout: float | None,
    format_: DiffFormat,
) -> NoReturn:
    from ecsiam.analysis.change import compare
    from ecsiam.cli.environments import by_name_data, by_name_lines, environments
    from ecsiam.cli.given import Given
    from ecsiam.cli.results import change_data, changes_lines

    name, pairs = environments(path, ends, services, bindings(set_))
    with _all_in(timeout):
        changes = {
            pair.service: compare(
                pair.old, pair.new, universe=universe, boundary=limits.boundary, managed=limits.managed
            )
            for pair in pairs
        }
    if format_ == "json":
        old, new = ends
        every = [
            {"service": p.service, **change_data(old, new, changes[p.service]), "by_name": by_name_data(p)}
            for p in pairs
        ]
        write(dump({"source": name, "old": old, "new": new, "services": every}))
    else:
        write(as_text([*changes_lines(changes), *by_name_lines(pairs, ends)]))
    named = {name for pair in pairs for stack in (pair.old, pair.new) for name in names_of(Given(path, stack))}
    for note in unused(limits, named):
        say(f"note: {note}")
    undecided = any(change.undecided for change in changes.values())
    if undecided:
        say_what_is_open(name for pair in pairs for stack in (pair.old, pair.new) for name in stack.deployment.open)
    end(no=any(change.gained for change in changes.values()), undecided=undecided)
