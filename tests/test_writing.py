"""Every file that the command line writes goes one way, and two runs at once don't meet."""

import json
import os
import re
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import get_args

import pytest

import ecsiam
from ecsiam import writing
from ecsiam.artifact import MANIFEST, Artifact
from ecsiam.errors import EmitError
from ecsiam.targets import TARGETS, WRITTEN, TargetName
from ecsiam.writing import STAGE

from .command_line import run, said
from .test_artifact import mounted, tree

ROOT = Path(__file__).resolve().parents[1]
MEMOS = str(ROOT / "examples" / "memos.yaml")
EVERYTHING = str(ROOT / "examples" / "everything.yaml")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


# --- init ----------------------------------------------------------------------------------------------------------

NAMES = ("ecsiam.yaml", "ecsiam.schema.json")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("leads", ["../theirs", "nowhere", "/dev/null"])
def test_init_writes_through_no_link(here: Path, name: str, leads: str) -> None:
    (here.parent / "theirs").write_text("mine\n")
    (here / name).symlink_to(leads)
    before = tree(here.parent)
    fault = f"error: `{name}` is already there. Name another file, or overwrite it with `--force`.\n"
    assert run("init") == (2, "", fault)
    assert tree(here.parent) == before
    assert run("init", "--force").code == 0
    assert not (here / name).is_symlink()
    assert tree(here.parent)["theirs"] == before["theirs"]
    assert sorted(path.name for path in here.iterdir()) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("force", [[], ["--force"]])
def test_init_does_not_wait_for_a_pipe(here: Path, name: str, force: list[str]) -> None:
    os.mkfifo(here / name)
    assert run("init", *force) == (2, "", f"error: can't write `{name}`: is a special file\n")
    assert [path.name for path in here.iterdir()] == [name]


def test_init_on_a_full_disk_leaves_what_was_there(here: Path) -> None:
    disk = here / "disk"
    with mounted(disk, "20k"):
        (disk / "ecsiam.yaml").write_text("mine\n")
        (disk / "fill").write_bytes(b"x" * 8_000)
        before = tree(disk)
        fault = "error: can't write `disk/ecsiam.yaml`: no space left on device\n"
        assert run("init", "--force", "disk/ecsiam.yaml") == (2, "", fault)
        assert tree(disk) == before


KILLED = """
import os, shutil, signal, sys
from ecsiam.cli import main
home = os.getcwd()

def dying(call, number, seen):
    def one(*args, **options):
        seen.append(call)
        if len(seen) > number:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **options)
    return one

from ecsiam.config import describe
describe.config_schema(), describe.starter()
os.fsync = int
for number in range(1000):
    place = f"{home}/{number}"
    shutil.copytree(f"{home}/old", place)
    child = os.fork()
    if not child:
        os.chdir(place)
        seen = []
        for name in "replace mkdir rmdir unlink fsync".split():
            setattr(os, name, dying(getattr(os, name), number, seen))
        sys.argv = ["ecsiam", "init", "--force"]
        try:
            main()
        except SystemExit as end:
            os._exit(end.code or 0)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        break
print(number, os.WEXITSTATUS(status))
"""


def test_wherever_init_is_killed_each_file_is_old_or_new(here: Path) -> None:
    (here / "old").mkdir()
    for name in NAMES:
        (here / "old" / name).write_text("mine\n")
    done = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, check=True)
    kills, status = map(int, done.stdout.split())
    assert (kills > 8, status) == (True, 0)
    new = {name: (here / str(kills) / name).read_text() for name in NAMES}
    for number in range(kills):
        assert all((here / str(number) / name).read_text() in ("mine\n", new[name]) for name in NAMES)


