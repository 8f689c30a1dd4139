"""How files reach a directory: laws over sets of paths, then every refusal, every failing call and every kill."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ecsiam.artifact import MANIFEST, Artifact
from ecsiam.errors import EmitError
from ecsiam.writing import STAGE

from .effort import many

ROOT = Path(__file__).parents[1]
Tree = dict[str, tuple[object, ...]]


def artifact(files: dict[str, str], target: str = "terraform", source: str = "web.yaml") -> Artifact:
    return Artifact(target=target, files=files, document="", source=source)


def tree(root: Path) -> Tree:
    """All there is below `root`: bytes, time and mode of files, leads of links, bare names of directories."""
    found: Tree = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            found[name] = ("link", str(path.readlink()))
        elif path.is_file():
            found[name] = ("file", path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_mode)
        else:
            found[name] = ("directory",)
    return found


def texts(root: Path) -> dict[str, str]:
    """The files below `root` other than the manifest."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes().decode()
        for path in root.rglob("*")
        if path.is_file() and path.name != MANIFEST
    }


def put(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.encode())


def faults(found: pytest.ExceptionInfo[EmitError]) -> list[str]:
    return str(found.value).splitlines()


OLD = {"main.tf.json": "{}\n", "roles/task.json": "old\n", "roles/gone.json": "gone\n", "lost/x/y.json": "y\n"}
NEW = {"main.tf.json": "{}\n", "roles/task.json": "new\n", "added/here.json": "here\n", "added/deep/er.json": "er\n"}
THEIRS = {"notes.txt": "mine\n", "roles/own.json": "mine\n", "roles/task.json.ecsiam-old": "mine\n"}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A directory that an earlier run wrote, with files of the user's in between."""
    root = tmp_path / "out"
    artifact(OLD).write(root)
    put(root, THEIRS)
    return root


