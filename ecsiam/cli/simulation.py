"""The command that asks about one request, or a batch of them: `simulate`."""

from typing import TYPE_CHECKING, Annotated

import typer

from ecsiam.cli.beside import Boundary, Managed, Rcp, ResourcePolicy, Scp, Session, read_beside, unused
from ecsiam.cli.options import AnyPath, FormatOption, Set, bindings
from ecsiam.cli.questions import end
from ecsiam.cli.streams import as_text, say, write
from ecsiam.targets import dump

if TYPE_CHECKING:
    from ecsiam.cli.beside import Beside


def simulate(
    path: AnyPath = "ecsiam.yaml",
    *,
    role: Annotated[
        str | None, typer.Option("--role", metavar="ROLE", help="Of a config: execution, task, github_actions.")
    ] = None,
    action: Annotated[str | None, typer.Option("--action", metavar="ACTION", help="Such as s3:GetObject.")] = None,
    resource: Annotated[
        str | None,
        typer.Option("--resource", metavar="ARN", help="What it is about. Not needed where an action has no resource."),
    ] = None,
    context: Annotated[
        list[str] | None,
        typer.Option("--context", metavar="KEY=VALUE", help="A condition key. Repeated, it has several values."),
    ] = None,
    principal: Annotated[
        str | None,
        typer.Option(
            "--principal",
            metavar="TYPE:ID",
            help="Who asks, such as Service:ecs-tasks.amazonaws.com or an ARN, * for an anonymous caller; "
            "else it is the role itself. With sts:AssumeRole the role's trust is asked.",
        ),
    ] = None,
    batch: Annotated[
        str | None,
        typer.Option(
            "--batch", metavar="FILE", help="Requests instead, one JSON object a line; prints one decision a line."
        ),
    ] = None,
    boundary: Boundary = None,
    session: Session = None,
    scp: Scp = None,
    rcp: Rcp = None,
    resource_policy: ResourcePolicy = None,
    managed: Managed = None,
    set_: Set = None,
    format_: FormatOption = "text",
) -> None:
    """Say whether a request is allowed, and which statement decides.

    Only what is given is asked: other policies of the caller, the resource and the organisation have options.

    Exits with 1 when it is not allowed, in a batch when any is not.

    Example: ecsiam simulate examples/everything.yaml --role task --action s3:GetObject
    --resource arn:aws:s3:::memos-uploads/a.txt
    """
    given_options = {"--action": action, "--resource": resource, "--context": context, "--principal": principal}
    if batch is None:
        if action is None:
            raise typer.BadParameter("name the action, or a file of requests with --batch", param_hint="--action")
    else:
        for option, value in given_options.items():
            if value:
                raise typer.BadParameter("in a batch, each line says that", param_hint=option)
        if path == batch == "-":
            raise typer.BadParameter("standard input can't be both PATH and FILE", param_hint="--batch")
    values = bindings(set_)
    paths = (path,) if batch is None else (path, batch)
    beside = read_beside((boundary, managed), session, (scp, rcp), resource_policy, *paths)
    if batch is not None:
        _batch(path, values, batch, role, beside)
    elif action is not None:
        _one(path, values, (role, action, resource, principal, tuple(context or ())), beside, format_ == "json")


def _one(
    path: str,
    values: dict[str, str],
    request: tuple[str | None, str, str | None, str | None, tuple[str, ...]],
    beside: "Beside",
    json: bool,
) -> None:
    from ecsiam.cli.asked import asked, notes, of_options
    from ecsiam.cli.decisions import decide, decision_data, decision_lines, decision_notes
    from ecsiam.cli.given import closed, read

    raw = of_options(*request)
    given = closed(read(path, values), say)
    one = asked(given, raw)
    decided = decide(one, beside)
    write(dump(decision_data(decided)) if json else as_text(decision_lines(decided)))
    for note in (*notes(given, one, raw.principal is not None), *decision_notes(decided), *unused(beside, given)):
        say(f"note: {note}")
    end(no=decided.no, undecided=decided.undecided)


def _batch(path: str, values: dict[str, str], file: str, role: str | None, beside: "Beside") -> None:
    import json
    from functools import partial

    from ecsiam.cli.asked import of_batch
    from ecsiam.cli.decisions import decide, decision_data
    from ecsiam.cli.given import closed, read

    given = closed(read(path, values), say)
    decided = of_batch(file, given, role, partial(decide, beside=beside))
    write("".join(f"{json.dumps(decision_data(d))}\n" for d in decided))
    end(no=any(d.no for d in decided), undecided=any(d.undecided for d in decided))
