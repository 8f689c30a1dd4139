"""Which files are read: sorted, within the root and the bounds, and the rest is said."""

import errno
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

import ecsiam
from ecsiam.errors import ReadError
from ecsiam.readers import walk
from ecsiam.readers.walk import files

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}


def make(at: Path, *names: str) -> None:
    for name in names:
        (at / name).parent.mkdir(parents=True, exist_ok=True)
        (at / name).write_text(json.dumps(TRUST), encoding="utf-8")


def names(path: Path, within: Path | None = None) -> list[str]:
    return [Path(file.name).relative_to(path).as_posix() for file in files(path, within or path)]


def test_a_directory_is_walked_in_order(tmp_path: Path) -> None:
    kept = ("b.json", "z.yml", "A/x.yaml", "a/x.template", ".github/workflows/deploy.yml", ".aws/task-definition.json")
    make(tmp_path, *kept, "a/readme.md", "main.tf")
    make(tmp_path, *(f"{directory}/x.json" for directory in walk.SKIPPED), "a/node_modules/y/x.json")
    found = names(tmp_path)
    assert sorted(found) == sorted(kept)
    assert found == names(tmp_path)
    assert found[:2] == ["b.json", "z.yml"]


def test_a_file_that_is_named_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    make(tmp_path, "trust.txt")
    assert list(ecsiam.read(tmp_path / "trust.txt").roles) == [f"{tmp_path / 'trust.txt'}:trust"]


def test_no_link_is_followed_out_of_the_root(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    make(root, "in.json")
    make(outside, "out.json")
    (root / "file.json").symlink_to(outside / "out.json")
    (root / "directory").symlink_to(outside)
    (root / "inner.json").symlink_to(root / "in.json")
    (root / "circle.json").symlink_to(root / "circle.json")
    (root / "nowhere.json").symlink_to(root / "missing.json")
    assert names(root) == ["in.json", "inner.json"]
    with pytest.raises(ReadError, match="outside of"):
        list(files(root / "file.json", root))
    with pytest.raises(ReadError, match="outside of"):
        list(files(root / "directory", root))
    with pytest.raises(ReadError, match="outside of"):
        ecsiam.read(outside, root=root)


def test_what_is_neither_a_file_nor_a_directory_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    make(tmp_path, "in.json")
    assert names(tmp_path) == ["in.json"]
    with pytest.raises(ReadError, match=r"pipe.json: neither a file nor a directory"):
        list(files(tmp_path / "pipe.json", tmp_path))
    with pytest.raises(ReadError, match="there is no"):
        ecsiam.read(tmp_path / "missing")


def test_what_may_not_be_read_is_said_and_the_rest_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a/x.json", "b.json", "c.json")
    scan: Any = os.scandir
    opened: Any = Path.open

    def scandir(path: str) -> object:  # root may read everything, so permissions would show nothing
        if path.endswith("/a"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scan(path)

    def open_(path: Path, *args: str) -> object:
        if path.name == "b.json":
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(path, *args)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(Path, "open", open_)
    found = ecsiam.read(tmp_path)
    assert [gap.why for gap in found.gaps] == ["the file can't be read: permission denied"] * 2
    assert len(found.roles) == 1


def test_sizes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a.json", "b.json", "c.json")
    size = (tmp_path / "a.json").stat().st_size
    (tmp_path / "large.json").write_bytes(b" " * 2**20 + b"{}")
    monkeypatch.setattr(walk, "LARGEST", 2**20)
    with pytest.raises(ReadError, match=r"large.json: larger than 1 MiB"):
        names(tmp_path)
    monkeypatch.setattr(walk, "LARGEST_OF_ALL", 2 * size)
    (tmp_path / "large.json").unlink()
    given: list[str] = []
    with pytest.raises(ReadError, match=r"c.json: with it there are more than"):
        given += (file.name for file in files(tmp_path, tmp_path))
    monkeypatch.setattr(walk, "MOST_FILES", 2)
    with pytest.raises(ReadError, match="more than 2 files"):
        names(tmp_path)


def test_files_are_given_out_one_at_a_time(tmp_path: Path) -> None:
    make(tmp_path, "a.json", "b.json")
    given = files(tmp_path, tmp_path)
    next(given)
    (tmp_path / "b.json").write_text("{}", encoding="utf-8")
    assert next(given).content == b"{}"


def test_hundreds_of_files_take_no_time(tmp_path: Path) -> None:
    """Only what may hold something is parsed: the rest is told by its bytes."""
    chart = "apiVersion: v1\nkind: ConfigMap\ndata:\n" + "".join(
        f"  key{i}: value {{{{ .Values.x }}}}\n" for i in range(500)
    )
    package = json.dumps({"name": "x", "dependencies": {f"package{i}": f"^{i}.0.0" for i in range(2000)}})
    for i in range(250):
        (tmp_path / f"{i}.yaml").write_text(chart, encoding="utf-8")
        (tmp_path / f"{i}.json").write_text(package, encoding="utf-8")
    make(tmp_path, "trust.json")
    began = time.process_time()
    found = ecsiam.read(tmp_path)
    assert time.process_time() - began < 3
    assert list(found.roles) == [f"{tmp_path}:trust"]
    assert found.gaps == ()
