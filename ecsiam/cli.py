"""The command line: from arguments to one call of the library, and from its answer to text.

Exit codes: 0 yes, 1 no (`--check` found a difference), 2 your input or usage; 130 when interrupted.
"""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, NoReturn, TextIO

import typer

from ecsiam.artifact import Artifact
from ecsiam.errors import ConfigError, EcsiamError, Fault, refuse
from ecsiam.model.stack import Stack
from ecsiam.targets import TARGETS, TargetName, dump, emit

app = typer.Typer(
    name="ecsiam",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ConfigPath = Annotated[str, typer.Argument(metavar="CONFIG", help="The config, or - for standard input.")]


def main() -> None:
    """Run the command line. No error leaves it as a traceback."""
    try:
        app(prog_name="ecsiam")
    except EcsiamError as e:
        _fail(*e.faults)
    except OSError as e:  # of a help text that typer printed
        _discard(sys.stdout)
        _fail(_unwritten("standard output", e))


def _fail(*faults: Fault) -> NoReturn:
    for fault in faults:
        _say(f"error: {fault}")
    sys.exit(2)


def _unwritten(place: str, error: OSError) -> Fault:
    return Fault(f"can't write {place}: {(error.strerror or str(error)).lower()}")


def _say(line: str) -> None:
    if sys.stderr:  # Python has none when the shell closed it, and `print` would take standard output instead
        try:
            print(line, file=sys.stderr, flush=True)
        except OSError:
            _discard(sys.stderr)


def _print(text: str) -> None:
    """Write to standard output: in UTF-8 whatever the locale is, as JSON has to be."""
    if not sys.stdout:
        _fail(Fault("standard output is closed"))
    try:
        sys.stdout.buffer.write(text.encode())
        sys.stdout.flush()
    except OSError as e:
        _discard(sys.stdout)
        if not isinstance(e, BrokenPipeError):  # else whoever read it has what they wanted (`| head`)
            _fail(_unwritten("standard output", e))


def _discard(stream: TextIO) -> None:
    """Send what a stream holds back nowhere: at exit Python would try again to write it, and fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        _print(f"ecsiam {version('ecsiam')}\n")
        raise typer.Exit


@app.callback()
def _ecsiam(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """The IAM roles of an ECS service, from one feature-flag file.

    Start with `ecsiam init`, then `ecsiam emit --target terraform`.
    """


@app.command("emit")
def _emit(
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
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="A value for what is left to deployment: account_id, aws_region, partition. May be repeated.",
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 and a diff when DIR holds something else.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that ecsiam did not write.")] = False,
) -> None:
    """Emit the roles of a config for one target.

    Example: ecsiam emit examples/memos.yaml --target terraform -o infra/iam
    """
    if output == "":  # of an unset variable: not the working directory
        raise typer.BadParameter("the directory has no name", param_hint="-o")
    if output is None and (check or force):
        option = "--check" if check else "--force"
        raise typer.BadParameter("it is about a directory: name it with -o", param_hint=option)
    stack = _stack(config, _bindings(set_ or []))
    artifact = emit(stack, target)
    if output is None:
        _print(str(artifact))
    elif check:
        _compare(artifact, output)
    else:
        artifact.write(output, force=force)
        _say(f"wrote {len(artifact.files)} file{'s' * (len(artifact.files) != 1)} to {output}")
    for note in stack.notes:
        _say(f"note: {note}")
    if TARGETS[target].next_step:
        _say(f"next: {TARGETS[target].next_step}")


def _stack(path: str, values: Mapping[str, str]) -> Stack:
    from ecsiam.builder import build
    from ecsiam.config import load_config

    return build(load_config(path).bind(values))


def _compare(artifact: Artifact, directory: str) -> None:
    difference = artifact.diff(directory)
    if difference:
        _print(f"{difference}\n")
        _say(f"{directory} is not what the config says: run without --check to write it")
        raise typer.Exit(1)


def _bindings(settings: list[str]) -> dict[str, str]:
    faults: list[Fault] = []
    bound: dict[str, str] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not (name and equals):
            faults.append(Fault(f"`--set {setting}` has no value", (), "Write `--set NAME=VALUE`."))
        elif name in bound:
            faults.append(Fault(f"`--set {name}` stands twice"))
        bound[name] = value
    refuse(ConfigError, faults)
    return bound


@app.command("init")
def _init(
    config: Annotated[
        str, typer.Argument(metavar="CONFIG", help="Where to write it, or - to print it.")
    ] = "ecsiam.yaml",
    *,
    module: Annotated[
        bool, typer.Option("--module", help="A module for many services: every value is a parameter of the deployment.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there.")] = False,
) -> None:
    """Write a starter config with a comment on each key, and its JSON Schema for editors.

    Example: ecsiam init && ecsiam emit --target terraform
    """
    from ecsiam.config import describe

    if config == "-":
        _print(describe.module() if module else describe.starter())
        return
    path = Path(config)
    if path.suffix not in (".yaml", ".yml"):
        raise typer.BadParameter(f"`{config}` does not end in .yaml", param_hint="CONFIG")
    schema = path.with_suffix(".schema.json")
    texts: dict[Path, Callable[[], str]] = {
        path: lambda: describe.editor_line(f"./{schema.name}") + (describe.module() if module else describe.starter()),
        schema: lambda: dump(describe.config_schema()),
    }
    there = [p for p in texts if p.exists() or p.is_symlink()]
    if there and not force:
        _fail(
            *(Fault(f"`{p}` is already there", (), "Name another file, or overwrite it with `--force`.") for p in there)
        )
    for p, text in texts.items():
        try:
            p.write_text(text(), encoding="utf-8", newline="\n")
        except OSError as e:
            _fail(_unwritten(f"`{p}`", e))
    _say(f"wrote {path} and {schema}: edit the first, your editor checks it against the second")


@app.command("schema")
def _schema() -> None:
    """Print the JSON Schema of the config.

    Example: ecsiam schema > ecsiam.schema.json
    """
    from ecsiam.config.describe import config_schema

    _print(dump(config_schema()))
