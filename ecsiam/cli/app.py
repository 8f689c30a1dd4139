"""The table of commands, and `run`."""

import sys
from io import StringIO
from typing import Annotated, Any, cast

import typer
from typer.core import TyperCommand
from typer.exceptions import TyperException

from ecsiam.cli.changing import diff
from ecsiam.cli.checking import check
from ecsiam.cli.comparing import contains, overlaps
from ecsiam.cli.files import emit_files, init_config, print_schema
from ecsiam.cli.interrupts import INTERRUPTED
from ecsiam.cli.questions import prove, who_can
from ecsiam.cli.simulation import simulate
from ecsiam.cli.streams import discard, fail, say, unwritten, write
from ecsiam.cli.tokens import trust
from ecsiam.errors import EcsiamError, is_text

app = typer.Typer(
    name="ecsiam",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def run() -> None:
    """Run the command line, and end the process."""
    try:
        code = app(prog_name="ecsiam", standalone_mode=False)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except EcsiamError as e:
        fail(*e.faults)
    except TyperException as e:
        _say_how_it_is_used(e)
        code = 2
    except OSError as e:  # of a help text that typer printed
        discard(sys.stdout)
        fail(unwritten("standard output", e))
    sys.exit(code)


def _say_how_it_is_used(error: Any) -> None:
    shown = StringIO()
    error.show(shown)
    for line in shown.getvalue().removesuffix("\n").split("\n"):
        say(line.expandtabs())


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


_PATHS = ("CONFIG", "PATH", "OLD", "NEW", "WIDE", "NARROW", "A", "B", "DIR", "FILE", "ARN=FILE", "LEVEL=FILE")


class _Command(TyperCommand):
    """A command whose options are not passed over and whose arguments are text.

    An option that takes a single value stands once. The name of a file may hold any bytes, all else is UTF-8.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _, _, given = self.make_parser(ctx).parse_args(args=list(args))
        for parameter in given:
            if given.count(parameter) > 1 and parameter.param_type_name == "option" and not parameter.multiple:
                raise typer.BadParameter("it stands twice, and takes one value", ctx=ctx, param_hint=parameter.opts[0])
        left = super().parse_args(ctx, args)
        for parameter in self.params:
            value = ctx.params.get(parameter.name)
            texts = cast("list[Any]", value if isinstance(value, list | tuple) else [value])
            if parameter.metavar not in _PATHS and any(isinstance(t, str) and not is_text(t) for t in texts):
                raise typer.BadParameter("it is not UTF-8", ctx=ctx, param_hint=parameter.opts[0])
        return left


app.command("emit", cls=_Command)(emit_files)
app.command("init", cls=_Command)(init_config)
app.command("schema", cls=_Command)(print_schema)
app.command("check", cls=_Command)(check)
app.command("prove", cls=_Command)(prove)
app.command("simulate", cls=_Command)(simulate)
app.command("trust", cls=_Command)(trust)
app.command("can", cls=_Command)(who_can)
app.command("diff", cls=_Command)(diff)
app.command("contains", cls=_Command)(contains)
app.command("overlaps", cls=_Command)(overlaps)
