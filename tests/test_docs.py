"""What the documents show works: Python, configs and commands run, in the order of the page; links lead somewhere.

What a page shows of a file, under the file's name, stands there.

A command is run when it is one of ecsiam's. A block whose fence says `exits with 1` is meant to fail: who copies a line
into zsh has no comments there.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from ecsiam import build, load_config, load_configs
from ecsiam.invariants import INVARIANTS
from ecsiam.model.rules import RULE_IDS

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")])
SHELLS = ("", "bash", "console", "sh", "shell")
FENCE = re.compile(
    r"^(?P<indent> *)(?P<fence>```+|~~~+)(?P<language>[\w-]*)(?P<info>[^\n]*)\n(?P<text>.*?)^ *(?P=fence) *$",
    re.M | re.S,
)
LINK = re.compile(r"\[[^\]]*\]\(<?([^)>\s]+)>?[^)]*\)|^\[[^\]]+\]: *<?(\S+?)>?$", re.M)
COMMAND = re.compile(r"(python3? (-I )?-m )?ecsiam( |$)")
PART = re.compile(r"# (\S+/\S+\.(?:py|yaml))\n")
MEANT = re.compile(r"\bexits with (\d)")

each_page = pytest.mark.parametrize("page", PAGES, ids=[path.relative_to(ROOT).as_posix() for path in PAGES])


class Block(NamedTuple):
    """A fenced block, the line it starts on, and what its fence says beside the language."""

    language: str
    text: str
    line: int
    info: str


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found: list[Block] = []
    for match in FENCE.finditer(text):
        indent = len(match["indent"])
        lines = [line[indent:] for line in match["text"].splitlines()]
        found.append(
            Block(match["language"], "\n".join(lines) + "\n", text.count("\n", 0, match.start()) + 2, match["info"])
        )
    return found


def commands(block: Block) -> Iterator[str]:
    """The commands of a block, continued lines joined; in a console they follow a `$`, the rest is output."""
    for line in block.text.replace("\\\n", " ").splitlines():
        if block.language != "console" or line.startswith("$ "):
            yield line.removeprefix("$ ").strip()


def examples(page: Path) -> list[tuple[str, str, int]]:
    """What there is to run on a page: its kind, its text, its line."""
    found: list[tuple[str, str, int]] = []
    for block in blocks(page):
        if block.language == "python" and not PART.match(block.text):
            found.append(("python", block.text, block.line))
        elif block.language == "yaml" and re.search("^project_name:", block.text, re.M):
            found.append(("config", block.text, block.line))
        elif block.language == "yaml" and re.search("^environments:", block.text, re.M):
            found.append(("configs", block.text, block.line))
        elif block.language in SHELLS:
            run = [command for command in commands(block) if COMMAND.match(command)]
            found += [("command", f"{command}  #{block.info}", block.line) for command in run]
    return found


def run_command(command: str) -> None:
    meant = MEANT.search(command)
    python = '"$PYTHON_OF_THE_TESTS"'
    known = f'python() {{ {python} "$@"; }}; python3() {{ python "$@"; }}; ecsiam() {{ python -I -m ecsiam "$@"; }}'
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{known}\n{command}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={"PYTHON_OF_THE_TESTS": sys.executable, "PATH": "/usr/bin:/bin"},
    )
    assert (command, done.returncode, done.stderr) == (command, int(meant[1]) if meant else 0, done.stderr)


def test_there_are_examples() -> None:
    kinds = {kind for kind, _, _ in examples(ROOT / "README.md")}
    assert kinds == {"python", "config", "command"}


@each_page
def test_the_examples_of_a_page_work(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    space: dict[str, object] = {"__name__": "__main__"}  # one for all of the page, as for who reads on
    for kind, text, line in examples(page):
        match kind:
            case "python":
                exec(compile("\n" * (line - 1) + text, str(page), "exec"), space)
            case "config":
                (tmp_path / f"line-{line}.yaml").write_text(text, encoding="utf-8")
                assert build(load_config(f"line-{line}.yaml")).roles
            case "configs":
                (tmp_path / f"line-{line}.yaml").write_text(text, encoding="utf-8")
                assert [build(config).roles for config in load_configs(f"line-{line}.yaml")]
            case _:
                run_command(text)


def test_the_example_of_the_readme_is_the_one_that_ships() -> None:
    (shown,) = [text for kind, text, _ in examples(ROOT / "README.md") if kind == "config"]

    def said(text: str) -> list[str]:
        return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]

    assert said(shown) == said((ROOT / "examples" / "memos.yaml").read_text(encoding="utf-8"))


@each_page
def test_a_part_of_a_file_is_in_the_file(page: Path) -> None:
    """A block that begins with `# path` shows what stands there."""
    shown = [(found[1], b.text[found.end() :]) for b in blocks(page) if (found := PART.match(b.text))]
    assert [(path, text) for path, text in shown if text not in (ROOT / path).read_text(encoding="utf-8")] == []


@each_page
def test_a_page_calls_what_is_installed(page: Path) -> None:
    """Without `-I`, `python -m` imports what lies in the working directory before what is installed."""
    assert re.findall(r"python3? -m ecsiam", page.read_text(encoding="utf-8")) == []


@each_page
def test_make_knows_the_targets_that_a_page_names(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    assert targets >= {"demo", "test", "check"}
    lines = [line for block in blocks(page) if block.language in SHELLS for line in commands(block)]
    lines += re.findall(r"`(make [^`]+)`", page.read_text(encoding="utf-8"))
    named = {match[1] for line in lines if (match := re.match(r"make ([a-z-]+)", line))}
    assert named <= targets


# --- links -----------------------------------------------------------------------------------------------------------


def prose(page: Path) -> str:
    """A page without its code."""
    return re.sub("`[^`\n]*`", "", FENCE.sub("", page.read_text(encoding="utf-8")))


def relative_links(page: Path) -> list[str]:
    links = [a or b for a, b in LINK.findall(prose(page))]
    return [link for link in links if not re.match("[a-z]+:", link)]


def anchors(page: Path) -> set[str]:
    """The anchors of a page, as GitHub makes them of its headings."""
    headings = re.findall(r"^#+ +(.*?) *#*$", FENCE.sub("", page.read_text(encoding="utf-8")), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_page
def test_relative_links_lead_somewhere(page: Path) -> None:
    lost: list[str] = []
    for link in relative_links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not (target.exists() and target.is_relative_to(ROOT)) or (anchor and anchor not in anchors(target)):
            lost.append(link)
    assert lost == []


def test_there_are_links() -> None:
    assert "CONTRIBUTING.md" in relative_links(ROOT / "README.md")


def test_of_each_invariant_is_said_what_check_asks() -> None:
    page = (ROOT / "docs/check.md").read_text(encoding="utf-8")
    table = page.partition("## Which invariants are asked")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([\w-]+)` \| (.*?) \|", table, re.MULTILINE)
    assert [id for id, _ in rows] == list(INVARIANTS)
    assert {rule for _, asked in rows for rule in re.findall(r"rules\.md#([\w-]+)", asked)} <= set(RULE_IDS)
