"""The table of commands, and `main`."""

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

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


class _Once(TyperCommand):
    """A command of which no option is passed over: one that takes a single value stands once."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _, _, given = self.make_parser(ctx).parse_args(args=list(args))
        for parameter in given:
            if given.count(parameter) > 1 and parameter.param_type_name == "option" and not parameter.multiple:
                raise typer.BadParameter("it stands twice, and takes one value", ctx=ctx, param_hint=parameter.opts[0])
        return super().parse_args(ctx, args)


app.command("emit", cls=_Once)(emit_files)
app.command("init", cls=_Once)(init_config)
app.command("schema", cls=_Once)(print_schema)
app.command("prove", cls=_Once)(prove)
app.command("simulate", cls=_Once)(simulate)
app.command("can", cls=_Once)(who_can)
app.command("diff", cls=_Once)(diff)