# --- two runs at once ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("locks", [True, False])
def test_runs_at_once_into_one_new_directory_all_end_well_or_say_why(here: Path, locks: bool) -> None:
    """Real processes, let loose at one moment: with locks all of them end well, one after another."""
    code = (
        "import sys, time, ecsiam\nfrom ecsiam import writing\nfrom ecsiam.errors import EmitError\n"
        + ("" if locks else "writing._lock = lambda descriptor: True\n")
        + f"artifact = ecsiam.emit(ecsiam.build(ecsiam.load_config({MEMOS!r})), 'terraform')\n"
        "time.sleep(max(0, float(sys.argv[1]) - time.time()))\n"
        "try:\n    artifact.write('new/infra')\nexcept EmitError as error:\n    print(error)\n"
    )
    start = str(time.time() + 4)
    runs = [
        subprocess.Popen([sys.executable, "-c", code, start], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(6)
    ]
    told = [one.communicate(timeout=60) for one in runs]
    ends = [(out.decode(), err.decode(), one.returncode) for one, (out, err) in zip(runs, told, strict=True)]
    busy = "another run of ecsiam is writing to `new/infra`. Run this again when it has ended\n"
    assert {(err, code) for _, err, code in ends} == {("", 0)}
    if locks:
        assert {out for out, _, _ in ends} == {""}
        assert run("emit", MEMOS, "-t", "terraform", "-o", "new/infra", "--check").code == 0
        assert not (here / "new" / "infra" / STAGE).exists()
    else:
        assert all(out in ("", busy) or "cannot restore" in out or "`new/infra`" in out for out, _, _ in ends)


def test_who_waits_too_long_is_told_what_for(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "PATIENCE", 0.1)
    artifact = Artifact(target="terraform", files={"main.tf.json": "{}\n"}, document="")
    with writing.held(here / "infra", make=True):
        with pytest.raises(EmitError) as found:
            artifact.write("infra")
        (here / "infra" / "ours").write_text("")
    assert str(found.value) == "another run of ecsiam is writing to `infra`. Run this again when it has ended"
    artifact.write("infra")
    assert artifact.diff("infra") == ""


def test_a_directory_that_went_while_we_waited_is_made_anew(here: Path) -> None:
    """The run that made it failed and took it away."""
    code = (
        "import sys\nfrom ecsiam.artifact import Artifact\n"
        "print('ready', flush=True)\nsys.stdin.readline()\n"
        "Artifact(target='iam', files={'a.json': '1'}, document='').write('infra')\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdout.readline()
        with suppress(ZeroDivisionError), writing.held(here / "infra", make=True):
            process.stdin.write(b"\n")
            process.stdin.flush()
            time.sleep(0.3)
            raise ZeroDivisionError
    assert process.returncode == 0
    assert (here / "infra" / "a.json").read_text() == "1"


# --- what a manifest makes us delete -------------------------------------------------------------------------------

FOREIGN = (
    "main.py",
    "main.tf",
    "main.tf.json.py",
    "src/of/ours/main.tf.json",
    ".src/main.tf.json",
    "src/companions/index.json.py",
    "companions/123456789012/own/policy.json",
    "companions/notes.json",
    "package.json",
    "template.yaml",
    "roles/notes.txt",
    "roles/x/y.json",
    "roles/x/policies/y/z.json",
    "roles/task.json",
    ".git/config",
    "Main.tf.json.bak",
)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("force", [[], ["--force"]])
def test_a_manifest_deletes_only_what_a_target_writes(here: Path, target: str, force: list[str]) -> None:
    out = here / "infra"
    folders = {str(parent) for name in FOREIGN for parent in Path(name).parents} - {"."}
    for name in FOREIGN:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text("mine\n")
    (out / "empty" / "inner").mkdir(parents=True)
    (out / "link.json").symlink_to("../elsewhere")
    listed = [*FOREIGN, "link.json"]
    form = {"version": 1, "target": target, "source": "memos.yaml", "files": sorted(listed)}
    (out / MANIFEST).write_text(json.dumps({**form, "directories": sorted({*folders, "empty", "empty/inner"})}))
    before = {name: what for name, what in tree(out).items() if name != MANIFEST}
    assert said("emit", MEMOS, "-t", target, "-o", "infra", *force).code == 0
    after = tree(out)
    assert {name: after.get(name) for name in before} == before
    assert not {*listed} & {*json.loads((out / MANIFEST).read_text())["files"]}


@pytest.mark.parametrize("other", get_args(TargetName))
@pytest.mark.parametrize("target", get_args(TargetName))
def test_a_manifest_deletes_nothing_that_another_target_writes(
    here: Path, target: TargetName, other: TargetName
) -> None:
    """Someone's own `template.json` beside our Terraform; what was taken over from another target goes."""
    names = [*ecsiam.emit(ecsiam.build(ecsiam.load_config(EVERYTHING)), other).files]
    mine = [name for name in names if not re.fullmatch(WRITTEN, f"{target}/{name}")]
    out = here / "infra"
    for name in mine:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text("mine\n")
    out.mkdir(exist_ok=True)
    for owner, stays in ((target, True), (other, False)):
        form = {"version": 1, "target": owner, "source": "memos.yaml", "files": sorted(mine), "directories": []}
        (out / MANIFEST).write_text(json.dumps(form))
        assert said("emit", MEMOS, "-t", target, "-o", "infra", "--force").code == 0
        assert all((out / name).exists() == stays for name in mine)


@pytest.mark.parametrize("target", get_args(TargetName))
def test_what_a_target_writes_has_names_of_its_table(target: TargetName) -> None:
    config = ecsiam.load_config(EVERYTHING)
    artifact = ecsiam.emit(ecsiam.build(config), target)
    assert artifact.names == WRITTEN
    assert all(re.fullmatch(WRITTEN, f"{target}/{name}") for name in artifact.files)


def test_a_manifest_of_endless_paths_or_size_is_refused_at_once(here: Path) -> None:
    (here / "infra").mkdir()
    for files in (["a/" * 300_000 + "a.json"], [f"{i}.json" for i in range(200_000)]):
        form = {"version": 1, "target": "terraform", "source": "x", "files": files, "directories": []}
        (here / "infra" / MANIFEST).write_text(json.dumps(form))
        start = time.process_time()
        code, _, err = said("emit", MEMOS, "-t", "terraform", "-o", "infra")
        assert (code, err.startswith("error: infra/ecsiam.manifest.json: ")) == (2, True)
        assert len(err) < 1_000
        assert time.process_time() - start < 5
