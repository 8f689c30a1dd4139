"""What is generated is up to date, and the starter config works: as it is, and with each key uncommented."""

import re
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from ecsiam import build, load_config
from ecsiam.config.describe import editor_line, module, starter

from .strategies import KEYS_ASIDE
from .written import KEYS as ALL
from .written import from_yaml

ROOT = Path(__file__).resolve().parents[1]
GENERATED = cast("dict[str, Callable[[], str]]", runpy.run_path(str(ROOT / "docs" / "generate.py"))["GENERATED"])
# The starter has nothing of the roles that few services have.
KEYS = {name: key for name, key in ALL.items() if name not in KEYS_ASIDE}
FLAGS = [name for name in KEYS if name.startswith("enable_") and name != "enable_autoscaling"]


@pytest.mark.parametrize("name", GENERATED)
def test_generated_files_are_up_to_date(name: str) -> None:
    written = (ROOT / name).read_text(encoding="utf-8")
    assert written == GENERATED[name](), f"`{name}` is stale: run `make docs`"


def test_all_schemas_are_generated() -> None:
    assert {f"schemas/{file.name}" for file in (ROOT / "schemas").glob("*.json")} == {
        name for name in GENERATED if name.startswith("schemas/")
    }


def test_the_page_has_every_key_once_in_order() -> None:
    page = GENERATED["docs/config.md"]()
    entries = r"^`\w+`, each:\n\n(\|.*\n)+"  # the keys of a list's entries have tables of their own, and so has
    layers = r"^\| layer \|.*\n(\|.*\n)+"  # what stands where in a file of several
    page = re.sub(layers, "", page, flags=re.MULTILINE)
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", re.sub(entries, "", page, flags=re.MULTILINE), re.MULTILINE)
    assert [name for name, _ in rows] == list(ALL)
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", page, re.MULTILINE)
    for name, row in rows:
        meaning, form, default, roles = row.split(" | ")
        assert meaning.endswith("."), name
        assert all((form, default, roles)), name


# The starter


def lines_of(text: str) -> dict[str, list[int]]:
    """The lines on which each key of the starter stands, commented out or not."""
    found: dict[str, list[int]] = {}
    name = ""
    for i, line in enumerate(text.splitlines()):
        if key := re.match(r"(?:# )?(\w+):(?: |$)", line):
            name = key[1]
            found[name] = [i]
        elif name and re.match(r"# {2,}\S", line):
            found[name].append(i)
        else:
            name = ""
    return {name: lines for name, lines in found.items() if name in KEYS}


def uncommented(*names: str, on: tuple[str, ...] = ()) -> str:
    """The starter with the lines of some keys uncommented, and some flags on."""
    lines = starter().splitlines()
    for name in names:
        for i in lines_of(starter())[name]:
            lines[i] = lines[i].removeprefix("# ")
    for flag in on:
        (i,) = lines_of(starter())[flag]
        assert lines[i].removeprefix("# ") in (f"{flag}: false", f"{flag}: true")  # some are on by default
        lines[i] = f"{flag}: true"
    return "\n".join(lines) + "\n"


def test_the_starter_has_every_key_with_a_comment() -> None:
    text = starter()
    assert list(lines_of(text)) == [name for name, key in KEYS.items() if not key.profile]
    lines = text.splitlines()
    for name, (first, *_) in lines_of(text).items():
        assert lines[first - 1].startswith(f"# {KEYS[name].meaning}"), name


def test_the_starter_loads_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "ecsiam.yaml"
    file.write_text(editor_line("./ecsiam.schema.json") + starter(), encoding="utf-8")
    config = load_config(file)
    assert not any(on for _, on in config.flags())
    stack = build(config)
    assert list(stack.roles) == ["execution", "task"]
    assert [note.rule for note in stack.notes] == ["ecr-account-wide"], "it says nothing that is not used"


# What a key can't do without.
COMPANIONS = {
    "github_owner_id": ("github_repo_id",),
    "github_repo_id": ("github_owner_id",),
    "secrets_arns_complete": ("secrets_arns",),
}


@pytest.mark.parametrize("name", [name for name in KEYS if not name.startswith("enable_")])
def test_each_key_of_the_starter_can_be_uncommented(name: str, tmp_path: Path) -> None:
    on = (KEYS[name].flag,) if KEYS[name].flag else ()
    needed = [needed for flag in on for needed in KEYS[flag].needs]
    names = {name, *needed, *KEYS[name].beside[:1], *COMPANIONS.get(name, ())}
    text = uncommented(*names, on=on)
    file = tmp_path / "ecsiam.yaml"
    file.write_text(text, encoding="utf-8")
    config = load_config(file)
    assert name in config.model_fields_set
    assert getattr(config, name) not in (None, "", (), {}, False)
    assert not [note for note in build(config).notes if note.rule == "unused-value"]
    assert from_yaml(text).keys() >= names


@pytest.mark.parametrize("flag", FLAGS)
def test_each_flag_of_the_starter_can_be_turned_on(flag: str, tmp_path: Path) -> None:
    file = tmp_path / "ecsiam.yaml"
    file.write_text(uncommented(*KEYS[flag].needs, on=(flag,)), encoding="utf-8")
    assert getattr(load_config(file), flag) is True


def test_the_whole_starter_can_be_uncommented(tmp_path: Path) -> None:
    """Its samples agree with each other: one account, one partition, names that differ."""
    file = tmp_path / "ecsiam.yaml"
    others = [name for name in KEYS if name not in FLAGS and name not in ("profile", "enable_autoscaling")]
    file.write_text(uncommented(*others, on=tuple(FLAGS)), encoding="utf-8")
    config = load_config(file)
    assert config.model_fields_set >= {*others, *FLAGS}
    assert list(build(config).roles) == ["execution", "task", "github_actions"]


def test_the_module_loads_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "ecsiam.yaml"
    file.write_text(editor_line("./ecsiam.schema.json") + module(), encoding="utf-8")
    assert set(load_config(file).model_fields_set) == set(from_yaml(module()))
