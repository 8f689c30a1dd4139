"""The table of commands, and `main`."""

import sys
from typing import Annotated

import typer

from ecsiam.cli.files import emit_files, init_config, print_schema
from ecsiam.cli.questions import diff, prove, who_can
from ecsiam.cli.simulation import simulate
from ecsiam.cli.streams import discard, fail, unwritten, write
from ecsiam.errors import EcsiamError

app = typer.Typer(
    name="ecsiam",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line. No error leaves it as a traceback."""
    try:
        app(prog_name="ecsiam")
    except EcsiamError as e:
        fail(*e.faults)
    except OSError as e:  # of a help text that typer printed
        discard(sys.stdout)
        fail(unwritten("standard output", e))


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        write(f"ecsiam {version('ecsiam')}\n")
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


app.command("emit")(emit_files)
app.command("init")(init_config)
app.command("schema")(print_schema)
app.command("prove")(prove)
app.command("simulate")(simulate)
app.command("can")(who_can)
app.command("diff")(diff)
