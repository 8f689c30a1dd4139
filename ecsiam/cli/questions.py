"""The commands that ask about everything a role may do: `prove` and `can`."""

from contextlib import contextmanager, nullcontext
from datetime import date
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from ecsiam.cli.beside import Boundary, Managed, names_of, read_limits, unused
from ecsiam.cli.chosen import Environments, Services
from ecsiam.cli.options import (
    AnyPath,
    ConfigPath,
    FormatOption,
    Set,
    Timeout,
    UniverseOption,
    VarFile,
    told,
)
from ecsiam.cli.streams import as_text, say, write
from ecsiam.targets import dump

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from ecsiam.cli.beside import Limits
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
    service: Services = None,
    environment: Environments = None,
    set_: Set = None,
    var_file: VarFile = None,
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
    from ecsiam.cli.given import read
    from ecsiam.cli.proofs import Proved, proof_data, proof_lines, proofs_data, proofs_lines
    from ecsiam.cli.subjects import stack_of
    from ecsiam.invariants import chosen, prove_together, stale

    chosen(only, skip)
    today = date.today()
    limits = read_limits(boundary, managed, path)
    givens = read(path, told(set_, var_file), (service, environment))
    every = tuple(givens)
    stacks = [stack_of(given, "`ecsiam prove`") for given in every]
    known = limits.and_read(givens.reading)
    with all_in(timeout):
        answered = prove_together(
            stacks, only=only, skip=skip, today=today, boundary=known.boundary, managed=known.managed
        )
    proofs: list[Proved] = []
    named: set[str] = set()
    notes: list[str] = []
    unread: dict[str, None] = {}
    for given, stack, answers in zip(every, stacks, answered.values(), strict=True):
        proofs.append(Proved(given.of, answers, stack.deployment.defaults))
        named |= names_of(given)
        notes += [f"{f'{given.of}: ' if given.of else ''}{note}" for note in stale(stack, answers, today)]
        unread |= dict.fromkeys(_not_read(known, stack))
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
def all_in(timeout: float | None) -> "Generator[None]":
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
    var_file: VarFile = None,
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
    from ecsiam.cli.given import read
    from ecsiam.cli.results import Can, can_data, can_lines
    from ecsiam.cli.subjects import subjects, trusts
    from ecsiam.errors import PolicyError, refuse
    from ecsiam.model.statement import Statement

    refuse(PolicyError, pattern_faults(action, resource))
    limits = read_limits(boundary, managed, path)
    givens = read(path, told(set_, var_file), (service, environment))
    known = limits.and_read(givens.reading)
    answered: list[Can] = []
    named: set[str] = set()
    open_: dict[str, None] = {}
    with all_in(timeout):
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
                        boundary=known.boundary,
                        managed=known.managed,
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
    undecided = undecided or (role is None and bool(givens.hiding))
    end(no=not yes and not undecided, undecided=not yes)