@pytest.fixture(scope="module", autouse=True)
def _no_waiting_for_the_disk() -> Generator[None]:
    """Only a power cut could tell, and none is tried here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", int)  # a function of a number that does nothing
        yield


# --- the value ---------------------------------------------------------------------------------------------------


def test_an_artifact_is_a_hashable_value_and_its_files_are_read_only() -> None:
    files = {"b": "2", "a": "1"}
    one, two = artifact(files), artifact({"a": "1", "b": "2"})
    files["c"] = "3"
    assert one == two
    assert hash(one) == hash(two)
    assert list(one.files.items()) == [("a", "1"), ("b", "2")]
    with pytest.raises(TypeError):
        one.files["a"] = "changed"  # type: ignore[index] # pyright: ignore[reportIndexIssue]


def test_its_text_is_the_document() -> None:
    assert str(Artifact(target="iam", files={}, document="{}\n")) == "{}\n"


# --- laws --------------------------------------------------------------------------------------------------------

LAW = settings(deadline=None, max_examples=many(50))  # a disk may be slow
PART = st.sampled_from(["a", "b", "c", "roles", "é", "x.json"])
NAME = st.lists(PART, min_size=1, max_size=3).map("/".join)
TEXT = st.text(st.sampled_from("ab\n é\r"), max_size=6)


def apart(files: dict[str, str]) -> bool:
    """No path of a file is also one of a directory."""
    return not any(one != two and two.startswith(f"{one}/") for one in files for two in files)


FILES = st.dictionaries(NAME, TEXT, max_size=6).filter(apart)


@contextmanager
def somewhere() -> Generator[Path]:
    with TemporaryDirectory() as name:
        yield Path(name)


@LAW
@given(FILES)
def test_what_was_written_has_no_diff_and_is_there_to_the_byte(files: dict[str, str]) -> None:
    with somewhere() as root:
        artifact(files).write(root)
        assert artifact(files).diff(root) == ""
        assert {name: (root / name).read_bytes().decode() for name in files} == files


@LAW
@given(FILES)
def test_writing_twice_is_writing_once(files: dict[str, str]) -> None:
    with somewhere() as root:
        artifact(files).write(root)
        once = tree(root)
        artifact(files).write(root)
        assert tree(root) == once


@LAW
@given(FILES, FILES)
def test_there_is_no_diff_if_and_only_if_writing_changes_nothing(old: dict[str, str], new: dict[str, str]) -> None:
    assume(apart(old | new))
    with somewhere() as root:
        artifact(old).write(root)
        before, diff = tree(root), artifact(new).diff(root)
        assert tree(root) == before
        artifact(new).write(root)
        assert (tree(root) == before) is (diff == "")


@LAW
@given(FILES, FILES)
@example(OLD, NEW)
def test_an_earlier_run_leaves_no_trace(old: dict[str, str], new: dict[str, str]) -> None:
    assume(apart(old | new))
    with somewhere() as one, somewhere() as two:
        artifact(old).write(one)
        artifact(new).write(one)
        artifact(new).write(two)
        assert texts(one) == texts(two)
        assert tree(one).keys() == tree(two).keys()
        assert (one / MANIFEST).read_bytes() == (two / MANIFEST).read_bytes()


@LAW
@given(FILES, FILES, FILES, st.booleans())
def test_a_file_of_the_users_is_never_touched(
    theirs: dict[str, str], old: dict[str, str], new: dict[str, str], late: bool
) -> None:
    """Whether it was there before the first run or came between the two: a write refuses, or leaves it alone."""
    assume(apart(theirs | old | new))
    assume(not late or not theirs.keys() & old.keys())
    with somewhere() as root:
        if not late:
            put(root, theirs)
        before = tree(root)
        if not late and theirs.keys() & old.keys():
            with pytest.raises(EmitError):
                artifact(old).write(root)
            assert tree(root) == before
            return
        artifact(old).write(root)
        put(root, theirs if late else {})
        before = tree(root)
        if clash := sorted(theirs.keys() & new.keys()):
            with pytest.raises(EmitError) as refused:
                artifact(new).write(root)
            remedy = "Move it away, or replace it with `force=True`"
            assert faults(refused) == [f"`{root / name}` was not written by ecsiam. {remedy}" for name in clash]
            assert tree(root) == before
        else:
            artifact(new).write(root)
            assert texts(root) == theirs | new
            assert all(tree(root)[name] == before[name] for name in theirs)


@LAW
@given(FILES, FILES, FILES)
def test_force_replaces_what_is_in_the_way_and_nothing_else(
    theirs: dict[str, str], old: dict[str, str], new: dict[str, str]
) -> None:
    assume(apart(theirs | old | new))
    with somewhere() as root:
        put(root, theirs)
        artifact(old, "iam", "api.yaml").write(root, force=True)
        artifact(new).write(root, force=True)
        kept = {name: text for name, text in theirs.items() if name not in old}
        assert texts(root) == kept | new
        assert artifact(new).diff(root) == ""


@LAW
@given(FILES, FILES, FILES)
def test_no_directory_of_the_users_is_removed(theirs: dict[str, str], old: dict[str, str], new: dict[str, str]) -> None:
    assume(apart(theirs | old | new))
    with somewhere() as root:
        folders = [(root / name).parent for name in theirs]
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        artifact(old).write(root)
        artifact(new).write(root)
        assert all(folder.is_dir() for folder in folders)


def test_only_what_changed_is_rewritten(out: Path) -> None:
    before = tree(out)
    artifact(NEW).write(out)
    after = tree(out)
    assert after.keys() - before.keys() == {"added", "added/here.json", "added/deep", "added/deep/er.json"}
    assert before.keys() - after.keys() == {"roles/gone.json", "lost", "lost/x", "lost/x/y.json"}
    changed = {name for name in after.keys() & before.keys() if after[name] != before[name]}
    assert changed == {"roles/task.json", MANIFEST}


def test_a_file_changed_by_hand_is_put_right_and_the_manifest_left_alone(out: Path) -> None:
    before = tree(out)
    (out / "main.tf.json").write_text("by hand")
    artifact(OLD).write(out)
    assert texts(out) == OLD | THEIRS
    assert tree(out)[MANIFEST] == before[MANIFEST]


def test_the_directory_is_made_with_its_parents_and_the_mode_is_the_default(tmp_path: Path) -> None:
    root = tmp_path / "not" / "yet"
    mask = os.umask(0o027)
    try:
        artifact(OLD).write(str(root))
    finally:
        os.umask(mask)
    assert {path.stat().st_mode & 0o777 for path in root.rglob("*") if path.is_file()} == {0o640}


def test_the_manifest_says_what_it_is_for(out: Path) -> None:
    assert json.loads((out / MANIFEST).read_text()) == {
        "//": "Generated by ecsiam: what it wrote here, so that its next run replaces and removes only that. Keep it.",
        "version": 1,
        "target": "terraform",
        "source": "web.yaml",
        "files": ["lost/x/y.json", "main.tf.json", "roles/gone.json", "roles/task.json"],
        "directories": ["lost", "lost/x", "roles"],
    }


# --- diff --------------------------------------------------------------------------------------------------------


def test_a_diff_shows_changed_missing_and_obsolete_files(out: Path) -> None:
    before = tree(out)
    assert artifact({**OLD, "roles/task.json": "new\n"}).diff(out).splitlines() == [
        "--- roles/task.json",
        "+++ roles/task.json",
        "@@ -1 +1 @@",
        "-old",
        "+new",
    ]
    shown = artifact(NEW).diff(out)
    assert "--- /dev/null\n+++ added/here.json\n@@ -0,0 +1 @@\n+here" in shown
    assert "--- roles/gone.json\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone" in shown
    assert f"--- {MANIFEST}\n+++ {MANIFEST}" in shown
    assert tree(out) == before


@pytest.mark.parametrize(
    ("there", "wanted", "shown"),
    [
        ("", "a\n", ["@@ -0,0 +1 @@", "+a"]),
        ("a", "a\n", ["@@ -1,2 +1 @@", " a", "-\\ No newline at end of file"]),
        ("a\r\n", "a\n", ["@@ -1 +1 @@", "-a\r", "+a"]),
    ],
)
def test_a_diff_shows_every_difference(tmp_path: Path, there: str, wanted: str, shown: list[str]) -> None:
    artifact({"a": wanted}).write(tmp_path)
    (tmp_path / "a").write_bytes(there.encode())
    assert artifact({"a": wanted}).diff(tmp_path).split("\n") == ["--- a", "+++ a", *shown]


def test_a_missing_empty_file_is_a_difference(tmp_path: Path) -> None:
    artifact({"a": ""}).write(tmp_path)
    (tmp_path / "a").unlink()
    assert artifact({"a": ""}).diff(tmp_path) == "--- /dev/null\n+++ a"


def test_a_long_diff_is_cut(tmp_path: Path) -> None:
    artifact({"a": ""}).write(tmp_path)
    shown = artifact({"a": "line\n" * 100}).diff(tmp_path).split("\n")
    assert len(shown) == 61
    assert shown[-1] == "... 43 more lines"


def test_a_diff_against_nothing_makes_nothing(tmp_path: Path) -> None:
    assert "+++ main.tf.json" in artifact(OLD).diff(tmp_path / "none")
    assert tree(tmp_path) == {}


def test_a_diff_does_not_look_behind_a_link(tmp_path: Path) -> None:
    root = tmp_path / "out"
    (tmp_path / "secret").write_text("hunter2")
    artifact({"a": "1\n", "b": "2\n"}).write(root)
    for name in ("a", "b"):
        (root / name).unlink()
        (root / name).symlink_to("../secret")
    shown = artifact({"a": "1\n"}).diff(root)
    assert "hunter2" not in shown
    assert shown.count("symbolic link to ../secret") == 2
    artifact({"a": "1\n"}).write(root)
    assert texts(root) == {"a": "1\n"}
    assert (tmp_path / "secret").read_text() == "hunter2"


def test_the_api_that_knows_no_config_file_agrees_with_the_run_that_did(out: Path) -> None:
    assert artifact(OLD, source="").diff(out) == ""


# --- refusals ----------------------------------------------------------------------------------------------------


def refused(root: Path, files: dict[str, str], target: str = "terraform", source: str = "web.yaml") -> list[str]:
    """What a write says that refuses; and it changes nothing."""
    before = tree(root)
    with pytest.raises(EmitError) as found:
        artifact(files, target, source).write(root)
    assert tree(root) == before
    return faults(found)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/",
        "/etc/passwd",
        "../x",
        "a/../x",
        "a/..",
        "./a",
        "a/./b",
        "a//b",
        "a/",
        "a\0b",
        "a\nb",
        "\x1b[2J",
        "\udc80",
        MANIFEST,
        "Ecsiam.Manifest.json",
        STAGE,
        f"{STAGE}/x",
    ],
)
def test_a_path_that_could_lead_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    shown = name if name.isprintable() else name.encode("unicode_escape").decode()
    for act in (artifact({name: "", "fine": ""}).write, artifact({name: "", "fine": ""}).diff):
        with pytest.raises(EmitError) as found:
            act(tmp_path)
        assert faults(found) == [f"`{shown}` is not a path below the directory"]
    assert tree(tmp_path) == {}


def test_a_file_below_a_file_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, {"a": "", "a/b": ""}) == ["`a` is both a file and a directory"]


def test_all_files_of_the_users_in_the_way_are_named(tmp_path: Path) -> None:
    put(tmp_path, {"a": "1", "roles/b": "2"})
    (tmp_path / "c").symlink_to("nowhere")
    assert refused(tmp_path, {"a": "1", "roles/b": "", "c": "", "d": ""}) == [
        f"`{tmp_path}/{name}` was not written by ecsiam. Move it away, or replace it with `force=True`"
        for name in ("a", "c", "roles/b")
    ]
    artifact({"c": "mine"}).write(tmp_path, force=True)
    assert not (tmp_path / "c").is_symlink()
    assert not (tmp_path / "nowhere").exists()


def test_another_target_and_another_config_are_refused_unless_forced(out: Path) -> None:
    remedy = "Choose another directory, or take this one over with `force=True`"
    target = f"`{out}` belongs to target `terraform`, not `iam`. {remedy}"
    source = f"`{out}` belongs to config `web.yaml`, not `api.yaml`. {remedy}"
    assert refused(out, OLD, target="iam") == [target]
    assert refused(out, OLD, source="api.yaml") == [source]
    assert refused(out, {"notes.txt": ""}, target="iam", source="api.yaml") == [
        target,
        source,
        f"`{out}/notes.txt` was not written by ecsiam. Move it away, or replace it with `force=True`",
    ]
    artifact(NEW, "iam", "api.yaml").write(out, force=True)
    assert texts(out) == NEW | THEIRS


@pytest.mark.parametrize("force", [False, True])
def test_what_cannot_be_replaced_is_refused_even_with_force(out: Path, tmp_path: Path, force: bool) -> None:
    (out / "main.tf.json").unlink()
    (out / "main.tf.json").mkdir()
    os.mkfifo(out / "pipe")
    (out / "link").symlink_to(tmp_path)
    before = tree(out)
    with pytest.raises(EmitError) as found:
        artifact({"main.tf.json": "", "pipe": "", "link/x": "", "notes.txt/x": ""}).write(out, force=force)
    assert faults(found) == [
        f"`{out}/{name}` is in the way: it is a {kind}. Move it away"
        for name, kind in [
            ("link", "symbolic link"),
            ("main.tf.json", "directory"),
            ("notes.txt", "file"),
            ("pipe", "special file"),
        ]
    ]
    assert tree(out) == before


@pytest.mark.parametrize("force", [False, True])
def test_a_file_or_a_dead_link_is_no_directory_to_write_to(tmp_path: Path, force: bool) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("file", "link"):
        with pytest.raises(EmitError) as found:
            artifact(OLD).write(tmp_path / name, force=force)
        assert faults(found) == [f"`{tmp_path / name}` is not a directory"]
    with pytest.raises(EmitError) as found:
        artifact(OLD).write(tmp_path / "file" / "below", force=force)
    assert faults(found) == [f"cannot write to `{tmp_path}/file/below`: not a directory. Nothing was changed"]


def test_a_link_to_the_output_directory_is_followed(out: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("out")
    artifact(NEW).write(tmp_path / "link")
    assert artifact(NEW).diff(out) == ""


def test_an_obsolete_file_that_became_a_directory_is_the_users(out: Path) -> None:
    (out / "roles/gone.json").unlink()
    put(out, {"roles/gone.json/kept": "mine"})
    artifact(NEW).write(out)
    assert texts(out) == NEW | THEIRS | {"roles/gone.json/kept": "mine"}


def test_a_file_where_ecsiam_had_a_directory_is_the_users(out: Path) -> None:
    shutil.rmtree(out / "lost")
    put(out, {"lost": "mine"})
    assert refused(out, {"lost": ""}) == [
        f"`{out}/lost` was not written by ecsiam. Move it away, or replace it with `force=True`"
    ]


def test_a_folder_that_only_has_the_stages_name_is_the_users(out: Path) -> None:
    put(out, {f"{STAGE}/notes.txt": "mine"})
    assert refused(out, NEW) == [f"`{out / STAGE}` is in the way: it is a directory. Move it away"]


# --- manifests that are damaged or hostile -------------------------------------------------------------------------

FORM: dict[str, object] = {"version": 1, "target": "terraform", "source": "web.yaml", "files": [], "directories": []}


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "null", '"files"', "<<<<<<< HEAD\n{}", "[" * 100_000, "\0", '{"files": [']
    + [
        json.dumps({**FORM, **change})
        for change in (
            {"version": 2},
            {"version": None},
            {"extra": 1},
            {"target": 1},
            {"target": None},
            {"source": ["web.yaml"]},
            {"files": "main.tf.json"},
            {"files": {"main.tf.json": ""}},
            {"files": [1]},
            {"files": [1, "a"]},
            {"files": [["a"]]},
            {"files": ["a", "a"]},
            {"directories": None},
        )
    ],
)
@pytest.mark.parametrize("force", [False, True])
def test_a_damaged_manifest_is_refused_and_nothing_deleted(out: Path, text: str, force: bool) -> None:
    (out / MANIFEST).write_text(text)
    before = tree(out)
    for act in (lambda: artifact(NEW).write(out, force=force), lambda: artifact(NEW).diff(out)):
        with pytest.raises(EmitError) as found:
            act()
        assert faults(found) == [
            f"{out / MANIFEST}: this is no manifest that this version of ecsiam knows, or it is damaged. "
            "Restore it from version control, or remove it and write with `force=True`"
        ]
    assert tree(out) == before


@pytest.mark.parametrize("kind", ["directory", "pipe", "link"])
def test_a_manifest_is_a_plain_file(tmp_path: Path, kind: str) -> None:
    root = tmp_path / "out"
    root.mkdir()
    (tmp_path / "elsewhere").write_text(json.dumps(FORM))
    make: dict[str, Callable[[Path], None]] = {
        "directory": Path.mkdir,
        "pipe": os.mkfifo,
        "link": lambda path: path.symlink_to(tmp_path / "elsewhere"),
    }
    make[kind](root / MANIFEST)
    assert "this is no manifest" in refused(root, NEW)[0]


@pytest.mark.parametrize("field", ["files", "directories"])
@pytest.mark.parametrize("force", [False, True])
def test_a_manifest_that_lists_paths_outside_is_refused(tmp_path: Path, field: str, force: bool) -> None:
    root = tmp_path / "out"
    root.mkdir()
    put(tmp_path, {"victim": "mine"})
    (tmp_path / "victims").mkdir()
    paths = sorted(["../victim", "../victims", str(tmp_path / "victim"), "a/../../victim", "\x1b[2J", MANIFEST, ""])
    (root / MANIFEST).write_text(json.dumps({**FORM, field: paths}))
    before = tree(tmp_path)
    for act in (lambda: artifact(NEW).write(root, force=force), lambda: artifact(NEW).diff(root)):
        with pytest.raises(EmitError) as found:
            act()
        shown = [path.replace("\x1b", "\\x1b") for path in paths]
        assert faults(found) == [f"{root / MANIFEST}: lists `{p}`, not a path below the directory" for p in shown]
    assert tree(tmp_path) == before


@pytest.mark.parametrize("form", [{"files": ["link/victim"]}, {"directories": ["link/victims"]}])
@pytest.mark.parametrize("force", [False, True])
def test_nothing_is_removed_or_read_through_a_link(tmp_path: Path, form: dict[str, object], force: bool) -> None:
    root = tmp_path / "out"
    root.mkdir()
    put(tmp_path, {"victim": "mine"})
    (tmp_path / "victims").mkdir()
    (root / "link").symlink_to("..")
    (root / MANIFEST).write_text(json.dumps({**FORM, **form}))
    before = tree(tmp_path)
    for act in (lambda: artifact(NEW).write(root, force=force), lambda: artifact(NEW).diff(root)):
        with pytest.raises(EmitError) as found:
            act()
        assert faults(found) == [f"`{root}/link` is in the way: it is a symbolic link. Move it away"]
    assert tree(tmp_path) == before


def test_a_listed_directory_that_is_a_link_or_not_empty_stays(tmp_path: Path) -> None:
    root = tmp_path / "out"
    put(tmp_path, {"out/full/x": "mine"})
    (tmp_path / "victims").mkdir()
    (root / "link").symlink_to("../victims")
    (root / MANIFEST).write_text(json.dumps({**FORM, "directories": ["full", "link"]}))
    artifact({}).write(root)
    assert tree(tmp_path).keys() == {"out", "out/full", "out/full/x", f"out/{MANIFEST}", "out/link", "victims"}


def test_a_manifest_with_another_note_or_layout_is_still_one(out: Path) -> None:
    form = json.loads((out / MANIFEST).read_text())
    (out / MANIFEST).write_text(json.dumps({**form, "//": "an earlier wording"}))
    artifact(NEW).write(out)
    assert artifact(NEW).diff(out) == ""


# --- any call fails ------------------------------------------------------------------------------------------------

CALLS = ["mkdir", "rmdir", "replace", "unlink", "fsync", "open", "utime"]


def failing(patch: pytest.MonkeyPatch, number: int, error: Callable[[], BaseException], after: bool) -> list[str]:
    """Let the call of that number to the system fail, just before or just after it is done; list the calls."""
    calls: list[str] = []

    def wrapped(name: str) -> Callable[..., object]:
        call = getattr(os, name)

        def one(*args: object, **options: object) -> object:
            calls.append(name)
            if len(calls) - 1 != number:
                return call(*args, **options)
            if after:
                call(*args, **options)
            raise error()

        return one

    for name in CALLS:
        patch.setattr(os, name, wrapped(name))
    return calls


def full() -> OSError:
    return OSError(28, "No space left on device")


@pytest.mark.parametrize("existing", [True, False])
@pytest.mark.parametrize(
    ("error", "after"),
    [(full, False), (KeyboardInterrupt, False), (KeyboardInterrupt, True)],
    ids=["full", "^C", "^C2"],
)
def test_whichever_call_fails_all_is_as_before(
    out: Path, existing: bool, error: Callable[[], BaseException], after: bool
) -> None:
    """Or all is new, where the failure came only in the tidying after, or in what a file system need not do."""
    root = out if existing else out.with_name("none")
    home = out.parent
    pristine = home.with_name(home.name + "-pristine")
    shutil.copytree(home, pristine, symlinks=True)
    undone = 0
    for number in range(1000):
        shutil.rmtree(home)
        shutil.copytree(pristine, home, symlinks=True)
        before, message = tree(home), ""
        with pytest.MonkeyPatch.context() as patch:
            calls = failing(patch, number, error, after)
            try:
                artifact(NEW).write(root)
            except EmitError as refusal:
                message = str(refusal)
            except KeyboardInterrupt:
                message = "^C"
        if number >= len(calls):
            break
        left = {name: what for name, what in tree(home).items() if STAGE not in Path(name).parts}
        if left == before:
            undone += 1
            assert message == "^C" or left == tree(home)
            assert message in ("^C", f"cannot write to `{root}`: no space left on device. Nothing was changed")
        else:
            assert message in ("", "^C")
            assert artifact(NEW).diff(root) == ""
        artifact(NEW).write(root)
        assert artifact(NEW).diff(root) == ""
        assert texts(root) == (NEW | THEIRS if existing else NEW)
        assert not (root / STAGE).exists()
    assert undone > 20


def test_all_is_on_the_disk_before_anything_is_replaced(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = failing(monkeypatch, -1, KeyboardInterrupt, False)
    artifact(NEW).write(out)
    first = calls.index("replace")
    stored = len([name for name in NEW if name != "main.tf.json"]) + 2  # the manifest of the meantime, and the last
    assert calls[:first].count("fsync") == stored
    assert calls[first + 1 : first + 3] == ["open", "fsync"]
    assert calls.count("replace") == stored


def test_what_can_neither_be_done_nor_undone_is_told(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, count = os.replace, 0

    def replace(*args: str) -> None:
        nonlocal count
        count += 1
        if count > 3:
            raise OSError(5, "Input/output error")
        real(*args)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(EmitError) as found:
        artifact(NEW).write(out)
    assert faults(found) == [
        f"cannot restore `{out}`: input/output error. What was there is in `{out / STAGE}/old` until the next run"
    ]
    assert (out / STAGE / "old" / "roles" / "task.json").read_text() == "old\n"
    monkeypatch.undo()
    artifact(NEW).write(out)
    assert texts(out) == NEW | THEIRS


def run(code: str, *args: object, cwd: Path | None = None) -> str:
    """Run `code` in a Python of its own; it finds the package, the artifacts and its arguments in place."""
    prelude = (
        "import os, resource, signal, sys\n"
        "os.fsync = int\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from ecsiam.artifact import Artifact\n"
        "from ecsiam.errors import EmitError\n"
        f"new = Artifact(target='terraform', files={NEW!r}, document='', source='web.yaml')\n"
        f"big = Artifact(target='terraform', files={NEW | {'added/big.json': 'x' * 100_000}!r}, document='')\n"
    )
    command = [sys.executable, "-c", prelude + code, *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@contextmanager
def mounted(place: Path, size: str) -> Generator[None]:
    """A small file system at `place`, where the kernel lets us; else skip."""
    place.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if (
        not shutil.which("mount")
        or sys.platform != "linux"
        or subprocess.run(mount, capture_output=True, check=False).returncode
    ):
        pytest.skip("may not mount a tmpfs")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_disk_that_is_really_full_leaves_all_as_before(tmp_path: Path) -> None:
    root = tmp_path / "disk" / "out"
    with mounted(root.parent, "80k"):
        artifact(OLD).write(root)
        put(root, THEIRS)
        before = tree(root)
        with pytest.raises(EmitError) as found:
            artifact({**NEW, "big.json": "x" * 100_000}).write(root)
        assert faults(found) == [f"cannot write to `{root}`: no space left on device. Nothing was changed"]
        assert tree(root) == before


def test_a_disk_that_is_really_read_only_leaves_all_as_before_and_serves_a_diff(tmp_path: Path) -> None:
    root = tmp_path / "disk" / "out"
    with mounted(root.parent, "80k"):
        artifact(OLD).write(root)
        before = tree(root)
        subprocess.run(["mount", "-o", "remount,ro", str(root.parent)], check=True)
        artifact(OLD).write(root)
        assert "-old\n+new" in artifact(NEW).diff(root)
        for place in (root, root.parent / "another"):
            with pytest.raises(EmitError) as found:
                artifact(NEW).write(place)
            assert faults(found) == [f"cannot write to `{place}`: read-only file system. Nothing was changed"]
        assert tree(root) == before


def test_a_limit_on_the_size_of_files_leaves_all_as_before(out: Path) -> None:
    before = tree(out)
    code = (
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "try:\n    big.write(sys.argv[1])\nexcept EmitError as error:\n    print(error)\n"
    )
    assert run(code, out) == f"cannot write to `{out}`: file too large. Nothing was changed\n"
    assert tree(out) == before


def test_a_directory_of_someone_elses_is_left_as_before(out: Path) -> None:
    before = tree(out)
    out.chmod(0o555)
    code = (
        "if os.getuid() == 0:\n    os.setgroups([])\n    os.setgid(65534)\n    os.setuid(65534)\n"
        "try:\n    new.write('out')\nexcept EmitError as error:\n    print(error)\n"
    )
    try:
        said = run(code, cwd=out.parent)  # the path to here may be closed to others; from here on it is not
    finally:
        out.chmod(0o755)
    assert said == "cannot write to `out`: permission denied. Nothing was changed\n"
    assert tree(out) == before


# --- kill -9 -------------------------------------------------------------------------------------------------------

KILLED = """
import shutil
home, calls = sys.argv[1], sys.argv[2].split()

