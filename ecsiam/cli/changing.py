"""The command that compares what was with what is to be: `diff`."""

from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from ecsiam.cli.beside import Boundary, Managed, names_of, read_limits, unused
from ecsiam.cli.chosen import Environments, Services
from ecsiam.cli.options import Set, Timeout, Universe, UniverseOption, VarFile, bindings, told
from ecsiam.cli.questions import all_in, end, say_what_is_open
from ecsiam.cli.streams import as_text, say, write
from ecsiam.targets import dump

if TYPE_CHECKING:
    from ecsiam.cli.beside import Limits
    from ecsiam.cli.changed import Changed

DiffFormat = Literal["text", "json", "markdown"]


def diff(
    old: Annotated[
        str, typer.Argument(metavar="OLD", help="What was: a config, an IAM policy document, or what people have.")
    ],
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
    var_file: VarFile = None,
    format_: Annotated[
        DiffFormat, typer.Option("--format", help="What to print: text to read, JSON, or Markdown for a comment.")
    ] = "text",
) -> None:
    """Show what became possible and what stopped, each with a request.

    Policies and trusts are compared by what they allow, not by how they are written. Of files of several services and
    environments those of the same names are compared; one that only one of them has is compared with nothing.

    Of Terraform, CloudFormation and IAM's JSON it finds the role that was renamed or moved, says where it is made anew,
    and which needs of the tasks and workflows are newly unmet.

    With `--from dev --to prod` two environments of one file are compared as if they had the same name, account and
    region; what differs only by these is listed below.

    Exits with 1 when access was gained, a role is made anew or a need is newly unmet, else with 3 when something is
    undecided.

    Example: ecsiam diff infra --base origin/main
    """
    from ecsiam.analysis.change import compare
    from ecsiam.cli.both import pairs, read_since, read_two
    from ecsiam.cli.changed import two_of, with_needs

    if from_ is not None or to is not None:
        if new is not None or environment or from_ is None or to is None:
            raise typer.BadParameter("it takes one file, `--from` and `--to`", param_hint="--from")
        if var_file:
            raise typer.BadParameter("a config has its values by `--set`", param_hint="--var-file")
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
    values = told(set_, var_file)
    if base is not None:
        before, after = read_since(old, base, values, (service, environment), there=with_needs)
    else:
        before, after = read_two((old, new or ""), values, (service, environment))
        before = with_needs(before)
    after = with_needs(after)
    changes: dict[str, Changed] = {}
    named: set[str] = set()
    open_: dict[str, None] = {}
    with all_in(timeout):
        for name, was, is_ in pairs(before, after):
            two = two_of(before, was, after, is_)
            managed_ = {**two.boundaries, **limits.managed}
            found = compare(two.was.what, two.now.what, universe=universe, boundary=limits.boundary, managed=managed_)
            changes[name] = two.changed(found)
            for given in (was, is_):
                named |= names_of(given)
                open_ |= dict.fromkeys(given.open)
    write(_told((before.name, after.name), changes, format_, several=before.several or after.several))
    for note in unused(limits, named):
        say(f"note: {note}")
    undecided = any(one.change.undecided for one in changes.values())
    if undecided:
        say_what_is_open(open_)
    end(no=any(one.bad for one in changes.values()), undecided=undecided)


def _told(names: tuple[str, str], changes: "dict[str, Changed]", format_: DiffFormat, *, several: bool) -> str:
    """What changed; with `several` each by its name, else the only one."""
    from ecsiam.cli.changes import changes_lines, data
    from ecsiam.cli.changes_page import page
    from ecsiam.cli.shown import owner_data

    alone, *_ = changes.values()
    shown = changes if several else {"": alone}
    if format_ == "markdown":
        return page(names, shown)
    if format_ == "json":
        every = [{**owner_data(of), **data(one)} for of, one in shown.items()]
        return dump({"old": names[0], "new": names[1], **({"configs": every} if several else every[0])})
    return as_text(changes_lines(shown))


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
    from ecsiam.cli.changed import Changed, Side
    from ecsiam.cli.changes import changes_lines, data
    from ecsiam.cli.changes_page import page
    from ecsiam.cli.environments import by_name_data, by_name_lines, by_name_table, environments
    from ecsiam.cli.given import Given

    name, pairs = environments(path, ends, services, bindings(set_))
    changes: dict[str, Changed] = {}
    with all_in(timeout):
        for pair in pairs:
            found = compare(pair.old, pair.new, universe=universe, boundary=limits.boundary, managed=limits.managed)
            changes[pair.service] = Changed(found, Side(pair.old), Side(pair.new))
    if format_ == "json":
        every = [
            {
                "service": p.service,
                "old": ends[0],
                "new": ends[1],
                **data(changes[p.service]),
                "by_name": by_name_data(p),
            }
            for p in pairs
        ]
        write(dump({"source": name, "old": ends[0], "new": ends[1], "services": every}))
    elif format_ == "markdown":
        write(page(ends, changes, by_name_table(pairs, ends)))
    else:
        write(as_text([*changes_lines(changes), *by_name_lines(pairs, ends)]))
    named = {name for pair in pairs for stack in (pair.old, pair.new) for name in names_of(Given(path, stack))}
    for note in unused(limits, named):
        say(f"note: {note}")
    undecided = any(one.change.undecided for one in changes.values())
    if undecided:
        say_what_is_open(name for pair in pairs for stack in (pair.old, pair.new) for name in stack.deployment.open)
    end(no=any(one.bad for one in changes.values()), undecided=undecided)
