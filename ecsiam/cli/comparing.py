"""The commands that ask two policies or roles one question: `contains` and `overlaps`."""

from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from ecsiam.cli.beside import Boundary, Managed, names_of, read_limits, unused
from ecsiam.cli.options import Format, FormatOption, Set, Timeout, Universe, UniverseOption, VarFile, told
from ecsiam.cli.questions import end, say_what_is_open
from ecsiam.cli.streams import as_text, say, write
from ecsiam.targets import dump

if TYPE_CHECKING:
    from collections.abc import Callable

    from ecsiam.analysis.answers import Answer
    from ecsiam.cli.sides import Question
    from ecsiam.readers.given import Given as Told

_ROLE = "A policy document, or a role: CONFIG#ROLE, in a file of several CONFIG#SERVICE/ENVIRONMENT/ROLE, or PATH#ROLE \
of what was read."
_OTHER = "The same of what it is compared with."
Wide = Annotated[str, typer.Argument(metavar="WIDE", help=_ROLE)]
Narrow = Annotated[str, typer.Argument(metavar="NARROW", help=_OTHER)]
A = Annotated[str, typer.Argument(metavar="A", help=_ROLE)]
B = Annotated[str, typer.Argument(metavar="B", help=_OTHER)]


def contains(
    wide: Wide,
    narrow: Narrow,
    *,
    universe: UniverseOption = "asked",
    boundary: Boundary = None,
    managed: Managed = None,
    timeout: Timeout = None,
    set_: Set = None,
    var_file: VarFile = None,
    format_: FormatOption = "text",
) -> None:
    """Say whether the first allows all that the second allows, or show a request that only the second does.

    Of a role its policies are asked; beside a trust policy, its trust.

    Exits with 0 when it does, with 1 when not, with 3 when that is undecided.

    Example: ecsiam contains examples/everything.yaml#task examples/memos.yaml#task
    """
    from ecsiam.analysis.questions import contains as ask
    from ecsiam.cli.sides import CONTAINS

    limited = (boundary, managed, timeout)
    _answer(CONTAINS, ask, (wide, narrow), universe, limited, told(set_, var_file), format_)


def overlaps(
    a: A,
    b: B,
    *,
    universe: UniverseOption = "asked",
    boundary: Boundary = None,
    managed: Managed = None,
    timeout: Timeout = None,
    set_: Set = None,
    var_file: VarFile = None,
    format_: FormatOption = "text",
) -> None:
    """Say whether some request is allowed by both, and show one.

    Of a role its policies are asked; beside a trust policy, its trust.

    Exits with 0 when there is one, with 1 when there is none, with 3 when that is undecided.

    Example: ecsiam overlaps examples/memos.yaml#execution examples/everything.yaml#execution
    """
    from ecsiam.analysis.questions import overlaps as ask
    from ecsiam.cli.sides import OVERLAPS

    limited = (boundary, managed, timeout)
    _answer(OVERLAPS, ask, (a, b), universe, limited, told(set_, var_file), format_)


def _answer(
    question: "Question",
    ask: "Callable[..., Answer]",
    paths: tuple[str, str],
    universe: Universe,
    limited: tuple[str | None, list[str] | None, float | None],
    given: "Told",
    format_: Format,
) -> NoReturn:
    from ecsiam.analysis.answers import Holds, Undecided
    from ecsiam.cli.both import read_any_two
    from ecsiam.cli.sides import Asked, asked_data, asked_lines, sides

    boundary, managed, timeout = limited
    limits = read_limits(boundary, managed, *paths)
    first, second = read_any_two(paths, given)
    one, other = sides(first, second)
    known = limits.and_read(first.reading, second.reading)
    answer = ask(one.of, other.of, universe=universe, boundary=known.boundary, managed=known.managed, timeout=timeout)
    asked = Asked(question, one, other, answer, known)
    write(dump(asked_data(asked)) if format_ == "json" else as_text(asked_lines(asked)))
    for note in unused(limits, {name for side in (one, other) for name in names_of(side.given)}):
        say(f"note: {note}")
    undecided = isinstance(answer, Undecided)
    if undecided:
        say_what_is_open(name for side in (one, other) for name in side.given.open)
    end(no=not undecided and not isinstance(answer, Holds), undecided=undecided)