def dying(call, number, seen):
    def one(*args, **options):
        seen.append(call)
        if len(seen) > number:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **options)
    return one

for number in range(1000):
    place = f"{home}/{number}"
    shutil.copytree(f"{home}/out", place)
    child = os.fork()
    if not child:
        seen = []
        for name in calls:
            setattr(os, name, dying(getattr(os, name), number, seen))
        new.write(place)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        break
print(number, os.WEXITSTATUS(status))
"""


def test_wherever_a_run_is_killed_each_file_is_old_or_new_and_the_next_run_mends_it(out: Path) -> None:
    """Killed just before `os.replace`, and every other call that changes what is where: hence after the last, too."""
    kills, status = map(int, run(KILLED, out.parent, "replace mkdir rmdir unlink fsync").split())
    assert status == 0
    assert kills > 30
    artifact(NEW).write(ended := shutil.copytree(out, out.with_name("ended")))
    ends = [tree(out).keys(), tree(ended).keys()]
    versions = {name: {OLD.get(name), NEW.get(name)} for name in OLD | NEW}
    states: set[tuple[str | None, ...]] = set()
    for root in [path for path in out.parent.iterdir() if path not in (out, ended)]:
        left = {name: text for name, text in texts(root).items() if not name.startswith(STAGE)}
        assert {name: left[name] for name in THEIRS} == THEIRS
        assert left.keys() <= {*versions, *THEIRS}
        assert all(left.get(name) in allowed for name, allowed in versions.items())
        states.add(tuple(left.get(name) for name in versions))
        listed = json.loads((root / MANIFEST).read_text())["files"]
        assert {*left} - {*THEIRS} <= {*listed}
        back = out.with_name(f"{root.name}-back")
        shutil.copytree(root, back)
        for place, goal in ((root, NEW), (back, OLD)):  # the next run may as well want the old again
            artifact(goal).write(place)
            assert artifact(goal).diff(place) == ""
            assert texts(place) == goal | THEIRS
            assert tree(place).keys() == ends[place == root]
    assert len(states) == 6  # old, one more for each of the five changes
