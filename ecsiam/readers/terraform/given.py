"""Files of values: Terraform's, in HCL and JSON, and what CloudFormation's commands take for parameters."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from ecsiam.errors import Fault, ReadError
from ecsiam.readers.found import Unread, Value, as_map, is_list
from ecsiam.readers.given import Given
from ecsiam.readers.hcl.evaluator import value_of
from ecsiam.readers.hcl.scope import Budget, Spent
from ecsiam.readers.hcl.syntax import parse_body
from ecsiam.readers.hcl.tree import Argument, Call
from ecsiam.readers.json_lines import parse_json
from ecsiam.readers.terraform.files import Files
from ecsiam.readers.values import Failed


def given_by(values: Mapping[str, str], files: Iterable[str | Path] = ()) -> Given:
    """Values that were typed, and those of files, wherever these are. Raises ReadError with every fault."""
    reading = Files(Path("/"))
    found: dict[str, Mapping[str, Value]] = {}
    faults: list[Fault] = []
    for path in map(str, files):
        try:
            found[path] = values_in(reading, path)
        except ReadError as e:
            faults += e.faults
    if faults:
        raise ReadError(*faults)
    return Given(values, found)


def values_in(files: Files, path: str) -> dict[str, Value]:
    """The values of one file, by name. Raises ReadError for what is none."""
    try:
        source = files.text(path)
        if path.endswith(".json"):
            return _of_json(parse_json(source, lambda text: text, path, 1), path.endswith(".tfvars.json"))
        body = parse_body(source, path)
        if body.blocks:
            raise ReadError(Fault("a file of values has no blocks", file=path, line=body.blocks[0].line))
        return {name: _known(argument) for name, argument in body.arguments.items()}
    except (Failed, Spent, TypeError, ValueError) as e:
        raise ReadError(Fault(str(e), file=path)) from None
    except RecursionError:
        raise ReadError(Fault("nested too deeply", file=path)) from None


def _known(argument: Argument) -> Value:
    found = value_of(argument.value, Nothing())
    if isinstance(found, Unread):
        raise Failed(found.why)
    return found


def _of_json(data: Value, plain: bool) -> dict[str, Value]:
    """By name: of a tfvars.json (`plain`), a stack's configuration, or what `create-stack` and `deploy` take."""
    if not is_list(data):
        return as_map(data) if plain else as_map(as_map(data).get("Parameters")) or as_map(data)
    pairs = [one.partition("=")[::2] if isinstance(one, str) else _pair(as_map(one)) for one in data]
    return {name: value for name, value in pairs if name}


def _pair(one: Mapping[str, Value]) -> tuple[str, Value]:
    return str(one.get("ParameterKey", "")), one.get("ParameterValue")


class Nothing:
    """The scope of a file of values: no name means anything."""

    def __init__(self) -> None:
        self.budget = Budget()

    def look(self, name: str) -> Value:
        """Raises Failed."""
        raise Failed(f"`{name}` has no meaning in a file of values")

    def call(self, call: Call, arguments: list[Value]) -> Value:
        """Raises Failed."""
        raise Failed("a file of values calls no function")
