"""The command that asks about one request, or a batch of them: `simulate`."""

from typing import TYPE_CHECKING, Annotated

import typer

from ecsiam.cli.beside import Boundary, Managed, Rcp, ResourcePolicy, Scp, Session, names_of, read_beside, unused
from ecsiam.cli.chosen import Environments, Services
from ecsiam.cli.options import AnyPath, FormatOption, Set, VarFile, told
from ecsiam.cli.questions import end
from ecsiam.cli.streams import as_text, say, write
from ecsiam.targets import dump

if TYPE_CHECKING:
    from ecsiam.cli.beside import Beside
    from ecsiam.cli.decisions import Decided
    from ecsiam.cli.given import Choice
    from ecsiam.readers.given import Given as Told


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
    service: Services = None,
    environment: Environments = None,
    set_: Set = None,
    var_file: VarFile = None,
    format_: FormatOption = "text",
) -> None:
    """Say whether a request is allowed, and which statement decides.

    Only what is given is asked: other policies of the caller, the resource and the organisation have options.

    Exits with 1 when it is not allowed, in a batch or of several services when any is not.

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
    given = (path, told(set_, var_file), (service, environment))
    paths = (path,) if batch is None else (path, batch)
    beside = read_beside((boundary, managed), session, (scp, rcp), resource_policy, *paths)
    if batch is not None:
        _batch(given, batch, role, beside)
    elif action is not None:
        _one(given, (role, action, resource, principal, tuple(context or ())), beside, format_ == "json")


def _one(
    path: "tuple[str, Told, Choice]",
    request: tuple[str | None, str, str | None, str | None, tuple[str, ...]],
    beside: "Beside",
    json: bool,
) -> None:
    from ecsiam.cli.asked import asked, notes, of_options
    from ecsiam.cli.decisions import decide, decision_data, decision_lines, decision_notes
    from ecsiam.cli.given import read
    from ecsiam.cli.subjects import closed

    givens = read(*path)
    known = beside.and_read(givens.reading)
    raw = of_options(request[0] or givens.sole, *request[1:])
    notes_: list[str] = []
    every: list[Decided] = []
    named: set[str] = set()
    for given in givens.having(raw.role):
        one = closed(given, notes_.append)
        question = asked(one, raw)
        decided = decide(question, known)
        every.append(decided)
        named |= names_of(one)
        notes_ += (*notes(one, question, raw.principal is not None), *decision_notes(decided))
    if json:
        data = [decision_data(one) for one in every]
        write(dump(data if givens.several else data[0]))
    else:
        write(as_text(line for one in every for line in decision_lines(one)))
    for note in dict.fromkeys((*notes_, *unused(beside, named))):
        say(f"note: {note}")
    end(no=any(d.no for d in every), undecided=any(d.undecided for d in every))


def _batch(path: "tuple[str, Told, Choice]", file: str, role: str | None, beside: "Beside") -> None:
    import json
    from functools import partial

    from ecsiam.cli.asked import of_batch, read_batch
    from ecsiam.cli.decisions import decide, decision_data
    from ecsiam.cli.given import read
    from ecsiam.cli.subjects import closed

    givens = read(*path)
    role = role or givens.sole
    batch = read_batch(file)
    notes: list[str] = []
    every: list[Decided] = []
    for given in givens.having(role):
        one = closed(given, notes.append)
        every += of_batch(batch, one, role, partial(decide, beside=beside.and_read(givens.reading)))
    for note in dict.fromkeys(notes):
        say(f"note: {note}")
    write("".join(f"{json.dumps(decision_data(d))}\n" for d in every))
    end(no=any(d.no for d in every), undecided=any(d.undecided for d in every))
