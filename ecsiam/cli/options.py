"""The arguments that several commands take, and how they are read."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ecsiam.errors import ConfigError, Fault, refuse

if TYPE_CHECKING:
    from ecsiam.readers.given import Given

Format = Literal["text", "json"]
Universe = Literal["asked", "all", "known"]

ConfigPath = Annotated[str, typer.Argument(metavar="CONFIG", help="The config, or - for standard input.")]
AnyPath = Annotated[
    str, typer.Argument(metavar="PATH", help="A config or an IAM policy document, or - for standard input.")
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="A value for what is left to deployment: a parameter of a config or template, a variable of Terraform, "
        "account_id, aws_region, partition. May be repeated.",
    ),
]
VarFile = Annotated[
    list[str] | None,
    typer.Option(
        "--var-file",
        metavar="FILE",
        help="Values for Terraform's variables and for parameters of templates: a .tfvars, or JSON as "
        "CloudFormation's commands take it. May be repeated.",
    ),
]
FormatOption = Annotated[Format, typer.Option("--format", help="What to print: text to read, or JSON.")]
UniverseOption = Annotated[
    Universe,
    typer.Option(
        "--universe",
        help="asked: what AWS may ask, also of actions that it has yet to add; known: of those of today; "
        "all: any action on any resource.",
    ),
]

Timeout = Annotated[
    float | None,
    typer.Option(
        "--timeout",
        metavar="SECONDS",
        help="How long the processor may take for all of it; what is not answered then is undecided.",
    ),
]

Repository = Annotated[
    str | None,
    typer.Option(
        "--repository",
        metavar="OWNER/NAME",
        help="Whose workflows they are. Without it: of a repository that the trust names.",
    ),
]
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


def checked_repository(given: str | None) -> str | None:
    """A repository that was named. Raises BadParameter for what is no name of one."""
    if given is None or _REPOSITORY.fullmatch(given):
        return given
    raise typer.BadParameter("a repository is `OWNER/NAME`", param_hint="--repository")


def told(settings: Iterable[str] | None, files: Iterable[str] | None) -> "Given":
    """What `--set` and `--var-file` give. Raises EcsiamError with every fault of either."""
    bound = bindings(settings)
    if not files:
        from ecsiam.readers.given import Given

        return Given(bound)
    from ecsiam.readers.terraform.given import given_by

    return given_by(bound, files)


def bindings(settings: Iterable[str] | None) -> dict[str, str]:
    """The values of `--set NAME=VALUE`, by name."""
    faults: list[Fault] = []
    bound: dict[str, str] = {}
    for setting in settings or ():
        name, equals, value = setting.partition("=")
        if not (name and equals):
            lacks = "name" if equals else "value"
            faults.append(Fault(f"`--set {setting}` has no {lacks}", (), "Write `--set NAME=VALUE`."))
        elif name in bound:
            faults.append(Fault(f"`--set {name}` stands twice"))
        bound[name] = value
    refuse(ConfigError, faults)
    return bound
