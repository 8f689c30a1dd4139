"""The commands that write: `emit`, `init` and `schema`."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from attrs import evolve

from ecsiam.artifact import Artifact, Written
from ecsiam.cli.interrupts import Undone
from ecsiam.cli.options import ConfigPath, Set, bindings
from ecsiam.cli.streams import fail, say, unwritten, write
from ecsiam.errors import EmitError, Fault, is_text, refuse, show
from ecsiam.looks.words import count
from ecsiam.targets import TARGETS, TargetName, dump, emit
from ecsiam.writing import FILE, LINK, held, kind, replace


def emit_files(
    config: ConfigPath = "ecsiam.yaml",
    *,
    target: Annotated[
        TargetName,
        typer.Option("--target", "-t", help="; ".join(f"{t.name}: {t.what}" for t in TARGETS.values()) + "."),
    ],
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="DIR", help="Write files there. Without it: one document, printed."),
    ] = None,
    set_: Set = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 and a diff when DIR holds something else.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that ecsiam did not write.")] = False,
) -> None:
    """Emit the roles of a config for one target.

    Example: ecsiam emit examples/memos.yaml --target terraform -o infra/iam
    """
    from ecsiam.builder import build
    from ecsiam.config import load_config

    if output == "":  # of an unset variable: not the working directory
        raise typer.BadParameter("the directory has no name", param_hint="-o")
    if output is None and (check or force):
        option = "--check" if check else "--force"
        raise typer.BadParameter("it is about a directory: name it with -o", param_hint=option)
    read = load_config(config).bind(bindings(set_))
    stack = build(read)
    artifact = emit(stack, target)
    if output is None:
        write(str(artifact))
    elif check:
        _compare(artifact, output)
    else:
        with Undone(), _by_its_option():
            written = artifact.write(output, force=force)
        say(_told(written, output))
    if target == "iam":  # all of it is bound: what has a default has taken it
        stack = build(read.bind(stack.deployment.defaults))
    for note in stack.notes:
        say(f"note: {note}")
    if TARGETS[target].next_step:
        say(f"next: {TARGETS[target].next_step}")


def _told(written: Written, directory: str) -> str:
    said = [f"wrote {count(len(written.files), 'file')} to {directory}"] * bool(written.files)
    said += [f"removed {count(len(written.removed), 'file')}"] * bool(written.removed)
    return ", ".join(said) or f"{directory} holds just this already"


@contextmanager
def _by_its_option() -> Generator[None]:
    """The library's `force=True` is an option here."""
    try:
        yield
    except EmitError as e:
        raise EmitError(*(evolve(f, remedy=f.remedy.replace("force=True", "--force")) for f in e.faults)) from None


def _compare(artifact: Artifact, directory: str) -> None:
    difference = artifact.diff(directory)
    if difference:
        write(f"{difference}\n")
        say(f"{directory} is not what the config says: run without --check to write it")
        raise typer.Exit(1)


def init_config(
    config: Annotated[
        str, typer.Argument(metavar="CONFIG", help="Where to write it, or - to print it.")
    ] = "ecsiam.yaml",
    *,
    module: Annotated[
        bool,
        typer.Option(
            "--module",
            help="A module for many services: each key is a parameter, or the file says why it is none.",
        ),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there.")] = False,
) -> None:
    """Write a starter config, and its JSON Schema for editors.

    The config has each key with a comment.

    Example: ecsiam init && ecsiam emit --target terraform
    """
    from ecsiam.config import describe

    if config == "-":
        write(describe.module() if module else describe.starter())
        return
    path = Path(config)
    if path.suffix not in (".yaml", ".yml"):
        raise typer.BadParameter(f"`{show(config)}` does not end in .yaml", param_hint="CONFIG")
    if not is_text(path.name):  # the config names its schema
        raise typer.BadParameter("it is not UTF-8", param_hint="CONFIG")
    schema = path.with_suffix(".schema.json")
    texts: dict[Path, Callable[[], str]] = {
        path: lambda: describe.editor_line(f"./{schema.name}") + (describe.module() if module else describe.starter()),
        schema: lambda: dump(describe.config_schema()),
    }
    with _explained(path), Undone(), held(path.parent, make=False):
        there = {p: kind(p) for p in texts}
        fixed = [(p, what) for p, what in there.items() if what not in ("", FILE, LINK)]
        refuse(EmitError, [Fault(f"can't write `{p}`: is a {what}") for p, what in fixed])
        if not force:
            remedy = "Name another file, or overwrite it with `--force`."
            refuse(EmitError, [Fault(f"`{p}` is already there", (), remedy) for p, what in there.items() if what])
        replace(path.parent, {p.name: text() for p, text in texts.items()})
    say(f"wrote {path} and {schema}: edit the first, your editor checks it against the second")


@contextmanager
def _explained(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as e:
        fail(unwritten(f"`{path}`", e))


def print_schema() -> None:
    """Print the JSON Schema of the config.

    Example: ecsiam schema > ecsiam.schema.json
    """
    from ecsiam.config.describe import config_schema

    write(dump(config_schema()))
