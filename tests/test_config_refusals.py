"""What a config refuses: a table with the whole message of each refusal, and that none is missing from it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecsiam.config import load_config
from ecsiam.errors import ConfigError, Fault
from ecsiam.keys.source import parse_source
from ecsiam.model.forms import FORMS

TESTS = Path(__file__).resolve().parent
PACKAGE = TESTS.parent / "ecsiam"
SOURCES = (
    *(room.relative_to(PACKAGE).as_posix() for room in sorted((PACKAGE / "features").rglob("*.py"))),
    "keys/key.py",
    "keys/keys.py",
    "keys/kinds.py",
    "keys/parameters.py",
    "keys/placeholders.py",
    "model/form.py",
    "model/forms.py",
    "model/home.py",
    "model/secret.py",
)

# What no file can bring about, so that it is in no row.
NOT_FROM_A_FILE = {
    "a config is a mapping of keys to values": "read_source makes it one",
    "a number has too many digits": "numbers of a file are texts",
    "a number of more than 20 digits": "numbers of a file are texts",
    "`{}` is not left to deployment": "what `bind` refuses",
    "`{}`: region `{}` is not in partition `{}`": "of an ARN its form says so first",
}


def table() -> dict[str, tuple[str, list[str]]]:
    """The rows of config_refusals.txt: a name, the file, the lines of the error."""
    head, *rows = re.split(r"^## ", (TESTS / "config_refusals.txt").read_text(encoding="utf-8"), flags=re.MULTILINE)
    home = head.split("\n\n")[1] + "\n"
    found: dict[str, tuple[str, list[str]]] = {}
    for row in rows:
        name, rest = row.split("\n", 1)
        lines = re.sub(r"^# .*", "", rest, flags=re.MULTILINE).splitlines()  # the title of the next section
        text = "".join(f"{line}\n" for line in lines if line and not line.startswith("=> "))
        assert name not in found, f"the row `{name}` stands twice"
        whole = text if "project_name:" in text else home + text
        found[name] = (whole, [line.removeprefix("=> ") for line in lines if line.startswith("=> ")])
    return found


TABLE = table()


def refusal(text: str, folder: Path) -> ConfigError:
    """The error that a file gives; its name in the error is `app.yaml`."""
    file = folder / "app.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as e:
        load_config(file)
    return ConfigError(*(Fault(f.message, f.path, f.remedy, file.name, f.line) for f in e.value.faults))


@pytest.mark.parametrize("name", TABLE)
def test_refusal(name: str, tmp_path: Path) -> None:
    text, expected = TABLE[name]
    error = refusal(text, tmp_path)
    assert str(error).splitlines() == expected
    for fault in error.faults:
        assert "\n" not in str(fault)
        assert fault.message[:1] == fault.message[:1].lower()
        assert not fault.message.endswith(".")


def test_every_fault_at_once_in_line_order(tmp_path: Path) -> None:
    """One file with a fault of nearly every kind: all are shown, each on its own line."""
    text = (TESTS / "config_faults.yaml").read_text(encoding="utf-8")
    expected = [(n, message) for n, line in enumerate(text.splitlines(), 1) for message in line.split(" => ")[1:]]
    assert len(expected) > 40
    assert [(f.line, f.message) for f in refusal(text, tmp_path).faults] == expected


def templates() -> Iterator[str]:
    """The message of each Fault in the sources, `{}` where a value stands."""
    for source in SOURCES:
        for function in ast.walk(ast.parse((PACKAGE / source).read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                yield from filter(None, map(_template, _messages(function)))


def _messages(function: ast.FunctionDef) -> Iterator[ast.expr]:
    """What the Faults of a function say: in their own place, or under a name before."""
    named: dict[str, list[ast.expr]] = {}
    said: list[ast.expr] = []
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                named.setdefault(name, []).append(value)
            case ast.Call(func=ast.Name(id="Fault" | "ConfigError"), args=[message, *_]):
                said.append(message)
            case _:
                pass
    for message in said:
        yield from named.get(message.id, []) if isinstance(message, ast.Name) else [message]


def _template(message: ast.expr) -> str:
    match message:
        case ast.Constant(str(text)):
            return text
        case ast.JoinedStr(parts):
            return "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in parts)
        case _:
            return ""


def test_every_message_is_in_the_table(tmp_path: Path) -> None:
    faults = [f for text, _ in TABLE.values() for f in refusal(text, tmp_path).faults]
    wanted = {t: re.escape(t).replace(r"\{\}", ".+") for t in templates() if t not in NOT_FROM_A_FILE}
    assert len(wanted) > 30
    said = {t for t, pattern in wanted.items() if any(re.fullmatch(pattern, f.message) for f in faults)}
    assert wanted.keys() - said == set()


def test_every_hint_is_in_the_table() -> None:
    lines = "\n".join(line for _, expected in TABLE.values() for line in expected)
    for form in FORMS.values():
        for _, wrong, remedy in (*form.hints, *form.bare):
            assert re.search(f"` {re.escape(wrong)} @ .*{re.escape(remedy)}$", lines, re.MULTILINE), (form.name, wrong)


def test_every_form_is_in_the_table() -> None:
    """Each form refuses something in the table, in its own words or with one of its hints."""
    lines = "\n".join(line for _, expected in TABLE.values() for line in expected)
    # CloudFormation takes the kinds of a list apart; a parameter's name is refused in test_parameters.py.
    only_at_deployment = ("secrets_manager_arn", "ssm_parameter_arn", "plain_bucket_arn", "plain_log_group_arn")
    for form in (f for f in FORMS.values() if f.name not in (*only_at_deployment, "parameter_name")):
        own = [f"is not {form.what}", *(wrong for _, wrong, _ in form.hints)]
        assert any(words in lines for words in own), form.name


def test_json_has_the_same_faults(tmp_path: Path) -> None:
    """Where the syntax plays no part, JSON gives the same faults as YAML, with the lines of the JSON file."""
    yaml = tmp_path / "app.yaml"
    json = tmp_path / "app.json"
    yaml.write_text('project_name: memos\nenvironment: "*"\nenable_efs_access: no\nefs_arn: x\n', encoding="utf-8")
    json.write_text(
        '{\n"project_name": "memos",\n"environment": "*",\n"enable_efs_access": "no",\n"efs_arn": "x"}\n',
        encoding="utf-8",
    )
    faults: list[list[Fault]] = []
    for file in (yaml, json):
        with pytest.raises(ConfigError) as e:
            load_config(file)
        faults.append([Fault(f.message, f.path, f.remedy) for f in e.value.faults])
        assert [f.line for f in e.value.faults] == ([2, 3, 4] if file is yaml else [3, 4, 5])
    assert faults[0] == faults[1]
    assert parse_source(json.read_text(encoding="utf-8"), "app.json").data.keys() == {
        "project_name",
        "environment",
        "enable_efs_access",
        "efs_arn",
    }
