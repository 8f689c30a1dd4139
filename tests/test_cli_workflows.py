"""`trust --workflow`, as people call it."""

import json
from pathlib import Path

import pytest

from .command_line import said

ROOT = Path(__file__).resolve().parent / "findings" / "roots" / "workflow"
EVERYTHING = str(Path(__file__).resolve().parents[1] / "examples" / "everything.yaml")
FLOW = ".github/workflows/deploy.yml"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / FLOW).parent.mkdir(parents=True)
    (tmp_path / FLOW).write_text((ROOT / FLOW).read_text())
    (tmp_path / "main.tf").write_text((ROOT / "main.tf").read_text())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def change(here: Path, file: str, old: str, new: str) -> None:
    text = (here / file).read_text()
    assert old in text
    (here / file).write_text(text.replace(old, new))


@pytest.mark.parametrize("path", [".", ".#shop-deploy"])
def test_each_subject_of_each_job_is_said(here: Path, path: str) -> None:
    code, out, err = said("trust", path, "--workflow", FLOW)
    assert (code, err) == (0, "")
    first, second, by, assumed, *_ = out.splitlines()
    assert first == f"{FLOW}:25: job `deploy` assumes `arn:aws:iam::123456789012:role/shop-deploy`"
    assert second == (
        "  accepted   shop-deploy  a push to `main`, in the environment `production`: "
        "`repo:acme/shop:environment:production`"
    )
    assert by.strip().startswith("by statement 0")
    assert assumed.strip() == "if the repository is `acme/shop`, and it sends its name, and not its ids"


@pytest.mark.parametrize(
    ("file", "old", "new", "code", "says"),
    [
        (FLOW, "environment: production", "environment: other", 1, "`sub` is `repo:acme/shop:environment:other`"),
        (FLOW, "id-token: write", "id-token: read", 1, "may not ask for a token"),
        (FLOW, "environment: production", "environment: ${{ vars.E }}", 3, "it hangs on `sub`, which is"),
        (FLOW, "role/shop-deploy", "role/elsewhere", 3, "no role here that takes tokens is surely that one"),
        (FLOW, "arn:aws:iam::123456789012:role/shop-deploy", "${{ secrets.ROLE }}", 0, "assumes `{secrets.ROLE}`"),
        (
            "main.tf",
            "environment:production",
            "ref:refs/heads/main",
            1,
            "expected `repo:acme/shop:ref:refs/heads/main`",
        ),
        ("main.tf", "environment:production", "environment:production:actor:x", 3, "template"),
    ],
)
def test_the_exit_says_whether_each_job_gets_in(
    here: Path, file: str, old: str, new: str, code: int, says: str
) -> None:
    change(here, file, old, new)
    found, out, _ = said("trust", ".", "--workflow", FLOW)
    assert (found, says in out) == (code, True), out


def test_some_runs_get_in(here: Path) -> None:
    change(here, "main.tf", "environment:production", "ref:refs/heads/main")
    change(here, FLOW, "    environment: production\n", "")
    code, out, _ = said("trust", ".", "--workflow", FLOW)
    assert code == 0
    assert "  accepted   shop-deploy  a push to `main`" in out
    assert "  partly     shop-deploy  a start by hand" in out


def test_the_repository_may_be_named(here: Path) -> None:
    assert said("trust", ".", "--workflow", FLOW, "--repository", "acme/shop")[0] == 0
    assert said("trust", ".", "--workflow", FLOW, "--repository", "acme/other")[0] == 1
    assert said("check", ".", "--root", ".", "--repository", "acme/shop")[0] == 0
    code, out, _ = said("check", ".", "--root", ".", "--repository", "acme/other")
    assert (code, "[token-refused]" in out) == (1, True)
    for wrong in ("acme", "a/b/c", "", "acme/"):
        assert said("trust", ".", "--workflow", FLOW, "--repository", wrong)[0] == 2


def test_as_json(here: Path) -> None:
    code, out, _ = said("trust", ".", "--workflow", FLOW, "--format", "json")
    (login,) = json.loads(out)["logins"]
    assert (code, login["job"], login["line"], login["outcome"]) == (0, "deploy", 25, "accepted")
    assert [one["outcome"] for one in login["roles"]["shop-deploy"]] == ["accepted", "accepted"]


def test_a_config_takes_a_workflow(here: Path) -> None:
    change(here, FLOW, "role/shop-deploy", "role/memos-prod-github-actions-role")
    assert said("trust", EVERYTHING, "--workflow", FLOW)[0] == 0
    assert said("trust", EVERYTHING, "--workflow", FLOW, "--repository", "octo-org/memos")[0] == 0
    assert said("trust", EVERYTHING, "--workflow", FLOW, "--repository", "octo-org/other")[0] == 1


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ((), "give a token with `--token`, or a workflow"),
        (("--token", "x", "--workflow", FLOW), "give a token with `--token`, or a workflow"),
        (("--token", "x", "--repository", "a/b"), "it goes with `--workflow`"),
        (("--workflow", "main.tf"), "it is no workflow"),
        (("--workflow", ".github"), "it is a directory"),
        (("--workflow", "nowhere.yml"), "neither a file nor a directory"),
        (("--workflow", "none.yml"), "no job of it assumes a role with a token"),
        (("--workflow", "bad.yml"), "bad.yml"),
    ],
)
def test_what_is_asked_wrongly_is_refused(here: Path, args: tuple[str, ...], says: str) -> None:
    (here / "none.yml").write_text("on: push\njobs: {a: {steps: [{run: aws ecs x}]}}\n")
    (here / "bad.yml").write_text("on: push\njobs: {a: [aws\n")
    code, out, err = said("trust", ".", *args)
    assert (code, out) == (2, "")
    assert says in err
    assert "Traceback" not in err
