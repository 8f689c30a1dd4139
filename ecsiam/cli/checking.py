"""The command that reads what people have: `check`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ecsiam.cli.options import Repository, Set, VarFile, bindings, checked_repository
from ecsiam.cli.progress import progress
from ecsiam.cli.streams import say, write

if TYPE_CHECKING:
    from ecsiam.model.accept import AcceptRule

ReportFormat = Literal["text", "json", "sarif", "github", "markdown"]
ACCEPTED = ("ecsiam-accept.yaml", "ecsiam.yaml")
FailOn = Literal["error", "warning", "note", "never"]


def check(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH",
            help="Files and folders: Terraform, CloudFormation, task definitions, workflows, IAM. Default: here.",
        ),
    ] = None,
    *,
    format: Annotated[
        ReportFormat,
        typer.Option("--format", help="What to print: text to read, JSON, SARIF, GitHub's annotations, Markdown."),
    ] = "text",
    fail_on: Annotated[
        FailOn, typer.Option("--fail-on", help="Exit with 1 from this severity on, or never.")
    ] = "warning",
    accept: Annotated[
        str | None,
        typer.Option(
            "--accept",
            metavar="FILE",
            help=f"What is meant, or a config that says it. Without: {' and '.join(ACCEPTED)}.",
        ),
    ] = None,
    set_: Set = None,
    var_file: VarFile = None,
    repository: Repository = None,
    root: Annotated[
        str | None,
        typer.Option("--root", metavar="DIR", help="Nothing outside is read. Without it: the enclosing repository."),
    ] = None,
) -> None:
    """Hold what the tasks need against what the roles grant, and say what is wrong, before anything is applied.

    Reads the files as they are: it needs no credentials, runs nothing and asks nobody.

    Example: ecsiam check infra/
    """
    from ecsiam.findings import check as check_reading
    from ecsiam.findings.rules import SEVERITIES
    from ecsiam.readers.reader import read
    from ecsiam.reports.findings import FORMATS

    of = checked_repository(repository)
    reading = read(*(paths or ["."]), root=root, values=bindings(set_), var_files=var_file or ())
    if not reading.roles and not reading.tasks:
        raise reading.nothing("neither a role nor a task definition")
    with progress("checking") as told:
        found = check_reading(reading, accept=accepted(accept), lines=lines_of, repository=of, progress=told)
    write(FORMATS[format](found))
    for note in found.notes:
        say(f"note: {note}")
    worst = found.worst()
    if fail_on != "never" and worst is not None and SEVERITIES.index(worst) <= SEVERITIES.index(fail_on):
        raise typer.Exit(1)


def accepted(path: str | None) -> "tuple[AcceptRule, ...]":
    """What is meant: as a file says, or those that are looked for here."""
    from ecsiam.findings.accepted import read_accepted
    from ecsiam.keys.source import read_source

    paths = [one for one in ACCEPTED if Path(one).is_file()] if path is None else [path]
    return tuple(one for given in paths for one in read_accepted(read_source(given)))


def lines_of(file: str) -> list[str]:
    """The lines of a file, for the comments in it; none of one that can't be read any more."""
    try:
        return Path(file).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
