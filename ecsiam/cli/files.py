"""The commands that write: `emit`, `init` and `schema`."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from attrs import evolve

from ecsiam.artifact import Written
from ecsiam.cli.chosen import Environments, Services, chosen
from ecsiam.cli.interrupts import Undone
from ecsiam.cli.options import ConfigPath, Set, VarFile, bindings
from ecsiam.cli.streams import fail, say, unwritten, write
from ecsiam.errors import EmitError, Fault, is_text, refuse, show
from ecsiam.looks.words import count
from ecsiam.targets import TARGETS, TargetName, dump
from ecsiam.writing import FILE, LINK, held, kind, replace

if TYPE_CHECKING:
    from ecsiam.cli.emitting import Emitting
    from ecsiam.config.many import ConfigFile


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
    together: Annotated[
        bool,
        typer.Option(
            "--together",
            help="All services of an environment side by side, in DIR/ENVIRONMENT: one Terraform directory, as few "
            "CloudFormation templates as hold them.",
        ),
    ] = False,
    service: Services = None,
    environment: Environments = None,
    set_: Set = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 and a diff when DIR holds something else.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that ecsiam did not write.")] = False,
) -> None:
    """Emit the roles of a config for one target.

    Of a file of several services and environments each goes into DIR/SERVICE/ENVIRONMENT, or with `--together` all
    services of one into DIR/ENVIRONMENT.

    Example: ecsiam emit examples/memos.yaml --target terraform -o infra/iam
    """
    from ecsiam.cli.emitting import Emitting

    _check_directory(output, "--check" if check else "--force" if force else "")
    if together and service:
        raise typer.BadParameter("`--together` is about all services: leave it out", param_hint="--service")
    file = chosen(config, service, environment, bindings(set_))
    all_ = not (service or environment)
    emitting = _together(file, target, output, all_=all_) if together else Emitting(file, target, all_=all_)
    if output is None:
        write(emitting.document())
    elif check:
        difference = emitting.diff(output)
        if difference:
            write(f"{difference}\n")
            say(f"{output} is not what the config says: run without --check to write it")
            raise typer.Exit(1)
    else:
        with Undone(), _by_its_option():
            written = emitting.write(output, force=force)
        say(_told(written, output))
        for folder, files in emitting.gone(written).items():
            say(f"removed {folder}: {file.name} has no such service and environment any more ({count(files, 'file')})")
    for note in emitting.notes():
        say(f"note: {note}")
    for step in _next(emitting.handed, target, output):
        say(f"next: {step}")


def _next(handed: int, target: TargetName, output: str | None) -> Iterator[str]:
    """What is left to do by hand."""
    if handed:
        where = "`companions/index.json` lists" if output else "-o writes"
        yield f"hand over the {count(handed, 'document')} that {where}: other sides have to allow it too"
    if TARGETS[target].next_step:
        yield TARGETS[target].next_step


def _check_directory(output: str | None, option: str) -> None:
    if output == "":  # of an unset variable: not the working directory
        raise typer.BadParameter("the directory has no name", param_hint="-o")
    if output is None and option:
        raise typer.BadParameter("it is about a directory: name it with -o", param_hint=option)


def _together(file: "ConfigFile", target: TargetName, output: str | None, *, all_: bool) -> "Emitting":
    """What emits several side by side; it loads when it is asked for."""
    from ecsiam.cli.together import Together

    return Together(file, target, output, all_=all_)


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
    from_: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            metavar="PATH",
            help="The config that the task definitions there need: Terraform, CloudFormation, JSON or YAML. May be "
            "repeated.",
        ),
    ] = None,
    root: Annotated[
        str | None,
        typer.Option(
            "--root", metavar="DIR", help="With --from: nothing outside is read. Without it: the enclosing repository."
        ),
    ] = None,
    set_: Set = None,
    var_file: VarFile = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there.")] = False,
) -> None:
    """Write a starter config, and its JSON Schema for editors.

    The config has each key with a comment. With `--from` it has the keys that task definitions ask for, each with
    the field that does, and keeps the names of roles that exist.

    Example: ecsiam init && ecsiam emit --target terraform
    """
    from ecsiam.config import describe

    if root is not None and not from_:
        raise typer.BadParameter("it is about what is read: name that with --from", param_hint="--root")
    if (set_ or var_file) and not from_:
        option = "--set" if set_ else "--var-file"
        raise typer.BadParameter("it is about what is read: name that with --from", param_hint=option)
    if module and from_:
        raise typer.BadParameter("a module is for any service: leave one of them out", param_hint="--module, --from")
    started = partial(_config, from_, root, (bindings(set_), var_file or ()), module=module)
    if config == "-":
        content, notes = started()
        write(content)
        _note(notes)
        return
    path = Path(config)
    if path.suffix not in (".yaml", ".yml"):
        raise typer.BadParameter(f"`{show(config)}` does not end in .yaml", param_hint="CONFIG")
    if not is_text(path.name):  # the config names its schema
        raise typer.BadParameter("it is not UTF-8", param_hint="CONFIG")
    schema = path.with_suffix(".schema.json")
    found: list[str] = []

    def content_of_config() -> str:
        content, notes = started()
        found.extend(notes)
        return describe.editor_line(f"./{schema.name}") + content

    texts: dict[Path, Callable[[], str]] = {path: content_of_config, schema: lambda: dump(describe.config_schema())}
    with _explained(path), Undone(), held(path.parent, make=False):
        there = {p: kind(p) for p in texts}
        fixed = [(p, what) for p, what in there.items() if what not in ("", FILE, LINK)]
        refuse(EmitError, [Fault(f"can't write `{p}`: is a {what}") for p, what in fixed])
        if not force:
            remedy = "Name another file, or overwrite it with `--force`."
            refuse(EmitError, [Fault(f"`{p}` is already there", (), remedy) for p, what in there.items() if what])
        replace(path.parent, {p.name: text() for p, text in texts.items()})
    say(f"wrote {path} and {schema}: edit the first, your editor checks it against the second")
    _note(found)


def _config(
    paths: list[str] | None, root: str | None, given: tuple[Mapping[str, str], Sequence[str]], *, module: bool
) -> tuple[str, tuple[str, ...]]:
    """The text of a config to start from, and what isn't known of it."""
    if paths:
        from ecsiam.drafts import draft
        from ecsiam.readers.reader import read

        values, var_files = given
        drafted = draft(read(*paths, root=root, values=values, var_files=var_files))
        return drafted.text, drafted.notes
    from ecsiam.config import describe

    return (describe.module() if module else describe.starter()), ()


def _note(notes: Iterable[str]) -> None:
    for note in notes:
        say(f"note: {note}")


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
